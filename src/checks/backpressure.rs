//! Writes that ignore backpressure: chunks written in a loop, or as they come from elsewhere, whatever `write` answers.

use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{BindingKind, Expr, Facts, LoopKind, RegionId, RegionKind, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, How, Program, Rate, SiteRef};
use crate::rulebook::Part;

/// Where chunks come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A loop over what the function got while it ran.
    Loop,
    /// A loop over something else, which is in memory already.
    Known,
    /// Another stream's `data`.
    Stream,
}

/// Judges a `write`.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "backpressure")?;
    let rated = program.rate(at.expr.within).filter(|it| it.rate == Rate::Many)?;
    if program.parent(at.expr).is_some() || speaks_of_drain(program, at) || waits_by_itself(program, at) || program.moves_on(at) {
        return None;
    }
    let source = source(program, at)?;
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "written here, and the result is not looked at")];
    story.extend(recurs(program, at, rated));
    let unsure = source == Source::Known || feeds_itself(program, at);
    let confidence = of_rate(rated).min(if unsure { Confidence::Suspect } else { Confidence::Likely });
    let how = if source == Source::Stream { "as they come, without waiting" } else { "in a loop that does not wait" };
    let message = format!("chunks are written {how} for the receiver, {}", per(rated.recurs));
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// Whether the receiver is a stream of the process itself, which writes to files, terminals and pipes before it returns.
fn waits_by_itself(program: &Program<'_>, at: SiteRef) -> bool {
    let Some(receiver) = program.part(at.expr, Part::Receiver).map(|it| program.initial(it)) else { return false };
    let facts = program.facts(receiver.file());
    let Expr::Member(object, name) = facts.expr(receiver.id) else { return false };
    let is_process = match facts.expr(object) {
        Expr::Free(it) => facts.text(it) == "process",
        Expr::Ident(id) => match facts.bindings[id.index()].kind {
            BindingKind::Import(it) => facts.text(facts.imports[it as usize].module).trim_start_matches("node:") == "process",
            _ => false,
        },
        _ => false,
    };
    is_process && matches!(facts.text(name), "stdout" | "stderr")
}

/// A transforming stream that fills itself: what reads it decides.
fn feeds_itself(program: &Program<'_>, at: SiteRef) -> bool {
    let receiver = program.part(at.expr, Part::Receiver);
    receiver.is_some_and(|it| program.facts(it.file()).expr(it.id) == Expr::This)
}

fn source(program: &Program<'_>, at: SiteRef) -> Option<Source> {
    let facts = program.facts(at.expr.file());
    let Some(region) = enclosing_loop(facts, at.region) else {
        return from_stream(program, at).then_some(Source::Stream);
    };
    if awaits(program, at, region) {
        return None;
    }
    let it = &facts.regions[region.index()];
    match (it.kind, it.test.get()) {
        (RegionKind::Loop(LoopKind::Each), Some(list)) if !was_awaited(program, at.expr.with(list)) => Some(Source::Known),
        _ => Some(Source::Loop),
    }
}

/// Whether the function around is a `data` listener and writes what it is given.
fn from_stream(program: &Program<'_>, at: SiteRef) -> bool {
    let f = at.expr.within;
    let listens = program
        .callers(f)
        .any(|edge| matches!(edge.how, How::Callback { .. }) && program.event_name(edge.site.expr).as_deref() == Some("data"));
    let facts = program.facts(f.file);
    let chunk = program.param_binding(f, 0);
    let whole = program.argument(at.expr, 0).map(|it| facts.expr(it.id));
    listens && chunk.is_some_and(|chunk| whole == Some(Expr::Ident(chunk.id)))
}

/// A list of unknown length that the function waited for.
fn was_awaited(program: &Program<'_>, list: ExprRef) -> bool {
    let facts = program.facts(list.file());
    match facts.expr(list.id) {
        Expr::Await(_) => true,
        Expr::Member(object, _) => was_awaited(program, list.with(object)),
        Expr::Ident(_) => {
            let initial = program.initial(list);
            initial != list && was_awaited(program, initial)
        }
        _ => false,
    }
}

fn enclosing_loop(facts: &Facts, region: RegionId) -> Option<RegionId> {
    let mut at = Some(region);
    while let Some(id) = at {
        let it = &facts.regions[id.index()];
        if matches!(it.kind, RegionKind::Loop(_)) {
            return Some(id);
        }
        at = it.parent.get();
    }
    None
}

/// Whether something in the loop is awaited; what `for await` waits for is the source, not the receiver.
fn awaits(program: &Program<'_>, at: SiteRef, in_loop: RegionId) -> bool {
    let facts = program.facts(at.expr.file());
    let kind = facts.regions[in_loop.index()].kind;
    kind != RegionKind::Loop(LoopKind::Await)
        && program
            .sites(at.expr.within)
            .any(|it| matches!(facts.expr(it.expr), Expr::Await(_)) && facts.encloses(in_loop, it.region))
}

/// A file that speaks of `drain` or `pause` knows what it does.
fn speaks_of_drain(program: &Program<'_>, at: SiteRef) -> bool {
    let names = &program.facts(at.expr.file()).names;
    names.contains(Sym::of("drain")) || names.contains(Sym::of("pause"))
}
