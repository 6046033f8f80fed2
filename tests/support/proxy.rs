//! Between a client and a real inspector: the connection that fails when a test says so.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use tungstenite::{Error, Message, WebSocket};

/// What becomes of a message of the inspector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It does not, and nothing else does.
    Hangs,
    /// The connection ends.
    Closes,
    /// Something else arrives.
    Garbled,
}

/// Listens on a free port for one client, and gives the URL for it. `fate` is asked for each message by its text.
pub fn proxy(url: &str, fate: impl FnMut(&str) -> Fate + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("ws://{}/proxy", listener.local_addr().unwrap());
    let url = url.to_owned();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let client = tungstenite::accept(stream).unwrap();
        let address = url.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let (server, _) = tungstenite::client(url.as_str(), TcpStream::connect(address).unwrap()).unwrap();
        forward(client, server, fate);
    });
    own
}

fn forward(mut client: WebSocket<TcpStream>, mut server: WebSocket<TcpStream>, mut fate: impl FnMut(&str) -> Fate) {
    let tick = Some(Duration::from_millis(2));
    client.get_ref().set_read_timeout(tick).unwrap();
    server.get_ref().set_read_timeout(tick).unwrap();
    let mut hangs = false;
    loop {
        let Some(sent) = receive(&mut client) else { return };
        if let Some(text) = sent.filter(|_| !hangs) {
            server.send(Message::text(text)).unwrap();
        }
        let Some(answered) = receive(&mut server) else { return };
        let Some(text) = answered.filter(|_| !hangs) else { continue };
        let text = match fate(&text) {
            Fate::Arrives => text,
            Fate::Garbled => "{\"id\":".to_owned(),
            Fate::Closes => return,
            Fate::Hangs => {
                hangs = true;
                continue;
            }
        };
        if client.send(Message::text(text)).is_err() {
            return;
        }
    }
}

/// A message, nothing for a moment, or the end.
fn receive(socket: &mut WebSocket<TcpStream>) -> Option<Option<String>> {
    match socket.read() {
        Ok(Message::Text(text)) => Some(Some(text.to_string())),
        Ok(Message::Close(_)) => None,
        Ok(_) => Some(None),
        Err(Error::Io(error)) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
            Some(None)
        }
        Err(_) => None,
    }
}
