//! Every law that `rand_distr` has, against it: both its samples and ours must follow our distribution function,
//! within the Kolmogorov–Smirnov band at one in a million.

use rand_distr::Distribution;

use super::*;
use crate::engine::draw::Stream;

const SAMPLES: u32 = 200_000;
/// Bound that √n·D exceeds once in a million: √(ln(2 / 10⁻⁶) / 2).
const KOLMOGOROV: f64 = 2.693;

/// Returns √n times the greatest distance between the samples' distribution function and the law's.
fn distance(mut samples: Vec<f64>, law: &Law) -> f64 {
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let mut greatest: f64 = 0.0;
    let mut at = 0;
    while at < samples.len() {
        let x = samples[at];
        let upto = at + samples[at..].partition_point(|other| *other <= x);
        let cdf = law.cdf(x);
        let above = upto as f64 / n - cdf;
        let below = (cdf - law.mass(x)) - at as f64 / n;
        greatest = greatest.max(above.abs()).max(below.abs());
        at = upto;
    }
    greatest * libm::sqrt(n)
}

fn follows(name: &str, law: Result<Law, LawError>, mut oracle: impl FnMut(&mut Stream) -> f64) {
    let law = law.unwrap();
    let mut theirs = key("oracle", name).stream(0);
    let theirs = (0..SAMPLES).map(|_| oracle(&mut theirs)).collect();
    let ours = key("own", name);
    let sampler = law.sampler();
    let ours = (0..SAMPLES).map(|n| sampler.sample(ours.uniform(u64::from(n), 0))).collect();
    for (whose, samples) in [("rand_distr", theirs), ("own", ours)] {
        let distance = distance(samples, &law);
        assert!(distance < KOLMOGOROV, "{name}, {whose} samples: {distance}");
    }
}

#[test]
fn laws_with_one_parameter_and_bounded_laws_are_those_of_rand_distr() {
    let exponential = rand_distr::Exp::new(1.0 / 3.0).unwrap();
    follows("exponential", Law::exponential(3.0), |rng| exponential.sample(rng));
    let uniform = rand_distr::Uniform::new(2.0, 5.0).unwrap();
    follows("uniform", Law::uniform(2.0, 5.0), |rng| uniform.sample(rng));
    let triangular = rand_distr::Triangular::new(1.0, 6.0, 2.0).unwrap();
    follows("triangular", Law::triangular(1.0, 2.0, 6.0), |rng| triangular.sample(rng));
    let weibull = rand_distr::Weibull::new(2.0, 0.7).unwrap();
    let mean = 2.0 * crate::engine::special::gamma(1.0 + 1.0 / 0.7);
    follows("weibull", Law::weibull_with_shape(mean, 0.7), |rng| weibull.sample(rng));
    let pareto = rand_distr::Pareto::new(1.0, 1.3).unwrap();
    follows("pareto", Law::pareto(1.3, 1.0, 100.0), |rng| {
        pareto.sample_iter(rng).find(|x| *x <= 100.0).unwrap()
    });
}

#[test]
fn laws_with_one_hump_are_those_of_rand_distr() {
    for (name, shape) in [("gamma 0.25", 0.25), ("gamma 9", 9.0)] {
        let gamma = rand_distr::Gamma::new(shape, 2.0).unwrap();
        let law = Law::gamma(2.0 * shape, 1.0 / libm::sqrt(shape));
        follows(name, law, |rng| gamma.sample(rng));
    }
    let erlang = rand_distr::Gamma::new(4.0, 0.75).unwrap();
    follows("erlang", Law::erlang(3.0, 4), |rng| erlang.sample(rng));
    let lognormal = rand_distr::LogNormal::from_mean_cv(3.0, 1.2).unwrap();
    follows("lognormal", Law::lognormal(3.0, 1.2), |rng| lognormal.sample(rng));
    let normal = rand_distr::Normal::new(3.0, 2.0).unwrap();
    follows("normal between", Law::normal_between(3.0, 2.0, 1.0, 4.0), |rng| {
        normal.sample_iter(rng).find(|x| (1.0..=4.0).contains(x)).unwrap()
    });
}

#[test]
fn counts_are_those_of_rand_distr() {
    for mean in [0.3, 3.0, 40.0, 1500.0] {
        let poisson = rand_distr::Poisson::new(mean).unwrap();
        follows("poisson", Law::poisson(mean), |rng| poisson.sample(rng));
    }
    let geometric = rand_distr::Geometric::new(0.25).unwrap();
    follows("geometric", Law::geometric(3.0), |rng| geometric.sample(rng) as f64);
}

#[test]
fn laws_made_of_others_are_those_of_rand_distr_chosen_by_weight() {
    let (quick, slow) = (rand_distr::Exp::new(1.0).unwrap(), rand_distr::Exp::new(0.05).unwrap());
    follows("hyperexponential", Law::hyperexponential_of(&[(0.9, 1.0), (0.1, 20.0)]), |rng| {
        if rng.uniform() < 0.9 { quick.sample(rng) } else { slow.sample(rng) }
    });
    let lognormal = rand_distr::LogNormal::from_mean_cv(5.0, 0.8).unwrap();
    let parts = vec![
        (0.6, Law::lognormal(5.0, 0.8).unwrap()),
        (0.3, Law::exponential(20.0).unwrap()),
        (0.1, Law::constant(4.0).unwrap()),
    ];
    follows("mixture", Law::mixture(parts), |rng| match rng.uniform() {
        u if u < 0.6 => lognormal.sample(rng),
        u if u < 0.9 => slow.sample(rng),
        _ => 4.0,
    });
    let weighted = rand_distr::weighted::WeightedAliasIndex::new(vec![0.7, 0.25, 0.05]).unwrap();
    follows("discrete", Law::discrete(&[(1.0, 0.7), (4.0, 0.25), (9.0, 0.05)]), |rng| {
        [1.0, 4.0, 9.0][weighted.sample(rng)]
    });
}

/// Checks the power of the test above: a mean 1 % off is outside the band.
#[test]
#[should_panic(expected = "rand_distr samples")]
fn a_law_one_percent_off_is_found() {
    let exponential = rand_distr::Exp::new(1.0 / 3.06).unwrap();
    follows("exponential", Law::exponential(3.0), |rng| exponential.sample(rng));
}
