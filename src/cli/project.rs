//! From arguments and configuration to settings and a selection of files.

use super::args::{CheckArgs, ChoiceArgs, ConfigArgs, ExitArgs, FileArgs};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::config::{Confidence, Settings, find};
use crate::finding::HOUSE_RULES;
use crate::rulebook::Rulebook;
use crate::text::decode;
use crate::workspace::{self, Local, Selection};
use std::io::{self, Read};
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};

/// The name of standard input when none is given.
const STDIN: &str = "stdin.js";

/// The working directory.
pub(super) fn folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::new(format!("cannot find the working directory: {error}")))
}

/// What is analysed, and how.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) choice: &'a ChoiceArgs,
    pub(super) files: &'a FileArgs,
    pub(super) exit: &'a ExitArgs,
    pub(super) config: &'a ConfigArgs,
}

impl<'a> From<&'a CheckArgs> for Request<'a> {
    fn from(args: &'a CheckArgs) -> Request<'a> {
        Request { paths: &args.paths, choice: &args.choice, files: &args.files, exit: &args.exit, config: &args.config }
    }
}

/// The rules of a run: the built-in ones, or with those of the project.
pub(super) enum Book {
    Builtin(&'static Rulebook),
    Extended(Box<Rulebook>),
}

impl Deref for Book {
    type Target = Rulebook;

    fn deref(&self) -> &Rulebook {
        match self {
            Book::Builtin(rulebook) => rulebook,
            Book::Extended(rulebook) => rulebook,
        }
    }
}

/// The rules and models for what is analysed.
pub(super) fn rulebook(args: Request<'_>, folder: &Path, terminal: Terminal) -> Result<Book, Failure> {
    if args.config.isolated {
        Ok(Book::Builtin(Rulebook::builtin()))
    } else {
        rulebook_of(&start(args, folder), folder, terminal)
    }
}

/// The rules and models for a folder: built-in ones, and those of the nearest `.leaklint`.
pub(super) fn rulebook_of(start: &Path, folder: &Path, terminal: Terminal) -> Result<Book, Failure> {
    let local = workspace::local(start, folder).map_err(|(path, error)| Failure::io("read", &path, &error))?;
    if local == Local::default() {
        return Ok(Book::Builtin(Rulebook::builtin()));
    }
    for (path, _) in local.pages.iter().chain(&local.models) {
        terminal.log(&format!("rules: {path}"));
    }
    let rulebook = Rulebook::extended(&local.pages, &local.models).map_err(Failure::Rules)?;
    let house = HOUSE_RULES.iter().find(|house| rulebook.rule(house.id).is_some());
    match house.and_then(|it| rulebook.rule(it.id)) {
        Some(rule) => Err(Failure::new(format!("{}:1:1: there is a rule `{}` already", rule.path, rule.id))),
        None => Ok(Book::Extended(Box::new(rulebook))),
    }
}

/// The settings of a run: defaults, the configuration file, the command line.
pub(super) fn settings(args: Request<'_>, folder: &Path, known: &[&str], terminal: Terminal) -> Result<Settings, Failure> {
    let mut settings = configured(args.config, folder, &start(args, folder), known, terminal)?;
    for rule in args.choice.select.iter().chain(&args.choice.ignore) {
        if !known.contains(&rule.as_str()) {
            return Err(Failure::unknown_rule(rule, known));
        }
    }
    if !args.choice.select.is_empty() {
        settings.selected = Some(args.choice.select.iter().cloned().collect());
    }
    settings.ignored = args.choice.ignore.iter().cloned().collect();
    // What fails a run has to be seen.
    if args.choice.pedantic || (args.exit.fail_on_suspect && args.choice.min_confidence.is_none()) {
        settings.min_confidence = Confidence::Suspect;
    } else if let Some(least) = args.choice.min_confidence {
        settings.min_confidence = least.into();
    }
    settings.suppressions.enabled = !args.choice.no_inline_config;
    settings.include_tests |= args.files.include_tests;
    settings.include_generated |= args.files.include_generated;
    settings.max_file_size = args.files.max_file_size.map_or(settings.max_file_size, |size| size.0);
    settings.fail_on = args.exit.fail_on.map_or(settings.fail_on, Into::into);
    settings.fail_on_suspect = args.exit.fail_on_suspect;
    Ok(settings)
}

/// The settings of the configuration file that governs `start`.
fn configured(args: &ConfigArgs, folder: &Path, start: &Path, known: &[&str], terminal: Terminal) -> Result<Settings, Failure> {
    if let Some(path) = &args.config
        && !args.isolated
    {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
        // A file that was pointed at speaks of the project at hand, wherever it lies.
        return Settings::resolve(folder, folder, &path.display().to_string(), &text, known).map_err(Failure::Config);
    }
    let found =
        if args.isolated { None } else { find(start, &read).map_err(|(path, error)| Failure::io("read", &path, &error))? };
    let Some(found) = found else { return Ok(Settings::new(folder)) };
    let root = found.path.parent().unwrap_or(folder);
    let shown = found.path.strip_prefix(folder).unwrap_or(&found.path).display().to_string();
    terminal.log(&format!("configuration: {shown}"));
    Settings::resolve(folder, root, &shown, &found.text, known).map_err(Failure::Config)
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A folder of that name is not meant, and one that we may not look into is not ours.
        Err(error) if is_absence(error.kind()) || path.symlink_metadata().is_err() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

/// Where the search for a configuration file starts: the folder that all named paths are in.
fn start(args: Request<'_>, folder: &Path) -> PathBuf {
    let mut common: Option<PathBuf> = None;
    for path in args.paths {
        let path = if is_stdin(path) { args.files.stdin_filename.as_deref().unwrap_or(Path::new(STDIN)) } else { path };
        let mut path = absolute(folder, path);
        if !path.is_dir() {
            path.pop();
        }
        common = Some(match common {
            None => path,
            Some(other) => other.components().zip(path.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    common.unwrap_or_else(|| folder.to_owned())
}

/// The files of a run. Reads standard input when it is asked for.
pub(super) fn selection(args: Request<'_>, settings: &Settings, folder: &Path) -> Result<Selection, Failure> {
    let mut selection = Selection {
        cwd: folder.to_owned(),
        paths: args.paths.to_vec(),
        include_tests: settings.include_tests,
        include_generated: settings.include_generated,
        no_ignore: args.files.no_ignore,
        force_exclude: args.files.force_exclude,
        max_file_size: settings.max_file_size,
        threads: args.files.threads.map(Into::into),
        exclude: settings.exclude.clone(),
        patterns_root: Some(settings.root.clone()),
        ..Selection::default()
    };
    if args.paths.iter().any(|path| is_stdin(path)) {
        if args.paths.len() > 1 {
            return Err(Failure::new("`-` cannot be checked together with other paths"));
        }
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        let name = args.files.stdin_filename.as_deref().unwrap_or(Path::new(STDIN));
        let path = absolute(folder, name);
        selection.overlays.insert(path.clone(), decode(bytes).text);
        selection.paths = vec![path];
    } else if args.files.stdin_filename.is_some() {
        return Err(Failure::Said("`--stdin-filename` names standard input, which is not read".into(), Some("add `-`".into())));
    }
    Ok(selection)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path from the root of the file system, without `.` and `..`.
fn absolute(folder: &Path, path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => whole.push(part),
        }
    }
    whole
}
