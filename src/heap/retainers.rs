//! Edges reversed: who holds a node.

use super::snapshot::{EdgeIx, NodeIx, Snapshot};

/// Every edge of a snapshot by the node that it leads to. Four bytes an edge: where an edge starts is looked up.
#[derive(Debug)]
pub struct Retainers {
    /// Where each node's retainers start, and one more.
    first: Vec<u32>,
    edges: Vec<u32>,
    from: Vec<u32>,
}

impl Retainers {
    /// Reverses the edges of a snapshot, weak ones and shortcuts too.
    pub fn new(snapshot: &Snapshot) -> Retainers {
        let mut first = vec![0; snapshot.nodes() + 1];
        for &to in &snapshot.edge_to {
            first[to as usize] += 1;
        }
        let mut sum = 0;
        for it in &mut first {
            sum += *it;
            *it = sum;
        }
        let mut edges = vec![0; snapshot.edge_count()];
        let mut from = vec![0; snapshot.edge_count()];
        // Backwards, so that each run comes out in the order of the edges.
        for node in snapshot.all().rev() {
            for edge in snapshot.edge_range(node).rev() {
                let slot = &mut first[snapshot.edge_to[edge as usize] as usize];
                *slot -= 1;
                edges[*slot as usize] = edge;
                from[*slot as usize] = node.0;
            }
        }
        Retainers { first, edges, from }
    }

    /// Who holds a node, and by which edges, in the order of the edges.
    pub fn of(&self, node: NodeIx) -> impl ExactSizeIterator<Item = (NodeIx, EdgeIx)> + Clone + use<'_> {
        let range = self.first[node.0 as usize] as usize..self.first[node.0 as usize + 1] as usize;
        range.map(|it| (NodeIx(self.from[it]), EdgeIx(self.edges[it])))
    }

    /// How many edges lead to a node.
    pub fn count(&self, node: NodeIx) -> usize {
        (self.first[node.0 as usize + 1] - self.first[node.0 as usize]) as usize
    }
}
