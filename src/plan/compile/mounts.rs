//! Stores as mounted by the components that use them.

use super::Builder;
use crate::convert::table;
use crate::kinds::nas::live::Persistence;
use crate::model::blueprint::{Mount, Part};
use crate::model::ids::ComponentId;
use crate::plan::links::Store;
use crate::units::SimDuration;

impl Mount {
    /// Creates a mount of one pool, without a memory in front of it.
    pub(crate) const fn alone(head: Option<ComponentId>, disks: ComponentId) -> Self {
        Self {
            head,
            disks,
            persistence: Persistence::Hard,
            data_set: None,
            collects: false,
            memory: None,
            pages: None,
            away: None,
            pools: 1,
            others: 0,
        }
    }
}

impl Builder<'_> {
    /// Adds a store to the component `part`, which runs in the zone member `at`. Requests wait for a silent store for
    /// ever, or at most for `soft`.
    pub(crate) fn mount(
        &self,
        part: &mut Part,
        store: Store,
        at: (usize, u32),
        soft: Option<SimDuration>,
    ) {
        let persistence = soft.map_or(Persistence::Hard, Persistence::Soft);
        let mut pools = store.component().0.answers().mounts(self, store, at).into_iter();
        let Some(first) = pools.next() else { return };
        let (count, others) = (1 + table::u8(pools.len()), table::u16(part.further.len()));
        part.mounts.push(Mount { persistence, pools: count, others, ..first });
        part.further.extend(pools.map(|pool| Mount { persistence, pools: count, ..pool }));
    }
}
