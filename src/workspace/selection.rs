//! What a run is asked to look at.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths;

/// Files to check and how to find them. `Selection::default()` is the current folder with every default.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The working directory: paths are shown relative to it.
    pub cwd: PathBuf,
    /// Files and folders, relative to the working directory or absolute; none means the working directory.
    pub paths: Vec<PathBuf>,
    /// Check tests and tool configurations too.
    pub include_tests: bool,
    /// Check minified, generated and compiled files too.
    pub include_generated: bool,
    /// Read no `.gitignore`, `.ignore` or `.leaklintignore`.
    pub no_ignore: bool,
    /// Apply ignore rules to files named in `paths` too.
    pub force_exclude: bool,
    /// Size in bytes above which a file is left out.
    pub max_file_size: u64,
    /// Number of worker threads; by default one per core.
    pub threads: Option<usize>,
    /// Patterns as in a `.gitignore`, of what to leave out.
    pub exclude: Vec<String>,
    /// Patterns as in a `.gitignore`; if there are any, only files that match are checked.
    pub include: Vec<String>,
    /// The folder that `exclude` and `include` are relative to; by default the working directory.
    pub patterns_root: Option<PathBuf>,
    /// Texts that stand in for files on the disk (standard input, unsaved buffers), by path: absolute, or relative to the
    /// working directory.
    pub overlays: BTreeMap<PathBuf, String>,
    /// Read nothing from the disk: the overlays are all there is.
    pub in_memory: bool,
}

/// 2 MiB: no hand-written file that we know of is larger.
const MAX_FILE_SIZE: u64 = 2 << 20;

impl Default for Selection {
    fn default() -> Self {
        Selection {
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            paths: Vec::new(),
            include_tests: false,
            include_generated: false,
            no_ignore: false,
            force_exclude: false,
            max_file_size: MAX_FILE_SIZE,
            threads: None,
            exclude: Vec::new(),
            include: Vec::new(),
            patterns_root: None,
            overlays: BTreeMap::new(),
            in_memory: false,
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
