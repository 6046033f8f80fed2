//! What the program itself proves of an instance that registers on something older, where no model names a repetition.
//!
//! A class with an end of its own (`close`, `dispose`) is built to come and go. What its constructor adds to its parent, or
//! to the process, and nothing takes back, stays behind each time: the class's own code says so, whoever calls it.

use super::acquisition::Acquisition;
use super::listener;
use super::usage::makes_instance;
use crate::facts::{BinaryOp, Expr, FnId, RegionKind, UnaryOp};
use crate::program::{ExprRef, FnRef, Fresh, Hold, Place, Program, Rate, Root, Shape, SiteRef, Value};

/// Whether an instance that comes and goes leaves a listener behind on what stays.
pub(super) fn is_left_behind(program: &Program<'_>, acquired: &Acquisition<'_>, hold: &Hold) -> bool {
    let within = acquired.site.expr.within;
    let Some(shape) = instance_of(program, within).filter(|_| makes_instance(program, within)) else { return false };
    if !acquired.handler(program).is_some_and(|it| listener::is_fresh(program, it) && keeps_instance(program, it)) {
        return false;
    }
    match hold.fresh {
        Fresh::Instance(parent) if !program.is_kin(shape, parent) => {
            let made: Vec<SiteRef> =
                program.constructions(shape).iter().copied().filter(|it| is_child_of(program, *it, parent)).collect();
            let Some(holder) = acquired.holder(program).and_then(|it| program.place(it)) else { return false };
            let lasting = made.iter().any(|it| !is_renewed(program, &holder, parent, it.expr.within));
            lasting && (has_end(program, shape) || is_lifted(program, parent, &holder))
        }
        Fresh::Program => {
            acquired.model.resource == "process-listener" && has_end(program, shape) && !program.is_singleton(shape)
        }
        _ => false,
    }
}

/// The shape that a function belongs to: its own `this`, or that of a function around it.
fn instance_of(program: &Program<'_>, f: FnRef) -> Option<Shape> {
    let facts = program.facts(f.file);
    let mut at = Some(f.id);
    while let Some(id) = at {
        if let Value::Object(shape @ (Shape::Class(..) | Shape::Constructor(..))) = program.eval_this(FnRef { file: f.file, id })
        {
            return Some(shape);
        }
        at = facts.functions[id.index()].parent.get().filter(|it| *it != FnId::MODULE);
    }
    None
}

/// Whether a handler made on the spot can see the instance: by `this`, or by a variable of the constructor.
fn keeps_instance(program: &Program<'_>, handler: ExprRef) -> bool {
    let facts = program.facts(handler.file());
    match facts.expr(handler.id) {
        Expr::Function(id) => {
            let inside = |start: u32| facts.functions[id.index()].start <= start && start < facts.functions[id.index()].end;
            let outer = |binding: crate::facts::BindingId| facts.bindings[binding.index()].function == handler.within.id;
            facts.functions[id.index()].uses_this
                || facts.nodes.iter().any(|it| inside(it.start) && matches!(it.expr, Expr::Ident(binding) if outer(binding)))
        }
        _ => true,
    }
}

/// Whether a construction stands in an operation of its parent, and what it makes is no single part of the parent.
fn is_child_of(program: &Program<'_>, made: SiteRef, parent: Shape) -> bool {
    let f = made.expr.within;
    let operates = instance_of(program, f) == Some(parent)
        && !makes_instance(program, f)
        && program.rate(f).is_some_and(|it| it.rate > Rate::Once);
    operates && program.once_guard(made).is_none() && !is_part(program, made.expr)
}

/// `this.parser = new Parser(...)`: one at a time, which its successor replaces.
fn is_part(program: &Program<'_>, made: ExprRef) -> bool {
    let facts = program.facts(made.file());
    program.parent(made).is_some_and(|it| match facts.expr(it.id) {
        Expr::Assign(_, target, _) => matches!(facts.expr(target), Expr::Member(..)),
        _ => false,
    })
}

/// Whether the function that makes the child also makes what it registers on: both are new together.
fn is_renewed(program: &Program<'_>, holder: &Place, parent: Shape, f: FnRef) -> bool {
    let [name, ..] = holder.path.as_slice() else { return false };
    let of = if holder.root == Root::Instance(parent) {
        holder.clone()
    } else {
        Place { root: Root::Instance(parent), path: [*name].as_slice().into() }
    };
    program.tables.writes_to(&of).iter().any(|it| it.site.is_some_and(|at| program.is_within(at.expr.within, f)))
}

fn has_end(program: &Program<'_>, shape: Shape) -> bool {
    program.has_end(shape)
}

/// Whether the program switches off the limit of listeners on the same property: somebody saw them pile up.
fn is_lifted(program: &Program<'_>, parent: Shape, holder: &Place) -> bool {
    let Some(name) = program.place_name(holder) else { return false };
    let place = Place { root: Root::Instance(parent), path: [name].as_slice().into() };
    [&place, holder].into_iter().flat_map(|it| program.uses(it)).any(|at| {
        let facts = program.facts(at.file());
        let Some(member) = program.parent(at) else { return false };
        let Expr::Member(object, method) = facts.expr(member.id) else { return false };
        object == at.id && facts.text(method) == "setMaxListeners"
    })
}

/// `typeof x.on === "function"` around a registration: whatever `x` is, it is an emitter.
pub(super) fn is_tested_emitter(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let Some(receiver) = acquired.receiver.and_then(|it| program.place(it)) else { return false };
    tests(program, acquired.site).any(|test| asks_for_method(program, test, &receiver, 0))
}

fn asks_for_method(program: &Program<'_>, test: ExprRef, receiver: &Place, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && asks_for_method(program, test.with(id), receiver, depth + 1);
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) | Expr::Binary(BinaryOp::Equal, a, b) => next(a) || next(b),
        Expr::Unary(UnaryOp::TypeOf, inner) => match facts.expr(inner) {
            Expr::Member(object, name) => {
                matches!(facts.text(name), "on" | "addListener" | "once")
                    && program.place(test.with(object)).as_ref() == Some(receiver)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a caller that shares the holder also says whether to register on it: an option that is on or off by itself.
pub(super) fn is_caller_s_choice(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    tests(program, acquired.site).any(|test| asks_option(program, test, 0))
}

fn asks_option(program: &Program<'_>, test: ExprRef, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && asks_option(program, test.with(id), depth + 1);
    let is_flag = |id| matches!(facts.expr(id), Expr::Bool(_));
    let is_option = |id| program.place(test.with(id)).is_some_and(|it| !it.path.is_empty());
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) => next(a) || next(b),
        Expr::Binary(BinaryOp::Equal | BinaryOp::NotEqual, a, b) => is_flag(b) && is_option(a) || is_flag(a) && is_option(b),
        // `{ emitErrors = true }`: only what has a yes or no by default is asked like that.
        Expr::Ident(id) => {
            let init = facts.bindings[id.index()].init.get();
            let default = init.and_then(|it| match facts.expr(it) {
                Expr::Logical(_, value, default) => Some((value, default)),
                _ => None,
            });
            default.is_some_and(|(value, default)| is_flag(default) && matches!(facts.expr(value), Expr::Member(..)))
        }
        _ => false,
    }
}

/// The tests that hold where a site stands.
fn tests<'p>(program: &'p Program<'_>, site: SiteRef) -> impl Iterator<Item = ExprRef> + 'p {
    let facts = program.facts(site.expr.file());
    let around = std::iter::successors(Some(site.region), move |id| facts.regions[id.index()].parent.get());
    around.filter_map(move |id| {
        let region = &facts.regions[id.index()];
        let test = region.test.get().filter(|_| matches!(region.kind, RegionKind::Then | RegionKind::Else))?;
        Some(site.expr.with(test))
    })
}
