//! What linking starts from: facts, where each import leads, and what the manifests say.

use crate::facts::{Facts, Sym};
use crate::text::FileId;

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
#[derive(Debug)]
pub struct Unit {
    /// The path as shown, with `/`.
    pub path: String,
    /// What it says.
    pub facts: Facts,
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
}
