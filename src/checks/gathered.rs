//! What gathers for a while only: for a caller, until a source has ended, or what was there before.

use super::growth::Grow;
use crate::facts::{BindingKind, Expr, LogicalOp, RegionKind};
use crate::program::{Edge, ExprRef, FnRef, How, Place, Program, Quality, Rate, Rated, Root, Witness};
use crate::rulebook::Recurrence;

/// `if (!free.includes(worker)) free.push(worker)`, where the worker comes from around the callback, or out of another
/// collection: at most once for each that was made, and they are made once, or counted there.
pub(super) fn is_given(program: &Program<'_>, grow: &Grow) -> bool {
    let Some(value) = grow.value else { return false };
    let facts = program.facts(value.file());
    let listed = program.place(value).is_some_and(|it| it.path.contains(&program.words.element));
    if listed || program.constant_text(value).is_some() {
        return true;
    }
    let Expr::Ident(id) = facts.expr(value.id) else { return false };
    let made = FnRef { file: value.file(), id: facts.bindings[id.index()].function };
    made != value.within && program.is_within(value.within, made) && program.rate(made).is_none_or(|it| it.rate < Rate::Many)
}

/// A key from around the callback that writes it, in a function that runs once: one entry, however often it is written.
pub(super) fn is_one(program: &Program<'_>, grow: &Grow) -> bool {
    let Some(key) = grow.key else { return false };
    let facts = program.facts(key.file());
    let Expr::Ident(id) = facts.expr(key.id) else { return false };
    let binding = &facts.bindings[id.index()];
    let made = FnRef { file: key.file(), id: binding.function };
    let once = program.rate(made).is_some_and(|it| it.rate == Rate::Once && it.witness != Witness::Offered);
    if binding.writes > 0 || made == key.within || !program.is_within(key.within, made) || !(made.is_module() || once) {
        return false;
    }
    let mut at = key.within;
    while let Some(id) = facts.functions[at.id.index()].parent.get().filter(|_| at != made) {
        if program.callers(at).any(|edge| program.endless_loop(edge.site).is_some()) {
            return false;
        }
        at = FnRef { file: made.file, id };
    }
    true
}

/// `if (known[id]) made[id] = make(id)`: as many keys as another table has, and that one is not filled by operations.
pub(super) fn is_listed(program: &Program<'_>, grow: &Grow) -> bool {
    let Some(key) = grow.key.and_then(|it| program.place(it)) else { return false };
    let facts = program.facts(grow.site.expr.file());
    std::iter::successors(Some(grow.site.region), |id| facts.regions[id.index()].parent.get()).any(|id| {
        let region = &facts.regions[id.index()];
        let test = region.test.get().filter(|_| region.kind == RegionKind::Then);
        test.is_some_and(|it| asks_table(program, grow.site.expr.with(it), &key, &grow.place, 0))
    })
}

fn asks_table(program: &Program<'_>, test: ExprRef, key: &Place, grown: &Place, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && asks_table(program, test.with(id), key, grown, depth + 1);
    let (table, asked) = match facts.expr(test.id) {
        Expr::Logical(LogicalOp::And, a, b) => return next(a) || next(b),
        Expr::Index(table, asked) => (table, asked),
        Expr::Call(callee, args) => match (facts.expr(callee), facts.item(args, 0)) {
            (Expr::Member(table, name), Some(asked)) if matches!(facts.text(name), "has" | "includes") => (table, asked),
            _ => return false,
        },
        _ => return false,
    };
    program.place(test.with(asked)).as_ref() == Some(key)
        && program.place(test.with(table)).is_some_and(|it| it != *grown && is_settled(program, &it))
}

/// A table of the module that no operation writes to.
fn is_settled(program: &Program<'_>, table: &Place) -> bool {
    let Root::Binding(binding) = table.root else { return false };
    let stays = |at: ExprRef| {
        let facts = program.facts(at.file());
        let writes = program.parent(at).is_some_and(|parent| match facts.expr(parent.id) {
            Expr::Member(object, name) => object == at.id && program.may_grow(facts.sym(name)),
            Expr::Index(object, _) => {
                let around = program.parent(parent);
                let written = |it: ExprRef| matches!(facts.expr(it.id), Expr::Assign(_, target, _) if target == parent.id);
                object == at.id && around.is_some_and(written)
            }
            _ => false,
        });
        !writes || program.rate(at.within).is_none_or(|it| it.rate < Rate::Many)
    };
    table.path.is_empty() && program.is_top_level(binding) && program.uses(table).into_iter().all(stays)
}

/// A local that its function hands out as its result, by returning it or to a callback: what it gathers is for its caller.
pub(super) fn is_result(program: &Program<'_>, place: &Place) -> bool {
    let Root::Binding(binding) = place.root else { return false };
    if program.is_top_level(binding) || !place.path.is_empty() {
        return false;
    }
    let facts = program.facts(binding.file);
    let is_param = |callee| matches!(facts.expr(callee), Expr::Ident(id) if matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)));
    program.binding_uses(binding).into_iter().any(|at| match program.parent(at) {
        None => program.index(at.file()).exit_of(at.id).is_some(),
        Some(parent) => matches!(facts.expr(parent.id), Expr::Call(callee, _) if callee != at.id && is_param(callee)),
    })
}

/// A local of a function that runs once, filled by events of something that this function made: both end together.
pub(super) fn ends_with_receiver(program: &Program<'_>, place: &Place, rated: Rated) -> bool {
    let (Root::Binding(_) | Root::Instance(_), Witness::Edge(i) | Witness::Given(i, _)) = (&place.root, rated.witness) else {
        return false;
    };
    let stays = match place.root {
        Root::Binding(binding) => program.is_top_level(binding),
        // What a module makes when it is loaded ends with the program.
        Root::Instance(shape) => program.constructions(shape).iter().any(|it| it.expr.within.is_module()),
        _ => false,
    };
    let mut edge = &program.edges[i as usize];
    // Up from what a callback calls to the callback's registration.
    for _ in 0..8 {
        match program.rate(edge.caller).map(|it| it.witness) {
            Some(Witness::Edge(i) | Witness::Given(i, _)) if edge.how == How::Call => edge = &program.edges[i as usize],
            _ => break,
        }
    }
    // A call that leads up to an entry is no event of something that was made.
    if !matches!(edge.how, How::Callback { .. }) {
        return false;
    }
    let facts = program.facts(edge.site.expr.file());
    let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
    let Expr::Member(receiver, _) = facts.expr(callee) else { return false };
    let receiver = edge.site.expr.with(receiver);
    let is_short = || program.type_of(program.eval(receiver)).is_none_or(|ty| program.is_unit(ty));
    !stays && is_short() || is_read_at_end(program, edge, receiver, place)
}

/// `lines.on("line", ...); lines.on("close", () => parse(text))`: what is gathered is used when the source has ended.
fn is_read_at_end(program: &Program<'_>, edge: &Edge, receiver: ExprRef, place: &Place) -> bool {
    let Root::Binding(binding) = place.root else { return false };
    let source = program.place(receiver);
    let at_end = |at: ExprRef| {
        program.callers(at.within).any(|it| {
            let facts = program.facts(it.site.expr.file());
            let Expr::Call(callee, _) = facts.expr(it.site.expr.id) else { return false };
            let Expr::Member(other, _) = facts.expr(callee) else { return false };
            it.caller == edge.caller
                && program.event_name(it.site.expr).is_some_and(|event| matches!(event.as_str(), "end" | "close" | "finish"))
                && source.is_some()
                && program.place(it.site.expr.with(other)) == source
        })
    };
    program.binding_uses(binding).into_iter().any(at_end)
}

/// Whether a call lasts as long as a connection, which lives long.
pub(super) fn lasting_unit(program: &Program<'_>, f: FnRef) -> Option<bool> {
    let rated = program.rate(f)?;
    Some(rated.rate == Rate::Many && rated.recurs == Recurrence::Connection && rated.quality == Quality::Modelled)
}
