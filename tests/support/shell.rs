//! The program in a folder of files, as users and scripts meet it.

use super::TempDir;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Leaks one timer for each request.
pub const LEAKY: &str = "const app = require('express')();\napp.get('/feed', (req, res) => {\n  setInterval(() => res.write('x'), 1000);\n});\napp.listen(80);\n";

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program in a folder, with an environment that says nothing.
pub fn leaklint(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if ["LEAKLINT_", "GIT_", "GITHUB_", "CI_"].iter().any(|it| name.starts_with(it)) {
            command.env_remove(name);
        }
    }
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LC_ALL", "LC_CTYPE", "LANG", "CI"] {
        command.env_remove(name);
    }
    command
}

/// A folder of files that goes away again.
pub struct Shell {
    pub folder: TempDir,
}

impl Shell {
    pub fn new(files: &[(&str, &str)]) -> Shell {
        Shell { folder: TempDir::with(files) }
    }

    /// The same as a git repository with one commit.
    pub fn repository(files: &[(&str, &str)]) -> Shell {
        let shell = Shell::new(files);
        shell.git(&["init", "-q", "-b", "main"]);
        shell.commit("first");
        shell
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.folder.write(path, bytes);
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// The program with an environment that says nothing.
    pub fn command(&self, args: &[&str]) -> Command {
        leaklint(self.path(), args)
    }

    pub fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    pub fn run_in(&self, folder: &str, args: &[&str]) -> Said {
        self.command(args).current_dir(self.path().join(folder)).output().unwrap().into()
    }

    pub fn with_input(&self, args: &[&str], input: &[u8]) -> Said {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// Runs git with a user of its own and no settings of the machine's.
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always"]);
        command.args(args).current_dir(self.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let said = Said::from(command.output().unwrap());
        assert_eq!(said.code, 0, "git {args:?}: {}", said.err);
        said.out
    }

    /// Commits everything.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }
}
