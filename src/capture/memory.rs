//! What a process says of its memory and itself.

use super::evaluate::LOAD;
use super::{CaptureError, Inspector};
use serde::{Deserialize, Serialize};

/// What a process says of its memory and itself. Sizes are bytes.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// As in `20.20.2`.
    pub node: String,
    /// As in `11.3.244.8-node.38`.
    pub v8: String,
    /// The process's own number for itself: inside a container it is another one than outside.
    pub pid: u32,
    /// `NODE_ENV`, if it is set.
    pub node_env: Option<String>,
    /// Seconds since the process started.
    pub uptime: f64,
    /// Live and not yet collected objects of the heap.
    pub heap_used: u64,
    /// Pages of the heap.
    pub heap_total: u64,
    /// Where the heap ends: `--max-old-space-size`, or what V8 chose.
    pub heap_size_limit: u64,
    /// Resident memory of the process.
    pub rss: u64,
    /// Memory outside the heap that its objects own.
    pub external: u64,
    /// The part of `external` in buffers.
    pub array_buffers: u64,
}

impl Memory {
    /// Bytes that the heap may still grow.
    pub fn heap_room(&self) -> u64 {
        self.heap_size_limit.saturating_sub(self.heap_used)
    }
}

const EXPRESSION: &str = "(load => {
  const m = process.memoryUsage();
  return {
    node: process.versions.node, v8: process.versions.v8, pid: process.pid,
    node_env: process.env.NODE_ENV ?? null, uptime: process.uptime(),
    heap_used: m.heapUsed, heap_total: m.heapTotal, rss: m.rss, external: m.external,
    array_buffers: m.arrayBuffers ?? 0, heap_size_limit: load('v8').getHeapStatistics().heap_size_limit,
  };
})";

impl Inspector {
    /// Versions and figures of the process.
    ///
    /// # Errors
    /// As [`Inspector::call`]; a process that is not Node is refused.
    pub fn memory(&mut self) -> Result<Memory, CaptureError> {
        let value =
            self.evaluate_now("reading its memory figures", &format!("{EXPRESSION}({LOAD})")).map_err(|error| match error {
                CaptureError::Threw(message) => CaptureError::Other(format!("this is no Node process: {message}")),
                other => other,
            })?;
        serde_json::from_value(value).map_err(|_| CaptureError::unexpected("Runtime.evaluate"))
    }

    /// Tells this isolate from any other, also of the same process.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn isolate(&mut self) -> Result<String, CaptureError> {
        let answer = self.call("Runtime.getIsolateId", serde_json::json!({}))?;
        answer
            .get("id")
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| CaptureError::unexpected("Runtime.getIsolateId"))
    }
}
