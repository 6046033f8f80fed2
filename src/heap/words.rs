//! The names of V8's and Node's slots that are read, looked up once per snapshot.

use rustc_hash::FxHashMap;

use super::{EdgeKind, NodeIx, Snapshot, StringIx};

/// Declares [`Words`]: field and text.
macro_rules! words {
    ($($field:ident $text:literal,)*) => {
        /// Texts as they stand in one snapshot; `None` if nothing there is called so.
        #[derive(Clone, Default, Debug)]
        pub(super) struct Words {
            $(pub(super) $field: Option<StringIx>,)*
            /// Names of native contexts: newer snapshots append the realm's origin.
            pub(super) native_contexts: Vec<StringIx>,
            /// Names that global objects may have, for the same reason.
            pub(super) globals: Vec<StringIx>,
        }

        impl Words {
            /// Looks all of them up in one pass over the strings.
            pub(super) fn new(snapshot: &Snapshot) -> Words {
                let found = find(snapshot, &[$($text),*]);
                let starting = |start: &str| all_starting(snapshot, start);
                Words {
                    $($field: found.get($text).copied(),)*
                    native_contexts: starting("system / NativeContext"),
                    globals: starting("global"),
                }
            }
        }
    };
}

words! {
    // V8's slots.
    actual "actual",
    backing_store "backing_store",
    bindings "bindings",
    bound_function "bound_function",
    buffer "buffer",
    constructor "constructor",
    context "context",
    elements "elements",
    extension "extension",
    first "first",
    function "function",
    parent "parent",
    previous "previous",
    properties "properties",
    proto "__proto__",
    prototype "prototype",
    reactions "reactions_or_result",
    script "script",
    script_context_table "script_context_table",
    script_or_debug_info "script_or_debug_info",
    scope_info "scope_info",
    second "second",
    shape "map",
    shared "shared",
    source "source",
    table "table",
    target "target",
    true_value "true_value",
    value "value",
    // V8's and JavaScript's names of nodes.
    array "Array",
    cell "system / Cell",
    context_cell "system / ContextCell",
    context_node "system / Context",
    false_node "false",
    hole "system / Hole",
    map "Map",
    module "Module",
    null_node "null",
    oddball "system / Oddball",
    process "process",
    promise "Promise",
    reaction "system / PromiseReaction",
    set "Set",
    smi "smi number",
    text_module "system / SourceTextModule",
    true_node "true",
    undefined_node "undefined",
    accessors "system / AccessorPair",
    // Node's properties.
    callback "callback",
    destroyed "_destroyed",
    events "_events",
    exports "exports",
    filename "filename",
    r#fn "fn",
    handle_event "handleEvent",
    handler "handler",
    idle_previous "_idlePrev",
    idle_timeout "_idleTimeout",
    k_events "<symbol kEvents>",
    listener "listener",
    next "next",
    on_immediate "_onImmediate",
    on_timeout "_onTimeout",
    original "original",
    repeat "_repeat",
}

impl Words {
    /// What a node holds in a slot of V8's.
    pub(super) fn internal(&self, snapshot: &Snapshot, node: NodeIx, name: Option<StringIx>) -> Option<NodeIx> {
        snapshot.held(node, EdgeKind::Internal, name)
    }

    /// What a node holds in a property of its own.
    pub(super) fn property(&self, snapshot: &Snapshot, node: NodeIx, name: Option<StringIx>) -> Option<NodeIx> {
        snapshot.held(node, EdgeKind::Property, name)
    }

    /// Whether a node has one of these names.
    pub(super) fn is_named(&self, snapshot: &Snapshot, node: NodeIx, names: &[Option<StringIx>]) -> bool {
        names.contains(&Some(snapshot.name_ix(node)))
    }

    /// Whether a node is `undefined`, `null`, `true` or `false`.
    pub(super) fn is_oddball(&self, snapshot: &Snapshot, node: NodeIx) -> bool {
        let names = [self.oddball, self.undefined_node, self.null_node, self.true_node, self.false_node];
        !snapshot.kind(node).is_string() && self.is_named(snapshot, node, &names)
    }
}

/// Where each of the texts stands.
fn find<'t>(snapshot: &Snapshot, texts: &[&'t str]) -> FxHashMap<&'t str, StringIx> {
    let wanted: FxHashMap<&str, &'t str> = texts.iter().map(|it| (*it, *it)).collect();
    let longest = texts.iter().map(|it| it.len()).max().unwrap_or_default();
    let mut found = FxHashMap::default();
    for ix in (0..snapshot.strings() as u32).map(StringIx) {
        let text = snapshot.text(ix);
        if text.len() <= longest
            && let Some(text) = wanted.get(text.as_ref())
        {
            found.entry(*text).or_insert(ix);
        }
    }
    found
}

/// The strings that start so.
fn all_starting(snapshot: &Snapshot, start: &str) -> Vec<StringIx> {
    let all = (0..snapshot.strings() as u32).map(StringIx);
    all.filter(|&it| snapshot.text(it).starts_with(start)).collect()
}
