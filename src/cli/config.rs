//! `leaklint init`, `leaklint config` and `leaklint why-ignored`.

use super::Exit;
use super::args::{ConfigArgs, ListFormat};
use super::failure::Failure;
use super::output::{tell, to_stdout};
use super::project;
use super::terminal::Terminal;
use crate::config::{Layer, NAMES, Settings, State, schema};
use crate::finding::HOUSE_RULES;
use crate::rulebook::Rulebook;
use crate::workspace::{Opening, Project, why_ignored as why};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 the file is written, 2 there is one already, or it cannot be written.")]
pub(super) struct InitArgs {
    /// Write leaklint.jsonc instead of leaklint.toml
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(super) struct ConfigCommandArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Show every value that holds for a file, and where it was said
    Show {
        /// The file; by default, files of this folder
        file: Option<PathBuf>,
        /// How the list is written
        #[arg(short, long, value_enum, default_value_t = ListFormat::Pretty)]
        format: ListFormat,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Print the JSON schema of configuration files
    Schema,
}

#[derive(Args, Debug)]
pub(super) struct WhyArgs {
    /// Files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The schema as it is shipped.
const SCHEMA: &str = "npm/leaklint/configuration_schema.json";

pub(super) fn init(args: &InitArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let folder = project::folder()?;
    for name in NAMES {
        let Ok(text) = fs::read_to_string(folder.join(name)) else { continue };
        // One with a mistake in it is one.
        if !matches!(Layer::parse(name, text), Ok(None)) {
            let help = "`leaklint config show` tells what it comes to".to_owned();
            return Err(Failure::Said(format!("there is {name} already"), Some(help)));
        }
    }
    let schema = match folder.join("node_modules/leaklint/configuration_schema.json").is_file() {
        true => "./node_modules/leaklint/configuration_schema.json".to_owned(),
        false => format!("{}/raw/main/{SCHEMA}", env!("CARGO_PKG_REPOSITORY")),
    };
    let (name, text) = if args.json {
        let rest = "\n  // What is left out beside ignore files, as globs.\n  \"exclude\": [],\n  // Levels: off, info, warning, error.\n  \"rules\": {}\n}\n";
        ("leaklint.jsonc", format!("{{\n  \"$schema\": \"{schema}\",{rest}"))
    } else {
        let rest = "\n# What is left out beside ignore files, as globs.\nexclude = []\n\n# Levels: off, info, warning, error. `leaklint rules` lists the rules.\n[rules]\n";
        ("leaklint.toml", format!("#:schema {schema}\n{rest}"))
    };
    let path = folder.join(name);
    let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::io("write", &path, &error))?;
    if !terminal.quiet {
        tell(&format!("{name} is written"));
    }
    Ok(Exit::Clean)
}

pub(super) fn config(args: &ConfigCommandArgs, _: Terminal) -> Result<Exit, Failure> {
    match &args.command {
        ConfigCommand::Show { file, format, config } => show(file.as_deref(), *format, config),
        ConfigCommand::Schema => {
            let rules = Rulebook::builtin().rules.iter().map(|it| (it.id.as_str(), it.summary.as_str()));
            let mut rules: Vec<(&str, &str)> = rules.chain(HOUSE_RULES.iter().map(|it| (it.id, it.summary))).collect();
            rules.sort_unstable();
            to_stdout(|out| {
                serde_json::to_writer_pretty(&mut *out, &schema(&rules))?;
                writeln!(out)
            })?;
            Ok(Exit::Clean)
        }
    }
}

/// One value that holds for a file.
#[derive(Serialize)]
struct Row {
    key: String,
    value: String,
    origin: String,
}

fn show(file: Option<&Path>, format: ListFormat, config: &ConfigArgs) -> Result<Exit, Failure> {
    let project = open(config, file.map(Path::to_owned).into_iter().collect())?;
    let file = file.unwrap_or(Path::new("index.js"));
    let settings = project.settings(file)?;
    let rows = rows(&project, &settings, &file.to_string_lossy());
    let files = &settings.files;
    to_stdout(|out| match format {
        ListFormat::Json => {
            let shown = Shown { files, root: project.root.to_string_lossy().replace('\\', "/"), values: rows };
            serde_json::to_writer_pretty(&mut *out, &shown)?;
            writeln!(out)
        }
        ListFormat::Pretty => {
            let files = if files.is_empty() { "no configuration file".to_owned() } else { files.join(", then ") };
            writeln!(out, "{files}\n")?;
            let width = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
            let (keys, values) = (width(|it| it.key.len()), width(|it| it.value.len()).min(40));
            rows.iter().try_for_each(|it| writeln!(out, "{:keys$}  {:values$}  {}", it.key, it.value, it.origin))
        }
    })?;
    Ok(Exit::Clean)
}

/// What `config show` tells.
#[derive(Serialize)]
struct Shown<'a> {
    /// Those built on first.
    files: &'a [String],
    root: String,
    values: Vec<Row>,
}

fn rows(project: &Project, settings: &Settings, file: &str) -> Vec<Row> {
    let origin = |key: &str| settings.origins.get(key).map_or("default".to_owned(), ToString::to_string);
    let row = |key: &str, value: String| Row { origin: origin(key), key: key.to_owned(), value };
    let comments = settings.suppressions;
    let mut rows = vec![
        row("exclude", format!("{:?}", settings.exclude)),
        row("include-tests", settings.include_tests.to_string()),
        row("include-generated", settings.include_generated.to_string()),
        row("max-file-size", format!("{} bytes", settings.max_file_size)),
        row("min-confidence", settings.min_confidence.to_string()),
        row("fail-on", settings.fail_on.to_string()),
        row("suppressions.require-reason", comments.require_reason.to_string()),
        row("suppressions.report-unused", comments.report_unused.to_string()),
        row("suppressions.allow-blanket", comments.allow_blanket.to_string()),
    ];
    let pages = project.rulebook.rules.iter().map(|it| (it.id.as_str(), it.severity.clone(), it.default));
    let house = HOUSE_RULES.iter().map(|it| (it.id, format!("{:?}", it.severity).to_lowercase(), true));
    let mut rules: Vec<(&str, String, bool)> = pages.chain(house).collect();
    rules.sort();
    rows.extend(rules.into_iter().map(|(id, severity, default)| {
        let value = match settings.state(id, file, default) {
            State::Absent | State::Off => "off".to_owned(),
            State::Default => severity,
            State::At(level) => level.to_string(),
        };
        let origin = settings.origin(id, file).map_or("default".to_owned(), ToString::to_string);
        Row { key: format!("rules.{id}"), value, origin }
    }));
    rows
}

pub(super) fn why_ignored(args: &WhyArgs, _: Terminal) -> Result<Exit, Failure> {
    // Named files are checked whatever they are; the question is about those that are found.
    let project = open(&args.config, Vec::new())?;
    let answers = args.files.iter().map(|file| Ok((file, why(&project, file)?)));
    let answers = answers.collect::<Result<Vec<(&PathBuf, Option<String>)>, Failure>>()?;
    to_stdout(|out| {
        answers
            .iter()
            .try_for_each(|(file, answer)| writeln!(out, "{}: {}", file.display(), answer.as_deref().unwrap_or("is checked")))
    })?;
    Ok(Exit::Clean)
}

fn open(config: &ConfigArgs, paths: Vec<PathBuf>) -> Result<Project, Failure> {
    let (folder, isolated) = (project::folder()?, config.isolated);
    Ok(Project::open(&Opening { folder, paths, config: config.config.clone(), isolated, ..Opening::default() })?)
}
