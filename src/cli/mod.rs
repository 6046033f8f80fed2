//! The pipeline for terminals.
//!
//! In come arguments, out come a report on standard output, everything else on standard error, and an exit code: 0 for
//! clean, 1 for findings that fail the run, 2 when the job could not be done
//! (130 when the user stopped it). No analysis lives here.

mod args;
mod about;
mod baseline;
mod capture;
mod check;
mod clean;
mod config;
mod confirm;
mod doctor;
mod duration;
mod failure;
mod host;
mod interrupt;
mod lsp;
mod output;
mod project;
mod proof;
mod prove;
mod publish;
mod rules;
mod suppress;
mod terminal;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;
use terminal::Terminal;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Exit {
    /// Nothing to complain about.
    Clean,
    /// Findings fail the run.
    Found,
    /// The job could not be done, or only in part.
    Failed,
    /// The user stopped it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
            Exit::Interrupted => interrupt::INTERRUPTED,
        })
    }
}

/// Runs the command that the arguments ask for; the first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // The reader of a help text may have gone (`leaklint --help | head -1`).
            let _ = error.print();
            return ExitCode::from(error.exit_code().clamp(0, 2) as u8);
        }
    };
    let terminal = Terminal::new(cli.color, cli.quiet, cli.verbose);
    let result = match &cli.command {
        Command::Check(args) => check::check(args, terminal),
        Command::Confirm(args) => confirm::confirm(args, terminal),
        Command::Capture(args) => capture::capture(args, terminal),
        Command::Prove(args) => prove::prove(args, terminal),
        Command::Explain(args) => rules::explain(args, terminal),
        Command::Rules(args) => rules::rules(args, terminal),
        Command::Baseline(args) => baseline::baseline(args, terminal),
        Command::Init(args) => config::init(args, terminal),
        Command::Config(args) => config::config(args, terminal),
        Command::WhyIgnored(args) => config::why_ignored(args, terminal),
        Command::Doctor => doctor::doctor(terminal),
        Command::Completions { shell } => about::completions(*shell),
        Command::Man { command } => about::man(command.as_deref()),
        Command::Verify(args) => verify::verify(args, terminal),
        Command::Clean(args) => clean::clean(args, terminal),
        Command::Lsp(args) => lsp::lsp(args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell(terminal);
            Exit::Failed.into()
        }
    }
}
