//! One connection to an inspector: commands and answers, with a deadline each.

use super::CaptureError;
use super::targets::authority;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tungstenite::client::client_with_config;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

/// How long a read blocks before deadlines and the user's wish to stop are looked at.
const TICK: Duration = Duration::from_millis(50);

/// A connection to the inspector of one process or one of its threads.
///
/// Dropping it closes the connection; the process runs on.
pub struct Inspector {
    socket: WebSocket<Wire>,
    url: String,
    /// For a command, unless it has its own.
    timeout: Duration,
    last_id: u64,
    /// Set by whoever wants a wait to end.
    stop: Option<Arc<AtomicBool>>,
    /// The process only waits for us to leave.
    is_exiting: bool,
    /// Answers would be out of step: a stream of events was left in its middle.
    is_broken: bool,
    /// A command that was sent ahead of another one, and its answer once that is there.
    ahead: Option<(u64, Option<Incoming>)>,
    /// The session of the worker thread that commands go to, in place of the main thread.
    worker: Option<String>,
}

/// Added to the number of a command for its envelope; the protocol counts in 32 bits.
const ENVELOPES: u64 = 1 << 30;

/// What comes in.
#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Takes an event's name and parameters; an error breaks the exchange off.
pub(super) type OnEvent<'a> = &'a mut dyn FnMut(&str, Value) -> Result<(), CaptureError>;

/// How long to wait for an answer.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// For the answer.
    Total(Duration),
    /// For any message: a long command that shows signs of life may take its time.
    Silence(Duration),
}

impl Inspector {
    /// Connects to `ws://host:port/id`. `timeout` bounds the connection and, later, each command.
    ///
    /// # Errors
    /// If nothing listens, if it is no inspector, or if it does not answer in time.
    pub fn connect(url: &str, timeout: Duration) -> Result<Inspector, CaptureError> {
        let socket = open(url, timeout)?;
        let url = url.to_owned();
        let mut inspector = Inspector {
            socket,
            url,
            timeout,
            last_id: 0,
            stop: None,
            is_exiting: false,
            is_broken: false,
            ahead: None,
            worker: None,
        };
        // A process with an attached inspector does not end but waits; only this event tells.
        match inspector.call("NodeRuntime.notifyWhenWaitingForDisconnect", json!({ "enabled": true })) {
            Ok(_) | Err(CaptureError::Protocol { .. }) => Ok(inspector),
            Err(error) => Err(error),
        }
    }

    /// Ends every wait with [`CaptureError::Interrupted`] soon after `stop` becomes true.
    pub fn stop_when(&mut self, stop: Arc<AtomicBool>) {
        self.stop = Some(stop);
    }

    /// Where it is connected to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How long a command may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a command and waits for its answer; events in between are dropped.
    ///
    /// # Errors
    /// If the process refuses, goes away, or does not answer in time.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, CaptureError> {
        let doing = format!("answering {method}");
        self.exchange(method, params, Patience::Total(self.timeout), &doing, &mut |_, _| Ok(()))
    }

    /// Waits without sending anything, so that the end of the process is noticed at once.
    ///
    /// # Errors
    /// If the process goes away, or the user stops it.
    pub fn wait(&mut self, duration: Duration) -> Result<(), CaptureError> {
        let until = Instant::now() + duration;
        while Instant::now() < until {
            self.receive("it was waited")?;
            if self.is_exiting {
                return Err(CaptureError::Exiting);
            }
        }
        Ok(())
    }

    /// A command, its answer, and the events in between.
    pub(super) fn exchange(
        &mut self,
        method: &str,
        params: Value,
        patience: Patience,
        doing: &str,
        on_event: OnEvent<'_>,
    ) -> Result<Value, CaptureError> {
        let id = self.send(method, params, doing)?;
        let (Patience::Total(after) | Patience::Silence(after)) = patience;
        let mut until = Instant::now() + after;
        loop {
            match self.receive(doing)? {
                Some(answer) if answer.id == Some(id) => return settle(method, answer),
                Some(event) if event.id.is_none() => {
                    if let Err(error) = on_event(&event.method, event.params) {
                        self.is_broken = true;
                        return Err(error);
                    }
                    if matches!(patience, Patience::Silence(_)) {
                        until = Instant::now() + after;
                    }
                }
                Some(answer) => self.keep(answer),
                None if self.is_exiting => return Err(CaptureError::Exiting),
                None if Instant::now() >= until => return Err(CaptureError::Timeout { doing: doing.to_owned(), after }),
                None => {}
            }
            if Instant::now() >= until && matches!(patience, Patience::Total(_)) {
                return Err(CaptureError::Timeout { doing: doing.to_owned(), after });
            }
        }
    }

    /// Sends a command right before another one, with no turn of the event loop between them: [`Inspector::answer_ahead`]
    /// has the answer behind the other's.
    pub(super) fn send_ahead(&mut self, method: &str, params: Value, doing: &str) -> Result<(), CaptureError> {
        let id = self.send(method, params, doing)?;
        self.ahead = Some((id, None));
        Ok(())
    }

    /// The answer to what was sent ahead.
    pub(super) fn answer_ahead(&mut self, method: &str) -> Result<Value, CaptureError> {
        let answer = self.ahead.take().and_then(|it| it.1).ok_or_else(|| CaptureError::unexpected(method))?;
        settle(method, answer)
    }

    /// An answer that nobody waits for: sent ahead, or too late for its command.
    fn keep(&mut self, answer: Incoming) {
        if let Some((id, kept)) = &mut self.ahead
            && answer.id == Some(*id)
        {
            *kept = Some(answer);
        }
    }

    fn send(&mut self, method: &str, params: Value, doing: &str) -> Result<u64, CaptureError> {
        if self.is_broken {
            return Err(CaptureError::Lost { doing: doing.to_owned(), reason: "an earlier command was broken off".to_owned() });
        }
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params }).to_string();
        if let Some(session) = &self.worker {
            let params = json!({ "sessionId": session, "message": message });
            let id = self.last_id + ENVELOPES;
            message = json!({ "id": id, "method": "NodeWorker.sendMessageToWorker", "params": params }).to_string();
        }
        self.socket.send(Message::text(message)).map_err(|it| lost(doing, &it))?;
        Ok(self.last_id)
    }

    /// The next message, or nothing for a moment.
    fn receive(&mut self, doing: &str) -> Result<Option<Incoming>, CaptureError> {
        if self.stop.as_ref().is_some_and(|it| it.load(Ordering::Relaxed)) {
            return Err(CaptureError::Interrupted);
        }
        self.socket.get_mut().grant(TICK);
        match self.socket.read() {
            Ok(Message::Text(text)) => {
                let message = self.parse(&text)?;
                self.is_exiting |= message.method == "NodeRuntime.waitingForDisconnect";
                if self.worker.is_some() { self.unwrap_envelope(message, doing) } else { Ok(Some(message)) }
            }
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if is_tick(&error) => Ok(None),
            Err(error) => Err(lost(doing, &error)),
        }
    }
}

/// Messages to and from worker threads come in envelopes of the main thread's.
impl Inspector {
    /// From now on, commands go to the worker thread of that session.
    pub(super) fn talk_to(&mut self, session: String) {
        self.worker = Some(session);
    }

    fn parse(&self, text: &str) -> Result<Incoming, CaptureError> {
        serde_json::from_str(text).map_err(|error| CaptureError::NotAnInspector {
            address: self.url.clone(),
            reason: format!("a message that cannot be read: {error}"),
        })
    }

    /// What the worker says; nothing if it is somebody else's.
    fn unwrap_envelope(&self, message: Incoming, doing: &str) -> Result<Option<Incoming>, CaptureError> {
        let is_ours = message.params.get("sessionId").and_then(Value::as_str) == self.worker.as_deref();
        let has_ended = message.method == "NodeWorker.detachedFromWorker" && is_ours;
        if has_ended || message.error.is_some() {
            let reason = message.error.map_or("the worker thread has ended".to_owned(), |it| it.message);
            return Err(CaptureError::Lost { doing: doing.to_owned(), reason });
        }
        let inner = message.params.get("message").and_then(Value::as_str);
        inner.filter(|_| is_ours).map(|it| self.parse(it)).transpose()
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        // A courtesy: the process sees the end of the connection anyway.
        let _ = self.socket.close(None);
        let _ = self.socket.get_ref().stream.shutdown(std::net::Shutdown::Both);
    }
}

fn settle(method: &str, answer: Incoming) -> Result<Value, CaptureError> {
    match answer.error {
        Some(refusal) => Err(CaptureError::Protocol { method: method.to_owned(), message: refusal.message }),
        None => Ok(answer.result),
    }
}

/// Whether a read only ran out of its time slice.
fn is_tick(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

fn lost(doing: &str, error: &Error) -> CaptureError {
    let reason = match error {
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) => "the connection was closed".to_owned(),
        Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    CaptureError::Lost { doing: doing.to_owned(), reason }
}

/// A web socket whose reads return every tick.
fn open(url: &str, timeout: Duration) -> Result<WebSocket<Wire>, CaptureError> {
    let until = Instant::now() + timeout;
    let address = authority(url)?;
    let stream = dial(&address, timeout)?;
    // A snapshot's chunks are small today; a process's coverage is one message.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let mut wire = Wire { stream, until: Instant::now() };
    wire.grant(timeout);
    let mut state = client_with_config(url, wire, Some(config));
    loop {
        match state {
            Ok((socket, _)) => return Ok(socket),
            Err(HandshakeError::Interrupted(_)) if Instant::now() >= until => {
                return Err(CaptureError::Timeout { doing: format!("connecting to {address}"), after: timeout });
            }
            Err(HandshakeError::Interrupted(half)) => state = half.handshake(),
            Err(HandshakeError::Failure(error)) => return Err(CaptureError::NotAnInspector { address, reason: plain(&error) }),
        }
    }
}

/// A stream that a message in endless small pieces cannot hold on to.
struct Wire {
    stream: TcpStream,
    /// When reads begin to say that there is nothing.
    until: Instant,
}

impl Wire {
    /// Reads may go on for so long.
    fn grant(&mut self, time: Duration) {
        self.until = Instant::now() + time;
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.until { Err(io::ErrorKind::WouldBlock.into()) } else { self.stream.read(buffer) }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What a failed handshake means, in the words of a user.
fn plain(error: &Error) -> String {
    match error {
        Error::Http(answer) => format!("it answers {} to a request for a web socket", answer.status()),
        // Node says 400 in HTTP 1.0 to an id that it does not know.
        Error::Protocol(ProtocolError::WrongHttpVersion) => {
            "it refuses the web socket; is the id that of a live process?".to_owned()
        }
        Error::Protocol(_) | Error::HttpFormat(_) => "it does not speak HTTP".to_owned(),
        Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// The first address of a host that answers.
fn dial(address: &str, timeout: Duration) -> Result<TcpStream, CaptureError> {
    let unreachable = |error: io::Error| CaptureError::Unreachable { address: address.to_owned(), reason: error.to_string() };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for candidate in address.to_socket_addrs().map_err(unreachable)? {
        match TcpStream::connect_timeout(&candidate, timeout) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TICK)).map_err(unreachable)?;
                stream.set_write_timeout(Some(timeout)).map_err(unreachable)?;
                stream.set_nodelay(true).map_err(unreachable)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}
