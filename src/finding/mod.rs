//! A leak as data.
//!
//! Checks make [`Finding`]s, every renderer reads the same value. Wording may be in it; colours, columns and
//! protocols are not.

use crate::text::Span;

mod baseline;
mod evidence;
mod fingerprint;
mod house;
mod judge;
mod suppress;
mod trace;

pub use baseline::{BASELINE_VERSION, Baseline, Entry, Reach, Standing};
pub use evidence::{Evidence, Verdict};
pub use fingerprint::{fingerprint, number_duplicates, snippet};
pub use house::{HOUSE_RULES, HouseRule, rule_ids};
pub use judge::{Accepted, Docket, Judged, fails, is_sure_enough, judge};
pub use suppress::{Comments, suppress};
pub use trace::{Owner, SlotKind, Sought, Trace};

/// How bad a leak is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Bounded or small.
    Info,
    /// Grows slowly, or needs an unusual path.
    Warning,
    /// Grows with every request, connection or call.
    Error,
}

/// How sure the static analysis is. Ordered: `Suspect < Likely < Certain`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint with an unresolved link; shown with `--pedantic` only.
    Suspect,
    /// One inferred link.
    Likely,
    /// Every link of the story is resolved.
    Certain,
}

/// What a step of the story tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Where the thing is acquired.
    Acquired,
    /// What makes the acquisition run again and again.
    Recurs,
    /// What holds it.
    Held,
    /// A release that exists and falls short.
    Released,
    /// Where a release would be expected.
    Expected,
}

/// One step of a finding's story.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// What the step tells.
    pub role: Role,
    /// One clause, lower case, without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Why a finding does not count.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Suppressed {
    /// `comment` for an inline directive, `config` for a rule level or override, `baseline` for an accepted one.
    pub kind: &'static str,
    /// The reason that was given, if any.
    pub reason: Option<String>,
}

/// A leak, told with its evidence in the source. What is judged or measured later is not stored with it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// The id of the rule: the stem of its page.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What to do about it: one clause.
    pub help: String,
    /// The primary place.
    pub span: Span,
    /// The enclosing named scopes, joined by dots (`Server.handle`); empty at the top level.
    pub scope: String,
    /// Acquired, recurs, held, released, expected: in causal order, over files.
    pub story: Vec<Step>,
    /// Stable identity across edits: see [`fingerprint`].
    pub fingerprint: String,
    /// Set when a comment, the configuration or a baseline silences it.
    #[serde(skip)]
    pub suppressed: Option<Suppressed>,
    /// What a heap must show if it is true.
    pub trace: Trace,
    /// What a heap showed.
    #[serde(skip)]
    pub evidence: Option<Evidence>,
}

impl Finding {
    /// The order of every output: path (the file ids are sorted by path), place, rule.
    pub fn sort_key(&self) -> (Span, &str, &str) {
        (self.span, &self.rule, &self.message)
    }
}
