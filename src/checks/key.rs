//! The key lattice: how many different keys a write can have (`SEMANTICS.md` section 6).

use crate::facts::{BinaryOp, BindingKind, Expr, ExprId, Sym, UnaryOp};
use crate::program::{Arg, BindingRef, ExprRef, FnRef, Fresh, How, Place, Program, Rate, Root, Value, Write};
use crate::rulebook::Recurrence;

/// How many keys. Ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Keys {
    /// As many as the program names.
    Closed,
    /// Cannot be told.
    Unknown,
    /// As many as the outside sends.
    Outside,
    /// A new one each time.
    Fresh,
}

/// Properties that name a kind, not an instance.
const KINDS: [&str; 23] = [
    "type",
    "name",
    "method",
    "kind",
    "className",
    "constructor",
    "event",
    "route",
    "level",
    "status",
    "statusCode",
    "code",
    "action",
    "command",
    "extension",
    "ext",
    "language",
    "lang",
    "locale",
    "protocol",
    "transport",
    "property",
    "field",
];

/// Functions whose results differ each time.
const MAKERS: [&str; 16] = [
    "uuid",
    "uuidv4",
    "v4",
    "v1",
    "nanoid",
    "randomUUID",
    "now",
    "random",
    "randomBytes",
    "cuid",
    "ulid",
    "shortid",
    "generateId",
    "uniqueId",
    "createId",
    "Symbol",
];

/// The keys that an expression can give.
pub(super) fn keys(program: &Program<'_>, key: ExprRef) -> Keys {
    keys_deep(program, key, 0)
}

fn keys_deep(program: &Program<'_>, key: ExprRef, depth: u32) -> Keys {
    let facts = program.facts(key.file());
    if depth > 12 {
        return Keys::Unknown;
    }
    let next = |id: ExprId| keys_deep(program, key.with(id), depth + 1);
    match facts.expr(key.id) {
        Expr::Str(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Null | Expr::Undefined => Keys::Closed,
        Expr::KeyOf(object) => own_keys(program, key.with(object), depth),
        Expr::Unary(UnaryOp::TypeOf | UnaryOp::Not, _) => Keys::Closed,
        Expr::Binary(BinaryOp::Modulo | BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::Greater, ..) => {
            Keys::Closed
        }
        Expr::Template(parts) => facts.list(parts).map(next).max().unwrap_or(Keys::Closed),
        Expr::Binary(_, a, b) | Expr::Logical(_, a, b) => next(a).max(next(b)),
        Expr::Choice(parts) if facts.item(parts, 0).is_some_and(|it| is_membership(program, key.with(it), depth + 1)) => {
            facts.item(parts, 2).map_or(Keys::Unknown, next)
        }
        Expr::Choice(parts) => [1, 2].iter().filter_map(|&i| facts.item(parts, i)).map(next).max().unwrap_or(Keys::Unknown),
        Expr::Update(..) => Keys::Fresh,
        // A constant of a module is one thing, however often it is the key.
        Expr::New(..) | Expr::Object { .. } | Expr::Array(_) | Expr::Function(_) | Expr::Parts(_)
            if depth > 0 && key.within.is_module() =>
        {
            Keys::Closed
        }
        Expr::New(..) | Expr::Object { .. } | Expr::Array(_) | Expr::Function(_) => Keys::Fresh,
        Expr::Await(inner) | Expr::Unary(_, inner) | Expr::Spread(inner) => next(inner),
        Expr::Assign(_, _, value) => next(value),
        Expr::ElementOf(list) => match next(list) {
            Keys::Fresh => Keys::Unknown,
            it => it,
        },
        Expr::Member(object, name) => {
            let text = facts.text(name);
            if text == "name" && !is_kind(program, key.with(object)) && next(object) == Keys::Outside {
                return Keys::Outside;
            }
            if KINDS.contains(&text) || text == "length" {
                return Keys::Closed.max(if next(object) == Keys::Closed { Keys::Closed } else { kind_of_unit(text) });
            }
            if is_counter(program, key) || is_numbered(program, key) {
                return Keys::Fresh;
            }
            property(program, key.with(object), text, depth)
        }
        Expr::Index(object, _) => next(object),
        Expr::Ident(_) | Expr::Param(..) => binding(program, key, depth),
        Expr::Call(callee, args) => {
            let name = match facts.expr(callee) {
                Expr::Member(_, name) | Expr::Free(name) => facts.text(name),
                Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
                _ => "",
            };
            if MAKERS.contains(&name) {
                return Keys::Fresh;
            }
            if name == "stringify" {
                return facts.item(args, 0).map_or(Keys::Unknown, |it| spelled(program, key.with(it), depth + 1));
            }
            if matches!(name, "keys" | "entries" | "values")
                && let Some(of) = facts.item(args, 0)
            {
                return if next(of) == Keys::Outside { Keys::Outside } else { own_keys(program, key.with(of), depth) };
            }
            // What is looked up is one of those that are there, whoever asks.
            if looks_up(program, key, 0) {
                return Keys::Unknown;
            }
            let receiver = match facts.expr(callee) {
                Expr::Member(object, _) => content(program, key.with(object), depth + 1),
                _ => Keys::Closed,
            };
            let args_most = facts.list(args).map(|it| of_object(program, key.with(it), next(it))).max();
            let most = args_most.unwrap_or(Keys::Closed).max(receiver);
            if most == Keys::Closed && facts.list(args).len() == 0 { Keys::Unknown } else { most }
        }
        _ => Keys::Unknown,
    }
}

/// `rooms.get(id)`, `orElse([], rooms.get(id))`, and a function that returns such a thing on every way.
fn looks_up(program: &Program<'_>, value: ExprRef, depth: u32) -> bool {
    let facts = program.facts(value.file());
    let next = |it: ExprRef| depth < 4 && looks_up(program, it, depth + 1);
    match facts.expr(value.id) {
        Expr::Call(callee, args) => {
            let returns = || match program.eval(value.with(callee)) {
                Value::Function(f) => {
                    let values = program.exits(f).filter(|it| !it.is_throw).filter_map(|it| it.value.get());
                    let mut values = values.map(|it| ExprRef::new(f, it)).peekable();
                    values.peek().is_some() && values.all(next)
                }
                Value::Unknown | Value::Outside => facts.list(args).any(|it| next(value.with(it))),
                _ => false,
            };
            program.place(value).is_some_and(|it| it.path.contains(&program.words.element)) || returns()
        }
        Expr::Logical(_, a, _) | Expr::Await(a) => next(value.with(a)),
        _ => false,
    }
}

/// The keys of an object of the program that stays: as many as are written to it.
fn own_keys(program: &Program<'_>, object: ExprRef, depth: u32) -> Keys {
    let lasting = |place: &Place| match place.root {
        Root::Binding(binding) => program.is_top_level(binding),
        Root::Global(_) | Root::Static(_) => true,
        _ => false,
    };
    let Some(place) = program.place(object).filter(|it| depth < 3 && lasting(it)) else { return Keys::Closed };
    let written = program.uses(&place).into_iter().filter_map(|at| {
        let facts = program.facts(at.file());
        let index = program.parent(at)?;
        let Expr::Index(of, key) = facts.expr(index.id) else { return None };
        let Expr::Assign(_, target, _) = facts.expr(program.parent(index)?.id) else { return None };
        (of == at.id && target == index.id).then(|| keys_deep(program, at.with(key), depth + 4))
    });
    // One of them is as fresh as it was when it was written.
    written.max().unwrap_or(Keys::Closed).min(Keys::Outside)
}

/// Whether a key comes from a loop over the keys of a collection: `for (const key in map)`, `Object.keys(map).forEach(key => ...)`.
pub(super) fn is_key_of(program: &Program<'_>, key: ExprRef, collection: &Place) -> bool {
    let facts = program.facts(key.file());
    let is_it = |object: ExprRef| program.place(object).as_ref() == Some(collection);
    let gives_keys = |list: ExprRef| {
        let facts = program.facts(list.file());
        let Expr::Call(callee, args) = facts.expr(list.id) else { return false };
        let named = matches!(facts.expr(callee), Expr::Member(_, name) if matches!(facts.text(name), "keys" | "entries"));
        named && facts.item(args, 0).is_some_and(|it| is_it(list.with(it)))
    };
    let first = program.initial(key);
    match program.facts(first.file()).expr(first.id) {
        Expr::KeyOf(object) => return is_it(first.with(object)),
        Expr::ElementOf(list) => return gives_keys(first.with(list)),
        _ => {}
    }
    let Expr::Ident(id) = facts.expr(key.id) else { return false };
    let binding = &facts.bindings[id.index()];
    matches!(binding.kind, BindingKind::Param(0))
        && program.callers(FnRef { file: key.file(), id: binding.function }).any(|edge| {
            let facts = program.facts(edge.site.expr.file());
            let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
            matches!(facts.expr(callee), Expr::Member(list, _) if gives_keys(edge.site.expr.with(list)))
        })
}

/// An object written out as text differs as its properties do.
fn spelled(program: &Program<'_>, object: ExprRef, depth: u32) -> Keys {
    let facts = program.facts(object.file());
    match program.literal(object).map(|it| (it, program.facts(it.file()).expr(it.id))) {
        Some((literal, expr)) => program
            .facts(literal.file())
            .properties(expr)
            .iter()
            .map(|it| keys_deep(program, literal.with(it.value), depth + 1))
            .max()
            .unwrap_or(Keys::Closed),
        None if matches!(facts.expr(object.id), Expr::Array(_) | Expr::New(..)) => Keys::Unknown,
        None => keys_deep(program, object, depth),
    }
}

/// `list.includes(x)`, with a list that is written down or made of an enum's values.
fn is_membership(program: &Program<'_>, test: ExprRef, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let Expr::Call(callee, args) = facts.expr(test.id) else { return false };
    let Expr::Member(list, name) = facts.expr(callee) else { return false };
    let listed = match facts.expr(list) {
        Expr::Array(_) => true,
        _ => keys_deep(program, test.with(list), depth + 1) == Keys::Closed,
    };
    matches!(facts.text(name), "includes" | "has") && facts.list(args).len() == 1 && listed
}

/// A property that names a kind: the name of a command or route is one of a few.
fn is_kind(program: &Program<'_>, object: ExprRef) -> bool {
    let facts = program.facts(object.file());
    match facts.expr(object.id) {
        Expr::Member(_, name) => KINDS.contains(&facts.text(name)),
        Expr::Ident(id) => KINDS.contains(&facts.text(facts.bindings[id.index()].name)),
        _ => false,
    }
}

/// A property of something new is new itself only if it names that thing.
fn part_of(object: Keys, name: &str) -> Keys {
    let lower = name.to_ascii_lowercase();
    let names = ["id", "key", "uuid", "token", "sid", "hash"].iter().any(|it| lower.ends_with(it));
    if object == Keys::Fresh && !names { Keys::Unknown } else { object }
}

/// What a method has to work with: `[user, id].join()` differs as its items do.
fn content(program: &Program<'_>, object: ExprRef, depth: u32) -> Keys {
    let facts = program.facts(object.file());
    match facts.expr(object.id) {
        Expr::Array(items) => {
            facts.list(items).map(|it| keys_deep(program, object.with(it), depth)).max().unwrap_or(Keys::Closed)
        }
        _ => {
            let lists = passed(program, object).iter().take(8).map(|it| match program.facts(it.value.file()).expr(it.value.id) {
                Expr::Array(_) => Some(content(program, it.value, depth + 1)),
                _ => None,
            });
            let lists: Option<Vec<Keys>> = lists.collect();
            lists.and_then(|it| it.into_iter().max()).unwrap_or_else(|| keys_deep(program, object, depth))
        }
    }
}

/// What callers pass for a parameter.
fn passed<'p>(program: &'p Program<'_>, parameter: ExprRef) -> &'p [Arg] {
    let facts = program.facts(parameter.file());
    let Expr::Ident(id) = facts.expr(parameter.id) else { return &[] };
    let it = &facts.bindings[id.index()];
    match it.kind {
        BindingKind::Param(n) if it.init.get().is_none() => program.args(FnRef { file: parameter.file(), id: it.function }, n),
        _ => &[],
    }
}

/// A property of an object, or of what callers write out for a call.
fn property(program: &Program<'_>, object: ExprRef, name: &str, depth: u32) -> Keys {
    if let Some(value) = program.property(object, Sym::of(name)) {
        return keys_deep(program, value, depth + 1);
    }
    let written: Option<Vec<Keys>> =
        passed(program, object).iter().take(8).map(|it| property_of_literal(program, it.value, name, depth)).collect();
    let most = written.and_then(|it| it.into_iter().max());
    most.unwrap_or_else(|| part_of(keys_deep(program, object, depth + 1), name))
}

/// A property of an object literal: what is not written there is not there.
fn property_of_literal(program: &Program<'_>, object: ExprRef, name: &str, depth: u32) -> Option<Keys> {
    let facts = program.facts(object.file());
    let literal @ Expr::Object { .. } = facts.expr(object.id) else { return None };
    let properties = facts.properties(literal);
    let value = properties.iter().find(|it| facts.text(it.name) == name).map(|it| object.with(it.value));
    let spread = properties.iter().any(|it| facts.text(it.name).is_empty());
    Some(value.map_or(if spread { Keys::Unknown } else { Keys::Closed }, |it| keys_deep(program, it, depth + 2)))
}

/// What a function makes of a new object may be the same for many.
fn of_object(program: &Program<'_>, arg: ExprRef, keys: Keys) -> Keys {
    let object = matches!(program.eval(arg), Value::Object(_)) || keys == Keys::Fresh && is_new(program, arg);
    if object && keys == Keys::Fresh { Keys::Unknown } else { keys }
}

fn kind_of_unit(name: &str) -> Keys {
    if matches!(name, "name" | "code" | "field" | "property" | "route" | "event" | "action" | "command") {
        Keys::Unknown
    } else {
        Keys::Closed
    }
}

/// `id++` somewhere: a counter.
fn is_counter(program: &Program<'_>, expr: ExprRef) -> bool {
    let Some(place) = program.place(expr) else { return false };
    let facts = program.facts(expr.file());
    facts.sites.iter().any(|site| match facts.expr(site.expr) {
        Expr::Update(_, target) => {
            let within = FnRef { file: expr.file(), id: facts.function_of(site.region) };
            program.place(ExprRef::new(within, target)).as_ref() == Some(&place)
        }
        _ => false,
    })
}

/// `this.id = last++; all[this.id] = this`: a field that the same function has just filled from a counter.
fn is_numbered(program: &Program<'_>, field: ExprRef) -> bool {
    let Some(place) = program.place(field).filter(|it| matches!(it.root, Root::Instance(_))) else { return false };
    let writes = program.tables.writes_to(&place);
    let counted = |it: &Write| {
        it.site.is_some_and(|at| at.expr.within == field.within)
            && matches!(program.facts(it.value.file()).expr(it.value.id), Expr::Update(..))
    };
    !writes.is_empty() && writes.iter().all(counted)
}

fn binding(program: &Program<'_>, key: ExprRef, depth: u32) -> Keys {
    let facts = program.facts(key.file());
    let (f, n) = match facts.expr(key.id) {
        Expr::Param(f, n) => (FnRef { file: key.file(), id: f }, n),
        Expr::Ident(id) => {
            let it = &facts.bindings[id.index()];
            let within = FnRef { file: key.file(), id: it.function };
            if let Some(init) = it.init.get() {
                let keys = keys_deep(program, ExprRef::new(within, init), depth + 1);
                return match it.kind {
                    // `(value, id = "default")`: what is passed, and else the default.
                    BindingKind::Param(n) if program.is_whole_param(BindingRef { file: key.file(), id }) => {
                        keys.max(parameter(program, within, n, depth))
                    }
                    _ => keys,
                };
            }
            match it.kind {
                BindingKind::Param(n) => (within, n),
                BindingKind::Enum | BindingKind::Function(_) | BindingKind::Class(_) => return Keys::Closed,
                _ if it.writes > 0 && is_counter(program, key) => return Keys::Fresh,
                _ => {
                    let place = BindingRef { file: key.file(), id };
                    let writes = program.tables.writes.get(&place).map_or(&[][..], Vec::as_slice);
                    return writes
                        .iter()
                        .take(4)
                        .map(|it| keys_deep(program, it.value, depth + 2))
                        .max()
                        .unwrap_or(Keys::Unknown);
                }
            }
        }
        _ => return Keys::Unknown,
    };
    parameter(program, f, n, depth)
}

fn parameter(program: &Program<'_>, f: FnRef, n: u16, depth: u32) -> Keys {
    if let Value::Instance(ty) = program.param_value_of(f, n)
        && program.is_unit(ty)
    {
        return Keys::Outside;
    }
    let args = program.args(f, n);
    if !args.is_empty() {
        return args.iter().take(8).map(|it| keys_deep(program, it.value, depth + 2)).max().unwrap_or(Keys::Unknown);
    }
    // What a callback receives from outside differs as often as it is called.
    let from_outside = program.callers(f).any(|edge| {
        matches!(
            edge.how,
            How::Callback { recurs: Recurrence::Request | Recurrence::Connection | Recurrence::Message | Recurrence::Job, .. }
        )
    });
    let is_entry = program.entries.iter().any(|it| it.function == f);
    if from_outside || is_entry {
        return Keys::Outside;
    }
    let now =
        program.callers(f).find(|edge| matches!(edge.how, How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. }));
    match now {
        // A callback of a collection, or of a promise: as what it runs over.
        Some(edge) => {
            let facts = program.facts(edge.site.expr.file());
            match facts.expr(edge.site.expr.id) {
                Expr::Call(callee, args) => {
                    let receiver = match facts.expr(callee) {
                        // A promise gives its callback what it is of itself.
                        Expr::Member(object, name) if facts.text(name) == "then" => {
                            keys_deep(program, edge.site.expr.with(object), depth + 1)
                        }
                        Expr::Member(object, _) => elements(program, edge.site.expr.with(object), depth + 1),
                        _ => Keys::Closed,
                    };
                    let others = facts.list(args).filter(|it| !matches!(facts.expr(*it), Expr::Function(_)));
                    others
                        .map(|it| keys_deep(program, edge.site.expr.with(it), depth + 1))
                        .max()
                        .unwrap_or(Keys::Closed)
                        .max(receiver)
                }
                _ => Keys::Unknown,
            }
        }
        None => Keys::Unknown,
    }
}

/// The keys that the elements of a collection are: of a list that is written out, as many as it has. What a new list holds
/// need not be new.
fn elements(program: &Program<'_>, collection: ExprRef, depth: u32) -> Keys {
    let listed = program.initial(collection);
    let facts = program.facts(listed.file());
    match facts.expr(listed.id) {
        Expr::Array(items) => {
            facts.list(items).map(|it| keys_deep(program, listed.with(it), depth + 1)).max().unwrap_or(Keys::Closed)
        }
        _ => match keys_deep(program, collection, depth) {
            Keys::Fresh => Keys::Unknown,
            it => it,
        },
    }
}

/// Whether an expression makes, or is handed, something new each time: what `Fresh` says of its place.
pub(super) fn is_new(program: &Program<'_>, expr: ExprRef) -> bool {
    let thing = match program.eval(expr) {
        Value::Instance(ty) => program.is_unit(ty),
        Value::Object(_) => true,
        _ => false,
    };
    let fresh = program.place(expr).filter(|_| thing).map(|it| program.fresh_of(&it, expr.within));
    matches!(fresh, Some(Fresh::Call(f)) if program.rate(f).is_some_and(|it| it.rate == Rate::Many))
}

/// Whether a value is made from what a unit of work carries: `path.join(root, req.params.name)`.
pub(super) fn comes_from_unit(program: &Program<'_>, expr: ExprRef) -> bool {
    from_unit(program, expr, 0)
}

fn from_unit(program: &Program<'_>, expr: ExprRef, depth: u32) -> bool {
    if depth > 12 {
        return false;
    }
    let facts = program.facts(expr.file());
    let next = |id: ExprId| from_unit(program, expr.with(id), depth + 1);
    match facts.expr(expr.id) {
        Expr::Ident(_) => {
            let initial = program.initial(expr);
            keys(program, expr) == Keys::Outside || initial != expr && from_unit(program, initial, depth + 1)
        }
        Expr::Param(..) => keys(program, expr) == Keys::Outside,
        Expr::Member(object, _) | Expr::Index(object, _) => next(object),
        Expr::Call(callee, args) => {
            matches!(facts.expr(callee), Expr::Member(object, _) if next(object)) || facts.list(args).any(next)
        }
        Expr::Template(parts) => facts.list(parts).any(next),
        Expr::Binary(_, a, b) | Expr::Logical(_, a, b) => next(a) || next(b),
        Expr::Await(inner) => next(inner),
        _ => false,
    }
}
