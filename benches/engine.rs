//! The bare engine: the hold model (B1) and one queue with one server (B2).
//!
//! `cargo bench --bench engine [filter]` prints work per CPU second, the median of three runs, with a check of the
//! answer. Samples come from the engine's own keyed generator and its portable inversion, as in a simulation.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::OnceLock;

use fivenines::measured::{Calendar, Draws, Key, Law, Lineage, Seed};

/// Runs of each benchmark; the seeds are 0, 1, 2.
const RUNS: u64 = 3;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    println!("{:10} {:>12} {:>8}   check", "bench", "work/s", "ns");
    for (pending, steps) in [(100, 20_000_000), (10_000, 10_000_000), (1_000_000, 4_000_000)] {
        let name = format!("b1/{pending}");
        if wanted(&name) {
            report(&name, steps, |seed| hold_model(pending, steps, seed));
        }
    }
    if wanted("b2") {
        report("b2", 5_000_000, |seed| single_server(5_000_000, seed));
    }
    if wanted("draw") {
        report("draw", 50_000_000, |seed| draws(50_000_000, seed));
        report("draw-exp", 50_000_000, |seed| keyed_durations(50_000_000, seed));
        report("draw-all", 50_000_000, |seed| ordered_durations(50_000_000, seed));
    }
    for (name, law) in laws().into_iter().filter(|_| wanted("law")) {
        report(name, 200_000, |seed| samples(&law, 200_000, seed));
    }
}

fn key(purpose: &str, seed: u64) -> Key {
    Key::derive(Seed(seed), Lineage::replication(0), purpose, "bench")
}

fn exponential(mean_s: f64, key: Key) -> Draws {
    let law = Law::exponential(mean_s).expect("the benchmarks' means are above zero");
    Draws::new(law.sampler(), key)
}

/// B1: `pending` events; each is scheduled again when it occurs.
fn hold_model(pending: u32, steps: u64, seed: u64) -> String {
    let mut delays = exponential(1.0, key("delay", seed));
    let mut calendar = Calendar::with_capacity(pending as usize);
    for id in 0..pending {
        calendar.push(calendar.now() + delays.duration(), id);
    }
    let mut checksum = 0_u64;
    for _ in 0..steps {
        let due = calendar.pop().expect("the hold model never runs empty");
        checksum = checksum.rotate_left(5) ^ u64::from(due.code);
        calendar.push(due.at + delays.duration(), due.code);
    }
    let ratio = calendar.now().seconds() * f64::from(pending) / steps as f64;
    format!("T*N/M={ratio:.5} checksum={checksum:016x}")
}

/// B2: arrivals and one first-come-first-served server at a utilisation of 90 %.
fn single_server(customers: u64, seed: u64) -> String {
    const ARRIVAL: u32 = 0;
    const DEPARTURE: u32 = 1;
    let mut gaps = exponential(1.0 / 0.9, key("gap", seed));
    let mut services = exponential(1.0, key("service", seed));
    let mut calendar = Calendar::new();
    let mut line = VecDeque::new();
    let (mut arrived, mut busy, mut waited) = (0, false, 0_u128);
    calendar.push(calendar.now() + gaps.duration(), ARRIVAL);
    while let Some(due) = calendar.pop() {
        if due.code == ARRIVAL {
            arrived += 1;
            if arrived < customers {
                calendar.push(due.at + gaps.duration(), ARRIVAL);
            }
            if busy {
                line.push_back(due.at);
                continue;
            }
            busy = true;
        } else if let Some(arrival) = line.pop_front() {
            waited += u128::from((due.at - arrival).nanos());
        } else {
            busy = false;
            continue;
        }
        calendar.push(due.at + services.duration(), DEPARTURE);
    }
    format!("Wq={:.4}", waited as f64 * 1e-9 / customers as f64)
}

/// Cost of one keyed uniform number.
fn draws(count: u64, seed: u64) -> String {
    let key = key("uniform", seed);
    let sum: f64 = (0..count).map(|ordinal| key.uniform(ordinal, 0)).sum();
    format!("mean={:.5}", sum / count as f64)
}

/// Cost of one keyed exponential duration, in random access.
fn keyed_durations(count: u64, seed: u64) -> String {
    let key = key("exponential", seed);
    let sampler = Law::exponential(1.0).expect("one is above zero").sampler();
    let draw = |ordinal| sampler.duration(key.uniform(ordinal, 0)).nanos();
    let sum: u64 = (0..count).map(draw).sum();
    format!("mean_s={:.5}", sum as f64 * 1e-9 / count as f64)
}

/// Cost of one exponential duration, sampled in order.
fn ordered_durations(count: u64, seed: u64) -> String {
    let mut draws = exponential(1.0, key("exponential", seed));
    let sum: u64 = (0..count).map(|_| draws.duration().nanos()).sum();
    format!("mean_s={:.5}", sum as f64 * 1e-9 / count as f64)
}

/// Returns the CPU time of this process from the kernel's accounting, which other load disturbs less; wall time if
/// there is none.
#[allow(clippy::disallowed_types)] // a benchmark is about wall time
fn cpu_seconds() -> f64 {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let account = std::fs::read_to_string("/proc/self/schedstat").ok();
    match account.as_deref().and_then(|text| text.split(' ').next()?.parse::<u64>().ok()) {
        Some(nanos) => nanos as f64 * 1e-9,
        None => START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64(),
    }
}

/// Returns distributions whose inversion is more than a formula, and the exponential one.
fn laws() -> Vec<(&'static str, Law)> {
    let repair = |mean_s, cv| Law::lognormal(mean_s, cv).expect("a mean and a cv above zero");
    let mixture = Law::mixture(vec![(0.85, repair(300.0, 0.8)), (0.15, repair(14_400.0, 1.25))]);
    [
        ("exponential", Law::exponential(1.0)),
        ("lognormal", Law::lognormal(1.0, 1.2)),
        ("weibull", Law::weibull(1.0, 1.2)),
        ("normal", Law::normal(1.0, 0.3)),
        ("gamma", Law::gamma(1.0, 0.7)),
        ("erlang", Law::erlang(1.0, 4)),
        ("hyperexp", Law::hyperexponential(1.0, 2.0)),
        ("mixture", mixture),
        ("poisson", Law::poisson(20.0)),
    ]
    .map(|(name, law)| (name, law.expect("the benchmarks' parameters are possible")))
    .into()
}

/// Cost of one draw of `law`.
fn samples(law: &Law, count: u64, seed: u64) -> String {
    let (key, sampler) = (key("law", seed), law.sampler());
    let sum: f64 = (0..count).map(|ordinal| sampler.sample(key.uniform(ordinal, 0))).sum();
    format!("mean={:.4} of {:.4}", sum / count as f64, law.mean())
}

/// Prints the median rate of [`RUNS`] runs.
fn report(name: &str, work: u64, run: impl Fn(u64) -> String) {
    let mut seconds = Vec::new();
    let mut check = String::new();
    for seed in 0..RUNS {
        let start = cpu_seconds();
        let answer = black_box(run(black_box(seed)));
        seconds.push(cpu_seconds() - start);
        if seed == 0 {
            check = answer;
        }
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    println!(
        "{name:10} {:12.4e} {:8.2}   {check}",
        work as f64 / median,
        median * 1e9 / work as f64
    );
}
