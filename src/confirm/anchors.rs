//! The closures and objects of a heap whose code is the program's, by its place.

use super::atlas::Atlas;
use crate::facts::{BindingId, Facts, ScopeId};
use crate::heap::{NodeIx, Site, Sites};
use crate::text::{FileId, Span};
use rustc_hash::FxHashMap;

/// A place of the program: the offset that V8 reports for a function or class.
pub(super) type Anchor = (FileId, u32);

/// Nodes by place, and places by node.
pub(super) struct Anchors {
    /// Closures, sorted by place.
    closures: Vec<(Anchor, NodeIx)>,
    /// Objects whose constructor is there, sorted by place.
    objects: Vec<(Anchor, NodeIx)>,
    places: FxHashMap<Site, Anchor>,
}

impl Anchors {
    pub(super) fn new(atlas: &Atlas<'_>, sites: &Sites) -> Anchors {
        let mut anchors = Anchors { closures: Vec::new(), objects: Vec::new(), places: FxHashMap::default() };
        for &(site, node, is_closure) in sites.all() {
            let known = anchors.places.get(&site).copied();
            let place = known.or_else(|| atlas.place(&sites.script(site.script).path, site.line, site.column));
            let Some(place) = place else { continue };
            anchors.places.insert(site, place);
            let nodes = if is_closure { &mut anchors.closures } else { &mut anchors.objects };
            nodes.push((place, node));
        }
        anchors.closures.sort_unstable();
        anchors.objects.sort_unstable();
        anchors
    }

    /// The place of a position of a heap.
    pub(super) fn of_site(&self, site: Site) -> Option<Anchor> {
        self.places.get(&site).copied()
    }

    /// Closures of the functions that start in a span.
    pub(super) fn closures_in(&self, span: Span) -> impl Iterator<Item = NodeIx> {
        within(&self.closures, span)
    }

    /// Objects of the classes that start in a span.
    pub(super) fn objects_in(&self, span: Span) -> impl Iterator<Item = NodeIx> {
        within(&self.objects, span)
    }
}

fn within(nodes: &[(Anchor, NodeIx)], span: Span) -> impl Iterator<Item = NodeIx> {
    let from = nodes.partition_point(|it| it.0 < (span.file, span.start));
    let to = nodes.partition_point(|it| it.0 < (span.file, span.end));
    nodes[from..to.max(from)].iter().map(|it| it.1)
}

/// V8's offsets of the functions whose closures see a binding under its own name: those that could keep it in a context.
pub(super) fn witnesses(facts: &Facts, binding: BindingId) -> Vec<u32> {
    let wanted = &facts.bindings[binding.index()];
    let name = facts.sym(wanted.name);
    let shadows = |scope| facts.bindings.iter().any(|it| it.scope == scope && facts.sym(it.name) == name);
    let sees = |mut scope: ScopeId| {
        loop {
            if scope == wanted.scope {
                return true;
            }
            if shadows(scope) {
                return false;
            }
            match scope.get().and_then(|it| facts.scopes[it.index()].parent.get()) {
                Some(outer) => scope = outer,
                None => return false,
            }
        }
    };
    let around = |scope: ScopeId| facts.scopes[scope.index()].parent.get();
    facts.functions.iter().filter(|it| around(it.scope).is_some_and(sees)).map(|it| it.v8_start).collect()
}
