//! Suspicions, which the examples of the rule pages cannot show: each kind once where it must be voiced, and once beside it where it
//! must not.

use leaklint::finding::Confidence;
use leaklint::rulebook::Rulebook;
use leaklint::workspace::run_in_memory;

/// The suspicions of a rule in one file, by line from 1.
fn suspected(rule: &str, path: &str, text: &str) -> Vec<u32> {
    let analysis = run_in_memory(&[(path.to_owned(), text.to_owned())], Rulebook::builtin());
    let found = analysis.findings.iter().filter(|it| it.rule == rule && it.confidence == Confidence::Suspect);
    found.filter_map(|it| Some(analysis.texts.get(it.span.file)?.location(it.span.start).line)).collect()
}

const STORE: &str = "
import { Store } from 'a-store';
export class Child extends Store {
  private unsubscribe: (() => void) | null = null;
  constructor() {
    super();
    this.observe('parent', (parent) => {
      this.unsubscribe?.();
      this.unsubscribe = parent.store.subscribe(() => this.render());
    });
  }
  render() {}
  //END
}
";

#[test]
fn a_remover_called_only_for_its_successor() {
    assert_eq!(suspected("listener-not-removed", "child.ts", STORE), [9]);
    let ends = STORE.replace("//END", "dispose() { this.unsubscribe?.(); }");
    assert_eq!(suspected("listener-not-removed", "child.ts", &ends), [0; 0]);
}

const RETRY: &str = "
export class Client {
  request: Request;
  constructor(input: string) {
    this.request = new Request(input);
  }
  async send() {
    const main = this.request;
    this.request = main.clone();
    const answer = await fetch(main);
    //END
    return answer;
  }
}
";

#[test]
fn a_request_cloned_for_another_try() {
    assert_eq!(suspected("clone-not-read", "client.ts", RETRY), [9]);
    let ends = RETRY.replace("//END", "await this.request.body?.cancel();");
    assert_eq!(suspected("clone-not-read", "client.ts", &ends), [0; 0]);
}

#[test]
fn many_clones_of_one_request() {
    let text = "
export async function run(request: Request, parse: any, match: any, go: any) {
  const kept = request.clone();
  const parsed = await parse(request.clone());
  if (!match(request.clone(), parsed)) return null;
  return go(kept);
}
";
    assert_eq!(suspected("clone-not-read", "run.ts", text), [3]);
    assert_eq!(suspected("clone-not-read", "run.ts", &text.replace("match(request.clone()", "match(request")), [0; 0]);
}

const PLAYER: &str = "
const { Readable, PassThrough } = require('stream');
class Player {
  constructor() {
    this.sources = new Map();
  }
  open(id) {
    const source = new Readable({ read() {} });
    source.on('end', () => this.sources.delete(id));
    this.sources.set(id, { source });
    return source;
  }
  play(id) {
    const source = this.open(id);
    const out = new PassThrough();
    //END
    source.pipe(out);
    return out;
  }
}
module.exports = Player;
";

#[test]
fn a_source_that_only_its_destination_is_returned_of() {
    assert_eq!(suspected("stream-not-closed", "player.js", PLAYER), [17]);
    let ends = PLAYER.replace("//END", "out.once('close', () => source.destroy());");
    assert_eq!(suspected("stream-not-closed", "player.js", &ends), [0; 0]);
}

#[test]
fn a_finalizer_given_a_part_of_what_its_target_has() {
    let text = "
const registry = new FinalizationRegistry((stream) => stream.cancel());
module.exports = function (inner) {
  const view = {};
  view.inner = inner;
  registry.register(view, inner.body.stream);
  return view;
};
";
    assert_eq!(suspected("finalizer-keeps-target", "view.js", text), [6]);
    let weak = text.replace("inner.body.stream)", "new WeakRef(inner.body.stream))");
    assert_eq!(suspected("finalizer-keeps-target", "view.js", &weak), [0; 0]);
}

#[test]
fn an_answer_of_fetch_that_nobody_reads() {
    let text = "
const app = require('express')();
app.get('/up', async (req, res) => {
  const answer = await fetch('http://backend/status');
  //END
  res.json({ up: answer.ok });
});
app.listen(3000);
";
    assert_eq!(suspected("response-not-consumed", "app.js", text), [4]);
    assert_eq!(suspected("response-not-consumed", "app.js", &text.replace("//END", "await answer.text();")), [0; 0]);
}
