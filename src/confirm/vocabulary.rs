//! Names that may be printed. Property names and map keys of a heap are session ids and e-mail addresses: a name is printed
//! only if the program's source, Node or V8 use it.

use crate::facts::Sym;
use crate::program::Unit;
use rustc_hash::FxHashSet;

/// Property names of Node's and the language's own objects that lie on the way to what leaks.
const OWN: &[&str] = &[
    "_callback",
    "_clients",
    "_connections",
    "_destroy",
    "_events",
    "_eventsCount",
    "_extra",
    "_handle",
    "_httpMessage",
    "_idleNext",
    "_idlePrev",
    "_idleStart",
    "_idleTimeout",
    "_immediate",
    "_maxListeners",
    "_onImmediate",
    "_onTimeout",
    "_parent",
    "_pending",
    "_preloadModules",
    "_readableState",
    "_repeat",
    "_server",
    "_timer",
    "_writableState",
    "agent",
    "allBuffers",
    "args",
    "authenticated",
    "body",
    "buffer",
    "buffered",
    "cache",
    "callback",
    "children",
    "clients",
    "close",
    "code",
    "connection",
    "connections",
    "constructor",
    "context",
    "data",
    "default",
    "drain",
    "end",
    "error",
    "event",
    "events",
    "exports",
    "finish",
    "freeSockets",
    "handle",
    "handler",
    "handlers",
    "head",
    "headers",
    "id",
    "items",
    "key",
    "keys",
    "length",
    "list",
    "listener",
    "listeners",
    "loaded",
    "map",
    "message",
    "method",
    "methods",
    "name",
    "next",
    "onread",
    "onstringify",
    "options",
    "owner_symbol",
    "params",
    "parent",
    "parser",
    "path",
    "paths",
    "pool",
    "prev",
    "promise",
    "prototype",
    "queue",
    "reject",
    "req",
    "request",
    "requests",
    "require",
    "res",
    "resolve",
    "response",
    "root",
    "route",
    "router",
    "server",
    "session",
    "sessions",
    "signal",
    "size",
    "socket",
    "sockets",
    "stack",
    "state",
    "store",
    "stream",
    "symbol",
    "table",
    "tail",
    "target",
    "timer",
    "url",
    "value",
    "values",
    "weakRef",
    "writable",
];

/// The words that the program's source uses, and Node's.
pub(super) struct Vocabulary<'a> {
    units: &'a [Unit],
    own: FxHashSet<&'static str>,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn new(units: &'a [Unit]) -> Vocabulary<'a> {
        Vocabulary { units, own: OWN.iter().copied().collect() }
    }

    /// Whether a name may be printed.
    pub(super) fn knows(&self, name: &str) -> bool {
        if self.own.contains(name) || name.is_empty() {
            return true;
        }
        let sym = Sym::of(name);
        self.units.iter().any(|unit| unit.facts.names.contains(sym))
    }
}
