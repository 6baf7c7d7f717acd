//! Expected length of an outage by its cause, for the bounds of outages that were not seen.
//!
//! Model: an outage by a fault lasts until people detect it, then until its repair, and then until everything on the parts works again.
//! These times are independent. Where a fault has no repair, its outage lasts as long as it is declared to, or until the parts that it
//! strikes have started again.
//!
//! Leaves out: waits for crews and spare parts; whatever stands on the parts of work that goes wrong.

use super::RepairLaw;
use crate::engine::law::Law;
use crate::model::spec::runs::{FaultSpec, GoesWrongSpec, How};
use crate::plan::Draft;
use crate::plan::drills::{WaysBack, ways_back};
use crate::plan::faults::{self, restores};
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::scenario::law::LawSpec;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

/// Mean and variance of a time, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    mean: f64,
    variance: f64,
}

impl Length {
    fn of(law: &Law) -> Self {
        Self { mean: law.mean(), variance: law.variance() }
    }

    /// Returns the length by a law; none without one.
    fn by(law: Option<&Spanned<LawSpec<SimDuration>>>) -> Self {
        law.map_or_else(Self::default, |law| Self::of(&law_of(law)))
    }

    fn fixed(time: SimDuration) -> Self {
        Self { mean: time.seconds(), variance: 0.0 }
    }

    fn then(self, next: Self) -> Self {
        Self { mean: self.mean + next.mean, variance: self.variance + next.variance }
    }

    /// Returns the moments, of which an unbounded variance is replaced by a very large one; `None` if the length is zero or unknown.
    fn law(self) -> Option<RepairLaw> {
        (self.mean > 0.0 && self.mean.is_finite()).then(|| RepairLaw {
            mean: SimDuration::from_seconds_f64(self.mean),
            cv: (self.variance.sqrt() / self.mean).min(1e6),
        })
    }
}

/// Lengths of the outages of a scenario.
pub(super) struct Lengths<'d> {
    draft: &'d Draft,
    back: WaysBack,
}

impl<'d> Lengths<'d> {
    /// Describes them, with the length for each of the causes.
    pub(super) fn with_causes(
        draft: &'d Draft,
        causes: &[String],
    ) -> (Self, Vec<Option<RepairLaw>>) {
        let all = Self { draft, back: ways_back(draft) };
        let each = causes.iter().map(|cause| all.of_cause(cause)).collect();
        (all, each)
    }

    /// Returns the longest mean of all causes; `None` if nothing that comes at random ends.
    pub(super) fn longest(&self) -> Option<SimDuration> {
        let faults = self.draft.scenario.fault.iter();
        let faults = faults.filter_map(|(_, spec)| self.of_fault(spec));
        let own = super::own_repairs(self.draft).map(|law| Length::of(&law));
        let wrong = faults::may_go_wrong(self.draft).map(|(.., wrong)| of_wrong(wrong));
        let restores = restores::all(self.draft).into_iter().flat_map(|one| one.ways);
        let restores = restores.map(|way| way.restore.moments().0);
        let means = faults.chain(own).chain(wrong).map(|one| one.mean).chain(restores);
        let longest = means.fold(0.0, f64::max);
        (longest > 0.0 && longest.is_finite()).then(|| SimDuration::from_seconds_f64(longest))
    }

    /// Returns the length of the outages of a cause; `None` if it is unknown.
    fn of_cause(&self, cause: &str) -> Option<RepairLaw> {
        let draft = self.draft;
        let spec = draft.scenario.fault.get(cause);
        let corrupts = spec.map(|spec| restores::of_fault(draft, cause, spec));
        let restores = corrupts.into_iter().flatten().map(|one| one.restore.moments());
        if let Some((mean, cv)) = restores.reduce(|a, b| if a.0 >= b.0 { a } else { b }) {
            return Length { mean, variance: (cv * mean) * (cv * mean) }.law();
        }
        let own = || super::own_repair(draft, cause).map(|law| Length::of(&law));
        let wrong = || {
            let mut operations = faults::may_go_wrong(draft);
            operations.find(|(name, ..)| name.text == cause).map(|(.., wrong)| of_wrong(wrong))
        };
        let length = spec.and_then(|spec| self.of_fault(spec)).or_else(own).or_else(wrong)?;
        let restored = restores::longest_after_loss(draft, cause);
        length.then(Length { mean: restored, variance: 0.0 }).law()
    }

    /// Returns the length of an outage by a fault; `None` for one that does not come at random and has no repair.
    fn of_fault(&self, spec: &FaultSpec) -> Option<Length> {
        let parts = || spec.hits.iter().flat_map(|name| self.draft.targets.parts(&name.text));
        let is_drawn = spec.at.is_none() || spec.probability.is_some();
        let ends = match (spec.restore.as_ref().or(spec.repair.as_ref()), &spec.lasts) {
            (Some(law), _) => Length::of(&law_of(law)),
            (None, _) if !is_drawn || spec.how.value == How::CacheLost => return None,
            (None, Some(lasts)) => Length::fixed(lasts.value),
            (None, None) => {
                let starts = parts().filter_map(|part| self.start_of(*part));
                starts.max_by(|a, b| a.mean.total_cmp(&b.mean))?
            }
        };
        let found = Length::by(spec.detected_by_people.as_ref());
        // A fault that stops a part stops everything on it.
        let stops = matches!(spec.how.value, How::Crash | How::Hang | How::Lost);
        let on_it = parts().filter(|_| stops).map(|part| self.back.of_all_on(*part)).max();
        Some(found.then(ends).then(Length::fixed(on_it.unwrap_or(SimDuration::ZERO))))
    }

    /// Returns the time in which a part starts; `None` if it does not start by itself.
    fn start_of(&self, part: Part) -> Option<Length> {
        let life = part.answers().life(self.draft, part);
        life.boot.map(Length::fixed).or_else(|| Some(Length::of(&law_of(life.restart?))))
    }
}

fn of_wrong(wrong: &GoesWrongSpec) -> Length {
    Length::by(wrong.found_after.as_ref()).then(Length::of(&law_of(&wrong.repair)))
}
