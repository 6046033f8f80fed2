//! What can be typed.

use super::baseline::BaselineArgs;
use super::capture::CaptureArgs;
use super::config::{ConfigCommandArgs, InitArgs, WhyArgs};
use super::confirm::ConfirmArgs;
use super::prove::ProveArgs;
use crate::config::{Confidence, Level, Size};
use crate::report::Format;
use crate::workspace::{BaselineChoice, Cache, Project, Since};
use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{ArgPredicate, PossibleValue};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXITS: &str = "Exit codes: 0 clean, 1 findings that fail the run, 2 the job could not be done.";

/// Finds memory leaks in JavaScript and TypeScript
#[derive(Parser, Debug)]
#[command(name = "leaklint", version, styles = STYLES, after_help = EXITS, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Colours in the output
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(super) color: Color,
    /// Print findings only: no totals, notes and warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Tell on standard error what is done
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Check files and folders for leaks
    Check(Box<CheckArgs>),
    /// Hold findings against heap snapshots: what of them is really alive?
    Confirm(Box<ConfirmArgs>),
    /// Take heap snapshots of a running Node process
    Capture(Box<CaptureArgs>),
    /// Start a server, drive it, and confirm or contradict its findings
    Prove(Box<ProveArgs>),
    /// Tell why a rule's leak leaks and what to do about it
    Explain(ExplainArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Run the examples of the project's own rule pages
    Verify(VerifyArgs),
    /// Serve an editor over the language server protocol
    #[command(alias = "server")]
    Lsp(LspArgs),
    /// Accept the findings of today, so that new ones stand out
    Baseline(BaselineArgs),
    /// Remove what runs keep for later ones
    Clean(CleanArgs),
    /// Start a configuration file in this folder
    Init(InitArgs),
    /// Show what the configuration comes to, and its schema
    Config(ConfigCommandArgs),
    /// Tell why files are not checked
    WhyIgnored(WhyArgs),
    /// Tell what leaklint finds around itself, and what is wrong with it
    Doctor,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or that of a command
    Man {
        /// The command
        command: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(super) struct CleanArgs {
    #[command(flatten)]
    pub(super) cache: CacheArgs,
}

#[derive(Args, Debug)]
pub(super) struct LspArgs {
    /// Talk over standard input and output; there is no other way
    #[arg(long)]
    pub(super) stdio: bool,
    /// End when this process has ended
    #[arg(long = "clientProcessId", alias = "client-process-id", value_name = "PID")]
    pub(super) client_process_id: Option<u32>,
}

#[derive(Args, Debug)]
#[command(after_help = EXITS)]
pub(super) struct CheckArgs {
    /// Files and folders; `-` reads standard input
    #[arg(default_value = ".", default_value_if("files_from", ArgPredicate::IsPresent, None))]
    pub(super) paths: Vec<PathBuf>,
    /// Check the files that a file names, one a line; `-` reads their names from standard input
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub(super) files_from: Option<PathBuf>,
    /// Names of --files-from end with a zero byte, as `git diff -z` writes them
    #[arg(short = '0', long = "null", requires = "files_from")]
    pub(super) null: bool,
    /// Write suppression comments for what is found, or for one rule
    #[arg(long, value_name = "RULE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(requires = "reason", conflicts_with_all = ["staged", "no_inline_config", "list_files"])]
    pub(super) suppress: Option<String>,
    /// Why, for --suppress
    #[arg(long, value_name = "TEXT", requires = "suppress")]
    pub(super) reason: Option<String>,
    /// Print on standard error how long each phase took
    #[arg(long)]
    pub(super) timing: bool,
    /// Print the files that are checked instead of findings
    #[arg(long)]
    pub(super) list_files: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    #[command(flatten)]
    pub(super) files: FileArgs,
    #[command(flatten)]
    pub(super) changes: ChangeArgs,
    #[command(flatten)]
    pub(super) exit: ExitArgs,
    #[command(flatten)]
    pub(super) cache: CacheArgs,
    #[command(flatten)]
    pub(super) baseline: AcceptedArgs,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// Which part of the findings is reported. The whole program is analysed all the same.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Changes")]
pub(super) struct ChangeArgs {
    /// Report what has to do with staged changes; reads the index, not the work tree
    #[arg(long, group = "since-what")]
    staged: bool,
    /// Report what has to do with changes since the last commit, new files included
    #[arg(long, group = "since-what")]
    changed: bool,
    /// Report what has to do with changes since this branch left a revision, as in `origin/main`
    #[arg(long, value_name = "REF", group = "since-what")]
    since: Option<String>,
    /// Report findings on changed lines, not all of changed files
    #[arg(long, requires = "since-what")]
    pub(super) changed_lines: bool,
}

impl ChangeArgs {
    /// Against what a change counts; `None` when everything is reported.
    pub(super) fn since(&self) -> Option<Since> {
        match &self.since {
            Some(revision) => Some(Since::Revision(revision.clone())),
            None if self.staged => Some(Since::Staged),
            None => self.changed.then_some(Since::Head),
        }
    }
}

/// What has been accepted.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Baseline")]
pub(super) struct AcceptedArgs {
    /// Accepted findings [default: leaklint-baseline.json beside the configuration, if it is there]
    #[arg(long, value_name = "FILE", env = "LEAKLINT_BASELINE", hide_env_values = true)]
    baseline: Option<PathBuf>,
    /// Accept nothing, whatever baseline there is
    #[arg(long)]
    no_baseline: bool,
    /// Do not fail the run when accepted findings are gone
    #[arg(long)]
    pub(super) allow_stale: bool,
}

impl AcceptedArgs {
    /// Which baseline holds.
    pub(super) fn choice(&self) -> BaselineChoice {
        match &self.baseline {
            _ if self.no_baseline => BaselineChoice::Nothing,
            Some(path) => BaselineChoice::File(path.clone()),
            None => BaselineChoice::Beside,
        }
    }
}

/// What is written, and where.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// How findings are written [default: pretty; of `check` in GitHub Actions: github]
    #[arg(short, long, value_enum, env = "LEAKLINT_FORMAT", hide_env_values = true)]
    pub(super) format: Option<Format>,
    /// Write a file, too, as in `json=leaks.json`; without a format, write it instead of standard output. May be repeated
    #[arg(short, long = "output-file", value_name = "[FORMAT=]FILE", value_parser = OutputFile::parse)]
    pub(super) output: Vec<OutputFile>,
    /// Leave out findings that comments, the configuration or a baseline silence
    #[arg(long)]
    pub(super) no_suppressed: bool,
    /// Tell this run from others on the same commit, in SARIF
    #[arg(long, value_name = "NAME")]
    pub(super) sarif_category: Option<String>,
    /// Print how often each rule was found
    #[arg(long)]
    pub(super) statistics: bool,
}

/// A file to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct OutputFile {
    /// `None` for that of standard output.
    pub(super) format: Option<Format>,
    pub(super) path: PathBuf,
}

impl OutputFile {
    fn parse(text: &str) -> Result<OutputFile, String> {
        let (word, path) = text.split_once('=').unwrap_or(("", text));
        if path.is_empty() || path == "-" {
            return Err("a file name is missing; standard output is what `--format` is for".to_owned());
        }
        if let Ok(format) = Format::from_str(word, false) {
            return Ok(OutputFile { format: Some(format), path: path.into() });
        }
        // A file may have such a name, but a misspelt format is likelier.
        if !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase()) {
            let names: Vec<&str> = Format::ALL.iter().map(|it| it.name()).collect();
            return Err(format!("no format `{word}`, but {}; a file of this name is `./{text}`", names.join(", ")));
        }
        Ok(OutputFile { format: None, path: text.into() })
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Format] {
        Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

/// Which findings are shown.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Findings")]
pub(super) struct ChoiceArgs {
    /// The least confidence that is shown [default: likely]
    #[arg(long, value_enum, value_name = "CONFIDENCE", env = "LEAKLINT_MIN_CONFIDENCE", hide_env_values = true)]
    pub(super) min_confidence: Option<ConfidenceArg>,
    /// Show everything, suspects too, whatever the least confidence
    #[arg(long)]
    pub(super) pedantic: bool,
    /// Only these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// Do not obey suppression comments
    #[arg(long)]
    pub(super) no_inline_config: bool,
}

/// Which files are read.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// The name of the file that standard input stands for
    #[arg(long, value_name = "FILE", alias = "stdin-file-path")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// Check tests and tool configurations too
    #[arg(long)]
    pub(super) include_tests: bool,
    /// Check minified, generated and compiled files too
    #[arg(long)]
    pub(super) include_generated: bool,
    /// Read no .gitignore, .ignore or .leaklintignore
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Apply ignore rules to files that are named, too
    #[arg(long)]
    pub(super) force_exclude: bool,
    /// Leave out larger files: bytes, or with a unit as in `2MiB` [default: 2MiB]
    #[arg(long, value_name = "SIZE")]
    pub(super) max_file_size: Option<Size>,
    /// Number of threads [default: one per core]
    #[arg(long, value_name = "N", env = "LEAKLINT_THREADS", hide_env_values = true)]
    pub(super) threads: Option<NonZeroUsize>,
}

/// What is remembered between runs.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Cache")]
pub(super) struct CacheArgs {
    /// Neither use nor leave anything from run to run
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Where it is kept [default: below node_modules, or the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LEAKLINT_CACHE_DIR", hide_env_values = true)]
    pub(super) cache_dir: Option<PathBuf>,
}

impl CacheArgs {
    /// The cache of a project, if one is wanted and there is a place for it.
    pub(super) fn of(&self, project: &Project) -> Option<Arc<Cache>> {
        let cache = if self.no_cache { None } else { project.cache(self.cache_dir.as_deref()) };
        cache.map(Arc::new)
    }
}

/// What the exit code says.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Exit code")]
pub(super) struct ExitArgs {
    /// The least severity that fails the run [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<SeverityArg>,
    /// Let suspects fail the run too
    #[arg(long)]
    pub(super) fail_on_suspect: bool,
    /// Fail the run when there are more warnings
    #[arg(long, value_name = "N")]
    pub(super) max_warnings: Option<usize>,
    /// Fail the run when there is nothing to check
    #[arg(long)]
    pub(super) error_on_unmatched: bool,
    /// Exit with 0 whatever is found; failures still exit with 2
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// Which configuration holds.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// Read this file instead of the nearest configuration file
    #[arg(long, value_name = "FILE", env = "LEAKLINT_CONFIG", hide_env_values = true)]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration file, and no rules and models of the project's own
    #[arg(long)]
    pub(super) isolated: bool,
}

#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// The rule
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) rule: Option<String>,
    /// Every rule
    #[arg(long)]
    pub(super) all: bool,
    /// How the page is written
    #[arg(short, long, value_enum, default_value_t = PageFormat::Pretty)]
    pub(super) format: PageFormat,
}

#[derive(Args, Debug)]
pub(super) struct RulesArgs {
    /// How the list is written
    #[arg(short, long, value_enum, default_value_t = ListFormat::Pretty)]
    pub(super) format: ListFormat,
}

#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 every example does what its page says, 1 one does not, 2 a page or model is malformed.")]
pub(super) struct VerifyArgs {
    /// Only the pages of these rules, built-in ones too
    pub(super) rules: Vec<String>,
    /// The built-in pages too
    #[arg(long, conflicts_with = "rules")]
    pub(super) all: bool,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// In files and pipes too
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum PageFormat {
    /// For the terminal
    Pretty,
    /// The page as it is
    Md,
    /// With its front matter, as JSON
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum ListFormat {
    /// A table
    Pretty,
    /// JSON
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum ConfidenceArg {
    /// Every link of the story is resolved
    Certain,
    /// One link is inferred
    Likely,
    /// Hints
    Suspect,
}

impl From<ConfidenceArg> for Confidence {
    fn from(confidence: ConfidenceArg) -> Confidence {
        match confidence {
            ConfidenceArg::Certain => Confidence::Certain,
            ConfidenceArg::Likely => Confidence::Likely,
            ConfidenceArg::Suspect => Confidence::Suspect,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum SeverityArg {
    /// Errors
    Error,
    /// Warnings and errors
    Warning,
    /// Everything
    Info,
}

impl From<SeverityArg> for Level {
    fn from(severity: SeverityArg) -> Level {
        match severity {
            SeverityArg::Error => Level::Error,
            SeverityArg::Warning => Level::Warning,
            SeverityArg::Info => Level::Info,
        }
    }
}
