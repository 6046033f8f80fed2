//! Chains: what is put into a slot that stays keeps what was there before, and that the one before it. The classic case is
//! Meteor's of 2013 (<https://blog.meteor.com/an-interesting-kind-of-javascript-memory-leak-8b47d2e7f156>); wrapping
//! `console.log` once per request is the same.

use super::story::{Draft, of_rate, per, recurs, step};
use super::trace;
use crate::facts::{AssignOp, BindingKind, Expr, ExprId};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{BindingRef, ExprRef, FnRef, Fresh, Guard, Place, Program, Rate, SiteRef};
use crate::rulebook::Rule;
use crate::text::FileId;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, rule: &Rule, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for (i, binding) in facts.bindings.iter().enumerate() {
        let local = matches!(binding.kind, BindingKind::Var | BindingKind::Let | BindingKind::Const) && binding.writes == 0;
        let within = FnRef { file, id: binding.function };
        let Some(init) = binding.init.get().filter(|_| local && !within.is_module()) else { continue };
        if !matches!(facts.expr(init), Expr::Ident(_) | Expr::Member(..)) {
            continue;
        }
        let before = BindingRef { file, id: crate::facts::BindingId(i as u32) };
        found.extend(judge(program, rule, before, ExprRef::new(within, init)));
    }
    found
}

fn judge(program: &Program<'_>, rule: &Rule, before: BindingRef, read: ExprRef) -> Option<Finding> {
    let within = read.within;
    // A closure is what keeps it.
    let uses = program.binding_uses(before);
    let kept = *uses.iter().find(|it| it.within != within)?;
    let (at, f, target) = program.sites(within).find_map(|site| replaced(program, site, read))?;
    let place = program.place(target)?;
    // What an object was made with is kept by that object alone.
    let is_new = program.filled_before(&place, at).is_some() || program.once_guard(at) == Some(Guard::Program);
    if is_new || is_written_before(program, read, &place) {
        return None;
    }
    if program.fresh_of(&place, within) != Fresh::Program || uses.iter().any(|it| puts_back(program, *it, &place)) {
        return None;
    }
    let rated = program.repeated(at, Fresh::Program).filter(|it| it.rate == Rate::Many)?;
    let facts = program.facts(within.file);
    let name = facts.text(facts.bindings[before.id.index()].name);
    let span = program.span(target);
    let mut story = vec![step(Role::Acquired, span, "stored here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Held, program.span(read), format!("`{name}` is what was stored before")));
    story.push(step(Role::Held, program.span(kept), "a closure of the same scope keeps it"));
    let message = format!("each value stored {} keeps the one before it, `{name}`, and so all of them", per(rated.recurs));
    let trace = trace::of_closure(program, at.expr, f);
    let confidence = of_rate(rated).min(Confidence::Likely);
    Some(Draft { rule, confidence, message, span, within, story, trace }.finish(program))
}

/// `slot = () => ...` and `slot = { run() { ... } }`, behind where the slot was read: a closure, and where it goes.
fn replaced(program: &Program<'_>, site: crate::facts::Site, read: ExprRef) -> Option<(SiteRef, FnRef, ExprRef)> {
    let facts = program.facts(read.file());
    let Expr::Assign(AssignOp::Set, target, value) = facts.expr(site.expr) else { return None };
    let function = |id: ExprId| match facts.expr(id) {
        Expr::Function(id) => Some(FnRef { file: read.file(), id }),
        _ => None,
    };
    let f = match facts.expr(value) {
        value @ Expr::Object { .. } => facts.properties(value).iter().find_map(|it| function(it.value)),
        _ => function(value),
    }?;
    let target = read.with(target);
    let same = facts.range(read.id).0 < facts.range(site.expr).0 && program.place(target)? == program.place(read)?;
    same.then_some((SiteRef { expr: read.with(site.expr), region: site.region }, f, target))
}

/// Whether what is read was stored by the same call.
fn is_written_before(program: &Program<'_>, read: ExprRef, place: &Place) -> bool {
    let facts = program.facts(read.file());
    program.sites(read.within).any(|site| match facts.expr(site.expr) {
        Expr::Assign(_, target, _) => {
            facts.range(site.expr).0 < facts.range(read.id).0 && program.place(read.with(target)).as_ref() == Some(place)
        }
        _ => false,
    })
}

/// `slot = before`, later.
fn puts_back(program: &Program<'_>, at: ExprRef, place: &Place) -> bool {
    let facts = program.facts(at.file());
    program.parent(at).is_some_and(|it| match facts.expr(it.id) {
        Expr::Assign(_, target, value) => value == at.id && program.place(it.with(target)).as_ref() == Some(place),
        _ => false,
    })
}
