//! Subscriptions to what no model describes, known by what the program itself does with the result: it keeps a remover in a field
//! and calls it only to make room for the next one (`SEMANTICS.md` section 7, belief).

use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{AssignOp, Expr};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, FnRef, Program, Rate, Root, Shape, SiteRef, Value, Witness};
use crate::text::FileId;

/// Names of methods that subscribe.
const SUBSCRIBES: [&str; 8] = ["subscribe", "observe", "listen", "watch", "onChange", "addListener", "on", "register"];

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let names: Vec<_> = SUBSCRIBES.iter().filter_map(|it| facts.names.find(crate::facts::Sym::of(it))).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let index = program.index(file);
    let calls = names.into_iter().flat_map(|name| index.members(name)).filter_map(|member| {
        let member = ExprRef::new(FnRef { file, id: index.evaluator(facts, member) }, member);
        let call = program.parent(member)?;
        matches!(facts.expr(call.id), Expr::Call(callee, _) if callee == member.id).then_some((member, call))
    });
    let found = calls.filter_map(|(member, call)| judge(program, member, program.site_of(call)?));
    found.collect()
}

fn judge(program: &Program<'_>, member: ExprRef, at: SiteRef) -> Option<Finding> {
    let facts = program.facts(at.expr.file());
    let kept = program.parent(at.expr)?;
    let Expr::Assign(AssignOp::Set, target, value) = facts.expr(kept.id) else { return None };
    let Expr::Call(_, args) = facts.expr(at.expr.id) else { return None };
    let closure = facts.list(args).any(|it| matches!(facts.expr(it), Expr::Function(_)));
    if value != at.expr.id || !closure || program.call_model(at.expr).is_some() || program.eval(member).is_known() {
        return None;
    }
    let shape = slot_owner(program, kept.with(target))?;
    let Expr::Member(receiver, _) = facts.expr(member.id) else { return None };
    let receiver = member.with(receiver);
    let place = program.place(receiver)?;
    // What the instance was handed; its own parts go with it.
    if !matches!(place.root, Root::Param(..)) || program.is_singleton(shape) {
        return None;
    }
    let flow = program.flow(at.expr, "subscription");
    let only_here = !flow.releases.is_empty() && flow.releases.iter().all(|it| it.expr.within == at.expr.within);
    let before = flow.releases.iter().all(|it| program.span(it.expr).start < program.span(at.expr).start);
    if !only_here || !before || !flow.returned.is_empty() || !flow.escapes.is_empty() {
        return None;
    }
    let rated = program.rate(at.expr.within).filter(|it| it.rate > Rate::Once || it.witness == Witness::Offered)?;
    let rule = rule_of(program)?;
    let name = super::acquisition::name_of(program, receiver);
    let span = program.head(at.expr);
    let slot = super::acquisition::name_of(program, kept.with(target));
    let mut story = vec![step(Role::Acquired, span, "subscribed here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, program.head(flow.releases[0].expr), "called only just before it is replaced"));
    let message = format!(
        "subscribed {}, held by `{name}`, and `{slot}` is called only when the next one takes its place",
        per(rated.recurs)
    );
    let confidence = of_rate(rated).min(Confidence::Suspect);
    let trace = Trace { sites: vec![program.span(at.expr)], ..Trace::default() };
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace }.finish(program))
}

fn rule_of<'p>(program: &Program<'p>) -> Option<&'p crate::rulebook::Rule> {
    program.rulebook.rule_for("unreleased", "listener").or_else(|| rule(program, "unreleased"))
}

/// The shape whose field an expression names.
fn slot_owner(program: &Program<'_>, target: ExprRef) -> Option<Shape> {
    let facts = program.facts(target.file());
    let Expr::Member(object, _) = facts.expr(target.id) else { return None };
    match program.eval(target.with(object)) {
        Value::Object(shape @ (Shape::Class(..) | Shape::Constructor(..))) => Some(shape),
        _ => None,
    }
}
