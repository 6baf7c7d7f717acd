//! Outages that may be worth a story, in memory that does not grow with the horizon.
//!
//! Model: of each meter the worst outages and the worst year by what they lost, the earlier of equals
//! (by replication, then by instant); and, to find a typical one in, the first outages that began
//! with each cause and the first years, as they come. Replications are independent and none is left
//! out before the sample is full, so the sample says nothing of how long an outage is.
//!
//! Holds: putting two together in the order of replications gives what one would have kept.

use crate::units::{SimDuration, SimTime};

/// The worst outages of a meter.
pub const WORST: usize = 5;
/// Outages of one cause, and years, among which a typical one is looked for.
pub const SAMPLE: usize = 200;
/// Of these at most so many come from one replication.
const SAMPLE_EACH: usize = 8;

/// One outage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// When it began.
    pub begun: SimTime,
    /// When service was whole again, or the horizon ended.
    pub ended: SimTime,
    /// Lost, in parts of [`WHOLE`](crate::plan::availability::WHOLE) of a nanosecond.
    pub lost: u128,
    /// Its first cause, by place in the plan.
    pub cause: u32,
    /// What else had a part in it, in order of appearance.
    pub also: Vec<u32>,
}

impl Outage {
    /// From onset to whole service.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        self.ended.since(self.begun)
    }
}

/// A year of a replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearLost {
    /// Which replication.
    pub replication: u64,
    /// Which year, from 0.
    pub number: u64,
    /// Lost in it, in parts of a nanosecond.
    pub lost: u128,
}

/// What is kept of one meter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    replication: u64,
    /// Lost in all, in parts of a nanosecond, with what was too short for an outage.
    pub lost: u128,
    /// Outages in all.
    pub outages: u64,
    /// With their replications, the worst first.
    pub worst: Vec<(u64, Outage)>,
    /// By cause that was met, in the order of replications and instants.
    pub sample: Vec<(u64, Outage)>,
    /// How many of these, by cause.
    counts: Vec<usize>,
    /// The worst year; none before one is over.
    pub worst_year: Option<YearLost>,
    /// The first years.
    pub years: Vec<YearLost>,
}

impl Kept {
    /// Nothing yet, of a replication.
    #[must_use]
    pub fn of(replication: u64) -> Self {
        Self { replication, ..Self::default() }
    }

    fn outage(&mut self, outage: Outage) {
        self.take(self.replication, &outage, SAMPLE_EACH);
        self.worst.push((self.replication, outage));
        self.shorten();
    }

    /// Takes an outage into the sample, unless it has `most` of its cause.
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

    /// What is there is earlier, and stays among equals.
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

    /// Adds what later replications kept.
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

    /// Of the outages sampled that began with a cause, the one whose length is their median; of an
    /// even number the shorter of the two in the middle.
    #[must_use]
    pub fn typical(&self, cause: u32) -> Option<&(u64, Outage)> {
        let mut of: Vec<_> = self.sample.iter().filter(|(_, o)| o.cause == cause).collect();
        of.sort_by_key(|(replication, outage)| (outage.length(), *replication, outage.begun));
        of.get(of.len().checked_sub(1)? / 2).copied()
    }

    /// Of the years sampled the one whose loss is their median.
    #[must_use]
    pub fn typical_year(&self) -> Option<YearLost> {
        let mut years = self.years.clone();
        years.sort_by_key(|year| (year.lost, year.replication, year.number));
        years.get(years.len().checked_sub(1)? / 2).copied()
    }
}

/// What of a meter's history is kept beside its tally.
#[derive(Clone, Debug)]
pub(super) enum Keep {
    /// Nothing.
    Nothing,
    /// What may be worth a story.
    Best(Box<Kept>),
    /// What is lived through once more.
    Again(Again),
}

/// Outages and years of a history that was lived through before.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    /// Instants at which outages began.
    pub wanted: Vec<SimTime>,
    /// The outages that began then.
    pub found: Vec<Outage>,
    /// Years, by number, that are wanted.
    pub years: Vec<u64>,
    /// What these lost.
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

    /// A year is over at `end`.
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
