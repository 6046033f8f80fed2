//! A base URL that the user gives: on this machine, or it is refused.

use super::Cause;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Scheme, host and port of `http://127.0.0.1:3000`, and the address they mean.
///
/// # Errors
/// If it is no such URL, or leads off this machine.
pub(super) fn local(url: &str) -> Result<(String, SocketAddr), Cause> {
    let wrong = |why: &str| Cause::Option(format!("`{url}` {why}: write `http://127.0.0.1:PORT`"));
    let (scheme, rest) = url.trim().split_once("://").ok_or_else(|| wrong("is no URL"))?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(wrong("is no URL of a server of requests")),
    };
    let authority = rest.trim_end_matches('/');
    if authority.contains(['/', '@', '?', '#']) {
        return Err(wrong("has more than scheme, host and port"));
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |it| (it.0, Some(it.1))),
    };
    let port = port.map_or(Ok(default), str::parse).map_err(|_| wrong("has no port that could be"))?;
    let ip = match host {
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        _ => host.parse::<IpAddr>().ok().filter(IpAddr::is_loopback).ok_or_else(|| wrong("is not on this machine"))?,
    };
    let address = SocketAddr::new(ip, port);
    Ok((format!("{scheme}://{address}"), address))
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_this_machine() {
        let base = |url| local(url).ok().map(|it| it.0);
        assert_eq!(base("http://localhost:3000/").as_deref(), Some("http://127.0.0.1:3000"));
        assert_eq!(base("https://[::1]:8443").as_deref(), Some("https://[::1]:8443"));
        assert_eq!(base("http://127.0.0.1").as_deref(), Some("http://127.0.0.1:80"));
        for url in [
            "http://example.com",
            "http://10.0.0.1:1",
            "localhost:1",
            "ftp://localhost",
            "http://localhost:1/x",
            "http://a@localhost",
        ] {
            assert!(local(url).is_err(), "{url}");
        }
    }
}
