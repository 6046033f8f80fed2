//! What is looked up often in one file: parents of expressions, sites and exits by function. Built on demand.

use crate::facts::{BindingId, Expr, ExprId, Facts, FnId, FunctionKind, Name, RegionId};

/// How an expression's value is used, one step up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// By another expression.
    In(ExprId),
    /// It initializes bindings, is returned, is a test, or is thrown away: see the index's other answers.
    Top,
}

/// The index of one file.
#[derive(Debug)]
pub struct FileIndex {
    parents: Vec<u32>,
    /// Sites by function.
    sites: Columns,
    /// Exits by function.
    exits: Columns,
    /// Exits by value.
    exit_of: Vec<(ExprId, u32)>,
    /// Bindings by initializer.
    initialized: Vec<(ExprId, BindingId)>,
    /// Member expressions by name.
    members: Columns,
    /// Identifiers by binding.
    idents: Columns,
    /// Functions by start, for finding the innermost one around a place.
    functions: Vec<(u32, FnId)>,
}

/// Indexes by a dense key, each key's in order.
#[derive(Debug)]
struct Columns {
    starts: Vec<u32>,
    indexes: Vec<u32>,
}

impl Columns {
    /// Sorts indexes by key in two walks: one counts, the other fills.
    fn new(keys: usize, each: impl Iterator<Item = (usize, usize)> + Clone) -> Columns {
        let mut starts = vec![0; keys + 1];
        each.clone().for_each(|(key, _)| starts[key + 1] += 1);
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        let mut next = starts.clone();
        let mut indexes = vec![0; starts[keys] as usize];
        for (key, index) in each {
            indexes[next[key] as usize] = index as u32;
            next[key] += 1;
        }
        Columns { starts, indexes }
    }

    fn of(&self, key: usize) -> &[u32] {
        &self.indexes[self.starts[key] as usize..self.starts[key + 1] as usize]
    }
}

impl FileIndex {
    /// Indexes a file.
    pub fn new(facts: &Facts) -> FileIndex {
        let function = |region| facts.function_of(region).index();
        let sites = facts.sites.iter().enumerate().map(|(i, site)| (function(site.region), i));
        let exits = facts.exits.iter().enumerate().map(|(i, exit)| (function(exit.region), i));
        let nodes = facts.nodes.iter().enumerate();
        let members = nodes.clone().filter_map(|(i, node)| match node.expr {
            Expr::Member(_, name) => Some((name.index(), i)),
            _ => None,
        });
        let idents = nodes.filter_map(|(i, node)| match node.expr {
            Expr::Ident(binding) => Some((binding.index(), i)),
            _ => None,
        });
        let mut functions: Vec<_> = facts.functions.iter().enumerate().map(|(i, f)| (f.start, FnId(i as u32))).collect();
        functions.sort();
        FileIndex {
            parents: parents(facts),
            sites: Columns::new(facts.functions.len(), sites),
            exits: Columns::new(facts.functions.len(), exits),
            exit_of: sorted(facts.exits.iter().enumerate().map(|(i, exit)| (exit.value, i as u32)), |it| it.0),
            initialized: initialized(facts),
            members: Columns::new(facts.names.syms().len(), members),
            idents: Columns::new(facts.bindings.len(), idents),
            functions,
        }
    }

    /// The binding that an expression initializes.
    pub fn initialized(&self, id: ExprId) -> Option<BindingId> {
        find(&self.initialized, id)
    }

    /// The member expressions of a name, in file order.
    pub fn members(&self, name: Name) -> impl Iterator<Item = ExprId> + '_ {
        self.members.of(name.index()).iter().map(|i| ExprId(*i))
    }

    /// The identifiers of a binding, in file order.
    pub fn idents(&self, binding: BindingId) -> impl Iterator<Item = ExprId> + '_ {
        self.idents.of(binding.index()).iter().map(|i| ExprId(*i))
    }

    /// Indexes of a function's sites.
    pub fn sites(&self, f: FnId) -> &[u32] {
        self.sites.of(f.index())
    }

    /// Indexes of a function's exits.
    pub fn exits(&self, f: FnId) -> &[u32] {
        self.exits.of(f.index())
    }

    /// The exit that an expression is the value of.
    pub fn exit_of(&self, id: ExprId) -> Option<usize> {
        find(&self.exit_of, id).map(|i| i as usize)
    }

    /// The expression around an expression.
    pub fn parent(&self, id: ExprId) -> Use {
        match self.parents[id.index()] {
            u32::MAX => Use::Top,
            parent => Use::In(ExprId(parent)),
        }
    }

    /// The region that a site, or the nearest site around an expression, runs in.
    pub fn region_of(&self, facts: &Facts, id: ExprId) -> Option<RegionId> {
        let mut at = id;
        loop {
            if let Ok(i) = facts.sites.binary_search_by_key(&at, |site| site.expr) {
                return Some(facts.sites[i].region);
            }
            match self.parent(at) {
                Use::In(parent) => at = parent,
                Use::Top => return Some(facts.functions[self.evaluator(facts, id).index()].body),
            }
        }
    }

    /// The innermost function around an expression.
    pub fn evaluator(&self, facts: &Facts, id: ExprId) -> FnId {
        self.function_at(facts, facts.nodes[id.index()].start)
    }

    /// The innermost function around a place.
    pub fn function_at(&self, facts: &Facts, place: u32) -> FnId {
        let behind = self.functions.partition_point(|(start, _)| *start <= place);
        let Some(&(_, id)) = self.functions[..behind].last() else { return FnId::MODULE };
        let mut id = id;
        loop {
            let f = &facts.functions[id.index()];
            if f.start <= place && place < f.end && f.kind != FunctionKind::Statics {
                return id;
            }
            match f.parent.get() {
                Some(parent) => id = parent,
                None => return FnId::MODULE,
            }
        }
    }
}

fn initialized(facts: &Facts) -> Vec<(ExprId, BindingId)> {
    let each = facts.bindings.iter().enumerate();
    sorted(each.filter_map(|(i, it)| Some((it.init.get()?, BindingId(i as u32)))), |it| it.0)
}

fn sorted<T, K: Ord>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_by_key(key);
    items.shrink_to_fit();
    items
}

fn find<T: Copy>(sorted: &[(ExprId, T)], id: ExprId) -> Option<T> {
    // The last one, as several bindings of one pattern share what it takes apart.
    let behind = sorted.partition_point(|it| it.0 <= id);
    sorted[..behind].last().filter(|it| it.0 == id).map(|it| it.1)
}

fn parents(facts: &Facts) -> Vec<u32> {
    let mut parents = vec![u32::MAX; facts.nodes.len()];
    for (i, node) in facts.nodes.iter().enumerate() {
        let mut adopt = |child: ExprId| {
            if child != ExprId::NONE {
                parents[child.index()] = i as u32;
            }
        };
        match node.expr {
            Expr::Parts(list) | Expr::Template(list) | Expr::Array(list) | Expr::Choice(list) | Expr::Sequence(list) => {
                facts.list(list).for_each(adopt);
            }
            Expr::Member(a, _)
            | Expr::ImportCall(a)
            | Expr::Update(_, a)
            | Expr::Unary(_, a)
            | Expr::Delete(a)
            | Expr::Await(a)
            | Expr::Yield(a)
            | Expr::Spread(a)
            | Expr::ElementOf(a)
            | Expr::KeyOf(a)
            | Expr::Rest(a) => adopt(a),
            Expr::Index(a, b) | Expr::Assign(_, a, b) | Expr::Logical(_, a, b) | Expr::Binary(_, a, b) => {
                adopt(a);
                adopt(b);
            }
            Expr::Call(callee, args) | Expr::New(callee, args) => {
                adopt(callee);
                facts.list(args).for_each(adopt);
            }
            Expr::Object { .. } => facts.properties(node.expr).iter().for_each(|it| {
                adopt(it.value);
                adopt(it.key);
            }),
            Expr::Opaque
            | Expr::Undefined
            | Expr::Null
            | Expr::Bool(_)
            | Expr::Number(_)
            | Expr::Str(_)
            | Expr::Ident(_)
            | Expr::Free(_)
            | Expr::Param(..)
            | Expr::This
            | Expr::Super
            | Expr::Function(_)
            | Expr::Class(_) => {}
        }
    }
    parents
}
