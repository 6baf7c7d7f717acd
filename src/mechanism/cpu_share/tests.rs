//! The shared processor against exact cases: finish times as rational numbers, to the nanosecond.

mod alone;
mod queueing;
mod reference;

use super::*;
use crate::units::{NANOS_PER_SECOND, round_ratio};

fn seconds(value: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_seconds_f64(value)
}

/// Returns `top / bottom` seconds to the nearest nanosecond.
fn fraction(top: u64, bottom: u64) -> SimTime {
    let nanos = u128::from(top) * u128::from(NANOS_PER_SECOND);
    SimTime::from_nanos(round_ratio(nanos, u128::from(bottom)).unwrap())
}

const fn core_seconds(count: u64) -> Work {
    Work::from_core_nanos(count * NANOS_PER_SECOND)
}

fn cores(count: f64) -> Cores {
    Cores::new(count).unwrap()
}

fn capped(shares: u32, cap: f64) -> ZoneLimits {
    ZoneLimits { cap: Some(cores(cap)), ..ZoneLimits::only_shares(shares) }
}

/// Operation of a test on the server at an instant.
#[derive(Clone, Copy)]
enum Act {
    Start { zone: usize, phase: u32, work: Work, most: Cores },
    Capacity(f64),
}

/// Plays `acts` (in order of time) and runs the server empty; returns the finish of each phase by number.
fn play(cpu: &mut CpuShare, acts: &[(f64, Act)]) -> Vec<SimTime> {
    let mut finishes = Vec::new();
    let mut finished = Vec::new();
    let mut acts = acts.iter().peekable();
    loop {
        let act_at = acts.peek().map(|(at, _)| seconds(*at));
        let now = match (act_at, cpu.next_due()) {
            (None, None) => return finishes,
            (at, due) => at.unwrap_or(SimTime::NEVER).min(due.unwrap_or(SimTime::NEVER)),
        };
        // A query before anything is due must change nothing.
        finished.extend(cpu.advance(SimTime::from_nanos(now.nanos().saturating_sub(1))));
        assert!(finished.is_empty(), "nothing is done before it is due");
        finished.extend(cpu.advance(now));
        for phase in finished.drain(..) {
            let index = phase as usize;
            finishes.resize(finishes.len().max(index + 1), SimTime::NEVER);
            finishes[index] = now;
        }
        while let Some((_, act)) = acts.next_if(|(at, _)| seconds(*at) == now) {
            match *act {
                Act::Start { zone, phase, work, most } => {
                    cpu.runnable(now, zone, phase, work, most);
                }
                Act::Capacity(usable) => cpu.capacity(now, cores(usable)),
            }
        }
        assert!(cpu.server_ledger(now).balances());
    }
}

const fn start(zone: usize, phase: u32, work: u64, most: u16) -> Act {
    Act::Start { zone, phase, work: core_seconds(work), most: Cores::whole(most) }
}

/// O20.
#[test]
fn idle_share_is_divided_by_shares_and_caps_hold() {
    let zones = [
        ZoneLimits::only_shares(100),
        capped(200, 1.0),
        ZoneLimits::only_shares(300),
        ZoneLimits::only_shares(400),
    ];
    let mut cpu = CpuShare::new(Cores::whole(8), &zones);
    for (zone, work, most) in [(0, 12, 16), (1, 3, 16), (2, 20, 16), (3, 10, 2)] {
        let most = Cores::whole(most);
        cpu.runnable(SimTime::ZERO, zone, zone as u32, core_seconds(work), most);
    }
    let rates: Vec<f64> = (0..4).map(|zone| cpu.rate(zone).count()).collect();
    assert_eq!(rates, [1.25, 1.0, 3.75, 2.0]);
    assert_eq!(cpu.used(), Cores::whole(8));
    let finishes = play(&mut cpu, &[]);
    assert_eq!(finishes, [fraction(45, 8), fraction(3, 1), fraction(89, 18), fraction(5, 1)]);
    // Each zone used exactly its work, to half a nanosecond × its cores at each change.
    let end = finishes[0];
    for (zone, work) in [12.0, 3.0, 20.0, 10.0].into_iter().enumerate() {
        let used = cpu.zone_ledger(end, zone).used.core_seconds();
        assert!((used - work).abs() < 1e-8, "zone {zone} used {used}");
    }
}

const O21_JOBS: [(f64, Act); 6] = [
    (0.0, start(0, 0, 6, 1)),
    (0.0, start(1, 3, 10, 4)),
    (1.0, start(0, 1, 6, 1)),
    (1.5, start(2, 4, 8, 4)),
    (2.0, start(0, 2, 6, 4)),
    (4.0, start(2, 5, 2, 1)),
];

fn o21(capacity: &[(f64, Act)]) -> Vec<SimTime> {
    let zones = [capped(100, 3.0), ZoneLimits::only_shares(100), ZoneLimits::only_shares(200)];
    let mut cpu = CpuShare::new(Cores::whole(4), &zones);
    let mut acts: Vec<_> = O21_JOBS.into_iter().chain(capacity.iter().copied()).collect();
    acts.sort_by(|a, b| a.0.total_cmp(&b.0));
    play(&mut cpu, &acts)
}

fn twelfths(tops: [u64; 6]) -> Vec<SimTime> {
    // Order of the jobs: a1, a2, a3, b1, c1, c2; a3 ends at an odd number of 24ths.
    tops.iter().map(|&top| fraction(top, 24)).collect()
}

/// O21, as is.
#[test]
fn phases_of_a_zone_share_equally_within_their_own_limits() {
    assert_eq!(o21(&[]), twelfths([226, 250, 247, 168, 156, 144]));
}

/// O21, the server paused from 3 to 5 s.
#[test]
fn a_pause_keeps_the_work() {
    let pause = [(3.0, Act::Capacity(0.0)), (5.0, Act::Capacity(4.0))];
    assert_eq!(o21(&pause), twelfths([274, 298, 295, 216, 204, 168]));
}

/// O21, two cores lost from 2 to 8 s.
#[test]
fn lost_cores_slow_all_zones_down() {
    let loss = [(2.0, Act::Capacity(2.0)), (8.0, Act::Capacity(4.0))];
    assert_eq!(o21(&loss), twelfths([298, 322, 319, 240, 228, 192]));
}

fn bursting(cap: f64, baseline: f64, burst: u64) -> CpuShare {
    let limits = ZoneLimits {
        baseline: Some(cores(baseline)),
        burst: Burst::Timer(SimDuration::from_secs(burst)),
        ..capped(100, cap)
    };
    CpuShare::new(Cores::whole(16), &[limits])
}

/// Plays works (instant, core-seconds) through a queue in front of the zone: first come, first
/// served, each on as many cores as there are.
fn play_line(cpu: &mut CpuShare, works: &[(u64, u64)]) -> Vec<SimTime> {
    let mut ends = Vec::new();
    let mut finished = Vec::new();
    let mut free_at = SimTime::ZERO;
    for (phase, &(at, work)) in works.iter().enumerate() {
        let at = free_at.max(SimTime::ZERO + SimDuration::from_secs(at));
        while let Some(due) = cpu.next_due().filter(|&due| due <= at) {
            finished.extend(cpu.advance(due));
        }
        cpu.runnable(at, 0, phase as u32, core_seconds(work), Cores::whole(16));
        while finished.is_empty() {
            free_at = cpu.next_due().expect("a phase runs");
            finished.extend(cpu.advance(free_at));
        }
        assert_eq!(finished, [phase as u32]);
        finished.clear();
        ends.push(free_at);
    }
    assert!(cpu.server_ledger(free_at).balances());
    ends
}

/// O22: 520 core-seconds at once; the mean over a cycle of 60 s is (4 + 1) / 2 cores.
#[test]
fn a_burst_ends_when_its_timer_is_full() {
    let mut cpu = bursting(4.0, 1.0, 30);
    assert_eq!(play_line(&mut cpu, &[(0, 520)]), [fraction(395, 2)]);
    let mut cpu = bursting(4.0, 1.0, 30);
    cpu.runnable(SimTime::ZERO, 0, 0, core_seconds(520), Cores::whole(16));
    let used = |cpu: &mut CpuShare, at: u64| {
        let at = SimTime::ZERO + SimDuration::from_secs(at);
        drop(cpu.advance(at));
        cpu.zone_ledger(at, 0).used
    };
    let first = used(&mut cpu, 60);
    let second = used(&mut cpu, 120).since(first);
    assert_eq!(first, CoreTime::of(cores(2.5), SimDuration::from_secs(60)));
    assert_eq!(second, first);
}

/// O22, two spikes: the pause between them takes ten seconds off the timer.
#[test]
fn idle_time_empties_the_burst_timer() {
    let mut cpu = bursting(4.0, 1.0, 30);
    let ends = play_line(&mut cpu, &[(0, 80), (25, 400)]);
    assert_eq!(ends, [fraction(20, 1), fraction(385, 2)]);
    let ledger = cpu.zone_ledger(ends[1], 0);
    assert_eq!(ledger.held, SimDuration::from_secs(90));
    // Held or at its cap, it always wanted all 16 cores of the server while it ran.
    assert_eq!(ledger.runnable, ledger.capped);
    assert_eq!(ledger.wanted, ledger.used + ledger.capped_wait + ledger.steal);
}

/// O22, three spikes.
#[test]
fn three_spikes_end_when_the_timer_says() {
    let mut cpu = bursting(4.0, 1.0, 30);
    let ends = play_line(&mut cpu, &[(0, 116), (40, 120), (70, 200)]);
    assert_eq!(ends, [fraction(29, 1), fraction(185, 2), fraction(165, 1)]);
}

/// O22, burst time 0.
#[test]
fn burst_time_zero_never_holds() {
    let mut cpu = bursting(2.0, 0.5, 0);
    assert_eq!(play_line(&mut cpu, &[(0, 100)]), [fraction(50, 1)]);
    let ledger = cpu.zone_ledger(fraction(50, 1), 0);
    assert_eq!(ledger.held, SimDuration::ZERO);
    assert_eq!(ledger.burst, CoreTime::of(cores(1.5), SimDuration::from_secs(50)));
}

/// mechanisms 2.5: a new cap ends the hold, the timer keeps its value.
#[test]
fn a_new_cap_ends_a_hold_but_keeps_the_timer() {
    let mut cpu = bursting(4.0, 1.0, 30);
    cpu.runnable(SimTime::ZERO, 0, 0, core_seconds(1000), Cores::whole(16));
    let at = seconds(40.0);
    drop(cpu.advance(at));
    assert!(cpu.is_held(0));
    assert_eq!(cpu.burst_timer(at, 0), SimDuration::from_secs(20));
    let limits = ZoneLimits {
        baseline: Some(Cores::whole(1)),
        burst: Burst::Timer(SimDuration::from_secs(30)),
        ..capped(100, 6.0)
    };
    cpu.limits(at, 0, &limits);
    assert_eq!((cpu.is_held(0), cpu.rate(0)), (false, Cores::whole(6)));
    assert_eq!(cpu.burst_timer(at, 0), SimDuration::from_secs(20));
    assert_eq!(cpu.next_due(), Some(seconds(50.0)));
}

/// A timer that is already above a newly set burst time holds the zone at once.
#[test]
fn a_shorter_burst_time_takes_effect_at_once() {
    let mut cpu = bursting(4.0, 1.0, 30);
    cpu.runnable(SimTime::ZERO, 0, 0, core_seconds(1000), Cores::whole(16));
    let shorter = ZoneLimits {
        baseline: Some(Cores::whole(1)),
        burst: Burst::Timer(SimDuration::from_secs(5)),
        ..capped(100, 4.0)
    };
    let at = seconds(20.0);
    cpu.limits(at, 0, &shorter);
    assert_eq!(cpu.next_due(), Some(at));
    drop(cpu.advance(at));
    assert_eq!((cpu.is_held(0), cpu.rate(0)), (true, Cores::whole(1)));
    // The timer keeps its 20 s and must fall to zero.
    assert_eq!(cpu.next_due(), Some(seconds(40.0)));
}

fn o23(cpu_cores: u16, jobs: &[(f64, u32, u64)]) -> Vec<SimTime> {
    let zones: Vec<_> = jobs.iter().map(|job| ZoneLimits::only_shares(job.1)).collect();
    let mut cpu = CpuShare::new(Cores::whole(cpu_cores), &zones);
    let acts: Vec<_> = jobs
        .iter()
        .enumerate()
        .map(|(zone, &(at, share, duration))| {
            let work = u64::from(share) * duration;
            (at, start(zone, zone as u32, work, share as u16))
        })
        .collect();
    play(&mut cpu, &acts)
}

/// O23.
#[test]
fn contended_jobs_end_when_their_weights_say() {
    assert_eq!(o23(4, &[(0.0, 1, 1); 10]), [fraction(5, 2); 10]);
    let mut jobs = [(0.0, 2, 1); 10];
    jobs[5..].fill((0.0, 3, 2));
    let ends = o23(7, &jobs);
    assert_eq!(ends[..5], [fraction(25, 7); 5]);
    assert_eq!(ends[5..], [fraction(40, 7); 5]);
    jobs[..5].fill((0.0, 3, 2));
    jobs[5..].fill((0.5, 2, 2));
    let ends = o23(7, &jobs);
    assert_eq!(ends[..5], [fraction(143, 21); 5]);
    assert_eq!(ends[5..], [fraction(50, 7); 5]);
}

#[test]
fn cancelled_work_comes_back_and_its_handle_is_stale() {
    let mut cpu = CpuShare::new(Cores::whole(1), &[ZoneLimits::only_shares(1); 2]);
    let one = cpu.runnable(SimTime::ZERO, 0, 1, core_seconds(2), Cores::ONE);
    let two = cpu.runnable(SimTime::ZERO, 0, 2, core_seconds(3), Cores::ONE);
    let other = cpu.runnable(SimTime::ZERO, 1, 3, core_seconds(3), Cores::ONE);
    assert_eq!(cpu.cancel(seconds(1.0), 1, two), None, "not in that zone");
    assert_eq!(cpu.cancel(seconds(1.0), 0, two), Some(Work::from_core_nanos(2_750_000_000)));
    assert_eq!(cpu.cancel(seconds(1.0), 0, two), None);
    assert_eq!(cpu.phases(0), 1);
    let mut gone = Vec::new();
    cpu.cancel_all(seconds(2.0), 0, &mut gone);
    assert_eq!(gone, [(1, Work::from_core_nanos(1_250_000_000))]);
    assert_eq!(cpu.cancel(seconds(2.0), 0, one), None);
    let again = cpu.runnable(seconds(2.0), 0, 4, core_seconds(1), Cores::ONE);
    assert_ne!(again, one);
    // From 2 s on only the newcomer shares: 2 core-seconds are left, then 1 after both had 1.
    assert_eq!(cpu.next_due(), Some(seconds(4.0)));
    let mut finished = Vec::new();
    finished.extend(cpu.advance(seconds(4.0)));
    assert_eq!(finished, [4]);
    assert_eq!(cpu.cancel(seconds(4.0), 1, other), Some(core_seconds(1)));
    assert_eq!(cpu.next_due(), None);
}

#[test]
fn what_is_due_is_done_before_a_change_at_the_same_instant() {
    let mut cpu = CpuShare::new(Cores::whole(1), &[ZoneLimits::only_shares(1)]);
    let handle = cpu.runnable(SimTime::ZERO, 0, 7, core_seconds(1), Cores::ONE);
    cpu.capacity(seconds(1.0), Cores::ZERO);
    assert_eq!(cpu.cancel(seconds(1.0), 0, handle), None);
    assert_eq!(cpu.next_due(), Some(seconds(1.0)));
    let mut finished = Vec::new();
    finished.extend(cpu.advance(seconds(1.0)));
    assert_eq!(finished, [7]);
    assert_eq!(cpu.next_due(), None);
}

#[test]
fn virtual_processors_and_speed_limit_a_zone() {
    let vm = ZoneLimits { vcpus: Some(2), ..ZoneLimits::only_shares(1) };
    let mut cpu = CpuShare::new(Cores::whole(8), &[vm]);
    for phase in 0..4 {
        cpu.runnable(SimTime::ZERO, 0, phase, core_seconds(1), Cores::ONE);
    }
    assert_eq!(cpu.rate(0), Cores::whole(2));
    cpu.speed(seconds(1.0), 0, 0.5);
    // Half the work is done at 1 s; the other half runs at half the speed.
    assert_eq!(cpu.next_due(), Some(seconds(3.0)));
    let mut finished = Vec::new();
    finished.extend(cpu.advance(seconds(3.0)));
    assert_eq!(finished, [0, 1, 2, 3]);
    let ledger = cpu.zone_ledger(seconds(3.0), 0);
    assert_eq!(ledger.used, CoreTime::of(Cores::whole(2), SimDuration::from_secs(3)));
    assert_eq!(ledger.wanted, ledger.used);
}

/// A busy period of ten years: phases in its last second finish to the nanosecond.
#[test]
fn a_busy_period_of_years_loses_no_nanosecond() {
    let mut cpu = CpuShare::new(Cores::whole(1), &[ZoneLimits::only_shares(1); 2]);
    let years = SimDuration::YEAR.saturating_mul(20);
    let long = cpu.runnable(SimTime::ZERO, 0, 0, Work::of_one_core(years), Cores::ONE);
    cpu.runnable(SimTime::ZERO, 1, 1, Work::of_one_core(years), Cores::ONE);
    let mut finished = Vec::new();
    for hour in 0..87_600_u64 {
        let at = SimTime::ZERO + SimDuration::HOUR.saturating_mul(hour);
        // Three in zone 0, one in zone 1: each of the three has a sixth of the core.
        let work = Work::from_core_nanos(1_000_000_007);
        cpu.runnable(at, 0, 2, work, Cores::ONE);
        cpu.runnable(at, 0, 3, work, Cores::ONE);
        let due = at + SimDuration::from_nanos(6 * 1_000_000_007);
        assert_eq!(cpu.next_due(), Some(due), "hour {hour}");
        finished.extend(cpu.advance(due));
        assert_eq!(finished, [2, 3]);
        finished.clear();
    }
    // Half the core for ten years, minus the work of the others; 20 years fit a float to 64 ns.
    let end = SimTime::ZERO + SimDuration::YEAR.saturating_mul(10);
    let had = 5 * SimDuration::YEAR.nanos() - 2 * 87_600 * 1_000_000_007;
    let left = cpu.cancel(end, 0, long).expect("years are left").core_nanos();
    assert!(left.abs_diff(years.nanos() - had) <= 64, "{left}");
}
