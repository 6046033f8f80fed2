//! From what a slot holds to the functions that a program put there.
//!
//! A handler is often wrapped: by `bind`, by `once`, by Node's `promisify` and async resources, by a library that patches `on`.
//! What can be counted on is an order of candidates, the slot's own function first.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::sites::Sites;
use super::words::Words;
use super::{EdgeKind, NodeIx, NodeKind, Snapshot, StringIx};

/// Wrappers of wrappers are followed so far.
const DEPTH: usize = 8;

/// Scopes around a wrapping function that are looked into: a decorator, and what makes decorators.
const SCOPES: usize = 3;

/// A chain has at most so many links.
const LINKS: usize = 24;

/// A function that runs when a slot fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// A closure; for a suspended `await` the generator, whose site is the asynchronous function's.
    pub node: NodeIx,
    /// Whether it is what was given to the slot, wrappers of known shape taken off. Otherwise a function that was handed to
    /// the scope of a wrapping function: most likely what it calls.
    pub sure: bool,
}

/// The functions that run when a slot fires, from what it holds inwards; those without position included if they are closures.
pub fn links_of(snapshot: &Snapshot, sites: &Sites, held: NodeIx) -> Vec<Link> {
    Wrappers::new(snapshot, sites).links(held)
}

/// What a slot holds without the wrappers of known shape: the innermost function that is sure; the node itself if it is none.
pub fn unwrapped(snapshot: &Snapshot, sites: &Sites, held: NodeIx) -> NodeIx {
    Wrappers::new(snapshot, sites).sure(held, true, &mut Vec::new()).unwrap_or(held)
}

/// Takes wrappers off.
pub(super) struct Wrappers<'r, 'a> {
    snapshot: &'r Snapshot<'a>,
    sites: &'r Sites,
    words: &'r Words,
    /// By scope, the functions in its variables that are not its own: many wrappers share one scope.
    handed: FxHashMap<NodeIx, Rc<[NodeIx]>>,
}

impl<'r, 'a> Wrappers<'r, 'a> {
    pub(super) fn new(snapshot: &'r Snapshot<'a>, sites: &'r Sites) -> Wrappers<'r, 'a> {
        Wrappers { snapshot, sites, words: &sites.words, handed: FxHashMap::default() }
    }

    /// The functions that run when a slot fires.
    pub(super) fn links(&mut self, held: NodeIx) -> Vec<Link> {
        let mut links = Vec::new();
        let last = self.sure(held, true, &mut links);
        if let Some(last) = last.filter(|it| self.is_of_user(*it)) {
            self.guess(last, 2, &mut links);
        }
        links
    }

    /// Takes off wrappers of known shape, appending each function on the way; returns the last one.
    fn sure(&self, held: NodeIx, sure: bool, links: &mut Vec<Link>) -> Option<NodeIx> {
        let mut last = None;
        let mut next = Some(held);
        for _ in 0..DEPTH {
            let Some(node) = next else { break };
            if links.iter().any(|it| it.node == node) {
                break;
            }
            let is_function = self.snapshot.kind(node) == NodeKind::Closure || self.is_generator(node);
            if is_function && links.len() < LINKS {
                links.push(Link { node, sure });
                last = Some(node);
            }
            next = self.wrapped(node);
        }
        last
    }

    /// What a wrapper of known shape wraps.
    fn wrapped(&self, node: NodeIx) -> Option<NodeIx> {
        if self.snapshot.kind(node) != NodeKind::Closure {
            return self.held_by_object(node);
        }
        let (snapshot, words) = (self.snapshot, self.words);
        // `once` of every emitter, and libraries that follow its example so that `off` finds the wrapper.
        let listener = words.property(snapshot, node, words.listener).filter(|it| self.is_callable(*it));
        listener.or_else(|| self.bound(node)).or_else(|| match self.sites.site(node) {
            Some(site) if self.sites.script(site.script).is_internal() => self.in_node(node),
            Some(_) => None,
            None => self.builtin(node),
        })
    }

    /// What an object listens with: `handleEvent`, an emitter's record, a weak reference.
    fn held_by_object(&self, node: NodeIx) -> Option<NodeIx> {
        let (snapshot, words) = (self.snapshot, self.words);
        if !matches!(snapshot.kind(node), NodeKind::Object | NodeKind::Other) || self.is_generator(node) {
            return None;
        }
        let names = [words.handle_event, words.r#fn, words.listener, words.callback];
        let property = names.into_iter().find_map(|it| words.property(snapshot, node, it));
        let target = || snapshot.held(node, EdgeKind::Weak, words.target);
        property.or_else(target).filter(|it| self.is_callable(*it))
    }

    /// What a bound function calls: its target; the function among its arguments if the target is Node's own
    /// (`runInAsyncScope.bind(resource, f)`); its receiver if the target is built in (`call.bind(f)`).
    fn bound(&self, node: NodeIx) -> Option<NodeIx> {
        let (snapshot, words) = (self.snapshot, self.words);
        let target = words.internal(snapshot, node, words.bound_function)?;
        if self.is_of_user(target) || words.internal(snapshot, target, words.bound_function).is_some() {
            return Some(target);
        }
        let bindings = words.internal(snapshot, node, words.bindings);
        let arguments = bindings.into_iter().flat_map(|it| snapshot.edges(it)).map(|it| it.to);
        let receiver = snapshot.edges(node).filter(|it| it.kind == EdgeKind::Internal).map(|it| it.to);
        let all = arguments.chain(receiver).filter(|it| *it != target && snapshot.kind(*it) == NodeKind::Closure);
        all.into_iter().find(|it| self.wraps_or_is_of_user(*it)).or(Some(target))
    }

    /// What a wrapper made by Node calls: `handler` of an `on…` attribute, else the function in a scope around it, below the
    /// module's (`promisify`, `callbackify`, `deprecate`, `AsyncResource.bind`, `AsyncLocalStorage.bind`, `once`).
    fn in_node(&self, node: NodeIx) -> Option<NodeIx> {
        let (snapshot, words) = (self.snapshot, self.words);
        if let Some(handler) = words.property(snapshot, node, words.handler).filter(|it| self.is_callable(*it)) {
            return Some(handler);
        }
        let names = [words.r#fn, words.original, words.listener, words.callback];
        self.scopes(node).take(SCOPES).find_map(|scope| {
            let variables = names.into_iter().filter_map(|it| snapshot.held(scope, EdgeKind::Context, it));
            variables.into_iter().find(|it| *it != node && self.is_callable(*it))
        })
    }

    /// What a function made by V8 calls: the suspended function behind an `await`, the handler behind `finally`.
    fn builtin(&self, node: NodeIx) -> Option<NodeIx> {
        let (snapshot, words) = (self.snapshot, self.words);
        let context = words.internal(snapshot, node, words.context)?;
        if self.words.native_contexts.contains(&snapshot.name_ix(context)) {
            return None;
        }
        let suspended = words.internal(snapshot, context, words.extension).filter(|it| self.is_generator(*it));
        let hidden = snapshot.edges(context).filter(|it| it.kind == EdgeKind::Hidden).map(|it| it.to);
        suspended.or_else(|| hidden.into_iter().find(|it| *it != node && self.wraps_or_is_of_user(*it)))
    }

    /// Functions that were handed to the scopes around a function of the program: not made in there, but passed in.
    fn guess(&mut self, function: NodeIx, depth: usize, links: &mut Vec<Link>) {
        let scopes: Vec<NodeIx> = self.scopes(function).take(SCOPES).collect();
        for scope in scopes {
            for &node in self.handed(scope).iter() {
                let last = self.sure(node, false, links);
                if let Some(last) = last.filter(|it| depth > 1 && links.len() < LINKS && self.is_of_user(*it)) {
                    self.guess(last, depth - 1, links);
                }
            }
        }
    }

    fn handed(&mut self, scope: NodeIx) -> Rc<[NodeIx]> {
        if let Some(known) = self.handed.get(&scope) {
            return known.clone();
        }
        let variables = self.snapshot.edges(scope).filter(|it| it.kind == EdgeKind::Context).map(|it| it.to);
        let found: Rc<[NodeIx]> = variables.filter(|it| self.is_handed(*it, scope)).take(LINKS).collect();
        self.handed.insert(scope, found.clone());
        found
    }

    /// Whether a variable of a scope holds a function from outside of the scope.
    fn is_handed(&self, node: NodeIx, scope: NodeIx) -> bool {
        let is_closure = self.snapshot.kind(node) == NodeKind::Closure;
        is_closure && self.wraps_or_is_of_user(node) && !self.scopes(node).any(|it| it == scope)
    }

    /// The scopes around a function from the inside, below the module's.
    fn scopes(&self, function: NodeIx) -> impl Iterator<Item = NodeIx> {
        let first = self.words.internal(self.snapshot, function, self.words.context);
        let mut seen = FxHashSet::default();
        let next = move |scope: &NodeIx| self.words.internal(self.snapshot, *scope, self.words.previous);
        let is_scope = |node: &NodeIx| Some(self.snapshot.name_ix(*node)) == self.words.context_node;
        let inner = move |scope: &NodeIx| next(scope).is_some_and(|it| is_scope(&it));
        std::iter::successors(first, next).take_while(inner).take_while(move |it| seen.insert(*it))
    }

    fn is_of_user(&self, node: NodeIx) -> bool {
        self.sites.site(node).is_some_and(|site| !self.sites.script(site.script).is_internal())
    }

    fn wraps_or_is_of_user(&self, node: NodeIx) -> bool {
        let is_closure = self.snapshot.kind(node) == NodeKind::Closure;
        is_closure && (self.is_of_user(node) || self.wrapped_name(node).is_some())
    }

    /// Whether a function without position is a wrapper at first sight; not deeper, so that this ends.
    fn wrapped_name(&self, node: NodeIx) -> Option<NodeIx> {
        let names: [(EdgeKind, Option<StringIx>); 2] =
            [(EdgeKind::Internal, self.words.bound_function), (EdgeKind::Property, self.words.listener)];
        let found = names.into_iter().find_map(|(kind, name)| self.snapshot.held(node, kind, name))?;
        self.is_callable(found).then_some(found)
    }

    /// Whether it can be a listener: a function or an object, not `undefined`.
    fn is_callable(&self, node: NodeIx) -> bool {
        let kind = self.snapshot.kind(node);
        matches!(kind, NodeKind::Closure | NodeKind::Object) && !self.words.is_oddball(self.snapshot, node)
    }

    /// Whether it is a suspended function: an object with the position of a function.
    fn is_generator(&self, node: NodeIx) -> bool {
        self.snapshot.kind(node) == NodeKind::Object
            && self.sites.site(node).is_some()
            && self.words.internal(self.snapshot, node, self.words.function).is_some()
    }
}
