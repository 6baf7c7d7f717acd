use super::*;
use crate::engine::draw::{Key, Lineage, Seed};

fn key(purpose: &str) -> Key {
    Key::derive(Seed(1), Lineage::replication(0), purpose, "special")
}

/// Returns the distance in units in the last place, for numbers of one sign.
fn ulps(a: f64, b: f64) -> u64 {
    a.to_bits().abs_diff(b.to_bits())
}

fn close(value: f64, truth: f64, relative: f64) {
    assert!((value - truth).abs() <= relative * truth.abs(), "{value:e} is not {truth:e}");
}

/// Promise T13: the logarithm against `libm` (itself within 1 unit) on 10⁶ points, over all
/// magnitudes, over (0, 1), and where it vanishes.
#[test]
fn the_logarithm_is_right_to_the_last_digit() {
    let key = key("ln");
    let mut worst = 0;
    for i in 0..350_000 {
        let u = key.uniform(i, 0);
        let any = f64::from_bits(key.bits(i, 1) >> 1);
        let near = 1.0 + (u - 0.5) / f64::from(1_u32 << (i % 20));
        for x in [u, any, near] {
            if x.is_finite() {
                worst = worst.max(ulps(ln(x), libm::log(x)));
            }
        }
    }
    assert!(worst <= 1, "{worst} units in the last place");
    assert_eq!(ln(1.0), 0.0);
    assert_eq!((ln(0.0), ln(f64::INFINITY)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    assert_eq!(ln(f64::MIN_POSITIVE / 4.0), libm::log(f64::MIN_POSITIVE / 4.0));
}

/// Promise T13: the exponential against `libm` (itself within 1 unit), over all magnitudes whose
/// result is normal, and around 0.
#[test]
fn the_exponential_is_right_to_the_last_digit() {
    let key = key("exp");
    let mut worst = 0;
    for i in 0..350_000 {
        let u = key.uniform(i, 0) - 0.5;
        for x in [1_400.0 * u, 20.0 * u, u / f64::from(1_u32 << (i % 30))] {
            worst = worst.max(ulps(exp(x), libm::exp(x)));
        }
    }
    assert!(worst <= 1, "{worst} units in the last place");
    assert_eq!((exp(0.0), exp(-0.0), exp(f64::NEG_INFINITY)), (1.0, 1.0, 0.0));
    assert_eq!((exp(710.0), exp(-720.0)), (f64::INFINITY, libm::exp(-720.0)));
    assert!(exp(f64::NAN).is_nan());
}

/// Values from tables of the normal law (Abramowitz & Stegun 26.2, and 50-digit arithmetic).
#[test]
fn the_normal_quantile_is_right_in_the_middle_and_in_the_tails() {
    close(normal_quantile(0.975), 1.959_963_984_540_054, 4e-16);
    close(normal_quantile(0.995), 2.575_829_303_548_901, 4e-16);
    close(normal_quantile(1e-10), -6.361_340_902_404_056, 4e-16);
    close(normal_quantile(1e-100), -21.273_453_560_965_324, 4e-16);
    assert_eq!(normal_quantile(0.5), 0.0);
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
    assert!(normal_quantile(1.5).is_nan());
    let mut last = f64::NEG_INFINITY;
    for i in 1..2000 {
        let p = f64::from(i) / 2000.0;
        let z = normal_quantile(p);
        assert!(z > last);
        close(normal_cdf(z), p, 1e-14);
        last = z;
    }
}

/// For integer a the incomplete gamma function is a finite sum of Poisson probabilities.
#[test]
fn the_incomplete_gamma_function_is_the_poisson_sum() {
    for a in [1_u32, 2, 5, 20, 150] {
        for ratio in [0.05, 0.5, 0.9, 1.0, 1.1, 2.0, 4.0] {
            let x = f64::from(a) * ratio;
            let (p, q) = incomplete_gamma(f64::from(a), x);
            let mut term = libm::exp(-x);
            let mut sum = 0.0;
            for n in 0..a {
                sum += term;
                close(poisson_term(f64::from(n), x), term, 1e-12);
                term *= x / f64::from(n + 1);
            }
            close(q, sum, 1e-12);
            close(p + q, 1.0, 1e-15);
        }
    }
    // P(1/2, x²) is the error function: a shape that is not whole.
    for x in [0.01, 0.3, 1.0, 2.0, 5.0] {
        let (p, q) = incomplete_gamma(0.5, x * x);
        close(p, libm::erf(x), 1e-14);
        close(q, libm::erfc(x), 1e-13);
    }
}

#[test]
fn the_inverse_of_the_incomplete_gamma_function_undoes_it() {
    for a in [0.05, 0.3, 0.9, 1.0, 1.5, 4.0, 37.5, 1e3, 1e6] {
        for p in [1e-12, 1e-6, 0.01, 0.2, 0.5, 0.8, 0.99] {
            let x = incomplete_gamma_inverse(a, p, 1.0 - p);
            close(incomplete_gamma(a, x).0, p, 1e-12 * libm::sqrt(a).max(1.0));
        }
        for q in [1e-3, 1e-9, 1e-15, 1e-40] {
            let x = incomplete_gamma_inverse(a, 1.0 - q, q);
            close(incomplete_gamma(a, x).1, q, 1e-12 * libm::sqrt(a).max(1.0));
        }
    }
    close(incomplete_gamma_inverse(1.0, 1.0 - 1e-9, 1e-9), -libm::log(1e-9), 1e-15);
    assert_eq!(incomplete_gamma_inverse(2.0, 0.0, 1.0), 0.0);
    assert_eq!(incomplete_gamma_inverse(2.0, 1.0, 0.0), f64::INFINITY);
}
