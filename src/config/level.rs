//! The words that options are made of.

use std::fmt;
use std::str::FromStr;

/// How a rule is set: its severity, or off. Ordered: `Off < Info < Warning < Error`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Findings do not count.
    Off,
    /// Findings are informative.
    Info,
    /// Findings are warnings.
    Warning,
    /// Findings are errors.
    Error,
}

impl Level {
    /// Every word for a level.
    pub const WORDS: &[&str] = &["off", "info", "warning", "error"];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Level::WORDS[*self as usize])
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(word: &str) -> Result<Level, String> {
        [Level::Off, Level::Info, Level::Warning, Level::Error]
            .into_iter()
            .find(|level| level.to_string() == word)
            .ok_or_else(|| format!("`{word}` is not a level; expected one of {}", Level::WORDS.join(", ")))
    }
}

/// The least confidence that is shown. Ordered: `Suspect < Likely < Certain`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Everything.
    Suspect,
    /// What has at most one inferred link.
    Likely,
    /// What is resolved.
    Certain,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::Suspect => "suspect",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        })
    }
}

/// The candidate that a mistyped word most likely meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best = None;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&word, candidate);
        // Below this, suggestions for long rule ids are noise: they share words such as `not` and `without`.
        if likeness >= 0.8 && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const RULES: &[&str] = &["timer-not-cleared", "listener-not-removed", "cache-without-bound", "parse-error"];

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let of = |word| nearest(word, RULES.iter().copied());
        assert_eq!(of("timer-not-clear"), Some("timer-not-cleared"));
        assert_eq!(of("Listener-Not-Removed"), Some("listener-not-removed"));
        assert_eq!(of("cache-bound"), Some("cache-without-bound"));
        assert_eq!(of("no-such-rule"), None);
        assert_eq!(nearest("warn", ["off", "info", "warning", "error"]), Some("warning"));
    }
}
