//! B4: ten thousand servers over a hundred years, from `scenarios/oracles/b4-fleet.toml` through the
//! solver of years; the same by the kernel's calendar, as every part goes that others look at; and ten
//! years of tiers.
//!
//! `cargo bench --bench years [b4|tiers]`. Absolute rates mean nothing on another machine.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench reads the wall clock"
)]

use std::path::Path;
use std::time::Instant;

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Kernel, Listener, Moved, Start};
use fivenines::plan;
use fivenines::plan::availability::{self, AvailabilityPlan};
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::source::Source;
use fivenines::solve::flows;
use fivenines::solve::fluid::{Known, Memo};
use fivenines::units::SimTime;

fn load(path: &str) -> AvailabilityPlan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut out = Diagnostics::new();
    let source = Source::read(&path, &mut out).expect("the scenario is shipped");
    let document = Document::parse(source, &mut out).expect("it is TOML");
    let draft = plan::draft(&document, &mut out).expect("it makes sense");
    availability::plan(&draft, &[]).expect("something in it can fail")
}

/// Rates of three seeds, and their median.
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

/// Down and up again, of all.
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
    let plan = load("scenarios/oracles/b4-fleet.toml");
    rates("b4", |seed| {
        let seen = flows::run(&plan, 0, seed, &[]).expect("time goes on");
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

fn tiers() {
    for tier in ["starter", "tier-3", "tier-5", "tier-8"] {
        let plan = load(&format!("scenarios/tiers/{tier}.toml"));
        let Some(fluid) = plan.fluid.as_ref() else { continue };
        let known = Known::default();
        let start = Instant::now();
        let mut memo = Memo::new(fluid, &known);
        let mut steps = 0;
        for replication in 0..100 {
            let seen = flows::run_with_traffic(&plan, 0, replication, &[], &mut memo);
            steps += seen.expect("time goes on").steps;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{tier}: {:.0} years/s on one thread, {:.0} ns a step",
            100.0 * plan.horizon.seconds() / 31_536_000.0 / seconds,
            seconds * 1e9 / steps as f64
        );
    }
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let wanted = |name: &str| filter.is_empty() || filter.starts_with('-') || filter == name;
    if wanted("b4") {
        b4();
    }
    if wanted("tiers") {
        tiers();
    }
}
