//! Retained sizes: what would be freed with a node, by the rules of Chromium's DevTools.

use super::dominators::Dominators;
use super::kinds::{EdgeKind, NodeKind};
use super::snapshot::{NodeIx, Snapshot};

/// No owner was found yet.
const UNVISITED: u32 = u32::MAX;

/// Several nodes own it.
const SHARED: u32 = u32::MAX - 1;

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
