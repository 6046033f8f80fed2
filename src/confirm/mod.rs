//! Findings against a series of heaps: the ledger and its verdicts.
//!
//! In come the findings with their traces, the bytes of heap snapshots, and (where the process was ours) how often code ran;
//! out comes [`Evidence`](crate::finding::Evidence) on every finding, and the growth that no finding explains. Accounting,
//! not resemblance: what is counted are holder slots and entries, and what they are held against are executions
//! (`DESIGN.md` section 5; the traps are in its tests). Snapshots are read one after the other, so that only one of them has
//! to be in memory.

mod anchors;
mod atlas;
mod conclude;
mod count;
mod executions;
mod observe;
mod scene;
mod verdict;
mod vocabulary;

use crate::program::Unit;
use crate::text::{FileId, LineIndex};
use std::path::Path;

pub use conclude::{Series, Unexplained, conclude};
pub use executions::Executions;
pub use observe::{Observation, observe, release_delay};

/// The text of a file and its lines; `None` for a file that has vanished or changed since it was checked.
pub type Texts<'a> = dyn Fn(FileId) -> Option<(&'a str, &'a LineIndex)> + 'a;

/// The program that the findings are about.
#[derive(Clone, Copy)]
pub struct Project<'a> {
    /// Its files.
    pub units: &'a [Unit],
    /// Their texts.
    pub texts: &'a Texts<'a>,
    /// The folder that the files' paths start from: absolute, symbolic links resolved.
    pub root: &'a Path,
    /// Reads a file that a heap names (a script, a source map): nothing outside the project.
    pub read: &'a dyn Fn(&Path) -> Option<Vec<u8>>,
}
