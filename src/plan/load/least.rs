//! The least load at given rates, and the resource that saturates first.

use std::collections::BTreeSet;

use super::memory::State;
use super::{Offered, offered_in, sums};
use crate::plan::Draft;
use crate::plan::graph::Graph;
use crate::plan::kind;
use crate::plan::part::Part;

/// Computes the load at these rates (one per workload) that no order of the requests avoids: writes share the blocks of a
/// log, scrubs wait, and replicas behind a link lag unless writes wait for them. If it is above the capacity, it can never be served.
/// Otherwise it is as [`super::offered`].
#[must_use]
pub fn least_offered(draft: &Draft, rates: &[f64]) -> Vec<Offered> {
    sums(draft, rates, &|_| true, &|_| true, State::Least).finish()
}

/// Computes the same for rates that do not last: requests that wait in a queue without a limit are left out. `None`: there are no
/// such requests.
#[must_use]
pub fn least_for_a_while(draft: &Draft, rates: &[f64]) -> Option<Vec<Offered>> {
    let queued: BTreeSet<usize> = kind::all().flat_map(|kind| kind.queued(draft)).collect();
    let is_now = |class: usize| !queued.contains(&class);
    let sums = || sums(draft, rates, &|_| true, &is_now, State::Least).finish();
    (!queued.is_empty()).then(sums)
}

/// Computes the same when some parts are lost and redundant ones have taken over: the least of [`super::offered_without`].
#[must_use]
pub fn least_without(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part]) -> Vec<Offered> {
    offered_in(draft, graph, rates, lost, State::Least).0
}

/// Returns whether the least load can be less than the load: some kind has work that may wait.
#[must_use]
pub fn has_less(draft: &Draft) -> bool {
    kind::all().any(|kind| kind.may_wait(draft))
}

/// Returns the resource that saturates first when the rate of `workload` rises and the others keep
/// theirs of `rates`, with that rate; among equals, the first in the order of parts. No rate above it can be served at the
/// hit ratios of the file's rates.
#[must_use]
pub fn first_to_run_out(draft: &Draft, workload: usize, rates: &[f64]) -> Option<(String, f64)> {
    let mut rates = rates.to_vec();
    rates[workload] = 0.0;
    let others = least_offered(draft, &rates);
    rates.fill(0.0);
    rates[workload] = 1.0;
    let mut first: Option<(String, f64)> = None;
    for one in least_offered(draft, &rates).into_iter().filter(|one| one.resource.is_limit()) {
        let beside = others.iter().find(|other| other.name == one.name);
        let capacity = beside.filter(|other| other.is_rest).map_or(one.capacity, |o| o.capacity);
        let left = (capacity - beside.map_or(0.0, |other| other.per_second)).max(0.0);
        let rate = left / one.per_second;
        if one.per_second > 0.0 && first.as_ref().is_none_or(|(_, least)| rate < *least) {
            first = Some((one.name, rate));
        }
    }
    first
}
