//! Annotations of GitHub Actions, which its runner reads from the log, the worst first: it shows ten of each kind.

use super::evidence::ledger;
use super::style::harmless;
use super::summary::{confidence_word, counted, totals};
use super::{Report, places, url};
use crate::finding::{Finding, Severity, Verdict};
use crate::text::Span;
use std::cmp::Reverse;
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|it| it.suppressed.is_none()).collect();
    findings.sort_by_key(|it| worst_first(it));
    for finding in &findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let title = property(&format!("leaklint ({})", finding.rule));
        writeln!(out, "::{command} {},title={title}::{}", place(&report, finding.span), data(&message(&report, finding)))?;
    }
    if !findings.is_empty() {
        let checked = counted(report.files.checked, "file");
        writeln!(out, "::notice title=leaklint::{}", data(&format!("{} in {checked}", totals(&report))))?;
    }
    Ok(())
}

/// What stands first where not everything is shown.
pub(super) fn worst_first(finding: &Finding) -> impl Ord + use<> {
    let is_confirmed = finding.evidence.as_ref().is_some_and(|it| it.verdict == Verdict::Confirmed);
    (Reverse(is_confirmed), Reverse(finding.severity), Reverse(finding.confidence))
}

/// Columns are taken only where a span is of one line.
fn place(report: &Report<'_>, span: Span) -> String {
    let (start, end) = places::range(report, span);
    let file = property(&places::from_checkout(report, span));
    let lines = format!("file={file},line={},endLine={}", start.line, end.line);
    if start.line == end.line { format!("{lines},col={},endColumn={}", start.column, end.column) } else { lines }
}

fn message(report: &Report<'_>, finding: &Finding) -> String {
    let mut lines = vec![format!("{} ({})", harmless(&finding.message), confidence_word(finding.confidence))];
    for step in &finding.story {
        let (start, _) = places::range(report, step.span);
        lines.push(format!("{}:{}: {}", harmless(places::path(report, step.span)), start.line, harmless(&step.message)));
    }
    if let Some(it) = &finding.evidence {
        lines.push(format!("{}: {}", it.verdict.text(), harmless(&ledger(it))));
    }
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", harmless(&finding.help)));
    }
    lines.push(url(&finding.rule));
    lines.join("\n")
}

/// The value of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
