//! Rounds of requests and connections, a few at a time, each counted.

use super::connection::{Connection, Dialer, Talk};
use super::listen::Server;
use super::plan::filled;
use super::request::{Answer, Client, Patience};
use super::routes::Route;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Requests in flight.
const IN_FLIGHT: usize = 8;

/// The same, of those that wait more than they work.
const IN_FLIGHT_SLOW: usize = 32;

/// Connections that are open at a time.
const BATCH: u64 = 20;

/// So many failures in a row end a round: the server is gone or stands still.
const HOPELESS: u64 = 24;

/// How a route answers, as the first request showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// At once.
    Quick,
    /// After a while.
    Slow,
    /// With a body that does not end.
    Endless,
    /// Not at all.
    Silent,
}

impl Manner {
    /// As people read it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Manner::Quick => "quick",
            Manner::Slow => "slow",
            Manner::Endless => "endless",
            Manner::Silent => "silent",
        }
    }

    fn patience(self) -> Patience {
        let (head, body) = match self {
            Manner::Quick | Manner::Slow => (5000, 5000),
            Manner::Endless => (5000, 60),
            Manner::Silent => (250, 250),
        };
        Patience { head: Duration::from_millis(head), body: Duration::from_millis(body) }
    }
}

/// A route of one of the servers.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) route: Route,
    /// Scheme, host and port.
    pub(super) base: String,
    pub(super) manner: Manner,
}

/// A server that is connected to.
#[derive(Clone, Debug)]
pub(super) struct Churn {
    pub(super) server: Server,
    pub(super) talk: Talk,
}

/// What a round came to.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    /// Requests that were sent.
    pub(super) requests: u64,
    /// Connections that were opened beside them.
    pub(super) connections: u64,
    /// Requests and connections that failed, with why.
    pub(super) failures: BTreeMap<String, u64>,
    /// Answers by status.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Requests that the client left because their answer has no end, or never began.
    pub(super) left: u64,
}

impl Tally {
    /// Requests and connections that failed.
    pub(super) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// What most failures say.
    pub(super) fn reason(&self) -> String {
        self.failures.iter().max_by_key(|it| it.1).map_or_else(String::new, |it| it.0.clone())
    }

    pub(super) fn add(&mut self, other: &Tally) {
        self.requests += other.requests;
        self.connections += other.connections;
        self.left += other.left;
        for (reason, count) in &other.failures {
            *self.failures.entry(reason.clone()).or_default() += count;
        }
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
    }

    fn count(&mut self, answer: &Answer, manner: Manner) {
        self.requests += 1;
        match answer {
            Answer::Done(status, _) | Answer::Endless(status) => {
                *self.statuses.entry(*status).or_default() += 1;
                if *status >= 500 {
                    *self.failures.entry(format!("answered with status {status}")).or_default() += 1;
                }
                self.left += u64::from(matches!(answer, Answer::Endless(_)));
            }
            Answer::None if manner == Manner::Silent => self.left += 1,
            Answer::None => *self.failures.entry("no answer in time".to_owned()).or_default() += 1,
            Answer::Failed(reason) => *self.failures.entry(reason.clone()).or_default() += 1,
        }
    }
}

/// Sends requests and opens connections.
pub(super) struct Driver<'a> {
    client: Client,
    dialer: Dialer,
    stop: &'a AtomicBool,
    /// Nobody answers any more.
    is_over: AtomicBool,
    /// Requests and batches of connections that were done with.
    done: AtomicU64,
    /// Fills parameters: no two requests of an experiment have the same.
    number: AtomicU64,
}

impl<'a> Driver<'a> {
    pub(super) fn new(stop: &'a AtomicBool) -> Driver<'a> {
        let (is_over, done, number) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(1));
        Driver { client: Client::new(), dialer: Dialer::new(), stop, is_over, done, number }
    }

    /// Sends nothing more.
    pub(super) fn give_up(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Grows while there are answers.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.is_over.load(Ordering::Relaxed)
    }

    /// One request, with the patience of a first one.
    pub(super) fn ask(&self, base: &str, route: &Route) -> (Answer, String) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let path = filled(&route.path, number);
        let patience = Patience { head: Duration::from_secs(5), body: Duration::from_millis(700) };
        (self.client.send(&route.method, &format!("{base}{path}"), (&route.body, number), patience), path)
    }

    /// Opens and closes one connection.
    ///
    /// # Errors
    /// What failed, in words.
    pub(super) fn try_connection(&self, server: &Server, talk: &Talk) -> Result<(), String> {
        self.dialer.open(server, talk).map(Connection::close)
    }

    /// A round: so many requests to each route, and so many connections to each server.
    pub(super) fn round(&self, targets: &[Target], churns: &[Churn], count: u64) -> Tally {
        let mut tally = Tally::default();
        let (quick, slow): (Vec<&Target>, Vec<&Target>) = targets.iter().partition(|it| it.manner == Manner::Quick);
        tally.add(&self.requests(&quick, count, IN_FLIGHT));
        tally.add(&self.requests(&slow, count, IN_FLIGHT_SLOW));
        for churn in churns {
            self.connections(churn, count, &mut tally);
        }
        tally
    }

    /// Requests to routes in turn, each as often as the others.
    fn requests(&self, targets: &[&Target], count: u64, in_flight: usize) -> Tally {
        let total = count * targets.len() as u64;
        let (next, in_a_row) = (AtomicU64::new(0), AtomicU64::new(0));
        let tally = Mutex::new(Tally::default());
        let work = || {
            let mut own = Tally::default();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= total || self.is_stopped() || in_a_row.load(Ordering::Relaxed) >= HOPELESS {
                    break;
                }
                let target = targets[(at % targets.len() as u64) as usize];
                let (route, number) = (&target.route, self.number.fetch_add(1, Ordering::Relaxed));
                let url = format!("{}{}", target.base, filled(&route.path, number));
                let answer = self.client.send(&route.method, &url, (&route.body, number), target.manner.patience());
                let is_failure =
                    matches!(answer, Answer::Failed(_)) || (answer == Answer::None && target.manner != Manner::Silent);
                if is_failure {
                    in_a_row.fetch_add(1, Ordering::Relaxed)
                } else {
                    in_a_row.swap(0, Ordering::Relaxed)
                };
                own.count(&answer, target.manner);
            }
            tally.lock().unwrap_or_else(PoisonError::into_inner).add(&own);
        };
        std::thread::scope(|scope| {
            for _ in 0..in_flight.min(total as usize) {
                scope.spawn(work);
            }
        });
        tally.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections in batches, each held for a moment and closed.
    fn connections(&self, churn: &Churn, count: u64, tally: &mut Tally) {
        let mut left = count;
        let mut in_a_row = 0;
        while left > 0 && in_a_row < HOPELESS && !self.is_stopped() {
            let batch = left.min(BATCH);
            left -= batch;
            let (open, failures) = self.open(churn, batch);
            tally.connections += batch;
            in_a_row = if open.is_empty() { in_a_row + failures.len() as u64 } else { 0 };
            for reason in failures {
                *tally.failures.entry(reason).or_default() += 1;
            }
            close(open);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens connections at once.
    pub(super) fn open(&self, churn: &Churn, count: u64) -> (Vec<Connection>, Vec<String>) {
        let one = || self.dialer.open(&churn.server, &churn.talk);
        let results: Vec<Result<Connection, String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|it| it.join().unwrap_or_else(|_| Err("a thread failed".to_owned()))).collect()
        });
        let (mut open, mut failures) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(connection) => open.push(connection),
                Err(reason) => failures.push(reason),
            }
        }
        (open, failures)
    }
}

/// Closes connections at once.
pub(super) fn close(connections: Vec<Connection>) {
    std::thread::scope(|scope| {
        for connection in connections {
            scope.spawn(|| connection.close());
        }
    });
}
