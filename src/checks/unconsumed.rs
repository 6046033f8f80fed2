//! The check *unconsumed*: an answer whose body nobody reads keeps its connection, and what has arrived of it.

use super::fate::{self, Fate};
use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{Expr, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{FnRef, Fresh, Program, SiteRef, Value};

/// A request whose answer must be read.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "unconsumed")?;
    let rated = program.repeated(at, Fresh::Program)?;
    let given = program.functions_of_call(at.expr);
    let by_callback = program.call_model(at.expr).is_some_and(|(model, _)| !model.runs.is_empty());
    // What `fetch` gives is cancelled when it is collected, and short bodies have arrived by then.
    let limit = method_limit(program, at)?.min(if by_callback { Confidence::Likely } else { Confidence::Suspect });
    let fate = match given.first() {
        Some(&f) => {
            let is_empty = program.facts(f.file).params(f.id).is_empty();
            let fate = fate::of_param(program, f, 0);
            // Without a parameter the callback cannot read; `this` is not the answer.
            if is_empty && uses_arguments(program, f) { Fate { escapes: true, ..fate } } else { fate }
        }
        // Without a callback, the answer is thrown away by itself.
        None if by_callback => return None,
        None => fate::fate(program, at.expr),
    };
    if !fate.is_lost() {
        return None;
    }
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "the request is made here, and its answer is not read")];
    story.extend(recurs(program, at, rated));
    let message = format!("answer whose body nobody reads, {}: it keeps its connection and what has arrived", per(rated.recurs));
    let confidence = of_rate(rated).min(limit);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
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
