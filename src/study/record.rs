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

impl SummaryRecord {
    /// Reads a summary.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// All figures, those of capacity among them under the paths that figures have.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, FigureRecord> {
        let mut all = self.figures.clone();
        for row in &self.capacities {
            let path = format!("capacity.{}[objective={}]", row.class, row.stat);
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
