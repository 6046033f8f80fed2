//! What linking starts from: facts, where each import leads, and what the manifests say.

use crate::facts::{Facts, Sym};
use crate::text::FileId;
use std::sync::Arc;

/// Where an import leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A file of this run.
    File(FileId),
    /// A package or builtin outside the run, by its normalized name: `node:http`, `express`, `@nestjs/common`,
    /// `lodash/memoize`.
    Package(String),
    /// Nothing that could be found.
    Missing,
}

/// A file of the run.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The path as shown, with `/`.
    pub path: String,
    /// What it says.
    pub facts: Arc<Facts>,
    /// Where each specifier leads.
    pub links: Vec<(Sym, Target)>,
}

/// What a `package.json` says, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Its folder as shown, with `/` at the end; empty for the working directory.
    pub folder: String,
    /// Files that a start script, `bin` or a `Dockerfile` starts.
    pub started: Vec<FileId>,
    /// Files that `main`, `module` or `exports` name.
    pub exported: Vec<FileId>,
    /// `private: true`.
    pub is_private: bool,
    /// Names of its dependencies, all kinds.
    pub dependencies: Vec<String>,
    /// The commands that start it, in order of files and lines.
    pub starts: Vec<StartCommand>,
}

/// Where a start command stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartKind {
    /// A script of a `package.json`.
    Script,
    /// `CMD` or `ENTRYPOINT`.
    Dockerfile,
    /// A process of a `Procfile`.
    Procfile,
    /// An executable of a `package.json`.
    Bin,
}

/// A command that starts the project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartCommand {
    /// Where it stands.
    pub kind: StartKind,
    /// The script's name, `CMD`, the process's name.
    pub name: String,
    /// The command.
    pub text: String,
    /// The file that says it, as shown. It is no file of the run.
    pub path: String,
    /// Line in that file, from 1.
    pub line: u32,
    /// What it sets `NODE_ENV` to, if it does (a Dockerfile's `ENV` counts). A value with `$` is unknown.
    pub node_env: Option<String>,
    /// The files of the run that it starts.
    pub files: Vec<FileId>,
}
