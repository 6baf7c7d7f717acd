//! Exits of a guest to its hypervisor: what input and output of a virtual machine takes.
//!
//! Model: the guest looks for a block in its own memory first. What it lacks, each write and each reply leaves the guest:
//! the hypervisor takes processor time of the machine's zone, and the request waits for a latency. A reply leaves in batches of
//! packets: each takes the processor time, and the latency comes once. Writes for which no request waits take the processor
//! time alone.
//!
//! In: an operation of a request, the memory of the guest. Out: processor work, a timer, or the next operation.
//! Holds: a component outside a guest passes these operations without a change. Leaves out: batches of disk
//! operations, packets that arrive, input and output on processors of their own: exits count against the virtual processors.
//! Source: the structure of KVM and bhyve on SmartOS; times are those of the file.

use super::Around;
use crate::convert::whole;
use crate::kinds::cache::live::blocks::Found;
use crate::model::guest::Exits;
use crate::model::ids::{CauseId, KeyId};
use crate::model::request::{RequestId, Waits};
use crate::model::route::Op;
use crate::model::{Component, Ctx};
use crate::units::SimDuration;

impl Around<'_> {
    /// Executes an [`Op::Exit`] or [`Op::Lag`] of `id`. Returns true if it waits.
    #[inline(never)]
    pub(super) fn leaves_guest(&mut self, id: RequestId, op: Op) -> bool {
        let member = self.requests[id].top().at;
        let part = &self.plan.parts[member.index()];
        let Some(guest) = &part.guest else {
            // The `Lag` that follows is that of a guest.
            if !matches!(op, Op::Exit(Exits::Deferred { .. })) {
                self.requests[id].pc += 1;
            }
            return false;
        };
        let count = match op {
            Op::Lag(key) => {
                let uniform = self.draws.uniform(key, &self.requests[id], 0);
                let delay = SimDuration::from_seconds_f64(guest.latency.sample(uniform));
                return self.lags(id, delay);
            }
            Op::Exit(Exits::Deferred { amount }) => {
                u64::from(self.draws.amount(amount, &self.requests[id]))
            }
            Op::Exit(Exits::Read { mount, key }) if self.in_pages(id, mount, key) => {
                self.requests[id].pc += 2;
                return false;
            }
            Op::Exit(Exits::Reply) => self
                .reply_size(id)
                .map_or(1, |bytes| whole::u64((bytes / guest.batch).ceil().max(1.0))),
            _ => 1,
        };
        let work = guest.exit.saturating_mul(count);
        let Some(place) = part.place.filter(|_| work > 0) else { return false };
        let mut ctx = ctx!(self, self.states.causes[place.cpu.index()]);
        if let Component::Cpu(cpu) = &mut self.components[place.cpu.index()] {
            cpu.compute(&mut ctx, id, place.zone, (work, 1));
        }
        true
    }

    /// Returns the size in bytes of the reply to `id`; `None` if its class has none.
    pub(crate) fn reply_size(&self, id: RequestId) -> Option<f64> {
        let request = &self.requests[id];
        let reply = self.plan.routes.classes[request.class.index()].reply.as_ref()?;
        Some(reply.sampler.sample(self.draws.uniform(reply.key, request, 0)))
    }

    /// Lets `id` wait for `delay`. Returns false if there is none.
    fn lags(&mut self, id: RequestId, delay: SimDuration) -> bool {
        if delay.is_zero() {
            return false;
        }
        let mut ctx = ctx!(self, CauseId::OVERLOAD);
        ctx.requests[id].waits = Waits::Timer;
        ctx.wake_after(id, delay);
        true
    }

    /// Returns whether the guest's own memory has the block that `id` reads; stores it if not.
    fn in_pages(&mut self, id: RequestId, mount: u8, key: KeyId) -> bool {
        let pages = self.pool_of(id, mount, 0).and_then(|volume| volume.pages);
        let Some((memory, content)) = pages else { return false };
        // The draw is that of the memory in front of the disks.
        let key = KeyId(key.0 + 2);
        let uniform = self.draws.uniform(key, &self.requests[id], 0);
        match &mut self.components[memory.index()] {
            Component::Cache(cache) => {
                matches!(cache.read(self.now, content, uniform), Found::Memory)
            }
            _ => false,
        }
    }
}
