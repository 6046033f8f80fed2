//! Once-guards: tests of a slot that is still empty, around code that fills it.
//!
//! `if (this.timer) return`, `if (!started) { started = true; ... }`, `x ??= ...`: the guarded code runs once per owner of
//! the slot, however often the function is called (`FALSE-ALARMS.md` row 9 calls this the second most useful inference).

use super::refs::{ExprRef, FnRef, Shape, SiteRef};
use super::{Fresh, Place, Program, Root};
use crate::facts::{AssignOp, BinaryOp, Expr, ExprId, LogicalOp, RegionId, RegionKind, UnaryOp};

/// What a once-guard reduces a repetition to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Once per program.
    Program,
    /// Once per instance of a shape.
    Instance(Shape),
    /// Once per call of a function.
    Call(FnRef),
    /// Once per key of a collection.
    Key,
}

impl Program<'_> {
    /// The strongest once-guard around a site.
    pub fn once_guard(&self, site: SiteRef) -> Option<Guard> {
        self.guard_where(site, &|_| true)
    }

    /// `if (state === READY) { state = SENT; ... }`: whether a site runs once for each state that leads there.
    pub fn moves_on(&self, site: SiteRef) -> bool {
        let facts = self.facts(site.expr.file());
        std::iter::successors(Some(site.region), |id| facts.regions[id.index()].parent.get()).any(|id| {
            let region = &facts.regions[id.index()];
            let test = region.test.get().filter(|_| region.kind == RegionKind::Then);
            test.is_some_and(|it| self.leaves_state(site.expr.with(it), site, id, 0))
        })
    }

    /// Whether something else is put into what the test of a region compares, wherever the site in it is reached.
    fn leaves_state(&self, test: ExprRef, site: SiteRef, region: RegionId, depth: u32) -> bool {
        let facts = self.facts(test.file());
        let next = |id| depth < 6 && self.leaves_state(test.with(id), site, region, depth + 1);
        match facts.expr(test.id) {
            Expr::Logical(LogicalOp::And, a, b) => next(a) || next(b),
            Expr::Binary(BinaryOp::Equal, state, _) => self.place(test.with(state)).is_some_and(|state| {
                let beside = |at: SiteRef| {
                    let same = at.expr.within == site.expr.within;
                    same && facts.encloses(region, at.region) && facts.encloses(at.region, site.region)
                };
                self.tables.writes_to(&state).iter().any(|it| it.site.is_some_and(beside))
            }),
            _ => false,
        }
    }

    /// Whether a site stands in a region of its own: in the body of a function nothing guards it.
    pub(super) fn is_conditional(&self, site: SiteRef) -> bool {
        self.facts(site.expr.file()).regions[site.region.index()].parent.get().is_some()
    }

    /// Whether a test around a site asks how many listeners there are: it adds none if there is one.
    pub fn counts_listeners(&self, site: SiteRef) -> bool {
        let facts = self.facts(site.expr.file());
        let mut at = Some(site.region);
        while let Some(id) = at {
            let region = &facts.regions[id.index()];
            at = region.parent.get();
            if matches!(region.kind, RegionKind::Then | RegionKind::Else)
                && region.test.get().is_some_and(|it| self.asks_listeners(site.expr.with(it), 0))
            {
                return true;
            }
        }
        false
    }

    fn asks_listeners(&self, test: ExprRef, depth: u32) -> bool {
        let facts = self.facts(test.file());
        let next = |id| depth < 6 && self.asks_listeners(test.with(id), depth + 1);
        match facts.expr(test.id) {
            Expr::Unary(_, a) => next(a),
            Expr::Binary(_, a, b) | Expr::Logical(_, a, b) => next(a) || next(b),
            Expr::Member(object, _) => next(object),
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(object, name) => {
                    matches!(facts.text(name), "listenerCount" | "listeners" | "rawListeners" | "hasListeners" | "eventNames")
                        || next(object)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `if (x) { ...; x = null }`: once per value of `x`, which only its owner fills.
    fn taken_guard(&self, site: SiteRef, region: RegionId) -> Option<Guard> {
        let facts = self.facts(site.expr.file());
        let it = &facts.regions[region.index()];
        let slot = match (it.kind, facts.expr(it.test.get()?)) {
            (RegionKind::Then, Expr::Ident(_)) => it.test,
            (RegionKind::Else, Expr::Unary(UnaryOp::Not, inner)) if matches!(facts.expr(inner), Expr::Ident(_)) => inner,
            _ => return None,
        };
        let place = self.place(site.expr.with(slot))?;
        let (Root::Binding(binding), []) = (&place.root, place.path.as_slice()) else { return None };
        if binding.file != site.expr.file() {
            return None;
        }
        let owner = FnRef { file: binding.file, id: facts.bindings[binding.id.index()].function };
        let writes = self.tables.writes.get(binding)?;
        let (empty, full): (Vec<&super::Write>, Vec<&super::Write>) = writes.iter().partition(|it| self.is_empty_value(it.value));
        let taken = empty.iter().any(|it| it.site.is_some_and(|at| at.region == region && at.expr.within == site.expr.within));
        let by_owner = full.iter().all(|it| it.site.is_some_and(|at| at.expr.within == owner && self.endless_loop(at).is_none()));
        (taken && by_owner && owner != site.expr.within).then(|| match self.fresh_of(&place, site.expr.within) {
            Fresh::Program => Guard::Program,
            _ => Guard::Call(owner),
        })
    }

    fn guard_where(&self, site: SiteRef, accept: &dyn Fn(&Place) -> bool) -> Option<Guard> {
        let facts = self.facts(site.expr.file());
        let mut best = None;
        let mut at = Some(site.region);
        while let Some(id) = at {
            let region = &facts.regions[id.index()];
            at = region.parent.get();
            best = best.or_else(|| self.taken_guard(site, id));
            let empty_when = match region.kind {
                RegionKind::Then => true,
                RegionKind::Else => false,
                RegionKind::Nullish => false,
                _ => continue,
            };
            let Some(test) = region.test.get() else { continue };
            for slot in self.empty_slots(site.expr.with(test), empty_when, 0) {
                if let Some(guard) = self.guard_of(slot, site, accept) {
                    best = match (best, guard) {
                        (Some(Guard::Program), _) | (_, Guard::Program) => Some(Guard::Program),
                        (None, guard) | (Some(Guard::Key), guard) => Some(guard),
                        (best, _) => best,
                    };
                }
            }
        }
        best
    }

    /// The strongest once-guard around a site whose slot nothing empties again: a lock that is given back guards nothing.
    pub(super) fn lasting_guard(&self, site: SiteRef) -> Option<Guard> {
        self.guard_where(site, &|place| !self.is_emptied(place))
    }

    /// Whether something other than a declaration or constructor writes an empty value to a place.
    fn is_emptied(&self, place: &Place) -> bool {
        let empties = |it: &super::Write| {
            it.site.is_some_and(|site| !site.expr.within.is_module() && !self.is_construction(site.expr.within))
                && self.is_empty_value(it.value)
        };
        self.tables.writes_to(place).iter().any(empties)
    }

    /// The slots that are known to be empty when a test comes out as `outcome`.
    pub(super) fn empty_slots(&self, test: ExprRef, outcome: bool, depth: u32) -> Vec<ExprRef> {
        let facts = self.facts(test.file());
        if depth > 8 {
            return Vec::new();
        }
        let next = |id: ExprId, outcome| self.empty_slots(test.with(id), outcome, depth + 1);
        match facts.expr(test.id) {
            Expr::Unary(UnaryOp::Not, inner) => next(inner, !outcome),
            Expr::Logical(LogicalOp::And, a, b) if outcome => [next(a, true), next(b, true)].concat(),
            Expr::Logical(LogicalOp::Or, a, b) if !outcome => [next(a, false), next(b, false)].concat(),
            // One of the two is empty: good enough for a slot that is filled right behind the test.
            Expr::Logical(LogicalOp::Or, a, b) => [next(a, true), next(b, true)].concat(),
            // `client && client.isOpen`: empty, or full of what is over.
            Expr::Logical(LogicalOp::And, a, b) if self.asks_state(test.with(b), test.with(a), 0) => next(a, false),
            Expr::Binary(op @ (BinaryOp::Equal | BinaryOp::NotEqual), a, b) => {
                let equal = op == BinaryOp::Equal;
                // `seen.has(socket) === false` is `!seen.has(socket)`.
                if let Expr::Bool(asked) = facts.expr(b)
                    && matches!(facts.expr(a), Expr::Call(..))
                {
                    return next(a, asked == (equal == outcome));
                }
                let is_empty = |id| self.is_empty_value(test.with(id));
                match (is_empty(a), is_empty(b)) {
                    (_, true) if equal == outcome => vec![test.with(self.untyped(test, a))],
                    (true, _) if equal == outcome => vec![test.with(self.untyped(test, b))],
                    // `count === 1`, `state !== "started"`: a value that the guarded code moves on from.
                    (false, false) if !outcome || !equal => vec![test.with(a), test.with(b)],
                    _ => Vec::new(),
                }
            }
            Expr::Call(callee, args) if !outcome => match facts.expr(callee) {
                Expr::Member(object, name) if matches!(facts.text(name), "has" | "includes" | "get") => vec![test.with(object)],
                Expr::Member(_, name) if facts.text(name) == "isArray" => {
                    facts.item(args, 0).map(|it| test.with(it)).into_iter().collect()
                }
                _ => Vec::new(),
            },
            Expr::Binary(BinaryOp::In, _, object) if !outcome => vec![test.with(object)],
            Expr::Assign(_, target, _) if !outcome => next(target, false),
            Expr::Ident(_) | Expr::Member(..) | Expr::Index(..) if !outcome => vec![test],
            _ => Vec::new(),
        }
    }

    /// Whether a test asks something of what a slot holds.
    fn asks_state(&self, test: ExprRef, slot: ExprRef, depth: u32) -> bool {
        let facts = self.facts(test.file());
        let next = |id| depth < 6 && self.asks_state(test.with(id), slot, depth + 1);
        match facts.expr(test.id) {
            Expr::Unary(_, a) | Expr::Call(a, _) => next(a),
            Expr::Binary(_, a, b) | Expr::Logical(_, a, b) => next(a) || next(b),
            Expr::Member(object, _) => {
                self.place(test.with(object)).is_some_and(|it| self.place(slot) == Some(it)) || next(object)
            }
            _ => false,
        }
    }

    pub(super) fn is_empty_value(&self, expr: ExprRef) -> bool {
        let facts = self.facts(expr.file());
        match facts.expr(expr.id) {
            Expr::Undefined | Expr::Null | Expr::Bool(false) => true,
            Expr::Number(n) => facts.numbers[n as usize] == 0.0,
            Expr::Str(name) => matches!(facts.text(name), "undefined" | ""),
            _ => false,
        }
    }

    /// `typeof x === "undefined"` tests `x`.
    fn untyped(&self, test: ExprRef, id: ExprId) -> ExprId {
        match self.facts(test.file()).expr(id) {
            Expr::Unary(UnaryOp::TypeOf, inner) => inner,
            _ => id,
        }
    }

    /// What a slot guards: it must be filled somewhere in the same file, and its owner decides.
    fn guard_of(&self, slot: ExprRef, site: SiteRef, accept: &dyn Fn(&Place) -> bool) -> Option<Guard> {
        let place = self.place(slot)?;
        let element = self.words.element;
        let is_collection = matches!(self.facts(slot.file()).expr(slot.id), Expr::Index(..)) || place.path.contains(&element);
        let (file, from) = (site.expr.file(), site.expr.within);
        if is_collection || self.is_membership(slot, site) || self.is_looked_up(slot) {
            return Some(Guard::Key);
        }
        if !self.is_filled(&place, file) || !accept(&place) {
            return None;
        }
        match self.fresh_of(&place, from) {
            Fresh::Program => Some(Guard::Program),
            Fresh::Instance(shape) => Some(Guard::Instance(shape)),
            Fresh::Call(f) if f != from => Some(Guard::Call(f)),
            _ => None,
        }
    }

    /// `let it = made.get(key); if (it) return it; it = make(key)`.
    fn is_looked_up(&self, slot: ExprRef) -> bool {
        let facts = self.facts(slot.file());
        let Expr::Ident(id) = facts.expr(slot.id) else { return false };
        let init = facts.bindings[id.index()].init.get().map(|init| facts.expr(init));
        let looks_up = |name| ["get", "find", "lookup"].iter().any(|it| facts.text(name).starts_with(it));
        matches!(init, Some(Expr::Call(callee, _)) if matches!(facts.expr(callee), Expr::Member(_, name) if looks_up(name)))
    }

    fn is_membership(&self, slot: ExprRef, _site: SiteRef) -> bool {
        let facts = self.facts(slot.file());
        let index = self.index(slot.file());
        match index.parent(slot.id) {
            super::Use::In(parent) => match facts.expr(parent) {
                Expr::Member(_, name) => matches!(facts.text(name), "has" | "includes" | "get"),
                Expr::Binary(BinaryOp::In, _, object) => object == slot.id,
                _ => false,
            },
            super::Use::Top => false,
        }
    }

    /// Whether a file writes something that is not empty to a place.
    fn is_filled(&self, place: &Place, file: crate::text::FileId) -> bool {
        let fills = |writes: &Vec<super::Write>| {
            writes.iter().any(|it| it.site.is_some_and(|site| site.expr.file() == file) && !self.is_empty_value(it.value))
        };
        match (&place.root, place.path.as_slice()) {
            (Root::Binding(binding), []) => self.tables.writes.get(binding).is_some_and(fills),
            (Root::Instance(shape), [name]) => self.tables.fields.get(&(*shape, *name)).is_some_and(fills),
            (Root::Static(shape), [name]) => self.tables.statics.get(&(*shape, *name)).is_some_and(fills),
            (Root::Global(name), []) => self.tables.globals.get(name).is_some_and(fills),
            (_, [.., name]) => self.writes_member(file, *name),
            _ => false,
        }
    }

    /// `x.name = ...` anywhere in a file.
    fn writes_member(&self, file: crate::text::FileId, name: crate::facts::Sym) -> bool {
        let facts = self.facts(file);
        facts.sites.iter().any(|site| match facts.expr(site.expr) {
            Expr::Assign(AssignOp::Set | AssignOp::Or | AssignOp::Nullish, target, value) => {
                matches!(facts.expr(target), Expr::Member(_, it) if facts.sym(it) == name)
                    && !matches!(facts.expr(value), Expr::Null | Expr::Undefined | Expr::Bool(false))
            }
            _ => false,
        })
    }
}
