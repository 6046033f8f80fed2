//! GitLab's code quality report: a JSON array.

use super::{Report, places};
use crate::finding::{Confidence, Finding, Severity, Verdict};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut before = "[\n";
    for finding in report.findings.iter().filter(|it| it.suppressed.is_none()) {
        let (start, end) = places::range(&report, finding.span);
        let issue = Issue {
            description: format!("{}: {}", finding.rule, finding.message),
            check_name: &finding.rule,
            fingerprint: &finding.fingerprint,
            severity: severity(finding),
            location: Location {
                path: places::from_checkout(&report, finding.span),
                lines: Lines { begin: start.line, end: end.line },
            },
        };
        out.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut *out, &issue)?;
        before = ",\n";
    }
    out.write_all(if before == ",\n" { b"\n]\n" } else { b"[]\n" })
}

/// Five steps, so that severity, confidence and a heap's verdict all show.
fn severity(finding: &Finding) -> &'static str {
    let is_confirmed = finding.evidence.as_ref().is_some_and(|it| it.verdict == Verdict::Confirmed);
    match (finding.severity, finding.confidence) {
        _ if is_confirmed => "blocker",
        (Severity::Error, Confidence::Certain) => "critical",
        (Severity::Error, _) => "major",
        (Severity::Warning, _) => "minor",
        (Severity::Info, _) => "info",
    }
}
