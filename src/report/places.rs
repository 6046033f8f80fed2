//! Spans as people and programs read them.

use super::Report;
use super::text::normal;
use crate::text::{Location, Span};

/// The first and the last place of a span; the start of the file when its text is gone.
pub(super) fn range(report: &Report<'_>, span: Span) -> (Location, Location) {
    match (report.texts)(span.file) {
        Some((text, lines)) => (lines.location(text, span.start), lines.location(text, span.end)),
        None => (Location { line: 1, column: 1 }, Location { line: 1, column: 1 }),
    }
}

/// The path of a span's file as shown.
pub(super) fn path<'a>(report: &Report<'a>, span: Span) -> &'a str {
    report.paths.get(span.file.index()).map_or("", String::as_str)
}

/// The path of a span's file from where a CI system counts.
pub(super) fn from_checkout(report: &Report<'_>, span: Span) -> String {
    let path = path(report, span);
    if path.starts_with('/') { path.to_owned() } else { normal(&format!("{}{path}", report.origin.below)) }
}
