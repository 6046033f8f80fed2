//! `leaklint-...` comments.

use swc_common::comments::{Comment, SingleThreadedComments};

use super::super::{Directive, DirectiveKind};
use super::range;

const MARK: &str = "leaklint-";

/// The directives of a file, in order.
pub(super) fn directives(comments: &SingleThreadedComments, text: &str) -> Vec<Directive> {
    let (leading, trailing) = comments.borrow_all();
    let all = leading.values().chain(trailing.values()).flatten();
    let mut found: Vec<Directive> = all.filter_map(directive).collect();
    found.sort_by_key(|directive| directive.start);
    found.dedup_by_key(|directive| directive.start);
    let mut lines = Lines { text, at: 0, line: 0 };
    for directive in &mut found {
        directive.line = lines.line_of(directive.start);
        directive.end_line = lines.line_of(directive.end);
    }
    found
}

fn directive(comment: &Comment) -> Option<Directive> {
    let said = comment.text.trim_start_matches([' ', '\t', '*', '\r', '\n']);
    let said = said.strip_prefix(MARK)?;
    let line = said.lines().next().unwrap_or_default();
    let word = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default();
    let rest = &line[word.len()..];
    let (rules, reason) = match rest.split_once("--") {
        Some((rules, reason)) => (rules, Some(reason.trim().trim_end_matches('*').trim_end().to_string())),
        None => (rest, None),
    };
    let kind = match word {
        "disable-line" => DirectiveKind::DisableLine,
        "disable-next-line" => DirectiveKind::DisableNextLine,
        "disable" => DirectiveKind::Disable,
        "enable" => DirectiveKind::Enable,
        "disable-file" => DirectiveKind::DisableFile,
        "expect-next-line" => DirectiveKind::ExpectNextLine,
        _ => DirectiveKind::Unknown,
    };
    let rules = rules.split([',', ' ', '\t']).map(|rule| rule.trim_matches(['*', ':']));
    let rules = rules.filter(|rule| !rule.is_empty()).map(str::to_string).collect();
    let reason = reason.filter(|reason| !reason.is_empty());
    let (start, end) = range(comment.span);
    Some(Directive { kind, rules, reason, line: 0, end_line: 0, start, end })
}

/// Counts line ends as ECMAScript does, onwards only.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line_of(&mut self, offset: u32) -> u32 {
        let passed = &self.text[self.at..offset as usize];
        let mut previous = self.text[..self.at].chars().next_back();
        for c in passed.chars() {
            let second_half = c == '\n' && previous == Some('\r');
            self.line += u32::from(matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}') && !second_half);
            previous = Some(c);
        }
        self.at = offset as usize;
        self.line
    }
}
