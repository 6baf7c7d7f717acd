//! Work without a client, such as backups.

use super::World;
use crate::convert::table;
use crate::model::drawn::Drawn;
use crate::model::event::Event;
use crate::model::ids::KeyId;
use crate::units::SimDuration;

impl World<'_> {
    /// Executes the next operation without a client, and schedules the one after it.
    pub(super) fn operation(&mut self, index: usize) {
        let plan = &self.around.plan.operations[index];
        let ordinal = self.operations[index];
        self.operations[index] += 1;
        let since = (self.around.now - plan.first).nanos() % plan.every.nanos();
        if since < plan.lasts.nanos() {
            let key = KeyId(plan.key.0 + 1);
            let cause = self.around.cause(plan.disks);
            self.around.component_ctx(plan.disks, cause, |disks, ctx| {
                disks.loads(ctx, key, Drawn::of(ordinal), false);
            });
        }
        let gap = -libm::log(self.around.draws.uniform_at(plan.key, ordinal, 0))
            / plan.rate.in_per_second();
        let next = self.around.now + SimDuration::from_seconds_f64(gap);
        let since = (next - plan.first).nanos() % plan.every.nanos();
        // An operation past the end of this run begins at the next start instead.
        let next = if since < plan.lasts.nanos() {
            next
        } else {
            next + SimDuration::from_nanos(plan.every.nanos() - since)
        };
        self.around.calendar.push(next, Event::Operation(table::u32(index)).code());
    }
}
