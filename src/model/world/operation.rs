//! Work without a client: backups and the like.

use super::World;
use crate::convert::table;
use crate::model::event::Event;
use crate::model::route::Drawn;
use crate::model::{Component, Ctx};
use crate::units::SimDuration;

impl World<'_> {
    /// The next piece of work without a client.
    pub(super) fn operation(&mut self, index: usize) {
        let plan = &self.plan.operations[index];
        let ordinal = self.operations[index];
        self.operations[index] += 1;
        let since = (self.now - plan.first).nanos() % plan.every.nanos();
        if since < plan.lasts.nanos() {
            let disks = plan.disks;
            let mut ctx = ctx!(self, self.causes[disks.index()]);
            if let Component::Disks(disks) = &mut self.components[disks.index()] {
                let key = crate::model::ids::KeyId(plan.key.0 + 1);
                disks.background(&mut ctx, key, Drawn::of(ordinal), 0, false);
            }
        }
        let gap =
            -libm::log(self.draws.uniform_at(plan.key, ordinal, 0)) / plan.rate.in_per_second();
        let next = self.now + SimDuration::from_seconds_f64(gap);
        let since = (next - plan.first).nanos() % plan.every.nanos();
        // Past the end of this run: the next one starts at its own hour.
        let next = if since < plan.lasts.nanos() {
            next
        } else {
            next + SimDuration::from_nanos(plan.every.nanos() - since)
        };
        self.calendar.push(next, Event::Operation(table::u32(index)).code());
    }
}
