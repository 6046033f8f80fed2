//! Memoizing wrappers that live as long as the program, without a limit, called with what the outside sends.

use super::constant;
use super::key::{Keys, is_new, keys};
use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::Expr;
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, Fresh, Place, Program, Rate, Rated, Root, SiteRef};
use crate::rulebook::CallModel;

/// Properties of a wrapper by which a program empties or replaces what it remembers.
const EMPTIES: [&str; 12] =
    ["cache", "clear", "delete", "forget", "dirty", "reset", "invalidate", "clearCache", "evict", "expire", "remove", "purge"];

/// Judges a call that makes a memoizing wrapper.
pub(super) fn judge(program: &Program<'_>, at: SiteRef, model: &CallModel) -> Option<Finding> {
    let rule = rule(program, "memoized")?;
    if is_bounded(program, at.expr, model) {
        return None;
    }
    let place = home(program, at.expr)?;
    let mut best: Option<(Confidence, SiteRef, Rated)> = None;
    for at in program.uses(&place) {
        let facts = program.facts(at.file());
        let Some(parent) = program.parent(at) else { continue };
        match facts.expr(parent.id) {
            Expr::Member(object, name) if object == at.id && EMPTIES.contains(&facts.text(name)) => return None,
            // Whoever gets it may empty it: `memoizeClear(find)`.
            Expr::Call(callee, _) if callee != at.id => return None,
            Expr::Call(..) => {
                let found = call(program, parent);
                best = best.filter(|old| found.is_none_or(|new| old.0 >= new.0)).or(found);
            }
            _ => {}
        }
    }
    let (confidence, used, rated) = best?;
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, program.head(used.expr), "a result is remembered here")];
    story.extend(recurs(program, used, rated));
    story.push(step(Role::Held, span, "this remembers every result, without a limit"));
    let message = format!("a memoizer without a limit remembers a result {}, for every argument that comes", per(rated.recurs));
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// Where a wrapper stays, if it lives as long as the program.
fn home(program: &Program<'_>, made: ExprRef) -> Option<Place> {
    let facts = program.facts(made.file());
    let place = match program.initialized_by(made) {
        Some(binding) => Place::of(Root::Binding(binding)),
        None => {
            let parent = program.parent(made)?;
            match facts.expr(parent.id) {
                Expr::Assign(_, target, value) if value == made.id => program.place(made.with(target))?,
                Expr::Object { .. } => {
                    let property = facts.properties(facts.expr(parent.id)).iter().find(|it| it.value == made.id)?;
                    let mut place = program.place(parent)?;
                    place.path.push(facts.sym(property.name));
                    place
                }
                _ => return None,
            }
        }
    };
    (program.fresh_of(&place, made.within) == Fresh::Program).then_some(place)
}

/// A limit of number or age among the options, or options that cannot be seen.
fn is_bounded(program: &Program<'_>, made: ExprRef, model: &CallModel) -> bool {
    (1..3).filter_map(|n| program.argument(made, n)).any(|options| {
        let facts = program.facts(options.file());
        !matches!(facts.expr(options.id), Expr::Function(_))
            && model.bounded_with.iter().any(|it| constant::option(program, options, it) != Some(false))
    })
}

/// A call of a wrapper again and again, with an argument that differs.
fn call(program: &Program<'_>, call: ExprRef) -> Option<(Confidence, SiteRef, Rated)> {
    let site = program.site_of(call)?;
    let key = program.argument(call, 0)?;
    let rated = program.repeated(site, Fresh::Program).filter(|it| it.rate == Rate::Many)?;
    let limit = match keys(program, key) {
        Keys::Fresh | Keys::Outside => Confidence::Likely,
        Keys::Unknown if is_new(program, key) => Confidence::Likely,
        Keys::Unknown | Keys::Closed => return None,
    };
    Some((of_rate(rated).min(limit), site, rated))
}
