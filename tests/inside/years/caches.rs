//! An object cache is empty after a restart, over years as in `requests`, and fills by what it is asked.

use super::users::{all_by_flows, by_requests};
use crate::inside::faults::draft_or_complaints;
use crate::plan::availability::AvailabilityPlan;

/// Number of objects, all equally popular, all of which the cache holds: warm, it never misses.
const OBJECTS: f64 = 6_000.0;

/// Views that look up one object each, and read it from a database of one core, 20 ms per read, if they miss.
fn site(rate: f64, more: &str) -> String {
    format!(
        r#"
scenario = "caches"
format = 2
[run]
horizon = "1d"
seed = 7
[server.box]
count = 3
cores = 4
[server.db]
cores = 1
[zone.www]
on = ["box-1"]
[zone.memcache]
on = ["box-2"]
[zone.sql]
on = ["db"]
[service.app]
in = "www"
workers = 50
backlog = 1
[cache.objects]
in = "memcache"
objects = 6000
popularity = {{ zipf = 0, objects = 6000 }}
cpu = "0.1ms"
[database.mysql]
in = {{ primary = "sql" }}
connections = 100
read = {{ cpu = {{ dist = "exponential", mean = "20ms" }} }}
write = {{ cpu = "1ms" }}
restart = "1min"
[clients.public]
time-out = "20s"
[workload.visitors]
from = "public"
request = "page"
rate = "{rate}/s"
[request.page]
enter = "app"
steps = [ {{ cache = "objects", else = [ {{ call = "mysql", read = 1 }} ] }} ]
{more}
"#
    )
}

/// The cache is warm for hours before it crashes.
const CRASH: &str =
    "[fault.dead]\nhits = \"cache.objects\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"40s\"\n";
/// A server that carries nothing.
const SPARE: &str =
    "[fault.spare]\nhits = \"box-3\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"40s\"\n";
const FLUSH: &str = "[fault.flush]\nhits = \"cache.objects\"\nhow = \"cache-lost\"\nat = \"1h\"\n";

fn lost(text: &str, mutate: impl Fn(&mut AvailabilityPlan)) -> f64 {
    all_by_flows(text, mutate).1.classes[0].lost.iter().sum()
}

/// Seconds for which the processor of the database is busy over the day.
fn busy(text: &str) -> f64 {
    let ([_, resources], tally) = all_by_flows(text, |_| {});
    tally.busy[resources.iter().position(|name| name == "sql-1.cpu").unwrap()] * 86_400.0
}

fn no_warm_up(plan: &mut AvailabilityPlan) {
    let memories = &mut plan.fluid.as_mut().unwrap().network.memories;
    memories.iter_mut().for_each(|memory| memory.steps.clear());
}

/// At a rate that the database carries, each object is read once more after the crash, and every look-up while the cache
/// is down: (40 s × rate + 6,000) × 20 ms. It does not matter how long the cache takes to fill.
#[test]
fn a_cache_that_restarts_reads_each_object_once_more() {
    for rate in [10.0, 40.0] {
        let seconds = busy(&site(rate, CRASH)) - busy(&site(rate, SPARE));
        let expected = (40.0 * rate + OBJECTS) * 0.02;
        assert!((seconds / expected - 1.0).abs() < 0.005, "{seconds} s against {expected} s");
    }
}

/// 200 views per second before a database for C = 50. While the cache is down 150/s are lost, for 40 s. Then a share m of
/// the look-ups misses, and C/m of the views are served. Each miss brings an object, so m falls by C/6,000 per second, from 1
/// to 1/4 in 90 s. The views lost meanwhile are ∫ (200 − C/m) dt = 6,000 (3 − ln 4) = 9,682, less 51 that stand in the
/// queue and are served late. `requests` loses 1 to 3 % more, near the limit.
#[test]
fn a_cold_cache_overloads_what_is_behind_it_over_years_too() {
    let (ratio, down) = (4.0, 40.0 * 150.0);
    let fills = OBJECTS * (ratio - 1.0 - libm::log(ratio)) - 51.0;
    for (fault, expected) in [(CRASH, down + fills), (FLUSH, fills)] {
        let text = site(200.0, fault);
        let years = lost(&text, |_| {});
        let [seen, ..] = by_requests(&text, (3_500.0, 4_200.0), 4);
        println!("years {years}, in closed form {expected}, requests {seen}");
        assert!((years / expected - 1.0).abs() < 0.01, "{years} against {expected}");
        assert!((years / seen - 1.0).abs() < 0.05, "{years} against {seen} in requests");
    }
}

/// 5,000 of 20,000 objects of unequal popularity, before a database for 100 reads per second. What 200 views per second lose
/// is summed up look-up by look-up: after n of them the share Σ p e^(−pn) misses, and 100 divided by it are served, until
/// the cache is full after 9,686 look-ups and 0.376 miss. That is 1,058 views, less 51 that stand in the queue and are served late; near the limit a
/// full queue refuses some more.
#[test]
fn a_cache_of_unequal_objects_fills_as_its_popularity_says() {
    let text = site(200.0, FLUSH)
        .replace("6000", "5000")
        .replace("zipf = 0, objects = 5000", "zipf = 0.8, objects = 20000")
        .replace("mean = \"20ms\"", "mean = \"10ms\"");
    let weights: Vec<f64> = (1..=20_000).map(|k| libm::pow(f64::from(k), -0.8)).collect();
    let all: f64 = weights.iter().sum();
    let step = 9_685.6 / 200.0;
    let lost_in = |k: u32| {
        let n = (f64::from(k) + 0.5) * step;
        let misses: f64 = weights.iter().map(|w| w / all * libm::exp(-w / all * n)).sum();
        let served = (100.0 / misses).min(200.0);
        (200.0 - served) * step / served
    };
    let expected: f64 = (0..200).map(lost_in).sum();
    assert!((expected / 1_058.0 - 1.0).abs() < 1e-3, "{expected}");
    let years = lost(&text, |_| {}) - lost(&text.replace(FLUSH, SPARE), |_| {});
    let requests = |text: &str| by_requests(text, (3_500.0, 3_800.0), 8)[0];
    let seen = requests(&text) - requests(&text.replace(FLUSH, SPARE));
    println!("years {years}, by quadrature {expected}, requests {seen}");
    let expected = expected - 51.0;
    assert!(years > expected && years < 1.05 * expected, "{years} against {expected}");
    assert!((years / seen - 1.0).abs() < 0.1, "{years} against {seen} in requests");
}

/// A solver that forgets the warm-up loses the 6,000 views of the 40 s alone.
pub fn assert_a_cache_that_is_warm_at_once_is_noticed() {
    let text = site(200.0, CRASH);
    let planted = lost(&text, no_warm_up);
    assert!((planted / 6_000.0 - 1.0).abs() < 0.03, "{planted}");
    assert!(lost(&text, |_| {}) > 2.0 * planted);
}

/// A crash of its server for 40 s empties the cache as one of its process does.
#[test]
fn the_server_of_a_cache_takes_its_content_along() {
    let server = CRASH.replace("cache.objects", "box-2");
    let [own, below] = [CRASH, &server].map(|fault| busy(&site(10.0, fault)));
    assert!((below - own).abs() < 1.0, "{below} s against {own} s");
    // Warm, it never misses.
    assert_eq!(busy(&site(10.0, SPARE)), 0.0);
}

/// A zone or a server that hangs for 40 s empties the cache as well: each object is read once more, after 400 look-ups that missed.
#[test]
fn what_hangs_below_a_cache_empties_it() {
    for below in ["memcache", "box-2"] {
        let fault = CRASH.replace("cache.objects", below).replace("crash", "hang");
        let seconds = busy(&site(10.0, &fault));
        assert!((seconds - (OBJECTS + 400.0) * 0.02).abs() < 1.0, "{below}: {seconds} s");
        let text = site(200.0, &fault);
        let years = lost(&text, |_| {});
        let [seen, ..] = by_requests(&text, (3_500.0, 4_200.0), 4);
        // Over years look-ups of a cache that hangs miss, and 150/s are lost; in `requests` no view goes on.
        let (years, seen) = (years - 40.0 * 150.0, seen - 40.0 * 200.0);
        assert!((years / seen - 1.0).abs() < 0.05, "{below}: {years} against {seen} in requests");
    }
}

/// A hit ratio of the file is no content, and is there at once after a restart. While the cache is down every look-up misses, 9 of 10 more
/// than before.
#[test]
fn a_cache_with_a_hit_ratio_finds_nothing_while_it_is_down() {
    let given = "hit = 0.9\n";
    let of = |fault: &str| {
        let text = site(10.0, fault);
        let (from, to) =
            (text.find("objects = 6000").unwrap(), text.find("cpu = \"0.1ms\"").unwrap());
        busy(&format!("{}{given}{}", &text[..from], &text[to..]))
    };
    // 10/s · 0.1 · 20 ms, up to the order of the sums, and 10/s · 0.9 · 20 ms for 40 s.
    for (fault, more) in [(CRASH, 0.18 * 40.0), (SPARE, 0.0)] {
        assert!((of(fault) / (0.02 * 86_400.0 + more) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_jump_out_of_a_miss_is_refused_over_years() {
    let text = site(10.0, CRASH).replace(
        "{ call = \"mysql\", read = 1 } ] } ]",
        "{ call = \"mysql\", read = 1 }, { goto = \"end\" } ] }, { delay = \"1ms\" }, { delay = \"1ms\", label = \"end\" } ]",
    );
    let complaints = draft_or_complaints(&text).err().unwrap();
    assert!(complaints.contains("`goto` out of the steps of a miss"), "{complaints}");
    let windows = "[window.one]\nlength = \"1min\"\n";
    let alone = text.replace("horizon = \"1d\"\n", "");
    assert!(draft_or_complaints(&format!("{alone}{windows}")).is_ok());
}
