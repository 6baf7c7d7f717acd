//! Figures of one replication.
//!
//! `resolve` finds the measure of a figure in a blueprint, or the reason why there is none; `value` computes its value
//! in a replication.

mod resolve;
mod value;

use serde::{Deserialize, Serialize};

use crate::model::gauge::{ByNumber, Levels, ReadAs};
use crate::model::ids::ComponentId;
use crate::plan::figure::Stat;
pub use crate::plan::figure::own::Meters;
use crate::solve::series::Series;
use crate::stats::interval::Statistic;
use crate::study::energy::Drawn;
use crate::study::intervals::Every;
use crate::units::SimDuration;

/// A number of something with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Inside.
    Inside,
    /// In the queue.
    Line,
    /// In service.
    Busy,
}

impl Number {
    fn of(self, all: &ByNumber) -> Option<&Levels> {
        match self {
            Self::Inside => all.inside.as_ref(),
            Self::Line => all.line.as_ref(),
            Self::Busy => all.busy.as_ref(),
        }
    }
}

/// A figure that one replication can give.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Latency of a class.
    Latency(usize, Stat),
    /// Latency of a workload's page views.
    ViewLatency(Vec<usize>, Stat),
    /// Share of the requests of a class whose latency exceeds the limit.
    Slower(usize, SimDuration),
    /// Share of the page views of a workload whose latency exceeds the limit.
    ViewSlower(Vec<usize>, SimDuration),
    /// Latency of the requests of a class that missed where they entered.
    MissLatency(usize, Stat),
    /// Waiting times at components.
    Waiting(Vec<ComponentId>, Stat),
    /// Share of the visits whose waiting time exceeds the limit.
    WaitingOver(Vec<ComponentId>, SimDuration),
    /// Mean waiting time of a class, over all its visits.
    ClassWaiting(usize),
    /// Mean sojourn time.
    Sojourn(Vec<ComponentId>),
    /// A statistic of the visits.
    Visits(Vec<ComponentId>, Stat),
    /// Share of the visits whose sojourn time exceeds the limit.
    VisitsOver(Vec<ComponentId>, SimDuration),
    /// Mean number inside.
    Inside(Vec<ComponentId>),
    /// Share of time with at least the given number inside.
    InsideChance(Vec<ComponentId>, usize),
    /// A statistic over time of a number.
    OverTime(Number, Vec<ComponentId>, Stat),
    /// First time at which the given number is reached, counted from the window's start.
    First(Number, Vec<ComponentId>, usize),
    /// Time from the end of a disturbance until the number inside is first back at its level without it.
    Drain(Vec<ComponentId>),
    /// A statistic over the intervals of a window.
    Every(Every),
    /// Mean number in the queue.
    Queue(Vec<ComponentId>),
    /// Mean number of busy servers.
    Busy(Vec<ComponentId>),
    /// Busy over capacity.
    Utilization(Meters),
    /// Completions per second of components.
    Throughput(Vec<ComponentId>),
    /// Answered requests of a class per second.
    ClassThroughput(usize),
    /// Intended views of workloads, or requests if they have no clients: their mean, or their spread over replications.
    Arrivals(Vec<usize>, Statistic),
    /// The same per second.
    ArrivalRate(Vec<usize>),
    /// Attempts of a class by outcome; the share when the flag is set.
    Attempts(usize, Option<usize>, bool),
    /// Views served; the share when the flag is set.
    Served(Vec<usize>, bool),
    /// Views lost, of one cause or all; the share when the flag is set.
    Lost(Vec<usize>, Option<usize>, bool),
    /// A statistic of a quantity that a component follows over time, by its place.
    Quantity(ComponentId, usize, Stat),
    /// Counts of components, by the rule of their kind.
    Tally(Vec<ComponentId>, ReadAs),
    /// Calls of these kinds that ended without an answer.
    Unanswered(Vec<usize>),
    /// Power, energy, its carbon or its cost.
    Drawn(Drawn),
    /// Page views of workloads served per kilowatt-hour of the whole scenario.
    PerKwh(Vec<usize>),
    /// Views not served; around a break, less those where nothing breaks.
    Missed(Vec<usize>),
    /// Views lost per second in the last minute of the window; around a break, minus those where nothing breaks.
    Losing(Vec<usize>),
}

/// Reason why a figure has no value in a replication, or at all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum NoValue {
    /// Nothing to measure.
    Empty,
    /// Too few samples beyond the percentile.
    TooFew {
        /// Samples there are.
        have: u64,
        /// Samples needed.
        need: u64,
    },
    /// The data was not recorded.
    NotKept,
    /// The component has no limit.
    Unlimited,
    /// Capacity below the smallest rate tried, per second.
    FewerThan(f64),
    /// Capacity above the largest rate tried, per second.
    MoreThan(f64),
    /// The run was stopped before it was found.
    Stopped,
    /// No event in this many years.
    NoneIn(f64),
    /// It is a name and no number.
    Name,
    /// The command, or its flags, do not estimate it.
    NotEstimated,
    /// Not before the replication ended, after this many seconds.
    Later(f64),
    /// Some replications ended before the event.
    AtLeast {
        /// The mean over the replications, up to the end of each, s.
        mean: f64,
        /// The lower end of its interval, s.
        low: f64,
        /// Replications that ended before.
        later: u64,
        /// All replications.
        of: u64,
    },
    /// Only some replications failed in the simulated time: the others would fail later.
    NotYet {
        /// Replications that failed.
        failed: u64,
        /// All replications.
        of: u64,
    },
}

impl std::fmt::Display for NoValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("no requests"),
            Self::TooFew { have, need } => write!(f, "n {have} < {need}"),
            Self::NotKept => f.write_str("not kept"),
            Self::Unlimited => f.write_str("unlimited"),
            Self::FewerThan(rate) => write!(f, "fewer than {rate:.1}/s, the smallest rate tried"),
            Self::MoreThan(rate) => write!(f, "more than {rate:.1}/s, the largest rate tried"),
            Self::Stopped => f.write_str("stopped before it was found"),
            Self::Name => f.write_str("a name"),
            Self::NotEstimated => f.write_str("not estimated"),
            Self::NoneIn(years) => write!(f, "none in {years:.0} years"),
            Self::Later(seconds) => write!(f, "later than {}", rough(*seconds)),
            Self::AtLeast { mean, later, of, .. } => {
                write!(f, "at least {}: {later} of {of} runs ended before", rough(*mean))
            }
            Self::NotYet { failed, of } => {
                write!(f, "only {failed} of {of} replications failed in the simulated time")
            }
        }
    }
}

/// A time in seconds to four digits or so.
fn rough(seconds: f64) -> String {
    match seconds {
        s if s >= 1_000.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s => format!("{:.2} ms", s * 1e3),
    }
}

impl Measure {
    /// Returns whether it is the difference between a run around a break and the same interval without.
    #[must_use]
    pub const fn is_paired(&self) -> bool {
        matches!(self, Self::Missed(_) | Self::Losing(_))
    }

    /// Returns whether a value is a share, from 0 to 1.
    #[must_use]
    pub const fn is_share(&self) -> bool {
        match self {
            Self::Lost(_, _, share) | Self::Served(_, share) | Self::Attempts(_, _, share) => {
                *share
            }
            Self::Slower(..)
            | Self::ViewSlower(..)
            | Self::WaitingOver(..)
            | Self::VisitsOver(..)
            | Self::Tally(_, ReadAs::Share(..) | ReadAs::Completed)
            | Self::InsideChance(..) => true,
            _ => false,
        }
    }

    /// Returns the same measure of each workload alone, where it is that of several: tables have a row for each workload.
    #[must_use]
    pub fn by_workload(&self) -> Vec<Self> {
        let each = |of: &[usize], one: &dyn Fn(Vec<usize>) -> Self| -> Vec<Self> {
            let several = of.iter().filter(|_| of.len() > 1);
            several.map(|workload| one(vec![*workload])).collect()
        };
        match self {
            Self::ViewLatency(of, stat) => each(of, &|one| Self::ViewLatency(one, *stat)),
            Self::Served(of, share) => each(of, &|one| Self::Served(one, *share)),
            Self::Missed(of) => each(of, &Self::Missed),
            Self::Losing(of) => each(of, &Self::Losing),
            _ => Vec::new(),
        }
    }

    /// Returns the statistic that is estimated from the values over replications.
    #[must_use]
    pub const fn statistic(&self) -> Statistic {
        match self {
            Self::Arrivals(_, statistic) => *statistic,
            _ => Statistic::Mean,
        }
    }

    /// Returns the series that must be recorded for it, interval by interval.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        let every = if let Self::Every(every) = self { Some(every) } else { None };
        every.into_iter().flat_map(Every::series)
    }

    /// Returns whether the energy of the parts must be recorded for it.
    #[must_use]
    pub const fn needs_energy(&self) -> bool {
        matches!(self, Self::Drawn(_) | Self::PerKwh(_))
    }

    /// Returns the components whose numbers must be recorded together for it.
    #[must_use]
    pub fn together(&self) -> Option<&[ComponentId]> {
        match self {
            Self::OverTime(_, parts, _)
            | Self::First(_, parts, _)
            | Self::Drain(parts)
            | Self::InsideChance(parts, _) => (parts.len() > 1).then_some(parts.as_slice()),
            _ => None,
        }
    }
}
