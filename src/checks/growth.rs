//! Where collections grow: one pass over the sites of functions that recur.

use super::constant;
use super::key::{Keys, is_new, keys};
use crate::facts::{AssignOp, BindingKind, Expr, ExprId, Facts, Sym};
use crate::program::{ExprRef, FnRef, Place, Program, Rate, Shape, SiteRef, Value};
use crate::rulebook::{CallModel, CollectionEffect, TypeIx};
use crate::text::FileId;

/// How a collection grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Growth {
    /// An item is added: `push`, `add`.
    Item,
    /// A job is put into a queue.
    Job,
    /// An entry is written under a key.
    Entry,
    /// A metric is counted under labels.
    Label,
    /// Text or bytes are appended.
    Text,
}

/// A site that makes a collection grow.
#[derive(Clone, Debug)]
pub(super) struct Grow {
    pub(super) site: SiteRef,
    pub(super) growth: Growth,
    /// The collection, elements stripped.
    pub(super) place: Place,
    /// The collection's expression.
    pub(super) collection: ExprRef,
    /// The key of an entry, or the item of a set.
    pub(super) key: Option<ExprRef>,
    /// What is kept.
    pub(super) value: Option<ExprRef>,
}

impl Grow {
    /// The collection that holds it: its own place, or for what grows inside an element, that of the collection around.
    pub(super) fn base(&self, program: &Program<'_>) -> Place {
        let mut base = self.place.clone();
        let end = base.path.iter().position(|it| *it == program.words.element).unwrap_or(base.path.len());
        base.path.truncate(end);
        base
    }
}

/// The growth sites of a file in functions that may run again and again.
pub(super) fn growths(program: &Program<'_>, file: FileId) -> Vec<Grow> {
    let facts = program.facts(file);
    let mut found = Vec::new();
    for site in &facts.sites {
        let within = FnRef { file, id: facts.function_of(site.region) };
        let at = SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
        let candidate = match facts.expr(site.expr) {
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(_, name) => program.may_grow(facts.sym(name)),
                Expr::Ident(_) => true,
                _ => false,
            },
            Expr::Assign(..) => true,
            _ => false,
        };
        if !candidate || !may_recur(program, at) {
            continue;
        }
        found.extend(match facts.expr(site.expr) {
            Expr::Call(callee, _) => called(program, at, callee).or_else(|| call(program, at, callee)),
            Expr::Assign(op, target, value) => assign(program, at, op, target, value),
            _ => None,
        });
    }
    found
}

fn may_recur(program: &Program<'_>, at: SiteRef) -> bool {
    program.rate(at.expr.within).is_some_and(|it| it.rate > Rate::Once)
        || program.endless_loop(at).is_some()
        || program.handed(at.expr.within).is_some()
}

fn call(program: &Program<'_>, at: SiteRef, callee: ExprId) -> Option<Grow> {
    let facts = program.facts(at.expr.file());
    let Expr::Member(object, name) = facts.expr(callee) else { return None };
    let collection = at.expr.with(object);
    let receiver = program.eval(collection);
    let Some((model, _)) = program.method_model(receiver, facts.sym(name)) else {
        return in_element(program, at, collection, facts.text(name));
    };
    let ty = program.type_of(receiver)?;
    let models = &program.rulebook.models;
    if bounds_itself(program, at.expr, collection, ty, model) {
        return None;
    }
    let arg = |n| program.argument(at.expr, n);
    let is_set = models.ty(ty).name == "Set";
    let (growth, key, value) = match model.collection? {
        CollectionEffect::Add => (Growth::Item, arg(0).filter(|_| is_set), arg(0)),
        CollectionEffect::Enqueue => (Growth::Job, None, None),
        CollectionEffect::Answer => (Growth::Entry, Some(label(program, at.expr, false)?), None),
        CollectionEffect::Put => (Growth::Entry, arg(0), arg(1)),
        CollectionEffect::Label => (Growth::Label, Some(label(program, at.expr, false)?), None),
        CollectionEffect::Labels => (Growth::Label, Some(label(program, at.expr, true)?), None),
        CollectionEffect::Remove | CollectionEffect::Read => return None,
    };
    arg(0)?;
    grow(program, at, growth, collection, key, value)
}

/// The label that has the most values: of the properties of the first argument, or else of all arguments.
fn label(program: &Program<'_>, call: ExprRef, all: bool) -> Option<ExprRef> {
    let first = program.argument(call, 0)?;
    let values: Vec<ExprRef> = match program.literal(first) {
        Some(_) => parts(program, first, 0),
        None if all => (0..8).filter_map(|n| program.argument(call, n)).collect(),
        None => return None,
    };
    values.into_iter().max_by_key(|it| keys(program, *it))
}

/// What an object or array is written with, at any depth.
fn parts(program: &Program<'_>, value: ExprRef, depth: u32) -> Vec<ExprRef> {
    let list = program.initial(value);
    let facts = program.facts(list.file());
    let parts: Vec<ExprRef> = match (facts.expr(list.id), program.literal(value)) {
        // What gives the answer is no part of its name.
        (Expr::Function(_), _) => return Vec::new(),
        _ if depth > 3 => return vec![value],
        (Expr::Array(items), _) => facts.list(items).map(|it| list.with(it)).collect(),
        (_, Some(object)) => {
            let facts = program.facts(object.file());
            facts.properties(facts.expr(object.id)).iter().map(|it| object.with(it.value)).collect()
        }
        _ => return vec![value],
    };
    parts.into_iter().flat_map(|it| self::parts(program, it, depth + 1)).collect()
}

/// `load(key)`, where `load` keeps what it gave: a memoized function is a collection that is called.
fn called(program: &Program<'_>, at: SiteRef, callee: ExprId) -> Option<Grow> {
    let facts = program.facts(at.expr.file());
    let collection = at.expr.with(callee);
    let Expr::Ident(_) = facts.expr(callee) else { return None };
    let Value::Instance(ty) = program.eval(collection) else { return None };
    let (model, _) = program.call_model(at.expr).filter(|(model, _)| model.collection == Some(CollectionEffect::Put))?;
    let key = program.argument(at.expr, 0)?;
    if bounds_itself(program, at.expr, collection, ty, model) {
        return None;
    }
    grow(program, at, Growth::Entry, collection, Some(key), None)
}

/// `rooms.get(name).add(socket)`: what an element keeps. Only units of work count, since most elements hold few things.
fn in_element(program: &Program<'_>, site: SiteRef, collection: ExprRef, name: &str) -> Option<Grow> {
    let place = program.place(collection)?;
    let value = program.argument(site.expr, 0)?;
    let is_unit = program.type_of(program.eval(value)).is_some_and(|ty| program.is_unit(ty));
    let element = place.path.last() == Some(&program.words.element);
    (element && is_unit && matches!(name, "add" | "push")).then_some(Grow {
        site,
        growth: Growth::Item,
        place,
        collection,
        key: None,
        value: Some(value),
    })
}

/// A cache with a limit or a time to live: by its type, by the options that it was made with, by this call's argument.
fn bounds_itself(program: &Program<'_>, call: ExprRef, collection: ExprRef, ty: TypeIx, model: &CallModel) -> bool {
    let models = &program.rulebook.models;
    let lineage = models.lineage(ty);
    let options: Vec<&String> = lineage.iter().flat_map(|it| &models.ty(*it).bounded_with).collect();
    let only = lineage.iter().find_map(|it| models.ty(*it).options);
    lineage.iter().any(|it| models.ty(*it).bounded)
        || model.bounded_by.is_some_and(|n| program.argument(call, n as i8).is_some())
        || !options.is_empty() && {
            // What was made out of sight may have any option.
            let makers = makers(program, collection);
            makers.is_empty() || makers.into_iter().any(|it| has_option(program, it, only, &options))
        }
}

/// The calls that make what an expression stands for.
fn makers(program: &Program<'_>, collection: ExprRef) -> Vec<ExprRef> {
    let is_made = |it: &ExprRef| matches!(program.facts(it.file()).expr(it.id), Expr::New(..) | Expr::Call(..));
    let first = program.initial(collection);
    if is_made(&first) {
        return vec![first];
    }
    let Some(place) = program.place(collection) else { return Vec::new() };
    program.tables.writes_to(&place).iter().map(|it| program.initial(it.value)).filter(is_made).collect()
}

/// Whether a construction gives one of some options. Options that cannot be seen whole may hold anything.
fn has_option(program: &Program<'_>, made: ExprRef, only: Option<u8>, options: &[&String]) -> bool {
    let of_all = only.map_or(0..3, |n| n as i8..n as i8 + 1);
    let arguments = of_all.filter_map(|n| program.argument(made, n));
    arguments.into_iter().any(|it| options.iter().any(|name| constant::option(program, it, name) != Some(false)))
}

fn assign(program: &Program<'_>, at: SiteRef, op: AssignOp, target: ExprId, value: ExprId) -> Option<Grow> {
    let facts = program.facts(at.expr.file());
    let with = |id| at.expr.with(id);
    match (op, facts.expr(target)) {
        // `object[key] = value`, `object[key] ||= value`
        (AssignOp::Set | AssignOp::Or | AssignOp::Nullish, Expr::Index(object, key)) => {
            let collection = with(object);
            let by_name = || is_list(program, collection) && keys(program, with(key)) == Keys::Outside;
            if !is_plain_object(program, collection) && !by_name() || is_tombstone(program, with(value)) {
                return None;
            }
            grow(program, at, Growth::Entry, collection, Some(with(key)), Some(with(value)))
        }
        // `object[key] += ...` writes a key as well.
        (AssignOp::Add, Expr::Index(object, key)) if is_plain_object(program, with(object)) => {
            grow(program, at, Growth::Entry, with(object), Some(with(key)), None)
        }
        (AssignOp::Add, Expr::Ident(_) | Expr::Member(..))
            if is_text(program, with(target)) && !is_number(program, with(value)) && !is_param(facts, target) =>
        {
            grow(program, at, Growth::Text, with(target), None, Some(with(value)))
        }
        // `list = list.concat(x)`, `list = [...list, x]`, `text = text + x`, `buffer = Buffer.concat([buffer, x])`
        (AssignOp::Set, Expr::Ident(_) | Expr::Member(..)) if !is_param(facts, target) => {
            let growth = self_growth(program, with(target), with(value))?;
            grow(program, at, growth, with(target), None, None)
        }
        _ => None,
    }
}

/// A parameter that is assigned to changes for its function alone, whatever came in by it.
fn is_param(facts: &Facts, target: ExprId) -> bool {
    matches!(facts.expr(target), Expr::Ident(id) if matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)))
}

fn grow(
    program: &Program<'_>,
    site: SiteRef,
    growth: Growth,
    collection: ExprRef,
    key: Option<ExprRef>,
    value: Option<ExprRef>,
) -> Option<Grow> {
    let place = program.place(collection)?;
    // What grows inside an element goes with the element, unless every key is new: nobody finds the old ones again.
    let in_element = place.path.contains(&program.words.element);
    if in_element && !(growth == Growth::Entry && key.is_some_and(|it| keys(program, it) == Keys::Fresh && !is_new(program, it)))
    {
        return None;
    }
    Some(Grow { site, growth, place, collection, key, value })
}

/// An object used as a map: a literal without methods, or `Object.create(null)`.
fn is_plain_object(program: &Program<'_>, expr: ExprRef) -> bool {
    let made = program.made_when_missing(expr).unwrap_or(expr);
    let Value::Object(Shape::Literal(file, id)) = program.eval(made) else { return false };
    let facts = program.facts(file);
    match facts.expr(id) {
        Expr::Object { count, .. } => count < 4,
        Expr::Call(..) => true,
        _ => false,
    }
}

/// `[]`, which some write by names as if it were `{}`.
fn is_list(program: &Program<'_>, expr: ExprRef) -> bool {
    let made = program.initial(program.made_when_missing(expr).unwrap_or(expr));
    matches!(program.facts(made.file()).expr(made.id), Expr::Array(items) if program.facts(made.file()).list(items).len() == 0)
}

fn is_tombstone(program: &Program<'_>, value: ExprRef) -> bool {
    matches!(program.facts(value.file()).expr(value.id), Expr::Undefined)
}

fn is_text(program: &Program<'_>, target: ExprRef) -> bool {
    matches!(program.eval(target), Value::Instance(ty) if matches!(program.rulebook.models.ty(ty).name.as_str(), "String"))
}

fn is_number(program: &Program<'_>, value: ExprRef) -> bool {
    matches!(program.facts(value.file()).expr(value.id), Expr::Number(_))
}

/// `x = f(x)` that makes `x` longer.
pub(super) fn self_growth(program: &Program<'_>, target: ExprRef, value: ExprRef) -> Option<Growth> {
    let facts = program.facts(value.file());
    let same = |id: ExprId| same_place(program, target, value.with(id));
    match facts.expr(value.id) {
        Expr::Array(items) => facts
            .list(items)
            .any(|it| matches!(facts.expr(it), Expr::Spread(inner) if same(inner)))
            .then_some(Growth::Item)
            .filter(|_| facts.list(items).len() > 1),
        Expr::Object { .. } => {
            let properties = facts.properties(facts.expr(value.id));
            let spreads = properties.iter().any(|it| matches!(facts.expr(it.value), Expr::Spread(inner) if same(inner)));
            (spreads && properties.iter().any(|it| it.key.get().is_some())).then_some(Growth::Entry)
        }
        Expr::Binary(crate::facts::BinaryOp::Add, left, _) if is_text(program, target) => same(left).then_some(Growth::Text),
        Expr::Call(callee, args) => match facts.expr(callee) {
            Expr::Member(object, name) if facts.sym(name) == Sym::of("concat") => {
                let parts = facts.item(args, 0).map(|it| facts.expr(it));
                let buffer = matches!(parts, Some(Expr::Array(items)) if facts.list(items).any(same));
                (same(object) || buffer).then_some(if buffer { Growth::Text } else { Growth::Item })
            }
            _ => None,
        },
        _ => None,
    }
}

fn same_place(program: &Program<'_>, a: ExprRef, b: ExprRef) -> bool {
    program.place(a).is_some_and(|place| program.place(b) == Some(place))
}
