//! Long-horizon results corrected by windows of requests, as rows.

use super::FigureRow;
use crate::plan::availability::ALL;
use crate::plan::figure::registry::{BOTH, SOLVER};
use crate::plan::figure::{Figure, FigureUnit};
use crate::solve::frame::Of;
use crate::stats::summary::ordered_sum;
use crate::study::sampled::agreement::{Agrees, compare};
use crate::study::sampled::estimate::Joined;
use crate::study::sampled::{Lived, OfWindows};
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::window::{Ending, Estimate};
use crate::study::years::load::Loss;
use crate::units::SimTime;

/// Percentiles of latency over the horizon.
pub const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// Results of the windows drawn from the horizon.
#[derive(Clone, Debug)]
pub struct SampledRows {
    /// Trajectories that were cut into pieces.
    pub replications: usize,
    /// Episodes in these trajectories.
    pub episodes: u64,
    /// Pieces of episodes.
    pub pieces: u64,
    /// Share of the expected views that arrive in episodes.
    pub in_episodes: f64,
    /// Classes, in the order of names.
    pub classes: Vec<SampledClassRows>,
    /// All classes together, where there are several, without latencies.
    pub all: Option<SampledClassRows>,
    /// Losses of both solvers by first cause.
    pub agreement: Vec<AgreementRow>,
    /// Reason why the solvers are not compared; `None` if they are.
    pub apart: Option<String>,
    /// Windows, by trajectory, then by time.
    pub windows: Vec<SampledWindow>,
    /// Figures of every class, and those that were asked for.
    pub figures: Vec<FigureRow>,
    /// Events of all windows.
    pub events: u64,
}

/// Results of the windows for one class.
#[derive(Clone, Debug)]
pub struct SampledClassRows {
    /// Its name.
    pub name: String,
    /// Shares and losses.
    pub rows: Vec<SampledRow>,
    /// Latencies in the order of [`QUANTILES`]: of its requests, then of its views; with samples.
    pub latencies: Vec<(String, Vec<Estimate>, u64)>,
    /// True if the file has a latency objective, which the objective availability then includes.
    pub has_latency: bool,
}

/// A figure by `flows` alone and with windows.
#[derive(Clone, Debug)]
pub struct SampledRow {
    /// Description.
    pub what: &'static str,
    /// Key in files.
    pub key: &'static str,
    /// Its unit.
    pub unit: FigureUnit,
    /// Estimate by `flows` alone; `None` if it has none.
    pub flows: Option<Estimate>,
    /// Corrected estimate.
    pub both: Estimate,
}

/// Losses by both solvers in pieces of one kind.
#[derive(Clone, Debug)]
pub struct AgreementRow {
    /// The class.
    pub class: String,
    /// First cause of the episodes, or `quiet`; `None` for all episodes together.
    pub of: Option<String>,
    /// Windows.
    pub windows: usize,
    /// Views not served per year, by `requests`.
    pub requests: Estimate,
    /// Views not served per year, by `flows`.
    pub flows: Estimate,
    /// Verdict on their agreement.
    pub verdict: Agrees,
}

/// One window.
#[derive(Clone, Debug)]
pub struct SampledWindow {
    /// Number of its trajectory.
    pub replication: u64,
    /// First instant simulated, before the measured interval.
    pub start: SimTime,
    /// Start of the measured interval.
    pub from: SimTime,
    /// End of the measured interval.
    pub to: SimTime,
    /// First cause of its episode; `None` for quiet time.
    pub cause: Option<String>,
    /// Probability with which it was drawn.
    pub probability: f64,
    /// Classes, in the order of names; then all of them together, where there are several.
    pub classes: Vec<SampledViews>,
    /// Digest of its events.
    pub digest: u64,
}

/// Views of one class in a window.
#[derive(Clone, Debug)]
pub struct SampledViews {
    /// The class.
    pub class: String,
    /// Intended views, in `requests`.
    pub intended: u64,
    /// Views not served, for any reason.
    pub unserved: u64,
    /// Views never requested: their session had ended.
    pub never_born: u64,
    /// Views expected by `flows`.
    pub expected: f64,
    /// Views lost by fault, by overload, by plan: in `requests`, and in `flows` at the realised traffic.
    pub kinds: [(f64, f64); 3],
    /// All views that `flows` loses, at the realised traffic.
    pub flows: f64,
    /// Bad 5-minute intervals, in `requests` by losses or latency, and in `flows`.
    pub bad: (u32, f64),
}

impl SampledViews {
    /// Adds the views of another class; intervals do not add up.
    fn add(&mut self, other: &Self) {
        self.intended += other.intended;
        self.unserved += other.unserved;
        self.never_born += other.never_born;
        self.expected += other.expected;
        self.flows += other.flows;
        for (mine, other) in self.kinds.iter_mut().zip(&other.kinds) {
            (mine.0, mine.1) = (mine.0 + other.0, mine.1 + other.1);
        }
    }
}

/// Gathers the rows; `None` if no windows were drawn.
pub(super) fn rows(study: &StudyPlan, result: &StudyResult) -> Option<SampledRows> {
    let joined = result.joined(study)?;
    if joined.windows.ending == Ending::Interrupted {
        return None;
    }
    let (asked, windows) = (joined.asked, joined.windows);
    let mut order: Vec<usize> = (0..asked.classes.len()).collect();
    order.sort_by_cached_key(|at| super::natural(&asked.classes[*at].name));
    let classes: Vec<SampledClassRows> = order.iter().map(|at| class(&joined, *at)).collect();
    let agreement = compare(&joined).into_iter().map(|row| AgreementRow {
        class: asked.classes[row.class].name.clone(),
        of: row.of.map(|of| asked.stratum(joined.years, of).to_string()),
        windows: row.windows,
        requests: row.requests,
        flows: row.flows,
        verdict: row.verdict,
    });
    Some(SampledRows {
        replications: windows.replications,
        episodes: windows.episodes,
        pieces: windows.pieces,
        in_episodes: windows.views.0 / windows.views.1.max(1e-300),
        agreement: agreement.collect(),
        apart: asked.apart.clone(),
        windows: windows.windows.iter().map(|w| window(&joined, &order, w)).collect(),
        figures: figures(&joined, &order),
        events: windows.windows.iter().map(|window| window.seen.events).sum(),
        all: (classes.len() > 1).then(|| together(&joined, &classes)),
        classes,
    })
}

fn class(joined: &Joined<'_>, at: usize) -> SampledClassRows {
    let counted = &joined.asked.classes[at];
    let all = [
        ("request availability", "request", FigureUnit::Ratio, OfWindows::Request(Some(at))),
        ("objective availability", "objective", FigureUnit::Ratio, OfWindows::Objective(Some(at))),
        (
            "the same, losses alone",
            "objective_losses",
            FigureUnit::Ratio,
            OfWindows::Failing(Some(at)),
        ),
        ("not served", "unserved", FigureUnit::Count, OfWindows::Lost(at, Loss::Unserved)),
        ("lost, fault", "fault", FigureUnit::Count, OfWindows::Lost(at, Loss::Fault)),
        ("lost, overload", "overload", FigureUnit::Count, OfWindows::Lost(at, Loss::Overload)),
        ("lost, planned", "planned", FigureUnit::Count, OfWindows::Lost(at, Loss::Planned)),
        (
            "not requested any more",
            "never_born",
            FigureUnit::Count,
            OfWindows::Lost(at, Loss::NeverBorn),
        ),
    ];
    let latency = |view: bool| {
        let name = if view { format!("{}-view", counted.name) } else { counted.name.clone() };
        let of = |(_, q): &(&str, f64)| joined.estimate(OfWindows::Latency(at, view, *q));
        (name, QUANTILES.iter().map(of).collect(), joined.samples(at, view))
    };
    SampledClassRows {
        name: counted.name.clone(),
        rows: rows_of(joined, all),
        latencies: [false, true].map(latency).into_iter().filter(|(.., n)| *n > 0).collect(),
        has_latency: counted.p95.is_some(),
    }
}

/// Returns rows of figures from their description, key, unit and measure.
fn rows_of<const N: usize>(
    joined: &Joined<'_>,
    of: [(&'static str, &'static str, FigureUnit, OfWindows); N],
) -> Vec<SampledRow> {
    let row = |(what, key, unit, of): (_, _, _, OfWindows)| SampledRow {
        what,
        key,
        unit,
        flows: joined.by_flows(of),
        both: joined.estimate(of),
    };
    of.into_iter().map(row).collect()
}

/// Returns the row of all classes: all views, and intervals in which every class is healthy.
fn together(joined: &Joined<'_>, classes: &[SampledClassRows]) -> SampledClassRows {
    let ratio = FigureUnit::Ratio;
    SampledClassRows {
        name: ALL.into(),
        rows: rows_of(
            joined,
            [
                ("request availability", "request", ratio, OfWindows::Request(None)),
                ("objective availability", "objective", ratio, OfWindows::Objective(None)),
                ("the same, losses alone", "objective_losses", ratio, OfWindows::Failing(None)),
            ],
        ),
        latencies: Vec::new(),
        has_latency: classes.iter().any(|class| class.has_latency),
    }
}

fn window(joined: &Joined<'_>, order: &[usize], window: &Lived) -> SampledWindow {
    let bad = |class: Option<usize>| {
        let ((_, requests), flows) = window.bad(class);
        (requests, flows)
    };
    let views = |at: &usize| {
        let seen = &window.seen.classes[*at];
        let kinds = [Loss::Fault, Loss::Overload, Loss::Planned];
        SampledViews {
            class: joined.asked.classes[*at].name.clone(),
            intended: seen.intended,
            unserved: seen.unserved(),
            never_born: seen.never_born,
            expected: window.flows.classes[*at].intended,
            kinds: kinds.map(|kind| joined.lost_in(window, *at, kind)),
            flows: joined.lost_in(window, *at, Loss::Unserved).1,
            bad: bad(Some(*at)),
        }
    };
    let mut classes: Vec<SampledViews> = order.iter().map(views).collect();
    if let [first, others @ ..] = &classes[..]
        && !others.is_empty()
    {
        let mut all = SampledViews { class: ALL.into(), bad: bad(None), ..first.clone() };
        others.iter().for_each(|other| all.add(other));
        classes.push(all);
    }
    let episode = |of: Of| of != Of::Quiet;
    let cause = episode(window.piece.of)
        .then(|| joined.asked.stratum(joined.years, window.piece.of).to_string());
    SampledWindow {
        replication: window.piece.replication,
        start: window.piece.start,
        from: window.piece.from,
        to: window.piece.to,
        cause,
        probability: window.probability,
        classes,
        digest: window.seen.digest,
    }
}

/// Returns the figures of every class, and those asked for.
fn figures(joined: &Joined<'_>, order: &[usize]) -> Vec<FigureRow> {
    let asked = joined.asked;
    let mut paths: Vec<String> = asked.figures.iter().map(|asked| asked.path.clone()).collect();
    for class in order.iter().map(|at| &asked.classes[*at]) {
        let name = &class.name;
        for (word, _) in QUANTILES {
            paths.push(format!("latency.{name}.{word}@horizon"));
        }
        for metric in ["request", "objective", "lost"] {
            paths.push(format!("{metric}.{name}[{SOLVER}={BOTH}]@horizon"));
        }
        for outcome in ["fault", "overload", "planned"] {
            paths.push(format!("lost.{name}[outcome={outcome}][{SOLVER}={BOTH}]@horizon"));
        }
    }
    paths.sort_by_cached_key(|path| super::natural(path));
    paths.dedup();
    let row = |path: String| {
        let figure = Figure::parse(&path).ok()?;
        let of = asked.resolve(joined.years, &figure).ok()?;
        let (unit, estimate) = (figure.unit(), joined.estimate(of));
        Some(FigureRow { path, window: None, unit, estimate })
    };
    paths.into_iter().filter_map(row).collect()
}

impl SampledRows {
    /// Returns the number of windows of quiet time, and of episodes.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let quiet = self.windows.iter().filter(|window| window.cause.is_none()).count();
        (quiet, self.windows.len() - quiet)
    }

    /// Returns the total measured length of the windows, in hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        let seconds = self.windows.iter().map(|window| (window.to - window.from).seconds());
        ordered_sum(seconds) / 3_600.0
    }
}
