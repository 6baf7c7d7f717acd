//! Promise: a database that loses the disks of all its members is restored from its backups, in both solvers, and loses what
//! backups and the archived log leave out.

use std::path::Path;

use fivenines::model::outage::Faults;
use fivenines::plan::availability;
use fivenines::solve::requests;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::common::read;
use crate::inside::disk_writes::refusal;
use crate::inside::years::{Years, asked};

const MIN: f64 = 60.0;
const HOUR: f64 = 3_600.0;

/// A database with 5 writes/s and a backup at 23:50, which is restored in 1 min and 60 GB / 200 MB/s = 5 min.
fn site(members: &str, log: &str, more: &str) -> String {
    let set = "main = { kind = \"10k\", layout = \"mirror\", data = 1, parity = 1 }\n";
    let disks = if members == ON_A_VOLUME {
        format!(
            "[nas.store]\nrack = \"r\"\ncpu = \"0.1ms\"\n[nas.store.pools]\n{set}[nas.store.volumes]\n\
             data = {{ pool = \"main\" }}\n"
        )
    } else {
        format!("[server.box.disks]\n{set}")
    };
    format!(
        r#"scenario = "lost"
format = 2
[run]
horizon = "1d"
initial = "new"
[site.main]
[rack.r]
site = "main"
switch = {{ bandwidth = "10Gbit/s" }}
[server.box]
count = 3
rack = "r"
cores = 1
{disks}[zone.www]
on = ["box-1"]
[zone.sql]
count = 2
on = ["box-2", "box-3"]
[service.app]
in = "www"
workers = "unlimited"
[database.db]
{members}
connections = 1000
read = {{ cpu = "1ms" }}
write = {{ cpu = "1ms" }}
restart = "0s"
restore = {{ size = "60GB", rate = "200MB/s", begin = "1min"{log} }}
[operation.nightly]
does = "backup"
of = "database.db"
every = "day"
at = "23:50"
[workload.visitors]
request = "page"
rate = "5/s"
[request.page]
enter = "app"
demands = {{ page = "1ms" }}
steps = [ {{ cpu = "app", demand = "page" }}, {{ call = "db", write = 1, time-out = "5s" }} ]
{more}"#
    )
}

const ALONE: &str = "in = { primary = \"sql-1\" }\ndata = { sql-1 = \"box:main\" }";
const ON_A_VOLUME: &str = "in = { primary = \"sql-1\" }\ndata = { sql-1 = \"store:data\" }";
/// A copy of a member takes 36 GB / 200 MB/s = 3 min.
const PAIR: &str = "in = { primary = \"sql-1\", replicas = [\"sql-2\"] }\n\
    data = { sql-1 = \"box:main\", sql-2 = \"box:main\" }\n\
    replication = { mode = \"async\", receive = \"1ms\" }\n\
    rebuild = { size = \"36GB\", rate = \"200MB/s\" }\n\
    failover = { detect = { interval = \"1s\", time-out = \"1s\", fall = 2 }, promote = \"5s\", coverage = 1, \
    manual-repair = \"1h\" }";

/// A loss of these disks at an instant; there are new ones after 2 min.
fn lost(name: &str, disks: &str, at: &str) -> String {
    format!("[fault.{name}]\nhits = \"{disks}\"\nhow = \"lost\"\nat = \"{at}\"\nlasts = \"2min\"\n")
}

fn fire(disks: &str) -> String {
    lost("fire", disks, "10min")
}

/// Values over a day of these figures.
fn over_a_day<const N: usize>(text: &str, paths: [&str; N]) -> [f64; N] {
    let loaded = read(text, Path::new(".")).unwrap();
    let years = Years::of(asked(&loaded.draft, "1d", 2, &paths));
    paths.map(|path| years.estimate(path).value().unwrap_or(0.0))
}

const FIGURES: [&str; 4] = [
    "recovery-point.db@horizon",
    "backup-age.db@horizon",
    "restore-time.db@horizon",
    "unrestored-writes.db.mean@horizon",
];

fn near(what: &str, found: f64, expected: f64) {
    let off = (found - expected).abs();
    assert!(off <= 1e-6 * expected.max(1.0), "{what}: {found} of {expected}");
}

/// Seconds of downtime over the day, and the failed share of the requests from 5 to 35 min.
fn down(text: &str) -> (f64, f64) {
    let [years] = over_a_day(text, ["downtime.page@horizon"]);
    let window = "[window.early]\nlength = \"30min\"\nwarm-up = \"1min\"\n";
    let text = text
        .replace("horizon = \"1d\"\n", "")
        .replace("[request.page]", &format!("{window}[request.page]"));
    let loaded = read(&text, Path::new(".")).unwrap();
    let mut window = loaded.study.windows[0].window.clone();
    window.at = SimTime::ZERO + SimDuration::from_secs(300);
    window.faults = Faults::Live;
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    let attempts = &seen.record.classes[0].attempts;
    (years / 365.0, 1.0 - attempts.ended[0] as f64 / attempts.begun as f64)
}

/// The disks are gone from 10 min to 12 min, and the restore takes 6 min more: 8 min, of 30 in the window.
#[test]
fn a_database_that_loses_its_disks_is_down_until_it_is_restored_in_both_solvers() {
    for (members, disks) in [(ALONE, "server.box-2.main"), (ON_A_VOLUME, "nas.store.main")] {
        let (years, window) = down(&site(members, "", &fire(disks)));
        near(disks, years, 8.0 * MIN);
        assert!((window - 8.0 / 30.0).abs() < 0.01, "{disks}: {window}");
    }
}

/// The backup of 23:50 is 20 min old; of the writes since then 10 min x 5/s are since time zero.
#[test]
fn without_a_log_everything_since_the_backup_is_lost() {
    for (members, disks) in [(ALONE, "server.box-2.main"), (ON_A_VOLUME, "nas.store.main")] {
        let found = over_a_day(&site(members, "", &fire(disks)), FIGURES);
        let expected = [20.0 * MIN, 20.0 * MIN, 8.0 * MIN, 3_000.0];
        for ((path, found), expected) in FIGURES.iter().zip(found).zip(expected) {
            near(path, found, expected);
        }
    }
}

/// Archived each 4 min, the log ends at 8 min: 2 min are lost, and 18 min of it take 18 / 12 = 1.5 min more. A log beside the data
/// is lost with them, as if there were none.
#[test]
fn a_log_is_lost_with_the_disks_but_for_what_is_archived() {
    let fire = fire("server.box-2.main");
    let log = ", point-in-time = { replay = 12, archive-every = \"4min\" }";
    let found = over_a_day(&site(ALONE, log, &fire), FIGURES);
    let expected = [2.0 * MIN, 20.0 * MIN, 9.5 * MIN, 600.0];
    for ((path, found), expected) in FIGURES.iter().zip(found).zip(expected) {
        near(path, found, expected);
    }
    let (years, window) = down(&site(ALONE, log, &fire));
    near("downtime", years, 9.5 * MIN);
    assert!((window - 9.5 / 30.0).abs() < 0.01, "{window}");
    let beside = site(ALONE, ", point-in-time = { replay = 12 }", &fire);
    assert_eq!(over_a_day(&beside, FIGURES), over_a_day(&site(ALONE, "", &fire), FIGURES));
}

/// The backup that began at 9 min is complete at 11 min, after the loss: the one of 24 h before is used, though there are disks only
/// at 12 min. Its log up to 8 min takes (24 h + 1 min - 2 min) / 12.
#[test]
fn a_backup_that_is_not_complete_when_the_disks_are_lost_is_not_used() {
    let log = ", point-in-time = { replay = 12, archive-every = \"4min\" }";
    let text = site(ALONE, log, &fire("server.box-2.main"));
    let text = text.replace("at = \"23:50\"", "at = \"00:09\"\nlasts = \"2min\"");
    let found = over_a_day(&text, FIGURES);
    let expected = [2.0 * MIN, 86_460.0, 8.0 * MIN + 86_340.0 / 12.0, 600.0];
    for ((path, found), expected) in FIGURES.iter().zip(found).zip(expected) {
        near(path, found, expected);
    }
}

/// The disks of the first are back at 12 min, and its data are copied from the second until 15 min. If those of the second are lost
/// at 16 min nothing is lost; at 14 min everything is, and the restore to the first takes 6 min at once.
#[test]
fn a_database_loses_nothing_while_another_member_has_its_data() {
    let both = |at: &str| {
        let more =
            lost("first", "server.box-2.main", "10min") + &lost("second", "server.box-3.main", at);
        site(PAIR, "", &more)
    };
    let text = both("16min");
    let loaded = read(&text, Path::new(".")).unwrap();
    let years = Years::of(asked(&loaded.draft, "1d", 1, &["restores.db@horizon"]));
    assert_eq!(years.seen.restores[0][0].restores, [0.0]);
    let (years, window) = down(&text);
    // Two failovers of 2 to 8 s each.
    assert!((4.0..20.0).contains(&years), "{years}");
    assert!(window < 0.015, "{window}");
    let text = both("14min");
    let found = over_a_day(&text, FIGURES);
    for (found, expected) in found.into_iter().zip([24.0 * MIN, 24.0 * MIN, 6.0 * MIN]) {
        near("both", found, expected);
    }
    let (years, window) = down(&text);
    assert!((6.0 * MIN..6.0 * MIN + 20.0).contains(&years), "{years}");
    assert!((window - 0.2).abs() < 0.015, "{window}");
}

/// The server is down from 5 to 15 min, and its disks are lost at 10 min. The backup of 00:02 is 8 min old then, of which it took
/// writes for 3 min. The restore begins with the server, and is over at 21 min.
#[test]
fn disks_that_are_lost_while_the_server_is_down_lose_what_was_written_before_that() {
    let crash = "[fault.crash]\nhits = \"server.box-2\"\nhow = \"crash\"\nat = \"5min\"\nlasts = \"10min\"\n";
    let text = site(ALONE, "", &(fire("server.box-2.main") + crash));
    let text = text.replace("23:50", "00:02");
    let found = over_a_day(&text, FIGURES);
    let expected = [8.0 * MIN, 8.0 * MIN, 11.0 * MIN, 900.0];
    for ((path, found), expected) in FIGURES.iter().zip(found).zip(expected) {
        near(path, found, expected);
    }
    let (years, window) = down(&text);
    near("downtime", years, 16.0 * MIN);
    assert!((window - 16.0 / 30.0).abs() < 0.01, "{window}");
}

/// The loss at 10 min takes 10 min of writes, the corruption at 120 min found at 125 min what was written from 18 min on:
/// (600 + 6,420) s x 5/s in two restores from backups of 20 and 135 min.
#[test]
fn losses_and_corruptions_of_one_database_are_counted_together_and_each_write_once() {
    let bug = "[fault.bug]\nhits = \"database.db\"\nhow = \"corrupt\"\nat = \"2h\"\ndetected-by-people = \"5min\"\n";
    let text = site(ALONE, "", &(fire("server.box-2.main") + bug));
    let [lost, age, length, writes] = over_a_day(&text, FIGURES);
    near("lost", lost, 77.5 * MIN);
    near("age", age, 77.5 * MIN);
    near("length", length, 7.0 * MIN);
    near("writes", writes, 17_550.0);
    let without = ["restores.db[without=bug]@horizon", "recovery-point.db[without=bug]@horizon"];
    let [restores, lost] = over_a_day(&text, without);
    near("restores", restores, 365.0);
    near("lost", lost, 20.0 * MIN);
}

/// A mirror of two that fail each 720 h and are rebuilt in 24 h loses its data each (3/720 + 1/24) / (2/720^2) h = 11,880 h, and has
/// new disks after 48 h. The newest complete backup is 2 to 26 h old, and 24 h x 0.2 / 0.8 more as one in five is unusable.
#[test]
fn a_double_failure_costs_what_was_written_since_the_newest_usable_backup() {
    let exponential =
        |hours: f64| format!("{{ dist = \"exponential\", mean = \"{}s\" }}", hours * HOUR);
    let disk = format!(
        "[fault.disk]\nhits = \"server.box-2.main\"\nhow = \"disk-failed\"\nrate = \"{}/y\"\n\
         rebuild = {{ lasts = {} }}\nrestore = {}\n",
        8_760.0 / 720.0,
        exponential(24.0),
        exponential(48.0)
    );
    let text = site(ALONE, "", &disk);
    let text = text.replace("at = \"23:50\"", "at = \"23:50\"\nlasts = \"2h\"\nusable = 0.8");
    let loaded = read(&text, Path::new(".")).unwrap();
    let per_year = 8_760.0 / (11_880.0 + 48.0);
    let lost = (14.0 + 24.0 * 0.2 / 0.8) * HOUR;
    let expected = [
        ("lost-sets.box-2.main@horizon", per_year),
        ("restores.db@horizon", per_year),
        ("recovery-point.db@horizon", lost),
        ("backup-age.db@horizon", lost),
        ("unrestored-writes.db@horizon", per_year * lost * 5.0),
        ("restore-time.db@horizon", 48.0 * HOUR + 6.0 * MIN),
        ("downtime.page[cause=disk]@horizon", per_year * (48.0 * HOUR + 6.0 * MIN)),
    ];
    let paths = expected.map(|(path, _)| path);
    let years = Years::of(asked(&loaded.draft, "20y", 150, &paths));
    for (path, value) in expected {
        let found = years.interval(path);
        println!("{path}: {} to {} of {value}", found.low, found.high);
        // 1 % beyond the interval of one of seven figures: a restore is cut at the horizon, disks age less while the set is lost.
        let around = found.low * 0.99 <= value && value <= found.high * 1.01;
        assert!(around, "{path}: {} ({} to {}) of {value}", found.estimate, found.low, found.high);
    }
}

/// Two sets are lost 10 times per year each, have disks after 10 h and are copied in 36 GB / 1 MB/s = 10 h. One of both is lost each
/// 438 h, and the other within the 20 h with probability 1 - exp(-20 x 10 / 8,760) = 0.0226: 8,760 x 0.0226 / (438 + 20) per year,
/// and 2 % more for those that are lost again while they are copied, or soon after a restore.
#[test]
fn a_pair_loses_its_data_when_the_second_set_is_lost_before_the_first_is_copied() {
    let fault = "[fault.fire]\nhits = [\"server.box-2.main\", \"server.box-3.main\"]\nhow = \"lost\"\n\
                 rate = \"10/y\"\nrepair = \"10h\"\n";
    let slowly =
        PAIR.replace("size = \"36GB\", rate = \"200MB/s\"", "size = \"36GB\", rate = \"1MB/s\"");
    let loaded = read(&site(&slowly, "", fault), Path::new(".")).unwrap();
    let path = "restores.db@horizon";
    let found = Years::of(asked(&loaded.draft, "20y", 200, &[path])).interval(path);
    let second = 1.0 - libm::exp(-20.0 * 10.0 / 8_760.0);
    let expected = 1.02 * 8_760.0 * second / (438.0 + 20.0);
    println!("{} to {} of {expected}", found.low, found.high);
    assert!(
        found.low * 0.99 <= expected && expected <= found.high * 1.01,
        "{found:?} of {expected}"
    );
}

/// However a loss begins, the database has an automaton of its losses, and none in a net without the fault.
#[test]
fn each_way_in_which_disks_are_lost_loses_the_data() {
    for begin in [
        "rate = \"1/y\"\nrepair = \"4h\"\n",
        "rate = \"1/y\"\nrepair = \"4h\"\ndetected-by-people = \"1h\"\n",
        "up = { dist = \"weibull\", shape = 2, mean = \"1y\" }\nrepair = \"4h\"\n",
        "rate = \"1/y\"\nrepair = \"4h\"\ntogether = true\n",
        "rate = \"1/y\"\nrepair = \"4h\"\ncommon-cause = { group = \"server.box\", beta = 0.5 }\n",
        "rate = \"1/y\"\nrepair = \"4h\"\nload-exponent = 1\n",
        "at = \"1h\"\nevery = \"6h\"\nprobability = 0.5\nlasts = \"1h\"\n",
    ] {
        let fault = format!("[fault.fire]\nhits = \"server.box.main\"\nhow = \"lost\"\n{begin}");
        let text = site(ALONE, "", &fault);
        let loaded = read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}\n{text}"));
        let plan = availability::plan(&loaded.draft, &[vec!["fire".into()]]).unwrap();
        let has = |net: usize| plan.nets[net].restores[0][0].is_some();
        let without = plan.without(&["fire".into()]).unwrap();
        assert!(has(0) && !has(without), "{begin}");
    }
}

#[test]
fn backups_and_restores_that_no_loss_needs_are_refused_with_what_to_do() {
    let refused = |text: &str, why: &str| {
        let found = refusal(text);
        let words: Vec<&str> = found.split_whitespace().collect();
        assert!(words.join(" ").contains(why), "{text}{found}");
    };
    let fire = fire("server.box-2.main");
    let good = site(ALONE, "", &fire);
    assert_eq!(refusal(&good), "");
    // One of two members keeps its disks.
    refused(&site(PAIR, "", &fire), "so it is never restored");
    refused(&good.replace("data = { sql-1 = \"box:main\" }\n", ""), "so it is never restored");
    let restore = "restore = { size = \"60GB\", rate = \"200MB/s\", begin = \"1min\" }\n";
    refused(&good.replace(restore, ""), "no database of it is restored when its disks are lost");
    let from = good.find("[operation.nightly]").unwrap();
    let to = good.find("[workload.visitors]").unwrap();
    refused(&format!("{}{}", &good[..from], &good[to..]), "no operation makes a backup of `db`");
    let archived = ", point-in-time = { replay = 12, archive-every = \"4min\" }";
    let bug = "[fault.bug]\nhits = \"database.db\"\nhow = \"corrupt\"\nat = \"2h\"\n";
    refused(&site(ALONE, archived, bug), "no log is lost");
    let slow = "[fault.slow]\nhits = \"database.db\"\nhow = \"slow\"\nfactor = 2\nrate = \"1/y\"\nrepair = \"1h\"\n";
    refused(&site(ALONE, "", &(fire + slow)), "not together with `fire`");
}
