//! What is wrong with a configuration file, and where.

use super::nearest;
use std::ops::Range;

/// An error in a configuration file. Renderers draw the frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file as shown.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The bytes at fault.
    pub range: Range<usize>,
    /// One clause, lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// What the parser says of the file, with a suggestion where a word is unknown.
    pub(super) fn from_toml(path: &str, text: &str, error: &toml::de::Error) -> Problem {
        let whole = error.message();
        let message = whole.lines().next().unwrap_or("cannot be read").to_owned();
        let range = error.span().unwrap_or(0..0);
        Problem { path: path.to_owned(), text: text.to_owned(), range, help: suggestion(&message), message }
    }
}

/// serde says "unknown field `x`, expected one of `a`, `b`" (or "expected `a` or `b`"): the first quoted word is what was
/// written, the others are what is known.
fn suggestion(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    match nearest(written, known.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None => Some(format!("known here: {}", known.join(", "))),
    }
}
