//! Release coverage: how well a release answers an acquisition (`SEMANTICS.md` section 5).

use super::Program;
use super::calls::How;
use super::convention;
use super::rate::{Rate, Witness};
use super::refs::{ExprRef, FnRef, SiteRef};
use crate::facts::{Expr, FunctionKind, RegionId, RegionKind};
use crate::rulebook::{Certainty, Recurrence};
use crate::text::FileId;

/// How well. Ordered: the best release speaks for a hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// No release.
    None,
    /// Some ends, not all.
    Partial,
    /// Perhaps some ends, perhaps all: it cannot be told.
    Unclear,
    /// Only just before being replaced: at most one per slot.
    PerSlot,
    /// Every end.
    Covers,
}

/// A grade with the release that earned it.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// How well.
    pub grade: Grade,
    /// The release, if there is one.
    pub release: Option<SiteRef>,
    /// In words: when it runs, or why it falls short.
    pub reason: String,
}

impl Coverage {
    /// No release.
    pub fn none() -> Coverage {
        Coverage { grade: Grade::None, release: None, reason: String::new() }
    }

    fn new(grade: Grade, release: SiteRef, reason: impl Into<String>) -> Coverage {
        Coverage { grade, release: Some(release), reason: reason.into() }
    }

    /// The better of two.
    pub fn best(self, other: Coverage) -> Coverage {
        if other.grade > self.grade { other } else { self }
    }
}

/// Events that may never come.
const RARE: [&str; 8] = ["error", "abort", "aborted", "timeout", "drain", "reject", "rejected", "cancel"];

impl Program<'_> {
    /// How well the best of some releases answers an acquisition.
    pub fn coverage(&self, acquired: SiteRef, releases: &[SiteRef]) -> Coverage {
        let same: Vec<SiteRef> = releases.iter().copied().filter(|it| it.expr.within == acquired.expr.within).collect();
        let mut best = if same.is_empty() { Coverage::none() } else { self.within_function(acquired, &same) };
        for &release in releases.iter().filter(|it| it.expr.within != acquired.expr.within) {
            best = best.best(self.elsewhere(acquired, release, releases));
        }
        best
    }

    /// Releases in the function that acquires.
    fn within_function(&self, acquired: SiteRef, releases: &[SiteRef]) -> Coverage {
        let order = |site: SiteRef| self.facts(site.expr.file()).nodes[site.expr.id.index()].start;
        let start = order(acquired);
        let (before, after): (Vec<SiteRef>, Vec<SiteRef>) = releases.iter().partition(|it| order(**it) < start);
        let Some(&first) = after.first() else {
            return match before.first() {
                Some(&it) if self.endless_loop(acquired).is_some() => {
                    Coverage::new(Grade::Covers, it, "released in the next round")
                }
                Some(&it) if self.may_only_release(acquired, &before) => {
                    Coverage::new(Grade::Covers, it, "released by another call of the same function")
                }
                Some(&it) => Coverage::new(Grade::PerSlot, it, "released only just before it is replaced"),
                None => Coverage::none(),
            };
        };
        if let Some(&it) = after.iter().find(|it| self.in_finally(**it)) {
            return Coverage::new(Grade::Covers, it, "released in `finally`");
        }
        match self.uncovered_exit(acquired, &after).or_else(|| self.throws_between(acquired, &after)) {
            None => Coverage::new(Grade::Covers, first, "released on every path"),
            Some(reason) => Coverage::new(Grade::Partial, first, reason),
        }
    }

    /// `watch(on) { clearInterval(timer); if (on) timer = setInterval(...) }`, called from several places.
    fn may_only_release(&self, acquired: SiteRef, releases: &[SiteRef]) -> bool {
        let alone = releases
            .iter()
            .any(|it| !self.replaces(acquired, *it) && self.facts(it.expr.file()).encloses(it.region, acquired.region));
        alone && self.callers(acquired.expr.within).filter(|it| it.how == How::Call).count() > 1
    }

    pub(super) fn in_finally(&self, site: SiteRef) -> bool {
        let facts = self.facts(site.expr.file());
        let mut at = Some(site.region);
        while let Some(id) = at {
            let it = &facts.regions[id.index()];
            if it.kind == RegionKind::Finally {
                return true;
            }
            at = it.parent.get();
        }
        false
    }

    /// A way out of the function on which none of the releases has run.
    fn uncovered_exit(&self, acquired: SiteRef, releases: &[SiteRef]) -> Option<String> {
        let file = acquired.expr.file();
        let facts = self.facts(file);
        let start = |id: crate::facts::ExprId| facts.nodes[id.index()].start;
        let encloses = |outer, inner| facts.encloses(outer, inner);
        for exit in self.exits(acquired.expr.within).filter(|it| it.start > start(acquired.expr.id)) {
            let reached = self.reachable_from(acquired, exit.region);
            let released = releases.iter().any(|it| {
                start(it.expr.id) <= exit.start.max(self.end_of(exit.value, acquired)) && encloses(it.region, exit.region)
            });
            if reached && !released && !exit.is_throw {
                return Some("an early return goes past it".into());
            }
        }
        self.skips(file, acquired.region, releases).then(|| "it runs on some paths only".into())
    }

    /// Whether some path from a region to the end of its function goes past the releases in it.
    pub(super) fn skips(&self, file: FileId, from: RegionId, releases: &[SiteRef]) -> bool {
        let facts = self.facts(file);
        if releases.iter().any(|it| facts.encloses(it.region, from) || self.only_tests_token(from, *it)) {
            return false;
        }
        // Both branches of one test may release.
        let both = releases.iter().any(|a| {
            releases.iter().any(|b| {
                let (x, y) = (&facts.regions[a.region.index()], &facts.regions[b.region.index()]);
                x.parent == y.parent && x.test == y.test && x.kind != y.kind && x.test.get().is_some()
                    || matches!((x.kind, y.kind), (RegionKind::Try, RegionKind::Catch)) && x.parent == y.parent
            })
        });
        !both
    }

    pub(super) fn end_of(&self, value: crate::facts::ExprId, site: SiteRef) -> u32 {
        value.get().map_or(0, |id| self.facts(site.expr.file()).range(id).1)
    }

    /// `if (timer) clearTimeout(timer)`: the test is of the token itself.
    fn only_tests_token(&self, from: RegionId, release: SiteRef) -> bool {
        let facts = self.facts(release.expr.file());
        let region = &facts.regions[release.region.index()];
        let Some(test) = region.test.get().filter(|_| region.kind == RegionKind::Then) else { return false };
        let parent_ok = region.parent.get().is_some_and(|it| facts.encloses(it, from));
        parent_ok && matches!(facts.expr(test), Expr::Ident(_) | Expr::Member(..) | Expr::Binary(..))
    }

    fn reachable_from(&self, acquired: SiteRef, region: RegionId) -> bool {
        // An exit in a sibling branch of the acquisition's own branch is not behind it.
        let facts = self.facts(acquired.expr.file());
        let mut at = Some(acquired.region);
        while let Some(id) = at {
            let it = &facts.regions[id.index()];
            if facts.encloses(id, region) {
                return true;
            }
            if it.exits {
                return false;
            }
            at = it.parent.get();
        }
        true
    }

    /// A release in another function: nested in the acquiring one, or elsewhere.
    fn elsewhere(&self, acquired: SiteRef, release: SiteRef, releases: &[SiteRef]) -> Coverage {
        if self.is_within(release.expr.within, acquired.expr.within) {
            return self.in_closure(acquired, release, releases);
        }
        let (from, to) = (acquired.expr.within, release.expr.within);
        if let Some(edge) = self.callees(from).find(|edge| edge.callee == to && edge.how == How::Call) {
            let start = |site: SiteRef| self.facts(site.expr.file()).nodes[site.expr.id.index()].start;
            let others = self.callers(to).filter(|it| it.caller != from).count();
            if start(edge.site) < start(acquired) && others == 0 {
                return Coverage::new(Grade::PerSlot, release, "released only just before it is replaced");
            }
        }
        self.by_ending(release, to)
    }

    /// When a function runs that releases what another one acquired.
    fn by_ending(&self, release: SiteRef, f: FnRef) -> Coverage {
        match self.rate(f) {
            Some(it) if it.rate == Rate::Once && it.witness != Witness::Offered => {
                Coverage::new(Grade::None, release, "released only when the process ends")
            }
            None => Coverage::new(Grade::Unclear, release, "nothing is known to call the function that releases it"),
            Some(_) => match self.rare_callback(f) {
                Some(event) => Coverage::new(Grade::Partial, release, format!("released only on `{event}`")),
                None => Coverage::new(Grade::Covers, release, "released elsewhere"),
            },
        }
    }

    /// A release in a closure made by the acquiring function.
    fn in_closure(&self, acquired: SiteRef, release: SiteRef, releases: &[SiteRef]) -> Coverage {
        let mut f = release.expr.within;
        while f != acquired.expr.within {
            let coverage = self.closure_runs(acquired, release, releases, f);
            if coverage.grade != Grade::Covers {
                return coverage;
            }
            let facts = self.facts(f.file);
            match facts.functions[f.id.index()].parent.get() {
                Some(parent) => f = FnRef { file: f.file, id: parent },
                None => break,
            }
        }
        Coverage::new(Grade::Covers, release, "released by a closure that is sure to run")
    }

    fn closure_runs(&self, acquired: SiteRef, release: SiteRef, releases: &[SiteRef], f: FnRef) -> Coverage {
        let covers = Coverage::new(Grade::Covers, release, "released by a closure that is sure to run");
        let mut best: Option<Coverage> = None;
        for edge in self.callers(f) {
            // The acquired callback releasing itself.
            let coverage = if self.receives(acquired, edge) {
                let early = self.left_early(f, release, releases);
                early.map_or_else(|| covers.clone(), |reason| Coverage::new(Grade::Partial, release, reason))
            } else if edge.site.expr == acquired.expr {
                let always = self.facts(f.file).functions[f.id.index()].body == release.region;
                let grade = if always { Grade::Covers } else { Grade::Unclear };
                Coverage::new(grade, release, "it releases itself under a condition")
            } else {
                self.callback_ending(release, edge).unwrap_or_else(|| covers.clone())
            };
            best = Some(match best {
                Some(it) => it.best(coverage),
                None => coverage,
            });
        }
        best.unwrap_or(covers)
    }

    /// What an event is worth as the end of something; `None` if it is as good as any.
    fn callback_ending(&self, release: SiteRef, edge: &super::Edge) -> Option<Coverage> {
        let How::Callback { recurs, certainty, named } = edge.how else { return None };
        let event = self.event_name(edge.site.expr);
        let quoted = event.as_deref().unwrap_or("an event");
        if recurs == Recurrence::Exit {
            return Some(Coverage::new(Grade::None, release, "released only when the process ends"));
        }
        match certainty {
            Some(Certainty::Sure) => return None,
            Some(Certainty::Rare | Certainty::Never) => {
                return Some(Coverage::new(Grade::Partial, release, format!("released only on `{quoted}`, which may not come")));
            }
            None => {}
        }
        match event.as_deref() {
            Some(it) if is_ending(it) => None,
            Some(it) if RARE.contains(&it) && !named => {
                Some(Coverage::new(Grade::Partial, release, format!("released only on `{it}`, which may not come")))
            }
            _ => match recurs {
                Recurrence::Now | Recurrence::Once | Recurrence::Tick => None,
                Recurrence::Exit => Some(Coverage::new(Grade::None, release, "released only when the process ends")),
                _ if named && event.is_none() => None,
                Recurrence::Message if named && self.is_tested(release) => Some(Coverage::new(
                    Grade::Partial,
                    release,
                    format!("released only if a `{quoted}` asks for it, which may not come"),
                )),
                _ => Some(Coverage::new(Grade::Unclear, release, format!("released only on `{quoted}`"))),
            },
        }
    }

    /// Whether an edge leads from an event that ends what emits it.
    pub fn is_ending(&self, edge: &super::Edge) -> bool {
        let certain = match edge.how {
            How::Callback { certainty, .. } => certainty == Some(Certainty::Sure),
            How::Passed => false,
            How::Call | How::Construct => return false,
        };
        certain || self.event_name(edge.site.expr).is_some_and(|it| is_ending(&it))
    }

    /// Whether an acquisition follows a release whenever that runs: what is held is replaced, and not let go.
    pub fn replaces(&self, acquired: SiteRef, release: SiteRef) -> bool {
        let start = |site: SiteRef| self.facts(site.expr.file()).nodes[site.expr.id.index()].start;
        acquired.expr.within == release.expr.within
            && start(release) < start(acquired)
            && self.facts(acquired.expr.file()).encloses(acquired.region, release.region)
    }

    /// Whether a function runs on events alone that come while things go on.
    pub fn runs_midway(&self, f: FnRef) -> bool {
        let midway = |edge: &super::Edge| {
            matches!(edge.how, How::Callback { .. } | How::Passed) && !self.is_ending(edge) && {
                let facts = self.facts(edge.site.expr.file());
                let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
                matches!(facts.expr(callee), Expr::Member(_, name) if matches!(facts.text(name), "on" | "once" | "addListener"))
                    && self.event_name(edge.site.expr).is_some()
            }
        };
        let mut callers = self.callers(f).peekable();
        callers.peek().is_some() && callers.all(midway)
    }

    /// Whether a release stands under a test within its function.
    fn is_tested(&self, release: SiteRef) -> bool {
        self.facts(release.expr.file()).regions[release.region.index()].parent.get().is_some()
    }

    /// The event of a listener call.
    pub fn event_name(&self, call: ExprRef) -> Option<String> {
        match self.facts(call.file()).expr(call.id) {
            Expr::Call(..) => self.argument(call, 0).and_then(|it| self.constant_text(it)),
            Expr::Assign(_, target, _) => match self.facts(call.file()).expr(target) {
                Expr::Member(_, name) => self.facts(call.file()).text(name).strip_prefix("on").map(str::to_owned),
                _ => None,
            },
            _ => None,
        }
    }

    /// The rare event that alone makes a function run.
    fn rare_callback(&self, f: FnRef) -> Option<String> {
        let mut found = None;
        for edge in self.callers(f) {
            match edge.how {
                How::Callback { certainty: Some(Certainty::Rare | Certainty::Never), .. } => {
                    found = self.event_name(edge.site.expr)
                }
                _ => return None,
            }
        }
        found
    }

    /// Whether a function lies inside another.
    pub fn is_within(&self, inner: FnRef, outer: FnRef) -> bool {
        let facts = self.facts(inner.file);
        let mut at = Some(inner.id);
        while let Some(id) = at {
            if inner.file == outer.file && id == outer.id {
                return true;
            }
            at = facts.functions[id.index()].parent.get();
        }
        false
    }

    /// Whether a function is a terminal of its class by name.
    pub fn is_terminal(&self, f: FnRef) -> bool {
        let facts = self.facts(f.file);
        let function = &facts.functions[f.id.index()];
        let name = facts.text(function.name);
        let empties = matches!(name, "clear" | "reset" | "release" | "finish");
        function.kind == FunctionKind::Method && (empties || convention::ends(name))
    }
}

/// Whether an event comes at the end of what emits it, for emitters that no model describes.
fn is_ending(event: &str) -> bool {
    convention::is_last_event(event) || matches!(event, "complete" | "done" | "stop" | "leave" | "beforeunload" | "removed")
}
