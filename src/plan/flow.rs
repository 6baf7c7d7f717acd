//! How often each class is asked for.
//!
//! Source: Jackson (1957), the traffic equations.

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::plan::Draft;
use crate::plan::load::mean;

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
