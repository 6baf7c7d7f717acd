//! Promise: an autoscaler has the number of members that its rule says, from the instant on that its times add up to, where
//! a server has the capacity; what is lost meanwhile is the difference between load and capacity.

use fivenines::{Results, Run, Scenario};

use crate::shared::base::{With, base};

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
        "attempts.page[outcome=refused]",
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
    near(&results, "attempts.page[outcome=refused]@crowd", 75.0 * 26.5 - 3.0 * 30.0, 250.0);
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
    let lines = "[workload.users]\nstep = { at = \"00:10\", factor = 3.0, for = \"2min\" }\n[scaler.grow]\ncool-down = { in = \"4min\" }\n";
    let results = run(&shop(lines));
    near(&results, "removals.grow@crowd", 5.0, 1e-9);
    near(&results, "cut-requests.grow@crowd", 0.0, 1e-9);
    near(&results, "attempts.page[outcome=error]@crowd", 0.0, 1e-9);
    // Launched at 10:15, serving from 10:25 to 14:15.
    near(&results, "members.grow.mean@crowd", 3.0 + 5.0 * 230.0 / 600.0, 1e-9);
}

/// The bill counts the mean number of members: 75/s × 20 ms at 0.6 of a core are 2.5, so the minimum of 3, at $100.
#[test]
fn the_bill_counts_members_by_the_hour() {
    let lines = "[cost.of]\nweb = \"$100/month\"\n[scaler.grow]\nmetric = \"cpu\"\ntarget = 0.6\n";
    let run = Run::new().requests_only().figure("cost.month");
    let results = shop(lines).run(&run).unwrap_or_else(|error| panic!("{error}"));
    near(&results, "cost.month", 300.0, 1e-9);
}
