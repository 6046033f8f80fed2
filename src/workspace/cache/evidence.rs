//! What heaps showed of findings, kept until they are asked again.

use std::collections::BTreeMap;

use super::{Cache, SUFFIX};
use crate::finding::{Evidence, Finding};

/// Findings that are remembered: more than that, and the oldest by fingerprint go.
const MOST: usize = 10_000;

impl Cache {
    /// Keeps what a heap showed of findings; of others it stays what was shown before.
    pub fn keep_evidence(&self, findings: &[Finding]) {
        let mut kept = self.evidence();
        let shown = findings.iter().filter_map(|it| Some((it.fingerprint.clone(), it.evidence.clone()?)));
        kept.extend(shown);
        while kept.len() > MOST {
            kept.pop_first();
        }
        if !kept.is_empty()
            && let Ok(bytes) = postcard::to_stdvec(&kept)
        {
            self.write(&name(), &bytes);
        }
    }

    /// What heaps showed so far, by fingerprint.
    pub fn evidence(&self) -> BTreeMap<String, Evidence> {
        self.read(&name()).and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default()
    }
}

fn name() -> String {
    format!("evidence{SUFFIX}")
}
