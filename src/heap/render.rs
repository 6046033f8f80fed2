//! Retainer paths in words that may be shown: V8's own steps folded, and nothing of what the program's data says.

use super::anchors::Anchor;
use super::kinds::{EdgeKind, NodeKind};
use super::path::{PathStep, RetainerPaths};
use super::platform::is_platform_name;
use super::snapshot::{Edge, EdgeName, NodeIx, Snapshot};

/// Steps shown of a long path at its start and at its end.
const SHOWN: (usize, usize) = (12, 8);

/// How the steps of a path are shown.
///
/// Contents of strings never appear. Names of properties, and of objects that no code in the heap is named like, appear only
/// if `knows` says so or they are the platform's: they may be session ids or e-mail addresses. Names of variables are the
/// source's and always appear.
#[derive(Clone, Copy)]
pub struct Display<'s, 'a> {
    /// The heap.
    pub snapshot: &'s Snapshot<'a>,
    /// Its paths.
    pub paths: &'s RetainerPaths,
    /// Whether a name may be shown: it occurs in the program's source.
    pub knows: &'s dyn Fn(&str) -> bool,
    /// Where a closure or generator is, as `path:line`; or an object, the place of its class.
    pub places: &'s dyn Fn(NodeIx) -> Option<String>,
}

/// A line that waits for what its slot holds.
#[derive(Default)]
struct Open {
    /// What comes before the name of the thing: `.sessions `, `[entry] `.
    slot: Option<String>,
    /// Whether the thing's name is to stand in brackets: behind a variable's.
    is_variable: bool,
    /// Where variables are: `server.js`, `scope`.
    scope: Option<String>,
}

impl Display<'_, '_> {
    /// A path, one line for a step: `server.js: cache (Map)`, `Map table`, `[entry] Session`.
    ///
    /// Runs of one step (the links of a list) are counted, and a path of more than 21 lines is shown by its ends.
    pub fn path(&self, steps: &[PathStep]) -> Vec<String> {
        let mut lines: Vec<(String, usize)> = Vec::new();
        let mut open = Open::default();
        let steps = self.behind_timers(steps, &mut open);
        for (at, step) in steps.iter().enumerate() {
            let before = at.checked_sub(1).map(|it| steps[it].node);
            let Some(line) = self.step(before, *step, &mut open, at + 1 == steps.len()) else { continue };
            match lines.last_mut() {
                Some((last, times)) if *last == line => *times += 1,
                _ => lines.push((line, 1)),
            }
        }
        let shown = |(line, times): (String, usize)| if times == 1 { line } else { format!("{line} ({times} times)") };
        shorten(lines.into_iter().map(shown).collect())
    }

    /// A path through Node's lists of timers starts behind them: whoever has their names sees as little of them.
    fn behind_timers<'p>(&self, steps: &'p [PathStep], open: &mut Open) -> &'p [PathStep] {
        let is_list = |it: &PathStep| self.snapshot.name_is(it.node, "TimersList");
        let Some(list) = steps.iter().position(is_list).filter(|it| it + 1 < steps.len()) else { return steps };
        open.scope = Some("timers of the event loop".to_owned());
        &steps[list + 1..]
    }

    /// One step; `None` if it is folded into the next.
    fn step(&self, before: Option<NodeIx>, step: PathStep, open: &mut Open, is_last: bool) -> Option<String> {
        match (step.edge, before) {
            (Some(edge), Some(before)) if self.is_table(edge) => {
                let class = self.class(before).unwrap_or_else(|| "collection".to_owned());
                return Some(format!("{class} table"));
            }
            (Some(edge), Some(before)) => self.slot(before, edge, open),
            _ if open.scope.is_some() => {}
            _ => {
                open.scope = self.start(step.node);
                if open.scope.is_some() && !is_last {
                    return None;
                }
            }
        }
        if !is_last && self.is_folded(step.node) {
            return None;
        }
        let thing = self.thing(step.node);
        let Open { slot, is_variable, scope } = std::mem::take(open);
        let line = match (slot, is_variable) {
            (Some(slot), true) => format!("{slot} ({thing})"),
            (Some(slot), false) => format!("{slot} {thing}"),
            (None, _) => thing,
        };
        Some(match scope {
            Some(scope) => format!("{scope}: {line}"),
            None => line,
        })
    }

    /// What stands before the first line: where the hold starts.
    fn start(&self, node: NodeIx) -> Option<String> {
        let Some(start) = self.paths.start(node) else {
            return self.paths.is_held(node).then(|| self.group(node));
        };
        let place = |node| (self.places)(node).map(file_of);
        let file = || start.witness.and_then(place).or_else(|| place(node));
        Some(match start.anchor {
            Anchor::Scope | Anchor::Module => file().unwrap_or_else(|| "a module".to_owned()),
            Anchor::CommonJs => file().unwrap_or_else(|| "a CommonJS module".to_owned()),
            Anchor::Global => "global".to_owned(),
            Anchor::Process => "process".to_owned(),
        })
    }

    /// A group of roots. Their names are V8's and Node's.
    fn group(&self, node: NodeIx) -> String {
        let name = self.snapshot.name(node);
        let is_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, ' ' | '+' | '-' | '_');
        let plain = name.trim_start_matches('(').trim_end_matches(')').trim_start_matches("Node / ");
        let is_shown = self.snapshot.kind(node) == NodeKind::Synthetic && !plain.is_empty() && plain.chars().all(is_word);
        if is_shown { plain.to_owned() } else { "roots".to_owned() }
    }

    /// Notes what an edge says.
    fn slot(&self, from: NodeIx, edge: Edge, open: &mut Open) {
        if self.snapshot.kind(from) == NodeKind::Synthetic {
            if self.snapshot.kind(edge.to) == NodeKind::Synthetic {
                open.scope = Some(self.group(edge.to));
            } else if self.snapshot.edge_name(edge).contains("DevTools") {
                open.scope = Some("inspector".to_owned());
            }
            return;
        }
        match edge.kind {
            EdgeKind::Context => {
                open.slot = Some(self.snapshot.edge_name(edge).into_owned());
                open.is_variable = true;
                open.scope.get_or_insert_with(|| "scope".to_owned());
            }
            EdgeKind::Property => {
                let name = self.snapshot.edge_name(edge);
                let name = if self.may_show(edge) { &*name } else { "<key>" };
                // Of a module's start the file is told already: `feed.js: exports.clients (Map)`.
                if open.scope.is_some() {
                    let before = open.slot.take().map_or(String::new(), |it| it + ".");
                    open.slot = Some(before + name);
                    open.is_variable = true;
                } else {
                    open.slot = Some(format!(".{name}"));
                }
            }
            EdgeKind::Element => open.slot = Some("[element]".to_owned()),
            EdgeKind::Internal => self.internal(from, edge, open),
            _ => self.unnamed(from, open),
        }
    }

    /// Notes what one of V8's named slots says.
    fn internal(&self, from: NodeIx, edge: Edge, open: &mut Open) {
        let name = self.snapshot.edge_name(edge);
        let slot = match &*name {
            "bound_function" => "bound".to_owned(),
            "bound_this" => "bound this".to_owned(),
            "context" => {
                open.scope = Some("scope".to_owned());
                return;
            }
            "extension" if open.slot.is_none() => "suspended".to_owned(),
            // Of modules: the name of an export stands before its cell.
            digits if digits.bytes().all(|it| it.is_ascii_digit()) => return self.entry(from, digits, open),
            pair if pair.contains("pair in WeakMap") => "[value of WeakMap]".to_owned(),
            _ => return,
        };
        open.slot = Some(slot);
        open.is_variable = false;
    }

    /// Notes an entry of a store.
    fn entry(&self, from: NodeIx, digits: &str, open: &mut Open) {
        let is_export = open.scope.is_some() && self.snapshot.kind(from) == NodeKind::Array;
        if let Some(name) = digits.parse().ok().filter(|_| is_export).and_then(|it: u32| self.export(from, it)) {
            open.slot = Some(name);
            open.is_variable = true;
            return;
        }
        let is_properties = self.snapshot.name_is(from, "(object properties)");
        open.slot = Some(if is_properties { "[property]" } else { "[entry]" }.to_owned());
        open.is_variable = false;
    }

    /// The name of the export whose cell is at an index of a module's table.
    fn export(&self, table: NodeIx, index: u32) -> Option<String> {
        let before = index.checked_sub(1)?.to_string();
        let mut entries = self.snapshot.edges(table).filter(|it| it.kind == EdgeKind::Internal);
        let name = entries.find(|it| self.snapshot.edge_name(*it) == before)?.to;
        self.snapshot.kind(name).is_string().then(|| self.snapshot.name(name).into_owned())
    }

    /// Notes what a slot without name says, by who has it.
    fn unnamed(&self, from: NodeIx, open: &mut Open) {
        if self.snapshot.name_is(from, "system / PromiseReaction") {
            open.slot = Some("[reaction]".to_owned());
            open.is_variable = false;
        }
    }

    /// Whether a node on the way says nothing to people.
    fn is_folded(&self, node: NodeIx) -> bool {
        match self.snapshot.kind(node) {
            NodeKind::Hidden | NodeKind::Code | NodeKind::Other | NodeKind::Synthetic | NodeKind::Array => true,
            NodeKind::Object => self.snapshot.strings.raw(self.snapshot.name_ix(node)).0.starts_with("system / "),
            _ => false,
        }
    }

    /// Whether an edge leads to the store of a Map or a Set.
    fn is_table(&self, edge: Edge) -> bool {
        let EdgeName::Name(name) = edge.name else { return false };
        edge.kind == EdgeKind::Internal && self.snapshot.text_is(name, "table")
    }

    /// What a node is.
    fn thing(&self, node: NodeIx) -> String {
        match self.snapshot.kind(node) {
            NodeKind::Closure => self.function(node),
            NodeKind::Object => self.class(node).unwrap_or_else(|| "object".to_owned()),
            NodeKind::String | NodeKind::ConsString | NodeKind::SlicedString => "string".to_owned(),
            NodeKind::Array => "array".to_owned(),
            NodeKind::RegExp => "regular expression".to_owned(),
            NodeKind::Number => "number".to_owned(),
            NodeKind::BigInt => "bigint".to_owned(),
            NodeKind::Symbol => "symbol".to_owned(),
            NodeKind::Native => "native memory".to_owned(),
            NodeKind::Code => "code".to_owned(),
            NodeKind::Synthetic => self.group(node),
            NodeKind::Hidden | NodeKind::Other => "internal".to_owned(),
        }
    }

    /// A function with its name and place, as far as they may be shown.
    fn function(&self, node: NodeIx) -> String {
        let name = self.class(node).filter(|it| !it.is_empty());
        let place = (self.places)(node);
        match (name, place) {
            (Some(name), Some(place)) => format!("function {name} at {place}"),
            (None, Some(place)) => format!("function at {place}"),
            (Some(name), None) => format!("function {name}"),
            (None, None) => "function".to_owned(),
        }
    }

    /// The name of an object's constructor or of a function, if it may be shown.
    fn class(&self, node: NodeIx) -> Option<String> {
        let ix = self.snapshot.name_ix(node);
        let name = self.snapshot.text(ix);
        let is_code = self.paths.anchors.code_names.has(ix.0 as usize);
        (is_code || is_platform_name(&name) || (self.knows)(&name)).then(|| name.into_owned())
    }

    /// Whether the name of a property may be shown.
    fn may_show(&self, edge: Edge) -> bool {
        let EdgeName::Name(_) = edge.name else { return true };
        let name = self.snapshot.edge_name(edge);
        is_platform_name(&name) || (self.knows)(&name)
    }
}

/// A place without its line.
fn file_of(place: String) -> String {
    match place.rsplit_once(':') {
        Some((file, line)) if line.bytes().all(|it| it.is_ascii_digit()) => file_of(file.to_owned()),
        _ => place,
    }
}

/// The ends of a long path.
fn shorten(lines: Vec<String>) -> Vec<String> {
    let (first, last) = SHOWN;
    if lines.len() <= first + last + 1 {
        return lines;
    }
    let left_out = lines.len() - first - last;
    let gap = format!("… {left_out} more …");
    let tail = lines[lines.len() - last..].to_vec();
    lines.into_iter().take(first).chain([gap]).chain(tail).collect()
}
