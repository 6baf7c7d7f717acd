//! What `summary.json` says, as one record for who writes it and who reads it again.
//!
//! Holds: the writer has no other way to the keys below, so that a gate finds what a run has
//! written; what a later version adds is read over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A figure with its interval, or the reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// The estimate; `None`: there is none, see the reason.
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
    /// How it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Why a value or an interval is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Name of the unit.
    pub unit: String,
    /// Replications behind it.
    pub replications: u64,
    /// Samples behind it, of all replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// Whether its window was in balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// The highest rate that meets an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityRecord {
    /// The class.
    pub class: String,
    /// `p95`.
    pub stat: String,
    /// Its bound.
    pub bound_s: f64,
    /// What ends it.
    pub bounded_by: String,
    /// The rate.
    pub value_per_s: Option<f64>,
    /// Lower end of its interval, or the rate that it is above.
    pub low_per_s: Option<f64>,
    /// Upper end, or the rate that it is below.
    pub high_per_s: Option<f64>,
    /// Why there is no rate or no interval.
    pub reason: Option<String>,
    /// By replication.
    pub by_replication_per_s: Vec<f64>,
    /// Known to be at least this, by replication.
    pub by_replication_at_least_per_s: Vec<f64>,
    /// Known to be at most this.
    pub by_replication_at_most_per_s: Vec<f64>,
    /// What was looked at.
    pub rates_tried_by_replication_per_s: Vec<Vec<f64>>,
    /// What arithmetic says is busy all the time first.
    pub busy_first: String,
    /// And at which rate.
    pub busy_first_per_s: f64,
}

impl CapacityRecord {
    /// The path that a figure of it has.
    fn path(&self) -> String {
        format!("capacity.{}[objective={}]", self.class, self.stat)
    }
}

/// What a gate reads of a summary.
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
    /// What is carried.
    pub capacities: Vec<CapacityRecord>,
    /// Judged figures of the scenario.
    pub expectations: Vec<OutcomeRecord>,
    /// Values by replication of the figures that are means over replications, from the file beside the
    /// summary; results of older versions have none.
    #[serde(skip)]
    pub by_replication: BTreeMap<String, Vec<f64>>,
}

/// Values of a figure that are kept at most.
const MOST_VALUES: usize = 60;
/// Batches that more values than these are put together to.
const BATCHES: usize = 30;

/// `values` by replication as they are kept: many as the means of batches of consecutive replications.
#[must_use]
pub fn kept(values: &[f64]) -> Vec<f64> {
    if values.len() <= MOST_VALUES {
        return values.to_vec();
    }
    let end = |batch: usize| batch * values.len() / BATCHES;
    let batch = |at: usize| &values[end(at)..end(at + 1)];
    (0..BATCHES).map(|at| batch(at).iter().sum::<f64>() / batch(at).len() as f64).collect()
}

/// How an expectation came out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OutcomeRecord {
    /// Its figure.
    pub figure: String,
    /// What it must be.
    pub is: String,
    /// `holds`, `fails`, `inconclusive`.
    pub outcome: String,
}

/// Values by replication, as `replications.json` has them.
#[derive(Clone, Debug, Deserialize)]
struct ValuesRecord {
    values: BTreeMap<String, Vec<f64>>,
}

impl SummaryRecord {
    /// Reads a summary.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Adds the values by replication.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and where.
    pub fn with_values(mut self, bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let read: ValuesRecord = serde_json::from_slice(bytes)?;
        self.by_replication = read.values;
        Ok(self)
    }

    /// What is kept of a figure by replication; a capacity keeps the rate of each.
    #[must_use]
    pub fn values(&self, path: &str) -> Option<&[f64]> {
        let rates = |row: &&CapacityRecord| row.path() == path;
        let kept = self.by_replication.get(path);
        let rate = || Some(&self.capacities.iter().find(rates)?.by_replication_per_s);
        kept.or_else(rate).map(Vec::as_slice)
    }

    /// All figures, those of capacity among them under the paths that figures have.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, FigureRecord> {
        let mut all = self.figures.clone();
        for row in &self.capacities {
            let path = row.path();
            let record = FigureRecord {
                value: row.value_per_s,
                // Where there is no rate, an end is a bound and no interval.
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
