//! Properties of objects, by name and along a path.

use rustc_hash::FxHashSet;

use super::sites::Sites;
use super::words::Words;
use super::{Edge, EdgeKind, EdgeName, NodeIx, NodeKind, Snapshot};

/// Prototypes are followed so far.
const PROTOTYPES: usize = 16;

/// What a property holds: the object's own, else its nearest prototype's; private ones by their `#name`, integer keys as
/// digits. `None` for accessors, and for numbers in snapshots without them.
pub fn follow(snapshot: &Snapshot, sites: &Sites, node: NodeIx, name: &str) -> Option<NodeIx> {
    let words = &sites.words;
    let index: Option<u32> = name.parse().ok().filter(|it: &u32| it.to_string() == name);
    let of = |holder: NodeIx| {
        let is_it = |edge: &Edge| match (edge.kind, edge.name) {
            (EdgeKind::Property, EdgeName::Name(it)) => snapshot.text_is(it, name),
            (EdgeKind::Element, EdgeName::Index(it)) => Some(it) == index,
            _ => false,
        };
        snapshot.edges(holder).find(is_it).map(|it| it.to)
    };
    let found = of(node).or_else(|| prototypes(snapshot, words, node).find_map(of))?;
    let found = value(snapshot, words, found)?;
    (Some(snapshot.name_ix(found)) != words.accessors || snapshot.kind(found).is_string()).then_some(found)
}

/// Follows properties one after the other.
pub fn follow_path(snapshot: &Snapshot, sites: &Sites, node: NodeIx, path: &[impl AsRef<str>]) -> Option<NodeIx> {
    path.iter().try_fold(node, |at, name| follow(snapshot, sites, at, name.as_ref()))
}

/// How many properties an object has of its own, integer keys included, whatever else it is (a function, an array, a map). In
/// snapshots without numbers those that are small integers are not seen.
pub fn own_properties(snapshot: &Snapshot, sites: &Sites, node: NodeIx) -> u64 {
    count(snapshot, &sites.words, node)
}

/// How many own properties and elements are shown.
pub(super) fn count(snapshot: &Snapshot, words: &Words, node: NodeIx) -> u64 {
    let all = || own(snapshot, words, node);
    // V8 writes `x` for an accessor, and `get x` and `set x` for its functions.
    let is_accessor = |it: &Edge| Some(snapshot.name_ix(it.to)) == words.accessors && !snapshot.kind(it.to).is_string();
    let accessors: FxHashSet<String> = all().filter(is_accessor).map(|it| snapshot.edge_name(it).into_owned()).collect();
    if accessors.is_empty() {
        return all().count() as u64;
    }
    let is_half = |it: &Edge| {
        let name = snapshot.edge_name(*it);
        let of = name.strip_prefix("get ").or_else(|| name.strip_prefix("set "));
        snapshot.kind(it.to) == NodeKind::Closure && of.is_some_and(|it| accessors.contains(it))
    };
    all().filter(|it| !is_half(it)).count() as u64
}

/// The objects that a constructor at a position made, prototypes of its subclasses left out, which V8 gives the same position.
pub fn instances_at(snapshot: &Snapshot, sites: &Sites, path: &str, at: (u32, u32)) -> Vec<NodeIx> {
    let objects = sites.objects_at(path, at);
    objects.filter(|it| !is_prototype(snapshot, sites, *it)).collect()
}

/// The objects whose constructor has this name, wherever it stands; prototypes left out.
pub fn instances_named(snapshot: &Snapshot, sites: &Sites, name: &str) -> Vec<NodeIx> {
    let Some(name) = snapshot.string_ix(name) else { return Vec::new() };
    let objects = snapshot.all().filter(|it| snapshot.name_ix(*it) == name && snapshot.kind(*it) == NodeKind::Object);
    objects.filter(|it| !is_prototype(snapshot, sites, *it)).collect()
}

/// Whether an object is the prototype of a class or function: it names its constructor, which names it.
pub fn is_prototype(snapshot: &Snapshot, sites: &Sites, node: NodeIx) -> bool {
    let words = &sites.words;
    let constructor = words.property(snapshot, node, words.constructor).filter(|it| snapshot.kind(*it) == NodeKind::Closure);
    constructor.is_some_and(|it| words.property(snapshot, it, words.prototype) == Some(node))
}

/// Own properties and elements, the prototype's and accessors' own edges included as V8 writes them.
pub(super) fn own<'s>(snapshot: &'s Snapshot, words: &Words, node: NodeIx) -> impl Iterator<Item = Edge> + use<'s> {
    let proto = words.proto.map(EdgeName::Name);
    let is_own = move |it: &Edge| match it.kind {
        EdgeKind::Property => Some(it.name) != proto,
        EdgeKind::Element => true,
        _ => false,
    };
    snapshot.edges(node).filter(is_own)
}

/// The prototypes of an object, the nearest first.
pub(super) fn prototypes(snapshot: &Snapshot, words: &Words, node: NodeIx) -> impl Iterator<Item = NodeIx> {
    let next = move |node: &NodeIx| {
        let proto = words.property(snapshot, *node, words.proto)?;
        Some(proto).filter(|it| !words.is_oddball(snapshot, *it) && it != node)
    };
    std::iter::successors(next(&node), next).take(PROTOTYPES)
}

/// What a cell holds; any other node itself. `None` if the cell shows nothing (a small integer).
pub(super) fn value(snapshot: &Snapshot, words: &Words, node: NodeIx) -> Option<NodeIx> {
    if words.is_named(snapshot, node, &[words.cell]) && !snapshot.kind(node).is_string() {
        return words.internal(snapshot, node, words.value);
    }
    if words.is_named(snapshot, node, &[words.context_cell]) && !snapshot.kind(node).is_string() {
        // Since V8 14 variables that change rarely sit in such a cell: 0 is the value.
        let is_value = |edge: &Edge| edge.kind == EdgeKind::Hidden && edge.name == EdgeName::Index(0);
        return snapshot.edges(node).find(is_value).map(|it| it.to);
    }
    Some(node)
}
