//! `leaklint clean`.

use super::Exit;
use super::args::CleanArgs;
use super::failure::Failure;
use super::output::tell;
use super::project;
use super::terminal::Terminal;

pub(super) fn clean(args: &CleanArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let project = project::here(terminal)?;
    let Some(cache) = args.cache.of(&project) else {
        return Err(Failure::new("there is no cache folder: set `--cache-dir`"));
    };
    let count = cache.clear().map_err(|error| Failure::io("remove", cache.folder(), &error))?;
    if !terminal.quiet {
        tell(&format!("{}: {count} {} removed", cache.folder().display(), if count == 1 { "file" } else { "files" }));
    }
    Ok(Exit::Clean)
}
