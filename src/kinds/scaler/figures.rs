//! Figures that only scalers have: metrics, rows of the registry, and the tally entries each is read from.

use crate::kinds::scaler::account::{OF, Tallied};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::plan::figure::own::{Found, OwnFigures, counted};
use crate::plan::figure::registry::{
    IntervalOf, OF_WINDOWS, Row, TRAFFIC_NAMED, WITHOUT, Whose, Word,
};
use crate::plan::figure::{Figure, Metric, Stat};

/// Metrics: variant, word, unit, wanted direction, margins, meaning.
macro_rules! metrics {
    ($kinds:tt $make:ident, $($before:tt)*) => {
        crate::kinds::chain_metrics! {
            $kinds $make, $($before)*
            Members = "members", Count, Neither, 0.05, 0.1, "Members of a scaled service: booted, and not removed, whether their process works or not.";
            MemberHours = "member-hours", Count, Less, 0.05, 0.1, "Hours that members of a scaled service cost: from the end of provisioning to the end of the drain, summed.";
            Launches = "launches", Count, Neither, 0.1, 1.0, "Launches of members that a scaler begins.";
            FailedLaunches = "failed-launches", Count, Less, 0.1, 1.0, "Launches that fail.";
            RefusedLaunches = "refused-launches", Count, Less, 0.1, 1.0, "Launches for which no server has the capacity.";
            Removals = "removals", Count, Neither, 0.1, 1.0, "Members that a scaler removes.";
            ReplacedMembers = "replaced-members", Count, Less, 0.1, 1.0, "Members that a scaler terminates because they have not worked for long.";
            MovedMembers = "moved-members", Count, Neither, 0.1, 1.0, "Members that planned moves have brought to another server.";
            MoveTime = "move-time", Seconds, Less, 0.05, 0.05, "Time between the end of a moved member's service and the begin of its replacement's.";
            CutRequests = "cut-requests", Count, Less, 0.1, 1.0, "Work inside a removed member that fails because its drain is over: requests, deep probes, and what clients have abandoned.";
        }
    };
}
pub(crate) use metrics;

const MEAN: &[Word] = &[Word::Own, Word::Mean];
const OF_SCALERS: &[Whose] = &[Whose::Own(OF)];

const fn number(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, OF_WINDOWS, MEAN, OF_SCALERS, estimand).interval(IntervalOf::Events)
}

/// Returns the row of a figure over the horizon.
const fn over_years(metric: Metric, estimand: &'static str) -> Row {
    Row::new(metric, TRAFFIC_NAMED, MEAN, OF_SCALERS, estimand).keys(&[WITHOUT])
}

/// Figures of scalers.
pub const FIGURES: OwnFigures = OwnFigures { rows: ROWS, read, stands_for: OwnFigures::BY_NAME };

/// The rows of the registry.
const ROWS: &[Row] = &[
    Row::new(
        Metric::Members,
        OF_WINDOWS,
        MEAN,
        OF_SCALERS,
        "Members over time: booted, and not removed, whether their process works or not",
    ),
    Row::new(
        Metric::Members,
        OF_WINDOWS,
        &[Word::Max],
        OF_SCALERS,
        "Their largest number of each replication, averaged",
    ),
    Row::new(
        Metric::MemberHours,
        OF_WINDOWS,
        MEAN,
        OF_SCALERS,
        "Hours in the window that members cost, from the end of provisioning to the end of the drain",
    ),
    number(Metric::Launches, "Launches begun in the window"),
    number(Metric::FailedLaunches, "Launches that failed in the window"),
    number(Metric::RefusedLaunches, "Attempts of a launch for which no server was left"),
    number(Metric::Removals, "Members removed in the window"),
    number(Metric::ReplacedMembers, "Members terminated in the window"),
    number(Metric::MovedMembers, "Members whose replacement began to serve in the window"),
    Row::new(
        Metric::MoveTime,
        OF_WINDOWS,
        MEAN,
        OF_SCALERS,
        "Time between the end of a moved member's service and the begin of its replacement's, per moved member; 0 if it served until then",
    ),
    number(
        Metric::CutRequests,
        "Requests, deep probes and abandoned work inside a removed member when its drain was over",
    ),
    over_years(
        Metric::Members,
        "Members over time: booted, and not removed, whether their process works or not",
    )
    .interval(IntervalOf::Replications),
    over_years(
        Metric::MemberHours,
        "Hours per year that members cost, from the end of provisioning to their removal",
    )
    .interval(IntervalOf::Replications),
    over_years(Metric::Launches, "Launches begun per year"),
    over_years(Metric::FailedLaunches, "Launches per year that fail"),
    over_years(
        Metric::RefusedLaunches,
        "Attempts of a launch per year for which no server is left",
    ),
    over_years(Metric::Removals, "Members removed per year"),
    over_years(Metric::ReplacedMembers, "Members terminated per year"),
    over_years(Metric::MovedMembers, "Members moved per year"),
];

/// Returns where a figure of a scaler is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    counted(plan, figure, OF, how(figure)?)
}

fn how(figure: &Figure) -> Option<ReadAs> {
    use Tallied as T;
    let what = match figure.metric {
        Metric::Members if figure.stat == Some(Stat::Max) => return Some(ReadAs::Peak(0)),
        Metric::Members => return Some(ReadAs::Mean(T::Members as usize, 1.0)),
        // Nanoseconds to hours.
        Metric::MemberHours => return Some(ReadAs::Sum(T::Paid as usize, 1.0 / 3.6e12)),
        Metric::Launches => T::Launches,
        Metric::FailedLaunches => T::Failed,
        Metric::RefusedLaunches => T::Refused,
        Metric::Removals => T::Removed,
        Metric::CutRequests => T::Cut,
        Metric::ReplacedMembers => T::Replaced,
        Metric::MovedMembers => T::Moved,
        // Nanoseconds to seconds.
        Metric::MoveTime => {
            return Some(ReadAs::Each(T::MoveTime as usize, T::Moved as usize, 1e-9));
        }
        _ => return None,
    };
    Some(ReadAs::Count(vec![what as usize]))
}
