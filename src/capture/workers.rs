//! Worker threads: each has a heap of its own.

use super::inspector::Patience;
use super::{CaptureError, Inspector};
use serde_json::{Value, json};

/// A worker thread of the process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worker {
    /// Its `threadId`.
    pub id: String,
    /// As in `[worker 1] name`.
    pub title: String,
    /// The script that it runs.
    pub url: String,
    /// For messages to it.
    session: String,
}

impl Inspector {
    /// The worker threads that run now, in the process's order.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn workers(&mut self) -> Result<Vec<Worker>, CaptureError> {
        let mut workers = Vec::new();
        let patience = Patience::Total(self.timeout());
        let params = json!({ "waitForDebuggerOnStart": false });
        let answer = self.exchange("NodeWorker.enable", params, patience, "listing its worker threads", &mut |event, params| {
            if event == "NodeWorker.attachedToWorker" {
                workers.extend(worker(&params));
            }
            Ok(())
        });
        match answer {
            Ok(_) => Ok(workers),
            // A worker thread, or no Node.
            Err(CaptureError::Protocol { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Sends every command to a worker thread from now on.
    pub fn turn_to(&mut self, worker: &Worker) {
        self.talk_to(worker.session.clone());
    }

    /// Lets go of the worker threads that [`Inspector::workers`] has listed.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn leave_workers(&mut self) -> Result<(), CaptureError> {
        self.call("NodeWorker.disable", json!({})).map(drop)
    }
}

fn worker(params: &Value) -> Option<Worker> {
    let text = |path: &str| params.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let title = text("/workerInfo/title").unwrap_or_default();
    // The inspector's own number only says in which order it heard of them.
    let thread = title.strip_prefix("[worker ").and_then(|it| it.split_once(']')).map(|it| it.0.to_owned());
    Some(Worker {
        id: thread.or_else(|| text("/workerInfo/workerId"))?,
        title,
        url: text("/workerInfo/url").unwrap_or_default(),
        session: text("/sessionId")?,
    })
}
