//! Figures resolved against a blueprint, and their value in one replication.

use crate::model::blueprint::{Blueprint, Config, Part};
use crate::model::cdn::EDGE;
use crate::model::database::{Counts, Lag};
use crate::model::flow_share::PACE;
use crate::model::gauge::{ByNumber, Gauge, Levels};
use crate::model::ids::ComponentId;
use crate::model::record::{Attempts, OUTCOMES};
use crate::model::route::{Asks, CallKind};
use crate::observe::histogram::Histogram;
use crate::plan::compile::beliefs_name;
use crate::plan::figure::registry::PER;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;
use crate::solve::requests::{Observation, Tally};
use crate::solve::series::{Meter, Series};
use crate::stats::interval::Statistic;
use crate::stats::quantile::samples_needed;
use crate::study::intervals::{Every, Kept};
use crate::units::SimDuration;

/// Whose readings a figure adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meters {
    /// Components, by id.
    Parts(Vec<ComponentId>),
    /// Zones, by place in the blueprint.
    Zones(Vec<usize>),
}

/// A number of something with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Inside.
    Inside,
    /// In line.
    Line,
    /// In service.
    Busy,
}

impl Number {
    fn of(self, all: &ByNumber) -> Option<&Levels> {
        match self {
            Self::Inside => all.inside.as_ref(),
            Self::Line => all.line.as_ref(),
            Self::Busy => all.busy.as_ref(),
        }
    }
}

/// A figure that one replication can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Latency of a class.
    Latency(usize, Stat),
    /// Latency of a workload's page views.
    ViewLatency(usize, Stat),
    /// Share of the requests of a class that take longer.
    Slower(usize, SimDuration),
    /// Share of the page views of a workload that take longer.
    ViewSlower(usize, SimDuration),
    /// Latency of the requests of a class that no edge of a CDN had.
    MissLatency(usize, Stat),
    /// Waiting at stations.
    Waiting(Vec<ComponentId>, Stat),
    /// Share of the visits to stations that wait longer.
    WaitingOver(Vec<ComponentId>, SimDuration),
    /// Mean time in line of a class, over all its visits.
    ClassWaiting(usize),
    /// Mean sojourn.
    Sojourn(Vec<ComponentId>),
    /// A statistic of the visits.
    Visits(Vec<ComponentId>, Stat),
    /// Share of the visits that last longer.
    VisitsOver(Vec<ComponentId>, SimDuration),
    /// Mean number inside.
    Inside(Vec<ComponentId>),
    /// Share of time with at least so many inside.
    InsideChance(Vec<ComponentId>, usize),
    /// A statistic over time of a number.
    OverTime(Number, Vec<ComponentId>, Stat),
    /// When there are first so many, after the window's start.
    First(Number, Vec<ComponentId>, usize),
    /// How long after a disturbance there are first no more inside than without it.
    Drain(Vec<ComponentId>),
    /// A statistic over the intervals of a window.
    Every(Every),
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
    /// Bits per second that cross links.
    Transfer(Vec<ComponentId>),
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
    /// Of what has no limit.
    Unlimited,
    /// Of a capacity: fewer than the smallest rate tried.
    FewerThan(f64),
    /// Of a capacity: more than the largest rate tried.
    MoreThan(f64),
    /// It was told to stop before it was found.
    Stopped,
    /// Nothing of the kind in so many years.
    NoneIn(f64),
    /// It is a name and no number.
    Name,
    /// The command, or its flags, do not estimate it.
    NotEstimated,
    /// Not before so many seconds, when this replication ended.
    Later(f64),
    /// Some replications ended before it came to pass.
    AtLeast {
        /// The mean over the replications, up to the end of each, s.
        mean: f64,
        /// The lower end of its interval, s.
        low: f64,
        /// How many ended before.
        later: u64,
        /// Of so many.
        of: u64,
    },
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
            Self::Unlimited => f.write_str("unlimited"),
            Self::FewerThan(rate) => write!(f, "fewer than {rate:.1}/s, the smallest rate tried"),
            Self::MoreThan(rate) => write!(f, "more than {rate:.1}/s, the largest rate tried"),
            Self::Stopped => f.write_str("stopped before it was found"),
            Self::Name => f.write_str("a name"),
            Self::NotEstimated => f.write_str("not estimated"),
            Self::NoneIn(years) => write!(f, "none in {years:.0} years"),
            Self::Later(seconds) => write!(f, "later than {}", rough(*seconds)),
            Self::AtLeast { mean, later, of, .. } => {
                write!(f, "at least {}: {later} of {of} runs ended before", rough(*mean))
            }
            Self::NotYet { failed, of } => {
                write!(f, "{failed} of {of} replications failed within the horizon")
            }
        }
    }
}

/// A time in seconds to four digits or so.
fn rough(seconds: f64) -> String {
    match seconds {
        s if s >= 1_000.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s => format!("{:.2} ms", s * 1e3),
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
        return vec![ComponentId::at(index)];
    }
    let all = plan.parts.iter().enumerate().filter(|(_, part)| is(&part.name));
    all.map(|(index, _)| ComponentId::at(index)).collect()
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

/// A quantity that a component may have or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A queue with servers behind it.
    Queue,
    /// Times in the queue, one by one.
    Waits,
    /// The time at each number inside or in service.
    Levels,
    /// The time at each number in line.
    LineLevels,
    /// Times inside, one by one.
    Times,
    /// Visits that last.
    Visits,
    /// Completions.
    Completions,
}

impl Of {
    /// Whether a component of this configuration counts it.
    fn is_of(self, config: &Config) -> bool {
        match self {
            Self::Queue => match config {
                Config::Balancer(balancer) => balancer.room.is_some(),
                _ => matches!(
                    config,
                    Config::Station(_) | Config::Service(_) | Config::Disks(_) | Config::Head(_)
                ),
            },
            Self::Waits => match config {
                Config::Balancer(balancer) => balancer.room.is_some(),
                _ => matches!(config, Config::Station(_)),
            },
            Self::Levels | Self::Times => {
                matches!(config, Config::Station(_) | Config::Service(_))
            }
            Self::LineLevels => match config {
                Config::Balancer(balancer) => balancer.room.is_some(),
                _ => matches!(config, Config::Station(_) | Config::Service(_)),
            },
            Self::Visits => match config {
                Config::Balancer(balancer) => balancer.room.is_some(),
                _ => !matches!(
                    config,
                    Config::Cache(_)
                        | Config::Cdn(_)
                        | Config::Edge(_)
                        | Config::Names(_)
                        | Config::Uplink(_)
                        | Config::Database(_)
                ),
            },
            Self::Completions => {
                !matches!(config, Config::Names(_) | Config::Uplink(_) | Config::Database(_))
            }
        }
    }

    /// What there is of components without it.
    fn instead(self, plan: &Blueprint, figure: &Figure, parts: &[ComponentId]) -> Option<String> {
        let mean = match self {
            Self::Levels if figure.metric == Metric::Busy => Self::Queue,
            Self::Levels | Self::Times => Self::Visits,
            Self::LineLevels => Self::Queue,
            _ => return None,
        };
        let path = figure.text().split(['[', '@']).next()?;
        // Without the statistic, which is its last word.
        let (path, word) = path.rsplit_once('.').filter(|_| figure.stat.is_some())?;
        let window = figure.window.as_ref().map_or_else(String::new, |window| format!("@{window}"));
        if !parts.iter().all(|id| mean.is_of(&plan.parts[id.index()].config)) {
            return None;
        }
        let mut help = format!("there is the mean, `{path}{window}`");
        let around = figure.window.as_ref().is_some_and(|window| window.contains('/'));
        let spread = !matches!(figure.stat, Some(Stat::Chance | Stat::First));
        if spread && !around && matches!(figure.metric, Metric::InSystem | Metric::Queue) {
            help += &format!(", or by interval `{path}.{word}[{PER}=5min]{window}`");
        }
        Some(help)
    }

    /// Why a component has none.
    const fn missing(self) -> &'static str {
        match self {
            Self::Queue => "it has no queue with servers behind it",
            Self::Waits => {
                "the times in a queue are kept of stations and of the queues of balancers"
            }
            Self::Levels => "the time at each number is kept of stations and services",
            Self::LineLevels => {
                "the time at each number in line is kept of stations, services and balancers with a `member-limit`"
            }
            Self::Times => "visits are timed one by one at stations and services",
            Self::Visits => "a look-up there takes no time",
            Self::Completions => "nothing is completed there",
        }
    }
}

impl Measure {
    /// What `figure` asks of a replication.
    ///
    /// # Errors
    ///
    /// The component or class of which there is no such figure.
    pub fn resolve(plan: &Blueprint, figure: &Figure) -> Result<Self, NoSuchFigure> {
        let class = |name: &str| {
            let known = plan.routes.classes.iter().position(|class| class.name == name);
            known.filter(|_| figure.resource.is_none())
        };
        let of_class = |index: usize| {
            plan.workloads.iter().position(|workload| workload.class.index() == index)
        };
        let scope = figure.scope.as_str();
        let stat = figure.stat.unwrap_or(Stat::Mean);
        let missing = || {
            let message = format!("`{figure}`: there is nothing called `{scope}` to measure");
            Err(NoSuchFigure::new(message).help_if(Self::nearest(plan, figure)))
        };
        let share = stat == Stat::Chance;
        let over = || {
            let over = figure.key("over").and_then(|text| SimDuration::parse(text).ok());
            over.ok_or_else(|| NoSuchFigure::new(format!("`{figure}` needs `[over=...]`")))
        };
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
        let counted = |parts: Vec<ComponentId>, of: Of, make: &dyn Fn(Vec<ComponentId>) -> Self| {
            let none = parts.iter().find(|id| !of.is_of(&plan.parts[id.index()].config));
            match none {
                Some(id) => Err(NoSuchFigure::new(format!(
                    "`{figure}`: `{}` has no such figure: {}",
                    plan.parts[id.index()].name,
                    of.missing()
                ))
                .help_if(of.instead(plan, figure, &parts))),
                None => some(parts, make),
            }
        };
        let at_least = || -> Result<usize, NoSuchFigure> {
            let number = figure.key("at-least").and_then(|text| text.parse().ok());
            number.ok_or_else(|| NoSuchFigure::new(format!("`{figure}` needs `[at-least=n]`")))
        };
        let number = match figure.metric {
            Metric::Queue => Number::Line,
            Metric::Busy => Number::Busy,
            _ => Number::Inside,
        };
        let levels = if number == Number::Line { Of::LineLevels } else { Of::Levels };
        let every = Every::of(figure);
        let each = |kept: Kept, parts: &[ComponentId], every: Every| {
            let meters = parts.iter().map(|id| Meter::Part(*id)).collect();
            Self::Every(Every { kept, meters, ..every })
        };
        match figure.metric {
            Metric::Latency => {
                if let Some(index) = class(scope) {
                    return Ok(match stat {
                        Stat::Chance => Self::Slower(index, over()?),
                        stat => Self::Latency(index, stat),
                    });
                }
                if let Some(index) = scope.strip_suffix("-miss").and_then(class) {
                    return match (plan.routes.classes[index].cdns[EDGE], stat) {
                        (None, _) => {
                            let message = format!("`{figure}`: the class enters at no CDN");
                            Err(NoSuchFigure::new(message))
                        }
                        (Some(_), Stat::Chance) => {
                            let message =
                                format!("`{figure}`: of the misses no share over a time is kept");
                            Err(NoSuchFigure::new(message).help("ask for a percentile"))
                        }
                        (Some(_), stat) => Ok(Self::MissLatency(index, stat)),
                    };
                }
                let page = scope.strip_suffix("-view").and_then(class).and_then(of_class);
                match (page, stat) {
                    (None, _) => missing(),
                    (Some(workload), Stat::Chance) => Ok(Self::ViewSlower(workload, over()?)),
                    (Some(workload), stat) => Ok(Self::ViewLatency(workload, stat)),
                }
            }
            Metric::Waiting => {
                if parts.is_empty()
                    && let Some(index) = class(scope)
                {
                    return match stat {
                        Stat::Mean => Ok(Self::ClassWaiting(index)),
                        _ => Err(NoSuchFigure::new(format!(
                            "`{figure}`: of a class the mean wait is known alone"
                        ))
                        .help(format!("write `waiting.{scope}`, or ask a station"))),
                    };
                }
                match stat {
                    Stat::Mean => {
                        counted(parts, Of::Queue, &|parts| Self::Waiting(parts, Stat::Mean))
                    }
                    Stat::Chance => {
                        let over = over()?;
                        counted(parts, Of::Waits, &|parts| Self::WaitingOver(parts, over))
                    }
                    stat => counted(parts, Of::Waits, &|parts| Self::Waiting(parts, stat)),
                }
            }
            Metric::Sojourn => match stat {
                Stat::Mean => counted(parts, Of::Visits, &Self::Sojourn),
                Stat::Chance => {
                    let over = over()?;
                    counted(parts, Of::Times, &|parts| Self::VisitsOver(parts, over))
                }
                stat => counted(parts, Of::Times, &|parts| Self::Visits(parts, stat)),
            },
            Metric::InSystem | Metric::Queue if every.is_some() => {
                let every = every.expect("just tested");
                let (of, kept) = match number {
                    Number::Line => (Of::Queue, Kept::Line),
                    _ => (Of::Visits, Kept::Inside),
                };
                counted(parts, of, &|parts| each(kept, &parts, every.clone()))
            }
            Metric::InSystem | Metric::Queue if stat == Stat::First => {
                let at_least = at_least()?;
                counted(parts, levels, &|parts| Self::First(number, parts, at_least))
            }
            Metric::InSystem if share => {
                let at_least = at_least()?;
                counted(parts, levels, &|parts| Self::InsideChance(parts, at_least))
            }
            Metric::InSystem | Metric::Queue | Metric::Busy if stat != Stat::Mean => {
                counted(parts, levels, &|parts| Self::OverTime(number, parts, stat))
            }
            Metric::Drain => counted(parts, levels, &Self::Drain),
            Metric::InSystem => counted(parts, Of::Visits, &Self::Inside),
            Metric::Queue => counted(parts, Of::Queue, &Self::Queue),
            Metric::Busy => counted(parts, Of::Queue, &Self::Busy),
            Metric::Utilization => {
                let found = Self::utilization(plan, figure, parts)?;
                let (Some(every), Self::Utilization(meters)) = (every, &found) else {
                    return Ok(found);
                };
                let meters = match meters {
                    Meters::Parts(parts) => parts.iter().map(|id| Meter::Part(*id)).collect(),
                    Meters::Zones(zones) => zones.iter().map(|zone| Meter::Zone(*zone)).collect(),
                };
                Ok(Self::Every(Every { kept: Kept::Utilization, meters, ..every }))
            }
            Metric::Hit => {
                // The memory of a server is named with what it stands in front of: `box-1.local`.
                let there = figure.resource.is_none() || !parts.is_empty();
                let caches = there.then(|| members(plan, &format!("{scope}.objects")));
                let mut caches = caches.unwrap_or_default();
                if caches.is_empty() {
                    let edge =
                        |id: &ComponentId| matches!(plan.parts[id.index()].config, Config::Edge(_));
                    caches = parts.into_iter().filter(edge).collect();
                }
                some(caches, &Self::Hit)
            }
            Metric::Throughput if every.is_some() => {
                let every = every.expect("just tested");
                match class(scope) {
                    Some(index) => {
                        let meters = vec![Meter::Class(index)];
                        Ok(Self::Every(Every { kept: Kept::Rate, meters, ..every }))
                    }
                    None => counted(parts, Of::Completions, &|parts| {
                        each(Kept::Rate, &parts, every.clone())
                    }),
                }
            }
            Metric::Throughput => match class(scope) {
                Some(index) => Ok(Self::ClassThroughput(index)),
                None => counted(parts, Of::Completions, &Self::Throughput),
            },
            Metric::Transfer => Self::transfer(plan, figure, parts),
            Metric::Arrivals | Metric::ArrivalRate => {
                let Some(workload) = class(scope).and_then(of_class) else { return missing() };
                if let Some(every) = every {
                    let meters = vec![Meter::Workload(workload)];
                    return Ok(Self::Every(Every { kept: Kept::Count, meters, ..every }));
                }
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
                    Some(word) => {
                        Some(OUTCOMES.iter().position(|name| *name == word).ok_or_else(|| {
                            format!("`{figure}`: outcomes are {}", OUTCOMES.join(", "))
                        })?)
                    }
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
                    Some(name) => {
                        let found = plan.causes.iter().position(|cause| cause == name);
                        Some(found.ok_or_else(|| {
                            let known: Vec<&str> = plan.causes.iter().map(String::as_str).collect();
                            NoSuchFigure::new(format!("`{figure}`: there is no cause `{name}`"))
                                .help_if(suggest::help(name, &known, "there are"))
                        })?)
                    }
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
                    _ => Err(NoSuchFigure::new(format!(
                        "`{figure}`: lag is that of one member of a replicated database, \
                         `mysql-2` say"
                    ))),
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
                    (_, Some(_)) => Counted::WithoutADeath,
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
            // The registry gives these to other solvers.
            _ => Err(NoSuchFigure::new(format!("`{figure}` is no figure of a window"))),
        }
    }

    /// The name nearest to the scope of a figure, of what could be meant.
    fn nearest(plan: &Blueprint, figure: &Figure) -> Option<String> {
        let classes = plan.routes.classes.iter().map(|class| class.name.clone());
        let views = plan.routes.classes.iter().map(|class| format!("{}-view", class.name));
        let groups = |name: &str| {
            crate::plan::names::split_member(name)
                .map_or_else(|| name.to_string(), |(group, _)| group.to_string())
        };
        // No name of a file has a blank: such parts are not declared.
        let parts = plan.parts.iter().filter(|part| !part.name.contains(' ')).take(1_000);
        let parts = parts.flat_map(|part| [part.name.clone(), groups(&part.name)]);
        let of = figure.row().of;
        let mut all: Vec<String> = if of.first().is_some_and(|of| of.is_class()) {
            let views = views.filter(|_| figure.metric == Metric::Latency);
            classes.chain(views).collect()
        } else {
            parts.chain(classes.filter(|_| of.iter().any(|of| of.is_class()))).collect()
        };
        all.sort();
        all.dedup();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        suggest::help(&figure.scope, &all, "there are")
    }

    /// Whether it is the difference between a run around a break and the same stretch without.
    #[must_use]
    pub const fn is_paired(&self) -> bool {
        matches!(self, Self::Missed(_) | Self::Losing(_))
    }

    /// What one thing adds to the value of a replication: 1 to a count, one over the trials to a share, the
    /// mean stay over the length to a share of time. `None` of what is no count of rare things, or where there
    /// were no trials.
    #[must_use]
    pub fn unit(&self, seen: &Observation) -> Option<f64> {
        let of_trials = |trials: u64| (trials > 0).then(|| 1.0 / trials as f64);
        let gauges = |parts: &[ComponentId], of: &dyn Fn(&Gauge) -> u64| -> u64 {
            parts.iter().map(|id| of(&seen.gauges[id.index()])).sum()
        };
        match self {
            Self::Lost(workload, _, true) | Self::Served(workload, true) => {
                of_trials(seen.record.views[*workload].intended)
            }
            Self::Attempts(class, Some(_), true) => {
                of_trials(seen.record.classes[*class].attempts.begun)
            }
            Self::Lost(_, _, false)
            | Self::Attempts(_, Some(_), false)
            | Self::Unanswered(_)
            | Self::Missed(_) => Some(1.0),
            Self::Database(groups, Counted::StaleShare) => {
                let read = seen.databases.iter().filter(|r| groups.contains(&r.group));
                of_trials(read.map(|reading| reading.counts.slave_reads).sum())
            }
            Self::Database(..) => Some(1.0),
            Self::Losing(_) => Some(1.0 / seen.last.seconds()).filter(|unit| unit.is_finite()),
            Self::Slower(class, _) => of_trials(seen.record.classes[*class].latency.count()),
            Self::ViewSlower(workload, _) => {
                of_trials(seen.record.views[*workload].latency.count())
            }
            Self::WaitingOver(parts, _) => {
                of_trials(times(&seen.waits, parts).map_or(0, |histogram| histogram.count()))
            }
            Self::VisitsOver(parts, _) => {
                of_trials(times(&seen.sojourns, parts).map_or(0, |histogram| histogram.count()))
            }
            Self::Hit(parts) => of_trials(gauges(parts, &|gauge| gauge.arrived)),
            Self::InsideChance(parts, _) => {
                let came = gauges(parts, &|gauge| gauge.arrived - gauge.refused);
                let inside = parts.iter().map(|id| seen.gauges[id.index()].inside).sum::<u128>();
                let stays = inside as f64 / seen.length.nanos() as f64;
                (came > 0).then(|| (stays / came as f64).min(1.0)).filter(|unit| *unit > 0.0)
            }
            _ => None,
        }
    }

    /// Whether a value is a share, from 0 to 1.
    #[must_use]
    pub const fn is_share(&self) -> bool {
        match self {
            Self::Lost(_, _, share) | Self::Served(_, share) | Self::Attempts(_, _, share) => {
                *share
            }
            Self::Database(_, counted) => matches!(counted, Counted::StaleShare),
            Self::Slower(..)
            | Self::ViewSlower(..)
            | Self::WaitingOver(..)
            | Self::VisitsOver(..)
            | Self::Hit(_)
            | Self::InsideChance(..) => true,
            _ => false,
        }
    }

    /// What is estimated from its values over the replications.
    #[must_use]
    pub const fn statistic(&self) -> Statistic {
        match self {
            Self::Arrivals(_, statistic) => *statistic,
            _ => Statistic::Mean,
        }
    }

    /// The largest value it can have, where there is one below which a correction must keep it.
    #[must_use]
    pub fn most(&self, seen: &[&Observation]) -> Option<f64> {
        match self {
            Self::Utilization(_) => Some(1.0),
            Self::Transfer(links) => {
                let bandwidth = |one: &&Observation| {
                    let all = links.iter().map(|id| one.gauges[id.index()].capacity).sum();
                    bits_per_second(all, one)
                };
                seen.iter().map(bandwidth).max_by(f64::total_cmp)
            }
            _ => None,
        }
    }

    /// The rate at which bytes cross links, if `parts` are links.
    fn transfer(
        plan: &Blueprint,
        figure: &Figure,
        parts: Vec<ComponentId>,
    ) -> Result<Self, NoSuchFigure> {
        let is_link = |part: &Part| matches!(part.config, Config::Link(_));
        if !parts.is_empty() && parts.iter().all(|id| is_link(&plan.parts[id.index()])) {
            return Ok(Self::Transfer(parts));
        }
        let scope = match &figure.resource {
            Some(resource) => format!("{}.{resource}", figure.scope),
            None => figure.scope.clone(),
        };
        let of = |id: &ComponentId| matches!(plan.parts[id.index()].config, Config::Uplink(_));
        let why = match parts.iter().any(of) {
            true => "the uplinks of a site are counted together",
            false => "bytes are counted of switches of racks and of the uplinks of sites",
        };
        let mut links: Vec<&str> =
            plan.parts.iter().filter(|part| is_link(part)).map(|part| part.name.as_str()).collect();
        links.sort_unstable();
        let help = match links.is_empty() {
            true => Some("give the rack a `switch`, or its site `uplinks`".to_string()),
            false => suggest::help(&scope, &links, "there are"),
        };
        Err(NoSuchFigure::new(format!("`{figure}`: `{scope}` has no such figure: {why}"))
            .help_if(help))
    }

    fn utilization(
        plan: &Blueprint,
        figure: &Figure,
        parts: Vec<ComponentId>,
    ) -> Result<Self, NoSuchFigure> {
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
            return Err(NoSuchFigure::new(format!(
                "`{figure}`: `{scope}` has no resource `{resource}`"
            )));
        }
        if parts.is_empty() {
            let zones = zones(plan, scope);
            if zones.is_empty() {
                let message = format!("`{figure}`: there is nothing called `{scope}` to measure");
                return Err(NoSuchFigure::new(message).help_if(Self::nearest(plan, figure)));
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

    /// What has to be kept for it interval by interval.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        let every = if let Self::Every(every) = self { Some(every) } else { None };
        every.into_iter().flat_map(Every::series)
    }

    /// The components whose numbers have to be taken together for it.
    #[must_use]
    pub fn together(&self) -> Option<&[ComponentId]> {
        match self {
            Self::OverTime(_, parts, _)
            | Self::First(_, parts, _)
            | Self::Drain(parts)
            | Self::InsideChance(parts, _) => (parts.len() > 1).then_some(parts.as_slice()),
            _ => None,
        }
    }

    /// Its value in one replication, in base units.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when the replication cannot say.
    pub fn value(&self, plan: &Blueprint, seen: &Observation) -> Result<f64, NoValue> {
        self.value_beside(plan, seen, None)
    }

    /// As [`Self::value`], of a run around a break, beside that of the same stretch without one.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn value_beside(
        &self,
        plan: &Blueprint,
        seen: &Observation,
        well: Option<&Observation>,
    ) -> Result<f64, NoValue> {
        let seconds = seen.length.seconds();
        let total = |parts: &[ComponentId], of: &dyn Fn(&Gauge) -> u128| -> u128 {
            parts.iter().map(|id| of(&seen.gauges[id.index()])).sum()
        };
        let nanos = seen.length.nanos() as f64;
        match self {
            Self::Latency(class, stat) => latency(&seen.record.classes[*class].latency, *stat),
            Self::MissLatency(class, stat) => latency(&seen.record.classes[*class].missed, *stat),
            Self::ViewLatency(workload, stat) => {
                latency(&seen.record.views[*workload].latency, *stat)
            }
            Self::Slower(class, over) => slower(&seen.record.classes[*class].latency, *over),
            Self::ViewSlower(workload, over) => {
                slower(&seen.record.views[*workload].latency, *over)
            }
            Self::Waiting(parts, Stat::Mean) => {
                // Mean time in line by Little's law for the line: area under it over arrivals.
                let line = parts.iter().map(|id| line(plan, seen, *id)).sum::<f64>();
                let came = total(parts, &|gauge| u128::from(gauge.arrived - gauge.refused));
                if came == 0 { Err(NoValue::Empty) } else { Ok(line / came as f64 / 1e9) }
            }
            Self::Waiting(parts, stat) => latency(&times(&seen.waits, parts)?, *stat),
            Self::WaitingOver(parts, over) => slower(&times(&seen.waits, parts)?, *over),
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
            Self::Visits(parts, stat) => latency(&times(&seen.sojourns, parts)?, *stat),
            Self::VisitsOver(parts, over) => slower(&times(&seen.sojourns, parts)?, *over),
            Self::OverTime(number, parts, stat) => {
                let levels = levels(seen, *number, parts)?;
                match stat {
                    Stat::Quantile(level) => levels.quantile(*level).map(|number| number as f64),
                    Stat::Max => levels.max().map(|number| number as f64),
                    Stat::Deviation => levels.deviation(),
                    _ => levels.mean(),
                }
                .ok_or(NoValue::Empty)
            }
            Self::First(number, parts, at_least) => {
                let first = levels(seen, *number, parts)?.first(*at_least);
                first.map(SimDuration::seconds).ok_or(NoValue::Later(seconds))
            }
            Self::Drain(parts) => {
                let (area, length): (u128, _) = match (well, &seen.calm) {
                    (Some(well), _) => {
                        let inside = |id: &ComponentId| well.gauges[id.index()].inside;
                        (parts.iter().map(inside).sum(), well.length)
                    }
                    (None, Some(calm)) => {
                        (parts.iter().map(|id| calm.inside[id.index()]).sum(), calm.length)
                    }
                    // The disturbance was not over.
                    (None, None) => return Err(NoValue::Later(0.0)),
                };
                // Whole customers: no more than the mean are no more than its whole part.
                let without = area / u128::from(length.nanos().max(1));
                let without = usize::try_from(without).unwrap_or(usize::MAX);
                let back = levels(seen, Number::Inside, parts)?.back(without);
                let end = seen.followed.seconds();
                back.map(SimDuration::seconds).ok_or(NoValue::Later(end))
            }
            Self::Every(every) => every.value(plan, &seen.series),
            Self::Inside(parts) => Ok(total(parts, &|gauge| gauge.inside) as f64 / nanos),
            Self::InsideChance(parts, at_least) => {
                let levels = levels(seen, Number::Inside, parts)?;
                Ok(levels.at_least(*at_least) as f64 / nanos)
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
            Self::Transfer(links) => Ok(bits_per_second(total(links, &|gauge| gauge.busy), seen)),
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

/// What links moved, or could, over the window, in 1 / [`PACE`] bytes a second × ns: its mean in bits a second.
fn bits_per_second(moved: u128, seen: &Observation) -> f64 {
    moved as f64 * 8.0 / PACE as f64 / seen.length.nanos() as f64
}

/// The times kept of several components together.
fn times(kept: &[Option<Histogram>], parts: &[ComponentId]) -> Result<Histogram, NoValue> {
    let mut all = Histogram::new();
    for id in parts {
        all.merge(kept[id.index()].as_ref().ok_or(NoValue::NotKept)?);
    }
    Ok(all)
}

/// The times at each number of components together.
fn levels<'s>(
    seen: &'s Observation,
    number: Number,
    parts: &[ComponentId],
) -> Result<&'s Levels, NoValue> {
    let all = seen.numbers.iter().find(|(of, _)| of == parts);
    all.and_then(|(_, all)| number.of(all)).ok_or(NoValue::NotKept)
}

/// The share of what a histogram holds that lies above a duration.
fn slower(histogram: &Histogram, over: SimDuration) -> Result<f64, NoValue> {
    match histogram.count() {
        0 => Err(NoValue::Empty),
        count => Ok(1.0 - histogram.count_at_most(over.nanos()) as f64 / count as f64),
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
        Stat::Mean => histogram.mean().map(|nanos| nanos / 1e9).ok_or(NoValue::Empty),
        // No statistic of a histogram: the registry lets none come here.
        Stat::Chance | Stat::Dispersion | Stat::First | Stat::Year(_) => Err(NoValue::NotKept),
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
