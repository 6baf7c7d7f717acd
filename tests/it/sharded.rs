//! Promise: each query to a sharded database goes to the shard of its key, after a look-up at the index; a read that asks
//! all shards waits for the last one, and a dead shard costs what it holds.

use fivenines::{Estimate, Results, Run, Scenario};

/// Four shards on servers of their own, and requests of two reads.
const FOUR: &str = r#"
scenario = "divided"
format   = 2
[run]
start   = "Mon 00:00"
seed    = 1
[window.steady]
length = "100s"
replications = 4
[server.box]
count = 5
cores = 4
[zone.shard]
count = 4
on = ["box-1", "box-2", "box-3", "box-4"]
[database.tables]
count = 4
in = { primary = "shard" }
connections = 100
read  = { cpu = { dist = "exponential", mean = "10ms" } }
write = { cpu = "10ms" }
[workload.readers]
request = "look"
rate    = "40/s"
[request.look]
steps = [ { call = "catalogue", read = 2, time-out = "5s" } ]
"#;

const EQUAL: &str = "[sharded.catalogue]\nshards = [\"tables\"]\n";

/// An index on a server of its own.
const INDEX: &str = r#"
[zone.index]
on = ["box-5"]
cpu = { cap = 1.0 }
[service.directory]
in = "index"
workers = 100
"#;

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> Estimate {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_about(results: &Results, path: &str, truth: f64, within: f64) {
    let found = figure(results, path).value();
    assert!((found / truth - 1.0).abs() < within, "{path}: {found}, not {truth}");
}

/// 80 reads/s of 10 ms are 0.8 of the 16 cores of all shards; the index does 80 look-ups/s of 2 ms.
#[test]
fn a_shard_gets_the_share_of_its_keys_and_the_index_every_query() {
    let shares = [0.4, 0.3, 0.2, 0.1];
    let text = format!(
        "{FOUR}{EQUAL}shares = {shares:?}\nindex = \"directory\"\nlook-up = \"2ms\"\n{INDEX}"
    );
    let paths: Vec<String> = (1..=4).map(|k| format!("utilization.shard-{k}.cpu@steady")).collect();
    let mut asked: Vec<&str> = paths.iter().map(String::as_str).collect();
    asked.push("utilization.index.cpu@steady");
    let results = run(&text, &asked);
    for (path, share) in paths.iter().zip(shares) {
        // 32,000 exponential reads: the smallest share has 3,200 of them, a deviation of 2.5 %.
        is_about(&results, path, 0.8 * share / 4.0, 0.08);
    }
    is_about(&results, "utilization.index.cpu@steady", 80.0 * 0.002, 0.03);
}

/// H4 = 25/12 means: the last of four exponential reads at once, each on an idle shard.
#[test]
fn a_read_of_all_shards_waits_for_the_last() {
    let text = format!("{FOUR}{EQUAL}scatter = 1.0\n")
        .replace("read = 2", "read = 1")
        .replace("rate    = \"40/s\"", "rate    = \"10/s\"");
    let results = run(&text, &["latency.look.mean@steady", "utilization.shard-3.cpu@steady"]);
    is_about(&results, "latency.look.mean@steady", 0.010 * 25.0 / 12.0, 0.05);
    is_about(&results, "utilization.shard-3.cpu@steady", 10.0 * 0.010 / 4.0, 0.05);
}

/// A shard with 0.4 of the keys is gone: of two reads by keys of their own 1 - 0.6² fail, of two by one key 0.4.
#[test]
fn a_dead_shard_costs_what_it_holds() {
    let crash = "[fault.crash]\nhits = \"tables-1.primary\"\nhow = \"crash\"\nat = \"0s\"\nlasts = \"100s\"\n";
    for (together, lost) in [(false, 0.64), (true, 0.4)] {
        let text =
            format!("{FOUR}{EQUAL}shares = [0.4, 0.3, 0.2, 0.1]\ntogether = {together}\n{crash}");
        // Of 4,000 page views per replication, at 40/s for 100 s.
        let results = run(&text, &["served.look@steady"]);
        is_about(&results, "served.look@steady", 4_000.0 * (1.0 - lost), 0.04);
    }
}

/// Over years the same, hour by hour: of a day's 3,456,000 views two hours' are asked of the dead shard with a probability of 0.4.
#[test]
fn a_dead_shard_costs_what_it_holds_over_years() {
    let crash = "[fault.crash]\nhits = \"tables-1.primary\"\nhow = \"crash\"\nat = \"3h\"\nlasts = \"2h\"\n";
    let text = format!("{FOUR}{EQUAL}shares = [0.4, 0.3, 0.2, 0.1]\ntogether = true\n{crash}")
        .replace("[run]\n", "[run]\nhorizon = \"1d\"\nreplications = 2\n");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let results = scenario.run(&Run::new().figure("lost.look@horizon")).unwrap();
    let lost = 365.0 * 40.0 * 7_200.0 * 0.4;
    is_about(&results, "lost.look@horizon", lost, 0.001);
}

/// Without its index no query finds its shard, and an index that can do 50 of 80 look-ups per second serves no more than 25 of 40
/// pages.
#[test]
fn an_index_that_fails_or_is_full_costs_the_queries() {
    let index = |look_up: &str| {
        format!("{FOUR}{EQUAL}index = \"directory\"\nlook-up = \"{look_up}\"\n{INDEX}")
    };
    let dead = "[fault.crash]\nhits = \"service.directory\"\nhow = \"crash\"\nat = \"0s\"\nlasts = \"100s\"\n";
    let results = run(&(index("1ms") + dead), &["served.look@steady"]);
    assert!(figure(&results, "served.look@steady").value() < 1e-9);
    let results = run(&index("20ms"), &["served.look@steady", "utilization.index.cpu@steady"]);
    assert!(figure(&results, "served.look@steady").value() <= 2_500.0);
    is_about(&results, "utilization.index.cpu@steady", 1.0, 0.02);
}

/// One of two index servers behind a balancer is down for 50 s. A dead process refuses probes at once, so two probes fail within 1 to
/// 2 s. Until then half of the look-ups fail, and with them three quarters of 40 pages/s, 30 to 60 pages. Without the second server
/// all 2,000 pages would be lost.
#[test]
fn one_of_two_index_servers_is_enough() {
    let two = INDEX.replace("on = [\"box-5\"]\n", "count = 2\non = [\"box-5\", \"box-4\"]\n")
        + "[zone.hall]\non = [\"box-3\"]\n[balancer.door]\nin = \"hall\"\nto = \"directory\"\n\
           check = { interval = \"1s\", time-out = \"1s\", fall = 2, rise = 2 }\n";
    let dead =
        "[fault.crash]\nhits = \"directory-1\"\nhow = \"crash\"\nat = \"20s\"\nlasts = \"50s\"\n";
    let text = format!("{FOUR}{EQUAL}index = \"door\"\nlook-up = \"1ms\"\n{two}{dead}");
    let lost = figure(&run(&text, &["lost.look@steady"]), "lost.look@steady").value();
    assert!((25.0..75.0).contains(&lost), "{lost}");
}

/// The primary of a shard with 0.4 of the keys is down for 70 s. A dead process refuses probes at once, so two probes fail within 1
/// to 2 s, and the promotion takes 3 s: 40/s x 0.4 are lost for 4 to 5 s, 64 to 80 pages. Without a failover it would be 1,120.
#[test]
fn a_shard_fails_over_to_its_replica() {
    let copies = "in = { primary = \"shard\", replicas = [\"copy\"] }\n\
                  replication = { mode = \"async\", receive = \"1ms\" }\n";
    let failover = "[database.tables.failover]\ndetect = { interval = \"1s\", time-out = \"1s\", fall = 2 }\n\
                    promote = \"3s\"\npromotion = \"replica\"\ncoverage = 1.0\nmanual-repair = \"1h\"\n\
                    [zone.copy]\ncount = 4\non = [\"box-2\", \"box-3\", \"box-4\", \"box-1\"]\n";
    let dead = "[fault.crash]\nhits = \"tables-1.primary\"\nhow = \"crash\"\nat = \"20s\"\nlasts = \"70s\"\n";
    let text =
        format!("{FOUR}{EQUAL}shares = [0.4, 0.3, 0.2, 0.1]\ntogether = true\n{failover}{dead}")
            .replace("in = { primary = \"shard\" }\n", copies);
    let lost = figure(&run(&text, &["lost.look@steady"]), "lost.look@steady").value();
    assert!((55.0..95.0).contains(&lost), "{lost}");
}

/// 80 look-ups/s of 1 ms use 0.08 of the core of the index, in closed form.
#[test]
fn the_plan_knows_the_load_of_the_index() {
    let text = format!("{FOUR}{EQUAL}index = \"directory\"\nlook-up = \"1ms\"\n{INDEX}")
        .replace("[window.steady]", "[window.steady]\nlevel = \"1 x rate\"");
    let results = run(&text, &["headroom.index.cpu@steady"]);
    is_about(&results, "headroom.index.cpu@steady", 0.92, 0.001);
}

/// The bare name of several databases names none of them, and a shard is listed once.
#[test]
fn a_count_makes_databases_that_are_called_by_their_number() {
    let refused = Scenario::parse(&FOUR.replace("catalogue", "tables")).unwrap_err().to_string();
    assert!(refused.contains("`tables` is several databases"), "{refused}");
    let twice = format!("{FOUR}[sharded.catalogue]\nshards = [\"tables-1\", \"tables\"]\n");
    let refused = Scenario::parse(&twice).unwrap_err().to_string();
    assert!(refused.contains("is a shard of `catalogue` twice"), "{refused}");
}
