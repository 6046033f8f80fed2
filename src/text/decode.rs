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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// What it was.
    pub encoding: Encoding,
}

/// Decodes a file's bytes. Never fails: what is not valid becomes U+FFFD, so that one bad byte in a comment does not
/// hide a file. Valid UTF-8 is not copied.
pub fn decode(bytes: Vec<u8>) -> Decoded {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        _ => decode_utf8(bytes),
    }
}

fn decode_utf8(mut bytes: Vec<u8>) -> Decoded {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, encoding: Encoding::Utf8 },
        Err(error) => Decoded { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), encoding: Encoding::Lossy },
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut is_valid = rest.is_empty();
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        is_valid &= decoded.is_ok();
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Decoded { text, encoding: if is_valid { Encoding::Utf16 } else { Encoding::Lossy } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str, encoding: Encoding) {
        assert_eq!(decode(bytes.to_vec()), Decoded { text: text.to_owned(), encoding });
    }

    #[test]
    fn utf8_with_and_without_mark() {
        check(b"", "", Encoding::Utf8);
        check("aé\0b".as_bytes(), "aé\0b", Encoding::Utf8);
        check(b"\xEF\xBB\xBFlet a", "let a", Encoding::Utf8);
        check(b"\xEF\xBB", "\u{FFFD}", Encoding::Lossy);
    }

    #[test]
    fn valid_text_is_not_copied() {
        let bytes = b"const a = 1;".to_vec();
        let at = bytes.as_ptr();
        assert_eq!(decode(bytes).text.as_ptr(), at);
    }

    #[test]
    fn utf16_both_ways() {
        check(b"\xFF\xFEa\0=\xD8\0\xDE", "a\u{1F600}", Encoding::Utf16);
        check(b"\xFE\xFF\0a\xD8=\xDE\0", "a\u{1F600}", Encoding::Utf16);
        check(b"\xFF\xFE", "", Encoding::Utf16);
        check(b"\xFF\xFEa\0\x3D", "a\u{FFFD}", Encoding::Lossy);
        check(b"\xFF\xFE=\xD8a\0", "\u{FFFD}a", Encoding::Lossy);
    }

    #[test]
    fn bad_bytes_are_replaced() {
        check(b"// caf\xE9\nx", "// caf\u{FFFD}\nx", Encoding::Lossy);
    }
}
