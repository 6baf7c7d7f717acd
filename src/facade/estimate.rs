//! An estimate with its interval.

use std::fmt;

use crate::plan::figure::FigureUnit;
use crate::report::document::Figure as Shown;
use crate::report::number;
use crate::report::run::{figure, unit};
use crate::stats::interval::Interval;
use crate::study::window::Estimate as Inner;

/// The estimate of a figure with its confidence interval, in base units (seconds, per second, dollars).
///
/// It displays with the digits that its interval supports, such as `451 ms ± 8`.
///
/// ```
/// use fivenines::{Run, Scenario};
///
/// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
/// let busy = desk.run(&Run::new().replications(4))?.figure("utilization.web@steady")?;
/// assert!(busy.low() < busy.value() && busy.value() < busy.high());
/// assert_eq!((busy.level(), busy.unit()), (Some(0.999), "share"));
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    known: Known,
    unit: FigureUnit,
}

/// A value with or without an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Interval(Interval),
    Single(f64),
}

impl Estimate {
    /// Converts an estimate; returns `None` if it has no value.
    pub(crate) fn of(estimate: &Inner, unit: FigureUnit) -> Option<Self> {
        let known = match estimate {
            Inner::Interval(interval) => Known::Interval(*interval),
            Inner::Single(value) => Known::Single(*value),
            Inner::Missing(_) => return None,
        };
        Some(Self { known, unit })
    }

    /// Converts back to the type that studies evaluate.
    pub(crate) const fn inner(&self) -> Inner {
        match self.known {
            Known::Interval(interval) => Inner::Interval(interval),
            Known::Single(value) => Inner::Single(value),
        }
    }

    const fn interval(&self) -> Option<Interval> {
        match self.known {
            Known::Interval(interval) => Some(interval),
            Known::Single(_) => None,
        }
    }

    /// Returns the point estimate.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let busy = desk.run(&Run::new().replications(2))?.figure("utilization.web@steady")?;
    /// assert!(0.0 < busy.value() && busy.value() < 1.0);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub const fn value(&self) -> f64 {
        match self.known {
            Known::Interval(interval) => interval.estimate,
            Known::Single(value) => value,
        }
    }

    /// Returns the lower end of the interval; minus infinity if there is no interval, as after a single replication.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let busy = desk.run(&Run::new().replications(2))?.figure("utilization.web@steady")?;
    /// assert!(busy.low() <= busy.value());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn low(&self) -> f64 {
        self.interval().map_or(f64::NEG_INFINITY, |interval| interval.low)
    }

    /// Returns the upper end of the interval; infinity if there is no interval, as after a single replication.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let single = desk.run(&Run::new().replications(1))?.figure("utilization.web@steady")?;
    /// assert_eq!(single.high(), f64::INFINITY);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn high(&self) -> f64 {
        self.interval().map_or(f64::INFINITY, |interval| interval.high)
    }

    /// Returns the confidence level of the interval; `None` without an interval.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let busy = desk.run(&Run::new().replications(2))?.figure("utilization.web@steady")?;
    /// assert_eq!(busy.level(), Some(0.999)); // the `confidence` of this file
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn level(&self) -> Option<f64> {
        self.interval().map(|interval| interval.level)
    }

    /// Returns the method of the interval, such as `student-t`; `None` without an interval.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let single = desk.run(&Run::new().replications(1))?.figure("utilization.web@steady")?;
    /// assert_eq!(single.method(), None);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn method(&self) -> Option<&'static str> {
        self.interval().map(|interval| interval.method.name())
    }

    /// Returns the unit of value and interval: `s`, `per s`, `share`, `number`, `$`, …
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let mean = desk.run(&Run::new().replications(2))?.figure("latency.job.mean@steady")?;
    /// assert_eq!(mean.unit(), "s");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub const fn unit(&self) -> &'static str {
        self.unit.words()
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.known {
            Known::Interval(interval) => figure(&interval, unit(self.unit)),
            Known::Single(value) => Shown::exact(value, unit(self.unit)),
        };
        f.pad(&number::figure(&shown))
    }
}
