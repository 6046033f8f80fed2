//! The check *unsafe default*: a default, or a choice, that keeps data in memory. The models say which.

use super::constant::option;
use super::story::{Draft, step};
use super::trace;
use crate::facts::Expr;
use crate::finding::{Confidence, Finding, Role};
use crate::program::{ExprRef, Program, Rate, Value};
use crate::rulebook::Unsafe;
use crate::text::FileId;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let mut found = Vec::new();
    for it in program.modelled_calls(file) {
        let (call, model) = (it.site.expr, it.model);
        found.extend(model.r#unsafe.iter().filter_map(|it| judge(program, call, it)).next());
    }
    found
}

fn judge(program: &Program<'_>, call: ExprRef, model: &Unsafe) -> Option<Finding> {
    let rule = program.rulebook.rule(&model.rule)?;
    if model.recurring && program.rate(call.within).is_none_or(|it| it.rate < Rate::Many) {
        return None;
    }
    if !model.plugin.is_empty() {
        let Value::Path(path) = program.eval(program.argument(call, 0)?) else { return None };
        if !model.plugin.iter().any(|it| program.paths.at(it) == Some(path)) {
            return None;
        }
    }
    if is_harmless_use(program, call, &model.unless_used) {
        return None;
    }
    let options = model.options.and_then(|n| program.argument(call, n as i8));
    let confidence = match options {
        None if model.only_with.is_empty() => Confidence::Certain,
        None => return None,
        Some(options) => {
            let given = |it: &String| option(program, options, it);
            // Options that cannot be seen whole may hold anything.
            if model.unless.iter().any(|it| given(it) != Some(false)) {
                return None;
            }
            if !model.only_with.is_empty() && !model.only_with.iter().any(|it| given(it) == Some(true)) {
                return None;
            }
            Confidence::Certain
        }
    };
    let span = program.head(call);
    let story = vec![step(Role::Acquired, span, "set up here")];
    let trace = trace::of_page(rule);
    Some(Draft { rule, confidence, message: model.message.clone(), span, within: call.within, story, trace }.finish(program))
}

/// Whether the result is only used by methods that do not do what is unsafe: `multer().none()` takes no files.
fn is_harmless_use(program: &Program<'_>, call: ExprRef, methods: &[String]) -> bool {
    let facts = program.facts(call.file());
    let harmless = |it: ExprRef| {
        program.parent(it).is_some_and(|parent| {
            matches!(facts.expr(parent.id), Expr::Member(object, name)
                if object == it.id && methods.iter().any(|method| method == facts.text(name)))
        })
    };
    if methods.is_empty() {
        return false;
    }
    match program.initialized_by(call) {
        Some(binding) => {
            let uses = program.binding_uses(binding);
            !uses.is_empty() && uses.into_iter().all(harmless)
        }
        None => harmless(call),
    }
}
