//! `leaklint prove`.

use super::Exit;
use super::args::{CacheArgs, ChoiceArgs, ConfigArgs, ExitArgs, FileArgs, OutputArgs};
use super::duration;
use super::failure::Failure;
use super::interrupt::on_interrupt;
use super::output::{tell, to_stdout};
use super::project::Request;
use super::proof;
use super::publish::Outputs;
use super::terminal::Terminal;
use crate::capture::{SnapshotInfo, map};
use crate::config::Size;
use crate::confirm::{Project, Series, Unexplained, conclude, release_delay};
use crate::finding::Finding;
use crate::prove::{self, Cause, LeftOut, Options, Plan, ProveError, Route, Run, Watchers};
use crate::report::Format;
use crate::text::Span;
use crate::workspace::Analysis;
use clap::Args;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

const AFTER: &str =
    "The program is started with an inspector on a free port of this machine, driven over its loopback interface, and
stopped with everything it started. Only GET and HEAD are sent, and not to paths that sound as if they changed, ended
or cost something: --dry-run shows the plan. Nothing is sent to another machine.

Examples:
  leaklint prove -- node server.js
  leaklint prove --requests 500 src -- npm start
  leaklint prove --path /feed --path 'POST /items' -- npx tsx server.ts

Exit codes: 0 no leak is confirmed, 1 one is or the budget is passed, 2 the experiment could not be done, 130 interrupted.";

/// How long is waited for what goes by itself, as a timeout or a cache with a time to live.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub(super) struct ProveArgs {
    /// The program's sources: files and folders
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The command that starts the program
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
    #[command(flatten)]
    load: LoadArgs,
    /// Print what would be sent, and start nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep the snapshots in this folder, new or empty: they hold everything the program knows
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// How long the program may take to listen
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    start_timeout: Duration,
    /// How long everything may take [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    timeout: Option<Duration>,
    /// Start the program although NODE_ENV is `production`
    #[arg(long)]
    allow_production: bool,
    /// Start the program although its environment names databases on other machines
    #[arg(long)]
    allow_remote_databases: bool,
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

/// What is sent.
#[derive(Args, Debug)]
#[command(next_help_heading = "Load")]
struct LoadArgs {
    /// Requests to each route in each round; connections, for servers that speak no HTTP
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    requests: u64,
    /// Rounds, each followed by a heap snapshot
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=50))]
    rounds: u32,
    /// Fail when more bytes stay per request, as in `2KiB`
    #[arg(long, value_name = "SIZE")]
    budget: Option<Size>,
    /// Methods that may be sent [default: GET,HEAD]; POST, PUT and PATCH carry the fields that handlers read
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    methods: Vec<String>,
    /// Send this instead of the routes that the sources show: `/path`, or `METHOD /path`; may be repeated
    #[arg(long = "path", value_name = "PATH")]
    routes: Vec<String>,
    /// Send it to this server, as in `http://127.0.0.1:3000` [default: all that the program listens on]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) fn prove(args: &ProveArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let outputs = Outputs::new(&args.output, Format::Pretty)?;
    let exit = ExitArgs::default();
    let ProveArgs { paths, choice, files, config, .. } = args;
    let request = Request::plain(paths, choice, files, &exit, config);
    let mut case = proof::open(&request, &args.cache, terminal)?;
    if let Some(error) = case.analysis.errors.first() {
        return Err(Failure::new(error.as_str()));
    }
    let mut options = args.options();
    let plan = match prove::plan(&case.analysis.units, &case.analysis.manifests, &case.rulebook, &options) {
        Ok(plan) => plan,
        Err(cause) => return fail(&cause.into(), terminal),
    };
    if args.dry_run {
        to_stdout(|out| dry_run(&options, &plan, &case.analysis, out))?;
        return Ok(Exit::Clean);
    }
    options.stop = on_interrupt()?;
    let mut run = match case.with_project(|project, _| experiment(&options, &plan, project, terminal)) {
        Ok(run) => run,
        Err(error) => return fail(&error, terminal),
    };
    let unexplained = case.with_project(|project, findings| confirmed(project, findings, &mut run))?;
    case.narrow();
    case.report(&unexplained, Some(&run.experiment), &outputs, terminal)?;
    if let Some(folder) = run.kept() {
        tell(&format!("the snapshots are in {}", folder.display()));
    }
    let over = args.load.budget.as_ref().zip(run.experiment.bytes_per_request).filter(|(budget, each)| *each > budget.0 as i64);
    if let Some((budget, each)) = &over {
        tell(&format!("over the budget: {each} bytes stay per request, {} are allowed", budget.0));
    }
    Ok(if over.is_some() && case.exit() == Exit::Clean { Exit::Found } else { case.exit() })
}

/// Runs the program under load.
fn experiment(options: &Options, plan: &Plan, project: Project<'_>, terminal: Terminal) -> Result<Run, ProveError> {
    let mut watchers = Watchers {
        progress: &mut |line| {
            if !terminal.quiet {
                tell(line);
            }
        },
        // What goes by itself soon is given the time to go.
        after_last: &mut |path| release_delay(project, &map(path).ok()?, PATIENCE),
    };
    prove::run(options, plan, &mut watchers)
}

/// Holds the findings against what the experiment showed.
fn confirmed(project: Project<'_>, findings: &mut [Finding], run: &mut Run) -> Result<Vec<Unexplained>, Failure> {
    let look = |info: &SnapshotInfo| proof::shot(project, findings, &info.path);
    let idle = Some(look(&run.control)?);
    let shots = run.snapshots.iter().map(look).collect::<Result<Vec<_>, Failure>>()?;
    let executed = run.intervals.iter().map(|it| Some(proof::executions(&it.coverage))).collect();
    let paths: Vec<PathBuf> = run.snapshots.iter().map(|it| it.path.clone()).collect();
    let sent = run.intervals.iter().map(|it| Some(it.sent())).collect();
    let series = Series { idle, shots, executed, sent };
    run.experiment.bytes_per_request = series.bytes_per_request();
    Ok(conclude(project, findings, &series, &*proof::reopen(&paths)))
}

impl ProveArgs {
    fn options(&self) -> Options {
        let mut options = Options {
            command: self.command.clone(),
            requests: self.load.requests,
            rounds: self.load.rounds,
            paths: self.load.routes.clone(),
            url: self.load.url.clone(),
            start_timeout: self.start_timeout,
            timeout: self.timeout,
            keep: self.keep.clone(),
            allow_production: self.allow_production,
            allow_remote_databases: self.allow_remote_databases,
            ..Options::default()
        };
        if !self.load.methods.is_empty() {
            options.methods = self.load.methods.iter().map(|it| it.trim().to_ascii_uppercase()).collect();
        }
        options
    }
}

/// Tells why an experiment could not be done, with the program's own last words.
fn fail(error: &ProveError, terminal: Terminal) -> Result<Exit, Failure> {
    if matches!(error.cause, Cause::Interrupted) {
        terminal.warn("interrupted: the program was stopped");
        return Ok(Exit::Interrupted);
    }
    Failure::Said(error.to_string(), error.advice()).tell(terminal);
    if !error.output.is_empty() {
        tell("the program's own last output:");
        error.output.iter().for_each(|line| tell(&format!("  | {line}")));
    }
    Ok(Exit::Failed)
}

/// What would be sent.
fn dry_run(options: &Options, plan: &Plan, analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "command   {}", options.command.join(" "))?;
    let each = options.requests * plan.routes.len() as u64;
    let (rounds, requests, routes) = (options.rounds, options.requests, plan.routes.len());
    let plural = if routes == 1 { "" } else { "s" };
    writeln!(
        out,
        "load      {rounds} rounds of {requests} requests to each of {routes} route{plural}: {} in all",
        each * u64::from(rounds)
    )?;
    writeln!(out, "          {requests} connections in each round to servers of bytes and of web sockets")?;
    if let Some(url) = &options.url {
        writeln!(out, "server    {url}")?;
    }
    for Route { method, path, span, body } in &plan.routes {
        let body = if body.is_empty() { String::new() } else { format!(" with {body}") };
        writeln!(out, "{}", format!("drive     {method:<6} {path:<32} {}{body}", place(*span, analysis)).trim_end())?;
    }
    for LeftOut { method, path, span, reason } in &plan.left_out {
        let path = if path.is_empty() { "?" } else { path };
        writeln!(out, "leave out {method:<6} {path:<32} {}: {}", place(*span, analysis), reason.text())?;
    }
    for path in &plan.sockets {
        writeln!(out, "socket    {path}")?;
    }
    Ok(())
}

/// Where a route is registered.
fn place(span: Option<Span>, analysis: &Analysis) -> String {
    let Some((span, text)) = span.and_then(|it| Some((it, analysis.texts.get(it.file)?))) else { return String::new() };
    format!("{}:{}", text.path, text.location(span.start).line)
}
