//! Jobs: requests that publish several messages and wait until all of them are done.
//!
//! A job is done when the last of its messages has left the queue. It has failed if one of them left without its work
//! done: as a dead letter, dropped from a full queue, or lost with a broker. It is told when the last has left.
//!
//! Memory: one entry per request that has published and has not yet gone on.

use std::collections::BTreeMap;

use crate::kinds::queue::mechanism::Leaves;
use crate::model::request::{Request, RequestId};

/// State of a job whose messages have all left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The work of all messages is done.
    Done,
    /// The work of at least one is not.
    Failed,
}

/// One attempt of one part of a page: what publishes the messages of a job, in one request or in several.
type Publisher = (u16, u64, u32, u8);

fn publisher(entry: &Request) -> Publisher {
    (entry.workload, entry.ordinal, entry.position, entry.attempt)
}

#[derive(Clone, Copy, Debug)]
struct Open {
    publisher: Publisher,
    messages: u64,
    failed: bool,
    waits: Option<RequestId>,
}

impl Open {
    const fn state(&self) -> Job {
        if self.failed { Job::Failed } else { Job::Done }
    }
}

/// Jobs of a queue that have not gone on.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    numbers: BTreeMap<Publisher, u64>,
    open: BTreeMap<u64, Open>,
    last: u64,
}

impl Jobs {
    /// Returns the number of the job of a request that publishes; a new one for its first message.
    pub fn number_of(&mut self, entry: &Request) -> u64 {
        let publisher = publisher(entry);
        if let Some(number) = self.numbers.get(&publisher) {
            return *number;
        }
        self.last += 1;
        self.numbers.insert(publisher, self.last);
        let open = Open { publisher, messages: 0, failed: false, waits: None };
        self.open.insert(self.last, open);
        self.last
    }

    /// Counts a message that was accepted for `job`; 0 is none.
    pub fn begins(&mut self, job: u64) {
        if let Some(open) = self.open.get_mut(&job) {
            open.messages += 1;
        }
    }

    /// Counts a message of `job` that has left; returns the request that it was the last to wait for.
    pub fn ends(&mut self, job: u64, how: Leaves) -> Option<(RequestId, Job)> {
        let open = self.open.get_mut(&job)?;
        open.messages -= 1;
        open.failed |= how != Leaves::Acknowledged;
        let (request, state) = (open.waits.filter(|_| open.messages == 0)?, open.state());
        self.remove(job);
        Some((request, state))
    }

    /// Returns the state of the job of `entry`, which is `request`, if all its messages have left; else the request is
    /// [told](Self::ends) later.
    pub fn awaits(&mut self, entry: &Request, request: RequestId) -> Option<Job> {
        let Some(job) = self.numbers.get(&publisher(entry)).copied() else {
            return Some(Job::Done);
        };
        let open = self.open.get_mut(&job)?;
        if open.messages > 0 {
            open.waits = Some(request);
            return None;
        }
        let state = open.state();
        self.remove(job);
        Some(state)
    }

    /// Forgets a request that waits and leaves.
    pub fn forgets(&mut self, request: RequestId) {
        let waits =
            |(number, open): (&u64, &Open)| (open.waits == Some(request)).then_some(*number);
        if let Some(job) = self.open.iter().find_map(waits) {
            self.remove(job);
        }
    }

    /// Forgets the job of a request that could not publish a message, and fails.
    pub fn forgets_all_of(&mut self, entry: &Request) {
        if let Some(job) = self.numbers.get(&publisher(entry)).copied() {
            self.remove(job);
        }
    }

    fn remove(&mut self, job: u64) {
        if let Some(open) = self.open.remove(&job) {
            self.numbers.remove(&open.publisher);
        }
    }
}
