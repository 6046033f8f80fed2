//! The last word on findings: levels, comments, identity, order, and what stays hidden.
//!
//! In come the findings of all checks and the settings; out come those that a report shows. Terminal and editor both come
//! through here, so that they say the same.

use super::baseline::{Baseline, Entry, Reach, Signed, Standing, accept};
use super::house::HOUSE_RULES;
use super::suppress::{Comments, suppress};
use super::{Confidence, Finding, Severity, Suppressed, fingerprint, number_duplicates, snippet};
use crate::config::{self, Level, Settings, State};
use crate::facts::Directive;
use crate::rulebook::Rulebook;
use crate::text::FileId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// What a verdict rests on, beside the findings.
#[derive(Clone, Copy)]
pub struct Docket<'a> {
    /// Paths as shown, by file.
    pub paths: &'a [String],
    /// Texts of files; `None` for one that has vanished since.
    pub text: &'a dyn Fn(FileId) -> Option<&'a str>,
    /// Directives of the files that have any, sorted by file.
    pub directives: &'a [(FileId, &'a [Directive])],
    /// How each file is to be treated, by file.
    pub settings: &'a [Arc<Settings>],
    /// The rules.
    pub rulebook: &'a Rulebook,
    /// What the project has accepted.
    pub accepted: Option<Accepted<'a>>,
    /// Whether a finding is reported at all; what is not is no part of the totals either.
    pub is_reported: &'a dyn Fn(&Finding) -> bool,
    /// Suspects stay, whatever the settings say: something else will answer them.
    pub keep_suspects: bool,
}

/// What a project has accepted.
#[derive(Clone, Copy)]
pub struct Accepted<'a> {
    /// The baseline.
    pub baseline: &'a Baseline,
    /// What the run says of a file that was not checked, by its path from the root of the project.
    pub unchecked: &'a dyn Fn(&str) -> Reach,
}

impl<'a> Docket<'a> {
    fn settings(&self, file: FileId) -> &'a Settings {
        &self.settings[file.index()]
    }
}

/// Findings that are ready for a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// Sorted; suppressed ones among them, flagged.
    pub findings: Vec<Finding>,
    /// How many unsuppressed suspects are not among them.
    pub hidden: usize,
    /// How the baseline stands, if there is one.
    pub standing: Option<Standing>,
}

/// Judges the findings of a run.
pub fn judge(mut findings: Vec<Finding>, docket: Docket<'_>) -> Judged {
    let rules = rules(docket.rulebook);
    findings.retain_mut(|finding| apply_level(finding, docket, &rules));
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let complaints = apply_comments(&mut findings, docket, &rules);
    findings.extend(complaints);
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    for finding in &mut findings {
        let text = (docket.text)(finding.span.file).unwrap_or_default();
        let path = docket.settings(finding.span.file).from_root(&docket.paths[finding.span.file.index()]);
        finding.fingerprint = fingerprint(finding, &path, &snippet(text, finding.span));
    }
    number_duplicates(&mut findings);
    let standing = docket.accepted.map(|it| apply_baseline(&mut findings, docket, it, &rules));
    findings.retain(docket.is_reported);
    let is_shown = |it: &Finding| docket.keep_suspects || is_sure_enough(it, docket.settings(it.span.file));
    let is_hidden = |it: &&Finding| it.confidence == Confidence::Suspect && !is_shown(it) && it.suppressed.is_none();
    let hidden = findings.iter().filter(is_hidden).count();
    findings.retain(is_shown);
    Judged { findings, hidden, standing }
}

/// Whether a finding is of a confidence that its file's settings show.
pub fn is_sure_enough(finding: &Finding, settings: &Settings) -> bool {
    finding.confidence >= least_confidence(settings)
}

/// Whether a finding makes a run fail, by the settings of its file.
pub fn fails(finding: &Finding, settings: &Settings) -> bool {
    finding.suppressed.is_none()
        && severity(settings.fail_on).is_some_and(|least| finding.severity >= least)
        && (finding.confidence > Confidence::Suspect || settings.fail_on_suspect)
}

/// Ids of all rules, each with whether it is on by default.
fn rules(rulebook: &Rulebook) -> Vec<(&str, bool)> {
    let pages = rulebook.rules.iter().map(|rule| (rule.id.as_str(), rule.default));
    pages.chain(HOUSE_RULES.iter().map(|rule| (rule.id, true))).collect()
}

/// Sets a finding's severity by its rule's level; false when the rule is not part of the run.
fn apply_level(finding: &mut Finding, docket: Docket<'_>, rules: &[(&str, bool)]) -> bool {
    // No setting may hide that leaklint failed, nor that a file could not be read in a run of few rules.
    if finding.rule == "internal-error" {
        return true;
    }
    let path = &docket.paths[finding.span.file.index()];
    let default = rules.iter().find(|(id, _)| *id == finding.rule).is_none_or(|(_, default)| *default);
    let settings = docket.settings(finding.span.file);
    match settings.state(&finding.rule, path, default) {
        State::Absent if finding.rule == "parse-error" => !settings.ignored.contains("parse-error"),
        State::Absent => false,
        State::Off => {
            finding.suppressed = Some(Suppressed { kind: "config", reason: None });
            true
        }
        State::Default => true,
        State::At(level) => {
            finding.severity = severity(level).unwrap_or(finding.severity);
            true
        }
    }
}

/// Holds the findings, sorted, against the comments of their files; returns findings about comments.
fn apply_comments(findings: &mut [Finding], docket: Docket<'_>, rules: &[(&str, bool)]) -> Vec<Finding> {
    let mut complaints = Vec::new();
    let obeyed = docket.directives.iter().filter(|(file, _)| docket.settings(*file).suppressions.enabled);
    for (file, directives) in obeyed {
        let start = findings.partition_point(|it| it.span.file < *file);
        let end = findings.partition_point(|it| it.span.file <= *file);
        let text = (docket.text)(*file).unwrap_or_default();
        let comments = Comments { file: *file, path: &docket.paths[file.index()], text, directives };
        complaints.extend(suppress(&mut findings[start..end], comments, rules, docket.settings(*file)));
    }
    // A complaint that a comment silences stays silenced, whatever its level.
    complaints.retain_mut(|it| {
        let silenced = it.suppressed.take();
        let present = apply_level(it, docket, rules);
        it.suppressed = silenced.or(it.suppressed.take());
        present
    });
    complaints
}

/// Holds the findings against what is accepted.
fn apply_baseline(findings: &mut [Finding], docket: Docket<'_>, accepted: Accepted<'_>, rules: &[(&str, bool)]) -> Standing {
    let from_root = |file: usize| docket.settings[file].from_root(&docket.paths[file]);
    let files: FxHashMap<String, usize> = (0..docket.paths.len()).map(|file| (from_root(file), file)).collect();
    // What a file that was not understood leaks is not known.
    let unread: FxHashSet<usize> = findings
        .iter()
        .filter(|it| matches!(it.rule.as_str(), "parse-error" | "internal-error"))
        .map(|it| it.span.file.index())
        .collect();
    let mut signed: Vec<Signed<'_>> = findings
        .iter_mut()
        .map(|finding| Signed {
            path: from_root(finding.span.file.index()),
            text: (docket.text)(finding.span.file).unwrap_or_default(),
            is_shown: is_sure_enough(finding, docket.settings(finding.span.file)),
            finding,
        })
        .collect();
    let reach = |entry: &Entry| match files.get(&entry.path) {
        Some(file) if unread.contains(file) => Reach::Beyond,
        Some(&file) => {
            let default = rules.iter().any(|(id, default)| *id == entry.rule && *default);
            let state = docket.settings[file].state(&entry.rule, &docket.paths[file], default);
            if state == State::Absent { Reach::Beyond } else { Reach::Checked }
        }
        None => (accepted.unchecked)(&entry.path),
    };
    accept(accepted.baseline, &mut signed, &reach)
}

fn severity(level: Level) -> Option<Severity> {
    match level {
        Level::Off => None,
        Level::Info => Some(Severity::Info),
        Level::Warning => Some(Severity::Warning),
        Level::Error => Some(Severity::Error),
    }
}

fn least_confidence(settings: &Settings) -> Confidence {
    match settings.min_confidence {
        config::Confidence::Suspect => Confidence::Suspect,
        config::Confidence::Likely => Confidence::Likely,
        config::Confidence::Certain => Confidence::Certain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Choices, Ground, Layer};
    use crate::finding::suppress::tests::finding;
    use std::path::Path;

    fn judged(config: &str, findings: Vec<Finding>) -> Judged {
        let known = ["timer-not-cleared", "parse-error"];
        let (root, choices) = (Path::new("/r"), Choices::default());
        let layer = Layer::parse("leaklint.toml", config.to_owned()).unwrap().unwrap();
        let settings = Settings::resolve(Ground { folder: root, root, base: root, known: &known, choices: &choices }, &[layer]);
        let settings = [Arc::new(settings.unwrap())];
        let paths = ["src/a.js".to_owned()];
        let rulebook = Rulebook::default();
        let text = |_| Some("a(); b();\nc();\n");
        let directives = &[];
        judge(
            findings,
            Docket {
                paths: &paths,
                text: &text,
                directives,
                settings: &settings,
                rulebook: &rulebook,
                accepted: None,
                is_reported: &|_| true,
                keep_suspects: false,
            },
        )
    }

    #[test]
    fn levels_set_severity_and_off_is_a_flag() {
        let found = judged("rules.timer-not-cleared = 'info'", vec![finding("timer-not-cleared", 0)]).findings;
        assert_eq!((found[0].severity, &found[0].suppressed), (Severity::Info, &None));
        let found = judged("rules.timer-not-cleared = 'off'", vec![finding("timer-not-cleared", 0)]).findings;
        assert_eq!(found[0].suppressed, Some(Suppressed { kind: "config", reason: None }));
    }

    #[test]
    fn suspects_are_hidden_and_counted_and_identity_is_by_line_text() {
        let mut suspect = finding("timer-not-cleared", 5);
        suspect.confidence = Confidence::Suspect;
        let all = || vec![finding("timer-not-cleared", 10), suspect.clone(), finding("timer-not-cleared", 0)];
        let it = judged("", all());
        assert_eq!((it.findings.len(), it.hidden), (2, 1));
        let shown = judged("min-confidence = 'suspect'", all());
        assert_eq!((shown.findings.len(), shown.hidden), (3, 0));
        let prints: Vec<&str> = shown.findings.iter().map(|it| it.fingerprint.as_str()).collect();
        assert!(prints.iter().all(|it| it.len() == 20) && prints[0] != prints[1] && prints[1] != prints[2]);
        assert_eq!(it.findings[1].fingerprint, prints[2], "hidden findings are numbered too");
    }

    #[test]
    fn only_unsuppressed_findings_of_enough_severity_and_confidence_fail() {
        let mut settings = Settings::new(Path::new("/r"));
        let mut it = finding("timer-not-cleared", 0);
        assert!(fails(&it, &settings));
        it.confidence = Confidence::Suspect;
        assert!(!fails(&it, &settings));
        settings.fail_on_suspect = true;
        assert!(fails(&it, &settings));
        it.severity = Severity::Warning;
        assert!(!fails(&it, &settings));
        settings.fail_on = Level::Warning;
        assert!(fails(&it, &settings));
        it.suppressed = Some(Suppressed { kind: "comment", reason: None });
        assert!(!fails(&it, &settings));
    }
}
