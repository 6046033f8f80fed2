//! Variables by name: in the scopes around a closure, of modules, of scripts, of the global object.

use rustc_hash::{FxHashMap, FxHashSet};

use super::properties;
use super::sites::{ScriptIx, Sites};
use super::words::Words;
use super::{EdgeKind, EdgeName, NodeIx, NodeKind, Snapshot, StringIx};

/// Scopes of functions are nested so far at most.
const NESTING: usize = 4096;

/// A path has fewer bytes, and fewer parts.
const PATH_LIMIT: usize = 4096;

/// The scopes of the scripts of one snapshot.
#[derive(Clone, Default, Debug)]
pub struct Scopes {
    words: Words,
    /// The outermost scopes of each script's closures, those of Node left out: several if a module was loaded anew.
    modules: FxHashMap<ScriptIx, Vec<NodeIx>>,
    /// What each CommonJS module exports, by path.
    exports: FxHashMap<String, Vec<NodeIx>>,
    /// Scopes of what scripts declare with `let`, `const` and `class`.
    scripts: Vec<NodeIx>,
    globals: Vec<NodeIx>,
}

impl Scopes {
    /// Finds the scopes of a heap.
    pub fn new(snapshot: &Snapshot, sites: &Sites) -> Scopes {
        let mut out = Scopes { words: sites.words.clone(), ..Scopes::default() };
        out.read_closures(snapshot, sites);
        for node in snapshot.all().filter(|it| snapshot.kind(*it) != NodeKind::String) {
            let name = snapshot.name_ix(node);
            if Some(name) == out.words.module {
                out.read_module(snapshot, node);
            } else if out.words.native_contexts.contains(&name) {
                let table = out.words.internal(snapshot, node, out.words.script_context_table);
                let held = table.into_iter().flat_map(|it| snapshot.edges(it)).map(|it| it.to);
                let scopes: Vec<NodeIx> = held.filter(|it| out.is_scope(snapshot, *it)).collect();
                out.scripts.extend(scopes);
            } else if out.words.globals.contains(&name) && snapshot.kind(node) == NodeKind::Object {
                out.globals.push(node);
            }
        }
        out
    }

    fn read_closures(&mut self, snapshot: &Snapshot, sites: &Sites) {
        let mut seen: FxHashSet<(ScriptIx, NodeIx)> = FxHashSet::default();
        for &(site, node, is_closure) in sites.all() {
            if !is_closure || sites.script(site.script).is_internal() {
                continue;
            }
            let mut at = self.scope_of(snapshot, node);
            // What is around a scope that was seen was seen with it.
            while let Some(scope) = at.filter(|it| seen.insert((site.script, *it))) {
                at = self.outer(snapshot, scope);
                if at.is_none() {
                    self.modules.entry(site.script).or_default().push(scope);
                }
            }
        }
    }

    fn read_module(&mut self, snapshot: &Snapshot, module: NodeIx) {
        let path = self.words.property(snapshot, module, self.words.filename).and_then(|it| joined(snapshot, &self.words, it));
        let exports = self.words.property(snapshot, module, self.words.exports);
        if let (Some(path), Some(exports)) = (path, exports) {
            let path = super::path_of(&path);
            self.exports.entry(path).or_default().push(exports);
        }
    }

    /// A variable in the nearest scope around a closure that has one of this name, its module's included. `None` if there
    /// is none, or it is a small integer that the snapshot does not show.
    pub fn variable(&self, snapshot: &Snapshot, closure: NodeIx, name: &str) -> Option<NodeIx> {
        let ix = snapshot.string_ix(name)?;
        self.chain(snapshot, closure).find_map(|scope| self.in_scope(snapshot, scope, ix, name))
    }

    /// Variables of a name in the nearest scopes around some closures, each once.
    pub fn variables(&self, snapshot: &Snapshot, closures: impl IntoIterator<Item = NodeIx>, name: &str) -> Vec<NodeIx> {
        let Some(ix) = snapshot.string_ix(name) else { return Vec::new() };
        let mut answers: FxHashMap<NodeIx, Option<NodeIx>> = FxHashMap::default();
        let mut found = Vec::new();
        for closure in closures {
            let mut passed = Vec::new();
            let mut answer = None;
            for scope in self.chain(snapshot, closure) {
                if let Some(known) = answers.get(&scope) {
                    answer = *known;
                    break;
                }
                passed.push(scope);
                answer = self.in_scope(snapshot, scope, ix, name);
                if answer.is_some() {
                    break;
                }
            }
            answers.extend(passed.into_iter().map(|it| (it, answer)));
            found.extend(answer);
        }
        distinct(found)
    }

    /// What a variable of a module's top level holds, once per time that the module was loaded: captured variables, exported
    /// ones by their local name, in CommonJS else what is exported under the name, and in scripts without module what the
    /// script declares. Bundled modules are functions: ask for the variable around one of their closures.
    pub fn module_variables(&self, snapshot: &Snapshot, sites: &Sites, path: &str, name: &str) -> Vec<NodeIx> {
        let Some(ix) = snapshot.string_ix(name) else { return Vec::new() };
        let of = |scopes: &FxHashMap<ScriptIx, Vec<NodeIx>>| {
            let all = sites.scripts_of(path).iter().filter_map(|it| scopes.get(it)).flatten();
            distinct(all.filter_map(|scope| self.in_scope(snapshot, *scope, ix, name)).collect())
        };
        let exported = || {
            let all = self.exports.get(path).into_iter().flatten();
            distinct(all.filter_map(|it| properties::follow(snapshot, sites, *it, name)).collect())
        };
        let declared = || {
            // A script that is no module: its functions have no scope of their own around them.
            let is_script = sites.scripts_of(path).iter().any(|it| !self.modules.contains_key(it));
            let all = self.scripts.iter().filter(|_| is_script);
            distinct(all.filter_map(|scope| self.in_scope(snapshot, *scope, ix, name)).collect())
        };
        let found = [of(&self.modules)].into_iter().find(|it| !it.is_empty());
        let found = found.or_else(|| Some(exported()).filter(|it| !it.is_empty()));
        let found = found.or_else(|| Some(declared()).filter(|it| !it.is_empty()));
        found.unwrap_or_default()
    }

    /// What a CommonJS module exports: `module.exports`, once per time that it was loaded.
    pub fn module_exports(&self, path: &str) -> &[NodeIx] {
        self.exports.get(path).map_or(&[], Vec::as_slice)
    }

    /// A property of the global object, or a script's `let`, `const` or `class`.
    pub fn global(&self, snapshot: &Snapshot, sites: &Sites, name: &str) -> Option<NodeIx> {
        let own = self.globals.iter().find_map(|it| properties::follow(snapshot, sites, *it, name));
        let ix = snapshot.string_ix(name)?;
        own.or_else(|| self.scripts.iter().find_map(|it| self.in_scope(snapshot, *it, ix, name)))
    }

    /// The scopes around a closure from the inside out, its module's last.
    fn chain<'s>(&'s self, snapshot: &'s Snapshot, closure: NodeIx) -> impl Iterator<Item = NodeIx> + use<'s> {
        let first = self.scope_of(snapshot, closure);
        std::iter::successors(first, move |scope| self.outer(snapshot, *scope)).take(NESTING)
    }

    fn scope_of(&self, snapshot: &Snapshot, closure: NodeIx) -> Option<NodeIx> {
        self.words.internal(snapshot, closure, self.words.context).filter(|it| self.is_scope(snapshot, *it))
    }

    fn outer(&self, snapshot: &Snapshot, scope: NodeIx) -> Option<NodeIx> {
        self.words.internal(snapshot, scope, self.words.previous).filter(|it| self.is_scope(snapshot, *it))
    }

    fn is_scope(&self, snapshot: &Snapshot, node: NodeIx) -> bool {
        Some(snapshot.name_ix(node)) == self.words.context_node && !snapshot.kind(node).is_string()
    }

    /// A variable of one scope: a captured one, or one that its module exports.
    fn in_scope(&self, snapshot: &Snapshot, scope: NodeIx, ix: StringIx, name: &str) -> Option<NodeIx> {
        let found = snapshot.held(scope, EdgeKind::Context, Some(ix)).or_else(|| self.exported(snapshot, scope, ix, name));
        properties::value(snapshot, &self.words, found?)
    }

    /// The cell of an exported variable: ESM keeps those outside the scope, in a table of the module by exported name.
    fn exported(&self, snapshot: &Snapshot, scope: NodeIx, ix: StringIx, name: &str) -> Option<NodeIx> {
        let module = self.words.internal(snapshot, scope, self.words.extension)?;
        if Some(snapshot.name_ix(module)) != self.words.text_module {
            return None;
        }
        let names = self.exported_names(snapshot, scope, ix);
        let tables = snapshot.edges(module).filter(|it| it.kind == EdgeKind::Hidden && it.name == EdgeName::Index(0));
        let cells =
            tables.flat_map(|it| cells(snapshot, it.to)).filter(|it| self.words.is_named(snapshot, it.1, &[self.words.cell]));
        let mut cells = cells.filter(|it| snapshot.kind(it.0).is_string());
        // `export default` of an expression has no local name.
        let is_it = |key: NodeIx| match &names {
            Some(names) if name != "default" => names.contains(&snapshot.name_ix(key)),
            _ => snapshot.name_is(key, name),
        };
        cells.find(|it| is_it(it.0)).map(|it| it.1)
    }

    /// The names under which a module exports a variable, from what its scope says about it: triples of local name, number of
    /// the cell, exported names. `None` if it says nothing.
    fn exported_names(&self, snapshot: &Snapshot, scope: NodeIx, ix: StringIx) -> Option<Vec<StringIx>> {
        let info = self.words.internal(snapshot, scope, self.words.scope_info)?;
        let arrays = |node: NodeIx| snapshot.edges(node).map(|it| it.to).filter(|it| snapshot.kind(*it) == NodeKind::Array);
        let mut says = None;
        for exports in arrays(info).flat_map(arrays) {
            let slots = indexed(snapshot, exports);
            let locals = slots.iter().filter(|it| it.0 % 3 == 0 && snapshot.kind(it.1).is_string());
            for (at, local) in locals {
                let names = slots.iter().find(|it| it.0 == at + 2).filter(|it| snapshot.kind(it.1) == NodeKind::Array);
                let Some((_, names)) = names else { continue };
                if snapshot.name_ix(*local) == ix {
                    return Some(indexed(snapshot, *names).into_iter().map(|it| snapshot.name_ix(it.1)).collect());
                }
                says = Some(Vec::new());
            }
        }
        says
    }
}

/// A path, which V8 may not have joined yet. `None` if a part of it is not known.
fn joined(snapshot: &Snapshot, words: &Words, text: NodeIx) -> Option<String> {
    let mut open = vec![text];
    let mut out = String::new();
    while let Some(node) = open.pop() {
        match snapshot.kind(node) {
            NodeKind::String => out.push_str(&snapshot.name(node)),
            NodeKind::ConsString => {
                let parts = [words.second, words.first].map(|it| words.internal(snapshot, node, it));
                open.extend(parts.into_iter().flatten());
            }
            _ => return None,
        }
        if out.len() > PATH_LIMIT || open.len() > PATH_LIMIT {
            return None;
        }
    }
    Some(out)
}

/// What an array of V8's holds, by index.
fn indexed(snapshot: &Snapshot, array: NodeIx) -> Vec<(u32, NodeIx)> {
    let edges = snapshot.edges(array).filter(|it| it.kind == EdgeKind::Internal);
    edges.filter_map(|it| Some((snapshot.edge_name(it).parse().ok()?, it.to))).collect()
}

/// Neighbours in an array of V8's: keys and values of a table.
fn cells(snapshot: &Snapshot, table: NodeIx) -> Vec<(NodeIx, NodeIx)> {
    let slots = indexed(snapshot, table);
    slots.windows(2).filter(|it| it[1].0 == it[0].0 + 1).map(|it| (it[0].1, it[1].1)).collect()
}

/// Each once, by place.
fn distinct(mut nodes: Vec<NodeIx>) -> Vec<NodeIx> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
