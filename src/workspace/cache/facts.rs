//! Facts by text: what a file says depends on its text alone, so no text needs to be parsed twice.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::facts::Facts;

use super::super::names::source_name;
use super::super::paths;
use super::super::read::{Parsed, Problem, parse};
use super::{Cache, SUFFIX, WORTHWHILE};

/// Files that the facts are spread over, so that a run which changes one entry does not write all of them anew.
const SHARDS: usize = 32;

/// Bytes before an entry: key, length, checksum.
const HEAD: usize = 16 + 4 + 8;

/// Entries that no text of the run asked for stay up to this share of those that were: branches are changed and changed back.
const SPARE: usize = 1;

#[derive(Default)]
struct Shard {
    is_loaded: bool,
    bytes: Arc<Vec<u8>>,
    /// Where the entries are, heads included; and whether this run asked for them.
    known: FxHashMap<u128, (Range<usize>, bool)>,
    /// What this run adds; the old entries follow when it is done.
    fresh: Option<(PathBuf, BufWriter<File>)>,
    failed: bool,
    /// What waits until it is known that the run is worth leaving anything.
    waiting: Vec<(u128, Vec<u8>)>,
}

/// The facts that runs left, and those that this one adds.
pub(super) struct Shelf<'a> {
    cache: &'a Cache,
    shards: Vec<Mutex<Shard>>,
    /// How many entries this run adds.
    added: AtomicUsize,
    /// Whether it adds any.
    adds: bool,
}

fn name(shard: usize) -> String {
    format!("facts-{shard:02}{SUFFIX}")
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Shelf<'a> {
    pub(super) fn new(cache: &'a Cache, adds: bool) -> Shelf<'a> {
        Shelf { cache, shards: (0..SHARDS).map(|_| Mutex::default()).collect(), added: AtomicUsize::new(0), adds }
    }

    /// The facts of a text: kept ones, else from parsing it.
    pub(super) fn parse(&self, path: &str, text: &str) -> Parsed {
        // The extension tells the language.
        let extension = source_name(paths::name(path)).map_or("", |(_, extension)| extension);
        let key = xxh3_128(text.as_bytes()) ^ u128::from(xxh3_64(extension.as_bytes()));
        let number = key as usize % SHARDS;
        if let Some(parsed) = self.find(number, key) {
            return parsed;
        }
        let parsed = parse(path, text);
        if self.adds
            && let Some(bytes) = encode(&parsed)
        {
            self.add(number, key, bytes);
        }
        parsed
    }

    fn find(&self, number: usize, key: u128) -> Option<Parsed> {
        let (bytes, entry) = {
            let mut shard = lock(&self.shards[number]);
            if !shard.is_loaded {
                shard.is_loaded = true;
                shard.load(fs::read(self.cache.path(&name(number))).unwrap_or_default());
            }
            let (entry, used) = shard.known.get_mut(&key)?;
            *used = true;
            let entry = entry.clone();
            (Arc::clone(&shard.bytes), entry)
        };
        let parsed = decode(&bytes[entry]);
        if parsed.is_none() {
            // What has rotted is not carried over.
            lock(&self.shards[number]).known.remove(&key);
        }
        parsed
    }

    fn add(&self, number: usize, key: u128, bytes: Vec<u8>) {
        let mut shard = lock(&self.shards[number]);
        shard.waiting.push((key, bytes));
        if self.added.fetch_add(1, Ordering::Relaxed) >= WORTHWHILE {
            self.flush(number, &mut shard);
        }
    }

    fn flush(&self, number: usize, shard: &mut Shard) {
        let waiting = std::mem::take(&mut shard.waiting);
        if shard.fresh.is_none() && !shard.failed && !waiting.is_empty() {
            let open = self.cache.temporary(&name(number));
            shard.fresh = open.map(|(path, file)| (path, BufWriter::with_capacity(1 << 14, file)));
            shard.failed = shard.fresh.is_none();
        }
        waiting.into_iter().for_each(|(key, bytes)| shard.append(key, &bytes));
    }

    /// Puts the shards that changed into place.
    pub(super) fn save(&self) {
        for (number, shard) in self.shards.iter().enumerate() {
            let mut shard = lock(shard);
            self.flush(number, &mut shard);
            if shard.fresh.is_some() {
                shard.keep_old();
            }
            if let Some((path, out)) = shard.fresh.take() {
                let is_whole = !shard.failed && out.into_inner().is_ok();
                if !is_whole || fs::rename(&path, self.cache.path(&name(number))).is_err() {
                    let _ = fs::remove_file(path);
                }
            }
        }
    }
}

impl Shard {
    /// Finds the entries of a file; the first one that does not fit ends it.
    fn load(&mut self, bytes: Vec<u8>) {
        let mut rest = bytes.as_slice();
        while let Some((key, behind)) = rest.split_first_chunk()
            && let Some((length, _)) = behind.split_first_chunk()
        {
            let start = bytes.len() - rest.len();
            let end = start + HEAD + u32::from_le_bytes(*length) as usize;
            if end > bytes.len() {
                break;
            }
            self.known.insert(u128::from_le_bytes(*key), (start..end, false));
            rest = &bytes[end..];
        }
        self.bytes = Arc::new(bytes);
    }

    fn append(&mut self, key: u128, bytes: &[u8]) {
        let (length, sum) = ((bytes.len() as u32).to_le_bytes(), xxh3_64(bytes).to_le_bytes());
        self.write(&[&key.to_le_bytes(), &length, &sum, bytes]);
    }

    fn write(&mut self, parts: &[&[u8]]) {
        let Some((_, out)) = &mut self.fresh else { return };
        self.failed |= parts.iter().any(|part| out.write_all(part).is_err());
    }

    /// Carries over what this run used, and as much of the rest as there is room for: as it is, with the checksum that it has.
    fn keep_old(&mut self) {
        let mut old: Vec<(Range<usize>, bool)> = self.known.values().cloned().collect();
        old.sort_by_key(|(entry, used)| (!used, entry.start));
        let mut room = SPARE * old.iter().filter(|it| it.1).map(|it| it.0.len()).sum::<usize>();
        let bytes = Arc::clone(&self.bytes);
        for (entry, used) in old {
            if !used {
                if room < entry.len() {
                    break;
                }
                room -= entry.len();
            }
            self.write(&[&bytes[entry]]);
        }
    }
}

/// Our own failures are not worth keeping.
fn encode(parsed: &Parsed) -> Option<Vec<u8>> {
    let stored: Result<&Facts, (&str, u32, u32)> = match parsed {
        Ok(facts) => Ok(facts),
        Err(problem) if problem.is_internal => return None,
        Err(problem) => Err((&problem.message, problem.start, problem.end)),
    };
    postcard::to_stdvec(&stored).ok()
}

/// An entry, head included, if its checksum is right.
fn decode(entry: &[u8]) -> Option<Parsed> {
    let (head, bytes) = entry.split_at_checked(HEAD)?;
    if head[HEAD - 8..] != xxh3_64(bytes).to_le_bytes() {
        return None;
    }
    let stored: Result<Facts, (String, u32, u32)> = postcard::from_bytes(bytes).ok()?;
    let problem = |(message, start, end)| Problem { is_internal: false, message, start, end };
    Some(stored.map(Arc::new).map_err(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(parsed: &Parsed) -> Vec<bool> {
        let facts = parsed.as_ref().unwrap();
        ["alpha", "alphb"].map(|it| facts.names.contains(crate::facts::Sym::of(it))).to_vec()
    }

    #[test]
    fn what_has_rotted_is_parsed_again_and_not_carried_over() {
        let folder = std::env::temp_dir().join(format!("leaklint-facts-{}", std::process::id()));
        let cache = Cache::new(folder.clone(), 0);
        let run = |texts: &[&str]| {
            let shelf = Shelf::new(&cache, true);
            let parsed: Vec<Parsed> = texts.iter().map(|it| shelf.parse("/a.js", it)).collect();
            shelf.save();
            parsed
        };
        run(&["let alpha"]);
        for entry in fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()) {
            let bytes = fs::read(&entry).unwrap();
            if let Some(at) = bytes.windows(5).position(|it| it == b"alpha") {
                fs::write(&entry, [&bytes[..at], b"alphb", &bytes[at + 5..]].concat()).unwrap();
            }
        }
        // Enough others that some come to lie beside it, so that its file is written anew.
        let others: Vec<String> = (0..SHARDS * 8).map(|it| format!("let other{it}")).collect();
        let all: Vec<&str> = std::iter::once("let alpha").chain(others.iter().map(String::as_str)).collect();
        assert_eq!(words(&run(&all)[0]), [true, false]);
        assert_eq!(words(&run(&["let alpha"])[0]), [true, false]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
