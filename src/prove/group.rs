//! A program and everything that it started: found again and ended, whatever became of their parents.

use std::process::Command;

/// The variable that marks what an experiment started: descendants inherit it, also those that leave the process group.
const MARK: &str = "LEAKLINT_EXPERIMENT";

/// What one experiment started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    /// The number of the program, which is that of its process group.
    leader: u32,
    mark: String,
}

/// How hard to end it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signal {
    /// It may clean up.
    Term,
    /// At once.
    Kill,
}

/// Prepares a command to be started in a process group of its own, and gives its mark.
pub(super) fn prepare(command: &mut Command) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mark = format!("{}-{}", std::process::id(), since.as_nanos());
    command.env(MARK, &mark);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    mark
}

impl Group {
    /// What was started with a mark.
    pub(super) fn new(leader: u32, mark: String) -> Group {
        Group { leader, mark }
    }

    /// Signals all of it that lives.
    pub(super) fn signal(&self, signal: Signal) {
        self.signal_group(signal);
        for pid in self.strays() {
            end(pid, signal);
        }
    }

    /// Whether anything of it lives.
    pub(super) fn is_alive(&self) -> bool {
        self.group_lives() || !self.strays().is_empty()
    }

    #[cfg(unix)]
    fn signal_group(&self, signal: Signal) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.leader as i32) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(pid, native(signal));
        }
    }

    #[cfg(not(unix))]
    fn signal_group(&self, signal: Signal) {
        end(self.leader, signal);
    }

    #[cfg(target_os = "linux")]
    fn group_lives(&self) -> bool {
        processes().any(|(_, group, is_zombie)| group == self.leader && !is_zombie)
    }

    #[cfg(all(unix, not(target_os = "linux")))]
    fn group_lives(&self) -> bool {
        let pid = rustix::process::Pid::from_raw(self.leader as i32);
        pid.is_some_and(|it| rustix::process::test_kill_process_group(it).is_ok())
    }

    #[cfg(not(unix))]
    fn group_lives(&self) -> bool {
        false
    }

    /// Processes that left the group.
    #[cfg(target_os = "linux")]
    fn strays(&self) -> Vec<u32> {
        let mark = format!("{MARK}={}", self.mark).into_bytes();
        let others = processes().filter(|(_, group, is_zombie)| *group != self.leader && !is_zombie).map(|it| it.0);
        // Those of other users cannot be read, and are not ours.
        let environment = |pid: &u32| std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        others.filter(|pid| environment(pid).split(|it| *it == 0).any(|it| it == mark)).collect()
    }

    #[cfg(not(target_os = "linux"))]
    fn strays(&self) -> Vec<u32> {
        let _ = &self.mark;
        Vec::new()
    }
}

#[cfg(unix)]
fn native(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    }
}

#[cfg(unix)]
fn end(pid: u32, signal: Signal) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, native(signal));
    }
}

#[cfg(not(unix))]
fn end(pid: u32, signal: Signal) {
    let mut command = Command::new("taskkill");
    command.args(["/T", "/PID", &pid.to_string()]);
    if signal == Signal::Kill {
        command.arg("/F");
    }
    let _ = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status();
}

/// All processes: number, process group, and whether only its exit code is left of it.
#[cfg(target_os = "linux")]
fn processes() -> impl Iterator<Item = (u32, u32, bool)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name stands in parentheses and may contain anything, parentheses too.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let group = fields.nth(1)?.parse().ok()?;
        Some((pid, group, matches!(state, "Z" | "X")))
    })
}
