//! A row of the comparison: one scenario in the windows of the basis.

use super::edges::{Edges, StepParts, measured};
use crate::stats::equivalence::Comparison;
use crate::study::compare::{Basis, Member};
use crate::study::measure::NoValue;
use crate::study::results::{CapacityRow, Share, Use, ViewRow, WindowRows};
use crate::study::window::{Estimate, Verdict};

/// A row of the comparison.
#[derive(Clone, Debug)]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// One line about it.
    pub title: String,
    /// Dollars per month.
    pub monthly_cost: Option<f64>,
    /// Dollars once.
    pub once_cost: Option<f64>,
    /// Results per window of the basis.
    pub windows: Vec<Cell>,
    /// p95 latency, this row minus the one above.
    pub latency_step: Option<Comparison>,
    /// Share served, this row minus the one above.
    pub served_step: Option<Comparison>,
    /// Highest rate of the class that meets its first latency objective.
    pub capacity: Option<CapacityRow>,
    /// That rate, this row minus the one above.
    pub capacity_step: Option<Comparison>,
    /// Place where the latency is measured; `None` means at the site.
    pub measured: Option<String>,
    /// Parts of the latency step, where edges answer in this row or the one above.
    pub step_parts: Option<StepParts>,
}

/// A scenario in one window.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Verdict on the window.
    pub verdict: Verdict,
    /// Median, p95 and p99 latency of the class.
    pub latency: [Estimate; 3],
    /// Part of the edges in these latencies; `None` without edges.
    pub edges: Option<Edges>,
    /// Share of the class's page views that were served.
    pub served: Share,
    /// Busiest component, with its utilisation.
    pub busiest: Option<(String, f64)>,
}

pub(super) fn row(member: &Member<'_>, basis: &Basis) -> Row {
    let find = |name: &String| member.results.windows.iter().find(|window| window.name == *name);
    Row {
        scenario: member.results.scenario.clone(),
        title: member.results.title.clone(),
        monthly_cost: member.monthly_cost,
        once_cost: member.once_cost,
        windows: basis.windows.iter().filter_map(find).map(|w| in_window(w, basis)).collect(),
        latency_step: None,
        served_step: None,
        capacity: member.results.capacities.iter().find(|row| row.class == basis.class).cloned(),
        capacity_step: None,
        measured: measured(member, &basis.class),
        step_parts: None,
    }
}

fn in_window(window: &WindowRows, basis: &Basis) -> Cell {
    let none = || Estimate::Missing(NoValue::NotKept);
    let found = window.latencies.iter().find(|row| row.name == basis.class);
    let latency = match found.map(|row| row.estimates.as_slice()) {
        Some([_, p50, p95, p99]) => [p50.clone(), p95.clone(), p99.clone()],
        _ => [none(), none(), none()],
    };
    let name = format!("{}-miss", basis.class);
    let edges = found.zip(window.latencies.iter().find(|row| row.name == name));
    let edges = edges.map(|(all, missed)| Edges {
        answered: all.samples,
        missed: missed.samples,
        origin: missed.estimates.get(2).cloned().unwrap_or_else(none),
    });
    let views = window.views.iter().find(|row: &&ViewRow| row.class == basis.class);
    let mut uses: Vec<(&Use, f64)> =
        window.uses.iter().filter_map(|row| Some((row, row.mean.value()?))).collect();
    // Rows stand in order of kind and name, and the sort is stable: ties go to the first.
    uses.sort_by(|a, b| b.1.total_cmp(&a.1));
    Cell {
        verdict: window.verdict_of(&basis.class),
        latency,
        edges,
        served: views.map_or(Share::Missing(NoValue::NotKept), |row| row.served_share),
        busiest: uses.first().map(|(row, value)| (row.name.clone(), *value)),
    }
}
