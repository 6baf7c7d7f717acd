//! Small systems made by chance: whatever breaks, the ledgers close and everything drains.

use fivenines::engine::draw::Lineage;
use fivenines::model::gauge::Gauge;
use fivenines::model::world::{Span, World};

use super::*;
use crate::inside::common::is_full;

/// A generator of its own, so that the cases are the same for ever (Numerical Recipes, LCG).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }

    fn maybe(&mut self, text: &str) -> String {
        if self.roll(2) == 0 { text.to_string() } else { String::new() }
    }
}

/// Two services on one or two servers, a file server, a station, clients, faults; some with a
/// balancer or a pair of them, with two heads, with a database of two members.
fn system(dice: &mut Dice) -> String {
    let servers = 1 + dice.roll(2);
    let webs = 1 + dice.roll(servers);
    let on = if webs == 2 { "\"box-1\", \"box-2\"" } else { "\"box-1\"" };
    let (balanced, paired, replicated) = (dice.roll(2) == 0, dice.roll(2) == 0, dice.roll(2) == 0);
    let mut text = format!(
        "scenario = \"swarm\"\n[run]\nseed = {}\ninitial = \"new\"\n[site.main]\n[rack.r]\nsite = \"main\"\n\
         switch = {{ count = {}, bandwidth = \"1Gbit/s\" }}\n[server.box]\ncount = {servers}\n\
         cores = {}\nrack = \"r\"\n[server.box.disks]\nlocal = {{ kind = \"10k\", layout = \"mirror\", data = 1, parity = 1 }}\n\
         [zone.web]\ncount = {webs}\non = [{on}]\nboot = \"{}s\"\n[zone.deep]\non = [\"box-{servers}\"]\n",
        dice.roll(1_000),
        1 + dice.roll(2),
        1 + dice.roll(2),
        dice.roll(3),
    );
    let workers = dice.pick(&["2", "10", "\"unlimited\""]);
    let (backlog, warm) =
        (dice.maybe("backlog = 5\n"), dice.maybe("warm-up = { for = \"5s\", speed = 0.5 }\n"));
    text += &format!(
        "[service.app]\nin = \"web\"\nworkers = {workers}\n{backlog}{warm}restart = \"3s\"\n\
         mounts = {{ nas = {}, disk = \"box:local\" }}\n",
        dice.pick(&["\"store:data\"", "{ volume = \"store:data\", time-out = \"4s\" }"])
    );
    let (workers, backlog) = (dice.pick(&["1", "5"]), dice.maybe("backlog = 3\n"));
    text +=
        &format!("[service.back]\nin = \"deep\"\nworkers = {workers}\n{backlog}restart = \"2s\"\n");
    text += &store(dice, paired);
    if replicated {
        text += &database(dice, servers);
    }
    if balanced {
        text += &balancer(dice);
    }
    let (enter, query) = (
        if balanced { "front" } else { "app" },
        if replicated {
            "{ call = \"mysql\", read = 1.5, write = 0.4, time-out = \"2s\" },\n"
        } else {
            ""
        },
    );
    let discipline = dice.pick(&["fifo", "ps", "priority", "priority-preemptive"]);
    let (limit, patience) = (dice.maybe("limit = 4\n"), dice.maybe("patience = \"1s\"\n"));
    text += &format!(
        "[station.desk]\nservers = {}\ndiscipline = \"{discipline}\"\n{limit}{}service = {{ dist = \"exponential\", mean = \"50ms\" }}\n",
        1 + dice.roll(2),
        if discipline == "ps" { "" } else { patience.as_str() },
    );
    let retry = dice.maybe("retry = { probability = 0.8, after = \"1s\", max-retries = 2 }\n");
    let (time_out, patient) = (
        dice.maybe("time-out = \"3s\"\n"),
        dice.maybe("patience = { dist = \"exponential\", mean = \"2s\" }\n"),
    );
    text += &format!("[clients.users]\nround-trip = \"20ms\"\n{time_out}{patient}{retry}");
    text += &format!(
        "[workload.visitors]\n{}request = \"page\"\nrate = \"{}/s\"\narrivals = {{ process = \"poisson\" }}\n\
         [workload.jobs]\nrequest = \"job\"\nrate = \"5/s\"\narrivals = {{ process = \"poisson\" }}\n",
        dice.maybe("from = \"users\"\n"),
        5 + dice.roll(25),
    );
    let deadline = dice.maybe(", time-out = \"1s\"");
    let outer = dice.pick(&["", ", time-out = \"2s\""]);
    text += &format!(
        "[request.page]\nenter = \"{enter}\"\ndemands = {{ a = {{ dist = \"exponential\", mean = \"20ms\" }} }}\nsteps = [\n\
         {{ cpu = \"app\", demand = \"a\" }},\n{{ io = \"disk\", read = 0.5, write = 0.5, wait = {} }},\n\
         {{ call = \"back\", steps = [ {{ cpu = \"back\", demand = \"a\" }}, {{ delay = \"10ms\" }} ]{outer} }},\n\
         {{ parallel = [ {{ steps = [ {{ call = \"back\", steps = [ {{ cpu = \"back\", demand = \"a\" }} ]{deadline} }} ] }},\n\
         {{ steps = [ {{ cpu = \"app\", demand = \"a\", share = 0.5 }}, {{ visit = \"desk\" }} ] }} ] }},\n\
         {query}{{ io = \"nas\", read = 0.5, write = 0.3, ops = 1.2 }},\n]\nthen = {{ request = \"part\", count = 1.5 }}\n",
        dice.pick(&["true", "false"])
    );
    text += "[request.part]\nenter = \"app\"\ndemands = { a = \"1ms\" }\nsteps = [ { cpu = \"app\", demand = \"a\" } ]\n\
             [request.job]\nsteps = [ { visit = \"desk\", priority = 2 } ]\n";
    let mut more: Vec<&str> = Vec::new();
    more.extend(paired.then_some("nas.store.head-2"));
    more.extend(replicated.then_some("database.mysql.primary"));
    more.extend(balanced.then_some("balancer.front"));
    for number in 0..1 + dice.roll(4) {
        text += &fault(dice, number, &more);
    }
    text
}

/// A file server with one head or a pair, whose data lie on one pool or on both.
fn store(dice: &mut Dice, paired: bool) -> String {
    let pool = "kind = \"7.2k\", layout = \"raid-dp\", data = 2";
    if !paired {
        return format!(
            "[nas.store]\ncpu = \"1ms\"\nrack = \"r\"\n[nas.store.pools]\nmain = {{ {pool} }}\n\
             [nas.store.volumes]\ndata = {{ pool = \"main\" }}\n"
        );
    }
    let grace = dice.maybe("grace = \"2s\"\nopens = 0.3\n");
    let over = dice.pick(&["\"main\"", "[\"main\", \"second\"]"]);
    format!(
        "[nas.store]\nheads = 2\ncpu = \"1ms\"\nrack = \"r\"\n{grace}[nas.store.failover]\ndetect = \"2s\"\n\
         takeover = \"1s\"\ncoverage = 0.8\ngiveback = {{ after = \"5s\", lasts = \"1s\" }}\n[nas.store.pools]\n\
         main = {{ {pool}, head = 1 }}\nsecond = {{ {pool}, head = 2 }}\n\
         [nas.store.volumes]\ndata = {{ pool = {over} }}\nother = {{ pool = \"second\" }}\n"
    )
}

/// A primary and a replica that takes over.
fn database(dice: &mut Dice, servers: u64) -> String {
    let reads = dice.pick(&["primary", "replicas"]);
    let mode = dice.pick(&["async", "semi-sync"]);
    let promotion = dice.pick(&["replica", "remount"]);
    let (fence, cold, rebuild) = (
        dice.maybe("fence = false\n"),
        dice.maybe("cold = { miss-factor = 2.0, decays-in = \"10s\" }\n"),
        dice.maybe("rebuild = { size = \"20MiB\", rate = \"10MB/s\" }\n"),
    );
    format!(
        "[zone.sql]\ncount = 2\non = [\"box-1\", \"box-{servers}\"]\n[database.mysql]\n\
         in = {{ primary = \"sql-1\", replicas = [\"sql-2\"] }}\nreads = {{ to = \"{reads}\" }}\nconnections = 6\n\
         read = {{ cpu = \"2ms\", io = {{ probability = 0.3, mean = 1.0 }} }}\n\
         write = {{ cpu = \"3ms\", sync-io = 1, deferred-io = 1 }}\n\
         data = {{ sql-1 = \"store:data\", sql-2 = \"box:local\" }}\n{cold}{rebuild}restart = \"2s\"\n\
         replication = {{ mode = \"{mode}\", receive = \"50ms\", apply = \"serial\" }}\n\
         [database.mysql.failover]\ndetect = {{ interval = \"1s\", time-out = \"1s\", fall = 2 }}\n\
         promote = \"1s\"\npromotion = \"{promotion}\"\ncoverage = 0.7\nmanual-repair = \"4s\"\n{fence}"
    )
}

fn balancer(dice: &mut Dice) -> String {
    let algorithm =
        dice.pick(&["round-robin", "least-connections", "random", "two-choices", "hash"]);
    let depth = dice.pick(&["shallow", "deep"]);
    let retries = dice.maybe("retries = 1\n");
    let pair = dice.maybe("count = 2\nfailover = { detect = \"2s\", coverage = 0.8 }\n");
    format!(
        "[balancer.front]\nrack = \"r\"\nto = \"app\"\ncores = 2\ncpu = \"0.2ms\"\nalgorithm = \"{algorithm}\"\n\
         check = {{ interval = \"1s\", time-out = \"500ms\", fall = 2, rise = 1, depth = \"{depth}\" }}\n\
         time-out = \"5s\"\n{retries}{pair}"
    )
}

/// Bounds on what is open and lines for it, in place of none; peers in place of a pair.
fn bounded(dice: &mut Dice, text: &str) -> String {
    let mut keys = format!("member-limit = {}\n", dice.pick(&["1", "3"]));
    keys += &dice.maybe("queue-limit = 4\n");
    keys += &dice.maybe("queue-time-out = \"500ms\"\n");
    keys += &dice.maybe("slow-start = \"3s\"\n");
    if dice.roll(2) == 0 {
        keys += &format!("limit = {}\n{}", dice.pick(&["4", "20"]), dice.maybe("backlog = 3\n"));
    }
    let pair = "count = 2\nfailover = { detect = \"2s\", coverage = 0.8 }\n";
    let text = if dice.roll(2) == 0 {
        text.replace(
            pair,
            &format!(
                "count = 3\npeers = {{ addresses = 5, form = \"500ms\", mature = \"1s\"{} }}\n",
                dice.pick(&["", ", balance = { every = \"500ms\" }"])
            ),
        )
    } else {
        text.to_string()
    };
    let sticky = dice.maybe("sticky = true\n");
    let session = "session = { pages = { dist = \"geometric\", mean = 4 }, think = \"5s\" }\n";
    let users = if sticky.is_empty() { String::new() } else { session.to_string() };
    text.replace("[clients.users]\n", &format!("[clients.users]\n{users}"))
        .replace("[balancer.front]\n", &format!("[balancer.front]\n{keys}{sticky}"))
        .replace("depth = \"deep\" }", "depth = \"deep\", cpu = \"1ms\" }")
}

fn fault(dice: &mut Dice, number: u64, more: &[&'static str]) -> String {
    let mut all = vec![
        "service.app",
        "service.back",
        "server.*",
        "rack.r.switch",
        "site.main",
        "nas.store.head",
        "nas.store.main",
        "server.box.local",
        "station.desk",
        "zone.web",
    ];
    all.extend(more);
    let hits = dice.pick(&all);
    let how = dice.pick(&["crash", "hang", "pause", "slow", "lost", "partitioned"]);
    let factor = if how == "slow" { "factor = 3.0\n" } else { "" };
    let seen = if how == "hang" { "detected-by-people = \"2s\"\n" } else { "" };
    let when = match dice.roll(3) {
        0 => format!("at = \"{}s\"\nlasts = \"{}s\"\n", 5 + dice.roll(20), 1 + dice.roll(8)),
        1 => "rate = \"4/min\"\nrepair = { dist = \"exponential\", mean = \"2s\" }\n".to_string(),
        _ => "rate = \"2/min\"\ntogether = true\nrepair = \"1s\"\n".to_string(),
    };
    format!("[fault.f{number}]\nhits = \"{hits}\"\nhow = \"{how}\"\n{factor}{seen}{when}")
}

/// C1, C6, C8 and T30: 500 systems; in each the ledgers close, Little's identity holds, and when the
/// load has ended nothing stays inside. A failure prints the system and the replication.
#[test]
fn whatever_breaks_the_ledgers_close_and_everything_drains() {
    let mut dice = Dice(7);
    let mut failures = 0;
    // Chance also makes systems that the checks refuse, for a key without effect.
    let sound = std::iter::from_fn(|| Some(system(&mut dice)))
        .take(5_000)
        .filter(|text| draft_or_complaints(text).is_ok())
        .take(500);
    let texts: Vec<String> = sound.collect();
    assert_eq!(texts.len(), 500);
    let said = ["[database.", "heads = 2", "[balancer.", "how = \"hang\""];
    for feature in said {
        let with = texts.iter().filter(|text| text.contains(feature)).count();
        assert!(with > 50, "{feature}: {with} of 500");
    }
    for (case, text) in (0..).zip(texts) {
        let plan = planned(&text);
        let seen = requests::run(&plan, &window(5.0, 35.0), case).unwrap_or_else(|breach| {
            panic!("case {case}: {}\n{text}", breach.what);
        });
        let served: u64 = seen.record.classes.iter().map(|class| class.attempts.ended[0]).sum();
        let ended: u64 =
            seen.record.classes.iter().map(|class| class.attempts.ended.iter().sum::<u64>()).sum();
        failures += ended - served;
        assert!(served > 0, "case {case}\n{text}");
        drains(&plan, case, &text);
    }
    assert!(failures > 10_000, "the systems break: {failures}");
}

/// Utilisation of any series, whatever its intervals: 100 systems (20 without FIVENINES_FULL=1), some with limits of their
/// zones, are read at random instants, from a nanosecond to ten seconds apart. In no interval is a component, or a zone against its
/// cap, busier than its capacity, and busy + idle + unavailable is the capacity of each interval.
#[test]
fn in_no_interval_is_any_part_busier_than_its_capacity() {
    let mut dice = Dice(41);
    let (mut full, mut part, mut done) = (0, 0, 0);
    while done < if is_full("80 of 100 systems") { 100 } else { 20 } {
        let cpu = dice.pick(&[
            "",
            "cpu = { cap = 0.7 }\n",
            "cpu = { baseline = 0.3, cap = 0.8, burst = \"2s\" }\n",
            "cpu = { shares = 300 }\n",
        ]);
        let text = system(&mut dice).replace("[zone.deep]\n", &format!("[zone.deep]\n{cpu}"));
        if draft_or_complaints(&text).is_err() {
            continue;
        }
        let plan = planned(&text);
        let mut world = world(&plan, done, 40, Faults::Live);
        let mut now = SimTime::ZERO;
        let mut before: Vec<Gauge> = [world.gauges(), world.zone_gauges()].concat();
        let components = world.gauges().len();
        while now < at(40) {
            let most = [1, 1_000_000, 1_000_000_000, 10_000_000_000][dice.roll(4) as usize];
            now = now + SimDuration::from_nanos(1 + dice.roll(most));
            world.run_before(now).unwrap_or_else(|stop| panic!("{stop:?}\n{text}"));
            let after = [world.gauges(), world.zone_gauges()].concat();
            for (index, (then, cell)) in before.iter().zip(&after).enumerate() {
                let cell = cell.since(then);
                assert!(
                    cell.capacity == 0 || cell.busy <= cell.capacity,
                    "case {done}, {index}: {cell:?}\n{text}"
                );
                assert!(
                    index >= components || cell.balances(),
                    "case {done}, {index}: {cell:?}\n{text}"
                );
                full += u64::from(cell.capacity > 0 && cell.busy == cell.capacity);
                part += u64::from(0 < cell.busy && cell.busy < cell.capacity);
            }
            before = after;
        }
        done += 1;
    }
    assert!(full > 1_000 && part > 1_000, "{full} intervals were full, {part} in part");
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// A system to which somebody comes for so many seconds.
fn world(plan: &Blueprint, case: u64, seconds: u64, faults: Faults) -> World<'_> {
    let span = Span {
        levels: Vec::new(),
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: at(seconds),
        horizon: at(seconds),
        faults,
    };
    World::new(plan, Lineage::replication(case), span)
}

/// How many are inside a system at `seconds`, and the share of the attempts so far that failed.
fn inside(text: &str, case: u64, seconds: u64, faults: Faults) -> (usize, f64) {
    let plan = planned(text);
    let mut world = world(&plan, case, seconds, faults);
    world.run_before(at(seconds)).unwrap();
    let classes = &world.record().classes;
    let ok: u64 = classes.iter().map(|class| class.attempts.ended[0]).sum();
    let all: u64 = classes.iter().map(|class| class.attempts.ended.iter().sum::<u64>()).sum();
    (world.in_flight(), 1.0 - ok as f64 / all.max(1) as f64)
}

/// T30, the second phase: 500 systems that carry half of their load, 200 without FIVENINES_FULL=1. Their faults stop after half a minute, when
/// it falls to that half. Within minutes, where half of the load is 0.9 half an hour, there are no more inside than
/// where nothing ever broke and the load was half from the start, but for chance. Users do not try again: with
/// work that goes on for nobody a storm of further tries may keep itself alive at half of the load, as in
/// `faults/retry-storm.toml`.
#[test]
fn when_all_is_repaired_and_the_load_is_half_what_has_piled_up_is_worked_off() {
    let mut dice = Dice(17);
    let often = "rate = \"4/min\"\nrepair = { dist = \"exponential\", mean = \"2s\" }\n";
    let all = "rate = \"2/min\"\ntogether = true\nrepair = \"1s\"\n";
    let comes = "arrivals = { process = \"poisson\" }\n";
    let again = "retry = { probability = 0.8, after = \"1s\", max-retries = 2 }\n";
    // But for chance.
    let like = |calm: usize| calm as f64 + 6.0 * (calm as f64).sqrt() + 12.0;
    let stopping = |dice: &mut Dice| {
        let text = system(dice);
        let lines = text.contains("[balancer.front]");
        let text = if lines { bounded(dice, &text) } else { text };
        let halves = format!("{comes}step = {{ at = \"34s\", factor = 0.5 }}\n");
        text.replace(often, "at = \"12s\"\nlasts = \"9s\"\n")
            .replace(all, "together = true\nat = \"24s\"\nlasts = \"6s\"\n")
            .replace(comes, &halves)
            .replace(again, "")
    };
    let sound = std::iter::from_fn(|| Some(stopping(&mut dice)))
        .take(20_000)
        .filter(|text| draft_or_complaints(text).is_ok());
    let (mut judged, mut piled) = (0, 0);
    let wanted = if is_full("300 systems") { 500 } else { 200 };
    for (case, text) in (0..).zip(sound) {
        if judged == wanted {
            break;
        }
        let half = text.replace("at = \"34s\", factor", "at = \"0s\", factor");
        let (calm, fail) = inside(&half, case, 94, Faults::Off);
        // Who carries it because users give up does not carry it.
        if calm > 20 || fail > 0.01 {
            continue;
        }
        judged += 1;
        piled += usize::from(inside(&text, case, 34, Faults::Live).0 as f64 > like(calm));
        // The busier the longer it takes: 400 that pile up where half of the load is 0.8 are a matter of minutes.
        let mut left = Vec::new();
        let off = [94, 214, 454, 934, 1_894].into_iter().any(|end| {
            // Near its limit a system has more inside in the long run than at first.
            let calm = inside(&half, case, end, Faults::Off).0.max(calm);
            left.push((inside(&text, case, end, Faults::Live).0, calm));
            left.last().is_some_and(|(left, calm)| *left as f64 <= like(*calm))
        });
        assert!(off, "case {case}: inside, and without faults: {left:?}\n{text}");
    }
    assert!(judged == wanted && piled > wanted / 10, "{judged} judged, {piled} of them piled up");
}

/// The same with a balancer whose members have room for few, whose lines are short, whose units
/// fail and, in some, share addresses: 200 systems.
#[test]
fn whatever_waits_at_a_balancer_the_ledgers_close_and_everything_drains() {
    let mut dice = Dice(13);
    let with_balancer = |dice: &mut Dice| {
        let balanced = |text: &String| text.contains("[balancer.front]");
        let text =
            std::iter::from_fn(|| Some(system(dice))).find(balanced).expect("there are more");
        let often = "[fault.units]\nhits = \"balancer.front\"\nhow = \"HOW\"\nrate = \"5/min\"\n\
                     repair = { dist = \"exponential\", mean = \"2s\" }\n";
        let often = often.replace("HOW", dice.pick(&["crash", "pause", "partitioned"]));
        bounded(dice, &text) + &often
    };
    let sound = std::iter::from_fn(|| Some(with_balancer(&mut dice)))
        .take(4_000)
        .filter(|text| draft_or_complaints(text).is_ok())
        .take(200);
    let texts: Vec<String> = sound.collect();
    assert_eq!(texts.len(), 200);
    for feature in [
        "peers",
        "backlog = 3\n",
        "queue-limit = 4",
        "\"hash\"",
        "failover = { detect = \"2s\"",
        "sticky",
    ] {
        let with = texts.iter().filter(|text| text.contains(feature)).count();
        assert!(with > 20, "{feature}: {with} of 200");
    }
    let (mut waited, mut moved) = (0, 0);
    for (case, text) in (0..).zip(texts) {
        let plan = planned(&text);
        let seen = requests::run(&plan, &window(5.0, 35.0), case).unwrap_or_else(|breach| {
            panic!("case {case}: {}\n{text}", breach.what);
        });
        let line = plan.parts.iter().position(|part| part.name == "front.members").unwrap();
        let gauge = &seen.gauges[line];
        waited += u64::from(gauge.inside > gauge.busy);
        let others = plan.parts.iter().position(|part| part.name == "front-3");
        moved += others.map_or(0, |other| seen.gauges[other].completed);
        drains(&plan, case, &text);
    }
    assert!(waited > 100 && moved > 1_000, "{waited} lines, {moved} by the third unit");
}

/// The same with a file server of two heads that fail every few seconds, with and without cover, and
/// take over, give back and hold up what locks: 40 systems.
#[test]
fn whatever_two_heads_do_the_ledgers_close_and_everything_drains() {
    let mut dice = Dice(11);
    let one = "[nas.store]\ncpu = \"1ms\"\nrack = \"r\"\n[nas.store.pools]\nmain = { kind = \"7.2k\", \
               layout = \"raid-dp\", data = 2 }\n[nas.store.volumes]\ndata = { pool = \"main\" }\n";
    let two = "[nas.store]\nheads = 2\ncpu = \"5ms\"\nrack = \"r\"\nram-cache = \"64KiB\"\n\
               grace = \"2s\"\nopens = 0.3\n[nas.store.failover]\ndetect = { dist = \"uniform\", low = \"100ms\", \
               high = \"2s\" }\ntakeover = \"1s\"\ncoverage = 0.7\ngiveback = { after = \"2s\", lasts = \"500ms\" }\n\
               [nas.store.pools]\nmain = { kind = \"7.2k\", layout = \"raid-dp\", data = 2 }\n\
               second = { kind = \"10k\", layout = \"mirror\", data = 1, parity = 1, head = 2 }\n\
               [nas.store.volumes]\ndata = { pool = [\"main\", \"second\"], content = { size = \"256KiB\", \
               block = \"8KiB\", zipf = 0.8 } }\n[fault.heads]\nhits = \"nas.store.head\"\nhow = \"HOW\"\n\
               rate = \"5/min\"\nrepair = { dist = \"exponential\", mean = \"4s\" }\n\
               common-cause = { group = \"store\", beta = 0.2 }\n";
    let pair = |dice: &mut Dice| {
        let plain = |text: &String| text.contains(one);
        let text = std::iter::from_fn(|| Some(system(dice))).find(plain);
        text.expect("there are more")
            .replace(one, &two.replace("HOW", dice.pick(&["crash", "pause", "partitioned"])))
    };
    let sound = std::iter::from_fn(|| Some(pair(&mut dice)))
        .take(400)
        .filter(|text| draft_or_complaints(text).is_ok())
        .take(40);
    let texts: Vec<String> = sound.collect();
    assert_eq!(texts.len(), 40);
    assert!(texts.iter().filter(|text| text.contains("[database.")).count() > 5);
    let mut carried = 0;
    for (case, text) in (0..).zip(texts) {
        let plan = planned(&text);
        let seen = requests::run(&plan, &window(5.0, 35.0), case).unwrap_or_else(|breach| {
            panic!("case {case}: {}\n{text}", breach.what);
        });
        let head = plan.parts.iter().position(|part| part.name == "store.head-2").unwrap();
        carried += seen.gauges[head].completed;
        drains(&plan, case, &text);
    }
    assert!(carried > 1_000, "the heads work: {carried}");
}

fn drains(plan: &Blueprint, case: u64, text: &str) {
    let mut world = world(plan, case, 30, Faults::Live);
    // Whatever waits for a head is sent again within a minute.
    for end in 1..100 {
        world.run_before(at(30 + 10 * end)).unwrap();
        // A view that waits for its next try is nowhere.
        if world.in_flight() == 0 && world.counted_open() == 0 {
            break;
        }
    }
    assert_eq!(world.whereabouts(), Vec::<String>::new(), "case {case}\n{text}");
    assert_eq!(world.counted_open(), 0, "case {case}\n{text}");
    for (part, gauge) in plan.parts.iter().zip(world.gauges()) {
        assert_eq!(gauge.inside, gauge.stayed, "case {case} {}\n{text}", part.name);
    }
    for (call, kind) in world.record().calls.iter().zip(&plan.routes.calls) {
        assert_eq!(call.in_flight(), 0, "case {case}, calls {}\n{text}", kind.name);
    }
}
