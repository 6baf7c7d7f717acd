//! Loss and stall of a set of disks: what becomes of the operations inside.

use super::{Disks, Operation, Slot};
use crate::model::Ctx;
use crate::model::ids::ComponentId;
use crate::model::request::{Marks, Outcome, RequestId, Waits};
use crate::units::SimDuration;

impl Disks {
    /// Loses every operation; the requests that wait for one fail.
    pub(super) fn lose_all(&mut self, ctx: &mut Ctx<'_>) {
        for index in 0..self.config.columns.disks {
            let disk = &mut self.disks[index as usize];
            let mut all = Vec::new();
            for slot in &mut disk.slots {
                let Some(operation) = std::mem::take(slot).operation else { continue };
                self.busy.remove(ctx.now, SimDuration::ZERO);
                all.push(operation);
            }
            all.extend(std::mem::take(&mut disk.line));
            if let Some(shared) = &mut self.shared {
                all = shared.lose(ctx.now, index, all);
            }
            for operation in all {
                self.lose(ctx, operation);
            }
        }
        if self.pool.is_some() {
            self.pool_lost(ctx);
        }
    }

    fn lose(&mut self, ctx: &mut Ctx<'_>, operation: Operation) {
        self.inside.remove(ctx.now, ctx.now - operation.since);
        self.fail(ctx, operation);
    }

    /// Fails the request that waits for an operation, if one does.
    pub(super) fn fail(&mut self, ctx: &mut Ctx<'_>, operation: Operation) {
        if operation.request == RequestId::NONE {
            return;
        }
        let entry = &mut ctx.requests[operation.request];
        if entry.at == self.id {
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            if self.config.has_copies {
                // The same operation again, without a look into memory.
                entry.marks.set(Marks::ASKED, true);
                entry.pc -= 1;
                return ctx.proceed(operation.request);
            }
            ctx.fail(operation.request, Outcome::Error);
        }
    }

    /// Stops all disks; the rest of each operation is done after the stall.
    pub(super) fn stop(&mut self, ctx: &Ctx<'_>) {
        for disk in &mut self.disks {
            disk.scrubs = false;
            for slot in disk.slots.iter_mut().rev() {
                let Slot { operation: Some(operation), ends, .. } = std::mem::take(slot) else {
                    continue;
                };
                // The rest of an interrupted read of a scan has no seek that another read could save.
                let tag = if operation.what.scans() { 0 } else { operation.tag };
                disk.line.push_front(Operation { time: ends - ctx.now, tag, ..operation });
                self.busy.remove(ctx.now, SimDuration::ZERO);
            }
        }
    }
}
