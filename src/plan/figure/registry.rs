//! The registry of figures: for every statistic of every metric, where it is estimated, by which solver and with
//! which interval; and the reason if it is not estimated.
//!
//! Parsing, `check`, `run`, `gate`, `sweep` and the documentation read [`ROWS`]; nothing else decides
//! which figures exist. To add a figure, add a row (`rows`) and the arm that estimates it in the module of
//! its [`By`]: a test requires that each row is resolved somewhere.

mod all;
mod energy;
mod rows;

pub use all::{ROWS, is_of_all};
pub use rows::{CAUSE, OF_WINDOWS, OF_YEARS, ROLES, TRAFFIC, TRAFFIC_NAMED, WITHOUT};

use std::fmt::Write as _;

use super::{Figure, FigureUnit, Metric, NoSuchFigure, STATS, Stat, Wanted};
use crate::scenario::render::list;
use crate::scenario::suggest;
use crate::units::SimDuration;

/// Sort of the text after the `@` of a path: the time to which a figure refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// No text: the only window, the horizon, or no window at all, depending on the metric.
    Unnamed,
    /// A window, or the baseline run of a break, in which nothing breaks.
    Window,
    /// A run in which a part breaks or is repaired.
    Break,
    /// The whole horizon.
    Horizon,
    /// The months of the horizon.
    Month,
    /// The years of the horizon.
    Year,
}

impl At {
    /// Classifies the text after the `@`.
    #[must_use]
    pub fn of(window: Option<&str>) -> Self {
        match window {
            None => Self::Unnamed,
            Some("horizon") => Self::Horizon,
            Some("month") => Self::Month,
            Some("year") => Self::Year,
            Some(name) => match name.split_once('/') {
                Some((_, run)) if run.contains(':') => Self::Break,
                _ => Self::Window,
            },
        }
    }

    /// Returns the phrase for messages: "in a window there is no ...".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unnamed => "without a window",
            Self::Window => "in a window",
            Self::Break => "around a break",
            Self::Horizon => "over the horizon",
            Self::Month => "over months",
            Self::Year => "over single years",
        }
    }

    /// Returns the suffix for tables and examples of a path.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Unnamed => "",
            Self::Window => "@WINDOW",
            Self::Break => "@WINDOW/down:PART",
            Self::Horizon => "@horizon",
            Self::Month => "@month",
            Self::Year => "@year",
        }
    }
}

/// Word, or set of words, that chooses a statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// No word: the metric's own statistic.
    Own,
    /// `mean`.
    Mean,
    /// `p50` to `p999`.
    Quantiles,
    /// `max`.
    Max,
    /// `sd`.
    Deviation,
    /// `dispersion`.
    Dispersion,
    /// `chance`.
    Chance,
    /// `first`.
    First,
    /// `year-p50` to `year-p99`.
    Years,
    /// `month`.
    Month,
    /// `once`.
    Once,
}

impl Figure {
    /// Returns the word of its statistic, such as `p95`; `None` for the metric's own.
    #[must_use]
    pub fn stat_word(&self) -> Option<&'static str> {
        STATS.iter().find(|(_, stat)| Some(*stat) == self.stat).map(|(word, _)| *word)
    }
}

impl Word {
    /// All words.
    pub const ALL: [Self; 11] = [
        Self::Own,
        Self::Mean,
        Self::Quantiles,
        Self::Max,
        Self::Deviation,
        Self::Dispersion,
        Self::Chance,
        Self::First,
        Self::Years,
        Self::Month,
        Self::Once,
    ];

    /// Returns the word of a statistic.
    #[must_use]
    pub const fn of(stat: Option<Stat>) -> Self {
        match stat {
            None => Self::Own,
            Some(Stat::Mean) => Self::Mean,
            Some(Stat::Quantile(_)) => Self::Quantiles,
            Some(Stat::Max) => Self::Max,
            Some(Stat::Deviation) => Self::Deviation,
            Some(Stat::Dispersion) => Self::Dispersion,
            Some(Stat::Chance) => Self::Chance,
            Some(Stat::First) => Self::First,
            Some(Stat::Year(_)) => Self::Years,
            Some(Stat::Month) => Self::Month,
            Some(Stat::Once) => Self::Once,
        }
    }

    /// Returns the spellings of the word; empty for [`Word::Own`].
    #[must_use]
    pub fn written(self) -> Vec<&'static str> {
        let own = STATS.iter().filter(|(_, stat)| Self::of(Some(*stat)) == self);
        own.map(|(word, _)| *word).collect()
    }
}

/// Sort of value that a selection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A duration.
    Duration,
    /// A duration above 0: the length of an interval.
    Period,
    /// A whole number.
    Whole,
    /// An hour of the week, 0 to 167.
    HourOfWeek,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A name in the scenario; the text says of what.
    Name(&'static str),
}

impl Value {
    /// Returns what the value must be if `text` is invalid, and `None` if it is valid.
    fn refuses(self, text: &str) -> Option<String> {
        match self {
            Self::Duration => {
                SimDuration::parse(text).is_err().then(|| "a duration such as 20ms".to_string())
            }
            Self::Period => (!SimDuration::parse(text).is_ok_and(|length| !length.is_zero()))
                .then(|| "a duration above 0 such as 5min".to_string()),
            Self::Whole => text.parse::<u32>().is_err().then(|| "a whole number".to_string()),
            Self::HourOfWeek => (!text.parse::<u32>().is_ok_and(|hour| hour < 168))
                .then(|| "an hour of the week, 0 (Monday, from midnight) to 167".to_string()),
            Self::OneOf(words) => (!words.contains(&text)).then(|| alternatives(words)),
            Self::Name(_) => text.is_empty().then(|| "a name".to_string()),
        }
    }

    /// Returns a value for an example; of several words, one that occurs in `text`.
    fn example(self, text: &str) -> String {
        match self {
            Self::Duration => "20ms".into(),
            Self::Period => "5min".into(),
            Self::Whole => "10".into(),
            Self::HourOfWeek => "57".into(),
            Self::OneOf(words) => {
                let there = words.iter().rev().find(|word| text.contains(*word));
                (*there.unwrap_or(&words[words.len() / 2])).into()
            }
            Self::Name(of) => of.to_uppercase(),
        }
    }

    /// Returns the description for the reference page.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Duration | Self::Period => "duration".into(),
            Self::Whole => "n".into(),
            Self::HourOfWeek => "0 to 167".into(),
            Self::OneOf(words) => words.join(" or "),
            Self::Name(of) => of.into(),
        }
    }
}

/// Joins words as in "a, b or c".
fn alternatives(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Selection `[key=value]` of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Name of the key.
    pub name: &'static str,
    /// Sort of value.
    pub value: Value,
    /// True if the figure has no meaning without it.
    pub required: bool,
}

pub(crate) const fn key(name: &'static str, value: Value) -> Key {
    Key { name, value, required: false }
}

const fn required(name: &'static str, value: Value) -> Key {
    Key { name, value, required: true }
}

/// Key that selects the solvers behind a figure.
pub const SOLVER: &str = "solver";
/// Value of [`SOLVER`] for long-horizon figures corrected by sampled windows.
pub const BOTH: &str = "both";

/// Key for the length of the intervals into which a window is cut.
pub const PER: &str = "per";

/// Method that estimates a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Simulation of windows, request by request ([`measure`](crate::study::measure)).
    Requests,
    /// Search over rates, request by request ([`limits`](crate::study::limits)).
    Search,
    /// Long horizon: availability ([`years`](crate::study::years)).
    Up,
    /// Long horizon: traffic ([`years::load`](crate::study::years::load)).
    Traffic,
    /// Long horizon: roles that pass from one holder to another
    /// ([`years::recovery`](crate::study::years::recovery)).
    Roles,
    /// Long horizon, corrected by windows sampled from it ([`sampled`](crate::study::sampled)).
    Both,
    /// Closed forms ([`headroom`](crate::plan::headroom), [`cost`](crate::plan::cost)).
    Arithmetic,
}

impl By {
    /// Returns the solver's name in flags, or the word in its place.
    #[must_use]
    pub const fn solver(self) -> &'static str {
        match self {
            Self::Requests | Self::Search => "requests",
            Self::Up | Self::Traffic | Self::Roles => "flows",
            Self::Both => "both",
            Self::Arithmetic => "arithmetic",
        }
    }

    /// Returns whether the solver `flows` alone estimates it.
    #[must_use]
    pub const fn is_of_years(self) -> bool {
        matches!(self, Self::Up | Self::Traffic | Self::Roles)
    }
}

/// Sort of subject that has a figure: what the name in a path refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The whole scenario, without a name.
    Scenario,
    /// The whole scenario, without a name, or a request class.
    ScenarioOrClass,
    /// A request class.
    Class,
    /// A request class with an objective of availability.
    ClassWithAvailability,
    /// A request class with an objective of latency.
    ClassWithLatency,
    /// The page views of a class.
    View,
    /// Any component with a queue or servers, by its name or that of a part.
    Component,
    /// A resource that can be busy, such as the processor of a server.
    Resource,
    /// A station.
    Station,
    /// A service.
    Service,
    /// All members of one name.
    Group,
    /// A load balancer.
    Balancer,
    /// A database.
    Database,
    /// A replicated database whose replicas may take over.
    DatabaseWithFailover,
    /// A member of a replicated database.
    Member,
    /// A member of a replicated database whose replicas may take over.
    MemberWithFailover,
    /// A file server.
    FileServer,
    /// A cache of a service.
    Cache,
    /// A content delivery network.
    Cdn,
    /// The memory of a server.
    Memory,
    /// Part with a declared power.
    Metered,
    /// A component kind that declares the figure itself.
    Own(&'static str),
    /// A component kind that declares the figure itself, by a name of two parts.
    OwnPart(&'static str),
}

impl Whose {
    /// Returns the word for the reference page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Scenario => "none: the whole scenario",
            Self::ScenarioOrClass => "none, or class",
            Self::Class => "class",
            Self::ClassWithAvailability => "class with an objective `availability`",
            Self::ClassWithLatency => "class with an objective of latency",
            Self::View => "`CLASS-view`",
            Self::Component => "component",
            Self::Resource => "resource",
            Self::Station => "station",
            Self::Service => "service",
            Self::Group => "group",
            Self::Balancer => "balancer",
            Self::Database => "database",
            Self::DatabaseWithFailover => "database with a failover",
            Self::Member => "member of a database",
            Self::MemberWithFailover => "member of a database with a failover",
            Self::FileServer => "file server",
            Self::Cache => "cache",
            Self::Cdn => "CDN",
            Self::Memory => "memory",
            Self::Metered => "part with a `power`",
            Self::Own(kind) | Self::OwnPart(kind) => kind,
        }
    }

    /// Returns whether the subject is a request class.
    #[must_use]
    pub const fn is_class(self) -> bool {
        matches!(
            self,
            Self::ScenarioOrClass
                | Self::Class
                | Self::ClassWithAvailability
                | Self::ClassWithLatency
        )
    }

    /// Returns whether its name may have a second part: `store.main`, `www-1.cpu`.
    #[must_use]
    pub const fn has_parts(self) -> bool {
        matches!(
            self,
            Self::Component
                | Self::Resource
                | Self::Station
                | Self::Cache
                | Self::Metered
                | Self::OwnPart(_)
        )
    }
}

/// Method by which the confidence interval of a figure is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalOf {
    /// Student's t over replications.
    Replications,
    /// Student's t over replications; for means and quantiles, corrected for the arrivals that were sampled.
    Corrected,
    /// Bounds for rare events if there are few events, otherwise Student's t over replications.
    Events,
    /// The standard deviation between replications.
    Spread,
    /// Student's t over replications of the rate at which each crosses the objective.
    Crossing,
    /// A ratio of sums over replications.
    Ratio,
    /// Order statistics of years, months or events.
    Order,
    /// Exact binomial over intervals of time, with replications as clusters.
    Spans,
    /// Interval of a mean of squares, over few or many events.
    Squares,
    /// Over pairs of events in one year if they are few, otherwise a jackknife over replications.
    Pairs,
    /// Student's t over batches of replications.
    Batches,
    /// Sampling design of the sampled windows.
    Drawn,
    /// No interval: the value is exact.
    Exact,
}

impl IntervalOf {
    /// Returns the default for rows that name no other method.
    const fn usual(metric: Metric, by: By, stats: &[Word]) -> Self {
        let share = matches!(stats, [Word::Chance]);
        let own = matches!(stats, [Word::Own, ..]);
        match metric {
            _ if by.is_of_years() || share => Self::Events,
            Metric::Attempts
            | Metric::Served
            | Metric::Lost
            | Metric::Missed
            | Metric::Losing
            | Metric::Hit
            | Metric::Failovers => Self::Events,
            Metric::Latency
            | Metric::Sojourn
            | Metric::InSystem
            | Metric::Busy
            | Metric::Utilization
            | Metric::Throughput
            | Metric::Transfer
                if own =>
            {
                Self::Corrected
            }
            _ => Self::Replications,
        }
    }

    /// Returns the description for the reference page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Replications => "over replications",
            Self::Corrected => {
                "over replications; of a mean or a quantile corrected for the arrivals that were drawn"
            }
            Self::Events => "of few events bounds of rare events, of many over replications",
            Self::Spread => "of a standard deviation over replications",
            Self::Crossing => "over replications, of the rate at which each crosses the objective",
            Self::Ratio => "ratio of sums over replications",
            Self::Order => "order statistics",
            Self::Spans => "exact binomial, with replications as clusters",
            Self::Squares => "of the mean square over few or many events",
            Self::Pairs => {
                "over few pairs of events in one year, else a jackknife over replications"
            }
            Self::Batches => "over 8 batches of replications",
            Self::Drawn => "over trajectories, with the weights of the windows drawn",
            Self::Exact => "exact",
        }
    }
}

/// Family of figures that are estimated in the same way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The metric.
    pub metric: Metric,
    /// Times to which the figures may refer.
    pub at: &'static [At],
    /// Statistics.
    pub stats: &'static [Word],
    /// Selections.
    pub keys: &'static [Key],
    /// Method of estimation.
    pub by: By,
    /// Sorts of subjects.
    pub of: &'static [Whose],
    /// Description of the estimated quantity.
    pub estimand: &'static str,
    /// Method of the confidence interval.
    pub interval: IntervalOf,
    /// True if `precision` adds replications until its half-width is reached.
    pub precise: bool,
}

impl Row {
    pub(crate) const fn new(
        metric: Metric,
        (at, by): (&'static [At], By),
        stats: &'static [Word],
        of: &'static [Whose],
        estimand: &'static str,
    ) -> Self {
        let interval = IntervalOf::usual(metric, by, stats);
        Self { metric, at, stats, keys: &[], by, of, estimand, interval, precise: true }
    }

    pub(crate) const fn keys(self, keys: &'static [Key]) -> Self {
        Self { keys, ..self }
    }

    pub(crate) const fn interval(self, interval: IntervalOf) -> Self {
        Self { interval, ..self }
    }

    /// Marks a figure that is not a mean over replications. A precision can be required only over the horizon, where
    /// the printed interval decides how many replications are run.
    pub(crate) const fn as_it_comes(self, interval: IntervalOf) -> Self {
        Self { interval, precise: self.by.is_of_years(), ..self }
    }

    /// Returns the unit of the statistic `word`.
    #[must_use]
    pub const fn unit(&self, word: Word) -> FigureUnit {
        match word {
            Word::Chance => FigureUnit::Ratio,
            Word::First if matches!(self.metric, Metric::Saturates) => FigureUnit::Name,
            Word::First => FigureUnit::Seconds,
            Word::Dispersion => FigureUnit::Count,
            Word::Month => FigureUnit::DollarsPerMonth,
            _ => self.metric.unit(),
        }
    }

    /// Returns the subjects, as the reference page prints them.
    #[must_use]
    pub fn whose(&self) -> String {
        self.of.iter().map(|of| of.words()).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether the name of a subject may have a second part: `store.main`, `www-1.cpu`.
    fn is_of_parts(&self) -> bool {
        self.of.iter().any(|of| of.has_parts())
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Returns whether the selections of a figure fit this row.
    fn takes(&self, keys: &[(String, String)]) -> bool {
        let known = |(name, value): &(String, String)| {
            self.key(name).is_some_and(|key| key.value.refuses(value).is_none())
        };
        let given = |key: &Key| keys.iter().any(|(name, _)| name == key.name);
        keys.iter().all(known) && self.keys.iter().all(|key| !key.required || given(key))
    }

    /// Returns the margin of equivalence for a gate or for two solvers, relative to the value, or to its
    /// complement if [`Self::counts_the_rest`].
    #[must_use]
    pub const fn margin(&self, word: Word) -> f64 {
        match (self.metric, word) {
            (Metric::Served, Word::Chance) => Metric::Lost.margin(),
            _ => self.metric.margin(),
        }
    }

    /// Returns the smallest absolute difference that matters.
    #[must_use]
    pub const fn least_difference(&self, word: Word) -> f64 {
        match word {
            Word::Chance => 0.001,
            _ => self.metric.least_difference(),
        }
    }

    /// Returns the direction in which users want the statistic `word` to change.
    #[must_use]
    pub const fn wanted(&self, word: Word) -> Wanted {
        match word {
            Word::Deviation => Wanted::Neither,
            _ => self.metric.wanted(),
        }
    }

    /// Returns whether it is a share close to 1, so that its complement is compared.
    #[must_use]
    pub const fn counts_the_rest(&self, word: Word) -> bool {
        match self.metric {
            Metric::Structural | Metric::Continuous | Metric::Request | Metric::Objective => {
                !matches!(word, Word::Chance)
            }
            Metric::Served => matches!(word, Word::Chance),
            _ => false,
        }
    }
}

/// Returns the reason why a statistic of a metric is not estimated there, or nowhere.
#[must_use]
pub fn reason(metric: Metric, at: At, word: Word) -> &'static str {
    let of = |by: fn(By) -> bool| ROWS.iter().any(|row| row.metric == metric && by(row.by));
    let there = ROWS.iter().any(|row| row.metric == metric && row.at.contains(&at));
    match (metric, at) {
        (Metric::Missed | Metric::Losing, At::Window | At::Unnamed) => {
            "it is of a window in which a part breaks"
        }
        (Metric::Power | Metric::Energy | Metric::Carbon | Metric::EnergyCost, At::Break) => {
            "energy is that of a window in which no part is broken on purpose"
        }
        (_, At::Year) => "counts and times over the horizon are per year already",
        (_, At::Month) if !there => {
            "months are followed for served page views and their cost alone"
        }
        (Metric::Capacity, _) if !there => "a capacity is of no window, its rates are its own",
        (Metric::Headroom | Metric::Saturates, _) if !there => {
            "the closed form is that at the level of a window"
        }
        (Metric::Cost, _) if !there => "a bill is of no window",
        (_, At::Horizon) if !there => "no request is simulated over the horizon",
        (_, At::Window | At::Break) if !there && of(By::is_of_years) => {
            "faults are too rare for a window"
        }
        (_, At::Unnamed) if !there => "it needs to know where",
        (Metric::Headroom, _) => "a closed form has no statistic",
        (Metric::Cost, _) => "amounts paid once and amounts per month are not added",
        (Metric::Verdict, _) => "a verdict is a word",
        (Metric::Saturates, _) => "the figure is the name of a resource",
        (Metric::Capacity, _) => "the objective chooses the percentile",
        (Metric::Drain, At::Window | At::Break | At::Unnamed) => {
            "one disturbance has one time to drain"
        }
        _ if matches!(word, Word::Years) => "years are followed for downtime alone",
        _ if matches!(word, Word::First) => {
            "`first` is that of `saturates`, or of a number inside or in the queue"
        }
        _ if matches!(word, Word::Dispersion) => "it is that of the counts of `arrivals`",
        _ => "no such statistic is kept",
    }
}

/// Finds the row of a figure.
///
/// # Errors
///
/// `NoSuchFigure`: what is wrong, which figures exist, and one of them as an example.
pub fn row(figure: &Figure) -> Result<&'static Row, NoSuchFigure> {
    let metric = figure.metric;
    let (at, word) = (At::of(figure.window.as_deref()), Word::of(figure.stat));
    let id = metric.id();
    let own: Vec<&'static Row> = ROWS.iter().filter(|row| row.metric == metric).collect();
    let there: Vec<&'static Row> = own.iter().copied().filter(|row| row.at.contains(&at)).collect();
    if there.is_empty() {
        let why = reason(metric, at, word);
        let message = match metric {
            Metric::Missed | Metric::Losing => format!("`{figure}`: {why}"),
            _ => format!("`{figure}`: `{id}` is not estimated {}: {why}", at.words()),
        };
        return Err(NoSuchFigure::new(message).help(places(figure, &own)));
    }
    let chosen: Vec<&'static Row> =
        there.iter().copied().filter(|row| row.stats.contains(&word)).collect();
    if chosen.is_empty() {
        let why = reason(metric, at, word);
        let stat = match word {
            Word::Own => "value without a statistic".to_string(),
            _ => format!("`{}`", stat_written(figure)),
        };
        let message = format!("`{figure}`: {} there is no {stat} of `{id}`: {why}", at.words());
        return Err(NoSuchFigure::new(message).help(supported(figure, &there)));
    }
    for (place, (name, value)) in figure.keys.iter().enumerate() {
        if figure.keys[..place].iter().any(|(other, _)| other == name) {
            return Err(NoSuchFigure::new(format!("`{figure}`: `[{name}=...]` stands twice")));
        }
        let known: Vec<&Key> = chosen.iter().filter_map(|row| row.key(name)).collect();
        if known.is_empty() {
            return Err(no_such_key(figure, (at, word), name, &chosen, &there));
        }
        // A key that only another statistic takes is reported above; here, a value that no row accepts.
        if let Some(wanted) = known[0].value.refuses(value)
            && known.iter().all(|key| key.value.refuses(value).is_some())
        {
            return Err(NoSuchFigure::new(format!(
                "`{figure}`: `[{name}={value}]` must be {wanted}"
            )));
        }
    }
    if let Some(resource) = &figure.resource
        && !chosen.iter().any(|row| row.is_of_parts())
    {
        let message = format!("`{figure}`: `{resource}` is no statistic of `{id}`");
        return Err(NoSuchFigure::new(message).help(supported(&figure.whole(), &there)));
    }
    if let Some(row) = chosen.iter().find(|row| row.takes(&figure.keys)) {
        return Ok(row);
    }
    let taken = |row: &&&'static Row| figure.keys.iter().all(|(name, _)| row.key(name).is_some());
    if let Some(row) = chosen.iter().find(taken) {
        let given = |key: &&Key| figure.key(key.name).is_none();
        let missing = row.keys.iter().filter(|key| key.required).find(given);
        let name = missing.map_or("", |key| key.name);
        let message = format!("`{figure}` needs `[{name}=...]`");
        return Err(NoSuchFigure::new(message).help(format!("write `{}`", written(figure, row))));
    }
    let names: Vec<String> = figure.keys.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!("`{figure}`: {} do not go together", list(&names));
    Err(NoSuchFigure::new(message).help("ask for one of them"))
}

fn no_such_key(
    figure: &Figure,
    (at, word): (At, Word),
    name: &str,
    chosen: &[&'static Row],
    there: &[&'static Row],
) -> NoSuchFigure {
    let id = figure.metric.id();
    let message = format!("`{figure}`: `[{name}=...]` has no effect on `{id}` {}", at.words());
    let elsewhere = there.iter().find(|row| row.key(name).is_some());
    if let Some(row) = elsewhere
        && let Some(stat) = row.stats.first()
        && *stat != word
    {
        return NoSuchFigure::new(message).help(format!("write `{}`", written(figure, row)));
    }
    let mut keys: Vec<&'static str> = Vec::new();
    for key in chosen.iter().flat_map(|row| row.keys) {
        if !keys.contains(&key.name) {
            keys.push(key.name);
        }
    }
    let help = match keys.as_slice() {
        [] => "leave it out: this figure takes no selection".to_string(),
        _ => suggest::help(name, &keys, "its selections are").unwrap_or_default(),
    };
    NoSuchFigure::new(message).help(help)
}

/// Returns the statistic as the user wrote it.
fn stat_written(figure: &Figure) -> &'static str {
    let own = STATS.iter().find(|(_, stat)| Some(*stat) == figure.stat);
    own.map_or("", |(word, _)| *word)
}

/// Lists the times for which a metric is estimated, each with an example.
fn places(figure: &Figure, rows: &[&'static Row]) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut seen: Vec<At> = Vec::new();
    for row in rows {
        for at in row.at.iter().filter(|at| row.at.len() == 1 || **at != At::Unnamed) {
            if seen.contains(at) || (*at == At::Break && seen.contains(&At::Window)) {
                continue;
            }
            seen.push(*at);
            let mut there = figure.clone();
            there.window = Some(at.suffix().trim_start_matches('@').to_string())
                .filter(|name| !name.is_empty());
            all.push(format!("{}: `{}`", at.words(), written(&there, row)));
        }
    }
    format!("it is estimated {}", all.join(", "))
}

/// Lists the supported statistics, with an example.
fn supported(figure: &Figure, rows: &[&'static Row]) -> String {
    let mut words: Vec<&'static str> = Vec::new();
    for word in rows.iter().flat_map(|row| row.stats).flat_map(|word| word.written()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let example = written(figure, rows[0]);
    match words.as_slice() {
        [] => format!("write `{example}`"),
        _ => format!("there is {}: write `{example}`", alternatives(&words)),
    }
}

/// Writes a path of this row for the same scope.
fn written(figure: &Figure, row: &Row) -> String {
    // A bill covers the whole scenario.
    let scope = if row.metric == Metric::Cost { "" } else { figure.scope.as_str() };
    let mut text = format!("{}.{scope}", row.metric.id());
    if scope.is_empty() {
        text.pop();
    }
    if let Some(resource) = &figure.resource {
        let _ = write!(text, ".{resource}");
    }
    let word = Word::of(figure.stat);
    let stat = match (row.stats.contains(&word), row.stats.contains(&Word::Own)) {
        (true, _) => Some(stat_written(figure)),
        (false, true) => None,
        (false, false) => row.stats.first().and_then(|word| word.written().first().copied()),
    };
    if let Some(stat) = stat.filter(|stat| !stat.is_empty()) {
        let _ = write!(text, ".{stat}");
    }
    for key in row.keys {
        let own = figure.key(key.name).filter(|value| key.value.refuses(value).is_none());
        let value = own.map(str::to_string);
        if let Some(value) =
            value.or_else(|| key.required.then(|| key.value.example(figure.text())))
        {
            let _ = write!(text, "[{}={value}]", key.name);
        }
    }
    let at = At::of(figure.window.as_deref());
    match figure.window.as_deref().filter(|_| row.at.contains(&at)) {
        Some(window) => text + "@" + window,
        None => text,
    }
}

/// Renders the reference page of all figures.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Figures\n\n\
         Every figure that a path can name (the grammar is in [language.md](language.md), section 6). What is \
         not listed here is refused with E0414. *Precision* says whether `precision` adds replications until \
         its half-width is reached; *margin* is the relative difference that `gate` takes for a \
         change.\n",
    );
    let mut last = None;
    for row in by_metric() {
        if last != Some(row.metric) {
            last = Some(row.metric);
            let metric = row.metric;
            let _ = write!(
                page,
                "\n## `{}`\n\n{}\n\n\
                 | of | statistic | selections | where | solver | unit | estimand | interval | precision | margin |\n\
                 |---|---|---|---|---|---|---|---|---|---|\n",
                metric.id(),
                metric.meaning(),
            );
        }
        let words: Vec<String> = row.stats.iter().map(|word| shown(*word)).collect();
        let keys: Vec<String> = row
            .keys
            .iter()
            .map(|key| {
                let open = if key.required { "" } else { "?" };
                format!("`[{}={}]`{open}", key.name, key.value.words())
            })
            .collect();
        let at: Vec<&str> =
            row.at.iter().filter(|at| **at != At::Unnamed).map(|at| at.suffix()).collect();
        let at =
            if at.is_empty() { "no window".to_string() } else { format!("`{}`", at.join("`, `")) };
        let word = row.stats[0];
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.whose(),
            words.join(", "),
            keys.join(" "),
            at,
            row.by.solver(),
            row.unit(word).words(),
            row.estimand,
            row.interval.words(),
            if row.precise { "yes" } else { "no" },
            match row.margin(word) {
                0.0 => "none".to_string(),
                margin => format!("{} %", (margin * 100.0).round()),
            },
        );
    }
    page.push_str(
        "\nA selection marked `?` may be left out. Runs around a break are a fixed number: there `precision` is \
         refused.\n",
    );
    page
}

/// Returns the rows in the order of metrics, and those of one metric in the order of the table.
#[must_use]
pub fn by_metric() -> Vec<&'static Row> {
    let of = |metric: &Metric| {
        let metric = *metric;
        ROWS.iter().filter(move |row| row.metric == metric)
    };
    Metric::ALL.iter().flat_map(of).collect()
}

/// Renders a statistic for the reference page.
fn shown(word: Word) -> String {
    match word {
        Word::Own => "(none)".into(),
        word => word.written().iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "),
    }
}
