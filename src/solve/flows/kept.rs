//! Outages that may be reported, in memory that does not grow with the horizon.
//!
//! Model: of each meter the worst outages and the worst year by their loss are kept, on a tie the earlier (by
//! replication, then by instant). To find a typical one, the first outages that began with each cause and the first
//! years are kept as well. Replications are independent, and none is left out before the sample is full, so the sample
//! is not biased by the length of an outage.
//!
//! Holds: merging two in the order of replications gives what one would have kept.

use serde::{Deserialize, Serialize};

use crate::units::{SimDuration, SimTime};

/// Number of worst outages kept per meter.
pub const WORST: usize = 5;
/// Number of outages per cause, and of years, from which a typical one is selected.
pub const SAMPLE: usize = 200;
/// Maximum number of these from one replication.
const SAMPLE_EACH: usize = 8;

/// One outage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Instant at which it began.
    pub begun: SimTime,
    /// Instant at which full service was restored, or the horizon ended.
    pub ended: SimTime,
    /// Lost, in parts of [`WHOLE`](crate::plan::availability::WHOLE) of a nanosecond.
    pub lost: u128,
    /// Its first cause, by place in the plan.
    pub cause: u32,
    /// Contributing causes, in order of appearance.
    pub also: Vec<u32>,
}

impl Outage {
    /// Returns the time from onset to full service.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        self.ended.since(self.begun)
    }
}

/// A year of a replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearLost {
    /// Number of the replication.
    pub replication: u64,
    /// Number of the year, from 0.
    pub number: u64,
    /// Loss in it, in parts of a nanosecond.
    pub lost: u128,
}

/// Records kept of one meter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    replication: u64,
    /// Total loss, in parts of a nanosecond, including losses too short for an outage.
    pub lost: u128,
    /// Total number of outages.
    pub outages: u64,
    /// Worst outages with their replications, the worst first.
    pub worst: Vec<(u64, Outage)>,
    /// Sampled outages per cause, in the order of replications and instants.
    pub sample: Vec<(u64, Outage)>,
    /// Number of sampled outages, by cause.
    counts: Vec<usize>,
    /// Worst year; `None` before one is over.
    pub worst_year: Option<YearLost>,
    /// The first years.
    pub years: Vec<YearLost>,
}

impl Kept {
    /// Returns empty records of a replication.
    #[must_use]
    pub fn of(replication: u64) -> Self {
        Self { replication, ..Self::default() }
    }

    fn outage(&mut self, outage: Outage) {
        self.take(self.replication, &outage, SAMPLE_EACH);
        self.worst.push((self.replication, outage));
        self.shorten();
    }

    /// Takes an outage into the sample, unless its cause has `most` already.
    fn take(&mut self, replication: u64, outage: &Outage, most: usize) {
        let cause = outage.cause as usize;
        if self.counts.len() <= cause {
            self.counts.resize(cause + 1, 0);
        }
        if self.counts[cause] < most {
            self.counts[cause] += 1;
            self.sample.push((replication, outage.clone()));
        }
    }

    fn year(&mut self, number: u64, lost: u128) {
        let year = YearLost { replication: self.replication, number, lost };
        if self.years.len() < SAMPLE_EACH {
            self.years.push(year);
        }
        self.worse_year(Some(year));
    }

    /// Keeps the worse year; on a tie the present one, which is earlier.
    fn worse_year(&mut self, year: Option<YearLost>) {
        if let Some(year) = year
            && self.worst_year.is_none_or(|worst| year.lost > worst.lost)
        {
            self.worst_year = Some(year);
        }
    }

    fn shorten(&mut self) {
        self.worst
            .sort_by(|(a, x), (b, y)| y.lost.cmp(&x.lost).then((a, x.begun).cmp(&(b, y.begun))));
        self.worst.truncate(WORST);
    }

    /// Appends the records of later replications.
    pub fn append(&mut self, other: Self) {
        self.lost += other.lost;
        self.outages += other.outages;
        self.worst.extend(other.worst);
        self.shorten();
        for (replication, outage) in other.sample {
            self.take(replication, &outage, SAMPLE);
        }
        self.worse_year(other.worst_year);
        let room = SAMPLE.saturating_sub(self.years.len());
        self.years.extend(other.years.into_iter().take(room));
    }

    /// Returns the sampled outage that began with a cause and has the median length; for an even number, the shorter of
    /// the middle two.
    #[must_use]
    pub fn typical(&self, cause: u32) -> Option<&(u64, Outage)> {
        let mut of: Vec<_> = self.sample.iter().filter(|(_, o)| o.cause == cause).collect();
        of.sort_by_key(|(replication, outage)| (outage.length(), *replication, outage.begun));
        of.get(of.len().checked_sub(1)? / 2).copied()
    }

    /// Returns the sampled year with the median loss.
    #[must_use]
    pub fn typical_year(&self) -> Option<YearLost> {
        let mut years = self.years.clone();
        years.sort_by_key(|year| (year.lost, year.replication, year.number));
        years.get(years.len().checked_sub(1)? / 2).copied()
    }
}

/// Records kept of a meter's trajectory beside its tally.
#[derive(Clone, Debug)]
pub(super) enum Keep {
    /// Nothing.
    Nothing,
    /// Outages and years that may be reported.
    Best(Box<Kept>),
    /// Outages and years of a second simulation.
    Again(Again),
}

/// Outages and years of a trajectory that was simulated before.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    /// Instants at which the outages began.
    pub wanted: Vec<SimTime>,
    /// The outages that began then.
    pub found: Vec<Outage>,
    /// Years asked for, by number.
    pub years: Vec<u64>,
    /// Losses of these years.
    pub lost: Vec<(u64, u128)>,
}

impl Keep {
    pub(super) fn outage(&mut self, outage: Outage) {
        match self {
            Self::Nothing => {}
            Self::Best(kept) => kept.outage(outage),
            Self::Again(again) => {
                if again.wanted.contains(&outage.begun) {
                    again.found.push(outage);
                }
            }
        }
    }

    /// Records a year that is over at `end`.
    pub(super) fn year(&mut self, end: SimTime, lost: u128) {
        let number = end.nanos() / SimDuration::YEAR.nanos() - 1;
        match self {
            Self::Nothing => {}
            Self::Best(kept) => kept.year(number, lost),
            Self::Again(again) => {
                if again.years.contains(&number) {
                    again.lost.push((number, lost));
                }
            }
        }
    }
}
