//! What is looked up often in one file: parents of expressions, sites and exits by function. Built on demand.

use crate::facts::{BindingId, Expr, ExprId, Facts, FnId, FunctionKind, RegionId};
use rustc_hash::FxHashMap;

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
    sites: Vec<u32>,
    site_starts: Vec<u32>,
    exits: Vec<u32>,
    exit_starts: Vec<u32>,
    regions: FxHashMap<ExprId, RegionId>,
    /// Exits by value.
    exit_of: FxHashMap<ExprId, u32>,
    /// Bindings by initializer.
    initialized: FxHashMap<ExprId, BindingId>,
    /// Functions by start, for finding the innermost one around a place.
    functions: Vec<(u32, FnId)>,
}

impl FileIndex {
    /// Indexes a file.
    pub fn new(facts: &Facts) -> FileIndex {
        let site_function = |i: &u32| facts.function_of(facts.sites[*i as usize].region).0;
        let exit_function = |i: &u32| facts.function_of(facts.exits[*i as usize].region).0;
        let mut sites: Vec<u32> = (0..facts.sites.len() as u32).collect();
        sites.sort_by_key(site_function);
        let mut exits: Vec<u32> = (0..facts.exits.len() as u32).collect();
        exits.sort_by_key(exit_function);
        let mut functions: Vec<_> = facts.functions.iter().enumerate().map(|(i, f)| (f.start, FnId(i as u32))).collect();
        functions.sort();
        FileIndex {
            parents: parents(facts),
            site_starts: starts(&sites, facts.functions.len(), site_function),
            sites,
            exit_starts: starts(&exits, facts.functions.len(), exit_function),
            exits,
            regions: facts.sites.iter().map(|site| (site.expr, site.region)).collect(),
            exit_of: facts.exits.iter().enumerate().map(|(i, exit)| (exit.value, i as u32)).collect(),
            initialized: initialized(facts),
            functions,
        }
    }

    /// The binding that an expression initializes.
    pub fn initialized(&self, id: ExprId) -> Option<BindingId> {
        self.initialized.get(&id).copied()
    }

    /// Indexes of a function's sites.
    pub fn sites(&self, f: FnId) -> &[u32] {
        &self.sites[self.site_starts[f.index()] as usize..self.site_starts[f.index() + 1] as usize]
    }

    /// Indexes of a function's exits.
    pub fn exits(&self, f: FnId) -> &[u32] {
        &self.exits[self.exit_starts[f.index()] as usize..self.exit_starts[f.index() + 1] as usize]
    }

    /// The exit that an expression is the value of.
    pub fn exit_of(&self, id: ExprId) -> Option<usize> {
        self.exit_of.get(&id).map(|&i| i as usize)
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
            if let Some(&region) = self.regions.get(&at) {
                return Some(region);
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

fn initialized(facts: &Facts) -> FxHashMap<ExprId, BindingId> {
    let each = facts.bindings.iter().enumerate();
    each.filter_map(|(i, it)| Some((it.init.get()?, BindingId(i as u32)))).collect()
}

fn starts(sorted: &[u32], functions: usize, function: impl Fn(&u32) -> u32) -> Vec<u32> {
    let mut starts = vec![0; functions + 1];
    for i in sorted {
        starts[function(i) as usize + 1] += 1;
    }
    for i in 0..functions {
        starts[i + 1] += starts[i];
    }
    starts
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
