//! Promise: the same scenario and seed give the same history, and what was not changed stays.

use std::path::Path;

use crate::inside::common::{Loaded, load, read};

use fivenines::engine::draw::Lineage;
use fivenines::model::outage::Faults;
use fivenines::model::record::ClassRecord;
use fivenines::model::world::{Span, World};
use fivenines::solve::requests::{self, Observation};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::Watch;
use fivenines::units::{SimDuration, SimTime};

const HEAD: &str = r#"scenario = "small"
format   = 2
title    = "Two queues"
question = "What moves when something is changed?"
source   = "a test"
[run]
seed = 7
replications = 3
[window.all]
length  = "200s"
warm-up = "0s"
"#;

const WEB: &str = r#"[station.web]
servers = 2
service = { dist = "lognormal", mean = "10ms", cv = 1.5 }
"#;
const DB: &str = r#"[station.db]
servers = 3
service = { dist = "exponential", mean = "4ms" }
"#;
const PAGES: &str = r#"[workload.pages]
request  = "page"
rate     = "100/s"
arrivals = { process = "mmpp", factors = [0.5, 2.0], sojourns = ["20s", "10s"] }
[request.page]
steps = [
  { visit = "web" },
  { choose = [ { probability = 0.6, steps = [ { visit = "db" } ] } ] },
]
"#;
/// Another source with a station of its own.
const OTHER: &str = r#"[station.batch]
servers = 1
service = { dist = "exponential", mean = "30ms" }
[workload.batches]
request  = "batch"
rate     = "20/s"
[request.batch]
steps = [ { visit = "batch" } ]
"#;

fn small(parts: &[&str]) -> Loaded {
    let text = format!("{HEAD}{}", parts.concat());
    read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn observed(loaded: &Loaded) -> Observation {
    requests::run(&loaded.plan, &loaded.study.windows[0].window, 0).unwrap()
}

fn class<'a>(loaded: &Loaded, seen: &'a Observation, name: &str) -> &'a ClassRecord {
    let index = loaded.plan.routes.classes.iter().position(|class| class.name == name).unwrap();
    &seen.record.classes[index]
}

/// Everything the record knows of a class, bucket by bucket.
/// Begun, ended by outcome, waited, and the buckets of the latencies.
type Everything = (u64, [u64; 7], u128, Vec<(u64, u64, u64)>);

fn all_of(record: &ClassRecord) -> Everything {
    let latency = record.latency.buckets().collect();
    (record.attempts.begun, record.attempts.ended, record.waited, latency)
}

fn study_of(loaded: &Loaded, threads: usize) -> StudyResult {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run(&loaded.plan, &loaded.study, &Watch::default()).unwrap())
}

fn bits(result: &StudyResult) -> Vec<Vec<Vec<Option<u64>>>> {
    let of = |value: &Result<f64, _>| value.as_ref().ok().map(|value: &f64| value.to_bits());
    let window = |w: &fivenines::study::window::WindowResult| {
        w.samples.iter().map(|sample| sample.iter().map(of).collect()).collect()
    };
    result.windows.iter().map(window).collect()
}

/// D1: threads change nothing, not a bit of a sample, not an event. Of years and capacities `tests/it/results.rs` and
/// `tests/it/stories.rs` compare the bytes.
#[test]
fn one_two_and_three_threads_give_the_same_samples_and_digests() {
    let mut loaded = load("tiers/tier-1.toml");
    (loaded.study.years, loaded.study.sampled) = (None, None);
    loaded.study.sought.clear();
    for window in &mut loaded.study.windows {
        window.window.length = SimDuration::from_secs(10);
        window.window.warm_up = SimDuration::from_secs(5);
        window.replications = (5, 5);
    }
    let one = study_of(&loaded, 1);
    for threads in [2, 3] {
        let many = study_of(&loaded, threads);
        assert_eq!(bits(&one), bits(&many));
        for (a, b) in one.windows.iter().zip(&many.windows) {
            assert_eq!(a.digests, b.digests);
            assert_eq!(a.grid, b.grid);
        }
    }
}

/// D11, M4: a component with its own load moves no draw and no row of the others.
#[test]
fn another_component_moves_nothing_of_the_rest() {
    let (without, with) = (small(&[WEB, DB, PAGES]), small(&[OTHER, WEB, DB, PAGES]));
    let (a, b) = (observed(&without), observed(&with));
    assert_eq!(all_of(class(&without, &a, "page")), all_of(class(&with, &b, "page")));
    for (part, gauge) in without.plan.parts.iter().zip(&a.gauges) {
        let place = with.plan.parts.iter().position(|other| other.name == part.name).unwrap();
        let other = &b.gauges[place];
        assert_eq!(
            (gauge.arrived, gauge.inside, gauge.busy),
            (other.arrived, other.inside, other.busy)
        );
    }
    assert!(class(&with, &b, "batch").attempts.begun > 0);
}

/// Service that the counted requests of a class had, in nanoseconds: all of them ended well.
fn service(record: &ClassRecord) -> f64 {
    assert_eq!(record.attempts.begun, record.attempts.ended[0]);
    record.latency.mean().unwrap() * record.latency.count() as f64 - record.waited as f64
}

/// D13: pools of another size and other speeds leave arrivals and each request's demand.
#[test]
fn a_larger_pool_or_another_speed_moves_no_arrival_and_no_demand() {
    let base = small(&[WEB, DB, PAGES]);
    let large = small(&[&WEB.replace("servers = 2", "servers = 9"), DB, PAGES]);
    let slow = small(&[&WEB.replace("\"10ms\"", "\"15ms\""), DB, PAGES]);
    let spread = small(&[&format!("{WEB}count = 3\n"), DB, PAGES]);
    let seen = observed(&base);
    let page = class(&base, &seen, "page");
    assert!(page.waited > 0);
    for other in [&large, &spread] {
        let again = observed(other);
        let again = class(other, &again, "page");
        assert_ne!(again.waited, page.waited);
        assert_eq!(again.attempts, page.attempts);
        // The sums of the same whole nanoseconds, but for the rounding of a mean.
        assert!((service(again) - service(page)).abs() <= 1e-9 * service(page));
    }
    // At the web station alone every demand is half as long again, to the nanosecond a request.
    let alone = "[request.page]\nsteps = [ { visit = \"web\" } ]\n";
    let pages = format!("{}{alone}", PAGES.split("[request.page]").next().unwrap());
    let fast = small(&[WEB, &pages]);
    let slow_alone = small(&[&WEB.replace("\"10ms\"", "\"15ms\""), &pages]);
    let (a, b) = (observed(&fast), observed(&slow_alone));
    let (a, b) = (class(&fast, &a, "page"), class(&slow_alone, &b, "page"));
    assert_eq!(a.attempts.begun, b.attempts.begun);
    let count = a.attempts.begun as f64;
    assert!((service(b) - 1.5 * service(a)).abs() <= 1.5 * count + 1e-9 * service(b));
    assert_eq!(class(&slow, &observed(&slow), "page").attempts.begun, page.attempts.begun);
}

/// D15: a longer window is the same history, event for event, up to the old end.
#[test]
fn a_longer_window_is_the_same_history_so_far() {
    let loaded = load("tiers/starter.toml");
    let at = |seconds: u64| SimTime::from_nanos(seconds * 1_000_000_000);
    let digest = |until: u64, horizon: u64| {
        let span = Span {
            levels: vec![],
            start: SimTime::ZERO,
            from: at(10),
            until: at(until),
            horizon: at(horizon),
            faults: Faults::Off,
        };
        let mut world = World::new(&loaded.plan, Lineage::replication(3), span);
        world.run_before(at(40)).unwrap();
        (world.digest(), world.events(), world.in_flight())
    };
    let short = digest(40, 60);
    assert_eq!(short, digest(4_000, 8_000));
    assert_eq!(short, digest(40, 40));
}

/// D16: replication k is the same whatever the number of replications.
#[test]
fn more_replications_leave_the_first_ones() {
    let mut loaded = small(&[WEB, DB, PAGES]);
    let few = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    loaded.study.windows[0].replications = (7, 7);
    let many = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    assert_eq!(few.windows[0].digests.len(), 3);
    assert_eq!(few.windows[0].digests, many.windows[0].digests[..3]);
    assert_eq!(bits(&few)[0], bits(&many)[0][..3]);
    let mut digests = many.windows[0].digests.clone();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 7, "replications are different histories");
}

/// M1: durations times ten and rates by ten: the same counts, times ten times as long.
#[test]
fn a_world_ten_times_slower_is_the_same_world() {
    let fast = small(&[WEB, DB, PAGES]);
    let text = format!("{HEAD}{WEB}{DB}{PAGES}")
        .replace("\"200s\"", "\"2000s\"")
        .replace("\"10ms\"", "\"100ms\"")
        .replace("\"4ms\"", "\"40ms\"")
        .replace("\"100/s\"", "\"10/s\"")
        .replace("[\"20s\", \"10s\"]", "[\"200s\", \"100s\"]");
    let slow = read(&text, Path::new(".")).unwrap();
    let (a, b) = (observed(&fast), observed(&slow));
    let (a, b) = (class(&fast, &a, "page"), class(&slow, &b, "page"));
    assert_eq!(a.attempts, b.attempts);
    let (mean, tenfold) = (a.latency.mean().unwrap(), b.latency.mean().unwrap());
    // An arrival, a service or two, and the wait for others: each within a nanosecond or ten.
    assert!((tenfold - 10.0 * mean).abs() <= 1e-6 * tenfold, "{mean} {tenfold}");
}

/// M3: the order of the sections says nothing.
#[test]
fn sections_in_another_order_are_the_same_scenario() {
    let (a, b) = (small(&[WEB, DB, PAGES, OTHER]), small(&[OTHER, PAGES, DB, WEB]));
    let (seen, again) = (observed(&a), observed(&b));
    assert_eq!(seen.digest, again.digest);
    assert_eq!(all_of(class(&a, &seen, "page")), all_of(class(&b, &again, "page")));
}

/// M11: an option at the value that means "none of it" is no option.
#[test]
fn options_at_their_null_value_change_no_event() {
    let plain = small(&[WEB, DB, PAGES]);
    let nulls = small(&[
        &format!("{WEB}discipline = \"fifo\"\nlimit = 1000000\ncount = 1\n"),
        DB,
        &PAGES.replace("{ visit = \"web\" }", "{ visit = \"web\" }, { delay = \"0s\" }"),
    ]);
    let (a, b) = (observed(&plain), observed(&nulls));
    assert_eq!(all_of(class(&plain, &a, "page")), all_of(class(&nulls, &b, "page")));
    let limit = small(&[&format!("{WEB}limit = 1000000\n"), DB, PAGES]);
    assert_eq!(a.digest, observed(&limit).digest);
}

/// M12: without variance and below saturation nobody waits, and every finish is worked out by
/// hand: arrival n at n × 10 ms, the answer 9 ms later.
#[test]
fn without_variance_nobody_waits() {
    let text = format!(
        "{HEAD}[station.web]\nservers = 1\nservice = \"9ms\"\n[workload.pages]\nrequest = \"page\"\n\
         rate = \"100/s\"\narrivals = {{ process = \"fixed\" }}\n[request.page]\n\
         steps = [ {{ visit = \"web\" }} ]\n"
    );
    let loaded = read(&text, Path::new(".")).unwrap();
    let seen = observed(&loaded);
    let page = class(&loaded, &seen, "page");
    assert_eq!(page.waited, 0);
    assert_eq!((page.latency.min(), page.latency.max()), (Some(9_000_000), Some(9_000_000)));
    // 200 s at 100/s, the first a gap after the start: the last one lies at the end itself.
    assert_eq!(page.attempts.begun, 19_999);
    let web = &seen.gauges[0];
    // The last one inside the window came at 199.99 s and is gone at 199.999 s.
    assert_eq!(web.busy, 19_999 * 9_000_000);
}

/// M14, in the form the language has (a processor has cores, and no speed): four times the work at
/// a quarter of the rate is the same run of a shared processor, four times as slow.
#[test]
fn work_and_time_scaled_alike_are_the_same_run() {
    let text = |seconds: u32, rate: &str, work: &str| {
        format!(
            "{}[server.box]\ncount = 1\ncores = 4\nmemory = \"8GiB\"\n[zone.web]\ncount = 1\n\
             on = [\"box-1\"]\ncpu = {{ shares = 100, cap = 3.0 }}\nmemory = \"4GiB\"\n\
             [service.app]\nin = \"web\"\nworkers = 20\nbacklog = 100\n[workload.jobs]\n\
             request = \"job\"\nrate = \"{rate}\"\n[request.job]\nenter = \"app\"\n\
             demands = {{ work = {{ dist = \"exponential\", mean = \"{work}\" }} }}\n\
             steps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n",
            HEAD.replace("200s", &format!("{seconds}s"))
        )
    };
    let fast = read(&text(20, "240/s", "10ms"), Path::new(".")).unwrap_or_else(|e| panic!("{e}"));
    let slow = read(&text(80, "60/s", "40ms"), Path::new(".")).unwrap_or_else(|e| panic!("{e}"));
    let (a, b) = (observed(&fast), observed(&slow));
    let (a, b) = (class(&fast, &a, "job"), class(&slow, &b, "job"));
    assert_eq!(a.attempts, b.attempts);
    let (mean, fourfold) = (a.latency.mean().unwrap(), b.latency.mean().unwrap());
    assert!((fourfold - 4.0 * mean).abs() <= 1e-6 * fourfold, "{mean} {fourfold}");
}

/// Two workloads that ask for the same class draw apart: the n-th request of one is not the n-th of
/// the other. Service times of equal numbers would be equal, and their correlation 1.
#[test]
fn two_workloads_of_one_class_share_no_draw() {
    use fivenines::model::blueprint::Workload;
    use fivenines::model::ids::{ClassId, DemandId};
    use fivenines::model::request::{Owner, Request};
    use fivenines::model::route::Draws;

    let loaded = small(&[WEB, DB, PAGES]);
    let draws = Draws::new(&loaded.plan.routes, loaded.plan.seed, Lineage::replication(0));
    let drawn = |workload: &str, number: u64| {
        let mut request = Request::new(ClassId(0), 0, Owner::Workload, SimTime::ZERO);
        request.ordinal = Workload::first_ordinal(workload) + number;
        draws.demand(DemandId(0), &request)
    };
    let count = 10_000;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for number in 0..count {
        a.push(libm::log(drawn("users", number)));
        b.push(libm::log(drawn("robots", number)));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let sum = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum()
    };
    let spread = |x: &[f64], mean: f64| x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    let correlation = sum(&a, &b) / (spread(&a, mean_a) * spread(&b, mean_b)).sqrt();
    // 0 with a standard deviation of 1/100.
    assert!(correlation.abs() < 0.04, "{correlation}");
}

/// Steps of every kind that draws, with room for all requests, so that a latency is the sum of what
/// was drawn.
const STEPS: &str = r#"[station.web]
servers = 5000
service = { dist = "lognormal", mean = "10ms", cv = 1.5 }
[station.db]
servers = 5000
service = { dist = "exponential", mean = "4ms" }
[station.proxy]
servers = 5000
service = "1ms"
[workload.pages]
request  = "page"
rate     = "100/s"
arrivals = { process = "poisson" }
[request.page]
steps = [
  HERE
  { delay = { dist = "exponential", mean = "3ms" } },
  { visit = "web" },
  { repeat = { count = { dist = "geometric", mean = 3 }, steps = [
    { visit = "db" },
    { choose = [ { probability = 0.5, steps = [ { visit = "db" } ] } ] },
  ] } },
  { choose = [ { probability = 0.3, steps = [ { visit = "web" } ] } ] },
  { visit = "db" },
  { visit = "proxy" },
]
"#;

/// How many pages there were, and their mean latency, with `step` in front of the other steps.
fn latency_behind(step: &str) -> (u64, f64) {
    let loaded = small(&[&STEPS.replace("HERE", step)]);
    let seen = observed(&loaded);
    let page = class(&loaded, &seen, "page");
    assert_eq!(page.waited, 0);
    (page.latency.count(), page.latency.mean().unwrap())
}

/// What does nothing, in front of everything: it moves no draw.
#[test]
fn a_step_without_effect_moves_no_draw() {
    let bare = latency_behind("");
    for step in [
        "{ delay = \"0s\" },",
        "{ visit = \"web\", service = \"0s\" },",
        "{ visit = \"db\", service = \"0s\" },",
        "{ repeat = { count = 0, steps = [ { visit = \"db\" } ] } },",
        "{ repeat = { count = 3, steps = [ { delay = \"0s\" } ] } },",
        "{ repeat = { count = 3, steps = [ { visit = \"web\", service = \"0s\" } ] } },",
        "{ choose = [ { probability = 0, steps = [ { visit = \"web\" } ] } ] },",
        "{ parallel = [ { steps = [ { delay = \"0s\" } ] } ] },",
    ] {
        assert_eq!(latency_behind(step), bare, "{step}");
    }
}

/// One hop more is one hop longer, and nothing else: the two stay paired.
#[test]
fn a_hop_in_front_moves_no_draw_of_the_steps_behind_it() {
    let bare = latency_behind("");
    for step in [
        "{ delay = \"1ms\" },",
        "{ visit = \"proxy\" },",
        "{ repeat = { count = 2, steps = [ { visit = \"proxy\", service = \"500us\" } ] } },",
    ] {
        let hop = latency_behind(step);
        assert_eq!(hop.0, bare.0);
        assert!((hop.1 - bare.1 - 1e6).abs() < 1e-3, "{step}: {hop:?} {bare:?}");
    }
}

/// The steps above, with room for one more in a loop, in a loop of that loop, in a branch of a fork and behind all of
/// them. Each is done by one server, so that the whole is a sum but for the fork, whose other branch is over first.
const INSIDE: &str = r#"
  { repeat = { count = { dist = "geometric", mean = 3 }, steps = [
    LOOP
    { visit = "db" },
    { repeat = { count = 2, steps = [ INNER { visit = "web" } ] } },
    { parallel = [
      { steps = [ BRANCH { visit = "db" }, { repeat = { count = 2, steps = [ DEEP { delay = { dist = "exponential", mean = "3ms" } } ] } } ] },
      { steps = [ { visit = "proxy" } ] },
    ] },
  ] } },
  { visit = "web" },
"#;

const PLACES: [&str; 4] = ["LOOP", "INNER", "BRANCH", "DEEP"];

/// How many pages there were, and their mean latency, with `step` at `place` inside of loops and forks.
fn latency_inside(place: &str, step: &str) -> (u64, f64) {
    let steps = PLACES.iter().fold(INSIDE.to_string(), |steps, known| {
        steps.replace(known, if *known == place { step } else { "" })
    });
    latency_behind(&steps)
}

/// What does nothing moves no draw inside of loops and forks either.
#[test]
fn a_step_without_effect_moves_no_draw_inside_of_loops_and_forks() {
    let bare = latency_inside("", "");
    for place in PLACES {
        for step in [
            "{ delay = \"0s\" },",
            "{ visit = \"db\", service = \"0s\" },",
            "{ choose = [ { probability = 0, steps = [ { visit = \"web\" } ] } ] },",
            "{ parallel = [ { steps = [ { delay = \"0s\" } ] } ] },",
        ] {
            assert_eq!(latency_inside(place, step), bare, "{step} at {place}");
        }
    }
    for place in ["LOOP", "BRANCH"] {
        let step = "{ repeat = { count = 3, steps = [ { delay = \"0s\" } ] } },";
        assert_eq!(latency_inside(place, step), bare, "{step} at {place}");
    }
}

/// One hop more in a loop is so many hops longer as there are repetitions, and nothing else.
#[test]
fn a_hop_inside_of_a_loop_moves_no_draw_of_the_steps_behind_it() {
    let bare = latency_inside("", "");
    let one = latency_inside("LOOP", "{ delay = \"1ms\" },").1 - bare.1;
    // Repetitions per page, on the same draws.
    assert!((one / 1e6 - 3.0).abs() < 0.1, "{one}");
    for (place, step, hops) in [
        ("LOOP", "{ visit = \"proxy\" },", 1.0),
        ("INNER", "{ visit = \"proxy\" },", 2.0),
        ("LOOP", "{ parallel = [ { steps = [ { visit = \"proxy\" } ] } ] },", 1.0),
    ] {
        let hop = latency_inside(place, step);
        assert_eq!(hop.0, bare.0);
        assert!((hop.1 - bare.1 - hops * one).abs() < 1e-3, "{step} at {place}: {hop:?} {bare:?}");
    }
}
