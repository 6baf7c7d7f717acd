//! Resolution of a figure to the measure of a blueprint; if there is none, the reason and an alternative.

use super::{Measure, Number};
use crate::model::blueprint::{Blueprint, Config};
use crate::model::ids::ComponentId;
use crate::model::record::OUTCOMES;
use crate::plan::figure::own::{self, Meters, Reading, named};
use crate::plan::figure::registry::{By, PER};
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;
use crate::solve::series::Meter;
use crate::stats::interval::Statistic;
use crate::study::energy::Drawn;
use crate::study::intervals::{Every, Kept};
use crate::units::SimDuration;

/// A quantity that a component may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A queue with servers behind it.
    Queue,
    /// Times in the queue, one by one.
    Waits,
    /// The time at each number inside or in service.
    Levels,
    /// The time at each queue length.
    LineLevels,
    /// The time at each number of busy servers.
    BusyLevels,
    /// Times inside, one by one.
    Times,
    /// Visits that take time.
    Visits,
    /// Completions.
    Completions,
}

impl Of {
    /// Returns whether a component of this configuration counts it.
    fn is_of(self, config: &Config) -> bool {
        let counts = config.counts();
        match self {
            Self::Queue => counts.line,
            Self::Waits => counts.waits,
            Self::Levels | Self::Times => counts.levels,
            Self::LineLevels => counts.line_levels,
            Self::BusyLevels => counts.levels && counts.line,
            Self::Visits => counts.visits,
            Self::Completions => counts.completions,
        }
    }

    /// Returns the alternative for components that lack it.
    fn instead(self, plan: &Blueprint, figure: &Figure, parts: &[ComponentId]) -> Option<String> {
        let mean = match self {
            Self::BusyLevels => Self::Queue,
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

    /// Returns the reason why a component lacks it.
    const fn missing(self) -> &'static str {
        match self {
            Self::Queue | Self::BusyLevels => "it has no queue with servers behind it",
            Self::Waits => {
                "the times in a queue are kept of stations whose customers queue, and of the queues of balancers"
            }
            Self::Levels => "the time at each number is kept of stations and services",
            Self::LineLevels => {
                "the time at each number in the queue is kept of stations whose customers queue, of \
                 services, and of balancers with a `member-limit`"
            }
            Self::Times => "visits are timed one by one at stations and services",
            Self::Visits => "a look-up there takes no time",
            Self::Completions => "nothing is completed there",
        }
    }
}

impl Measure {
    /// Resolves `figure` to a measure of one replication.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], with the component or class that has no such figure.
    pub fn resolve(plan: &Blueprint, figure: &Figure) -> Result<Self, NoSuchFigure> {
        let stat = figure.stat.unwrap_or(Stat::Mean);
        if let Some(found) = own::read(plan, figure) {
            return Ok(Self::of_kind(found?, stat));
        }
        let class = |name: &str| {
            let known = plan.routes.classes.iter().position(|class| class.name == name);
            known.filter(|_| figure.resource.is_none())
        };
        let of_class = |index| Some(plan.workloads_of(index)).filter(|of| !of.is_empty());
        let scope = figure.scope.as_str();
        let missing = || Err(Self::missing(plan, figure));
        let share = stat == Stat::Chance;
        let over = || {
            let over = figure.key("over").and_then(|text| SimDuration::parse(text).ok());
            over.ok_or_else(|| NoSuchFigure::new(format!("`{figure}` needs `[over=...]`")))
        };
        let meters =
            own::stands_for(plan, figure).unwrap_or_else(|| Meters::Parts(named(plan, figure)));
        let parts = match &meters {
            Meters::Parts(parts) => parts.clone(),
            Meters::Zones(_) => Vec::new(),
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
        let levels = match number {
            Number::Line => Of::LineLevels,
            Number::Busy => Of::BusyLevels,
            Number::Inside => Of::Levels,
        };
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
                let page = scope.strip_suffix("-view").and_then(class).and_then(of_class);
                match (page, stat) {
                    (None, _) => missing(),
                    (Some(of), Stat::Chance) => Ok(Self::ViewSlower(of, over()?)),
                    (Some(of), stat) => Ok(Self::ViewLatency(of, stat)),
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
                if meters == Meters::Parts(Vec::new()) {
                    let Some(resource) = &figure.resource else { return missing() };
                    let message = format!("`{figure}`: `{scope}` has no resource `{resource}`");
                    return Err(NoSuchFigure::new(message));
                }
                let Some(every) = every else { return Ok(Self::Utilization(meters)) };
                let meters = match meters {
                    Meters::Parts(parts) => parts.into_iter().map(Meter::Part).collect(),
                    Meters::Zones(zones) => zones.into_iter().map(Meter::Zone).collect(),
                };
                Ok(Self::Every(Every { kept: Kept::Utilization, meters, ..every }))
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
            Metric::Arrivals | Metric::ArrivalRate => {
                let Some(of) = class(scope).and_then(of_class) else { return missing() };
                if let Some(every) = every {
                    let meters = of.into_iter().map(Meter::Workload).collect();
                    return Ok(Self::Every(Every { kept: Kept::Count, meters, ..every }));
                }
                let spread = stat == Stat::Deviation;
                Ok(if figure.metric == Metric::Arrivals {
                    let statistic = if spread { Statistic::Deviation } else { Statistic::Mean };
                    Self::Arrivals(of, statistic)
                } else {
                    Self::ArrivalRate(of)
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
                let Some(of) = class(scope).and_then(of_class) else { return missing() };
                if figure.metric == Metric::Served {
                    return Ok(Self::Served(of, share));
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
                Ok(Self::Lost(of, cause, share))
            }
            Metric::Missed | Metric::Losing => {
                let Some(of) = class(scope).and_then(of_class) else { return missing() };
                let missed = figure.metric == Metric::Missed;
                Ok(if missed { Self::Missed(of) } else { Self::Losing(of) })
            }
            Metric::Power | Metric::Energy | Metric::Carbon | Metric::EnergyCost => {
                Drawn::resolve(&plan.power, figure).map(Self::Drawn)
            }
            Metric::ViewsPerKwh => {
                let Some(of) = class(scope).and_then(of_class) else { return missing() };
                Drawn::resolve(&plan.power, figure).map(|_| Self::PerKwh(of))
            }
            // No component that the path names has this figure of a kind.
            _ if figure.row().by == By::Requests && figure.metric != Metric::Verdict => missing(),
            // A word, or a figure of another solver.
            _ => Err(NoSuchFigure::new(format!("`{figure}` is no figure of a window"))),
        }
    }

    /// Returns the measure of a figure that a kind of component answers.
    fn of_kind(reading: Reading, stat: Stat) -> Self {
        match reading {
            Reading::Counts(parts, how) => Self::Tally(parts, how),
            Reading::Times(parts) => Self::Visits(parts, stat),
            Reading::Quantity(part, place) => Self::Quantity(part, place, stat),
            Reading::Unanswered(calls) => Self::Unanswered(calls),
            Reading::Misses(class) => Self::MissLatency(class, stat),
        }
    }

    /// Describes a figure of a class or a part that has no such figure, or of a name that is neither.
    fn missing(plan: &Blueprint, figure: &Figure) -> NoSuchFigure {
        let scope = figure.scope.as_str();
        let is_class = plan.routes.classes.iter().any(|class| class.name == scope);
        if is_class || plan.parts.iter().any(|part| part.name == scope) {
            return NoSuchFigure::new(format!("`{figure}`: `{scope}` has no such figure"));
        }
        let message = format!("`{figure}`: there is nothing called `{scope}` to measure");
        NoSuchFigure::new(message).help_if(Self::nearest(plan, figure))
    }

    /// Returns the known name nearest to the scope of a figure.
    fn nearest(plan: &Blueprint, figure: &Figure) -> Option<String> {
        let classes = plan.routes.classes.iter().map(|class| class.name.clone());
        let views = plan.routes.classes.iter().map(|class| format!("{}-view", class.name));
        let groups = |name: &str| {
            crate::plan::names::split_member(name)
                .map_or_else(|| name.to_string(), |(group, _)| group.to_string())
        };
        // Names in a file have no blank: parts with one are not declared.
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
}
