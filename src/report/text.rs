//! Text in other people's alphabets: XML, Markdown, URIs, sentences.

use super::style::{harmless, is_harmful};
use std::fmt::Write;

/// A clause of ours as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    let clause = harmless(clause.trim());
    let mut text = String::with_capacity(clause.len() + 1);
    let first_word = clause.split(' ').next().unwrap_or_default();
    // `setInterval` stays as it is.
    let is_plain = first_word.chars().all(|it| it.is_lowercase() || matches!(it, ',' | ';' | ':' | '-'));
    let mut rest = clause.chars();
    if is_plain {
        text.extend(rest.next().into_iter().flat_map(char::to_uppercase));
    }
    text.extend(rest);
    if !text.is_empty() && !text.ends_with(['.', '!', '?', ':']) {
        text.push('.');
    }
    text
}

/// For XML, between tags and in attributes. XML has no way to write most control characters.
pub(super) fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' => safe.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if is_harmful(c) => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// For a cell of a Markdown table. What stands between back quotes stays code.
pub(super) fn markdown(text: &str) -> String {
    let text = harmless(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain_markdown(&text);
    }
    let part = |(n, part): (usize, &&str)| if n % 2 == 1 { code_span(part) } else { plain_markdown(part) };
    parts.iter().enumerate().map(part).collect()
}

/// Code in a cell of a Markdown table.
pub(super) fn code(text: &str) -> String {
    let text = harmless(text);
    if text.contains('`') { plain_markdown(&text) } else { code_span(&text) }
}

fn code_span(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!("`{}`", code.replace('|', "\\|")) }
}

fn plain_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

/// A path as part of a URI.
pub(super) fn uri(path: &str) -> String {
    let mut safe = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => safe.push(byte.into()),
            byte => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    safe
}

/// The URI of a file or folder with this whole path, as in `/srv/app` or `C:\app`.
pub(super) fn file_uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    // What Windows puts before paths that have been looked up.
    let path = path.strip_prefix("//?/").unwrap_or(&path);
    match path.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 => format!("file:///{drive}:{}", uri(rest)),
        _ if path.starts_with("//") => format!("file:{}", uri(path)),
        _ => format!("file://{}", uri(path)),
    }
}

/// A path without `.` and `..`, as far as its own parts tell.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|it| !it.is_empty() && *it != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_become_sentences() {
        assert_eq!(sentence("interval started, and never cleared"), "Interval started, and never cleared.");
        assert_eq!(sentence("`Poller` made per call"), "`Poller` made per call.");
        assert_eq!(sentence("setInterval is called"), "setInterval is called.");
        assert_eq!(sentence("is it?"), "Is it?");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn uris_are_encoded() {
        assert_eq!(uri("src/a b/ü#%?.js"), "src/a%20b/%C3%BC%23%25%3F.js");
        assert_eq!(file_uri("/srv/my app/"), "file:///srv/my%20app/");
        assert_eq!(file_uri("C:\\my app\\"), "file:///C:/my%20app/");
        assert_eq!(file_uri("\\\\?\\C:\\app"), "file:///C:/app");
        assert_eq!(file_uri("\\\\host\\share"), "file://host/share");
    }

    #[test]
    fn paths_are_folded() {
        assert_eq!(normal("packages/app/../lib/./a.js"), "packages/lib/a.js");
        assert_eq!(normal("../a.js"), "../a.js");
        assert_eq!(normal("../../a/../b.js"), "../../b.js");
        assert_eq!(normal("/srv/../a.js"), "/a.js");
    }

    #[test]
    fn markdown_keeps_code_and_nothing_else() {
        assert_eq!(markdown("`a|b` is <b> [x](y) _z_"), "`a\\|b` is &lt;b&gt; \\[x\\](y) \\_z\\_");
        assert_eq!(markdown("one ` only"), "one \\` only");
        assert_eq!(code("a|b.js"), "`a\\|b.js`");
        assert_eq!(code("a`b"), "a\\`b");
    }

    #[test]
    fn xml_is_escaped() {
        assert_eq!(xml("<a href=\"x\">&'\u{1b}\n"), "&lt;a href=&quot;x&quot;&gt;&amp;&apos;\\u{1b}&#10;");
    }
}
