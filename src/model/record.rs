//! Recorded counts of requests and page views: two closed ledgers and their latencies. Components count for
//! themselves, see [`gauge`](crate::model::gauge).
//!
//! Only requests that started inside the window are counted, wherever they end. The exception is the number of
//! answers in the window and in its intervals. All counts are integers, so records of replications can be merged in
//! any grouping.

use serde::{Deserialize, Serialize};

use crate::model::blueprint::Blueprint;
use crate::model::ids::{CallId, CauseId, ClassId, WorkloadId};
use crate::model::request::Outcome;
use crate::observe::histogram::Histogram;
use crate::units::SimDuration;

/// Names of the outcomes of an attempt, in the order of [`Attempts::ended`].
pub const OUTCOMES: [&str; 7] =
    ["ok", "refused", "error", "timeout", "unreachable", "aborted", "stale"];

/// Attempts of one class or of one kind of call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Number of attempts begun.
    pub begun: u64,
    /// Number of attempts ended, by outcome.
    pub ended: [u64; OUTCOMES.len()],
}

impl Attempts {
    /// Number of attempts that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.begun - self.ended.iter().sum::<u64>()
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.begun += other.begun;
        for (a, b) in self.ended.iter_mut().zip(&other.ended) {
            *a += b;
        }
    }
}

/// Counts of one request class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClassRecord {
    /// Its attempts.
    pub attempts: Attempts,
    /// Time from edge to edge of successful attempts, in nanoseconds.
    pub latency: Histogram,
    /// The same for successful attempts that missed every edge of a CDN, in nanoseconds.
    pub missed: Histogram,
    /// Total queueing time at stations of successful attempts, in nanoseconds.
    pub waited: u128,
    /// Number of successful attempts that did not start in the window.
    pub strangers: u64,
    /// Number of successful attempts that ended in the window, whenever they started.
    pub answered: u64,
}

/// Page views of one workload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ViewRecord {
    /// Views that users intended.
    pub intended: u64,
    /// Views served at the first attempt.
    pub served: u64,
    /// Views served at a later attempt.
    pub delayed: u64,
    /// Views lost, by cause.
    pub lost: Vec<u64>,
    /// Views never requested, because their session had ended.
    pub never_born: u64,
    /// Time from click to last byte of the served views, in nanoseconds.
    pub latency: Histogram,
    /// Views served that were not intended in the window.
    pub strangers: u64,
    /// Views served in the window, whenever they were intended.
    pub done: u64,
}

impl ViewRecord {
    /// Number of views served until now, whenever they were intended.
    #[must_use]
    pub const fn all_served(&self) -> u64 {
        self.served + self.delayed + self.strangers
    }

    /// Number of views that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let lost: u64 = self.lost.iter().sum();
        self.intended - self.served - self.delayed - lost - self.never_born
    }
}

/// All counts of one window of one replication.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Counts per class.
    pub classes: Vec<ClassRecord>,
    /// Attempts per kind of call.
    pub calls: Vec<Attempts>,
    /// Page views per workload.
    pub views: Vec<ViewRecord>,
    open: u64,
    /// Counted messages that have not left their queue.
    messages: u64,
}

impl ClassRecord {
    /// Number of successful attempts that have ended until now, whenever they started.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.attempts.ended[Outcome::Ok as usize] + self.strangers
    }
}

impl Record {
    /// Returns an empty record.
    #[must_use]
    pub fn new(plan: &Blueprint) -> Self {
        let view = ViewRecord { lost: vec![0; plan.causes.len()], ..ViewRecord::default() };
        Self {
            classes: vec![ClassRecord::default(); plan.routes.classes.len()],
            calls: vec![Attempts::default(); plan.routes.calls.len()],
            views: vec![view; plan.workloads.len()],
            open: 0,
            messages: 0,
        }
    }

    /// Returns the numbers of classes, calls, workloads and causes: records of one plan have the same.
    #[must_use]
    pub fn shape(&self) -> [usize; 4] {
        let causes = self.views.iter().map(|views| views.lost.len()).sum();
        [self.classes.len(), self.calls.len(), self.views.len(), causes]
    }

    /// Drops the latencies and keeps the counts.
    pub fn drop_latencies(&mut self) {
        for class in &mut self.classes {
            (class.latency, class.missed) = (Histogram::new(), Histogram::new());
        }
        self.views.iter_mut().for_each(|views| views.latency = Histogram::new());
    }

    /// Adds the counts of another record of the same plan.
    pub fn merge(&mut self, other: &Self) {
        for (into, from) in self.classes.iter_mut().zip(&other.classes) {
            into.attempts.merge(&from.attempts);
            into.latency.merge(&from.latency);
            into.missed.merge(&from.missed);
            into.waited += from.waited;
            into.strangers += from.strangers;
            into.answered += from.answered;
        }
        for (into, from) in self.calls.iter_mut().zip(&other.calls) {
            into.merge(from);
        }
        for (into, from) in self.views.iter_mut().zip(&other.views) {
            into.intended += from.intended;
            into.served += from.served;
            into.delayed += from.delayed;
            into.strangers += from.strangers;
            into.done += from.done;
            into.never_born += from.never_born;
            for (a, b) in into.lost.iter_mut().zip(&from.lost) {
                *a += b;
            }
            into.latency.merge(&from.latency);
        }
        self.open += other.open;
        self.messages += other.messages;
    }

    /// Number of counted views that have not ended.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open
    }

    /// Number of counted messages that have not left their queue.
    #[must_use]
    pub fn messages_open(&self) -> u64 {
        self.messages
    }

    /// Counts a published message, whose work a request of `class` does. From here to its acknowledgement it is
    /// an attempt of that class.
    pub(crate) fn message_begins(&mut self, class: ClassId, counted: bool) {
        self.attempt_begins(class, counted);
        self.messages += u64::from(counted);
    }

    /// Counts a message that has left its queue.
    pub(crate) fn message_ends(
        &mut self,
        class: ClassId,
        outcome: Outcome,
        latency: SimDuration,
        counted: bool,
    ) {
        self.attempt_ends(class, outcome, latency, 0, counted);
        self.messages -= u64::from(counted);
    }

    #[inline]
    pub(crate) fn attempt_begins(&mut self, class: ClassId, counted: bool) {
        self.classes[class.index()].attempts.begun += u64::from(counted);
    }

    #[inline(always)]
    pub(crate) fn attempt_ends(
        &mut self,
        class: ClassId,
        outcome: Outcome,
        latency: SimDuration,
        waited: u64,
        counted: bool,
    ) {
        let class = &mut self.classes[class.index()];
        if !counted {
            class.strangers += u64::from(outcome == Outcome::Ok);
            return;
        }
        class.attempts.ended[outcome as usize] += 1;
        if outcome == Outcome::Ok {
            class.waited += u128::from(waited);
            class.latency.record(latency.nanos());
        }
    }

    /// Counts a successful attempt that missed every edge.
    pub(crate) fn miss_answered(&mut self, class: ClassId, latency: SimDuration, counted: bool) {
        if counted {
            self.classes[class.index()].missed.record(latency.nanos());
        }
    }

    #[inline]
    pub(crate) fn call_begins(&mut self, call: CallId, counted: bool) {
        self.calls[call.index()].begun += u64::from(counted);
    }

    #[inline]
    pub(crate) fn call_ends(&mut self, call: CallId, outcome: Outcome, counted: bool) {
        self.calls[call.index()].ended[outcome as usize] += u64::from(counted);
    }

    #[inline]
    pub(crate) fn view_begins(&mut self, workload: WorkloadId, counted: bool) {
        self.views[workload.index()].intended += u64::from(counted);
        self.open += u64::from(counted);
    }

    #[inline]
    pub(crate) fn view_never_born(&mut self, workload: WorkloadId, counted: bool) {
        self.views[workload.index()].never_born += u64::from(counted);
        self.open -= u64::from(counted);
    }

    pub(crate) fn view_served(
        &mut self,
        workload: WorkloadId,
        latency: SimDuration,
        again: bool,
        counted: bool,
    ) {
        let views = &mut self.views[workload.index()];
        if !counted {
            views.strangers += 1;
            return;
        }
        self.open -= 1;
        if again {
            views.delayed += 1;
        } else {
            views.served += 1;
        }
        views.latency.record(latency.nanos());
    }

    pub(crate) fn view_lost(&mut self, workload: WorkloadId, cause: CauseId, counted: bool) {
        if counted {
            self.open -= 1;
            self.views[workload.index()].lost[cause.index()] += 1;
        }
    }

    /// Counts the end of a request without a client, which is its own page view.
    #[inline(always)]
    pub(crate) fn request_is_view(
        &mut self,
        workload: WorkloadId,
        served: bool,
        cause: CauseId,
        counted: bool,
    ) {
        let views = &mut self.views[workload.index()];
        if !counted {
            views.strangers += u64::from(served);
            return;
        }
        self.open -= 1;
        if served {
            views.served += 1;
        } else {
            views.lost[cause.index()] += 1;
        }
    }
}
