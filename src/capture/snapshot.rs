//! The heap to a file.

use super::coverage::{TAKE as TAKE_COVERAGE, scripts as coverage};
use super::inspector::{Inspector, Patience};
use super::partial::PartialFile;
use super::{CaptureError, Coverage, Memory, utc};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How far a snapshot is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The process stands still and draws the graph of its heap.
    Graph {
        /// Objects done.
        done: u64,
        /// Objects in all, as far as it knows.
        total: u64,
    },
    /// It is written: bytes so far.
    Written(u64),
}

/// A snapshot on disk.
#[derive(Clone, PartialEq, Debug)]
pub struct SnapshotInfo {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// XXH3 of 64 bits of its content, as 16 hexadecimal digits.
    pub xxh3: String,
    /// When it was begun, as ISO 8601 in UTC.
    pub time: String,
    /// How long it took: the process stood still for most of it.
    pub took: Duration,
    /// What the process said after the collection and before the snapshot.
    pub memory: Memory,
    /// The execution counts up to the snapshot, if they were asked for.
    pub coverage: Option<Coverage>,
}

/// What goes with a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SnapshotOptions {
    /// Replace a file of that name.
    pub overwrite: bool,
    /// Take the execution counts too, with no turn of the event loop between them and the snapshot. Counting must be on.
    pub coverage: bool,
}

/// Told how far it is.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress);

/// Bytes of heap that a slow process gets a second more of silence for: 8 MB a second were measured, a third of it silent.
const HEAP_PER_SECOND: u64 = 4 << 20;

impl Inspector {
    /// Collects garbage and writes the heap to a new file. Whatever fails, nothing half is under that name.
    ///
    /// # Errors
    /// As [`Inspector::snapshot`].
    pub fn take_snapshot(&mut self, path: &Path, on_progress: OnProgress<'_>) -> Result<SnapshotInfo, CaptureError> {
        self.snapshot(path, SnapshotOptions::default(), on_progress)
    }

    /// The same, by options.
    ///
    /// # Errors
    /// If the file is there already or cannot be written, or the process goes away or stops to answer. After a failure
    /// to write, the connection is of no more use.
    pub fn snapshot(
        &mut self,
        path: &Path,
        options: SnapshotOptions,
        on_progress: OnProgress<'_>,
    ) -> Result<SnapshotInfo, CaptureError> {
        let mut file = PartialFile::create(path, options.overwrite)?;
        let memory = self.settle_heap()?;
        let (time, started) = (utc(SystemTime::now()), Instant::now());
        self.write_heap(&memory, options, &mut file, on_progress)?;
        let coverage = match options.coverage {
            true => Some(coverage(self.answer_ahead(TAKE_COVERAGE)?)?),
            false => None,
        };
        let bytes = file.bytes;
        let xxh3 = file.finish(options.overwrite)?;
        Ok(SnapshotInfo { path: path.to_owned(), bytes, xxh3, time, took: started.elapsed(), memory, coverage })
    }

    fn write_heap(
        &mut self,
        memory: &Memory,
        options: SnapshotOptions,
        file: &mut PartialFile,
        on_progress: OnProgress<'_>,
    ) -> Result<(), CaptureError> {
        let doing = "taking a heap snapshot";
        let silence = Patience::Silence(self.timeout() + Duration::from_secs(memory.heap_used / HEAP_PER_SECOND));
        if options.coverage {
            self.send_ahead(TAKE_COVERAGE, json!({}), doing)?;
        }
        let params = json!({ "reportProgress": true, "captureNumericValue": true });
        self.exchange("HeapProfiler.takeHeapSnapshot", params, silence, doing, &mut |event, params| {
            write_event(event, &params, file, on_progress)
        })?;
        if file.bytes == 0 {
            return Err(CaptureError::unexpected("HeapProfiler.takeHeapSnapshot"));
        }
        Ok(())
    }

    /// Lets go of everything that is not the program's own, and says what is left.
    fn settle_heap(&mut self) -> Result<Memory, CaptureError> {
        self.discard_console()?;
        self.collect_garbage()?;
        let memory = self.memory()?;
        // What was logged while the event loop turned.
        self.discard_console()?;
        Ok(memory)
    }
}

fn write_event(event: &str, params: &Value, file: &mut PartialFile, on_progress: OnProgress<'_>) -> Result<(), CaptureError> {
    match event {
        "HeapProfiler.addHeapSnapshotChunk" => {
            let chunk = params.get("chunk").and_then(Value::as_str).ok_or_else(|| CaptureError::unexpected(event))?;
            file.write(chunk.as_bytes())?;
            on_progress(Progress::Written(file.bytes));
        }
        "HeapProfiler.reportHeapSnapshotProgress" => {
            let number = |name: &str| params.get(name).and_then(Value::as_u64).unwrap_or(0);
            on_progress(Progress::Graph { done: number("done"), total: number("total") });
        }
        _ => {}
    }
    Ok(())
}
