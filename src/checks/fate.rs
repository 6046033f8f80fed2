//! What becomes of a body that must be read: followed through variables, `await`, `then` and tests to what reads it or takes it.

use crate::facts::{Expr, ExprId};
use crate::program::{ExprRef, FnRef, Program, Value};

/// What is done with a body.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Fate {
    /// It is read, cancelled or destroyed.
    pub(super) read: bool,
    /// It is returned, stored, or passed to something that may read it.
    pub(super) escapes: bool,
    /// Where.
    pub(super) taken: Vec<ExprRef>,
}

impl Fate {
    /// Whether nothing reads it, and nothing else can.
    pub(super) fn is_lost(&self) -> bool {
        !self.read && !self.escapes
    }

    fn read(&mut self, at: ExprRef) {
        self.read = true;
        self.taken.push(at);
    }

    fn escape(&mut self, at: ExprRef) {
        self.escapes = true;
        self.taken.push(at);
    }
}

/// Properties and methods that leave a body as it is.
const LOOKS: [&str; 22] = [
    "ok",
    "status",
    "statusText",
    "statusCode",
    "statusMessage",
    "headers",
    "rawHeaders",
    "url",
    "type",
    "redirected",
    "bodyUsed",
    "method",
    "httpVersion",
    "complete",
    "setEncoding",
    "setTimeout",
    "pause",
    "socket",
    "connection",
    "trailers",
    "signal",
    "req",
];

/// Follows a value.
pub(super) fn fate(program: &Program<'_>, value: ExprRef) -> Fate {
    let mut fate = Fate::default();
    follow(program, value, &mut fate, 0);
    fate
}

/// What the uses of a function's parameter come to; a parameter that is taken apart is taken.
pub(super) fn of_param(program: &Program<'_>, f: FnRef, n: usize) -> Fate {
    let mut fate = Fate::default();
    param(program, f, n, &mut fate, 0);
    fate
}

fn param(program: &Program<'_>, f: FnRef, n: usize, fate: &mut Fate, depth: u32) {
    if n >= program.facts(f.file).params(f.id).len() {
        return;
    }
    match program.param_binding(f, n) {
        Some(binding) => program.binding_uses(binding).into_iter().for_each(|it| follow(program, it, fate, depth + 1)),
        None => fate.escapes = true,
    }
}

fn follow(program: &Program<'_>, value: ExprRef, fate: &mut Fate, depth: u32) {
    if depth > 12 {
        return fate.escape(value);
    }
    let facts = program.facts(value.file());
    let Some(parent) = program.parent(value) else {
        if let Some(binding) = program.initialized_by(value) {
            if program.is_top_level(binding) {
                fate.escape(value);
            }
            program.binding_uses(binding).into_iter().for_each(|it| follow(program, it, fate, depth + 1));
        } else if program.index(value.file()).exit_of(value.id).is_some() {
            fate.escape(value);
        }
        return;
    };
    match facts.expr(parent.id) {
        Expr::Await(_) => follow(program, parent, fate, depth + 1),
        Expr::Unary(..) | Expr::Binary(..) => {}
        Expr::Member(..) => taken_apart(program, value).for_each(|it| member(program, value.with(it), fate, depth)),
        Expr::Assign(_, target, from) if from == value.id && matches!(facts.expr(target), Expr::Ident(_)) => {
            let Expr::Ident(id) = facts.expr(target) else { return };
            let binding = crate::program::BindingRef { file: value.file(), id };
            if program.is_top_level(binding) {
                fate.escape(value);
            }
            let uses = program.binding_uses(binding).into_iter().filter(|it| it.id != target);
            uses.for_each(|it| follow(program, it, fate, depth + 1));
        }
        Expr::Assign(_, target, _) if target == value.id => {}
        _ => fate.escape(value),
    }
}

/// The members of a value: several, when a pattern takes it apart.
fn taken_apart<'p>(program: &'p Program<'_>, value: ExprRef) -> impl Iterator<Item = ExprId> + 'p {
    let nodes = program.facts(value.file()).nodes.iter().enumerate().skip(value.id.index());
    nodes.filter(move |(_, it)| matches!(it.expr, Expr::Member(object, _) if object == value.id)).map(|(i, _)| ExprId(i as u32))
}

fn member(program: &Program<'_>, member: ExprRef, fate: &mut Fate, depth: u32) {
    let facts = program.facts(member.file());
    let Expr::Member(_, name) = facts.expr(member.id) else { return };
    let call = program.parent(member).filter(|it| matches!(facts.expr(it.id), Expr::Call(callee, _) if callee == member.id));
    match (facts.text(name), call) {
        ("then", Some(call)) => reaction(program, call, fate, depth),
        ("catch" | "finally", Some(call)) => follow(program, call, fate, depth + 1),
        ("on" | "once" | "addListener", Some(call)) => {
            let event = program.event_name(call);
            if event.is_none_or(|it| matches!(it.as_str(), "data" | "readable")) {
                fate.read(member);
            }
            follow(program, call, fate, depth + 1);
        }
        // A copy is judged by itself.
        ("clone", Some(_)) => {}
        (text, call) => {
            if !LOOKS.contains(&text) {
                fate.read(member);
            }
            // `response.setEncoding("utf8").on("data", ...)`
            if let (true, Some(call)) = (matches!(text, "setEncoding" | "pause"), call) {
                follow(program, call, fate, depth + 1);
            }
        }
    }
}

/// `promise.then(response => ...)`.
fn reaction(program: &Program<'_>, call: ExprRef, fate: &mut Fate, depth: u32) {
    match program.argument(call, 0).map(|it| program.eval(it)) {
        Some(Value::Function(f)) => param(program, f, 0, fate, depth + 1),
        _ => fate.escape(call),
    }
}
