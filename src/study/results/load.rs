//! Traffic over the horizon, as rows.

use crate::plan::fluid::rooms::Entry;
use crate::plan::fluid::{FluidPlan, HOURS};
use crate::plan::load::Resource;
use crate::study::window::Estimate;
use crate::study::years::load::{BusyOf, Loss, OfLoad};
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};
use crate::units::Probability;

/// Traffic results of a long-horizon run.
#[derive(Clone, Debug)]
pub struct LoadRows {
    /// Requested classes, in the order of names.
    pub classes: Vec<LoadClass>,
    /// All of them together, where there are several.
    pub all: Option<AllClasses>,
    /// Resources, the busiest first.
    pub resources: Vec<LoadUse>,
}

/// All classes together.
#[derive(Clone, Debug)]
pub struct AllClasses {
    /// Served over intended views.
    pub request: Estimate,
    /// Share of 5-minute intervals in which no class loses 1 %.
    pub objective: Estimate,
}

/// One class.
#[derive(Clone, Debug)]
pub struct LoadClass {
    /// Its name.
    pub name: String,
    /// Served over intended views.
    pub request: Estimate,
    /// Share of 5-minute intervals in which less than 1 % is lost: the loss half of the objective.
    pub objective: Estimate,
    /// Views lost per year.
    pub lost: Estimate,
    /// Views lost per year because of a fault.
    pub fault: Estimate,
    /// Views lost per year because capacity was short.
    pub overload: Estimate,
    /// Views lost per year because of planned work.
    pub planned: Estimate,
    /// Views lost per year by cause, the most first; causes that lost none are left out.
    pub causes: Vec<(String, Estimate)>,
    /// Views per year never requested: their user had left after a lost one.
    pub never_born: Estimate,
    /// Views served late per year: after a stall that their users waited out.
    pub late: f64,
    /// Served share that the objective demands, and the probability that a month reaches it.
    pub month_meets: Option<(Probability, Estimate)>,
    /// Mean lost share of a month's views.
    pub month_lost: Estimate,
    /// p95 over the months of the lost share.
    pub month_p95: Estimate,
    /// Seconds until a file server stall holds all workers of the class's services, and until the queue is full as
    /// well; at the mean rate and in the busiest hour. `None` if nothing of it waits for a file server, or capacity is
    /// unlimited.
    pub held_up: Option<[(f64, f64); 2]>,
    /// Cost of the views, where the file has prices.
    pub cost: Option<ClassCost>,
}

/// Cost of the page views of a class.
#[derive(Clone, Debug)]
pub struct ClassCost {
    /// Monthly bill per million views served.
    pub per_million: Estimate,
    /// Dollars per month lost with lost views; `None` without a price.
    pub lost: Option<Estimate>,
    /// Price of a lost view, in dollars.
    pub lost_view: Option<f64>,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct LoadUse {
    /// Name as in figures: `www-1.cpu`.
    pub name: String,
    /// Resource of the component.
    pub resource: Resource,
    /// Mean utilisation over the horizon.
    pub mean: Estimate,
    /// p95 over time.
    pub p95: Estimate,
    /// Utilisation in the busiest hour of the week.
    pub busiest: Estimate,
    /// Number of that hour, from Monday 00:00.
    pub busiest_hour: usize,
    /// Mean utilisation per hour of the week.
    pub hours: Vec<Estimate>,
}

/// Gathers the rows; `None` without traffic.
pub(super) fn rows(plan: &YearsPlan, seen: &YearsResult) -> Option<LoadRows> {
    let fluid = plan.of.fluid.as_ref()?;
    let folded = seen.load.first()?.as_ref()?;
    let of = |what: OfLoad| {
        seen.estimate(plan, YearMeasure { net: 0, meter: 0, what: What::Load(what) })
    };
    let mut classes: Vec<LoadClass> = Vec::new();
    let years = seen.years(&plan.of);
    for (at, class) in fluid.classes.iter().enumerate() {
        let lost = |loss: Loss| of(OfLoad::Lost(at, loss));
        let sums = &folded.classes[at].lost;
        let mut causes: Vec<(f64, String, Estimate)> = plan
            .of
            .causes
            .iter()
            .enumerate()
            .map(|(cause, name)| {
                (sums[cause].iter().sum::<f64>(), name.clone(), lost(Loss::Cause(cause)))
            })
            .filter(|(sum, ..)| *sum > 0.0)
            .collect();
        causes.sort_by(|a, b| b.0.total_cmp(&a.0));
        classes.push(LoadClass {
            name: class.name.clone(),
            request: of(OfLoad::Request(Some(at))),
            objective: of(OfLoad::Intervals(Some(at))),
            lost: lost(Loss::All),
            fault: lost(Loss::Fault),
            overload: lost(Loss::Overload),
            planned: lost(Loss::Planned),
            causes: causes.into_iter().map(|(_, name, lost)| (name, lost)).collect(),
            never_born: lost(Loss::NeverBorn),
            late: folded.classes[at].late.iter().sum::<f64>() / years,
            month_meets: class.availability.map(|least| (least, of(OfLoad::MonthMeets(at)))),
            month_lost: of(OfLoad::MonthLostMean(at)),
            month_p95: of(OfLoad::MonthLost(at, 0.95)),
            held_up: held_up(fluid, at),
            cost: fluid.bill.map(|_| ClassCost {
                per_million: of(OfLoad::PerMillion(at)),
                lost: fluid.lost_view.map(|_| of(OfLoad::LostCost(at))),
                lost_view: fluid.lost_view,
            }),
        });
    }
    classes.sort_by_cached_key(|class| super::natural(&class.name));
    let mut resources: Vec<LoadUse> = fluid
        .network
        .resources
        .iter()
        .enumerate()
        .map(|(at, resource)| {
            let busy = |what: BusyOf| of(OfLoad::Busy(at, what));
            let hours: Vec<Estimate> = (0..HOURS).map(|hour| busy(BusyOf::Hour(hour))).collect();
            let value = |hour: &usize| hours[*hour].value().unwrap_or(0.0);
            let top = (0..HOURS).rev().max_by(|a, b| value(a).total_cmp(&value(b)));
            LoadUse {
                name: resource.name.clone(),
                resource: resource.resource,
                mean: busy(BusyOf::Mean),
                p95: busy(BusyOf::Quantile(0.95)),
                busiest: busy(BusyOf::Busiest),
                busiest_hour: top.unwrap_or(0),
                hours,
            }
        })
        .collect();
    let key = |row: &LoadUse| row.busiest.value().unwrap_or(0.0);
    resources.sort_by(|a, b| key(b).total_cmp(&key(a)).then_with(|| a.name.cmp(&b.name)));
    Some(LoadRows {
        all: (classes.len() > 1).then(|| AllClasses {
            request: of(OfLoad::Request(None)),
            objective: of(OfLoad::Intervals(None)),
        }),
        classes,
        resources,
    })
}

/// Returns the time until a stall of all file servers holds all workers of a class's services, and until the queue
/// behind them is full, at the mean rates and in the busiest hour.
fn held_up(fluid: &FluidPlan, class: usize) -> Option<[(f64, f64); 2]> {
    let Entry { workers, backlog, .. } = fluid.classes[class].entry?;
    let held = fluid.held_by_stalls();
    let same = |other: usize| fluid.classes[other].services == fluid.classes[class].services;
    let filled = |rates: &[f64]| {
        let together = (0..rates.len()).filter(|other| same(*other));
        let (mut taken, mut all) = (0.0, 0.0);
        for other in together {
            taken += rates[other] * held[other];
            all += rates[other] * fluid.classes[other].requests;
        }
        let first = workers / taken;
        let full = first + backlog / all;
        (taken > 0.0 && first.is_finite()).then_some((first, full))
    };
    let [mean, top] = fluid.mean_and_top_rates();
    Some([filled(&mean)?, filled(&top)?])
}
