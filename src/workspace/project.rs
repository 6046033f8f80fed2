//! A project as terminal and editor see it alike: its root, its rules, its settings for each file, and one way to judge it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::config::{Choices, Ground, Layer, Problem, Settings};
use crate::facts::Directive;
use crate::finding::{Accepted, Baseline, Docket, Evidence, Finding, HOUSE_RULES, Judged, Reach, judge, rule_ids};
use crate::rulebook::{Rulebook, Trouble};
use crate::text::FileId;

use super::cache::{self, Cache};
use super::changes::Changes;
use super::configs::{Configs, Files};
use super::local::{Local, local};
use super::selection::Selection;
use super::session::{Session, Snapshot};
use super::{Analysis, extends, paths, run};

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProjectError {
    /// Said in a line.
    Said(String),
    /// A mistake in a configuration file.
    Config(Box<Problem>),
    /// Mistakes in the rules and models of the project.
    Rules(Vec<Trouble>),
}

impl ProjectError {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> ProjectError {
        ProjectError::Said(format!("cannot read {}: {error}", path.display()))
    }
}

impl From<Box<Problem>> for ProjectError {
    fn from(problem: Box<Problem>) -> ProjectError {
        ProjectError::Config(problem)
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProjectError::Said(message) => f.write_str(message),
            ProjectError::Config(problem) => {
                let before = &problem.text[..problem.text.floor_char_boundary(problem.range.start)];
                write!(f, "{}:{}: {}", problem.path, before.matches('\n').count() + 1, problem.message)
            }
            ProjectError::Rules(troubles) => {
                let all: Vec<String> = troubles.iter().map(Trouble::to_string).collect();
                f.write_str(&all.join("\n"))
            }
        }
    }
}

impl std::error::Error for ProjectError {}

/// The rules of a project: the built-in ones, or with its own.
#[derive(Debug)]
pub enum Book {
    /// The built-in ones.
    Builtin(&'static Rulebook),
    /// With those of the project.
    Extended(Box<Rulebook>),
}

impl Deref for Book {
    type Target = Rulebook;

    fn deref(&self) -> &Rulebook {
        match self {
            Book::Builtin(rulebook) => rulebook,
            Book::Extended(rulebook) => rulebook,
        }
    }
}

/// What a project is opened with.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// The working directory: absolute. Paths are shown relative to it.
    pub folder: PathBuf,
    /// What is looked at, relative to the working directory or absolute; none means the working directory. Rules of the
    /// project's own are looked for from the folder that all of them are in.
    pub paths: Vec<PathBuf>,
    /// What the command line or an editor chose.
    pub choices: Choices,
    /// This file governs everything, in place of the nearest ones.
    pub config: Option<PathBuf>,
    /// Read no configuration file, and no rules and models of the project's own.
    pub isolated: bool,
    /// Read no configuration file, but the project's own rules and models.
    pub rules_only: bool,
    /// Read no rules and models of the project's own, because nobody trusts it yet.
    pub untrusted: bool,
    /// Texts that stand in for files on the disk, by path.
    pub overlays: BTreeMap<PathBuf, String>,
    /// What the project has accepted.
    pub baseline: BaselineChoice,
    /// What has changed: only findings that have to do with it are reported.
    pub changes: Option<Changes>,
}

/// Which baseline holds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum BaselineChoice {
    /// The one beside the configuration that governs the start, or in the root, if there is one.
    #[default]
    Beside,
    /// This file.
    File(PathBuf),
    /// None.
    Nothing,
}

/// Its name when nobody gives one.
const BASELINE: &str = "leaklint-baseline.json";

/// A project, ready to be checked.
#[derive(Debug)]
pub struct Project {
    /// The folder that fingerprints and baselines are relative to: the nearest with `root = true` or a git work tree, else
    /// that of the outermost configuration file, else the working directory.
    pub root: PathBuf,
    /// The rules.
    pub rulebook: Book,
    /// The project's own rules and models.
    pub own: Vec<PathBuf>,
    /// What it was opened with, for a run: a caller may change what it likes.
    pub selection: Selection,
    /// Where the baseline is, or would be.
    pub baseline_path: PathBuf,
    /// What has been accepted, if there is a baseline.
    pub baseline: Option<Baseline>,
    /// What heaps showed of findings, by fingerprint.
    pub evidence: BTreeMap<String, Evidence>,
    /// Stands for the text of the project's own rules and models.
    rules: u64,
    /// What has changed, if that alone is reported.
    pub changes: Option<Changes>,
}

/// A project's findings as they are reported.
#[derive(Debug, Default)]
pub struct Checked {
    /// The files, and what was learned of them; its findings have moved into `judged`.
    pub analysis: Analysis,
    /// The findings.
    pub judged: Judged,
}

impl Project {
    /// Reads what governs a project.
    ///
    /// # Errors
    /// A mistake in the project's rules, or in the configuration that governs all of it. One in a file that governs a part
    /// shows when that part is met: see [`Project::analyse`].
    pub fn open(opening: &Opening) -> Result<Project, ProjectError> {
        let folder = paths::absolute(&opening.folder, Path::new(""));
        let start = start(&folder, &opening.paths);
        let mut overlays = opening.overlays.clone();
        overlays.extend(opening.changes.iter().flat_map(|it| it.overlays.clone()));
        let files = Files::new(&folder, &overlays);
        let top = top(&files, &start, &folder, !opening.isolated);
        let local = match opening.isolated {
            true => Local::default(),
            false => local(&start, top.is_declared.then_some(top.root.as_path()), &files)?,
        };
        let rulebook = if opening.untrusted { Book::Builtin(Rulebook::builtin()) } else { book(&local)? };
        let mut known = rule_ids(&rulebook);
        // What nobody trusts yet may be named all the same.
        let stems = local.pages.iter().filter_map(|(path, _)| Path::new(path).file_stem()?.to_str());
        known.extend(stems.filter(|_| opening.untrusted));
        let ground = Ground { folder: &folder, root: &top.root, base: &folder, known: &known, choices: &opening.choices };
        let configs = configs(opening, files, ground)?;
        let governing = configs.settings(&start);
        if let Some(error) = configs.errors().into_iter().next() {
            return Err(error);
        }
        let baseline_path = baseline_path(opening, &governing);
        let baseline = baseline(opening, &baseline_path, &overlays)?;
        let selection = Selection {
            cwd: folder.clone(),
            paths: opening.paths.clone(),
            overlays,
            hidden: opening.changes.as_ref().map(|it| it.hidden.clone()).unwrap_or_default(),
            configs: Arc::new(configs),
            ..Selection::default()
        };
        let own: Vec<PathBuf> =
            local.pages.iter().chain(&local.models).map(|it| paths::absolute(&folder, Path::new(&it.0))).collect();
        let rules = if opening.untrusted { 0 } else { xxh3_64(format!("{local:?}").as_bytes()) };
        let changes = opening.changes.clone();
        Ok(Project {
            root: top.root,
            rulebook,
            own,
            selection,
            baseline_path,
            baseline,
            evidence: BTreeMap::new(),
            rules,
            changes,
        })
    }

    /// Where runs of this project leave something for later ones: a folder, or the usual one. `None` if there is none.
    pub fn cache(&self, asked: Option<&Path>) -> Option<Cache> {
        let asked = asked.map(|it| paths::absolute(&self.selection.cwd, it));
        Some(Cache::new(asked.or_else(|| cache::folder(&self.root))?, self.rules))
    }

    /// The settings for a file, by its absolute path.
    ///
    /// # Errors
    /// A mistake in the file that governs it.
    pub fn settings(&self, file: &Path) -> Result<Arc<Settings>, ProjectError> {
        let path = paths::absolute(&self.selection.cwd, file);
        let settings = self.selection.configs.settings(path.parent().unwrap_or(&path));
        self.no_mistake().map(|()| settings)
    }

    /// Every file that settings and rules rest on so far, for an editor to watch; some of them may not exist.
    pub fn files(&self) -> BTreeSet<PathBuf> {
        let mut files = self.selection.configs.files();
        files.extend(self.own.iter().chain([&self.baseline_path]).cloned());
        files
    }

    /// Files of the project that can silence findings: those of its own rules and models, or, if changes are what is reported,
    /// everything of the kind that has changed. As shown.
    pub fn silencers(&self) -> Vec<String> {
        let cwd = &self.selection.cwd;
        match &self.changes {
            Some(changes) => changes.silencers(cwd),
            None => self.own.iter().map(|it| paths::shown(&paths::key(it), &paths::key(cwd))).collect(),
        }
    }

    /// Checks a selection, by default [`Project::selection`].
    ///
    /// # Errors
    /// A mistake in a configuration file that governs a part of it.
    pub fn check(&self, selection: &Selection) -> Result<Checked, ProjectError> {
        let analysis = match &selection.cache {
            Some(cache) => cache::run(selection, &self.rulebook, cache),
            None => run(selection, &self.rulebook),
        };
        self.no_mistake().map(|()| self.judge(analysis, false))
    }

    /// Finds everything, of every confidence and rule.
    ///
    /// # Errors
    /// A mistake in a configuration file that governs a part of it.
    pub fn analyse(&self, selection: &Selection) -> Result<Analysis, ProjectError> {
        let analysis = run(selection, &self.rulebook);
        self.no_mistake().map(|()| analysis)
    }

    /// As [`Project::analyse`], with what a session knows from earlier runs.
    ///
    /// # Errors
    /// A mistake in a configuration file that governs a part of it.
    pub fn analyse_again(&self, selection: &Selection, session: &Session) -> Result<Snapshot, ProjectError> {
        let snapshot = session.run(selection, &self.rulebook);
        self.no_mistake().map(|()| snapshot)
    }

    /// Judges all that was found by the settings of each file. Suspects may stay for a heap to answer.
    pub fn judge(&self, mut analysis: Analysis, keep_suspects: bool) -> Checked {
        let findings = std::mem::take(&mut analysis.findings);
        let judged = self.judged(findings, &analysis, keep_suspects);
        Checked { analysis, judged }
    }

    /// Judges findings of an analysis.
    pub fn judged(&self, findings: Vec<Finding>, analysis: &Analysis, keep_suspects: bool) -> Judged {
        let paths = analysis.paths();
        let units = analysis.units.iter().enumerate().filter(|(_, unit)| !unit.facts.directives.is_empty());
        let directives: Vec<(FileId, &[Directive])> =
            units.map(|(at, unit)| (FileId(at as u32), unit.facts.directives.as_slice())).collect();
        let text = |file| analysis.texts.get(file).map(|it| it.text.as_str());
        let unchecked = |path: &str| self.unchecked(path);
        let docket = Docket {
            paths: &paths,
            text: &text,
            directives: &directives,
            settings: &analysis.settings,
            rulebook: &self.rulebook,
            accepted: self.baseline.as_ref().map(|baseline| Accepted { baseline, unchecked: &unchecked }),
            is_reported: &|it| self.changes.as_ref().is_none_or(|changes| changes.concern(it, analysis, &self.selection.cwd)),
            keep_suspects,
        };
        let mut judged = judge(findings, docket);
        self.recall_evidence(&mut judged.findings);
        judged
    }

    /// Puts beside findings what heaps showed of them.
    pub(super) fn recall_evidence(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|_| !self.evidence.is_empty()) {
            finding.evidence = self.evidence.get(&finding.fingerprint).cloned();
        }
    }

    /// What a run says of a file that it did not check.
    fn unchecked(&self, path: &str) -> Reach {
        let path = self.root.join(path);
        if path.exists() || self.selection.overlays.contains_key(&path) {
            Reach::Beyond
        } else if self.selection.roots().iter().any(|it| path.starts_with(it)) {
            Reach::Gone
        } else {
            Reach::Away
        }
    }

    fn no_mistake(&self) -> Result<(), ProjectError> {
        self.selection.configs.errors().into_iter().next().map_or(Ok(()), Err)
    }
}

/// The settings of all files.
fn configs(opening: &Opening, files: Files, ground: Ground<'_>) -> Result<Configs, ProjectError> {
    if opening.isolated || opening.rules_only {
        return Ok(Configs::fixed(Settings::resolve(ground, &[])?));
    }
    let Some(path) = &opening.config else {
        return Ok(Configs::nearest(files, ground.root, ground.known, ground.choices));
    };
    let path = paths::absolute(ground.folder, path);
    let absent = || ProjectError::Said(format!("cannot read {}: no such file or folder", files.shown(&path)));
    let layer = Layer::parse(&files.shown(&path), files.text(&path)?.ok_or_else(absent)?)?;
    // A file that was pointed at speaks of the project at hand, wherever it lies.
    Ok(Configs::pointed_at(extends::resolve(&files, ground, layer.map(|it| (path, it)))?, files))
}

fn baseline_path(opening: &Opening, governing: &Settings) -> PathBuf {
    if let BaselineChoice::File(path) = &opening.baseline {
        return paths::absolute(&governing.folder, path);
    }
    let config = governing.files.last().filter(|_| opening.config.is_none());
    let beside = config.map(|it| paths::absolute(&governing.folder, Path::new(it)).with_file_name(BASELINE));
    let in_root = governing.root.join(BASELINE);
    match beside {
        Some(beside) if beside.exists() || !in_root.exists() => beside,
        _ => in_root,
    }
}

fn baseline(opening: &Opening, path: &Path, overlays: &BTreeMap<PathBuf, String>) -> Result<Option<Baseline>, ProjectError> {
    let is_asked = matches!(opening.baseline, BaselineChoice::File(_));
    if opening.baseline == BaselineChoice::Nothing || opening.rules_only || (opening.isolated && !is_asked) {
        return Ok(None);
    }
    let read = overlays.get(path).map_or_else(|| std::fs::read_to_string(path), |it| Ok(it.clone()));
    let text = match read {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_asked => return Ok(None),
        Err(error) => return Err(ProjectError::unreadable(path, &error)),
    };
    let wrong = |why: String| ProjectError::Said(format!("{}: this is no baseline that can be read: {why}", path.display()));
    Baseline::parse(&text).map(Some).map_err(wrong)
}

/// Where the search for what governs a project starts: the folder that all paths are in.
fn start(folder: &Path, paths: &[PathBuf]) -> PathBuf {
    let mut common: Option<PathBuf> = None;
    for path in paths {
        let mut path = paths::absolute(folder, path);
        if !path.is_dir() {
            path.pop();
        }
        common = Some(match common {
            None => path,
            Some(other) => other.components().zip(path.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    common.unwrap_or_else(|| folder.to_owned())
}

/// The top of a project.
struct Top {
    root: PathBuf,
    /// A configuration file says that nothing above it is to be looked at.
    is_declared: bool,
}

fn top(files: &Files, start: &Path, folder: &Path, asks_files: bool) -> Top {
    let mut outermost = None;
    for around in start.ancestors() {
        // A mistake in it is told where the file governs.
        if let (true, Ok(Some((_, layer)))) = (asks_files, files.in_folder(around)) {
            if layer.options.root.is_some_and(|it| *it.get_ref()) {
                return Top { root: around.to_owned(), is_declared: true };
            }
            outermost = Some(around);
        }
        if around.join(".git").exists() {
            return Top { root: around.to_owned(), is_declared: false };
        }
    }
    Top { root: outermost.unwrap_or(folder).to_owned(), is_declared: false }
}

/// The rules and models for a project: built-in ones, and its own.
fn book(local: &Local) -> Result<Book, ProjectError> {
    if *local == Local::default() {
        return Ok(Book::Builtin(Rulebook::builtin()));
    }
    let rulebook = Rulebook::extended(&local.pages, &local.models).map_err(ProjectError::Rules)?;
    let house = HOUSE_RULES.iter().find(|house| rulebook.rule(house.id).is_some());
    match house.and_then(|it| rulebook.rule(it.id)) {
        Some(rule) => Err(ProjectError::Said(format!("{}:1:1: there is a rule `{}` already", rule.path, rule.id))),
        None => Ok(Book::Extended(Box::new(rulebook))),
    }
}
