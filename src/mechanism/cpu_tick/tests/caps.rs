//! Caps: tests 1 to 7 of section 2.8 of the mechanism's description. Its values are those of a model at the tick, so
//! that they are an independent implementation's.

use super::*;

/// Percent of a processor that hogs of one zone get under a cap, from 10 s to 60 s.
fn percent(cpus: u16, cap: f64, count: u32, rules: TickRules) -> f64 {
    let mut cpu = hogs(cpus, &[(capped(100, cap), count)], rules);
    let percent = used(&mut cpu, 10_000, 60_000)[0] * 100.0;
    let ledger = cpu.zone_ledger(at(60_000), 0);
    assert!(ledger.balances());
    assert_eq!(ledger.steal, CoreTime::default(), "no other zone is there");
    percent
}

/// 2.8 test 1: 151.8 % of four processors, of which 62 % are idle.
#[test]
fn a_cap_leaves_the_rest_of_the_machine_idle() {
    let percent = percent(4, 150.0, 4, CLASSIC);
    assert!((151.7..=151.9).contains(&percent), "{percent}");
    let mut cpu = hogs(4, &[(capped(100, 150.0), 4)], CLASSIC);
    let [before, after] = [10_000, 60_000].map(|now| {
        drop(cpu.advance(at(now)));
        cpu.server_ledger(at(now)).idle
    });
    let share = after.since(before).core_seconds() / (4.0 * 50.0);
    assert!((0.620..=0.621).contains(&share), "{share}");
}

/// 2.8 test 2: threads are released for whole ticks, so small caps with many threads overshoot most.
#[test]
fn a_cap_overshoots_by_whole_ticks() {
    for (cpus, cap, hogs, target) in
        [(1, 50.0, 1, 50.1), (8, 350.0, 8, 352.8), (8, 25.0, 16, 32.7), (8, 200.0, 100, 205.8)]
    {
        near(percent(cpus, cap, hogs, CLASSIC), target, 0.002);
    }
}

/// 2.8 test 3. Usage after k ticks of n busy processors is n (1 − 0.99^k) / 0.01 ticks, so it reaches the cap at tick
/// ln(1 − cap / 100 n) / ln 0.99, rounded up: the text has −100 for 1 / ln 0.99 = −99.5, 69 ticks for 68.97. That tick marks
/// the zone. The next takes its threads if they have more than half of their quantum of 11 ticks left, which began with the
/// zone; else the tick at the end of it does.
#[test]
fn a_fresh_zone_is_free_until_its_usage_reaches_the_cap() {
    let mut late = 0;
    for (hz, cap, count) in [
        (1000, 50, 1),
        (100, 50, 1),
        (1000, 100, 4),
        (100, 300, 4),
        (1000, 300, 4),
        (1000, 90, 1),
        (1000, 33, 1),
        (1000, 64, 2),
    ] {
        let rules = TickRules { hz, ..CLASSIC };
        let mut cpu = hogs(4, &[(capped(100, f64::from(cap)), count)], rules);
        let full = Cores::whole(u16::try_from(count).unwrap());
        let part = f64::from(cap) / (100.0 * f64::from(count));
        let reached = (libm::log(1.0 - part) / libm::log(0.99)).ceil();
        assert!(reached <= (-100.0 * libm::log(1.0 - part)).ceil(), "the text's is later");
        // Ticks of the quantum that are used when the next tick comes; its last begins another quantum.
        let next = reached as u64 + 1;
        let expected = if next % 11 <= 5 { next } else { next.next_multiple_of(11) };
        late += u64::from(expected > next);
        let period = 1_000_000_000 / u64::from(hz);
        drop(cpu.advance(SimTime::from_nanos(expected * period - 1)));
        assert_eq!(cpu.rate(0), full, "cap {cap}, {count} at {hz} Hz before tick {expected}");
        drop(cpu.advance(SimTime::from_nanos(expected * period)));
        assert_eq!(cpu.rate(0), Cores::ZERO, "cap {cap}, {count} at {hz} Hz at tick {expected}");
    }
    assert!((1..8).contains(&late), "some are taken at once, some at the end of a quantum: {late}");
}

/// Section 2.6: in the first half of its quantum a thread at the cap is taken at the tick, later at the end of the
/// quantum. By the source; the pseudo-code of 2.4 leaves the second half out.
#[test]
fn a_thread_in_the_second_half_of_its_quantum_runs_to_the_end_of_it() {
    let mut seconds = 0;
    for percent in 20..80_u64 {
        let mut cpu = hogs(1, &[(capped(100, percent as f64), 1)], CLASSIC);
        let (mut tick, mut usage, mut is_reached) = (0_u64, 0_u64, false);
        let expected = loop {
            tick += 1;
            let used_of_quantum = tick % 11;
            if is_reached && used_of_quantum <= 5 {
                break tick;
            }
            seconds += u64::from(is_reached);
            usage = usage - (usage + 50) / 100 + 1_000_000;
            is_reached = usage >= percent * 1_000_000;
        };
        drop(cpu.advance(at(expected - 1)));
        assert_eq!(cpu.rate(0), Cores::ONE, "{percent} %");
        drop(cpu.advance(at(expected)));
        assert_eq!(cpu.rate(0), Cores::ZERO, "{percent} %");
    }
    assert!(seconds > 60, "many caps are reached in the second half");
}

fn bursting(cpus: u16, (cap, base): (f64, f64), burst: Burst, count: u32) -> CpuTick {
    let limits = ZoneLimits { baseline: Some(cores(base / 100.0)), burst, ..capped(100, cap) };
    hogs(cpus, &[(limits, count)], CLASSIC)
}

/// 2.8 test 4.
#[test]
fn bursts_alternate_with_the_baseline() {
    let burst = Burst::Timer(SimDuration::from_secs(30));
    let mut cpu = bursting(8, (400.0, 100.0), burst, 8);
    for cycle in 0..3_u64 {
        let start = cycle * 60_000;
        near(used(&mut cpu, start + 1_000, start + 29_000)[0], 4.01, 0.003);
        assert!(!cpu.is_held(0));
        near(used(&mut cpu, start + 31_000, start + 59_000)[0], 1.06, 0.01);
        assert!(cpu.is_held(0));
    }
    let ledger = cpu.zone_ledger(at(180_000), 0);
    // The timer starts once usage has passed the baseline, 13 ticks after the start of the first burst.
    near(ledger.held.seconds(), 90.0, 0.001);
    near(ledger.burst.core_seconds(), ledger.used.core_seconds() - 180.0, 0.01);
}

/// 2.8 test 5.
#[test]
fn a_burst_time_of_zero_never_holds() {
    let mut cpu = bursting(4, (200.0, 50.0), Burst::Unlimited, 4);
    near(used(&mut cpu, 10_000, 60_000)[0], 2.0, 0.03);
    assert!(!cpu.is_held(0));
    let above = |cpu: &CpuTick| cpu.zones[0].capped.as_ref().unwrap().cap.ticks_above_base;
    let before = above(&cpu);
    drop(cpu.advance(at(70_000)));
    assert_eq!(above(&cpu) - before, 10_000);
    assert_eq!(cpu.zone_ledger(at(70_000), 0).held, SimDuration::ZERO);
}

/// 2.8 test 6.
#[test]
fn a_cap_holds_against_many_shares() {
    let zones = [(capped(1000, 100.0), 4), (ZoneLimits::only_shares(1), 4)];
    let mut cpu = hogs(2, &zones, CLASSIC);
    let used = used(&mut cpu, 10_000, 60_000);
    assert!((0.99..=1.03).contains(&used[0]), "{used:?}");
    near(used[0] + used[1], 2.0, 1e-9);
}

/// 2.8 test 7.
#[test]
fn before_july_2012_one_thread_per_tick_does_not_reach_a_large_cap() {
    let rules = |release| TickRules { hz: 100, release, ..CLASSIC };
    let one = percent(16, 800.0, 100, rules(CapRelease::One));
    let batch = percent(16, 800.0, 100, rules(CapRelease::Batch));
    assert!((780.0..800.0).contains(&one), "{one}");
    assert!((800.0..810.0).contains(&batch), "{batch}");
}

/// Section 2.5: 20 s above the baseline and 5 s below leave 15 s on the timer.
#[test]
fn time_below_the_baseline_empties_the_timer() {
    let burst = Burst::Timer(SimDuration::from_secs(30));
    let mut cpu = bursting(8, (400.0, 100.0), burst, 0);
    for phase in 0..4 {
        cpu.runnable(at(0), 0, phase, core_millis(20_000), Cores::ONE);
    }
    drop(cpu.advance(at(25_000)));
    assert_eq!(cpu.phases(0), 0);
    // Usage passes 100 of 400 percent 29 ticks after the start, and falls below it 139 ticks after the end.
    let timer = cpu.zones[0].capped.as_ref().unwrap().cap.bursting;
    assert!((15_000 - 29 + 2 * 139_u64).abs_diff(timer) < 10, "{timer}");
    // A pause of hours forgets it all, in one step.
    drop(cpu.advance(at(100_000_000)));
    assert_eq!(cpu.zones[0].capped.as_ref().unwrap().cap.bursting, 0);
}

/// 6.5 test 3, for a zone: within a tick of a larger cap all its threads run, since its usage is below that. Within two ticks of
/// a smaller cap, and what is left of a quantum, none does: a tick sees that usage is above it, and the next takes the threads.
#[test]
fn a_new_cap_takes_effect_within_a_tick() {
    let mut cpu = hogs(8, &[(capped(100, 200.0), 8)], CLASSIC);
    let mut time = 10_000;
    drop(cpu.advance(at(time)));
    while cpu.rate(0) == Cores::whole(8) {
        time += 1;
        drop(cpu.advance(at(time)));
    }
    let before = cpu.rate(0);
    cpu.limits(at(time), 0, &capped(100, 400.0));
    drop(cpu.advance(at(time + 1)));
    assert!(before < Cores::whole(8) && cpu.rate(0) == Cores::whole(8), "{before:?}");
    cpu.limits(at(time + 1), 0, &capped(100, 100.0));
    // They were released with whole quanta a tick ago.
    drop(cpu.advance(at(time + 3)));
    assert_eq!(cpu.rate(0), Cores::ZERO);
}

/// Section 2.5: a new cap ends a hold, and the timer keeps its value; a removed cap releases its threads.
#[test]
fn a_new_cap_is_in_force_at_once() {
    let burst = Burst::Timer(SimDuration::from_secs(30));
    let mut cpu = bursting(8, (400.0, 100.0), burst, 8);
    drop(cpu.advance(at(40_000)));
    assert!(cpu.is_held(0));
    let limits = ZoneLimits { baseline: Some(Cores::ONE), burst, ..capped(100, 600.0) };
    cpu.limits(at(40_000), 0, &limits);
    assert!(!cpu.is_held(0));
    near(used(&mut cpu, 41_000, 49_000)[0], 6.01, 0.005);
    drop(cpu.advance(at(51_000)));
    assert!(cpu.is_held(0), "20 s were on the timer of 30 s");
    cpu.limits(at(51_000), 0, &ZoneLimits::only_shares(100));
    assert_eq!(cpu.rate(0), Cores::whole(8));
}
