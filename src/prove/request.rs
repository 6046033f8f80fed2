//! One request, and what became of it.

use super::body::{Body, has_body};
use super::tls;
use std::io::Read;
use std::time::Duration;
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Error, Timeout};

/// Bytes of a body that are read; a server that sends more is left.
const BODY_LIMIT: u64 = 8 << 20;

/// Bytes of a body that are kept.
const SAMPLE: usize = 4096;

/// How long to wait for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Patience {
    /// For the head of the answer.
    pub(super) head: Duration,
    /// For the rest of it.
    pub(super) body: Duration,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It was answered: the status, and the start of the body.
    Done(u16, Vec<u8>),
    /// It was answered with a body that does not end, and the client left.
    Endless(u16),
    /// It was not answered in time, and the client left.
    None,
    /// It failed, in words.
    Failed(String),
}

/// A client that leaves nothing behind: each request has a connection of its own.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
}

impl Client {
    pub(super) fn new() -> Client {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(tls::provider())
            .disable_verification(true)
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy of the environment would take the requests off this machine.
            .proxy(None)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .allow_non_standard_methods(true)
            .user_agent(concat!("leaklint/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_send_request(Some(Duration::from_secs(5)))
            .timeout_send_body(Some(Duration::from_secs(5)))
            .tls_config(tls)
            .build();
        Client { agent: config.new_agent() }
    }

    /// Sends a request, its body filled by a number, and reads the answer within some patience.
    pub(super) fn send(&self, method: &str, url: &str, body: (&Body, u64), patience: Patience) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(url).header("connection", "close");
        let mut sent = String::new();
        if has_body(method) {
            request = request.header("content-type", body.0.media_type());
            sent = body.0.filled(body.1);
        }
        let Ok(request) = request.body(sent) else {
            return Answer::Failed(format!("{method} {url} is no request"));
        };
        let config = self.agent.configure_request(request);
        let config = config.timeout_recv_response(Some(patience.head)).timeout_recv_body(Some(patience.body));
        match self.agent.run(config.build()) {
            Ok(response) => read(response),
            Err(Error::Timeout(Timeout::RecvResponse)) => Answer::None,
            Err(error) => Answer::Failed(in_words(&error)),
        }
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let mut body = response.into_body().into_reader().take(BODY_LIMIT);
    let mut sample = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        match body.read(&mut chunk) {
            Ok(0) => return Answer::Done(status, sample),
            Ok(n) => sample.extend_from_slice(&chunk[..n.min(SAMPLE - sample.len())]),
            Err(error) if is_timeout(&error) => return Answer::Endless(status),
            Err(error) => return Answer::Failed(format!("the answer broke off: {error}")),
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
    matches!(inner, Some(Error::Timeout(_)))
        || matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock)
}

/// What failed, without what differs from request to request.
fn in_words(error: &Error) -> String {
    match error {
        Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe => "the connection was reset".to_owned(),
            std::io::ErrorKind::UnexpectedEof => "the connection was closed without an answer".to_owned(),
            _ => error.to_string(),
        },
        Error::Timeout(it) => format!("no progress in time ({it})"),
        other => other.to_string(),
    }
}
