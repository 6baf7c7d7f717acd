//! Special functions on portable arithmetic: the same bits on every machine.
//!
//! Built on `libm` and on correctly rounded `+ − × ÷ √` alone, since
//! the platform's own functions differ in the last bit from system to system.
//!
//! Holds: [`ln`] and [`exp`] within 1 unit in the last place; the others to a relative error of about 10⁻¹⁴, in
//! the tails too, where one minus a probability would have no digits left.
//! Source: named at each function.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use crate::convert::whole;

/// Maximum number of steps of a series or continued fraction; the sum so far is then the result. Arguments up to
/// 10⁸ need a few times 10⁴.
const STEPS_MAX: u32 = 1_000_000;

/// Computes the natural logarithm, in half the time of `libm::log`.
///
/// Table-driven: x = 2ᵏ·c·(1 + r) with c the middle of one of 128 intervals, so that |r| ≤ 2⁻⁷ and
/// a short polynomial is left. The difference x − c is exact, hence no fused operation is needed.
/// Around 1 the middle is 1 itself: the relative error stays small where the logarithm vanishes.
/// Source: Tang, Table-driven implementation of the logarithm function (1990).
#[must_use]
#[inline]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    // Subnormal, zero, negative, infinite or not a number.
    if bits.wrapping_sub(0x0010_0000_0000_0000) >= 0x7fe0_0000_0000_0000 {
        return libm::log(x);
    }
    let offset = bits.wrapping_sub(LN_START);
    let entry = &LN_TABLE[(offset >> 45) as usize % LN_TABLE.len()];
    let exponent = offset.cast_signed() >> 52;
    let scaled = f64::from_bits(bits.wrapping_sub(exponent.cast_unsigned() << 52));
    let r = (scaled - entry.middle) * entry.inverse;
    let power = exponent as f64;
    let r2 = r * r;
    let tail = (-0.5 + r * (1.0 / 3.0))
        + r2 * ((-0.25 + r * 0.2) + r2 * ((-1.0 / 6.0 + r * (1.0 / 7.0)) - r2 * 0.125));
    let head = power * LN_2.0 + entry.ln_head;
    // Exact remainder of head + r, for |head| > |r| or head = 0.
    let sum = head + r;
    let lost = (head - sum) + r;
    sum + (lost + (power * LN_2.1 + entry.ln_tail) + r2 * tail)
}

/// One interval of the logarithm's table.
#[derive(Clone, Copy)]
struct LnEntry {
    middle: f64,
    inverse: f64,
    /// ln(middle), a multiple of 2⁻⁴², so that adding k·ln 2 to it is exact.
    ln_head: f64,
    ln_tail: f64,
}

/// Bits of 0.6875: numbers are reduced to [0.6875, 1.375).
const LN_START: u64 = 0x3fe6_0000_0000_0000;
const LN_2: (f64, f64) = ln_ratio(1, 3);
static LN_TABLE: [LnEntry; 128] = ln_table();

/// Computes ln((1 + y)/(1 − y)) = 2·artanh(y) for y = top / bottom, |y| < 0.4, as head and tail, by
/// the series in integers of 2⁻¹⁰⁰.
const fn ln_ratio(top: i128, bottom: i128) -> (f64, f64) {
    let mut power = (top << 101) / bottom;
    let mut sum = 0;
    let mut odd = 1;
    while power != 0 {
        sum += power / odd;
        power = power * (top * top) / (bottom * bottom);
        odd += 2;
    }
    let head = sum >> 58;
    let tail = sum - (head << 58);
    // Powers of two: both products are exact.
    (head as f64 / (1_u64 << 42) as f64, tail as f64 / (1_u128 << 100) as f64)
}

const fn ln_table() -> [LnEntry; 128] {
    let mut table = [LnEntry { middle: 1.0, inverse: 1.0, ln_head: 0.0, ln_tail: 0.0 }; 128];
    let mut i = 0;
    while i < 128 {
        // The middle in units of 2⁻⁹: 352 is 0.6875; intervals are 2 wide below 1 and 4 above.
        let middle = if i < 80 { 352 + 2 * i as i128 + 1 } else { 512 + 4 * (i as i128 - 80) + 2 };
        if i != 79 && i != 80 {
            let (ln_head, ln_tail) = ln_ratio(middle - 512, middle + 512);
            let value = middle as f64 / 512.0;
            table[i] = LnEntry { middle: value, inverse: 1.0 / value, ln_head, ln_tail };
        }
        i += 1;
    }
    table
}

/// Computes e to the power x, in half the time of `libm::exp`.
///
/// Table-driven: x = (128·n + i)·ln 2/128 + r with |r| ≤ ln 2/256, so that a short polynomial is
/// left; 2ⁱᐟ¹²⁸ comes from the table and 2ⁿ is put into the exponent.
/// Source: Tang, Table-driven implementation of the exponential function (1989).
#[must_use]
#[inline]
pub fn exp(x: f64) -> f64 {
    // Beyond these the result may be subnormal, zero or infinite; or x is not a number.
    if x.abs() >= 700.0 || x.is_nan() {
        return libm::exp(x);
    }
    // Adding three halves of 2⁵² leaves the nearest whole number in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let rounded = x * EXP_STEPS + ROUND;
    let steps = rounded - ROUND;
    let k = rounded.to_bits();
    // The head of ln 2/128 has so few digits that its product with the steps, 2¹⁷ at most, is exact.
    let r = (x - steps * EXP_STEP.0) - steps * EXP_STEP.1;
    let r2 = r * r;
    let p = r + r2 * ((0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0)));
    let entry = EXP_TABLE[(k % 128) as usize];
    let value = entry + entry * p;
    f64::from_bits(value.to_bits().wrapping_add((k >> 7) << 52))
}

/// 128 / ln 2.
const EXP_STEPS: f64 = 128.0 * std::f64::consts::LOG2_E;
/// ln 2 / 128, as a head of 36 digits and a tail.
const EXP_STEP: (f64, f64) = {
    let head = whole::u64(LN_2.0 * (1_u64 << 36) as f64) as f64 / (1_u64 << 36) as f64;
    (head / 128.0, ((LN_2.0 - head) + LN_2.1) / 128.0)
};
static EXP_TABLE: [f64; 128] = exp_table();

/// Computes 2ⁱᐟ¹²⁸ by the series of the exponential in integers of 2⁻⁶⁰.
const fn exp_table() -> [f64; 128] {
    // ln 2 in units of 2⁻⁶⁰: the head is a multiple of 2⁻⁴².
    let ln_2 = whole::i128(LN_2.0 * (1_u64 << 42) as f64) << 18;
    let ln_2 = ln_2 + whole::i128(LN_2.1 * (1_u64 << 60) as f64);
    let mut table = [1.0; 128];
    let mut i = 1;
    while i < 128 {
        let x = ln_2 * i as i128 / 128;
        let (mut term, mut sum, mut n) = (1_i128 << 60, 0_i128, 1);
        while term != 0 {
            sum += term;
            term = ((term * x) >> 60) / n;
            n += 1;
        }
        table[i] = sum as f64 / (1_u64 << 60) as f64;
        i += 1;
    }
    table
}

/// Computes P(Z ≤ x) of the standard normal law.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Computes the density of the standard normal law.
#[must_use]
pub fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(TAU)
}

/// Computes the x with P(Z ≤ x) = `probability`, to a relative error of about 10⁻¹⁶; infinite at 0 and 1.
///
/// For the upper tail, pass one minus the probability and negate the result.
/// Source: Wichura, Algorithm AS 241 (1988), PPND16.
#[must_use]
pub fn normal_quantile(probability: f64) -> f64 {
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * polynomial_8(&AS241_A, r) / polynomial_8(&AS241_B, r);
    }
    let tail = if centred < 0.0 { probability } else { 1.0 - probability };
    if tail.is_nan() || tail < 0.0 {
        return f64::NAN;
    }
    if tail == 0.0 {
        return if centred < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let r = libm::sqrt(-ln(tail));
    let size = if r <= 5.0 {
        polynomial_8(&AS241_C, r - 1.6) / polynomial_8(&AS241_D, r - 1.6)
    } else {
        polynomial_8(&AS241_E, r - 5.0) / polynomial_8(&AS241_F, r - 5.0)
    };
    if centred < 0.0 { -size } else { size }
}

/// Evaluates a polynomial by Horner's rule; the constant term is first in `coefficients`.
#[inline]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Evaluates eight terms by Estrin's scheme, in a third of the latency of Horner's rule.
#[inline]
fn polynomial_8(c: &[f64; 8], x: f64) -> f64 {
    let (x2, x4) = (x * x, (x * x) * (x * x));
    let low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * x2;
    let high = (c[4] + c[5] * x) + (c[6] + c[7] * x) * x2;
    low + high * x4
}

const AS241_A: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const AS241_B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const AS241_C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const AS241_D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const AS241_E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const AS241_F: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];

/// Computes ln Γ(a + 1) minus Stirling's formula, for a > 0: 1/(12a) − …
#[must_use]
pub fn stirling_error(a: f64) -> f64 {
    const TERMS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    if a < 10.0 {
        return libm::lgamma(a + 1.0) - (a + 0.5) * ln(a) + a - 0.5 * ln(TAU);
    }
    polynomial(&TERMS, 1.0 / (a * a)) / a
}

/// Computes a·ln(a / x) + x − a without loss of digits if a and x are close.
#[must_use]
pub fn deviance(a: f64, x: f64) -> f64 {
    let v = (x - a) / (x + a);
    if v.abs() >= 0.1 {
        return a * ln(a / x) + x - a;
    }
    // ln(a / x) = −2·artanh(v); the terms up to the first cancel but for (x − a)·v.
    let (mut power, mut sum) = (-2.0 * a * v, (x - a) * v);
    for k in 1..100_u32 {
        power *= v * v;
        let next = sum + power / f64::from(2 * k + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// Computes xᵃ e⁻ˣ / Γ(a + 1): for integer a the probability of a events if x are expected.
///
/// Source: Loader, Fast and accurate computation of binomial probabilities (2000).
#[must_use]
pub fn poisson_term(a: f64, x: f64) -> f64 {
    if x == 0.0 {
        return if a == 0.0 { 1.0 } else { 0.0 };
    }
    if x.is_infinite() {
        return 0.0;
    }
    if a < 10.0 {
        return libm::exp(a * ln(x) - x - libm::lgamma(a + 1.0));
    }
    libm::exp(-stirling_error(a) - deviance(a, x)) / libm::sqrt(TAU * a)
}

/// Computes the regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x), for a > 0 and x ≥ 0.
///
/// Series below a + 1, continued fraction above. O(√a).
/// Source: Press et al., Numerical Recipes, 3rd ed., section 6.2, with [`poisson_term`] in front.
#[must_use]
pub fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    incomplete_gamma_from(a, x, poisson_term(a, x))
}

/// Computes the incomplete gamma functions from the Poisson term that is a factor of both.
fn incomplete_gamma_from(a: f64, x: f64, front: f64) -> (f64, f64) {
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0, 1.0, a);
        for _ in 0..STEPS_MAX {
            n += 1.0;
            term *= x / n;
            let next = sum + term;
            if next == sum {
                break;
            }
            sum = next;
        }
        let p = (front * sum).min(1.0);
        (p, 1.0 - p)
    } else {
        let fraction = continued_fraction(x + 1.0 - a, |n| (n * (a - n), x + 1.0 - a + 2.0 * n));
        let q = (front * a / fraction).min(1.0);
        (1.0 - q, q)
    }
}

/// Computes b₀ + a₁/(b₁ + a₂/(b₂ + …)) by Lentz's method; `step(n)` returns (aₙ, bₙ).
fn continued_fraction(first: f64, step: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |x: f64| if x.abs() < TINY { TINY } else { x };
    let mut value = away(first);
    let (mut c, mut d) = (value, 0.0);
    let mut n = 0.0;
    for _ in 0..STEPS_MAX {
        n += 1.0;
        let (a, b) = step(n);
        d = 1.0 / away(b + a * d);
        c = away(b + a / c);
        value *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// Computes the x with P(a, x) = `p` and Q(a, x) = `q`, where p + q = 1, to a relative error of about 10⁻¹³.
/// Both are arguments so that neither tail loses digits.
///
/// Newton's method on ln P over ln x in the lower half and on ln Q over x in the upper: both are
/// nearly straight far out. Source of the first guess: Press et al., section 6.2.1.
#[must_use]
pub fn incomplete_gamma_inverse(a: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if q <= 0.0 {
        return f64::INFINITY;
    }
    let mut x = incomplete_gamma_guess(a, p, q);
    let aim = if p <= q { ln(p) } else { ln(q) };
    // Each step squares the error, in units of the law's relative width.
    let near = 1e-8 / libm::sqrt(a).max(1.0);
    for _ in 0..50 {
        let front = poisson_term(a, x);
        let (lower, upper) = incomplete_gamma_from(a, x, front);
        let slope = front * a; // x times the density
        let next = if p <= q {
            x * libm::exp(((aim - ln(lower)) * lower / slope).clamp(-4.0, 4.0))
        } else {
            let step = (ln(upper) - aim) * upper / slope;
            x * (1.0 + step.clamp(-0.9, 9.0))
        };
        if !next.is_finite() || next == 0.0 {
            return x; // below the smallest number, or as far as numbers go
        }
        let moved = (next - x).abs();
        x = next;
        if moved <= near * x {
            break;
        }
    }
    x
}

fn incomplete_gamma_guess(a: f64, p: f64, q: f64) -> f64 {
    // Leading term of the series, accurate if it is small.
    let first = libm::exp((ln(p) + libm::lgamma(a + 1.0)) / a);
    if first < 0.2 * (a + 1.0) {
        return first.max(f64::MIN_POSITIVE);
    }
    if a > 1.0 {
        // Wilson and Hilferty: the cube root is nearly normal.
        let z = if p <= q { normal_quantile(p) } else { -normal_quantile(q) };
        let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * libm::sqrt(a));
        return (a * root * root * root).max(first.min(a));
    }
    let share = 1.0 - a * (0.253 + a * 0.12);
    if p < share { first } else { 1.0 - ln(q / (1.0 - share)) }
}

/// Computes Γ(a) for a > 0.
#[must_use]
pub fn gamma(a: f64) -> f64 {
    libm::tgamma(a)
}

#[cfg(test)]
mod tests;
