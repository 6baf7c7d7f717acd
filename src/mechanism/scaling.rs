//! The decision of an autoscaler: how many members a measured value asks for, and when it may act.
//!
//! Model: after every period the scaler sees a value per member (utilisation, requests per second, waiting
//! requests) and the mean number of members that had it. *Target tracking* wants members × value ÷ target, rounded
//! up; within the tolerance nothing changes. *Steps* add or remove a fixed number beyond bounds: of the bounds that
//! are exceeded the outermost counts. The wish is held between `minimum` and `maximum`.
//!
//! Members that are on their way count when more are wanted, and so do launches that failed and wait to be repeated: a
//! wish is not launched twice. Members are removed only
//! while none is on its way. A scale-out waits until `out` is over since the last one, a scale-in until `in` is over
//! since the last change of either direction.
//!
//! In: instants and values. Out: members to launch or to remove.
//! Holds: running + coming + launched ≤ `maximum`; running − removed ≥ `minimum`; with a constant load L and a
//! capacity c per member the number settles where ⌈L ÷ (target × c)⌉ lies, or within the tolerance of it.
//! Leaves out: stabilisation windows, predictive scaling, several metrics at once.
//! Source: Kubernetes, "Horizontal Pod Autoscaling" (algorithm, tolerance 0.1); AWS Auto Scaling, "Target tracking
//! scaling policies", "Step and simple scaling policies" (members that warm up count as present), "Scaling cooldowns".

use std::cmp::Ordering;

use crate::convert::whole;
use crate::units::{SimDuration, SimTime};

/// Rule by which the scaler wants members.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The number that brings the value to the target.
    Target {
        /// Value per member to hold.
        value: f64,
        /// Relative deviation from it that changes nothing.
        tolerance: f64,
    },
    /// A fixed number more or fewer beyond bounds.
    Steps(Vec<Step>),
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Adds this number of members while the value is at or above the bound.
    Above(f64, u32),
    /// Removes this number of members while the value is at or below the bound.
    Below(f64, u32),
}

/// Rules of a scaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Fewest members.
    pub minimum: u32,
    /// Most members.
    pub maximum: u32,
    /// Rule by which it wants members.
    pub rule: Rule,
    /// Pause after a scale-out before the next one.
    pub cool_out: SimDuration,
    /// Pause after any change before a scale-in.
    pub cool_in: SimDuration,
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Value per member.
    pub value: f64,
    /// Mean number of members over the period.
    pub members: f64,
}

/// Change of the number of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Stay,
    /// Launch this many.
    Out(u32),
    /// Remove this many.
    In(u32),
}

/// An autoscaler's memory of its own changes.
#[derive(Clone, Debug)]
pub struct Scaling {
    terms: Terms,
    last_out: Option<SimTime>,
    last: Option<SimTime>,
}

impl Scaling {
    /// Returns a scaler that has not acted yet.
    #[must_use]
    pub const fn new(terms: Terms) -> Self {
        Self { terms, last_out: None, last: None }
    }

    /// Returns the number of members that `seen` asks for, within the bounds; `running` are there now.
    #[must_use]
    pub fn wanted(&self, seen: Seen, running: u32) -> u32 {
        let wish = match &self.terms.rule {
            Rule::Target { value, tolerance } => {
                let ratio = seen.value / value;
                let off = (ratio - 1.0).abs();
                // A deviation of exactly the tolerance changes nothing, whatever the last bit.
                if off <= tolerance + 1e-9 {
                    running
                } else {
                    let exact = (seen.members * ratio - 1e-9).ceil();
                    u32::try_from(whole::u64(exact.max(0.0))).unwrap_or(u32::MAX)
                }
            }
            Rule::Steps(steps) => stepped(steps, seen.value, running),
        };
        wish.clamp(self.terms.minimum, self.terms.maximum)
    }

    /// Returns what to do at `now`: `running` members are there, `coming` are on their way, and `waiting` are launches
    /// that failed and will be repeated.
    pub fn decide(
        &mut self,
        now: SimTime,
        seen: Seen,
        running: u32,
        [coming, waiting]: [u32; 2],
    ) -> Act {
        let wanted = self.wanted(seen, running);
        let have = running.saturating_add(coming).saturating_add(waiting);
        if wanted > have {
            if now < pause_ends(self.last_out, self.terms.cool_out) {
                return Act::Stay;
            }
            (self.last, self.last_out) = (Some(now), Some(now));
            return Act::Out(wanted - have);
        }
        if wanted < running && coming == 0 {
            if now < pause_ends(self.last, self.terms.cool_in) {
                return Act::Stay;
            }
            self.last = Some(now);
            return Act::In(running - wanted);
        }
        Act::Stay
    }

    /// Returns the instant from which on `seen` may change the `running` members, of which none is on its way; `NEVER` if it
    /// asks for that number.
    #[must_use]
    pub fn stays_until(&self, seen: Seen, running: u32) -> SimTime {
        match self.wanted(seen, running).cmp(&running) {
            Ordering::Equal => SimTime::NEVER,
            Ordering::Greater => pause_ends(self.last_out, self.terms.cool_out),
            Ordering::Less => pause_ends(self.last, self.terms.cool_in),
        }
    }
}

/// Returns the end of a pause after a change; time zero without one.
fn pause_ends(last: Option<SimTime>, pause: SimDuration) -> SimTime {
    last.map_or(SimTime::ZERO, |last| last + pause)
}

/// Returns `running` after the outermost step that `value` reaches.
fn stepped(steps: &[Step], value: f64, running: u32) -> u32 {
    let mut best: Option<(f64, u32)> = None;
    let mut least: Option<(f64, u32)> = None;
    for step in steps {
        match *step {
            Step::Above(bound, add)
                if value >= bound && best.is_none_or(|(other, _)| bound > other) =>
            {
                best = Some((bound, add));
            }
            Step::Below(bound, remove)
                if value <= bound && least.is_none_or(|(other, _)| bound < other) =>
            {
                least = Some((bound, remove));
            }
            _ => {}
        }
    }
    match (best, least) {
        (Some((_, add)), _) => running.saturating_add(add),
        (None, Some((_, remove))) => running.saturating_sub(remove),
        (None, None) => running,
    }
}

#[cfg(test)]
mod tests;
