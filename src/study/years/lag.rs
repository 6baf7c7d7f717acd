//! Figures of the replication lag of the members of databases over the horizon.
//!
//! Takes the lag tallies of the replications; returns estimates over them.

use serde::{Deserialize, Serialize};

use super::blocks::{Join, Scale};
use super::few::over;
use super::load::{BATCHES, OfLoad, unknown};
use super::{mean, not_negative};
use crate::observe::histogram::Histogram;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::scenario::suggest;
use crate::solve::fluid::LagTally;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

/// Statistic of a lag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LagOf {
    /// Mean over the time that it follows, in seconds.
    Mean,
    /// Quantile over time at this level, in seconds.
    Quantile(f64),
    /// Longest lag of a horizon, in seconds.
    Longest,
    /// Mean number of writes that it lacks.
    Backlog,
    /// Largest number of writes that it lacks in a horizon.
    Most,
}

/// Replication lag of one member of a database over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedLag {
    /// Seconds for which it follows, by block.
    pub follows: Vec<f64>,
    /// Areas under lag and backlog over time, by block.
    pub lag: Vec<f64>,
    /// See [`Self::lag`].
    pub backlog: Vec<f64>,
    /// Largest of each, by block.
    pub longest: Vec<f64>,
    /// See [`Self::longest`].
    pub most: Vec<f64>,
    /// Milliseconds at each lag, by batch.
    pub times: Vec<Histogram>,
}

impl FoldedLag {
    pub(super) fn add(&mut self, seen: &LagTally, batch: usize) {
        self.follows.push(seen.follows_s);
        self.lag.push(seen.lag_s2);
        self.backlog.push(seen.backlog_s);
        self.longest.push(seen.longest_s);
        self.most.push(seen.most);
        self.times.resize_with(BATCHES, Histogram::new);
        self.times[batch].merge(&seen.times);
    }

    pub(super) fn append(&mut self, other: Self) {
        self.follows.extend(other.follows);
        self.lag.extend(other.lag);
        self.backlog.extend(other.backlog);
        self.longest.extend(other.longest);
        self.most.extend(other.most);
        self.times.resize_with(BATCHES, Histogram::new);
        self.times.iter_mut().zip(&other.times).for_each(|(mine, other)| mine.merge(other));
    }

    pub(super) fn join(&mut self, join: Join) {
        let areas = [&mut self.follows, &mut self.lag, &mut self.backlog];
        let largest = [&mut self.longest, &mut self.most];
        areas.into_iter().chain(largest).for_each(|column| join.sums(column));
    }

    pub(super) fn values(&self, of: LagOf) -> Option<Vec<f64>> {
        let means = |areas: &[f64]| -> Vec<f64> {
            let each = areas.iter().zip(&self.follows);
            each.map(|(area, time)| if *time > 0.0 { area / time } else { 0.0 }).collect()
        };
        Some(match of {
            LagOf::Mean => means(&self.lag),
            LagOf::Backlog => means(&self.backlog),
            LagOf::Longest => self.longest.clone(),
            LagOf::Most => self.most.clone(),
            LagOf::Quantile(_) => return None,
        })
    }

    pub(super) fn estimate(&self, scale: Scale<'_>, of: LagOf) -> Estimate {
        let level = scale.level;
        match of {
            LagOf::Mean | LagOf::Backlog if self.follows.iter().all(|time| *time <= 0.0) => {
                Estimate::Missing(NoValue::Empty)
            }
            // No lag was seen: how large it would be is not known.
            _ if self.most.iter().all(|most| *most <= 0.0)
                && self.backlog.iter().all(|b| *b <= 0.0) =>
            {
                Estimate::Missing(NoValue::NoneIn(scale.years() * self.most.len() as f64))
            }
            LagOf::Mean => over(&self.lag, &self.follows, level),
            LagOf::Backlog => over(&self.backlog, &self.follows, level),
            LagOf::Longest => not_negative(scale.mean(&self.longest)),
            LagOf::Most => not_negative(scale.mean(&self.most)),
            LagOf::Quantile(q) => {
                let seen = self.times.iter().filter_map(|times| times.quantile(q));
                let values: Vec<f64> = seen.map(|nanos| nanos as f64 / 1e9).collect();
                not_negative(mean(&values, level))
            }
        }
    }
}

/// Resolves a figure of the replication lag of a member.
pub(super) fn resolve(fluid: &FluidPlan, figure: &Figure) -> Result<OfLoad, NoSuchFigure> {
    let members = fluid.copies.iter().enumerate().flat_map(|(at, copies)| {
        copies.members.iter().enumerate().map(move |(member, name)| (name.as_str(), at, member))
    });
    let members: Vec<(&str, usize, usize)> = members.collect();
    let Some((_, at, member)) = members.iter().find(|(name, ..)| *name == figure.scope) else {
        let message = format!(
            "`{figure}`: over years lag is that of one member of a database with a failover, not of `{}`",
            figure.scope
        );
        let names: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
        let help = suggest::help(&figure.scope, &names, "known are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let of = match (figure.metric, figure.stat) {
        (Metric::Lag, None | Some(Stat::Mean)) => LagOf::Mean,
        (Metric::Lag, Some(Stat::Quantile(q))) => LagOf::Quantile(q),
        (Metric::Lag, Some(Stat::Max)) => LagOf::Longest,
        (_, None | Some(Stat::Mean)) => LagOf::Backlog,
        (_, Some(Stat::Max)) => LagOf::Most,
        _ => return Err(unknown(figure)),
    };
    Ok(OfLoad::Lag(*at, *member, of))
}
