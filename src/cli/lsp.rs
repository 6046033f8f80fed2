//! `leaklint lsp`.

use super::Exit;
use super::args::LspArgs;
use super::failure::Failure;
use crate::lsp::{End, serve};
use std::io;

pub(super) fn lsp(args: &LspArgs) -> Result<Exit, Failure> {
    match serve(io::stdin(), io::stdout(), args.client_process_id) {
        Ok(End::Orderly) => Ok(Exit::Clean),
        Ok(End::Abrupt) => Ok(Exit::Found),
        Err(error) => Err(Failure::new(format!("cannot start threads: {error}"))),
    }
}
