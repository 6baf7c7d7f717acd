//! Units that own addresses together take them over from each other by the timers of their ring,
//! and give them back when the one that died is mature again.

use fivenines::engine::draw::Seed;
use fivenines::health::{Kernel, Listener, Moved, Start};
use fivenines::kinds::balancer::live::RingTimers;

use super::*;

/// Three units of one core, 1 ms of work for each request, and six addresses; at 750 a second each
/// unit is busy a quarter of the time.
fn ring(rate: &str, keys: &str, rest: &str) -> Blueprint {
    let front = format!(
        "count = 3\ncores = 1\ncpu = \"1ms\"\n[balancer.front.peers]\naddresses = 6\n{keys}"
    );
    scene(&front, rate, &format!("{PLAIN}{rest}"))
}

fn addresses(plan: &Blueprint, world: &World<'_>) -> Vec<usize> {
    front(plan, world).addresses()
}

/// 9.6 test 3: three members with six addresses, one dies. Its two go to the members
/// with fewest, 3/3, within Spread's detection: token 1.25 s, gather 1.25 s and a part of the 1.25 s
/// to form the ring. The recovered one waits the 5 s of `mature`; with everything in one pass it has
/// its two addresses then; with one a round of 4 s, one after 4 s and one after 4 s more.
#[test]
fn mechanisms_9_6_3_the_addresses_of_a_dead_peer_go_to_those_with_fewest_and_come_back() {
    for (keys, moves) in
        [("", vec![(5.0, 2)]), ("balance = { every = \"4s\" }", vec![(9.0, 1), (13.0, 2)])]
    {
        let plan = ring("30/s", keys, "");
        let second = part(&plan, "front-2");
        for replication in 0..30 {
            let mut world = world(&plan, replication);
            world.run_before(at(20.0)).unwrap();
            assert_eq!(addresses(&plan, &world), [2, 2, 2]);
            world.set_health(second, Health::Unreachable, CauseId::OVERLOAD);
            world.run_before(at(22.49)).unwrap();
            assert_eq!(addresses(&plan, &world), [2, 2, 2], "not noticed yet");
            world.run_before(at(23.76)).unwrap();
            assert_eq!(addresses(&plan, &world), [3, 0, 3]);
            world.run_before(at(60.0)).unwrap();
            world.set_health(second, Health::Up, CauseId::OVERLOAD);
            let mut has = 0;
            for (after, then) in &moves {
                world.run_before(at(60.0 + after - 0.001)).unwrap();
                assert_eq!(addresses(&plan, &world)[1], has, "{keys}");
                world.run_before(at(60.0 + after + 0.001)).unwrap();
                assert_eq!(addresses(&plan, &world)[1], *then, "{keys}");
                has = *then;
            }
            world.run_before(at(100.0)).unwrap();
            assert_eq!(addresses(&plan, &world), [2, 2, 2]);
        }
    }
}

/// Seconds in which the addresses of the second unit are unheard, by the mechanism, at a quarter of
/// the load.
fn unheard(plan: &Blueprint, replications: u64) -> Vec<f64> {
    let one = |replication| {
        let mut world = world(plan, replication as u32);
        world.run_before(at(5.0)).unwrap();
        world.set_health(part(plan, "front-2"), Health::Unreachable, CauseId::OVERLOAD);
        time_until(plan, &mut world, 10.0, |front| front.addresses() == [3, 0, 3]).unwrap()
    };
    (0..replications).map(one).collect()
}

/// When an automaton enters and leaves a state.
struct Stays<'a> {
    automaton: fivenines::health::AutomatonId,
    state: fivenines::health::StateId,
    since: Option<SimTime>,
    stays: &'a mut Vec<f64>,
}

impl Listener for Stays<'_> {
    fn moved(&mut self, moved: &Moved) {
        if moved.automaton != self.automaton {
            return;
        }
        if moved.to == self.state {
            self.since = Some(moved.at);
        } else if let Some(since) = self.since.take() {
            self.stays.push((moved.at - since).seconds());
        }
    }
}

const DEAD: &str = "[run]\ninitial = \"new\"\n[fault.dead]\nhits = \"front-2\"\nhow = \"crash\"\n\
                    at = \"5s\"\nlasts = \"60s\"\n";

/// Mechanism against surrogate at a quarter of the load: how long nobody is heard at the addresses
/// of a dead unit is U(2.5 s, 3.75 s), as acted out among requests and as the health net draws it.
#[test]
fn a_takeover_among_peers_takes_what_the_timers_of_the_ring_say() {
    let plan = ring("750/s", "", "");
    let busy = {
        let mut world = world(&plan, 0);
        world.run_before(at(20.0)).unwrap();
        world.gauges()[part(&plan, "front-2.cpu").index()].utilization().unwrap()
    };
    assert!((busy - 0.25).abs() < 0.02, "{busy}");
    let timer = SimDuration::from_nanos(1_250_000_000);
    let timers = RingTimers { token: timer, gather: timer, form: timer };
    let (least, most) = (timers.surrogate(0.0).seconds(), timers.surrogate(1.0).seconds());
    assert_eq!((least, most), (2.5, 3.75));
    is_uniform(&unheard(&plan, 400), least, most - least);

    let plan = ring("750/s", "", DEAD);
    let net = &plan.health.as_ref().unwrap().live.as_ref().unwrap().net;
    let automaton = net.automaton("front-2/addresses").unwrap();
    let state = |name: &str| net.state(automaton, name).unwrap();
    let (mut stays, mut away) = (Vec::new(), Vec::new());
    for replication in 0..400 {
        let lineage = Lineage::replication(replication);
        for (state, stays) in [(state("unseen"), &mut stays), (state("away"), &mut away)] {
            let mut kernel = Kernel::new(net, Seed(1), lineage, Start::New).unwrap();
            let mut listener = Stays { automaton, state, since: None, stays };
            kernel.advance(at(600.0), &mut listener).unwrap();
        }
    }
    assert_eq!((stays.len(), away.len()), (400, 400));
    is_uniform(&stays, least, most - least);
    // Back after 60 s, mature after 5 s more.
    assert!(stays.iter().zip(&away).all(|(unseen, away)| (unseen + away - 65.0).abs() < 1e-6));
}

/// Rate × share of the dead unit's addresses × time until they are taken over is what hears nobody,
/// and nothing else is lost: regular requests by addresses drawn for each.
#[test]
fn until_they_are_taken_over_nobody_is_heard_at_the_addresses_of_the_dead() {
    let plan = ring("750/s", "", "");
    let mut lost = 0;
    let mut time = 0.0;
    for replication in 0..20 {
        let mut world = world(&plan, replication);
        world.run_before(at(5.0)).unwrap();
        let inside = world.in_flight() as u64;
        world.set_health(part(&plan, "front-2"), Health::Unreachable, CauseId::OVERLOAD);
        time +=
            time_until(&plan, &mut world, 10.0, |front| front.addresses() == [3, 0, 3]).unwrap();
        world.run_before(at(30.0)).unwrap();
        let attempts = &world.record().classes[0].attempts;
        lost += attempts.ended[UNREACHABLE];
        assert!(attempts.ended[ERROR] <= inside);
        let ended: u64 = attempts.ended.iter().sum();
        assert_eq!(ended, attempts.ended[OK] + attempts.ended[ERROR] + attempts.ended[UNREACHABLE]);
    }
    // 250 a second: about 15,600 in all, four standard deviations of √(46,900 × 2/9) = 102.
    let expected = time * 250.0;
    assert!((lost as f64 - expected).abs() < 4.0 * 102.0, "{lost} of {expected}");
}

/// What a load of 2/2/2 becomes when one dies, 3/3, and when it is mature again: each unit's
/// processor is busy a quarter of the time, then 3/8 of it, then a quarter again.
#[test]
fn the_load_of_each_unit_follows_its_addresses() {
    let plan = ring("750/s", "", "");
    let mut world = world(&plan, 1);
    let used = |world: &mut World<'_>, from: f64, until: f64| {
        let names = ["front-1.cpu", "front-2.cpu", "front-3.cpu"].map(|name| part(&plan, name));
        world.run_before(at(from)).unwrap();
        let before = world.gauges();
        world.run_before(at(until)).unwrap();
        let after = world.gauges();
        names.map(|id| after[id.index()].since(&before[id.index()]).utilization().unwrap())
    };
    let second = part(&plan, "front-2");
    // Shares of 75,000 requests: four standard deviations of a unit's share are 0.7 %, of its
    // utilisation 0.0052.
    let near = |used: [f64; 3], truth: [f64; 3]| {
        println!("{used:.4?}");
        assert!(used.iter().zip(truth).all(|(a, b)| (a - b).abs() < 0.0052), "{used:?} {truth:?}");
    };
    near(used(&mut world, 10.0, 110.0), [0.25, 0.25, 0.25]);
    world.set_health(second, Health::Unreachable, CauseId::OVERLOAD);
    near(used(&mut world, 120.0, 220.0), [0.375, 0.0, 0.375]);
    world.set_health(second, Health::Up, CauseId::OVERLOAD);
    near(used(&mut world, 230.0, 330.0), [0.25, 0.25, 0.25]);
}

/// An address that moves between two that are well takes what is open by it along: the pass that
/// gives a unit its two addresses back cuts off those who came by them, and nobody else.
#[test]
fn an_address_that_moves_cuts_off_whoever_came_by_it() {
    let rest = "[request.slow]\nenter = \"front\"\nsteps = [ { delay = \"30s\" } ]\n\
                [workload.others]\nrequest = \"slow\"\nrate = \"60/s\"\n\
                arrivals = { process = \"regular\" }\n";
    let plan = ring("1/s", "", rest);
    let mut world = world(&plan, 2);
    let second = part(&plan, "front-2");
    world.set_health(second, Health::Unreachable, CauseId::OVERLOAD);
    world.run_before(at(40.0)).unwrap();
    let slow = plan.routes.classes.iter().position(|class| class.name == "slow").unwrap();
    let lost = |world: &World<'_>| world.record().classes[slow].attempts.ended[ERROR];
    let before = lost(&world);
    world.set_health(second, Health::Up, CauseId::OVERLOAD);
    world.run_before(at(44.999)).unwrap();
    assert_eq!(lost(&world), before);
    world.run_before(at(45.001)).unwrap();
    // 1800 are inside, two addresses of six move: 600, four standard deviations of 20.
    let cut = lost(&world) - before;
    assert!(cut.abs_diff(600) < 80, "{cut}");
    world.run_before(at(200.0)).unwrap();
    assert_eq!(lost(&world), before + cut);
}

/// One that is taken out as planned says so: its addresses are elsewhere at once, and nobody who
/// comes later is lost.
#[test]
fn a_planned_stop_moves_the_addresses_at_once() {
    let plan = ring("30/s", "", "");
    let planned = CauseId::at(plan.causes.len() - 1);
    let mut world = world(&plan, 0);
    world.run_before(at(20.0)).unwrap();
    world.set_health(part(&plan, "front-3"), Health::Down, planned);
    world.run_before(at(20.001)).unwrap();
    assert_eq!(addresses(&plan, &world), [3, 3, 0]);
    world.run_before(at(60.0)).unwrap();
    let attempts = &world.record().classes[0].attempts;
    assert!(attempts.ended[OK] >= attempts.begun - 2, "{:?}", attempts.ended);
}

/// The same by an operation of the file: maintenance from 60 to 120 s; mature 5 s later. A drill is
/// no plan: the others have to miss what it breaks.
#[test]
fn maintenance_is_announced_and_a_drill_is_not() {
    let operation = "[run]\nstart = \"Mon 00:00\"\ninitial = \"new\"\n[operation.upgrade]\n\
                     does = \"maintain\"\nof = \"front-3\"\nat = \"Mon 00:01\"\nlasts = \"60s\"\n\
                     [window.broken]\nbefore = \"20s\"\nafter = \"20s\"\n\
                     [fault.late]\nhits = \"front-1\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"1h\"\n";
    let plan = ring("30/s", "", operation);
    let live = |faults| {
        let (until, horizon) = (at(1_000.0), at(1_000.0));
        let (start, from) = (SimTime::ZERO, SimTime::ZERO);
        let span = Span { levels: vec![], start, from, until, horizon, faults };
        World::new(&plan, Lineage::replication(0), span)
    };
    let mut world = live(Faults::Live);
    for (seconds, counts) in
        [(59.9, [2, 2, 2]), (60.1, [3, 3, 0]), (124.9, [3, 3, 0]), (125.1, [2, 2, 2])]
    {
        world.run_before(at(seconds)).unwrap();
        assert_eq!(addresses(&plan, &world), counts, "{seconds}");
    }
    let mut world = live(Faults::Drill);
    let breakable = &plan.health.as_ref().unwrap().breakable;
    let third = breakable.iter().position(|name| name == "front-3").unwrap() as u32;
    world.run_before(at(20.0)).unwrap();
    world.drill(third, true);
    world.run_before(at(22.4)).unwrap();
    assert_eq!(addresses(&plan, &world), [2, 2, 2]);
    world.run_before(at(23.8)).unwrap();
    assert_eq!(addresses(&plan, &world), [3, 3, 0]);
}

/// The plan's own load: a share for each of the peers that are
/// well, one of which is enough.
#[test]
fn peers_are_redundant_and_share_the_load_in_the_plan() {
    use crate::inside::faults::drafted;
    use fivenines::plan::load;
    let text = |count: u32| {
        format!(
            "scenario = \"peers\"\n[run]\nhorizon = \"1y\"\n[site.main]\n[rack.r]\nsite = \"main\"\n\
             [server.box]\nrack = \"r\"\ncores = 8\n[zone.www]\n[service.app]\nin = \"www\"\n\
             workers = \"unlimited\"\n[balancer.front]\nrack = \"r\"\nto = \"app\"\ncount = {count}\n\
             cores = 1\ncpu = \"1ms\"\npeers = {{ addresses = 6 }}\n[workload.visitors]\n\
             request = \"get\"\nrate = \"600/s\"\n[request.get]\nenter = \"front\"\n\
             demands = {{ work = \"1ms\" }}\nsteps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n"
        )
    };
    for (count, shares) in [(3, vec![2, 2, 2]), (4, vec![2, 2, 1, 1])] {
        let draft = drafted(&text(count));
        let all = load::offered(&draft, &[600.0]);
        for (number, share) in (1..).zip(shares) {
            let own = all.iter().find(|one| one.name == format!("front-{number}.cpu")).unwrap();
            assert!((own.per_second - 0.1 * f64::from(share)).abs() < 1e-9, "{}", own.per_second);
        }
    }
}
