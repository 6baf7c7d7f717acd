//! Figures that only queues have: metrics, rows of the registry, and the tally entries each is read from.

use crate::kinds::queue::account::{OF, Tallied};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::plan::figure::own::{Found, OwnFigures, counted};
use crate::plan::figure::registry::{
    At, By, IntervalOf, Key, OF_WINDOWS, Row, Value, Whose, Word, key,
};
use crate::plan::figure::{Figure, Metric, Stat};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            Age = "age", Seconds, Less, 0.05, 1e-3, "Age of the oldest message of a queue that could be delivered; zero while there is none.";
            Published = "published", Count, Neither, 0.02, 1.0, "Messages that a queue has accepted.";
            Rejected = "rejected", Count, Less, 0.1, 1.0, "Messages that a full queue has refused.";
            Redelivered = "redelivered", Count, Less, 0.1, 1.0, "Deliveries of messages that had been delivered before.";
            Duplicates = "duplicates", Count, Less, 0.1, 1.0, "Completions of the work of a message after its first.";
            DeadLetters = "dead-letters", Count, Less, 0.1, 1.0, "Messages that came back after the last allowed delivery.";
            LostMessages = "lost-messages", Count, Less, 0.1, 1.0, "Messages that a queue had accepted, and dropped because it was full or lost with a broker.";
        }
    };
}
pub(crate) use metrics;

const CAME_BACK: &[&str] = &["time-out", "failed", "returned"];
const GONE: &[&str] = &["dropped", "broker", "unconfirmed"];
const OF_QUEUES: &[Whose] = &[Whose::Own(OF)];
const MEAN: &[Word] = &[Word::Own, Word::Mean];
const CHANCE: &[Word] = &[Word::Chance];

const fn number(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, OF_WINDOWS, MEAN, OF_QUEUES, estimand).interval(IntervalOf::Events)
}

const fn share(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, OF_WINDOWS, CHANCE, OF_QUEUES, estimand)
}

/// Figures of queues.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(
        Metric::Age,
        OF_WINDOWS,
        MEAN,
        OF_QUEUES,
        "Age of the oldest message that could be delivered, over time; zero while there is none",
    ),
    Row::new(Metric::Age, OF_WINDOWS, &[Word::Max], OF_QUEUES, "Its largest value of each replication, averaged"),
    number(Metric::Published, "Messages accepted in the window"),
    number(Metric::Rejected, "Messages refused because the queue was full"),
    share(Metric::Rejected, "Their share of the messages published or refused"),
    number(
        Metric::Redelivered,
        "Deliveries of messages that had been delivered before; by `outcome`, deliveries that came back: not \
         acknowledged in time, failed, or returned with a broken connection",
    )
    .keys(&[OF_DELIVERIES]),
    number(Metric::Duplicates, "Completions of the work of a message after its first"),
    number(Metric::DeadLetters, "Messages that came back after the last allowed delivery"),
    share(Metric::DeadLetters, "Their share of the messages that leave the queue in the window"),
    number(
        Metric::LostMessages,
        "Messages accepted and lost; by `outcome`, dropped because the queue was full, lost with a broker, \
         and of these the ones not yet confirmed to their producer",
    )
    .keys(&[OF_LOST]),
    share(Metric::LostMessages, "Their share of the messages that leave the queue in the window"),
];

const OF_DELIVERIES: Key = key("outcome", Value::OneOf(CAME_BACK));
const OF_LOST: Key = key("outcome", Value::OneOf(GONE));
const _: (&[At], By) = OF_WINDOWS;

/// Returns where a figure of a queue is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    counted(plan, figure, OF, how(figure)?)
}

fn how(figure: &Figure) -> Option<ReadAs> {
    use Tallied as T;
    let sum = |of: &[T]| of.iter().map(|one| *one as usize).collect::<Vec<_>>();
    let counted: Vec<usize> = match (figure.metric, figure.key("outcome")) {
        (Metric::Age, _) if figure.stat == Some(Stat::Max) => return Some(ReadAs::Peak(0)),
        // The tally holds twice the area in nanoseconds squared: a factor of 0.5e-9 makes it seconds.
        (Metric::Age, _) => return Some(ReadAs::Mean(T::TwiceAge as usize, 0.5e-9)),
        (Metric::Published, _) => sum(&[T::Published]),
        (Metric::Rejected, _) => sum(&[T::Rejected]),
        (Metric::Redelivered, None) => sum(&[T::Redelivered]),
        (Metric::Redelivered, Some("time-out")) => sum(&[T::TimedOut]),
        (Metric::Redelivered, Some("failed")) => sum(&[T::Failed]),
        (Metric::Redelivered, Some(_)) => sum(&[T::Returned]),
        (Metric::Duplicates, _) => sum(&[T::Duplicates]),
        (Metric::DeadLetters, _) => sum(&[T::DeadLetters]),
        (Metric::LostMessages, None) => sum(&[T::Dropped, T::Lost]),
        (Metric::LostMessages, Some("dropped")) => sum(&[T::Dropped]),
        (Metric::LostMessages, Some("broker")) => sum(&[T::Lost]),
        (Metric::LostMessages, Some(_)) => sum(&[T::Unconfirmed]),
        _ => return None,
    };
    if figure.stat != Some(Stat::Chance) {
        return Some(ReadAs::Count(counted));
    }
    let all = match figure.metric {
        Metric::Rejected => sum(&[T::Published, T::Rejected]),
        _ => sum(&[T::Acknowledged, T::DeadLetters, T::Dropped, T::Lost]),
    };
    Some(ReadAs::Share(counted, all))
}
