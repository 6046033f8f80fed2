//! The check *production-mode*: pages rendered on a server that no start command puts into production mode.

use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::Expr;
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{Manifest, Modelled, Program, Rate, SiteRef, StartCommand, StartKind};
use crate::text::FileId;

/// Checks one file: the first rendering that recurs speaks for it.
pub(super) fn check(program: &Program<'_>, file: FileId) -> Option<Finding> {
    let renders = |it: &&Modelled<'_>| it.model.does.as_deref() == Some("server-render");
    let rendering = program.modelled_calls(file).iter().find(renders)?;
    judge(program, rendering.site)
}

fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = program.rulebook.rules.iter().find(|it| it.check == "production-mode")?;
    let rated = program.rate(at.expr.within).filter(|it| it.rate == Rate::Many)?;
    let manifest = nearest(program, at.expr.file())?;
    let start = development_start(manifest)?;
    if asks_itself(program, manifest) {
        return None;
    }
    let span = program.head(at.expr);
    let mut story = vec![step(Role::Acquired, span, "rendered here")];
    story.extend(recurs(program, at, rated));
    let confidence = of_rate(rated).min(Confidence::Likely);
    let place = format!("`{}` of {}:{}", start.text, start.path, start.line);
    let message = format!("pages are rendered {} by a server that {place} starts without NODE_ENV=production", per(rated.recurs));
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

fn nearest<'p>(program: &'p Program<'_>, file: FileId) -> Option<&'p Manifest> {
    let path = &program.unit(file).path;
    program.manifests.iter().filter(|it| path.starts_with(&it.folder)).max_by_key(|it| it.folder.len())
}

/// The command that starts the server for users, if none that does sets `NODE_ENV`.
fn development_start(manifest: &Manifest) -> Option<&StartCommand> {
    // What watches for changes is for development.
    let watches = |it: &StartCommand| ["nodemon", "watch", "-dev", "tsnd"].iter().any(|word| it.text.contains(word));
    let for_users = |it: &&StartCommand| match it.kind {
        StartKind::Script if watches(it) => false,
        StartKind::Script => matches!(it.name.as_str(), "start" | "start:prod" | "start:production" | "prod" | "production"),
        StartKind::Dockerfile | StartKind::Procfile => true,
        StartKind::Bin => false,
    };
    let starts: Vec<&StartCommand> = manifest.starts.iter().filter(for_users).collect();
    // What a `$VARIABLE` holds is not known; a host that starts it may set more, but one command that says so is a habit.
    let any_set = starts.iter().any(|it| it.node_env.as_deref().is_some_and(|it| it == "production" || it.contains('$')));
    if any_set { None } else { starts.first().copied() }
}

/// `process.env.NODE_ENV = "production"` somewhere in the package.
fn asks_itself(program: &Program<'_>, manifest: &Manifest) -> bool {
    let in_package = |file: &FileId| program.unit(*file).path.starts_with(&manifest.folder);
    program.files().filter(in_package).any(|file| {
        let facts = program.facts(file);
        facts.sites.iter().any(|site| match facts.expr(site.expr) {
            Expr::Assign(_, target, _) => matches!(facts.expr(target), Expr::Member(_, name) if facts.text(name) == "NODE_ENV"),
            _ => false,
        })
    })
}
