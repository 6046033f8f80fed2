//! How long an editor waits for the findings of a changed file in a large workspace. Not run by default, since it measures:
//!
//! `cargo test --release --test lsp_latency -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests count as tests")]

mod support;

use serde_json::json;
use std::fmt::Write;
use std::time::{Duration, Instant};
use support::TempDir;
use support::editor::Editor;

/// What the server waits before it looks, since somebody may go on typing.
const DEBOUNCE: Duration = Duration::from_millis(60);

const FILES: usize = 3_000;

/// A module among many: a class, a cache, imports of its neighbours.
fn module(n: usize) -> String {
    let neighbours = [n / 2, n / 3, n.saturating_sub(1)].iter().enumerate().fold(String::new(), |mut text, (at, it)| {
        let _ = writeln!(text, "import {{ keep as keep{at} }} from \"./m{it}\";");
        text
    });
    format!(
        "{neighbours}const kept = new Map<string, number>();\n\
         export class Service{n} {{\n  private items: string[] = [];\n  add(it: string) {{\n    this.items.push(it);\n    \
         if (this.items.length > 10) this.items.shift();\n    keep0(it);\n  }}\n}}\n\
         export function keep(it: string) {{\n  kept.set(it, 1);\n  setTimeout(() => kept.delete(it), 50);\n}}\n"
    )
}

/// The file that is typed in: a server of a thousand lines.
fn server() -> String {
    let mut text = String::from("import { createServer } from \"node:http\";\n");
    for n in 0..20 {
        let _ = writeln!(text, "import {{ Service{n} }} from \"./m{n}\";");
    }
    for n in 0..97 {
        let _ = write!(
            text,
            "export function handler{n}(req: any, res: any) {{\n  const service = new Service{}();\n  service.add(req.url);\n  \
             const parts = req.url.split(\"/\");\n  for (const part of parts) {{\n    if (part.length > {n}) res.write(part);\n  }}\n  \
             res.end(JSON.stringify({{ parts, n: {n} }}));\n}}\n\n",
            n % 20
        );
    }
    text.push_str(
        "createServer((req, res) => {\n  setInterval(() => res.write(\"x\"), 1000);\n  handler1(req, res);\n}).listen(1);\n",
    );
    text
}

#[test]
#[ignore = "measures"]
fn an_answer_comes_between_keystrokes() {
    let folder = TempDir::new();
    folder.write("package.json", "{}");
    (0..FILES).for_each(|n| drop(folder.write(&format!("m{n}.ts"), module(n))));
    let path = folder.write("server.ts", server());
    let lines = server().lines().count();
    let mut editor = Editor::open(&[folder.path()], json!({}));
    let opened = Instant::now();
    let uri = editor.open_file(&path);
    editor.settle();
    println!("{FILES} files and one of {lines} lines: the first findings after {:?}", opened.elapsed());
    assert_eq!(editor.told(&uri).len(), 1);
    let mut times = Vec::new();
    for version in 2..202 {
        let at = json!({ "line": 25 + version * 4 % (lines as i32 - 40), "character": 0 });
        let change = json!([{ "range": { "start": at, "end": at }, "text": " " }]);
        let sent = Instant::now();
        editor.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": change }),
        );
        editor.wait_for(&uri, version);
        times.push(sent.elapsed().saturating_sub(DEBOUNCE));
        std::thread::sleep(Duration::from_millis(120));
    }
    let slow: Vec<(usize, &Duration)> = times.iter().enumerate().filter(|it| *it.1 > Duration::from_millis(30)).collect();
    println!("edits that took longer than 30 ms: {slow:?}");
    times.sort();
    let (median, late) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("from the end of the debounce: median {median:?}, 99 of 100 within {late:?}");
    assert_eq!(editor.told(&uri).len(), 1);
    if !cfg!(debug_assertions) {
        assert!(median <= Duration::from_millis(15) && late <= Duration::from_millis(60), "median {median:?}, p99 {late:?}");
    }
}
