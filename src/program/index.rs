//! What is looked up often in one file: parents of expressions, sites and exits by function. Built on demand.

use crate::facts::{BindingId, Expr, ExprId, Facts, FnId, FunctionKind, Name, Node, RegionId};

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
    /// Sites by expression.
    by_expr: Vec<u32>,
    /// Exits by value.
    exit_of: Vec<(ExprId, u32)>,
    /// Bindings by initializer.
    initialized: Vec<(ExprId, BindingId)>,
    /// Member expressions by name.
    members: Vec<(Name, ExprId)>,
    /// Identifiers by binding.
    idents: Vec<(BindingId, ExprId)>,
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
            by_expr: sorted(0..facts.sites.len() as u32, |i| facts.sites[*i as usize].expr),
            exit_of: sorted(facts.exits.iter().enumerate().map(|(i, exit)| (exit.value, i as u32)), |it| it.0),
            initialized: initialized(facts),
            members: members(facts),
            idents: idents(facts),
            functions,
        }
    }

    /// The binding that an expression initializes.
    pub fn initialized(&self, id: ExprId) -> Option<BindingId> {
        find(&self.initialized, id)
    }

    /// The member expressions of a name, in file order.
    pub fn members(&self, name: Name) -> impl Iterator<Item = ExprId> + '_ {
        let from = self.members.partition_point(|it| it.0 < name);
        self.members[from..].iter().take_while(move |it| it.0 == name).map(|it| it.1)
    }

    /// The identifiers of a binding, in file order.
    pub fn idents(&self, binding: BindingId) -> impl Iterator<Item = ExprId> + '_ {
        let from = self.idents.partition_point(|it| it.0 < binding);
        self.idents[from..].iter().take_while(move |it| it.0 == binding).map(|it| it.1)
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
            let site = self.by_expr.binary_search_by_key(&at, |i| facts.sites[*i as usize].expr);
            if let Ok(i) = site {
                return Some(facts.sites[self.by_expr[i] as usize].region);
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

fn members(facts: &Facts) -> Vec<(Name, ExprId)> {
    let each = facts.nodes.iter().enumerate();
    let member = |(i, node): (usize, &Node)| match node.expr {
        Expr::Member(_, name) => Some((name, ExprId(i as u32))),
        _ => None,
    };
    sorted(each.filter_map(member), |it| *it)
}

fn idents(facts: &Facts) -> Vec<(BindingId, ExprId)> {
    let each = facts.nodes.iter().enumerate();
    let ident = |(i, node): (usize, &Node)| match node.expr {
        Expr::Ident(binding) => Some((binding, ExprId(i as u32))),
        _ => None,
    };
    sorted(each.filter_map(ident), |it| *it)
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
