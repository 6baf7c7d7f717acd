//! Figure paths: one grammar for expectations, precision, gates and tables.
//!
//! ```text
//! figure = metric "." scope [ "." resource ] [ "." stat ] { "[" key "=" value "]" } [ "@" window ]
//! ```
//! The [registry] declares which statistics of which metric exist, where, and what estimates them.

pub mod own;
pub mod registry;

use std::fmt;

use crate::plan::names::{Kind, Names};
use crate::scenario::suggest;
use registry::{Row, Word};

/// Unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// Bits per second.
    BitsPerSecond,
    /// Dimensionless share or utilisation.
    Ratio,
    /// Number of items.
    Count,
    /// Dollars.
    Dollars,
    /// Dollars per month.
    DollarsPerMonth,
    /// Watts.
    Watts,
    /// Joules.
    Joules,
    /// Grams.
    Grams,
    /// Not a number but a name.
    Name,
}

impl FigureUnit {
    /// Returns the unit as shown in a table.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::PerSecond => "per s",
            Self::BitsPerSecond => "bit/s",
            Self::Ratio => "share",
            Self::Count => "number",
            Self::Dollars => "$",
            Self::DollarsPerMonth => "$ per month",
            Self::Watts => "W",
            Self::Joules => "J",
            Self::Grams => "g",
            Self::Name => "name",
        }
    }
}

/// Error of a path that names no figure of any command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchFigure {
    /// Description of the error in the path.
    pub message: String,
    /// Suggestion of what to write instead.
    pub help: Option<String>,
}

impl NoSuchFigure {
    /// Creates an error without a suggestion.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Creates the error for a figure that is a name where a number is needed.
    #[must_use]
    pub fn of_a_name(path: &str) -> Self {
        Self::new(format!("`{path}` is a name, and tables of figures hold numbers"))
            .help("ask for it in an `[[expect]]` of the scenario")
    }

    /// Adds a suggestion; an empty one is ignored.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }

    /// Adds a suggestion if there is one, and otherwise keeps the present one.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

impl From<String> for NoSuchFigure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<NoSuchFigure> for String {
    fn from(wrong: NoSuchFigure) -> Self {
        wrong.to_string()
    }
}

impl fmt::Display for NoSuchFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&suggest::with_help(self.message.clone(), self.help.clone()))
    }
}

/// Reason why a figure has no estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoFigure {
    /// No command estimates it: the scenario is refused.
    NoSuch(NoSuchFigure),
    /// This command does not estimate it, or not with these flags: expectations about it are not judged.
    NotEstimated {
        /// Reason.
        reason: String,
        /// Command that estimates it, if any does.
        judged_by: Option<&'static str>,
    },
}

impl From<NoSuchFigure> for NoFigure {
    fn from(wrong: NoSuchFigure) -> Self {
        Self::NoSuch(wrong)
    }
}

/// Direction in which users want a figure to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Larger values are better.
    More,
    /// Smaller values are better.
    Less,
    /// Neither is better: it is load, or a reaction to faults.
    Neither,
}

macro_rules! metrics {
    ($($Metric:ident = $id:literal, $unit:ident, $wanted:ident, $margin:literal, $least:literal, $meaning:literal;)*) => {
        /// Estimated quantity.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric { $(#[doc = $meaning] $Metric,)* }

        impl Metric {
            /// All metrics.
            pub const ALL: &'static [Self] = &[$(Self::$Metric,)*];

            /// Returns the metric's word in paths.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$Metric => $id,)* }
            }

            /// Returns the unit of its mean; a `chance` is a ratio for every metric.
            #[must_use]
            pub const fn unit(self) -> FigureUnit {
                match self { $(Self::$Metric => FigureUnit::$unit,)* }
            }

            /// Returns the direction in which users want it to change.
            #[must_use]
            pub const fn wanted(self) -> Wanted {
                match self { $(Self::$Metric => Wanted::$wanted,)* }
            }

            /// Returns the default relative margin of equivalence.
            #[must_use]
            pub const fn margin(self) -> f64 {
                match self { $(Self::$Metric => $margin,)* }
            }

            /// Returns the smallest difference in a window that matters, in base units; 0: every difference matters.
            #[must_use]
            pub const fn least_difference(self) -> f64 {
                match self { $(Self::$Metric => $least,)* }
            }

            /// Returns the meaning of the metric, as the reference prints it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$Metric => $meaning,)* }
            }
        }
    };
}

crate::kinds::each_metric! { metrics,
    Latency = "latency", Seconds, Less, 0.03, 1e-4, "Time from arrival at the edge to the answer, of the requests of a class; of `class-miss`: of the requests that no edge of a CDN answered; of `class-view`: from the last click to the last byte of the page view, since a user who retries clicks again.";
    Waiting = "waiting", Seconds, Less, 0.03, 1e-4, "Time in the queue of a station, of a class, or in the backlog of a service.";
    Sojourn = "sojourn", Seconds, Less, 0.03, 1e-4, "Time of one visit: waiting and service.";
    InSystem = "in-system", Count, Less, 0.03, 0.01, "Number of requests inside: its time average, or another statistic over time.";
    Queue = "queue", Count, Less, 0.05, 0.01, "Number of requests in the queue: its time average, or another statistic over time.";
    Busy = "busy", Count, Neither, 0.03, 0.01, "Number of busy servers: its time average, or another statistic over time.";
    Drain = "drain", Seconds, Neither, 0.1, 1e-3, "Time from the end of a disturbance until the number inside is first back at or below its value without the disturbance.";
    Utilization = "utilization", Ratio, Less, 0.02, 0.001, "Busy over capacity; over the horizon: its mean, a quantile over time, its `max` (the busiest hour of the week), or one `hour` of the week.";
    Throughput = "throughput", PerSecond, More, 0.02, 0.01, "Completions per second.";
    Transfer = "transfer", BitsPerSecond, Neither, 0.02, 1_000.0, "Mean rate at which bytes cross a switch, the uplinks of a site, or a link between sites.";
    Arrivals = "arrivals", Count, Neither, 0.02, 1.0, "Arrivals in the window; of a class with views: intended views.";
    ArrivalRate = "arrival-rate", PerSecond, Neither, 0.02, 0.01, "Arrivals per second.";
    Attempts = "attempts", Count, Neither, 0.05, 1.0, "Requests, by outcome.";
    Served = "served", Count, More, 0.02, 1.0, "Page views served, at the first attempt or a retry.";
    Lost = "lost", Count, Less, 0.1, 1.0, "Page views lost; over the horizon: per year, by `outcome` (fault, overload, planned) or `cause`.";
    Missed = "missed", Count, Less, 0.1, 1.0, "Around a break: page views that are lost or no longer requested, and that are served where nothing breaks.";
    Losing = "losing", PerSecond, Less, 0.1, 0.05, "Around a break: page views lost per second in the last minute, beyond those where nothing breaks.";
    Hit = "hit", Ratio, More, 0.02, 0.001, "Share of the look-ups that find their object.";
    Capacity = "capacity", PerSecond, More, 0.05, 0.0, "Highest rate that meets an objective.";
    Structural = "structural", Ratio, More, 0.03, 0.0, "Share of time with enough members up and reachable.";
    Continuous = "continuous", Ratio, More, 0.03, 0.0, "Share of time with enough members up and reachable and at most 1 % of the requests failing because a failure is not detected yet.";
    Request = "request", Ratio, More, 0.03, 0.0, "Share of the intended page views that are served; its `chance` of a month: the probability that the month serves the objective's share.";
    Objective = "objective", Ratio, More, 0.03, 0.0, "Share of 5-minute intervals in which less than 1 % of the page views are lost or stalled; over years, without the latency half of the objective.";
    Unavailability = "unavailability", Ratio, Less, 0.03, 0.0, "One minus the structural availability.";
    Downtime = "downtime", Seconds, Less, 0.1, 0.0, "Downtime per year, in which the class is not structurally available; by first `cause`, or while one is `contributing`.";
    Outages = "outages", Count, Less, 0.1, 0.0, "Outages per year; by first `cause`.";
    MeanTimeToFailure = "mttf", Seconds, More, 0.1, 0.0, "Mean time from the start to the first outage.";
    Lag = "lag", Seconds, Less, 0.05, 0.05, "Replication lag: age of the oldest write that a replica has not applied, over the time that it follows.";
    Backlog = "backlog", Count, Less, 0.05, 0.01, "Number of writes that a replica has not applied, over the time that it follows.";
    Stale = "stale", Count, Less, 0.1, 1.0, "Stale reads: answered by replicas of a database without a write that they should have had.";
    Failovers = "failovers", Count, Neither, 0.1, 1.0, "Failovers of a database that began; by `outcome`, the `failed` ones or those `without-a-death`. Over the horizon: takeovers and givebacks per year, also of balancers and heads; `[outcome=behind]`: failovers of a database to a member that had been away.";
    Interruptions = "interruptions", Count, Less, 0.1, 1.0, "Interruptions per year of a role that members take over from each other, in which no member serves: in a database, a pair of balancers, a pair of heads; by first `cause`.";
    Recovery = "recovery", Seconds, Less, 0.1, 0.0, "Time from when no member serves such a role until one does, over years.";
    LostWrites = "lost-writes", Count, Less, 0.1, 1.0, "Writes acknowledged by an old primary that the new one never received; over the horizon: per year, by first `cause`, or with `.mean` per failover.";
    DataLoss = "data-loss", Seconds, Less, 0.1, 0.0, "Age of the oldest write that a failover of a database loses, over years.";
    Restores = "restores", Count, Less, 0.1, 0.0, "Restores of a database per year, after a corruption or the loss of its disks; `[outcome=for-good]`: those that find no good backup, so that the data are lost for good.";
    RecoveryPoint = "recovery-point", Seconds, Less, 0.1, 0.0, "Time whose writes a restore from a backup loses (RPO), over years.";
    BackupAge = "backup-age", Seconds, Less, 0.1, 0.0, "Age of the backup from which a database is restored, when it is needed, over years.";
    RestoreTime = "restore-time", Seconds, Less, 0.1, 0.0, "Time from when a corruption is found, or the disks are lost, until the database is restored (RTO), over years.";
    UnrestoredWrites = "unrestored-writes", Count, Less, 0.1, 1.0, "Acknowledged writes that restores from a backup lose, per year over the horizon, or with `.mean` per restore.";
    SplitBrain = "split-brain", Count, Less, 0.1, 1.0, "Writes accepted by an old primary beside the new one, lost when it was cut off.";
    Conflicts = "conflicts", Count, Less, 0.1, 1.0, "Attempts of writes that members aborted because of another write of the row.";
    LockWaits = "lock-waits", Count, Less, 0.1, 1.0, "Writes whose first attempt waited for its row where it began.";
    FailedReads = "failed-reads", Count, Less, 0.1, 1.0, "Reads of a database that ended without an answer: refused, an error, timed out, abandoned.";
    FailedWrites = "failed-writes", Count, Less, 0.1, 1.0, "Writes of a database that ended without an answer: refused, an error, timed out, abandoned.";
    Headroom = "headroom", Ratio, More, 0.05, 0.001, "Spare share of a resource at the level of a window, in closed form; `[after-loss=...]`: after that part is lost and the redundant parts have taken over. Below zero where the offered load exceeds the capacity.";
    Cost = "cost", Dollars, Less, 0.0, 0.0, "Bill of the whole scenario by the prices of `[cost]`: the amount per month, or once. The two are never added.";
    CostPerMillion = "cost-per-million", Dollars, Less, 0.03, 0.0, "Monthly bill, without amounts paid once, per million page views served of a class.";
    LostCost = "lost-cost", Dollars, Less, 0.1, 0.0, "Cost of the page views that a class loses per month, at the price of a lost page.";
    Verdict = "verdict", Name, Neither, 0.0, 0.0, "Balance of a class: `stable`, `backlogged` (its backlog grows), `overloaded` (more than 1 % of its page views are not served), `metastable` (overloaded although the trigger has gone), `broken` (a part that it needs is) or `inconclusive`.";
    Saturates = "saturates", Ratio, Neither, 0.0, 0.0, "Resource that saturates first.";
    Power = "power", Watts, Less, 0.02, 0.1, "Mean electric power: of parts what they draw, of the whole scenario that times the PUE of their sites.";
    Energy = "energy", Joules, Less, 0.02, 1.0, "Electric energy in a window, or per year: of parts what they draw, of the whole scenario that times the PUE of their sites.";
    Carbon = "carbon", Grams, Less, 0.02, 0.1, "Carbon dioxide equivalent of the energy of the whole scenario, by the carbon intensity of the site in each hour of the day, in a window or per year.";
    EnergyCost = "energy-cost", Dollars, Less, 0.02, 0.0, "Cost of the energy of the whole scenario at the price of each site: in a window, or over the horizon per month.";
    ViewsPerKwh = "views-per-kwh", Count, More, 0.02, 0.0, "Page views of a class served per kilowatt-hour of the whole scenario.";
}

/// Statistic of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stat {
    /// The mean.
    Mean,
    /// A quantile, by its level (0.95 for p95).
    Quantile(f64),
    /// The largest value.
    Max,
    /// The standard deviation.
    Deviation,
    /// Index of dispersion: variance of counts divided by their mean.
    Dispersion,
    /// A share or a probability.
    Chance,
    /// First of a ranking, or time of the first occurrence.
    First,
    /// A quantile over single years, by its level.
    Year(f64),
    /// Part of a bill that is paid per month.
    Month,
    /// Part of a bill that is paid once.
    Once,
}

impl Stat {
    /// Returns whether only bills have this statistic.
    const fn is_of_bills(self) -> bool {
        matches!(self, Self::Month | Self::Once)
    }
}

const STATS: [(&str, Stat); 16] = [
    ("mean", Stat::Mean),
    ("p50", Stat::Quantile(0.5)),
    ("p90", Stat::Quantile(0.9)),
    ("p95", Stat::Quantile(0.95)),
    ("p99", Stat::Quantile(0.99)),
    ("p999", Stat::Quantile(0.999)),
    ("max", Stat::Max),
    ("sd", Stat::Deviation),
    ("dispersion", Stat::Dispersion),
    ("chance", Stat::Chance),
    ("first", Stat::First),
    ("year-p50", Stat::Year(0.5)),
    ("year-p95", Stat::Year(0.95)),
    ("year-p99", Stat::Year(0.99)),
    ("month", Stat::Month),
    ("once", Stat::Once),
];

/// Parsed figure path, with its row of the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Estimated quantity.
    pub metric: Metric,
    /// Subject: a name, a member, or `name-*`; empty: the whole scenario.
    pub scope: String,
    /// Resource of the subject.
    pub resource: Option<String>,
    /// Statistic; `None`: the metric's own, such as the mean or a count.
    pub stat: Option<Stat>,
    /// Selections `[key=value]`, in the order of the path.
    pub keys: Vec<(String, String)>,
    /// Text after the `@`: a window, the horizon, `month` or `year`.
    pub window: Option<String>,
    text: String,
    /// Word of the component kind in front of the scope.
    kind: Option<&'static str>,
    row: &'static Row,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Figure {
    /// Parses a path and looks it up in the registry.
    ///
    /// # Errors
    ///
    /// `NoSuchFigure`: the error in the path, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, NoSuchFigure> {
        let several = text.split(['.', '[', '@']).next().unwrap_or_default();
        if several.contains([':', '(']) {
            let message = format!("`{text}` compares scenarios, and a file is one scenario alone");
            return Err(NoSuchFigure::new(message)
                .help("leave the scenario out; `fivenines compare` puts scenarios side by side"));
        }
        let (path, window) = match text.split_once('@') {
            Some((path, window)) => (path, Some(window.to_string())),
            None => (text, None),
        };
        let mut keys = Vec::new();
        let mut bare = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('[') {
            bare.push_str(before);
            let Some((inside, after)) = after.split_once(']') else {
                return Err(NoSuchFigure::new(format!("`{text}`: a `[` is not closed")));
            };
            let Some((key, value)) = inside.split_once('=') else {
                return Err(NoSuchFigure::new(format!("`[{inside}]` must be `[key=value]`")));
            };
            keys.push((key.trim().to_string(), value.trim().to_string()));
            rest = after;
        }
        bare.push_str(rest);
        let mut parts: Vec<&str> = bare.split('.').collect();
        let word = parts.remove(0);
        let Some(metric) = Metric::ALL.iter().copied().find(|metric| metric.id() == word) else {
            let known: Vec<&str> = Metric::ALL.iter().map(|metric| metric.id()).collect();
            let message = format!("there is no metric `{word}`");
            return Err(NoSuchFigure::new(message).help_if(suggest::help(word, &known, "metrics")));
        };
        // For metrics that may not be asked of the whole scenario one word is a name.
        let whole = registry::is_of_all(metric);
        let fewest = if whole { 0 } else { 1 };
        let stat = parts.last().filter(|_| parts.len() > fewest);
        let fits = |stat: Stat| stat.is_of_bills() == (metric == Metric::Cost);
        let stat =
            stat.and_then(|last| STATS.iter().find(|(name, stat)| name == last && fits(*stat)));
        let stat = stat.map(|(_, stat)| *stat);
        if stat.is_some() {
            parts.pop();
        }
        let kind =
            Kind::ALL.iter().map(|kind| kind.word()).find(|word| parts.first() == Some(word));
        let kind = kind.filter(|_| parts.len() > 1);
        if kind.is_some() {
            parts.remove(0);
        }
        if parts.len() < fewest || parts.len() > 2 || parts.iter().any(|part| part.is_empty()) {
            let message = format!("`{text}` must be metric.scope[.resource][.stat]");
            return Err(NoSuchFigure::new(message));
        }
        let mut figure = Self {
            metric,
            scope: parts.first().map_or_else(String::new, |part| (*part).to_string()),
            resource: parts.get(1).map(|part| (*part).to_string()),
            stat,
            keys,
            window,
            text: text.to_string(),
            kind,
            row: &registry::ROWS[0],
        };
        figure.row = registry::row(&figure)?;
        Ok(figure)
    }

    /// Parses a path in a scenario with these names, in which a component may have the name of a kind.
    ///
    /// # Errors
    ///
    /// Same as for [`Self::parse`].
    pub fn parse_in(names: &Names, text: &str) -> Result<Self, NoSuchFigure> {
        let mut figure = Self::parse(text)?;
        if let (Some(kind), None) = (figure.kind, &figure.resource)
            && names.split_kind(&format!("{kind}.{}", figure.scope)).0.is_none()
        {
            figure.resource = Some(std::mem::replace(&mut figure.scope, kind.to_string()));
        }
        Ok(figure)
    }

    /// Returns the path as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the value of a selection.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&str> {
        self.keys.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether the statistic is the mean, or the metric's own.
    #[must_use]
    pub const fn is_mean(&self) -> bool {
        matches!(self.stat, None | Some(Stat::Mean))
    }

    /// Returns its row of the registry, which defines its estimator.
    #[must_use]
    pub const fn row(&self) -> &'static Row {
        self.row
    }

    /// Returns the same figure without a resource: that of the whole subject.
    pub(super) fn whole(&self) -> Self {
        Self { resource: None, ..self.clone() }
    }

    /// Returns the word that chooses its statistic.
    #[must_use]
    pub const fn word(&self) -> Word {
        Word::of(self.stat)
    }

    /// Returns the least and the largest possible value.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let of_all = matches!(
            self.metric,
            Metric::Structural
                | Metric::Continuous
                | Metric::Request
                | Metric::Objective
                | Metric::Unavailability
                | Metric::Hit
        );
        match self.metric {
            Metric::Headroom => (f64::NEG_INFINITY, 1.0),
            // Around a break the figure is a difference to the same interval without the break.
            Metric::Missed | Metric::Losing => (f64::NEG_INFINITY, f64::INFINITY),
            _ if self.stat == Some(Stat::Chance)
                || of_all && self.stat != Some(Stat::Deviation) =>
            {
                (0.0, 1.0)
            }
            _ => (0.0, f64::INFINITY),
        }
    }

    /// Returns the unit of the figure.
    #[must_use]
    pub const fn unit(&self) -> FigureUnit {
        self.row.unit(self.word())
    }
}

#[cfg(test)]
mod tests;
