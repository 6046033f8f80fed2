//! One-shot timers: they let go by themselves, so only three shapes are findings (`SEMANTICS.md` section 5): a long delay
//! over something heavy, a clear that misses some way out, and a chain that re-arms itself and is started again and again.

use super::acquisition::Acquisition;
use super::capture::captured_units;
use super::constant;
use super::story::{Draft, per, recurs, step};
use super::trace;
use crate::facts::Expr;
use crate::finding::{Confidence, Finding, Role};
use crate::program::{ExprRef, FnRef, Grade, Program, Quality, Rated, Value};
use crate::rulebook::{Recurrence, Rule};

/// A delay from which a pending timer is worth a finding, in milliseconds.
pub(super) const LONG: f64 = 300_000.0;

pub(super) fn judge(
    program: &Program<'_>,
    rule: &Rule,
    acquired: &Acquisition<'_>,
    rated: Rated,
    confidence: Confidence,
) -> Option<Finding> {
    let call = acquired.site.expr;
    let handler = acquired.handler(program)?;
    let f = match program.eval(handler) {
        Value::Function(f) => f,
        _ => return None,
    };
    // The chain's own repetition starts no further chain.
    let own = rated.recurs == Recurrence::Tick && rated.quality < Quality::Modelled;
    if own && rearms(program, acquired, f) {
        return None;
    }
    let flow = program.flow(call, "timeout");
    let coverage = program.coverage(acquired.site, &flow.releases);
    let per = per(rated.recurs);
    let mut story = vec![step(Role::Acquired, program.head(call), "started here")];
    story.extend(recurs(program, acquired.site, rated));
    let units = captured_units(program, f);
    let delay = program.argument(call, 1).and_then(|it| constant::number(program, it));
    let (confidence, message) = if rearms(program, acquired, f) && flow.releases.is_empty() {
        let tested = program.facts(call.file()).regions[acquired.site.region.index()].parent.get().is_some();
        let limit = if tested { Confidence::Suspect } else { Confidence::Likely };
        (confidence.min(limit), format!("timer that re-arms itself is started {per}, and nothing stops it"))
    } else if coverage.grade == Grade::Partial && is_waited_for(program, acquired, f) {
        return None;
    } else if coverage.grade == Grade::Partial && units.is_empty() {
        // It is meant to be cleared, and on the usual way out it is not.
        let rare = coverage.reason.ends_with("may not come");
        let limit = if rare { Confidence::Likely } else { Confidence::Suspect };
        (limit, format!("timer started {per} is cleared on some ways out only, and keeps its callback's scope until it fires"))
    } else if coverage.grade == Grade::Partial {
        (
            confidence.min(Confidence::Suspect),
            format!("timer started {per} keeps `{}`, and is cleared on some ways out only", units[0].0),
        )
    } else if let (Some(delay), false, Grade::None) = (delay.filter(|it| *it >= LONG), units.is_empty(), coverage.grade) {
        let minutes = delay / 60_000.0;
        (
            confidence.min(Confidence::Likely),
            format!("timer started {per} keeps `{}` for {minutes:.0} minutes, and nothing clears it", units[0].0),
        )
    } else {
        return None;
    };
    if let Some((_, span)) = units.first() {
        story.push(step(Role::Held, *span, "the callback keeps this alive"));
    }
    if let Some(release) = coverage.release {
        story.push(step(Role::Released, program.head(release.expr), coverage.reason.clone()));
    }
    let trace = trace::of_acquisition(program, acquired);
    Some(Draft { rule, confidence, message, span: program.head(call), within: call.within, story, trace }.finish(program))
}

/// `new Promise((resolve) => setTimeout(() => resolve(), ms))`: whoever started it waits for just that, and what clears it is
/// the exception.
fn is_waited_for(program: &Program<'_>, acquired: &Acquisition<'_>, handler: FnRef) -> bool {
    let executor = acquired.site.expr.within;
    let facts = program.facts(executor.file);
    let made = facts.functions[executor.id.index()].expr;
    let Some(parent) = made.get().and_then(|id| program.parent(ExprRef::new(executor, id))) else { return false };
    let is_executor = matches!(facts.expr(parent.id), Expr::New(callee, _) if matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "Promise"));
    let Some(resolve) = program.param_binding(executor, 0).filter(|_| is_executor) else { return false };
    let settles = |site: crate::facts::Site| matches!(facts.expr(site.expr), Expr::Call(callee, _) if facts.expr(callee) == Expr::Ident(resolve.id));
    program.sites(handler).any(settles)
}

/// Whether the callback leads back to the site.
pub(super) fn rearms(program: &Program<'_>, acquired: &Acquisition<'_>, handler: FnRef) -> bool {
    let target = acquired.site.expr.within;
    if handler == target {
        return true;
    }
    let direct = |f: FnRef| program.callees(f).any(|edge| edge.callee == target && edge.how == crate::program::How::Call);
    direct(handler)
}
