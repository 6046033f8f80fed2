//! `leaklint capture`.

use super::Exit;
use super::duration;
use super::failure::Failure;
use super::interrupt::on_interrupt;
use super::output::{tell, to_stdout};
use super::terminal::Terminal;
use crate::capture::{
    CaptureError, Inspector, Manifest, Progress, Room, Series, SeriesOptions, SnapshotEntry, Target, close_inspector,
    is_loopback, open_inspector, targets,
};
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

const AFTER: &str = "The process stands still while a snapshot is written, and needs many times its heap of memory.
Snapshots hold everything the process knows: passwords, sessions, bodies of requests. They are readable for you only.

Exit codes: 0 all snapshots are there, 2 not all, 130 interrupted.";

#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub(super) struct CaptureArgs {
    #[command(flatten)]
    from: From,
    /// The heap of this worker thread instead of the main thread's
    #[arg(long, value_name = "THREAD")]
    worker: Option<String>,
    /// How many snapshots
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    count: u16,
    /// Wait this long between two snapshots, as in `30s` or `5m`
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    interval: Option<Duration>,
    /// Wait for a line of standard input before each snapshot [default: if that is a terminal]
    #[arg(long, conflicts_with = "interval")]
    on_enter: bool,
    /// The folder for snapshots and their manifest
    #[arg(long, value_name = "DIR", default_value = "leaklint-heap")]
    output_dir: PathBuf,
    /// Replace snapshots that are there
    #[arg(long)]
    force: bool,
    /// Count how often each function runs, so that `confirm` can tell what was released; it slows the process
    #[arg(long)]
    coverage: bool,
    /// How long the process may take to answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    timeout: Duration,
    /// Go on although memory may not suffice
    #[arg(long)]
    ignore_memory: bool,
    /// Let --url lead to another machine
    #[arg(long)]
    allow_remote: bool,
}

/// Which process.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct From {
    /// The port of an inspector on this machine, as in `node --inspect=9229`
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The URL of an inspector, as in `ws://127.0.0.1:9229/0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A Node process of yours: its inspector is opened, and closed again
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
}

/// Where the inspector is, and whether it is to be closed.
struct Place {
    url: String,
    /// Host and port of an inspector that was opened for this.
    opened: Option<String>,
}

/// How long it is waited for something other than the process before the process is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The terminal's line is not rewritten more often.
const REFRESH: Duration = Duration::from_millis(100);

impl std::convert::From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Failure {
        let help = match &error {
            CaptureError::Exists(_) => Some("--force replaces it; --output-dir takes another folder"),
            CaptureError::Unreachable { .. } => Some("start the program as in `node --inspect server.js`, or pass --pid"),
            CaptureError::Timeout { .. } => Some("--timeout waits longer"),
            _ => None,
        };
        Failure::Said(error.to_string(), help.map(str::to_owned))
    }
}

pub(super) fn capture(args: &CaptureArgs, terminal: Terminal) -> Result<Exit, Failure> {
    if args.count > 1 && args.interval.is_none() && !args.on_enter && !std::io::stdin().is_terminal() {
        let help = "--interval 30s waits between them, --on-enter reads a line of standard input before each";
        return Err(Failure::Said("nothing says when to take the snapshots".to_owned(), Some(help.to_owned())));
    }
    let options = SeriesOptions {
        folder: args.output_dir.clone(),
        count: args.count.into(),
        overwrite: args.force,
        coverage: args.coverage,
    };
    Series::prepare(&options)?;
    let stop = on_interrupt()?;
    let place = match place(args, &stop) {
        Err(Taking::Interrupted) => return Ok(interrupted()),
        Err(Taking::Failed(failure)) => return Err(failure),
        Ok(place) => place,
    };
    let taken = take_all(args, options, &place, &stop, terminal);
    let closed = place.opened.as_deref().map_or(Ok(()), |it| close_inspector(it, args.timeout));
    match taken {
        Err(Taking::Failed(failure)) => {
            if let Err(error) = closed {
                terminal.warn(&error.to_string());
            }
            Err(failure)
        }
        Err(Taking::Interrupted) => {
            closed?;
            Ok(interrupted())
        }
        Ok(is_complete) => {
            closed?;
            Ok(if is_complete { Exit::Clean } else { Exit::Failed })
        }
    }
}

fn interrupted() -> Exit {
    tell("interrupted: nothing half is left");
    Exit::Interrupted
}

/// Why a series ended before its time.
enum Taking {
    Failed(Failure),
    Interrupted,
}

impl std::convert::From<CaptureError> for Taking {
    fn from(error: CaptureError) -> Taking {
        match error {
            CaptureError::Interrupted => Taking::Interrupted,
            error => Taking::Failed(error.into()),
        }
    }
}

impl std::convert::From<Failure> for Taking {
    fn from(failure: Failure) -> Taking {
        Taking::Failed(failure)
    }
}

/// Finds the inspector, or has it opened.
fn place(args: &CaptureArgs, stop: &AtomicBool) -> Result<Place, Taking> {
    if let Some(pid) = args.from.pid {
        let found = open_inspector(pid, args.timeout, stop)?;
        return Ok(Place { url: found.url, opened: found.is_ours.then_some(found.address) });
    }
    if let Some(url) = &args.from.url {
        if !args.allow_remote && !is_loopback(url) {
            let message = format!("{url} is not on this machine");
            let help = "an inspector lets everyone on its network run code: tunnel its port here, or pass --allow-remote";
            return Err(Failure::Said(message, Some(help.to_owned())).into());
        }
        return Ok(Place { url: url.clone(), opened: None });
    }
    let address = format!("127.0.0.1:{}", args.from.port.unwrap_or_default());
    let mut targets = targets(&address, args.timeout)?;
    match targets.len() {
        0 => Err(Failure::new(format!("the inspector at {address} has nothing to capture")).into()),
        1 => Ok(Place { url: targets.remove(0).url, opened: None }),
        _ => Err(Failure::Said(format!("the inspector at {address} has several targets"), Some(choices(&targets))).into()),
    }
}

fn choices(targets: &[Target]) -> String {
    let rows = targets.iter().map(|it| format!("\n    --url {}  {} {}", it.url, it.kind, it.title));
    format!("take one of them:{}", rows.collect::<String>())
}

/// Takes the snapshots; whether that were all.
fn take_all(
    args: &CaptureArgs,
    options: SeriesOptions,
    place: &Place,
    stop: &Arc<AtomicBool>,
    terminal: Terminal,
) -> Result<bool, Taking> {
    let mut inspector = Inspector::connect(&place.url, args.timeout)?;
    inspector.stop_when(Arc::clone(stop));
    choose_thread(args, &mut inspector, terminal)?;
    let mut series = Series::start(inspector, options)?;
    let known = series.manifest();
    note(terminal, &format!("process {}, Node {}, V8 {}", known.pid, known.node, known.v8));
    let lines = args.interval.is_none().then(read_lines);
    for number in 1..=usize::from(args.count) {
        let goes_on = match (&lines, args.interval) {
            (Some(lines), _) if args.on_enter || args.count > 1 => wait_for_line(lines, &mut series, number, args, terminal)?,
            (_, Some(interval)) if number > 1 => {
                series.inspector().wait(interval)?;
                true
            }
            _ => true,
        };
        if !goes_on {
            terminal.warn(&format!("standard input ended: {} of {} snapshots were taken", number - 1, args.count));
            break;
        }
        take(args, &mut series, terminal)?;
    }
    let taken = series.manifest().snapshots.len();
    next_steps(&args.output_dir, series.manifest(), terminal);
    Ok(taken == usize::from(args.count))
}

/// Turns to the worker thread that is asked for, or tells that there are some.
fn choose_thread(args: &CaptureArgs, inspector: &mut Inspector, terminal: Terminal) -> Result<(), Taking> {
    let workers = inspector.workers()?;
    let list = workers.iter().map(|it| format!("\n    --worker {}  {} {}", it.id, it.title, it.url)).collect::<String>();
    match &args.worker {
        Some(id) => match workers.iter().find(|it| it.id == *id) {
            Some(worker) => inspector.turn_to(worker),
            None if workers.is_empty() => return Err(Failure::new("the process has no worker threads").into()),
            None => {
                let help = format!("take one of them:{list}");
                return Err(Failure::Said(format!("the process has no worker thread {id}"), Some(help)).into());
            }
        },
        None if workers.is_empty() => {}
        None => {
            note(terminal, &format!("the heaps of worker threads are not in the main thread's:{list}"));
            inspector.leave_workers()?;
        }
    }
    Ok(())
}

/// One snapshot, with what it will cost beforehand.
fn take(args: &CaptureArgs, series: &mut Series, terminal: Terminal) -> Result<(), Taking> {
    let room = series.room()?;
    check_room(args, &room, terminal)?;
    let path = series.next_path();
    let [least, most] = room.pause();
    let cost = format!("{:.1} to {:.1} s and {} of memory", least.max(0.1), most.max(1.0), size(room.memory_needed()[1]));
    note(terminal, &format!("{}: a heap of {}; expect a pause of {cost}", path.display(), size(room.heap_used)));
    let mut line = Line::new(terminal);
    let entry = series.take(&mut |it| line.show(it));
    line.clear();
    let SnapshotEntry { bytes, took, .. } = entry?;
    note(terminal, &format!("{}: {} written in {:.1} s", path.display(), size(*bytes), *took as f64 / 1000.0));
    to_stdout(|out| writeln!(out, "{}", path.display()))?;
    Ok(())
}

fn check_room(args: &CaptureArgs, room: &Room, terminal: Terminal) -> Result<(), Failure> {
    let [least, most] = room.memory_needed().map(size);
    let left = size(room.memory.unwrap_or_default());
    if room.lacks_disk() {
        let free = size(room.disk.unwrap_or_default());
        let message =
            format!("a snapshot of about {} does not fit: {free} are free at {}", size(room.file()), args.output_dir.display());
        return Err(Failure::new(message));
    }
    if room.lacks_memory() && !args.ignore_memory {
        let message = format!("a snapshot needs {least} to {most} of memory, and {left} are left: the process might be killed");
        let help = "a sampling profile needs little (`node --heap-prof`); --ignore-memory goes on all the same";
        return Err(Failure::Said(message, Some(help.to_owned())));
    }
    if room.may_lack_memory() {
        terminal.warn(&format!("a snapshot needs {least} to {most} of memory, and {left} are left"));
    }
    Ok(())
}

/// Lines of standard input as they come; a thread of its own, since nothing can interrupt a read.
fn read_lines() -> Receiver<()> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.send(()).is_err() {
                break;
            }
        }
    });
    lines
}

/// Waits for a line; whether one came before the end. The end of the process is noticed meanwhile.
fn wait_for_line(
    lines: &Receiver<()>,
    series: &mut Series,
    number: usize,
    args: &CaptureArgs,
    terminal: Terminal,
) -> Result<bool, Taking> {
    note(terminal, &format!("press Enter for snapshot {number} of {}", args.count));
    loop {
        match lines.try_recv() {
            Ok(()) => return Ok(true),
            Err(TryRecvError::Disconnected) => return Ok(false),
            Err(TryRecvError::Empty) => series.inspector().wait(LOOK)?,
        }
    }
}

fn next_steps(folder: &Path, manifest: &Manifest, terminal: Terminal) {
    let paths = manifest.snapshots.iter().map(|it| format!(" --snapshot {}", folder.join(&it.file).display()));
    let paths: String = paths.collect();
    if !paths.is_empty() {
        note(terminal, &format!("next: leaklint confirm{paths}"));
    }
}

/// A line for those who want to know what goes on.
fn note(terminal: Terminal, line: &str) {
    if !terminal.quiet {
        tell(line);
    }
}

/// The line of a terminal that shows how far a snapshot is.
struct Line {
    is_shown: bool,
    last: Option<Instant>,
}

impl Line {
    fn new(terminal: Terminal) -> Line {
        Line { is_shown: !terminal.quiet && std::io::stderr().is_terminal(), last: None }
    }

    fn show(&mut self, progress: Progress) {
        if !self.is_shown || self.last.is_some_and(|it| it.elapsed() < REFRESH) {
            return;
        }
        self.last = Some(Instant::now());
        self.write(&match progress {
            Progress::Graph { done, total } => format!("  reading the heap: {done} of {total} objects"),
            Progress::Written(bytes) => format!("  {} written", size(bytes)),
        });
    }

    fn clear(&mut self) {
        if self.last.is_some() {
            self.write("");
        }
    }

    /// Puts a text in the place of the line. That nobody sees it is no failure.
    fn write(&self, text: &str) {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{text}");
    }
}

/// Bytes for people, in powers of ten.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|it| bytes >= it.0) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} bytes"),
    }
}
