//! Figures resolved against a blueprint, and their value in one replication.

use crate::model::blueprint::{Blueprint, Config};
use crate::model::database::{Counts, Lag};
use crate::model::gauge::Gauge;
use crate::model::ids::ComponentId;
use crate::model::record::{Attempts, OUTCOMES};
use crate::model::route::{Asks, CallKind};
use crate::observe::histogram::Histogram;
use crate::plan::compile::beliefs_name;
use crate::plan::figure::{Figure, Metric, Stat};
use crate::solve::requests::{Observation, Tally};
use crate::stats::interval::Statistic;
use crate::stats::quantile::samples_needed;
use crate::units::SimDuration;

/// Whose readings a figure adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meters {
    /// Components, by id.
    Parts(Vec<ComponentId>),
    /// Zones, by place in the blueprint.
    Zones(Vec<usize>),
}

/// A figure that one replication can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Latency of a class.
    Latency(usize, Stat),
    /// Latency of a workload's page views.
    ViewLatency(usize, Stat),
    /// Waiting at stations.
    Waiting(Vec<ComponentId>, Stat, Option<SimDuration>),
    /// Mean time in line of a class, over all its visits.
    ClassWaiting(usize),
    /// Mean sojourn.
    Sojourn(Vec<ComponentId>),
    /// Mean number inside.
    Inside(Vec<ComponentId>),
    /// Share of time with at least so many inside.
    InsideChance(ComponentId, usize),
    /// Mean number in line.
    Queue(Vec<ComponentId>),
    /// Mean number of servers at work.
    Busy(Vec<ComponentId>),
    /// Busy over capacity.
    Utilization(Meters),
    /// Share of look-ups in caches that find their object.
    Hit(Vec<ComponentId>),
    /// Completions per second of components.
    Throughput(Vec<ComponentId>),
    /// Answered requests of a class per second.
    ClassThroughput(usize),
    /// Intended views (or requests without clients) of a workload: their mean, or how much one
    /// replication differs from another.
    Arrivals(usize, Statistic),
    /// The same per second.
    ArrivalRate(usize),
    /// Attempts of a class by outcome; the share when the flag is set.
    Attempts(usize, Option<usize>, bool),
    /// Views served; the share when the flag is set.
    Served(usize, bool),
    /// Views lost, of one cause or all; the share when the flag is set.
    Lost(usize, Option<usize>, bool),
    /// How far a member of a replicated database is behind.
    Lag(ComponentId, Stat),
    /// Writes that it lacks.
    Backlog(ComponentId, Stat),
    /// What replicated databases counted.
    Database(Vec<ComponentId>, Counted),
    /// Calls of these kinds that ended without an answer.
    Unanswered(Vec<usize>),
    /// Views not served; around a break, less those where nothing breaks.
    Missed(usize),
    /// Views a second lost in the last minute of the window; around a break, less those where
    /// nothing breaks.
    Losing(usize),
}

/// What a replicated database counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Stale reads.
    Stale,
    /// Their share of the reads that slaves answered.
    StaleShare,
    /// Failovers.
    Failovers,
    /// Of those: not covered.
    Failed,
    /// Of those: the master was well.
    WithoutADeath,
    /// Writes lost at a promotion.
    LostWrites,
    /// Writes lost with a second master.
    SplitBrain,
}

impl Counted {
    fn of(self, counts: &Counts) -> u64 {
        match self {
            Self::Stale | Self::StaleShare => counts.stale,
            Self::Failovers => counts.failovers,
            Self::Failed => counts.failed,
            Self::WithoutADeath => counts.without_a_death,
            Self::LostWrites => counts.lost_writes,
            Self::SplitBrain => counts.split_brain,
        }
    }
}

/// Why a figure has no value in a replication, or at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoValue {
    /// Nothing to measure.
    Empty,
    /// Too few samples beyond the percentile.
    TooFew {
        /// Samples there are.
        have: u64,
        /// Samples needed.
        need: u64,
    },
    /// Nobody kept it.
    NotKept,
    /// Of a capacity: fewer than the smallest rate tried.
    FewerThan(f64),
    /// Of a capacity: more than the largest rate tried.
    MoreThan(f64),
    /// It was told to stop before it was found.
    Stopped,
    /// Nothing of the kind in so many years.
    NoneIn(f64),
    /// Only so many replications failed at all within the horizon: the others would fail later.
    NotYet {
        /// How many did.
        failed: u64,
        /// Of so many.
        of: u64,
    },
}

impl std::fmt::Display for NoValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("no requests"),
            Self::TooFew { have, need } => write!(f, "n {have} < {need}"),
            Self::NotKept => f.write_str("not kept"),
            Self::FewerThan(rate) => write!(f, "fewer than {rate:.1}/s, the smallest rate tried"),
            Self::MoreThan(rate) => write!(f, "more than {rate:.1}/s, the largest rate tried"),
            Self::Stopped => f.write_str("stopped before it was found"),
            Self::NoneIn(years) => write!(f, "none in {years:.0} years"),
            Self::NotYet { failed, of } => {
                write!(f, "{failed} of {of} replications failed within the horizon")
            }
        }
    }
}

/// Outcomes of calls that were answered.
const ANSWERS: [&str; 2] = ["ok", "stale"];

fn members(plan: &Blueprint, scope: &str) -> Vec<ComponentId> {
    let group = scope.strip_suffix("-*").unwrap_or(scope);
    let is = |name: &str| {
        name == scope
            || name.strip_prefix(group).and_then(|rest| rest.strip_prefix('-')).is_some_and(
                |number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()),
            )
    };
    let exact = plan.parts.iter().position(|part| part.name == scope);
    if let Some(index) = exact {
        return vec![ComponentId(index as u32)];
    }
    let all = plan.parts.iter().enumerate().filter(|(_, part)| is(&part.name));
    all.map(|(index, _)| ComponentId(index as u32)).collect()
}

/// The parts called `resource` of `scope`: of a file server by its own name, of servers by member.
fn resource_parts(plan: &Blueprint, scope: &str, resource: &str) -> Vec<ComponentId> {
    let own = members(plan, &format!("{scope}.{resource}"));
    if !own.is_empty() {
        return own;
    }
    let of =
        |id: &ComponentId| members(plan, &format!("{}.{resource}", plan.parts[id.index()].name));
    members(plan, scope).iter().flat_map(of).collect()
}

/// The lines of the balancer called `scope`, when it has any.
fn lines_of(plan: &Blueprint, scope: &str) -> Vec<ComponentId> {
    let mut all = members(plan, &beliefs_name(scope));
    let has = |id: &ComponentId| matches!(&plan.parts[id.index()].config, Config::Balancer(of) if of.room.is_some());
    all.retain(has);
    all
}

fn zones(plan: &Blueprint, scope: &str) -> Vec<usize> {
    let group = scope.strip_suffix("-*").unwrap_or(scope);
    let is = |name: &str| {
        name == scope || crate::plan::names::split_member(name).is_some_and(|(g, _)| g == group)
    };
    plan.zones.iter().enumerate().filter(|(_, z)| is(&z.name)).map(|(index, _)| index).collect()
}

impl Measure {
    /// What `figure` asks of a replication.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub fn resolve(plan: &Blueprint, figure: &Figure) -> Result<Self, String> {
        let class = |name: &str| plan.routes.classes.iter().position(|c| c.name == name);
        let of_class = |index: usize| {
            plan.workloads.iter().position(|workload| workload.class.index() == index)
        };
        let scope = figure.scope.as_str();
        let stat = figure.stat.unwrap_or(Stat::Mean);
        let missing = || Err(format!("`{figure}`: there is nothing called `{scope}` to measure"));
        let share = stat == Stat::Chance;
        let parts = match &figure.resource {
            Some(resource) if figure.metric != Metric::Utilization => {
                resource_parts(plan, scope, resource)
            }
            // Who waits at a balancer waits for room at its members.
            None if matches!(figure.metric, Metric::Waiting | Metric::Queue)
                && !lines_of(plan, scope).is_empty() =>
            {
                lines_of(plan, scope)
            }
            _ => members(plan, scope),
        };
        let some = |parts: Vec<ComponentId>, make: &dyn Fn(Vec<ComponentId>) -> Self| {
            if parts.is_empty() { missing() } else { Ok(make(parts)) }
        };
        match figure.metric {
            Metric::Latency => {
                if let Some(index) = class(scope) {
                    return Ok(Self::Latency(index, stat));
                }
                let page = scope.strip_suffix("-view").and_then(class).and_then(of_class);
                page.map_or_else(missing, |workload| Ok(Self::ViewLatency(workload, stat)))
            }
            Metric::Waiting => {
                let over = match figure.key("over").map(SimDuration::parse) {
                    Some(Ok(time)) => Some(time),
                    Some(Err(_)) => return Err(format!("`{figure}`: `over` is not a duration")),
                    None => None,
                };
                if parts.is_empty()
                    && stat == Stat::Mean
                    && let Some(index) = class(scope)
                {
                    return Ok(Self::ClassWaiting(index));
                }
                some(parts, &|parts| Self::Waiting(parts, stat, over))
            }
            Metric::Sojourn => some(parts, &Self::Sojourn),
            Metric::InSystem if share => {
                let number = figure.key("at-least").and_then(|text| text.parse().ok());
                let number = number.ok_or(format!("`{figure}` needs `[at-least=n]`"))?;
                some(parts, &|parts| Self::InsideChance(parts[0], number))
            }
            Metric::InSystem => some(parts, &Self::Inside),
            Metric::Queue => some(parts, &Self::Queue),
            Metric::Busy => some(parts, &Self::Busy),
            Metric::Utilization => Self::utilization(plan, figure, parts),
            Metric::Hit => {
                let mut caches = members(plan, &format!("{scope}.objects"));
                if caches.is_empty() {
                    let edge =
                        |id: &ComponentId| matches!(plan.parts[id.index()].config, Config::Edge(_));
                    caches = parts.into_iter().filter(edge).collect();
                }
                some(caches, &Self::Hit)
            }
            Metric::Throughput => match class(scope) {
                Some(index) => Ok(Self::ClassThroughput(index)),
                None => some(parts, &Self::Throughput),
            },
            Metric::Arrivals | Metric::ArrivalRate => {
                let Some(workload) = class(scope).and_then(of_class) else { return missing() };
                let spread = stat == Stat::Deviation;
                Ok(if figure.metric == Metric::Arrivals {
                    let statistic = if spread { Statistic::Deviation } else { Statistic::Mean };
                    Self::Arrivals(workload, statistic)
                } else {
                    Self::ArrivalRate(workload)
                })
            }
            Metric::Attempts => {
                let Some(index) = class(scope) else { return missing() };
                let outcome = match figure.key("outcome") {
                    Some(word) => Some(
                        OUTCOMES
                            .iter()
                            .position(|name| *name == word)
                            .ok_or(format!("`{figure}`: outcomes are {}", OUTCOMES.join(", ")))?,
                    ),
                    None => None,
                };
                Ok(Self::Attempts(index, outcome, share))
            }
            Metric::Served | Metric::Lost => {
                let Some(workload) = class(scope).and_then(of_class) else { return missing() };
                if figure.metric == Metric::Served {
                    return Ok(Self::Served(workload, share));
                }
                let cause = match figure.key("cause") {
                    Some(name) => Some(
                        plan.causes
                            .iter()
                            .position(|cause| cause == name)
                            .ok_or(format!("`{figure}`: there is no cause `{name}`"))?,
                    ),
                    None => None,
                };
                Ok(Self::Lost(workload, cause, share))
            }
            Metric::Lag | Metric::Backlog => {
                let member = members(plan, scope);
                let one = |id: &&ComponentId| plan.parts[id.index()].database.is_some();
                match (member.iter().find(one), member.len()) {
                    (Some(id), 1) if figure.metric == Metric::Lag => Ok(Self::Lag(*id, stat)),
                    (Some(id), 1) => Ok(Self::Backlog(*id, stat)),
                    _ => Err(format!(
                        "`{figure}`: lag is that of one member of a replicated database, \
                         `mysql-2` say"
                    )),
                }
            }
            Metric::Stale | Metric::Failovers | Metric::LostWrites | Metric::SplitBrain => {
                let groups = members(plan, &format!("{scope}.group"));
                let counted = match (figure.metric, figure.key("outcome")) {
                    (Metric::Stale, _) if share => Counted::StaleShare,
                    (Metric::Stale, _) => Counted::Stale,
                    (Metric::LostWrites, _) => Counted::LostWrites,
                    (Metric::SplitBrain, _) => Counted::SplitBrain,
                    (_, None) => Counted::Failovers,
                    (_, Some("failed")) => Counted::Failed,
                    (_, Some("without-a-death")) => Counted::WithoutADeath,
                    (_, Some(_)) => {
                        let known = "outcomes are failed, without-a-death";
                        return Err(format!("`{figure}`: {known}"));
                    }
                };
                some(groups, &|groups| Self::Database(groups, counted))
            }
            Metric::FailedReads | Metric::FailedWrites => {
                let writes = figure.metric == Metric::FailedWrites;
                let asks = |call: &CallKind| {
                    let asks = |query: &Asks| query.database == scope && query.writes == writes;
                    call.query.as_ref().is_some_and(asks)
                };
                let calls = plan.routes.calls.iter().enumerate();
                let calls: Vec<usize> =
                    calls.filter(|(_, call)| asks(call)).map(|(at, _)| at).collect();
                if calls.is_empty() { missing() } else { Ok(Self::Unanswered(calls)) }
            }
            Metric::Missed | Metric::Losing => {
                let Some(workload) = class(scope).and_then(of_class) else { return missing() };
                let missed = figure.metric == Metric::Missed;
                Ok(if missed { Self::Missed(workload) } else { Self::Losing(workload) })
            }
            other => Err(format!("`{}` is not estimated by the `requests` solver", other.id())),
        }
    }

    /// Whether it is the difference between a run around a break and the same stretch without.
    #[must_use]
    pub const fn is_paired(&self) -> bool {
        matches!(self, Self::Missed(_) | Self::Losing(_))
    }

    /// What is estimated from its values over the replications.
    #[must_use]
    pub const fn statistic(&self) -> Statistic {
        match self {
            Self::Arrivals(_, statistic) => *statistic,
            _ => Statistic::Mean,
        }
    }

    fn utilization(
        plan: &Blueprint,
        figure: &Figure,
        parts: Vec<ComponentId>,
    ) -> Result<Self, String> {
        let scope = figure.scope.as_str();
        if let Some(resource) = &figure.resource {
            if resource == "cpu" {
                let zones = zones(plan, scope);
                if !zones.is_empty() {
                    return Ok(Self::Utilization(Meters::Zones(zones)));
                }
                let own = resource_parts(plan, scope, resource);
                if !own.is_empty() {
                    return Ok(Self::Utilization(Meters::Parts(own)));
                }
                if !parts.is_empty() {
                    return Ok(Self::Utilization(Meters::Parts(parts)));
                }
            }
            let bounded = |id: &ComponentId| {
                let part = &plan.parts[id.index()];
                part.balancer.is_some()
                    && matches!(&part.config, Config::Service(of) if of.workers.is_some())
            };
            if resource == "connections" && !parts.is_empty() && parts.iter().all(bounded) {
                return Ok(Self::Utilization(Meters::Parts(parts)));
            }
            let found = resource_parts(plan, scope, resource);
            if !found.is_empty() {
                return Ok(Self::Utilization(Meters::Parts(found)));
            }
            return Err(format!("`{figure}`: `{scope}` has no resource `{resource}`"));
        }
        if parts.is_empty() {
            let zones = zones(plan, scope);
            if zones.is_empty() {
                return Err(format!("`{figure}`: there is nothing called `{scope}` to measure"));
            }
            return Ok(Self::Utilization(Meters::Zones(zones)));
        }
        if parts.iter().all(|part| plan.parts[part.index()].balancer.is_some()) {
            // Units of a balancer are busy as far as their processors are.
            let cpus = resource_parts(plan, scope, "cpu");
            if !cpus.is_empty() {
                return Ok(Self::Utilization(Meters::Parts(cpus)));
            }
        }
        Ok(Self::Utilization(Meters::Parts(parts)))
    }

    /// Its value in one replication, in base units.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when the replication cannot say.
    pub fn value(&self, plan: &Blueprint, seen: &Observation) -> Result<f64, NoValue> {
        let seconds = seen.length.seconds();
        let total = |parts: &[ComponentId], of: &dyn Fn(&Gauge) -> u128| -> u128 {
            parts.iter().map(|id| of(&seen.gauges[id.index()])).sum()
        };
        let nanos = seen.length.nanos() as f64;
        match self {
            Self::Latency(class, stat) => latency(&seen.record.classes[*class].latency, *stat),
            Self::ViewLatency(workload, stat) => {
                latency(&seen.record.views[*workload].latency, *stat)
            }
            Self::Waiting(parts, Stat::Mean, _) => {
                // Mean time in line by Little's law for the line: area under it over arrivals.
                let line = parts.iter().map(|id| line(plan, seen, *id)).sum::<f64>();
                let came = total(parts, &|gauge| u128::from(gauge.arrived - gauge.refused));
                if came == 0 { Err(NoValue::Empty) } else { Ok(line / came as f64 / 1e9) }
            }
            Self::Waiting(parts, stat, over) => {
                let mut all = Histogram::new();
                for id in parts {
                    all.merge(seen.waits[id.index()].as_ref().ok_or(NoValue::NotKept)?);
                }
                match (stat, over) {
                    (Stat::Chance, Some(over)) if all.count() > 0 => {
                        let within = all.count_at_most(over.nanos());
                        Ok(1.0 - within as f64 / all.count() as f64)
                    }
                    (Stat::Chance, _) => Err(NoValue::Empty),
                    _ => latency(&all, *stat),
                }
            }
            Self::ClassWaiting(class) => {
                let record = &seen.record.classes[*class];
                let count = record.attempts.ended[0];
                if count == 0 {
                    return Err(NoValue::Empty);
                }
                Ok(record.waited as f64 / count as f64 / 1e9)
            }
            Self::Sojourn(parts) => {
                let area = total(parts, &|gauge| gauge.inside);
                let came = total(parts, &|gauge| u128::from(gauge.arrived - gauge.refused));
                if came == 0 { Err(NoValue::Empty) } else { Ok(area as f64 / came as f64 / 1e9) }
            }
            Self::Inside(parts) => Ok(total(parts, &|gauge| gauge.inside) as f64 / nanos),
            Self::InsideChance(id, at_least) => {
                let levels = seen.gauges[id.index()].levels.as_ref().ok_or(NoValue::NotKept)?;
                let above: u64 = levels.iter().skip(*at_least).sum();
                Ok(above as f64 / nanos)
            }
            Self::Queue(parts) => {
                Ok(parts.iter().map(|id| line(plan, seen, *id)).sum::<f64>() / nanos)
            }
            Self::Busy(parts) => {
                Ok(parts.iter().map(|id| busy(plan, seen, *id)).sum::<f64>() / nanos)
            }
            Self::Utilization(meters) => {
                let gauges: Vec<&Gauge> = match meters {
                    Meters::Parts(parts) => {
                        parts.iter().map(|id| &seen.gauges[id.index()]).collect()
                    }
                    Meters::Zones(zones) => zones.iter().map(|zone| &seen.zones[*zone]).collect(),
                };
                let busy: f64 = gauges.iter().map(|gauge| gauge.busy as f64).sum();
                let capacity: f64 = gauges.iter().map(|gauge| gauge.capacity as f64).sum();
                if capacity > 0.0 { Ok(busy / capacity) } else { Err(NoValue::Empty) }
            }
            Self::Hit(parts) => {
                let hits = total(parts, &|gauge| u128::from(gauge.completed));
                let all = total(parts, &|gauge| u128::from(gauge.arrived));
                if all == 0 { Err(NoValue::Empty) } else { Ok(hits as f64 / all as f64) }
            }
            Self::Throughput(parts) => {
                Ok(total(parts, &|gauge| u128::from(gauge.completed)) as f64 / seconds)
            }
            Self::ClassThroughput(class) => {
                Ok(seen.record.classes[*class].attempts.ended[0] as f64 / seconds)
            }
            Self::Arrivals(workload, _) => Ok(seen.record.views[*workload].intended as f64),
            Self::ArrivalRate(workload) => {
                Ok(seen.record.views[*workload].intended as f64 / seconds)
            }
            Self::Attempts(class, outcome, share) => {
                let attempts = &seen.record.classes[*class].attempts;
                let count = outcome.map_or(attempts.begun, |outcome| attempts.ended[outcome]);
                ratio_or_count(count, attempts.begun, *share)
            }
            Self::Served(workload, share) => {
                let views = &seen.record.views[*workload];
                ratio_or_count(views.served + views.delayed, views.intended, *share)
            }
            Self::Lost(workload, cause, share) => {
                let views = &seen.record.views[*workload];
                let all = || views.lost.iter().sum();
                let count = cause.map_or_else(all, |cause| views.lost[cause]);
                ratio_or_count(count, views.intended, *share)
            }
            Self::Lag(id, stat) => {
                let lag = lag_of(seen, *id)?;
                match stat {
                    Stat::Quantile(level) => lag.quantile(*level),
                    Stat::Max => lag.max(),
                    _ => lag.mean(),
                }
                .ok_or(NoValue::Empty)
            }
            Self::Backlog(id, stat) => {
                let lag = lag_of(seen, *id)?;
                let largest = *stat == Stat::Max;
                let value = if largest { lag.most_backlog() } else { lag.mean_backlog() };
                value.ok_or(NoValue::Empty)
            }
            Self::Database(groups, counted) => {
                let of = |sum: &dyn Fn(&Counts) -> u64| -> u64 {
                    let read = seen.databases.iter().filter(|r| groups.contains(&r.group));
                    read.map(|reading| sum(&reading.counts)).sum()
                };
                let count = of(&|counts| counted.of(counts));
                let share = *counted == Counted::StaleShare;
                ratio_or_count(count, of(&|counts| counts.slave_reads), share)
            }
            Self::Unanswered(calls) => {
                let of = |attempts: &Attempts| {
                    let ended = attempts.ended.iter().zip(OUTCOMES);
                    let bad = ended.filter(|(_, word)| !ANSWERS.contains(word));
                    bad.map(|(count, _)| *count).sum::<u64>()
                };
                Ok(calls.iter().map(|call| of(&seen.record.calls[*call])).sum::<u64>() as f64)
            }
            Self::Missed(workload) => {
                let views = &seen.record.views[*workload];
                Ok((views.intended - views.served - views.delayed) as f64)
            }
            Self::Losing(workload) => losing(seen, *workload),
        }
    }
}

fn lag_of(seen: &Observation, id: ComponentId) -> Result<&Lag, NoValue> {
    let mut all = seen.databases.iter().flat_map(|reading| &reading.lags);
    all.find(|(member, _)| *member == id).map(|(_, lag)| lag).ok_or(NoValue::NotKept)
}

/// Views a second that were asked for and lost at the end of the window.
fn losing(seen: &Observation, workload: usize) -> Result<f64, NoValue> {
    let last = seen.steps.last().ok_or(NoValue::NotKept)?;
    let mut before = seen.steps.iter().rev();
    let before = before.find(|step| last.at.nanos() - step.at.nanos() >= seen.last.nanos());
    let (from, then) = before
        .map_or((SimDuration::ZERO, Tally::default()), |step| (step.at, step.views[workload]));
    Ok((last.views[workload].lost - then.lost) as f64 / (last.at - from).seconds())
}

fn ratio_or_count(count: u64, of: u64, share: bool) -> Result<f64, NoValue> {
    match (share, of) {
        (false, _) => Ok(count as f64),
        (true, 0) => Err(NoValue::Empty),
        (true, of) => Ok(count as f64 / of as f64),
    }
}

/// Servers at work over the window, servers × ns.
fn busy(plan: &Blueprint, seen: &Observation, id: ComponentId) -> f64 {
    let gauge = &seen.gauges[id.index()];
    match &plan.parts[id.index()].config {
        // In the processor's own fine steps; its utilisation tells the same in servers.
        Config::Station(config) => {
            gauge.utilization().unwrap_or(0.0)
                * f64::from(config.servers)
                * seen.length.nanos() as f64
        }
        _ => gauge.busy as f64,
    }
}

/// Area under the number in line over the window, customers × ns.
fn line(plan: &Blueprint, seen: &Observation, id: ComponentId) -> f64 {
    seen.gauges[id.index()].inside as f64 - busy(plan, seen, id)
}

/// A statistic of a histogram of nanoseconds, in seconds.
pub fn latency(histogram: &Histogram, stat: Stat) -> Result<f64, NoValue> {
    let count = histogram.count();
    if count == 0 {
        return Err(NoValue::Empty);
    }
    match stat {
        Stat::Mean | Stat::Chance | Stat::First | Stat::Year(_) => {
            histogram.mean().map(|nanos| nanos / 1e9).ok_or(NoValue::Empty)
        }
        Stat::Max => histogram.max().map(|nanos| nanos as f64 / 1e9).ok_or(NoValue::Empty),
        Stat::Deviation => {
            let mean = histogram.mean().ok_or(NoValue::Empty)?;
            let mut sum = 0.0;
            for (low, high, times) in histogram.buckets() {
                let middle = low as f64 + (high - low) as f64 / 2.0;
                sum += (middle - mean) * (middle - mean) * times as f64;
            }
            Ok((sum / count as f64).sqrt() / 1e9)
        }
        Stat::Quantile(level) => {
            let need = samples_needed(level).unwrap_or(u64::MAX);
            if count < need {
                return Err(NoValue::TooFew { have: count, need });
            }
            histogram.quantile(level).map(|nanos| nanos as f64 / 1e9).ok_or(NoValue::Empty)
        }
    }
}
