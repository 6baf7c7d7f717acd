//! Random sequences of operations: no message disappears, none completes without having been delivered, and
//! the order of publication is kept.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::harness::{message, millis, terms};
use crate::kinds::queue::mechanism::{
    BackOff, DeliveryId, Ended, Message, MessageQueue, Published, Standing, Terms, Verdict,
    WhenFull,
};
use crate::units::{Bytes, SimDuration, SimTime};

#[derive(Clone, Debug)]
enum Act {
    Waits(u64),
    Publishes { safe_after: u64, bytes: u64 },
    Delivers,
    Ends { which: usize, done: bool },
    Joins(u32),
    Gone(u32),
    Due,
    Breaks,
    Forgets,
    Stands(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u64..200).prop_map(Act::Waits),
        6 => (0_u64..20, 0_u64..50)
            .prop_map(|(safe_after, bytes)| Act::Publishes { safe_after, bytes }),
        8 => Just(Act::Delivers),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, done)| Act::Ends { which, done }),
        2 => (0_u32..4).prop_map(Act::Joins),
        1 => (0_u32..4).prop_map(Act::Gone),
        4 => Just(Act::Due),
        1 => Just(Act::Breaks),
        1 => Just(Act::Forgets),
        3 => any::<bool>().prop_map(Act::Stands),
    ]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let bounds = (
        prop::option::of(1_u32..4),
        prop::option::of(1_u64..300),
        prop::option::of(1_u32..4),
        prop::option::of(1_u32..10),
        prop::option::of(1_u64..200),
        any::<bool>(),
    );
    bounds.prop_map(|(prefetch, within, attempts, limit, bytes, reject)| Terms {
        prefetch,
        acknowledge_within: within.map(millis),
        attempts,
        back_off: BackOff { first: millis(50), factor: 2.0, longest: SimDuration::from_secs(1) },
        limit,
        limit_bytes: bytes.map(Bytes::new),
        when_full: if reject { WhenFull::Reject } else { WhenFull::DropOldest },
        ..terms()
    })
}

/// Expected state by a plain reading of the rules, kept beside the queue itself.
#[derive(Default)]
struct Witness {
    open: Vec<(DeliveryId, u32, u64)>,
    attempts: BTreeMap<u64, u32>,
    done: BTreeMap<u64, u32>,
    completed: u64,
    /// Messages in the order of their first delivery.
    first: Vec<u64>,
}

fn play(terms: Terms, acts: &[Act]) -> Result<(), TestCaseError> {
    let mut queue = MessageQueue::new(terms, 4);
    let (mut now, mut next) = (SimTime::ZERO, 0);
    let mut seen = Witness::default();
    for act in acts {
        let off = queue.standing() == Standing::Off;
        match act {
            Act::Waits(time) => now = now + millis(*time),
            Act::Publishes { safe_after, bytes } => {
                if queue.standing() != Standing::Serves {
                    continue;
                }
                let sent = Message { bytes: Bytes::new(*bytes), ..message(next) };
                let before = queue.account().counts;
                let said = queue.publish(now, sent, now + millis(*safe_after));
                let after = queue.account().counts;
                next += 1;
                match said {
                    Published::Rejected => {
                        prop_assert_eq!(terms.when_full, WhenFull::Reject);
                        prop_assert_eq!(after.rejected, before.rejected + 1);
                    }
                    Published::Accepted(safe) => {
                        prop_assert!(safe >= now);
                        if terms.when_full == WhenFull::Reject {
                            prop_assert_eq!(after.dropped, before.dropped);
                        }
                    }
                }
            }
            Act::Delivers => {
                let Some(delivery) = queue.deliver(now) else { continue };
                prop_assert!(queue.standing() == Standing::Serves);
                let of = delivery.message.ordinal;
                let attempts = seen.attempts.entry(of).or_default();
                *attempts += 1;
                prop_assert_eq!(*attempts, delivery.attempt);
                prop_assert!(terms.attempts.is_none_or(|most| delivery.attempt <= most));
                if delivery.attempt == 1 {
                    seen.first.push(of);
                }
                seen.open.push((delivery.id, delivery.consumer, of));
                let held = queue.open_at(delivery.consumer);
                prop_assert!(terms.prefetch.is_none_or(|prefetch| held <= prefetch));
            }
            Act::Ends { which, done } => {
                if seen.open.is_empty() {
                    continue;
                }
                let (id, _, of) = seen.open.swap_remove(which % seen.open.len());
                let verdict = if *done { Verdict::Done } else { Verdict::Failed };
                let ended = queue.ends(now, id, verdict);
                prop_assert!(ended != Ended::Unknown || queue.standing() == Standing::Stalled);
                if *done {
                    seen.completed += 1;
                    *seen.done.entry(of).or_default() += 1;
                }
            }
            Act::Joins(consumer) => queue.joins(*consumer),
            Act::Gone(consumer) => {
                // A stalled broker receives this later; the work of the consumer is over all the same.
                seen.open.retain(|(_, by, _)| by != consumer);
                queue.gone(now, *consumer);
            }
            Act::Due => queue.due(now),
            Act::Breaks => queue.breaks(now),
            Act::Forgets if off => queue.forgets(now),
            Act::Forgets => {}
            Act::Stands(stalled) if *stalled && !off => queue.stands(now, Standing::Stalled),
            Act::Stands(_) => queue.stands(now, Standing::Serves),
        }
        prop_assert!(queue.account().balances());
        prop_assert!(queue.close(now).is_ok(), "{:?}", queue.close(now));
    }
    prop_assert!(seen.first.is_sorted(), "first in, first delivered: {:?}", seen.first);
    // To the end: all consumers work until the queue is empty.
    queue.stands(now, Standing::Serves);
    let counts = queue.account().counts;
    prop_assert_eq!(counts.completed, seen.completed);
    let again: u32 = seen.done.values().map(|times| times - 1).sum();
    prop_assert_eq!(counts.duplicates, u64::from(again));
    for (id, ..) in seen.open.drain(..) {
        queue.ends(now, id, Verdict::Done);
    }
    (0..4).for_each(|consumer| queue.joins(consumer));
    while queue.account().inside() > 0 {
        while let Some(delivery) = queue.deliver(now) {
            queue.ends(now, delivery.id, Verdict::Done);
        }
        if let Some(at) = queue.next_due() {
            now = now.max(at);
            queue.due(now);
        }
    }
    queue.close(now).map_err(TestCaseError::fail)?;
    prop_assert_eq!(queue.bytes_waiting().count(), 0);
    prop_assert_eq!(queue.next_due(), None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_message_disappears_whatever_happens(
        terms in any_terms(),
        acts in prop::collection::vec(act(), 1..120),
    ) {
        play(terms, &acts)?;
    }
}
