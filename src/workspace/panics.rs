//! Panics as values: one bad file must not take the run with it, nor write to the terminal from a worker.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    static WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; a panic comes back as its message with the place in our source.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let was_caught = IS_CAUGHT.replace(true);
    // What the closure may have left half-done is dropped or belongs to the failed file.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(was_caught);
    result.map_err(|payload| {
        // A panic that a parallel iterator carried over from another thread left its words there.
        let words = WORDS.take();
        if words.is_empty() { payload_words(payload.as_ref()) } else { words }
    })
}

fn payload_words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panic without a message").to_owned()
}

/// For threads of a pool, whose panics always come back to a [`catch`].
pub(super) fn quiet_thread() {
    IS_CAUGHT.set(true);
}

/// Replaces the hook once; panics elsewhere go to the one that was there.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_CAUGHT.get() {
                WORDS.set(words(info));
            } else {
                previous(info);
            }
        }));
    });
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("panic without a message");
    match info.location() {
        Some(at) => format!("{message} ({}:{})", at.file(), at.line()),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_words() {
        let words = catch(|| panic!("no {}", "luck")).unwrap_err();
        assert!(words.starts_with("no luck (") && words.contains("panics.rs:"), "{words}");
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn nested_catches_stay_quiet() {
        let outer = catch(|| {
            let _ = catch(|| panic!("inner"));
            panic!("outer")
        });
        assert!(outer.unwrap_err().starts_with("outer"));
    }
}
