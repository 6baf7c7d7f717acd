//! Promise: a purge removes copies at all sites when its messages are there, and stale answers are those of the time before.

use fivenines::{Results, Run, Scenario};

/// Two sites with a cache of 100 pages each, which all fit; 200 readers/s at each, 10 changes/s in the east.
const SITES: &str = r#"
scenario = "purges"
format = 2
[run]
seed = 5
replications = 8
[window.steady]
level = "1 x rate"
length = "2min"
warm-up = "30s"
[window.cut]
at = "30s"
length = "12s"
warm-up = "30s"
[site.east]
[site.west]
[link.wan]
between = ["east", "west"]
bandwidth = "100Mbit/s"
latency = "40ms"
[rack.east-r]
site = "east"
[rack.west-r]
site = "west"
[server.east-box]
rack = "east-r"
cores = 4
memory = "8GiB"
[server.west-box]
rack = "west-r"
cores = 4
memory = "8GiB"
[zone.east-www]
on = ["east-box"]
[zone.west-www]
on = ["west-box"]
[service.east-app]
in = "east-www"
workers = 500
backlog = 500
[service.west-app]
in = "west-www"
workers = 500
backlog = 500
[cache.east-pages]
in = "east-www"
cpu = "0s"
objects = 100
popularity = { zipf = 0.5, objects = 100 }
[cache.west-pages]
in = "west-www"
cpu = "0s"
objects = 100
popularity = { zipf = 0.5, objects = 100 }
[workload.east-readers]
request = "east-page"
rate = "200/s"
[workload.west-readers]
request = "west-page"
rate = "200/s"
[workload.editors]
request = "article"
rate = "10/s"
[request.east-page]
enter = "east-app"
steps = [ { cache = "east-pages", else = [] } ]
[request.west-page]
enter = "west-app"
steps = [ { cache = "west-pages", else = [] } ]
[request.article]
enter = "east-app"
steps = [ { purge = "pages", evenly = true } ]
[fault.cable]
hits = "link.wan"
how = "partitioned"
at = "30s"
lasts = "10s"
[purge.pages]
of = ["east-pages", "west-pages"]
work = "1ms"
"#;

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let windows =
        ["steady", "cut"].iter().filter(|name| text.contains(&format!("[window.{name}]")));
    let paths: Vec<String> = windows
        .flat_map(|window| figures.iter().map(move |path| format!("{path}@{window}")))
        .collect();
    let run = paths.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn is_near(results: &Results, path: &str, truth: f64, within: f64) {
    let found = value(results, path);
    assert!((found - truth).abs() <= within * truth, "{path}: {found}, and it is {truth}");
}

/// Returns the sum of `of(rate)` over the pages of a site.
fn over_pages(of: &dyn Fn(f64) -> f64) -> f64 {
    let weights: Vec<f64> = (1..=100).map(|rank| libm::pow(f64::from(rank), -0.5)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| of(200.0 * weight / sum)).sum()
}

/// Changes of each page per second.
const EACH: f64 = 0.1;

/// Returns the look-ups per second that find a copy: Σ r · r / (r + u).
fn found() -> f64 {
    over_pages(&|rate| rate * rate / (rate + EACH))
}

/// A page is stale in the west for 40 ms + 1 ms, in the east for 1 ms: u × that × the look-ups that find a copy.
#[test]
fn a_page_is_stale_for_the_way_of_its_purge() {
    let figures = [
        "stale-hits.west-pages",
        "stale-hits.east-pages",
        "stale-hits.west-pages.chance",
        "hit.west-pages",
        "refetches.west-pages",
        "purged-copies.west-pages",
        "purge-messages.pages",
        "purge-time.pages.mean",
        "purge-time.pages.p95",
        "latency.article.mean",
    ];
    let results = run(&format!("{SITES}when-cut-off = \"wait\"\n"), &figures);
    // Bounds of three standard deviations: 727 and 18 stale answers in all.
    is_near(&results, "stale-hits.west-pages@steady", 120.0 * EACH * 0.041 * found(), 0.12);
    is_near(&results, "stale-hits.east-pages@steady", 120.0 * EACH * 0.001 * found(), 0.7);
    let share = EACH * 0.041 * found() / 200.0;
    is_near(&results, "stale-hits.west-pages.chance@steady", share, 0.12);
    is_near(&results, "hit.west-pages@steady", found() / 200.0, 0.004);
    // Every miss is a refetch once each page has been purged; every purge that meets a copy removes it.
    let missed = over_pages(&|rate| rate * EACH / (rate + EACH));
    is_near(&results, "refetches.west-pages@steady", 120.0 * missed, 0.04);
    is_near(&results, "purged-copies.west-pages@steady", 120.0 * missed, 0.04);
    is_near(&results, "purge-messages.pages@steady", 120.0 * 20.0, 0.03);
    is_near(&results, "purge-time.pages.mean@steady", (0.001 + 0.041) / 2.0, 0.01);
    is_near(&results, "purge-time.pages.p95@steady", 0.041, 0.02);
    assert!(value(&results, "latency.article.mean@steady") < 1e-6, "nothing waits");
}

/// A page is old at t if it has changed since the link broke. Messages wait at the link, or are lost; the latter leaves the page
/// old until its next change.
#[test]
fn what_is_cut_off_stays_stale_until_its_message_comes_or_for_good() {
    let figures = [
        "stale-hits.west-pages",
        "purge-messages.pages",
        "purge-messages.pages[outcome=cut-off]",
        "purge-messages.pages[outcome=done]",
    ];
    let during = 10.0 - (1.0 - libm::exp(-EACH * 10.0)) / EACH;
    let old = found() * (1.0 - libm::exp(-EACH * 10.0));
    // Pages that are not there when the link breaks are stored at their first look-up, and old from their next change.
    let missing = |rate: f64, at: f64| {
        let there = 1.0 - libm::exp(-rate * at);
        there - rate * (libm::exp(-EACH * at) - libm::exp(-rate * at)) / (rate - EACH)
    };
    let later = over_pages(&|rate| {
        let steps = 2_000;
        let width = 10.0 / f64::from(steps);
        let area = (0..steps).map(|step| missing(rate, (f64::from(step) + 0.5) * width) * width);
        rate * EACH / (rate + EACH) * area.sum::<f64>()
    });
    let old = old + over_pages(&|rate| rate * EACH / (rate + EACH) * missing(rate, 10.0));
    let waits = run(&format!("{SITES}when-cut-off = \"wait\"\n"), &figures);
    // 100 messages come together after 40 ms, and share one core for 0.1 s; and the steady answers of the last 2 s.
    let after = old * 0.14 + found() * EACH * 0.041 * 1.86;
    is_near(&waits, "stale-hits.west-pages@cut", found() * during + later + after, 0.04);
    assert_eq!(value(&waits, "purge-messages.pages[outcome=cut-off]@cut"), 0.0);
    let loses = run(&format!("{SITES}when-cut-off = \"lose\"\n"), &figures);
    let lost = value(&loses, "purge-messages.pages[outcome=cut-off]@cut");
    assert!((lost - 100.0).abs() < 15.0, "{lost} of 10/s in 10 s");
    let sent = value(&loses, "purge-messages.pages@cut");
    let done = value(&loses, "purge-messages.pages[outcome=done]@cut");
    assert!((sent - lost - done).abs() < 1.0, "{sent} = {lost} + {done}");
    // What is old ends with its next change.
    let left = old * (1.0 - libm::exp(-EACH * 2.0)) / EACH;
    is_near(&loses, "stale-hits.west-pages@cut", found() * during + later + left, 0.04);
}

/// A writer that waits has the way there and back and the work: 2 × 40 ms + 1 ms. Cut off, it waits for its time-out.
#[test]
fn a_writer_waits_for_all_confirmations_or_for_its_time_out() {
    let figures = [
        "latency.article.mean",
        "latency.article.p50",
        "unconfirmed-purges.pages",
        "attempts.article",
    ];
    for (cut_off, unconfirmed) in [("wait", 100.0), ("lose", 100.0)] {
        let more = format!("when-cut-off = \"{cut_off}\"\nwait = true\ntime-out = \"500ms\"\n");
        let results = run(&format!("{SITES}{more}"), &figures);
        is_near(&results, "latency.article.mean@steady", 0.081, 0.01);
        is_near(&results, "latency.article.p50@cut", 0.5, 0.02);
        assert_eq!(value(&results, "unconfirmed-purges.pages@steady"), 0.0);
        is_near(&results, "unconfirmed-purges.pages@cut", unconfirmed, 0.15);
    }
}

/// The new copy instead: each look-up hits, and is stale until the copy is there.
#[test]
fn a_new_copy_replaces_the_old_one() {
    let figures = ["hit.west-pages", "hit.east-pages", "stale-hits.west-pages"];
    let more = "when-cut-off = \"wait\"\nthrough = [\"west-pages\"]\ncopy = \"20kB\"\n";
    let results = run(&format!("{SITES}{more}"), &figures);
    is_near(&results, "hit.west-pages@steady", 1.0, 1e-3);
    is_near(&results, "hit.east-pages@steady", found() / 200.0, 0.004);
    // 20 kB at 12.5 MB/s take 1.6 ms.
    is_near(&results, "stale-hits.west-pages@steady", 120.0 * EACH * 0.0426 * 200.0, 0.12);
}

/// Over years the work of the messages counts, 10/s x 1 ms of 4 cores, and their mean hits; stale answers are of windows alone.
#[test]
fn years_know_the_work_of_purges_and_no_stale_answers() {
    let horizon = "seed = 5\nhorizon = \"1y\"";
    let text = SITES.replace("seed = 5", horizon).replace("replications = 8", "replications = 2");
    let scenario = Scenario::parse(&format!("{text}when-cut-off = \"wait\"\n")).unwrap();
    let work = "utilization.west-box-1.cpu@horizon";
    let results = scenario.run(&Run::new().years_only().figure(work)).unwrap();
    is_near(&results, work, 10.0 * 0.001 / 4.0, 0.01);
    let stale = Run::new().years_only().figure("stale-hits.west-pages@horizon");
    let error = scenario.run(&stale).unwrap_err().to_string();
    assert!(error.contains("not estimated over the horizon"), "{error}");
}

const EDGES: &str = r#"
scenario = "purged-edges"
format = 2
[run]
seed = 5
replications = 8
[window.steady]
level = "1 x rate"
length = "2min"
warm-up = "30s"
[site.main]
[rack.r]
site = "main"
[server.box]
rack = "r"
cores = 4
memory = "8GiB"
[zone.www]
on = ["box"]
[service.origin]
in = "www"
workers = 500
backlog = 500
[cdn.edge]
count = 2
to = "origin"
ttl = "10s"
origin = "60ms"
[workload.viewers]
request = "image"
rate = "400/s"
[workload.editors]
request = "article"
rate = "2/s"
[request.image]
enter = "edge"
steps = [ { delay = "1us" } ]
[request.article]
enter = "origin"
steps = [ { purge = "images", evenly = true } ]
[purge.images]
of = "edge"
work = "1ms"
when-cut-off = "wait"
"#;

/// 20 objects at 10/s and edge, each changed at u = 0.1/s, with a life of L = 10 s and a fetch of d = 60 ms, during which r d more
/// look-ups miss. Without messages a copy of age a is old with 1 - e^(-ua): r (L - (1 - e^(-uL)) / u) / (1 + rd + rL) of the
/// look-ups. With them the hits are r m / (1 + rd + r m) with m = (1 - e^(-uL)) / u, and a copy is old for 30 ms + 1 ms.
#[test]
fn edges_serve_old_copies_for_their_life_or_for_the_way_of_a_purge() {
    let content =
        "[cdn.edge.content]\nobjects = 20\npopularity = { image = { zipf = 0.0, objects = 20 } }\n";
    let figures =
        ["hit.edge", "stale-hits.edge.chance", "stale-hits.edge-1", "purge-time.images.mean"];
    let (rate, life) = (10.0, 10.0);
    let misses = 1.0 + rate * 0.06;
    let fresh = (1.0 - libm::exp(-EACH * life)) / EACH;
    let alone = run(&format!("{EDGES}lost = 1.0\n{content}"), &figures[..2]);
    is_near(&alone, "hit.edge@steady", rate * life / (misses + rate * life), 2e-3);
    let stale = rate * (life - fresh) / (misses + rate * life);
    is_near(&alone, "stale-hits.edge.chance@steady", stale, 0.02);
    let purged = run(&format!("{EDGES}{content}"), &figures);
    let hit = rate * fresh / (misses + rate * fresh);
    is_near(&purged, "hit.edge@steady", hit, 2e-3);
    is_near(&purged, "purge-time.images.mean@steady", 0.031, 1e-6);
    is_near(&purged, "stale-hits.edge.chance@steady", EACH * 0.031 * hit, 0.12);
    is_near(&purged, "stale-hits.edge-1@steady", 120.0 * 200.0 * EACH * 0.031 * hit, 0.15);
}

/// 200 objects by 1/k^0.8 at 20/s and edge, of which 60 fit, each removed at u = 0.05/s, with a life of 10 s. Che's approximation with
/// the time T = 5.97 s in the cache, Σ r / (r + u) (1 - e^(-(r + u) T)) = 60, and the requests from one fetch to the next summed over
/// ages, gives 0.5303; 0.5411 without purges, 0.5649 without a life. Edges are warm: the first 2 s have the same.
#[test]
fn full_edges_find_under_purges_what_the_approximation_says() {
    let content = "[cdn.edge.content]\nobjects = 60\npopularity = { image = { zipf = 0.8, objects = 200 } }\n";
    let text = format!("{EDGES}{content}")
        .replace("origin = \"60ms\"\n", "")
        .replace("rate = \"400/s\"", "rate = \"40/s\"")
        .replace("rate = \"2/s\"", "rate = \"10/s\"")
        .replace("warm-up = \"30s\"", "warm-up = \"0s\"");
    for (length, replications, within) in [("10min", 4, 0.01), ("2s", 400, 0.02)] {
        let text = text
            .replace("length = \"2min\"", &format!("length = \"{length}\""))
            .replace("replications = 8", &format!("replications = {replications}"));
        let results = run(&text, &["hit.edge"]);
        is_near(&results, "hit.edge@steady", 0.5303, within);
    }
}
