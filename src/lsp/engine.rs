//! The analysis, away from the conversation.
//!
//! One thread checks whole programs, another answers for single changed files from the last whole run, so that typing never
//! waits for the former. Both survive whatever happens to a job.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::config::{Choices, Problem, normal};
use crate::finding::{Baseline, Entry, Finding};
use crate::report;
use crate::text::FileId;
use crate::workspace::{Opening, Project, ProjectError, Session, Snapshot};

use super::options::Options;
use super::report::{Manner, Report, Stage};

/// What is checked as one program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ground {
    /// A folder of the workspace.
    Folder(PathBuf),
    /// A file outside of all folders.
    File(PathBuf),
    /// A document without a file.
    Untitled(PathBuf),
}

impl Ground {
    /// The folder that paths are relative to.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Ground::Folder(path) => path,
            Ground::File(path) | Ground::Untitled(path) => path.parent().unwrap_or(path),
        }
    }
}

/// An open document at the start of a job.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) uri: String,
    pub(super) version: i32,
    pub(super) text: Arc<str>,
}

/// A whole program to check.
pub(super) struct WholeJob {
    pub(super) root: u64,
    pub(super) ground: Ground,
    pub(super) options: Options,
    pub(super) manner: Manner,
    pub(super) session: Arc<Session>,
    pub(super) opened: BTreeMap<PathBuf, Opened>,
    /// By default one per core.
    pub(super) threads: Option<usize>,
}

/// A changed file to look at.
pub(super) struct GlanceJob {
    pub(super) root: u64,
    pub(super) state: Arc<State>,
    pub(super) path: PathBuf,
    pub(super) opened: Opened,
    pub(super) manner: Manner,
}

/// What a whole run leaves.
pub(super) struct State {
    project: Project,
    session: Arc<Session>,
    snapshot: Snapshot,
    uris: BTreeMap<PathBuf, String>,
    folder: PathBuf,
    /// What the baseline has not accepted, where there is a baseline.
    fresh: Vec<Entry>,
}

/// What the threads say.
pub(super) enum Done {
    /// A whole program was checked, or could not be.
    Whole { root: u64, result: Result<Whole, Trouble> },
    /// A changed file was looked at; `None` if only a whole run can tell.
    Glance { root: u64, state: Arc<State>, path: PathBuf, report: Option<Report> },
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trouble {
    pub(super) message: String,
    /// The configuration file at fault, its text, and the bytes in it.
    pub(super) place: Option<(PathBuf, String, std::ops::Range<usize>)>,
}

impl Trouble {
    pub(super) fn said(message: String) -> Trouble {
        Trouble { message, place: None }
    }

    fn new(error: &ProjectError, folder: &Path) -> Trouble {
        let place = |it: &Problem| (normal(&folder.join(&it.path)), it.text.clone(), it.range.clone());
        let place = if let ProjectError::Config(problem) = error { Some(place(problem)) } else { None };
        Trouble { message: error.to_string(), place }
    }
}

/// A checked program.
#[derive(Default)]
pub(super) struct Whole {
    /// `None` when nothing is to be checked.
    pub(super) state: Option<Arc<State>>,
    /// Reports of files with findings.
    pub(super) reports: BTreeMap<PathBuf, Report>,
    /// Versions of the documents that it saw.
    pub(super) versions: BTreeMap<PathBuf, i32>,
    /// Files that the answer rests on beside what was checked.
    pub(super) files: BTreeSet<PathBuf>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
    /// What went wrong.
    pub(super) errors: Vec<String>,
}

/// The threads' ends.
pub(super) struct Engine {
    pub(super) whole: Sender<WholeJob>,
    pub(super) glance: Sender<GlanceJob>,
    pub(super) done: Receiver<Done>,
}

impl Engine {
    /// Starts the threads.
    pub(super) fn start() -> std::io::Result<Engine> {
        let (done_sender, done) = unbounded();
        let (whole, whole_jobs) = unbounded::<WholeJob>();
        let (glance, glance_jobs) = unbounded::<GlanceJob>();
        let sender = done_sender.clone();
        std::thread::Builder::new().name("whole programs".to_owned()).spawn(move || {
            for job in whole_jobs {
                let root = job.root;
                let result = guarded(|| run(job)).unwrap_or_else(|message| Err(Trouble::said(message)));
                if sender.send(Done::Whole { root, result }).is_err() {
                    break;
                }
            }
        })?;
        std::thread::Builder::new().name("changed files".to_owned()).spawn(move || {
            while let Ok(first) = glance_jobs.recv() {
                // Of several versions of a file only the last matters.
                let mut jobs = vec![first];
                jobs.extend(glance_jobs.try_iter());
                for at in 0..jobs.len() {
                    let job = &jobs[at];
                    if jobs[at + 1..].iter().any(|it| it.path == job.path && it.root == job.root) {
                        continue;
                    }
                    let report = guarded(|| look(job)).ok().flatten();
                    if done_sender
                        .send(Done::Glance { root: job.root, state: Arc::clone(&job.state), path: job.path.clone(), report })
                        .is_err()
                    {
                        return;
                    }
                }
            }
        })?;
        Ok(Engine { whole, glance, done })
    }
}

/// A panic as an error.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text =
            payload.downcast_ref::<&str>().map(|it| (*it).to_owned()).or_else(|| payload.downcast_ref::<String>().cloned());
        format!("leaklint failed, which is a bug in leaklint: {}", text.unwrap_or_else(|| "no message".to_owned()))
    })
}

fn run(job: WholeJob) -> Result<Whole, Trouble> {
    let folder = job.ground.folder().to_owned();
    let versions = job.opened.iter().map(|(path, it)| (path.clone(), it.version)).collect();
    let mut whole = Whole { versions, ..Whole::default() };
    if !job.options.enable {
        return Ok(whole);
    }
    let mut project = Project::open(&opening(&job)).map_err(|it| Trouble::new(&it, &folder))?;
    let asked = std::env::var_os("LEAKLINT_CACHE_DIR").map(PathBuf::from);
    project.evidence = project.cache(asked.as_deref()).map(|it| it.evidence()).unwrap_or_default();
    whole.files = project.files();
    if job.options.require_config && project.selection.configs.files().is_empty() {
        return Ok(whole);
    }
    let mut selection = project.selection.clone();
    selection.threads = job.threads;
    selection.in_memory = matches!(job.ground, Ground::Untitled(_));
    let snapshot = project.analyse_again(&selection, &job.session);
    let mut snapshot = snapshot.map_err(|it| Trouble::new(&it, &folder))?;
    whole.files = project.files();
    whole.notes = std::mem::take(&mut snapshot.analysis.notes);
    whole.errors = std::mem::take(&mut snapshot.analysis.errors);
    let uris = job.opened.iter().map(|(path, it)| (path.clone(), it.uri.clone())).collect();
    let mut judged = project.judged(snapshot.analysis.findings.clone(), &snapshot.analysis, false);
    let fresh = judged.standing.take().map_or_else(Vec::new, |it| it.fresh);
    let state = State { project, session: job.session, snapshot, uris, folder, fresh };
    whole.reports = state.reports(judged.findings, &whole.versions, job.manner);
    for path in job.opened.keys() {
        state.snapshot.prepare(&state.project.rulebook, path);
    }
    whole.state = Some(Arc::new(state));
    Ok(whole)
}

/// What `leaklint check` would be asked in this folder, or for this file.
fn opening(job: &WholeJob) -> Opening {
    let options = &job.options;
    Opening {
        folder: job.ground.folder().to_owned(),
        paths: if let Ground::File(path) = &job.ground { vec![path.clone()] } else { Vec::new() },
        choices: Choices {
            selected: Some(options.select.clone()).filter(|it| !it.is_empty()),
            ignored: options.ignore.clone(),
            min_confidence: options.min_confidence,
            ..Choices::default()
        },
        config: options.config.clone(),
        untrusted: !options.trusted,
        isolated: matches!(job.ground, Ground::Untitled(_)),
        overlays: job.opened.iter().map(|(path, it)| (path.clone(), it.text.to_string())).collect(),
        ..Opening::default()
    }
}

impl State {
    /// Whether a finding could be accepted: there is a baseline, and this is not in it.
    pub(super) fn can_accept(&self, fingerprint: &str) -> bool {
        self.fresh.iter().any(|it| it.fingerprint == fingerprint)
    }

    /// Where the baseline is, and its text with a further finding accepted.
    pub(super) fn accept(&self, fingerprint: &str) -> Option<(PathBuf, String)> {
        let new = self.fresh.iter().filter(|it| it.fingerprint == fingerprint).cloned();
        let mut entries = self.project.baseline.as_ref()?.entries.clone();
        entries.extend(new);
        Some((self.project.baseline_path.clone(), report::baseline(&Baseline::new(entries))))
    }

    /// The reports of all files with findings.
    fn reports(&self, findings: Vec<Finding>, versions: &BTreeMap<PathBuf, i32>, manner: Manner) -> BTreeMap<PathBuf, Report> {
        let mut by_file: BTreeMap<FileId, Vec<Finding>> = BTreeMap::new();
        for finding in findings.into_iter().filter(|it| it.suppressed.is_none()) {
            by_file.entry(finding.span.file).or_default().push(finding);
        }
        let mut stage = Stage::new(&self.snapshot, &self.folder, &self.uris, None, manner);
        let reports = by_file.into_iter().map(|(file, findings)| {
            let path = stage.path(file);
            let report = stage.report(versions.get(&path).copied(), findings);
            (path, report)
        });
        reports.collect()
    }
}

fn look(job: &GlanceJob) -> Option<Report> {
    let state = &*job.state;
    let text: Arc<str> = match job.opened.text.strip_prefix('\u{FEFF}') {
        Some(text) => text.into(),
        None => Arc::clone(&job.opened.text),
    };
    let revision = state.snapshot.revise(&state.session, &state.project.rulebook, &job.path, &text)?;
    let file = revision.file;
    let judged = revision.judged(&state.project, &state.snapshot, &text);
    let mut stage = Stage::new(&state.snapshot, &state.folder, &state.uris, Some((file, text)), job.manner);
    Some(stage.report(Some(job.opened.version), judged.findings))
}
