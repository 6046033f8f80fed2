//! Which removals from a collection are sure to come: one that waits for another message of the same peer is not.

use super::growth::Growth;
use super::kept::stays;
use super::unbounded::{Candidate, compares_size};
use crate::facts::{BinaryOp, Expr, ExprId, Facts, RegionKind};
use crate::program::{ExprRef, FnRef, How, Program, Quality, Rate, Rated, SiteRef, convention};
use crate::rulebook::{Certainty, Recurrence};
use rustc_hash::FxHashSet;

/// Whether an event comes when a peer comes or goes, whatever it does.
fn comes_or_goes(event: &str) -> bool {
    convention::is_last_event(event) || matches!(event, "connection" | "connect")
}

/// Whether a function runs only on events that may not come.
pub(super) fn is_rare(program: &Program<'_>, f: FnRef) -> bool {
    let mut any = false;
    for edge in program.callers(f) {
        match edge.how {
            How::Callback { certainty: Some(Certainty::Rare | Certainty::Never), .. } => any = true,
            _ => return false,
        }
    }
    any
}

/// The removal stands in a request's handler, the growth in that of another request, or of a message.
pub(super) fn by_other_entry(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let origin = |f| program.origin(f).map(|it| it.1);
    let here = origin(site.expr.within);
    let by_peer = |it: &Candidate| {
        matches!(it.rated.recurs, Recurrence::Connection | Recurrence::Message | Recurrence::Event)
            && stays(program, &it.grow.place)
    };
    let outside = |it: &Candidate| it.rated.recurs == Recurrence::Request || by_peer(it);
    candidates.iter().all(|it| outside(it) && origin(it.grow.site.expr.within) != here)
}

/// The removal runs only in handlers of messages that the growth does not stand in: a peer that goes without sending them
/// leaves its entries behind.
pub(super) fn only_on_message(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let Some(removing) = message_handlers(program, site.expr.within) else { return false };
    !removing.is_empty()
        && candidates.iter().all(|it| {
            let growing = message_handlers(program, it.grow.site.expr.within).unwrap_or_default();
            growing.is_disjoint(&removing)
        })
}

/// The listeners, by their registration, that lead to a function; `None` if something else does as well.
fn message_handlers(program: &Program<'_>, f: FnRef) -> Option<FxHashSet<ExprRef>> {
    let mut found = FxHashSet::default();
    let mut seen = FxHashSet::default();
    let mut open = vec![f];
    while let Some(f) = open.pop() {
        if !seen.insert(f) {
            continue;
        }
        if seen.len() > 60 || f.is_module() || program.entries.iter().any(|it| it.function == f) {
            return None;
        }
        for edge in program.callers(f) {
            match edge.how {
                How::Call | How::Construct => open.push(edge.caller),
                How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. } => open.push(edge.caller),
                How::Callback { recurs: Recurrence::Message, .. } if !is_sure(program, edge.site.expr) => {
                    found.insert(edge.site.expr);
                }
                _ => return None,
            }
        }
    }
    Some(found)
}

fn is_sure(program: &Program<'_>, listener: ExprRef) -> bool {
    // Of a handler for all messages, the name says nothing.
    program.event_name(listener).is_none_or(|it| comes_or_goes(&it) || matches!(it.as_str(), "message" | "data"))
}

/// The removal stands under a test of what a message asks for: `if (message.type === "leave")`, `case "leave":`.
pub(super) fn on_command(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    let mut at = Some(site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        let Some(test) = region.test.get().filter(|_| region.kind == RegionKind::Then) else { continue };
        if let Expr::Binary(BinaryOp::Equal, a, b) = facts.expr(test)
            && let Some(command) = [a, b].into_iter().find_map(|it| match facts.expr(it) {
                Expr::Str(name) => Some(facts.text(name)),
                _ => None,
            })
        {
            let asked = [a, b].into_iter().any(|it| is_field_of_message(program, site.expr.with(it)));
            return asked && !comes_or_goes(command);
        }
    }
    false
}

/// `message.type`, or a binding of it.
fn is_field_of_message(program: &Program<'_>, expr: ExprRef) -> bool {
    let facts = program.facts(expr.file());
    let named = |text: &str| matches!(text, "type" | "action" | "command" | "cmd" | "event" | "tool" | "op" | "t" | "kind");
    match facts.expr(expr.id) {
        Expr::Member(_, name) => named(facts.text(name)),
        Expr::Ident(id) => {
            let it = &facts.bindings[id.index()];
            named(facts.text(it.name))
                && it.init.get().is_none_or(|init| matches!(facts.expr(init), Expr::Member(..) | Expr::Param(..)))
        }
        _ => false,
    }
}

/// The removal stands in the handler of a peer's message, the growths in a request's.
pub(super) fn by_answer(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let known = |f| program.rate(f).is_some_and(|it| it.quality == Quality::Modelled);
    known(site.expr.within) && candidates.iter().all(|it| it.rated.recurs == Recurrence::Request && it.rated.rate == Rate::Many)
}

/// Whether the outside decides how often.
pub(super) fn is_from_outside(rated: Rated) -> bool {
    rated.rate == Rate::Many && matches!(rated.recurs, Recurrence::Request | Recurrence::Connection | Recurrence::Message)
}

/// A queue that the outside fills, and a timer or loop takes from one by one.
pub(super) fn takes_one(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let facts = program.facts(site.expr.file());
    let Expr::Call(callee, _) = facts.expr(site.expr.id) else { return false };
    let Expr::Member(queue, name) = facts.expr(callee) else { return false };
    let filled = |it: &Candidate| it.grow.growth == Growth::Item && is_from_outside(it.rated);
    let paced = program.rate(site.expr.within).is_some_and(|it| it.rate == Rate::Many && it.recurs == Recurrence::Tick)
        || program.endless_loop(site).is_some();
    matches!(facts.text(name), "shift" | "pop")
        && paced
        && candidates.iter().all(filled)
        && !empties(program, site, site.expr.with(queue))
}

/// `set.add(worker)` and `set.delete(worker)` in two callbacks of the call that made the worker: each comes as often as that.
pub(super) fn takes_same(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let binding = |key: ExprRef| match program.facts(key.file()).expr(key.id) {
        Expr::Ident(id) => Some((key.file(), id)),
        _ => None,
    };
    let Some((file, id)) = program.argument(site.expr, 0).and_then(binding) else { return false };
    let made = FnRef { file, id: program.facts(file).bindings[id.index()].function };
    let same = |it: &Candidate| it.grow.key.and_then(binding) == Some((file, id)) && it.grow.site.expr.within != made;
    !made.is_module() && site.expr.within != made && candidates.iter().all(same)
}

/// Whether a test or loop around a removal asks for the collection's size: it takes until enough is taken.
fn empties(program: &Program<'_>, site: SiteRef, queue: ExprRef) -> bool {
    let Some(place) = program.place(queue) else { return true };
    let facts = program.facts(site.expr.file());
    let mut at = Some(site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        let looped = matches!(region.kind, RegionKind::Loop(_));
        let Some(test) = region.test.get() else { continue };
        let endless = matches!(facts.expr(test), Expr::Bool(true) | Expr::Number(_));
        if looped && !endless || compares_size(program, site.expr.with(test), &place, 0) && !is_emptiness(facts, test) {
            return true;
        }
    }
    false
}

/// `list.length > 0` asks whether there is any.
fn is_emptiness(facts: &Facts, test: ExprId) -> bool {
    let is_zero = |id| matches!(facts.expr(id), Expr::Number(n) if facts.numbers[n as usize] == 0.0);
    matches!(facts.expr(test), Expr::Binary(_, a, b) if is_zero(a) || is_zero(b))
}
