//! Users after a failed page: some retry a while later; the others leave, and the remaining pages of their sessions are
//! never requested.
//!
//! Model, for the users of one workload whose first attempts arrive at rate λ. A share k of the views fails wherever an
//! attempt is sent (a component that they need has failed). Each attempt of the others fails with probability f. After
//! a failure a view is retried with probability c, an exponential time of mean d later, at most K times. The users Oⱼ
//! who wait for their j-th retry follow Oⱼ' = c g Oⱼ₋₁/d − Oⱼ/d. Here g is the probability that their attempt fails (1
//! for those who need a failed component), and the first inflow is c times the first attempts that fail. This is solved
//! exactly over an interval with constant rates. Users whose view is lost leave. With sessions of M pages and q = 1 −
//! 1/M, q of those who leave had a next page, a think time of mean τ away. Their number S follows S' = q ℓ − (1 − q)
//! S/τ, where ℓ are the lost views. S/τ pages per second are never requested. These are subtracted from the arrivals,
//! so ℓ falls with them.
//!
//! If all requests of a view meet one failed member (by hash, by a cookie), no attempt of it is work for another. With
//! cookies a user who leaves would have met it, so ℓ is less by S/τ, not by its share of that.
//!
//! Holds: views that arrived are served, lost, never requested, or wait for a retry: the sums over an interval follow
//! from the waiting views at its ends. Leaves out: the time until a failure is detected (except for stalls, and for
//! users who are cut off, whose patience comes before d on average), and the form of the laws of `after` and `think`:
//! each is assumed exponential.

use std::ops::AddAssign;

use super::memo::Memo;
use super::stalls::{Ends, Stalled, stalled};
use crate::plan::fluid::state::{FlowLoad, StateLoad};
use crate::plan::fluid::users::{Patience, Users};

/// Multiple of a mean delay beyond which nothing remains.
const LONG: f64 = 200.0;
/// Number of views below which there are none.
const NONE: f64 = 1e-9;
/// Share of the views below which the rest is rounding: no attempt is work.
const NO_WORK: f64 = 1e-12;

/// Users of one workload who did not get their page and have not abandoned, or who have left.
#[derive(Clone, Debug)]
pub(super) struct Crowd<'p> {
    of: &'p Users,
    /// Share without any answer among the users who last needed a failed component.
    unheard: f64,
    /// Users who wait for a retry, by number of retries; those who need a failed component are separate.
    again: Vec<Waiting>,
    /// The same at the end of the interval under consideration.
    then: Vec<Waiting>,
    /// Sessions that have ended and would have had a further page.
    pub(super) gone: f64,
    /// Views per second that would have arrived in the last interval.
    rate: f64,
}

/// Users who wait for a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Waiting {
    /// Users whose attempt failed by chance.
    unlucky: f64,
    /// Users who need a failed component.
    lacking: f64,
}

/// Failure probabilities of attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fails {
    /// Share of the views that fails wherever they are sent.
    pub(super) lacking: f64,
    /// Share of the views whose attempts are no work: they meet a failed member with all their requests, or are cut off.
    pub(super) idle: f64,
    /// True if some of them are sticky sessions: users who leave would have met the failed member.
    pub(super) sticks: bool,
    /// Share of these that gets no answer, and fails only when the user's patience ends.
    pub(super) unheard: f64,
    /// Share of the other attempts that fails.
    pub(super) unlucky: f64,
}

/// Outcome of the views of an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passed {
    /// Views never requested: the session had ended.
    pub(super) never_born: f64,
    /// Views lost to failures.
    pub(super) lost: f64,
    /// Views lost to overload.
    pub(super) over: f64,
    /// Attempts lost to overload.
    pub(super) missed: f64,
    /// Views served at a retry.
    pub(super) late: f64,
    /// Attempts, including first ones, as far as they are work ([`Fails::work`]): without those that overload loses.
    pub(super) carried: f64,
}

impl AddAssign for Passed {
    fn add_assign(&mut self, other: Self) {
        self.never_born += other.never_born;
        self.lost += other.lost;
        self.over += other.over;
        self.missed += other.missed;
        self.late += other.late;
        self.carried += other.carried;
    }
}

/// Outcome of first attempts and retries.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    lost: f64,
    late: f64,
    further: f64,
    /// First attempts that fail.
    failed: f64,
    /// Attempts, first ones and retries, of users who need a failed component.
    lacking: f64,
}

impl Fails {
    pub(super) fn of(load: &FlowLoad) -> Self {
        let (lacking, others) = (load.lacks, 1.0 - load.lacks);
        let unlucky = if others > 0.0 { (load.fails - lacking) / others } else { 0.0 };
        let unlucky = unlucky.clamp(0.0, 1.0);
        let idle = (load.stuck + lacking * load.unheard).min(lacking);
        Self { lacking, idle, sticks: load.sticks, unheard: load.unheard, unlucky }
    }

    /// Converts `tries` attempts, `lacking` of them by users who need a failed component, to average views' worth of
    /// work ([`Self::idle`]).
    fn work(self, tries: f64, lacking: f64) -> f64 {
        if self.idle <= 0.0 {
            return tries;
        }
        let busy = 1.0 - self.idle;
        if busy < NO_WORK {
            return 0.0;
        }
        (tries - lacking * self.idle / self.lacking).max(0.0) / busy
    }

    /// Returns the attempts per view while attempts keep failing at this rate, as far as they are work.
    pub(super) fn tries(self, users: &Users) -> f64 {
        let lacking = self.lacking * users.tries(1.0);
        self.work(lacking + (1.0 - self.lacking) * users.tries(self.unlucky), lacking)
    }

    const fn none(self) -> bool {
        self.lacking <= 0.0 && self.unlucky <= 0.0
    }
}

impl<'p> Crowd<'p> {
    pub(super) fn new(of: &'p Users) -> Self {
        let most = of.retry.as_ref().map_or(0, |retry| retry.max_retries as usize);
        let none = vec![Waiting::default(); most];
        Self { of, unheard: 0.0, again: none.clone(), then: none, gone: 0.0, rate: 0.0 }
    }

    /// Returns whether there are no such users.
    pub(super) fn is_empty(&self) -> bool {
        self.gone <= 0.0 && self.again.iter().all(|waiting| *waiting == Waiting::default())
    }

    /// Returns the share of the arrivals that is not requested at present.
    pub(super) fn share_gone(&self) -> f64 {
        match &self.of.session {
            Some(session) if self.rate > 0.0 && self.gone > 0.0 => {
                self.gone / session.think.seconds() / self.rate
            }
            _ => 0.0,
        }
    }

    /// Returns the views that departed users will not request.
    pub(super) fn to_come(&self) -> f64 {
        self.gone * self.of.unserved()
    }

    /// Returns the attempts of an interval in which `came` views arrive if no user stays away, as far as they are work; and the
    /// views that these serve.
    pub(super) fn tries(&mut self, came: f64, seconds: f64, fails: Fails) -> (f64, f64) {
        let tried = self.tried(came, seconds, fails);
        let served = (came - tried.failed + tried.late).max(0.0);
        (fails.work(came + tried.further, tried.lacking), served)
    }

    /// Advances by an interval of `seconds` in which `came` views would arrive; overload would lose `over` of them, in `missed`
    /// attempts.
    pub(super) fn pass(
        &mut self,
        came: f64,
        seconds: f64,
        fails: Fails,
        (over, missed): (f64, f64),
    ) -> Passed {
        self.rate = came / seconds;
        if fails.none() && over <= 0.0 && missed <= 0.0 && self.is_empty() {
            return Passed { carried: came, ..Passed::default() };
        }
        // Each departed user reduces the excess by one: S' = q (ℓ + e) − S/τ as long as any of the excess e remains.
        let lost = self.lost_of(fails);
        let share = if fails.sticks { 1.0 } else { lost };
        let gross = came * lost;
        let before = over;
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
            // More users have left than would lose a view: none is lost.
            let all = fails.sticks && away > gross;
            (if all { self.stay_away(self.gone, (came, seconds), 0.0, 0.0) } else { away }, 0.0)
        });
        let missed = if before > 0.0 { missed * (over / before) } else { missed };
        // Views of departed users that would stick to a failed member are not requested.
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
            missed,
            carried: (fails.work(came - away + tried.further, tried.lacking) - missed).max(0.0),
        }
    }

    /// Returns the share of the views that is finally lost if attempts keep failing at this rate.
    pub(super) fn lost_of(&self, fails: Fails) -> f64 {
        fails.lacking + (1.0 - fails.lacking) * self.of.lost(fails.unlucky)
    }

    /// Accounts for lost views, and for views that were not requested.
    pub(super) fn leave(&mut self, lost: f64, away: f64) {
        let Some(session) = &self.of.session else { return };
        let goes_on = 1.0 - 1.0 / session.pages;
        self.gone = (self.gone + goes_on * lost - away / session.pages).max(0.0);
        if self.gone < NONE {
            self.gone = 0.0;
        }
    }

    /// Returns the views not requested in an interval, by users who had left (`gone`) and by those who leave in it. If
    /// all were requested, `gross` views would be lost; each one not requested reduces that by `share`.
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

    /// Computes first attempts and retries over an interval; users who wait at its end are in [`Self::then`].
    fn tried(&mut self, first: f64, seconds: f64, fails: Fails) -> Tried {
        let lacking = first * fails.lacking;
        let unlucky = (first - lacking) * fails.unlucky;
        let Some(retry) = &self.of.retry else {
            let failed = lacking + unlucky;
            return Tried { lost: failed, failed, lacking, ..Tried::default() };
        };
        let known = if fails.lacking > 0.0 { 1.0 } else { fails.unlucky };
        let (old, now) = (&self.again, &mut self.then);
        let mut all = Tried { failed: lacking + unlucky, ..Tried::default() };
        let mut chain = |failed: f64, again: f64, delay: f64, of: fn(&mut Waiting) -> &mut f64| {
            let (probability, lapse) = (retry.probability, seconds / delay);
            if failed <= 0.0 && old.iter().all(|waiting| *of(&mut waiting.clone()) <= 0.0) {
                now.iter_mut().for_each(|waiting| *of(waiting) = 0.0);
                return 0.0;
            }
            let old = |k: usize| *of(&mut old[k].clone());
            // Number of users who wait for each retry in the steady state.
            let first = probability * failed / seconds * delay;
            let settled = |k: usize| (0..k).fold(first, |waiting, _| waiting * probability * again);
            let left = if lapse < LONG { libm::exp(-lapse) } else { 0.0 };
            let (mut comes, mut further) = (probability * failed, 0.0);
            all.lost += failed - comes;
            for k in 0..now.len() {
                let mut end = settled(k);
                let mut weight = left;
                for j in (0..=k).filter(|_| left > 0.0) {
                    end += weight * (old(k - j) - settled(k - j));
                    weight *= probability * again * lapse / (j + 1) as f64;
                }
                let end = if end < NONE { 0.0 } else { end };
                let tries = comes - (end - old(k));
                all.further += tries;
                further += tries;
                all.late += tries * (1.0 - again);
                comes = if k + 1 < now.len() { probability * again * tries } else { 0.0 };
                all.lost += tries * again - comes;
                *of(&mut now[k]) = end;
            }
            further
        };
        let after = retry.after.seconds();
        let unheard = if fails.lacking > 0.0 { fails.unheard } else { self.unheard };
        // A user who waits for ever counts as lost at once.
        let silence = after + unheard * self.of.gives_up.map_or(0.0, |wait| wait.seconds());
        chain(unlucky, fails.unlucky, after, |waiting| &mut waiting.unlucky);
        let further = chain(lacking, known, silence, |waiting| &mut waiting.lacking);
        all.lacking = lacking + further;
        all
    }
}

impl Memo<'_> {
    /// Computes the attempts per second by class in a state at a level, first ones and retries; `rate` returns the views per second
    /// of a workload at level 1.
    pub(super) fn attempts(
        &self,
        (state, level): (u32, u32),
        rate: impl Fn(usize) -> f64,
        rates: &mut Vec<f64>,
    ) {
        rates.clear();
        rates.resize(self.plan.classes.len(), 0.0);
        let factors = &self.factors[level as usize];
        let tries = &self.tries[state as usize];
        for (at, workload) in self.plan.workloads.iter().enumerate() {
            rates[workload.class] += rate(at) * factors[at] * tries[at];
        }
    }

    /// Returns the attempts per second of all flows in a state at a level, if all workloads are at these rates at once.
    pub(super) fn highest(&self, at: (u32, u32), workloads: &[f64]) -> Vec<f64> {
        let mut rates = Vec::new();
        self.attempts(at, |workload| workloads[workload], &mut rates);
        self.loads[at.0 as usize].publish(&mut rates);
        rates
    }

    /// Returns the attempts per view of each workload while a state lasts.
    pub(super) fn tries_in(&self, load: &StateLoad) -> Vec<f64> {
        let workloads = self.plan.workloads.iter();
        workloads.map(|of| Fails::of(&load.flows[of.class]).tries(&of.users)).collect()
    }
}

/// Stall for the users of one workload.
pub(super) struct Still<'a> {
    pub(super) patience: &'a Patience,
    /// Length of the stall, in seconds.
    pub(super) lasted: f64,
    /// Views that would have arrived.
    pub(super) came: f64,
    /// Share that is stalled before all workers are held, and share that fails at once all the time.
    pub(super) stands: f64,
    pub(super) fails: f64,
    /// Seconds until they are held, and until the queue is full too.
    pub(super) held_up: f64,
    pub(super) full: f64,
    /// Failures that those who wait meet at its end.
    pub(super) ends: Ends,
}

/// Cost of a stall for these users.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Endured {
    pub(super) never_born: f64,
    /// Views lost while it lasts.
    pub(super) lost: f64,
    /// Views lost at its end to a failure that ends it.
    pub(super) dropped: f64,
    /// Views served at a retry while it lasts.
    pub(super) late: f64,
    /// Views that wait at its end.
    pub(super) waits: f64,
}

impl Still<'_> {
    /// Returns what becomes of the first attempts up to `at`.
    fn first(&self, at: f64) -> Stalled {
        let rate = self.came / self.lasted;
        let shares = (self.stands, self.fails);
        let of = stalled(self.patience, at, shares, (self.held_up, self.full));
        Stalled { lost: of.lost * rate, own: of.own * rate, others: of.others * rate }
    }

    /// Returns the shares of the attempts at an instant that are stalled, and that fail or are refused.
    fn meets(&self, at: f64) -> (f64, f64) {
        match at {
            at if at >= self.full => (0.0, 1.0),
            at if at >= self.held_up => (1.0 - self.fails, self.fails),
            _ => (self.stands, self.fails),
        }
    }
}

impl Crowd<'_> {
    /// Ends a stall. A user who abandons during it may retry, and is stalled again.
    ///
    /// Proceeds in steps of first a quarter of the shorter of both delays, then a twelfth of the time passed. Users who
    /// wait in a step leave exponentially, after the mean patience.
    pub(super) fn endure(&mut self, still: &Still<'_>) -> Endured {
        let first = still.first(still.lasted);
        let failing = first.own * still.ends.own + first.others * still.ends.others;
        if self.of.retry.is_none() && self.of.session.is_none() {
            let waits = first.waits() - failing;
            return Endured { lost: first.lost, dropped: failing, waits, ..Endured::default() };
        }
        let rate = still.came / still.lasted;
        let wait = still.patience.waiting(f64::INFINITY);
        let (probability, delay) = self
            .of
            .retry
            .as_ref()
            .map_or((0.0, wait), |retry| (retry.probability, retry.after.seconds()));
        let finest = (delay.min(wait) / 4.0).max(still.lasted / 1_024.0).min(still.lasted);
        let mut standing = vec![0.0; self.again.len()];
        let mut all = Endured::default();
        let (mut at, mut before, mut comes) = (0.0, 0.0, 1.0);
        while at < still.lasted {
            let step = finest.max(at / 12.0).min(still.lasted - at);
            let so_far = still.first(at + step).lost;
            let (stands, fails) = still.meets(at + step / 2.0);
            let failed = (so_far - before) * comes;
            let mut tries = if self.again.is_empty() { 0.0 } else { probability * failed };
            let mut lost = failed - tries;
            let last = self.again.len().saturating_sub(1);
            for (k, (waiting, standing)) in self.again.iter_mut().zip(&mut standing).enumerate() {
                waiting.unlucky += std::mem::take(&mut waiting.lacking);
                let tried = relax(&mut waiting.unlucky, tries, step, delay);
                let gave_up = relax(standing, tried * stands, step, wait);
                let failed = gave_up + tried * fails;
                all.late += tried * (1.0 - stands - fails).max(0.0);
                tries = if k < last { probability * failed } else { 0.0 };
                lost += failed - tries;
            }
            // Those that fail at once are accounted for already.
            let came = rate * step * (1.0 - still.fails);
            let away = self.stay_away(self.gone, (came, step), lost, 0.0);
            self.leave(lost, away);
            comes = if came > 0.0 { 1.0 - away / came } else { 1.0 };
            all.lost += lost;
            all.never_born += away;
            (at, before) = (at + step, so_far);
        }
        self.rate = rate;
        // Users who retried wait as those of the first attempts do.
        let waits = first.waits();
        let share = if waits > 0.0 { failing / waits } else { 0.0 };
        all.waits = (waits * comes + standing.iter().sum::<f64>()) * (1.0 - share);
        standing.iter_mut().for_each(|standing| *standing *= share);
        all.dropped = self.fail_at_once(failing * comes, &standing, still.ends.lacking);
        all
    }

    /// Lets attempts fail at the same instant, first ones and those of each retry; `lacking` is the part of them that fails at every
    /// retry. Returns the views that are lost.
    fn fail_at_once(&mut self, first: f64, retries: &[f64], lacking: f64) -> f64 {
        let probability = self.of.retry.as_ref().map_or(0.0, |retry| retry.probability);
        let (mut failed, mut lost) = (first, 0.0);
        for (waiting, next) in self.again.iter_mut().zip(retries) {
            let tries = probability * failed;
            waiting.lacking += tries * lacking;
            waiting.unlucky += tries * (1.0 - lacking);
            lost += failed - tries;
            failed = *next;
        }
        lost += failed;
        self.leave(lost, 0.0);
        lost
    }
}

/// Adds `joins` evenly over a step to users who leave exponentially; returns the number who leave.
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
