//! What grows from snapshot to snapshot of one process, whether or not anyone looked for it.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::entries::{Collections, Unit};
use super::properties;
use super::sites::{Site, Sites};
use super::slots::{Hold, Slots};
use super::{EdgeKind, NodeIx, NodeKind, Snapshot, StringIx};

/// Collections with fewer entries are not kept: they read as 0.
const FEWEST: u64 = 4;

/// What was made at a place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum What {
    /// Timers that repeat a function of the place.
    Interval,
    /// Timers that run a function of the place once, immediates included.
    Timeout,
    /// Listeners of an emitter or an event target.
    Listener,
    /// Reactions of pending promises, suspended `await`s included.
    Reaction,
    /// Objects of the constructor at the place, by its name.
    Instance(String),
    /// Calls of a generator or an asynchronous function that have not ended.
    Suspended,
    /// Closures of the function at the place.
    Closure,
}

/// How many there are.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Count {
    count: u64,
    self_bytes: u64,
    /// Events of listeners, as long as there is one only.
    events: Events,
}

#[derive(Clone, PartialEq, Eq, Default, Debug)]
enum Events {
    #[default]
    None,
    One(String),
    Several,
}

/// A place in a script, whatever the number of times that it was loaded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Place {
    /// Whether it is in Node.
    is_internal: bool,
    path: String,
    line: u32,
    column: u32,
}

/// A collection of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stock {
    /// V8's number of the object, the same in all snapshots of a process.
    id: u64,
    node: NodeIx,
    entries: u64,
    unit: Unit,
    exact: bool,
    /// Constructor, by place in [`Census::names`].
    name: u32,
}

/// How much there is of everything in one snapshot; small, so that the snapshot can go.
#[derive(Clone, Default, Debug)]
pub struct Census {
    sites: FxHashMap<(Place, What), Count>,
    /// By id.
    stocks: Vec<Stock>,
    names: Vec<String>,
    /// Ids of objects that live as long as the process, sorted.
    anchors: Vec<u64>,
}

/// A place of which there is more in each snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrowingSite {
    /// The script, as in [`super::Script::path`].
    pub path: String,
    /// From 0.
    pub line: u32,
    /// From 0, UTF-16 code units.
    pub column: u32,
    /// What.
    pub what: What,
    /// The event, for listeners that all listen to one. It may be a secret.
    pub event: Option<String>,
    /// How many in each snapshot.
    pub counts: Vec<u64>,
    /// Their own bytes in each snapshot, without what they hold.
    pub self_bytes: Vec<u64>,
    /// Whether the place is in Node itself.
    pub is_internal: bool,
}

/// A collection that has more entries in each snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrowingCollection {
    /// V8's number of the object.
    pub id: u64,
    /// Where it is in the last snapshot.
    pub node: NodeIx,
    /// Its constructor.
    pub name: String,
    /// What is counted.
    pub unit: Unit,
    /// How many in each snapshot; 0 if it had fewer than 4 or was not there.
    pub counts: Vec<u64>,
    /// Whether all counts are exact.
    pub exact: bool,
}

/// What grows in every step of a series.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Growth {
    /// Places, those that grow most first; those in Node are left out unless there are no others.
    pub sites: Vec<GrowingSite>,
    /// Collections, those that grow most first.
    pub collections: Vec<GrowingCollection>,
    /// Whether objects have the same numbers in all snapshots. If not, no collection is known again: V8 numbers anew when the
    /// inspector's session that took a snapshot has ended, and in another process.
    pub same_ids: bool,
}

impl Census {
    /// Counts everything in a snapshot that has a place or entries.
    pub fn new(snapshot: &Snapshot, sites: &Sites, slots: &Slots, collections: &Collections) -> Census {
        let mut out = Census::default();
        out.count_nodes(snapshot, sites);
        out.count_slots(snapshot, sites, slots);
        // Listeners and reactions are counted as slots.
        let told = listener_stores(snapshot, sites, slots);
        let mut names = FxHashMap::default();
        for node in snapshot
            .all()
            .filter(|it| snapshot.kind(*it) == NodeKind::Object && Some(snapshot.name_ix(*it)) != sites.words.promise)
        {
            if told.contains(&node) || (sites.site(node).is_some() && !is_collection(snapshot, sites, node)) {
                continue;
            }
            let Some(entries) = collections.entries(snapshot, node).filter(|it| it.count >= FEWEST && it.unit != Unit::Bytes)
            else {
                continue;
            };
            let name = *names.entry(snapshot.name_ix(node)).or_insert_with(|| {
                out.names.push(snapshot.name(node).into_owned());
                out.names.len() as u32 - 1
            });
            let (id, unit, exact) = (snapshot.id(node), entries.unit, entries.exact);
            out.stocks.push(Stock { id, node, entries: entries.count, unit, exact, name });
        }
        out.stocks.sort_unstable_by_key(|it| it.id);
        let lasts = |it: &NodeIx| sites.words.is_named(snapshot, *it, &[sites.words.module, sites.words.process]);
        let lasting = snapshot.all().filter(|it| snapshot.kind(*it) == NodeKind::Object && lasts(it));
        out.anchors = lasting.map(|it| snapshot.id(it)).collect();
        out.anchors.sort_unstable();
        out
    }

    /// Whether most of what lasts as long as the process has the same numbers in another census.
    fn has_same_ids(&self, other: &Census) -> bool {
        let (few, many) = if self.anchors.len() < other.anchors.len() { (self, other) } else { (other, self) };
        let same = few.anchors.iter().filter(|it| many.anchors.binary_search(it).is_ok()).count();
        same > 0 && same * 2 >= few.anchors.len()
    }

    fn count_nodes(&mut self, snapshot: &Snapshot, sites: &Sites) {
        let words = &sites.words;
        for run in sites.all().chunk_by(|a, b| a.0 == b.0) {
            let Some(place) = place(sites, run[0].0) else { continue };
            // Names are read once per place, not per object.
            let mut counts: BTreeMap<(bool, Option<StringIx>), Count> = BTreeMap::new();
            for &(_, node, is_closure) in run {
                let suspended = || words.internal(snapshot, node, words.function).is_some();
                let name = if is_closure || suspended() { None } else { Some(snapshot.name_ix(node)) };
                if name.is_some() && properties::is_prototype(snapshot, sites, node) {
                    continue;
                }
                let count = counts.entry((is_closure, name)).or_default();
                count.count += 1;
                count.self_bytes = count.self_bytes.saturating_add(snapshot.self_size(node));
            }
            for ((is_closure, name), count) in counts {
                let object = name.map_or(What::Suspended, |it| What::Instance(snapshot.text(it).into_owned()));
                self.add((place.clone(), if is_closure { What::Closure } else { object }), count);
            }
        }
    }

    fn count_slots(&mut self, snapshot: &Snapshot, sites: &Sites, slots: &Slots) {
        for slot in slots.all() {
            let site = slots.function(slot).and_then(|it| sites.site(it));
            let Some(place) = site.and_then(|it| place(sites, it)) else { continue };
            let (what, event) = match slot.hold {
                Hold::Timer { repeat: true, .. } => (What::Interval, None),
                Hold::Timer { repeat: false, .. } | Hold::Immediate => (What::Timeout, None),
                Hold::Listener { event } | Hold::TargetListener { event } => (What::Listener, Some(event)),
                Hold::Reaction => (What::Reaction, None),
            };
            let is_timer = matches!(what, What::Interval | What::Timeout);
            let self_bytes = snapshot.self_size(if is_timer { slot.holder } else { slot.held });
            let events = match event {
                None => Events::None,
                Some(None) => Events::Several,
                Some(Some(event)) => Events::One(snapshot.text(event).into_owned()),
            };
            self.add((place, what), Count { count: 1, self_bytes, events });
        }
    }

    fn add(&mut self, key: (Place, What), more: Count) {
        let count = self.sites.entry(key).or_default();
        count.count += more.count;
        count.self_bytes = count.self_bytes.saturating_add(more.self_bytes);
        let old = std::mem::take(&mut count.events);
        count.events = old.and(more.events);
    }

    fn stock(&self, id: u64) -> Option<&Stock> {
        let at = self.stocks.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.stocks[at])
    }
}

impl Events {
    fn and(self, other: Events) -> Events {
        match (self, other) {
            (Events::None, one) | (one, Events::None) => one,
            (one, other) if one == other => one,
            _ => Events::Several,
        }
    }
}

impl Growth {
    /// What grows in every step of a series of censuses of one process, in time's order; nothing for fewer than two.
    pub fn over(series: &[Census]) -> Growth {
        let Some(last) = series.last().filter(|_| series.len() > 1) else { return Growth::default() };
        let mut sites: Vec<GrowingSite> = last.sites.iter().filter_map(|it| growing_site(series, it.0, it.1)).collect();
        if sites.iter().any(|it| !it.is_internal) {
            sites.retain(|it| !it.is_internal);
        }
        let by = |counts: &[u64]| counts.last().copied().unwrap_or_default() - counts.first().copied().unwrap_or_default();
        sites.sort_by(|a, b| {
            let growth = by(&b.counts).cmp(&by(&a.counts));
            growth.then_with(|| (&a.path, a.line, a.column, &a.what).cmp(&(&b.path, b.line, b.column, &b.what)))
        });
        let same_ids = series.windows(2).all(|it| it[0].has_same_ids(&it[1]));
        let stocks = last.stocks.iter().filter(|_| same_ids);
        let mut collections: Vec<GrowingCollection> = stocks.filter_map(|it| growing_collection(series, last, it)).collect();
        collections.sort_by_key(|it| (std::cmp::Reverse(by(&it.counts)), it.id));
        Growth { sites, collections, same_ids }
    }
}

fn growing_site(series: &[Census], key: &(Place, What), last: &Count) -> Option<GrowingSite> {
    let of =
        |key: &(Place, What)| -> Vec<Count> { series.iter().map(|it| it.sites.get(key).cloned().unwrap_or_default()).collect() };
    let counts = of(key);
    let numbers: Vec<u64> = counts.iter().map(|it| it.count).collect();
    if !grows(&numbers) || (key.1 == What::Closure && is_told(series, &key.0, &numbers)) {
        return None;
    }
    let Place { is_internal, path, line, column } = key.0.clone();
    let event = match &last.events {
        Events::One(event) => Some(event.clone()),
        _ => None,
    };
    let self_bytes = counts.iter().map(|it| it.self_bytes).collect();
    Some(GrowingSite { path, line, column, what: key.1.clone(), event, counts: numbers, self_bytes, is_internal })
}

/// Whether the slots of a place say the same as its closures.
fn is_told(series: &[Census], place: &Place, closures: &[u64]) -> bool {
    [What::Interval, What::Timeout, What::Listener, What::Reaction].into_iter().any(|what| {
        let key = (place.clone(), what);
        let slots = series.iter().map(|it| it.sites.get(&key).map_or(0, |it| it.count));
        slots.eq(closures.iter().copied())
    })
}

fn growing_collection(series: &[Census], last: &Census, stock: &Stock) -> Option<GrowingCollection> {
    let stocks: Vec<Option<&Stock>> = series.iter().map(|it| it.stock(stock.id)).collect();
    let counts: Vec<u64> = stocks.iter().map(|it| it.map_or(0, |it| it.entries)).collect();
    let exact = stocks.iter().flatten().all(|it| it.exact);
    let name = last.names[stock.name as usize].clone();
    let found = GrowingCollection { id: stock.id, node: stock.node, name, unit: stock.unit, counts, exact };
    grows(&found.counts).then_some(found)
}

/// Whether each number is greater than the one before.
fn grows(counts: &[u64]) -> bool {
    counts.windows(2).all(|it| it[0] < it[1])
}

/// The place of a site; `None` for code without a name (`eval`).
fn place(sites: &Sites, site: Site) -> Option<Place> {
    let script = sites.script(site.script);
    let path = Some(script.path.clone()).filter(|it| !it.is_empty())?;
    Some(Place { is_internal: script.is_internal(), path, line: site.line, column: site.column })
}

/// Where emitters keep their listeners.
fn listener_stores(snapshot: &Snapshot, sites: &Sites, slots: &Slots) -> FxHashSet<NodeIx> {
    let mut found = FxHashSet::default();
    let mut emitters: Vec<NodeIx> =
        slots.all().iter().filter(|it| matches!(it.hold, Hold::Listener { .. })).map(|it| it.holder).collect();
    emitters.dedup();
    for events in emitters.into_iter().filter_map(|it| sites.words.property(snapshot, it, sites.words.events)) {
        found.insert(events);
        found.extend(properties::own(snapshot, &sites.words, events).map(|it| it.to));
    }
    found
}

/// Whether an object made by a class of the program is a collection all the same: a subclass of `Map`, `Set`, `Array`.
fn is_collection(snapshot: &Snapshot, sites: &Sites, node: NodeIx) -> bool {
    let words = &sites.words;
    words.internal(snapshot, node, words.table).is_some() || snapshot.edges(node).any(|it| it.kind == EdgeKind::Element)
}
