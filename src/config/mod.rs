//! Options as written in `leaklint.toml` and its like, settings as resolved.
//!
//! In come the texts of configuration files and the ids of the rules, out come [`Settings`] or a [`Problem`] with its place
//! in a file. Nothing here reads a file or draws a frame: callers read, and render problems.

mod choices;
mod globs;
mod layer;
mod level;
mod options;
mod problem;
mod resolve;
mod schema;
mod settings;
mod version;

pub use choices::Choices;
pub use globs::normal;
pub use layer::{Layer, NAMES};
pub use level::{Confidence, Level, nearest};
pub use options::{Extends, Options, OverrideOptions, RuleOption, Size, SuppressionOptions};
pub use problem::Problem;
pub use schema::schema;
pub use settings::{Ground, Origin, Settings, State, Suppressions};
