//! Figures of purges and of the caches that they reach: metrics, rows of the registry, and where each is read.

use crate::kinds::purge::account::{OF, Tallied};
use crate::mechanism::copies::{self, Tallied as Met};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::plan::figure::own::{Found, OwnFigures, Reading, members, named, tallying};
use crate::plan::figure::registry::{IntervalOf, Key, OF_WINDOWS, Row, Value, Whose, Word, key};
use crate::plan::figure::{Figure, Metric, Stat};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            StaleHits = "stale-hits", Count, Less, 0.1, 1.0, "Look-ups in a cache that a purge reaches which find a copy older than the last change of its object.";
            Refetches = "refetches", Count, Less, 0.1, 1.0, "Look-ups of objects whose copy a purge has removed, until the cache has a new one.";
            PurgedCopies = "purged-copies", Count, Neither, 0.1, 1.0, "Copies that purges have removed from a cache.";
            PurgeMessages = "purge-messages", Count, Neither, 0.02, 1.0, "Messages of a purge, one for each cache and edge.";
            PurgeTime = "purge-time", Seconds, Less, 0.05, 1e-4, "Time from the change of an object until a message of a purge has removed or replaced its copy.";
            UnconfirmedPurges = "unconfirmed-purges", Count, Less, 0.1, 1.0, "Waits for the confirmations of a purge that end by their time-out.";
        }
    };
}
pub(crate) use metrics;

const OUTCOMES: &[&str] = &["done", "moot", "lost", "cut-off"];
const OF_OUTCOME: Key = key("outcome", Value::OneOf(OUTCOMES));
const OF_PURGES: &[Whose] = &[Whose::Own(OF)];
const OF_CACHES: &[Whose] = &[Whose::Own(copies::OF)];
const MEAN: &[Word] = &[Word::Own, Word::Mean];

/// Figures of purges and of the copies that they reach.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(Metric::StaleHits, OF_WINDOWS, MEAN, OF_CACHES, "Stale answers in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::StaleHits,
        OF_WINDOWS,
        &[Word::Chance],
        OF_CACHES,
        "Their share of the look-ups in the window",
    ),
    Row::new(
        Metric::Refetches,
        OF_WINDOWS,
        MEAN,
        OF_CACHES,
        "Look-ups in the window of objects that a purge has removed and no fetch has brought back",
    )
    .interval(IntervalOf::Events),
    Row::new(
        Metric::Refetches,
        OF_WINDOWS,
        &[Word::Chance],
        OF_CACHES,
        "Their share of the look-ups in the window",
    ),
    Row::new(Metric::PurgedCopies, OF_WINDOWS, MEAN, OF_CACHES, "Copies removed in the window")
        .interval(IntervalOf::Events),
    Row::new(
        Metric::PurgeMessages,
        OF_WINDOWS,
        MEAN,
        OF_PURGES,
        "Messages sent in the window; by `outcome`, those that end in it: done, moot because their cache has lost its copies, \
         lost on their way, or lost because it was cut off",
    )
    .interval(IntervalOf::Events)
    .keys(&[OF_OUTCOME]),
    Row::new(
        Metric::PurgeTime,
        OF_WINDOWS,
        &[Word::Own, Word::Mean, Word::Quantiles, Word::Max],
        OF_PURGES,
        "A statistic over the messages done in the window of each replication, averaged",
    ),
    Row::new(Metric::UnconfirmedPurges, OF_WINDOWS, MEAN, OF_PURGES, "Such waits that end in the window")
        .interval(IntervalOf::Events),
];

/// Returns where a figure of a purge or of copies is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    if let Some(met) = of_copies(figure) {
        let how = match figure.stat {
            Some(Stat::Chance) => ReadAs::Share(vec![met as usize], vec![Met::LookUps as usize]),
            _ => ReadAs::Count(vec![met as usize]),
        };
        let parts = tallying(plan, figure, copies_of(plan, figure), copies::OF)?;
        return Some(parts.map(|parts| Reading::Counts(parts, how)));
    }
    let count = of_messages(figure);
    if count.is_none() && figure.metric != Metric::PurgeTime {
        return None;
    }
    let parts = tallying(plan, figure, named(plan, figure), OF)?;
    Some(parts.map(|parts| match count {
        Some(count) => Reading::Counts(parts, ReadAs::Count(vec![count as usize])),
        None => Reading::Times(parts),
    }))
}

const fn of_copies(figure: &Figure) -> Option<Met> {
    Some(match figure.metric {
        Metric::StaleHits => Met::Stale,
        Metric::Refetches => Met::Refetches,
        Metric::PurgedCopies => Met::Removed,
        _ => return None,
    })
}

/// Returns the components with the copies of what a path names: a cache has them in a component beside its process.
fn copies_of(plan: &Blueprint, figure: &Figure) -> Vec<ComponentId> {
    let mut beside = members(plan, &format!("{}.objects", figure.scope));
    beside.retain(|id| plan.parts[id.index()].config.counts().tallied_by == Some(copies::OF));
    if beside.is_empty() { named(plan, figure) } else { beside }
}

fn of_messages(figure: &Figure) -> Option<Tallied> {
    Some(match (figure.metric, figure.key("outcome")) {
        (Metric::UnconfirmedPurges, _) => Tallied::TimedOut,
        (Metric::PurgeMessages, None) => Tallied::Sent,
        (Metric::PurgeMessages, Some("done")) => Tallied::Done,
        (Metric::PurgeMessages, Some("moot")) => Tallied::Moot,
        (Metric::PurgeMessages, Some("lost")) => Tallied::Lost,
        (Metric::PurgeMessages, Some(_)) => Tallied::CutOff,
        _ => return None,
    })
}
