//! Random operations: the same server, asked at every tick and in between, does the same.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Start { zone: usize, micros: u64, threads: u16 },
    Cancel { nth: usize },
    Capacity { share: f64 },
    Limits { zone: usize, limits: ZoneLimits },
}

fn limits() -> impl Strategy<Value = ZoneLimits> {
    let cap = prop::option::of(0.1..4.0_f64);
    let burst = prop::option::of(1..3000_u64);
    (0..500_u32, cap, prop::option::of(0.05..2.0_f64), burst).prop_map(
        |(shares, cap, base, burst)| {
            let timer = |millis| Burst::Timer(SimDuration::from_nanos(millis * 1_000_000));
            ZoneLimits {
                cap: cap.map(cores),
                baseline: base.map(cores),
                burst: burst.map_or(Burst::Unlimited, timer),
                ..ZoneLimits::only_shares(shares)
            }
        },
    )
}

/// Virtual processors of one zone in three.
fn vcpus() -> impl Strategy<Value = Option<u16>> {
    prop::option::weighted(0.33, 1..5_u16)
}

fn op(zones: usize) -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..zones, 1..400_000_u64, prop_oneof![4 => Just(1_u16), 1 => 2..5_u16])
            .prop_map(|(zone, micros, threads)| Op::Start { zone, micros, threads }),
        2 => (0..20_usize).prop_map(|nth| Op::Cancel { nth }),
        1 => (0.0..1.0_f64).prop_map(|share| Op::Capacity { share }),
        1 => (0..zones, limits()).prop_map(|(zone, limits)| Op::Limits { zone, limits }),
    ]
}

fn rules() -> impl Strategy<Value = TickRules> {
    let quantum = prop_oneof![Just(QuantumRule::Classic), Just(QuantumRule::Reset)];
    let release = prop_oneof![Just(CapRelease::One), Just(CapRelease::Batch)];
    (prop_oneof![Just(100), Just(1000)], quantum, release)
        .prop_map(|(hz, quantum, release)| TickRules { hz, quantum, release })
}

/// A server under test, with the handles of its phases.
struct Driven {
    cpu: CpuTick,
    handles: Vec<(usize, PhaseHandle)>,
    done: Vec<(u64, u32)>,
    work: u128,
}

impl Driven {
    /// Advances to `now`, at the instants that the server asks for, and with `often` at others too.
    fn advance(&mut self, now: SimTime, often: bool, last: SimTime) {
        let mut at = last;
        loop {
            let due = self.cpu.next_due().unwrap_or(SimTime::NEVER);
            let step = SimTime::from_nanos(at.nanos() + 300_007);
            let next = if often { due.min(step) } else { due }.min(now);
            let early = next < due;
            let done: Vec<u32> = self.cpu.advance(next).collect();
            assert!(!early || done.is_empty(), "nothing is done before it is due");
            self.done.extend(done.into_iter().map(|phase| (next.nanos(), phase)));
            self.check(next);
            if next == now && self.cpu.next_due().is_none_or(|due| due > now) {
                return;
            }
            at = next;
        }
    }

    /// Checks what holds at every instant.
    fn check(&self, now: SimTime) {
        let cpu = &self.cpu;
        assert!(cpu.server_ledger(now).balances());
        for zone in 0..cpu.zones.len() {
            assert!(cpu.zone_ledger(now, zone).balances());
        }
        let running = cpu.cpus.iter().filter(|cpu| cpu.thread != NONE).count();
        let queued: u32 = cpu.cpus.iter().map(|cpu| cpu.queue.length()).sum();
        let held: u32 =
            cpu.zones.iter().filter_map(|zone| zone.capped.as_ref()).map(|c| c.held.length()).sum();
        assert_eq!((place(running), queued), (cpu.running, cpu.queued));
        assert_eq!(cpu.running + queued + held, cpu.runnable);
        assert!(
            queued == 0 || cpu.running == cpu.online,
            "no processor idles while a thread waits"
        );
        assert!(cpu.threads.iter().all(|thread| thread.priority <= 59 && thread.time_left >= 1));
    }

    fn apply(&mut self, now: SimTime, op: &Op) {
        match op {
            Op::Start { zone, micros, threads } => {
                let work = Work::from_core_nanos(micros * 1000);
                self.work += u128::from(work.core_nanos());
                let phase = place(self.handles.len());
                let handle = self.cpu.runnable(now, *zone, phase, work, Cores::whole(*threads));
                self.handles.push((*zone, handle));
            }
            Op::Cancel { nth } => {
                if let Some((zone, handle)) = self.handles.iter().rev().nth(*nth).copied() {
                    let left = self.cpu.cancel(now, zone, handle);
                    self.work -= u128::from(left.unwrap_or(Work::ZERO).core_nanos());
                }
            }
            Op::Capacity { share } => self.cpu.capacity(now, cores(3.0 * share)),
            Op::Limits { zone, limits } => self.cpu.limits(now, *zone, limits),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn the_times_of_asking_change_nothing(
        zones in prop::collection::vec((limits(), vcpus()), 1..4),
        rules in rules(),
        ops in prop::collection::vec((0..400_000_u64, op(4)), 1..40),
    ) {
        let zones: Vec<ZoneLimits> =
            zones.into_iter().map(|(limits, vcpus)| ZoneLimits { vcpus, ..limits }).collect();
        let new = || Driven {
            cpu: CpuTick::new(Cores::whole(3), &zones, rules),
            handles: Vec::new(),
            done: Vec::new(),
            work: 0,
        };
        let (mut seldom, mut often) = (new(), new());
        let mut now = SimTime::ZERO;
        let end = ops.iter().map(|(wait, _)| wait * 1000).sum::<u64>() + 20_000_000_000;
        let close = [(end / 1000, Op::Capacity { share: 1.0 })];
        for (wait, op) in ops.iter().chain(&close) {
            let last = now;
            now = now + SimDuration::from_nanos(wait * 1000);
            let mut op = op.clone();
            if let Op::Start { zone, .. } | Op::Limits { zone, .. } = &mut op {
                *zone %= zones.len();
            }
            for (driven, is_often) in [(&mut seldom, false), (&mut often, true)] {
                driven.advance(now, is_often && wait < &500_000, last);
                driven.apply(now, &op);
            }
        }
        prop_assert_eq!(&seldom.done, &often.done);
        for zone in 0..zones.len() {
            prop_assert_eq!(seldom.cpu.zone_ledger(now, zone), often.cpu.zone_ledger(now, zone));
        }
        prop_assert_eq!(seldom.cpu.server_ledger(now), often.cpu.server_ledger(now));
    }
}
