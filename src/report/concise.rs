//! One line for each finding: `path:line:column: severity[rule] message (confidence)`.

use super::style::harmless;
use super::summary::{confidence_word, severity_word};
use super::{Report, places};
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.findings.iter().filter(|it| it.suppressed.is_none()) {
        let (start, _) = places::range(&report, finding.span);
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {} ({})",
            harmless(places::path(&report, finding.span)),
            start.line,
            start.column,
            severity_word(finding.severity),
            finding.rule,
            harmless(&finding.message),
            confidence_word(finding.confidence),
        )?;
    }
    Ok(())
}
