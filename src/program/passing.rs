//! Callbacks that come in by a parameter: each runs as often as whoever passes it calls the function that takes it, however
//! often others call that one with callbacks of their own.

use super::Program;
use super::calls::{Edge, How};
use super::rate::is_many;
use super::refs::{ExprRef, FnRef};
use super::value::Value;
use crate::facts::{BindingKind, Expr, ExprId};
use crate::rulebook::Recurrence;

/// Parameters that are handed on are followed so far.
const DEPTH: u32 = 4;

impl Program<'_> {
    /// The functions that pass what an edge leads to, when it comes in by a parameter and nothing between that and the edge
    /// repeats by itself; else none.
    pub(super) fn passers(&self, edge: &Edge) -> Vec<FnRef> {
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, args) = facts.expr(edge.site.expr.id) else { return Vec::new() };
        let mut found = Vec::new();
        match edge.how {
            How::Call => self.passing(edge.site.expr.with(callee), edge.callee, 0, &mut found),
            How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. } => {
                facts.list(args).for_each(|it| self.passing(edge.site.expr.with(it), edge.callee, 0, &mut found));
            }
            _ => {}
        }
        found.sort();
        found.dedup();
        found
    }

    /// Who passes a function for the parameter that an expression stands for.
    fn passing(&self, expr: ExprRef, function: FnRef, depth: u32, found: &mut Vec<FnRef>) {
        let facts = self.facts(expr.file());
        let Expr::Ident(id) = facts.expr(expr.id) else { return };
        let binding = &facts.bindings[id.index()];
        let BindingKind::Param(n) = binding.kind else { return };
        let taker = FnRef { file: expr.file(), id: binding.function };
        if depth > DEPTH || binding.init != ExprId::NONE || self.repeats_inside(expr.within, taker) {
            return;
        }
        for arg in self.args(taker, n) {
            match self.facts(arg.value.file()).expr(arg.value.id) {
                Expr::Ident(_) if self.is_param(arg.value) => self.passing(arg.value, function, depth + 1, found),
                _ if self.eval(arg.value) == Value::Function(function) => found.push(arg.site.expr.within),
                _ => {}
            }
        }
    }

    fn is_param(&self, expr: ExprRef) -> bool {
        let facts = self.facts(expr.file());
        matches!(facts.expr(expr.id), Expr::Ident(id) if matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)))
    }

    /// Whether a function, or one around it up to `outer`, is called back again and again.
    fn repeats_inside(&self, f: FnRef, outer: FnRef) -> bool {
        let facts = self.facts(f.file);
        let mut at = f;
        while at != outer {
            let indexes = self.graph.leading_into(at);
            let again = |i: &u32| match self.edges[*i as usize].how {
                How::Callback { recurs, .. } => is_many(recurs) || self.rearmed(*i).is_some(),
                _ => false,
            };
            if self.entries_of.contains_key(&at) || indexes.iter().any(again) {
                return true;
            }
            match facts.functions[at.id.index()].parent.get() {
                Some(parent) => at = FnRef { file: f.file, id: parent },
                None => return true,
            }
        }
        false
    }
}
