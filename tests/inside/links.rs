//! Replies cross the switch and the uplinks before the client has them.

use crate::inside::common::read;
use crate::inside::oracles::{assert_all_hold, own_rows};
use crate::inside::shared::base::{With as _, base};

use std::path::Path;

use fivenines::engine::draw::Lineage;
use fivenines::model::Health;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::ids::{CauseId, ComponentId};
use fivenines::model::outage::Faults;
use fivenines::model::world::{Span, World};
use fivenines::plan;
use fivenines::plan::compile::compile;
use fivenines::plan::figure::Figure;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::source::Source;
use fivenines::solve::requests::{Observation, Window, run};
use fivenines::stats::interval::Interval;
use fivenines::study::measure::Measure;
use fivenines::units::{SimDuration, SimTime};

/// The tables of a text without mistakes.
pub fn blueprint(text: &str) -> Blueprint {
    let mut out = Diagnostics::new();
    let document = Document::parse(Source::from_text("test", text), &mut out);
    let draft = document.and_then(|document| plan::draft(&document, &mut out).ok());
    let plan = draft.map(|draft| compile(&draft, Path::new("."), &mut out));
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    plan.expect("a text without errors has tables")
}

/// One server behind one switch and one uplink of 100 Mbit/s; a page is 1 ms of work.
fn scene(rest: &str) -> Blueprint {
    behind(r#"{ bandwidth = "100Mbit/s" }"#, rest)
}

fn behind(uplinks: &str, rest: &str) -> Blueprint {
    let lines = format!(
        r#"
[window.run]
length = "10s"
[site.main]
uplinks = {uplinks}
[rack.r]
switch = {{ bandwidth = "1Gbit/s", latency = "0.1ms" }}
"#
    );
    blueprint(&base("uplinks").with(&lines).with(rest))
}

/// Regular page views, all replies of 125 kB: 10 ms alone on the uplink.
const REGULAR: &str = r#"
[clients.public]
round-trip = "20ms"
[workload.visitors]
arrivals = { process = "regular" }
[request.page]
reply = "125kB"
"#;

/// The same views again.
const OTHERS: &str = r#"
[workload.others]
from = "public"
request = "page"
rate = "10/s"
arrivals = { process = "regular" }
"#;

fn window(length: u64) -> Window {
    Window {
        name: "run".into(),
        at: SimTime::ZERO,
        levels: vec![],
        warm_up: SimDuration::from_secs(1),
        length: SimDuration::from_secs(length),
        drain: SimDuration::from_secs(60),
        faults: Faults::Off,
    }
}

/// Everything from time zero to `end`.
fn live(plan: &Blueprint, length: u64, replication: u64) -> Observation {
    let seen = run(plan, &window(length), replication).expect("the identities hold");
    assert_eq!(seen.stop, None);
    seen
}

fn part(plan: &Blueprint, name: &str) -> ComponentId {
    let place = plan.parts.iter().position(|part| part.name == name);
    ComponentId(place.expect(name) as u32)
}

/// S4, Little's law and the capacity of links are checked by `run` itself.
#[test]
fn a_view_takes_the_page_plus_the_size_over_the_bandwidth_plus_the_latencies() {
    let plan = scene(REGULAR);
    let seen = live(&plan, 10, 0);
    let page = &seen.record.classes[0].latency;
    assert_eq!((page.count(), page.min(), page.max()), (100, Some(1_000_000), Some(1_000_000)));
    let view = &seen.record.views[0].latency;
    assert_eq!(view.count(), 100);
    // 20 ms round trip, 1 ms of work, 10 ms on the uplink, 0.1 ms through the switch.
    assert_eq!((view.min(), view.max()), (Some(31_100_000), Some(31_100_000)));
    // 10/s × 125 kB on 12.5 MB/s and on 125 MB/s.
    for (name, load) in [("main.uplink", 0.1), ("r.switch", 0.01)] {
        let gauge = &seen.gauges[part(&plan, name).index()];
        assert!((gauge.utilization().unwrap() - load).abs() < 1e-9, "{name}");
        assert_eq!((gauge.arrived, gauge.completed), (100, 100), "{name}");
    }
}

#[test]
fn two_simultaneous_replies_share_the_uplink() {
    let plan = scene(&format!("{REGULAR}{OTHERS}"));
    let seen = live(&plan, 10, 0);
    for views in &seen.record.views {
        assert_eq!(views.served, 100);
        let (min, max) = (views.latency.min(), views.latency.max());
        assert_eq!((min, max), (Some(41_100_000), Some(41_100_000)));
    }
}

/// Of two uplinks of 50 Mbit/s a reply uses one, and two replies use both.
#[test]
fn one_reply_gets_one_uplink_and_two_get_two() {
    let two = |rest: &str| behind(r#"{ count = 2, bandwidth = "50Mbit/s" }"#, rest);
    let alone = live(&two(REGULAR), 10, 0);
    assert_eq!(alone.record.views[0].latency.max(), Some(41_100_000));
    let both = live(&two(&format!("{REGULAR}{OTHERS}")), 10, 0);
    assert_eq!(both.record.views[1].latency.max(), Some(41_100_000));
}

#[test]
fn a_dead_link_stalls_replies_and_they_go_on_where_they_were() {
    let mut plan = scene(REGULAR);
    plan.causes.push("link".into());
    let end = SimTime::ZERO + SimDuration::from_secs(10);
    let span = Span {
        levels: vec![],
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: end,
        horizon: end,
        faults: Faults::Off,
    };
    let at = |millis: u64| SimTime::ZERO + SimDuration::from_nanos(millis * 1_000_000);
    for (name, slow) in [("main.uplink", None), ("r.switch", None), ("main.uplink", Some(2.0))] {
        let mut world = World::new(&plan, Lineage::replication(0), span.clone());
        let link = part(&plan, name);
        let health = slow.map_or(Health::Stalled, Health::Slow);
        // The view of 1.0 s is on the uplink from 1.001 s to 1.011 s: half of it is through.
        world.run_before(at(1_006)).unwrap();
        world.set_health(link, health, CauseId(1));
        world.run_before(at(1_016)).unwrap();
        world.set_health(link, Health::Up, CauseId(1));
        world.run_before(end).unwrap();
        let views = &world.record().views[0];
        assert_eq!(views.latency.min(), Some(31_100_000), "{name}");
        // Stalled for 10 ms; or 5 ms of work at half the speed, done within the 10 ms.
        let late = if slow.is_some() { 36_100_000 } else { 41_100_000 };
        assert_eq!(views.latency.max(), Some(late), "{name} {slow:?}");
        let gauges = world.gauges();
        let lost = if slow.is_some() { 0.0005 } else { 0.001 };
        let gauge = &gauges[link.index()];
        let share = gauge.unavailable as f64 / gauge.capacity as f64;
        assert!((share - lost).abs() < 1e-9, "{name} {share}");
    }
}

/// A user whose patience ends on a stalled link goes away; what is left of the reply is not sent.
#[test]
fn users_give_up_on_replies_that_do_not_come() {
    let impatient = REGULAR.replace("round-trip = \"20ms\"", "patience = \"1s\"");
    let mut plan = scene(&impatient);
    plan.causes.push("uplink".into());
    let end = SimTime::ZERO + SimDuration::from_secs(20);
    let span = Span {
        levels: vec![],
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: end,
        horizon: end,
        faults: Faults::Off,
    };
    let mut world = World::new(&plan, Lineage::replication(0), span);
    let at = |millis: u64| SimTime::ZERO + SimDuration::from_nanos(millis * 1_000_000);
    world.run_before(at(5_050)).unwrap();
    let uplink = part(&plan, "main.uplink");
    world.set_health(uplink, Health::Stalled, CauseId(1));
    world.run_before(at(7_050)).unwrap();
    let links = plan.network.as_ref().unwrap().links;
    // Born 5.1 … 7.0 s; those up to 6.0 s have given up by 7.05 s.
    let gauge = &world.gauges()[links.index()];
    assert_eq!((gauge.reneged, gauge.arrived - gauge.completed - gauge.reneged), (10, 10));
    assert_eq!(gauge.inside, gauge.stayed);
    world.set_health(uplink, Health::Up, CauseId(1));
    world.run_before(end).unwrap();
    // The ten that are left share the link: none has all of its 125 kB before 7.145 s, and the
    // user of 6.1 s gives up at 7.1 s. The others' replies come in time.
    let views = &world.record().views[0];
    assert_eq!(views.lost[1], 11, "laid to the link");
    assert_eq!(views.lost.iter().sum::<u64>(), 11, "and to nothing else");
    assert_eq!(views.served + 11 + views.in_flight(), views.intended);
    let gauge = &world.gauges()[links.index()];
    assert_eq!((gauge.inside, gauge.reneged), (gauge.stayed, 11));
}

/// Parameters of the standard set: a page of 10 kB and Poisson(8) assets of 12 kB, lognormal with a
/// coefficient of variation of 2.8; 40 views/s on 100 Mbit/s: 40 × 106 kB × 8 / 100 Mbit = 0.3392.
/// One replication of 300 s has a relative standard deviation of 1.2 % (sizes: √(12000 · 8) views
/// and parts); twelve of them give a 99.9 % interval of about ± 1.6 %.
#[test]
fn the_uplink_is_as_busy_as_rate_times_size_over_bandwidth() {
    let plan = scene(
        r#"
[clients.public]
round-trip = { dist = "lognormal", mean = "20ms", cv = 0.4 }
connections = 6
[workload.visitors]
rate = "40/s"
[request.page]
demands = { work = { dist = "exponential", mean = "10ms" } }
then = { request = "asset", count = { dist = "poisson", mean = 8.0 } }
[request.asset]
enter = "app"
demands = { work = { dist = "exponential", mean = "0.4ms" } }
steps = [ { cpu = "app", demand = "work" } ]
reply = { dist = "lognormal", mean = "12kB", cv = 2.8 }
"#,
    );
    let uplink = part(&plan, "main.uplink").index();
    let mut busy = Vec::new();
    for replication in 0..12 {
        let seen = live(&plan, 300, replication);
        busy.push(seen.gauges[uplink].utilization().unwrap());
        assert!(seen.gauges[uplink].busy > 0);
    }
    let interval = Interval::of_mean(&busy, 0.999).unwrap();
    assert!(interval.contains(0.3392), "{interval:?}");
    assert!(interval.relative_half_width().unwrap() < 0.03, "{interval:?}");
}

/// Two racks behind the uplinks of one site: 20 views a second of 50 kB and 8 of 25 kB; jobs of the site itself,
/// which no client waits for.
fn two_racks() -> String {
    base("two-racks")
}

/// 8 bits a byte, times bytes a reply, times replies a second: on each switch, and on the uplinks what crosses both
/// switches. In each replication the utilisation times the bandwidth, of uplinks that of all.
#[test]
fn what_crosses_a_link_is_its_replies_times_their_bytes() {
    let mut text = two_racks();
    for (link, rate) in [("r.switch", "8"), ("s.switch", "1.6"), ("main.uplink", "9.6")] {
        text.push_str(&format!(
            "[[expect]]\nfigure = \"transfer.{link}@peak\"\nis = \"{rate}Mbit/s +- 4%\"\n"
        ));
    }
    let loaded = read(&text, Path::new(".")).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_all_hold("transfer", &own_rows(&loaded));
    let plan = &loaded.plan;
    let seen = run(plan, &loaded.study.windows[0].window, 0).unwrap();
    let value = |path: &str| {
        let figure = Figure::parse(path).unwrap();
        Measure::resolve(plan, &figure).unwrap().value(plan, &seen).unwrap()
    };
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-14, "{a}, {b}");
    for (link, bandwidth) in [("main.uplink", 2e7), ("r.switch", 1e9), ("s.switch", 1e8)] {
        near(value(&format!("transfer.{link}")), value(&format!("utilization.{link}")) * bandwidth);
    }
    near(value("transfer.main.uplink"), value("transfer.r.switch") + value("transfer.s.switch"));
}

/// Of a link that is full most of the time, estimates are corrected for the arrivals as the utilisation is: never
/// beyond the bandwidth. With seeds 7 and 8 the correction alone would give more.
#[test]
fn the_transfer_of_a_full_link_is_estimated_as_its_utilisation_is() {
    let mut text = two_racks().replace("\"10s\"", "\"5s\"").replace("\"200s\"", "\"5s\"");
    text = text.replace("count = 2, bandwidth = \"10M", "count = 1, bandwidth = \"4M");
    text = text.replace("\"20/s\"", "\"11/s\"").replace("\"8/s\"", "\"0.01/s\"");
    for metric in ["transfer", "utilization"] {
        text.push_str(&format!(
            "[[expect]]\nfigure = \"{metric}.main.uplink@peak\"\nis = \"> 0{}\"\n",
            if metric == "transfer" { "bit/s" } else { "" }
        ));
    }
    for seed in 6..=8 {
        let text = text.replace("seed = 3", &format!("seed = {seed}"));
        let loaded = read(&text, Path::new(".")).unwrap_or_else(|wrong| panic!("{wrong}"));
        let rows = own_rows(&loaded);
        let [transfer, busy] = &rows[..] else { panic!("two figures") };
        let share = transfer.estimate / 4e6;
        assert!((share - busy.estimate).abs() < 1e-12 && share <= 1.0, "{transfer} {busy}");
    }
}

/// What has no link is refused with the links there are.
#[test]
fn the_transfer_of_what_is_no_link_is_refused_with_the_links_there_are() {
    let refused = |text: &str, of: &str| {
        let text =
            format!("{text}[[expect]]\nfigure = \"transfer.{of}@peak\"\nis = \"< 8Mbit/s\"\n");
        let said = read(&text, Path::new(".")).err().expect("it is refused");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for of in ["app", "main", "box-1.nic", "page"] {
        let said = refused(&two_racks(), of);
        assert!(said.contains(&format!("`{of}` has no such figure")), "{said}");
        assert!(said.contains("help: there are: main.uplink, r.switch, s.switch"), "{said}");
    }
    let converging = two_racks().replace("10Mbit/s\"", "10Mbit/s\", convergence = \"5s\"");
    let said = refused(&converging, "main.uplink-1");
    assert!(said.contains("the uplinks of a site are counted together"), "{said}");
    assert!(said.contains("did you mean `main.uplink`?"), "{said}");
    let none = two_racks()
        .lines()
        .filter(|line| !line.starts_with("switch") && !line.starts_with("uplinks"))
        .fold(String::new(), |text, line| text + line + "\n");
    let said = refused(&none, "r.switch");
    assert!(said.contains("give the rack a `switch`, or its site `uplinks`"), "{said}");
}
