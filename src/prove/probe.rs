//! First requests: which routes the program really serves, and how they answer.

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

/// What socket.io listens at, and the packet that joins it.
const SOCKET_IO: (&str, &str) = ("/socket.io/?EIO=4&transport=websocket", "40");

/// What is said over a web socket: most programs read JSON.
const MESSAGE: &str = "{}";

/// What the first requests showed.
#[derive(Default)]
pub(super) struct Probed {
    pub(super) targets: Vec<Target>,
    pub(super) churns: Vec<Churn>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notes: Vec<String>,
    /// Some request was left without an answer: the program may stand still.
    pub(super) has_silence: bool,
}

/// Asks for every route once. `bases` are the servers of requests: scheme, host and port.
pub(super) fn probe(driver: &Driver<'_>, plan: &Plan, bases: &[String], servers: &[Server]) -> Probed {
    let mut probed = Probed::default();
    for base in bases {
        let missing = missing(driver, base);
        for route in &plan.routes {
            probe_route(driver, route, base, &missing, &mut probed);
        }
    }
    settle_missing(plan, bases, &mut probed);
    for server in servers {
        probe_server(driver, plan, server, &mut probed);
    }
    probed
}

fn probe_route(driver: &Driver<'_>, route: &Route, base: &str, missing: &Missing, probed: &mut Probed) {
    let asked = Instant::now();
    let (answer, path) = driver.ask(&route.method, base, &route.path);
    let manner = match &answer {
        Answer::Endless(_) => Manner::Endless,
        Answer::None => Manner::Silent,
        _ if asked.elapsed() > SLOW => Manner::Slow,
        _ => Manner::Quick,
    };
    probed.has_silence |= manner == Manner::Silent;
    // Who names a path wants it driven.
    if route.span.is_some() && missing.is_it(&answer, &path) {
        probed.left_out.push(LeftOut {
            method: route.method.clone(),
            path: route.path.clone(),
            span: route.span,
            reason: Reason::NotFound,
        });
        return;
    }
    probed.targets.push(Target { route: route.clone(), base: base.to_owned(), manner });
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
struct Missing(Option<(u16, Vec<u8>)>);

fn missing(driver: &Driver<'_>, base: &str) -> Missing {
    match driver.ask("GET", base, NOWHERE).0 {
        Answer::Done(status @ (404 | 405 | 501), body) => Missing(Some((status, without(&body, NOWHERE)))),
        _ => Missing(None),
    }
}

impl Missing {
    /// Whether an answer is the one that anything missing gets: not that of a handler which found nothing.
    fn is_it(&self, answer: &Answer, path: &str) -> bool {
        let Some((status, body)) = &self.0 else { return false };
        matches!(answer, Answer::Done(it, other) if it == status && without(other, path) == *body)
    }
}

/// A body without the path that it repeats.
fn without(body: &[u8], path: &str) -> Vec<u8> {
    String::from_utf8_lossy(body).replace(path, "").replace(path.trim_start_matches('/'), "").into_bytes()
}

fn probe_server(driver: &Driver<'_>, plan: &Plan, server: &Server, probed: &mut Probed) {
    match server.protocol {
        Protocol::Http | Protocol::Https if server.upgrades => {
            let known = plan.sockets.iter().map(|it| (super::plan::filled(it, 1), MESSAGE));
            let guesses = [("/".to_owned(), MESSAGE), (SOCKET_IO.0.to_owned(), SOCKET_IO.1), ("/ws".to_owned(), MESSAGE)];
            let mut talks = known.chain(guesses).map(|(path, message)| Talk::Socket(path, message));
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
