//! Program to findings: a few generic algorithms.

use crate::finding::Finding;
use crate::program::Program;

/// Runs every check. Findings come sorted, unfiltered (all confidences, all rules), without fingerprints.
pub fn check(program: &Program<'_>) -> Vec<Finding> {
    let _ = program;
    Vec::new()
}
