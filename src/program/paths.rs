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
        let mut sorted: Vec<_> = models.type_by_path.iter().collect();
        sorted.sort();
        for (path, &ty) in sorted {
            paths.each(path, |node| node.ty = Some(ty));
        }
        for (path, call) in &models.functions {
            paths.each(path, |node| node.call = Some(call));
        }
        for (path, &ty) in &models.values {
            paths.each(path, |node| node.value = Some(ty));
        }
        for (path, decorator) in &models.decorators {
            paths.each(path, |node| node.decorator = Some(decorator));
        }
        paths
    }

    /// A path without `#` may be a global or a module called by its own name: it is entered as both.
    fn each(&mut self, path: &str, mut set: impl FnMut(&mut PathNode<'a>)) {
        let ix = match path.split_once('#') {
            Some((module, members)) => {
                let root = self.module_root(module);
                self.descend(root, members)
            }
            None => {
                let root = self.module_root(path);
                set(&mut self.nodes[root.0 as usize]);
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                let next = PathIx(self.nodes.len() as u32);
                let root = *self.globals.entry(Sym::of(first)).or_insert(next);
                if root == next {
                    self.nodes.push(PathNode::default());
                }
                self.descend(root, rest)
            }
        };
        set(&mut self.nodes[ix.0 as usize]);
        self.by_text.insert(path.to_owned(), ix);
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
