//! What a connection costs: while it is open, and after it was closed.

use super::connection::Talk;
use super::drive::{Churn, Driver, Target, close};
use super::plan::filled;
use super::settle::{collected, settle};
use crate::capture::{CaptureError, Inspector};

/// Connections that are held open.
const COUNT: u64 = 50;

/// How often that is done; the middle one counts.
const CYCLES: usize = 3;

/// Bytes per connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PerConnection {
    /// While it is open.
    pub live: i64,
    /// After it was closed.
    pub closed: i64,
}

/// Opens connections, holds them, closes them, and measures before, meanwhile and behind; `None` if too few opened.
/// Counting executions must be off: it keeps what was compiled.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn measure(
    inspector: &mut Inspector,
    driver: &Driver<'_>,
    churn: &Churn,
) -> Result<Option<PerConnection>, CaptureError> {
    let (mut live, mut closed) = (Vec::new(), Vec::new());
    let mut before = settle(inspector)?;
    // The first cycle fills caches and pools, and is not counted.
    for cycle in 0..=CYCLES {
        let (open, _) = driver.open(churn, COUNT);
        let count = open.len() as i64;
        let meanwhile = collected(inspector)?;
        close(open);
        let behind = settle(inspector)?;
        if count < COUNT as i64 / 2 {
            return Ok(None);
        }
        if cycle > 0 {
            live.push((meanwhile - before) / count);
            closed.push((behind - before) / count);
        }
        before = behind;
    }
    live.sort_unstable();
    closed.sort_unstable();
    Ok(Some(PerConnection { live: live[CYCLES / 2], closed: closed[CYCLES / 2] }))
}

/// The connections to measure: web sockets and bare connections first, as their servers keep something for each.
pub(super) fn choose(targets: &[Target], churns: &[Churn], servers: &[super::Server]) -> Option<Churn> {
    if let Some(churn) = churns.first() {
        return Some(churn.clone());
    }
    let target = targets.iter().find(|it| it.route.method == "GET")?;
    let server = servers.iter().find(|it| target.base.ends_with(&it.address.to_string()))?;
    Some(Churn { server: server.clone(), talk: Talk::KeepAlive(filled(&target.route.path, 1)) })
}
