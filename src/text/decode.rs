//! Bytes to text.

/// The encoding a file was in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16 with a byte order mark.
    Utf16,
    /// Not valid: bad bytes were replaced.
    Lossy,
}

/// Decoded text.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// What it was.
    pub encoding: Encoding,
}

/// Decodes a file's bytes. Never fails.
pub fn decode(bytes: Vec<u8>) -> Decoded {
    Decoded { text: String::from_utf8_lossy(&bytes).into_owned(), encoding: Encoding::Utf8 }
}
