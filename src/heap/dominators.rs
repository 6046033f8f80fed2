//! Immediate dominators: the last node that every path from the root to a node passes.
//!
//! Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph" (1979), the variant with path compression:
//! O(edges × log nodes) whatever the graph, so that a hostile or unlucky snapshot costs no more than another. (Leaked timers
//! form one long list, on which the iterative algorithms go quadratic.) No recursion. Everything is numbered in the order of
//! the depth-first search, so that neighbours in the tree are neighbours in memory.

use std::sync::OnceLock;

use super::essential::Essential;
use super::retainers::Retainers;
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
    pub fn new(snapshot: &Snapshot, retainers: &Retainers) -> Dominators {
        let essential = Essential::new(snapshot);
        let mut search = Search::new(snapshot, &essential);
        search.from(snapshot.root(), 0);
        search.orphans(retainers);
        let searched = search.order.len();
        search.rest();
        let Search { order, number, parent, .. } = search;
        let tree = Tree { parent, searched };
        let numbered = tree.solve(|at, take| {
            let node = NodeIx(order[at as usize]);
            let mut is_orphan = true;
            for (from, _) in retainers.of(node).filter(|it| essential.has(it.1.0)) {
                is_orphan = false;
                take(number[from.0 as usize]);
            }
            if is_orphan {
                take(0);
            }
        });
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
    fn orphans(&mut self, retainers: &Retainers) {
        if self.order.len() == self.number.len() {
            return;
        }
        for node in self.snapshot.all() {
            let is_new = self.number[node.0 as usize] == NONE;
            if is_new && !retainers.of(node).any(|it| self.essential.has(it.1.0)) {
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

/// A depth-first search tree, by numbers.
struct Tree {
    parent: Vec<u32>,
    /// Those behind are circles that nothing reaches.
    searched: usize,
}

impl Tree {
    /// The dominator of each number; `holders` tells those that hold one.
    fn solve(self, holders: impl Fn(u32, &mut dyn FnMut(u32))) -> Vec<u32> {
        let count = self.parent.len();
        let mut forest = Forest::new(self.parent);
        let mut dominator = vec![0; count];
        // Those with the same semi-dominator, as lists: `dominator` is their `next` until it is known.
        let mut bucket = vec![NONE; count];
        for at in (1..self.searched as u32).rev() {
            let mut semi = forest.semi[at as usize];
            holders(at, &mut |holder| {
                if (holder as usize) < self.searched {
                    let best = forest.evaluate(holder, at);
                    semi = semi.min(forest.semi[best as usize]);
                }
            });
            forest.semi[at as usize] = semi;
            dominator[at as usize] = std::mem::replace(&mut bucket[semi as usize], at);
            let parent = forest.ancestor[at as usize];
            let mut waiting = std::mem::replace(&mut bucket[parent as usize], NONE);
            while waiting != NONE {
                let best = forest.evaluate(waiting, at - 1);
                let next = dominator[waiting as usize];
                let is_lower = forest.semi[best as usize] < forest.semi[waiting as usize];
                dominator[waiting as usize] = if is_lower { best } else { parent };
                waiting = next;
            }
        }
        for at in 1..self.searched {
            if dominator[at] != forest.semi[at] {
                dominator[at] = dominator[dominator[at] as usize];
            }
        }
        dominator
    }
}

/// The forest of the tree's upper edges, with the lowest semi-dominator on each way up.
struct Forest {
    ancestor: Vec<u32>,
    label: Vec<u32>,
    semi: Vec<u32>,
    stack: Vec<u32>,
}

impl Forest {
    fn new(parent: Vec<u32>) -> Forest {
        let own: Vec<u32> = (0..parent.len() as u32).collect();
        Forest { ancestor: parent, label: own.clone(), semi: own, stack: Vec::new() }
    }

    /// The node with the lowest semi-dominator between a node and its root in the forest, into which everything above
    /// `linked` was linked.
    fn evaluate(&mut self, node: u32, linked: u32) -> u32 {
        if node <= linked {
            return node;
        }
        let mut at = node;
        while self.ancestor[at as usize] > linked {
            self.stack.push(at);
            at = self.ancestor[at as usize];
        }
        while let Some(below) = self.stack.pop() {
            let above = self.ancestor[below as usize] as usize;
            let (own, other) = (self.label[below as usize], self.label[above]);
            if self.semi[other as usize] < self.semi[own as usize] {
                self.label[below as usize] = other;
            }
            self.ancestor[below as usize] = self.ancestor[above];
        }
        self.label[node as usize]
    }
}
