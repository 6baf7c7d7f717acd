//! Mean visits: the expected number of times that each step of a list is done per request.
//!
//! A step that is reached by a jump may be done many times; the mean numbers solve the traffic
//! equations v = e + vP, which are linear in the jumps to each label. The steps are therefore walked once
//! for each label, and one small system is solved.
//!
//! Source: Jackson (1957), the traffic equations.

use crate::plan::route::ask::Ask;
use crate::plan::route::{Does, Step, each_here};

/// Mean number of visits of every step of one list, with all that is nested in it except the steps
/// of a call to a service: those are done elsewhere.
pub struct Visits<'s> {
    steps: &'s [Step],
    passes: &'s dyn Fn(&dyn Ask) -> f64,
    labels: Vec<usize>,
}

impl<'s> Visits<'s> {
    /// Creates the visits of these steps; `passes` gives the share of requests that skip the steps inside an [`Ask`].
    pub fn new(steps: &'s [Step], passes: &'s dyn Fn(&dyn Ask) -> f64) -> Self {
        let mut labels = Vec::new();
        each_here(steps, &mut |step| {
            if let Does::Jump(jump) = &step.does
                && !labels.contains(&jump.to)
            {
                labels.push(jump.to);
            }
        });
        Self { steps, passes, labels }
    }

    /// Returns every step with its mean number, in the order of the text. A loop without an exit counts as
    /// done once: it is reported elsewhere.
    pub fn take(&self) -> Vec<(&'s Step, f64)> {
        let count = self.labels.len();
        let inflow = self.inflow().unwrap_or_else(|| vec![0.0; count]);
        let mut visits = Vec::new();
        let mut jumped = vec![0.0; count];
        self.walk(self.steps, 1.0, &inflow, &mut jumped, &mut Some(&mut visits));
        visits
    }

    /// Returns whether every loop has an exit.
    pub fn ends(&self) -> bool {
        self.inflow().is_some()
    }

    /// Returns the mean jumps to each label per request; `None` if a loop has no exit.
    fn inflow(&self) -> Option<Vec<f64>> {
        let count = self.labels.len();
        let base = self.jumps(1.0, &vec![0.0; count]);
        // Each column holds the jumps to all labels that one jump to its label causes.
        let mut matrix = vec![vec![0.0; count + 1]; count];
        for column in 0..count {
            let mut unit = vec![0.0; count];
            unit[column] = 1.0;
            let made = self.jumps(0.0, &unit);
            for row in 0..count {
                matrix[row][column] = f64::from(u8::from(row == column)) - made[row];
            }
        }
        for (row, line) in matrix.iter_mut().enumerate() {
            line[count] = base[row];
        }
        solve(matrix)
    }

    fn jumps(&self, start: f64, inflow: &[f64]) -> Vec<f64> {
        let mut jumped = vec![0.0; self.labels.len()];
        self.walk(self.steps, start, inflow, &mut jumped, &mut None);
        jumped
    }

    /// Sends `flow` requests through `steps`, which nest no deeper than the text; returns the flow
    /// at the end.
    fn walk(
        &self,
        steps: &'s [Step],
        mut flow: f64,
        inflow: &[f64],
        jumped: &mut [f64],
        visits: &mut Option<&mut Vec<(&'s Step, f64)>>,
    ) -> f64 {
        for step in steps {
            if let Some(at) = step.label.and_then(|label| self.number(label)) {
                flow += inflow[at];
            }
            if let Some(visits) = visits {
                visits.push((step, flow));
            }
            match &step.does {
                Does::Choose(ways) => {
                    let all: f64 = ways.iter().map(|way| way.probability).sum();
                    let mut out = flow * (1.0 - all).max(0.0);
                    for way in ways {
                        let part = flow * way.probability;
                        out += self.walk(&way.steps, part, inflow, jumped, visits);
                    }
                    flow = out;
                }
                Does::Jump(jump) => {
                    let leaves = flow * jump.probability;
                    if let Some(at) = self.number(jump.to) {
                        jumped[at] += leaves;
                    }
                    flow -= leaves;
                }
                Does::Parallel(lanes) => {
                    for lane in lanes {
                        self.walk(lane, flow, inflow, jumped, visits);
                    }
                }
                Does::Repeat(repeat) => {
                    let times = repeat.count.mean();
                    self.walk(&repeat.steps, flow * times, inflow, jumped, visits);
                }
                Does::Ask(ask) => {
                    let passes = (self.passes)(&**ask);
                    let inside = flow * (1.0 - passes);
                    let back = self.walk(ask.inside(), inside, inflow, jumped, visits);
                    flow = flow * passes + back;
                }
                Does::Work(_)
                | Does::Query(_)
                | Does::Call(_)
                | Does::Io(_)
                | Does::Visit(_)
                | Does::Delay(_) => {}
            }
        }
        flow
    }

    fn number(&self, label: usize) -> Option<usize> {
        self.labels.iter().position(|other| *other == label)
    }
}

/// Solves a linear system, given with its right-hand side, by elimination with pivots; `None` without
/// a unique non-negative solution (a loop without an exit).
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = rows.len();
    for column in 0..count {
        let pivot = (column..count)
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        if rows[pivot][column].abs() < 1e-12 {
            return None;
        }
        rows.swap(column, pivot);
        let line = rows[column].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            if at != column && row[column] != 0.0 {
                let factor = row[column] / line[column];
                row.iter_mut().zip(&line).for_each(|(cell, top)| *cell -= factor * top);
            }
        }
    }
    let found: Vec<f64> = (0..count).map(|at| rows[at][count] / rows[at][at]).collect();
    found.iter().all(|value| *value > -1e-9).then_some(found)
}
