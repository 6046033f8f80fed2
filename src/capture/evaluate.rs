//! Expressions in the process, and a heap that holds nothing of ours.

use super::CaptureError;
use super::inspector::{Inspector, Patience};
use serde_json::{Value, json};

/// The group that objects of the process are held in while an expression runs.
const GROUP: &str = "leaklint";

/// Two turns of the event loop: weak references are cleared at the end of a turn, finalizers run in a later one.
const TURNS: &str = "new Promise(done => setImmediate(() => setTimeout(() => setImmediate(() => done(true)), 1)))";

/// A module of Node, for expressions that are evaluated at once: `require` may be the program's own.
pub(super) const LOAD: &str = "name => process.getBuiltinModule ? process.getBuiltinModule(name) : require(name)";

impl Inspector {
    /// The value of an expression, awaited if it is a promise, by value: no handle on an object stays behind.
    /// `require` is there whatever the module system of the program.
    ///
    /// # Errors
    /// If it throws, or as [`Inspector::call`].
    pub fn evaluate(&mut self, expression: &str) -> Result<Value, CaptureError> {
        self.run("evaluating an expression", expression, true)
    }

    /// The value of an expression that is no promise, with words for what is going on. A process whose event loop hangs in
    /// a program's own loop answers, too.
    pub(super) fn evaluate_now(&mut self, doing: &str, expression: &str) -> Result<Value, CaptureError> {
        self.run(doing, expression, false)
    }

    fn run(&mut self, doing: &str, expression: &str, awaits: bool) -> Result<Value, CaptureError> {
        let params = json!({
            "expression": expression,
            "objectGroup": GROUP,
            "includeCommandLineAPI": true,
            "silent": true,
            "returnByValue": true,
            "awaitPromise": awaits,
        });
        let patience = Patience::Total(self.timeout());
        let mut answer = self.exchange("Runtime.evaluate", params, patience, doing, &mut |_, _| Ok(()))?;
        if let Some(details) = answer.get("exceptionDetails") {
            let described = details.pointer("/exception/description").or_else(|| details.pointer("/exception/value"));
            let text = described.or_else(|| details.get("text")).and_then(Value::as_str).unwrap_or("unknown");
            return Err(CaptureError::Threw(text.lines().next().unwrap_or_default().to_owned()));
        }
        Ok(answer.pointer_mut("/result/value").map(Value::take).unwrap_or_default())
    }

    /// Lets go of what the inspector itself holds: with an inspector there, every object that was logged to the
    /// console is kept (1,000 messages), and what was evaluated may be.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn discard_console(&mut self) -> Result<(), CaptureError> {
        self.call("Runtime.discardConsoleEntries", json!({}))?;
        self.call("Runtime.releaseObjectGroup", json!({ "objectGroup": GROUP }))?;
        Ok(())
    }

    /// Collects twice with turns of the event loop between and behind, so that weak references are cleared and
    /// finalizers have run.
    ///
    /// # Errors
    /// As [`Inspector::call`]; a process whose event loop does not turn is a timeout.
    pub fn collect_garbage(&mut self) -> Result<(), CaptureError> {
        for _ in 0..2 {
            let patience = Patience::Total(self.timeout());
            self.exchange("HeapProfiler.collectGarbage", json!({}), patience, "collecting garbage", &mut |_, _| Ok(()))?;
            self.run("turning its event loop", TURNS, true)?;
        }
        Ok(())
    }
}
