//! What users do whose page did not come: some try again a while later; the others go away, and what their
//! sessions would still have asked for is never asked for.
//!
//! Model, for the users of one workload, whose first tries come at rate λ. A share k of the views fails
//! wherever a try is sent (what they ask for is dead), each try of the others with chance f of its own. After a
//! failure a view is tried again with chance c, an exponential time of mean d later, at most K times. Of
//! those who wait for their j-th further try, Oⱼ' = c g Oⱼ₋₁/d − Oⱼ/d, where g is the chance that their try fails (1
//! while there is something that is dead, for those who need it) and the first inflow c times what first
//! tries lose. Solved exactly over a stretch with constant rates. Who is lost goes
//! away: of sessions of M pages, with q = 1 − 1/M, q of those who go had a next page, a think time of mean τ away; of these
//! S, S' = q ℓ − (1 − q) S/τ where ℓ are those lost, and S/τ pages a second are not asked for any more. They
//! are taken from those who come, so that ℓ falls with them.
//!
//! Where all requests of a view meet one member that is dead (by hash, by a cookie), no try of it is work for
//! another. With cookies who goes away would have met it, so that ℓ is less by S/τ, not by its share of that.
//!
//! Holds: views that came are served, lost, not asked for, or wait for a further try: the sums over a stretch
//! follow from what waits at its ends. Leaves out: that a failure takes time until it is noticed (but for
//! stalls, and for users who are cut off, whose patience comes before d in the mean), and the form of the
//! laws of `after` and `think`: each is taken for exponential.

use std::ops::AddAssign;

use super::stalled;
use crate::plan::fluid::state::ClassLoad;
use crate::plan::fluid::users::{Patience, Users};

/// Beyond so many means of a delay nothing of it is left.
const LONG: f64 = 200.0;
/// Fewer views than these are none.
const NONE: f64 = 1e-9;

/// The users of one workload who did not get their page and have not given up, or who have gone.
#[derive(Clone, Debug)]
pub(super) struct Crowd<'p> {
    of: &'p Users,
    /// The share of those that were not heard among the last who lacked something.
    unheard: f64,
    /// By further try: those who wait for it; those who need what was dead apart.
    again: Vec<Waiting>,
    /// The same at the end of a stretch that is looked at.
    then: Vec<Waiting>,
    /// Sessions that have ended and would have had a further page.
    pub(super) gone: f64,
    /// Views a second that would have come in the last stretch.
    rate: f64,
}

/// Who waits for a further try.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Waiting {
    /// Whose try failed by chance.
    unlucky: f64,
    /// Who asks for something that was dead.
    lacking: f64,
}

/// How tries fail.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fails {
    /// Share of the views that fails wherever they are sent.
    pub(super) lacking: f64,
    /// Of the views, those all of whose requests meet a dead member.
    pub(super) stuck: f64,
    /// They are sessions, some of them: who goes away would have been one.
    pub(super) sticks: bool,
    /// Of these, who is not even heard, and finds out when his patience ends.
    pub(super) unheard: f64,
    /// Share of the tries of the others that fails.
    pub(super) unlucky: f64,
}

/// What became of the views of a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passed {
    /// Not asked for: the session had ended.
    pub(super) never_born: f64,
    /// Lost by what is dead.
    pub(super) lost: f64,
    /// Lost by overload.
    pub(super) over: f64,
    /// Served at a further try.
    pub(super) late: f64,
    /// Tries that are not lost to overload, the first ones too, as far as they are work ([`Fails::work`]).
    pub(super) carried: f64,
}

impl AddAssign for Passed {
    fn add_assign(&mut self, other: Self) {
        self.never_born += other.never_born;
        self.lost += other.lost;
        self.over += other.over;
        self.late += other.late;
        self.carried += other.carried;
    }
}

/// What became of first and further tries.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    lost: f64,
    late: f64,
    further: f64,
    /// Tries of those who need what is dead, first and further ones.
    lacking: f64,
}

impl Fails {
    pub(super) fn of(load: &ClassLoad) -> Self {
        let (lacking, others) = (load.lacks, 1.0 - load.lacks);
        let unlucky = if others > 0.0 { (load.fails - lacking) / others } else { 0.0 };
        let unlucky = unlucky.clamp(0.0, 1.0);
        Self { lacking, stuck: load.stuck, sticks: load.sticks, unheard: load.unheard, unlucky }
    }

    /// So many tries, `lacking` of them of those who need what is dead, as tries of which each is the work of
    /// a view in the mean: those that all meet a dead member are none.
    fn work(self, tries: f64, lacking: f64) -> f64 {
        if self.stuck <= 0.0 {
            return tries;
        }
        (tries - lacking * self.stuck / self.lacking) / (1.0 - self.stuck).max(f64::MIN_POSITIVE)
    }

    const fn none(self) -> bool {
        self.lacking <= 0.0 && self.unlucky <= 0.0
    }
}

impl<'p> Crowd<'p> {
    pub(super) fn new(of: &'p Users) -> Self {
        let most = of.retry.as_ref().map_or(0, |retry| retry.at_most as usize);
        let none = vec![Waiting::default(); most];
        Self { of, unheard: 0.0, again: none.clone(), then: none, gone: 0.0, rate: 0.0 }
    }

    /// Whether there is nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.gone <= 0.0 && self.again.iter().all(|waiting| *waiting == Waiting::default())
    }

    /// Share of what comes that is not asked for just now.
    pub(super) fn share_gone(&self) -> f64 {
        match &self.of.session {
            Some(session) if self.rate > 0.0 && self.gone > 0.0 => {
                self.gone / session.think.seconds() / self.rate
            }
            _ => 0.0,
        }
    }

    /// Views that those who have gone will not ask for.
    pub(super) fn to_come(&self) -> f64 {
        self.gone * self.of.unserved()
    }

    /// Tries of a stretch of which `came` views come if nobody stays away, as far as they are work.
    pub(super) fn tries(&mut self, came: f64, seconds: f64, fails: Fails) -> f64 {
        let tried = self.tried(came, seconds, fails);
        fails.work(came + tried.further, tried.lacking)
    }

    /// A stretch of `seconds` in which `came` views would come; `over` of them overload would lose.
    pub(super) fn pass(&mut self, came: f64, seconds: f64, fails: Fails, over: f64) -> Passed {
        self.rate = came / seconds;
        if fails.none() && over <= 0.0 && self.is_empty() {
            return Passed { carried: came, ..Passed::default() };
        }
        // Of what is too much, whoever has gone takes one for one: S' = q (ℓ + e) − S/τ as long as any of
        // the excess e is left.
        let lost = self.lost_of(fails);
        let share = if fails.sticks { 1.0 } else { lost };
        let gross = came * lost;
        let spared = (over > 0.0)
            .then(|| {
                let away = self.stay_away(self.gone, (came, seconds), gross + over, 1.0);
                let spares =
                    if fails.sticks { (away - gross).max(0.0) } else { away * (1.0 - share) };
                (away, over - spares)
            })
            .filter(|(_, left)| *left > 0.0);
        let (away, over) = spared.unwrap_or_else(|| {
            let away = self.stay_away(self.gone, (came, seconds), gross, share);
            // More have gone than there are to be lost: nobody is.
            let all = fails.sticks && away > gross;
            (if all { self.stay_away(self.gone, (came, seconds), 0.0, 0.0) } else { away }, 0.0)
        });
        // Of those who stick to a dead member nobody is asked for who has gone.
        let lacking = if fails.sticks {
            (came * fails.lacking - away).max(0.0) / (came - away).max(f64::MIN_POSITIVE)
        } else {
            fails.lacking
        };
        let tried = self.tried(came - away, seconds, Fails { lacking, ..fails });
        std::mem::swap(&mut self.again, &mut self.then);
        if fails.lacking > 0.0 {
            self.unheard = fails.unheard;
        }
        self.leave(tried.lost + over, away);
        Passed {
            never_born: away,
            lost: tried.lost,
            over,
            late: tried.late,
            carried: fails.work(came - away + tried.further - over, tried.lacking),
        }
    }

    /// Share of the views that is lost in the end, where tries fail so from now on.
    pub(super) fn lost_of(&self, fails: Fails) -> f64 {
        fails.lacking + (1.0 - fails.lacking) * self.of.lost(fails.unlucky)
    }

    /// So many are lost, and so many are not asked for.
    pub(super) fn leave(&mut self, lost: f64, away: f64) {
        let Some(session) = &self.of.session else { return };
        let goes_on = 1.0 - 1.0 / session.pages;
        self.gone = (self.gone + goes_on * lost - away / session.pages).max(0.0);
        if self.gone < NONE {
            self.gone = 0.0;
        }
    }

    /// Views that are not asked for in a stretch, of those who had `gone` and of those who go then: `gross`
    /// would be lost if all were asked for, of each of them `share`.
    fn stay_away(&self, gone: f64, (came, seconds): (f64, f64), gross: f64, share: f64) -> f64 {
        let Some(session) = &self.of.session else { return 0.0 };
        if gross <= 0.0 && gone <= 0.0 {
            return 0.0;
        }
        let ends = 1.0 / session.pages;
        let goes_on = 1.0 - ends;
        let leaves = goes_on * share + ends;
        let time = session.think.seconds() / leaves;
        let settled = goes_on * gross / seconds * time;
        let left = settled + (gone - settled) * libm::exp(-seconds / time);
        let away = (goes_on * gross - (left - gone)) / leaves;
        away.clamp(0.0, came)
    }

    /// First and further tries over a stretch; who waits at its end is in [`Self::then`].
    fn tried(&mut self, first: f64, seconds: f64, fails: Fails) -> Tried {
        let lacking = first * fails.lacking;
        let unlucky = (first - lacking) * fails.unlucky;
        let Some(retry) = &self.of.retry else {
            return Tried { lost: lacking + unlucky, lacking, ..Tried::default() };
        };
        let known = if fails.lacking > 0.0 { 1.0 } else { fails.unlucky };
        let (old, now) = (&self.again, &mut self.then);
        let mut all = Tried::default();
        let mut chain = |failed: f64, again: f64, delay: f64, of: fn(&mut Waiting) -> &mut f64| {
            let (chance, lapse) = (retry.chance, seconds / delay);
            if failed <= 0.0 && old.iter().all(|waiting| *of(&mut waiting.clone()) <= 0.0) {
                now.iter_mut().for_each(|waiting| *of(waiting) = 0.0);
                return 0.0;
            }
            let old = |k: usize| *of(&mut old[k].clone());
            // By further try: how many wait once nothing changes any more.
            let first = chance * failed / seconds * delay;
            let settled = |k: usize| (0..k).fold(first, |waiting, _| waiting * chance * again);
            let left = if lapse < LONG { libm::exp(-lapse) } else { 0.0 };
            let (mut comes, mut further) = (chance * failed, 0.0);
            all.lost += failed - comes;
            for k in 0..now.len() {
                let mut end = settled(k);
                let mut weight = left;
                for j in (0..=k).filter(|_| left > 0.0) {
                    end += weight * (old(k - j) - settled(k - j));
                    weight *= chance * again * lapse / (j + 1) as f64;
                }
                let end = if end < NONE { 0.0 } else { end };
                let tries = comes - (end - old(k));
                all.further += tries;
                further += tries;
                all.late += tries * (1.0 - again);
                comes = if k + 1 < now.len() { chance * again * tries } else { 0.0 };
                all.lost += tries * again - comes;
                *of(&mut now[k]) = end;
            }
            further
        };
        let after = retry.after.seconds();
        let unheard = if fails.lacking > 0.0 { fails.unheard } else { self.unheard };
        // Who waits for ever is as good as lost at once.
        let silence = after + unheard * self.of.gives_up.map_or(0.0, |wait| wait.seconds());
        chain(unlucky, fails.unlucky, after, |waiting| &mut waiting.unlucky);
        let further = chain(lacking, known, silence, |waiting| &mut waiting.lacking);
        all.lacking = lacking + further;
        all
    }
}

/// A stall for the users of one workload.
pub(super) struct Still<'a> {
    pub(super) patience: &'a Patience,
    /// How long it lasted.
    pub(super) lasted: f64,
    /// Views that would have come.
    pub(super) came: f64,
    /// Share that stands still before all workers are held.
    pub(super) share: f64,
    /// Seconds until they are, and until the line is full too.
    pub(super) held_up: f64,
    pub(super) full: f64,
}

/// What a stall has cost them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Endured {
    pub(super) never_born: f64,
    pub(super) lost: f64,
    /// Served after it, or at a further try.
    pub(super) late: f64,
    /// Of these, those who wait at its end.
    pub(super) waits: f64,
}

impl Still<'_> {
    /// First tries lost up to `at`, and those that wait then.
    fn first(&self, at: f64) -> (f64, f64) {
        let rate = self.came / self.lasted;
        let (lost, waits) = stalled(self.patience, at, self.share, (self.held_up, self.full));
        (lost * rate, waits * rate)
    }

    /// Shares of the tries at an instant that stand still, and that are refused.
    fn meets(&self, at: f64) -> (f64, f64) {
        match at {
            at if at >= self.full => (0.0, 1.0),
            at if at >= self.held_up => (1.0, 0.0),
            _ => (self.share, 0.0),
        }
    }
}

impl Crowd<'_> {
    /// A stall is over. Who gives up while it lasts may try again, and stands still again.
    ///
    /// Step by step, of a quarter of the shorter of both delays first and a twelfth of the time passed then;
    /// whoever waits in a step leaves exponentially, after the mean patience.
    pub(super) fn endure(&mut self, still: &Still<'_>) -> Endured {
        let (lost, waits) = still.first(still.lasted);
        if self.of.retry.is_none() && self.of.session.is_none() {
            return Endured { lost, late: waits, waits, never_born: 0.0 };
        }
        let rate = still.came / still.lasted;
        let wait = still.patience.waiting(f64::INFINITY);
        let (chance, delay) = self
            .of
            .retry
            .as_ref()
            .map_or((0.0, wait), |retry| (retry.chance, retry.after.seconds()));
        let finest = (delay.min(wait) / 4.0).max(still.lasted / 1_024.0).min(still.lasted);
        let mut standing = vec![0.0; self.again.len()];
        let mut all = Endured::default();
        let (mut at, mut before, mut comes) = (0.0, 0.0, 1.0);
        while at < still.lasted {
            let step = finest.max(at / 12.0).min(still.lasted - at);
            let (so_far, _) = still.first(at + step);
            let (stands, refused) = still.meets(at + step / 2.0);
            let failed = (so_far - before) * comes;
            let mut tries = if self.again.is_empty() { 0.0 } else { chance * failed };
            let mut lost = failed - tries;
            let last = self.again.len().saturating_sub(1);
            for (k, (waiting, standing)) in self.again.iter_mut().zip(&mut standing).enumerate() {
                waiting.unlucky += std::mem::take(&mut waiting.lacking);
                let tried = relax(&mut waiting.unlucky, tries, step, delay);
                let gave_up = relax(standing, tried * stands, step, wait);
                let failed = gave_up + tried * refused;
                all.late += tried * (1.0 - stands - refused);
                tries = if k < last { chance * failed } else { 0.0 };
                lost += failed - tries;
            }
            let came = rate * step;
            let away = self.stay_away(self.gone, (came, step), lost, 0.0);
            self.leave(lost, away);
            comes = if came > 0.0 { 1.0 - away / came } else { 1.0 };
            all.lost += lost;
            all.never_born += away;
            (at, before) = (at + step, so_far);
        }
        self.rate = rate;
        all.waits = waits * comes + standing.iter().sum::<f64>();
        all.late += all.waits;
        all
    }
}

/// So many join evenly over a step those who leave exponentially; gives how many leave.
fn relax(waiting: &mut f64, joins: f64, step: f64, mean: f64) -> f64 {
    let before = *waiting;
    *waiting = if mean.is_finite() {
        let settled = joins / step * mean;
        settled + (before - settled) * libm::exp(-step / mean)
    } else {
        before + joins
    };
    (before + joins - *waiting).max(0.0)
}
