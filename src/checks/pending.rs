//! Entries that somebody waits for: a timeout or a closed connection must remove them too, or they stay for good.

use super::growth::Grow;
use crate::facts::{Expr, RegionKind, Sym};
use crate::program::{Edge, ExprRef, FnRef, How, Place, Program, Root, SiteRef};
use crate::rulebook::Recurrence;

/// Methods that run when what the entries wait for is gone.
const ENDINGS: [&str; 12] = [
    "onclose",
    "onClose",
    "_onClose",
    "_onclose",
    "close",
    "destroy",
    "disconnect",
    "onDisconnect",
    "ondisconnect",
    "onEnd",
    "onend",
    "_destroy",
];

/// A resolver, a callback or a response: somebody waits for the entry's end.
pub(super) fn is_pending(program: &Program<'_>, value: ExprRef) -> bool {
    let facts = program.facts(value.file());
    match facts.expr(value.id) {
        Expr::Function(_) => true,
        Expr::Ident(id) => {
            let name = facts.text(facts.bindings[id.index()].name);
            matches!(name, "resolve" | "reject" | "callback" | "cb" | "done" | "res" | "ack") || settles(program, value)
        }
        _ => settles(program, value),
    }
}

/// An object with a resolver.
fn settles(program: &Program<'_>, value: ExprRef) -> bool {
    let Some(literal) = program.literal(value) else { return false };
    let facts = program.facts(literal.file());
    let names = ["resolve", "reject", "callback", "done", "cb"];
    facts.properties(facts.expr(literal.id)).iter().any(|it| names.contains(&facts.text(it.name)))
}

/// A way in which a pending entry ends without being removed: the removal that falls short, and why.
pub(super) fn missed(program: &Program<'_>, place: &Place, grows: &[&Grow], shrinks: &[SiteRef]) -> Option<(SiteRef, String)> {
    let first = *shrinks.first()?;
    let pending: Vec<&&Grow> = grows.iter().filter(|it| it.value.is_some_and(|value| is_pending(program, value))).collect();
    let left = pending.iter().find(|it| !is_followed(program, it, shrinks))?;
    if gives_up(program, left, shrinks) {
        return Some((first, "and its timeout gives up on it without removing it".into()));
    }
    let Root::Instance(shape) = place.root else { return None };
    if !shrinks.iter().any(|it| is_answered(program, place, *it)) {
        return None;
    }
    let endings: Vec<FnRef> = ENDINGS.iter().filter_map(|it| program.user_method(shape, Sym::of(it))).collect();
    let reached = endings.iter().any(|it| reaches(program, *it, shrinks, 3));
    // Nothing is sent any more on what is closed from this side, so only an end that comes by itself counts.
    let by_itself =
        endings.iter().any(|it| program.facts(it.file).text(program.facts(it.file).functions[it.id.index()].name).contains("on"));
    (by_itself && !reached && !shrinks.iter().any(|it| is_sweep(program, *it)))
        .then(|| (first, "and it is removed only when an answer comes, not when the connection closes".into()))
}

/// Whether the function that removes an entry also looks it up, to tell it the answer; a registry just drops it.
fn is_answered(program: &Program<'_>, place: &Place, removal: SiteRef) -> bool {
    let f = removal.expr.within;
    let facts = program.facts(f.file);
    let looks_up = |at: ExprRef| match program.parent(at).map(|parent| (parent, facts.expr(parent.id))) {
        Some((parent, Expr::Index(object, _))) => {
            object == at.id && !program.parent(parent).is_some_and(|it| matches!(facts.expr(it.id), Expr::Delete(_)))
        }
        Some((_, Expr::Member(_, name))) => matches!(facts.text(name), "get" | "take" | "pop" | "find" | "values" | "entries"),
        _ => false,
    };
    program.uses(place).into_iter().any(|at| at.file() == f.file && program.is_within(at.within, f) && looks_up(at))
}

/// Whether a removal goes over all entries: `map.forEach((entry, id) => map.delete(id))`, `for (const id of ids) ...`, `clear`.
fn is_sweep(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    let clears = matches!(facts.expr(site.expr.id), Expr::Call(callee, _) if matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "clear"));
    let mut at = site.region.get();
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        if matches!(region.kind, RegionKind::Loop(_)) {
            return true;
        }
        at = region.parent.get();
    }
    let per_element = |edge: &Edge| matches!(edge.how, How::Callback { recurs: Recurrence::Now, .. });
    clears || program.callers(site.expr.within).any(per_element)
}

/// Whether the writing function goes on to set up a removal of the entry.
fn is_followed(program: &Program<'_>, grow: &Grow, shrinks: &[SiteRef]) -> bool {
    shrinks.iter().any(|it| {
        let f = it.expr.within;
        f == grow.site.expr.within || program.is_within(f, grow.site.expr.within) && !leaves_before(program, grow, f)
    })
}

/// Whether control leaves behind a growth before a closure of the same function is made.
fn leaves_before(program: &Program<'_>, grow: &Grow, closure: FnRef) -> bool {
    let facts = program.facts(closure.file);
    let region = &facts.regions[grow.site.region.index()];
    let mut at = closure.id;
    while facts.functions[at.index()].parent != grow.site.expr.within.id {
        match facts.functions[at.index()].parent.get() {
            Some(parent) => at = parent,
            None => return false,
        }
    }
    let made = &facts.functions[at.index()];
    region.exits && made.start > region.start && !facts.encloses(grow.site.region, made.made_in)
}

/// Whether the writing function starts a timer whose callback does not lead to a removal.
fn gives_up(program: &Program<'_>, grow: &Grow, shrinks: &[SiteRef]) -> bool {
    let timers = program.callees(grow.site.expr.within).filter(|edge| {
        let model = program.call_model(edge.site.expr).and_then(|it| it.0.acquire.as_ref());
        matches!(edge.how, How::Callback { .. }) && model.is_some_and(|it| it.resource == "timeout")
    });
    let mut timers = timers.peekable();
    timers.peek().is_some()
        && timers.all(|it| !reaches(program, it.callee, shrinks, 3) && settles_nothing_else(program, it.callee))
}

/// A callback that calls something: it tells whoever waits.
fn settles_nothing_else(program: &Program<'_>, f: FnRef) -> bool {
    program.sites(f).any(|it| matches!(program.facts(f.file).expr(it.expr), Expr::Call(..)))
}

/// Whether a function, or one that it calls, removes.
fn reaches(program: &Program<'_>, f: FnRef, shrinks: &[SiteRef], depth: u32) -> bool {
    if shrinks.iter().any(|it| program.is_within(it.expr.within, f)) {
        return true;
    }
    depth > 0 && program.callees(f).any(|edge| edge.callee != f && reaches(program, edge.callee, shrinks, depth - 1))
}
