//! Excess load, over the hourly noise.
//!
//! A load of u means u N with N lognormal of mean 1. The expected excess is E(N − 1/u)⁺, by the partial expectation of
//! the lognormal law (as in Black & Scholes 1973). Where a queue may be full, or users abandon in it without leaving it, more is
//! lost, and sooner ([`Refusals`]).

use super::BAD;
use super::refusals::{FEW, Refusals, Refused};
use crate::engine::special::{ln, normal_cdf};

/// Hourly noise on the load of a resource: lognormal, of mean 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// Standard deviation of its logarithm.
    sigma: f64,
    /// Load below which the noise never makes it excessive.
    never: f64,
}

impl Spread {
    /// Number of standard deviations beyond which the normal law has less than 1e-16.
    const FAR: f64 = 8.3;

    pub(super) fn of(sigma: f64) -> Self {
        Self { sigma, never: libm::exp(-sigma * (Self::FAR + sigma / 2.0)) }
    }

    /// Returns the expected excess share over the noise at a load of `used`: E(N − 1/used)⁺.
    fn too_much(self, used: f64) -> f64 {
        if used <= self.never {
            return 0.0;
        }
        if self.sigma <= 0.0 {
            return (1.0 - 1.0 / used).max(0.0);
        }
        let far = (ln(used) + self.sigma * self.sigma / 2.0) / self.sigma;
        (normal_cdf(far) - normal_cdf(far - self.sigma) / used).max(0.0)
    }

    /// Returns the probability that the noise is `least` or more.
    fn reaches(self, least: f64) -> f64 {
        if self.sigma <= 0.0 {
            return f64::from(u8::from(least <= 1.0));
        }
        normal_cdf(-(ln(least) + self.sigma * self.sigma / 2.0) / self.sigma)
    }
}

/// Returns the standard deviation of the logarithm of a sum of independent parts, as if the sum were lognormal.
pub(super) fn combined(parts: &[(f64, f64)]) -> f64 {
    let all: f64 = parts.iter().map(|(part, _)| part).sum();
    if all <= 0.0 {
        return 0.0;
    }
    let spread = parts.iter().map(|(part, sigma)| part * sigma / all);
    spread.map(|share| share * share).sum::<f64>().sqrt()
}

/// Utilisation of the busiest resource of a way, the share of the views that takes it, and the noise there.
pub(super) type Way = (f64, f64, Spread);

/// Excess of the views of a class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Excess {
    /// Expected excess share over the hourly noise.
    pub(super) noisy: f64,
    /// Excess share without noise, where no queue is full.
    pub(super) plain: f64,
    /// Work done for excess views, over the work of all views.
    pub(super) wasted: f64,
    /// Probability that the excess is [`BAD`] or more.
    pub(super) bad: f64,
    /// Utilisation of the busiest resource on their way.
    pub(super) most: f64,
    /// True if requests hold a worker while they wait for it, and the class has refusals.
    pub(super) holds_workers: bool,
}

impl Excess {
    /// Adds a stage in which each view takes one of the ways: the narrowest stage decides. The share `reach` of the attempts has not
    /// failed before it, and the excess is a share of these. `refusals` are those of the class, with the views per second of all classes in its queue.
    pub(super) fn meet(
        &mut self,
        ways: &mut [Way],
        refusals: Option<(&Refusals, f64)>,
        reach: f64,
    ) {
        let refusals = refusals.filter(|(_, rate)| *rate > 0.0);
        let refused =
            |used: f64| refusals.filter(|_| used > 0.0).map(|(of, rate)| of.at(rate / used));
        // A view that visits several members takes each way for a part of it. Refusals by a full queue refer to whole
        // views, whether they would have come here or not.
        let all: f64 = ways.iter().map(|(_, share, _)| share).sum();
        let whole = if refusals.is_some() { all } else { all.max(reach) };
        ways.iter_mut().for_each(|(_, share, _)| *share /= whole);
        let (mut noisy, mut plain, mut wasted) = (0.0, 0.0, 0.0);
        // Members of one kind have equal utilisation.
        let mut last = (f64::NAN, f64::NAN, [0.0; 2]);
        for (used, share, spread) in &*ways {
            if *used > self.most {
                (self.most, self.holds_workers) = (*used, refusals.is_some());
            }
            plain += share * (1.0 - 1.0 / used).max(0.0);
            if (last.0, last.1) != (*used, spread.sigma) {
                let lost = || [spread.too_much(*used), 0.0];
                let found = refused(*used).map_or_else(lost, |of| of.mean(*used, spread.sigma));
                last = (*used, spread.sigma, found);
            }
            let [lost, vain] = last.2;
            noisy += share * lost;
            wasted += share * vain;
        }
        self.plain = self.plain.max(plain.min(1.0));
        if noisy > self.noisy {
            (self.noisy, self.wasted) = (noisy.min(1.0), wasted.min(1.0));
        }
        // By Markov's inequality the probability is at most that over BAD.
        if noisy > FEW * BAD {
            let busiest = ways.iter().map(|way| way.0).fold(0.0, f64::max);
            let bad = match refused(busiest) {
                Some(refused) => bad_with(ways, &refused),
                None => bad(ways),
            };
            self.bad = self.bad.max(bad);
        }
    }
}

/// Returns the probability that at least [`BAD`] of the views are not served, with the noise assumed equal on all ways.
fn bad_with(ways: &[Way], refusals: &Refused<'_>) -> f64 {
    let Some((first, _, spread)) = ways.first() else { return 0.0 };
    let of = |best: fn(f64, f64) -> f64| ways.iter().fold(*first, |all, way| best(all, way.0));
    let (busiest, idlest) = (of(f64::max), of(f64::min));
    let load = refusals.reaches(BAD);
    let (mut low, mut high) = (load / busiest, load / idlest);
    if !high.is_finite() || low <= 0.0 {
        return 0.0;
    }
    while high > low * (1.0 + 1e-6) {
        let middle = (low * high).sqrt();
        let mut last = (f64::NAN, 0.0);
        let each = ways.iter().map(|(used, share, _)| {
            if last.0 != *used {
                last = (*used, refusals.plain(used * middle)[0]);
            }
            share * last.1
        });
        if each.sum::<f64>() >= BAD { high = middle } else { low = middle }
    }
    spread.reaches(high)
}

/// Returns the probability that at least [`BAD`] of the views are in excess. The noise N is assumed equal on all ways:
/// Σ shareᵢ (1 − 1/(usedᵢ N)) over the ways on which it is positive reaches BAD.
fn bad(ways: &mut [Way]) -> f64 {
    ways.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let (mut shares, mut relieved) = (0.0, 0.0);
    for (at, (used, share, spread)) in ways.iter().enumerate() {
        shares += share;
        relieved += share / used;
        if shares <= BAD {
            continue;
        }
        let least = relieved / (shares - BAD);
        // The next way has no excess yet.
        if ways.get(at + 1).is_none_or(|(used, ..)| used * least <= 1.0) {
            return spread.reaches(least);
        }
    }
    0.0
}
