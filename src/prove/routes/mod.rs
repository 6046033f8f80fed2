//! The routes that a program serves, learned from what it registers.
//!
//! Routes are for driving, so one too many costs little (it is not found and dropped), and one that is known only in
//! part is left out. Prefixes are joined where the router that they are mounted on can be followed.

mod decorated;
mod mounts;
mod plain;
mod reads;
mod registered;

use crate::facts::{BinaryOp, Expr};
use crate::program::{ExprRef, Place, Program};
use crate::prove::body::{Body, has_body};
use crate::text::Span;

/// A route as the program registers it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Route {
    /// The path with its parameters as written, prefixes joined: `/users/:id`.
    pub path: String,
    /// The method in upper case.
    pub method: String,
    /// What registers it; `None` if the user named it.
    pub span: Option<Span>,
    /// What it is sent.
    pub body: Body,
}

impl Route {
    /// A path to be asked for that nothing is known of.
    pub(super) fn get(path: &str) -> Route {
        Route { path: path.to_owned(), method: "GET".to_owned(), span: None, body: Body::default() }
    }
}

/// What the program says of its entries.
#[derive(Clone, Default, Debug)]
pub(super) struct Learned {
    /// Sorted, each method and path once.
    pub(super) routes: Vec<Route>,
    /// Registrations whose path cannot be told, with the method.
    pub(super) computed: Vec<(String, Span)>,
    /// Paths at which web sockets are accepted; empty for any.
    pub(super) sockets: Vec<String>,
}

/// A route before prefixes are joined.
struct Registered {
    methods: Vec<String>,
    path: String,
    /// The router that it is registered on.
    owner: Option<Place>,
    /// What handles it, if that may be a router itself.
    mounted: Option<Place>,
    span: Span,
    /// The parts of a query that its handlers read.
    queries: Vec<String>,
    /// The fields of a body that they read.
    fields: Vec<String>,
}

/// Learns the routes of a program.
pub(super) fn learn(program: &Program<'_>) -> Learned {
    let mut found = registered::find(program);
    let mounts = mounts::find(program);
    let routers: Vec<Place> = found.routes.iter().filter_map(|it| it.owner.clone()).collect();
    let is_router = |it: &Registered| it.mounted.as_ref().is_some_and(|place| routers.contains(place));
    found.routes.retain(|it| !is_router(it));
    let mut routes = Vec::new();
    let is_form = reads::only_forms(program);
    for it in found.routes {
        for prefix in mounts.prefixes(it.owner.as_ref()) {
            for method in &it.methods {
                let path = joined(&prefix, &it.path);
                let body = Body { fields: if has_body(method) { it.fields.clone() } else { Vec::new() }, is_form };
                routes.extend(both(Route { path, method: method.clone(), span: Some(it.span), body }, &it.queries));
            }
        }
    }
    routes.extend(decorated::find(program));
    for route in plain::find(program) {
        let read = route.span.map(|it| reads::of_file(program, it)).unwrap_or_default();
        routes.extend(both(route, &read));
    }
    routes.sort();
    routes.dedup_by(|a, b| a.path == b.path && a.method == b.method);
    found.sockets.sort();
    found.sockets.dedup();
    Learned { routes, computed: found.computed, sockets: found.sockets }
}

/// A route without a query, and with the one that its handlers read.
fn both(route: Route, read: &[String]) -> impl Iterator<Item = Route> {
    let path = reads::with(&route.path, read).filter(|_| route.method == "GET");
    let with = path.map(|path| Route { path, ..route.clone() });
    [route].into_iter().chain(with)
}

/// The methods that register a route, or that a request names.
const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete", "options"];

/// The method of a word such as `get`, `del`, `all`.
fn method(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        "all" | "any" | "*" | "use" => Some("GET".to_owned()),
        "del" => Some("DELETE".to_owned()),
        "opts" => Some("OPTIONS".to_owned()),
        it if METHODS.contains(&it) => Some(it.to_ascii_uppercase()),
        _ => None,
    }
}

/// A path behind a prefix.
fn joined(prefix: &str, path: &str) -> String {
    let prefix = prefix.trim_matches('/');
    let path = path.trim_start_matches('/');
    match (prefix.is_empty(), path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => format!("/{prefix}"),
        (false, false) => format!("/{prefix}/{path}"),
    }
}

/// The text of an expression that is made of literals and constants.
fn text(program: &Program<'_>, expr: ExprRef, depth: u32) -> Option<String> {
    let facts = program.facts(expr.file());
    if depth > 8 {
        return None;
    }
    match facts.expr(expr.id) {
        Expr::Template(parts) => facts.list(parts).map(|id| text(program, expr.with(id), depth + 1)).collect(),
        Expr::Binary(BinaryOp::Add, left, right) => {
            Some(text(program, expr.with(left), depth + 1)? + &text(program, expr.with(right), depth + 1)?)
        }
        Expr::Ident(id) => {
            let binding = &facts.bindings[id.index()];
            let init = binding.init.get().filter(|_| binding.writes == 0);
            init.and_then(|id| text(program, expr.with(id), depth + 1)).or_else(|| program.constant_text(expr))
        }
        _ => program.constant_text(expr),
    }
}

/// The texts of an expression that is one or a list of them; `None` for each that cannot be told.
fn texts(program: &Program<'_>, expr: ExprRef) -> Vec<Option<String>> {
    match program.facts(expr.file()).expr(expr.id) {
        Expr::Array(items) => program.facts(expr.file()).list(items).map(|id| text(program, expr.with(id), 0)).collect(),
        _ => vec![text(program, expr, 0)],
    }
}

#[cfg(test)]
mod tests;
