//! A live process to snapshots, execution counts and memory figures, over the inspector protocol.
//!
//! The protocol is spoken nowhere else. Nothing here prints: values and errors go back, progress through a callback.
//! The Debugger domain is never enabled (it keeps every script and deoptimises), and no handle on an object of the
//! process outlives a snapshot: a capture must not create what it measures.

mod close;
mod coverage;
mod error;
mod evaluate;
mod inspector;
mod manifest;
mod map;
mod memory;
mod partial;
mod process;
mod room;
mod scripts;
mod series;
mod snapshot;
mod targets;
mod time;
mod workers;

pub use close::close_inspector;
pub use coverage::{Coverage, FunctionCoverage, Range, ScriptCoverage};
pub use error::CaptureError;
pub use inspector::Inspector;
pub use manifest::{Manifest, ScriptFile, SnapshotEntry};
pub use map::{Mapped, map};
pub use memory::Memory;
pub use process::{OpenedInspector, open_inspector};
pub use room::Room;
pub use scripts::script_path;
pub use series::{Series, SeriesOptions};
pub use snapshot::{OnProgress, Progress, SnapshotInfo, SnapshotOptions};
pub use targets::{Target, is_loopback, targets};
pub use time::utc;
pub use workers::Worker;
