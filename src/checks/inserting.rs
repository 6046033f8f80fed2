//! A release that inserts: a function that only takes things out of an entry makes the entry first if it is not there.

use super::named::rule;
use super::story::{Draft, per, recurs, step};
use super::trace;
use crate::facts::{AssignOp, Expr, ExprId, LogicalOp};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{ExprRef, FnRef, Fresh, Place, Program, Rate, SiteRef};
use crate::text::FileId;

/// Methods that take something out of a collection.
const TAKES: [&str; 8] = ["delete", "remove", "del", "splice", "pop", "shift", "clear", "pull"];

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for site in &facts.sites {
        if let Expr::Assign(op, target, value) = facts.expr(site.expr)
            && let Expr::Index(collection, key) = facts.expr(target)
            && makes_if_missing(program, file, op, target, value)
        {
            let expr = ExprRef::new(FnRef { file, id: facts.function_of(site.region) }, site.expr);
            let made = Made {
                site: SiteRef { expr, region: site.region },
                target: expr.with(target),
                collection: expr.with(collection),
                key,
            };
            found.extend(judge(program, &made));
        }
    }
    found
}

/// An entry that is made if it is missing.
struct Made {
    site: SiteRef,
    target: ExprRef,
    collection: ExprRef,
    key: ExprId,
}

/// `x[k] = x[k] || {}`, `x[k] ??= []`.
fn makes_if_missing(program: &Program<'_>, file: FileId, op: AssignOp, target: ExprId, value: ExprId) -> bool {
    let facts = program.facts(file);
    let is_new = |id| matches!(facts.expr(id), Expr::Object { .. } | Expr::Array(_) | Expr::New(..));
    match (op, facts.expr(value)) {
        (AssignOp::Or | AssignOp::Nullish, _) => is_new(value),
        (AssignOp::Set, Expr::Logical(LogicalOp::Or | LogicalOp::Nullish, left, right)) => {
            is_new(right) && is_same(program, file, left, target)
        }
        _ => false,
    }
}

/// Whether two expressions are written alike: names, members and keys.
fn is_same(program: &Program<'_>, file: FileId, a: ExprId, b: ExprId) -> bool {
    let facts = program.facts(file);
    let same = |a, b| is_same(program, file, a, b);
    match (facts.expr(a), facts.expr(b)) {
        (Expr::Member(a, x), Expr::Member(b, y)) => x == y && same(a, b),
        (Expr::Index(a, x), Expr::Index(b, y)) => same(a, b) && same(x, y),
        (x, y) => x == y && matches!(x, Expr::This | Expr::Ident(_) | Expr::Free(_) | Expr::Str(_) | Expr::Number(_)),
    }
}

fn judge(program: &Program<'_>, made: &Made) -> Option<Finding> {
    let rule = rule(program, "inserting")?;
    let within = made.site.expr.within;
    let place = program.place(made.collection)?;
    let lives = matches!(program.fresh_of(&place, within), Fresh::Program | Fresh::Instance(_));
    let rated = program.rate(within).filter(|it| lives && it.rate > Rate::Once)?;
    let taken = only_takes(program, made)?;
    let name = super::acquisition::name_of(program, made.collection);
    let message = format!("`{name}` gains an empty entry {} from what only takes things out of it", per(rated.recurs));
    let span = program.span(made.target);
    let mut story = vec![
        step(Role::Acquired, span, "the entry is made here, if it is not there"),
        step(Role::Released, program.span(taken), "and something is taken out of it, which is not there then"),
    ];
    story.extend(recurs(program, made.site, rated));
    let trace = trace::of_collection(program, &place, &[made.site.expr]);
    let confidence =
        if rated.rate == Rate::Many || fills_elsewhere(program, made, &place) { Confidence::Likely } else { Confidence::Suspect };
    Some(Draft { rule, confidence, message, span, within, story, trace }.finish(program))
}

/// What takes something out of the entry, if nothing else is done with it in the function that makes it.
fn only_takes(program: &Program<'_>, made: &Made) -> Option<ExprRef> {
    let facts = program.facts(made.site.expr.file());
    let function = &facts.functions[made.site.expr.within.id.index()];
    let (mut taken, whole) = (None, program.span(made.site.expr));
    for (i, node) in facts.nodes.iter().enumerate().filter(|(_, it)| (function.start..function.end).contains(&it.start)) {
        let id = ExprId(i as u32);
        let inside = (whole.start..whole.end).contains(&node.start);
        if inside || !matches!(node.expr, Expr::Index(..)) || !is_same(program, made.target.file(), id, made.target.id) {
            continue;
        }
        taken = Some(takes(program, made.target.with(id))?);
    }
    taken
}

/// `delete entry[x]`, `entry.delete(x)`: what takes something out.
fn takes(program: &Program<'_>, entry: ExprRef) -> Option<ExprRef> {
    let facts = program.facts(entry.file());
    let member = program.parent(entry)?;
    let outer = program.parent(member)?;
    match (facts.expr(member.id), facts.expr(outer.id)) {
        (Expr::Index(object, _) | Expr::Member(object, _), Expr::Delete(_)) if object == entry.id => Some(outer),
        (Expr::Member(object, name), Expr::Call(callee, _)) if object == entry.id && callee == member.id => {
            TAKES.contains(&facts.text(name)).then_some(outer)
        }
        _ => None,
    }
}

/// Whether another function makes entries of the same collection and puts something into them.
fn fills_elsewhere(program: &Program<'_>, made: &Made, place: &Place) -> bool {
    program.uses(place).into_iter().any(|it| {
        let facts = program.facts(it.file());
        it.within != made.site.expr.within
            && program.parent(it).is_some_and(|entry| {
                matches!(facts.expr(entry.id), Expr::Index(object, key) if object == it.id && key != made.key)
                    && program
                        .parent(entry)
                        .is_some_and(|at| matches!(facts.expr(at.id), Expr::Assign(_, target, _) if target == entry.id))
            })
    })
}
