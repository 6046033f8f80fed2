//! Live Node processes: what is read from them, and what happens when they fail.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use leaklint::capture::{
    CaptureError, Coverage, Inspector, Manifest, Progress, ScriptFile, SnapshotOptions, script_path, targets,
};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::TempDir;
use support::node::{LONG, Node, names};

mod support;

fn connect(address: &str) -> Inspector {
    let targets = targets(address, LONG).unwrap();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].kind, "node");
    Inspector::connect(&targets[0].url, LONG).unwrap()
}

#[test]
fn a_process_tells_of_itself() {
    let (node, address) = Node::inspected("");
    let mut inspector = connect(&address);
    let memory = inspector.memory().unwrap();
    assert_eq!((memory.pid, &memory.node_env), (node.pid(), &None));
    assert!(memory.node.contains('.') && memory.v8.contains('.'), "{memory:?}");
    assert!(memory.heap_used < memory.heap_size_limit && memory.heap_used < memory.rss, "{memory:?}");
    assert_eq!(inspector.isolate().unwrap(), inspector.isolate().unwrap());
    assert_eq!(inspector.evaluate("Promise.resolve({ a: [1, require('path').sep] })").unwrap().to_string(), r#"{"a":[1,"/"]}"#);
    assert!(inspector.evaluate("undefined").unwrap().is_null());
    let thrown = inspector.evaluate("throw new TypeError('of\\nno use')").unwrap_err();
    assert!(matches!(&thrown, CaptureError::Threw(it) if it == "TypeError: of"), "{thrown}");
    let refused = inspector.call("Nonsense.really", serde_json::json!({})).unwrap_err();
    assert!(refused.to_string().starts_with("the process refuses Nonsense.really: "), "{refused}");
}

#[test]
fn logged_objects_are_let_go() {
    let program = "class Logged {}; globalThis.refs = [];
        globalThis.log = () => { for (let i = 0; i < 50; i++) { const it = new Logged(); refs.push(new WeakRef(it)); console.error(it); } };";
    let (_node, address) = Node::inspected(program);
    let mut inspector = connect(&address);
    inspector.evaluate("log()").unwrap();
    let alive = "refs.filter(it => it.deref()).length";
    inspector.collect_garbage().unwrap();
    assert_eq!(inspector.evaluate(alive).unwrap(), 50, "the inspector itself keeps them");
    inspector.discard_console().unwrap();
    inspector.collect_garbage().unwrap();
    assert_eq!(inspector.evaluate(alive).unwrap(), 0);
}

#[test]
fn executions_are_counted_between_takes() {
    let program = "globalThis.work = function work(deep) { if (deep) { return 1; } return 0; };";
    let (_node, address) = Node::inspected(program);
    let mut inspector = connect(&address);
    let paths = inspector.script_paths().unwrap();
    inspector.start_coverage().unwrap();
    let mut count = |times: usize| {
        inspector.evaluate(&format!("for (let i = 0; i < {times}; i++) work(false)")).unwrap();
        let coverage = inspector.take_coverage().unwrap();
        let script = coverage.scripts.iter().find(|it| it.url.ends_with("/program.js")).unwrap().clone();
        let work = script.functions.iter().find(|it| it.name == "work").unwrap().clone();
        (coverage, script, work.ranges[0].count, work.ranges.get(1).map(|it| it.count))
    };
    let (coverage, script, first, untaken) = count(200);
    assert_eq!((first, untaken), (200, Some(0)));
    assert_eq!(count(7).2, 7);
    assert_eq!(script_path(&script.url), Some(paths[0].clone()));
    assert!(coverage.scripts.iter().all(|it| it.url.starts_with("file:///")));
    inspector.stop_coverage().unwrap();
    let folder = TempDir::new();
    coverage.write(&folder.path().join("c.json"), false).unwrap();
    assert_eq!(Coverage::read(&folder.path().join("c.json")).unwrap(), coverage);
}

#[test]
fn a_snapshot_and_its_manifest() {
    let (node, address) = Node::inspected("globalThis.kept = [{ size: 12345 }]; globalThis.work = function work() {};");
    let mut inspector = connect(&address);
    let path = node.folder.path().join("a.heapsnapshot");
    let (mut graph, mut written) = (0, 0);
    let info = inspector
        .take_snapshot(&path, &mut |it| match it {
            Progress::Graph { .. } => graph += 1,
            Progress::Written(bytes) => written = bytes,
        })
        .unwrap();
    assert!(graph > 0);
    let text = fs::read(&path).unwrap();
    assert_eq!((info.bytes, written), (text.len() as u64, text.len() as u64));
    assert_eq!(info.xxh3, format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&text)));
    let snapshot: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert!(snapshot["snapshot"]["node_count"].as_u64().unwrap() > 1_000);
    assert!(snapshot["strings"].as_array().unwrap().iter().any(|it| it == "12345"), "numbers are captured");

    let mut manifest = Manifest::new(&info.memory, inspector.isolate().unwrap(), "now".to_owned());
    manifest.push(&info).requests = Some(3);
    manifest.scripts = inspector.script_paths().unwrap().iter().map(|it| ScriptFile::read(it)).collect();
    assert!(manifest.scripts[0].xxh3.is_some());
    manifest.write(&node.folder.path().join("run.manifest.json"), false).unwrap();
    let (_, found) = Manifest::beside(&path).unwrap();
    assert_eq!(found, manifest);
    assert!(Manifest::beside(&node.folder.path().join("b.heapsnapshot")).is_none());

    let again = inspector.take_snapshot(&path, &mut |_| ()).unwrap_err();
    assert!(matches!(again, CaptureError::Exists(_)), "{again}");
    assert_eq!(fs::read(&path).unwrap(), text);
    inspector.start_coverage().unwrap();
    inspector.evaluate("work(); work()").unwrap();
    let options = SnapshotOptions { overwrite: true, coverage: true };
    let coverage = inspector.snapshot(&path, options, &mut |_| ()).unwrap().coverage.unwrap();
    let counts = coverage.scripts[0].functions.iter().map(|it| (it.name.as_str(), it.ranges[0].count));
    assert!(counts.collect::<Vec<_>>().contains(&("work", 2)), "{coverage:?}");
    assert_eq!(names(node.folder.path()), ["a.heapsnapshot", "program.js", "run.manifest.json"]);
}

#[test]
fn the_end_of_a_process_is_noticed() {
    let (mut node, address) = Node::inspected("");
    let mut inspector = connect(&address);
    inspector.evaluate("setTimeout(() => process.exit(), 10); 0").unwrap();
    let waited = inspector.wait(LONG).unwrap_err();
    assert!(matches!(waited, CaptureError::Exiting), "{waited}");
    drop(inspector);
    assert!(node.child.wait().unwrap().success());

    let (mut node, address) = Node::inspected("");
    let mut inspector = connect(&address);
    node.child.kill().unwrap();
    let waited = inspector.wait(LONG).unwrap_err();
    assert!(matches!(waited, CaptureError::Lost { .. }), "{waited}");
}

#[test]
fn a_hanging_process_is_a_timeout() {
    let (_node, address) = Node::inspected("globalThis.hang = () => { setImmediate(() => { for (;;); }); };");
    let url = targets(&address, LONG).unwrap().remove(0).url;
    let mut inspector = Inspector::connect(&url, Duration::from_millis(700)).unwrap();
    inspector.evaluate("hang()").unwrap();
    let failed = inspector.collect_garbage().unwrap_err();
    assert!(matches!(failed, CaptureError::Timeout { .. }), "{failed}");
}

#[test]
fn a_message_in_endless_small_pieces_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        let stream = socket.get_mut();
        // A text of a gigabyte begins.
        stream.write_all(&[0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]).unwrap();
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    let failed = Inspector::connect(&url, Duration::from_millis(300)).err().unwrap();
    assert!(matches!(failed, CaptureError::Timeout { .. }), "{failed}");
}

#[test]
fn a_user_can_stop_it() {
    let (_node, address) = Node::inspected("");
    let mut inspector = connect(&address);
    let stop = Arc::new(AtomicBool::new(false));
    inspector.stop_when(Arc::clone(&stop));
    inspector.memory().unwrap();
    stop.store(true, Ordering::Relaxed);
    let started = Instant::now();
    let failed = inspector.wait(LONG).unwrap_err();
    assert!(matches!(failed, CaptureError::Interrupted), "{failed}");
    assert!(started.elapsed() < Duration::from_secs(10));
}
