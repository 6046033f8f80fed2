//! What a heap must show if a finding is true: written by the checks, read by `confirm`.

use crate::facts::BindingId;
use crate::text::{FileId, Span};
use serde::{Deserialize, Serialize};

/// What to count in a heap, and where its executions are counted.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// The expressions whose executions the ledger counts: one of them acquires each time it runs. Empty where that is done by
    /// code that was not read; then what was sent to the program is counted instead.
    pub sites: Vec<Span>,
    /// What to count: the first that a heap knows. Empty if a heap cannot show it.
    pub sought: Vec<Sought>,
    /// At most this many are ever kept, as far as the program shows.
    pub limit: Option<u64>,
    /// They go by themselves after so many milliseconds, as far as the program shows.
    pub delay: Option<u64>,
}

/// Something to count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sought {
    /// Holder slots with one of these functions in them, wrappers unwrapped.
    Slots {
        /// What sort of slots.
        kind: SlotKind,
        /// V8's positions of the functions.
        functions: Vec<Span>,
        /// Functions made in here count too: the call that acquires.
        within: Span,
        /// The event of a listener, if it is known.
        event: Option<String>,
        /// The delay of a timer in milliseconds, if it is known: it tells timers of one function apart.
        delay: Option<u64>,
    },
    /// Closures made at these places, whoever holds them.
    Closures {
        /// V8's positions of the functions.
        functions: Vec<Span>,
        /// Functions made in here count too.
        within: Span,
    },
    /// Entries of the collection at a path: elements of arrays and sets, entries of maps, properties of objects, bytes of text,
    /// reactions of promises.
    Entries(Owner, Vec<String>),
    /// Own properties of the object at a path, whatever else it keeps.
    Properties(Owner, Vec<String>),
    /// Objects by their class.
    Instances {
        /// V8's positions of the classes.
        classes: Vec<Span>,
        /// Names of constructors, for classes that were not read.
        names: Vec<String>,
    },
}

/// A sort of holder slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum SlotKind {
    /// Of the event loop: intervals, timeouts, immediates.
    Timer,
    /// Of an emitter or an event target.
    Listener,
    /// Of a pending promise.
    Reaction,
    /// Whatever holds it.
    Any,
}

/// What a collection's path starts from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Owner {
    /// A variable.
    Variable(FileId, BindingId),
    /// Instances of a class, by V8's position and by name.
    Instance(Option<Span>, String),
    /// A class or constructor function itself.
    Static(Option<Span>, String),
    /// What a CommonJS module exports.
    Exports(FileId),
    /// A property of the global object.
    Global(String),
}
