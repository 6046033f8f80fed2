//! `leaklint explain` and `leaklint rules`.

use super::Exit;
use super::args::{ExplainArgs, ListFormat, PageFormat, RulesArgs};
use super::failure::Failure;
use super::output::to_stdout;
use super::project;
use super::terminal::Terminal;
use crate::finding::{HOUSE_RULES, rule_ids};
use crate::report::{self, Style};
use crate::rulebook::Rulebook;
use serde::Serialize;
use std::io::{self, Write};

/// A rule with or without a page, as it is told.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    summary: &'a str,
    severity: String,
    default: bool,
    help: &'a str,
    since: &'a str,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
}

pub(super) fn explain(args: &ExplainArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let project = project::here(terminal)?;
    let rulebook = &*project.rulebook;
    let mut told = told(rulebook);
    if let Some(rule) = &args.rule {
        told.retain(|it| it.id == rule);
        if told.is_empty() {
            return Err(Failure::unknown_rule(rule, &rule_ids(rulebook)));
        }
    }
    let style = terminal.stdout();
    to_stdout(|out| match args.format {
        PageFormat::Json if args.all => json(out, &told),
        PageFormat::Json => told.iter().try_for_each(|it| json(out, it)),
        PageFormat::Md => told.iter().try_for_each(|it| writeln!(out, "{}", it.page.unwrap_or_default().trim())),
        PageFormat::Pretty => told.iter().enumerate().try_for_each(|(n, it)| {
            let gap = if n == 0 { "" } else { "\n\n" };
            write!(out, "{gap}{}", pretty(it, style))
        }),
    })?;
    Ok(Exit::Clean)
}

pub(super) fn rules(args: &RulesArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let project = project::here(terminal)?;
    let mut told = told(&project.rulebook);
    told.iter_mut().for_each(|it| it.page = None);
    let style = terminal.stdout();
    to_stdout(|out| match args.format {
        ListFormat::Json => json(out, &told),
        ListFormat::Pretty => table(out, &told, style),
    })?;
    Ok(Exit::Clean)
}

/// All rules, sorted by id.
fn told(rulebook: &Rulebook) -> Vec<Told<'_>> {
    let pages = rulebook.rules.iter().map(|rule| Told {
        id: &rule.id,
        summary: &rule.summary,
        severity: rule.severity.clone(),
        default: rule.default,
        help: &rule.help,
        since: &rule.since,
        url: report::url(&rule.id),
        page: Some(&rule.body),
    });
    let house = HOUSE_RULES.iter().map(|rule| Told {
        id: rule.id,
        summary: rule.summary,
        severity: format!("{:?}", rule.severity).to_lowercase(),
        default: true,
        help: "",
        since: "0.1.0",
        url: report::url(rule.id),
        page: Some(rule.page),
    });
    let mut told: Vec<Told<'_>> = pages.chain(house).collect();
    told.sort_by(|a, b| a.id.cmp(b.id));
    told
}

fn pretty(rule: &Told<'_>, style: Style) -> String {
    let head = format!("{} ({}): {}", style.code(rule.id), rule.severity, rule.summary);
    format!("{head}\n\n{}", report::page(rule.page.unwrap_or_default(), style))
}

fn table(out: &mut dyn Write, rules: &[Told<'_>], style: Style) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        // Padded before it is painted: escape codes have a length, too.
        let id = style.code(&format!("{:width$}", rule.id));
        let off = if rule.default { "" } else { " (off by default)" };
        writeln!(out, "{id}  {:<7}  {}{off}", rule.severity, rule.summary)?;
    }
    Ok(())
}

fn json<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
