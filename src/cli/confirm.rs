//! `leaklint confirm`.

use super::Exit;
use super::args::{CacheArgs, ChoiceArgs, ConfigArgs, ExitArgs, FileArgs, OutputArgs};
use super::failure::Failure;
use super::project::Request;
use super::proof;
use super::publish::Outputs;
use super::terminal::Terminal;
use crate::capture::{Coverage, Manifest, ScriptFile, SnapshotEntry};
use crate::confirm::{Executions, Observation, Series, conclude};
use crate::prove::Experiment;
use crate::report::Format;
use clap::Args;
use std::collections::BTreeSet;
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
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn confirm(args: &ConfirmArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let outputs = Outputs::new(&args.output, Format::Pretty)?;
    let exit = ExitArgs::default();
    let ConfirmArgs { paths, choice, files, config, .. } = args;
    let request = Request::plain(paths, choice, files, &exit, config);
    let taken: Vec<Taken<'_>> = args.snapshots.iter().map(|it| Taken::new(it)).collect();
    same_isolate(&taken)?;
    let mut case = proof::open(&request, &args.cache, terminal)?;
    let (unexplained, series) = case.with_project(|project, findings| {
        let look = |path: &PathBuf| {
            terminal.log(&format!("reading {}", path.display()));
            proof::shot(project, findings, path)
        };
        let shots = args.snapshots.iter().map(look).collect::<Result<Vec<Observation>, Failure>>()?;
        let executed = taken.iter().skip(1).map(Taken::executions).collect();
        let sent = taken.iter().skip(1).map(|it| it.requests(args.requests)).collect();
        let series = Series { idle: None, shots, executed, sent };
        Ok::<_, Failure>((conclude(project, findings, &series, &*proof::reopen(&args.snapshots)), series))
    })?;
    let notes = changed(&taken, &case);
    let experiment = experiment(&taken, &series, notes);
    case.narrow();
    case.report(&unexplained, experiment.as_ref(), &outputs, terminal)?;
    Ok(case.exit())
}

/// A snapshot with what its manifest says.
struct Taken<'a> {
    path: &'a Path,
    manifest: Option<(PathBuf, Manifest)>,
}

impl<'a> Taken<'a> {
    fn new(path: &'a Path) -> Taken<'a> {
        Taken { path, manifest: Manifest::beside(path) }
    }

    fn entry(&self) -> Option<&SnapshotEntry> {
        self.manifest.as_ref()?.1.entry(self.path.file_name()?.to_str()?)
    }

    /// Requests between the snapshot before and this one: what the user says, or its manifest.
    fn requests(&self, said: Option<u64>) -> Option<u64> {
        said.or_else(|| self.entry()?.requests).filter(|it| *it > 0)
    }

    /// What ran before it, if its manifest says so.
    fn executions(&self) -> Option<Executions> {
        let coverage = self.entry()?.coverage.as_ref()?;
        let path = self.manifest.as_ref()?.0.with_file_name(coverage);
        Some(proof::executions(&[Coverage::read(&path).ok()?]))
    }
}

/// Objects of two processes have nothing in common but chance.
fn same_isolate(taken: &[Taken<'_>]) -> Result<(), Failure> {
    let mut known = taken.iter().filter_map(|it| Some((it.path, &it.manifest.as_ref()?.1.isolate)));
    let Some((first, isolate)) = known.next() else { return Ok(()) };
    match known.find(|it| it.1 != isolate) {
        Some((other, _)) => Err(Failure::new(format!(
            "{} and {} come from different processes or threads: what is in one cannot be counted on from the other",
            first.display(),
            other.display()
        ))),
        None => Ok(()),
    }
}

/// The program's files that are not what ran any more.
fn changed(taken: &[Taken<'_>], case: &proof::Case) -> Vec<String> {
    let Some((_, manifest)) = taken.last().and_then(|it| it.manifest.as_ref()) else { return Vec::new() };
    let shown: BTreeSet<String> = case.analysis.paths().into_iter().collect();
    let below = |path: &str| Some(Path::new(path).strip_prefix(&case.root).ok()?.to_string_lossy().replace('\\', "/"));
    let own = manifest.scripts.iter().filter_map(|it| Some((below(&it.path)?, it))).filter(|it| shown.contains(&it.0));
    let differs = |it: &ScriptFile| it.xxh3.is_some() && ScriptFile::read(Path::new(&it.path)).xxh3 != it.xxh3;
    let names: Vec<String> = own.filter(|it| differs(it.1)).map(|it| it.0).collect();
    match names.len() {
        0 => Vec::new(),
        1 => vec![format!("{} has changed since the snapshots were taken: its lines may not be those that ran", names[0])],
        n => vec![format!(
            "{n} files have changed since the snapshots were taken, {} the first: their lines may not be those that ran",
            names[0]
        )],
    }
}

/// What is known of the series besides the heaps.
fn experiment(taken: &[Taken<'_>], series: &Series, notes: Vec<String>) -> Option<Experiment> {
    let manifest = taken.iter().find_map(|it| Some(&it.manifest.as_ref()?.1));
    let sent: u64 = series.sent.iter().flatten().sum();
    if manifest.is_none() && sent == 0 {
        return None;
    }
    Some(Experiment {
        node: manifest.map(|it| it.node.clone()).unwrap_or_default(),
        v8: manifest.map(|it| it.v8.clone()).unwrap_or_default(),
        node_env: manifest.and_then(|it| it.node_env.clone()),
        requests: series.sent.iter().flatten().copied().max().unwrap_or_default(),
        rounds: series.sent.len() as u32,
        sent,
        bytes_per_request: series.bytes_per_request(),
        heap_room: taken.last().and_then(|it| Some(it.entry()?.memory.heap_room())),
        notes,
        ..Experiment::default()
    })
}
