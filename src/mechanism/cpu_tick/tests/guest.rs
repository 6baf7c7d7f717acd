//! Virtual machines at the tick: their virtual processors compete, and their phases share what these get.

use super::*;
use crate::mechanism::cpu_share::CpuShare;

fn guest(shares: u32, vcpus: u16) -> ZoneLimits {
    ZoneLimits { vcpus: Some(vcpus), ..ZoneLimits::only_shares(shares) }
}

/// 6.5 test 4: a guest with four virtual processors and four or 64 busy threads in it, beside a zone of four or twelve threads with
/// equal shares. They divide four processors evenly by the classic rule, and by virtual processors and threads since 2012: what is
/// inside the guest does not count.
#[test]
fn a_guest_gets_half_or_the_share_of_its_virtual_processors_by_the_rule() {
    for (inside, threads) in [(4, 4), (64, 4), (4, 12), (64, 12)] {
        for (rules, part) in [(CLASSIC, 0.5), (RESET, 4.0 / f64::from(4 + threads))] {
            let zones = [(guest(100, 4), inside), (ZoneLimits::only_shares(100), threads)];
            let used = used(&mut hogs(4, &zones, rules), 10_000, 60_000);
            near(used[0] / 4.0, part, 0.02);
            near(used[1] / 4.0, 1.0 - part, 0.02);
        }
    }
}

/// A guest of two virtual processors alone on four processors, under no cap and under one of four: two processors, however much it
/// has to do. One that has a single phase of one thread uses one.
#[test]
fn a_guest_uses_no_more_than_its_virtual_processors() {
    for limits in [guest(100, 2), ZoneLimits { cap: Some(cores(4.0)), ..guest(100, 2) }] {
        for (inside, expected) in [(1, 1.0), (2, 2.0), (3, 2.0), (50, 2.0)] {
            let used = used(&mut hogs(4, &[(limits, inside)], CLASSIC), 1_000, 3_000);
            near(used[0], expected, 1e-9);
        }
    }
}

/// Alone on a server a guest meets no scheduler but its own: its phases of one thread end at the nanoseconds of the fluid model, also when
/// some are cancelled.
#[test]
fn a_guest_alone_ends_its_phases_when_the_fluid_model_does() {
    let limits = [guest(100, 3)];
    let mut tick = CpuTick::new(Cores::whole(4), &limits, CLASSIC);
    let mut fluid = CpuShare::new(Cores::whole(4), &limits);
    let (mut ends, mut handles) = ([Vec::new(), Vec::new()], Vec::new());
    let instant = |micros: u64| SimTime::from_nanos(micros * 1_000);
    for phase in 0..400_u32 {
        let now = instant(u64::from(phase) * 3_700 + u64::from(phase * phase % 977));
        advance(&mut tick, &mut fluid, now, &mut ends);
        let work = Work::from_core_nanos(1_000 * u64::from(phase * 7_919 % 23_000 + 1));
        let of_tick = tick.runnable(now, 0, phase, work, Cores::ONE);
        handles.push((of_tick, fluid.runnable(now, 0, phase, work, Cores::ONE)));
        if phase % 5 == 4 {
            let (of_tick, of_fluid) = handles[phase as usize - 3];
            let left = [tick.cancel(now, 0, of_tick), fluid.cancel(now, 0, of_fluid)];
            assert_eq!(left[0], left[1], "{phase}");
        }
    }
    advance(&mut tick, &mut fluid, at(60_000), &mut ends);
    assert!(ends[0].len() > 300);
    assert_eq!(ends[0], ends[1]);
    let used = |ledger: ZoneLedger| ledger.used;
    assert_eq!(used(tick.zone_ledger(at(60_000), 0)), used(fluid.zone_ledger(at(60_000), 0)));
}

/// Three virtual processors divide their time over four threads: a phase of one thread gets 0.75 cores, one of three 2.25.
#[test]
fn threads_inside_a_guest_get_equal_time() {
    let mut two = CpuTick::new(Cores::whole(4), &[guest(100, 3)], CLASSIC);
    two.runnable(SimTime::ZERO, 0, 1, core_millis(300), Cores::ONE);
    two.runnable(SimTime::ZERO, 0, 2, core_millis(900), Cores::whole(3));
    assert_eq!(two.advance(at(399)).count(), 0);
    assert_eq!(two.advance(at(400)).collect::<Vec<u32>>(), [1, 2]);
}

/// Two virtual processors and a hog on one processor. When one of two phases ends, the other goes on at once, on the virtual processor
/// that has the processor: the one that waits goes to sleep.
#[test]
fn a_phase_that_ends_leaves_its_processor_to_the_others_of_its_guest() {
    let mut cpu = CpuTick::new(Cores::ONE, &[guest(1000, 2), ZoneLimits::only_shares(1)], CLASSIC);
    cpu.runnable(SimTime::ZERO, 1, 9, ENDLESS, Cores::ONE);
    cpu.runnable(at(1), 0, 1, core_millis(2), Cores::ONE);
    cpu.runnable(at(1), 0, 2, core_millis(40), Cores::ONE);
    let mut ended = None;
    while let Some(due) = cpu.next_due().filter(|_| ended.is_none()) {
        ended = cpu.advance(due).next().map(|phase| (due, phase));
    }
    let (now, phase) = ended.expect("the short phase ends");
    assert_eq!(phase, 1);
    assert_eq!(cpu.rate(0), Cores::ONE, "the guest goes on at {now}");
}

fn advance(
    tick: &mut CpuTick,
    fluid: &mut CpuShare,
    now: SimTime,
    ends: &mut [Vec<(SimTime, u32)>; 2],
) {
    while let Some(due) = tick.next_due().filter(|due| *due <= now) {
        ends[0].extend(tick.advance(due).map(|phase| (due, phase)));
    }
    while let Some(due) = fluid.next_due().filter(|due| *due <= now) {
        ends[1].extend(fluid.advance(due).map(|phase| (due, phase)));
    }
}
