//! What a finding means, where the pointer is.

use gen_lsp_types::{Contents, Hover, HoverParams, MarkupContent, MarkupKind, Position, Range};
use std::fmt::Write;

use crate::finding::{Evidence, Finding};

use super::commands::{markdown, summary};
use super::lines::Lines;
use super::report::link;
use super::server::Server;

impl Server {
    /// `textDocument/hover`: on a finding, and on a rule's name in a suppression.
    pub(super) fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let at = params.text_document_position_params.position;
        let path = self.path_of(&params.text_document_position_params.text_document.uri.0)?;
        let document = self.documents.get(&path)?;
        let folder = self.roots[self.root_of(&path)?].ground.folder();
        let report = self.report(&path).filter(|it| it.version == Some(document.version));
        let found = report.into_iter().flat_map(|it| it.diagnostics.iter().zip(&it.findings));
        let mut told = String::new();
        let mut range = None;
        for (diagnostic, finding) in found.filter(|it| covers(it.0.range, at)) {
            let _ = write!(
                told,
                "{}{}",
                if told.is_empty() { "" } else { "\n\n---\n\n" },
                about(finding, &link(folder, &finding.rule))
            );
            range = range.or(Some(diagnostic.range));
        }
        if told.is_empty() {
            let lines = Lines::new(&document.text);
            let offset = lines.offset(&document.text, at, self.client.encoding);
            let rule = rule_at(&document.text, lines.start(&document.text, at.line), offset)?;
            told = format!("**{rule}**: {}{}\n\n[{rule}]({})", summary(rule)?, why(rule), link(folder, rule));
        }
        let kind = if self.client.takes_markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
        Some(Hover { contents: Contents::MarkupContent(MarkupContent { kind, value: told }), range })
    }
}

fn covers(range: Range, at: Position) -> bool {
    range.start <= at && at <= range.end
}

/// A finding in short: what, how sure, what a heap showed, why it leaks, where to read on.
fn about(finding: &Finding, url: &str) -> String {
    let confidence = format!("{:?}", finding.confidence).to_lowercase();
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let mut text = format!("**{}** ({severity}, {confidence}): {}", finding.rule, finding.message);
    if !finding.help.is_empty() {
        let _ = write!(text, "\n\n*{}*", finding.help);
    }
    if let Some(evidence) = &finding.evidence {
        let _ = write!(text, "\n\n{}", shown(evidence));
    }
    let _ = write!(text, "{}\n\n[{}]({url})", why(&finding.rule), finding.rule);
    text
}

/// The first paragraph under *Why it leaks*.
fn why(rule: &str) -> String {
    let page = markdown(rule).unwrap_or_default();
    let below = page.split_once("## Why it leaks\n").map_or("", |it| it.1.trim_start());
    let paragraph = below.split("\n\n").next().unwrap_or_default().trim();
    if paragraph.is_empty() { String::new() } else { format!("\n\n{paragraph}") }
}

/// What a heap showed: the verdict, how many are alive, who holds them.
fn shown(evidence: &Evidence) -> String {
    let alive: Vec<String> = evidence.alive.iter().map(u64::to_string).collect();
    let mut text = format!("Heap: **{}**", evidence.verdict.text());
    if !alive.is_empty() {
        let _ = write!(text, ", alive {}", alive.join(", "));
    }
    if !evidence.holder.is_empty() {
        let _ = write!(text, ", held by `{}`", evidence.holder.replace('`', "'"));
    }
    text
}

/// The word at an offset, if the line up to it names one of our comments.
fn rule_at(text: &str, start: usize, offset: usize) -> Option<&str> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let before = text[..offset].rfind(|it| !is_part(it)).map_or(0, |at| at + 1);
    let before = text.ceil_char_boundary(before);
    let after = text[offset..].find(|it| !is_part(it)).map_or(text.len(), |at| offset + at);
    text.get(start..before)?.contains("leaklint-").then(|| &text[before..after])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_in_comments_only() {
        let text = "é timer-a\n// leaklint-disable-line timer-b, timer-c -- why\n";
        let at = |word: &str| {
            rule_at(text, text[..text.find(word).unwrap()].rfind('\n').map_or(0, |it| it + 1), text.find(word).unwrap() + 2)
        };
        assert_eq!((at("timer-a"), at("timer-b"), at("timer-c")), (None, Some("timer-b"), Some("timer-c")));
    }

    #[test]
    fn a_page_says_why() {
        assert!(why("timer-not-cleared").contains("held by the runtime"), "{}", why("timer-not-cleared"));
        assert_eq!(why("no-such-rule"), "");
    }
}
