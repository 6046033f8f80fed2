//! What is checked as one program, and what is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::workspace::Session;

use super::engine::{Ground, State, Trouble};
use super::options::Options;
use super::report::Report;

/// A program.
pub(super) struct Root {
    pub(super) id: u64,
    pub(super) ground: Ground,
    /// Set for this folder; else those of the session count.
    pub(super) options: Option<Options>,
    pub(super) session: Arc<Session>,
    /// What the last whole run left.
    pub(super) state: Option<Arc<State>>,
    /// Whether there was a whole run.
    pub(super) is_known: bool,
    /// Whether a whole run is under way.
    pub(super) is_busy: bool,
    /// When the next whole run should start.
    pub(super) due: Option<Due>,
    /// Files with findings.
    pub(super) reports: BTreeMap<PathBuf, Report>,
    /// What went wrong last, so that it is told once.
    pub(super) complaint: Option<Trouble>,
    /// Files outside that a change of counts, too.
    pub(super) files: BTreeSet<PathBuf>,
}

/// A time that moves while things happen, though not for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Instant,
    latest: Instant,
}

/// However much is typed: other files hear of it after so long.
const LONGEST: Duration = Duration::from_secs(4);

impl Root {
    pub(super) fn new(id: u64, ground: Ground) -> Root {
        Root {
            id,
            ground,
            options: None,
            session: Arc::new(Session::new()),
            state: None,
            is_known: false,
            is_busy: false,
            due: None,
            reports: BTreeMap::new(),
            complaint: None,
            files: BTreeSet::new(),
        }
    }

    /// Asks for a whole run after a while of quiet.
    pub(super) fn run_in(&mut self, quiet: Duration) {
        let now = Instant::now();
        let latest = self.due.map_or(now + LONGEST.max(quiet), |it| it.latest);
        self.due = Some(Due { at: (now + quiet).min(latest), latest });
    }

    /// How well it owns a path: the length of what they share; `None` for not at all.
    pub(super) fn owns(&self, path: &Path) -> Option<usize> {
        match &self.ground {
            Ground::Folder(folder) => path.starts_with(folder).then(|| folder.components().count()),
            Ground::File(own) | Ground::Untitled(own) => (own == path).then_some(usize::MAX),
        }
    }
}
