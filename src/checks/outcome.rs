//! What a callback is given and must give back: `pool.connect((error, client, done) => ...)`. The callbacks inside it are told
//! of errors, and give back on one outcome what they keep on the other.

use super::acquisition::Acquisition;
use super::partly;
use crate::facts::{BindingKind, Expr};
use crate::program::{BindingRef, Coverage, ExprRef, FnRef, Grade, How, Program, Value, convention};
use crate::rulebook::Recurrence;

/// How deep wrappers hand their callbacks on.
const DEPTH: u32 = 4;

/// The release that an outcome goes past.
pub(super) fn missed(program: &Program<'_>, acquired: &Acquisition<'_>) -> Option<Coverage> {
    let given: Vec<usize> = acquired.model.given.iter().map(|it| usize::from(*it)).collect();
    let callback = program.functions_of_call(acquired.site.expr).first().copied().filter(|_| !given.is_empty())?;
    of(program, callback, &given, 0)
}

fn of(program: &Program<'_>, f: FnRef, given: &[usize], depth: u32) -> Option<Coverage> {
    let params = program.facts(f.file).params(f.id).len();
    let given = given.iter().filter(|it| **it < params).map(|it| program.param_binding(f, *it));
    let uses: Vec<ExprRef> =
        given.collect::<Option<Vec<BindingRef>>>()?.into_iter().flat_map(|it| program.binding_uses(it)).collect();
    let taken: Vec<ExprRef> = uses.iter().copied().filter_map(|it| taken(program, it)).collect();
    for &at in &taken {
        if let Some(missed) = closures(program, at, f).find_map(|g| outcome(program, g, &taken)) {
            return Some(missed);
        }
        let missed = handed_on(program, at, &uses)
            .into_iter()
            .find_map(|(to, given)| (depth < DEPTH && to != f).then(|| of(program, to, &given, depth + 1)).flatten());
        if missed.is_some() {
            return missed;
        }
    }
    None
}

/// The call that gives something back, or whatever else takes it.
fn taken(program: &Program<'_>, at: ExprRef) -> Option<ExprRef> {
    let facts = program.facts(at.file());
    let Some(parent) = program.parent(at) else { return Some(at) };
    match facts.expr(parent.id) {
        Expr::Member(_, name) if matches!(facts.text(name), "release" | "done") || convention::ends(facts.text(name)) => {
            Some(program.parent(parent).unwrap_or(parent))
        }
        Expr::Member(..) | Expr::Unary(..) | Expr::Binary(..) | Expr::Logical(..) => None,
        _ => Some(parent),
    }
}

/// The functions around an expression, up to one.
fn closures<'p>(program: &'p Program<'_>, at: ExprRef, outer: FnRef) -> impl Iterator<Item = FnRef> + 'p {
    let facts = program.facts(at.file());
    let around = move |f: &FnRef| facts.functions[f.id.index()].parent.get().map(|id| FnRef { file: f.file, id });
    std::iter::successors(Some(at.within), around).take_while(move |it| *it != outer)
}

/// A test of its error by which a callback gives back, or does not.
fn outcome(program: &Program<'_>, f: FnRef, taken: &[ExprRef]) -> Option<Coverage> {
    let facts = program.facts(f.file);
    let error = program.param_binding(f, 0)?;
    let told = convention::tells_failure(facts.text(facts.bindings[error.id.index()].name));
    let answers = |how| matches!(how, How::Passed | How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. });
    if !told || !program.callers(f).all(|it| answers(it.how)) {
        return None;
    }
    let inside: Vec<ExprRef> = taken.iter().copied().filter(|it| program.is_within(it.within, f)).collect();
    partly::unread_branch(program, f, &inside)?;
    let release = inside.first().and_then(|it| program.site_of(*it));
    Some(Coverage { grade: Grade::Partial, release, reason: "the other outcome of what is waited for goes past it".into() })
}

/// `callback(undefined, client, done)`: the functions that a call hands things on to, and as which arguments.
fn handed_on(program: &Program<'_>, call: ExprRef, uses: &[ExprRef]) -> Vec<(FnRef, Vec<usize>)> {
    let facts = program.facts(call.file());
    let Expr::Call(callee, args) = facts.expr(call.id) else { return Vec::new() };
    let given = facts.list(args).enumerate().filter(|(_, it)| uses.contains(&call.with(*it)));
    let given: Vec<usize> = given.map(|(n, _)| n).collect();
    let Expr::Ident(id) = facts.expr(callee) else { return Vec::new() };
    let binding = &facts.bindings[id.index()];
    let BindingKind::Param(n) = binding.kind else { return Vec::new() };
    let passed = program.args(FnRef { file: call.file(), id: binding.function }, n).iter();
    let function = |it: ExprRef| match program.eval(it) {
        Value::Function(f) => Some(f),
        _ => None,
    };
    passed.filter_map(|it| function(it.value)).map(|it| (it, given.clone())).collect()
}
