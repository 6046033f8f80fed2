//! The check *context-kept*: what is started inside a context of `AsyncLocalStorage` belongs to it, and keeps its store for as
//! long as it lives, whatever its callback captures. Measured on Node 18 to 26 for timers, servers, watchers and workers;
//! listeners do not, and what is cleared lets go.

use super::acquisition::{Acquisition, acquisitions, name_of};
use super::capture::{captured_units, is_heavy};
use super::constant;
use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use super::timeout::{LONG, rearms};
use super::trace;
use crate::facts::{Expr, ExprId};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{Edge, ExprRef, FnRef, Grade, Guard, How, Program, Rate, Rated, Root, SiteRef, Value};
use crate::rulebook::{Recurrence, Rule};
use crate::text::{FileId, Span};
use rustc_hash::FxHashSet;

/// Resources that have a handle of Node's behind them, which remembers the context.
const WITH_HANDLE: [&str; 6] = ["timeout", "interval", "client", "server", "watcher", "worker"];

/// Functions that are followed from one context.
const REACH: usize = 2000;

/// Checks a whole program: a context is entered in one file and left behind in others.
pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let Some(rule) = rule(program, "context-kept") else { return Vec::new() };
    let calls = program.files().flat_map(|file| program.modelled_calls(file));
    let contexts: Vec<Context> = calls
        .filter(|it| matches!(it.model.does.as_deref(), Some("run-in-context" | "enter-context")))
        .filter_map(|it| Context::of(program, it.site, it.model.does.as_deref() == Some("enter-context")))
        .collect();
    contexts.iter().flat_map(|it| it.files(program).into_iter().flat_map(|file| it.check(program, rule, file))).collect()
}

/// A call that enters a context whose store keeps a unit of work.
struct Context {
    call: ExprRef,
    /// What the store keeps: its name, and where it is put in.
    payload: (String, Span),
    inside: FxHashSet<FnRef>,
    /// All further handlers of such units run inside as well.
    goes_on: Option<Recurrence>,
}

impl Context {
    fn of(program: &Program<'_>, at: SiteRef, enters: bool) -> Option<Context> {
        let call = at.expr;
        let store = program.argument(call, 0)?;
        let payload = payload(program, store, 0).or_else(|| filled(program, call))?;
        let start = program.span(call).start;
        let of_caller = |edge: &&Edge| match enters {
            true => program.span(edge.site.expr).start > start,
            false => edge.site.expr == call,
        };
        let mut open: Vec<FnRef> = program.callees(call.within).filter(of_caller).map(|it| it.callee).collect();
        let mut passes: Vec<ExprRef> =
            if enters { callees_of(program, call.within) } else { program.argument(call, 1).into_iter().collect() };
        let mut inside = FxHashSet::default();
        while let Some(f) = open.pop() {
            if inside.len() > REACH {
                return None;
            }
            if inside.insert(f) {
                passes.extend(callees_of(program, f).into_iter().filter(|_| program.is_within(f, call.within)));
                open.extend(program.callees(f).filter(|it| goes_with(program, it)).map(|it| it.callee));
            }
        }
        let goes_on = passes.into_iter().find_map(|it| continuation(program, it));
        Some(Context { call, payload, inside, goes_on })
    }

    /// The files that something inside may stand in.
    fn files(&self, program: &Program<'_>) -> Vec<FileId> {
        if self.goes_on.is_some() {
            return program.files().collect();
        }
        let mut files: Vec<FileId> = self.inside.iter().map(|it| it.file).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    fn check(&self, program: &Program<'_>, rule: &Rule, file: FileId) -> Vec<Finding> {
        let with_handle = |it: &Acquisition<'_>| WITH_HANDLE.contains(&it.model.resource.as_str());
        let acquired = acquisitions(program, file).into_iter().filter(with_handle);
        acquired.filter_map(|it| self.long_timeout(program, rule, &it).or_else(|| self.made_once(program, rule, &it))).collect()
    }

    fn holds(&self, program: &Program<'_>, f: FnRef) -> bool {
        let of_unit = |recurs| program.rate(f).is_some_and(|it| it.rate == Rate::Many && it.recurs == recurs);
        self.inside.contains(&f) || (f != self.call.within && self.goes_on.is_some_and(of_unit) && !is_outside(program, f, 0))
    }

    /// A long timeout per unit of work, whose callback keeps nothing by itself.
    fn long_timeout(&self, program: &Program<'_>, rule: &Rule, acquired: &Acquisition<'_>) -> Option<Finding> {
        let (call, within) = (acquired.site.expr, acquired.site.expr.within);
        if acquired.model.resource != "timeout" || !self.holds(program, within) {
            return None;
        }
        let rated = program.rate(within).filter(|it| it.rate == Rate::Many)?;
        let delay = constant::number(program, program.argument(call, 1)?).filter(|it| *it >= LONG)?;
        let Value::Function(f) = program.eval(acquired.handler(program)?) else { return None };
        let flow = program.flow(call, "timeout");
        let kept = program.once_guard(acquired.site).is_none()
            && program.coverage(acquired.site, &flow.releases).grade == Grade::None
            && flow.escapes.is_empty();
        if !kept || rearms(program, acquired, f) || !captured_units(program, f).is_empty() {
            return None;
        }
        let message = format!(
            "timer started {} keeps the store of its context, with `{}`, for {:.0} minutes",
            per(rated.recurs),
            self.payload.0,
            delay / 60_000.0
        );
        Some(self.finding(program, rule, acquired, of_rate(rated).min(Confidence::Likely), message, rated))
    }

    /// What is made once, by whichever unit of work comes first, and stays.
    fn made_once(&self, program: &Program<'_>, rule: &Rule, acquired: &Acquisition<'_>) -> Option<Finding> {
        let within = acquired.site.expr.within;
        let here = program.once_guard(acquired.site) == Some(Guard::Program) && self.holds(program, within);
        let mut callers = program.callers(within).peekable();
        let called = callers.peek().is_some()
            && callers.all(|it| {
                (it.site.expr == self.call || self.holds(program, it.caller))
                    && (here || program.once_guard(it.site) == Some(Guard::Program))
            });
        let entry = here && program.callers(within).next().is_none();
        if acquired.model.resource == "timeout" || !(called || entry) {
            return None;
        }
        let witness = if here { within } else { program.callers(within).next()?.caller };
        let rated = program.rate(witness).filter(|it| it.rate == Rate::Many)?;
        let message = format!(
            "`{}` is made once, by whichever comes first, and keeps the store of that one's context, with `{}`, for good",
            acquired.callee, self.payload.0
        );
        Some(self.finding(program, rule, acquired, Confidence::Suspect, message, rated))
    }

    fn finding(
        &self,
        program: &Program<'_>,
        rule: &Rule,
        acquired: &Acquisition<'_>,
        confidence: Confidence,
        message: String,
        rated: Rated,
    ) -> Finding {
        let span = program.head(acquired.site.expr);
        let mut story = vec![step(Role::Acquired, span, "started here")];
        story.extend(recurs(program, acquired.site, rated));
        story.push(step(Role::Held, program.head(self.call), "runs inside this context, and remembers it"));
        story.push(step(Role::Held, self.payload.1, format!("its store keeps `{}`", self.payload.0)));
        let trace = trace::of_acquisition(program, acquired);
        Draft { rule, confidence, message, span, within: acquired.site.expr.within, story, trace }.finish(program)
    }
}

/// Whether what an edge runs belongs to the caller's context: listeners run in their emitter's, and `exit` leaves it.
fn goes_with(program: &Program<'_>, edge: &Edge) -> bool {
    match edge.how {
        How::Call | How::Construct => true,
        How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. } => !leaves(program, edge),
        How::Callback { .. } | How::Passed => false,
    }
}

fn leaves(program: &Program<'_>, edge: &Edge) -> bool {
    program.call_model(edge.site.expr).is_some_and(|it| it.0.does.as_deref() == Some("leave-context"))
}

/// Whether all ways to a function leave the context.
fn is_outside(program: &Program<'_>, f: FnRef, depth: u32) -> bool {
    let mut callers = program.callers(f).peekable();
    depth < 8
        && callers.peek().is_some()
        && callers.all(|it| match it.how {
            How::Callback { recurs: Recurrence::Now, .. } if leaves(program, it) => true,
            _ => is_outside(program, it.caller, depth + 1),
        })
}

/// What a function calls, as expressions.
fn callees_of(program: &Program<'_>, f: FnRef) -> Vec<ExprRef> {
    let facts = program.facts(f.file);
    let callee = |site: crate::facts::Site| match facts.expr(site.expr) {
        Expr::Call(callee, _) => Some(ExprRef::new(f, callee)),
        _ => None,
    };
    program.sites(f).filter_map(callee).collect()
}

/// `next`: a parameter, behind the unit of work, of a handler that a framework calls; and how often that comes.
fn continuation(program: &Program<'_>, called: ExprRef) -> Option<Recurrence> {
    let place = program.place(called)?;
    let Root::Param(handler, n) = place.root else { return None };
    let rated = program.rate(handler).filter(|it| n > 0 && it.rate == Rate::Many)?;
    let own = program.origin(handler).is_some_and(|(_, _, calls)| calls.is_empty());
    let unknown = !program.param_value_of(handler, n).is_known();
    (own && unknown && place.path.len() < 2).then_some(rated.recurs)
}

/// The first unit of work in what a store is made from.
fn payload(program: &Program<'_>, store: ExprRef, depth: u32) -> Option<(String, Span)> {
    if depth > 4 {
        return None;
    }
    if is_heavy(program, store) {
        return Some((name_of(program, store), program.span(store)));
    }
    let facts = program.facts(store.file());
    let next = |id: ExprId| payload(program, store.with(id), depth + 1);
    match facts.expr(store.id) {
        Expr::Object { first, count } => {
            let properties = &facts.properties[first as usize..(first + count) as usize];
            properties.iter().find_map(|it| next(it.value))
        }
        Expr::Array(list) | Expr::New(_, list) => facts.list(list).find_map(next),
        Expr::Ident(_) => {
            let init = program.initial(store);
            (init != store).then(|| payload(program, init, depth + 1)).flatten()
        }
        _ => None,
    }
}

/// What is put into the store of a context anywhere: `storage.getStore().set("request", request)`, `store.request = request`.
fn filled(program: &Program<'_>, call: ExprRef) -> Option<(String, Span)> {
    let facts = program.facts(call.file());
    let Expr::Call(callee, _) = facts.expr(call.id) else { return None };
    let Expr::Member(storage, _) = facts.expr(callee) else { return None };
    let stores = program.uses(&program.place(call.with(storage))?).into_iter().filter_map(|at| called(program, at, "getStore"));
    stores.chain(program.argument(call, 0)).find_map(|store| put_into(program, store))
}

/// `object.method()`, for an object.
fn called(program: &Program<'_>, object: ExprRef, method: &str) -> Option<ExprRef> {
    let facts = program.facts(object.file());
    let member = program.parent(object)?;
    let named = matches!(facts.expr(member.id), Expr::Member(of, name) if of == object.id && facts.text(name) == method);
    program.parent(member).filter(|it| named && matches!(facts.expr(it.id), Expr::Call(callee, _) if callee == member.id))
}

/// The unit of work that is put into a store, where an expression has it or by way of its binding.
fn put_into(program: &Program<'_>, store: ExprRef) -> Option<(String, Span)> {
    let facts = program.facts(store.file());
    let binding = match facts.expr(store.id) {
        Expr::Ident(id) => Some(crate::program::BindingRef { file: store.file(), id }),
        _ => program.initialized_by(store),
    };
    let uses = binding.map_or_else(|| vec![store], |it| program.binding_uses(it));
    uses.into_iter().find_map(|at| {
        let member = program.parent(at)?;
        let Expr::Member(object, _) = facts.expr(member.id) else { return None };
        let around = program.parent(member).filter(|_| object == at.id)?;
        match facts.expr(around.id) {
            Expr::Assign(_, target, value) if target == member.id => payload(program, around.with(value), 1),
            Expr::Call(callee, args) if callee == member.id => {
                facts.list(args).find_map(|it| payload(program, around.with(it), 1))
            }
            _ => None,
        }
    })
}
