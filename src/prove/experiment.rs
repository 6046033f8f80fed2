//! What an experiment yields.

use super::folder::Folder;
use super::held::PerConnection;
use super::listen::Server;
use super::plan::LeftOut;
use super::run::Measured;
use crate::capture::{Coverage, SnapshotInfo};
use crate::text::Span;
use std::path::Path;
use std::time::Duration;

/// An experiment that was done. Its snapshots go with the value, unless they are kept.
#[derive(Debug)]
pub struct Run {
    /// The snapshot before the control round: between it and the first of [`Run::snapshots`] nothing was sent.
    pub control: SnapshotInfo,
    /// The control round.
    pub idle: Interval,
    /// One snapshot before the first round, and one behind each.
    pub snapshots: Vec<SnapshotInfo>,
    /// What was sent between them: one less than snapshots.
    pub intervals: Vec<Interval>,
    /// Everything else.
    pub experiment: Experiment,
    folder: Folder,
}

impl Run {
    pub(super) fn new(measured: Measured, folder: Folder) -> Run {
        let Measured { control, snapshots, idle, intervals, mut experiment } = measured;
        experiment.heap_room = snapshots.last().map(|it| it.memory.heap_room());
        Run { control, idle, snapshots, intervals, experiment, folder }
    }

    /// Where the snapshots are, if they stay there.
    pub fn kept(&self) -> Option<&Path> {
        self.folder.is_kept().then(|| self.folder.path())
    }
}

/// What happened between two snapshots.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Interval {
    /// Requests that were sent.
    pub requests: u64,
    /// Connections that were opened beside them: to servers of bytes, and web sockets.
    pub connections: u64,
    /// Requests and connections that failed.
    pub failed: u64,
    /// How often each function and block ran, to be added up: taken with each snapshot of the interval.
    pub coverage: Vec<Coverage>,
    /// How long the load took.
    pub took: Duration,
}

impl Interval {
    /// Requests and connections.
    pub fn sent(&self) -> u64 {
        self.requests + self.connections
    }
}

/// What was done, and what it says of memory.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Experiment {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// As in `20.20.2`.
    pub node: String,
    /// As in `11.3.244.8-node.38`.
    pub v8: String,
    /// `NODE_ENV`, if it was set.
    pub node_env: Option<String>,
    /// What the program listened on.
    pub servers: Vec<Server>,
    /// Requests in each round to each route, and connections to each server that takes bytes or web sockets.
    pub requests: u64,
    /// Rounds.
    pub rounds: u32,
    /// Requests that were sent in all rounds.
    pub sent: u64,
    /// Connections that were opened beside them in all rounds.
    pub connections: u64,
    /// Requests and connections that failed; answers with a status of 500 and above count.
    pub failed: u64,
    /// Why they failed, with how many.
    pub failures: Vec<(String, u64)>,
    /// Answers by status.
    pub statuses: Vec<(u16, u64)>,
    /// Requests that the client left because their answer has no end, or never began.
    pub left: u64,
    /// The routes that were driven, sorted by path.
    pub routes: Vec<Driven>,
    /// The routes that were not, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// What stays of a request or connection in the heap and in buffers, code left out: the middle one of the rounds,
    /// without what grew in the control round. Read off the snapshots, by whoever reads them.
    pub bytes_per_request: Option<i64>,
    /// Bytes that the heap may still grow after the last round; `None` if nobody knows.
    pub heap_room: Option<u64>,
    /// What a connection costs; `None` if none could be held.
    pub per_connection: Option<PerConnection>,
    /// What the user should know: one sentence each.
    pub notes: Vec<String>,
    /// How long it took.
    pub times: Times,
}

/// A route that was driven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Driven {
    /// The method in upper case.
    pub method: String,
    /// The path with its parameters as written.
    pub path: String,
    /// What registers it; `None` if the user named it.
    pub span: Option<Span>,
    /// How it answers: `quick`, `slow`, `endless` (a stream, which the client left), `silent` (not at all).
    pub manner: &'static str,
}

/// How long it took.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Times {
    /// Until the program listened.
    pub start: Duration,
    /// Until the first snapshot.
    pub warm_up: Duration,
    /// The load of all rounds.
    pub drive: Duration,
    /// All snapshots.
    pub snapshots: Duration,
    /// Everything.
    pub total: Duration,
}
