//! B4: ten thousand servers over a hundred years, from `scenarios/oracles/b4-fleet.toml`, with the solver of the long
//! horizon. The same follows with the kernel's calendar, which serves every part that others depend on. Then ten
//! years of the tiers, with one and with two nets of faults.
//!
//! `cargo bench --bench years [b4|tiers [TIER]]`. Absolute rates depend on the machine.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench reads the wall clock"
)]

use std::path::Path;
use std::time::Instant;

use fivenines::measured::{
    Diagnostics, Document, Draft, Kernel, Lineage, Listener, Moved, Seed, SimTime, Source, Start,
    Watch, YearsPlan, plan_of_years, run_flows, run_years,
};

fn draft(path: &str) -> Draft {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut out = Diagnostics::new();
    let source = Source::read(&path, &mut out).expect("the scenario is shipped");
    let document = Document::parse(source, &mut out).expect("it is TOML");
    fivenines::measured::draft(&document, &mut out).expect("it makes sense")
}

/// Prints the rates of three seeds, and their median.
fn rates(name: &str, run: impl Fn(u64) -> (u64, f64)) {
    let mut rates: Vec<f64> = (0..3)
        .map(|seed| {
            let start = Instant::now();
            let (events, availability) = run(seed);
            let seconds = start.elapsed().as_secs_f64();
            let (rate, each) = (events as f64 / seconds, seconds * 1e9 / events as f64);
            println!("{name} seed {seed}: {rate:.3e} events/s, {each:.1} ns each, availability {availability:.7}");
            rate
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!("{name} median {:.4e} events/s", rates[1]);
}

/// Downtime of all servers.
struct Down {
    since: Vec<SimTime>,
    lost: u128,
    events: u64,
}

impl Listener for Down {
    fn moved(&mut self, moved: &Moved) {
        let since = &mut self.since[moved.automaton.index()];
        if *since != SimTime::NEVER {
            self.lost += u128::from(moved.at.since(*since).nanos());
            *since = SimTime::NEVER;
        } else {
            *since = moved.at;
        }
        self.events += 1;
    }
}

fn b4() {
    let plan = plan_of_years(&draft("scenarios/oracles/b4-fleet.toml"), &[]);
    let plan = plan.expect("something in it can fail");
    rates("b4", |seed| {
        let seen = run_flows(&plan, 0, seed, &[]).expect("time goes on");
        (seen.steps, 1.0 - seen.tallies[0].downtime_s() / plan.horizon.seconds())
    });
    let net = &plan.nets[0].net;
    let end = SimTime::ZERO + plan.horizon;
    rates("b4, by the calendar", |seed| {
        let lineage = Lineage::replication(seed);
        let mut kernel =
            Kernel::new(net, Seed(plan.seed.0), lineage, Start::New).expect("time goes on");
        let servers = net.automata().count();
        let mut down = Down { since: vec![SimTime::NEVER; servers], lost: 0, events: 0 };
        kernel.advance(end, &mut down).expect("time goes on");
        let last = down.since.iter().filter(|since| **since != SimTime::NEVER);
        let lost =
            down.lost + last.map(|since| u128::from(end.since(*since).nanos())).sum::<u128>();
        let all = servers as f64 * plan.horizon.seconds() * 1e9;
        (down.events, 1.0 - lost as f64 / all)
    });
}

/// Runs a thousand replications of ten years of a tier on one thread per core: with its first net, then also with the
/// net that leaves out shared causes.
fn tiers(only: Option<&str>) {
    let tiers =
        ["starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7", "tier-8"];
    for tier in tiers.into_iter().filter(|tier| only.is_none_or(|only| only == *tier)) {
        let draft = draft(&format!("scenarios/tiers/{tier}.toml"));
        for (what, nets) in [("", 1), (", and once more without what is common to all,", 2)] {
            let mut of = plan_of_years(&draft, &[]).expect("something in it can fail");
            of.nets.truncate(nets);
            let (replications, level) = ((1_000, 1_000), 0.95);
            let (precision, figures, kept) = (vec![], vec![], u64::MAX);
            let plan = YearsPlan { of, replications, precision, level, figures, kept };
            let start = Instant::now();
            let seen = run_years(&plan, &Watch::default()).expect("time goes on");
            println!(
                "{tier}: 1,000 x {:.0} years{what} in {:.2} s, {} steps",
                plan.of.horizon.seconds() / 31_536_000.0,
                start.elapsed().as_secs_f64(),
                seen.steps,
            );
        }
    }
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let wanted = |name: &str| filter.is_empty() || filter.starts_with('-') || filter == name;
    if wanted("b4") {
        b4();
    }
    if wanted("tiers") {
        let only = std::env::args().nth(2).filter(|only| !only.starts_with('-'));
        tiers(only.as_deref());
    }
}
