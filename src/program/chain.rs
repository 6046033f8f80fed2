//! Chains of timers: a callback that leads to the `setTimeout` that it came from runs again and again.

use super::Program;
use super::calls::{Edge, How};
use super::rate::Quality;
use super::refs::FnRef;
use crate::facts::{Expr, FnId, RegionKind, UnaryOp};
use crate::rulebook::Recurrence;
use rustc_hash::FxHashSet;

/// Functions that are searched for the way back.
const MAX_FUNCTIONS: usize = 200;

impl Program<'_> {
    /// How well it is known that a callback arms its own timer again; `None` if it is not a timer's, or does not.
    pub(super) fn rearmed(&self, index: u32) -> Option<Quality> {
        let edge = &self.edges[index as usize];
        if !matches!(edge.how, How::Callback { recurs: Recurrence::Once, .. }) || !self.is_timer(edge) {
            return None;
        }
        self.leads_to(edge).then(|| self.armed_quality(edge))
    }

    fn is_timer(&self, edge: &Edge) -> bool {
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
        let (Expr::Free(name) | Expr::Member(_, name)) = facts.expr(callee) else { return false };
        facts.sym(name) == self.words.set_timeout
    }

    /// Whether the callback calls its way back to the function that armed the timer.
    fn leads_to(&self, edge: &Edge) -> bool {
        let mut seen = FxHashSet::default();
        let mut open = vec![edge.callee];
        while let Some(f) = open.pop() {
            if f == edge.caller {
                return true;
            }
            if seen.len() > MAX_FUNCTIONS || f.id == FnId::MODULE || !seen.insert(f) {
                continue;
            }
            let on_way = self
                .callees(f)
                .filter(|it| matches!(it.how, How::Call | How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. }));
            open.extend(on_way.map(|it| it.callee));
        }
        false
    }

    /// Armed on every way, or unless a flag says to stop: it goes on. Under any other test it may be one more attempt.
    fn armed_quality(&self, edge: &Edge) -> Quality {
        if self.answers_failure(edge.caller) {
            return Quality::Inferred;
        }
        let facts = self.facts(edge.site.expr.file());
        let mut at = Some(edge.site.region);
        while let Some(id) = at {
            let region = &facts.regions[id.index()];
            at = region.parent.get();
            let goes_on = match region.kind {
                RegionKind::Body | RegionKind::Try | RegionKind::Finally => true,
                RegionKind::Then => {
                    matches!(region.test.get().map(|it| facts.expr(it)), Some(Expr::Unary(UnaryOp::Not, flag)) if is_flag(facts.expr(flag)))
                }
                RegionKind::Else => region.test.get().is_some_and(|it| is_flag(facts.expr(it))),
                RegionKind::Nullish | RegionKind::Loop(_) | RegionKind::Catch | RegionKind::Case => false,
            };
            if !goes_on {
                return Quality::Inferred;
            }
        }
        Quality::Shaped
    }

    /// `.catch(error => ...)`: whether a function runs only where something has failed.
    fn answers_failure(&self, f: FnRef) -> bool {
        let mut callers = self.callers(f).peekable();
        callers.peek().is_some()
            && callers.all(|edge| {
                let facts = self.facts(edge.site.expr.file());
                let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
                matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "catch")
            })
    }
}

/// A name or a field by itself.
fn is_flag(expr: Expr) -> bool {
    matches!(expr, Expr::Ident(_) | Expr::Member(..))
}
