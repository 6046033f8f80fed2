//! Where the outside calls in: the same leak in a handler of each server, protocol and runtime that models know.
//!
//! `fixtures/entries/NAME.js` is a program of its own, and so is a folder there, where the place of a file says what it is.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use leaklint::finding::Confidence;
use leaklint::rulebook::Rulebook;
use leaklint::workspace::{Selection, run};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_handler_is_known_to_run_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/entries");
    let mut programs: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|it| it.unwrap().path()).collect();
    programs.sort();
    assert!(programs.len() > 100, "the fixtures are there");
    let missed: Vec<String> = programs.iter().filter_map(|it| complaint(&root, it)).collect();
    assert_eq!(missed, Vec::<String>::new());
}

/// What is wrong with what is said of a program: one finding is expected, at default confidence.
fn complaint(root: &Path, program: &Path) -> Option<String> {
    let paths = if program.is_file() { vec![program.to_owned()] } else { Vec::new() };
    let cwd = if program.is_file() { root.to_owned() } else { program.to_owned() };
    let analysis = run(&Selection { cwd, paths, threads: Some(1), ..Selection::default() }, Rulebook::builtin());
    let found: Vec<String> = analysis.findings.iter().map(|it| format!("{} ({:?})", it.rule, it.confidence)).collect();
    let expected = analysis.findings.len() == 1
        && analysis.findings.iter().all(|it| it.rule == "collection-write-only" && it.confidence >= Confidence::Likely);
    (!expected).then(|| format!("{}: {}", program.display(), found.join(", ")))
}
