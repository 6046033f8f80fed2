//! Immediate dominators: the last node that every path from the root to a node passes.
//!
//! Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph" (1979), the variant with path compression:
//! O(edges × log nodes) whatever the graph, so that a hostile or unlucky snapshot costs no more than another. (Leaked timers
//! form one long list, on which the iterative algorithms go quadratic.) No recursion. Everything is numbered in the order of
//! the depth-first search, so that neighbours in the tree are neighbours in memory.

use std::sync::OnceLock;

use super::essential::{Bits, Essential};
use super::snapshot::{NodeIx, Snapshot};

/// No number.
const NONE: u32 = u32::MAX;

/// The dominator tree of a snapshot.
#[derive(Debug)]
pub struct Dominators {
    /// Nodes in the order of the search: a node comes behind its dominator.
    order: Vec<u32>,
    /// Each node's dominator, by node; the root's is itself.
    dominators: Vec<u32>,
    /// See [`Dominators::intervals`].
    intervals: OnceLock<(Vec<u32>, Vec<u32>)>,
}

impl Dominators {
    /// Builds the tree over the edges that keep memory alive. What the root does not reach hangs from the root, as in
    /// DevTools.
    pub fn new(snapshot: &Snapshot) -> Dominators {
        let essential = Essential::new(snapshot);
        let mut search = Search::new(snapshot, &essential);
        search.from(snapshot.root(), 0);
        search.orphans();
        let searched = search.order.len();
        search.rest();
        let holders = Holders::new(&search, searched);
        let Search { order, number, parent, .. } = search;
        drop((number, essential));
        let numbered = solve(parent, &holders);
        let mut dominators = vec![0; order.len()];
        for (at, &dominator) in numbered.iter().enumerate() {
            dominators[order[at] as usize] = order[dominator as usize];
        }
        Dominators { order, dominators, intervals: OnceLock::new() }
    }

    /// The last node that every path to this one passes: itself for the root.
    pub fn of(&self, node: NodeIx) -> NodeIx {
        NodeIx(self.dominators[node.0 as usize])
    }

    /// Whether a node stands above another in the tree, or is the same. Takes constant time after the first question.
    pub fn dominates(&self, above: NodeIx, node: NodeIx) -> bool {
        let (entries, sizes) = self.intervals();
        let (above, node) = (above.0 as usize, node.0 as usize);
        (entries[above]..entries[above] + sizes[above]).contains(&entries[node])
    }

    /// Those of some nodes that stand below no other of them: their retained sizes can be added up.
    pub fn topmost(&self, nodes: &[NodeIx]) -> Vec<NodeIx> {
        let (entries, sizes) = self.intervals();
        let mut sorted = nodes.to_vec();
        sorted.sort_unstable_by_key(|it| entries[it.0 as usize]);
        let mut end = 0;
        sorted.retain(|it| {
            let entry = entries[it.0 as usize];
            let is_free = entry >= end;
            end = if is_free { entry + sizes[it.0 as usize] } else { end };
            is_free
        });
        sorted
    }

    /// For each node where its subtree starts when the tree is laid out in a row, and how long it is.
    fn intervals(&self) -> &(Vec<u32>, Vec<u32>) {
        self.intervals.get_or_init(|| {
            let mut sizes = vec![1; self.order.len()];
            for &node in self.order.iter().skip(1).rev() {
                sizes[self.dominators[node as usize] as usize] += sizes[node as usize];
            }
            let (mut entries, mut free) = (vec![0; sizes.len()], vec![1; sizes.len()]);
            for &node in self.order.iter().skip(1) {
                let above = self.dominators[node as usize] as usize;
                entries[node as usize] = free[above];
                free[node as usize] = free[above] + 1;
                free[above] += sizes[node as usize];
            }
            (entries, sizes)
        })
    }

    /// Every node in an order in which each comes behind its dominator.
    pub fn order(&self) -> impl DoubleEndedIterator<Item = NodeIx> + ExactSizeIterator + use<'_> {
        self.order.iter().map(|&it| NodeIx(it))
    }
}

/// A depth-first search that numbers nodes.
struct Search<'s, 'a> {
    snapshot: &'s Snapshot<'a>,
    essential: &'s Essential,
    order: Vec<u32>,
    /// By node.
    number: Vec<u32>,
    /// By number, a number.
    parent: Vec<u32>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(snapshot: &'s Snapshot<'a>, essential: &'s Essential) -> Search<'s, 'a> {
        let nodes = snapshot.nodes();
        let (order, parent) = (Vec::with_capacity(nodes), Vec::with_capacity(nodes));
        Search { snapshot, essential, order, number: vec![NONE; nodes], parent }
    }

    /// Numbers a node. Returns its number.
    fn visit(&mut self, node: u32, parent: u32) -> u32 {
        let number = self.order.len() as u32;
        self.number[node as usize] = number;
        self.order.push(node);
        self.parent.push(parent);
        number
    }

    /// Numbers all that a node reaches and that has no number yet.
    fn from(&mut self, start: NodeIx, parent: u32) {
        let number = self.visit(start.0, parent);
        let mut stack = vec![(number, self.snapshot.edge_range(start))];
        while let Some((number, edges)) = stack.last_mut() {
            let parent = *number;
            let Some(edge) = edges.next() else {
                stack.pop();
                continue;
            };
            let to = self.snapshot.edge_to[edge as usize];
            if self.number[to as usize] == NONE && self.essential.has(edge) {
                let number = self.visit(to, parent);
                stack.push((number, self.snapshot.edge_range(NodeIx(to))));
            }
        }
    }

    /// Searches from what nothing holds, as if the root did.
    fn orphans(&mut self) {
        if self.order.len() == self.number.len() {
            return;
        }
        // What has a number holds only what has one.
        let mut held = Bits::new(self.number.len());
        for node in self.snapshot.all().filter(|it| self.number[it.0 as usize] == NONE) {
            for edge in self.snapshot.edge_range(node).filter(|it| self.essential.has(*it)) {
                held.add(self.snapshot.edge_to[edge as usize] as usize);
            }
        }
        for node in self.snapshot.all() {
            if self.number[node.0 as usize] == NONE && !held.has(node.0 as usize) {
                self.from(node, 0);
            }
        }
    }

    /// Numbers what only holds itself in a circle.
    fn rest(&mut self) {
        for node in self.snapshot.all() {
            if self.number[node.0 as usize] == NONE {
                self.visit(node.0, 0);
            }
        }
    }
}

/// Who holds each node, by numbers: the edges of the search reversed.
struct Holders {
    /// Where each node's holders start, and one more. Circles that nothing reaches come behind all of them.
    first: Vec<u32>,
    from: Vec<u32>,
}

impl Holders {
    /// Reverses the edges of the nodes that the search came to.
    fn new(search: &Search, searched: usize) -> Holders {
        let Search { snapshot, essential, order, number, .. } = search;
        let held = |from: usize| {
            let edges = snapshot.edge_range(NodeIx(order[from])).filter(|it| essential.has(*it));
            edges.map(|it| number[snapshot.edge_to[it as usize] as usize] as usize)
        };
        let mut first = vec![0; searched + 1];
        for to in (0..searched).flat_map(held) {
            first[to] += 1;
        }
        let mut sum = 0;
        for it in &mut first {
            sum += *it;
            *it = sum;
        }
        let mut from = vec![0; sum as usize];
        for at in 0..searched {
            for to in held(at) {
                first[to] -= 1;
                from[first[to] as usize] = at as u32;
            }
        }
        Holders { first, from }
    }

    /// The holders of a node.
    fn of(&self, at: u32) -> &[u32] {
        &self.from[self.first[at as usize] as usize..self.first[at as usize + 1] as usize]
    }

    /// How many nodes there are.
    fn searched(&self) -> usize {
        self.first.len() - 1
    }
}

/// The dominator of each node of a depth-first search tree, by numbers.
fn solve(parent: Vec<u32>, holders: &Holders) -> Vec<u32> {
    let (count, searched) = (parent.len(), holders.searched());
    let mut forest = Forest::new(&parent[..searched]);
    drop(parent);
    let mut dominator = vec![0; count];
    // Those with the same semi-dominator, as lists: `dominator` is their `next` until it is known.
    let mut bucket = vec![NONE; searched];
    // Those whose dominator is that of `dominator`.
    let mut borrows = Bits::new(searched);
    for at in (1..searched as u32).rev() {
        let parent = forest.links[at as usize].ancestor;
        let semi = holders.of(at).iter().fold(parent, |semi, it| semi.min(forest.lowest(*it, at)));
        forest.links[at as usize].lowest = semi;
        dominator[at as usize] = std::mem::replace(&mut bucket[semi as usize], at);
        let mut waiting = std::mem::replace(&mut bucket[parent as usize], NONE);
        while waiting != NONE {
            let next = dominator[waiting as usize];
            let lowest = forest.lowest(waiting, at - 1);
            let is_lower = lowest < parent;
            dominator[waiting as usize] = if is_lower { forest.links[waiting as usize].label } else { parent };
            if is_lower {
                borrows.add(waiting as usize);
            }
            waiting = next;
        }
    }
    for at in (1..searched).filter(|it| borrows.has(*it)) {
        dominator[at] = dominator[dominator[at] as usize];
    }
    dominator
}

/// The forest of the tree's upper edges, with the lowest semi-dominator on each way up.
struct Forest {
    links: Vec<Link>,
    stack: Vec<u32>,
}

/// What is known of the way up from a node: in one place, since all of it is needed at once.
#[derive(Clone, Copy)]
struct Link {
    /// A node above.
    ancestor: u32,
    /// The node below `ancestor` with the lowest semi-dominator.
    label: u32,
    /// That semi-dominator.
    lowest: u32,
}

impl Forest {
    fn new(parent: &[u32]) -> Forest {
        let link = |(at, &ancestor): (usize, &u32)| Link { ancestor, label: at as u32, lowest: at as u32 };
        Forest { links: parent.iter().enumerate().map(link).collect(), stack: Vec::new() }
    }

    /// The lowest semi-dominator between a node and its root in the forest, into which everything above `linked` was linked;
    /// `label` of the node's link then tells whose it is.
    #[inline]
    fn lowest(&mut self, node: u32, linked: u32) -> u32 {
        if node <= linked {
            return node;
        }
        if self.links[node as usize].ancestor > linked {
            self.compress(node, linked);
        }
        self.links[node as usize].lowest
    }

    fn compress(&mut self, node: u32, linked: u32) {
        let mut at = node;
        while self.links[at as usize].ancestor > linked {
            self.stack.push(at);
            at = self.links[at as usize].ancestor;
        }
        let Link { mut ancestor, mut label, mut lowest } = self.links[at as usize];
        while let Some(below) = self.stack.pop() {
            let link = &mut self.links[below as usize];
            link.ancestor = ancestor;
            if lowest < link.lowest {
                (link.label, link.lowest) = (label, lowest);
            }
            Link { ancestor, label, lowest } = *link;
        }
    }
}
