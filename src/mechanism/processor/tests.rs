//! The fluid model against the model at the tick: the same threads on the same server, and the difference of the
//! processor time of each zone over ten seconds.
//!
//! The table that the test prints (`cargo test --lib fluid_and_tick -- --nocapture`) is the size of what the fluid
//! leaves out; docs/language.md names it. The bounds below hold the page to it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::mechanism::cpu_share::CoreTime;
use crate::mechanism::cpu_tick::{CapRelease, QuantumRule};
use crate::units::SimDuration;

const CLASSIC: TickRules =
    TickRules { hz: 1000, quantum: QuantumRule::Classic, release: CapRelease::Batch };

/// SplitMix64 (Steele, Lea & Flood 2014).
#[derive(Clone)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.within(0, all.len() as u64 - 1)).unwrap()]
    }
}

/// Threads of one zone that each run and sleep for uniform times, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Threads {
    zone: usize,
    count: u64,
    run: (u64, u64),
    /// `None`: they never sleep.
    sleep: Option<(u64, u64)>,
    /// True if `sleep` is the time from one run to the next, which do not wait for each other.
    is_open: bool,
    /// Second in which they begin.
    from: u64,
}

const fn hogs(zone: usize, count: u64) -> Threads {
    Threads {
        zone,
        count,
        run: (1_000_000_000, 1_000_000_000),
        sleep: None,
        is_open: false,
        from: 0,
    }
}

#[derive(Clone, Debug)]
struct Mix {
    cores: u16,
    zones: Vec<ZoneLimits>,
    threads: Vec<Threads>,
    rules: TickRules,
}

/// Kinds of mixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Light and heavy requests that need 60 % of the cores, whenever others are done.
    OpenBelow,
    /// Light and heavy threads that need about 60 % of the cores, and sleep after each run.
    ClosedBelow,
    /// Zones with equal numbers of hogs.
    EqualHogs,
    /// Zones with one to 16 hogs.
    UnequalHogs,
    /// A zone of light threads, within its share, among zones of hogs.
    LightAmongHogs,
    /// Heavy threads that need more than the server.
    HeavyThreads,
    /// Hogs under caps of half a core or more, and one zone without a cap.
    Caps,
    /// Many hogs under caps of 10 to 50 % of a core.
    SmallCaps,
    /// Zones with one to 16 hogs, at 100 ticks per second.
    Slow,
    /// Zones with one to 16 hogs, with the rule of 2012.
    Reset,
    /// A zone begins in a second of the measured time, beside one that runs all the time.
    Newcomer,
}

/// Returns threads that each run 3 ms or 60 ms on average, in a fifth of the time.
fn fifth(zone: usize, count: u64, is_open: bool, d: &mut Draws) -> Threads {
    let scale = d.one_of(&[1, 20]);
    let sleep = if is_open { (5_000, 25_000) } else { (8_000, 16_000) };
    let [run, sleep] = [(1_000, 5_000), sleep].map(|(a, b)| (a * scale, b * scale));
    Threads { zone, count, run, sleep: Some(sleep), is_open, from: 0 }
}

fn mix(kind: Kind, seed: u64) -> Mix {
    let mut draws = Draws(seed << 8 | kind as u64);
    let d = &mut draws;
    let cores = d.one_of(&[1_u16, 2, 4, 8]);
    let count = usize::try_from(d.within(2, 4)).unwrap();
    let shares = |d: &mut Draws| ZoneLimits::only_shares(d.one_of(&[100, 200, 300, 500, 1000]));
    let mut zones: Vec<ZoneLimits> = (0..count).map(|_| shares(d)).collect();
    let mut rules = CLASSIC;
    let mut threads = Vec::new();
    match kind {
        Kind::OpenBelow | Kind::ClosedBelow => {
            zones.truncate(3);
            let count = u64::from(cores) * 3 / zones.len() as u64;
            let is_open = kind == Kind::OpenBelow;
            threads.extend((0..zones.len()).map(|zone| fifth(zone, count, is_open, d)));
        }
        Kind::EqualHogs => {
            let each = d.within(1, 8).max(u64::from(cores));
            threads.extend((0..count).map(|zone| hogs(zone, each)));
        }
        Kind::UnequalHogs | Kind::Slow | Kind::Reset => {
            threads.extend((0..count).map(|zone| hogs(zone, d.within(1, 16))));
            match kind {
                Kind::Slow => rules.hz = 100,
                Kind::Reset => rules.quantum = QuantumRule::Reset,
                _ => {}
            }
        }
        Kind::LightAmongHogs => {
            zones[0] = ZoneLimits::only_shares(500);
            let run = (1_000, 6_000);
            let sleep = Some((20_000, 40_000));
            // A tenth of the cores; its shares are a seventh at least.
            let all = u64::from(cores);
            threads.push(Threads { zone: 0, count: all, run, sleep, is_open: false, from: 0 });
            let each = d.within(4, 16);
            threads.extend((1..count).map(|zone| hogs(zone, each)));
        }
        Kind::HeavyThreads => {
            for zone in 0..count {
                let (run, sleep) = ((50_000, 500_000), Some((20_000, 200_000)));
                let count = u64::from(cores) * d.within(1, 3);
                threads.push(Threads { zone, count, run, sleep, is_open: false, from: 0 });
            }
        }
        Kind::Caps => {
            for (zone, limits) in zones.iter_mut().enumerate().skip(1) {
                let halves = d.within(1, u64::from(cores) * 2);
                limits.cap = Cores::new(halves as f64 / 2.0);
                threads.push(hogs(zone, d.within(1, 8)));
            }
            threads.push(hogs(0, d.within(1, u64::from(cores))));
        }
        Kind::SmallCaps => {
            for (zone, limits) in zones.iter_mut().enumerate() {
                limits.cap = Cores::new(d.within(1, 5) as f64 / 10.0);
                threads.push(hogs(zone, d.within(4, 16)));
            }
        }
        Kind::Newcomer => {
            let each = u64::from(cores) * d.within(1, 3);
            threads.extend((0..count).map(|zone| hogs(zone, each)));
            threads[0].from = d.within(10, 30);
        }
    }
    Mix { cores, zones, threads, rules }
}

const SECOND: u64 = 1_000_000_000;
/// Start of the first period, and number of periods of ten seconds.
const FIRST: u64 = 10;
const PERIODS: u64 = 3;

/// Plays the threads of a mix on a processor; returns the core-seconds of each zone per period.
fn play(mix: &Mix, model: CpuModel) -> Vec<Vec<f64>> {
    let mut cpu = Processor::new(model, Cores::whole(mix.cores), &mix.zones);
    let mut members = Vec::new();
    let mut wakes = BinaryHeap::new();
    for threads in &mix.threads {
        for _ in 0..threads.count {
            let id = u32::try_from(members.len()).unwrap();
            let draws = Draws(u64::from(id) << 32 | 77);
            members.push((*threads, draws));
            wakes.push(Reverse((SimTime::from_nanos(threads.from * SECOND), id)));
        }
    }
    let mut readings = Vec::new();
    let mut done = Vec::new();
    let mut next_open = u32::try_from(members.len()).unwrap();
    loop {
        let reading = SimTime::from_nanos((FIRST + 10 * readings.len() as u64) * SECOND);
        let wake = wakes.peek().map_or(SimTime::NEVER, |Reverse((at, _))| *at);
        let now = reading.min(wake).min(cpu.next_due().unwrap_or(SimTime::NEVER));
        let pause = |draws: &mut Draws, threads: &Threads| {
            let (least, most) = threads.sleep.expect("hogs never end");
            now + SimDuration::from_nanos(draws.within(least, most) * 1000)
        };
        done.extend(cpu.advance(now));
        for id in done.drain(..) {
            if let Some((threads, draws)) = members.get_mut(id as usize) {
                wakes.push(Reverse((pause(draws, threads), id)));
            }
        }
        while wakes.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Reverse((_, id)) = wakes.pop().expect("there is one");
            let (threads, draws) = &mut members[id as usize];
            let work = draws.within(threads.run.0, threads.run.1) * 1000;
            let work = Work::from_core_nanos(work);
            let mut phase = id;
            if threads.is_open {
                wakes.push(Reverse((pause(draws, threads), id)));
                phase = next_open;
                next_open += 1;
            }
            cpu.runnable(now, threads.zone, phase, work, Cores::ONE);
        }
        if now == reading {
            let used = |zone| cpu.zone_ledger(now, zone).used;
            readings.push((0..mix.zones.len()).map(used).collect::<Vec<CoreTime>>());
            assert!(cpu.server_ledger(now).balances());
            if readings.len() as u64 > PERIODS {
                break;
            }
        }
    }
    let zones = 0..mix.zones.len();
    let of = |zone: usize| {
        readings.windows(2).map(|two| two[1][zone].since(two[0][zone]).core_seconds()).collect()
    };
    zones.map(of).collect()
}

/// Errors of the fluid model: relative to the zone's time at the tick, and in percent of the server. Zones with less than
/// 2 % of the cores are left out of the first.
fn errors(mix: &Mix) -> (Vec<f64>, f64) {
    let fluid = play(mix, CpuModel::Fluid);
    let tick = play(mix, CpuModel::Tick(mix.rules));
    let all = 10.0 * f64::from(mix.cores);
    let (mut relative, mut worst) = (Vec::new(), 0.0_f64);
    for (fluid, tick) in fluid.iter().flatten().zip(tick.iter().flatten()) {
        let error = (fluid - tick).abs();
        worst = worst.max(100.0 * error / all);
        if *tick > 0.02 * all {
            relative.push(100.0 * error / tick);
        }
    }
    (relative, worst)
}

/// Bounds by kind, in percent: median, p95 and worst of the errors relative to the zone's time; worst in percent of the
/// server.
const BOUNDS: [(Kind, [f64; 4]); 11] = [
    (Kind::OpenBelow, [0.1, 0.3, 0.5, 0.2]),
    (Kind::ClosedBelow, [1.0, 10.0, 25.0, 4.0]),
    (Kind::EqualHogs, [1.5, 7.0, 14.0, 2.0]),
    (Kind::UnequalHogs, [1.5, 8.0, 36.0, 4.0]),
    (Kind::LightAmongHogs, [2.0, 20.0, 25.0, 6.0]),
    (Kind::HeavyThreads, [6.0, 20.0, 43.0, 12.0]),
    (Kind::Caps, [2.0, 17.0, 77.0, 22.0]),
    (Kind::SmallCaps, [11.0, 31.0, 37.0, 5.0]),
    (Kind::Slow, [5.0, 26.0, 44.0, 16.0]),
    (Kind::Reset, [46.0, 225.0, 550.0, 47.5]),
    (Kind::Newcomer, [3.0, 35.0, 85.0, 13.0]),
];

/// 220 mixes with `FIVENINES_FULL=1`, else 33 of them.
#[test]
fn fluid_and_tick_differ_by_what_the_page_of_the_language_says() {
    let is_full = std::env::var_os("FIVENINES_FULL").is_some();
    let mut over = Vec::new();
    for (kind, bounds) in BOUNDS {
        let (mut all, mut of_server) = (Vec::new(), 0.0_f64);
        for seed in 0..if is_full { 20 } else { 3 } {
            let (relative, worst) = errors(&mix(kind, seed));
            all.extend(relative);
            of_server = of_server.max(worst);
        }
        all.sort_by(f64::total_cmp);
        let at = |p: usize| all[(all.len() - 1) * p / 100];
        let found = [at(50), at(95), at(100), of_server];
        println!("{kind:?}: {} values, {found:.1?}", all.len());
        // Quantiles of fewer mixes are others.
        let compared = if is_full { 0 } else { 2 };
        if found[compared..].iter().zip(&bounds[compared..]).any(|(found, bound)| found > bound) {
            over.push((kind, found));
        }
    }
    assert!(over.is_empty(), "{over:.1?}");
}
