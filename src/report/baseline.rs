//! A baseline as text.

use crate::finding::{BASELINE_VERSION, Baseline};
use std::fmt::Write;

/// The text of a baseline: sorted, one line for each entry, so that merges are easy.
pub fn baseline(baseline: &Baseline) -> String {
    let mut text = format!("{{\n  \"version\": {BASELINE_VERSION},\n  \"findings\": [");
    for (n, entry) in baseline.entries.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // An entry is four strings: nothing in it can fail to be written.
        let line = serde_json::to_string(entry).unwrap_or_default();
        let _ = write!(text, "{comma}\n    {line}");
    }
    let end = if baseline.entries.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" };
    text + end
}
