//! What a heap must show if a finding is true.

use super::acquisition::Acquisition;
use super::constant;
use super::unreleased::is_listener;
use crate::facts::{BinaryOp, Expr, RegionId, Sym};
use crate::finding::{Owner, SlotKind, Sought, Trace};
use crate::program::{ExprRef, FnRef, Place, Program, Root, Shape, Value};
use crate::rulebook::Rule;
use crate::text::{FileId, Span};

/// The trace of an acquisition: slots with its handler, or instances of what it makes.
pub(super) fn of_acquisition(program: &Program<'_>, acquired: &Acquisition<'_>) -> Trace {
    let call = acquired.site.expr;
    let within = program.span(call);
    let functions: Vec<Span> = program.functions_of_call(call).into_iter().map(|it| position(program, it)).collect();
    let slots = |kind, event, delay| Sought::Slots { kind, functions: functions.clone(), within, event, delay };
    let delay = || program.argument(call, 1).and_then(|it| constant::number(program, it)).map(|it| it as u64);
    let sought = match acquired.model.resource.as_str() {
        "interval" | "timeout" => slots(SlotKind::Timer, None, delay()),
        _ if is_listener(acquired) => slots(SlotKind::Listener, program.event_name(call), None),
        _ if acquired.handler(program).is_some() => Sought::Closures { functions, within },
        _ => instances(program, call),
    };
    Trace { sites: vec![within], sought: vec![sought], limit: None, delay: None }
}

/// The trace of instances that a construction makes.
pub(super) fn of_instances(program: &Program<'_>, made: ExprRef) -> Trace {
    Trace { sites: vec![program.span(made)], sought: vec![instances(program, made)], ..Trace::default() }
}

/// The trace of closures that are stored.
pub(super) fn of_closure(program: &Program<'_>, site: ExprRef, f: FnRef) -> Trace {
    let within = program.span(site);
    Trace {
        sites: vec![within],
        sought: vec![Sought::Closures { functions: vec![position(program, f)], within }],
        ..Trace::default()
    }
}

/// The trace of a collection that grows at some sites.
pub(super) fn of_collection(program: &Program<'_>, place: &Place, sites: &[ExprRef]) -> Trace {
    let Some(&first) = sites.first() else { return Trace::default() };
    let sought = owner(program, place, first.file(), 0).map(|(owner, path)| Sought::Entries(owner, path));
    Trace { sites: sites.iter().map(|it| program.span(*it)).collect(), sought: sought.into_iter().collect(), ..Trace::default() }
}

/// The trace of properties written on what is a collection by other means.
pub(super) fn of_properties(program: &Program<'_>, collection: ExprRef, site: ExprRef) -> Trace {
    let place = program.place(collection);
    let owner = place.and_then(|it| owner(program, &it, site.file(), 0));
    let sought = owner.map(|(owner, path)| Sought::Properties(owner, path)).into_iter().collect();
    Trace { sites: vec![program.span(site)], sought, ..Trace::default() }
}

/// The trace that a rule's page names: entries of what a class keeps, by the class's name. What was set up once acquires
/// later, in code that was not read: so it has no sites.
pub(super) fn of_page(rule: &Rule) -> Trace {
    let text = |key: &str| rule.heap.as_ref()?.get(key)?.as_str();
    let (Some(class), Some(fields)) = (text("constructor"), text("entries")) else { return Trace::default() };
    let entries = |field: &str| Sought::Entries(Owner::Instance(None, class.to_owned()), vec![field.to_owned()]);
    Trace { sought: fields.split_whitespace().map(entries).collect(), ..Trace::default() }
}

/// Where V8 says that a function is.
fn position(program: &Program<'_>, f: FnRef) -> Span {
    let start = program.facts(f.file).functions[f.id.index()].v8_start;
    Span::new(f.file, start, start + 1)
}

fn instances(program: &Program<'_>, call: ExprRef) -> Sought {
    let value = program.eval(call);
    let classes = match value {
        Value::Object(shape) => class_position(program, shape).into_iter().collect(),
        _ => Vec::new(),
    };
    let made_by = match program.facts(call.file()).expr(call.id) {
        Expr::New(callee, _) => Some(super::acquisition::name_of(program, call.with(callee))),
        _ => None,
    };
    let modelled = program.type_of(value).map(|ty| program.rulebook.models.ty(ty).name.clone());
    let last = |name: String| name.rsplit('.').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = made_by.into_iter().chain(modelled).map(last).filter(|it| !it.is_empty()).collect();
    names.dedup();
    Sought::Instances { classes, names }
}

/// Where V8 says that a class is, and so its instances.
fn class_position(program: &Program<'_>, shape: Shape) -> Option<Span> {
    let at = |file, start| Span::new(file, start, start + 1);
    match shape {
        Shape::Class(file, class) => {
            let facts = program.facts(file);
            let class = &facts.classes[class.index()];
            Some(match class.constructor.get() {
                Some(constructor) => position(program, FnRef { file, id: constructor }),
                None => at(file, class.start),
            })
        }
        Shape::Constructor(file, id) => Some(position(program, FnRef { file, id })),
        Shape::Literal(..) => None,
    }
}

pub(super) fn class_name(program: &Program<'_>, shape: Shape) -> String {
    match shape {
        Shape::Class(file, class) => {
            let facts = program.facts(file);
            facts.text(facts.classes[class.index()].name).to_owned()
        }
        Shape::Constructor(file, id) => {
            let facts = program.facts(file);
            facts.text(facts.functions[id.index()].name).to_owned()
        }
        Shape::Literal(..) => String::new(),
    }
}

/// Where a place starts in a heap, and the names from there; the names are those of `file`.
fn owner(program: &Program<'_>, place: &Place, file: FileId, depth: u32) -> Option<(Owner, Vec<String>)> {
    let names = |path: &[Sym]| path.iter().map(|it| name(program, *it, file)).collect::<Option<Vec<String>>>();
    let path = names(&place.path)?;
    match place.root {
        Root::Binding(binding) => Some((Owner::Variable(binding.file, binding.id), path)),
        Root::Instance(shape) => Some((Owner::Instance(class_position(program, shape), class_name(program, shape)), path)),
        Root::Static(shape) => Some((Owner::Static(class_position(program, shape), class_name(program, shape)), path)),
        Root::Global(global) => Some((Owner::Global(name(program, global, file)?), path)),
        Root::Made(made_in, _) => {
            let exported = name(program, program.place_name(&Place::of(place.root))?, made_in)?;
            let start = if exported == "exports" { Vec::new() } else { vec![exported] };
            Some((Owner::Exports(made_in), start.into_iter().chain(path).collect()))
        }
        Root::Param(f, n) => {
            let [arg] = program.args(f, n) else { return None };
            let outer = program.place(arg.value).filter(|_| depth < 4)?;
            let joined = Place { root: outer.root, path: outer.path.iter().chain(&place.path).copied().collect() };
            owner(program, &joined, file, depth + 1)
        }
        Root::Outside(_) => None,
    }
}

/// The text of a symbol: as the file has it, or any other.
fn name(program: &Program<'_>, sym: Sym, file: FileId) -> Option<String> {
    let of = |file: FileId| {
        let facts = program.facts(file);
        facts.names.find(sym).map(|it| facts.text(it).to_owned())
    };
    if sym == program.words.element {
        return Some("[]".to_owned());
    }
    of(file).or_else(|| program.files().find_map(of))
}

/// Methods that leave a collection as it is.
const LOOKS: [&str; 19] = [
    "slice",
    "concat",
    "filter",
    "map",
    "at",
    "get",
    "has",
    "includes",
    "indexOf",
    "find",
    "findIndex",
    "join",
    "some",
    "every",
    "flat",
    "toSorted",
    "toReversed",
    "toSpliced",
    "with",
];

/// The number that the program compares the size with at a use of a collection, if anything that may matter depends on it.
pub(super) fn limit(program: &Program<'_>, used: ExprRef) -> Option<u64> {
    let size = program.parent(used)?;
    let test = program.parent(size)?;
    let facts = program.facts(used.file());
    let Expr::Member(object, name) = facts.expr(size.id) else { return None };
    let Expr::Binary(BinaryOp::Less | BinaryOp::Greater, a, b) = facts.expr(test.id) else { return None };
    let other = if a == size.id { b } else { a };
    let number = constant::number(program, used.with(other))?;
    let is_limit = object == used.id && matches!(facts.text(name), "length" | "size") && number >= 2.0;
    (is_limit && decides(program, test, &program.place(used)?)).then_some(number as u64)
}

/// Whether what depends on a test may do anything to a collection, or keep others from it.
fn decides(program: &Program<'_>, test: ExprRef, place: &Place) -> bool {
    let facts = program.facts(test.file());
    let mut whole = test;
    while let Some(outer) = program.parent(whole).filter(|it| matches!(facts.expr(it.id), Expr::Logical(..) | Expr::Unary(..))) {
        whole = outer;
    }
    let decided: Vec<RegionId> = (0..facts.regions.len())
        .map(|it| RegionId(it as u32))
        .filter(|it| facts.regions[it.index()].test == whole.id || facts.regions[it.index()].test == test.id)
        .collect();
    // Not a condition: nobody knows what becomes of the answer.
    if decided.is_empty() || decided.iter().any(|it| facts.regions[it.index()].exits) {
        return true;
    }
    let is_inside = |mut region: RegionId| loop {
        if decided.contains(&region) {
            return true;
        }
        match facts.regions[region.index()].parent.get() {
            Some(outer) => region = outer,
            None => return false,
        }
    };
    facts.sites.iter().any(|site| is_inside(site.region) && !only_looks(program, test.with(site.expr), place))
}

/// `log.slice(-10)`
fn only_looks(program: &Program<'_>, site: ExprRef, place: &Place) -> bool {
    let facts = program.facts(site.file());
    let Expr::Call(callee, _) = facts.expr(site.id) else { return false };
    let Expr::Member(object, name) = facts.expr(callee) else { return false };
    LOOKS.contains(&facts.text(name)) && program.place(site.with(object)).as_ref() == Some(place)
}
