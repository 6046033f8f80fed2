//! `leaklint prove`: what it would send, what goes wrong, and that nothing stays behind. With the `node` of the machine.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::TempDir;

/// A server of requests that says where it is.
const SERVER: &str = "require('http').createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1');\n";

/// A folder with a program that writes down the numbers of its processes.
struct Project(TempDir);

impl Project {
    fn new(program: &str) -> Project {
        let note = "require('fs').appendFileSync(__dirname + '/pids', process.pid + '\\n');\n";
        let project = Project(TempDir::with(&[("server.js", &format!("{note}{program}"))]));
        fs::create_dir(project.0.path().join("tmp")).unwrap();
        project
    }

    fn command(&self, args: &[&str], command: &[&str]) -> Command {
        let mut leaklint = Command::new(env!("CARGO_BIN_EXE_leaklint"));
        leaklint.args(["prove", "--no-cache"]).args(args).arg("--").args(command).current_dir(self.0.path());
        leaklint.env_remove("NODE_ENV").env_remove("NODE_OPTIONS").env("TMPDIR", self.0.path().join("tmp"));
        leaklint.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        leaklint
    }

    /// Runs it; nothing may be left behind.
    fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args, &["node", "server.js"]).output().unwrap();
        self.assert_clean();
        output
    }

    fn pids(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.0.path().join("pids")).unwrap_or_default();
        text.lines().map(|it| it.parse().unwrap()).collect()
    }

    fn assert_clean(&self) {
        for pid in self.pids() {
            assert!(!is_running(pid), "process {pid} still runs");
        }
        let left: Vec<PathBuf> = fs::read_dir(self.0.path().join("tmp")).unwrap().map(|it| it.unwrap().path()).collect();
        let ours = left.iter().any(|it| it.to_string_lossy().contains("leaklint"));
        assert!(!ours, "left behind: {left:?}");
    }
}

fn is_running(pid: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a program that cannot be proved; gives what standard error says.
fn failed(program: &str, args: &[&str]) -> String {
    let output = Project::new(program).run(args);
    assert_eq!(output.status.code(), Some(2), "{}{}", out(&output), err(&output));
    err(&output)
}

/// Waits for what another process does.
fn wait_until(what: &str, is_so: &mut dyn FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_dry_run_tells_all_and_starts_nothing() {
    let project = Project::new(
        "const app = require('express')();\n\
         app.get('/users/:id', (req, res) => res.end());\n\
         app.get('/logout', (req, res) => res.end());\n\
         app.post('/users', (req, res) => res.end());\n\
         app.listen(0);\n",
    );
    let output = project.run(&["--dry-run", "--requests", "50"]);
    let expected = "\
command   node server.js
load      3 rounds of 50 requests to each of 1 route: 150 in all
          50 connections in each round to servers of bytes and of web sockets
drive     GET    /users/:id                       server.js:3
leave out GET    /logout                          server.js:4: `logout` in the path; --path drives it all the same
leave out POST   /users                           server.js:5: not a method that is sent unless --methods names it
";
    assert_eq!(out(&output), expected);
    assert_eq!((output.status.code(), project.pids().len()), (Some(0), 0));
    let asked = out(&project.run(&["--dry-run", "--methods", "get,POST"]));
    assert!(asked.contains("drive     POST   /users "), "{asked}");
    let named = out(&project.run(&["--dry-run", "--path", "/logout", "--path", "POST /x"]));
    assert!(named.contains("drive     GET    /logout\n") && named.contains("drive     POST   /x\n"), "{named}");
    assert!(!named.contains("/users"), "{named}");
}

#[test]
fn options_that_cannot_be_meant() {
    let project = Project::new(SERVER);
    for (args, said) in [
        (&["--path", "x"][..], "is no path"),
        (&["--url", "http://example.com"], "is not on this machine"),
        (&["--rounds", "1"], "--rounds"),
        (&["--requests", "0"], "--requests"),
        (&["--budget", "much"], "is not a size"),
        (&["--keep", "."], "is not empty"),
        (&["nope"], "nope"),
    ] {
        let output = project.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains(said), "{args:?}: {}", err(&output));
    }
    let output = project.command(&[], &["no-such-program"]).output().unwrap();
    assert!(err(&output).contains("cannot start `no-such-program`"), "{}", err(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn production_and_databases_elsewhere_are_refused() {
    let project = Project::new(SERVER);
    for (name, value, said) in [
        ("NODE_ENV", "production", "--allow-production"),
        ("MAIN_DB", "postgres://me:hunter2@db.example.com/x", "MAIN_DB names a database on another machine (db.example.com)"),
    ] {
        let output = project.command(&[], &["node", "server.js"]).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said_all = err(&output);
        assert!(said_all.contains(said) && !said_all.contains("hunter2"), "{said_all}");
    }
    assert!(project.pids().is_empty(), "nothing was started");
}

#[test]
fn a_program_that_crashes_at_its_start() {
    let said = failed("console.log('reading');\nconsole.error('\\x1b[31mno config\\x1b[0m');\nprocess.exit(7);\n", &[]);
    assert!(said.contains("ended with exit code 7 before it listened on a port"), "{said}");
    assert!(said.contains("  | reading\n") && said.contains("  | no config\n") && !said.contains('\u{1b}'), "{said}");
    let thrown = failed("null.x;\n", &[]);
    assert!(thrown.contains("exit code 1") && thrown.contains("TypeError"), "{thrown}");
}

#[test]
fn a_taken_port_is_told_in_the_programs_own_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = failed(&SERVER.replace("listen(0", &format!("listen({port}")), &[]);
    assert!(said.contains("EADDRINUSE") && said.contains("exit code 1"), "{said}");
}

#[test]
fn a_program_that_never_listens() {
    let said = failed("console.log('idle');\nsetInterval(() => {}, 1000);\n", &["--start-timeout", "1500ms"]);
    assert!(said.contains("listened on no port within 1.5 s") && said.contains("  | idle"), "{said}");
    let pipe = failed("require('net').createServer().listen(__dirname + '/pipe');\n", &["--start-timeout", "1500ms"]);
    assert!(pipe.contains("no local port") && pipe.contains("/pipe"), "{pipe}");
}

#[test]
fn a_program_that_stands_still() {
    let said = failed("require('http').createServer(() => { console.log('stuck'); for (;;); }).listen(0, '127.0.0.1');\n", &[]);
    assert!(said.contains("its event loop stands still") && said.contains("  | stuck"), "{said}");
}

#[test]
fn a_program_that_ends_under_load() {
    let program = "let n = 0;\nrequire('http').createServer((req, res) => {\n\
        if (++n > 220) { console.error('giving up'); process.exit(3); }\n  res.end();\n}).listen(0, '127.0.0.1');\n";
    let said = failed(program, &[]);
    assert!(said.contains("ended with exit code 3") && said.contains("  | giving up"), "{said}");
}

#[test]
fn requests_that_all_fail() {
    let error = failed(
        "require('http').createServer((req, res) => {\n  console.error('no database');\n  res.statusCode = 500;\n  res.end();\n\
         }).listen(0, '127.0.0.1');\n",
        &[],
    );
    assert!(error.contains("all 150 requests failed: answered with status 500") && error.contains("  | no database"), "{error}");
    let reset = failed("require('http').createServer(req => req.socket.destroy()).listen(0, '127.0.0.1');\n", &[]);
    assert!(reset.contains("requests failed: the connection was closed without an answer"), "{reset}");
}

#[test]
fn time_is_up() {
    let project = Project::new("setInterval(() => {}, 1000);\n");
    let begun = Instant::now();
    let output = project.run(&["--timeout", "1500ms"]);
    assert!(err(&output).contains("was not done within 1.5 s"), "{}", err(&output));
    assert!(output.status.code() == Some(2) && begun.elapsed() < Duration::from_secs(20));
}

/// Ends a run with a signal once its program listens.
fn interrupted(project: &Project, signal: &str, command: &[&str]) {
    let mut child: Child = project.command(&["--requests", "100000"], command).spawn().unwrap();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    wait_until("the first round", &mut || {
        std::io::BufRead::read_line(&mut stderr, &mut said).unwrap();
        said.contains("round 1")
    });
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    project.assert_clean();
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    interrupted(&Project::new(SERVER), "-INT", &["node", "server.js"]);
}

#[test]
fn who_ignores_a_termination_is_killed() {
    let stubborn = format!("process.on('SIGTERM', () => {{}});\nprocess.on('SIGINT', () => {{}});\n{SERVER}");
    interrupted(&Project::new(&stubborn), "-TERM", &["node", "server.js"]);
}

#[test]
fn children_are_found_wherever_they_went() {
    let wrapper = "const { spawn } = require('child_process');\n\
        const note = it => require('fs').appendFileSync(__dirname + '/pids', it.pid + '\\n');\n\
        note(spawn(process.execPath, ['child.js'], { stdio: 'inherit' }));\n\
        note(spawn(process.execPath, ['-e', 'process.on(\"SIGTERM\", () => {}); setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }));\n";
    let project = Project::new(wrapper);
    project.0.write("child.js", SERVER);
    if cfg!(target_os = "linux") {
        interrupted(&project, "-INT", &["sh", "-c", "node server.js; true"]);
        assert_eq!(project.pids().len(), 3);
    }
}

#[test]
fn snapshots_stay_only_when_asked_for() {
    let project = Project::new(
        "const kept = [];\nrequire('http').createServer((req, res) => {\n  kept.push(req.url + Math.random());\n  res.end();\n}).listen(0);\n",
    );
    let output = project.run(&["--requests", "40", "--rounds", "2", "--keep", "heaps"]);
    assert!(output.status.code().is_some_and(|it| it < 2), "{}", err(&output));
    let names = support::node::names(&project.0.path().join("heaps"));
    let expected =
        ["0.coverage.json", "0.heapsnapshot", "1.coverage.json", "1.heapsnapshot", "2.coverage.json", "2.heapsnapshot"];
    assert_eq!(names, [&expected[..], &["control.heapsnapshot", "manifest.json"]].concat());
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &str| fs::metadata(project.0.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("heaps"), mode("heaps/1.heapsnapshot")), (0o700, 0o600));
}

/// What a middleware keeps, set up once, in a package that is not read: one more with each request.
#[test]
fn sessions_are_counted_against_the_requests() {
    let project = Project::new(
        "const express = require('express');\nconst session = require('express-session');\nconst app = express();\n\
         app.use(session({ secret: 'x' }));\napp.get('/', (req, res) => res.end('ok'));\napp.listen(0, '127.0.0.1');\n",
    );
    let package = |name: &str, text: &str| {
        let folder = project.0.path().join("node_modules").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("index.js"), text).unwrap();
    };
    package(
        "express",
        "module.exports = () => {\n  const stack = [];\n  const server = require('http').createServer((req, res) => stack.forEach(it => it(req, res)));\n\
         return { use: it => stack.push(it), get: (path, it) => stack.push(it), listen: (...it) => server.listen(...it) };\n};\n",
    );
    package(
        "express-session",
        "class MemoryStore { sessions = {}; }\nlet made = 0;\n\
         module.exports = () => { const store = new MemoryStore(); return () => { store.sessions['s' + made++] = '{}'; }; };\n",
    );
    let output = project.run(&["--requests", "20", "--rounds", "2"]);
    let said = out(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", err(&output));
    assert!(said.contains("one per request") && said.contains("held by `MemoryStore.sessions`"), "{said}");
    assert!(!said.contains("growth that no finding explains"), "{said}");
}
