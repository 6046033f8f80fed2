//! What handlers read of a request: the parts of its query (`req.query.wid`, `const { page } = ctx.query`,
//! `url.searchParams.get("id")`), and the fields of its body (`req.body.name`).
//!
//! What a program keeps by request it often keeps by one of these, and without it a request ends early.

use crate::facts::{Expr, ExprId, Facts};
use crate::program::{ExprRef, FnRef, Program, Value};
use crate::prove::plan::dangerous;
use crate::text::Span;

/// Names of what holds a query.
const QUERIES: &[&str] = &["query", "searchParams"];

/// Names of what holds a body.
const BODIES: &[&str] = &["body"];

/// Methods that ask for a part by name.
const GETTERS: &[&str] = &["get", "getAll", "has"];

/// More parts than this are no query that anybody sends.
const MOST: usize = 8;

/// The parts of a query that the handlers of a registration read, in the order in which they stand there.
pub(super) fn queries(program: &Program<'_>, call: ExprRef) -> Vec<String> {
    of_call(program, call, QUERIES)
}

/// The fields of a body that they read.
pub(super) fn fields(program: &Program<'_>, call: ExprRef) -> Vec<String> {
    of_call(program, call, BODIES)
}

/// Whether the program reads forms, and no JSON.
pub(super) fn only_forms(program: &Program<'_>) -> bool {
    let reads = |word: &str| {
        let paths = ["express", "body-parser"].map(|it| program.paths.at(&format!("{it}#{word}")));
        program.files().any(|file| {
            let facts = program.facts(file);
            facts.sites.iter().any(|site| {
                let within = FnRef { file, id: facts.function_of(site.region) };
                let Expr::Call(callee, _) = facts.expr(site.expr) else { return false };
                matches!(program.eval(ExprRef::new(within, callee)), Value::Path(it) if paths.contains(&Some(it)))
            })
        })
    };
    reads("urlencoded") && !reads("json")
}

fn of_call(program: &Program<'_>, call: ExprRef, holders: &[&str]) -> Vec<String> {
    let mut names = of_span(program, program.span(call), holders);
    for f in program.functions_of_call(call) {
        let it = &program.facts(f.file).functions[f.id.index()];
        names.extend(of_span(program, Span::new(f.file, it.start, it.end), holders));
    }
    tidy(names)
}

/// The parts of a query that a file reads.
pub(super) fn of_file(program: &Program<'_>, at: Span) -> Vec<String> {
    tidy(of_span(program, Span::new(at.file, 0, u32::MAX), QUERIES))
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

fn of_span(program: &Program<'_>, span: Span, holders: &[&str]) -> Vec<String> {
    let facts = program.facts(span.file);
    let inside = |at: u32| span.start <= at && at < span.end;
    let callees: Vec<ExprId> = facts.nodes.iter().filter_map(|it| callee(it.expr)).collect();
    let mut found: Vec<(u32, String)> = Vec::new();
    for (at, node) in facts.nodes.iter().enumerate().filter(|it| inside(it.1.start)) {
        let name = match node.expr {
            Expr::Member(object, name) if is_held(facts, object, holders, 0) && !callees.contains(&ExprId(at as u32)) => name,
            Expr::Call(callee, args) => match (facts.expr(callee), facts.item(args, 0).map(|it| facts.expr(it))) {
                (Expr::Member(object, getter), Some(Expr::Str(name)))
                    if GETTERS.contains(&facts.text(getter)) && is_held(facts, object, holders, 0) =>
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

/// Whether an expression is the query or the body of a request, be it a checked copy.
fn is_held(facts: &Facts, id: ExprId, holders: &[&str], depth: u32) -> bool {
    if id == ExprId::NONE || depth > 4 {
        return false;
    }
    match facts.expr(id) {
        Expr::Member(_, name) => holders.contains(&facts.text(name)),
        Expr::Ident(binding) => {
            facts.bindings[binding.index()].init.get().is_some_and(|it| is_held(facts, it, holders, depth + 1))
        }
        Expr::Call(_, args) => facts.list(args).any(|it| is_held(facts, it, holders, depth + 1)),
        _ => false,
    }
}
