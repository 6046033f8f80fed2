//! Incomplete teardown: an object acquires, has a release, and ends in a way that never comes by it.

use super::acquisition::Acquisition;
use super::listener::Removals;
use super::story::{Draft, per, step};
use super::trace;
use super::unreleased::{forwards, is_listener, past, thing, token};
use crate::facts::Expr;
use crate::finding::{Confidence, Finding, Role};
use crate::program::{
    Edge, Ending, ExprRef, FnRef, Fresh, Grade, Place, Program, Quality, Rate, Rated, Root, Shape, SiteRef, Value, Witness,
};
use crate::rulebook::{Recurrence, Rule};

/// What ends for everyone when it is missed, so that an object's own end is no news.
const OTHERS: [&str; 6] = ["registration", "metric", "pool-client", "transaction", "cursor", "agent"];

/// An end that misses a release.
struct Missed {
    /// The method that ends the object, or the one that owns it.
    terminal: FnRef,
    /// The release that it misses.
    release: SiteRef,
    /// The shape that ends.
    shape: Shape,
}

/// Judges an acquisition that is released somewhere.
pub(super) fn check(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> Option<Finding> {
    let rule = program.rulebook.rules.iter().find(|it| it.check == "incomplete")?;
    let resource = acquired.model.resource.as_str();
    if OTHERS.contains(&resource) || acquired.model.once && is_listener(acquired) {
        return None;
    }
    // What passes a caller's listener on, and its removal too, leaves both to the caller.
    if forwards(program, acquired) && !program.is_construction(acquired.site.expr.within) {
        return None;
    }
    let shape = program.served_by(acquired.site.expr.within)?;
    let releases = releases(program, removals, acquired, shape)?;
    // A timer that is cleared before it is started again: one at most, and not for long.
    let replaced = resource == "timeout" && releases.iter().all(|it| it.expr.within == acquired.site.expr.within);
    if releases.is_empty() || replaced || !outlives(program, acquired, shape) {
        return None;
    }
    let missed = missed(program, acquired, shape, &releases)?;
    let made = how_made(program, missed.shape)?;
    // That there is a release shows what is meant, even where only the outside makes the objects.
    let confidence = if resource == "timeout" { Confidence::Suspect } else { Confidence::Likely };
    Some(finding(program, rule, acquired, &missed, made, confidence))
}

/// The releases of what an object of a shape keeps in a field, or listens to.
fn releases(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>, shape: Shape) -> Option<Vec<SiteRef>> {
    if is_listener(acquired) {
        return Some(removals.removing(program, acquired));
    }
    let (_, flow) = token(program, acquired);
    let is_own = |it: &Place| matches!(it.root, Root::Instance(owner) if program.is_kin(owner, shape)) && it.path.len() == 1;
    (flow.slots.iter().any(is_own) && flow.escapes.is_empty() && flow.returned.is_empty()).then_some(flow.releases)
}

/// Whether what holds stays when an object of a shape goes.
fn outlives(program: &Program<'_>, acquired: &Acquisition<'_>, shape: Shape) -> bool {
    let Some(holder) = acquired.holder(program) else { return true };
    program.holds(holder, acquired.site).into_iter().any(|it| match it.fresh {
        Fresh::Program | Fresh::Shared(_) | Fresh::Connection => true,
        Fresh::Instance(other) => !program.is_kin(other, shape),
        Fresh::Call(_) | Fresh::Unknown => false,
    })
}

/// The end that comes by none of the releases: of the object itself, or of the one that owns it.
fn missed(program: &Program<'_>, acquired: &Acquisition<'_>, shape: Shape, releases: &[SiteRef]) -> Option<Missed> {
    let own: Vec<SiteRef> = releases.iter().copied().filter(|it| it.expr.within == acquired.site.expr.within).collect();
    let nested = |it: &&SiteRef| program.is_within(it.expr.within, acquired.site.expr.within);
    if program.coverage(acquired.site, &own).grade == Grade::Covers {
        return None;
    }
    let closures = releases.iter().filter(nested).copied();
    let closures: Vec<SiteRef> = closures.filter(|it| !own.contains(it) && !program.runs_midway(it.expr.within)).collect();
    if program.coverage(acquired.site, &closures).grade == Grade::Covers || releases.iter().any(|it| answers_end(program, *it)) {
        return None;
    }
    let mut endings = program.endings(shape);
    // A method that the callback itself calls tidies up from time to time, and ends nothing.
    endings.retain(|it| !is_called_back(program, acquired, it.terminal) && !answers_own_end(program, acquired, it.terminal));
    if let Some(first) = endings.first() {
        let release = *releases.first()?;
        let lasts = |it: &&SiteRef| !program.replaces(acquired.site, **it);
        if endings.iter().any(|ending| releases.iter().filter(lasts).any(|it| ending.runs(it.expr.within))) {
            return missed_by_owner(program, shape, &endings, releases);
        }
        return Some(Missed { terminal: first.terminal, release, shape });
    }
    missed_by_owner(program, shape, &endings, releases)
}

/// Whether a method is called by what hears the end of what was acquired alone: it has ended by then.
fn answers_own_end(program: &Program<'_>, acquired: &Acquisition<'_>, f: FnRef) -> bool {
    let (_, flow) = token(program, acquired);
    let of_token = |edge: &Edge| {
        let facts = program.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
        let Expr::Member(object, _) = facts.expr(callee) else { return false };
        let emitter = program.place(edge.site.expr.with(object));
        program.is_ending(edge) && emitter.is_some_and(|it| flow.slots.contains(&it))
    };
    let heard = |edge: &Edge| of_token(edge) || program.callers(edge.caller).any(of_token);
    let mut callers = program.callers(f).peekable();
    callers.peek().is_some() && callers.all(heard)
}

fn is_called_back(program: &Program<'_>, acquired: &Acquisition<'_>, f: FnRef) -> bool {
    let handler = acquired.handler(program).map(|it| program.eval(it));
    matches!(handler, Some(Value::Function(handler)) if handler == f || program.callees(handler).any(|edge| edge.callee == f))
}

/// Whether a release runs on an event that ends something.
fn answers_end(program: &Program<'_>, release: SiteRef) -> bool {
    program.callers(release.expr.within).any(|edge| program.is_ending(edge))
}

/// What owns the object in a field of its own, and ends without ending it.
fn missed_by_owner(program: &Program<'_>, shape: Shape, endings: &[Ending], releases: &[SiteRef]) -> Option<Missed> {
    let release = *releases.first()?;
    // A method of the object that lets go, which somebody must call.
    let lets_go: Vec<FnRef> = releases.iter().map(|it| it.expr.within).chain(endings.iter().map(|it| it.terminal)).collect();
    let mut missed = None;
    for &made in program.constructions(shape) {
        let owner = kept_by(program, made)?;
        if program.is_kin(owner, shape) {
            return None;
        }
        let endings = program.endings(owner);
        let terminal = endings.first()?.terminal;
        let ends = |it: &Ending| lets_go.iter().any(|f| it.runs(*f) || names_method(program, it, *f));
        if endings.iter().any(ends) || is_ended_elsewhere(program, owner, shape, &lets_go) {
            return None;
        }
        missed = Some(Missed { terminal, release, shape: owner });
    }
    missed
}

/// The shape in whose field a construction ends up: `this.poller = new Poller()`.
fn kept_by(program: &Program<'_>, made: SiteRef) -> Option<Shape> {
    let parent = program.parent(made.expr)?;
    let Expr::Assign(_, target, _) = program.facts(made.expr.file()).expr(parent.id) else { return None };
    match program.place(made.expr.with(target))? {
        Place { root: Root::Instance(owner), path } if path.len() == 1 => Some(owner),
        _ => None,
    }
}

/// Whether a method is called by others than the object itself and what owns it.
fn is_ended_elsewhere(program: &Program<'_>, owner: Shape, shape: Shape, lets_go: &[FnRef]) -> bool {
    let outside = |f: FnRef| program.served_by(f).is_none_or(|it| !program.is_kin(it, owner) && !program.is_kin(it, shape));
    lets_go.iter().any(|f| program.callers(*f).any(|edge| outside(edge.caller)))
}

/// Whether a function that runs at an end calls a method of a name on something that is not known.
fn names_method(program: &Program<'_>, ending: &Ending, method: FnRef) -> bool {
    let facts = program.facts(method.file);
    let name = facts.sym(facts.functions[method.id.index()].name);
    ending.functions().any(|f| {
        let facts = program.facts(f.file);
        program.sites(f).any(|site| match facts.expr(site.expr) {
            Expr::Call(callee, _) => {
                matches!(facts.expr(callee), Expr::Member(_, it) if facts.sym(it) == name)
                    && program.edges_at(ExprRef::new(f, site.expr)).next().is_none()
            }
            _ => false,
        })
    })
}

/// How often objects of a shape are made; `None` if there is one at most.
fn how_made(program: &Program<'_>, shape: Shape) -> Option<Rated> {
    if program.is_singleton(shape) {
        return None;
    }
    let offered = Rated { rate: Rate::Api, recurs: Recurrence::Call, quality: Quality::Inferred, witness: Witness::Offered };
    let made = program.constructions(shape).iter().filter_map(|it| program.rate(it.expr.within));
    let best = made.max_by_key(|it| (it.rate, it.quality)).unwrap_or(offered);
    (best.rate > Rate::Once).then_some(best)
}

fn finding(
    program: &Program<'_>,
    rule: &Rule,
    acquired: &Acquisition<'_>,
    missed: &Missed,
    made: Rated,
    confidence: Confidence,
) -> Finding {
    let (thing, past) = (thing(&acquired.model.resource), past(&acquired.model.resource));
    let terminal = method_name(program, missed.terminal);
    let release = method_name(program, missed.release.expr.within);
    let span = program.head(acquired.site.expr);
    let message = format!("{thing} that `{terminal}` leaves behind: it is {past} in `{release}`, which that end never comes by");
    let story = vec![
        step(Role::Acquired, span, "acquired here"),
        step(Role::Released, program.head(missed.release.expr), format!("{past} here, and not on every end")),
        step(Role::Released, program.function_head(missed.terminal), "this ends the object, and does not come by there"),
    ];
    let message = match made.rate {
        Rate::Many => format!("{message}; objects are made {}", per(made.recurs)),
        _ => message,
    };
    let trace = trace::of_acquisition(program, acquired);
    Draft { rule, confidence, message, span, within: acquired.site.expr.within, story, trace }.finish(program)
}

/// The name of the method that a function is, or stands in.
pub(super) fn method_name(program: &Program<'_>, f: FnRef) -> String {
    let facts = program.facts(f.file);
    let mut at = Some(f.id);
    while let Some(id) = at {
        let function = &facts.functions[id.index()];
        let name = facts.text(function.name);
        if !name.is_empty() {
            return name.to_owned();
        }
        at = function.parent.get();
    }
    "another function".to_owned()
}
