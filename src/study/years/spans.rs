//! Figures over single years, and spans of another length, of the long horizon: how much they vary, and in how many something
//! happens.
//!
//! Model: a replication is cut into spans one after the other from its start; what is left at its end
//! counts for nothing. The downtime of a span is what is lost in it; an outage is of the span in which it
//! begins, and one under way at the start of the horizon is of the first. Estimators and intervals are those of
//! [`stats::spans`](crate::stats::spans). Only what is asked for is kept: two numbers for each figure and
//! replication.

use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::solve::flows::Tally;
use crate::stats::StatsError;
use crate::stats::rare::Unseen;
use crate::stats::spans::{Moments, deviation, dispersion, share};
use crate::study::measure::NoValue;
use crate::study::window::Estimate;
use crate::units::SimDuration;

use super::few::Modelled;
use super::{Folded, YEAR_S};

/// A figure over spans; each of all outages, or of one first cause, by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfSpans {
    /// Standard deviation of a year's downtime, in seconds.
    Downtime(Option<usize>),
    /// Share of the years with more downtime than this.
    Longer(SimDuration, Option<usize>),
    /// Standard deviation of a year's number of outages.
    Outages(Option<usize>),
    /// Variance over mean of a year's number of outages.
    Dispersion(Option<usize>),
    /// Share of the spans of this length with so many outages.
    AtLeast(u32, SimDuration, Option<usize>),
}

impl OfSpans {
    /// Whether it needs to know when each outage began.
    #[must_use]
    pub const fn is_of_begins(self) -> bool {
        matches!(self, Self::Outages(_) | Self::Dispersion(_) | Self::AtLeast(..))
    }

    const fn span(self) -> SimDuration {
        match self {
            Self::AtLeast(_, span, _) => span,
            _ => SimDuration::YEAR,
        }
    }

    /// Whole spans of a horizon.
    fn spans(self, horizon: SimDuration) -> u64 {
        horizon.nanos() / self.span().nanos().max(1)
    }
}

/// What replications say of one figure over spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    of: OfSpans,
    /// Spans with a hit, or the sum over all spans, by replication.
    sums: Vec<f64>,
    /// Squared distances to the mean of the replication, by replication.
    centred: Vec<f64>,
    /// Squares of downtime by first cause, of all replications.
    squares: Vec<f64>,
}

impl Column {
    /// Nothing yet, of a plan with so many causes.
    pub(super) fn new(of: OfSpans, causes: usize) -> Self {
        let squares = if matches!(of, OfSpans::Downtime(_)) { causes } else { 0 };
        Self { of, sums: Vec::new(), centred: Vec::new(), squares: vec![0.0; squares] }
    }

    pub(super) const fn of(&self) -> OfSpans {
        self.of
    }

    /// Adds the next replication.
    pub(super) fn add(&mut self, tally: &Tally, horizon: SimDuration) {
        let spans = self.of.spans(horizon);
        match self.of {
            OfSpans::Downtime(cause) => {
                for (cause, lost) in &tally.cause_years {
                    let lost = *lost as f64 / 1e9;
                    self.squares[*cause as usize] += lost * lost;
                }
                let years: Vec<f64> =
                    downtimes(tally, cause).map(|nanos| nanos as f64 / 1e9).collect();
                self.moments(&years, spans);
            }
            OfSpans::Longer(over, cause) => {
                let longer = downtimes(tally, cause).filter(|lost| *lost > over.nanos()).count();
                self.sums.push(longer as f64);
            }
            OfSpans::Outages(cause) | OfSpans::Dispersion(cause) => {
                let counts = counts(tally, cause, SimDuration::YEAR, spans);
                self.moments(&counts.into_iter().map(f64::from).collect::<Vec<_>>(), spans);
            }
            OfSpans::AtLeast(least, span, cause) => {
                let counts = counts(tally, cause, span, spans);
                self.sums.push(counts.into_iter().filter(|count| *count >= least).count() as f64);
            }
        }
    }

    /// Of `all` values those that are not zero.
    fn moments(&mut self, values: &[f64], all: u64) {
        let sum: f64 = values.iter().sum();
        let mean = sum / (all as f64).max(1.0);
        let zeros = all as f64 - values.len() as f64;
        let off = |value: f64| (value - mean) * (value - mean);
        self.sums.push(sum);
        self.centred.push(values.iter().map(|value| off(*value)).sum::<f64>() + zeros * off(0.0));
    }

    pub(super) fn append(&mut self, other: Self) {
        self.sums.extend(other.sums);
        self.centred.extend(other.centred);
        self.squares.iter_mut().zip(other.squares).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// The estimate, from what is known of the meter beside it.
    pub(super) fn estimate(
        &self,
        plan: &AvailabilityPlan,
        folded: &Folded,
        modelled: Modelled<'_>,
        level: f64,
    ) -> Estimate {
        let spans = self.of.spans(plan.horizon) as f64;
        let all = spans * self.sums.len() as f64;
        let moments = Moments { sums: &self.sums, centred: &self.centred, spans };
        let one = |value: f64| (value > 0.0).then_some(value);
        let (found, single) = match self.of {
            OfSpans::Longer(..) | OfSpans::AtLeast(..) => {
                let hits: f64 = self.sums.iter().sum();
                let lasts = plan.repair.unwrap_or(plan.horizon).seconds();
                let together = 1.0 + lasts / self.of.span().seconds();
                (share(&self.sums, spans, together, level), one(hits / all))
            }
            OfSpans::Downtime(cause) => {
                let began = |at: usize| folded.began[at].iter().sum::<f64>();
                let unseen = match cause {
                    Some(at) => modelled.square_of_cause(at, self.squares[at], began(at)),
                    None => {
                        let causes = self.squares.iter().enumerate();
                        modelled.squares(causes.map(|(at, squares)| (*squares, began(at))))
                    }
                };
                (deviation(&moments, unseen, level), one(moments.variance().sqrt()))
            }
            OfSpans::Outages(_) => {
                (deviation(&moments, Unseen::of(1.0), level), one(moments.variance().sqrt()))
            }
            OfSpans::Dispersion(_) => {
                let count: f64 = self.sums.iter().sum();
                if count == 0.0 {
                    let years = all * SimDuration::YEAR.seconds() / YEAR_S;
                    return Estimate::Missing(NoValue::NoneIn(years));
                }
                (dispersion(&moments, level), one(moments.variance() / count * all))
            }
        };
        match (found, single) {
            (Ok(interval), _) => Estimate::Interval(interval),
            (Err(StatsError::TooFew { .. }), Some(value)) => Estimate::Single(value),
            (Err(_), _) => Estimate::Missing(NoValue::Empty),
        }
    }
}

/// Downtimes of the years that have any, in nanoseconds.
fn downtimes(tally: &Tally, cause: Option<usize>) -> impl Iterator<Item = u64> + '_ {
    let all = tally.years.iter().copied().filter(move |_| cause.is_none());
    let own = tally.cause_years.iter().filter(move |(at, _)| Some(*at as usize) == cause);
    all.chain(own.map(|(_, lost)| *lost))
}

/// Outages that begin in each of the whole spans that have any.
fn counts(tally: &Tally, cause: Option<usize>, span: SimDuration, spans: u64) -> Vec<u32> {
    let own = tally.begun.iter().filter(|(_, at)| cause.is_none_or(|cause| *at as usize == cause));
    let numbers = own.map(|(begun, _)| begun.nanos() / span.nanos().max(1));
    let mut numbers: Vec<u64> = numbers.filter(|number| *number < spans).collect();
    numbers.sort_unstable();
    numbers
        .chunk_by(|a, b| a == b)
        .map(|same| u32::try_from(same.len()).unwrap_or(u32::MAX))
        .collect()
}

/// The figure over spans that a path asks for, if it is one; `cause` is the place of its first cause.
///
/// # Errors
///
/// A span that is nothing, or does not fit in the horizon.
pub(super) fn resolve(
    plan: &AvailabilityPlan,
    figure: &Figure,
    cause: Option<usize>,
) -> Result<Option<OfSpans>, NoSuchFigure> {
    let duration = |name: &str| figure.key(name).and_then(|text| SimDuration::parse(text).ok());
    let of = match (figure.metric, figure.stat) {
        (Metric::Downtime, Some(Stat::Deviation)) => OfSpans::Downtime(cause),
        (Metric::Downtime, Some(Stat::Chance)) => {
            OfSpans::Longer(duration("over").unwrap_or(SimDuration::ZERO), cause)
        }
        (Metric::Outages, Some(Stat::Deviation)) => OfSpans::Outages(cause),
        (Metric::Outages, Some(Stat::Dispersion)) => OfSpans::Dispersion(cause),
        (Metric::Outages, Some(Stat::Chance)) => {
            let least = figure.key("at-least").and_then(|text| text.parse().ok()).unwrap_or(1);
            if least == 0 {
                let message = format!("`{figure}`: every span has at least 0 outages");
                return Err(NoSuchFigure::new(message).help("write `[at-least=1]`"));
            }
            OfSpans::AtLeast(least, duration("per").unwrap_or(SimDuration::YEAR), cause)
        }
        _ => return Ok(None),
    };
    if of.spans(plan.horizon) == 0 {
        let message = format!(
            "`{figure}`: a span of {} does not fit in the horizon of {}",
            of.span(),
            plan.horizon
        );
        let help = match of {
            OfSpans::AtLeast(..) => "make `horizon` longer, or `[per=...]` shorter",
            _ => "make `horizon` a year or longer",
        };
        return Err(NoSuchFigure::new(message).help(help));
    }
    Ok(Some(of))
}
