//! What is wrong with a page or a model, and where.

use std::fmt;

/// A mistake in a page or a model file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// The file, as it was named.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong: one clause.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

impl Trouble {
    /// A mistake on a line.
    pub(super) fn new(path: &str, line: usize, message: impl Into<String>) -> Trouble {
        Trouble { path: path.to_owned(), line, column: 1, message: message.into(), hint: None }
    }

    /// A mistake where a text says `word` in double quotes, or at its start.
    pub(super) fn at_word(path: &str, text: &str, word: &str, message: impl Into<String>) -> Trouble {
        let before = text.find(&format!("\"{word}\"")).map_or("", |at| &text[..at]);
        let column = before.rsplit('\n').next().map_or(0, |it| it.chars().count()) + 1;
        Trouble { column, ..Trouble::new(path, before.matches('\n').count() + 1, message) }
    }

    /// A mistake that the TOML parser found in a text that starts below `skipped` lines of its file.
    pub(super) fn toml(path: &str, text: &str, skipped: usize, error: &toml::de::Error) -> Trouble {
        let before = &text[..error.span().map_or(0, |span| text.floor_char_boundary(span.start))];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |it| it.chars().count()) + 1;
        let message = error.message().trim().to_owned();
        let hint = meant(&message);
        Trouble { path: path.to_owned(), line: line + skipped, column, message, hint }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " (did you mean `{hint}`?)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Trouble {}

/// The word of serde's list of expected ones that is closest to the unknown one: both stand in backquotes.
fn meant(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next()?;
    closest(unknown, words).map(str::to_owned)
}

/// The candidate that is most like a word, when one is.
pub(super) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|it| (strsim::jaro_winkler(word, it), it))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, it)| it)
}
