//! Stable identity of findings.
//!
//! Made of the rule, the file, the enclosing scope and the folded text of the line, never of line numbers, so that it
//! survives edits elsewhere in the file and re-indentation.

use super::Finding;
use crate::text::Span;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

/// How far a snippet reaches to each side of the span's start: a line of a bundle may hold the whole program.
const REACH: usize = 160;

/// Hex digits: 80 bits, so that a million findings collide once in many billions of repositories.
const DIGITS: usize = 20;

/// The identity of a finding. `path` is relative to the root of the project, `snippet` what [`snippet`] gives.
pub fn fingerprint(finding: &Finding, path: &str, snippet: &str) -> String {
    digest(&[&finding.rule, path, &finding.scope, snippet])
}

/// Sets findings of equal fingerprint apart by their order in the file. Expects them sorted.
pub fn number_duplicates(findings: &mut [Finding]) {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    for finding in findings {
        let count = seen.entry(finding.fingerprint.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            finding.fingerprint = digest(&[&finding.fingerprint, &count.to_string()]);
        }
    }
}

/// The text of the line that a span starts in, white space folded.
pub fn snippet(text: &str, span: Span) -> String {
    let at = text.floor_char_boundary(span.start as usize);
    let from = text.ceil_char_boundary(at.saturating_sub(REACH)).min(at);
    let to = text.floor_char_boundary(at.saturating_add(REACH));
    let ends_line = ['\n', '\r', '\u{2028}', '\u{2029}'];
    let before = text[from..at].rsplit(ends_line).next().unwrap_or_default();
    let after = text[at..to].split(ends_line).next().unwrap_or_default();
    let mut folded = String::with_capacity(before.len() + after.len());
    for word in before.split_whitespace().chain(after.split_whitespace()) {
        folded.push_str(word);
        folded.push(' ');
    }
    folded
}

fn digest(parts: &[&str]) -> String {
    let mut hasher = Xxh3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut digits = format!("{:032x}", hasher.digest128());
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::{number_duplicates, snippet};
    use crate::finding::suppress::tests::finding;
    use crate::text::{FileId, Span};

    #[test]
    fn a_snippet_is_its_line() {
        let of = |text: &str| snippet(text, Span::new(FileId(0), text.find("on(").unwrap() as u32, 0));
        assert_eq!(of("a();\n  socket.on('x',   f);\nb();"), "socket. on('x', f); ");
        assert_eq!(of("\tsocket.on('x', f);\r\n"), "socket. on('x', f); ");
        let long = format!("{}on({}", "é ".repeat(500), "é".repeat(500));
        assert!(of(&long).len() < 500);
        assert_eq!(snippet("", Span::new(FileId(0), 7, 9)), "");
    }

    #[test]
    fn duplicates_are_told_apart_in_order() {
        let mut findings = vec![finding("a", 0), finding("a", 1), finding("b", 2)];
        for it in &mut findings {
            it.fingerprint = it.rule.clone();
        }
        number_duplicates(&mut findings);
        assert_eq!(findings[0].fingerprint, "a");
        assert_ne!(findings[1].fingerprint, "a");
        assert_eq!(findings[2].fingerprint, "b");
    }
}
