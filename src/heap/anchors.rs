//! Where durable holds start: the scopes of modules, their exports, the global objects.
//!
//! What hangs from these lives as long as the process, and they have names that people know.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::essential::Bits;
use super::kinds::{EdgeKind, NodeKind};
use super::snapshot::{EdgeName, NodeIx, Snapshot, StringIx};

/// How deep the parts of a joined string are followed: a path has few, and each level may double them.
const CONS_DEPTH: usize = 8;

/// What a durable hold starts from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Anchor {
    /// The scope of a module's variables.
    Scope,
    /// An ECMAScript module, which holds its exports.
    Module,
    /// A CommonJS module object.
    CommonJs,
    /// A global object.
    Global,
    /// Node's `process`, which listeners of the process hang from.
    Process,
}

/// A node with which durable holds start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) node: NodeIx,
    pub(super) anchor: Anchor,
    /// The higher, the less it says to people: the program's own modules come first, then its dependencies', then Node's.
    pub(super) cost: u32,
    /// A closure or generator made by the module, which has a position.
    pub(super) witness: Option<NodeIx>,
}

/// What is known of a script through its closures.
#[derive(Clone, Copy, Debug)]
struct Script {
    cost: u32,
    name: Option<StringIx>,
    witness: NodeIx,
    /// Whether a function of it that is not its body sees no scope at all: then its body has none.
    is_bare: bool,
}

/// The durable starts of a snapshot, and the names that its code uses.
#[derive(Debug)]
pub(super) struct Anchors {
    /// Sorted by node.
    pub(super) starts: Vec<Start>,
    /// The names of functions as their source gives them: constructors too.
    pub(super) code_names: Bits,
}

/// The strings of a snapshot that mean something here.
struct Words {
    context: Option<StringIx>,
    shared: Option<StringIx>,
    script: [Option<StringIx>; 2],
    previous: Option<StringIx>,
    exports: Option<StringIx>,
    filename: Option<StringIx>,
    module: Option<StringIx>,
    process: Option<StringIx>,
    events: Option<StringIx>,
    source_text_module: Option<StringIx>,
    /// Names of scopes: newer versions append the function's.
    scopes: Bits,
}

impl Words {
    fn new(snapshot: &Snapshot) -> Words {
        let mut scopes = Bits::new(snapshot.strings());
        for ix in snapshot.strings.starting("system / Context") {
            scopes.add(ix.0 as usize);
        }
        let word = |text| snapshot.string_ix(text);
        Words {
            context: word("context"),
            shared: word("shared"),
            script: [word("script"), word("script_or_debug_info")],
            previous: word("previous"),
            exports: word("exports"),
            filename: word("filename"),
            module: word("Module"),
            process: word("process"),
            events: word("_events"),
            source_text_module: word("system / SourceTextModule"),
            scopes,
        }
    }

    fn is_scope(&self, snapshot: &Snapshot, node: NodeIx) -> bool {
        snapshot.kind(node) == NodeKind::Object && self.scopes.has(snapshot.name_ix(node).0 as usize)
    }
}

impl Anchors {
    /// Finds them.
    pub(super) fn new(snapshot: &Snapshot) -> Anchors {
        let words = Words::new(snapshot);
        let mut survey = Survey::new(snapshot, &words);
        for location in snapshot.locations() {
            if snapshot.kind(location.node) == NodeKind::Closure {
                survey.closure(location.node, location.script_id, (location.line, location.column) == (0, 0));
            }
        }
        let mut starts = survey.scopes();
        starts.extend(survey.modules());
        let globals = snapshot.edges(snapshot.root()).filter(|it| it.kind == EdgeKind::Shortcut).map(|it| it.to);
        starts.extend(globals.flat_map(|it| global(snapshot, it)).flatten().map(|node| Start {
            node,
            anchor: Anchor::Global,
            cost: 3,
            witness: None,
        }));
        starts.sort_by_key(|it| it.node);
        starts.dedup_by_key(|it| it.node);
        Anchors { starts, code_names: survey.code_names }
    }

    /// The start at a node, if it is one.
    pub(super) fn at(&self, node: NodeIx) -> Option<&Start> {
        self.starts.binary_search_by_key(&node, |it| it.node).ok().map(|it| &self.starts[it])
    }
}

/// The global objects behind a shortcut of the root, which leads to the object, a stand-in or V8's context, as the version
/// has it.
fn global(snapshot: &Snapshot, node: NodeIx) -> [Option<NodeIx>; 2] {
    let held = snapshot.edges(node).find(|it| {
        let EdgeName::Name(name) = it.name else { return false };
        snapshot.text_is(name, "global_object")
    });
    [(snapshot.kind(node) == NodeKind::Object).then_some(node), held.map(|it| it.to)]
}

/// What is read off the closures.
struct Survey<'s, 'a> {
    snapshot: &'s Snapshot<'a>,
    words: &'s Words,
    /// By V8's number.
    scripts: FxHashMap<u32, Script>,
    /// Scripts, and the outermost scopes that their functions see.
    outermost: Vec<(u32, NodeIx)>,
    /// The outermost scope around each scope seen.
    tops: FxHashMap<NodeIx, NodeIx>,
    code_names: Bits,
}

impl<'s, 'a> Survey<'s, 'a> {
    fn new(snapshot: &'s Snapshot<'a>, words: &'s Words) -> Survey<'s, 'a> {
        let code_names = Bits::new(snapshot.strings());
        Survey { snapshot, words, scripts: FxHashMap::default(), outermost: Vec::new(), tops: FxHashMap::default(), code_names }
    }

    /// Reads a closure of a script; `is_body` says that it is the function around a whole module.
    fn closure(&mut self, closure: NodeIx, script_id: u32, is_body: bool) {
        let (mut scope, mut shared) = (None, None);
        for edge in self.snapshot.edges(closure).filter(|it| it.kind == EdgeKind::Internal) {
            let EdgeName::Name(name) = edge.name else { continue };
            if Some(name) == self.words.context {
                scope = Some(edge.to);
            } else if Some(name) == self.words.shared {
                shared = Some(edge.to);
            }
        }
        if let Some(shared) = shared {
            self.code_names.add(self.snapshot.name_ix(shared).0 as usize);
        }
        self.script(script_id, closure, shared);
        let Some(scope) = scope else { return };
        if self.words.is_scope(self.snapshot, scope) {
            let top = self.top(scope);
            self.outermost.push((script_id, top));
        } else if !is_body && let Some(script) = self.scripts.get_mut(&script_id) {
            script.is_bare = true;
        }
    }

    /// Notes what a closure tells about its script.
    fn script(&mut self, id: u32, closure: NodeIx, shared: Option<NodeIx>) {
        let (snapshot, words) = (self.snapshot, self.words);
        let script = self.scripts.entry(id).or_insert(Script { cost: 0, name: None, witness: closure, is_bare: false });
        if script.name.is_none() && shared.is_some() {
            let named = words.script.iter().find_map(|it| snapshot.held(shared?, EdgeKind::Internal, *it));
            script.name = named.map(|it| snapshot.name_ix(it));
            script.cost = script.name.map_or(0, |it| strangeness(&snapshot.text(it)));
        }
    }

    /// The outermost scope around a scope.
    fn top(&mut self, scope: NodeIx) -> NodeIx {
        let mut passed = Vec::new();
        let mut at = scope;
        let top = loop {
            if let Some(&known) = self.tops.get(&at) {
                break known;
            }
            // Stands for itself until it is known, so that a circle ends.
            self.tops.insert(at, at);
            passed.push(at);
            match self.snapshot.held(at, EdgeKind::Internal, self.words.previous) {
                Some(outer) if self.words.is_scope(self.snapshot, outer) => at = outer,
                _ => break at,
            }
        };
        for it in passed {
            self.tops.insert(it, top);
        }
        top
    }

    /// The scopes of modules: the outermost ones of scripts all of whose functions see one.
    ///
    /// (Where one sees none, the module has no captured variables, and what is outermost belongs to a call.)
    fn scopes(&mut self) -> Vec<Start> {
        self.outermost.sort_unstable();
        self.outermost.dedup();
        let scripts = &self.scripts;
        let scope = |&(id, node): &(u32, NodeIx)| {
            let script = scripts.get(&id).filter(|it| !it.is_bare)?;
            Some(Start { node, anchor: Anchor::Scope, cost: script.cost, witness: Some(script.witness) })
        };
        self.outermost.iter().filter_map(scope).collect()
    }

    /// Modules of both sorts, and the process.
    fn modules(&self) -> Vec<Start> {
        let (snapshot, words) = (self.snapshot, self.words);
        let names = self.scripts.values().filter_map(|it| Some((snapshot.text(it.name?), it)));
        let by_name: FxHashMap<Cow<str>, &Script> = names.collect();
        let mut starts = Vec::new();
        for node in snapshot.all() {
            let name = Some(snapshot.name_ix(node));
            if name == words.source_text_module && snapshot.kind(node) != NodeKind::String {
                let witness = snapshot.edges(node).map(|it| it.to).find(|it| snapshot.location(*it).is_some());
                let script = witness.and_then(|it| self.scripts.get(&snapshot.location(it)?.script_id));
                let cost = script.map_or(0, |it| it.cost);
                starts.push(Start { node, anchor: Anchor::Module, cost, witness: witness.or(script.map(|it| it.witness)) });
            } else if name == words.module && snapshot.kind(node) == NodeKind::Object {
                let file = snapshot.held(node, EdgeKind::Property, words.filename);
                if snapshot.held(node, EdgeKind::Property, words.exports).is_some() && file.is_some() {
                    let script = file.and_then(|it| by_name.get(&*joined(snapshot, it, 0)));
                    let cost = script.map_or(0, |it| it.cost) + 2;
                    starts.push(Start { node, anchor: Anchor::CommonJs, cost, witness: script.map(|it| it.witness) });
                }
            } else if name == words.process && snapshot.kind(node) == NodeKind::Object {
                let is_emitter = snapshot.held(node, EdgeKind::Property, words.events).is_some();
                starts.extend(is_emitter.then_some(Start { node, anchor: Anchor::Process, cost: 3, witness: None }));
            }
        }
        starts
    }
}

/// The text of a string, parts joined.
fn joined<'a>(snapshot: &Snapshot<'a>, node: NodeIx, depth: usize) -> Cow<'a, str> {
    if snapshot.kind(node) != NodeKind::ConsString || depth == CONS_DEPTH {
        return snapshot.name(node);
    }
    let part = |name: &str| {
        let mut edges = snapshot.edges(node).filter(|it| it.kind == EdgeKind::Internal);
        let found = edges.find(|it| matches!(it.name, EdgeName::Name(ix) if snapshot.text_is(ix, name)));
        found.map_or(Cow::Borrowed(""), |it| joined(snapshot, it.to, depth + 1))
    };
    match (part("first"), part("second")) {
        (first, second) if first.is_empty() && second.is_empty() => snapshot.name(node),
        (first, second) => first + second,
    }
}

/// The cost of what Node's own modules hold, and all that costs more.
pub(super) const INTERNAL: u32 = 6;

/// How far a script is from the program's own code.
fn strangeness(name: &str) -> u32 {
    if name.starts_with("node:") || name.starts_with("internal/") {
        INTERNAL
    } else if name.contains("/node_modules/") || name.contains("\\node_modules\\") {
        2
    } else {
        0
    }
}
