//! Execution of a study, with its verdicts.

use rayon::prelude::*;

use super::pieces::Group;
use super::{Asked, Expectation, Judged, StudyPlan};
use crate::convert;
use crate::model::blueprint::Blueprint;
use crate::solve::requests::Breach;
use crate::study::breaks;
use crate::study::capacity::{self, CapacityResult};
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::limits::Sought;
use crate::study::measure::NoValue;
use crate::study::metastable;
use crate::study::methods;
use crate::study::sampled::estimate::Joined;
use crate::study::sampled::{self, SampledResult};
use crate::study::verdict::Verdict;
use crate::study::why::Why;
use crate::study::window::{self, Ending, Estimate, Watch, WindowResult};
use crate::study::work::Piece;
use crate::study::years::{self, YearsResult};

/// Results of a scenario.
#[derive(Clone, Debug)]
pub struct StudyResult {
    /// Results per window.
    pub windows: Vec<WindowResult>,
    /// Verdicts, by expectation.
    pub judgements: Vec<Judgement>,
    /// Results per search of [`StudyPlan::sought`]; `None` where it was stopped.
    pub capacities: Vec<Option<CapacityResult>>,
    /// Results of the long-horizon run, if there was one.
    pub years: Option<YearsResult>,
    /// Causes of downtime, where they were asked for.
    pub why: Why,
    /// Results of the windows drawn from the long-horizon run.
    pub sampled: Option<SampledResult>,
}

impl StudyResult {
    /// Returns the long-horizon run and the windows drawn from it, where there are both.
    #[must_use]
    pub fn joined<'a>(&'a self, study: &'a StudyPlan) -> Option<Joined<'a>> {
        let (asked, windows) = (study.sampled.as_ref()?, self.sampled.as_ref()?);
        let (years, flows) = (study.years.as_ref()?, self.years.as_ref()?);
        Some(Joined { asked, windows, years, flows })
    }

    /// Returns a verdict on a class, as a word of the language.
    #[must_use]
    pub fn verdict(&self, study: &StudyPlan, place: usize) -> String {
        let (_, window, class) = &study.verdicts[place];
        let of = &self.windows[*window];
        // A class without a verdict has no requests.
        let found = of.classes.iter().find(|one| one.class == *class);
        found.map_or(Verdict::Stable, |one| one.verdict).word().to_lowercase()
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, asked: &Asked) -> &Estimate {
        &self.windows[asked.window].estimates[asked.place]
    }

    /// Returns the half-width of a figure over its estimate; for an availability over the horizon, over its complement.
    /// `None` without an interval.
    #[must_use]
    pub fn precision(&self, study: &StudyPlan, of: Judged) -> Option<f64> {
        match (of, &study.years, &self.years) {
            (Judged::Years(place), Some(plan), Some(years)) => {
                years.precision(plan, plan.figures[place].measure)
            }
            _ => match self.judged(study, of) {
                Estimate::Interval(interval) => interval.relative_half_width(),
                _ => None,
            },
        }
    }

    /// Returns the estimate that is judged; for a capacity with only a bound, the bound.
    #[must_use]
    pub fn judged(&self, study: &StudyPlan, of: Judged) -> Estimate {
        let found = self.found(study, of);
        if let (Estimate::Interval(i), Some(figure)) = (&found, study.figure(of)) {
            let said = figure.row().interval;
            debug_assert!(methods::allows(said, i.method), "{figure}: {:?} of {said:?}", i.method);
        }
        found
    }

    fn found(&self, study: &StudyPlan, of: Judged) -> Estimate {
        match of {
            Judged::Figure(place) => self.estimate(&study.figures[place]).clone(),
            Judged::Capacity(place) => match self.capacities.get(place) {
                Some(Some(found)) => found.carries.estimate(),
                _ => Estimate::Missing(NoValue::Stopped),
            },
            Judged::Arithmetic(place) => Estimate::Interval(study.arithmetic[place].1),
            Judged::Years(place) => match (&study.years, &self.years) {
                (Some(plan), Some(years)) => years.estimate(plan, plan.figures[place].measure),
                _ => Estimate::Missing(NoValue::Stopped),
            },
            Judged::Name(_) | Judged::Verdict(_) => Estimate::Missing(NoValue::Name),
            Judged::NotEstimated(_) => Estimate::Missing(NoValue::NotEstimated),
            Judged::Sampled(place) => match self.joined(study) {
                Some(joined) => joined.estimate(joined.asked.figures[place].of),
                None => Estimate::Missing(NoValue::Stopped),
            },
        }
    }
}

/// Runs every window and judges.
///
/// # Errors
///
/// [`Breach`] when an invariant is broken.
pub fn run(plan: &Blueprint, study: &StudyPlan, watch: &Watch) -> Result<StudyResult, Breach> {
    let sampled = study.sampled.as_ref().map_or(0, sampled::SampledPlan::most);
    watch.sampled.store(sampled, std::sync::atomic::Ordering::Relaxed);
    // In parallel: the replications of one window may be fewer than the threads.
    let groups = study.groups();
    let lived = || {
        groups.par_iter().with_max_len(1).map(|group| {
            let asked = study.of_group(group);
            let seen = match group {
                Group::Window(at) => {
                    let mut seen =
                        window::run_in(plan, asked[0], Some(convert::place(*at)), watch)?;
                    metastable::judge(plan, asked[0], &mut seen, study.quick, watch)?;
                    vec![seen]
                }
                Group::Around(place, _) => {
                    breaks::run(plan, &asked, convert::place(*place), watch)?
                }
            };
            Ok(group.places().iter().copied().zip(seen).collect::<Vec<_>>())
        })
    };
    let carried = || {
        let one = |(at, sought): (usize, &Sought)| {
            let simulate = || capacity::search_for(plan, sought, watch);
            watch.work.get(Piece::Capacity(convert::place(at)), simulate)
        };
        let all = study.sought.par_iter().enumerate().with_max_len(1);
        all.map(one).collect::<Result<Vec<_>, Breach>>()
    };
    // The long-horizon run proceeds beside the windows: threads without a window continue with it.
    let through = || study.years.as_ref().map(|years| years::run(years, watch)).transpose();
    let (lived, (capacities, years)) =
        rayon::join(|| lived().collect::<Result<Vec<_>, Breach>>(), || (carried(), through()));
    let mut windows: Vec<(usize, WindowResult)> = lived?.into_iter().flatten().collect();
    windows.sort_by_key(|(at, _)| *at);
    let mut windows: Vec<WindowResult> = windows.into_iter().map(|(_, window)| window).collect();
    breaks::pair(&study.windows, &mut windows);
    let years = years?;
    // An interrupted long-horizon run has no pieces to draw from.
    let whole = years.as_ref().is_some_and(|years| years.ending != Ending::Interrupted);
    let sampled = match (&study.sampled, &study.years) {
        (Some(asked), Some(of)) if whole => Some(sampled::run(plan, asked, of, watch)?),
        _ => None,
    };
    let (judgements, capacities) = (Vec::new(), capacities?);
    let why = Why::default();
    let mut result = StudyResult { windows, judgements, capacities, years, why, sampled };
    let judge = |expectation: &Expectation| match expectation.of {
        Judged::NotEstimated(_) => Judgement::NotJudged,
        Judged::Name(place) => expectation.demand.judge_name(&study.names[place].1),
        Judged::Verdict(place) => match result.verdict(study, place).as_str() {
            "inconclusive" if expectation.demand != Demand::Named("inconclusive".into()) => {
                Judgement::Inconclusive
            }
            word => expectation.demand.judge_name(word),
        },
        of => expectation.demand.judge_estimate(&result.judged(study, of)),
    };
    result.judgements = study.expectations.iter().map(judge).collect();
    Ok(result)
}
