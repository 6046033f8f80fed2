//! Functions that acquire and return what releases: they are acquisitions themselves, and judged where they are called.

use super::acquisition::Acquisition;
use super::listener::Removals;
use super::story::{Draft, of_grade, of_rate, per, recurs, step};
use super::trace;
use super::unreleased::{is_listener, past, removal, thing, token};
use crate::facts::{Expr, UnaryOp};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{Coverage, Edge, ExprRef, FnRef, Fresh, Grade, Hold, How, Program, Root, SiteRef, Value};

/// Calls of a function whose acquisition the returned function alone releases, and that throw it away.
pub(super) fn check(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> Vec<Finding> {
    let f = acquired.site.expr.within;
    let calls: Vec<&Edge> = program.callers(f).filter(|it| it.how == How::Call).collect();
    if calls.is_empty() || program.exits(f).all(|it| it.value.get().is_none()) {
        return Vec::new();
    }
    let (coverage, _) = if is_listener(acquired) { removal(program, removals, acquired) } else { token(program, acquired) };
    let Some(release) = coverage.release.filter(|it| is_returned(program, f, it.expr.within)) else { return Vec::new() };
    let judged = calls.into_iter().filter_map(|it| judge(program, acquired, it.site, release));
    judged.collect()
}

/// What becomes of the remover that a call returns, if it is not sure to be called.
fn missed(program: &Program<'_>, acquired: &Acquisition<'_>, call: SiteRef) -> Option<Coverage> {
    if is_discarded(program, call.expr) {
        return Some(Coverage::none());
    }
    let f = acquired.site.expr.within;
    // An object with more than the remover in it may be asked for it in ways that cannot be seen.
    let bare = program
        .exits(f)
        .filter(|it| !it.is_throw)
        .filter_map(|it| it.value.get())
        .all(|value| matches!(program.eval(ExprRef::new(f, value)), Value::Function(_)));
    let flow = program.flow(call.expr, &acquired.model.resource);
    let open = !flow.escapes.is_empty() || !flow.returned.is_empty() || !flow.collections.is_empty() || flow.used;
    if !bare || open || flow.releases.is_empty() {
        return None;
    }
    Some(program.coverage(call, &flow.releases)).filter(|it| it.grade == Grade::Partial)
}

/// A call whose result nothing takes.
fn is_discarded(program: &Program<'_>, call: ExprRef) -> bool {
    match program.parent(call) {
        None => {
            let unused = program.initialized_by(call).is_none_or(|it| program.binding_uses(it).is_empty());
            unused && program.index(call.file()).exit_of(call.id).is_none()
        }
        Some(parent) => matches!(program.facts(parent.file()).expr(parent.id), Expr::Unary(UnaryOp::Other, _)),
    }
}

/// Whether a function returns a closure of its own, by itself or as a property of what it returns.
fn is_returned(program: &Program<'_>, f: FnRef, closure: FnRef) -> bool {
    if !program.is_within(closure, f) {
        return false;
    }
    let is_it = |it: ExprRef| program.eval(it) == Value::Function(closure);
    program.exits(f).filter(|it| !it.is_throw).filter_map(|it| it.value.get()).any(|value| {
        let value = ExprRef::new(f, value);
        let in_literal = |it: ExprRef| {
            let facts = program.facts(it.file());
            facts.properties(facts.expr(it.id)).iter().any(|property| is_it(it.with(property.value)))
        };
        is_it(value) || program.literal(value).is_some_and(in_literal)
    })
}

fn judge(program: &Program<'_>, acquired: &Acquisition<'_>, call: SiteRef, release: SiteRef) -> Option<Finding> {
    let rule =
        program.rulebook.rule_for("unreleased", &acquired.model.resource).filter(|_| acquired.model.resource != "timeout")?;
    let missed = missed(program, acquired, call)?;
    let holds = holds_at(program, acquired, call);
    let judged = holds.into_iter().filter_map(|hold| Some((hold, program.repeated(hold.at, hold.fresh)?)));
    let (hold, rated) = judged.max_by_key(|(hold, rated)| (of_rate(*rated), hold.fresh))?;
    let mut confidence = of_rate(rated);
    if matches!(hold.fresh, Fresh::Shared(_)) {
        confidence = Confidence::Likely;
    }
    if program.once_guard(call).is_some() {
        confidence = confidence.min(Confidence::Suspect);
    }
    let span = program.head(call.expr);
    let thing = thing(&acquired.model.resource);
    let (per, past) = (per(rated.recurs), past(&acquired.model.resource));
    let name = super::acquisition::name_of(program, callee(program, call.expr));
    let message = match missed.release {
        None => format!("{thing} acquired {per}, and never {past}: what `{name}` returns is thrown away"),
        Some(_) => {
            format!("{thing} acquired {per}, and {past} on some ways out only: what `{name}` returns is not always called")
        }
    };
    confidence = confidence.min(of_grade(missed.grade).unwrap_or(Confidence::Suspect));
    let mut story = vec![
        step(Role::Acquired, span, "what this returns would release it"),
        step(Role::Held, program.head(acquired.site.expr), "acquired here"),
        step(Role::Released, program.head(release.expr), "released here, by the function that is returned"),
    ];
    story.extend(recurs(program, hold.at, rated));
    story.extend(missed.release.map(|it| step(Role::Released, program.head(it.expr), missed.reason.clone())));
    let trace = Trace { sites: vec![program.span(call.expr)], ..trace::of_acquisition(program, acquired) };
    Some(Draft { rule, confidence, message, span, within: call.expr.within, story, trace }.finish(program))
}

fn callee(program: &Program<'_>, call: ExprRef) -> ExprRef {
    match program.facts(call.file()).expr(call.id) {
        Expr::Call(callee, _) => call.with(callee),
        _ => call,
    }
}

/// The holders of what a function acquires, as one of its callers sees them.
fn holds_at(program: &Program<'_>, acquired: &Acquisition<'_>, call: SiteRef) -> Vec<Hold> {
    let Some(holder) = acquired.holder(program) else {
        return vec![Hold { fresh: Fresh::Program, at: call, via: None }];
    };
    let Expr::Call(_, args) = program.facts(call.expr.file()).expr(call.expr.id) else { return Vec::new() };
    // By the parameter's own name: its place may already be what the callers pass.
    if let Some(n) = parameter(program, holder)
        && let Some(arg) = program.facts(call.expr.file()).item(args, n as usize)
    {
        return program.holds(call.expr.with(arg), call);
    }
    match program.place(holder) {
        Some(place) if !matches!(place.root, Root::Param(..)) => program.place_holds(&place, call, 0),
        _ => Vec::new(),
    }
}

/// The parameter of the function around that an expression names.
fn parameter(program: &Program<'_>, expr: ExprRef) -> Option<u16> {
    let facts = program.facts(expr.file());
    let Expr::Ident(id) = facts.expr(expr.id) else { return None };
    let binding = &facts.bindings[id.index()];
    match binding.kind {
        crate::facts::BindingKind::Param(n) if binding.function == expr.within.id => Some(n),
        _ => None,
    }
}
