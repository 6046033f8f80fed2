//! What an edit does to the findings of a file, by comparing two partial looks at it.

use rustc_hash::FxHashSet;

use crate::finding::{Finding, snippet};
use crate::text::Span;

use super::{INTERNAL_ERROR, PARSE_ERROR};

/// The part of a text that differs from an earlier one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    old: &'a str,
    new: &'a str,
    /// Bytes that both start with.
    head: usize,
    /// Bytes that both end with.
    tail: usize,
}

impl<'a> Change<'a> {
    /// The smallest single replacement that makes `new` of `old`.
    pub(super) fn between(old: &'a str, new: &'a str) -> Change<'a> {
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let most = a.len().min(b.len()) - head;
        let tail = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
        Change { old, new, head, tail }
    }

    /// Where an offset of the old text is now; `None` for what was replaced.
    fn moved(self, at: u32) -> Option<u32> {
        let at = at as usize;
        if at <= self.head {
            Some(at as u32)
        } else if at >= self.old.len() - self.tail {
            Some((at + self.new.len() - self.old.len()) as u32)
        } else {
            None
        }
    }

    /// Where a span is now: its end may have been edited, its start not.
    fn moved_span(self, span: Span) -> Option<Span> {
        let start = self.moved(span.start)?;
        let last = (self.new.len() - self.tail) as u32;
        Some(Span::new(span.file, start, self.moved(span.end).unwrap_or(last)))
    }
}

/// Applies what changed from `before` to `after`, two looks at the vicinity of a file, to the findings that the whole
/// program has for it.
pub(super) fn merge(base: Vec<Finding>, before: &[Finding], after: Vec<Finding>, change: Change<'_>) -> Vec<Finding> {
    let pairs = pairs(before, &after, change);
    let mut merged = Vec::new();
    let mut is_old: Vec<bool> = vec![false; after.len()];
    pairs.iter().flatten().for_each(|&at| is_old[at] = true);
    for finding in base.into_iter().filter(|it| !matches!(it.rule.as_str(), PARSE_ERROR | INTERNAL_ERROR)) {
        match before.iter().position(|it| it.span == finding.span && it.rule == finding.rule) {
            Some(seen) => match pairs[seen] {
                // The vicinity tells all that there is to tell.
                Some(at) if before[seen] == finding => merged.push(after[at].clone()),
                Some(at) => merged.push(moved(finding, after[at].span, change)),
                None => {}
            },
            None => merged.extend(change.moved_span(finding.span).map(|span| moved(finding, span, change))),
        }
    }
    merged.extend(after.into_iter().zip(is_old).filter(|(_, old)| !old).map(|(it, _)| it));
    merged
}

/// For each finding of the earlier look the one of the later look that is the same.
fn pairs(before: &[Finding], after: &[Finding], change: Change<'_>) -> Vec<Option<usize>> {
    let mut taken: FxHashSet<usize> = FxHashSet::default();
    let mut pairs: Vec<Option<usize>> = Vec::with_capacity(before.len());
    for old in before {
        let start = change.moved(old.span.start);
        let found = after.iter().position(|new| new.rule == old.rule && Some(new.span.start) == start);
        pairs.push(found.filter(|&at| taken.insert(at)));
    }
    // What stood in the replaced part is known again by its line.
    for (old, pair) in before.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
        let line = snippet(change.old, old.span);
        let same = |new: &Finding| new.rule == old.rule && new.scope == old.scope && snippet(change.new, new.span) == line;
        *pair = (0..after.len()).find(|&at| !taken.contains(&at) && same(&after[at])).filter(|&at| taken.insert(at));
    }
    pairs
}

/// A finding at its new place; steps of its story that were edited away are left out.
fn moved(mut finding: Finding, span: Span, change: Change<'_>) -> Finding {
    let file = finding.span.file;
    finding.span = span;
    finding.story.retain_mut(|step| {
        if step.span.file != file {
            return true;
        }
        change.moved_span(step.span).map(|span| step.span = span).is_some()
    });
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Rulebook;
    use crate::workspace::{Selection, Session};
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    const APP: &str = "const { track } = require('./track');\nconst app = require('express')();\napp.get('/', (req, res) => {\n  setInterval(() => res.write('x'), 1000);\n  track(req);\n});\napp.listen(1);\n";
    const TRACK: &str = "const all = [];\nexports.track = (it) => { all.push(it); };\n";

    fn session(files: &[(&str, &str)]) -> (Session, crate::workspace::Snapshot) {
        let overlays: BTreeMap<PathBuf, String> = files.iter().map(|(a, b)| (PathBuf::from(a), (*b).to_owned())).collect();
        let selection = Selection { cwd: "/w".into(), overlays, in_memory: true, threads: Some(1), ..Selection::default() };
        let session = Session::new();
        let snapshot = session.run(&selection, Rulebook::builtin());
        (session, snapshot)
    }

    fn told(findings: &[Finding]) -> Vec<(String, u32, usize)> {
        findings.iter().map(|it| (it.rule.clone(), it.span.start, it.story.len())).collect()
    }

    /// What a run over the changed files finds in one of them.
    fn fresh(files: &[(&str, &str)], path: &str) -> Vec<(String, u32, usize)> {
        let (_, snapshot) = session(files);
        let file = snapshot.file(Path::new(path)).unwrap();
        told(&snapshot.analysis.findings.iter().filter(|it| it.span.file == file).cloned().collect::<Vec<_>>())
    }

    #[test]
    fn a_revision_is_what_a_run_would_find() {
        let (session, snapshot) = session(&[("/w/app.js", APP), ("/w/track.js", TRACK)]);
        let cleared = APP.replace("  setInterval(() => res.write('x'), 1000);\n", "");
        let longer = APP.replace("  track(req);", "  // é\n  setInterval(() => track(req), 5);\n  track(req);");
        let broken = APP.replace("track(req);", "track(req;");
        for text in [APP, &cleared, &longer, &broken, &format!("// first\n{APP}"), ""] {
            let revised = snapshot.revise(&session, Rulebook::builtin(), Path::new("/w/app.js"), text).unwrap();
            let expected = fresh(&[("/w/app.js", text), ("/w/track.js", TRACK)], "/w/app.js");
            assert_eq!(told(&revised.findings), expected, "{text}");
        }
        assert!(!fresh(&[("/w/app.js", APP)], "/w/app.js").is_empty());
        assert!(snapshot.revise(&session, Rulebook::builtin(), Path::new("/w/none.js"), "").is_none());
    }

    #[test]
    fn an_edit_is_one_replacement() {
        let change = Change::between("abcabc", "abcXabc");
        assert_eq!((change.head, change.tail), (3, 3));
        assert_eq!((change.moved(2), change.moved(3), change.moved(6)), (Some(2), Some(3), Some(7)));
        let change = Change::between("a1c", "a22c");
        assert_eq!((change.moved(1), change.moved(2)), (Some(1), Some(3)));
        let change = Change::between("aa", "a");
        assert_eq!((change.head, change.tail), (1, 0));
        assert_eq!(change.moved(2), Some(1), "the end stays the end");
    }
}
