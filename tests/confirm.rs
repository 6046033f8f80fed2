//! `leaklint confirm` on captured heaps: of a server that was compiled from TypeScript, with and without what its manifest says.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use support::TempDir;

/// A copy of `fixtures/mapped` with the heaps of an experiment on it in `heaps`.
struct Captured {
    folder: PathBuf,
    /// What `prove` said.
    proved: Value,
}

static CAPTURED: LazyLock<Captured> = LazyLock::new(|| {
    // Below the target folder: what is static is never cleaned up, only replaced.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mapped");
    let _ = fs::remove_dir_all(&folder);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mapped");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::create_dir_all(folder.join("dist")).unwrap();
    for path in ["package.json", "tsconfig.json", "src/registry.ts", "src/server.ts"] {
        fs::copy(fixture.join(path), folder.join(path)).unwrap();
    }
    for path in ["registry.js", "registry.js.map", "server.js", "server.js.map"] {
        fs::copy(fixture.join("dist").join(path), folder.join("dist").join(path)).unwrap();
    }
    let args =
        ["prove", "--format", "json", "--requests", "20", "--rounds", "2", "--keep", "heaps", "--", "node", "dist/server.js"];
    let output = run(&folder, &args);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    Captured { proved: json(&output), folder }
});

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).env_remove("NODE_ENV").env_remove("NODE_OPTIONS");
    command.env("LEAKLINT_CACHE_DIR", folder.join("kept"));
    command.output().unwrap()
}

/// Runs `confirm` on snapshots, in a folder of the project.
fn confirm(folder: &Path, snapshots: &[&Path], more: &[&str]) -> Output {
    let mut args = vec!["confirm"];
    for path in snapshots {
        args.extend(["--snapshot", path.to_str().unwrap()]);
    }
    args.extend(more);
    run(folder, &args)
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(output)))
}

fn evidence<'v>(report: &'v Value, rule: &str) -> &'v Value {
    &report["findings"].as_array().unwrap().iter().find(|it| it["rule"] == rule).unwrap()["evidence"]
}

fn shots(captured: &Captured) -> Vec<PathBuf> {
    (0..3).map(|it| captured.folder.join(format!("heaps/{it}.heapsnapshot"))).collect()
}

/// The heaps alone, in a folder without a manifest.
fn alone(captured: &Captured) -> (TempDir, Vec<PathBuf>) {
    let folder = TempDir::new();
    let paths = shots(captured).into_iter().map(|it| {
        let to = folder.path().join(it.file_name().unwrap());
        fs::copy(&it, &to).unwrap();
        to
    });
    let paths = paths.collect();
    (folder, paths)
}

fn refs(paths: &[PathBuf]) -> Vec<&Path> {
    paths.iter().map(PathBuf::as_path).collect()
}

#[test]
fn compiled_code_is_found_through_its_source_maps() {
    for (rule, path, line, holder) in [
        ("collection-without-bound", "src/registry.ts", 10, "`Registry.visits` (Map) of src/registry.ts"),
        ("listener-not-removed", "src/server.ts", 11, "one `EventEmitter`"),
    ] {
        let findings = CAPTURED.proved["findings"].as_array().unwrap();
        let finding = findings.iter().find(|it| it["rule"] == rule).unwrap();
        assert_eq!((finding["path"].as_str(), finding["range"]["start"]["line"].as_u64()), (Some(path), Some(line)));
        let evidence = &finding["evidence"];
        assert_eq!(evidence["verdict"], "confirmed", "{evidence}");
        assert_eq!(evidence["executed"], serde_json::json!([20, 20]), "{evidence}");
        assert_eq!(evidence["holder"], holder);
        let alive: Vec<u64> = evidence["alive"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect();
        assert_eq!((alive[1] - alive[0], alive[2] - alive[1]), (20, 20));
    }
    let experiment = &CAPTURED.proved["experiment"];
    assert_eq!((&experiment["requests_per_round"], &experiment["failed_requests"]), (&20.into(), &0.into()));
    assert!(experiment["bytes_per_request"].as_i64().is_some_and(|it| it > 100), "{experiment}");
    assert_eq!(experiment["routes_driven"], serde_json::json!(["GET /"]));
}

#[test]
fn a_manifest_tells_what_ran() {
    let output = confirm(&CAPTURED.folder, &refs(&shots(&CAPTURED)), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let report = json(&output);
    for rule in ["collection-without-bound", "listener-not-removed"] {
        let (here, there) = (evidence(&report, rule), evidence(&CAPTURED.proved, rule));
        assert_eq!(here["verdict"], "confirmed");
        assert_eq!((&here["executed"], &here["alive"]), (&there["executed"], &there["alive"]));
    }
    assert_eq!(report["experiment"]["node_version"], CAPTURED.proved["experiment"]["node_version"]);
}

#[test]
fn what_a_heap_showed_is_told_by_later_checks() {
    let kept = TempDir::new();
    let cache = kept.path().to_str().unwrap();
    let check = |more: &[&str]| json(&run(&CAPTURED.folder, &[&["check", "--format", "json"][..], more].concat()));
    let rule = "collection-without-bound";
    assert!(evidence(&check(&["--cache-dir", cache]), rule).is_null());
    let confirmed = json(&confirm(&CAPTURED.folder, &refs(&shots(&CAPTURED)), &["--format", "json", "--cache-dir", cache]));
    let told = check(&["--cache-dir", cache]);
    assert_eq!(evidence(&told, rule), evidence(&confirmed, rule));
    assert_eq!(evidence(&told, rule)["verdict"], "confirmed");
    assert!(evidence(&check(&["--no-cache"]), rule).is_null());
    // Another heap may show nothing of it, and what was shown stays until it is asked again.
    let again = confirm(&CAPTURED.folder, &refs(&shots(&CAPTURED))[..1], &["--format", "json", "--cache-dir", cache]);
    assert_eq!(evidence(&check(&["--cache-dir", cache]), rule), evidence(&json(&again), rule));
}

#[test]
fn without_a_manifest_executions_are_unknown() {
    let (_folder, paths) = alone(&CAPTURED);
    let output = confirm(&CAPTURED.folder, &refs(&paths), &["--format", "json", "--requests", "20"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let report = json(&output);
    let evidence = evidence(&report, "collection-without-bound");
    assert_eq!((&evidence["verdict"], &evidence["executed"]), (&"confirmed".into(), &serde_json::json!([null, null])));
    assert_eq!(report["experiment"]["requests_per_round"], 20);
    let text = confirm(&CAPTURED.folder, &refs(&paths), &["--requests", "20"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("confirmed: executions unknown; alive ") && text.contains(" stay per request\n"), "{text}");
}

#[test]
fn one_heap_shows_only_what_has_piled_up() {
    let (_folder, paths) = alone(&CAPTURED);
    let output = confirm(&CAPTURED.folder, &[&paths[2]], &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(evidence(&json(&output), "collection-without-bound")["verdict"], "accumulated");
}

#[test]
fn a_source_that_has_changed_is_no_proof() {
    let folder = TempDir::new();
    for path in ["dist/registry.js", "dist/server.js"] {
        let text = fs::read_to_string(CAPTURED.folder.join(path)).unwrap();
        folder.write(&path["dist/".len()..], text.replace("//# sourceMappingURL", "//"));
    }
    let changed = fs::read_to_string(folder.path().join("registry.js")).unwrap();
    folder.write("registry.js", format!("// A new first line.\n{changed}"));
    let (_heaps, paths) = alone(&CAPTURED);
    // With a manifest it is known what ran, but not that this did not.
    for paths in [paths, shots(&CAPTURED)] {
        let output = confirm(folder.path(), &refs(&paths), &["--format", "json"]);
        let report = json(&output);
        let evidence = evidence(&report, "collection-without-bound");
        assert_eq!(evidence["verdict"], "unmapped", "{evidence}");
        assert_eq!(evidence["alive"], serde_json::json!([]));
    }
}

#[test]
fn a_heap_that_is_cut_off() {
    let (folder, paths) = alone(&CAPTURED);
    let whole = fs::read(&paths[1]).unwrap();
    for (name, bytes) in [("cut", &whole[..whole.len() / 2]), ("empty", &[][..]), ("text", b"hello"), ("json", b"{\"a\": 1}")] {
        let broken = folder.write(&format!("{name}.heapsnapshot"), bytes);
        let output = confirm(&CAPTURED.folder, &[&paths[0], &broken], &[]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = err(&output);
        assert!(said.contains(&format!("{name}.heapsnapshot: ")) && said.contains("byte"), "{said}");
        assert!(output.stdout.is_empty(), "nothing half done is shown");
    }
    let missing = confirm(&CAPTURED.folder, &[&paths[0], Path::new("nowhere.heapsnapshot")], &[]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("nowhere.heapsnapshot"), "{}", err(&missing));
}

#[test]
fn heaps_of_two_processes_are_not_compared() {
    let folder = TempDir::new();
    let heaps = CAPTURED.folder.join("heaps");
    for (name, isolate) in [("a", "1"), ("b", "2")] {
        let manifest = fs::read_to_string(heaps.join("manifest.json")).unwrap();
        let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["isolate"] = isolate.into();
        folder.write(&format!("{name}/manifest.json"), manifest.to_string());
        fs::copy(heaps.join("1.heapsnapshot"), folder.path().join(name).join("1.heapsnapshot")).unwrap();
    }
    let paths = ["a", "b"].map(|it| folder.path().join(it).join("1.heapsnapshot"));
    let output = confirm(&CAPTURED.folder, &refs(&paths), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("come from different processes or threads"), "{}", err(&output));
}
