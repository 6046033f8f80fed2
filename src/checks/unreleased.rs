//! The check *unreleased*: acquired again and again, held by something that stays, and not released.

use super::acquisition::{Acquisition, acquisitions};
use super::ended;
use super::listener::{self, Match, Removals, is_namespace};
use super::outcome;
use super::overwritten;
use super::proof;
use super::returned;
use super::story::{Draft, of_grade, of_rate, per, recurs, step};
use super::teardown;
use super::timeout;
use super::trace;
use crate::facts::{Expr, RegionKind, Sym};
use crate::finding::{Confidence, Finding, Role, Step};
use crate::program::{Coverage, ExprRef, Flow, Fresh, Grade, Guard, Hold, Place, Program, Rate, Rated, Root, SiteRef, Value};
use crate::rulebook::{Certainty, Part, Recurrence};
use crate::text::FileId;
use std::borrow::Cow;

/// Checks one file.
pub(super) fn check(program: &Program<'_>, removals: &Removals, file: FileId) -> Vec<Finding> {
    let mut found = Vec::new();
    for acquired in acquisitions(program, file) {
        match judge(program, removals, &acquired) {
            Some(finding) => found.push(finding),
            None => {
                found.extend(returned::check(program, removals, &acquired));
                found.extend(teardown::check(program, removals, &acquired));
            }
        }
    }
    found
}

fn judge(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> Option<Finding> {
    let rule = program.rulebook.rule_for("unreleased", &acquired.model.resource)?;
    // What never runs again is cheap to tell, and most of what there is.
    program.rate(acquired.site.expr.within).filter(|it| it.rate > Rate::Once || program.endless_loop(acquired.site).is_some())?;
    let (hold, rated) = longest_hold(program, acquired)?;
    if !is_listener(acquired) && (overwritten::follows_its_end(program, acquired) || starts_again(program, acquired)) {
        return None;
    }
    // Set-up code is offered to the outside as well, and called once.
    if acquired.model.resource == "registration" && rated.rate < Rate::Many {
        return None;
    }
    let guard = program.once_guard(hold.at);
    let guarded = guard_limit(program, guard, hold.fresh)?;
    let guarded = guarded.min(of_calls(program, hold.at));
    let mut confidence = of_rate(rated).min(guarded).min(of_once(program, acquired)).min(of_receiver(program, acquired));
    let guessed = acquired.model.resource == "listener"
        && acquired.receiver.is_some_and(|it| is_guessed(program, it))
        && !proof::is_tested_emitter(program, acquired);
    if guessed && is_unit_event(program, acquired) {
        return None;
    }
    match hold.fresh {
        _ if is_listener(acquired) && proof::is_left_behind(program, acquired, &hold) => {
            confidence = confidence.max(Confidence::Likely).min(guarded).min(of_once(program, acquired));
        }
        _ if guessed => confidence = Confidence::Suspect,
        Fresh::Shared(_) if proof::is_caller_s_choice(program, acquired) => return None,
        // Shared by design, so the library's own repetition is proof enough.
        Fresh::Shared(_) | Fresh::Connection => confidence = confidence.max(Confidence::Likely).min(guarded),
        // A stream in a field ends with the work that the instance does.
        Fresh::Instance(_) if is_unit_field(program, acquired) => confidence = confidence.min(Confidence::Suspect),
        _ => {}
    }
    if matches!(acquired.model.resource.as_str(), "timeout") {
        return timeout::judge(program, rule, acquired, rated, confidence);
    }
    if hold.via.is_none() && forwards(program, acquired) {
        confidence = confidence.min(Confidence::Suspect);
    }
    if hold.fresh == Fresh::Program && acquired.holder(program).is_some_and(|it| of_some_object(program, it, 0)) {
        confidence = confidence.min(Confidence::Suspect);
    }
    if acquired.may_end(program) {
        confidence = confidence.min(Confidence::Suspect);
    }
    if is_listener(acquired) && (program.counts_listeners(acquired.site) || ended::ends_holder(program, acquired)) {
        return None;
    }
    let by_handler = is_listener(acquired) || acquired.named_by_handler();
    let (coverage, flow) = match outcome::missed(program, acquired) {
        Some(coverage) => (coverage, Flow::default()),
        None if by_handler => removal(program, removals, acquired),
        None => token(program, acquired),
    };
    if acquired.model.once && tests_state(program, acquired) {
        return None;
    }
    let mut confidence = confidence.min(of_grade(coverage.grade).or_else(|| replaced(program, &coverage, &flow))?);
    // Two outcomes, of which one comes: the listener goes with its own event, or is removed on the other's.
    if acquired.model.once && coverage.grade == Grade::Partial {
        confidence = confidence.min(Confidence::Suspect);
    }
    if !flow.escapes.is_empty() {
        confidence = confidence.min(Confidence::Suspect);
    }
    let rule = match coverage.reason.as_str() {
        MISSES => program.rulebook.rule_for("unremovable", "listener").unwrap_or(rule),
        _ => rule,
    };
    let trace = trace::of_acquisition(program, acquired);
    let message = message(program, acquired, &hold, rated, &coverage);
    let story = story(program, acquired, &hold, rated, &coverage);
    if coverage.reason == MISSES
        && let Some(removal) = coverage.release
    {
        let message =
            format!("this removes another function than the one that is added {}, so the listener stays", per(rated.recurs));
        let span = program.head(removal.expr);
        return Some(Draft { rule, confidence, message, span, within: removal.expr.within, story, trace }.finish(program));
    }
    let span = program.head(acquired.site.expr);
    Some(Draft { rule, confidence, message, span, within: acquired.site.expr.within, story, trace }.finish(program))
}

/// `producer.connect()` per request on the one producer of the program: what runs already is not started once more.
fn starts_again(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let starts = matches!(acquired.model.resource.as_str(), "client" | "server");
    let by_itself = acquired.model.token == Some(Part::Receiver) && acquired.model.holder == Some(Part::Runtime);
    let Some(receiver) = acquired.receiver.filter(|_| starts && by_itself) else { return false };
    let holds = program.holds(receiver, acquired.site);
    !holds.is_empty() && holds.iter().all(|it| it.fresh == Fresh::Program)
}

/// Whether a holder is a property of an object that came in by a parameter: which of the objects of its shape that is,
/// nobody knows.
fn of_some_object(program: &Program<'_>, holder: ExprRef, depth: u32) -> bool {
    let facts = program.facts(holder.file());
    match facts.expr(holder.id) {
        Expr::Member(object, _) if depth < 6 => {
            let object = holder.with(object);
            let own = program.place(object).is_some_and(|it| matches!(it.root, Root::Param(..)) && it.path.is_empty());
            (own && program.shape_of(object).is_some()) || of_some_object(program, object, depth + 1)
        }
        Expr::Ident(_) if depth < 6 => {
            let init = program.initial(holder);
            init != holder && of_some_object(program, init, depth + 1)
        }
        _ => false,
    }
}

/// A handler that is a parameter of the function around: it passes on a registration of its caller's.
pub(super) fn forwards(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let Some(handler) = acquired.handler(program) else { return false };
    let within = acquired.site.expr.within;
    matches!(program.place(handler).map(|it| it.root), Some(Root::Param(f, _)) if f == within)
}

/// A call on the way that is made once per key, as `metrics.get(name) ?? this.create(name)`, makes one per key.
fn of_calls(program: &Program<'_>, at: SiteRef) -> Confidence {
    let calls = program.origin(at.expr.within).map(|it| it.2).unwrap_or_default();
    let by_key = calls.into_iter().any(|it| program.once_guard(it) == Some(Guard::Key));
    if by_key { Confidence::Suspect } else { Confidence::Certain }
}

/// That something of a package takes listeners as an emitter does is inferred from its use.
fn of_receiver(program: &Program<'_>, acquired: &Acquisition<'_>) -> Confidence {
    match acquired.receiver {
        Some(receiver) if is_listener(acquired) && program.is_known_by_use(receiver) && !is_namespace(program, receiver) => {
            Confidence::Likely
        }
        _ => Confidence::Certain,
    }
}

/// An emitter only because it is used as one, and not even a package.
fn is_guessed(program: &Program<'_>, receiver: ExprRef) -> bool {
    program.is_known_by_use(receiver) && !program.is_package(receiver)
}

fn is_unit_field(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let Some(receiver) = acquired.receiver else { return false };
    let is_field = program.place(receiver).is_some_and(|it| !it.path.is_empty());
    is_field && program.type_of(program.eval(receiver)).is_some_and(|it| program.is_unit(it))
}

/// Events of streams and of what carries one request: such an emitter is a unit of work (`FALSE-ALARMS.md` row 3).
const UNIT_EVENTS: [&str; 12] =
    ["end", "close", "finish", "data", "aborted", "drain", "readable", "pipe", "response", "exit", "abort", "timeout"];

/// Names of emitters that are units of work.
const UNITS: [&str; 14] =
    ["req", "res", "request", "response", "reply", "stream", "socket", "body", "raw", "ws", "child", "xhr", "file", "conn"];

/// Whether an unknown emitter, by its event or name, is a unit of work.
fn is_unit_event(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let event = program.event_name(acquired.site.expr);
    let by_event = event.is_some_and(|it| UNIT_EVENTS.contains(&it.as_str()));
    let name = acquired.callee.rsplit('.').nth(1).unwrap_or_default().trim_start_matches(['_', '#']).to_ascii_lowercase();
    by_event || UNITS.contains(&name.as_str()) || name.ends_with("stream")
}

const MISSES: &str = "the removal names another function";

/// The hold that stays longest while its site repeats.
fn longest_hold(program: &Program<'_>, acquired: &Acquisition<'_>) -> Option<(Hold, Rated)> {
    let holds = match acquired.holder(program) {
        None => vec![Hold { fresh: Fresh::Program, at: acquired.site, via: None }],
        Some(holder) => program.holds(holder, acquired.site),
    };
    let judged = holds.into_iter().filter_map(|hold| {
        let rated = program.repeated(hold.at, hold.fresh)?;
        let met = hold.via.is_none_or(|call| program.passes_tests(call, acquired.site));
        Some((hold, program.asked_rate(hold.at, rated).filter(|_| met)?))
    });
    judged.max_by_key(|(hold, rated)| (of_rate(*rated), hold.fresh))
}

/// What a once-guard leaves; `None` is silence.
fn guard_limit(program: &Program<'_>, guard: Option<Guard>, fresh: Fresh) -> Option<Confidence> {
    match (guard, fresh) {
        (None, _) => Some(Confidence::Certain),
        (Some(Guard::Program), _) => None,
        (Some(Guard::Instance(_)), Fresh::Instance(_)) => None,
        (Some(Guard::Instance(shape)), _) if program.is_singleton(shape) => None,
        (Some(Guard::Call(f)), _) if program.rate(f).is_none_or(|it| it.rate < Rate::Many) => None,
        (Some(Guard::Call(f)), Fresh::Call(g)) if f == g => None,
        (Some(Guard::Instance(_) | Guard::Call(_) | Guard::Key), _) => Some(Confidence::Suspect),
    }
}

/// A listener that lets go after its first event is a finding only if that event may not come.
fn of_once(program: &Program<'_>, acquired: &Acquisition<'_>) -> Confidence {
    let options = program.argument(acquired.site.expr, -1).filter(|it| program.literal(*it).is_some());
    let once = acquired.model.once || options.is_some_and(|it| is_listener(acquired) && is_true(program, it, "once"));
    if !once || !is_listener(acquired) {
        return Confidence::Certain;
    }
    let certainty = acquired.receiver.zip(program.event_name(acquired.site.expr)).and_then(|(receiver, event)| {
        let ty = program.type_of(program.eval(receiver))?;
        program.event_model(ty, Sym::of(&event))
    });
    match certainty.map(|it| (it.certainty, it.recurs)) {
        Some((Some(Certainty::Rare | Certainty::Never), _) | (_, Recurrence::Exit)) => Confidence::Likely,
        _ => Confidence::Suspect,
    }
}

/// `if (socket.connecting) socket.once("connect", f)`: by its state, the event is still to come.
fn tests_state(program: &Program<'_>, acquired: &Acquisition<'_>) -> bool {
    let facts = program.facts(acquired.site.expr.file());
    let mut at = Some(acquired.site.region);
    while let Some(id) = at {
        let region = &facts.regions[id.index()];
        at = region.parent.get();
        if let Some(test) = region.test.get().filter(|_| matches!(region.kind, RegionKind::Then | RegionKind::Else))
            && names_connecting(program, acquired.site.expr.with(test), 0)
        {
            return true;
        }
    }
    false
}

fn names_connecting(program: &Program<'_>, test: ExprRef, depth: u32) -> bool {
    let facts = program.facts(test.file());
    let next = |id| names_connecting(program, test.with(id), depth + 1);
    match facts.expr(test.id) {
        _ if depth > 8 => false,
        Expr::Member(_, name) => matches!(facts.text(name), "connecting" | "pending" | "readyState"),
        Expr::Logical(_, a, b) | Expr::Binary(_, a, b) => next(a) || next(b),
        Expr::Unary(_, a) => next(a),
        Expr::Choice(parts) => facts.list(parts).any(next),
        Expr::Ident(id) => facts.bindings[id.index()].init.get().is_some_and(next),
        _ => false,
    }
}

pub(super) fn is_listener(acquired: &Acquisition<'_>) -> bool {
    let on_something = acquired.receiver.is_some() || acquired.model.event.is_some();
    acquired.named_by_handler() && on_something && acquired.model.resource != "registration"
}

/// Removals of a listener by name, its own options, and what its result is used for.
pub(super) fn removal(program: &Program<'_>, removals: &Removals, acquired: &Acquisition<'_>) -> (Coverage, Flow) {
    let call = acquired.site.expr;
    let covers = Coverage { grade: Grade::Covers, release: None, reason: String::new() };
    if let Some(options) = program.argument(call, -1).filter(|it| program.literal(*it).is_some())
        && let Some(signal) = program.property(options, Sym::of("signal"))
        && !outlives(program, signal, acquired.site)
    {
        return (covers, Flow::default());
    }
    let answers = removals.answers(program, acquired);
    let removing: Vec<SiteRef> = answers.iter().filter(|it| it.1 == Match::Removes).map(|it| it.0).collect();
    let mut coverage = program.coverage(acquired.site, &removing);
    if coverage.grade == Grade::None
        && let Some((missing, _)) = answers.iter().find(|it| it.1 == Match::Misses)
    {
        coverage = Coverage { grade: Grade::None, release: Some(*missing), reason: MISSES.into() };
    }
    let mut flow = Flow::default();
    flow.slots.extend(acquired.handler(program).and_then(|it| program.place(it)));
    (coverage, flow)
}

/// Whether a signal that is to release fires at the end of the program only, so that what it covers piles up until then.
fn outlives(program: &Program<'_>, signal: ExprRef, site: SiteRef) -> bool {
    let holds = program.holds(signal, site);
    let lasts = |hold: &Hold| hold.fresh == Fresh::Program && program.repeated(hold.at, hold.fresh).is_some();
    !holds.is_empty() && holds.iter().all(lasts)
}

fn is_true(program: &Program<'_>, options: ExprRef, name: &str) -> bool {
    program.property(options, Sym::of(name)).is_some_and(|it| matches!(program.facts(it.file()).expr(it.id), Expr::Bool(true)))
}

/// Releases of a token, wherever it goes.
pub(super) fn token(program: &Program<'_>, acquired: &Acquisition<'_>) -> (Coverage, Flow) {
    let call = acquired.site.expr;
    let mut tokens = match acquired.model.token {
        Some(Part::Receiver) => acquired.receiver.into_iter().collect(),
        // What is handed over ends by itself, or is ended by whom it was handed to.
        Some(part @ Part::Arg0) => program.part(call, part).into_iter().chain(acquired.receiver).collect(),
        _ => vec![call],
    };
    // With a callback, the token is what the callback is given.
    for f in program.functions_of_call(call) {
        for &n in &acquired.model.given {
            if let Some(binding) = program.param_binding(f, n as usize) {
                tokens.extend(program.binding_uses(binding));
            }
        }
    }
    if acquired.model.resource == "registration" && acquired.model.token.is_none() {
        return (Coverage::none(), Flow::default());
    }
    if let Some(Part::Receiver | Part::Arg0) = acquired.model.token {
        let places: Vec<Place> = tokens.iter().filter(|it| **it != call).filter_map(|it| program.place(*it)).collect();
        tokens.extend(places.iter().flat_map(|it| program.uses(it)));
    }
    let mut flow = program.flow_from(tokens, &acquired.model.resource);
    flow.escapes.retain(|it| it.expr != call);
    let coverage = program.coverage(acquired.site, &flow.releases);
    // Returned to callers that are not in sight: theirs to release.
    let handed_out = flow.returned.iter().any(|f| program.callers(*f).next().is_none());
    if handed_out && coverage.grade < Grade::Covers {
        return (Coverage { grade: Grade::Covers, release: None, reason: String::new() }, flow);
    }
    (coverage, flow)
}

/// Released only when replaced: silent if the slot lives as long as what holds, a finding if slots come and go.
fn replaced(program: &Program<'_>, coverage: &Coverage, flow: &Flow) -> Option<Confidence> {
    if coverage.grade != Grade::PerSlot {
        return None;
    }
    let comes_and_goes = |place: &Place| match place.root {
        Root::Instance(shape) => {
            let sites = program.constructions(shape);
            !sites.is_empty()
                && !program.is_singleton(shape)
                && sites.iter().any(|it| program.rate(it.expr.within).is_some_and(|it| it.rate == Rate::Many))
        }
        _ => false,
    };
    if flow.slots.iter().any(comes_and_goes) {
        return Some(Confidence::Likely);
    }
    // An element of a collection that goes takes its slot along, with the token in it.
    flow.in_element.then_some(Confidence::Suspect)
}

/// What a resource is called in messages; most are called what they are.
pub(super) fn thing(resource: &str) -> Cow<'_, str> {
    Cow::Borrowed(match resource {
        "process-listener" | "abort-listener" => "listener",
        "timeout" => "timer",
        "pool-client" => "pooled client",
        "database-session" => "session",
        "registration" => "handler",
        "child" => "child process",
        "job" | "cron" => "scheduled job",
        "page" => "browser page",
        _ if resource.contains('-') => return Cow::Owned(resource.replace('-', " ")),
        _ => resource,
    })
}

fn message(program: &Program<'_>, acquired: &Acquisition<'_>, hold: &Hold, rated: Rated, coverage: &Coverage) -> String {
    let is_function = |it| matches!(program.eval(it), Value::Function(_));
    let thing = match acquired.model.resource.as_str() {
        // A transport, a metric, a model of a database.
        "registration" if !acquired.handler(program).is_some_and(is_function) => Cow::Borrowed("registration"),
        resource => thing(resource),
    };
    let verb = match acquired.model.resource.as_str() {
        "interval" => "started",
        "listener" | "process-listener" | "abort-listener" => "added",
        "registration" if thing == "registration" => "made",
        "registration" | "metric" => "registered",
        "pool-client" => "taken",
        "transaction" => "begun",
        _ => "created",
    };
    let per = per(rated.recurs);
    let holder = holder_name(program, acquired, hold);
    let held = if holder.is_empty() { String::new() } else { format!(", held by {holder}") };
    let ending = match coverage.grade {
        Grade::None if acquired.model.resource == "registration" => "and it stays".to_owned(),
        Grade::None => format!("and never {}", past(&acquired.model.resource)),
        Grade::Partial => format!("and {} on some ways out only", past(&acquired.model.resource)),
        Grade::PerSlot => "and released only when it is replaced".to_owned(),
        Grade::Unclear | Grade::Covers => format!("and perhaps never {}", past(&acquired.model.resource)),
    };
    format!("{thing} {verb} {per}{held}, {ending}")
}

pub(super) fn past(resource: &str) -> &'static str {
    match resource {
        "interval" | "timeout" => "cleared",
        "listener" | "process-listener" | "abort-listener" => "removed",
        "pool-client" => "released",
        "transaction" => "ended",
        "job" | "cron" => "stopped",
        "client" | "agent" | "browser" | "page" | "worker" | "watcher" | "logger" | "server" => "closed",
        "cursor" | "database-session" | "subscription" | "child" => "closed",
        _ => "released",
    }
}

fn holder_name(program: &Program<'_>, acquired: &Acquisition<'_>, hold: &Hold) -> String {
    match acquired.holder(program) {
        None if acquired.model.resource == "interval" => "the event loop".into(),
        None => String::new(),
        Some(holder) => {
            let name = super::acquisition::name_of(program, holder);
            let name = if name.is_empty() { acquired.callee.clone() } else { name };
            match hold.fresh {
                Fresh::Connection => format!("`{name}`, which serves many requests"),
                Fresh::Shared(_) => format!("`{name}`, which the caller shares"),
                Fresh::Program => format!("`{name}`, which lives as long as the process"),
                _ => format!("`{name}`, which outlives it"),
            }
        }
    }
}

fn story(program: &Program<'_>, acquired: &Acquisition<'_>, hold: &Hold, rated: Rated, coverage: &Coverage) -> Vec<Step> {
    let mut steps = vec![step(Role::Acquired, program.head(acquired.site.expr), format!("{} here", acquired_text(acquired)))];
    if let Some(via) = hold.via {
        steps.push(step(Role::Recurs, program.head(via.expr), "called here with a holder that stays"));
    }
    steps.extend(recurs(program, hold.at, rated));
    if let Some(holder) = acquired.holder(program)
        && let Some(place) = program.place(holder)
        && let Some(span) = program.declaration(&place)
    {
        steps.push(step(Role::Held, span, "the holder is declared here"));
    }
    if let Some(release) = coverage.release {
        steps.push(step(Role::Released, program.head(release.expr), coverage.reason.clone()));
    }
    if listener::is_fresh(program, acquired.site.expr) {
        steps.truncate(8);
    }
    steps
}

fn acquired_text(acquired: &Acquisition<'_>) -> &'static str {
    match acquired.model.resource.as_str() {
        "interval" => "started",
        "listener" | "process-listener" | "abort-listener" => "added",
        "registration" | "metric" => "registered",
        _ => "acquired",
    }
}
