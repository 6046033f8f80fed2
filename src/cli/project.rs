//! From arguments to a project.

use super::args::{CheckArgs, ChoiceArgs, ConfigArgs, ExitArgs, FileArgs};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::config::{Choices, Confidence};
use crate::finding::rule_ids;
use crate::text::decode;
use crate::workspace::{BaselineChoice, Changes, Opening, Project, Since, is_source};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The name of standard input when none is given.
const STDIN: &str = "stdin.js";

/// The working directory.
pub(super) fn folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::new(format!("cannot find the working directory: {error}")))
}

/// What is analysed, and how.
#[derive(Clone)]
pub(super) struct Request<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) choice: &'a ChoiceArgs,
    pub(super) files: &'a FileArgs,
    pub(super) exit: &'a ExitArgs,
    pub(super) config: &'a ConfigArgs,
    pub(super) baseline: BaselineChoice,
    /// Against what a change counts, if changes are what is reported.
    pub(super) since: Option<Since>,
    /// Changed lines only.
    pub(super) lines_only: bool,
    /// Where names of files stand, and whether they end with a zero byte.
    pub(super) list: Option<(&'a Path, bool)>,
}

impl<'a> Request<'a> {
    /// One for everything, held against the baseline that is found.
    pub(super) fn plain(
        paths: &'a [PathBuf],
        choice: &'a ChoiceArgs,
        files: &'a FileArgs,
        exit: &'a ExitArgs,
        config: &'a ConfigArgs,
    ) -> Request<'a> {
        let baseline = BaselineChoice::Beside;
        Request { paths, choice, files, exit, config, baseline, since: None, lines_only: false, list: None }
    }
}

impl<'a> From<&'a CheckArgs> for Request<'a> {
    fn from(args: &'a CheckArgs) -> Request<'a> {
        let CheckArgs { paths, choice, files, exit, config, .. } = args;
        Request {
            baseline: args.baseline.choice(),
            since: args.changes.since(),
            lines_only: args.changes.changed_lines,
            list: args.files_from.as_deref().map(|it| (it, args.null)),
            ..Request::plain(paths, choice, files, exit, config)
        }
    }
}

/// The project that is analysed; its selection holds what is to be checked. Reads standard input when it is asked for.
pub(super) fn open(args: &Request<'_>, terminal: Terminal) -> Result<Project, Failure> {
    let mut opening = Opening {
        folder: folder()?,
        paths: args.paths.to_vec(),
        choices: choices(args),
        config: args.config.config.clone(),
        isolated: args.config.isolated,
        baseline: args.baseline.clone(),
        ..Opening::default()
    };
    take_stdin(args, &mut opening)?;
    let is_empty = take_list(args, &mut opening)?;
    if let Some(since) = &args.since {
        let mut changes = Changes::find(&opening.folder, since)?;
        changes.lines_only = args.lines_only;
        opening.changes = Some(changes);
    }
    let mut project = opened(&opening, terminal)?;
    let known = rule_ids(&project.rulebook);
    if let Some(rule) = args.choice.select.iter().chain(&args.choice.ignore).find(|it| !known.contains(&it.as_str())) {
        return Err(Failure::unknown_rule(rule, &known));
    }
    // Without a path everything would be meant. And where no source has changed, there is nothing to tell, provided that what
    // was named is there.
    let is_there = |path: &PathBuf| opening.folder.join(path).exists();
    let is_idle = project.changes.as_ref().is_some_and(|it| !it.has_sources()) && opening.paths.iter().all(is_there);
    if is_empty || is_idle {
        project.selection.in_memory = true;
        project.selection.overlays.clear();
    }
    project.selection.no_ignore = args.files.no_ignore;
    project.selection.force_exclude = args.files.force_exclude;
    project.selection.threads = args.files.threads.map(Into::into);
    Ok(project)
}

/// The project of the working directory, for its rules.
pub(super) fn here(terminal: Terminal) -> Result<Project, Failure> {
    // Rules can be asked about while a configuration is broken.
    let settings = Opening { folder: folder()?, rules_only: true, ..Opening::default() };
    opened(&settings, terminal)
}

fn opened(opening: &Opening, terminal: Terminal) -> Result<Project, Failure> {
    let project = Project::open(opening)?;
    for path in project.files().into_iter().filter(|it| it.exists()) {
        let shown = path.strip_prefix(&opening.folder).unwrap_or(&path).display();
        let what = match path {
            ref own if project.own.contains(own) => "rules",
            ref baseline if *baseline == project.baseline_path => "baseline",
            _ => "configuration",
        };
        terminal.log(&format!("{what}: {shown}"));
    }
    Ok(project)
}

/// What the command line says on top of the configuration.
fn choices(args: &Request<'_>) -> Choices {
    // What fails a run has to be seen.
    let sees_all = args.choice.pedantic || (args.exit.fail_on_suspect && args.choice.min_confidence.is_none());
    let least = if sees_all { Some(Confidence::Suspect) } else { args.choice.min_confidence.map(Into::into) };
    let selected = &args.choice.select;
    Choices {
        selected: (!selected.is_empty()).then(|| selected.iter().cloned().collect()),
        ignored: args.choice.ignore.iter().cloned().collect(),
        min_confidence: least,
        no_inline_config: args.choice.no_inline_config,
        include_tests: args.files.include_tests,
        include_generated: args.files.include_generated,
        max_file_size: args.files.max_file_size.map(|size| size.0),
        fail_on: args.exit.fail_on.map(Into::into),
        fail_on_suspect: args.exit.fail_on_suspect,
    }
}

/// Takes the names of a list; whether there were none.
fn take_list(args: &Request<'_>, opening: &mut Opening) -> Result<bool, Failure> {
    let Some((path, ends_with_null)) = args.list else { return Ok(false) };
    let bytes = match path.as_os_str() == "-" {
        true => read_stdin()?,
        false => fs::read(path).map_err(|error| Failure::io("read", path, &error))?,
    };
    let (end, line_ends): (u8, &[u8]) = if ends_with_null { (0, b"") } else { (b'\n', b"\r") };
    let names = bytes.split(|it| *it == end).map(|it| it.strip_suffix(line_ends).unwrap_or(it)).filter(|it| !it.is_empty());
    // Whoever lists changed files lists all kinds of them. One that is not there is told.
    opening.paths = names.map(to_path).filter(|it| !opening.folder.join(it).is_file() || is_source(it)).collect();
    Ok(opening.paths.is_empty())
}

#[cfg(unix)]
fn to_path(name: &[u8]) -> PathBuf {
    <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name).into()
}

#[cfg(not(unix))]
fn to_path(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| Failure::new(format!("cannot read standard input: {error}")))
}

/// Standard input becomes the text of the file that it stands for.
fn take_stdin(args: &Request<'_>, opening: &mut Opening) -> Result<(), Failure> {
    if !args.paths.iter().any(|path| path.as_os_str() == "-") {
        return match args.files.stdin_filename {
            Some(_) => {
                let said = "`--stdin-filename` names standard input, which is not read";
                Err(Failure::Said(said.to_owned(), Some("add `-`".to_owned())))
            }
            None => Ok(()),
        };
    }
    if args.paths.len() > 1 {
        return Err(Failure::new("`-` cannot be checked together with other paths"));
    }
    let bytes = read_stdin()?;
    let name = args.files.stdin_filename.as_deref().unwrap_or(Path::new(STDIN));
    opening.overlays.insert(opening.folder.join(name), decode(bytes).text);
    opening.paths = vec![name.to_owned()];
    Ok(())
}
