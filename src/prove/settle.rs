//! Waiting until nothing is in flight and collection is stable.

use super::{Cause, ProveError};
use crate::capture::{CaptureError, Inspector, Memory};
use std::time::{Duration, Instant};

/// How long connections may take to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Collections before the heap is taken as it is.
const COLLECTIONS: u32 = 8;

/// Bytes by which two collections may differ, beside a two-thousandth of the heap.
const SAME: u64 = 2048;

/// How long the event loop may take to turn.
const TURN: Duration = Duration::from_secs(4);

/// The connections that the program's servers have open.
const CONNECTIONS: &str = "(() => {
  const load = typeof require === 'function' ? require : process.getBuiltinModule;
  const { Server } = load('net');
  const servers = process._getActiveHandles().filter(it => it instanceof Server && it.listening);
  const count = it => new Promise(done => it.getConnections((error, n) => done(error ? 0 : n)));
  return Promise.all(servers.map(count)).then(counts => counts.reduce((a, b) => a + b, 0));
})()";

/// Waits until the program has no connection open, or for a while, and until two collections leave the same.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn settle(inspector: &mut Inspector) -> Result<Memory, CaptureError> {
    let until = Instant::now() + PATIENCE;
    while inspector.evaluate(CONNECTIONS)?.as_u64().unwrap_or(0) > 0 && Instant::now() < until {
        inspector.wait(Duration::from_millis(20))?;
    }
    collected(inspector)
}

/// What is left once collection is stable.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn collected(inspector: &mut Inspector) -> Result<Memory, CaptureError> {
    let mut before = u64::MAX;
    for _ in 0..COLLECTIONS {
        inspector.discard_console()?;
        inspector.collect_garbage()?;
        let memory = inspector.memory()?;
        if memory.heap_used.abs_diff(before) <= SAME + memory.heap_used / 2000 {
            return Ok(memory);
        }
        before = memory.heap_used;
        inspector.wait(Duration::from_millis(30))?;
    }
    inspector.memory()
}

/// Makes sure that the event loop turns: asked over a connection of its own, which has less patience.
///
/// # Errors
/// If it does not.
pub(super) fn turns(url: &str, during: &str) -> Result<(), ProveError> {
    let mut inspector = Inspector::connect(url, TURN)?;
    match inspector.evaluate("new Promise(done => setImmediate(() => done(true)))") {
        Ok(_) => Ok(()),
        Err(CaptureError::Timeout { after, .. }) => Err(Cause::Hangs { during: during.to_owned(), after }.into()),
        Err(error) => Err(error.into()),
    }
}
