//! Places: where a value lives, under one name for all its aliases.

use super::depth::Depth;
use super::modules::Exported;
use super::refs::{BindingRef, ExprRef, FnRef, Shape};
use super::tables::Base;
use super::value::Value;
use super::{MAX_DEPTH, PathIx, Program};
use crate::facts::{BindingKind, Expr, ExprId, Sym};
use crate::text::FileId;
use smallvec::SmallVec;

/// What a place starts from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Root {
    /// A binding.
    Binding(BindingRef),
    /// An instance of a shape (any: fields are kept per shape).
    Instance(Shape),
    /// A class or constructor function itself.
    Static(Shape),
    /// A global of the program's own.
    Global(Sym),
    /// Something modelled that lives outside.
    Outside(PathIx),
    /// A parameter.
    Param(FnRef, u16),
    /// What an expression makes and no binding is home to.
    Made(FileId, ExprId),
}

/// A place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// What it starts from.
    pub root: Root,
    /// Property names from there; `[]` for an element of a collection.
    pub path: SmallVec<[Sym; 2]>,
}

impl Place {
    /// A root itself.
    pub fn of(root: Root) -> Place {
        Place { root, path: SmallVec::new() }
    }

    /// The place at a path from here.
    pub(super) fn joined(mut self, path: &[Sym]) -> Place {
        self.path.extend_from_slice(path);
        self
    }

    fn join(mut self, name: Sym) -> Place {
        self.path.push(name);
        self
    }
}

impl Program<'_> {
    /// The place of an expression, if it has one.
    pub fn place(&self, expr: ExprRef) -> Option<Place> {
        self.place_deep(expr, Depth::TOP)
    }

    pub(super) fn place_deep(&self, expr: ExprRef, depth: Depth<'_>) -> Option<Place> {
        if depth > MAX_DEPTH {
            return None;
        }
        let facts = self.facts(expr.file());
        let next = |id: ExprId| self.place_deep(expr.with(id), depth + 1);
        match facts.expr(expr.id) {
            Expr::Ident(id) => self.binding_place(BindingRef { file: expr.file(), id }, depth + 1),
            Expr::Free(name) => Some(self.global_place(facts.sym(name))),
            Expr::Member(object, name) if self.is_global_object(expr.file(), object) => Some(self.global_place(facts.sym(name))),
            Expr::This => self.this_place(expr.within),
            Expr::Member(object, name) => self.member_place(expr.with(object), facts.sym(name), depth + 1),
            Expr::Index(object, _) => next(object).map(|it| it.join(self.words.element)),
            Expr::ElementOf(list) => next(self.iterated(expr.file(), list)).map(|it| it.join(self.words.element)),
            Expr::Call(callee, args) => self.call_place(expr, callee, args, depth + 1),
            Expr::Logical(_, left, right) => next(left).or_else(|| next(right)),
            Expr::Choice(parts) => [1, 2].iter().filter_map(|&i| facts.item(parts, i)).find_map(next),
            Expr::Assign(_, target, _) => next(target),
            Expr::Await(value) | Expr::Spread(value) => next(value),
            Expr::Param(f, n) => self.param_place(FnRef { file: expr.file(), id: f }, n, depth + 1),
            Expr::Object { .. } | Expr::Array(_) | Expr::New(..) => Some(self.made_place(expr)),
            _ => None,
        }
    }

    /// `x` of `x.values()`, `Object.values(x)` and `Array.from(x)`: what a loop over them goes through.
    fn iterated(&self, file: FileId, list: ExprId) -> ExprId {
        let facts = self.facts(file);
        let Expr::Call(callee, args) = facts.expr(list) else { return list };
        let Expr::Member(object, name) = facts.expr(callee) else { return list };
        let is_global = |name| matches!(facts.expr(object), Expr::Free(it) if facts.text(it) == name);
        match (facts.text(name), facts.item(args, 0)) {
            ("values", None) => object,
            ("values", Some(of)) if is_global("Object") => of,
            ("from", Some(of)) if is_global("Array") => self.iterated(file, of),
            _ => list,
        }
    }

    fn global_place(&self, name: Sym) -> Place {
        Place::of(self.paths.global(name).map_or(Root::Global(name), Root::Outside))
    }

    fn made_place(&self, expr: ExprRef) -> Place {
        match self.tables.home.get(&(expr.file(), expr.id)) {
            Some(&home) => Place::of(Root::Binding(home)),
            None => Place::of(Root::Made(expr.file(), expr.id)),
        }
    }

    fn this_place(&self, within: FnRef) -> Option<Place> {
        match self.eval_this(within) {
            Value::Object(shape) => Some(self.shape_place(shape)),
            Value::Class(shape) => Some(Place::of(Root::Static(shape))),
            _ => None,
        }
    }

    /// The place that stands for an instance of a shape: for a literal, the literal itself.
    pub fn shape_place(&self, shape: Shape) -> Place {
        match shape {
            Shape::Literal(file, id) => match self.tables.home.get(&(file, id)) {
                Some(&home) => Place::of(Root::Binding(home)),
                None => Place::of(Root::Made(file, id)),
            },
            shape => Place::of(Root::Instance(shape)),
        }
    }

    pub(super) fn binding_place(&self, binding: BindingRef, depth: Depth<'_>) -> Option<Place> {
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        let own = Place::of(Root::Binding(binding));
        match it.kind {
            BindingKind::Import(import) => return Some(self.import_place(binding, import, depth).unwrap_or(own)),
            BindingKind::Class(id) => return Some(Place::of(Root::Static(Shape::Class(binding.file, id)))),
            BindingKind::Function(id) => return Some(Place::of(Root::Static(Shape::Constructor(binding.file, id)))),
            BindingKind::Param(n) if self.is_whole_param(binding) => {
                return self.param_place(FnRef { file: binding.file, id: it.function }, n, depth);
            }
            _ => {}
        }
        let Some(init) = it.init.get().filter(|_| it.writes == 0) else {
            return Some(self.filled_element(binding, depth).unwrap_or(own));
        };
        let init = ExprRef::new(FnRef { file: binding.file, id: it.function }, init);
        let alias = match facts.expr(init.id) {
            Expr::Object { .. } | Expr::Array(_) | Expr::New(..) | Expr::Choice(_) => None,
            _ => self.place_deep(init, depth + 1),
        };
        Some(alias.unwrap_or(own))
    }

    /// A parameter by its own name, with a default or without, and no part of a pattern.
    pub fn is_whole_param(&self, binding: BindingRef) -> bool {
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        let BindingKind::Param(n) = it.kind else { return false };
        facts.params(it.function).get(n as usize).is_some_and(|it| it.binding == binding.id)
    }

    fn import_place(&self, binding: BindingRef, import: u32, depth: Depth<'_>) -> Option<Place> {
        let facts = self.facts(binding.file);
        let import = facts.imports[import as usize];
        if let (super::Target::File(file), crate::facts::Imported::Name(name)) =
            (self.target(binding.file, import.module), import.imported)
        {
            return self.export_place(*file, facts.sym(name), depth + 1);
        }
        match self.binding_value(binding, depth + 1) {
            Value::Path(path) => Some(Place::of(Root::Outside(path))),
            _ => None,
        }
    }

    fn export_place(&self, file: FileId, name: Sym, depth: Depth<'_>) -> Option<Place> {
        if depth > MAX_DEPTH {
            return None;
        }
        let exported = self.find_export(file, name, depth);
        match exported {
            Some(Exported::Binding(binding)) => self.binding_place(binding, depth + 1),
            Some(Exported::Expr(expr)) => self.place_deep(expr, depth + 1),
            Some(Exported::Module(_)) => None,
            None if name == self.words.entry => None,
            None => {
                let whole = self.find_export(file, self.words.entry, depth)?;
                let Exported::Expr(whole) = whole else { return None };
                if name == self.words.default {
                    return self.place_deep(whole, depth + 1);
                }
                self.member_place(whole, name, depth + 1)
            }
        }
    }

    /// A parameter is what call sites pass, when they agree; an element, when a collection's method passes it.
    fn param_place(&self, f: FnRef, n: u16, depth: Depth<'_>) -> Option<Place> {
        let own = Place::of(Root::Param(f, n));
        if depth > MAX_DEPTH / 2 {
            return Some(own);
        }
        let args = self.args(f, n);
        if args.is_empty() {
            return Some(self.element_param(f, n, depth).unwrap_or(own));
        }
        if self.callers(f).any(|edge| matches!(edge.how, super::How::Callback { .. })) {
            return Some(own);
        }
        // They cannot agree if one has no place.
        if args.iter().any(|arg| !has_place(self.facts(arg.value.file()).expr(arg.value.id))) {
            return Some(own);
        }
        let mut found: Option<Place> = None;
        for arg in args {
            let place = self.place_deep(arg.value, depth + 4);
            match (place, &found) {
                (Some(place), None) => found = Some(place),
                (Some(place), Some(it)) if place == *it => {}
                _ => return Some(own),
            }
        }
        Some(found.unwrap_or(own))
    }

    fn element_param(&self, f: FnRef, n: u16, depth: Depth<'_>) -> Option<Place> {
        let edge = self
            .callers(f)
            .find(|edge| matches!(edge.how, super::How::Callback { recurs: crate::rulebook::Recurrence::Now, .. }))?;
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return None };
        let Expr::Member(object, _) = facts.expr(callee) else { return None };
        if n > 1 {
            return None;
        }
        let collection = edge.site.expr.with(object);
        // `Object.values(x).forEach(...)`, `[...x].map(...)`, `Array.from(x)`: elements of `x`.
        let inner = match facts.expr(object) {
            Expr::Call(_, args) => facts.item(args, 0).map_or(collection, |id| collection.with(id)),
            Expr::Array(items) => facts.item(items, 0).map_or(collection, |id| collection.with(id)),
            _ => collection,
        };
        self.place_deep(inner, depth + 1).map(|it| it.join(self.words.element))
    }

    pub(super) fn member_place(&self, object: ExprRef, name: Sym, depth: Depth<'_>) -> Option<Place> {
        match self.eval_deep(object, depth + 1) {
            Value::Object(shape @ Shape::Literal(..)) => {
                Some(self.named_by_property(shape, name, depth + 1).unwrap_or_else(|| self.shape_place(shape).join(name)))
            }
            Value::Object(shape) => Some(Place::of(Root::Instance(self.owner_of(shape, name))).join(name)),
            Value::Class(shape) => Some(Place::of(Root::Static(shape)).join(name)),
            Value::Function(f) => Some(Place::of(Root::Static(Shape::Constructor(f.file, f.id))).join(name)),
            Value::Module(file) => self.export_place(file, name, depth + 1),
            Value::Path(path) => Some(match self.paths.member(path, name) {
                Some(member) => Place::of(Root::Outside(member)),
                None => Place::of(Root::Outside(path)).join(name),
            }),
            _ => self.place_deep(object, depth + 1).map(|it| it.join(name)),
        }
    }

    /// The shape that declares a field: the topmost one that writes it.
    fn owner_of(&self, shape: Shape, name: Sym) -> Shape {
        let (mut owner, mut at) = (shape, shape);
        for _ in 0..MAX_DEPTH {
            let Some(Base::Shape(base)) = self.tables.bases.get(&at) else { break };
            at = *base;
            if self.declares(at, name) {
                owner = at;
            }
        }
        owner
    }

    fn declares(&self, shape: Shape, name: Sym) -> bool {
        let member = match shape {
            Shape::Class(file, class) => {
                let facts = self.facts(file);
                facts.members(class).iter().any(|it| facts.sym(it.name) == name)
            }
            _ => false,
        };
        member || self.tables.fields.contains_key(&(shape, name))
    }

    /// The file that a `require` call leads to.
    fn required_file(&self, call: ExprRef) -> Option<FileId> {
        let facts = self.facts(call.file());
        let Expr::Call(callee, args) = facts.expr(call.id) else { return None };
        let (Expr::Free(name), Some(Expr::Str(specifier))) = (facts.expr(callee), facts.item(args, 0).map(|it| facts.expr(it)))
        else {
            return None;
        };
        match self.target(call.file(), specifier) {
            super::Target::File(file) if facts.sym(name) == self.words.require => Some(*file),
            _ => None,
        }
    }

    /// `m.get(k)` is an element; a getter function is the place that it returns.
    fn call_place(&self, call: ExprRef, callee: ExprId, _args: crate::facts::ListId, depth: Depth<'_>) -> Option<Place> {
        let facts = self.facts(call.file());
        if let Some(file) = self.required_file(call) {
            return self.export_place(file, self.words.entry, depth + 1);
        }
        if let Expr::Member(object, name) = facts.expr(callee) {
            let sym = facts.sym(name);
            let receiver = self.eval_deep(call.with(object), depth + 1);
            if sym == self.words.get
                && !matches!(receiver, Value::Path(_))
                && !matches!(receiver, Value::Object(it) if self.user_method(it, sym).is_some())
            {
                return self.place_deep(call.with(object), depth + 1).map(|it| it.join(self.words.element));
            }
            if let Some((model, _)) = self.method_model(receiver, sym) {
                return match model.passes {
                    Some(crate::rulebook::Part::Receiver) => self.place_deep(call.with(object), depth + 1),
                    _ => None,
                };
            }
        }
        let f = match self.eval_deep(call.with(callee), depth + 1) {
            Value::Function(f) => f,
            _ => return None,
        };
        let mut found = None;
        for exit in self.exits(f).filter(|it| !it.is_throw) {
            let Some(value) = exit.value.get() else { continue };
            let place = self.place_deep(ExprRef::new(f, value), depth + 2);
            match (place, &found) {
                // What is made in the callee, or came in by a parameter, is no fixed place.
                (Some(Place { root: Root::Made(..) | Root::Param(..), .. }) | None, _) => return None,
                (Some(place), None) => found = Some(place),
                (Some(place), Some(it)) if place == *it => {}
                _ => return None,
            }
        }
        found.filter(|it| !matches!(it.root, Root::Binding(b) if self.facts(b.file).bindings[b.id.index()].function == f.id && !f.is_module()))
    }
}

/// Whether an expression of this kind may have a place.
fn has_place(expr: Expr) -> bool {
    let is_named = matches!(expr, Expr::Ident(_) | Expr::Free(_) | Expr::This | Expr::Param(..));
    let is_made = matches!(expr, Expr::Object { .. } | Expr::Array(_) | Expr::New(..));
    let is_part = matches!(expr, Expr::Member(..) | Expr::Index(..) | Expr::ElementOf(_) | Expr::Call(..));
    let is_one_of = matches!(expr, Expr::Logical(..) | Expr::Choice(_) | Expr::Assign(..) | Expr::Await(_) | Expr::Spread(_));
    is_named || is_made || is_part || is_one_of
}
