//! Where closures and objects come from: the scripts of a heap, and positions in them.
//!
//! V8 writes a location (script id, line, column) for each closure of a script and for each object whose constructor is script
//! code. Which file a script id means is not written: it is read off the closures, closure -> shared -> script -> name.

use rustc_hash::FxHashMap;

use super::words::Words;
use super::{EdgeKind, NodeIx, NodeKind, Snapshot};

/// V8 cuts strings to so many characters unless `--heap-snapshot-string-limit` says otherwise.
pub const STRING_LIMIT: usize = 1024;

/// A script of a heap, by its place in [`Sites::scripts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScriptIx(pub u32);

/// A script as the heap knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// V8's id: unique in its isolate.
    pub id: u32,
    /// The name as it stands: a path, a `file:` URL, `node:` and a module; empty for `eval` and where no closure tells.
    pub name: String,
    /// The name as an absolute path with `/`: URLs decoded, query and fragment cut off. The name itself if it is no path.
    pub path: String,
    /// The value of its `sourceMappingURL` comment. Inline maps are cut to [`STRING_LIMIT`] characters: read the file.
    pub map_url: Option<String>,
    /// The source from its start, at most [`STRING_LIMIT`] characters: enough to see that a file is stale.
    pub source: String,
}

impl Script {
    /// Whether it is part of Node itself.
    pub fn is_internal(&self) -> bool {
        self.name.starts_with("node:") || self.name.starts_with("internal/")
    }
}

/// A position in a script: of a function as V8 reports it, or of the constructor of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Site {
    /// The script.
    pub script: ScriptIx,
    /// From 0; what ends a line depends on the version of Node.
    pub line: u32,
    /// From 0, in UTF-16 code units.
    pub column: u32,
}

/// A line and a column of a script, both from 0, columns in UTF-16 code units.
pub type LineColumn = (u32, u32);

/// All positions of a heap.
#[derive(Clone, Default, Debug)]
pub struct Sites {
    /// By id.
    scripts: Vec<Script>,
    /// Scripts by path.
    by_path: FxHashMap<String, Vec<ScriptIx>>,
    /// Which nodes have a site.
    known: Ranks,
    /// The sites of those, in their order.
    of_known: Vec<Site>,
    /// By site, then node; with whether the node is a closure.
    nodes: Vec<(Site, NodeIx, bool)>,
    /// For whoever reads on.
    pub(super) words: Words,
}

impl Sites {
    /// Reads the positions of a heap.
    pub fn new(snapshot: &Snapshot) -> Sites {
        let words = Words::new(snapshot);
        let mut scripts = scripts(snapshot, &words);
        let mut of_node = Vec::new();
        let known: FxHashMap<u32, u32> = scripts.iter().enumerate().map(|(at, it)| (it.id, at as u32)).collect();
        let mut nameless: FxHashMap<u32, u32> = FxHashMap::default();
        for location in snapshot.locations() {
            let script = known.get(&location.script_id).copied().unwrap_or_else(|| {
                *nameless.entry(location.script_id).or_insert_with(|| {
                    scripts.push(Script::nameless(location.script_id));
                    scripts.len() as u32 - 1
                })
            });
            let site = Site { script: ScriptIx(script), line: location.line, column: location.column };
            of_node.push((location.node, site));
        }
        of_node.sort_unstable();
        of_node.dedup_by_key(|it| it.0);
        let is_closure = |node| snapshot.kind(node) == NodeKind::Closure;
        let mut nodes: Vec<_> = of_node.iter().map(|&(node, site)| (site, node, is_closure(node))).collect();
        nodes.sort_unstable();
        let mut by_path: FxHashMap<String, Vec<ScriptIx>> = FxHashMap::default();
        for (at, script) in scripts.iter().enumerate().filter(|it| !it.1.path.is_empty()) {
            by_path.entry(script.path.clone()).or_default().push(ScriptIx(at as u32));
        }
        let ranks = Ranks::new(snapshot.nodes(), of_node.iter().map(|it| it.0));
        let of_known = of_node.into_iter().map(|it| it.1).collect();
        Sites { scripts, by_path, known: ranks, of_known, nodes, words }
    }

    /// The scripts, those whose name is known first and by id.
    pub fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// A script.
    pub fn script(&self, ix: ScriptIx) -> &Script {
        &self.scripts[ix.0 as usize]
    }

    /// The scripts of a path, by id: several where a module was loaded anew (a query in the URL, hot reloading).
    pub fn scripts_of(&self, path: &str) -> &[ScriptIx] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// Where the function of a closure starts, or the constructor of an object stands.
    pub fn site(&self, node: NodeIx) -> Option<Site> {
        self.of_known.get(self.known.of(node)?).copied()
    }

    /// Whether a closure or an object is Node's own: its function or constructor stands in Node.
    pub fn is_internal(&self, node: NodeIx) -> bool {
        self.site(node).is_some_and(|site| self.script(site.script).is_internal())
    }

    /// Every site from one position to another, both included, with its nodes and whether they are closures; over all scripts
    /// of the path.
    pub fn nodes_within<'s>(
        &'s self,
        path: &str,
        from: LineColumn,
        to: LineColumn,
    ) -> impl Iterator<Item = (Site, NodeIx, bool)> + use<'s> {
        self.scripts_of(path).iter().flat_map(move |&script| {
            let site = |(line, column)| Site { script, line, column };
            let start = self.nodes.partition_point(|it| it.0 < site(from));
            let end = self.nodes.partition_point(|it| it.0 <= site(to));
            self.nodes[start..end.max(start)].iter().copied()
        })
    }

    /// The closures of the function at a position, over all scripts of the path.
    pub fn closures_at<'s>(&'s self, path: &str, at: LineColumn) -> impl Iterator<Item = NodeIx> + use<'s> {
        self.nodes_within(path, at, at).filter(|it| it.2).map(|it| it.1)
    }

    /// The objects whose constructor stands at a position, over all scripts of the path; prototypes are among them
    /// ([`super::instances_at`] leaves them out).
    pub fn objects_at<'s>(&'s self, path: &str, at: LineColumn) -> impl Iterator<Item = NodeIx> + use<'s> {
        self.nodes_within(path, at, at).filter(|it| !it.2).map(|it| it.1)
    }

    /// All sites with their nodes and whether they are closures, in order.
    pub fn all(&self) -> &[(Site, NodeIx, bool)] {
        &self.nodes
    }
}

/// A set of nodes that tells the place of each among them.
#[derive(Clone, Default, Debug)]
struct Ranks {
    /// By 64 nodes: those that are in it, and how many came before.
    words: Vec<(u64, u32)>,
}

impl Ranks {
    fn new(nodes: usize, all: impl Iterator<Item = NodeIx>) -> Ranks {
        let mut words = vec![(0_u64, 0); nodes.div_ceil(64)];
        for node in all {
            words[node.0 as usize / 64].0 |= 1 << (node.0 % 64);
        }
        let mut sum = 0;
        for (bits, before) in &mut words {
            *before = sum;
            sum += bits.count_ones();
        }
        Ranks { words }
    }

    fn of(&self, node: NodeIx) -> Option<usize> {
        let &(bits, before) = self.words.get(node.0 as usize / 64)?;
        let bit = 1 << (node.0 % 64);
        (bits & bit != 0).then(|| (before + (bits & (bit - 1)).count_ones()) as usize)
    }
}

impl Script {
    fn nameless(id: u32) -> Script {
        Script { id, name: String::new(), path: String::new(), map_url: None, source: String::new() }
    }

    fn read(snapshot: &Snapshot, words: &Words, id: u32, node: NodeIx) -> Script {
        // Newer snapshots repeat the name: `system / Script / <name>`.
        let name = snapshot.name(node);
        let name = name.strip_prefix("system / Script / ").unwrap_or(&name);
        let source = words.internal(snapshot, node, words.source).map(|it| snapshot.name(it).into_owned());
        let strings = snapshot.edges(node).filter(|edge| edge.kind == EdgeKind::Hidden);
        let strings = strings.map(|edge| edge.to).filter(|it| snapshot.kind(*it) == NodeKind::String);
        let mut texts: Vec<String> = strings.map(|it| snapshot.name(it).into_owned()).collect();
        let map = texts.iter().position(|it| is_map(it)).or(if texts.is_empty() { None } else { Some(0) });
        let map_url = map.map(|at| texts.swap_remove(at));
        Script { id, name: name.to_owned(), path: path_of(name), map_url, source: source.unwrap_or_default() }
    }
}

/// The scripts that some closure names, by id.
fn scripts(snapshot: &Snapshot, words: &Words) -> Vec<Script> {
    let mut found: FxHashMap<u32, NodeIx> = FxHashMap::default();
    for location in snapshot.locations() {
        if found.contains_key(&location.script_id) || snapshot.kind(location.node) != NodeKind::Closure {
            continue;
        }
        let Some(shared) = words.internal(snapshot, location.node, words.shared) else { continue };
        let held = [words.script, words.script_or_debug_info].into_iter().find_map(|it| words.internal(snapshot, shared, it));
        let script = held.and_then(|it| script_of(snapshot, words, it));
        if let Some(script) = script {
            found.insert(location.script_id, script);
        }
    }
    let mut found: Vec<(u32, NodeIx)> = found.into_iter().collect();
    found.sort_unstable();
    found.into_iter().map(|(id, node)| Script::read(snapshot, words, id, node)).collect()
}

/// The script that the shared part of a function leads to. Before Node 22 there is a record in between if the function's
/// executions are counted, or it is being debugged.
fn script_of(snapshot: &Snapshot, words: &Words, held: NodeIx) -> Option<NodeIx> {
    let is_script = |it: &NodeIx| words.internal(snapshot, *it, words.source).is_some();
    let behind = || snapshot.edges(held).filter(|it| it.kind == EdgeKind::Hidden).map(|it| it.to).find(is_script);
    Some(held).filter(is_script).or_else(behind)
}

/// Whether a comment's value looks like a source map rather than a source URL.
fn is_map(text: &str) -> bool {
    text.starts_with("data:") || text.split(['?', '#']).next().is_some_and(|it| it.ends_with(".map"))
}

/// The path that a script's name means, with `/`: `file:` URLs decoded, query and fragment cut off.
pub fn path_of(name: &str) -> String {
    let Some(url) = name.strip_prefix("file://") else { return slashes(name) };
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let text = decode(url);
    // `file:///C:/x` is `C:/x`.
    let is_drive = text.as_bytes().get(2) == Some(&b':') && text.as_bytes()[1].is_ascii_alphabetic();
    if is_drive { text[1..].to_owned() } else { text }
}

/// A Windows path with `/`; any other name as it is.
fn slashes(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'\\';
    if is_drive { name.replace('\\', "/") } else { name.to_owned() }
}

/// Percent-decodes; what is no escape or no UTF-8 stays as it is.
fn decode(url: &str) -> String {
    let bytes = url.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = escape.and_then(|it| std::str::from_utf8(it).ok()).and_then(|it| u8::from_str_radix(it, 16).ok());
        out.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn names_become_paths() {
        let cases = [
            ("/app/server.js", "/app/server.js"),
            ("file:///app/server.mjs", "/app/server.mjs"),
            ("file:///app/my%20file%C3%A9.mjs?again=1#x", "/app/my fileé.mjs"),
            ("file:///app/100%.mjs", "/app/100%.mjs"),
            ("file:///app/%zz%f", "/app/%zz%f"),
            ("file:///C:/app/server.mjs", "C:/app/server.mjs"),
            ("C:\\app\\server.js", "C:/app/server.js"),
            ("file://", ""),
            ("node:events", "node:events"),
            ("evalmachine.<anonymous>", "evalmachine.<anonymous>"),
            ("", ""),
        ];
        for (name, path) in cases {
            assert_eq!(path_of(name), path, "{name}");
        }
    }
}
