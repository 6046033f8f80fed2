//! The JSON format, schema 1. The twins of our types live here, so that a field renamed inside does not change the output.

use super::{Report, experiment, places, url};
use crate::confirm::Unexplained;
use crate::finding::{Confidence, Evidence, Finding, Role, Severity, Suppressed};
use crate::text::Span;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    help: &'a str,
    url: String,
    path: &'a str,
    range: JsonRange,
    scope: &'a str,
    fingerprint: &'a str,
    story: Vec<JsonStep<'a>>,
    suppressed: Option<&'a Suppressed>,
    evidence: Option<JsonEvidence<'a>>,
}

#[derive(Serialize)]
pub(super) struct JsonEvidence<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    executed: &'a [Option<u64>],
    alive: &'a [u64],
    retained_bytes: &'a [u64],
    bytes_per_execution: Option<u64>,
    holder: &'a str,
    path: &'a [String],
}

#[derive(Serialize)]
pub(super) struct JsonUnexplained<'a> {
    path: &'a str,
    line: u32,
    what: &'a str,
    alive: &'a [u64],
    retained_bytes: &'a [u64],
}

#[derive(Serialize)]
struct JsonStep<'a> {
    role: Role,
    message: &'a str,
    path: &'a str,
    range: JsonRange,
}

#[derive(Serialize)]
struct JsonRange {
    start: JsonPlace,
    end: JsonPlace,
}

#[derive(Serialize)]
struct JsonPlace {
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(Serialize)]
struct JsonFiles {
    checked: usize,
    skipped: usize,
    failed: usize,
}

/// One finding a line: as easy on `diff` and `grep` as on a parser.
pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"{{"schema": 1, "tool": {{"name": "leaklint", "version": "{}"}},"#, env!("CARGO_PKG_VERSION"))?;
    write!(out, r#""findings": ["#)?;
    for (n, finding) in report.findings.iter().enumerate() {
        out.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &json_finding(&report, finding))?;
    }
    out.write_all(if report.findings.is_empty() { b"],\n" } else { b"\n],\n" })?;
    let files = report.files;
    let files = JsonFiles { checked: files.checked, skipped: files.skipped_total(), failed: files.failed };
    write!(out, r#""files": "#)?;
    serde_json::to_writer(&mut *out, &files)?;
    write!(out, ",\n\"notes\": ")?;
    serde_json::to_writer(&mut *out, report.notes)?;
    if let Some(proof) = &report.proof {
        write!(out, ",\n\"unexplained\": ")?;
        let unexplained: Vec<JsonUnexplained> = proof.unexplained.iter().map(json_unexplained).collect();
        serde_json::to_writer(&mut *out, &unexplained)?;
        write!(out, ",\n\"experiment\": ")?;
        serde_json::to_writer(&mut *out, &proof.experiment.map(experiment::json))?;
    }
    writeln!(out, "}}")
}

/// One finding a line, and nothing else.
pub(super) fn render_lines(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.findings {
        serde_json::to_writer(&mut *out, &json_finding(&report, finding))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn json_finding<'a>(report: &Report<'a>, finding: &'a Finding) -> JsonFinding<'a> {
    let step = |step: &'a crate::finding::Step| JsonStep {
        role: step.role,
        message: &step.message,
        path: places::path(report, step.span),
        range: json_range(report, step.span),
    };
    JsonFinding {
        rule: &finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        message: &finding.message,
        help: &finding.help,
        url: url(&finding.rule),
        path: places::path(report, finding.span),
        range: json_range(report, finding.span),
        scope: &finding.scope,
        fingerprint: &finding.fingerprint,
        story: finding.story.iter().map(step).collect(),
        suppressed: finding.suppressed.as_ref(),
        evidence: finding.evidence.as_ref().map(json_evidence),
    }
}

/// The twin of evidence.
pub(super) fn json_evidence(evidence: &Evidence) -> JsonEvidence<'_> {
    JsonEvidence {
        verdict: evidence.verdict.text(),
        reason: &evidence.reason,
        executed: &evidence.executed,
        alive: &evidence.alive,
        retained_bytes: &evidence.retained_bytes,
        bytes_per_execution: evidence.bytes_per_execution,
        holder: &evidence.holder,
        path: &evidence.path,
    }
}

/// The twin of growth that nothing explains.
pub(super) fn json_unexplained(it: &Unexplained) -> JsonUnexplained<'_> {
    JsonUnexplained { path: &it.path, line: it.line, what: &it.what, alive: &it.alive, retained_bytes: &it.retained_bytes }
}

fn json_range(report: &Report<'_>, span: Span) -> JsonRange {
    let (start, end) = places::range(report, span);
    JsonRange {
        start: JsonPlace { line: start.line, column: start.column, offset: span.start },
        end: JsonPlace { line: end.line, column: end.column, offset: span.end },
    }
}
