//! What a connection costs: while it is open, and after it was closed.

use super::connection::Talk;
use super::drive::{Churn, Driver, Target, close};
use super::plan::filled;
use super::settle::{collected, settle};
use crate::capture::{CaptureError, Inspector, Memory};

/// Connections that are held open.
const COUNT: u64 = 50;

/// Bytes per connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PerConnection {
    /// While it is open.
    pub live: i64,
    /// After it was closed.
    pub closed: i64,
}

/// Opens connections, holds them, closes them, and measures before, meanwhile and behind; `None` if too few opened.
///
/// # Errors
/// As [`Inspector::call`].
pub(super) fn measure(
    inspector: &mut Inspector,
    driver: &Driver<'_>,
    churn: &Churn,
) -> Result<Option<PerConnection>, CaptureError> {
    // The first ones fill caches and pools.
    close(driver.open(churn, COUNT).0);
    let before = settle(inspector)?;
    let (open, failures) = driver.open(churn, COUNT);
    if failures.len() as u64 > COUNT / 2 {
        close(open);
        return Ok(None);
    }
    let count = open.len() as i64;
    let meanwhile = collected(inspector)?;
    close(open);
    let behind = settle(inspector)?;
    let per = |memory: &Memory| (bytes(memory) - bytes(&before)) / count;
    Ok(Some(PerConnection { live: per(&meanwhile), closed: per(&behind) }))
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

/// What the program has in its heap and beside it.
pub(super) fn bytes(memory: &Memory) -> i64 {
    (memory.heap_used + memory.external) as i64
}
