//! Symbols of the words that the language and its idioms give a meaning, hashed once.

use crate::facts::Sym;

macro_rules! words {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// The symbols.
        #[derive(Debug)]
        #[allow(missing_docs, reason = "each is the symbol of its own name")]
        pub struct Words { $(pub $name: Sym,)* }

        impl Words {
            /// Hashes the words.
            pub fn new() -> Words {
                Words { $($name: Sym::of($text),)* }
            }
        }
    };
}

words! {
    add_event_listener = "addEventListener", add_listener = "addListener", any = "*", abort_signal = "abortSignal", apply = "apply", assign = "assign", bind = "bind", call = "call", catch = "catch", constructor = "constructor", create = "create",
    default = "default", element = "[]", entry = "export=", exports = "exports", extend = "extend", external_signal = "externalSignal", finally = "finally", for_each = "forEach", signal = "signal",
    get = "get", itself = "()", get_instance = "getInstance", global = "global", global_this = "globalThis", inherits = "inherits", length = "length",
    module = "module", object = "Object", on = "on", once = "once", proto = "__proto__", prototype = "prototype", require = "require",
    self_ = "self", set = "set", set_timeout = "setTimeout", set_prototype_of = "setPrototypeOf", then = "then", window = "window", util = "node:util",
}

impl Default for Words {
    fn default() -> Self {
        Words::new()
    }
}
