//! Releases that come too late: the end is listened to only behind an `await`, and may have come while that waited.

use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{AssignOp, BindingKind, Expr, FnId, Site, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, FnRef, How, Place, Program, Rate, Root, SiteRef, Value};
use crate::rulebook::{Part, Recurrence, Rule};
use crate::text::FileId;

/// Events after which nothing more comes.
const ENDS: [&str; 4] = ["close", "disconnect", "disconnecting", "aborted"];

/// Properties that tell whether something has ended.
const STATES: [&str; 12] = [
    "destroyed",
    "closed",
    "readyState",
    "aborted",
    "connected",
    "writable",
    "readable",
    "writableEnded",
    "readableEnded",
    "isOpen",
    "isClosed",
    "isAlive",
];

/// Methods that put something into a collection, or a listener onto an emitter.
const PUTS: [&str; 8] = ["add", "set", "push", "unshift", "on", "addListener", "addEventListener", "subscribe"];

/// Methods that take something out of one.
const TAKES: [&str; 7] = ["delete", "splice", "remove", "off", "removeListener", "removeEventListener", "unsubscribe"];

/// First parameters of functions that are called when something is done.
const OUTCOMES: [&str; 6] = ["err", "error", "e", "_err", "_error", "ex"];

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let Some(rule) = rule(program, "late") else { return Vec::new() };
    let mut found = Vec::new();
    for i in 0..facts.functions.len() {
        let f = FnRef { file, id: FnId(i as u32) };
        let mut waits: Vec<Site> = Vec::new();
        for site in program.sites(f) {
            if let Expr::Await(_) = facts.expr(site.expr) {
                waits.push(site);
                continue;
            }
            let at = SiteRef { expr: ExprRef::new(f, site.expr), region: site.region };
            let Some(end) = end(program, at) else { continue };
            let own = waits.iter().find(|it| facts.encloses(it.region, site.region)).map(|it| ExprRef::new(f, it.expr));
            found.extend(own.or_else(|| wait_around(program, f, end.unit)).and_then(|wait| judge(program, rule, at, end, wait)));
        }
    }
    found
}

/// A listener for the end of what has come in by a parameter.
struct End {
    event: String,
    handler: FnRef,
    place: Place,
    /// The function that it has come in to.
    unit: FnRef,
}

fn end(program: &Program<'_>, at: SiteRef) -> Option<End> {
    let event = program.event_name(at.expr).filter(|it| ENDS.contains(&it.as_str()))?;
    program.call_model(at.expr)?.0.acquire.as_ref()?.handler?;
    let receiver = program.part(at.expr, Part::Receiver)?;
    program.type_of(program.eval(receiver)).filter(|it| program.is_unit(*it))?;
    let place = program.place(receiver)?;
    let unit = taker(program, receiver).filter(|_| matches!(place.root, Root::Param(..)))?;
    match program.argument(at.expr, 1).map(|it| program.eval(it)) {
        Some(Value::Function(handler)) => Some(End { event, handler, place, unit }),
        _ => None,
    }
}

/// The function whose parameter an expression starts with.
fn taker(program: &Program<'_>, expr: ExprRef) -> Option<FnRef> {
    let facts = program.facts(expr.file());
    match facts.expr(expr.id) {
        Expr::Member(object, _) => taker(program, expr.with(object)),
        Expr::Ident(id) => {
            let binding = &facts.bindings[id.index()];
            matches!(binding.kind, BindingKind::Param(_)).then_some(FnRef { file: expr.file(), id: binding.function })
        }
        _ => None,
    }
}

/// What the function around one waits for before that runs: it is the callback of something asynchronous, or a helper that is
/// called behind an `await`.
fn wait_around(program: &Program<'_>, f: FnRef, unit: FnRef) -> Option<ExprRef> {
    let facts = program.facts(f.file);
    let mut at = f;
    while at != unit && program.is_within(at, unit) {
        let function = &facts.functions[at.id.index()];
        let parent = FnRef { file: f.file, id: function.parent.get()? };
        let given = function.expr.get().and_then(|it| program.parent(ExprRef::new(parent, it)));
        if let Some(call) = given.filter(|it| is_answer(program, *it, at)) {
            return Some(call);
        }
        let mut calls = program.callers(at).filter(|it| it.how == How::Call && it.caller == parent);
        if let Some(wait) = calls.find_map(|it| awaited_before(program, it.site)) {
            return Some(wait);
        }
        at = parent;
    }
    None
}

/// `find(id, (error, user) => ...)`, `find(id).then(user => ...)`.
fn is_answer(program: &Program<'_>, call: ExprRef, callback: FnRef) -> bool {
    let facts = program.facts(call.file());
    let Expr::Call(callee, _) = facts.expr(call.id) else { return false };
    let method = match facts.expr(callee) {
        Expr::Member(_, name) => facts.text(name),
        _ => "",
    };
    let first = facts.params(callback.id).first().and_then(|it| it.binding.get());
    let told = first.is_some_and(|it| OUTCOMES.contains(&facts.text(facts.bindings[it.index()].name)));
    method == "then" || told && !matches!(method, "on" | "once" | "addListener" | "catch")
}

/// The `await` before a site in its function.
fn awaited_before(program: &Program<'_>, at: SiteRef) -> Option<ExprRef> {
    let f = at.expr.within;
    let facts = program.facts(f.file);
    let start = program.span(at.expr).start;
    let wait = |it: &Site| {
        matches!(facts.expr(it.expr), Expr::Await(_))
            && program.span(ExprRef::new(f, it.expr)).start < start
            && facts.encloses(it.region, at.region)
    };
    program.sites(f).find(wait).map(|it| ExprRef::new(f, it.expr))
}

fn judge(program: &Program<'_>, rule: &Rule, at: SiteRef, end: End, wait: ExprRef) -> Option<Finding> {
    let f = at.expr.within;
    // It was there before the function waited, and may have ended since.
    if wait.within == f && end.unit != f {
        return None;
    }
    let taken = taken(program, end.handler);
    let start = program.span(wait).start;
    let from = if wait.within == f { start } else { 0 };
    let kept = kept(program, f, from).into_iter().find(|it| it.1 != end.place && taken.contains(&it.1))?.0;
    if asks_state(program, f, from)
        || asks_state(program, wait.within, start)
        || listens_before(program, end.unit, &end.place, start)
    {
        return None;
    }
    let rated = program.rate(end.unit).filter(|it| it.rate == Rate::Many)?;
    let waits = if matches!(program.facts(wait.file()).expr(wait.id), Expr::Await(_)) { "an `await`" } else { "a callback" };
    let event = end.event;
    let span = program.head(kept);
    let mut story = vec![step(Role::Acquired, span, "kept here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, program.head(at.expr), format!("`{event}` is listened to here, behind {waits}")));
    story.push(step(Role::Expected, program.head(wait), "it may come while this waits"));
    let message = format!(
        "what is kept here {} is let go on `{event}`, which is listened to only behind {waits}: if it has come by then, it stays",
        per(rated.recurs)
    );
    // A request is mostly answered long before its client goes; a connection has nothing else to wait for.
    let limit = if rated.recurs == Recurrence::Connection { Confidence::Likely } else { Confidence::Suspect };
    let confidence = of_rate(rated).min(limit);
    let trace = Trace { sites: vec![program.span(kept)], ..Trace::default() };
    Some(Draft { rule, confidence, message, span, within: f, story, trace }.finish(program))
}

/// What a handler takes out of collections, or ends.
fn taken(program: &Program<'_>, handler: FnRef) -> Vec<Place> {
    let facts = program.facts(handler.file);
    let place = |site: Site| {
        let call = ExprRef::new(handler, site.expr);
        if let Expr::Delete(target) = facts.expr(site.expr) {
            return entry(program, call.with(target));
        }
        let Expr::Call(callee, _) = facts.expr(site.expr) else { return None };
        let from = match facts.expr(callee) {
            Expr::Member(object, name) if TAKES.contains(&facts.text(name)) => call.with(object),
            _ => {
                let release = program.call_model(call)?.0.release.as_ref()?;
                program.part(call, release.what.unwrap_or(Part::Receiver)).or_else(|| program.argument(call, 0))?
            }
        };
        program.place(from)
    };
    program.sites(handler).filter_map(place).collect()
}

/// What a function puts into collections or acquires behind a place in its text: the call, and where that is kept.
fn kept(program: &Program<'_>, f: FnRef, from: u32) -> Vec<(ExprRef, Place)> {
    let facts = program.facts(f.file);
    let place = |site: Site| {
        let call = ExprRef::new(f, site.expr);
        if program.span(call).start < from {
            return None;
        }
        if let Expr::Assign(AssignOp::Set, target, _) = facts.expr(site.expr) {
            return Some((call, entry(program, call.with(target))?));
        }
        let (Expr::Call(callee, _) | Expr::New(callee, _)) = facts.expr(site.expr) else { return None };
        if let Expr::Member(object, name) = facts.expr(callee)
            && PUTS.contains(&facts.text(name))
        {
            return Some((call, program.place(call.with(object))?));
        }
        program.call_model(call)?.0.acquire.as_ref()?;
        Some((call, Place::of(Root::Binding(program.initialized_by(call)?))))
    };
    program.sites(f).filter_map(place).collect()
}

/// The collection of `collection[key]`.
fn entry(program: &Program<'_>, target: ExprRef) -> Option<Place> {
    match program.facts(target.file()).expr(target.id) {
        Expr::Index(object, _) => program.place(target.with(object)),
        _ => None,
    }
}

/// Whether a function asks behind a place in its text whether something has ended.
fn asks_state(program: &Program<'_>, f: FnRef, from: u32) -> bool {
    let facts = program.facts(f.file);
    let index = program.index(f.file);
    let names = STATES.iter().filter_map(|it| facts.names.find(Sym::of(it)));
    names.flat_map(|name| index.members(name)).any(|id| {
        let at = ExprRef::new(FnRef { file: f.file, id: index.evaluator(facts, id) }, id);
        at.within == f && program.span(at).start > from
    })
}

/// Whether the end is listened to before the function waits, too.
fn listens_before(program: &Program<'_>, f: FnRef, place: &Place, start: u32) -> bool {
    program.sites(f).any(|site| {
        let call = ExprRef::new(f, site.expr);
        program.span(call).start < start
            && program.event_name(call).is_some_and(|it| ENDS.contains(&it.as_str()))
            && program.part(call, Part::Receiver).is_some_and(|it| program.place(it).as_ref() == Some(place))
    })
}
