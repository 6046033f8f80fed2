//! What `confirm` and `prove` share: the project and its findings, suspects too, and the report with evidence.

use super::Exit;
use super::args::CacheArgs;
use super::failure::Failure;
use super::host;
use super::output::tell;
use super::project::{self, Request};
use super::publish::Outputs;
use super::terminal::Terminal;
use crate::capture::{Coverage, map};
use crate::confirm::{Executions, Observation, Project, Reopen, Unexplained, observe};
use crate::finding::{self, Judged, Verdict, is_sure_enough};
use crate::prove::Experiment;
use crate::report::{Origin, Proof, Report};
use crate::workspace::{Analysis, Book, Cache, Checked};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a script or source map that a heap names.
const SIDE_FILE: u64 = 64 << 20;

/// A project with its findings.
pub(super) struct Case {
    pub(super) rulebook: Book,
    pub(super) analysis: Analysis,
    pub(super) judged: Judged,
    /// The working directory, symbolic links resolved.
    pub(super) root: PathBuf,
    /// Where editors and later checks find what the heap showed.
    cache: Option<Arc<Cache>>,
}

/// Analyses the project. A heap answers suspects as well as it answers what is certain, so all of them are in it.
pub(super) fn open(request: &Request<'_>, cache: &CacheArgs, terminal: Terminal) -> Result<Case, Failure> {
    let folder = project::folder()?;
    let project = project::open(request, terminal)?;
    let cache = cache.of(&project);
    let analysis = project.analyse(&project.selection)?;
    let Checked { analysis, judged } = project.judge(analysis, true);
    if analysis.files.checked == 0 {
        let absent = analysis.errors.join("\n");
        let said = if absent.is_empty() { "there is no JavaScript or TypeScript file to check" } else { &absent };
        return Err(Failure::new(said));
    }
    let root = fs::canonicalize(&folder).unwrap_or(folder);
    Ok(Case { rulebook: project.rulebook, analysis, judged, root, cache })
}

impl Case {
    /// The program, for `confirm`.
    pub(super) fn with_project<T>(&mut self, run: impl FnOnce(Project<'_>, &mut [finding::Finding]) -> T) -> T {
        let texts = |file| self.analysis.texts.get(file).map(|it| (it.text.as_str(), &it.lines));
        let root = self.root.clone();
        let read = |path: &Path| read_below(&root, path);
        let project = Project { units: &self.analysis.units, texts: &texts, root: &root, read: &read };
        run(project, &mut self.judged.findings)
    }

    /// Keeps what the heap showed for later, and leaves out what is neither sure enough nor shown by it.
    pub(super) fn narrow(&mut self) {
        if let Some(cache) = &self.cache {
            cache.keep_evidence(&self.judged.findings);
        }
        let settings = &self.analysis.settings;
        let is_shown = |it: &finding::Finding| {
            let shown = it.evidence.as_ref().is_some_and(|it| matches!(it.verdict, Verdict::Confirmed | Verdict::Accumulated));
            shown || is_sure_enough(it, &settings[it.span.file.index()])
        };
        let before = self.judged.findings.len();
        self.judged.findings.retain(|it| is_shown(it));
        self.judged.hidden += before - self.judged.findings.len();
    }

    /// Writes the report.
    pub(super) fn report(
        &self,
        unexplained: &[Unexplained],
        experiment: Option<&Experiment>,
        outputs: &Outputs,
        terminal: Terminal,
    ) -> Result<(), Failure> {
        let paths = self.analysis.paths();
        let report = Report {
            findings: &outputs.shown(&self.judged.findings),
            paths: &paths,
            texts: &|file| self.analysis.texts.get(file).map(|it| (it.text.as_str(), &it.lines)),
            files: &self.analysis.files,
            hidden: self.judged.hidden,
            notes: &self.analysis.notes,
            errors: &self.analysis.errors,
            proof: Some(Proof { unexplained, experiment }),
            origin: Origin {
                rulebook: &self.rulebook,
                folder: &self.root,
                below: &host::below(&self.root),
                category: outputs.category.as_deref(),
            },
        };
        outputs.publish(report, terminal)?;
        outputs.tell_rest(&report, terminal);
        for error in &self.analysis.errors {
            tell(&format!("error: {error}"));
        }
        Ok(())
    }

    /// 1 when a leak that is not suppressed is confirmed.
    pub(super) fn exit(&self) -> Exit {
        let is_confirmed = |it: &finding::Finding| {
            it.suppressed.is_none() && it.evidence.as_ref().is_some_and(|it| it.verdict == Verdict::Confirmed)
        };
        if !self.analysis.errors.is_empty() {
            return Exit::Failed;
        }
        if self.judged.findings.iter().any(is_confirmed) { Exit::Found } else { Exit::Clean }
    }
}

/// Reads a file that a heap names: only below the root, whatever links say.
fn read_below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let path = fs::canonicalize(path).ok()?;
    if !path.starts_with(root) || !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(SIDE_FILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Reads a snapshot.
pub(super) fn shot(project: Project<'_>, findings: &[finding::Finding], path: &Path) -> Result<Observation, Failure> {
    let bytes = map(path).map_err(|error| Failure::io("read", path, &error))?;
    observe(project, findings, &bytes).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// Execution counts in the words of `confirm`.
pub(super) fn executions(coverage: &[Coverage]) -> Executions {
    let mut ran = Executions::default();
    for script in coverage.iter().flat_map(|it| &it.scripts) {
        let ranges = script.functions.iter().flat_map(|it| &it.ranges);
        ran.add(&script.url, ranges.map(|it| (it.start, it.end, it.count)));
    }
    ran
}

/// Opens snapshots again; one that has gone since is passed over.
pub(super) fn reopen(paths: &[PathBuf]) -> Box<Reopen<'_>> {
    Box::new(|at, read| {
        if let Ok(bytes) = map(&paths[at]) {
            read(&bytes);
        }
    })
}
