//! The part of a program around one file: what it imports and what imports it, as far as a budget goes.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use crate::facts::{Facts, Sym};
use crate::finding::Finding;
use crate::program::{Manifest, Target, Unit};
use crate::text::FileId;

use super::Analysis;

/// What a vicinity may cost, beside the file itself: what is linked and checked within a few milliseconds. In expressions.
const BUDGET: usize = 6_000;

/// What a file costs, however little it says.
const FILE: usize = 64;

/// What an import or export costs.
const LINK: usize = 4;

/// A small program whose files have ids of their own.
#[derive(Clone)]
pub(super) struct Vicinity {
    pub(super) units: Vec<Unit>,
    pub(super) manifests: Vec<Manifest>,
    /// Ids in the whole program, sorted.
    files: Vec<FileId>,
}

impl Vicinity {
    /// The vicinity of a file. The same files for every text of that file, so that two looks can be compared.
    pub(super) fn around(file: FileId, whole: &Analysis) -> Vicinity {
        let files = select(file, &whole.units);
        let own = |id: &FileId| files.binary_search(id).ok().map(|at| FileId(at as u32));
        let units = files.iter().map(|id| {
            let unit = &whole.units[id.index()];
            Unit { path: unit.path.clone(), facts: Arc::clone(&unit.facts), links: relinked(&unit.links, &own) }
        });
        let several = |ids: &[FileId]| ids.iter().filter_map(own).collect();
        let manifests = whole.manifests.iter().map(|it| {
            let mut manifest = it.clone();
            manifest.started = several(&it.started);
            manifest.exported = several(&it.exported);
            manifest.starts.iter_mut().for_each(|it| it.files = several(&it.files));
            manifest
        });
        Vicinity { units: units.collect(), manifests: manifests.collect(), files }
    }

    /// The same with one file that says something else.
    pub(super) fn with(mut self, file: FileId, facts: &Arc<Facts>, links: Vec<(Sym, Target)>) -> Vicinity {
        if let Ok(at) = self.files.binary_search(&file) {
            let own = |id: &FileId| self.files.binary_search(id).ok().map(|at| FileId(at as u32));
            let links = relinked(&links, &own);
            let unit = &mut self.units[at];
            unit.facts = Arc::clone(facts);
            unit.links = links;
        }
        self
    }

    /// Gives a finding the whole program's file ids; false for one that names no file of it.
    pub(super) fn restore(&self, finding: &mut Finding) -> bool {
        let story = finding.story.iter_mut().map(|it| &mut it.span.file);
        for file in [&mut finding.span.file].into_iter().chain(story) {
            match self.files.get(file.index()) {
                Some(&whole) => *file = whole,
                None => return false,
            }
        }
        true
    }
}

/// What is not in the vicinity is as good as missing.
fn relinked(links: &[(Sym, Target)], own: &dyn Fn(&FileId) -> Option<FileId>) -> Vec<(Sym, Target)> {
    let of = |target: &Target| match target {
        Target::File(id) => own(id).map_or(Target::Missing, Target::File),
        other => other.clone(),
    };
    links.iter().map(|(sym, target)| (*sym, of(target))).collect()
}

/// The nearest files, those that are imported before those that import.
fn select(file: FileId, units: &[Unit]) -> Vec<FileId> {
    let size = |id: FileId| size(&units[id.index()]);
    let total: usize = (0..units.len() as u32).map(|id| size(FileId(id))).sum();
    if total <= BUDGET {
        return (0..units.len() as u32).map(FileId).collect();
    }
    let importers = importers(units);
    let mut chosen: FxHashSet<FileId> = [file].into_iter().collect();
    let (mut spent, mut layer) = (0, vec![file]);
    while !layer.is_empty() {
        let imported = layer.iter().flat_map(|id| imports(&units[id.index()]));
        let importing = layer.iter().flat_map(|id| importers.get(id).into_iter().flatten().copied());
        let mut next = Vec::new();
        for id in imported.chain(importing) {
            if !chosen.contains(&id) && spent + size(id) <= BUDGET {
                spent += size(id);
                chosen.insert(id);
                next.push(id);
            }
        }
        layer = next;
    }
    let mut chosen: Vec<FileId> = chosen.into_iter().collect();
    chosen.sort();
    chosen
}

fn size(unit: &Unit) -> usize {
    let facts = &unit.facts;
    FILE + facts.nodes.len() + LINK * (facts.imports.len() + facts.exports.len())
}

fn imports(unit: &Unit) -> impl Iterator<Item = FileId> + '_ {
    unit.links.iter().filter_map(|(_, target)| match target {
        Target::File(id) => Some(*id),
        _ => None,
    })
}

fn importers(units: &[Unit]) -> FxHashMap<FileId, Vec<FileId>> {
    let mut importers: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    for (at, unit) in units.iter().enumerate() {
        imports(unit).for_each(|id| importers.entry(id).or_default().push(FileId(at as u32)));
    }
    importers
}
