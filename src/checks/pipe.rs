//! The check *unpiped*: `source.pipe(destination)` ends the destination with the source, and not the other way round. A destination
//! that is closed early leaves its source open.

use super::named::rule;
use super::story::{Draft, of_rate, per, recurs, step};
use crate::facts::{BindingKind, Expr, Sym};
use crate::finding::{Confidence, Finding, Role, Trace};
use crate::program::{BindingRef, ExprRef, FnRef, Fresh, Place, Program, Rate, Root, SiteRef, Value};
use crate::rulebook::{Recurrence, Rule};
use crate::text::FileId;

/// A call of `pipe`.
pub(super) fn judge(program: &Program<'_>, at: SiteRef) -> Option<Finding> {
    let rule = rule(program, "unpiped")?;
    let facts = program.facts(at.expr.file());
    let Expr::Call(callee, _) = facts.expr(at.expr.id) else { return None };
    let Expr::Member(source, _) = facts.expr(callee) else { return None };
    let destination = program.argument(at.expr, 0)?;
    let source = at.expr.with(source);
    to_client(program, rule, at, source, destination)
        .or_else(|| from_client(program, rule, at, source, destination))
        .or_else(|| handed_out(program, rule, at, source, destination))
}

/// `file.pipe(out)` where a caller hands in what is piped, and nobody knows what it is.
pub(super) fn of_unknown(program: &Program<'_>, file: FileId) -> Vec<Finding> {
    let facts = program.facts(file);
    let Some(rule) = rule(program, "unpiped").filter(|_| facts.names.contains(Sym::of("createWriteStream"))) else {
        return Vec::new();
    };
    let pipes = facts.sites.iter().filter_map(|site| {
        let Expr::Call(callee, _) = facts.expr(site.expr) else { return None };
        let Expr::Member(source, name) = facts.expr(callee) else { return None };
        let within = FnRef { file, id: facts.function_of(site.region) };
        let at = SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
        let is_unknown = facts.text(name) == "pipe" && program.call_model(at.expr).is_none();
        let destination = program.argument(at.expr, 0).filter(|_| is_unknown)?;
        from_client(program, rule, at, at.expr.with(source), destination)
    });
    pipes.collect()
}

/// A file that is piped to whoever asked for it: who goes away before the end leaves the file open.
fn to_client(program: &Program<'_>, rule: &Rule, at: SiteRef, source: ExprRef, destination: ExprRef) -> Option<Finding> {
    if !is_of(program, destination, &["node:http#ServerResponse", "node:http2#Http2ServerResponse", "node:net#Socket"]) {
        return None;
    }
    let source = chain_start(program, source, 0);
    if !is_of(program, source, &["node:fs#ReadStream"]) || !is_opened_here(program, source, at) {
        return None;
    }
    let rated = program.repeated(at, Fresh::Program).filter(|it| it.rate == Rate::Many && it.recurs != Recurrence::Tick)?;
    if is_looked_after(program, source, at, true) || is_looked_after(program, destination, at, false) {
        return None;
    }
    let span = program.head(at.expr);
    let name = super::acquisition::name_of(program, destination);
    let mut story = vec![step(Role::Acquired, program.head(opened(program, source)), "opened here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, span, format!("ends with the source, but does not close it when `{name}` is closed early")));
    let message = format!("a file is opened {} and stays open when `{name}` is closed before its end", per(rated.recurs));
    let confidence = of_rate(rated).min(Confidence::Likely);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// A file that is written from what a client sends, or a caller hands in: a source that is closed before its end leaves the file
/// open, and whoever waits for it to finish waits for ever.
fn from_client(program: &Program<'_>, rule: &Rule, at: SiteRef, source: ExprRef, destination: ExprRef) -> Option<Finding> {
    if !is_of(program, destination, &["node:fs#WriteStream"]) || !is_opened_here(program, destination, at) {
        return None;
    }
    let source = chain_start(program, source, 0);
    let is_sent = is_of(program, source, &["node:http#IncomingMessage", "node:http2#Http2ServerRequest", "node:net#Socket"]);
    let facts = program.facts(source.file());
    let is_handed =
        matches!(facts.expr(source.id), Expr::Ident(id) if matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)));
    // What a client of the program's own is answered may break off, too.
    let is_fetched = is_of(program, source, &["request#Request"]);
    let rated = program.repeated(at, Fresh::Program).filter(|it| it.rate > Rate::Once && it.recurs != Recurrence::Tick)?;
    let watched = |events: &[&str]| is_watched(program, source, at, events);
    // A handler of errors may close the file; of what is closed without one it does not hear.
    let ends_by_error = is_looked_after(program, destination, at, true) && watched(&["error"]);
    let ends = watched(&["close", "aborted"]) || (is_sent || is_fetched) && ends_by_error;
    if !(is_sent || is_handed || is_fetched) || ends {
        return None;
    }
    let span = program.head(at.expr);
    let name = super::acquisition::name_of(program, source);
    let mut story = vec![step(Role::Acquired, program.head(opened(program, destination)), "opened here")];
    story.extend(recurs(program, at, rated));
    story.push(step(Role::Released, span, format!("ends the file with `{name}`, but not when `{name}` is closed early")));
    let message = format!("a file is opened {} and stays open when `{name}` is closed before its end", per(rated.recurs));
    let most = if is_sent { Confidence::Likely } else { Confidence::Suspect };
    let confidence = of_rate(rated).min(most);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

/// A destination is returned and its source is not: whoever has the one cannot close the other.
fn handed_out(program: &Program<'_>, rule: &Rule, at: SiteRef, source: ExprRef, destination: ExprRef) -> Option<Finding> {
    let facts = program.facts(at.expr.file());
    let (Expr::Ident(from), Expr::Ident(to)) = (facts.expr(source.id), facts.expr(destination.id)) else { return None };
    let own = |id: crate::facts::BindingId| {
        let it = &facts.bindings[id.index()];
        it.function == at.expr.within.id && it.writes == 0 && it.init.get().is_some() && !matches!(it.kind, BindingKind::Param(_))
    };
    if !own(from) || !own(to) || !is_returned(program, at, to) {
        return None;
    }
    let made = ExprRef::new(at.expr.within, facts.bindings[to.index()].init);
    let fresh = matches!(facts.expr(made.id), Expr::New(..) | Expr::Call(..));
    let init = ExprRef::new(at.expr.within, facts.bindings[from.index()].init);
    let kept = kept_source(program, init)?;
    let rated = program.rate(at.expr.within).filter(|it| it.rate > Rate::Once)?;
    let uses = program.binding_uses(BindingRef { file: at.expr.file(), id: from });
    let ended = uses.into_iter().any(|it| it.id != source.id && !is_exit(program, it));
    if !fresh || ended || tells_end(program, at, to) {
        return None;
    }
    let span = program.head(at.expr);
    let (a, b) = (name_of(program, source), name_of(program, destination));
    let story = vec![
        step(Role::Acquired, span, format!("`{b}` is returned, and `{a}` is not")),
        step(Role::Held, program.span(kept), format!("`{a}` is kept here")),
        step(Role::Released, program.head(made), format!("closing `{b}` does not close `{a}`")),
    ];
    let message =
        format!("`{a}` is piped to `{b}`, which alone is returned: nobody can close `{a}`, and it stays where it is kept");
    let confidence = of_rate(rated).min(Confidence::Likely);
    Some(Draft { rule, confidence, message, span, within: at.expr.within, story, trace: Trace::default() }.finish(program))
}

fn name_of(program: &Program<'_>, expr: ExprRef) -> String {
    super::acquisition::name_of(program, expr)
}

/// Whether the branch of a call returns a binding.
fn is_returned(program: &Program<'_>, at: SiteRef, binding: crate::facts::BindingId) -> bool {
    let facts = program.facts(at.expr.file());
    program
        .exits(at.expr.within)
        .any(|it| it.value.get().is_some_and(|value| facts.expr(value) == Expr::Ident(binding) && it.region == at.region))
}

fn is_exit(program: &Program<'_>, at: ExprRef) -> bool {
    program.parent(at).is_none() && program.index(at.file()).exit_of(at.id).is_some()
}

/// Whether a destination has a listener that may close the source.
fn tells_end(program: &Program<'_>, at: SiteRef, to: crate::facts::BindingId) -> bool {
    let facts = program.facts(at.expr.file());
    program.binding_uses(BindingRef { file: at.expr.file(), id: to }).into_iter().any(|it| {
        program.parent(it).is_some_and(|parent| match facts.expr(parent.id) {
            Expr::Member(..) => true,
            Expr::Call(..) => parent.id != at.expr.id,
            _ => false,
        })
    })
}

/// The write by which a function stores what it returns, in a place that outlives the call.
fn kept_source(program: &Program<'_>, call: ExprRef) -> Option<ExprRef> {
    let facts = program.facts(call.file());
    let Expr::Call(callee, _) = facts.expr(call.id) else { return None };
    let f = match program.eval(call.with(callee)) {
        Value::Function(f) => f,
        _ => *program.edges_at(call).map(|it| it.callee).collect::<Vec<_>>().first()?,
    };
    program.exits(f).filter(|it| !it.is_throw).find_map(|exit| stored(program, f, ExprRef::new(f, exit.value.get()?)))
}

/// `this.streams.set(key, stream)`, `this.stream = stream`, for a variable of a function.
fn stored(program: &Program<'_>, f: FnRef, value: ExprRef) -> Option<ExprRef> {
    let facts = program.facts(f.file);
    let Expr::Ident(id) = facts.expr(value.id) else { return None };
    let binding = &facts.bindings[id.index()];
    if binding.function != f.id || matches!(binding.kind, BindingKind::Param(_)) {
        return None;
    }
    let lasting =
        |place: Option<Place>| place.filter(|it| matches!(it.root, Root::Instance(_) | Root::Static(_)) && !it.path.is_empty());
    program.binding_uses(BindingRef { file: f.file, id }).into_iter().find_map(|it| {
        let mut it = it;
        let mut parent = program.parent(it)?;
        // `streams.set(key, { stream })`
        while matches!(facts.expr(parent.id), Expr::Object { .. } | Expr::Array(_)) {
            it = parent;
            parent = program.parent(it)?;
        }
        match facts.expr(parent.id) {
            Expr::Assign(_, target, from) if from == it.id => lasting(program.place(parent.with(target))).map(|_| parent),
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(object, name) if matches!(facts.text(name), "set" | "add" | "push") => {
                    lasting(program.place(parent.with(object))).map(|_| parent)
                }
                _ => None,
            },
            _ => None,
        }
    })
}

fn is_of(program: &Program<'_>, expr: ExprRef, names: &[&str]) -> bool {
    let models = &program.rulebook.models;
    let ty = program.type_of(program.eval(expr));
    ty.is_some_and(|ty| models.lineage(ty).iter().any(|it| names.contains(&models.ty(*it).name.as_str())))
}

/// What a chain of pipes starts from: `file` of `file.pipe(gzip).pipe(res)`.
fn chain_start(program: &Program<'_>, expr: ExprRef, depth: u32) -> ExprRef {
    let facts = program.facts(expr.file());
    match facts.expr(expr.id) {
        Expr::Call(callee, _) if depth < 8 => match facts.expr(callee) {
            Expr::Member(object, name) if matches!(facts.text(name), "pipe" | "on" | "once" | "setEncoding") => {
                chain_start(program, expr.with(object), depth + 1)
            }
            _ => expr,
        },
        _ => expr,
    }
}

fn opened(program: &Program<'_>, source: ExprRef) -> ExprRef {
    program.initial(source)
}

/// A stream that the same function opens.
fn is_opened_here(program: &Program<'_>, source: ExprRef, at: SiteRef) -> bool {
    let opened = opened(program, source);
    opened.within == at.expr.within && matches!(program.facts(opened.file()).expr(opened.id), Expr::Call(..))
}

/// Whether something is done when the stream closes, or it is handed to something that may do so; of the source, also
/// whether it is closed by hand.
fn is_looked_after(program: &Program<'_>, stream: ExprRef, at: SiteRef, is_source: bool) -> bool {
    is_used(program, stream, at, &["close", "aborted"], is_source)
}

/// Whether something is done when a source closes, or it is handed to something that may do so.
fn is_watched(program: &Program<'_>, source: ExprRef, at: SiteRef, events: &[&str]) -> bool {
    is_used(program, source, at, events, false)
}

fn is_used(program: &Program<'_>, stream: ExprRef, at: SiteRef, events: &[&str], is_source: bool) -> bool {
    let facts = program.facts(stream.file());
    let Expr::Ident(id) = facts.expr(stream.id) else { return false };
    program.binding_uses(BindingRef { file: stream.file(), id }).into_iter().any(|it| {
        let Some(parent) = program.parent(it) else { return is_exit(program, it) };
        match facts.expr(parent.id) {
            Expr::Member(_, name) => match facts.text(name) {
                "destroy" | "close" | "unpipe" => is_source,
                "on" | "once" | "addListener" => program
                    .parent(parent)
                    .and_then(|call| program.event_name(call))
                    .is_some_and(|it| events.contains(&it.as_str())),
                _ => false,
            },
            // `pipeline(file, res)`, `finished(res, ...)`, a helper of the program.
            Expr::Call(callee, _) => callee != it.id && parent.id != at.expr.id && !is_pipe(program, parent),
            Expr::Array(_) | Expr::Object { .. } => true,
            _ => false,
        }
    })
}

fn is_pipe(program: &Program<'_>, call: ExprRef) -> bool {
    let facts = program.facts(call.file());
    matches!(facts.expr(call.id), Expr::Call(callee, _) if matches!(facts.expr(callee), Expr::Member(_, name) if facts.text(name) == "pipe"))
}
