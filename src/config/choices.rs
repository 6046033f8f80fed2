//! What the command line or an editor chose: it wins over every file.

use super::{Confidence, Level};
use std::collections::BTreeSet;

/// Choices for a run; what is `None`, empty or `false` leaves the files their say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choices {
    /// Only these rules.
    pub selected: Option<BTreeSet<String>>,
    /// Not these rules.
    pub ignored: BTreeSet<String>,
    /// The least confidence that is shown.
    pub min_confidence: Option<Confidence>,
    /// Obey no comments.
    pub no_inline_config: bool,
    /// Read test files too.
    pub include_tests: bool,
    /// Read generated and minified files too.
    pub include_generated: bool,
    /// Files above this many bytes are left out.
    pub max_file_size: Option<u64>,
    /// The least severity that fails a run.
    pub fail_on: Option<Level>,
    /// Let suspects fail a run.
    pub fail_on_suspect: bool,
}
