//! Power feeds: to the nanosecond, and as often as the chain of their states says.

use std::collections::BTreeMap;

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::{Chain, Kernel, Listener, Moved, Net, Reading, Start};
use fivenines::plan::availability;
use fivenines::plan::cutsets::CutSets;
use fivenines::plan::faults;
use fivenines::plan::graph::{Graph, Subject};

use super::*;

/// One server that hangs on these feeds, and the faults of the file.
fn boxes(feeds: &str, keys: &str) -> String {
    format!(
        "scenario = \"feeds\"\nformat = 2\n{feeds}\n[server.box]\ncores = 2\n{keys}\n[zone.www]\n\
         on = [\"box-1\"]\n[service.app]\nin = \"www\"\nworkers = 5\n\
         [workload.visitors]\nrequest = \"page\"\nrate = \"2/s\"\n[request.page]\nenter = \"app\"\n\
         demands = {{ work = \"10ms\" }}\nsteps = [{{ cpu = \"app\", demand = \"work\" }}]\n"
    )
}

/// Moves of one automaton: the instant in minutes, and the state.
struct Log<'n> {
    net: &'n Net,
    of: &'n str,
    moves: Vec<(f64, String)>,
}

impl Listener for Log<'_> {
    fn moved(&mut self, moved: &Moved) {
        if self.net.name(moved.automaton) == self.of {
            let minute = moved.at.since(SimTime::ZERO).seconds() / 60.0;
            self.moves.push((minute, self.net.state_name(moved.automaton, moved.to).to_string()));
        }
    }
}

fn moves(text: &str, part: &str) -> Vec<(f64, String)> {
    let mut out = Diagnostics::new();
    let declared = faults::declare(&drafted(text), &BTreeMap::new(), true, &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    let net = Net::compile(&declared.declaration, Reading::default()).unwrap();
    let mut log = Log { net: &net, of: part, moves: Vec::new() };
    let mut kernel = Kernel::new(&net, Seed(1), Lineage::replication(0), Start::New).unwrap();
    kernel.advance(SimTime::ZERO + SimDuration::DAY, &mut log).unwrap();
    log.moves
}

/// The utility fails at minute 60 for two hours.
const OUT: &str =
    "[fault.blackout]\nhits = \"feed.utility\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"2h\"\n";

#[test]
fn a_battery_and_a_generator_bridge_a_loss_for_as_long_as_they_last() {
    let is = |moves: &[(f64, &str)]| -> Vec<(f64, String)> {
        moves.iter().map(|(minute, state)| (*minute, (*state).to_string())).collect()
    };
    let told = |bridge: &str, part: &str| {
        let feeds = format!("[feed.utility]\n[feed.a]\nfrom = \"utility\"\n{bridge}\n");
        moves(&(boxes(&feeds, "feeds = \"a\"") + OUT), part)
    };
    for part in ["a", "box-1"] {
        let dark = |from: f64, to: f64| is(&[(from, "unpowered"), (to, "up")]);
        assert_eq!(told("", part), dark(60.0, 180.0), "nothing bridges it");
        assert_eq!(told("battery = \"10min\"", part), dark(70.0, 180.0));
        assert_eq!(told("battery = \"3h\"", part), []);
        assert_eq!(told("generator = {}", part), []);
        assert_eq!(told("generator = { after = \"4min\" }", part), dark(60.0, 64.0));
        let both = "battery = \"1min\"\ngenerator = { after = \"4min\", runs = \"30min\" }";
        let twice = [dark(61.0, 64.0), dark(94.0, 180.0)].concat();
        assert_eq!(told(both, part), twice);
    }
    let both = "battery = \"1min\"\ngenerator = { after = \"4min\", runs = \"30min\" }";
    let supply =
        [(60.0, "waits"), (61.0, "unlit"), (64.0, "runs"), (94.0, "dark"), (180.0, "mains")];
    assert_eq!(told(both, "a/supply"), is(&supply));
    let never = "battery = \"1min\"\ngenerator = { starts = 1e-12, after = \"4min\" }";
    let supply = [(60.0, "alone"), (61.0, "dark"), (180.0, "mains")];
    assert_eq!(told(never, "a/supply"), is(&supply));
}

/// A part that is down when the power goes stays down until its own repair; one that is slow is as new afterwards.
#[test]
fn a_loss_of_power_ends_what_a_restart_ends() {
    let box_of = |how: &str| {
        let own =
            format!("[fault.own]\nhits = \"server.box\"\n{how}\nat = \"30min\"\nlasts = \"1h\"\n");
        moves(&(boxes("[feed.utility]", "feeds = \"utility\"") + OUT + &own), "box-1")
    };
    let is = |minute: f64, state: &str| (minute, state.to_string());
    let crash = [is(30.0, "fault.own"), is(90.0, "up"), is(90.0, "unpowered"), is(180.0, "up")];
    assert_eq!(box_of("how = \"crash\""), crash);
    let slow = [is(30.0, "fault.own"), is(60.0, "unpowered"), is(180.0, "up")];
    assert_eq!(box_of("how = \"slow\"\nfactor = 2"), slow);
}

/// Unavailability of the class in the exact chain of the states, all laws exponential.
fn unavailability(text: &str) -> f64 {
    let draft = drafted(text);
    let plan = availability::plan(&draft, &[]).unwrap();
    let (net, up) = (&plan.nets[0].net, plan.nets[0].meters[0].up);
    let chain = Chain::enumerate(net, 10_000).unwrap();
    let states = chain.stationary().unwrap();
    chain.expect(&states, |view| f64::from(u8::from(!view.fact(up))))
}

/// A feed that fails once per 1,000 h and is repaired in 10 h is down for q = 10 / 1,010 of the time.
#[test]
fn one_feed_is_in_series_and_two_are_parallel() {
    let fault = |hits: &str| {
        format!(
            "[fault.out]\nhits = {hits}\nhow = \"crash\"\nrate = \"8.76/y\"\n\
             repair = {{ dist = \"exponential\", mean = \"10h\" }}\n"
        )
    };
    let exact = |feeds: &str, keys: &str, hits: &str, truth: f64| {
        let found = unavailability(&(boxes(feeds, keys) + &fault(hits)));
        assert!((found / truth - 1.0).abs() < 1e-9, "{keys}: {found}, not {truth}");
    };
    let q = 10.0 / 1010.0;
    exact("[feed.a]", "feeds = \"a\"", "\"feed.a\"", q);
    let ab = "[feed.a]\n[feed.b]";
    exact(ab, "feeds = [\"a\", \"b\"]", "[\"feed.a\", \"feed.b\"]", q * q);
    let abc = "[feed.a]\n[feed.b]\n[feed.c]";
    exact(abc, "feeds = [\"a\", \"b\", \"c\"]", "\"feed.*\"", q * q * q);
    // In series: the lower one does not fail while it has no power. The server neither.
    let above = "[feed.utility]\n[feed.a]\nfrom = \"utility\"";
    exact(above, "feeds = \"a\"", "\"feed.utility\"", q);
    // States with weights: both up 1, the upper one down u, the lower one down l, both down b, where the lower one failed
    // first. l (back + fail) = fail + b back, 2 b back = l fail, u back = fail + b back.
    let (fail, back) = (1.0, 100.0);
    let l = fail / (back + fail / 2.0);
    let b = l * fail / back / 2.0;
    let u = fail / back + b;
    let down = (u + l + b) / (1.0 + u + l + b);
    exact(above, "feeds = \"a\"", "[\"feed.utility\", \"feed.a\"]", down);
}

/// The generator fails to start with 1 - p. Then the feed is dark once the battery, of 1 h on average, is empty: that is the
/// share 10 / 11 of an outage of 10 h, all laws exponential.
#[test]
fn a_generator_that_does_not_start_leaves_the_battery() {
    let out = "[fault.out]\nhits = \"feed.utility\"\nhow = \"crash\"\nrate = \"8.76/y\"\n\
               repair = { dist = \"exponential\", mean = \"10h\" }\n";
    let q = 10.0 / 1010.0;
    let battery = "battery = { dist = \"exponential\", mean = \"1h\" }";
    let late = "after = { dist = \"exponential\", mean = \"2h\" }";
    for (bridge, truth) in [
        (String::new(), q),
        (battery.to_string(), q * 10.0 / 11.0),
        ("generator = { starts = 0.9 }".to_string(), q * 0.1),
        (format!("{battery}\ngenerator = {{ starts = 0.9 }}"), q * 0.1 * 10.0 / 11.0),
        // Dark from the end of the battery until the generator carries it, or the outage ends: rates 1, 0.5 and 0.1 per h.
        (format!("{battery}\ngenerator = {{ {late} }}"), q * 0.1 / 1.6 / 0.6),
        (format!("{battery}\ngenerator = {{ starts = 0.9, {late} }}"), {
            q * (0.1 * 10.0 / 11.0 + 0.9 * 0.1 / 1.6 / 0.6)
        }),
    ] {
        let feeds = format!("[feed.utility]\n[feed.a]\nfrom = \"utility\"\n{bridge}");
        let found = unavailability(&(boxes(&feeds, "feeds = \"a\"") + out));
        assert!((found / truth - 1.0).abs() < 1e-9, "{bridge}: {found}, not {truth}");
    }
}

/// Names of the single points of failure, and of the pairs with a feed in it.
fn cuts(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let draft = drafted(text);
    let graph = Graph::of(&draft);
    let cuts = CutSets::of(&graph).of_subject(Subject::Class(0)).unwrap();
    let name = |part: &fivenines::plan::part::Part| part.name(&draft);
    let singles = cuts.singles.iter().filter(|part| part.sort().word == "feed").map(name);
    let pairs = cuts.pairs.iter().filter(|(a, b)| [a, b].iter().any(|p| p.sort().word == "feed"));
    (singles.collect(), pairs.map(|(a, b)| (name(a), name(b))).collect())
}

#[test]
fn the_graph_knows_feeds_and_takes_a_generator_for_a_takeover() {
    let ab = "[feed.utility]\n[feed.a]\nfrom = \"utility\"\n[feed.b]\nfrom = \"utility\"\n";
    let of = |feeds: &str, keys: &str| cuts(&boxes(feeds, keys));
    let both = "feeds = [\"a\", \"b\"]";
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>();
    let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
    assert_eq!(of("[feed.a]", "feeds = \"a\""), (owned(&["a"]), Vec::new()));
    assert_eq!(of(ab, both), (owned(&["utility"]), vec![pair("a", "b")]));
    assert_eq!(
        of(&format!("{ab}generator = {{}}"), both),
        (Vec::new(), vec![pair("utility", "b"), pair("a", "b")])
    );
    // A battery delays the loss and does not prevent it.
    assert_eq!(
        of(&format!("{ab}battery = \"1h\""), both),
        (owned(&["utility"]), vec![pair("a", "b")])
    );
}
