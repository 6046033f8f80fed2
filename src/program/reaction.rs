//! Promises are transparent: what a call gives is what `await` makes of it, and `then` hands it to its callback.

use super::calls::{Arg, How, Resolver};
use super::depth::Depth;
use super::refs::{ExprRef, SiteRef};
use super::value::Value;
use super::{MAX_DEPTH, Program};
use crate::facts::{Expr, ExprId, ListId, Sym};
use crate::rulebook::Recurrence;

impl Resolver<'_, '_> {
    /// `pool.connect().then((client) => ...)`: whether a method of a known value waits for it.
    pub(super) fn reaction(&mut self, at: SiteRef, object: ExprId, name: Sym, args: ListId) -> bool {
        let words = &self.program.words;
        if ![words.then, words.catch, words.finally].contains(&name) {
            return false;
        }
        let facts = self.program.facts(self.file);
        let how = How::Callback { recurs: Recurrence::Once, certainty: None, named: false };
        for (n, arg) in facts.list(args).enumerate() {
            for f in self.functions(at.expr.with(arg), 0) {
                self.callback(at, f, how, &[]);
                if n == 0 && name == words.then {
                    self.argue(f, Arg { value: at.expr.with(object), site: at });
                }
            }
        }
        true
    }
}

impl Program<'_> {
    /// What becomes of a value by `then`, `catch` or `finally`.
    pub(super) fn reacted_value(&self, call: ExprRef, receiver: Value, name: Sym, depth: Depth<'_>) -> Option<Value> {
        if name == self.words.catch || name == self.words.finally {
            return Some(receiver);
        }
        if name != self.words.then || depth > MAX_DEPTH {
            return None;
        }
        match self.argument(call, 0).map(|it| self.eval_deep(it, depth + 1))? {
            Value::Function(f) => Some(self.returned_value(f, None, depth + 1)),
            _ => None,
        }
    }

    /// The call, if it is one of `then`.
    pub(super) fn is_then(&self, call: ExprRef) -> bool {
        let facts = self.facts(call.file());
        let Expr::Call(callee, _) = facts.expr(call.id) else { return false };
        matches!(facts.expr(callee), Expr::Member(_, name) if facts.sym(name) == self.words.then)
    }
}
