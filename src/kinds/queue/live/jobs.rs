//! Jobs: requests that publish several messages and wait until all of them are done.
//!
//! A job is done when the last of its messages has left the queue. It has failed if one of them left without its work
//! done: as a dead letter, dropped from a full queue, or lost with a broker. It is told when the last has left.
//!
//! Parallel branches of a request have one job, that of the request; each of them may wait for it. Two attempts of a
//! page, or two deliveries of a message, are two requests and have a job each.
//!
//! Memory: a request that ends before it waits leaves an entry until its last message has left, or until another
//! request that publishes uses its slot: never more entries than requests were in flight at one time.

use std::collections::BTreeMap;

use crate::kinds::queue::mechanism::Leaves;
use crate::model::request::{Marks, Owner, Request, RequestId, Requests};
use crate::units::SimTime;

/// State of a job whose messages have all left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The work of all messages is done.
    Done,
    /// The work of at least one is not.
    Failed,
}

/// A request with all its branches. The slot alone distinguishes it from the others in flight, the rest from earlier
/// ones in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Publisher {
    id: RequestId,
    born: SimTime,
    ordinal: u64,
    path: u32,
    attempt: u8,
}

impl Publisher {
    /// Returns the request of which `id` is a branch, or `id` itself.
    fn of(requests: &Requests, mut id: RequestId) -> Self {
        while let Owner::Parent(parent) = requests[id].owner {
            id = parent;
        }
        Self::in_slot(&requests[id], id)
    }

    const fn in_slot(entry: &Request, id: RequestId) -> Self {
        let Request { born, ordinal, path, attempt, .. } = *entry;
        Self { id, born, ordinal, path, attempt }
    }

    fn is_in_flight(&self, requests: &Requests) -> bool {
        let entry = &requests[self.id];
        entry.marks.has(Marks::LIVE) && Self::in_slot(entry, self.id) == *self
    }
}

#[derive(Clone, Debug)]
struct Open {
    publisher: Publisher,
    messages: u64,
    failed: bool,
    /// Requests that wait, in the order in which they began to.
    waits: Vec<RequestId>,
}

impl Open {
    const fn state(&self) -> Job {
        if self.failed { Job::Failed } else { Job::Done }
    }
}

/// Jobs of a queue that have not gone on.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// Number of the job of the request in a slot.
    numbers: BTreeMap<RequestId, u64>,
    open: BTreeMap<u64, Open>,
    /// Job for which a request waits.
    waiting: BTreeMap<RequestId, u64>,
    last: u64,
}

impl Jobs {
    /// Returns the number of the job of `request`, which publishes; a new one for its first message.
    pub fn number_of(&mut self, requests: &Requests, request: RequestId) -> u64 {
        let publisher = Publisher::of(requests, request);
        if let Some(number) = self.find(&publisher) {
            return number;
        }
        if let Some(earlier) = self.numbers.remove(&publisher.id)
            && self.open[&earlier].waits.is_empty()
        {
            self.open.remove(&earlier);
        }
        self.last += 1;
        self.numbers.insert(publisher.id, self.last);
        let open = Open { publisher, messages: 0, failed: false, waits: Vec::new() };
        self.open.insert(self.last, open);
        self.last
    }

    fn find(&self, publisher: &Publisher) -> Option<u64> {
        let number = *self.numbers.get(&publisher.id)?;
        (self.open[&number].publisher == *publisher).then_some(number)
    }

    /// Counts a message that was accepted for `job`; 0 is none.
    pub fn begins(&mut self, job: u64) {
        if let Some(open) = self.open.get_mut(&job) {
            open.messages += 1;
        }
    }

    /// Counts a message of `job` that has left; returns the requests that it was the last to wait for.
    pub fn ends(
        &mut self,
        requests: &Requests,
        job: u64,
        how: Leaves,
    ) -> Option<(Vec<RequestId>, Job)> {
        let open = self.open.get_mut(&job)?;
        open.messages -= 1;
        open.failed |= how != Leaves::Acknowledged;
        if open.messages > 0 || (open.waits.is_empty() && open.publisher.is_in_flight(requests)) {
            return None;
        }
        let open = self.remove(job)?;
        open.waits.iter().for_each(|request| {
            self.waiting.remove(request);
        });
        let state = open.state();
        Some((open.waits, state))
    }

    /// Returns the state of the job of `request` if all its messages have left; else the request is
    /// [told](Self::ends) later.
    pub fn awaits(&mut self, requests: &Requests, request: RequestId) -> Option<Job> {
        let Some(job) = self.find(&Publisher::of(requests, request)) else {
            return Some(Job::Done);
        };
        let open = self.open.get_mut(&job)?;
        if open.messages > 0 {
            open.waits.push(request);
            self.waiting.insert(request, job);
            return None;
        }
        self.remove(job).map(|open| open.state())
    }

    /// Forgets that a request waits, which leaves.
    pub fn forgets(&mut self, request: RequestId) {
        let job = self.waiting.remove(&request);
        if let Some(open) = job.and_then(|job| self.open.get_mut(&job)) {
            open.waits.retain(|other| *other != request);
        }
    }

    fn remove(&mut self, job: u64) -> Option<Open> {
        let open = self.open.remove(&job)?;
        if self.numbers.get(&open.publisher.id) == Some(&job) {
            self.numbers.remove(&open.publisher.id);
        }
        Some(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ClassId;

    fn begin(requests: &mut Requests, owner: Owner, ordinal: u64) -> RequestId {
        let born = SimTime::from_nanos(ordinal);
        let id = requests.begin(ClassId(0), 0, owner, born).expect("there is room");
        requests[id].ordinal = ordinal;
        id
    }

    fn publish(jobs: &mut Jobs, requests: &Requests, request: RequestId) -> u64 {
        let job = jobs.number_of(requests, request);
        jobs.begins(job);
        job
    }

    /// Requests of which none waits: some end before their message has left, some after it.
    #[test]
    fn requests_that_end_before_they_wait_leave_nothing_behind() {
        let (mut jobs, mut requests) = (Jobs::default(), Requests::new());
        for number in 0..1_000 {
            let request = begin(&mut requests, Owner::Workload, number);
            let job = publish(&mut jobs, &requests, request);
            let before = number % 2 == 0;
            if before {
                requests.remove(request);
            }
            assert!(
                jobs.ends(&requests, job, Leaves::Acknowledged)
                    .is_none_or(|(told, _)| told.is_empty())
            );
            if !before {
                requests.remove(request);
            }
            assert!(jobs.open.len() <= 1 && jobs.numbers.len() <= 1);
        }
        assert!(jobs.waiting.is_empty());
    }

    /// Both branches are told, by the last message of either; one that has left in the meantime is not.
    #[test]
    fn each_branch_that_waits_is_told() {
        let (mut jobs, mut requests) = (Jobs::default(), Requests::new());
        let page = begin(&mut requests, Owner::Workload, 7);
        let [one, other, third] = [(); 3].map(|()| begin(&mut requests, Owner::Parent(page), 7));
        let job = publish(&mut jobs, &requests, one);
        assert_eq!(publish(&mut jobs, &requests, other), job);
        for branch in [one, other, third] {
            assert_eq!(jobs.awaits(&requests, branch), None);
        }
        jobs.forgets(third);
        assert_eq!(jobs.ends(&requests, job, Leaves::DeadLetter), None);
        let told = jobs.ends(&requests, job, Leaves::Acknowledged);
        assert_eq!(told, Some((vec![one, other], Job::Failed)));
        assert!(jobs.open.is_empty() && jobs.numbers.is_empty() && jobs.waiting.is_empty());
    }

    /// Deliveries have the ordinal and the path of the message's producer, and end in any order.
    #[test]
    fn two_requests_with_the_same_draws_have_two_jobs() {
        let (mut jobs, mut requests) = (Jobs::default(), Requests::new());
        let [one, other] = [(); 2].map(|()| begin(&mut requests, Owner::Nobody, 7));
        let first = publish(&mut jobs, &requests, one);
        let second = publish(&mut jobs, &requests, other);
        assert_eq!(jobs.awaits(&requests, one), None);
        assert_eq!(jobs.awaits(&requests, other), None);
        let told = jobs.ends(&requests, second, Leaves::Acknowledged);
        assert_eq!(told, Some((vec![other], Job::Done)));
        let told = jobs.ends(&requests, first, Leaves::Acknowledged);
        assert_eq!(told, Some((vec![one], Job::Done)));
    }

    /// A branch whose request has failed still waits while the slot of that request is used again.
    #[test]
    fn a_branch_outlives_its_request() {
        let (mut jobs, mut requests) = (Jobs::default(), Requests::new());
        let page = begin(&mut requests, Owner::Workload, 1);
        let branch = begin(&mut requests, Owner::Parent(page), 1);
        let job = publish(&mut jobs, &requests, branch);
        assert_eq!(jobs.awaits(&requests, branch), None);
        requests[branch].owner = Owner::Nobody;
        requests.remove(page);
        let next = begin(&mut requests, Owner::Workload, 2);
        assert_eq!(next, page);
        let later = publish(&mut jobs, &requests, next);
        assert_ne!(later, job);
        let told = jobs.ends(&requests, job, Leaves::Acknowledged);
        assert_eq!(told, Some((vec![branch], Job::Done)));
        assert_eq!(jobs.awaits(&requests, next), None);
    }
}
