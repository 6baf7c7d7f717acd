//! Reports of changes of health to the components that listen.

use crate::model::Heard;
use crate::model::world::Around;

impl Around<'_> {
    /// Reports a change of health to all components that listen to `heard.of`.
    pub(crate) fn is_heard(&mut self, heard: Heard) {
        let id = heard.of;
        let from = self.plan.hearers.partition_point(|(of, _)| *of < id);
        for (_, by) in self.plan.hearers[from..].iter().take_while(|(of, _)| *of == id) {
            let cause = self.states.causes[id.index()];
            self.component_ctx(*by, cause, |component, ctx| component.hears(ctx, heard));
        }
    }
}
