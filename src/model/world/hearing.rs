//! Who hears how others fare.

use crate::model::ids::ComponentId;
use crate::model::world::World;
use crate::model::{Health, Heard};

impl World<'_> {
    /// Those who listen hear how `id` fares.
    pub(crate) fn is_heard(&mut self, id: ComponentId, was: Health, is: Health) {
        let from = self.plan.hearers.partition_point(|(of, _)| *of < id);
        for (of, by) in self.plan.hearers[from..].iter().take_while(|(of, _)| *of == id) {
            let heard = Heard { of: *of, was, is };
            let cause = self.causes[id.index()];
            self.component_ctx(*by, cause, |component, ctx| component.hears(ctx, heard));
        }
    }
}
