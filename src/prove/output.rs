//! What the program writes: read at once, so that it never waits for a reader, and the last of it kept.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines that are kept.
const LINES: usize = 200;

/// Bytes that are kept of a line.
const WIDTH: usize = 2000;

/// What Node itself says of its inspector.
const INSPECTOR: &[&str] = &[
    "Debugger listening on ",
    "For help, see: https://nodejs.org/",
    "Debugger attached.",
    "Debugger ending on ",
    "Waiting for the debugger to disconnect...",
];

/// The last lines of a program, and the inspectors that it announced.
#[derive(Clone, Default)]
pub(super) struct Output(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    lines: VecDeque<String>,
    inspectors: Vec<String>,
    /// Streams that are still open.
    open: usize,
}

impl Output {
    /// Reads a stream to its end, in a thread of its own.
    pub(super) fn drain(&self, stream: impl Read + Send + 'static) {
        self.kept().open += 1;
        let output = self.clone();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while read_line(&mut stream, &mut line) {
                output.push(&String::from_utf8_lossy(&line));
            }
            output.kept().open -= 1;
        });
    }

    /// The URLs of the inspectors that were announced, in their order.
    pub(super) fn inspectors(&self) -> Vec<String> {
        self.kept().inspectors.clone()
    }

    /// The last lines, once the streams have ended, or a moment later: a grandchild may hold them open for good.
    pub(super) fn last(&self) -> Vec<String> {
        let until = Instant::now() + Duration::from_millis(300);
        while self.kept().open > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kept().lines.iter().cloned().collect()
    }

    fn push(&self, line: &str) {
        let mut kept = self.kept();
        if let Some(url) = line.trim().strip_prefix(INSPECTOR[0]) {
            kept.inspectors.push(url.to_owned());
        }
        if INSPECTOR.iter().any(|it| line.starts_with(it)) {
            return;
        }
        if kept.lines.len() == LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(printable(line));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a line without its end; false at the end of the stream. What a long one has more is dropped.
fn read_line(stream: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    loop {
        let chunk = match stream.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return false,
        };
        if chunk.is_empty() {
            return !line.is_empty();
        }
        let end = memchr::memchr(b'\n', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        line.extend_from_slice(&part[..part.len().min(WIDTH.saturating_sub(line.len()))]);
        let used = part.len() + usize::from(end.is_some());
        stream.consume(used);
        if end.is_some() {
            return true;
        }
    }
}

/// The text without colours and other control characters: a terminal obeys nothing that a program wrote.
fn printable(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.next_if_eq(&'[').is_some() {
            while chars.next_if(|it| !it.is_ascii_alphabetic()).is_some() {}
            chars.next();
        } else if c == '\t' || !c.is_control() {
            text.push(c);
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{LINES, Output, WIDTH};

    #[test]
    fn the_last_lines_are_kept_and_inspectors_noted() {
        let mut text =
            "Debugger listening on ws://127.0.0.1:4000/a\r\nFor help, see: https://nodejs.org/en/docs/inspector\n".to_owned();
        (0..LINES + 50).for_each(|n| text.push_str(&format!("line {n}\n")));
        text.push_str("\u{1b}[31mred\u{1b}[0m\u{7}\n");
        text.push_str(&"x".repeat(100_000));
        let output = Output::default();
        output.drain(std::io::Cursor::new(text.into_bytes()));
        let lines = output.last();
        assert_eq!(output.inspectors(), ["ws://127.0.0.1:4000/a"]);
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], "line 52");
        assert_eq!(lines[LINES - 2], "red");
        assert_eq!(lines[LINES - 1].len(), WIDTH);
    }
}
