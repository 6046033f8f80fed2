//! The slots through which Node keeps functions: timers, listeners, reactions of promises.
//!
//! What leaks is counted in slots, not in closures: a thousand intervals may share one function.

use rustc_hash::FxHashSet;

use super::sites::Sites;
use super::tables;
use super::words::Words;
use super::wrappers::{Link, Wrappers};
use super::{Edge, EdgeKind, EdgeName, NodeIx, NodeKind, Snapshot, StringIx};

/// What sort of slot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Hold {
    /// A timer that is due: fired and cleared ones are none, even if the program keeps their handle.
    Timer {
        /// Whether it is an interval.
        repeat: bool,
        /// Milliseconds, if the snapshot has numbers (`captureNumericValue`).
        delay: Option<f64>,
    },
    /// A `setImmediate` that is due.
    Immediate,
    /// A listener of an emitter.
    Listener {
        /// The event as the snapshot names it (`data`, `<symbol error>`); `None` for events named by integers.
        event: Option<StringIx>,
    },
    /// A listener of an `EventTarget`, an `AbortSignal` or a message port.
    TargetListener {
        /// The type of the event.
        event: Option<StringIx>,
    },
    /// A reaction that waits for a pending promise.
    Reaction,
}

/// One slot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slot {
    /// What sort.
    pub hold: Hold,
    /// Whose: the `Timeout`, the emitter, the event target, the promise.
    pub holder: NodeIx,
    /// What the slot holds as it stands: mostly a function. For a reaction the first of its handlers.
    pub held: NodeIx,
    /// Where its links start, and how many there are.
    links: (u32, u32),
}

/// Every slot of a heap.
#[derive(Clone, Default, Debug)]
pub struct Slots {
    slots: Vec<Slot>,
    links: Vec<Link>,
}

impl Slots {
    /// Finds the slots of a heap.
    pub fn new(snapshot: &Snapshot, sites: &Sites) -> Slots {
        let mut reader = Reader {
            snapshot,
            sites,
            words: &sites.words,
            truth: truth(snapshot, &sites.words),
            wrappers: Wrappers::new(snapshot, sites),
            seen: FxHashSet::default(),
            out: Slots::default(),
        };
        for node in snapshot.all() {
            if matches!(snapshot.kind(node), NodeKind::Object | NodeKind::Closure | NodeKind::Native | NodeKind::Other) {
                reader.read(node);
            }
        }
        reader.out
    }

    /// All of them, by holder.
    pub fn all(&self) -> &[Slot] {
        &self.slots
    }

    /// The functions that run when a slot fires, from the outermost inwards: those that are sure, then guesses.
    pub fn links(&self, slot: &Slot) -> &[Link] {
        let (start, length) = (slot.links.0 as usize, slot.links.1 as usize);
        &self.links[start..start + length]
    }

    /// The slots in which a function runs that is asked for, be it wrapped.
    pub fn holding(&self, asked: impl Fn(NodeIx) -> bool) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(move |slot| self.links(slot).iter().any(|it| asked(it.node)))
    }

    /// The innermost sure function of a slot.
    pub fn function(&self, slot: &Slot) -> Option<NodeIx> {
        self.links(slot).iter().rfind(|it| it.sure).map(|it| it.node)
    }
}

struct Reader<'r, 'a> {
    snapshot: &'r Snapshot<'a>,
    sites: &'r Sites,
    words: &'r Words,
    /// The node of `true`.
    truth: Option<NodeIx>,
    wrappers: Wrappers<'r, 'a>,
    /// Lists and tables that were read: each belongs to one holder.
    seen: FxHashSet<NodeIx>,
    out: Slots,
}

impl Reader<'_, '_> {
    fn read(&mut self, node: NodeIx) {
        for edge in self.snapshot.edges(node) {
            let EdgeName::Name(name) = edge.name else { continue };
            let name = Some(name);
            if edge.kind == EdgeKind::Property && name == self.words.on_timeout {
                self.timer(node, edge.to);
            } else if edge.kind == EdgeKind::Property && name == self.words.on_immediate {
                self.immediate(node, edge.to);
            } else if edge.kind == EdgeKind::Property && name == self.words.events {
                self.emitter(node, edge.to);
            } else if edge.kind == EdgeKind::Property && name == self.words.k_events {
                self.target(node, edge.to);
            } else if edge.kind == EdgeKind::Internal && name == self.words.reactions {
                self.reactions(node, edge.to);
            }
        }
    }

    fn push(&mut self, hold: Hold, holder: NodeIx, held: NodeIx) {
        let start = self.out.links.len() as u32;
        self.out.links.extend(self.wrappers.links(held));
        let links = (start, self.out.links.len() as u32 - start);
        self.out.slots.push(Slot { hold, holder, held, links });
    }

    /// A fired timer keeps `_onTimeout`, and a cleared one its other fields, while the program keeps the handle.
    fn timer(&mut self, node: NodeIx, held: NodeIx) {
        let (snapshot, words) = (self.snapshot, self.words);
        let is_timer = words.property(snapshot, node, words.idle_previous).is_some();
        if snapshot.kind(held) != NodeKind::Closure || !is_timer || !self.is_due(node) {
            return;
        }
        // A repeat is a small integer, which has an edge only if the snapshot has numbers; `null` means none.
        let repeat = words.property(snapshot, node, words.repeat);
        let repeat = repeat.is_none_or(|it| snapshot.kind(it) == NodeKind::Number);
        let delay = words.property(snapshot, node, words.idle_timeout).and_then(|it| number(snapshot, words, it));
        self.push(Hold::Timer { repeat, delay }, node, held);
    }

    fn immediate(&mut self, node: NodeIx, held: NodeIx) {
        if self.snapshot.kind(held) == NodeKind::Closure && self.is_due(node) {
            self.push(Hold::Immediate, node, held);
        }
    }

    /// Whether a timer is still due: `_destroyed` is not `true`; if no node is known for `true`, whether it is in a list.
    fn is_due(&self, node: NodeIx) -> bool {
        let (snapshot, words) = (self.snapshot, self.words);
        let destroyed = words.property(snapshot, node, words.destroyed);
        match (destroyed, self.truth) {
            (Some(destroyed), Some(truth)) => destroyed != truth,
            _ => words.property(snapshot, node, words.idle_previous).is_some_and(|it| !words.is_oddball(snapshot, it)),
        }
    }

    /// `_events` of an emitter: per event one listener or an array of them.
    fn emitter(&mut self, emitter: NodeIx, events: NodeIx) {
        let (snapshot, words) = (self.snapshot, self.words);
        if snapshot.kind(events) != NodeKind::Object || !self.seen.insert(events) {
            return;
        }
        for edge in snapshot.edges(events) {
            let Some(event) = self.event(edge) else { continue };
            let hold = Hold::Listener { event };
            if Some(snapshot.name_ix(edge.to)) == words.array && snapshot.kind(edge.to) == NodeKind::Object {
                for element in snapshot.edges(edge.to).filter(|it| it.kind == EdgeKind::Element) {
                    self.listener(hold, emitter, element.to);
                }
            } else {
                self.listener(hold, emitter, edge.to);
            }
        }
    }

    /// The event that a property of `_events` stands for, if it stands for one.
    fn event(&self, edge: Edge) -> Option<Option<StringIx>> {
        match (edge.kind, edge.name) {
            (EdgeKind::Property, EdgeName::Name(name)) if Some(name) != self.words.proto => Some(Some(name)),
            (EdgeKind::Element, _) => Some(None),
            _ => None,
        }
    }

    /// A listener: a function, or the record that `eventemitter3` keeps of one.
    fn listener(&mut self, hold: Hold, holder: NodeIx, held: NodeIx) {
        let (snapshot, words) = (self.snapshot, self.words);
        let is_record = || words.property(snapshot, held, words.r#fn).is_some_and(|it| snapshot.kind(it) == NodeKind::Closure);
        if snapshot.kind(held) == NodeKind::Closure || (snapshot.kind(held) == NodeKind::Object && is_record()) {
            self.push(hold, holder, held);
        }
    }

    /// The map of an event target: type -> root -> listeners, linked by `next`.
    fn target(&mut self, target: NodeIx, events: NodeIx) {
        let (snapshot, words) = (self.snapshot, self.words);
        for (key, value) in tables::pairs(snapshot, words, events) {
            let event = key.filter(|it| snapshot.kind(*it).is_string()).map(|it| snapshot.name_ix(it));
            let next =
                |node: NodeIx| words.property(snapshot, node, words.next).filter(|it| snapshot.kind(*it) == NodeKind::Object);
            let mut at = value.and_then(next);
            while let Some(listener) = at.filter(|it| self.seen.insert(*it)) {
                self.push(Hold::TargetListener { event }, target, listener_of(snapshot, words, listener));
                at = next(listener);
            }
        }
    }

    /// The reactions of a pending promise, linked by unnamed slots.
    fn reactions(&mut self, promise: NodeIx, first: NodeIx) {
        for reaction in reactions(self.snapshot, self.words, first) {
            if !self.seen.insert(reaction) {
                break;
            }
            let start = self.out.links.len();
            let slots = self.snapshot.edges(reaction).filter(|it| it.kind == EdgeKind::Hidden).map(|it| it.to);
            let handlers: Vec<NodeIx> = slots.filter(|it| self.snapshot.kind(*it) == NodeKind::Closure).collect();
            for handler in &handlers {
                let links = self.wrappers.links(*handler);
                // Handlers made by V8 come in pairs around one function of the program.
                let is_new = |it: &Link| !self.out.links[start..].iter().any(|old| old.node == it.node);
                let new: Vec<Link> = links.into_iter().filter(|it| is_new(it) && self.sites.site(it.node).is_some()).collect();
                self.out.links.extend(new);
            }
            let held = handlers.first().copied().unwrap_or(reaction);
            let links = (start as u32, (self.out.links.len() - start) as u32);
            self.out.slots.push(Slot { hold: Hold::Reaction, holder: promise, held, links });
        }
    }
}

/// What a record of an event target listens with: `listener` is what was given, `callback` may be Node's wrapper around it.
fn listener_of(snapshot: &Snapshot, words: &Words, record: NodeIx) -> NodeIx {
    words.property(snapshot, record, words.listener).filter(|it| !words.is_oddball(snapshot, *it)).unwrap_or(record)
}

/// The reactions of a promise, from what its slot for them holds.
pub(super) fn reactions(snapshot: &Snapshot, words: &Words, first: NodeIx) -> Vec<NodeIx> {
    let is_reaction = |node: NodeIx| Some(snapshot.name_ix(node)) == words.reaction && !snapshot.kind(node).is_string();
    let next = |node: &NodeIx| {
        let slots = snapshot.edges(*node).filter(|it| it.kind == EdgeKind::Hidden).map(|it| it.to);
        slots.into_iter().find(|it| *it != *node && is_reaction(*it))
    };
    let mut seen = FxHashSet::default();
    let first = Some(first).filter(|it| is_reaction(*it));
    std::iter::successors(first, next).take_while(|it| seen.insert(*it)).collect()
}

/// The number that a node stands for, if the snapshot has numbers.
fn number(snapshot: &Snapshot, words: &Words, node: NodeIx) -> Option<f64> {
    let value = words.internal(snapshot, node, words.value)?;
    snapshot.name(value).parse().ok()
}

/// The node of `true`: it has a name of its own from Node 24 on; before that the roots name it.
fn truth(snapshot: &Snapshot, words: &Words) -> Option<NodeIx> {
    let roots = snapshot.all().filter(|it| snapshot.kind(*it) == NodeKind::Synthetic);
    let mut edges = roots.flat_map(|it| snapshot.edges(it));
    edges.find(|it| it.kind == EdgeKind::Internal && words.true_value.map(EdgeName::Name) == Some(it.name)).map(|it| it.to)
}
