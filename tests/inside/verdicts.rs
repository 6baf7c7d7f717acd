//! Verdicts are those of request classes: a tenant does not wear its neighbour's overload, and overload that stays
//! after its trigger has gone is told from overload that goes.

use std::path::Path;

use fivenines::study::expect::Verdict as Judgement;
use fivenines::study::metastable::Recovery;
use fivenines::study::scenario::{self, StudyResult};
use fivenines::study::verdict::{ClassVerdict, Verdict};
use fivenines::study::window::{Estimate, Watch, WindowResult};

use crate::inside::common::{Loaded, read};
use crate::inside::shared::base::{With as _, base};

fn loaded(text: &str) -> Loaded {
    read(text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn ran(text: &str) -> (Loaded, StudyResult) {
    let loaded = loaded(text);
    let result = scenario::run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    (loaded, result)
}

fn class<'a>(loaded: &Loaded, window: &'a WindowResult, name: &str) -> &'a ClassVerdict {
    let of = |one: &&ClassVerdict| loaded.plan.routes.classes[one.class].name == name;
    window.classes.iter().find(of).unwrap_or_else(|| panic!("no class {name}"))
}

const TENANTS: &str = r#"scenario = "tenants"
format   = 2
title    = "Two tenants"
question = "Who is overloaded?"
source   = "a test"
[run]
seed = 3
replications = 5
[window.all]
length  = "40s"
warm-up = "5s"
[server.box]
cores = 2
[zone.calm]
on  = ["box-1"]
cpu = { shares = 100 }
[zone.loud]
on  = ["box-1"]
cpu = { shares = 100 }
[service.calm-app]
in      = "calm"
workers = "unlimited"
[service.loud-app]
in      = "loud"
workers = 20
backlog = 1000000
[workload.calm-users]
request = "calm-page"
rate    = "10/s"
[workload.loud-users]
request = "loud-page"
rate    = "80/s"
[request.calm-page]
enter = "calm-app"
demands  = { page = { dist = "exponential", mean = "30ms" } }
steps = [ { cpu = "calm-app", demand = "page" } ]
[request.loud-page]
enter = "loud-app"
demands  = { page = { dist = "exponential", mean = "50ms" } }
steps = [ { cpu = "loud-app", demand = "page" } ]
[[expect]]
figure = "verdict.calm-page@all"
is     = "= stable"
[[expect]]
figure = "verdict.loud-page@all"
is     = "= stable"
"#;

/// The loud tenant is offered 4 cores of 2. Its own work piles up; that of its neighbour, which may use a core and
/// needs a third of one, does not.
#[test]
fn a_tenant_does_not_wear_the_overload_of_its_neighbour() {
    let (loaded, result) = ran(TENANTS);
    let window = &result.windows[0];
    assert_eq!(class(&loaded, window, "calm-page").verdict, Verdict::Stable);
    let loud = class(&loaded, window, "loud-page");
    assert_eq!(loud.verdict, Verdict::Backlogged);
    assert!(loud.in_flight.1 > 5.0 * loud.in_flight.0.max(100.0), "{loud:?}");
    assert_eq!(window.verdict, Verdict::Backlogged, "the worst of its classes");
    assert_eq!(result.judgements, [Judgement::Holds, Judgement::Fails]);
    // Where the surplus is turned away its views are lost, and nothing piles up.
    let refusing = TENANTS.replace("backlog = 1000000", "backlog = 20");
    let (loaded, result) = ran(&refusing);
    let window = &result.windows[0];
    assert_eq!(class(&loaded, window, "calm-page").verdict, Verdict::Stable);
    let loud = class(&loaded, window, "loud-page");
    assert_eq!(loud.verdict, Verdict::Overloaded);
    assert!(loud.unserved.unwrap() > 0.4 && loud.metastable.is_none(), "{loud:?}");
}

/// A service of 20 requests/s. Views that are not answered within 2 s are asked for again, 4 times in all.
fn storm() -> String {
    base("page").with(
        r#"
[run]
seed = 1
replications = 4
[window.after]
at      = "100s"
length  = "60s"
warm-up = "100s"
[server.box]
cores = 1
[service.app]
workers = 50
[clients.hasty]
time-out = "2s"
retry    = { probability = 1, after = "1s", max-retries = 3 }
[workload.visitors]
from    = "hasty"
rate    = "14/s"
[request.page]
demands = { page = { dist = "exponential", mean = "50ms" } }
[[expect]]
figure = "verdict.page@after"
is     = "= metastable"
"#,
    )
}
const STALL: &str = r#"[fault.pause]
hits  = "service.app"
how   = "pause"
at    = "20s"
lasts = "20s"
"#;

/// A queue of more than 2 s of work makes 4 requests of every view, 56/s of 20/s: it never empties. It does where
/// fewer than 20 / 4 = 5 views come per second.
#[test]
fn overload_that_outlives_a_stall_is_metastable_below_the_capacity_alone() {
    let text = storm().with(STALL);
    let (loaded, result) = ran(&text);
    let found = class(&loaded, &result.windows[0], "page");
    assert_eq!(found.verdict, Verdict::Metastable, "{found:?}");
    assert_eq!(result.judgements, [Judgement::Holds]);
    let of = found.metastable.as_deref().unwrap();
    assert!(of.lost > 0.99 && of.lost_without < 0.01, "{of:?}");
    assert!((of.over.nanos() as f64 / 1e9 - 40.0).abs() < 1e-6, "the stall ends at 40 s: {of:?}");
    let Recovery::Between(recovers, stays, own) = of.recovery else { panic!("{of:?}") };
    assert!((own - 14.0).abs() < 1e-9);
    // Close to 5 views/s the queue falls too slowly to be seen.
    assert!(recovers > 4.0 && stays < 5.5 && stays - recovers < 0.25, "{of:?}");
    // At 3 views/s, and without retries, the same stall is over by itself.
    let light = text.replace("rate    = \"14/s\"", "rate    = \"3/s\"");
    let patient =
        text.replace("retry    = { probability = 1, after = \"1s\", max-retries = 3 }\n", "");
    for text in [light, patient] {
        let (loaded, result) = ran(&text);
        let found = class(&loaded, &result.windows[0], "page");
        assert!(found.metastable.is_none() && found.verdict == Verdict::Stable, "{found:?}");
    }
    // Above the capacity it is overloaded with a history and without one.
    let (loaded, result) = ran(&text.replace("rate    = \"14/s\"", "rate    = \"25/s\""));
    assert_eq!(class(&loaded, &result.windows[0], "page").verdict, Verdict::Overloaded);
    assert_eq!(result.judgements, [Judgement::Fails]);
}

/// Right after the stall every view is lost whether or not the service recovers: what falls is not metastable.
#[test]
fn a_backlog_that_is_being_worked_off_is_no_metastable_overload() {
    let early = storm()
        .with(STALL)
        .replace(
            "at      = \"100s\"\nlength  = \"60s\"\nwarm-up = \"100s\"",
            "at      = \"41s\"\nlength  = \"12s\"\nwarm-up = \"41s\"",
        )
        .replace("retry    = { probability = 1, after = \"1s\", max-retries = 3 }\n", "");
    let (loaded, result) = ran(&early);
    let found = class(&loaded, &result.windows[0], "page");
    assert_eq!(found.verdict, Verdict::Overloaded, "{found:?}");
    assert!(found.in_flight.1 < found.in_flight.0 && found.metastable.is_none(), "{found:?}");
    // While the part is broken, the trigger is not over.
    let during = storm().with(STALL).replace("lasts = \"20s\"", "lasts = \"200s\"");
    let (loaded, result) = ran(&during);
    assert_eq!(class(&loaded, &result.windows[0], "page").verdict, Verdict::Broken);
}

/// A stall of 20 s, whose backlog is gone 70 s later, is no want of capacity: from then on every view is served.
#[test]
fn what_a_fault_loses_is_no_overload_once_its_repair_is_felt() {
    let whole = storm()
        .with(STALL)
        .replace(
            "at      = \"100s\"\nlength  = \"60s\"\nwarm-up = \"100s\"",
            "at      = \"10s\"\nlength  = \"170s\"\nwarm-up = \"10s\"",
        )
        .replace("retry    = { probability = 1, after = \"1s\", max-retries = 3 }\n", "");
    let (loaded, result) = ran(&whole);
    let found = class(&loaded, &result.windows[0], "page");
    assert_eq!(found.verdict, Verdict::Broken, "{found:?}");
    // 14/s x 20 s of 14/s x 170 s at least.
    assert!(found.unserved.unwrap() > 0.1 && found.metastable.is_none(), "{found:?}");
}

/// 25/s of 20/s without an end to their patience: the crash costs 20 s of them, and nothing is lost after its repair. The queue grows.
#[test]
fn a_class_whose_work_piles_up_after_a_repair_is_overloaded() {
    let crash = STALL.replace("how   = \"pause\"", "how   = \"crash\"").replace("lasts", "repair");
    let text = storm()
        .with(&crash)
        .replace("rate    = \"14/s\"", "rate    = \"25/s\"")
        .replace(
            "time-out = \"2s\"\nretry    = { probability = 1, after = \"1s\", max-retries = 3 }",
            "time-out = \"1h\"",
        )
        .replace("workers = 50", "workers = 50\nbacklog = 1000000")
        .replace(
            "at      = \"100s\"\nlength  = \"60s\"\nwarm-up = \"100s\"",
            "at      = \"10s\"\nlength  = \"170s\"\nwarm-up = \"10s\"",
        );
    let (loaded, result) = ran(&text);
    let found = class(&loaded, &result.windows[0], "page");
    assert_eq!(found.verdict, Verdict::Overloaded, "{found:?}");
}

/// The same by traffic: twice the rate for 20 s, or a flash crowd.
#[test]
fn overload_that_outlives_a_surge_is_metastable() {
    let surges = [
        "step    = { at = \"20s\", factor = 2, for = \"20s\" }\n",
        "flash   = { at = \"20s\", factor = 2, ramp = \"5s\", plateau = \"15s\", decay = \"2s\" }\n",
    ];
    for surge in surges {
        let text = storm().replace("rate    = \"14/s\"\n", &format!("rate    = \"14/s\"\n{surge}"));
        let (loaded, result) = ran(&text);
        let found = class(&loaded, &result.windows[0], "page");
        assert_eq!(found.verdict, Verdict::Metastable, "{surge}: {found:?}");
        let calm =
            text.replace("retry    = { probability = 1, after = \"1s\", max-retries = 3 }\n", "");
        let (loaded, result) = ran(&calm);
        assert_eq!(class(&loaded, &result.windows[0], "page").verdict, Verdict::Stable, "{surge}");
    }
    // A rate that stays high is overload at that rate.
    let step = "rate    = \"14/s\"\nstep    = { at = \"20s\", factor = 2 }\n";
    let (loaded, result) = ran(&storm().replace("rate    = \"14/s\"\n", step));
    assert_eq!(class(&loaded, &result.windows[0], "page").verdict, Verdict::Overloaded);
}

#[test]
fn a_verdict_that_there_is_not_is_refused() {
    let wrong = |from: &str, to: &str| {
        let text = storm().with(STALL).replace(from, to);
        read(&text, Path::new(".")).err().unwrap_or_else(|| panic!("{to} is read"))
    };
    let found = wrong("= metastable", "= unstable");
    assert!(found.contains("`unstable` is none of `stable`"), "{found}");
    let found = wrong("verdict.page@after", "verdict.pages@after");
    assert!(found.contains("pages"), "{found}");
}

/// 4 cores; the zone may use one, and is always offered more: it wants 4, has 1 and waits for its cap with the rest.
/// Two equal zones of 2 cores, both with more to do than both cores: each wants 2, has 1 and misses 1 to the other.
#[test]
fn the_account_of_a_zone_says_what_it_wanted_and_what_kept_it_from_that() {
    let one = r#"scenario = "zones"
format   = 2
title    = "Zones"
question = "What did they get?"
source   = "a test"
[run]
seed = 1
replications = 3
[window.all]
length  = "20s"
warm-up = "10s"
[server.box]
cores = 4
[zone.capped]
on  = ["box-1"]
cpu = { cap = 1.0, baseline = 0.25 }
[service.app]
in      = "capped"
workers = 30
backlog = 10
[workload.users]
request = "page"
rate    = "60/s"
[request.page]
enter = "app"
demands  = { page = { dist = "exponential", mean = "100ms" } }
steps = [ { cpu = "app", demand = "page" } ]
"#;
    let accounts = |text: &str| -> Vec<[f64; 5]> {
        let (_, result) = ran(text);
        let zones = &result.windows[0].zones;
        let value = |estimate: &Estimate| estimate.value().unwrap();
        for zone in zones {
            assert_eq!(zone.course.len(), 100, "as many intervals as soundings");
            let mean = zone.course.iter().map(|cell| cell.used).sum::<f64>() / 100.0;
            assert!((mean - value(&zone.used)).abs() < 1e-9);
        }
        let all = |zone: &fivenines::study::zones::ZoneUse| {
            [&zone.wanted, &zone.used, &zone.burst, &zone.capped_wait, &zone.steal].map(value)
        };
        zones.iter().map(all).collect()
    };
    let near = |found: &[f64; 5], wanted: [f64; 5]| {
        assert!((found[1] + found[3] + found[4] - found[0]).abs() < 1e-9, "{found:?}");
        let close = found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 0.001);
        assert!(close, "{found:?}, not {wanted:?}");
    };
    near(&accounts(one)[0], [4.0, 1.0, 0.75, 3.0, 0.0]);
    let two = one
        .replace("cores = 4", "cores = 2")
        .replace("cpu = { cap = 1.0, baseline = 0.25 }", "[zone.other]\non  = [\"box-1\"]")
        .replace("[workload.users]", "[service.rest]\nin      = \"other\"\nworkers = 30\nbacklog = 10\n[workload.others]\nrequest = \"other-page\"\nrate    = \"60/s\"\n[request.other-page]\nenter = \"rest\"\ndemands = { page = { dist = \"exponential\", mean = \"100ms\" } }\nsteps = [ { cpu = \"rest\", demand = \"page\" } ]\n[workload.users]");
    for found in accounts(&two) {
        near(&found, [2.0, 1.0, 0.0, 0.0, 1.0]);
    }
}
