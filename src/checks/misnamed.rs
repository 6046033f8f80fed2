//! Entries under a name that a message brings, where what goes deletes the name that it knows itself by.

use super::growth::Growth;
use super::unbounded::Candidate;
use crate::facts::{AssignOp, Expr, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, Rate, Root, SiteRef};
use crate::rulebook::Recurrence;

/// The growths that none of the removals takes back: their keys are fields of messages, every removal goes by another field of
/// something else, and nothing assigns the one to the other.
pub(super) fn strays<'c>(program: &Program<'_>, candidates: &'c [Candidate], removals: &[SiteRef]) -> Vec<&'c Candidate> {
    let removed: Option<Vec<(Place, Sym)>> = removals.iter().map(|it| removed(program, *it)).collect();
    let Some(removed) = removed.filter(|it| !it.is_empty()) else { return Vec::new() };
    candidates.iter().filter(|it| is_stray(program, it, &removed)).collect()
}

fn is_stray(program: &Program<'_>, it: &Candidate, removed: &[(Place, Sym)]) -> bool {
    let from_peer = |recurs| matches!(recurs, Recurrence::Message | Recurrence::Event);
    let by_peer = from_peer(it.rated.recurs) && it.rated.rate == Rate::Many;
    let Some(place) = it.grow.key.and_then(|key| program.place(key)) else { return false };
    let (Root::Param(f, _), [name]) = (place.root, place.path.as_slice()) else { return false };
    let of_message = program.rate(f).is_some_and(|it| from_peer(it.recurs));
    by_peer
        && it.grow.growth == Growth::Entry
        && of_message
        && removed.iter().all(|(other, last)| other.root != place.root && last != name && !is_told(program, *last, *name))
}

/// The key that a removal goes by: a field of something.
fn removed(program: &Program<'_>, site: SiteRef) -> Option<(Place, Sym)> {
    let facts = program.facts(site.expr.file());
    let key = match facts.expr(site.expr.id) {
        Expr::Delete(target) => match facts.expr(target) {
            Expr::Index(_, key) => site.expr.with(key),
            _ => return None,
        },
        Expr::Call(callee, _) => match facts.expr(callee) {
            Expr::Member(_, name) if matches!(facts.text(name), "delete" | "del" | "remove") => program.argument(site.expr, 0)?,
            _ => return None,
        },
        _ => return None,
    };
    let place = program.place(key)?;
    let last = *place.path.last()?;
    (last != program.words.element).then_some((place, last))
}

/// `socket.userid = message.sender`, `socket.userid = sender`: the field that is removed by is the one that was written.
fn is_told(program: &Program<'_>, field: Sym, name: Sym) -> bool {
    program.files().filter(|file| program.facts(*file).names.contains(field)).any(|file| {
        let facts = program.facts(file);
        facts.sites.iter().any(|site| {
            let Expr::Assign(AssignOp::Set, target, value) = facts.expr(site.expr) else { return false };
            let within = FnRef { file, id: facts.function_of(site.region) };
            matches!(facts.expr(target), Expr::Member(_, it) if facts.sym(it) == field)
                && is_named(program, ExprRef::new(within, value), name)
        })
    })
}

fn is_named(program: &Program<'_>, value: ExprRef, name: Sym) -> bool {
    let facts = program.facts(value.file());
    match facts.expr(value.id) {
        Expr::Member(_, it) => facts.sym(it) == name,
        Expr::Ident(id) => {
            let first = program.initial(value);
            facts.sym(facts.bindings[id.index()].name) == name || first != value && is_named(program, first, name)
        }
        Expr::Object { .. } => facts.properties(facts.expr(value.id)).iter().any(|it| facts.sym(it.name) == name),
        // What is made of it may be it.
        Expr::Call(_, args) => facts.list(args).any(|it| is_named(program, value.with(it), name)),
        Expr::Logical(_, a, b) => is_named(program, value.with(a), name) || is_named(program, value.with(b), name),
        // A whole message may be kept.
        _ => false,
    }
}
