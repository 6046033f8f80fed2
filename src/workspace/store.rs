//! Facts kept in memory between the runs of one session.
//!
//! Facts depend on a file's text alone, so a file that has not changed is not parsed again. There is one slot per path:
//! what a session needs is bounded by the files of its last run.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::read::{self, Parsed};

struct Slot {
    hash: u128,
    parsed: Parsed,
    /// The last run that asked for it.
    run: u64,
}

#[derive(Default)]
struct Slots {
    by_path: FxHashMap<String, Slot>,
    run: u64,
}

/// The facts of texts that were seen before.
#[derive(Default)]
pub(super) struct Store {
    slots: Mutex<Slots>,
}

impl Store {
    /// The facts of a text; parses it unless the path had the same text before.
    pub(super) fn parse(&self, path: &str, text: &str) -> Parsed {
        let hash = xxh3_128(text.as_bytes());
        if let Some(parsed) = self.find(path, hash) {
            return parsed;
        }
        let parsed = read::parse(path, text);
        let slots = &mut *self.lock();
        slots.by_path.insert(path.to_owned(), Slot { hash, parsed: parsed.clone(), run: slots.run });
        parsed
    }

    fn find(&self, path: &str, hash: u128) -> Option<Parsed> {
        let slots = &mut *self.lock();
        let slot = slots.by_path.get_mut(path).filter(|it| it.hash == hash)?;
        slot.run = slots.run;
        Some(slot.parsed.clone())
    }

    /// A run begins.
    pub(super) fn begin(&self) {
        self.lock().run += 1;
    }

    /// A run is done: what it did not ask for is dropped.
    pub(super) fn end(&self) {
        let slots = &mut *self.lock();
        let run = slots.run;
        slots.by_path.retain(|_, slot| slot.run == run);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_text_is_parsed_once_and_forgotten_when_no_run_asks() {
        let store = Store::default();
        store.begin();
        let first = store.parse("/a.js", "let a").unwrap();
        assert!(Arc::ptr_eq(&first, &store.parse("/a.js", "let a").unwrap()));
        let changed = store.parse("/a.js", "let b").unwrap();
        assert!(!Arc::ptr_eq(&first, &changed));
        assert!(store.parse("/b.js", "let a =").is_err());
        store.end();
        store.begin();
        assert!(Arc::ptr_eq(&changed, &store.parse("/a.js", "let b").unwrap()));
        store.end();
        let kept: Vec<String> = store.lock().by_path.keys().cloned().collect();
        assert_eq!(kept, ["/a.js"]);
    }
}
