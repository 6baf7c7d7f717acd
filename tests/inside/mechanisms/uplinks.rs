//! Users of a dead uplink are cut off until routes have converged.

use fivenines::model::blueprint::Blueprint;
use fivenines::solve::requests::{self, Observation};

use crate::inside::faults::{lost, planned, window};
use crate::inside::shared::base::{With as _, base};

fn site(uplinks: &str, clients: &str, reply: &str, rate: &str, lasts: &str) -> Blueprint {
    planned(&text(uplinks, clients, reply, rate, lasts))
}

fn text(uplinks: &str, clients: &str, reply: &str, rate: &str, lasts: &str) -> String {
    base("uplinks").with(&format!(
        r#"
[site.main]
uplinks = {uplinks}
[rack.r]
switch = {{ bandwidth = "10Gbit/s" }}
[clients.public]
{clients}
[workload.visitors]
rate = "{rate}"
arrivals = {{ process = "regular" }}
[request.page]
reply = "{reply}"
[fault.cut]
hits = "site.main.uplink-1"
how = "crash"
at = "100040ms"
lasts = "{lasts}"
"#
    ))
}

fn run(plan: &Blueprint, from: f64, until: f64) -> Observation {
    requests::run(plan, &window(from, until), 0).unwrap()
}

/// One of `count` uplinks dies for good; routes converge in 30 s. Of the 300 views of that time a
/// share of 1 / count is cut off and gives up after a second; no other is lost, before or after.
#[test]
fn the_share_of_a_dead_uplink_is_cut_off_for_the_convergence_and_no_longer() {
    for (count, share) in [(2, 0.5), (4, 0.25)] {
        let uplinks =
            format!("{{ count = {count}, bandwidth = \"100Mbit/s\", convergence = \"30s\" }}");
        let plan = site(&uplinks, "time-out = \"1s\"", "10kB", "10/s", "1000s");
        let seen = run(&plan, 50.0, 400.0);
        let (all, ended) = (&seen.record.views[0], seen.record.classes[0].attempts.ended);
        let cut = lost(&plan, &seen, "cut");
        let deviation = (300.0_f64 * share * (1.0 - share)).sqrt();
        println!("{count} uplinks: {cut} of 300 cut off");
        assert!((cut as f64 - 300.0 * share).abs() < 4.0 * deviation, "{count} uplinks: {cut}");
        assert_eq!(all.lost.iter().sum::<u64>(), cut);
        assert_eq!(all.served + cut, all.intended);
        assert_eq!(ended[4], cut, "they hear nothing at all");
        let during = run(&plan, 100.0, 131.0);
        assert_eq!(lost(&plan, &during, "cut"), cut, "all of them in the time of convergence");
    }
}

/// An uplink that is back after 5 s takes its users back at once: 50 views of that time.
#[test]
fn an_uplink_that_comes_back_ends_the_cut() {
    let uplinks = "{ count = 2, bandwidth = \"100Mbit/s\", convergence = \"30s\" }";
    let plan = site(uplinks, "time-out = \"1s\"", "10kB", "10/s", "5s");
    let cut = lost(&plan, &run(&plan, 50.0, 400.0), "cut");
    // A deviation of √(50 / 4) = 3.5.
    assert!(cut.abs_diff(25) <= 14, "{cut}");
    let at_once = "{ count = 2, bandwidth = \"100Mbit/s\" }";
    let plan = site(at_once, "time-out = \"1s\"", "10kB", "10/s", "1000s");
    assert_eq!(lost(&plan, &run(&plan, 50.0, 400.0), "cut"), 0, "routes move at once");
}

/// A reply of 1.25 MB takes 100 ms; one is under way when its uplink dies. It goes on where it was
/// when routes have converged, 28.5 s later; a reply of the other uplink's user notices nothing.
#[test]
fn a_reply_under_way_goes_on_after_the_convergence() {
    let uplinks = "{ count = 2, bandwidth = \"100Mbit/s\", convergence = \"28500ms\" }";
    let plan = site(uplinks, "connections = 6", "1250kB", "1/s", "1000s");
    let mut delayed = 0;
    for replication in 0..16 {
        let seen = requests::run(&plan, &window(99.5, 100.5), replication).unwrap();
        let latency = seen.record.views[0].latency.max().unwrap();
        let cut = latency > 1_000_000_000;
        delayed += u32::from(cut);
        let expected = if cut { 28_601_000_000 } else { 101_000_000 };
        assert!(latency.abs_diff(expected) < 2_000, "{latency}");
    }
    // Each with a probability of one half.
    println!("{delayed} of 16 delayed");
    assert!((2..=14).contains(&delayed), "{delayed}");
}

/// Of two uplinks one is four times slower: together they carry 1 + 1/4 of 2, so that four replies
/// at a time take 2 / 1.25 = 1.6 times as long; with the other one dead 2 / 0.25 = 8 times.
#[test]
fn a_slow_uplink_of_two_counts_as_so_much_less_than_one() {
    let uplinks = "{ count = 2, bandwidth = \"100Mbit/s\" }";
    let time = |faults: &str| {
        let text = text(uplinks, "connections = 6", "125kB", "1/s", "1000s");
        let at = text.find("[fault.cut]").unwrap();
        let more = (2..=4).map(|number| {
            format!(
                "[workload.more-{number}]\nfrom = \"public\"\nrequest = \"page\"\nrate = \"1/s\"\n\
                 arrivals = {{ process = \"regular\" }}\n"
            )
        });
        let more: String = more.collect();
        let plan = planned(&format!("{}{more}{faults}", &text[..at]));
        let latency = run(&plan, 99.5, 100.5).record.views[0].latency.max().unwrap();
        (latency - 1_000_000) as f64
    };
    let slow = "[fault.slow]\nhits = \"site.main.uplink-2\"\nhow = \"slow\"\nfactor = 4\n\
                at = \"0s\"\nlasts = \"1h\"\n";
    let dead = "[fault.cut]\nhits = \"site.main.uplink-1\"\nhow = \"crash\"\nat = \"0s\"\n\
                lasts = \"1h\"\n";
    let well = time("");
    for (faults, factor) in
        [(slow.to_string(), 1.6), (dead.to_string(), 2.0), (format!("{slow}{dead}"), 8.0)]
    {
        let ratio = time(&faults) / well;
        assert!((ratio - factor).abs() < 1e-4, "{ratio}, expected {factor}");
    }
}
