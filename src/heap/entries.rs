//! How much a collection holds: entries of maps, sets, arrays, objects, reactions of promises, bytes of text and buffers.

use rustc_hash::FxHashSet;

use super::properties;
use super::sites::Sites;
use super::slots::reactions;
use super::tables::{self, Shape, Table};
use super::words::Words;
use super::{EdgeKind, EdgeName, NodeIx, NodeKind, Snapshot, StringIx};

/// What [`Entries::count`] counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// Entries of a `Map` or items of a `Set`.
    Entries,
    /// Elements of an array, holes not counted.
    Elements,
    /// Own properties of an object, integer keys included.
    Properties,
    /// Reactions of a promise.
    Reactions,
    /// Bytes of text or of a buffer.
    Bytes,
}

/// How much is in a collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entries {
    /// How many.
    pub count: u64,
    /// Of what.
    pub unit: Unit,
    /// Whether that is the exact number. It is not where numbers hide what is there (arrays and sets of numbers; properties
    /// that are numbers in snapshots without numbers): then so many are shown, or so many there must be given the size of
    /// the store, if the collection only grew.
    pub exact: bool,
}

/// Reads collections of one snapshot.
#[derive(Clone, Default, Debug)]
pub struct Collections {
    words: Words,
    /// Shapes of arrays whose elements are not nodes: small integers, floating-point numbers.
    number_shapes: Vec<NodeIx>,
    /// Shapes of arrays that show all their elements.
    plain_shapes: Vec<NodeIx>,
    /// Whether small integers are nodes (`captureNumericValue`).
    has_numbers: bool,
}

impl Collections {
    /// Learns what it takes to read the collections of a snapshot.
    pub fn new(snapshot: &Snapshot, sites: &Sites) -> Collections {
        let words = sites.words.clone();
        let mut out = Collections { has_numbers: words.smi.is_some(), words, ..Collections::default() };
        let is_native =
            |it: &NodeIx| out.words.native_contexts.contains(&snapshot.name_ix(*it)) && !snapshot.kind(*it).is_string();
        let natives: Vec<NodeIx> = snapshot.all().filter(is_native).collect();
        for edge in natives.iter().flat_map(|it| snapshot.edges(*it)).filter(|it| it.kind == EdgeKind::Internal) {
            match snapshot.edge_name(edge).strip_prefix("js_array_").and_then(|it| it.strip_suffix("_elements_map")) {
                Some("packed" | "holey") => out.plain_shapes.push(edge.to),
                Some(_) => out.number_shapes.push(edge.to),
                None => {}
            }
        }
        out
    }

    /// How much a node holds; `None` if it is no collection: numbers, functions, weak collections.
    pub fn entries(&self, snapshot: &Snapshot, node: NodeIx) -> Option<Entries> {
        let kind = snapshot.kind(node);
        if kind.is_string() {
            return Some(Entries { count: text_bytes(snapshot, &self.words, node), unit: Unit::Bytes, exact: true });
        }
        if self.words.is_oddball(snapshot, node) || !matches!(kind, NodeKind::Object | NodeKind::Other) {
            return None;
        }
        let inside = self.inside(snapshot, node);
        if inside.table.is_some() {
            let (table, shape) = tables::table(snapshot, &self.words, node)?;
            return Some(self.of_table(snapshot, table, shape));
        }
        if let Some(bytes) = inside.buffer_bytes(snapshot, &self.words) {
            return Some(Entries { count: bytes, unit: Unit::Bytes, exact: true });
        }
        if let Some(first) = inside.reactions.filter(|_| Some(snapshot.name_ix(node)) == self.words.promise) {
            let count = reactions(snapshot, &self.words, first).len() as u64;
            return Some(Entries { count, unit: Unit::Reactions, exact: true });
        }
        let is_array = self.is_array(snapshot, node, inside.elements);
        Some(if is_array { self.of_array(snapshot, &inside) } else { self.of_object(snapshot, node, &inside) })
    }

    /// What the slots of an object hold, read in one go.
    fn inside(&self, snapshot: &Snapshot, node: NodeIx) -> Inside {
        let words = &self.words;
        let mut inside = Inside::default();
        for edge in snapshot.edges(node) {
            match (edge.kind, edge.name) {
                (EdgeKind::Element, EdgeName::Index(at)) => {
                    inside.shown += 1;
                    inside.end = inside.end.max(u64::from(at) + 1);
                }
                (EdgeKind::Internal, EdgeName::Name(name)) => {
                    if let Some(slot) = inside.slot(words, Some(name)) {
                        *slot = Some(edge.to);
                    }
                }
                _ => {}
            }
        }
        inside
    }

    /// What a collection holds, each once: values of maps, items of sets, elements of arrays, values of properties.
    pub fn elements(&self, snapshot: &Snapshot, node: NodeIx) -> Vec<NodeIx> {
        if self.words.internal(snapshot, node, self.words.table).is_some() {
            let is_map = tables::table(snapshot, &self.words, node).is_some_and(|it| it.1.table == Table::Map);
            let pairs = tables::pairs(snapshot, &self.words, node);
            return pairs.into_iter().filter_map(|it| if is_map { it.1 } else { it.0 }).collect();
        }
        let store = self.words.internal(snapshot, node, self.words.elements);
        let is_array = self.is_array(snapshot, node, store);
        let own = properties::own(snapshot, &self.words, node);
        let own = own.filter(|it| !is_array || it.kind == EdgeKind::Element);
        let mut all: Vec<NodeIx> = own.map(|it| it.to).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The value of a key that is text, in a map.
    pub fn value_of(&self, snapshot: &Snapshot, map: NodeIx, key: &str) -> Option<NodeIx> {
        let is_key = |node: NodeIx| snapshot.kind(node).is_string() && snapshot.name_is(node, key);
        let pairs = tables::pairs(snapshot, &self.words, map);
        pairs.into_iter().find(|it| it.0.is_some_and(is_key)).and_then(|it| it.1)
    }

    fn of_table(&self, snapshot: &Snapshot, table: NodeIx, shape: Shape) -> Entries {
        let slots = tables::slots(snapshot, table, shape);
        let shown = slots.filter(|it| !tables::is_hole(snapshot, &self.words, it.2)).map(|it| it.0);
        let shown: FxHashSet<u32> = shown.collect();
        // V8 halves a table that is filled less than a quarter: if fewer are shown, the others are numbers.
        let least = if shape.capacity > MIN_CAPACITY { shape.capacity / 4 } else { 0 };
        let (count, exact) = match shown.len() as u64 {
            0 if least == 0 => (0, false),
            // It doubles when it is full, so that it was filled by half once.
            shown if shown < u64::from(least) => (u64::from(shape.capacity / 2), false),
            shown => (shown, true),
        };
        Entries { count, unit: Unit::Entries, exact }
    }

    fn of_array(&self, snapshot: &Snapshot, inside: &Inside) -> Entries {
        let shown = inside.shown;
        let has = |shapes: &[NodeIx]| inside.shape.is_some_and(|it| shapes.contains(&it));
        let (count, exact) = match inside.elements {
            None => (shown, true),
            Some(store) if has(&self.number_shapes) => (least_of_store(snapshot.self_size(store)), false),
            // If elements 0 to the last are all there, none of them is a number.
            Some(_) if shown > 0 || has(&self.plain_shapes) => (shown, self.has_numbers || inside.end == shown),
            Some(_) => (0, false),
        };
        Entries { count, unit: Unit::Elements, exact }
    }

    fn of_object(&self, snapshot: &Snapshot, node: NodeIx, inside: &Inside) -> Entries {
        let keys = inside.properties.filter(|_| !self.has_numbers).and_then(|it| dictionary_keys(snapshot, it));
        let (count, exact) = match keys {
            Some(keys) => (keys + inside.shown, inside.elements.is_none()),
            None => (properties::count(snapshot, &self.words, node), self.has_numbers),
        };
        Entries { count, unit: Unit::Properties, exact }
    }

    /// Whether it is an array: by name, or because its prototypes end in the one that arrays have.
    fn is_array(&self, snapshot: &Snapshot, node: NodeIx, store: Option<NodeIx>) -> bool {
        let is_named = |it: NodeIx| Some(snapshot.name_ix(it)) == self.words.array;
        is_named(node) || (store.is_some() && properties::prototypes(snapshot, &self.words, node).any(is_named))
    }
}

/// What the slots of an object hold.
#[derive(Clone, Copy, Default)]
struct Inside {
    backing_store: Option<NodeIx>,
    buffer: Option<NodeIx>,
    elements: Option<NodeIx>,
    properties: Option<NodeIx>,
    reactions: Option<NodeIx>,
    shape: Option<NodeIx>,
    table: Option<NodeIx>,
    /// Elements that are nodes.
    shown: u64,
    /// One more than the last of their indices.
    end: u64,
}

impl Inside {
    fn slot(&mut self, words: &Words, name: Option<StringIx>) -> Option<&mut Option<NodeIx>> {
        let slots = [
            (words.backing_store, &mut self.backing_store),
            (words.buffer, &mut self.buffer),
            (words.elements, &mut self.elements),
            (words.properties, &mut self.properties),
            (words.reactions, &mut self.reactions),
            (words.shape, &mut self.shape),
            (words.table, &mut self.table),
        ];
        slots.into_iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// Bytes behind an `ArrayBuffer`, a typed array, a `Buffer` or a `DataView`: those of the whole buffer, which several may
    /// share; `None` if it is none of them.
    fn buffer_bytes(&self, snapshot: &Snapshot, words: &Words) -> Option<u64> {
        let behind = self.buffer.and_then(|it| words.internal(snapshot, it, words.backing_store));
        // Small typed arrays keep their bytes in the heap.
        let inside = self.elements.filter(|_| self.buffer.is_some());
        let store = self.backing_store.or(behind).or(inside);
        store.map(|it| snapshot.self_size(it)).or(self.buffer.map(|_| 0))
    }
}

/// V8's tables may have room for so many entries without ever having had them.
const MIN_CAPACITY: u32 = 8;

/// How many elements an array of numbers must have had, given the bytes of its store: V8 grows by half and 16.
fn least_of_store(bytes: u64) -> u64 {
    let room = bytes.saturating_sub(16) / 8;
    if room <= 17 { u64::from(room > 0) } else { (room - 16) * 2 / 3 }
}

/// Keys of the dictionary behind an object's properties; `None` if the store is none. Slots come by three: key, value,
/// details, where keys are always nodes and details never; where they start depends on the version of V8.
fn dictionary_keys(snapshot: &Snapshot, store: NodeIx) -> Option<u64> {
    if snapshot.kind(store) != NodeKind::Array {
        return None;
    }
    let mut by_rest = [0_u64; 3];
    for edge in snapshot.edges(store).filter(|it| it.kind == EdgeKind::Internal) {
        let index: Option<usize> = snapshot.edge_name(edge).parse().ok();
        by_rest[index.unwrap_or(0) % 3] += u64::from(index.is_some_and(|it| it >= 5));
    }
    (0..3).find(|&at| by_rest[at] > 0 && by_rest[(at + 2) % 3] == 0).map(|at| by_rest[at])
}

/// Bytes of a text: of all the parts it is joined from, each once.
fn text_bytes(snapshot: &Snapshot, words: &Words, text: NodeIx) -> u64 {
    let parts = [words.first, words.second, words.parent, words.actual];
    let mut seen = FxHashSet::default();
    let mut open = vec![text];
    let mut bytes: u64 = 0;
    while let Some(node) = open.pop() {
        if seen.insert(node) && snapshot.kind(node).is_string() {
            bytes = bytes.saturating_add(snapshot.self_size(node));
            let is_part = |name: EdgeName| matches!(name, EdgeName::Name(name) if is_among(&parts, name));
            open.extend(snapshot.edges(node).filter(|it| it.kind == EdgeKind::Internal && is_part(it.name)).map(|it| it.to));
        }
    }
    bytes
}

fn is_among(names: &[Option<StringIx>], name: StringIx) -> bool {
    names.contains(&Some(name))
}
