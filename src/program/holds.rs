//! Holders: what an expression that holds may be, how fresh each is, and which call handed it in.

use super::calls::How;
use super::depth::Depth;
use super::refs::{BindingRef, ExprRef, FnRef, SiteRef};
use super::{Fresh, Hold, Place, Program, Root, Value};
use crate::facts::{BindingKind, Expr, ExprId, LogicalOp, Sym};
use crate::rulebook::Lifetime;

/// Calls that a holder is followed up through.
const MAX_UP: u32 = 4;

/// Names of what is handed in to be used by many.
const SERVICES: [&str; 9] = ["store", "bus", "eventBus", "queue", "broker", "hub", "pubsub", "pubSub", "dispatcher"];

/// Names of what carries one request.
const REQUESTS: [&str; 4] = ["req", "request", "ctx", "context"];

impl Program<'_> {
    /// How fresh the value of an expression is, seen from a site; several answers when call sites differ.
    pub fn holds(&self, expr: ExprRef, site: SiteRef) -> Vec<Hold> {
        let direct = |fresh| vec![Hold { fresh, at: site, via: None }];
        let either = self.alternatives(expr, 0);
        if either.len() > 1 {
            return either.into_iter().flat_map(|it| self.holds(it, site)).collect();
        }
        if let Some(lifetime) = self.modelled_lifetime(expr) {
            match lifetime {
                Lifetime::Program => return direct(Fresh::Program),
                Lifetime::Connection => return direct(Fresh::Connection),
                Lifetime::Fresh => return direct(Fresh::Call(site.expr.within)),
                Lifetime::Receiver => {
                    if let Some(receiver) = self.receiver_of_call(self.initial(expr)) {
                        return self.holds(receiver, site);
                    }
                }
            }
        }
        if let Some(f) = self.made_in(expr) {
            return direct(Fresh::Call(f));
        }
        match self.place(expr) {
            Some(place) => match self.own_param(expr).map(|it| self.handed_in(&it, 0)) {
                Some(handed) if !handed.is_empty() && handed.iter().all(|it| it.fresh == Fresh::Call(it.at.expr.within)) => {
                    handed
                }
                _ => self.holds_at(&place, site, 0),
            },
            None => direct(self.unplaced(expr)),
        }
    }

    /// How fresh a place is at a site: as what the function has just put there, if it has.
    fn holds_at(&self, place: &Place, site: SiteRef, depth: u32) -> Vec<Hold> {
        if let Some((value, rest)) = self.filled_before(place, site).filter(|_| depth < MAX_UP) {
            if self.is_made(value) {
                return vec![Hold { fresh: Fresh::Call(site.expr.within), at: site, via: None }];
            }
            if let Some(param) = self.own_param(value) {
                let held = self.place_holds(&param.joined(&rest), site, depth + 1);
                if held.iter().any(|it| it.fresh != Fresh::Unknown) {
                    return held;
                }
            }
        }
        self.place_holds(place, site, depth)
    }

    /// The function that has just made what an expression is a property of, by a class that is not known: whatever type it is
    /// declared as, it is no other of its kind.
    fn made_in(&self, expr: ExprRef) -> Option<FnRef> {
        let facts = self.facts(expr.file());
        let Expr::Member(object, _) = facts.expr(expr.id) else { return None };
        let Expr::Ident(id) = facts.expr(object) else { return self.made_in(expr.with(object)) };
        let binding = &facts.bindings[id.index()];
        let within = FnRef { file: expr.file(), id: binding.function };
        let Expr::New(class, _) = facts.expr(binding.init.get().filter(|_| binding.writes == 0)?) else { return None };
        let unknown = matches!(self.eval(ExprRef::new(within, class)), Value::Unknown | Value::Outside);
        (unknown && !within.is_module()).then_some(within)
    }

    /// The parameter of the function around that an expression is, or is a part of, by its own name.
    fn own_param(&self, expr: ExprRef) -> Option<Place> {
        let facts = self.facts(expr.file());
        match facts.expr(expr.id) {
            Expr::Member(object, name) => Some(self.own_param(expr.with(object))?.joined(&[facts.sym(name)])),
            Expr::Ident(id) => {
                let binding = BindingRef { file: expr.file(), id };
                let it = &facts.bindings[id.index()];
                let BindingKind::Param(n) = it.kind else { return None };
                let f = FnRef { file: expr.file(), id: it.function };
                (it.writes == 0 && f == expr.within && self.is_whole_param(binding)).then(|| Place::of(Root::Param(f, n)))
            }
            _ => None,
        }
    }

    /// The expressions that an expression may stand for: `a ?? b`, `test ? a : b`, and constants of such a value.
    fn alternatives(&self, expr: ExprRef, depth: u32) -> Vec<ExprRef> {
        let facts = self.facts(expr.file());
        let each = |ids: &[ExprId]| ids.iter().flat_map(|&id| self.alternatives(expr.with(id), depth + 1)).collect();
        match facts.expr(expr.id) {
            _ if depth > 6 => vec![expr],
            Expr::Logical(LogicalOp::Or | LogicalOp::Nullish, a, b) => each(&[a, b]),
            Expr::Choice(parts) => each(&[1, 2].map(|i| facts.item(parts, i).unwrap_or(expr.id))),
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                match binding.init.get().filter(|_| binding.writes == 0 && !matches!(binding.kind, BindingKind::Param(_))) {
                    Some(init) if matches!(facts.expr(init), Expr::Logical(..) | Expr::Choice(_)) => {
                        let within = FnRef { file: expr.file(), id: binding.function };
                        self.alternatives(ExprRef::new(within, init), depth + 1)
                    }
                    _ => vec![expr],
                }
            }
            _ => vec![expr],
        }
    }

    /// How fresh a place is, seen from a site.
    pub fn place_holds(&self, place: &Place, site: SiteRef, depth: u32) -> Vec<Hold> {
        if depth < MAX_UP {
            let origins = self.origins(place);
            if !origins.is_empty() {
                return origins.iter().flat_map(|it| self.place_holds(it, site, depth + 1)).collect();
            }
            let handed = self.handed_in(place, depth);
            if handed.iter().any(|it| it.fresh != Fresh::Unknown) {
                return handed;
            }
        }
        vec![Hold { fresh: self.fresh_of(place, site.expr.within), at: site, via: None }]
    }

    /// What call sites pass for a parameter: the receiver's place is the argument's, one call up.
    fn handed_in(&self, place: &Place, depth: u32) -> Vec<Hold> {
        let Root::Param(f, n) = place.root else { return Vec::new() };
        let up = |arg: &super::Arg| {
            let mut up = match self.place(arg.value) {
                Some(_) if self.leaves_out(arg.value, &place.path) => Vec::new(),
                Some(it) => self.holds_at(&it.joined(&place.path), arg.site, depth + 1),
                None => vec![Hold { fresh: self.unplaced(arg.value), at: arg.site, via: None }],
            };
            up.iter_mut().for_each(|hold| hold.via = Some(arg.site));
            up
        };
        let mut holds: Vec<Hold> = self.args(f, n).iter().take(32).flat_map(up).collect();
        holds.dedup();
        holds
    }

    /// Whether options written out in a call have no such property.
    pub(super) fn leaves_out(&self, options: ExprRef, path: &[Sym]) -> bool {
        let facts = self.facts(options.file());
        let it = facts.expr(options.id);
        let Some(name) = path.first().filter(|_| matches!(it, Expr::Object { .. })) else { return false };
        let is_open = |value| matches!(facts.expr(value), Expr::Spread(_));
        facts.properties(it).iter().all(|it| facts.sym(it.name) != *name && !is_open(it.value))
    }

    /// The places that a property of an object literal is filled from: its own value, or what is spread into it.
    fn origins(&self, place: &Place) -> Vec<Place> {
        let (file, id) = match place.root {
            Root::Made(file, id) => (file, id),
            Root::Binding(binding) => {
                let it = &self.facts(binding.file).bindings[binding.id.index()];
                match it.init.get().filter(|_| it.writes == 0) {
                    Some(init) => (binding.file, init),
                    None => return Vec::new(),
                }
            }
            _ => return Vec::new(),
        };
        let facts = self.facts(file);
        let [name, rest @ ..] = place.path.as_slice() else { return Vec::new() };
        let literal = ExprRef::new(self.evaluator(file, id), id);
        let properties = facts.properties(facts.expr(id));
        if let Some(own) = properties.iter().find(|it| facts.sym(it.name) == *name) {
            return self.place(literal.with(own.value)).map(|it| it.joined(rest)).into_iter().collect();
        }
        let spread = properties.iter().filter_map(|it| match facts.expr(it.value) {
            Expr::Spread(inner) => Some(literal.with(inner)),
            _ => None,
        });
        let filled = spread.flat_map(|it| self.alternatives(it, 0)).filter_map(|it| self.place(it));
        filled.map(|it| it.joined(&place.path)).filter(|it| matches!(it.root, Root::Param(..))).collect()
    }

    /// What the models say of the properties on the way from a parameter to a place: `req.socket.server`.
    pub(super) fn member_lifetime(&self, place: &Place) -> Option<Fresh> {
        let Root::Param(f, n) = place.root else { return None };
        let mut ty = self.type_of(self.param_value_of(f, n));
        let mut found = None;
        for name in &place.path {
            let Some(it) = ty else { break };
            match self.member_lifetimes.get(&(it, *name)) {
                Some(Lifetime::Program) => found = Some(Fresh::Program),
                Some(Lifetime::Connection) => found = Some(Fresh::Connection),
                _ => {}
            }
            ty = self.type_members.get(&(it, *name)).copied().flatten();
        }
        found
    }

    /// What a call or `new` without a place makes: fresh in the function that evaluates it.
    fn unplaced(&self, expr: ExprRef) -> Fresh {
        match self.facts(expr.file()).expr(expr.id) {
            Expr::Call(..) | Expr::New(..) | Expr::Object { .. } | Expr::Array(_) | Expr::Function(_) => Fresh::Call(expr.within),
            Expr::Await(inner) => self.unplaced(expr.with(inner)),
            _ => Fresh::Unknown,
        }
    }

    /// `client.db("shop")` of `client.db("shop").collection("orders")`. What has a name that is made up is another thing for
    /// each name.
    fn receiver_of_call(&self, call: ExprRef) -> Option<ExprRef> {
        let facts = self.facts(call.file());
        let Expr::Call(callee, args) = facts.expr(call.id) else { return None };
        let named = facts.list(args).all(|it| self.constant_text(call.with(it)).is_some());
        match facts.expr(callee) {
            Expr::Member(object, _) if named => Some(call.with(object)),
            _ => None,
        }
    }

    /// What the models say of a property or a call's result.
    fn modelled_lifetime(&self, expr: ExprRef) -> Option<Lifetime> {
        let facts = self.facts(expr.file());
        match facts.expr(expr.id) {
            Expr::Member(object, name) => {
                let ty = self.type_of(self.eval(expr.with(object)))?;
                self.rulebook.models.member(ty, facts.text(name))?.lifetime
            }
            Expr::Call(..) => self.call_model(expr)?.0.lifetime,
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                let init = binding.init.get().filter(|_| binding.writes == 0)?;
                match facts.expr(init) {
                    Expr::Member(..) | Expr::Call(..) => {
                        let within = FnRef { file: expr.file(), id: binding.function };
                        self.modelled_lifetime(ExprRef::new(within, init))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// An abort signal that a caller hands in, by itself or in its options: meant to be shared by many calls.
    pub(super) fn shared_signal(&self, place: &Place, from: FnRef, depth: u32) -> Option<FnRef> {
        let name = self.place_name(place)?;
        let is_signal = [self.words.signal, self.words.abort_signal, self.words.external_signal].contains(&name);
        let is_service = matches!(place.root, Root::Param(..)) && SERVICES.iter().any(|it| name == Sym::of(it));
        // `options.req.signal`: a request's own, which ends with it.
        let owner = place.path.len().checked_sub(2).map(|i| place.path[i]);
        let of_request = owner.is_some_and(|it| REQUESTS.iter().any(|name| it == Sym::of(name)));
        if !is_signal && !is_service || of_request {
            return None;
        }
        match &place.root {
            Root::Param(f, n) => {
                let called_back = self.callers(*f).any(|edge| matches!(edge.how, How::Callback { .. }));
                let unit = self.type_of(self.param_value(*f, *n, Depth::TOP)).is_some_and(|ty| self.is_unit(ty));
                (!called_back && !unit && !self.entries_of.contains_key(f)).then_some(*f)
            }
            // A signal of the instance's own controller is as fresh as the instance.
            Root::Instance(shape) => {
                let first = place.path.first()?;
                let writes = self.tables.fields.get(&(*shape, *first)).map_or(&[][..], Vec::as_slice);
                let own = writes.iter().any(|it| {
                    let facts = self.facts(it.value.file());
                    match facts.expr(it.value.id) {
                        Expr::New(..) => true,
                        Expr::Member(object, _) => {
                            !matches!(self.place(it.value.with(object)).map(|it| it.root), Some(Root::Param(..)))
                        }
                        _ => false,
                    }
                });
                (!own).then_some(from)
            }
            // A variable that one of them is assigned to.
            Root::Binding(binding) if place.path.is_empty() && depth == 0 => {
                let writes = self.tables.writes.get(binding).map_or(&[][..], Vec::as_slice);
                writes.iter().filter_map(|it| self.place(it.value)).find_map(|it| self.shared_signal(&it, from, 1))
            }
            _ => None,
        }
    }
}
