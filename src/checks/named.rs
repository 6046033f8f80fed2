//! Small named checks: whole reads of what a request sends, writes that ignore backpressure, heap dumps behind open routes,
//! listener limits switched off.

use super::acquisition::name_of;
use super::backpressure;
use super::finalize;
use super::key::comes_from_unit;
use super::pipe;
use super::story::{Draft, of_rate, per, recurs, step};
use super::unconsumed;
use crate::facts::{BinaryOp, Expr, ExprId};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{BindingRef, ExprRef, FnRef, Fresh, Program, Rate, SiteRef};
use crate::rulebook::{CallModel, Recurrence, Rule};
use crate::text::FileId;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let mut found = Vec::new();
    for it in program.modelled_calls(file) {
        let (at, model) = (it.site, it.model);
        let Some(does) = model.does.as_deref() else { continue };
        found.extend(match does {
            "whole-read" => whole_read(program, at),
            "write-chunk" => backpressure::judge(program, at),
            "heap-dump" => exposed(program, at, model),
            "limit-off" => limit_off(program, at),
            "finalize" => finalize::judge(program, at),
            "pipe" => pipe::judge(program, at),
            "answer" => unconsumed::judge(program, at),
            _ => None,
        });
    }
    found.extend(pipe::of_unknown(program, file));
    found
}

pub(super) fn rule<'p>(program: &Program<'p>, check: &str) -> Option<&'p Rule> {
    program.rulebook.rules.iter().find(|it| it.check == check)
}

/// A file that a request names, read whole.
fn whole_read(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "whole-read")?;
    let rated = program.rate(at.expr.within).filter(|it| it.rate == Rate::Many && it.recurs == Recurrence::Request)?;
    let path = program.argument(at.expr, 0)?;
    if !comes_from_unit(program, path) || tests_size(program, at.expr.within) {
        return None;
    }
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "read whole here")];
    story.extend(recurs(program, at, rated));
    // What is parsed as a whole has to be read whole, and a file of a fixed name is mostly one of the program's own.
    let known = is_parsed(program, at.expr) || is_named_here(program, path);
    let confidence = of_rate(rated).min(if known { Confidence::Suspect } else { Confidence::Likely });
    let message = format!("a file that the request names is read whole into memory {}", per(rated.recurs));
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// `join(folder, "index.html")`: the request may choose the folder, and the program names the file.
fn is_named_here(program: &Program<'_>, path: ExprRef) -> bool {
    let path = program.initial(path);
    let facts = program.facts(path.file());
    let below_folder = |id| matches!(facts.expr(id), Expr::Str(name) if facts.text(name).contains('/'));
    match facts.expr(path.id) {
        Expr::Call(callee, _) => {
            let name = name_of(program, path.with(callee));
            matches!(name.rsplit('.').next(), Some("join" | "resolve"))
                && program.argument(path, -1).is_some_and(|it| program.constant_text(it).is_some())
        }
        Expr::Template(parts) => facts.list(parts).last().is_some_and(below_folder),
        Expr::Binary(BinaryOp::Add, _, name) => below_folder(name),
        _ => false,
    }
}

/// Whether text goes into `JSON.parse`, at once or by way of a binding.
fn is_parsed(program: &Program<'_>, text: ExprRef) -> bool {
    let facts = program.facts(text.file());
    let parses = |it: ExprRef| {
        program.parent(it).is_some_and(|call| {
            matches!(facts.expr(call.id), Expr::Call(callee, _) if callee != it.id
                && matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "parse"))
        })
    };
    let awaited = program.parent(text).filter(|it| matches!(facts.expr(it.id), Expr::Await(_)));
    let value = awaited.unwrap_or(text);
    if parses(value) {
        return true;
    }
    let written = program.parent(value).and_then(|it| match facts.expr(it.id) {
        Expr::Assign(_, target, _) => match facts.expr(target) {
            Expr::Ident(id) => Some(BindingRef { file: text.file(), id }),
            _ => None,
        },
        _ => None,
    });
    let binding = program.initialized_by(value).or(written);
    binding.is_some_and(|it| program.binding_uses(it).into_iter().any(parses))
}

/// Whether a function compares a size, as one does with what `stat` says.
fn tests_size(program: &Program<'_>, f: FnRef) -> bool {
    let facts = program.facts(f.file);
    let function = &facts.functions[f.id.index()];
    let is_size = |id: ExprId| match facts.expr(id) {
        Expr::Member(_, name) => facts.text(name) == "size",
        Expr::Ident(id) => facts.text(facts.bindings[id.index()].name).to_ascii_lowercase().ends_with("size"),
        _ => false,
    };
    facts
        .nodes
        .iter()
        .filter(|it| (function.start..function.end).contains(&it.start))
        .any(|it| matches!(it.expr, Expr::Binary(BinaryOp::Less | BinaryOp::Greater, a, b) if is_size(a) || is_size(b)))
}

/// A heap dump or profile that any request can ask for.
fn exposed(program: &Program<'_>, at: SiteRef, _model: &CallModel) -> Option<Finding> {
    let rule = rule(program, "exposed")?;
    let rated = program.rate(at.expr.within).filter(|it| it.rate == Rate::Many && it.recurs == Recurrence::Request)?;
    let (_, origin, _) = program.origin(at.expr.within)?;
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "written here")];
    story.extend(recurs(program, at, rated));
    let guarded = guarded_route(program, origin);
    let confidence = of_rate(rated).min(if guarded { Confidence::Suspect } else { Confidence::Likely });
    let message =
        "a request can ask for a heap dump or profile, which holds every secret in memory and stops the process".to_owned();
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// Whether the route's registration names more than a path and a handler.
fn guarded_route(program: &Program<'_>, origin: crate::text::Span) -> bool {
    let facts = program.facts(origin.file);
    facts
        .nodes
        .iter()
        .any(|node| node.start == origin.start && matches!(node.expr, Expr::Call(_, args) if facts.list(args).len() > 2))
}

/// `setMaxListeners(0)` on an emitter that gains listeners again and again.
fn limit_off(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "limit-off")?;
    let facts = program.facts(at.expr.file());
    let limit = program.argument(at.expr, 0)?;
    let off = match facts.expr(limit.id) {
        Expr::Number(n) => facts.numbers[n as usize] == 0.0,
        Expr::Free(name) => facts.text(name) == "Infinity",
        _ => false,
    };
    if !off {
        return None;
    }
    let Expr::Call(callee, _) = facts.expr(at.expr.id) else { return None };
    let Expr::Member(receiver, _) = facts.expr(callee) else { return None };
    let receiver = at.expr.with(receiver);
    let place = program.place(receiver)?;
    if program.fresh_of(&place, at.expr.within) != Fresh::Program {
        return None;
    }
    // Also in other modules, wherever the emitter is known.
    let mut files: Vec<FileId> = program.uses(&place).into_iter().map(ExprRef::file).collect();
    files.push(at.expr.file());
    files.sort();
    files.dedup();
    let added = files.into_iter().flat_map(|file| super::acquisition::acquisitions(program, file)).find(|it| {
        it.model.resource.ends_with("listener")
            && it.receiver.and_then(|it| program.place(it)).as_ref() == Some(&place)
            && program.rate(it.site.expr.within).is_some_and(|it| it.rate == Rate::Many)
    })?;
    let span = program.head(at.expr);
    let story = vec![
        step(Role::Acquired, span, "the limit is switched off here"),
        step(Role::Acquired, program.head(added.site.expr), "and listeners are added again and again here"),
    ];
    let message = "the warning that shows leaking listeners is switched off on an emitter that gains them".to_owned();
    Some(
        Draft { rule, confidence: Confidence::Likely, message, span, within: at.expr.within, story, trace: Trace::default() }
            .finish(program),
    )
}
