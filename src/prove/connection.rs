//! One connection that is no request: opened, used a little, and closed in an orderly way.

use super::listen::{Protocol, Server};
use super::tls;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// How long a connection, a handshake and a write may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long is listened for an answer to a little talk.
const LISTENING: Duration = Duration::from_millis(30);

/// How long the other end may take to close.
const CLOSING: Duration = Duration::from_millis(300);

/// What is said to a server of bytes.
const LINE: &[u8] = b"leaklint\r\n";

/// The first words of a client of HTTP/2, with empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// How to talk to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Talk {
    /// Bytes.
    Bytes,
    /// HTTP/2, as far as its first words.
    Preface,
    /// A request that leaves the connection open: its path.
    KeepAlive(String),
    /// A web socket: its path, and what is said.
    Socket(String, &'static str),
}

impl Talk {
    /// The talk for servers that are no servers of requests.
    pub(super) fn with(protocol: Protocol) -> Talk {
        match protocol {
            Protocol::Http2 => Talk::Preface,
            _ => Talk::Bytes,
        }
    }
}

/// Bytes, in the clear or not.
pub(super) enum Stream {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Secure(tls) => &tls.sock,
        }
    }

    /// Ends it and waits for the other end to do so.
    fn close(&mut self) {
        if let Stream::Secure(tls) = self {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let _ = self.tcp().shutdown(Shutdown::Write);
        let _ = self.tcp().set_read_timeout(Some(LISTENING));
        drain(self, Instant::now() + CLOSING);
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.read(bytes),
            Stream::Secure(tls) => tls.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.write(bytes),
            Stream::Secure(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(tcp) => tcp.flush(),
            Stream::Secure(tls) => tls.flush(),
        }
    }
}

/// An open connection.
pub(super) enum Connection {
    Bytes(Stream),
    Socket(Box<WebSocket<Stream>>),
}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Dialer {
    tls: Option<Arc<ClientConfig>>,
}

impl Dialer {
    pub(super) fn new() -> Dialer {
        Dialer { tls: tls::client() }
    }

    /// Opens a connection and talks a little.
    ///
    /// # Errors
    /// What failed, in words.
    pub(super) fn open(&self, server: &Server, talk: &Talk) -> Result<Connection, String> {
        let mut stream = self.dial(server).map_err(|error| error.to_string())?;
        let said = match talk {
            Talk::Bytes => stream.write_all(LINE),
            Talk::Preface => stream.write_all(PREFACE),
            Talk::KeepAlive(path) => stream.write_all(request(path, server.address).as_bytes()),
            Talk::Socket(path, message) => return socket(stream, server, path, message),
        };
        said.and_then(|()| stream.flush()).map_err(|error| error.to_string())?;
        listen(&mut stream);
        Ok(Connection::Bytes(stream))
    }

    fn dial(&self, server: &Server) -> io::Result<Stream> {
        let tcp = TcpStream::connect_timeout(&server.address, PATIENCE)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        tcp.set_nodelay(true)?;
        if !server.is_secure {
            return Ok(Stream::Plain(tcp));
        }
        let config = self.tls.clone().ok_or_else(|| io::Error::other("no TLS on this machine"))?;
        let mut connection =
            ClientConnection::new(config, ServerName::IpAddress(server.address.ip().into())).map_err(io::Error::other)?;
        let mut tcp = tcp;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
        }
        Ok(Stream::Secure(Box::new(StreamOwned::new(connection, tcp))))
    }
}

impl Connection {
    /// Closes it as a polite client does.
    pub(super) fn close(self) {
        match self {
            Connection::Bytes(mut stream) => stream.close(),
            Connection::Socket(mut socket) => {
                let _ = socket.close(None);
                let until = Instant::now() + CLOSING;
                while Instant::now() < until {
                    match socket.read() {
                        Err(tungstenite::Error::Io(error)) if is_pause(&error) => {}
                        Err(_) => break,
                        Ok(_) => {}
                    }
                }
            }
        }
    }
}

fn request(path: &str, address: SocketAddr) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: leaklint\r\nConnection: keep-alive\r\n\r\n")
}

fn socket(stream: Stream, server: &Server, path: &str, message: &'static str) -> Result<Connection, String> {
    let url = format!("{}://{}{path}", if server.is_secure { "wss" } else { "ws" }, server.address);
    let (mut socket, _) = tungstenite::client(url, stream).map_err(|error| error.to_string())?;
    let _ = socket.get_ref().tcp().set_read_timeout(Some(LISTENING));
    socket.send(Message::text(message)).map_err(|error| error.to_string())?;
    let until = Instant::now() + LISTENING;
    while Instant::now() < until {
        match socket.read() {
            Err(tungstenite::Error::Io(error)) if is_pause(&error) => break,
            Err(error) => return Err(error.to_string()),
            Ok(_) => {}
        }
    }
    Ok(Connection::Socket(Box::new(socket)))
}

/// Reads what comes at once.
fn listen(stream: &mut Stream) {
    let _ = stream.tcp().set_read_timeout(Some(LISTENING));
    drain(stream, Instant::now() + LISTENING);
}

/// Reads until the other end closes, or until a time.
fn drain(stream: &mut Stream, until: Instant) {
    let mut bytes = [0; 4096];
    while Instant::now() < until {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if is_pause(&error) => {}
            Err(_) => return,
        }
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
