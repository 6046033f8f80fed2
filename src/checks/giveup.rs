//! The check *gives-up*: a timeout rejects the promise that somebody waits for, and leaves open what the work was done with.

use super::acquisition::{Acquisition, acquisitions};
use super::named::rule;
use super::story::{Draft, of_rate, recurs, step};
use super::trace;
use crate::facts::{BindingId, BindingKind, Expr, ExprId, RegionKind};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{BindingRef, ExprRef, FnRef, Modelled, Program, Rate, SiteRef, Value, convention};
use crate::text::FileId;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let is_timeout = |it: &Modelled<'_>| it.model.acquire.as_ref().is_some_and(|it| it.resource == "timeout");
    if !program.modelled_calls(file).iter().any(is_timeout) {
        return Vec::new();
    }
    let timeouts = acquisitions(program, file).into_iter().filter(|it| it.model.resource == "timeout");
    timeouts.filter_map(|it| judge(program, &it)).collect()
}

fn judge(program: &Program<'_>, acquired: &Acquisition<'_>) -> Option<Finding> {
    let rule = rule(program, "gives-up")?;
    let Value::Function(f) = program.eval(acquired.handler(program)?) else { return None };
    let rejection = only_rejects(program, f)?;
    let around = awaiting(program, acquired.site.expr.within, rejection)?;
    let rated = program.rate(around).filter(|it| it.rate > Rate::Once)?;
    let (left, close) = left_open(program, around, acquired.site)?;
    let facts = program.facts(around.file);
    let name = facts.text(facts.bindings[left.index()].name).to_owned();
    let span = program.head(acquired.site.expr);
    let mut story = vec![step(Role::Acquired, span, "gives up after a while, and closes nothing")];
    let at = SiteRef { expr: acquired.site.expr, region: acquired.site.region };
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, program.head(close), "closed here, on another way out"));
    let message = format!("when the time is over nobody closes `{name}`: the promise is rejected, and it stays open");
    // What others have been handed, others may close.
    let shared = is_handed_on(program, BindingRef { file: around.file, id: left });
    let confidence = of_rate(rated).min(if shared { Confidence::Suspect } else { Confidence::Likely });
    let trace = trace::of_acquisition(program, acquired);
    Some(Draft { rule, confidence, message, span, within: acquired.site.expr.within, story, trace }.finish(program))
}

/// The one call of a function, if all it does is to reject a promise.
fn only_rejects(program: &Program<'_>, f: FnRef) -> Option<ExprRef> {
    let facts = program.facts(f.file);
    let mut found = None;
    for site in program.sites(f) {
        match facts.expr(site.expr) {
            Expr::New(..) => {}
            Expr::Call(callee, _) => {
                let (Expr::Member(_, name) | Expr::Free(name)) = facts.expr(callee) else {
                    let Expr::Ident(id) = facts.expr(callee) else { return None };
                    if found.is_some() || !is_reject(program, f, id) {
                        return None;
                    }
                    found = Some(ExprRef::new(f, callee));
                    continue;
                };
                match facts.text(name) {
                    "reject" if found.is_none() => found = Some(ExprRef::new(f, callee)),
                    "debug" | "log" | "warn" | "error" | "info" | "clearTimeout" => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    found
}

/// The second parameter of a promise's executor.
fn is_reject(program: &Program<'_>, f: FnRef, id: BindingId) -> bool {
    let facts = program.facts(f.file);
    let binding = &facts.bindings[id.index()];
    binding.kind == BindingKind::Param(1) && executed_by(program, FnRef { file: f.file, id: binding.function }).is_some()
}

/// The `new Promise` that runs an executor.
fn executed_by(program: &Program<'_>, executor: FnRef) -> Option<ExprRef> {
    let facts = program.facts(executor.file);
    let function = &facts.functions[executor.id.index()];
    let around = FnRef { file: executor.file, id: function.parent.get()? };
    let parent = program.parent(ExprRef::new(around, function.expr.get()?))?;
    matches!(facts.expr(parent.id), Expr::New(callee, _) if matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "Promise"))
        .then_some(parent)
}

/// The function that waits for the promise that is rejected.
fn awaiting(program: &Program<'_>, within: FnRef, rejection: ExprRef) -> Option<FnRef> {
    let facts = program.facts(within.file);
    match facts.expr(rejection.id) {
        Expr::Ident(id) => {
            let executor = FnRef { file: within.file, id: facts.bindings[id.index()].function };
            Some(executed_by(program, executor)?.within)
        }
        Expr::Member(object, _) => {
            let Expr::Ident(id) = facts.expr(object) else { return None };
            let binding = &facts.bindings[id.index()];
            let init = binding.init.get().filter(|_| binding.function == within.id)?;
            let Expr::Call(callee, _) = facts.expr(init) else { return None };
            matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "withResolvers").then_some(within)
        }
        _ => None,
    }
}

/// What a function has opened before a site, and closes on another way out, but in no `catch` and no `finally`.
fn left_open(program: &Program<'_>, f: FnRef, at: SiteRef) -> Option<(BindingId, ExprRef)> {
    let facts = program.facts(f.file);
    let before = facts.nodes[at.expr.id.index()].start;
    let mut found = None;
    for (i, binding) in facts.bindings.iter().enumerate() {
        let id = BindingId(i as u32);
        let opened = binding.function == f.id && binding.start < before && !matches!(binding.kind, BindingKind::Param(_));
        let Some(init) = binding.init.get().filter(|_| opened) else { continue };
        let made = match facts.expr(init) {
            Expr::Await(inner) => inner,
            _ => init,
        };
        if !matches!(facts.expr(made), Expr::New(..) | Expr::Call(..) | Expr::Member(..)) {
            continue;
        }
        for close in closes(program, BindingRef { file: f.file, id }) {
            if in_handler(program, close) || close.within == f {
                return None;
            }
            found = Some((id, close));
        }
    }
    found
}

/// Whether what a binding holds is passed, stored or returned anywhere.
fn is_handed_on(program: &Program<'_>, binding: BindingRef) -> bool {
    let facts = program.facts(binding.file);
    program.binding_uses(binding).into_iter().any(|at| match program.parent(at) {
        Some(parent) => !matches!(facts.expr(parent.id), Expr::Member(object, _) if object == at.id),
        None => true,
    })
}

/// The calls that close what a binding holds.
fn closes(program: &Program<'_>, binding: BindingRef) -> Vec<ExprRef> {
    let facts = program.facts(binding.file);
    let close = |at: ExprRef| {
        let member = program.parent(at)?;
        let Expr::Member(_, name) = facts.expr(member.id) else { return None };
        let call = program.parent(member)?;
        let called = matches!(facts.expr(call.id), Expr::Call(callee, _) if callee == member.id);
        (called && (convention::ends(facts.text(name)) || facts.text(name) == "abort")).then_some(call)
    };
    program.binding_uses(binding).into_iter().filter_map(close).collect()
}

/// Whether a call stands in a `catch` or `finally`, by clause or by method.
fn in_handler(program: &Program<'_>, call: ExprRef) -> bool {
    let facts = program.facts(call.file());
    let mut at = program.site_of(call).map(|it| it.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        if matches!(region.kind, RegionKind::Catch | RegionKind::Finally) {
            return true;
        }
        at = region.parent.get();
    }
    program.callers(call.within).any(|edge| {
        let facts = program.facts(edge.site.expr.file());
        let name = |callee: ExprId| match facts.expr(callee) {
            Expr::Member(_, name) => facts.text(name).to_owned(),
            _ => String::new(),
        };
        matches!(facts.expr(edge.site.expr.id), Expr::Call(callee, _) if matches!(name(callee).as_str(), "catch" | "finally" | "then"))
    })
}
