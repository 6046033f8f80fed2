//! Findings as the protocol shows them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Message, Range,
};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::config::normal;
use crate::finding::{Finding, Severity, Step};
use crate::report;
use crate::text::{FileId, Span};
use crate::workspace::Snapshot;

use super::lines::{Encoding, Lines};
use super::uri;

/// What is shown of one file.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// The version of the document that it speaks of; `None` for a file of the disk.
    pub(super) version: Option<i32>,
    /// Equal for equal diagnostics.
    pub(super) id: String,
    /// What the client gets.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The same, as we know it.
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// The report of a file without findings.
    pub(super) fn empty(version: Option<i32>) -> Report {
        Report::new(version, Vec::new(), Vec::new())
    }

    fn new(version: Option<i32>, diagnostics: Vec<Diagnostic>, findings: Vec<Finding>) -> Report {
        let bytes = serde_json::to_vec(&diagnostics).unwrap_or_default();
        Report { version, id: format!("{:016x}", xxh3_64(&bytes)), diagnostics, findings }
    }
}

/// How the client wants to have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) encoding: Encoding,
    pub(super) can_relate: bool,
}

/// Where findings of a run are shown.
pub(super) struct Stage<'a> {
    snapshot: &'a Snapshot,
    folder: &'a Path,
    /// Addresses of open documents as the client writes them, by path.
    uris: &'a BTreeMap<PathBuf, String>,
    /// A file that has another text by now.
    changed: Option<(FileId, Arc<str>)>,
    manner: Manner,
    lines: FxHashMap<FileId, Lines>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        folder: &'a Path,
        uris: &'a BTreeMap<PathBuf, String>,
        changed: Option<(FileId, Arc<str>)>,
        manner: Manner,
    ) -> Stage<'a> {
        Stage { snapshot, folder, uris, changed, manner, lines: FxHashMap::default() }
    }

    /// The path of a file.
    pub(super) fn path(&self, file: FileId) -> PathBuf {
        let shown = self.snapshot.paths.get(file.index()).map_or("", String::as_str);
        normal(&self.folder.join(shown))
    }

    /// The report of a file with these findings; suppressed ones are not shown.
    pub(super) fn report(&mut self, version: Option<i32>, findings: Vec<Finding>) -> Report {
        let findings: Vec<Finding> = findings.into_iter().filter(|it| it.suppressed.is_none()).collect();
        let diagnostics = findings.iter().map(|it| self.diagnostic(it)).collect();
        Report::new(version, diagnostics, findings)
    }

    fn diagnostic(&mut self, finding: &Finding) -> Diagnostic {
        let story = if self.manner.can_relate { finding.story.as_slice() } else { &[] };
        let related: Vec<DiagnosticRelatedInformation> = story.iter().map(|step| self.related(step)).collect();
        let help = if finding.help.is_empty() { String::new() } else { format!("\nhelp: {}", finding.help) };
        Diagnostic {
            range: self.range(finding.span),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
                Severity::Info => DiagnosticSeverity::Information,
            }),
            code: Some(Code::String(finding.rule.clone())),
            code_description: Some(CodeDescription { href: link(self.folder, &finding.rule).into() }),
            source: Some("leaklint".to_owned()),
            message: Message::String(format!("{}{help}", finding.message)),
            related_information: Some(related).filter(|it| !it.is_empty()),
            data: Some(serde_json::json!({ "confidence": finding.confidence, "fingerprint": finding.fingerprint })),
            ..Diagnostic::default()
        }
    }

    fn related(&mut self, step: &Step) -> DiagnosticRelatedInformation {
        let path = self.path(step.span.file);
        let uri = self.uris.get(&path).cloned().unwrap_or_else(|| uri::of(&path));
        DiagnosticRelatedInformation {
            location: Location { uri: uri.into(), range: self.range(step.span) },
            message: step.message.clone(),
        }
    }

    /// Where a span is; the start of the file when its text is gone.
    fn range(&mut self, span: Span) -> Range {
        let changed = self.changed.as_ref().filter(|it| it.0 == span.file).map(|it| &*it.1);
        let known = || self.snapshot.analysis.texts.get(span.file).map(|it| it.text.as_str());
        let Some(text) = changed.or_else(known) else { return Range::default() };
        let lines = self.lines.entry(span.file).or_insert_with(|| Lines::new(text));
        lines.range(text, span.start as usize, span.end as usize, self.manner.encoding)
    }
}

/// The address of a rule's page.
pub(super) fn link(folder: &Path, rule: &str) -> String {
    let url = report::url(rule);
    if url.contains("://") { url } else { uri::of(&folder.join(url)) }
}
