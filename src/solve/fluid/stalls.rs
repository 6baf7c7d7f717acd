//! Stalls: requests wait for a part that answers again later.
//!
//! Model: over a stall of length t, λ∫₀ᵗ(1 − F(s))ds of the stalled views still wait at the end and are served late; the rest has
//! abandoned. Every stalled request holds a worker. When all workers are held, every class that enters by the same services waits
//! with them; when the queue is full too, all requests are refused.
//!
//! A stall also ends where requests fail instead of waiting, as writes that wait for a silent member do when their primary dies.
//! The same share of them fails as of the requests that arrive then. Leaves out: processes that fail with waiting requests inside while the stall goes
//! on, and users who are already past the part whose failure ends it.

use std::rc::Rc;

use super::Live;
use super::memo::Shared;
use super::users::{Crowd, Endured, Still};
use crate::health::View;
use crate::plan::fluid::FluidWorkload;
use crate::plan::fluid::state::FlowLoad;
use crate::plan::fluid::users::Patience;
use crate::units::SimTime;

/// A stall in progress, of the classes that enter by the same services.
#[derive(Clone, Debug)]
pub(super) struct Stall {
    pub(super) since: SimTime,
    /// Views that arrived, those of them that are stalled or fail, and requests that hold a worker, by class.
    views: Vec<f64>,
    standing: Vec<f64>,
    failing: Vec<f64>,
    held: Vec<f64>,
    /// Views that arrived, by workload.
    came: Vec<f64>,
    pub(super) cause: u32,
}

impl<'p> Live<'_, 'p> {
    /// Begins and ends stalls after a change of the state; `before` is the load until then.
    pub(super) fn stall_or_resume(&mut self, at: SimTime, view: View<'_>, before: &Shared) {
        let load = Rc::clone(&self.load);
        for group in 0..self.groups.len() {
            let members = &self.groups[group];
            let blamed = members.iter().find(|class| load.flows[**class].stalls > 0.0);
            match (&mut self.stalls[group], blamed) {
                (None, Some(blamed)) => {
                    let none = vec![0.0; members.len()];
                    let (views, standing) = (none.clone(), none.clone());
                    let (failing, held) = (none.clone(), none);
                    let came = vec![0.0; self.crowds.len()];
                    let cause = self.why(&load.flows[*blamed].stalled_by, view);
                    self.stalls[group] =
                        Some(Stall { since: at, views, standing, failing, held, came, cause });
                }
                (Some(_), None) => self.resume(group, at, before),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    /// Adds the views of an interval, by workload and by class, to the stalls in progress.
    pub(super) fn stand(&mut self, came: &[f64], views: &[f64]) {
        for (group, stall) in self.stalls.iter_mut().enumerate() {
            let Some(stall) = stall else { continue };
            for (place, class) in self.groups[group].iter().enumerate() {
                let load = &self.load.flows[*class];
                stall.views[place] += views[*class];
                stall.standing[place] += views[*class] * load.stalls;
                stall.failing[place] += views[*class] * load.fails;
                stall.held[place] += views[*class] * load.held;
                for (workload, of) in self.memo.plan.workloads.iter().enumerate() {
                    if of.class == *class {
                        stall.came[workload] += came[workload];
                    }
                }
            }
        }
    }

    /// Ends all stalls with the horizon.
    pub(super) fn resume_all(&mut self, at: SimTime) {
        let load = Rc::clone(&self.load);
        for group in 0..self.groups.len() {
            self.resume(group, at, &load);
        }
    }

    /// Ends a stall; `before` is the load until then.
    fn resume(&mut self, group: usize, at: SimTime, before: &Shared) {
        let Some(stall) = self.stalls[group].take() else { return };
        let lasted = at.since(stall.since).seconds();
        if lasted <= 0.0 {
            return;
        }
        for (workload, endured, crowd) in self.stalled_so_far(group, &stall, lasted, before) {
            self.crowds[workload] = crowd;
            let row = &mut self.rows[self.memo.plan.workloads[workload].class];
            row.lose(stall.cause as usize, endured.lost);
            row.lose_to_failures(endured.dropped);
            row.stay_away(endured.never_born);
            row.tally.late += endured.late;
            row.line_up(endured.waits);
        }
    }

    /// Returns the cost of a stall that ends after `lasted` seconds, per workload, with its users at that time; `before` is the load
    /// until then.
    pub(super) fn stalled_so_far(
        &self,
        group: usize,
        stall: &Stall,
        lasted: f64,
        before: &Shared,
    ) -> Vec<(usize, Endured, Crowd<'p>)> {
        let fluid = self.memo.plan;
        let members = &self.groups[group];
        let each = |place: usize| stall.views[place] / lasted;
        let held: f64 = stall.held.iter().map(|held| held / lasted).sum();
        let all: f64 = members
            .iter()
            .enumerate()
            .map(|(k, class)| each(k) * fluid.classes[*class].requests)
            .sum();
        let (workers, backlog) = self.room(members[0]).unwrap_or((f64::INFINITY, 0.0));
        let held_up = if held > 0.0 { workers / held } else { f64::INFINITY };
        let full = if all > 0.0 { held_up + backlog / all } else { f64::INFINITY };
        let one = |(workload, of): (usize, &FluidWorkload)| {
            let place = members.iter().position(|class| *class == of.class)?;
            let views = stall.views[place];
            let share = |part: &[f64]| if views > 0.0 { part[place] / views } else { 0.0 };
            let still = Still {
                patience: &fluid.classes[of.class].patience,
                lasted,
                came: stall.came[workload],
                stands: share(&stall.standing),
                fails: share(&stall.failing).min(1.0),
                held_up,
                full,
                ends: Ends::of(&before.flows[of.class], &self.load.flows[of.class]),
            };
            let mut crowd = self.crowds[workload].clone();
            let endured = crowd.endure(&still);
            Some((workload, endured, crowd))
        };
        fluid.workloads.iter().enumerate().filter_map(one).collect()
    }

    pub(super) fn stalled(&self, class: usize) -> bool {
        let group = self.groups.iter().position(|group| group.contains(&class));
        group.is_some_and(|group| self.stalls[group].is_some())
    }
}

/// Failures that those who wait at the end of a stall meet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ends {
    /// Share of those who are stalled themselves that fails, and of those who wait for a worker.
    pub(super) own: f64,
    pub(super) others: f64,
    /// Part of these that fails at every retry.
    pub(super) lacking: f64,
}

impl Ends {
    /// Returns the failures of a stall that ends as its load changes. A share that failed before is not among those who wait. What fails
    /// in addition is the stalled part first: it fails instead of waiting.
    fn of(before: &FlowLoad, now: &FlowLoad) -> Self {
        let more = (now.fails - before.fails).max(0.0);
        let share = |of: f64| if more < of { more / of } else { f64::from(u8::from(more > 0.0)) };
        let lacking = if more > 0.0 { (now.lacks - before.lacks).max(0.0) / more } else { 0.0 };
        let others = 1.0 - before.fails;
        let own = if before.stalls > 0.0 { before.stalls } else { others };
        Self { own: share(own), others: share(others), lacking: lacking.min(1.0) }
    }
}

/// Outcome of a stall, in seconds' worth of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stalled {
    pub lost: f64,
    /// Views that wait at the end: stalled themselves, and waiting for a worker.
    pub own: f64,
    pub others: f64,
}

impl Stalled {
    /// Returns the views that wait at the end.
    #[must_use]
    pub fn waits(&self) -> f64 {
        self.own + self.others
    }
}

/// Returns the outcome of a stall of `lasted` seconds. Up to `held_up` the share `stands` is stalled, then all views but the share
/// `fails`; from `full` on all others are refused. Views that fail at once are not part of the outcome.
#[must_use]
pub fn stalled(
    patience: &Patience,
    lasted: f64,
    (stands, fails): (f64, f64),
    (held_up, full): (f64, f64),
) -> Stalled {
    let (a, b) = (held_up.min(lasted), full.min(lasted));
    // A view that arrives at u waits for `lasted` − u.
    let waits =
        |from: f64, to: f64| patience.waiting(lasted - from) - patience.waiting(lasted - to);
    let (some, all) = (waits(0.0, a), waits(a, b));
    let others = 1.0 - fails;
    let lost = stands * (a - some) + others * (((b - a) - all) + (lasted - b));
    Stalled { lost: lost.max(0.0), own: stands * some, others: others * all }
}
