//! Records of numbers to columns, each part of them by a task of its own; what cannot be is refused.

use rayon::prelude::*;

use super::header::{EdgeFields, Header, LocationFields, NodeFields};
use super::kinds::{EdgeKind, NodeKind};
use super::numbers::{Part, Records};
use super::scan::{DecodeError, error};
use super::snapshot::{Location, NodeIx, Snapshot, Wide};
use super::strings::Strings;

/// Nodes and edges whose names were not held against the table of strings yet.
pub(super) struct Graph<'a> {
    pub(super) header: Header,
    nodes: Records<'a>,
    edges: Records<'a>,
    pub(super) kinds: Vec<NodeKind>,
    names: Vec<u32>,
    ids: Wide,
    self_sizes: Wide,
    first_edge: Vec<u32>,
    edge_kinds: Vec<EdgeKind>,
    edge_names: Vec<u32>,
    edge_to: Vec<u32>,
    /// The highest string named by a node and by an edge.
    highest: [u32; 2],
}

impl<'a> Graph<'a> {
    /// Reads nodes and edges.
    pub(super) fn read(header: Header, nodes: Records<'a>, edges: Records<'a>) -> Result<Graph<'a>, DecodeError> {
        if nodes.len() == 0 {
            return Err(error(nodes.end(), "there is no node: a snapshot has a root at least"));
        }
        promised(header.node_count, &nodes, "nodes")?;
        promised(header.edge_count, &edges, "edges")?;
        let (node_count, edge_count) = (nodes.len(), edges.len());
        let mut graph = Graph {
            kinds: vec![NodeKind::Hidden; node_count],
            names: vec![0; node_count],
            ids: Wide { low: vec![0; node_count], high: Vec::new() },
            self_sizes: Wide { low: vec![0; node_count], high: Vec::new() },
            first_edge: vec![0; node_count + 1],
            edge_kinds: vec![EdgeKind::Weak; edge_count],
            edge_names: vec![0; edge_count],
            edge_to: vec![0; edge_count],
            highest: [0; 2],
            header,
            nodes,
            edges,
        };
        let (node_fields, edge_fields) = (graph.header.nodes.clone(), graph.header.edges.clone());
        graph.read_nodes(&node_fields)?;
        graph.add_up()?;
        graph.read_edges(&edge_fields, node_fields.count)?;
        Ok(graph)
    }

    /// Fills the columns of nodes; of edges, how many each node has.
    fn read_nodes(&mut self, fields: &NodeFields) -> Result<(), DecodeError> {
        let parts = self.nodes.parts();
        let columns = split(&mut self.kinds, parts)
            .into_par_iter()
            .zip(split(&mut self.names, parts))
            .zip(split(&mut self.ids.low, parts))
            .zip(split(&mut self.self_sizes.low, parts))
            .zip(split(&mut self.first_edge[1..], parts));
        let read: Vec<NodePart> = parts
            .par_iter()
            .zip(columns)
            .map(|(part, ((((kinds, names), ids), sizes), counts))| {
                let mut out = NodePart::default();
                self.nodes.read(part, |index, record| {
                    let node = (part.first + index) as u32;
                    kinds[index] = kind(&fields.kinds, record[fields.kind], NodeKind::Other);
                    names[index] = small(record[fields.name], "the name of a node")?;
                    out.highest = out.highest.max(names[index]);
                    ids[index] = narrow(record[fields.id], node, &mut out.ids);
                    sizes[index] = narrow(record[fields.self_size], node, &mut out.self_sizes);
                    counts[index] = small(record[fields.edge_count], "the number of a node's edges")?;
                    Ok(())
                })?;
                Ok(out)
            })
            .collect::<Result<_, DecodeError>>()?;
        for part in read {
            self.highest[0] = self.highest[0].max(part.highest);
            self.ids.high.extend(part.ids);
            self.self_sizes.high.extend(part.self_sizes);
        }
        Ok(())
    }

    /// Turns numbers of edges into where they start.
    fn add_up(&mut self) -> Result<(), DecodeError> {
        let mut sum: u64 = 0;
        for first in &mut self.first_edge {
            sum += u64::from(*first);
            *first = sum.min(u64::from(u32::MAX)) as u32;
        }
        if sum != self.edges.len() as u64 {
            let reason = format!("the nodes claim {sum} edges, `edges` has {}", self.edges.len());
            return Err(error(self.edges.end(), reason));
        }
        Ok(())
    }

    /// Fills the columns of edges.
    fn read_edges(&mut self, fields: &EdgeFields, node_fields: usize) -> Result<(), DecodeError> {
        let parts = self.edges.parts();
        let nodes = Offsets::new(node_fields, self.kinds.len());
        let columns = split(&mut self.edge_kinds, parts)
            .into_par_iter()
            .zip(split(&mut self.edge_names, parts))
            .zip(split(&mut self.edge_to, parts));
        let highest: Vec<u32> = parts
            .par_iter()
            .zip(columns)
            .map(|(part, ((kinds, names), to))| {
                let mut highest = 0;
                self.edges.read(part, |index, record| {
                    kinds[index] = kind(&fields.kinds, record[fields.kind], EdgeKind::Other);
                    names[index] = small(record[fields.name_or_index], "the name of an edge")?;
                    if !kinds[index].is_indexed() {
                        highest = highest.max(names[index]);
                    }
                    to[index] = nodes.node(record[fields.to_node], "an edge leads to")?;
                    Ok(())
                })?;
                Ok(highest)
            })
            .collect::<Result<_, DecodeError>>()?;
        self.highest[1] = highest.into_iter().max().unwrap_or_default();
        Ok(())
    }

    /// Refuses names that are not in the table of strings.
    pub(super) fn check_names(&self, strings: usize) -> Result<(), DecodeError> {
        let there = |name: u64| name < strings as u64;
        let (nodes, edges) = (&self.header.nodes, &self.header.edges);
        let at = if !there(u64::from(self.highest[0])) {
            self.nodes.find(|it| !there(it[nodes.name]))
        } else if self.edges.len() > 0 && !there(u64::from(self.highest[1])) {
            let named = |it: u64| !kind(&edges.kinds, it, EdgeKind::Other).is_indexed();
            self.edges.find(|it| named(it[edges.kind]) && !there(it[edges.name_or_index]))
        } else {
            return Ok(());
        };
        Err(error(at, format!("a name is not in the table of {strings} strings")))
    }

    /// With what was read besides.
    pub(super) fn into_snapshot(self, strings: Strings<'a>, locations: Vec<Location>) -> Snapshot<'a> {
        Snapshot {
            strings,
            kinds: self.kinds,
            names: self.names,
            ids: self.ids,
            self_sizes: self.self_sizes,
            first_edge: self.first_edge,
            edge_kinds: self.edge_kinds,
            edge_names: self.edge_names,
            edge_to: self.edge_to,
            locations,
            extra_native_bytes: self.header.extra_native_bytes,
        }
    }
}

/// What a part of the nodes has besides its pieces of the columns.
#[derive(Default)]
struct NodePart {
    highest: u32,
    ids: Vec<(u32, u64)>,
    self_sizes: Vec<(u32, u64)>,
}

/// Refuses an array of another length than the header promises, and one too long to be numbered.
fn promised(count: Option<u64>, records: &Records, what: &str) -> Result<(), DecodeError> {
    let found = records.len();
    if u32::try_from(found).is_err() || found == u32::MAX as usize {
        return Err(error(records.end(), format!("more than four billion {what}")));
    }
    match count {
        Some(count) if count != found as u64 => {
            Err(error(records.end(), format!("the header promises {count} {what}, the array has {found}")))
        }
        _ => Ok(()),
    }
}

/// The pieces of a column that the parts of its records fill.
fn split<'t, T>(mut column: &'t mut [T], parts: &[Part]) -> Vec<&'t mut [T]> {
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let (piece, rest) = column.split_at_mut(part.count);
        pieces.push(piece);
        column = rest;
    }
    pieces
}

/// What a type number means.
#[inline]
fn kind<K: Copy>(kinds: &[K], number: u64, other: K) -> K {
    usize::try_from(number).ok().and_then(|it| kinds.get(it)).copied().unwrap_or(other)
}

/// A number that must fit 32 bits.
#[inline]
fn small(number: u64, what: &str) -> Result<u32, String> {
    u32::try_from(number).map_err(|_| format!("{what} is {number}: that is too much"))
}

/// A number's place in a [`Wide`] column.
#[inline]
fn narrow(number: u64, index: u32, high: &mut Vec<(u32, u64)>) -> u32 {
    match u32::try_from(number) {
        Ok(low) if low != u32::MAX => low,
        _ => {
            high.push((index, number));
            u32::MAX
        }
    }
}

/// Offsets into the array of nodes, which count fields.
#[derive(Clone, Copy)]
struct Offsets {
    fields: u64,
    nodes: u64,
    /// 2^64 by the number of fields, rounded up: a multiplication for a division
    /// (exact for 32 bits: Lemire, Kaser, Kurz, "Faster remainder by direct computation", 2019).
    inverse: u64,
}

impl Offsets {
    fn new(fields: usize, nodes: usize) -> Offsets {
        let fields = fields as u64;
        // One field alone would overflow; nodes have five at least.
        Offsets { fields, nodes: nodes as u64, inverse: (u64::MAX / fields.max(2)) + 1 }
    }

    /// The node at an offset.
    #[inline]
    fn node(self, offset: u64, what: &str) -> Result<u32, String> {
        let node = if offset <= u64::from(u32::MAX) {
            ((u128::from(self.inverse) * u128::from(offset)) >> 64) as u64
        } else {
            offset / self.fields
        };
        if node >= self.nodes || node * self.fields != offset {
            return Err(self.refuse(offset, what));
        }
        Ok(node as u32)
    }

    #[cold]
    fn refuse(self, offset: u64, what: &str) -> String {
        if offset.is_multiple_of(self.fields) {
            format!("{what} node {}, of {}", offset / self.fields, self.nodes)
        } else {
            format!("{what} offset {offset}, between two nodes")
        }
    }
}

/// Reads locations, and puts them in the order of nodes.
pub(super) fn locations(
    records: &Records,
    fields: &LocationFields,
    node_fields: usize,
    nodes: usize,
) -> Result<Vec<Location>, DecodeError> {
    let nodes = Offsets::new(node_fields, nodes);
    let mut locations = Vec::with_capacity(records.len());
    for part in records.parts() {
        records.read(part, |_, record| {
            let location = Location {
                node: NodeIx(nodes.node(record[fields.object_index], "a location belongs to")?),
                script_id: small(record[fields.script_id], "the number of a script")?,
                line: small(record[fields.line], "a line")?,
                column: small(record[fields.column], "a column")?,
            };
            // V8 counts in 31 bits: what is more is a negative number, and no place.
            let is_place = location.line.max(location.column) < i32::MAX as u32;
            locations.extend(is_place.then_some(location));
            Ok(())
        })?;
    }
    locations.sort_unstable();
    locations.dedup_by_key(|it| it.node);
    Ok(locations)
}
