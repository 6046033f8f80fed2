//! Who reads the output, and what they can see.

use super::args::Color;
use crate::report::Style;
use std::io::IsTerminal;

/// How to talk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    color: Color,
    /// Findings only.
    pub(super) quiet: bool,
    /// Progress on standard error.
    pub(super) verbose: bool,
}

/// Columns when nobody says.
const WIDTH: usize = 100;

impl Terminal {
    pub(super) fn new(color: Color, quiet: bool, verbose: bool) -> Terminal {
        Terminal { color, quiet, verbose }
    }

    /// How standard output may look.
    pub(super) fn stdout(self) -> Style {
        self.style(std::io::stdout().is_terminal(), terminal_size::terminal_size_of(std::io::stdout()))
    }

    /// How standard error may look.
    pub(super) fn stderr(self) -> Style {
        self.style(std::io::stderr().is_terminal(), terminal_size::terminal_size_of(std::io::stderr()))
    }

    /// How a file may look.
    pub(super) fn file(self) -> Style {
        Style { color: self.color == Color::Always, ..Style::PLAIN }
    }

    fn style(self, is_terminal: bool, size: Option<(terminal_size::Width, terminal_size::Height)>) -> Style {
        let color = wants_color(self.color, is_terminal, &|name| std::env::var(name).ok());
        let seen = is_terminal || self.color == Color::Always;
        let width = size.map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(60, 160));
        Style { color, unicode: seen && is_utf8(&|name| std::env::var(name).ok()), width }
    }

    /// A line for the curious.
    pub(super) fn log(self, line: &str) {
        if self.verbose {
            super::output::tell(line);
        }
    }

    /// A line that has no place in the report.
    pub(super) fn note(self, line: &str) {
        if !self.quiet {
            super::output::tell(&format!("note: {line}"));
        }
    }

    /// A line that is no reason to fail.
    pub(super) fn warn(self, line: &str) {
        if !self.quiet {
            super::output::tell(&format!("warning: {line}"));
        }
    }
}

/// The flag, then `NO_COLOR`, then `FORCE_COLOR` and `CLICOLOR_FORCE`, then what the terminal can do.
fn wants_color(flag: Color, is_terminal: bool, var: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| var(name).is_some_and(|value| !value.is_empty());
    let is_forced = |name| var(name).is_some_and(|value| !value.is_empty() && value != "0");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_set("NO_COLOR") => false,
        Color::Auto if is_forced("FORCE_COLOR") || is_forced("CLICOLOR_FORCE") => true,
        Color::Auto => is_terminal && var("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether the locale is UTF-8: the first of these variables that is set decides.
fn is_utf8(var: &dyn Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    locale.is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::{Color, is_utf8, wants_color};

    fn vars<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|it| it.0 == name).map(|it| it.1.to_owned())
    }

    #[test]
    fn colour_by_precedence() {
        let ask = |flag, is_terminal, set: &[(&str, &str)]| wants_color(flag, is_terminal, &vars(set));
        assert!(ask(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!ask(Color::Never, true, &[("FORCE_COLOR", "1")]));
        assert!(!ask(Color::Auto, true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
        assert!(ask(Color::Auto, true, &[("NO_COLOR", "")]));
        assert!(ask(Color::Auto, false, &[("FORCE_COLOR", "1")]));
        assert!(!ask(Color::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!ask(Color::Auto, true, &[("TERM", "dumb")]));
        assert!(ask(Color::Auto, true, &[]) && !ask(Color::Auto, false, &[]));
    }

    #[test]
    fn the_first_locale_variable_decides() {
        assert!(is_utf8(&vars(&[("LANG", "de_DE.UTF-8")])));
        assert!(is_utf8(&vars(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")])));
        assert!(!is_utf8(&vars(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")])));
        assert!(!is_utf8(&vars(&[])));
    }
}
