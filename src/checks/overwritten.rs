//! The check *overwritten*: a slot that keeps something to release is filled again, and nobody looks at what was there.

use super::acquisition::{Acquisition, acquisitions, name_of};
use super::named::rule;
use super::story::{Draft, per, step};
use super::trace;
use super::unreleased::{past, thing};
use crate::facts::{AssignOp, Expr};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{Edge, ExprRef, FnRef, Fresh, How, Place, Program, Rate, Rated, Root, Shape, SiteRef};
use crate::rulebook::{Part, Rule};
use crate::text::FileId;
use rayon::prelude::*;
use std::cell::Cell;

/// What goes on until somebody ends it. The rest ends by itself, or is another check's.
const LASTING: [&str; 11] = [
    "interval",
    "client",
    "agent",
    "watcher",
    "worker",
    "server",
    "subscription",
    "browser",
    "job",
    "database-session",
    "logger",
];

/// Events after which what emitted them is gone, besides those that end things.
const FAILURES: [&str; 3] = ["error", "fail", "timeout"];

/// A slot that is filled.
struct Slot {
    place: Place,
    /// The assignment.
    site: SiteRef,
    /// What is assigned to.
    target: ExprRef,
    /// Every expression that stands for it.
    uses: Vec<ExprRef>,
    /// Releases of what is in it.
    releases: Vec<SiteRef>,
}

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let Some(rule) = rule(program, "overwritten") else { return Vec::new() };
    acquisitions(program, file).into_iter().filter_map(|it| judge(program, rule, &it)).collect()
}

/// Checks instances of the program's own classes: making one is an acquisition if its class acquires and can be ended.
pub(super) fn check_instances(program: &Program<'_>) -> Vec<Finding> {
    let Some(rule) = rule(program, "overwritten") else { return Vec::new() };
    let files: Vec<FileId> = program.files().collect();
    let acquiring = |&file: &FileId| {
        let lasting = acquisitions(program, file).into_iter().filter(|it| is_lasting(program, it));
        lasting.filter_map(|it| program.served_by(it.site.expr.within)).collect::<Vec<Shape>>()
    };
    let mut shapes: Vec<Shape> = files.par_iter().flat_map_iter(acquiring).collect();
    shapes.sort();
    shapes.dedup();
    let judged = |&shape: &Shape| {
        program.constructions(shape).iter().filter_map(|it| judge_instance(program, rule, shape, *it)).collect::<Vec<Finding>>()
    };
    shapes.par_iter().flat_map_iter(judged).collect()
}

/// Whether what is acquired goes on by itself, or is held by something older than the object that acquires it.
fn is_lasting(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    match acquired.model.resource.as_str() {
        "process-listener" => true,
        "listener" => acquired
            .holder(program)
            .is_some_and(|holder| program.holds(holder, acquired.site).iter().any(|it| it.fresh == Fresh::Program)),
        resource => LASTING.contains(&resource),
    }
}

fn judge_instance(program: &Program<'_>, rule: &Rule, shape: Shape, made: SiteRef) -> Option<Finding> {
    let slot = slot(program, made.expr, "instance")?;
    let ends = program.endings(shape);
    let ended = |it: &&SiteRef| program.edges_at(it.expr).any(|edge| ends.iter().any(|end| end.terminal == edge.callee));
    let release = slot.releases.iter().find(ended)?;
    let rated = refilled(program, &slot)?;
    let name = name_of(program, slot.target);
    let class = trace::class_name(program, shape);
    let message = format!("`{name}` is filled again {}, and the `{class}` that was in it is not ended", per(rated.recurs));
    let span = program.head(made.expr);
    let mut story = vec![step(Role::Acquired, span, "made here, in place of the one before")];
    story.extend(program.declaration(&slot.place).map(|it| step(Role::Held, it, "the only name that it has")));
    story.push(step(Role::Released, program.head(release.expr), "ended here, but only what is there by then"));
    let confidence = confidence(rated);
    Some(
        Draft {
            rule,
            confidence,
            message,
            span,
            within: slot.site.expr.within,
            story,
            trace: trace::of_instances(program, made.expr),
        }
        .finish(program),
    )
}

fn judge(program: &Program<'_>, rule: &Rule, acquired: &Acquisition<'_>) -> Option<Finding> {
    let resource = acquired.model.resource.as_str();
    let is_token = acquired.model.token.is_none_or(|it| it == Part::Result);
    if !LASTING.contains(&resource) || !is_token {
        return None;
    }
    let slot = slot(program, acquired.site.expr, resource)?;
    // Without a release nobody means to; that it is never released is said elsewhere.
    let release = slot.releases.iter().copied().find(|it| *it != slot.site)?;
    let rated = refilled(program, &slot)?;
    let confidence = confidence(rated);
    let name = name_of(program, slot.target);
    let thing = thing(resource);
    let message =
        format!("`{name}` is filled again {}, and the {thing} that was in it is not {}", per(rated.recurs), past(resource));
    let span = program.head(acquired.site.expr);
    let mut story = vec![step(Role::Acquired, span, "acquired here, in place of the one before")];
    story.extend(program.declaration(&slot.place).map(|it| step(Role::Held, it, "the only name that it has")));
    story.push(step(Role::Released, program.head(release.expr), "released here, but only what is there by then"));
    let trace = trace::of_acquisition(program, acquired);
    Some(Draft { rule, confidence, message, span, within: slot.site.expr.within, story, trace }.finish(program))
}

fn confidence(rated: Rated) -> Confidence {
    if rated.is_modelled() { Confidence::Likely } else { Confidence::Suspect }
}

/// The slot that the value of an expression goes into at once.
fn slot(program: &Program<'_>, value: ExprRef, resource: &str) -> Option<Slot> {
    let facts = program.facts(value.file());
    let mut at = value;
    let (assignment, target) = loop {
        let parent = program.parent(at)?;
        match facts.expr(parent.id) {
            Expr::Await(_) => at = parent,
            Expr::Assign(AssignOp::Set, target, it) if it == at.id => break (parent, at.with(target)),
            _ => return None,
        }
    };
    if !matches!(facts.expr(target.id), Expr::Ident(_) | Expr::Member(..)) {
        return None;
    }
    let place = program.place(target)?;
    if place.path.contains(&program.words.element) {
        return None;
    }
    let uses = program.uses(&place);
    let reads: Vec<ExprRef> = uses.iter().copied().filter(|it| !is_target(program, *it)).collect();
    // What was in the slot may be in another one by now, and let go there: only by its own name is it this one.
    let by_name = |release: &SiteRef| {
        let (whole, file) = (program.span(release.expr), release.expr.file());
        reads.iter().any(|it| it.file() == file && (whole.start..whole.end).contains(&program.span(*it).start))
    };
    let releases = program.flow_from(reads.clone(), resource).releases.into_iter().filter(by_name).collect();
    Some(Slot { site: program.site_of(assignment)?, place, target, uses, releases })
}

/// Whether an expression is assigned to.
fn is_target(program: &Program<'_>, expr: ExprRef) -> bool {
    let parent = program.parent(expr);
    parent.is_some_and(|it| matches!(program.facts(it.file()).expr(it.id), Expr::Assign(_, target, _) if target == expr.id))
}

/// What fills a slot again while nobody looks.
fn refilled(program: &Program<'_>, slot: &Slot) -> Option<Rated> {
    let fresh = program.fresh_of(&slot.place, slot.site.expr.within);
    let looks = |at: SiteRef| looks(program, slot, at);
    let ends = |edge: &Edge| is_own_end(program, slot, edge);
    let rated = program.refilled(slot.site, fresh, &looks, &ends)?;
    // Who calls a method of an object from outside knows what is in it.
    let is_variable = matches!(slot.place.root, Root::Binding(_) | Root::Static(_));
    (rated.rate == Rate::Many || rated.rate == Rate::Api && is_variable).then_some(rated)
}

/// Whether somebody looks at a slot before a site of a function that leads to its filling.
fn looks(program: &Program<'_>, slot: &Slot, at: SiteRef) -> bool {
    if program.once_guard(at).is_some() || program.is_empty_at(at, &slot.place) {
        return true;
    }
    let start = |it: ExprRef| program.span(it).start;
    let before =
        |it: ExprRef| start(it) < start(at.expr) && program.is_within(at.expr.within, it.within) && !it.within.is_module();
    // At the filling itself, whoever reads it looks; further up, only who lets go.
    let reads = at == slot.site && slot.uses.iter().any(|it| *it != slot.target && before(*it) && !is_target(program, *it));
    reads || slot.releases.iter().any(|it| before(it.expr)) || calls_release(program, slot, at)
}

/// Whether a function called before a site releases what is in the slot.
fn calls_release(program: &Program<'_>, slot: &Slot, at: SiteRef) -> bool {
    let start = program.span(at.expr).start;
    let earlier = program.callees(at.expr.within).filter(|it| program.span(it.site.expr).start < start && it.how == How::Call);
    let mut open: Vec<(FnRef, u32)> = earlier.map(|it| (it.callee, 0)).collect();
    while let Some((f, depth)) = open.pop() {
        if slot.releases.iter().any(|it| program.is_within(it.expr.within, f)) {
            return true;
        }
        if depth < 3 {
            open.extend(program.callees(f).filter(|it| it.how == How::Call).map(|it| (it.callee, depth + 1)));
        }
    }
    false
}

/// Whether an edge comes from an end of what was in the slot: then it needs no release.
fn is_own_end(program: &Program<'_>, slot: &Slot, edge: &Edge) -> bool {
    let failed = program.event_name(edge.site.expr).is_some_and(|it| FAILURES.contains(&it.as_str()));
    if !failed && !program.is_ending(edge) {
        return false;
    }
    let facts = program.facts(edge.site.expr.file());
    let callee = match facts.expr(edge.site.expr.id) {
        Expr::Call(callee, _) | Expr::Assign(_, callee, _) => callee,
        _ => return false,
    };
    let Expr::Member(object, _) = facts.expr(callee) else { return false };
    let place = program.place(edge.site.expr.with(object));
    place.as_ref() == Some(&slot.place) || is_value(program, slot, place)
}

/// Whether only the end of what is acquired makes the next one: a client that connects again after its connection is gone.
pub(super) fn follows_its_end(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let value = acquired.site.expr;
    let named = program.initialized_by(value).map(|it| Place::of(Root::Binding(it)));
    let place = match named.or_else(|| Some(slot(program, value, &acquired.model.resource)?.place)) {
        Some(place) => place,
        None => return false,
    };
    let slot = Slot { place, site: acquired.site, target: value, uses: Vec::new(), releases: Vec::new() };
    let met = Cell::new(false);
    let ends = |edge: &Edge| {
        let own = is_own_end(program, &slot, edge);
        met.set(met.get() || own);
        own
    };
    let rated = program.refilled(acquired.site, Fresh::Program, &|_| false, &ends);
    met.get() && rated.is_none_or(|it| it.rate < Rate::Many)
}

/// Whether a place is a local name of what is assigned.
fn is_value(program: &Program<'_>, slot: &Slot, place: Option<Place>) -> bool {
    let Some(Place { root: Root::Binding(binding), path }) = place else { return false };
    path.is_empty()
        && program.binding_uses(binding).into_iter().any(|it| {
            program.parent(it).is_some_and(|parent| {
                matches!(program.facts(parent.file()).expr(parent.id), Expr::Assign(_, target, value)
                if value == it.id && program.place(it.with(target)).as_ref() == Some(&slot.place))
            })
        })
}
