//! Which edges keep memory alive, by the rules of Chromium's DevTools (`computeIsEssentialEdge` in `HeapSnapshot.ts`).

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::kinds::{EdgeKind, NodeKind};
use super::snapshot::{EdgeIx, NodeIx, Snapshot, StringIx};

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// None of so many.
    pub(super) fn new(count: usize) -> Bits {
        Bits { words: vec![0; count.div_ceil(64)] }
    }

    #[inline]
    pub(super) fn has(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    /// Adds one. Returns whether it was new.
    #[inline]
    pub(super) fn add(&mut self, at: usize) -> bool {
        let (word, bit) = (&mut self.words[at / 64], 1 << (at % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// The edges that keep memory alive.
#[derive(Debug)]
pub(super) struct Essential {
    edges: Bits,
}

impl Essential {
    /// Tells the edges of a snapshot apart: not weak, not to itself, no shortcut except from the root, not the table's side
    /// of a WeakMap's pair, and not from what is only the system's to what the program owns.
    pub(super) fn new(snapshot: &Snapshot) -> Essential {
        let (tables, owned) = rayon::join(|| Tables::new(snapshot), || owned(snapshot));
        let mut edges = Bits::new(snapshot.edge_count());
        edges.words.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, words)| {
            let first = chunk * CHUNK * 64;
            let last = (first + words.len() * 64).min(snapshot.edge_count());
            let mut from = snapshot.edge_from(EdgeIx(first as u32));
            for at in first..last {
                while snapshot.edge_range(from).end <= at as u32 {
                    from.0 += 1;
                }
                if is_essential(snapshot, &tables, &owned, from, at) {
                    words[(at - first) / 64] |= 1 << (at % 64);
                }
            }
        });
        Essential { edges }
    }

    /// Whether an edge keeps its target alive.
    #[inline]
    pub(super) fn has(&self, edge: u32) -> bool {
        self.edges.has(edge as usize)
    }
}

/// Words of the set that one task fills.
const CHUNK: usize = 1 << 12;

/// Whether an edge keeps its target alive.
#[inline]
fn is_essential(snapshot: &Snapshot, tables: &Tables, owned: &Bits, from: NodeIx, at: usize) -> bool {
    let (kind, to) = (snapshot.edge_kinds[at], snapshot.edge_to[at]);
    let is_root = from == snapshot.root();
    match kind {
        EdgeKind::Weak => false,
        EdgeKind::Shortcut if !is_root => false,
        _ if to == from.0 => false,
        _ if !is_root && owned.has(to as usize) && !owned.has(from.0 as usize) => false,
        EdgeKind::Internal => !tables.is_table_side(snapshot, from, StringIx(snapshot.edge_names[at])),
        _ => true,
    }
}

/// The names that V8 gives to the two edges of a WeakMap's pair, with the id of the table.
pub(super) struct Tables {
    /// By string: asked for every edge.
    is_pair: Bits,
    ids: FxHashMap<StringIx, u64>,
}

impl Tables {
    pub(super) fn new(snapshot: &Snapshot) -> Tables {
        let names = (0..snapshot.strings() as u32).into_par_iter().map(StringIx);
        let ids: Vec<(StringIx, u64)> = names.filter_map(|it| Some((it, table_of(snapshot.strings.raw(it).0)?))).collect();
        let mut is_pair = Bits::new(snapshot.strings());
        for (name, _) in &ids {
            is_pair.add(name.0 as usize);
        }
        Tables { is_pair, ids: ids.into_iter().collect() }
    }

    /// Whether an internal edge leads from a WeakMap's table to a value: the edge from the key is the one that counts.
    #[inline]
    pub(super) fn is_table_side(&self, snapshot: &Snapshot, from: NodeIx, name: StringIx) -> bool {
        self.is_pair.has(name.0 as usize) && self.ids.get(&name) == Some(&snapshot.id(from))
    }
}

/// The table's id in `1 / part of key (A @3) -> value (B @5) pair in WeakMap (table @7)`.
fn table_of(name: &str) -> Option<u64> {
    let (before, table) = name.strip_suffix(')')?.rsplit_once(" pair in WeakMap (table @")?;
    let rest = before.trim_start_matches(|it: char| it.is_ascii_digit());
    let pair = rest.strip_prefix(" / part of key (").filter(|_| rest.len() < before.len())?;
    // A line break is escaped; DevTools' pattern stops at it.
    let whole = pair.contains(") -> value (") && pair.ends_with(')') && !pair.contains("\\n") && !pair.contains("\\r");
    table.parse().ok().filter(|_| whole)
}

/// What the program's global objects reach ("page-owned" in DevTools).
fn owned(snapshot: &Snapshot) -> Bits {
    let mut owned = Bits::new(snapshot.nodes());
    let mut open = Vec::new();
    for edge in snapshot.edges(snapshot.root()) {
        let is_start = match edge.kind {
            EdgeKind::Element => {
                snapshot.kind(edge.to) == NodeKind::Synthetic && snapshot.name_is(edge.to, "(Document DOM trees)")
            }
            kind => kind == EdgeKind::Shortcut,
        };
        if is_start && owned.add(edge.to.0 as usize) {
            open.push(edge.to);
        }
    }
    while let Some(node) = open.pop() {
        for at in snapshot.edge_range(node) {
            let to = snapshot.edge_to[at as usize];
            if snapshot.edge_kinds[at as usize] != EdgeKind::Weak && owned.add(to as usize) {
                open.push(NodeIx(to));
            }
        }
    }
    owned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pairs_tell_the_table() {
        let pair = "12 / part of key (Object @345) -> value (Array @67) pair in WeakMap (table @89)";
        assert_eq!(table_of(pair), Some(89));
        for other in
            ["table", "1", " / part of key (A @1) -> value (B @2) pair in WeakMap (table @3)", ") pair in WeakMap (table @)"]
        {
            assert_eq!(table_of(other), None, "{other}");
        }
    }
}
