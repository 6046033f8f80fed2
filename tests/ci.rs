//! What the project has for CI systems and hooks: the action's script, the problem matcher, the hooks of pre-commit.
//!
//! The ignored tests install validators and hooks, which takes a network and minutes:
//! `cargo test --test ci --test formats -- --ignored`.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::TempDir;
use support::shell::{LEAKY, Shell, leaklint};

/// Silenced, and so no finding for anybody.
const SILENCED: &str =
    "// leaklint-disable-file timer-not-cleared -- a test\nrequire('express')().get('/', () => { setInterval(f, 9); });\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The search path, with the program that was just built on it.
fn path_with_leaklint() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_leaklint")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// A step of GitHub Actions that uses the action.
struct Step {
    checkout: TempDir,
    outputs: PathBuf,
}

impl Step {
    fn new(files: &[(&str, &str)]) -> Step {
        let checkout = TempDir::with(files);
        checkout.write("runner/temp/.keep", "");
        let outputs = checkout.path().join("runner/outputs");
        Step { checkout, outputs }
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Output {
        let _ = fs::remove_file(&self.outputs);
        let mut command = Command::new("bash");
        command.arg(root().join("ci/action.sh")).current_dir(self.checkout.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if ["LEAKLINT_", "GITHUB_", "INPUT_", "CI_"].iter().any(|it| name.starts_with(it)) {
                command.env_remove(name);
            }
        }
        command.env("PATH", path_with_leaklint()).env("RUNNER_TEMP", self.checkout.path().join("runner/temp"));
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", self.checkout.path()).env("GITHUB_OUTPUT", &self.outputs);
        command.env("INPUT_VERSION", "installed").envs(inputs.iter().copied());
        command.output().unwrap()
    }

    fn outputs(&self) -> String {
        fs::read_to_string(&self.outputs).unwrap_or_default()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_action_annotates_and_counts() {
    let step = Step::new(&[("app/src/server.js", LEAKY), ("app/src/quiet.js", SILENCED)]);
    let inputs = [("INPUT_WORKING_DIRECTORY", "app"), ("INPUT_SARIF_FILE", "out/leaks.sarif")];
    let output = step.run(&inputs);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(out(&output).starts_with("::error file=app/src/server.js,line=3,"), "{}", out(&output));
    assert_eq!(step.outputs(), "findings=1\nsarif-file=app/out/leaks.sarif\n");
    let text = fs::read_to_string(step.checkout.path().join("app/out/leaks.sarif")).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1, "code scanning would open what is suppressed");
    assert_eq!(fs::read_dir(step.checkout.path().join("runner/temp")).unwrap().count(), 1, "nothing left over");
}

#[test]
fn the_action_does_what_its_inputs_say() {
    let step = Step::new(&[("app/src/server.js", LEAKY), ("strict.toml", "[rules]\ntimer-not-cleared = \"off\"\n")]);
    let both = step.run(&[("INPUT_FORMAT", "concise"), ("INPUT_FAIL_ON", "never")]);
    assert_eq!(both.status.code(), Some(0));
    let text = out(&both);
    assert!(text.starts_with("app/src/server.js:3:3: error[") && text.contains("\n::error file=app/src/server.js"), "{text}");
    let plain = out(&step.run(&[("INPUT_ANNOTATIONS", "false")]));
    assert!(plain.starts_with("error[timer-not-cleared]") && !plain.contains("::error"), "{plain}");
    let off = step.run(&[("INPUT_CONFIG", "strict.toml"), ("INPUT_ARGS", "app --quiet")]);
    assert_eq!((off.status.code(), step.outputs()), (Some(0), "findings=0\nsarif-file=\n".to_owned()));
    let mistakes = [
        ("INPUT_ANNOTATIONS", "yes", "'annotations' is true or false, not yes"),
        ("INPUT_VERSION", "../elsewhere", "'version' is not a version"),
        ("INPUT_VERSION", "1.0 --registry=x", "'version' is not a version"),
        ("INPUT_WORKING_DIRECTORY", "nowhere", "there is no folder nowhere"),
    ];
    for (name, value, said) in mistakes {
        let output = step.run(&[(name, value)]);
        assert_eq!(output.status.code(), Some(2), "{name}={value}");
        assert!(out(&output).contains(&format!("::error title=leaklint::{said}")), "{}", out(&output));
    }
    let bad = step.run(&[("INPUT_ARGS", "--no-such-flag")]);
    assert_eq!((bad.status.code(), step.outputs()), (Some(2), "findings=\nsarif-file=\n".to_owned()));
}

#[test]
fn the_action_installs_its_own_version_without_scripts() {
    let step = Step::new(&[("src/server.js", LEAKY)]);
    // Stands in for npm: notes what it is asked for, and puts the program where npm would.
    let npm = step.checkout.write(
        "bin/npm",
        format!(
            "#!/bin/sh\necho \"$*\" >'{0}/asked'\n[ \"$1\" = install ] && [ \"$2\" = --prefix ] || exit 9\n\
             mkdir -p \"$3/node_modules/.bin\"\nln -s '{1}' \"$3/node_modules/.bin/leaklint\"\n",
            step.checkout.path().display(),
            env!("CARGO_BIN_EXE_leaklint"),
        ),
    );
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", npm.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for (given, version) in [("", env!("CARGO_PKG_VERSION")), ("9.8.7-beta.1", "9.8.7-beta.1")] {
        let output = step.run(&[("INPUT_VERSION", given), ("PATH", &path)]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(out(&output).starts_with("::error file=src/server.js"), "{}", out(&output));
        let asked = fs::read_to_string(step.checkout.path().join("asked")).unwrap();
        assert!(asked.contains(" --ignore-scripts ") && asked.ends_with(&format!(" leaklint@{version}\n")), "{asked}");
    }
}

/// Runs a program in Node on some text.
fn node(program: &str, input: &str) -> String {
    let output = Command::new("node").args(["-e", program, input]).output().expect("`node` on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out(&output)
}

#[test]
fn the_problem_matcher_reads_the_concise_format() {
    let folder = TempDir::with(&[("src/a:b/server.js", LEAKY)]);
    let output = leaklint(folder.path(), &["check", "-f", "concise"]).output().unwrap();
    let matched = node(
        &format!(
            "const [first] = ({}).problemMatcher, [it] = first.pattern; const m = process.argv[1].trim().match(new RegExp(it.regexp));\
             console.log([it.file, it.line, it.column, it.severity, it.code].map((n) => m[n]).join(' '), m[it.message].length > 10)",
            read("problem-matcher.json")
        ),
        &out(&output),
    );
    assert_eq!(matched, "src/a:b/server.js 3 3 error timer-not-cleared true\n");
}

#[test]
fn hooks_take_the_files_that_leaklint_reads() {
    let hooks = read(".pre-commit-hooks.yaml");
    let patterns: Vec<&str> = hooks.lines().filter_map(|it| it.strip_prefix("  files: ")).collect();
    assert_eq!(patterns.len(), hooks.matches("- id: ").count());
    let names = "a.js a.mjs a.cjs a.jsx a.ts a.mts a.cts a.tsx";
    let others = "a.json a.jss a.md js a.ts.map a.mjsx";
    for pattern in patterns {
        let program = format!("console.log(process.argv[1].split(' ').filter((it) => /{pattern}/.test(it)).join(' '))");
        assert_eq!(node(&program, &format!("{names} {others}")).trim(), names);
    }
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let gitlab = read("ci/gitlab.yml");
    assert!(
        gitlab.contains(&format!("LEAKLINT_VERSION: \"{version}\"")) && gitlab.contains(&format!("/v{version}/ci/gitlab.yml"))
    );
}

#[test]
#[ignore = "installs pre-commit, and builds leaklint once more, optimized"]
fn pre_commit_runs_the_hooks() {
    let shell = Shell::repository(&[("src/server.js", LEAKY), ("src/other.mts", LEAKY), ("README.md", "# A\n")]);
    let tools = root().join("target/validators/venv/bin");
    if !tools.join("pre-commit").exists() {
        let install =
            "python3 -m venv target/validators/venv && target/validators/venv/bin/pip install --quiet pre-commit==4.7.0";
        assert!(Command::new("bash").args(["-c", install]).current_dir(root()).status().unwrap().success());
    }
    let path = format!("{}:{}", tools.display(), path_with_leaklint());
    let pre_commit = |args: &[&str]| {
        let mut command = Command::new(tools.join("pre-commit"));
        command.args(args).current_dir(shell.path()).env("PATH", &path).env("PRE_COMMIT_HOME", shell.path().join(".git/home"));
        // A fast build will do.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").output().unwrap()
    };
    assert!(pre_commit(&["validate-manifest", &root().join(".pre-commit-hooks.yaml").display().to_string()]).status.success());
    for hook in ["leaklint-system", "leaklint"] {
        let output = pre_commit(&["try-repo", &root().display().to_string(), hook, "--all-files", "--verbose"]);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(1), "{hook}: {text}{}", String::from_utf8_lossy(&output.stderr));
        for file in ["src/server.js", "src/other.mts"] {
            assert!(text.contains(&format!("error[timer-not-cleared] {file}:3:3")), "{hook}: {text}");
        }
        assert!(text.contains("2 errors; 2 files checked"), "{hook}: one run over both files: {text}");
    }
}
