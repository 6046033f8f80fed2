//! Options as written in `leaklint.toml`, settings as resolved.
//!
//! In come the text of a configuration file and the ids of the rules, out come [`Settings`] or a [`Problem`] with its place
//! in the file. Nothing here reads a file by itself or draws a frame: callers hand a reader in and render problems.

mod find;
mod globs;
mod level;
mod options;
mod problem;
mod settings;
mod version;

pub use find::{Found, find};
pub use level::{Confidence, Level, nearest};
pub use options::{Options, OverrideOptions, RuleOption, Size, SuppressionOptions};
pub use problem::Problem;
pub use settings::{Settings, State, Suppressions};
