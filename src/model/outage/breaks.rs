//! A change of health of a component: its account, the components that receive it, and their order.

use crate::model::ids::{CauseId, ComponentId};
use crate::model::world::Around;
use crate::model::{Component, Health, Heard};
use crate::units::SimTime;

impl Around<'_> {
    /// Sets the health of a component from now on, for `cause`.
    pub fn set_health(&mut self, id: ComponentId, health: Health, cause: CauseId) {
        let before = std::mem::replace(&mut self.states.healths[id.index()], health);
        let old = self.states.causes[id.index()];
        if before == health && (health == Health::Up || old == cause) {
            return;
        }
        self.remember(id, before, health, cause);
        let (lost, stands) = (health.is_lost(), health.is_stalled());
        let heard = Heard { of: id, was: before, is: health };
        if !self.component(id).is_process() {
            self.is_heard(heard);
            self.component_ctx(id, cause, |component, ctx| component.health(ctx, health));
            self.owner_health(id, health);
            if let Some(whole) = self.component(id).whole() {
                Component::part_health(self, whole, heard, cause);
            }
            return;
        }
        self.is_heard(heard);
        // The process after a hang is a new one.
        let renewed = before == Health::Hung && health != Health::Hung;
        if renewed && !lost {
            self.component_ctx(id, old, |component, ctx| component.health(ctx, Health::Down));
            self.drop_requests(id, old);
        }
        self.component_ctx(id, cause, |component, ctx| component.health(ctx, health));
        if lost {
            self.drop_requests(id, cause);
        }
        let part = &self.plan.parts[id.index()];
        for whole in [part.balancer, part.database.map(|(group, _)| group)].into_iter().flatten() {
            Component::part_health(self, whole, heard, self.cause(id));
        }
        match (before.is_stalled(), stands) {
            (false, true) => self.freeze(id),
            (true, false) => self.thaw(id),
            _ => {}
        }
    }

    /// Records the present failures with their causes.
    fn remember(&mut self, id: ComponentId, before: Health, health: Health, cause: CauseId) {
        let old = std::mem::replace(&mut self.states.causes[id.index()], CauseId::OVERLOAD);
        if health != Health::Up {
            self.states.causes[id.index()] = cause;
        }
        self.account.put(
            self.now,
            self.requests.len(),
            (before != Health::Up).then_some(old),
            (health != Health::Up).then_some(cause),
        );
        let is_back = health.works();
        let restarted = &mut self.states.restarted[id.index()];
        if is_back && *restarted == Some(SimTime::NEVER) {
            *restarted = Some(self.now);
        }
    }

    /// Clears the memory of `id`. A process that is not back yet starts cold when it is.
    pub(super) fn wipe(&mut self, id: ComponentId) {
        self.account.lost_memory(self.now);
        let keeper = self.component(id).whole().unwrap_or(id);
        if !self.components[keeper.index()].forgets(id) {
            let runs = self.health(id).works();
            let since = if runs { self.now } else { SimTime::NEVER };
            self.states.restarted[id.index()] = Some(since);
        }
    }
}
