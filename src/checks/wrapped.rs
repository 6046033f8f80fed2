//! The check *wrapped*: what is registered is a closure around the caller's handler, and the removal looks for the handler.
//!
//! `once(event, f) { this.on(event, () => f()) }` beside `off(event, f) { ... indexOf(f) ... }`, or an `on` that is replaced by
//! one that wraps while `off` is left alone: callers remove what they added, and nothing is removed.

use super::named::rule;
use super::story::{Draft, step};
use super::trace;
use crate::facts::{AssignOp, Expr, ExprId, FnId, Name, Sym};
use crate::finding::{Confidence, Finding, Role};
use crate::program::{BindingRef, ExprRef, FnRef, Program, Rate, SiteRef, Value};
use crate::rulebook::Rule;
use crate::text::FileId;

/// Names of methods that register a handler.
const ADDERS: [&str; 10] = [
    "on",
    "once",
    "addListener",
    "prependListener",
    "prependOnceListener",
    "addEventListener",
    "subscribe",
    "addHandler",
    "listen",
    "observe",
];

/// Names of methods that take a handler away by its identity.
const REMOVERS: [&str; 8] =
    ["off", "removeListener", "removeEventListener", "unsubscribe", "removeHandler", "unlisten", "unobserve", "un"];

/// Methods of collections that keep a handler.
const STORES: [&str; 3] = ["push", "unshift", "add"];

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let Some(rule) = rule(program, "wrapped") else { return Vec::new() };
    let facts = program.facts(file);
    let mut found = Vec::new();
    for (i, function) in facts.functions.iter().enumerate() {
        let f = FnRef { file, id: FnId(i as u32) };
        let named = ADDERS.contains(&facts.text(function.name));
        if function.param_count > 0 && (named || is_replacement(program, f)) {
            found.extend(judge(program, rule, f));
        }
    }
    found
}

/// A wrapper that a function registers.
struct Registered {
    /// The registering call.
    site: SiteRef,
    /// What is registered.
    wrapper: ExprRef,
    /// The function that the wrapper is, if it can be seen.
    closure: Option<FnRef>,
    /// The handler that the wrapper is made from: a parameter.
    handler: BindingRef,
    /// How it is registered: the callee.
    callee: (ExprId, Name),
}

fn judge(program: &Program<'_>, rule: &Rule, f: FnRef) -> Option<Finding> {
    let it = program.sites(f).find_map(|site| {
        let expr = ExprRef::new(f, site.expr);
        registered(program, f, SiteRef { expr, region: site.region })
    })?;
    if is_remembered(program, f, &it) || hands_out_remover(program, f) {
        return None;
    }
    let (release, confidence) = partner(program, f, &it)?;
    let seen = it.closure.is_some();
    let confidence = if seen { confidence } else { confidence.min(Confidence::Suspect) };
    let span = program.head(it.site.expr);
    let facts = program.facts(f.file);
    let handler = facts.text(facts.bindings[it.handler.id.index()].name);
    let mut story = vec![step(Role::Acquired, span, format!("a wrapper of `{handler}` is registered here"))];
    if let Some(release) = release {
        story.push(step(Role::Released, program.span(release), "the removal looks for the handler itself, and finds nothing"));
    }
    let message =
        format!("what is registered is a wrapper of `{handler}`, so a removal of `{handler}` removes nothing and both stay");
    let trace = it.closure.map(|closure| trace::of_closure(program, it.site.expr, closure)).unwrap_or_default();
    Some(Draft { rule, confidence, message, span, within: f, story, trace }.finish(program))
}

/// A call that registers a wrapper of one of a function's parameters.
fn registered(program: &Program<'_>, f: FnRef, site: SiteRef) -> Option<Registered> {
    let facts = program.facts(f.file);
    let Expr::Call(callee, args) = facts.expr(site.expr.id) else { return None };
    let Expr::Member(object, name) = facts.expr(callee) else { return None };
    let text = facts.text(name);
    if !(ADDERS.contains(&text) || STORES.contains(&text) || matches!(text, "call" | "apply")) {
        return None;
    }
    let parts = facts.list(args).flat_map(|it| match facts.expr(it) {
        Expr::Array(items) if text == "apply" => facts.list(items).collect::<Vec<_>>(),
        _ => vec![it],
    });
    parts.into_iter().find_map(|it| {
        let wrapper = site.expr.with(it);
        let (handler, closure) = wrapped(program, f, wrapper)?;
        Some(Registered { site, wrapper, closure, handler, callee: (object, name) })
    })
}

/// The parameter that an expression wraps, and the closure that it is.
fn wrapped(program: &Program<'_>, f: FnRef, expr: ExprRef) -> Option<(BindingRef, Option<FnRef>)> {
    let value = program.initial(expr);
    let facts = program.facts(f.file);
    if let Value::Function(closure) = program.eval(value)
        && closure.file == f.file
        && closure != f
        && program.is_within(closure, f)
    {
        let handler = params(program, f).find(|it| is_called_in(program, *it, closure))?;
        return Some((handler, Some(closure)));
    }
    let Expr::Call(callee, args) = facts.expr(value.id) else { return None };
    let passed = |id: ExprId| params(program, f).find(|it| facts.expr(id) == Expr::Ident(it.id));
    if let Expr::Member(object, name) = facts.expr(callee)
        && facts.sym(name) == program.words.bind
    {
        return passed(object).map(|it| (it, None));
    }
    let (n, handler) = facts.list(args).enumerate().find_map(|(n, it)| Some((n, passed(it)?)))?;
    let Value::Function(maker) = program.eval(value.with(callee)) else { return None };
    let inner = program.param_binding(maker, n)?;
    let made = program.exits(maker).filter(|it| !it.is_throw).find_map(|it| {
        match program.eval(ExprRef::new(maker, it.value.get()?)) {
            Value::Function(made) if made != maker && program.is_within(made, maker) => Some(made),
            _ => None,
        }
    })?;
    (is_called_in(program, inner, made) && !is_kept(program, maker, inner, made)).then_some((handler, Some(made)))
}

fn params<'p>(program: &'p Program<'_>, f: FnRef) -> impl Iterator<Item = BindingRef> + 'p {
    let facts = program.facts(f.file);
    facts.params(f.id).iter().filter_map(move |it| Some(BindingRef { file: f.file, id: it.binding.get()? }))
}

/// Whether a closure calls what a binding holds: `f()`, `f.call(...)`, `f.apply(...)`.
fn is_called_in(program: &Program<'_>, binding: BindingRef, closure: FnRef) -> bool {
    let facts = program.facts(binding.file);
    program.binding_uses(binding).into_iter().filter(|it| program.is_within(it.within, closure)).any(|it| {
        let Some(parent) = program.parent(it) else { return false };
        match facts.expr(parent.id) {
            Expr::Call(callee, _) => callee == it.id,
            Expr::Member(_, name) => matches!(facts.text(name), "call" | "apply"),
            _ => false,
        }
    })
}

/// Whether anything ties the handler to its wrapper, so that a removal may find the one by the other.
fn is_remembered(program: &Program<'_>, f: FnRef, it: &Registered) -> bool {
    let facts = program.facts(f.file);
    let closure = it.closure.filter(|closure| program.is_within(*closure, f));
    let inside = |at: ExprRef| closure.is_some_and(|closure| program.is_within(at.within, closure));
    let named = match facts.expr(it.wrapper.id) {
        Expr::Ident(id) => Some(BindingRef { file: f.file, id }),
        _ => None,
    };
    // The wrapper may name itself to take itself off.
    let wrapper_kept =
        named.is_some_and(|binding| program.binding_uses(binding).into_iter().any(|at| at.id != it.wrapper.id && !inside(at)));
    wrapper_kept || is_kept(program, f, it.handler, closure.unwrap_or(f))
}

/// Whether a function does more with a handler than test it, hand it to a maker of wrappers, and call it in the wrapper.
fn is_kept(program: &Program<'_>, f: FnRef, handler: BindingRef, closure: FnRef) -> bool {
    let facts = program.facts(f.file);
    program.binding_uses(handler).into_iter().filter(|it| closure == f || !program.is_within(it.within, closure)).any(|at| {
        let Some(parent) = program.parent(at) else { return program.initialized_by(at).is_some() };
        match facts.expr(parent.id) {
            Expr::Unary(..) | Expr::Binary(..) | Expr::Logical(..) => false,
            Expr::Call(callee, _) if callee == at.id => false,
            Expr::Call(callee, _) => {
                let name = super::acquisition::name_of(program, parent.with(callee));
                let name = name.rsplit('.').next().unwrap_or_default();
                let looks = ["check", "assert", "validate", "ensure"].iter().any(|it| name.starts_with(it));
                !looks && !is_wrapping(program, parent)
            }
            Expr::Member(_, name) => !matches!(facts.text(name), "call" | "apply" | "bind" | "name" | "length"),
            _ => true,
        }
    })
}

/// A call whose result is kept in a variable, or handed on as a handler.
fn is_wrapping(program: &Program<'_>, call: ExprRef) -> bool {
    let facts = program.facts(call.file());
    let passed = program.parent(call).is_some_and(|it| matches!(facts.expr(it.id), Expr::Call(callee, _) if callee != call.id));
    passed || program.initialized_by(call).is_some()
}

/// A function that gives its caller what removes needs no removal by the handler.
fn hands_out_remover(program: &Program<'_>, f: FnRef) -> bool {
    program.exits(f).filter(|it| !it.is_throw).filter_map(|it| it.value.get()).any(|value| {
        let facts = program.facts(f.file);
        matches!(program.eval(ExprRef::new(f, value)), Value::Function(_)) || matches!(facts.expr(value), Expr::Object { .. })
    })
}

/// How callers take handlers off again: the test that misses the wrapper, and how sure that is.
fn partner(program: &Program<'_>, f: FnRef, it: &Registered) -> Option<(Option<ExprRef>, Confidence)> {
    if let Some(original) = replaced(program, f, it) {
        let limit = if program.rate(f).is_none_or(|it| it.rate == Rate::Once)
            && program.rate(original).is_none_or(|it| it.rate == Rate::Once)
        {
            Confidence::Suspect
        } else {
            Confidence::Likely
        };
        return Some((None, limit));
    }
    let (Value::Object(shape) | Value::Class(shape)) = program.eval_this(f) else { return None };
    let removers: Vec<FnRef> = REMOVERS
        .iter()
        .filter_map(|name| {
            let name = Sym::of(name);
            program.user_method(shape, name).or_else(|| program.field_functions(shape, name).first().copied())
        })
        .collect();
    if let Some(missing) = removers.iter().find_map(|it| by_identity(program, *it)) {
        let ties = removers.iter().any(|it| looks_up(program, *it));
        return (!ties && same_holder(program, it, missing)).then_some((Some(missing), Confidence::Likely));
    }
    // The emitter's own removal, inherited, knows nothing of the wrapper.
    let facts = program.facts(f.file);
    let by_base = facts.expr(it.callee.0) == Expr::Super;
    let inherited = program.model_base(shape).is_some() && removers.is_empty() && by_base;
    inherited.then_some((None, Confidence::Suspect))
}

/// A collection or emitter that the wrapper goes to and the removal searches: without names for both, the shape's one.
fn same_holder(program: &Program<'_>, it: &Registered, missing: ExprRef) -> bool {
    let facts = program.facts(missing.file());
    let text = program.facts(it.site.expr.file()).text(it.callee.1);
    let Expr::Call(callee, _) = facts.expr(missing.id) else { return true };
    let Expr::Member(object, name) = facts.expr(callee) else { return true };
    if !REMOVERS.contains(&facts.text(name)) || !ADDERS.contains(&text) {
        return true;
    }
    let (a, b) = (it.site.expr.with(it.callee.0), missing.with(object));
    let own = |at: ExprRef| matches!(program.facts(at.file()).expr(at.id), Expr::This | Expr::Super);
    own(a) && own(b) || program.place(a).is_some_and(|a| Some(a) == program.place(b))
}

/// The test by which a removal finds a handler: by identity with its parameter.
fn by_identity(program: &Program<'_>, remover: FnRef) -> Option<ExprRef> {
    let facts = program.facts(remover.file);
    params(program, remover).flat_map(|it| program.binding_uses(it)).find_map(|at| {
        let parent = program.parent(at)?;
        match facts.expr(parent.id) {
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(_, name) => {
                    let text = facts.text(name);
                    let handler = at.id != callee && facts.text(facts.bindings[ident(facts, at.id)?.index()].name) != "event";
                    let finds = matches!(text, "indexOf" | "lastIndexOf" | "includes") || REMOVERS.contains(&text);
                    (handler && finds && is_last_argument(program, parent, at)).then_some(parent)
                }
                _ => None,
            },
            _ => None,
        }
    })
}

fn ident(facts: &crate::facts::Facts, id: ExprId) -> Option<crate::facts::BindingId> {
    match facts.expr(id) {
        Expr::Ident(id) => Some(id),
        _ => None,
    }
}

fn is_last_argument(program: &Program<'_>, call: ExprRef, at: ExprRef) -> bool {
    program.argument(call, -1).is_some_and(|it| it.id == at.id)
}

/// Whether a removal finds handlers by more than their identity: it compares properties, or asks a map.
fn looks_up(program: &Program<'_>, remover: FnRef) -> bool {
    let facts = program.facts(remover.file);
    let function = &facts.functions[remover.id.index()];
    let of_param = |id: ExprId| params(program, remover).any(|it| facts.expr(id) == Expr::Ident(it.id));
    facts.nodes.iter().filter(|it| (function.start..function.end).contains(&it.start)).any(|it| match it.expr {
        Expr::Binary(_, a, b) => {
            let property = |id| matches!(facts.expr(id), Expr::Member(_, name) if facts.text(name) != "length");
            of_param(a) && property(b) || of_param(b) && property(a)
        }
        Expr::Call(callee, args) => match facts.expr(callee) {
            Expr::Member(_, name) => {
                matches!(facts.text(name), "get" | "find" | "has")
                    && facts.list(args).len() == 1
                    && facts.item(args, 0).is_some_and(|it| of_handler(program, remover, it))
            }
            _ => false,
        },
        Expr::Index(_, key) => of_handler(program, remover, key),
        Expr::Member(object, _) => of_handler(program, remover, object),
        _ => false,
    })
}

/// The last parameter is the handler.
fn of_handler(program: &Program<'_>, remover: FnRef, id: ExprId) -> bool {
    let facts = program.facts(remover.file);
    params(program, remover).last().is_some_and(|it| facts.expr(id) == Expr::Ident(it.id))
}

/// Whether a function is made to take the place of a registering method: the value of `emitter.on = ...`, or what a callback
/// returns that is handed out together with such a method's name.
fn is_replacement(program: &Program<'_>, f: FnRef) -> bool {
    replaced_names(program, f).is_some()
}

/// The call that replaces methods by name, for a function that its callback returns.
fn replaced_names(program: &Program<'_>, f: FnRef) -> Option<ExprRef> {
    let facts = program.facts(f.file);
    let function = &facts.functions[f.id.index()];
    let maker = FnRef { file: f.file, id: function.parent.get().filter(|it| *it != FnId::MODULE)? };
    let made = &facts.functions[maker.id.index()];
    let (expr, maker_expr) = (function.expr.get()?, made.expr.get()?);
    if made.param_count == 0 || program.index(f.file).exit_of(expr).is_none() {
        return None;
    }
    let around = FnRef { file: f.file, id: made.parent.get()? };
    let call = program.parent(ExprRef::new(around, maker_expr))?;
    let Expr::Call(_, args) = facts.expr(call.id) else { return None };
    facts.list(args).any(|it| names_adder(program, call.with(it))).then_some(call)
}

/// `"on"`, or a list with it.
fn names_adder(program: &Program<'_>, expr: ExprRef) -> bool {
    let value = program.initial(expr);
    let facts = program.facts(value.file());
    let is_name = |id: ExprId| matches!(facts.expr(id), Expr::Str(name) if ADDERS[..5].contains(&facts.text(name)));
    match facts.expr(value.id) {
        Expr::Array(items) => facts.list(items).any(is_name),
        _ => is_name(value.id),
    }
}

/// The function that replaces an emitter's method by one that wraps, and leaves the removal as it is.
fn replaced(program: &Program<'_>, f: FnRef, it: &Registered) -> Option<FnRef> {
    let facts = program.facts(f.file);
    let callee = facts.text(it.callee.1);
    let around = FnRef { file: f.file, id: facts.functions[f.id.index()].parent.get()? };
    if !matches!(callee, "call" | "apply") && !is_original(program, f, it) {
        return None;
    }
    let patched = replaced_names(program, f).map(|it| it.within).or_else(|| assigned(program, f, around))?;
    (!names_removal(program, patched)).then_some(patched)
}

/// `const original = emitter.on`, called as `original.call(emitter, ...)`.
fn is_original(program: &Program<'_>, f: FnRef, it: &Registered) -> bool {
    let at = program.initial(ExprRef::new(f, it.callee.0));
    let facts = program.facts(at.file());
    matches!(facts.expr(at.id), Expr::Member(_, name) if ADDERS.contains(&facts.text(name)))
}

/// `emitter.on = function ...` on something that is not the program's own class.
fn assigned(program: &Program<'_>, f: FnRef, around: FnRef) -> Option<FnRef> {
    let facts = program.facts(f.file);
    let expr = facts.functions[f.id.index()].expr.get()?;
    let parent = program.parent(ExprRef::new(around, expr))?;
    let Expr::Assign(AssignOp::Set, target, value) = facts.expr(parent.id) else { return None };
    let Expr::Member(object, name) = facts.expr(target) else { return None };
    let own = matches!(facts.expr(object), Expr::This);
    (value == expr && !own && ADDERS[..5].contains(&facts.text(name))).then_some(around)
}

/// Whether a function speaks of removals, as a name or a method.
fn names_removal(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    let function = &facts.functions[f.id.index()];
    facts.nodes.iter().filter(|it| f.is_module() || (function.start..function.end).contains(&it.start)).any(|it| match it.expr {
        Expr::Str(name) | Expr::Member(_, name) => REMOVERS[..3].contains(&facts.text(name)),
        _ => false,
    })
}
