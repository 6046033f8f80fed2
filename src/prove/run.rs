//! The experiment itself: start, warm up, a control round without load, rounds with a snapshot each, stop.

use super::drive::{Churn, Driver, Tally, Target};
use super::experiment::{Driven, Experiment, Interval, Run, Times};
use super::folder::Folder;
use super::group::{Group, Signal};
use super::held;
use super::listen::{Protocol, Server, Serving, wait_for_servers};
use super::probe::{Probed, probe};
use super::process::Process;
use super::refuse::refuse;
use super::settle::{settle, turns};
use super::{Cause, Options, Plan, ProveError};
use crate::capture::{CaptureError, Inspector, Manifest, ScriptFile, SnapshotInfo, SnapshotOptions, utc};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

/// Requests before anything is measured: what is made at first use is there then, and what runs often is compiled.
const WARM_UP: u64 = 300;

/// Of these, to each route at least and at most.
const WARM_UP_EACH: (u64, u64) = (25, 150);

/// How long the program is left alone in the control round.
const IDLE: Duration = Duration::from_millis(1200);

/// How long a program's end may take to show after its connection broke.
const END: Duration = Duration::from_millis(1500);

/// Between two looks at a program that is driven.
const WATCH: Duration = Duration::from_millis(40);

/// A program that answers nothing for so long is asked whether its event loop turns.
const STANDSTILL: Duration = Duration::from_secs(6);

/// The longest wait for what goes by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Who is told what goes on, a line each; and who looks at the last snapshot and may ask for another one after a while.
pub struct Watchers<'a> {
    /// Told what goes on.
    pub progress: &'a mut dyn FnMut(&str),
    /// Sees the last snapshot, and says how long to wait for what it shows to go by itself.
    pub after_last: &'a mut dyn FnMut(&Path) -> Option<Duration>,
}

/// Runs an experiment. However it ends, nothing of the program is left running.
///
/// # Errors
/// If the program must not or cannot be started, ends, never listens, stands still or answers nothing; if it cannot be
/// captured; if time is up or the user stops it. With the program's own last output.
pub fn run(options: &Options, plan: &Plan, watchers: &mut Watchers<'_>) -> Result<Run, ProveError> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    refuse(options, &environment)?;
    if options.requests == 0 || options.rounds == 0 {
        return Err(Cause::Option("an experiment needs requests and rounds".to_owned()).into());
    }
    let folder = Folder::new(options.keep.as_deref())?;
    let started = Instant::now();
    (watchers.progress)(&format!("starting `{}`", options.command.join(" ")));
    let mut process = Process::start(options, options.timeout.map(|it| started + it))?;
    let result = Bench::set_up(&mut process, options, plan, watchers).and_then(|mut bench| bench.run(plan, &folder, watchers));
    let result = result.map_err(|error| explain(error, &mut process, options));
    process.stop();
    match result {
        Ok(mut measured) => {
            measured.experiment.times.total = started.elapsed();
            Ok(Run::new(measured, folder))
        }
        Err(mut error) => {
            error.output = process.output().last();
            Err(error)
        }
    }
}

/// The reason behind an error: a broken connection is the end of the program, and that may be our own doing.
fn explain(error: ProveError, process: &mut Process, options: &Options) -> ProveError {
    if process.timed_out() {
        return Cause::TimedOut(options.timeout.unwrap_or_default()).into();
    }
    if options.stop.load(Ordering::Relaxed) {
        return Cause::Interrupted.into();
    }
    let during = match &error.cause {
        Cause::Capture(CaptureError::Lost { doing, .. }) => format!("while {doing}"),
        Cause::Capture(CaptureError::Exiting | CaptureError::Unreachable { .. }) | Cause::AllFailed { .. } => {
            "while it was driven".to_owned()
        }
        Cause::Unresponsive { .. } => "while it was driven".to_owned(),
        _ => return error,
    };
    match process.ends_within(END) {
        Some(how) => Cause::Exited { how, during }.into(),
        None => error,
    }
}

/// The program and all that is needed to measure it.
struct Bench<'a> {
    options: &'a Options,
    /// Given up when the program only waits for that.
    inspector: Option<Inspector>,
    group: Group,
    servers: Vec<Server>,
    driver: Driver<'a>,
    targets: Vec<Target>,
    churns: Vec<Churn>,
    experiment: Experiment,
    manifest: Manifest,
    /// All requests of all rounds.
    tally: Tally,
}

/// What an experiment came to, before its folder goes with it.
pub(super) struct Measured {
    pub(super) control: SnapshotInfo,
    pub(super) snapshots: Vec<SnapshotInfo>,
    pub(super) idle: Interval,
    pub(super) intervals: Vec<Interval>,
    pub(super) experiment: Experiment,
}

impl<'a> Bench<'a> {
    /// Waits for the program's servers, counts from then on, and asks for every route once.
    fn set_up(
        process: &mut Process,
        options: &'a Options,
        plan: &Plan,
        watchers: &mut Watchers<'_>,
    ) -> Result<Bench<'a>, ProveError> {
        let begun = Instant::now();
        let Serving { mut inspector, mut servers } = wait_for_servers(process, options)?;
        let bases = bases(options, &mut servers)?;
        let all: Vec<String> = servers.iter().map(|it| format!("{}://{}", it.protocol.text(), it.address)).collect();
        (watchers.progress)(&format!("the program listens on {}", all.join(", ")));
        let memory = inspector.memory()?;
        let mut manifest = Manifest::new(&memory, inspector.isolate()?, utc(SystemTime::now()));
        manifest.scripts = inspector.script_paths()?.iter().map(|it| ScriptFile::read(it)).collect();
        inspector.start_coverage()?;
        let driver = Driver::new(&options.stop);
        let times = Times { start: begun.elapsed(), ..Times::default() };
        let mut alive = || turns(inspector.url(), "answering its first requests");
        let Probed { targets, churns, left_out, notes } = probe(&driver, plan, &bases, &servers, &mut alive)?;
        let mut experiment = Experiment {
            command: options.command.clone(),
            node: memory.node,
            v8: memory.v8,
            node_env: memory.node_env,
            requests: options.requests,
            rounds: options.rounds,
            servers: servers.clone(),
            left_out: [plan.left_out.clone(), left_out].concat(),
            notes,
            times,
            ..Experiment::default()
        };
        experiment.routes = driven(&targets);
        experiment.left_out.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Ok(Bench {
            options,
            inspector: Some(inspector),
            group: process.group(),
            servers,
            driver,
            targets,
            churns,
            experiment,
            manifest,
            tally: Tally::default(),
        })
    }

    fn run(&mut self, plan: &Plan, folder: &Folder, watchers: &mut Watchers<'_>) -> Result<Measured, ProveError> {
        let begun = Instant::now();
        self.warm_up(plan, watchers)?;
        settle(self.inspector()?)?;
        let control = self.snapshot(folder, "control", watchers)?;
        self.experiment.times.warm_up = begun.elapsed();
        (watchers.progress)("control round: nothing is sent");
        self.inspector()?.wait(IDLE)?;
        settle(self.inspector()?)?;
        let first = self.snapshot(folder, "0", watchers)?;
        let idle = Interval { coverage: first.coverage.clone().into_iter().collect(), took: IDLE, ..Interval::default() };
        let mut snapshots = vec![first];
        let mut intervals = Vec::new();
        for round in 1..=self.options.rounds {
            let mut interval = self.round(round, watchers)?;
            let snapshot = self.snapshot(folder, &round.to_string(), watchers)?;
            interval.coverage.extend(snapshot.coverage.clone());
            intervals.push(interval);
            snapshots.push(snapshot);
        }
        self.wait_for_timers(folder, &mut snapshots, &mut intervals, watchers)?;
        self.sum_up();
        self.weigh_connections(watchers)?;
        if folder.is_kept() {
            self.write_manifest(folder, &control, &idle, &snapshots, &intervals)?;
        }
        let experiment = std::mem::take(&mut self.experiment);
        Ok(Measured { control, snapshots, idle, intervals, experiment })
    }

    fn warm_up(&mut self, plan: &Plan, watchers: &mut Watchers<'_>) -> Result<(), ProveError> {
        let (routes, planned) = (self.experiment.routes.len(), plan.routes.len());
        let connections = if self.churns.is_empty() { "" } else { " and connections" };
        (watchers.progress)(&format!("warming up {routes} of {planned} routes{connections}"));
        let kinds = (self.targets.len() + self.churns.len()) as u64;
        let each = (WARM_UP / kinds.max(1)).clamp(WARM_UP_EACH.0, WARM_UP_EACH.1);
        let tally = self.drive(each, "warming up")?;
        self.judge(&tally, each, "warming up")
    }

    /// One round of load, until it has settled.
    fn round(&mut self, round: u32, watchers: &mut Watchers<'_>) -> Result<Interval, ProveError> {
        let begun = Instant::now();
        let (requests, connections) =
            (self.targets.len() as u64 * self.options.requests, self.churns.len() as u64 * self.options.requests);
        let what = [(requests, "requests"), (connections, "connections")];
        let what: Vec<String> = what.iter().filter(|it| it.0 > 0).map(|it| format!("{} {}", it.0, it.1)).collect();
        (watchers.progress)(&format!("round {round} of {}: {}", self.options.rounds, what.join(", ")));
        let during = format!("answering round {round}");
        let tally = self.drive(self.options.requests, &during)?;
        self.judge(&tally, self.options.requests, &during)?;
        let interval = Interval {
            requests: tally.requests,
            connections: tally.connections,
            failed: tally.failed(),
            coverage: Vec::new(),
            took: begun.elapsed(),
        };
        self.experiment.times.drive += interval.took;
        self.tally.add(&tally);
        settle(self.inspector()?)?;
        Ok(interval)
    }

    fn inspector(&mut self) -> Result<&mut Inspector, ProveError> {
        self.inspector.as_mut().ok_or_else(|| CaptureError::Exiting.into())
    }

    /// Sends a round, and watches the program meanwhile: one that ends or stands still lets requests hang.
    fn drive(&mut self, each: u64, during: &str) -> Result<Tally, ProveError> {
        let (driver, targets, churns, group) = (&self.driver, &self.targets, &self.churns, &self.group);
        let inspector = &mut self.inspector;
        std::thread::scope(|scope| {
            let round = scope.spawn(|| driver.round(targets, churns, each));
            let mut last = (driver.done(), Instant::now());
            while !round.is_finished() {
                let Some(attached) = inspector.as_mut() else { break };
                let url = attached.url().to_owned();
                let mut watched = attached.wait(WATCH).map_err(ProveError::from);
                if driver.done() != last.0 {
                    last = (driver.done(), Instant::now());
                } else if watched.is_ok() && last.1.elapsed() > STANDSTILL {
                    watched = turns(&url, during);
                    last.1 = Instant::now();
                }
                if let Err(error) = watched {
                    driver.give_up();
                    // One that only waits for us to leave ends with its own exit code.
                    *inspector = None;
                    if matches!(error.cause, Cause::Hangs { .. }) {
                        group.signal(Signal::Kill);
                    }
                    return Err(error);
                }
            }
            round
                .join()
                .map_err(|_| Cause::Unresponsive { during: during.to_owned(), reason: "a thread failed".to_owned() }.into())
        })
    }

    /// Whether what was sent was answered.
    fn judge(&mut self, tally: &Tally, each: u64, during: &str) -> Result<(), ProveError> {
        let sent = tally.requests + tally.connections;
        let was_cut = sent < each * (self.targets.len() + self.churns.len()) as u64;
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Cause::Interrupted.into());
        }
        if tally.failed() == 0 && !was_cut {
            return Ok(());
        }
        turns(self.inspector()?.url(), during)?;
        if sent == 0 || tally.failed() >= sent {
            return Err(Cause::AllFailed { requests: sent, reason: tally.reason() }.into());
        }
        if was_cut {
            return Err(Cause::Unresponsive { during: during.to_owned(), reason: tally.reason() }.into());
        }
        Ok(())
    }

    fn snapshot(&mut self, folder: &Folder, name: &str, watchers: &mut Watchers<'_>) -> Result<SnapshotInfo, ProveError> {
        let begun = Instant::now();
        let path = folder.file(&format!("{name}.heapsnapshot"));
        let options = SnapshotOptions { overwrite: false, coverage: true };
        let info = self.inspector()?.snapshot(&path, options, &mut |_| {})?;
        self.experiment.times.snapshots += begun.elapsed();
        (watchers.progress)(&format!("snapshot {name}: {:.1} MB in {:.1} s", info.bytes as f64 / 1e6, info.took.as_secs_f64()));
        Ok(info)
    }

    /// What goes by itself after a while is given that while, and another last snapshot.
    fn wait_for_timers(
        &mut self,
        folder: &Folder,
        snapshots: &mut [SnapshotInfo],
        intervals: &mut [Interval],
        watchers: &mut Watchers<'_>,
    ) -> Result<(), ProveError> {
        let (Some(last), Some(interval)) = (snapshots.last_mut(), intervals.last_mut()) else { return Ok(()) };
        let Some(wait) = (watchers.after_last)(&last.path) else { return Ok(()) };
        let wait = wait.min(LONGEST_WAIT);
        (watchers.progress)(&format!("waiting {:.1} s for timers that run out", wait.as_secs_f64()));
        self.inspector()?.wait(wait)?;
        settle(self.inspector()?)?;
        let name = format!("{}-settled", self.options.rounds);
        let settled = self.snapshot(folder, &name, watchers)?;
        interval.coverage.extend(settled.coverage.clone());
        // Without `--keep` it goes with its folder, and large ones had better go now.
        if !folder.is_kept() {
            std::fs::remove_file(&last.path).map_err(|error| ProveError::file("remove", &last.path, error))?;
        }
        *last = settled;
        Ok(())
    }

    /// Adds up what was sent.
    fn sum_up(&mut self) {
        let experiment = &mut self.experiment;
        experiment.failed = self.tally.failed();
        experiment.sent = self.tally.requests;
        experiment.connections = self.tally.connections;
        experiment.left = self.tally.left;
        experiment.failures = self.tally.failures.clone().into_iter().collect();
        experiment.statuses = self.tally.statuses.clone().into_iter().collect();
    }

    fn weigh_connections(&mut self, watchers: &mut Watchers<'_>) -> Result<(), ProveError> {
        let Some(churn) = held::choose(&self.targets, &self.churns, &self.servers) else { return Ok(()) };
        (watchers.progress)("holding connections open");
        self.inspector()?.stop_coverage()?;
        let Some(inspector) = &mut self.inspector else { return Ok(()) };
        self.experiment.per_connection = held::measure(inspector, &self.driver, &churn)?;
        Ok(())
    }

    /// What `leaklint confirm` reads beside the snapshots.
    fn write_manifest(
        &mut self,
        folder: &Folder,
        control: &SnapshotInfo,
        idle: &Interval,
        snapshots: &[SnapshotInfo],
        intervals: &[Interval],
    ) -> Result<(), ProveError> {
        self.manifest.push(control).requests = Some(0);
        let each = std::iter::once(idle).chain(intervals);
        for (n, (snapshot, interval)) in snapshots.iter().zip(each).enumerate() {
            let name = format!("{n}.coverage.json");
            let entry = self.manifest.push(snapshot);
            entry.requests = Some(interval.sent());
            if let Some(coverage) = interval.coverage.first() {
                coverage.write(&folder.file(&name), false)?;
                entry.coverage = Some(name);
            }
        }
        self.manifest.write(&folder.path().join(Manifest::FILE), false)?;
        Ok(())
    }
}

/// Where requests go: to what the user says, else to every server that speaks HTTP/1.
fn bases(options: &Options, servers: &mut Vec<Server>) -> Result<Vec<String>, ProveError> {
    let Some(url) = &options.url else {
        let speaks = |it: &&Server| matches!(it.protocol, Protocol::Http | Protocol::Https);
        return Ok(servers.iter().filter(speaks).map(|it| format!("{}://{}", it.protocol.text(), it.address)).collect());
    };
    let (base, address) = super::url::local(url)?;
    servers.retain(|it| it.address.port() == address.port());
    Ok(vec![base])
}

fn driven(targets: &[Target]) -> Vec<Driven> {
    let mut driven: Vec<Driven> = targets
        .iter()
        .map(|it| Driven {
            method: it.route.method.clone(),
            path: it.route.path.clone(),
            span: it.route.span,
            manner: it.manner.text(),
        })
        .collect();
    driven.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    driven.dedup_by(|a, b| a.path == b.path && a.method == b.method);
    driven
}
