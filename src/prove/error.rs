//! Why an experiment could not be done.

use crate::capture::CaptureError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why an experiment could not be done. Its text is for people: what failed, where, and after how long.
#[derive(Debug)]
pub struct ProveError {
    /// What failed.
    pub cause: Cause,
    /// The last lines that the program itself wrote, oldest first, without control characters.
    pub output: Vec<String>,
}

/// What failed.
#[derive(Debug)]
pub enum Cause {
    /// It would not be safe.
    Refused {
        /// Why.
        reason: String,
        /// The flag that allows it.
        flag: &'static str,
    },
    /// An option that cannot be meant.
    Option(String),
    /// There is no such program, or it may not be run.
    NotStarted {
        /// The command.
        command: String,
        /// What the system says.
        error: io::Error,
    },
    /// The program ended.
    Exited {
        /// Its exit code or signal, in words.
        how: String,
        /// What was going on.
        during: String,
    },
    /// It runs, but shows no inspector.
    NoInspector(Duration),
    /// It runs, but listens on nothing that may be driven.
    NeverListened {
        /// How long it was waited.
        after: Duration,
        /// What was seen instead, or empty.
        seen: String,
    },
    /// Several processes share the port.
    Cluster(usize),
    /// Its event loop stands still.
    Hangs {
        /// What was going on.
        during: String,
        /// How long it was waited.
        after: Duration,
    },
    /// Nothing that was sent got an answer.
    AllFailed {
        /// How many.
        requests: u64,
        /// What most of them failed with.
        reason: String,
    },
    /// It answered at first, and then no more.
    Unresponsive {
        /// What was going on.
        during: String,
        /// What the last requests failed with.
        reason: String,
    },
    /// It could not be captured.
    Capture(CaptureError),
    /// A folder or file could not be made or written.
    File {
        /// What was tried, as in "create".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It took longer than allowed.
    TimedOut(Duration),
    /// The user stopped it.
    Interrupted,
}

impl ProveError {
    /// A failure at a file.
    pub(super) fn file(action: &'static str, path: &Path, error: io::Error) -> ProveError {
        Cause::File { action, path: path.to_owned(), error }.into()
    }
}

impl From<Cause> for ProveError {
    fn from(cause: Cause) -> ProveError {
        ProveError { cause, output: Vec::new() }
    }
}

impl From<CaptureError> for ProveError {
    fn from(error: CaptureError) -> ProveError {
        match error {
            CaptureError::Interrupted => Cause::Interrupted.into(),
            CaptureError::Timeout { doing, after } => Cause::Hangs { during: doing, after }.into(),
            other => Cause::Capture(other).into(),
        }
    }
}

impl fmt::Display for ProveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Refused { reason, .. } => f.write_str(reason),
            Cause::Option(message) => f.write_str(message),
            Cause::NotStarted { command, error } => write!(f, "cannot start `{command}`: {error}"),
            Cause::Exited { how, during } => write!(f, "the program ended with {how} {during}"),
            Cause::NoInspector(after) => {
                write!(f, "the program opened no inspector within {}: is it Node?", seconds(*after))
            }
            Cause::NeverListened { after, seen } if seen.is_empty() => {
                write!(f, "the program listened on no port within {}", seconds(*after))
            }
            Cause::NeverListened { after, seen } => {
                write!(f, "the program listened on no local port within {}: {seen}", seconds(*after))
            }
            Cause::Cluster(count) => write!(f, "{count} processes share the port, and one heap is measured"),
            Cause::Hangs { during, after } => {
                write!(f, "the program did not answer within {} while {during}: its event loop stands still", seconds(*after))
            }
            Cause::AllFailed { requests, reason } => write!(f, "all {requests} requests failed: {reason}"),
            Cause::Unresponsive { during, reason } => write!(f, "the program stopped to answer while {during}: {reason}"),
            Cause::Capture(error) => error.fmt(f),
            Cause::File { action, path, error } => write!(f, "cannot {action} {}: {error}", path.display()),
            Cause::TimedOut(after) => write!(f, "the experiment was not done within {}", seconds(*after)),
            Cause::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ProveError {}

impl ProveError {
    /// What the user can do about it.
    pub fn advice(&self) -> Option<String> {
        match &self.cause {
            Cause::Refused { flag, .. } => Some(format!("if that is meant, add `{flag}`")),
            Cause::NeverListened { .. } | Cause::NoInspector(_) => {
                Some("name the command that starts the server after `--`; `--start-timeout` gives it longer".to_owned())
            }
            Cause::Cluster(_) => Some("start one worker instead of a cluster".to_owned()),
            Cause::AllFailed { .. } => Some("`--dry-run` shows what is sent, `--path` says what to send instead".to_owned()),
            _ => None,
        }
    }
}

/// A duration as people say it.
fn seconds(duration: Duration) -> String {
    format!("{} s", (duration.as_secs_f64() * 10.0).round() / 10.0)
}
