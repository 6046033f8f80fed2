//! The findings of a whole program, kept for a run over the same texts.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::facts::{Directive, Facts};
use crate::finding::Finding;
use crate::program::Unit;
use crate::rulebook::Rulebook;
use crate::text::FileId;

use super::super::collect::SIDE_FILE;
use super::super::problems::INTERNAL_ERROR;
use super::super::read::load;
use super::super::run::{pool, run_whole};
use super::super::selection::Selection;
use super::super::texts::Texts;
use super::super::{Analysis, Files, paths};
use super::facts::Shelf;
use super::inputs::{Look, hash, look};
use super::{Cache, SUFFIX, WORTHWHILE};

/// What a run found, and what it rests on beside the files that were listed.
#[derive(Serialize, Deserialize)]
struct Kept {
    key: u128,
    /// Configuration files that others extend, wherever they lie: key, and hash of the text or of why there is none.
    extended: Vec<(String, u64)>,
    /// The files that were checked: which of those that were listed, by key.
    checked: Vec<String>,
    findings: Vec<Finding>,
    directives: Vec<(FileId, Vec<Directive>)>,
    files: Files,
    notes: Vec<String>,
}

/// Checks what is selected: what [`super::super::run`] finds. Units of a program that nothing has changed in are not read
/// again: of what the files say they have the comments for leaklint alone.
pub(in super::super) fn run(selection: &Selection, rulebook: &Rulebook, cache: &Cache) -> Analysis {
    let started = Instant::now();
    let selection = &*selection.normalized();
    let name = name(selection);
    if let Some(analysis) = recall(selection, cache, &name, started) {
        return analysis;
    }
    // What is looked at for the first time may never be looked at again, and leaving facts costs a fifth of a run: they are
    // left from the second time on.
    let shelf = Shelf::new(cache, cache.has(&name));
    let mut whole = run_whole(selection, rulebook, &|path, text| shelf.parse(path, text));
    let analysis = whole.analysis;
    if analysis.units.len() >= WORTHWHILE {
        shelf.save();
        let is_sound = analysis.errors.is_empty() && !analysis.findings.iter().any(|it| it.rule == INTERNAL_ERROR);
        if let (true, Some(collected)) = (is_sound, &mut whole.inputs) {
            let key = collected.inputs.key(cache, selection, &collected.sides);
            let extended = collected.extended.iter().map(|it| (it.clone(), state(it, selection))).collect();
            cache.write(&name, &postcard::to_stdvec(&keep(key, extended, &analysis, selection)).unwrap_or_default());
        }
        cache.tidy();
    }
    analysis
}

/// One name for each way of looking at a project, so that two of them do not take turns in forgetting each other.
fn name(selection: &Selection) -> String {
    let flags = (selection.no_ignore, selection.force_exclude, selection.overlays.is_empty());
    let way = format!("{:?} {:?} {flags:?}", selection.cwd, selection.roots());
    format!("findings-{:016x}{SUFFIX}", xxh3_64(way.as_bytes()))
}

/// The state of a file on the disk.
fn state(key: &str, selection: &Selection) -> u64 {
    hash(&load(Path::new(key), selection, SIDE_FILE))
}

fn keep(key: u128, extended: Vec<(String, u64)>, analysis: &Analysis, selection: &Selection) -> Kept {
    let cwd = selection.cwd_key();
    let checked = analysis.units.iter().map(|it| paths::key(&paths::absolute(Path::new(&cwd), Path::new(&it.path)))).collect();
    Kept {
        key,
        extended,
        checked,
        findings: analysis.findings.clone(),
        directives: analysis.directives(),
        files: analysis.files.clone(),
        notes: analysis.notes.clone(),
    }
}

/// What a run over the same texts found.
fn recall(selection: &Selection, cache: &Cache, name: &str, started: Instant) -> Option<Analysis> {
    let kept: Kept = postcard::from_bytes(&cache.read(name)?).ok()?;
    let pool = pool(selection).ok()?;
    let mut look = look(selection, &pool);
    let is_same = look.inputs.key(cache, selection, &look.sides) == kept.key
        && kept.extended.iter().all(|(key, state_then)| state(key, selection) == *state_then);
    if !is_same {
        return None;
    }
    let mut analysis = restore(kept, look, selection)?;
    analysis.timings.read = started.elapsed();
    analysis.timings.total = started.elapsed();
    Some(analysis)
}

fn restore(kept: Kept, look: Look, selection: &Selection) -> Option<Analysis> {
    let listed = |key: &String| look.files.binary_search_by(|it| it.0.key.cmp(key)).ok().map(|at| &look.files[at]);
    let checked: Vec<_> = kept.checked.iter().map(listed).collect::<Option<_>>()?;
    let cwd = selection.cwd_key();
    let unit = |key: &String| Unit { path: paths::shown(key, &cwd), facts: Arc::default(), links: Vec::new() };
    let mut units: Vec<Unit> = kept.checked.iter().map(unit).collect();
    for (file, directives) in kept.directives {
        units.get_mut(file.index())?.facts = Arc::new(Facts { directives, ..Facts::default() });
    }
    Some(Analysis {
        findings: kept.findings,
        settings: checked.iter().map(|it| Arc::clone(&it.0.settings)).collect(),
        texts: Texts::new(selection, checked.iter().map(|it| (&it.0, it.1))),
        units,
        files: kept.files,
        notes: kept.notes,
        ..Analysis::default()
    })
}
