//! First requests: which routes the program really serves, and how they answer.

use super::ProveError;
use super::connection::Talk;
use super::drive::{Churn, Driver, Manner, Target};
use super::listen::{Protocol, Server};
use super::plan::{LeftOut, Plan, Reason};
use super::request::Answer;
use super::routes::Route;
use std::time::{Duration, Instant};

/// A path that no program serves.
const NOWHERE: &str = "/leaklint-asks-for-what-is-not-there";

/// An answer that takes longer is waited for together with others.
const SLOW: Duration = Duration::from_millis(150);

/// Where web sockets are when the sources do not say: ws takes any path, socket.io its own.
const GUESSES: &[&str] = &["/", "/socket.io/?EIO=4&transport=websocket", "/ws"];

/// The packet that joins socket.io.
const JOIN: &str = "40";

/// What is said over a web socket: most programs read JSON.
const MESSAGE: &str = "{}";

/// What the first requests showed.
#[derive(Default)]
pub(super) struct Probed {
    pub(super) targets: Vec<Target>,
    pub(super) churns: Vec<Churn>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notes: Vec<String>,
}

/// Asked when a request was left without an answer: does the program stand still?
pub(super) type Alive<'a> = &'a mut dyn FnMut() -> Result<(), ProveError>;

/// Asks for every route once. `bases` are the servers of requests: scheme, host and port.
///
/// # Errors
/// If the program stands still.
pub(super) fn probe(
    driver: &Driver<'_>,
    plan: &Plan,
    bases: &[String],
    servers: &[Server],
    alive: Alive<'_>,
) -> Result<Probed, ProveError> {
    let mut probed = Probed::default();
    for base in bases {
        let (answer, _) = driver.ask(base, &Route::get(NOWHERE));
        if answer == Answer::None {
            alive()?;
        }
        let missing = Missing::of(answer);
        for route in &plan.routes {
            if probe_route(driver, route, base, &missing, &mut probed) == Manner::Silent {
                alive()?;
            }
        }
    }
    settle_missing(plan, bases, &mut probed);
    for server in servers {
        probe_server(driver, plan, server, &mut probed);
    }
    Ok(probed)
}

fn probe_route(driver: &Driver<'_>, route: &Route, base: &str, missing: &Missing, probed: &mut Probed) -> Manner {
    let asked = Instant::now();
    let (answer, path) = driver.ask(base, route);
    let manner = match &answer {
        Answer::Endless(_) => Manner::Endless,
        Answer::None => Manner::Silent,
        _ if asked.elapsed() > SLOW => Manner::Slow,
        _ => Manner::Quick,
    };
    // Who names a path wants it driven.
    if route.span.is_some() && missing.is_it(&answer, &path) {
        probed.left_out.push(LeftOut {
            method: route.method.clone(),
            path: route.path.clone(),
            span: route.span,
            reason: Reason::NotFound,
        });
        return manner;
    }
    probed.targets.push(Target { route: route.clone(), base: base.to_owned(), manner });
    manner
}

/// A route is left out when no server serves it; if none serves any, all are driven: something answers them.
fn settle_missing(plan: &Plan, bases: &[String], probed: &mut Probed) {
    if probed.targets.is_empty() {
        let each = bases.iter().flat_map(|base| plan.routes.iter().map(move |route| (base, route)));
        let target =
            |(base, route): (&String, &Route)| Target { route: route.clone(), base: base.clone(), manner: Manner::Quick };
        probed.targets = each.map(target).collect();
        if !probed.targets.is_empty() {
            probed.left_out.clear();
            probed.notes.push("the server answers every request as it answers one for a path that does not exist".to_owned());
        }
    }
    let targets = &probed.targets;
    let is_driven = |it: &LeftOut| targets.iter().any(|target| target.route.path == it.path && target.route.method == it.method);
    probed.left_out.retain(|it| !is_driven(it));
    probed.left_out.dedup();
}

/// How a server answers a request for what it does not have.
struct Missing(Option<(u16, String)>);

impl Missing {
    fn of(answer: Answer) -> Missing {
        match answer {
            Answer::Done(status @ (404 | 405 | 501), body) => {
                Missing(Some((status, String::from_utf8_lossy(&body).into_owned())))
            }
            _ => Missing(None),
        }
    }

    /// Whether an answer is the one that anything missing gets: not that of a handler which found nothing.
    fn is_it(&self, answer: &Answer, path: &str) -> bool {
        let Some((status, body)) = &self.0 else { return false };
        let Answer::Done(it, other) = answer else { return false };
        // The answer may repeat the path, with the query or without.
        let repeats = |path: &str| [path.to_owned(), path.trim_start_matches('/').to_owned()];
        let [nowhere, bare_nowhere] = repeats(NOWHERE);
        let other = String::from_utf8_lossy(other);
        let bare = path.split('?').next().unwrap_or(path);
        it == status
            && [path, bare].into_iter().flat_map(repeats).any(|path| {
                let path = &*path;
                body.replace(&nowhere, path) == other || body.replace(&bare_nowhere, path) == other
            })
    }
}

fn probe_server(driver: &Driver<'_>, plan: &Plan, server: &Server, probed: &mut Probed) {
    match server.protocol {
        Protocol::Http | Protocol::Https if server.upgrades => {
            let known = plan.sockets.iter().map(|it| super::plan::filled(it, 1));
            let guesses = GUESSES.iter().map(|it| (*it).to_owned());
            let mut talks = known.chain(guesses).map(|path| {
                let message = if path.contains("EIO=4") { JOIN } else { MESSAGE };
                Talk::Socket(path, message)
            });
            match talks.find(|talk| driver.try_connection(server, talk).is_ok()) {
                Some(talk) => probed.churns.push(Churn { server: server.clone(), talk }),
                None => probed.notes.push(format!("no web socket could be opened on {}", server.address)),
            }
        }
        Protocol::Http | Protocol::Https => {}
        Protocol::Http2 => {
            probed.notes.push(format!("{} speaks HTTP/2: connections are opened and closed, no requests sent", server.address));
            probed.churns.push(Churn { server: server.clone(), talk: Talk::with(server.protocol) });
        }
        Protocol::Net | Protocol::Tls => {
            probed.churns.push(Churn { server: server.clone(), talk: Talk::with(server.protocol) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Missing, NOWHERE};

    #[test]
    fn what_is_missing_is_told_from_what_a_handler_does_not_find() {
        let page = |path: &str| Answer::Done(404, format!("<html></html><pre>Cannot GET {path}</pre>").into_bytes());
        let missing = Missing::of(page(NOWHERE));
        assert!(missing.is_it(&page("/"), "/"));
        assert!(missing.is_it(&page("/users/7"), "/users/7?tab=7"));
        assert!(!missing.is_it(&Answer::Done(404, b"no such user".to_vec()), "/users/7"));
        assert!(!missing.is_it(&Answer::Done(200, b"hello".to_vec()), "/"));
        assert!(
            Missing::of(Answer::Done(404, b"nothing here".to_vec())).is_it(&Answer::Done(404, b"nothing here".to_vec()), "/x")
        );
    }
}
