//! Faults of a request at the memory of a zone that is above its cap.
//!
//! Model: before a step computes, it touches pages of its zone. The number of faults is drawn by the memory of the zone
//! ([`paging`](crate::kinds::zone::live::paging)); each is one read at the swap device, past every memory, and the next fault
//! follows it. A daemon may delay each fault, which keeps a processor busy. In: operations
//! [`Page`](crate::model::paging::Paging) of a request. Holds: a component without a declared working set passes all of them.

use super::Around;
use crate::kinds::disks::live::NO_ZONE;
use crate::kinds::service::live::Service;
use crate::kinds::zone::live::paging::{Paging, WorkingSet};
use crate::model::Component;
use crate::model::ids::{ComponentId, KeyId};
use crate::model::request::RequestId;

impl Around<'_> {
    /// Returns the pages that the services of a zone with the memory `own` use.
    pub(crate) fn pages_used(&self, own: ComponentId) -> u64 {
        let used = |all: u64, set: &WorkingSet| {
            let inside = u64::from(self.held::<Service>(set.member).working());
            all.saturating_add(set.base).saturating_add(set.per_request.saturating_mul(inside))
        };
        let paging = self.held::<Paging>(own);
        paging.sets().iter().fold(paging.mapped(), used)
    }

    /// Counts the pages that the services of the zone of `member` use now.
    #[inline(never)]
    pub(crate) fn memory_changes(&mut self, member: ComponentId) {
        let Some((own, _)) = self.plan.parts[member.index()].paging else { return };
        let used = self.pages_used(own);
        self.with(own, |paging: &mut Paging, ctx| paging.uses(ctx, used));
    }

    /// Begins the loop of the faults of a step of `id`, or goes to `end` if there are none.
    #[inline(never)]
    pub(super) fn touches(&mut self, id: RequestId, key: KeyId, end: u32) {
        let member = self.requests[id].top().at;
        let faults = match self.plan.parts[member.index()].paging {
            Some((own, set)) => {
                let used = self.pages_used(own);
                let uniform = self.draws.uniform(key, &self.requests[id], 0);
                self.with(own, |paging: &mut Paging, ctx| paging.touch(ctx, set, used, uniform))
            }
            None => 0,
        };
        self.loops(id, u16::try_from(faults).expect("the language bounds touches"), end);
    }

    /// Lets `id` wait at the processor before a fault, as long as a daemon delays it. Returns false if none does.
    #[inline(never)]
    pub(super) fn delays_fault(&mut self, id: RequestId) -> bool {
        let member = self.requests[id].top().at;
        let part = &self.plan.parts[member.index()];
        let (Some((own, _)), Some(place)) = (part.paging, part.place) else { return false };
        let work = self.held::<Paging>(own).delay().nanos();
        if work == 0 {
            return false;
        }
        let cause = self.states.causes[place.cpu.index()];
        self.component_ctx(place.cpu, cause, |component, ctx| {
            if let Component::Cpu(cpu) = component {
                cpu.compute(ctx, id, place.zone, (work, 1));
            }
        });
        true
    }

    /// Reads a page of `id` back from the disks of its `mount`.
    #[inline(never)]
    pub(super) fn page_in(&mut self, id: RequestId, mount: u8, key: KeyId) {
        let member = self.requests[id].top().at;
        if let Some((own, _)) = self.plan.parts[member.index()].paging {
            self.with(own, |paging: &mut Paging, ctx| paging.page_in(ctx));
        }
        let volume = self.plan.parts[member.index()].mounts[usize::from(mount)];
        self.operates(id, volume.disks, false, key, volume.data_set.unwrap_or(NO_ZONE));
    }
}
