//! What nodes and edges are, in V8's words.

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum NodeKind {
    /// What V8 keeps for itself.
    Hidden,
    /// The store behind an array, a map or an object's properties.
    Array,
    /// A string.
    String,
    /// An object of the program, a context (scope) too.
    Object,
    /// Compiled code and what describes it: functions' shared parts, scripts.
    Code,
    /// A function with its scope.
    Closure,
    /// A regular expression.
    RegExp,
    /// A number that has a box of its own.
    Number,
    /// Memory outside V8's heap.
    Native,
    /// Made up by the snapshot: roots and their groups.
    Synthetic,
    /// Two strings joined and not copied yet.
    ConsString,
    /// A part of another string.
    SlicedString,
    /// A symbol.
    Symbol,
    /// A big integer.
    BigInt,
    /// Any other type: object shapes, WebAssembly objects, what is still to come.
    Other,
}

impl NodeKind {
    /// The kind with a name of `meta.node_types`.
    pub(super) fn named(name: &str) -> NodeKind {
        match name {
            "hidden" => NodeKind::Hidden,
            "array" => NodeKind::Array,
            "string" => NodeKind::String,
            "object" => NodeKind::Object,
            "code" => NodeKind::Code,
            "closure" => NodeKind::Closure,
            "regexp" => NodeKind::RegExp,
            "number" => NodeKind::Number,
            "native" => NodeKind::Native,
            "synthetic" => NodeKind::Synthetic,
            "concatenated string" => NodeKind::ConsString,
            "sliced string" => NodeKind::SlicedString,
            "symbol" => NodeKind::Symbol,
            "bigint" => NodeKind::BigInt,
            _ => NodeKind::Other,
        }
    }

    /// Whether it is text, whatever its representation.
    pub fn is_string(self) -> bool {
        matches!(self, NodeKind::String | NodeKind::ConsString | NodeKind::SlicedString)
    }
}

/// How a node holds another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum EdgeKind {
    /// A captured variable, by name.
    Context,
    /// An element of an array, by index.
    Element,
    /// A property, by name.
    Property,
    /// A slot of V8's own, by name.
    Internal,
    /// A slot of V8's own without name, by index.
    Hidden,
    /// A short way that stands for a longer one: it holds nothing.
    Shortcut,
    /// It does not keep its target alive.
    Weak,
    /// Any other type. Its name is taken for an index.
    Other,
}

impl EdgeKind {
    /// The kind with a name of `meta.edge_types`.
    pub(super) fn named(name: &str) -> EdgeKind {
        match name {
            "context" => EdgeKind::Context,
            "element" => EdgeKind::Element,
            "property" => EdgeKind::Property,
            "internal" => EdgeKind::Internal,
            "hidden" => EdgeKind::Hidden,
            "shortcut" => EdgeKind::Shortcut,
            "weak" => EdgeKind::Weak,
            _ => EdgeKind::Other,
        }
    }

    /// Whether `name_or_index` is a number rather than a string.
    pub(super) fn is_indexed(self) -> bool {
        matches!(self, EdgeKind::Element | EdgeKind::Hidden | EdgeKind::Other)
    }
}
