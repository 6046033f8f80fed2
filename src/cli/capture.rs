//! `leaklint capture`.

use super::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use clap::Args;

#[derive(Args, Debug)]
pub(super) struct CaptureArgs {}

pub(super) fn capture(args: &CaptureArgs, terminal: Terminal) -> Result<Exit, Failure> {
    terminal.log("capture");
    Err(Failure::new(format!("not yet: {args:?}")))
}
