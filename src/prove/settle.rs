//! Waiting until nothing is in flight and collection is stable.

use super::{Cause, ProveError};
use crate::capture::{CaptureError, Inspector};
use serde_json::Value;
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

/// Waits until the program has no connection open, or for a while, and until two collections leave the same. With few
/// expressions: what is compiled while executions are counted stays, and is no growth of the program's.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn settle(inspector: &mut Inspector) -> Result<i64, CaptureError> {
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(30);
    inspector.wait(pause)?;
    while inspector.evaluate(CONNECTIONS)?.as_u64().unwrap_or(0) > 0 && Instant::now() < until {
        pause = (pause * 2).min(Duration::from_millis(500));
        inspector.wait(pause)?;
    }
    collected(inspector)
}

/// Bytes in the heap and beside it, once collection is stable: the least that two collections agree on. V8 sometimes
/// counts a page of the heap as used that is not, never the other way round.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn collected(inspector: &mut Inspector) -> Result<i64, CaptureError> {
    let mut least = u64::MAX;
    for _ in 0..COLLECTIONS {
        inspector.discard_console()?;
        inspector.call("HeapProfiler.collectGarbage", Value::Null)?;
        // Weak references and finalizers have their turns.
        inspector.wait(Duration::from_millis(20))?;
        inspector.call("HeapProfiler.collectGarbage", Value::Null)?;
        let used = inspector.call("Runtime.getHeapUsage", Value::Null)?["usedSize"].as_u64().unwrap_or(0);
        let is_same = used.abs_diff(least) <= SAME + used / 2000;
        least = least.min(used);
        if is_same {
            break;
        }
    }
    Ok((least + inspector.memory()?.external) as i64)
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
