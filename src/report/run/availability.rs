//! `availability.csv`: every availability of a run, of the long horizon and of windows.

use std::borrow::Cow;

use super::files::share;
use crate::plan::availability::ALL;
use crate::report::columns::{Described, ResultTable, estimates, numbers, words};
use crate::report::csv::Field;
use crate::report::document::Unit;
use crate::report::rows::TableForm;
use crate::study::results::{Results, Share};
use crate::study::window::Estimate;

/// One availability of one class, service or group.
struct Line<'a> {
    window: &'a str,
    whose: &'a str,
    which: Cow<'a, str>,
    told: Told<'a>,
    replications: usize,
    /// Page views intended and served, if they were counted.
    views: Option<(u64, u64)>,
}

#[derive(Clone, Copy)]
enum Told<'a> {
    Share(Share),
    Estimate(&'a Estimate),
}

impl Told<'_> {
    fn level(self) -> Option<f64> {
        match self {
            Self::Estimate(Estimate::Interval(i)) => Some(i.level),
            Self::Estimate(_) => None,
            Self::Share(told) => match share(&told).1 {
                Field::Number(level) => Some(level),
                _ => None,
            },
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Estimate(Estimate::Interval(i)) => i.method.name(),
            Self::Estimate(_) => "",
            Self::Share(told) => share(&told).2,
        }
    }
}

fn availabilities<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "availability.csv",
        "One availability of a class, a service, a group or a fleet.",
        [
            words(
                "window",
                "",
                "Window of the scenario; `horizon` for the long-horizon run, `horizon[without=common]` \
                 for the same years without shared faults.",
                |line| line.window.into(),
            ),
            words("workload", "", "Workload, class, service, group or fleet.", |line| {
                line.whose.into()
            }),
            words(
                "availability",
                "",
                "Kind of availability: structural, continuous, objective or request; `with \
                 windows` where windows of requests correct it.",
                |line| line.which.as_ref().into(),
            ),
            estimates(
                "value_ratio",
                "",
                Unit::Ratio,
                "Availability; empty if nothing was lost, when only a lower bound is known.",
                |line: &Line<'_>| match line.told {
                    Told::Share(share) => share.into(),
                    Told::Estimate(estimate) => estimate.into(),
                },
            )
            .with_reason(),
            numbers("level", "", Unit::None, "Confidence level of the interval.", |line| {
                line.told.level().into()
            }),
            words("method", "", "Method of the interval.", |line| line.told.method().into()),
            numbers("replications", "", Unit::None, "Number of replications.", |line| {
                line.replications.into()
            }),
            numbers("intended", "", Unit::None, "Page views intended by users.", |line| {
                line.views.map(|(intended, _)| intended).into()
            }),
            numbers("served", "", Unit::None, "Page views that were served.", |line| {
                line.views.map(|(_, served)| served).into()
            }),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    availabilities().described()
}

/// Writes `availability.csv`.
pub(super) fn file<F: TableForm>(results: &Results) -> F {
    let lines = of_time(results).into_iter().chain(of_traffic(results)).chain(of_both(results));
    let lines = lines.chain(of_windows(results));
    availabilities().file(results.partial.as_deref(), lines)
}

/// Returns the shares of time of the long horizon.
fn of_time(results: &Results) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    if let Some(years) = &results.years {
        for row in &years.rows {
            for (faults, side) in super::years::sides(row) {
                let window = if faults == "all" { "horizon" } else { "horizon[without=common]" };
                lines.push(Line {
                    window,
                    whose: &row.name,
                    which: row.availability.word().into(),
                    told: Told::Share(side.available),
                    replications: years.replications,
                    views: None,
                });
            }
        }
    }
    lines
}

/// Returns the shares of page views of the long horizon, with traffic as a fluid.
fn of_traffic(results: &Results) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    if let Some(years) = &results.years {
        let classes = years.load.iter().flat_map(|load| &load.classes);
        let classes = classes.map(|class| (class.name.as_str(), &class.request));
        let all = years.load.iter().filter_map(|load| Some((ALL, &load.all.as_ref()?.request)));
        lines.extend(classes.chain(all).map(|(whose, request)| Line {
            window: "horizon",
            whose,
            which: "request".into(),
            told: Told::Estimate(request),
            replications: years.replications,
            views: None,
        }));
    }
    lines
}

/// Returns the same shares, corrected by windows of requests.
fn of_both(results: &Results) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    if let Some(sampled) = &results.sampled {
        for class in sampled.classes.iter().chain(&sampled.all) {
            let rows = class.rows.iter().filter(|r| matches!(r.key, "request" | "objective"));
            lines.extend(rows.map(|row| Line {
                window: "horizon",
                whose: &class.name,
                which: format!("{}, with windows", row.key).into(),
                told: Told::Estimate(&row.both),
                replications: sampled.replications,
                views: None,
            }));
        }
    }
    lines
}

/// Returns the shares of page views in windows.
fn of_windows(results: &Results) -> impl Iterator<Item = Line<'_>> {
    results.windows.iter().flat_map(|window| {
        window.views.iter().map(move |row| Line {
            window: &window.name,
            whose: &row.workload,
            which: "request".into(),
            told: Told::Share(row.served_share),
            replications: window.replications,
            views: Some((row.intended, row.served + row.delayed)),
        })
    })
}
