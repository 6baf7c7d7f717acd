use proptest::prelude::*;

use super::*;
use crate::units::SimDuration;
use crate::workload::mmpp::Succession;

const SEED: Seed = Seed(7);
const HOURS: [f64; 24] = [
    0.72, 0.62, 0.55, 0.47, 0.40, 0.40, 0.45, 0.68, 1.02, 1.22, 1.30, 1.42, 1.50, 1.52, 1.56, 1.55,
    1.50, 1.28, 1.08, 0.99, 0.98, 1.00, 0.95, 0.84,
];
const DAYS: [f64; 7] = [1.12, 1.12, 1.12, 1.12, 1.12, 0.70, 0.70];

fn per_s(count: f64) -> Rate {
    Rate::per_second(count).unwrap()
}

fn seconds(count: u64) -> SimTime {
    SimTime::from_nanos(count * NANOS_PER_SECOND)
}

fn plain(level: f64, process: Process) -> Traffic {
    Traffic::new(per_s(level), process).unwrap()
}

fn burst() -> Process {
    let sojourns = [120, 60].map(SimDuration::from_secs);
    Process::Modulated(Modulation::new(&[0.93, 1.14], &sojourns, Succession::Cyclic).unwrap())
}

/// The traffic of the standard set at `level`: profile, noise, modulation.
fn standard(level: f64, process: Process) -> Traffic {
    let start = WeekTime::new(2, SimDuration::from_secs(5 * 3_600 + 1_234)).unwrap();
    plain(level, process)
        .with_profile(Profile::weekly(&HOURS, &DAYS).unwrap(), start)
        .with_noise(Noise::new(0.12, 0.84).unwrap())
}

fn stream(traffic: &Traffic, from: SimTime, until: SimTime) -> ArrivalStream {
    ArrivalStream::new(traffic, SEED, Lineage::replication(0), "visitors", (from, until))
}

/// Evenly spaced arrivals count Λ: with profile and hourly noise, the number up to any instant is
/// ⌊Λ⌋, where Λ is summed here hour by hour from the curve and the factors.
#[test]
fn evenly_spaced_arrivals_follow_the_cumulated_rate() {
    let traffic = standard(0.5, Process::Regular);
    let until = seconds(14 * 86_400);
    let arrivals: Vec<Arrival> = stream(&traffic, SimTime::ZERO, until).collect();
    let curve = traffic.curve();
    let mut noise = traffic.hourly_noise(SEED, Lineage::replication(0), "visitors").unwrap();
    let (mut at, mut expected) = (SimTime::ZERO, 0.0);
    while at < until {
        let (hour, end) = traffic.hour_of(at);
        let end = end.min(until);
        expected += curve.between(at, end) * noise.factor(hour);
        at = end;
        let come = arrivals.partition_point(|arrival| arrival.at < at) as f64;
        assert!(come <= expected + 1e-6 && come > expected - 1.0 - 1e-6, "{come} of {expected}");
    }
    assert!(expected > 500_000.0, "{expected}");
    assert!(arrivals.iter().enumerate().all(|(k, arrival)| arrival.ordinal == k as u64));
}

/// An exact rate stays exact: three million gaps of 1/3 s take a million seconds.
#[test]
fn a_constant_rate_does_not_drift() {
    let traffic = plain(3.0, Process::Regular);
    let mut arrivals = stream(&traffic, SimTime::ZERO, SimTime::NEVER);
    let last = arrivals.nth(2_999_999).unwrap();
    assert!(last.at.nanos().abs_diff(1_000_000 * NANOS_PER_SECOND) <= 1, "{:?}", last.at);
    // From an instant nine years on, nanoseconds are still kept apart.
    let start = SimTime::from_nanos(9 * SimDuration::YEAR.nanos() + 1);
    for (late, nanos) in stream(&traffic, start, SimTime::NEVER).zip([333_333_333, 666_666_667]) {
        assert!((late.at - start).nanos().abs_diff(nanos) <= 1, "{late:?}");
    }
}

/// D15: a longer horizon leaves everything up to the old one as it was, also mid-way.
#[test]
fn d15_a_longer_horizon_moves_no_arrival() {
    for process in [Process::Poisson, burst(), Process::Regular] {
        let traffic = standard(0.2, process);
        let long: Vec<Arrival> = stream(&traffic, SimTime::ZERO, seconds(300_000)).collect();
        for end in [1, 3_600, 100_000, 299_999] {
            let mut short = stream(&traffic, SimTime::ZERO, seconds(end));
            let first: Vec<Arrival> = short.by_ref().collect();
            assert_eq!(first[..], long[..first.len()], "until {end}");
            assert!(long.get(first.len()).is_none_or(|next| next.at >= seconds(end)));
            assert_eq!(short.next(), None, "asked again, it has still ended");
            short.set_until(seconds(300_000));
            assert!(short.eq(long[first.len()..].iter().copied()), "extended at {end}");
        }
    }
}

/// Batches equal arrivals taken one by one, across the ends of intervals, from odd ordinals on and to the end.
#[test]
fn arrivals_filled_in_batches_are_those_taken_one_by_one() {
    let until = seconds(3 * 86_400);
    let renewal = Process::Renewal(Law::uniform(1.0, 3.0).unwrap());
    let processes = [Process::Poisson, burst(), Process::Regular, renewal];
    let all = processes.into_iter().flat_map(|process| {
        [plain(0.3, process.clone()), standard(0.3, process.clone()), plain(5e8, process)]
    });
    for traffic in all {
        let until = if traffic.peak().in_per_second() > 1e6 { seconds(1) } else { until };
        let one_by_one: Vec<_> = stream(&traffic, SimTime::ZERO, until).take(40_000).collect();
        for most in [1, 16, 32, 45] {
            let mut stream = stream(&traffic, SimTime::ZERO, until);
            let mut found = Vec::new();
            while found.len() < 40_000 {
                let mut batch = Vec::new();
                stream.fill(&mut batch, most);
                if batch.is_empty() {
                    break;
                }
                found.extend(batch);
            }
            found.truncate(40_000);
            assert!(found == one_by_one, "{traffic:?}, {most} at a time");
        }
        assert!(one_by_one.len() > 10_000);
    }
}

/// D11, D13, D16: arrivals are a function of traffic, seed, replication and name. Gaps are keyed by ordinal, so a
/// change of the rate rescales the times and draws nothing anew.
#[test]
fn d13_arrivals_depend_on_nothing_but_their_own_names() {
    let until = seconds(20_000);
    let of = |seed: u64, replication: u64, owner: &str| -> Vec<Arrival> {
        let lineage = Lineage::replication(replication);
        let traffic = standard(0.5, burst());
        ArrivalStream::new(&traffic, Seed(seed), lineage, owner, (SimTime::ZERO, until)).collect()
    };
    let arrivals = of(7, 3, "visitors");
    assert_eq!(arrivals, of(7, 3, "visitors"));
    assert_ne!(arrivals, of(8, 3, "visitors"));
    assert_ne!(arrivals, of(7, 4, "visitors"));
    assert_ne!(arrivals, of(7, 3, "robots"));
    // D18: at twice the rate each arrival comes after half the time.
    let slow = stream(&plain(1.0, Process::Poisson), SimTime::ZERO, SimTime::NEVER);
    let fast = stream(&plain(2.0, Process::Poisson), SimTime::ZERO, SimTime::NEVER);
    for (slow, fast) in slow.zip(fast).take(1_000) {
        assert!((slow.at.nanos() / 2).abs_diff(fast.at.nanos()) <= 1);
    }
    // An exponential renewal process is the Poisson process, arrival for arrival.
    let renewal = Process::Renewal(Law::exponential(17.0).unwrap());
    let poisson: Vec<_> = stream(&standard(0.5, Process::Poisson), SimTime::ZERO, until).collect();
    let renewed: Vec<_> = stream(&standard(0.5, renewal), SimTime::ZERO, until).collect();
    assert_eq!(poisson.len(), renewed.len());
    assert!(poisson.iter().zip(&renewed).all(|(a, b)| a.at.nanos().abs_diff(b.at.nanos()) < 100));
}

#[test]
fn a_window_fixes_the_level_and_keeps_the_process() {
    let traffic = standard(20.0, burst());
    let window = traffic.at_level(per_s(40.0)).unwrap();
    assert!(window.curve().is_flat());
    assert_eq!(window.curve().level(), per_s(40.0));
    assert!(window.hourly_noise(SEED, Lineage::replication(0), "visitors").is_none());
    assert!(matches!(window.process(), Process::Modulated(_)));
    // In the night, far below the peak, the window has its level: 6,000 s with dispersion ≤ 14
    // put the count within 3.29·√(14/240,000) = 2.5 % of 240,000.
    let from = seconds(2 * 3_600);
    let count = stream(&window, from, seconds(2 * 3_600 + 6_000)).count() as f64;
    assert!((count / 240_000.0 - 1.0).abs() < 0.025, "{count}");
}

#[test]
fn gaps_of_a_renewal_process_have_the_shape_of_their_law() {
    let traffic = plain(2.0, Process::Renewal(Law::uniform(0.0, 100.0).unwrap()));
    let arrivals: Vec<Arrival> =
        stream(&traffic, SimTime::ZERO, SimTime::NEVER).take(20_000).collect();
    let gaps: Vec<f64> = arrivals.windows(2).map(|w| (w[1].at - w[0].at).seconds()).collect();
    // Uniform on 0..1 s: mean 0.5 ± 3.29·0.2887/√20,000, none above 1 s.
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!((mean - 0.5).abs() < 0.0068, "{mean}");
    assert!(gaps.iter().all(|gap| *gap <= 1.0 + 1e-8));
    assert!(gaps.iter().any(|gap| *gap > 0.99) && gaps.iter().any(|gap| *gap < 0.01));
}

#[test]
fn traffic_that_never_comes_ends() {
    for process in [Process::Poisson, Process::Regular, burst()] {
        let mut none = stream(&plain(0.0, process), SimTime::ZERO, seconds(1_000_000));
        assert_eq!(none.next(), None);
    }
    // Less than one arrival in a hundred years.
    let until = SimTime::from_nanos(100 * SimDuration::YEAR.nanos());
    let rare = standard(1e-12, Process::Regular);
    assert_eq!(stream(&rare, SimTime::ZERO, until).next(), None);
    // To the end of time, and from beyond the end.
    let start = SimTime::from_nanos(u64::MAX - 5 * HOUR);
    assert!(stream(&standard(1e-3, Process::Poisson), start, SimTime::NEVER).count() < 100);
    assert_eq!(stream(&standard(1.0, Process::Poisson), seconds(10), seconds(5)).next(), None);
    // A state in which nothing comes is waited out.
    let sojourns = [100, 100].map(SimDuration::from_secs);
    let on_off = Modulation::new(&[0.0, 1.0], &sojourns, Succession::Cyclic).unwrap();
    let traffic = plain(1.0, Process::Modulated(on_off));
    let come = stream(&traffic, SimTime::ZERO, seconds(100_000)).count() as f64;
    // Dispersion 1 + 2·100·… = 101: 3.29·√(101/100,000) = 10.5 %.
    assert!((come / 100_000.0 - 1.0).abs() < 0.105, "{come}");
}

#[test]
fn hostile_traffic_is_refused() {
    assert_eq!(Traffic::new(per_s(1e10), Process::Poisson).unwrap_err(), TrafficError::Level(1e10));
    let still = Process::Renewal(Law::constant(0.0).unwrap());
    assert_eq!(Traffic::new(per_s(1.0), still).unwrap_err(), TrafficError::GapMean(0.0));
    let fast = SimDuration::from_nanos(1_000_000);
    let flicker = Modulation::new(&[0.5, 1.5], &[fast; 2], Succession::Cyclic).unwrap();
    let slow = Traffic::new(per_s(1e-6), Process::Modulated(flicker));
    assert_eq!(slow.unwrap_err(), TrafficError::SwitchesTooFast);
    // A state of other traffic, and a damaged one.
    let modulated = stream(&plain(1.0, burst()), SimTime::ZERO, SimTime::NEVER).state();
    let resume = |traffic: &Traffic, state| {
        let lineage = Lineage::replication(0);
        ArrivalStream::resume(traffic, SEED, lineage, "visitors", SimTime::NEVER, state).map(|_| ())
    };
    let poisson = plain(1.0, Process::Poisson);
    assert_eq!(resume(&poisson, modulated), Err(TrafficError::ForeignState));
    let whole = stream(&poisson, SimTime::ZERO, SimTime::NEVER).state();
    assert_eq!(resume(&poisson, whole), Ok(()));
    for (fraction, left) in [(f64::NAN, None), (1.0, None), (0.0, Some(-1.0))] {
        let damaged = ArrivalState { fraction, left, ..whole };
        assert_eq!(resume(&poisson, damaged), Err(TrafficError::ForeignState));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// An exported state, written down and read back, goes on with the same arrivals, bit for bit,
    /// wherever it was taken; so does a clone.
    #[test]
    fn a_saved_stream_goes_on_with_the_same_arrivals(
        taken in 0..3_000_usize, kind in 0..4, level in 0.01..50.0_f64,
    ) {
        let process = match kind {
            0 => Process::Poisson,
            1 => Process::Regular,
            2 => burst(),
            _ => Process::Renewal(Law::lognormal(1.0, 2.0).unwrap()),
        };
        let traffic = standard(level, process);
        let mut whole = stream(&traffic, seconds(777), SimTime::NEVER);
        whole.by_ref().take(taken).for_each(drop);
        let text = serde_json::to_string(&whole.state()).unwrap();
        let saved: ArrivalState = serde_json::from_str(&text).unwrap();
        let lineage = Lineage::replication(0);
        let resumed =
            ArrivalStream::resume(&traffic, SEED, lineage, "visitors", SimTime::NEVER, saved);
        let rest: Vec<Arrival> = whole.clone().take(500).collect();
        prop_assert!(rest.windows(2).all(|w| w[0].at <= w[1].at));
        prop_assert!(resumed.unwrap().take(500).eq(rest));
    }
}
