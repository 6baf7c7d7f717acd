//! Replications of windows that are simulated together, as far as they are there.

use super::{Folded, Folding, KEPT, result};
use crate::convert::index;
use crate::model::blueprint::Blueprint;
use crate::solve::requests::Breach;
use crate::study::in_order;
use crate::study::replication::Replication;
use crate::study::window::{self, Ending, Estimate, Watch, WindowPlan, WindowResult};
use crate::study::work::Together;

/// Replications so far: the first one by one and, if there are more than [`KEPT`], all of them as sums.
pub(in crate::study) struct Gathered<'a> {
    folding: Folding<'a>,
    /// Name of their pieces; `None` if they are no pieces of the study.
    together: Option<Together>,
    watch: &'a Watch,
    /// By window, by replication.
    kept: Vec<Vec<Replication>>,
    /// By window.
    all: Option<Vec<Folded>>,
}

impl<'a> Gathered<'a> {
    /// Returns no replications of some windows.
    pub(in crate::study) fn new(
        plan: &'a Blueprint,
        asked: &[&'a WindowPlan],
        (together, watch): (Option<Together>, &'a Watch),
    ) -> Self {
        let kept = asked.iter().map(|_| Vec::new()).collect();
        Self { folding: Folding::new(plan, asked), together, watch, kept, all: None }
    }

    /// Returns the number of replications.
    pub(in crate::study) fn count(&self) -> u64 {
        match self.all.as_ref().and_then(|all| all.first()) {
            Some(all) => all.count(),
            None => self.kept.first().map_or(0, |kept| kept.len() as u64),
        }
    }

    /// Returns the replications of a window that are kept one by one.
    pub(in crate::study) fn kept(&self, window: usize) -> &[Replication] {
        &self.kept[window]
    }

    /// Returns the estimates of the first window's measures with a precision to reach, which are missing if one has no
    /// value in some replication; `None` while every replication is kept.
    #[expect(clippy::option_option, reason = "two questions: is there a fold, and has it values")]
    pub(in crate::study) fn targets(&self) -> Option<Option<Vec<Estimate>>> {
        let all = self.all.as_ref()?.first()?;
        Some(self.folding.targets(all))
    }

    /// Adds replications, each simulated by `one` unless it was simulated elsewhere, until there are `goal`; returns
    /// false if some are missing. Those that are there are then an unbroken prefix.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant of some replication is broken, or a result cannot be read.
    pub(in crate::study) fn extend(
        &mut self,
        goal: u64,
        one: impl Fn(u64) -> Result<Option<Vec<Replication>>, Breach> + Sync,
    ) -> Result<bool, Breach> {
        let known = self.count();
        let (from, to) = (known.min(KEPT), goal.min(KEPT));
        let rest = (known.max(KEPT), goal);
        if let Some(together) = self.together {
            let work = &self.watch.work;
            let lacks = work.lacks((from..to).map(|number| together.one(number)));
            let gaps = rest.0 < rest.1 && work.lacks(work.gaps(together, rest).into_iter());
            if lacks || gaps {
                return Ok(false);
            }
        }
        let (together, work) = (self.together, &self.watch.work);
        let live = |more: usize| {
            let number = from + more as u64;
            let seen = match together {
                Some(together) => work.get(together.one(number), || one(number)),
                None => one(number),
            };
            seen.transpose()
        };
        let kept = &mut self.kept;
        in_order::fold(index(to.saturating_sub(from)), live, |_, seen: Vec<Replication>| {
            kept.iter_mut().zip(seen).for_each(|(kept, seen)| kept.push(seen));
        })?;
        if self.count() < to || rest.0 >= rest.1 {
            return Ok(self.count() >= goal);
        }
        let more = match together.and_then(|together| work.range(together, rest)) {
            Some(folds) => self.fitting(folds)?.to_vec(),
            None => self.folding.range(rest, one)?,
        };
        if self.all.is_none() {
            self.all = Some(self.folded());
        }
        let all = self.all.iter_mut().flatten();
        all.zip(&more).for_each(|(all, more)| all.merge(more));
        Ok(self.count() >= goal)
    }

    /// Refuses folds of other windows.
    fn fitting<'f>(&self, folds: &'f [Folded]) -> Result<&'f [Folded], Breach> {
        let own = self.folding.empty();
        let fit = own.len() == folds.len() && own.iter().zip(folds).all(|(own, one)| own.fits(one));
        if fit {
            return Ok(folds);
        }
        let what = "the result of a piece is of other windows".to_string();
        Err(Breach { what, during: format!("{:?}", self.together) })
    }

    /// Folds the replications that are kept.
    fn folded(&self) -> Vec<Folded> {
        let mut folds = self.folding.empty();
        let count = self.kept.first().map_or(0, Vec::len);
        for number in 0..count {
            let of: Vec<&Replication> = self.kept.iter().map(|kept| &kept[number]).collect();
            self.folding.add(&mut folds, number as u64, &of);
        }
        folds
    }

    /// Returns the results of the windows.
    pub(in crate::study) fn results(self, end: (Ending, usize)) -> Vec<WindowResult> {
        let Self { folding, kept, all, .. } = self;
        let windows = kept.into_iter().enumerate();
        let one = |(at, kept): (usize, Vec<Replication>)| match &all {
            Some(all) => result(&folding, at, &all[at], &kept, end),
            None => window::fold(folding.plan, folding.asked[at], kept, end.0, end.1),
        };
        windows.map(one).collect()
    }
}
