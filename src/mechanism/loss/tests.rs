//! Losses against the sums that define them.

use super::*;
use crate::engine::draw::{Key, Lineage, Seed};

const fn millis(count: u64) -> SimDuration {
    SimDuration::from_nanos(count * 1_000_000)
}

const RTO: SimDuration = millis(270);

/// The means of two functions over `count` evenly spaced uniform numbers, which is their integral to 1 / `count` of their
/// range.
fn mean(count: u32, of: impl Fn(f64) -> f64) -> f64 {
    let at = |index: u32| (f64::from(index) + 0.5) / f64::from(count);
    (0..count).map(|index| of(at(index))).sum::<f64>() / f64::from(count)
}

/// A message of one segment has N time-outs with probability (1 − p) pᴺ, of RTO × (2ᴺ − 1) together, at most 60 s each.
/// With three segments or more the first comes with 1 − (1 − p)³.
#[test]
fn time_outs_are_those_of_the_geometric_law() {
    for (loss, bytes) in [(0.01, 1_u64), (0.2, 1_460), (0.2, 4_000), (0.5, 1), (0.05, 1_000_000)] {
        let last = bytes.div_ceil(SEGMENT).min(3) as f64;
        let any = 1.0 - libm::pow(1.0 - loss, last);
        let (mut truth, mut each, mut chance) = (0.0, 0.27, any);
        // Number N is at least k with any × p^(k − 1): each of them adds its own time.
        for _ in 0..60 {
            truth += chance * each;
            chance *= loss;
            each = f64::min(2.0 * each, 60.0);
        }
        let waits = |uniform| time_outs(loss, bytes, RTO, uniform).seconds();
        let found = mean(2_000_000, waits);
        assert!((found / truth - 1.0).abs() < 2e-3, "{loss} {bytes}: {found}, not {truth}");
        let none = mean(100_000, |uniform| f64::from(u8::from(waits(uniform) == 0.0)));
        assert!((none - (1.0 - any)).abs() < 2e-5, "{none}, not {}", 1.0 - any);
    }
    // Two time-outs, of 270 and 540 ms, for u in (p³, p²]; one for u in (p², p).
    assert_eq!(time_outs(0.1, 1, RTO, 0.005), millis(810));
    assert_eq!(time_outs(0.1, 1, RTO, 0.05), RTO);
    assert_eq!(time_outs(0.1, 1, RTO, 0.1), SimDuration::ZERO);
    // 0.27, 0.54, …, 34.56 s and then 60 s each.
    let many = time_outs(0.5, 1, RTO, libm::pow(0.5, 10.0) * 0.99);
    assert_eq!(many, millis(270 * 255) + SimDuration::from_secs(120));
}

/// The first of n segments that is lost is the f-th with p (1 − p)^(f − 1); the last three wait for the time-out.
#[test]
fn the_bytes_behind_a_loss_are_those_of_the_first_lost_segment_and_the_rest() {
    for (loss, bytes) in [(0.01, 1_000_000_u64), (0.001, 100_000), (0.1, 6_000)] {
        let segments = bytes.div_ceil(SEGMENT) - 3;
        let truth: f64 = (0..segments)
            .map(|before| {
                let chance = loss * libm::pow(1.0 - loss, before as f64);
                chance * (bytes - before * SEGMENT) as f64
            })
            .sum();
        let found = mean(1_000_000, |uniform| from_a_loss(loss, bytes, uniform) as f64);
        assert!((found / truth - 1.0).abs() < 1e-3, "{loss} {bytes}: {found}, not {truth}");
    }
    for bytes in [0, 1, 1_460, 4_380] {
        assert_eq!(from_a_loss(0.5, bytes, 0.999), 0, "{bytes}");
    }
    assert_eq!(from_a_loss(0.5, 4_381, 0.75), 4_381);
}

/// 1,460 B × 8 / 0.1 s × √(1.5 / 0.001) = 4.523 Mbit/s.
#[test]
fn the_rate_behind_a_loss_is_the_formula_of_mathis() {
    let time = least_time(0.001, millis(100), 10_000_000);
    let rate = 80e6 / time.seconds();
    assert!((rate / 4.523_4e6 - 1.0).abs() < 1e-4, "{rate}");
}

/// The sawtooth of the formula, simulated: a window grows by one segment per round trip and is halved when one of its
/// segments is lost. Its mean is that of a deterministic loss after every 1 / p segments; random losses give 8 % more.
#[test]
fn a_window_that_is_halved_at_every_loss_has_about_that_rate() {
    let key = Key::derive(Seed(1), Lineage::replication(0), "loss", "test");
    let (loss, mut window, mut sent, mut ordinal) = (0.001, 30.0_f64, 0_u64, 0_u64);
    let rounds = 200_000;
    for _ in 0..rounds {
        let mut lost = false;
        for _ in 0..whole::u64(window) {
            lost |= key.uniform(ordinal, 0) < loss;
            ordinal += 1;
        }
        sent += whole::u64(window);
        window = if lost { (window / 2.0).max(1.0) } else { window + 1.0 };
    }
    let (mean, formula) = (sent as f64 / f64::from(rounds), libm::sqrt(1.5 / loss));
    println!("{mean} segments per round trip, {formula} by the formula");
    assert!((mean / formula - 1.0).abs() < 0.1, "{mean}, not {formula}");
}
