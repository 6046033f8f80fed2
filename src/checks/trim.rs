//! Removals that do not keep pace: a trimming that only reading reaches, a sweep that waits for the end of the owner.

use super::growth::Growth;
use super::key::{Keys, keys};
use super::lazy;
use super::unbounded::Candidate;
use super::usage::makes_instance;
use crate::facts::{BinaryOp, Expr, ExprId, RegionKind};
use crate::program::{ExprRef, FnRef, How, Place, Program, Root, SiteRef, Target, convention};
use crate::rulebook::Recurrence;
use crate::text::FileId;
use rustc_hash::{FxHashMap, FxHashSet};

/// What is said of an entry that goes only when its own key comes again: no proof that it is meant to go.
pub(super) const WAITS_FOR_KEY: &str = "and one goes only when its own key comes again";

/// What is said of handles of timers: they are small, and what they stood for has gone.
pub(super) const KEEPS_HANDLES: &str = "and handles of timers that have run out stay until its owner ends";

/// Why a removal, though it comes, does not keep pace with the growths.
pub(super) fn falls_behind(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> Option<&'static str> {
    let place = &candidates.first()?.grow.place;
    if is_unreached(program, site, candidates) {
        return Some("and only reading it trims it");
    }
    if lazy::is_lazy(program, site, candidates) || lazy::takes_other_outcome(program, site, candidates) {
        return Some(WAITS_FOR_KEY);
    }
    if waits_for_owner(program, site, place, candidates) {
        return Some("and nothing goes before its owner ends");
    }
    keeps_handles(program, site, place, candidates).then_some(KEEPS_HANDLES)
}

/// Whether a removal trims, and the functions that let the collection grow never come by it.
fn is_unreached(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let f = site.expr.within;
    trims(program, site)
        && program.rate(f).is_some_and(|it| it.recurs != Recurrence::Tick)
        && candidates.iter().all(|it| {
            let writer = it.grow.site.expr.within;
            !comes_by(program, writer, f, 4) && !program.callers(writer).any(|edge| comes_by(program, edge.caller, f, 2))
        })
}

/// Whether a removal takes what is too old or too much, not what is wanted: nobody looks at what it takes.
fn trims(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    let Expr::Call(callee, args) = facts.expr(site.expr.id) else { return false };
    let Expr::Member(_, name) = facts.expr(callee) else { return false };
    let unused = program.parent(site.expr).is_none()
        && program.initialized_by(site.expr).is_none()
        && program.index(site.expr.file()).exit_of(site.expr.id).is_none();
    let is_zero = |id: ExprId| matches!(facts.expr(id), Expr::Number(n) if facts.numbers[n as usize] == 0.0);
    let constant = |id: ExprId| matches!(facts.expr(id), Expr::Number(_));
    unused
        && match facts.text(name) {
            "splice" => facts.item(args, 0).is_some_and(is_zero) && facts.item(args, 1).is_some_and(|it| !constant(it)),
            "shift" => is_compared(program, site),
            _ => false,
        }
}

/// Whether a comparison decides that a site runs: `while (list.length > MAX)`, `if (age > TTL)`.
fn is_compared(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    let mut at = Some(site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        let Some(test) = region.test.get() else { continue };
        let compares = matches!(facts.expr(test), Expr::Binary(BinaryOp::Less | BinaryOp::Greater, a, b)
            if !is_nothing(facts, a) && !is_nothing(facts, b));
        if compares && matches!(region.kind, RegionKind::Then | RegionKind::Loop(_)) {
            return true;
        }
    }
    false
}

fn is_nothing(facts: &crate::facts::Facts, id: ExprId) -> bool {
    matches!(facts.expr(id), Expr::Number(n) if facts.numbers[n as usize] == 0.0)
}

/// Whether a function is, makes or calls another one.
fn comes_by(program: &Program<'_>, from: FnRef, to: FnRef, depth: u32) -> bool {
    program.is_within(to, from)
        || depth > 0 && program.callees(from).any(|edge| edge.callee != from && comes_by(program, edge.callee, to, depth - 1))
}

/// Whether a removal is the sweep with which an owner ends, and ends every entry: while the owner lives, nothing goes.
fn waits_for_owner(program: &Program<'_>, site: SiteRef, place: &Place, candidates: &[Candidate]) -> bool {
    let f = program.this_function(site.expr.within);
    let grows = |it: &Candidate| {
        let outside =
            matches!(it.rated.recurs, Recurrence::Call | Recurrence::Request | Recurrence::Connection | Recurrence::Message);
        it.grow.growth == Growth::Entry
            && outside
            && !makes_instance(program, it.grow.site.expr.within)
            && it.grow.key.is_some_and(|key| !matches!(keys(program, key), Keys::Closed))
    };
    is_end(program, f)
        && matches!(place.root, Root::Instance(_))
        && is_whole(program, site)
        && candidates.iter().all(grows)
        && ends_entries(program, f, place)
}

/// Whether a removal is the sweep with which an owner ends, and what it sweeps are handles of timers that fire once: each stays
/// when its timer has run out.
fn keeps_handles(program: &Program<'_>, site: SiteRef, place: &Place, candidates: &[Candidate]) -> bool {
    let fires_once = |it: &Candidate| {
        let made = it.grow.value.map(|value| program.initial(value));
        let is_timeout = |made: ExprRef| {
            let facts = program.facts(made.file());
            let Expr::Call(callee, _) = facts.expr(made.id) else { return false };
            matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "setTimeout")
        };
        it.grow.growth == Growth::Item && !makes_instance(program, it.grow.site.expr.within) && made.is_some_and(is_timeout)
    };
    is_end(program, program.this_function(site.expr.within))
        && matches!(place.root, Root::Instance(_))
        && is_whole(program, site)
        && candidates.iter().all(fires_once)
}

/// Whether a function ends what it belongs to.
fn is_end(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    let name = facts.text(facts.functions[f.id.index()].name).trim_matches(['[', ']', '_']).to_ascii_lowercase();
    convention::ends(&name) || name.strip_prefix('k').is_some_and(convention::ends)
}

/// `clear()`, `collection = new Map()`: all at once.
fn is_whole(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    match facts.expr(site.expr.id) {
        Expr::Call(callee, _) => matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "clear"),
        Expr::Assign(_, _, value) => matches!(facts.expr(value), Expr::New(..) | Expr::Object { .. } | Expr::Array(_)),
        _ => false,
    }
}

/// Whether a function ends what a collection holds: `for (const it of pools.values()) it.close()`.
fn ends_entries(program: &Program<'_>, f: FnRef, place: &Place) -> bool {
    let mut element = place.clone();
    element.path.push(program.words.element);
    let ends = |f: FnRef| {
        let facts = program.facts(f.file);
        program.sites(f).any(|it| {
            let Expr::Call(callee, _) = facts.expr(it.expr) else { return false };
            let Expr::Member(object, name) = facts.expr(callee) else { return false };
            convention::ends(facts.text(name)) && program.place(ExprRef::new(f, object)).as_ref() == Some(&element)
        })
    };
    let now = |how| matches!(how, How::Callback { recurs: Recurrence::Now, .. });
    ends(f) || program.callees(f).any(|edge| now(edge.how) && ends(edge.callee))
}

/// Whether a growth stands in handlers that the program registers with something unknown, and in no function that the
/// outside calls.
pub(super) fn is_registered(program: &Program<'_>, candidate: &Candidate) -> bool {
    let (mut open, mut seen, mut found) = (vec![candidate.grow.site.expr.within], Vec::new(), false);
    while let Some(f) = open.pop() {
        if seen.contains(&f) || seen.len() > 20 {
            continue;
        }
        seen.push(f);
        if program.callers(f).next().is_none() {
            return false;
        }
        for edge in program.callers(f) {
            let facts = program.facts(edge.site.expr.file());
            match (edge.how, facts.expr(edge.site.expr.id)) {
                (How::Passed, Expr::Call(callee, _)) => found |= registers(facts, callee),
                (How::Call, _) => open.push(edge.caller),
                _ => {}
            }
        }
    }
    found
}

fn registers(facts: &crate::facts::Facts, callee: ExprId) -> bool {
    const NAMES: [&str; 5] = ["on", "addListener", "addEventListener", "subscribe", "hook"];
    matches!(facts.expr(callee), Expr::Member(_, name) if NAMES.contains(&facts.text(name)))
}

/// Whether other files call the method that fills a collection, and nothing calls the one that empties it on anything of its
/// instances' names: it has been written, and forgotten.
pub(super) fn is_forgotten(program: &Program<'_>, removes: FnRef, candidates: &[Candidate]) -> bool {
    let from_elsewhere = |f: FnRef| program.callers(f).any(|it| it.how == How::Call && it.caller.file != f.file);
    let filled = |it: &Candidate| it.grow.site.expr.within != removes && from_elsewhere(it.grow.site.expr.within);
    if program.callers(removes).next().is_some() || !candidates.iter().any(filled) {
        return false;
    }
    let method = program.tables.methods.iter().find(|it| *it.1 == removes);
    let Some((shape, name)) = method.map(|it| *it.0) else { return false };
    let names: Vec<&str> = program.constructions(shape).iter().filter_map(|it| stored_name(program, it.expr)).collect();
    let called = |file| {
        let facts = program.facts(file);
        let members = facts.names.find(name).into_iter().flat_map(|it| program.index(file).members(it));
        members.into_iter().any(|it| {
            let Expr::Member(object, _) = facts.expr(it) else { return false };
            let named = match facts.expr(object) {
                Expr::Member(_, name) => facts.text(name),
                Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
                _ => return false,
            };
            names.contains(&named)
        })
    };
    !names.is_empty() && !connected(program, removes.file).into_iter().any(called)
}

/// The files that imports connect with one: a client's scripts call nothing of the server's.
fn connected(program: &Program<'_>, file: FileId) -> FxHashSet<FileId> {
    let mut around: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    for from in program.files() {
        for (_, target) in &program.unit(from).links {
            if let Target::File(to) = target {
                around.entry(from).or_default().push(*to);
                around.entry(*to).or_default().push(from);
            }
        }
    }
    let (mut found, mut open) = (FxHashSet::default(), vec![file]);
    while let Some(file) = open.pop() {
        if found.insert(file) {
            open.extend(around.get(&file).into_iter().flatten());
        }
    }
    found
}

/// The variable or field that something made is assigned to.
fn stored_name<'p>(program: &'p Program<'_>, made: ExprRef) -> Option<&'p str> {
    let facts = program.facts(made.file());
    if let Some(binding) = program.initialized_by(made) {
        return Some(facts.text(facts.bindings[binding.id.index()].name));
    }
    match facts.expr(program.parent(made)?.id) {
        Expr::Assign(_, target, _) => match facts.expr(target) {
            Expr::Member(_, name) => Some(facts.text(name)),
            Expr::Ident(id) => Some(facts.text(facts.bindings[id.index()].name)),
            _ => None,
        },
        _ => None,
    }
}
