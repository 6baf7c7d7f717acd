//! The list of members of a balancer, where an autoscaler changes it.
//!
//! Model: a member that is not listed gets no request and no probe. One that is listed anew is believed dead until
//! `rise` probes succeed; without probes it is believed alive at once. Its own probes go on at their phase.
//! Holds: a member that drains keeps its open requests; one that is absent has none, and no slots.

use super::Balancer;
use crate::convert::place;
use crate::model::Move;
use crate::model::ids::ComponentId;
use crate::model::world::Around;
use crate::model::world::scaling::Listing;
use crate::units::SimTime;

/// Members that do not exist, and their number over time.
#[derive(Clone, Debug)]
pub(super) struct Away {
    gone: Vec<bool>,
    number: u32,
    since: SimTime,
    area: u128,
}

impl Away {
    /// Returns the state in which all `members` exist.
    pub(super) fn none_of(members: usize) -> Self {
        Self { gone: vec![false; members], number: 0, since: SimTime::ZERO, area: 0 }
    }

    /// Returns the area under the number up to `now`, in members × ns.
    pub(super) fn area(&self, now: SimTime) -> u128 {
        self.area + u128::from(self.number) * u128::from((now - self.since).nanos())
    }

    /// Lets a member exist from `now` on, or not.
    fn turn(&mut self, now: SimTime, member: usize, gone: bool) {
        self.area = self.area(now);
        self.since = now;
        self.gone[member] = gone;
        self.number = place(self.gone.iter().filter(|gone| **gone).count());
    }
}

impl Balancer {
    /// Returns whether a unit has open requests at `member`.
    pub(crate) fn has_open(&self, member: ComponentId) -> bool {
        let Some(member) = self.member_of(member) else { return false };
        (0..self.config.units.len()).any(|unit| self.open(unit, member) > 0)
    }

    /// Changes the state of a member in the list of all units.
    pub(crate) fn lists(
        around: &mut Around<'_>,
        balancer: ComponentId,
        member: ComponentId,
        listing: Listing,
    ) {
        let now = around.now;
        let found = around.held_mut::<Self>(balancer);
        let Some(member) = found.member_of(member) else { return };
        let listed = listing == Listing::Listed;
        for unit in 0..found.config.units.len() {
            let at = found.at(unit, member);
            let alive = listed && found.config.probing.is_none();
            found.states[at].alive = alive;
            let belief = &mut found.beliefs[at];
            belief.listed = listed;
            belief.against = 0;
            belief.since = alive.then_some(now);
            belief.ahead = 0.0;
            found.unbind(unit);
        }
        found.away.turn(now, member, listing == Listing::Absent);
        for unit in 0..found.config.units.len() {
            let found = around.held::<Self>(balancer);
            if found.waiting(unit) > 0 {
                let unit = found.config.units[unit].0;
                around.lane.push(Move::Room(unit));
            }
        }
    }
}
