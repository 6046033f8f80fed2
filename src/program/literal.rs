//! Object literals that gather what other objects and bindings hold: shorthand properties, spreads, `Object.assign`.

use super::depth::Depth;
use super::refs::{ExprRef, Shape};
use super::value::Value;
use super::{Place, Program};
use crate::facts::{Expr, ExprId, Sym};
use crate::text::FileId;

impl Program<'_> {
    /// The place that a property of a literal is another name for: `{ users }` exports the binding `users`.
    pub(super) fn named_by_property(&self, shape: Shape, name: Sym, depth: Depth<'_>) -> Option<Place> {
        let Shape::Literal(file, id) = shape else { return None };
        if self.tables.fields.contains_key(&(shape, name)) {
            return None;
        }
        let facts = self.facts(file);
        let Some(own) = facts.properties(facts.expr(id)).iter().find(|it| facts.sym(it.name) == name) else {
            return self.spread_place(file, id, name, depth);
        };
        if !matches!(facts.expr(own.value), Expr::Ident(_)) {
            return None;
        }
        let place = self.place_deep(ExprRef::new(self.evaluator(file, id), own.value), depth + 1)?;
        // A copy of what may be another value later is a place of its own.
        let super::Root::Binding(binding) = place.root else { return None };
        let it = &self.facts(binding.file).bindings[binding.id.index()];
        (it.writes == 0 && it.init.get().is_some()).then_some(place)
    }

    fn spread_place(&self, file: FileId, id: ExprId, name: Sym, depth: Depth<'_>) -> Option<Place> {
        let source = self.gathered(file, id).into_iter().rev().find(|it| {
            let value = self.eval_deep(*it, depth + 2);
            self.member_value(value, name, depth + 2) != Value::Unknown
        })?;
        self.member_place(source, name, depth + 1)
    }

    /// The value of a property that a literal takes from what it spreads.
    pub(super) fn spread_member(&self, file: FileId, id: ExprId, name: Sym, depth: Depth<'_>) -> Value {
        let values = self.gathered(file, id).into_iter().rev().map(|it| {
            let value = self.eval_deep(it, depth + 2);
            self.member_value(value, name, depth + 2)
        });
        values.into_iter().find(|it| *it != Value::Unknown).unwrap_or(Value::Unknown)
    }

    /// What a literal gathers: `{ ...a, ...b }`, `Object.assign({}, a, b)`.
    fn gathered(&self, file: FileId, id: ExprId) -> Vec<ExprRef> {
        let facts = self.facts(file);
        let within = self.evaluator(file, id);
        let properties = facts.properties(facts.expr(id)).iter().filter_map(|it| match facts.expr(it.value) {
            Expr::Spread(inner) => Some(ExprRef::new(within, inner)),
            _ => None,
        });
        let mut found: Vec<ExprRef> = properties.collect();
        if let super::Use::In(parent) = self.index(file).parent(id)
            && let Expr::Call(callee, args) = facts.expr(parent)
            && facts.item(args, 0) == Some(id)
            && matches!(facts.expr(callee), Expr::Member(object, name) if facts.sym(name) == self.words.assign
                && matches!(facts.expr(object), Expr::Free(it) if facts.sym(it) == self.words.object))
        {
            let sources = facts.list(args).skip(1).filter(|it| !matches!(facts.expr(*it), Expr::Spread(_)));
            found.extend(sources.map(|it| ExprRef::new(within, it)));
        }
        found
    }
}
