//! Which files a run looks at: named ones, and those found below named folders.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder};
use rustc_hash::FxHashSet;

use crate::config::Settings;

use super::configs::Configs;
use super::names::{self, Folder, Skip};
use super::selection::Selection;
use super::{output, paths};

/// The name of leaklint's own ignore files.
pub(super) const OWN_IGNORE_FILE: &str = ".leaklintignore";

/// A source file to read.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its key.
    pub(super) key: String,
    /// The user named this very file.
    pub(super) by_hand: bool,
    /// What governs it.
    pub(super) settings: Arc<Settings>,
}

/// What the walk met.
pub(super) enum Met {
    /// A source file.
    Source(Candidate),
    /// A file that says something about the project: `package.json`, `tsconfig.json`, `Dockerfile`, `Procfile`.
    Side(PathBuf),
    /// A source file that is left out for its name.
    Skipped(Skip),
    /// A folder that holds a build's output, left out.
    Output(PathBuf),
    /// Something could not be read; the walk goes on.
    Note(String),
    /// A named path is not there: the user's mistake.
    Absent(String),
}

/// Walks what is selected, on one thread: workers read and parse meanwhile, and listing 4,500 files takes less time
/// than parsing a thirtieth of them, so that a parallel walk would only add its idle waiting.
pub(super) fn walk(selection: &Selection, visit: &mut dyn FnMut(Met)) {
    let mut walker = Walker { selection, seen: FxHashSet::default(), visit };
    let roots = selection.roots();
    let mut folders = Vec::new();
    for root in &roots {
        if selection.overlays.contains_key(root) {
            walker.named_file(root);
            continue;
        }
        match std::fs::metadata(root) {
            Ok(it) if it.is_dir() => folders.push(root.clone()),
            Ok(it) if it.is_file() => walker.named_file(root),
            Ok(_) => {
                let note = format!("{}: not a regular file, left out", walker.shown(root));
                (walker.visit)(Met::Note(note));
            }
            Err(error) => {
                let message = format!("{}: {}", walker.shown(root), io_words(&error));
                (walker.visit)(Met::Absent(message));
            }
        }
    }
    for root in &folders {
        walker.folder(root);
    }
    walker.overlays(&folders);
}

/// An IO error in the words of this program, the same on every platform where it matters.
pub(super) fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string().to_lowercase(),
    }
}

struct Walker<'a> {
    selection: &'a Selection,
    /// Keys met so far: named paths may overlap.
    seen: FxHashSet<String>,
    visit: &'a mut dyn FnMut(Met),
}

impl Walker<'_> {
    fn shown(&self, path: &Path) -> String {
        paths::shown(&paths::key(path), &self.selection.cwd_key())
    }

    /// A named file is checked whatever ignore rules and its name say: who names it wants it.
    fn named_file(&mut self, path: &Path) {
        let name = path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        if names::source_name(&name).is_none() && !is_node_script(path, &name) {
            let note = format!("{}: not a JavaScript or TypeScript source file, left out", self.shown(path));
            return (self.visit)(Met::Note(note));
        }
        if self.selection.hidden.contains(path) || (self.selection.force_exclude && is_excluded(self.selection, path)) {
            return;
        }
        let key = paths::key(path);
        if self.seen.insert(key.clone()) {
            let settings = self.selection.settings(path);
            (self.visit)(Met::Source(Candidate { path: path.to_owned(), key, by_hand: true, settings }));
        }
    }

    fn folder(&mut self, root: &Path) {
        let outputs: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
        let filter = {
            let (outputs, configs) = (Arc::clone(&outputs), Arc::clone(&self.selection.configs));
            move |entry: &DirEntry| keep_folder(entry, &configs, &outputs)
        };
        for entry in builder(self.selection, root).filter_entry(filter).build() {
            match entry {
                Ok(entry) => self.entry(root, entry),
                Err(error) => {
                    let note = self.error_note(&error);
                    (self.visit)(Met::Note(note));
                }
            }
        }
        let outputs = std::mem::take(&mut *outputs.lock().unwrap_or_else(PoisonError::into_inner));
        for folder in outputs {
            (self.visit)(Met::Output(folder));
        }
    }

    fn entry(&mut self, root: &Path, entry: DirEntry) {
        if let Some(error) = entry.error() {
            let note = self.error_note(error);
            (self.visit)(Met::Note(note));
        }
        let Some(kind) = entry.file_type() else { return };
        if kind.is_symlink() {
            return self.symlink(root, entry.path());
        }
        if !kind.is_file() {
            return;
        }
        if self.selection.hidden.contains(entry.path()) {
            return;
        }
        let name = entry.file_name().to_string_lossy();
        if is_side(&name) {
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let settings = self.selection.settings(entry.path());
            if !settings.excludes(entry.path(), false) && (settings.include_tests || !is_test_path(relative)) {
                (self.visit)(Met::Side(entry.into_path()));
            }
            return;
        }
        let stem = match names::source_name(&name) {
            Some((stem, _)) => stem,
            None if is_in_bin(entry.path()) && is_node_script(entry.path(), &name) => &name,
            None => return,
        };
        let settings = self.selection.settings(entry.path());
        if settings.excludes(entry.path(), false) {
            return;
        }
        let skip = skip_by_name(&settings, root, entry.path(), stem);
        let key = paths::key(entry.path());
        if !self.seen.insert(key.clone()) {
            return;
        }
        (self.visit)(match skip {
            Some(skip) => Met::Skipped(skip),
            None => Met::Source(Candidate { path: entry.into_path(), key, by_hand: false, settings }),
        });
    }

    /// Links are not followed, so loops cannot be. One that leads nowhere, or to sources that the walk does not meet
    /// by itself, is told.
    fn symlink(&mut self, root: &Path, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_source = names::source_name(&name).is_some();
        let note = match std::fs::metadata(path) {
            Err(error) if is_source => Some(format!("link not followed: {}", io_words(&error))),
            Err(_) => None,
            Ok(target) if target.is_dir() || is_source => {
                let inside = path.canonicalize().and_then(|it| Ok(it.starts_with(root.canonicalize()?)));
                (!inside.unwrap_or(true)).then(|| "link to outside of the checked folder, not followed".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(note) = note {
            let note = format!("{}: {note}", self.shown(path));
            (self.visit)(Met::Note(note));
        }
    }

    /// Unsaved new files below the walked folders: the disk does not know them.
    fn overlays(&mut self, folders: &[PathBuf]) {
        for path in self.selection.overlays.keys() {
            let Some(root) = folders.iter().find(|root| path.starts_with(root)) else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some((stem, _)) = names::source_name(&name) else { continue };
            // One that the disk knows was met or left out by the walk.
            let settings = self.selection.settings(path);
            let is_out = is_left_out(&self.selection.configs, path) || skip_by_name(&settings, root, path, stem).is_some();
            if is_out || path.exists() {
                continue;
            }
            let key = paths::key(path);
            if self.seen.insert(key.clone()) {
                (self.visit)(Met::Source(Candidate { path: path.clone(), key, by_hand: false, settings }));
            }
        }
    }

    fn error_note(&self, error: &ignore::Error) -> String {
        match error {
            ignore::Error::WithPath { path, err } => format!("{}: {}", self.shown(path), self.error_note(err)),
            ignore::Error::WithDepth { err, .. } => self.error_note(err),
            ignore::Error::Io(error) => io_words(error),
            other => other.to_string(),
        }
    }
}

fn builder(selection: &Selection, root: &Path) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    let obey = !selection.no_ignore;
    builder.current_dir(selection.cwd.clone()).require_git(false).ignore(obey).parents(obey);
    builder.git_ignore(obey).git_global(obey).git_exclude(obey);
    if obey {
        builder.add_custom_ignore_filename(OWN_IGNORE_FILE);
    }
    builder
}

/// Whether a walk from the working directory would leave the file out.
fn is_excluded(selection: &Selection, path: &Path) -> bool {
    let root = paths::absolute(&selection.cwd, Path::new(""));
    let relative = path.strip_prefix(&root).unwrap_or(path);
    let is_in_tests = !selection.settings(path).include_tests && is_test_path(relative);
    let is_below = relative != path;
    is_left_out(&selection.configs, path)
        || (is_below && (is_in_tests || foreign(relative).is_some() || ignored(selection, path).is_some()))
}

/// The folder around a file that never holds a project's own source.
pub(super) fn foreign(relative: &Path) -> Option<&Path> {
    let is_foreign = |folder: &&Path| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        names::folder(&name, "") == Folder::Foreign
    };
    relative.ancestors().skip(1).find(is_foreign)
}

/// What ignore files and a leading dot leave out of a walk from the working directory: a file, or the outermost folder around
/// it that they name, relative to the working directory.
pub(super) fn ignored(selection: &Selection, path: &Path) -> Option<PathBuf> {
    let root = paths::absolute(&selection.cwd, Path::new(""));
    let relative = path.strip_prefix(&root).ok()?;
    let mut around: Vec<&Path> = relative.ancestors().filter(|it| !it.as_os_str().is_empty()).collect();
    around.reverse();
    let mut matchers = builder(selection, &root).build_matchers();
    let mut is_ignored = |part: &&&Path| matchers.iter_mut().any(|it| it.matched(part, **part != relative).is_ignore());
    around.iter().find(|part| is_ignored(part)).map(|it| it.to_path_buf())
}

/// Whether the walk goes into a folder; files are judged one by one later.
fn keep_folder(entry: &DirEntry, configs: &Configs, outputs: &Mutex<Vec<PathBuf>>) -> bool {
    let (path, is_dir) = (entry.path(), entry.file_type().is_some_and(|it| it.is_dir()));
    if entry.depth() == 0 || !is_dir {
        return true;
    }
    let around = path.parent().unwrap_or(path);
    let parent = around.file_name().unwrap_or_default().to_string_lossy();
    let kind = names::folder(&entry.file_name().to_string_lossy(), &parent);
    if kind == Folder::Foreign {
        return false;
    }
    // Whether a folder is looked into is said where the folder lies, not in it.
    let settings = configs.settings(around);
    if settings.excludes(path, true) {
        return false;
    }
    if kind == Folder::MaybeOutput && !settings.include_generated && output::is_output(path) {
        outputs.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        return false;
    }
    true
}

/// Whether the configuration of a file, or of a folder around it, leaves it out.
pub(super) fn is_left_out(configs: &Configs, path: &Path) -> bool {
    let folders = path.ancestors().skip(1);
    let around = |folder: &Path| folder.parent().is_some_and(|it| configs.settings(it).excludes(folder, true));
    configs.settings(path.parent().unwrap_or(path)).excludes(path, false) || folders.into_iter().any(around)
}

pub(super) fn skip_by_name(settings: &Settings, root: &Path, path: &Path, stem: &str) -> Option<Skip> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    if !settings.include_generated && names::is_minified_name(stem) {
        Some(Skip::Minified)
    } else if !settings.include_tests && is_test_path(relative) {
        Some(Skip::Test)
    } else {
        None
    }
}

/// `bin/www` and its like start many a server.
fn is_in_bin(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|it| it == "bin")
}

/// Whether a file without extension starts with a `#!` line that names Node.
fn is_node_script(path: &Path, name: &str) -> bool {
    if name.contains('.') {
        return false;
    }
    let mut start = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut start)).unwrap_or(0);
    let line = start[..read].split(|&it| it == b'\n').next().unwrap_or_default();
    line.starts_with(b"#!") && memchr::memmem::find(line, b"node").is_some()
}

/// Whether a named file is one that can be checked.
pub fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    names::source_name(&name).is_some() || is_node_script(path, &name)
}

/// Whether the name or a folder of the path (relative to the walked root) marks a test.
pub(super) fn is_test_path(relative: &Path) -> bool {
    let mut parts = relative.iter().map(|it| it.to_string_lossy());
    let stem = parts.next_back().and_then(|name| names::source_name(&name).map(|(stem, _)| names::is_test_name(stem)));
    stem.unwrap_or(false) || parts.any(|folder| names::is_test_folder(&folder))
}

/// Whether the file says something about the project.
pub(super) fn is_side(name: &str) -> bool {
    matches!(name, "package.json" | "tsconfig.json" | "jsconfig.json" | "Procfile") || name.starts_with("Dockerfile")
}
