//! What is only suspected, and its look-alikes that stay silent: pages show none of it, as they show default confidence.

use leaklint::finding::Confidence;
use leaklint::rulebook::Rulebook;
use leaklint::workspace::run_in_memory;

/// The rules of all findings of some files, whatever their confidence, with the line of each.
fn suspects(files: &[(&str, &str)]) -> Vec<(String, u32)> {
    let files: Vec<(String, String)> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let analysis = run_in_memory(&files, Rulebook::builtin());
    let line =
        |it: &leaklint::finding::Finding| analysis.texts.get(it.span.file).map_or(0, |text| text.location(it.span.start).line);
    analysis.findings.iter().map(|it| (it.rule.clone(), line(it))).collect()
}

const BOUND: &str = "collection-without-bound";

#[test]
fn new_keys_in_an_element_that_stays_pile_up() {
    let leaks = r#"
const byQuery = new WeakMap();
let next = 0;
export const createLink = (hash) => {
  const key = "link" + next++;
  function lookUp(query) {
    let hashes = byQuery.get(query);
    if (!hashes) byQuery.set(query, (hashes = Object.create(null)));
    return key in hashes ? hashes[key] : (hashes[key] = hash(query));
  }
  return { lookUp: (query) => lookUp(query) };
};
"#;
    assert_eq!(suspects(&[("link.js", leaks)]), [(BOUND.to_owned(), 9)]);
    let per_link = r#"
export const createLink = (hash) => {
  const byQuery = new WeakMap();
  return {
    lookUp(query) {
      if (!byQuery.has(query)) byQuery.set(query, hash(query));
      return byQuery.get(query);
    },
  };
};
"#;
    assert_eq!(suspects(&[("link.js", per_link)]), []);
    let few_keys = r#"
const byQuery = new WeakMap();
export function lookUp(query, hash) {
  let hashes = byQuery.get(query);
  if (!hashes) byQuery.set(query, (hashes = Object.create(null)));
  hashes["sha256"] = hash(query);
  return hashes;
}
"#;
    assert_eq!(suspects(&[("link.js", few_keys)]), []);
}

#[test]
fn a_removal_that_only_the_outside_may_call_is_no_bound_for_what_the_program_registers() {
    let spans = "export const spans = new Map();\n";
    let removal = "import { spans } from \"./spans\";\nexport function forget(id) {\n  spans.delete(id);\n}\nexport function find(id) {\n  return spans.get(id);\n}\n";
    let registered = "import { spans } from \"./spans\";\nfunction onSpan(span) {\n  spans.set(span.id, span);\n}\nexport function addTracing(client) {\n  client.on(\"spanStart\", onSpan);\n}\n";
    let found = suspects(&[("spans.js", spans), ("forget.js", removal), ("tracing.js", registered)]);
    assert_eq!(found, [(BOUND.to_owned(), 3)]);
    // Offered together, one undoes the other.
    let offered = "import { spans } from \"./spans\";\nexport function keep(span) {\n  spans.set(span.id, span);\n}\n";
    assert_eq!(suspects(&[("spans.js", spans), ("forget.js", removal), ("keep.js", offered)]), []);
    // Removed by an event of the same client.
    let both = "import { spans } from \"./spans\";\nexport function addTracing(client) {\n  client.on(\"spanStart\", (span) => spans.set(span.id, span));\n  client.on(\"spanEnd\", (span) => spans.delete(span.id));\n}\n";
    assert_eq!(suspects(&[("spans.js", spans), ("tracing.js", both)]), []);
}

#[test]
fn a_timer_that_the_end_of_its_object_does_not_clear_is_suspected() {
    let client = |teardown: &str| {
        format!(
            r#"
export class Client {{
  constructor(socket, delay) {{
    this.socket = socket;
    this.greeting = setTimeout(() => this.socket.end(), delay);
  }}
  welcome() {{
    clearTimeout(this.greeting);
  }}
  close() {{
    {teardown}
    this.socket.destroy();
  }}
}}
"#
        )
    };
    let found = suspects(&[("client.js", &client(""))]);
    assert_eq!(found, [("incomplete-teardown".to_owned(), 5)]);
    assert_eq!(suspects(&[("client.js", &client("this.welcome();"))]), []);
}

#[test]
fn a_set_up_that_the_outside_may_call_twice_looks_at_what_the_first_one_made() {
    let watcher = r#"
export class Watcher {
  constructor(log) {
    this.onWarning = (it) => log(it);
    process.on("warning", this.onWarning);
  }
  shutdown() {
    process.off("warning", this.onWarning);
  }
}
"#;
    let entry = "export { watch, unwatch } from \"./watch\";\n";
    let watch = |first: &str| {
        format!(
            r#"
import {{ Watcher }} from "./watcher";
let watcher;
export function watch(log) {{
  {first}
  watcher = new Watcher(log);
}}
export function unwatch() {{
  watcher?.shutdown();
}}
"#
        )
    };
    let found = |first: &str| suspects(&[("watcher.js", watcher), ("watch.js", &watch(first)), ("index.js", entry)]);
    assert_eq!(found(""), [("overwritten-handle".to_owned(), 6)]);
    assert_eq!(found("watcher?.shutdown();"), []);
    assert_eq!(found("if (watcher) return;"), []);
}

#[test]
fn what_is_handed_to_something_unknown_may_run_again_and_again() {
    let server = |call: &str| {
        format!(
            r#"
const timers = {{}};
function onPacket(text, from) {{
  const key = text.toString();
  if (!timers[key]) timers[key] = [];
  timers[key].push(from);
}}
{call}
setInterval(() => {{
  for (const key in timers) {{
    console.log(key, timers[key].length);
    timers[key] = [];
  }}
}}, 1000);
"#
        )
    };
    let found = |call: &str| suspects(&[("server.js", &server(call))]);
    assert_eq!(found("require(process.argv[2]).start({}, onPacket);"), [(BOUND.to_owned(), 5)]);
    // Once, and only to say how it went.
    assert_eq!(found("require(process.argv[2]).once('packet', onPacket);"), []);
    assert_eq!(found("onPacket('first', 'here');"), []);
}

#[test]
fn a_request_of_its_own_is_no_end_of_a_connection() {
    let chat = |end: &str| {
        format!(
            r#"
const app = require("express")();
const io = require("socket.io")(app.listen(3000));
global.online = new Map();
io.on("connection", (socket) => {{
  let name;
  socket.on("hello", (user) => {{
    online.set((name = user), socket.id);
  }});
  {end}
}});
app.get("/logout/:user", (req, res) => {{
  online.delete(req.params.user);
  res.end(String(online.size));
}});
"#
        )
    };
    assert_eq!(suspects(&[("chat.js", &chat(""))]), [(BOUND.to_owned(), 8)]);
    assert_eq!(suspects(&[("chat.js", &chat("socket.on('disconnect', () => online.delete(name));"))]), []);
}

#[test]
fn what_goes_is_removed_under_the_name_that_it_came_with() {
    let server = |told: &str| {
        format!(
            r#"
const io = require("socket.io")(3000);
const users = {{}};
io.on("connection", (socket) => {{
  socket.on("message", (message) => {{
    {told}
    users[message.sender] = {{ socket }};
    socket.emit("users", Object.keys(users).length);
  }});
  socket.on("disconnect", () => {{
    delete users[socket.userid];
  }});
}});
"#
        )
    };
    assert_eq!(suspects(&[("server.js", &server(""))]), [(BOUND.to_owned(), 7)]);
    assert_eq!(suspects(&[("server.js", &server("socket.userid = message.sender;"))]), []);
}

#[test]
fn handles_of_timers_that_have_run_out_stay_with_their_owner() {
    let adapter = |done: &str| {
        format!(
            r#"
export class Adapter {{
  constructor(bot) {{
    this.bot = bot;
    this.timeouts = [];
  }}
  lock(room) {{
    const id = setTimeout(() => {{ this.bot.unlock(room); {done} }}, 3000);
    this.timeouts.push(id);
  }}
  close() {{
    for (const id of this.timeouts) clearTimeout(id);
    this.timeouts = [];
  }}
}}
"#
        )
    };
    assert_eq!(suspects(&[("adapter.js", &adapter(""))]), [(BOUND.to_owned(), 9)]);
    assert_eq!(suspects(&[("adapter.js", &adapter("this.timeouts.splice(this.timeouts.indexOf(id), 1);"))]), []);
}

#[test]
fn a_file_is_ended_by_a_stream_that_ends_and_not_by_one_that_is_closed() {
    let storage = |watch: &str| {
        format!(
            r#"
const fs = require("fs");
exports.store = (name, stream) =>
  new Promise((resolve, reject) => {{
    const out = fs.createWriteStream(name);
    stream.pipe(out);
    stream.on("error", reject);
    {watch}
    out.on("finish", resolve);
  }});
"#
        )
    };
    assert_eq!(suspects(&[("storage.js", &storage(""))]), [("stream-not-closed".to_owned(), 6)]);
    assert_eq!(suspects(&[("storage.js", &storage("stream.on('close', () => out.destroy());"))]), []);
}

#[test]
fn a_download_that_breaks_off_leaves_its_file_open() {
    let fetcher = |end: &str| {
        format!(
            r#"
const fs = require("fs");
const request = require("request").defaults({{ jar: false }});
const app = require("express")();
app.post("/fetch", (req, res) => {{
  const download = request.get({{ url: req.query.url }});
  download.on("response", () => {{
    const out = fs.createWriteStream("/tmp/download");
    download.pipe(out);
    out.on("finish", () => res.end());
    {end}
  }});
}});
app.listen(3000);
"#
        )
    };
    assert_eq!(suspects(&[("fetch.js", &fetcher(""))]), [("stream-not-closed".to_owned(), 9)]);
    assert_eq!(suspects(&[("fetch.js", &fetcher("download.on('error', () => out.destroy());"))]), []);
}

#[test]
fn what_a_new_list_holds_need_not_be_new() {
    let certain = |list: &str| {
        let text = format!(
            "const http = require(\"http\");\nconst seen = new Set();\nhttp.createServer((req, res) => {{\n  \
             const parts = [{list}, {list}];\n  parts.forEach((part) => seen.add(part));\n  res.end();\n}}).listen(3000);\n"
        );
        let analysis = run_in_memory(&[("server.js".to_owned(), text)], Rulebook::builtin());
        analysis.findings.iter().map(|it| it.confidence == Confidence::Certain).collect::<Vec<_>>()
    };
    assert_eq!(certain("crypto.randomUUID()"), [true]);
    assert_eq!(certain("settings.path"), [false]);
}

#[test]
fn what_the_first_request_makes_keeps_its_context() {
    let server = |start: &str| {
        format!(
            r#"
import {{ AsyncLocalStorage }} from "node:async_hooks";
import {{ createServer }} from "node:http";
const storage = new AsyncLocalStorage();
let sweep;
function keepSweeping() {{
  if (sweep) return;
  sweep = setInterval(() => console.log("sweep"), 60_000);
}}
{start}
createServer((request, response) => {{
  storage.run({{ request }}, () => {{
    keepSweeping();
    response.end();
  }});
}}).listen(3000);
"#
        )
    };
    assert_eq!(suspects(&[("server.js", &server(""))]), [("async-context-kept".to_owned(), 8)]);
    assert_eq!(suspects(&[("server.js", &server("keepSweeping();"))]), []);
}

#[test]
fn a_removal_that_has_been_forgotten_bounds_nothing() {
    let users = r#"
class Users {
  constructor() {
    this.byId = {};
  }
  getOrAdd(user) {
    if (!this.byId[user.id]) this.byId[user.id] = user;
    return this.byId[user.id];
  }
  remove(id) {
    delete this.byId[id];
  }
}
module.exports = Users;
"#;
    let presence = |leave: &str| {
        format!(
            "const Users = require(\"./users\");\nclass Presence {{\n  constructor() {{\n    this.users = new Users();\n  }}\n  \
             enter(it) {{\n    it.user = this.users.getOrAdd(it.user);\n  }}\n{leave}}}\nmodule.exports = Presence;\n"
        )
    };
    let found =
        |leave: &str, client: &str| suspects(&[("users.js", users), ("presence.js", &presence(leave)), ("client.js", client)]);
    assert_eq!(found("", ""), [(BOUND.to_owned(), 7)]);
    // A script of the client has users of its own.
    assert_eq!(found("", "exports.leave = (room, id) => room.users.remove(id);"), [(BOUND.to_owned(), 7)]);
    assert_eq!(found("  leave(id) {\n    this.users.remove(id);\n  }\n", ""), []);
    assert_eq!(found("", "require(\"./presence\"); exports.leave = (it, id) => it.users.remove(id);"), []);
}

#[test]
fn a_service_keeps_what_it_is_told_by_something_unknown() {
    let service = |told: &str| {
        format!(
            r#"
import {{ Injectable }} from "@nestjs/common";
import {{ bus }} from "@shop/bus";
@Injectable()
export class Prices {{
  private readonly byId = new Map<string, number>();
  onModuleInit() {{
    {told};
  }}
  private keep(change: {{ id: string; price: number }}) {{
    this.byId.set(change.id, change.price);
    console.log(this.byId.get(change.id));
  }}
}}
"#
        )
    };
    assert_eq!(suspects(&[("prices.ts", &service("bus.on(\"price\", this.keep.bind(this))"))]), [(BOUND.to_owned(), 11)]);
    assert_eq!(suspects(&[("prices.ts", &service("this.keep({ id: \"gold\", price: 1 })"))]), []);
}

#[test]
fn a_queue_of_a_library_is_emptied_at_its_own_pace() {
    let server = |test: &str| {
        format!(
            r#"
const express = require("express");
const PQueue = require("p-queue");
const app = express();
const queue = new PQueue({{ concurrency: 2 }});
app.post("/mail", (req, res) => {{
  {test}
  queue.add(() => send(req.body.to));
  res.sendStatus(202);
}});
async function send(to) {{}}
app.listen(3000);
"#
        )
    };
    assert_eq!(suspects(&[("server.js", &server(""))]), [("queue-without-limit".to_owned(), 8)]);
    assert_eq!(suspects(&[("server.js", &server("if (queue.size > 1000) return res.sendStatus(503);"))]), []);
}

#[test]
fn a_helper_that_is_called_after_waiting_listens_too_late() {
    let events = |first: &str, last: &str| {
        format!(
            r#"
const app = require("express")();
const {{ EventEmitter }} = require("events");
const {{ find }} = require("./topics");
const prices = new EventEmitter();
app.get("/prices", async (req, res) => {{
  const follow = (event, handler) => {{
    prices.on(event, handler);
    res.on("close", () => prices.removeListener(event, handler));
  }};
  {first}
  const topic = await find(req.query.topic);
  {last}
}});
app.listen(3000);
"#
        )
    };
    let follow = r#"follow("price", (it) => res.write(String(it)));"#;
    assert_eq!(suspects(&[("server.js", &events("", follow))]), [("release-after-await".to_owned(), 8)]);
    assert_eq!(suspects(&[("server.js", &events(follow, "res.write(topic);"))]), []);
    let stream = r#"
exports.stream = async (req, reply) => {
  const follow = (emitter, event, handler) => {
    emitter.on(event, handler);
    reply.raw.on("close", () => emitter.removeListener(event, handler));
  };
  const { prices } = await require("./services").start();
  follow(prices, "price", (it) => reply.raw.write(it));
};
"#;
    let route = "const app = require(\"fastify\")();\nconst { stream } = require(\"./stream\");\n\
                 app.get(\"/prices\", async (req, reply) => stream(req, reply));\napp.listen({ port: 3000 });\n";
    assert_eq!(suspects(&[("stream.js", stream), ("server.js", route)]), [("release-after-await".to_owned(), 4)]);
}

#[test]
fn keys_that_callers_do_not_write_out_are_one() {
    let server = |options: &str, join: &str| {
        format!(
            r#"
const app = require("express")();
const made = new Map();
function instance(options) {{
  const name = options.key ?? "default";
  if (!made.has(name)) made.set(name, {{ options }});
  return made.get(name);
}}
const texts = new Map();
function remember(parts, text) {{
  texts.set(parts.join(":"), text);
}}
app.get("/:id", (req, res) => {{
  instance({options});
  remember({join}, "shown");
  res.json(texts.get("shown"));
}});
app.listen(3000);
"#
        )
    };
    assert_eq!(suspects(&[("server.js", &server("{ config: {} }", r#"["page", "home"]"#))]), []);
    let leaks = server("{ key: req.params.id }", r#"["page", req.params.id]"#);
    assert_eq!(suspects(&[("server.js", &leaks)]), [(BOUND.to_owned(), 6), (BOUND.to_owned(), 11)]);
}
