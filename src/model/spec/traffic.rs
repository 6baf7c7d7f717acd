//! Sources of traffic: profiles, clients, workloads.

use crate::convert::place;

use crate::scenario::law::LawSpec;

use crate::scenario::names::{Name, OneOrMany, Reference};

use crate::scenario::spec::spec;

use crate::scenario::words::words;

use crate::units::{Rate, SimDuration};

spec! {
    /// A weekly shape of traffic.
    pub struct ProfileSpec {
        /// 24 factors on the rate, at the middle of each hour from midnight on, with straight lines between.
        hours: Option<Vec<f64>>,
        /// 7 factors on the rate, from Monday on.
        days: Option<Vec<f64>>,
        /// A sine instead of `hours` and `days`.
        sine: Option<SineSpec>,
    }
}

spec! {
    /// Sinusoidal rate: 1 + amplitude × cosine of the distance from `peak`.
    pub struct SineSpec {
        /// Amplitude of the swing around 1.
        amplitude: f64 => within(0.0, 1.0),
        /// Time of day of a peak.
        peak: TimeOfDay,
        /// Length of one wave: a day, or a part of it in whole hours, at least two.
        period: SimDuration = "24h",
    }
}

spec! {
    /// A source of requests.
    pub struct WorkloadSpec {
        /// Clients that send the requests. Without it, an open source without patience or retries.
        from: Option<Reference>,
        /// Request class that the workload issues.
        request: Name,
        /// Mean arrival rate; `profile`, `noise` and `arrivals` vary it.
        rate: Option<Rate>,
        /// Number of closed users, instead of a rate. Each asks again when answered, after the time `think`.
        users: Option<u32> => within(1, 100_000),
        /// Think time of closed `users` between an answer and the next page.
        think: Option<LawSpec<SimDuration>>,
        /// Weekly shape of the rate. Without it, the rate is flat.
        profile: Option<Reference>,
        /// Random variation of the rate by the hour. Without it, none.
        noise: Option<NoiseSpec>,
        /// Flash crowds, which multiply the rate for some time.
        flash: Option<FlashSpec>,
        /// Changes of the rate, for some time or for ever.
        step: Option<OneOrMany<RateStepSpec>> => not_empty(),
        /// Variation of single arrivals around the rate.
        arrivals: ArrivalsSpec = {},
        /// Recorded traffic, instead of rate, profile and noise.
        trace: Option<TraceSpec>,
        /// Factor on the rate of the recorded traffic.
        scale: Option<f64> => above(0.0),
    }
}

spec! {
    /// A flash crowd: the rate rises on a straight line, stays on a plateau, and falls back exponentially.
    pub struct FlashSpec {
        /// Moment at which the flash crowd begins, once.
        at: Option<Moment>,
        /// Rate of flash crowds at random moments while none is under way, instead of `at`.
        rate: Option<Rate>,
        /// Factor on the rate during the plateau.
        factor: f64 = 4.0 => above(1.0),
        /// Time from the onset to the plateau.
        ramp: SimDuration = "20min" => at_most(SimDuration::YEAR),
        /// Length of the plateau.
        plateau: SimDuration = "60min" => at_most(SimDuration::YEAR),
        /// Time constant of the exponential fall.
        decay: SimDuration = "60min" => at_most(SimDuration::YEAR),
    }
}

spec! {
    /// A change of the rate.
    pub struct RateStepSpec {
        /// Moment at which the rate changes.
        at: Moment,
        /// Factor on the rate from the change on.
        factor: f64 => at_least(0.0),
        /// Time for which the factor applies. Without it, for ever.
        for_: Option<SimDuration>,
    }
}

spec! {
    /// Lognormal noise, hour by hour, with mean 1.
    pub struct NoiseSpec {
        /// Standard deviation of the noise's logarithm.
        sigma: f64 => at_least(0.0),
        /// Correlation between neighbouring hours.
        phi: f64 => within(0.0, 1.0),
    }
}

spec! {
    /// Variation of single arrivals around the rate.
    pub struct ArrivalsSpec {
        /// Kind of the arrival process.
        process: ProcessWord = "poisson",
        /// Factor on the rate in each state. Only for `mmpp`.
        factors: Option<Vec<f64>>,
        /// Mean time in each state. Only for `mmpp`.
        sojourns: Option<Vec<SimDuration>>,
        /// Law of the time between arrivals, of which only the shape counts. Only for `renewal`.
        gaps: Option<LawSpec<SimDuration>>,
    }
}

words! {
    /// Kind of an arrival process.
    pub enum ProcessWord {
        /// Arrivals independent of each other.
        Poisson = "poisson",
        /// Poisson at a rate that jumps between states.
        Mmpp = "mmpp",
        /// Evenly spaced arrivals.
        Regular = "fixed" | "regular",
        /// Independent times between arrivals, drawn from a law.
        Renewal = "renewal",
    }

    /// Format of a recording.
    pub enum TraceFormat {
        /// Comma-separated: a time and a count per line.
        Csv = "csv",
        /// An access log in Common Log Format.
        CommonLog = "common-log",
        /// An access log in Combined Log Format.
        CombinedLog = "combined-log",
        /// A Parquet file: a column of times and one of counts.
        Parquet = "parquet",
        /// Rates at even steps: the answer of Prometheus to a range query, as JSON.
        Prometheus = "prometheus",
    }

    /// Unit or form of the times of a recording.
    pub enum TimeUnit {
        /// Nanoseconds since 1970.
        Nanoseconds = "ns",
        /// Microseconds since 1970.
        Microseconds = "us",
        /// Milliseconds since 1970.
        Milliseconds = "ms",
        /// Seconds since 1970.
        Seconds = "s",
        /// Minutes since 1970 or any other instant.
        Minutes = "min",
        /// Hours since 1970 or any other instant.
        Hours = "h",
        /// Days since 1970 or any other instant.
        Days = "d",
        /// Dates of ISO 8601: `2026-03-01T14:00`, in UTC unless a zone follows.
        Iso8601 = "iso8601",
        /// No column: each row begins where the row before ends.
        Row = "row",
    }
}

spec! {
    /// Recorded traffic.
    pub struct TraceSpec {
        /// Path of the recording, below the scenario's own folder; packed by gzip or not.
        file: String,
        /// Format of the recording.
        format: TraceFormat,
        /// Column of the time. Only for `csv` and `parquet`.
        time: Option<String>,
        /// Unit of that column. Without it, unix seconds. Only for `csv` and `parquet`, where a timestamp has its own unit.
        time_unit: Option<TimeUnit>,
        /// Column of the count. Only for `csv` and `parquet`.
        count: Option<String>,
        /// Column of the mean rate per second in the interval, in place of `count`. Only for `csv` and `parquet`.
        rate: Option<String>,
        /// Length of the interval that one count covers, for `csv` and `parquet`. For `prometheus` the step of the query, by default the
        /// shortest time between two values.
        every: Option<SimDuration>,
        /// Number of recorded requests per page view.
        per_view: f64 = 1.0 => above(0.0),
    }
}

/// `"02:00"`, or `"12h"` after midnight: a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay(pub SimDuration);

/// A moment of a trajectory: `"02:00"`, `"Wed 11:00"`, or `"297h"` after time zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first instant at this time of day.
    OfDay(TimeOfDay),
    /// The first instant at this weekday and time of day.
    OfWeek(WeekMoment),
    /// The instant this long after time zero.
    After(SimDuration),
}

impl Moment {
    /// Returns the time from time zero, which is at `start`, to the first such moment.
    #[must_use]
    pub fn after_zero(self, start: WeekMoment) -> SimDuration {
        let (day, week) = (SimDuration::DAY.nanos(), 7 * SimDuration::DAY.nanos());
        let zero = u64::from(start.weekday) * day + start.time.nanos();
        match self {
            Self::After(time) => time,
            Self::OfDay(time) => SimDuration::from_nanos((time.0.nanos() + week - zero) % day),
            Self::OfWeek(moment) => {
                let at = u64::from(moment.weekday) * day + moment.time.nanos();
                SimDuration::from_nanos((at + week - zero) % week)
            }
        }
    }
}

/// `"Mon 00:00"`: a weekday (0 is Monday) and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekMoment {
    /// 0 is Monday.
    pub weekday: u32,
    /// Time since midnight.
    pub time: SimDuration,
}

/// Days of the week, from Monday on.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn clock(text: &str) -> Option<SimDuration> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u64>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then(|| SimDuration::from_secs(hours * 3_600 + minutes * 60))
}

fn print_clock(time: SimDuration) -> String {
    let minutes = time.nanos() / 60_000_000_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

macro_rules! moment {
    ($Type:ident, $what:literal, $example:literal, $parse:expr, $print:expr) => {
        impl crate::scenario::value::Value for $Type {
            fn read(
                item: &crate::scenario::document::Item,
                out: &mut crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                let found = item.as_text().and_then(parse);
                if found.is_none() {
                    let help = concat!("write it as \"", $example, "\"");
                    out.push(crate::scenario::value::wrong_type(item, $what).help(help));
                }
                found
            }
            fn shape() -> crate::scenario::value::Shape {
                crate::scenario::value::Shape::Text
            }
            fn canonical(&self) -> serde_json::Value {
                let print: fn(&Self) -> String = $print;
                print(self).into()
            }
        }
    };
}

moment!(
    TimeOfDay,
    "a time of day",
    "02:00",
    |text| {
        let after = SimDuration::parse(text).ok().filter(|time| *time < SimDuration::DAY);
        clock(text).or(after).map(TimeOfDay)
    },
    |moment| print_clock(moment.0)
);

fn week_moment(text: &str) -> Option<WeekMoment> {
    let (day, time) = text.split_once(' ')?;
    let weekday = place(WEEKDAYS.iter().position(|name| *name == day)?);
    Some(WeekMoment { weekday, time: clock(time)? })
}

fn print_week(moment: &WeekMoment) -> String {
    format!("{} {}", WEEKDAYS[moment.weekday as usize], print_clock(moment.time))
}

moment!(WeekMoment, "a weekday and a time of day", "Mon 00:00", week_moment, print_week);

fn moment(text: &str) -> Option<Moment> {
    let day = clock(text).map(|time| Moment::OfDay(TimeOfDay(time)));
    let week = || week_moment(text).map(Moment::OfWeek);
    day.or_else(week).or_else(|| SimDuration::parse(text).ok().map(Moment::After))
}

fn print_moment(moment: &Moment) -> String {
    match moment {
        Moment::OfDay(time) => print_clock(time.0),
        Moment::OfWeek(moment) => print_week(moment),
        Moment::After(time) => time.to_string(),
    }
}

moment!(Moment, "a moment", "02:00\", \"Wed 11:00\" or \"297h", moment, print_moment);

/// Beginning of a window: a moment, or the busiest time of the recorded traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// This moment.
    Moment(Moment),
    /// The busiest hour or minute of the recording; a draft has its moment instead.
    Busiest(Busiest),
}

/// Length of a busiest time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busiest {
    /// An hour.
    Hour,
    /// A minute.
    Minute,
}

impl Busiest {
    /// Returns its length.
    #[must_use]
    pub const fn length(self) -> SimDuration {
        match self {
            Self::Hour => SimDuration::HOUR,
            Self::Minute => SimDuration::MINUTE,
        }
    }

    /// Returns its word in a file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hour => "busiest-hour",
            Self::Minute => "busiest-minute",
        }
    }
}

impl Beginning {
    /// Returns the time from time zero, which is at `start`, to the beginning. A busiest time that has no moment begins at
    /// time zero: the draft has reported the reason.
    #[must_use]
    pub fn after_zero(self, start: WeekMoment) -> SimDuration {
        match self {
            Self::Moment(moment) => moment.after_zero(start),
            Self::Busiest(_) => SimDuration::ZERO,
        }
    }
}

moment!(
    Beginning,
    "a moment",
    "02:00\", \"Wed 11:00\", \"297h\", \"busiest-hour\" or \"busiest-minute",
    |text| {
        let all = [Busiest::Hour, Busiest::Minute];
        let busiest = all.into_iter().find(|one| one.word() == text).map(Beginning::Busiest);
        busiest.or_else(|| moment(text).map(Beginning::Moment))
    },
    |beginning| match beginning {
        Beginning::Moment(moment) => print_moment(moment),
        Beginning::Busiest(busiest) => busiest.word().into(),
    }
);
