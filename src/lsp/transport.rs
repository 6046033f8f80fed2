//! Messages in frames over a pair of streams.
//!
//! A frame that cannot be read costs that frame and no more: the reader looks for the next header and goes on. `lsp-server`
//! gives the messages their shape; its own reader ends at the first mistake.

use std::io::{self, Read, Write};

use crossbeam_channel::{Receiver, Sender, unbounded};
use lsp_server::{ErrorCode, Message};
use memchr::memmem;
use serde_json::Value;

/// What comes in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none: a code, what is wrong with it, and the id to answer if it has one.
    Malformed(i32, String, Value),
}

/// What goes out.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A message.
    Message(Message),
    /// A message that `lsp-server` has no shape for: the answer to something without an id.
    Raw(Value),
}

/// Bytes of a message, at most: a longer one is not read.
const MOST: usize = 256 << 20;

/// What every frame starts with, in lower case.
const HEADER: &[u8] = b"content-length:";

/// Starts to read. The channel closes when the stream ends.
pub(super) fn reader(stream: impl Read + Send + 'static) -> io::Result<Receiver<Incoming>> {
    let (sender, receiver) = unbounded();
    std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let mut frames = Frames { stream, buffer: Vec::new(), is_closed: false };
        while let Some(incoming) = frames.next() {
            if sender.send(incoming).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// Starts to write. The thread ends when the channel closes, or nobody reads any more.
pub(super) fn writer(mut stream: impl Write + Send + 'static) -> io::Result<(Sender<Outgoing>, std::thread::JoinHandle<()>)> {
    let (sender, receiver) = unbounded::<Outgoing>();
    let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
        for outgoing in receiver {
            let written = match outgoing {
                Outgoing::Message(message) => message.write(&mut Unsplit(&mut stream)),
                Outgoing::Raw(value) => write_raw(&value, &mut stream),
            };
            if written.is_err() {
                break;
            }
        }
    })?;
    Ok((sender, thread))
}

fn write_raw(value: &Value, stream: &mut impl Write) -> io::Result<()> {
    let text = value.to_string();
    write!(stream, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    stream.flush()
}

/// Makes a generic writer of a borrowed one.
struct Unsplit<'a, W>(&'a mut W);

impl<W: Write> Write for Unsplit<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Frames<R> {
    stream: R,
    buffer: Vec<u8>,
    is_closed: bool,
}

impl<R: Read> Frames<R> {
    /// The next message or mistake; `None` at the end.
    fn next(&mut self) -> Option<Incoming> {
        loop {
            let start = match find(&self.buffer, HEADER) {
                Some(start) => start,
                None if self.fill() => continue,
                None => return None,
            };
            if self.buffer[..start].iter().any(|it| !it.is_ascii_whitespace()) && !is_headers(&self.buffer[..start]) {
                self.buffer.drain(..start);
                return Some(malformed(ErrorCode::ParseError, "bytes outside of a message"));
            }
            let Some(end) = memmem::find(&self.buffer[start..], b"\r\n\r\n").map(|at| start + at + 4) else {
                if self.buffer.len() - start > 64 << 10 {
                    self.buffer.drain(..start + HEADER.len());
                    return Some(malformed(ErrorCode::ParseError, "a header without end"));
                }
                if self.fill() {
                    continue;
                }
                return None;
            };
            let Some(length) = length(&self.buffer[start..end]).filter(|it| *it <= MOST) else {
                self.buffer.drain(..end);
                return Some(malformed(ErrorCode::ParseError, "a content length that cannot be"));
            };
            while self.buffer.len() < end + length {
                if !self.fill() {
                    return None;
                }
            }
            return Some(self.take(end, length));
        }
    }

    /// Takes a message out of the buffer. If it is none, and another frame starts within it, only what is before that goes.
    fn take(&mut self, start: usize, length: usize) -> Incoming {
        let body = &self.buffer[start..start + length];
        let incoming = message(body);
        let mut end = start + length;
        if matches!(incoming, Incoming::Malformed(code, ..) if code == ErrorCode::ParseError as i32) {
            end = find(body, HEADER).map_or(end, |at| start + at);
        }
        self.buffer.drain(..end);
        if self.buffer.is_empty() {
            // A document of megabytes came once; its space is not kept for ever.
            self.buffer.shrink_to(64 << 10);
        }
        incoming
    }

    fn fill(&mut self) -> bool {
        let mut bytes = [0; 16 << 10];
        while !self.is_closed {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.is_closed = true,
                Ok(count) => {
                    self.buffer.extend_from_slice(&bytes[..count]);
                    return true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.is_closed = true,
            }
        }
        false
    }
}

/// Other headers may come first: whole lines with a colon.
fn is_headers(bytes: &[u8]) -> bool {
    let lines = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    bytes.ends_with(b"\r\n") && lines.split(|it| *it == b'\n').all(|line| line.starts_with(b"Content-Type:"))
}

fn find(bytes: &[u8], lower: &[u8]) -> Option<usize> {
    let first = |at: usize| bytes[at..].get(..lower.len()).is_some_and(|it| it.eq_ignore_ascii_case(lower));
    memchr::memchr2_iter(b'c', b'C', bytes).find(|&at| first(at))
}

fn length(headers: &[u8]) -> Option<usize> {
    let line = headers.split(|it| *it == b'\r').next()?;
    std::str::from_utf8(&line[HEADER.len()..]).ok()?.trim().parse().ok()
}

fn malformed(code: ErrorCode, message: &str) -> Incoming {
    Incoming::Malformed(code as i32, message.to_owned(), Value::Null)
}

fn message(body: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return malformed(ErrorCode::ParseError, &format!("a message that is no JSON: {error}")),
    };
    let id = value.get("id").cloned();
    let is_request = value.get("method").is_some() && id.is_some();
    match serde_json::from_value(value) {
        // A request whose id has no shape that we can answer in reads as a notification.
        Ok(Message::Notification(_)) if is_request => {
            Incoming::Malformed(ErrorCode::InvalidRequest as i32, "a request with an odd id".to_owned(), id.unwrap_or_default())
        }
        Ok(message) => Incoming::Message(message),
        Err(_) => {
            let message = "neither a request nor a response nor a notification".to_owned();
            Incoming::Malformed(ErrorCode::InvalidRequest as i32, message, id.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from bytes that come in pieces: methods, and `!` for what is malformed.
    fn read(bytes: &[u8], piece: usize) -> Vec<String> {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(self.0.len()).min(into.len());
                into[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let mut frames = Frames { stream: Pieces(bytes, piece), buffer: Vec::new(), is_closed: false };
        std::iter::from_fn(|| frames.next())
            .map(|it| match it {
                Incoming::Message(Message::Notification(it)) => it.method,
                Incoming::Message(Message::Request(it)) => format!("{} {}", it.method, it.id),
                Incoming::Message(Message::Response(_)) => "response".to_owned(),
                Incoming::Malformed(code, ..) => format!("! {code}"),
            })
            .collect()
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn a_bad_frame_costs_itself_only() {
        let good = frame(r#"{"jsonrpc":"2.0","method":"good"}"#);
        let request = r#"{"jsonrpc":"2.0","id":7,"method":"ask"}"#;
        for (text, expected) in [
            (good.repeat(2), &["good", "good"][..]),
            (format!("content-length:{}\r\nContent-Type: x\r\n\r\n{request}{good}", request.len()), &["ask 7", "good"]),
            (format!("Content-Type: x\r\n{good}"), &["good"]),
            (format!("rubbish{good}"), &["! -32700", "good"]),
            (format!("{}{good}", frame("{")), &["! -32700", "good"]),
            (format!("Content-Length: 10\r\n\r\n{request}{good}"), &["! -32700", "! -32700", "good"]),
            (format!("Content-Length: 60\r\n\r\n{request}{good}"), &["! -32700", "good"]),
            (format!("Content-Length: -3\r\n\r\n{good}"), &["! -32700", "good"]),
            (format!("Content-Length: 99999999999999\r\n\r\n{good}"), &["! -32700", "good"]),
            (format!("{}{good}", frame("[]")), &["! -32600", "good"]),
            (format!("{}{good}", frame(r#"{"id":1.5,"method":"ask"}"#)), &["! -32600", "good"]),
            (format!("{}{good}", frame(r#"{"id":3,"result":null}"#)), &["response", "good"]),
            (good[..good.len() - 1].to_owned(), &[]),
        ] {
            for piece in [1, 7, 10_000] {
                assert_eq!(read(text.as_bytes(), piece), expected, "{text} in pieces of {piece}");
            }
        }
    }
}
