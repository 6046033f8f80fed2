//! The first half of a run: files listed by this thread, read and parsed by the workers at the same time.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::cache::{Inputs, hash};
use super::manifests::Side;
use super::names::{self, Skip};
use super::read::{Claims, Outcome, Parse, ReadFile, load, read};
use super::selection::Selection;
use super::settle::{self, Copies, Copy, Tally};
use super::walk::{self, Candidate, Met};
use super::{Timings, paths};

/// Bytes of a file that says something about the project: no hand-written one is larger.
pub(super) const SIDE_FILE: u64 = 2 << 20;

/// What lies on the disk, as far as the run needs it.
#[derive(Default)]
pub(super) struct Collected {
    /// Sorted by path.
    pub(super) files: Vec<ReadFile>,
    /// Keys that stand for another file of the run.
    pub(super) stand_ins: Vec<(String, String)>,
    /// Sorted by path.
    pub(super) sides: Vec<Side>,
    pub(super) tally: Tally,
    /// Files that could not be read.
    pub(super) unreadable: usize,
    pub(super) notes: Vec<String>,
    pub(super) errors: Vec<String>,
    /// What all that rests on.
    pub(super) inputs: Inputs,
}

/// Lists and reads everything. Runs on a thread outside the pool.
pub(super) fn collect(selection: &Selection, pool: &rayon::ThreadPool, parse: Parse<'_>, timings: &mut Timings) -> Collected {
    let started = Instant::now();
    let claims = Claims::default();
    let outcomes: Mutex<Vec<Outcome>> = Mutex::default();
    let inputs: Mutex<Inputs> = Mutex::default();
    let work = AtomicU64::new(0);
    let mut collected = Collected::default();
    let take = |candidate: Candidate, claims: Option<&Claims>| {
        let begun = Instant::now();
        let loaded = load(&candidate.path, selection, candidate.settings.max_file_size);
        inputs.lock().unwrap_or_else(PoisonError::into_inner).add(&candidate, hash(&loaded));
        let outcome = read(candidate, loaded, selection, claims, parse);
        work.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
    };
    pool.in_place_scope(|scope| {
        let (take, claims) = (&take, &claims);
        list(selection, &mut |met| match met {
            Met::Source(candidate) => scope.spawn(move |_| take(candidate, Some(claims))),
            met => collected.meet(met, selection),
        });
        timings.walk = started.elapsed();
    });
    inputs.lock().unwrap_or_else(PoisonError::into_inner).listed(&collected);
    let copies = collected.receive(std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner)));
    let Copies { stand_ins, needed } = settle::copies(&mut collected.files, copies);
    stand_ins.iter().for_each(|_| collected.tally.add(Skip::Duplicate));
    collected.stand_ins = stand_ins;
    pool.install(|| needed.into_par_iter().for_each(|candidate| take(candidate, None)));
    collected.receive(std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner)));
    collected.sides_above(selection);
    collected.sort(selection);
    collected.inputs = inputs.into_inner().unwrap_or_else(PoisonError::into_inner);
    timings.read = started.elapsed();
    timings.read_work = Duration::from_nanos(work.into_inner());
    collected
}

/// Walks the disk, or lists the overlays when they are all there is.
pub(super) fn list(selection: &Selection, visit: &mut dyn FnMut(Met)) {
    if !selection.in_memory {
        return walk::walk(selection, visit);
    }
    for path in selection.overlays.keys() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if walk::is_side(&name) {
            visit(Met::Side(path.clone()));
        } else if names::source_name(&name).is_some() {
            let settings = selection.settings(path);
            visit(Met::Source(Candidate { path: path.clone(), key: paths::key(path), by_hand: true, settings }));
        }
    }
}

impl Collected {
    pub(super) fn meet(&mut self, met: Met, selection: &Selection) {
        match met {
            Met::Source(_) => {}
            Met::Side(path) => self.add_side(&path, selection),
            Met::Skipped(skip) => self.tally.add(skip),
            Met::Output(folder) => {
                let shown = paths::shown(&paths::key(&folder), &selection.cwd_key());
                self.notes.push(format!("{shown}: build output, left out (--include-generated lets it in)"));
            }
            Met::Note(note) => self.notes.push(note),
            Met::Absent(error) => self.errors.push(error),
        }
    }

    fn add_side(&mut self, path: &Path, selection: &Selection) {
        if let Ok(loaded) = load(path, selection, SIDE_FILE) {
            self.sides.push(Side { key: paths::key(path), text: loaded.text });
        }
    }

    /// Takes results in; copies are handed back.
    fn receive(&mut self, outcomes: Vec<Outcome>) -> Vec<Copy> {
        let mut copies = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Read(file) => self.files.push(*file),
                Outcome::Skipped(skip) => self.tally.add(skip),
                Outcome::Copy(copy) => copies.push(copy),
                Outcome::Note(note) => {
                    self.unreadable += 1;
                    self.notes.push(note);
                }
            }
        }
        copies
    }

    /// The nearest manifest and compiler configuration above each root that has none itself, up to the repository.
    pub(super) fn sides_above(&mut self, selection: &Selection) {
        if selection.in_memory {
            return;
        }
        let known: FxHashSet<String> = self.sides.iter().map(|it| it.key.clone()).collect();
        for names in [&["package.json"][..], &["tsconfig.json", "jsconfig.json"]] {
            let mut found: FxHashSet<String> = FxHashSet::default();
            for root in selection.roots() {
                for folder in root.ancestors() {
                    let paths = names.iter().map(|it| folder.join(it));
                    if let Some(path) = paths.into_iter().find(|it| known.contains(&paths::key(it)) || it.is_file()) {
                        let key = paths::key(&path);
                        if !known.contains(&key) && found.insert(key) {
                            self.add_side(&path, selection);
                        }
                        break;
                    }
                    if folder.join(".git").exists() {
                        break;
                    }
                }
            }
        }
    }

    pub(super) fn sort(&mut self, selection: &Selection) {
        let cwd = selection.cwd_key();
        self.files.sort_by_cached_key(|it| paths::shown(&it.candidate.key, &cwd));
        self.sides.sort_by(|a, b| a.key.cmp(&b.key));
    }
}
