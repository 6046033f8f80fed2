//! The models as a trie over symbols, so that evaluating `http.createServer` needs no strings.

use crate::facts::Sym;
use crate::rulebook::{CallModel, DecoratorModel, Models, TypeIx};
use rustc_hash::FxHashMap;

/// A modelled path: a node of the trie.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PathIx(u32);

#[derive(Debug, Default)]
struct PathNode<'a> {
    children: FxHashMap<Sym, PathIx>,
    call: Option<&'a CallModel>,
    ty: Option<TypeIx>,
    value: Option<TypeIx>,
    decorator: Option<&'a DecoratorModel>,
}

/// All modelled paths.
#[derive(Debug, Default)]
pub struct Paths<'a> {
    nodes: Vec<PathNode<'a>>,
    globals: FxHashMap<Sym, PathIx>,
    modules: FxHashMap<String, PathIx>,
    by_text: FxHashMap<String, PathIx>,
}

impl<'a> Paths<'a> {
    /// The paths of some models.
    pub fn new(models: &'a Models) -> Paths<'a> {
        let mut paths = Paths::default();
        for (path, &ty) in sorted(&models.type_by_path) {
            paths.each(models, path, |node| node.ty = Some(ty));
        }
        for (path, call) in sorted(&models.functions) {
            paths.each(models, path, |node| node.call = Some(call));
        }
        for (path, &ty) in sorted(&models.values) {
            paths.each(models, path, |node| node.value = Some(ty));
        }
        for (path, decorator) in sorted(&models.decorators) {
            paths.each(models, path, |node| node.decorator = Some(decorator));
        }
        paths
    }

    /// A path without `#` is a module called by its own name, a global, or both.
    fn each(&mut self, models: &Models, path: &str, mut set: impl FnMut(&mut PathNode<'a>)) {
        let (module, members) = path.split_once('#').unwrap_or((path, ""));
        let is_module = path.contains('#') || models.may_be_module(path);
        let mut ixs = Vec::new();
        if is_module {
            let root = self.module_root(module);
            ixs.push(self.descend(root, members));
        }
        if !path.contains('#') && models.may_be_global(path) {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            let root = self.global_root(Sym::of(first));
            ixs.push(self.descend(root, rest));
        }
        for ix in &ixs {
            set(&mut self.nodes[ix.0 as usize]);
        }
        if let Some(&ix) = ixs.first() {
            self.by_text.insert(path.to_owned(), ix);
        }
    }

    fn global_root(&mut self, name: Sym) -> PathIx {
        let next = PathIx(self.nodes.len() as u32);
        let root = *self.globals.entry(name).or_insert(next);
        if root == next {
            self.nodes.push(PathNode::default());
        }
        root
    }

    fn module_root(&mut self, module: &str) -> PathIx {
        if let Some(&ix) = self.modules.get(module) {
            return ix;
        }
        let ix = PathIx(self.nodes.len() as u32);
        self.nodes.push(PathNode::default());
        self.modules.insert(module.to_owned(), ix);
        ix
    }

    fn descend(&mut self, mut at: PathIx, members: &str) -> PathIx {
        for member in members.split('.').filter(|it| !it.is_empty() && *it != "default") {
            let next = PathIx(self.nodes.len() as u32);
            let ix = *self.nodes[at.0 as usize].children.entry(Sym::of(member)).or_insert(next);
            if ix == next {
                self.nodes.push(PathNode::default());
            }
            at = ix;
        }
        at
    }

    /// The global of this name.
    pub fn global(&self, name: Sym) -> Option<PathIx> {
        self.globals.get(&name).copied()
    }

    /// The module of this normalized specifier.
    pub fn module(&self, specifier: &str) -> Option<PathIx> {
        self.modules.get(specifier).copied()
    }

    /// The path as the models write it.
    pub fn at(&self, path: &str) -> Option<PathIx> {
        self.by_text.get(path).copied()
    }

    /// A member of a path.
    pub fn member(&self, path: PathIx, name: Sym) -> Option<PathIx> {
        self.nodes[path.0 as usize].children.get(&name).copied()
    }

    /// What calling it does.
    pub fn call(&self, path: PathIx) -> Option<&'a CallModel> {
        self.nodes[path.0 as usize].call
    }

    /// The type that it constructs or names.
    pub fn ty(&self, path: PathIx) -> Option<TypeIx> {
        self.nodes[path.0 as usize].ty
    }

    /// The type of the program-lived value that it is.
    pub fn value(&self, path: PathIx) -> Option<TypeIx> {
        self.nodes[path.0 as usize].value
    }

    /// What it does as a decorator.
    pub fn decorator(&self, path: PathIx) -> Option<&'a DecoratorModel> {
        self.nodes[path.0 as usize].decorator
    }
}

/// Two paths may lead to one node (`keyv` and `keyv#default`): the order decides which model it gets.
fn sorted<T>(map: &FxHashMap<String, T>) -> Vec<(&String, &T)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(path, _)| *path);
    entries
}
