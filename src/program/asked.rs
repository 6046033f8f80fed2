//! What a site asks of the callers of its function: under `if (options.watch)` it runs for those alone who may have passed
//! such options.

use super::calls::{Edge, How};
use super::rate::{Quality, Rate, Rated, Witness};
use super::refs::{BindingRef, ExprRef, FnRef, SiteRef};
use super::{MAX_DEPTH, Program};
use crate::facts::{BindingKind, Expr, ExprId, LogicalOp, RegionKind, Sym, UnaryOp};
use crate::rulebook::Recurrence;

/// Closures that a site is looked at through.
const MAX_UP: usize = 6;

/// A parameter that must be there for a site to run, perhaps with a property.
struct Asked {
    f: FnRef,
    n: u16,
    property: Option<Sym>,
}

impl Program<'_> {
    /// How often a site runs when only those callers count that pass what the tests around it ask for; `None` if nothing
    /// that repeats does.
    pub fn asked_rate(&self, site: SiteRef, rated: Rated) -> Option<Rated> {
        match self.asked_of_callers(site) {
            Some((f, asked)) => self.rate_of_those(f, &asked, rated),
            None => Some(rated),
        }
    }

    /// Whether a call may pass what the tests around a site of the called function ask for.
    pub fn passes_tests(&self, call: SiteRef, site: SiteRef) -> bool {
        let Some((f, asked)) = self.asked_of_callers(site) else { return true };
        let mut edges = self.edges_at(call.expr).filter(|edge| edge.callee == f && edge.how == How::Call).peekable();
        edges.peek().is_none() || edges.any(|edge| asked.iter().all(|it| self.may_meet(it, edge)))
    }

    /// The function around a site whose parameters the tests there ask for, with nothing between the two that repeats.
    fn asked_of_callers(&self, site: SiteRef) -> Option<(FnRef, Vec<Asked>)> {
        let (mut at, mut asked) = (site, Vec::new());
        for _ in 0..MAX_UP {
            let f = at.expr.within;
            self.asked_at(at, &mut asked);
            if asked.iter().any(|it: &Asked| it.f == f) {
                asked.retain(|it| it.f == f);
                return Some((f, asked));
            }
            let again = |edge: &Edge| matches!(edge.how, How::Callback { recurs, .. } if !matches!(recurs, Recurrence::Now | Recurrence::Once));
            let around = self.facts(f.file).functions[f.id.index()];
            let (parent, expr) = (around.parent.get()?, around.expr.get()?);
            if asked.is_empty() || self.callers(f).any(again) {
                return None;
            }
            let region = self.index(f.file).region_of(self.facts(f.file), expr)?;
            at = SiteRef { expr: ExprRef::new(FnRef { file: f.file, id: parent }, expr), region };
        }
        None
    }

    /// The rate of a function by the calls that pass what is asked for.
    fn rate_of_those(&self, f: FnRef, asked: &[Asked], rated: Rated) -> Option<Rated> {
        let calls: Vec<&Edge> = self.callers(f).collect();
        let all_known = calls.iter().all(|edge| edge.how == How::Call) && !self.entries_of.contains_key(&f);
        let (met, missed): (Vec<&Edge>, Vec<&Edge>) =
            calls.iter().partition(|edge| asked.iter().all(|it| self.may_meet(it, edge)));
        if !all_known || missed.is_empty() {
            return Some(rated);
        }
        let offered = Rated { rate: Rate::Api, recurs: Recurrence::Call, quality: Quality::Inferred, witness: Witness::Offered };
        let looped = met.iter().any(|edge| self.endless_loop(edge.site).is_some());
        match met.iter().filter_map(|edge| self.rate(edge.caller)).max_by_key(Rated::rank) {
            _ if looped => Some(rated),
            Some(best) => (best.rate > Rate::Once).then_some(best),
            // Nothing here passes it: somebody outside does.
            None => Some(offered),
        }
    }

    /// What the tests around a site ask for, within its function.
    fn asked_at(&self, site: SiteRef, found: &mut Vec<Asked>) {
        let facts = self.facts(site.expr.file());
        let mut at = Some(site.region);
        while let Some(id) = at {
            let region = &facts.regions[id.index()];
            at = region.parent.get();
            let outcome = match region.kind {
                RegionKind::Then => true,
                RegionKind::Else => false,
                _ => continue,
            };
            if let Some(test) = region.test.get() {
                self.asked_by(site.expr.with(test), outcome, 0, found);
            }
        }
    }

    fn asked_by(&self, test: ExprRef, outcome: bool, depth: u32, found: &mut Vec<Asked>) {
        let facts = self.facts(test.file());
        let mut next = |id: ExprId, outcome| self.asked_by(test.with(id), outcome, depth + 1, found);
        match facts.expr(test.id) {
            _ if depth > MAX_DEPTH => {}
            Expr::Unary(UnaryOp::Not, inner) => next(inner, !outcome),
            Expr::Logical(op, a, b) if (op == LogicalOp::And) == outcome && op != LogicalOp::Nullish => {
                next(a, outcome);
                next(b, outcome);
            }
            Expr::Ident(_) if outcome => found.extend(self.asked(test, None)),
            Expr::Member(object, name) if outcome => found.extend(self.asked(test.with(object), Some(facts.sym(name)))),
            _ => {}
        }
    }

    /// A parameter that stays what was passed, or is made empty.
    fn asked(&self, expr: ExprRef, property: Option<Sym>) -> Option<Asked> {
        let facts = self.facts(expr.file());
        let Expr::Ident(id) = facts.expr(expr.id) else { return None };
        let binding = BindingRef { file: expr.file(), id };
        let it = &facts.bindings[id.index()];
        let BindingKind::Param(n) = it.kind else { return None };
        let writes = self.tables.writes.get(&binding).map_or(&[][..], Vec::as_slice);
        let kept = writes.len() == it.writes as usize && writes.iter().all(|it| self.is_empty_value(it.value));
        let has_default = it.init.get().is_some();
        (kept && !has_default && self.is_whole_param(binding)).then_some(Asked {
            f: FnRef { file: expr.file(), id: it.function },
            n,
            property,
        })
    }

    /// Whether a call may pass what is asked for.
    fn may_meet(&self, asked: &Asked, edge: &Edge) -> bool {
        let facts = self.facts(edge.site.expr.file());
        let (Expr::Call(_, args) | Expr::New(_, args)) = facts.expr(edge.site.expr.id) else { return true };
        if facts.list(args).any(|it| matches!(facts.expr(it), Expr::Spread(_))) {
            return true;
        }
        let Some(arg) = facts.item(args, u32::from(asked.n) as usize) else { return false };
        let value = self.initial(edge.site.expr.with(arg));
        let facts = self.facts(value.file());
        match (facts.expr(value.id), asked.property) {
            _ if self.is_empty_value(value) => false,
            (Expr::Function(_) | Expr::Str(_) | Expr::Number(_) | Expr::Bool(_), Some(_)) => false,
            (Expr::Object { .. }, Some(name)) => !self.leaves_out(value, &[name]),
            _ => true,
        }
    }
}
