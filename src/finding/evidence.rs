//! What a heap showed of a finding.

use serde::{Deserialize, Serialize};

/// The answer of a heap to a finding (`DESIGN.md` section 5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// Alive grows with executed (with snapshots alone: in every step), survives settling and collection, and is past every
    /// bound and delay that the program shows.
    Confirmed,
    /// One snapshot only: so many are alive now.
    Accumulated,
    /// Growing, but below a known bound, time to live or delay: drive further.
    Pending,
    /// Executed often enough, and alive stays flat. Never from snapshots alone.
    Contradicted,
    /// Snapshots alone: flat or absent, executions unknown.
    NotGrowing,
    /// Execution counts say that the site did not run.
    NotExercised,
    /// The place was not found, or cannot be told apart from another.
    Unmapped,
}

impl Verdict {
    /// As people and programs read it.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmed",
            Verdict::Accumulated => "accumulated",
            Verdict::Pending => "pending",
            Verdict::Contradicted => "contradicted",
            Verdict::NotGrowing => "not growing",
            Verdict::NotExercised => "not exercised",
            Verdict::Unmapped => "unmapped",
        }
    }
}

/// A verdict with its numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// The answer.
    pub verdict: Verdict,
    /// Why it is not a plain yes or no; one clause, empty if there is nothing to add.
    pub reason: String,
    /// Executions of the site in each interval between two snapshots; `None` where unknown.
    pub executed: Vec<Option<u64>>,
    /// What of it is alive, per snapshot.
    pub alive: Vec<u64>,
    /// What that retains in bytes, per snapshot.
    pub retained_bytes: Vec<u64>,
    /// Bytes that stay per execution; `None` where executions are unknown or none.
    pub bytes_per_execution: Option<u64>,
    /// Who holds it, in words: a variable, a field, the timers. Empty if nothing was found.
    pub holder: String,
    /// The most durable retainer path, from the root side to the thing, one step a line.
    pub path: Vec<String>,
}
