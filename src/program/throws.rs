//! Ways out by exception: an `await` between taking and giving back that may throw, with nobody to catch it.

use super::refs::{ExprRef, SiteRef};
use super::{Program, Use};
use crate::facts::{Expr, ExprId, RegionId, RegionKind};

impl Program<'_> {
    /// Why an exception between an acquisition and its releases in the same function goes past them, if one can.
    pub(super) fn throws_between(&self, acquired: SiteRef, releases: &[SiteRef]) -> Option<String> {
        let facts = self.facts(acquired.expr.file());
        let start = |id: ExprId| facts.nodes[id.index()].start;
        let first = releases.iter().map(|it| start(it.expr.id)).min()?;
        let taken = facts.range(self.settled(acquired.expr)).1;
        let exposed = self.sites(acquired.expr.within).any(|site| {
            let Expr::Await(value) = facts.expr(site.expr) else { return false };
            let between = start(site.expr) >= taken && facts.range(site.expr).1 <= first;
            between && !self.is_handled(acquired.expr.with(value)) && !self.is_caught(acquired, site.region, releases)
        });
        exposed.then(|| "an error before it goes past it".to_owned())
    }

    /// The expression that is done when a call is: its own `await` takes part in acquiring.
    fn settled(&self, call: ExprRef) -> ExprId {
        match self.index(call.file()).parent(call.id) {
            Use::In(parent) if matches!(self.facts(call.file()).expr(parent), Expr::Await(_)) => parent,
            _ => call.id,
        }
    }

    /// `await x.catch(...)` does not throw.
    fn is_handled(&self, value: ExprRef) -> bool {
        let facts = self.facts(value.file());
        let Expr::Call(callee, _) = facts.expr(value.id) else { return false };
        matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "catch")
    }

    /// Whether a `try` around a region leads to one of the releases: they stand behind it, or in its `catch`.
    fn is_caught(&self, site: SiteRef, region: RegionId, releases: &[SiteRef]) -> bool {
        let facts = self.facts(site.expr.file());
        let inside = |outer, inner| facts.encloses(outer, inner);
        let mut at = Some(region);
        while let Some(id) = at {
            let it = &facts.regions[id.index()];
            if it.kind == RegionKind::Try {
                let catch = self.catch_of(site, id);
                let behind = releases.iter().any(|it| !inside(id, it.region));
                let leaves = catch.is_some_and(|it| facts.regions[it.index()].exits);
                let catches = catch.is_some_and(|catch| releases.iter().any(|it| inside(catch, it.region)));
                if catches || behind && !leaves && catch.is_some() {
                    return true;
                }
            }
            at = it.parent.get();
        }
        false
    }

    /// The `catch` clause of a `try`.
    fn catch_of(&self, site: SiteRef, tried: RegionId) -> Option<RegionId> {
        let facts = self.facts(site.expr.file());
        let of = &facts.regions[tried.index()];
        let catches = facts.regions.iter().enumerate().filter(|(_, it)| {
            it.kind == RegionKind::Catch && it.function == of.function && it.parent == of.parent && it.start > of.start
        });
        catches.min_by_key(|(_, it)| it.start).map(|(i, _)| RegionId(i as u32))
    }
}
