//! Rates up to which no class is overloaded in a state.
//!
//! Model: a class may lose views where a resource on its way may be asked for more than its capacity, or where a queue in front of
//! it refuses more than [`FEW`] of its requests, or users abandon more than that in it. Utilisation grows with each rate, so what is not
//! overloaded at some rates is not overloaded at lower ones. Beside an autoscaler, whose members are too few for the busiest hour of the week most of the time,
//! this is what makes quiet time cheap.

use std::borrow::Cow;

use super::memo::Memo;
use super::refusals::{FEW, Refusals};
use crate::plan::fluid::state::StateLoad;

/// Overload is looked for up to this multiple of the highest rates.
const HIGHEST: f64 = 64.0;
/// Number of bisections by which its begin is found.
const BISECTIONS: u32 = 16;

impl Memo<'_> {
    /// Returns whether a resource for which requests of `flow` wait, used as much as in `top`, is as `tight` says; `tight` takes
    /// whether these requests hold a worker, and the utilisation.
    pub(super) fn meets(
        &self,
        load: &StateLoad,
        flow: usize,
        top: &[f64],
        tight: &dyn Fn(bool, f64) -> bool,
    ) -> bool {
        let resources = &self.plan.network.resources;
        load.flows[flow].stages.iter().filter(|stage| stage.waits).any(|stage| {
            let mut uses = stage.ways.iter().flat_map(|(_, uses)| uses);
            uses.any(|at| tight(resources[*at as usize].holds_a_worker, top[*at as usize]))
        })
    }

    /// Returns whether the queue of `class` may grow at these rates, by flow, at which resources are used as in `top`: as they are,
    /// and with noise.
    pub(super) fn may_grow(
        &self,
        load: &StateLoad,
        class: usize,
        (rates, top): (&[f64], &[f64]),
    ) -> [bool; 2] {
        let (_, noise) = self.loudest;
        let used = self.used_by(load, class, (rates, top));
        [1.0, noise].map(|noise| self.meets(load, class, &used, &|_, top| top * noise > 1.0))
    }

    /// Returns the utilisation of each resource as far as the workers of `class` can use it.
    fn used_by<'a>(
        &self,
        load: &StateLoad,
        class: usize,
        (rates, top): (&[f64], &'a [f64]),
    ) -> Cow<'a, [f64]> {
        if self.usable.get(class).is_none_or(Vec::is_empty) {
            return Cow::Borrowed(top);
        }
        let mut used = top.to_vec();
        self.narrow(load, class, rates, &mut used);
        Cow::Owned(used)
    }

    /// Returns whether a full queue may refuse requests of `class`, or users may abandon them there, at these rates, by flow, at
    /// which resources are used as in `top`.
    pub(super) fn may_refuse(
        &self,
        load: &StateLoad,
        class: usize,
        (rates, top): (&[f64], &[f64]),
    ) -> bool {
        let (sigma, _) = self.loudest;
        let used = self.used_by(load, class, (rates, top));
        let at = |of: &Refusals, top: f64| of.at(of.arrive(rates) / top).mean(top, sigma)[0];
        let refused = |of: &Refusals, top: f64| top > 0.0 && at(of, top) > FEW;
        let full =
            |of: &Refusals| self.meets(load, class, &used, &|held, top| held && refused(of, top));
        self.refusals_of(class).filter(|_| rates[class] > 0.0).is_some_and(full)
    }

    /// Returns whether `class` loses nothing to overload in a state while no workload asks for more than these rates.
    pub(super) fn is_calm(&mut self, state: u32, class: usize, most: &[f64]) -> bool {
        let share = match self.calm[state as usize][class] {
            Some(known) => known,
            None => {
                let share = self.calm_up_to(state, class);
                self.calm[state as usize][class] = Some(share);
                share
            }
        };
        most.iter().zip(&self.tops).all(|(rate, top)| *rate <= share * top)
    }

    /// Returns the share of the highest rates of all workloads up to which `class` is not overloaded in a state.
    fn calm_up_to(&self, state: u32, class: usize) -> f64 {
        let load = &self.loads[state as usize];
        let mut rates = vec![0.0; self.plan.classes.len()];
        for (workload, top) in self.plan.workloads.iter().zip(&self.tops) {
            rates[workload.class] += top;
        }
        let is_over = |share: f64| {
            let mut rates: Vec<f64> = rates.iter().map(|rate| rate * share).collect();
            load.publish(&mut rates);
            let used = load.utilization(&rates);
            let at = (&*rates, &*used);
            self.may_grow(load, class, at)[1] || self.may_refuse(load, class, at)
        };
        let (mut low, mut high) = (0.0, HIGHEST);
        if !is_over(high) {
            return high;
        }
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (low + high);
            if is_over(middle) { high = middle } else { low = middle }
        }
        low
    }
}
