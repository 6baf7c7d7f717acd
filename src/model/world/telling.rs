//! Events in words, for a report of a trajectory event by event: kind, instant and place.
//!
//! In: an event that was counted and is about to be handled, with the world before it. Out: names of the plan.
//! Nothing is changed.

use crate::engine::calendar::Ticket;
use crate::model::event::{Event, MAX_INDEX};
use crate::model::ids::{ComponentId, UnitId, WorkloadId};
use crate::model::request::RequestId;
use crate::model::world::World;
use crate::units::SimTime;

/// An event of a trajectory that is about to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening<'w> {
    /// Number of the event in the trajectory, counted from 1.
    pub number: u64,
    /// Instant in the trajectory.
    pub at: SimTime,
    /// Description of the event.
    pub what: &'static str,
    /// Name of the component, workload or automaton. Empty if there is none, and for a stale event, which has no
    /// effect.
    pub place: &'w str,
    /// Number within its kind: the slot of a request, the place of a unit in the plan.
    pub id: u32,
    /// Digest of all events of the trajectory up to and including this one.
    pub digest: u64,
}

impl World<'_> {
    /// Returns the event of `code` and `ticket`, which was counted last.
    #[must_use]
    pub fn happening(&self, code: u32, ticket: Ticket) -> Happening<'_> {
        let event = Event::of(code);
        Happening {
            number: self.events(),
            at: self.around.now,
            what: event.words(),
            place: self.place_of(event, ticket).unwrap_or_default(),
            id: code & MAX_INDEX,
            digest: self.digest(),
        }
    }

    fn place_of(&self, event: Event, ticket: Ticket) -> Option<&str> {
        let part =
            |id: ComponentId| self.around.plan.parts.get(id.index()).map(|part| part.name.as_str());
        let unit = |id: UnitId| part(self.around.plan.units.get(id.index())?.0);
        let workload = |id: WorkloadId| {
            self.around.plan.workloads.get(id.index()).map(|one| one.name.as_str())
        };
        let class = |id: RequestId| {
            let class = self.around.requests[id].class;
            self.around.plan.routes.classes.get(class.index()).map(|class| class.name.as_str())
        };
        match event {
            Event::Arrival(id) => workload(id),
            Event::Served(id) | Event::Wake(id) => {
                let request =
                    Some(&self.around.requests[id]).filter(|entry| entry.ticket == ticket)?;
                part(request.at).or_else(|| class(id))
            }
            Event::Patience(id) if self.around.requests[id].patience == ticket => class(id),
            Event::Patience(_) | Event::Patiences => None,
            Event::Alarm(id) => unit(id),
            Event::Probe(id) | Event::Database(id) | Event::Feed(id) | Event::Scale(id) => {
                unit(UnitId(id))
            }
            Event::CallDeadline(id) => {
                self.around.plan.routes.calls.get(id as usize).map(|call| call.name.as_str())
            }
            Event::View(id) => workload(self.around.clients.views.awaits(id, ticket)?),
            Event::Health => self.around.first_to_change(),
            Event::Operation(id) => {
                self.around.plan.operations.get(id as usize).map(|one| one.name.as_str())
            }
            Event::Resize(id) => {
                let plan = &self.around.plan;
                let recapped = || plan.recaps.get(id as usize - plan.resizes.len());
                let cache = plan.resizes.get(id as usize).map(|resizing| resizing.cache);
                part(cache.or_else(|| Some(recapped()?.place.cpu))?)
            }
            Event::User(id) => workload(self.around.clients.users.workload_of(id)?),
        }
    }
}
