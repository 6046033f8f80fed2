//! Release coverage: how well a release answers an acquisition (`SEMANTICS.md` section 5).

use super::refs::SiteRef;

/// How well. Ordered: the best release speaks for a hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// No release.
    None,
    /// Some ends, not all.
    Partial,
    /// Only just before being replaced: at most one per slot.
    PerSlot,
    /// Every end.
    Covers,
}

/// A grade with the release that earned it.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// How well.
    pub grade: Grade,
    /// The release, if there is one.
    pub release: Option<SiteRef>,
    /// In words: when it runs, or why it falls short.
    pub reason: String,
}

impl Coverage {
    /// No release.
    pub fn none() -> Coverage {
        Coverage { grade: Grade::None, release: None, reason: String::new() }
    }

    /// The better of two.
    pub fn best(self, other: Coverage) -> Coverage {
        if other.grade > self.grade { other } else { self }
    }
}
