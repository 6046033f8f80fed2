//! V8's hash tables behind `Map` and `Set`.

use super::words::Words;
use super::{Edge, EdgeKind, EdgeName, NodeIx, Snapshot};

/// What a table is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Table {
    /// Keys and values.
    Map,
    /// Items.
    Set,
}

/// A table's shape, from its size: V8 lays out three counts, half as many buckets as it has room for entries, then entries of
/// three slots (key, value, next in bucket) or two (item, next in bucket).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    pub(super) table: Table,
    /// Room for so many entries.
    pub(super) capacity: u32,
    /// Slots before the first entry.
    start: u32,
}

/// Slots of an entry of a map.
const MAP_STRIDE: u32 = 3;

/// Slots of an entry of a set.
const SET_STRIDE: u32 = 2;

/// Counts before the buckets.
const COUNTS: u64 = 3;

impl Shape {
    /// The shape of a table of so many bytes: tables of maps and of sets never have the same size, nor those of weak ones.
    pub(super) fn of(bytes: u64) -> Option<Shape> {
        // Words of 8 bytes, and of 4 where pointers are compressed; two of them come first.
        [8, 4].into_iter().find_map(|word| Shape::of_slots((bytes.checked_sub(2 * word)? / word).checked_sub(COUNTS)?))
    }

    fn of_slots(slots: u64) -> Option<Shape> {
        let of = |table, per_pair: u64| {
            // Per two entries one bucket, and two entries' slots.
            let pairs = slots / per_pair;
            let fits = slots.is_multiple_of(per_pair) && pairs.is_power_of_two() && pairs > 1;
            let pairs = u32::try_from(pairs).ok().filter(|_| fits)?;
            Some(Shape { table, capacity: pairs * 2, start: COUNTS as u32 + pairs })
        };
        of(Table::Map, 7).or_else(|| of(Table::Set, 5))
    }

    fn stride(self) -> u32 {
        match self.table {
            Table::Map => MAP_STRIDE,
            Table::Set => SET_STRIDE,
        }
    }

    /// Which entry a slot belongs to, and which of the entry's slots it is.
    pub(super) fn entry(self, slot: u32) -> Option<(u32, u32)> {
        let at = slot.checked_sub(self.start)?;
        let entry = at / self.stride();
        (entry < self.capacity).then_some((entry, at % self.stride()))
    }
}

/// The table of a `Map` or `Set` and its shape; `None` for anything else.
pub(super) fn table(snapshot: &Snapshot, words: &Words, node: NodeIx) -> Option<(NodeIx, Shape)> {
    let table = words.internal(snapshot, node, words.table)?;
    let name = Some(snapshot.name_ix(node));
    let shape = Shape::of(snapshot.self_size(table));
    // A subclass has a name of its own: there the size decides.
    let shape = shape.filter(|it| match it.table {
        Table::Map => name != words.set,
        Table::Set => name != words.map,
    })?;
    Some((table, shape))
}

/// Entry, slot in the entry and node of what a table shows: neither small integers nor, mostly, `undefined`.
pub(super) fn slots(snapshot: &Snapshot, table: NodeIx, shape: Shape) -> impl Iterator<Item = (u32, u32, NodeIx)> {
    let index = |edge: &Edge| match (edge.kind, edge.name) {
        (EdgeKind::Internal, EdgeName::Name(name)) => snapshot.text(name).parse().ok(),
        _ => None,
    };
    snapshot.edges(table).filter_map(move |edge| {
        let (entry, slot) = shape.entry(index(&edge)?)?;
        Some((entry, slot, edge.to))
    })
}

/// Keys and values of a map, as far as they are nodes; keys alone of a set.
pub(super) fn pairs(snapshot: &Snapshot, words: &Words, node: NodeIx) -> Vec<(Option<NodeIx>, Option<NodeIx>)> {
    let Some((table, shape)) = table(snapshot, words, node) else { return Vec::new() };
    let mut all: Vec<(u32, u32, NodeIx)> = slots(snapshot, table, shape).filter(|it| !is_hole(snapshot, words, it.2)).collect();
    all.sort_unstable();
    let mut pairs = Vec::new();
    for entry in all.chunk_by(|a, b| a.0 == b.0) {
        let of = |slot| entry.iter().find(|it| it.1 == slot).map(|it| it.2);
        let value = of(1).filter(|_| shape.table == Table::Map);
        pairs.push((of(0), value));
    }
    pairs
}

/// Whether it marks a deleted entry: shown from Node 22 on, not at all before.
pub(super) fn is_hole(snapshot: &Snapshot, words: &Words, node: NodeIx) -> bool {
    Some(snapshot.name_ix(node)) == words.hole && !snapshot.kind(node).is_string()
}
