//! Pauses that requests wait out: of which parts, and the share of the requests at a fork that waits.
//!
//! Model: what a paused part has accepted goes on when the pause is over, so a request that meets it waits, as one that
//! meets a file server without a head. A share of the requests at a fork waits if it is served once all pauses are over.
//! The service that is paused takes no request: its queue alone holds them; a caller holds a worker.
//! A view that waits longer than a time-out of a balancer or a call on its way is lost ([`shortest_time_out`]). So is one whose writes wait
//! for a silent member of a database.
//!
//! A pause counts as a failure where something else acts on it or the wait is not that of all workers: parts of a
//! balancer, a queue or the network; a database with a failover, or whose members agree on writes; a member of several with
//! a bound on its workers, by which requests enter. `lint` reports these.

use std::collections::BTreeSet;

use super::{Blocked, Input, Node, Split, Standing};
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::faults::parts::all_parts;
use crate::plan::fluid::services;
use crate::plan::part::Part;
use crate::plan::route::{Does, Query, each};
use crate::units::SimDuration;

/// Parts whose pauses requests wait out.
#[derive(Debug, Default)]
pub struct WaitedOut(BTreeSet<Part>);

impl WaitedOut {
    /// Finds them in one pass over the parts; there are none where no fault is a pause.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        if pauses(draft).next().is_none() {
            return Self::default();
        }
        let all = all_parts(draft);
        let mut found: BTreeSet<Part> =
            all.iter().copied().filter(|part| by_itself(draft, *part)).collect();
        // A server or zone is waited for if all that stands on it is.
        for part in all.iter().filter(|part| !by_itself(draft, **part)) {
            let mut host = part.stands_on(draft);
            while let Some(on) = host.filter(|on| matches!(on, Part::Server(_) | Part::Zone { .. }))
            {
                if !found.remove(&on) {
                    break;
                }
                host = on.stands_on(draft);
            }
        }
        Self(found)
    }

    /// Returns whether requests wait out a pause of this part.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }
}

/// Returns whether requests wait out a pause of a part, whatever stands on it.
fn by_itself(draft: &Draft, part: Part) -> bool {
    match part {
        Part::Disks { .. } | Part::Pool { .. } | Part::Server(_) | Part::Zone { .. } => true,
        Part::Service { service, .. } => {
            let members = draft.links.services[service].members;
            let bounded = draft.scenario.service[service].1.workers.value.bound().is_some();
            let classes = 0..draft.scenario.request.len();
            let mut entered = classes.filter(|class| services(draft, *class).contains(&service));
            members == 1 || !bounded || entered.next().is_none()
        }
        Part::Database { database, .. } => {
            let spec = &draft.scenario.database[database].1;
            spec.failover.is_none() && !spec.has_view()
        }
        _ => false,
    }
}

/// Returns the faults that pause parts.
fn pauses(draft: &Draft) -> impl Iterator<Item = &FaultSpec> {
    let faults = draft.scenario.fault.iter().map(|(_, spec)| spec);
    faults.filter(|spec| spec.how.value == How::Pause)
}

/// Returns the inputs of the part with this number, each with the fact that it is.
#[must_use]
pub fn inputs(waited_out: &WaitedOut, part: Part, number: u32) -> Vec<(&'static str, Input)> {
    let mut all = vec![("fit", Input::Fit(number)), ("is full", Input::Full(number))];
    all.extend(waited_out.has(part).then_some(("is stalled", Input::Paused(number))));
    all
}

/// Returns whether a fault pauses a part whose pauses requests wait out.
fn acts(draft: &Draft, waited_out: &WaitedOut) -> bool {
    pauses(draft).any(|spec| {
        let parts = draft.targets.hit(spec);
        parts.into_iter().any(|part| waited_out.has(part))
    })
}

/// Returns the shortest time-out of a balancer or a call on the way of a class; `None` if there is none, or nothing to
/// wait for. Where users do not limit the wait (`limited` is false), requests wait in front of all that is overloaded.
#[must_use]
pub fn shortest_time_out(
    draft: &Draft,
    waited_out: &WaitedOut,
    class: usize,
    limited: bool,
) -> Option<SimDuration> {
    let counts = !limited || acts(draft, waited_out);
    let waits = |query: &Query| {
        query.writes.is_some() && draft.scenario.database[query.database].1.has_view()
    };
    let mut waited = counts;
    let mut all: Vec<SimDuration> = Vec::new();
    for class in draft.links.with_fetched(class) {
        let entered = services(draft, class);
        for ((_, spec), links) in draft.scenario.balancer.iter().zip(&draft.links.balancers) {
            let leads = links.targets.iter().any(|(service, _)| entered.contains(service));
            all.extend(spec.time_out.as_ref().filter(|_| leads).map(|limit| limit.value));
        }
        each(&draft.routes[class].steps, &mut |step| {
            let limit = match &step.does {
                Does::Call(call) => call.time_out.as_ref(),
                Does::Query(query) => {
                    waited |= waits(query);
                    query.time_out.as_ref().filter(|_| counts || waits(query))
                }
                _ => None,
            };
            all.extend(limit.map(|limit| limit.value));
        });
    }
    all.into_iter().min().filter(|_| waited)
}

/// Number of requests that hold a worker, per view, while the service at which it enters is paused: no worker takes any.
const HELD: f64 = 1e12;

impl Standing<'_> {
    /// Returns whether a service at which a class enters is paused, or what it stands on: its queue alone holds requests.
    fn enters_paused(&self, flow: usize) -> bool {
        if self.paused.is_empty() {
            return false;
        }
        // Messages wait in their queue, and hold no worker.
        let Some(class) = self.plan.classes.get(flow) else { return false };
        let mut parts = self.plan.network.parts.iter().zip(&self.plan.parts);
        parts.any(|(part, below)| {
            let paused = |set: &Vec<u32>| set.iter().all(|part| self.paused.contains(part));
            matches!(part, Part::Service { service, .. } if class.services.contains(service))
                && below.needs.iter().any(paused)
        })
    }

    /// Returns the number of requests per view that hold a worker; `otherwise` if the services at which the class enters
    /// take requests.
    pub(super) fn held(&self, flow: usize, otherwise: f64) -> f64 {
        if self.enters_paused(flow) { HELD } else { otherwise }
    }

    /// Returns the state once all pauses are over; `None` if nothing is paused.
    pub(super) fn awake(&self) -> Option<Self> {
        if self.paused.is_empty() {
            return None;
        }
        let mut awake = self.clone();
        for part in std::mem::take(&mut awake.paused) {
            awake.fit[part as usize] = true;
        }
        awake.rise();
        Some(awake)
    }

    /// Returns the shares blocked at a fork, `now` the shares without regard to pauses; in this state they are over.
    pub(super) fn waits(&self, node: &Node, now: Blocked) -> Blocked {
        let stalled = match node.split {
            Split::Believed(balancer) => {
                let misled = &self.misled[balancer];
                let met = (0..misled.len()).filter(|at| misled[*at]);
                let waits = met.clone().filter(|at| self.answers(&node.branches[*at])).count();
                now.dead * waits as f64 / met.count().max(1) as f64
            }
            _ => (now.dead - self.ways(node).1.dead).max(0.0),
        };
        Blocked { dead: now.dead - stalled, stalled: now.stalled + stalled }
    }
}
