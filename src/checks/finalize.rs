//! The check *finalizer*: what a finalization registry hands to its callback is held strongly, so it must not lead back to what is
//! to be finalized.

use super::named::rule;
use super::story::{Draft, step};
use crate::facts::{BindingId, Expr, ExprId};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{BindingRef, ExprRef, Program, SiteRef};

/// `registry.register(target, held)`.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "finalizer")?;
    let (target, held) = (program.argument(at.expr, 0)?, program.argument(at.expr, 1)?);
    let facts = program.facts(at.expr.file());
    let Expr::Ident(id) = facts.expr(target.id) else { return None };
    let name = facts.text(facts.bindings[id.index()].name);
    let (message, confidence) = if names(program, held, id, 0) {
        (format!("the registry holds `{name}` for its own callback, so it is never collected"), Confidence::Likely)
    } else {
        let part = part_of(program, target, id, held)?;
        (
            format!("the registry holds a part of `{part}`, which `{name}` has: if it leads back, `{name}` is never collected"),
            Confidence::Suspect,
        )
    };
    let span = program.head(at.expr);
    let story = vec![
        step(Role::Acquired, span, "registered here"),
        step(Role::Held, program.span(held), "held by the registry, strongly, until the target is collected"),
    ];
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// Whether a value is a binding's, or an object, array or function with it.
fn names(program: &Program<'_>, value: ExprRef, target: BindingId, depth: u32) -> bool {
    let facts = program.facts(value.file());
    let next = |id: ExprId| depth < 4 && names(program, value.with(id), target, depth + 1);
    match facts.expr(value.id) {
        Expr::Ident(id) => id == target,
        Expr::Object { .. } => facts.properties(facts.expr(value.id)).iter().any(|it| next(it.value)),
        Expr::Array(items) => facts.list(items).any(next),
        Expr::Function(f) => {
            let uses = program.binding_uses(BindingRef { file: value.file(), id: target });
            uses.into_iter().any(|it| program.is_within(it.within, crate::program::FnRef { file: value.file(), id: f }))
        }
        _ => false,
    }
}

/// The object that a held value is a part of, when the target has been given that object.
fn part_of(program: &Program<'_>, target: ExprRef, id: BindingId, held: ExprRef) -> Option<String> {
    let facts = program.facts(target.file());
    let whole = start(program, held, 0)?;
    let given = program.binding_uses(BindingRef { file: target.file(), id }).into_iter().any(|it| {
        let Some(slot) = program.parent(it) else { return false };
        let is_slot = matches!(facts.expr(slot.id), Expr::Member(object, _) | Expr::Index(object, _) if object == it.id);
        let stored = program.parent(slot).map(|it| facts.expr(it.id));
        is_slot && matches!(stored, Some(Expr::Assign(_, target, value)) if target == slot.id && facts.expr(value) == Expr::Ident(whole))
    });
    given.then(|| facts.text(facts.bindings[whole.index()].name).to_owned())
}

/// The binding that a chain of at least one property starts from.
fn start(program: &Program<'_>, expr: ExprRef, depth: u32) -> Option<BindingId> {
    let facts = program.facts(expr.file());
    match facts.expr(expr.id) {
        Expr::Member(object, name) => {
            let light = ["id", "key", "name", "path", "url", "length", "size", "fd", "handle", "pointer", "ptr"];
            if depth == 0 && light.contains(&facts.text(name).trim_start_matches(['_', '#'])) {
                return None;
            }
            start(program, expr.with(object), depth + 1)
        }
        Expr::Ident(id) if depth > 0 => Some(id),
        _ => None,
    }
}
