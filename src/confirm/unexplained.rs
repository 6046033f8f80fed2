//! Growth that no finding explains: what a heap shows and the program does not.

use super::conclude::Series;
use super::count::{count, holders};
use super::scene::Scene;
use crate::finding::{Finding, Verdict};
use crate::heap::{
    Census, Dominators, EdgeKind, EdgeName, GrowingCollection, GrowingSite, Growth, Hold, NodeIx, Slot, Snapshot, What,
};
use crate::text::FileId;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Growth that no finding explains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unexplained {
    /// The script, as findings' paths are shown if it is one of the program's.
    pub path: String,
    /// From 1; 0 if it is not known.
    pub line: u32,
    /// What grows: `closure`, `interval`, `server.js: sessions (Map)`.
    pub what: String,
    /// Alive, per snapshot.
    pub alive: Vec<u64>,
    /// Retained, per snapshot.
    pub retained_bytes: Vec<u64>,
}

/// More of them help nobody.
const MOST: usize = 20;

/// Of each, so many are looked at for what keeps them.
const SAMPLES: usize = 8;

/// Stands for what the findings explain.
const EXPLAINED: usize = usize::MAX;

/// Candidates that are looked at.
const CANDIDATES: usize = 200;

/// Something that grows in every step.
pub(super) enum Grower {
    Site(GrowingSite),
    Collection(GrowingCollection),
}

/// What grows in every step of a series, and more than it does without load.
pub(super) fn growers(series: &Series) -> Vec<Grower> {
    let census: Vec<Census> = series.shots.iter().map(|it| it.census.clone()).collect();
    let Growth { sites, collections, .. } = Growth::over(&census);
    let idle = series.idle.as_ref().zip(census.first());
    let idle = idle.map(|(before, first)| Growth::over(&[before.census.clone(), first.clone()])).unwrap_or_default();
    let by = |counts: &[u64]| counts.last().unwrap_or(&0) - counts.first().unwrap_or(&0);
    let steps = census.len().saturating_sub(1) as u64;
    let counts = |grown: u64, idle: Option<u64>| grown >= 2 * steps && idle.unwrap_or_default() * steps * 2 < grown;
    let same = |a: &GrowingSite, b: &GrowingSite| (&a.path, a.line, a.column, &a.what) == (&b.path, b.line, b.column, &b.what);
    let sites = sites.into_iter().filter(|it| {
        let alone = idle.sites.iter().find(|other| same(it, other)).map(|it| by(&it.counts));
        !it.is_internal && counts(by(&it.counts), alone)
    });
    let collections = collections.into_iter().filter(|it| {
        let alone = idle.collections.iter().find(|other| it.id == other.id).map(|it| by(&it.counts));
        counts(by(&it.counts), alone)
    });
    let sites: Vec<Grower> = sites.take(CANDIDATES).map(Grower::Site).collect();
    sites.into_iter().chain(collections.take(CANDIDATES).map(Grower::Collection)).collect()
}

/// Sorts out what the findings explain, and what is part of something else that grows; names the rest.
pub(super) fn explain(scene: &Scene<'_, '_>, findings: &[Finding], growers: Vec<Grower>) -> Vec<(Grower, Unexplained)> {
    let mut covered = Covered::new(scene.snapshot);
    let is_held = |it: &&Finding| {
        let verdict = it.evidence.as_ref().map(|it| it.verdict);
        matches!(verdict, Some(Verdict::Confirmed | Verdict::Pending | Verdict::Accumulated))
    };
    for finding in findings.iter().filter(is_held) {
        let nodes = finding.trace.sought.iter().flat_map(|it| count(scene, it).nodes);
        covered.add(&nodes.collect::<Vec<NodeIx>>());
    }
    covered.spread(scene.dominators());
    let mut weighed: Vec<Weighed> = growers
        .into_iter()
        .map(|it| {
            let nodes = nodes(scene, &it);
            Weighed { bytes: scene.bytes(&nodes), grower: it, nodes }
        })
        .collect();
    weighed.sort_by_key(|it| std::cmp::Reverse(it.bytes));
    let parts = parts(scene, &weighed, &covered);
    let mut found = Vec::new();
    for (it, is_part) in weighed.into_iter().zip(parts) {
        if found.len() == MOST || it.nodes.is_empty() || is_part || covered.most(&it.nodes) {
            continue;
        }
        covered.add(&it.nodes);
        covered.spread(scene.dominators());
        let named = name(scene, &it.grower, &it.nodes);
        found.push((it.grower, named));
    }
    found
}

/// Something that grows, with what the last snapshot shows of it.
struct Weighed {
    bytes: u64,
    grower: Grower,
    nodes: Vec<NodeIx>,
}

impl Weighed {
    /// Whether it keeps things by what it is, not only by being kept.
    fn is_holder(&self) -> bool {
        match &self.grower {
            Grower::Collection(_) => true,
            Grower::Site(it) => matches!(it.what, What::Interval | What::Timeout | What::Listener | What::Reaction),
        }
    }
}

/// Those that are only there because something else that grows, or a finding, keeps them: the way to most of them leads
/// through it. (Dominators do not tell: what two listeners share is dominated by neither.)
fn parts(scene: &Scene<'_, '_>, weighed: &[Weighed], explained: &Covered) -> Vec<bool> {
    let mut of: FxHashMap<NodeIx, usize> = FxHashMap::default();
    for is_holder in [true, false] {
        for (at, it) in weighed.iter().enumerate().filter(|it| it.1.is_holder() == is_holder) {
            for node in &it.nodes {
                of.entry(*node).or_insert(at);
            }
        }
    }
    let above: Vec<Option<usize>> = (0..weighed.len()).map(|at| above(scene, &weighed[at].nodes, at, &of, explained)).collect();
    // Of two that are above each other the heavier one is named.
    (0..weighed.len()).map(|at| above[at].is_some_and(|it| above.get(it) != Some(&Some(at)) || it < at)).collect()
}

/// What the way to most of some nodes leads through first: another grower, or `EXPLAINED`.
fn above(
    scene: &Scene<'_, '_>,
    nodes: &[NodeIx],
    own: usize,
    of: &FxHashMap<NodeIx, usize>,
    explained: &Covered,
) -> Option<usize> {
    let stride = (nodes.len() / SAMPLES).max(1);
    let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
    let mut samples = 0;
    for node in nodes.iter().step_by(stride) {
        samples += 1;
        let steps = scene.paths().to(scene.snapshot, *node);
        let known = steps.iter().find_map(|it| match of.get(&it.node) {
            _ if explained.has(it.node) => Some(EXPLAINED),
            Some(at) if *at != own => Some(*at),
            _ => None,
        });
        known.into_iter().for_each(|it| *votes.entry(it).or_default() += 1);
    }
    votes.into_iter().find(|it| it.1 * 2 > samples).map(|it| it.0)
}

/// What a snapshot shows of something that grows.
pub(super) fn nodes(scene: &Scene<'_, '_>, grower: &Grower) -> Vec<NodeIx> {
    match grower {
        Grower::Collection(it) => {
            // It is looked for only in snapshots other than the one that it was found in.
            let is_it = |node: &NodeIx| scene.snapshot.id(*node) == it.id;
            let known = scene.snapshot.all().nth(it.node.0 as usize).filter(is_it);
            known.or_else(|| scene.snapshot.all().find(is_it)).into_iter().collect()
        }
        Grower::Site(it) => {
            let at = (it.line, it.column);
            let slots = |kind: fn(&Hold) -> bool| {
                let is_there = |slot: &&Slot| {
                    let site = scene.slots.function(slot).and_then(|it| scene.sites.site(it));
                    site.is_some_and(|site| (site.line, site.column) == at && scene.sites.script(site.script).path == it.path)
                };
                let found = scene.slots.all().iter().filter(|it| kind(&it.hold)).filter(is_there);
                found
                    .map(|it| if kind(&Hold::Reaction) || !is_timer(&it.hold) { it.held } else { it.holder })
                    .collect::<Vec<NodeIx>>()
            };
            let mut found = match it.what {
                What::Interval => slots(|it| matches!(it, Hold::Timer { repeat: true, .. })),
                What::Timeout => slots(|it| matches!(it, Hold::Timer { repeat: false, .. } | Hold::Immediate)),
                What::Listener => slots(is_listener),
                What::Reaction => slots(|it| matches!(it, Hold::Reaction)),
                What::Closure => scene.sites.closures_at(&it.path, at).collect(),
                What::Instance(_) | What::Suspended => scene.sites.objects_at(&it.path, at).collect(),
            };
            found.sort_unstable();
            found.dedup();
            found
        }
    }
}

fn is_listener(hold: &Hold) -> bool {
    matches!(hold, Hold::Listener { .. } | Hold::TargetListener { .. })
}

fn is_timer(hold: &Hold) -> bool {
    matches!(hold, Hold::Timer { .. } | Hold::Immediate)
}

fn name(scene: &Scene<'_, '_>, grower: &Grower, nodes: &[NodeIx]) -> Unexplained {
    let (alive, what, place) = match grower {
        Grower::Site(it) => {
            let what = match &it.what {
                What::Interval => "interval".to_owned(),
                What::Timeout => "timeout".to_owned(),
                What::Listener => listener(scene, it, nodes),
                What::Reaction => "reaction of a promise".to_owned(),
                What::Instance(class) => class.clone(),
                What::Suspended => "suspended function".to_owned(),
                What::Closure => "closure".to_owned(),
            };
            (it.counts.clone(), what, Some((it.path.clone(), it.line, it.column)))
        }
        Grower::Collection(it) => {
            let path = scene.path(nodes[0]);
            let what = path.last().cloned().unwrap_or_else(|| it.name.clone());
            (it.counts.clone(), what, None)
        }
    };
    let (path, line) = match place {
        Some((path, line, column)) => shown(scene, &path, line, column),
        None => declared(scene, nodes[0]).unwrap_or_default(),
    };
    Unexplained { path, line, what, alive, retained_bytes: Vec::new() }
}

/// ``listener of `close` on one `Socket` ``
fn listener(scene: &Scene<'_, '_>, site: &GrowingSite, nodes: &[NodeIx]) -> String {
    let event = site.event.as_ref().filter(|it| scene.knows(it)).map(|it| format!(" of `{it}`")).unwrap_or_default();
    let is_it = |slot: &&Slot| is_listener(&slot.hold) && nodes.binary_search(&slot.held).is_ok();
    let on = holders(scene, &scene.slots.all().iter().filter(is_it).collect::<Vec<&Slot>>());
    if on.is_empty() { format!("listener{event}") } else { format!("listener{event} on {on}") }
}

/// A place of a script as findings show theirs.
fn shown(scene: &Scene<'_, '_>, path: &str, line: u32, column: u32) -> (String, u32) {
    let known = scene.atlas.place(path, line, column).and_then(|(file, offset)| {
        let (text, lines) = (scene.project.texts)(file)?;
        Some((scene.project.units[file.index()].path.clone(), lines.location(text, offset).line))
    });
    known.unwrap_or_else(|| {
        let root = scene.project.root.to_string_lossy();
        let below = path.strip_prefix(root.as_ref()).map(|it| it.trim_start_matches('/'));
        (below.unwrap_or(path).to_owned(), line + 1)
    })
}

/// Where the variable is declared through which a node is held.
fn declared(scene: &Scene<'_, '_>, node: NodeIx) -> Option<(String, u32)> {
    let steps = scene.paths().to(scene.snapshot, node);
    let last = steps.windows(2).rev().find_map(|it| {
        let edge = it[1].edge.filter(|it| it.kind == EdgeKind::Context)?;
        Some((it[0].node, edge))
    });
    let (scope, edge) = last?;
    let EdgeName::Name(name) = edge.name else { return None };
    let name = scene.snapshot.text(name);
    let holds = |it: &NodeIx| scene.snapshot.edges(*it).any(|edge| edge.to == scope);
    let all = scene.sites.all().iter().filter(|it| !scene.sites.script(it.0.script).is_internal());
    let (site, ..) = *all.filter(|it| holds(&it.1)).min_by_key(|it| it.1)?;
    let script = scene.sites.script(site.script);
    let declared = scene.anchors.of_site(site).and_then(|(file, _)| binding(scene, file, &name));
    declared.or_else(|| Some(shown(scene, &script.path, site.line, site.column)))
}

fn binding(scene: &Scene<'_, '_>, file: FileId, name: &str) -> Option<(String, u32)> {
    let unit = &scene.project.units[file.index()];
    let binding = unit.facts.bindings.iter().find(|it| unit.facts.text(it.name) == name)?;
    let (text, lines) = (scene.project.texts)(file)?;
    Some((unit.path.clone(), lines.location(text, binding.start).line))
}

/// Nodes that are part of something known.
struct Covered(Vec<bool>);

impl Covered {
    fn new(snapshot: &Snapshot<'_>) -> Covered {
        Covered(vec![false; snapshot.nodes()])
    }

    fn has(&self, node: NodeIx) -> bool {
        self.0[node.0 as usize]
    }

    fn add(&mut self, nodes: &[NodeIx]) {
        nodes.iter().for_each(|it| self.0[it.0 as usize] = true);
    }

    /// What something dominates is a part of it.
    fn spread(&mut self, dominators: &Dominators) {
        for node in dominators.order() {
            let above = dominators.of(node);
            if above != node && self.0[above.0 as usize] {
                self.0[node.0 as usize] = true;
            }
        }
    }

    /// Whether nearly all of some nodes are covered.
    fn most(&self, nodes: &[NodeIx]) -> bool {
        let covered = nodes.iter().filter(|it| self.0[it.0 as usize]).count();
        covered * 10 >= nodes.len() * 8
    }
}
