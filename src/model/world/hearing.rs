//! Reports of changes of health, and of times in which a component takes work, to the components that listen.

use crate::model::ids::ComponentId;
use crate::model::world::Around;
use crate::model::{Heard, Shift};

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

    /// Reports that the hours of `of` begin or end, to all components that listen to it and to itself.
    pub(crate) fn hours_change(&mut self, of: ComponentId, shift: Shift) {
        self.takes_work(of, shift);
        let cause = self.states.causes[of.index()];
        self.component_ctx(of, cause, |component, ctx| component.lent(ctx, of, shift));
    }

    /// Reports to all components that listen to `of` that it takes work from now on, or none.
    pub(crate) fn takes_work(&mut self, of: ComponentId, shift: Shift) {
        let from = self.plan.hearers.partition_point(|(heard, _)| *heard < of);
        for (_, by) in self.plan.hearers[from..].iter().take_while(|(heard, _)| *heard == of) {
            let cause = self.states.causes[of.index()];
            self.component_ctx(*by, cause, |component, ctx| component.lent(ctx, of, shift));
        }
    }
}
