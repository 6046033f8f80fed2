//! leaklint finds memory leaks in JavaScript and TypeScript.
//!
//! The modules stand in the order of the pipeline; none imports one below itself (a test holds that).

pub mod text;
pub mod config;
pub mod rulebook;
pub mod syntax;
pub mod facts;
pub mod program;
pub mod finding;
pub mod checks;
pub mod heap;
pub mod confirm;
pub mod capture;
pub mod prove;
pub mod workspace;
pub mod report;
pub mod lsp;
pub mod cli;
