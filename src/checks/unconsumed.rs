//! The check *unconsumed*: an answer whose body nobody reads keeps its connection, and what has arrived of it.

use super::fate::{self, Fate};
use super::named::rule;
use super::partly;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{Expr, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, FnRef, Fresh, Program, SiteRef, Value};

/// A request whose answer must be read.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "unconsumed")?;
    let rated = program.repeated(at, Fresh::Program)?;
    let by_callback = program.call_model(at.expr).is_some_and(|(model, _)| !model.runs.is_empty());
    // What `fetch` gives is cancelled when it is collected, and short bodies have arrived by then.
    let limit = method_limit(program, at)?.min(if by_callback { Confidence::Likely } else { Confidence::Suspect });
    let given = program.functions_of_call(at.expr).first().copied();
    let handler = given.or_else(|| on_response(program, at.expr).filter(|_| by_callback));
    let fate = match handler {
        Some(f) => {
            let is_empty = program.facts(f.file).params(f.id).is_empty();
            let fate = fate::of_param(program, f, 0);
            // Without a parameter the callback cannot read; `this` is not the answer.
            if is_empty && uses_arguments(program, f) { Fate { escapes: true, ..fate } } else { fate }
        }
        // Without a callback, the answer is thrown away by itself.
        None if by_callback => return None,
        None => fate::fate(program, at.expr),
    };
    let left = handler.filter(|_| by_callback && !fate.is_lost());
    let reason = match left {
        Some(f) => Some(partly::unread_branch(program, f, &fate.taken)?),
        None if fate.is_lost() => None,
        None => return None,
    };
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "the request is made here, and its answer is not read")];
    story.extend(recurs(program, at, rated));
    let message = match reason {
        None => format!("answer whose body nobody reads, {}: it keeps its connection and what has arrived", per(rated.recurs)),
        Some(test) => {
            story.push(step(Role::Released, program.span(test), "by this test it is read or not"));
            format!("answer whose body is not read on every way, {}: it keeps its connection then", per(rated.recurs))
        }
    };
    let confidence = of_rate(rated).min(limit);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// `request.on("response", answer => ...)`, on the request itself or a variable for it.
fn on_response(program: &Program<'_>, request: ExprRef) -> Option<FnRef> {
    let mut uses = vec![request];
    uses.extend(program.initialized_by(request).map(|it| program.binding_uses(it)).unwrap_or_default());
    uses.into_iter().find_map(|it| {
        let member = program.parent(it)?;
        let Expr::Member(object, name) = program.facts(it.file()).expr(member.id) else { return None };
        let listens = matches!(program.facts(it.file()).text(name), "on" | "once" | "addListener");
        let call = program.parent(member).filter(|_| object == it.id && listens)?;
        let given = program.argument(call, 1).filter(|_| program.event_name(call).as_deref() == Some("response"))?;
        match program.eval(given) {
            Value::Function(f) => Some(f),
            _ => None,
        }
    })
}

/// An answer to `HEAD` has no body; of a method that cannot be seen, nobody knows.
fn method_limit(program: &Program<'_>, at: SiteRef) -> Option<Confidence> {
    let Expr::Call(_, args) = program.facts(at.expr.file()).expr(at.expr.id) else { return None };
    let facts = program.facts(at.expr.file());
    for arg in facts.list(args).map(|it| at.expr.with(it)) {
        if let Some(method) = program.property(arg, Sym::of("method")) {
            return match program.constant_text(method) {
                Some(it) if it.eq_ignore_ascii_case("head") => None,
                Some(_) => Some(Confidence::Likely),
                None => Some(Confidence::Suspect),
            };
        }
        let is_open = matches!(program.eval(arg), Value::Unknown | Value::Outside) && facts.item(args, 0) != Some(arg.id);
        if is_open && !matches!(facts.expr(arg.id), Expr::Function(_)) {
            return Some(Confidence::Suspect);
        }
    }
    Some(Confidence::Likely)
}

fn uses_arguments(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    let function = &facts.functions[f.id.index()];
    facts
        .nodes
        .iter()
        .filter(|it| (function.start..function.end).contains(&it.start))
        .any(|it| matches!(it.expr, Expr::Free(name) if facts.text(name) == "arguments"))
}
