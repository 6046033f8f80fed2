//! Paths that a program compares the URL of a request with: `req.url === "/feed"`, `switch (pathname)`, tables by path.

use super::{Route, method};
use crate::facts::{BinaryOp, Expr, ExprId, Facts, LogicalOp, RegionId, RegionKind};
use crate::program::{ExprRef, FnRef, Program, Use, Value};
use crate::rulebook::Recurrence;
use crate::text::{FileId, Span};

/// Names of what holds the URL or path of a request.
const URLS: &[&str] = &["url", "pathname", "path", "originalUrl", "route", "uri"];

/// Methods of text that a path is compared by.
const COMPARISONS: &[&str] = &["startsWith", "endsWith", "includes"];

/// Finds the paths that are compared with, and `/` where a server takes all requests itself.
pub(super) fn find(program: &Program<'_>) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut servers = Vec::new();
    for file in program.files() {
        servers.extend(servers_of(program, file));
        if serves(program, file) {
            compared(program, file, &mut routes);
        }
    }
    routes.extend(servers.into_iter().map(|span| route("/", "GET", span)));
    routes
}

fn route(path: &str, method: &str, span: Span) -> Route {
    Route { method: method.to_owned(), span: Some(span), ..Route::get(path) }
}

/// Calls that make a server whose handler is a function of the program: it has no router.
fn servers_of(program: &Program<'_>, file: FileId) -> Vec<Span> {
    let mut found = Vec::new();
    super::registered::calls(program, file, &mut |call, callee, _| {
        let facts = program.facts(call.file());
        let name = match facts.expr(callee) {
            Expr::Member(_, name) | Expr::Free(name) => name,
            Expr::Ident(id) => facts.bindings[id.index()].name,
            _ => return,
        };
        let word = facts.text(name);
        let is_listener = word == "on" && program.event_name(call).as_deref() == Some("request");
        if matches!(word, "createServer" | "createSecureServer" | "Server") || is_listener {
            let runs = program.call_model(call).is_some_and(|it| it.0.runs.iter().any(|it| it.recurs == Recurrence::Request));
            let handler = program.argument(call, -1).map(|it| program.eval(it));
            if (runs || is_listener) && matches!(handler, Some(Value::Function(_))) {
                found.push(program.span(call));
            }
        }
    });
    found
}

/// Whether some function of a file takes requests or is called by one that does.
fn serves(program: &Program<'_>, file: FileId) -> bool {
    let facts = program.facts(file);
    (0..facts.functions.len()).any(|at| {
        let f = FnRef { file, id: crate::facts::FnId(at as u32) };
        program.rate(f).is_some_and(|it| it.recurs == Recurrence::Request)
    })
}

fn compared(program: &Program<'_>, file: FileId, routes: &mut Vec<Route>) {
    let facts = program.facts(file);
    for (at, node) in facts.nodes.iter().enumerate() {
        let id = ExprId(at as u32);
        let path = match node.expr {
            Expr::Binary(BinaryOp::Equal, left, right) => pair(facts, left, right),
            Expr::Call(callee, args) => match facts.expr(callee) {
                Expr::Member(object, name) if COMPARISONS.contains(&facts.text(name)) && is_url(facts, object, 0) => {
                    facts.item(args, 0).and_then(|it| literal(facts, it))
                }
                _ => None,
            },
            Expr::Index(object, key) if is_url(facts, key, 0) => {
                table(program, ExprRef::new(program.evaluator(file, id), object), routes);
                None
            }
            _ => None,
        };
        if let Some(path) = path {
            let span = Span::new(file, node.start, node.start + node.len);
            routes.push(route(path, &method_beside(program, file, id), span));
        }
    }
    cases(file, facts, routes);
}

/// The cases of `switch (pathname)`.
fn cases(file: FileId, facts: &Facts, routes: &mut Vec<Route>) {
    for region in facts.regions.iter().filter(|it| it.kind == RegionKind::Case && is_url(facts, it.test, 0)) {
        let label =
            facts.nodes.iter().enumerate().filter(|(_, node)| {
                (region.start + 4..region.start + 8).contains(&node.start) && matches!(node.expr, Expr::Str(_))
            });
        for (at, node) in label {
            if let Some(path) = literal(facts, ExprId(at as u32)) {
                routes.push(route(path, "GET", Span::new(file, node.start, node.start + node.len)));
            }
        }
    }
}

/// The paths of `{ "/feed": handler, "GET /users": handler }`.
fn table(program: &Program<'_>, object: ExprRef, routes: &mut Vec<Route>) {
    let Some(literal) = program.literal(object) else { return };
    let facts = program.facts(literal.file());
    for property in facts.properties(facts.expr(literal.id)) {
        let key = facts.text(property.name);
        let (word, path) = key.split_once(' ').unwrap_or(("GET", key));
        if let Some(method) = method(word).filter(|_| is_path(path)) {
            routes.push(route(path, &method, program.span(literal.with(property.value))));
        }
    }
}

fn pair(facts: &Facts, left: ExprId, right: ExprId) -> Option<&str> {
    match (literal(facts, left), literal(facts, right)) {
        (Some(path), None) if is_url(facts, right, 0) => Some(path),
        (None, Some(path)) if is_url(facts, left, 0) => Some(path),
        _ => None,
    }
}

fn literal(facts: &Facts, id: ExprId) -> Option<&str> {
    match facts.expr(id) {
        Expr::Str(name) => Some(facts.text(name)).filter(|it| is_path(it)),
        _ => None,
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.len() < 200 && text.bytes().all(|it| it.is_ascii_graphic())
}

/// Whether an expression is called like the URL or path of a request.
fn is_url(facts: &Facts, id: ExprId, depth: u32) -> bool {
    if id == ExprId::NONE || depth > 4 {
        return false;
    }
    let named = |name| URLS.contains(&facts.text(name));
    match facts.expr(id) {
        Expr::Member(_, name) => named(name),
        Expr::Ident(binding) => {
            let binding = &facts.bindings[binding.index()];
            named(binding.name) || binding.init.get().is_some_and(|it| is_url(facts, it, depth + 1))
        }
        // `req.url.split("?")[0]`, `req.url || "/"`, `(req.method + " " + req.url)`.
        Expr::Index(object, _) | Expr::Call(object, _) => is_url_of(facts, object, depth + 1),
        Expr::Logical(LogicalOp::Or | LogicalOp::Nullish, left, _) => is_url(facts, left, depth + 1),
        Expr::Template(parts) => facts.list(parts).any(|it| is_url(facts, it, depth + 1)),
        Expr::Binary(BinaryOp::Add, _, right) => is_url(facts, right, depth + 1),
        _ => false,
    }
}

fn is_url_of(facts: &Facts, id: ExprId, depth: u32) -> bool {
    match facts.expr(id) {
        Expr::Member(object, _) => is_url(facts, object, depth),
        _ => is_url(facts, id, depth),
    }
}

/// The method that a request must have where a path is compared: tested beside it, or around it.
fn method_beside(program: &Program<'_>, file: FileId, id: ExprId) -> String {
    let facts = program.facts(file);
    let index = program.index(file);
    let mut at = id;
    while let Use::In(parent) = index.parent(at) {
        let Expr::Logical(LogicalOp::And, ..) = facts.expr(parent) else { break };
        at = parent;
    }
    let mut tests = vec![at];
    let mut region = index.region_of(facts, id).and_then(RegionId::get);
    while let Some(it) = region {
        let it = &facts.regions[it.index()];
        if it.kind == RegionKind::Then {
            tests.extend(it.test.get());
        }
        region = it.parent.get();
    }
    tests.into_iter().find_map(|it| tested_method(facts, it, 0)).unwrap_or_else(|| "GET".to_owned())
}

fn tested_method(facts: &Facts, id: ExprId, depth: u32) -> Option<String> {
    let is_method = |id| match facts.expr(id) {
        Expr::Member(_, name) => facts.text(name) == "method",
        Expr::Ident(binding) => facts.text(facts.bindings[binding.index()].name) == "method",
        _ => false,
    };
    let word = |id| match facts.expr(id) {
        Expr::Str(name) => method(facts.text(name)),
        _ => None,
    };
    match facts.expr(id) {
        Expr::Logical(LogicalOp::And, left, right) if depth < 8 => {
            tested_method(facts, left, depth + 1).or_else(|| tested_method(facts, right, depth + 1))
        }
        Expr::Binary(BinaryOp::Equal, left, right) if is_method(left) => word(right),
        Expr::Binary(BinaryOp::Equal, left, right) if is_method(right) => word(left),
        _ => None,
    }
}
