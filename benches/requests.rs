//! B3 and B5: the three-tier web service of `scenarios/oracles/b3-web-service.toml`, from the text of the scenario
//! through the `requests` solver with its normal ledgers.
//!
//! `cargo bench --bench requests [b3|b5|tiers]` prints work per second. Absolute rates depend on the machine; the
//! ratio to a dedicated loop measured in the same hour does not.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench reads the wall clock"
)]

use std::path::Path;
use std::time::Instant;

use fivenines::measured::{
    Blueprint, Choices, Diagnostics, Document, SimDuration, Source, StudyPlan, Window, compile,
    draft, prepare, run_requests,
};
use rayon::prelude::*;

fn load(path: &str) -> (Blueprint, StudyPlan) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut out = Diagnostics::new();
    let source = Source::read(&path, &mut out).expect("the scenario is shipped");
    let document = Document::parse(source, &mut out).expect("it is TOML");
    let draft = draft(&document, &mut out).expect("it makes sense");
    let folder = path.parent().expect("a file has a folder");
    let blueprint = compile(&draft, folder, &mut out);
    let study = prepare(&draft, &blueprint, Choices::default(), &mut out);
    assert!(!out.has_errors());
    (blueprint, study)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn b3(plan: &Blueprint, window: &Window) {
    let mut rates = Vec::new();
    for replication in 0..3 {
        let start = Instant::now();
        let seen = run_requests(plan, window, replication).expect("its ledgers close");
        let seconds = start.elapsed().as_secs_f64();
        let latency = &seen.record.classes[0].latency;
        rates.push(latency.count() as f64 / seconds);
        println!(
            "b3   seed {replication}: {:.3e} requests/s, {:.1} ns an event, mean {:.3} ms",
            latency.count() as f64 / seconds,
            seconds * 1e9 / (2.7 * latency.count() as f64),
            latency.mean().unwrap_or(0.0) / 1e6
        );
    }
    println!("b3   median {:.4e} requests/s", median(rates));
}

fn b5(plan: &Blueprint, window: &Window) {
    let window = Window { length: SimDuration::from_secs(100), ..window.clone() };
    let mut of_threads = Vec::new();
    for threads in [1, 2] {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        let start = Instant::now();
        let runs: Vec<(u64, f64, u64)> = pool.install(|| {
            (0..64_u32)
                .into_par_iter()
                .with_max_len(1)
                .map(|k| {
                    let seen = run_requests(plan, &window, 1_000 + u64::from(k))
                        .expect("its ledgers close");
                    let latency = &seen.record.classes[0].latency;
                    (latency.count(), latency.mean().unwrap_or(0.0), seen.digest)
                })
                .collect()
        });
        let seconds = start.elapsed().as_secs_f64();
        let requests: u64 = runs.iter().map(|run| run.0).sum();
        println!("b5/{threads} {:.4e} requests/s", requests as f64 / seconds);
        of_threads.push((requests as f64 / seconds, runs));
    }
    let speed_up = of_threads[1].0 / of_threads[0].0;
    let same = of_threads[0].1 == of_threads[1].1;
    println!("b5   speed-up {speed_up:.2}, same bits on 1 and 2 threads: {same}");
    assert!(same);
}

fn tiers() {
    for tier in ["starter", "tier-1"] {
        let (plan, study) = load(&format!("scenarios/tiers/{tier}.toml"));
        for asked in &study.windows {
            let start = Instant::now();
            let seen = run_requests(&plan, &asked.window, 0).expect("its ledgers close");
            let seconds = start.elapsed().as_secs_f64();
            let attempts: u64 = seen.record.classes.iter().map(|c| c.attempts.begun).sum();
            println!(
                "{tier} @{}: {:.3e} requests/s, {:.3e} events/s, {:.0} ns an event",
                asked.window.name,
                attempts as f64 / seconds,
                seen.events as f64 / seconds,
                seconds * 1e9 / seen.events as f64
            );
        }
    }
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let wanted = |name: &str| filter.is_empty() || filter.starts_with('-') || filter == name;
    let (plan, study) = load("scenarios/oracles/b3-web-service.toml");
    let window = &study.windows[0].window;
    if wanted("b3") {
        b3(&plan, window);
    }
    if wanted("b5") {
        b5(&plan, window);
    }
    if wanted("tiers") {
        tiers();
    }
}
