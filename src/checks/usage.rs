//! What is done with a collection where it is used.

use crate::facts::{AssignOp, Expr};
use crate::program::{ExprRef, FnRef, Guard, How, Place, Program, Root, SiteRef, Value, convention};
use crate::rulebook::CollectionEffect;

/// What a use of a collection does to it.
pub(super) enum Usage {
    /// It makes it larger.
    Grow,
    /// It looks at it.
    Read,
    /// It hands it to something unknown.
    Escape,
    /// It is set up, or told by another use.
    Ignored,
    /// It takes from it.
    Shrink(SiteRef),
}

/// Methods that take from a collection whose type is not known.
const TAKES: [&str; 22] = [
    "delete",
    "clear",
    "pop",
    "shift",
    "splice",
    "remove",
    "removeAt",
    "evict",
    "prune",
    "reset",
    "flush",
    "expire",
    "dequeue",
    "destroy",
    "del",
    "purge",
    "cleanup",
    "drain",
    "removeAll",
    "empty",
    "trim",
    "unset",
];

/// Functions that take from their first argument.
const TAKERS: [&str; 10] =
    ["remove", "pull", "pullAll", "pullAt", "unset", "omit", "removeItem", "deleteKey", "arrayRemove", "removeFromArray"];

/// `remove(list, x)`, and helpers with a longer name: `spliceOne(list, i)`, `removeBy(list, test)`.
fn is_taker(name: &str) -> bool {
    let is_longer = |verb| name.strip_prefix(verb).is_some_and(|rest: &str| rest.starts_with(|it: char| it.is_ascii_uppercase()));
    TAKERS.contains(&name) || ["remove", "splice", "delete", "evict"].into_iter().any(is_longer)
}

/// Tells what a use of a collection does to it.
pub(super) fn classify(program: &Program<'_>, at: ExprRef, place: &Place) -> Usage {
    let facts = program.facts(at.file());
    let Some(parent) = program.parent(at) else {
        // Handed out by a function, or an alias that is looked at by itself.
        return if program.index(at.file()).exit_of(at.id).is_some() { Usage::Read } else { Usage::Ignored };
    };
    let site = |expr| program.site_of(expr);
    match facts.expr(parent.id) {
        Expr::Assign(op, target, value) if target == at.id => match op {
            AssignOp::Add | AssignOp::Or | AssignOp::Nullish => Usage::Grow,
            // It is made where it was missing.
            _ if program.made_when_missing(at).is_some() => Usage::Ignored,
            _ if site(parent).is_some_and(|it| matches!(program.once_guard(it), Some(guard) if guard != Guard::Key)) => {
                Usage::Ignored
            }
            _ if super::growth::self_growth(program, at, at.with(value)).is_some() => Usage::Grow,
            _ if at.within.is_module()
                && program
                    .endless_loop(SiteRef {
                        expr: parent,
                        region: site(parent).map_or(crate::facts::RegionId(0), |it| it.region),
                    })
                    .is_none() =>
            {
                Usage::Ignored
            }
            // A field is filled for the first time there, not emptied.
            _ if matches!(place.root, Root::Instance(_)) && makes_instance(program, at.within) => Usage::Ignored,
            _ => site(parent).map_or(Usage::Read, Usage::Shrink),
        },
        Expr::Member(object, name) if object == at.id => member(program, at, parent, facts.text(name)),
        Expr::Index(object, _) if object == at.id => indexed(program, parent),
        Expr::Call(callee, args) if callee != at.id => {
            let name = match facts.expr(callee) {
                Expr::Member(_, name) | Expr::Free(name) => facts.text(name),
                Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
                _ => "",
            };
            if is_taker(name) && facts.item(args, 0) == Some(at.id) {
                return site(parent).map_or(Usage::Read, Usage::Shrink);
            }
            let known = program.edges_at(parent).any(|edge| matches!(edge.how, How::Call | How::Construct))
                || program.call_model(parent).is_some();
            if known || looks(name) { Usage::Read } else { Usage::Escape }
        }
        Expr::New(..) => {
            let known = program.edges_at(parent).next().is_some() || program.call_model(parent).is_some();
            if known { Usage::Read } else { Usage::Escape }
        }
        // `x = x.filter(...)` reads the right-hand `x`; the left one tells.
        _ => Usage::Read,
    }
}

/// Whether a field's name is read of something that nobody knows: it may be this field.
pub(super) fn may_be_used_elsewhere(program: &Program<'_>, place: &Place) -> bool {
    let (Root::Instance(_), Some(name)) = (&place.root, place.path.last()) else { return false };
    program.files().any(|file| {
        let facts = program.facts(file);
        let Some(local) = facts.names.find(*name) else { return false };
        program.index(file).members(local).any(|id| {
            let Expr::Member(object, _) = facts.expr(id) else { return false };
            let within = FnRef { file, id: program.index(file).evaluator(facts, id) };
            let it = ExprRef::new(within, id);
            let is_target = program
                .parent(it)
                .is_some_and(|parent| matches!(facts.expr(parent.id), Expr::Assign(_, target, _) if target == id));
            !is_target && program.eval(it.with(object)) == Value::Unknown
        })
    })
}

/// `response.end(JSON.stringify(report))`: whether the object that a collection is a part of goes somewhere as a whole.
pub(super) fn is_used_with_owner(program: &Program<'_>, collection: ExprRef) -> bool {
    let facts = program.facts(collection.file());
    let Expr::Member(owner, _) = facts.expr(collection.id) else { return false };
    let named = |it: &Place| !matches!(it.root, Root::Instance(_)) || !it.path.is_empty();
    let Some(owner) = program.place(collection.with(owner)).filter(named) else { return false };
    program.uses(&owner).into_iter().any(|at| {
        let facts = program.facts(at.file());
        match program.parent(at).map(|it| facts.expr(it.id)) {
            Some(Expr::Call(callee, _)) => callee != at.id,
            Some(Expr::Spread(_) | Expr::New(..)) => true,
            Some(_) => false,
            None => program.index(at.file()).exit_of(at.id).is_some(),
        }
    })
}

/// A constructor, or a method that only constructors call.
pub(super) fn makes_instance(program: &Program<'_>, f: FnRef) -> bool {
    let mut callers = program.callers(f).peekable();
    program.is_construction(f)
        || callers.peek().is_some() && callers.all(|it| it.how == How::Call && program.is_construction(it.caller))
}

/// `map.size`, `map.set(...)`, `list.length = 0`.
fn member(program: &Program<'_>, at: ExprRef, member: ExprRef, name: &str) -> Usage {
    let facts = program.facts(at.file());
    let Some(parent) = program.parent(member) else { return Usage::Read };
    if is_store(program, at, name) {
        return in_store(program, parent, member);
    }
    match facts.expr(parent.id) {
        Expr::Call(callee, _) if callee == member.id => {
            let effect = program.call_model(parent).and_then(|(model, _)| model.collection);
            match effect {
                Some(effect) if effect.grows() => Usage::Grow,
                Some(CollectionEffect::Remove) => program.site_of(parent).map_or(Usage::Read, Usage::Shrink),
                _ if TAKES.contains(&name) => program.site_of(parent).map_or(Usage::Read, Usage::Shrink),
                // Only testing for a key does not make the values useful.
                _ => Usage::Read,
            }
        }
        Expr::Assign(_, target, _) if target == member.id && name == "length" => {
            program.site_of(parent).map_or(Usage::Read, Usage::Shrink)
        }
        Expr::Delete(_) => program.site_of(parent).map_or(Usage::Read, Usage::Shrink),
        Expr::Assign(_, target, _) if target == member.id => Usage::Grow,
        Expr::Update(false, target) if target == member.id && name == "length" => {
            program.site_of(parent).map_or(Usage::Read, Usage::Shrink)
        }
        _ => Usage::Read,
    }
}

/// Whether a property of something modelled is the collection inside it: the `cache` of a memoized function.
fn is_store(program: &Program<'_>, at: ExprRef, name: &str) -> bool {
    let models = &program.rulebook.models;
    let Some(member) = program.type_of(program.eval(at)).and_then(|ty| models.member(ty, name)) else { return false };
    member.r#type.as_deref() == Some("Map")
}

/// `load.cache.clear()`; what stands in for it bounds itself, perhaps.
fn in_store(program: &Program<'_>, parent: ExprRef, member: ExprRef) -> Usage {
    let facts = program.facts(member.file());
    match facts.expr(parent.id) {
        Expr::Assign(..) => Usage::Escape,
        Expr::Member(_, name) if TAKES.contains(&facts.text(name)) => {
            program.parent(parent).and_then(|it| program.site_of(it)).map_or(Usage::Read, Usage::Shrink)
        }
        _ => Usage::Read,
    }
}

/// `object[key]`: written, deleted or read.
fn indexed(program: &Program<'_>, index: ExprRef) -> Usage {
    let facts = program.facts(index.file());
    let Some(parent) = program.parent(index) else { return Usage::Read };
    match facts.expr(parent.id) {
        Expr::Assign(_, target, value) if target == index.id => match facts.expr(value) {
            // Writing `undefined` keeps the key: no release, no growth either.
            Expr::Undefined => Usage::Ignored,
            _ => Usage::Grow,
        },
        Expr::Delete(_) => program.site_of(parent).map_or(Usage::Read, Usage::Shrink),
        Expr::Update(..) => Usage::Grow,
        _ => Usage::Read,
    }
}

/// Whether a file with a growth inside an element takes from elements too: by the name of the method, on anything that may
/// be an element.
pub(super) fn elements_are_emptied(program: &Program<'_>, grown: SiteRef, base: &Place) -> bool {
    if program.uses(base).into_iter().any(|it| matches!(classify(program, it, base), Usage::Shrink(_))) {
        return true;
    }
    let file = grown.expr.file();
    let facts = program.facts(file);
    facts.sites.iter().any(|site| {
        let (name, receiver) = match facts.expr(site.expr) {
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(object, name) => (facts.text(name), object),
                _ => return false,
            },
            _ => return false,
        };
        let within = FnRef { file, id: facts.function_of(site.region) };
        let place = program.place(ExprRef::new(within, receiver));
        let may_be = place.is_none_or(|it| {
            matches!(it.root, Root::Param(..)) || it.root == base.root || it.path.contains(&program.words.element)
        });
        (TAKES.contains(&name) || name == "filter") && may_be
    })
}

/// Whether a function of this name only looks at the collection that it is passed, or at its elements.
fn looks(name: &str) -> bool {
    const ELEMENTS: [&str; 12] =
        ["concat", "map", "filter", "find", "forEach", "write", "end", "jsonp", "freeze", "broadcast", "size", "isEmpty"];
    convention::looks(name) || ELEMENTS.contains(&name)
}
