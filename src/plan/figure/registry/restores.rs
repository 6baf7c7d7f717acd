//! Rows of restores after a corruption: how often, what each loses, how long each takes.

use super::rows::{MAX, MEAN, QUANTILES, ROLES, WITHOUT};
use super::{IntervalOf, Key, Row, Value, Whose, Word, key};
use crate::plan::figure::Metric;

const FOR_GOOD: Key = key("outcome", Value::OneOf(&["for-good"]));

const OF: &[Whose] = &[Whose::Own("database that a fault corrupts")];

/// Rows of the horizon.
pub const ROWS: &[Row] = &[
    Row::new(
        Metric::Restores,
        ROLES,
        MEAN,
        OF,
        "Corruptions per year that are found, all or those that find no good backup",
    )
    .keys(&[FOR_GOOD, WITHOUT]),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        MEAN,
        OF,
        "Time until the discovery whose writes a restore loses: since the backup began, or with a log since the corruption",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        QUANTILES,
        OF,
        "The same, that this share of the restores does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::RecoveryPoint,
        ROLES,
        MAX,
        OF,
        "The same, of the restore of a horizon that loses most; 0 without one",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Replications),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        MEAN,
        OF,
        "Time from the discovery until the data are back",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        QUANTILES,
        OF,
        "Time that this share of the restores does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::RestoreTime,
        ROLES,
        MAX,
        OF,
        "Time of the longest restore of a horizon; 0 without one",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Replications),
    Row::new(
        Metric::UnrestoredWrites,
        ROLES,
        &[Word::Own],
        OF,
        "Acknowledged writes that restores lose per year",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::UnrestoredWrites,
        ROLES,
        &[Word::Mean],
        OF,
        "Acknowledged writes that a restore from a backup loses",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
];
