//! Promise: availability over years is that of what breaks, as `requests` breaks it, as the theory
//! of repairable systems has it, and as the arithmetic by hand of docs/standard-set.md says.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod architectures;
mod blocks;
pub mod caches;
mod cold;
mod edges;
mod groups;
mod histories;
mod in_vain;
mod lag;
pub mod load;
mod memories;
mod messages;
mod names;
mod offers;
pub mod oracles;
mod overload;
mod recovery;
mod rooms;
pub mod sampled;
mod scaling;
mod spans;
mod takeovers;
mod tiers;
pub mod users;
mod views;
mod warm_ups;

use fivenines::plan::Draft;
use fivenines::plan::availability::{self, AvailabilityPlan};
use fivenines::plan::figure::Figure;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::source::Source;
use fivenines::stats::interval::Interval;
use fivenines::study::scenario::{Choices, prepare};
use fivenines::study::window::{Estimate, Watch};
use fivenines::study::years::{self, YearFigure, YearsPlan, YearsResult};
use fivenines::units::SimDuration;

/// Level of the intervals of these tests: of a thousand right figures one is missed.
pub const LEVEL: f64 = 0.999;

/// Years of a draft, lived through so often, with these figures asked for.
pub fn asked(draft: &Draft, horizon: &str, replications: u32, paths: &[&str]) -> YearsPlan {
    let figures: Vec<Figure> = paths.iter().map(|path| Figure::parse(path).unwrap()).collect();
    let common = availability::common(draft);
    let sets: Vec<Vec<String>> = figures.iter().map(|f| years::without(f, &common)).collect();
    let sets: Vec<Vec<String>> = sets.into_iter().filter(|set| !set.is_empty()).collect();
    let mut of: AvailabilityPlan = availability::plan(draft, &sets).unwrap();
    of.horizon = SimDuration::parse(horizon).unwrap();
    let figure = |figure: Figure| {
        let measure = years::resolve(&of, &figure).unwrap();
        YearFigure { path: figure.text().to_string(), figure, measure }
    };
    let figures = figures.into_iter().map(figure).collect();
    let replications = (replications, replications);
    // Each replication by itself: some tests look at single ones.
    YearsPlan { of, replications, precision: Vec::new(), level: LEVEL, figures, kept: u64::MAX }
}

/// What was asked for, with its estimates.
pub struct Years {
    plan: YearsPlan,
    pub seen: YearsResult,
}

impl Years {
    pub fn of(plan: YearsPlan) -> Self {
        let seen = years::run(&plan, &Watch::default()).unwrap();
        Self { plan, seen }
    }

    /// The estimate of a figure that was asked for.
    pub fn estimate(&self, path: &str) -> Estimate {
        let asked = self.plan.figures.iter().find(|figure| figure.path == path).unwrap();
        self.seen.estimate(&self.plan, asked.measure)
    }

    /// The interval of a figure that was asked for.
    pub fn interval(&self, path: &str) -> Interval {
        match self.estimate(path) {
            Estimate::Interval(interval) => interval,
            other => panic!("{path}: {other:?}"),
        }
    }

    /// The interval of `path` holds `exact`, and its half-width is at most the share `width` of it.
    pub fn holds(&self, path: &str, exact: f64, width: f64) {
        holds(path, &self.interval(path), exact, width);
    }
}

/// The interval holds `exact`, and its half-width is at most the share `width` of it.
pub fn holds(what: &str, found: &Interval, exact: f64, width: f64) {
    assert!(found.contains(exact), "{what}: {exact} is not in {found:?}");
    let relative = found.half_width() / exact;
    assert!(relative <= width, "{what}: known to {relative}, {width} wanted; {found:?}");
}

/// What a user asked for that cannot be is said, with the nearest that can.
#[test]
fn a_figure_that_cannot_be_is_refused_with_what_could_be_meant() {
    let draft = crate::inside::common::load("tiers/tier-3.toml").draft;
    let plan = availability::plan(&draft, &[]).unwrap();
    let refused = |path: &str| {
        let found = Figure::parse(path).and_then(|figure| years::resolve(&plan, &figure));
        found.unwrap_err().to_string()
    };
    for (path, said) in [
        ("structural.pages@horizon", "did you mean `page`?"),
        ("continuous.app@horizon", "structural availability alone"),
        ("structural.app[without=sitee]@horizon", "did you mean `site`?"),
        ("structural.app[without=failed-failover]@horizon", "no fault `failed-failover`"),
        ("downtime.page[cause=chnge]@horizon", "did you mean `change`?"),
        ("downtime.page[hour=3]@horizon", "`[hour=...]` has no effect on `downtime`"),
        ("structural.page.p95@horizon", "there is no `p95` of `structural`"),
        ("request.pages@horizon", "did you mean `page`?"),
        ("request.page.p95@month", "write `request.page.chance@month`"),
        ("lost.page[outcome=lost]@horizon", "must be fault, overload, planned or never-born"),
        ("lost.page[cause=chnge]@horizon", "did you mean `change`?"),
        ("utilization.www-1.cpu[hour=168]@horizon", "must be an hour of the week"),
    ] {
        let message = refused(path);
        assert!(message.contains(said), "{path}: {message}");
    }
}

/// A class needs what the classes need that it fetches: a chain so long that its conditions nest too deep is refused
/// by `check` as by `run`, also where the horizon alone asks for it, and never taken for one in which nothing can fail.
#[test]
fn a_chain_of_classes_too_long_for_the_horizon_is_refused_by_check_as_by_run() {
    let chain = |classes: usize| {
        let class = |at: usize| {
            let then = if at + 1 < classes {
                format!("then = {{ request = \"c{}\", count = 1 }}\n", at + 1)
            } else {
                String::new()
            };
            format!("[request.c{at}]\nenter = \"app\"\n{then}steps = [ {{ delay = \"1ms\" }} ]\n")
        };
        "scenario = \"chain\"\nformat = 2\ntitle = \"t\"\nquestion = \"q\"\nsource = \"s\"\n\
         [run]\nhorizon = \"10y\"\n[server.box]\ncores = 1\n[zone.www]\non = [\"box-1\"]\n\
         [service.app]\nin = \"www\"\nworkers = \"unlimited\"\n\
         [clients.people]\ntime-out = \"5s\"\n\
         [workload.readers]\nfrom = \"people\"\nrequest = \"c0\"\nrate = \"1/h\"\n\
         [fault.crash]\nhits = \"server.box\"\nhow = \"crash\"\n\
         up = { dist = \"exponential\", mean = \"4000h\" }\n\
         repair = { dist = \"exponential\", mean = \"2h\" }\n"
            .to_string()
            + &(0..classes).map(class).collect::<String>()
    };
    let wrong = |classes: usize, resolve_only: bool| {
        let mut out = Diagnostics::new();
        let source = Source::from_text("chain.toml", &chain(classes));
        let document = Document::parse(source, &mut out).unwrap();
        let draft = fivenines::plan::draft(&document, &mut out).unwrap();
        let folder = std::path::Path::new(".");
        let plan = fivenines::plan::compile::compile(&draft, folder, &mut out);
        assert!(!out.has_errors(), "{:#?}", out.sorted());
        let choices = Choices { resolve_only, ..Choices::default() };
        let study = prepare(&draft, &plan, choices, &mut out);
        let found = out.sorted().first().map(|first| format!("{first:?}"));
        (found, study.runs_something(&draft, choices))
    };
    for resolve_only in [false, true] {
        assert_eq!(wrong(20, resolve_only), (None, true), "{resolve_only}");
        let (found, _) = wrong(100, resolve_only);
        let found = found.unwrap_or_else(|| panic!("accepted: {resolve_only}"));
        assert!(found.contains("nest deeper") && found.contains("shorten"), "{found}");
    }
}
