//! Models: what calls of platforms and libraries acquire, hold, release, bound and recur, as data (`rules/models/*.toml`).
//!
//! A *path* names something outside the program: `setInterval` (a global, in a file with `platform = true`), `process.stdout`, `node:http#createServer`
//! (an export of a module), `express` (the module itself, called; its default export too), `express#Router`. Prefixes that
//! name the global object (`globalThis.`, `window.`, `self.`, `global.`) are not part of a path. A *type* is named by the path
//! of its constructor or by a made-up path of the same form (`express#Application`). The vocabulary is closed: unknown keys
//! and words are errors, and what wants `if` is a check in Rust.
//!
//! Promises are transparent: `returns` names what `await` gives, and `then` hands it to its callback.
//!
//! Where options are named (`unless`, `only_with`, `bounded_with`), an option counts when it is given with a value other than
//! `false`, `null`, `undefined` and `0`; a dot goes into a nested object (`limits.fileSize`), and
//! `storage=multer#memoryStorage()` asks for the result of that call as the value, and `cache=false` for `false` itself.

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// How often a callback runs, per registration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recurrence {
    /// During the call, perhaps once per element: `forEach`, a promise's executor.
    Now,
    /// At most once, after the call: `then`, `setTimeout`, `listening`.
    Once,
    /// Once at the end of the process: `SIGTERM`, `exit`.
    Exit,
    /// Per incoming request.
    Request,
    /// Per incoming connection.
    Connection,
    /// Per message, packet or chunk.
    Message,
    /// Per event of any other kind.
    Event,
    /// Per job of a queue.
    Job,
    /// Per tick of a timer or schedule.
    Tick,
    /// Per rendering.
    Render,
    /// Per call of a public function.
    Call,
}

/// Whether an event comes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Comes in every life of the receiver: `close` of a socket.
    Sure,
    /// May come, may not: `error`, `abort`, `drain`.
    Rare,
    /// Does not come again on a receiver that is reused: `connect` of a pooled socket.
    Never,
}

/// Where a value lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// Created by the call.
    Fresh,
    /// As the receiver.
    Receiver,
    /// As the program.
    Program,
    /// A connection that serves several requests, or a pooled one.
    Connection,
}

/// How much a value keeps alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A request, response, socket, stream, page, buffer.
    Heavy,
    /// A number, a flag, a short string.
    Light,
}

/// A part of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The object before the dot.
    Receiver,
    /// The value of the call.
    Result,
    /// The runtime: event loop, operating system.
    Runtime,
    /// The first argument.
    Arg0,
    /// The second argument.
    Arg1,
    /// The third argument.
    Arg2,
}

/// A callback argument. The entries of a call are tried in order, and the first that fits a function describes it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// Index of the argument; negative counts from the end. All functions, also those in arrays, when absent.
    pub arg: Option<i8>,
    /// The function is this property of the argument, an object or an array of objects; dots go deeper, `*` is any name.
    pub property: Option<String>,
    /// Only a function with exactly this many parameters: the error handlers of Express have four.
    pub arity: Option<u8>,
    /// How often it runs.
    pub recurs: Recurrence,
    /// Whether it is sure to run, or seldom does.
    pub certainty: Option<Certainty>,
    /// Types of its parameters; an empty string for unknown.
    #[serde(default)]
    pub params: Vec<String>,
}

/// An acquisition.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acquire {
    /// What is acquired (`interval`, `listener`, `client` ...): pages say which resources they report.
    pub resource: String,
    /// What holds it; default: the receiver for methods, the runtime for functions and constructors.
    pub holder: Option<Part>,
    /// Argument that is held. A call without it (`app.get("env")`) acquires nothing.
    pub handler: Option<i8>,
    /// Argument that names the event or key.
    pub event: Option<u8>,
    /// What a release names: the handler (default for listeners), the result, the receiver, or the first argument or the
    /// receiver.
    pub token: Option<Part>,
    /// Parameters of the callback that are the token, each by itself, when the call has a callback:
    /// `pool.connect((error, client, release) => ...)` has 1 and 2.
    #[serde(default)]
    pub given: Vec<u8>,
    /// A call with a callback lets go by itself when that is done (`transaction(async (t) => ...)`), and acquires nothing.
    #[serde(default)]
    pub managed: bool,
    /// May come to its end by itself (a worker whose script returns): at most `suspect`.
    #[serde(default)]
    pub may_end: bool,
    /// Comes again and again if this argument is a text or an object, and comes to its end by itself if it is a date. Where
    /// that cannot be told: at most `suspect`.
    pub repeats_by: Option<i8>,
    /// Lets go after the first event.
    #[serde(default)]
    pub once: bool,
    /// Only when the options object (last argument) has one of these properties with a value other than `false`.
    #[serde(default)]
    pub only_with: Vec<String>,
}

/// A release.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Which resources; all when empty.
    #[serde(default)]
    pub resource: Vec<String>,
    /// What is released: default the receiver.
    pub what: Option<Part>,
    /// Argument that names the event or key; absent or missing in the call: every one.
    pub event: Option<u8>,
    /// Argument that must be the handler that was acquired.
    pub handler: Option<u8>,
}

/// A default, or a choice, that keeps data in memory.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsafe {
    /// The rule that reports it.
    pub rule: String,
    /// Argument that holds the options.
    pub options: Option<u8>,
    /// Safe when one of these options is given (dotted for nested ones: `limits.fileSize`).
    #[serde(default)]
    pub unless: Vec<String>,
    /// Safe when the result is used by one of these methods only.
    #[serde(default)]
    pub unless_used: Vec<String>,
    /// Unsafe only when one of these is given.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// What is wrong: one clause.
    pub message: String,
    /// Only in code that recurs.
    #[serde(default)]
    pub recurring: bool,
    /// Only when the first argument is one of these paths: a plug-in that is handed to `register`.
    #[serde(default)]
    pub plugin: Vec<String>,
}

/// What a call does to a collection that is its receiver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectionEffect {
    /// Adds its arguments: `push`, `add`.
    Add,
    /// Adds a job, which a worker takes out at its own pace: `queue.push`.
    Enqueue,
    /// Writes under the first argument: `set`.
    Put,
    /// Keeps an answer under what the properties of its first argument spell: `query({ query, variables })`.
    Answer,
    /// Writes under the properties of its first argument together: `inc({ method, path })`.
    Label,
    /// As [`Label`](CollectionEffect::Label), or under all its arguments together: `labels(method, path)`.
    Labels,
    /// Removes: `delete`, `clear`, `shift`, `splice`.
    Remove,
    /// Reads.
    Read,
}

impl CollectionEffect {
    /// Whether it makes the collection larger.
    pub fn grows(self) -> bool {
        match self {
            CollectionEffect::Add
            | CollectionEffect::Answer
            | CollectionEffect::Enqueue
            | CollectionEffect::Put
            | CollectionEffect::Label
            | CollectionEffect::Labels => true,
            CollectionEffect::Remove | CollectionEffect::Read => false,
        }
    }
}

/// What one call does.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallModel {
    /// Type of the result.
    pub returns: Option<String>,
    /// Where the result lives; default: fresh.
    pub lifetime: Option<Lifetime>,
    /// The call returns this part of it (`on` returns its receiver, `asyncHandler` its argument), or with `returns` a value of
    /// that type which is called like this part of it (`memoize`).
    pub passes: Option<Part>,
    /// What it acquires.
    pub acquire: Option<Acquire>,
    /// What it releases.
    pub release: Option<Release>,
    /// Its callbacks.
    pub runs: Vec<Callback>,
    /// What it does to its receiver as a collection; as `()`, to what is called.
    pub collection: Option<CollectionEffect>,
    /// A default or choice that keeps data in memory.
    pub r#unsafe: Vec<Unsafe>,
    /// Registers something that belongs to start-up: `use`, `plugin`.
    pub set_up: bool,
    /// As a write to a collection: bounded when this argument is given (the time to live of `cache.set(key, value, ttl)`).
    pub bounded_by: Option<u8>,
    /// What else a named check looks for: `whole-read`, `write-chunk`, `heap-dump`, `limit-off`, `server-render`,
    /// `finalize`, `pipe`, `run-in-context`, `enter-context`, `leave-context`, and `answer`: its result, or what its callback receives, has a body that must be read.
    pub does: Option<String>,
}

/// An event of an emitter type.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventModel {
    /// How often it comes in one life of the receiver.
    pub recurs: Recurrence,
    /// Whether it comes.
    pub certainty: Option<Certainty>,
    /// Types of the listener's parameters.
    #[serde(default)]
    pub params: Vec<String>,
    /// Where the parameters live; default: created by the event. `connection` for the pooled socket of a client's request.
    pub lifetime: Option<Lifetime>,
    /// It comes from the one partner that the program has for good, its parent process or its own server: most of what that
    /// one sends, it sends once, so nothing follows from the event alone.
    #[serde(default)]
    pub partner: bool,
}

/// A property of a type.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberModel {
    /// Its type.
    pub r#type: Option<String>,
    /// Where it lives; default: as the receiver.
    pub lifetime: Option<Lifetime>,
}

/// A type of a platform or library.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeModel {
    /// Its path.
    pub name: String,
    /// Other paths of it: other constructors, names in type annotations.
    #[serde(default)]
    pub aka: Vec<String>,
    /// Types whose methods, events and members it has too.
    #[serde(default)]
    pub extends: Vec<String>,
    /// Values of it are meant to be shared: `AbortSignal`, stores, buses.
    #[serde(default)]
    pub shared: bool,
    /// A unit of work: as short-lived as one request, connection or message.
    pub unit: Option<Recurrence>,
    /// What a value of it keeps alive.
    pub weight: Option<Weight>,
    /// Bounds itself (LRU, TTL): growth of it is no finding.
    #[serde(default)]
    pub bounded: bool,
    /// Bounds itself when the options of its constructor or of the function that makes it have one of these.
    #[serde(default)]
    pub bounded_with: Vec<String>,
    /// Argument of those that has the options; any when absent.
    pub options: Option<u8>,
    /// What constructing it does.
    #[serde(default)]
    pub construct: CallModel,
    /// Its methods; a key may list several, comma-separated. `()` is a call of the value itself.
    #[serde(default)]
    pub methods: FxHashMap<String, CallModel>,
    /// Its events; a key may list several, comma-separated; `*` for all others.
    #[serde(default)]
    pub events: FxHashMap<String, EventModel>,
    /// Its properties; `*` for all others.
    #[serde(default)]
    pub members: FxHashMap<String, MemberModel>,
}

/// A function of a platform or library.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionModel {
    /// Its paths.
    pub name: Vec<String>,
    /// What calling it does.
    #[serde(default)]
    pub call: CallModel,
}

/// A value of a platform or library that lives as long as the program.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueModel {
    /// Its paths.
    pub name: Vec<String>,
    /// Its type.
    pub r#type: String,
}

/// A decorator that makes code an entry.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoratorModel {
    /// Its paths.
    pub name: Vec<String>,
    /// On a method: how often that runs.
    pub recurs: Option<Recurrence>,
    /// On a class: there is one instance of it.
    #[serde(default)]
    pub singleton: bool,
    /// On a class: not a singleton when the decorator's options (any argument) have one of these.
    #[serde(default)]
    pub unless: Vec<String>,
    /// On a parameter: its type.
    pub r#type: Option<String>,
    /// On a class: methods that are entries.
    #[serde(default)]
    pub methods: FxHashMap<String, Recurrence>,
    /// On a class or parameter: it or its value lives as one unit of work.
    pub unit: Option<Recurrence>,
}

/// Files whose exports are entries.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryModel {
    /// Globs over paths.
    pub files: Vec<String>,
    /// Exported names; `*` for all.
    pub exports: Vec<String>,
    /// How often they run.
    pub recurs: Recurrence,
    /// Types of their parameters.
    #[serde(default)]
    pub params: Vec<String>,
    /// Only when the nearest package depends on one of these.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// One file of models.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelFile {
    /// It describes a platform: its paths without `#` are globals. Elsewhere they are modules.
    pub platform: bool,
    /// Functions.
    #[serde(rename = "function")]
    pub functions: Vec<FunctionModel>,
    /// Types.
    #[serde(rename = "type")]
    pub types: Vec<TypeModel>,
    /// Values.
    #[serde(rename = "value")]
    pub values: Vec<ValueModel>,
    /// Decorators.
    #[serde(rename = "decorator")]
    pub decorators: Vec<DecoratorModel>,
    /// Entry files.
    #[serde(rename = "entry")]
    pub entries: Vec<EntryModel>,
}
