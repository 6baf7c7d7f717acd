use proptest::prelude::*;

use super::*;
use crate::engine::draw::{Lineage, Seed};
use crate::units::NANOS_PER_SECOND;
use crate::workload::arrivals::{ArrivalStream, Process, Traffic};
use crate::workload::rate::{Profile, RateCurve, WeekTime};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

fn seconds(s: u64) -> SimTime {
    SimTime::from_nanos(s * NANOS_PER_SECOND)
}

fn length(s: u64) -> SimDuration {
    SimDuration::from_secs(s)
}

fn per_s(rate: f64) -> Rate {
    Rate::per_second(rate).unwrap()
}

fn standard() -> Course {
    Course::new(4.0, length(20 * MINUTE), length(HOUR), length(HOUR)).unwrap()
}

fn once(at: u64, course: Course, steps: &[Step]) -> Surges {
    Surges::new(Some((Onset::At(seconds(at)), course)), steps).unwrap()
}

fn key() -> Key {
    Key::derive(Seed(1), Lineage::replication(0), "flash", "visitors")
}

/// ∫ of the standard flash on a flat rate of 1, `t` seconds after its onset, in closed form.
fn by_hand(t: f64) -> f64 {
    let (ramp, plateau, decay) = (1_200.0, 3_600.0, 3_600.0);
    let up = t.min(ramp);
    let top = (t - ramp).clamp(0.0, plateau);
    let down = (t - ramp - plateau).max(0.0);
    up + 3.0 * up * up / (2.0 * ramp) + 4.0 * top + down + 3.0 * decay * -libm::expm1(-down / decay)
}

/// The n-th of evenly spaced arrivals lies where n + 1 are expected: the course in closed form, against the stream that
/// advances piece by piece.
#[test]
fn arrivals_of_a_flash_on_a_flat_rate_lie_where_the_integral_by_hand_says() {
    let traffic = Traffic::new(per_s(2.0), Process::Regular).unwrap().with_surges(once(
        1_000,
        standard(),
        &[],
    ));
    let until = seconds(1_000 + 12 * HOUR);
    let stream = ArrivalStream::new(
        &traffic,
        Seed(1),
        Lineage::replication(0),
        "visitors",
        (SimTime::ZERO, until),
    );
    let mut count = 0.0;
    for arrival in stream {
        count += 1.0;
        let t = arrival.at.seconds();
        let expected = 2.0 * (t.min(1_000.0) + by_hand((t - 1_000.0).max(0.0)));
        // What is cut off at the end is a millionth of the rise for a time constant.
        assert!((expected - count).abs() < 2e-2 * 3.0 * 1e-6 * 3_600.0 + 1e-6, "{t}: {expected}");
    }
    // 1,000 s before, then 12 h and the area over 1 of the flash.
    let all = 2.0 * (1_000.0 + by_hand(12.0 * HOUR as f64));
    assert!((all - count).abs() <= 1.0, "{count} of {all}");
}

/// Over a weekly profile or a sine, against Simpson's rule on the rate itself with steps of a second.
#[test]
fn a_flash_multiplies_the_profile_under_it() {
    let hours: [f64; 24] = std::array::from_fn(|hour| 0.4 + (hour as f64 - 3.0).abs() / 10.0);
    let weekly = Profile::weekly(&hours, &[1.2, 1.1, 1.0, 0.9, 1.1, 0.8, 0.9]).unwrap();
    let sine = Profile::sine(0.6, length(12 * HOUR), SimDuration::DAY).unwrap();
    let step = Step { from: seconds(6 * HOUR), until: seconds(7 * HOUR), factor: 0.5 };
    let surges = once(5 * HOUR + 777, standard(), &[step]);
    let start = WeekTime::new(2, length(3 * HOUR)).unwrap();
    for profile in [weekly, sine] {
        let curve = RateCurve::new(per_s(0.5), profile.clone(), start);
        let mut surging = Surging::new(&surges, key());
        let mut rate = |s: f64| {
            let at = SimTime::from_nanos((s * 1e9) as u64);
            curve.rate(at).in_per_second() * surging.factor(at)
        };
        let traffic = Traffic::new(per_s(0.5), Process::Regular)
            .unwrap()
            .with_profile(profile, start)
            .with_surges(surges.clone());
        let span = (SimTime::ZERO, seconds(11 * HOUR));
        let lineage = Lineage::replication(0);
        let arrivals: Vec<f64> = ArrivalStream::new(&traffic, Seed(1), lineage, "visitors", span)
            .map(|arrival| arrival.at.seconds())
            .collect();
        let (mut expected, mut second, mut n) = (0.0, 0.0, 0.0);
        for at in arrivals {
            while second + 1.0 <= at {
                // The step jumps between whole seconds, just before one of them.
                let end = rate(second + 1.0 - 1e-9);
                expected += (rate(second) + 4.0 * rate(second + 0.5) + end) / 6.0;
                second += 1.0;
            }
            let rest = at - second;
            let here = expected + rest * rate(second + rest / 2.0);
            n += 1.0;
            assert!((here - n).abs() < 1e-4, "{at}: {here} of {n}");
        }
        assert!(n > 20_000.0, "{n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One formula a piece: factors meet at the ends of pieces, but where a course jumps, and the
    /// expected arrivals of a piece on a flat rate are those of many short ones.
    #[test]
    fn pieces_join(
        factor in 1.0..50.0_f64,
        ramp in 0_u64..4_000,
        plateau in 0_u64..4_000,
        decay in 0_u64..4_000,
        asked in 0_u64..40_000,
    ) {
        let course = Course::new(factor, length(ramp), length(plateau), length(decay)).unwrap();
        let surges = once(2_000, course, &[]);
        let mut surging = Surging::new(&surges, key());
        let piece = surging.piece(seconds(asked));
        prop_assert!(piece.end > seconds(asked));
        let flat = RateCurve::new(per_s(3.0), Profile::Flat, WeekTime::MONDAY).piece(SimTime::ZERO);
        if piece.level.is_none() {
            let room = (piece.end - seconds(asked)).seconds();
            let from = piece.bend.offset_s(seconds(asked), 0.0);
            let whole = piece.bend.integral(&flat, (0.0, from), room);
            let part = |n: f64| {
                piece.bend.integral(&flat, (0.0, from + room * n / 100.0), room / 100.0)
            };
            let sum: f64 = (0..100).map(|n| part(f64::from(n))).sum();
            prop_assert!((whole / sum - 1.0).abs() < 1e-12);
            // Half of it, and back.
            let half = piece.bend.advance(&flat, (0.0, from), whole / 2.0, room).unwrap();
            let back = piece.bend.integral(&flat, (0.0, from), half);
            prop_assert!((back / whole - 0.5).abs() < 1e-12);
        }
        let long_after = 2_000 + ramp + plateau + 60 * decay.max(1);
        prop_assert_eq!(surging.factor(seconds(long_after)), 1.0);
        prop_assert_eq!(surging.factor(seconds(1_999)), 1.0);
        let top = surging.factor(seconds(2_000 + ramp));
        prop_assert!(plateau == 0 && decay == 0 || (top - factor).abs() < 1e-9 * factor);
        prop_assert!((surges.most() - factor).abs() < 1e-12);
    }

    /// D13: flashes lie where their key says, whatever instant is asked for first.
    #[test]
    fn a_flash_does_not_depend_on_where_a_run_begins(days in 0_u64..3_000, back in 0_u64..500) {
        let course = Course::new(4.0, length(1_200), length(3_600), length(3_600)).unwrap();
        let rate = per_s(40.0 / (365.0 * 86_400.0));
        let surges = Surges::new(Some((Onset::Rate(rate), course)), &[]).unwrap();
        let mut walked = Surging::new(&surges, key());
        for day in 0..days {
            let _ = walked.factor(seconds(day * 86_400));
        }
        let earlier = seconds(days.saturating_sub(back) * 86_400 + 40_000);
        let mut fresh = Surging::new(&surges, key());
        prop_assert_eq!(walked.factor(earlier), fresh.factor(earlier));
        prop_assert_eq!(walked.flash, fresh.flash);
    }
}

/// Gaps are exponential of the mean asked for, from the end of one to the onset of the next.
#[test]
fn flashes_come_as_often_as_asked_while_none_is_under_way() {
    let course = Course::new(4.0, length(1_200), length(3_600), length(3_600)).unwrap();
    let mean_s = 20_000.0;
    let surges = Surges::new(Some((Onset::Rate(per_s(1.0 / mean_s)), course)), &[]).unwrap();
    let mut surging = Surging::new(&surges, key());
    let (mut gaps, mut over) = (Vec::new(), SimTime::ZERO);
    for _ in 0..4_000 {
        let onset = surging.flash.1;
        gaps.push((onset - over).seconds());
        over = onset + course.length();
        let _ = surging.piece(over);
    }
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    // 4,000 exponential gaps: the mean to 1.6 % a standard deviation, four of them.
    assert!((mean / mean_s - 1.0).abs() < 4.0 / n.sqrt(), "{mean}");
    let beyond = gaps.iter().filter(|gap| **gap > mean_s).count() as f64 / n;
    assert!((beyond - libm::exp(-1.0)).abs() < 4.0 * 0.482 / n.sqrt(), "{beyond}");
}

#[test]
fn steps_multiply_each_other_and_end() {
    let step = |from: u64, until: u64, factor: f64| Step {
        from: seconds(from),
        until: if until == 0 { SimTime::NEVER } else { seconds(until) },
        factor,
    };
    let surges =
        Surges::new(None, &[step(10, 30, 3.0), step(20, 0, 0.5), step(40, 50, 0.0)]).unwrap();
    let mut surging = Surging::new(&surges, key());
    let at = [0, 10, 19, 20, 29, 30, 40, 49, 50, 1_000_000];
    let factors = at.map(|second| surging.factor(seconds(second)));
    assert_eq!(factors, [1.0, 3.0, 3.0, 1.5, 1.5, 0.5, 0.0, 0.0, 0.5, 0.5]);
    assert_eq!(surges.most(), 3.0);
    // At a rate of zero nothing arrives, and afterwards arrivals resume.
    let traffic = Traffic::new(per_s(1.0), Process::Regular).unwrap().with_surges(surges);
    let span = (SimTime::ZERO, seconds(60));
    let arrivals: Vec<u64> =
        ArrivalStream::new(&traffic, Seed(1), Lineage::replication(0), "visitors", span)
            .map(|arrival| arrival.at.nanos() / NANOS_PER_SECOND)
            .collect();
    // 10 + 30 + 15 + 5 + 0 + 5 expected; none between 40 s and 50 s.
    assert!((64..=65).contains(&arrivals.len()), "{}", arrivals.len());
    assert!(arrivals.iter().all(|second| !(41..50).contains(second)));
}

/// A level in a window switches surges off with profile and noise.
#[test]
fn a_level_switches_surges_off() {
    let traffic =
        Traffic::new(per_s(1.0), Process::Regular).unwrap().with_surges(once(0, standard(), &[]));
    assert_eq!(traffic.peak(), per_s(4.0));
    let fixed = traffic.at_level(per_s(2.0)).unwrap();
    assert_eq!(fixed.peak(), per_s(2.0));
    let span = (SimTime::ZERO, seconds(2 * HOUR));
    let count = |traffic: &Traffic| {
        ArrivalStream::new(traffic, Seed(1), Lineage::replication(0), "visitors", span).count()
    };
    assert!(count(&fixed).abs_diff(14_400) <= 1);
    assert!(count(&traffic).abs_diff(by_hand(7_200.0) as usize) <= 1);
}

#[test]
fn what_makes_no_surge_is_refused() {
    let ok = length(60);
    assert!(matches!(Course::new(0.5, ok, ok, ok), Err(SurgeError::Factor(_))));
    assert!(matches!(Course::new(f64::NAN, ok, ok, ok), Err(SurgeError::Factor(_))));
    let long = length(366 * 86_400);
    assert_eq!(Course::new(2.0, ok, long, ok), Err(SurgeError::TooLong(long)));
    for rate in [0.0, 1.0] {
        let onset = Onset::Rate(per_s(rate));
        assert!(matches!(
            Surges::new(Some((onset, standard())), &[]),
            Err(SurgeError::TooOften(_))
        ));
    }
    let step = Step { from: SimTime::ZERO, until: SimTime::NEVER, factor: -1.0 };
    assert!(matches!(Surges::new(None, &[step]), Err(SurgeError::Factor(_))));
}
