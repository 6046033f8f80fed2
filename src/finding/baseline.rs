//! Findings that a project has accepted: they stay findings and do not count.
//!
//! An entry is one finding, by fingerprint: no line numbers, so that edits elsewhere and merges leave it alone. A finding
//! whose file was renamed is known by its likeness, which is a fingerprint without the path.

use super::{Finding, Suppressed, fingerprint, snippet};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const BASELINE_VERSION: u32 = 1;

/// An accepted finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The file, relative to the root of the project.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The same without the path, for a file that was renamed.
    pub likeness: String,
}

/// All accepted findings.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Baseline {
    /// Sorted, each once.
    pub entries: Vec<Entry>,
}

impl Baseline {
    /// A baseline of these entries.
    pub fn new(mut entries: Vec<Entry>) -> Baseline {
        entries.sort();
        entries.dedup();
        Baseline { entries }
    }

    /// Reads a baseline's text.
    ///
    /// # Errors
    /// What is wrong, with line and column where they are known.
    pub fn parse(text: &str) -> Result<Baseline, String> {
        #[derive(Deserialize)]
        struct Written {
            version: u32,
            findings: Vec<Entry>,
        }
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.version != BASELINE_VERSION {
            return Err(format!("version {} of the format, and this leaklint reads {BASELINE_VERSION}", written.version));
        }
        Ok(Baseline::new(written.findings))
    }
}

/// How a baseline stands to the findings of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    /// Entries whose finding is still there, with its path and fingerprint of now.
    pub kept: Vec<Entry>,
    /// Entries whose finding is gone.
    pub stale: Vec<Entry>,
    /// Entries that this run says nothing about: of files and rules that are not in it.
    pub untouched: Vec<Entry>,
    /// What would have to be accepted for the run to be silent.
    pub fresh: Vec<Entry>,
}

/// What a run says of an entry's file and rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// It was checked: a finding that is not there is gone.
    Checked,
    /// There is no such file any more where the run looked: it may have been renamed.
    Gone,
    /// There is none, and the run did not look there. It may still have been renamed to one that was checked.
    Away,
    /// Nothing.
    Beyond,
}

/// Findings on their way through a baseline.
pub(super) struct Signed<'a> {
    pub(super) finding: &'a mut Finding,
    /// From the root of the project.
    pub(super) path: String,
    pub(super) text: &'a str,
    /// Sure enough to be shown.
    pub(super) is_shown: bool,
}

impl Signed<'_> {
    fn entry(&self) -> Entry {
        Entry {
            path: self.path.clone(),
            rule: self.finding.rule.clone(),
            fingerprint: self.finding.fingerprint.clone(),
            likeness: fingerprint(self.finding, "", &snippet(self.text, self.finding.span)),
        }
    }

    fn is_counting(&self) -> bool {
        self.finding.suppressed.is_none() && self.finding.rule != "internal-error"
    }
}

/// Marks the findings that a baseline accepts. An entry accepts one finding: that of its fingerprint, else, if that is gone,
/// one that is like it in another file.
pub(super) fn accept(baseline: &Baseline, findings: &mut [Signed<'_>], reach: &dyn Fn(&Entry) -> Reach) -> Standing {
    let entries = &baseline.entries;
    let by_print: FxHashMap<&str, usize> = entries.iter().enumerate().map(|(at, it)| (it.fingerprint.as_str(), at)).collect();
    let reached: Vec<Reach> = entries.iter().map(reach).collect();
    let mut used: FxHashSet<usize> = FxHashSet::default();
    let mut rest = Vec::new();
    let mut standing = Standing::default();
    for signed in findings.iter_mut() {
        match by_print.get(signed.finding.fingerprint.as_str()) {
            Some(&at) if used.insert(at) => standing.take(signed),
            _ => rest.push(signed),
        }
    }
    let mut by_likeness: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, entry) in entries.iter().enumerate().filter(|(at, _)| reached[*at] != Reach::Beyond && !used.contains(at)) {
        by_likeness.entry(&entry.likeness).or_default().push(at);
    }
    // The first by path comes first.
    by_likeness.values_mut().for_each(|it| it.reverse());
    // What is not shown needs no entry as much as what is.
    rest.sort_by_key(|it| !it.is_shown);
    for signed in rest.into_iter().filter(|it| it.is_counting()) {
        let entry = signed.entry();
        // The rule is part of the likeness.
        match by_likeness.get_mut(entry.likeness.as_str()).and_then(Vec::pop) {
            Some(at) => {
                used.insert(at);
                standing.take(signed);
            }
            None if signed.is_shown => standing.fresh.push(entry),
            None => {}
        }
    }
    for (at, entry) in entries.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
        let list = if matches!(reached[at], Reach::Beyond | Reach::Away) { &mut standing.untouched } else { &mut standing.stale };
        list.push(entry.clone());
    }
    standing
}

impl Standing {
    /// Accepts a finding. One that a comment silences needs no entry any more; one whose rule is off may need it again.
    fn take(&mut self, signed: &mut Signed<'_>) {
        let entry = signed.entry();
        match &signed.finding.suppressed {
            Some(by) if by.kind != "config" => self.stale.push(entry),
            Some(_) => self.kept.push(entry),
            None if signed.is_counting() => {
                signed.finding.suppressed = Some(Suppressed { kind: "baseline", reason: None });
                self.kept.push(entry);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::suppress::tests::finding;

    /// Findings as `path rule fingerprint`, in brackets if they are not shown, held against entries of the same form; `!` marks a file that is gone, `~` one that
    /// is gone elsewhere, `?` one that is not part of the run. Answers with what is accepted, and what is stale, untouched and fresh.
    fn outcome(found: &[&str], accepted: &[&str]) -> [String; 4] {
        let parts = |it: &str| -> [String; 3] {
            let mut parts = it.split(' ').map(str::to_owned);
            std::array::from_fn(|_| parts.next().unwrap())
        };
        let mut findings: Vec<(Finding, String, bool)> = found
            .iter()
            .map(|it| {
                let [path, rule, fingerprint] = parts(it.trim_matches(['(', ')']));
                (Finding { fingerprint, ..finding(&rule, 0) }, path, !it.starts_with('('))
            })
            .collect();
        let like = |rule: &str| fingerprint(&finding(rule, 0), "", &snippet("text", finding(rule, 0).span));
        let entry = |it: &&str| {
            let [path, rule, fingerprint] = parts(it);
            Entry { path, likeness: like(&rule), rule, fingerprint }
        };
        let baseline = Baseline::new(accepted.iter().map(entry).collect());
        let mut signed: Vec<Signed<'_>> = findings
            .iter_mut()
            .map(|(finding, path, is_shown)| Signed { finding, path: path.clone(), text: "text", is_shown: *is_shown })
            .collect();
        let reach = |it: &Entry| match it.path.chars().next() {
            Some('!') => Reach::Gone,
            Some('~') => Reach::Away,
            Some('?') => Reach::Beyond,
            _ => Reach::Checked,
        };
        let it = accept(&baseline, &mut signed, &reach);
        let said =
            |list: &[Entry]| list.iter().map(|it| format!("{} {}", it.path, it.fingerprint)).collect::<Vec<_>>().join(", ");
        [said(&it.kept), said(&it.stale), said(&it.untouched), said(&it.fresh)]
    }

    #[test]
    fn an_entry_accepts_one_finding() {
        for (found, accepted, expected) in [
            (&["a t 1", "a t 2"][..], &["a t 1"][..], ["a 1", "", "", "a 2"]),
            (&["b t 9"], &["!a t 1"], ["b 9", "", "", ""]),
            (&["b t 9"], &["a t 1"], ["b 9", "", "", ""]),
            (&["b t 9"], &["?a t 1"], ["", "", "?a 1", "b 9"]),
            (&["b t 9"], &["~a t 1", "~a u 1"], ["b 9", "", "~a 1", ""]),
            (&["b u 9"], &["!a t 1"], ["", "!a 1", "", "b 9"]),
            (&["b t 8", "b t 9"], &["!a t 1"], ["b 8", "", "", "b 9"]),
            (&["(b t 8)", "b t 9"], &["!a t 1"], ["b 9", "", "", ""]),
            (&["(b t 8)"], &["!a t 1"], ["b 8", "", "", ""]),
            (&[], &["a t 1", "!b t 2", "?c t 3"], ["", "!b 2, a 1", "?c 3", ""]),
            (&["a internal-error 1"], &[], ["", "", "", ""]),
        ] {
            assert_eq!(outcome(found, accepted), expected, "{found:?} {accepted:?}");
        }
    }

    #[test]
    fn bad_baselines_are_told() {
        for (text, expected) in [
            ("", "EOF"),
            ("{\"version\":2,\"findings\":[]}", "version 2 of the format"),
            ("{\"version\":1,\n<<<<<<< HEAD\n", "line 2 column 1"),
            ("{\"version\":1,\"findings\":[{\"path\":\"a\"}]}", "missing field `rule`"),
        ] {
            let said = Baseline::parse(text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
