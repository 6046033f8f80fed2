//! Ctrl-C, for commands that have something to clean up.

use super::failure::Failure;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of what was interrupted, as shells have it.
pub(super) const INTERRUPTED: u8 = 130;

/// A flag that Ctrl-C, a termination and a hang-up raise. Who asks a second time does not wait for the cleaning.
pub(super) fn on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let raised = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&raised);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            crate::prove::abandon();
            std::process::exit(INTERRUPTED.into());
        }
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::new(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(raised)
}
