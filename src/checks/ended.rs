//! Holders that are ended by the very function that registers on them: what they hold goes with them.

use super::acquisition::Acquisition;
use crate::facts::{Expr, RegionKind};
use crate::program::{ExprRef, FnRef, How, Place, Program, SiteRef, convention};
use crate::rulebook::Recurrence;

/// `child.on("exit", done); child.kill()`: whether the function around ends the holder behind the registration.
pub(super) fn ends_holder(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let Some(place) = acquired.holder(program).and_then(|it| program.place(it)) else { return false };
    let mut f = acquired.site.expr.within;
    while !f.is_module() {
        if program
            .sites(f)
            .any(|site| ends(program, SiteRef { expr: ExprRef::new(f, site.expr), region: site.region }, acquired, &place))
        {
            return true;
        }
        // A promise's executor runs in the call that makes the promise.
        let runs_now = |edge: &crate::program::Edge| matches!(edge.how, How::Callback { recurs: Recurrence::Now, .. });
        let around = program.facts(f.file).functions[f.id.index()].parent.get();
        match around.filter(|_| program.callers(f).any(runs_now)) {
            Some(id) => f = FnRef { file: f.file, id },
            None => return false,
        }
    }
    false
}

/// Whether a call ends a holder, or what it is a part of, whenever the function goes on.
fn ends(program: &Program<'_>, at: SiteRef, acquired: &Acquisition<'_>, holder: &Place) -> bool {
    let facts = program.facts(at.expr.file());
    let Expr::Call(callee, _) = facts.expr(at.expr.id) else { return false };
    let Expr::Member(object, name) = facts.expr(callee) else { return false };
    if !convention::ends(facts.text(name)) || program.span(at.expr).start < program.span(acquired.site.expr).start {
        return false;
    }
    let is_it = |it: &Place| it.root == holder.root && holder.path.starts_with(&it.path);
    let Some(ended) = program.place(at.expr.with(object)).filter(is_it) else { return false };
    std::iter::successors(Some(at.region), |id| facts.regions[id.index()].parent.get()).all(|id| {
        let region = &facts.regions[id.index()];
        match region.kind {
            RegionKind::Body | RegionKind::Try | RegionKind::Finally => true,
            RegionKind::Then | RegionKind::Else => {
                region.test.get().is_some_and(|test| asks_of(program, at.expr.with(test), &ended, 0))
                    || facts.encloses(id, acquired.site.region)
            }
            _ => facts.encloses(id, acquired.site.region),
        }
    })
}

/// `client`, `!client.closed`, `client && client.connected`: a test of nothing but the holder.
fn asks_of(program: &Program<'_>, test: ExprRef, place: &Place, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| depth < 6 && asks_of(program, test.with(id), place, depth + 1);
    match facts.expr(test.id) {
        Expr::Logical(_, a, b) => next(a) && next(b),
        Expr::Binary(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) => next(a),
        _ => program.place(test).is_some_and(|it| it.root == place.root && it.path.starts_with(&place.path)),
    }
}
