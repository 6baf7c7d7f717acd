//! The processors at the tick: the numbered tests of the mechanism's description, exact cases, properties, and a
//! comparison with the fluid model.

mod caps;
mod exact;
mod fss;
mod guest;
mod random;

use super::*;
use crate::mechanism::cpu_share::Burst;
use crate::units::SimDuration;

const CLASSIC: TickRules =
    TickRules { hz: 1000, quantum: QuantumRule::Classic, release: CapRelease::Batch };
const RESET: TickRules = TickRules { quantum: QuantumRule::Reset, ..CLASSIC };

fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

const fn core_millis(count: u64) -> Work {
    Work::from_core_nanos(count * 1_000_000)
}

fn cores(count: f64) -> Cores {
    Cores::new(count).unwrap()
}

fn capped(shares: u32, percent: f64) -> ZoneLimits {
    ZoneLimits { cap: Some(cores(percent / 100.0)), ..ZoneLimits::only_shares(shares) }
}

/// More than any test uses.
const ENDLESS: Work = Work::from_core_nanos(u64::MAX / 4);

/// A server on which `hogs` threads of each zone run for ever from the start.
fn hogs(cpus: u16, zones: &[(ZoneLimits, u32)], rules: TickRules) -> CpuTick {
    let limits: Vec<_> = zones.iter().map(|zone| zone.0).collect();
    let mut cpu = CpuTick::new(Cores::whole(cpus), &limits, rules);
    for (zone, (_, hogs)) in zones.iter().enumerate() {
        for hog in 0..*hogs {
            cpu.runnable(SimTime::ZERO, zone, hog, ENDLESS, Cores::ONE);
        }
    }
    cpu
}

/// Cores that each zone used on average from one instant to another.
fn used(cpu: &mut CpuTick, from: u64, until: u64) -> Vec<f64> {
    let all = 0..cpu.zones.len();
    drop(cpu.advance(at(from)));
    let before: Vec<_> = all.clone().map(|zone| cpu.zone_ledger(at(from), zone)).collect();
    drop(cpu.advance(at(until)));
    assert!(cpu.server_ledger(at(until)).balances());
    let mean = |zone: usize| {
        let ledger = cpu.zone_ledger(at(until), zone);
        assert!(ledger.balances());
        ledger.used.since(before[zone].used).core_seconds() * 1000.0 / (until - from) as f64
    };
    all.map(mean).collect()
}

#[track_caller]
fn near(value: f64, target: f64, tolerance: f64) {
    assert!((value - target).abs() <= tolerance * target, "{value} instead of {target}");
}
