//! Promise: a demand of several threads is worked on by several cores at once, and shares its zone with others as
//! one demand.

use crate::inside::common::read;
use crate::inside::faults::{drafted, observed};
use crate::inside::oracles::{assert_all_hold, own_rows};

use std::path::Path;

use fivenines::plan::lint::lint;
use fivenines::plan::load;
use fivenines::scenario::diagnostic::Diagnostics;

/// A zone of `cores` with a service, and classes with their rate, law of work and threads.
fn zone(cores: u32, classes: &[(&str, f64, &str, u32)]) -> String {
    let mut text = format!(
        "scenario = \"threads\"\n[server.box]\ncores = {cores}\nmemory = \"8GiB\"\n\
         [zone.web]\non = [\"box-1\"]\nmemory = \"4GiB\"\n\
         [service.app]\nin = \"web\"\nworkers = \"unlimited\"\n"
    );
    for (name, rate, work, threads) in classes {
        text.push_str(&format!(
            "[workload.{name}s]\nrequest = \"{name}\"\nrate = \"{rate}/s\"\n\
             [request.{name}]\nenter = \"app\"\ndemands = {{ work = {work} }}\n\
             steps = [ {{ cpu = \"app\", demand = \"work\", threads = {threads} }} ]\n"
        ));
    }
    text
}

fn exponential(mean: &str) -> String {
    format!("{{ dist = \"exponential\", mean = \"{mean}\" }}")
}

/// One request with one of `threads` on four cores: 100 ms of work, in the fewest nanoseconds.
#[test]
fn a_demand_alone_takes_its_work_over_its_cores() {
    for (threads, least) in [(1, 100), (2, 50), (3, 33), (4, 25), (8, 25)] {
        let seen = observed(&zone(4, &[("job", 0.01, "\"100ms\"", threads)]), 0.0, 1_000.0);
        let min = seen.record.classes[0].latency.min().unwrap();
        assert_eq!(min / 1_000_000, least, "{threads} threads");
    }
}

/// Four threads on four cores are one thread on a core four times as fast: the same requests, each as
/// long but for the rounding of its work to whole nanoseconds.
#[test]
fn four_threads_on_four_cores_are_one_on_a_core_four_times_as_fast() {
    let (slow, fast) = (exponential("10ms"), exponential("2.5ms"));
    let wide = observed(&zone(4, &[("job", 320.0, &slow, 4)]), 0.0, 200.0);
    let single = observed(&zone(1, &[("job", 320.0, &fast, 1)]), 0.0, 200.0);
    let [wide, single] = [&wide, &single].map(|seen| &seen.record.classes[0]);
    assert_eq!(wide.attempts.begun, single.attempts.begun);
    assert_eq!(wide.latency.count(), single.latency.count());
    let sums = [wide, single].map(|class| class.latency.sum() as f64);
    assert!((sums[0] / sums[1] - 1.0).abs() < 1e-6, "{sums:?}");
}

/// Runs a text and judges what is expected of it: figures, values and margins.
fn judged(text: &str, expected: &[(&str, String, &str)]) {
    let mut text = format!(
        "format = 2\n{text}[run]\nseed = 7\nreplications = 16\nconfidence = 0.999\n\
         [window.steady]\nwarm-up = \"10s\"\nlength = \"200s\"\n"
    );
    for (figure, value, margin) in expected {
        text.push_str(&format!(
            "[[expect]]\nfigure = \"{figure}\"\nis = \"{value} +- {margin}\"\n"
        ));
    }
    let loaded = read(&text, Path::new(".")).unwrap_or_else(|wrong| panic!("{wrong}"));
    let rows = own_rows(&loaded);
    rows.iter().for_each(|row| println!("{row}"));
    assert_all_hold("threads", &rows);
}

/// On one core threads are of no use, and no weight: processor sharing, whatever the threads.
#[test]
fn on_one_core_threads_are_no_weight() {
    let (mean, rates) = (0.01, [40.0, 30.0]);
    let sojourn = mean / (1.0 - (rates[0] + rates[1]) * mean);
    let work = exponential("10ms");
    let text = zone(1, &[("narrow", rates[0], &work, 1), ("wide", rates[1], &work, 4)]);
    judged(
        &text,
        &[
            ("latency.narrow.mean@steady", format!("{sojourn}s"), "6%"),
            ("latency.wide.mean@steady", format!("{sojourn}s"), "6%"),
        ],
    );
}

/// Mean numbers of both classes of a zone of `cores`, with `threads` of each, the narrow ones first, from the stationary
/// distribution of the chain of both numbers, up to `most` of each.
fn numbers(cores: f64, threads: [f64; 2], rates: [f64; 2], ends: f64, most: usize) -> [f64; 2] {
    let size = most + 1;
    // Max-min: the narrow ones have at most an equal part, the wide ones what is left.
    let departs = |a: usize, b: usize| {
        let (a, b) = (a as f64, b as f64);
        let narrow = a * threads[0].min(cores / (a + b).max(1.0));
        let wide = (b * threads[1]).min(cores - narrow);
        [narrow * ends, wide * ends]
    };
    let start = |place: usize| libm::pow(0.3, (place / size + place % size) as f64);
    let mut chance: Vec<f64> = (0..size * size).map(start).collect();
    for sweep in 0..200 {
        for place in 0..size * size {
            let place = if sweep % 2 == 0 { place } else { size * size - 1 - place };
            let (a, b) = (place / size, place % size);
            let (go, mut come) = (departs(a, b), 0.0);
            let mut out = go[0] + go[1];
            if a < most {
                out += rates[0];
                come += chance[(a + 1) * size + b] * departs(a + 1, b)[0];
            }
            if b < most {
                out += rates[1];
                come += chance[a * size + b + 1] * departs(a, b + 1)[1];
            }
            if a > 0 {
                come += chance[(a - 1) * size + b] * rates[0];
            }
            if b > 0 {
                come += chance[a * size + b - 1] * rates[1];
            }
            chance[a * size + b] = come / out;
        }
        let sum: f64 = chance.iter().sum();
        chance.iter_mut().for_each(|one| *one /= sum);
    }
    let mut means = [0.0; 2];
    for a in 0..size {
        for b in 0..size {
            means[0] += a as f64 * chance[a * size + b];
            means[1] += b as f64 * chance[a * size + b];
        }
    }
    means
}

/// One thread and four threads per request on four cores, at 60 %: the chain of both numbers.
#[test]
fn wide_and_narrow_demands_share_four_cores_max_min() {
    let rates = [120.0, 120.0];
    // Equal widths are M/M/4 (Erlang C at 2.4 of 4 cores) and M/M/1 (0.6 / 0.4).
    let same = numbers(4.0, [1.0, 1.0], rates, 100.0, 40);
    assert!((same[0] + same[1] - 2.830_565).abs() < 1e-5, "{same:?}");
    let same = numbers(4.0, [4.0, 4.0], rates, 100.0, 40);
    assert!((same[0] + same[1] - 1.5).abs() < 1e-5, "{same:?}");
    let means = numbers(4.0, [1.0, 4.0], rates, 100.0, 40);
    let work = exponential("10ms");
    let text = zone(4, &[("narrow", rates[0], &work, 1), ("wide", rates[1], &work, 4)]);
    judged(
        &text,
        &[
            ("latency.narrow.mean@steady", format!("{}s", means[0] / rates[0]), "3%"),
            ("latency.wide.mean@steady", format!("{}s", means[1] / rates[1]), "3%"),
            ("utilization.web-1.cpu@steady", 0.6.to_string(), "2%"),
        ],
    );
}

/// What a class is offered is processor time, however many threads do it; users who wait for it wait less.
#[test]
fn threads_move_no_load_and_shorten_the_least_time() {
    let users = |threads: u32| {
        let text = zone(4, &[("job", 1.0, "\"120ms\"", threads)]);
        drafted(&text.replace("rate = \"1/s\"", "users = 5\nthink = \"1s\""))
    };
    for (threads, least) in [(1, 0.12), (3, 0.04), (4, 0.03), (9, 0.03)] {
        let draft = users(threads);
        let [(_, bounds)] = &load::closed::all(&draft)[..] else { panic!("one workload") };
        assert!((bounds.cycle_s - 1.0 - least).abs() < 1e-12, "{threads}: {bounds:?}");
        assert!((bounds.max_throughput() - 4.0 / 0.12).abs() < 1e-9, "{bounds:?}");
        let all = load::offered(&draft, &[10.0]);
        let cpu = all.iter().find(|one| one.name == "web-1.cpu").unwrap();
        assert!((cpu.per_second - 1.2).abs() < 1e-12, "{cpu:?}");
    }
}

/// No thread is refused; more of them than there are cores are doubtful.
#[test]
fn threads_that_have_no_core_are_warned_of() {
    let draft = |cores: u32, threads: u32| zone(cores, &[("job", 1.0, "\"10ms\"", threads)]);
    let warned = |text: &str| -> Vec<String> {
        let mut out = Diagnostics::new();
        lint(&drafted(text), &mut out);
        let all = out.sorted().into_iter().map(|one| format!("{} {}", one.code.id(), one.message));
        all.filter(|one| one.starts_with("W1302")).collect()
    };
    assert_eq!(warned(&draft(4, 4)), Vec::<String>::new());
    let more = warned(&draft(4, 5));
    assert!(more[0].ends_with("no member of `app` has cores for more than 4"), "{more:?}");
    let capped = draft(4, 4).replace("[service.app]", "cpu = { cap = 2.5 }\n[service.app]");
    assert_eq!(warned(&capped).len(), 1);
    assert_eq!(warned(&capped.replace("threads = 4", "threads = 3")), Vec::<String>::new());
    let none = format!("format = 2\n{}[window.w]\nlength = \"1s\"\n", draft(4, 0));
    let wrong = read(&none, Path::new(".")).err().unwrap_or_default();
    assert!(wrong.contains("E0501") && wrong.contains("threads"), "{wrong}");
}

/// Promise K11: a panic in a replication knows window and replication, on the thread it happens.
#[test]
fn a_panic_in_a_replication_knows_where_it_is() {
    use fivenines::model::ids::ClassId;
    use fivenines::study::{underway, window, window::Watch};
    use std::sync::{Arc, Mutex};
    let mut loaded = crate::inside::common::load("tiers/starter.toml");
    // A table that leads nowhere: no scenario can make one.
    loaded.plan.workloads[0].class = ClassId(u16::MAX);
    let mut asked = loaded.study.windows[1].clone();
    asked.window.name = "planted".into();
    asked.replications = (2, 2);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (heard, before) = (Arc::clone(&seen), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        let now = underway::now();
        if now.contains("planted") { heard.lock().unwrap().push(now) } else { before(info) }
    }));
    let run = || window::run(&loaded.plan, &asked, &Watch::default()).map(|_| ());
    let fallen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    drop(std::panic::take_hook());
    assert!(fallen.is_err());
    let seen = seen.lock().unwrap();
    let expected = ["window planted, replication 0", "window planted, replication 1"];
    assert!(!seen.is_empty() && seen.iter().all(|at| expected.contains(&at.as_str())), "{seen:?}");
}
