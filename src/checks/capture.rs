//! The check *overcaptured*: a closure that stays keeps a unit of work alive, its own captures or those that share its
//! context (V8 keeps one context per scope, with every variable that any closure of the scope captures).

use super::chained;
use super::story::{Draft, of_rate, per, recurs, step};
use super::trace;
use crate::facts::{BindingKind, Expr, ExprId, Facts, FnId, Function};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{ExprRef, FnRef, Fresh, Place, Program, Root, Value};
use crate::rulebook::{CollectionEffect, Weight};
use crate::text::{FileId, Span};

/// The units of work that a function captures: name and place of the first use.
pub(super) fn captured_units(program: &Program<'_>, f: FnRef) -> Vec<(String, Span)> {
    let facts = program.facts(f.file);
    let function = &facts.functions[f.id.index()];
    let mut found: Vec<(String, Span)> = Vec::new();
    for i in nodes_of(facts, function) {
        let Expr::Ident(id) = facts.nodes[i].expr else { continue };
        let binding = &facts.bindings[id.index()];
        let owner = FnRef { file: f.file, id: binding.function };
        if owner.is_module()
            || program.is_within(owner, f)
            || !matches!(binding.kind, BindingKind::Param(_) | BindingKind::Const | BindingKind::Let)
        {
            continue;
        }
        let at = ExprRef::new(f, ExprId(i as u32));
        if is_heavy(program, at) && !found.iter().any(|(name, _)| name == facts.text(binding.name)) {
            found.push((facts.text(binding.name).to_owned(), program.span(at)));
        }
    }
    found
}

/// Whether an expression is a unit of work that keeps much.
pub(super) fn is_heavy(program: &Program<'_>, expr: ExprRef) -> bool {
    let Value::Instance(ty) = program.eval(expr) else { return false };
    let models = &program.rulebook.models;
    models.lineage(ty).iter().any(|it| models.ty(*it).weight == Some(Weight::Heavy))
}

/// Closures stored in program-lived slots: `current = () => use(req)` keeps the last one, with all it captures.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let Some(rule) = program.rulebook.rules.iter().find(|it| it.check == "overcaptured") else { return Vec::new() };
    let mut found = chained::check(program, rule, file);
    for site in &facts.sites {
        let within = FnRef { file, id: facts.function_of(site.region) };
        let at = crate::program::SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
        let Some(Stored { f, holder, in_collection }) = stored(program, at.expr) else { continue };
        if within.is_module() {
            continue;
        }
        let Some(place) = program.place(holder).filter(|it| is_slot(program, it)) else { continue };
        if program.fresh_of(&place, within) != Fresh::Program {
            continue;
        }
        let Some(rated) = program.repeated(at, Fresh::Program) else { continue };
        let (units, shared) = match captured_units(program, f) {
            // A collection of closures is there for what they use.
            units if !units.is_empty() && in_collection => continue,
            units if !units.is_empty() => (units, false),
            _ => (context_units(program, f), true),
        };
        let Some((name, span)) = units.into_iter().next() else { continue };
        if is_put_back(program, &place, within) {
            continue;
        }
        let how = if shared { "through the scope that it shares with another closure" } else { "which it uses" };
        let mut story = vec![step(Role::Acquired, span_of(program, f, holder, in_collection), "stored here")];
        story.extend(recurs(program, at, rated));
        story.push(step(Role::Held, span, format!("keeps `{name}`, {how}")));
        let message = format!("closure stored {} in a place that stays keeps `{name}` alive", per(rated.recurs));
        let confidence = of_rate(rated).min(Confidence::Likely);
        let trace = trace::of_closure(program, at.expr, f);
        found.push(
            Draft { rule, confidence, message, span: span_of(program, f, holder, in_collection), within, story, trace }
                .finish(program),
        );
    }
    found
}

/// Whether a function that the storing one leaves behind writes something else to the place: what is stored is there for a
/// while.
fn is_put_back(program: &Program<'_>, place: &Place, within: FnRef) -> bool {
    program.uses(place).into_iter().any(|at| {
        let facts = program.facts(at.file());
        let later = at.within != within && program.is_within(at.within, within);
        let written = |it: ExprRef| matches!(facts.expr(it.id), Expr::Assign(_, target, _) if target == at.id);
        later && program.parent(at).is_some_and(written)
    })
}

/// A closure that is stored.
struct Stored {
    f: FnRef,
    /// The slot or collection.
    holder: ExprRef,
    in_collection: bool,
}

/// `slot = () => ...`, `map.set(key, () => ...)`.
fn stored(program: &Program<'_>, site: ExprRef) -> Option<Stored> {
    let facts = program.facts(site.file());
    let function = |id: ExprId| match facts.expr(id) {
        Expr::Function(id) => Some(FnRef { file: site.file(), id }),
        _ => None,
    };
    match facts.expr(site.id) {
        Expr::Assign(_, target, value) => Some(Stored { f: function(value)?, holder: site.with(target), in_collection: false }),
        Expr::Call(callee, args) => {
            let f = facts.list(args).find_map(function)?;
            let Expr::Member(holder, name) = facts.expr(callee) else { return None };
            if !program.may_grow(facts.sym(name)) {
                return None;
            }
            let effect = program.call_model(site)?.0.collection;
            matches!(effect, Some(CollectionEffect::Add | CollectionEffect::Put)).then_some(Stored {
                f,
                holder: site.with(holder),
                in_collection: true,
            })
        }
        _ => None,
    }
}

/// The slot that is filled; in a collection, the closure itself.
fn span_of(program: &Program<'_>, f: FnRef, holder: ExprRef, in_collection: bool) -> Span {
    let function = &program.facts(f.file).functions[f.id.index()];
    if in_collection { Span::new(f.file, function.start, function.end) } else { program.span(holder) }
}

/// A slot that is a fixed place, not an element or a property of something short-lived.
fn is_slot(program: &Program<'_>, place: &Place) -> bool {
    !place.path.contains(&program.words.element)
        && matches!(place.root, Root::Binding(_) | Root::Static(_) | Root::Instance(_) | Root::Global(_))
}

/// What the closure's siblings capture. V8 gives every closure of a scope the context of that scope, also one that captures
/// nothing (seen on Node 18 to 26).
fn context_units(program: &Program<'_>, f: FnRef) -> Vec<(String, Span)> {
    let facts = program.facts(f.file);
    let Some(parent) = facts.functions[f.id.index()].parent.get().filter(|it| *it != FnId::MODULE) else { return Vec::new() };
    let siblings =
        (0..facts.functions.len() as u32).map(FnId).filter(|id| *id != f.id && facts.functions[id.index()].parent == parent);
    siblings.flat_map(|id| captured_units(program, FnRef { file: f.file, id })).collect()
}

/// The expressions inside a function. Those of a function expression stand just before it in the arena.
fn nodes_of<'f>(facts: &'f Facts, function: &'f Function) -> impl Iterator<Item = usize> + 'f {
    let inside = move |i: &usize| (function.start..function.end).contains(&facts.nodes[*i].start);
    let (from, to) = match function.expr.get() {
        Some(expr) => {
            let behind = (0..expr.index()).rev().take_while(inside).last();
            (behind.unwrap_or(expr.index()), expr.index())
        }
        None => (0, facts.nodes.len()),
    };
    (from..to).filter(inside)
}
