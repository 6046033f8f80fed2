//! The rules that speak of the run itself rather than of a leak. They have no page: no check finds them.

use super::Severity;
use crate::rulebook::Rulebook;

/// A rule without a page.
#[derive(Clone, Copy, Debug)]
pub struct HouseRule {
    /// Its id.
    pub id: &'static str,
    /// Default severity.
    pub severity: Severity,
    /// One line: lower case, without a full stop.
    pub summary: &'static str,
    /// What `explain` says below the summary.
    pub page: &'static str,
}

/// All of them, sorted by id.
pub const HOUSE_RULES: &[HouseRule] = &[
    HouseRule {
        id: "blanket-suppression",
        severity: Severity::Warning,
        summary: "a suppression comment names no rule",
        page: "A comment without a rule would silence leaks that do not exist yet, so it silences nothing.\nName the rules, or set `allow-blanket = true` under `[suppressions]` in `leaklint.toml`.",
    },
    HouseRule {
        id: "internal-error",
        severity: Severity::Error,
        summary: "leaklint failed on a file",
        page: "This is a bug of leaklint. The other files were checked; the exit code is 2. Please report it with the file.",
    },
    HouseRule {
        id: "parse-error",
        severity: Severity::Warning,
        summary: "a file cannot be parsed",
        page: "Nothing can be said about leaks in a file whose syntax is broken. The other files were checked.",
    },
    HouseRule {
        id: "unexplained-suppression",
        severity: Severity::Warning,
        summary: "a suppression comment gives no reason",
        page: "With `require-reason = true` under `[suppressions]`, every comment says why behind `--`:\n\n```js\n// leaklint-disable-next-line timer-not-cleared -- lives as long as the process\n```",
    },
    HouseRule {
        id: "unknown-suppression",
        severity: Severity::Warning,
        summary: "a suppression comment is misspelt",
        page: "The comment starts with `leaklint-` and names a directive or a rule that does not exist, so it silences nothing.\n\n```js\n// leaklint-disable-next-line RULE -- why\n// leaklint-disable-line RULE -- why\n// leaklint-disable RULE -- why\n// leaklint-enable RULE\n// leaklint-disable-file RULE -- why\n// leaklint-expect-next-line RULE -- why\n```",
    },
    HouseRule {
        id: "unused-suppression",
        severity: Severity::Warning,
        summary: "a suppression comment silences nothing",
        page: "The leak is gone, or the comment stands in the wrong place. Comments that silence nothing would silence the next leak unseen: remove them. An unused `leaklint-expect-next-line` is an error.\n`report-unused = false` under `[suppressions]` turns this off.",
    },
];

/// The ids of all rules, those without a page included, sorted.
pub fn rule_ids(rulebook: &Rulebook) -> Vec<&str> {
    let mut ids: Vec<&str> = rulebook.rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.extend(HOUSE_RULES.iter().map(|rule| rule.id));
    ids.sort_unstable();
    ids
}
