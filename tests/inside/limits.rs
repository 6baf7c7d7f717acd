//! Promise: a capacity can be judged and made precise like any figure; where it is but a bound that
//! is said, and its interval reaches over what was not looked at.

use std::path::Path;

use fivenines::study::capacity::CapacityResult;
use fivenines::study::expect::Verdict;
use fivenines::study::results::{Carries, Results, gather};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::Estimate;

use crate::inside::common::{Loaded, read};

/// A station with one class, its objective, and what is asked of its capacity.
fn scenario(station: &str, bound: &str, precision: &str, expected: &[&str]) -> String {
    let expected = expected.iter().map(|is| {
        format!("[[expect]]\nfigure = \"capacity.page[objective=p95]\"\nis = \"{is}\"\n")
    });
    format!(
        r#"
scenario = "limits"
[run]
replications = {{ min = 10, max = 60 }}
precision = {{ {precision} }}
[window.some]
level = "10/s"
length = "10s"
{station}
[workload.visitors]
request = "page"
rate = "10/s"
[request.page]
steps = [ {{ visit = "web" }} ]
[objective.page]
latency = {{ p95 = "{bound}" }}
{}"#,
        expected.collect::<String>()
    )
}

/// M/M/1: service 10 ms, p95 = ln 20 / (100 − λ) is 0.15 s at λ = 80.03/s.
const ONE: &str =
    "[station.web]\nservers = 1\nservice = { dist = \"exponential\", mean = \"10ms\" }";
const TRUTH: f64 = 100.0 - 2.995_732_273_553_991 / 0.15;

fn loaded(text: &str) -> Loaded {
    read(text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn lived(text: &str) -> (StudyResult, Results) {
    let loaded = loaded(text);
    let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let results = gather(&loaded.draft, &loaded.plan, &loaded.study, &result);
    (result, results)
}

fn found(result: &StudyResult) -> &CapacityResult {
    result.capacities[0].as_ref().expect("no signal stops it")
}

/// The formula's rate is held, one far off is not, and a bound inside the interval is undecided.
#[test]
fn a_capacity_is_judged_by_the_search_for_it() {
    let is = format!("within 10% of {TRUTH}/s");
    let (result, results) = lived(&scenario(ONE, "150ms", "", &[&is]));
    assert_eq!(result.judgements, [Verdict::Holds]);
    for is in ["> 95/s", "< 60/s"] {
        let (result, _) = lived(&scenario(ONE, "150ms", "", &[is]));
        assert_eq!(result.judgements, [Verdict::Fails], "{is}");
    }
    let row = &results.expectations[0];
    assert_eq!(row.path, "capacity.page[objective=p95]");
    let Estimate::Interval(interval) = &row.estimate else { panic!("{row:?}") };
    assert!(interval.contains(TRUTH), "{interval} of {TRUTH}");
    let middle = format!("< {}/s", interval.estimate);
    let (again, _) = lived(&scenario(ONE, "150ms", "", &[&middle]));
    assert_eq!(again.judgements, [Verdict::Inconclusive]);
}

/// Service alone takes 10 ms: 5 ms are never met, and nothing is said for or against.
#[test]
fn a_capacity_that_is_but_a_bound_is_undecided_and_says_why() {
    let station = "[station.web]\nservers = 1\nservice = \"10ms\"";
    let (result, results) = lived(&scenario(station, "5ms", "", &["> 1/s", "< 50/s"]));
    assert!(matches!(found(&result).carries, Carries::Below(_)), "{:?}", found(&result).carries);
    assert_eq!(result.judgements, [Verdict::Inconclusive; 2]);
    for row in &results.expectations {
        let Estimate::Missing(why) = &row.estimate else { panic!("{row:?}") };
        assert!(why.to_string().contains("the smallest rate tried"), "{why}");
    }
    let text = format!("{}", fivenines::report::run::files::summary(&results));
    assert!(text.contains("the smallest rate tried"), "{text}");
}

/// M/M/1: service 200 ms, p95 = ln 20 / (5 − λ) is 0.7 s at λ = 0.72/s. Three minutes bring 130 requests, and a percentile takes 200.
#[test]
fn a_rate_that_brings_few_requests_is_not_too_slow() {
    let slow = "[station.web]\nservers = 1\nservice = { dist = \"exponential\", mean = \"200ms\" }";
    let (result, _) = lived(&scenario(slow, "700ms", "", &[]));
    let carries = &found(&result).carries;
    let Carries::Rate(Estimate::Interval(interval)) = carries else { panic!("{carries:?}") };
    let truth = 5.0 - 2.995_732_273_553_991 / 0.7;
    // Of 400 requests the p95 is known to a sixth, and so is 5 − λ.
    assert!((interval.estimate - truth).abs() < 0.5, "{interval} of {truth}");
}

/// More replications until the half-width is 1.5 % of the capacity, at fixed looks; without it until it is
/// 3 %, and six are the fewest.
#[test]
fn a_capacity_is_made_as_precise_as_asked() {
    let (coarse, _) = lived(&scenario(ONE, "150ms", "", &[]));
    let first = found(&coarse).each.len();
    assert!([6, 8, 10, 13, 16].contains(&first), "{first}");
    let Carries::Rate(Estimate::Interval(interval)) = &found(&coarse).carries else { panic!() };
    assert!(interval.relative_half_width().unwrap() <= 0.03, "{interval}");
    let asked = "\"capacity.page[objective=p95]\" = \"1.5%\"";
    let (fine, _) = lived(&scenario(ONE, "150ms", asked, &[]));
    let Carries::Rate(Estimate::Interval(interval)) = &found(&fine).carries else { panic!() };
    let runs = found(&fine).each.len();
    println!("{interval} with {runs} runs");
    assert!([6, 8, 10, 13, 17, 22, 28, 35, 44, 55, 60].contains(&runs), "{runs}");
    assert!(interval.relative_half_width().unwrap() <= 0.015 || runs == 60, "{interval}");
    assert!(interval.contains(TRUTH), "{interval} of {TRUTH}");
    // The first are those of the coarse one: of both the capacities lie as close as lines do.
    for (a, b) in found(&coarse).each.iter().zip(&found(&fine).each) {
        assert!((a.rate / b.rate - 1.0).abs() < 0.04, "{a:?} {b:?}");
    }
}

/// Erlang's loss formula: n servers of one second without a line turn this share away at a rate.
fn erlang_b(servers: u32, rate: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| rate * blocked / (f64::from(n) + rate * blocked))
}

/// Fifty servers without a line lose 1 % at 37.9/s by Erlang's formula and are never slow: what ends
/// it is the share lost. Some is lost at the lower rates too, so that each run reads it off a line; the
/// interval holds the truth, and is as narrow as that of a latency.
#[test]
fn a_capacity_that_ends_with_lost_views_is_known_as_well() {
    let station = "[station.web]\nservers = 50\nlimit = 50\n\
                   service = { dist = \"exponential\", mean = \"1s\" }";
    let (mut low, mut high) = (30.0, 45.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if erlang_b(50, middle) < 0.01 { low = middle } else { high = middle }
    }
    assert!((low - 37.9_f64).abs() < 0.01, "{low}");
    let (result, results) = lived(&scenario(station, "10s", "", &["> 20/s"]));
    let found = found(&result);
    let Carries::Rate(Estimate::Interval(interval)) = &found.carries else { panic!("{found:?}") };
    println!("{interval} of {low}");
    assert!(found.each.iter().all(|one| one.lost && !one.is_open()), "{:?}", found.each);
    assert!(interval.relative_half_width().unwrap() <= 0.03, "{interval}");
    assert!(interval.contains(low), "{interval} of {low}");
    assert_eq!(result.judgements, [Verdict::Holds]);
    let text = format!("{}", fivenines::report::run::files::summary(&results));
    assert!(text.contains("\"bounded_by\":\"views lost\""), "{text}");
}

/// What cannot be looked for is refused with what to write.
#[test]
fn a_capacity_that_nobody_looks_for_is_refused() {
    let refused = |path: &str, words: &[&str]| {
        let text = scenario(ONE, "150ms", "", &["> 1/s"]);
        let text = text.replace("capacity.page[objective=p95]", path);
        let said = read(&text, Path::new(".")).err().expect("it must be refused");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(said.contains(word), "`{word}` is not in {said}");
        }
    };
    refused("capacity.page", &["E0414", "capacity.page[objective=p95]"]);
    refused("capacity.page.p99", &["E0414", "capacity.page[objective=p99]"]);
    refused("capacity.page[objective=p95]@some", &["E0414", "of no window"]);
    refused("capacity.page[objective=p99]", &["E0414", "is not searched for", "latency"]);
    refused("capacity.other[objective=p95]", &["E0414", "[objective.other]"]);
    let closed = scenario(ONE, "150ms", "", &["> 1/s"]).replace("level = \"10/s\"\n", "");
    let said = read(&closed, Path::new(".")).err().expect("no window has a level");
    assert!(said.contains("is not searched for"), "{said}");
}

/// What each replication carries is the rate that came in it: runs of an M/M/1 queue whose busy and quiet
/// minutes differ by half agree better in what came than in what was asked for.
#[test]
fn a_capacity_does_not_rest_on_the_rate_that_was_drawn() {
    let arrivals =
        "arrivals = { process = \"mmpp\", factors = [0.8, 1.2], sojourns = [\"60s\", \"60s\"] }";
    let text = scenario(ONE, "20ms", "", &[]).replace("p95 =", "p50 =");
    let text = text.replace("rate = \"10/s\"", &format!("rate = \"10/s\"\n{arrivals}"));
    let (result, _) = lived(&text);
    let found = found(&result);
    let spread = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (values.iter().map(|v| (v / mean - 1.0) * (v / mean - 1.0)).sum::<f64>() / (n - 1.0)).sqrt()
    };
    let came: Vec<f64> = found.each.iter().map(|one| one.rate).collect();
    let asked: Vec<f64> = found
        .looks
        .iter()
        .map(|looks| looks.iter().rfind(|look| look.reached < 1.0).unwrap().rate)
        .collect();
    println!("{:.4} of what came, {:.4} of what was asked for", spread(&came), spread(&asked));
    assert!(spread(&came) < 0.7 * spread(&asked));
}
