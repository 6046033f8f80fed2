//! The proof on small servers: `leaklint prove` on every folder of `fixtures/servers` and `fixtures/adversarial`.
//!
//! What is expected stands in the servers, as a comment at the end of the line of a finding:
//! `// leaks: RULE` is confirmed, and exactly one stays for each execution; `, shared` after it allows that the heap cannot tell
//! the line from another one; `// safe: VERDICT|VERDICT` is what a finding of that line may get, if there is one;
//! `// unseen` is a leak that the linter does not see, so that it is among the unexplained growth of its file.
//! No other finding is ever confirmed, and a server without a leak ends with 0.
//!
//! The quick test drives a part on the `node` of the path. The ignored ones take all of them, on the nodes of
//! `LEAKLINT_NODES` (paths with `:` between them), and the quick part many times (`LEAKLINT_TIMES`, 50 if it is not set).

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Of one experiment, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Experiments at a time.
const LANES: usize = 4;

/// What a comment says of its line.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Mark {
    /// A finding of this rule, confirmed; `true` if the heap may be unable to tell it from another line.
    Leaks(String, bool),
    /// The verdicts that a finding may get.
    Safe(Vec<String>),
    /// A leak without a finding.
    Unseen,
}

/// A server, and what is expected of it.
#[derive(Clone, Debug)]
struct Server {
    folder: PathBuf,
    /// File, line and what the line says.
    marks: Vec<(String, u64, Mark)>,
}

/// How an experiment ended.
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Server {
    fn open(folder: &Path) -> Server {
        let mut marks = Vec::new();
        let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "js")) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            for (line, text) in (1..).zip(fs::read_to_string(file).unwrap().lines()) {
                marks.extend(mark(text).map(|it| (name.clone(), line, it)));
            }
        }
        Server { folder: folder.to_owned(), marks }
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn leaks(&self) -> bool {
        self.marks.iter().any(|it| matches!(it.2, Mark::Leaks(..)))
    }

    fn mark(&self, path: &str, line: u64) -> Option<&Mark> {
        self.marks.iter().find(|it| it.0 == path && it.1 == line).map(|it| &it.2)
    }
}

/// What the comment at the end of a line says.
fn mark(line: &str) -> Option<Mark> {
    if let Some((_, rest)) = line.split_once("// leaks: ") {
        let (rule, shared) = rest.split_once(", ").map_or((rest, ""), |it| it);
        return Some(Mark::Leaks(rule.trim().to_owned(), shared.trim() == "shared"));
    }
    if let Some((_, rest)) = line.split_once("// safe: ") {
        return Some(Mark::Safe(rest.split('|').map(|it| it.trim().to_owned()).collect()));
    }
    line.trim_end().ends_with("// unseen").then_some(Mark::Unseen)
}

/// All servers, sorted.
fn servers() -> Vec<Server> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = ["servers", "adversarial"].into_iter().flat_map(|it| fs::read_dir(root.join(it)).unwrap());
    let mut folders: Vec<PathBuf> = folders.map(|it| it.unwrap().path()).filter(|it| it.join("server.js").is_file()).collect();
    folders.sort();
    folders.iter().map(|it| Server::open(it)).collect()
}

/// The adversarial ones, and of the others one language of each story: the leak in one, the repair in the other.
fn quick() -> Vec<Server> {
    let is_quick = |it: &Server| {
        let name = it.name();
        let other = name.len().is_multiple_of(2);
        let (leaks, fixed) = if other { ("-commonjs-leaks", "-esm-fixed") } else { ("-esm-leaks", "-commonjs-fixed") };
        !it.folder.parent().unwrap().ends_with("servers") || name.ends_with(leaks) || name.ends_with(fixed)
    };
    servers().into_iter().filter(is_quick).collect()
}

/// Drives one server.
fn prove(server: &Server, node: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.args([
        "prove",
        "--no-cache",
        "--format",
        "json",
        "--pedantic",
        "--requests",
        "20",
        "--rounds",
        "2",
        "--",
        node,
        "server.js",
    ]);
    command.current_dir(&server.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LEAKLINT_") || name == "NODE_ENV" || name == "PORT") {
        command.env_remove(name);
    }
    let mut child = command.spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = std::thread::spawn(move || text(&mut out));
    let err = std::thread::spawn(move || text(&mut err));
    let code = wait(&mut child);
    Outcome { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

fn text(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Its exit code; `None` if it had to be ended.
fn wait(child: &mut Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is wrong with an outcome.
fn judge(server: &Server, outcome: &Outcome) -> Vec<String> {
    let expected = i32::from(server.leaks());
    let only_shared = server.marks.iter().all(|it| !matches!(it.2, Mark::Leaks(_, false)));
    let mut wrong = Vec::new();
    if outcome.code != Some(expected) && !(only_shared && outcome.code == Some(0)) {
        wrong.push(format!("ended with {:?} instead of {expected}: {}", outcome.code, outcome.err.trim()));
    }
    let Ok(report) = serde_json::from_str::<Value>(&outcome.out) else {
        wrong.push(format!("no JSON: {}", outcome.out));
        return wrong;
    };
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    for finding in &findings {
        wrong.extend(judge_finding(server, finding));
    }
    for (path, line, mark) in &server.marks {
        match mark {
            Mark::Leaks(rule, _) if !findings.iter().any(|it| is_at(it, rule, path, *line)) => {
                wrong.push(format!("{path}:{line} has no finding of {rule}"));
            }
            Mark::Unseen if !report["unexplained"].as_array().unwrap().iter().any(|it| it["path"] == path.as_str()) => {
                wrong.push(format!("{path}:{line} is not among the unexplained: {}", report["unexplained"]));
            }
            _ => {}
        }
    }
    wrong
}

fn place(finding: &Value) -> (&str, u64) {
    (finding["path"].as_str().unwrap(), finding["range"]["start"]["line"].as_u64().unwrap())
}

fn is_at(finding: &Value, rule: &str, path: &str, line: u64) -> bool {
    finding["rule"] == rule && place(finding) == (path, line)
}

/// What is wrong with the evidence of a finding.
fn judge_finding(server: &Server, finding: &Value) -> Option<String> {
    let (path, line) = place(finding);
    let (rule, evidence) = (finding["rule"].as_str().unwrap(), &finding["evidence"]);
    let verdict = evidence["verdict"].as_str().unwrap_or("none");
    let complain = |what: &str| Some(format!("{path}:{line} {rule}: {what}: {evidence}"));
    match server.mark(path, line) {
        Some(Mark::Leaks(expected, shared)) if expected == rule => match verdict {
            "confirmed" => judge_numbers(rule, *shared, evidence).and_then(complain),
            "unmapped" if *shared => None,
            _ => complain("not confirmed"),
        },
        Some(Mark::Safe(verdicts)) if !verdicts.iter().any(|it| it == verdict) => complain("a wrong verdict"),
        _ if verdict == "confirmed" => complain("confirmed, but it is no leak"),
        _ => None,
    }
}

/// Whether exactly as many stay as were made.
fn judge_numbers(rule: &str, shared: bool, evidence: &Value) -> Option<&'static str> {
    let numbers = |name: &str| evidence[name].as_array().unwrap().iter().map(Value::as_u64).collect::<Vec<_>>();
    let (executed, alive) = (numbers("executed"), numbers("alive"));
    if alive.len() != executed.len() + 1 || executed.is_empty() {
        return Some("not one interval between two snapshots");
    }
    for (interval, executed) in executed.iter().enumerate() {
        let (Some(executed), Some(before), Some(after)) = (*executed, alive[interval], alive[interval + 1]) else {
            return Some("a number is not known");
        };
        // Text is counted in characters, and lines that share a callback are counted together.
        let exact = rule != "text-without-limit" && !shared;
        if executed == 0 || after < before + executed || (exact && after != before + executed) {
            return Some("what stays is not what was executed");
        }
    }
    let bytes = numbers("retained_bytes");
    if bytes.len() != alive.len() || bytes.first() >= bytes.last() {
        return Some("the bytes do not grow");
    }
    let is_held = evidence["holder"].as_str().is_some_and(|it| !it.is_empty());
    let has_path = evidence["path"].as_array().is_some_and(|it| !it.is_empty());
    (!is_held || !has_path).then_some("no holder")
}

/// Drives all of them, a few at a time, and tells what is wrong.
fn check(jobs: Vec<(Server, String)>) {
    let (jobs, wrong) = (Mutex::new(jobs.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().next();
                    let Some((server, node)) = job else { return };
                    let outcome = prove(&server, &node);
                    let complaints = judge(&server, &outcome);
                    wrong.lock().unwrap().extend(complaints.into_iter().map(|it| format!("{} on {node}: {it}", server.name())));
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.extend(left_running().into_iter().map(|it| format!("still running: {it}")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Processes whose working directory is one of the servers', where the system tells.
fn left_running() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").canonicalize().unwrap();
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let folders = processes.filter_map(|it| fs::read_link(it.ok()?.path().join("cwd")).ok());
    folders.filter(|it| it.starts_with(&root)).map(|it| it.display().to_string()).collect()
}

/// `LEAKLINT_NODES`, or the `node` of the path.
fn nodes() -> Vec<String> {
    let nodes = std::env::var("LEAKLINT_NODES").unwrap_or_else(|_| "node".to_owned());
    nodes.split(':').filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_server_has_its_twin() {
    for server in servers() {
        let name = server.name();
        let (stem, end) = name.rsplit_once('-').unwrap();
        match end {
            "leaks" => {
                assert!(server.marks.iter().any(|it| !matches!(it.2, Mark::Safe(_))), "{name} says of no line that it leaks")
            }
            "fixed" | "safe" => assert!(!server.leaks(), "{name} leaks"),
            _ => panic!("{name} is neither one that leaks nor one that does not"),
        }
        if server.folder.parent().unwrap().ends_with("servers") {
            let twin = format!("{stem}-{}", if end == "leaks" { "fixed" } else { "leaks" });
            assert!(server.folder.with_file_name(&twin).is_dir(), "{name} has no twin {twin}");
        }
    }
}

#[test]
fn leaks_are_confirmed_and_repairs_are_not() {
    check(quick().into_iter().map(|it| (it, "node".to_owned())).collect());
}

#[test]
#[ignore = "takes many minutes"]
fn every_server_on_every_node() {
    let all = |node: String| servers().into_iter().map(move |it| (it, node.clone()));
    check(nodes().into_iter().flat_map(all).collect());
}

#[test]
#[ignore = "takes hours"]
fn the_quick_part_again_and_again() {
    let times = std::env::var("LEAKLINT_TIMES").map_or(50, |it| it.parse().unwrap());
    for _ in 0..times {
        check(quick().into_iter().map(|it| (it, "node".to_owned())).collect());
    }
}
