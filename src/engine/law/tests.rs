use super::*;
use crate::engine::draw::{Key, Lineage, Seed};

mod moments;
mod oracle;

fn key(purpose: &str, owner: &str) -> Key {
    Key::derive(Seed(1), Lineage::replication(0), purpose, owner)
}

fn close(value: f64, truth: f64, relative: f64, what: &str) {
    let error = (value - truth).abs();
    assert!(error <= relative * truth.abs(), "{what}: {value:e} is not {truth:e}");
}

/// Returns one or more laws of every family, made with `scale`.
fn laws(scale: f64) -> Vec<(&'static str, Law)> {
    let s = scale;
    let values = [3.0 * s, 1.0 * s, 1.0 * s, 8.0 * s, 4.5 * s];
    let points = [(1.0 * s, 0.2), (2.0 * s, 0.5), (7.0 * s, 0.9), (11.0 * s, 1.0)];
    let mixed = vec![
        (0.85, Law::lognormal(5.0 * s, 0.8).unwrap()),
        (0.15, Law::lognormal(240.0 * s, 1.25).unwrap()),
    ];
    let jumps = vec![
        (0.3, Law::constant(2.0 * s).unwrap()),
        (0.5, Law::exponential(3.0 * s).unwrap()),
        (0.2, Law::discrete(&[(0.0, 0.5), (9.0 * s, 0.5)]).unwrap()),
    ];
    let count = |law: Result<Law, LawError>| law.unwrap().scaled(s).unwrap();
    vec![
        ("constant", Law::constant(3.0 * s).unwrap()),
        ("uniform", Law::uniform(2.0 * s, 5.0 * s).unwrap()),
        ("exponential", Law::exponential(3.0 * s).unwrap()),
        ("erlang", Law::erlang(3.0 * s, 4).unwrap()),
        ("gamma above", Law::gamma(3.0 * s, 0.3).unwrap()),
        ("gamma below", Law::gamma(3.0 * s, 2.0).unwrap()),
        ("weibull", Law::weibull(3.0 * s, 0.5).unwrap()),
        ("weibull early", Law::weibull_with_shape(3.0 * s, 0.7).unwrap()),
        ("lognormal", Law::lognormal(3.0 * s, 1.2).unwrap()),
        ("lognormal p95", Law::lognormal_with_p95(3.0 * s, 10.0 * s).unwrap()),
        ("normal", Law::normal(3.0 * s, 0.6).unwrap()),
        ("normal far", Law::normal(3.0 * s, 0.01).unwrap()),
        ("normal between", Law::normal_between(3.0 * s, 2.0 * s, s, 4.0 * s).unwrap()),
        ("hyperexponential", Law::hyperexponential(3.0 * s, 2.5).unwrap()),
        ("pareto", Law::pareto(1.3, s, 1e3 * s).unwrap()),
        ("pareto square", Law::pareto(2.0, s, 50.0 * s).unwrap()),
        ("triangular", Law::triangular(s, 2.0 * s, 6.0 * s).unwrap()),
        ("discrete", Law::discrete(&[(4.0 * s, 0.25), (s, 0.7), (9.0 * s, 0.05)]).unwrap()),
        ("empirical", Law::empirical(&values, Interpolation::None).unwrap()),
        ("empirical lines", Law::empirical(&values, Interpolation::Linear).unwrap()),
        ("cdf", Law::empirical_cdf(&points, Interpolation::None).unwrap()),
        ("cdf lines", Law::empirical_cdf(&points, Interpolation::Linear).unwrap()),
        ("mixture", Law::mixture(mixed).unwrap()),
        ("mixture with jumps", Law::mixture(jumps).unwrap()),
        ("poisson", count(Law::poisson(3.0))),
        ("poisson many", count(Law::poisson(1500.0))),
        ("geometric", count(Law::geometric(3.0))),
    ]
}

/// Returns uniform numbers over the whole range, including the least and the greatest that can be drawn.
fn grid() -> impl Iterator<Item = f64> {
    let far = [f64::EPSILON / 2.0, 1e-12, 1e-6, 1e-3];
    let middle = (1..200).map(|i| f64::from(i) / 200.0);
    let (near, top) = (far.into_iter(), far.into_iter().rev().map(|u| 1.0 - u));
    near.chain(middle).chain(top)
}

/// The n-th draw of a law is pinned to the bit, on every machine. `UPDATE_GOLDEN=1` rewrites the
/// file; every result then changes too.
#[test]
fn the_first_draws_of_every_law_are_pinned() {
    let mut text = String::new();
    for (name, law) in laws(1.0) {
        let key = key("golden", name);
        let bits = (0..16).map(|n| format!("{:016x}", law.quantile(key.uniform(n, 0)).to_bits()));
        text.push_str(&format!("{name}: {}\n", bits.collect::<Vec<_>>().join(" ")));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/law/tests/golden.txt");
        std::fs::write(path, &text).unwrap();
        return;
    }
    for (now, pinned) in text.lines().zip(include_str!("tests/golden.txt").lines()) {
        assert_eq!(now, pinned);
    }
    assert_eq!(text.lines().count(), include_str!("tests/golden.txt").lines().count());
}

#[test]
fn the_sampler_and_draws_in_order_are_the_quantile_to_the_bit() {
    for (name, law) in laws(1.0) {
        let key = key("sampler", name);
        let (sampler, mut draws) = (law.sampler(), Draws::new(law.sampler(), key));
        let (mut stream, duration) = (key.stream(0), DurationLaw(law.clone()));
        for n in 0..100 {
            let u = key.uniform(n, 0);
            let value = law.quantile(u);
            assert_eq!(sampler.sample(u).to_bits(), value.to_bits(), "{name} at {u}");
            assert_eq!(draws.draw().to_bits(), value.to_bits(), "{name}, draw {n}");
            assert_eq!(sampler.duration(u), duration.quantile(u));
        }
        assert_eq!(law.sample(&mut stream), law.quantile(key.uniform(0, 0)), "{name}");
        for u in grid() {
            assert_eq!(sampler.sample(u).to_bits(), law.quantile(u).to_bits(), "{name} at {u}");
        }
    }
}

/// Promise D18, first half: a greater uniform number never gives a lesser draw.
#[test]
fn draws_rise_with_the_uniform_number() {
    for (name, law) in laws(1.0) {
        let mut last = law.quantile(0.0);
        assert!(last >= 0.0, "{name}");
        for u in grid().chain([1.0]) {
            let value = law.quantile(u);
            assert!(value >= last * (1.0 - 1e-12), "{name} falls at {u}: {last} to {value}");
            last = value;
        }
        assert_eq!(law.quantile(-1.0), law.quantile(0.0), "{name}");
        assert_eq!(law.quantile(2.0), law.quantile(1.0), "{name}");
        assert!(law.quantile(f64::NAN).is_nan(), "{name}");
    }
}

/// Promise D18, second half: a law of greater scale moves every draw up, by the same factor.
#[test]
fn draws_rise_with_the_scale_of_the_law() {
    for ((name, law), (_, larger)) in laws(1.0).into_iter().zip(laws(1.01)) {
        let key = key("scale", name);
        let scaled = law.scaled(1.01).unwrap();
        for n in 0..300 {
            let u = key.uniform(n, 0);
            let (value, more) = (law.quantile(u), larger.quantile(u));
            assert!(more >= value, "{name} falls at {u}");
            close(more, 1.01 * value, 1e-11, name);
            close(scaled.quantile(u), 1.01 * value, 1e-11, name);
        }
        close(scaled.mean(), 1.01 * law.mean(), 1e-13, name);
        close(scaled.cv(), law.cv(), 1e-9, name);
        assert!(law.scaled(0.0).is_err() && law.scaled(f64::MAX).is_err(), "{name}");
    }
}

/// Promise D18 for the other parameters: if theory says so, a greater one moves no draw down.
#[test]
fn draws_rise_with_the_parameters_that_only_add() {
    let pairs = [
        (Law::poisson(4.0), Law::poisson(4.1)),
        (Law::geometric(4.0), Law::geometric(4.1)),
        (Law::uniform(1.0, 2.0), Law::uniform(1.0, 2.1)),
        (Law::triangular(1.0, 2.0, 4.0), Law::triangular(1.0, 2.5, 4.0)),
        (Law::pareto(2.0, 1.0, 50.0), Law::pareto(1.9, 1.0, 50.0)),
        (Law::discrete(&[(1.0, 0.7), (2.0, 0.3)]), Law::discrete(&[(1.0, 0.6), (2.0, 0.4)])),
    ];
    for (less, more) in pairs {
        let (less, more) = (less.unwrap(), more.unwrap());
        for u in grid() {
            assert!(less.quantile(u) <= more.quantile(u), "{less:?} at {u}");
        }
    }
}

#[test]
fn the_quantile_inverts_the_distribution_function() {
    for (name, law) in laws(1.0) {
        for u in grid() {
            let x = law.quantile(u);
            let jump = law.mass(x);
            if jump > 0.0 {
                // The least value whose probability reaches u, exactly.
                assert!(law.cdf(x) >= u * (1.0 - 1e-13), "{name} at {u}");
                assert!(law.cdf(x) - jump <= u + 1e-12, "{name} at {u}");
            } else {
                // Tolerance beyond the functions' own error: the value and 1 − u are rounded.
                let rounded = f64::EPSILON * (1.0 + 4.0 * x * law.density(x));
                let (rest, off) = (1.0 - u, law.cdf(x) - u);
                assert!(off.abs() <= 2e-12 * u + rounded, "{name} at {u}: {off:e}");
                let off = law.survival(x) - rest;
                assert!(off.abs() <= 2e-11 * rest + rounded, "{name} at {u}: {off:e}");
            }
            assert!((law.cdf(x) + law.survival(x) - 1.0).abs() < 1e-14, "{name} at {u}");
        }
    }
}

#[test]
fn a_jump_inside_a_mixture_is_met_exactly() {
    let parts = vec![
        (0.4, Law::constant(1.0).unwrap()),
        (0.4, Law::constant(0.1).unwrap()),
        (0.2, Law::poisson(2.0).unwrap()),
    ];
    let law = Law::mixture(parts).unwrap();
    for u in grid() {
        let x = law.quantile(u);
        assert!(x == 0.1 || x == libm::floor(x), "{x} at {u} is no value of the law");
    }
    assert_eq!(law.quantile(0.3), 0.1);
}

#[test]
fn moments_are_what_was_asked_for() {
    for cv in [0.1, 0.5, 0.9] {
        for (name, law) in [
            ("gamma", Law::gamma(0.2, cv)),
            ("weibull", Law::weibull(0.2, cv)),
            ("lognormal", Law::lognormal(0.2, cv)),
            ("normal", Law::normal(0.2, cv)),
            ("hyperexponential", Law::hyperexponential(0.2, cv + 1.0)),
        ] {
            let (law, more) = (law.unwrap(), if name == "hyperexponential" { 1.0 } else { 0.0 });
            close(law.mean(), 0.2, 1e-12, name);
            close(law.cv(), cv + more, 1e-10, name);
        }
    }
    for cv in [2.0, 30.0] {
        close(Law::weibull(5.0, cv).unwrap().cv(), cv, 1e-10, "weibull");
        close(Law::gamma(5.0, cv).unwrap().cv(), cv, 1e-12, "gamma");
    }
    let law = Law::lognormal_with_p95(3.0, 10.0).unwrap();
    close(law.quantile(0.5), 3.0, 1e-15, "median");
    close(law.quantile(0.95), 10.0, 1e-14, "p95");
    close(Law::erlang(6.0, 9).unwrap().cv(), 1.0 / 3.0, 1e-14, "erlang");
    assert_eq!(Law::hyperexponential(2.0, 1.0).unwrap().quantile(0.5), 2.0 * libm::log(2.0));
}

#[test]
fn every_law_knows_its_exponential_and_whether_it_is_constant() {
    for (name, law) in laws(1.0) {
        assert_eq!(law.is_constant(), name == "constant", "{name}");
        let exponential = law.exponential_of_same_mean();
        assert!(matches!(exponential.form(), Form::Exponential(_)), "{name}");
        assert_eq!(exponential.mean(), law.mean(), "{name}");
    }
    let nothing = Law::constant(0.0).unwrap();
    assert_eq!(nothing.exponential_of_same_mean(), nothing);
    assert_eq!(nothing.cv(), 0.0);
    assert!(Law::discrete(&[(2.0, 0.5), (2.0, 0.5)]).unwrap().is_constant());
    let law = DurationLaw(Law::exponential(0.25).unwrap());
    assert_eq!(law.mean(), SimDuration::from_nanos(250_000_000));
}

#[test]
fn impossible_parameters_are_refused_with_the_reason() {
    let range =
        |parameter, value, low, high| Err(LawError::OutOfRange { parameter, value, low, high });
    let cases = [
        (Law::constant(-1.0), Err(LawError::Negative("value"))),
        (Law::constant(f64::NAN), Err(LawError::NotFinite("value"))),
        (Law::exponential(0.0), Err(LawError::Zero("mean"))),
        (Law::exponential(f64::INFINITY), Err(LawError::NotFinite("mean"))),
        (Law::uniform(2.0, 2.0), Err(LawError::Order("low", "high"))),
        (Law::erlang(1.0, 0), range("stages", 0.0, 1.0, 1e6)),
        (Law::gamma(1.0, 0.0), range("cv", 0.0, 1e-3, 1e3)),
        (Law::lognormal(1.0, -0.5), range("cv", -0.5, 1e-3, 1e3)),
        (Law::lognormal_with_p95(2.0, 1.0), Err(LawError::Order("median", "p95"))),
        (Law::weibull_with_shape(1.0, f64::NAN), Err(LawError::NotFinite("shape"))),
        (Law::normal(1.0, 1.2), range("cv", 1.2, 1e-3, 0.95)),
        (Law::normal_between(0.0, 1.0, 5.0, 4.0), Err(LawError::Order("low", "high"))),
        (Law::hyperexponential(1.0, 0.9), range("cv", 0.9, 1.0, 1e3)),
        (Law::hyperexponential_of(&[]), Err(LawError::Empty)),
        (Law::hyperexponential_of(&[(1.0, 0.0)]), Err(LawError::Zero("mean"))),
        (Law::pareto(1.0, 0.0, 4.0), Err(LawError::Zero("low"))),
        (Law::triangular(1.0, 5.0, 4.0), Err(LawError::Order("mode", "high"))),
        (Law::discrete(&[(1.0, 0.6), (2.0, 0.3)]), Err(LawError::Weights(0.6 + 0.3))),
        (Law::discrete(&[(1.0, -0.5), (2.0, 1.5)]), Err(LawError::Negative("weight"))),
        (Law::empirical(&[], Interpolation::None), Err(LawError::Empty)),
        (
            Law::empirical_cdf(&[(1.0, 0.5), (2.0, 0.4)], Interpolation::Linear),
            Err(LawError::NotCumulative),
        ),
        (Law::empirical_cdf(&[(1.0, 0.5)], Interpolation::Linear), Err(LawError::NotCumulative)),
        (
            Law::empirical_cdf(&[(3.0, 0.5), (2.0, 1.0)], Interpolation::None),
            Err(LawError::Order("value", "next value")),
        ),
        (Law::mixture(vec![]), Err(LawError::Empty)),
        (Law::poisson(0.0), Err(LawError::Zero("mean"))),
        (Law::geometric(2e9), range("mean", 2e9, 0.0, 1e9)),
    ];
    for (law, reason) in cases {
        assert_eq!(law, reason);
    }
    let far = Law::normal_between(0.0, 1.0, 8.0, 9.0).unwrap_err();
    assert!(matches!(far, LawError::OutOfRange { parameter: "share between the bounds", .. }));
    assert_eq!(
        Law::hyperexponential(1.0, 0.5).unwrap_err().to_string(),
        "`cv` is 0.5; it must be between 1 and 1000"
    );
}
