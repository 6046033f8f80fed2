//! `leaklint prove`.

use super::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use clap::Args;

#[derive(Args, Debug)]
pub(super) struct ProveArgs {}

pub(super) fn prove(args: &ProveArgs, terminal: Terminal) -> Result<Exit, Failure> {
    terminal.log("prove");
    Err(Failure::new(format!("not yet: {args:?}")))
}
