//! Figures over single years, and spans of another length, of the long horizon: their variation, and the share in which
//! something happens.
//!
//! Model: a replication is cut into consecutive spans from its start; a remainder at its end is ignored. The downtime
//! of a span is the time lost in it. An outage belongs to the span in which it begins; one in progress at the start of
//! the horizon belongs to the first. Estimators and intervals are those of [`stats::spans`](crate::stats::spans). Only
//! requested figures are kept: two numbers per figure and block of replications.

use serde::{Deserialize, Serialize};

use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::solve::flows::Tally;
use crate::stats::StatsError;
use crate::stats::rare::Unseen;
use crate::stats::spans::{Moments, deviation, dispersion, share};
use crate::study::measure::NoValue;
use crate::study::window::Estimate;
use crate::units::SimDuration;

use super::blocks::{Join, Scale};
use super::few::Modelled;
use super::{Folded, YEAR_S};

/// Figure over spans, of all outages or of one first cause, by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfSpans {
    /// Standard deviation of a year's downtime, in seconds.
    Downtime(Option<usize>),
    /// Share of the years with more downtime than this.
    Longer(SimDuration, Option<usize>),
    /// Standard deviation of a year's number of outages.
    Outages(Option<usize>),
    /// Variance over mean of a year's number of outages.
    Dispersion(Option<usize>),
    /// Share of the spans of this length with at least this number of outages.
    AtLeast(u32, SimDuration, Option<usize>),
}

impl OfSpans {
    /// Returns whether it needs the start of each outage.
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

    /// Returns the number of whole spans in a horizon.
    fn spans(self, horizon: SimDuration) -> u64 {
        horizon.nanos() / self.span().nanos().max(1)
    }
}

/// Results of the replications for one figure over spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    of: OfSpans,
    /// Spans with a hit, or the sum over all spans, by block.
    sums: Vec<f64>,
    /// Squared distances to the mean of the block, by block.
    centred: Vec<f64>,
    /// Squares of downtime by first cause, of all replications.
    squares: Vec<f64>,
}

impl Column {
    /// Returns empty results for a plan with `causes` causes.
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

    /// Adds the moments of `all` values, given those that are not zero.
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

    /// Joins blocks of replications of a `horizon`.
    pub(super) fn join(&mut self, join: Join, horizon: SimDuration) {
        match self.centred.is_empty() {
            true => join.sums(&mut self.sums),
            false => {
                let spans = self.of.spans(horizon) as f64;
                join.moments(&mut self.sums, &mut self.centred, spans);
            }
        }
    }

    /// Returns the estimate, from these results and those of the meter.
    pub(super) fn estimate(
        &self,
        scale: Scale<'_>,
        folded: &Folded,
        modelled: Modelled<'_>,
    ) -> Estimate {
        let Scale { plan, level, block } = scale;
        let of_one = self.of.spans(plan.horizon) as f64;
        let spans = of_one * block as f64;
        let all = spans * self.sums.len() as f64;
        let moments = Moments { sums: &self.sums, centred: &self.centred, spans };
        let one = |value: f64| (value > 0.0).then_some(value);
        let (found, single) = match self.of {
            OfSpans::Longer(..) | OfSpans::AtLeast(..) => {
                let hits: f64 = self.sums.iter().sum();
                let lasts = plan.repair.unwrap_or(plan.horizon).seconds();
                // An outage is of one replication.
                let together = (1.0 + lasts / self.of.span().seconds()).min(of_one.max(1.0));
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

/// Returns the downtimes of the years that have any, in nanoseconds.
fn downtimes(tally: &Tally, cause: Option<usize>) -> impl Iterator<Item = u64> + '_ {
    let all = tally.years.iter().copied().filter(move |_| cause.is_none());
    let own = tally.cause_years.iter().filter(move |(at, _)| Some(*at as usize) == cause);
    all.chain(own.map(|(_, lost)| *lost))
}

/// Returns the number of outages that begin in each whole span that has any.
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

/// Resolves the figure over spans of a path, if it is one; `cause` is the place of its first cause.
///
/// # Errors
///
/// [`NoSuchFigure`], if a span is empty or does not fit in the horizon.
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
