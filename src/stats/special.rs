//! Special functions behind the intervals: tails and quantiles of the normal, Student, beta and
//! gamma laws, and the binomial law that follows from them. What the laws of the engine need as well
//! is [there](crate::engine::special).
//!
//! Takes and gives plain numbers. Everything rests on `+ − × ÷`, square roots and `libm`, so the
//! same bits come out on every platform.
//!
//! Holds: relative error of tails and quantiles below 1e-12 in the range the product uses (counts
//! and degrees of freedom up to 1e7, tails down to 1e-12), in both tails. Leaves out: tails so
//! small that they underflow.
//!
//! Sources: Loader (2000), "Fast and accurate computation of binomial probabilities"; Didonato and
//! Morris (1992) for the fraction of the beta law; the quantile equations are solved in the
//! logarithm, where the distribution functions are concave.

use crate::engine::special::{
    deviance, incomplete_gamma_inverse, normal_cdf, normal_quantile, stirling_error,
};

/// Steps after which a series or continued fraction counts as settled: far above the √n steps
/// that n = 1e7 needs.
const MAX_STEPS: usize = 100_000;
const EPSILON: f64 = 1e-16;

/// P(Z > `z`) for a standard normal Z.
#[must_use]
pub fn normal_upper_tail(z: f64) -> f64 {
    normal_cdf(-z)
}

/// The z with P(Z > z) = `tail`, accurate for the smallest tails; `tail` in (0, 1).
#[must_use]
pub fn normal_upper_quantile(tail: f64) -> f64 {
    -normal_quantile(tail)
}

/// Γ(n + 1) / (Γ(k + 1) Γ(n − k + 1)) pᵏ qⁿ⁻ᵏ with n = k + rest and q = 1 − p, also between whole
/// numbers.
fn binomial_density(k: f64, rest: f64, p: f64, q: f64) -> f64 {
    let n = k + rest;
    if k == 0.0 {
        return libm::exp(n * if q > 0.9 { libm::log1p(-p) } else { libm::log(q) });
    }
    if rest == 0.0 {
        return libm::exp(n * if p > 0.9 { libm::log1p(-q) } else { libm::log(p) });
    }
    let exponent = stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n * p)
        - deviance(rest, n * q);
    libm::exp(exponent) * (n / (2.0 * core::f64::consts::PI * k * rest)).sqrt()
}

/// The regularised incomplete beta function I_x(a, b): P(X ≤ x) of a beta law. `y` is 1 − x, given
/// apart so that neither end loses digits. `a` and `b` above zero.
#[must_use]
pub fn beta_lower_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if y <= 0.0 {
        1.0
    } else {
        // xᵃ yᵇ / B(a, b) by way of the binomial probability, which does not overflow.
        let front = binomial_density(a, b, x, y) * a * (b / (a + b));
        if a * y - b * x > 2.0 * x - 1.0 {
            front / beta_fraction(a, b, x, y)
        } else {
            1.0 - front / beta_fraction(b, a, y, x)
        }
    }
}

/// The continued fraction by which xᵃ yᵇ / B(a, b) is divided to give I_x(a, b), for x below its
/// mean: the even part, written with a y − b x so that nothing cancels when a and b differ much
/// (Didonato and Morris, 1992), by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let lead = a * y - b * x + 1.0;
    let mut value = away(a * lead / (a + 1.0));
    let mut c = value;
    let mut d = 0.0;
    for step in 1..MAX_STEPS {
        let m = step as f64;
        let s = a + 2.0 * m - 1.0;
        let over = (a + m - 1.0) / s * ((a + b + m - 1.0) / s) * (m * (b - m) * x * x);
        let under = m + m * (b - m) * x / s + (a + m) * (lead + m * (1.0 + y)) / (s + 2.0);
        d = 1.0 / away(under + over * d);
        c = away(under + over / c);
        value *= c * d;
        if (c * d - 1.0).abs() < EPSILON * 2.0 {
            break;
        }
    }
    value
}

/// The (x, 1 − x) with I_x(a, b) = `p`; `p` in (0, 1), `a` and `b` above zero.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> (f64, f64) {
    if p <= 0.0 {
        return (0.0, 1.0);
    }
    if p > 0.5 {
        let (y, x) = beta_upper_quantile(1.0 - p, a, b);
        return (x, y);
    }
    logistic(beta_log_odds(p, a, b))
}

/// The (1 − x, x) with P(X > x) = `tail` of a beta law, for small tails.
fn beta_upper_quantile(tail: f64, a: f64, b: f64) -> (f64, f64) {
    logistic(if tail > 0.0 { beta_log_odds(tail, b, a) } else { f64::NEG_INFINITY })
}

fn logistic(z: f64) -> (f64, f64) {
    if z < 0.0 {
        let odds = libm::exp(z);
        (odds / (1.0 + odds), 1.0 / (1.0 + odds))
    } else {
        let odds = libm::exp(-z);
        (1.0 / (1.0 + odds), odds / (1.0 + odds))
    }
}

/// ln(x / (1 − x)) of the `p` quantile, `p` at most one half.
fn beta_log_odds(p: f64, a: f64, b: f64) -> f64 {
    let wanted = libm::log(p);
    solve_concave(libm::log(a / b), |z| {
        let (x, y) = logistic(z);
        let tail = beta_lower_tail(a, b, x, y);
        // dI/dz = xᵃ yᵇ / B(a, b).
        let slope = binomial_density(a, b, x, y) * a * (b / (a + b));
        (libm::log(tail) - wanted, slope / tail)
    })
}

/// The root of an increasing concave function, given with its slope: Newton's step from any point
/// lands left of the root, and from there it climbs without overshooting. A bracket catches what
/// rounding and underflow do.
fn solve_concave(start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (-745.0_f64, 745.0_f64);
    let mut z = start.clamp(low, high);
    for _ in 0..200 {
        let (value, slope) = function(z);
        if value == 0.0 {
            return z;
        }
        if value < 0.0 || value.is_nan() {
            low = z;
        } else {
            high = z;
        }
        let mut next = z - value / slope;
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        if (next - z).abs() <= 4e-16 * z.abs().max(1.0) {
            return next;
        }
        z = next;
    }
    z
}

/// The x with P(a, x) = `p`: quantile of a gamma law of shape `a` and rate 1; `p` in (0, 1).
#[must_use]
pub fn gamma_quantile(p: f64, a: f64) -> f64 {
    incomplete_gamma_inverse(a, p, 1.0 - p)
}

/// The x with Q(a, x) = `tail`, accurate for small tails; `tail` in (0, 1).
#[must_use]
pub fn gamma_upper_quantile(tail: f64, a: f64) -> f64 {
    incomplete_gamma_inverse(a, 1.0 - tail, tail)
}

/// P(T > `t`) for Student's t with `degrees` of freedom (above zero, not only whole numbers).
#[must_use]
pub fn student_upper_tail(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    let both = if square.is_infinite() {
        0.0
    } else {
        let sum = degrees + square;
        beta_lower_tail(0.5 * degrees, 0.5, degrees / sum, square / sum)
    };
    if t > 0.0 { 0.5 * both } else { 1.0 - 0.5 * both }
}

/// The t with P(T > t) = `tail`; `tail` in (0, 1), `degrees` above zero.
#[must_use]
pub fn student_upper_quantile(tail: f64, degrees: f64) -> f64 {
    if tail > 0.5 {
        return -student_upper_quantile(1.0 - tail, degrees);
    }
    // X = ν / (ν + T²) is beta(ν/2, 1/2), and P(X ≤ x) is both tails of T together.
    let (x, y) = beta_quantile(2.0 * tail, 0.5 * degrees, 0.5);
    (degrees * y / x).sqrt()
}

/// P(B ≤ `k`) for B binomial: `n` trials of probability `p` (`q` = 1 − p given apart).
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64, q: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    beta_lower_tail((n - k) as f64, k as f64 + 1.0, q, p)
}

/// The smallest k with P(B ≤ k) ≥ `level` for B binomial.
#[must_use]
pub fn binomial_quantile(level: f64, n: u64, p: f64, q: f64) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if binomial_cdf(middle, n, p, q) >= level {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
#[path = "special_tests.rs"]
mod tests;
