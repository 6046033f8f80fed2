//! Heap snapshots: bytes to a graph, and what can be read off it.
//!
//! [`Snapshot`] is the graph in columns, made by [`Snapshot::decode`] from the bytes of a `.heapsnapshot` file.
//! Everything else is a value made by one function from it: [`Retainers`] (edges reversed), [`Reach`] (what the program
//! holds), [`Dominators`], [`RetainedSizes`].

mod anchors;
mod columns;
mod decode;
mod dominators;
mod essential;
mod header;
mod kinds;
mod numbers;
mod path;
mod platform;
mod render;
mod retained;
mod retainers;
mod scan;
mod snapshot;
mod strings;

pub use anchors::Anchor;
pub use dominators::Dominators;
pub use kinds::{EdgeKind, NodeKind};
pub use path::{Durability, PathStep, RetainerPaths};
pub use platform::is_platform_name;
pub use render::Display;
pub use retained::RetainedSizes;
pub use retainers::Retainers;
pub use scan::DecodeError;
pub use snapshot::{Edge, EdgeIx, EdgeName, Location, NodeIx, Snapshot, StringIx};
