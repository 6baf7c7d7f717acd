//! What closed users can ask for at most.
//!
//! Model: N users who think for Z and wait for R ask for X = N ÷ (Z + R) pages a second. R is at least
//! the time R₀ that a page takes when nobody is in the way, and no part can be busy for more than all
//! the time, so X ≤ min(N ÷ (Z + R₀), c), where c is the rate at which the first part is busy all the
//! time, of what open workloads leave of it. The two meet at N* = c (Z + R₀) users: beyond, more users
//! only wait longer.
//!
//! R₀ is counted low, so that the bound holds: mean work of the steps one after the other, each on a
//! whole core or server (of several threads: on a core each, as far as the largest zone of the service
//! has them), and the way to the site and back. Steps side by side, disks and heads (a
//! cache may answer), the parts that a page fetches then, and links count as nothing.
//! Source: Denning & Buzen (1978), asymptotic bounds of closed systems; Muntz & Wong (1974).

use std::ptr;

use crate::plan::Draft;
use crate::plan::kind::flow::leaf;
use crate::plan::load::{first_to_run_out, mean, open_rates};
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step, each_here};

/// Bounds of the users of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// How many they are.
    pub users: u32,
    /// Mean think and the least time of a page, in seconds.
    pub cycle_s: f64,
    /// The part that is busy all the time first, and pages a second when it is; none where a page
    /// needs no part whose limit is known.
    pub first: Option<(String, f64)>,
}

impl Bounds {
    /// The most pages a second that a system of any number of users serves.
    #[must_use]
    pub fn max_throughput(&self) -> f64 {
        self.first.as_ref().map_or(f64::INFINITY, |(_, rate)| *rate)
    }

    /// Beyond so many users more of them only wait longer.
    #[must_use]
    pub fn saturation_users(&self) -> f64 {
        self.max_throughput() * self.cycle_s
    }

    /// The most pages a second that these users ask for.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        (f64::from(self.users) / self.cycle_s).min(self.max_throughput())
    }
}

/// Bounds of the users of `workload`, where open workloads ask at `open` rates; `None` where it has
/// none, or asks for no class.
#[must_use]
pub fn bounds(draft: &Draft, workload: usize, open: &[f64]) -> Option<Bounds> {
    let (_, spec) = &draft.scenario.workload[workload];
    let (users, think) = (spec.users.as_ref()?.value, spec.think.as_ref()?);
    let class = draft.links.classes[workload]?;
    let clients = spec.from.as_ref().and_then(|from| draft.scenario.clients.get(&from.text));
    let round_trip = clients.and_then(|clients| clients.round_trip.as_ref());
    let way_s = round_trip.map_or(0.0, |law| mean(&law.value));
    let alone_s = steps_s(draft, class, &draft.routes[class].steps);
    let cycle_s = mean(&think.value) + alone_s + way_s;
    Some(Bounds { users, cycle_s, first: first_to_run_out(draft, workload, open) })
}

/// Puts in the rates of closed users, where those of open workloads are there.
pub(super) fn bound(draft: &Draft, rates: &mut [f64]) {
    let open = rates.to_vec();
    for (workload, rate) in rates.iter_mut().enumerate() {
        // Users who neither think nor work, and whom nothing holds back, ask without end: no number.
        let most = bounds(draft, workload, &open).map(|bounds| bounds.throughput());
        if let Some(most) = most.filter(|most| most.is_finite()) {
            *rate = most;
        }
    }
}

/// The least mean time of these steps, one after the other.
fn steps_s(draft: &Draft, class: usize, steps: &[Step]) -> f64 {
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

fn step_s(draft: &Draft, class: usize, step: &Step) -> f64 {
    match &step.does {
        Does::Delay(law) => law.mean(),
        Does::Call(call) => steps_s(draft, class, &call.steps),
        does => leaf(does).map_or(0.0, |leaf| leaf.least_s(draft, class)),
    }
}

/// The workloads of closed users with their bounds, at the file's own rates.
#[must_use]
pub fn all(draft: &Draft) -> Vec<(usize, Bounds)> {
    let open = open_rates(draft);
    let count = draft.scenario.workload.len();
    (0..count).filter_map(|at| bounds(draft, at, &open).map(|bounds| (at, bounds))).collect()
}
