//! Figures of the delays of a zone's disk operations: metrics, rows of the registry, and where each is read from.

use crate::kinds::disks::live::ledger::{OF, Tallied};
use crate::model::gauge::ReadAs;
use crate::plan::figure::registry::{IntervalOf, OF_WINDOWS, Row, Whose, Word};
use crate::plan::figure::{Figure, Metric, Stat};

/// The metrics: variant, word, unit, wanted direction, margins, meaning. Passes them on to the table `$next`.
macro_rules! metrics {
    ([$($next:tt)+] $make:ident, $($before:tt)*) => {
        $($next)+! {
            $make, $($before)*
            IoDelay = "io-delay", Seconds, Less, 0.1, 1e-6, "Delay of a zone's disk operation by the throttle: the zone's processor spins.";
            DelayedIo = "delayed-io", Count, Less, 0.1, 1.0, "Disk operations of a zone that the throttle has delayed.";
        }
    };
}
pub(crate) use metrics;

const MEAN: &[Word] = &[Word::Own, Word::Mean];
const OF_ZONES: &[Whose] = &[Whose::OwnPart(OF)];

/// The rows of the registry.
pub const ROWS: &[Row] = &[
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
];

/// Returns how a figure of a zone's disk operations is read; `None` for any other figure.
#[must_use]
pub fn read(figure: &Figure) -> Option<ReadAs> {
    let (operations, delayed) = (Tallied::Operations as usize, Tallied::Delayed as usize);
    Some(match (figure.metric, figure.stat) {
        (Metric::IoDelay, Some(Stat::Max)) => ReadAs::Peak(0),
        (Metric::IoDelay, _) => ReadAs::Each(Tallied::Spun as usize, operations, 1e-9),
        (Metric::DelayedIo, Some(Stat::Chance)) => ReadAs::Share(vec![delayed], vec![operations]),
        (Metric::DelayedIo, _) => ReadAs::Count(vec![delayed]),
        _ => return None,
    })
}
