//! Content of `summary.json`, as one record for its writer and its reader.
//!
//! Holds: the writer has no other way to the keys below, so a gate finds what a run has written; keys of a later
//! version are ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A figure with its interval, or the reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// Estimate; `None` if there is none, see the reason.
    pub value: Option<f64>,
    /// Lower end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Level of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Method of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Reason why a value or an interval is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Name of the unit.
    pub unit: String,
    /// Replications behind it.
    pub replications: u64,
    /// Samples behind it, of all replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// Verdict on its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// The highest rate that meets an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityRecord {
    /// The class.
    pub class: String,
    /// Statistic, such as `p95`.
    pub stat: String,
    /// Its bound.
    pub bound_s: f64,
    /// Limit that ends it: the figure or lost views.
    pub bounded_by: String,
    /// The rate.
    pub value_per_s: Option<f64>,
    /// Lower end of its interval, or the rate that it is above.
    pub low_per_s: Option<f64>,
    /// Upper end, or the rate that it is below.
    pub high_per_s: Option<f64>,
    /// Reason why there is no rate or no interval.
    pub reason: Option<String>,
    /// Rate per replication.
    pub by_replication_per_s: Vec<f64>,
    /// Lower bound per replication.
    pub by_replication_at_least_per_s: Vec<f64>,
    /// Upper bound per replication.
    pub by_replication_at_most_per_s: Vec<f64>,
    /// Rates tried per replication.
    pub rates_tried_by_replication_per_s: Vec<Vec<f64>>,
    /// Bottleneck by analytic load.
    pub busy_first: String,
    /// Rate that saturates the bottleneck.
    pub busy_first_per_s: f64,
}

impl CapacityRecord {
    /// Returns the path of its figure.
    fn path(&self) -> String {
        format!("capacity.{}[objective={}]", self.class, self.stat)
    }
}

/// Part of a summary that a gate reads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SummaryRecord {
    /// Name of the scenario.
    pub scenario: String,
    /// Version of the result format.
    pub results_version: u32,
    /// Root of all draws.
    pub seed: u64,
    /// Level of all intervals.
    pub level: f64,
    /// Every figure, by path.
    pub figures: BTreeMap<String, FigureRecord>,
    /// Capacities found.
    pub capacities: Vec<CapacityRecord>,
    /// Judged figures of the scenario.
    pub expectations: Vec<OutcomeRecord>,
    /// Values per replication of figures that are means over replications, from the file beside the summary; older
    /// results have none.
    #[serde(skip)]
    pub by_replication: BTreeMap<String, Vec<f64>>,
    /// Windows of which only the first replications have values, each with the number of these.
    #[serde(skip)]
    pub kept: BTreeMap<String, u64>,
}

/// Maximum number of values kept of a figure.
const MOST_VALUES: usize = 60;
/// Number of batches into which more values are merged.
const BATCHES: usize = 30;

/// Returns `values` per replication as they are kept: many as means of batches of consecutive replications.
#[must_use]
pub fn kept(values: &[f64]) -> Vec<f64> {
    if values.len() <= MOST_VALUES {
        return values.to_vec();
    }
    let end = |batch: usize| batch * values.len() / BATCHES;
    let batch = |at: usize| &values[end(at)..end(at + 1)];
    (0..BATCHES).map(|at| batch(at).iter().sum::<f64>() / batch(at).len() as f64).collect()
}

/// Outcome of an expectation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OutcomeRecord {
    /// Its figure.
    pub figure: String,
    /// Demand, as written.
    pub is: String,
    /// `holds`, `fails`, `inconclusive`.
    pub outcome: String,
}

/// Values per replication, as in `replications.json`.
#[derive(Clone, Debug, Deserialize)]
struct ValuesRecord {
    values: BTreeMap<String, Vec<f64>>,
    #[serde(default)]
    kept: BTreeMap<String, KeptRecord>,
}

/// Replications of a window that have values.
#[derive(Clone, Debug, Deserialize)]
struct KeptRecord {
    first: u64,
}

impl SummaryRecord {
    /// Reads a summary.
    ///
    /// # Errors
    ///
    /// [`serde_json::Error`], with the defect and its place.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Adds the values per replication.
    ///
    /// # Errors
    ///
    /// [`serde_json::Error`], with the defect and its place.
    pub fn with_values(mut self, bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let read: ValuesRecord = serde_json::from_slice(bytes)?;
        self.by_replication = read.values;
        self.kept = read.kept.into_iter().map(|(window, kept)| (window, kept.first)).collect();
        Ok(self)
    }

    /// Returns the values kept of a figure per replication; for a capacity, the rate of each.
    #[must_use]
    pub fn values(&self, path: &str) -> Option<&[f64]> {
        let rates = |row: &&CapacityRecord| row.path() == path;
        let kept = self.by_replication.get(path);
        let rate = || Some(&self.capacities.iter().find(rates)?.by_replication_per_s);
        kept.or_else(rate).map(Vec::as_slice)
    }

    /// Returns all figures, including capacities under the paths of their figures.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, FigureRecord> {
        let mut all = self.figures.clone();
        for row in &self.capacities {
            let path = row.path();
            let record = FigureRecord {
                value: row.value_per_s,
                // Without a rate, an end is a bound and no interval.
                low: row.low_per_s.filter(|_| row.value_per_s.is_some()),
                high: row.high_per_s.filter(|_| row.value_per_s.is_some()),
                level: Some(self.level),
                method: None,
                reason: row.reason.clone(),
                unit: "per_s".into(),
                replications: row.by_replication_per_s.len() as u64,
                samples: None,
                verdict: None,
            };
            all.entry(path).or_insert(record);
        }
        all
    }
}
