//! The files for programs: `summary.json` and the tables.
//!
//! Columns are snake_case with their unit as suffix, bounds `_lo` and `_hi`. A missing value is empty, with its
//! reason in a column of its own. A file is written only if it has content: without faults there is no table of
//! outages.

use serde_json::{Value as Json, json};

use super::{breaks, capacity, unit};
use crate::report::columns::{Described, Value};
use crate::report::csv::Field;
use crate::report::json::number;
use crate::report::rows::TableForm;
use crate::report::{document::Unit, json as form};
use crate::stats::interval::{Interval, Method, Side};
use crate::study::expect::Verdict as Judgement;
use crate::study::measure::NoValue;
use crate::study::record::FigureRecord;
use crate::study::results::{
    Check, ClassRow, LogRow, Metastable, RESULTS_VERSION, Recovery, Results, Share, WindowRows,
};
use crate::study::window::{Ending, Estimate};
use crate::units::SimTime;

/// Returns all tables.
#[must_use]
pub fn tables<F: TableForm>(results: &Results) -> Vec<F> {
    let mut files = vec![super::availability::file(results)];
    if !results.windows.is_empty() {
        files.push(super::latency::file(results));
        files.push(super::ledgers::file(results));
        files.push(super::utilization::file(results));
    }
    files.extend(super::utilization::timeline(results));
    files.extend(breaks::tables(results));
    files.extend(super::zones::tables(results));
    files.extend(super::scalers::file(results));
    files.extend(super::databases::file(results));
    files.extend(super::years::tables(results));
    files.extend(super::load::tables(results));
    files.extend(super::recovery::tables(results));
    files.extend(super::restores::tables(results));
    files.extend(super::disk_sets::tables(results));
    files.extend(super::scaled::tables(results));
    files.extend(super::why::tables(results));
    files.extend(super::sampled::tables(results));
    files
}

/// Returns the documentation of the columns.
#[must_use]
pub fn described() -> Vec<Described> {
    let mut all = vec![
        super::availability::described(),
        super::latency::described(),
        super::ledgers::described(),
        super::years::described(),
        super::load::described(),
        super::restores::described(),
        super::disk_sets::described(),
        super::scaled::described(),
        super::sampled::described(),
        super::databases::described(),
        super::recovery::described(),
        super::scalers::described(),
    ];
    all.extend(super::utilization::described());
    all.extend(super::zones::described());
    all.extend(super::why::described());
    all.extend(breaks::described());
    all.sort_by_key(|file| file.name);
    all
}

/// Returns value, bounds, and the reason why they are missing or not an ordinary interval.
pub(crate) fn fields(estimate: &Estimate) -> ([Field<'static>; 3], Option<String>) {
    match estimate {
        Estimate::Interval(i) => {
            ([i.estimate, i.low, i.high].map(Field::Number), bound(i).map(Into::into))
        }
        Estimate::Single(value) => {
            ([Field::Number(*value), Field::Missing, Field::Missing], Some("single run".into()))
        }
        Estimate::Missing(reason) => ([Field::Missing; 3], Some(reason.to_string())),
    }
}

/// Returns the reason why an interval is not an ordinary one: it is a one-sided bound, or one run decides it.
pub(crate) fn bound(interval: &Interval) -> Option<&'static str> {
    match interval.method {
        Method::RuleOfThree => Some("none seen: a one-sided bound"),
        Method::OneRunDecides => Some("one run decides"),
        _ => None,
    }
}

/// Returns an estimate for `summary.json`: value, bounds, and the reason why they are missing.
pub(crate) fn estimate_value(estimate: &Estimate) -> Json {
    Value::from(estimate).json()
}

pub(crate) type ShareFields = ([Field<'static>; 3], Field<'static>, &'static str, Option<String>);

pub(crate) fn share(share: &Share) -> ShareFields {
    match share {
        Share::Interval(i) => {
            let value = [i.estimate, i.low, i.high].map(Field::Number);
            (value, Field::Number(i.level), i.method.name(), None)
        }
        // The observed share is a value only if there was a loss; otherwise there is only the bound.
        Share::AtLeast { seen, bound } => {
            let seen = if *seen < 1.0 { Field::Number(*seen) } else { Field::Missing };
            let value = [seen, Field::Number(bound.value), Field::Missing];
            let reason = "one-sided: a lower bound".to_string();
            (value, Field::Number(bound.level), bound.method.name(), Some(reason))
        }
        Share::Single(value) => {
            let value = [Field::Number(*value), Field::Missing, Field::Missing];
            (value, Field::Missing, "", Some("single run".into()))
        }
        Share::Missing(reason) => {
            ([Field::Missing; 3], Field::Missing, "", Some(reason.to_string()))
        }
    }
}

/// Returns a figure with interval, method and unit, or `null` with its reason.
pub(crate) fn figure(estimate: &Estimate, shown: &Unit, replications: usize) -> FigureRecord {
    let record = FigureRecord {
        unit: form::unit(shown).into(),
        replications: replications as u64,
        ..FigureRecord::default()
    };
    match estimate {
        Estimate::Interval(i) => FigureRecord {
            value: Some(i.estimate),
            low: Some(i.low),
            high: Some(i.high),
            level: Some(i.level),
            method: Some(i.method.name().into()),
            reason: bound(i).map(Into::into),
            ..record
        },
        Estimate::Single(value) => FigureRecord {
            value: Some(*value),
            reason: Some("single run: no interval".into()),
            ..record
        },
        Estimate::Missing(reason) => FigureRecord { reason: Some(reason.to_string()), ..record },
    }
}

const fn judged(judgement: Judgement) -> &'static str {
    judgement.word()
}

/// Returns `summary.json`, without the digest that covers it.
#[must_use]
pub fn summary(results: &Results) -> Json {
    let of_years = results.years.iter().flat_map(|years| &years.figures);
    let joined = results.sampled.iter().flat_map(|sampled| &sampled.figures);
    let figures = results.figures.iter().chain(of_years).chain(joined).map(|row| {
        let window = row.window.map(|at| &results.windows[at]);
        let years = results.years.as_ref().map_or(0, |years| years.replications);
        let replications = window.map_or(years, |window| window.replications);
        let record = FigureRecord {
            samples: window.and_then(|window| samples(window, &row.path)),
            verdict: window.map(|window| window.verdict_of_figure(&row.path).word().into()),
            ..figure(&row.estimate, &unit(row.unit), replications)
        };
        let record = serde_json::to_value(record).expect("a record has text keys");
        (row.path.clone(), record)
    });
    let expectations = results.expectations.iter().map(|row| {
        json!({
            "figure": row.path,
            "is": row.is,
            "outcome": judged(row.judgement),
            "estimate": row.estimate.value().map_or(Json::Null, number),
            "name": row.words.as_ref().filter(|_| row.judgement != Judgement::NotJudged),
            "reason": match &row.estimate {
                Estimate::Interval(_) | Estimate::Missing(NoValue::Name) => Json::Null,
                Estimate::Single(_) => json!("single run: no interval"),
                Estimate::Missing(NoValue::NotEstimated) => json!(row.words),
                Estimate::Missing(reason) => json!(reason.to_string()),
            },
        })
    });
    let objectives = results.objectives.iter().map(|row| {
        json!({
            "class": row.class,
            "window": results.windows[row.window].name,
            "stat": row.stat,
            "bound_s": row.bound.seconds(),
            "value_s": row.estimate.value().map_or(Json::Null, number),
            "outcome": judged(row.judgement),
        })
    });
    let mut summary = json!({
        "scenario": results.scenario,
        "title": results.title,
        "question": results.question,
        "source": results.source,
        "results_version": RESULTS_VERSION,
        "complete": results.partial.is_none(),
        "reason": results.partial,
        "seed": results.seed,
        "level": results.level,
        "windows": results.windows.iter().map(window).collect::<Vec<_>>(),
        "figures": Json::Object(figures.collect()),
        "breaks": breaks::summary(results),
        "capacities": capacity::summary(results),
        "objectives": objectives.collect::<Vec<_>>(),
        "expectations": expectations.collect::<Vec<_>>(),
        "not_estimated": results
            .not_estimated
            .iter()
            .map(|(path, why)| json!({ "figure": path, "reason": why }))
            .collect::<Vec<_>>(),
        "precision_not_reached": results
            .unreached
            .iter()
            .map(|row| json!({
                "figure": row.path,
                "wanted_relative": row.wanted,
                "reached_relative": row.reached.map_or(Json::Null, number),
                "replications": row.replications,
            }))
            .collect::<Vec<_>>(),
        "logs": results.logs.iter().map(log).collect::<Vec<_>>(),
        "checks": results.checks.iter().map(check).collect::<Vec<_>>(),
        "leaves_out": results.leaves_out,
    });
    if let Some(years) = &results.years {
        summary["years"] = super::years::summary(years);
        summary["years"]["recovery"] = super::recovery::summary(&years.recovery);
        if let Some(load) = &years.load {
            summary["years"]["load"] = super::load::summary(load);
        }
        if let Some(sampled) = &results.sampled {
            summary["years"]["windows"] = super::sampled::summary(sampled);
        }
    }
    if results.alone {
        summary["why"] = super::why::summary(results);
    }
    summary
}

/// Returns `replications.json`: values by replication, one figure per line. A gate pairs them with new ones.
pub fn by_replication(results: &Results) -> Vec<u8> {
    let line = |(path, values): (&String, &Vec<f64>)| {
        let values = Json::Array(values.iter().map(|value| number(*value)).collect());
        format!("    {}: {values}", Json::from(path.as_str()))
    };
    let lines: Vec<String> = results.by_replication.iter().map(line).collect();
    let complete = results.partial.is_none();
    let values = lines.join(",\n");
    // Windows of which some replications are not kept one by one.
    let kept = results.windows.iter().filter_map(|window| {
        let first = window.beyond.as_ref()?.from;
        Some((window.name.clone(), json!({ "first": first, "of": window.replications })))
    });
    let kept: serde_json::Map<String, Json> = kept.collect();
    let kept = match kept.is_empty() {
        true => String::new(),
        false => format!("  \"kept\": {},\n", Json::Object(kept)),
    };
    format!("{{\n  \"complete\": {complete},\n{kept}  \"values\": {{\n{values}\n  }}\n}}\n")
        .into_bytes()
}

/// Returns the number of samples of a latency, over all replications.
fn samples(window: &WindowRows, path: &str) -> Option<u64> {
    let rest = path.strip_prefix("latency.")?;
    let name = rest.split('.').next()?;
    window.latencies.iter().find(|row| row.name == name).map(|row| row.samples)
}

fn window(window: &WindowRows) -> Json {
    let availability = window.views.iter().map(|row| {
        let value = match &row.served_share {
            Share::Interval(i) => json!({
                "value": number(i.estimate), "low": number(i.low), "high": number(i.high),
                "level": i.level, "method": i.method.name(),
            }),
            Share::AtLeast { bound, .. } => {
                debug_assert!(bound.side == Side::AtLeast, "made so by the study");
                json!({
                    "value": null, "low": number(bound.value), "level": bound.level,
                    "method": bound.method.name(), "reason": "one-sided: a lower bound",
                })
            }
            Share::Single(value) => {
                json!({ "value": number(*value), "reason": "single run: no interval" })
            }
            Share::Missing(reason) => form::missing(&reason.to_string()),
        };
        (row.workload.clone(), value)
    });
    let arrivals = window.views.iter().zip(&window.came).map(|(row, came)| {
        let value = json!({
            "realised_per_s": estimate_value(&came.realised),
            "expected_per_s": came.expected.map(number),
        });
        (row.workload.clone(), value)
    });
    json!({
        "name": window.name,
        "verdict": window.verdict.word(),
        "verdict_is_of": window.verdict_is_of(),
        "classes": window.classes.iter().map(class).collect::<Vec<_>>(),
        "ending": match window.ending {
            Ending::Fixed => "fixed",
            Ending::Precise => "precise",
            Ending::BudgetSpent => "budget-spent",
            Ending::Interrupted => "interrupted",
        },
        "replications": window.replications,
        "looks": window.looks,
        "length_s": window.length.seconds(),
        "lead_in_s": window.warm_up.seconds(),
        "rate_per_s": window.rate.map(|rate| number(rate.in_per_second())),
        "arrivals": Json::Object(arrivals.collect()),
        "corrected_for_arrivals": window.corrected,
        "events": window.events,
        "request_availability": Json::Object(availability.collect()),
    })
}

fn class(row: &ClassRow) -> Json {
    json!({
        "name": row.name,
        "verdict": row.verdict.word(),
        "in_flight_start": number(row.in_flight.0),
        "in_flight_end": number(row.in_flight.1),
        "unserved_ratio": row.unserved.map(number),
        "metastable": row.metastable.as_deref().map(metastable),
    })
}

fn metastable(of: &Metastable) -> Json {
    let (recovers, stays, unknown) = match of.recovery {
        Recovery::Between(recovers, stays, _) => (number(recovers), number(stays), None),
        Recovery::Unknown(why) => (Json::Null, Json::Null, Some(why)),
    };
    json!({
        "trigger": of.trigger,
        "trigger_over_s": of.over.since(SimTime::ZERO).seconds(),
        "lost_at_end_ratio": number(of.lost),
        "lost_at_end_without_ratio": number(of.lost_without),
        "recovers_at_per_s": recovers,
        "not_seen_to_recover_at_per_s": stays,
        "reason": unknown,
    })
}

fn log(row: &LogRow) -> Json {
    let first = row.found.broken_lines.iter();
    json!({
        "workload": row.workload,
        "file": row.file,
        "lines": row.found.lines,
        "requests": row.found.requests,
        "broken_lines": row.found.broken,
        "first_broken": first
            .map(|(line, missing)| json!({ "line": line, "missing": missing }))
            .collect::<Vec<_>>(),
        "out_of_order": row.found.out_of_order,
    })
}

fn check(check: &Check) -> Json {
    let outcome = match check.judgement {
        Some(Judgement::Holds) => "passed",
        Some(Judgement::Fails) => "failed",
        Some(Judgement::Inconclusive | Judgement::NotJudged) => "unsure",
        None => "noted",
    };
    json!({ "name": check.name, "outcome": outcome, "detail": check.detail })
}
