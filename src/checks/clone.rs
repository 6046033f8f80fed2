//! The check *unread-clone*: a clone of a request or response has two bodies, and what only one of them reads is kept for the
//! other.

use super::fate::{Fate, fate};
use super::named::rule;
use super::story::{Draft, step};
use crate::facts::{AssignOp, BindingKind, Expr, ExprId};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{BindingRef, ExprRef, FnRef, Program, Rate, Rated, SiteRef, Witness};
use crate::rulebook::Rule;
use crate::text::FileId;

/// Methods that read a body whole.
const READS: [&str; 6] = ["json", "text", "arrayBuffer", "blob", "formData", "bytes"];

/// Clones of one parameter in one call that are worth a look.
const MANY: usize = 3;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let (Some(rule), Some(name)) = (rule(program, "unread-clone"), facts.names.find(crate::facts::Sym::of("clone"))) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let index = program.index(file);
    let members: Vec<ExprId> = index.members(name).collect();
    for member in members {
        let Expr::Member(object, _) = facts.expr(member) else { continue };
        let at = |id| ExprRef::new(FnRef { file, id: index.evaluator(facts, id) }, id);
        let Some(call) = program.parent(at(member)) else { continue };
        let Some(site) = program.site_of(call).filter(|it| it.expr == call && is_plain_call(program, call, member)) else {
            continue;
        };
        let repeats = |it: Rated| it.rate > Rate::Once || it.witness == Witness::Offered;
        if program.rate(call.within).is_some_and(repeats)
            && let Some(limit) = has_body(program, at(object), call)
        {
            found.extend(judge(program, rule, site, at(object), limit));
        }
    }
    found
}

fn is_plain_call(program: &Program<'_>, call: ExprRef, member: ExprId) -> bool {
    let facts = program.facts(call.file());
    matches!(facts.expr(call.id), Expr::Call(callee, args) if callee == member && facts.list(args).len() == 0)
}

fn judge(program: &Program<'_>, rule: &Rule, site: SiteRef, original: ExprRef, limit: Confidence) -> Option<Finding> {
    let copy = fate(program, site.expr);
    let (message, confidence) = if copy.is_lost() {
        ("a clone whose body nobody reads: all that the original reads is kept for it".to_owned(), Confidence::Likely)
    } else if let Some(confidence) = unread_original(program, original, site.expr) {
        ("what is cloned is not read itself, so all that the clone reads is kept for it".to_owned(), confidence)
    } else if let Some(name) = kept_for_later(program, site.expr, original) {
        let message = format!("`{name}` keeps a clone that is never cancelled: all that the original sends is kept for it");
        (message, Confidence::Suspect)
    } else {
        let n = clones_of_param(program, original)?;
        (
            format!("cloned {n} times in one call: each clone keeps what the others have read, and follows the signal"),
            Confidence::Suspect,
        )
    };
    let confidence = confidence.min(limit);
    let span = program.head(site.expr);
    let story = vec![step(Role::Acquired, span, "cloned here, so there are two bodies to read")];
    let trace = Trace { sites: vec![program.span(site.expr)], ..Trace::default() };
    Some(Draft { rule, confidence, message, span, within: site.expr.within, story, trace }.finish(program))
}

/// How sure it is that a value is a request or response with a body: by its type, since one of the two is read as one, or
/// by its name alone.
fn has_body(program: &Program<'_>, original: ExprRef, call: ExprRef) -> Option<Confidence> {
    let value = program.eval(original);
    if let Some(ty) = program.type_of(value) {
        return is_body_type(program, ty).then_some(Confidence::Certain);
    }
    if value.is_known() {
        return None;
    }
    let facts = program.facts(call.file());
    let reads = |at: ExprRef| {
        program
            .parent(at)
            .is_some_and(|it| matches!(facts.expr(it.id), Expr::Member(_, name) if READS.contains(&facts.text(name))))
    };
    let of_binding = |at: ExprRef| {
        let named = match facts.expr(at.id) {
            Expr::Ident(id) => Some(BindingRef { file: at.file(), id }),
            _ => program.initialized_by(at),
        };
        named.is_some_and(|it| program.binding_uses(it).into_iter().any(reads))
    };
    if reads(call) || of_binding(call) || of_binding(original) {
        return Some(Confidence::Certain);
    }
    let named = super::acquisition::name_of(program, original);
    matches!(named.rsplit('.').next(), Some("request" | "req" | "response" | "res")).then_some(Confidence::Suspect)
}

fn is_body_type(program: &Program<'_>, ty: crate::rulebook::TypeIx) -> bool {
    let models = &program.rulebook.models;
    models.lineage(ty).iter().any(|it| matches!(models.ty(*it).name.as_str(), "Request" | "Response"))
}

/// The original of a clone that is read, when nothing but the clone is used of it.
fn unread_original(program: &Program<'_>, original: ExprRef, clone: ExprRef) -> Option<Confidence> {
    let facts = program.facts(original.file());
    let Expr::Ident(id) = facts.expr(original.id) else {
        // `(await fetch(url)).clone().json()`
        return is_made(program, original).then_some(Confidence::Likely);
    };
    let binding = &facts.bindings[id.index()];
    let local = matches!(binding.kind, BindingKind::Const | BindingKind::Let | BindingKind::Var) && binding.writes == 0;
    let within = FnRef { file: original.file(), id: binding.function };
    let init = binding.init.get().filter(|_| local && within == original.within)?;
    let uses = program.binding_uses(BindingRef { file: original.file(), id });
    let others = uses.into_iter().filter(|it| it.id != original.id);
    let mut rest = Fate::default();
    for other in others {
        let it = fate(program, other);
        rest.read |= it.read || other.within != clone.within || is_cloned(program, other);
        rest.escapes |= it.escapes;
    }
    if !rest.is_lost() {
        return None;
    }
    match facts.expr(init) {
        // Whoever else awaits this promise has the original too.
        Expr::Await(inner) if matches!(facts.expr(inner), Expr::Ident(_)) => Some(Confidence::Suspect),
        _ => is_made(program, ExprRef::new(within, init)).then_some(Confidence::Likely),
    }
}

fn is_cloned(program: &Program<'_>, at: ExprRef) -> bool {
    let facts = program.facts(at.file());
    program.parent(at).is_some_and(|it| matches!(facts.expr(it.id), Expr::Member(_, name) if facts.text(name) == "clone"))
}

/// `await fetch(url)`: what the function itself has asked for.
fn is_made(program: &Program<'_>, expr: ExprRef) -> bool {
    let facts = program.facts(expr.file());
    let Expr::Await(inner) = facts.expr(expr.id) else { return false };
    let Expr::Call(..) = facts.expr(inner) else { return false };
    let type_known = program.type_of(program.eval(expr)).is_some_and(|ty| is_body_type(program, ty));
    type_known && program.call_model(expr.with(inner)).is_some()
}

/// A field that keeps the clone of a request, of which nothing in the program ever touches the body.
fn kept_for_later(program: &Program<'_>, clone: ExprRef, original: ExprRef) -> Option<String> {
    let facts = program.facts(clone.file());
    let parent = program.parent(clone)?;
    let Expr::Assign(AssignOp::Set, target, _) = facts.expr(parent.id) else { return None };
    let Expr::Member(..) = facts.expr(target) else { return None };
    let place = program.place(parent.with(target))?;
    let Expr::Ident(id) = facts.expr(original.id) else { return None };
    let sent = program
        .binding_uses(BindingRef { file: original.file(), id })
        .into_iter()
        .any(|it| program.parent(it).is_some_and(|call| matches!(facts.expr(call.id), Expr::Call(callee, _) if callee != it.id)));
    // By its own name: what a function is handed that the field was given to is a request of an earlier time.
    let touched = program.uses(&place).into_iter().any(|it| {
        let facts = program.facts(it.file());
        if !matches!(facts.expr(it.id), Expr::Member(..)) {
            return false;
        }
        program.parent(it).is_some_and(|parent| match facts.expr(parent.id) {
            Expr::Member(_, name) if facts.text(name) == "body" => is_cancelled(program, parent),
            Expr::Member(_, name) => READS.contains(&facts.text(name)),
            _ => false,
        })
    });
    (sent && !touched).then(|| super::acquisition::name_of(program, parent.with(target)))
}

/// `body.cancel()`, `drain(body)`.
fn is_cancelled(program: &Program<'_>, body: ExprRef) -> bool {
    let facts = program.facts(body.file());
    program.parent(body).is_some_and(|it| match facts.expr(it.id) {
        Expr::Member(_, name) => facts.text(name) == "cancel",
        Expr::Call(callee, _) => callee != body.id,
        _ => false,
    })
}

/// How often the parameter that is cloned is cloned in this call, if this is the first time of many.
fn clones_of_param(program: &Program<'_>, original: ExprRef) -> Option<usize> {
    let facts = program.facts(original.file());
    let Expr::Ident(id) = facts.expr(original.id) else { return None };
    if !matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)) {
        return None;
    }
    let cloned = program.binding_uses(BindingRef { file: original.file(), id });
    let in_body = |at: &ExprRef| {
        program.site_of(*at).is_some_and(|it| program.site_of(original).is_some_and(|own| own.region == it.region))
    };
    let clones: Vec<ExprRef> =
        cloned.into_iter().filter(|it| it.within == original.within && is_cloned(program, *it) && in_body(it)).collect();
    (clones.len() >= MANY && clones.first().is_some_and(|it| it.id == original.id)).then_some(clones.len())
}
