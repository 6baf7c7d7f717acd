//! Stories of outages and benefit of removing each cause, for a scenario run alone.

use crate::plan::Draft;
use crate::solve::requests::Breach;
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::stories::{self, Stories};
use crate::study::waterfall::{self, Waterfall};
use crate::study::window::{Ending, Watch};

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
    let (Some(plan), Some(seen)) = (&study.years, &result.years) else {
        return Ok(Why::default());
    };
    if !study.alone || seen.ending == Ending::Interrupted || seen.replications == 0 {
        return Ok(Why::default());
    }
    let stories = stories::tell(draft, &plan.of, seen)?;
    let waterfall = match study.quick {
        true => None,
        false => waterfall::fall(draft, plan, seen, watch)?,
    };
    Ok(Why { stories, waterfall })
}
