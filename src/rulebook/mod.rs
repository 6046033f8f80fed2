//! The rulebook: pages and models, parsed and indexed.
//!
//! In come the Markdown pages of `rules/` and the TOML files of `rules/models/`, embedded in the binary, and those of a
//! user; out comes one [`Rulebook`]. It knows no syntax tree and no finding.

mod book;
mod example;
mod index;
mod model;
mod names;
mod own;
mod page;
mod table;
mod trouble;

pub use book::Rulebook;
pub use example::{Caret, Example, ExampleFile};
pub use index::{Models, TypeIx};
pub use model::{
    Acquire, CallModel, Callback, Certainty, CollectionEffect, DecoratorModel, EntryModel, EventModel, FunctionModel, Lifetime,
    MemberModel, ModelFile, Part, Recurrence, Release, TypeModel, Unsafe, ValueModel, Weight,
};
pub use page::Rule;
pub use trouble::Trouble;
