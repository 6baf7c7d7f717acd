//! Runs, objectives and faults.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Name, Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::words;
use crate::units::{Bytes, Probability, Rate, SimDuration};

pub use super::how::{How, Once};
use super::traffic::{Beginning, Moment, WeekMoment};

spec! {
    /// Length, number and start of the runs, and the precision of their figures.
    pub struct RunSpec {
        /// Weekday and time of day at time zero.
        start: Option<WeekMoment>,
        /// Simulated time of a long-horizon run, from which availability is estimated. Without it, only windows are
        /// run.
        horizon: Option<SimDuration> => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Shorter outages of the long-horizon run are left out of the number and length of outages; their downtime
        /// counts. Without it, 1s.
        shortest_outage: Option<SimDuration> => at_most(SimDuration::HOUR),
        /// Ages of components at time zero.
        initial: Initial = "stationary",
        /// Laws as declared, or each replaced by the exponential law of its mean.
        laws: Option<Laws>,
        /// Seed of all random draws.
        seed: u64 = 1 => at_most(9_223_372_036_854_775_807),
        /// Number of independent runs, of each window and of the horizon, or bounds for windows between which
        /// `precision` decides. Without it, 10 per window, and 1,000 of the horizon, or 300 to 20,000 if
        /// `precision` asks for a figure of it. At most 1,000,000,000. Of the horizon, numbers above 20,000 are
        /// multiples of 10, above 200,000 of 100, and so on: they are added up in blocks.
        replications: Option<ReplicationsSpec>,
        /// Relative half-width of the confidence interval to reach, by figure.
        precision: Named<Probability, Label> = {},
        /// Confidence level of all intervals.
        confidence: f64 = 0.95 => within(0.5, 0.99999),
        /// Bounds on the size of the expanded scenario.
        limits: LimitsSpec = {},
    }
}

/// The largest bound on parts that `[run] limits` takes: an event names a part by 24 bits.
pub const MOST_PARTS: u32 = 16_000_000;

spec! {
    /// Bounds on the size of the expanded scenario.
    pub struct LimitsSpec {
        /// Largest number of parts after expansion: members, disks, links, and a probe per unit and member of a
        /// balancer.
        parts: u32 = 1_000_000 => within(1, MOST_PARTS),
    }
}

words! {
    /// Laws of all random times and sizes; counts keep theirs.
    pub enum Laws {
        /// Laws as declared.
        Declared = "declared",
        /// Each law, and each plain value, replaced by the exponential law of the same mean; for strict comparisons
        /// of solvers.
        Exponential = "exponential",
    }
}

words! {
    /// Ages of components at time zero.
    pub enum Initial {
        /// Ages drawn from their equilibrium. All begin up: a horizon of few repairs looks too good.
        Stationary = "stationary",
        /// All components new.
        New = "new",
    }
}

/// Number of replications of a window, if the file gives none.
pub const REPLICATIONS: ReplicationsSpec = ReplicationsSpec { min: 10, max: 10 };
/// Number of replications of the horizon, if the file gives none.
pub const HORIZON_REPLICATIONS: u32 = 1_000;

/// Largest number of replications of a window. Beyond the first 1,024 they are sums, whose size does not depend on their
/// number; of 10¹² keys of draws, a thousand in each of them, two are equal with a probability of 6·10⁻⁶.
pub const MOST_REPLICATIONS: u32 = 1_000_000_000;
/// Largest number of replications of a search for a capacity, each of which is kept.
pub const MOST_KEPT_REPLICATIONS: u32 = 1_000_000;

/// `10`, or `{ min = 10, max = 400 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationsSpec {
    /// Smallest number.
    pub min: u32,
    /// Largest number.
    pub max: u32,
}

spec! {
    /// Bounds on the number of runs.
    pub struct ReplicationBounds {
        /// Smallest number of runs.
        min: u32 => within(1, MOST_REPLICATIONS),
        /// Largest number of runs.
        max: u32 => within(1, MOST_REPLICATIONS),
    }
}

impl crate::scenario::value::Value for ReplicationsSpec {
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        if item.as_table().is_none() {
            let count = <u32 as crate::scenario::value::Value>::read(item, out)?;
            if count == 0 || count > MOST_REPLICATIONS {
                let message = match count {
                    0 => "at least 1 replication is needed",
                    _ => "at most 1000000000 replications are simulated",
                };
                let code = crate::scenario::code::Code::OutOfRange;
                out.push(crate::scenario::diagnostic::Diagnostic::new(code, item.span, message));
                return None;
            }
            return Some(Self { min: count, max: count });
        }
        let bounds = <ReplicationBounds as crate::scenario::value::Value>::read(item, out)?;
        if bounds.min.value > bounds.max.value {
            let code = crate::scenario::code::Code::OutOfRange;
            let message = "`min` is above `max`";
            out.push(
                crate::scenario::diagnostic::Diagnostic::new(code, bounds.min.span, message)
                    .related(bounds.max.span, "the maximum"),
            );
            return None;
        }
        // Equal bounds are the canonical spelling of a number, and one run is a number of them.
        if bounds.min.value == 1 && bounds.max.value > 1 {
            let code = crate::scenario::code::Code::OutOfRange;
            let message = "`min` is 1: one run gives no estimate of its own error";
            let help = "set `min` to 2 or more; `replications = 1` asks for a single run";
            out.push(
                crate::scenario::diagnostic::Diagnostic::new(code, bounds.min.span, message)
                    .help(help),
            );
            return None;
        }
        Some(Self { min: bounds.min.value, max: bounds.max.value })
    }
    fn shape() -> crate::scenario::value::Shape {
        crate::scenario::value::Shape::Either(vec![
            crate::scenario::value::Shape::Count,
            <ReplicationBounds as crate::scenario::value::Value>::shape(),
        ])
    }
    fn canonical(&self) -> serde_json::Value {
        serde_json::json!({ "min": self.min, "max": self.max })
    }
}

/// Rate of a window: `"40/s"`, or `"1.5 x rate"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// A fixed rate, independent of the workload's own.
    Fixed(Rate),
    /// A multiple of the mean rate of the workload.
    Times(f64),
}

impl Level {
    /// Returns the rate for a workload; `None` for a multiple of a workload without a rate.
    #[must_use]
    pub fn of(self, own: Option<Rate>) -> Option<Rate> {
        match self {
            Self::Fixed(rate) => Some(rate),
            Self::Times(factor) => Rate::per_second(own?.in_per_second() * factor),
        }
    }

    /// Reads `"1.5 x rate"`; none where it is written in another way.
    fn times(text: &str) -> Option<f64> {
        let factor = text.trim().strip_suffix("rate")?.trim_end().strip_suffix(['x', '×'])?;
        factor.trim().parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 0.0)
    }
}

impl crate::scenario::value::Value for Level {
    const QUANTITY: bool = true;
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        let text = item.as_text().unwrap_or_default();
        if !text.contains("rate") {
            return <Rate as crate::scenario::value::Value>::read(item, out).map(Self::Fixed);
        }
        let found = Self::times(text).map(Self::Times);
        if found.is_none() {
            let message = format!("`{}` is no level", crate::scenario::render::shown(text));
            let code = crate::scenario::code::Code::WrongType;
            let wrong = crate::scenario::diagnostic::Diagnostic::new(code, item.span, message);
            out.push(wrong.help("write \"40/s\", or \"1.5 x rate\" for 1.5 times the mean rate"));
        }
        found
    }
    fn shape() -> crate::scenario::value::Shape {
        crate::scenario::value::Shape::Level
    }
    fn canonical(&self) -> serde_json::Value {
        match self {
            Self::Fixed(rate) => crate::scenario::value::Value::canonical(rate),
            Self::Times(factor) => format!("{factor} x rate").into(),
        }
    }
    fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Fixed(one), Self::Fixed(two)) => {
                crate::scenario::value::Value::compare(one, two)
            }
            (Self::Times(one), Self::Times(two)) => one.partial_cmp(two),
            _ => None,
        }
    }
}

spec! {
    /// An interval that is simulated request by request.
    pub struct WindowSpec {
        /// Arrival rate during the window, fixed to a rate or to a multiple of each workload's own mean `rate`;
        /// profile, noise, `flash` and `step` are off. It applies to workloads whose class has an objective, or to
        /// all if none has. Without it, the traffic's own rate.
        level: Option<Level>,
        /// Moment at which the window begins: also `busiest-hour` or `busiest-minute`, the busiest of the recorded traffic.
        /// Without it, time zero.
        at: Option<Beginning>,
        /// Length of the window, after the warm-up.
        length: Option<SimDuration> => within(SimDuration::from_nanos(1), SimDuration::YEAR.saturating_mul(100)),
        /// Simulated time before the window that is not counted.
        warm_up: SimDuration = "0s" => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Time before a break, instead of a `length`. One part of each kind and role is broken once, each in a run
        /// of its own, and repaired once when it has been broken for as long.
        before: Option<SimDuration> => at_most(SimDuration::YEAR),
        /// Time after the break, instead of a `length`.
        after: Option<SimDuration> => within(SimDuration::SECOND, SimDuration::YEAR),
        /// Time counted after the repair, once the part is back. Without it, as long as `after`.
        repair: Option<SimDuration> => within(SimDuration::SECOND, SimDuration::YEAR),
        /// Number of runs of this window. Without it, that of `[run]`; around a break 4.
        replications: Option<ReplicationsSpec>,
    }
}

spec! {
    /// Objective of a request class.
    pub struct ObjectiveSpec {
        /// Bounds on percentiles of the latency, at the server's edge.
        latency: Option<LatencyObjective>,
        /// Time after which a page view that is not complete counts as lost.
        lost_after: Option<SimDuration>,
        /// Smallest share of requests served.
        availability: Option<Probability>,
    }
}

spec! {
    /// Bounds on percentiles of the latency.
    pub struct LatencyObjective {
        /// Bound on the median.
        p50: Option<SimDuration>,
        /// Bound on the 95th percentile.
        p95: Option<SimDuration>,
        /// Bound on the 99th percentile.
        p99: Option<SimDuration>,
    }
}

spec! {
    /// An expectation: a figure and the condition that it must meet.
    pub struct ExpectSpec {
        /// Path of the figure.
        figure: Label,
        /// Condition: `"< 500ms"`, `"0.05s +- 1%"`, `"within 10% of 0.42"`.
        is: Label,
    }
}

spec! {
    /// A claim of a source, judged by `compare` over a range of parameters.
    pub struct ClaimSpec {
        /// Number of the claim in the ledger; several claims may have the same.
        number: u32 => at_least(1),
        /// The claim in a few words, for tables.
        title: String,
        /// The claim in the words of its source.
        claim: String,
        /// Place of the claim in its source.
        source: String,
        /// Figure that decides: a path, with the name of another scenario in front where it is that one's, or `1 -
        /// …`, `difference(…)` or `ratio(…)` of paths.
        figure: Option<Label>,
        /// Name of the figure in words. Without it, its path.
        words: Option<String>,
        /// Condition under which the claim holds, as in `[[expect]]`.
        is: Option<Label>,
        /// Keys and their values, over which the claim is tried in all combinations.
        range: Vec<ClaimRangeSpec> = [],
        /// Instead of a figure: reason why the claim cannot be judged yet.
        missing: Option<String>,
    }
}

spec! {
    /// Range of keys over which a claim is tried.
    pub struct ClaimRangeSpec {
        /// A key and its values, as for `sweep --vary`. Several keys in a list change together, value by value.
        vary: OneOrMany<Label> => not_empty(),
        /// Name of the key in words. Without it, its path.
        words: Option<String>,
    }
}

spec! {
    /// A fault: failures of components, and their repair.
    pub struct FaultSpec {
        /// Components that fail: a component, a member, a role, a domain, or a list.
        hits: OneOrMany<Reference> => not_empty(),
        /// Kind of failure.
        how: How,
        /// Failure rate of each component, while it is up.
        rate: Option<Rate>,
        /// Law of the time from a repair to the next failure, instead of a rate.
        up: Option<LawSpec<SimDuration>>,
        /// Exponent of the load: with k of the n parts that `hits` names at work, each fails (n / k) to this power times as often.
        /// Without it, the rate does not depend on the load.
        load_exponent: Option<f64> => within(0.01, 10.0),
        /// Time of a single failure, instead of a rate.
        at: Option<SimDuration>,
        /// Period of a failure given by `at`: a certificate that expires, a disk that is full.
        every: Option<SimDuration>,
        /// Probability that a failure given by `at` occurs: that people forget to prevent it. Without it, it does.
        probability: Option<Probability>,
        /// Another fault of the same part that this one follows, instead of a rate.
        after: Option<AfterSpec>,
        /// Recorded failures that are played as they were, instead of a rate and a repair.
        recorded: Option<RecordSpec>,
        /// Time to repair. Without it, the component's own restart. Of `corrupt`: time until service is back where no backup
        /// is good; without it, that of a restore. Of `disk-failed`: time until a new disk is in place; without it, a spare
        /// stands in at once.
        repair: Option<LawSpec<SimDuration>>,
        /// Crew that repairs it. Without it, a repair begins at once.
        crew: Option<Reference>,
        /// Rebuild: the data of a new disk are written anew. Only for `disk-failed`.
        rebuild: Option<DiskRebuildSpec>,
        /// Time until a set of disks that is lost has new disks and its data again; a database on it with a `restore` is
        /// restored after that. Only for `disk-failed`.
        restore: Option<LawSpec<SimDuration>>,
        /// Factors on the rate of all disks of a set after the failure of one, in intervals that follow each other. Only for
        /// `disk-failed`. Without it, disks fail independently.
        correlated: Option<OneOrMany<CorrelatedSpec>> => not_empty(),
        /// Length of a failure given by `at`.
        lasts: Option<SimDuration>,
        /// Slowdown: 2 is half the speed. Only for `slow`.
        factor: Option<f64> => above(1.0),
        /// Number of cores that a server loses. Only for `cores-lost`.
        cores: Option<u32> => at_least(1),
        /// Probability that a segment is lost. Only for `lossy`.
        loss: Option<Probability>,
        /// Time that each message waits besides the latency of the link. Only for `delayed`.
        delay: Option<SimDuration> => within(SimDuration::from_nanos(1_000), SimDuration::HOUR),
        /// Site whose data still crosses the link. Only for `one-way`.
        from: Option<Name>,
        /// Time until people detect the fault. The repair begins then, even if a check detects the fault earlier.
        detected_by_people: Option<LawSpec<SimDuration>>,
        /// If true, one event takes down all components that `hits` names.
        together: bool = false,
        /// Events that take down a whole set of members at once.
        common_cause: Option<CommonCauseSpec>,
    }
}

spec! {
    /// Recorded failures: a CSV file with one failure in each row. Every replication plays the same.
    pub struct RecordSpec {
        /// Path of the file, below the scenario's own folder; packed by gzip or not.
        file: String,
        /// Column of the time at which a failure begins: unix seconds, or ISO 8601 (`1997-05-01T00:10`).
        begin: String,
        /// Column of the time at which it ends.
        end: String,
        /// Column of the number of the part among those that `hits` names, in the order of the scenario. Without it, `hits`
        /// names one part.
        part: Option<String>,
        /// Number of the first part in that column.
        first: u32 = 1,
        /// Rows to play: those with these values in these columns. Without it, all.
        only: Named<Label, Label> = {},
        /// Time in the file that is time zero. Without it, the first begin of the rows to play.
        time_zero: Option<String>,
    }
}

spec! {
    /// Writing the data of a new disk anew, from the other disks of its group.
    pub struct DiskRebuildSpec {
        /// Time of it. A rebuild waits while the set is lost, or its server down.
        lasts: LawSpec<SimDuration>,
        /// Share of the time of the disks that it takes from service.
        share: Probability = 0.35,
        /// Probability that it finds data on the other disks that cannot be read. The set is then lost if it misses as many
        /// disks as it can.
        unreadable: Probability = 0,
    }
}

spec! {
    /// An interval after the failure of a disk, in which the disks of its set fail more often.
    pub struct CorrelatedSpec {
        /// Length of the interval.
        lasts: SimDuration => within(SimDuration::SECOND, SimDuration::YEAR),
        /// Factor on the rate.
        times: f64 => within(0.001, 1e6),
    }
}

spec! {
    /// A fault that follows another.
    pub struct AfterSpec {
        /// Name of the other fault.
        fault: Name,
        /// Probability that this fault follows the other.
        probability: Probability = 1,
        /// Moment at which this fault begins: at the onset or at the repair of the other.
        once: Once = "begun",
    }
}

spec! {
    /// Common-cause failures: a share of each member's failure rate comes from events that take down a whole set.
    pub struct CommonCauseSpec {
        /// Group of members. Its name keys the random draws of the events.
        group: Reference,
        /// Share of each member's failure rate that comes from events of a whole set.
        beta: Probability,
        /// Size of a set: the members of the group, in order, form sets of this size. Without it, one set of all
        /// members.
        size: Option<u32> => at_least(1),
    }
}

spec! {
    /// Planned work.
    pub struct OperationSpec {
        /// Period of the operation. Without it, it happens once.
        every: Option<Every>,
        /// Moment at which it begins.
        at: Option<Moment>,
        /// Length of the operation.
        lasts: Option<SimDuration>,
        /// Time from the return of one part until the next is taken out. Without it, none. Only for `deploy`.
        pause: Option<SimDuration>,
        /// Additional disk operations per second, by storage part.
        load: Named<Spanned<Rate>, Reference> = {},
        /// Action of the operation.
        does: Option<Does>,
        /// Parts that the action applies to. `deploy` takes them out in this order.
        of: Option<OneOrMany<Reference>>,
        /// New memory of the zones. Only for `resize`.
        memory: Option<Bytes>,
        /// New cap of the zones, in cores. Only for `resize`.
        cap: Option<f64> => above(0.0),
        /// Order in which a member stops and its replacement starts. Without it, `stop-first`. Only for `move`.
        order: Option<MoveOrder>,
        /// Age at which a backup is deleted, from its begin. Without it, none is. Only for `backup`.
        kept: Option<SimDuration> => above(SimDuration::ZERO),
        /// Probability that a backup can be used, drawn for each. Without it, 1. Only for `backup`.
        usable: Option<Probability>,
        /// Outcome of work that goes wrong. Without it, all work goes well.
        goes_wrong: Option<GoesWrongSpec>,
    }
}

spec! {
    /// Work that goes wrong and leaves its parts broken.
    pub struct GoesWrongSpec {
        /// Probability: of the work on each part for `maintain` and `resize`, of the roll-out as a whole for `deploy`.
        probability: Probability,
        /// Failure of a part after work that went wrong: `crash` or `hang`.
        how: How = "crash",
        /// Time until it is detected, from the first part that comes back broken. Without it, it is detected at once.
        found_after: Option<LawSpec<SimDuration>>,
        /// Time to repair the part, or to roll back the version on all parts that have it.
        repair: LawSpec<SimDuration>,
        /// If true, a deployment stops once its version is known to be bad. Only for `deploy`.
        stops_at_failure: bool = true,
    }
}

impl OperationSpec {
    /// Returns how its work goes wrong, if that is possible.
    #[must_use]
    pub fn wrong(&self) -> Option<&GoesWrongSpec> {
        self.goes_wrong
            .as_ref()
            .map(|wrong| &wrong.value)
            .filter(|wrong| wrong.probability.value.get() > 0.0)
    }

    /// Returns whether it takes its parts out of service one after the other.
    #[must_use]
    pub fn deploys(&self) -> bool {
        self.does.as_ref().is_some_and(|does| does.value == Does::Deploy)
    }

    /// Returns the time from the turn of one part to that of the next: zero if all are taken out at once, or if it does not
    /// last.
    #[must_use]
    pub fn turn(&self) -> SimDuration {
        let Some(lasts) = self.lasts.as_ref().filter(|_| self.deploys()) else {
            return SimDuration::ZERO;
        };
        let pause = self.pause.as_ref().map_or(SimDuration::ZERO, |pause| pause.value);
        lasts.value.saturating_add(pause)
    }

    /// Returns the time from its begin until the last of `parts` is back; `None` if it does not last.
    #[must_use]
    pub fn all_turns(&self, parts: u64) -> Option<SimDuration> {
        let before = self.turn().saturating_mul(parts.saturating_sub(1));
        Some(before.saturating_add(self.lasts.as_ref()?.value))
    }

    /// Returns whether it makes backups.
    #[must_use]
    pub fn backs_up(&self) -> bool {
        self.does.as_ref().is_some_and(|does| does.value == Does::Backup)
    }

    /// Returns whether it moves members of scaled services.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.does.as_ref().is_some_and(|does| does.value == Does::Move)
    }

    /// Returns whether it takes parts out of service.
    #[must_use]
    pub fn takes_out(&self) -> bool {
        let does = self.does.as_ref().map(|does| does.value);
        matches!(does, Some(Does::Maintain | Does::Deploy))
    }
}

impl Every {
    /// Time from one to the next.
    #[must_use]
    pub const fn period(self) -> SimDuration {
        match self {
            Self::Day => SimDuration::DAY,
            Self::Week => SimDuration::DAY.saturating_mul(7),
            Self::Month => SimDuration::DAY.saturating_mul(4 * 7),
            Self::Quarter => SimDuration::DAY.saturating_mul(13 * 7),
        }
    }
}

words! {
    /// Period of an operation.
    pub enum Every {
        /// Once per day.
        Day = "day",
        /// Once per week.
        Week = "week",
        /// Once in four weeks.
        Month = "month",
        /// Once in thirteen weeks.
        Quarter = "quarter",
    }

    /// Action of an operation.
    pub enum Does {
        /// Gives zones another memory or another cap on their cores.
        Resize = "resize",
        /// Takes parts out of service, all at once, for as long as it lasts.
        Maintain = "maintain",
        /// Takes parts out of service one after the other, each for as long as it lasts.
        Deploy = "deploy",
        /// Makes a backup of databases, of the data as they are when it begins; it is complete when its length is over.
        Backup = "backup",
        /// Stops members of scaled services, and launches each on another server.
        Move = "move",
    }

    /// Order of the two halves of a move.
    pub enum MoveOrder {
        /// The member drains; once it has gone its replacement is launched.
        StopFirst = "stop-first",
        /// The replacement is launched; once it serves the member drains.
        StartFirst = "start-first",
    }
}
