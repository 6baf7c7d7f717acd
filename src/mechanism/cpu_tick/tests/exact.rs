//! Cases with exact answers, and the promises of the calls.

use super::*;

fn idle(cpus: u16, zones: usize) -> CpuTick {
    CpuTick::new(Cores::whole(cpus), &vec![ZoneLimits::only_shares(100); zones], CLASSIC)
}

/// Plays to the end; returns the instant at which each phase is done, by its number.
fn play(cpu: &mut CpuTick) -> Vec<u64> {
    let mut ends = Vec::new();
    while let Some(due) = cpu.next_due() {
        for phase in cpu.advance(due) {
            let phase = phase as usize;
            ends.resize(ends.len().max(phase + 1), 0);
            ends[phase] = due.nanos();
        }
    }
    ends
}

#[test]
fn a_phase_with_a_processor_of_its_own_ends_to_the_nanosecond() {
    let mut cpu = idle(2, 1);
    let start = SimTime::from_nanos(1_234_567);
    cpu.runnable(start, 0, 0, Work::from_core_nanos(100_000_001), Cores::ONE);
    cpu.runnable(start, 0, 1, Work::ZERO, Cores::ONE);
    assert_eq!(play(&mut cpu), [101_234_568, 1_234_567]);
    let end = SimTime::from_nanos(200_000_000);
    let ledger = cpu.zone_ledger(end, 0);
    assert_eq!(ledger.used, CoreTime::of(Cores::ONE, SimDuration::from_nanos(100_000_001)));
    assert_eq!(ledger.wanted, ledger.used);
    assert!(cpu.server_ledger(end).balances());
}

/// Two hogs on one processor take turns of 11 ticks, from the start of a tick.
#[test]
fn threads_of_one_zone_take_turns_of_a_quantum() {
    let mut cpu = idle(1, 1);
    for phase in 0..2 {
        cpu.runnable(at(0), 0, phase, core_millis(33), Cores::ONE);
    }
    // 11 + 11 + 11 ms each, in turns: the first ends after 5 turns.
    assert_eq!(play(&mut cpu), [55_000_000, 66_000_000]);
}

#[test]
fn threads_of_a_phase_divide_its_work() {
    let mut cpu = idle(4, 1);
    cpu.runnable(at(0), 0, 0, core_millis(40), Cores::whole(4));
    cpu.runnable(at(4), 0, 1, core_millis(10), Cores::ONE);
    // Four threads for 4 ms, then at first the newcomer waits for a quantum to end: at 11 ms it is over.
    assert_eq!(play(&mut cpu), [10_000_000, 20_000_000]);
}

/// A server that is idle asks for no instant, and one whose threads all have processors only for their ends.
#[test]
fn ticks_are_no_events() {
    let mut cpu = CpuTick::new(Cores::whole(4), &[capped(100, 400.0)], CLASSIC);
    assert_eq!(cpu.next_due(), None);
    for phase in 0..3 {
        cpu.runnable(at(0), 0, phase, core_millis(10_000 + u64::from(phase)), Cores::ONE);
    }
    let mut instants = 0;
    while let Some(due) = cpu.next_due() {
        instants += 1;
        drop(cpu.advance(due));
    }
    assert_eq!(instants, 3);
    let mut cpu = idle(1, 1);
    for phase in 0..2 {
        cpu.runnable(at(0), 0, phase, core_millis(500), Cores::ONE);
    }
    let mut instants = 0;
    while let Some(due) = cpu.next_due() {
        instants += 1;
        drop(cpu.advance(due));
    }
    // A quantum of 11 ms each, the last ones alone.
    assert!((85..=95).contains(&instants), "{instants}");
}

#[test]
fn a_phase_taken_away_returns_its_work() {
    let mut cpu = idle(1, 2);
    let first = cpu.runnable(at(0), 0, 0, core_millis(100), Cores::ONE);
    let second = cpu.runnable(at(0), 1, 1, core_millis(100), Cores::ONE);
    assert_eq!(cpu.cancel(at(5), 1, first), None, "it is in another zone");
    assert_eq!(cpu.cancel(at(5), 0, first), Some(core_millis(95)));
    assert_eq!(cpu.cancel(at(5), 0, first), None);
    assert_eq!(cpu.next_due(), Some(at(105)));
    assert_eq!(cpu.cancel(at(105), 1, second), None, "it is done at this instant");
    assert_eq!(cpu.advance(at(105)).collect::<Vec<_>>(), [1]);
}

/// Lost processors: work waits and is kept; half a core is a processor of half the speed.
#[test]
fn lost_processors_keep_their_work() {
    let mut cpu = idle(2, 1);
    for phase in 0..2 {
        cpu.runnable(at(0), 0, phase, core_millis(10), Cores::ONE);
    }
    cpu.capacity(at(2), Cores::ZERO);
    assert_eq!(cpu.next_due(), None);
    cpu.capacity(at(7), cores(1.5));
    assert_eq!(play(&mut cpu), [15_000_000, 23_000_000]);
    let ledger = cpu.server_ledger(at(40));
    assert!(ledger.balances());
    let lost = CoreTime::of(Cores::whole(2), SimDuration::from_nanos(5_000_000));
    let half = CoreTime::of(cores(0.5), SimDuration::from_nanos(33_000_000));
    assert_eq!(ledger.unavailable, lost + half);
}

/// A third of a nanosecond of work done at a third of the speed: the phase ends at the first nanosecond by which all is.
#[test]
fn a_fraction_of_a_nanosecond_is_not_lost() {
    let mut cpu = idle(1, 1);
    cpu.capacity(SimTime::ZERO, cores(1.0 / 3.0));
    cpu.runnable(SimTime::ZERO, 0, 0, Work::from_core_nanos(10), Cores::ONE);
    assert_eq!(cpu.next_due(), Some(SimTime::from_nanos(31)), "a third is rounded down");
    cpu.capacity(SimTime::from_nanos(1), Cores::ONE);
    assert_eq!(play(&mut cpu), [11]);
}

/// A thread keeps its place in the order of its zone from one phase to the next.
#[test]
fn a_zone_has_as_many_threads_as_it_ever_had_phases_at_once() {
    let mut cpu = idle(1, 1);
    for round in 0..10 {
        for phase in 0..5 {
            cpu.runnable(at(round * 100), 0, phase, core_millis(15), Cores::ONE);
        }
        drop(cpu.advance(at(round * 100 + 99)));
    }
    assert_eq!(cpu.threads.len(), 5);
    assert_eq!(cpu.phases.len(), 5);
}
