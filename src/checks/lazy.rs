//! Removals that wait for their own key: a cache that drops what is too old only when it is asked for again.

use super::unbounded::Candidate;
use crate::facts::{BinaryOp, Expr, ExprId, RegionKind};
use crate::program::{ExprRef, How, Place, Program, SiteRef};
use crate::rulebook::Recurrence;

/// Whether a removal takes out one entry only when its own key is asked for or written again: what nobody asks for any more
/// stays, however old.
pub(super) fn is_lazy(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let Some(key) = removed_key(program, site) else { return false };
    // Unconditional, it is how entries are moved to the end of those that are evicted by age.
    let rewritten = candidates.iter().all(|it| {
        let grown = it.grow.site;
        it.grow.key.is_some_and(|other| is_same(program, key, other))
            && grown.expr.within == site.expr.within
            && start(program, site.expr) < start(program, grown.expr)
            && lies_within(program, site, grown)
            && !leaves(program, site)
    });
    rewritten || is_old(program, site) && is_asked(program, site, key)
}

/// The key of `map.delete(key)` and `delete object[key]`.
fn removed_key(program: &Program<'_>, site: SiteRef) -> Option<ExprRef> {
    let facts = program.facts(site.expr.file());
    match facts.expr(site.expr.id) {
        Expr::Call(callee, _) => {
            let named =
                matches!(facts.expr(callee), Expr::Member(_, name) if matches!(facts.text(name), "delete" | "del" | "remove"));
            program.argument(site.expr, 0).filter(|_| named)
        }
        Expr::Delete(target) => match facts.expr(target) {
            Expr::Index(_, key) => Some(site.expr.with(key)),
            _ => None,
        },
        _ => None,
    }
}

fn start(program: &Program<'_>, expr: ExprRef) -> u32 {
    program.facts(expr.file()).range(expr.id).0
}

/// Two names of one variable.
fn is_same(program: &Program<'_>, a: ExprRef, b: ExprRef) -> bool {
    let (x, y) = (program.facts(a.file()).expr(a.id), program.facts(b.file()).expr(b.id));
    a.file() == b.file() && matches!((x, y), (Expr::Ident(x), Expr::Ident(y)) if x == y)
        || program.place(a).is_some_and(|it| program.place(b) == Some(it))
}

/// Whether a site stands in a branch of the block of another one.
fn lies_within(program: &Program<'_>, inner: SiteRef, outer: SiteRef) -> bool {
    let facts = program.facts(inner.expr.file());
    let around =
        std::iter::successors(facts.regions[inner.region.index()].parent.get(), |id| facts.regions[id.index()].parent.get());
    around.into_iter().any(|it| it == outer.region)
}

/// Whether control does not go on behind the branch that a site stands in.
fn leaves(program: &Program<'_>, site: SiteRef) -> bool {
    program.facts(site.expr.file()).regions[site.region.index()].exits
}

/// Whether the age of something decides that a site runs: `if (entry.expires < Date.now())`.
fn is_old(program: &Program<'_>, site: SiteRef) -> bool {
    let facts = program.facts(site.expr.file());
    let mut at = Some(site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        if matches!(region.kind, RegionKind::Then | RegionKind::Else)
            && region.test.get().is_some_and(|it| asks_age(program, site.expr.with(it), 0))
        {
            return true;
        }
    }
    false
}

fn asks_age(program: &Program<'_>, test: ExprRef, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && asks_age(program, test.with(id), depth + 1);
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) => next(a),
        Expr::Binary(BinaryOp::Less | BinaryOp::Greater, a, b) => {
            tells_time(program, test.with(a), 0) || tells_time(program, test.with(b), 0)
        }
        _ => false,
    }
}

/// `Date.now()`, `performance.now()`, `new Date()`, and what is reckoned from them.
fn tells_time(program: &Program<'_>, expr: ExprRef, depth: u32) -> bool {
    let facts = program.facts(expr.file());
    let next = |id| depth < 6 && tells_time(program, expr.with(id), depth + 1);
    match facts.expr(expr.id) {
        Expr::Binary(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) => next(a),
        Expr::Call(callee, _) => {
            matches!(facts.expr(callee), Expr::Member(object, name) if matches!(facts.text(name), "now" | "getTime") || next(object))
        }
        Expr::New(callee, _) => matches!(facts.expr(callee), Expr::Free(name) if facts.text(name) == "Date"),
        Expr::Ident(_) => {
            let init = program.initial(expr);
            init != expr && depth < 6 && tells_time(program, init, depth + 1)
        }
        _ => false,
    }
}

/// Whether the key of a removal is one that somebody hands in and looks up: no sweep over all of them.
fn is_asked(program: &Program<'_>, site: SiteRef, key: ExprRef) -> bool {
    let f = site.expr.within;
    let facts = program.facts(f.file);
    let mut at = Some(site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        if matches!(region.kind, RegionKind::Loop(_)) {
            return false;
        }
        at = region.parent.get();
    }
    let swept = program
        .callers(f)
        .any(|it| matches!(it.how, How::Callback { recurs: Recurrence::Now | Recurrence::Tick | Recurrence::Once, .. }));
    let looked_up = program.sites(f).any(|it| {
        let Expr::Call(callee, args) = facts.expr(it.expr) else { return false };
        matches!(facts.expr(callee), Expr::Member(_, name) if matches!(facts.text(name), "get" | "has"))
            && facts.item(args, 0).is_some_and(|other| is_same(program, key, ExprRef::new(f, other)))
    });
    let indexed = || {
        facts.nodes.iter().enumerate().any(|(i, node)| match node.expr {
            Expr::Index(_, other) => {
                let it = ExprRef::new(f, ExprId(i as u32));
                facts.functions[f.id.index()].start <= node.start
                    && node.start < facts.functions[f.id.index()].end
                    && start(program, it) < start(program, site.expr)
                    && is_same(program, key, it.with(other))
            }
            _ => false,
        })
    };
    !swept && (looked_up || matches!(facts.expr(site.expr.id), Expr::Delete(_)) && indexed())
}

/// `if (ok) delete attempts[name]; else attempts[name] = ...`: an entry goes only when its own key comes again, with the other
/// outcome.
pub(super) fn takes_other_outcome(program: &Program<'_>, site: SiteRef, candidates: &[Candidate]) -> bool {
    let Some(key) = removed_key(program, site) else { return false };
    candidates.iter().all(|it| {
        let grown = it.grow.site;
        let same = it.grow.key.is_some_and(|other| is_same(program, key, other));
        same && grown.expr.within == site.expr.within && are_exclusive(program, site, grown, &it.grow.place)
    })
}

/// Whether the second site stands in the other branch of the test around the first, which does not ask for the collection.
fn are_exclusive(program: &Program<'_>, a: SiteRef, b: SiteRef, place: &Place) -> bool {
    let facts = program.facts(a.expr.file());
    let branches = |site: SiteRef| {
        let around = std::iter::successors(Some(site.region), |id| facts.regions[id.index()].parent.get());
        let branches = around.filter_map(|id| {
            let region = &facts.regions[id.index()];
            Some((region.test.get()?, region.kind)).filter(|it| matches!(it.1, RegionKind::Then | RegionKind::Else))
        });
        branches.collect::<Vec<_>>()
    };
    let others = branches(b);
    let is_other = |(test, kind): (ExprId, RegionKind)| others.iter().any(|it| it.0 == test && it.1 != kind);
    // `if (isAsked(it)) waiting[it.id] = ...; else if (isAnswer(it)) delete waiting[it.id]` is no other outcome of one thing.
    branches(a).into_iter().find(|it| !names(program, a.expr.with(it.0), place, 0)).is_some_and(is_other)
}

/// Whether a test names a collection.
fn names(program: &Program<'_>, test: ExprRef, place: &Place, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && names(program, test.with(id), place, depth + 1);
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) | Expr::Binary(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) | Expr::Call(a, _) => next(a),
        Expr::Member(object, _) | Expr::Index(object, _) => {
            program.place(test.with(object)).as_ref() == Some(place) || next(object)
        }
        Expr::Ident(_) => {
            let init = program.initial(test);
            init != test && depth < 6 && names(program, init, place, depth + 1)
        }
        _ => false,
    }
}
