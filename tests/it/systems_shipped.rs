//! Promise: the shipped scenarios of the sources' systems meet what they expect, and an edit of a file alone moves a figure
//! to where its arithmetic says. As shipped, every scenario with an expectation ends with the exit code 0.

use std::process::Command;

use crate::common::binary;
use crate::faults_shipped::{Edit, check_edits, full, meet_at_three_seeds};

/// Rates, times and shares are those of the header of each file. The first three are cheap.
const EDITS: [Edit; 55] = [
    // Medium with 300 shares: 7.5 x 100 / 900 of 8 cores for small.
    Edit {
        file: "platform/fair-share",
        flags: &["--replications", "2"],
        sets: &["zone.medium.cpu.shares=300"],
        expect: 0,
        figure: "utilization.small.cpu@all-ask",
        is: "within 3% of 0.10417",
    },
    // Jobs with 100 shares beside 300 hold two cores: pages are M/G/6 at 2/3, 80 ms x (1 + 0.285 / 2).
    Edit {
        file: "platform/fair-share-idle",
        flags: &["--replications", "4"],
        sets: &["zone.batch.cpu.shares=100"],
        expect: 0,
        figure: "latency.page.mean@steady",
        is: "within 3% of 91.4ms",
    },
    // A machine that is back after 30 + 15 s instead of 105 s: 20/s x (45 + 15) s.
    Edit {
        file: "platform/memory-resize",
        flags: &["--replications", "5"],
        sets: &["vm.machine.stop=30s", "vm.machine.boot=15s"],
        expect: 0,
        figure: "lost.vm-page@change",
        is: "within 12% of 1200",
    },
    // A baseline of 2 cores: (4 + 2) / 2 of 4.
    Edit {
        file: "platform/bursting",
        flags: &["--replications", "3"],
        sets: &["zone.hog.cpu.baseline=2.0"],
        expect: 2,
        figure: "utilization.hog.cpu@hog-cycles",
        is: "within 3% of 0.75",
    },
    // 1 GiB of free memory instead of 2, by Che's approximation.
    Edit {
        file: "platform/ram-cache",
        flags: &["--replications", "10"],
        sets: &["server.box.memory=5GiB"],
        expect: 0,
        figure: "hit.box-1.local.mean@warm",
        is: "within 4% of 0.5868",
    },
    // 100/s: M/M/4 at a load of 0.5.
    Edit {
        file: "platform/multi-tenant",
        flags: &["--replications", "10"],
        sets: &["workload.shoppers.rate=100/s"],
        expect: 1,
        figure: "latency.page.mean@loud",
        is: "within 5% of 43.48ms",
    },
    // Equal shares guarantee 1.6 of the 2.4 cores that the shop needs: 70 ms while its neighbour is overloaded.
    Edit {
        file: "platform/multi-tenant",
        flags: &["--replications", "10"],
        sets: &["zone.shop.cpu.shares=100"],
        expect: 1,
        figure: "latency.page.mean@loud",
        is: "> 60ms",
    },
    // A third server, and a member of each zone on it: M/M/4 at 0.4, 40 ms x (1 + 0.0907 / (4 x 0.6)).
    Edit {
        file: "platform/multi-tenant",
        flags: &["--replications", "10"],
        sets: &[
            "server.box.count=3",
            "zone.shop.count=3",
            "zone.loud.count=3",
            "zone.first.count=3",
            "zone.second.count=3",
            "zone.third.count=3",
        ],
        expect: 1,
        figure: "latency.page.mean@loud",
        is: "within 5% of 41.5ms",
    },
    // Answers of 30 s: 5/s x (14.5 + 15) s.
    Edit {
        file: "platform/multi-site",
        flags: &["--solver", "requests", "--replications", "10"],
        sets: &["name-service.world.ttl=30s"],
        expect: 0,
        figure: "missed.page-california@loss/down:west",
        is: "within 15% of 147.5",
    },
    // 25/s x 2 x (6 + 3 x 2) / 3 operations, of 500 I/O per s.
    Edit {
        file: "scalable/replication",
        flags: &[],
        sets: &["database.mysql.replication.mode=group"],
        expect: 0,
        figure: "utilization.box.local@steady",
        is: "within 4% of 0.4",
    },
    // 25/s x 2 x (7 + 6 x 2) / 3.
    Edit {
        file: "scalable/replication",
        flags: &[],
        sets: &["database.mysql.replication.mode=three-phase"],
        expect: 0,
        figure: "utilization.box.local@steady",
        is: "within 4% of 0.633",
    },
    // 25/s x 2 x (6 at the primary + 3 at each of two replicas) / 3.
    Edit {
        file: "scalable/replication",
        flags: &[],
        sets: &["database.mysql.replication.mode=async", "database.mysql.writes.to=primary"],
        expect: 0,
        figure: "utilization.box.local@steady",
        is: "within 4% of 0.4",
    },
    // 60/s in the burst: 60/s x 31 ms / 8 cores.
    Edit {
        file: "databases/db-1",
        flags: &["--replications", "4"],
        sets: &["window.burst.level=60/s"],
        expect: 1,
        figure: "utilization.sql.cpu@burst",
        is: "within 5% of 0.2325",
    },
    // Four cores: 40/s x 31 ms / 4.
    Edit {
        file: "databases/db-1-fixed",
        flags: &["--replications", "4"],
        sets: &["zone.sql.cpu.cap=4.0"],
        expect: 1,
        figure: "utilization.sql.cpu@quiet",
        is: "within 6% of 0.31",
    },
    // A hundred rows: squared popularities of 0.0448, 10 writes/s and locks of 58 ms.
    Edit {
        file: "databases/db-2-hot-rows",
        flags: &["--solver", "requests", "--replications", "20"],
        sets: &["database.mysql.write.rows.objects=100"],
        expect: 0,
        figure: "lock-waits.mysql.chance@steady",
        is: "within 30% of 0.026",
    },
    // Every second takeover fails: 8.86 s + 0.5 x 30 s + 0.5 x 45 min.
    Edit {
        file: "databases/db-2-master-slave",
        flags: &["--solver", "flows", "--replications", "300"],
        sets: &["database.mysql.failover.coverage=0.5"],
        expect: 4,
        figure: "recovery.mysql.mean@horizon",
        is: "within 15% of 1374s",
    },
    // Four replicas: 300/s / 4 x 2.5 ms / 4 cores and 0.025.
    Edit {
        file: "databases/db-2-master-slave",
        flags: &["--solver", "requests"],
        sets: &[
            "window.steady.length=4min",
            "window.broken.replications=1",
            "server.box.count=5",
            "zone.sql.count=5",
            "database.mysql.in.replicas=[\"sql-2\", \"sql-3\", \"sql-4\", \"sql-5\"]",
            "database.mysql.data.sql-3=box:local",
            "database.mysql.data.sql-4=box:local",
            "database.mysql.data.sql-5=box:local",
        ],
        expect: 0,
        figure: "utilization.sql-2.cpu@steady",
        is: "within 5% of 0.0719",
    },
    // One replica: (1,000/s x 2.5 ms + 25/s x 4 ms) / 4 cores, and a balancer of 1,000/s x 0.2 ms.
    Edit {
        file: "databases/db-3",
        flags: &["--solver", "requests", "--replications", "4"],
        sets: &[
            "workload.readers.rate=1000/s",
            "database.mysql.in.replicas=[\"sql-2\"]",
            "database.mysql.data={ sql-1 = \"box:local\", sql-2 = \"box:local\" }",
            "zone.sql.count=2",
        ],
        expect: 1,
        figure: "utilization.sql-2.cpu@steady",
        is: "within 5% of 0.65",
    },
    // Half the load: (1000/s x 2.5 ms + 2 ms) / 8.
    Edit {
        file: "scalable/caching-none",
        flags: &["--replications", "3"],
        sets: &["workload.readers.rate=500/s"],
        expect: 0,
        figure: "utilization.sql.cpu@steady",
        is: "within 5% of 0.3128",
    },
    // No reader has a cookie.
    Edit {
        file: "scalable/caching-layered",
        flags: &["--replications", "3"],
        sets: &["cdn.proxy.content.cacheable.page=1"],
        expect: 0,
        figure: "hit.proxy.mean@steady",
        is: "within 3% of 0.7228",
    },
    // Pages of 30 s, by renewal theory.
    Edit {
        file: "scalable/caching-integrated",
        flags: &["--replications", "3"],
        sets: &["cache.pages.ttl=30s"],
        expect: 0,
        figure: "hit.pages.mean@steady",
        is: "within 2% of 0.7554",
    },
    // 20 articles per second: 20/s x 4 ms / 8 cores at the primary.
    Edit {
        file: "scalable/caching-replica",
        flags: &["--replications", "10"],
        sets: &["workload.publishers.rate=20/s"],
        expect: 2,
        figure: "utilization.sql.cpu@steady",
        is: "within 10% of 0.01",
    },
    // A page that takes 100 ms to build: (1 + 100 x 0.101) / (30 + 2 x 0.101) s.
    Edit {
        file: "scalable/caching-stampede",
        flags: &["--replications", "40"],
        sets: &["cdn.plain.origin=100ms"],
        expect: 0,
        figure: "throughput.plain.origin@steady",
        is: "within 6% of 0.3675/s",
    },
    // Repairs in half the time: 0.25 / 729.75.
    Edit {
        file: "scalable/complexity",
        flags: &["--replications", "400"],
        sets: &["unit.process.repair={ dist = \"lognormal\", mean = \"15min\", cv = 0.8 }"],
        expect: 0,
        figure: "unavailability.one@horizon",
        is: "within 8% of 0.00034258",
    },
    // A restore of 12 h, by elimination of the chain.
    Edit {
        file: "scalable/standby",
        flags: &["--replications", "500"],
        sets: &["group.cold.switch-over={ dist = \"exponential\", mean = \"12h\" }"],
        expect: 4,
        figure: "unavailability.cold@horizon",
        is: "within 5% of 0.00091324",
    },
    // Answers of 1 min: 10/s x (14.5 + 30) s.
    Edit {
        file: "scalable/replica-location-dns",
        flags: &["--solver", "requests", "--replications", "20"],
        sets: &["name-service.www.ttl=1min"],
        expect: 0,
        figure: "missed.page-sj@loss/down:san-jose",
        is: "within 10% of 445",
    },
    // Two missed keepalives: 10/s x (9.5 + 10) s.
    Edit {
        file: "scalable/replica-location-anycast",
        flags: &["--solver", "requests", "--replications", "40"],
        sets: &["name-service.www.check.fall=2"],
        expect: 0,
        figure: "missed.page-sj@loss/down:san-jose",
        is: "within 8% of 195",
    },
    // Answers of 12 h: 1/s x (14.5 s + 6 h).
    Edit {
        file: "scalable/replica-location-dns-day",
        flags: &["--solver", "requests", "--replications", "4"],
        sets: &["name-service.www.ttl=12h"],
        expect: 0,
        figure: "missed.page-sj@loss/down:san-jose",
        is: "within 3% of 21614",
    },
    // Routes that converge in 5 s: 5/s x (14.5 + 5) s.
    Edit {
        file: "platform/multi-site-anycast",
        flags: &["--solver", "requests"],
        sets: &["name-service.world.convergence=5s"],
        expect: 0,
        figure: "missed.page-california@loss/down:west",
        is: "within 15% of 97.5",
    },
    // A write per second removes all results: sum of p_k r_k / (r_k + 1/s).
    Edit {
        file: "scalable/caching-data",
        flags: &["--replications", "20"],
        sets: &["fault.write.rate=1/s"],
        expect: 1,
        figure: "hit.results.mean@emptied",
        is: "within 5% of 0.3746",
    },
    // Frames with the shares of the pages hold four of eight cores, and pages come in turn: E2/M/4 at 7.93 x 400 ms / 4.
    Edit {
        file: "scalable/render-farm-idle",
        flags: &[],
        sets: &["zone.render.cpu.shares=300"],
        expect: 2,
        figure: "latency.page.mean@pages",
        is: "within 4% of 589ms",
    },
    // Twice the failures of sites: 2 x 0.5 x 134 min.
    Edit {
        file: "scalable/replica-location-redirect",
        flags: &["--solver", "flows", "--replications", "400"],
        sets: &["fault.site.rate=0.5/y"],
        expect: 4,
        figure: "downtime.home-de@horizon",
        is: "within 15% of 134min",
    },
    // The production machine of the source: 1 - 1 / 31.97.
    Edit {
        file: "scalable/whos-online-database",
        flags: &["--replications", "5"],
        sets: &[
            "database.recent.read.cpu=13.33ms",
            "database.recent.write.cpu={ dist = \"exponential\", mean = \"10ms\" }",
        ],
        expect: 2,
        figure: "attempts.page.chance[outcome=refused]@steady",
        is: "within 2% of 0.969",
    },
    // Twice the hits on the stream: 10,000/s x 12.5 us + 500/s x 2.01 us.
    Edit {
        file: "scalable/whos-online-memory",
        flags: &["--replications", "5"],
        sets: &["workload.stream.rate=10000/s"],
        expect: 0,
        figure: "utilization.skiplist@steady",
        is: "within 2% of 0.126",
    },
    // A spike of 4 cores instead of 6: 20/s x 8 x 25 ms / 8 cores.
    Edit {
        file: "platform/bursting",
        flags: &["--replications", "3"],
        sets: &["workload.visitors.step[0].factor=8"],
        expect: 3,
        figure: "utilization.site.cpu@short-spike",
        is: "within 8% of 0.5",
    },
    // Servers at $3,000: 6 x $3,000 + 6 x $10,000.
    Edit {
        file: "scalable/image-cluster-dedicated",
        flags: &["--solver", "flows", "--replications", "20"],
        sets: &["cost.of={ \"server.*\" = \"$3000\", \"balancer.*\" = \"$10000\" }"],
        expect: 0,
        figure: "cost.once",
        is: "$78000 +- 0%",
    },
    // Twice the silence: 156.25/s x 10 s.
    Edit {
        file: "scalable/image-cluster-dedicated",
        flags: &["--solver", "requests"],
        sets: &["balancer.sj-front.failover.detect=10s"],
        expect: 5,
        figure: "missed.image-sj@broken/down:sj-front-1",
        is: "within 10% of 1562",
    },
    // Three addresses on two servers, two of them on the first: (2 / 3 x 2,500/s x 1 ms + 1,250/s x 0.1 ms) / 4 cores.
    Edit {
        file: "scalable/image-cluster-peers",
        flags: &["--solver", "requests"],
        sets: &["balancer.sj-front.peers.addresses=3"],
        expect: 2,
        figure: "utilization.sj-www-1.cpu@peak",
        is: "within 5% of 0.4479",
    },
    // The rule of 2012: 7.5 cores by 40 threads of each of three zones.
    Edit {
        file: "platform/fair-share-tick",
        flags: &["--replications", "2"],
        sets: &["server.box.cpu-tick.quantum-rule=reset"],
        expect: 0,
        figure: "utilization.small.cpu@all-ask",
        is: "within 3% of 0.3125",
    },
    // A cap of 2 cores with many threads is one of 2.058, by test 2 of the mechanism's description.
    Edit {
        file: "platform/bursting-tick",
        flags: &["--replications", "2"],
        sets: &["zone.hog.cpu.cap=2.0"],
        expect: 0,
        figure: "utilization.hog.cpu@hog-first",
        is: "within 2% of 1.029",
    },
    // Eight virtual processors each: no core is divided, and machines carry what eight cores do, less 3 % of overhead.
    Edit {
        file: "platform/zone-vs-vm",
        flags: &["--replications", "6"],
        sets: &["vm.machines.vcpus=8"],
        expect: 1,
        figure: "capacity.vm-page[objective=p95]",
        is: "within 5% of 88/s",
    },
    // A link of 40 ms one way, and 1 ms of the cache's processor.
    Edit {
        file: "scalable/caching-sites",
        flags: &["--replications", "5"],
        sets: &["link.wan.latency=40ms"],
        expect: 2,
        figure: "purge-time.pages.p95@steady",
        is: "within 2% of 41ms",
    },
    // Zones that boot in 10 s: 0.9 + 5 + 10 s away.
    Edit {
        file: "platform/zone-moves",
        flags: &["--replications", "4"],
        sets: &["scaler.of-stops.launch.boot=10s"],
        expect: 0,
        figure: "move-time.of-stops@move",
        is: "within 3% of 15.9s",
    },
    // Given up after 10 min: on average 588 s until then or the repair, and the launch of 96 % of them: 20/s x (602 - 3.5) s less
    // 150 in queues, 24 times per year.
    Edit {
        file: "platform/zone-moves-years",
        flags: &[],
        sets: &["scaler.replacing.replace=10min"],
        expect: 1,
        figure: "lost.replaced-at-once[outcome=overload]@horizon",
        is: "within 10% of 283700",
    },
    // Twelve consumers do 24 of 25 jobs per second: 9 more per second for 100 s, then 1 more for 500 s.
    Edit {
        file: "scalable/job-queue-scaled",
        flags: &[],
        sets: &["scaler.grow.maximum=12"],
        expect: 2,
        figure: "queue.jobs.max@burst",
        is: "within 15% of 1400",
    },
    // Without lent workstations a frame begun after 07:11 ends after 08:00: the last 28 of 400 sequences. The 372nd is submitted at
    // 19:58, and 08:00 is 12 h 02 min later.
    Edit {
        file: "scalable/render-farm",
        flags: &[],
        sets: &[
            "zone.render.count=1126",
            "expect[1].figure=latency.sequence.chance[over=12h2min]@night",
        ],
        expect: 1,
        figure: "latency.sequence.chance[over=12h2min]@night",
        is: "within 40% of 0.0704",
    },
    // Six reads per query set instead of twelve, by the sums of the header.
    Edit {
        file: "databases/db-4-direct",
        flags: &["--solver", "requests"],
        sets: &["request.queries.steps[0].read=6"],
        expect: 2,
        figure: "latency.queries.mean@mean",
        is: "within 5% of 34.2ms",
    },
    // Every second launch fails, and the window ends after six attempts: 2 x (1 - 0.5^6) / 0.5.
    Edit {
        file: "platform/provisioning-failures",
        flags: &["--replications", "200"],
        sets: &["scaler.risky-grow.launch.failure=0.5"],
        expect: 0,
        figure: "launches.risky-grow@crowd",
        is: "within 10% of 3.94",
    },
    // Senders write 20 instead of 50 blocks per second, by Che's approximation.
    Edit {
        file: "platform/ram-cache-writes",
        flags: &["--replications", "20"],
        sets: &["workload.takes-senders.rate=20/s"],
        expect: 0,
        figure: "hit.takes-1.spool.mean@steady",
        is: "within 4% of 0.1987",
    },
    // Found after 2 s instead of 5.
    Edit {
        file: "scalable/image-site-dedicated",
        flags: &[],
        sets: &["balancer.front.failover.detect=2s"],
        expect: 3,
        figure: "missed.image@broken/down:front-1",
        is: "within 12% of 156",
    },
    // The others gather for a quarter of a second.
    Edit {
        file: "scalable/image-site-peers",
        flags: &[],
        sets: &["balancer.front.peers.gather=0.25s"],
        expect: 2,
        figure: "missed.image@broken/down:front-1",
        is: "within 20% of 83",
    },
    // The same sums at 15/s.
    Edit {
        file: "scalable/replication",
        flags: &[],
        sets: &["window.steady.level=15/s"],
        expect: 1,
        figure: "latency.order.mean@steady",
        is: "within 10% of 76.6ms",
    },
    // M/M/4 at 3.2 of 4 cores.
    Edit {
        file: "scalable/caching-through",
        flags: &[],
        sets: &["workload.readers.rate=800/s"],
        expect: 3,
        figure: "latency.page.mean@steady",
        is: "within 4% of 6.98ms",
    },
    // Look-ups of half the time, at half the load.
    Edit {
        file: "databases/db-4",
        flags: &["--solver", "requests"],
        sets: &["sharded.catalogue.look-up={ dist = \"exponential\", mean = \"0.5ms\" }"],
        expect: 6,
        figure: "sojourn.directory.mean@mean",
        is: "within 5% of 0.501ms",
    },
    // Half of the load.
    Edit {
        file: "databases/db-5",
        flags: &["--solver", "requests"],
        sets: &["window.mean.level=100/s"],
        expect: 1,
        figure: "utilization.index.cpu@mean",
        is: "within 10% of 0.153",
    },
];

#[test]
fn an_edit_moves_the_figure_to_where_its_arithmetic_says() {
    check_edits(&EDITS[..if full() { EDITS.len() } else { 3 }]);
}

/// With FIVENINES_FULL=1.
#[test]
fn every_shipped_system_meets_what_it_expects() {
    if !full() {
        println!("skipped: FIVENINES_FULL is not set");
        return;
    }
    let mut files: Vec<String> = EDITS.iter().map(|edit| edit.file.to_string()).collect();
    files.sort();
    files.dedup();
    assert!(files.len() >= 20, "{files:?}");
    meet_at_three_seeds(&files);
}

/// With FIVENINES_FULL=1. Every file below `scenarios/` with an expectation is run as a user runs it, without flags.
#[test]
fn every_shipped_scenario_with_an_expectation_ends_with_0() {
    if !full() {
        println!("skipped: FIVENINES_FULL is not set");
        return;
    }
    let command = binary();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("results");
    let (mut judged, mut wrong) = (0, Vec::new());
    for path in crate::shared::shipped() {
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.lines().any(|line| line.starts_with("[[expect]]")) {
            continue;
        }
        let name = path.strip_prefix(crate::shared::scenarios()).unwrap().with_extension("");
        let name = name.to_str().unwrap();
        let output = Command::new(command)
            .args(["run", "--quiet", "--force", "--out"])
            .args([&out, &path])
            .output()
            .expect("the command starts");
        judged += 1;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            wrong.push(format!("{name}: {:?}\n{said}", output.status.code()));
        }
    }
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged >= 100, "{judged} files have expectations");
}
