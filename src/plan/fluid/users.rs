//! Users as the long-horizon solver sees them: how long they wait for a page, and what they do after a
//! failure.

use crate::convert::whole;
use crate::engine::law::Law;
use crate::kinds::client::spec::ClientsSpec;
use crate::plan::load;
use crate::plan::program::law_of;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;

/// Patience: the time for which users wait for a view.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    /// Law for one request; `None`: only `most` limits the wait.
    law: Option<Law>,
    /// Upper bound for one request: the time-out of clients, or one on the way.
    request: Option<SimDuration>,
    /// Time after which a view counts as lost.
    view: Option<SimDuration>,
    /// The shorter of both.
    most: Option<SimDuration>,
    /// ∫₀ᵗ (1 − F(s)) ds and 1 − F(t) on an even grid, up to the longest wait.
    waits: Vec<(f64, f64)>,
    /// Step of the grid, in seconds.
    step: f64,
}

/// Number of pieces of the grid of [`Patience::waiting`].
const PIECES: u32 = 256;

impl Patience {
    /// Tabulates the patience for one request: a law, bounded by `request`, and by the time after which the view is lost.
    #[must_use]
    pub fn new(law: Option<Law>, request: Option<SimDuration>, view: Option<SimDuration>) -> Self {
        let most = request.into_iter().chain(view).min();
        let Some(of) = &law else {
            return Self { law, request, view, most, waits: Vec::new(), step: 0.0 };
        };
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
        Self { law, request, view, most, waits, step }
    }

    /// Returns whether users ever abandon.
    #[must_use]
    pub const fn ends(&self) -> bool {
        self.law.is_some() || self.most.is_some()
    }

    /// Returns the mean of the law in seconds, or the bound if that is shorter; infinite if users never abandon.
    #[must_use]
    pub fn scale(&self) -> f64 {
        let mean = self.law.as_ref().map_or(f64::INFINITY, Law::mean);
        self.longest().min(mean)
    }

    /// Returns the upper bound of the wait, if there is one.
    #[must_use]
    pub const fn most(&self) -> Option<SimDuration> {
        self.most
    }

    /// Returns the time after which a view counts as lost, if there is one.
    #[must_use]
    pub const fn within(&self) -> Option<SimDuration> {
        self.view
    }

    /// Returns the time in seconds after which `share` of the users still wait; `None` if they wait for ever.
    #[must_use]
    pub fn end(&self, share: f64) -> Option<f64> {
        let law = self.law.as_ref().map(|law| law.quantile(1.0 - share));
        let most = self.most.map(SimDuration::seconds);
        law.into_iter().chain(most).min_by(f64::total_cmp)
    }

    /// Returns the share of users that has abandoned one request after `seconds`.
    #[must_use]
    pub fn request(&self, seconds: f64) -> f64 {
        self.gone_by(seconds, self.request)
    }

    fn gone_by(&self, seconds: f64, most: Option<SimDuration>) -> f64 {
        if most.is_some_and(|most| seconds >= most.seconds()) {
            return 1.0;
        }
        self.law.as_ref().map_or(0.0, |law| law.cdf(seconds).clamp(0.0, 1.0))
    }

    fn longest(&self) -> f64 {
        self.most.map_or(f64::INFINITY, |most| most.seconds())
    }

    /// Returns the share of users that has abandoned after `seconds`.
    #[must_use]
    pub fn gone(&self, seconds: f64) -> f64 {
        self.gone_by(seconds, self.most)
    }

    /// Returns ∫₀ᵗ (1 − F(s)) ds: the seconds of arrivals that are still waiting after a stall of `seconds`.
    ///
    /// Uses Simpson's rule on 256 pieces up to the longest wait, and between their ends the cubic that
    /// has the slope of the integral at both. A longer stall adds nothing.
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

/// Behaviour of users after a failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Users {
    /// Mean wait if no answer comes; `None`: users wait for ever.
    pub gives_up: Option<SimDuration>,
    /// Retries; `None` if users do not retry.
    pub retry: Option<Retry>,
    /// Session that ends with a failure, and with it the pages still to come.
    pub session: Option<Session>,
}

/// Retry of a failed view.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Probability of a retry after a failure.
    pub probability: f64,
    /// Mean time from the failure to the retry.
    pub after: SimDuration,
    /// Largest number of retries per view.
    pub max_retries: u32,
}

/// Session: the pages of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Mean number of pages, more than one.
    pub pages: f64,
    /// Mean time between two pages.
    pub think: SimDuration,
}

impl Users {
    /// Reads the behaviour from the file; without clients, users neither retry nor have sessions.
    #[must_use]
    pub fn of(spec: Option<&ClientsSpec>) -> Self {
        let Some(spec) = spec else { return Self::default() };
        let time = |law: &LawSpec<SimDuration>| SimDuration::from_seconds_f64(load::mean(law));
        let retry = spec.retry.as_ref().map(|retry| Retry {
            probability: retry.probability.value.get(),
            after: time(&retry.after),
            max_retries: retry.max_retries.value,
        });
        let session = spec.session.as_ref().map(|session| Session {
            pages: load::mean(&session.pages),
            think: time(&session.think),
        });
        let patience = Patience::new(
            spec.patience.as_ref().map(|law| law_of(law)),
            spec.time_out.as_ref().map(|limit| limit.value),
            None,
        );
        let wait = patience.ends().then(|| patience.waiting(f64::INFINITY));
        let gives_up = wait.map(SimDuration::from_seconds_f64);
        Self { gives_up, retry, session: session.filter(|session| session.pages > 1.0) }
    }

    /// Returns the mean number of attempts per view if a share `fails` of them fails.
    #[must_use]
    pub fn tries(&self, fails: f64) -> f64 {
        let Some(retry) = &self.retry else { return 1.0 };
        let again = retry.probability * fails;
        (0..retry.max_retries).fold(1.0, |tries, _| 1.0 + again * tries)
    }

    /// Returns the share of the views that is lost after all retries if a share `fails` of the attempts fails.
    #[must_use]
    pub fn lost(&self, fails: f64) -> f64 {
        let Some(retry) = &self.retry else { return fails };
        let (mut lost, mut fail) = (0.0, fails);
        for _ in 0..retry.max_retries {
            // Users who do not retry; those whose retry fails are in the next term.
            lost += fail - fail * retry.probability;
            fail *= retry.probability * fails;
        }
        lost + fail
    }

    /// Returns the number of views lost or never requested per lost view.
    #[must_use]
    pub fn unserved(&self) -> f64 {
        self.session.as_ref().map_or(1.0, |session| session.pages)
    }
}
