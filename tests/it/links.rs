//! Promise: a call over a link between sites takes its latency both ways, shares its bandwidth with all that crosses it, and
//! waits while it is down; every figure here follows from the numbers of the file by hand.

use fivenines::{Results, Run, Scenario};

/// Pages at the west, ten per second at even distances, that call `users` at the east for 2 ms of work. Of 1 MB/s a call of
/// 1 kB takes 1 ms and an answer of 20 kB 20 ms; the delay is 35 ms one way.
const SCENE: &str = r#"
scenario = "links"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
[window.steady]
length = "20s"
replications = 2
[site.east]
[site.west]
[link.wan]
between   = ["east", "west"]
bandwidth = "8Mbit/s"
latency   = "35ms"
[rack.east-rack]
site = "east"
[rack.west-rack]
site = "west"
[server.east-box]
count  = 2
rack   = "east-rack"
cores  = 1
memory = "4GiB"
[server.west-box]
rack   = "west-rack"
cores  = 1
memory = "4GiB"
[zone.accounts]
count = 2
on    = ["east-box-1", "east-box-2"]
[zone.west-www]
on = ["west-box"]
[service.app]
in      = "west-www"
workers = 100
[service.users]
in      = "accounts"
workers = 50
[workload.people]
request  = "page"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.page]
enter   = "app"
demands = { look = "2ms" }
steps   = [ { call = "users", sends = "1kB", returns = "20kB", steps = [ { cpu = "users", demand = "look" } ] } ]
"#;

const MEAN: &str = "latency.page.mean@steady";
const SERVED: &str = "served.page@steady";
/// Time of a call over the idle link: two delays, the bytes, and the work there.
const ALONE: f64 = 0.035 + 0.001 + 0.002 + 0.020 + 0.035;
/// A break of the link for 4 s.
const CUT: &str =
    "[fault.cut]\nhits = \"link.wan\"\nhow = \"crash\"\nat = \"5s\"\nlasts = \"4s\"\n";

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn is_about(text: &str, path: &str, truth: f64, within: f64) {
    let found = value(&run(text, &[path]), path);
    assert!((found - truth).abs() <= within * truth.abs(), "{path}: {found}, not {truth}");
}

/// The call with a time-out, after which the page fails.
fn impatient(text: &str) -> String {
    text.replace("call = \"users\", ", "call = \"users\", time-out = \"1s\", ")
}

/// The call through a balancer in a rack.
fn balanced(rack: &str, keys: &str) -> String {
    SCENE.replace("call = \"users\", ", "call = \"front\", ")
        + &format!("[balancer.front]\nrack = \"{rack}\"\nto = \"users\"\n{keys}\n")
}

#[test]
fn a_call_takes_two_delays_and_the_time_of_its_bytes() {
    is_about(SCENE, MEAN, ALONE, 1e-6);
    let plain = SCENE.replace("sends = \"1kB\", returns = \"20kB\", ", "");
    // One byte each.
    is_about(&plain, MEAN, 0.072_002, 1e-6);
    let near = SCENE.replace("site = \"west\"", "site = \"east\"").replace("[site.west]", "");
    let near = near.replace("[link.wan]\nbetween   = [\"east\", \"west\"]\nbandwidth = \"8Mbit/s\"\nlatency   = \"35ms\"\n", "");
    is_about(&near.replace("sends = \"1kB\", returns = \"20kB\", ", ""), MEAN, 0.002, 1e-6);
}

/// 10/s x 21 kB of 1 MB/s.
#[test]
fn the_use_of_a_link_is_the_bytes_of_both_directions() {
    is_about(SCENE, "utilization.wan@steady", 0.21, 0.01);
}

/// Two answers at once have half of the bandwidth each.
#[test]
fn calls_share_the_bandwidth() {
    let call = "{ call = \"users\", sends = \"1kB\", returns = \"20kB\", steps = [ { cpu = \"users\", demand = \"look\" } ] }";
    assert!(SCENE.contains(call));
    let both = format!("{{ parallel = [ {{ steps = [ {call} ] }}, {{ steps = [ {call} ] }} ] }}");
    // They go to two members in turn.
    is_about(&SCENE.replace(call, &both), MEAN, ALONE + 0.001 + 0.020, 1e-6);
}

#[test]
fn the_way_through_a_balancer_is_the_same_on_either_side() {
    for rack in ["east-rack", "west-rack"] {
        is_about(&balanced(rack, ""), MEAN, ALONE, 1e-6);
        is_about(&balanced(rack, "member-limit = 5"), MEAN, ALONE, 1e-6);
    }
}

/// A worker there is busy with the work alone: one worker at 40/s has a use of 0.08, not of 40/s x the time on the link.
#[test]
fn a_worker_is_free_when_its_answer_has_left() {
    let text = SCENE
        .replace("workers = 50", "workers = 1")
        .replace("returns = \"20kB\"", "returns = \"1kB\"");
    is_about(&text, "utilization.users@steady", 0.01, 0.02);
    is_about(&text.replace("10/s", "40/s"), "utilization.users@steady", 0.04, 0.02);
}

#[test]
fn each_of_two_links_has_its_own_latency_and_use() {
    let north = r#"
[site.north]
[link.other]
between   = ["north", "west"]
bandwidth = "16Mbit/s"
latency   = "5ms"
[rack.north-rack]
site = "north"
[server.north-box]
rack   = "north-rack"
cores  = 1
memory = "4GiB"
[zone.north-www]
on = ["north-box"]
[service.far]
in      = "north-www"
workers = 10
"#;
    let far = "{ call = \"far\", sends = \"2kB\", returns = \"4kB\", steps = [ { cpu = \"far\", demand = \"look\" } ] } ]\n";
    let text = format!("{}, {far}{north}", SCENE.trim_end().trim_end_matches(']'));
    is_about(&text, MEAN, ALONE + 0.010 + 0.003 + 0.002, 1e-6);
    is_about(&text, "utilization.wan@steady", 0.21, 0.01);
    is_about(&text, "utilization.other@steady", 10.0 * 6_000.0 / 2e6, 0.01);
}

/// From 5 s to 9 s ten calls per second wait. With a time-out of 1 s the 31 that begin from 5.0 s to 8.0 s fail, and so do the
/// next two: they have 0.1 and 0.2 s left at 9 s, when ten answers of 20 ms begin at once. The computation of that second call
/// by call gives 166 of the 199 pages. Without a time-out none fails, and the oldest has waited for 4 s.
#[test]
fn a_link_that_is_down_keeps_calls_until_they_time_out() {
    for text in
        [SCENE.to_string(), balanced("east-rack", ""), balanced("west-rack", "member-limit = 500")]
    {
        let impatient =
            impatient(&text).replace("call = \"front\", ", "call = \"front\", time-out = \"1s\", ");
        let results = run(&(impatient + CUT), &[SERVED]);
        let served = value(&results, SERVED);
        assert!((166.0..=167.0).contains(&served), "{served}");
        let results = run(&(text + CUT), &[SERVED, "latency.page.max@steady"]);
        let (served, longest) =
            (value(&results, SERVED), value(&results, "latency.page.max@steady"));
        assert!(served >= 199.0, "{served}");
        // Those that have waited share the link at 9 s: 41 calls, then as many answers.
        assert!((4.1..5.1).contains(&longest), "{longest}");
    }
}

/// A link slowed by 2 takes twice as long for the bytes, not for the delay. No call meets the answer of the one before.
#[test]
fn a_slow_link_has_less_bandwidth_and_the_same_delay() {
    let slow = "[fault.slow]\nhits = \"link.wan\"\nhow = \"slow\"\nfactor = 2.0\nat = \"0s\"\nlasts = \"1h\"\n";
    is_about(&(SCENE.to_string() + slow), MEAN, ALONE + 0.021, 1e-3);
}

/// Calls and answers are on the way while a process of either end dies, hangs or stalls, with and without a time-out.
#[test]
fn faults_at_both_ends_leave_no_request_behind() {
    for part in ["service.users-1", "service.app", "site.east", "server.west-box"] {
        for how in ["crash", "hang", "pause", "partitioned"] {
            let fault = format!(
                "[fault.one]\nhits = \"{part}\"\nhow = \"{how}\"\nat = \"4.96s\"\nlasts = \"3s\"\n"
            );
            let scenes = [
                SCENE.to_string(),
                impatient(SCENE),
                balanced("west-rack", "member-limit = 5\nretries = 1"),
            ];
            for text in scenes {
                let Ok(scenario) = Scenario::parse(&(text.clone() + &fault + CUT)) else {
                    continue;
                };
                let run = Run::new().requests_only().figure(SERVED);
                let results =
                    scenario.run(&run).unwrap_or_else(|error| panic!("{part} {how}: {error}"));
                let served = value(&results, SERVED);
                assert!((100.0..=200.0).contains(&served), "{part} {how}: {served}");
            }
        }
    }
}

/// A caller that stops waiting closes its connection: an answer of 2 MB would need 2 s of the link, and leaves it after the
/// time-out of 1 s, when the next call begins. 1 ms for the call, and from 38 ms on for the answer.
#[test]
fn an_answer_that_nobody_waits_for_is_not_sent() {
    let text = impatient(SCENE).replace("20kB", "2MB").replace("10/s", "1/s");
    let text = text.replace("20s\"", "20s\"\nwarm-up = \"5s\"");
    is_about(&text, "utilization.wan@steady", 0.001 + 1.0 - 0.038, 1e-3);
    is_about(&text, SERVED, 0.0, 0.0);
    for rack in ["east-rack", "west-rack"] {
        let text = balanced(rack, "")
            .replace("call = \"front\", ", "call = \"front\", time-out = \"1s\", ");
        let text = text.replace("20kB", "2MB").replace("10/s", "1/s");
        let text = text.replace("20s\"", "20s\"\nwarm-up = \"5s\"");
        is_about(&text, "utilization.wan@steady", 0.001 + 1.0 - 0.038, 1e-3);
    }
}

/// The probes of a balancer do not cross a link that is down, so from their third failure on calls go to the near member alone.
#[test]
fn a_balancer_ejects_the_members_behind_a_link_that_is_down() {
    let near = "[server.near-box]\nrack = \"west-rack\"\ncores = 1\nmemory = \"4GiB\"\n";
    let check = "check = { interval = \"200ms\", time-out = \"100ms\", fall = 2, rise = 1 }";
    let text = balanced("west-rack", check)
        .replace(
            "on    = [\"east-box-1\", \"east-box-2\"]",
            "on    = [\"east-box-1\", \"near-box\"]",
        )
        .replace("call = \"front\", ", "call = \"front\", time-out = \"1s\", ");
    let served = value(&run(&format!("{text}{near}{CUT}"), &[SERVED]), SERVED);
    // Half of the calls of 0.3 to 0.5 s, and one under way at the break.
    assert!((196.0..=199.0).contains(&served), "{served}");
    let blind = text.replace(check, "");
    let served = value(&run(&format!("{blind}{near}{CUT}"), &[SERVED]), SERVED);
    // Half of those that begin from the break until 1 s before its end, and of the next the first: it has 0.1 s left.
    assert!((183.0..=184.0).contains(&served), "{served}");
    let late = text.replace("time-out = \"100ms\"", "time-out = \"60ms\"");
    let refused = Scenario::parse(&format!("{late}{near}")).err().map(|error| error.to_string());
    assert!(refused.is_some_and(|said| said.contains("an answer over the link `wan` takes 70ms")));
}

/// Look-ups in a cache at the other site cross the link, with one byte each way.
#[test]
fn a_look_up_crosses_the_link() {
    let cache = "[cache.far]\nin = \"accounts-1\"\ncpu = \"2ms\"\nhit = 1.0\n";
    let step = "{ call = \"users\", sends = \"1kB\", returns = \"20kB\", steps = [ { cpu = \"users\", demand = \"look\" } ] }";
    let text = SCENE
        .replace(step, "{ cache = \"far\", else = [ { cpu = \"app\", demand = \"look\" } ] }")
        + cache;
    let users = "[service.users]\nin      = \"accounts\"\nworkers = 50\n";
    let text = text.replace(users, "");
    is_about(&text, MEAN, 0.072_002, 1e-6);
}

const YEARS: &str =
    "[fault.cut]\nhits = \"link.wan\"\nhow = \"partitioned\"\nat = \"5d\"\nlasts = \"6h\"\n";

/// Figures of the long horizon of 30 days, in which the link is down for 6 hours.
fn over_years(text: &str, figures: &[&str]) -> Results {
    let text = text.replace("seed  = 1", "seed  = 1\nhorizon = \"30d\"");
    let scenario = Scenario::parse(&(text + YEARS)).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().years_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn over_years_a_class_is_down_while_the_link_is_that_its_calls_need() {
    let [all, cause] = ["downtime.page@horizon", "downtime.page[cause=cut]@horizon"];
    let lost = "request.page@horizon";
    let share = 6.0 / 720.0;
    for text in [SCENE.to_string(), balanced("west-rack", ""), balanced("east-rack", "")] {
        let results = over_years(&text, &[all, cause, lost]);
        assert!(value(&results, all) > 0.0, "a class that needs the link is down with it");
        assert!((value(&results, all) - value(&results, cause)).abs() < 1e-6);
        let served = value(&results, lost);
        assert!((served - (1.0 - share)).abs() < 1e-4, "{served}");
    }
    let rack = "[rack.west-rack]\nsite = \"west\"";
    let near = SCENE
        .replace(rack, &rack.replace("= \"west\"", "= \"east\""))
        .replace("sends = \"1kB\", returns = \"20kB\", ", "");
    let results = over_years(&near, &[all, lost]);
    assert_eq!((value(&results, all), value(&results, lost)), (0.0, 1.0));
}

/// 10/s x 21 kB of 1 MB/s in closed form, on one hop whatever the side of a balancer.
#[test]
fn the_load_of_a_link_is_offered_in_closed_form() {
    for text in [SCENE.to_string(), balanced("west-rack", ""), balanced("east-rack", "")] {
        let text = text.replace("[window.steady]", "[window.steady]\nlevel = \"10/s\"");
        is_about(&text, "headroom.wan@steady", 1.0 - 0.21, 1e-9);
    }
    let over =
        Scenario::parse(&SCENE.replace("10/s", "60/s")).unwrap_or_else(|error| panic!("{error}"));
    let said: Vec<String> = over.warnings().iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|said| said.contains("`wan` is offered 1.26")), "{said:#?}");
    // The bits that cross it.
    is_about(SCENE, "transfer.wan@steady", 10.0 * 21_000.0 * 8.0, 0.01);
}
