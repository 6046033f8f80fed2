//! Small applications that leak in one way each, and their repaired twins.
//!
//! `fixtures/projects/STORY/expected.txt` holds what `leaklint check` says of a project in the concise format;
//! `UPDATE_EXPECT=1` writes it. A project whose name ends in `-fixed` must be silent.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use leaklint::finding::Confidence;
use leaklint::report::{Format, Origin, Report, Style, render};
use leaklint::rulebook::Rulebook;
use leaklint::workspace::{Selection, run};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const EXPECTED: &str = "expected.txt";

/// The folders of the projects, sorted.
fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    let mut found: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect();
    found.sort();
    found
}

/// What is said of a project at default confidence.
fn lint(folder: &Path) -> String {
    let selection = Selection { cwd: folder.to_owned(), threads: Some(1), ..Selection::default() };
    let mut analysis = run(&selection, Rulebook::builtin());
    assert_eq!(analysis.errors, Vec::<String>::new(), "{}", folder.display());
    analysis.findings.retain(|it| it.confidence >= Confidence::Likely);
    let paths: Vec<String> = analysis.units.iter().map(|it| it.path.clone()).collect();
    let report = Report {
        findings: &analysis.findings,
        paths: &paths,
        texts: &|file| analysis.texts.get(file).map(|it| (it.text.as_str(), &it.lines)),
        files: &analysis.files,
        hidden: 0,
        notes: &analysis.notes,
        errors: &[],
        proof: None,
        origin: Origin { rulebook: Rulebook::builtin(), folder, below: "", category: None },
    };
    let mut out = Vec::new();
    render(report, Format::Concise, Style::PLAIN, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn projects_get_what_they_expect() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it == "1");
    let mut complaints = String::new();
    for folder in projects() {
        let found = lint(&folder);
        let path = folder.join(EXPECTED);
        if update {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            let _ = writeln!(complaints, "{}\nexpected:\n{expected}found:\n{found}", folder.display());
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn repaired_twins_are_silent_and_the_others_are_not() {
    for folder in projects() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let found = lint(&folder);
        let leaks = !name.ends_with("-fixed");
        assert_eq!(found.is_empty(), !leaks, "{name} gets\n{found}");
        let (stem, _) = name.rsplit_once('-').unwrap();
        let twin = format!("{stem}-{}", if leaks { "fixed" } else { "leaks" });
        assert!(folder.with_file_name(&twin).is_dir(), "{name} has no twin {twin}");
    }
}
