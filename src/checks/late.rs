//! Releases that come too late: the end is listened to only behind an `await`, and may have come while that waited.

use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{Expr, FnId, Site, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, FnRef, Place, Program, Rate, Root, SiteRef, Value};
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

/// Methods that put something into a collection.
const PUTS: [&str; 4] = ["add", "set", "push", "unshift"];

/// Methods that take something out of one.
const TAKES: [&str; 3] = ["delete", "splice", "remove"];

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let Some(rule) = rule(program, "late") else { return Vec::new() };
    let mut found = Vec::new();
    for i in (0..facts.functions.len()).filter(|i| facts.functions[*i].is_async) {
        let f = FnRef { file, id: FnId(i as u32) };
        let mut waits: Vec<Site> = Vec::new();
        for site in program.sites(f) {
            if let Expr::Await(_) = facts.expr(site.expr) {
                waits.push(site);
            } else if let Some(wait) = waits.iter().find(|it| facts.encloses(it.region, site.region)) {
                let at = SiteRef { expr: ExprRef::new(f, site.expr), region: site.region };
                found.extend(judge(program, rule, at, ExprRef::new(f, wait.expr)));
            }
        }
    }
    found
}

fn judge(program: &Program<'_>, rule: &Rule, at: SiteRef, wait: ExprRef) -> Option<Finding> {
    let event = program.event_name(at.expr).filter(|it| ENDS.contains(&it.as_str()))?;
    program.call_model(at.expr)?.0.acquire.as_ref()?.handler?;
    let receiver = program.part(at.expr, Part::Receiver)?;
    let unit = program.type_of(program.eval(receiver)).is_some_and(|it| program.is_unit(it));
    let place = program.place(receiver)?;
    // It was there before the function waited, and may have ended since.
    if !unit || !matches!(place.root, Root::Param(f, _) if f == at.expr.within) {
        return None;
    }
    let handler = program.argument(at.expr, 1).map(|it| program.eval(it));
    let Some(Value::Function(handler)) = handler else { return None };
    let taken = taken(program, handler);
    let start = program.span(wait).start;
    let kept = kept(program, at.expr.within, start).into_iter().find(|it| taken.contains(&it.1))?.0;
    if asks_state(program, at.expr.within, start) || listens_before(program, at, &place, start) {
        return None;
    }
    let rated = program.rate(at.expr.within).filter(|it| it.rate == Rate::Many)?;
    let span = program.head(kept);
    let mut story = vec![step(Role::Acquired, span, "kept here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, program.head(at.expr), format!("`{event}` is listened to here, behind the `await`")));
    story.push(step(Role::Expected, program.span(wait), "it may come while this waits"));
    let message = format!(
        "what is kept here {} is let go on `{event}`, which is listened to only behind an `await`: if it has come by then, it stays",
        per(rated.recurs)
    );
    // A request is mostly answered long before its client goes; a connection has nothing else to wait for.
    let limit = if rated.recurs == Recurrence::Connection { Confidence::Likely } else { Confidence::Suspect };
    let confidence = of_rate(rated).min(limit);
    let trace = Trace { sites: vec![program.span(kept)], ..Trace::default() };
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace }.finish(program))
}

/// What a handler takes out of collections, or ends.
fn taken(program: &Program<'_>, handler: FnRef) -> Vec<Place> {
    let facts = program.facts(handler.file);
    let place = |site: Site| {
        let call = ExprRef::new(handler, site.expr);
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
        let (Expr::Call(callee, _) | Expr::New(callee, _)) = facts.expr(site.expr) else { return None };
        if program.span(call).start < from {
            return None;
        }
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
fn listens_before(program: &Program<'_>, at: SiteRef, place: &Place, start: u32) -> bool {
    let f = at.expr.within;
    program.sites(f).any(|site| {
        let call = ExprRef::new(f, site.expr);
        program.span(call).start < start
            && program.event_name(call).is_some_and(|it| ENDS.contains(&it.as_str()))
            && program.part(call, Part::Receiver).is_some_and(|it| program.place(it).as_ref() == Some(place))
    })
}
