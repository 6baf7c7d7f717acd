//! What a takeover costs, by the laws that follow from its timers.

use super::{Years, asked};
use crate::inside::faults::{draft_or_complaints, drafted};

fn site(rest: &str) -> String {
    format!(
        "scenario = \"pair\"\n[run]\nseed = 3\n[server.box]\ncount = 4\ncores = 4\n\
         [zone.web]\ncount = 2\non = [\"box-1\", \"box-2\"]\n[service.app]\nin = \"web\"\nworkers = 5\n\
         [workload.visitors]\nrequest = \"page\"\nrate = \"1/s\"\n{rest}"
    )
}

const PAGE: &str = "[request.page]\nenter = \"front\"\ndemands = { page = \"5ms\" }\n\
                    steps = [ { cpu = \"app\", demand = \"page\" } ]\n";

fn front(count: u32, rest: &str) -> String {
    format!("[balancer.front]\ncount = {count}\nto = \"app\"\ncores = 2\ncpu = \"0.1ms\"\n{rest}")
}

const FAULT: &str = "[fault.front]\nhits = \"balancer.front\"\nhow = \"crash\"\nrate = \"12/y\"\n\
                     repair = { dist = \"exponential\", mean = \"2h\" }\n";

fn minutes(text: &str, path: &str, replications: u32) -> Years {
    Years::of(asked(&drafted(text), "20y", replications, &[path, "outages.page@horizon"]))
}

/// A unit is lost twelve times a year: always, the holder's loss costs the silence; of five losses
/// one is not covered and lasts until the unit is back. Two at once are rare: 12 × 2 h ÷ 8760 h.
#[test]
fn the_address_of_a_pair_is_gone_for_the_silence_or_until_the_repair() {
    let pair = "[balancer.front.failover]\ndetect = \"5s\"\ncoverage = 0.8\n";
    let text = site(&format!("{}{pair}{PAGE}{FAULT}", front(2, "")));
    let seen = minutes(&text, "downtime.page@horizon", 400);
    let both = 12.0 * 2.0 / 8760.0;
    let hand = 12.0 * (0.8 * 5.0 + 0.2 * 7200.0);
    let found = seen.interval("downtime.page@horizon");
    assert!((found.estimate / hand - 1.0).abs() < 0.03 + 2.0 * both, "{found:?}, by hand {hand} s");
}

/// By VRRP: three advertisements and the skew of the partner, less what has passed since the last:
/// 3 + 156/256 − U(0, 1) s; the first takes its address back at once.
#[test]
fn the_address_of_a_vrrp_pair_is_gone_for_three_advertisements() {
    let text = site(&format!("{}{PAGE}{FAULT}", front(2, "vrrp = { interval = \"1s\" }\n")));
    let seen = minutes(&text, "downtime.page@horizon", 400);
    let found = seen.interval("downtime.page@horizon");
    let silence = 3.0 + 156.0 / 256.0 - 0.5;
    // Both are down for 12² × 2 h × 2 h ÷ 8760 h of each year.
    let hand = 12.0 * silence + 24.0 * 24.0 / 8760.0 * 3600.0;
    assert!(
        found.contains(hand) || (found.estimate / hand - 1.0).abs() < 0.05,
        "{found:?}, {hand}"
    );
}

/// Of two members one crashes every so often, for 10 s; the balancer notices at its second probe,
/// U(0, 5 s) + 5 s: until then half of what is sent fails, which structural availability does not
/// count and continuous does. One that tries again elsewhere loses nothing.
#[test]
fn a_death_that_is_not_noticed_yet_counts_in_continuous_availability_alone() {
    let crash = "[fault.crash]\nhits = \"service.app\"\nhow = \"crash\"\nrate = \"24/y\"\nrepair = \"10s\"\n";
    let check = "check = { interval = \"5s\", time-out = \"2s\", fall = 2, depth = \"shallow\" }\n";
    let paths = ["continuous.page@horizon", "unavailability.page@horizon"];
    let of = |rest: &str| {
        let text = site(&format!("{}{PAGE}{crash}", front(1, &format!("{check}{rest}"))));
        let paths = if rest.is_empty() { &paths[..1] } else { &paths[1..] };
        let plan = asked(&drafted(&text), "20y", 200, paths);
        Years::of(plan)
    };
    let seen = of("");
    let lost = 1.0 - seen.interval(paths[0]).estimate;
    let hand = 2.0 * 24.0 * 7.5 / 31_536_000.0;
    assert!((lost / hand - 1.0).abs() < 0.02, "{lost}, by hand {hand}");
    // Both at once: 2 × (24 × 10 s ÷ year)² × ... is nothing in 4,000 years.
    let seen = of("retries = 1\n");
    let meter = &seen.seen.folded[0];
    let lost: f64 = meter.iter().map(|meter| meter.downtime.iter().sum::<f64>()).sum();
    assert!(lost < 4000.0 * 0.01, "{lost} s");
}

/// A hang that no probe sees lasts until people see it: 15 min and the minute of its repair.
#[test]
fn a_hang_that_a_shallow_probe_does_not_see_lasts_until_people_do() {
    let hang = "[fault.hang]\nhits = \"service.app\"\nhow = \"hang\"\nrate = \"10/y\"\n\
                detected-by-people = { dist = \"exponential\", mean = \"15min\" }\nrepair = \"60s\"\n";
    for (sees, mean) in [(0.0, 960.0), (0.8, 0.2 * 960.0 + 0.8 * 9.5)] {
        let check = format!(
            "check = {{ interval = \"5s\", time-out = \"2s\", fall = 2, depth = \"shallow\", detects-hang = {sees} }}\n"
        );
        let text = site(&format!("{}{PAGE}{hang}", front(1, &check)));
        let path = "continuous.page@horizon";
        let seen = Years::of(asked(&drafted(&text), "20y", 300, &[path]));
        let lost = 1.0 - seen.interval(path).estimate;
        let hand = 2.0 * 10.0 * mean / 31_536_000.0;
        assert!((lost / hand - 1.0).abs() < 0.05, "{lost}, by hand {hand}");
    }
}

fn database(failover: &str, fault: &str) -> String {
    let page = "[request.page]\nenter = \"app\"\ndemands = { page = \"5ms\" }\n\
                steps = [ { cpu = \"app\", demand = \"page\" }, { call = \"db\", write = 1 } ]\n";
    site(&format!(
        "{page}[zone.sql]\ncount = 2\non = [\"box-3\", \"box-4\"]\n[database.db]\n\
         in = {{ primary = \"sql-1\", replicas = [\"sql-2\"] }}\nreads = {{ to = \"primary\" }}\n\
         connections = 50\nread = {{ cpu = \"1ms\" }}\nwrite = {{ cpu = \"1ms\" }}\n\
         replication = {{ mode = \"async\", receive = \"10ms\" }}\n\
         [database.db.failover]\ndetect = {{ interval = \"5s\", time-out = \"5s\", fall = 2 }}\n\
         promote = \"30s\"\nmanual-repair = \"45min\"\n{failover}{fault}"
    ))
}

/// As [`fivenines::kinds::database::live::failover::surrogate`] has it, on average: a silent primary is
/// missed for 2.5 + 5 + 5 + 30 s; of ten failovers one needs people for 45 min instead.
#[test]
fn a_silent_primary_costs_detection_and_promotion_or_people() {
    let hang = "[fault.hang]\nhits = \"database.db.primary\"\nhow = \"hang\"\nrate = \"6/y\"\n\
                detected-by-people = \"4h\"\nrepair = \"60s\"\n";
    let path = "downtime.page@horizon";
    for (coverage, hand) in [(1.0, 42.5), (0.9, 0.9 * 42.5 + 0.1 * (12.5 + 2700.0))] {
        let text = database(&format!("coverage = {coverage}\n"), hang);
        let seen = Years::of(asked(&drafted(&text), "20y", 400, &[path, "outages.page@horizon"]));
        let (down, outages) = (seen.interval(path), seen.interval("outages.page@horizon"));
        // The next primary may hang while the old one still does: 6 × 4 h ÷ 8760 h. Who is out is no copy
        // that could be promoted, so that lasts until this primary's own four hours are over.
        let both = 6.0 * 4.0 / 8760.0;
        assert!((outages.estimate / 6.0 - 1.0).abs() < 0.03, "{outages:?}");
        let mean = down.estimate / outages.estimate;
        let more = both * 4.0 * 3600.0;
        assert!(
            (mean - hand - more).abs() < 0.06 * hand + 0.3 * more,
            "{mean} s, by hand {hand} + {more}"
        );
    }
}

/// A failover of a primary that was well costs the promotion alone, and is a cause of its own.
#[test]
fn a_failover_without_a_death_is_a_cause_of_its_own() {
    let crash = "[fault.crash]\nhits = \"database.db.primary\"\nhow = \"crash\"\nrate = \"0.001/y\"\nrepair = \"1min\"\n";
    let text = database("coverage = 1\nfalse-rate = \"6/y\"\n", crash);
    let path = "downtime.page[cause=false-failover]@horizon";
    let seen = Years::of(asked(&drafted(&text), "20y", 100, &[path]));
    seen.holds(path, 6.0 * 30.0, 0.04);
}

/// Over one of two links half of the users come: a minute each time one dies, until routes have
/// converged, is half a minute of everybody's.
#[test]
fn who_is_cut_off_with_one_of_two_links_counts_half() {
    let text = "scenario = \"links\"\n[run]\nseed = 5\n[site.here]\n\
        uplinks = { count = 2, bandwidth = \"50Mbit/s\", convergence = \"1min\" }\n[rack.r]\nsite = \"here\"\n\
        [server.box]\nrack = \"r\"\ncores = 4\n[zone.web]\non = [\"box-1\"]\n[service.app]\nin = \"web\"\nworkers = 5\n\
        [clients.public]\nround-trip = \"20ms\"\n\
        [workload.visitors]\nfrom = \"public\"\nrequest = \"page\"\nrate = \"1/s\"\n\
        [request.page]\nenter = \"app\"\ndemands = { page = \"5ms\" }\nsteps = [ { cpu = \"app\", demand = \"page\" } ]\n\
        reply = \"1kB\"\n\
        [fault.uplink]\nhits = \"site.here.uplink\"\nhow = \"crash\"\nrate = \"12/y\"\nrepair = \"1h\"\n";
    let paths = ["downtime.page@horizon", "continuous.page@horizon"];
    let seen = Years::of(asked(&drafted(text), "20y", 200, &paths));
    // Both dead: 2 × 12 onsets × 12 h ÷ 8760 h, half an hour each on average.
    let both = 24.0 * 12.0 / 8760.0 * 1800.0;
    let found = seen.interval(paths[0]).estimate;
    let hand = 24.0 * 30.0 + both;
    assert!((found / hand - 1.0).abs() < 0.04, "{found} s, by hand {hand}");
    let continuous = (1.0 - seen.interval(paths[1]).estimate) * 31_536_000.0;
    let hand = 24.0 * 60.0 + both;
    assert!((continuous / hand - 1.0).abs() < 0.04, "{continuous} s, by hand {hand}");
}

/// Both members lose their power for 5 min and boot for 10 s. The replica restarts in a minute; the
/// primary's board is dead for two hours. The replica misses it after U(0, 5 s) + 5 s + 5 s and is promoted
/// in 30 s.
const POWER: &str = r#"
scenario = "power"
[run]
seed = 3
initial = "new"
[server.box]
count = 2
cores = 4
[zone.sql]
count = 2
on = ["box-1", "box-2"]
boot = "10s"
[database.db]
in = { primary = "sql-1", replicas = ["sql-2"] }
reads = { to = "primary" }
connections = 100
read = { cpu = "1ms" }
write = { cpu = "1ms" }
replication = { mode = "async", receive = "10ms", apply = "serial" }
restart = "60s"
[database.db.failover]
detect = { interval = "5s", time-out = "5s", fall = 2 }
promote = "30s"
coverage = 1.0
manual-repair = "45min"
[clients.public]
time-out = "1s"
[workload.visitors]
from = "public"
request = "page"
rate = "10/s"
arrivals = { process = "regular" }
[request.page]
steps = [ { call = "db", write = 1 } ]
[fault.power]
hits = "server.box-2"
how = "crash"
at = "1000s"
repair = "5min"
[fault.board]
hits = "server.box-1"
how = "crash"
at = "1000s"
repair = "2h"
"#;

const POWER_S: f64 = 300.0 + 10.0 + 60.0 + 12.5 + 30.0;

#[test]
fn a_database_fails_over_when_its_primary_does_not_come_back_with_the_power() {
    let path = "downtime.page@horizon";
    let seen = Years::of(asked(&drafted(POWER), "1d", 400, &[path]));
    let found = seen.interval(path).estimate / 365.0;
    assert!((found - POWER_S).abs() < 0.3, "{found} s by `flows`, by hand {POWER_S}");
    let plan = crate::inside::faults::planned(POWER);
    let mut lost = 0;
    for replication in 0..20 {
        let window = crate::inside::faults::window(900.0, 2_000.0);
        let seen = fivenines::solve::requests::run(&plan, &window, replication).unwrap();
        lost += seen.record.views[0].lost.iter().sum::<u64>();
    }
    let found = lost as f64 / 20.0 / 10.0;
    // A phase of 5 s: twenty of them scatter by 0.3 s.
    assert!((found - POWER_S).abs() < 2.0, "{found} s by `requests`, by hand {POWER_S}");
}

/// Both lose their power together for 5 min and restart by the same law, each by itself. The one that
/// is back first decides: the primary if it is, else the replica after detection (a restarting primary
/// refuses its probes: U(0, 5 s) + 5 s) and promotion.
#[test]
fn after_a_common_loss_of_power_the_first_member_back_serves() {
    let together = "[fault.power]\nhits = \"server.*\"\ntogether = true\nhow = \"crash\"\nat = \"1000s\"\nrepair = \"5min\"\n";
    let text = POWER
        .split("[fault.power]")
        .next()
        .unwrap()
        .replace("restart = \"60s\"", "restart = { dist = \"exponential\", mean = \"4min\" }")
        + together;
    let path = "downtime.page@horizon";
    let seen = Years::of(asked(&drafted(&text), "1d", 10_000, &[path]));
    let found = seen.interval(path);
    // Both restarts are exponential with the rate 1/m. The primary is back before the replica's decision,
    // D after the replica, but for a share e^(−D/m)/2; a decided promotion takes P more.
    let (m, promote) = (240.0, 30.0);
    let steps = 1_000;
    let decided = |d: f64| 0.5 * libm::exp(-d / m);
    let mean = |d: f64| m - decided(d) * m + decided(d) * promote;
    let over: f64 = (0..steps)
        .map(|step| mean(5.0 + 5.0 * (f64::from(step) + 0.5) / f64::from(steps)))
        .sum::<f64>()
        / f64::from(steps);
    let hand = (300.0 + 10.0 + over) * 365.0;
    assert!((found.estimate / hand - 1.0).abs() < 0.02, "{found:?}, by hand {hand}");
}

/// A member whose own server's disks have lost their data stops, and restarts when they are restored:
/// its balancer and its replicas see a process that is gone.
const DISKS: &str = r#"
scenario = "disks"
[run]
seed = 3
initial = "new"
[server.box]
cores = 4
[server.box.disks]
local = { kind = "10k", layout = "mirror", data = 1, parity = 1 }
[zone.sql]
on = ["box-1"]
[database.db]
in = { primary = "sql-1" }
reads = { to = "primary" }
connections = 100
read = { cpu = "1ms" }
write = { cpu = "1ms" }
data = { sql-1 = "box:local" }
restart = "60s"
[clients.public]
time-out = "1s"
[workload.visitors]
from = "public"
request = "page"
rate = "10/s"
arrivals = { process = "regular" }
[request.page]
steps = [ { call = "db", read = 1 } ]
[fault.disks]
hits = "server.box.local"
how = "lost"
at = "1000s"
repair = "5min"
"#;

#[test]
fn a_database_member_stops_when_its_disks_lose_their_data() {
    let path = "downtime.page@horizon";
    let seen = Years::of(asked(&drafted(DISKS), "1d", 10, &[path]));
    let meter = &seen.seen.folded[0][0].downtime;
    assert!(meter.iter().all(|down| (*down - 360.0).abs() < 1e-6), "{meter:?}");
    let plan = crate::inside::faults::planned(DISKS);
    let window = crate::inside::faults::window(900.0, 2_000.0);
    let seen = fivenines::solve::requests::run(&plan, &window, 0).unwrap();
    // Reads find everything in its buffer: without its data it would answer all the same.
    let lost = crate::inside::faults::lost(&plan, &seen, "disks");
    assert!((3_599..=3_601).contains(&lost), "{lost}");
}

/// Faults on one part strike while it is up, each by itself: it is down for λm of each 1 + λm, of λ all together and m
/// the mean outage. As many as there may be: 124, of which a hang that people detect counts twice; and one more is
/// refused.
#[test]
fn as_many_faults_as_one_part_may_have_all_strike() {
    let page = "[request.page]\nenter = \"app-1\"\ndemands = { page = \"5ms\" }\n\
                steps = [ { cpu = \"app\", demand = \"page\" } ]\n";
    let crash = "how = \"crash\"\nrepair = \"16min\"\n";
    let hang = "how = \"hang\"\ndetected-by-people = \"15min\"\nrepair = \"60s\"\n";
    let text = |count: u32, how: &str| {
        let fault = |n| format!("[fault.f{n}]\nhits = \"service.app\"\nrate = \"2/y\"\n{how}");
        site(&format!("{page}{}", (0..count).map(fault).collect::<String>()))
            .replace("workers = 5", "workers = 5\nrestart = \"0s\"")
    };
    let path = "downtime.page@horizon";
    for (count, how) in [(64, crash), (124, crash), (62, hang)] {
        let seen = Years::of(asked(&drafted(&text(count, how)), "10y", 20, &[path]));
        let year = 31_536_000.0;
        let load = 2.0 * f64::from(count) * 960.0 / year;
        let truth = year * load / (1.0 + load);
        let found = seen.interval(path);
        assert!((found.estimate / truth - 1.0).abs() < 0.025, "{count}: {found:?}, not {truth}");
    }
    for (count, how) in [(125, crash), (63, hang)] {
        let refused = draft_or_complaints(&text(count, how)).expect_err("it is refused");
        assert!(refused.contains("faults hit `app-1`"), "{refused}");
    }
}

/// More than 64 parts that hang until people see it, each for itself.
#[test]
fn more_than_sixty_four_parts_may_hang_until_people_see_it() {
    let count = 70_u32;
    let mut text = String::from(
        "scenario = \"many\"\n[run]\nseed = 3\n[server.box]\ncores = 4\n[zone.web]\non = [\"box\"]\n\
         [fault.hang]\nhits = \"service.s*\"\nhow = \"hang\"\nrate = \"2/y\"\n\
         detected-by-people = \"15min\"\nrepair = \"60s\"\n",
    );
    for n in 1..=count {
        text += &format!(
            "[service.s{n}]\nin = \"web\"\nworkers = 5\nrestart = \"0s\"\n\
             [workload.w{n}]\nrequest = \"r{n}\"\nrate = \"1/s\"\n\
             [request.r{n}]\nenter = \"s{n}\"\ndemands = {{ work = \"1ms\" }}\n\
             steps = [ {{ cpu = \"s{n}\", demand = \"work\" }} ]\n"
        );
    }
    let paths: Vec<String> = (1..=count).map(|n| format!("downtime.r{n}@horizon")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let seen = Years::of(asked(&drafted(&text), "10y", 5, &paths));
    let found: Vec<f64> = paths.iter().map(|path| seen.interval(path).estimate).collect();
    let load = 2.0 * 960.0 / 31_536_000.0;
    let truth = 31_536_000.0 * load / (1.0 + load);
    let mean = found.iter().sum::<f64>() / f64::from(count);
    // 7,000 hangs in all, 100 of each.
    assert!((mean / truth - 1.0).abs() < 0.04, "{mean}, not {truth}");
    for (path, found) in paths.iter().zip(&found) {
        assert!((found / truth - 1.0).abs() < 0.4, "{path}: {found}, not {truth}");
    }
}
