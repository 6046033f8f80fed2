//! Labels of metrics: each new value is a time series of its own, which the registry keeps and every scrape repeats.

use super::acquisition::name_of;
use super::key::{Keys, keys};
use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{Expr, ExprId};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{ExprRef, Fresh, Program, Rate, SiteRef, Value};

/// Calls that spell a value another way, and fold none.
const SPELLS: [&str; 10] = [
    "String",
    "toString",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "concat",
    "encodeURIComponent",
    "decodeURIComponent",
    "get",
    "header",
];

/// Judges a call that labels a metric.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "labelled")?;
    let rated = program.repeated(at, Fresh::Program).filter(|it| it.rate == Rate::Many)?;
    let labels = labels(program, at.expr);
    let open = |fallbacks| labels.iter().copied().find(|it| Openness { program, fallbacks }.is_open(*it, 0));
    let sure = open(false);
    let label = sure.or_else(|| open(true))?;
    let span = program.span(label);
    let mut story = vec![step(Role::Acquired, program.head(at.expr), "a series per value of the label is made here")];
    story.extend(recurs(program, at, rated));
    let confidence = of_rate(rated).min(if sure.is_some() { Confidence::Likely } else { Confidence::Suspect });
    let name = name_of(program, label);
    let named = if name.is_empty() { "what it sends".to_owned() } else { format!("`{name}`") };
    let message = format!("a metric is labelled with {named} {}: every new value is a series that stays", per(rated.recurs));
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// The values of the labels: properties of an object, or the arguments of `labels` themselves.
fn labels(program: &Program<'_>, call: ExprRef) -> Vec<ExprRef> {
    let facts = program.facts(call.file());
    let Expr::Call(callee, args) = facts.expr(call.id) else { return Vec::new() };
    let in_order = matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "labels");
    let Some(first) = facts.item(args, 0) else { return Vec::new() };
    match program.literal(call.with(first)) {
        Some(literal) => {
            let facts = program.facts(literal.file());
            facts.properties(facts.expr(literal.id)).iter().map(|it| literal.with(it.value)).collect()
        }
        None if in_order => facts.list(args).map(|it| call.with(it)).collect(),
        None => Vec::new(),
    }
}

/// Whether a label takes as many values as the outside sends. What a function makes of them may be few.
struct Openness<'p, 'a> {
    program: &'p Program<'a>,
    /// Counts what stands in where the route's pattern is missing: `req.route?.path ?? req.path`.
    fallbacks: bool,
}

impl Openness<'_, '_> {
    fn is_open(&self, value: ExprRef, depth: u32) -> bool {
        if depth > 8 {
            return false;
        }
        let program = self.program;
        let facts = program.facts(value.file());
        let next = |id: ExprId| self.is_open(value.with(id), depth + 1);
        match facts.expr(value.id) {
            Expr::Call(callee, args) => match facts.expr(callee) {
                Expr::Member(object, name) if SPELLS.contains(&facts.text(name)) => {
                    next(object) || is_unit(program, value.with(object))
                }
                Expr::Free(name) if SPELLS.contains(&facts.text(name)) => facts.item(args, 0).is_some_and(next),
                _ => false,
            },
            Expr::Template(parts) => facts.list(parts).any(next),
            Expr::Binary(_, a, b) => next(a) || next(b),
            Expr::Logical(_, a, b) => next(a) || self.fallbacks && next(b),
            Expr::Choice(parts) => {
                let mut branches = [1, 2].into_iter().filter_map(|i| facts.item(parts, i));
                if self.fallbacks { branches.any(next) } else { branches.all(next) }
            }
            Expr::Ident(_) => {
                let init = program.initial(value);
                if init == value { keys(program, value) == Keys::Outside } else { self.is_open(init, depth + 1) }
            }
            // Where a router is mounted is written down.
            Expr::Member(_, name) if matches!(facts.text(name), "baseUrl" | "routerPath" | "routeOptions" | "httpVersion") => {
                false
            }
            Expr::Member(..) | Expr::Index(..) | Expr::Param(..) => keys(program, value) == Keys::Outside,
            _ => false,
        }
    }
}

/// `req.get("user-agent")`
fn is_unit(program: &Program<'_>, object: ExprRef) -> bool {
    matches!(program.eval(object), Value::Instance(ty) if program.is_unit(ty))
}
