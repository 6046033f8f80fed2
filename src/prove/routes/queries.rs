//! The parts of a query that handlers read: `req.query.wid`, `const { page } = ctx.query`, `url.searchParams.get("id")`.
//!
//! What a program keeps by request it often keeps by one of these, and without it a request ends early.

use crate::facts::{Expr, ExprId, Facts};
use crate::program::{ExprRef, Program};
use crate::prove::plan::dangerous;
use crate::text::Span;

/// Names of what holds a query.
const QUERIES: &[&str] = &["query", "searchParams"];

/// Methods that ask for a part by name.
const GETTERS: &[&str] = &["get", "getAll", "has"];

/// More parts than this are no query that anybody sends.
const MOST: usize = 8;

/// The parts that the handlers of a registration read, in the order in which they stand there.
pub(super) fn of_call(program: &Program<'_>, call: ExprRef) -> Vec<String> {
    let mut names = of_span(program, program.span(call));
    for f in program.functions_of_call(call) {
        let it = &program.facts(f.file).functions[f.id.index()];
        names.extend(of_span(program, Span::new(f.file, it.start, it.end)));
    }
    tidy(names)
}

/// The parts that a file reads.
pub(super) fn of_file(program: &Program<'_>, at: Span) -> Vec<String> {
    tidy(of_span(program, Span::new(at.file, 0, u32::MAX)))
}

/// A path with these parts, each to be filled; `None` if there are none.
pub(super) fn with(path: &str, names: &[String]) -> Option<String> {
    let parts: Vec<String> = names.iter().map(|it| format!("{it}=:{it}")).collect();
    (!parts.is_empty() && !path.contains('?')).then(|| format!("{path}?{}", parts.join("&")))
}

fn tidy(names: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        let is_plain = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-'));
        if is_plain && kept.len() < MOST && !kept.contains(&name) && dangerous(&name).is_none() {
            kept.push(name);
        }
    }
    kept
}

fn of_span(program: &Program<'_>, span: Span) -> Vec<String> {
    let facts = program.facts(span.file);
    let inside = |at: u32| span.start <= at && at < span.end;
    let callees: Vec<ExprId> = facts.nodes.iter().filter_map(|it| callee(it.expr)).collect();
    let mut found: Vec<(u32, String)> = Vec::new();
    for (at, node) in facts.nodes.iter().enumerate().filter(|it| inside(it.1.start)) {
        let name = match node.expr {
            Expr::Member(object, name) if is_query(facts, object, 0) && !callees.contains(&ExprId(at as u32)) => name,
            Expr::Call(callee, args) => match (facts.expr(callee), facts.item(args, 0).map(|it| facts.expr(it))) {
                (Expr::Member(object, getter), Some(Expr::Str(name)))
                    if GETTERS.contains(&facts.text(getter)) && is_query(facts, object, 0) =>
                {
                    name
                }
                _ => continue,
            },
            _ => continue,
        };
        found.push((node.start, facts.text(name).to_owned()));
    }
    found.sort();
    found.into_iter().map(|it| it.1).collect()
}

fn callee(expr: Expr) -> Option<ExprId> {
    match expr {
        Expr::Call(callee, _) => Some(callee),
        _ => None,
    }
}

/// Whether an expression is the query of a request, be it a checked copy.
fn is_query(facts: &Facts, id: ExprId, depth: u32) -> bool {
    if id == ExprId::NONE || depth > 4 {
        return false;
    }
    match facts.expr(id) {
        Expr::Member(_, name) => QUERIES.contains(&facts.text(name)),
        Expr::Ident(binding) => facts.bindings[binding.index()].init.get().is_some_and(|it| is_query(facts, it, depth + 1)),
        Expr::Call(_, args) => facts.list(args).any(|it| is_query(facts, it, depth + 1)),
        _ => false,
    }
}
