//! Autoscalers over the horizon, as rows.

use crate::study::window::Estimate;
use crate::study::years::load::OfLoad;
use crate::study::years::scaled::OfScaler;
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};
use crate::units::SimDuration;

/// One autoscaler over the horizon.
#[derive(Clone, Debug)]
pub struct ScalerRow {
    /// Name of the scaler.
    pub name: String,
    /// Fewest and most members.
    pub bounds: (u32, u32),
    /// Mean number of members.
    pub members: Estimate,
    /// Hours per year that members cost.
    pub hours: Estimate,
    /// Dollars per month that they cost; `None` without a price.
    pub cost: Option<Estimate>,
    /// Launches per year: begun, failed, refused.
    pub launches: [Estimate; 3],
    /// Members removed per year.
    pub removed: Estimate,
    /// Members terminated per year; `None`: the scaler terminates none.
    pub replaced: Option<Estimate>,
    /// Members moved per year; `None`: no move is planned.
    pub moved: Option<Estimate>,
}

/// Gathers the rows, by name.
pub(super) fn rows(plan: &YearsPlan, seen: &YearsResult) -> Vec<ScalerRow> {
    let Some(fluid) = &plan.of.fluid else { return Vec::new() };
    let row = |(at, of): (usize, &crate::plan::fluid::scaled::Scaled)| {
        let tell = |what: OfScaler| {
            let what = What::Load(OfLoad::Scaler(at, what));
            seen.estimate(plan, YearMeasure { net: 0, meter: 0, what })
        };
        let terms = &of.rules.terms;
        let hours = tell(OfScaler::Hours);
        // A price per month is that of a twelfth of a year.
        let of_year =
            |price: f64| hours.clone().times(price / (SimDuration::YEAR.seconds() / 3_600.0));
        ScalerRow {
            name: of.name.clone(),
            bounds: (terms.minimum, terms.maximum),
            members: tell(OfScaler::Members),
            cost: of.price.map(of_year),
            hours,
            launches: [OfScaler::Launches, OfScaler::Failed, OfScaler::Refused].map(tell),
            removed: tell(OfScaler::Removed),
            replaced: of.rules.replace.map(|_| tell(OfScaler::Replaced)),
            moved: (!of.rules.moves.is_empty()).then(|| tell(OfScaler::Moved)),
        }
    };
    let mut rows: Vec<ScalerRow> = fluid.scaled.iter().enumerate().map(row).collect();
    rows.sort_by_cached_key(|row| super::natural(&row.name));
    rows
}
