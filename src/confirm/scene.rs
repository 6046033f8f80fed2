//! One snapshot, read in every way that counting needs.

use super::Project;
use super::anchors::Anchors;
use super::atlas::{Atlas, Ran};
use super::vocabulary::{knows, names_in_scripts};
use crate::heap::{
    Collections, Display, Dominators, NodeIx, RetainedSizes, RetainerPaths, Scopes, Sites, Slots, Snapshot, is_platform_name,
    unwrapped,
};
use rustc_hash::FxHashSet;
use std::cell::OnceCell;

/// A snapshot with what was read off it.
pub(super) struct Scene<'s, 'a> {
    pub(super) project: Project<'a>,
    pub(super) snapshot: &'s Snapshot<'s>,
    pub(super) sites: Sites,
    pub(super) slots: Slots,
    pub(super) scopes: Scopes,
    pub(super) collections: Collections,
    pub(super) atlas: Atlas<'a>,
    pub(super) anchors: Anchors,
    /// Not needed by whoever only looks for timers.
    weights: OnceCell<(Dominators, RetainedSizes)>,
    paths: OnceCell<RetainerPaths>,
    /// Names of properties in the packages that the program loaded.
    names: OnceCell<FxHashSet<String>>,
}

impl<'s, 'a> Scene<'s, 'a> {
    pub(super) fn new(project: Project<'a>, snapshot: &'s Snapshot<'s>) -> Scene<'s, 'a> {
        let sites = Sites::new(snapshot);
        let slots = Slots::new(snapshot, &sites);
        let scopes = Scopes::new(snapshot, &sites);
        let collections = Collections::new(snapshot, &sites);
        let scripts = sites.scripts().iter().filter(|it| !it.is_internal() && !it.path.is_empty());
        let atlas = Atlas::new(project, scripts.map(|it| Ran { path: &it.path, map: it.map_url.as_deref(), source: &it.source }));
        let anchors = Anchors::new(&atlas, &sites);
        Scene {
            project,
            snapshot,
            sites,
            slots,
            scopes,
            collections,
            atlas,
            anchors,
            weights: OnceCell::new(),
            paths: OnceCell::new(),
            names: OnceCell::new(),
        }
    }

    fn weights(&self) -> &(Dominators, RetainedSizes) {
        self.weights.get_or_init(|| RetainedSizes::with_dominators(self.snapshot))
    }

    /// Who holds every node alone.
    pub(super) fn dominators(&self) -> &Dominators {
        &self.weights().0
    }

    /// The most durable way to every node.
    pub(super) fn paths(&self) -> &RetainerPaths {
        self.paths.get_or_init(|| RetainerPaths::new(self.snapshot))
    }

    /// The way to a node, in words that may be shown.
    pub(super) fn path(&self, node: NodeIx) -> Vec<String> {
        let knows = |name: &str| self.knows(name);
        let places = |node: NodeIx| self.place_text(node);
        let display = Display { snapshot: self.snapshot, paths: self.paths(), knows: &knows, places: &places };
        display.path(&self.paths().to(self.snapshot, node))
    }

    /// Whether a name may be shown: some code has it.
    pub(super) fn knows(&self, name: &str) -> bool {
        let scripts = || self.sites.scripts().iter().filter(|it| !it.is_internal()).map(|it| it.path.as_str());
        let loaded = || self.names.get_or_init(|| names_in_scripts(self.project, scripts()));
        is_platform_name(name) || knows(self.project.units, name) || loaded().contains(name)
    }

    /// `src/feed.js:12`: of a wrapper without a place, that of what it wraps.
    fn place_text(&self, node: NodeIx) -> Option<String> {
        let own = self.sites.site(node).filter(|it| !self.sites.script(it.script).is_internal());
        let inner = || self.sites.site(unwrapped(self.snapshot, &self.sites, node));
        let site = own.or_else(inner).or_else(|| self.sites.site(node))?;
        if let Some((file, offset)) = self.anchors.of_site(site) {
            let (text, lines) = (self.project.texts)(file)?;
            return Some(format!("{}:{}", self.project.units[file.index()].path, lines.location(text, offset).line));
        }
        let path = &self.sites.script(site.script).path;
        let below = path.strip_prefix(self.project.root.to_string_lossy().as_ref()).map(|it| it.trim_start_matches('/'));
        Some(format!("{}:{}", below.unwrap_or(path), site.line + 1))
    }

    /// Bytes that some nodes keep alive together.
    pub(super) fn bytes(&self, nodes: &[NodeIx]) -> u64 {
        let (dominators, sizes) = self.weights();
        dominators.topmost(nodes).into_iter().map(|it| sizes.of(it)).fold(0, u64::saturating_add)
    }
}
