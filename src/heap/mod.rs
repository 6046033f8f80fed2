//! Heap snapshots: bytes to a graph, and what can be read off it.
//!
//! [`Snapshot`] is the graph in columns, made by [`Snapshot::decode`] from the bytes of a `.heapsnapshot` file.
//! Everything else is a value made by one function from it: [`Dominators`], [`RetainedSizes`], [`RetainerPaths`] with
//! [`Display`] (who holds a node, in words); [`Sites`] (positions of closures and objects), [`Slots`] (timers, listeners
//! and reactions), [`Scopes`] (variables by name), [`Collections`] (how much is in what), [`Growth`] over a series.

mod anchors;
mod columns;
mod decode;
mod dominators;
mod entries;
mod essential;
mod growth;
mod header;
mod kinds;
mod numbers;
mod path;
mod platform;
mod properties;
mod render;
mod retained;
mod scan;
mod scopes;
mod sites;
mod slots;
mod snapshot;
mod strings;
mod tables;
mod words;
mod wrappers;

pub use anchors::Anchor;
pub use dominators::Dominators;
pub use entries::{Collections, Entries, Unit};
pub use growth::{Census, GrowingCollection, GrowingSite, Growth, What};
pub use kinds::{EdgeKind, NodeKind};
pub use path::{Durability, PathStep, RetainerPaths};
pub use platform::is_platform_name;
pub use properties::{follow, follow_path, instances_at, instances_named, is_prototype, own_properties};
pub use render::Display;
pub use retained::{Freed, RetainedSizes, bytes_of_data};
pub use scan::DecodeError;
pub use scopes::Scopes;
pub use sites::{LineColumn, STRING_LIMIT, Script, ScriptIx, Site, Sites, path_of};
pub use slots::{Hold, Slot, Slots};
pub use snapshot::{Edge, EdgeIx, EdgeName, Location, NodeIx, Snapshot, StringIx};
pub use wrappers::{Link, links_of, unwrapped};
