//! Figures that only logs have: metrics, rows of the registry, and the tally entries each is read from.

use crate::kinds::log::account::{OF, Tallied};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::plan::figure::own::{Found, OwnFigures, counted};
use crate::plan::figure::registry::{IntervalOf, Key, OF_WINDOWS, Row, Value, Whose, Word, key};
use crate::plan::figure::{Figure, Metric, Stat};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            Records = "records", Count, Neither, 0.02, 1.0, "Records that processes have written to a log.";
            LostRecords = "lost-records", Count, Less, 0.1, 1.0, "Copies of records of a log that a subscriber should have had and never gets.";
            LogDelay = "log-delay", Seconds, Less, 0.05, 1e-4, "Time from the writing of a record to the end of a subscriber's work on it.";
            LogBytes = "log-bytes", Count, Less, 0.05, 1.0, "Bytes of records of a log that senders have put on the network.";
        }
    };
}
pub(crate) use metrics;

const CAUSES: &[&str] = &["sender", "subscriber", "dropped", "away"];
const OF_LOGS: &[Whose] = &[Whose::Own(OF)];
const MEAN: &[Word] = &[Word::Own, Word::Mean];
const OF_LOST: Key = key("outcome", Value::OneOf(CAUSES));

/// Figures of logs.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(Metric::Records, OF_WINDOWS, MEAN, OF_LOGS, "Records written in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::LostRecords,
        OF_WINDOWS,
        MEAN,
        OF_LOGS,
        "Copies lost in the window; by `outcome`, with their sender, with a subscriber that had accepted them, dropped \
         because a buffer was full, or because their subscriber was away",
    )
    .interval(IntervalOf::Events)
    .keys(&[OF_LOST]),
    Row::new(
        Metric::LostRecords,
        OF_WINDOWS,
        &[Word::Chance],
        OF_LOGS,
        "Their share of the copies that are delivered or lost in the window",
    )
    .keys(&[OF_LOST]),
    Row::new(
        Metric::LogDelay,
        OF_WINDOWS,
        MEAN,
        OF_LOGS,
        "Mean over the copies on which subscribers have ended their work in the window",
    ),
    Row::new(Metric::LogBytes, OF_WINDOWS, MEAN, OF_LOGS, "Bytes sent in the window")
        .interval(IntervalOf::Events),
];

/// Returns where a figure of a log is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    counted(plan, figure, OF, how(figure)?)
}

fn how(figure: &Figure) -> Option<ReadAs> {
    use Tallied as T;
    Some(match figure.metric {
        Metric::Records => ReadAs::Count(vec![T::Records as usize]),
        Metric::LogBytes => ReadAs::Count(vec![T::Sent as usize]),
        Metric::LogDelay => ReadAs::Each(T::Delay as usize, T::Delivered as usize, 1e-9),
        Metric::LostRecords => {
            let lost = match figure.key("outcome") {
                None => vec![T::Sender, T::Subscriber, T::Dropped, T::Away],
                Some("sender") => vec![T::Sender],
                Some("subscriber") => vec![T::Subscriber],
                Some("dropped") => vec![T::Dropped],
                Some(_) => vec![T::Away],
            };
            let lost = lost.into_iter().map(|one| one as usize).collect();
            if figure.stat == Some(Stat::Chance) {
                let ended = [T::Delivered, T::Sender, T::Subscriber, T::Dropped, T::Away];
                ReadAs::Share(lost, ended.map(|one| one as usize).to_vec())
            } else {
                ReadAs::Count(lost)
            }
        }
        _ => return None,
    })
}
