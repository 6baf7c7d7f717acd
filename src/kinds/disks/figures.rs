//! Figures of the delays of a zone's disk operations and of dirty data: metrics, rows of the registry, and where each is
//! read from.

use crate::kinds::disks::live::ledger::{OF, Tallied};
use crate::kinds::disks::live::tally;
use crate::model::blueprint::{Blueprint, Config, Part};
use crate::model::gauge::ReadAs;
use crate::plan::figure::own::{Found, OwnFigures, counted, named};
use crate::plan::figure::registry::{IntervalOf, OF_WINDOWS, OF_YEARS, Row, WITHOUT, Whose, Word};
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            IoDelay = "io-delay", Seconds, Less, 0.1, 1e-6, "Delay of a zone's disk operation by the throttle: the zone's processor spins.";
            DelayedIo = "delayed-io", Count, Less, 0.1, 1.0, "Disk operations of a zone that the throttle has delayed.";
            Dirty = "dirty", Ratio, Less, 0.05, 0.001, "Writes of a set of disks that are not on the disks yet, as a share of the limit of dirty data.";
            WriteDelay = "write-delay", Seconds, Less, 0.1, 1e-6, "Time that a write waits before it joins a transaction group, because too much is dirty.";
            DelayedWrites = "delayed-writes", Count, Less, 0.1, 1.0, "Writes that wait before they join a transaction group.";
            Syncs = "syncs", Count, Neither, 0.1, 1.0, "Transaction groups that begin to sync.";
            Scrub = "scrub", Seconds, Less, 0.1, 1.0, "Time of a scrub of a set of disks, from its start to its end.";
            ScrubReads = "scrub-reads", Count, Neither, 0.1, 1.0, "Reads of 1 MiB of scrubs of a set of disks.";
            Resilver = "resilver", Seconds, Less, 0.1, 1.0, "Time from the replacement of a disk of a set until its data is whole again.";
            ResilverWrites = "resilver-writes", Count, Neither, 0.1, 1.0, "Writes of 1 MiB of resilvers to new disks of a set.";
            LostSets = "lost-sets", Count, Less, 0.1, 0.01, "Losses of a set of disks: more disks of a group than it has parity were away or not whole. Over the horizon: per year.";
            FailedDisks = "failed-disks", Count, Less, 0.1, 0.01, "Failures of single disks of a set per year.";
            Degraded = "degraded", Ratio, Less, 0.1, 0.0, "Share of the time with a disk of a set missing or not written anew yet, while the set is not lost.";
            LogBlocks = "log-blocks", Count, Less, 0.1, 1.0, "Blocks of the intent log that are written.";
            LogBusy = "log-busy", Ratio, Less, 0.05, 0.001, "Share of the time that the log device of a set writes or flushes, over the operations that it executes at once.";
            LostBuffered = "lost-buffered", Count, Less, 0.1, 1.0, "Buffered writes that were answered and lost: not on the disks yet when these were lost, or answered while they were away.";
        }
    };
}
pub(crate) use metrics;

const MEAN: &[Word] = &[Word::Own, Word::Mean];
const OF_ZONES: &[Whose] = &[Whose::OwnPart(OF)];
const OF_SETS: &[Whose] = &[Whose::OwnPart(tally::OF)];
const OF_FAILING: &[Whose] = &[Whose::OwnPart("set of disks that fail one by one")];

/// Figures of disks.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(
        Metric::IoDelay,
        OF_WINDOWS,
        MEAN,
        OF_ZONES,
        "Mean over the zone's reads that no memory answers, and its writes; zero of those without a delay",
    ),
    Row::new(
        Metric::IoDelay,
        OF_WINDOWS,
        &[Word::Max],
        OF_ZONES,
        "The largest of each replication, averaged",
    ),
    Row::new(Metric::DelayedIo, OF_WINDOWS, MEAN, OF_ZONES, "Operations with a delay")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::DelayedIo,
        OF_WINDOWS,
        &[Word::Chance],
        OF_ZONES,
        "Their share of the zone's operations",
    ),
    Row::new(Metric::Dirty, OF_WINDOWS, MEAN, OF_SETS, "Dirty data over time, over its limit"),
    Row::new(
        Metric::Dirty,
        OF_WINDOWS,
        &[Word::Max],
        OF_SETS,
        "The largest of each replication, averaged",
    ),
    Row::new(
        Metric::WriteDelay,
        OF_WINDOWS,
        MEAN,
        OF_SETS,
        "Mean over all writes that join a group; zero of those without a delay",
    ),
    Row::new(
        Metric::WriteDelay,
        OF_WINDOWS,
        &[Word::Max],
        OF_SETS,
        "The largest of each replication, averaged",
    ),
    Row::new(Metric::DelayedWrites, OF_WINDOWS, MEAN, OF_SETS, "Writes with a delay")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::DelayedWrites,
        OF_WINDOWS,
        &[Word::Chance],
        OF_SETS,
        "Their share of the writes that join a group",
    ),
    Row::new(Metric::Syncs, OF_WINDOWS, MEAN, OF_SETS, "Syncs that begin in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::Scrub,
        OF_WINDOWS,
        MEAN,
        OF_SETS,
        "Mean over the scrubs that end in the window",
    ),
    Row::new(Metric::ScrubReads, OF_WINDOWS, MEAN, OF_SETS, "Reads that end in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::Resilver,
        OF_WINDOWS,
        MEAN,
        OF_SETS,
        "Mean over the resilvers that end in the window",
    ),
    Row::new(Metric::ResilverWrites, OF_WINDOWS, MEAN, OF_SETS, "Writes that end in the window")
        .interval(IntervalOf::Events),
    Row::new(Metric::LostSets, OF_WINDOWS, MEAN, OF_SETS, "Losses in the window")
        .interval(IntervalOf::Events),
    Row::new(Metric::LostSets, OF_YEARS, MEAN, OF_FAILING, "Losses per year").keys(&[WITHOUT]),
    Row::new(Metric::FailedDisks, OF_YEARS, MEAN, OF_FAILING, "Failures per year of all its disks")
        .keys(&[WITHOUT]),
    Row::new(
        Metric::Degraded,
        OF_YEARS,
        MEAN,
        OF_FAILING,
        "Time with a disk missing while the set is not lost, over the horizon",
    )
    .keys(&[WITHOUT]),
    Row::new(Metric::LogBlocks, OF_WINDOWS, MEAN, OF_SETS, "Blocks written in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::LogBusy,
        OF_WINDOWS,
        MEAN,
        OF_SETS,
        "Time of the device's operations, over its time",
    ),
    Row::new(Metric::LostBuffered, OF_WINDOWS, MEAN, OF_SETS, "Writes lost in the window")
        .interval(IntervalOf::Events),
];

/// Returns where a figure of disks is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    if figure.metric == Metric::LogBusy
        && let Some(without) = without_device(plan, figure)
    {
        let why = format!(
            "`{figure}`: the log of `{without}` lies on its disks, which have a `utilization`"
        );
        return Some(Err(NoSuchFigure::new(why)));
    }
    match of_zones(figure) {
        Some(how) => counted(plan, figure, OF, how),
        None => counted(plan, figure, tally::OF, of_sets(figure)?),
    }
}

/// Returns the name of a set of disks with transaction groups, among those that a figure names, whose log has no device.
fn without_device<'p>(plan: &'p Blueprint, figure: &Figure) -> Option<&'p str> {
    let mut parts = named(plan, figure).into_iter().map(|id| &plan.parts[id.index()]);
    let has_no_device = |part: &&Part| match &part.config {
        Config::Disks(disks) => disks.pool.as_ref().is_some_and(|pool| pool.log.is_none()),
        _ => false,
    };
    parts.find(has_no_device).map(|part| part.name.as_str())
}

fn of_sets(figure: &Figure) -> Option<ReadAs> {
    use tally::Tallied as T;
    let (writes, delayed) = (T::Writes as usize, T::Delayed as usize);
    Some(match (figure.metric, figure.stat) {
        (Metric::Dirty, Some(Stat::Max)) => ReadAs::Peak(0),
        (Metric::Dirty, _) => ReadAs::Mean(T::Dirty as usize, 1e-6),
        (Metric::WriteDelay, Some(Stat::Max)) => ReadAs::Peak(1),
        (Metric::WriteDelay, _) => ReadAs::Each(T::Waited as usize, writes, 1e-9),
        (Metric::DelayedWrites, Some(Stat::Chance)) => ReadAs::Share(vec![delayed], vec![writes]),
        (Metric::DelayedWrites, _) => ReadAs::Count(vec![delayed]),
        (Metric::Syncs, _) => ReadAs::Count(vec![T::Syncs as usize]),
        (Metric::Scrub, _) => ReadAs::Each(T::ScrubTime as usize, T::Scrubs as usize, 1e-9),
        (Metric::ScrubReads, _) => ReadAs::Count(vec![T::ScrubReads as usize]),
        (Metric::Resilver, _) => {
            ReadAs::Each(T::ResilverTime as usize, T::Resilvers as usize, 1e-9)
        }
        (Metric::ResilverWrites, _) => ReadAs::Count(vec![T::Renewed as usize]),
        (Metric::LostSets, _) => ReadAs::Count(vec![T::Lost as usize]),
        (Metric::LogBlocks, _) => ReadAs::Count(vec![T::Blocks as usize]),
        (Metric::LogBusy, _) => ReadAs::Mean(T::LogBusy as usize, 1.0),
        (Metric::LostBuffered, _) => ReadAs::Count(vec![T::LostWrites as usize]),
        _ => return None,
    })
}

fn of_zones(figure: &Figure) -> Option<ReadAs> {
    let (operations, delayed) = (Tallied::Operations as usize, Tallied::Delayed as usize);
    Some(match (figure.metric, figure.stat) {
        (Metric::IoDelay, Some(Stat::Max)) => ReadAs::Peak(0),
        (Metric::IoDelay, _) => ReadAs::Each(Tallied::Spun as usize, operations, 1e-9),
        (Metric::DelayedIo, Some(Stat::Chance)) => ReadAs::Share(vec![delayed], vec![operations]),
        (Metric::DelayedIo, _) => ReadAs::Count(vec![delayed]),
        _ => return None,
    })
}
