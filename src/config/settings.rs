//! What the options mean.

use super::globs::{Globs, normal, rooted};
use super::options::{Options, OverrideOptions, RuleOptions};
use super::{Confidence, Level, Problem, nearest, version};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Everything that steers a run, resolved: defaults, then the file, then what the command line changed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that globs and fingerprints are relative to: the configuration file's, or the working directory.
    pub root: PathBuf,
    /// The working directory, to which the paths of findings are relative.
    pub folder: PathBuf,
    /// Files that are left out: globs as in `.gitignore`, relative to [`Settings::root`].
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
    rules: BTreeMap<String, Level>,
    overrides: Vec<(Globs, BTreeMap<String, Level>)>,
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
            rules: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }

    /// The settings of a configuration file. `root` is its folder, `path` its name as shown, `known` the ids of all rules.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn resolve(folder: &Path, root: &Path, path: &str, text: &str, known: &[&str]) -> Result<Settings, Box<Problem>> {
        let options = Options::parse(path, text)?;
        let resolver = Resolver { root, path, text, known };
        resolver.check_version(options.required_version.as_ref())?;
        let mut settings = Settings::new(folder);
        settings.root = normal(root);
        resolver.globs(&options.exclude)?;
        settings.exclude = options.exclude.iter().map(|glob| rooted(glob.get_ref()).to_owned()).collect();
        settings.include_tests = options.include_tests.unwrap_or(settings.include_tests);
        settings.include_generated = options.include_generated.unwrap_or(settings.include_generated);
        settings.max_file_size = options.max_file_size.map_or(settings.max_file_size, |size| size.0);
        settings.min_confidence = options.min_confidence.unwrap_or(settings.min_confidence);
        settings.fail_on = resolver.fail_on(options.fail_on.as_ref())?.unwrap_or(settings.fail_on);
        let written = &options.suppressions;
        let suppressions = &mut settings.suppressions;
        suppressions.require_reason = written.require_reason.unwrap_or(suppressions.require_reason);
        suppressions.report_unused = written.report_unused.unwrap_or(suppressions.report_unused);
        suppressions.allow_blanket = written.allow_blanket.unwrap_or(suppressions.allow_blanket);
        settings.rules = resolver.rules(&options.rules)?;
        for OverrideOptions { files, rules } in &options.overrides {
            settings.overrides.push((resolver.globs(files)?, resolver.rules(rules)?));
        }
        Ok(settings)
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
        if self.overrides.iter().any(|(_, rules)| rules.contains_key(rule)) {
            let path = self.folder.join(path);
            for (files, rules) in &self.overrides {
                if let Some(&it) = rules.get(rule)
                    && files.is_match(&path)
                {
                    level = Some(it);
                }
            }
        }
        match level {
            Some(Level::Off) => State::Off,
            Some(level) => State::At(level),
            None if default || self.selected.is_some() => State::Default,
            None => State::Absent,
        }
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

/// Turns written values into meant ones, blaming the right place.
struct Resolver<'a> {
    root: &'a Path,
    path: &'a str,
    text: &'a str,
    known: &'a [&'a str],
}

impl Resolver<'_> {
    fn problem<T>(&self, at: &Spanned<T>, message: String, help: Option<String>) -> Box<Problem> {
        Box::new(Problem { path: self.path.to_owned(), text: self.text.to_owned(), range: at.span(), message, help })
    }

    fn rules(&self, rules: &RuleOptions) -> Result<BTreeMap<String, Level>, Box<Problem>> {
        let mut levels = BTreeMap::new();
        for (name, option) in rules {
            let id = name.get_ref();
            if !self.known.contains(&id.as_str()) {
                let help = match nearest(id, self.known.iter().copied()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => "`leaklint rules` lists them".to_owned(),
                };
                return Err(self.problem(name, format!("unknown rule `{id}`"), Some(help)));
            }
            levels.insert(id.clone(), option.level);
        }
        Ok(levels)
    }

    fn globs(&self, globs: &[Spanned<String>]) -> Result<Globs, Box<Problem>> {
        Globs::new(self.root, globs.iter().map(|glob| glob.get_ref().as_str()))
            .map_err(|(n, why)| self.problem(&globs[n], format!("this glob cannot be read: {why}"), None))
    }

    fn fail_on(&self, level: Option<&Spanned<Level>>) -> Result<Option<Level>, Box<Problem>> {
        match level {
            Some(at) if *at.get_ref() == Level::Off => {
                let help = "expected `info`, `warning` or `error`; `--exit-zero` never fails".to_owned();
                Err(self.problem(at, "a run cannot fail on `off`".to_owned(), Some(help)))
            }
            Some(at) => Ok(Some(*at.get_ref())),
            None => Ok(None),
        }
    }

    fn check_version(&self, required: Option<&Spanned<String>>) -> Result<(), Box<Problem>> {
        let Some(at) = required else { return Ok(()) };
        let have = env!("CARGO_PKG_VERSION");
        match version::matches(at.get_ref(), have) {
            Some(true) => Ok(()),
            Some(false) => {
                let message = format!("this is leaklint {have}, and the file asks for {}", at.get_ref());
                Err(self.problem(at, message, None))
            }
            None => {
                let help = Some("write `0.3`, `>=0.3.1` or `>=0.3, <0.5`".to_owned());
                Err(self.problem(at, "not a version requirement".to_owned(), help))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Settings, State};
    use std::path::Path;

    fn settings(text: &str) -> Result<Settings, String> {
        let known = ["timer-not-cleared", "listener-not-removed"];
        Settings::resolve(Path::new("/r/app"), Path::new("/r"), "leaklint.toml", text, &known).map_err(|problem| {
            format!("{} at `{}`; {}", problem.message, &problem.text[problem.range], problem.help.unwrap_or_default())
        })
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
            ("exlude = []", "unknown field `exlude`, expected one of `required-version`"),
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
