//! The shared processor against a slow reference: each phase's remaining work is integrated separately,
//! every rate is computed by bisection at every event.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// Tolerance for two ways of summing work, in core-nanoseconds.
const ROUNDING: f64 = 1e-3;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Start { zone: usize, work: u64, most: f64 },
    Cancel { nth: usize },
    CancelAll { zone: usize },
    Limits { zone: usize, limits: ZoneLimits },
    Capacity { share: f64 },
    Speed { zone: usize, factor: f64 },
}

#[derive(Clone, Debug)]
struct Phase {
    id: u32,
    left: f64,
    most: f64,
    handle: PhaseHandle,
}

struct SlowZone {
    limits: ZoneLimits,
    phases: Vec<Phase>,
    speed: f64,
    timer: u64,
    rising: bool,
    held: bool,
}

impl SlowZone {
    fn baseline(&self) -> Option<f64> {
        let (baseline, cap) = (self.limits.baseline?, self.limits.cap?);
        (baseline < cap).then(|| baseline.count())
    }

    fn burst(&self) -> Option<u64> {
        match self.limits.burst {
            Burst::Timer(length) if !length.is_zero() => Some(length.nanos()),
            _ => None,
        }
    }

    fn limit(&self, nominal: f64) -> f64 {
        let demand: f64 = self.phases.iter().map(|phase| phase.most).sum();
        let cap = match self.baseline() {
            Some(baseline) if self.held => baseline,
            _ => self.limits.cap.map_or(f64::INFINITY, Cores::count),
        };
        let vcpus = self.limits.vcpus.map_or(f64::INFINITY, f64::from);
        demand.min(cap).min(vcpus).min(nominal)
    }

    /// Returns the nanoseconds until the hold begins or ends.
    fn crossing(&self) -> Option<u64> {
        match self.burst() {
            _ if self.held => Some(self.timer),
            Some(burst) if self.rising => Some(burst.saturating_sub(self.timer)),
            _ => None,
        }
    }
}

/// Computes the level at which Σ min(limit, weight × level) is `sum`, by bisection.
fn water_level(sum: f64, claims: &[(f64, f64)]) -> f64 {
    let at = |level: f64| claims.iter().map(|&(w, limit)| limit.min(w * level)).sum::<f64>();
    let mut low = 0.0;
    let mut high = 1e6;
    if at(high) <= sum {
        return high;
    }
    loop {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            return low;
        }
        if at(middle) > sum { high = middle } else { low = middle }
    }
}

struct Slow {
    nominal: f64,
    usable: f64,
    zones: Vec<SlowZone>,
}

impl Slow {
    fn zone_rates(&self) -> Vec<f64> {
        let claims: Vec<(f64, f64)> = self
            .zones
            .iter()
            .map(|zone| (f64::from(zone.limits.shares), zone.limit(self.nominal)))
            .collect();
        let level = water_level(self.usable, &claims);
        claims.iter().map(|&(weight, limit)| limit.min(weight * level)).collect()
    }

    /// Returns the progress of each phase of `zone` per nanosecond.
    fn phase_rates(&self, zone: usize) -> Vec<f64> {
        let phases = &self.zones[zone].phases;
        let claims: Vec<(f64, f64)> = phases.iter().map(|phase| (1.0, phase.most)).collect();
        let level = water_level(self.zone_rates()[zone], &claims);
        phases.iter().map(|phase| phase.most.min(level) * self.zones[zone].speed).collect()
    }

    fn run(&mut self, nanos: u64) {
        let rates: Vec<Vec<f64>> = (0..self.zones.len()).map(|z| self.phase_rates(z)).collect();
        for (zone, rates) in self.zones.iter_mut().zip(rates) {
            assert!(zone.crossing().is_none_or(|wait| wait >= nanos), "a crossing was missed");
            for (phase, rate) in zone.phases.iter_mut().zip(rates) {
                phase.left -= rate * nanos as f64;
            }
            zone.timer =
                if zone.rising { zone.timer + nanos } else { zone.timer.saturating_sub(nanos) };
        }
    }

    /// Begins and ends holds, and turns timers, at the end of an instant.
    fn turn_timers(&mut self, crossings: bool) {
        for zone in &mut self.zones {
            if crossings && zone.crossing() == Some(0) {
                zone.held = !zone.held;
            }
        }
        let rates = self.zone_rates();
        for (zone, rate) in self.zones.iter_mut().zip(rates) {
            zone.rising = zone.baseline().is_some_and(|baseline| rate > baseline + 1e-9);
        }
    }

    fn find(&self, id: u32) -> (usize, usize) {
        let places = self.zones.iter().enumerate();
        let mut found =
            places.filter_map(|(z, zone)| Some((z, zone.phases.iter().position(|p| p.id == id)?)));
        found.next().expect("only present phases finish")
    }
}

/// The processor and the reference, driven through the same instants.
struct Pair {
    cpu: CpuShare,
    slow: Slow,
    now: SimTime,
    next_id: u32,
}

impl Pair {
    fn new(nominal: f64, zones: &[ZoneLimits]) -> Self {
        let slow_zone = |&limits: &ZoneLimits| SlowZone {
            limits,
            phases: Vec::new(),
            speed: 1.0,
            timer: 0,
            rising: false,
            held: false,
        };
        Self {
            cpu: CpuShare::new(cores(nominal), zones),
            slow: Slow { nominal, usable: nominal, zones: zones.iter().map(slow_zone).collect() },
            now: SimTime::ZERO,
            next_id: 0,
        }
    }

    /// Runs both to `to`, which is not later than the next event, and compares them.
    fn run_to(&mut self, to: SimTime) {
        self.slow.run(to.since(self.now).nanos());
        self.now = to;
        let mut finished = Vec::new();
        finished.extend(self.cpu.advance(to));
        let mut last: Option<(usize, f64, f64)> = None;
        for id in finished {
            let (zone, at) = self.slow.find(id);
            let rate = self.slow.phase_rates(zone)[at];
            let phase = self.slow.zones[zone].phases.remove(at);
            assert!(
                phase.left.abs() <= 0.5 * rate.max(phase.most) + ROUNDING,
                "phase {id} finished with {} left at rate {rate}",
                phase.left
            );
            if let Some((last_zone, most, left)) = last
                && (last_zone, most) == (zone, phase.most)
            {
                assert!(phase.left >= left - ROUNDING, "order of finish in a zone");
            }
            last = Some((zone, phase.most, phase.left));
        }
        self.slow.turn_timers(true);
        self.compare();
    }

    fn compare(&mut self) {
        let rates = self.slow.zone_rates();
        let mut used = 0;
        let mut limits = 0.0;
        for (index, zone) in self.slow.zones.iter().enumerate() {
            let rate = self.cpu.rate(index);
            used += rate.steps();
            limits += zone.limit(self.slow.nominal);
            assert!((rate.count() - rates[index]).abs() < 1e-9, "{rate} and {}", rates[index]);
            assert_eq!(self.cpu.is_held(index), zone.held, "zone {index} at {}", self.now);
            assert_eq!(self.cpu.burst_timer(self.now, index).nanos(), zone.timer);
            assert_eq!(self.cpu.phases(index) as usize, zone.phases.len());
            let ledger = self.cpu.zone_ledger(self.now, index);
            assert_eq!(ledger.wanted, ledger.used + ledger.capped_wait + ledger.steal);
            for (phase, rate) in zone.phases.iter().zip(self.slow.phase_rates(index)) {
                assert!(phase.left >= 0.5 * rate - ROUNDING, "phase {} is overdue", phase.id);
            }
        }
        assert_eq!(used, self.cpu.used().steps());
        let full = limits.min(self.slow.usable);
        assert!((self.cpu.used().count() - full).abs() < 1e-9, "work-conserving");
        let usable = cores(self.slow.usable).steps();
        assert!(used <= usable, "never more than the usable cores");
        if limits > self.slow.usable + 1e-6 {
            assert_eq!(used, usable, "to the last step");
        }
        assert!(self.cpu.server_ledger(self.now).balances());
    }

    fn apply(&mut self, op: &Op) {
        let zones = self.slow.zones.len();
        match *op {
            Op::Start { zone, work, most } => {
                let (zone, id) = (zone % zones, self.next_id);
                self.next_id += 1;
                let amount = Work::from_core_nanos(work);
                let handle = self.cpu.runnable(self.now, zone, id, amount, cores(most));
                let phase = Phase { id, left: work as f64, most, handle };
                self.slow.zones[zone].phases.push(phase);
            }
            Op::Cancel { nth } => {
                let count: usize = self.slow.zones.iter().map(|zone| zone.phases.len()).sum();
                let Some(mut nth) = nth.checked_rem(count) else { return };
                let mut zone = 0;
                while nth >= self.slow.zones[zone].phases.len() {
                    nth -= self.slow.zones[zone].phases.len();
                    zone += 1;
                }
                let phase = self.slow.zones[zone].phases.remove(nth);
                let left = self.cpu.cancel(self.now, zone, phase.handle).expect("present");
                assert!((left.core_nanos() as f64 - phase.left).abs() <= 0.5 + ROUNDING);
                assert_eq!(self.cpu.cancel(self.now, zone, phase.handle), None);
            }
            Op::CancelAll { zone } => {
                let zone = zone % zones;
                let mut gone = Vec::new();
                self.cpu.cancel_all(self.now, zone, &mut gone);
                let mut gone: Vec<u32> = gone.iter().map(|(id, _)| *id).collect();
                gone.sort_unstable();
                let present = self.slow.zones[zone].phases.drain(..).map(|phase| phase.id);
                assert_eq!(gone, present.collect::<Vec<_>>());
            }
            Op::Limits { zone, limits } => {
                let zone = zone % zones;
                self.cpu.limits(self.now, zone, &limits);
                self.slow.zones[zone].limits = limits;
                self.slow.zones[zone].held = false;
            }
            Op::Capacity { share } => {
                let usable = cores(share * self.slow.nominal);
                self.cpu.capacity(self.now, usable);
                self.slow.usable = usable.count();
            }
            Op::Speed { zone, factor } => {
                self.cpu.speed(self.now, zone % zones, factor);
                self.slow.zones[zone % zones].speed = factor;
            }
        }
        self.slow.turn_timers(false);
        // A change may make an event due at once (a timer above its new length).
        self.run_to(self.now);
    }

    fn play(&mut self, ops: &[(u64, Op)]) {
        for (gap, op) in ops {
            let until = self.now + SimDuration::from_nanos(*gap);
            while let Some(due) = self.cpu.next_due().filter(|&due| due <= until) {
                self.run_to(due);
            }
            self.run_to(until);
            self.apply(op);
        }
        // Every phase that can finish does.
        self.apply(&Op::Capacity { share: 1.0 });
        for zone in 0..self.slow.zones.len() {
            self.apply(&Op::Speed { zone, factor: 1.0 });
        }
        while let Some(due) = self.cpu.next_due() {
            self.run_to(due);
        }
        assert!(self.slow.zones.iter().all(|zone| zone.phases.is_empty()), "all work is done");
    }
}

pub(super) fn limits() -> impl Strategy<Value = ZoneLimits> {
    let some_cores = |range| proptest::option::of(range).prop_map(|c| c.map(cores));
    let burst = prop_oneof![
        Just(Burst::Unlimited),
        Just(Burst::Timer(SimDuration::ZERO)),
        (1_u64..5_000_000).prop_map(|nanos| Burst::Timer(SimDuration::from_nanos(nanos))),
    ];
    let vcpus = proptest::option::weighted(0.2, 1_u16..4);
    (1_u32..1_000, some_cores(0.21..1.5), some_cores(0.3..4.0), burst, vcpus).prop_map(
        |(shares, baseline, cap, burst, vcpus)| ZoneLimits { shares, baseline, cap, burst, vcpus },
    )
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let most = prop_oneof![4 => Just(1.0), 1 => Just(0.5), 1 => Just(2.0), 1 => Just(8.0)];
    let work = prop_oneof![1_u64..10, 1_u64..5_000_000, Just(1_000_000_u64)];
    prop_oneof![
        12 => (0_usize..4, work, most)
            .prop_map(|(zone, work, most)| Op::Start { zone, work, most }),
        2 => any::<usize>().prop_map(|nth| Op::Cancel { nth }),
        1 => (0_usize..4).prop_map(|zone| Op::CancelAll { zone }),
        1 => (0_usize..4, limits()).prop_map(|(zone, limits)| Op::Limits { zone, limits }),
        1 => prop_oneof![Just(0.0), Just(1.0), 0.1..1.0]
            .prop_map(|share| Op::Capacity { share }),
        1 => (0_usize..4, 0.1..2.0).prop_map(|(zone, factor)| Op::Speed { zone, factor }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(2_411),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Checks C4 and C5 on the way: the ledgers balance at every event.
    #[test]
    fn phases_finish_when_a_slow_reference_says(
        nominal in prop_oneof![Just(1.0), Just(2.0), Just(4.0), 0.5..6.0],
        zones in proptest::collection::vec(limits(), 1..=4),
        ops in proptest::collection::vec((0_u64..1_500_000, op()), 1..60),
    ) {
        Pair::new(nominal, &zones).play(&ops);
    }
}
