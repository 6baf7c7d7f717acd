//! Runs, objectives, faults and prices.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Name, Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::words;
use crate::units::{Bytes, Money, Probability, Rate, SimDuration};

use super::traffic::{Moment, WeekMoment};

spec! {
    /// How long, how often, from where.
    pub struct RunSpec {
        /// Weekday and hour of time zero.
        start: Option<WeekMoment>,
        /// Simulated time of availability; none: only windows are run.
        horizon: Option<SimDuration> => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Outages of a long-horizon run that are shorter are not counted, in number and length; their downtime is. None: 1s.
        shortest_outage: Option<SimDuration> => at_most(SimDuration::HOUR),
        /// Ages of parts at time zero.
        initial: Initial = "stationary",
        /// Laws as the file gives them, or each replaced by the exponential of its mean.
        laws: Option<Laws>,
        /// Root of all draws.
        seed: u64 = 1 => at_most(9_223_372_036_854_775_807),
        /// Independent runs: a number, for windows and the horizon, or bounds between which `precision` decides, for windows. None: 10 of a window; of the horizon 1,000, or 300 to 20,000 if `precision` asks for a figure of it.
        replications: Option<ReplicationsSpec>,
        /// Figure to relative half-width to reach.
        precision: Named<Probability, Label> = {},
        /// Level of all intervals.
        confidence: f64 = 0.95 => within(0.5, 0.99999),
        /// Bounds on what counts may make of the scenario.
        limits: LimitsSpec = {},
    }
}

/// The largest bound on parts that `[run] limits` takes: an event names a part by 24 bits.
pub const MOST_PARTS: u32 = 16_000_000;

spec! {
    /// Bounds on what counts may make of a scenario.
    pub struct LimitsSpec {
        /// Parts after expansion: members, disks, links, and a probe per unit and member of a balancer.
        parts: u32 = 1_000_000 => within(1, MOST_PARTS),
    }
}

words! {
    /// Laws of everything random, but of counts.
    pub enum Laws {
        /// As they are declared.
        Declared = "declared",
        /// Each the exponential of the same mean, a plain value too: for strict comparisons of solvers.
        Exponential = "exponential",
    }
}

words! {
    /// Ages of parts at time zero.
    pub enum Initial {
        /// Drawn from their equilibrium.
        Stationary = "stationary",
        /// All new.
        New = "new",
    }
}

/// Number of replications of a window, if the file gives none.
pub const REPLICATIONS: ReplicationsSpec = ReplicationsSpec { min: 10, max: 10 };
/// Number of replications of the horizon, if the file gives none.
pub const HORIZON_REPLICATIONS: u32 = 1_000;

/// `10`, or `{ min = 10, max = 400 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationsSpec {
    /// Smallest number.
    pub min: u32,
    /// Largest number.
    pub max: u32,
}

spec! {
    /// Bounds of the number of runs.
    pub struct ReplicationBounds {
        /// At least.
        min: u32 => at_least(1),
        /// At most.
        max: u32 => at_least(1),
    }
}

impl crate::scenario::value::Value for ReplicationsSpec {
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        if item.as_table().is_none() {
            let count = <u32 as crate::scenario::value::Value>::read(item, out)?;
            if count == 0 {
                let message = "at least 1 replication is needed";
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
            let message = "`min` is 1: one run says nothing about its own error";
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
    /// A stretch that is lived through request by request.
    pub struct WindowSpec {
        /// Fixes the rate of the workloads whose class has an objective, or of all where none has, to a rate or to a multiple of each one's own mean `rate`; profile and noise off. None: the traffic's own rate.
        level: Option<Level>,
        /// Where it begins; none: at time zero.
        at: Option<Moment>,
        /// How long, after the warm-up.
        length: Option<SimDuration> => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Simulated before it and not counted.
        warm_up: SimDuration = "0s" => at_most(SimDuration::YEAR.saturating_mul(100)),
        /// Instead of a length: before a break. One part of each kind and role is broken once, each in a run of its own, and repaired once when it has been broken for as long.
        before: Option<SimDuration> => at_most(SimDuration::YEAR),
        /// Instead of a length: after the break.
        after: Option<SimDuration> => within(SimDuration::SECOND, SimDuration::YEAR),
        /// After the repair, once the part is back; none: as long as `after`.
        repair: Option<SimDuration> => within(SimDuration::SECOND, SimDuration::YEAR),
        /// Runs of this window alone; none: those of `[run]`, around a break 4.
        replications: Option<ReplicationsSpec>,
    }
}

spec! {
    /// What is asked of a class.
    pub struct ObjectiveSpec {
        /// Percentile to bound, at the server's edge.
        latency: Option<LatencyObjective>,
        /// A view that is not complete by then is lost.
        lost_after: Option<SimDuration>,
        /// Least share of requests served.
        availability: Option<Probability>,
    }
}

spec! {
    /// Bounds of percentiles.
    pub struct LatencyObjective {
        /// Half of all.
        p50: Option<SimDuration>,
        /// 95 %.
        p95: Option<SimDuration>,
        /// 99 %.
        p99: Option<SimDuration>,
    }
}

spec! {
    /// A judged figure.
    pub struct ExpectSpec {
        /// Which.
        figure: Label,
        /// What it must be: `"< 500ms"`, `"0.05s +- 1%"`, `"within 10% of 0.42"`.
        is: Label,
    }
}

spec! {
    /// A claim that a source makes, judged by `compare` over a range of parameters.
    pub struct ClaimSpec {
        /// Its number in the ledger; several may have the same.
        number: u32 => at_least(1),
        /// The claim in a few words, for tables.
        title: String,
        /// The claim in the words of its source.
        claim: String,
        /// Where in the source it stands.
        source: String,
        /// The figure that decides: a path, of another scenario with its name in front, or `1 - …`, `difference(…)`, `ratio(…)` of such.
        figure: Option<Label>,
        /// What the figure is, in words. None: its path.
        words: Option<String>,
        /// What the figure must be for the claim to hold, as in `[[expect]]`.
        is: Option<Label>,
        /// Keys and the values over which the claim is tried, in all combinations.
        range: Vec<ClaimRangeSpec> = [],
        /// Instead of a figure: what is missing before the claim can be judged.
        missing: Option<String>,
    }
}

spec! {
    /// Keys that a claim is tried over.
    pub struct ClaimRangeSpec {
        /// A key and its values as `sweep --vary` takes them; several of them change together, value by value.
        vary: OneOrMany<Label> => not_empty(),
        /// What the key is, in words. None: its path.
        words: Option<String>,
    }
}

spec! {
    /// Something that goes wrong.
    pub struct FaultSpec {
        /// What: a component, a member, a role, a domain, or a list.
        hits: OneOrMany<Reference> => not_empty(),
        /// How.
        how: How,
        /// How often, each, while it is up.
        rate: Option<Rate>,
        /// Instead of a rate: law of the time between a repair and the next onset.
        up: Option<LawSpec<SimDuration>>,
        /// Instead of a rate: once, at this time.
        at: Option<SimDuration>,
        /// Instead of a rate: after another fault of the same part.
        after: Option<AfterSpec>,
        /// Time to repair; none: the component's own restart.
        repair: Option<LawSpec<SimDuration>>,
        /// With `at`: how long it lasts.
        lasts: Option<SimDuration>,
        /// Of `slow`: how many times slower.
        factor: Option<f64> => above(1.0),
        /// Time until people notice, where no check does.
        detected_by_people: Option<LawSpec<SimDuration>>,
        /// One event takes all that `hits` names.
        together: bool = false,
        /// Events that take a whole set at once.
        common_cause: Option<CommonCauseSpec>,
    }
}

words! {
    /// How something goes wrong.
    pub enum How {
        /// It stops; what was inside is lost.
        Crash = "crash" | "stop" | "terminate" | "pod-kill",
        /// It accepts and never answers.
        Hang = "hang",
        /// It stalls and then goes on where it was.
        Pause = "pause",
        /// It works more slowly.
        Slow = "slow" | "cpu-stress" | "latency",
        /// Its data is gone until restored.
        Lost = "lost",
        /// Its cache is empty.
        CacheLost = "cache-lost",
        /// It is cut off from the network.
        Partitioned = "partitioned" | "network-partition",
    }

    /// When a fault that follows another begins.
    pub enum Once {
        /// At its onset.
        Begun = "begun",
        /// When it is repaired.
        Repaired = "repaired",
    }
}

spec! {
    /// A fault that follows another.
    pub struct AfterSpec {
        /// Which.
        fault: Name,
        /// Probability that it follows.
        probability: Probability = 1,
        /// When.
        once: Once = "begun",
    }
}

spec! {
    /// Common causes: this share of each member's rate comes from events that take a set at once.
    pub struct CommonCauseSpec {
        /// The group: its name keys the events.
        group: Reference,
        /// The share.
        beta: Probability,
        /// Members of the group, in order, form sets of this size; none: all of them.
        size: Option<u32> => at_least(1),
    }
}

spec! {
    /// Something planned.
    pub struct OperationSpec {
        /// How often; none: once.
        every: Option<Every>,
        /// When.
        at: Option<Moment>,
        /// How long.
        lasts: Option<SimDuration>,
        /// Storage part to operations a second.
        load: Named<Spanned<Rate>, Reference> = {},
        /// What it does.
        does: Option<Does>,
        /// To whom.
        of: Option<OneOrMany<Reference>>,
        /// Of `resize`: the new memory.
        memory: Option<Bytes>,
    }
}

impl OperationSpec {
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
        }
    }
}

words! {
    /// How often.
    pub enum Every {
        /// Each day.
        Day = "day",
        /// Each week.
        Week = "week",
    }

    /// What an operation does.
    pub enum Does {
        /// Gives a zone another memory cap.
        Resize = "resize",
        /// Takes parts out of service, all at once, for as long as it lasts.
        Maintain = "maintain",
        /// Takes parts out of service one after the other, each for as long as it lasts.
        Deploy = "deploy",
    }
}

spec! {
    /// Prices: `"$250/month"` is paid per month, `"$2000"` once.
    pub struct CostSpec {
        /// Of each zone.
        zone: Option<Price>,
        /// Of each unit of a balancer.
        balancer: Option<Price>,
        /// Of each head of a file server with the disks of its pool.
        nas_head: Option<Price>,
        /// Of each further pool.
        pool: Option<Price>,
        /// Of each site: its links to the world.
        transit: Option<Price>,
        /// Of what the edges deliver, per size.
        cdn: Option<SizePrice>,
        /// Of a lost page view.
        lost_page: Option<Money>,
        /// Own prices: a name, as faults name what they hit, to the price of each part that it means, in place of that of its kind.
        of: Option<Named<Spanned<Price>, Reference>>,
    }

    /// A price of both sorts, and prices by the size of the part, each once (`"$40"`) or per month (`"$4/month"`).
    pub struct PriceSpec {
        /// Once: `"$2000"`.
        once: Option<Money>,
        /// Per month: `"$250/month"`, or another period.
        month: Option<Money>,
        /// In addition for each core: of a server, a balancer, or a zone with a cap.
        per_core: Option<Money>,
        /// In addition for each GiB of memory: of a server or a zone.
        per_gib: Option<Money>,
        /// In addition for each disk: of a server, a set of disks or a pool.
        per_disk: Option<Money>,
        /// In addition for each Mbit/s: of an uplink, a switch or a link.
        per_mbit: Option<Money>,
    }
}

/// The size that a price counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// Cores.
    Core,
    /// GiB of memory.
    Gib,
    /// Disks.
    Disk,
    /// Mbit/s of bandwidth.
    Mbit,
}

impl Size {
    /// Returns the key of its price.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Core => "per-core",
            Self::Gib => "per-gib",
            Self::Disk => "per-disk",
            Self::Mbit => "per-mbit",
        }
    }
}

/// `"$10000"` once, `"$250/month"`, or both: `{ once = "$10000", month = "$90/month" }`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Price {
    /// One-time price.
    pub once: Option<Spanned<Money>>,
    /// Price per month.
    pub month: Option<Spanned<Money>>,
    /// Prices by the size of the part, in addition.
    pub per: Vec<(Size, Spanned<Money>)>,
}

impl Price {
    /// Returns one-time dollars, and dollars per month, of a part with the sizes that `size` gives; `None` for a price
    /// that is not given.
    #[must_use]
    pub fn dollars(&self, size: impl Fn(Size) -> f64) -> (Option<f64>, Option<f64>) {
        let mut once = self.once.as_ref().map(|price| price.value.dollars());
        let mut month = self.month.as_ref().and_then(|price| price.value.dollars_per_month());
        for (of, price) in &self.per {
            let (sum, each) = match price.value.dollars_per_month() {
                Some(each) => (&mut month, each),
                None => (&mut once, price.value.dollars()),
            };
            *sum = Some(sum.unwrap_or(0.0) + each * size(*of));
        }
        (once, month)
    }
}

impl crate::scenario::value::Value for Price {
    const QUANTITY: bool = true;
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        use crate::scenario::code::Code;
        use crate::scenario::diagnostic::Diagnostic;
        if item.as_table().is_none() {
            let money = Money::read(item, out)?;
            let price = Some(Spanned::new(money, item.span));
            return Some(match money.dollars_per_month() {
                Some(_) => Self { month: price, ..Self::default() },
                None => Self { once: price, ..Self::default() },
            });
        }
        let PriceSpec { once, month, per_core, per_gib, per_disk, per_mbit, span } =
            PriceSpec::read(item, out)?;
        let sizes = [Size::Core, Size::Gib, Size::Disk, Size::Mbit];
        let per = sizes.into_iter().zip([per_core, per_gib, per_disk, per_mbit]);
        let per: Vec<(Size, Spanned<Money>)> =
            per.filter_map(|(size, price)| Some((size, price?))).collect();
        let mut wrong = |span, message: &str, help: &str| {
            out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
            None
        };
        let is_periodic = |price: &Spanned<Money>| price.value.dollars_per_month().is_some();
        if let Some(price) = once.as_ref().filter(|price| is_periodic(price)) {
            return wrong(price.span, "`once` has a period", "write `\"$2000\"`, or give `month`");
        }
        if let Some(price) = month.as_ref().filter(|price| !is_periodic(price)) {
            return wrong(
                price.span,
                "`month` has no period",
                "write `\"$250/month\"`, or give `once`",
            );
        }
        if once.is_none() && month.is_none() && per.is_empty() {
            return wrong(span, "a price without an amount", "give `once`, `month` or both");
        }
        Some(Self { once, month, per })
    }
    fn shape() -> crate::scenario::value::Shape {
        crate::scenario::value::Shape::Either(vec![
            crate::scenario::value::Shape::Money,
            PriceSpec::shape(),
        ])
    }
    fn canonical(&self) -> serde_json::Value {
        match (&self.once, &self.month) {
            (Some(price), None) | (None, Some(price))
                if price.uncertainty.is_none() && self.per.is_empty() =>
            {
                price.canonical()
            }
            (once, month) => {
                let both = [("month", month), ("once", once)].into_iter();
                let given = both.filter_map(|(key, price)| Some((key, price.as_ref()?)));
                let sizes = self.per.iter().map(|(size, price)| (size.key(), price));
                let all = given.chain(sizes);
                let all = all.map(|(key, price)| (key.to_string(), price.canonical()));
                serde_json::Value::Object(all.collect())
            }
        }
    }
    fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let (a, b) = (self.dollars(|_| 0.0), other.dollars(|_| 0.0));
        let same = |a: Option<f64>, b: Option<f64>| a.is_some() == b.is_some();
        // An amount once and one per month have no order, nor have prices by size: which is more depends on the part.
        let sized = self.per.is_empty() && other.per.is_empty();
        let comparable = sized && same(a.0, b.0) && same(a.1, b.1);
        a.partial_cmp(&b).filter(|_| comparable)
    }
}

/// `"$0.30/GB"`: a price per size.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct SizePrice {
    /// Price in dollars.
    pub dollars: f64,
    /// Size that the price is for.
    pub per: Bytes,
}

impl SizePrice {
    fn parse(text: &str) -> Option<Self> {
        let (price, unit) = text.split_once('/')?;
        let price = Money::parse(price.trim()).ok().filter(|p| p.dollars_per_month().is_none())?;
        let per = Bytes::parse(&format!("1 {}", unit.trim())).ok()?;
        Some(Self { dollars: price.dollars(), per })
    }

    /// Returns dollars per byte.
    #[must_use]
    pub fn dollars_per_byte(self) -> f64 {
        self.dollars / self.per.count() as f64
    }
}

impl crate::scenario::value::Value for SizePrice {
    const QUANTITY: bool = true;
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        let found = item.as_text().and_then(Self::parse);
        if found.is_none() {
            let wrong = crate::scenario::value::wrong_type(item, "a price per size");
            out.push(wrong.help("write it as \"$0.30/GB\""));
        }
        found
    }
    fn shape() -> crate::scenario::value::Shape {
        crate::scenario::value::Shape::SizePrice
    }
    fn canonical(&self) -> serde_json::Value {
        format!("${}/{}", self.dollars, self.per.to_string().trim_start_matches('1')).into()
    }
    fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.dollars_per_byte().partial_cmp(&other.dollars_per_byte())
    }
}
