//! One snapshot, read in every way that counting needs.

use super::Project;
use super::anchors::Anchors;
use super::atlas::Atlas;
use crate::heap::{Collections, Dominators, NodeIx, RetainedSizes, Retainers, Scopes, Sites, Slots, Snapshot};

/// A snapshot with what was read off it.
pub(super) struct Scene<'s, 'a> {
    pub(super) project: Project<'a>,
    pub(super) snapshot: &'s Snapshot<'s>,
    pub(super) retainers: Retainers,
    pub(super) dominators: Dominators,
    pub(super) sizes: RetainedSizes,
    pub(super) sites: Sites,
    pub(super) slots: Slots,
    pub(super) scopes: Scopes,
    pub(super) collections: Collections,
    pub(super) atlas: Atlas<'a>,
    pub(super) anchors: Anchors,
}

impl<'s, 'a> Scene<'s, 'a> {
    pub(super) fn new(project: Project<'a>, snapshot: &'s Snapshot<'s>) -> Scene<'s, 'a> {
        let retainers = Retainers::new(snapshot);
        let dominators = Dominators::new(snapshot, &retainers);
        let sizes = RetainedSizes::new(snapshot, &dominators);
        let sites = Sites::new(snapshot);
        let slots = Slots::new(snapshot, &sites);
        let scopes = Scopes::new(snapshot, &sites);
        let collections = Collections::new(snapshot, &sites);
        let scripts = sites.scripts().iter().filter(|it| !it.is_internal() && !it.path.is_empty());
        let atlas = Atlas::new(project, scripts.map(|it| (it.path.as_str(), it.map_url.as_deref())));
        let anchors = Anchors::new(&atlas, &sites);
        Scene { project, snapshot, retainers, dominators, sizes, sites, slots, scopes, collections, atlas, anchors }
    }

    /// Bytes that some nodes keep alive together.
    pub(super) fn bytes(&self, nodes: &[NodeIx]) -> u64 {
        self.dominators.topmost(nodes).into_iter().map(|it| self.sizes.of(it)).sum()
    }
}
