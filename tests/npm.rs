//! The npm packages: packed, installed from their tarballs into an empty project, and run.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]
#![cfg(unix)]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use support::TempDir;
use support::shell::{LEAKY, Said, leaklint};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn npm(folder: &Path, args: &[&str]) -> Said {
    let mut command = Command::new("npm");
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap().into()
}

/// The key of the platform that the tests run on.
fn key() -> String {
    let program = "console.log(require(process.argv[1]).candidates()[0])";
    let output = Command::new("node").args(["-e", program]).arg(root().join("npm/leaklint/lib/index.js")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().strip_prefix("leaklint-").unwrap().to_owned()
}

/// The folder of the tarballs, made once a run; nothing where there is no npm.
static TARBALLS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    if Command::new("npm").arg("--version").output().is_err() {
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    // What is packed should be no larger than it has to be.
    let program = folder.join("program");
    fs::copy(env!("CARGO_BIN_EXE_leaklint"), &program).unwrap();
    let _ = Command::new("strip").arg(&program).output();
    let mut pack = Command::new("node");
    pack.arg(root().join("npm/pack.mjs")).arg(&folder).arg(format!("{}={}", key(), program.display()));
    let said = Said::from(pack.output().unwrap());
    assert_eq!(said.code, 0, "{}", said.err);
    Some(folder)
});

/// A project with the packages in it.
struct Project {
    folder: TempDir,
}

impl Project {
    /// `None`, with a word about it, where there is no npm.
    fn installed() -> Option<Project> {
        let Some(tarballs) = TARBALLS.as_ref() else {
            eprintln!("skipped: there is no `npm` on the path");
            return None;
        };
        let folder = TempDir::with(&[("package.json", "{\"private\": true}\n"), ("src/server.js", LEAKY)]);
        let version = env!("CARGO_PKG_VERSION");
        let tarball = |name: &str| tarballs.join(format!("{name}-{version}.tgz")).display().to_string();
        let (main, own) = (tarball("leaklint"), tarball(&format!("leaklint-{}", key())));
        let said = npm(folder.path(), &["install", "--offline", "--no-audit", "--no-fund", "--cache", "cache", &main, &own]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        Some(Project { folder })
    }

    fn modules(&self) -> PathBuf {
        self.folder.path().join("node_modules")
    }

    fn shim(&self, args: &[&str]) -> Command {
        Project::shim_in(self.folder.path(), args)
    }

    fn shim_in(folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(folder.join("node_modules/.bin/leaklint"));
        command.args(args).current_dir(folder).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LEAKLINT_") || name == "GITHUB_ACTIONS") {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Said {
        self.shim(args).output().unwrap().into()
    }
}

#[test]
fn the_shim_says_and_ends_as_the_program_does() {
    let Some(project) = Project::installed() else { return };
    for args in
        [&["check", "-f", "json"][..], &["--version"], &["check", "gone.js"], &["check", "--exit-zero"], &["check", "--no"]]
    {
        let direct = Said::from(leaklint(project.folder.path(), args).output().unwrap());
        let said = project.run(args);
        assert_eq!((said.code, said.out, said.err), (direct.code, direct.out, direct.err), "{args:?}");
    }
    assert_eq!(project.run(&["check"]).code, 1);
}

#[test]
fn the_packages_hold_what_they_should() {
    let Some(project) = Project::installed() else { return };
    let own = project.modules().join(format!("leaklint-{}", key()));
    for (folder, program) in [(project.modules().join("leaklint"), "bin/leaklint"), (own.clone(), "bin/leaklint")] {
        assert_eq!(fs::metadata(folder.join(program)).unwrap().permissions().mode() & 0o111, 0o111);
        let manifest = json(&folder.join("package.json"));
        assert!(manifest.get("scripts").is_none(), "no install scripts");
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        assert!(
            folder.join("LICENSE-MIT").exists() && folder.join("LICENSE-APACHE").exists() && folder.join("README.md").exists()
        );
    }
    let manifest = json(&own.join("package.json"));
    assert!(manifest["os"].is_array() && manifest["cpu"].is_array() && manifest.get("bin").is_none(), "{manifest}");
}

#[test]
fn the_manifest_is_in_step_with_the_program() {
    let manifest = json(&root().join("npm/leaklint/package.json"));
    let platforms = json(&root().join("npm/leaklint/lib/platforms.json"));
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"), "node npm/pack.mjs --sync");
    let optional = manifest["optionalDependencies"].as_object().unwrap();
    let keys: Vec<String> =
        platforms.as_array().unwrap().iter().map(|it| format!("leaklint-{}", it["key"].as_str().unwrap())).collect();
    assert_eq!((optional.len(), keys.len()), (8, 8));
    for key in &keys {
        assert_eq!(optional[key], env!("CARGO_PKG_VERSION"), "{key}");
    }
    for file in manifest["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()) {
        let is_there = root().join("npm/leaklint").join(file).exists() || file.starts_with("LICENSE-");
        assert!(is_there, "npm/leaklint lacks {file}");
    }
}

/// A registry of our packages: those of other platforms are there, but only to be looked at.
const REGISTRY: &str = r#"
const [folder, version] = process.argv.slice(1);
const fs = require("node:fs"), http = require("node:http"), path = require("node:path"), crypto = require("node:crypto");
const platforms = JSON.parse(fs.readFileSync(path.join(folder, "leaklint/lib/platforms.json")));
const server = http.createServer((request, response) => {
  const [name, tarball] = request.url.slice(1).split("/");
  const file = path.join(folder, `${name}-${version}.tgz`);
  if (tarball) {
    console.log(`fetched ${name}`);
    return fs.existsSync(file) ? fs.createReadStream(file).pipe(response) : response.writeHead(500).end();
  }
  const platform = platforms.find((it) => `leaklint-${it.key}` === name);
  const packed = path.join(folder, name, "package.json");
  if (!platform && name !== "leaklint") return response.writeHead(404).end("{}");
  const { os, cpu, libc } = platform ?? {};
  const manifest = fs.existsSync(packed) ? JSON.parse(fs.readFileSync(packed)) : { name, version, os: [os], cpu: [cpu], libc: libc && [libc] };
  const bytes = fs.existsSync(file) ? fs.readFileSync(file) : "";
  const integrity = `sha512-${crypto.createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { tarball: `http://127.0.0.1:${server.address().port}/${name}/tarball`, integrity };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } }));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
"#;

#[test]
fn a_registry_hands_out_only_what_fits_the_machine() {
    let Some(tarballs) = TARBALLS.as_ref() else { return };
    let mut registry = Command::new("node");
    registry.args(["-e", REGISTRY]).arg(tarballs).arg(env!("CARGO_PKG_VERSION")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut registry = registry.spawn().unwrap();
    let mut lines = BufReader::new(registry.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = format!("http://127.0.0.1:{}/", lines.next().unwrap());
    let folder = TempDir::with(&[("package.json", "{\"private\": true}\n"), ("src/server.js", LEAKY)]);
    let own = format!("leaklint-{}", key());
    // Older versions of npm do not look at `libc`, and try both.
    let twin = if own.ends_with("-gnu") { own.replace("-gnu", "-musl") } else { own.replace("-musl", "-gnu") };
    let install = |more: &[&str]| {
        let args = ["install", "leaklint", "--no-audit", "--no-fund", "--cache", "cache", "--registry", &url];
        let said = npm(folder.path(), &[&args, more].concat());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let mut names = support::node::names(&folder.path().join("node_modules"));
        names.retain(|it| !it.starts_with('.') && *it != twin);
        names
    };
    let shim = || Project::shim_in(folder.path(), &["check", "-q"]).output().unwrap();
    assert_eq!(install(&["--omit=optional"]), ["leaklint"]);
    let said = Said::from(shim());
    assert!(said.code == 2 && said.err.contains("--omit=optional"), "{}", said.err);
    fs::remove_dir_all(folder.path().join("node_modules")).unwrap();
    fs::remove_file(folder.path().join("package-lock.json")).unwrap();
    assert_eq!(install(&[]), ["leaklint", own.as_str()]);
    assert_eq!(shim().status.code(), Some(1));
    drop(registry.stdin.take());
    registry.wait().unwrap();
    let fetched: BTreeSet<String> = lines.filter(|it| !it.ends_with(&twin)).collect();
    assert_eq!(fetched, ["leaklint", own.as_str()].map(|it| format!("fetched {it}")).into(), "no other program is downloaded");
}

/// A program that waits, in the place of leaklint.
fn stand_in(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.write("stand-in", format!("#!/bin/sh\n{text}\necho ready\nfor i in $(seq 600); do sleep 0.05; done\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn signals_reach_the_program_and_come_back_as_exit_codes() {
    let Some(project) = Project::installed() else { return };
    let cases = [
        ("", "TERM", 128 + 15),
        ("", "INT", 128 + 2),
        ("", "HUP", 128 + 1),
        ("trap 'echo cleaned; exit 7' TERM", "TERM", 7),
        ("trap 'exit 130' INT", "INT", 130),
    ];
    for (text, signal, code) in cases {
        let program = stand_in(&project.folder, text);
        let mut child = project.shim(&[]).env("LEAKLINT_BINARY", program).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().as_deref(), Some("ready"));
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        // The program is gone when nobody holds the pipe any more.
        let rest: Vec<String> = lines.collect();
        assert_eq!(rest.contains(&"cleaned".to_owned()), text.contains("cleaned"), "{text}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{text} {signal}");
    }
    // Killed from elsewhere.
    let program = stand_in(&project.folder, "kill -s KILL $$");
    let status = project.shim(&[]).env("LEAKLINT_BINARY", program).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(128 + 9));
}

#[test]
fn what_is_missing_is_named_with_advice() {
    let Some(project) = Project::installed() else { return };
    let name = format!("leaklint-{}", key());
    fs::remove_dir_all(project.modules().join(&name)).unwrap();
    let said = project.run(&["check"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    let advice = format!("npm install --save-dev {name}@{}", env!("CARGO_PKG_VERSION"));
    for part in [
        name.as_str(),
        "package-lock.json",
        "npm/cli/issues/4828",
        "--no-optional",
        "--omit=optional",
        &advice,
        "LEAKLINT_BINARY",
    ] {
        assert!(said.err.contains(part), "no `{part}` in\n{}", said.err);
    }
    assert!(!said.err.contains("    at "), "no stack: {}", said.err);
    let gone = Said::from(project.shim(&[]).env("LEAKLINT_BINARY", "nowhere/leaklint").output().unwrap());
    assert_eq!(gone.code, 2);
    assert!(gone.err.contains("LEAKLINT_BINARY is nowhere/leaklint, and there is no such file"), "{}", gone.err);
    let folder = project.folder.path().display().to_string();
    let denied = Said::from(project.shim(&[]).env("LEAKLINT_BINARY", &folder).output().unwrap());
    assert_eq!(denied.code, 2);
    assert!(denied.err.contains(&format!("leaklint: cannot run {folder}: ")), "{}", denied.err);
}

#[test]
fn each_machine_gets_its_package() {
    let ask = |machine: &str| {
        let program = format!("console.log(require(process.argv[1]).candidates({machine}).join(' '))");
        let output = Command::new("node").args(["-e", &program]).arg(root().join("npm/leaklint/lib/index.js")).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(ask("'linux', 'x64', false"), "leaklint-linux-x64-gnu leaklint-linux-x64-musl");
    assert_eq!(ask("'linux', 'arm64', true"), "leaklint-linux-arm64-musl");
    assert_eq!(ask("'darwin', 'arm64', false"), "leaklint-darwin-arm64");
    assert_eq!(ask("'win32', 'x64', false"), "leaklint-win32-x64");
    assert_eq!(ask("'freebsd', 'x64', false"), "");
}

#[test]
fn packing_refuses_what_it_cannot_do() {
    let folder = TempDir::new();
    let pack = |args: &[&str]| {
        Said::from(Command::new("node").arg(root().join("npm/pack.mjs")).args(args).current_dir(folder.path()).output().unwrap())
    };
    let mistakes: &[(&[&str], &str)] = &[
        (&[], "an output folder is missing"),
        (&["out", "linux-x64=a"], "no platform `linux-x64`, but linux-x64-gnu, "),
        (&["out", "linux-x64-gnu=gone"], "there is no program gone"),
        (&["out", "--all"], "no program for linux-x64-gnu, linux-x64-musl, "),
    ];
    for (args, said) in mistakes {
        let refused = pack(args);
        assert_eq!(refused.code, 2, "{args:?}");
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    assert!(!folder.path().join("out").exists());
}
