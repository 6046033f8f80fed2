//! Retained sizes: what would be freed with a node, by the rules of Chromium's DevTools.

use super::dominators::Dominators;
use super::essential::{Bits, Essential};
use super::kinds::{EdgeKind, NodeKind};
use super::snapshot::{NodeIx, Snapshot};

/// No owner was found yet.
const UNVISITED: u32 = u32::MAX;

/// Several nodes own it.
const SHARED: u32 = u32::MAX - 1;

/// What V8 notes about code beside the code itself.
const NOTES_ON_CODE: &[&str] = &[
    "system / CoverageInfo",
    "system / DebugInfo",
    "system / FeedbackCell",
    "system / FeedbackMetadata",
    "system / WeakArrayList",
];

/// Bytes of the whole heap and beside it, without code and what V8 notes about it: that grows as long as V8 compiles.
pub fn bytes_of_data(snapshot: &Snapshot) -> u64 {
    let notes: Vec<_> = NOTES_ON_CODE.iter().filter_map(|it| snapshot.string_ix(it)).collect();
    let is_code = |it: &NodeIx| match snapshot.kind(*it) {
        NodeKind::Code => true,
        NodeKind::Hidden => notes.contains(&snapshot.name_ix(*it)),
        _ => false,
    };
    let sizes = snapshot.all().filter(|it| !is_code(it)).map(|it| snapshot.self_size(it));
    sizes.fold(snapshot.extra_native_bytes(), u64::saturating_add)
}

/// What would go if some nodes went.
#[derive(Debug)]
pub struct Freed {
    /// What stays.
    held: Bits,
    essential: Essential,
}

impl Freed {
    /// Searches the snapshot for what its root holds by other ways than through these nodes.
    pub fn without(snapshot: &Snapshot, nodes: &[NodeIx]) -> Freed {
        let essential = Essential::new(snapshot);
        let mut barred = Bits::new(snapshot.nodes());
        for node in nodes {
            barred.add(node.0 as usize);
        }
        let mut held = Bits::new(snapshot.nodes());
        spread(snapshot, &essential, &[snapshot.root()], &barred, &mut held);
        Freed { held, essential }
    }

    /// Bytes of what would go and these nodes reach, themselves included.
    pub fn bytes(&self, snapshot: &Snapshot, nodes: &[NodeIx]) -> u64 {
        let mut reached = Bits::new(snapshot.nodes());
        let found = spread(snapshot, &self.essential, nodes, &self.held, &mut reached);
        found.into_iter().map(|it| snapshot.self_size(it)).fold(0, u64::saturating_add)
    }
}

/// Adds what some nodes reach without passing one that is barred, and returns it.
fn spread(snapshot: &Snapshot, essential: &Essential, from: &[NodeIx], barred: &Bits, reached: &mut Bits) -> Vec<NodeIx> {
    let may = |it: u32| !barred.has(it as usize);
    let mut found: Vec<NodeIx> = from.iter().copied().filter(|it| may(it.0) && reached.add(it.0 as usize)).collect();
    let mut next = 0;
    while let Some(&node) = found.get(next) {
        next += 1;
        for edge in snapshot.edge_range(node).filter(|it| essential.has(*it)) {
            let to = snapshot.edge_to[edge as usize];
            if may(to) && reached.add(to as usize) {
                found.push(NodeIx(to));
            }
        }
    }
    found
}

/// Bytes that each node keeps alive, itself included.
#[derive(Debug)]
pub struct RetainedSizes {
    sizes: Vec<u64>,
}

impl RetainedSizes {
    /// Builds the dominator tree of a snapshot, and adds up the sizes along it.
    pub fn with_dominators(snapshot: &Snapshot) -> (Dominators, RetainedSizes) {
        let (dominators, sizes) = rayon::join(|| Dominators::new(snapshot), || shallow(snapshot));
        let sizes = RetainedSizes::sum(&dominators, sizes);
        (dominators, sizes)
    }

    /// Adds up the sizes along the dominator tree.
    pub fn new(snapshot: &Snapshot, dominators: &Dominators) -> RetainedSizes {
        RetainedSizes::sum(dominators, shallow(snapshot))
    }

    fn sum(dominators: &Dominators, mut sizes: Vec<u64>) -> RetainedSizes {
        for node in dominators.order().rev() {
            let above = dominators.of(node);
            if above != node {
                sizes[above.0 as usize] = sizes[above.0 as usize].saturating_add(sizes[node.0 as usize]);
            }
        }
        RetainedSizes { sizes }
    }

    /// Bytes that a node keeps alive, itself included. 0 for what counts as a part of another node: an array's store
    /// belongs to the array.
    pub fn of(&self, node: NodeIx) -> u64 {
        self.sizes[node.0 as usize]
    }
}

/// Each node's own bytes; those of V8's own nodes that one node alone owns moved to that node (`calculateShallowSizes`).
fn shallow(snapshot: &Snapshot) -> Vec<u64> {
    let mut sizes: Vec<u64> = snapshot.all().map(|it| snapshot.self_size(it)).collect();
    let has_user_root = snapshot
        .edges(snapshot.root())
        .any(|it| snapshot.kind(it.to) != NodeKind::Synthetic || snapshot.name_is(it.to, "(Document DOM trees)"));
    // None: captured with internals exposed, and then shown as they are.
    if !has_user_root {
        return sizes;
    }
    let owners = owners(snapshot);
    for (node, &owner) in owners.iter().enumerate() {
        let is_owned = owner != UNVISITED && owner != SHARED && owner as usize != node;
        if is_owned && owner != snapshot.root().0 && snapshot.kind(NodeIx(owner)) != NodeKind::Synthetic {
            let moved = std::mem::take(&mut sizes[node]);
            sizes[owner as usize] = sizes[owner as usize].saturating_add(moved);
        }
    }
    sizes
}

/// Who owns each node: itself, the only node of the program that reaches it through V8's own nodes, [`SHARED`] or
/// [`UNVISITED`].
fn owners(snapshot: &Snapshot) -> Vec<u32> {
    let external = snapshot.string_ix("system / ExternalStringData");
    let is_part = |node: NodeIx| match snapshot.kind(node) {
        NodeKind::Hidden | NodeKind::Array => true,
        NodeKind::Native => Some(snapshot.name_ix(node)) == external,
        _ => false,
    };
    let mut owners: Vec<u32> = snapshot.all().map(|it| if is_part(it) { UNVISITED } else { it.0 }).collect();
    // A part is taken up twice at most: when it gets an owner, and when it gets a second one.
    let mut open = Vec::new();
    for start in snapshot.all().filter(|it| !is_part(*it)) {
        open.push(start.0);
        while let Some(node) = open.pop() {
            let owner = owners[node as usize];
            for at in snapshot.edge_range(NodeIx(node)) {
                let to = snapshot.edge_to[at as usize];
                let known = owners[to as usize];
                if known == owner || known == to || known == SHARED || snapshot.edge_kinds[at as usize] == EdgeKind::Weak {
                    continue;
                }
                owners[to as usize] = if known == UNVISITED { owner } else { SHARED };
                open.push(to);
            }
        }
    }
    owners
}
