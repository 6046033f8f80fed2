//! Why a job could not be done.

use super::output::tell;
use super::terminal::Terminal;
use crate::config::{Problem, nearest};
use crate::report;
use crate::rulebook::Trouble;
use crate::workspace::{GitError, ProjectError};
use std::io;
use std::path::Path;

/// A reason for exit code 2.
#[derive(Debug)]
pub(super) enum Failure {
    /// Said in a line, perhaps with advice.
    Said(String, Option<String>),
    /// A mistake in the configuration file.
    Config(Box<Problem>),
    /// Mistakes in the rules and models of the project.
    Rules(Vec<Trouble>),
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Failure {
        match error {
            ProjectError::Said(message) => Failure::new(message),
            ProjectError::Config(problem) => Failure::Config(problem),
            ProjectError::Rules(troubles) => Failure::Rules(troubles),
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Failure {
        Failure::Said(error.message, error.help)
    }
}

impl Failure {
    /// A failure without advice.
    pub(super) fn new(message: impl Into<String>) -> Failure {
        Failure::Said(message.into(), None)
    }

    /// A file that could not be read or written.
    pub(super) fn io(what: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("cannot {what} {}: {error}", path.display()))
    }

    /// A rule that does not exist, with the one that was probably meant.
    pub(super) fn unknown_rule(rule: &str, known: &[&str]) -> Failure {
        let help = match nearest(rule, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`leaklint rules` lists them".to_owned(),
        };
        Failure::Said(format!("unknown rule `{rule}`"), Some(help))
    }

    /// Tells it on standard error.
    pub(super) fn tell(&self, terminal: Terminal) {
        let style = terminal.stderr();
        match self {
            Failure::Said(message, help) => {
                tell(&format!("{} {message}", style.red("error:")));
                if let Some(help) = help {
                    tell(&format!("  help: {help}"));
                }
            }
            Failure::Rules(troubles) => {
                for trouble in troubles {
                    tell(&format!("{} {trouble}", style.red("error:")));
                }
            }
            Failure::Config(problem) => tell(report::frame(problem, style).trim_end()),
        }
    }
}
