//! Figures of replicated databases: rows of the registry, and where those of windows are read.

use crate::kinds::database::account::{Followed, OF, Tallied};
use crate::model::blueprint::{Blueprint, Part};
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::model::route::CallKind;
use crate::plan::figure::own::{Found, OwnFigures, Reading, members, tallying};
use crate::plan::figure::registry::{
    CAUSE, IntervalOf, Key, OF_WINDOWS, ROLES, Row, TRAFFIC, TRAFFIC_NAMED, Value, WITHOUT, Whose,
    Word, key,
};
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};

/// Figures of databases. The rows of failovers and recoveries are those of balancers and file servers too.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

const MEAN: &[Word] = &[Word::Own, Word::Mean];
const QUANTILES: &[Word] = &[Word::Quantiles];
const MAX: &[Word] = &[Word::Max];
const CHANCE: &[Word] = &[Word::Chance];
const OF_DATABASES: &[Whose] = &[Whose::Database];
const OF_RESTORED: &[Whose] = &[Whose::Own("database that is restored from backups")];
const FOR_GOOD: Key = key("outcome", Value::OneOf(&["for-good"]));

/// Returns the row of a number of events in a window.
const fn number(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, OF_WINDOWS, MEAN, OF_DATABASES, estimand).interval(IntervalOf::Events)
}

/// Returns the row of a share in a window.
const fn share(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, OF_WINDOWS, CHANCE, OF_DATABASES, estimand)
}

/// Rows of the registry.
const ROWS: &[Row] = &[
    Row::new(
        Metric::Lag,
        OF_WINDOWS,
        &[Word::Own, Word::Mean, Word::Quantiles, Word::Max],
        &[Whose::Member],
        "Age of the oldest write that a replica has not applied, over the time that it follows",
    ),
    Row::new(
        Metric::Lag,
        TRAFFIC_NAMED,
        &[Word::Own, Word::Mean, Word::Max],
        &[Whose::MemberWithFailover],
        "Age of the oldest write not applied, beyond the time that each write takes by itself; `max`: the largest of a horizon",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::Lag,
        TRAFFIC_NAMED,
        QUANTILES,
        &[Whose::MemberWithFailover],
        "The same, that this share of the time does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Batches),
    Row::new(
        Metric::Backlog,
        OF_WINDOWS,
        &[Word::Own, Word::Mean, Word::Max],
        &[Whose::Member],
        "Writes that a replica has not applied, over the time that it follows",
    ),
    Row::new(
        Metric::Backlog,
        TRAFFIC_NAMED,
        &[Word::Own, Word::Mean, Word::Max],
        &[Whose::MemberWithFailover],
        "Writes not applied; `max`: the largest number of a horizon",
    )
    .keys(&[WITHOUT]),
    number(Metric::Stale, "Reads that replicas answered without a write they should have had"),
    share(Metric::Stale, "Their share of the reads of replicas"),
    number(Metric::LostWrites, "Writes acknowledged by an old primary that the new one never received"),
    Row::new(
        Metric::LostWrites,
        TRAFFIC_NAMED,
        &[Word::Own],
        &[Whose::DatabaseWithFailover],
        "Writes lost by failovers per year, all or by first cause",
    )
    .keys(&[CAUSE, WITHOUT]),
    Row::new(
        Metric::LostWrites,
        TRAFFIC_NAMED,
        &[Word::Mean],
        &[Whose::DatabaseWithFailover],
        "Writes lost per failover",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    number(Metric::SplitBrain, "Writes accepted by an old primary beside the new one"),
    number(Metric::Conflicts, "Attempts of writes aborted because of another write of the row"),
    number(Metric::LockWaits, "Writes that found their row locked where they began"),
    share(Metric::LockWaits, "Their share of the writes that lock a row"),
    number(Metric::FailedReads, "Reads that ended without an answer: refused, an error, timed out, abandoned"),
    number(Metric::FailedWrites, "Writes that ended without an answer: refused, an error, timed out, abandoned"),
    Row::new(
        Metric::DataLoss,
        TRAFFIC,
        MEAN,
        &[Whose::DatabaseWithFailover],
        "Age of the oldest write that a failover loses (RPO)",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::DataLoss,
        TRAFFIC,
        QUANTILES,
        &[Whose::DatabaseWithFailover],
        "The same, that this share of the failovers does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::Restores,
        ROLES,
        MEAN,
        OF_RESTORED,
        "Corruptions that are found and losses of all disks per year, all or those that find no good backup",
    )
    .keys(&[FOR_GOOD, WITHOUT]),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        MEAN,
        OF_RESTORED,
        "Time until the discovery or the loss whose writes a restore loses: since the backup began, or with a log since the corruption, or since the log was archived",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        QUANTILES,
        OF_RESTORED,
        "The same, that this share of the restores does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        MAX,
        OF_RESTORED,
        "The same, of the restore of a horizon that loses most; 0 without one",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Replications),
    Row::new(
        Metric::BackupAge,
        ROLES,
        MEAN,
        OF_RESTORED,
        "Time from the begin of the backup that is used until the discovery or the loss",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::BackupAge,
        ROLES,
        QUANTILES,
        OF_RESTORED,
        "The same, that this share of the restores does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::BackupAge,
        ROLES,
        MAX,
        OF_RESTORED,
        "The same, of the oldest backup that a horizon needs; 0 without one",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Replications),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        MEAN,
        OF_RESTORED,
        "Time from the discovery or the loss until the data are back",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        QUANTILES,
        OF_RESTORED,
        "Time that this share of the restores does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        MAX,
        OF_RESTORED,
        "Time of the longest restore of a horizon; 0 without one",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Replications),
    Row::new(
        Metric::UnrestoredWrites,
        ROLES,
        &[Word::Own],
        OF_RESTORED,
        "Acknowledged writes that restores lose per year",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::UnrestoredWrites,
        ROLES,
        &[Word::Mean],
        OF_RESTORED,
        "Acknowledged writes that a restore from a backup loses",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
];

/// Returns where a figure of a database is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    match figure.metric {
        Metric::Lag => Some(of_member(plan, figure, Followed::Lag)),
        Metric::Backlog => Some(of_member(plan, figure, Followed::Backlog)),
        Metric::FailedReads => unanswered(plan, figure, false),
        Metric::FailedWrites => unanswered(plan, figure, true),
        _ => {
            let how = how(figure)?;
            let groups = members(plan, &format!("{}.group", figure.scope));
            let groups = tallying(plan, figure, groups, OF)?;
            Some(groups.map(|groups| Reading::Counts(groups, how)))
        }
    }
}

/// Returns how a number of events, or its share of all, is read from the tally of a group.
fn how(figure: &Figure) -> Option<ReadAs> {
    use Tallied as T;
    let (count, all) = match (figure.metric, figure.key("outcome")) {
        (Metric::Stale, _) => (T::Stale, Some(T::ReplicaReads)),
        (Metric::LockWaits, _) => (T::LockWaits, Some(T::Writes)),
        (Metric::LostWrites, _) => (T::LostWrites, None),
        (Metric::SplitBrain, _) => (T::SplitBrain, None),
        (Metric::Conflicts, _) => (T::Conflicts, None),
        (Metric::Failovers, None) => (T::Failovers, None),
        (Metric::Failovers, Some("failed")) => (T::Failed, None),
        (Metric::Failovers, Some(_)) => (T::WithoutADeath, None),
        _ => return None,
    };
    let count = vec![count as usize];
    Some(match all.filter(|_| figure.stat == Some(Stat::Chance)) {
        Some(all) => ReadAs::Share(count, vec![all as usize]),
        None => ReadAs::Count(count),
    })
}

/// Returns where a quantity of the member that a path names is followed.
fn of_member(plan: &Blueprint, figure: &Figure, followed: Followed) -> Found {
    let named = members(plan, &figure.scope);
    let group = |id: &ComponentId| plan.parts[id.index()].database;
    if let ([_], Some((group, member))) = (&named[..], named.iter().find_map(group)) {
        return Ok(Reading::Quantity(group, followed.of(member as usize)));
    }
    let message = "lag is that of one member of a replicated database";
    // The last member is a replica where there is one.
    let is_member = |part: &&Part| part.database.is_some();
    let known = plan.parts.iter().rfind(is_member);
    let example = known.map_or_else(
        || "; no database here is replicated".into(),
        |part| format!(", `{}` say", part.name),
    );
    Err(NoSuchFigure::new(format!("`{figure}`: {message}{example}")))
}

/// Returns the calls with reads, or with writes, of the database that a path names.
fn unanswered(plan: &Blueprint, figure: &Figure, writes: bool) -> Option<Found> {
    let asks = |call: &CallKind| {
        let query = call.query.as_ref();
        query.is_some_and(|query| query.database == figure.scope && query.writes == writes)
    };
    let calls = plan.routes.calls.iter().enumerate().filter(|(_, call)| asks(call));
    let calls: Vec<usize> = calls.map(|(at, _)| at).collect();
    (!calls.is_empty()).then_some(Ok(Reading::Unanswered(calls)))
}
