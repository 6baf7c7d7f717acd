//! Cost of a change of the shared processor: one phase ends and another starts, at a constant number of runnable
//! phases. The zones are one with cores for all phases, one with competing phases, eight and a hundred that compete, and a
//! hundred in which each change leaves the rates of the zones as they are. At the tick: one second of a busy server.
//!
//! `cargo bench --bench cpu_share`; the printed time is that of the pair, two changes, or of the second. `item/s` are changes per
//! second.

use divan::Bencher;
use divan::counter::ItemsCount;
use fivenines::measured::{
    Cores, CpuShare, CpuTick, SimDuration, SimTime, TickRules, Work, ZoneLimits, place, table,
};

fn main() {
    divan::main();
}

/// Returns the changes of a turn: the end of a phase, and the start of the next one.
fn changes() -> ItemsCount {
    ItemsCount::new(2_u32)
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
    bencher.counter(changes()).bench_local(|| hold.turn());
}

#[divan::bench(args = [10, 1_000, 100_000])]
fn eight_zones_competing(bencher: Bencher<'_, '_>, phases: u32) {
    let mut hold = Hold::new(8, 8, phases);
    bencher.counter(changes()).bench_local(|| hold.turn());
}

/// From 1 to 10,000 phases in each zone. With one in each, every change divides the cores again.
#[divan::bench(args = [100, 1_000, 10_000, 100_000, 1_000_000])]
fn hundred_zones_competing(bencher: Bencher<'_, '_>, phases: u32) {
    let mut hold = Hold::new(8, 100, phases);
    bencher.counter(changes()).bench_local(|| hold.turn());
}

/// Eight zones at the tick on eight processors: `phases` runnable phases of 1 to 2 ms, each followed by another.
#[divan::bench(args = [8, 80, 800])]
fn a_second_at_the_tick(bencher: Bencher<'_, '_>, phases: u32) {
    let limits: Vec<_> = (0..8).map(|zone| ZoneLimits::only_shares(100 + 50 * zone)).collect();
    let mut cpu = CpuTick::new(Cores::whole(8), &limits, TickRules::default());
    let (mut state, mut now, mut finished) = (1_u64, SimTime::ZERO, Vec::new());
    let mut start = |cpu: &mut CpuTick, now: SimTime, phase: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let work = Work::from_core_nanos(1_000_000 + (state >> 44));
        cpu.runnable(now, phase as usize % 8, phase, work, Cores::ONE);
    };
    for phase in 0..phases {
        start(&mut cpu, now, phase);
    }
    bencher.bench_local(|| {
        let end = now + SimDuration::SECOND;
        while now < end {
            now = cpu.next_due().expect("phases run");
            finished.extend(cpu.advance(now));
            for phase in finished.drain(..) {
                start(&mut cpu, now, phase);
            }
        }
    });
}
