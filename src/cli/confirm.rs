//! `leaklint confirm`.

use super::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use clap::Args;

#[derive(Args, Debug)]
pub(super) struct ConfirmArgs {}

pub(super) fn confirm(args: &ConfirmArgs, terminal: Terminal) -> Result<Exit, Failure> {
    terminal.log("confirm");
    Err(Failure::new(format!("not yet: {args:?}")))
}
