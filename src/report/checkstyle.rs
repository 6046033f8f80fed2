//! Checkstyle's XML, which many build servers read.

use super::summary::severity_word;
use super::text::xml;
use super::{Report, places};
use crate::finding::Finding;
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<checkstyle version="4.3">"#)?;
    let shown: Vec<&Finding> = report.findings.iter().filter(|it| it.suppressed.is_none()).collect();
    for findings in shown.chunk_by(|a, b| a.span.file == b.span.file) {
        writeln!(out, r#"  <file name="{}">"#, xml(places::path(&report, findings[0].span)))?;
        for finding in findings {
            let (start, _) = places::range(&report, finding.span);
            writeln!(
                out,
                r#"    <error line="{}" column="{}" severity="{}" message="{}" source="leaklint.{}"/>"#,
                start.line,
                start.column,
                severity_word(finding.severity),
                xml(&finding.message),
                xml(&finding.rule),
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}
