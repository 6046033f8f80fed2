//! `leaklint baseline`.

use super::Exit;
use super::args::{ChoiceArgs, ConfigArgs, ExitArgs, FileArgs};
use super::failure::Failure;
use super::output::{tell, to_file};
use super::project::{self, Request};
use super::terminal::Terminal;
use crate::finding::{Baseline, Entry, Standing};
use crate::report;
use crate::workspace::{BaselineChoice, Project};
use clap::{Args, Subcommand};
use std::path::PathBuf;

const EXITS: &str = "Exit codes: 0 the baseline is written, 2 the job could not be done.";

#[derive(Args, Debug)]
#[command(after_help = EXITS)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Subcommand, Debug)]
enum BaselineCommand {
    /// Make a baseline of all findings of today
    Write {
        /// Replace the baseline that is there
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        args: Scope,
    },
    /// Accept new findings, take off those that are gone
    Update(Scope),
    /// Take off findings that are gone; accept nothing new
    Prune(Scope),
}

/// What the baseline is about. Entries of other files and rules stay as they are.
#[derive(Args, Debug)]
struct Scope {
    /// Files and folders
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The baseline [default: leaklint-baseline.json beside the configuration]
    #[arg(long, value_name = "FILE", env = "LEAKLINT_BASELINE", hide_env_values = true)]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn baseline(args: &BaselineArgs, terminal: Terminal) -> Result<Exit, Failure> {
    match &args.command {
        BaselineCommand::Write { force, args } => write(args, *force, terminal),
        BaselineCommand::Update(args) => revise(args, true, terminal),
        BaselineCommand::Prune(args) => revise(args, false, terminal),
    }
}

fn write(args: &Scope, force: bool, terminal: Terminal) -> Result<Exit, Failure> {
    // A baseline that is there need not be readable to be replaced.
    let mut project = open(args, BaselineChoice::Nothing, terminal)?;
    if let Some(path) = &args.baseline {
        project.baseline_path = project.selection.cwd.join(path);
    }
    if project.baseline_path.exists() && !force {
        let said = format!("{} is there already", shown(&project));
        return Err(Failure::Said(said, Some("`leaklint baseline update` revises it, `--force` replaces it".to_owned())));
    }
    project.baseline = Some(Baseline::default());
    let standing = standing(&project, terminal)?;
    save(&project, standing.fresh)
}

fn revise(args: &Scope, accepts_new: bool, terminal: Terminal) -> Result<Exit, Failure> {
    let project = open(args, args.baseline.clone().map_or(BaselineChoice::Beside, BaselineChoice::File), terminal)?;
    if project.baseline.is_none() {
        let said = format!("there is no {}", shown(&project));
        return Err(Failure::Said(said, Some("`leaklint baseline write` makes one".to_owned())));
    }
    let Standing { mut kept, untouched, fresh, stale } = standing(&project, terminal)?;
    if !terminal.quiet {
        let new = if accepts_new { format!(", {} new", fresh.len()) } else { String::new() };
        tell(&format!("{} gone{new}", stale.len()));
    }
    kept.extend(untouched);
    if accepts_new {
        kept.extend(fresh);
    }
    save(&project, kept)
}

fn open(args: &Scope, baseline: BaselineChoice, terminal: Terminal) -> Result<Project, Failure> {
    let exit = ExitArgs::default();
    let Scope { paths, choice, files, config, .. } = args;
    project::open(&Request { baseline, ..Request::plain(paths, choice, files, &exit, config) }, terminal)
}

/// How the baseline stands to the findings of now.
fn standing(project: &Project, terminal: Terminal) -> Result<Standing, Failure> {
    let checked = project.check(&project.selection)?;
    for note in &checked.analysis.notes {
        terminal.warn(note);
    }
    // A baseline of half a run would take off what the other half has.
    if let Some(error) = checked.analysis.errors.first() {
        return Err(Failure::new(error.as_str()));
    }
    Ok(checked.judged.standing.unwrap_or_default())
}

fn save(project: &Project, entries: Vec<Entry>) -> Result<Exit, Failure> {
    let baseline = Baseline::new(entries);
    to_file(&project.baseline_path, |out| out.write_all(report::baseline(&baseline).as_bytes()))?;
    let count = baseline.entries.len();
    let findings = if count == 1 { "finding" } else { "findings" };
    tell(&format!("{}: {count} accepted {findings}", shown(project)));
    Ok(Exit::Clean)
}

fn shown(project: &Project) -> String {
    project.baseline_path.strip_prefix(&project.selection.cwd).unwrap_or(&project.baseline_path).display().to_string()
}
