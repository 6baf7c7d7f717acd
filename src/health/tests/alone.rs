//! Independent components: the same trajectory without a calendar.

use super::*;
use crate::health::AutomatonId;
use crate::health::textbook::{Group, Unit};

fn lognormal(seconds: f64) -> DurationLaw {
    DurationLaw(Law::lognormal(seconds, 1.2).unwrap())
}

/// Two independent units, one that a crew repairs, two of a group, one that is never repaired.
fn fleet() -> Declaration {
    let mut declaration = Declaration::default();
    declaration.crew("people", 1);
    declaration.add(Unit::new("alone-1", exponential(100.0), lognormal(5.0)).automaton());
    declaration.add(Unit::new("alone-2", lognormal(60.0), fixed(7.0)).automaton());
    let crewed = Unit::new("crewed", exponential(50.0), exponential(5.0)).by_crew("people");
    declaration.add(crewed.automaton());
    declaration.add(Unit::without_repair("once", exponential(500.0)).automaton());
    let member = |name: &str| Unit::new(name, exponential(80.0), exponential(5.0));
    Group::parallel("pair", vec![member("pair-1"), member("pair-2")], 1).declare(&mut declaration);
    declaration
}

#[test]
fn who_is_read_repaired_by_a_crew_or_moved_by_others_is_not_alone() {
    let net = compile(&fleet());
    let alone = net.alone();
    let names: Vec<&str> =
        net.automata().filter(|one| alone[one.index()]).map(|one| net.name(one)).collect();
    assert_eq!(names, ["alone-1", "alone-2", "once"]);
}

#[test]
fn one_by_one_they_live_through_what_the_calendar_lets_happen() {
    let net = compile(&fleet());
    let alone = net.alone();
    let aside: Vec<AutomatonId> = net.automata().filter(|one| alone[one.index()]).collect();
    let end = at(20_000.0);
    for begin in [Start::New, Start::Stationary] {
        for replication in 0..4 {
            let lineage = Lineage::replication(replication);
            let mut whole = Log::new(&net);
            let mut kernel = Kernel::new(&net, Seed(7), lineage, begin).unwrap();
            while kernel.next_at().is_some_and(|next| next < end) {
                kernel.step(&mut whole).unwrap();
            }
            let mut rest = Log::new(&net);
            let mut kernel = Kernel::without(&net, Seed(7), lineage, begin, &aside).unwrap();
            while kernel.next_at().is_some_and(|next| next < end) {
                kernel.step(&mut rest).unwrap();
            }
            assert!(rest.about("alone").is_empty() && rest.about("once").is_empty());
            assert_eq!(rest.about("crewed:"), whole.about("crewed:"));
            assert_eq!(rest.about("pair"), whole.about("pair"));
            for one in &aside {
                let mut log = Log::new(&net);
                kernel.live_alone(*one, end, |moved| log.moved(moved)).unwrap();
                let name = format!("{}:", net.name(*one));
                let seen: Vec<&String> = log.lines.iter().collect();
                // The cause of a repair is the cause of the state that ends.
                assert_eq!(seen, whole.about(&name), "{name} {begin:?} {replication}");
                assert!(seen.len() > 300 || name == "once:", "{} moves", seen.len());
            }
        }
    }
}

#[test]
fn one_that_takes_no_time_at_all_is_refused() {
    let mut declaration = Declaration::default();
    declaration.add(Unit::new("restless", fixed(0.0), fixed(0.0)).automaton());
    let net = compile(&declaration);
    let one = net.automaton("restless").unwrap();
    let lineage = Lineage::replication(0);
    let kernel = Kernel::without(&net, Seed(1), lineage, Start::New, &[one]).unwrap();
    assert!(kernel.live_alone(one, at(1.0), |_| {}).is_err());
}
