//! Removals of listeners: which removal answers which registration, and which removes nothing.

use super::event::Event;
use crate::facts::{Expr, ExprId, Facts, FnId, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, SiteRef, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A call that removes listeners.
pub(super) struct Removal {
    /// The call.
    pub(super) site: SiteRef,
    receiver: Option<Place>,
    receiver_name: Option<Sym>,
    /// `None` for every event.
    event: Option<Event>,
    pub(super) handler: Option<ExprRef>,
}

/// All removals of a program, by the last name of their receiver.
pub(super) struct Removals {
    by_name: FxHashMap<Sym, Vec<Removal>>,
}

/// How a removal answers a registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Match {
    /// It removes it.
    Removes,
    /// It means to, and names another function: a fresh closure, another `bind`.
    Misses,
}

const REMOVERS: [&str; 7] =
    ["off", "removeListener", "removeEventListener", "removeAllListeners", "unlisten", "removeHandler", "un"];

impl Removals {
    /// Collects the removals of a program.
    pub(super) fn collect(program: &Program<'_>) -> Removals {
        let names: Vec<Sym> = REMOVERS.iter().map(|it| Sym::of(it)).collect();
        let files: Vec<_> = program.files().collect();
        let found: Vec<Removal> = files.par_iter().flat_map_iter(|&file| in_file(program, file, &names)).collect();
        let mut by_name: FxHashMap<Sym, Vec<Removal>> = FxHashMap::default();
        for removal in found {
            by_name.entry(removal.receiver_name.unwrap_or(Sym(0))).or_default().push(removal);
        }
        Removals { by_name }
    }

    /// The removals that answer a registration of `handler` for `event` on `receiver`.
    pub(super) fn answers(
        &self,
        program: &Program<'_>,
        receiver: ExprRef,
        event: Option<&Event>,
        handler: Option<ExprRef>,
    ) -> Vec<(SiteRef, Match)> {
        let place = program.place(receiver);
        let name = last_name(program, receiver, place.as_ref());
        let mut found = Vec::new();
        let candidates = self.by_name.get(&name.unwrap_or(Sym(0))).map_or(&[][..], Vec::as_slice);
        for removal in candidates {
            let same_event = match (&removal.event, event) {
                (None, _) | (_, None) => true,
                (Some(a), Some(b)) => a.may_be(b),
            };
            if !same_event || !same_receiver(removal, place.as_ref(), receiver) {
                continue;
            }
            let matched = match (removal.handler, handler) {
                (None, _) | (_, None) => Some(Match::Removes),
                (Some(a), Some(b)) => identity(program, a, b),
            };
            found.extend(matched.map(|it| (removal.site, it)));
        }
        found
    }
}

/// Without a place for one of them, the same last name in the same file is believed: it can only silence.
fn same_receiver(removal: &Removal, place: Option<&Place>, receiver: ExprRef) -> bool {
    match (&removal.receiver, place) {
        (Some(a), Some(b)) => {
            a == b || removal.site.expr.file() == receiver.file() && a.path.last() == b.path.last() && !a.path.is_empty()
        }
        _ => removal.site.expr.file() == receiver.file(),
    }
}

fn in_file(program: &Program<'_>, file: crate::text::FileId, names: &[Sym]) -> Vec<Removal> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for site in &facts.sites {
        let within = FnRef { file, id: facts.function_of(site.region) };
        let call = ExprRef::new(within, site.expr);
        let Some((object, event, handler)) = removed(program, facts, call, names) else { continue };
        let receiver = program.place(call.with(object));
        let receiver_name = last_name(program, call.with(object), receiver.as_ref());
        found.push(Removal { site: SiteRef { expr: call, region: site.region }, receiver, receiver_name, event, handler });
    }
    found
}

/// The receiver, event and handler of a removal.
fn removed(
    program: &Program<'_>,
    facts: &Facts,
    site: ExprRef,
    names: &[Sym],
) -> Option<(ExprId, Option<Event>, Option<ExprRef>)> {
    match facts.expr(site.id) {
        Expr::Call(callee, _) => {
            let Expr::Member(object, name) = facts.expr(callee) else { return None };
            if !names.contains(&facts.sym(name)) {
                return None;
            }
            let all = facts.text(name) == "removeAllListeners";
            let event = program.argument(site, 0).map(|it| Event::of(program, it));
            Some((object, event, if all { None } else { program.argument(site, 1) }))
        }
        // Behind the emitter's back: `delete emitter._events[name]`, `emitter._events = {}`.
        Expr::Delete(target) | Expr::Assign(_, target, _) => {
            let list = match facts.expr(target) {
                Expr::Index(list, _) => list,
                _ => target,
            };
            let Expr::Member(object, name) = facts.expr(list) else { return None };
            let event = match facts.expr(target) {
                Expr::Index(_, key) => Some(Event::of(program, site.with(key))),
                _ => None,
            };
            (facts.text(name) == "_events").then_some((object, event, None))
        }
        _ => None,
    }
}

fn last_name(program: &Program<'_>, receiver: ExprRef, place: Option<&Place>) -> Option<Sym> {
    place.and_then(|it| program.place_name(it)).or_else(|| {
        let facts = program.facts(receiver.file());
        match facts.expr(receiver.id) {
            Expr::Member(_, name) | Expr::Free(name) => Some(facts.sym(name)),
            Expr::Ident(id) => Some(facts.sym(facts.bindings[id.index()].name)),
            Expr::This => Some(Sym::of("this")),
            _ => None,
        }
    })
}

/// Whether a removal names the function that was added; `None` if it names one that has nothing to do with it. Unknown
/// counts as the same.
fn identity(program: &Program<'_>, removed: ExprRef, added: ExprRef) -> Option<Match> {
    if is_fresh(program, removed) {
        return Some(Match::Misses);
    }
    let (old, new) = (program.eval(removed), program.eval(added));
    if is_fresh(program, added) {
        return match (old, new) {
            (Value::Function(a), Value::Function(b)) if a == b && in_own_body(program, removed, a) => Some(Match::Removes),
            // `on(e, f.bind(this))` and `off(e, f)`: the same function, another object.
            (Value::Function(a), Value::Function(b)) if a == b => Some(Match::Misses),
            _ if matches!(program.facts(removed.file()).expr(removed.id), Expr::Free(_)) => Some(Match::Misses),
            _ => None,
        };
    }
    match (program.place(removed), program.place(added), old, new) {
        (Some(a), Some(b), Value::Function(f), Value::Function(g)) if a != b && f != g => None,
        _ => Some(Match::Removes),
    }
}

/// A named function expression that removes itself.
fn in_own_body(program: &Program<'_>, expr: ExprRef, f: FnRef) -> bool {
    f.id != FnId::MODULE && program.is_within(expr.within, f)
}

/// A closure or bound function made on the spot, or by a function that makes a new one each time.
pub(super) fn is_fresh(program: &Program<'_>, expr: ExprRef) -> bool {
    let facts = program.facts(expr.file());
    match facts.expr(expr.id) {
        Expr::Function(_) => true,
        Expr::Call(callee, _) => match facts.expr(callee) {
            Expr::Member(_, name) if facts.sym(name) == program.words.bind => true,
            _ => matches!(program.eval(expr.with(callee)), Value::Function(f) if makes_closure(program, f)),
        },
        _ => false,
    }
}

/// Whether every way out of a function returns a closure that it has just made.
fn makes_closure(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    if facts.functions[f.id.index()].is_async || facts.functions[f.id.index()].is_generator {
        return false;
    }
    let made = |id: ExprId| match facts.expr(id) {
        Expr::Function(_) => true,
        Expr::Ident(id) => {
            let it = &facts.bindings[id.index()];
            let closure = matches!(it.kind, crate::facts::BindingKind::Function(_))
                || it.writes == 0 && it.init.get().is_some_and(|init| matches!(facts.expr(init), Expr::Function(_)));
            closure && it.function == f.id
        }
        _ => false,
    };
    let mut exits = program.exits(f).filter(|it| !it.is_throw).filter_map(|it| it.value.get()).peekable();
    exits.peek().is_some() && exits.all(made)
}
