//! The call graph's adjacency, in flat columns by a dense numbering of all functions.

use super::calls::Edge;
use super::refs::FnRef;

/// Edges by the function they lead into and out of.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Number of the first function of each file; one more for the end.
    first: Vec<u32>,
    into: Columns,
    out_of: Columns,
}

#[derive(Debug, Default)]
struct Columns {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Graph {
    /// The graph of some edges; `counts` is the number of functions of each file.
    pub(super) fn new(counts: impl Iterator<Item = usize>, edges: &[Edge]) -> Graph {
        let mut first = vec![0];
        for count in counts {
            first.push(first[first.len() - 1] + count as u32);
        }
        let mut graph = Graph { first, into: Columns::default(), out_of: Columns::default() };
        graph.into = graph.columns(edges, |edge| edge.callee);
        graph.out_of = graph.columns(edges, |edge| edge.caller);
        graph
    }

    fn columns(&self, edges: &[Edge], end: impl Fn(&Edge) -> FnRef) -> Columns {
        let mut starts = vec![0; self.len() + 1];
        for edge in edges {
            starts[self.number(end(edge)) + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0; edges.len()];
        for (i, edge) in edges.iter().enumerate() {
            let slot = &mut next[self.number(end(edge))];
            sorted[*slot as usize] = i as u32;
            *slot += 1;
        }
        Columns { starts, edges: sorted }
    }

    /// Number of functions.
    pub(super) fn len(&self) -> usize {
        self.first.last().map_or(0, |it| *it as usize)
    }

    /// The number of a function.
    pub(super) fn number(&self, f: FnRef) -> usize {
        (self.first[f.file.index()] + f.id.0) as usize
    }

    /// Indexes of the edges that lead into a function.
    pub(super) fn leading_into(&self, f: FnRef) -> &[u32] {
        self.slice(&self.into, f)
    }

    /// Indexes of the edges that lead out of a function.
    pub(super) fn out_of(&self, f: FnRef) -> &[u32] {
        self.slice(&self.out_of, f)
    }

    fn slice<'g>(&self, columns: &'g Columns, f: FnRef) -> &'g [u32] {
        if self.first.is_empty() {
            return &[];
        }
        let n = self.number(f);
        &columns.edges[columns.starts[n] as usize..columns.starts[n + 1] as usize]
    }
}
