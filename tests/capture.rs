//! `leaklint capture` against live processes, and against everything that goes wrong with them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use leaklint::capture::{Coverage, Manifest, targets};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::TempDir;
use support::node::{LONG, Node, names};
use support::proxy::{Fate, proxy};

mod support;

/// The program, with a folder for its snapshots.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.arg("capture").args(args).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Could not be done, and says so.
fn assert_fails(output: &Output, message: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", err(output));
    assert!(err(output).contains(message), "`{message}` is not in: {}", err(output));
}

/// The folder of snapshots has these files and no others.
fn assert_holds(folder: &TempDir, expected: &[&str]) {
    let mut names = names(&folder.path().join("leaklint-heap"));
    names.retain(|it| it != ".gitignore");
    assert_eq!(names, expected);
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}

fn url(address: &str) -> String {
    targets(address, LONG).unwrap().remove(0).url
}

/// Whether somebody listens there.
fn listens(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

/// A port with nobody behind it.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_running(node: &mut Node) -> bool {
    node.child.try_wait().unwrap().is_none()
}

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_series_with_its_manifest() {
    let (_node, address) = Node::inspected("globalThis.work = function work() {}; setInterval(work, 5);");
    let folder = TempDir::new();
    let args = ["--port", port(&address), "--interval", "50ms", "--coverage"];
    let output = run(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let expected = [1, 2, 3].map(|it| format!("leaklint-heap/heap-{it}.heapsnapshot"));
    assert_eq!(out(&output).lines().collect::<Vec<_>>(), expected);
    let next = expected.iter().map(|it| format!(" --snapshot {it}")).collect::<String>();
    assert!(err(&output).ends_with(&format!("next: leaklint confirm{next}\n")), "{}", err(&output));
    let own = folder.path().join("leaklint-heap");
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_to_string(own.join(".gitignore")).unwrap(), "*\n");
    assert_eq!(names(&own).len(), 8);
    for name in names(&own).iter().filter(|it| *it != ".gitignore") {
        assert_eq!(fs::metadata(own.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let (_, manifest) = Manifest::beside(&own.join("heap-3.heapsnapshot")).unwrap();
    for entry in &manifest.snapshots {
        let text = fs::read(own.join(&entry.file)).unwrap();
        let snapshot: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert!(snapshot["snapshot"]["node_count"].as_u64().unwrap() > 1_000);
        assert_eq!((entry.bytes, &entry.xxh3), (text.len() as u64, &format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&text))));
        let coverage = Coverage::read(&own.join(entry.coverage.as_ref().unwrap())).unwrap();
        let functions = coverage.scripts.iter().flat_map(|it| &it.functions);
        assert!(functions.filter(|it| it.name == "work").all(|it| it.ranges[0].count > 0));
    }
    assert!(manifest.snapshots.is_sorted_by_key(|it| &it.time) && manifest.started < manifest.snapshots[0].time);
    assert!(manifest.scripts.iter().any(|it| it.path.ends_with("program.js") && it.xxh3.is_some()));
}

#[test]
fn nothing_is_overwritten_unasked() {
    let (_node, address) = Node::inspected("");
    let folder = TempDir::new();
    folder.write("leaklint-heap/heap-1.heapsnapshot", "precious");
    let once = ["--port", port(&address), "--count", "1"];
    let output = run(folder.path(), &once);
    assert_fails(&output, "leaklint-heap/heap-1.heapsnapshot is there already\n  help: --force");
    assert_eq!(fs::read(folder.path().join("leaklint-heap/heap-1.heapsnapshot")).unwrap(), b"precious");
    let output = run(folder.path(), &[&once[..], &["--force"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_holds(&folder, &["heap-1.heapsnapshot", "manifest.json"]);
    assert_fails(&run(folder.path(), &once), "is there already");
}

#[test]
fn a_line_for_each_snapshot() {
    let (_node, address) = Node::inspected("");
    let folder = TempDir::new();
    let args = ["--port", port(&address), "--count", "2"];
    assert_fails(&run(folder.path(), &args), "nothing says when to take the snapshots");
    let with_lines = |lines: &str| {
        let mut command = command(folder.path(), &[&args[..], &["--on-enter", "--force"]].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = with_lines("\n");
    assert_fails(&output, "warning: standard input ended: 1 of 2 snapshots were taken");
    assert_holds(&folder, &["heap-1.heapsnapshot", "manifest.json"]);
    let output = with_lines("\n\n");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn a_worker_thread_has_a_heap_of_its_own() {
    let program = "const { Worker } = require('worker_threads');
        const it = new Worker('class OnlyHere {}; globalThis.kept = new OnlyHere(); setInterval(() => {}, 1000);', { eval: true });
        it.on('online', () => console.log('ready'));";
    let (_node, address) = Node::inspected_when_ready(program);
    let folder = TempDir::new();
    let with = |worker: &[&str]| run(folder.path(), &[&["--port", port(&address), "--count", "1", "--force"], worker].concat());
    let names_it = || {
        let text = fs::read(folder.path().join("leaklint-heap/heap-1.heapsnapshot")).unwrap();
        let snapshot: serde_json::Value = serde_json::from_slice(&text).unwrap();
        snapshot["strings"].as_array().unwrap().iter().any(|it| it == "OnlyHere")
    };
    let output = with(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        err(&output).contains("the heaps of worker threads are not in the main thread's:\n    --worker 1  "),
        "{}",
        err(&output)
    );
    assert!(!names_it());
    let output = with(&["--worker", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(names_it());
    assert_fails(
        &with(&["--worker", "7"]),
        "error: the process has no worker thread 7\n  help: take one of them:\n    --worker 1",
    );
}

/// Runs through a proxy, and takes a snapshot or fails.
fn through(fate: impl FnMut(&str) -> Fate + Send + 'static, program: &str, args: &[&str]) -> (Node, TempDir, Output) {
    let (node, address) = Node::inspected(program);
    let folder = TempDir::new();
    let url = proxy(&url(&address), fate);
    let output = run(folder.path(), &[&["--url", &url, "--count", "1"], args].concat());
    (node, folder, output)
}

/// A fate for the second piece of a snapshot.
fn at_second_piece(fate: Fate) -> impl FnMut(&str) -> Fate {
    let mut pieces = 0;
    move |text| {
        pieces += usize::from(text.contains("HeapProfiler.addHeapSnapshotChunk"));
        if pieces == 2 { fate } else { Fate::Arrives }
    }
}

#[test]
fn nothing_half_is_left_of_a_broken_connection() {
    let cases = [
        (Fate::Closes, "error: the process went away while taking a heap snapshot"),
        (Fate::Garbled, "a message that cannot be read"),
        (Fate::Hangs, "while taking a heap snapshot: it hangs"),
    ];
    for (fate, message) in cases {
        let (mut node, folder, output) = through(at_second_piece(fate), "", &["--timeout", "1s"]);
        assert_fails(&output, message);
        assert_holds(&folder, &[]);
        assert!(is_running(&mut node));
    }
}

#[test]
fn a_process_that_is_killed_meanwhile() {
    // A heap that no buffer between the two processes can hold: what was sent before the end still arrives.
    let large = "globalThis.kept = Array.from({ length: 300000 }, (_, n) => ({ n, text: `entry ${n}` }));";
    let (node, address) = Node::inspected(large);
    let folder = TempDir::new();
    let pid = node.pid().to_string();
    let mut fate = at_second_piece(Fate::Closes);
    let url = proxy(&url(&address), move |text| {
        if fate(text) == Fate::Closes {
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        }
        Fate::Arrives
    });
    let output = run(folder.path(), &["--url", &url, "--count", "1"]);
    assert_fails(&output, "error: the process went away while taking a heap snapshot");
    assert_holds(&folder, &[]);
    drop(node);
    let output = run(folder.path(), &["--url", &format!("ws://{address}/x"), "--count", "1"]);
    assert_fails(&output, &format!("error: no inspector at {address}: "));
}

#[test]
fn a_process_that_ends_between_two_snapshots() {
    let (_node, address) = Node::inspected("setTimeout(() => process.exit(), 1500);");
    let folder = TempDir::new();
    let output = run(folder.path(), &["--port", port(&address), "--interval", "1h"]);
    assert_fails(&output, "error: the process has reached its end");
    assert_holds(&folder, &["heap-1.heapsnapshot", "manifest.json"]);
}

#[test]
fn a_process_that_hangs() {
    let (mut node, address) = Node::inspected("setTimeout(() => { for (;;); }, 50);");
    std::thread::sleep(Duration::from_millis(200));
    let folder = TempDir::new();
    let args = ["--port", port(&address), "--timeout", "1s", "--count", "1"];
    assert_fails(&run(folder.path(), &args), "error: the process did not answer within 1 s while ");
    assert_holds(&folder, &[]);
    assert!(is_running(&mut node));
}

#[test]
fn what_is_no_inspector() {
    let folder = TempDir::new();
    let port = free_port().to_string();
    let fails = |port: &str, message: &str| {
        let output = run(folder.path(), &["--port", port, "--count", "1", "--timeout", "1s"]);
        assert_fails(&output, message);
    };
    fails(&port, &format!("error: no inspector at 127.0.0.1:{port}: nothing listens there\n  help: start the program"));
    let answers = [
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "is not an inspector: it answers 404 Not Found to /json/list"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "is not an inspector: its answer to /json/list is not a list"),
        ("220 mail.example.org ESMTP\r\n", "is not an inspector: it does not speak HTTP"),
        ("", "error: the process did not answer within 1 s while listing the targets at 127.0.0.1:"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "has nothing to capture"),
    ];
    for (answer, message) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
            // Until the other side has had enough.
            let _ = stream.read(&mut request);
        });
        fails(&port, message);
    }
    let (_node, address) = Node::inspected("");
    let output = run(folder.path(), &["--url", &format!("ws://{address}/nobody"), "--count", "1"]);
    assert_fails(&output, "is not an inspector: it refuses the web socket; is the id that of a live process?");
}

#[test]
fn several_targets_are_listed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let target =
            |id| format!(r#"{{"id":"{id}","type":"page","title":"Page {id}","webSocketDebuggerUrl":"ws://elsewhere:1/{id}"}}"#);
        let list = format!("[{},{}]", target("a"), target("b"));
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{list}", list.len());
    });
    let folder = TempDir::new();
    let output = run(folder.path(), &["--port", port(&address), "--count", "1"]);
    assert_fails(&output, "has several targets");
    assert!(err(&output).contains(&format!("\n    --url ws://{address}/b  page Page b\n")), "{}", err(&output));
}

#[test]
fn another_machine_only_if_told() {
    let folder = TempDir::new();
    let args = ["--url", "ws://192.0.2.1:9229/x", "--count", "1", "--timeout", "100ms"];
    assert_fails(&run(folder.path(), &args), "error: ws://192.0.2.1:9229/x is not on this machine\n  help: ");
    assert_fails(&run(folder.path(), &[&args[..], &["--allow-remote"]].concat()), "error: no inspector at 192.0.2.1:9229: ");
    let args = ["--url", "https://127.0.0.1:9229/", "--count", "1"];
    assert_fails(&run(folder.path(), &args), "is not the URL of an inspector: it does not start with ws://");
}

#[test]
fn files_that_cannot_be_written() {
    let (_node, address) = Node::inspected("");
    let folder = TempDir::new();
    folder.write("file", "");
    let output = run(folder.path(), &["--port", port(&address), "--count", "1", "--output-dir", "file/below"]);
    assert_fails(&output, "error: cannot create file/below: ");
    // The shell counts blocks of 512 or 1,024 bytes: less than any snapshot has, more than the manifest.
    let limited = format!("ulimit -f 1000; exec \"$0\" capture --port {} --count 1", port(&address));
    let mut shell = Command::new("bash");
    shell.args(["-c", &limited, env!("CARGO_BIN_EXE_leaklint")]).current_dir(folder.path()).stdin(Stdio::null());
    let output = shell.output().unwrap();
    assert_fails(
        &output,
        "error: cannot write leaklint-heap/heap-1.heapsnapshot: it would pass the limit for files of 1024000 bytes",
    );
    assert_holds(&folder, &[]);
}

#[test]
fn ctrl_c_leaves_nothing_half() {
    let (node, address) = Node::inspected("");
    let folder = TempDir::new();
    let own = folder.path().join("leaklint-heap");
    let own_url = proxy(&url(&address), at_second_piece(Fate::Hangs));
    let child = command(folder.path(), &["--url", &own_url, "--count", "1"]).spawn().unwrap();
    until("a snapshot is begun", || own.is_dir() && names(&own).iter().any(|it| it.contains("heap-1") && it.ends_with(".tmp")));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(err(&output).ends_with("interrupted: nothing half is left\n"), "{}", err(&output));
    assert_holds(&folder, &[]);
    drop(node);
}

#[test]
#[cfg(target_os = "linux")]
fn an_inspector_that_was_opened_is_closed_again() {
    let mut node = Node::start(&["--inspect-port=0"], "");
    let folder = TempDir::new();
    let pid = node.pid().to_string();
    let output = run(folder.path(), &["--pid", &pid, "--count", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let mut said = [0; 200];
    let length = node.child.stderr.as_mut().unwrap().read(&mut said).unwrap();
    let said = String::from_utf8_lossy(&said[..length]).into_owned();
    let address = said.split("ws://").nth(1).and_then(|it| it.split('/').next()).unwrap();
    assert!(!listens(address) && is_running(&mut node));

    // While it waits for the second snapshot.
    let child = command(folder.path(), &["--pid", &pid, "--interval", "1h", "--force"]).spawn().unwrap();
    let manifest = folder.path().join("leaklint-heap/manifest.json");
    fs::remove_file(&manifest).unwrap();
    until("the first snapshot is there", || manifest.exists());
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert_holds(&folder, &["heap-1.heapsnapshot", "manifest.json"]);
    assert!(!listens(address) && is_running(&mut node));
}

#[test]
#[cfg(target_os = "linux")]
fn an_inspector_of_the_users_own_stays_open() {
    let (mut node, address) = Node::inspected("");
    let folder = TempDir::new();
    let output = run(folder.path(), &["--pid", &node.pid().to_string(), "--count", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(listens(&address) && is_running(&mut node));
}

#[test]
#[cfg(target_os = "linux")]
fn the_inspector_of_a_hanging_process_is_closed_too() {
    let mut node = Node::start(&["--inspect-port=0"], "setTimeout(() => { for (;;); }, 50);");
    std::thread::sleep(Duration::from_millis(200));
    let folder = TempDir::new();
    let output = run(folder.path(), &["--pid", &node.pid().to_string(), "--count", "1", "--timeout", "2s"]);
    assert_fails(&output, "the process did not answer within 2 s while ");
    let pid = format!("pid={},", node.pid());
    let sockets = Command::new("ss").args(["-ltnp"]).output().map(|it| out(&it)).unwrap_or_default();
    assert!(!sockets.contains(&pid) && is_running(&mut node), "{sockets}");
}

#[test]
#[cfg(target_os = "linux")]
fn processes_that_must_not_be_signalled() {
    let folder = TempDir::new();
    let fails = |pid: u32, message: &str| {
        assert_fails(&run(folder.path(), &["--pid", &pid.to_string(), "--count", "1", "--timeout", "1s"]), message);
    };
    let mut sleep = Command::new("sleep").arg("60").spawn().unwrap();
    fails(sleep.id(), "is no Node process but ");
    assert!(sleep.try_wait().unwrap().is_none());
    sleep.kill().unwrap();
    fails(sleep.id(), "has ended");
    sleep.wait().unwrap();
    fails(sleep.id(), &format!("error: there is no process {}", sleep.id()));
    fails(0, "error: there is no process 0");
    fails(u32::MAX, "error: there is no process 4294967295");
    let mut node = Node::start(&["--inspect-port=0"], "process.on('SIGUSR1', () => {});");
    fails(node.pid(), "was sent SIGUSR1 and opened no inspector within 1 s: it may have a handler of its own");
    assert!(is_running(&mut node));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut node = Node::start(&[&format!("--inspect-port={port}")], "");
    fails(node.pid(), &format!("port {port} is taken by another one"));
    assert!(is_running(&mut node));
    let stopped = Command::new("kill").args(["-STOP", &node.pid().to_string()]).status().unwrap();
    assert!(stopped.success());
    until("it is stopped", || fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap().contains("State:\tT"));
    fails(node.pid(), "is stopped");
}
