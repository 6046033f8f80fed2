//! `leaklint confirm`.

use super::Exit;
use super::args::{ChoiceArgs, ConfigArgs, ExitArgs, FileArgs, FormatArg};
use super::failure::Failure;
use super::project::Request;
use super::proof;
use super::terminal::Terminal;
use crate::capture::{Coverage, Manifest};
use crate::confirm::{Executions, Observation, Series, conclude};
use crate::prove::Experiment;
use clap::Args;
use std::path::{Path, PathBuf};

const EXITS: &str = "Exit codes: 0 no leak confirmed, 1 a leak is confirmed, 2 the job could not be done.";

#[derive(Args, Debug)]
#[command(after_help = EXITS)]
pub(super) struct ConfirmArgs {
    /// Files and folders of the program whose heap it is
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// A heap snapshot; several of one process, in the order in which they were taken
    #[arg(long = "snapshot", value_name = "FILE", required = true)]
    snapshots: Vec<PathBuf>,
    /// Requests between one snapshot and the next, for bytes per request
    #[arg(long, value_name = "N")]
    requests: Option<u64>,
    /// How findings are written
    #[arg(short, long, value_enum, default_value_t = FormatArg::Pretty)]
    format: FormatArg,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn confirm(args: &ConfirmArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let exit = ExitArgs::default();
    let request = Request { paths: &args.paths, choice: &args.choice, files: &args.files, exit: &exit, config: &args.config };
    let mut case = proof::open(request, terminal)?;
    let unexplained = case.with_project(|project, findings| {
        let look = |path: &PathBuf| {
            terminal.log(&format!("reading {}", path.display()));
            proof::shot(project, findings, path)
        };
        let shots = args.snapshots.iter().map(look).collect::<Result<Vec<Observation>, Failure>>()?;
        let executed = args.snapshots.iter().skip(1).map(|it| executions(it)).collect();
        let sent = vec![args.requests; shots.len().saturating_sub(1)];
        let series = Series { idle: None, shots, executed, sent };
        let unexplained = conclude(project, findings, &series, &*proof::reopen(&args.snapshots));
        Ok::<_, Failure>((unexplained, series.bytes_per_request()))
    })?;
    let (unexplained, bytes_per_request) = unexplained;
    let experiment = args.requests.map(|requests| Experiment { requests, bytes_per_request, ..Experiment::default() });
    case.narrow();
    case.report(&unexplained, experiment.as_ref(), args.format, terminal)?;
    Ok(case.exit())
}

/// What ran before a snapshot, if its manifest says so.
fn executions(snapshot: &Path) -> Option<Executions> {
    let (path, manifest) = Manifest::beside(snapshot)?;
    let coverage = manifest.entry(snapshot.file_name()?.to_str()?)?.coverage.as_ref()?;
    Some(proof::executions(&[Coverage::read(&path.with_file_name(coverage)).ok()?]))
}
