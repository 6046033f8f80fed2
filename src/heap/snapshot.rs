//! The graph of a snapshot in columns: nodes, and the edges of each in one run.

use std::borrow::Cow;

use super::decode;
use super::kinds::{EdgeKind, NodeKind};
use super::scan::DecodeError;
use super::strings::Strings;

/// A node, by its place in the snapshot. 0 is the root of everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeIx(pub u32);

/// An edge, by its place in the snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EdgeIx(pub u32);

/// A string, by its place in the snapshot's table. Equal texts have equal places: V8 writes each once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StringIx(pub u32);

/// What an edge is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EdgeName {
    /// Of elements and of slots without name.
    Index(u32),
    /// Of variables, properties and V8's named slots.
    Name(StringIx),
}

/// One node holding another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// How.
    pub kind: EdgeKind,
    /// In which slot.
    pub name: EdgeName,
    /// What is held.
    pub to: NodeIx,
    /// The edge's place.
    pub ix: EdgeIx,
}

/// Where the code of a closure, or of an object's constructor, starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Location {
    /// The closure or object.
    pub node: NodeIx,
    /// V8's number of the script.
    pub script_id: u32,
    /// From 0.
    pub line: u32,
    /// UTF-16 code units from 0.
    pub column: u32,
}

/// A column of numbers that nearly all fit 32 bits.
#[derive(Debug, Default)]
pub(super) struct Wide {
    /// `u32::MAX` where the number is in `high`.
    pub(super) low: Vec<u32>,
    /// Those that do not fit, by index.
    pub(super) high: Vec<(u32, u64)>,
}

impl Wide {
    /// The number of a node.
    pub(super) fn at(&self, index: usize) -> u64 {
        match self.low[index] {
            u32::MAX => {
                let found = self.high.binary_search_by_key(&index, |it| it.0 as usize);
                found.map_or(u64::from(u32::MAX), |at| self.high[at].1)
            }
            low => u64::from(low),
        }
    }
}

/// A heap snapshot of V8: who holds whom, with names and sizes.
///
/// Made by [`Snapshot::decode`], which proves every index in it: no accessor panics on a node, edge or string that came
/// from the same snapshot.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(super) strings: Strings<'a>,
    pub(super) kinds: Vec<NodeKind>,
    pub(super) names: Vec<u32>,
    pub(super) ids: Wide,
    pub(super) self_sizes: Wide,
    /// Where each node's edges start, and one more.
    pub(super) first_edge: Vec<u32>,
    pub(super) edge_kinds: Vec<EdgeKind>,
    /// String or index, as the kind says.
    pub(super) edge_names: Vec<u32>,
    pub(super) edge_to: Vec<u32>,
    /// By node.
    pub(super) locations: Vec<Location>,
    pub(super) extra_native_bytes: u64,
}

impl<'a> Snapshot<'a> {
    /// Reads a `.heapsnapshot` file (Node 18 to 26, Chromium).
    ///
    /// Field positions, type numbers and the order of the arrays are the file's own; unknown types, fields and arrays are
    /// passed over.
    ///
    /// # Errors
    ///
    /// The place and reason, if the file is cut off, is no heap snapshot, or says what cannot be: an edge to a node that
    /// is not there, a string that is not there, counts that contradict each other.
    pub fn decode(bytes: &'a [u8]) -> Result<Snapshot<'a>, DecodeError> {
        decode::decode(bytes)
    }

    /// How many nodes there are: 1 or more.
    pub fn nodes(&self) -> usize {
        self.kinds.len()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.edge_to.len()
    }

    /// Every node.
    pub fn all(&self) -> impl ExactSizeIterator<Item = NodeIx> + DoubleEndedIterator + use<> {
        (0..self.nodes() as u32).map(NodeIx)
    }

    /// The node that holds all others.
    pub fn root(&self) -> NodeIx {
        NodeIx(0)
    }

    /// What a node is.
    pub fn kind(&self, node: NodeIx) -> NodeKind {
        self.kinds[node.0 as usize]
    }

    /// A node's name: the constructor of an object, the text of a string (cut by V8), the name of a function.
    pub fn name(&self, node: NodeIx) -> Cow<'a, str> {
        self.text(self.name_ix(node))
    }

    /// The string that is a node's name.
    pub fn name_ix(&self, node: NodeIx) -> StringIx {
        StringIx(self.names[node.0 as usize])
    }

    /// Whether a node has this name; nothing is unescaped for it.
    pub fn name_is(&self, node: NodeIx, name: &str) -> bool {
        self.text_is(self.name_ix(node), name)
    }

    /// V8's number of a node: the same in every snapshot of one isolate while the object lives.
    pub fn id(&self, node: NodeIx) -> u64 {
        self.ids.at(node.0 as usize)
    }

    /// Bytes of a node alone.
    pub fn self_size(&self, node: NodeIx) -> u64 {
        self.self_sizes.at(node.0 as usize)
    }

    /// Bytes outside the heap that no node stands for.
    pub fn extra_native_bytes(&self) -> u64 {
        self.extra_native_bytes
    }

    /// What a node holds, in V8's order.
    pub fn edges(&self, node: NodeIx) -> impl ExactSizeIterator<Item = Edge> + DoubleEndedIterator + Clone + use<'_, 'a> {
        self.edge_range(node).map(|it| self.edge(EdgeIx(it)))
    }

    /// The places of a node's edges.
    pub(super) fn edge_range(&self, node: NodeIx) -> std::ops::Range<u32> {
        self.first_edge[node.0 as usize]..self.first_edge[node.0 as usize + 1]
    }

    /// An edge.
    pub fn edge(&self, ix: EdgeIx) -> Edge {
        let at = ix.0 as usize;
        let (kind, name) = (self.edge_kinds[at], self.edge_names[at]);
        let name = if kind.is_indexed() { EdgeName::Index(name) } else { EdgeName::Name(StringIx(name)) };
        Edge { kind, name, to: NodeIx(self.edge_to[at]), ix }
    }

    /// The node that an edge starts from.
    pub fn edge_from(&self, ix: EdgeIx) -> NodeIx {
        NodeIx(self.first_edge.partition_point(|&it| it <= ix.0).saturating_sub(1) as u32)
    }

    /// The name of an edge as text; the index of an element.
    pub fn edge_name(&self, edge: Edge) -> Cow<'a, str> {
        match edge.name {
            EdgeName::Index(index) => Cow::Owned(index.to_string()),
            EdgeName::Name(name) => self.text(name),
        }
    }

    /// What a node holds by edges of a kind with this name: `None` stands for a name that no string of the snapshot has.
    pub fn held(&self, node: NodeIx, kind: EdgeKind, name: Option<StringIx>) -> Option<NodeIx> {
        let name = EdgeName::Name(name?);
        self.edges(node).find(|it| it.kind == kind && it.name == name).map(|it| it.to)
    }

    /// A string of the table, unescaped.
    pub fn text(&self, ix: StringIx) -> Cow<'a, str> {
        self.strings.text(ix)
    }

    /// Whether a string of the table is this one.
    pub fn text_is(&self, ix: StringIx, text: &str) -> bool {
        self.strings.is(ix, text)
    }

    /// The place of a string, so that names can be compared as numbers. Looks through the whole table: ask once.
    pub fn string_ix(&self, text: &str) -> Option<StringIx> {
        self.strings.find(text)
    }

    /// How many strings there are.
    pub fn strings(&self) -> usize {
        self.strings.len()
    }

    /// Every location, by node.
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// Where the code of a closure, or of an object's constructor, starts.
    pub fn location(&self, node: NodeIx) -> Option<Location> {
        let found = self.locations.binary_search_by_key(&node, |it| it.node).ok()?;
        Some(self.locations[found])
    }
}
