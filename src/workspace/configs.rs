//! Which configuration governs a file: the nearest one, with what it builds on. Found and resolved on demand, once for each
//! folder, so that terminal and editor ask the same and a run over thousands of files pays for the folders alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::config::{Choices, Ground, Layer, NAMES, Settings};
use crate::text::decode;

use super::extends;
use super::paths;
use super::project::ProjectError;

/// Settings by folder.
#[derive(Debug)]
pub struct Configs(Source);

#[derive(Debug)]
enum Source {
    /// The same for every file.
    Fixed(Arc<Settings>, BTreeSet<PathBuf>),
    /// Those of the nearest file.
    Nearest(Box<Nearest>),
}

#[derive(Debug)]
struct Nearest {
    files: Files,
    /// What holds where no file does.
    default: Arc<Settings>,
    known: Vec<String>,
    choices: Choices,
    by_folder: Mutex<FxHashMap<PathBuf, Arc<Settings>>>,
    errors: Mutex<Vec<ProjectError>>,
}

impl Configs {
    /// The same settings for every file.
    pub fn fixed(settings: Settings) -> Configs {
        Configs(Source::Fixed(Arc::new(settings), BTreeSet::new()))
    }

    /// The settings of a file that was pointed at, for every file.
    pub(super) fn pointed_at(settings: Settings, files: Files) -> Configs {
        Configs(Source::Fixed(Arc::new(settings), files.read_so_far()))
    }

    /// The settings of the nearest configuration file; those of the command line alone where there is none.
    pub(super) fn nearest(files: Files, root: &Path, known: &[&str], choices: &Choices) -> Configs {
        let ground = Ground { folder: &files.cwd, root, base: root, known, choices };
        // Without a file there is nothing to be wrong about.
        let default = Settings::resolve(ground, &[]).unwrap_or_else(|_| Settings::new(&files.cwd));
        Configs(Source::Nearest(Box::new(Nearest {
            default: Arc::new(default),
            known: known.iter().map(|it| (*it).to_owned()).collect(),
            choices: choices.clone(),
            by_folder: Mutex::default(),
            errors: Mutex::default(),
            files,
        })))
    }

    /// The settings for files that lie in a folder (absolute, without `.` and `..`). A file with a mistake in it has no say;
    /// [`Configs::errors`] tells of it.
    pub fn settings(&self, folder: &Path) -> Arc<Settings> {
        match &self.0 {
            Source::Fixed(settings, _) => Arc::clone(settings),
            Source::Nearest(nearest) => nearest.settings(folder),
        }
    }

    /// What was wrong with the configuration files so far.
    pub fn errors(&self) -> Vec<ProjectError> {
        match &self.0 {
            Source::Fixed(..) => Vec::new(),
            Source::Nearest(nearest) => lock(&nearest.errors).clone(),
        }
    }

    /// Every configuration file that was read so far, those that others build on included.
    pub fn files(&self) -> BTreeSet<PathBuf> {
        match &self.0 {
            Source::Fixed(_, files) => files.clone(),
            Source::Nearest(nearest) => nearest.files.read_so_far(),
        }
    }
}

impl Nearest {
    fn settings(&self, folder: &Path) -> Arc<Settings> {
        if let Some(known) = lock(&self.by_folder).get(folder) {
            return Arc::clone(known);
        }
        let settings = match self.own(folder) {
            Some(own) => own,
            None => folder.parent().map_or_else(|| Arc::clone(&self.default), |it| self.settings(it)),
        };
        lock(&self.by_folder).insert(folder.to_owned(), Arc::clone(&settings));
        settings
    }

    /// The settings of the configuration file that lies in this very folder.
    fn own(&self, folder: &Path) -> Option<Arc<Settings>> {
        let resolved = self.files.in_folder(folder).transpose()?.and_then(|(path, layer)| {
            let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
            let (cwd, root) = (&self.files.cwd, &self.default.root);
            let ground = Ground { folder: cwd, root, base: folder, known: &known, choices: &self.choices };
            extends::resolve(&self.files, ground, Some((path, layer)))
        });
        Some(resolved.map_or_else(
            |error| {
                lock(&self.errors).push(error);
                Arc::clone(&self.default)
            },
            Arc::new,
        ))
    }
}

/// Configuration files: unsaved ones, then those of the disk.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The working directory, to which paths are shown relative.
    pub(super) cwd: PathBuf,
    /// Texts that stand in for files of the disk, by absolute path.
    overlays: BTreeMap<PathBuf, String>,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Files {
    /// Only what may be a configuration file is kept of the overlays.
    pub(super) fn new(cwd: &Path, overlays: &BTreeMap<PathBuf, String>) -> Files {
        let is_config =
            |path: &Path| path.extension().is_some_and(|it| ["toml", "json", "jsonc", "md"].iter().any(|own| it == *own));
        let kept = overlays.iter().filter(|(path, _)| is_config(path));
        let overlays = kept.map(|(path, text)| (paths::absolute(cwd, path), text.clone())).collect();
        Files { cwd: paths::absolute(cwd, Path::new("")), overlays, read: Mutex::default() }
    }

    /// The configuration file of a folder, if it has one.
    pub(super) fn in_folder(&self, folder: &Path) -> Result<Option<(PathBuf, Layer)>, ProjectError> {
        for name in NAMES {
            let path = folder.join(name);
            let Some(text) = self.text(&path)? else { continue };
            if let Some(layer) = Layer::parse(&self.shown(&path), text)? {
                lock(&self.read).insert(path.clone());
                return Ok(Some((path, layer)));
            }
        }
        Ok(None)
    }

    /// A file's text; `None` where there is no file. A folder of that name is not meant, and one that we may not look into
    /// is not ours.
    pub(super) fn text(&self, path: &Path) -> Result<Option<String>, ProjectError> {
        if let Some(text) = self.overlays.get(path) {
            return Ok(Some(text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned()));
        }
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(decode(bytes).text)),
            Err(error) if is_absence(error.kind()) || path.symlink_metadata().is_err() => Ok(None),
            Err(error) => Err(ProjectError::unreadable(path, &error)),
        }
    }

    /// Remembers a file that settings rest on.
    pub(super) fn note(&self, path: &Path) {
        lock(&self.read).insert(path.to_owned());
    }

    pub(super) fn read_so_far(&self) -> BTreeSet<PathBuf> {
        lock(&self.read).clone()
    }

    pub(super) fn shown(&self, path: &Path) -> String {
        paths::shown(&paths::key(path), &paths::key(&self.cwd))
    }
}

fn is_absence(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(kind, NotFound | NotADirectory | IsADirectory)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
