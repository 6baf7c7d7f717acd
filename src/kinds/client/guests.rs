//! Sticky sessions: the sessions of users from one page to the next, for balancers with cookies.
//!
//! Model: a sticky session has, for each such balancer, the member that its cookie names. The session of a
//! closed user never ends. Sessions of an open workload do not shape its arrivals (see `live`). When a view was
//! served and its session goes on, the next page of the source at or after the think time is assigned to that
//! session. A page that is assigned to none begins a session.
//!
//! Holds: a session has one view in progress, or waits for its next page; in the steady state nothing is allocated.
//! Leaves out: cookies that expire, users without cookies, several browsers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::convert::table;
use crate::model::ids::WorkloadId;
use crate::units::SimTime;

/// Number of a sticky session among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuestId(u32);

/// All sticky sessions.
#[derive(Clone, Debug)]
pub struct Guests {
    /// Number of balancers with cookies.
    balancers: usize,
    /// Member of each session and balancer, counted from 1; 0: no cookie yet.
    cookies: Vec<u32>,
    free: Vec<GuestId>,
    /// Sessions, by workload, that get the next page at or after a time.
    thinking: Vec<BinaryHeap<Reverse<(SimTime, GuestId)>>>,
}

impl Guests {
    /// Creates the sessions of `users` closed users, which never end and have the first numbers.
    #[must_use]
    pub fn new(balancers: usize, users: usize, workloads: usize) -> Self {
        let cookies = vec![0; balancers * users];
        Self { balancers, cookies, free: Vec::new(), thinking: vec![BinaryHeap::new(); workloads] }
    }

    /// Returns the session of the page that an open source requests at `now`; `None` if no balancer has cookies.
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

    /// Returns the session of a closed user, by its number; `None` if no balancer has cookies.
    #[must_use]
    pub fn user(&self, user: u32) -> Option<GuestId> {
        (self.balancers > 0).then_some(GuestId(user))
    }

    /// Assigns to `guest` the next page of the source at or after `at`.
    pub fn comes_back(&mut self, workload: WorkloadId, guest: GuestId, at: SimTime) {
        self.thinking[workload.index()].push(Reverse((at, guest)));
    }

    /// Ends the session `guest`, and clears its cookies.
    pub fn leaves(&mut self, guest: GuestId) {
        let first = guest.0 as usize * self.balancers;
        self.cookies[first..first + self.balancers].fill(0);
        self.free.push(guest);
    }

    /// Returns the member that the cookie of a balancer names; `None` without a cookie.
    #[must_use]
    pub fn cookie(&self, guest: GuestId, balancer: usize) -> Option<usize> {
        let cookie = self.cookies[guest.0 as usize * self.balancers + balancer];
        (cookie as usize).checked_sub(1)
    }

    /// Sets the cookie of a balancer to `member`.
    pub fn set_cookie(&mut self, guest: GuestId, balancer: usize, member: usize) {
        let place = guest.0 as usize * self.balancers + balancer;
        self.cookies[place] = table::u32(member) + 1;
    }
}
