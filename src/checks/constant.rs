//! Constants: numbers and options, folded through `const` bindings.

use crate::facts::{BinaryOp, Expr, Sym};
use crate::program::{ExprRef, FnRef, Program, Shape};

/// A number, folded over `*`, `+` and constants.
pub(super) fn number(program: &Program<'_>, expr: ExprRef) -> Option<f64> {
    number_deep(program, expr, 0)
}

fn number_deep(program: &Program<'_>, expr: ExprRef, depth: u32) -> Option<f64> {
    let facts = program.facts(expr.file());
    if depth > 8 {
        return None;
    }
    let next = |id| number_deep(program, expr.with(id), depth + 1);
    match facts.expr(expr.id) {
        Expr::Number(n) => Some(facts.numbers[n as usize]),
        Expr::Binary(BinaryOp::Multiply, a, b) => Some(next(a)? * next(b)?),
        Expr::Binary(BinaryOp::Add, a, b) => Some(next(a)? + next(b)?),
        Expr::Ident(id) => {
            let binding = &facts.bindings[id.index()];
            let init = binding.init.get().filter(|_| binding.writes == 0)?;
            let within = FnRef { file: expr.file(), id: binding.function };
            number_deep(program, ExprRef::new(within, init), depth + 1)
        }
        _ => None,
    }
}

/// What an options object says of a dotted option: `None` if the object cannot be seen whole.
pub(super) fn option(program: &Program<'_>, options: ExprRef, path: &str) -> Option<bool> {
    let (wanted, call) = path.split_once('=').map_or((path, None), |(a, b)| (a, Some(b)));
    let mut at = options;
    for name in wanted.split('.') {
        let literal = program.literal(at)?;
        let facts = program.facts(literal.file());
        let properties = facts.properties(facts.expr(literal.id));
        match properties.iter().find(|it| facts.sym(it.name) == Sym::of(name)) {
            Some(property) => at = literal.with(property.value),
            None if properties.iter().any(|it| matches!(facts.expr(it.value), Expr::Spread(_))) => return None,
            None if is_set_later(program, literal, name) => return None,
            None => return Some(false),
        }
    }
    let facts = program.facts(at.file());
    if call == Some("false") {
        return Some(facts.expr(at.id) == Expr::Bool(false));
    }
    if let Some(call) = call {
        let path = call.trim_end_matches("()");
        let at = program.initial(at);
        let Expr::Call(callee, _) = program.facts(at.file()).expr(at.id) else { return Some(false) };
        let value = program.eval(at.with(callee));
        return Some(matches!(value, crate::program::Value::Path(it) if program.paths.at(path) == Some(it)));
    }
    Some(match facts.expr(at.id) {
        Expr::Bool(false) | Expr::Null | Expr::Undefined => false,
        Expr::Number(n) => facts.numbers[n as usize] != 0.0,
        _ => true,
    })
}

/// `options.store = ...` behind the literal.
fn is_set_later(program: &Program<'_>, literal: ExprRef, name: &str) -> bool {
    program.tables.fields.contains_key(&(Shape::Literal(literal.file(), literal.id), Sym::of(name)))
}
