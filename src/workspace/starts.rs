//! Which files a start command runs: `NODE_ENV=production node -r dotenv/config dist/server.js`.

use crate::program::StartKind;
use crate::text::FileId;

use super::packages::Package;

/// What a command runs, as far as it is known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Started {
    pub(super) files: Vec<FileId>,
    /// The last value that the command gives to `NODE_ENV`.
    pub(super) node_env: Option<String>,
}

/// Reads a command. `resolve` tells which file of the run a word means; `script` gives another script's text.
pub(super) fn read_command<'a>(
    command: &str,
    resolve: &dyn Fn(&str) -> Option<FileId>,
    script: &dyn Fn(&str) -> Option<&'a str>,
) -> Started {
    let mut started = Started::default();
    read_into(command, &Context { resolve, script }, 0, &mut started);
    started.files.sort();
    started.files.dedup();
    started
}

struct Context<'c, 'a> {
    resolve: &'c dyn Fn(&str) -> Option<FileId>,
    script: &'c dyn Fn(&str) -> Option<&'a str>,
}

/// Scripts that call each other more deeply than this do so in a circle.
const DEPTH: u32 = 4;

/// Programs that run a file given as an argument.
const RUNNERS: [&str; 20] = [
    "node",
    "nodejs",
    "nodemon",
    "ts-node",
    "ts-node-dev",
    "tsnd",
    "tsx",
    "babel-node",
    "node-dev",
    "supervisor",
    "pm2",
    "pm2-runtime",
    "pm2-docker",
    "forever",
    "bun",
    "deno",
    "swc-node",
    "esno",
    "vite-node",
    "electron",
];

fn read_into(command: &str, context: &Context<'_, '_>, depth: u32, started: &mut Started) {
    for words in segments(command) {
        read_segment(&words, context, depth, started);
    }
}

fn read_segment(words: &[String], context: &Context<'_, '_>, depth: u32, started: &mut Started) {
    for (at, word) in words.iter().enumerate() {
        if let Some(value) = word.strip_prefix("NODE_ENV=") {
            started.node_env = Some(value.trim_end().to_owned());
        }
        let program = word.rsplit('/').next().unwrap_or(word);
        let rest = &words[at + 1..];
        if RUNNERS.contains(&program) {
            return read_arguments(program, rest, context, depth, started);
        }
        match program {
            "npm" | "yarn" | "pnpm" => return read_script(rest, context, depth, started),
            "nest" if rest.first().is_some_and(|it| it == "start") => {
                started.files.extend((context.resolve)("src/main"));
                return;
            }
            // These run what their arguments say, each argument a command of its own.
            "concurrently" | "npm-run-all" | "run-p" | "run-s" | "sh" | "bash" if depth < DEPTH => {
                for argument in rest {
                    let name = argument.strip_prefix("npm:").unwrap_or(argument);
                    let inner = (context.script)(name).unwrap_or(argument);
                    read_into(inner, context, depth + 1, started);
                }
                return;
            }
            _ => {}
        }
    }
}

/// The first argument that is a file of the run, and what is loaded before it.
fn read_arguments(program: &str, words: &[String], context: &Context<'_, '_>, depth: u32, started: &mut Started) {
    let watches = !matches!(program, "node" | "nodejs" | "bun" | "deno" | "tsx");
    let mut previous = "";
    for word in words {
        let before = std::mem::replace(&mut previous, word);
        if word.starts_with('-') {
            continue;
        }
        if matches!(before, "-r" | "--require" | "--import" | "--loader" | "--experimental-loader") {
            started.files.extend((context.resolve)(word));
        } else if matches!(before, "--exec" | "-x") && word.contains(' ') && depth < DEPTH {
            read_into(word, context, depth + 1, started);
        } else if watches && matches!(before, "-w" | "--watch" | "-i" | "--ignore" | "-e" | "--ext" | "--delay") {
            continue;
        } else if let Some(file) = (context.resolve)(word) {
            started.files.push(file);
            return;
        }
    }
}

/// `npm run x`, `npm start`, `yarn x`.
fn read_script(words: &[String], context: &Context<'_, '_>, depth: u32, started: &mut Started) {
    let mut names = words.iter().filter(|it| !it.starts_with('-') && !matches!(it.as_str(), "run" | "run-script" | "exec"));
    let Some(name) = names.next().filter(|_| depth < DEPTH) else { return };
    match (context.script)(name) {
        Some(inner) => read_into(inner, context, depth + 1, started),
        // `yarn node x.js`, `pnpm exec tsx x.ts`.
        None => {
            let at = words.iter().position(|it| it == name).unwrap_or_default();
            if words[at..].len() > 1 {
                read_segment(&words[at..], context, depth + 1, started);
            }
        }
    }
}

/// The simple commands of a shell line, as words; quotes are taken off.
fn segments(command: &str) -> Vec<Vec<String>> {
    let mut segments = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let mut characters = command.chars().peekable();
    let finish = |word: &mut String, segments: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(last) = segments.last_mut()
        {
            last.push(std::mem::take(word));
        }
    };
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (_, '\\') => word.extend(characters.next()),
            (Some(_), _) => word.push(character),
            (None, '"' | '\'') => quote = Some(character),
            (None, '&' | '|' | ';' | '\n') => {
                finish(&mut word, &mut segments);
                segments.push(Vec::new());
            }
            (None, _) if character.is_whitespace() => finish(&mut word, &mut segments),
            (None, _) => word.push(character),
        }
    }
    finish(&mut word, &mut segments);
    segments.retain(|it| !it.is_empty());
    segments
}

/// A command with its place.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) kind: StartKind,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) start: u32,
    /// `NODE_ENV` from elsewhere in the same file.
    pub(super) node_env: Option<String>,
}

/// Whether a script with this name starts the project.
fn is_start_name(name: &str) -> bool {
    let first = name.split([':', '-', '.']).next().unwrap_or(name);
    matches!(first, "start" | "dev" | "develop" | "serve" | "server" | "prod" | "production" | "watch")
}

/// The start scripts of a `package.json`.
pub(super) fn scripts(package: &Package) -> Vec<Command> {
    let Some(scripts) = package.json.get("scripts").and_then(|it| it.as_object()) else { return Vec::new() };
    let from = package.text.find("\"scripts\"").unwrap_or_default();
    let command = |(name, text): (&String, &serde_json::Value)| {
        let text = text.as_str().filter(|_| is_start_name(name))?.to_owned();
        let key = format!("\"{name}\"");
        let start = package.text[from..].find(&key).map_or(0, |at| from + at) as u32;
        Some(Command { kind: StartKind::Script, name: name.clone(), text, start, node_env: None })
    };
    scripts.iter().filter_map(command).collect()
}

/// The `CMD` and `ENTRYPOINT` lines of a `Dockerfile`, with the `NODE_ENV` set before them.
pub(super) fn dockerfile(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut node_env = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset as u32;
        offset += line.len();
        let Some((word, rest)) = line.trim().split_once(char::is_whitespace) else { continue };
        match word.to_ascii_uppercase().as_str() {
            // Each stage starts anew.
            "FROM" => node_env = None,
            "ENV" => node_env = environment(rest).or(node_env),
            name @ ("CMD" | "ENTRYPOINT") => {
                let text = exec_form(rest).unwrap_or_else(|| rest.to_owned());
                let kind = StartKind::Dockerfile;
                commands.push(Command { kind, name: name.to_owned(), text, start, node_env: node_env.clone() });
            }
            _ => {}
        }
    }
    commands
}

/// `ENV NODE_ENV production`, `ENV A=b NODE_ENV="production"`.
fn environment(rest: &str) -> Option<String> {
    let value = rest.trim().strip_prefix("NODE_ENV ").or_else(|| Some(rest.split_once("NODE_ENV=")?.1))?;
    let value = value.split_whitespace().next()?.trim_matches(['"', '\'']);
    // `ENV NODE_ENV=$NODE_ENV` takes an argument of the build, which may well be `production`.
    Some(value.to_owned())
}

fn exec_form(rest: &str) -> Option<String> {
    let words: Vec<String> = serde_json::from_str(rest.trim()).ok()?;
    let quoted = words.iter().map(|it| if it.contains(char::is_whitespace) { format!("'{it}'") } else { it.clone() });
    Some(quoted.collect::<Vec<_>>().join(" "))
}

/// The processes of a `Procfile`.
pub(super) fn procfile(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset as u32;
        offset += line.len();
        let Some((name, command)) = line.split_once(':').filter(|(name, _)| !name.starts_with('#')) else { continue };
        let (name, text) = (name.trim().to_owned(), command.trim().to_owned());
        commands.push(Command { kind: StartKind::Procfile, name, text, start, node_env: None });
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 5] = ["server.js", "src/main", "dist/main", "./instrument.js", "bin/www.js"];

    fn read(command: &str) -> (Vec<u32>, Option<String>) {
        let resolve = |word: &str| FILES.iter().position(|it| *it == word).map(|at| FileId(at as u32));
        let script = |name: &str| match name {
            "serve" => Some("NODE_ENV=production node server.js"),
            "loop" => Some("npm run loop"),
            _ => None,
        };
        let started = read_command(command, &resolve, &script);
        (started.files.iter().map(|it| it.0).collect(), started.node_env)
    }

    #[test]
    fn commands() {
        let production = Some("production".to_owned());
        assert_eq!(read("node server.js"), (vec![0], None));
        assert_eq!(
            read("cross-env NODE_ENV=production node -r ./instrument.js --inspect dist/main arg"),
            (vec![2, 3], production.clone())
        );
        assert_eq!(read("npm run build && npm run serve"), (vec![0], production));
        assert_eq!(read("nodemon --watch src/main --exec 'ts-node server.js'"), (vec![0], None));
        assert_eq!(read("pm2 start server.js -i max"), (vec![0], None));
        assert_eq!(read("nest start --watch"), (vec![1], None));
        assert_eq!(read("concurrently \"npm:serve\" \"node dist/main\"").0, [0, 2]);
        assert_eq!(read("yarn node server.js"), (vec![0], None));
        assert_eq!(read("npx tsx watch src/main"), (vec![1], None));
        assert_eq!(read("next start"), (vec![], None));
        assert_eq!(read("npm run loop"), (vec![], None));
        assert_eq!(read("sh -c 'node \"bin/www.js"), (vec![4], None), "an open quote");
    }

    #[test]
    fn docker_and_procfiles() {
        let text = "FROM node:20 AS build\nENV NODE_ENV=development\nFROM node:20\nENV PORT=1 NODE_ENV=\"production\"\nCMD [\"node\", \"server.js\"]\n";
        let commands = dockerfile(text);
        assert_eq!(commands.len(), 1);
        assert_eq!((commands[0].text.as_str(), commands[0].node_env.as_deref()), ("node server.js", Some("production")));
        assert!(text[commands[0].start as usize..].starts_with("CMD"));
        assert_eq!(dockerfile("FROM x\ncmd npm start")[0].node_env, None);
        let commands = procfile("web: node server.js\n# no: x\nworker: node w.js");
        assert_eq!(commands.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["web", "worker"]);
    }
}
