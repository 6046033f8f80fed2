//! Which router is mounted where: `app.use("/api", router)`, `register(plugin, { prefix })`, `new Router({ prefix })`.

use super::registered::{calls, owner};
use super::{joined, text};
use crate::facts::{BindingKind, Expr, ExprId, Sym};
use crate::program::{ExprRef, Place, Program, Root, Value};

/// Routers are mounted on routers at most so deep.
const DEPTH: u32 = 8;

/// A route is reached by at most so many prefixes.
const WAYS: usize = 8;

/// Which router is mounted where.
#[derive(Default)]
pub(super) struct Mounts {
    mounts: Vec<Mount>,
    /// Prefixes that routers give themselves.
    own: Vec<(Place, String)>,
}

struct Mount {
    parent: Option<Place>,
    child: Place,
    prefix: String,
}

/// Finds the mounts of a program.
pub(super) fn find(program: &Program<'_>) -> Mounts {
    let mut mounts = Mounts::default();
    for file in program.files() {
        calls(program, file, &mut |call, callee, count| {
            own_prefix(program, call, &mut mounts);
            if let Expr::Member(object, name) = program.facts(call.file()).expr(callee) {
                let name = program.facts(call.file()).text(name).to_owned();
                mount(program, call, object, &name, count, &mut mounts);
            }
        });
    }
    mounts
}

impl Mounts {
    /// The prefixes at which what a router registers is reached.
    pub(super) fn prefixes(&self, router: Option<&Place>) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(router, String::new(), 0, &mut found);
        found.sort();
        found.dedup();
        found.truncate(WAYS);
        found
    }

    fn collect(&self, router: Option<&Place>, behind: String, depth: u32, found: &mut Vec<String>) {
        let own = router.and_then(|router| self.own.iter().find(|it| it.0 == *router)).map_or("", |it| it.1.as_str());
        let behind = if own.is_empty() { behind } else { joined(own, &behind) };
        let above: Vec<&Mount> =
            self.mounts.iter().filter(|it| router == Some(&it.child) && it.parent.as_ref() != router).collect();
        if above.is_empty() || depth == DEPTH || found.len() >= WAYS * 8 {
            found.push(behind);
            return;
        }
        for mount in above {
            let behind = if mount.prefix.is_empty() { behind.clone() } else { joined(&mount.prefix, &behind) };
            self.collect(mount.parent.as_ref(), behind, depth + 1, found);
        }
    }
}

fn mount(program: &Program<'_>, call: ExprRef, object: ExprId, name: &str, count: usize, mounts: &mut Mounts) {
    let parent = || owner(program, call.with(object));
    let argument = |n: usize| program.argument(call, n as i8);
    match name {
        "use" | "route" | "mount" if count >= 1 => {
            let prefix = argument(0).and_then(|it| text(program, it, 0)).filter(|it| it.is_empty() || it.starts_with('/'));
            let first = usize::from(prefix.is_some());
            for n in first..count.min(16) {
                let Some(child) = argument(n) else { continue };
                let (child, inner) = unmounted(program, child);
                let Some(child) = owner(program, child).filter(is_router) else { continue };
                let prefix = joined(prefix.as_deref().unwrap_or(""), inner.as_deref().unwrap_or(""));
                mounts.mounts.push(Mount { parent: parent(), child, prefix });
            }
        }
        "register" if count >= 1 => {
            let plugin = argument(0).map(|it| program.eval(it));
            let prefix = argument(1).and_then(|it| program.property(it, Sym::of("prefix"))).and_then(|it| text(program, it, 0));
            if let Some(Value::Function(f)) = plugin {
                let child = Place::of(Root::Param(f, 0));
                mounts.mounts.push(Mount { parent: parent(), child, prefix: prefix.unwrap_or_default() });
            }
        }
        "prefix" if count == 1 => {
            let prefix = argument(0).and_then(|it| text(program, it, 0));
            mounts.own.extend(parent().zip(prefix));
        }
        _ => {}
    }
}

/// What can be a router: not a function that is middleware itself.
fn is_router(place: &Place) -> bool {
    match place.root {
        Root::Outside(_) => false,
        Root::Static(_) => !place.path.is_empty(),
        _ => true,
    }
}

/// `mount("/prefix", app)` of koa.
fn unmounted(program: &Program<'_>, expr: ExprRef) -> (ExprRef, Option<String>) {
    let facts = program.facts(expr.file());
    if let Expr::Call(callee, _) = facts.expr(expr.id)
        && let Expr::Ident(id) = facts.expr(callee)
        && facts.text(facts.bindings[id.index()].name) == "mount"
        && let (Some(prefix), Some(app)) = (program.argument(expr, 0), program.argument(expr, 1))
    {
        return (app, text(program, prefix, 0));
    }
    (expr, None)
}

/// `const router = new Router({ prefix: "/users" })`.
fn own_prefix(program: &Program<'_>, call: ExprRef, mounts: &mut Mounts) {
    let Some(options) = program.argument(call, 0) else { return };
    if program.argument(call, 1).is_some() || program.literal(options).is_none() {
        return;
    }
    let Some(prefix) = program.property(options, Sym::of("prefix")).and_then(|it| text(program, it, 0)) else { return };
    let Some(binding) = program.initialized_by(call) else { return };
    let facts = program.facts(binding.file);
    if !matches!(facts.bindings[binding.id.index()].kind, BindingKind::Import(_)) && prefix.starts_with('/') {
        mounts.own.push((Place::of(Root::Binding(binding)), prefix));
    }
}
