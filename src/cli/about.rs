//! `leaklint completions` and `leaklint man`.

use super::Exit;
use super::args::Cli;
use super::failure::Failure;
use super::output::to_stdout;
use crate::config::nearest;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

pub(super) fn completions(shell: Shell) -> Result<Exit, Failure> {
    // The generator writes without asking whether anybody reads.
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), "leaklint", &mut text);
    to_stdout(|out| out.write_all(&text))?;
    Ok(Exit::Clean)
}

pub(super) fn man(name: Option<&str>) -> Result<Exit, Failure> {
    let mut whole = Cli::command();
    whole.build();
    let command = match name {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let known: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("the commands are {}", known.join(", ")),
                };
                return Err(Failure::Said(format!("there is no command `{name}`"), Some(help)));
            }
        },
    };
    to_stdout(|out| Man::new(command).render(out))?;
    Ok(Exit::Clean)
}
