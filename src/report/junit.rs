//! JUnit XML: a suite for each file that has findings, a test case for each finding.

use super::evidence::ledger;
use super::summary::{confidence_word, severity_word};
use super::text::xml;
use super::{Report, places, url};
use crate::finding::Finding;
use crate::text::FileId;
use crate::workspace::{INTERNAL_ERROR, PARSE_ERROR};
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    if report.findings.is_empty() {
        // Readers take a report without any test for a broken one.
        writeln!(out, r#"<testsuites name="leaklint" tests="1" failures="0" errors="0" skipped="0">"#)?;
        writeln!(out, r#"  <testsuite name="leaklint" tests="1" failures="0" errors="0" skipped="0">"#)?;
        writeln!(out, r#"    <testcase name="no leaks found" classname="leaklint"/>"#)?;
    } else {
        writeln!(out, r#"<testsuites name="leaklint" {}>"#, counts(report.findings))?;
        for findings in report.findings.chunk_by(|a, b| a.span.file == b.span.file) {
            suite(&report, findings[0].span.file, findings, out)?;
        }
    }
    if report.findings.is_empty() {
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// What becomes of a test case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The file could not be read.
    Error,
    Failure,
    Skipped,
}

fn outcome(finding: &Finding) -> Outcome {
    match finding.rule.as_str() {
        _ if finding.suppressed.is_some() => Outcome::Skipped,
        PARSE_ERROR | INTERNAL_ERROR => Outcome::Error,
        _ => Outcome::Failure,
    }
}

fn counts(findings: &[Finding]) -> String {
    let of = |what| findings.iter().filter(|it| outcome(it) == what).count();
    let (failures, errors, skipped) = (of(Outcome::Failure), of(Outcome::Error), of(Outcome::Skipped));
    format!(r#"tests="{}" failures="{failures}" errors="{errors}" skipped="{skipped}""#, findings.len())
}

fn suite(report: &Report<'_>, file: FileId, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let path = xml(report.paths.get(file.index()).map_or("", String::as_str));
    writeln!(out, r#"  <testsuite name="{path}" {}>"#, counts(findings))?;
    for finding in findings {
        let (start, _) = places::range(report, finding.span);
        let rule = xml(&finding.rule);
        writeln!(out, r#"    <testcase name="{rule} at {}:{}" classname="{path}">"#, start.line, start.column)?;
        match outcome(finding) {
            Outcome::Skipped => {
                let reason = finding.suppressed.as_ref().and_then(|it| it.reason.as_deref()).unwrap_or("suppressed");
                writeln!(out, r#"      <skipped message="{}"/>"#, xml(reason))?;
            }
            outcome => {
                let tag = if outcome == Outcome::Error { "error" } else { "failure" };
                let (message, kind) = (xml(&finding.message), severity_word(finding.severity));
                let body = xml(&body(report, finding)).replace("&#10;", "\n");
                writeln!(out, r#"      <{tag} message="{message}" type="{kind}">{body}</{tag}>"#)?;
            }
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

/// The story, for people.
fn body(report: &Report<'_>, finding: &Finding) -> String {
    let (start, _) = places::range(report, finding.span);
    let place = format!("{}:{}:{}", places::path(report, finding.span), start.line, start.column);
    let mut lines = vec![format!("{place}: {} ({})", finding.message, confidence_word(finding.confidence))];
    for step in &finding.story {
        let (start, _) = places::range(report, step.span);
        lines.push(format!("{}:{}:{}: {}", places::path(report, step.span), start.line, start.column, step.message));
    }
    lines.extend(finding.evidence.as_ref().map(|it| format!("{}: {}", it.verdict.text(), ledger(it))));
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", finding.help));
    }
    lines.push(url(&finding.rule));
    lines.join("\n")
}
