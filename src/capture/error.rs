//! Why a process could not be captured.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a process could not be captured. Its text is for people: what failed, where, and after how long.
#[derive(Debug)]
pub enum CaptureError {
    /// Nothing listens there, or it cannot be reached.
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// Something listens there that does not speak the inspector protocol.
    NotAnInspector {
        /// Host and port, or the URL.
        address: String,
        /// What it answered.
        reason: String,
    },
    /// The connection ended: the process died, or closed its inspector.
    Lost {
        /// What was going on.
        doing: String,
        /// What the connection says.
        reason: String,
    },
    /// The process reached its end and only waits for its inspector to be left.
    Exiting,
    /// No answer.
    Timeout {
        /// What was going on.
        doing: String,
        /// How long it was waited.
        after: Duration,
    },
    /// The process refuses a command.
    Protocol {
        /// The command of the protocol.
        method: String,
        /// What it says.
        message: String,
    },
    /// An expression threw in the process.
    Threw(String),
    /// A file could not be written or read.
    File {
        /// What was tried, as in "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is there already, and nobody said to overwrite it.
    Exists(PathBuf),
    /// The user stopped it.
    Interrupted,
    /// Anything else, in a sentence.
    Other(String),
}

impl CaptureError {
    /// A failure at a file.
    pub(super) fn file(action: &'static str, path: &Path, error: io::Error) -> CaptureError {
        CaptureError::File { action, path: path.to_owned(), error }
    }

    /// An answer that is not what the protocol promises.
    pub(super) fn unexpected(method: &str) -> CaptureError {
        CaptureError::Protocol { method: method.to_owned(), message: "an answer of another shape than expected".to_owned() }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CaptureError::Unreachable { address, reason } => write!(f, "no inspector at {address}: {reason}"),
            CaptureError::NotAnInspector { address, reason } => {
                write!(f, "what listens at {address} is not an inspector: {reason}")
            }
            CaptureError::Lost { doing, reason } => write!(f, "the process went away while {doing}: {reason}"),
            CaptureError::Exiting => f.write_str("the process has reached its end"),
            CaptureError::Timeout { doing, after } => write!(
                f,
                "the process did not answer within {} s while {doing}: it hangs, is very busy, or is stopped",
                after.as_secs_f64()
            ),
            CaptureError::Protocol { method, message } => write!(f, "the process refuses {method}: {message}"),
            CaptureError::Threw(message) => write!(f, "an expression threw in the process: {message}"),
            CaptureError::File { action, path, error } => write!(f, "cannot {action} {}: {error}", path.display()),
            CaptureError::Exists(path) => write!(f, "{} is there already", path.display()),
            CaptureError::Interrupted => f.write_str("interrupted"),
            CaptureError::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CaptureError {}
