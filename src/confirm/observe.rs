//! What one snapshot shows of some findings.

use super::Project;
use super::count::{Spread, Tally, count};
use super::scene::Scene;
use crate::finding::Finding;
use crate::heap::{Census, DecodeError, Hold, Snapshot, bytes_of_data};
use crate::text::{FileId, Span};
use std::collections::BTreeMap;
use std::time::Duration;

/// Bytes of a pointer: Node does not compress them.
pub(super) const POINTER: u64 = 8;

/// What one snapshot shows of some findings: a few numbers for each, so that the snapshot itself can go.
#[derive(Debug)]
pub struct Observation {
    /// By finding.
    pub(super) sightings: Vec<Sighting>,
    /// Timeouts of the program's functions that fire once, by file: how many, and their longest delay in milliseconds.
    pub(super) timeouts: BTreeMap<FileId, (u64, f64)>,
    /// Everything else that may grow.
    pub(super) census: Census,
    /// Files of which another text ran, sorted.
    pub(super) stale: Vec<FileId>,
    /// Bytes of the heap and beside it, without what V8 keeps to run code: that grows for as long as it compiles.
    pub(super) bytes: u64,
}

/// What is seen of one finding.
#[derive(Clone, Default, Debug)]
pub(super) struct Sighting {
    /// By what is sought, in the trace's order.
    pub(super) seen: Vec<Seen>,
    /// Where its sites are in the scripts of the process: path, and offset in UTF-16 code units.
    pub(super) runs_at: Vec<(String, u32)>,
}

/// What is seen of one thing that is sought.
#[derive(Clone, Default, Debug)]
pub(super) struct Seen {
    pub(super) located: bool,
    pub(super) alive: u64,
    pub(super) bytes: u64,
    pub(super) holder: String,
    pub(super) spread: Spread,
}

/// Reads a snapshot and counts what the findings say is kept.
///
/// # Errors
/// Place and reason, if the bytes are no heap snapshot.
pub fn observe(project: Project<'_>, findings: &[Finding], bytes: &[u8]) -> Result<Observation, DecodeError> {
    let snapshot = Snapshot::decode(bytes)?;
    let scene = Scene::new(project, &snapshot);
    let sightings = findings.iter().map(|it| sighting(&scene, it)).collect();
    let census = Census::new(&snapshot, &scene.sites, &scene.slots, &scene.collections);
    let stale = scene.atlas.stale().to_vec();
    Ok(Observation { sightings, timeouts: timeouts(&scene), census, stale, bytes: bytes_of_data(&snapshot) })
}

/// The longest delay of the program's one-shot timers, as far as somebody has the patience: what they hold goes by itself.
/// `None` if there is no such timer.
pub fn release_delay(project: Project<'_>, bytes: &[u8], patience: Duration) -> Option<Duration> {
    let snapshot = Snapshot::decode(bytes).ok()?;
    let scene = Scene::new(project, &snapshot);
    let delays = one_shots(&scene).map(|it| it.1).filter(|it| *it > 0.0 && *it <= patience.as_millis() as f64);
    Some(Duration::from_millis(delays.max_by(f64::total_cmp)? as u64 + 250))
}

fn sighting(scene: &Scene<'_, '_>, finding: &Finding) -> Sighting {
    let seen = finding.trace.sought.iter().map(|it| seen(scene, count(scene, it))).collect();
    let runs_at = |site: &Span| scene.atlas.generated(site.file, site.start).into_iter().map(|it| (it.0.to_owned(), it.1));
    Sighting { seen, runs_at: finding.trace.sites.iter().flat_map(runs_at).collect() }
}

fn seen(scene: &Scene<'_, '_>, tally: Tally) -> Seen {
    let Tally { located, alive, nodes, pointers, holder, spread } = tally;
    Seen { located, alive, bytes: scene.bytes(&nodes).saturating_add(pointers * POINTER), holder, spread }
}

/// The program's timers that fire once: the file of the function, and the delay in milliseconds.
fn one_shots(scene: &Scene<'_, '_>) -> impl Iterator<Item = (FileId, f64)> {
    scene.slots.all().iter().filter_map(|slot| {
        let Hold::Timer { repeat: false, delay } = slot.hold else { return None };
        let (file, _) = scene.slots.function(slot).and_then(|it| scene.anchors.of_site(scene.sites.site(it)?))?;
        Some((file, delay.unwrap_or_default()))
    })
}

fn timeouts(scene: &Scene<'_, '_>) -> BTreeMap<FileId, (u64, f64)> {
    let mut found: BTreeMap<FileId, (u64, f64)> = BTreeMap::new();
    for (file, delay) in one_shots(scene) {
        let entry = found.entry(file).or_default();
        *entry = (entry.0 + 1, entry.1.max(delay));
    }
    found
}
