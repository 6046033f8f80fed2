//! What a run rests on: the files that were listed, their texts, and what the files beside them say.

use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::super::collect::{Collected, list};
use super::super::manifests::Side;
use super::super::read::{Loaded, Unread, load};
use super::super::selection::Selection;
use super::super::walk::{Candidate, Met};
use super::Cache;

/// The texts of a run by hash, and what the listing met beside them.
#[derive(Debug, Default)]
pub(in super::super) struct Inputs {
    /// Key of each source file, and the hash of its text and of what its settings say of reading it.
    sources: Vec<(String, u64)>,
    listing: u64,
}

/// The hash of a text, or of the reason why there is none.
pub(in super::super) fn hash(loaded: &Result<Loaded, Unread>) -> u64 {
    match loaded {
        Ok(loaded) => xxh3_64(loaded.text.as_bytes()) ^ u64::from(loaded.is_lossy),
        Err(Unread::TooLarge) => 1,
        Err(Unread::Failed(words)) => xxh3_64(words.as_bytes()),
    }
}

impl Inputs {
    /// Takes in a source file.
    pub(in super::super) fn add(&mut self, candidate: &Candidate, hash: u64) {
        let settings = &candidate.settings;
        let reading = (hash, candidate.by_hand, settings.include_generated, settings.max_file_size);
        self.sources.push((candidate.key.clone(), xxh3_64(format!("{reading:?}").as_bytes())));
    }

    /// Takes in what the listing met beside source files: nothing but that may be in `collected` yet.
    pub(in super::super) fn listed(&mut self, collected: &Collected) {
        let met = (collected.tally.counts(), &collected.notes, &collected.errors);
        self.listing = xxh3_64(format!("{met:?}").as_bytes());
    }

    /// Equal for runs that find the same.
    pub(super) fn key(&mut self, cache: &Cache, selection: &Selection, sides: &[Side]) -> u128 {
        self.sources.sort();
        // A copy that is needed after all is read twice.
        self.sources.dedup();
        let mut hasher = Xxh3::new();
        let mut add = |text: &str, number: u64| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
            hasher.update(&number.to_le_bytes());
        };
        add(&selection.cwd_key(), cache.rules);
        add("", self.listing);
        self.sources.iter().for_each(|(key, hash)| add(key, *hash));
        sides.iter().for_each(|side| add(&side.key, xxh3_64(side.text.as_bytes())));
        hasher.digest128()
    }
}

/// What lies on the disk now, without parsing any of it.
pub(super) struct Look {
    pub(super) inputs: Inputs,
    pub(super) sides: Vec<Side>,
    /// Sorted by key: the file, and the hash of its text.
    pub(super) files: Vec<(Candidate, u64)>,
}

/// Lists and reads everything, as a run would.
pub(super) fn look(selection: &Selection, pool: &rayon::ThreadPool) -> Look {
    let mut collected = Collected::default();
    let found: Mutex<Vec<(Candidate, u64)>> = Mutex::default();
    pool.in_place_scope(|scope| {
        let found = &found;
        list(selection, &mut |met| match met {
            Met::Source(candidate) => scope.spawn(move |_| {
                let hash = hash(&load(&candidate.path, selection, candidate.settings.max_file_size));
                found.lock().unwrap_or_else(PoisonError::into_inner).push((candidate, hash));
            }),
            met => collected.meet(met, selection),
        });
    });
    let mut inputs = Inputs::default();
    inputs.listed(&collected);
    collected.sides_above(selection);
    collected.sort(selection);
    let mut files = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.iter().for_each(|(candidate, hash)| inputs.add(candidate, *hash));
    files.sort_by(|a, b| a.0.key.cmp(&b.0.key));
    Look { inputs, sides: collected.sides, files }
}
