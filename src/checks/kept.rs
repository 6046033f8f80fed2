//! Evidence that entries are meant to go: an empty value written where a key should be deleted, things that must be closed.

use super::growth::Grow;
use crate::facts::{BindingKind, Expr};
use crate::program::{BindingRef, ExprRef, FnRef, Place, Program, Root, SiteRef, Value};

/// Whether the program shows that what it keeps is meant to go; with the step that falls short, if there is one.
pub(super) fn is_meant_to_go(
    program: &Program<'_>,
    place: &Place,
    grows: &[&Grow],
    partial: &mut Option<(SiteRef, String)>,
) -> bool {
    if let Some(site) = emptied(program, place) {
        *partial = Some((site, "and is emptied without its key being deleted".into()));
        return true;
    }
    stays(program, place) && grows.iter().any(|it| it.value.is_some_and(|value| is_closable(program, value)))
}

/// Whether a place is there for as long as the program runs.
pub(super) fn stays(program: &Program<'_>, place: &Place) -> bool {
    match place.root {
        Root::Static(_) | Root::Global(_) => true,
        Root::Binding(binding) => program.is_top_level(binding),
        Root::Instance(shape) => program.is_singleton(shape),
        _ => false,
    }
}

/// An instance of a class of the program that can be closed, and is made by the function that keeps it.
fn is_closable(program: &Program<'_>, value: ExprRef) -> bool {
    let Value::Object(shape) = program.eval(value) else { return false };
    let facts = program.facts(value.file());
    let made = match facts.expr(value.id) {
        Expr::New(..) => true,
        Expr::Ident(id) => facts.bindings[id.index()].init.get().is_some_and(|it| matches!(facts.expr(it), Expr::New(..))),
        _ => false,
    };
    made && program.has_end(shape)
}

/// `entries[key] = []` (or `undefined`) in a function that deletes the same key elsewhere: the key stays.
fn emptied(program: &Program<'_>, place: &Place) -> Option<SiteRef> {
    for at in program.uses(place) {
        let facts = program.facts(at.file());
        let Some(index) = program.parent(at).filter(|it| matches!(facts.expr(it.id), Expr::Index(object, _) if object == at.id))
        else {
            continue;
        };
        let Some(write) = program.parent(index) else { continue };
        let Expr::Assign(_, target, value) = facts.expr(write.id) else { continue };
        if target == index.id && may_be_empty(program, at.with(value)) && deletes(program, at.within) {
            return program.site_of(write);
        }
    }
    None
}

/// `undefined`, `null`, `[]`, or a variable that one of them is assigned to.
fn may_be_empty(program: &Program<'_>, value: ExprRef) -> bool {
    let facts = program.facts(value.file());
    match facts.expr(value.id) {
        Expr::Undefined | Expr::Null => true,
        Expr::Array(items) => facts.list(items).len() == 0,
        Expr::Ident(id) if !matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)) => {
            let writes = program.tables.writes.get(&BindingRef { file: value.file(), id });
            writes.is_some_and(|it| {
                it.iter().any(|it| {
                    let facts = program.facts(it.value.file());
                    matches!(facts.expr(it.value.id), Expr::Array(items) if facts.list(items).len() == 0)
                })
            })
        }
        _ => false,
    }
}

/// Whether a function deletes a key of something.
fn deletes(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    program
        .sites(f)
        .any(|it| matches!(facts.expr(it.expr), Expr::Delete(target) if matches!(facts.expr(target), Expr::Index(..))))
}
