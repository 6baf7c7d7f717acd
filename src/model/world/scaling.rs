//! Members that appear and disappear: what an autoscaler reads of a member, and does to it.
//!
//! A member that is absent has no capacity and gets no request; its health is that of its part, which fails and is
//! repaired as ever. Nothing else of the loop knows of it.

use crate::kinds::balancer::live::Balancer;
use crate::kinds::service::live::Service;
use crate::kinds::zone::live::Cpu;
use crate::model::blueprint::Place;
use crate::model::ids::ComponentId;
use crate::model::world::Around;
use crate::units::SimTime;

/// State of a member in the list of a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// It may get requests once it is believed alive.
    Listed,
    /// It gets no further request; its open ones end.
    Drains,
    /// It does not exist.
    Absent,
}

impl Around<'_> {
    /// Lets a member exist from now on, or not. A new process is cold for the time of its warm-up.
    pub(crate) fn appears(&mut self, member: ComponentId, exists: bool) {
        let now = self.now;
        self.held_mut::<Service>(member).appears(now, exists);
        if exists && self.plan.parts[member.index()].warm_up.is_some() {
            let works = self.health(member).works();
            self.states.restarted[member.index()] = Some(if works { now } else { SimTime::NEVER });
        }
    }

    /// Changes the state of a member in the list of a balancer.
    pub(crate) fn lists(&mut self, balancer: ComponentId, member: ComponentId, listing: Listing) {
        Balancer::lists(self, balancer, member, listing);
    }

    /// Returns whether a balancer has open requests at a member.
    pub(crate) fn has_open(&self, balancer: ComponentId, member: ComponentId) -> bool {
        self.held::<Balancer>(balancer).has_open(member)
    }

    /// Returns the number of requests inside a member.
    pub(crate) fn inside(&self, member: ComponentId) -> u32 {
        self.held::<Service>(member).number()
    }

    /// Returns the processor time that a zone has used, in steps × ns.
    pub(crate) fn used(&self, place: Place) -> u128 {
        self.held::<Cpu>(place.cpu).zone(self.now, place.zone).used.steps()
    }

    /// Returns the number of requests that have arrived at a member.
    pub(crate) fn arrived(&self, member: ComponentId) -> u128 {
        u128::from(self.held::<Service>(member).arrived())
    }

    /// Returns the area under the number of requests that wait at a member, in requests × ns.
    pub(crate) fn waited(&self, member: ComponentId) -> u128 {
        self.held::<Service>(member).waited(self.now)
    }
}
