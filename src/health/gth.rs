//! Solves Markov chains by elimination without a subtraction (GTH).
//!
//! Model: a chain is a list of rows, each a list of (target, rate). A state is eliminated by redirecting its
//! inflow to its successors in proportion to their rates. The rate out of a state is computed as a sum, never
//! as a difference. Each small probability therefore has the relative accuracy of the rates, at any
//! stiffness.
//!
//! Source: Grassmann, Taksar & Heyman, Regenerative analysis and steady state distributions for
//! Markov chains (1985); O'Cinneide (1993) for the error bound. Uniformisation: Jensen (1953).

use std::collections::BTreeMap;

use crate::convert::{table, whole};

/// Rows of a chain: (target, rate), with targets below the number of rows.
pub(super) type Rows = [Vec<(u32, f64)>];

/// The chain has more than one closed class of states, so its steady state is not unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotErgodic;

/// Returns the steady-state probabilities; 0 for transient states.
pub(super) fn stationary(rows: &Rows) -> Result<Vec<f64>, NotErgodic> {
    let class = closed_class(rows)?;
    let mut place = vec![u32::MAX; rows.len()];
    for (at, state) in class.iter().enumerate() {
        place[*state] = table::u32(at);
    }
    let mut system =
        System::new(class.iter().map(|state| {
            rows[*state].iter().map(|(to, rate)| (place[*to as usize], *rate)).collect()
        }));
    let mut weights = vec![0.0; class.len()];
    let mut inflows = vec![Vec::new(); class.len()];
    for state in (1..class.len()).rev() {
        let out = system.out_rate(state);
        inflows[state] = system.eliminate(state, out);
        for (_, rate) in &mut inflows[state] {
            *rate /= out;
        }
    }
    weights[0] = 1.0;
    for state in 1..class.len() {
        weights[state] = inflows[state].iter().map(|(from, rate)| weights[*from] * rate).sum();
    }
    let total: f64 = weights.iter().sum();
    let mut probabilities = vec![0.0; rows.len()];
    for (weight, state) in weights.iter().zip(class) {
        probabilities[state] = weight / total;
    }
    Ok(probabilities)
}

/// Returns the mean time from `start` until a state of `targets` is entered. Infinite if that may never
/// happen.
pub(super) fn mean_first_passage(rows: &Rows, targets: &[bool], start: usize) -> f64 {
    if targets[start] {
        return 0.0;
    }
    let inside = reach(rows, start, |state| !targets[state]);
    let mut place = vec![u32::MAX; rows.len()];
    for (at, state) in inside.iter().enumerate() {
        place[*state] = table::u32(at);
    }
    let mut leaving = Vec::with_capacity(inside.len());
    let mut system = System::new(inside.iter().map(|state| {
        let out = rows[*state].iter().filter(|(to, _)| targets[*to as usize]);
        leaving.push(out.map(|(_, rate)| rate).sum::<f64>());
        let stay = rows[*state].iter().filter(|(to, _)| !targets[*to as usize]);
        stay.map(|(to, rate)| (place[*to as usize], *rate)).collect()
    }));
    let mut holding = vec![1.0; inside.len()];
    for state in (0..inside.len()).rev() {
        let out = system.out_rate(state) + leaving[state];
        if out == 0.0 {
            return f64::INFINITY;
        }
        if state == 0 {
            return holding[0] / out;
        }
        for (from, rate) in system.eliminate(state, out) {
            leaving[from] += rate * (leaving[state] / out);
            holding[from] += rate * (holding[state] / out);
        }
    }
    f64::INFINITY
}

/// Returns the probabilities after `time`, and their time average until then, by uniformisation.
///
/// The Poisson weights are summed until the rest is below 10⁻¹⁷ of the total.
pub(super) fn transient(rows: &Rows, initial: &[f64], time: f64) -> (Vec<f64>, Vec<f64>) {
    let out = |row: &Vec<(u32, f64)>| row.iter().map(|(_, rate)| rate).sum::<f64>();
    // Slightly above the largest rate, so that every state has a positive probability of staying.
    let pace = 1.05 * rows.iter().map(out).fold(0.0, f64::max);
    let steps = pace * time;
    if steps == 0.0 {
        return (initial.to_vec(), initial.to_vec());
    }
    let weights = poisson(steps);
    let mut present = initial.to_vec();
    let mut now = vec![0.0; rows.len()];
    let mut average = vec![0.0; rows.len()];
    let mut beyond: f64 = 1.0;
    for weight in &weights {
        beyond = (beyond - weight).max(0.0);
        for (at, p) in present.iter().enumerate() {
            now[at] += weight * p;
            average[at] += beyond / steps * p;
        }
        let mut next = vec![0.0; rows.len()];
        for (from, row) in rows.iter().enumerate() {
            next[from] += present[from] * (1.0 - out(row) / pace);
            for (to, rate) in row {
                next[*to as usize] += present[from] * rate / pace;
            }
        }
        present = next;
    }
    (now, average)
}

/// Returns Poisson probabilities of 0, 1, … until the rest is negligible, normalised to sum 1.
fn poisson(mean: f64) -> Vec<f64> {
    let last = whole::usize(mean + 12.0 * libm::sqrt(mean) + 40.0);
    let mode = whole::usize(mean);
    let mut weights = vec![0.0; last + 1];
    weights[mode] = 1.0;
    for k in (0..mode).rev() {
        weights[k] = weights[k + 1] * (k + 1) as f64 / mean;
    }
    for k in mode + 1..=last {
        weights[k] = weights[k - 1] * mean / k as f64;
    }
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    weights
}

/// A chain under elimination, from the last state to the first.
struct System {
    rows: Vec<BTreeMap<usize, f64>>,
    columns: Vec<BTreeMap<usize, ()>>,
}

impl System {
    fn new(list: impl Iterator<Item = Vec<(u32, f64)>>) -> Self {
        let mut rows = Vec::new();
        for (from, row) in list.enumerate() {
            let mut sums = BTreeMap::new();
            for (to, rate) in row {
                if to as usize != from && rate > 0.0 {
                    *sums.entry(to as usize).or_insert(0.0) += rate;
                }
            }
            rows.push(sums);
        }
        let mut columns = vec![BTreeMap::new(); rows.len()];
        for (from, row) in rows.iter().enumerate() {
            for to in row.keys() {
                columns[*to].insert(from, ());
            }
        }
        Self { rows, columns }
    }

    /// Rate from `state` to the states below it, which are not yet eliminated.
    fn out_rate(&self, state: usize) -> f64 {
        self.rows[state].range(..state).map(|(_, rate)| rate).sum()
    }

    /// Eliminates `state`, the last one left. Returns its inflow from each state below.
    fn eliminate(&mut self, state: usize, out: f64) -> Vec<(usize, f64)> {
        let onward: Vec<(usize, f64)> =
            self.rows[state].range(..state).map(|(to, rate)| (*to, *rate)).collect();
        let from: Vec<usize> = self.columns[state].range(..state).map(|(at, ())| *at).collect();
        let mut inflow = Vec::with_capacity(from.len());
        for from in from {
            let Some(rate) = self.rows[from].remove(&state) else { continue };
            inflow.push((from, rate));
            for (to, onward) in &onward {
                if *to != from {
                    *self.rows[from].entry(*to).or_insert(0.0) += rate * (onward / out);
                    self.columns[*to].insert(from, ());
                }
            }
        }
        inflow
    }
}

/// Returns the only closed class: the states that are never left once entered, in rising order.
fn closed_class(rows: &Rows) -> Result<Vec<usize>, NotErgodic> {
    let mut backward = vec![Vec::new(); rows.len()];
    for (from, row) in rows.iter().enumerate() {
        for (to, rate) in row.iter().filter(|(_, rate)| *rate > 0.0) {
            backward[*to as usize].push((table::u32(from), *rate));
        }
    }
    let mut root = 0;
    loop {
        let class = reach(rows, root, |_| true);
        let returns = reach(&backward, root, |_| true);
        match class.iter().find(|state| returns.binary_search(state).is_err()) {
            // This state does not lead back: the closed class lies behind it.
            Some(further) => root = *further,
            None if returns.len() == rows.len() => return Ok(class),
            None => return Err(NotErgodic),
        }
    }
}

/// Returns the states reached from `start` through states that `through` accepts, in rising order.
fn reach(rows: &Rows, start: usize, through: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut seen = vec![false; rows.len()];
    let mut open = vec![start];
    seen[start] = true;
    while let Some(state) = open.pop() {
        for (to, rate) in &rows[state] {
            let to = *to as usize;
            if *rate > 0.0 && !seen[to] && through(to) {
                seen[to] = true;
                open.push(to);
            }
        }
    }
    (0..rows.len()).filter(|state| seen[*state]).collect()
}
