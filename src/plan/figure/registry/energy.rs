//! Rows of power, energy, its carbon and its cost.

use super::rows::{MEAN, OF_INTERVALS, TRAFFIC_NAMED, WITHOUT};
use super::{IntervalOf, Row, Whose};
use crate::plan::figure::Metric;

const ALL: &[Whose] = &[Whose::Scenario];
const PARTS: &[Whose] = &[Whose::Scenario, Whose::Metered];

/// Rows of windows, then of the horizon.
pub const ROWS: &[Row] = &[
    Row::new(
        Metric::Power,
        OF_INTERVALS,
        MEAN,
        PARTS,
        "Energy over the length of the window; of the whole scenario with the PUE of each site",
    ),
    Row::new(
        Metric::Energy,
        OF_INTERVALS,
        MEAN,
        PARTS,
        "Power at the mean load of each 4 minutes times their length; of the whole scenario with the PUE of each site",
    ),
    Row::new(
        Metric::Carbon,
        OF_INTERVALS,
        MEAN,
        ALL,
        "Energy of each hour of the day times the carbon intensity of the site in it",
    ),
    Row::new(Metric::EnergyCost, OF_INTERVALS, MEAN, ALL, "Energy times the price of its site"),
    Row::new(
        Metric::ViewsPerKwh,
        OF_INTERVALS,
        MEAN,
        &[Whose::Class],
        "Page views served over the energy of the whole scenario, of each replication, averaged",
    ),
    horizon(
        Metric::Power,
        PARTS,
        "Power at the load of each hour in each state of the parts, averaged, at the planned rates: without retries, users who have left, and queues",
    ),
    horizon(Metric::Energy, PARTS, "Mean power over the horizon, for one year"),
    horizon(
        Metric::Carbon,
        ALL,
        "Energy per year, hour of the day by hour, times the carbon intensity in it",
    ),
    horizon(
        Metric::EnergyCost,
        ALL,
        "Energy per month, a twelfth of a year, times the price of its site",
    ),
];

const fn horizon(metric: Metric, of: &'static [Whose], estimand: &'static str) -> Row {
    Row::new(metric, TRAFFIC_NAMED, MEAN, of, estimand)
        .keys(&[WITHOUT])
        .as_it_comes(IntervalOf::Batches)
}
