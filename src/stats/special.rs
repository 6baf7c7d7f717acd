//! Special functions behind the intervals: tails and quantiles of the normal, Student, beta and
//! gamma laws, and the binomial and Poisson laws that follow from them.
//!
//! Takes and gives plain numbers. Everything rests on `+ − × ÷`, square roots and `libm`, so the
//! same bits come out on every platform.
//!
//! Holds: relative error of tails and quantiles below 1e-12 in the range the product uses (counts
//! and degrees of freedom up to 1e7, tails down to 1e-12), in both tails. Leaves out: tails so
//! small that they underflow.
//!
//! Sources: Wichura (1988), algorithm AS 241; Loader (2000), "Fast and accurate computation of
//! binomial probabilities"; Press et al., Numerical Recipes, section 6.2 (series and
//! fraction of the gamma law); Didonato and Morris (1992) for the fraction of the beta law; the quantile equations are solved in the logarithm, where the
//! distribution functions are concave.

/// ln √(2π).
const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// Steps after which a series or continued fraction counts as settled: far above the √n steps
/// that n = 1e7 needs.
const MAX_STEPS: usize = 100_000;
const EPSILON: f64 = 1e-16;

/// P(Z > `z`) for a standard normal Z.
#[must_use]
pub fn normal_upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2)
}

/// The z with P(Z ≤ z) = `p` for a standard normal Z; `p` in (0, 1), infinite at its ends.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * ratio(r, &CENTRE);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    let size = normal_size(tail);
    if centred < 0.0 { -size } else { size }
}

/// The z with P(Z > z) = `tail`, accurate for the smallest tails; `tail` in (0, 1).
#[must_use]
pub fn normal_upper_quantile(tail: f64) -> f64 {
    if tail < 0.075 { normal_size(tail) } else { -normal_quantile(tail) }
}

fn normal_size(tail: f64) -> f64 {
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    let r = (-libm::log(tail)).sqrt();
    if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &FAR) }
}

fn ratio(x: f64, table: &[[f64; 8]; 2]) -> f64 {
    let [top, bottom] = table.map(|c| c.iter().rev().fold(0.0, |sum, next| sum * x + next));
    top / bottom
}

// Coefficients of AS 241 (PPND16), in rising powers.
const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];
const MIDDLE: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];
const FAR: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

/// What Stirling's formula leaves of ln Γ(n + 1).
fn stirling_rest(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - LN_SQRT_TWO_PI;
    }
    let square = n * n;
    (1.0 / 12.0
        - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square)
            / square)
        / n
}

/// x ln(x/m) + m − x without cancellation: the deviance of an observed x from an expected m.
fn deviance(x: f64, m: f64) -> f64 {
    let gap = x - m;
    if gap.abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) - gap;
    }
    let v = gap / (x + m);
    let mut sum = gap * v;
    let mut term = 2.0 * x * v;
    for j in 1..1_000_u32 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// mˣ e⁻ᵐ / Γ(x + 1): the Poisson probability, also between whole numbers.
fn poisson_density(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return libm::exp(-m);
    }
    libm::exp(-stirling_rest(x) - deviance(x, m)) / (2.0 * core::f64::consts::PI * x).sqrt()
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
    let exponent = stirling_rest(n)
        - stirling_rest(k)
        - stirling_rest(rest)
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

/// The regularised incomplete gamma functions (P(a, x), Q(a, x)); `a` above zero, `x` at least 0.
#[must_use]
pub fn gamma_tails(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let density = poisson_density(a, x);
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0, 1.0);
        for step in 1..MAX_STEPS {
            term *= x / (a + step as f64);
            sum += term;
            if term < sum * EPSILON {
                break;
            }
        }
        let lower = density * sum;
        return (lower, 1.0 - lower);
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for step in 1..MAX_STEPS {
        let m = step as f64;
        let factor = -m * (m - a);
        b += 2.0;
        d = 1.0 / (factor * d + b);
        c = b + factor / c;
        fraction *= d * c;
        if (d * c - 1.0).abs() < EPSILON * 2.0 {
            break;
        }
    }
    let upper = density * a * fraction;
    (1.0 - upper, upper)
}

/// The x with P(a, x) = `p`: quantile of a gamma law of shape `a` and rate 1; `p` in (0, 1).
#[must_use]
pub fn gamma_quantile(p: f64, a: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p > 0.5 {
        return gamma_upper_quantile(1.0 - p, a);
    }
    let wanted = libm::log(p);
    libm::exp(solve_concave(libm::log(a), |z| {
        let x = libm::exp(z);
        let lower = gamma_tails(a, x).0;
        (libm::log(lower) - wanted, poisson_density(a, x) * a / lower)
    }))
}

/// The x with Q(a, x) = `tail`, accurate for small tails; `tail` in (0, 1).
#[must_use]
pub fn gamma_upper_quantile(tail: f64, a: f64) -> f64 {
    if tail > 0.5 {
        return gamma_quantile(1.0 - tail, a);
    }
    let wanted = libm::log(tail);
    // ln Q falls and is concave in ln x: mirror the axis to make it rise.
    libm::exp(-solve_concave(-libm::log(a), |z| {
        let x = libm::exp(-z);
        let upper = gamma_tails(a, x).1;
        (libm::log(upper) - wanted, poisson_density(a, x) * a / upper)
    }))
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
