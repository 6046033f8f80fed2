//! Is there room for a snapshot: in memory while it is written, and on the disk?

use super::evaluate::LOAD;
use super::{CaptureError, Inspector, Memory};
use std::path::Path;

/// What a snapshot will cost. The factors were measured on Node 18 to 26.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Room {
    /// Bytes of live and not yet collected objects.
    pub heap_used: u64,
    /// Bytes of memory that the process can still have; none if that is unknown.
    pub memory: Option<u64>,
    /// Bytes that can still be written to the folder; none if that is unknown.
    pub disk: Option<u64>,
}

/// The least memory that a snapshot takes, and the most, as multiples of the heap: resident memory peaked at 8.6 times the
/// heap where objects were large, and at 16 times where they were many and the pieces queued for the connection.
const MEMORY_FACTORS: [u64; 2] = [9, 16];

/// Seconds per gigabyte of heap that a process stood still: Node 26 on an idle machine, Node 20 with small objects on a
/// busy one.
const PAUSE: [f64; 2] = [30.0, 300.0];

impl Room {
    /// Whether even the least memory that it can take is not there.
    pub fn lacks_memory(&self) -> bool {
        self.memory.is_some_and(|it| it < self.memory_needed()[0])
    }

    /// Whether the most that it can take is not there.
    pub fn may_lack_memory(&self) -> bool {
        self.memory.is_some_and(|it| it < self.memory_needed()[1])
    }

    /// Whether the file is sure not to fit.
    pub fn lacks_disk(&self) -> bool {
        self.disk.is_some_and(|it| it < self.heap_used)
    }

    /// Bytes of memory beyond today's, at least and at most.
    pub fn memory_needed(&self) -> [u64; 2] {
        MEMORY_FACTORS.map(|it| self.heap_used.saturating_mul(it))
    }

    /// Bytes of the file, roughly: 1.0 to 1.7 times the heap were measured.
    pub fn file(&self) -> u64 {
        self.heap_used.saturating_mul(3) / 2
    }

    /// Seconds that the process will stand still, at best and at worst.
    pub fn pause(&self) -> [f64; 2] {
        PAUSE.map(|it| it * self.heap_used as f64 / 1e9)
    }
}

/// Read in the process, which may live in a container: what is left of the memory limits of its control groups (the page
/// cache that can be dropped counts as left), and of the machine's memory.
const EXPRESSION: &str = r"(load => {
  if (process.platform !== 'linux') return null;
  const fs = load('fs');
  const read = path => { try { return fs.readFileSync(path, 'utf8'); } catch { return ''; } };
  const field = (text, name) => Number((text.match(new RegExp('^' + name + '[: ]+([0-9]+)', 'm')) || [])[1] ?? NaN);
  const left = [field(read('/proc/meminfo'), 'MemAvailable') * 1024];
  const look = (root, path, limit, usage, cache) => {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const most = Number(read(root + at + '/' + limit).trim() || NaN);
      const used = Number(read(root + at + '/' + usage).trim() || NaN);
      left.push(most - used + (field(read(root + at + '/memory.stat'), cache) || 0));
      if (!at) break;
    }
  };
  for (const line of read('/proc/self/cgroup').split('\n')) {
    const [id, kinds, path] = [line.split(':')[0], line.split(':')[1], line.split(':').slice(2).join(':').replace(/\/$/, '')];
    if (id === '0') look('/sys/fs/cgroup', path, 'memory.max', 'memory.current', 'inactive_file');
    else if (kinds && kinds.split(',').includes('memory'))
      look('/sys/fs/cgroup/memory', path, 'memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file');
  }
  const known = left.filter(Number.isFinite);
  return known.length ? Math.max(0, Math.min(...known)) : null;
})";

impl Inspector {
    /// What a snapshot into a folder would cost and what there is. The folder must be there.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn room(&mut self, memory: &Memory, folder: &Path) -> Result<Room, CaptureError> {
        let left = self.evaluate_now("reading its memory limits", &format!("{EXPRESSION}({LOAD})"))?;
        let memory_left = left.as_f64().filter(|it| *it >= 0.0).map(|it| it as u64);
        Ok(Room { heap_used: memory.heap_used, memory: memory_left, disk: disk(folder) })
    }
}

#[cfg(unix)]
fn disk(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn a_heap_needs_many_times_itself() {
        let room = |memory, disk| Room { heap_used: 100, memory, disk };
        assert!(room(Some(899), None).lacks_memory() && !room(Some(900), None).lacks_memory());
        assert!(room(Some(1_599), None).may_lack_memory() && !room(Some(1_600), None).may_lack_memory());
        assert!(!room(None, None).may_lack_memory() && !room(None, None).lacks_disk());
        assert!(room(None, Some(99)).lacks_disk() && !room(None, Some(100)).lacks_disk());
    }
}
