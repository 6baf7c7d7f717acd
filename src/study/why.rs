//! Stories of outages and benefit of removing each cause, for a scenario run alone.

use crate::plan::Draft;
use crate::solve::requests::Breach;
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::stories::{self, Stories};
use crate::study::waterfall::{self, LeftOut, Waterfall};
use crate::study::window::{Ending, Watch};
use crate::study::years::{YearsPlan, YearsResult};

/// Report on a scenario run alone, beside its figures.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// Its outages.
    pub stories: Option<Stories>,
    /// Benefit of removing each cause.
    pub waterfall: Option<Waterfall>,
}

/// Finds the causes of downtime, if the plan asks for them and the long-horizon run was not interrupted.
///
/// # Errors
///
/// [`Breach`] when an invariant is broken.
pub fn ask(
    draft: &Draft,
    study: &StudyPlan,
    result: &StudyResult,
    watch: &Watch,
) -> Result<Why, Breach> {
    let Some((plan, seen)) = asked(study, result) else { return Ok(Why::default()) };
    let stories = stories::tell(draft, &plan.of, seen)?;
    let waterfall = match study.quick {
        true => None,
        false => waterfall::fall(draft, plan, seen, watch)?,
    };
    Ok(Why { stories, waterfall })
}

/// Returns the faults that are left out, if the plan asks for their benefit.
#[must_use]
pub fn left_out(study: &StudyPlan, result: &StudyResult) -> Option<LeftOut> {
    let (plan, seen) = asked(study, result)?;
    (!study.quick).then(|| LeftOut::of(&plan.of, seen)).flatten()
}

/// Returns the long-horizon run whose downtime is explained, if the plan asks for that and it was not interrupted.
fn asked<'a>(
    study: &'a StudyPlan,
    result: &'a StudyResult,
) -> Option<(&'a YearsPlan, &'a YearsResult)> {
    let (plan, seen) = (study.years.as_ref()?, result.years.as_ref()?);
    let whole = seen.ending != Ending::Interrupted && seen.replications > 0;
    (study.alone && whole).then_some((plan, seen))
}
