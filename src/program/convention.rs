//! What names say by convention, where no model speaks.

/// Methods that end their object for good.
pub const ENDS: [&str; 21] = [
    "dispose",
    "destroy",
    "close",
    "stop",
    "end",
    "shutdown",
    "terminate",
    "disconnect",
    "unsubscribe",
    "teardown",
    "tearDown",
    "cleanup",
    "cleanUp",
    "unmount",
    "uninstall",
    "componentWillUnmount",
    "disconnectedCallback",
    "onModuleDestroy",
    "ngOnDestroy",
    "quit",
    "kill",
];

/// Whether a method of this name ends its object, leading underscores aside.
pub fn ends(name: &str) -> bool {
    ENDS.contains(&name.trim_start_matches(['_', '#']))
}

/// Whether a callback's first parameter of this name says that something went wrong.
pub fn tells_failure(name: &str) -> bool {
    ["err", "error", "e", "_err", "_error", "ex"].contains(&name)
}

/// Functions and methods that only look at what they are passed.
const LOOKS: [&str; 22] = [
    "log",
    "info",
    "warn",
    "error",
    "debug",
    "trace",
    "stringify",
    "keys",
    "values",
    "entries",
    "isArray",
    "json",
    "send",
    "render",
    "emit",
    "includes",
    "indexOf",
    "has",
    "inspect",
    "String",
    "from",
    "format",
];

/// Whether a function of this name only looks at what it is passed.
pub fn looks(name: &str) -> bool {
    LOOKS.contains(&name)
}

/// Events after which an emitter has nothing more to say.
const LAST_EVENTS: [&str; 11] = [
    "close",
    "closed",
    "end",
    "finish",
    "exit",
    "disconnect",
    "disconnected",
    "disconnecting",
    "destroy",
    "unload",
    "terminated",
];

/// Whether an event of this name comes at the end of what emits it.
pub fn is_last_event(name: &str) -> bool {
    LAST_EVENTS.contains(&name)
}
