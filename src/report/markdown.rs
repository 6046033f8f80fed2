//! Markdown: a table of findings, as GitHub's job summary and its pull requests show it.

use super::evidence::ledger;
use super::github::worst_first;
use super::style::Style;
use super::summary::{confidence_word, files, severity_word, totals};
use super::text::{code, markdown};
use super::{Report, experiment, places, url};
use crate::finding::Finding;
use std::io::{self, Write};

/// Rows of the table: a job summary is cut off at a mebibyte.
const ROWS: usize = 1_000;

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## leaklint: {}\n", totals(&report))?;
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|it| it.suppressed.is_none()).collect();
    findings.sort_by_key(|it| worst_first(it));
    if !findings.is_empty() {
        let heap = if report.proof.is_some() { (" heap |", " --- |") } else { ("", "") };
        writeln!(out, "| severity | rule | place | finding |{}\n| --- | --- | --- | --- |{}", heap.0, heap.1)?;
        for finding in findings.iter().take(ROWS) {
            row(&report, finding, out)?;
        }
        if findings.len() > ROWS {
            writeln!(out, "\n{} more are not shown.", findings.len() - ROWS)?;
        }
        writeln!(out)?;
    }
    if let Some(proof) = &report.proof {
        let lines = experiment::lines(proof, report.findings, Style::PLAIN);
        if !lines.is_empty() {
            writeln!(out, "```text\n{}\n```\n", lines.trim_end().replace("```", "'''"))?;
        }
    }
    for it in report.errors.iter().chain(report.notes) {
        writeln!(out, "- {}", markdown(it))?;
    }
    if !report.errors.is_empty() || !report.notes.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", markdown(&files(report.files)))
}

fn row(report: &Report<'_>, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let (start, _) = places::range(report, finding.span);
    let place = format!("{}:{}:{}", places::path(report, finding.span), start.line, start.column);
    write!(
        out,
        "| {} | [`{}`]({}) | {} | {} ({}) |",
        severity_word(finding.severity),
        finding.rule,
        url(&finding.rule),
        code(&place),
        markdown(&finding.message),
        confidence_word(finding.confidence),
    )?;
    if report.proof.is_some() {
        let said = finding.evidence.as_ref().map(|it| format!("{}: {}", it.verdict.text(), ledger(it)));
        write!(out, " {} |", markdown(&said.unwrap_or_default()))?;
    }
    writeln!(out)
}
