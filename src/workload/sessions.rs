//! Sessions: a user requests several pages, with think times in between.
//!
//! Model: the pages of a session are geometric on 1, 2, … with a stated mean, the think times
//! between them independent with a law in seconds. Three uses:
//! - *open*: sessions start as an arrival stream whose level is the page rate divided by the mean
//!   number of pages; each further page comes a think time after the one before, whatever the
//!   answer was ([`SessionArrivals`]);
//! - *as answered*: the model asks [`Sessions::has_next`] and [`Sessions::think`] when a page is answered, so a slow
//!   site gets fewer requests;
//! - *closed*: a fixed number of users who think, request and wait; user u is session u and never leaves.
//!
//! Every draw of a page is keyed by [`PageKey`] (session, page, position), never by time, so a slower server changes no
//! user's demand. Holds: the length of a session and all its think times are pure functions of the session's number.
//! Leaves out: sessions that end after a failed page, which is the model's task.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use super::arrivals::{Arrival, ArrivalStream};
use crate::convert::whole;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::{DurationLaw, Law, Sampler};
use crate::units::{SimDuration, SimTime};

const POSITION_BITS: u32 = 12;
const PAGE_BITS: u32 = 12;
/// Maximum number of pages in one session. At a mean of 100 a session is longer with a probability of 10⁻¹⁸.
pub const MAX_PAGES: u32 = 1 << PAGE_BITS;
/// Maximum number of owners of draws within one page: the page itself and its objects.
pub const MAX_POSITIONS: u32 = 1 << POSITION_BITS;

/// A page view by its place in the workload: session, page in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// Ordinal of the session at its source; for single requests, the arrival's ordinal.
    pub session: u64,
    /// Page within the session, from 0, below [`MAX_PAGES`].
    pub page: u32,
}

impl PageKey {
    /// The page of a single request: a session of its own.
    #[must_use]
    pub const fn single(arrival: Arrival) -> Self {
        Self { session: arrival.ordinal, page: 0 }
    }

    /// The ordinal under which the thing at `position` in this page draws: 0 for the page itself,
    /// 1, 2, … for what it fetches. Different for every (session, page, position) below 2⁴⁰
    /// sessions, [`MAX_PAGES`] and [`MAX_POSITIONS`]; further positions share the last one's.
    #[must_use]
    pub const fn ordinal(self, position: u32) -> u64 {
        let last = MAX_POSITIONS - 1;
        let position = if position > last { last } else { position };
        (self.session << (PAGE_BITS + POSITION_BITS))
            | ((self.page as u64) << POSITION_BITS)
            | position as u64
    }
}

/// Reason why sessions cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionError {
    /// The mean number of pages is not within 1..=100.
    Pages(f64),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pages(mean) => write!(f, "{mean} pages a session; the mean must be 1 to 100"),
        }
    }
}

impl std::error::Error for SessionError {}

/// Lengths and think times of one workload's sessions in one replication.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Law of the pages after the first; `None` when sessions have one page.
    further: Option<Sampler>,
    think: Sampler,
    lengths: Key,
    thinks: Key,
}

impl Sessions {
    /// Sessions of `mean_pages` pages with thoughts of `think` in between.
    ///
    /// # Errors
    ///
    /// [`SessionError::Pages`] for a mean outside 1..=100 pages.
    pub fn new(
        mean_pages: f64,
        think: &DurationLaw,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
    ) -> Result<Self, SessionError> {
        if !(1.0..=100.0).contains(&mean_pages) {
            return Err(SessionError::Pages(mean_pages));
        }
        Ok(Self {
            further: Law::geometric(mean_pages - 1.0).ok().map(|law| law.sampler()),
            think: think.sampler(),
            lengths: Key::derive(seed, lineage, "session-pages", owner),
            thinks: Key::derive(seed, lineage, "think", owner),
        })
    }

    /// Returns the number of pages of a session, 1 to [`MAX_PAGES`].
    #[must_use]
    pub fn pages(&self, session: u64) -> u32 {
        let further =
            self.further.as_ref().map_or(0.0, |law| law.sample(self.lengths.uniform(session, 0)));
        1 + whole::u32(further).min(MAX_PAGES - 1)
    }

    /// Returns whether a page follows `page` in its session.
    #[must_use]
    pub fn has_next(&self, page: PageKey) -> bool {
        page.page + 1 < self.pages(page.session)
    }

    /// Returns the think time after `page`, before the next one.
    #[must_use]
    pub fn think(&self, page: PageKey) -> SimDuration {
        self.think.duration(self.thinks.uniform(page.session, page.page))
    }

    /// The next page of the session and when it is asked for, `page` having been asked for (open)
    /// or answered (as answered) at `at`; `None` after the last page.
    #[must_use]
    pub fn next_page(&self, page: PageKey, at: SimTime) -> Option<(SimTime, PageKey)> {
        self.has_next(page).then(|| {
            let next = PageKey { page: page.page + 1, ..page };
            let due = at.nanos().saturating_add(self.think(page).nanos());
            (SimTime::from_nanos(due), next)
        })
    }
}

/// Page views of open sessions, in order of time, then session, then page.
#[derive(Clone, Debug)]
pub struct SessionArrivals {
    sessions: Sessions,
    starts: ArrivalStream,
    next_start: Option<Arrival>,
    /// Next page of each session that is under way.
    waiting: BinaryHeap<Reverse<(SimTime, PageKey)>>,
    until: SimTime,
}

impl SessionArrivals {
    /// Page views before `until`, of sessions that begin as `starts` says.
    #[must_use]
    pub fn new(sessions: Sessions, mut starts: ArrivalStream, until: SimTime) -> Self {
        let next_start = starts.next();
        Self { sessions, starts, next_start, waiting: BinaryHeap::new(), until }
    }
}

impl Iterator for SessionArrivals {
    type Item = (SimTime, PageKey);

    fn next(&mut self) -> Option<(SimTime, PageKey)> {
        let start = self.next_start.map(|start| (start.at, PageKey::single(start)));
        let waiting = self.waiting.peek().map(|Reverse(page)| *page);
        let (at, page) = match (start, waiting) {
            (Some(start), Some(page)) => start.min(page),
            (start, page) => start.or(page)?,
        };
        if at >= self.until {
            return None;
        }
        if start == Some((at, page)) {
            self.next_start = self.starts.next();
        } else {
            self.waiting.pop();
        }
        self.waiting.extend(self.sessions.next_page(page, at).map(Reverse));
        Some((at, page))
    }
}

#[cfg(test)]
mod tests;
