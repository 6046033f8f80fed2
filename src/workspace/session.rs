//! Runs that follow each other, as an editor needs them.
//!
//! A [`Session`] keeps facts between runs; a run gives a [`Snapshot`] of the whole program. Until the next run is done, the
//! snapshot answers for one changed file by itself, in a few milliseconds: see [`Snapshot::revise`].

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use crate::checks;
use crate::facts::{Facts, Sym};
use crate::finding::{Accepted, Docket, Finding, Judged, Reach, judge};
use crate::program::{self, Target};
use crate::rulebook::Rulebook;
use crate::syntax;
use crate::text::FileId;

use super::project::Project;
use super::read::Problem;
use super::resolve::{Importer, Resolver};
use super::revise::{Change, merge};
use super::run::run_whole;
use super::selection::Selection;
use super::specifiers::specifiers;
use super::store::Store;
use super::vicinity::Vicinity;
use super::{Analysis, content, panics, paths, problems};

/// Keeps what outlives a run.
#[derive(Default)]
pub struct Session {
    store: Store,
}

impl Session {
    /// A session that has seen nothing.
    pub fn new() -> Session {
        Session::default()
    }

    /// Checks what is selected: what [`super::run`] finds, faster the less has changed since the last time.
    pub fn run(&self, selection: &Selection, rulebook: &Rulebook) -> Snapshot {
        self.store.begin();
        let whole = run_whole(selection, rulebook, &|path, text| self.store.parse(path, text));
        self.store.end();
        let cwd = selection.cwd_key();
        let analysis = whole.analysis;
        let key = |path: &str| paths::key(&paths::absolute(Path::new(&cwd), Path::new(path)));
        let ids = analysis.units.iter().enumerate().map(|(at, unit)| (key(&unit.path), FileId(at as u32))).collect();
        Snapshot { paths: analysis.paths(), analysis, ids, resolver: whole.resolver, seen_apart: Mutex::default() }
    }
}

/// A program as one run saw it.
pub struct Snapshot {
    /// What the run found; nothing is judged yet.
    pub analysis: Analysis,
    /// Paths as shown, by file.
    pub paths: Vec<String>,
    ids: FxHashMap<String, FileId>,
    resolver: Option<Resolver>,
    /// What the files' vicinities alone show of them, as they were in this run.
    seen_apart: Mutex<FxHashMap<FileId, Arc<Apart>>>,
}

/// A file as its vicinity shows it.
struct Apart {
    vicinity: Vicinity,
    findings: Vec<Finding>,
}

/// What is known of a changed file before the whole program is checked again.
pub struct Revision {
    /// The file.
    pub file: FileId,
    /// Its findings, unjudged; stories may lead into other files of the snapshot.
    pub findings: Vec<Finding>,
    /// What its text says.
    pub facts: Arc<Facts>,
}

impl Revision {
    /// The findings as they are reported, by the settings of the file.
    pub fn judged(self, project: &Project, snapshot: &Snapshot, text: &str) -> Judged {
        let file = self.file;
        // Of other files nothing is said here, so nothing that was accepted in them is missed.
        let accepted = project.baseline.as_ref().map(|baseline| Accepted { baseline, unchecked: &|_| Reach::Beyond });
        let mut judged = judge(
            self.findings,
            Docket {
                paths: &snapshot.paths,
                text: &|it| (it == file).then_some(text),
                directives: &[(file, &self.facts.directives)],
                settings: &snapshot.analysis.settings,
                rulebook: &project.rulebook,
                accepted,
                is_reported: &|_| true,
                keep_suspects: false,
            },
        );
        project.recall_evidence(&mut judged.findings);
        judged
    }
}

impl Snapshot {
    /// The file at a path (absolute, normalized) if it was part of the run.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        self.ids.get(&paths::key(path)).copied()
    }

    /// The findings of a file if its text were this one and nothing else had changed.
    ///
    /// Only the file's vicinity is linked and checked, once as it was in the run and once as it is now. What appears or
    /// disappears from the one to the other is applied to what the whole program showed; the rest moves with the text. So
    /// what only far files tell stays until the next run corrects it, and nothing flickers. The rulebook is that of the run. `None` if the file was no part
    /// of the run, or its text then is no longer known.
    pub fn revise(&self, session: &Session, rulebook: &Rulebook, path: &Path, text: &str) -> Option<Revision> {
        let file = self.file(path)?;
        let key = paths::key(path);
        let old = &self.analysis.texts.get(file)?.text;
        let base: Vec<Finding> = self.analysis.findings.iter().filter(|it| it.span.file == file).cloned().collect();
        if old == text {
            return Some(Revision { file, findings: base, facts: Arc::clone(&self.analysis.units[file.index()].facts) });
        }
        if content::reason_to_skip(text, self.analysis.settings[file.index()].include_generated).is_some() {
            return Some(Revision { file, findings: Vec::new(), facts: Arc::default() });
        }
        let parsed = within(|| session.store.parse(&key, text));
        let (facts, problem) = match parsed {
            Ok(Ok(facts)) => (facts, None),
            Ok(Err(problem)) => (Arc::default(), Some(problem)),
            Err(message) => (Arc::default(), Some(Problem { is_internal: true, message, start: 0, end: 0 })),
        };
        let mut findings = match problem {
            Some(problem) => vec![problems::finding(file, problem)],
            None => {
                let before = self.seen_apart(rulebook, file);
                let vicinity = before.vicinity.clone().with(file, &facts, self.links(&key, &facts));
                let after = check(rulebook, &vicinity, file);
                merge(base, &before.findings, after, Change::between(old, text))
            }
        };
        findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        Some(Revision { file, findings, facts })
    }

    /// Does ahead of time what [`Snapshot::revise`] needs of the file as it was.
    pub fn prepare(&self, rulebook: &Rulebook, path: &Path) {
        if let Some(file) = self.file(path) {
            self.seen_apart(rulebook, file);
        }
    }

    fn seen_apart(&self, rulebook: &Rulebook, file: FileId) -> Arc<Apart> {
        let known = || self.seen_apart.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&file) {
            return Arc::clone(found);
        }
        let vicinity = Vicinity::around(file, &self.analysis);
        let findings = check(rulebook, &vicinity, file);
        let found = Arc::new(Apart { vicinity, findings });
        known().insert(file, Arc::clone(&found));
        found
    }

    /// Where the imports of a file lead that says something else by now.
    fn links(&self, key: &str, facts: &Facts) -> Vec<(Sym, Target)> {
        let specifiers = specifiers(facts);
        let importer = Importer { key, facts, specifiers: &specifiers };
        let resolve = || self.resolver.as_ref().and_then(|it| it.links(&[importer]).pop());
        within(resolve).ok().flatten().unwrap_or_default()
    }
}

/// Runs work on threads for single files, beside those of a run, whose stacks are deep enough for every file that is parsed
/// at all. A panic comes back as words.
fn within<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    let start = || {
        let threads = std::thread::available_parallelism().map_or(1, |it| it.get().min(4));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(syntax::STACK_SIZE);
        pool.start_handler(|_| panics::quiet_thread()).build().ok()
    };
    let pool = POOL.get_or_init(start).as_ref().ok_or_else(|| "cannot start threads".to_owned())?;
    panics::catch(|| pool.install(work))
}

fn check(rulebook: &Rulebook, vicinity: &Vicinity, file: FileId) -> Vec<Finding> {
    let found = within(|| checks::check(&program::link(&vicinity.units, &vicinity.manifests, rulebook)));
    let mut found = found.unwrap_or_default();
    found.retain_mut(|it| vicinity.restore(it) && it.span.file == file);
    found
}
