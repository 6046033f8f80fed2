//! The language server, as editors of all kinds meet it.
//!
//! `LEAKLINT_FUZZ_SECONDS` sets how long the random edits last.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use leaklint::finding::{Evidence, Verdict};
use leaklint::workspace::{Opening, Project};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::TempDir;
use support::editor::{Editor, brief, path, uri};

const SERVER: &str = r#"const express = require("express");
const { watch } = require("./watch");
const app = express();
app.get("/jobs", (req, res) => {
  watch((it) => res.write(it));
});
app.listen(3000);
"#;

const WATCH: &str = r#"exports.watch = (tell) => {
  setInterval(() => tell("😀"), 1000);
};
"#;

fn leaky() -> TempDir {
    TempDir::with(&[("server.js", SERVER), ("watch.js", WATCH), ("package.json", "{}")])
}

/// A client that is told.
fn pushed() -> Value {
    json!({ "textDocument": { "publishDiagnostics": { "relatedInformation": true } } })
}

/// A client that asks, and counts in bytes.
fn pulling() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "textDocument": { "diagnostic": { "relatedDocumentSupport": false } },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    })
}

fn projects() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    let mut projects: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    projects.sort();
    projects
}

/// What `leaklint check` says in a folder.
fn checked(folder: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    for (name, _) in std::env::vars().filter(|it| it.0.starts_with("LEAKLINT_")) {
        command.env_remove(name);
    }
    let output = command.args(["check", "--format", "json", "--exit-zero", "."]).current_dir(folder).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A finding in lines: place, severity, rule, message, and the steps of its story.
type Told = Vec<String>;

fn in_terminal(folder: &Path) -> BTreeMap<PathBuf, Told> {
    let report = checked(folder);
    let mut told: BTreeMap<PathBuf, Told> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap().iter().filter(|it| it["suppressed"].is_null()) {
        let place = |it: &Value| format!("{}:{}", it["line"], it["column"]);
        let range = |it: &Value| format!("{}-{}", place(&it["start"]), place(&it["end"]));
        let words = |it: &Value| it.as_str().unwrap().to_owned();
        let (severity, rule, message, help) =
            (words(&finding["severity"]), words(&finding["rule"]), words(&finding["message"]), words(&finding["help"]));
        let url = words(&finding["url"]);
        let lines = told.entry(folder.join(words(&finding["path"]))).or_default();
        lines.push(format!("{} {severity} {rule} {message}\nhelp: {help} {url}", range(&finding["range"])));
        for step in finding["story"].as_array().unwrap() {
            let path = folder.join(words(&step["path"]));
            lines.push(format!("  {} {} {}", path.display(), range(&step["range"]), words(&step["message"])));
        }
    }
    told
}

fn in_editor(folder: &Path, published: &BTreeMap<String, (Option<i64>, Vec<Value>)>) -> BTreeMap<PathBuf, Told> {
    let place = |it: &Value| format!("{}:{}", it["line"].as_u64().unwrap() + 1, it["character"].as_u64().unwrap() + 1);
    let range = |it: &Value| format!("{}-{}", place(&it["start"]), place(&it["end"]));
    let mut told = BTreeMap::new();
    for (uri, (_, diagnostics)) in published.iter().filter(|it| path(it.0).starts_with(folder) && !it.1.1.is_empty()) {
        let mut lines = Told::new();
        for it in diagnostics {
            let severity = ["error", "warning", "info"][it["severity"].as_u64().unwrap() as usize - 1];
            let (rule, message, url) = (&it["code"], &it["message"], &it["codeDescription"]["href"]);
            let words = [rule, message, url].map(|it| it.as_str().unwrap());
            lines.push(format!("{} {severity} {} {} {}", range(&it["range"]), words[0], words[1], words[2]));
            for step in it["relatedInformation"].as_array().into_iter().flatten() {
                let location = &step["location"];
                let path = path(location["uri"].as_str().unwrap());
                lines.push(format!("  {} {} {}", path.display(), range(&location["range"]), step["message"].as_str().unwrap()));
            }
        }
        told.insert(path(uri), lines);
    }
    told
}

#[test]
fn terminal_and_editor_say_the_same_of_every_fixture() {
    let projects = projects();
    let folders: Vec<&Path> = projects.iter().map(PathBuf::as_path).collect();
    let mut editor = Editor::open(&folders, pushed());
    editor.settle();
    let mut count = 0;
    for folder in folders {
        let expected = in_terminal(folder);
        assert_eq!(in_editor(folder, &editor.published), expected, "{}", folder.display());
        count += expected.len();
    }
    assert!(count > 40, "{count} files with findings");
    assert!(editor.close().success());
}

#[test]
fn typing_ends_where_a_fresh_run_would() {
    for project in projects().iter().filter(|it| it.ends_with("timer-typescript-leaks") || it.ends_with("queue-esm-leaks")) {
        let report = checked(project);
        let file = report["findings"][0]["path"].as_str().unwrap();
        let text = fs::read_to_string(project.join(file)).unwrap();
        let mut editor = Editor::open(&[project], pushed());
        let uri = editor.open_file(&project.join(file));
        // Lines are typed in above everything, cut out from the middle, and put back.
        let lines: Vec<&str> = text.lines().collect();
        let variants = [format!("// one\n\n{text}"), lines[..lines.len() / 2].join("\n"), text.replace('(', "( "), text.clone()];
        for (n, variant) in variants.iter().enumerate() {
            editor.replace(&uri, n as i32 + 2, variant);
            editor.settle();
            let copy = TempDir::new();
            copy_folder(project, copy.path());
            copy.write(file, variant);
            let moved = |told: BTreeMap<PathBuf, Told>| format!("{told:?}").replace(&copy.path().display().to_string(), "");
            let here = format!("{:?}", in_editor(project, &editor.published)).replace(&project.display().to_string(), "");
            assert_eq!(here, moved(in_terminal(copy.path())), "{} after {n} edits", project.display());
            assert_eq!(editor.published[&uri].0, Some(n as i64 + 2));
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in ignore::Walk::new(from).map(Result::unwrap).filter(|it| it.path().is_file()) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(entry.path(), target).unwrap();
    }
}

#[test]
fn unsaved_texts_count_in_other_files() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pushed());
    let server = editor.open_file(&folder.path().join("server.js"));
    let watch = uri(&folder.path().join("watch.js"));
    editor.settle();
    assert_eq!(editor.told(&watch), [("timer-not-cleared".to_owned(), 1)]);
    let story = &editor.published[&watch].1[0]["relatedInformation"];
    assert!(story.as_array().unwrap().iter().any(|it| it["location"]["uri"] == *server), "{story}");
    editor.replace(&server, 2, &SERVER.replace("  watch((it) => res.write(it));\n", ""));
    editor.settle();
    assert_eq!(editor.told(&watch), []);
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": server } }));
    editor.settle();
    assert_eq!(editor.told(&watch).len(), 1, "the disk counts again");
}

#[test]
fn columns_are_counted_as_agreed() {
    let folder = leaky();
    let edit = |editor: &mut Editor, uri: &str, character: u64| {
        let at = json!({ "line": 1, "character": character });
        let change = json!([{ "range": { "start": at, "end": at }, "text": "x" }]);
        editor
            .notify("textDocument/didChange", json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": change }));
        editor.request("leaklint/document", json!({ "uri": uri }))["result"]["text"].as_str().unwrap().to_owned()
    };
    let before = WATCH.lines().nth(1).unwrap().split_once("😀").unwrap().0;
    let mut editor = Editor::open(&[folder.path()], pushed());
    assert_eq!(editor.capabilities["positionEncoding"], "utf-16");
    let watch = editor.open_file(&folder.path().join("watch.js"));
    assert_eq!(edit(&mut editor, &watch, before.len() as u64 + 2), WATCH.replace("😀", "😀x"));
    let mut editor = Editor::open(&[folder.path()], pulling());
    assert_eq!(editor.capabilities["positionEncoding"], "utf-8");
    let watch = editor.open_file(&folder.path().join("watch.js"));
    assert_eq!(edit(&mut editor, &watch, before.len() as u64 + 4), WATCH.replace("😀", "😀x"));
}

#[test]
fn who_asks_is_answered_when_there_is_an_answer() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pulling());
    let watch = editor.open_file(&folder.path().join("watch.js"));
    let params = json!({ "textDocument": { "uri": watch } });
    let first = editor.request("textDocument/diagnostic", params.clone())["result"].clone();
    assert_eq!((&first["kind"], brief(&first["items"][0])), (&json!("full"), ("timer-not-cleared".to_owned(), 1)));
    let again = json!({ "textDocument": { "uri": watch }, "previousResultId": first["resultId"] });
    assert_eq!(editor.request("textDocument/diagnostic", again)["result"]["kind"], "unchanged");
    editor.replace(&watch, 2, &WATCH.replace("  setInterval", "\n  setInterval"));
    let moved = editor.request("textDocument/diagnostic", params.clone())["result"].clone();
    assert_eq!(brief(&moved["items"][0]).1, 2, "the answer is of the text as it is");
    assert!(editor.published.is_empty(), "nobody is told twice: {:?}", editor.published);
    // What another file does makes the client ask again.
    editor.settle();
    let asked = |editor: &Editor| editor.requests.iter().filter(|it| it["method"] == "workspace/diagnostic/refresh").count();
    let before = asked(&editor);
    let server = editor.open_file(&folder.path().join("server.js"));
    editor.replace(&server, 2, "");
    editor.settle();
    assert_eq!(asked(&editor), before + 1);
    assert_eq!(editor.request("textDocument/diagnostic", params)["result"]["items"], json!([]));
}

#[test]
fn the_whole_workspace_can_be_asked_for() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pulling());
    let params = |previous: Value| json!({ "previousResultIds": previous, "workDoneToken": "bar", "partialResultToken": "part" });
    let answer = editor.request("workspace/diagnostic", params(json!([])));
    assert_eq!(answer["result"]["items"], json!([]), "all came in parts");
    let values: Vec<Value> = editor.notifications.iter().map(|it| it["params"]["value"].clone()).collect();
    let kinds: Vec<&str> = values.iter().filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, ["begin", "end"]);
    let part = values.iter().find(|it| it["items"].is_array()).unwrap();
    let item = &part["items"][0];
    assert_eq!((item["uri"].as_str().unwrap(), &item["version"]), (&*uri(&folder.path().join("watch.js")), &Value::Null));
    // Without news the next answer waits, and can be given up.
    let previous = json!([{ "uri": item["uri"], "value": item["resultId"] }]);
    let waiting = editor.ask("workspace/diagnostic", params(previous.clone()));
    assert!(!editor.has_answer(waiting, Duration::from_millis(300)));
    editor.notify("$/cancelRequest", json!({ "id": waiting }));
    assert_eq!(editor.wait(waiting)["error"]["code"], -32800);
    // News ends the wait.
    let waiting = editor.ask("workspace/diagnostic", json!({ "previousResultIds": previous }));
    assert!(!editor.has_answer(waiting, Duration::from_millis(300)));
    fs::write(folder.path().join("watch.js"), "exports.watch = () => {};\n").unwrap();
    let change = json!({ "changes": [{ "uri": uri(&folder.path().join("watch.js")), "type": 2 }] });
    editor.notify("workspace/didChangeWatchedFiles", change);
    let answer = editor.wait(waiting);
    assert_eq!(answer["result"]["items"][0]["items"], json!([]), "{answer}");
}

#[test]
fn what_is_no_message_costs_nothing_else() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pushed());
    for bytes in [
        "rubbish\r\n\r\n",
        "Content-Length: 5\r\n\r\n{\"a\":",
        "Content-Length: nine\r\n\r\n",
        "Content-Length: 2\r\n\r\n[]",
        "Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}  ",
        "Content-Length: 999999999999999999\r\n\r\n",
    ] {
        editor.send_bytes(bytes.as_bytes());
        assert!(editor.request("leaklint/status", json!({}))["result"].is_object(), "after {bytes:?}");
    }
    for (method, params, code) in [
        ("textDocument/hover", json!({ "textDocument": 3 }), -32602),
        ("textDocument/definition", json!({}), -32601),
        ("initialize", json!({ "capabilities": {} }), -32600),
        ("workspace/executeCommand", json!({ "command": "rm" }), -32602),
    ] {
        assert_eq!(editor.request(method, params)["error"]["code"], code, "{method}");
    }
    editor.notify("textDocument/didChange", json!({ "textDocument": { "uri": "file:///none.js", "version": 1 } }));
    editor.notify("no/such/thing", json!([1]));
    // Places outside of the text are clamped.
    let watch = editor.open_file(&folder.path().join("watch.js"));
    let far = json!({ "textDocument": { "uri": watch }, "position": { "line": 999, "character": 999 } });
    assert_eq!(editor.request("textDocument/hover", far)["result"], Value::Null);
    editor.settle();
    assert_eq!(editor.told(&watch).len(), 1);
    assert!(editor.close().success());
}

#[test]
fn the_order_of_the_session_is_kept() {
    let mut editor = Editor::start(&["--stdio", "--clientProcessId=1"]);
    assert_eq!(editor.request("textDocument/hover", json!({}))["error"]["code"], -32002);
    editor.initialize(&[], pushed(), json!({}));
    assert_eq!(editor.request("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(editor.request("textDocument/hover", json!({}))["error"]["code"], -32600);
    assert!(editor.hang_up().success());
    let mut abrupt = Editor::open(&[], pushed());
    abrupt.notify("exit", Value::Null);
    assert_eq!(abrupt.child.wait().unwrap().code(), Some(1));
    assert_eq!(Editor::open(&[], pushed()).hang_up().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn the_server_does_not_outlive_its_client() {
    let mut parent = Command::new("sleep").arg("600").spawn().unwrap();
    let mut editor = Editor::start(&[&format!("--clientProcessId={}", parent.id())]);
    editor.initialize(&[], pushed(), json!({}));
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(editor.child.wait().unwrap().code(), Some(1), "the input is still open, and nobody is there");
}

#[test]
fn actions_silence_what_they_are_for() {
    for capabilities in [
        pushed(),
        json!({
            "textDocument": { "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } } },
            "workspace": { "workspaceEdit": { "documentChanges": true } },
        }),
    ] {
        let has_literals = capabilities["textDocument"]["codeAction"].is_object();
        let folder = leaky();
        let mut editor = Editor::open(&[folder.path()], capabilities);
        let watch = editor.open_file(&folder.path().join("watch.js"));
        editor.settle();
        let range = editor.published[&watch].1[0]["range"].clone();
        let params = json!({ "textDocument": { "uri": watch }, "range": range, "context": { "diagnostics": [] } });
        let actions = editor.request("textDocument/codeAction", params)["result"].clone();
        if !has_literals {
            assert_eq!(actions[0]["command"], "leaklint.server.explain", "commands are all that such a client takes");
            let asked = json!({ "command": actions[0]["command"], "arguments": actions[0]["arguments"] });
            editor.request("workspace/executeCommand", asked);
            editor.settle();
            let shown = editor.notifications.iter().find(|it| it["method"] == "window/showMessage").unwrap();
            assert!(shown["params"]["message"].as_str().unwrap().contains("timer-not-cleared"), "{shown}");
            continue;
        }
        for title in ["Suppress timer-not-cleared on this line", "Suppress timer-not-cleared in this file"] {
            let action = actions.as_array().unwrap().iter().find(|it| it["title"] == title).unwrap();
            let change = &action["edit"]["documentChanges"][0];
            assert_eq!(change["textDocument"]["version"], 1);
            let edit = &change["edits"][0];
            let line = edit["range"]["start"]["line"].as_u64().unwrap() as usize;
            let mut lines: Vec<String> = WATCH.lines().map(str::to_owned).collect();
            lines.insert(line, edit["newText"].as_str().unwrap().trim_end_matches('\n').to_owned());
            editor.replace(&watch, 2, &lines.join("\n"));
            editor.settle();
            assert_eq!(editor.told(&watch), [], "{lines:?}");
            editor.replace(&watch, 3, WATCH);
            editor.settle();
            assert_eq!(editor.told(&watch).len(), 1);
        }
        let only =
            json!({ "textDocument": { "uri": watch }, "range": range, "context": { "diagnostics": [], "only": ["source"] } });
        assert_eq!(editor.request("textDocument/codeAction", only)["result"], json!([]));
    }
}

#[test]
fn a_finding_can_be_taken_into_the_baseline() {
    let folder = leaky();
    folder.write("leaklint-baseline.json", "{ \"version\": 1, \"findings\": [] }\n");
    let mut editor =
        Editor::open(&[folder.path()], json!({ "textDocument": { "codeAction": { "codeActionLiteralSupport": {} } } }));
    let watch = editor.open_file(&folder.path().join("watch.js"));
    editor.settle();
    let range = editor.published[&watch].1[0]["range"].clone();
    let params = json!({ "textDocument": { "uri": watch }, "range": range, "context": { "diagnostics": [] } });
    let actions = editor.request("textDocument/codeAction", params)["result"].clone();
    let action = actions.as_array().unwrap().iter().find(|it| it["title"] == "Accept in the baseline").unwrap();
    let params = json!({ "command": action["command"]["command"], "arguments": action["command"]["arguments"] });
    assert_eq!(editor.request("workspace/executeCommand", params.clone())["result"], Value::Null);
    editor.settle();
    assert_eq!(editor.told(&watch), []);
    assert_eq!(in_terminal(folder.path()), BTreeMap::new(), "the terminal reads the same baseline");
    assert_eq!(editor.request("workspace/executeCommand", params)["error"]["code"], -32803, "once");
}

#[test]
fn hovers_tell_of_findings_and_of_rules_in_comments() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pushed());
    let text = format!("// leaklint-disable-line cache-without-bound -- why\n{WATCH}");
    let watch = editor.open_text(&uri(&folder.path().join("watch.js")), "js", &text);
    editor.settle();
    let mut hover = |line: u64, character: u64| {
        let at = json!({ "line": line, "character": character });
        let answer = editor.request("textDocument/hover", json!({ "textDocument": { "uri": watch }, "position": at }));
        answer["result"]["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    let finding = hover(2, 4);
    assert!(
        finding.contains("timer-not-cleared") && finding.contains("held by the runtime") && finding.contains("]("),
        "{finding}"
    );
    assert!(hover(0, 30).contains("cache-without-bound"), "{}", hover(0, 30));
    assert_eq!(hover(1, 3), "");
}

#[test]
fn hovers_tell_what_a_heap_showed() {
    let folder = leaky();
    fs::create_dir(folder.path().join("node_modules")).unwrap();
    let opening = Opening { folder: folder.path().to_owned(), ..Opening::default() };
    let project = Project::open(&opening).unwrap();
    let mut findings = project.check(&project.selection).unwrap().judged.findings;
    let (verdict, holder) = (Verdict::Confirmed, "the timers".to_owned());
    let (reason, path, executed, alive) = (String::new(), Vec::new(), vec![Some(200)], vec![152, 352]);
    findings[0].evidence =
        Some(Evidence { verdict, reason, executed, alive, retained_bytes: vec![], bytes_per_execution: None, holder, path });
    project.cache(None).unwrap().keep_evidence(&findings);
    let mut editor = Editor::open(&[folder.path()], pushed());
    let watch = editor.open_text(&uri(&folder.path().join("watch.js")), "js", WATCH);
    editor.settle();
    let at = json!({ "textDocument": { "uri": watch }, "position": { "line": 1, "character": 4 } });
    let answer = editor.request("textDocument/hover", at);
    let hover = answer["result"]["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("Heap: **confirmed**, alive 152, 352, held by `the timers`"), "{hover}");
}

#[test]
fn configuration_counts_when_it_changes() {
    let outside = TempDir::with(&[("base.toml", "")]);
    let folder = leaky();
    let extends = format!("extends = \"{}\"\n", outside.path().join("base.toml").display());
    let config = folder.write("leaklint.toml", &extends);
    let mut editor = Editor::start(&[]);
    editor.answer = |_| Some(Value::Null);
    let watching =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true, "relativePatternSupport": true } } });
    editor.initialize(&[folder.path()], watching, json!({}));
    editor.settle();
    let watch = uri(&folder.path().join("watch.js"));
    assert_eq!(editor.told(&watch).len(), 1);
    let registered: Vec<String> = editor.requests.iter().map(|it| it["params"].to_string()).collect();
    assert!(registered.iter().any(|it| it.contains("base.toml")), "what others build on is watched: {registered:?}");
    let mut change = |path: &Path, text: &str| {
        fs::write(path, text).unwrap();
        editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri(path), "type": 2 }] }));
        editor.settle();
        (editor.told(&watch).len(), editor.published.get(&uri(&config)).map_or(0, |it| it.1.len()))
    };
    let base = outside.path().join("base.toml");
    assert_eq!(change(&base, "[rules]\ntimer-not-cleared = \"off\"\n"), (0, 0));
    assert_eq!(change(&base, ""), (1, 0));
    assert_eq!(change(&config, "[rules]\ntimer-not-clear = \"off\"\n"), (1, 1), "a mistake is shown, and what was known stays");
    assert_eq!(change(&config, &extends), (1, 0));
    let shown = editor.notifications.iter().filter(|it| it["method"] == "window/showMessage").count();
    assert_eq!(shown, 1, "a mistake is told once");
}

#[test]
fn settings_come_in_three_ways() {
    let folder = leaky();
    let watch = uri(&folder.path().join("watch.js"));
    let mut editor = Editor::open_with(&[folder.path()], pushed(), json!({ "ignore": ["timer-not-cleared"], "bogus": 1 }));
    editor.settle();
    assert_eq!(editor.told(&watch), []);
    assert!(editor.notifications.iter().any(|it| it["params"]["message"].as_str().is_some_and(|it| it.contains("`bogus`"))));
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": { "leaklint": { "ignore": [] } } }));
    editor.settle();
    assert_eq!(editor.told(&watch).len(), 1);
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": { "leaklint": { "enable": false } } }));
    editor.settle();
    assert_eq!(editor.told(&watch), []);
    let mut editor = Editor::start(&[]);
    editor.answer = |request| {
        let items = request["params"]["items"].as_array()?;
        Some(items.iter().map(|it| if it["scopeUri"].is_string() { json!({ "enable": false }) } else { Value::Null }).collect())
    };
    editor.initialize(&[folder.path()], json!({ "workspace": { "configuration": true } }), json!({}));
    editor.settle();
    assert_eq!(editor.told(&watch), [], "the folder's own settings count");
}

#[test]
fn folders_come_and_go() {
    let (first, second) = (leaky(), leaky());
    let mut editor = Editor::open(&[first.path()], pushed());
    let watch = [uri(&first.path().join("watch.js")), uri(&second.path().join("watch.js"))];
    // A file outside is looked at by itself: nobody calls what it exports.
    editor.open_file(&second.path().join("watch.js"));
    editor.settle();
    let alone = editor.told(&watch[1]);
    assert_eq!(editor.told(&watch[0]).len(), 1);
    let folder = |it: &TempDir| json!([{ "uri": uri(it.path()), "name": "it" }]);
    let change = json!({ "event": { "added": folder(&second), "removed": folder(&first) } });
    editor.notify("workspace/didChangeWorkspaceFolders", change);
    editor.settle();
    assert_eq!(editor.told(&watch[0]), []);
    assert_eq!(editor.told(&watch[1]), [("timer-not-cleared".to_owned(), 1)]);
    assert_ne!(editor.told(&watch[1]), alone);
}

#[test]
fn a_text_without_a_file_is_checked_by_its_language() {
    let text = "setInterval(() => {}, 5);\nrequire('http').createServer((req, res) => { setInterval(() => res.write('x'), 9); }).listen(1);\n";
    let mut editor = Editor::open(&[], pushed());
    for (uri, language, expected) in
        [("untitled:Untitled-1", "js", 1), ("untitled:Untitled-2", "markdown", 0), ("git:/a.js", "javascript", 0)]
    {
        editor.open_text(uri, language, text);
        editor.settle();
        assert_eq!(editor.told(uri).len(), expected, "{uri} in {language}");
    }
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": "untitled:Untitled-1" } }));
    editor.settle();
    assert_eq!(editor.told("untitled:Untitled-1"), []);
}

#[test]
fn nobody_is_trusted_unasked() {
    let folder = leaky();
    let model = "[[functions]]\n";
    folder.write(".leaklint/models/broken.toml", model);
    let mut editor = Editor::open(&[folder.path()], pushed());
    editor.settle();
    let watch = uri(&folder.path().join("watch.js"));
    assert_eq!(editor.told(&watch), [], "a broken model is told of");
    assert!(editor.notifications.iter().any(|it| it["params"]["message"].as_str().is_some_and(|it| it.contains("broken.toml"))));
    let mut editor = Editor::open_with(&[folder.path()], pushed(), json!({ "trusted": false }));
    editor.settle();
    assert_eq!(editor.told(&watch).len(), 1, "and not read where nobody trusts it");
}

#[test]
fn a_storm_of_versions_ends_with_the_last() {
    let folder = leaky();
    let mut editor = Editor::open(&[folder.path()], pushed());
    let watch = editor.open_file(&folder.path().join("watch.js"));
    for version in 2..400 {
        editor.replace(&watch, version, &format!("{}{WATCH}", "\n".repeat(version as usize)));
    }
    editor.settle();
    assert_eq!(editor.published[&watch].0, Some(399));
    assert_eq!(editor.told(&watch), [("timer-not-cleared".to_owned(), 400)]);
}

/// A generator of numbers that is the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most.max(1)
    }
}

/// Offsets where an edit may be: characters' starts, never between CR and LF.
fn offsets(text: &str) -> Vec<usize> {
    let inside = |at: usize| at > 0 && text.as_bytes()[at - 1] == b'\r' && text.as_bytes().get(at) == Some(&b'\n');
    (0..=text.len()).filter(|&at| text.is_char_boundary(at) && !inside(at)).collect()
}

fn position(text: &str, at: usize, is_utf8: bool) -> Value {
    let before = &text[..at];
    let bytes = before.as_bytes();
    let is_end = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && text.as_bytes().get(at + 1) != Some(&b'\n'));
    let ends: Vec<usize> = (0..bytes.len()).filter(is_end).collect();
    let line = &before[ends.last().map_or(0, |it| it + 1)..];
    let column = if is_utf8 { line.len() } else { line.encode_utf16().count() };
    json!({ "line": ends.len(), "character": column })
}

#[test]
fn after_random_edits_both_have_the_same_text() {
    let seconds = std::env::var("LEAKLINT_FUZZ_SECONDS").map_or(4, |it| it.parse().unwrap());
    let pieces = [
        "setInterval(f, 1);",
        "\n",
        "\r\n",
        "\r",
        "😀",
        "é",
        "{",
        "}",
        "(",
        "`",
        "\u{2028}",
        "",
        "app.get('/', (q, s) => {\n",
        "/*",
        " ",
    ];
    for (is_utf8, capabilities) in [(false, pushed()), (true, pulling())] {
        let folder = leaky();
        let mut editor = Editor::open(&[folder.path()], capabilities);
        let watch = editor.open_file(&folder.path().join("watch.js"));
        let mut text = WATCH.to_owned();
        let mut dice = Dice(7 + u64::from(is_utf8));
        let until = std::time::Instant::now() + Duration::from_secs(seconds) / 2;
        let mut version = 1;
        let (begun, mut before) = (std::time::Instant::now(), 0);
        while std::time::Instant::now() < until {
            let mut changes = Vec::new();
            for _ in 0..=dice.below(3) {
                let all = offsets(&text);
                let a = dice.below(all.len());
                let b = (a + dice.below(8)).min(all.len() - 1);
                let (start, end) = (all[a], all[b]);
                let piece = pieces[dice.below(pieces.len())];
                let range = json!({ "start": position(&text, start, is_utf8), "end": position(&text, end, is_utf8) });
                changes.push(json!({ "range": range, "text": piece }));
                text.replace_range(start..end, piece);
            }
            if text.len() > 5_000 || dice.below(200) == 0 {
                text = WATCH.to_owned();
                changes = vec![json!({ "text": text })];
            }
            version += 1;
            let document = json!({ "uri": watch, "version": version });
            editor.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
            match dice.below(40) {
                0 => {
                    let has = editor.request("leaklint/document", json!({ "uri": watch }))["result"].clone();
                    assert_eq!((has["text"].as_str().unwrap(), &has["version"]), (&*text, &json!(version)));
                }
                1 => editor.send_bytes(
                    ["Content-Length: 3\r\n\r\n{{{", "\r\n\r\nbogus", "Content-Length: x\r\n\r\n"][dice.below(3)].as_bytes(),
                ),
                2 => std::thread::sleep(Duration::from_millis(100)),
                3 => drop(editor.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": watch } }))),
                _ => {}
            }
            editor.notifications.clear();
            // What grows with the edits would show from the first part of the time to its end.
            if before == 0 && begun.elapsed() > Duration::from_secs(seconds) / 8 {
                before = resident(editor.child.id());
            }
        }
        let after = resident(editor.child.id());
        assert!(after < before + before / 2 + 40_000, "{before} KB resident, and in the end {after} KB");
        let has = editor.request("leaklint/document", json!({ "uri": watch }))["result"].clone();
        assert_eq!(has["text"].as_str().unwrap(), text);
        editor.replace(&watch, version + 1, WATCH);
        editor.settle();
        let told = match is_utf8 {
            false => editor.told(&watch),
            true => {
                let answer = editor.request("textDocument/diagnostic", json!({ "textDocument": { "uri": watch } }));
                answer["result"]["items"].as_array().unwrap().iter().map(brief).collect()
            }
        };
        assert_eq!(told, [("timer-not-cleared".to_owned(), 1)]);
        assert!(version > 20, "{version} versions");
        eprintln!("{version} versions; {before} KB resident at first, {after} KB in the end");
        assert!(editor.close().success());
    }
}

/// Memory of a process in KB, where that can be read.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
