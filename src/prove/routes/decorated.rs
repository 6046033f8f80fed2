//! Routes that decorators register: `@Controller("users")` on the class, `@Get(":id")` on the method.

use super::{Route, joined, method, text, texts};
use crate::facts::{ClassId, Expr, ListId, MemberKind, Sym};
use crate::program::{ExprRef, FnRef, Program};
use crate::text::FileId;

/// Decorators that make a class a controller.
const CONTROLLERS: &[&str] = &["Controller", "JsonController", "RestController"];

/// Finds what decorators register.
pub(super) fn find(program: &Program<'_>) -> Vec<Route> {
    let global = global_prefix(program);
    let mut routes = Vec::new();
    for file in program.files() {
        for (at, class) in program.facts(file).classes.iter().enumerate() {
            let within = FnRef { file, id: class.function };
            let controllers = decorators(program, within, class.decorators);
            let Some((decorator, _)) = controllers.into_iter().find(|it| CONTROLLERS.contains(&it.1.as_str())) else { continue };
            for prefix in paths(program, decorator) {
                members(program, file, ClassId(at as u32), &joined(&global, &prefix), &mut routes);
            }
        }
    }
    routes
}

fn members(program: &Program<'_>, file: FileId, class: ClassId, prefix: &str, routes: &mut Vec<Route>) {
    let facts = program.facts(file);
    let within = FnRef { file, id: facts.classes[class.index()].function };
    for member in facts.members(class).iter().filter(|it| it.kind == MemberKind::Method) {
        for (decorator, name) in decorators(program, within, member.decorators) {
            // `@Sse` answers a GET with a stream.
            let method = if name == "Sse" { Some("GET".to_owned()) } else { method(&name).filter(|_| name != "Use") };
            let Some(method) = method else { continue };
            for path in paths(program, decorator) {
                let path = joined(prefix, &path);
                routes.push(Route { method: method.clone(), span: Some(program.span(decorator)), ..Route::get(&path) });
            }
        }
    }
}

/// The decorators of a list with their names.
fn decorators(program: &Program<'_>, within: FnRef, list: ListId) -> Vec<(ExprRef, String)> {
    let facts = program.facts(within.file);
    let name = |id| {
        let callee = match facts.expr(id) {
            Expr::Call(callee, _) => callee,
            _ => id,
        };
        match facts.expr(callee) {
            Expr::Ident(binding) => Some(facts.text(facts.bindings[binding.index()].name).to_owned()),
            Expr::Free(name) | Expr::Member(_, name) => Some(facts.text(name).to_owned()),
            _ => None,
        }
    };
    facts.list(list).filter_map(|id| Some((ExprRef::new(within, id), name(id)?))).collect()
}

/// The paths of a decorator: none given is the empty one, `{ path }` and lists are read.
fn paths(program: &Program<'_>, decorator: ExprRef) -> Vec<String> {
    let Some(first) = program.argument(decorator, 0) else { return vec![String::new()] };
    let first = match program.literal(first) {
        Some(options) => match program.property(options, Sym::of("path")) {
            Some(path) => path,
            None => return vec![String::new()],
        },
        None => first,
    };
    texts(program, first).into_iter().flatten().collect()
}

/// `app.setGlobalPrefix("api")`.
fn global_prefix(program: &Program<'_>) -> String {
    let mut found = String::new();
    let word = Sym::of("setGlobalPrefix");
    for file in program.files().filter(|it| program.facts(*it).names.contains(word)) {
        super::registered::calls(program, file, &mut |call, callee, _| {
            let facts = program.facts(call.file());
            if matches!(facts.expr(callee), Expr::Member(_, name) if facts.sym(name) == word) {
                found = program.argument(call, 0).and_then(|it| text(program, it, 0)).unwrap_or_default();
            }
        });
    }
    found
}
