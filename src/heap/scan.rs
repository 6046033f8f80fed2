//! A cursor over JSON text that is skipped rather than read: spans of values, with a position for every complaint.

use std::fmt;

/// Why some bytes are no heap snapshot, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// What is wrong there, in words.
    pub reason: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.reason, self.offset)
    }
}

impl std::error::Error for DecodeError {}

/// An error at a place.
pub(super) fn error(offset: usize, reason: impl Into<String>) -> DecodeError {
    DecodeError { offset, reason: reason.into() }
}

/// How deep skipped values may be nested. An allocation timeline nests two levels per frame of the deepest stack.
const MAX_DEPTH: usize = 1 << 20;

/// A place in the bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    /// Bytes from the start.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The byte here, without moving.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves over white space.
    pub(super) fn blank(&mut self) {
        while self.peek().is_some_and(|it| matches!(it, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Moves over white space and one byte, if it is that one.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// As [`Cursor::accept`], or an error.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.accept(byte) { Ok(()) } else { Err(self.unexpected(&format!("`{}`", char::from(byte)))) }
    }

    /// An error here: something else was expected.
    pub(super) fn unexpected(&self, expected: &str) -> DecodeError {
        match self.peek() {
            None => error(self.at, format!("the file ends where {expected} should come: it is cut off")),
            Some(byte @ b' '..=b'~') => error(self.at, format!("expected {expected}, found `{}`", char::from(byte))),
            Some(byte) => error(self.at, format!("expected {expected}, found the byte 0x{byte:02x}")),
        }
    }

    /// Moves over a string whose first quote was passed already, checking its escapes.
    ///
    /// Returns where its closing quote is, and whether it has escapes.
    pub(super) fn string_rest(&mut self) -> Result<(usize, bool), DecodeError> {
        let mut escaped = false;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return Err(self.unexpected("the end of a string"));
            };
            self.at += found + 1;
            if rest[found] == b'"' {
                return Ok((self.at - 1, escaped));
            }
            escaped = true;
            self.escape()?;
        }
    }

    /// Moves over what follows a backslash.
    fn escape(&mut self) -> Result<(), DecodeError> {
        let Some(byte) = self.peek() else { return Err(self.unexpected("an escape")) };
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    if !self.peek().is_some_and(|it| it.is_ascii_hexdigit()) {
                        return Err(self.unexpected("a hexadecimal digit"));
                    }
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(error(self.at - 2, "a string has an escape that JSON does not know")),
        }
    }

    /// Moves over a key of an object and its colon. Escapes in it are left as they stand.
    pub(super) fn key(&mut self) -> Result<&'a [u8], DecodeError> {
        self.expect(b'"')?;
        let start = self.at;
        let (end, _) = self.string_rest()?;
        self.expect(b':')?;
        Ok(&self.bytes[start..end])
    }

    /// Moves over any value: brackets must match, all else is passed over.
    pub(super) fn skip_value(&mut self) -> Result<(), DecodeError> {
        self.blank();
        let mut closers = Vec::new();
        loop {
            let Some(byte) = self.peek() else { return Err(self.unexpected("the rest of a value")) };
            match byte {
                b'"' => {
                    self.at += 1;
                    self.string_rest()?;
                }
                b'[' | b'{' => {
                    if closers.len() == MAX_DEPTH {
                        return Err(error(self.at, format!("nested more than {MAX_DEPTH} deep")));
                    }
                    closers.push(byte + 2);
                    self.at += 1;
                }
                b']' | b'}' if closers.last() == Some(&byte) => {
                    closers.pop();
                    self.at += 1;
                }
                b']' | b'}' => return Err(self.unexpected("a value")),
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if !closers.is_empty() => self.at += 1,
                _ => self.scalar()?,
            }
            if closers.is_empty() {
                return Ok(());
            }
        }
    }

    /// Moves over a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<(), DecodeError> {
        let start = self.at;
        while self.peek().is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected("a value")) } else { Ok(()) }
    }

    /// Moves over an array that can only hold numbers, by looking for its end. Returns the bytes between the brackets.
    pub(super) fn flat_array(&mut self) -> Result<std::ops::Range<usize>, DecodeError> {
        self.expect(b'[')?;
        let start = self.at;
        let rest = &self.bytes[start..];
        let Some(length) = memchr::memchr(b']', rest) else {
            self.at = self.bytes.len();
            return Err(self.unexpected("the end of an array"));
        };
        self.at = start + length + 1;
        Ok(start..start + length)
    }
}
