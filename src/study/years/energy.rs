//! Figures of power and energy over the horizon, over batches of replications.

use super::{YEAR_S, mean};
use crate::plan::availability::AvailabilityPlan;
use crate::solve::fluid::Busy;
use crate::study::energy::{Drawn, OfEnergy};
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

/// Returns the estimate of a figure: mean power, energy and carbon per year, cost per month.
pub fn estimate<'b>(
    plan: &AvailabilityPlan,
    batches: impl Iterator<Item = &'b Busy>,
    drawn: Drawn,
    level: f64,
) -> Estimate {
    let Some(fluid) = &plan.fluid else { return Estimate::Missing(NoValue::Empty) };
    let span = match drawn.of {
        OfEnergy::Power => 1.0,
        OfEnergy::Energy | OfEnergy::Carbon => YEAR_S,
        OfEnergy::Cost => YEAR_S / 12.0,
    };
    let one = |busy: &Busy| {
        let seconds: f64 = busy.time.iter().sum();
        let joules = |meter: usize| busy.energy[meter].map(|joules| joules / seconds * span);
        drawn.value(&fluid.power.power, joules, span)
    };
    let values: Vec<f64> = batches.map(one).collect();
    mean(&values, level)
}
