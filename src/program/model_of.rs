//! The model that speaks of a call: by the type of its receiver, or by how the receiver is used.

use super::depth::Depth;
use super::refs::{BindingRef, ExprRef, FnRef, Shape};
use super::tables::Base;
use super::value::Value;
use super::{MAX_DEPTH, Program};
use crate::facts::{BindingKind, Expr, ExprId, Sym};
use crate::rulebook::{CallModel, TypeIx};

impl<'a> Program<'a> {
    /// The model of what a call or construction does, with the type of its receiver if it is a method.
    pub fn call_model(&self, call: ExprRef) -> Option<(&'a CallModel, Option<TypeIx>)> {
        let facts = self.facts(call.file());
        match facts.expr(call.id) {
            Expr::Call(callee, _) => {
                if let Expr::Member(object, name) = facts.expr(callee) {
                    let name = facts.sym(name);
                    let value = self.eval(call.with(object));
                    return self.method_model(value, name).or_else(|| self.model_by_use(call, object, value, name));
                }
                self.value_model(self.eval(call.with(callee)))
            }
            Expr::New(callee, _) => match self.eval(call.with(callee)) {
                Value::Path(path) => match self.paths.ty(path) {
                    Some(ty) => Some((&self.rulebook.models.ty(ty).construct, None)),
                    None => self.paths.call(path).map(|it| (it, None)),
                },
                // A class that a call of a library made.
                Value::Instance(ty) => Some((&self.rulebook.models.ty(ty).construct, None)),
                Value::Class(shape) | Value::Object(shape) => {
                    self.model_base(shape).map(|ty| (&self.rulebook.models.ty(ty).construct, None))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The model of calling a value itself.
    pub(super) fn value_model(&self, callee: Value) -> Option<(&'a CallModel, Option<TypeIx>)> {
        let by_type = |ty| self.methods.get(&(ty, self.words.itself)).map(|it| (*it, Some(ty)));
        match callee {
            Value::Path(path) => self.paths.call(path).map(|it| (it, None)).or_else(|| by_type(self.paths.value(path)?)),
            Value::Instance(ty) => by_type(ty),
            _ => None,
        }
    }

    /// What the use of an unknown receiver tells of it: `x.addEventListener("abort", f)` is called on a signal, and
    /// `x.on("error", f)` on an emitter.
    fn model_by_use(&self, call: ExprRef, object: ExprId, value: Value, name: Sym) -> Option<(&'a CallModel, Option<TypeIx>)> {
        let is_module = matches!(value, Value::Path(path) if self.paths.value(path).is_none());
        let is_this = self.facts(call.file()).expr(object) == Expr::This;
        let is_open = !is_this
            && matches!(value, Value::Object(shape) if self.user_method(shape, name).is_none() && self.model_base(shape).is_none());
        // An override of `on` in an emitter of the program passes on to the emitter's own.
        if let Value::Object(shape) = value
            && !is_open
            && [self.words.on, self.words.once].contains(&name)
        {
            return self.method_model(Value::Instance(self.model_base(shape)?), name);
        }
        if value.is_known() && !is_module && !is_open {
            return None;
        }
        let words = &self.words;
        let path = if name == words.add_event_listener && !is_module {
            let event = self.argument(call, 0).and_then(|it| self.constant_text(it));
            (event.as_deref() == Some("abort")).then_some("AbortSignal")?
        } else if [words.on, words.once, words.add_listener].contains(&name) && self.is_registration(call) {
            "node:events#EventEmitter"
        } else {
            return None;
        };
        self.method_model(Value::Instance(self.rulebook.models.type_at(path)?), name)
    }

    /// Whether a call's arguments are an event and a function.
    fn is_registration(&self, call: ExprRef) -> bool {
        let facts = self.facts(call.file());
        let Expr::Call(_, args) = facts.expr(call.id) else { return false };
        let is_event = |id| match facts.expr(id) {
            Expr::Str(_) | Expr::Template(_) | Expr::Binary(..) => true,
            _ => self.constant_text(call.with(id)).is_some(),
        };
        let is_handler = |id| match facts.expr(id) {
            Expr::Function(_) => true,
            Expr::Call(callee, _) => {
                matches!(facts.expr(callee), Expr::Member(_, name) if facts.sym(name) == self.words.bind)
            }
            _ => matches!(self.eval(call.with(id)), Value::Function(_)) || matches!(facts.expr(id), Expr::Member(..)),
        };
        facts.list(args).len() == 2 && facts.item(args, 0).is_some_and(is_event) && facts.item(args, 1).is_some_and(is_handler)
    }

    /// Whether an expression is the namespace or default export of a package.
    pub fn is_package(&self, expr: ExprRef) -> bool {
        let facts = self.facts(expr.file());
        let Expr::Ident(id) = facts.expr(expr.id) else { return false };
        let binding = BindingRef { file: expr.file(), id };
        let it = &facts.bindings[binding.id.index()];
        // What is called is a function, and no emitter.
        let is_called = |site: &crate::facts::Site| matches!(facts.expr(site.expr), Expr::Call(callee, _) | Expr::New(callee, _) if facts.expr(callee) == Expr::Ident(id));
        if facts.sites.iter().any(is_called) {
            return false;
        }
        match it.kind {
            BindingKind::Import(import) => match facts.imports[import as usize].imported {
                crate::facts::Imported::Namespace => true,
                crate::facts::Imported::Name(name) => facts.sym(name) == self.words.default,
                crate::facts::Imported::Effect => false,
            },
            _ => {
                let value = self.binding_value(binding, Depth::TOP);
                matches!(value, Value::Outside | Value::Path(_))
                    && matches!(it.init.get().map(|init| facts.expr(init)), Some(Expr::Call(callee, _)) if matches!(facts.expr(callee), Expr::Free(name) if facts.sym(name) == self.words.require))
            }
        }
    }

    /// Whether the type of a call's receiver is not known, so that only its use tells what the call does.
    pub fn is_known_by_use(&self, receiver: ExprRef) -> bool {
        self.type_of(self.eval(receiver)).is_none()
    }

    /// The model of a method of a value.
    pub fn method_model(&self, object: Value, name: Sym) -> Option<(&'a CallModel, Option<TypeIx>)> {
        let by_type = |ty| self.methods.get(&(ty, name)).map(|it| (*it, Some(ty)));
        match object {
            Value::Path(path) => match self.paths.member(path, name) {
                Some(member) => self.paths.call(member).map(|it| (it, None)).or_else(|| by_type(self.paths.value(path)?)),
                None => by_type(self.paths.value(path)?),
            },
            Value::Instance(ty) => by_type(ty),
            Value::Object(shape) if self.user_method(shape, name).is_none() => by_type(self.model_base(shape)?),
            Value::Function(_) | Value::Class(_) => by_type(self.rulebook.models.type_at("Function")?),
            _ => None,
        }
    }

    /// The method of a shape, inherited ones of the program included.
    pub fn user_method(&self, shape: Shape, name: Sym) -> Option<FnRef> {
        let mut shape = shape;
        for _ in 0..MAX_DEPTH {
            if let Some(&f) = self.tables.methods.get(&(shape, name)) {
                return Some(f);
            }
            match self.tables.bases.get(&shape) {
                Some(Base::Shape(base)) => shape = *base,
                _ => return None,
            }
        }
        None
    }

    /// The modelled type that a shape extends, if any.
    pub fn model_base(&self, shape: Shape) -> Option<TypeIx> {
        let mut shape = shape;
        for _ in 0..MAX_DEPTH {
            match self.tables.bases.get(&shape)? {
                Base::Shape(base) => shape = *base,
                Base::Type(ty) => return Some(*ty),
                Base::Outside => return None,
            }
        }
        None
    }

    /// The modelled type of a value.
    pub fn type_of(&self, value: Value) -> Option<TypeIx> {
        match value {
            Value::Instance(ty) => Some(ty),
            Value::Path(path) => self.paths.value(path),
            Value::Object(shape) => self.model_base(shape),
            _ => None,
        }
    }
}
