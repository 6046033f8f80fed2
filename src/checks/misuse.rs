//! Small checks of things that never work as meant: collections written by property, promises raced in a loop.

use super::settle;
use super::story::{Draft, step};
use super::trace;
use crate::facts::{AssignOp, Expr, LoopKind, RegionId, RegionKind};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{BindingRef, ExprRef, FnRef, Place, Program, Root, SiteRef, Value};
use crate::rulebook::Rule;
use crate::text::{FileId, Span};

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let rule = |check: &str| program.rulebook.rules.iter().find(|it| it.check == check);
    let (by_property, raced) = (rule("by-property"), rule("unsettled"));
    let mut found = Vec::new();
    for site in &facts.sites {
        let expr = ExprRef::new(FnRef { file, id: facts.function_of(site.region) }, site.expr);
        let at = SiteRef { expr, region: site.region };
        match facts.expr(site.expr) {
            Expr::Assign(AssignOp::Set, ..) => found.extend(by_property.and_then(|it| written(program, it, at))),
            Expr::Call(..) => found.extend(raced.and_then(|it| race(program, it, at).or_else(|| settle::judge(program, it, at)))),
            _ => {}
        }
    }
    found
}

/// `map[key] = value` on a `Map`, `WeakMap` or set: a property, which the collection's own methods never see.
fn written(program: &Program<'_>, rule: &Rule, at: SiteRef) -> Option<Finding> {
    let facts = program.facts(at.expr.file());
    let Expr::Assign(_, target, _) = facts.expr(at.expr.id) else { return None };
    let Expr::Index(object, _) = facts.expr(target) else { return None };
    let collection = at.expr.with(object);
    let Value::Instance(ty) = program.eval(collection) else { return None };
    let ty = program.rulebook.models.ty(ty).name.as_str();
    if !["Map", "WeakMap", "Set", "WeakSet"].contains(&ty) {
        return None;
    }
    let place = program.place(collection);
    // Used as an ordinary object throughout, it loses what it gains.
    if place.as_ref().is_some_and(|it| is_deleted_by_property(program, it)) {
        return None;
    }
    let name = super::acquisition::name_of(program, collection);
    let span = program.span(at.expr.with(target));
    let mut story = vec![step(Role::Acquired, span, "a property is written here")];
    if let Some(declared) = place.as_ref().and_then(|it| program.declaration(it)) {
        story.push(step(Role::Held, declared, format!("`{name}` is a `{ty}`, and keeps it as an ordinary object does")));
    }
    let (confidence, why) = match ty.starts_with("Weak") {
        true => (Confidence::Certain, "so its `delete` removes nothing: the value stays, strongly, under the key's text"),
        false if place.as_ref().is_some_and(|it| is_emptied_by_method(program, it)) => {
            (Confidence::Certain, "so its `delete` removes nothing: the value stays")
        }
        // Nobody takes anything from it: it may be meant to stay.
        false => (Confidence::Suspect, "which its own methods do not see"),
    };
    let message = format!("`{name}` is a `{ty}` and is written by property, {why}");
    let trace = trace::of_properties(program, collection, at.expr);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace }.finish(program))
}

/// `map.delete(key)` or `map.clear()`, anywhere.
fn is_emptied_by_method(program: &Program<'_>, place: &Place) -> bool {
    program.uses(place).into_iter().any(|at| {
        let facts = program.facts(at.file());
        let member = program.parent(at).map(|it| facts.expr(it.id));
        matches!(member, Some(Expr::Member(object, name)) if object == at.id && matches!(facts.text(name), "delete" | "clear"))
    })
}

/// `delete map[key]`, anywhere.
fn is_deleted_by_property(program: &Program<'_>, place: &Place) -> bool {
    program.uses(place).into_iter().any(|at| {
        let Some(property) = program.parent(at) else { return false };
        let facts = program.facts(at.file());
        let is_property = matches!(facts.expr(property.id), Expr::Index(object, _) | Expr::Member(object, _) if object == at.id);
        is_property && program.parent(property).is_some_and(|it| matches!(facts.expr(it.id), Expr::Delete(_)))
    })
}

/// `Promise.race([work, pending])` in a loop without end, where `pending` was made outside: each round leaves its
/// reaction, and the result of the round, on it.
fn race(program: &Program<'_>, rule: &Rule, at: SiteRef) -> Option<Finding> {
    let facts = program.facts(at.expr.file());
    let Expr::Call(callee, args) = facts.expr(at.expr.id) else { return None };
    let Expr::Member(of, name) = facts.expr(callee) else { return None };
    // Libraries of the same interface exist that take their reactions off again.
    let native = matches!(facts.expr(of), Expr::Free(of) if facts.text(of) == "Promise");
    if !native || !matches!(facts.text(name), "race" | "any") {
        return None;
    }
    let region = program.endless_loop(at)?;
    let Expr::Array(items) = facts.item(args, 0).map(|it| facts.expr(it))? else { return None };
    let pending = facts.list(items).find_map(|it| made_before(program, at.expr.with(it), region))?;
    let span = program.head(at.expr);
    let it = &facts.regions[region.index()];
    let declared = &facts.bindings[pending.id.index()];
    let name = facts.text(declared.name);
    let story = vec![
        step(Role::Acquired, span, "each round adds a reaction here"),
        step(Role::Recurs, Span::new(at.expr.file(), it.start, it.start + 1), "in a loop without end"),
        step(
            Role::Held,
            Span::new(at.expr.file(), declared.start, declared.start + name.len() as u32),
            format!("`{name}` is made once, outside the loop, and keeps all of them until it settles"),
        ),
    ];
    let message = format!("`{name}` gains a reaction per repetition, with the result of each race, until it settles");
    let confidence = if is_unconditional(program, at, region) { Confidence::Likely } else { Confidence::Suspect };
    let trace = trace::of_collection(program, &Place::of(Root::Binding(pending)), &[at.expr]);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace }.finish(program))
}

/// A constant that is a promise made by hand before a loop began, and that no timer settles.
fn made_before(program: &Program<'_>, item: ExprRef, region: RegionId) -> Option<BindingRef> {
    let facts = program.facts(item.file());
    let Expr::Ident(id) = facts.expr(item.id) else { return None };
    let binding = &facts.bindings[id.index()];
    let init = binding.init.get().filter(|_| binding.writes == 0 && binding.start < facts.regions[region.index()].start)?;
    let Expr::New(callee, args) = facts.expr(init) else { return None };
    if !matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "Promise") {
        return None;
    }
    let executor = match facts.item(args, 0).map(|it| facts.expr(it)) {
        Some(Expr::Function(id)) => FnRef { file: item.file(), id },
        _ => return None,
    };
    let timed = program.sites(executor).any(|site| {
        let model = program.call_model(ExprRef::new(executor, site.expr)).and_then(|it| it.0.acquire.as_ref());
        model.is_some_and(|it| it.resource == "timeout")
    });
    (!timed).then_some(BindingRef { file: item.file(), id })
}

/// `while (true)`, `for (;;)`, `for await`: no test that bounds it.
fn is_unconditional(program: &Program<'_>, at: SiteRef, region: RegionId) -> bool {
    let facts = program.facts(at.expr.file());
    let it = &facts.regions[region.index()];
    match it.test.get().map(|test| facts.expr(test)) {
        None | Some(Expr::Bool(true)) => true,
        Some(_) => it.kind == RegionKind::Loop(LoopKind::Await),
    }
}
