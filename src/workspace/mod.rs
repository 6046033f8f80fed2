//! From a selection of paths to findings: the one pipeline behind terminal, editor and tests.
//!
//! In comes a [`Selection`] and the rulebook, out comes an [`Analysis`]. Files are listed, read, parsed and turned into facts
//! in parallel; then imports are resolved, the program is linked and checked. A [`Project`] is what terminal and editor
//! share: which configuration governs a file, which rules there are, and how findings are judged by both. This module reads
//! files; it prints nothing and knows no output format.

mod builtins;
mod cache;
mod changes;
mod collect;
mod configs;
mod content;
mod extends;
mod files;
mod git;
mod local;
mod manifests;
mod names;
mod output;
mod packages;
mod panics;
mod patch;
mod paths;
mod problems;
mod project;
mod read;
mod resolve;
#[cfg(test)]
mod resolve_tests;
mod revise;
mod run;
mod selection;
mod session;
mod settle;
mod silence;
mod specifiers;
mod starts;
mod store;
mod texts;
mod tsconfig;
mod verify;
mod vicinity;
mod walk;
mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::facts::Directive;
use crate::finding::Finding;
use crate::program::{Manifest, Unit};
use crate::text::FileId;

pub use cache::Cache;
pub use changes::{Changes, Since};
pub use configs::Configs;
pub use git::GitError;
pub use names::Skip;
pub use problems::{INTERNAL_ERROR, PARSE_ERROR};
pub use project::{BaselineChoice, Book, Checked, Opening, Project, ProjectError};
pub use run::{run, run_in_memory};
pub use selection::Selection;
pub use session::{Revision, Session, Snapshot};
pub use silence::{Insertion, Silenced, silence, silencing};
pub use texts::{Text, Texts};
pub use verify::{Seen, Verified, verify};
pub use walk::is_source;
pub use why::why_ignored;

/// What a run found.
#[derive(Debug, Default)]
pub struct Analysis {
    /// All findings, of every confidence and rule, sorted; levels and comments are not applied, and they are not signed.
    pub findings: Vec<Finding>,
    /// The files that were checked, by file id, sorted by path; failed ones have the facts of an empty file.
    pub units: Vec<Unit>,
    /// The settings of the files, by file id.
    pub settings: Vec<Arc<Settings>>,
    /// What the project's `package.json`s, `Dockerfile`s and `Procfile`s say, by folder.
    pub manifests: Vec<Manifest>,
    /// How many files.
    pub files: Files,
    /// What the user should know: one sentence each, sorted.
    pub notes: Vec<String>,
    /// Named paths that are not there, and failures that concern the whole run: reasons for exit code 2.
    pub errors: Vec<String>,
    /// The texts, read again on demand.
    pub texts: Texts,
    /// How long it took.
    pub timings: Timings,
}

impl Analysis {
    /// Paths as shown, by file.
    pub fn paths(&self) -> Vec<String> {
        self.units.iter().map(|unit| unit.path.clone()).collect()
    }

    /// Directives of the files that have any.
    pub fn directives(&self) -> Vec<(FileId, Vec<Directive>)> {
        let all = self.units.iter().enumerate();
        let some = all.filter(|(_, unit)| !unit.facts.directives.is_empty());
        some.map(|(at, unit)| (FileId(at as u32), unit.facts.directives.clone())).collect()
    }

    /// Texts of the files that have findings or directives, as far as they are still what was checked.
    pub fn reported_texts(&self) -> BTreeMap<FileId, String> {
        let found = self.findings.iter().map(|finding| finding.span.file);
        let directed = self.directives().into_iter().map(|it| it.0);
        let files: BTreeSet<FileId> = found.chain(directed).collect();
        files.into_iter().filter_map(|file| Some((file, self.texts.get(file)?.text.clone()))).collect()
    }
}

/// Numbers of files.
#[derive(Clone, PartialEq, Eq, Default, Debug, serde::Serialize, serde::Deserialize)]
pub struct Files {
    /// Checked.
    pub checked: usize,
    /// Left out, by reason; reasons that did not occur are not listed.
    pub skipped: Vec<(Skip, usize)>,
    /// Not readable, not parsable, or we failed over them.
    pub failed: usize,
}

impl Files {
    /// All that were left out.
    pub fn skipped_total(&self) -> usize {
        self.skipped.iter().map(|it| it.1).sum()
    }
}

/// Time per phase.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Timings {
    /// Listing files; workers parse meanwhile.
    pub walk: Duration,
    /// Listing, reading, parsing and extracting, from start to end.
    pub read: Duration,
    /// The workers' time in it, summed over threads.
    pub read_work: Duration,
    /// Sorting out copies, manifests and imports.
    pub resolve: Duration,
    /// Linking.
    pub link: Duration,
    /// Checking.
    pub check: Duration,
    /// Everything.
    pub total: Duration,
}
