//! A cache costs time, never truth.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use support::TempDir;

/// More files than make a cache worth its while; the first ones leak, over three modules.
fn project() -> TempDir {
    let folder = TempDir::new();
    folder.write("package.json", r#"{ "name": "shop", "scripts": { "start": "node src/server.js" } }"#);
    folder.write("src/store.js", "exports.sessions = new Map();\n");
    folder.write("src/poll.js", "module.exports = () => setInterval(() => {}, 1000);\n");
    let server = "const express = require('express');\nconst { sessions } = require('./store');\nconst poll = require('./poll');\n\
        const app = express();\napp.get('/', (req, res) => {\n  sessions.set(req.query.id + Date.now(), res);\n  poll();\n  require('./quiet').f();\n  res.end();\n});\n\
        app.listen(0);\n";
    folder.write("src/server.js", server);
    folder.write(
        "src/quiet.js",
        "// leaklint-disable-next-line timer-not-cleared -- it is meant to stay\nexports.f = () => setInterval(() => {}, 1);\n",
    );
    for i in 0..220 {
        folder.write(&format!("src/part{i}.js"), format!("exports.part{i} = (a) => a + {i};\n"));
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LEAKLINT_")) {
        command.env_remove(name);
    }
    let fixed = ["check", "--format", "json", "--pedantic", "--exit-zero"];
    command.args(fixed).args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn check(folder: &Path, args: &[&str]) -> String {
    let output = command(folder, args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs with the cache, and holds it against a run without.
fn same(folder: &Path) -> String {
    let cached = check(folder, &["--cache-dir", "kept"]);
    assert_eq!(cached, check(folder, &["--no-cache"]));
    cached
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join("kept")) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        entries.map(|it| it.unwrap().path()).filter(|it| it.extension().is_some_and(|it| it == "cache")).collect();
    paths.sort();
    paths
}

#[test]
fn what_is_found_does_not_depend_on_what_is_kept() {
    let project = project();
    let folder = project.path();
    let first = same(folder);
    assert!(first.contains("src/poll.js") && first.contains("src/server.js") && first.contains("it is meant to stay"), "{first}");
    assert_eq!(kept(folder).len(), 1, "the first run may be the last one: {:?}", kept(folder));
    assert_eq!(same(folder), first);

    project.write("src/poll.js", "module.exports = () => {};\n");
    let repaired = same(folder);
    assert!(kept(folder).len() > 20, "{:?}", kept(folder));
    assert!(repaired != first && !repaired.contains("src/poll.js"));

    project.write("src/store.js", "exports.sessions = { set() {} };\n");
    assert_ne!(same(folder), repaired);
    project.write("src/broken.js", "let a = ;\n");
    let broken = same(folder);
    assert!(broken.contains("parse-error"));
    assert_eq!(same(folder), broken);
    fs::remove_file(folder.join("src/broken.js")).unwrap();
    assert!(!same(folder).contains("parse-error"));
    project.write("src/quiet.js", "exports.f = () => setInterval(() => {}, 1);\n");
    assert!(!same(folder).contains("it is meant to stay"));
}

#[test]
fn what_lies_beside_the_sources_counts_too() {
    let project = project();
    let folder = project.path();
    let first = same(folder);
    for (path, text) in [
        ("leaklint.toml", "exclude = ['src/poll.js']\n"),
        ("leaklint.toml", "[rules]\ntimer-not-cleared = 'info'\n"),
        ("package.json", r#"{ "name": "shop", "main": "src/server.js" }"#),
        (".gitignore", "part1*\n"),
    ] {
        project.write(path, text);
        same(folder);
    }
    // A path of a compiler's configuration that lies outside of what is checked.
    project
        .write("base/tsconfig.json", r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@poll": ["../src/part1.js"] } } }"#);
    project.write("tsconfig.json", r#"{ "extends": "./base/tsconfig.json" }"#);
    project.write("src/server.ts", "import poll from '@poll';\nexport default () => poll();\n");
    same(folder);
    project.write("base/tsconfig.json", r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@poll": ["../src/poll.js"] } } }"#);
    assert_ne!(same(folder), first);
    // A model of the project's own makes a leak of what was none.
    project.write("src/own.js", "const { hold } = require('own');\nrequire('express')().get('/', () => { hold(); });\n");
    let without = same(folder);
    let model = "[[function]]\nname = [\"own#hold\"]\ncall = { acquire = { resource = \"interval\", token = \"result\" } }\n";
    project.write(".leaklint/models/own.toml", model);
    assert_ne!(same(folder), without);
}

#[test]
fn what_is_broken_is_absent() {
    let project = project();
    let folder = project.path();
    same(folder);
    project.write("src/part0.js", "exports.part0 = 0;\n");
    let first = same(folder);
    for (i, path) in kept(folder).into_iter().enumerate() {
        let whole = fs::read(&path).unwrap();
        let broken = match i % 4 {
            0 => whole[..whole.len() / 2].to_vec(),
            1 => Vec::new(),
            2 => whole.iter().map(|it| it ^ 1).collect(),
            _ => [&whole[..], &whole[..]].concat(),
        };
        fs::write(path, broken).unwrap();
    }
    // The findings are read first, and would hide what became of the facts.
    for path in kept(folder).into_iter().filter(|it| it.to_string_lossy().contains("findings")) {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(same(folder), first);
    assert_eq!(same(folder), first);
    fs::remove_dir_all(folder.join("kept")).unwrap();
    project.write("kept", "a file where the folder should be");
    assert_eq!(same(folder), first);
}

#[test]
fn runs_at_the_same_time_do_not_meet() {
    let project = project();
    let folder = project.path();
    let expected = check(folder, &["--no-cache"]);
    for _ in 0..3 {
        let start = |_| command(folder, &["--cache-dir", "kept"]).spawn().unwrap();
        let children: Vec<Child> = (0..6).map(start).collect();
        for child in children {
            assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), expected);
        }
        project.write("src/part0.js", "exports.part0 = 0;\n");
    }
    let temporary = fs::read_dir(folder.join("kept"))
        .unwrap()
        .filter(|it| it.as_ref().unwrap().path().extension().is_some_and(|it| it == "tmp"));
    assert_eq!(temporary.count(), 0);
}

#[test]
fn small_projects_leave_nothing() {
    let project = TempDir::with(&[("a.js", "setInterval(() => {}, 1);\n")]);
    same(project.path());
    assert!(!project.path().join("kept").exists());
}

#[test]
fn clean_removes_what_runs_left_and_nothing_else() {
    let project = project();
    let folder = project.path();
    same(folder);
    let clean = |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
        command.args(["clean", "--cache-dir", "kept"]).current_dir(folder).output().unwrap()
    };
    project.write("kept/mine.txt", "not theirs");
    assert!(clean(folder).status.success());
    assert!(kept(folder).is_empty() && folder.join("kept/mine.txt").exists());
    fs::remove_file(folder.join("kept/mine.txt")).unwrap();
    same(folder);
    assert!(clean(folder).status.success() && clean(folder).status.success());
    assert!(!folder.join("kept").exists());
}
