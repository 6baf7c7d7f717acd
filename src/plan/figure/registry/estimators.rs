//! Methods by which a figure and its interval are computed.

use super::Word;
use crate::plan::figure::Metric;

/// Method that estimates a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Simulation of windows, request by request ([`measure`](crate::study::measure)).
    Requests,
    /// Search over rates, request by request ([`limits`](crate::study::limits)).
    Search,
    /// Long horizon: availability ([`years`](crate::study::years)).
    Up,
    /// Long horizon: traffic ([`years::load`](crate::study::years::load)).
    Traffic,
    /// Long horizon: roles that pass from one holder to another
    /// ([`years::recovery`](crate::study::years::recovery)).
    Roles,
    /// Long horizon, corrected by windows sampled from it ([`sampled`](crate::study::sampled)).
    Both,
    /// Closed forms ([`headroom`](crate::plan::headroom), [`cost`](crate::plan::cost)).
    Arithmetic,
}

impl By {
    /// Returns the solver's name in flags, or the word in its place.
    #[must_use]
    pub const fn solver(self) -> &'static str {
        match self {
            Self::Requests | Self::Search => "requests",
            Self::Up | Self::Traffic | Self::Roles => "flows",
            Self::Both => "both",
            Self::Arithmetic => "arithmetic",
        }
    }

    /// Returns whether the solver `flows` alone estimates it.
    #[must_use]
    pub const fn is_of_years(self) -> bool {
        matches!(self, Self::Up | Self::Traffic | Self::Roles)
    }
}

/// Method by which the confidence interval of a figure is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalOf {
    /// Student's t over replications.
    Replications,
    /// Student's t over replications; for means and quantiles, corrected for the arrivals that were sampled.
    Corrected,
    /// Bounds for rare events if there are few events, otherwise Student's t over replications.
    Events,
    /// The standard deviation between replications.
    Spread,
    /// Student's t over replications of the rate at which each crosses the objective.
    Crossing,
    /// A ratio of sums over replications.
    Ratio,
    /// Order statistics of years, months or events.
    Order,
    /// Exact binomial over intervals of time, with replications as clusters.
    Spans,
    /// Interval of a mean of squares, over few or many events.
    Squares,
    /// Over pairs of events in one year if they are few, otherwise a jackknife over replications.
    Pairs,
    /// Student's t over batches of replications.
    Batches,
    /// Sampling design of the sampled windows.
    Drawn,
    /// No interval: the value is exact.
    Exact,
}

impl IntervalOf {
    /// Returns the default for rows that name no other method.
    pub(super) const fn usual(metric: Metric, by: By, stats: &[Word]) -> Self {
        let share = matches!(stats, [Word::Chance]);
        let own = matches!(stats, [Word::Own, ..]);
        match metric {
            _ if by.is_of_years() || share => Self::Events,
            Metric::Attempts
            | Metric::Served
            | Metric::Lost
            | Metric::Missed
            | Metric::Losing
            | Metric::Hit
            | Metric::Failovers => Self::Events,
            Metric::Latency
            | Metric::Sojourn
            | Metric::InSystem
            | Metric::Busy
            | Metric::Utilization
            | Metric::Throughput
            | Metric::Transfer
                if own =>
            {
                Self::Corrected
            }
            _ => Self::Replications,
        }
    }

    /// Returns the description for the reference page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Replications => "over replications",
            Self::Corrected => {
                "over replications; of a mean or a quantile corrected for the arrivals that were drawn"
            }
            Self::Events => "of few events bounds of rare events, of many over replications",
            Self::Spread => "of a standard deviation over replications",
            Self::Crossing => "over replications, of the rate at which each crosses the objective",
            Self::Ratio => "ratio of sums over replications",
            Self::Order => "order statistics",
            Self::Spans => "exact binomial, with replications as clusters",
            Self::Squares => "of the mean square over few or many events",
            Self::Pairs => {
                "over few pairs of events in one year, else a jackknife over replications"
            }
            Self::Batches => "over 8 batches of replications",
            Self::Drawn => "over trajectories, with the weights of the windows drawn",
            Self::Exact => "exact",
        }
    }
}
