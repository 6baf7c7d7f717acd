//! Promise: an autoscaler has the number of members that its rule says, from the instant on that its times add up to, where
//! a server has the capacity; what is lost meanwhile is the difference between load and capacity.

use fivenines::{Results, Run, Scenario};

use crate::inside::shared::base::{With, base};

mod consumers;
mod neighbours;
mod placement;
mod provisions;

/// Pages of 20 ms at members of one core: 50/s each. The load steps from 75/s to 225/s at 10:00, at the end of a period.
fn shop(lines: &str) -> Scenario {
    Scenario::parse(&base("scaler").with(lines)).unwrap_or_else(|error| panic!("{error}"))
}

fn run(scenario: &Scenario) -> Results {
    let figures = [
        "members.grow.mean",
        "members.grow.max",
        "member-hours.grow",
        "launches.grow",
        "failed-launches.grow",
        "refused-launches.grow",
        "removals.grow",
        "cut-requests.grow",
        "attempts.page[outcome=error]",
        "utilization.app",
    ];
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn near(results: &Results, path: &str, truth: f64, within: f64) {
    let found = value(results, path);
    assert!((found - truth).abs() <= within, "{path}: {found}, and it is {truth}");
}

/// 225/s at 30/s per member: 7.5, so 8 members. From 3, five are launched 15 s after the step (a period of 10 s and a lag
/// of 5 s), and serve 10 s later. Over 10 min: 3 for 25 s and 8 for 575 s. Until a balancer has found them, 75 pages
/// per second are more than three members can do; their queues take up some 30 of each.
#[test]
fn a_step_is_followed_after_period_lag_provision_and_boot() {
    let results = run(&shop(""));
    near(&results, "launches.grow@crowd", 5.0, 1e-9);
    near(&results, "members.grow.max@crowd", 8.0, 1e-9);
    near(&results, "members.grow.mean@crowd", (3.0 * 25.0 + 8.0 * 575.0) / 600.0, 1e-9);
    // A member costs from the end of its provisioning: 20 s after the step.
    near(&results, "member-hours.grow@crowd", (3.0 * 600.0 + 5.0 * 580.0) / 3600.0, 1e-9);
    // Found by two probes 1 s apart, at phases of their own: the first two of five after 1 + 1/6 and 1 + 1/3 s.
    let lost = 75.0 * (25.0 + 7.0 / 6.0) + 25.0 / 6.0 - 3.0 * 29.0;
    near(&results, "attempts.page[outcome=error]@crowd", lost, 200.0);
}

/// A virtual machine boots for a minute unless the file says otherwise, a zone does not boot: a comparison of both would favour
/// zones, so `check` names a scaler whose launches take no time.
#[test]
fn check_names_a_scaler_whose_members_serve_at_once() {
    let at_once = |lines: &str| {
        let text = base("scaler")
            .with(lines)
            .replace("launch  = { provision = \"5s\", boot = \"5s\" }\n", "");
        Scenario::check(&text).iter().any(|found| found.code() == "W1211")
    };
    assert!(at_once(""));
    assert!(!at_once("[scaler.grow]\nlaunch = { provision = \"5s\" }\n"));
    assert!(!at_once("[zone.web]\nboot = \"10s\"\n"));
    assert!(!at_once("[service.app]\nrestart = \"10s\"\n"));
    let machines = base("scaler")
        .replace("launch  = { provision = \"5s\", boot = \"5s\" }\n", "")
        .replace("[zone.web]\n", "[vm.web]\nvcpus = 1\nmemory = \"1GiB\"\n");
    assert!(Scenario::check(&machines).iter().all(|found| found.code() != "W1211"));
}

#[test]
fn a_launch_that_always_fails_is_repeated_and_leaves_the_members_alone() {
    let lines = "[scaler.grow]\nperiod = \"5min\"\nlaunch = { provision = \"5s\", boot = \"5s\", failure = 1, retry-after = \"40s\" }\n";
    let results = run(&shop(lines));
    near(&results, "members.grow.max@crowd", 3.0, 1e-9);
    // Decided at 15:05; fails at 15:10, 15:55, 16:40, 17:25, 18:10, 18:55, 19:40.
    near(&results, "failed-launches.grow@crowd", 5.0 * 7.0, 1e-9);
    near(&results, "launches.grow@crowd", 5.0 * 7.0, 1e-9);
}

/// A launch that failed waits for `retry-after`, however often the scaler measures meanwhile: five fail at 10:20, and the
/// next would be at 20:20.
#[test]
fn a_failed_launch_is_not_repeated_before_its_time() {
    let lines = "[scaler.grow]\nlaunch = { provision = \"5s\", boot = \"5s\", failure = 1, retry-after = \"10min\" }\n";
    let results = run(&shop(lines));
    near(&results, "launches.grow@crowd", 5.0, 1e-9);
    near(&results, "failed-launches.grow@crowd", 5.0, 1e-9);
}

/// Members of 3 GiB on three servers of 9 GiB: of zones nine have a place, of machines, each with 1 GiB of its hypervisor, six. The
/// scaler wants eight.
#[test]
fn a_launched_machine_takes_the_memory_of_its_hypervisor_too() {
    let text =
        base("scaler").with("[server.box]\nmemory = \"9GiB\"\n[zone.web]\nmemory = \"3GiB\"\n");
    let machines = text.replace(
        "[zone.web]\n",
        "[vm.web]\nvcpus = 1\ncpu-overhead = 0\nio-latency = \"0s\"\nio-cpu = \"0s\"\n",
    );
    for (text, most, is_refused) in [(&text, 8.0, false), (&machines, 6.0, true)] {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let results = run(&scenario);
        near(&results, "members.grow.max@crowd", most, 1e-9);
        let refused = results.figure("refused-launches.grow@crowd").unwrap().value();
        assert_eq!(refused > 0.0, is_refused, "{refused}");
    }
}

/// A crowd of 10 s makes the scaler want eight. When the launches would be repeated three are enough.
#[test]
fn a_failed_launch_is_not_repeated_once_it_is_not_wanted() {
    let lines = "[workload.users]\nstep = { at = \"00:10\", factor = 3.0, for = \"10s\" }\n\
                 [scaler.grow]\nlaunch = { provision = \"5s\", boot = \"5s\", failure = 1 }\n";
    let results = run(&shop(lines));
    near(&results, "launches.grow@crowd", 5.0, 1e-9);
}

/// Without a bound of memory the first server with a free place wins, and `box-1` has three: the five launched at 10:15 stand
/// on it and `box-2`. Whether it crashes a second before, while it provisions or while they boot, three fail, and are
/// repeated elsewhere: by then its heartbeat is missed.
#[test]
fn launches_on_a_server_that_crashes_fail() {
    for at in ["614s", "617s", "622s"] {
        let fault = format!(
            "[fault.box]\nhits = \"server.box-1\"\nhow = \"crash\"\nat = \"{at}\"\nlasts = \"9min\"\n"
        );
        let results = run(&shop(&fault));
        near(&results, "failed-launches.grow@crowd", 3.0, 1e-9);
        near(&results, "launches.grow@crowd", 8.0, 1e-9);
        near(&results, "refused-launches.grow@crowd", 0.0, 1e-9);
        near(&results, "members.grow.max@crowd", 8.0, 1e-9);
    }
}

/// Four members of 4 GiB fill a server of 16 GiB. Packed, the first three and one launch stand on the first one.
#[test]
fn places_for_launches_stand_where_their_memory_is() {
    let lines =
        "[server.box]\nmemory = \"16GiB\"\n[zone.web]\nmemory = \"4GiB\"\nplacement = \"pack\"\n";
    let results = run(&shop(lines));
    near(&results, "launches.grow@crowd", 5.0, 1e-9);
    near(&results, "refused-launches.grow@crowd", 0.0, 1e-9);
    near(&results, "members.grow.max@crowd", 8.0, 1e-9);
}

/// Three servers of 8 GiB hold two members of 3 GiB each: six members, and two launches are refused.
#[test]
fn launches_without_capacity_are_refused_and_counted() {
    let lines = "[server.box]\nmemory = \"8GiB\"\n[zone.web]\nmemory = \"3GiB\"\n[scaler.grow]\nperiod = \"5min\"\nlaunch = { provision = \"5s\", boot = \"5s\", retry-after = \"1h\" }\n";
    let results = run(&shop(lines));
    near(&results, "members.grow.max@crowd", 6.0, 1e-9);
    near(&results, "launches.grow@crowd", 3.0, 1e-9);
    near(&results, "refused-launches.grow@crowd", 2.0, 1e-9);
}

/// With a step rule two members come at a time, while the value stays above the bound; none while they are on their way.
#[test]
fn steps_add_and_remove_what_they_say() {
    let steps = "steps = [ { above = 40, add = 2 }, { below = 20, remove = 1 } ]\n";
    let text = base("scaler").replace("target  = 30\n", steps);
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let results = run(&scenario);
    // 225/s of 3 is 75, of 5 is 45, of 7 is 32: two steps.
    near(&results, "launches.grow@crowd", 4.0, 1e-9);
    near(&results, "members.grow.max@crowd", 7.0, 1e-9);
    near(&results, "removals.grow@crowd", 0.0, 1e-9);
}

/// When the load is back at 75/s five members go, one cool-down after the launch; none of their requests fails.
#[test]
fn a_removed_member_ends_its_requests() {
    let lines = "[window.crowd]\nat = \"13min\"\nlength = \"7min\"\nwarm-up = \"8min\"\n\
                 [workload.users]\nstep = { at = \"00:10\", factor = 3.0, for = \"2min\" }\n\
                 [scaler.grow]\ncool-down = { in = \"4min\" }\n";
    let results = run(&shop(lines));
    near(&results, "removals.grow@crowd", 5.0, 1e-9);
    near(&results, "cut-requests.grow@crowd", 0.0, 1e-9);
    near(&results, "attempts.page[outcome=error]@crowd", 0.0, 1e-9);
    // Launched at 10:15, they serve until 14:15.
    near(&results, "members.grow.mean@crowd", 3.0 + 5.0 * 75.0 / 420.0, 1e-9);
}

/// Pages that wait for 20 s in their worker: 75/s are 9.4/s at each of eight members. Five are removed with a drain of 5 s,
/// and then have the requests of the 15 s before their removal.
#[test]
fn requests_fail_when_the_drain_is_over() {
    let lines = "[window.crowd]\nat = \"13min\"\nlength = \"7min\"\nwarm-up = \"8min\"\n\
                 [workload.users]\nstep = { at = \"00:10\", factor = 3.0, for = \"2min\" }\n\
                 [service.app]\nworkers = 2000\n\
                 [request.page]\nsteps = [ { cpu = \"app\", demand = \"page\" }, { delay = \"20s\" } ]\n\
                 [scaler.grow]\ncool-down = { in = \"4min\" }\ndrain = \"5s\"\n";
    let results = run(&shop(lines));
    near(&results, "removals.grow@crowd", 5.0, 1e-9);
    let cut = value(&results, "cut-requests.grow@crowd");
    near(&results, "cut-requests.grow@crowd", 5.0 * 75.0 / 8.0 * 15.0, 90.0);
    near(&results, "attempts.page[outcome=error]@crowd", cut, 1e-9);
}

/// Processor time as the metric: 225/s × 20 ms are 4.5 cores, at 0.6 of a core each 7.5, so 8 members in the end. A saturated
/// group shows no more than 1, and takes several periods to get there. The bill counts the mean number: 75/s on a
/// normal day are 2.5, so the minimum of 3, at $100.
#[test]
fn a_target_of_processor_time_settles_at_load_over_target_and_is_billed_so() {
    let lines = "[window.crowd]\nat = \"16min\"\nlength = \"4min\"\nwarm-up = \"11min\"\n\
                 [cost.of]\nweb = \"$100/month\"\n[scaler.grow]\nmetric = \"cpu\"\ntarget = 0.6\n";
    let run = Run::new().requests_only().replications(2);
    let run = ["cost.month", "members.grow.mean@crowd", "utilization.web.cpu@crowd"]
        .iter()
        .fold(run, |run, path| run.figure(path));
    let results = shop(lines).run(&run).unwrap_or_else(|error| panic!("{error}"));
    near(&results, "cost.month", 300.0, 1e-9);
    // Seven are within the tolerance too: 7.5 of 7 is 1.07.
    let members = value(&results, "members.grow.mean@crowd");
    assert!((7.0..=8.0).contains(&members), "{members}");
    near(&results, "utilization.web.cpu@crowd", 4.5 / members, 0.02);
}

/// A price paid once is paid for `maximum`, not for every place.
#[test]
fn the_most_members_are_paid_once() {
    let lines = "[scaler.grow]\nmaximum = 6\n[cost.of]\nweb = \"$100\"\n";
    let run = Run::new().requests_only().replications(2).figure("cost.once");
    let results = shop(lines).run(&run).unwrap_or_else(|error| panic!("{error}"));
    near(&results, "cost.once", 600.0, 1e-9);
}

/// A group has the capacity of the members that may exist at a time, not of all of its places: 225/s × 20 ms are 4.5 cores.
/// With a maximum of 3 that is 1.5 of each. The bill of a normal day stays: its mean of 3 members is below the maximum.
#[test]
fn check_counts_the_members_that_a_scaler_may_launch() {
    let said = |scenario: &Scenario| {
        let all = scenario.warnings();
        let of = all.iter().map(|warning| warning.message().to_string());
        of.filter(|message| message.contains("of its scaler")).collect::<Vec<_>>()
    };
    assert_eq!(said(&shop("")), Vec::<String>::new());
    assert_eq!(said(&shop("[scaler.grow]\nmaximum = 5\n")), Vec::<String>::new());
    let few = said(&shop("[scaler.grow]\nmaximum = 3\n"));
    let is =
        "`web-1.cpu` is offered 1.50 of its capacity with 3 members, the `maximum` of its scaler,";
    assert!(few.iter().any(|message| message.contains(is)), "{few:?}");
    let lines = "[cost.of]\nweb = \"$100/month\"\n[scaler.grow]\nmetric = \"cpu\"\ntarget = 0.6\nmaximum = 6\n";
    let run = Run::new().requests_only().replications(2).figure("cost.month");
    let results = shop(lines).run(&run).unwrap_or_else(|error| panic!("{error}"));
    near(&results, "cost.month", 300.0, 1e-9);
}

#[test]
fn check_warns_where_every_launch_is_refused() {
    let cases = [
        ("", None),
        (
            "[server.box]\nmemory = \"4GiB\"\n[zone.web]\nmemory = \"4GiB\"\n",
            Some("no server has 4GiB"),
        ),
        ("[server.box]\nmemory = \"8GiB\"\n[zone.web]\nmemory = \"4GiB\"\n", None),
        (
            "[server.box]\ncores = 1\n[zone.web]\ncpu = { cap = 4.0 }\n",
            Some("exceed the cores four times"),
        ),
    ];
    let text = |lines: &str| base("scaler").with(lines);
    // The balancer's zone has no cap, and stands on the only server.
    let beside = text("[server.box]\ncount = 1\n[zone.door]\non = [\"box-1\"]\n");
    let beside = beside.replace("[server.edge]\ncores = 8\n", "");
    let cases = cases.map(|(lines, says)| (text(lines), says));
    for (text, says) in cases.into_iter().chain([(beside, Some("zones without a cap"))]) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let warnings = scenario.warnings();
        let found = warnings.iter().find(|warning| warning.message().starts_with("every launch"));
        assert_eq!(found.is_some(), says.is_some(), "{text}: {warnings:?}");
        assert!(
            found.is_none_or(|found| found.message().contains(says.unwrap_or(""))),
            "{found:?}"
        );
    }
}

/// Rules, times and balancers at their bounds: a run ends with every request in one outcome, which the run itself asserts,
/// and the members stay between the fewest and the most.
#[test]
fn no_request_disappears_with_a_member() {
    let short = "[run]\nreplications = 1\n[window.crowd]\nat = \"1min\"\nlength = \"40s\"\nwarm-up = \"1min\"\n\
                 [workload.users]\nrate = \"40/s\"\nstep = { at = \"00:01\", factor = 5.0, for = \"15s\" }\n";
    let cases = [
        "[scaler.grow]\nperiod = \"1s\"\nlag = \"20s\"\ncool-down = { in = \"0s\" }\ndrain = \"0s\"\ntarget = 0.001\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ntarget = 1000000000\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"0s\"\nmetric = \"waiting\"\ntarget = 0.5\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\nmetric = \"cpu\"\ntarget = 0.5\n[server.box]\ncpu-model = \"tick\"\n",
        "[scaler.grow]\nmaximum = 3\n",
        "[scaler.grow]\nstart = 12\nperiod = \"5s\"\ncool-down = { in = \"0s\" }\ntolerance = 0\n",
        "[scaler.grow]\nperiod = \"1s\"\nlaunch = { failure = 1, retry-after = \"1s\" }\n",
        "[scaler.grow]\nperiod = \"1s\"\nlaunch = {}\nplacement = { memory = -1000, owner = -1, random = 0 }\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\n[balancer.front]\nalgorithm = \"hash\"\nretries = 2\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\n[balancer.front]\nalgorithm = \"two-choices\"\nslow-start = \"5s\"\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"0s\"\n[balancer.front]\nmember-limit = 3\nqueue-limit = 20\nalgorithm = \"round-robin\"\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\n[balancer.front]\ncheck = { interval = \"1s\", time-out = \"1s\", fall = 1, rise = 1, depth = \"deep\" }\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\nlaunch = {}\n[service.app]\nrestart = \"3s\"\nwarm-up = { for = \"10s\", speed = 0.5 }\n[zone.web]\nboot = \"2s\"\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\n[fault.dies]\nhits = \"app\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"15s\"\n[window.break]\nat = \"1min\"\nbefore = \"10s\"\nafter = \"15s\"\nrepair = \"15s\"\nwarm-up = \"20s\"\nreplications = 1\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"3s\"\n[fault.box]\nhits = \"server.box-1\"\nhow = \"crash\"\nat = \"55s\"\nlasts = \"30s\"\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"3s\"\n[fault.member]\nhits = \"app\"\nhow = \"crash\"\nrate = \"3/min\"\nrepair = { dist = \"exponential\", mean = \"5s\" }\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"3s\"\n[fault.member]\nhits = \"app\"\nhow = \"hang\"\nrate = \"3/min\"\nrepair = { dist = \"exponential\", mean = \"5s\" }\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"3s\"\n[fault.cut]\nhits = \"box\"\nhow = \"partitioned\"\nrate = \"2/min\"\nrepair = { dist = \"exponential\", mean = \"8s\" }\n[balancer.front]\ntime-out = \"2s\"\n",
        "[scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"3s\"\n[operation.roll]\nevery = \"day\"\nat = \"00:01\"\nlasts = \"3s\"\ndoes = \"deploy\"\nof = \"zone.web\"\n",
    ];
    for case in cases {
        for probed in [true, false] {
            let check = "check = { interval = \"1s\", time-out = \"1s\", fall = 3, rise = 2 }\n";
            // Without probes no member is ever put back.
            if !probed && case.contains("slow-start") {
                continue;
            }
            let text = base("scaler").replace(check, if probed { check } else { "" });
            let scenario = Scenario::parse(&text.with(short).with(case));
            let scenario = scenario.unwrap_or_else(|error| panic!("{case}: {error}"));
            let run = ["members.grow.max@crowd", "members.grow.mean@crowd", "launches.grow@crowd"];
            let run = run.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
            let results = scenario.run(&run).unwrap_or_else(|error| panic!("{case}: {error}"));
            let (mean, most) = (
                value(&results, "members.grow.mean@crowd"),
                value(&results, "members.grow.max@crowd"),
            );
            assert!((3.0..=most).contains(&mean) && most <= 12.0, "{case}: {mean}, {most}");
        }
    }
}

/// Members that are terminated and moved at the bounds of their times, with all kinds of failures, balancers and drains: every
/// request ends in one outcome, which the run itself asserts.
#[test]
fn no_request_disappears_with_a_member_that_leaves() {
    let short = "[run]\nreplications = 1\n[window.crowd]\nat = \"1min\"\nlength = \"40s\"\nwarm-up = \"1min\"\n\
                 [workload.users]\nrate = \"100/s\"\nstep = { at = \"00:01\", factor = 2.0, for = \"15s\" }\n\
                 [scaler.grow]\nperiod = \"1s\"\ncool-down = { in = \"0s\" }\ndrain = \"0s\"\n\
                 launch = { provision = \"1s\", boot = \"1s\", retry-after = \"1s\" }\n";
    let hows = ["crash", "hang", "pause", "partitioned"].map(|how| {
        format!(
            "[scaler.grow]\nreplace = \"2s\"\n\
             [fault.member]\nhits = [\"app\", \"box\", \"web\"]\nhow = \"{how}\"\nrate = \"2/min\"\n\
             repair = {{ dist = \"exponential\", mean = \"4s\" }}\n"
        )
    });
    let moves = ["stop-first", "start-first"].map(|order| {
        let one = |name: &str, at: u32, of: &str| {
            format!(
                "[operation.{name}]\nat = \"{at}s\"\ndoes = \"move\"\nof = \"{of}\"\norder = \"{order}\"\nlasts = \"8s\"\n"
            )
        };
        one("a", 50, "box-1") + &one("b", 60, "box-2") + &one("c", 61, "app-3") + &one("d", 75, "box-1")
    });
    let doors = [
        "",
        "[balancer.front]\nalgorithm = \"round-robin\"\ntime-out = \"2s\"\nretries = 2\n",
        "[balancer.front]\nmember-limit = 3\nqueue-limit = 20\nalgorithm = \"round-robin\"\n",
        "[balancer.front]\ncheck = { interval = \"1s\", time-out = \"1s\", fall = 1, rise = 1, depth = \"deep\" }\n",
    ];
    for (how, order) in hows.iter().zip(moves.iter().cycle()) {
        for door in doors {
            let text = base("scaler").with(short).with(how).with(order).with(door);
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            let paths = ["replaced-members.grow@crowd", "moved-members.grow@crowd"];
            let run = paths.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
            let results = scenario.run(&run).unwrap_or_else(|error| panic!("{how}: {error}"));
            assert!(value(&results, paths[0]) >= 1.0 && value(&results, paths[1]) >= 1.0, "{how}");
        }
    }
}

/// A process hangs at 10:00 with unlimited workers and without probes: of 75/s a third is held. It is terminated at 12:00, and the
/// 3,000 inside fail for the fault. Another member gets the third from 12:10 on.
#[test]
fn what_is_inside_a_terminated_member_fails_for_the_fault() {
    let lines = "[window.crowd]\nwarm-up = \"1min\"\nlength = \"5min\"\n\
                 [workload.users]\narrivals = { process = \"fixed\" }\n\
                 [service.app]\nworkers = \"unlimited\"\n[balancer.front]\nalgorithm = \"round-robin\"\n\
                 [scaler.grow]\nreplace = \"2min\"\n\
                 [fault.stuck]\nhits = \"app-1\"\nhow = \"hang\"\nat = \"10min\"\nlasts = \"10min\"\n";
    let text = base("scaler")
        .replace("step    = { at = \"00:10\", factor = 3.0 }\n", "")
        .replace("backlog = 20\n", "")
        .replace("check = { interval = \"1s\", time-out = \"1s\", fall = 3, rise = 2 }\n", "");
    let scenario = Scenario::parse(&text.with(lines)).unwrap_or_else(|error| panic!("{error}"));
    let paths = [
        "lost.page@crowd",
        "lost.page[cause=stuck]@crowd",
        "replaced-members.grow@crowd",
        "cut-requests.grow@crowd",
    ];
    let run = paths.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    near(&results, paths[2], 1.0, 1e-9);
    near(&results, paths[1], 3_000.0, 2.0);
    near(&results, paths[0], value(&results, paths[1]), 1e-9);
    // They are not what a drain cuts.
    near(&results, paths[3], 0.0, 1e-9);
}
