//! The program: started with an inspector, watched, and stopped with all that it started.

use super::group::{self, Group, Signal};
use super::output::Output;
use super::{Cause, Options, ProveError};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a program may take to clean up after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(2);

/// What is asked of Node: an inspector on a free port of the loopback interface.
const INSPECT: &str = "--inspect=127.0.0.1:0";

/// How often the watch looks.
const TICK: Duration = Duration::from_millis(30);

/// A running program. Dropping it stops it, and everything that it started.
pub(super) struct Process {
    child: Child,
    group: Group,
    output: Output,
    /// Its end, once it was noticed.
    status: Option<ExitStatus>,
    watch: Arc<Watch>,
}

/// Ends the program from another thread: when the user says so, or when time is up.
#[derive(Default)]
struct Watch {
    is_over: AtomicBool,
    timed_out: AtomicBool,
}

impl Process {
    /// Starts the program of some options; `deadline` ends it whatever it does.
    ///
    /// # Errors
    /// If there is no such program, or it may not be run.
    pub(super) fn start(options: &Options, deadline: Option<Instant>) -> Result<Process, ProveError> {
        let line = options.command.join(" ");
        let Some((program, arguments)) = options.command.split_first() else {
            return Err(Cause::Option("no command to start".to_owned()).into());
        };
        let mut command = Command::new(program);
        command.args(arguments).env("NODE_OPTIONS", node_options(std::env::var("NODE_OPTIONS").ok()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mark = group::prepare(&mut command);
        let mut child = command.spawn().map_err(|error| Cause::NotStarted { command: line, error })?;
        let group = Group::new(child.id(), mark);
        running().push(group.clone());
        let output = Output::default();
        if let Some(stdout) = child.stdout.take() {
            output.drain(stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            output.drain(stderr);
        }
        let watch = Arc::new(Watch::default());
        watch_over(&watch, &group, &options.stop, deadline);
        Ok(Process { child, group, output, status: None, watch })
    }

    /// What it wrote.
    pub(super) fn output(&self) -> &Output {
        &self.output
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, in words, if it did.
    pub(super) fn ended(&mut self) -> Option<String> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status.map(in_words)
    }

    /// The same after a moment: who hears of a broken connection hears of it before the program's end can be seen.
    pub(super) fn ends_within(&mut self, patience: Duration) -> Option<String> {
        let until = Instant::now() + patience;
        while self.ended().is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.ended()
    }

    /// Whether it was ended because its time was up.
    pub(super) fn timed_out(&self) -> bool {
        self.watch.timed_out.load(Ordering::Relaxed)
    }

    /// Ends it: `SIGTERM`, then, for what is left after a moment, `SIGKILL`.
    pub(super) fn stop(&mut self) {
        if self.watch.is_over.swap(true, Ordering::SeqCst) {
            return;
        }
        self.group.signal(Signal::Term);
        let until = Instant::now() + GRACE;
        while (self.ended().is_none() || self.group.is_alive()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let until = Instant::now() + GRACE;
        while (self.ended().is_none() || self.group.is_alive()) && Instant::now() < until {
            self.group.signal(Signal::Kill);
            std::thread::sleep(Duration::from_millis(10));
        }
        running().retain(|it| *it != self.group);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What runs now, for those who leave in a hurry.
static RUNNING: Mutex<Vec<Group>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Group>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every program that an experiment of this process runs: for those who end the process without waiting.
pub fn abandon() {
    running().iter().for_each(|it| it.signal(Signal::Kill));
}

/// Kills the group when the user says so or when time is up: whoever waits for an answer of the program gets none then,
/// and looks why.
fn watch_over(watch: &Arc<Watch>, group: &Group, stop: &Arc<AtomicBool>, deadline: Option<Instant>) {
    let (watch, group, stop) = (Arc::clone(watch), group.clone(), Arc::clone(stop));
    std::thread::spawn(move || {
        while !watch.is_over.load(Ordering::SeqCst) {
            let is_late = deadline.is_some_and(|it| Instant::now() >= it);
            if is_late || stop.load(Ordering::Relaxed) {
                watch.timed_out.store(is_late, Ordering::Relaxed);
                group.signal(Signal::Term);
                std::thread::sleep(GRACE / 4);
                if !watch.is_over.load(Ordering::SeqCst) {
                    group.signal(Signal::Kill);
                }
                return;
            }
            std::thread::sleep(TICK);
        }
    });
}

/// The caller's `NODE_OPTIONS`, and the inspector.
fn node_options(given: Option<String>) -> String {
    match given.as_deref().map(str::trim).filter(|it| !it.is_empty()) {
        Some(given) => format!("{given} {INSPECT}"),
        None => INSPECT.to_owned(),
    }
}

fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "no exit code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::node_options;

    #[test]
    fn node_options_are_kept() {
        assert_eq!(node_options(None), "--inspect=127.0.0.1:0");
        assert_eq!(node_options(Some(" ".into())), "--inspect=127.0.0.1:0");
        assert_eq!(node_options(Some("--enable-source-maps".into())), "--enable-source-maps --inspect=127.0.0.1:0");
    }
}
