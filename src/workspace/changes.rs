//! What has changed, so that a run can speak of that alone. The whole program is analysed all the same: a change in one file
//! may make code of another leak.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::NAMES;
use crate::finding::Finding;
use crate::text::{FileId, Span, decode};

use super::git::{Git, GitError};
use super::patch::{Lines, touched};
use super::{Analysis, names, paths, walk};

/// Against what something has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Since {
    /// What is staged, against the last commit.
    Staged,
    /// What is in the work tree, against the last commit.
    Head,
    /// What is in the work tree, against where it left this revision.
    Revision(String),
}

/// What has changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Changes {
    /// Files, by absolute path; `None` for one that is new in all its lines.
    files: BTreeMap<PathBuf, Option<Lines>>,
    /// Submodules at another commit: all in them has changed.
    folders: Vec<PathBuf>,
    /// Only findings on changed lines are reported, not all of changed files.
    pub lines_only: bool,
    /// Texts of the index where the work tree differs.
    pub overlays: BTreeMap<PathBuf, String>,
    /// Files of the work tree that the index does not have.
    pub hidden: BTreeSet<PathBuf>,
}

impl Changes {
    /// Asks git.
    ///
    /// # Errors
    /// Whatever keeps git from a sure answer: then nothing may be left unsaid.
    pub fn find(folder: &Path, since: &Since) -> Result<Changes, GitError> {
        let folder = paths::absolute(folder, Path::new(""));
        let git = Git::around(&folder)?;
        let mut changes = Changes::default();
        let base;
        let against: &[&str] = match since {
            Since::Staged => &["--cached"],
            Since::Head if git.has_head()? => &["HEAD"],
            // Everything is new, and git has nothing to compare it with but the index.
            Since::Head => &["--cached"],
            Since::Revision(revision) => {
                base = git.merge_base(revision)?;
                &[base.as_str()]
            }
        };
        // Git takes longer to start than to answer.
        let (untracked, patch, changed) = std::thread::scope(|scope| {
            let (untracked, patch) = (scope.spawn(|| git.untracked()), scope.spawn(|| git.patch(against)));
            let changed = git.changed(against);
            (untracked.join(), patch.join(), changed)
        });
        let untracked = untracked.map_err(|_| GitError::failed())??;
        let mut by_path = touched(&patch.map_err(|_| GitError::failed())??);
        for name in changed? {
            if name.is_submodule {
                changes.folders.push(name.path);
                continue;
            }
            let below = name.path.strip_prefix(&git.top).unwrap_or(&name.path).to_string_lossy().into_owned();
            // One that was renamed and nothing else has no changed line.
            changes.files.insert(name.path, Some(by_path.remove(&below).unwrap_or_default()));
        }
        if *since == Since::Staged {
            for (path, bytes) in git.staged_contents(&is_read)? {
                changes.overlays.insert(path, decode(bytes).text);
            }
            changes.hidden = untracked.into_iter().collect();
        } else {
            changes.files.extend(untracked.into_iter().map(|path| (path, None)));
        }
        Ok(changes)
    }

    /// Whether anything that a finding may have to do with has changed.
    pub fn has_sources(&self) -> bool {
        let is_code = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            names::source_name(&name).is_some() || !name.contains('.')
        };
        !self.folders.is_empty() || self.files.keys().any(is_code)
    }

    /// Whether a finding has to do with what changed: it stands in a changed file, or a step of its story stands on a changed
    /// line. With [`Changes::lines_only`], it or a step stands on one.
    pub(super) fn concern(&self, finding: &Finding, analysis: &Analysis, cwd: &Path) -> bool {
        let path = |file: FileId| paths::absolute(cwd, Path::new(analysis.texts.path(file)));
        let own = path(finding.span.file);
        let is_in = || self.files.contains_key(&own) || self.folders.iter().any(|it| own.starts_with(it));
        let on_line = |span: Span| self.touches(&path(span.file), span, analysis);
        (!self.lines_only && is_in()) || on_line(finding.span) || finding.story.iter().any(|step| on_line(step.span))
    }

    fn touches(&self, path: &Path, span: Span, analysis: &Analysis) -> bool {
        let lines = match self.files.get(path) {
            Some(Some(lines)) => lines,
            Some(None) => return true,
            None => return self.folders.iter().any(|it| path.starts_with(it)),
        };
        let Some(text) = analysis.texts.get(span.file) else { return false };
        let line = text.location(span.start).line;
        lines.iter().any(|&(first, last)| (first..=last).contains(&line))
    }

    /// Changed files that can silence findings: configuration, baselines, ignore files, rules and models. As shown from a
    /// folder.
    pub(super) fn silencers(&self, cwd: &Path) -> Vec<String> {
        let is_one = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_config = NAMES.contains(&&*name) && name != "package.json";
            is_config
                || matches!(&*name, "leaklint-baseline.json" | ".leaklintignore")
                || path.components().any(|it| it.as_os_str() == ".leaklint")
        };
        let cwd = paths::key(cwd);
        self.files.keys().filter(|it| is_one(it)).map(|it| paths::shown(&paths::key(it), &cwd)).collect()
    }
}

/// Whether a run may read the file.
fn is_read(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_data = path.extension().is_some_and(|it| it == "json" || it == "jsonc" || it == "toml" || it == "md");
    is_data || walk::is_side(&name) || names::source_name(&name).is_some() || !name.contains('.')
}
