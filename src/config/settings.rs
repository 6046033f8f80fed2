//! What the options mean.

use super::globs::{Globs, normal};
use super::{Choices, Confidence, Level};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that steers how a file is treated, resolved: defaults, then the files, then what the command line changed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that fingerprints and baselines are relative to: the project's.
    pub root: PathBuf,
    /// The working directory, to which the paths of findings are relative.
    pub folder: PathBuf,
    /// Files that are left out: globs as in `.gitignore`, relative to the folder of the configuration file.
    pub exclude: Vec<String>,
    /// Read test files too.
    pub include_tests: bool,
    /// Read generated and minified files too.
    pub include_generated: bool,
    /// Files above this many bytes are left out.
    pub max_file_size: u64,
    /// The least confidence that is shown.
    pub min_confidence: Confidence,
    /// The least severity that fails a run.
    pub fail_on: Level,
    /// Whether findings of confidence `suspect` can fail a run.
    pub fail_on_suspect: bool,
    /// How inline comments are treated.
    pub suppressions: Suppressions,
    /// Only these rules (`--select`).
    pub selected: Option<BTreeSet<String>>,
    /// Not these rules (`--ignore`).
    pub ignored: BTreeSet<String>,
    /// Where what is not a default was said, by option: `min-confidence`, `rules.timer-not-cleared`.
    pub origins: BTreeMap<String, Origin>,
    /// The configuration files that were read, those built on first.
    pub files: Vec<String>,
    pub(super) excluded: Globs,
    pub(super) rules: BTreeMap<String, Level>,
    pub(super) overrides: Vec<Override>,
}

/// Where a value was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// In a file, by its path as shown, on a line from 1.
    File(String, usize),
    /// On the command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path, line) => write!(f, "{path}:{line}"),
            Origin::CommandLine => f.write_str("command line"),
        }
    }
}

/// Levels for some files.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub(super) files: Globs,
    pub(super) rules: BTreeMap<String, (Level, Origin)>,
}

/// How inline comments are treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suppressions {
    /// Whether they are obeyed at all.
    pub enabled: bool,
    /// A comment must say why, behind `--`.
    pub require_reason: bool,
    /// Report comments that silence nothing.
    pub report_unused: bool,
    /// A comment may leave out the rule and silence all of them.
    pub allow_blanket: bool,
}

/// How a rule stands for one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not part of this run: deselected, or off by default and not asked for.
    Absent,
    /// Switched off by the configuration: findings are kept and do not count.
    Off,
    /// On, with the severity that its page and the check give.
    Default,
    /// On, with this severity.
    At(Level),
}

/// Where files lie, what rules there are, and what the command line says.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The working directory.
    pub folder: &'a Path,
    /// The project's folder.
    pub root: &'a Path,
    /// The folder that globs are relative to: that of the file that is extended last.
    pub base: &'a Path,
    /// Ids of all rules.
    pub known: &'a [&'a str],
    /// What the command line says.
    pub choices: &'a Choices,
}

/// Files above this are data or bundles.
const MAX_FILE_SIZE: u64 = 2 << 20;

impl Settings {
    /// The settings without a configuration file.
    pub fn new(folder: &Path) -> Settings {
        Settings {
            root: normal(folder),
            folder: normal(folder),
            exclude: Vec::new(),
            include_tests: false,
            include_generated: false,
            max_file_size: MAX_FILE_SIZE,
            min_confidence: Confidence::Likely,
            fail_on: Level::Error,
            fail_on_suspect: false,
            suppressions: Suppressions { enabled: true, require_reason: false, report_unused: true, allow_blanket: false },
            selected: None,
            ignored: BTreeSet::new(),
            origins: BTreeMap::new(),
            files: Vec::new(),
            excluded: Globs::default(),
            rules: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }

    /// How a rule stands for a file, by the file's path as shown. `default` tells whether the rule is on by default.
    pub fn state(&self, rule: &str, path: &str, default: bool) -> State {
        if self.ignored.contains(rule) || self.selected.as_ref().is_some_and(|it| !it.contains(rule)) {
            return State::Absent;
        }
        let mut level = self.rules.get(rule).copied();
        if level == Some(Level::Off) && self.selected.is_some() {
            level = None;
        }
        match self.overriding(rule, path).map(|it| it.0).or(level) {
            Some(Level::Off) => State::Off,
            Some(level) => State::At(level),
            None if default || self.selected.is_some() => State::Default,
            None => State::Absent,
        }
    }

    /// Where the rule's level for a file was said; `None` for a default.
    pub fn origin(&self, rule: &str, path: &str) -> Option<&Origin> {
        if self.ignored.contains(rule) || self.selected.is_some() {
            return Some(&Origin::CommandLine);
        }
        self.overriding(rule, path).map(|it| it.1).or_else(|| self.origins.get(&format!("rules.{rule}")))
    }

    /// What the last override for a file says of a rule.
    fn overriding(&self, rule: &str, path: &str) -> Option<(Level, &Origin)> {
        let mut saying = self.overrides.iter().rev().filter_map(|it| Some((&it.files, it.rules.get(rule)?))).peekable();
        saying.peek()?;
        let path = self.folder.join(path);
        saying.find(|(files, _)| files.is_match(&path)).map(|(_, (level, origin))| (*level, origin))
    }

    /// Whether `exclude` means a file or a folder, by its absolute path without `.` and `..`.
    pub fn excludes(&self, path: &Path, is_dir: bool) -> bool {
        self.excluded.covers(path, is_dir)
    }

    /// The glob of `exclude` that leaves a file out, as written.
    pub fn excluding(&self, path: &Path) -> Option<&str> {
        self.excluded.covering(path)
    }

    /// Whether only part of the rules runs, so that a comment for all rules cannot be called unused.
    pub fn is_partial(&self) -> bool {
        self.selected.is_some() || !self.ignored.is_empty()
    }

    /// A path as shown, made relative to [`Settings::root`], so that a fingerprint is the same from any working directory.
    pub fn from_root(&self, path: &str) -> String {
        let whole = normal(&self.folder.join(path));
        match whole.strip_prefix(&self.root) {
            Ok(below) => below.to_string_lossy().replace('\\', "/"),
            Err(_) => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ground, Level, Settings, State};
    use crate::config::{Choices, Layer, Origin, Problem};
    use std::path::Path;

    fn resolved(files: &[(&str, &str)], choices: &Choices) -> Result<Settings, Box<Problem>> {
        let known = &["timer-not-cleared", "listener-not-removed"];
        let root = Path::new("/r");
        let layers: Result<Vec<Option<Layer>>, _> =
            files.iter().map(|(path, text)| Layer::parse(path, (*text).to_owned())).collect();
        let layers: Vec<Layer> = layers?.into_iter().flatten().collect();
        Settings::resolve(Ground { folder: Path::new("/r/app"), root, base: root, known, choices }, &layers)
    }

    fn settings_of(path: &str, text: &str) -> Result<Settings, String> {
        resolved(&[(path, text)], &Choices::default()).map_err(|problem| {
            format!("{} at `{}`; {}", problem.message, &problem.text[problem.range], problem.help.unwrap_or_default())
        })
    }

    fn settings(text: &str) -> Result<Settings, String> {
        settings_of("leaklint.toml", text)
    }

    #[test]
    fn json_says_the_same_and_is_blamed_in_place() {
        let text = r#"{ // why
            "$schema": "x", "x-tool": { "any": [1] },
            "rules": { "timer-not-cleared": "off" }, "max-file-size": 512,
            "overrides": [{ "files": ["app/src/**"], "rules": { "timer-not-cleared": { "level": "error" } } }],
        }"#;
        let it = settings_of("leaklint.jsonc", text).unwrap();
        assert_eq!(it.state("timer-not-cleared", "index.ts", true), State::Off);
        assert_eq!(it.state("timer-not-cleared", "src/a.ts", true), State::At(Level::Error));
        assert_eq!(it.origin("timer-not-cleared", "src/a.ts"), Some(&Origin::File("leaklint.jsonc".into(), 4)));
        assert_eq!(it.max_file_size, 512);
        let it = settings_of("a/package.json", r#"{ "name": "x", "leaklint": { "include-tests": true } }"#).unwrap();
        assert!(it.include_tests);
        assert!(settings_of("package.json", r#"{ "keywords": ["leaklint"] }"#).unwrap().files.is_empty());
        for (path, text, expected) in [
            ("a.json", r#"{ "exlude": [] }"#, "at `\"exlude\"`; did you mean `exclude`?"),
            ("a.json", r#"{ "rules": { "timer-not-clear": "off" } }"#, "at `\"timer-not-clear\"`; did you mean"),
            ("a.json", r#"{ "root": null }"#, "`null` says nothing: leave the key out at `null`"),
            ("a.json", r#"{ "root": true "#, "unterminated object"),
            ("a.json", "[]", "expected an object with options at `[]`"),
            ("a.json", r#"{ "root": true, "root": false }"#, "this key stands here twice at `\"root\"`"),
            ("a.json", r#"{ "root": 1e999 }"#, "at `1e999`"),
            ("package.json", r#"{ "leaklint": { "rules": 3 } }"#, "at `3`"),
        ] {
            let said = settings_of(path, text).map(|_| "accepted".to_owned()).unwrap_or_else(|said| said);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn later_files_win_and_the_command_line_wins_over_all() {
        let below = "min-confidence = 'certain'\nexclude = ['dist', 'gen']\nrules.timer-not-cleared = 'off'\n";
        let above = "exclude = ['!dist']\nrules.listener-not-removed = 'info'\nmin-confidence = 'suspect'";
        let files = [("base.toml", below), ("leaklint.toml", above)];
        let it = resolved(&files, &Choices::default()).unwrap();
        assert_eq!((it.min_confidence.to_string(), it.exclude.len()), ("suspect".to_owned(), 3));
        assert!(!it.excludes(Path::new("/r/dist"), true) && it.excludes(Path::new("/r/gen/a.js"), false));
        assert_eq!(it.origins["min-confidence"].to_string(), "leaklint.toml:3");
        assert_eq!(it.origins["rules.timer-not-cleared"].to_string(), "base.toml:3");
        let selected = Some(["timer-not-cleared".to_owned()].into());
        let choices = Choices { selected, fail_on: Some(Level::Info), include_tests: true, ..Choices::default() };
        let it = resolved(&files, &choices).unwrap();
        assert_eq!(it.state("timer-not-cleared", "a.js", true), State::Default);
        assert_eq!(it.state("listener-not-removed", "a.js", true), State::Absent);
        assert_eq!((it.fail_on, it.origins["fail-on"].to_string().as_str()), (Level::Info, "command line"));
    }

    #[test]
    fn the_last_override_wins() {
        let text = r#"
            rules = { timer-not-cleared = { level = "off" } }
            [[overrides]]
            files = ["app/src/**"]
            rules.timer-not-cleared = "error"
            [[overrides]]
            files = ["*.gen.ts"]
            rules.timer-not-cleared = "info"
        "#;
        let it = settings(text).unwrap();
        assert_eq!(it.state("timer-not-cleared", "index.ts", true), State::Off);
        assert_eq!(it.state("timer-not-cleared", "src/a.ts", true), State::At(Level::Error));
        assert_eq!(it.state("timer-not-cleared", "src/a.gen.ts", true), State::At(Level::Info));
        assert_eq!(it.state("timer-not-cleared", "../app/src/a.ts", true), State::At(Level::Error));
        assert_eq!(it.state("listener-not-removed", "src/a.ts", true), State::Default);
        assert_eq!(it.state("listener-not-removed", "src/a.ts", false), State::Absent);
        assert_eq!(it.from_root("src/a.ts"), "app/src/a.ts");
    }

    #[test]
    fn what_is_unknown_is_blamed_with_a_suggestion() {
        for (text, expected) in [
            ("exlude = []", "unknown field `exlude`, expected one of `$schema`"),
            (
                "[rules]\ntimer-not-clear = 'off'",
                "unknown rule `timer-not-clear` at `timer-not-clear`; did you mean `timer-not-cleared`?",
            ),
            ("[rules]\ntimer-not-cleared = 'warn'", "at `'warn'`; did you mean `warning`?"),
            ("[rules]\ntimer-not-cleared = { levl = 'off' }", "did you mean `level`?"),
            ("[rules]\ntimer-not-cleared = 3", "invalid type: integer `3`, expected a level"),
            ("[[overrides]]\nfiles = ['a{']", "this glob cannot be read"),
            ("min-confidence = 'sure'", "unknown variant `sure`"),
            ("fail-on = 'off'", "a run cannot fail on `off` at `'off'`"),
            ("max-file-size = '2 parsecs'", "is not a size"),
            ("required-version = '>=99'", "asks for >=99"),
            ("suppressions = { require-reasons = true }", "did you mean `require-reason`?"),
            ("rules = [", "at "),
        ] {
            let said = settings(text).map(|_| "accepted".to_owned()).unwrap_or_else(|said| said);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
