//! Users as the traffic of years sees them: how long they wait for a page, and what they do when it does
//! not come.

use crate::convert::whole;
use crate::engine::law::Law;
use crate::kinds::client::spec::ClientsSpec;
use crate::plan::load;
use crate::plan::program::law_of;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;

/// How long users wait for a view.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    /// Of one request.
    law: Option<Law>,
    /// Nobody waits longer: the time-out of clients, or when a view counts as lost.
    most: Option<SimDuration>,
    /// On an even grid up to where nobody waits any more: ∫₀ᵗ (1 − F(s)) ds, and 1 − F(t).
    waits: Vec<(f64, f64)>,
    /// Its step, in seconds.
    step: f64,
}

/// Pieces of the grid of [`Patience::waiting`].
const PIECES: u32 = 256;

impl Patience {
    /// Of one request, by a law, and never longer than `most`.
    #[must_use]
    pub fn new(law: Option<Law>, most: Option<SimDuration>) -> Self {
        let Some(of) = &law else { return Self { law, most, waits: Vec::new(), step: 0.0 } };
        let last = of.quantile(1.0 - 1e-9);
        let step = most.map_or(last, |most| last.min(most.seconds())) / f64::from(PIECES);
        let kept = |x: f64| 1.0 - of.cdf(x).clamp(0.0, 1.0);
        let mut sum = 0.0;
        let mut waits = vec![(0.0, kept(0.0))];
        for piece in 0..PIECES {
            let from = f64::from(piece) * step;
            let (begin, end) = (kept(from), kept(from + step));
            sum += (begin + 4.0 * kept(from + step / 2.0) + end) * step / 6.0;
            waits.push((sum, end));
        }
        Self { law, most, waits, step }
    }

    /// Whether somebody ever gives up.
    #[must_use]
    pub const fn ends(&self) -> bool {
        self.law.is_some() || self.most.is_some()
    }

    /// Its scale, in seconds: infinite where nobody ever gives up.
    #[must_use]
    pub fn scale(&self) -> f64 {
        let mean = self.law.as_ref().map_or(f64::INFINITY, Law::mean);
        self.longest().min(mean)
    }

    /// The longest that anybody waits, where something bounds it.
    #[must_use]
    pub const fn most(&self) -> Option<SimDuration> {
        self.most
    }

    fn longest(&self) -> f64 {
        self.most.map_or(f64::INFINITY, |most| most.seconds())
    }

    /// The share that has given up after `seconds`.
    #[must_use]
    pub fn gone(&self, seconds: f64) -> f64 {
        if self.most.is_some_and(|most| seconds >= most.seconds()) {
            return 1.0;
        }
        self.law.as_ref().map_or(0.0, |law| law.cdf(seconds).clamp(0.0, 1.0))
    }

    /// ∫₀ᵗ (1 − F(s)) ds: how many seconds of a rate still wait after a stall of `seconds`.
    ///
    /// By Simpson's rule on pieces of a 256th of the longest wait, and between them by the cubic that
    /// has the slope of the integral at both ends; of a stall beyond it nothing is added.
    #[must_use]
    pub fn waiting(&self, seconds: f64) -> f64 {
        let Some((last, _)) = self.waits.last() else { return seconds.min(self.longest()) };
        let place = seconds / self.step;
        if place.is_nan() || place >= f64::from(PIECES) {
            return *last;
        }
        let piece = whole::usize(place.max(0.0));
        let ((a, slope_a), (b, slope_b)) = (self.waits[piece], self.waits[piece + 1]);
        let t = place.max(0.0) - piece as f64;
        let u = 1.0 - t;
        let ends = a * u * u * (1.0 + 2.0 * t) + b * t * t * (3.0 - 2.0 * t);
        ends + self.step * t * u * (slope_a * u - slope_b * t)
    }
}

/// What users do whose page did not come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Users {
    /// How long they wait in the mean where nothing comes; none: for ever.
    pub gives_up: Option<SimDuration>,
    /// They try again.
    pub retry: Option<Retry>,
    /// They go away, with what their sessions would still have asked for.
    pub session: Option<Session>,
}

/// A further try.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Chance that there is one.
    pub chance: f64,
    /// How long after the failure, in the mean.
    pub after: SimDuration,
    /// How many at most.
    pub at_most: u32,
}

/// The pages of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Their number in the mean, more than one.
    pub pages: f64,
    /// Time between two, in the mean.
    pub think: SimDuration,
}

impl Users {
    /// Those of a file; none are users who do neither.
    #[must_use]
    pub fn of(spec: Option<&ClientsSpec>) -> Self {
        let Some(spec) = spec else { return Self::default() };
        let time = |law: &LawSpec<SimDuration>| SimDuration::from_seconds_f64(load::mean(law));
        let retry = spec.retry.as_ref().map(|retry| Retry {
            chance: retry.chance.value.get(),
            after: time(&retry.after),
            at_most: retry.at_most.value,
        });
        let session = spec.session.as_ref().map(|session| Session {
            pages: load::mean(&session.pages),
            think: time(&session.think),
        });
        let patience = Patience::new(
            spec.patience.as_ref().map(|law| law_of(law)),
            spec.time_out.as_ref().map(|limit| limit.value),
        );
        let wait = patience.ends().then(|| patience.waiting(f64::INFINITY));
        let gives_up = wait.map(SimDuration::from_seconds_f64);
        Self { gives_up, retry, session: session.filter(|session| session.pages > 1.0) }
    }

    /// Tries for a view in the mean, where a share of them fails.
    #[must_use]
    pub fn tries(&self, fails: f64) -> f64 {
        let Some(retry) = &self.retry else { return 1.0 };
        let again = retry.chance * fails;
        (0..retry.at_most).fold(1.0, |tries, _| 1.0 + again * tries)
    }

    /// Share of the views that is lost in the end, where a share of the tries fails.
    #[must_use]
    pub fn lost(&self, fails: f64) -> f64 {
        let Some(retry) = &self.retry else { return fails };
        let (mut lost, mut fail) = (0.0, fails);
        for _ in 0..retry.at_most {
            // Who does not try again; who does and fails is in the next.
            lost += fail - fail * retry.chance;
            fail *= retry.chance * fails;
        }
        lost + fail
    }

    /// Views that are lost or not asked for, of each that is lost.
    #[must_use]
    pub fn unserved(&self) -> f64 {
        self.session.as_ref().map_or(1.0, |session| session.pages)
    }
}
