//! Small systems made by chance: whatever breaks, the ledgers close and everything drains.

use fivenines::engine::draw::Lineage;
use fivenines::mechanism::processor::CpuModel;
use fivenines::model::blueprint::Config;
use fivenines::model::gauge::Gauge;
use fivenines::model::world::{Span, World};
use fivenines::units::Cores;

mod hosts;
mod pieces;
mod services;
mod system;
mod years;

use super::*;
use crate::inside::common::is_full;
use pieces::{FEATURES, PIECES, rich};
pub use system::Dice;
use system::{bounded, system};

/// The first `wanted` systems that the checks accept. The generator makes what goes together: in a hundred, `refused` at most
/// are not accepted, for chance alone (two failures of one part at given times that overlap).
fn sound(wanted: usize, refused: usize, mut made: impl FnMut() -> String) -> Vec<String> {
    let (mut texts, mut no) = (Vec::new(), Vec::new());
    while texts.len() < wanted {
        let text = made();
        match draft_or_complaints(&text) {
            Ok(_) => texts.push(text),
            Err(complaints) => no.push(complaints),
        }
        assert!(
            no.len() * 100 <= refused * wanted,
            "{} refused, the last: {}",
            no.len(),
            no[no.len() - 1]
        );
    }
    texts
}

/// C1, C6, C8 and T30: 500 systems; in each the ledgers close, Little's identity holds, and when the
/// load has ended nothing stays inside. A failure prints the system and the replication.
#[test]
fn whatever_breaks_the_ledgers_close_and_everything_drains() {
    let mut dice = Dice(7);
    let mut failures = 0;
    let texts = sound(500, 5, || rich(&mut dice));
    let plain = ["[database.", "heads = 2", "[balancer.front]", "how = \"hang\""];
    let pieces = PIECES.map(|(_, mark, _)| mark);
    for (least, features) in [(50, &plain[..]), (40, &pieces), (3, &FEATURES)] {
        for feature in features {
            let with = texts.iter().filter(|text| text.contains(feature)).count();
            if std::env::var("SHOW").is_ok() {
                println!("{feature} {with}");
            }
            assert!(with > least, "{feature}: {with} of 500");
        }
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

/// Utilisation of any series, whatever its intervals: 200 systems (60 without FIVENINES_FULL=1), many with limits of their
/// zones, are read at random instants, from a nanosecond to ten seconds apart. In no interval is a component busier than its
/// capacity, and busy + idle + unavailable is the capacity of each interval. The zones of a server use together what its
/// processors were busy for, and each at most its cap.
#[test]
fn in_no_interval_is_any_part_busier_than_its_capacity() {
    let mut dice = Dice(41);
    let wanted = if is_full("140 of 200 systems") { 200 } else { 60 };
    let texts = sound(wanted, 5, || {
        let cpu = dice.pick(&[
            "",
            "cpu = { cap = 0.7 }\n",
            "cpu = { baseline = 0.3, cap = 0.8, burst = \"2s\" }\n",
            "cpu = { shares = 300 }\n",
        ]);
        rich(&mut dice).replace("[zone.deep]\n", &format!("[zone.deep]\n{cpu}"))
    });
    let mut dice = Dice(42);
    let mut seen = Intervals::default();
    for (case, text) in (0..).zip(texts) {
        let plan = planned(&text);
        let mut world = world(&plan, case, 40, Faults::Live);
        let mut now = SimTime::ZERO;
        let mut before = [world.gauges(), world.zone_gauges()];
        while now < at(40) {
            let most = [1, 1_000_000, 1_000_000_000, 10_000_000_000][dice.roll(4) as usize];
            let length = 1 + dice.roll(most);
            now = now + SimDuration::from_nanos(length);
            world.run_before(now).unwrap_or_else(|stop| panic!("{stop:?}\n{text}"));
            let after = [world.gauges(), world.zone_gauges()];
            let cells = [0, 1].map(|of| -> Vec<Gauge> {
                before[of].iter().zip(&after[of]).map(|(then, cell)| cell.since(then)).collect()
            });
            seen.judge(&plan, &cells, length)
                .unwrap_or_else(|why| panic!("case {case}: {why}\n{text}"));
            before = after;
        }
    }
    assert!(seen.full > 1_000 && seen.part > 1_000, "{seen:?}");
    assert!(seen.capped > 100 && seen.ticks > 20, "{seen:?}");
}

/// Numbers of intervals in which a part was full, and busy in part; in which a zone was full by its cap, and above it at the tick.
#[derive(Debug, Default)]
struct Intervals {
    full: u64,
    part: u64,
    capped: u64,
    ticks: u64,
}

impl Intervals {
    /// Judges the components and the zones of an interval of `length` nanoseconds.
    fn judge(
        &mut self,
        plan: &Blueprint,
        [parts, zones]: &[Vec<Gauge>; 2],
        length: u64,
    ) -> Result<(), String> {
        for (part, cell) in plan.parts.iter().zip(parts) {
            // Without a capacity there is nothing that could be full: only members with unlimited workers and queues count
            // what is in service all the same, and no more than is inside.
            let limit = match &part.config {
                Config::Service(service) if service.workers.is_none() => cell.inside,
                Config::Queue(_) => cell.inside,
                _ => cell.capacity,
            };
            if cell.busy > limit || !cell.balances() {
                return Err(format!("{}: {cell:?}", part.name));
            }
            self.full += u64::from(cell.capacity > 0 && cell.busy == cell.capacity);
            self.part += u64::from(0 < cell.busy && cell.busy < cell.capacity);
        }
        let mut used: Vec<Option<u128>> = vec![None; plan.parts.len()];
        for (zone, cell) in plan.zones.iter().zip(zones) {
            let cpu = zone.place.cpu.index();
            let Config::Cpu(server) = &plan.parts[cpu].config else {
                unreachable!("it is a zone's")
            };
            *used[cpu].get_or_insert(0) += cell.busy;
            let cores = Cores::whole(server.cores.try_into().expect("a small server"));
            let most = match server.model {
                CpuModel::Fluid => cell.capacity,
                CpuModel::Tick(rules) => at_the_tick(zone.cap, cores, rules.hz, length),
            };
            if cell.busy > most {
                return Err(format!("zone {}: {cell:?}, at most {most}", zone.name));
            }
            let full = cell.capacity > 0 && zone.cap < cores;
            self.capped += u64::from(full && cell.busy == cell.capacity);
            self.ticks += u64::from(full && cell.busy > cell.capacity);
        }
        for (part, (cell, used)) in plan.parts.iter().zip(parts.iter().zip(used)) {
            if used.is_some_and(|used| used != cell.busy) {
                return Err(format!("{}: {cell:?}, its zones {used:?}", part.name));
            }
        }
        Ok(())
    }
}

/// Returns the most that a zone uses in `length` nanoseconds at the tick, in steps × ns.
///
/// The kernel holds the threads of a zone while a counter is not below 100 ticks of its cap. The counter gains the time on
/// processors and loses a hundredth at each tick. A thread that runs when the cap is reached runs to the next tick, or, with
/// less than half of its quantum of 11 ticks left, to the end of that: by then each processor has added 7 ticks at most. So the
/// counter stays below U = 100 caps + 7 processors, in ticks, and what is gained in N ticks is at most U + N × U / 100: what the
/// counter has and what it lost. No zone uses more than all processors.
fn at_the_tick(cap: Cores, server: Cores, hz: u32, length: u64) -> u128 {
    let tick = 1_000_000_000 / u128::from(hz);
    let counter = 100 * u128::from(cap.steps()) + 7 * u128::from(server.steps());
    let ticks = u128::from(length).div_ceil(tick) + 1;
    let all = u128::from(server.steps()) * u128::from(length);
    all.min(counter * tick + ticks * counter * tick / 100)
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
    let (mut judged, mut piled, mut over) = (0, 0, 0);
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
        // One whose number inside grows without any fault, too slowly to be seen at first, does not carry this load.
        if !off && left.last().is_some_and(|(_, last)| *last as f64 > like(calm)) {
            (judged, over) = (judged - 1, over + 1);
            continue;
        }
        assert!(off, "case {case}: inside, and without faults: {left:?}\n{text}");
    }
    assert!(judged == wanted && piled > wanted / 10, "{judged} judged, {piled} of them piled up");
    assert!(over <= wanted / 100, "{over} do not carry half of their load");
}

/// The same with a balancer whose members have room for few, whose lines are short, whose units
/// fail and, in some, share addresses: 200 systems.
#[test]
fn whatever_waits_at_a_balancer_the_ledgers_close_and_everything_drains() {
    let mut dice = Dice(13);
    let with_balancer = |dice: &mut Dice| {
        let users = "[clients.users]";
        let balanced = |text: &String| text.contains("[balancer.front]") && text.contains(users);
        let text =
            std::iter::from_fn(|| Some(system(dice))).find(balanced).expect("there are more");
        let often = "[fault.units]\nhits = \"balancer.front\"\nhow = \"HOW\"\nrate = \"5/min\"\n\
                     repair = { dist = \"exponential\", mean = \"2s\" }\n";
        let often = often.replace("HOW", dice.pick(&["crash", "pause", "partitioned"]));
        bounded(dice, &text) + &often
    };
    let texts = sound(200, 5, || with_balancer(&mut dice));
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
    let texts = sound(40, 5, || pair(&mut dice));
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
        // Not at whole seconds, at which the deep probe of a balancer may always be under way.
        let until = at(30 + 10 * end) + SimDuration::from_nanos(37_000_000 * end);
        world.run_before(until).unwrap();
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
