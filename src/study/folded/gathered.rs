//! Replications of windows that are simulated together, as far as they are there.

use super::{Folded, Folding, result};
use crate::convert::index;
use crate::model::blueprint::Blueprint;
use crate::solve::requests::Breach;
use crate::study::in_order;
use crate::study::replication::Replication;
use crate::study::window::{self, Ending, Estimate, Watch, WindowPlan, WindowResult};
use crate::study::work::Together;

/// Drops what only a fold needs of the replications from a number on, of which the first keeps its instants.
fn lighten(kept: &mut [Replication], from: usize) {
    for (number, one) in kept.iter_mut().enumerate().skip(from) {
        one.lighten(number == 0);
    }
}

/// Replications so far: the first one by one and, if there are more than [`KEPT`](super::KEPT), all of them as sums.
pub struct Gathered<'a> {
    folding: Folding<'a>,
    /// Name of their pieces; `None` if they are no pieces of the study.
    together: Option<Together>,
    watch: &'a Watch,
    /// The first replications, by window.
    kept: Vec<Vec<Replication>>,
    /// All replications if there are more, by window.
    all: Option<Vec<Folded>>,
}

impl<'a> Gathered<'a> {
    /// Returns no replications of some windows.
    #[must_use]
    pub fn new(
        plan: &'a Blueprint,
        asked: &[&'a WindowPlan],
        (together, watch): (Option<Together>, &'a Watch),
    ) -> Self {
        let kept = asked.iter().map(|_| Vec::new()).collect();
        Self { folding: Folding::new(plan, asked), together, watch, kept, all: None }
    }

    /// Keeps another number of replications one by one.
    #[cfg(test)]
    #[must_use]
    pub fn keeping(mut self, keep: u64) -> Self {
        self.folding.keep = keep;
        self
    }

    /// Returns the number of replications.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self.all.as_ref().and_then(|all| all.first()) {
            Some(all) => all.count(),
            None => self.kept.first().map_or(0, |kept| kept.len() as u64),
        }
    }

    /// Returns the replications of a window that are kept one by one.
    #[must_use]
    pub fn kept(&self, window: usize) -> &[Replication] {
        &self.kept[window]
    }

    /// Returns the estimates of the first window's measures with a precision to reach, which are missing if one has no
    /// value in some replication; `None` while every replication is kept.
    #[expect(clippy::option_option, reason = "two questions: is there a fold, and has it values")]
    pub fn targets(&self) -> Option<Option<Vec<Estimate>>> {
        let all = self.all.as_ref()?.first()?;
        Some(self.folding.targets(all))
    }

    /// Adds replications, each simulated by `one` unless it was simulated elsewhere, until there are `goal`; returns
    /// false if some are missing. Those that are there are then an unbroken prefix.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant of some replication is broken, or a result cannot be read.
    pub fn extend(
        &mut self,
        goal: u64,
        one: impl Fn(u64) -> Result<Option<Vec<Replication>>, Breach> + Sync,
    ) -> Result<bool, Breach> {
        let known = self.count();
        let keep = self.folding.keep;
        let (from, to) = (known.min(keep), goal.min(keep));
        let rest = (known.max(keep), goal);
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
        if rest.0 < rest.1 && self.all.is_none() {
            self.all = Some(self.folded());
            self.kept.iter_mut().for_each(|kept| lighten(kept, 0));
        }
        let (folding, kept, all) = (&self.folding, &mut self.kept, &mut self.all);
        let put = |more: usize, seen: Vec<Replication>| {
            if let Some(all) = all {
                let of: Vec<&Replication> = seen.iter().collect();
                folding.add(all, from + more as u64, &of);
            }
            for (kept, seen) in kept.iter_mut().zip(seen) {
                kept.push(seen);
                if all.is_some() {
                    let last = kept.len() - 1;
                    lighten(kept, last);
                }
            }
        };
        in_order::fold(index(to.saturating_sub(from)), live, put)?;
        if self.count() < to || rest.0 >= rest.1 {
            return Ok(self.count() >= goal);
        }
        let more = match together.and_then(|together| work.range(together, rest)) {
            Some(folds) => self.fitting(folds)?.to_vec(),
            None => self.folding.range(rest, one)?,
        };
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
    #[must_use]
    pub fn results(self, end: (Ending, usize)) -> Vec<WindowResult> {
        let Self { folding, kept, all, .. } = self;
        let windows = kept.into_iter().enumerate();
        let one = |(at, kept): (usize, Vec<Replication>)| match &all {
            Some(all) => result(&folding, at, &all[at], &kept, end),
            None => window::fold(folding.plan, folding.asked[at], kept, end.0, end.1),
        };
        windows.map(one).collect()
    }
}
