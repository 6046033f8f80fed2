//! Slots that are filled again: what repeats an assignment while nobody looks at what was there.

use super::calls::{Edge, How};
use super::input::Target;
use super::rate::{Quality, Rate, Rated, Witness, callback_quality, is_many};
use super::refs::{ExprRef, FnRef, SiteRef};
use super::{Fresh, Place, Program};
use crate::facts::{BindingId, BindingKind, ExportSource, Expr, RegionKind, Sym};
use crate::rulebook::Recurrence;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// What may be called from outside, as nobody knows how often.
const OFFERED: Rated = Rated { rate: Rate::Api, recurs: Recurrence::Call, quality: Quality::Inferred, witness: Witness::Offered };

/// Functions that are searched upwards.
const MAX_CALLERS: usize = 200;

impl Program<'_> {
    /// What repeats the filling of a slot, by ways on which nobody looks at it. `looks` says of a site and a region of its
    /// function whether what was in the slot is let go before; `ends` whether an edge comes from the end of what was in it.
    pub fn refilled(
        &self,
        site: SiteRef,
        fresh: Fresh,
        looks: &dyn Fn(SiteRef) -> bool,
        ends: &dyn Fn(&Edge) -> bool,
    ) -> Option<Rated> {
        let made = self.makers(fresh)?;
        let mut open = vec![site];
        let mut seen = FxHashSet::default();
        let mut best: Option<Rated> = None;
        while let Some(at) = open.pop() {
            let f = at.expr.within;
            if made.contains(&f) || seen.len() > MAX_CALLERS || looks(at) {
                continue;
            }
            if let Some(region) = self.endless_loop(at) {
                let quality = self.loop_quality(at, region);
                best = better(best, Rated { rate: Rate::Many, recurs: Recurrence::Tick, quality, witness: Witness::Start });
            }
            if !seen.insert(f) {
                continue;
            }
            if let Some(i) = self.entries_of.get(&f).filter(|i| is_many(self.entries[**i as usize].recurs)) {
                let entry = &self.entries[*i as usize];
                let (recurs, quality) = (entry.recurs, entry.quality);
                best = better(best, Rated { rate: Rate::Many, recurs, quality, witness: Witness::Entry(*i) });
            }
            for &i in self.graph.leading_into(f) {
                let edge = &self.edges[i as usize];
                match edge.how {
                    _ if ends(edge) => {}
                    How::Callback { recurs: Recurrence::Exit, .. } => {}
                    How::Callback { recurs, named, certainty } if is_many(recurs) => {
                        let quality = callback_quality(named, certainty);
                        best = better(best, Rated { rate: Rate::Many, recurs, quality, witness: Witness::Edge(i) });
                    }
                    _ => open.push(edge.site),
                }
            }
            if fresh == Fresh::Program && best.is_none() {
                let offered = || self.is_reexported(f).then_some(OFFERED);
                best = self.rate(f).filter(|it| it.rate == Rate::Api && it.witness == Witness::Offered).or_else(offered);
            }
        }
        best
    }

    /// Whether another module of the program passes a function on: then the outside may call it, whoever else does.
    fn is_reexported(&self, f: FnRef) -> bool {
        let facts = self.facts(f.file);
        let is_it = |id: BindingId| facts.bindings[id.index()].kind == BindingKind::Function(f.id);
        let own = facts.exports.iter().find(|it| matches!(it.source, ExportSource::Binding(id) if is_it(id)));
        let Some(name) = own.map(|it| facts.sym(it.name)) else { return false };
        self.files().filter(|file| *file != f.file).any(|file| {
            let facts = self.facts(file);
            facts.exports.iter().any(|it| match it.source {
                ExportSource::From(module, of) => {
                    facts.sym(of) == name && matches!(self.target(file, module), Target::File(it) if *it == f.file)
                }
                _ => false,
            })
        })
    }

    /// What a function puts into a slot, or into the object that the slot is a part of, before it comes to a site; and the
    /// way from there to the slot. The last such value is what is in the slot there.
    pub fn filled_before(&self, place: &Place, site: SiteRef) -> Option<(ExprRef, SmallVec<[Sym; 2]>)> {
        let start = |it: SiteRef| self.facts(it.expr.file()).nodes[it.expr.id.index()].start;
        let precedes = |it: SiteRef| {
            it.expr.within == site.expr.within
                && start(it) < start(site)
                && self.facts(site.expr.file()).encloses(it.region, site.region)
        };
        (0..=place.path.len()).rev().find_map(|n| {
            let part = Place { root: place.root, path: place.path[..n].into() };
            let writes = self.tables.writes_to(&part).iter().filter(|it| it.site.is_some_and(precedes));
            let last = writes.max_by_key(|it| it.site.map(start))?;
            Some((last.value, place.path[n..].into()))
        })
    }

    /// Whether a value is made where it stands.
    pub(super) fn is_made(&self, value: ExprRef) -> bool {
        match self.facts(value.file()).expr(value.id) {
            Expr::Await(inner) => self.is_made(value.with(inner)),
            it => matches!(it, Expr::New(..) | Expr::Call(..)),
        }
    }

    /// The functions that make a slot: beyond them, it is another one. `None` if that is not known.
    fn makers(&self, fresh: Fresh) -> Option<FxHashSet<FnRef>> {
        match fresh {
            Fresh::Program => Some(FxHashSet::default()),
            Fresh::Call(f) => Some(FxHashSet::from_iter([f])),
            Fresh::Instance(shape) => Some(self.instance_functions(shape)),
            Fresh::Unknown | Fresh::Connection | Fresh::Shared(_) => None,
        }
    }

    /// Whether a test around a site says that a place is empty there.
    pub fn is_empty_at(&self, site: SiteRef, place: &Place) -> bool {
        let facts = self.facts(site.expr.file());
        let mut at = Some(site.region);
        while let Some(id) = at {
            let region = &facts.regions[id.index()];
            at = region.parent.get();
            let outcome = match region.kind {
                RegionKind::Then => true,
                RegionKind::Else | RegionKind::Nullish => false,
                _ => continue,
            };
            let Some(test) = region.test.get() else { continue };
            let slots = self.empty_slots(site.expr.with(test), outcome, 0);
            if slots.into_iter().any(|it| self.place(it).as_ref() == Some(place)) {
                return true;
            }
        }
        false
    }
}

fn better(old: Option<Rated>, new: Rated) -> Option<Rated> {
    old.filter(|it| (it.rate, it.quality) >= (new.rate, new.quality)).or(Some(new))
}

impl Rated {
    /// Whether it is known by a model or proved.
    pub fn is_modelled(&self) -> bool {
        self.rate == Rate::Many && self.quality == Quality::Modelled
    }
}
