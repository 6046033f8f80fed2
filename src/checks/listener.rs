//! Removals of listeners: which removal answers which registration, and which removes nothing.

use super::acquisition::Acquisition;
use crate::facts::{BinaryOp, Expr, ExprId, FnId, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, SiteRef, Value};
use crate::rulebook::{CallModel, Release};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// A call that removes listeners.
pub(super) struct Removal {
    /// The call.
    pub(super) site: SiteRef,
    receiver: Option<Place>,
    receiver_name: Option<Sym>,
    event: Option<EventName>,
    pub(super) handler: Option<ExprRef>,
    /// The resources that its model says it releases; none for listeners.
    resources: Vec<String>,
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
        let modelled = program.rulebook.models.calls().filter(|(_, model)| by_handler(model).is_some());
        let modelled = modelled.map(|(path, _)| path.rsplit(['#', '.']).next().unwrap_or(path));
        let names: FxHashSet<Sym> = REMOVERS.iter().copied().chain(modelled).map(Sym::of).collect();
        let files: Vec<_> = program.files().collect();
        let found: Vec<Removal> = files.par_iter().flat_map_iter(|&file| in_file(program, file, &names)).collect();
        let mut by_name: FxHashMap<Sym, Vec<Removal>> = FxHashMap::default();
        for removal in found {
            by_name.entry(removal.receiver_name.unwrap_or(Sym(0))).or_default().push(removal);
        }
        Removals { by_name }
    }

    /// The removals that take away what a registration added.
    pub(super) fn removing(&self, program: &Program<'_>, acquired: &Acquisition<'_>) -> Vec<SiteRef> {
        self.answers(program, acquired).into_iter().filter(|it| it.1 == Match::Removes).map(|it| it.0).collect()
    }

    /// The removals that answer a registration.
    pub(super) fn answers(&self, program: &Program<'_>, acquired: &Acquisition<'_>) -> Vec<(SiteRef, Match)> {
        let at = acquired.site.expr;
        let resource = acquired.model.resource.as_str();
        let event = acquired.model.event.and_then(|n| program.argument(at, n as i8));
        let event = event.map(|it| EventName::of(program, it));
        let handler = acquired.handler(program);
        let receiver = acquired.receiver.filter(|it| !is_namespace(program, *it));
        let place = receiver.and_then(|it| program.place(it));
        let name = receiver.and_then(|it| last_name(program, it, place.as_ref()));
        let mut found = Vec::new();
        let candidates = self.by_name.get(&name.unwrap_or(Sym(0))).map_or(&[][..], Vec::as_slice);
        for removal in candidates {
            let same_event = match (&removal.event, &event) {
                (None, _) | (_, None) => true,
                (Some(a), Some(b)) => a.may_be(b),
            };
            let same_kind = resource.ends_with("listener") || removal.resources.iter().any(|it| it == resource);
            if !same_event || !same_kind || !same_receiver(removal, place.as_ref(), at) {
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

fn in_file(program: &Program<'_>, file: crate::text::FileId, names: &FxHashSet<Sym>) -> Vec<Removal> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for site in &facts.sites {
        let within = FnRef { file, id: facts.function_of(site.region) };
        let call = ExprRef::new(within, site.expr);
        let site = SiteRef { expr: call, region: site.region };
        if let Expr::Delete(target) = facts.expr(call.id) {
            found.extend(deleted(program, site, target));
            continue;
        }
        let Expr::Call(callee, _) = facts.expr(call.id) else { continue };
        let (object, name) = match facts.expr(callee) {
            Expr::Member(object, name) => (Some(call.with(object)), facts.text(name)),
            Expr::Ident(id) => (None, facts.text(facts.bindings[id.index()].name)),
            _ => continue,
        };
        if !names.contains(&Sym::of(name)) {
            continue;
        }
        let Some((event, handler, resources)) = arguments(program, call, name) else { continue };
        let event = event.and_then(|n| program.argument(call, n)).map(|it| EventName::of(program, it));
        let handler = handler.and_then(|n| program.argument(call, n));
        let object = object.filter(|it| !is_namespace(program, *it));
        let receiver = object.and_then(|it| program.place(it));
        let receiver_name = object.and_then(|it| last_name(program, it, receiver.as_ref()));
        found.push(Removal { site, receiver, receiver_name, event, handler, resources });
    }
    found
}

/// The arguments of a removal that are the event and the handler, and what it releases: as its model says, else as emitters
/// have them.
fn arguments(program: &Program<'_>, call: ExprRef, name: &str) -> Option<(Option<i8>, Option<i8>, Vec<String>)> {
    match program.call_model(call).and_then(|(model, _)| by_handler(model)) {
        Some(it) => Some((it.event.map(|n| n as i8), it.handler.map(|n| n as i8), it.resource.clone())),
        None if name == "removeAllListeners" => Some((Some(0), None, Vec::new())),
        None => REMOVERS.contains(&name).then(|| (Some(0), Some(1), Vec::new())),
    }
}

/// The release of a call that names what it releases by the handler.
fn by_handler(model: &CallModel) -> Option<&Release> {
    model.release.as_ref().filter(|it| it.handler.is_some())
}

/// Whether an expression is a module and not a value: `fs` of `fs.watchFile`.
pub(super) fn is_namespace(program: &Program<'_>, expr: ExprRef) -> bool {
    matches!(program.eval(expr), Value::Path(path) if program.paths.value(path).is_none())
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
    Some(Removal { site, receiver, receiver_name, event, handler: None, resources: Vec::new() })
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
