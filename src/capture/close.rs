//! The inspector, closed again.

use super::evaluate::LOAD;
use super::{CaptureError, Inspector, targets};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Between two looks at a port.
const LOOK: Duration = Duration::from_millis(20);

/// Closes the inspector at `host:port`, all connections included, and waits until nothing listens there. It works in a
/// process whose event loop hangs, too; nothing is left to run later in the process, where an error would kill it.
///
/// # Errors
/// If it is still open after the time; a process that has ended is none.
pub fn close_inspector(address: &str, timeout: Duration) -> Result<(), CaptureError> {
    let until = Instant::now() + timeout;
    let Some(target) = targets(address, timeout).ok().and_then(|it| it.into_iter().find(|it| it.kind == "node")) else {
        return if is_open(address) { Err(still_open(address)) } else { Ok(()) };
    };
    let mut inspector = Inspector::connect(&target.url, timeout)?;
    // The answer never comes: the connection ends first.
    let close = format!("({LOAD})('inspector').close()");
    match inspector.evaluate_now("closing its inspector", &close) {
        Ok(_) | Err(CaptureError::Lost { .. } | CaptureError::Exiting) => {}
        Err(error) => return Err(error),
    }
    drop(inspector);
    while is_open(address) {
        if Instant::now() >= until {
            return Err(still_open(address));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn still_open(address: &str) -> CaptureError {
    CaptureError::Other(format!("the inspector at {address} could not be closed again: it is open to every user of this machine"))
}

fn is_open(address: &str) -> bool {
    let mut addresses = address.to_socket_addrs().into_iter().flatten();
    addresses.any(|it| TcpStream::connect_timeout(&it, Duration::from_secs(1)).is_ok())
}
