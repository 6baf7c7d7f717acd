//! Mean visits: how often each step of a class is done for one request, and how often each class.
//!
//! A step that is reached by `goto` may be done many times; the mean numbers solve the traffic
//! equations v = e + vP, which are linear in what jumps to each label. So the steps are walked once
//! for each label and one small system is solved.
//!
//! Source: Jackson (1957), the traffic equations.

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::load::mean;

/// Mean number of visits of every step of one list, with all that is nested in it except the steps
/// of a call to a service: those are done elsewhere.
pub struct Visits<'s> {
    steps: &'s [StepSpec],
    hit: &'s dyn Fn(&str) -> f64,
    labels: Vec<&'s str>,
}

impl<'s> Visits<'s> {
    /// Of these steps; `hit` is the hit ratio of a cache.
    pub fn new(steps: &'s [StepSpec], hit: &'s dyn Fn(&str) -> f64) -> Self {
        let mut labels = Vec::new();
        targets(steps, &mut labels);
        Self { steps, hit, labels }
    }

    /// Every step with its mean number, in the order of the text. A loop without an exit counts as
    /// done once: it is reported elsewhere.
    pub fn take(&self) -> Vec<(&'s StepSpec, f64)> {
        let count = self.labels.len();
        let inflow = self.inflow().unwrap_or_else(|| vec![0.0; count]);
        let mut visits = Vec::new();
        let mut jumped = vec![0.0; count];
        self.walk(self.steps, 1.0, &inflow, &mut jumped, &mut Some(&mut visits));
        visits
    }

    /// Whether every loop is left at last.
    pub fn ends(&self) -> bool {
        self.inflow().is_some()
    }

    /// Jumps to each label for one request; `None` when a loop has no exit.
    fn inflow(&self) -> Option<Vec<f64>> {
        let count = self.labels.len();
        let base = self.jumps(1.0, &vec![0.0; count]);
        // Column by column: what one jump to a label makes jump to each.
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

    /// Lets `flow` requests through `steps`, which nest no deeper than the text; gives what comes
    /// out at the end.
    fn walk(
        &self,
        steps: &'s [StepSpec],
        mut flow: f64,
        inflow: &[f64],
        jumped: &mut [f64],
        visits: &mut Option<&mut Vec<(&'s StepSpec, f64)>>,
    ) -> f64 {
        for step in steps {
            if let Some(at) = label_of(step).and_then(|label| self.number(label)) {
                flow += inflow[at];
            }
            if let Some(visits) = visits {
                visits.push((step, flow));
            }
            match step {
                StepSpec::Choose(choose) => {
                    let all: f64 =
                        choose.choose.iter().map(|branch| branch.chance.value.get()).sum();
                    let mut out = flow * (1.0 - all).max(0.0);
                    for branch in choose.choose.iter() {
                        let part = flow * branch.chance.value.get();
                        out += self.walk(&branch.steps, part, inflow, jumped, visits);
                    }
                    flow = out;
                }
                StepSpec::Goto(go) => {
                    let leaves = flow * go.chance.value.get();
                    if let Some(at) = self.number(&go.goto) {
                        jumped[at] += leaves;
                    }
                    flow -= leaves;
                }
                StepSpec::Parallel(parallel) => {
                    for lane in parallel.parallel.iter() {
                        self.walk(&lane.steps, flow, inflow, jumped, visits);
                    }
                }
                StepSpec::Repeat(repeat) => {
                    let times = mean(&repeat.repeat.count.value);
                    self.walk(&repeat.repeat.steps, flow * times, inflow, jumped, visits);
                }
                StepSpec::Cache(cache) => {
                    let hit = (self.hit)(&cache.cache);
                    let missed =
                        self.walk(&cache.else_, flow * (1.0 - hit), inflow, jumped, visits);
                    flow = flow * hit + missed;
                }
                StepSpec::Cpu(_)
                | StepSpec::Call(_)
                | StepSpec::Io(_)
                | StepSpec::Visit(_)
                | StepSpec::Delay(_) => {}
            }
        }
        flow
    }

    fn number(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|other| *other == label)
    }
}

/// Every one of `steps` and of what is nested in them.
pub(super) fn each<'s>(
    steps: impl Iterator<Item = &'s StepSpec>,
    visit: &mut dyn FnMut(&'s StepSpec),
) {
    for step in steps {
        visit(step);
        nested(step, &mut |steps| each(steps.iter(), visit));
    }
}

/// Labels that a `goto` names, each once.
fn targets<'s>(steps: &'s [StepSpec], labels: &mut Vec<&'s str>) {
    for step in steps {
        match step {
            StepSpec::Goto(go) => {
                let label: &str = &go.goto;
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            other => nested(other, &mut |steps| targets(steps, labels)),
        }
    }
}

/// Calls `visit` with each list of steps directly inside a step, but for those of a call.
pub fn nested<'s>(step: &'s StepSpec, visit: &mut dyn FnMut(&'s [StepSpec])) {
    match step {
        StepSpec::Choose(choose) => choose.choose.iter().for_each(|b| visit(&b.steps)),
        StepSpec::Parallel(parallel) => parallel.parallel.iter().for_each(|l| visit(&l.steps)),
        StepSpec::Repeat(repeat) => visit(&repeat.repeat.steps),
        StepSpec::Cache(cache) => visit(&cache.else_),
        StepSpec::Cpu(_)
        | StepSpec::Call(_)
        | StepSpec::Io(_)
        | StepSpec::Visit(_)
        | StepSpec::Goto(_)
        | StepSpec::Delay(_) => {}
    }
}

/// The label of a step.
#[must_use]
pub fn label_of(step: &StepSpec) -> Option<&crate::scenario::names::Name> {
    let label = match step {
        StepSpec::Cpu(step) => &step.label,
        StepSpec::Call(step) => &step.label,
        StepSpec::Io(step) => &step.label,
        StepSpec::Visit(step) => &step.label,
        StepSpec::Choose(step) => &step.label,
        StepSpec::Goto(step) => &step.label,
        StepSpec::Parallel(step) => &step.label,
        StepSpec::Repeat(step) => &step.label,
        StepSpec::Delay(step) => &step.label,
        StepSpec::Cache(step) => &step.label,
    };
    label.as_ref().map(|label| &label.value)
}

/// Solves a linear system given with its right side, by elimination with pivots; `None` when it has
/// no unique solution that is not negative (a loop that nothing leaves).
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

/// Requests a second of every class: what workloads issue, and what `then` makes of it.
#[must_use]
pub fn class_rates(draft: &Draft, rates: &[f64]) -> Vec<f64> {
    let count = draft.scenario.request.len();
    let mut classes = vec![0.0; count];
    for (class, rate) in draft.links.classes.iter().zip(rates) {
        if let Some(class) = class {
            classes[*class] += rate;
        }
    }
    let mut graph: DiGraph<(), (), u32> = DiGraph::default();
    let nodes: Vec<NodeIndex<u32>> = (0..count).map(|_| graph.add_node(())).collect();
    for (class, then) in draft.links.thens.iter().enumerate() {
        if let Some(then) = then {
            graph.add_edge(nodes[class], nodes[*then], ());
        }
    }
    // A cycle is reported elsewhere; then nothing is fetched after the first.
    let order = toposort(&graph, None).unwrap_or_default();
    for node in order {
        let class = node.index();
        let spec = &draft.scenario.request[class].1;
        if let (Some(next), Some(then)) = (draft.links.thens[class], &spec.then) {
            classes[next] += classes[class] * mean(&then.value.count.value);
        }
    }
    classes
}
