//! Long-horizon runs: independent replications of the horizon by the solver `flows`, folded into figures.
//!
//! Takes an [`AvailabilityPlan`] and the number of replications. Returns, for each net and each meter, values per
//! block of replications and histograms over all. Replications run in parallel, in chunks whose size follows from their number.
//! They are folded in the order of their numbers, so threads change nothing. Precision is checked at fixed prefixes, as
//! for windows.
//!
//! Memory: a number for each block of replications ([`blocks`]), meter and cause; two for each block and figure over spans
//! ([`spans`]); a histogram for each meter; and for each meter and cause the downtime of every year with any, as many as a
//! [`Sample`] keeps. Nothing else grows with the horizon.

mod asked;
pub mod blocks;
mod busy;
mod chunk;
pub mod disk_sets;
pub mod energy;
mod estimate;
pub mod few;
pub mod lag;
pub mod load;
mod ranges;
pub mod recovery;
pub mod restores;
pub mod scaled;
pub mod spans;

use serde::{Deserialize, Serialize};

use crate::convert::index;
use crate::observe::histogram::Histogram;
use crate::observe::sample::Sample;
use crate::plan::availability::{Availability, AvailabilityPlan, WatchedKind};
use crate::plan::figure::Figure;
use crate::solve::flows::kept::Kept;
use crate::solve::flows::{self, Tally};
use crate::solve::fluid::Known;
use crate::solve::requests::Breach;
use crate::stats::interval::Interval;
use crate::stats::precision::StoppingRule;
use crate::stats::rare::Unseen;
use crate::study::in_order;
use crate::study::window::{Ending, Estimate, Watch};
use crate::units::SimDuration;
use asked::cause;
pub use asked::{resolve, without};
use blocks::{Join, Scale};
use chunk::{Chunk, chunk};
use disk_sets::{FoldedDisks, OfDisks};
use estimate::{counted_quantile, mean, not_negative, turned};
use few::Modelled;
use load::{FoldedLoad, OfLoad};
pub(super) use ranges::{Range, first, some};
use recovery::{FoldedRole, OfRole};
use restores::{FoldedRestores, OfRestores};
use spans::{Column, OfSpans};

/// Default number of replications.
pub const REPLICATIONS: u32 = crate::model::spec::runs::HORIZON_REPLICATIONS;
/// Number of replications at which precision is first checked.
pub const FIRST_LOOK: u32 = 300;
/// Maximum number of replications that a precision target may require.
pub const MOST: u32 = 20_000;
/// Replications of a quick run.
pub const QUICK: u32 = 100;

/// Seconds of a year of 365 days.
pub const YEAR_S: f64 = 31_536_000.0;

/// Plan of a long-horizon run.
#[derive(Clone, Debug)]
pub struct YearsPlan {
    /// Availability plan.
    pub of: AvailabilityPlan,
    /// Minimum and maximum replications.
    pub replications: (u32, u32),
    /// Relative half-widths to reach, each with its measure. For an availability it is that of the unavailability,
    /// since the availability itself is precise from the start.
    pub precision: Vec<(YearMeasure, f64)>,
    /// Level of all intervals.
    pub level: f64,
    /// Figures asked for.
    pub figures: Vec<YearFigure>,
    /// Largest number of blocks of replications, 20,000 but in tests.
    pub kept: u64,
}

/// Figure of the horizon.
#[derive(Clone, Debug)]
pub struct YearFigure {
    /// Its path.
    pub path: String,
    /// Figure, parsed.
    pub figure: Figure,
    /// Figure, resolved.
    pub measure: YearMeasure,
}

/// A resolved figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YearMeasure {
    /// Place of the net.
    pub net: usize,
    /// Place of the meter.
    pub meter: usize,
    /// Quantity of the meter.
    pub what: What,
}

impl YearMeasure {
    /// Returns whether it is a share whose precision is that of its complement.
    #[must_use]
    pub fn is_of_the_rest(&self) -> bool {
        use OfLoad::{Intervals, Request};
        matches!(self.what, What::Availability | What::Load(Request(_) | Intervals(_)))
    }
}

/// Quantity of a meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Available share of the time.
    Availability,
    /// One minus the availability.
    Unavailability,
    /// Downtime in seconds per year; of one first cause, if its place is given.
    Downtime(Option<usize>),
    /// Downtime in seconds per year while this cause contributes.
    Contributing(usize),
    /// Quantile over the years of the downtime in seconds, at this level; of one first cause, if its place is given.
    DowntimeQuantile(f64, Option<usize>),
    /// Outages per year; of one first cause, if its place is given.
    Outages(Option<usize>),
    /// A quantity over single years or other spans.
    Spans(OfSpans),
    /// Time from the start to the first outage.
    TimeToFailure,
    /// A quantity of the traffic; the meter is irrelevant.
    Load(OfLoad),
    /// A quantity of a role, by place; the meter is irrelevant.
    Role(usize, OfRole),
    /// A quantity of the restores of a database, by place; the meter is irrelevant.
    Restores(usize, OfRestores),
    /// A quantity of a set of disks that fail one by one, by place; the meter is irrelevant.
    Disks(usize, OfDisks),
}

/// One meter over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Folded {
    /// Downtime in seconds, by block.
    pub downtime: Vec<f64>,
    /// Outages, by block.
    pub outages: Vec<f64>,
    /// Length of all outages in seconds, by block.
    pub length: Vec<f64>,
    /// Seconds from the start to the first outage, by block; infinite if a replication has none within the horizon.
    pub first_failure: Vec<f64>,
    /// Replications with an outage, where the first is asked for.
    pub failed: u64,
    /// Downtime in seconds as first cause, by cause, then by block.
    pub first: Vec<Vec<f64>>,
    /// Downtime in seconds as contributing cause, by cause, then by block.
    pub contributing: Vec<Vec<f64>>,
    /// Outages that began with the cause, by cause, then by block.
    pub began: Vec<Vec<f64>>,
    /// Downtime of each whole year.
    pub years: Sample,
    /// Downtime of the whole years in which the cause was first cause of any, by cause.
    pub cause_years: Vec<Sample>,
    /// Figures over spans that are asked for.
    pub spans: Vec<Column>,
    /// Lengths of outages.
    pub lengths: Histogram,
    /// The largest downtime of one outage, in seconds.
    pub worst: f64,
    /// Outages that may be reported as stories, where they were asked for.
    pub kept: Option<Box<Kept>>,
}

impl Folded {
    /// Returns empty results; of `many` replications, years are counted in buckets from the start.
    fn of((causes, many): (usize, bool), spans: impl Iterator<Item = OfSpans>) -> Self {
        let columns = || vec![Vec::new(); causes];
        let (first, contributing, began) = (columns(), columns(), columns());
        let years = if many { Sample::in_buckets() } else { Sample::new() };
        let cause_years = vec![years.clone(); causes];
        let mut folded = Self { first, contributing, began, years, cause_years, ..Self::default() };
        for of in spans {
            if folded.spans.iter().all(|column| column.of() != of) {
                folded.spans.push(Column::new(of, causes));
            }
        }
        folded
    }

    fn add(&mut self, tally: &Tally, horizon: SimDuration) {
        self.downtime.push(tally.downtime_s());
        self.outages.push(tally.outages as f64);
        self.length.push(tally.length_s());
        let first = tally.first_failure.map(|at| at.nanos() as f64 / 1e9);
        self.first_failure.push(first.unwrap_or(f64::INFINITY));
        self.failed += u64::from(first.is_some());
        for (at, cause) in tally.causes.iter().enumerate() {
            self.first[at].push(flows::seconds(cause.first));
            self.contributing[at].push(flows::seconds(cause.contributing));
            self.began[at].push(cause.outages as f64);
        }
        tally.years.iter().for_each(|lost| self.years.record(*lost));
        self.years.record_zeros(tally.whole_years - tally.years.len() as u64);
        for (cause, lost) in &tally.cause_years {
            self.cause_years[*cause as usize].record(*lost);
        }
        self.spans.iter_mut().for_each(|column| column.add(tally, horizon));
        self.lengths.merge(&tally.lengths);
        self.worst = self.worst.max(flows::seconds(tally.worst));
        self.keep(tally.kept.clone());
    }

    fn join(&mut self, join: Join, horizon: SimDuration) {
        let own = [&mut self.downtime, &mut self.outages, &mut self.length];
        let causes = self.first.iter_mut().chain(&mut self.contributing).chain(&mut self.began);
        let columns = own.into_iter().chain([&mut self.first_failure]).chain(causes);
        columns.for_each(|column| join.sums(column));
        self.spans.iter_mut().for_each(|column| column.join(join, horizon));
    }

    /// Returns the model of an undetected outage, and of the downtime that heavy-tailed repairs may not have shown yet.
    fn unseen(&self, modelled: Modelled<'_>) -> Unseen {
        let causes = self.first.iter().zip(&self.began);
        modelled.of_causes(causes.map(|(lost, began)| (lost.as_slice(), Some(began.as_slice()))))
    }

    fn keep(&mut self, kept: Option<Box<Kept>>) {
        match (&mut self.kept, kept) {
            (Some(mine), Some(theirs)) => mine.append(*theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    fn append(&mut self, other: Self) {
        self.downtime.extend(other.downtime);
        self.outages.extend(other.outages);
        self.length.extend(other.length);
        self.first_failure.extend(other.first_failure);
        self.failed = self.failed.saturating_add(other.failed);
        let columns = [
            (&mut self.first, other.first),
            (&mut self.contributing, other.contributing),
            (&mut self.began, other.began),
        ];
        for (mine, theirs) in columns {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.extend(theirs);
            }
        }
        self.years.merge(&other.years);
        for (mine, theirs) in self.cause_years.iter_mut().zip(&other.cause_years) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.spans.iter_mut().zip(other.spans) {
            mine.append(theirs);
        }
        self.lengths.merge(&other.lengths);
        self.worst = self.worst.max(other.worst);
        self.keep(other.kept);
    }
}

/// Results of a long-horizon run.
#[derive(Clone, Debug)]
pub struct YearsResult {
    /// Results by net, then by meter.
    pub folded: Vec<Vec<Folded>>,
    /// Results by net, then by role.
    pub roles: Vec<Vec<FoldedRole>>,
    /// Results by net, then by database that is restored.
    pub restores: Vec<Vec<FoldedRestores>>,
    /// Results by net, then by set of disks that fail one by one.
    pub disk_sets: Vec<Vec<FoldedDisks>>,
    /// Traffic by net, where it was simulated.
    pub load: Vec<Option<FoldedLoad>>,
    /// Replications.
    pub replications: usize,
    /// Replications of a block.
    pub block: u64,
    /// Number of precision checks.
    pub looks: usize,
    /// End of the run.
    pub ending: Ending,
    /// Kernel steps of all nets and replications.
    pub steps: u64,
}

impl YearsResult {
    /// Drops everything that a comparison does not need. It keeps downtime and page views not served, block by block.
    pub fn keep_compared(&mut self) {
        for folded in self.folded.iter_mut().flatten() {
            let downtime = std::mem::take(&mut folded.downtime);
            *folded = Folded { downtime, ..Folded::default() };
        }
        for load in self.load.iter_mut().flatten() {
            load.keep_compared();
        }
        self.roles.clear();
        self.restores.clear();
        self.disk_sets.clear();
    }
}

/// Runs the replications of the horizon.
///
/// # Errors
///
/// `Breach` when a declaration is circular.
pub fn run(plan: &YearsPlan, watch: &Watch) -> Result<YearsResult, Breach> {
    let (least, most) = (plan.replications.0 as usize, plan.replications.1 as usize);
    // With a fixed number of replications there is one check, after the last.
    let mut looks: Option<Box<dyn Iterator<Item = usize>>> = match plan.precision.as_slice() {
        [] => None,
        _ if most <= least => Some(Box::new(std::iter::empty())),
        _ => StoppingRule::raised(plan.replications, plan.level)
            .map(|rule| Box::new(looks(&rule, plan)) as Box<_>),
    };
    let block = blocks::size(least as u64, plan.kept);
    let Chunk { meters, roles, restores, disk_sets, load, steps } = Chunk::empty(plan, block);
    let mut result = YearsResult {
        folded: meters,
        roles,
        restores,
        disk_sets,
        load,
        replications: 0,
        block,
        looks: 0,
        ending: Ending::Fixed,
        steps,
    };
    let known = Known::default();
    let (mut goal, mut done) = (least, 0);
    loop {
        let ranges = Range::all(result.replications, goal, (done, result.block));
        let ranges: Vec<Range> = ranges.collect();
        done += ranges.len();
        if watch.work.lacks(ranges.iter().map(|range| range.piece())) {
            result.ending = Ending::Interrupted;
            return Ok(result);
        }
        // The results of a chunk are large: they are held only until those before them are there.
        let lived = in_order::fold(
            ranges.len(),
            |at| {
                let simulate = || chunk(plan, &known, ranges[at], watch);
                watch.work.get(ranges[at].piece(), simulate).transpose()
            },
            |at, one| {
                result.append(one);
                result.replications = ranges[at].to;
            },
        )?;
        if lived < ranges.len() {
            result.ending = Ending::Interrupted;
            return Ok(result);
        }
        while result.block < blocks::size(goal as u64, plan.kept) {
            result.join_ten(plan);
        }
        let Some(looks) = &mut looks else { return Ok(result) };
        result.looks += 1;
        let reached = |(measure, width): &(YearMeasure, f64)| {
            result.precision(plan, *measure).is_some_and(|precision| precision <= *width)
        };
        if plan.precision.iter().all(reached) {
            result.ending = Ending::Precise;
            return Ok(result);
        }
        result.ending = Ending::BudgetSpent;
        match looks.next() {
            Some(next) => goal = next,
            None => return Ok(result),
        }
    }
}

/// Returns the numbers of replications, beyond the minimum, at which precision is checked: they fill their blocks.
fn looks(rule: &StoppingRule, plan: &YearsPlan) -> impl Iterator<Item = usize> + use<> {
    let ((least, most), kept) = (plan.replications, plan.kept);
    let filled = move |look| index(blocks::filling(look as u64, kept)).min(most as usize);
    let mut last = least as usize;
    rule.looks().map(filled).filter(move |look| {
        let is_more = *look > last;
        last = last.max(*look);
        is_more
    })
}

impl YearsPlan {
    /// Returns the paths of the figures that the results always have of a class, service or group.
    pub(super) fn standard(kind: WatchedKind, name: &str) -> Vec<String> {
        let mut stats = match kind {
            WatchedKind::All => Vec::new(),
            _ => vec!["structural.NAME", "downtime.NAME", "downtime.NAME.year-p95", "outages.NAME"],
        };
        if kind == WatchedKind::Class {
            stats.push("continuous.NAME");
        }
        stats.iter().map(|stat| format!("{}@horizon", stat.replace("NAME", name))).collect()
    }

    /// Returns whether a figure is one that the results always have.
    pub(super) fn always_estimates(&self, path: &str) -> bool {
        let measured = self.of.measured.iter();
        let structural = measured.filter(|(_, kind)| *kind == Availability::Structural);
        let mut watched = structural.map(|(watched, _)| &self.of.watched[*watched]);
        watched.any(|one| Self::standard(one.kind, &one.name).iter().any(|other| other == path))
    }

    /// Returns the measures asked of a net.
    fn asked_of(&self, net: usize) -> impl Iterator<Item = YearMeasure> + '_ {
        let figures = self.figures.iter().map(|figure| figure.measure);
        let all = figures.chain(self.precision.iter().map(|(measure, _)| *measure));
        all.filter(move |measure| measure.net == net)
    }

    /// Returns whether the traffic of a net is simulated: the net with all faults, and others if a figure asks.
    fn is_loaded(&self, net: usize) -> bool {
        let loaded = |measure: YearMeasure| match measure.what {
            What::Load(_) => true,
            What::Restores(_, what) => what.is_of_writes(),
            _ => false,
        };
        // The members of an autoscaler depend on the traffic.
        net == 0 || scales(&self.of) || self.asked_of(net).any(loaded)
    }

    /// Returns whether a figure asks for the replication lag in a net.
    fn follows_replicas(&self, net: usize) -> bool {
        let lag = |measure: YearMeasure| matches!(measure.what, What::Load(OfLoad::Lag(..)));
        self.asked_of(net).any(lag)
    }

    /// Returns the meters of a net whose first outage is asked for.
    fn until_failed(&self, net: usize) -> Vec<usize> {
        self.meters_of(net, |what| what == What::TimeToFailure)
    }

    /// Returns the meters of a net for which the start of each outage is needed.
    fn begun(&self, net: usize) -> Vec<usize> {
        self.meters_of(net, |what| matches!(what, What::Spans(of) if of.is_of_begins()))
    }

    /// Returns the figures over spans asked of a meter.
    fn spans_of(&self, net: usize, meter: usize) -> impl Iterator<Item = OfSpans> + '_ {
        self.asked_of(net).filter_map(move |measure| match measure.what {
            What::Spans(of) if measure.meter == meter => Some(of),
            _ => None,
        })
    }

    /// Returns the meters of a net with a measure that `is` accepts.
    fn meters_of(&self, net: usize, is: impl Fn(What) -> bool) -> Vec<usize> {
        let all = self.asked_of(net).filter(|measure| is(measure.what));
        let mut meters: Vec<usize> = all.map(|measure| measure.meter).collect();
        meters.sort_unstable();
        meters.dedup();
        meters
    }
}

impl YearsResult {
    /// Appends the next replications, except for their number.
    fn append(&mut self, chunk: Chunk) {
        let Chunk { meters, roles, restores, disk_sets, load, steps } = chunk;
        for (mine, theirs) in self.folded.iter_mut().flatten().zip(meters.into_iter().flatten()) {
            mine.append(theirs);
        }
        for (mine, theirs) in self.roles.iter_mut().flatten().zip(roles.into_iter().flatten()) {
            mine.append(theirs);
        }
        let restores = restores.into_iter().flatten();
        for (mine, theirs) in self.restores.iter_mut().flatten().zip(restores) {
            mine.append(theirs);
        }
        let disk_sets = disk_sets.into_iter().flatten();
        for (mine, theirs) in self.disk_sets.iter_mut().flatten().zip(disk_sets) {
            mine.append(theirs);
        }
        for (mine, theirs) in self.load.iter_mut().zip(load) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                mine.append(theirs);
            }
        }
        self.steps += steps;
    }

    /// Joins each ten blocks to one.
    fn join_ten(&mut self, plan: &YearsPlan) {
        let join = Join::Ten(self.block);
        let horizon = plan.of.horizon;
        self.folded.iter_mut().flatten().for_each(|meter| meter.join(join, horizon));
        self.roles.iter_mut().flatten().for_each(|role| role.join(join));
        self.restores.iter_mut().flatten().for_each(|restores| restores.join(join));
        self.disk_sets.iter_mut().flatten().for_each(|disks| disks.join(join));
        self.load.iter_mut().flatten().for_each(|load| load.join(join));
        self.block *= 10;
    }

    /// Returns the scale of the values.
    #[must_use]
    pub const fn scale<'a>(&self, plan: &'a YearsPlan) -> Scale<'a> {
        Scale { plan: &plan.of, level: plan.level, block: self.block }
    }
}

/// Returns whether an autoscaler launches and removes members.
fn scales(plan: &AvailabilityPlan) -> bool {
    plan.fluid.as_ref().is_some_and(|fluid| !fluid.scaled.is_empty())
}

#[cfg(test)]
mod tests;
