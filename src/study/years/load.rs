//! Figures of the traffic over the horizon: views served and lost, months, utilisation of resources.
//!
//! Takes the traffic tallies of the replications; returns estimates with intervals over them. Figures of the hours of
//! the week and of quantiles are kept in [`BATCHES`] batches of replications, whose spread gives the interval. A month
//! is a twelfth of a year.

use serde::{Deserialize, Serialize};

use crate::observe::histogram::Histogram;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::copies::Copies;
use crate::scenario::suggest;
use crate::solve::fluid::{Busy, INTERVAL, TrafficTally};
use crate::stats::interval::Interval;
use crate::stats::rare::Unseen;
use crate::study::energy::Drawn;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

use super::blocks::{Join, Scale};
use super::few::{Modelled, a_year, each, few, is_of_many, over, share_without};
use super::lag::{self, FoldedLag, LagOf};
use super::restores::FoldedRestored;
use super::scaled::{self, FoldedScaler, OfScaler};
use super::{busy, energy};
use super::{counted_quantile, not_negative};

/// Number of batches of replications.
pub const BATCHES: usize = 8;

/// Figure of the traffic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfLoad {
    /// Served over intended views of a class (by place among those requested); `None` for all together.
    Request(Option<usize>),
    /// Share of 5-minute intervals in which less than 1 % of a class's views are lost; `None` for every class.
    Intervals(Option<usize>),
    /// Views lost per year.
    Lost(usize, Loss),
    /// Probability that a month serves the objective's share.
    MonthMeets(usize),
    /// Quantile over the months of the lost share of views, at this level.
    MonthLost(usize, f64),
    /// Mean lost share of a month's views.
    MonthLostMean(usize),
    /// Utilisation of a resource.
    Busy(usize, BusyOf),
    /// Monthly bill per million views of a class served, in dollars.
    PerMillion(usize),
    /// Cost of the views of a class that are not served, in dollars per month.
    LostCost(usize),
    /// Writes per year that failovers of a database (by place) lose; of one cause, if its place is given.
    LostWrites(usize, Option<usize>),
    /// Failovers per year to a stale member.
    Behind(usize),
    /// Writes lost per failover.
    LostPerFailover(usize),
    /// Age of the oldest write that a failover loses, in seconds.
    DataLoss(usize),
    /// Quantile over the failovers of that age, at this level.
    DataLossQuantile(usize, f64),
    /// Power, energy, its carbon or its cost.
    Drawn(Drawn),
    /// Replication lag of a member while it follows: the database, the member and the statistic.
    Lag(usize, usize, LagOf),
    /// A quantity of an autoscaler, by place.
    Scaler(usize, OfScaler),
}

/// Selection of lost views.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// All lost views.
    All,
    /// Views lost to a failure or a stall that was not planned.
    Fault,
    /// Views lost because capacity was short.
    Overload,
    /// Views lost to planned work.
    Planned,
    /// Views lost to one cause, by place.
    Cause(usize),
    /// Views never requested, since the session had ended with a lost one; not among the lost views.
    NeverBorn,
    /// All views not served: lost, or never requested.
    Unserved,
}

/// Statistic of a utilisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BusyOf {
    /// Mean over the horizon.
    Mean,
    /// Mean in the busiest hour of the week.
    Busiest,
    /// Mean in one hour of the week.
    Hour(usize),
    /// Quantile over time, at this level.
    Quantile(f64),
}

/// One class over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedClass {
    /// Intended views, by block.
    pub intended: Vec<f64>,
    /// Views lost, by block.
    pub all_lost: Vec<f64>,
    /// Views never requested, by block.
    pub never_born: Vec<f64>,
    /// Views lost by cause (the last is overload), then by block.
    pub lost: Vec<Vec<f64>>,
    /// Views served after a stall or a retry, by block.
    pub late: Vec<f64>,
    /// 5-minute intervals in which 1 % or more is lost, by block.
    pub bad: Vec<f64>,
    /// Whole months, by block.
    pub months: Vec<f64>,
    /// Months in which the objective's share was served, by block.
    pub met: Vec<f64>,
    /// Mean lost share of a month, by block.
    pub month_mean: Vec<f64>,
    /// Lost shares of months, in parts per billion.
    pub month_lost: Histogram,
}

/// The failovers of one database over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedWrites {
    /// Failovers, by block.
    pub failovers: Vec<f64>,
    /// Failovers to a stale member, which was away while the old primary took writes, by block.
    pub behind: Vec<f64>,
    /// Writes lost by cause, then by block.
    pub lost: Vec<Vec<f64>>,
    /// Age of the oldest write lost, in seconds, summed over failovers, by block.
    pub window: Vec<f64>,
    /// Age of the oldest write lost, of each failover.
    pub windows: Histogram,
    /// Lag per member.
    pub lags: Vec<FoldedLag>,
}

impl FoldedClass {
    fn join(&mut self, join: Join) {
        let views = [&mut self.intended, &mut self.all_lost, &mut self.never_born, &mut self.late];
        let times = [&mut self.bad, &mut self.months, &mut self.met, &mut self.month_mean];
        let columns = views.into_iter().chain(times).chain(&mut self.lost);
        columns.for_each(|column| join.sums(column));
    }

    /// Views lost or not asked for any more, by block.
    #[must_use]
    pub fn unserved(&self) -> Vec<f64> {
        self.all_lost.iter().zip(&self.never_born).map(|(lost, gone)| lost + gone).collect()
    }

    fn served(&self) -> Vec<f64> {
        self.intended.iter().zip(self.unserved()).map(|(all, lost)| all - lost).collect()
    }
}

impl FoldedWrites {
    fn join(&mut self, join: Join) {
        let counts = [&mut self.failovers, &mut self.behind, &mut self.window];
        counts.into_iter().chain(&mut self.lost).for_each(|column| join.sums(column));
        self.lags.iter_mut().for_each(|lag| lag.join(join));
    }

    fn lost(&self, cause: Option<usize>) -> Vec<f64> {
        if let Some(cause) = cause {
            return self.lost[cause].clone();
        }
        let all = |at: usize| self.lost.iter().map(|lost| lost[at]).sum();
        (0..self.failovers.len()).map(all).collect()
    }
}

/// The traffic over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedLoad {
    /// Results per class.
    pub classes: Vec<FoldedClass>,
    /// 5-minute intervals that are bad for at least one class, by block.
    pub bad: Vec<f64>,
    /// Mean utilisation by resource, then by block.
    pub busy: Vec<Vec<f64>>,
    /// Failovers per database in which a replica may become primary.
    pub writes: Vec<FoldedWrites>,
    /// Writes that restores lose, per database that loses data to faults.
    pub restored: Vec<FoldedRestored>,
    /// Members, per autoscaler.
    pub scaled: Vec<FoldedScaler>,
    /// Utilisation per batch.
    pub batches: Vec<Busy>,
}

/// Adds the values of equally many replications one by one.
pub fn add(all: &mut Vec<f64>, own: Vec<f64>) {
    all.resize(own.len(), 0.0);
    all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
}

impl FoldedLoad {
    /// Returns empty results.
    #[must_use]
    pub fn of(plan: &FluidPlan, causes: usize) -> Self {
        let class = || FoldedClass { lost: vec![Vec::new(); causes + 1], ..FoldedClass::default() };
        let writes = |copies: &Copies| FoldedWrites {
            lost: vec![Vec::new(); causes + 1],
            lags: vec![FoldedLag::default(); copies.members.len()],
            ..FoldedWrites::default()
        };
        Self {
            classes: plan.classes.iter().map(|_| class()).collect(),
            bad: Vec::new(),
            busy: vec![Vec::new(); plan.network.resources.len()],
            writes: plan.copies.iter().map(writes).collect(),
            restored: Vec::new(),
            scaled: vec![FoldedScaler::default(); plan.scaled.len()],
            batches: vec![Busy::default(); BATCHES],
        }
    }

    /// Drops everything except the views of each class that are lost or never requested.
    pub fn keep_compared(&mut self) {
        let classes = self.classes.drain(..).map(|class| FoldedClass {
            all_lost: class.all_lost,
            never_born: class.never_born,
            ..FoldedClass::default()
        });
        *self = Self { classes: classes.collect(), ..Self::default() };
    }

    /// Adds a replication of a batch.
    pub fn add(&mut self, seen: &TrafficTally, batch: usize) {
        for (mine, seen) in self.classes.iter_mut().zip(&seen.classes) {
            mine.intended.push(seen.intended);
            mine.all_lost.push(seen.lost.iter().sum());
            mine.never_born.push(seen.never_born);
            mine.late.push(seen.late);
            mine.bad.push(seen.bad_intervals);
            mine.lost.iter_mut().zip(&seen.lost).for_each(|(mine, lost)| mine.push(*lost));
            mine.months.push(f64::from(seen.months));
            mine.met.push(f64::from(seen.met));
            if seen.months > 0 {
                mine.month_mean.push(seen.month_sum / f64::from(seen.months));
            }
            mine.month_lost.merge(&seen.month_lost);
        }
        self.bad.push(seen.bad_intervals);
        self.restored.resize_with(seen.restored.len(), FoldedRestored::default);
        self.restored.iter_mut().zip(&seen.restored).for_each(|(mine, seen)| mine.add(*seen));
        self.scaled.iter_mut().zip(&seen.scaled).for_each(|(mine, seen)| mine.add(seen));
        self.busy.iter_mut().zip(&seen.busy).for_each(|(mine, busy)| mine.push(*busy));
        for (mine, seen) in self.writes.iter_mut().zip(&seen.writes) {
            mine.failovers.push(seen.failovers as f64);
            mine.behind.push(seen.behind as f64);
            mine.lost.iter_mut().zip(&seen.lost).for_each(|(mine, lost)| mine.push(*lost));
            mine.window.push(seen.window_s);
            mine.windows.merge(&seen.windows);
            for (mine, seen) in mine.lags.iter_mut().zip(&seen.lags) {
                mine.add(seen, batch);
            }
        }
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        for (mine, other) in self.classes.iter_mut().zip(other.classes) {
            mine.intended.extend(other.intended);
            mine.all_lost.extend(other.all_lost);
            mine.never_born.extend(other.never_born);
            mine.late.extend(other.late);
            mine.bad.extend(other.bad);
            mine.lost.iter_mut().zip(other.lost).for_each(|(mine, lost)| mine.extend(lost));
            mine.months.extend(other.months);
            mine.met.extend(other.met);
            mine.month_mean.extend(other.month_mean);
            mine.month_lost.merge(&other.month_lost);
        }
        self.busy.iter_mut().zip(other.busy).for_each(|(mine, busy)| mine.extend(busy));
        self.bad.extend(other.bad);
        self.scaled.iter_mut().zip(other.scaled).for_each(|(mine, other)| mine.append(other));
        self.restored.resize_with(other.restored.len(), FoldedRestored::default);
        self.restored.iter_mut().zip(other.restored).for_each(|(mine, other)| mine.append(other));
        for (mine, other) in self.writes.iter_mut().zip(other.writes) {
            mine.failovers.extend(other.failovers);
            mine.behind.extend(other.behind);
            mine.lost.iter_mut().zip(other.lost).for_each(|(mine, lost)| mine.extend(lost));
            mine.window.extend(other.window);
            mine.windows.merge(&other.windows);
            for (mine, other) in mine.lags.iter_mut().zip(other.lags) {
                mine.append(other);
            }
        }
        for (mine, other) in self.batches.iter_mut().zip(&other.batches) {
            if !other.time.is_empty() {
                mine.add(other);
            }
        }
    }

    /// Joins blocks.
    pub(super) fn join(&mut self, join: Join) {
        self.classes.iter_mut().for_each(|class| class.join(join));
        self.busy.iter_mut().chain([&mut self.bad]).for_each(|column| join.sums(column));
        self.writes.iter_mut().for_each(|writes| writes.join(join));
        self.restored.iter_mut().for_each(|restored| restored.join(join));
        self.scaled.iter_mut().for_each(|scaler| scaler.join(join));
    }

    /// Returns the batches with observations.
    fn seen(&self) -> impl Iterator<Item = &Busy> {
        self.batches.iter().filter(|batch| !batch.time.is_empty())
    }

    /// Returns the views lost, by block.
    #[must_use]
    pub fn lost(&self, plan: &AvailabilityPlan, class: usize, loss: Loss) -> Vec<f64> {
        let class = &self.classes[class];
        let planned = plan.fluid.as_ref().and_then(|fluid| fluid.planned).map(|at| at as usize);
        let overload = class.lost.len() - 1;
        let sum = |which: &dyn Fn(usize) -> bool| -> Vec<f64> {
            let mut all = vec![0.0; class.intended.len()];
            for (_, lost) in class.lost.iter().enumerate().filter(|(at, _)| which(*at)) {
                all.iter_mut().zip(lost).for_each(|(all, lost)| *all += lost);
            }
            all
        };
        match loss {
            Loss::All => class.all_lost.clone(),
            Loss::Overload => sum(&|at| at == overload),
            Loss::Planned => sum(&|at| Some(at) == planned),
            Loss::Fault => sum(&|at| at != overload && Some(at) != planned),
            Loss::Cause(cause) => sum(&|at| at == cause),
            Loss::NeverBorn => class.never_born.clone(),
            Loss::Unserved => class.unserved(),
        }
    }

    /// Returns the views of classes served, not served, and intended, by block.
    fn views(classes: &[FoldedClass]) -> [Vec<f64>; 3] {
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        for class in classes {
            let own = [class.served(), class.unserved(), class.intended.clone()];
            for (all, own) in all.iter_mut().zip(own) {
                add(all, own);
            }
        }
        all
    }

    /// Returns the bad intervals of a class, or of at least one, by block.
    #[must_use]
    pub fn bad(&self, class: Option<usize>) -> &[f64] {
        class.map_or(&self.bad, |class| &self.classes[class].bad)
    }

    /// Returns the selected classes.
    fn asked(&self, class: Option<usize>) -> &[FoldedClass] {
        class.map_or(&self.classes, |class| std::slice::from_ref(&self.classes[class]))
    }

    /// Returns the dollars of the bill per million views served, by block; `None` without prices, or where a block serves
    /// nothing.
    fn per_million_by_block(&self, scale: Scale<'_>, class: usize) -> Option<Vec<f64>> {
        let bill = scale.plan.fluid.as_ref()?.bill? * scale.months() * 1e6;
        let served = self.classes[class].served().into_iter();
        served.map(|served| (served > 0.0).then(|| bill / served)).collect()
    }

    /// Returns the dollars of the bill per million views served, of all replications together; `None` without prices, or
    /// where nothing is served.
    fn per_million(&self, scale: Scale<'_>, class: usize) -> Option<Estimate> {
        let bill = scale.plan.fluid.as_ref()?.bill? * scale.months() * 1e6;
        let served: Vec<f64> = self.classes[class].served();
        let some = served.iter().any(|served| *served > 0.0);
        some.then(|| not_negative(over(&vec![bill; served.len()], &served, scale.level)))
    }

    /// Models the views of classes that an outage loses, where each second of one loses all of them.
    fn modelled<'a>(scale: Scale<'a>, classes: &[FoldedClass]) -> Modelled<'a> {
        let rate = |class: &FoldedClass| {
            let seconds = scale.seconds() * class.intended.len().max(1) as f64;
            class.intended.iter().sum::<f64>() / seconds
        };
        Modelled::new(scale.plan, classes.iter().map(rate).sum())
    }

    /// Returns the model of views of a class lost to an outage that was not observed.
    fn unseen(&self, scale: Scale<'_>, class: usize, loss: Loss) -> Unseen {
        let class = &self.classes[class];
        let modelled = Self::modelled(scale, std::slice::from_ref(class));
        match loss {
            Loss::Cause(cause) => modelled.of_cause(cause, &class.lost[cause], None),
            Loss::All | Loss::Unserved | Loss::Fault => {
                modelled.of_causes(class.lost.iter().map(|lost| (lost.as_slice(), None)))
            }
            // A loud hour loses a little by its law, however seldom it comes.
            Loss::Overload => Unseen { has_specks: true, ..modelled.any() },
            Loss::Planned | Loss::NeverBorn => modelled.any(),
        }
    }

    /// Returns the values per block; `None` if the figure is not a mean over replications.
    #[must_use]
    pub fn values(&self, scale: Scale<'_>, what: OfLoad) -> Option<Vec<f64>> {
        let plan = scale.plan;
        Some(match what {
            // The lost share, since the served share is precise from the start.
            OfLoad::Request(class) => {
                let [_, lost, wanted] = Self::views(self.asked(class));
                lost.iter().zip(&wanted).map(|(lost, wanted)| lost / wanted.max(1e-300)).collect()
            }
            OfLoad::Intervals(class) => self.bad(class).to_vec(),
            OfLoad::Lost(class, loss) => self.lost(plan, class, loss),
            OfLoad::MonthLostMean(class) => self.classes[class].month_mean.clone(),
            OfLoad::Busy(resource, BusyOf::Mean) => self.busy[resource].clone(),
            OfLoad::PerMillion(class) => self.per_million_by_block(scale, class)?,
            OfLoad::LostCost(class) => {
                let price = plan.fluid.as_ref()?.lost_view? / scale.months();
                self.classes[class].unserved().iter().map(|lost| lost * price).collect()
            }
            OfLoad::LostWrites(at, cause) => self.writes[at].lost(cause),
            OfLoad::Behind(at) => self.writes[at].behind.clone(),
            OfLoad::Lag(at, member, of) => self.writes[at].lags[member].values(of)?,
            OfLoad::Scaler(at, of) => self.scaled[at].values(of).to_vec(),
            OfLoad::Drawn(_)
            | OfLoad::MonthMeets(_)
            | OfLoad::MonthLost(..)
            | OfLoad::Busy(..)
            | OfLoad::LostPerFailover(_)
            | OfLoad::DataLoss(_)
            | OfLoad::DataLossQuantile(..) => return None,
        })
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, scale: Scale<'_>, what: OfLoad) -> Estimate {
        let (plan, level) = (scale.plan, scale.level);
        let years = scale.years() * self.bad.len() as f64;
        let a_year = |values: &[f64], unseen: Unseen| a_year(scale, values, unseen);
        match what {
            OfLoad::Request(class) => {
                let classes = self.asked(class);
                let [served, lost, wanted] = Self::views(classes);
                let whole = wanted.iter().sum::<f64>() / wanted.len().max(1) as f64;
                if whole <= 0.0 {
                    return Estimate::Missing(NoValue::Empty);
                }
                let unseen = Self::modelled(scale, classes).any();
                match share_without(&lost, whole, unseen, level) {
                    // With many events, the variation of the intended views belongs to the error.
                    many if is_of_many(&many) => ratio(&served, &wanted, level),
                    few => few,
                }
            }
            OfLoad::Intervals(class) => {
                let all = scale.seconds() / INTERVAL.seconds();
                let each = Modelled::new(plan, 1.0 / INTERVAL.seconds());
                share_without(self.bad(class), all, each.any(), level)
            }
            OfLoad::Lost(class, loss) => {
                a_year(&self.lost(plan, class, loss), self.unseen(scale, class, loss))
            }
            OfLoad::LostWrites(at, cause) => {
                let writes = &self.writes[at];
                // A failover of a cause without observations loses what the others lose on average.
                let failovers: f64 = writes.failovers.iter().sum();
                let lost: f64 = writes.lost(None).iter().sum();
                let amount = (lost > 0.0 && failovers > 0.0).then(|| lost / failovers);
                a_year(&writes.lost(cause), Unseen { amount, ..Unseen::default() })
            }
            OfLoad::Behind(at) => a_year(&self.writes[at].behind, Unseen::of(1.0)),
            OfLoad::Lag(at, member, of) => self.writes[at].lags[member].estimate(scale, of),
            OfLoad::Scaler(at, of) => self.scaled[at].estimate(scale, of),
            OfLoad::LostPerFailover(at) => each(
                &self.writes[at].lost(None),
                &self.writes[at].failovers,
                (years, Unseen::default()),
                level,
            ),
            OfLoad::DataLoss(at) => each(
                &self.writes[at].window,
                &self.writes[at].failovers,
                (years, Unseen::default()),
                level,
            ),
            OfLoad::DataLossQuantile(at, q) => {
                let windows = &self.writes[at].windows;
                counted_quantile(windows, q, level)
            }
            OfLoad::PerMillion(class) => {
                self.per_million(scale, class).unwrap_or(Estimate::Missing(NoValue::Empty))
            }
            OfLoad::LostCost(class) => {
                match plan.fluid.as_ref().and_then(|fluid| fluid.lost_view) {
                    Some(price) => {
                        let lost = self.lost(plan, class, Loss::Unserved);
                        let unseen = self.unseen(scale, class, Loss::Unserved);
                        few(&lost, unseen, level, price / scale.months())
                    }
                    None => Estimate::Missing(NoValue::Empty),
                }
            }
            OfLoad::MonthMeets(class) => {
                let class = &self.classes[class];
                let missed: Vec<f64> =
                    class.months.iter().zip(&class.met).map(|(all, met)| all - met).collect();
                let whole = class.months.iter().sum::<f64>() / class.months.len().max(1) as f64;
                if whole <= 0.0 {
                    return Estimate::Missing(NoValue::Empty);
                }
                share_without(&missed, whole, Unseen::of(1.0), level)
            }
            OfLoad::MonthLostMean(class) => {
                let months = Modelled::new(plan, 1.0 / plan.horizon.seconds());
                let each = 1.0 / scale.block as f64;
                few(&self.classes[class].month_mean, months.any(), level, each)
            }
            OfLoad::MonthLost(class, q) => {
                let months = &self.classes[class].month_lost;
                // Shares are kept in place of nanoseconds.
                counted_quantile(months, q, level)
            }
            OfLoad::Drawn(drawn) => energy::estimate(plan, self.seen(), drawn, level),
            OfLoad::Busy(resource, BusyOf::Mean) => scale.mean(&self.busy[resource]),
            OfLoad::Busy(resource, of) => {
                let seen: Vec<&Busy> = self.seen().collect();
                busy::estimate(plan, &seen, (resource, of), level)
            }
        }
    }
}

/// Returns a ratio of sums, for one replication its own, within 0 to 1.
fn ratio(top: &[f64], bottom: &[f64], level: f64) -> Estimate {
    match (top, bottom, Interval::of_ratio(top, bottom, level)) {
        (_, _, Ok(i)) => {
            let within = |value: f64| value.clamp(0.0, 1.0);
            Estimate::Interval(Interval { low: within(i.low), high: within(i.high), ..i })
        }
        ([top], [bottom], Err(_)) if *bottom > 0.0 => Estimate::Single(top / bottom),
        _ => Estimate::Missing(NoValue::Empty),
    }
}

/// Resolves a figure of the traffic, without regard to the faults that it leaves out.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub fn resolve(plan: &AvailabilityPlan, figure: &Figure) -> Result<OfLoad, NoSuchFigure> {
    let Some(fluid) = &plan.fluid else {
        let message = format!("`{figure}`: no workload in this scenario has a rate");
        return Err(NoSuchFigure::new(message).help("it needs a workload with a `rate`"));
    };
    match figure.metric {
        Metric::Utilization => return busy::resolve(fluid, figure),
        Metric::LostWrites | Metric::DataLoss | Metric::Failovers => {
            return writes(plan, fluid, figure);
        }
        Metric::Lag | Metric::Backlog => return lag::resolve(fluid, figure),
        metric if scaled::of_metric(metric).is_some() => {
            return scaled::resolve(fluid, figure).map(|(at, of)| OfLoad::Scaler(at, of));
        }
        Metric::Power | Metric::Energy | Metric::Carbon | Metric::EnergyCost => {
            return Drawn::resolve(&fluid.power.power, figure).map(OfLoad::Drawn);
        }
        _ => {}
    }
    let names: Vec<&str> = fluid.classes.iter().map(|class| class.name.as_str()).collect();
    let Some(class) = names.iter().position(|name| *name == figure.scope) else {
        let message = format!("`{figure}`: no workload asks for `{}` at a rate", figure.scope);
        let help = suggest::help(&figure.scope, &names, "asked for are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let month = figure.window.as_deref() == Some("month");
    match (figure.metric, figure.stat, month) {
        (Metric::Request, None | Some(Stat::Mean), false) => Ok(OfLoad::Request(Some(class))),
        (Metric::Objective, None | Some(Stat::Mean), false) => Ok(OfLoad::Intervals(Some(class))),
        (Metric::CostPerMillion | Metric::LostCost, None | Some(Stat::Mean), _) => {
            let (of, priced, key) = match figure.metric {
                Metric::LostCost => (OfLoad::LostCost(class), fluid.lost_view, "lost-page"),
                _ => (OfLoad::PerMillion(class), fluid.bill, "zone"),
            };
            let without = || {
                NoSuchFigure::new(format!("`{figure}`: the file has no such price"))
                    .help(format!("give `[cost]` a `{key}`"))
            };
            priced.map(|_| of).ok_or_else(without)
        }
        (Metric::Request, Some(Stat::Chance), true) => {
            if fluid.classes[class].availability.is_none() {
                return Err(NoSuchFigure::new(format!(
                    "`{figure}`: `{}` has no objective `availability` that a month could meet",
                    figure.scope
                )));
            }
            Ok(OfLoad::MonthMeets(class))
        }
        (Metric::Lost, None | Some(Stat::Mean), false) => {
            Ok(OfLoad::Lost(class, loss(plan, figure)?))
        }
        _ => Err(unknown(figure)),
    }
}

/// Returns the error for a figure that the registry assigns to the traffic, but that nothing here estimates.
pub(super) fn unknown(figure: &Figure) -> NoSuchFigure {
    NoSuchFigure::new(format!("`{figure}` is no figure of the traffic"))
}

/// Returns the selection of lost views that a figure means.
///
/// # Errors
///
/// [`NoSuchFigure`], if there is no such cause.
pub fn loss(plan: &AvailabilityPlan, figure: &Figure) -> Result<Loss, NoSuchFigure> {
    Ok(match (figure.key("outcome"), figure.key("cause")) {
        (None, None) => Loss::All,
        (Some("fault"), _) => Loss::Fault,
        (Some("overload"), _) | (None, Some("overload")) => Loss::Overload,
        (Some("planned"), _) => Loss::Planned,
        (Some(_), _) => Loss::NeverBorn,
        (None, Some(cause)) => Loss::Cause(super::cause(plan, figure, cause)?),
    })
}

/// Resolves a figure of the losses of a database's failovers.
fn writes(
    plan: &AvailabilityPlan,
    fluid: &FluidPlan,
    figure: &Figure,
) -> Result<OfLoad, NoSuchFigure> {
    let names: Vec<&str> = fluid.copies.iter().map(|copies| copies.name.as_str()).collect();
    let Some(at) = names.iter().position(|name| *name == figure.scope) else {
        let message = format!("`{figure}`: no replica takes over at `{}`", figure.scope);
        let help = suggest::help(&figure.scope, &names, "databases with a failover are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let cause = figure.key("cause").map(|name| super::cause(plan, figure, name)).transpose()?;
    match (figure.metric, figure.stat) {
        (Metric::Failovers, None | Some(Stat::Mean)) => Ok(OfLoad::Behind(at)),
        (Metric::LostWrites, None) => Ok(OfLoad::LostWrites(at, cause)),
        (Metric::LostWrites, Some(Stat::Mean)) if cause.is_none() => {
            Ok(OfLoad::LostPerFailover(at))
        }
        (Metric::DataLoss, None | Some(Stat::Mean)) => Ok(OfLoad::DataLoss(at)),
        (Metric::DataLoss, Some(Stat::Quantile(q))) => Ok(OfLoad::DataLossQuantile(at, q)),
        _ => Err(unknown(figure)),
    }
}
