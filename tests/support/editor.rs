//! An editor for tests: a client of `leaklint lsp` that keeps what it is told.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// For whatever should answer.
const LONG: Duration = Duration::from_secs(120);

/// A running server and what it said.
pub struct Editor {
    /// The process.
    pub child: Child,
    stdin: Option<ChildStdin>,
    incoming: Receiver<Value>,
    next: i32,
    /// What was published last, by address: version and diagnostics.
    pub published: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// Notifications other than diagnostics.
    pub notifications: Vec<Value>,
    /// Requests of the server, answered as `answer` says.
    pub requests: Vec<Value>,
    /// What is answered to a request of the server; by default that there is no such method.
    pub answer: fn(&Value) -> Option<Value>,
    /// Answers to requests, by id.
    answers: BTreeMap<i32, Value>,
    /// What the server said of itself.
    pub capabilities: Value,
}

impl Editor {
    /// A server that was started and knows nothing yet.
    pub fn start(arguments: &[&str]) -> Editor {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
        let command = command.arg("lsp").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        for (name, _) in std::env::vars().filter(|it| it.0.starts_with("LEAKLINT_")) {
            command.env_remove(name);
        }
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        Editor {
            child,
            stdin,
            incoming,
            next: 0,
            published: BTreeMap::new(),
            notifications: Vec::new(),
            requests: Vec::new(),
            answer: |_| None,
            answers: BTreeMap::new(),
            capabilities: Value::Null,
        }
    }

    /// A server that was told of folders, with these capabilities of the client.
    pub fn open(folders: &[&Path], capabilities: Value) -> Editor {
        Editor::open_with(folders, capabilities, json!({}))
    }

    /// As [`Editor::open`], with options.
    pub fn open_with(folders: &[&Path], capabilities: Value, options: Value) -> Editor {
        let mut editor = Editor::start(&["--stdio"]);
        editor.initialize(folders, capabilities, options);
        editor
    }

    /// Says hello.
    pub fn initialize(&mut self, folders: &[&Path], capabilities: Value, options: Value) {
        let list: Vec<Value> = folders.iter().map(|it| json!({ "uri": uri(it), "name": "folder" })).collect();
        let answer = self.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": null,
                "workspaceFolders": list,
                "capabilities": capabilities,
                "initializationOptions": options,
            }),
        );
        self.capabilities = answer["result"]["capabilities"].clone();
        self.notify("initialized", json!({}));
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks without waiting.
    pub fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Asks, and waits for the whole answer.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.wait(id)
    }

    /// Waits for the answer to a request.
    pub fn wait(&mut self, id: i32) -> Value {
        let until = Instant::now() + LONG;
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return answer;
            }
            let left = until.saturating_duration_since(Instant::now());
            let message = self.incoming.recv_timeout(left).unwrap_or_else(|error| panic!("no answer to request {id}: {error}"));
            self.take(message);
        }
    }

    /// Whether a request has been answered within a time.
    pub fn has_answer(&mut self, id: i32, within: Duration) -> bool {
        let until = Instant::now() + within;
        while let Ok(message) = self.incoming.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.take(message);
        }
        self.answers.contains_key(&id)
    }

    fn take(&mut self, message: Value) {
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some("textDocument/publishDiagnostics"), _) => {
                let params = &message["params"];
                let diagnostics = params["diagnostics"].as_array().unwrap().clone();
                self.published.insert(params["uri"].as_str().unwrap().to_owned(), (params["version"].as_i64(), diagnostics));
            }
            (Some(_), Some(id)) => {
                let answer = match (self.answer)(&message) {
                    Some(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
                    None => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "not known here" } }),
                };
                self.requests.push(message);
                self.send(&answer);
            }
            (Some(_), None) => self.notifications.push(message),
            (None, Some(id)) => match id.as_i64() {
                Some(id) => drop(self.answers.insert(id as i32, message)),
                None => self.notifications.push(message),
            },
            (None, None) => panic!("odd message: {message}"),
        }
    }

    /// Waits until nothing is under way any more.
    pub fn settle(&mut self) {
        let until = Instant::now() + LONG;
        loop {
            let status = self.request("leaklint/status", json!({}));
            if status["result"]["idle"] == true {
                return;
            }
            assert!(Instant::now() < until, "never idle: {status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a version of a document has been told of.
    pub fn wait_for(&mut self, uri: &str, version: i32) {
        let until = Instant::now() + LONG;
        while self.published.get(uri).is_none_or(|it| it.0 != Some(i64::from(version))) {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.incoming.recv_timeout(left).unwrap_or_else(|error| panic!("version {version}: {error}"));
            self.take(message);
        }
    }

    /// Opens a file of the disk.
    pub fn open_file(&mut self, path: &Path) -> String {
        let text = std::fs::read_to_string(path).unwrap();
        self.open_text(&uri(path), "javascript", &text)
    }

    /// Opens a text.
    pub fn open_text(&mut self, uri: &str, language: &str, text: &str) -> String {
        let item = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
        uri.to_owned()
    }

    /// Replaces a whole text.
    pub fn replace(&mut self, uri: &str, version: i32, text: &str) {
        let changes = json!([{ "text": text }]);
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes }),
        );
    }

    /// Rules and lines (from 0) of what was published for a file last.
    pub fn told(&self, uri: &str) -> Vec<(String, u64)> {
        let none = (None, Vec::new());
        let diagnostics = &self.published.get(uri).unwrap_or(&none).1;
        diagnostics.iter().map(brief).collect()
    }

    /// Says goodbye.
    pub fn close(mut self) -> ExitStatus {
        assert_eq!(self.request("shutdown", Value::Null)["result"], Value::Null);
        self.notify("exit", Value::Null);
        self.stdin = None;
        self.child.wait().unwrap()
    }

    /// Closes the server's input, and waits for its end.
    pub fn hang_up(mut self) -> ExitStatus {
        self.stdin = None;
        self.child.wait().unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rule and line (from 0) of a diagnostic.
pub fn brief(diagnostic: &Value) -> (String, u64) {
    (diagnostic["code"].as_str().unwrap().to_owned(), diagnostic["range"]["start"]["line"].as_u64().unwrap())
}

fn read(stream: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

/// The address of a path without odd characters.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The path of such an address.
pub fn path(uri: &str) -> PathBuf {
    PathBuf::from(uri.strip_prefix("file://").unwrap())
}
