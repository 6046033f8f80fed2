//! Abandoned instances: making one acquires, a method of it would release, and nobody calls that.
//!
//! What the constructor of a class of the program acquires, or a method that is called on the new object, is released by the
//! methods that end the object. So making the object is an acquisition itself, and calling one of these its release.

use super::acquisition::{Acquisition, acquisitions};
use super::listener::Removals;
use super::overwritten::is_lasting;
use super::story::{Draft, of_rate, per, recurs, step};
use super::trace;
use super::unreleased::{is_listener, past, thing, token};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{Ending, FnRef, How, Program, Rate, Rated, Root, Shape, SiteRef};
use crate::text::FileId;

/// Checks what one file acquires.
pub(super) fn check(program: &Program<'_>, removals: &Removals, file: FileId) -> Vec<Finding> {
    let lasting = acquisitions(program, file).into_iter().filter(|it| it.model.resource != "timeout" && is_lasting(program, it));
    lasting.flat_map(|it| of_acquisition(program, removals, &it)).collect()
}

fn of_acquisition(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> Vec<Finding> {
    let Some(shape) = program.served_by(acquired.site.expr.within) else { return Vec::new() };
    let made: Vec<(SiteRef, Rated)> =
        program.constructions(shape).iter().filter_map(|it| Some((*it, often(program, *it)?))).collect();
    if made.is_empty() {
        return Vec::new();
    }
    let endings = program.endings(shape);
    if endings.is_empty() || endings.iter().any(|it| ends_itself(program, shape, it)) {
        return Vec::new();
    }
    let releases = releases(program, removals, acquired);
    let by_ending = |it: &SiteRef| endings.iter().any(|ending| ending.runs(it.expr.within));
    let Some(release) = releases.iter().copied().find(by_ending).filter(|_| releases.iter().all(by_ending)) else {
        return Vec::new();
    };
    let abandoned = made.into_iter().filter(|(site, _)| starts(program, shape, *site, acquired) && is_abandoned(program, *site));
    abandoned.filter_map(|(site, rated)| finding(program, acquired, shape, site, rated, release, &endings[0])).collect()
}

/// How often a construction runs, if again and again.
fn often(program: &Program<'_>, made: SiteRef) -> Option<Rated> {
    let rated = program.rate(made.expr.within).filter(|it| it.rate == Rate::Many)?;
    program.once_guard(made).is_none().then_some(rated)
}

/// Whether the object itself sees to its end: its terminal is called by, or handed to something in, another of its methods.
fn ends_itself(program: &Program<'_>, shape: Shape, ending: &Ending) -> bool {
    program.callers(ending.terminal).any(|edge| {
        let own = program.served_by(edge.caller).is_some_and(|it| program.is_kin(it, shape));
        own || edge.how != How::Call
    })
}

fn releases(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> Vec<SiteRef> {
    if is_listener(acquired) {
        return removals.removing(program, acquired);
    }
    token(program, acquired).1.releases
}

/// Whether making an object, or what is done with it in the same function, comes by an acquisition.
fn starts(program: &Program<'_>, shape: Shape, made: SiteRef, acquired: &Acquisition<'_>) -> bool {
    let serves = |f: FnRef| program.served_by(f).is_some_and(|it| it == shape || program.extends(shape, it));
    let called = program.callees(made.expr.within).filter(|edge| matches!(edge.how, How::Call | How::Construct));
    let mut run = called.map(|edge| edge.callee).filter(|f| serves(*f));
    run.any(|f| program.ending(f).runs(acquired.site.expr.within))
}

/// Whether an object goes nowhere from where it is made, and is not ended there.
fn is_abandoned(program: &Program<'_>, made: SiteRef) -> bool {
    let flow = program.flow(made.expr, "instance");
    let is_local = |root: &Root| match root {
        Root::Binding(it) => !program.is_top_level(*it),
        Root::Param(..) => true,
        _ => false,
    };
    flow.releases.is_empty()
        && flow.escapes.is_empty()
        && flow.returned.is_empty()
        && flow.collections.is_empty()
        && !flow.in_element
        && flow.slots.iter().all(|it| is_local(&it.root))
}

fn finding(
    program: &Program<'_>,
    acquired: &Acquisition<'_>,
    shape: Shape,
    made: SiteRef,
    rated: Rated,
    release: SiteRef,
    ending: &Ending,
) -> Option<Finding> {
    let rule = program.rulebook.rule_for("unreleased", &acquired.model.resource)?;
    let class = trace::class_name(program, shape);
    let terminal = super::teardown::method_name(program, ending.terminal);
    let (thing, past) = (thing(&acquired.model.resource), past(&acquired.model.resource));
    let message = format!("`{class}` made {}, and never ended: only `{terminal}` has its {thing} {past}", per(rated.recurs));
    let span = program.head(made.expr);
    let mut story = vec![
        step(Role::Acquired, span, "made here, and `".to_owned() + &terminal + "` is not called on it"),
        step(Role::Held, program.head(acquired.site.expr), "acquired here for it"),
        step(Role::Released, program.head(release.expr), format!("{past} here")),
    ];
    story.extend(recurs(program, made, rated));
    let confidence = of_rate(rated).min(Confidence::Likely);
    let trace = trace::of_acquisition(program, acquired);
    Some(Draft { rule, confidence, message, span, within: made.expr.within, story, trace }.finish(program))
}
