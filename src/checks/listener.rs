//! Removals of listeners: which removal answers which registration, and which removes nothing.

use super::acquisition::Acquisition;
use crate::facts::{BinaryOp, Expr, ExprId, FnId, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, SiteRef, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A call that removes listeners.
pub(super) struct Removal {
    /// The call.
    pub(super) site: SiteRef,
    receiver: Option<Place>,
    receiver_name: Option<Sym>,
    event: Option<EventName>,
    pub(super) handler: Option<ExprRef>,
}

/// What is known of an event's name: all of it, or how it starts (`"data:" + id`).
struct EventName {
    start: String,
    whole: bool,
}

impl EventName {
    fn of(program: &Program<'_>, expr: ExprRef) -> EventName {
        if let Some(start) = program.constant_text(expr) {
            return EventName { start, whole: true };
        }
        let facts = program.facts(expr.file());
        let start = match facts.expr(expr.id) {
            Expr::Binary(BinaryOp::Add, left, _) => EventName::of(program, expr.with(left)).start,
            Expr::Template(parts) => match facts.item(parts, 0).map(|it| facts.expr(it)) {
                Some(Expr::Str(name)) => facts.text(name).to_owned(),
                _ => String::new(),
            },
            _ => String::new(),
        };
        EventName { start, whole: false }
    }

    /// Whether two names may be the same.
    fn may_be(&self, other: &EventName) -> bool {
        match (self.whole, other.whole) {
            (true, true) => self.start == other.start,
            (true, false) => self.start.starts_with(&other.start),
            (false, true) => other.start.starts_with(&self.start),
            (false, false) => self.start.starts_with(&other.start) || other.start.starts_with(&self.start),
        }
    }
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

    /// The removals that answer a registration.
    pub(super) fn answers(&self, program: &Program<'_>, acquired: &Acquisition<'_>) -> Vec<(SiteRef, Match)> {
        let Some(receiver) = acquired.receiver else { return Vec::new() };
        let event = acquired.model.event.and_then(|n| program.argument(acquired.site.expr, n as i8));
        let event = event.map(|it| EventName::of(program, it));
        let handler = acquired.handler(program);
        let place = program.place(receiver);
        let name = last_name(program, receiver, place.as_ref());
        let mut found = Vec::new();
        let candidates = self.by_name.get(&name.unwrap_or(Sym(0))).map_or(&[][..], Vec::as_slice);
        for removal in candidates {
            let same_event = match (&removal.event, &event) {
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
        if let Expr::Delete(target) = facts.expr(site.expr) {
            found.extend(deleted(program, SiteRef { expr: call, region: site.region }, target));
            continue;
        }
        let Expr::Call(callee, _) = facts.expr(site.expr) else { continue };
        let Expr::Member(object, name) = facts.expr(callee) else { continue };
        if !names.contains(&facts.sym(name)) {
            continue;
        }
        let all = facts.text(name) == "removeAllListeners";
        let event = program.argument(call, 0).map(|it| EventName::of(program, it));
        let handler = if all { None } else { program.argument(call, 1) };
        let receiver = program.place(call.with(object));
        let receiver_name = last_name(program, call.with(object), receiver.as_ref());
        found.push(Removal { site: SiteRef { expr: call, region: site.region }, receiver, receiver_name, event, handler });
    }
    found
}

/// `delete emitter._events[name]` takes all listeners of an event away.
fn deleted(program: &Program<'_>, site: SiteRef, target: ExprId) -> Option<Removal> {
    let facts = program.facts(site.expr.file());
    let Expr::Index(events, key) = facts.expr(target) else { return None };
    let Expr::Member(object, name) = facts.expr(events) else { return None };
    if facts.text(name) != "_events" {
        return None;
    }
    let receiver = program.place(site.expr.with(object));
    let receiver_name = last_name(program, site.expr.with(object), receiver.as_ref());
    let event = Some(EventName::of(program, site.expr.with(key)));
    Some(Removal { site, receiver, receiver_name, event, handler: None })
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
