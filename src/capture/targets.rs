//! What an inspector's port offers.

use super::CaptureError;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;

/// Bytes of a list of targets that are read at most.
const LIST_LIMIT: u64 = 4 << 20;

/// Something that can be captured: a process, or a page of a browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// For [`super::Inspector::connect`]: its host and port are those that were asked.
    pub url: String,
    /// As in `server.js[4711]`.
    pub title: String,
    /// As in `node`, `page`.
    pub kind: String,
    /// The id within the port.
    pub id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    title: String,
    #[serde(default, rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    web_socket_debugger_url: Option<String>,
}

/// The targets at `host:port`, in the inspector's order.
///
/// # Errors
/// If nothing listens there, or what does is no inspector, or it does not answer in time.
pub fn targets(address: &str, timeout: Duration) -> Result<Vec<Target>, CaptureError> {
    let text = get(address, "/json/list", timeout)?;
    let listed: Vec<Listed> = serde_json::from_str(&text)
        .map_err(|_| not_an_inspector(address, "its answer to /json/list is not a list of targets".to_owned()))?;
    Ok(listed.into_iter().filter_map(|it| target(address, it)).collect())
}

/// A target whose URL leads to the address that was asked: what a server says of itself may lead anywhere.
fn target(address: &str, listed: Listed) -> Option<Target> {
    let path = match &listed.web_socket_debugger_url {
        Some(url) => url.strip_prefix("ws://")?.split_once('/')?.1.to_owned(),
        // Chromium leaves the URL out when somebody else is attached.
        None => return None,
    };
    let is_plain = path.chars().all(|it| it.is_ascii_alphanumeric() || "-_/.".contains(it));
    let url = format!("ws://{address}/{path}");
    is_plain.then_some(Target { url, title: listed.title, kind: listed.kind, id: listed.id })
}

fn get(address: &str, path: &str, timeout: Duration) -> Result<String, CaptureError> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        // A process of this machine is no business of a proxy.
        .proxy(None)
        .build();
    let failed = |error: ureq::Error| failure(address, timeout, &error);
    let mut answer = config.new_agent().get(format!("http://{address}{path}")).call().map_err(failed)?;
    if answer.status() != 200 {
        return Err(not_an_inspector(address, format!("it answers {} to {path}", answer.status())));
    }
    answer.body_mut().with_config().limit(LIST_LIMIT).read_to_string().map_err(failed)
}

fn failure(address: &str, timeout: Duration, error: &ureq::Error) -> CaptureError {
    let unreachable = |reason: String| CaptureError::Unreachable { address: address.to_owned(), reason };
    match error {
        ureq::Error::Timeout(_) => CaptureError::Timeout { doing: format!("listing the targets at {address}"), after: timeout },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            unreachable("nothing listens there".to_owned())
        }
        ureq::Error::HostNotFound => unreachable("there is no such host".to_owned()),
        ureq::Error::Io(error) => unreachable(error.to_string()),
        ureq::Error::ConnectionFailed => unreachable("it cannot be reached".to_owned()),
        ureq::Error::BodyExceedsLimit(_) => not_an_inspector(address, "its list of targets never ends".to_owned()),
        _ => not_an_inspector(address, "it does not speak HTTP".to_owned()),
    }
}

fn not_an_inspector(address: &str, reason: String) -> CaptureError {
    CaptureError::NotAnInspector { address: address.to_owned(), reason }
}

/// Host and port of a `ws://` URL.
///
/// # Errors
/// If it is something else.
pub(super) fn authority(url: &str) -> Result<String, CaptureError> {
    let refuse = |why: &str| CaptureError::Other(format!("`{url}` is not the URL of an inspector: {why}"));
    let rest = url.strip_prefix("ws://").ok_or_else(|| refuse("it does not start with ws://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(refuse("it has no host"));
    }
    let has_port = authority.rsplit_once(':').is_some_and(|it| it.1.parse::<u16>().is_ok());
    Ok(if has_port { authority.to_owned() } else { format!("{authority}:80") })
}

/// Whether a URL or `host:port` means this machine by its own name: a loopback address, or `localhost`.
pub fn is_loopback(place: &str) -> bool {
    let rest = place.split_once("://").map_or(place, |it| it.1);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((host, _)) => host,
        None => authority.rsplit_once(':').map_or(authority, |it| it.0),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Listed, authority, is_loopback, target};

    #[test]
    fn loopback_by_name_and_number() {
        for place in ["127.0.0.1:9229", "ws://localhost:1/x", "ws://[::1]:9229/id", "127.8.8.8", "LOCALHOST:80"] {
            assert!(is_loopback(place), "{place}");
        }
        for place in ["10.0.0.1:9229", "ws://example.org/127.0.0.1", "ws://127.0.0.1.example.org:1/", "0.0.0.0:1", "ws://a@b", ""]
        {
            assert!(!is_loopback(place), "{place}");
        }
    }

    #[test]
    fn a_url_has_a_host_and_perhaps_a_port() {
        let read = |url| authority(url).map_err(|it| it.to_string());
        assert_eq!(read("ws://127.0.0.1:9229/a-b"), Ok("127.0.0.1:9229".to_owned()));
        assert_eq!(read("ws://[::1]/a"), Ok("[::1]:80".to_owned()));
        assert!(read("wss://127.0.0.1/").unwrap_err().contains("ws://"));
        assert!(read("ws:///x").unwrap_err().contains("no host"));
        assert!(read("ws://127.0.0.1:1@evil/x").unwrap_err().contains("no host"));
    }

    #[test]
    fn a_target_stays_at_the_address_that_was_asked() {
        let listed = |url: &str| Listed {
            title: String::new(),
            kind: String::new(),
            id: "a".to_owned(),
            web_socket_debugger_url: Some(url.to_owned()),
        };
        let url = |it| target("127.0.0.1:9229", it).map(|it| it.url);
        assert_eq!(url(listed("ws://evil.example:1/0f-a")), Some("ws://127.0.0.1:9229/0f-a".to_owned()));
        assert_eq!(url(listed("ws://127.0.0.1:9229/a b")), None);
        assert_eq!(url(listed("http://127.0.0.1:9229/a")), None);
    }
}
