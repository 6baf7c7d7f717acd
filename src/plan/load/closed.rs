//! Upper bound of the request rate of closed users.
//!
//! Model: N users with think time Z and response time R request X = N ÷ (Z + R) pages per second. R is at least
//! the time R₀ of a page on an idle system, and no part can be busy for more than all
//! the time, so X ≤ min(N ÷ (Z + R₀), c). Here c is the rate at which the first part saturates, with the capacity
//! that open workloads leave. The two bounds meet at N* = c (Z + R₀) users: beyond, more users
//! only wait longer.
//!
//! R₀ is underestimated, so that the bound holds: mean work of the steps in sequence, each on a
//! whole core or server (with several threads: on a core each, as far as the largest zone of the service
//! has them), and the round trip to the site. Parallel steps, disks and heads (a
//! cache may answer), the parts that a page fetches next, and links count as zero.
//! Source: Denning & Buzen (1978), asymptotic bounds of closed systems; Muntz & Wong (1974).

use std::ptr;

use crate::plan::Draft;
use crate::plan::kind::flow::leaf;
use crate::plan::load::{first_to_run_out, mean, open_rates};
use crate::plan::places;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step, each_here};

/// Bounds for the users of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Number of users.
    pub users: u32,
    /// Mean think time plus the least time of a page, in seconds.
    pub cycle_s: f64,
    /// Resource that saturates first, and the pages per second at which it does; `None` if a page
    /// needs no resource with a known limit.
    pub first: Option<(String, f64)>,
}

impl Bounds {
    /// Returns the largest number of pages per second that the system serves to any number of users.
    #[must_use]
    pub fn max_throughput(&self) -> f64 {
        self.first.as_ref().map_or(f64::INFINITY, |(_, rate)| *rate)
    }

    /// Returns the number of users beyond which more users only wait longer.
    #[must_use]
    pub fn saturation_users(&self) -> f64 {
        self.max_throughput() * self.cycle_s
    }

    /// Returns the largest number of pages per second that these users request.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        (f64::from(self.users) / self.cycle_s).min(self.max_throughput())
    }
}

/// Computes the bounds for the users of `workload`, with open workloads at `open` rates; `None` if it has no
/// users or no class.
#[must_use]
pub fn bounds(draft: &Draft, workload: usize, open: &[f64]) -> Option<Bounds> {
    let (_, spec) = &draft.scenario.workload[workload];
    let (users, think) = (spec.users.as_ref()?.value, spec.think.as_ref()?);
    let class = draft.links.classes[workload]?;
    let clients = places::clients(draft, workload);
    let way_s = clients.map_or(0.0, |clients| places::usual_trip_s(draft, class, clients));
    let alone_s = steps_s(draft, class, &draft.routes[class].steps);
    let cycle_s = mean(&think.value) + alone_s + way_s;
    Some(Bounds { users, cycle_s, first: first_to_run_out(draft, workload, open) })
}

/// Sets the rates of closed users to their bounds; open workloads keep theirs.
pub(in crate::plan) fn bound(draft: &Draft, rates: &mut [f64]) {
    let open = rates.to_vec();
    for (workload, rate) in rates.iter_mut().enumerate() {
        // Users without think time, work or a limiting resource have an infinite rate, which is left out.
        let most = bounds(draft, workload, &open).map(|bounds| bounds.throughput());
        if let Some(most) = most.filter(|most| most.is_finite()) {
            *rate = most;
        }
    }
}

/// Returns the least mean time of these steps in sequence, in seconds.
pub(crate) fn steps_s(draft: &Draft, class: usize, steps: &[Step]) -> f64 {
    let all_hit = |_: &dyn Ask| 1.0;
    let visits = Visits::new(steps, &all_hit).take();
    let mut aside: Vec<*const Step> = Vec::new();
    for (step, _) in &visits {
        if let Does::Parallel(lanes) = &step.does {
            for lane in lanes {
                each_here(lane, &mut |step| aside.push(ptr::from_ref(step)));
            }
        }
    }
    let alone = |step: &Step| !aside.iter().any(|other| ptr::eq(*other, step));
    visits
        .iter()
        .filter(|(step, _)| alone(step))
        .map(|(step, count)| count * step_s(draft, class, step))
        .sum()
}

/// Returns whether the steps of a class certainly take no time: none, or only delays, work and calls of length 0.
pub(crate) fn takes_no_time(draft: &Draft, class: usize) -> bool {
    fn none(draft: &Draft, class: usize, steps: &[Step]) -> bool {
        let all_hit = |_: &dyn Ask| 1.0;
        Visits::new(steps, &all_hit).take().iter().all(|(step, count)| match &step.does {
            _ if *count <= 0.0 => true,
            Does::Delay(_) | Does::Work(_) => step_s(draft, class, step) <= 0.0,
            Does::Call(call) => none(draft, class, &call.steps),
            Does::Choose(_) | Does::Jump(_) | Does::Parallel(_) | Does::Repeat(_) => true,
            Does::Query(_) | Does::Io(_) | Does::Visit(_) | Does::Ask(_) => false,
        })
    }
    none(draft, class, &draft.routes[class].steps)
}

fn step_s(draft: &Draft, class: usize, step: &Step) -> f64 {
    match &step.does {
        Does::Delay(law) => law.mean(),
        Does::Call(call) => steps_s(draft, class, &call.steps),
        does => leaf(does).map_or(0.0, |leaf| leaf.least_s(draft, class)),
    }
}

/// Returns the bounds for all workloads with closed users, at the rates of the file.
#[must_use]
pub fn all(draft: &Draft) -> Vec<(usize, Bounds)> {
    let open = open_rates(draft);
    let count = draft.scenario.workload.len();
    (0..count).filter_map(|at| bounds(draft, at, &open).map(|bounds| (at, bounds))).collect()
}
