//! Who a user is from one page to the next, for balancers with sticky sessions.
//!
//! A guest is one user's session, with the member that each such balancer's cookie names. A closed user
//! is one guest for ever. Of an open workload the pages of a session are not the arrivals (those stay where
//! the source puts them, see `client`): when a view was served and its session goes on, the next page of the
//! source at or after the end of its think time is that user's. A page that is nobody's begins a session.
//!
//! Holds: a guest is with one view, or waits to come back; in the steady state no memory is asked for.
//! Leaves out: cookies that expire, users without cookies, several browsers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::convert::table;
use crate::model::ids::WorkloadId;
use crate::units::SimTime;

/// A session that is followed, by its place among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuestId(u32);

/// All sessions that are followed.
#[derive(Clone, Debug)]
pub struct Guests {
    /// Balancers with cookies.
    balancers: usize,
    /// By guest and balancer: the member's number from 1 on; 0: no cookie yet.
    cookies: Vec<u32>,
    free: Vec<GuestId>,
    /// By workload: who comes back with the next page at or after a time.
    thinking: Vec<BinaryHeap<Reverse<(SimTime, GuestId)>>>,
}

impl Guests {
    /// `users` are there for ever and have the first places.
    #[must_use]
    pub fn new(balancers: usize, users: usize, workloads: usize) -> Self {
        let cookies = vec![0; balancers * users];
        Self { balancers, cookies, free: Vec::new(), thinking: vec![BinaryHeap::new(); workloads] }
    }

    /// Who asks for a page of an open source at `now`; nobody is followed where no balancer has cookies.
    pub fn arrives(&mut self, workload: WorkloadId, now: SimTime) -> Option<GuestId> {
        if self.balancers == 0 {
            return None;
        }
        let thinking = &mut self.thinking[workload.index()];
        if let Some(Reverse((_, back))) = thinking.peek().filter(|Reverse((at, _))| *at <= now) {
            let back = *back;
            thinking.pop();
            return Some(back);
        }
        Some(self.free.pop().unwrap_or_else(|| {
            let fresh = GuestId(table::u32(self.cookies.len() / self.balancers));
            self.cookies.resize(self.cookies.len() + self.balancers, 0);
            fresh
        }))
    }

    /// A closed user, by its place among all of them.
    #[must_use]
    pub fn user(&self, user: u32) -> Option<GuestId> {
        (self.balancers > 0).then_some(GuestId(user))
    }

    /// `guest` asks for its next page at `at` or with the first one after it.
    pub fn comes_back(&mut self, workload: WorkloadId, guest: GuestId, at: SimTime) {
        self.thinking[workload.index()].push(Reverse((at, guest)));
    }

    /// The session of `guest` is over.
    pub fn leaves(&mut self, guest: GuestId) {
        let first = guest.0 as usize * self.balancers;
        self.cookies[first..first + self.balancers].fill(0);
        self.free.push(guest);
    }

    /// The member that the cookie of a balancer names.
    #[must_use]
    pub fn cookie(&self, guest: GuestId, balancer: usize) -> Option<usize> {
        let cookie = self.cookies[guest.0 as usize * self.balancers + balancer];
        (cookie as usize).checked_sub(1)
    }

    /// A balancer sends `guest` to `member`.
    pub fn set_cookie(&mut self, guest: GuestId, balancer: usize, member: usize) {
        let place = guest.0 as usize * self.balancers + balancer;
        self.cookies[place] = table::u32(member) + 1;
    }
}
