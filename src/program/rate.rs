//! How often functions run: from the program's start, its entries and its callbacks, spread along the calls.

use super::calls::{Edge, How};
use super::refs::{FnRef, SiteRef};
use super::{Guard, Program};
use crate::facts::{Expr, FnId, FunctionKind, LoopKind, RegionId, RegionKind};
use crate::rulebook::{Certainty, Recurrence};
use crate::text::{FileId, Span};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// How often, coarsely. Ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rate {
    /// Once per program.
    Once,
    /// As often as the outside calls it: an exported function that nothing here calls.
    Api,
    /// Again and again.
    Many,
}

/// How well a rate is known. Ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Quality {
    /// Through something unknown.
    Inferred,
    /// By the shape of a function.
    Shaped,
    /// By a model, or proved by the program.
    Modelled,
}

/// What makes a function run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Witness {
    /// The program's start.
    Start,
    /// Nothing in the program: it is offered to the outside.
    Offered,
    /// An entry: index into `Program::entries`.
    Entry(u32),
    /// A call or callback: index into `Program::edges`.
    Edge(u32),
    /// A call of what comes in by a parameter: index into `Program::edges`, and the function that passes it.
    Given(u32, FnRef),
    /// An endless loop around a call: index into `Program::edges`.
    Loop(u32),
}

/// The rate of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rated {
    /// How often.
    pub rate: Rate,
    /// Per what.
    pub recurs: Recurrence,
    /// How well that is known.
    pub quality: Quality,
    /// Why.
    pub witness: Witness,
}

impl Rated {
    pub(super) fn rank(&self) -> (Rate, Quality) {
        (self.rate, self.quality)
    }
}

/// Names of exported functions that are called at start-up.
const SET_UP: [&str; 14] = [
    "init",
    "initialize",
    "setup",
    "install",
    "configure",
    "register",
    "bootstrap",
    "start",
    "listen",
    "main",
    "run",
    "boot",
    "instrument",
    "startup",
];

/// Spreads rates: first as if no guard stood in the way, then with guards judged by what that found.
pub(super) fn spread(program: &mut Program<'_>) {
    for guarded in [false, true] {
        let guards = if guarded { Some(guards(program)) } else { None };
        let rates = Spread {
            program,
            rates: vec![None; program.graph.len()],
            open: VecDeque::new(),
            guards,
            waiting: Guarded::default(),
        }
        .run();
        program.rates = rates;
    }
}

/// The guards of places that run again and again, by function and region.
type Guards = FxHashMap<(FnRef, RegionId), Option<Guard>>;

/// Judged ahead and in parallel, since spreading is serial. All sites of a region share what guards them.
fn guards(program: &Program<'_>) -> Guards {
    let recurs = |edge: &&Edge| {
        spreads(edge.how) == Some(false)
            && edge.how != How::Passed
            && program.is_conditional(edge.site)
            && program.rate(edge.caller).is_some_and(|it| it.rate > Rate::Once)
    };
    let mut sites: Vec<SiteRef> = program.edges.iter().filter(recurs).map(|edge| edge.site).collect();
    sites.sort_unstable_by_key(|site| (site.expr.within, site.region));
    sites.dedup_by_key(|site| (site.expr.within, site.region));
    let guarded = |site: &SiteRef| ((site.expr.within, site.region), program.lasting_guard(*site));
    sites.par_iter().map(guarded).collect::<Vec<_>>().into_iter().collect()
}

/// Whether a rate goes along an edge, and there means once: `None` for callbacks with a rate of their own.
fn spreads(how: How) -> Option<bool> {
    match how {
        How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. } | How::Call | How::Construct | How::Passed => {
            Some(false)
        }
        How::Callback { recurs: Recurrence::Exit, .. } => Some(true),
        How::Callback { .. } => None,
    }
}

/// Edges that are as frequent as something else than their caller, with what then makes them run.
type Guarded = FxHashMap<FnRef, Vec<(u32, Witness)>>;

struct Spread<'p, 'a> {
    program: &'p Program<'a>,
    rates: Vec<Option<Rated>>,
    open: VecDeque<FnRef>,
    /// Of the second spread.
    guards: Option<Guards>,
    waiting: Guarded,
}

impl Spread<'_, '_> {
    fn run(mut self) -> Vec<Option<Rated>> {
        let program = self.program;
        for file in program.files() {
            self.raise(FnRef::module(file), Rate::Once, Recurrence::Once, Quality::Modelled, Witness::Start);
        }
        for f in program.made_once() {
            self.raise(f, Rate::Once, Recurrence::Once, Quality::Modelled, Witness::Start);
        }
        for (i, entry) in program.entries.iter().enumerate() {
            let rate = if is_many(entry.recurs) { Rate::Many } else { Rate::Once };
            self.raise(entry.function, rate, entry.recurs, entry.quality, Witness::Entry(i as u32));
        }
        for (i, edge) in program.edges.iter().enumerate() {
            if let How::Callback { recurs, named, certainty } = edge.how
                && is_many(recurs)
            {
                let quality = callback_quality(named, certainty);
                self.raise(edge.callee, Rate::Many, recurs, quality, Witness::Edge(i as u32));
            }
        }
        for i in 0..program.edges.len() as u32 {
            if let Some(quality) = program.rearmed(i) {
                self.raise(program.edges[i as usize].callee, Rate::Many, Recurrence::Tick, quality, Witness::Edge(i));
            }
        }
        self.drain();
        for file in program.files() {
            self.offered(file);
        }
        self.drain();
        self.rates
    }

    fn of(&self, f: FnRef) -> Option<Rated> {
        self.rates[self.program.graph.number(f)]
    }

    /// Functions that nothing in the program calls: the outside may.
    fn offered(&mut self, file: FileId) {
        let facts = self.program.facts(file);
        for (i, function) in facts.functions.iter().enumerate() {
            let f = FnRef { file, id: FnId(i as u32) };
            // One that only calls itself, directly or from a closure of its own, is not called by the program either.
            if self.of(f).is_some() || self.program.callers(f).any(|it| !self.program.is_within(it.caller, f)) {
                continue;
            }
            let name = facts.text(function.name);
            let set_up = SET_UP.iter().any(|it| name.eq_ignore_ascii_case(it)) || SET_UP.iter().any(|it| starts_word(name, it));
            let rate = if set_up || function.kind == FunctionKind::Statics { Rate::Once } else { Rate::Api };
            self.raise(f, rate, Recurrence::Call, Quality::Inferred, Witness::Offered);
        }
    }

    fn raise(&mut self, f: FnRef, rate: Rate, recurs: Recurrence, quality: Quality, witness: Witness) {
        let new = Rated { rate, recurs, quality, witness };
        match self.of(f) {
            Some(old) if old.rank() >= new.rank() => {}
            _ => {
                self.rates[self.program.graph.number(f)] = Some(new);
                self.open.push_back(f);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(f) = self.open.pop_front() {
            let Some(rated) = self.of(f) else { continue };
            let edges = self.program.graph.out_of(f);
            for &i in edges {
                self.follow(i, rated);
            }
            for (i, witness) in self.waiting.get(&f).cloned().unwrap_or_default() {
                self.follow_as(i, rated, witness);
            }
        }
    }

    fn follow(&mut self, i: u32, caller: Rated) {
        let edge = &self.program.edges[i as usize];
        let Some(once) = spreads(edge.how) else { return };
        if self.of(edge.callee).is_some_and(|it| it.rank() == (Rate::Many, Quality::Modelled)) {
            return;
        }
        let quality = if edge.how == How::Passed { Quality::Inferred } else { Quality::Modelled };
        let looped = self.program.endless_loop(edge.site);
        if once || (caller.rate == Rate::Once && looped.is_none()) {
            self.raise(edge.callee, Rate::Once, Recurrence::Once, quality.min(caller.quality), Witness::Edge(i));
            return;
        }
        match self.guard(edge) {
            Some(Guard::Program) => {
                return self.raise(edge.callee, Rate::Once, Recurrence::Once, quality, Witness::Edge(i));
            }
            Some(Guard::Call(owner)) => return self.wait_for(owner, i, Witness::Edge(i)),
            Some(Guard::Instance(shape)) => {
                let owners: Vec<FnRef> = self.program.constructions(shape).iter().map(|it| it.expr.within).collect();
                if !owners.is_empty() {
                    return owners.into_iter().for_each(|it| self.wait_for(it, i, Witness::Edge(i)));
                }
            }
            Some(Guard::Key) | None => {}
        }
        let passers = if looped.is_none() { self.program.passers(edge) } else { Vec::new() };
        if !passers.is_empty() {
            return passers.into_iter().for_each(|it| self.wait_for(it, i, Witness::Given(i, it)));
        }
        if let (Some(region), true) = (looped, caller.rate < Rate::Many) {
            let quality = quality.min(caller.quality).min(self.program.loop_quality(edge.site, region));
            self.raise(edge.callee, Rate::Many, Recurrence::Tick, quality, Witness::Loop(i));
        } else {
            self.raise(edge.callee, caller.rate, caller.recurs, quality.min(caller.quality), Witness::Edge(i));
        }
    }

    fn guard(&self, edge: &Edge) -> Option<Guard> {
        let may_guard = edge.how != How::Passed && self.program.is_conditional(edge.site);
        let guards = self.guards.as_ref().filter(|_| may_guard)?;
        let known = guards.get(&(edge.site.expr.within, edge.site.region));
        known.copied().unwrap_or_else(|| self.program.lasting_guard(edge.site))
    }

    /// An edge guarded by a slot runs as often as the slot's owner is made; one to a callback as often as that is passed.
    fn wait_for(&mut self, owner: FnRef, i: u32, witness: Witness) {
        let edges = self.waiting.entry(owner).or_default();
        if !edges.iter().any(|it| it.0 == i) {
            edges.push((i, witness));
        }
        if let Some(rated) = self.of(owner) {
            self.follow_as(i, rated, witness);
        }
    }

    fn follow_as(&mut self, i: u32, owner: Rated, witness: Witness) {
        let edge = &self.program.edges[i as usize];
        // No oftener than its caller, whoever owns the slot.
        let caller = self.of(edge.caller).filter(|it| witness == Witness::Edge(i) && it.rate < owner.rate);
        let owner = caller.unwrap_or(owner);
        let recurs = if owner.rate == Rate::Once { Recurrence::Once } else { owner.recurs };
        self.raise(edge.callee, owner.rate, recurs, owner.quality, witness);
    }
}

/// `startServer` starts with the word `start`; `starting` does not.
fn starts_word(name: &str, word: &str) -> bool {
    name.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
        && name[word.len()..].starts_with(|c: char| c.is_uppercase() || c == '_')
}

/// How well a callback's repetition is known: an event that may never come is weak evidence.
pub(super) fn callback_quality(named: bool, certainty: Option<Certainty>) -> Quality {
    match (named, certainty) {
        (true, None | Some(Certainty::Sure)) => Quality::Modelled,
        _ => Quality::Inferred,
    }
}

/// Whether a callback runs again and again.
pub(super) fn is_many(recurs: Recurrence) -> bool {
    !matches!(recurs, Recurrence::Now | Recurrence::Once | Recurrence::Exit)
}

impl Program<'_> {
    /// The rate of a function; `None` if nothing is known to run it.
    pub fn rate(&self, f: FnRef) -> Option<Rated> {
        self.rates.get(self.graph.number(f)).copied().flatten()
    }

    /// How well it is known that a loop does not end: one that awaits under a test, or can be left, may be short.
    pub fn loop_quality(&self, site: SiteRef, region: RegionId) -> Quality {
        let facts = self.facts(site.expr.file());
        let it = &facts.regions[region.index()];
        let tested = match it.test.get().map(|test| facts.expr(test)) {
            None => it.kind == RegionKind::Loop(LoopKind::Await),
            Some(Expr::Bool(true)) => false,
            Some(Expr::Number(n)) => facts.numbers[n as usize] == 0.0,
            Some(_) => true,
        };
        let left = || {
            let regions = facts.regions.iter().enumerate();
            let exits = |(i, other): (usize, &crate::facts::Region)| {
                other.exits && other.function == it.function && i != region.index() && facts.encloses(region, RegionId(i as u32))
            };
            regions.skip(region.index()).any(exits)
        };
        if tested || left() { Quality::Inferred } else { Quality::Modelled }
    }

    /// The endless loop around a site within its function, if any.
    pub fn endless_loop(&self, site: SiteRef) -> Option<RegionId> {
        let facts = self.facts(site.expr.file());
        let mut at = Some(site.region);
        while let Some(region) = at {
            let it = &facts.regions[region.index()];
            if matches!(it.kind, RegionKind::Loop(LoopKind::Endless | LoopKind::Await)) {
                return Some(region);
            }
            at = it.parent.get();
        }
        None
    }

    /// Where the repetition of a function comes from: the registration, decorator or loop at the top of its witness chain,
    /// and the calls on the way down.
    pub fn origin(&self, f: FnRef) -> Option<(Rated, Span, Vec<SiteRef>)> {
        let rated = self.rate(f)?;
        let (mut at, mut now, mut calls) = (f, rated, Vec::new());
        for _ in 0..64 {
            match now.witness {
                Witness::Start => return None,
                Witness::Offered => {
                    return Some((rated, self.function_head(at), calls));
                }
                Witness::Entry(i) => return Some((rated, self.entries[i as usize].span, calls)),
                Witness::Loop(i) => return Some((rated, self.span(self.edges[i as usize].site.expr), calls)),
                Witness::Given(i, passer) => {
                    calls.push(self.edges[i as usize].site);
                    at = passer;
                    now = self.rate(at)?;
                }
                Witness::Edge(i) => {
                    let edge = &self.edges[i as usize];
                    if let How::Callback { recurs, .. } = edge.how
                        && is_many(recurs)
                    {
                        return Some((rated, self.head(edge.site.expr), calls));
                    }
                    calls.push(edge.site);
                    at = edge.caller;
                    now = self.rate(at)?;
                }
            }
        }
        None
    }

    /// The span of a function, cut to its head.
    pub fn function_head(&self, f: FnRef) -> Span {
        let function = &self.facts(f.file).functions[f.id.index()];
        Span::new(f.file, function.start, function.end.min(function.v8_start.max(function.start) + 1))
    }

    /// The span of a call without its arguments.
    pub fn head(&self, call: super::ExprRef) -> Span {
        let facts = self.facts(call.file());
        match facts.expr(call.id) {
            Expr::Call(callee, _) => self.span(call.with(callee)),
            Expr::New(callee, _) => {
                let whole = self.span(call);
                Span::new(whole.file, whole.start, self.span(call.with(callee)).end)
            }
            _ => self.span(call),
        }
    }
}
