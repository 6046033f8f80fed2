//! What a snapshot says about itself: where each field stands, what type numbers mean, how much there is.

use serde::Deserialize;

use super::kinds::{EdgeKind, NodeKind};
use super::scan::{DecodeError, error};

/// How many fields a record may have: V8 writes 7 at most.
pub(super) const MAX_FIELDS: usize = 16;

/// `snapshot` as written.
#[derive(Deserialize)]
struct RawHeader {
    meta: RawMeta,
    node_count: Option<u64>,
    edge_count: Option<u64>,
    #[serde(default)]
    extra_native_bytes: u64,
}

/// `snapshot.meta` as written. The types have one entry more or fewer than the fields on some versions.
#[derive(Deserialize)]
struct RawMeta {
    node_fields: Vec<String>,
    node_types: Vec<Types>,
    edge_fields: Vec<String>,
    edge_types: Vec<Types>,
    #[serde(default)]
    location_fields: Vec<String>,
}

/// The type of a field: the names of an enumeration, or how it is read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Types {
    Names(Vec<String>),
    Other(serde::de::IgnoredAny),
}

/// Where the fields of a node stand.
#[derive(Clone, Debug)]
pub(super) struct NodeFields {
    pub(super) count: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) id: usize,
    pub(super) self_size: usize,
    pub(super) edge_count: usize,
    /// What type numbers mean.
    pub(super) kinds: Vec<NodeKind>,
}

/// Where the fields of an edge stand.
#[derive(Clone, Debug)]
pub(super) struct EdgeFields {
    pub(super) count: usize,
    pub(super) kind: usize,
    pub(super) name_or_index: usize,
    pub(super) to_node: usize,
    /// What type numbers mean.
    pub(super) kinds: Vec<EdgeKind>,
}

/// Where the fields of a location stand.
#[derive(Clone, Debug)]
pub(super) struct LocationFields {
    pub(super) count: usize,
    pub(super) object_index: usize,
    pub(super) script_id: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// `snapshot`, understood.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) nodes: NodeFields,
    pub(super) edges: EdgeFields,
    /// None if the snapshot does not describe any.
    pub(super) locations: Option<LocationFields>,
    pub(super) node_count: Option<u64>,
    pub(super) edge_count: Option<u64>,
    /// Bytes outside the heap that no node stands for.
    pub(super) extra_native_bytes: u64,
}

impl Header {
    /// Reads the value of `snapshot`, which starts at an offset of the file.
    pub(super) fn read(bytes: &[u8], offset: usize) -> Result<Header, DecodeError> {
        let raw: RawHeader = serde_json::from_slice(bytes).map_err(|it| error(offset + place(bytes, &it), said(&it)))?;
        let RawMeta { node_fields, node_types, edge_fields, edge_types, location_fields } = raw.meta;
        let field = |fields: &[String], array: &str, name: &str| {
            let found = fields.iter().position(|it| it == name);
            found.ok_or_else(|| error(offset, format!("`meta.{array}` lacks `{name}`")))
        };
        for (fields, array) in
            [(&node_fields, "node_fields"), (&edge_fields, "edge_fields"), (&location_fields, "location_fields")]
        {
            if fields.len() > MAX_FIELDS {
                return Err(error(
                    offset,
                    format!("`meta.{array}` has {} fields: no snapshot known has more than {MAX_FIELDS}", fields.len()),
                ));
            }
        }
        let node = |name| field(&node_fields, "node_fields", name);
        let edge = |name| field(&edge_fields, "edge_fields", name);
        let location = |name: &str| location_fields.iter().position(|it| it == name);
        Ok(Header {
            nodes: NodeFields {
                count: node_fields.len(),
                kind: node("type")?,
                name: node("name")?,
                id: node("id")?,
                self_size: node("self_size")?,
                edge_count: node("edge_count")?,
                kinds: names(&node_types, node("type")?, "node_types", offset)?.iter().map(|it| NodeKind::named(it)).collect(),
            },
            edges: EdgeFields {
                count: edge_fields.len(),
                kind: edge("type")?,
                name_or_index: edge("name_or_index")?,
                to_node: edge("to_node")?,
                kinds: names(&edge_types, edge("type")?, "edge_types", offset)?.iter().map(|it| EdgeKind::named(it)).collect(),
            },
            locations: (|| {
                Some(LocationFields {
                    count: location_fields.len(),
                    object_index: location("object_index")?,
                    script_id: location("script_id")?,
                    line: location("line")?,
                    column: location("column")?,
                })
            })(),
            node_count: raw.node_count,
            edge_count: raw.edge_count,
            extra_native_bytes: raw.extra_native_bytes,
        })
    }
}

/// The names of the types that a field may have.
fn names<'a>(types: &'a [Types], field: usize, array: &str, offset: usize) -> Result<&'a [String], DecodeError> {
    match types.get(field) {
        Some(Types::Names(names)) => Ok(names),
        _ => Err(error(offset, format!("`meta.{array}` does not name the types"))),
    }
}

/// Bytes from the start to where the JSON reader stopped.
fn place(bytes: &[u8], stopped: &serde_json::Error) -> usize {
    let lines = bytes.split_inclusive(|it| *it == b'\n').take(stopped.line().saturating_sub(1));
    (lines.map(<[u8]>::len).sum::<usize>() + stopped.column().saturating_sub(1)).min(bytes.len())
}

/// What the JSON reader said, without its line and column.
fn said(stopped: &serde_json::Error) -> String {
    let text = stopped.to_string();
    let words = text.split(" at line ").next().unwrap_or_default();
    format!("`snapshot` is not the header of a heap snapshot: {words}")
}
