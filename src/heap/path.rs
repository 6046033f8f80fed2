//! Retainer paths: for every node the most durable way that it is held by, not the shortest.
//!
//! One search over the whole snapshot from the durable starts (scopes of modules, exports, globals), in which ways that say
//! something to people are short and V8's own are long; what those do not reach is then sought from the roots, from the
//! passing ones (stack, handles), and from the inspector, in this order.

use super::anchors::{Anchor, Anchors, INTERNAL, Start};
use super::essential::Tables;
use super::kinds::{EdgeKind, NodeKind};
use super::snapshot::{Edge, EdgeIx, EdgeName, NodeIx, Snapshot, StringIx};

/// No edge: a search started here, or never came here.
const NONE: u32 = u32::MAX;

/// More than any edge or start costs.
const BUCKETS: usize = 32;

/// How long what holds a node will stay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Durability {
    /// As long as a module or a global object.
    Lasting,
    /// Held by V8 or native code: an open socket, a running server.
    Native,
    /// Until something running ends: the stack, handles of native code at work, pending microtasks, caches of code.
    Passing,
    /// Held by the inspector: what was logged, or shown to a debugger.
    Inspector,
    /// Held by nothing.
    Unheld,
}

/// One node on the way to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathStep {
    /// The node.
    pub node: NodeIx,
    /// The edge that leads to it from the step before. `None` for the first.
    pub edge: Option<Edge>,
}

/// The most durable way to every node of a snapshot.
#[derive(Debug)]
pub struct RetainerPaths {
    /// The edge by which each node is held.
    via: Vec<u32>,
    /// Where that edge starts.
    from: Vec<u32>,
    durability: Vec<Durability>,
    pub(super) anchors: Anchors,
}

impl RetainerPaths {
    /// Searches the snapshot: O(nodes + edges).
    pub fn new(snapshot: &Snapshot) -> RetainerPaths {
        let anchors = Anchors::new(snapshot);
        let mut search = Search::new(snapshot);
        for start in anchors.starts.iter().filter(|it| it.cost < INTERNAL) {
            search.start(start.node, start.cost);
        }
        search.run(Durability::Lasting);
        let root = snapshot.root();
        // What Node's own modules hold is no doing of the program's: its timers, its servers.
        for start in anchors.starts.iter().filter(|it| it.cost >= INTERNAL) {
            search.start(start.node, start.cost);
        }
        for durability in [Durability::Native, Durability::Passing, Durability::Inspector] {
            search.restart(root, durability);
            search.run(durability);
        }
        RetainerPaths { via: search.via, from: search.from, durability: search.durability, anchors }
    }

    /// How long what holds a node will stay.
    pub fn durability(&self, node: NodeIx) -> Durability {
        self.durability[node.0 as usize]
    }

    /// Whether anything holds a node.
    pub fn is_held(&self, node: NodeIx) -> bool {
        self.durability(node) != Durability::Unheld
    }

    /// The way to a node, from where its hold starts. Just the node itself if nothing holds it. As long as the chain of
    /// objects is: thousands of steps for an element of a linked list.
    pub fn to(&self, snapshot: &Snapshot, node: NodeIx) -> Vec<PathStep> {
        let mut steps = Vec::new();
        let mut at = node;
        loop {
            let via = self.via[at.0 as usize];
            let edge = (via != NONE).then(|| snapshot.edge(EdgeIx(via)));
            steps.push(PathStep { node: at, edge });
            if edge.is_none() {
                break;
            }
            at = NodeIx(self.from[at.0 as usize]);
        }
        steps.reverse();
        steps
    }

    /// What the durable hold of a node starts from: a kind, and a node.
    pub fn anchor(&self, node: NodeIx) -> Option<Anchor> {
        self.start(node).map(|it| it.anchor)
    }

    /// The durable start at a node, if it is one.
    pub(super) fn start(&self, node: NodeIx) -> Option<&Start> {
        self.anchors.at(node)
    }
}

/// A shortest-path search with small costs: Dijkstra's, with a ring of buckets for a queue (Dial 1969).
struct Search<'s, 'a> {
    snapshot: &'s Snapshot<'a>,
    costs: Costs,
    distance: Vec<u32>,
    via: Vec<u32>,
    from: Vec<u32>,
    durability: Vec<Durability>,
    buckets: Vec<Vec<u32>>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(snapshot: &'s Snapshot<'a>) -> Search<'s, 'a> {
        let nodes = snapshot.nodes();
        Search {
            snapshot,
            costs: Costs::new(snapshot),
            distance: vec![u32::MAX; nodes],
            via: vec![NONE; nodes],
            from: vec![NONE; nodes],
            durability: vec![Durability::Unheld; nodes],
            buckets: vec![Vec::new(); BUCKETS],
        }
    }

    /// Puts a start into the queue.
    fn start(&mut self, node: NodeIx, cost: u32) {
        if cost < self.distance[node.0 as usize] {
            self.distance[node.0 as usize] = cost;
            self.buckets[cost as usize % BUCKETS].push(node.0);
        }
    }

    /// Starts anew from the root's groups of a durability; the root itself is taken once.
    fn restart(&mut self, root: NodeIx, durability: Durability) {
        if self.durability[root.0 as usize] == Durability::Unheld {
            self.distance[root.0 as usize] = 0;
            self.buckets[0].push(root.0);
            return;
        }
        // What an earlier run left out: edges of the root's groups that were not yet followed.
        let groups: Vec<NodeIx> = self.snapshot.edges(root).map(|it| it.to).collect();
        let inner = groups.iter().flat_map(|it| self.snapshot.edges(*it)).map(|it| it.to).filter(|it| self.is_group(*it));
        let mut all: Vec<NodeIx> = [root].into_iter().chain(groups.iter().copied()).chain(inner).collect();
        all.sort_unstable();
        all.dedup();
        for group in all {
            if self.durability[group.0 as usize] != Durability::Unheld {
                self.follow(group.0, 0, durability);
            }
        }
    }

    fn is_group(&self, node: NodeIx) -> bool {
        self.snapshot.kind(node) == NodeKind::Synthetic
    }

    /// Empties the queue.
    fn run(&mut self, durability: Durability) {
        let mut distance = 0;
        let mut idle = 0;
        while idle < BUCKETS {
            let bucket = distance as usize % BUCKETS;
            while let Some(node) = self.buckets[bucket].pop() {
                idle = 0;
                let is_current = self.distance[node as usize] == distance;
                if is_current && self.durability[node as usize] == Durability::Unheld {
                    self.durability[node as usize] = durability;
                    self.follow(node, distance, durability);
                }
            }
            idle += 1;
            distance += 1;
        }
    }

    /// Looks along the edges of a node.
    fn follow(&mut self, node: u32, distance: u32, durability: Durability) {
        let from = NodeIx(node);
        let is_group = self.is_group(from);
        for at in self.snapshot.edge_range(from) {
            let to = self.snapshot.edge_to[at as usize] as usize;
            if self.durability[to] != Durability::Unheld {
                continue;
            }
            let edge = self.snapshot.edge(EdgeIx(at));
            // From there on it is V8 that holds: every scope leads to its builtins.
            if durability == Durability::Lasting && self.costs.natives.contains(&self.snapshot.name_ix(edge.to)) {
                continue;
            }
            if is_group && self.costs.root_edge(self.snapshot, edge) > durability {
                continue;
            }
            let Some(cost) = self.costs.edge(self.snapshot, from, edge) else { continue };
            let reached = distance.saturating_add(cost);
            if reached < self.distance[to] {
                self.distance[to] = reached;
                self.via[to] = at;
                self.from[to] = node;
                self.buckets[reached as usize % BUCKETS].push(to as u32);
            }
        }
    }
}

/// What edges cost.
struct Costs {
    /// By string: one more than what an edge with this name costs. 0 stands for the usual.
    names: Vec<u8>,
    tables: Tables,
    /// Names of V8's outermost contexts, and of scopes: newer versions append more.
    natives: Vec<StringIx>,
    scopes: Vec<StringIx>,
}

/// Internal edges on the way to what an object of the program holds.
const PLAIN: &[&str] = &[
    "table",
    "elements",
    "properties",
    "value",
    "extension",
    "bound_function",
    "bound_this",
    "bindings",
    "buffer",
    "backing_store",
    "viewed_array_buffer",
    "reactions_or_result",
    "cached",
];

/// Edges to what V8 knows about code and objects, through which everything reaches everything, and what Node runs just now.
const DETOURS: &[&str] = &[
    "map",
    "shared",
    "code",
    "feedback_cell",
    "initial_map",
    "native_context",
    "script",
    "script_or_debug_info",
    "scope_info",
    "constructor",
    "prototype",
    "__proto__",
    "back_pointer",
    "transition",
    "transitions",
    "descriptors",
    "dependent_code",
    "prototype_info",
    "global_proxy",
    "global_object",
    "script_context_table",
    "execution_async_resources",
];

/// Groups of roots that hold only while something runs.
const PASSING: &[&str] = &[
    "(Stack roots)",
    "(Handle scope)",
    "(Micro tasks)",
    "(Relocatable)",
    "(Compilation cache)",
    "(Weak roots)",
    "(Thread manager)",
    "C++ native stack roots",
];

impl Costs {
    fn new(snapshot: &Snapshot) -> Costs {
        let mut names = vec![0; snapshot.strings()];
        let mut set = |words: &[&str], cost: u8| {
            for ix in words.iter().filter_map(|it| snapshot.string_ix(it)) {
                names[ix.0 as usize] = cost + 1;
            }
        };
        set(PLAIN, 2);
        set(&["context"], 3);
        set(&["previous"], 5);
        set(DETOURS, 24);
        // The links of the timers' lists lead to the list, however long it is.
        set(&["_idleNext", "_idlePrev"], 0);
        let (natives, scopes) =
            (snapshot.strings.starting("system / NativeContext"), snapshot.strings.starting("system / Context"));
        Costs { names, tables: Tables::new(snapshot), natives, scopes }
    }

    /// What an edge costs. `None` if it holds nothing.
    fn edge(&self, snapshot: &Snapshot, from: NodeIx, edge: Edge) -> Option<u32> {
        let named = |usual: u32| match edge.name {
            EdgeName::Name(name) => match self.names[name.0 as usize] {
                0 => usual,
                cost => u32::from(cost - 1),
            },
            EdgeName::Index(_) => usual,
        };
        let cost = match edge.kind {
            EdgeKind::Weak | EdgeKind::Shortcut => return None,
            EdgeKind::Element => 1,
            EdgeKind::Context | EdgeKind::Property => match named(1) {
                cost @ (0 | 24) => cost,
                _ => 1,
            },
            EdgeKind::Internal => {
                let EdgeName::Name(name) = edge.name else { return Some(4) };
                if self.tables.is_table_side(snapshot, from, name) {
                    return None;
                }
                named(4)
            }
            // Scopes of blocks do not name their variables.
            EdgeKind::Hidden if self.scopes.contains(&snapshot.name_ix(from)) => 1,
            // The first slot of a module is the table of its exports by name; another has the same without names.
            EdgeKind::Hidden if edge.name == EdgeName::Index(0) => 4,
            EdgeKind::Hidden => 5,
            EdgeKind::Other => 8,
        };
        Some(if snapshot.kind(from) == NodeKind::Code { cost.max(16) } else { cost })
    }

    /// How durable a hold by a group of roots is.
    fn root_edge(&self, snapshot: &Snapshot, edge: Edge) -> Durability {
        let label = match edge.name {
            EdgeName::Name(name) => snapshot.strings.raw(name).0,
            EdgeName::Index(_) => "",
        };
        let group = snapshot.strings.raw(snapshot.name_ix(edge.to)).0;
        let is_group = snapshot.kind(edge.to) == NodeKind::Synthetic;
        if label.contains("DevTools") || (is_group && group == "(Debugger)") {
            Durability::Inspector
        } else if is_group && PASSING.contains(&group) {
            Durability::Passing
        } else {
            Durability::Native
        }
    }
}
