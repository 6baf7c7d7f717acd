//! Cost of a change of the shared processor: one phase ends and another starts, at a constant number of runnable
//! phases. The zones are one with cores for all phases, one with competing phases, and eight that compete.
//!
//! `cargo bench --bench cpu_share`; the printed time is that of the pair, two changes.

use divan::Bencher;
use fivenines::measured::{Cores, CpuShare, SimTime, Work, ZoneLimits, place, table};

fn main() {
    divan::main();
}

/// A server with a constant number of phases: each that ends is followed by another in its zone.
struct Hold {
    cpu: CpuShare,
    zones: usize,
    state: u64,
    finished: Vec<u32>,
}

impl Hold {
    fn new(cores: u16, zones: usize, phases: u32) -> Self {
        let limits: Vec<_> =
            (0..zones).map(|zone| ZoneLimits::only_shares(100 + 50 * place(zone))).collect();
        let cpu = CpuShare::new(Cores::whole(cores), &limits);
        let mut hold = Self { cpu, zones, state: 1, finished: Vec::new() };
        for phase in 0..phases {
            hold.start(SimTime::ZERO, phase);
        }
        hold
    }

    /// Starts a phase of 1 to 2 ms of one core, from a linear congruential generator (Knuth's multiplier).
    fn start(&mut self, now: SimTime, phase: u32) {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let work = Work::from_core_nanos(1_000_000 + (self.state >> 44));
        self.cpu.runnable(now, phase as usize % self.zones, phase, work, Cores::ONE);
    }

    fn turn(&mut self) {
        let now = self.cpu.next_due().expect("phases run");
        let mut finished = std::mem::take(&mut self.finished);
        finished.extend(self.cpu.advance(now));
        for phase in finished.drain(..) {
            self.start(now, phase);
        }
        self.finished = finished;
    }
}

#[divan::bench(args = [1, 10])]
fn cores_for_all(bencher: Bencher<'_, '_>, phases: u32) {
    let mut hold = Hold::new(table::u16(phases as usize), 1, phases);
    bencher.bench_local(|| hold.turn());
}

#[divan::bench(args = [10, 1_000, 100_000])]
fn one_zone_competing(bencher: Bencher<'_, '_>, phases: u32) {
    let mut hold = Hold::new(8, 1, phases);
    bencher.bench_local(|| hold.turn());
}

#[divan::bench(args = [10, 1_000, 100_000])]
fn eight_zones_competing(bencher: Bencher<'_, '_>, phases: u32) {
    let mut hold = Hold::new(8, 8, phases);
    bencher.bench_local(|| hold.turn());
}
