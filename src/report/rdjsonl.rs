//! The diagnostics of reviewdog, one JSON object a line. Its columns count bytes.

use super::{Report, places, url};
use crate::finding::{Finding, Severity, Step};
use crate::text::Span;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location<'a>,
    severity: &'static str,
    source: Source,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    url: String,
}

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.findings.iter().filter(|it| it.suppressed.is_none()) {
        serde_json::to_writer(&mut *out, &diagnostic(&report, finding))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn diagnostic<'a>(report: &Report<'a>, finding: &'a Finding) -> Diagnostic<'a> {
    let related = |step: &'a Step| Related { message: &step.message, location: location(report, step.span) };
    Diagnostic {
        message: if finding.help.is_empty() {
            finding.message.clone()
        } else {
            format!("{}\nhelp: {}", finding.message, finding.help)
        },
        location: location(report, finding.span),
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        source: Source { name: "leaklint", url: env!("CARGO_PKG_REPOSITORY") },
        code: Code { value: &finding.rule, url: url(&finding.rule) },
        related_locations: finding.story.iter().map(related).collect(),
    }
}

fn location<'a>(report: &Report<'a>, span: Span) -> Location<'a> {
    let position = |offset: u32| match (report.texts)(span.file) {
        Some((text, lines)) => {
            let line = lines.location(text, offset).line;
            let start = lines.line_range(text, line - 1).0;
            Position { line, column: offset.min(text.len() as u32).saturating_sub(start) + 1 }
        }
        None => Position { line: 1, column: 1 },
    };
    Location { path: places::path(report, span), range: Range { start: position(span.start), end: position(span.end) } }
}
