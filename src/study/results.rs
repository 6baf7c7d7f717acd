//! What a run says, as plain numbers: the rows of every result file and of the report.
//!
//! Takes a draft, its blueprint, what was asked and what came out; gives windows with latencies,
//! utilisations and both ledgers, availability of requests, judged objectives and expectations,
//! checks, and what was left out. Here alone are the figures of a report computed; `report` lays
//! them out.
//!
//! Holds: rows stand in the order of names, whatever the order of the file; an estimate comes with
//! its interval or with the reason why there is none (S1, S3, S9); nothing lost is a bound, never
//! 100 % (S2); a percentile of a window that is not in balance is labelled by the window's verdict.
//! Leaves out: figures of years, which need a solver of years.

use crate::model::blueprint::{Blueprint, Config};
use crate::model::ids::ComponentId;
use crate::model::record::{Attempts, ViewRecord};
use crate::model::spec::runs::ObjectiveSpec;
use crate::observe::histogram::Histogram;
use crate::plan::Draft;
use crate::plan::figure::{FigureUnit, Stat};
use crate::plan::names::split_member;
use crate::solve::requests::GRID;
use crate::stats::interval::{Bound, Interval, Side, bound_of_mean};
use crate::stats::proportion::Proportion;
use crate::stats::quantile::samples_needed;
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::measure::{Measure, Meters, NoValue};
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::window::{Ending, Estimate, Verdict, WindowPlan, WindowResult};
use crate::units::{Rate, SimDuration};

/// Version of the result format; raised by any change that moves a byte of a shipped result (D6).
pub const RESULTS_VERSION: u32 = 1;

/// The percentiles of every latency.
pub const STATS: [(&str, Stat); 4] = [
    ("mean", Stat::Mean),
    ("p50", Stat::Quantile(0.5)),
    ("p95", Stat::Quantile(0.95)),
    ("p99", Stat::Quantile(0.99)),
];

/// All results of one scenario.
#[derive(Clone, Debug)]
pub struct Results {
    /// Name of the scenario.
    pub scenario: String,
    /// One line about it.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// Where it comes from.
    pub source: String,
    /// Root of all draws.
    pub seed: u64,
    /// Level of all intervals.
    pub level: f64,
    /// By window, in order of name.
    pub windows: Vec<WindowRows>,
    /// Every figure that was asked for, in order of path.
    pub figures: Vec<FigureRow>,
    /// Objectives of latency, by window.
    pub objectives: Vec<ObjectiveRow>,
    /// Judged figures, in the order of the file.
    pub expectations: Vec<ExpectationRow>,
    /// Figures that no solver here estimates, and why.
    pub not_estimated: Vec<(String, String)>,
    /// What was checked of the run itself.
    pub checks: Vec<Check>,
    /// What the reader must know that the model left out.
    pub leaves_out: Vec<String>,
    /// Why the results are partial.
    pub partial: Option<String>,
}

/// One window.
#[derive(Clone, Debug)]
pub struct WindowRows {
    /// Its name.
    pub name: String,
    /// Whether it was in balance.
    pub verdict: Verdict,
    /// How its replications ended.
    pub ending: Ending,
    /// Replications.
    pub replications: usize,
    /// Looks at the precision.
    pub looks: usize,
    /// Rate that the window fixes.
    pub rate: Option<Rate>,
    /// What is counted.
    pub length: SimDuration,
    /// Lived through before it.
    pub lead_in: SimDuration,
    /// Events of all replications.
    pub events: u64,
    /// Event digests, by replication.
    pub digests: Vec<u64>,
    /// Latencies.
    pub latencies: Vec<Latency>,
    /// Utilisations.
    pub uses: Vec<Use>,
    /// Ledger of attempts, classes first, then calls.
    pub attempts: Vec<AttemptRow>,
    /// Ledger of page views.
    pub views: Vec<ViewRow>,
}

/// Latencies of a class or of its page views.
#[derive(Clone, Debug)]
pub struct Latency {
    /// `page`, `page-view`.
    pub name: String,
    /// Estimates, in the order of [`STATS`], in seconds.
    pub estimates: Vec<Estimate>,
    /// Samples of all replications.
    pub samples: u64,
    /// Cumulative distribution of all replications: seconds, share at or below.
    pub distribution: Vec<(f64, f64)>,
}

/// Utilisation of one component.
#[derive(Clone, Debug)]
pub struct Use {
    /// Its name; a server's processor has `.cpu` behind it.
    pub name: String,
    /// What it is.
    pub kind: UseKind,
    /// Mean over the window.
    pub mean: Estimate,
    /// Mean of each interval of the grid, over replications; none is kept of zones.
    pub series: Vec<f64>,
}

/// What a utilisation is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// Cores of a zone, of its cap.
    Zone,
    /// Cores of a server.
    Server,
    /// Workers of a service.
    Service,
    /// Connections of a database.
    Database,
    /// Disks of a set.
    Disks,
    /// A head of a file server.
    Head,
    /// Bandwidth of a link.
    Link,
    /// Servers of a station.
    Station,
}

impl UseKind {
    /// As a word in tables and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Server => "server",
            Self::Service => "service",
            Self::Database => "database",
            Self::Disks => "disks",
            Self::Head => "head",
            Self::Link => "link",
            Self::Station => "station",
        }
    }

    /// What is busy: a unit of its capacity.
    #[must_use]
    pub const fn counts(self) -> &'static str {
        match self {
            Self::Zone => "cap of cores",
            Self::Server => "cores",
            Self::Service => "workers",
            Self::Database => "connections",
            Self::Disks => "disks",
            Self::Head => "time",
            Self::Link => "bandwidth",
            Self::Station => "servers",
        }
    }
}

impl Use {
    /// The busiest interval of the grid, by number, and its utilisation.
    #[must_use]
    pub fn busiest(&self) -> Option<(usize, f64)> {
        let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
        self.series.iter().copied().enumerate().max_by(order)
    }

    /// The value that 95 % of the intervals of the grid do not exceed.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when there are too few intervals to say.
    pub fn p95(&self) -> Result<f64, NoValue> {
        let (have, need) = (self.series.len() as u64, samples_needed(0.95).unwrap_or(u64::MAX));
        if have == 0 {
            return Err(NoValue::NotKept);
        }
        if have < need {
            return Err(NoValue::TooFew { have, need });
        }
        let mut sorted = self.series.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(sorted[(sorted.len() * 95).div_ceil(100) - 1])
    }
}

/// Whose attempts a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptsOf {
    /// HTTP requests of a class.
    Class,
    /// Calls between components.
    Call,
}

/// A row of the ledger of attempts.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// Whose.
    pub of: AttemptsOf,
    /// Name.
    pub name: String,
    /// Counts of all replications.
    pub attempts: Attempts,
}

/// A row of the ledger of page views.
#[derive(Clone, Debug)]
pub struct ViewRow {
    /// The workload.
    pub workload: String,
    /// Its class.
    pub class: String,
    /// What users wanted.
    pub intended: u64,
    /// Served at the first try.
    pub served: u64,
    /// Served at a later one.
    pub delayed: u64,
    /// Lost, by cause, in order of name.
    pub lost: Vec<(String, u64)>,
    /// Not asked for: their session had ended.
    pub never_born: u64,
    /// Still under way when the window was drained.
    pub in_flight: u64,
    /// Served over intended.
    pub served_share: Share,
}

impl ViewRow {
    /// Lost, of all causes.
    #[must_use]
    pub fn all_lost(&self) -> u64 {
        self.lost.iter().map(|(_, count)| count).sum()
    }
}

/// A share that may be all: then it is a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// With its interval.
    Interval(Interval),
    /// At least so much: nothing was lost, or too little for an interval below one.
    AtLeast {
        /// What was seen.
        seen: f64,
        /// The bound.
        bound: Bound,
    },
    /// One replication.
    Single(f64),
    /// None.
    Missing(NoValue),
}

/// A figure that was asked for.
#[derive(Clone, Debug)]
pub struct FigureRow {
    /// Its path.
    pub path: String,
    /// Its window, by place in [`Results::windows`].
    pub window: usize,
    /// Its unit.
    pub unit: FigureUnit,
    /// Its estimate.
    pub estimate: Estimate,
}

/// An objective of latency in one window.
#[derive(Clone, Debug)]
pub struct ObjectiveRow {
    /// The class.
    pub class: String,
    /// The window, by place.
    pub window: usize,
    /// `p95`.
    pub stat: &'static str,
    /// The bound.
    pub bound: SimDuration,
    /// What was estimated.
    pub estimate: Estimate,
    /// How it came out.
    pub judgement: Judgement,
}

/// A judged figure.
#[derive(Clone, Debug)]
pub struct ExpectationRow {
    /// Its path.
    pub path: String,
    /// What it must be.
    pub is: String,
    /// Its unit.
    pub unit: FigureUnit,
    /// What was estimated.
    pub estimate: Estimate,
    /// How it came out.
    pub judgement: Judgement,
}

/// A check of the run itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// How it came out; nothing for what is only told.
    pub judgement: Option<Judgement>,
    /// The numbers behind it.
    pub detail: String,
}

/// Puts results together.
#[must_use]
pub fn gather(draft: &Draft, plan: &Blueprint, study: &StudyPlan, result: &StudyResult) -> Results {
    let text = |field: &Option<crate::scenario::value::Spanned<String>>| {
        field.as_ref().map_or_else(String::new, |text| text.value.clone())
    };
    let mut order: Vec<usize> = (0..result.windows.len()).collect();
    order.sort_by(|a, b| result.windows[*a].name.cmp(&result.windows[*b].name));
    let place = |window: usize| order.iter().position(|other| *other == window).unwrap_or(0);
    let gatherer = Gatherer { draft, plan };
    let windows: Vec<WindowRows> =
        order.iter().map(|at| gatherer.window(&study.windows[*at], &result.windows[*at])).collect();
    let mut figures: Vec<FigureRow> = study
        .figures
        .iter()
        .map(|asked| FigureRow {
            path: asked.path.clone(),
            window: place(asked.window),
            unit: asked.figure.unit(),
            estimate: result.estimate(asked).clone(),
        })
        .collect();
    figures.sort_by_key(|a| (a.window, natural(&a.path)));
    let expectations = study.expectations.iter().zip(&result.judgements).map(|(expect, how)| {
        let asked = &study.figures[expect.asked];
        ExpectationRow {
            path: asked.path.clone(),
            is: expect.is.clone(),
            unit: asked.figure.unit(),
            estimate: result.estimate(asked).clone(),
            judgement: *how,
        }
    });
    let scenario = &draft.scenario;
    Results {
        scenario: scenario.scenario.value.text.clone(),
        title: text(&scenario.title),
        question: text(&scenario.question),
        source: text(&scenario.source),
        seed: scenario.run.seed.value,
        level: scenario.run.confidence.value,
        objectives: objectives(draft, &windows),
        expectations: expectations.collect(),
        not_estimated: study.not_estimated.clone(),
        checks: checks(plan, result, &windows),
        leaves_out: leaves_out(draft),
        partial: partial(result),
        windows,
        figures,
    }
}

/// Names in order, their numbers by size: `www-2` before `www-10`.
#[must_use]
pub fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(words);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        parts.push((word.to_string(), number.parse().unwrap_or(u64::MAX)));
        rest = after;
    }
    parts
}

fn partial(result: &StudyResult) -> Option<String> {
    if result.windows.iter().any(|window| window.ending == Ending::Interrupted) {
        return Some("stopped before all replications were done".into());
    }
    let stopped = result.windows.iter().find_map(|w| Some((&w.name, w.stopped.as_ref()?)));
    stopped.map(|(window, why)| format!("window `{window}`: {why}"))
}

struct Gatherer<'a> {
    draft: &'a Draft,
    plan: &'a Blueprint,
}

impl Gatherer<'_> {
    fn window(&self, asked: &WindowPlan, seen: &WindowResult) -> WindowRows {
        let plan = self.plan;
        let estimate = |measure: &Measure| {
            let place = asked.measures.iter().position(|other| other == measure);
            place.map_or(Estimate::Missing(NoValue::NotKept), |at| seen.estimates[at].clone())
        };
        let four = |make: &dyn Fn(Stat) -> Measure| -> Vec<Estimate> {
            STATS.iter().map(|(_, stat)| estimate(&make(*stat))).collect()
        };
        let mut latencies: Vec<Latency> = Vec::new();
        for (at, class) in plan.routes.classes.iter().enumerate() {
            let estimates = four(&|stat| Measure::Latency(at, stat));
            let histogram = &seen.pooled.classes[at].latency;
            latencies.push(latency(class.name.clone(), estimates, histogram));
        }
        for (at, workload) in plan.workloads.iter().enumerate() {
            if workload.clients.is_some() {
                let name = format!("{}-view", plan.routes.classes[workload.class.index()].name);
                let estimates = four(&|stat| Measure::ViewLatency(at, stat));
                latencies.push(latency(name, estimates, &seen.pooled.views[at].latency));
            }
        }
        latencies.sort_by_cached_key(|row| natural(&row.name));
        let uses = self.uses(&estimate, seen);
        let rate = asked.window.levels.iter().flatten().next().copied();
        WindowRows {
            name: seen.name.clone(),
            verdict: seen.verdict,
            ending: seen.ending,
            replications: seen.samples.len(),
            looks: seen.looks,
            rate,
            length: asked.window.length,
            lead_in: asked.window.lead_in,
            events: seen.events,
            digests: seen.digests.clone(),
            latencies,
            uses,
            attempts: self.attempts(seen),
            views: self.views(asked, seen),
        }
    }

    fn uses(&self, estimate: &dyn Fn(&Measure) -> Estimate, seen: &WindowResult) -> Vec<Use> {
        let mut uses = Vec::new();
        for (at, zone) in self.plan.zones.iter().enumerate() {
            let mean = estimate(&Measure::Utilization(Meters::Zones(vec![at])));
            let name = zone.name.clone();
            uses.push(Use { name, kind: UseKind::Zone, mean, series: Vec::new() });
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            let group = split_member(&part.name).map_or(part.name.as_str(), |(group, _)| group);
            let kind = match part.config {
                Config::Station(_) => UseKind::Station,
                Config::Service(_) if self.draft.scenario.database.get(group).is_some() => {
                    UseKind::Database
                }
                Config::Service(_) => UseKind::Service,
                Config::Cpu(_) => UseKind::Server,
                Config::Disks(_) => UseKind::Disks,
                Config::Head(_) => UseKind::Head,
                Config::Link(_) => UseKind::Link,
                // The network is told link by link; what a cache holds is no work.
                Config::Links(_) | Config::Cache(_) => continue,
            };
            let parts = Meters::Parts(vec![ComponentId(at as u32)]);
            let name = match kind {
                UseKind::Server => format!("{}.cpu", part.name),
                _ => part.name.clone(),
            };
            let mean = estimate(&Measure::Utilization(parts));
            uses.push(Use { name, kind, mean, series: seen.grid[at].clone() });
        }
        uses.sort_by_cached_key(|row| (row.kind, natural(&row.name)));
        uses
    }

    fn attempts(&self, seen: &WindowResult) -> Vec<AttemptRow> {
        let routes = &self.plan.routes;
        let classes = routes.classes.iter().map(|class| class.name.clone());
        let classes = classes.zip(seen.pooled.classes.iter().map(|class| &class.attempts));
        let calls = routes.calls.iter().map(|call| call.name.clone()).zip(&seen.pooled.calls);
        let row = |of, (name, attempts): (String, &Attempts)| AttemptRow {
            of,
            name,
            attempts: attempts.clone(),
        };
        let mut rows: Vec<AttemptRow> = classes.map(|one| row(AttemptsOf::Class, one)).collect();
        let mut calls: Vec<AttemptRow> = calls.map(|one| row(AttemptsOf::Call, one)).collect();
        rows.sort_by_cached_key(|row| natural(&row.name));
        calls.sort_by_cached_key(|row| natural(&row.name));
        rows.append(&mut calls);
        rows
    }

    fn views(&self, asked: &WindowPlan, seen: &WindowResult) -> Vec<ViewRow> {
        let plan = self.plan;
        let mut rows = Vec::new();
        for (at, workload) in plan.workloads.iter().enumerate() {
            let views = &seen.pooled.views[at];
            let mut lost: Vec<(String, u64)> =
                plan.causes.iter().cloned().zip(views.lost.iter().copied()).collect();
            lost.sort_by_cached_key(|(cause, _)| natural(cause));
            rows.push(ViewRow {
                workload: workload.name.clone(),
                class: plan.routes.classes[workload.class.index()].name.clone(),
                intended: views.intended,
                served: views.served,
                delayed: views.delayed,
                lost,
                never_born: views.never_born,
                in_flight: views.in_flight(),
                served_share: served_share(asked, seen, at, views),
            });
        }
        rows.sort_by_cached_key(|row| natural(&row.workload));
        rows
    }
}

fn latency(name: String, estimates: Vec<Estimate>, histogram: &Histogram) -> Latency {
    let samples = histogram.count();
    let steps = (1..200).map(|step| f64::from(step) / 200.0);
    let levels = steps.chain([0.997, 0.999, 0.9997, 0.9999]);
    let enough = levels.filter(|q| samples_needed(*q).is_ok_and(|need| samples >= need));
    let distribution = enough
        .filter_map(|q| histogram.quantile(q).map(|nanos| (nanos as f64 / 1e9, q)))
        .filter(|(value, _)| *value > 0.0)
        .collect();
    Latency { name, estimates, samples, distribution }
}

/// Served over intended: the jackknife over replications (S3); one-sided where an interval would
/// reach beyond all; with nothing lost the rule of three over page views (S2).
fn served_share(asked: &WindowPlan, seen: &WindowResult, at: usize, views: &ViewRecord) -> Share {
    let good = views.served + views.delayed;
    if views.intended == 0 {
        return Share::Missing(NoValue::Empty);
    }
    let whole = good as f64 / views.intended as f64;
    if good == views.intended {
        let none = Proportion::new(0, views.intended)
            .and_then(|lost| lost.bound(Side::AtMost, asked.level));
        return none.map_or(Share::Missing(NoValue::Empty), |lost| Share::AtLeast {
            seen: whole,
            bound: Bound { value: 1.0 - lost.value, side: Side::AtLeast, ..lost },
        });
    }
    let column = |measure: &Measure| -> Option<Vec<f64>> {
        let place = asked.measures.iter().position(|other| other == measure)?;
        seen.samples.iter().map(|values| values[place].ok()).collect()
    };
    let shares = column(&Measure::Served(at, true));
    let intended = column(&Measure::ArrivalRate(at));
    let (Some(shares), Some(rates)) = (shares, intended) else { return Share::Single(whole) };
    let seconds = asked.window.length.seconds();
    let intended: Vec<f64> = rates.iter().map(|rate| (rate * seconds).round()).collect();
    let served: Vec<f64> = shares.iter().zip(&intended).map(|(s, n)| (s * n).round()).collect();
    match Interval::of_ratio(&served, &intended, asked.level) {
        Ok(interval) if interval.high <= 1.0 => Share::Interval(interval),
        Ok(_) => bound_of_mean(&shares, Side::AtLeast, asked.level)
            .map_or(Share::Single(whole), |bound| Share::AtLeast { seen: whole, bound }),
        Err(_) => Share::Single(whole),
    }
}

/// The bounds of an objective, with the name and place in [`STATS`] of each.
fn bounds(objective: &ObjectiveSpec) -> Vec<(usize, SimDuration)> {
    let Some(latency) = &objective.latency else { return Vec::new() };
    let latency = &latency.value;
    let all = [(1, &latency.p50), (2, &latency.p95), (3, &latency.p99)];
    all.into_iter().filter_map(|(at, bound)| Some((at, bound.as_ref()?.value))).collect()
}

fn objectives(draft: &Draft, windows: &[WindowRows]) -> Vec<ObjectiveRow> {
    let mut rows = Vec::new();
    let mut all: Vec<_> = draft.scenario.objective.iter().collect();
    all.sort_by_cached_key(|(name, _)| natural(name));
    for (class, objective) in all {
        for (stat, bound) in bounds(objective) {
            for (at, window) in windows.iter().enumerate() {
                let Some(row) = window.latencies.iter().find(|row| row.name == **class) else {
                    continue;
                };
                let estimate = row.estimates[stat].clone();
                let judgement = match &estimate {
                    Estimate::Interval(interval) => Demand::Below(bound.seconds()).judge(interval),
                    _ => Judgement::Inconclusive,
                };
                let (class, stat) = (class.to_string(), STATS[stat].0);
                rows.push(ObjectiveRow { class, window: at, stat, bound, estimate, judgement });
            }
        }
    }
    rows
}

fn checks(plan: &Blueprint, result: &StudyResult, windows: &[WindowRows]) -> Vec<Check> {
    let runs: usize = windows.iter().map(|window| window.replications).sum();
    let stopped = result.windows.iter().any(|window| window.stopped.is_some());
    let passed = (!stopped && runs > 0).then_some(Judgement::Holds);
    let runs = if runs == 1 { "1 run".to_string() } else { format!("{runs} runs") };
    let sum = |of: &dyn Fn(&ViewRow) -> u64| -> u64 {
        windows.iter().flat_map(|window| &window.views).map(of).sum()
    };
    let begun: u64 = windows.iter().flat_map(|w| &w.attempts).map(|row| row.attempts.begun).sum();
    let parts = plan.parts.len();
    let components = if parts == 1 { "1 component".into() } else { format!("{parts} components") };
    let mut checks = vec![
        Check {
            name: "ledgers",
            judgement: passed,
            detail: format!(
                "{begun} attempts and {} page views, each ended once; {} under way when the \
                 windows were drained",
                sum(&|row| row.intended),
                sum(&|row| row.in_flight)
            ),
        },
        Check {
            name: "Little's law",
            judgement: passed,
            detail: format!(
                "area under the number inside = sum of the stays, to the nanosecond, at \
                 {components} in {runs}"
            ),
        },
        Check {
            name: "busy <= capacity",
            judgement: passed,
            detail: format!("at {components} in {runs}"),
        },
    ];
    for window in windows {
        checks.push(precision(window));
    }
    for window in windows {
        checks.push(Check {
            name: "warm-up",
            judgement: match window.verdict {
                Verdict::Stable => Some(Judgement::Holds),
                Verdict::Inconclusive => Some(Judgement::Inconclusive),
                Verdict::Backlogged | Verdict::Overloaded => None,
            },
            detail: format!(
                "window {}: {} lived through and not counted, fixed before the run; {}",
                window.name,
                window.lead_in,
                balance(window.verdict)
            ),
        });
    }
    checks
}

/// What a verdict on a window means.
#[must_use]
pub const fn balance(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stable => "no more in flight at the end than at the start",
        Verdict::Backlogged => "work piled up: its latencies depend on the length of the window",
        Verdict::Overloaded => {
            "more was offered than could be served: its latencies are those of who got through"
        }
        Verdict::Inconclusive => "a single run does not tell whether it was in balance",
    }
}

fn precision(window: &WindowRows) -> Check {
    let (name, count) = (&window.name, window.replications);
    let (judgement, detail) = match window.ending {
        Ending::Fixed if count == 1 => {
            (Some(Judgement::Inconclusive), format!("window {name}: single run, no interval"))
        }
        Ending::Fixed => (None, format!("window {name}: {count} replications, fixed beforehand")),
        Ending::Precise => (
            Some(Judgement::Holds),
            format!("window {name}: reached at {count} replications, look {}", window.looks),
        ),
        Ending::BudgetSpent => (
            Some(Judgement::Inconclusive),
            format!("window {name}: not reached with all {count} replications"),
        ),
        Ending::Interrupted => (
            Some(Judgement::Inconclusive),
            format!("window {name}: stopped after {count} replications"),
        ),
    };
    Check { name: "precision", judgement, detail }
}

fn leaves_out(draft: &Draft) -> Vec<String> {
    let scenario = &draft.scenario;
    let mut notes = Vec::new();
    if !scenario.fault.is_empty() {
        let count = scenario.fault.len();
        notes.push(format!(
            "every part is up throughout a window: none of the {count} kinds of fault of the \
             scenario is acted out here, so the share served is that of load alone"
        ));
    }
    let available = scenario.objective.iter().any(|(_, o)| o.available.is_some());
    if available {
        notes.push(
            "the objective of availability is not judged: it asks for years with faults".into(),
        );
    }
    let grid = GRID;
    notes.push(format!(
        "series are means of {grid} over replications; of a zone only the mean of a window is kept"
    ));
    notes
}
