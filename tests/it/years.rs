//! Promise: availability over years is that of what breaks, as `requests` breaks it, as the theory
//! of repairable systems has it, and as the arithmetic by hand of docs/standard-set.md says.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "years/architectures.rs"]
mod architectures;
#[path = "years/edges.rs"]
mod edges;
#[path = "years/few.rs"]
mod few;
#[path = "years/groups.rs"]
mod groups;
#[path = "years/histories.rs"]
mod histories;
#[path = "years/lag.rs"]
mod lag;
#[path = "years/load.rs"]
pub mod load;
#[path = "years/names.rs"]
mod names;
#[path = "years/offers.rs"]
mod offers;
#[path = "years/oracles.rs"]
pub mod oracles;
#[path = "years/overload.rs"]
mod overload;
#[path = "years/recovery.rs"]
mod recovery;
#[path = "years/rooms.rs"]
mod rooms;
#[path = "years/sampled.rs"]
pub mod sampled;
#[path = "years/spans.rs"]
mod spans;
#[path = "years/takeovers.rs"]
mod takeovers;
#[path = "years/tiers.rs"]
mod tiers;
#[path = "years/users.rs"]
pub mod users;

use fivenines::plan::Draft;
use fivenines::plan::availability::{self, AvailabilityPlan};
use fivenines::plan::figure::Figure;
use fivenines::stats::interval::Interval;
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
    YearsPlan { of, replications, precision: Vec::new(), level: LEVEL, figures }
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
    let draft = crate::common::load("tiers/tier-3.toml").draft;
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
