//! Reference values from 40-digit arithmetic (arguments chosen so that they are exact in binary or
//! well conditioned).

use super::*;
use crate::engine::special::incomplete_gamma as gamma_tails;

fn assert_close(found: f64, wanted: f64, what: &str) {
    let error = ((found - wanted) / wanted).abs();
    assert!(error <= 1e-12, "{what}: {found:e} instead of {wanted:e}, off by {error:e}");
}

/// T13: functions against high-precision references.
#[test]
fn normal_tails_and_quantiles_match_the_references() {
    for (z, tail) in [
        (0.1, 0.460_172_162_722_971),
        (1.0, 0.158_655_253_931_457_05),
        (3.0, 0.001_349_898_031_630_094_5),
        (6.0, 9.865_876_450_376_98e-10),
        (10.0, 7.619_853_024_160_521e-24),
        (25.0, 3.056_696_706_382_561e-138),
    ] {
        assert_close(normal_upper_tail(z), tail, "tail");
        assert_close(normal_upper_quantile(tail), z, "quantile");
    }
    for (p, z) in [
        (0.6, 0.253_347_103_135_799_8),
        (0.975, 1.959_963_984_540_054_2),
        (0.9995, 3.290_526_731_491_895),
        (1e-3, -3.090_232_306_167_813_5),
        (1e-10, -6.361_340_902_404_056),
        (1e-100, -21.273_453_560_965_324),
    ] {
        assert_close(normal_quantile(p), z, "quantile");
    }
    assert_eq!(normal_quantile(0.5), 0.0);
}

/// T13: quantiles and tails of Student's law, few and many degrees of freedom.
#[test]
fn student_tails_and_quantiles_match_the_references() {
    for (tail, degrees, t) in [
        (0.025, 1.0, 12.706_204_736_174_705),
        (0.025, 2.0, 4.302_652_729_749_464),
        (0.0005, 3.0, 12.923_978_636_687_483),
        (1e-9, 5.0, 98.937_224_648_369_96),
        (0.4, 7.0, 0.263_166_861_352_022_8),
        (0.025, 30.0, 2.042_272_456_301_238),
        (0.0005, 1999.0, 3.295_400_576_927_377_6),
        (0.25, 0.7, 1.200_330_743_457_406_8),
    ] {
        assert_close(student_upper_quantile(tail, degrees), t, "quantile");
        if tail > 1e-6 {
            // Nearer to one, 1 − tail itself has lost the digits.
            assert_close(student_upper_quantile(1.0 - tail, degrees), -t, "mirrored quantile");
        }
        assert_close(student_upper_tail(t, degrees), tail, "tail");
    }
    for (t, degrees, tail) in [
        (2.5, 3.0, 0.043_853_323_504_032_77),
        (0.01, 9.0, 0.496_119_722_768_162_6),
        (6.0, 200.0, 4.557_560_174_405_193e-9),
        (40.0, 12.0, 1.925_614_790_386_017e-14),
    ] {
        assert_close(student_upper_tail(t, degrees), tail, "tail");
    }
}

/// T13: incomplete beta and its inverse, small and large parameters.
#[test]
fn beta_tails_and_quantiles_match_the_references() {
    for (a, b, x, lower) in [
        (0.5, 0.5, 0.3, 0.369_010_119_565_545_4),
        (2.0, 3.0, 0.1, 0.0523),
        (1000.0, 50.0, 0.9375, 0.017_143_291_720_930_557),
        (50.0, 1000.0, 0.03125, 0.002_639_499_489_864_934_7),
        (1e5, 1e5, 511.0 / 1024.0, 0.191_205_165_982_545_08),
        (3e6, 17.0, 1.0 - 1.0 / 131_072.0, 0.085_492_859_098_136_9),
        (17.0, 3e6, 1.0 / 262_144.0, 0.073_895_777_835_782_36),
        (0.125, 20.0, 1.0 / 67_108_864.0, 0.161_865_427_308_322_1),
    ] {
        assert_close(beta_lower_tail(a, b, x, 1.0 - x), lower, "lower tail");
        assert_close(1.0 - beta_lower_tail(b, a, 1.0 - x, x), lower, "by symmetry");
        let (found, rest) = beta_quantile(lower, a, b);
        assert_close(found, x, "quantile");
        assert_close(rest, 1.0 - x, "one minus the quantile");
    }
}

/// T13: incomplete gamma and its inverse, small and large parameters.
#[test]
fn gamma_tails_and_quantiles_match_the_references() {
    for (a, x, lower, upper) in [
        (5.0, 2.0, 0.052_653_017_343_711_15, 0.947_346_982_656_288_8),
        (5.0, 12.0, 0.992_399_609_318_933, 0.007_600_390_681_066_995),
        (1000.0, 900.0, 0.000_549_902_265_711_782_9, 0.999_450_097_734_288_2),
        (1000.0, 1100.0, 0.998_940_676_746_070_1, 0.001_059_323_253_929_977_3),
        (1e6, 1_000_500.0, 0.691_550_475_771_497_2, 0.308_449_524_228_502_8),
        (1e6, 997_000.0, 0.001_338_104_167_313_599_7, 0.998_661_895_832_686_4),
        (0.5, 0.125, 0.382_924_922_548_026_2, 0.617_075_077_451_973_8),
        (0.0625, 1.0 / 65_536.0, 0.516_752_636_765_556_9, 0.483_247_363_234_443_1),
    ] {
        let (found_lower, found_upper) = gamma_tails(a, x);
        assert_close(found_lower, lower, "lower tail");
        assert_close(found_upper, upper, "upper tail");
        // The smaller tail pins x best.
        let found =
            if lower < upper { gamma_quantile(lower, a) } else { gamma_upper_quantile(upper, a) };
        assert_close(found, x, "quantile");
    }
}

/// The binomial quantile is the first count whose cumulated probability reaches the level.
#[test]
fn binomial_quantiles_bracket_the_level() {
    for (n, p) in [(10_u64, 0.5), (100, 0.01), (1000, 0.95), (10_000, 0.999)] {
        for level in [0.0005, 0.025, 0.5, 0.975, 0.9995] {
            let k = binomial_quantile(level, n, p, 1.0 - p);
            assert!(binomial_cdf(k, n, p, 1.0 - p) >= level);
            assert!(k == 0 || binomial_cdf(k - 1, n, p, 1.0 - p) < level);
        }
    }
    // 2⁻¹⁰ Σ C(10, i), i ≤ 3 = 176 / 1024.
    assert_close(binomial_cdf(3, 10, 0.5, 0.5), 176.0 / 1024.0, "ten coins");
}

/// For whole numbers the incomplete beta function is a sum of binomial probabilities; I(a, 1; x) = xᵃ.
#[test]
fn the_incomplete_beta_function_is_the_binomial_sum() {
    let close = |found: f64, wanted: f64, error: f64| {
        assert!((found - wanted).abs() <= error * wanted, "{found:e} {wanted:e}");
    };
    let beta_tails =
        |a, b, x: f64| (beta_lower_tail(a, b, x, 1.0 - x), beta_lower_tail(b, a, 1.0 - x, x));
    for (a, b) in [(1_u32, 1_u32), (3, 2), (2, 9), (30, 12), (200, 300)] {
        for x in [0.01, 0.2, 0.4, 0.5, 0.77, 0.99] {
            let n = a + b - 1;
            let probability = |k: u32| {
                let choose = libm::lgamma(f64::from(n + 1))
                    - libm::lgamma(f64::from(k + 1))
                    - libm::lgamma(f64::from(n - k + 1));
                libm::exp(choose + f64::from(k) * libm::log(x) + f64::from(n - k) * libm::log1p(-x))
            };
            let (value, complement) = beta_tails(f64::from(a), f64::from(b), x);
            close(value, (a..=n).map(probability).sum(), 2e-12);
            close(complement, (0..a).map(probability).sum(), 2e-12);
        }
    }
    close(beta_tails(2.5, 1.0, 0.3).0, libm::pow(0.3, 2.5), 1e-14);
    assert_eq!(beta_tails(2.0, 3.0, 0.0), (0.0, 1.0));
    assert_eq!(beta_tails(2.0, 3.0, 1.0), (1.0, 0.0));
}
