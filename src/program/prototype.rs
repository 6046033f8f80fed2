//! Methods that constructor functions are given by way of their prototypes.

use super::Program;
use super::refs::{ExprRef, FnRef, Shape};
use super::tables::Tables;
use super::value::Value;
use crate::facts::{Expr, ExprId};

/// `X.prototype.y = function () { ... }` and `X.prototype = { y() { ... } }`: what `this` is in them, told before what they
/// assign to its fields is read.
pub(super) fn methods(program: &Program<'_>, constructor: FnRef, target: ExprId, value: ExprRef, out: &mut Tables) {
    let facts = program.facts(value.file());
    let shape = Shape::Constructor(constructor.file, constructor.id);
    let Expr::Member(_, name) = facts.expr(target) else { return };
    let named = match facts.expr(value.id) {
        literal @ Expr::Object { .. } if facts.sym(name) == program.words.prototype => {
            facts.properties(literal).iter().map(|it| (facts.sym(it.name), value.with(it.value))).collect()
        }
        _ => vec![(facts.sym(name), value)],
    };
    for (name, value) in named {
        if let Value::Function(f) = program.eval(value) {
            out.methods.insert((shape, name), f);
            out.this_of.insert(f, shape);
        }
    }
}
