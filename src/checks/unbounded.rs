//! The check *unbounded*: a collection that stays, grows again and again, and that nothing empties.

use super::acquisition::name_of;
use super::gathered::{ends_with_receiver, is_given, is_listed, is_one, is_result, lasting_unit};
use super::growth::{Grow, Growth, growths};
use super::kept;
use super::key::{Keys, is_key_of, is_new, keys};
use super::misnamed;
use super::pending;
use super::removal::{by_answer, by_other_entry, is_from_outside, is_rare, on_command, only_on_message, takes_one, takes_same};
use super::story::{Draft, of_rate, per, recurs, step};
use super::trace;
use super::trim;
use super::usage::{self, Usage, classify, elements_are_emptied};
use crate::facts::{BinaryOp, Expr, ExprId, Facts, LogicalOp, RegionKind};
use crate::finding::{Confidence, Finding, Role, Severity, Trace};
use crate::program::{ExprRef, FnRef, Fresh, Guard, Hold, Place, Program, Rate, Rated, SiteRef, Value, Witness, convention};
use crate::rulebook::{CollectionEffect, Recurrence, Weight};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Checks the program: collections by place, each reported once, where it grows for the surest reason.
pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let files: Vec<_> = program.files().collect();
    let candidates: Vec<Candidate> =
        files.par_iter().flat_map_iter(|&file| growths(program, file)).filter_map(|grow| candidate(program, grow)).collect();
    let mut by_place: BTreeMap<Place, Vec<Candidate>> = BTreeMap::new();
    for it in candidates {
        by_place.entry(it.grow.place.clone()).or_default().push(it);
    }
    let places: Vec<_> = by_place.into_iter().collect();
    places.par_iter().filter_map(|(place, candidates)| judge(program, place, candidates)).collect()
}

/// A growth that counts.
pub(super) struct Candidate {
    pub(super) grow: Grow,
    pub(super) rated: Rated,
    confidence: Confidence,
}

/// A growth whose collection stays while the site repeats.
fn candidate(program: &Program<'_>, grow: Grow) -> Option<Candidate> {
    let holds = program.place_holds(&grow.base(program), grow.site, 0);
    let (hold, rated) = holds
        .into_iter()
        .filter_map(|hold| Some((hold, program.repeated(hold.at, hold.fresh).or_else(|| supposed(program, &grow, hold))?)))
        .max_by_key(|(hold, rated)| (of_rate(*rated), hold.fresh))?;
    let mut confidence = of_rate(rated);
    if grow.growth == Growth::Job {
        // How fast the worker is, nobody can tell.
        confidence = Some(Confidence::Suspect).filter(|_| is_from_outside(rated))?;
    }
    match hold.fresh {
        Fresh::Program if ends_with_receiver(program, &grow.place, rated) => confidence = confidence.min(Confidence::Suspect),
        Fresh::Program => {}
        // It goes with its call, instance or connection, however large it gets until then.
        Fresh::Call(f) => confidence = confidence.min(of_call(program, &grow, rated, f)?),
        Fresh::Instance(_) | Fresh::Connection | Fresh::Shared(_) => confidence = confidence.min(Confidence::Suspect),
        Fresh::Unknown => return None,
    }
    // What is written under keys that it has already does not grow.
    if grow.key.is_some_and(|it| is_key_of(program, it, &grow.place)) || is_one(program, &grow) || is_listed(program, &grow) {
        return None;
    }
    match grow.key.map(|it| if is_new(program, it) { Keys::Fresh } else { keys(program, it) }) {
        Some(Keys::Closed) => return None,
        // Labels are mostly names that the program gives.
        Some(Keys::Unknown) if grow.growth == Growth::Label => return None,
        Some(Keys::Outside) if grow.growth == Growth::Label && is_fall_back(program, grow.key) => {
            confidence = confidence.min(Confidence::Suspect);
        }
        Some(Keys::Unknown) => confidence = confidence.min(Confidence::Suspect),
        Some(Keys::Outside) => confidence = confidence.min(Confidence::Likely),
        Some(Keys::Fresh) | None => {}
    }
    match program.once_guard(grow.site) {
        Some(Guard::Program) => return None,
        // Testing for a key before writing it is how maps are filled.
        Some(Guard::Key) if grow.growth == Growth::Item && grow.key.is_none() => {
            if is_given(program, &grow) {
                return None;
            }
            confidence = confidence.min(Confidence::Likely);
        }
        // What a library keeps for itself is not tested by its users: another collection says that this comes once per key.
        Some(Guard::Key) if !is_readable(program, grow.collection) => confidence = confidence.min(Confidence::Suspect),
        Some(Guard::Instance(_) | Guard::Call(_)) => confidence = confidence.min(Confidence::Suspect),
        _ => {}
    }
    if is_result(program, &grow.place) {
        confidence = confidence.min(Confidence::Suspect);
    }
    let cut_off = grow.growth == Growth::Text && ends_when_large(program, &grow);
    if within_size_test(program, &grow) || fills_once(program, &grow) || cut_off {
        return None;
    }
    Some(Candidate { grow, rated, confidence })
}

/// What a collection of one call may come to.
fn of_call(program: &Program<'_>, grow: &Grow, rated: Rated, f: FnRef) -> Option<Confidence> {
    // Both are gone before long: what a query answers with, and the list that its answers are put into.
    if rated.recurs == Recurrence::Event && ends_with_receiver(program, &grow.place, rated) {
        return None;
    }
    let lasts = lasting_unit(program, f) == Some(true) && grow.growth == Growth::Text;
    Some(if lasts { Confidence::Likely } else { Confidence::Suspect })
}

/// What a function that is handed to something unknown may repeat, where the program's own state grows in it.
fn supposed(program: &Program<'_>, grow: &Grow, hold: Hold) -> Option<Rated> {
    let lasting = kept::stays(program, &grow.place);
    program.handed(grow.site.expr.within).filter(|_| lasting && hold.fresh == Fresh::Program && hold.via.is_none())
}

/// `route?.path ?? req.path`: what the client sent only where the program has no name for it.
fn is_fall_back(program: &Program<'_>, key: Option<ExprRef>) -> bool {
    let Some(key) = key.map(|it| program.initial(it)) else { return false };
    let facts = program.facts(key.file());
    match facts.expr(key.id) {
        Expr::Logical(LogicalOp::Or | LogicalOp::Nullish, first, _) => keys(program, key.with(first)) != Keys::Outside,
        _ => false,
    }
}

/// `if (list.length < MAX) list.push(x)`, and the rest of the block after `if (list.length >= MAX) return`.
fn within_size_test(program: &Program<'_>, grow: &Grow) -> bool {
    let facts = program.facts(grow.site.expr.file());
    let mut at = Some(grow.site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        if !matches!(region.kind, RegionKind::Then | RegionKind::Else) {
            continue;
        }
        if let Some(test) = region.test.get()
            && compares_size(program, grow.site.expr.with(test), &grow.place, 0)
        {
            return true;
        }
    }
    false
}

/// `text += chunk; if (text.length > MAX) socket.destroy()`, or `if (text.length < MAX) return; socket.end()`: what is too long
/// ends its connection.
fn ends_when_large(program: &Program<'_>, grow: &Grow) -> bool {
    let f = grow.site.expr.within;
    let facts = program.facts(f.file);
    let tests_size = |it: &crate::facts::Region| {
        matches!(it.kind, RegionKind::Then | RegionKind::Else)
            && it.test.get().is_some_and(|test| compares_size(program, grow.site.expr.with(test), &grow.place, 0))
    };
    let too_large = |region: crate::facts::RegionId| tests_size(&facts.regions[region.index()]);
    let start = program.span(grow.site.expr).start;
    let mut tests = facts.regions.iter().filter(|it| it.function == f.id && it.start > start && tests_size(it));
    let tested = tests.next().map(|it| it.start);
    program.exits(f).any(|it| it.is_throw && too_large(it.region))
        || program.sites(f).any(|site| {
            let Expr::Call(callee, _) = facts.expr(site.expr) else { return false };
            let name = match facts.expr(callee) {
                Expr::Member(_, name) => facts.text(name),
                Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
                _ => return false,
            };
            let behind = |test: u32| site.region == grow.site.region && program.span(ExprRef::new(f, site.expr)).start > test;
            (convention::ends(name) || matches!(name, "abort" | "reject"))
                && (too_large(site.region) || tested.is_some_and(behind))
        })
}

/// `queue.length` of `queue.length()`.
fn called(facts: &Facts, id: ExprId) -> ExprId {
    match facts.expr(id) {
        Expr::Call(callee, _) => callee,
        _ => id,
    }
}

/// Whether a test compares the size of a collection with something.
pub(super) fn compares_size(program: &Program<'_>, test: ExprRef, place: &Place, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| compares_size(program, test.with(id), place, depth + 1);
    if depth > 6 {
        return false;
    }
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) => next(a),
        Expr::Binary(BinaryOp::Less | BinaryOp::Greater | BinaryOp::Equal | BinaryOp::NotEqual, a, b) => {
            [a, b].into_iter().map(|id| called(facts, id)).any(|id| match facts.expr(id) {
                Expr::Member(object, name) if matches!(facts.text(name), "length" | "size") => {
                    program.place(test.with(object)).as_ref() == Some(place)
                        || matches!(facts.expr(object), Expr::Call(_, args) if facts.item(args, 0).is_some_and(|it| program.place(test.with(it)).as_ref() == Some(place)))
                }
                _ => false,
            })
        }
        _ => false,
    }
}

/// Set-up: what is stored is a function or class handed in by a registering API.
fn fills_once(program: &Program<'_>, grow: &Grow) -> bool {
    let name = program
        .facts(grow.site.expr.file())
        .text(program.facts(grow.site.expr.file()).functions[grow.site.expr.within.id.index()].name);
    let registers = ["use", "register", "add", "define", "param", "route", "plugin", "extend", "install", "mount", "addPlugin"]
        .iter()
        .any(|it| name == *it || name.starts_with("register") || name.starts_with("addPlugin"));
    registers && program.rate(grow.site.expr.within).is_none_or(|it| it.rate < Rate::Many)
}

fn judge(program: &Program<'_>, place: &Place, candidates: &[Candidate]) -> Option<Finding> {
    let best = candidates.iter().max_by_key(|it| (it.confidence, std::cmp::Reverse(it.grow.site)))?;
    let mut verdict = survey(program, place, candidates);
    let best = beside_removals(program, candidates, &mut verdict).unwrap_or(best);
    let within_element = place.path.contains(&program.words.element);
    if verdict.bounded || within_element && elements_are_emptied(program, best.grow.site, &best.grow.base(program)) {
        return None;
    }
    let mut confidence = best.confidence;
    if verdict.proved && is_operation(program, best) {
        confidence = confidence.max(Confidence::Likely);
    }
    if verdict.escapes {
        confidence = confidence.min(Confidence::Suspect);
    }
    let resource = resource(program, best, &verdict);
    let rule =
        program.rulebook.rule_for("unbounded", resource).or_else(|| program.rulebook.rule_for("unbounded", "collection"))?;
    if let Some(limit) = verdict.limit.take() {
        confidence = confidence.min(limit);
    }
    let grow = &best.grow;
    let name = name_of(program, grow.collection);
    let span = program.head(grow.site.expr);
    let span = match program.facts(grow.site.expr.file()).expr(grow.site.expr.id) {
        Expr::Assign(_, target, _) => program.span(grow.site.expr.with(target)),
        _ => span,
    };
    let what = match grow.growth {
        Growth::Item => "an item",
        Growth::Job => "a job",
        Growth::Entry => "an entry",
        Growth::Label => "a time series",
        Growth::Text => "text",
    };
    let ending = match (&verdict.partial, resource) {
        (Some((_, why)), _) => why.clone(),
        (None, "queue") => "and they are taken out at the worker's pace, however many come".into(),
        (None, "write-only") => "and nothing reads or removes it".into(),
        (None, _) => "and nothing removes any".into(),
    };
    let message = format!("`{name}` gains {what} {}, {ending}", per(best.rated.recurs));
    let mut story = vec![step(Role::Acquired, span, "grows here")];
    story.extend(recurs(program, grow.site, best.rated));
    if let Some(span) = program.declaration(place) {
        story.push(step(Role::Held, span, format!("`{name}` is declared here and stays")));
    }
    if let Some((release, why)) = &verdict.partial {
        story.push(step(Role::Released, program.head(release.expr), why.clone()));
    }
    let sites: Vec<ExprRef> =
        candidates.iter().filter(|it| !writes_again(program, it, candidates)).map(|it| it.grow.site.expr).collect();
    let trace = Trace { limit: verdict.size, ..trace::of_collection(program, place, &sites) };
    let mut finding = Draft { rule, confidence, message, span, within: grow.site.expr.within, story, trace }.finish(program);
    if is_light(program, grow) && finding.severity == Severity::Error {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

/// A growth that none of the removals takes back, where they would bound it.
fn beside_removals<'c>(program: &Program<'_>, candidates: &'c [Candidate], verdict: &mut Verdict) -> Option<&'c Candidate> {
    let stray = *misnamed::strays(program, candidates, &verdict.removals).first().filter(|_| verdict.bounded)?;
    verdict.bounded = false;
    verdict.limit = Some(Confidence::Suspect);
    verdict.partial = verdict.removals.first().map(|it| (*it, "and what goes is removed under another name".into()));
    Some(stray)
}

/// `busy[id] = true; setTimeout(() => { busy[id] = false; })`: the entry that a function around it has written.
fn writes_again(program: &Program<'_>, it: &Candidate, candidates: &[Candidate]) -> bool {
    let key = |it: &Candidate| it.grow.key.and_then(|key| program.place(key));
    let Some(written) = key(it) else { return false };
    let within = it.grow.site.expr.within;
    let around =
        |other: &Candidate| other.grow.site.expr.within != within && program.is_within(within, other.grow.site.expr.within);
    candidates.iter().any(|other| around(other) && key(other).as_ref() == Some(&written))
}

/// Whether a growth happens by an operation, and not once in a set-up function.
fn is_operation(program: &Program<'_>, candidate: &Candidate) -> bool {
    candidate.rated.rate > Rate::Once && !fills_once(program, &candidate.grow)
}

/// A payload of a number or flag per entry.
fn is_light(program: &Program<'_>, grow: &Grow) -> bool {
    let Some(value) = grow.value else { return false };
    let facts = program.facts(value.file());
    match facts.expr(value.id) {
        Expr::Number(_) | Expr::Bool(_) | Expr::Update(..) => true,
        _ => matches!(program.eval(value), Value::Instance(ty) if program.rulebook.models.ty(ty).weight == Some(Weight::Light)),
    }
}

/// Whether a collection is there for its owner to read, and not for a library that looks into it by itself.
fn is_readable(program: &Program<'_>, collection: ExprRef) -> bool {
    let Some(ty) = program.type_of(program.eval(collection)) else { return true };
    let models = &program.rulebook.models;
    let reads = |ty| models.ty(ty).methods.values().any(|it| it.collection == Some(CollectionEffect::Read));
    models.lineage(ty).into_iter().any(reads)
}

fn resource(program: &Program<'_>, best: &Candidate, verdict: &Verdict) -> &'static str {
    if best.grow.growth == Growth::Text {
        return "text";
    }
    if best.grow.growth == Growth::Label {
        return "label";
    }
    if best.grow.growth == Growth::Job {
        return "queue";
    }
    let unread = !verdict.read
        && verdict.partial.is_none()
        && !usage::may_be_used_elsewhere(program, &best.grow.place)
        && !usage::is_used_with_owner(program, best.grow.collection);
    if unread && is_readable(program, best.grow.collection) {
        return "write-only";
    }
    let kept = best.grow.value.filter(|_| is_readable(program, best.grow.collection));
    let pending = kept.is_some_and(|it| pending::is_pending(program, it));
    match best.grow.growth {
        Growth::Entry if pending => "pending",
        Growth::Item if verdict.drained => "queue",
        _ => "collection",
    }
}

/// What all uses of a collection say.
#[derive(Default)]
struct Verdict {
    bounded: bool,
    read: bool,
    escapes: bool,
    drained: bool,
    partial: Option<(SiteRef, String)>,
    limit: Option<Confidence>,
    /// The largest number that its size is compared with.
    size: Option<u64>,
    /// The program's own code shows that entries are meant to go.
    proved: bool,
    /// Where it shrinks.
    removals: Vec<SiteRef>,
}

fn survey(program: &Program<'_>, place: &Place, candidates: &[Candidate]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut shrinks = Vec::new();
    let uses = program.uses(place);
    // Not even the growth is among them: nobody knows what else happens to it.
    verdict.escapes = uses.is_empty();
    for at in uses {
        verdict.size = verdict.size.max(trace::limit(program, at));
        match classify(program, at, place) {
            Usage::Grow | Usage::Ignored => {}
            Usage::Read => verdict.read = true,
            Usage::Escape => {
                verdict.read = true;
                verdict.escapes = true;
            }
            Usage::Shrink(site) => shrinks.push(site),
        }
    }
    verdict.removals = shrinks.clone();
    let grows: Vec<&Grow> = candidates.iter().map(|it| &it.grow).collect();
    if let Some(missed) = pending::missed(program, place, &grows, &shrinks) {
        verdict.limit = Some(Confidence::Likely);
        verdict.partial = Some(missed);
        verdict.proved = true;
        return verdict;
    }
    for site in shrinks {
        shrink(program, site, candidates, &mut verdict);
        if verdict.bounded {
            break;
        }
    }
    if !verdict.bounded && verdict.partial.is_none() {
        verdict.proved = kept::is_meant_to_go(program, place, &grows, &mut verdict.partial);
    }
    verdict
}

/// `list.shift()`, `list.pop()`, `list.splice(...)`.
fn takes_off(facts: &Facts, call: ExprId) -> bool {
    let Expr::Call(callee, _) = facts.expr(call) else { return false };
    matches!(facts.expr(callee), Expr::Member(_, name) if matches!(facts.text(name), "shift" | "pop" | "splice"))
}

/// Whether a site runs once, where the program starts.
fn is_of_start(program: &Program<'_>, site: SiteRef, rated: Rated) -> bool {
    rated.rate == Rate::Once && rated.witness != Witness::Offered && program.endless_loop(site).is_none()
}

/// What a removal is worth for the growths.
fn shrink(program: &Program<'_>, site: SiteRef, candidates: &[Candidate], verdict: &mut Verdict) {
    let f = site.expr.within;
    let facts = program.facts(site.expr.file());
    if let Some(why) = trim::falls_behind(program, site, candidates) {
        verdict.partial.get_or_insert((site, why.into()));
        let hint = why == trim::KEEPS_HANDLES;
        verdict.limit = if hint { Some(Confidence::Suspect) } else { verdict.limit.or(Some(Confidence::Likely)) };
        verdict.proved |= why != trim::WAITS_FOR_KEY && !hint;
        return;
    }
    verdict.drained |= takes_off(facts, site.expr.id);
    if candidates
        .iter()
        .any(|it| it.grow.site.expr.within == f || program.is_within(f, it.grow.site.expr.within) && !is_rare(program, f))
        && !only_on_message(program, site, candidates)
    {
        verdict.bounded = true;
        return;
    }
    if takes_one(program, site, candidates) {
        verdict.partial.get_or_insert((site, "and one at a time is taken from it, however many come".into()));
        verdict.limit = verdict.limit.or(Some(Confidence::Likely));
        return;
    }
    let waiting = candidates.iter().any(|it| it.grow.value.is_some_and(|it| pending::is_pending(program, it)));
    match program.rate(f) {
        Some(rated) if rated.rate == Rate::Once && program.handed(f).is_some() => verdict.bounded = true,
        Some(rated) if is_of_start(program, site, rated) && !takes_same(program, site, candidates) => {}
        None => verdict.limit = Some(Confidence::Suspect),
        Some(rated) if rated.rate == Rate::Api => {
            let here = |it: &Candidate| it.rated.rate == Rate::Many || trim::is_registered(program, it);
            let here = candidates.iter().any(here) || trim::is_forgotten(program, f, candidates);
            if here && rated.witness == Witness::Offered && !program.is_terminal(f) {
                verdict.limit = Some(Confidence::Suspect);
                verdict.partial.get_or_insert((site, "and only a function that nothing here calls removes any".into()));
            } else {
                verdict.bounded = true;
            }
        }
        Some(_) if is_rare(program, f) => {
            verdict.partial.get_or_insert((site, "and it is removed only on an event that may not come".into()));
            verdict.limit = verdict.limit.or(Some(Confidence::Likely));
        }
        Some(rated) if waiting && rated.recurs == Recurrence::Message && by_answer(program, site, candidates) => {
            verdict.partial.get_or_insert((site, "and it is removed only when an answer comes".into()));
            verdict.limit = verdict.limit.or(Some(Confidence::Likely));
        }
        Some(_) if on_command(program, site) || only_on_message(program, site, candidates) => {
            verdict.partial.get_or_insert((site, "and it is removed only if the other side asks for it".into()));
            verdict.limit = Some(Confidence::Suspect);
        }
        Some(rated) if rated.recurs == Recurrence::Request && by_other_entry(program, site, candidates) => {
            verdict.partial.get_or_insert((site, "and it is removed only if another request asks for it".into()));
            verdict.limit = Some(if waiting { Confidence::Likely } else { Confidence::Suspect });
        }
        Some(_) => verdict.bounded = true,
    }
}
