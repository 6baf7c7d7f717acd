//! Demands of a scenario on a run, with the verdicts, read back from `summary.json`.
//!
//! Takes the objectives as declared and the bytes of a summary. Returns the same objectives with the same verdicts as
//! [`summary`](crate::study::summary) of the run itself. A scenario without objectives is judged by its expectations.

use serde::Deserialize;

use super::expect::{Demand, Verdict};
use super::record::{CapacityRecord, FigureRecord, OutcomeRecord, SummaryRecord};
use super::results::Declared;
use crate::plan::{Draft, load};
use crate::units::Rate;

/// A demand with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The demand.
    pub ask: Ask,
    /// Path of the figure that decides.
    pub figure: String,
    /// Value of that figure.
    pub value: Option<f64>,
    /// The verdict.
    pub judgement: Verdict,
    /// Unused share of the bound, negative where it is missed; `None` without a value.
    pub margin: Option<f64>,
}

/// A demand of an objective, or an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A percentile of latency, in one window or in none.
    Latency {
        /// The class.
        class: String,
        /// The window; `None` if no window measures it.
        window: Option<String>,
        /// Statistic, such as `p95`.
        stat: String,
        /// The bound, in seconds.
        bound: f64,
    },
    /// A share of the page views served over the horizon.
    Served {
        /// The class.
        class: String,
        /// The smallest share.
        least: f64,
    },
    /// The rate of the design peak is carried.
    Capacity {
        /// The class.
        class: String,
        /// The rate, per second.
        peak: f64,
        /// The window of the design peak.
        window: String,
    },
    /// An expectation, as written.
    Expected(String),
}

/// The demands of a scenario, as declared.
#[derive(Clone, Debug)]
pub struct Demands {
    /// The objectives of each class, with its design peak: the window, and its rate per second.
    classes: Vec<(Declared, Option<(String, f64)>)>,
}

/// The part of a summary that [`SummaryRecord`] leaves out.
#[derive(Clone, Debug, Default, Deserialize)]
struct Judged {
    #[serde(default)]
    objectives: Vec<Objective>,
    #[serde(default)]
    windows: Vec<Window>,
}

#[derive(Clone, Debug, Deserialize)]
struct Objective {
    class: String,
    window: String,
    stat: String,
    bound_s: f64,
    value_s: Option<f64>,
    outcome: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Window {
    name: String,
    verdict: String,
    #[serde(default)]
    classes: Vec<Class>,
}

#[derive(Clone, Debug, Deserialize)]
struct Class {
    name: String,
    verdict: String,
}

impl Demands {
    /// Reads the demands of a scenario.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let declared = super::results::declared(draft).into_iter();
        let classes = declared.map(|one| {
            let peak = peak(draft, &one.class);
            (one, peak)
        });
        Self { classes: classes.collect() }
    }

    /// Reads the verdicts from the bytes of a summary.
    ///
    /// # Errors
    ///
    /// [`serde_json::Error`], with the defect and its place.
    pub fn judged(
        &self,
        record: &SummaryRecord,
        bytes: &[u8],
    ) -> Result<Vec<Asked>, serde_json::Error> {
        let judged: Judged = serde_json::from_slice(bytes)?;
        if self.classes.is_empty() {
            return Ok(record.expectations.iter().map(|row| expected(row, record)).collect());
        }
        let of =
            |(one, peak): &(Declared, Option<_>)| of_class((one, peak.as_ref()), &judged, record);
        Ok(self.classes.iter().flat_map(of).collect())
    }
}

/// Returns the window of the design peak of a class, and its rate over all of its workloads, per second.
fn peak(draft: &Draft, class: &str) -> Option<(String, f64)> {
    let windows = draft.scenario.window.iter();
    let plain = windows.filter(|(_, window)| window.before.is_none());
    let rates = plain.filter_map(|(name, window)| {
        let workloads = draft.scenario.workload.iter().zip(load::levels(draft, window));
        let own = workloads.filter(|((_, spec), _)| spec.request.value.text == class);
        let rate = own.filter_map(|(_, rate)| rate).map(Rate::in_per_second).reduce(|a, b| a + b);
        Some((name.text.clone(), rate.filter(|rate| rate.is_finite())?))
    });
    load::peak_among(rates, |(name, rate)| (name, *rate))
}

fn of_class(
    (one, peak): (&Declared, Option<&(String, f64)>),
    judged: &Judged,
    record: &SummaryRecord,
) -> Vec<Asked> {
    let own = judged.objectives.iter().filter(|row| row.class == one.class);
    let mut all: Vec<Asked> = own.map(latency).collect();
    for (stat, bound) in &one.latency {
        let is_judged =
            |asked: &Asked| matches!(&asked.ask, Ask::Latency { stat: s, .. } if s == stat);
        if !all.iter().any(is_judged) {
            let (class, stat) = (one.class.clone(), (*stat).to_string());
            all.push(Asked {
                figure: format!("latency.{class}.{stat}"),
                ask: Ask::Latency { class, window: None, stat, bound: *bound },
                value: None,
                judgement: Verdict::NotJudged,
                margin: None,
            });
        }
    }
    all.extend(one.served.map(|least| served(&one.class, least, record)));
    all.extend(peak.and_then(|peak| capacity(&one.class, peak, judged, record)));
    all
}

fn capacity(
    class: &str,
    (name, peak): &(String, f64),
    judged: &Judged,
    record: &SummaryRecord,
) -> Option<Asked> {
    let window = judged.windows.iter().find(|window| window.name == *name)?;
    let own = window.classes.iter().find(|one| one.name == class);
    let verdict = own.map_or(&window.verdict, |one| &one.verdict);
    let found = record.capacities.iter().find(|row| row.class == class);
    let judgement = match (verdict.as_str(), found) {
        ("OVERLOADED" | "BACKLOGGED" | "METASTABLE", _) => Verdict::Fails,
        (_, Some(row)) => carries(row, *peak),
        ("STABLE", None) => Verdict::Holds,
        _ => Verdict::Inconclusive,
    };
    let value = found.and_then(|row| row.value_per_s);
    let stat = found.map_or("", |row| row.stat.as_str());
    Some(Asked {
        ask: Ask::Capacity { class: class.into(), peak: *peak, window: name.clone() },
        figure: format!("capacity.{class}[objective={stat}]"),
        value,
        judgement,
        margin: value.map(|rate| rate / peak - 1.0),
    })
}

fn latency(row: &Objective) -> Asked {
    Asked {
        ask: Ask::Latency {
            class: row.class.clone(),
            window: Some(row.window.clone()),
            stat: row.stat.clone(),
            bound: row.bound_s,
        },
        figure: format!("latency.{}.{}@{}", row.class, row.stat, row.window),
        value: row.value_s,
        judgement: verdict(&row.outcome),
        margin: row.value_s.map(|value| 1.0 - value / row.bound_s),
    }
}

fn served(class: &str, least: f64, record: &SummaryRecord) -> Asked {
    let figure = format!("request.{class}@horizon");
    let found = record.figures.get(&figure);
    let judgement = found.map_or(Verdict::NotJudged, |row| at_least(least, row));
    let value = found.and_then(|row| row.value);
    let margin = value.map(|served| 1.0 - (1.0 - served) / (1.0 - least).max(f64::EPSILON));
    Asked { ask: Ask::Served { class: class.into(), least }, figure, value, judgement, margin }
}

fn at_least(least: f64, row: &FigureRecord) -> Verdict {
    match (row.low, row.high) {
        (Some(low), Some(high)) => Demand::AtLeast(least).judge_ends(low, high),
        _ => Verdict::Inconclusive,
    }
}

fn carries(row: &CapacityRecord, peak: f64) -> Verdict {
    match (row.value_per_s, row.low_per_s, row.high_per_s) {
        (Some(_), Some(low), Some(high)) => Demand::AtLeast(peak).judge_ends(low, high),
        (None, _, Some(below)) if below <= peak => Verdict::Fails,
        (None, Some(above), _) if above >= peak => Verdict::Holds,
        _ => Verdict::Inconclusive,
    }
}

fn expected(row: &OutcomeRecord, record: &SummaryRecord) -> Asked {
    Asked {
        ask: Ask::Expected(row.is.clone()),
        figure: row.figure.clone(),
        value: record.figures.get(&row.figure).and_then(|found| found.value),
        judgement: verdict(&row.outcome),
        margin: None,
    }
}

/// Reads the word of a verdict.
fn verdict(word: &str) -> Verdict {
    let all = [Verdict::Holds, Verdict::Fails, Verdict::Inconclusive];
    all.into_iter().find(|one| one.word() == word).unwrap_or(Verdict::NotJudged)
}

/// Returns the verdict on demands together; [`Verdict::NotJudged`] if none is judged.
#[must_use]
pub fn together(all: &[Verdict]) -> Verdict {
    if all.contains(&Verdict::Fails) {
        Verdict::Fails
    } else if all.iter().all(|one| *one == Verdict::NotJudged) {
        Verdict::NotJudged
    } else if all.iter().all(|one| *one == Verdict::Holds) {
        Verdict::Holds
    } else {
        Verdict::Inconclusive
    }
}
