//! Where V8 says that a function is: the parenthesis of its parameter list.

/// The first `(` from `from` on, comments skipped; `from` if there is none before `end`.
pub(super) fn parenthesis(text: &str, from: u32, end: u32) -> u32 {
    let bytes = &text.as_bytes()[..(end as usize).min(text.len())];
    let mut at = from as usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' => return at as u32,
            b'/' => at = skip_comment(bytes, at),
            _ => at += 1,
        }
    }
    from
}

/// Behind the comment that starts here, or one byte on if none does.
pub(super) fn skip_comment(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let behind = match rest.get(1) {
        Some(b'/') => memchr::memchr2(b'\n', b'\r', rest).map(|i| i + 1),
        Some(b'*') => memchr::memmem::find(&rest[2..], b"*/").map(|i| i + 4),
        _ => Some(1),
    };
    at + behind.unwrap_or(rest.len())
}

/// The `class` keyword from `from` on, behind `export`, `default`, `abstract` and comments; `from` if there is none.
pub(super) fn class_keyword(text: &str, from: u32, end: u32) -> u32 {
    let bytes = &text.as_bytes()[..(end as usize).min(text.len())];
    let mut at = from as usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'c' if bytes[at..].starts_with(b"class") => return at as u32,
            b'/' => at = skip_comment(bytes, at),
            b'a'..=b'z' => at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count(),
            _ => at += 1,
        }
    }
    from
}
