//! Scopes, bindings and references.

use rustc_hash::FxHashMap;

use super::super::{Binding, BindingId, BindingKind, Expr, ExprId, FnId, Name, Scope, ScopeId, TypeId};
use super::Extractor;

/// What is known of bindings before all of them are.
#[derive(Default)]
pub(super) struct Binder {
    /// The last scope inside each scope. Scopes are numbered in order of opening, so the scopes inside one are a range.
    last: Vec<ScopeId>,
    bound: FxHashMap<(ScopeId, Name), BindingId>,
    references: Vec<Reference>,
    /// Identifiers that are assigned to.
    written: Vec<ExprId>,
    pub(super) type_references: Vec<TypeReference>,
    /// Interfaces, type aliases and type parameters: what they stand for, if they name something.
    pub(super) local_types: Vec<LocalType>,
    pub(super) exported_names: Vec<ExportedName>,
}

struct Reference {
    node: ExprId,
    name: Name,
    scope: ScopeId,
}

/// A type annotation whose first name is to be resolved.
pub(super) struct TypeReference {
    pub(super) ty: TypeId,
    pub(super) name: Name,
    pub(super) scope: ScopeId,
}

/// A declared type without a value.
pub(super) struct LocalType {
    pub(super) name: Name,
    pub(super) scope: ScopeId,
    /// The alias's target or the interface's first base.
    pub(super) target: TypeId,
}

/// `export { local as exported }`
pub(super) struct ExportedName {
    pub(super) export: usize,
    pub(super) local: Name,
}

/// A declaration.
pub(super) struct Declaration {
    pub(super) name: Name,
    pub(super) start: u32,
    pub(super) kind: BindingKind,
    pub(super) init: ExprId,
    pub(super) ty: TypeId,
    pub(super) using: bool,
}

impl Declaration {
    /// A declaration that says nothing but a name and its kind.
    pub(super) fn of(name: Name, start: u32, kind: BindingKind) -> Declaration {
        Declaration { name, start, kind, init: ExprId::NONE, ty: TypeId::NONE, using: false }
    }
}

impl Binder {
    pub(super) fn new(bytes: usize) -> Binder {
        let mut binder = Binder::default();
        binder.bound.reserve(bytes / 200);
        binder.references.reserve(bytes / 40);
        binder
    }
}

impl Extractor<'_> {
    /// Opens a scope and moves into it; the caller moves back.
    pub(super) fn open_scope(&mut self) -> ScopeId {
        let id = ScopeId(self.facts.scopes.len() as u32);
        let parent = if id == ScopeId(0) { ScopeId::NONE } else { self.here.scope };
        self.facts.scopes.push(Scope { parent, function: self.here.function });
        self.binder.last.push(id);
        self.here.scope = id;
        id
    }

    /// Notes that no more scopes open inside this one.
    pub(super) fn close_scope(&mut self, scope: ScopeId) {
        self.binder.last[scope.index()] = ScopeId(self.facts.scopes.len() as u32 - 1);
    }

    /// Declares a name. Answers with an older binding of the same scope where the language merges the two; then the
    /// second half is false.
    pub(super) fn declare(&mut self, declaration: Declaration) -> (BindingId, bool) {
        let Declaration { name, start, kind, init, ty, using } = declaration;
        let scope = match kind {
            BindingKind::Var => self.here.hoist,
            BindingKind::Function(_) if !self.facts.is_module => self.here.hoist,
            _ => self.here.scope,
        };
        if let Some(&old) = self.binder.bound.get(&(scope, name)) {
            let binding = &mut self.facts.bindings[old.index()];
            let merged = !matches!(kind, BindingKind::Var | BindingKind::Enum);
            if merged {
                (binding.kind, binding.start) = (kind, start);
            }
            if binding.ty == TypeId::NONE {
                binding.ty = ty;
            }
            return (old, false);
        }
        let id = BindingId(self.facts.bindings.len() as u32);
        let function = self.facts.scopes[scope.index()].function;
        let exported = false;
        self.facts.bindings.push(Binding { name, kind, scope, function, start, init, writes: 0, ty, using, exported });
        self.binder.bound.insert((scope, name), id);
        (id, true)
    }

    /// The binding of a name in exactly this scope.
    pub(super) fn bound_in(&self, scope: ScopeId, name: Name) -> Option<BindingId> {
        self.binder.bound.get(&(scope, name)).copied()
    }

    /// Adds an identifier, to be resolved at the end of the file.
    pub(super) fn reference(&mut self, name: Name, span: swc_common::Span) -> ExprId {
        let node = self.push(Expr::Free(name), span);
        self.binder.references.push(Reference { node, name, scope: self.here.scope });
        node
    }

    /// Notes an assignment to an expression, should it be an identifier.
    pub(super) fn write(&mut self, target: ExprId) {
        if let Expr::Free(_) = self.facts.expr(target) {
            self.binder.written.push(target);
        }
    }

    /// Resolves all references of the file.
    pub(super) fn resolve(&mut self) {
        let index = Index::new(self);
        let references = std::mem::take(&mut self.binder.references);
        for Reference { node, name, scope } in references {
            if let Some(binding) = index.find(name, scope) {
                self.facts.nodes[node.index()].expr = Expr::Ident(binding);
            } else if name == self.known.undefined {
                self.facts.nodes[node.index()].expr = Expr::Undefined;
            }
        }
        for node in std::mem::take(&mut self.binder.written) {
            if let Expr::Ident(binding) = self.facts.expr(node) {
                self.facts.bindings[binding.index()].writes += 1;
            }
        }
        self.resolve_types(&index);
        self.resolve_exports(&index);
    }

    /// Opens the function, region and scope of the module.
    pub(super) fn open_module(&mut self) {
        self.facts.functions.push(super::function::module(self.text.len() as u32));
        self.open_scope();
        self.here.region = super::super::RegionId::NONE;
        self.open_region(super::super::RegionKind::Body, ExprId::NONE, 0);
        debug_assert_eq!(self.here.function, FnId::MODULE);
    }
}

/// All bindings by name and scope.
pub(super) struct Index {
    /// Where each name's bindings start in `bindings`, with one entry more.
    starts: Vec<u32>,
    bindings: Vec<Bound>,
    last: Vec<ScopeId>,
}

#[derive(Clone, Copy)]
struct Bound {
    scope: ScopeId,
    binding: BindingId,
    /// The entry of the same name in the next scope outwards, or `u32::MAX`.
    outer: u32,
}

impl Index {
    fn new(extractor: &mut Extractor) -> Index {
        let last = std::mem::take(&mut extractor.binder.last);
        let entries = extractor.facts.bindings.iter().enumerate();
        let entries = entries.map(|(i, binding)| (binding.name, binding.scope, BindingId(i as u32))).collect();
        Index::of(entries, last, extractor.names.len())
    }

    /// Sorts entries by name, then scope, and links each to the one around it.
    fn of(mut entries: Vec<(Name, ScopeId, BindingId)>, last: Vec<ScopeId>, names: usize) -> Index {
        entries.sort_unstable();
        let mut starts = vec![0; names + 1];
        for &(name, ..) in &entries {
            starts[name.0 as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut bindings: Vec<Bound> = Vec::with_capacity(entries.len());
        for (i, &(name, scope, binding)) in entries.iter().enumerate() {
            let first = starts[name.0 as usize] as usize;
            let mut outer = if i == first { u32::MAX } else { i as u32 - 1 };
            while outer != u32::MAX && last[bindings[outer as usize].scope.index()] < scope {
                outer = bindings[outer as usize].outer;
            }
            bindings.push(Bound { scope, binding, outer });
        }
        Index { starts, bindings, last }
    }

    /// What a name means in a scope.
    pub(super) fn find(&self, name: Name, scope: ScopeId) -> Option<BindingId> {
        let (first, end) = (self.starts[name.0 as usize] as usize, self.starts[name.0 as usize + 1] as usize);
        let behind = first + self.bindings[first..end].partition_point(|bound| bound.scope <= scope);
        let mut at = if behind == first { u32::MAX } else { behind as u32 - 1 };
        while at != u32::MAX {
            let bound = self.bindings[at as usize];
            if scope <= self.last[bound.scope.index()] {
                return Some(bound.binding);
            }
            at = bound.outer;
        }
        None
    }
}

impl Index {
    /// The same for types without a value; the "bindings" found are indexes of the list.
    pub(super) fn of_types(types: &[LocalType], values: &Index, names: usize) -> Index {
        let entries = types.iter().enumerate().map(|(i, ty)| (ty.name, ty.scope, BindingId(i as u32)));
        Index::of(entries.collect(), values.last.clone(), names)
    }
}
