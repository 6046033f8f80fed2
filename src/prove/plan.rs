//! What is sent: the routes that may be driven, and those that are left out, each with its reason.

use super::routes::{Learned, Route, learn};
use super::{Cause, Options};
use crate::program::{self, Manifest, Unit};
use crate::rulebook::Rulebook;
use crate::text::Span;

/// Words of a path that change, end or cost something.
const DANGEROUS: &[&str] = &[
    "logout",
    "logoff",
    "signout",
    "signoff",
    "delete",
    "destroy",
    "remove",
    "erase",
    "purge",
    "wipe",
    "drop",
    "truncate",
    "reset",
    "revoke",
    "pay",
    "payment",
    "payments",
    "checkout",
    "charge",
    "refund",
    "purchase",
    "buy",
    "transfer",
    "withdraw",
    "send",
    "mail",
    "sms",
    "notify",
    "unsubscribe",
    "cancel",
    "shutdown",
    "kill",
    "stop",
    "exit",
    "quit",
    "terminate",
    "restart",
    "reboot",
    "crash",
    "disable",
    "deactivate",
    "uninstall",
    "migrate",
    "deploy",
    "restore",
];

/// What is sent.
#[derive(Clone, Default, Debug)]
pub struct Plan {
    /// The routes that are driven, sorted by path.
    pub routes: Vec<Route>,
    /// The routes that are not, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// Paths at which web sockets are accepted; empty where none is known.
    pub sockets: Vec<String>,
}

/// A route that is not driven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The method in upper case.
    pub method: String,
    /// The path as written; empty if it cannot be told.
    pub path: String,
    /// What registers it.
    pub span: Option<Span>,
    /// Why it is not driven.
    pub reason: Reason,
}

/// Why a route is not driven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Its method may change something, and was not asked for.
    Method,
    /// A word of its path sounds as if it changed, ended or cost something.
    Word(String),
    /// Its path is computed.
    Computed,
    /// The program does not serve it.
    NotFound,
}

impl Reason {
    /// As people read it.
    pub fn text(&self) -> String {
        match self {
            Reason::Method => "not a method that is sent unless --methods names it".to_owned(),
            Reason::Word(word) => format!("`{word}` in the path; --path drives it all the same"),
            Reason::Computed => "its path is computed".to_owned(),
            Reason::NotFound => "the server does not know it".to_owned(),
        }
    }
}

/// Plans what is sent to a program.
///
/// # Errors
/// If an option names what is no path or method.
pub fn plan(units: &[Unit], manifests: &[Manifest], rulebook: &Rulebook, options: &Options) -> Result<Plan, Cause> {
    let learned = learn(&program::link(units, manifests, rulebook));
    let mut plan = Plan { sockets: learned.sockets.clone(), ..Plan::default() };
    if options.paths.is_empty() {
        choose(learned, options, &mut plan);
    } else {
        for path in &options.paths {
            let named = named(path)?;
            let known = learned.routes.iter().find(|it| it.path == named.path && it.method == named.method);
            let body = known.map(|it| it.body.clone()).unwrap_or_default();
            plan.routes.push(Route { body, ..named });
        }
    }
    Ok(plan)
}

fn choose(learned: Learned, options: &Options, plan: &mut Plan) {
    for route in learned.routes {
        let reason = match dangerous(&route.path) {
            _ if !options.methods.contains(&route.method) => Some(Reason::Method),
            Some(word) => Some(Reason::Word(word)),
            None => None,
        };
        match reason {
            Some(reason) => plan.left_out.push(LeftOut { method: route.method, path: route.path, span: route.span, reason }),
            None => plan.routes.push(route),
        }
    }
    plan.left_out.extend(learned.computed.into_iter().map(|(method, span)| LeftOut {
        method,
        path: String::new(),
        span: Some(span),
        reason: Reason::Computed,
    }));
    if plan.routes.is_empty() {
        plan.routes.push(Route::get("/"));
    }
}

/// A route that the user names: `/path`, or `POST /path`.
fn named(text: &str) -> Result<Route, Cause> {
    let (method, path) = text.trim().split_once(' ').unwrap_or(("GET", text.trim()));
    let is_method = !method.is_empty() && method.bytes().all(|it| it.is_ascii_alphabetic());
    let path = path.trim();
    if !is_method || !path.starts_with('/') || !path.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Cause::Option(format!("`{text}` is no path: write `/path`, or a method and a path as in `POST /path`")));
    }
    Ok(Route { method: method.to_ascii_uppercase(), ..Route::get(path) })
}

/// The first word of a path that sounds dangerous.
pub(super) fn dangerous(path: &str) -> Option<String> {
    words(path).into_iter().find(|it| DANGEROUS.contains(&it.as_str()))
}

/// The words of a path in lower case: `/users/:id/resetPassword` has `users`, `id`, `reset`, `password`.
fn words(path: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in path.split(|it: char| !it.is_alphanumeric()) {
        let mut word = String::new();
        let mut was_lower = false;
        for c in part.chars() {
            if c.is_uppercase() && was_lower {
                words.push(std::mem::take(&mut word));
            }
            was_lower = c.is_lowercase();
            word.extend(c.to_lowercase());
        }
        words.push(word);
        // `signOut` and `log-out` are one word to people.
        words.push(part.to_lowercase());
    }
    let pairs: Vec<String> = words.windows(2).map(|it| it.concat()).collect();
    words.extend(pairs);
    words.retain(|it| !it.is_empty());
    words
}

/// The path of a route with its parameters filled by a number: `/users/:id` becomes `/users/7`.
pub(super) fn filled(path: &str, number: u64) -> String {
    let number = number.to_string();
    let mut out = String::with_capacity(path.len() + 4);
    let (path, query) = path.split_once('?').filter(|it| it.1.contains('=')).map_or((path, None), |it| (it.0, Some(it.1)));
    for segment in path.split('/').filter(|it| !it.is_empty()) {
        out.push('/');
        out.push_str(&filled_segment(segment, &number));
    }
    if out.is_empty() || (path.ends_with('/') && !out.ends_with('/')) {
        out.push('/');
    }
    if let Some(query) = query {
        out.push('?');
        out.push_str(&filled_query(query, &number));
    }
    out
}

/// `wid=:wid&page=1` becomes `wid=7&page=1`.
fn filled_query(query: &str, number: &str) -> String {
    let part = |it: &str| match it.split_once("=:") {
        Some((name, _)) => format!("{name}={number}"),
        None => it.to_owned(),
    };
    query.split('&').map(part).collect::<Vec<String>>().join("&")
}

/// `:id`, `:id(\d+)`, `:id?`, `:a-:b`, `{id}`, `{id?}`, `{rest*}`, `*`, `*rest`, `v:version.json`.
fn filled_segment(segment: &str, number: &str) -> String {
    let mut out = String::new();
    let mut chars = segment.chars().peekable();
    let is_word = |it: &char| it.is_alphanumeric() || *it == '_';
    while let Some(c) = chars.next() {
        match c {
            ':' if chars.peek().is_some_and(is_word) => {
                while chars.next_if(is_word).is_some() {}
                if chars.peek() == Some(&'(') {
                    chars.by_ref().take_while(|it| *it != ')').for_each(drop);
                }
                chars.next_if(|it| matches!(it, '?' | '*' | '+'));
                out.push_str(number);
            }
            '{' => {
                chars.by_ref().take_while(|it| *it != '}').for_each(drop);
                out.push_str(number);
            }
            '*' => {
                while chars.next_if(is_word).is_some() {}
                out.push_str(number);
            }
            '(' | ')' | '?' | '+' | '}' => {}
            c if c.is_ascii_graphic() => out.push(c),
            c => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|it| out.push_str(&format!("%{it:02X}")));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{dangerous, filled, named};

    #[test]
    fn parameters_are_filled() {
        for (path, expected) in [
            ("/", "/"),
            ("/users/:id", "/users/7"),
            ("/users/:id(\\d+)/posts/:post?", "/users/7/posts/7"),
            ("/a/:from-:to", "/a/7-7"),
            ("/files/*", "/files/7"),
            ("/files/*rest", "/files/7"),
            ("/x/{id}/{rest*}", "/x/7/7"),
            ("/v:version.json", "/v7.json"),
            ("/search?q=a&n=1", "/search?q=a&n=1"),
            ("/users/:id?tab=:tab&n=1", "/users/7?tab=7&n=1"),
            ("/list/", "/list/"),
            ("/straße", "/stra%C3%9Fe"),
        ] {
            assert_eq!(filled(path, 7), expected, "{path}");
        }
    }

    #[test]
    fn dangerous_words_are_words() {
        for path in ["/logout", "/auth/log-out", "/auth/logOut", "/users/:id/resetPassword", "/send_mail", "/v1/KILL", "/pay/:id"]
        {
            assert!(dangerous(path).is_some(), "{path}");
        }
        for path in ["/", "/payload", "/sender", "/undeleted", "/users/:id", "/border", "/presets", "/stopwatch"] {
            assert_eq!(dangerous(path), None, "{path}");
        }
    }

    #[test]
    fn paths_are_named_with_or_without_a_method() {
        assert_eq!(named("/a").unwrap().method, "GET");
        let it = named("post /a/:id").unwrap();
        assert_eq!((it.method.as_str(), it.path.as_str()), ("POST", "/a/:id"));
        for text in ["a", "", "GET", "http://x/", "/a b", "P0ST /a"] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
