//! The rulebook: pages and models, parsed and indexed.
//!
//! In come the Markdown pages of `rules/` and the TOML files of `rules/models/`, embedded in the binary; out comes one
//! [`Rulebook`]. It knows no syntax tree and no finding.

mod index;
mod model;
mod page;

pub use index::{Models, TypeIx};
pub use model::{
    Acquire, CallModel, Callback, Certainty, CollectionEffect, DecoratorModel, EntryModel, EventModel, FunctionModel, Lifetime,
    MemberModel, ModelFile, Part, Recurrence, Release, TypeModel, Unsafe, ValueModel, Weight,
};
pub use page::{Example, ExampleFile, Rule, Rulebook};
