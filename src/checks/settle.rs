//! Promises that stay pending as long as the program runs, and code that adds a reaction to one of them again and again.

use super::story::{Draft, of_rate, per, recurs, step};
use super::trace;
use crate::facts::{BindingKind, Expr, ExprId};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{BindingRef, ExprRef, FnRef, Fresh, How, Place, Program, Rate, Root, SiteRef};
use crate::rulebook::{Certainty, Recurrence, Rule};
use crate::text::Span;

/// `Promise.race([work(), stopped])` and `stopped.then(...)`, once per request, where `stopped` settles when the program ends.
pub(super) fn judge(program: &Program<'_>, rule: &Rule, at: SiteRef) -> Option<Finding> {
    if at.expr.within.is_module() {
        return None;
    }
    let pending = reacted_to(program, at)?;
    let rated = program.repeated(at, Fresh::Program).filter(|it| it.rate == Rate::Many)?;
    let span = program.head(at.expr);
    let facts = program.facts(pending.file);
    let declared = &facts.bindings[pending.id.index()];
    let name = facts.text(declared.name);
    let mut story = vec![step(Role::Acquired, span, "adds a reaction here")];
    story.extend(recurs(program, at, rated));
    let head = Span::new(pending.file, declared.start, declared.start + name.len() as u32);
    story.push(step(Role::Held, head, format!("`{name}` settles when the program ends, if ever, and keeps all of them")));
    let message = format!("`{name}` gains a reaction {}, with all that it refers to, and does not settle", per(rated.recurs));
    let confidence = of_rate(rated).min(Confidence::Likely);
    let trace = trace::of_collection(program, &Place::of(Root::Binding(pending)), &[at.expr]);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace }.finish(program))
}

/// The long promise that a call reacts to.
fn reacted_to(program: &Program<'_>, at: SiteRef) -> Option<BindingRef> {
    let facts = program.facts(at.expr.file());
    let Expr::Call(callee, args) = facts.expr(at.expr.id) else { return None };
    let Expr::Member(of, name) = facts.expr(callee) else { return None };
    match facts.text(name) {
        "race" | "any" if matches!(facts.expr(of), Expr::Free(of) if facts.text(of) == "Promise") => {
            let Expr::Array(items) = facts.expr(facts.item(args, 0)?) else { return None };
            facts.list(items).find_map(|it| long(program, at.expr.with(it)))
        }
        "then" | "catch" | "finally" => long(program, at.expr.with(of)),
        _ => None,
    }
}

/// The module's constant that an expression names, if it is a promise made by hand that nothing settles while the program
/// serves.
fn long(program: &Program<'_>, expr: ExprRef) -> Option<BindingRef> {
    let Place { root: Root::Binding(binding), path } = program.place(expr)? else { return None };
    if !path.is_empty() || !program.is_top_level(binding) {
        return None;
    }
    let facts = program.facts(binding.file);
    let it = &facts.bindings[binding.id.index()];
    let init = it.init.get().filter(|_| it.writes == 0)?;
    let Expr::New(callee, args) = facts.expr(init) else { return None };
    if !matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "Promise") {
        return None;
    }
    let Expr::Function(id) = facts.expr(facts.item(args, 0)?) else { return None };
    let executor = FnRef { file: binding.file, id };
    [0, 1].into_iter().all(|n| settled_at_end(program, executor, n)).then_some(binding)
}

/// Whether a resolver is called at the end of the program only, or by what may never come.
fn settled_at_end(program: &Program<'_>, executor: FnRef, n: usize) -> bool {
    if n >= program.facts(executor.file).params(executor.id).len() {
        return true;
    }
    let Some(resolver) = program.param_binding(executor, n) else { return false };
    program.binding_uses(resolver).into_iter().all(|at| {
        let facts = program.facts(at.file());
        let Some(parent) = program.parent(at) else { return false };
        match facts.expr(parent.id) {
            Expr::Call(callee, _) if callee == at.id => at_end(program, at.within, executor),
            // `process.once("SIGTERM", resolve)`
            Expr::Call(..) => is_late(program, parent),
            // `stop = resolve`: whoever calls `stop`.
            Expr::Assign(_, target, value) if value == at.id => handed_on(program, at, target),
            _ => false,
        }
    })
}

fn handed_on(program: &Program<'_>, at: ExprRef, target: ExprId) -> bool {
    let facts = program.facts(at.file());
    let Expr::Ident(id) = facts.expr(target) else { return false };
    let binding = BindingRef { file: at.file(), id };
    let it = &facts.bindings[id.index()];
    if it.exported || matches!(it.kind, BindingKind::Param(_)) {
        return false;
    }
    let mut uses = program.binding_uses(binding).into_iter().filter(|it| it.id != target).peekable();
    uses.peek().is_some()
        && uses.all(|it| {
            program.parent(it).is_some_and(|parent| match facts.expr(parent.id) {
                Expr::Call(callee, _) if callee == it.id => at_end(program, it.within, FnRef::module(it.file())),
                Expr::Call(..) => is_late(program, parent),
                _ => false,
            })
        })
}

/// Whether a function runs at the end of the program only.
fn at_end(program: &Program<'_>, f: FnRef, outer: FnRef) -> bool {
    let mut edges = program.callers(f).peekable();
    f != outer
        && edges.peek().is_some()
        && edges.all(|it| matches!(it.how, How::Callback { .. }) && is_late(program, it.site.expr))
}

/// A registration for the end of the process, or for an abort.
fn is_late(program: &Program<'_>, call: ExprRef) -> bool {
    let Some((model, ty)) = program.call_model(call) else { return false };
    let event = program.event_name(call).map(|it| crate::facts::Sym::of(&it));
    let of_event = ty.zip(event).and_then(|(ty, event)| program.event_model(ty, event));
    let recurs = of_event.map(|it| it.recurs).or_else(|| model.runs.first().map(|it| it.recurs));
    let abort = model.acquire.as_ref().is_some_and(|it| it.resource == "abort-listener");
    abort || recurs == Some(Recurrence::Exit) && of_event.is_none_or(|it| it.certainty != Some(Certainty::Sure))
}
