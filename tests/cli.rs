//! The program as users and scripts meet it.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder of files that goes away again.
struct Project(PathBuf);

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("leaklint-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(&root).unwrap();
        Project(root)
    }

    /// The program in this folder, with an environment that says nothing.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
        command.args(args).current_dir(&self.0).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LEAKLINT_")) {
            command.env_remove(name);
        }
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LC_ALL", "LC_CTYPE", "LANG", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn with_input(&self, args: &[&str], input: &str) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const CLEAN: (&str, &str) = ("src/clean.js", "export const answer = 42;\n");
const BROKEN: (&str, &str) = ("src/broken.ts", "let = = ;\n");
const LEAKY: (&str, &str) = (
    "src/server.js",
    "const app = require('express')();\napp.get('/feed', (req, res) => {\n  setInterval(() => res.write('x'), 1000);\n});\napp.listen(80);\n",
);
/// An error without any check: the expected finding is missing.
const EXPECTING: (&str, &str) = ("src/expecting.js", "// leaklint-expect-next-line timer-not-cleared\nf();\n");

/// Files, arguments, exit code, and what standard error says.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], i32, &'a str);

#[test]
fn exit_codes() {
    let no_suppressions = ("leaklint.toml", "[rules]\nunused-suppression = \"off\"\n");
    let bad_key = ("leaklint.toml", "exlude = []\n");
    let cases: &[Case] = &[
        (&[CLEAN], &["check"], 0, ""),
        (&[CLEAN], &["check", "src/clean.js"], 0, ""),
        (&[CLEAN, EXPECTING], &["check"], 1, ""),
        (&[EXPECTING], &["check", "--exit-zero"], 0, ""),
        (&[EXPECTING], &["check", "--no-inline-config"], 0, ""),
        (&[EXPECTING], &["check", "--ignore", "unused-suppression"], 0, ""),
        (&[EXPECTING, no_suppressions], &["check"], 0, ""),
        (&[EXPECTING, no_suppressions], &["check", "--isolated"], 1, ""),
        (&[BROKEN], &["check"], 0, ""),
        (&[BROKEN], &["check", "--fail-on", "warning"], 1, ""),
        (&[BROKEN], &["check", "--max-warnings", "0"], 1, ""),
        (&[BROKEN], &["check", "--max-warnings", "1"], 0, ""),
        (&[], &["check"], 0, "warning: no JavaScript or TypeScript file to check in ."),
        (&[], &["check", "--error-on-unmatched"], 2, "no JavaScript"),
        (&[CLEAN], &["check", "src/nope.js"], 2, "src/nope.js"),
        (&[CLEAN], &["check", "src/nope.js", "--exit-zero"], 2, "src/nope.js"),
        (&[CLEAN], &["check", "--fromat", "json"], 2, "'--format'"),
        (&[CLEAN], &["chek"], 2, "'check'"),
        (&[CLEAN], &[], 2, "Usage"),
        (&[CLEAN], &["check", "--threads", "0"], 2, "--threads"),
        (&[CLEAN], &["check", "--max-file-size", "2 parsecs"], 2, "is not a size"),
        (&[CLEAN], &["check", "--select", "timer-not-cleard"], 2, "did you mean `timer-not-cleared`?"),
        (&[CLEAN], &["check", "--ignore", "timer-not-cleared,nonsense"], 2, "unknown rule `nonsense`"),
        (&[CLEAN], &["check", "--config", "nope.toml"], 2, "cannot read nope.toml"),
        (&[CLEAN, bad_key], &["check"], 2, "did you mean `exclude`?"),
        (&[CLEAN, bad_key], &["check", "--isolated"], 0, ""),
        (&[CLEAN], &["check", "-", "src"], 2, "together"),
        (&[CLEAN], &["check", "--stdin-filename", "a.js"], 2, "add `-`"),
        (&[], &["explain", "timer-not-clear"], 2, "did you mean `timer-not-cleared`?"),
        (&[], &["explain", "timer-not-cleared"], 0, ""),
        (&[], &["rules"], 0, ""),
        (&[], &["--version"], 0, ""),
        (&[], &["--help"], 0, ""),
    ];
    for (files, args, code, said) in cases {
        let output = Project::new(files).run(args);
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {}{}", out(&output), err(&output));
        assert!(err(&output).contains(said), "{args:?}: {}", err(&output));
        if said.is_empty() {
            assert_eq!(err(&output), "", "{args:?}");
        }
    }
}

#[test]
fn json_is_pure_and_complete() {
    let project = Project::new(&[CLEAN, BROKEN, EXPECTING]);
    let output = project.run(&["check", "-f", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["files"], serde_json::json!({"checked": 2, "skipped": 0, "failed": 1}));
    let rules: Vec<&str> = report["findings"].as_array().unwrap().iter().map(|it| it["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["parse-error", "unused-suppression"], "sorted by path");
    let finding = &report["findings"][1];
    assert_eq!(finding["path"], "src/expecting.js");
    assert_eq!(finding["range"]["start"], serde_json::json!({"line": 1, "column": 1, "offset": 0}));
    assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 20);
    assert_eq!(err(&output), "");
}

#[test]
fn fingerprints_survive_moved_lines_and_another_working_directory() {
    let config = ("leaklint.toml", "");
    let fingerprint = |text: &str, folder: &str| {
        let project = Project::new(&[config, (EXPECTING.0, text)]);
        let mut command = project.command(&["check", "-f", "json"]);
        let report: serde_json::Value =
            serde_json::from_slice(&command.current_dir(project.0.join(folder)).output().unwrap().stdout).unwrap();
        report["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
    };
    let first = fingerprint(EXPECTING.1, ".");
    assert_eq!(fingerprint(&format!("\n\n{}", EXPECTING.1), "."), first);
    assert_eq!(fingerprint(EXPECTING.1, "src"), first);
    assert_ne!(fingerprint(&EXPECTING.1.replace("timer-not-cleared", "listener-not-removed"), "."), first);
}

#[test]
fn no_escape_codes_off_a_terminal() {
    let project = Project::new(&[BROKEN, EXPECTING]);
    for args in [
        &["check"][..],
        &["check", "-f", "concise"],
        &["check", "-f", "json"],
        &["rules"],
        &["explain", "timer-not-cleared"],
        &["check", "--fromat"],
        &["--help"],
    ] {
        let output = project.run(args);
        assert!(!out(&output).contains('\u{1b}') && !err(&output).contains('\u{1b}'), "{args:?}");
    }
    assert!(out(&project.run(&["check"])).is_ascii());
    assert!(out(&project.run(&["check", "--color", "always"])).contains('\u{1b}'));
    let forced = |name: &str| project.command(&["check"]).env("FORCE_COLOR", "1").env(name, "1").output().unwrap();
    assert!(out(&forced("FORCE_COLOR")).contains('\u{1b}'));
    assert!(!out(&forced("NO_COLOR")).contains('\u{1b}'));
}

#[test]
fn standard_input_is_told_like_the_file() {
    let project =
        Project::new(&[EXPECTING, ("leaklint.toml", "[[overrides]]\nfiles = ['src']\nrules.unused-suppression = 'info'\n")]);
    for format in ["pretty", "concise", "json"] {
        let file = project.run(&["check", EXPECTING.0, "-f", format]);
        let input = project.with_input(&["check", "-", "--stdin-filename", EXPECTING.0, "-f", format], EXPECTING.1);
        assert_eq!(out(&input), out(&file));
        assert_eq!(input.status.code(), file.status.code());
    }
    let other = project.with_input(&["check", "-", "--stdin-file-path=src/other.ts", "-f", "concise"], "let = = ;");
    assert!(out(&other).starts_with("src/other.ts:1:7: warning[parse-error]"), "{}", out(&other));
    let bare = project.with_input(&["check", "-", "-f", "concise"], "let = = ;");
    assert!(out(&bare).starts_with("stdin.js:1:"), "{}", out(&bare));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let many: String = (0..3000).map(|n| format!("// leaklint-disable-line timer-not-cleared -- number {n}\n")).collect();
    let project = Project::new(&[("many.js", &many)]);
    for args in [&["check"][..], &["check", "-f", "json"], &["check", "-f", "concise"], &["explain", "--all"], &["rules"]] {
        let mut child = project.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        assert!(!err(&output).contains("error"), "{args:?}: {}", err(&output));
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut files: Vec<(String, String)> = Vec::new();
    for n in 0..60 {
        files.push((format!("src/{}/m{n}.js", n % 7), format!("{}{}", EXPECTING.1, LEAKY.1)));
        files.push((format!("src/{}/b{n}.ts", n % 5), format!("let = {n} = ;\n")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = Project::new(&files);
    for format in ["json", "pretty", "concise"] {
        let one = out(&project.run(&["check", "--pedantic", "--threads", "1", "-f", format]));
        assert!(one.len() > 1000);
        for threads in ["2", "8"] {
            assert_eq!(
                out(&project.run(&["check", "--pedantic", "--threads", threads, "-f", format])),
                one,
                "{format} {threads}"
            );
        }
    }
}

#[test]
fn configuration_is_found_above_and_its_mistakes_are_framed() {
    let project = Project::new(&[EXPECTING, (".leaklint.toml", "[rules]\nunused-suppression = 'info'\n")]);
    let from = |folder: &str, args: &[&str]| {
        let mut command = project.command(args);
        command.current_dir(project.0.join(folder)).output().unwrap()
    };
    assert_eq!(out(&from("src", &["check", "-f", "concise"])).matches("info[").count(), 1);
    assert_eq!(out(&from("..", &["check", project.0.to_str().unwrap(), "-f", "concise"])).matches("info[").count(), 1);
    fs::write(project.0.join("leaklint.toml"), "[rules]\ntimer-not-cleard = 'off'\n").unwrap();
    let output = from("src", &["check"]);
    let said = err(&output);
    assert!(said.contains("unknown rule `timer-not-cleard`") && said.contains("leaklint.toml:2:1]"), "{said}");
    assert!(said.contains("2 | timer-not-cleard = 'off'") && said.contains("did you mean `timer-not-cleared`?"), "{said}");
    assert_eq!(out(&output), "");
    let other = Project::new(&[EXPECTING, ("ci/strict.toml", "exclude = ['src']\n")]);
    assert_eq!(other.run(&["check", "--config", "ci/strict.toml", "--list-files"]).stdout, b"");
    assert_eq!(other.command(&["check", "--list-files"]).env("LEAKLINT_CONFIG", "ci/strict.toml").output().unwrap().stdout, b"");
    assert_eq!(out(&other.run(&["check", "--list-files"])), "src/expecting.js\n");
}

#[test]
fn a_report_goes_to_a_file_whole() {
    let project = Project::new(&[EXPECTING]);
    let output = project.run(&["check", "-f", "json", "-o", "out/deep/report.json"]);
    assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
    let folder = project.0.join("out/deep");
    assert_eq!(fs::read(folder.join("report.json")).unwrap(), project.run(&["check", "-f", "json"]).stdout);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing left over");
    let output = project.run(&["check", "-o", "src"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("cannot write src"), "{}", err(&output));
}

#[test]
fn one_run_writes_several_reports() {
    let project = Project::new(&[EXPECTING, LEAKY]);
    let output = project.run(&["check", "-o", "json=out/a.json", "-f", "concise", "-o", "pretty=./out/b.txt"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert_eq!(output.stdout, project.run(&["check", "-f", "concise"]).stdout);
    assert_eq!(fs::read(project.0.join("out/a.json")).unwrap(), project.run(&["check", "-f", "json"]).stdout);
    assert_eq!(fs::read(project.0.join("out/b.txt")).unwrap(), project.run(&["check"]).stdout);
    // The main report in a file, another beside it, nothing on standard output.
    let output = project.run(&["check", "-f", "json", "-o", "out/c.json", "-o", "concise=out/d.txt"]);
    assert_eq!(out(&output), "");
    assert_eq!(fs::read(project.0.join("out/c.json")).unwrap(), project.run(&["check", "-f", "json"]).stdout);
    assert_eq!(fs::read(project.0.join("out/d.txt")).unwrap(), project.run(&["check", "-f", "concise"]).stdout);
    // One that cannot be written.
    let output = project.run(&["check", "-f", "concise", "-o", "json=src", "-o", "concise=out/e.txt"]);
    assert_eq!((output.status.code(), &output.stdout), (Some(2), &project.run(&["check", "-f", "concise"]).stdout));
    assert!(err(&output).contains("cannot write src") && project.0.join("out/e.txt").exists(), "{}", err(&output));
    let mistakes: &[(&[&str], &str)] = &[
        (&["check", "-o", "jsno=a.json"], "no format `jsno`, but pretty, concise, markdown, json, jsonl, sarif"),
        (&["check", "-o", "json="], "a file name is missing"),
        (&["check", "-o", "-"], "a file name is missing"),
        (&["check", "-o", "a", "-o", "json=a"], "two reports are to be written to a"),
    ];
    for (args, said) in mistakes {
        let output = project.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains(said), "{}", err(&output));
    }
    assert_eq!(project.run(&["check", "-q", "-o", "./jsno=a.json"]).status.code(), Some(1));
    assert!(project.0.join("jsno=a.json").exists());
}

#[test]
fn suppressed_findings_are_left_out_when_asked() {
    let text = format!("// leaklint-disable-file timer-not-cleared -- a test\n{}", LEAKY.1);
    let project = Project::new(&[(LEAKY.0, &text)]);
    let count = |args: &[&str]| {
        let report: serde_json::Value = serde_json::from_slice(&project.run(args).stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!((count(&["check", "-f", "json"]), count(&["check", "-f", "json", "--no-suppressed"])), (1, 0));
}

#[test]
fn quiet_statistics_and_timing() {
    let project = Project::new(&[BROKEN, EXPECTING]);
    assert_eq!(err(&project.run(&["check", "-q", "-f", "concise"])), "");
    assert!(!out(&project.run(&["check", "-q"])).contains("file checked"));
    assert!(err(&project.run(&["check", "-f", "concise"])).contains("1 error, 1 warning; 1 file checked, 1 failed"));
    assert!(out(&project.run(&["check", "--statistics"])).contains("     1  error    unused-suppression\n"));
    let output = project.run(&["check", "--statistics", "--timing", "-f", "json"]);
    assert!(err(&output).contains("unused-suppression") && err(&output).contains("ms  total"));
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok());
    let by_env = project.command(&["check"]).env("LEAKLINT_FORMAT", "concise").output().unwrap();
    assert!(out(&by_env).starts_with("src/broken.ts:1:7: "));
}

#[test]
fn rules_are_listed_and_explained() {
    let project = Project::new(&[]);
    let list: serde_json::Value = serde_json::from_slice(&project.run(&["rules", "-f", "json"]).stdout).unwrap();
    let table = out(&project.run(&["rules"]));
    for rule in list.as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        assert!(table.contains(&format!("{id} ")), "{id}");
        assert_eq!(project.run(&["explain", id]).status.code(), Some(0), "{id}");
    }
    let all: serde_json::Value = serde_json::from_slice(&project.run(&["explain", "--all", "-f", "json"]).stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), list.as_array().unwrap().len());
    let one: serde_json::Value =
        serde_json::from_slice(&project.run(&["explain", "timer-not-cleared", "-f", "json"]).stdout).unwrap();
    assert!(one["page"].as_str().unwrap().contains("## Remedy"));
    assert!(out(&project.run(&["explain", "timer-not-cleared", "-f", "md"])).starts_with("# "));
    assert!(out(&project.run(&["explain", "unused-suppression"])).starts_with("unused-suppression (warning): "));
}

#[test]
fn a_leak_is_found_suppressed_and_gated() {
    let project = Project::new(&[LEAKY]);
    let found = project.run(&["check", "-f", "concise"]);
    assert!(out(&found).contains("src/server.js:3:3: error[timer-not-cleared]"), "{}", out(&found));
    assert_eq!(found.status.code(), Some(1));
    let comment = "  // leaklint-disable-next-line timer-not-cleared -- a demo\n  setInterval";
    let silenced = Project::new(&[(LEAKY.0, &LEAKY.1.replace("  setInterval", comment))]);
    let output = silenced.run(&["check", "-f", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["suppressed"], serde_json::json!({"kind": "comment", "reason": "a demo"}));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(silenced.run(&["check", "--no-inline-config"]).status.code(), Some(1));
    let expected = Project::new(&[(LEAKY.0, &LEAKY.1.replace("  setInterval", &comment.replace("disable", "expect")))]);
    assert_eq!(expected.run(&["check"]).status.code(), Some(0));
    assert_eq!(project.run(&["check", "--select", "listener-not-removed"]).status.code(), Some(0));
    assert_eq!(project.run(&["check", "--ignore", "timer-not-cleared"]).status.code(), Some(0));
}

/// A library of the project's own, a page for it, and code that uses it.
const MODEL: (&str, &str) = (
    ".leaklint/models/acme.toml",
    "[[type]]\nname = \"@acme/locks#Locks\"\nshared = true\n[type.methods]\n\"lease\" = { acquire = { resource = \"lease\", token = \"result\" } }\n\"giveBack\" = { release = { resource = [\"lease\"], what = \"arg0\" } }\n",
);
const PAGE: (&str, &str) = (
    ".leaklint/rules/lease-not-returned.md",
    "+++\nsummary = \"a lease is not given back\"\ncheck = \"unreleased\"\nresource = [\"lease\"]\nseverity = \"error\"\nhelp = \"give it back in a `finally`\"\nsince = \"1.0.0\"\n+++\n# Lease not returned\n\n## Leaks\n\n```js\nconst { Locks } = require(\"@acme/locks\");\nconst locks = new Locks();\nrequire(\"http\").createServer(async (req, res) => {\n  const lease = await locks.lease(req.url);\n//                    ^^^^^^^^^^^ lease created per request\n  res.end();\n}).listen(80);\n```\n\n## Does not leak\n\n```js\nconst { Locks } = require(\"@acme/locks\");\nconst locks = new Locks();\nrequire(\"http\").createServer(async (req, res) => {\n  const lease = await locks.lease(req.url);\n  locks.giveBack(lease);\n  res.end();\n}).listen(80);\n```\n",
);
const LEASING: (&str, &str) = (
    "src/server.js",
    "const { Locks } = require('@acme/locks');\nconst locks = new Locks();\nrequire('http').createServer(async (req, res) => {\n  await locks.lease(req.url);\n  res.end();\n}).listen(80);\n",
);

#[test]
fn rules_and_models_of_a_project() {
    let project = Project::new(&[MODEL, PAGE, LEASING]);
    let output = project.run(&["check", "-f", "concise", "-q"]);
    let said = "src/server.js:4:9: error[lease-not-returned] lease created per request";
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(out(&output).starts_with(said), "{}", out(&output));
    assert_eq!(project.run(&["check", "--isolated"]).status.code(), Some(0));
    // They are found from below, and govern what lies there.
    let output = project.command(&["check", "-q", "-f", "concise", "."]).current_dir(project.0.join("src")).output().unwrap();
    assert!(out(&output).starts_with("server.js:4:9: error[lease-not-returned]"), "{}", out(&output));
    assert!(out(&project.run(&["rules"])).contains("lease-not-returned"));
    assert!(out(&project.run(&["explain", "lease-not-returned"])).contains("a lease is not given back"));
    let json = out(&project.run(&["check", "-f", "json"]));
    assert!(json.contains(r#""url":".leaklint/rules/lease-not-returned.md""#), "{json}");
    let off = ("leaklint.toml", "[rules]\nlease-not-returned = \"off\"\n");
    assert_eq!(Project::new(&[MODEL, PAGE, LEASING, off]).run(&["check"]).status.code(), Some(0));
}

#[test]
fn examples_of_a_project_are_verified() {
    let output = Project::new(&[MODEL, PAGE]).run(&["verify"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "1 page, 2 examples: all do what their pages say\n"));
    // Without the removal, what leaks and what does not are the same.
    let page = (PAGE.0, &*PAGE.1.replace("  locks.giveBack(lease);\n", ""));
    let output = Project::new(&[MODEL, page]).run(&["verify", "-q"]);
    assert_eq!(output.status.code(), Some(1));
    let said = ".leaklint/rules/lease-not-returned.md:29: unexpected: lease-not-returned: lease created per request";
    assert!(out(&output).starts_with(said), "{}", out(&output));
    let page = (PAGE.0, &*PAGE.1.replace("per request", "per century"));
    let output = Project::new(&[MODEL, page]).run(&["verify", "lease-not-returned"]);
    let told = out(&output);
    assert!(told.contains(".md:18: missing: lease-not-returned: lease created per century\n"), "{told}");
    assert!(told.ends_with("1 page, 2 examples: 2 complaints\n"), "{told}");
    let output = Project::new(&[]).run(&["verify"]);
    assert!(err(&output).contains("`leaklint verify --all`"), "{}", err(&output));
    let output = Project::new(&[MODEL, PAGE]).run(&["verify", "lease-not-retuned"]);
    assert!(err(&output).contains("did you mean `lease-not-returned`?"), "{}", err(&output));
}

#[test]
fn mistakes_in_rules_and_models_have_a_place() {
    let model = |from: &str, to: &str| (MODEL.0, MODEL.1.replace(from, to));
    let page = |from: &str, to: &str| (PAGE.0, PAGE.1.replace(from, to));
    let (models, pages) = (".leaklint/models/acme.toml", ".leaklint/rules/lease-not-returned.md");
    let cases = [
        (vec![model("{ acquire", "{ aquire")], format!("{models}:5:13: unknown field `aquire`")),
        (vec![model("\"result\"", "\"rezult\"")], "did you mean `result`?".to_owned()),
        (vec![model("\"arg0\" }", "\"arg0\"")], format!("{models}:6:")),
        (
            vec![model("\"lease\", token", "\"leese\", token")],
            format!("{models}:5:36: there is no rule for `unreleased` with the resource `leese` (did you mean `lease`?)"),
        ),
        (vec![page("\"unreleased\"", "\"unrelased\"")], format!("{pages}:3:1: unknown check `unrelased`")),
        (
            vec![page("\"unreleased\"", "\"exposed\"")],
            format!(
                "{pages}:3:9: a page of a project's own is for the check `unreleased` or `unsafe-default`, not for `exposed`"
            ),
        ),
        (
            vec![page("[\"lease\"]", "[\"lease\", \"client\"]")],
            format!("{pages}:4:22: `client-per-request` reports the resource `client` already"),
        ),
        (vec![page("severity", "severety")], format!("{pages}:5:1: unknown field `severety`")),
        (
            vec![(".leaklint/rules/timer-not-cleared.md", PAGE.1.to_owned())],
            "there is a rule `timer-not-cleared` already".to_owned(),
        ),
        (
            vec![(".leaklint/rules/parse-error.md", PAGE.1.replace("\"lease\"", "\"x\""))],
            "there is a rule `parse-error` already".to_owned(),
        ),
    ];
    for (files, said) in &cases {
        let mut project = vec![MODEL, PAGE, LEASING];
        project.extend(files.iter().map(|(path, text)| (*path, text.as_str())));
        let output = Project::new(&project).run(&["check"]);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(err(&output).contains(&format!("error: {said}")) || err(&output).contains(said), "{said}: {}", err(&output));
    }
}
