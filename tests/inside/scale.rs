//! Promise: large systems fit: a million requests in flight, ten thousand servers with a hundred
//! thousand zones.

use std::fmt::Write;

use fivenines::engine::draw::Lineage;
use fivenines::model::outage::Faults;
use fivenines::model::request::Request;
use fivenines::model::world::{Span, World};
use fivenines::solve::requests;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::capacity::steady;
use crate::inside::common::read;

/// A million customers who wait two hours each are in flight at once, and none of them takes more
/// than 256 bytes.
#[test]
fn a_million_requests_are_in_flight_at_once() {
    const { assert!(size_of::<Request>() <= 256) };
    let text = "scenario = \"crowd\"\n[window.all]\nlength = \"10s\"\n\
                [workload.crowd]\nrequest = \"wait\"\nrate = \"100000/s\"\n\
                arrivals = { process = \"regular\" }\n\
                [request.wait]\nsteps = [ { delay = \"2h\" } ]\n";
    let loaded = read(text, std::path::Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
    let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
    let span = Span {
        levels: Vec::new(),
        start: at(0),
        from: at(0),
        until: at(11),
        horizon: at(11),
        faults: Faults::Off,
    };
    let mut world = World::new(&loaded.plan, Lineage::replication(0), span);
    world.run_before(at(11)).unwrap();
    assert!(world.in_flight() >= 1_000_000, "{}", world.in_flight());
    let most = world.most_in_flight();
    world.run_before(at(3 * 3_600)).unwrap();
    assert_eq!((world.in_flight(), world.counted_open()), (0, 0), "all {most} have ended");
}

/// Ten thousand servers of ten zones each, a service in every zone: read, checked, run.
#[test]
fn ten_thousand_servers_with_a_hundred_thousand_zones_run() {
    let mut text = String::from(
        "scenario = \"fleet\"\n[window.all]\nlength = \"10s\"\n\
         [site.main]\n[rack.r]\nsite = \"main\"\n\
         [server.box]\ncount = 10000\nrack = \"r\"\ncores = 8\n",
    );
    for kind in 0..10 {
        writeln!(
            text,
            "[zone.z{kind}]\ncount = 10000\nplacement = \"spread\"\napart = true\n\
             [service.s{kind}]\nin = \"z{kind}\"\nworkers = 4\n\
             [workload.w{kind}]\nrequest = \"r{kind}\"\nrate = \"200/s\"\n\
             [request.r{kind}]\nenter = \"s{kind}\"\n\
             demands = {{ work = {{ dist = \"exponential\", mean = \"100ms\" }} }}\n\
             steps = [ {{ cpu = \"s{kind}\", demand = \"work\" }} ]"
        )
        .unwrap();
    }
    let loaded = read(&text, std::path::Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
    assert!(loaded.plan.zones.len() == 100_000 && loaded.plan.parts.len() >= 110_000);
    let mut window = steady(10);
    window.warm_up = SimDuration::from_secs(1);
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    let ended: u64 = seen.record.classes.iter().map(|class| class.attempts.ended[0]).sum();
    // 2,000/s for 10 s: ± 5 √20,000.
    assert!((19_290..20_710).contains(&ended), "{ended}");
}
