//! What an experiment is asked to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What an experiment is asked to do. The command comes from the words after `--` and from nowhere else.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Requests to each route in each round, and connections to each server that speaks no HTTP.
    pub requests: u64,
    /// Rounds, each followed by a snapshot.
    pub rounds: u32,
    /// Methods that may be used, in upper case.
    pub methods: Vec<String>,
    /// What to drive instead of the routes that the program shows: a path, or a method and a path.
    pub paths: Vec<String>,
    /// Where to drive: scheme, host and port; instead of what the program listens on.
    pub url: Option<String>,
    /// How long the program may take to listen.
    pub start_timeout: Duration,
    /// How long everything may take; `None` for no limit.
    pub timeout: Option<Duration>,
    /// Where snapshots stay; otherwise they are removed at the end.
    pub keep: Option<PathBuf>,
    /// Start it although `NODE_ENV` is `production`.
    pub allow_production: bool,
    /// Start it although the environment names databases on other machines.
    pub allow_remote_databases: bool,
    /// Set by whoever wants the experiment to end early.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            command: Vec::new(),
            requests: 200,
            rounds: 3,
            methods: vec!["GET".to_owned(), "HEAD".to_owned()],
            paths: Vec::new(),
            url: None,
            start_timeout: Duration::from_secs(30),
            timeout: None,
            keep: None,
            allow_production: false,
            allow_remote_databases: false,
            stop: Arc::default(),
        }
    }
}
