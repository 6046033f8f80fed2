//! Entries: where the outside calls in, by decorators, by file names, and by the shape of a function's parameters.
//! (Callbacks of modelled APIs are edges, see `calls`.)

use super::Program;
use super::rate::Quality;
use super::refs::{ExprRef, FnRef, Shape};
use super::value::Value;
use crate::facts::{ClassId, ExportSource, Expr, FnId, FunctionKind, MemberKind, Sym};
use crate::rulebook::{DecoratorModel, Recurrence};
use crate::text::{FileId, Span};
use globset::{Glob, GlobSetBuilder};
use rayon::prelude::*;

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The function that the outside calls.
    pub function: FnRef,
    /// How often.
    pub recurs: Recurrence,
    /// How well that is known.
    pub quality: Quality,
    /// What says so: a decorator, or the function itself.
    pub span: Span,
}

/// Collects entries that need no call resolution, the types of their parameters, and singletons.
pub(super) fn collect(program: &mut Program<'_>) {
    let files: Vec<FileId> = program.files().collect();
    let shaped: Vec<_> = files.par_iter().map(|&file| by_shape(program, file)).collect();
    let decorated: Vec<_> = files.par_iter().map(|&file| by_decorator(program, file)).collect();
    let named = by_file(program);
    let mut entries: Vec<Entry> = Vec::new();
    for (found, types) in shaped {
        entries.extend(found);
        program.param_types.extend(types);
    }
    for found in decorated {
        entries.extend(found.entries);
        program.singletons.extend(found.singletons);
        program.param_types.extend(found.types);
        program.unit_params.extend(found.units);
    }
    for (entry, types) in named {
        entries.push(entry);
        program.param_types.extend(types);
    }
    program.forget_passed();
    // The best known one speaks for a function.
    entries.sort_by_key(|it| (it.function, std::cmp::Reverse(it.quality), it.span));
    entries.dedup_by_key(|it| it.function);
    program.entries_of = entries.iter().enumerate().map(|(i, it)| (it.function, i as u32)).collect();
    program.entries = entries;
}

type Types = Vec<((FnRef, u16), crate::rulebook::TypeIx)>;

/// `(req, res[, next])`, `(err, req, res, next)`, `(ctx, next)`, `(req, reply)`.
fn by_shape(program: &Program<'_>, file: FileId) -> (Vec<Entry>, Types) {
    let facts = program.facts(file);
    let models = &program.rulebook.models;
    let (mut entries, mut types) = (Vec::new(), Vec::new());
    for (i, function) in facts.functions.iter().enumerate() {
        let id = FnId(i as u32);
        if function.param_count < 2 || matches!(function.kind, FunctionKind::Constructor | FunctionKind::Setter) {
            continue;
        }
        let params = facts.params(id);
        let name = |n: usize| {
            let binding = params.get(n)?.binding.get()?;
            Some(facts.text(facts.bindings[binding.index()].name).trim_start_matches('_'))
        };
        let shift = usize::from(function.param_count == 4 && matches!(name(0), Some("err" | "error" | "e")));
        let shape = match (name(shift), name(shift + 1)) {
            (Some("req" | "request"), Some("res" | "response")) => Some(("express#Request", "express#Response")),
            (Some("req" | "request"), Some("reply" | "rep")) => Some(("fastify#FastifyRequest", "fastify#FastifyReply")),
            (Some("ctx" | "context"), Some("next")) => Some(("koa#Context", "")),
            (Some("request" | "req"), Some("h")) => Some(("@hapi/hapi#Request", "")),
            _ => None,
        };
        let Some((first, second)) = shape else { continue };
        let f = FnRef { file, id };
        // `e` of the DOM, `request`'s callback and the like have other second parameters, or a third that is a body.
        if name(shift + 2).is_some_and(|it| matches!(it, "body" | "data" | "cb" | "callback")) {
            continue;
        }
        let span = Span::new(file, function.start, header_end(function));
        entries.push(Entry { function: f, recurs: Recurrence::Request, quality: Quality::Shaped, span });
        for (n, path) in [(shift, first), (shift + 1, second)] {
            types.extend(models.type_at(path).map(|ty| ((f, n as u16), ty)));
        }
    }
    (entries, types)
}

/// A function's span cut to its head, for labels.
fn header_end(function: &crate::facts::Function) -> u32 {
    function.end.min(function.v8_start.max(function.start) + 1)
}

/// What decorators say of one file.
#[derive(Default)]
struct Decorated {
    entries: Vec<Entry>,
    singletons: Vec<Shape>,
    types: Types,
    /// Parameters whose values live as one unit of work.
    units: Vec<(FnRef, u16)>,
}

fn by_decorator(program: &Program<'_>, file: FileId) -> Decorated {
    let facts = program.facts(file);
    let mut found = Decorated::default();
    for (i, class) in facts.classes.iter().enumerate() {
        let id = ClassId(i as u32);
        let within = FnRef { file, id: class.function };
        let model =
            |decorator| Some((ExprRef::new(within, decorator), decorator_model(program, ExprRef::new(within, decorator))?));
        let on_class: Vec<(ExprRef, &DecoratorModel)> = facts.list(class.decorators).filter_map(model).collect();
        if on_class.iter().any(|(at, it)| it.singleton && !has_option(program, *at, &it.unless)) {
            found.singletons.push(Shape::Class(file, id));
        }
        for member in facts.members(id).iter().filter(|it| it.kind == MemberKind::Method) {
            let f = FnRef { file, id: member.function };
            let mut entry = |recurs, span| found.entries.push(Entry { function: f, recurs, quality: Quality::Modelled, span });
            for (at, model) in facts.list(member.decorators).filter_map(model) {
                if let Some(recurs) = model.recurs {
                    entry(recurs, program.span(at));
                }
            }
            let name = facts.text(member.name);
            if let Some(&recurs) = on_class.iter().find_map(|(_, it)| it.methods.get(name)) {
                entry(recurs, Span::new(file, member.start, member.start + name.len() as u32));
            }
            for (n, param) in facts.params(f.id).iter().enumerate() {
                for (_, model) in facts.list(param.decorators).filter_map(model) {
                    let ty = model.r#type.as_ref().and_then(|it| program.rulebook.models.type_at(it));
                    found.types.extend(ty.map(|ty| ((f, n as u16), ty)));
                    found.units.extend(model.unit.map(|_| (f, n as u16)));
                }
            }
        }
    }
    found
}

/// Whether a decorator's options name one of some properties.
fn has_option(program: &Program<'_>, decorator: ExprRef, names: &[String]) -> bool {
    (0..2)
        .filter_map(|n| program.argument(decorator, n))
        .any(|it| names.iter().any(|name| program.property(it, Sym::of(name)).is_some()))
}

fn decorator_model<'a>(program: &Program<'a>, decorator: ExprRef) -> Option<&'a DecoratorModel> {
    let facts = program.facts(decorator.file());
    let callee = match facts.expr(decorator.id) {
        Expr::Call(callee, _) => callee,
        _ => decorator.id,
    };
    match program.eval(decorator.with(callee)) {
        Value::Path(path) => program.paths.decorator(path),
        _ => None,
    }
}

/// Exports of files that a framework calls by their place.
fn by_file(program: &Program<'_>) -> Vec<(Entry, Types)> {
    let mut found = Vec::new();
    for model in &program.rulebook.models.entries {
        let mut globs = GlobSetBuilder::new();
        for glob in model.files.iter().filter_map(|it| Glob::new(it).ok()) {
            globs.add(glob);
        }
        let Ok(globs) = globs.build() else { continue };
        for file in program.files().filter(|it| globs.is_match(&program.unit(*it).path)) {
            if !model.depends.is_empty() && !depends(program, file, &model.depends) {
                continue;
            }
            for (function, span) in exported_functions(program, file, &model.exports) {
                let types = model.params.iter().enumerate();
                let types = types.filter_map(|(n, it)| Some(((function, n as u16), program.rulebook.models.type_at(it)?)));
                let entry = Entry { function, recurs: model.recurs, quality: Quality::Modelled, span };
                found.push((entry, types.collect()));
            }
        }
    }
    found
}

fn depends(program: &Program<'_>, file: FileId, packages: &[String]) -> bool {
    let path = &program.unit(file).path;
    let nearest = program.manifests.iter().filter(|it| path.starts_with(&it.folder)).max_by_key(|it| it.folder.len());
    nearest.is_some_and(|it| it.dependencies.iter().any(|name| packages.contains(name)))
}

/// The functions that a file exports under some names: `handler`, `default.fetch` in an object or class, `*` for any.
fn exported_functions(program: &Program<'_>, file: FileId, names: &[String]) -> Vec<(FnRef, Span)> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for export in &facts.exports {
        for name in names {
            let (head, path) = name.split_once('.').map_or((name.as_str(), None), |(head, path)| (head, Some(path)));
            match facts.text(export.name) {
                // What CommonJS assigns is the default, and its properties are the names.
                "export=" if head == "default" => found.extend(exported(program, file, export.source, path)),
                "export=" => found.extend(exported(program, file, export.source, Some(name))),
                other if head == "*" || head == other => found.extend(exported(program, file, export.source, path)),
                _ => {}
            }
        }
    }
    let span = |f: FnRef| {
        let function = &program.facts(f.file).functions[f.id.index()];
        Span::new(f.file, function.start, header_end(function))
    };
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|f| (f, span(f))).collect()
}

/// An exported function, or those of an exported object or class.
fn exported(program: &Program<'_>, file: FileId, source: ExportSource, path: Option<&str>) -> Vec<FnRef> {
    let module = FnRef::module(file);
    let (value, expr) = match source {
        ExportSource::Binding(id) => {
            let init = program.facts(file).bindings[id.index()].init.get();
            (program.binding_value(super::refs::BindingRef { file, id }, super::depth::Depth::TOP), init)
        }
        ExportSource::Expr(id) => (program.eval(ExprRef::new(module, id)), Some(id)),
        _ => return Vec::new(),
    };
    match (value, path) {
        (Value::Function(f), None) => vec![f],
        (Value::Class(shape), Some("*")) => program.methods_of(shape).collect(),
        (Value::Class(shape), Some(name)) => program.user_method(shape, Sym::of(name)).into_iter().collect(),
        (_, Some(path)) => expr.map_or_else(Vec::new, |it| program.functions_at(ExprRef::new(module, it), path)),
        _ => Vec::new(),
    }
}
