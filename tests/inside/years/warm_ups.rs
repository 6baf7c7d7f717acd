//! Processes are slow after a restart over years as they are in `requests`, and no process is that was only cut off.

use crate::inside::shared::base::{With as _, base};
use crate::inside::years::users::{all_by_flows, by_flows, by_requests};

/// Pages of 2.4 s on eight cores. A process is back after 10 s, and slow for as long as `warm_up` says.
fn app(warm_up: &str, more: &str) -> String {
    base("page").with(&format!(
        r#"
[run]
horizon = "1d"
seed = 3
[site.main]
[rack.r]
site = "main"
switch = {{ count = 1, bandwidth = "1Gbit/s" }}
[server.box]
rack = "r"
[service.app]
restart = "10s"
warm-up = {warm_up}
[workload.visitors]
arrivals = {{ process = "regular" }}
[request.page]
demands = {{ page = "2.4s" }}
{more}
"#
    ))
}

fn fault(hits: &str, how: &str) -> String {
    format!("[fault.oops]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"1h\"\nlasts = \"20s\"\n")
}

/// Seconds of a day at the load of one page per second, which takes 0.3 of the processors.
fn seconds_at_work(text: &str) -> f64 {
    let ([_, resources], tally) = all_by_flows(text, |_| {});
    tally.busy[resources.iter().position(|name| name == "box-1.cpu").unwrap()] * 86_400.0 / 0.3
}

/// The process is down for 20 s, or its server is and the process restarts for 10 s. A page then takes twice its processor time for 30 s.
#[test]
fn a_process_is_slow_after_a_restart_and_not_after_it_was_cut_off() {
    let warm_up = "{ for = \"30s\", speed = 0.5 }";
    let worked = |hits: &str, how: &str| seconds_at_work(&app(warm_up, &fault(hits, how)));
    let day = 86_400.0;
    for (hits, how, seconds) in [
        ("app", "crash", day - 20.0 + 30.0),
        ("box", "crash", day - 30.0 + 30.0),
        ("rack.r.switch", "crash", day - 20.0),
        ("box", "partitioned", day - 20.0),
        // It takes no request while it hangs, and is restarted by the repair alone.
        ("app", "hang", day - 20.0 + 30.0),
        ("web", "hang", day - 20.0 + 30.0),
        ("box", "hang", day - 20.0 + 30.0),
    ] {
        let found = worked(hits, how);
        assert!((found - seconds).abs() < 1e-3, "{hits} {how}: {found}, {seconds} wanted");
    }
}

/// Down from 1:00:00 to 1:00:20, and again while it is cold, for 20 s from 1:00:30 on: 10 s at half the speed, then the 30 s anew.
#[test]
fn a_second_crash_begins_the_warm_up_anew() {
    let again = fault("app", "crash").replace("oops", "again").replace("1h", "3630s");
    let text = app("{ for = \"30s\", speed = 0.5 }", &(fault("app", "crash") + &again));
    let (found, by_hand) = (seconds_at_work(&text), 86_400.0 - 40.0 + 40.0);
    assert!((found - by_hand).abs() < 1e-3, "{found}, {by_hand} wanted");
}

/// A cold process that a fault makes slower too takes four times its processor time: cold are 3,620 to 3,650 s, slow 3,625 to 3,685 s.
#[test]
fn a_process_that_is_cold_and_slow_is_slower_by_both() {
    let slow = "[fault.slow]\nhits = \"app\"\nhow = \"slow\"\nfactor = 2\nat = \"3625s\"\nlasts = \"60s\"\n\
                [workload.visitors]\nrate = \"0.5/s\"\n";
    let text = app("{ for = \"30s\", speed = 0.5 }", &(fault("app", "crash") + slow));
    let by_hand = 86_400.0 - 20.0 + 5.0 + 25.0 * (4.0 - 1.0) + 35.0;
    let found = 2.0 * seconds_at_work(&text);
    assert!((found - by_hand).abs() < 1e-3, "{found}, {by_hand} wanted");
}

/// At half the speed 1.67 of 2.4 pages per second are served, for ten minutes, and 30 find a place: 10 at work and 20 in front.
#[test]
fn a_process_that_is_too_slow_after_a_restart_loses_what_requests_loses() {
    let more = "[service.app]\nbacklog = 20\n[workload.visitors]\nrate = \"2.4/s\"\n";
    let text = app("{ for = \"10min\", speed = 0.5 }", &(fault("app", "crash") + more));
    let lost: f64 = by_flows(&text, |_| {}).lost.iter().sum();
    let by_hand = 2.4 * 20.0 + (2.4 - 8.0 / 4.8) * 600.0 - 30.0;
    assert!((lost / by_hand - 1.0).abs() < 0.02, "{lost}, not {by_hand}");
    let [requests, ..] = by_requests(&text, (3_590.0, 4_900.0), 1);
    assert!((lost / requests - 1.0).abs() < 0.03, "{lost}, {requests} by requests");
    // The same from a window that begins while the process is down.
    let [requests, ..] = by_requests(&text, (3_610.0, 4_900.0), 1);
    assert!((lost / (requests + 24.0) - 1.0).abs() < 0.03, "{lost}, {requests} by requests");
}
