//! Figure paths: one grammar for expectations, precision, gates and tables.
//!
//! ```text
//! figure = metric "." scope [ "." resource ] [ "." stat ] { "[" key "=" value "]" } [ "@" window ]
//! ```
//! The registry below is the closed set of metrics: id, unit, what is estimated, by which solver.

use std::fmt;

use crate::plan::names::Kind;
use crate::scenario::suggest;

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// A share or a utilisation.
    Ratio,
    /// A number of things.
    Count,
    /// Dollars.
    Dollars,
}

macro_rules! metrics {
    ($($Metric:ident = $id:literal, $unit:ident, $margin:literal, $meaning:literal;)*) => {
        /// What is estimated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric { $(#[doc = $meaning] $Metric,)* }

        impl Metric {
            /// All metrics.
            pub const ALL: &'static [Self] = &[$(Self::$Metric,)*];

            /// The word in paths.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$Metric => $id,)* }
            }

            /// What its mean is measured in; a `chance` is a ratio whatever the metric.
            #[must_use]
            pub const fn unit(self) -> FigureUnit {
                match self { $(Self::$Metric => FigureUnit::$unit,)* }
            }

            /// Relative margin of equivalence where nothing else is said.
            #[must_use]
            pub const fn margin(self) -> f64 {
                match self { $(Self::$Metric => $margin,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$Metric => $meaning,)* }
            }
        }
    };
}

metrics! {
    Latency = "latency", Seconds, 0.03, "Arrival at the edge to answer, of a class; of `class-view`: click to last byte of everything.";
    Waiting = "waiting", Seconds, 0.03, "Time in line at a station, of a class, or of a service's backlog.";
    Sojourn = "sojourn", Seconds, 0.03, "One visit: waiting and service.";
    InSystem = "in-system", Count, 0.03, "Time average of those inside.";
    Queue = "queue", Count, 0.05, "Time average of those in line.";
    Busy = "busy", Count, 0.03, "Time average of servers at work.";
    Utilization = "utilization", Ratio, 0.02, "Busy over capacity; over the horizon: its mean, a quantile over time, its `max` (the busiest hour of the week), or one `hour` of the week.";
    Throughput = "throughput", PerSecond, 0.02, "Completions per second.";
    Arrivals = "arrivals", Count, 0.02, "Arrivals in the window; of a class with views: intended views.";
    ArrivalRate = "arrival-rate", PerSecond, 0.02, "Arrivals per second.";
    Attempts = "attempts", Count, 0.05, "Requests, by outcome.";
    Served = "served", Count, 0.02, "Page views served, at the first try or a later one.";
    Lost = "lost", Count, 0.1, "Page views lost; over the horizon: a year, by `outcome` (fault, overload, planned) or `cause`.";
    Missed = "missed", Count, 0.1, "Around a break: page views not served, lost or not asked for any more, that are served where nothing breaks.";
    Losing = "losing", PerSecond, 0.1, "Around a break: page views a second lost in the last minute, beyond those where nothing breaks.";
    Hit = "hit", Ratio, 0.02, "Look-ups that find their object.";
    Capacity = "capacity", PerSecond, 0.05, "Highest rate that meets an objective.";
    Structural = "structural", Ratio, 0.03, "Share of time with enough members up and reachable.";
    Continuous = "continuous", Ratio, 0.03, "Share of time with enough members up and reachable and no more than 1 % of the requests failing because a death is not noticed yet.";
    Request = "request", Ratio, 0.03, "Share of the intended page views that are served; its `chance` of a month: that the month serves the objective's share.";
    Objective = "objective", Ratio, 0.03, "Share of 5-minute intervals in which less than 1 % of the page views are lost or stand still; over years, without the half of latency.";
    Unavailability = "unavailability", Ratio, 0.03, "One minus the structural availability.";
    Downtime = "downtime", Seconds, 0.1, "Time a year not structurally available; by first `cause`, or while one is `contributing`.";
    Outages = "outages", Count, 0.1, "Outages a year; by first `cause`.";
    MeanTimeToFailure = "mttf", Seconds, 0.1, "Mean time from the start to the first outage.";
    Lag = "lag", Seconds, 0.05, "Of a slave: age of the oldest write that it has not applied, over the time that it follows.";
    Backlog = "backlog", Count, 0.05, "Of a slave: writes that it has not applied, over the time that it follows.";
    Stale = "stale", Count, 0.1, "Reads that slaves of a database answered without a write they should have had.";
    Failovers = "failovers", Count, 0.1, "Failovers of a database begun; by `outcome`, `failed` ones or those `without-a-death`. Over the horizon: times a year that another took over, also of balancers and heads, and back again; `[outcome=behind]` those of a database to a member that had been away.";
    Interruptions = "interruptions", Count, 0.1, "Times a year that nobody serves what takes over from each other: a database, a pair of balancers, a pair of heads; by first `cause`.";
    Recovery = "recovery", Seconds, 0.1, "From when nobody serves such a role until somebody does, over years.";
    LostWrites = "lost-writes", Count, 0.1, "Writes acknowledged by an old master that the new one never received; over the horizon: a year, by first `cause`, or with `.mean` those of a failover.";
    DataLoss = "data-loss", Seconds, 0.1, "Age of the oldest write that a failover of a database loses, over years.";
    SplitBrain = "split-brain", Count, 0.1, "Writes taken by an old master beside the new one, gone when it was cut off.";
    FailedReads = "failed-reads", Count, 0.1, "Reads of a database that ended without an answer: refused, an error, timed out, given up.";
    FailedWrites = "failed-writes", Count, 0.1, "Writes of a database that ended without an answer: refused, an error, timed out, given up.";
    Headroom = "headroom", Ratio, 0.05, "Of a resource: the share that is spare at the level of a window, by arithmetic; `[after-loss=...]`: when that part is lost and what is redundant has taken over. Below zero where more is offered than can be done.";
    CostPerMillion = "cost-per-million", Dollars, 0.03, "The bill of a month over what is served in one: a million page views of a class.";
    LostCost = "lost-cost", Dollars, 0.1, "What the page views cost that a class loses in a month, at the price of a lost page.";
    Saturates = "saturates", Ratio, 0.0, "What saturates first.";
}

/// Which statistic of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stat {
    /// Mean.
    Mean,
    /// A quantile, by its level.
    Quantile(f64),
    /// Largest.
    Max,
    /// Standard deviation.
    Deviation,
    /// A share or probability.
    Chance,
    /// The first of a ranking.
    First,
    /// A quantile over years, by its level.
    Year(f64),
}

const STATS: [(&str, Stat); 12] = [
    ("mean", Stat::Mean),
    ("p50", Stat::Quantile(0.5)),
    ("p90", Stat::Quantile(0.9)),
    ("p95", Stat::Quantile(0.95)),
    ("p99", Stat::Quantile(0.99)),
    ("p999", Stat::Quantile(0.999)),
    ("max", Stat::Max),
    ("sd", Stat::Deviation),
    ("chance", Stat::Chance),
    ("year-p50", Stat::Year(0.5)),
    ("year-p95", Stat::Year(0.95)),
    ("year-p99", Stat::Year(0.99)),
];

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What is estimated.
    pub metric: Metric,
    /// Of what: a name, a member, or `name-*`.
    pub scope: String,
    /// Which resource of it.
    pub resource: Option<String>,
    /// Which statistic; none: the metric's own (the mean, or a count).
    pub stat: Option<Stat>,
    /// Selections.
    pub keys: Vec<(String, String)>,
    /// Where.
    pub window: Option<String>,
    text: String,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Figure {
    /// Takes `text` apart; says what is wrong with it.
    ///
    /// # Errors
    ///
    /// A sentence for the user, with the nearest known word.
    pub fn parse(text: &str) -> Result<Self, String> {
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
                return Err(format!("`{text}`: a `[` is not closed"));
            };
            let Some((key, value)) = inside.split_once('=') else {
                return Err(format!("`[{inside}]` must be `[key=value]`"));
            };
            keys.push((key.trim().to_string(), value.trim().to_string()));
            rest = after;
        }
        bare.push_str(rest);
        let mut parts: Vec<&str> = bare.split('.').collect();
        let word = parts.remove(0);
        let Some(metric) = Metric::ALL.iter().copied().find(|metric| metric.id() == word) else {
            let known: Vec<&str> = Metric::ALL.iter().map(|metric| metric.id()).collect();
            let help = suggest::help(word, &known, "metrics");
            return Err(suggest::with_help(format!("there is no metric `{word}`"), help));
        };
        if parts.len() > 1 && Kind::ALL.iter().any(|kind| kind.word() == parts[0]) {
            parts.remove(0);
        }
        let stat = match parts.last() {
            Some(&"first") => Some(Stat::First),
            Some(last) => STATS.iter().find(|(name, _)| name == last).map(|(_, stat)| *stat),
            None => None,
        };
        if stat.is_some() && parts.len() > 1 {
            parts.pop();
        }
        if parts.is_empty() || parts[0].is_empty() || parts.len() > 2 {
            return Err(format!("`{text}` must be metric.scope[.resource][.stat]"));
        }
        Ok(Self {
            metric,
            scope: parts[0].to_string(),
            resource: parts.get(1).map(|part| (*part).to_string()),
            stat,
            keys,
            window,
            text: text.to_string(),
        })
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a selection.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&str> {
        self.keys.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(&self) -> FigureUnit {
        match self.stat {
            Some(Stat::Chance) => FigureUnit::Ratio,
            _ => self.metric.unit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        let figure = Figure::parse("latency.page.p95@peak").unwrap();
        assert_eq!(figure.metric, Metric::Latency);
        assert_eq!(figure.scope, "page");
        assert_eq!(figure.stat, Some(Stat::Quantile(0.95)));
        assert_eq!(figure.window.as_deref(), Some("peak"));
        let figure = Figure::parse("utilization.zone.www.cpu@peak").unwrap();
        assert_eq!((figure.scope.as_str(), figure.resource.as_deref()), ("www", Some("cpu")));
        let figure = Figure::parse("waiting.web.chance[over=20ms]@steady").unwrap();
        assert_eq!(figure.key("over"), Some("20ms"));
        assert_eq!(figure.unit(), FigureUnit::Ratio);
    }

    #[test]
    fn a_misspelt_metric_is_answered_with_the_nearest() {
        let error = Figure::parse("utilisation.web@peak").unwrap_err();
        assert!(error.contains("did you mean `utilization`"), "{error}");
        assert!(Figure::parse("latency").is_err());
        assert!(Figure::parse("latency.page[over=1ms").is_err());
    }
}
