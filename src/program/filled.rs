//! Variables that stand for an element of a collection, whether it was there or had to be made.

use super::depth::Depth;
use super::refs::{BindingRef, ExprRef, FnRef};
use super::{Place, Program};
use crate::facts::Expr;

impl Program<'_> {
    /// `let list = map.get(k); if (!list) map.set(k, (list = []))`: the element, on both ways.
    pub(super) fn filled_element(&self, binding: BindingRef, depth: Depth<'_>) -> Option<Place> {
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        let init = it.init.get().filter(|init| matches!(facts.expr(*init), Expr::Call(..) | Expr::Index(..)))?;
        let writes = self.tables.writes.get(&binding).filter(|found| !found.is_empty() && found.len() == it.writes as usize)?;
        let made = writes.iter().all(|write| self.makes_container(write.value));
        let first = writes.first().and_then(|write| write.site)?;
        if !made || !(self.is_stored(first.expr) || self.binding_uses(binding).into_iter().any(|at| self.is_stored(at))) {
            return None;
        }
        let within = FnRef { file: binding.file, id: it.function };
        let place = self.place_deep(ExprRef::new(within, init), depth + 1)?;
        (place.path.last() == Some(&self.words.element)).then_some(place)
    }

    /// What such a variable is made as, where the element was not there.
    pub fn made_when_missing(&self, variable: ExprRef) -> Option<ExprRef> {
        let Expr::Ident(id) = self.facts(variable.file()).expr(variable.id) else { return None };
        let binding = BindingRef { file: variable.file(), id };
        self.filled_element(binding, Depth::TOP)?;
        self.tables.writes.get(&binding)?.first().map(|it| it.value)
    }

    /// `[]`, `{}`, `new Map()`, `Object.create(null)`.
    fn makes_container(&self, value: ExprRef) -> bool {
        match self.facts(value.file()).expr(value.id) {
            Expr::Object { .. } | Expr::Array(_) | Expr::New(..) => true,
            Expr::Call(..) => matches!(self.eval(value), super::Value::Object(super::Shape::Literal(_, id)) if id == value.id),
            _ => false,
        }
    }

    /// Whether a value is put into a collection where it stands: `map.set(k, value)`, `object[k] = value`.
    fn is_stored(&self, value: ExprRef) -> bool {
        let facts = self.facts(value.file());
        let Some(parent) = self.parent(value) else { return false };
        match facts.expr(parent.id) {
            Expr::Call(callee, _) => {
                callee != value.id && matches!(facts.expr(callee), Expr::Member(_, name) if facts.sym(name) == self.words.set)
            }
            Expr::Assign(_, target, stored) => stored == value.id && matches!(facts.expr(target), Expr::Index(..)),
            _ => false,
        }
    }
}
