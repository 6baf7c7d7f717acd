use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn at(nanos: u64) -> SimTime {
    SimTime::from_nanos(nanos)
}

/// Promise D7: events are popped in the order (time, sequence).
#[test]
fn events_at_one_instant_come_out_in_the_order_they_went_in() {
    let mut calendar = Calendar::new();
    for code in 0..1000 {
        calendar.push(at(u64::from(code % 3)), code);
    }
    let mut last = None;
    while let Some(due) = calendar.pop() {
        assert_eq!(due.at, at(u64::from(due.code % 3)));
        assert!(last < Some((due.at, due.code)), "{due:?} after {last:?}");
        last = Some((due.at, due.code));
    }
    assert_eq!(last, Some((at(2), 998)));
    assert_eq!(calendar.now(), at(2));
}

#[test]
fn a_re_armed_alarm_is_told_from_the_stale_one_by_its_ticket() {
    let mut calendar = Calendar::new();
    let mut armed = Ticket::NONE;
    assert_ne!(armed, calendar.push(at(30), 5), "no push has the ticket of none");
    armed = calendar.push(at(10), 5);
    let due = calendar.pop().unwrap();
    assert_eq!((due.ticket, due.at, due.code), (armed, at(10), 5));
    assert_ne!(calendar.pop().unwrap().ticket, armed, "the first alarm is stale");
    assert_eq!(calendar.pop(), None);
}

#[test]
#[should_panic(expected = "in the past")]
fn time_does_not_go_back() {
    let mut calendar = Calendar::new();
    calendar.push(at(10), 0);
    calendar.pop();
    calendar.push(at(9), 0);
}

#[test]
#[should_panic(expected = "codes have 28 bits")]
fn a_code_too_large_is_refused_instead_of_disturbing_the_order() {
    Calendar::new().push(at(0), Calendar::CODE_LIMIT);
}

#[test]
fn the_largest_time_and_code_are_kept() {
    let mut calendar = Calendar::new();
    let late = calendar.push(SimTime::NEVER, Calendar::CODE_LIMIT - 1);
    calendar.push(at(1), 7);
    calendar.pop();
    let due = Due { at: SimTime::NEVER, ticket: late, code: Calendar::CODE_LIMIT - 1 };
    assert_eq!(calendar.pop(), Some(due));
}

#[derive(Clone, Debug)]
enum Step {
    Push {
        delay: u64,
        code: u32,
    },
    /// `count` events, each after a multiple of `delay`.
    Burst {
        count: u32,
        delay: u64,
    },
    Pop,
    Split,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = |(delay, code)| Step::Push { delay, code };
    let step = prop_oneof![
        5 => (0_u64..20, 0..Calendar::CODE_LIMIT).prop_map(push),
        1 => (0..u64::MAX / 1_000, 0_u32..9).prop_map(push),
        5 => Just(Step::Pop),
        // More events than the array holds, so that every path between the array and the heap is taken.
        1 => (1_u32..90, 0_u64..40).prop_map(|(count, delay)| Step::Burst { count, delay }),
        1 => Just(Step::Split),
    ];
    prop::collection::vec(step, 0..400)
}

proptest! {
    /// Compares the calendar with a sorted set of (time, sequence, code): the same results of every call.
    #[test]
    fn the_calendar_is_a_sorted_set(steps in steps()) {
        let mut calendar = Calendar::new();
        let mut model: BTreeSet<(SimTime, u64, u32)> = BTreeSet::new();
        let mut sequence = 0;
        for step in steps {
            match step {
                Step::Push { delay, code } => {
                    let time = at(calendar.now().nanos() + delay);
                    sequence += 1;
                    prop_assert_eq!(calendar.push(time, code).sequence(), sequence);
                    model.insert((time, sequence, code));
                }
                Step::Burst { count, delay } => {
                    for number in 0..count {
                        let time = at(calendar.now().nanos() + delay * u64::from(number * 37 % 11));
                        sequence += 1;
                        prop_assert_eq!(calendar.push(time, number).sequence(), sequence);
                        model.insert((time, sequence, number));
                    }
                }
                Step::Pop => {
                    let due = calendar.pop().map(|due| (due.at, due.ticket.sequence(), due.code));
                    prop_assert_eq!(due, model.pop_first());
                }
                Step::Split => calendar = calendar.clone(),
            }
            prop_assert_eq!(calendar.len(), model.len());
            prop_assert_eq!(calendar.next_at(), model.first().map(|(time, ..)| *time));
        }
        while let Some(due) = calendar.pop() {
            prop_assert_eq!(Some((due.at, due.ticket.sequence(), due.code)), model.pop_first());
        }
        prop_assert!(model.is_empty());
    }
}

/// An event that gets its instant late has the place that it would have had if it had been pushed when it
/// got its ticket, ties included.
#[test]
fn a_late_event_keeps_its_place_in_the_order() {
    let key = crate::engine::draw::Key::derive(
        crate::engine::draw::Seed(1),
        crate::engine::draw::Lineage::replication(0),
        "late",
        "events",
    );
    let at = |number: u32| SimTime::from_nanos(1_000 + key.bits(u64::from(number), 0) % 40);
    let order = |late: bool| {
        let mut calendar = Calendar::new();
        let mut waiting = Vec::new();
        for number in 0..300 {
            if late && number % 3 == 0 {
                waiting.push((calendar.ticket(), number));
            } else {
                calendar.push(at(number), number);
            }
        }
        for (ticket, number) in waiting.into_iter().rev() {
            calendar.push_as(ticket, at(number), number);
        }
        std::iter::from_fn(|| calendar.pop()).collect::<Vec<_>>()
    };
    let all = order(false);
    assert_eq!(all.len(), 300);
    assert_eq!(all, order(true));
}
