//! Results of a run as plain numbers: the rows of every result file and of the report.
//!
//! Takes a draft, its blueprint, the study and its raw results; returns windows with latencies, utilisations and both
//! ledgers, availability of requests, judged objectives and expectations, checks, and the parts left out. All figures
//! of a report are computed here; `report` lays them out.
//!
//! Holds: rows are in the order of names, whatever the order of the file; an estimate comes with its interval or with
//! the reason why there is none (S1, S3, S9); nothing lost is a bound, never 100 % (S2); a percentile of a window out
//! of balance is labelled by the window's verdict.
//! Leaves out: objectives over the horizon.

mod breaks;
mod checks;
mod disk_sets;
mod gather;
mod load;
mod recovery;
mod restores;
mod sampled;
mod scalers;
mod share;
mod system;
mod why;
mod years;

pub use checks::{balance, declared};
pub use disk_sets::DiskSetRow;
pub use gather::gather;
pub(in crate::study) use gather::measured_at;
pub use load::{ClassCost, LoadClass, LoadRows, LoadUse};
pub use recovery::{RecoveryRow, WritesRow};
pub use restores::RestoreRow;
pub use sampled::{
    AgreementRow, QUANTILES, SampledClassRows, SampledRow, SampledRows, SampledViews, SampledWindow,
};
pub use scalers::ScalerRow;
pub use share::Share;
pub use why::{FallBar, FallRow, LossRow, SpareRows, Spread, StrikeRow, WhyRows};
pub use years::{YearCause, YearRow, YearSide, YearsRows};

use std::collections::BTreeMap;

use crate::model::record::Attempts;
use crate::plan::drawing::System;
use crate::plan::drills::Drillable;
use crate::plan::figure::{FigureUnit, Stat};
use crate::solve::trail::Trail;
use crate::stats::quantile::samples_needed;
use crate::study::breaks::Drill;
pub use crate::study::capacity::{Carries, CurvePoint, Look, Reached, knee};
use crate::study::expect::Verdict as Judgement;
use crate::study::measure::NoValue;
pub use crate::study::metastable::{Metastable, Recovery};
use crate::study::scalers::Scaled;
use crate::study::verdict::Verdict;
use crate::study::window::{Beyond, Came, Ending, Estimate, Pace};
use crate::study::zones::ZoneUse;
use crate::units::{Rate, SimDuration};
use crate::workload::log::LogReport;

/// Version of the result format; raised by any change that moves a byte of a shipped result (D6).
pub const RESULTS_VERSION: u32 = 22;

/// Statistics of every latency.
pub const STATS: [(&str, Stat); 4] = [
    ("mean", Stat::Mean),
    ("p50", Stat::Quantile(0.5)),
    ("p95", Stat::Quantile(0.95)),
    ("p99", Stat::Quantile(0.99)),
];

/// All results of one scenario.
#[derive(Clone, Debug)]
pub struct Results {
    /// Model of its drawing.
    pub system: System,
    /// Name of the scenario.
    pub scenario: String,
    /// One line about it.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// Source of the scenario.
    pub source: String,
    /// Root of all draws.
    pub seed: u64,
    /// Level of all intervals.
    pub level: f64,
    /// Results per window, in order of name.
    pub windows: Vec<WindowRows>,
    /// Availability over the horizon, after a long-horizon run.
    pub years: Option<YearsRows>,
    /// True if it was run alone, not in a comparison.
    pub alone: bool,
    /// True after a quick run.
    pub quick: bool,
    /// Causes of downtime, costs and headroom, where it was run alone.
    pub why: WhyRows,
    /// The long-horizon run corrected by windows of requests drawn from it.
    pub sampled: Option<SampledRows>,
    /// Effect of each break on users, the worst first.
    pub breaks: Vec<BreakRow>,
    /// Paths of the figures that the command line asks for, in its order.
    pub wanted: Vec<String>,
    /// Figures that only the command line asks for, in its order.
    pub asked: Vec<String>,
    /// Every figure that was asked for, in order of path.
    pub figures: Vec<FigureRow>,
    /// Values per replication of figures that are means over replications, by path; see
    /// [`kept`](crate::study::record::kept).
    pub by_replication: BTreeMap<String, Vec<f64>>,
    /// Objectives as declared, in the order of the names of their classes, whether a window or a horizon judges them or not.
    pub declared: Vec<Declared>,
    /// Latency objectives, by window.
    pub objectives: Vec<ObjectiveRow>,
    /// Capacity per objective.
    pub capacities: Vec<CapacityRow>,
    /// Judged figures, in the order of the file.
    pub expectations: Vec<ExpectationRow>,
    /// Figures that no solver here estimates, and why.
    pub not_estimated: Vec<(String, String)>,
    /// Figures whose precision was asked for and not reached.
    pub unreached: Vec<Unreached>,
    /// Notes, one per CDN, on where the latency of the classes that enter there is measured.
    pub at_edges: Vec<String>,
    /// Access logs that are replayed, by workload.
    pub logs: Vec<LogRow>,
    /// Checks of the run itself.
    pub checks: Vec<Check>,
    /// Omissions of the model that a reader must know.
    pub leaves_out: Vec<String>,
    /// Reason why the results are partial.
    pub partial: Option<String>,
}

/// A figure whose precision was asked for and not reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreached {
    /// Its path.
    pub path: String,
    /// Relative half-width asked for.
    pub wanted: f64,
    /// Relative half-width reached; `None` without an interval.
    pub reached: Option<f64>,
    /// Replications; `None` for a capacity.
    pub replications: Option<usize>,
}

/// One window.
#[derive(Clone, Debug)]
pub struct WindowRows {
    /// Its name.
    pub name: String,
    /// The worst verdict of its classes.
    pub verdict: Verdict,
    /// The verdict on each class, in order of name.
    pub classes: Vec<ClassRow>,
    /// End of its replications.
    pub ending: Ending,
    /// Replications.
    pub replications: usize,
    /// Number of precision checks.
    pub looks: usize,
    /// Rate fixed by the window.
    pub rate: Option<Rate>,
    /// Length of the measured interval.
    pub length: SimDuration,
    /// Length of the warm-up before it.
    pub warm_up: SimDuration,
    /// Events of all replications.
    pub events: u64,
    /// Replications that are not kept one by one; `None` if all are.
    pub beyond: Option<Beyond>,
    /// Event digests, by replication that is kept.
    pub digests: Vec<u64>,
    /// Event-digest checkpoints per replication that is kept.
    pub trails: Vec<Trail>,
    /// Latencies.
    pub latencies: Vec<Latency>,
    /// Utilisations.
    pub uses: Vec<Use>,
    /// Processor accounts of zones, by server and name.
    pub zones: Vec<ZoneRow>,
    /// Members of autoscalers, by name.
    pub scalers: Vec<Scaled>,
    /// Ledger of attempts, classes first, then calls.
    pub attempts: Vec<AttemptRow>,
    /// Ledger of page views.
    pub views: Vec<ViewRow>,
    /// Arrivals realised and expected, in the order of `views`.
    pub came: Vec<Came>,
    /// True if latencies, utilisations and throughputs are corrected for the realised arrivals.
    pub corrected: bool,
    /// Part that breaks, for a run around a break. Such a run has no latencies or utilisations here, since they would
    /// mix before and after.
    pub drill: Option<Drill>,
    /// Page views step by step around a break, in the order of `views`.
    pub course: Vec<Vec<Pace>>,
}

/// Processor account of one zone in a window.
#[derive(Clone, Debug)]
pub struct ZoneRow {
    /// Its name.
    pub name: String,
    /// Its server.
    pub server: String,
    /// Cores of the server.
    pub cores: f64,
    /// Cores that its shares entitle it to while all zones of the server need theirs; within its cap.
    pub guaranteed: f64,
    /// Cores above which it counts as bursting.
    pub baseline: Option<f64>,
    /// Maximum number of cores.
    pub cap: Option<f64>,
    /// True if its processor has a share, a baseline or a cap of its own.
    pub declared: bool,
    /// Processor time used and missed.
    pub use_of: ZoneUse,
}

/// One request class of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// Its name.
    pub name: String,
    /// Verdict on its balance.
    pub verdict: Verdict,
    /// Mean requests in flight at the start and at the end of the window, over replications.
    pub in_flight: (f64, f64),
    /// Share of its page views that were not served; `None` without page views.
    pub unserved: Option<f64>,
    /// Rate that the window fixes for it, per second, over all of its workloads; `None` if it fixes none.
    pub level: Option<f64>,
    /// Findings on its overload, if that is metastable.
    pub metastable: Option<Box<Metastable>>,
}

impl WindowRows {
    /// Returns the verdict on a class, by its name or that of one of its latencies (`page`, `page-view`, `page-miss`);
    /// for any other name, that of the window.
    #[must_use]
    pub fn verdict_of(&self, name: &str) -> Verdict {
        self.class(name).map_or(self.verdict, |row| row.verdict)
    }

    fn class(&self, name: &str) -> Option<&ClassRow> {
        let ends = ["", "-view", "-miss"].into_iter();
        let mut names = ends.filter_map(|end| name.strip_suffix(end));
        names.find_map(|name| self.classes.iter().find(|row| row.name == name))
    }

    /// Returns the verdict that goes with a figure: that on its class, or that of the window if it has no class.
    #[must_use]
    pub fn verdict_of_figure(&self, path: &str) -> Verdict {
        let scope = path.split(['@', '[']).next().unwrap_or_default();
        scope
            .split('.')
            .skip(1)
            .find_map(|name| self.class(name))
            .map_or(self.verdict, |row| row.verdict)
    }

    /// Returns the names of the classes that have the verdict of the window, unless all have it or it is
    /// [`Verdict::Stable`].
    #[must_use]
    pub fn verdict_is_of(&self) -> Vec<&str> {
        let has = |row: &&ClassRow| row.verdict == self.verdict;
        let all = self.classes.iter().all(|row| has(&row));
        if all || self.verdict == Verdict::Stable {
            return Vec::new();
        }
        self.classes.iter().filter(has).map(|row| row.name.as_str()).collect()
    }
}

impl Results {
    /// Returns the windows that are not runs around a break.
    pub fn plain(&self) -> impl Iterator<Item = &WindowRows> + Clone {
        self.windows.iter().filter(|window| window.drill.is_none())
    }
}

/// One part, broken once and repaired once.
#[derive(Clone, Debug)]
pub struct BreakRow {
    /// The declared window.
    pub window: String,
    /// The class of the page views.
    pub class: String,
    /// Part; `None` where nothing breaks, and the row has the views not served anyway.
    pub part: Option<Drillable>,
    /// Place in [`Results::windows`] of the run in which it breaks.
    pub down: Option<usize>,
    /// Place of the run in which it is repaired.
    pub repair: Option<usize>,
    /// Page views not served because of the break, per run; where nothing breaks, all not served.
    pub missed: Estimate,
    /// Served share of the intended page views, all causes.
    pub served: Share,
    /// Page views per second requested and lost because of the break, in the last minute of the run.
    pub losing: Estimate,
    /// p95 latency of the page views served in the run, before the break and after it.
    pub latency: Estimate,
    /// Page views after the repair not served because of the break.
    pub missed_after_repair: Estimate,
    /// Page views per second requested and lost because of the break, in the last minute of the repair run.
    pub losing_after_repair: Estimate,
    /// True if nothing more is lost at the end of the repair run; `None` if it is undecided.
    pub over: Option<bool>,
    /// Effect in a word.
    pub noticed: Noticed,
    /// Share of page views still lost at the end of the run of a break, although the class is served without the part
    /// once others have taken over, by the dependency graph; `None` otherwise, and in a quick run.
    pub still_lost: Option<f64>,
    /// Time from the break to the end of its run.
    pub watched: SimDuration,
}

/// Effect of a break on users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noticed {
    /// All requests are lost until the repair.
    Everything,
    /// This share of the requests is lost until the repair, beyond what is lost anyway.
    Some(f64),
    /// Some requests are lost, but none at the end of the run.
    Dip,
    /// Nothing is lost; p95 latency grows by this factor.
    Slower(f64),
    /// Nothing.
    Nothing,
    /// No effect that these few runs can show; at most this share of all page views.
    AtMost(f64),
    /// The runs are too few to tell.
    Unsure,
}

impl Noticed {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Everything => "all-lost",
            Self::Some(_) => "some-lost",
            Self::Dip => "dip",
            Self::Slower(_) => "slower",
            Self::Nothing => "nothing",
            Self::AtMost(_) | Self::Unsure => "unsure",
        }
    }
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
    /// Kind of the component.
    pub kind: UseKind,
    /// Mean over the window; [`NoValue::Unlimited`] for a component without a limit.
    pub mean: Estimate,
    /// Mean number busy, for a component without a limit.
    pub busy: Option<Estimate>,
    /// Analytic offered load as a share of the capacity: visits × demand, without abandonment or retry. `None` if the
    /// plan does not compute it, or the traffic is recorded.
    pub offered: Option<f64>,
    /// Mean of each interval of the grid, over replications; empty for zones.
    pub series: Vec<f64>,
}

/// Kind of a utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// Cores of a zone, relative to its cap.
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
    /// Cores of a balancer that is an appliance.
    Balancer,
    /// Requests inside a unit of a balancer, or open at its members, relative to the limit.
    Connections,
    /// Bandwidth of a link.
    Link,
    /// Servers of a station.
    Station,
}

impl UseKind {
    /// Returns the word used in tables and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Server => "server",
            Self::Service => "service",
            Self::Database => "database",
            Self::Disks => "disks",
            Self::Head => "head",
            Self::Balancer => "balancer",
            Self::Connections => "connections",
            Self::Link => "link",
            Self::Station => "station",
        }
    }

    /// Returns the unit of its capacity.
    #[must_use]
    pub const fn counts(self) -> &'static str {
        match self {
            Self::Zone => "cap of cores",
            Self::Server | Self::Balancer => "cores",
            Self::Service => "workers",
            Self::Database | Self::Connections => "connections",
            Self::Disks => "disks",
            Self::Head => "time",
            Self::Link => "bandwidth",
            Self::Station => "servers",
        }
    }
}

impl Use {
    /// Returns the busiest interval of the grid, by number, and its utilisation.
    #[must_use]
    pub fn busiest(&self) -> Option<(usize, f64)> {
        let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
        self.series.iter().copied().enumerate().max_by(order)
    }

    /// Returns the p95 over the intervals of the grid.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when there are too few intervals.
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

/// Kind of attempts in a row.
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
    /// Kind of the attempts.
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
    /// Page views that users intended.
    pub intended: u64,
    /// Served at the first attempt.
    pub served: u64,
    /// Served at a later attempt.
    pub delayed: u64,
    /// Lost, by cause, in order of name.
    pub lost: Vec<(String, u64)>,
    /// Never requested: their session had ended.
    pub never_born: u64,
    /// Still in flight when the drain ended.
    pub in_flight: u64,
    /// Served over intended.
    pub served_share: Share,
}

impl ViewRow {
    /// Returns the lost page views of all causes.
    #[must_use]
    pub fn all_lost(&self) -> u64 {
        self.lost.iter().map(|(_, count)| count).sum()
    }
}

/// A figure that was asked for.
#[derive(Clone, Debug)]
pub struct FigureRow {
    /// Its path.
    pub path: String,
    /// Place of its window in [`Results::windows`]; `None` for a figure of the horizon.
    pub window: Option<usize>,
    /// Its unit.
    pub unit: FigureUnit,
    /// Its estimate.
    pub estimate: Estimate,
}

/// An objective as declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The class.
    pub class: String,
    /// Statistics of latency with their bounds, in seconds.
    pub latency: Vec<(&'static str, f64)>,
    /// Smallest share of the page views served.
    pub served: Option<f64>,
}

/// A latency objective in one window.
#[derive(Clone, Debug)]
pub struct ObjectiveRow {
    /// The class.
    pub class: String,
    /// Place of the window.
    pub window: usize,
    /// Statistic, such as `p95`.
    pub stat: &'static str,
    /// The bound.
    pub bound: SimDuration,
    /// Estimate of the statistic.
    pub estimate: Estimate,
    /// Verdict.
    pub judgement: Judgement,
}

/// Highest rate that meets a latency objective.
#[derive(Clone, Debug)]
pub struct CapacityRow {
    /// The class.
    pub class: String,
    /// Statistic, such as `p95`.
    pub stat: &'static str,
    /// Its bound.
    pub bound: SimDuration,
    /// Largest share of the page views that may be lost.
    pub lost_at_most: f64,
    /// Capacity found.
    pub carries: Carries,
    /// Result per replication, each with its own users.
    pub each: Vec<Reached>,
    /// Rates tried, per replication.
    pub looks: Vec<Vec<Look>>,
    /// The statistic against the rate, ascending.
    pub curve: Vec<CurvePoint>,
    /// Length measured at each rate, per replication.
    pub length: SimDuration,
    /// Bottleneck by analytic load, and the rate that saturates it.
    pub first: (String, f64),
}

/// A judged figure.
#[derive(Clone, Debug)]
pub struct ExpectationRow {
    /// Its path.
    pub path: String,
    /// Demand, as written.
    pub is: String,
    /// Its unit.
    pub unit: FigureUnit,
    /// Estimate.
    pub estimate: Estimate,
    /// Value of a figure that is a name, or the reason why a figure was not judged.
    pub words: Option<String>,
    /// Verdict.
    pub judgement: Judgement,
}

/// An access log that a workload replays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// The workload.
    pub workload: String,
    /// The file, as the scenario names it.
    pub file: String,
    /// Findings in the log.
    pub found: LogReport,
}

/// A check of the run itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Name of the check.
    pub name: &'static str,
    /// Verdict; `None` for information only.
    pub judgement: Option<Judgement>,
    /// The numbers behind it.
    pub detail: String,
}

/// Returns the sort key of a name, with numbers by size: `www-2` before `www-10`.
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
