//! The same histories as `requests`, on any number of threads.

use std::collections::BTreeMap;

use fivenines::engine::draw::Lineage;
use fivenines::health::{AutomatonId, FactId, Kernel, Listener, Net, View};
use fivenines::plan::availability;
use fivenines::solve::{flows, requests};
use fivenines::study::window::Watch;
use fivenines::study::years;
use fivenines::units::{SimDuration, SimTime};

use super::asked;
use crate::inside::faults::{drafted, planned, window};
use crate::inside::shared::base::{With as _, base};

/// Time for which each of these facts does not hold.
struct Down {
    facts: Vec<(FactId, SimTime, u64, bool)>,
}

impl Listener for Down {
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        for (fact, since, down, holds) in &mut self.facts {
            if !*holds {
                *down += at.since(*since).nanos();
            }
            (*since, *holds) = (at, view.fact(*fact));
        }
    }
}

/// Nanoseconds for which the automata of these parts do not serve in a day of `net`.
fn down_in_a_day(
    plan: &availability::AvailabilityPlan,
    replication: u64,
    parts: &[&str],
) -> Vec<u64> {
    let net: &Net = &plan.nets[0].net;
    let lineage = Lineage::replication(replication);
    let mut kernel = Kernel::new(net, plan.seed, lineage, plan.start).unwrap();
    let automaton = |name: &str| -> AutomatonId { net.automaton(name).unwrap() };
    let fact = |name: &&str| net.fact_of(automaton(name), "serving").unwrap();
    let start = |fact: FactId| (fact, SimTime::ZERO, 0, kernel.view().fact(fact));
    let mut down = Down { facts: parts.iter().map(fact).map(start).collect() };
    let end = SimTime::ZERO + SimDuration::from_secs(86_400);
    kernel.advance(end, &mut down).unwrap();
    down.settled(end, kernel.view());
    down.facts.iter().map(|(_, _, down, _)| *down).collect()
}

/// To the nanosecond: what `requests` books as unavailable of a component over a day is what the
/// history of `flows` says that it did not serve, part by part, in three replications.
#[test]
fn what_breaks_in_a_day_of_requests_breaks_at_the_same_instants() {
    let (draft, plan) = (drafted(&base("day")), planned(&base("day")));
    let years = availability::plan(&draft, &[]).unwrap();
    // Name of the automaton, name of the component, what it has.
    let parts = [
        ("app-1", "app-1", 5),
        ("app-2", "app-2", 5),
        ("work-1", "work-1", 3),
        ("store.head-1", "store.head-1", 1),
        ("store.head-2", "store.head-2", 1),
    ];
    for replication in 0..3 {
        let names: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
        let down = down_in_a_day(&years, replication, &names);
        let seen = requests::run(&plan, &window(0.0, 86_400.0), replication).unwrap();
        for ((_, component, capacity), down) in parts.iter().zip(down) {
            let at = plan.parts.iter().position(|part| part.name == *component).unwrap();
            let gauge = &seen.gauges[at];
            assert!(down > 60_000_000_000, "{component} is down for more than a minute");
            let lost = gauge.unavailable;
            assert_eq!(lost, u128::from(down) * capacity, "{component}, replication {replication}");
        }
    }
}

/// Who works alone is down while he does not serve: the tally of the solver is that time.
#[test]
fn the_downtime_of_a_service_alone_is_the_time_for_which_it_does_not_serve() {
    let draft = drafted(&base("day"));
    let plan = availability::plan(&draft, &[]).unwrap();
    let watched = plan.watched.iter().position(|watched| watched.name == "work").unwrap();
    let wanted = (watched, availability::Availability::Structural);
    let meter = plan.measured.iter().position(|other| *other == wanted).unwrap();
    for replication in 0..5 {
        let down = down_in_a_day(&plan, replication, &["work-1"])[0];
        let seen = flows::run(&plan, 0, replication, &[]).unwrap();
        let lost = seen.tallies[meter].lost / u128::from(availability::WHOLE);
        assert_eq!(lost, u128::from(down), "replication {replication}");
    }
}

/// What has no part in a fault keeps its history when that fault is left out.
#[test]
fn without_a_fault_all_others_strike_as_before() {
    let draft = drafted(&base("day"));
    let without = [vec!["switch".to_string()], vec!["head".to_string(), "front".to_string()]];
    let plan = availability::plan(&draft, &without).unwrap();
    struct Log<'n>(&'n Net, BTreeMap<String, Vec<(SimTime, String)>>);
    impl Listener for Log<'_> {
        fn moved(&mut self, moved: &fivenines::health::Moved) {
            let state = self.0.state_name(moved.automaton, moved.to).to_string();
            let name = self.0.name(moved.automaton).to_string();
            self.1.entry(name).or_default().push((moved.at, state));
        }
    }
    let story = |net: usize| {
        let net = &plan.nets[net].net;
        let mut kernel = Kernel::new(net, plan.seed, Lineage::replication(0), plan.start).unwrap();
        let mut log = Log(net, BTreeMap::new());
        kernel.advance(SimTime::ZERO + SimDuration::from_secs(86_400), &mut log).unwrap();
        log.1
    };
    let all = story(0);
    for (set, moved) in without.iter().zip([vec!["r.switch-1"], vec!["store.head-1", "front-1"]]) {
        let less = story(plan.without(set).unwrap());
        for part in ["app-1", "app-2", "work-1", "box-1", "box-3"] {
            assert_eq!(all[part], less[part], "{part} without {set:?}");
        }
        for part in moved {
            assert!(all.contains_key(part) && !less.contains_key(part), "{part} without {set:?}");
        }
    }
}

#[test]
fn years_give_the_same_numbers_on_any_number_of_threads() {
    let draft = drafted(&base("day"));
    let plan = asked(&draft, "30d", 40, &["structural.page@horizon", "mttf.page@horizon"]);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let seen = pool.install(|| years::run(&plan, &Watch::default())).unwrap();
        format!("{seen:?}")
    };
    let one = on(1);
    assert_eq!(one, on(3));
    assert_eq!(one, on(4));
}

/// A service that is down for half a second 1,000 times a year: its downtime counts in any case, its outages
/// where the file's `shortest-outage` is no longer than they are.
#[test]
fn outages_count_from_the_length_that_the_file_says() {
    let text = |key: &str| {
        base("queue").with(&format!(
            r#"
[run]
horizon = "10y"
initial = "new"
{key}
[station.web]
service = "1ms"
[workload.jobs]
rate = "1/s"
[fault.blink]
hits = "web"
how = "crash"
rate = "1000/y"
repair = "500ms"
"#
        ))
    };
    let of = |key: &str| {
        let plan = availability::plan(&drafted(&text(key)), &[]).unwrap();
        let seen = flows::run(&plan, 0, 0, &[]).unwrap();
        (seen.tallies[0].outages, seen.tallies[0].lost)
    };
    let (none, lost) = of("");
    let (few, same) = of("shortest-outage = \"501ms\"");
    let (all, also) = of("shortest-outage = \"500ms\"");
    assert!(lost == same && lost == also);
    // Two that are less than a minute apart are one, and then longer: 10,000 x 1,000/y x 1 min = 19 in ten years.
    assert!(none == few && none < 50, "{none} in ten years");
    assert!((all as f64 - 9_981.0).abs() < 400.0, "{all} in ten years");
}

/// Memory of one replication: a horizon ten times as long keeps no more than its years.
#[test]
fn downtime_adds_up_by_cause_and_by_year() {
    let draft = drafted(&base("day"));
    let mut plan = availability::plan(&draft, &[]).unwrap();
    plan.horizon = SimDuration::YEAR.saturating_mul(2);
    let seen = flows::run(&plan, 0, 0, &[]).unwrap();
    for tally in &seen.tallies {
        let first: u128 = tally.causes.iter().map(|cause| cause.first).sum();
        assert_eq!(first, tally.lost);
        let outages: u64 = tally.causes.iter().map(|cause| cause.outages).sum();
        assert_eq!((outages, tally.lengths.count()), (tally.outages, tally.outages));
        // Each year is rounded down to a nanosecond.
        let years = tally.lost / u128::from(availability::WHOLE);
        let in_years: u128 = tally.years.iter().map(|lost| u128::from(*lost)).sum();
        assert!(years - in_years <= 2, "{in_years} in years, {years}");
        assert_eq!(tally.whole_years, 2);
    }
}
