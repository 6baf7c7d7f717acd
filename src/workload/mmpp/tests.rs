use super::*;
use crate::engine::draw::{Lineage, Seed};

fn key(seed: u64) -> Key {
    Key::derive(Seed(seed), Lineage::replication(0), "arrival-modulation", "visitors")
}

fn seconds(values: &[f64]) -> Vec<SimDuration> {
    values.iter().map(|s| SimDuration::from_seconds_f64(*s)).collect()
}

#[test]
fn factors_of_the_standard_set_are_used_as_written() {
    let standard =
        Modulation::new(&[0.93, 1.14], &seconds(&[120.0, 60.0]), Succession::Cyclic).unwrap();
    for (factor, written) in standard.factors().iter().zip([0.93, 1.14]) {
        assert!((factor - written).abs() < 1e-15);
    }
    // Rate CV 0.10: √(2/3·0.07² + 1/3·0.14²).
    assert!((standard.rate_cv() - 0.098_994_949_366).abs() < 1e-9);
    // At 20/s the index of dispersion is 1.2, 2.8 and 8.6 at 1, 10 and 60 s.
    let level = Rate::per_second(20.0).unwrap();
    for (window_s, expected) in [(1, 1.2), (10, 2.8), (60, 8.6)] {
        let found = standard.dispersion(level, SimDuration::from_secs(window_s)).unwrap();
        assert!((found - expected).abs() < 0.05, "{window_s} s: {found}");
    }
}

/// O45, `idc_limit` (`calc:rel=1e-9`), and the formula at 1, 10 and 200 s. Sojourns of 10/3 s are
/// rounded to the nanosecond, which moves the figure by 3e-10.
#[test]
fn o45_dispersion_is_the_closed_form() {
    let modulation =
        Modulation::new(&[50.0, 200.0], &seconds(&[10.0, 10.0 / 3.0]), Succession::Cyclic).unwrap();
    let level = Rate::per_second(87.5).unwrap();
    for (window, expected) in [
        (SimDuration::MAX, 242.071_428_571),
        (SimDuration::from_secs(1), 43.380_384_887_6),
        (SimDuration::from_secs(10), 182.907_415_737),
        (SimDuration::from_secs(200), 239.058_035_714),
        (SimDuration::ZERO, 1.0),
    ] {
        let found = modulation.dispersion(level, window).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-9, "{window}: {found}");
    }
    let three = Modulation::new(&[1.0; 3], &seconds(&[1.0; 3]), Succession::Cyclic).unwrap();
    assert_eq!(three.dispersion(level, SimDuration::SECOND), None);
}

/// Shares of time are those of the mean sojourns for both successions. 30,000 cycles of three
/// exponential sojourns: a share has a standard deviation below 0.4 %; the band is 1.3 %.
#[test]
fn time_is_shared_as_the_sojourns_say() {
    for succession in [Succession::Cyclic, Succession::Random] {
        let modulation =
            Modulation::new(&[1.0, 2.0, 6.0], &seconds(&[5.0, 3.0, 2.0]), succession).unwrap();
        let weighted: f64 =
            modulation.factors().iter().zip(modulation.shares()).map(|(f, p)| f * p).sum();
        assert!((weighted - 1.0).abs() < 1e-12, "the mean factor is 1");
        let mut spent = [0.0; 3];
        let mut visits = [0_u32; 3];
        let mut from = SimTime::ZERO;
        let mut at = modulation.begin(key(3), from);
        for _ in 0..90_000 {
            spent[at.state() as usize] += (at.until() - from).seconds();
            visits[at.state() as usize] += 1;
            from = at.until();
            let next = modulation.next(key(3), &at);
            assert_ne!(next.state(), at.state(), "a switch changes the state");
            at = next;
        }
        let total: f64 = spent.iter().sum();
        for (state, share) in [0.5, 0.3, 0.2].into_iter().enumerate() {
            let found = spent[state] / total;
            assert!((found / share - 1.0).abs() < 0.025, "{succession:?} state {state}: {found}");
            assert!((f64::from(visits[state]) / 30_000.0 - 1.0).abs() < 0.02);
        }
    }
}

/// 20,000 keys: the first state's share has a standard deviation of 0.35 %; the band is 1.15 %.
#[test]
fn the_state_at_time_zero_is_drawn_from_the_stationary_shares() {
    let modulation =
        Modulation::new(&[1.0, 2.0], &seconds(&[6.0, 4.0]), Succession::Cyclic).unwrap();
    let first =
        (0..20_000).filter(|seed| modulation.begin(key(*seed), SimTime::ZERO).state() == 0).count();
    assert!((first as f64 / 20_000.0 - 0.6).abs() < 0.0115, "{first}");
}

#[test]
fn hostile_modulations_are_refused() {
    use ModulationError::{AllZero, Factor, Sojourn, States, Unequal};
    let new = |factors: &[f64], s: &[f64]| {
        Modulation::new(factors, &seconds(s), Succession::Cyclic).unwrap_err()
    };
    assert_eq!(new(&[1.0], &[1.0]), States(1));
    assert_eq!(new(&[], &[]), States(0));
    assert_eq!(new(&[1.0; 65], &[1.0; 65]), States(65));
    assert_eq!(new(&[1.0, 2.0], &[1.0]), Unequal(2, 1));
    assert_eq!(new(&[1.0, -2.0], &[1.0, 1.0]), Factor(1, -2.0));
    assert!(matches!(new(&[f64::NAN, 1.0], &[1.0, 1.0]), Factor(0, _)));
    assert_eq!(new(&[0.0, 0.0], &[1.0, 1.0]), AllZero);
    assert!(matches!(new(&[1.0, 2.0], &[1.0, 0.0]), Sojourn(1, _)));
    assert!(matches!(new(&[1.0, 2.0], &[1e12, 1.0]), Sojourn(0, _)));
}
