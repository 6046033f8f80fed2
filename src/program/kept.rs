//! What evaluation found, kept for the next who asks.

use super::depth::{Course, Depth};
use super::value::Value;
use crate::facts::BindingId;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::{Mutex, OnceLock, PoisonError};

/// An answer with what it hangs on.
type Found<V> = (V, Course);

/// The values that are known of a file's bindings.
#[derive(Debug)]
pub(super) struct Kept {
    /// By binding: values that hold from any depth that admits their course.
    lasting: Box<[OnceLock<Found<Value>>]>,
    /// Values that the limit may have had a part in: each holds for the depth where it was found.
    cut: Mutex<FxHashMap<(BindingId, u32), Found<Value>>>,
}

impl Kept {
    /// Nothing is known yet of so many bindings.
    pub(super) fn of(count: usize) -> Kept {
        Kept { lasting: (0..count).map(|_| OnceLock::new()).collect(), cut: Mutex::default() }
    }

    /// The value of a binding as an evaluation from that depth finds it: kept, or else found now.
    pub(super) fn get_or_find(&self, id: BindingId, depth: Depth<'_>, find: impl FnOnce(Depth<'_>) -> Value) -> Value {
        let lasting = &self.lasting[id.index()];
        let cut = || self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id, depth.at());
        let kept = lasting.get().copied().filter(|(_, course)| depth.admits(*course));
        if let Some((value, course)) = kept.or_else(|| cut().get(&key).copied()) {
            depth.follow(course);
            return value;
        }
        let (value, course) = depth.measure(find);
        if course.height.is_none() {
            cut().insert(key, (value, course));
        } else {
            lasting.get_or_init(|| (value, course));
        }
        value
    }

    /// Forgets what hangs on what calls pass for parameters.
    pub(super) fn forget_asked(&mut self) {
        self.cut.get_mut().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, course)| !course.asked_calls);
        for value in &mut self.lasting {
            if value.get().is_some_and(|(_, course)| course.asked_calls) {
                value.take();
            }
        }
    }
}

/// Answers by question: with `None` what holds from any depth that admits its course, else what holds for one depth alone.
type ByQuestion<K, V> = FxHashMap<(K, Option<u32>), Found<V>>;

/// Answers to questions that few ask.
#[derive(Debug)]
pub(super) struct Answers<K, V> {
    kept: Mutex<ByQuestion<K, V>>,
}

impl<K, V> Default for Answers<K, V> {
    fn default() -> Answers<K, V> {
        Answers { kept: Mutex::default() }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> Answers<K, V> {
    /// The answer as an evaluation from that depth finds it: kept, or else found now.
    pub(super) fn get_or_find(&self, question: K, depth: Depth<'_>, find: impl FnOnce(Depth<'_>) -> V) -> V {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let look = |from| lock().get(&(question, from)).copied();
        let lasting = look(None).filter(|(_, course)| depth.admits(*course));
        if let Some((answer, course)) = lasting.or_else(|| look(Some(depth.at()))) {
            depth.follow(course);
            return answer;
        }
        let (answer, course) = depth.measure(find);
        let from = if course.height.is_none() { Some(depth.at()) } else { None };
        lock().insert((question, from), (answer, course));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_DEPTH;
    use super::*;
    use crate::text::FileId;

    const ID: BindingId = BindingId(0);
    const OLD: Value = Value::Module(FileId(1));
    const NEW: Value = Value::Module(FileId(2));

    /// What a second evaluation from `later` gets, after one from `first` that went `steps` deeper and found `OLD`.
    fn again(first: u32, steps: u32, later: u32) -> Value {
        let kept = Kept::of(1);
        kept.get_or_find(ID, Depth::of(first), |depth| if (depth + steps).at() > 0 { OLD } else { NEW });
        kept.get_or_find(ID, Depth::of(later), |_| NEW)
    }

    #[test]
    fn a_value_is_kept_for_every_depth_from_which_it_would_be_found_again() {
        assert_eq!(again(6, 3, 6), OLD);
        assert_eq!(again(10, 3, 6), OLD);
        assert_eq!(again(6, 3, MAX_DEPTH - 3), OLD);
        assert_eq!(again(6, 3, MAX_DEPTH - 2), NEW);
        assert_eq!(again(10, MAX_DEPTH, 10), OLD);
        assert_eq!(again(10, MAX_DEPTH, 9), NEW);
    }

    #[test]
    fn only_what_hangs_on_calls_is_forgotten() {
        for asks in [false, true] {
            let mut kept = Kept::of(1);
            let (_, course) = Depth::of(6).measure(|depth| {
                kept.get_or_find(ID, depth + 1, |depth| {
                    if asks {
                        depth.ask_calls();
                    }
                    OLD
                })
            });
            assert_eq!((course.asked_calls, course.height), (asks, Some(1)));
            kept.forget_asked();
            assert_eq!(kept.get_or_find(ID, Depth::TOP, |_| NEW), if asks { NEW } else { OLD });
        }
    }
}
