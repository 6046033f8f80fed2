//! A series of observations to evidence.

use super::count::{Spread, count};
use super::observe::{Observation, POINTER, Seen};
use super::scene::Scene;
use super::unexplained::{Grower, Unexplained, explain, growers, nodes};
use super::verdict::Ledger;
use super::{Executions, Project};
use crate::finding::{Evidence, Finding, Sought, Verdict};
use crate::heap::{Freed, Snapshot};
use crate::text::Span;
use std::collections::BTreeMap;

/// Observations of one process, in the order of their snapshots.
#[derive(Debug)]
pub struct Series {
    /// One more, before the first, with no load between the two: what grows there comes by itself.
    pub idle: Option<Observation>,
    /// One per snapshot.
    pub shots: Vec<Observation>,
    /// What ran between one snapshot and the next, where that is known.
    pub executed: Vec<Option<Executions>>,
    /// Requests and connections between one snapshot and the next, where that is known.
    pub sent: Vec<Option<u64>>,
}

impl Series {
    /// Bytes that stay per request or connection: the middle one of the intervals, without what comes by itself.
    pub fn bytes_per_request(&self) -> Option<i64> {
        let grown = |before: &Observation, after: &Observation| (after.bytes as i64).saturating_sub(before.bytes as i64);
        let idle = self.idle.as_ref().zip(self.shots.first()).map_or(0, |(before, first)| grown(before, first).max(0));
        let intervals = self.shots.windows(2).map(|it| grown(&it[0], &it[1])).zip(&self.sent);
        let sent = intervals.filter_map(|(bytes, sent)| Some((bytes.saturating_sub(idle), sent.filter(|it| *it > 0)? as i64)));
        let mut per: Vec<i64> = sent.map(|(bytes, sent)| bytes / sent).collect();
        per.sort_unstable();
        per.get(per.len().saturating_sub(1) / 2).copied()
    }
}

/// Hands out the bytes of a snapshot again, by its place in the series.
pub type Reopen<'r> = dyn Fn(usize, &mut dyn FnMut(&[u8])) + 'r;

/// Gives every finding its evidence, and tells what else grows, the largest first.
///
/// Paths are read off the last snapshot, and the weight of what no finding explains off each: so they are opened again.
pub fn conclude(project: Project<'_>, findings: &mut [Finding], series: &Series, reopen: &Reopen<'_>) -> Vec<Unexplained> {
    let shared = groups(findings);
    let lines: Vec<Line> = findings.iter().enumerate().map(|(i, it)| line(it, i, series)).collect();
    for (i, finding) in findings.iter_mut().enumerate() {
        let mates: Vec<&Line> = shared[i].iter().map(|it| &lines[*it]).collect();
        finding.evidence = Some(evidence(finding, &lines[i], &mates, series));
    }
    let mut growers = Some(growers(series));
    let mut found = Vec::new();
    let mut last = |bytes: &[u8]| {
        let Ok(snapshot) = Snapshot::decode(bytes) else { return };
        let scene = Scene::new(project, &snapshot);
        findings.iter_mut().for_each(|it| show_path(&scene, it));
        found = explain(&scene, findings, growers.take().unwrap_or_default());
    };
    if let Some(at) = series.shots.len().checked_sub(1) {
        reopen(at, &mut last);
    }
    weigh(project, series, findings, &mut found, reopen);
    found.into_iter().map(|it| it.1).collect()
}

/// How the first thing that a finding counts is held.
fn show_path(scene: &Scene<'_, '_>, finding: &mut Finding) {
    let Some(evidence) = finding.evidence.as_mut().filter(|it| it.alive.last().is_some_and(|it| *it > 0)) else { return };
    let tally = finding.trace.sought.iter().map(|it| count(scene, it)).find(|it| it.alive > 0);
    let Some(tally) = tally else { return };
    // The newest one: the oldest may be held by more than the program's own doing.
    if let Some(node) = tally.nodes.last() {
        evidence.path = scene.path(*node);
    }
    if evidence.holder.is_empty() {
        evidence.holder = evidence.path.first().cloned().unwrap_or_default();
    }
}

/// Bytes of what is confirmed and of what else grows, in every snapshot.
///
/// What two findings both keep goes with neither of them alone. So it is weighed as if all that is confirmed had gone.
fn weigh(
    project: Project<'_>,
    series: &Series,
    findings: &mut [Finding],
    found: &mut [(Grower, Unexplained)],
    reopen: &Reopen<'_>,
) {
    let is_confirmed = |it: &&mut Finding| it.evidence.as_ref().is_some_and(|it| it.verdict == Verdict::Confirmed);
    let mut confirmed: Vec<&mut Finding> = findings.iter_mut().filter(is_confirmed).collect();
    if found.is_empty() && confirmed.is_empty() {
        return;
    }
    for at in 0..series.shots.len() {
        reopen(at, &mut |bytes| {
            let Ok(snapshot) = Snapshot::decode(bytes) else { return };
            let scene = Scene::new(project, &snapshot);
            for (grower, it) in found.iter_mut() {
                it.retained_bytes.push(scene.bytes(&nodes(&scene, grower)));
            }
            weigh_together(&scene, &mut confirmed, at);
        });
    }
    for evidence in confirmed.into_iter().filter_map(|it| it.evidence.as_mut()) {
        evidence.bytes_per_execution = each(&evidence.executed, &evidence.retained_bytes);
    }
}

fn weigh_together(scene: &Scene<'_, '_>, confirmed: &mut [&mut Finding], at: usize) {
    let tally = |it: &Finding| it.trace.sought.iter().map(|it| count(scene, it)).find(|it| it.alive > 0).unwrap_or_default();
    let tallies: Vec<_> = confirmed.iter().map(|it| tally(it)).collect();
    let nodes: Vec<_> = tallies.iter().flat_map(|it| it.nodes.iter().copied()).collect();
    let freed = Freed::without(scene.snapshot, &nodes);
    let are_several = confirmed.len() > 1;
    for (finding, tally) in confirmed.iter_mut().zip(tallies) {
        let Some(evidence) = finding.evidence.as_mut().filter(|it| at < it.retained_bytes.len()) else { continue };
        let bytes = freed.bytes(scene.snapshot, &tally.nodes).saturating_add(tally.pointers * POINTER);
        evidence.retained_bytes[at] = bytes;
        let is_last = at + 1 == evidence.retained_bytes.len();
        if are_several && is_last && evidence.reason.is_empty() && bytes > 2 * scene.bytes(&tally.nodes) {
            evidence.reason = "most of which other findings keep, too".to_owned();
        }
    }
}

/// Bytes that stay per execution.
fn each(executed: &[Option<u64>], retained: &[u64]) -> Option<u64> {
    let ran: Option<u64> = executed.iter().copied().sum();
    let grown = match retained {
        [first, .., last] => last.saturating_sub(*first),
        _ => 0,
    };
    ran.filter(|it| *it > 0).map(|it| grown / it)
}

/// A finding's line of the ledger.
struct Line {
    /// Whether its place was found in any snapshot.
    located: bool,
    shots: Vec<Seen>,
    /// What an interval without load adds.
    idle: i64,
    executed: Vec<Option<u64>>,
    /// What the count is held against: that, or what was sent.
    causes: Vec<Option<u64>>,
}

fn line(finding: &Finding, index: usize, series: &Series) -> Line {
    let of = |n: usize| -> Vec<&Seen> { series.shots.iter().filter_map(|it| it.sightings[index].seen.get(n)).collect() };
    // The first thing that is there at all; else the first whose place is known.
    let all = 0..finding.trace.sought.len();
    let there = all.clone().find(|n| of(*n).iter().any(|it| it.alive > 0));
    let chosen = there.or_else(|| all.clone().find(|n| of(*n).iter().any(|it| it.located))).unwrap_or(0);
    let shots: Vec<Seen> = of(chosen).into_iter().cloned().collect();
    let before = series.idle.as_ref().and_then(|it| it.sightings[index].seen.get(chosen));
    let idle = before.zip(shots.first()).map_or(0, |(before, first)| first.alive as i64 - before.alive as i64);
    let places = series.shots.last().map_or(&[][..], |it| &it.sightings[index].runs_at);
    let ran = |it: &Executions| places.iter().map(|(script, offset)| it.at(script, *offset)).sum();
    let is_elsewhere = finding.trace.sites.is_empty();
    // Of what ran, nothing can be told apart: not that it did not run, either.
    let is_known = !is_elsewhere && !is_stale(finding, series);
    let executed = series.executed.iter().map(|it| it.as_ref().map(ran).filter(|_| is_known)).collect();
    let causes = if is_elsewhere { series.sent.clone() } else { Vec::clone(&executed) };
    Line { located: shots.iter().any(|it| it.located), shots, idle, executed, causes }
}

/// Whether another text ran than that of a finding's files.
fn is_stale(finding: &Finding, series: &Series) -> bool {
    let of = |it: &Span| series.shots.iter().any(|shot| shot.stale.contains(&it.file));
    finding.trace.sites.iter().any(of)
}

fn evidence(finding: &Finding, line: &Line, mates: &[&Line], series: &Series) -> Evidence {
    if !line.located {
        // Nobody counted, so there are no numbers, not even 0.
        let (verdict, reason) = judge(finding, line, &[], mates, series);
        let (alive, retained_bytes, path) = (Vec::new(), Vec::new(), Vec::new());
        let executed = line.executed.clone();
        return Evidence {
            verdict,
            reason,
            executed,
            alive,
            retained_bytes,
            bytes_per_execution: None,
            holder: String::new(),
            path,
        };
    }
    let alive: Vec<u64> = line.shots.iter().map(|it| it.alive).collect();
    let retained_bytes: Vec<u64> = line.shots.iter().map(|it| it.bytes).collect();
    let (verdict, reason) = judge(finding, line, &alive, mates, series);
    let executed = together(line, mates);
    let last = line.shots.last().cloned().unwrap_or_default();
    Evidence {
        verdict,
        reason,
        bytes_per_execution: each(&executed, &retained_bytes),
        executed,
        alive,
        retained_bytes,
        holder: last.holder,
        path: Vec::new(),
    }
}

fn judge(finding: &Finding, line: &Line, alive: &[u64], mates: &[&Line], series: &Series) -> (Verdict, String) {
    let ran: Option<u64> = line.executed.iter().copied().sum();
    if !line.executed.is_empty() && ran == Some(0) {
        return (Verdict::NotExercised, String::new());
    }
    if finding.trace.sought.is_empty() {
        return (Verdict::Unmapped, "a heap does not show it".into());
    }
    if !line.located {
        let why = if is_stale(finding, series) {
            "another text of this file ran: it has changed since, or was compiled while it was loaded"
        } else {
            "its place was not found in the heap"
        };
        return (Verdict::Unmapped, why.into());
    }
    let limit = finding.trace.limit;
    let delay = pending_delay(finding, alive, series);
    let of = |causes: &[Option<u64>]| Ledger { alive, executed: causes, idle: line.idle, limit, delay }.verdict();
    let others: Option<u64> = mates.iter().map(|it| it.executed.iter().copied().sum::<Option<u64>>()).sum();
    let (verdict, reason) = if mates.is_empty() || others == Some(0) {
        of(&line.causes)
    } else {
        // One count for several sites: only all of them together can be held against it.
        let together = together(line, mates);
        match of(&together) {
            (Verdict::Confirmed, _) if !is_all(alive, &together) => {
                (Verdict::Unmapped, "another finding shares its code, and the heap cannot tell which of them stay".into())
            }
            (verdict, reason) if reason.is_empty() => (verdict, "together with another finding that shares its code".into()),
            other => other,
        }
    };
    match verdict {
        Verdict::Contradicted if is_unmade(&finding.trace.sites, alive) => (Verdict::NotExercised, String::new()),
        Verdict::Confirmed if finding.trace.sites.is_empty() => (verdict, in_step(alive, &line.causes)),
        Verdict::Confirmed => many_holders(line).unwrap_or((verdict, reason)),
        _ => (verdict, reason),
    }
}

/// Where the code that makes them was not read, none at all may mean that nothing asked for one.
fn is_unmade(sites: &[Span], alive: &[u64]) -> bool {
    sites.is_empty() && alive.iter().all(|it| *it == 0)
}

/// What grows with what was sent, where the code that does it was not read.
fn in_step(alive: &[u64], sent: &[Option<u64>]) -> String {
    let is_known = !sent.is_empty() && sent.iter().all(Option::is_some);
    let reason = if is_all(alive, sent) { "one per request" } else { "in step with the requests" };
    if is_known { reason.to_owned() } else { String::new() }
}

/// Where it is the holders that become more, and none of them holds more than before, the leak is what keeps them.
fn many_holders(line: &Line) -> Option<(Verdict, String)> {
    let (first, last) = (line.shots.first()?.spread, line.shots.last()?.spread);
    let is_so = last.holders > first.holders && first.holders > 0 && last.most <= first.most;
    let Spread { holders, most } = last;
    let reason = || format!("none of its {holders} holders has more than {most}: what keeps them is the leak");
    is_so.then(|| (Verdict::Contradicted, reason()))
}

/// Executions of a finding's sites and of those that cannot be told apart from them.
fn together(line: &Line, mates: &[&Line]) -> Vec<Option<u64>> {
    let mut sum = line.executed.clone();
    for mate in mates {
        sum.iter_mut().zip(&mate.executed).for_each(|(sum, more)| *sum = sum.zip(*more).map(|(a, b)| a + b));
    }
    sum
}

/// Whether as many stay as were made.
fn is_all(alive: &[u64], executed: &[Option<u64>]) -> bool {
    let made: Option<u64> = executed.iter().copied().sum();
    let stayed = alive.last().zip(alive.first()).map(|(last, first)| last.saturating_sub(*first));
    made.zip(stayed).is_some_and(|(made, stayed)| stayed * 10 >= made * 9)
}

/// A timer that runs longer is no release that anybody waits for, in milliseconds.
const RELEASE: f64 = 600_000.0;

/// The longest delay of one-shot timers from the same files that grow as the finding does: they may release it.
fn pending_delay(finding: &Finding, alive: &[u64], series: &Series) -> Option<f64> {
    if finding.rule == "timeout-keeps-scope" {
        return None;
    }
    let (first, last) = (series.shots.first()?, series.shots.last()?);
    let grown = alive.last()?.saturating_sub(*alive.first()?);
    let of = |shot: &Observation, file| shot.timeouts.get(&file).copied().unwrap_or_default();
    let files = finding.trace.sites.iter().map(|it| it.file);
    let growing = files.filter(|it| {
        let timers = of(last, *it).0.saturating_sub(of(first, *it).0);
        timers > 0 && timers * 2 >= grown
    });
    growing.map(|it| of(last, it).1).filter(|it| *it <= RELEASE).max_by(f64::total_cmp)
}

/// Whether two findings with a function in common count the same slots: neither their events nor their delays differ.
fn mistakable(a: &Finding, b: &Finding) -> bool {
    let told = |it: &Finding| {
        let slots = it.trace.sought.iter().find_map(|it| match it {
            Sought::Slots { event, delay, .. } => Some((event.clone(), *delay)),
            _ => None,
        });
        slots.unwrap_or_default()
    };
    let ((event, delay), (other_event, other_delay)) = (told(a), told(b));
    let differs = event.zip(other_event).is_some_and(|(a, b)| a != b) || delay.zip(other_delay).is_some_and(|(a, b)| a != b);
    a.trace.sites != b.trace.sites && !differs
}

/// By finding, the others that count the same slots.
fn groups(findings: &[Finding]) -> Vec<Vec<usize>> {
    let mut by_function: BTreeMap<(u8, u32, u32), Vec<usize>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        for sought in &finding.trace.sought {
            if let Sought::Slots { kind, functions, .. } = sought {
                functions.iter().for_each(|f| by_function.entry((*kind as u8, f.file.0, f.start)).or_default().push(i));
            }
        }
    }
    let mut groups = vec![Vec::new(); findings.len()];
    for members in by_function.values() {
        for &a in members {
            let others = members.iter().copied().filter(|b| mistakable(&findings[a], &findings[*b]));
            groups[a].extend(others);
        }
    }
    groups.iter_mut().for_each(|it: &mut Vec<usize>| {
        it.sort_unstable();
        it.dedup();
    });
    groups
}

#[cfg(test)]
mod tests {
    use super::{Line, Seen, Spread, is_unmade, many_holders};
    use crate::finding::Verdict;

    fn verdict(spreads: [(u64, u64); 3]) -> Option<Verdict> {
        let seen = |(holders, most)| Seen { located: true, spread: Spread { holders, most }, ..Seen::default() };
        let line = Line { located: true, shots: spreads.map(seen).into(), idle: 0, executed: Vec::new(), causes: Vec::new() };
        many_holders(&line).map(|it| it.0)
    }

    #[test]
    fn what_elsewhere_s_code_never_made_is_not_contradicted() {
        use crate::text::{FileId, Span};
        assert!(is_unmade(&[], &[0, 0, 0]));
        assert!(!is_unmade(&[], &[0, 5, 0]));
        assert!(!is_unmade(&[Span::new(FileId(0), 1, 2)], &[0, 0, 0]));
    }

    #[test]
    fn holders_that_become_more_are_the_leak_unless_they_fill_up() {
        assert_eq!(verdict([(152, 1), (352, 1), (552, 1)]), Some(Verdict::Contradicted));
        assert_eq!(verdict([(1, 152), (1, 352), (1, 552)]), None);
        assert_eq!(verdict([(3, 50), (4, 120), (5, 190)]), None);
        assert_eq!(verdict([(0, 0), (200, 1), (400, 1)]), None);
        assert_eq!(verdict([(0, 0), (0, 0), (0, 0)]), None);
    }
}
