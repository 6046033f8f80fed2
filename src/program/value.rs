//! What an expression evaluates to, as far as linking needs it: a function, a class, an object of a known shape, an
//! instance of a modelled type, something outside. One best answer, never a guess: what cannot be told is `Unknown`.

use super::depth::Depth;
use super::kept::Kept;
use super::paths::PathIx;
use super::refs::{BindingRef, ExprRef, FnRef, Shape};
use super::tables::{Base, this_function};
use super::{MAX_DEPTH, Program};
use crate::facts::{BindingKind, ClassId, Expr, ExprId, FunctionKind, LogicalOp, MemberKind, Name, Sym, TypeId};
use crate::rulebook::{CallModel, Part, TypeIx};
use crate::text::FileId;

/// A value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// Cannot be told.
    Unknown,
    /// Something of a package or platform that is not modelled.
    Outside,
    /// Something modelled.
    Path(PathIx),
    /// An instance of a modelled type.
    Instance(TypeIx),
    /// A function of the program.
    Function(FnRef),
    /// A class of the program, itself.
    Class(Shape),
    /// An instance of a shape.
    Object(Shape),
    /// The namespace of a file.
    Module(FileId),
}

impl Value {
    /// Whether anything is known.
    pub fn is_known(self) -> bool {
        !matches!(self, Value::Unknown | Value::Outside)
    }
}

/// Questions from less deep than this are answered as if from here.
const KEPT_DEPTH: u32 = 6;

impl<'a> Program<'a> {
    /// Evaluates an expression.
    pub fn eval(&self, expr: ExprRef) -> Value {
        self.eval_deep(expr, Depth::TOP)
    }

    pub(super) fn eval_deep(&self, expr: ExprRef, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let facts = self.facts(expr.file());
        let next = |id: ExprId| self.eval_deep(expr.with(id), depth + 1);
        match facts.expr(expr.id) {
            Expr::Ident(id) => self.binding_value(BindingRef { file: expr.file(), id }, depth + 1),
            Expr::Free(name) => self.free_value(expr.file(), name, depth + 1),
            Expr::This => self.this_value(expr.within),
            Expr::Member(object, name) => {
                if self.is_module_exports(expr.file(), object, name) {
                    return self.required_of(expr.file(), depth + 1);
                }
                if self.is_global_object(expr.file(), object) {
                    return self.free_value(expr.file(), name, depth + 1);
                }
                let object = next(object);
                self.member_value(object, facts.sym(name), depth + 1)
            }
            Expr::Call(..) => self.call_value(expr, depth + 1),
            Expr::New(callee, _) => match next(callee) {
                Value::Class(shape) => Value::Object(shape),
                Value::Function(f) => Value::Object(Shape::Constructor(f.file, f.id)),
                Value::Path(path) => self.paths.ty(path).map_or(Value::Outside, Value::Instance),
                other => other,
            },
            Expr::ImportCall(specifier) => match facts.expr(specifier) {
                Expr::Str(name) => self.module_value(expr.file(), name, depth + 1),
                _ => Value::Unknown,
            },
            Expr::Function(id) => Value::Function(FnRef { file: expr.file(), id }),
            Expr::Class(id) => Value::Class(Shape::Class(expr.file(), id)),
            Expr::Object { .. } => Value::Object(Shape::Literal(expr.file(), expr.id)),
            Expr::Array(_) => self.type_named("Array"),
            Expr::Str(_) | Expr::Template(_) => self.type_named("String"),
            Expr::Assign(_, _, value) | Expr::Await(value) => next(value),
            Expr::Logical(LogicalOp::And, _, right) => next(right),
            Expr::Logical(_, left, right) => match next(left) {
                Value::Unknown => next(right),
                value => value,
            },
            Expr::Choice(parts) => {
                [1, 2].iter().filter_map(|&i| facts.item(parts, i)).map(next).find(|it| it.is_known()).unwrap_or(Value::Unknown)
            }
            Expr::Sequence(parts) => {
                let n = facts.list(parts).len();
                facts.item(parts, n.saturating_sub(1)).map_or(Value::Unknown, next)
            }
            Expr::Param(f, n) => self.param_value(FnRef { file: expr.file(), id: f }, n, depth + 1),
            Expr::ElementOf(list) => self.element_value(expr.with(list), depth + 1),
            _ => Value::Unknown,
        }
    }

    fn free_value(&self, file: FileId, name: Name, depth: Depth<'_>) -> Value {
        let sym = self.facts(file).sym(name);
        let words = &self.words;
        if sym == words.module || sym == words.exports {
            return if sym == words.exports { Value::Module(file) } else { Value::Unknown };
        }
        self.paths.global(sym).map_or_else(|| self.global_value(sym, depth), Value::Path)
    }

    /// What the program assigns to a global of its own.
    fn global_value(&self, name: Sym, depth: Depth<'_>) -> Value {
        let writes = self.tables.globals.get(&name).map_or(&[][..], Vec::as_slice);
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        writes.iter().take(4).map(|it| self.eval_deep(it.value, depth + 2)).find(|it| it.is_known()).unwrap_or(Value::Unknown)
    }

    /// `global`, `globalThis`, `window`, `self`.
    pub(super) fn is_global_object(&self, file: FileId, id: ExprId) -> bool {
        let facts = self.facts(file);
        let words = &self.words;
        matches!(facts.expr(id), Expr::Free(name) if [words.global, words.global_this, words.window, words.self_].contains(&facts.sym(name)))
    }

    fn is_module_exports(&self, file: FileId, object: ExprId, name: Name) -> bool {
        let facts = self.facts(file);
        facts.sym(name) == self.words.exports
            && matches!(facts.expr(object), Expr::Free(it) if facts.sym(it) == self.words.module)
    }

    fn required_of(&self, file: FileId, depth: Depth<'_>) -> Value {
        let deeper = depth + 1;
        match self.find_export(file, self.words.entry, depth) {
            Some(super::modules::Exported::Expr(expr)) if deeper <= MAX_DEPTH => self.eval_deep(expr, deeper),
            _ => Value::Module(file),
        }
    }

    /// The shape that `this` is an instance of.
    pub(super) fn this_value(&self, within: FnRef) -> Value {
        let facts = self.facts(within.file);
        let id = this_function(facts, within.id);
        let function = &facts.functions[id.index()];
        let f = FnRef { file: within.file, id };
        if let Some(class) = function.class.get() {
            let shape = Shape::Class(within.file, class);
            return if function.is_static { Value::Class(shape) } else { Value::Object(shape) };
        }
        if function.kind == FunctionKind::Module {
            return Value::Module(within.file);
        }
        if let Some(&shape) = self.tables.this_of.get(&f) {
            return Value::Object(shape);
        }
        if self.tables.constructors.contains(&f) || self.looks_like_constructor(f) {
            return Value::Object(Shape::Constructor(f.file, f.id));
        }
        Value::Unknown
    }

    /// A plain function with a capital letter that fills `this`.
    fn looks_like_constructor(&self, f: FnRef) -> bool {
        let facts = self.facts(f.file);
        let function = &facts.functions[f.id.index()];
        function.kind == FunctionKind::Plain
            && function.uses_this
            && facts.text(function.name).chars().next().is_some_and(char::is_uppercase)
    }

    /// The value of a binding: how it was declared, else what is assigned to it, else its declared type.
    pub(super) fn binding_value(&self, binding: BindingRef, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let facts = self.facts(binding.file);
        let values = self.values[binding.file.index()].get_or_init(|| Kept::of(facts.bindings.len()));
        // From one fixed depth, so that who asks first does not decide where the limit cuts.
        let from = if depth < KEPT_DEPTH { Depth::of(KEPT_DEPTH) } else { depth };
        values.get_or_find(binding.id, from, |depth| self.fresh_binding_value(binding, depth))
    }

    fn fresh_binding_value(&self, binding: BindingRef, depth: Depth<'_>) -> Value {
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        let within = FnRef { file: binding.file, id: it.function };
        match it.kind {
            BindingKind::Import(import) => return self.import_value(binding.file, import, depth + 1),
            BindingKind::Function(id) => return Value::Function(FnRef { file: binding.file, id }),
            BindingKind::Class(id) => return Value::Class(Shape::Class(binding.file, id)),
            BindingKind::Param(n) if it.init == ExprId::NONE => return self.param_value(within, n, depth + 1),
            _ => {}
        }
        // An empty default says nothing of what is passed.
        let is_default = |init| self.is_whole_param(binding) && matches!(facts.expr(init), Expr::Object { count: 0, .. });
        if let Some(init) = it.init.get().filter(|init| !is_default(*init)) {
            let value = self.eval_deep(ExprRef::new(within, init), depth + 1);
            if value != Value::Unknown {
                return value;
            }
        }
        if let BindingKind::Param(n) = it.kind
            && self.is_whole_param(binding)
        {
            return self.param_value(within, n, depth + 1);
        }
        let declared = self.type_value(binding.file, it.ty, depth + 1);
        if declared != Value::Unknown || it.writes == 0 {
            return declared;
        }
        let writes = self.tables.writes.get(&binding).map_or(&[][..], Vec::as_slice);
        writes.iter().take(4).map(|it| self.eval_deep(it.value, depth + 2)).find(|it| it.is_known()).unwrap_or(Value::Unknown)
    }

    /// The value of a parameter: its declared type, what callbacks of known APIs receive, what call sites pass.
    pub(super) fn param_value(&self, f: FnRef, n: u16, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let facts = self.facts(f.file);
        if let Some(param) = facts.params(f.id).get(n as usize) {
            if param.rest {
                return self.type_named("Array");
            }
            let declared = self.type_value(f.file, param.ty, depth + 1);
            if declared.is_known() {
                return declared;
            }
        }
        depth.ask_calls();
        if let Some(&ty) = self.param_types.get(&(f, n)) {
            return Value::Instance(ty);
        }
        self.args(f, n)
            .iter()
            .take(4)
            .map(|it| self.eval_deep(it.value, depth + 2))
            .find(|it| it.is_known())
            .unwrap_or(Value::Unknown)
    }

    /// The value that a type annotation promises.
    pub(super) fn type_value(&self, file: FileId, ty: TypeId, depth: Depth<'_>) -> Value {
        let Some(ty) = ty.get() else { return Value::Unknown };
        let facts = self.facts(file);
        let ty = facts.types[ty.index()];
        let (first, rest) = match if ty.qualified { facts.text(ty.name).split_once('.') } else { None } {
            Some((first, rest)) => (Sym::of(first), rest),
            None => (facts.sym(ty.name), ""),
        };
        let mut value = match ty.binding.get() {
            Some(id) => self.binding_value(BindingRef { file, id }, depth + 1),
            None => self.paths.global(first).map_or(Value::Unknown, Value::Path),
        };
        for member in rest.split('.').filter(|it| !it.is_empty()) {
            value = self.member_value(value, Sym::of(member), depth + 1);
        }
        match value {
            Value::Class(shape) => Value::Object(shape),
            Value::Path(path) => self.paths.ty(path).map_or(Value::Unknown, Value::Instance),
            _ => Value::Unknown,
        }
    }

    /// The value of `object.name`.
    pub(super) fn member_value(&self, object: Value, name: Sym, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        match object {
            Value::Path(path) => match self.paths.member(path, name) {
                Some(member) => Value::Path(member),
                None if name == self.words.default => object,
                None => self.paths.value(path).map_or(Value::Outside, |ty| self.type_member(ty, name)),
            },
            Value::Instance(ty) => self.type_member(ty, name),
            Value::Module(file) => self.export_value(file, name, depth + 1),
            Value::Object(shape) => self.object_member(shape, name, depth + 1),
            Value::Class(shape) => self.static_member(shape, name, depth + 1),
            Value::Function(f) => self.static_member(Shape::Constructor(f.file, f.id), name, depth + 1),
            Value::Outside => Value::Outside,
            Value::Unknown => Value::Unknown,
        }
    }

    fn type_member(&self, ty: TypeIx, name: Sym) -> Value {
        let member = |name| self.type_members.get(&(ty, name));
        let Some(model) = member(name).or_else(|| member(self.words.any)) else { return Value::Unknown };
        model.map_or(Value::Unknown, Value::Instance)
    }

    fn static_member(&self, shape: Shape, name: Sym, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        if let Shape::Class(file, class) = shape {
            let facts = self.facts(file);
            if let Some(member) = facts.members(class).iter().find(|it| it.is_static && facts.sym(it.name) == name) {
                if member.kind == MemberKind::Method {
                    return Value::Function(FnRef { file, id: member.function });
                }
                let declared = self.type_value(file, member.ty, depth + 1);
                if declared.is_known() {
                    return declared;
                }
            }
        }
        let writes = self.tables.statics.get(&(shape, name)).map_or(&[][..], Vec::as_slice);
        let own = writes.iter().take(4).map(|it| self.eval_deep(it.value, depth + 2)).find(|it| it.is_known());
        match (own, self.tables.bases.get(&shape)) {
            (Some(value), _) => value,
            (None, Some(Base::Shape(base))) => self.static_member(*base, name, depth + 1),
            _ => Value::Unknown,
        }
    }

    /// A method, getter or field of an instance, its own or inherited.
    fn object_member(&self, shape: Shape, name: Sym, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        if let Some(&f) = self.tables.methods.get(&(shape, name)) {
            return Value::Function(f);
        }
        let field = self.field_value(shape, name, depth + 1);
        if field != Value::Unknown {
            return field;
        }
        match (self.tables.bases.get(&shape), shape) {
            (Some(Base::Shape(base)), _) => self.object_member(*base, name, depth + 1),
            (Some(Base::Type(ty)), _) => self.type_member(*ty, name),
            (_, Shape::Literal(file, id)) => self.spread_member(file, id, name, depth + 1),
            _ => Value::Unknown,
        }
    }

    fn field_value(&self, shape: Shape, name: Sym, depth: Depth<'_>) -> Value {
        match shape {
            Shape::Class(file, _) => {
                if let Some(&ty) = self.tables.declared.get(&(shape, name)) {
                    let value = self.type_value(file, ty, depth + 1);
                    if value.is_known() {
                        return value;
                    }
                }
                if let Some((f, n)) = self.param_field(shape, name) {
                    return self.param_value(f, n, depth + 1);
                }
            }
            Shape::Literal(file, id) => {
                let facts = self.facts(file);
                let property = facts.properties(facts.expr(id)).iter().find(|it| facts.sym(it.name) == name);
                if let Some(property) = property {
                    let within = self.evaluator(file, id);
                    let value = self.eval_deep(ExprRef::new(within, property.value), depth + 1);
                    if value != Value::Unknown {
                        return value;
                    }
                }
            }
            Shape::Constructor(..) => {}
        }
        let writes = self.tables.fields.get(&(shape, name)).map_or(&[][..], Vec::as_slice);
        writes.iter().take(4).map(|it| self.eval_deep(it.value, depth + 2)).find(|it| it.is_known()).unwrap_or(Value::Unknown)
    }

    /// The constructor's parameter that declares a field: `constructor(private readonly bus: EventEmitter)`.
    pub(super) fn param_field(&self, shape: Shape, name: Sym) -> Option<(FnRef, u16)> {
        self.tables.param_fields.get(&(shape, name)).copied()
    }

    /// The function that evaluates a literal (found by range; only its `this` and parameters depend on it).
    pub fn evaluator(&self, file: FileId, id: ExprId) -> FnRef {
        FnRef { file, id: self.index(file).evaluator(self.facts(file), id) }
    }

    fn element_value(&self, list: ExprRef, depth: Depth<'_>) -> Value {
        let facts = self.facts(list.file());
        if let Expr::Ident(id) = facts.expr(list.id)
            && let Some(ty) = facts.bindings[id.index()].ty.get()
        {
            return self.type_value(list.file(), facts.types[ty.index()].element, depth + 1);
        }
        Value::Unknown
    }

    fn call_value(&self, call: ExprRef, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let facts = self.facts(call.file());
        let Expr::Call(callee, args) = facts.expr(call.id) else { return Value::Unknown };
        if let Expr::Free(name) = facts.expr(callee)
            && facts.sym(name) == self.words.require
        {
            return match facts.item(args, 0).map(|it| facts.expr(it)) {
                Some(Expr::Str(specifier)) => self.module_value(call.file(), specifier, depth + 1),
                _ => Value::Unknown,
            };
        }
        if let Expr::Member(object, name) = facts.expr(callee) {
            let sym = facts.sym(name);
            let receiver = self.eval_deep(call.with(object), depth + 1);
            if let Value::Function(f) = receiver {
                if sym == self.words.bind {
                    return receiver;
                }
                if sym == self.words.call || sym == self.words.apply {
                    return self.returned_value(f, None, depth + 1);
                }
            }
            if sym == self.words.create && matches!(facts.expr(object), Expr::Free(it) if facts.sym(it) == self.words.object) {
                return Value::Object(Shape::Literal(call.file(), call.id));
            }
            if let Some((model, _)) = self.method_model(receiver, sym) {
                return self.modelled_value(call, model, receiver, depth + 1);
            }
            return match self.member_value(receiver, sym, depth + 1) {
                Value::Function(f) => self.returned_value(f, Some(call), depth + 1),
                value if value.is_known() => Value::Unknown,
                value => self.reacted_value(call, receiver, sym, depth + 1).unwrap_or(value),
            };
        }
        match self.eval_deep(call.with(callee), depth + 1) {
            Value::Function(f) => self.returned_value(f, Some(call), depth + 1),
            value @ (Value::Path(_) | Value::Instance(_)) => match self.value_model(value) {
                Some((model, _)) => self.modelled_value(call, model, Value::Unknown, depth + 1),
                None => Value::Outside,
            },
            Value::Outside => Value::Outside,
            _ => Value::Unknown,
        }
    }

    fn modelled_value(&self, call: ExprRef, model: &CallModel, receiver: Value, depth: Depth<'_>) -> Value {
        let facts = self.facts(call.file());
        if let Some(ty) = model.returns.as_ref().and_then(|it| self.rulebook.models.type_at(it)) {
            return Value::Instance(ty);
        }
        let arg = |n| match facts.expr(call.id) {
            Expr::Call(_, args) | Expr::New(_, args) => facts.item(args, n),
            _ => None,
        };
        let passed = match model.passes {
            Some(Part::Receiver) => return receiver,
            Some(Part::Arg0) => arg(0),
            Some(Part::Arg1) => arg(1),
            Some(Part::Arg2) => arg(2),
            _ => None,
        };
        passed.map_or(Value::Outside, |id| self.eval_deep(call.with(id), depth + 1))
    }

    /// What a function returns: the first of its return values that says something. A parameter that it returns is what
    /// this call passes.
    pub(super) fn returned_value(&self, f: FnRef, call: Option<ExprRef>, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        let facts = self.facts(f.file);
        if facts.functions[f.id.index()].is_generator {
            return Value::Unknown;
        }
        let mut outside = Value::Unknown;
        for exit in self.exits(f) {
            let Some(value) = exit.value.get().filter(|_| !exit.is_throw) else { continue };
            if let Expr::Ident(id) = facts.expr(value)
                && let BindingKind::Param(n) = facts.bindings[id.index()].kind
                && facts.bindings[id.index()].function == f.id
                && let Some(arg) = call.and_then(|it| self.argument(it, n as i8))
            {
                return self.eval_deep(arg, depth + 1);
            }
            match self.eval_deep(ExprRef::new(f, value), depth + 1) {
                Value::Unknown => {}
                Value::Outside => outside = Value::Outside,
                value => return value,
            }
        }
        outside
    }

    fn type_named(&self, name: &str) -> Value {
        self.rulebook.models.type_at(name).map_or(Value::Unknown, Value::Instance)
    }

    /// The class's own constructor function, or an inherited one.
    pub fn constructor(&self, shape: Shape) -> Option<FnRef> {
        let mut shape = shape;
        for _ in 0..MAX_DEPTH {
            match shape {
                Shape::Class(file, class) => {
                    let id = self.facts(file).classes[ClassId::index(class)].constructor;
                    if id.get().is_some() {
                        return Some(FnRef { file, id });
                    }
                }
                Shape::Constructor(file, id) => return Some(FnRef { file, id }),
                Shape::Literal(..) => return None,
            }
            match self.tables.bases.get(&shape) {
                Some(Base::Shape(base)) => shape = *base,
                _ => return None,
            }
        }
        None
    }
}

impl Program<'_> {
    /// What a parameter receives.
    pub fn param_value_of(&self, f: FnRef, n: u16) -> Value {
        self.param_value(f, n, Depth::TOP)
    }
}
