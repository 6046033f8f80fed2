//! Acquisitions: calls that a model says acquire something.

use super::constant;
use crate::facts::Expr;
use crate::program::{ExprRef, Program, SiteRef};
use crate::rulebook::{Acquire, Part};
use crate::text::FileId;

/// An acquisition.
pub(super) struct Acquisition<'a> {
    /// The call.
    pub(super) site: SiteRef,
    /// What the model says.
    pub(super) model: &'a Acquire,
    /// The receiver of a method call.
    pub(super) receiver: Option<ExprRef>,
    /// Its name in messages: `setInterval`, `bus.on`.
    pub(super) callee: String,
}

/// The acquisitions of a file, in order.
pub(super) fn acquisitions<'a>(program: &Program<'a>, file: FileId) -> Vec<Acquisition<'a>> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for it in program.modelled_calls(file) {
        let (site, expr) = (it.site, it.site.expr);
        let Some(model) = it.model.acquire.as_ref() else { continue };
        let (Expr::Call(callee, _) | Expr::New(callee, _)) = facts.expr(expr.id) else { continue };
        let managed = model.managed && program.has_callback(expr);
        if managed || model.handler.is_some_and(|n| program.argument(expr, n).is_none()) || !wanted(program, expr, model) {
            continue;
        }
        let receiver = match facts.expr(callee) {
            Expr::Member(object, _) => Some(expr.with(object)),
            _ => None,
        };
        found.push(Acquisition { site, model, receiver, callee: name_of(program, expr.with(callee)) });
    }
    found
}

/// Whether the options ask for what the model speaks of.
fn wanted(program: &Program<'_>, call: ExprRef, model: &Acquire) -> bool {
    if model.only_with.is_empty() {
        return true;
    }
    let Some(options) = program.argument(call, -1) else { return false };
    model.only_with.iter().any(|it| constant::option(program, options, it) == Some(true))
}

/// A short name for a callee: the last two names.
pub(super) fn name_of(program: &Program<'_>, expr: ExprRef) -> String {
    let facts = program.facts(expr.file());
    match facts.expr(expr.id) {
        Expr::Ident(id) => facts.text(facts.bindings[id.index()].name).to_owned(),
        Expr::Free(name) => facts.text(name).to_owned(),
        Expr::This => "this".to_owned(),
        Expr::Member(object, name) => {
            let object = match facts.expr(object) {
                Expr::Member(_, name) => facts.text(name).to_owned(),
                Expr::Call(..) | Expr::New(..) => String::new(),
                _ => name_of(program, expr.with(object)),
            };
            let name = facts.text(name);
            match object.as_str() {
                "" => name.to_owned(),
                _ if name.starts_with('[') => format!("{object}{name}"),
                _ => format!("{object}.{name}"),
            }
        }
        Expr::Index(object, _) => format!("{}[...]", name_of(program, expr.with(object))),
        Expr::Assign(_, target, _) => name_of(program, expr.with(target)),
        Expr::Logical(_, left, _) => name_of(program, expr.with(left)),
        Expr::Await(inner) => name_of(program, expr.with(inner)),
        _ => String::new(),
    }
}

impl Acquisition<'_> {
    /// The expression that holds, or `None` for the runtime.
    pub(super) fn holder(&self, program: &Program<'_>) -> Option<ExprRef> {
        let default = if self.receiver.is_some() { Part::Receiver } else { Part::Runtime };
        match self.model.holder.unwrap_or(default) {
            Part::Runtime => None,
            Part::Result => Some(self.site.expr),
            part => program.part(self.site.expr, part),
        }
    }

    /// Whether a release names it by its handler, and not by what it gave.
    pub(super) fn named_by_handler(&self) -> bool {
        self.model.handler.is_some()
            && self.model.token.is_none_or(|it| !matches!(it, Part::Result | Part::Receiver | Part::Arg0))
    }

    /// Whether it may come to its end by itself.
    pub(super) fn may_end(&self, program: &Program<'_>) -> bool {
        let repeats = |n| {
            let rule = program.argument(self.site.expr, n).map(|it| program.initial(it));
            rule.is_some_and(|it| {
                matches!(program.facts(it.file()).expr(it.id), Expr::Str(_) | Expr::Template(_) | Expr::Object { .. })
            })
        };
        self.model.may_end || self.model.repeats_by.is_some_and(|n| !repeats(n))
    }

    /// The handler that is held.
    pub(super) fn handler(&self, program: &Program<'_>) -> Option<ExprRef> {
        program.argument(self.site.expr, self.model.handler?)
    }
}
