//! What governs a folder: stands in until the workspace's own notion is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::{Settings, find};
use crate::facts::Directive;
use crate::finding::{Docket, Finding, Judged, judge, rule_ids};
use crate::rulebook::Rulebook;
use crate::text::FileId;
use crate::workspace::{Selection, Snapshot};

use super::options::Options;

pub(super) struct Project {
    pub(super) rulebook: &'static Rulebook,
    settings: Settings,
    pub(super) has_config: bool,
}

impl Project {
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Project, String> {
        let rulebook = Rulebook::builtin();
        let known = rule_ids(rulebook);
        let found = find(folder, &|path| Ok(std::fs::read_to_string(path).ok())).map_err(|it| it.1.to_string())?;
        let mut settings = match &found {
            Some(found) => {
                let root = found.path.parent().unwrap_or(folder);
                Settings::resolve(folder, root, "leaklint.toml", &found.text, &known).map_err(|it| it.message)?
            }
            None => Settings::new(folder),
        };
        if let Some(least) = options.min_confidence {
            settings.min_confidence = least;
        }
        Ok(Project { rulebook, settings, has_config: found.is_some() })
    }

    pub(super) fn selection(&self, folder: &Path, paths: Vec<PathBuf>, overlays: BTreeMap<PathBuf, String>) -> Selection {
        Selection {
            cwd: folder.to_owned(),
            paths,
            overlays,
            include_tests: self.settings.include_tests,
            include_generated: self.settings.include_generated,
            max_file_size: self.settings.max_file_size,
            exclude: self.settings.exclude.clone(),
            patterns_root: Some(self.settings.root.clone()),
            ..Selection::default()
        }
    }

    pub(super) fn judge(
        &self,
        snapshot: &Snapshot,
        findings: Vec<Finding>,
        directives: &[(FileId, &[Directive])],
        text: &dyn Fn(FileId) -> Option<String>,
    ) -> Judged {
        let texts: BTreeMap<FileId, String> = findings
            .iter()
            .map(|it| it.span.file)
            .chain(directives.iter().map(|it| it.0))
            .filter_map(|it| Some((it, text(it)?)))
            .collect();
        let text = |file: FileId| texts.get(&file).map(String::as_str);
        let docket =
            Docket { paths: &snapshot.paths, text: &text, directives, settings: &self.settings, rulebook: self.rulebook };
        judge(findings, docket)
    }
}
