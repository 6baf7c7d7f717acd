//! Promise: a database with a replica at the other site of a link commits, lags, fails over and is available as the link lets it;
//! every figure here is computed from the numbers of the file.

use fivenines::{Results, Run, Scenario};

/// Orders at both sites, ten per second each at even distances, that write once to a primary at the east. Of 1 MB/s a write of
/// 1 kB takes 1 ms, and the delay is 35 ms one way; a write is 2 ms of work, and received 1 ms after it has come.
const SCENE: &str = r#"
scenario = "replication"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
[window.all]
length = "200s"
replications = 4
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
count  = 3
rack   = "east-rack"
cores  = 1
memory = "4GiB"
[server.west-box]
count  = 2
rack   = "west-rack"
cores  = 1
memory = "4GiB"
[zone.east-www]
on = ["east-box-1"]
[zone.east-sql]
count = 2
on = ["east-box-2", "east-box-3"]
[zone.west-www]
on = ["west-box-1"]
[zone.west-sql]
on = ["west-box-2"]
[service.east-app]
in      = "east-www"
workers = 5000
[service.west-app]
in      = "west-www"
workers = 5000
[database.db]
in = { primary = "east-sql-1", replicas = ["east-sql-2", "west-sql"] }
connections = 5000
read = { cpu = "1ms" }
write = { cpu = "2ms" }
replication = { mode = "async", receive = "1ms", sends = "1kB" }
[workload.east]
request  = "order-east"
rate     = "10/s"
arrivals = { process = "fixed" }
[workload.west]
request  = "order-west"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.order-east]
enter   = "east-app"
steps   = [ { call = "db", write = 1 } ]
[request.order-west]
enter   = "west-app"
steps   = [ { call = "db", write = 1, time-out = "1s" } ]
"#;

/// A failover after three failed probes: U(0, 2 s) + 2 x 2 s + 1 s.
const FAILOVER: &str = r#"
[database.db.failover]
detect = { interval = "2s", time-out = "1s", fall = 3 }
promote = "10s"
coverage = 1
manual-repair = "30min"
"#;

/// A cut of the link from 50 s to 110 s.
const CUT: &str =
    "[fault.cut]\nhits = \"link.wan\"\nhow = \"partitioned\"\nat = \"50s\"\nlasts = \"60s\"\n";

/// The scene with one replica, at the west.
fn pair() -> String {
    SCENE
        .replace("[\"east-sql-2\", \"west-sql\"]", "[\"west-sql\"]")
        .replace("count = 2\non = [\"east-box-2\", \"east-box-3\"]", "on = [\"east-box-2\"]")
        .replace("east-sql-1", "east-sql")
        .replace("count  = 3", "count  = 2")
}

fn windows(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn is_about(text: &str, path: &str, truth: f64, within: f64) {
    let found = value(&windows(text, &[path]), path);
    assert!((found - truth).abs() <= within, "{path}: {found}, not {truth}");
}

const EAST: &str = "latency.order-east.mean@all";

/// A semi-synchronous commit waits for the way of the write, its receipt, and the way of the answer of one byte. A synchronous
/// one waits for both receipts; of two replicas the nearer is enough for one, and the farther decides with two.
#[test]
fn a_commit_takes_a_round_trip_of_the_link_where_it_waits_for_the_other_site() {
    let near = pair().replace("[workload.west]", "[workload.readers]");
    let only = |mode: &str| {
        let west = near.find("[workload.readers]").unwrap();
        let end = near.find("[request.order-east]").unwrap();
        let mut text = near.clone();
        text.replace_range(west..end, "");
        let west = text.find("[request.order-west]").unwrap();
        text.truncate(west);
        let at = text.find("[service.west-app]").unwrap();
        let to = text.find("[database.db]").unwrap();
        text.replace_range(at..to, "");
        text = text.replace("[zone.west-www]\non = [\"west-box-1\"]\n", "");
        text.replace("\"async\"", mode)
    };
    // The answer is one byte of 1 MB/s.
    let there = 0.001 + 0.035 + 0.001;
    is_about(&only("\"async\""), EAST, 0.002, 1e-9);
    is_about(&only("\"semi-sync\""), EAST, 0.002 + there + 0.000_001 + 0.035, 2e-6);
    is_about(&only("\"sync\""), EAST, 0.002 + there + 0.000_001 + 0.036, 2e-6);
}

/// The east writes 600 times during the cut; the calls of the west time out. Back, the stream sends one write that had waited on the
/// link and the other 599 in one transfer of 0.6 s. They are there at 110 + 0.6 + 0.036 s, the oldest from 50.1 s. Until then 20/s have
/// come, and the ten calls of the west that had not timed out. The replica applies 500/s.
#[test]
fn a_cut_makes_the_replica_as_old_as_it_lasts() {
    let text = pair() + CUT;
    let paths = ["lag.db-2.max@all", "backlog.db-2.max@all", "lag.db-2.mean@all"];
    let results = windows(&text, &paths);
    let [most, writes, mean] = paths.map(|path| value(&results, path));
    assert!((most - 60.535).abs() < 0.01, "{most}");
    assert!((writes - (600.0 + 10.0 + 12.7)).abs() <= 2.0, "{writes}");
    let area = 60.535 * 60.535 / 2.0 + 60.535 * (622.0 / 480.0) / 2.0;
    assert!((mean - area / 200.0).abs() < 0.2, "{mean}, not {}", area / 200.0);
}

/// Ten writes per second wait for what is left of the ten seconds of the first, 5 s on average; the next ones do not wait until the
/// replica has acknowledged everything.
#[test]
fn semi_synchronous_writes_wait_once_for_their_time_out() {
    let text = pair().replace("\"async\"", "\"semi-sync\"") + CUT;
    let results = windows(&text, &[EAST, "latency.order-east.max@all"]);
    let waits = 100.0 * 5.0 + 5.0;
    let sure = (2_000.0 - 100.0 - 505.0) * 0.074;
    let (mean, truth) = (value(&results, EAST), (waits + sure + 505.0 * 0.002) / 2_000.0);
    assert!((mean / truth - 1.0).abs() < 0.03, "{mean}, not {truth}");
    let most = value(&results, "latency.order-east.max@all");
    assert!((most - 10.002).abs() < 0.02, "{most}");
}

/// With `wait-for = 1` the replica at the same site is enough, with both a write waits for the link: the one of 50.1 s until the
/// stream has caught up at 110.6 s, and for the 36 ms to the replica and back.
#[test]
fn synchronous_writes_wait_for_the_link_only_if_they_need_the_other_site() {
    let sync = |wait_for: u32| {
        let mode = format!("\"sync\", wait-for = {wait_for}");
        SCENE.replace("\"async\"", &mode) + CUT
    };
    is_about(&sync(1), "latency.order-east.max@all", 0.004, 0.003);
    is_about(&sync(2), "latency.order-east.max@all", 110.6 + 0.072 - 50.1, 0.005);
}

/// The script at the west finds the primary dead after 6 s and fences it; 10 s later the replica serves. East orders fail from
/// 56 s until their calls cross the link again, those of the west from 50 s to 66 s. The writes of the 6 s are lost.
#[test]
fn a_cut_link_fails_over_to_the_site_of_the_script() {
    let text = (pair() + FAILOVER + CUT).replace("write = 1 }", "write = 1, time-out = \"1s\" }");
    let paths = ["failovers.db@all", "lost-writes.db@all", "split-brain.db@all"];
    let served = ["served.order-east@all", "served.order-west@all"];
    let results = windows(&text, &[&paths[..], &served[..]].concat());
    let [moved, lost, both] = paths.map(|path| value(&results, path));
    assert_eq!((moved, both), (1.0, 0.0));
    // Four draws of U(0, 2 s).
    assert!((lost - 60.0).abs() <= 10.0, "{lost}");
    let [east, west] = served.map(|path| value(&results, path));
    assert!((east - (2_000.0 - 540.0 + 9.0)).abs() <= 12.0, "{east}");
    assert!((west - (2_000.0 - 160.0)).abs() <= 12.0, "{west}");
}

/// Without a fence each site has a primary, until a probe crosses the link again: the east takes 10/s from 66 s to 111 s, which are
/// lost. No order of the east fails.
#[test]
fn without_a_fence_each_site_has_a_primary_while_the_link_is_cut() {
    let unfenced = FAILOVER.replace("coverage", "fence = false\ncoverage");
    let text = (pair() + &unfenced + CUT).replace("write = 1 }", "write = 1, time-out = \"1s\" }");
    let paths = ["served.order-east@all", "lost-writes.db@all", "split-brain.db@all"];
    let results = windows(&text, &paths);
    let [served, lost, both] = paths.map(|path| value(&results, path));
    assert!(served >= 1_998.0, "{served}");
    assert!((lost - 160.0).abs() <= 12.0, "{lost}");
    assert!((both - 450.0).abs() <= 16.0, "{both}");
}

/// The first replica stands beside the primary and has the script: nothing fails over. The other one is old.
#[test]
fn a_script_beside_the_primary_does_not_mind_the_link() {
    let text = SCENE.to_string() + FAILOVER + CUT;
    let paths = ["failovers.db@all", "lag.db-2.max@all", "lag.db-3.max@all"];
    let results = windows(&text, &paths);
    let [moved, near, far] = paths.map(|path| value(&results, path));
    assert_eq!(moved, 0.0);
    assert!(near < 0.1 && (far - 60.535).abs() < 0.01, "{near} {far}");
}

/// Reads of the west go to its replica all the time. Those of the east do so over the link until three probes have failed, and
/// then to the primary. Without a script they wait for the link.
#[test]
fn each_site_believes_what_its_own_probes_find() {
    let text = SCENE
        .replace("connections = 5000", "reads = { to = \"replicas\" }\nconnections = 5000")
        .replace("write = 1 }", "read = 1, time-out = \"1s\" }")
        .replace("write = 1, time", "read = 1, time")
        .replace("arrivals = { process = \"fixed\" }\n", "");
    let paths = ["served.order-east.chance@all", "served.order-west.chance@all"];
    let results = windows(&(text.clone() + FAILOVER + CUT), &paths);
    let [east, west] = paths.map(|path| value(&results, path));
    // Half of the reads go to the other site: 10/s x 6 s / 2 of 2,000. The standard error is 0.0015.
    assert!((east - 0.985).abs() <= 0.005 && (west - 0.985).abs() <= 0.005, "{east} {west}");
    let results = windows(&(text + CUT), &paths);
    let [east, west] = paths.map(|path| value(&results, path));
    // All of the cut but its last second, which wait for what is left of it: 295 of 2,000. The standard error is 0.004.
    assert!((east - 0.8525).abs() <= 0.013 && (west - 0.8525).abs() <= 0.013, "{east} {west}");
}

/// A copy of 100 MiB crosses the link, at its 1 MB/s and not at the declared 100 MB/s. So do the writes of the 50 s before the cut, and
/// those after the promotion at 66 s: 10/s of the west until 110 s and then 20/s.
#[test]
fn a_rebuild_takes_the_bandwidth_of_the_link() {
    let text = (pair() + FAILOVER + CUT).replace("200s", "400s")
        + "[database.db.rebuild]\nsize = \"100MiB\"\nrate = \"800Mbit/s\"\n";
    let path = "lag.db-1.mean@all";
    let moved = value(&windows(&text, &["transfer.wan@all"]), "transfer.wan@all") * 400.0 / 8.0;
    let truth = 100.0 * 1_048_576.0 + 1_000.0 * (20.0 * 50.0 + 10.0 * 44.0 + 20.0 * 290.0);
    assert!((moved / truth - 1.0).abs() < 0.01, "{moved} of {truth}");
    // It follows again.
    assert!(value(&windows(&text, &[path]), path) > 0.0);
}

const YEARS: &str =
    "[fault.cut]\nhits = \"link.wan\"\nhow = \"partitioned\"\nrate = \"12/y\"\nrepair = \"1h\"\n";

/// Figures of 2 years in each of which the link is cut for 12 hours.
fn years(text: &str, figures: &[&str]) -> Results {
    let text = text.replace("seed  = 1", "seed  = 1\nhorizon = \"2y\"").replace("10/s", "1/s");
    let scenario = Scenario::parse(&(text + YEARS)).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().years_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

const DOWN: [&str; 2] = ["downtime.order-east@horizon", "downtime.order-west@horizon"];
const HOURS: f64 = 12.0 * 3_600.0;

/// Without a failover the side of the primary does not notice, and the other is down as long as the link. With one the side of the
/// old primary is down from its fence on, and the other for 6 s and 10 s; the next cut turns that around. The first of a horizon takes the
/// east, so of 24 on average it has 12.25 long ones.
#[test]
fn over_years_a_class_is_available_by_its_side_of_the_link() {
    let results = years(&pair(), &DOWN);
    let [east, west] = DOWN.map(|path| value(&results, path));
    assert_eq!(east, 0.0);
    assert!((west / HOURS - 1.0).abs() < 0.02, "{west}");
    let more = ["lost-writes.db.mean@horizon", "failovers.db@horizon"];
    let cause = "downtime.order-west[cause=cut]@horizon";
    let results = years(&(pair() + FAILOVER), &[&DOWN[..], &more[..], &[cause]].concat());
    let (long, short) = (3_600.0 - 6.0, 16.0);
    for (path, longs) in DOWN.into_iter().zip([12.25, 11.75]) {
        let truth = (longs * long + (24.0 - longs) * short) / 2.0;
        let down = value(&results, path);
        assert!((down / truth - 1.0).abs() < 0.02, "{path}: {down}, not {truth}");
    }
    assert!((value(&results, cause) - value(&results, DOWN[1])).abs() < 1e-6);
    let [lost, moved] = more.map(|path| value(&results, path));
    assert!((lost - 6.0).abs() < 0.1, "{lost}");
    assert!((moved / 12.0 - 1.0).abs() < 0.02, "{moved}");
}

/// Beside the primary the script does not fail over; the far replica is as old as a cut lasts.
#[test]
fn over_years_a_script_beside_the_primary_does_not_fail_over() {
    let figures = [&DOWN[..], &["failovers.db@horizon", "lag.db-3.max@horizon"]].concat();
    let results = years(&(SCENE.to_string() + FAILOVER), &figures);
    let [east, west] = DOWN.map(|path| value(&results, path));
    assert_eq!((east, value(&results, "failovers.db@horizon")), (0.0, 0.0));
    assert!((west / HOURS - 1.0).abs() < 0.02, "{west}");
    let lag = value(&results, "lag.db-3.max@horizon");
    assert!((lag / 3_600.0 - 1.0).abs() < 0.02, "{lag}");
}

/// A write that waits for one of two replicas has one at its own site; one that waits for both has none left.
#[test]
fn over_years_synchronous_writes_need_the_link_only_if_they_need_the_other_site() {
    for (wait_for, truth) in [(1, 0.0), (2, HOURS)] {
        let mode = format!("\"sync\", wait-for = {wait_for}");
        let results = years(&SCENE.replace("\"async\"", &mode), &DOWN);
        let [east, west] = DOWN.map(|path| value(&results, path));
        assert!((east - truth).abs() <= 0.02 * HOURS, "{wait_for}: {east}");
        assert!((west / HOURS - 1.0).abs() < 0.02, "{wait_for}: {west}");
    }
}

/// Semi-synchronous writes of the first 10 s of a cut are not acknowledged: a failover within them loses none.
#[test]
fn over_years_a_failover_within_the_wait_of_semi_synchronous_writes_loses_none() {
    let text = pair().replace("\"async\"", "\"semi-sync\"") + FAILOVER;
    let results = years(&text, &["lost-writes.db@horizon"]);
    let none = results.figure("lost-writes.db@horizon").err().map(|error| error.to_string());
    assert!(none.is_some_and(|none| none.contains("none in 2000 years")));
    let late = text.replace("fall = 3", "fall = 9");
    let results = years(&late, &["lost-writes.db.mean@horizon"]);
    // U(0, 2 s) + 8 x 2 s + 1 s.
    let lost = value(&results, "lost-writes.db.mean@horizon");
    assert!((lost - 18.0).abs() < 0.2, "{lost}");
}

/// Each is refused at its place, by `check` and `run` alike: parsing is what both do first.
#[test]
fn what_is_not_simulated_over_a_link_is_refused() {
    let refused = |text: &str| {
        let found = Scenario::parse(text).err().map(|error| error.to_string());
        let found = found.unwrap_or_else(|| panic!("it is refused: {text}"));
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for mode in ["two-phase", "three-phase", "group"] {
        let said = refused(&pair().replace("\"async\"", &format!("\"{mode}\"")));
        assert!(
            said.contains(&format!("`{mode}` replication of `db` over the link `wan`")),
            "{said}"
        );
    }
    let late = FAILOVER.replace("time-out = \"1s\"", "time-out = \"60ms\"");
    let said = refused(&(pair() + &late));
    assert!(said.contains("an answer over the link `wan` takes 70ms"), "{said}");
    let one_way = CUT.replace("\"partitioned\"", "\"one-way\"\nfrom = \"east\"");
    let said = refused(&(pair() + &one_way));
    assert!(said.contains("data of a log or database cross `wan`"), "{said}");
    let unfenced = FAILOVER.replace("coverage", "fence = false\ncoverage");
    let over_years =
        (pair() + &unfenced).replace("seed  = 1", "seed  = 1\nhorizon = \"1y\"") + YEARS;
    let said = refused(&over_years);
    assert!(said.contains("two primaries of `db` at the ends of the link `wan`"), "{said}");
    let near = pair().replace("site = \"west\"", "site = \"east\"").replace("[site.west]", "");
    let near = near.replace(
        "[link.wan]\nbetween   = [\"east\", \"west\"]\nbandwidth = \"8Mbit/s\"\nlatency   = \"35ms\"\n",
        "",
    );
    let said = refused(&near);
    assert!(said.contains("no link is between the members"), "{said}");
    let third = pair()
        .replace("[site.west]", "[site.west]\n[site.south]\n[rack.south-rack]\nsite = \"south\"")
        .replace("[zone.west-sql]", "[server.south-box]\nrack = \"south-rack\"\ncores = 1\nmemory = \"4GiB\"\n[zone.south-sql]\non = [\"south-box\"]\n[zone.west-sql]")
        .replace("replicas = [\"west-sql\"]", "replicas = [\"west-sql\", \"south-sql\"]");
    let said = refused(&third);
    assert!(said.contains("with a member at neither of its sites"), "{said}");
}

/// Failovers of `text`, whose faults all lie in the first two hours: in a window of two hours, and over a year.
fn failovers(text: &str) -> [f64; 2] {
    let text = text.replace("10/s", "1/s");
    let window = text.replace("200s", "2h").replace("replications = 4", "replications = 2");
    let window = value(&windows(&window, &["failovers.db@all"]), "failovers.db@all");
    let year = text.replace("seed  = 1", "seed  = 1\nhorizon = \"1y\"");
    let year = Scenario::parse(&year).unwrap_or_else(|error| panic!("{error}"));
    let year = year.run(&Run::new().years_only().figure("failovers.db@horizon"));
    let year = year.unwrap_or_else(|error| panic!("{error}"));
    [window, value(&year, "failovers.db@horizon")]
}

/// A fault of a zone from `at` on for as long as `lasts`.
fn crash(zone: &str, at: &str, lasts: &str) -> String {
    format!(
        "[fault.crash-{zone}-{at}]\nhits = \"zone.{zone}\"\nhow = \"crash\"\nat = \"{at}\"\nlasts = \"{lasts}\"\n"
    )
}

/// While the link is cut for an hour, the member that has become primary is away for a second or for two minutes. No member at the other
/// site has seen it, so none watches it: neither the former primary nor a replica beside that.
#[test]
fn a_primary_that_a_cut_hides_from_the_others_is_not_failed_over() {
    let cut = CUT.replace("60s", "1h");
    let beside = SCENE.replace("[\"east-sql-2\", \"west-sql\"]", "[\"west-sql\", \"east-sql-2\"]");
    for text in [pair(), beside] {
        for lasts in ["1s", "2min"] {
            let text = text.clone() + FAILOVER + &cut + &crash("west-sql", "10min", lasts);
            assert_eq!(failovers(&text), [1.0, 1.0], "{lasts}");
        }
    }
}

/// A copy of 100 MiB takes 1.05 s from a primary at the same site, and 105 s over the link. It is there for a failover 20 s after the former
/// primary is back, and not where the link is between them.
#[test]
fn a_rebuild_takes_the_time_of_the_link_only_over_the_link() {
    let rebuild = "[database.db.rebuild]\nsize = \"100MiB\"\nrate = \"800Mbit/s\"\n";
    let away = crash("west-sql", "10s", "1h");
    let near = SCENE.to_string()
        + &away
        + &crash("east-sql-1", "100s", "30s")
        + &crash("east-sql-2", "150s", "10min");
    let far = pair() + &crash("east-sql", "100s", "30s") + &crash("west-sql", "150s", "10min");
    for (text, moves) in [(near, 2.0), (far, 1.0)] {
        assert_eq!(failovers(&(text + FAILOVER + rebuild)), [moves; 2]);
    }
}

/// The blocks of a copy follow each other: 100 of them over a link of 1 Gbit/s and 200 ms are there after 1.3 s, not after 21 s.
#[test]
fn the_blocks_of_a_rebuild_do_not_wait_for_the_latency_of_the_link() {
    let rebuild = "[database.db.rebuild]\nsize = \"100MiB\"\nrate = \"800Mbit/s\"\n";
    let text = pair().replace("8Mbit/s", "1Gbit/s").replace("\"35ms\"", "\"200ms\"");
    let text = text + &crash("east-sql", "100s", "30s") + &crash("west-sql", "135s", "10min");
    assert_eq!(failovers(&(text + FAILOVER + rebuild)), [2.0; 2]);
}

/// 20 writes per second of 1 kB are twice what a link of 80 kbit/s carries. Where no write waits for them the replica falls behind;
/// where writes wait, requests are lost. So they are where the calls alone, 10 per second of 2 kB, are too much.
#[test]
fn check_says_what_happens_where_a_link_is_too_slow() {
    let slow = pair().replace("8Mbit/s", "80kbit/s");
    let said = |text: &str| -> Vec<String> {
        let of_link = |message: &String| message.contains("`wan` is offered");
        Scenario::check(text).iter().map(ToString::to_string).filter(of_link).collect()
    };
    for mode in ["async", "semi-sync"] {
        let behind = said(&slow.replace("async", mode));
        assert_eq!(behind.len(), 1, "{behind:?}");
        assert!(
            behind[0]
                .contains("replicas across it that no write waits for fall behind without end")
        );
        let paths = ["served.order-east.chance@all", "served.order-west.chance@all"];
        let results = windows(&slow.replace("async", mode), &paths);
        let [east, west] = paths.map(|path| value(&results, path));
        // Calls of the west have a time-out of 1 s. The write of second t has crossed at 2 t, so the first that has waited for 10 s is
        // found by second 20; from then on none waits.
        let least = if mode == "async" { 1.0 } else { 1.0 - 20.0 / 200.0 };
        assert!(east == 1.0 && west >= least && (west < 1.0) == (mode != "async"), "{east} {west}");
    }
    let years = slow.replace("seed  = 1", "seed  = 1\nhorizon = \"1y\"");
    assert!(said(&years)[0].contains("over years what is above counts as lost"));
    let waits = said(&slow.replace("\"async\"", "\"sync\""));
    assert!(waits[0].contains("can never be served"), "{waits:?}");
    let call = "{ call = \"east-app\", sends = \"2kB\", steps = [ { call = \"db\", write = 1 } ] }";
    let query = "{ call = \"db\", write = 1, time-out = \"1s\" }";
    let calls = said(&slow.replace(query, call));
    assert!(calls[0].contains("can never be served"), "{calls:?}");
    // A write that waits for the replica beside the primary alone does not wait for the link.
    let near = SCENE.replace("8Mbit/s", "80kbit/s").replace("\"async\"", "\"sync\", wait-for = 1");
    assert!(said(&near)[0].contains("that no write waits for"), "{:?}", said(&near));
    is_about(&near, "served.order-east.chance@all", 1.0, 0.0);
}
