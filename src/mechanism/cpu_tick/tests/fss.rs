//! Shares: tests 1 to 9 of section 1.7 of the mechanism's description. Its values are those of a model at the tick, so
//! that they are an independent implementation's.

use super::*;
use crate::mechanism::cpu_tick::thread::{State, Thread};

/// Parts of the machine that each zone (shares, hogs) gets, from 10 s to 60 s.
fn parts(cpus: u16, zones: &[(u32, u32)], rules: TickRules) -> Vec<f64> {
    let zones: Vec<_> =
        zones.iter().map(|(shares, hogs)| (ZoneLimits::only_shares(*shares), *hogs)).collect();
    let used = used(&mut hogs(cpus, &zones, rules), 10_000, 60_000);
    used.into_iter().map(|cores| cores / f64::from(cpus)).collect()
}

/// 1.7 test 1.
#[test]
fn hogs_get_time_by_the_shares_of_their_zones() {
    for hogs in [1, 4] {
        let parts = parts(1, &[(100, hogs), (200, hogs)], CLASSIC);
        near(parts[0], 0.3335, 0.02);
        near(parts[1], 0.6665, 0.02);
    }
}

/// 1.7 test 2, and the same at 100 ticks per second, where a quantum of 110 ms is too long for a second of 16.
#[test]
fn many_hogs_get_no_more_than_one_of_twice_the_shares() {
    let at_1000 = parts(1, &[(100, 16), (200, 1)], CLASSIC);
    near(at_1000[0], 0.324, 0.03);
    near(at_1000[1], 0.676, 0.03);
    let at_100 = parts(1, &[(100, 16), (200, 1)], TickRules { hz: 100, ..CLASSIC });
    near(at_100[0], 0.40, 0.05);
    near(at_100[1], 0.60, 0.05);
}

/// 1.7 test 3: 0.1115 and 0.8885. On four processors the small zone gets 0.118: where each processor has a queue and the queues are
/// balanced by length, as in the source, a thread of a low priority runs on one processor while one of a higher
/// priority waits for another. On one processor, where all threads are in one queue, it gets what the text says.
#[test]
fn small_shares_hold_on_several_processors() {
    let four = parts(4, &[(1024, 8), (8192, 8)], CLASSIC);
    near(four[0], 0.118, 0.01);
    near(four[1], 0.882, 0.002);
    for hogs in [2, 8] {
        let one = parts(1, &[(1024, hogs), (8192, hogs)], CLASSIC);
        near(one[0], 0.1115, 0.02);
        near(one[1], 0.8885, 0.003);
    }
}

/// 1.7 test 4.
#[test]
fn three_zones_share_two_processors_by_shares() {
    let parts = parts(2, &[(100, 4), (200, 4), (700, 4)], CLASSIC);
    for (part, target) in parts.iter().zip([0.100, 0.201, 0.698]) {
        near(*part, target, 0.02);
    }
}

/// 1.7 test 5.
#[test]
fn what_a_zone_cannot_use_goes_to_the_others() {
    assert_eq!(parts(4, &[(100, 16), (300, 2)], CLASSIC), [0.5, 0.5]);
}

/// 1.7 test 6.
#[test]
fn a_newcomer_gets_nearly_everything_for_two_seconds() {
    let mut cpu = CpuTick::new(Cores::ONE, &[ZoneLimits::only_shares(100); 2], CLASSIC);
    cpu.runnable(at(0), 0, 0, ENDLESS, Cores::ONE);
    drop(cpu.advance(at(30_000)));
    cpu.runnable(at(30_000), 1, 0, ENDLESS, Cores::ONE);
    let seconds: Vec<f64> =
        (30..40).map(|from| used(&mut cpu, from * 1000, from * 1000 + 1000)[1]).collect();
    assert!(seconds[..2].iter().all(|part| *part > 0.98), "{seconds:?}");
    near(seconds[2], 0.77, 0.02);
    assert!(seconds[3..].iter().all(|part| (0.47..=0.51).contains(part)), "{seconds:?}");
}

/// Usage decays on an idle server too, whose ticks are executed all at once.
#[test]
fn a_pause_of_a_minute_forgets_all_usage() {
    let newcomer = |pause: u64| {
        let mut cpu = CpuTick::new(Cores::ONE, &[ZoneLimits::only_shares(100); 2], CLASSIC);
        let first = cpu.runnable(at(0), 0, 0, ENDLESS, Cores::ONE);
        cpu.cancel(at(30_000), 0, first);
        let from = 30_000 + pause;
        for zone in 0..2 {
            cpu.runnable(at(from), zone, 0, ENDLESS, Cores::ONE);
        }
        used(&mut cpu, from, from + 2000)[1]
    };
    assert!(newcomer(1) > 0.9, "{}", newcomer(1));
    near(newcomer(60_000), 0.5, 0.05);
}

/// 1.7 test 7.
#[test]
fn a_zone_without_shares_runs_only_where_a_processor_would_idle() {
    assert_eq!(parts(1, &[(0, 1), (100, 1)], CLASSIC), [0.0, 1.0]);
    assert_eq!(parts(1, &[(0, 1), (100, 0)], CLASSIC), [1.0, 0.0]);
}

/// 1.7 test 8. By the text of 1.5 a zone with one thread keeps its high priority; that is true of a thread that sleeps
/// within its quantum, and not of a hog, which is one of 17 here.
#[test]
fn since_2012_hogs_get_time_by_their_number() {
    let equal = parts(1, &[(100, 4), (200, 4)], RESET);
    near(equal[0], 0.5, 0.02);
    near(equal[1], 0.5, 0.02);
    let many = parts(1, &[(100, 16), (200, 1)], RESET);
    near(many[0], 0.941, 0.02);
    near(many[1], 0.059, 0.02);
}

/// Section 1.5: the rule of 2012 spares a zone with one thread, and among such zones shares hold.
#[test]
fn since_2012_shares_hold_among_single_threads() {
    let parts = parts(1, &[(100, 1), (200, 1)], RESET);
    near(parts[0], 0.3335, 0.02);
}

/// 1.7 test 9: a zone of equal shares with 16 hogs, and a thread that runs 1 to 6 ms and sleeps 4 to 9 ms. By the text it never
/// waits, since no priority of it is computed. That is why it can wait: it keeps the priority 29 with which threads enter, and a
/// hog is above that whose internal priority is at most (59 − 29) / 58 = 52 % of the worst one.
///
/// Such a hog is rare by the classic rule, in 1 of 10,000 phases. Since 2012 a hog that the thread preempts keeps the ticks of its
/// quantum; if a second turns while it waits, its priority follows from them by the normal formula, and the worst rises so far that
/// all other hogs are above the thread until each has used a quantum: in 2 of 1,000 phases, which all but rarely are those in
/// which a second turns. In such a phase the thread waits for half of the hogs, 88 ms; that is 1.4 % of the time. In all other phases
/// it has its demand with no wait at all, and it waits for no hog of a lower priority.
#[test]
fn a_thread_that_sleeps_within_its_quantum_waits_for_hogs_of_a_higher_priority_alone() {
    for rules in [CLASSIC, RESET] {
        let (mut phases, mut late, mut turns, mut waited) = (0, 0, 0, 0);
        for seed in 1..=8 {
            let zones = [(ZoneLimits::only_shares(100), 16), (ZoneLimits::only_shares(100), 0)];
            let mut cpu = hogs(1, &zones, rules);
            let (mut state, mut time) = (seed, 10_000);
            while time < 100_000 {
                state = u64::wrapping_mul(state, 6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963);
                let (run, sleep) = (1 + (state >> 33) % 6, 4 + (state >> 45) % 6);
                cpu.runnable(at(time), 1, 0, core_millis(run), Cores::ONE);
                let (mut end, mut has_waited) = (SimTime::ZERO, waits(&cpu));
                while end == SimTime::ZERO {
                    let due = cpu.next_due().expect("the thread runs");
                    end = cpu.advance(due).next().map_or(SimTime::ZERO, |_| due);
                    has_waited |= end == SimTime::ZERO && waits(&cpu);
                }
                phases += 1;
                assert_eq!(end > at(time + run), has_waited, "{rules:?} {seed} at {time}");
                // A quantum of each hog, at most.
                assert!(end <= at(time + run + 16 * 11), "{rules:?} {seed} at {time}");
                waited += end.nanos() / 1_000_000 - time - run;
                late += u64::from(has_waited);
                turns += u64::from(has_waited && (time + run - 1) / 1000 > time / 1000);
                time = end.nanos() / 1_000_000 + sleep;
            }
        }
        assert!(phases > 8 * 8_800, "{rules:?}: {phases}");
        // Below 2 % of 8 x 90 s; by the classic rule at most 88 ms in each of eight phases.
        let most = if rules == CLASSIC { 8 * 88 } else { 8 * 1_800 };
        assert!(waited < most, "{rules:?}: {waited} ms");
        let (most, least) = if rules == CLASSIC { (8, 0) } else { (8 * 18, 8 * 10) };
        assert!((least..=most).contains(&late), "{rules:?}: {late} of {phases}");
        assert!(rules == CLASSIC || turns + 1 >= late, "{turns} of {late} at the turn of a second");
    }
}

/// Returns whether the thread of the second zone waits; fails if it waits while a thread of a lower priority runs.
fn waits(cpu: &CpuTick) -> bool {
    let of = |is: &dyn Fn(&Thread) -> bool| cpu.threads.iter().find(|thread| is(thread));
    let light = of(&|thread| thread.zone == 1).expect("it has been woken");
    assert_eq!(light.priority, 29, "it is never computed");
    if light.state != State::Queued {
        return false;
    }
    let running = of(&|thread| thread.state == State::Running).expect("the processor is busy");
    assert!(running.priority >= 29, "it waits behind {}", running.priority);
    true
}

/// Section 1.6: a change of shares takes effect at the next second.
#[test]
fn new_shares_are_picked_up_within_a_second() {
    let zones = [(ZoneLimits::only_shares(100), 4), (ZoneLimits::only_shares(100), 4)];
    let mut cpu = hogs(1, &zones, CLASSIC);
    near(used(&mut cpu, 10_000, 40_000)[0], 0.5, 0.02);
    cpu.limits(at(40_000), 0, &ZoneLimits::only_shares(300));
    near(used(&mut cpu, 50_000, 100_000)[0], 0.75, 0.02);
}
