//! The steady number of members, the delay after a step of load, bounds and pauses.

use proptest::prelude::*;

use super::{Act, Rule, Scaling, Seen, Step, Terms};
use crate::units::{SimDuration, SimTime};

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn terms(rule: Rule) -> Terms {
    Terms { minimum: 1, maximum: 20, rule, cool_out: SimDuration::ZERO, cool_in: SimDuration::ZERO }
}

fn target(value: f64) -> Rule {
    Rule::Target { value, tolerance: 0.1 }
}

/// The value of `members` members of capacity 1 under a load.
fn under(load: f64, members: u32) -> Seen {
    Seen { value: (load / f64::from(members)).min(1.0), members: f64::from(members) }
}

/// Applies decisions at once, until nothing changes.
fn settle(scaling: &mut Scaling, load: f64, mut members: u32) -> u32 {
    for second in 0..100 {
        match scaling.decide(at(second), under(load, members), members, [0, 0]) {
            Act::Stay => return members,
            Act::Out(more) => members += more,
            Act::In(fewer) => members -= fewer,
        }
    }
    panic!("it does not settle")
}

#[test]
fn a_constant_load_settles_at_load_over_target() {
    let settles = |load, from| settle(&mut Scaling::new(terms(target(0.5))), load, from);
    assert_eq!(settles(3.0, 1), 6);
    assert_eq!(settles(3.2, 1), 7, "6.4, rounded up");
    assert_eq!(settles(1.0, 15), 2);
    assert_eq!(settles(0.0, 15), 1, "the minimum");
    assert_eq!(settles(50.0, 2), 20, "the maximum");
}

/// At the bound of full utilisation a value of 1 asks for 1 ÷ target times the members: 1, 2, 4, 8, then 12.
#[test]
fn a_saturated_group_grows_by_one_over_the_target_per_period() {
    let mut scaling = Scaling::new(terms(target(0.5)));
    let mut members = 1;
    let mut seen = vec![1];
    while let Act::Out(more) = scaling.decide(at(0), under(6.0, members), members, [0, 0]) {
        members += more;
        seen.push(members);
    }
    assert_eq!(seen, [1, 2, 4, 8, 12]);
}

#[test]
fn members_on_their_way_are_not_launched_again() {
    let mut scaling = Scaling::new(terms(target(0.5)));
    let seen = under(3.0, 3);
    assert_eq!(scaling.decide(at(0), seen, 3, [0, 0]), Act::Out(3));
    assert_eq!(scaling.decide(at(30), seen, 3, [3, 0]), Act::Stay);
    assert_eq!(
        scaling.decide(at(45), seen, 3, [1, 2]),
        Act::Stay,
        "two have failed, and will be repeated"
    );
    assert_eq!(scaling.decide(at(60), seen, 3, [1, 0]), Act::Out(2), "two launches are missing");
    assert_eq!(scaling.decide(at(90), under(0.1, 3), 3, [1, 0]), Act::Stay, "one is on its way");
    assert_eq!(scaling.decide(at(99), under(0.1, 3), 3, [0, 2]), Act::In(2));
}

#[test]
fn a_deviation_within_the_tolerance_changes_nothing() {
    let scaling = Scaling::new(terms(target(0.5)));
    let seen = |value| Seen { value, members: 10.0 };
    assert_eq!(scaling.wanted(seen(0.55), 10), 10);
    assert_eq!(scaling.wanted(seen(0.551), 10), 12, "11.02, rounded up");
    assert_eq!(scaling.wanted(seen(0.45), 10), 10);
    assert_eq!(scaling.wanted(seen(0.449), 10), 9);
}

#[test]
fn the_outermost_step_counts_once_while_its_members_come() {
    let steps =
        vec![Step::Above(0.7, 1), Step::Above(0.9, 4), Step::Below(0.3, 1), Step::Below(0.1, 3)];
    let mut scaling = Scaling::new(terms(Rule::Steps(steps)));
    let seen = |value| Seen { value, members: 5.0 };
    assert_eq!(scaling.decide(at(0), seen(0.95), 5, [0, 0]), Act::Out(4));
    assert_eq!(scaling.decide(at(1), seen(0.95), 5, [4, 0]), Act::Stay);
    assert_eq!(scaling.decide(at(2), seen(0.7), 9, [0, 0]), Act::Out(1));
    assert_eq!(scaling.decide(at(3), seen(0.5), 10, [0, 0]), Act::Stay);
    assert_eq!(scaling.decide(at(4), seen(0.3), 10, [0, 0]), Act::In(1));
    assert_eq!(scaling.decide(at(5), seen(0.05), 9, [0, 0]), Act::In(3));
}

#[test]
fn pauses_hold_back_each_direction() {
    let mut scaling = Scaling::new(Terms {
        cool_out: SimDuration::from_secs(60),
        cool_in: SimDuration::from_secs(300),
        ..terms(target(0.5))
    });
    assert_eq!(scaling.decide(at(0), under(2.0, 2), 2, [0, 0]), Act::Out(2));
    assert_eq!(scaling.decide(at(59), under(4.0, 4), 4, [0, 0]), Act::Stay);
    assert_eq!(scaling.decide(at(60), under(4.0, 4), 4, [0, 0]), Act::Out(4));
    assert_eq!(scaling.decide(at(359), under(0.5, 8), 8, [0, 0]), Act::Stay);
    assert_eq!(scaling.decide(at(360), under(0.5, 8), 8, [0, 0]), Act::In(7));
    assert_eq!(
        scaling.decide(at(361), under(0.9, 1), 1, [0, 0]),
        Act::Out(1),
        "a scale-in holds back no scale-out"
    );
}

#[test]
fn without_members_there_is_no_value_and_the_minimum_is_wanted() {
    let scaling = Scaling::new(Terms { minimum: 2, ..terms(target(0.5)) });
    assert_eq!(scaling.wanted(Seen { value: 0.0, members: 0.0 }, 0), 2);
}

proptest! {
    /// Whatever is seen, the group stays within its bounds.
    #[test]
    fn the_number_stays_within_its_bounds(
        minimum in 1_u32..5,
        more in 0_u32..20,
        goal in 0.05_f64..2.0,
        values in prop::collection::vec(0.0_f64..1e6, 1..40),
    ) {
        let maximum = minimum + more;
        let mut scaling = Scaling::new(Terms { minimum, maximum, ..terms(target(goal)) });
        let mut members = minimum;
        for (second, value) in values.into_iter().enumerate() {
            let seen = Seen { value, members: f64::from(members) };
            match scaling.decide(at(second as u64), seen, members, [0, 0]) {
                Act::Stay => {}
                Act::Out(more) => members += more,
                Act::In(fewer) => members -= fewer,
            }
            prop_assert!((minimum..=maximum).contains(&members));
        }
    }

    /// A load that stays settles at ⌈load ÷ target⌉, or within the tolerance of it.
    #[test]
    fn a_constant_load_settles(load in 0.05_f64..9.0, from in 1_u32..20) {
        let mut scaling = Scaling::new(terms(target(0.5)));
        let members = settle(&mut scaling, load, from);
        let exact = load / 0.5;
        let settled = f64::from(members) == exact.ceil()
            || (exact / f64::from(members) - 1.0).abs() <= 0.1 + 1e-9;
        prop_assert!(settled, "{members} for {exact}");
    }
}
