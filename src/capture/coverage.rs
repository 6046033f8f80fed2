//! How often each function and block ran.

use super::partial::write_whole;
use super::{CaptureError, Inspector};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// How often each function and block ran since the previous take. Its JSON is that of `NODE_V8_COVERAGE`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Scripts that come from files, in the process's order.
    #[serde(rename = "result")]
    pub scripts: Vec<ScriptCoverage>,
}

/// One script.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScriptCoverage {
    /// The number that snapshots of the same process know it by.
    #[serde(rename = "scriptId")]
    pub script_id: String,
    /// A `file:` URL, for CommonJS too, where the heap has an absolute path.
    pub url: String,
    /// Its functions, outer before inner.
    pub functions: Vec<FunctionCoverage>,
}

/// One function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunctionCoverage {
    /// Its name; empty for those without and for the script itself.
    #[serde(rename = "functionName")]
    pub name: String,
    /// The function's own range first, then blocks within it whose count differs.
    pub ranges: Vec<Range>,
    /// Whether blocks were counted: if not, all of the function has the count of its first range.
    #[serde(rename = "isBlockCoverage")]
    pub is_block: bool,
}

/// A piece of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Range {
    /// In UTF-16 code units from the script's start.
    #[serde(rename = "startOffset")]
    pub start: u32,
    /// Behind its last code unit.
    #[serde(rename = "endOffset")]
    pub end: u32,
    /// How often it ran.
    pub count: u64,
}

/// The command for the counts.
pub(super) const TAKE: &str = "Profiler.takePreciseCoverage";

impl Coverage {
    /// Reads what [`Coverage::write`] wrote.
    ///
    /// # Errors
    /// If it cannot be read, or is something else.
    pub fn read(path: &Path) -> Result<Coverage, CaptureError> {
        let text = fs::read(path).map_err(|error| CaptureError::file("read", path, error))?;
        serde_json::from_slice(&text).map_err(|error| CaptureError::file("read", path, error.into()))
    }

    /// Writes it as JSON, for the owner only.
    ///
    /// # Errors
    /// If the file is there already and may not be replaced, or cannot be written.
    pub fn write(&self, path: &Path, overwrite: bool) -> Result<(), CaptureError> {
        let text = serde_json::to_vec(self).map_err(|error| CaptureError::file("write", path, error.into()))?;
        write_whole(path, &text, overwrite)
    }
}

impl Inspector {
    /// Starts to count calls and blocks. Code that ran before is counted from now on; it slows the process until
    /// [`Inspector::stop_coverage`] or the end of the connection.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn start_coverage(&mut self) -> Result<(), CaptureError> {
        self.call("Profiler.enable", json!({}))?;
        self.call("Profiler.startPreciseCoverage", json!({ "callCount": true, "detailed": true }))?;
        Ok(())
    }

    /// The counts since the start, or since the previous take.
    ///
    /// # Errors
    /// As [`Inspector::call`], and if it was not started.
    pub fn take_coverage(&mut self) -> Result<Coverage, CaptureError> {
        scripts(self.call(TAKE, json!({}))?)
    }

    /// Stops to count.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn stop_coverage(&mut self) -> Result<(), CaptureError> {
        self.call("Profiler.stopPreciseCoverage", json!({}))?;
        self.call("Profiler.disable", json!({}))?;
        Ok(())
    }
}

/// The scripts of an answer that come from files: those of Node itself are many and nobody's own.
pub(super) fn scripts(mut answer: Value) -> Result<Coverage, CaptureError> {
    let unexpected = || CaptureError::unexpected(TAKE);
    let Some(Value::Array(scripts)) = answer.get_mut("result").map(Value::take) else { return Err(unexpected()) };
    let of_files = scripts.into_iter().filter(|it| it.get("url").and_then(Value::as_str).is_some_and(is_file));
    let scripts = of_files.map(serde_json::from_value).collect::<Result<_, _>>().map_err(|_| unexpected())?;
    Ok(Coverage { scripts })
}

/// A `file:` URL or an absolute path, of Windows too.
pub(super) fn is_file(url: &str) -> bool {
    let is_drive = |it: &[u8]| it.len() > 2 && it[0].is_ascii_alphabetic() && it[1] == b':' && matches!(it[2], b'\\' | b'/');
    url.starts_with("file://") || url.starts_with('/') || is_drive(url.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{is_file, scripts};
    use serde_json::json;

    #[test]
    fn files_only() {
        let script = |url: &str| {
            json!({ "scriptId": "7", "url": url, "functions": [
            { "functionName": "f", "isBlockCoverage": true, "ranges": [{ "startOffset": 1, "endOffset": 9, "count": 3 }] },
        ] })
        };
        let answer =
            json!({ "timestamp": 1, "result": [script("node:fs"), script("/a.js"), script(""), script("file:///b.mjs")] });
        let coverage = scripts(answer).unwrap();
        assert_eq!(coverage.scripts.iter().map(|it| it.url.as_str()).collect::<Vec<_>>(), ["/a.js", "file:///b.mjs"]);
        assert_eq!(coverage.scripts[0].functions[0].ranges[0].count, 3);
        let again = serde_json::from_slice(&serde_json::to_vec(&coverage).unwrap()).unwrap();
        assert_eq!(coverage, again);
        assert!(scripts(json!({})).is_err() && scripts(json!({ "result": [{ "url": "/a.js" }] })).is_err());
        assert!(is_file("C:\\a.js") && !is_file("evalmachine.<anonymous>"));
    }
}
