//! Moments and densities against numeric integration of the distribution function.

use super::*;

/// Integrates `f` over the positive numbers: substitution x = eᵗ, four Gauss points per panel.
fn integrate(f: impl Fn(f64) -> f64) -> f64 {
    const NODES: [(f64, f64); 4] = [
        (-0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
        (-0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
        (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
        (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
    ];
    let (start, end, panels) = (-60.0, 25.0, 17_000_u32);
    let half = 0.5 * (end - start) / f64::from(panels);
    let mut sum = 0.0;
    for panel in 0..panels {
        let middle = start + half * f64::from(2 * panel + 1);
        for (node, weight) in NODES {
            let x = libm::exp(middle + half * node);
            sum += weight * half * x * f(x);
        }
    }
    sum
}

/// E(X) = ∫ S and E(X²) = ∫ 2x·S. A panel is 0.5 % wide, so a jump costs up to half that
/// share of its value; the other laws are smooth and agree to ten digits.
#[test]
fn mean_and_variance_are_those_of_the_distribution_function() {
    for (name, law) in laws(1.0) {
        let smooth =
            ["exponential", "erlang", "gamma", "weibull", "lognormal", "hyperexp", "mixture"];
        let smooth = smooth.iter().any(|start| name.starts_with(start)) && !name.contains("jumps");
        let mean = integrate(|x| law.survival(x));
        let square = integrate(|x| 2.0 * x * law.survival(x));
        close(law.mean(), mean, if smooth { 1e-9 } else { 2.5e-3 }, name);
        let second = law.variance() + law.mean() * law.mean();
        close(second, square, if smooth { 1e-8 } else { 5e-3 }, name);
    }
}

/// Exact analytic values, for the laws whose integral above is coarse.
#[test]
fn moments_of_laws_with_corners_are_the_textbook_ones() {
    let is = |law: Result<Law, LawError>, mean: f64, variance: f64| {
        let law = law.unwrap();
        close(law.mean(), mean, 1e-14, "mean");
        assert!((law.variance() - variance).abs() <= 1e-13 * variance, "{law:?}");
    };
    is(Law::uniform(2.0, 5.0), 3.5, 0.75);
    is(Law::triangular(1.0, 2.0, 6.0), 3.0, 42.0 / 36.0);
    is(Law::constant(4.0), 4.0, 0.0);
    is(Law::discrete(&[(0.0, 0.5), (2.0, 0.25), (4.0, 0.25)]), 1.5, 2.75);
    is(Law::empirical(&[1.0, 2.0, 6.0], Interpolation::None), 3.0, 14.0 / 3.0);
    // Linear interpolation of 0 and 4 alone is uniform.
    is(Law::empirical(&[4.0, 0.0], Interpolation::Linear), 2.0, 16.0 / 12.0);
    // Half the mass at 1, half uniform over 1..3: mean 1.5, E(X²) = (1 + 13/3) / 2.
    let half = [(1.0, 0.5), (3.0, 1.0)];
    is(Law::empirical_cdf(&half, Interpolation::Linear), 1.5, 16.0 / 6.0 - 2.25);
    is(Law::poisson(7.0), 7.0, 7.0);
    is(Law::geometric(3.0), 3.0, 12.0);
    // Shape 1 between 1 and e: density c / x² with c = e/(e − 1); mean c, E(X²) = c (e − 1) = e.
    let e = std::f64::consts::E;
    let c = e / (e - 1.0);
    is(Law::pareto(1.0, 1.0, e), c, e - c * c);
    // Two exponential halves with means 1 and 3: E(X²) = (2·1 + 2·9) / 2 = 10.
    is(Law::hyperexponential_of(&[(0.5, 1.0), (0.5, 3.0)]), 2.0, 6.0);
    // Standard half-normal: mean √(2/π), variance 1 − 2/π.
    let share = 2.0 / std::f64::consts::PI;
    is(Law::normal_between(0.0, 1.0, 0.0, f64::INFINITY), libm::sqrt(share), 1.0 - share);
}

#[test]
fn the_density_is_the_slope_of_the_distribution_function() {
    for (name, law) in laws(1.0) {
        for u in (1..40).map(|i| f64::from(i) / 40.0 + 1e-3) {
            let x = law.quantile(u);
            if law.mass(x) > 0.0 {
                let before = x - 1e-12 * x.max(1.0);
                assert!((law.cdf(x) - law.cdf(before) - law.mass(x)).abs() < 1e-9, "{name}");
                continue;
            }
            let h = 1e-5 * x;
            let slope = (law.cdf(x + h) - law.cdf(x - h)) / (2.0 * h);
            close(law.density(x), slope, 1e-4, name);
        }
        assert_eq!((law.density(-1.0), law.mass(-1.0)), (0.0, 0.0), "{name}");
        assert_eq!((law.cdf(-1.0), law.survival(-1.0)), (0.0, 1.0), "{name}");
    }
}
