//! Capacity of disks that stays idle however long the queue of requests is: each worker waits at one disk, and others have nothing
//! to do.
//!
//! Model: N workers, each of which always has one operation at one of M equal disks, and chooses the next at random, keep G(N − 1)/G(N)
//! of the disks busy: a closed network of exponential stations. That is N/(N + M − 1) if a disk executes one operation at a time.
//! Operations for which no request waits arrive besides, and leave the rest of the time to the workers.
//!
//! Holds: with many workers all of the capacity is used. Leaves out: the time that workers spend elsewhere, as if it were short;
//! workers of other services at the same disks; operations that one request issues in parallel; members that have failed or that an
//! autoscaler launches; the connections of a database.
//! Source: Gordon & Newell (1967); the convolution of Buzen (1973).

use std::sync::Arc;

use super::memo::Memo;
use crate::convert::whole;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::state::{FlowLoad, StateLoad};
use crate::plan::load::Queues;

/// Largest number of units of work at once that is not scaled down, and the largest number of workers per such unit whose states are
/// summed.
const AT_ONCE: f64 = 64.0;
const EACH: f64 = 16.0;

/// Returns, per class, the resources of whose capacity its workers cannot use all, and the share that they can use.
pub(super) fn all(plan: &FluidPlan) -> Vec<Vec<(u32, f64)>> {
    let well = plan.state(&plan.emptied());
    let one = |class: usize| {
        let mut found: Vec<(u32, f64)> = Vec::new();
        let Some(entry) = plan.entry_at_start(class) else { return found };
        for stage in well.flows[class].stages.iter().filter(|stage| stage.waits) {
            let whole: f64 = stage.ways.iter().map(|(share, _)| share).sum();
            for (share, uses) in &stage.ways {
                for at in uses {
                    let of = &plan.network.resources[*at as usize];
                    let Some(queues) = of.queues.filter(|_| of.holds_a_worker) else { continue };
                    // The workers share the members, each with disks of its own, evenly.
                    found.push((*at, usable(queues, entry.workers * share / whole)));
                }
            }
        }
        // The way with the most workers counts where several lead to the same disks.
        found.sort_by(|a, b| (a.0, b.1).partial_cmp(&(b.0, a.1)).expect("shares are numbers"));
        found.dedup_by_key(|(at, _)| *at);
        found.retain(|(_, share)| *share < 1.0);
        found
    };
    (0..plan.classes.len()).map(one).collect()
}

impl Memo<'_> {
    /// Raises the utilisation of resources of which the workers of a class cannot use all, so that it is 1 where they can do no more.
    pub(super) fn narrow(&self, load: &StateLoad, class: usize, rates: &[f64], used: &mut [f64]) {
        for (at, usable) in self.usable.get(class).into_iter().flatten() {
            let place = *at as usize;
            let of = |(flow, rate): (&Arc<FlowLoad>, &f64)| rate * flow.aside_at(*at);
            let aside: f64 = load.flows.iter().zip(rates).map(of).sum();
            let aside = (load.constant[place] + aside) / load.capacity[place];
            used[place] = aside + (used[place] - aside).max(0.0) / usable;
        }
    }
}

/// Returns the share of the capacity of equal queues that `workers` can use. Each always waits in one queue and chooses the next at
/// random.
fn usable(queues: Queues, workers: f64) -> f64 {
    let [count, at_once] = [queues.count, queues.at_once].map(f64::from);
    if !workers.is_finite() {
        return 1.0;
    }
    let workers = workers.max(1.0);
    if at_once <= 1.0 {
        return workers / (workers + count - 1.0);
    }
    // Many units at once are used as half as many by half of the workers.
    let scale = (at_once / AT_ONCE).max(1.0);
    let (workers, at_once) = ((workers / scale).max(1.0), (at_once / scale).round());
    let most = EACH * count * at_once;
    let counted = workers.min(most);
    let last = whole::usize(counted) + 1;
    // The weight of n workers in one queue: k^n / n! up to k, then constant; and how it grows.
    let (mut grows, mut weight) = (vec![1.0], 1.0);
    for n in 1..=whole::usize(at_once) {
        let next = weight * at_once / n as f64;
        grows.push(next - weight);
        weight = next;
    }
    let mut all = vec![0.0; last + 1];
    all[0] = 1.0;
    for _ in 0..queues.count {
        let (mut next, mut sum) = (Vec::with_capacity(last + 1), 0.0);
        for n in 0..=last {
            sum += grows
                .iter()
                .zip(all[..=n].iter().rev())
                .map(|(grows, all)| grows * all)
                .sum::<f64>();
            next.push(sum);
        }
        let highest = next.iter().copied().fold(0.0, f64::max);
        all = next.into_iter().map(|each| each / highest).collect();
    }
    // Between two whole numbers of workers straight.
    let busy = |workers: usize| all[workers - 1] / all[workers];
    let part = counted - (last - 1) as f64;
    let idle = 1.0 - (busy(last - 1) + (busy(last) - busy(last - 1)) * part);
    // With more workers the idle share falls as their number grows.
    1.0 - idle * (most / workers).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One queue is used fully by as many workers as it does units of work at once. Of M queues that do one at once N workers use
    /// N / (N + M − 1).
    #[test]
    fn simple_networks_are_used_as_by_hand() {
        let of = |count, at_once, workers| usable(Queues { count, at_once }, workers);
        assert!((of(5, 1, 40.0) - 40.0 / 44.0).abs() < 1e-12);
        // Sets of many units at once have no gap where states are no longer summed, nor where they are scaled down.
        assert!((of(4, 2, 128.0) - of(4, 2, 129.0)).abs() < 1e-3);
        assert!((of(3, 64, 400.0) - of(3, 128, 800.0)).abs() < 0.01);
        assert!((0.9..1.0).contains(&of(24, 30, 2_000.0)) && of(8, 1_024, 1e6) <= 1.0);
        assert!((of(1, 3, 2.0) - 2.0 / 3.0).abs() < 1e-12);
        assert!(of(1, 3, 3.0) >= 1.0 && of(7, 2, f64::INFINITY) >= 1.0);
    }

    /// All ways to spread five workers over three queues of two at once, each as probable as the product of 1/min(i, 2) over the
    /// workers of each: busy is the mean of Σ min(n, 2) over six.
    #[test]
    fn queues_that_do_several_at_once_are_used_as_their_states_say() {
        let weight = |n: u32| (1..=n).map(|i| 1.0 / f64::from(i.min(2))).product::<f64>();
        let (mut all, mut busy) = (0.0, 0.0);
        for a in 0..=5 {
            for b in 0..=5 - a {
                let each = [a, b, 5 - a - b];
                let of = each.iter().map(|n| weight(*n)).product::<f64>();
                all += of;
                busy += of * each.iter().map(|n| f64::from((*n).min(2))).sum::<f64>() / 6.0;
            }
        }
        let found = usable(Queues { count: 3, at_once: 2 }, 5.0);
        assert!((found / (busy / all) - 1.0).abs() < 1e-12, "{found}, {}", busy / all);
    }
}
