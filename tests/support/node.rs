//! Programs in Node, for tests that look at live processes.

use super::TempDir;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// For whatever should answer.
pub const LONG: Duration = Duration::from_secs(60);

/// The names of what is in a folder, sorted, hidden ones too.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|it| it.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A program in Node that goes away again. It has said `ready`.
pub struct Node {
    /// The process.
    pub child: Child,
    /// Where its program is.
    pub folder: TempDir,
}

impl Node {
    /// With flags for Node.
    pub fn start(flags: &[&str], program: &str) -> Node {
        Node::start_when_ready(flags, &format!("{program}\nsetInterval(() => {{}}, 1000);\nconsole.log('ready');\n"))
    }

    /// Of a program that says `ready` itself.
    fn start_when_ready(flags: &[&str], text: &str) -> Node {
        let folder = TempDir::new();
        let file = folder.write("program.js", text);
        let mut command = Command::new("node");
        command.args(flags).arg(&file).env_remove("NODE_OPTIONS").env_remove("NODE_ENV");
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("`node` on the PATH");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "what the program says first");
        Node { child, folder }
    }

    /// With an inspector at a free port: the program, and `host:port`.
    pub fn inspected(program: &str) -> (Node, String) {
        Node::inspected_when_ready(&format!("{program}\nsetInterval(() => {{}}, 1000);\nconsole.log('ready');\n"))
    }

    /// The same, of a program that says `ready` itself.
    pub fn inspected_when_ready(text: &str) -> (Node, String) {
        let mut node = Node::start_when_ready(&["--inspect=127.0.0.1:0"], text);
        let mut line = String::new();
        BufReader::new(node.child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("ws://").nth(1).and_then(|it| it.split('/').next()).unwrap().to_owned();
        (node, address)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
