//! Ways through a function, as its regions tell them: whether what has been handed in is dealt with on each.

use crate::facts::{Expr, ExprId, RegionId, RegionKind};
use crate::program::{ExprRef, FnRef, Program};
use rustc_hash::FxHashSet;

/// Calls that end a request or throw an answer away, whatever they are called on.
const ENDS: [&str; 5] = ["abort", "destroy", "resume", "cancel", "dump"];

/// A test of a function's first parameter, one outcome of which leads past all that takes the parameter.
pub(super) fn unread_branch(program: &Program<'_>, f: FnRef, taken: &[ExprRef]) -> Option<ExprRef> {
    let facts = program.facts(f.file);
    let dealt = taken.iter().map(|it| (it.file() == f.file).then(|| region_in(program, f, *it)).flatten());
    let mut dealt: FxHashSet<RegionId> = dealt.collect::<Option<_>>()?;
    dealt.extend(program.sites(f).filter_map(|site| {
        let Expr::Call(callee, _) = facts.expr(site.expr) else { return None };
        matches!(facts.expr(callee), Expr::Member(_, name) if ENDS.contains(&facts.text(name))).then_some(site.region)
    }));
    let regions = (0..facts.regions.len() as u32).map(RegionId).filter(|it| facts.function_of(*it) == f.id).collect();
    let mut ways = Ways { program, f, regions, dealt, missed: None };
    let is_dealt = ways.through(facts.functions[f.id.index()].body);
    ways.missed.filter(|_| !is_dealt).map(|it| ExprRef::new(f, it))
}

/// The region of a function in which an expression, or the closure that it stands in, is evaluated.
fn region_in(program: &Program<'_>, f: FnRef, expr: ExprRef) -> Option<RegionId> {
    let facts = program.facts(f.file);
    let mut at = expr;
    while at.within != f {
        let function = &facts.functions[at.within.id.index()];
        at = ExprRef::new(FnRef { file: f.file, id: function.parent.get()? }, function.expr.get()?);
    }
    program.index(f.file).region_of(facts, at.id)
}

struct Ways<'p, 'a> {
    program: &'p Program<'a>,
    f: FnRef,
    regions: Vec<RegionId>,
    dealt: FxHashSet<RegionId>,
    missed: Option<ExprId>,
}

impl Ways<'_, '_> {
    /// Whether each way through a region passes one of those that deal with the parameter. Tests of other things count for
    /// the better of their outcomes.
    fn through(&mut self, region: RegionId) -> bool {
        let facts = self.program.facts(self.f.file);
        if self.dealt.contains(&region) || self.throws(region) {
            return true;
        }
        let inside: Vec<RegionId> =
            self.regions.iter().copied().filter(|it| facts.regions[it.index()].parent == region).collect();
        let mut done = FxHashSet::default();
        for &branch in &inside {
            let it = &facts.regions[branch.index()];
            let Some(test) = it.test.get().filter(|_| matches!(it.kind, RegionKind::Then | RegionKind::Else)) else {
                if self.through(branch) {
                    return true;
                }
                continue;
            };
            if !done.insert(test) {
                continue;
            }
            let sides: Vec<RegionId> = inside.iter().copied().filter(|it| facts.regions[it.index()].test == test).collect();
            let passed = sides.iter().filter(|it| self.through(**it)).count();
            if passed == 2 || passed == 1 && !self.looks_at_param(test, 0) {
                return true;
            }
            if passed == 1 {
                self.missed.get_or_insert(test);
            }
        }
        false
    }

    fn throws(&self, region: RegionId) -> bool {
        let exits = self.program.exits(self.f);
        self.program.facts(self.f.file).regions[region.index()].exits
            && exits.filter(|it| it.region == region).any(|it| it.is_throw)
    }

    fn looks_at_param(&self, test: ExprId, depth: u32) -> bool {
        let facts = self.program.facts(self.f.file);
        let param = self.program.param_binding(self.f, 0);
        let next = |id| depth < 8 && self.looks_at_param(id, depth + 1);
        match facts.expr(test) {
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                param.is_some_and(|it| it.id == id) || binding.init.get().is_some_and(next)
            }
            Expr::Logical(_, a, b) | Expr::Binary(_, a, b) => next(a) || next(b),
            Expr::Unary(_, a) | Expr::Member(a, _) | Expr::Index(a, _) => next(a),
            _ => false,
        }
    }
}
