//! Heap snapshots drawn by hand: a few nodes and edges, written as V8 writes them or in another order.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::HashMap;
use std::fmt::Write as _;

/// The types of nodes that a sketch knows, in its numbering. The last two are none that V8 has.
const NODE_TYPES: &[&str] = &[
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
    "from tomorrow",
];

/// The types of edges, likewise.
const EDGE_TYPES: &[&str] = &["context", "element", "property", "internal", "hidden", "shortcut", "weak", "from tomorrow"];

/// A snapshot in the making. Node 0 is the root.
#[derive(Clone, Default)]
pub struct Sketch {
    nodes: Vec<(usize, usize, u64)>,
    edges: Vec<Vec<(usize, usize, usize)>>,
    locations: Vec<[usize; 4]>,
    strings: Vec<String>,
    known: HashMap<String, usize>,
}

/// How a sketch is written.
#[derive(Clone, Copy, Default)]
pub struct Style {
    /// Fields in another order, with one more, and without those that nothing needs.
    pub shuffled: bool,
    /// The arrays in another order, among others that nobody knows.
    pub turned: bool,
    /// A line for each record, as older versions do it.
    pub lines: bool,
}

impl Sketch {
    /// Only a root.
    pub fn new() -> Sketch {
        let mut sketch = Sketch::default();
        sketch.node("synthetic", "", 0);
        sketch
    }

    fn string(&mut self, text: &str) -> usize {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        self.known.insert(text.to_owned(), self.strings.len());
        self.strings.push(text.to_owned());
        self.strings.len() - 1
    }

    /// Adds a node of some bytes. Its id is twice its place and one.
    pub fn node(&mut self, kind: &str, name: &str, size: u64) -> usize {
        let kind = NODE_TYPES.iter().position(|it| *it == kind).unwrap();
        let name = self.string(name);
        self.nodes.push((kind, name, size));
        self.edges.push(Vec::new());
        self.nodes.len() - 1
    }

    /// Adds an edge with a name.
    pub fn edge(&mut self, from: usize, kind: &str, name: &str, to: usize) {
        let kind = EDGE_TYPES.iter().position(|it| *it == kind).unwrap();
        let name = self.string(name);
        self.edges[from].push((kind, name, to));
    }

    /// Adds an edge with an index.
    pub fn index(&mut self, from: usize, kind: &str, index: usize, to: usize) {
        let kind = EDGE_TYPES.iter().position(|it| *it == kind).unwrap();
        self.edges[from].push((kind, index, to));
    }

    /// Says where the code of a closure or class is.
    pub fn location(&mut self, node: usize, script: usize, line: usize, column: usize) {
        self.locations.push([node, script, line, column]);
    }

    /// The snapshot as text.
    pub fn text(&self) -> String {
        self.styled(Style::default())
    }

    /// The snapshot as text in a style.
    pub fn styled(&self, style: Style) -> String {
        let Style { shuffled, turned, lines } = style;
        let comma = if lines { ",\n" } else { "," };
        let fields = if shuffled { 8 } else { 6 };
        let edge_count: usize = self.edges.iter().map(Vec::len).sum();
        let header = format!(
            "\"snapshot\":{{\"meta\":{},\"node_count\":{},\"edge_count\":{edge_count},\"trace_function_count\":0}}",
            if shuffled { shuffled_meta() } else { meta() },
            self.nodes.len()
        );
        let nodes = self.nodes.iter().enumerate().map(|(at, (kind, name, size))| {
            let (id, edges) = (2 * at + 1, self.edges[at].len());
            if shuffled {
                format!("{id},7,{edges},{name},{size},0,{kind},1")
            } else {
                format!("{kind},{name},{id},{size},{edges},0")
            }
        });
        let edges = self.edges.iter().flatten().map(|(kind, name, to)| {
            let to = to * fields;
            if shuffled { format!("{to},{kind},5,{name}") } else { format!("{kind},{name},{to}") }
        });
        let locations =
            self.locations.iter().map(|[node, script, line, column]| format!("{},{script},{line},{column}", node * fields));
        let array = |name: &str, items: Vec<String>| format!("\"{name}\":[{}]", items.join(comma));
        let nodes = array("nodes", nodes.collect());
        let edges = array("edges", edges.collect());
        let locations = array("locations", locations.collect());
        let strings = array("strings", self.strings.iter().map(|it| quoted(it)).collect());
        let samples = "\"samples\":[1,-2,3.5e7]".to_owned();
        let tree = "\"trace_tree\":[1,0,[2,[\"]\",{}],{\"a\":[null,true]}]]".to_owned();
        let parts = if turned {
            vec![strings, samples, edges, tree, nodes, locations, header]
        } else {
            vec![header, nodes, edges, samples, tree, locations, strings]
        };
        format!("{{{}}}\n", parts.join(",\n"))
    }
}

fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|it| quoted(it)).collect();
    format!("[{}]", words.join(","))
}

fn meta() -> String {
    format!(
        "{{\"node_fields\":{},\"node_types\":[{},\"string\",\"number\"],\"edge_fields\":{},\"edge_types\":[{},\"node\"],\"location_fields\":{}}}",
        list(&["type", "name", "id", "self_size", "edge_count", "detachedness"]),
        list(NODE_TYPES),
        list(&["type", "name_or_index", "to_node"]),
        list(EDGE_TYPES),
        list(&["object_index", "script_id", "line", "column"])
    )
}

fn shuffled_meta() -> String {
    format!(
        "{{\"node_fields\":{},\"node_types\":[0,0,0,0,0,0,{},0],\"edge_fields\":{},\"edge_types\":[0,{}],\"location_fields\":{}, \"new\": {{}}}}",
        list(&["id", "trace_node_id", "edge_count", "name", "self_size", "detachedness", "type", "colour"]),
        list(NODE_TYPES),
        list(&["to_node", "type", "weight", "name_or_index"]),
        list(EDGE_TYPES),
        list(&["object_index", "script_id", "line", "column"])
    )
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some(plain @ ' '..='~') => out.push(plain),
            _ => {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out + "\""
}
