//! Routes that calls register: `app.get("/path", handler)`, `server.route({ method, url, handler })`.

use super::{Registered, method, text, texts};
use crate::facts::{Expr, ExprId, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, Value};
use crate::rulebook::Recurrence;
use crate::text::FileId;

/// What calls register.
#[derive(Default)]
pub(super) struct Found {
    pub(super) routes: Vec<Registered>,
    pub(super) computed: Vec<(String, crate::text::Span)>,
    pub(super) sockets: Vec<String>,
}

/// Finds what calls register.
pub(super) fn find(program: &Program<'_>) -> Found {
    let mut found = Found::default();
    for file in program.files() {
        calls(program, file, &mut |call, callee, args| register(program, call, callee, args, &mut found));
    }
    found
}

/// Each call and construction of a file, with its callee and the number of its arguments.
pub(super) fn calls(program: &Program<'_>, file: FileId, each: &mut dyn FnMut(ExprRef, ExprId, usize)) {
    let facts = program.facts(file);
    for site in &facts.sites {
        if let Expr::Call(callee, args) | Expr::New(callee, args) = facts.expr(site.expr) {
            let within = FnRef { file, id: facts.function_of(site.region) };
            each(ExprRef::new(within, site.expr), callee, facts.list(args).len());
        }
    }
}

fn register(program: &Program<'_>, call: ExprRef, callee: ExprId, count: usize, found: &mut Found) {
    let facts = program.facts(call.file());
    if matches!(facts.expr(call.id), Expr::New(..)) || matches!(facts.expr(callee), Expr::Ident(_)) {
        socket_server(program, call, found);
    }
    let Expr::Member(object, name) = facts.expr(callee) else { return };
    let (name, receiver) = (facts.text(name), call.with(object));
    match name {
        "ws" if count >= 2 => found.sockets.extend(path_argument(program, call)),
        "route" if count == 1 => routes_of_object(program, call, receiver, found),
        "use" if count >= 2 && registers(program, call) => mounted_handler(program, call, receiver, found),
        "use" => {}
        _ => {
            let Some(method) = method(name) else { return };
            match base_route(program, receiver) {
                Some((owner, path)) if count >= 1 => push(program, call, vec![method], vec![path], owner, found),
                None if count >= 2 && registers(program, call) => {
                    let Some(first) = program.argument(call, 0) else { return };
                    push(program, call, vec![method], texts(program, first), receiver, found);
                }
                _ => {}
            }
        }
    }
}

/// `app.use("/api", handler)`: a route like any other, unless what is mounted is a router whose routes are known.
fn mounted_handler(program: &Program<'_>, call: ExprRef, receiver: ExprRef, found: &mut Found) {
    let (Some(first), Some(last)) = (program.argument(call, 0), program.argument(call, -1)) else { return };
    let paths: Vec<Option<String>> =
        texts(program, first).into_iter().filter(|it| it.is_some() && is_made(program, last)).collect();
    let before = found.routes.len();
    push(program, call, vec!["GET".to_owned()], paths, receiver, found);
    let mounted = owner(program, last);
    found.routes[before..].iter_mut().for_each(|it| it.mounted = mounted.clone());
}

/// A function, or what a call makes.
fn is_made(program: &Program<'_>, expr: ExprRef) -> bool {
    let facts = program.facts(expr.file());
    let is_call = |id| matches!(facts.expr(id), Expr::Call(..));
    let is_made = match facts.expr(expr.id) {
        Expr::Ident(id) => facts.bindings[id.index()].init.get().is_some_and(is_call),
        _ => is_call(expr.id),
    };
    is_made || matches!(program.eval(expr), Value::Function(_))
}

fn push(program: &Program<'_>, call: ExprRef, methods: Vec<String>, paths: Vec<Option<String>>, on: ExprRef, found: &mut Found) {
    let span = program.span(call);
    let (queries, fields) = (super::reads::queries(program, call), super::reads::fields(program, call));
    for path in paths {
        match path {
            Some(path) => {
                let (methods, queries, fields, owner) = (methods.clone(), queries.clone(), fields.clone(), owner(program, on));
                found.routes.push(Registered { methods, path, owner, mounted: None, span, queries, fields });
            }
            None => found.computed.extend(methods.iter().map(|it| (it.clone(), span))),
        }
    }
}

/// Whether a call with a verb's name registers a handler of requests: its model says so, or nobody knows the receiver,
/// and a path is given together with a function of the program.
fn registers(program: &Program<'_>, call: ExprRef) -> bool {
    if let Some((model, _)) = program.call_model(call) {
        return model.runs.iter().any(|it| it.recurs == Recurrence::Request);
    }
    let facts = program.facts(call.file());
    let Expr::Call(callee, _) = facts.expr(call.id) else { return false };
    let Expr::Member(object, _) = facts.expr(callee) else { return false };
    let is_open = matches!(program.eval(call.with(object)), Value::Unknown | Value::Outside);
    let path = program.argument(call, 0).and_then(|it| text(program, it, 0));
    is_open && path.is_some_and(|it| it.starts_with('/')) && is_handler(program, call)
}

/// Whether the last argument is a function.
fn is_handler(program: &Program<'_>, call: ExprRef) -> bool {
    program.argument(call, -1).is_some_and(|it| matches!(program.eval(it), Value::Function(_)))
}

/// `x.route("/path")` in `x.route("/path").get(f).post(g)`: the router and the path.
fn base_route(program: &Program<'_>, receiver: ExprRef) -> Option<(ExprRef, Option<String>)> {
    let facts = program.facts(receiver.file());
    let mut at = receiver;
    loop {
        let Expr::Call(callee, _) = facts.expr(at.id) else { return None };
        let Expr::Member(object, name) = facts.expr(callee) else { return None };
        match facts.text(name) {
            "route" => {
                let path = program.argument(at, 0)?;
                let is_object = program.literal(path).is_some();
                return (!is_object).then(|| (at.with(object), text(program, path, 0)));
            }
            name if method(name).is_some() && program.argument(at, 0).is_some_and(|it| text(program, it, 0).is_none()) => {
                at = at.with(object);
            }
            _ => return None,
        }
    }
}

/// `route({ method, url | path, handler })`, or a list of such objects.
fn routes_of_object(program: &Program<'_>, call: ExprRef, receiver: ExprRef, found: &mut Found) {
    let Some(first) = program.argument(call, 0) else { return };
    let facts = program.facts(call.file());
    let objects = match facts.expr(first.id) {
        Expr::Array(items) => facts.list(items).map(|id| call.with(id)).collect(),
        _ => vec![first],
    };
    for object in objects {
        let property = |name: &str| program.property(object, Sym::of(name));
        let Some(path) = property("url").or_else(|| property("path")) else { continue };
        let methods: Vec<String> = match property("method") {
            Some(it) => texts(program, it).into_iter().flatten().filter_map(|it| method(&it)).collect(),
            None => vec!["GET".to_owned()],
        };
        push(program, call, methods, texts(program, path), receiver, found);
    }
}

/// `new WebSocketServer({ path })`, `new Server(http, { path })` of socket.io.
fn socket_server(program: &Program<'_>, call: ExprRef, found: &mut Found) {
    let facts = program.facts(call.file());
    let (Expr::New(callee, args) | Expr::Call(callee, args)) = facts.expr(call.id) else { return };
    let Value::Path(path) = program.eval(call.with(callee)) else { return };
    let models = &program.rulebook.models;
    let made = program.paths.ty(path).or_else(|| models.type_at(program.paths.call(path)?.returns.as_ref()?));
    let Some(made) = made else { return };
    let given = facts.list(args).find_map(|id| program.property(call.with(id), Sym::of("path")));
    let given = given.and_then(|it| text(program, it, 0));
    if Some(made) == models.type_at("ws#WebSocketServer") {
        found.sockets.extend(given);
    } else if Some(made) == models.type_at("socket.io#Server") {
        let path = given.unwrap_or_else(|| "/socket.io".to_owned());
        found.sockets.push(format!("{}/?EIO=4&transport=websocket", path.trim_end_matches('/')));
    }
}

fn path_argument(program: &Program<'_>, call: ExprRef) -> Option<String> {
    text(program, program.argument(call, 0)?, 0).filter(|it| it.starts_with('/'))
}

/// The router behind an expression: through chained registrations and `router.routes()`.
pub(super) fn owner(program: &Program<'_>, expr: ExprRef) -> Option<Place> {
    let facts = program.facts(expr.file());
    if let Expr::Call(callee, _) = facts.expr(expr.id)
        && let Expr::Member(object, name) = facts.expr(callee)
    {
        let word = facts.text(name);
        if method(word).is_some() || matches!(word, "routes" | "middleware" | "callback" | "route" | "register" | "prefix") {
            return owner(program, expr.with(object));
        }
    }
    program.place(expr).or_else(|| made_by(program, expr))
}

/// The router that a function of the program makes and returns.
fn made_by(program: &Program<'_>, call: ExprRef) -> Option<Place> {
    let facts = program.facts(call.file());
    let Expr::Call(callee, _) = facts.expr(call.id) else { return None };
    let Value::Function(f) = program.eval(call.with(callee)) else { return None };
    let returned = program.exits(f).filter(|it| !it.is_throw).filter_map(|it| it.value.get());
    returned.filter_map(|id| program.place(ExprRef::new(f, id))).next()
}
