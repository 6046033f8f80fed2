//! From the bytes of a snapshot to its columns.
//!
//! The arrays of numbers, nearly all of a file, are found by looking for their ends, then read in parallel while the
//! strings behind them are scanned.

use std::ops::Range;

use super::columns::{Graph, locations};
use super::header::Header;
use super::numbers::Records;
use super::scan::{Cursor, DecodeError, error};
use super::snapshot::Snapshot;
use super::strings::Strings;

/// The outermost object: what of it was found so far.
struct Walk<'a> {
    cursor: Cursor<'a>,
    /// Whether a member came before.
    inside: bool,
    spans: Spans,
    strings: Option<Strings<'a>>,
}

/// Where values are in the file: `snapshot` whole, of arrays what is between the brackets.
#[derive(Clone, Default)]
struct Spans {
    header: Option<Range<usize>>,
    nodes: Option<Range<usize>>,
    edges: Option<Range<usize>>,
    locations: Option<Range<usize>>,
}

/// Reads a snapshot.
pub(super) fn decode(bytes: &[u8]) -> Result<Snapshot<'_>, DecodeError> {
    let mut walk = Walk { cursor: Cursor { bytes, at: 0 }, inside: false, spans: Spans::default(), strings: None };
    walk.cursor.expect(b'{').map_err(|it| error(it.offset, format!("no heap snapshot: {}", it.reason)))?;
    let before_strings = walk.run(true)?;
    let numbers_known = walk.spans.header.is_some() && walk.spans.nodes.is_some() && walk.spans.edges.is_some();
    let spans = walk.spans.clone();
    let graph = if before_strings && numbers_known {
        let (graph, rest) = rayon::join(|| numbers(bytes, &spans), || walk.run(false));
        rest?;
        graph?
    } else {
        walk.run(false)?;
        numbers(bytes, &walk.spans)?
    };
    let Walk { spans, strings, .. } = walk;
    let strings = strings.ok_or_else(|| missing(bytes, "strings"))?;
    graph.check_names(strings.len())?;
    let locations = match (spans.locations, &graph.header.locations) {
        (Some(span), Some(fields)) => {
            let records = Records::new(bytes, span, fields.count, "locations")?;
            locations(&records, fields, graph.header.nodes.count, graph.kinds.len())?
        }
        _ => Vec::new(),
    };
    Ok(graph.into_snapshot(strings, locations))
}

/// Reads the header, and nodes and edges by it.
fn numbers<'a>(bytes: &'a [u8], spans: &Spans) -> Result<Graph<'a>, DecodeError> {
    let span = |span: &Option<Range<usize>>, key: &str| span.clone().ok_or_else(|| missing(bytes, key));
    let header = span(&spans.header, "snapshot")?;
    let header = Header::read(&bytes[header.clone()], header.start)?;
    let nodes = Records::new(bytes, span(&spans.nodes, "nodes")?, header.nodes.count, "nodes")?;
    let edges = Records::new(bytes, span(&spans.edges, "edges")?, header.edges.count, "edges")?;
    Graph::read(header, nodes, edges)
}

/// An error at the end of the file.
fn missing(bytes: &[u8], key: &str) -> DecodeError {
    error(bytes.len(), format!("no heap snapshot: `{key}` is missing"))
}

impl Walk<'_> {
    /// Goes on to the end of the file, or to the strings if asked. Returns whether it stopped for them.
    fn run(&mut self, stop_at_strings: bool) -> Result<bool, DecodeError> {
        loop {
            let before = self.cursor.clone();
            if self.cursor.accept(b'}') {
                break;
            }
            if self.inside {
                self.cursor.expect(b',')?;
            }
            self.cursor.blank();
            let at = self.cursor.at;
            let key = self.cursor.key()?;
            if key == b"strings" && stop_at_strings {
                self.cursor = before;
                return Ok(true);
            }
            self.inside = true;
            self.value(key, at)?;
        }
        self.cursor.blank();
        if self.cursor.at == self.cursor.bytes.len() { Ok(false) } else { Err(self.cursor.unexpected("the end of the file")) }
    }

    /// Moves over the value of a key, and notes where it is if it will be read.
    fn value(&mut self, key: &[u8], at: usize) -> Result<(), DecodeError> {
        let slot = match key {
            b"nodes" => &mut self.spans.nodes,
            b"edges" => &mut self.spans.edges,
            b"locations" => &mut self.spans.locations,
            b"snapshot" => {
                self.cursor.blank();
                let start = self.cursor.at;
                self.cursor.skip_value()?;
                return once(&mut self.spans.header, start..self.cursor.at, key, at);
            }
            b"strings" => {
                let strings = Strings::scan(&mut self.cursor)?;
                return once(&mut self.strings, strings, key, at);
            }
            _ => return self.cursor.skip_value(),
        };
        let span = self.cursor.flat_array()?;
        once(slot, span, key, at)
    }
}

/// Fills a slot, or an error if a key came before.
fn once<T>(slot: &mut Option<T>, value: T, key: &[u8], at: usize) -> Result<(), DecodeError> {
    if slot.replace(value).is_some() {
        return Err(error(at, format!("`{}` comes a second time", String::from_utf8_lossy(key))));
    }
    Ok(())
}
