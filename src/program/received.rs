//! Tokens that a callback receives: `pool.getConnection((error, connection) => ...)`, `pool.connect().then((client) => ...)`.

use super::Program;
use super::calls::Edge;
use super::refs::{ExprRef, FnRef, SiteRef};
use crate::facts::{Expr, RegionId, RegionKind};

impl Program<'_> {
    /// Whether a callback receives what a call acquires.
    pub(super) fn receives(&self, acquired: SiteRef, edge: &Edge) -> bool {
        if edge.site.expr == acquired.expr {
            let acquire = self.call_model(acquired.expr).and_then(|(model, _)| model.acquire.as_ref());
            return acquire.is_some_and(|it| !it.given.is_empty());
        }
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
        let of = matches!(facts.expr(callee), Expr::Member(object, _) if edge.site.expr.with(object) == acquired.expr);
        of && self.is_then(edge.site.expr)
    }

    /// A way out of the function of a release on which no release runs. Where the receiving callback tests the parameters
    /// before the token for an error, it received none.
    pub(super) fn left_early(&self, receiver: FnRef, release: SiteRef, releases: &[SiteRef]) -> Option<String> {
        let within = release.expr.within;
        let own: Vec<SiteRef> = releases.iter().copied().filter(|it| it.expr.within == within).collect();
        if own.iter().any(|it| self.in_finally(*it)) {
            return None;
        }
        let facts = self.facts(within.file);
        let body = facts.functions[within.id.index()].body;
        let start = |site: &SiteRef| facts.nodes[site.expr.id.index()].start;
        let early = self.exits(within).filter(|it| !it.is_throw).any(|exit| {
            let end = self.end_of(exit.value, release).max(exit.start);
            let released = own.iter().any(|it| start(it) <= end && facts.encloses(it.region, exit.region));
            let untold = within != receiver || !self.tells_error(receiver, exit.region);
            !released && untold
        });
        if early {
            return Some("an early return goes past it".into());
        }
        self.skips(within.file, body, &own).then(|| "it runs on some paths only".into())
    }

    /// Whether a region stands under a test of a parameter but the last.
    fn tells_error(&self, f: FnRef, region: RegionId) -> bool {
        let facts = self.facts(f.file);
        let count = facts.params(f.id).len();
        let params = (0..count.saturating_sub(1)).filter_map(|n| self.param_binding(f, n));
        let uses: Vec<ExprRef> = params.flat_map(|it| self.binding_uses(it)).collect();
        let mut at = Some(region);
        while let Some(id) = at {
            let it = &facts.regions[id.index()];
            if let Some(test) = it.test.get().filter(|_| matches!(it.kind, RegionKind::Then | RegionKind::Else)) {
                let (from, to) = facts.range(test);
                if uses.iter().any(|it| (from..to).contains(&facts.range(it.id).0)) {
                    return true;
                }
            }
            at = it.parent.get();
        }
        false
    }
}
