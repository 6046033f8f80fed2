//! Findings of what has changed, in real repositories.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use support::shell::{LEAKY, Said, Shell};

const CLEAN: &str = "export const answer = 42;\n";

/// The leak of each call in a comment of its own, so that no two files are copies.
fn leaky(name: &str) -> String {
    format!("// {name}\n{LEAKY}")
}

/// Where `check` finds something, sorted as it says.
fn places(said: &Said) -> Vec<&str> {
    assert!(said.code < 2, "{}", said.err);
    said.out.lines().map(|it| it.split(": ").next().unwrap()).collect()
}

fn check(shell: &Shell, args: &[&str]) -> Said {
    shell.run(&[&["check", "-q", "-f", "concise"], args].concat())
}

#[test]
fn since_a_revision() {
    let shell = Shell::repository(&[("old.js", &leaky("old")), ("both.js", CLEAN), ("lib/clean.js", CLEAN)]);
    shell.git(&["switch", "-qc", "work"]);
    shell.write("new.js", leaky("new"));
    shell.commit("new");
    shell.git(&["switch", "-q", "main"]);
    shell.write("both.js", leaky("on main"));
    shell.commit("main goes on");
    shell.git(&["switch", "-q", "work"]);
    shell.write("lib/loose.js", leaky("not added"));
    assert_eq!(places(&check(&shell, &["--since", "main"])), ["lib/loose.js:4:3", "new.js:4:3"], "from where the branch left");
    assert_eq!(places(&check(&shell, &["--changed"])), ["lib/loose.js:4:3"]);
    assert_eq!(
        places(&shell.run_in("lib", &["check", "-q", "-f", "concise", "--since", "main", ".."])),
        ["../new.js:4:3", "loose.js:4:3"]
    );
    let said = check(&shell, &["--staged"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    let whole = shell.run(&["check", "--since", "main"]);
    assert!(whole.out.contains("5 files checked"), "the whole program is analysed: {}", whole.out);
}

#[test]
fn where_no_source_has_changed_nothing_is_read() {
    let shell = Shell::repository(&[("a.js", LEAKY), ("README.md", "one\n")]);
    shell.write("README.md", "two\n");
    shell.write(".leaklint/models/m.toml", "");
    let said = shell.run(&["check", "--changed"]);
    let note = "note: changed, and can silence findings: .leaklint/models/m.toml\n";
    assert_eq!((said.code, said.out), (0, format!("{note}no leaks found; 0 files checked\n")), "{}", said.err);
    assert_eq!(shell.run(&["check", "--changed", "none"]).code, 2);
    shell.write("bin/www", "#!/usr/bin/env node\nf();\n");
    assert!(shell.run(&["check", "--changed"]).out.contains("2 files checked"));
}

#[test]
fn what_cannot_be_told_fails() {
    let shell = Shell::repository(&[("a.js", LEAKY)]);
    for (args, message, help) in [
        (&["--since", "origin/main"][..], "git knows no revision `origin/main`", "git fetch origin origin/main"),
        (&["--since=--all"], "git knows no revision `--all`", ""),
        (&["--changed-lines"], "required arguments", ""),
        (&["--staged", "--changed"], "cannot be used with", ""),
    ] {
        let said = check(&shell, args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(said.err.contains(message) && said.err.contains(help), "{args:?}: {}", said.err);
    }
    let bare = Shell::new(&[("a.js", LEAKY)]);
    let said = check(&bare, &["--changed"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("no git work tree"), "{}", said.err);
    let said = Said::from(shell.command(&["check", "--changed"]).env("PATH", "").output().unwrap());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("there is no `git` to ask"), "{}", said.err);
    shell.git(&["switch", "-q", "--orphan", "apart"]);
    shell.write("b.js", LEAKY);
    shell.commit("apart");
    let said = check(&shell, &["--since", "main"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("no commit in common"), "{}", said.err);
}

#[test]
fn a_shallow_clone_says_how_to_deepen_it() {
    let shell = Shell::repository(&[("a.js", CLEAN)]);
    shell.git(&["switch", "-qc", "work"]);
    shell.write("b.js", LEAKY);
    shell.commit("b");
    shell.git(&["switch", "-q", "main"]);
    shell.write("a.js", "f();\n");
    shell.commit("a");
    let from = format!("file://{}", shell.path().display());
    let clone = Shell::new(&[]);
    clone.git(&["clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "work", &from, "it"]);
    for revision in ["origin/main", "HEAD~1"] {
        let said = clone.run_in("it", &["check", "--since", revision]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{revision}");
        assert!(said.err.contains("run `git fetch --unshallow`"), "{revision}: {}", said.err);
    }
    clone.git(&["-C", "it", "fetch", "-q", "--unshallow"]);
    assert_eq!(places(&clone.run_in("it", &["check", "-q", "-f", "concise", "--since", "origin/main"])), ["b.js:3:3"]);
}

#[test]
fn what_is_staged_is_read_from_the_index() {
    let shell = Shell::repository(&[("a.js", CLEAN), ("b.js", CLEAN), ("gone.js", CLEAN), ("config.js", CLEAN)]);
    shell.write("a.js", leaky("a"));
    shell.write("gone.js", leaky("gone"));
    shell.git(&["add", "-A"]);
    shell.write("a.js", CLEAN);
    fs::remove_file(shell.path().join("gone.js")).unwrap();
    shell.write("b.js", leaky("not staged"));
    shell.write("loose.js", leaky("not known"));
    assert_eq!(places(&check(&shell, &["--staged"])), ["a.js:4:3", "gone.js:4:3"], "as it will be committed");
    assert_eq!(places(&check(&shell, &["--staged", "a.js"])), ["a.js:4:3"]);
    assert_eq!(places(&check(&shell, &["--changed"])), ["b.js:4:3", "loose.js:4:3"], "as it lies here");
    // Staged configuration holds, too.
    shell.write("leaklint.toml", "[rules]\ntimer-not-cleared = 'info'\n");
    shell.git(&["add", "leaklint.toml"]);
    shell.write("leaklint.toml", "[rules]\ntimer-not-cleared = 'off'\n");
    let said = check(&shell, &["--staged"]);
    assert!(said.out.starts_with("a.js:4:3: info["), "{}", said.out);
    // So does the staged baseline, and not one that waits in the work tree.
    assert_eq!(shell.run(&["baseline", "write", "--config", "leaklint.toml"]).code, 0);
    shell.git(&["add", "leaklint-baseline.json"]);
    assert_eq!(shell.run(&["baseline", "update", "--isolated", "--baseline", "leaklint-baseline.json"]).code, 0);
    assert!(shell.read("leaklint-baseline.json").contains("b.js"));
    shell.git(&["add", "b.js"]);
    assert_eq!(places(&check(&shell, &["--staged", "--no-suppressed"])), ["a.js:4:3", "b.js:4:3", "gone.js:4:3"]);
    shell.git(&["add", "leaklint-baseline.json"]);
    assert_eq!(places(&check(&shell, &["--staged", "--no-suppressed"])), ["a.js:4:3", "gone.js:4:3"]);
    let fresh = Shell::new(&[("a.js", LEAKY)]);
    fresh.git(&["init", "-q"]);
    fresh.git(&["add", "-A"]);
    assert_eq!(
        (places(&check(&fresh, &["--staged"])), places(&check(&fresh, &["--changed"]))),
        (vec!["a.js:3:3"], vec!["a.js:3:3"])
    );
}

#[test]
fn lines_and_stories() {
    let job = "export function feed(req, res) {\n  setInterval(() => res.write('x'), 1000);\n}\n";
    let app = "import express from 'express';\nimport { feed } from './feed.js';\nconst app = express();\napp.listen(80);\n";
    let shell = Shell::repository(&[("feed.js", job), ("app.js", app), ("old.js", &leaky("old"))]);
    shell.write("app.js", format!("{app}app.get('/', feed);\n"));
    shell.write("old.js", format!("{}f();\n", leaky("old")));
    shell.commit("serve it");
    let since = |args: &[&str]| {
        let said = check(&shell, &[&["--since", "HEAD~1"], args].concat());
        places(&said).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(since(&[]), ["feed.js:2:3", "old.js:4:3"], "its story leads over a changed line");
    assert_eq!(since(&["--changed-lines"]), ["feed.js:2:3"]);
    // Taking a line away counts beside the gap.
    shell.write("old.js", leaky("old").replacen("// old\n", "", 1) + "f();\n");
    assert_eq!(places(&check(&shell, &["--changed", "--changed-lines"])), [""; 0]);
    shell.write("old.js", leaky("old").replace("(req, res) => {", "(req, res) => { f();") + "f();\n");
    assert_eq!(places(&check(&shell, &["--changed", "--changed-lines"])), ["old.js:4:3"]);
}

#[test]
fn odd_names_renames_and_submodules() {
    let shell = Shell::repository(&[("a.js", &leaky("a")), ("b.js", &leaky("b")), ("c.js", CLEAN)]);
    let other = Shell::repository(&[("inner.js", &leaky("inner"))]);
    shell.git(&["submodule", "add", "-q", &other.path().display().to_string(), "sub"]);
    shell.commit("sub");
    assert_eq!(places(&check(&shell, &["--since", "HEAD~1"])), ["sub/inner.js:4:3"]);
    shell.git(&["mv", "a.js", "line\nend \"ä\".js"]);
    shell.git(&["rm", "-q", "c.js"]);
    shell.write("sp ace.js", leaky("space"));
    shell.commit("odd");
    let said = check(&shell, &["--since", "HEAD~1"]);
    assert_eq!(said.out.matches("error[").count(), 2, "{}", said.out);
    assert!(said.out.contains("sp ace.js:4:3") && said.out.contains("end \"ä\".js"), "{}", said.out);
    // A rename alone changes no line.
    assert_eq!(places(&check(&shell, &["--since", "HEAD~1", "--changed-lines"])), ["sp ace.js:4:3"]);
    shell.write("line\nend \"ä\".js", leaky("a").replace("1000", "2000"));
    let said = check(&shell, &["--changed", "--changed-lines"]);
    assert_eq!(said.out.matches("error[").count(), 1, "{}", said.out);
    shell.git(&["add", "-A"]);
    shell.write("line\nend \"ä\".js", CLEAN);
    let said = check(&shell, &["--staged"]);
    assert_eq!(said.out.matches("error[").count(), 1, "{}", said.out);
}

#[test]
fn what_the_user_has_told_git_does_not_matter() {
    let shell = Shell::repository(&[("src/a.js", &leaky("a")), ("src/b.js", CLEAN)]);
    for (key, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.relative", "true"),
        ("diff.interHunkContext", "50"),
        ("diff.context", "50"),
        ("diff.renames", "false"),
        ("diff.external", "false"),
        ("diff.submodule", "log"),
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("core.quotePath", "true"),
        ("core.pager", "false"),
        ("core.autocrlf", "input"),
    ] {
        shell.git(&["config", key, value]);
    }
    shell.write("src/a.js", format!("{}f();\n", leaky("a")));
    shell.write("src/ö.js", leaky("ö"));
    shell.git(&["add", "-A"]);
    let said = |folder: &str, args: &[&str]| {
        let said = shell.run_in(folder, &[&["check", "-q", "-f", "concise", ".."], args].concat());
        places(&said).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said("src", &["--changed"]), ["a.js:4:3", "ö.js:4:3"]);
    assert_eq!(said("src", &["--changed", "--changed-lines"]), ["ö.js:4:3"]);
    shell.write("src/ö.js", CLEAN);
    assert_eq!(said("src", &["--staged"]), ["a.js:4:3", "ö.js:4:3"]);
    shell.git(&["commit", "-qm", "ö"]);
    shell.git(&["mv", "src/a.js", "src/c.js"]);
    assert_eq!(said("src", &["--staged", "--changed-lines"]), [""; 0], "a rename is one, whatever git calls it");
}

#[test]
fn what_can_silence_is_named() {
    let shell = Shell::repository(&[("a.js", CLEAN), (".leaklint/models/old.toml", "")]);
    shell.write(".leaklint/models/new.toml", "");
    shell.write("pkg/leaklint.toml", "");
    shell.write("b.js", CLEAN);
    shell.commit("models");
    let said = shell.run(&["check", "--since", "HEAD~1"]);
    let note = "note: changed, and can silence findings: .leaklint/models/new.toml, pkg/leaklint.toml\n";
    assert!(said.out.contains(note), "{}", said.out);
    assert!(!shell.run(&["check"]).out.contains("can silence"));
    for format in ["concise", "markdown", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjsonl"] {
        let said = shell.run(&["check", "--since", "HEAD~1", "-f", format]);
        assert!(format!("{}{}", said.out, said.err).contains(".leaklint/models/new.toml"), "{format}: {}", said.err);
    }
    let said = Said::from(shell.command(&["check"]).env("CI", "true").output().unwrap());
    let note = "note: the project's own, and can silence findings: .leaklint/models/new.toml, .leaklint/models/old.toml\n";
    assert!(said.out.contains(note), "{}", said.out);
}

#[test]
fn lists_of_files() {
    let shell =
        Shell::new(&[("a.js", &leaky("a")), ("b.js", &leaky("b")), ("n\nl.js", &leaky("n")), ("README.md", ""), ("c.js", CLEAN)]);
    shell.write("list", "a.js\r\n\nREADME.md\nc.js\n");
    assert_eq!(places(&check(&shell, &["--files-from", "list"])), ["a.js:4:3"]);
    let said = shell.with_input(&["check", "-q", "-f", "concise", "-0", "--files-from", "-"], b"n\nl.js\0b.js\0");
    assert_eq!(said.out.matches("error[").count(), 2, "{}", said.out);
    let said = shell.with_input(&["check", "--files-from", "-"], b"");
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "no leaks found; 0 files checked\n", ""));
    let said = shell.with_input(&["check", "--files-from", "-"], b"none.js\n");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("none.js: no such file"), "{}", said.err);
    assert_eq!(shell.run(&["check", "--files-from", "none"]).code, 2);
    assert_eq!(shell.run(&["check", "--files-from", "list", "a.js"]).code, 2);
}
