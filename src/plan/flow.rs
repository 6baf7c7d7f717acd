//! Request rate of each class.
//!
//! Source: Jackson (1957), the traffic equations.

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::plan::Draft;
use crate::plan::hits::Hits;
use crate::plan::load::mean;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};

/// Returns the classes whose requests `steps` cause, and the number per request, including the steps of
/// calls.
fn begun_by(draft: &Draft, steps: &[Step], hits: &Hits) -> Vec<(usize, f64)> {
    let passes = |ask: &dyn Ask| ask.passes(hits);
    let mut all = Vec::new();
    for (step, count) in Visits::new(steps, &passes).take() {
        match &step.does {
            Does::Ask(ask) if ask.awaits().is_none() => {
                let (kind, index) = ask.of();
                let begun = kind.answers().begins(draft, index);
                all.extend(begun.map(|class| (class, count)));
            }
            Does::Call(call) => {
                let inside = begun_by(draft, &call.steps, hits);
                all.extend(inside.into_iter().map(|(class, each)| (class, count * each)));
            }
            _ => {}
        }
    }
    all
}

/// Computes the requests per second of every class: those of workloads, and those caused by `then` and messages.
#[must_use]
pub fn class_rates(draft: &Draft, hits: &Hits, rates: &[f64]) -> Vec<f64> {
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
        for (begun, _) in begun_by(draft, &draft.routes[class].steps, hits) {
            graph.update_edge(nodes[class], nodes[begun], ());
        }
    }
    // A cycle is reported elsewhere; then only the requests of workloads are counted.
    let order = toposort(&graph, None).unwrap_or_default();
    for node in order {
        let class = node.index();
        let spec = &draft.scenario.request[class].1;
        if let (Some(next), Some(then)) = (draft.links.thens[class], &spec.then) {
            classes[next] += classes[class] * mean(&then.value.count.value);
        }
        for (begun, count) in begun_by(draft, &draft.routes[class].steps, hits) {
            classes[begun] += classes[class] * count;
        }
    }
    classes
}
