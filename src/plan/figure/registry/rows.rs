//! Table of figures: a row for each family that is estimated in one way. The [registry](super) defines what a row
//! means, and how a path finds its row.

use super::{At, BOTH, By, IntervalOf, Key, PER, Row, SOLVER, Value, Whose, Word, key, required};
use crate::plan::figure::Metric;

const OVER: Key = required("over", Value::Duration);
const AT_LEAST: Key = required("at-least", Value::Whole);
const EACH: Key = key(PER, Value::Period);
const ONE_EACH: Key = required(PER, Value::Period);
const HOUR: Key = required("hour", Value::HourOfWeek);
/// Selection of the first cause.
pub const CAUSE: Key = key("cause", Value::Name("cause"));
const CONTRIBUTING: Key = required("contributing", Value::Name("cause"));
/// Selection of faults left out.
pub const WITHOUT: Key = key("without", Value::Name("faults"));
const AFTER_LOSS: Key = key("after-loss", Value::Name("part"));
const AVAILABILITY: Key = key("availability", Value::OneOf(&["structural", "continuous"]));
const OBJECTIVE: Key = required("objective", Value::OneOf(&["p50", "p95", "p99"]));
const WITH_BOTH: Key = required(SOLVER, Value::OneOf(&[BOTH]));
const ENDED: Value = Value::OneOf(&crate::model::record::OUTCOMES);
const OF_ATTEMPTS: Key = key("outcome", ENDED);
const ONE_OF_ATTEMPTS: Key = required("outcome", ENDED);
const OF_FAILOVERS: Key = key("outcome", Value::OneOf(&["failed", "without-a-death"]));
const BEHIND: Key = required("outcome", Value::OneOf(&["behind"]));
const OF_LOSSES: Key =
    required("outcome", Value::OneOf(&["fault", "overload", "planned", "never-born"]));

/// In windows and around breaks, simulated request by request.
pub const OF_WINDOWS: (&[At], By) = (&[At::Unnamed, At::Window, At::Break], By::Requests);
/// In windows with a length, which can be cut into intervals.
pub(super) const OF_INTERVALS: (&[At], By) = (&[At::Unnamed, At::Window], By::Requests);
const OF_BREAKS: (&[At], By) = (&[At::Break], By::Requests);
const UP: (&[At], By) = (&[At::Unnamed, At::Horizon], By::Up);
/// Over years, of roles that pass from one holder to another.
pub const ROLES: (&[At], By) = (&[At::Unnamed, At::Horizon], By::Roles);
/// Over years alone, for metrics that windows have too.
pub const OF_YEARS: (&[At], By) = (&[At::Horizon], By::Roles);
/// Over years, of traffic.
pub const TRAFFIC: (&[At], By) = (&[At::Unnamed, At::Horizon], By::Traffic);
/// For metrics that windows have too: a path without a window then means theirs.
pub const TRAFFIC_NAMED: (&[At], By) = (&[At::Horizon], By::Traffic);
const DRAWN: (&[At], By) = (&[At::Unnamed, At::Horizon], By::Both);
const DRAWN_NAMED: (&[At], By) = (&[At::Horizon], By::Both);
const BILL: (&[At], By) = (&[At::Unnamed], By::Arithmetic);
const LEVEL: (&[At], By) = (&[At::Unnamed, At::Window], By::Arithmetic);

pub(super) const MEAN: &[Word] = &[Word::Own, Word::Mean];
const CHANCE: &[Word] = &[Word::Chance];
const QUANTILES: &[Word] = &[Word::Quantiles];
const MAX: &[Word] = &[Word::Max];
const SPREAD: &[Word] = &[Word::Quantiles, Word::Max, Word::Deviation];
const FIRST: &[Word] = &[Word::First];

/// Rows of all figures except those that kinds of components declare themselves.
pub const ROWS: &[Row] = &[
    // Windows, simulated request by request.
    Row::new(
        Metric::Latency,
        OF_WINDOWS,
        &[Word::Own, Word::Mean, Word::Quantiles, Word::Max, Word::Deviation],
        &[Whose::Class, Whose::View],
        "Arrival to answer, of the requests that arrive in the window and are answered, each followed for at most the time that counted requests have after it; of a view: last click to last byte of everything, since a user who retries clicks again. A statistic of each replication, averaged",
    ),
    Row::new(
        Metric::Latency,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Class, Whose::View],
        "Share of these requests that take longer",
    )
    .keys(&[OVER]),
    Row::new(
        Metric::Waiting,
        OF_WINDOWS,
        MEAN,
        &[Whose::Station, Whose::Service, Whose::Balancer, Whose::Class],
        "Time in the queue, by Little's law: the time average of its length over the arrivals per second. Where more arrive \
         than leave, or fewer, it is not the mean of single waits. Of a class: the mean over its answered requests, summed over their visits",
    ),
    Row::new(
        Metric::Waiting,
        OF_WINDOWS,
        &[Word::Quantiles, Word::Max, Word::Deviation],
        &[Whose::Station, Whose::Balancer],
        "A statistic of the times in the queue of each replication, averaged",
    ),
    Row::new(
        Metric::Waiting,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Station, Whose::Balancer],
        "Share of the visits that wait longer",
    )
    .keys(&[OVER]),
    Row::new(
        Metric::Sojourn,
        OF_WINDOWS,
        MEAN,
        &[Whose::Component],
        "One visit, waiting and service, by Little's law: the time average of the number inside over the arrivals per second. \
         Where more arrive than leave, or fewer, it is not the mean of single visits",
    ),
    Row::new(
        Metric::Sojourn,
        OF_WINDOWS,
        SPREAD,
        &[Whose::Station, Whose::Service, Whose::Database],
        "A statistic of the visits of each replication, averaged; of the visits of requests that arrive in \
         the window, however they end",
    ),
    Row::new(
        Metric::Sojourn,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Station, Whose::Service, Whose::Database],
        "Share of these visits that last longer",
    )
    .keys(&[OVER]),
    Row::new(Metric::InSystem, OF_WINDOWS, MEAN, &[Whose::Component], "Time average of the number inside"),
    Row::new(
        Metric::InSystem,
        OF_WINDOWS,
        SPREAD,
        &[Whose::Station, Whose::Service, Whose::Database],
        "A statistic over time of the number inside of each replication, averaged; `p95`: the smallest number not exceeded for 95 % of the time",
    ),
    Row::new(
        Metric::InSystem,
        OF_INTERVALS,
        SPREAD,
        &[Whose::Component],
        "The same of the time averages of consecutive intervals of that length",
    )
    .keys(&[ONE_EACH]),
    Row::new(
        Metric::InSystem,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Station, Whose::Service, Whose::Database],
        "Share of the time with at least n inside",
    )
    .keys(&[AT_LEAST]),
    Row::new(
        Metric::InSystem,
        OF_WINDOWS,
        FIRST,
        &[Whose::Station, Whose::Service, Whose::Database],
        "Time from the start of the window until n are inside for the first time. Where a replication ends before that, the mean of all is a lower bound",
    )
    .keys(&[AT_LEAST]),
    Row::new(
        Metric::Queue,
        OF_WINDOWS,
        MEAN,
        &[Whose::Station, Whose::Service, Whose::Balancer],
        "Time average of the number in the queue",
    ),
    Row::new(
        Metric::Queue,
        OF_WINDOWS,
        SPREAD,
        &[Whose::Station, Whose::Service, Whose::Database, Whose::Balancer],
        "A statistic over time of the number in the queue of each replication, averaged",
    ),
    Row::new(
        Metric::Queue,
        OF_INTERVALS,
        SPREAD,
        &[Whose::Station, Whose::Service, Whose::Balancer],
        "The same of the time averages of consecutive intervals of that length",
    )
    .keys(&[ONE_EACH]),
    Row::new(
        Metric::Queue,
        OF_WINDOWS,
        FIRST,
        &[Whose::Station, Whose::Service, Whose::Database, Whose::Balancer],
        "Time from the start of the window until n are in the queue for the first time. Where a replication ends before that, the mean of all is a lower bound",
    )
    .keys(&[AT_LEAST]),
    Row::new(
        Metric::Busy,
        OF_WINDOWS,
        MEAN,
        &[Whose::Station, Whose::Service],
        "Time average of the number in service",
    ),
    Row::new(
        Metric::Busy,
        OF_WINDOWS,
        SPREAD,
        &[Whose::Station, Whose::Service, Whose::Database],
        "A statistic over time of the number in service of each replication, averaged",
    ),
    Row::new(
        Metric::Drain,
        OF_WINDOWS,
        MEAN,
        &[Whose::Station, Whose::Service, Whose::Database],
        "Time from the end of the steps and flash crowds of the window, or from the repair of `@WINDOW/repair:PART`, until the number inside is back at its time average: that before them, or that of the same time without the break. Where a replication ends before that, the mean of all is a lower bound",
    ),
    Row::new(
        Metric::Utilization,
        OF_WINDOWS,
        MEAN,
        &[Whose::Component, Whose::Resource],
        "Busy over capacity; of a group: over all members. At the tick of a kernel a zone gets up to 0.01 cores per processor above its cap, so that of its cap can exceed 1",
    ),
    Row::new(
        Metric::Utilization,
        OF_INTERVALS,
        SPREAD,
        &[Whose::Component, Whose::Resource],
        "A statistic of the utilisation of consecutive intervals, of 5 minutes or `per`, of each replication, averaged",
    )
    .keys(&[EACH]),
    Row::new(
        Metric::Hit,
        OF_WINDOWS,
        MEAN,
        &[Whose::Cache, Whose::Cdn, Whose::Memory],
        "Share of the look-ups that find their object; of a memory, over all contents that it holds",
    ),
    Row::new(
        Metric::Throughput,
        OF_WINDOWS,
        MEAN,
        &[Whose::Component, Whose::Class],
        "Completions in the window per second, whenever they arrived",
    ),
    Row::new(
        Metric::Throughput,
        OF_INTERVALS,
        SPREAD,
        &[Whose::Component, Whose::Class],
        "A statistic of the completions per second of consecutive intervals, of 5 minutes or `per`, of each replication, averaged. Of a class: answers given in the interval",
    )
    .keys(&[EACH]),
    Row::new(
        Metric::Arrivals,
        OF_WINDOWS,
        MEAN,
        &[Whose::Class],
        "Arrivals in the window; of a class with views: intended views",
    ),
    Row::new(
        Metric::Arrivals,
        OF_WINDOWS,
        &[Word::Deviation],
        &[Whose::Class],
        "Standard deviation of the arrivals between replications",
    )
    .interval(IntervalOf::Spread),
    Row::new(
        Metric::Arrivals,
        OF_INTERVALS,
        SPREAD,
        &[Whose::Class],
        "A statistic of the arrivals in consecutive intervals of that length, of each replication, averaged",
    )
    .keys(&[ONE_EACH]),
    Row::new(
        Metric::Arrivals,
        OF_INTERVALS,
        &[Word::Dispersion],
        &[Whose::Class],
        "Variance over mean of the arrivals in consecutive intervals, of 5 minutes or `per`: 1 of a Poisson stream; of each replication, averaged",
    )
    .keys(&[EACH]),
    Row::new(Metric::ArrivalRate, OF_WINDOWS, MEAN, &[Whose::Class], "Arrivals per second"),
    Row::new(Metric::Attempts, OF_WINDOWS, MEAN, &[Whose::Class], "Requests, all or of one outcome")
        .keys(&[OF_ATTEMPTS]),
    Row::new(
        Metric::Attempts,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Class],
        "Share of the requests that end in this way",
    )
    .keys(&[ONE_OF_ATTEMPTS]),
    Row::new(
        Metric::Served,
        OF_WINDOWS,
        MEAN,
        &[Whose::Class],
        "Page views served, at the first attempt or a retry",
    ),
    Row::new(
        Metric::Served,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Class],
        "Share of the intended page views that are served",
    ),
    Row::new(Metric::Lost, OF_WINDOWS, MEAN, &[Whose::Class], "Page views lost, all or by cause")
        .keys(&[CAUSE]),
    Row::new(
        Metric::Lost,
        OF_WINDOWS,
        CHANCE,
        &[Whose::Class],
        "Share of the intended page views that are lost, all or by cause",
    )
    .keys(&[CAUSE]),
    Row::new(
        Metric::Missed,
        OF_BREAKS,
        MEAN,
        &[Whose::Class],
        "Page views not served because of the break: lost, or no longer requested",
    ),
    Row::new(
        Metric::Losing,
        OF_BREAKS,
        MEAN,
        &[Whose::Class],
        "Page views per second lost because of the break in the last minute of the run",
    ),
    Row::new(Metric::Failovers, OF_WINDOWS, MEAN, &[Whose::Database], "Failovers begun, all or of one outcome")
        .keys(&[OF_FAILOVERS]),
    // A search over rates.
    Row::new(
        Metric::Capacity,
        (&[At::Unnamed], By::Search),
        &[Word::Own],
        &[Whose::ClassWithLatency],
        "Highest rate that meets the objective, with at most 1 % of the page views lost",
    )
    .keys(&[OBJECTIVE])
    .interval(IntervalOf::Crossing),
    // Closed forms.
    Row::new(
        Metric::Headroom,
        LEVEL,
        &[Word::Own],
        &[Whose::Resource, Whose::Group],
        "Spare share at the level of a window, or without one at the design peak; below zero \
         where the offered load exceeds the capacity. Of a group: of its members with load",
    )
    .keys(&[AFTER_LOSS])
    .as_it_comes(IntervalOf::Exact),
    Row::new(
        Metric::Verdict,
        OF_INTERVALS,
        &[Word::Own],
        &[Whose::Class],
        "Verdict on the class over all replications of the window",
    )
    .as_it_comes(IntervalOf::Exact),
    Row::new(
        Metric::Saturates,
        LEVEL,
        &[Word::First],
        &[Whose::ScenarioOrClass],
        "Name of the resource that is busy all the time first as the level of the window grows",
    )
    .keys(&[AFTER_LOSS])
    .as_it_comes(IntervalOf::Exact),
    Row::new(
        Metric::Cost,
        BILL,
        &[Word::Month],
        &[Whose::Scenario],
        "Prices per month, own ones or those of the kind, times the parts that they are for, and what edges deliver",
    )
    .as_it_comes(IntervalOf::Exact),
    Row::new(
        Metric::Cost,
        BILL,
        &[Word::Once],
        &[Whose::Scenario],
        "Prices paid once times the parts that they are for",
    )
    .as_it_comes(IntervalOf::Exact),
    // The long horizon: availability.
    Row::new(
        Metric::Structural,
        UP,
        MEAN,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Share of the time in which enough members are up and reachable",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::Continuous,
        UP,
        MEAN,
        &[Whose::Class],
        "Share of the time in which enough members are up and reachable, and at most 1 % of \
         the requests fail because a failure is not detected yet",
    )
    .keys(&[WITHOUT]),
    Row::new(Metric::Unavailability, UP, MEAN, &[Whose::Class, Whose::Service, Whose::Group], "One minus the availability")
        .keys(&[AVAILABILITY, WITHOUT]),
    Row::new(
        Metric::Downtime,
        UP,
        MEAN,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Time per year not available, all or by first cause",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT]),
    Row::new(
        Metric::Downtime,
        UP,
        MEAN,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Time per year not available while a cause contributes",
    )
    .keys(&[CONTRIBUTING, AVAILABILITY, WITHOUT]),
    Row::new(
        Metric::Downtime,
        UP,
        &[Word::Years],
        &[Whose::Class, Whose::Service, Whose::Group],
        "Time not available that this share of the years does not exceed",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Order),
    Row::new(
        Metric::Downtime,
        UP,
        &[Word::Deviation],
        &[Whose::Class, Whose::Service, Whose::Group],
        "Standard deviation of the time not available in a year, all or by first cause",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Squares),
    Row::new(
        Metric::Downtime,
        UP,
        CHANCE,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Share of the years with more time not available than this, all or by first cause",
    )
    .keys(&[OVER, CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Spans),
    Row::new(
        Metric::Outages,
        UP,
        MEAN,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Outages per year, all or by first cause",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT]),
    Row::new(
        Metric::Outages,
        UP,
        &[Word::Deviation],
        &[Whose::Class, Whose::Service, Whose::Group],
        "Standard deviation of the number of outages that begin in a year, all or by first cause",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Squares),
    Row::new(
        Metric::Outages,
        UP,
        &[Word::Dispersion],
        &[Whose::Class, Whose::Service, Whose::Group],
        "Variance over mean of the number of outages that begin in a year: 1 if they come at random",
    )
    .keys(&[CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Pairs),
    Row::new(
        Metric::Outages,
        UP,
        CHANCE,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Probability that at least n outages begin in a span of the length `per` (one year): the share of such spans, counted one after the other from the start of the horizon",
    )
    .keys(&[AT_LEAST, EACH, CAUSE, AVAILABILITY, WITHOUT])
    .as_it_comes(IntervalOf::Spans),
    Row::new(
        Metric::MeanTimeToFailure,
        UP,
        MEAN,
        &[Whose::Class, Whose::Service, Whose::Group],
        "Time from the start to the first outage",
    )
    .keys(&[AVAILABILITY, WITHOUT]),
    // The long horizon: roles that pass from one holder to another.
    Row::new(
        Metric::Interruptions,
        ROLES,
        MEAN,
        &[Whose::Database, Whose::Balancer, Whose::FileServer],
        "Times per year that no member serves, all or by first cause",
    )
    .keys(&[CAUSE, WITHOUT]),
    Row::new(
        Metric::Failovers,
        (&[At::Horizon], By::Roles),
        MEAN,
        &[Whose::Database, Whose::Balancer, Whose::FileServer],
        "Times per year that another member serves afterwards, giveback included",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::Recovery,
        ROLES,
        MEAN,
        &[Whose::Database, Whose::Balancer, Whose::FileServer],
        "Time from when no member serves until one does (RTO), or until the horizon ends",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::Recovery,
        ROLES,
        QUANTILES,
        &[Whose::Database, Whose::Balancer, Whose::FileServer],
        "Time that this share of the recoveries does not exceed",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Order),
    // The long horizon: traffic.
    Row::new(
        Metric::Request,
        TRAFFIC,
        MEAN,
        &[Whose::Class],
        "Share of the intended page views that are served",
    )
    .keys(&[WITHOUT])
    .interval(IntervalOf::Ratio),
    Row::new(
        Metric::Request,
        (&[At::Month], By::Traffic),
        CHANCE,
        &[Whose::ClassWithAvailability],
        "Share of the months of 730 h that serve the objective's share",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::Objective,
        TRAFFIC,
        MEAN,
        &[Whose::Class],
        "Share of the 5-minute intervals in which less than 1 % of the page views are lost or stalled; latency is not known",
    )
    .keys(&[WITHOUT]),
    Row::new(Metric::Lost, TRAFFIC_NAMED, MEAN, &[Whose::Class], "Page views lost per year, all or by cause. While several causes act, the oldest has what is lost by it alone, and each further one what it adds")
        .keys(&[CAUSE, WITHOUT]),
    Row::new(
        Metric::Lost,
        TRAFFIC_NAMED,
        MEAN,
        &[Whose::Class],
        "Page views lost per year of one kind; `never-born`: not requested, since their session \
         ended with a loss",
    )
    .keys(&[OF_LOSSES, WITHOUT]),
    Row::new(
        Metric::CostPerMillion,
        TRAFFIC,
        MEAN,
        &[Whose::Class],
        "Monthly bill per million page views served, of all replications together",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Ratio),
    Row::new(
        Metric::LostCost,
        (&[At::Unnamed, At::Horizon, At::Month], By::Traffic),
        MEAN,
        &[Whose::Class],
        "Cost per month of the page views not served, at the price `lost-page`",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::Utilization,
        TRAFFIC_NAMED,
        MEAN,
        &[Whose::Resource],
        "Busy over capacity",
    )
    .keys(&[WITHOUT]),
    Row::new(
        Metric::Utilization,
        TRAFFIC_NAMED,
        MEAN,
        &[Whose::Resource],
        "Busy over capacity in one hour of the week, at the planned rates: without retries, users who have left, and queues",
    )
    .keys(&[HOUR, WITHOUT])
    .as_it_comes(IntervalOf::Batches),
    Row::new(
        Metric::Utilization,
        TRAFFIC_NAMED,
        MAX,
        &[Whose::Resource],
        "Mean of the busiest hour of the week, at the planned rates: without retries, users who have left, and queues",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Batches),
    Row::new(
        Metric::Utilization,
        TRAFFIC_NAMED,
        QUANTILES,
        &[Whose::Resource],
        "Utilisation that this share of the time does not exceed, at the planned rates: without retries, users who have left, and queues",
    )
    .keys(&[WITHOUT])
    .as_it_comes(IntervalOf::Batches),
    Row::new(
        Metric::Failovers,
        TRAFFIC_NAMED,
        MEAN,
        &[Whose::DatabaseWithFailover],
        "Failovers per year to a member that had been away",
    )
    .keys(&[BEHIND, WITHOUT]),
    // The long horizon, corrected by windows sampled from it.
    Row::new(
        Metric::Latency,
        DRAWN_NAMED,
        QUANTILES,
        &[Whose::Class, Whose::View],
        "Latency that this share of the requests does not exceed",
    )
    .as_it_comes(IntervalOf::Drawn),
    Row::new(
        Metric::Request,
        DRAWN,
        MEAN,
        &[Whose::Class],
        "Share of the intended page views that are served, corrected by windows",
    )
    .keys(&[WITH_BOTH])
    .as_it_comes(IntervalOf::Drawn),
    Row::new(
        Metric::Objective,
        DRAWN,
        MEAN,
        &[Whose::Class],
        "Share of the 5-minute intervals in which the objective holds, latency included",
    )
    .keys(&[WITH_BOTH])
    .as_it_comes(IntervalOf::Drawn),
    Row::new(
        Metric::Lost,
        DRAWN_NAMED,
        MEAN,
        &[Whose::Class],
        "Page views lost per year, all or by cause, corrected by windows",
    )
    .keys(&[WITH_BOTH, CAUSE])
    .as_it_comes(IntervalOf::Drawn),
    Row::new(
        Metric::Lost,
        DRAWN_NAMED,
        MEAN,
        &[Whose::Class],
        "Page views lost per year of one kind, corrected by windows",
    )
    .keys(&[WITH_BOTH, OF_LOSSES])
    .as_it_comes(IntervalOf::Drawn),
];
