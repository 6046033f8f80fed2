//! Counting in one snapshot what a finding's trace asks for.

use super::anchors::witnesses;
use super::scene::Scene;
use crate::finding::{Owner, SlotKind, Sought};
use crate::heap::{Hold, NodeIx, Slot, StringIx, follow, instances_named, is_prototype, own_properties};
use crate::text::Span;
use rustc_hash::FxHashSet;

/// How much of something is there.
#[derive(Clone, Default)]
pub(super) struct Tally {
    /// Whether its place was found: if not, 0 says nothing.
    pub(super) located: bool,
    /// Slots, closures, instances, entries; bytes for text.
    pub(super) alive: u64,
    /// What keeps the bytes: distinct nodes.
    pub(super) nodes: Vec<NodeIx>,
    /// Pointers to them in arrays: one function may be a listener many times.
    pub(super) pointers: u64,
    /// The collection, emitter, timers that hold it, in words.
    pub(super) holder: String,
    /// How it is spread over collections or emitters.
    pub(super) spread: Spread,
}

/// How what is counted is spread over its holders: none where they do not matter.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Spread {
    /// How many there are.
    pub(super) holders: u64,
    /// What the fullest of them holds.
    pub(super) most: u64,
}

/// Counts.
pub(super) fn count(scene: &Scene<'_, '_>, sought: &Sought) -> Tally {
    match sought {
        Sought::Slots { kind, functions, within, event, delay } => {
            let asked = closures(scene, functions, *within);
            let tally = slots(scene, *kind, &asked, event.as_deref(), *delay);
            Tally { located: tally.located || are_charted(scene, functions), ..tally }
        }
        Sought::Closures { functions, within } => {
            let nodes: Vec<NodeIx> = sorted(closures(scene, functions, *within).into_iter().collect());
            let located = !functions.is_empty() || !nodes.is_empty();
            Tally { located, alive: nodes.len() as u64, nodes, ..Tally::default() }
        }
        Sought::Entries(owner, path) => entries(scene, owner, path, false),
        Sought::Properties(owner, path) => entries(scene, owner, path, true),
        Sought::Instances { classes, names } => instances(scene, classes, names),
    }
}

/// Whether all functions would be found if one of their closures was alive: their files run as they are written.
fn are_charted(scene: &Scene<'_, '_>, functions: &[Span]) -> bool {
    !functions.is_empty() && functions.iter().all(|it| scene.atlas.is_plain(it.file))
}

fn closures(scene: &Scene<'_, '_>, functions: &[Span], within: Span) -> FxHashSet<NodeIx> {
    functions.iter().chain([&within]).flat_map(|it| scene.anchors.closures_in(*it)).collect()
}

fn sorted(mut nodes: Vec<NodeIx>) -> Vec<NodeIx> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn slots(scene: &Scene<'_, '_>, kind: SlotKind, asked: &FxHashSet<NodeIx>, event: Option<&str>, delay: Option<u64>) -> Tally {
    let is_event = |it: Option<StringIx>| match (event, it) {
        (Some(event), Some(it)) => scene.snapshot.text_is(it, event),
        _ => true,
    };
    // Node makes 1 of a delay of 0.
    let is_delay = |it: Option<f64>| delay.zip(it).is_none_or(|(wanted, it)| wanted.max(1) == it as u64);
    let fits = |slot: &&Slot| match (kind, slot.hold) {
        (SlotKind::Timer, Hold::Timer { delay, .. }) => is_delay(delay),
        (SlotKind::Timer, Hold::Immediate) | (SlotKind::Reaction, Hold::Reaction) | (SlotKind::Any, _) => true,
        (SlotKind::Listener, Hold::Listener { event } | Hold::TargetListener { event }) => is_event(event),
        _ => false,
    };
    let found: Vec<&Slot> = scene.slots.holding(|it| asked.contains(&it)).filter(fits).collect();
    let keeps = |it: &&Slot| if matches!(it.hold, Hold::Timer { .. } | Hold::Immediate) { it.holder } else { it.held };
    let holder = match kind {
        SlotKind::Timer => "the timers of the event loop".to_owned(),
        _ => holders(scene, &found),
    };
    let pointers = found.iter().filter(|it| matches!(it.hold, Hold::Listener { .. })).count() as u64;
    let spread = if kind == SlotKind::Listener { spread(found.iter().map(|it| it.holder).collect()) } else { Spread::default() };
    Tally {
        located: !asked.is_empty(),
        alive: found.len() as u64,
        nodes: sorted(found.iter().map(keeps).collect()),
        pointers,
        holder,
        spread,
    }
}

/// By holder, once per thing held.
fn spread(mut holders: Vec<NodeIx>) -> Spread {
    holders.sort_unstable();
    let each = holders.chunk_by(|a, b| a == b).map(<[NodeIx]>::len);
    Spread { holders: each.clone().count() as u64, most: each.max().unwrap_or_default() as u64 }
}

/// `EventEmitter`, `3 emitters`
pub(super) fn holders(scene: &Scene<'_, '_>, slots: &[&Slot]) -> String {
    let holders = sorted(slots.iter().map(|it| it.holder).collect());
    match holders[..] {
        [] => String::new(),
        [one] => format!("one `{}`", scene.snapshot.name(one)),
        _ => format!("{} holders, `{}` the first", holders.len(), scene.snapshot.name(holders[0])),
    }
}

fn instances(scene: &Scene<'_, '_>, classes: &[Span], names: &[String]) -> Tally {
    let mut nodes: Vec<NodeIx> = classes.iter().flat_map(|it| scene.anchors.objects_in(*it)).collect();
    nodes.retain(|it| !is_prototype(scene.snapshot, &scene.sites, *it));
    let mut names = names.iter();
    while let Some(name) = names.next().filter(|_| classes.is_empty() && nodes.is_empty()) {
        nodes = instances_named(scene.snapshot, &scene.sites, name);
    }
    let nodes = sorted(nodes);
    Tally { located: !classes.is_empty() || !nodes.is_empty(), alive: nodes.len() as u64, nodes, ..Tally::default() }
}

fn entries(scene: &Scene<'_, '_>, owner: &Owner, path: &[String], properties: bool) -> Tally {
    let mut nodes = owners(scene, owner);
    for name in path {
        nodes = nodes.iter().flat_map(|it| step(scene, *it, name)).collect();
    }
    let nodes = sorted(nodes);
    let of = |node: &NodeIx| {
        if properties {
            return Some(own_properties(scene.snapshot, &scene.sites, *node));
        }
        scene.collections.entries(scene.snapshot, *node).map(|it| it.count)
    };
    let counts: Vec<u64> = nodes.iter().filter_map(of).collect();
    // Elements of a collection may well be as many as it has.
    let matters = path.iter().all(|it| it != "[]");
    let spread = Spread { holders: counts.len() as u64, most: counts.iter().copied().max().unwrap_or_default() };
    Tally {
        located: !counts.is_empty(),
        alive: counts.into_iter().fold(0, u64::saturating_add),
        holder: named(scene, owner, path, &nodes),
        nodes,
        pointers: 0,
        spread: if matters { spread } else { Spread::default() },
    }
}

fn step(scene: &Scene<'_, '_>, node: NodeIx, name: &str) -> Vec<NodeIx> {
    match name {
        "[]" => scene.collections.elements(scene.snapshot, node),
        _ => follow(scene.snapshot, &scene.sites, node, name).into_iter().collect(),
    }
}

/// The nodes that an owner stands for.
fn owners(scene: &Scene<'_, '_>, owner: &Owner) -> Vec<NodeIx> {
    let (snapshot, sites) = (scene.snapshot, &scene.sites);
    match owner {
        Owner::Variable(file, binding) => {
            let facts = &scene.project.units[file.index()].facts;
            let name = facts.text(facts.bindings[binding.index()].name);
            let seen =
                witnesses(facts, *binding).into_iter().flat_map(|at| scene.anchors.closures_in(Span::new(*file, at, at + 1)));
            let found = sorted(scene.scopes.variables(snapshot, seen, name));
            if !found.is_empty() || facts.bindings[binding.index()].function != crate::facts::FnId::MODULE {
                return found;
            }
            scene.atlas.scripts_of(*file).flat_map(|path| scene.scopes.module_variables(snapshot, sites, path, name)).collect()
        }
        Owner::Instance(Some(class), _) => {
            scene.anchors.objects_in(*class).filter(|it| !is_prototype(scene.snapshot, &scene.sites, *it)).collect()
        }
        Owner::Instance(None, name) => instances_named(snapshot, sites, name),
        Owner::Static(Some(class), _) => scene.anchors.closures_in(*class).collect(),
        Owner::Static(None, _) => Vec::new(),
        Owner::Exports(file) => {
            scene.atlas.scripts_of(*file).flat_map(|path| scene.scopes.module_exports(path)).copied().collect()
        }
        Owner::Global(name) => scene.scopes.global(snapshot, sites, name).into_iter().collect(),
    }
}

/// `` `cache` (Map) of src/server.js ``
fn named(scene: &Scene<'_, '_>, owner: &Owner, path: &[String], nodes: &[NodeIx]) -> String {
    let facts = |file: crate::text::FileId| &scene.project.units[file.index()];
    let (start, file) = match owner {
        Owner::Variable(file, binding) => {
            let unit = facts(*file);
            (unit.facts.text(unit.facts.bindings[binding.index()].name).to_owned(), Some(&unit.path))
        }
        Owner::Instance(at, name) | Owner::Static(at, name) => (name.clone(), at.map(|it| &facts(it.file).path)),
        Owner::Exports(file) => ("exports".to_owned(), Some(&facts(*file).path)),
        Owner::Global(name) => (name.clone(), None),
    };
    let mut name = start;
    for part in path {
        match part.as_str() {
            "[]" => name.push_str("[]"),
            part => name.extend([".", part]),
        }
    }
    let kind = nodes.first().map(|it| format!(" ({})", kind(scene, *it))).unwrap_or_default();
    let file = file.map(|it| format!(" of {it}")).unwrap_or_default();
    format!("`{name}`{kind}{file}")
}

fn kind(scene: &Scene<'_, '_>, node: NodeIx) -> String {
    if scene.snapshot.kind(node).is_string() { "text".to_owned() } else { scene.snapshot.name(node).into_owned() }
}
