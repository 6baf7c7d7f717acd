//! Closed users: their think times, their requests, and the next request of each.
//!
//! A user is in one of two places: in the calendar, thinking, or in a request or page view that carries its
//! number. The code that ends that request calls [`Around::user_answered`]. After the horizon no user begins to
//! think, since no request is made there.

use crate::convert::place;
use crate::engine::draw::Lineage;
use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::event::Event;
use crate::model::ids::WorkloadId;
use crate::model::world::Around;
use crate::units::SimTime;
use crate::workload::users::{Thinks, ordinal};

/// Closed users of all workloads, ordered by workload and number.
#[derive(Clone, Debug)]
pub(super) struct AllUsers {
    users: Vec<User>,
    /// Think times per workload; `None` for a workload without closed users.
    thinks: Vec<Option<Thinks>>,
}

#[derive(Clone, Copy, Debug)]
struct User {
    workload: WorkloadId,
    number: u32,
    /// Number of interactions begun.
    begun: u32,
}

impl AllUsers {
    pub(super) fn new(plan: &Blueprint, lineage: Lineage) -> Self {
        let mut users = Vec::new();
        let mut thinks = Vec::with_capacity(plan.workloads.len());
        for (index, workload) in plan.workloads.iter().enumerate() {
            let Arrivals::Closed(closed) = &workload.arrivals else {
                thinks.push(None);
                continue;
            };
            let workload_id = WorkloadId::at(index);
            let user = |number| User { workload: workload_id, number, begun: 0 };
            users.extend((0..closed.count()).map(user));
            thinks.push(Some(closed.thinks(plan.seed, lineage, &workload.name)));
        }
        Self { users, thinks }
    }

    pub(super) fn count(&self) -> usize {
        self.users.len()
    }

    /// Returns the workload of a user.
    pub(super) fn workload_of(&self, user: u32) -> Option<WorkloadId> {
        self.users.get(user as usize).map(|user| user.workload)
    }
}

impl Around<'_> {
    /// Lets every user begin to think.
    pub(super) fn start_users(&mut self) {
        for user in 0..place(self.clients.users.users.len()) {
            self.user_answered(user, self.now);
        }
    }

    /// Lets `user` begin to think at `at`, when it has its answer or knows that none comes.
    pub(crate) fn user_answered(&mut self, user: u32, at: SimTime) {
        let User { workload, number, begun } = self.clients.users.users[user as usize];
        let Some(thinks) = &self.clients.users.thinks[workload.index()] else { return };
        let asks = at + thinks.before(number, begun);
        if asks < self.span.horizon {
            self.calendar.push(asks, Event::User(user).code());
        }
    }

    /// Ends the think time of `user`, and starts its request.
    pub(super) fn user_asks(&mut self, user: u32) {
        let entry = &mut self.clients.users.users[user as usize];
        let (workload, drawn) = (entry.workload, ordinal(entry.number, entry.begun));
        entry.begun = entry.begun.wrapping_add(1);
        let ordinal = self.plan.workloads[workload.index()].first_ordinal + drawn;
        self.view_asked(workload, ordinal, Some(user));
    }
}
