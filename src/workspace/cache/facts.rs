//! Facts by text: what a file says depends on its text alone, so no text needs to be parsed twice.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
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
    /// Where the entries are, behind their heads; and whether this run asked for them.
    known: FxHashMap<u128, (usize, usize, bool)>,
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
        let shard = &self.shards[key as usize % SHARDS];
        if let Some(parsed) = self.find(shard, key) {
            return parsed;
        }
        let parsed = parse(path, text);
        if self.adds
            && let Some(bytes) = encode(&parsed)
        {
            self.add(shard, key, bytes);
        }
        parsed
    }

    fn find(&self, shard: &Mutex<Shard>, key: u128) -> Option<Parsed> {
        let (bytes, start, len) = {
            let mut shard_now = lock(shard);
            if !shard_now.is_loaded {
                shard_now.is_loaded = true;
                shard_now.load(fs::read(self.cache.path(&name(self.number(shard)))).unwrap_or_default());
            }
            let (start, len, used) = shard_now.known.get_mut(&key)?;
            *used = true;
            let (start, len) = (*start, *len);
            (Arc::clone(&shard_now.bytes), start, len)
        };
        decode(&bytes[start - HEAD..start + len])
    }

    fn number(&self, shard: &Mutex<Shard>) -> usize {
        self.shards.iter().position(|it| std::ptr::eq(it, shard)).unwrap_or_default()
    }

    fn add(&self, shard: &Mutex<Shard>, key: u128, bytes: Vec<u8>) {
        let number = self.number(shard);
        let mut shard = lock(shard);
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
        let mut at = 0;
        while let Some(head) = bytes.get(at..at + HEAD) {
            let number =
                |from: usize, to: usize| head[from..to].iter().rev().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
            let (key, len) = (number(0, 16), number(16, 20) as usize);
            if bytes.len() - at - HEAD < len {
                break;
            }
            self.known.insert(key, (at + HEAD, len, false));
            at += HEAD + len;
        }
        self.bytes = Arc::new(bytes);
    }

    fn append(&mut self, key: u128, bytes: &[u8]) {
        let Some((_, out)) = &mut self.fresh else { return };
        let (length, sum) = ((bytes.len() as u32).to_le_bytes(), xxh3_64(bytes).to_le_bytes());
        let parts: [&[u8]; 4] = [&key.to_le_bytes(), &length, &sum, bytes];
        self.failed |= parts.into_iter().any(|part| out.write_all(part).is_err());
    }

    /// Carries over what this run used, and as much of the rest as there is room for.
    fn keep_old(&mut self) {
        let mut old: Vec<(u128, (usize, usize, bool))> = self.known.iter().map(|(key, it)| (*key, *it)).collect();
        old.sort_by_key(|(_, (start, _, used))| (!used, *start));
        let mut room = SPARE * old.iter().filter(|it| it.1.2).map(|it| it.1.1).sum::<usize>();
        let bytes = Arc::clone(&self.bytes);
        for (key, (start, len, used)) in old {
            if !used {
                if room < len {
                    break;
                }
                room -= len;
            }
            self.append(key, &bytes[start..start + len]);
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
