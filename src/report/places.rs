//! Spans as people and programs read them.

use super::Report;
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
