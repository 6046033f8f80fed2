//! What a run is asked to look at.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Settings;

use super::cache::Cache;
use super::configs::Configs;
use super::paths;

/// Files to check and how to find them. `Selection::default()` is the current folder with every default.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The working directory: paths are shown relative to it.
    pub cwd: PathBuf,
    /// Files and folders, relative to the working directory or absolute; none means the working directory.
    pub paths: Vec<PathBuf>,
    /// Which files are left out, by the settings of the folder that they lie in.
    pub configs: Arc<Configs>,
    /// Read no `.gitignore`, `.ignore` or `.leaklintignore`.
    pub no_ignore: bool,
    /// Apply ignore rules to files named in `paths` too.
    pub force_exclude: bool,
    /// Number of worker threads; by default one per core.
    pub threads: Option<usize>,
    /// Texts that stand in for files on the disk (standard input, unsaved buffers), by path: absolute, or relative to the
    /// working directory.
    pub overlays: BTreeMap<PathBuf, String>,
    /// Files of the disk that are not there for the run, by absolute path.
    pub hidden: BTreeSet<PathBuf>,
    /// Read nothing from the disk: the overlays are all there is.
    pub in_memory: bool,
    /// Where earlier runs left something, and this one may.
    pub cache: Option<Arc<Cache>>,
}

impl Default for Selection {
    fn default() -> Self {
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Selection {
            configs: Arc::new(Configs::fixed(Settings::new(&cwd))),
            cwd,
            paths: Vec::new(),
            no_ignore: false,
            force_exclude: false,
            threads: None,
            overlays: BTreeMap::new(),
            hidden: BTreeSet::new(),
            in_memory: false,
            cache: None,
        }
    }
}

impl Selection {
    /// The same with overlays under absolute paths.
    pub(super) fn normalized(&self) -> Cow<'_, Selection> {
        let is_normal = |path: &PathBuf| paths::absolute(&self.cwd, path) == *path;
        if self.overlays.keys().all(is_normal) {
            return Cow::Borrowed(self);
        }
        let overlays = self.overlays.iter().map(|(path, text)| (paths::absolute(&self.cwd, path), text.clone())).collect();
        Cow::Owned(Selection { overlays, ..self.clone() })
    }

    /// The settings for a file.
    pub(super) fn settings(&self, file: &Path) -> Arc<Settings> {
        self.configs.settings(file.parent().unwrap_or(file))
    }

    /// The paths to walk, absolute.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() {
            return vec![paths::absolute(&self.cwd, Path::new(""))];
        }
        self.paths.iter().map(|path| paths::absolute(&self.cwd, path)).collect()
    }

    /// The key of the working directory.
    pub(super) fn cwd_key(&self) -> String {
        paths::key(&paths::absolute(&self.cwd, Path::new("")))
    }
}
