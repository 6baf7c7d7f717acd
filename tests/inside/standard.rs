//! Promise: the nine tiers differ in their architecture alone, so that a figure of one may be held against
//! that of another. Whatever stands in two of their files under one name is the same in both, and nothing
//! that one of them says of a part, a class or a fault is left out by another; but for what is listed
//! here, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::inside::common::{is_full, read, read_with, scenarios};

use fivenines::scenario::value::Value as _;
use fivenines::study::sweep::{latin_hypercube, tornado, uncertain};

use toml::{Table, Value};

/// In the order of the tiers.
const NAMES: [&str; 9] =
    ["starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7", "tier-8"];

/// Sections that not every tier has, with the first and the last tier that does.
const PARTS: &[(&str, RangeInclusive<usize>)] = &[
    // Data on local disks: all of the starter's, the replicas' of tiers 7 and 8.
    ("fault.local-data", 0..=0),
    ("fault.local-data", 7..=8),
    // A database zone of its own and shared storage, which may fail and is paid for.
    ("zone.sql", 1..=8),
    ("nas.store", 1..=8),
    ("fault.head", 1..=8),
    ("fault.pool", 1..=8),
    ("cost.nas-head", 1..=8),
    // A balancer.
    ("balancer.front", 2..=8),
    ("fault.balancer", 2..=8),
    ("cost.balancer", 2..=8),
    // The replica has a pool of its own, until replicas have local disks.
    ("cost.pool", 3..=6),
    // Memory is added to running database zones.
    ("operation.more-memory", 7..=8),
    // Edge caches, and services beside the main path with a load of their own.
    ("cdn.edge", 8..=8),
    ("cost.cdn", 8..=8),
    ("fault.edge", 8..=8),
    ("fault.cdn", 8..=8),
    ("fault.cdn-names", 8..=8),
    ("zone.aux-sql", 8..=8),
    ("zone.memcache", 8..=8),
    ("zone.monitoring", 8..=8),
    ("zone.staging", 8..=8),
    ("zone.develop", 8..=8),
    ("database.aux", 8..=8),
    ("cache.objects", 8..=8),
    ("service.monitor", 8..=8),
    ("service.stage", 8..=8),
    ("service.builder", 8..=8),
    ("workload.probes", 8..=8),
    ("workload.rehearsals", 8..=8),
    ("workload.builds", 8..=8),
    ("request.probe", 8..=8),
    ("request.rehearsal", 8..=8),
    ("request.build", 8..=8),
];

/// What may differ, with all below it, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("scenario", "a tier has a name"),
    ("title", "and says what it is"),
    ("question", "and what it is for"),
    ("source", "and where it is from"),
    ("expect", "what is expected of a part is its load, worked out at the head of each file"),
    (
        "run.precision.latency.page.p95@peak",
        "the starter is overloaded at the peak and has no steady p95 there",
    ),
    ("run.precision.latency.page.p95@mean", "which asks for that of the mean instead"),
    ("server.twin.count", "how many servers there are"),
    ("server.twin.disks", "who has local disks"),
    ("zone.www.count", "how many web zones there are"),
    ("zone.www.on", "and where they stand"),
    ("zone.sql.count", "how many database zones there are"),
    ("zone.sql.on", "and where they stand"),
    ("service.app.mounts.files", "the starter has no file server"),
    ("database.mysql.in", "who is primary and who are replicas"),
    ("database.mysql.data", "and where their data lie"),
    ("database.mysql.reads", "tiers 7 and 8 read at the replicas, through the balancers"),
    ("database.mysql.replication", "there is none without a replica"),
    ("database.mysql.failover", "nor anyone to take over"),
    ("nas.store.heads", "how many heads there are"),
    ("nas.store.failover", "without a second one nobody takes over"),
    ("nas.store.pools.main.head", "nor need be said whose a pool is"),
    ("nas.store.pools.slave", "the replica of tiers 3 to 6 has a pool"),
    ("nas.store.pools.second", "the second head has one"),
    ("nas.store.volumes.assets.pool", "volumes lie on the pools of both heads"),
    ("nas.store.volumes.db.pool", "this one, too"),
    ("nas.store.volumes.db2", "the replica of tiers 3 to 6 has a volume"),
    ("balancer.front.count", "how many balancers there are"),
    ("balancer.front.failover", "without a second one nobody takes over"),
    ("request.page.enter", "who is at the front: application, balancer or edge"),
    ("request.asset.enter", "the same"),
    (
        "request.page.steps.6.choose.0.probability",
        "of those that come past the edges of tier 8: see `as_many_pages_write_in_every_tier`",
    ),
    ("operation.backup.load", "on the disks there are: see `the_backup_is_as_large_in_every_tier`"),
];

fn texts() -> Vec<String> {
    let read = |name: &&str| {
        let path = scenarios().join("tiers").join(format!("{name}.toml"));
        std::fs::read_to_string(path).unwrap()
    };
    NAMES.iter().map(read).collect()
}

/// What a file says: each value under its path. Tables in a list are numbered.
fn leaves(text: &str) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        let below = |key: &str| format!("{path}{}{key}", if path.is_empty() { "" } else { "." });
        match value {
            Value::Table(table) => table.iter().for_each(|(k, v)| walk(&below(k), v, into)),
            Value::Array(list) if list.iter().any(Value::is_table) => {
                list.iter().enumerate().for_each(|(n, v)| walk(&below(&n.to_string()), v, into));
            }
            other => {
                into.insert(path.to_string(), other.to_string());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk("", &Value::Table(text.parse::<Table>().unwrap()), &mut found);
    found
}

fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The part, class, fault or price that a path says something of.
fn section(path: &str) -> &str {
    let mut dots = path.match_indices('.').map(|(at, _)| at);
    dots.nth(1).map_or(path, |at| &path[..at])
}

/// The places of the exceptions that cover a path.
fn excepted(path: &str) -> impl Iterator<Item = usize> + '_ {
    let all = EXCEPTIONS.iter().enumerate();
    all.filter(move |(_, (of, _))| is_below(path, of)).map(|(at, _)| at)
}

/// What differs between the files that is not architecture, a sentence each; and the exceptions that
/// were needed.
fn differences(texts: &[String]) -> (Vec<String>, BTreeSet<usize>) {
    let files: Vec<BTreeMap<String, String>> = texts.iter().map(|text| leaves(text)).collect();
    let sections: Vec<BTreeSet<&str>> =
        files.iter().map(|file| file.keys().map(|path| section(path)).collect()).collect();
    let (mut found, mut needed) = (Vec::new(), BTreeSet::new());
    for name in sections.iter().flatten().collect::<BTreeSet<_>>() {
        if excepted(name).next().is_some() {
            continue;
        }
        let rows = PARTS.iter().filter(|(part, _)| part == name);
        let mut tiers: Vec<usize> = rows.flat_map(|(_, tiers)| tiers.clone()).collect();
        if tiers.is_empty() {
            tiers.extend(0..NAMES.len());
        }
        let (has, lacks): (Vec<usize>, Vec<usize>) =
            (0..NAMES.len()).partition(|tier| sections[*tier].contains(*name));
        if !has.iter().copied().eq(tiers) {
            let names =
                |tiers: &[usize]| tiers.iter().map(|at| NAMES[*at]).collect::<Vec<_>>().join(", ");
            found.push(format!("{name}: in {}; not in {}", names(&has), names(&lacks)));
        }
    }
    for path in files.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>() {
        let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tier, file) in files.iter().enumerate() {
            match file.get(path) {
                Some(value) => said.entry(value).or_default().push(NAMES[tier]),
                None if sections[tier].contains(section(path)) => {
                    said.entry("nothing").or_default().push(NAMES[tier]);
                }
                None => {}
            }
        }
        if said.len() < 2 {
            continue;
        }
        let exceptions: Vec<usize> = excepted(path).collect();
        if exceptions.is_empty() {
            let said = said.iter().map(|(value, by)| format!("{value} in {}", by.join(", ")));
            found.push(format!("{path}: {}", said.collect::<Vec<_>>().join("; ")));
        }
        needed.extend(exceptions);
    }
    (found, needed)
}

#[test]
fn the_nine_tiers_are_equal_but_for_their_architecture() {
    let (found, needed) = differences(&texts());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let idle: Vec<_> =
        EXCEPTIONS.iter().enumerate().filter(|(at, _)| !needed.contains(at)).collect();
    assert!(idle.is_empty(), "exceptions that nothing needs: {idle:?}");
}

/// What every tier is asked: traffic, demands, objectives, faults, time, place and prices.
#[test]
fn no_exception_covers_what_every_tier_is_asked() {
    let paths = leaves(&texts()[8]);
    for section in [
        "window.mean",
        "window.peak",
        "window.broken",
        "profile.business",
        "clients.public",
        "workload.visitors",
        "request.page.demands",
        "request.asset.demands",
        "objective.page",
        "site.main",
        "rack.r",
        "fault",
        "cost",
        "run.start",
        "run.horizon",
        "run.seed",
        "run.replications",
    ] {
        let mut below = paths.keys().filter(|path| is_below(path, section)).peekable();
        assert!(below.peek().is_some(), "{section} is not there");
        assert!(below.all(|path| excepted(path).next().is_none()), "{section} is excepted");
    }
}

/// One value changed, left out or added in one file is named, with the file.
#[test]
fn one_value_that_differs_in_one_tier_is_noticed() {
    for (tier, from, to, path) in [
        (0, "value = \"80ms\"", "value = \"81ms\"", "request.page.demands.page.mean"),
        (1, "horizon = \"10y\"", "horizon = \"20y\"", "run.horizon"),
        (1, "rate    = \"20/s\"", "rate    = \"21/s\"", "workload.visitors.rate"),
        (2, "length = \"5min\"", "length = \"4min\"", "window.mean.length"),
        (3, "zone = \"$250/month\"", "zone = \"$249/month\"", "cost.zone"),
        (3, "bandwidth = \"1Gbit/s\"", "bandwidth = \"2Gbit/s\"", "rack.r.switch.bandwidth"),
        (4, "value = \"12/y\"", "value = \"13/y\"", "fault.app-crash.rate"),
        (4, "mean = \"134min\", cv = 0.9", "mean = \"134min\", cv = 1.9", "fault.site.repair.cv"),
        (5, "lost-after   = \"8s\"", "lost-after   = \"9s\"", "objective.page.lost-after"),
        (5, "write = 1.5, ops", "write = 1.6, ops", "request.page.steps.8.write"),
        (6, "1.52,", "1.53,", "profile.business.hours"),
        (6, ", phi = 0.84 }", " }", "workload.visitors.noise.phi"),
        (7, "high = \"13s\"", "high = \"14s\"", "clients.public.patience.mean.high"),
        (7, "factors = [0.93, 1.14]", "factors = [0.9, 1.2]", "workload.visitors.arrivals.factors"),
        (8, "convergence = \"1min\"", "convergence = \"2min\"", "site.main.uplinks.convergence"),
        (8, "[fault.switch-reload]", "[fault.switch-restart]", "fault.switch-reload"),
        (8, "[cost]", "[cost]\nrack = \"$1/month\"", "cost.rack"),
    ] {
        let mut texts = texts();
        assert!(texts[tier].contains(from), "{}: no {from}", NAMES[tier]);
        texts[tier] = texts[tier].replacen(from, to, 1);
        let (found, _) = differences(&texts);
        let named = |said: &&String| said.starts_with(path) && said.contains(NAMES[tier]);
        assert!(found.iter().any(|said| named(&said)), "{from} to {to}: {found:?}");
    }
}

/// Pages that write are never cached: where an edge answers some pages, as many more of the others write.
#[test]
fn as_many_pages_write_in_every_tier() {
    for (name, text) in NAMES.iter().zip(texts()) {
        let leaves = leaves(&text);
        let number = |path: &str| leaves.get(path).map(|value| value.parse::<f64>().unwrap());
        let past = 1.0 - number("cdn.edge.hit.page").unwrap_or(0.0);
        let writing = number("request.page.steps.6.choose.0.probability").unwrap() * past;
        // Written with four digits.
        assert!((writing - 0.1).abs() < 0.000_05, "{name}: {writing} of the pages write");
    }
}

/// A hundred operations a second, whatever the disks are.
#[test]
fn the_backup_is_as_large_in_every_tier() {
    for (name, text) in NAMES.iter().zip(texts()) {
        let leaves = leaves(&text);
        let loads = leaves.iter().filter(|(path, _)| is_below(path, "operation.backup.load"));
        let of = |load: &str| load.trim_matches('"').strip_suffix("/s").unwrap().parse::<f64>();
        let sum: f64 = loads.map(|(_, load)| of(load).unwrap()).sum();
        assert_eq!(sum, 100.0, "{name}");
    }
}

/// A tornado needs somewhere to go, and the ends of what is uncertain must make sense together. All tiers with
/// FIVENINES_FULL=1, else every third.
#[test]
fn every_tier_can_be_taken_to_the_ends_of_what_is_uncertain() {
    let folder = scenarios().join("tiers");
    let every = if is_full("two tiers of three") { 1 } else { 3 };
    for (name, text) in NAMES.iter().zip(texts()).step_by(every) {
        let loaded = read(&text, &folder).unwrap();
        let keys = uncertain(&loaded.draft.scenario.canonical());
        assert!(keys.iter().all(|key| key.low.is_some() && key.high.is_some()), "{name}");
        assert!(keys.len() > 30, "{name}: {}", keys.len());
        let mut variants = tornado(&keys);
        variants.extend(latin_hypercube(&keys, 8, 1).unwrap());
        for variant in variants {
            let found = read_with(&text, &folder, &variant.assignments());
            assert!(found.is_ok(), "{name}, {}:\n{}", variant.words(), found.err().unwrap());
        }
    }
}
