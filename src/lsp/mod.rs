//! The pipeline for editors: the language server.
//!
//! In come messages of the language server protocol, out come diagnostics, hovers and code actions. One thread talks and
//! never waits for an analysis ([`server`]); [`engine`] analyses. What is shown is what `leaklint check` reports for the same
//! folder, with unsaved texts in place of the files; no analysis lives here.

mod actions;
mod client;
mod commands;
mod document;
mod engine;
mod handle;
mod hover;
mod lines;
mod options;
mod pull;
mod report;
mod root;
mod server;
mod transport;
mod uri;
mod watch;

use std::io::{self, Read, Write};
use std::time::Duration;

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The client said goodbye in the right order.
    Orderly,
    /// The client left without `shutdown`, or died.
    Abrupt,
}

/// A comment is tried out in the text that it is for, and a text may be nested as deep as one that is checked.
const STACK_SIZE: usize = 256 << 20;

/// Talks to a client until one of them leaves. `parent` is a process that the server does not outlive.
///
/// # Errors
/// Threads that cannot be started.
pub fn serve(input: impl Read + Send + 'static, output: impl Write + Send + 'static, parent: Option<u32>) -> io::Result<End> {
    let incoming = transport::reader(input)?;
    let (outgoing, writer) = transport::writer(output)?;
    let engine = engine::Engine::start()?;
    let server = server::Server::new(outgoing, engine, parent);
    let talk = std::thread::Builder::new().name("conversation".to_owned()).stack_size(STACK_SIZE);
    let end = talk.spawn(move || server.run(&incoming))?.join().unwrap_or(End::Abrupt);
    // The last answers are written out, unless nobody takes them.
    for _ in 0..100 {
        if writer.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(end)
}
