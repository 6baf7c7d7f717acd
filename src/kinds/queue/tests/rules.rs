//! The rules of the broker, in cases small enough to follow.

use super::harness::{deliver_all, message, millis, ms, publish, terms};
use crate::kinds::queue::mechanism::{
    BackOff, Delivery, Ended, Message, MessageQueue, Published, Standing, Terms, Verdict, WhenFull,
};
use crate::units::{Bytes, SimDuration, SimTime};

fn queue(terms: Terms, consumers: u32) -> MessageQueue {
    let mut queue = MessageQueue::new(terms, consumers);
    (0..consumers).for_each(|consumer| queue.joins(consumer));
    queue
}

fn ordinals(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.message.ordinal).collect()
}

/// Two consumers with three slots each take turns; a consumer with a slot that is free again goes to the end.
#[test]
fn consumers_take_turns_by_free_slots() {
    let mut queue = queue(Terms { prefetch: Some(3), ..terms() }, 2);
    (0..8).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    let given = deliver_all(&mut queue, ms(0));
    let to: Vec<u32> = given.iter().map(|delivery| delivery.consumer).collect();
    assert_eq!(to, [0, 1, 0, 1, 0, 1]);
    assert_eq!(ordinals(&given), [0, 1, 2, 3, 4, 5]);
    assert_eq!(queue.ends(ms(1), given[1].id, Verdict::Done), Ended::Acknowledged);
    assert_eq!(queue.ends(ms(1), given[2].id, Verdict::Done), Ended::Acknowledged);
    let next = deliver_all(&mut queue, ms(1));
    let to: Vec<u32> = next.iter().map(|delivery| delivery.consumer).collect();
    assert_eq!((to, ordinals(&next)), (vec![1, 0], vec![6, 7]));
    assert_eq!((queue.open_at(0), queue.open_at(1)), (3, 3));
}

/// Without a bound every message is sent at once, evenly, as in RabbitMQ without a prefetch count.
#[test]
fn without_a_prefetch_nothing_waits_at_the_broker() {
    let mut queue = queue(Terms { prefetch: None, ..terms() }, 3);
    (0..30).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    assert_eq!(deliver_all(&mut queue, ms(0)).len(), 30);
    assert_eq!([0, 1, 2].map(|consumer| queue.open_at(consumer)), [10, 10, 10]);
    assert_eq!(queue.account().waiting.number(), 0);
}

/// A consumer dies with three unfinished messages: exactly these come back, before all younger ones and in
/// their old order.
#[test]
fn messages_come_back_to_their_old_place() {
    let mut queue = queue(Terms { prefetch: Some(3), ..terms() }, 2);
    (0..10).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    let given = deliver_all(&mut queue, ms(0));
    let at_first: Vec<Delivery> = given.iter().filter(|d| d.consumer == 0).copied().collect();
    assert_eq!(ordinals(&at_first), [0, 2, 4]);
    queue.gone(ms(5), 0);
    let counts = queue.account().counts;
    assert_eq!((counts.returned, queue.account().waiting.number()), (3, 7));
    assert_eq!(queue.ends(ms(6), at_first[0].id, Verdict::Done), Ended::Unknown);
    assert!(queue.deliver(ms(6)).is_none(), "the other consumer has no free slot");
    queue.joins(0);
    let again = deliver_all(&mut queue, ms(7));
    assert_eq!(ordinals(&again), [0, 2, 4]);
    assert!(again.iter().all(|delivery| delivery.attempt == 2));
    assert_eq!(queue.account().counts.redelivered, 3);
    for delivery in given.iter().filter(|d| d.consumer == 1) {
        queue.ends(ms(8), delivery.id, Verdict::Done);
    }
    assert_eq!(ordinals(&deliver_all(&mut queue, ms(8))), [6, 7, 8]);
}

/// After the time-out another consumer repeats the work; the second completion is a duplicate,
/// whichever consumer makes it.
#[test]
fn work_after_the_time_out_is_done_twice() {
    let terms = Terms { acknowledge_within: Some(millis(100)), ..terms() };
    let mut queue = queue(terms, 2);
    publish(&mut queue, ms(0), 0);
    let first = queue.deliver(ms(0)).unwrap();
    assert_eq!(queue.next_due(), Some(ms(100)));
    queue.due(ms(99));
    assert!(queue.deliver(ms(99)).is_none());
    queue.due(ms(100));
    let second = queue.deliver(ms(100)).unwrap();
    assert_eq!((second.consumer, second.attempt), (1, 2));
    // The first delivery no longer counts, but its work is the first completion.
    assert_eq!(queue.ends(ms(150), first.id, Verdict::Done), Ended::Stale);
    assert_eq!(queue.account().inside(), 1);
    assert_eq!(queue.account().counts.duplicates, 0);
    assert_eq!(queue.ends(ms(160), second.id, Verdict::Done), Ended::Acknowledged);
    let counts = queue.account().counts;
    assert_eq!((counts.completed, counts.duplicates, counts.stale), (2, 1, 1));
    assert_eq!((counts.acknowledged, counts.timed_out, counts.late), (1, 1, 0));
    let times = queue.account().end_to_end.as_ref().unwrap();
    assert_eq!((times.count_at_most(u64::MAX), times.mean().unwrap().round()), (1, 150e6));
    queue.close(ms(200)).unwrap();
}

/// An acknowledgement that is late, but before the next delivery, counts, and no work is done twice.
#[test]
fn an_acknowledgement_counts_until_the_next_delivery() {
    let terms = Terms { acknowledge_within: Some(millis(100)), ..terms() };
    let mut queue = queue(terms, 1);
    publish(&mut queue, ms(0), 0);
    let only = queue.deliver(ms(0)).unwrap();
    queue.due(ms(100));
    assert!(queue.deliver(ms(100)).is_none(), "the only slot is still taken");
    assert_eq!(queue.ends(ms(130), only.id, Verdict::Done), Ended::Acknowledged);
    let counts = queue.account().counts;
    assert_eq!((counts.late, counts.redelivered, counts.duplicates), (1, 0, 0));
    assert!(queue.deliver(ms(130)).is_none());
    assert_eq!(queue.account().inside(), 0);
}

/// The broker has stopped waiting for a consumer; the slot is free only when the consumer has finished.
#[test]
fn a_slow_consumer_is_not_given_more() {
    let terms = Terms { acknowledge_within: Some(millis(100)), ..terms() };
    let mut queue = queue(terms, 1);
    (0..5).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    let first = queue.deliver(ms(0)).unwrap();
    for tick in 1..10 {
        queue.due(ms(100 * tick));
        assert!(queue.deliver(ms(100 * tick)).is_none());
    }
    assert_eq!(queue.ends(ms(950), first.id, Verdict::Failed), Ended::Stale);
    assert_eq!(queue.deliver(ms(950)).unwrap().message.ordinal, 0);
}

/// Pauses of 1, 2, 4, 5, 5 s, then the sixth delivery was the last.
#[test]
fn failures_are_repeated_after_a_growing_pause_and_then_given_up() {
    let back_off = BackOff { first: millis(1_000), factor: 2.0, longest: millis(5_000) };
    let mut queue = queue(Terms { back_off, attempts: Some(6), ..terms() }, 1);
    publish(&mut queue, ms(0), 0);
    publish(&mut queue, ms(0), 1);
    let mut now = SimTime::ZERO;
    let mut pauses = Vec::new();
    for attempt in 1..7 {
        let delivery = queue.deliver(now).unwrap();
        assert_eq!((delivery.message.ordinal, delivery.attempt), (0, attempt));
        let ended = queue.ends(now, delivery.id, Verdict::Failed);
        if attempt == 6 {
            assert_eq!(ended, Ended::DeadLetter);
            break;
        }
        assert_eq!(ended, Ended::BackOff);
        if attempt == 1 {
            // A message in its pause does not hold up others.
            let other = queue.deliver(now).unwrap();
            assert_eq!(other.message.ordinal, 1);
            queue.ends(now, other.id, Verdict::Done);
        }
        let next = queue.next_due().unwrap();
        pauses.push((next - now).seconds());
        now = next;
        queue.due(now);
    }
    assert_eq!(pauses, [1.0, 2.0, 4.0, 5.0, 5.0]);
    let counts = queue.account().counts;
    assert_eq!((counts.failed, counts.dead_lettered, counts.delivered), (6, 1, 7));
    assert_eq!((queue.account().inside(), counts.acknowledged), (0, 1));
}

/// A queue with a limit of three that keeps its newest messages; messages in flight do not count.
#[test]
fn drop_oldest_keeps_the_newest() {
    let terms = Terms { limit: Some(3), when_full: WhenFull::DropOldest, ..terms() };
    let mut queue = queue(terms, 1);
    publish(&mut queue, ms(0), 0);
    let first = queue.deliver(ms(0)).unwrap();
    for ordinal in 1..8 {
        assert!(matches!(publish(&mut queue, ms(1), ordinal), Published::Accepted(_)));
    }
    assert_eq!((queue.account().counts.dropped, queue.account().waiting.number()), (4, 3));
    queue.gone(ms(2), first.consumer);
    assert_eq!(queue.account().waiting.number(), 4, "who comes back has room");
    queue.joins(0);
    let mut seen = Vec::new();
    while let Some(delivery) = queue.deliver(ms(3)) {
        seen.push(delivery.message.ordinal);
        queue.ends(ms(3), delivery.id, Verdict::Done);
    }
    assert_eq!(seen, [0, 5, 6, 7]);
}

/// 100 bytes hold two messages of 40; the third is refused, or takes the place of the first.
#[test]
fn a_limit_may_be_of_bytes() {
    for (when_full, accepted, left) in [(WhenFull::Reject, 2, 80), (WhenFull::DropOldest, 3, 80)] {
        let terms = Terms { limit_bytes: Some(Bytes::new(100)), when_full, ..terms() };
        let mut queue = queue(terms, 1);
        for ordinal in 0..3 {
            let sent = Message { bytes: Bytes::new(40), ..message(ordinal) };
            queue.publish(ms(0), sent, ms(0));
        }
        let counts = queue.account().counts;
        assert_eq!((counts.published, queue.bytes_waiting().count()), (accepted, left));
        // A message larger than the limit is refused, or is dropped itself.
        let huge = Message { bytes: Bytes::new(101), ..message(3) };
        let said = queue.publish(ms(1), huge, ms(1));
        assert_eq!(said == Published::Rejected, when_full == WhenFull::Reject);
        assert!(queue.bytes_waiting().count() <= 100);
        queue.close(ms(2)).unwrap();
    }
}

/// Safe after 5 ms, in the order of publication: not delivered before, and lost with the broker.
#[test]
fn a_broker_loses_what_is_not_safe() {
    let mut queue = queue(terms(), 4);
    assert_eq!(queue.publish(ms(0), message(0), ms(5)), Published::Accepted(ms(5)));
    assert_eq!(queue.publish(ms(1), message(1), ms(3)), Published::Accepted(ms(5)));
    assert_eq!(queue.publish(ms(2), message(2), ms(7)), Published::Accepted(ms(7)));
    assert!(queue.deliver(ms(2)).is_none());
    assert_eq!(queue.next_due(), Some(ms(5)));
    queue.due(ms(5));
    assert_eq!(ordinals(&deliver_all(&mut queue, ms(5))), [0, 1]);
    queue.breaks(ms(6));
    let counts = queue.account().counts;
    assert_eq!((counts.lost, counts.lost_unconfirmed, counts.returned), (1, 1, 2));
    assert!(queue.deliver(ms(6)).is_none(), "a broker that is gone delivers nothing");
    queue.stands(ms(50), Standing::Serves);
    let again = deliver_all(&mut queue, ms(50));
    // Two slots are still taken by work that no longer counts.
    assert_eq!(ordinals(&again), [0, 1]);
    assert!(again.iter().all(|delivery| delivery.consumer >= 2));
    queue.close(ms(60)).unwrap();
}

/// Work under way when the broker failed completes without effect, and is then repeated.
#[test]
fn work_that_outlives_its_broker_is_a_duplicate() {
    let mut queue = queue(terms(), 1);
    publish(&mut queue, ms(0), 0);
    let first = queue.deliver(ms(0)).unwrap();
    queue.breaks(ms(10));
    assert_eq!(queue.ends(ms(20), first.id, Verdict::Done), Ended::Stale);
    queue.stands(ms(30), Standing::Serves);
    let second = queue.deliver(ms(30)).unwrap();
    assert_eq!(second.attempt, 2);
    assert_eq!(queue.ends(ms(40), second.id, Verdict::Done), Ended::Acknowledged);
    let counts = queue.account().counts;
    assert_eq!((counts.completed, counts.duplicates, counts.lost), (2, 1, 0));
}

/// A delivery that timed out may be acknowledged late, but not over a connection that ended with the broker.
#[test]
fn a_late_acknowledgement_needs_the_broker_that_delivered() {
    for dies in [false, true] {
        let terms = Terms { acknowledge_within: Some(millis(100)), prefetch: Some(1), ..terms() };
        let mut queue = queue(terms, 1);
        publish(&mut queue, ms(0), 0);
        let first = queue.deliver(ms(0)).unwrap();
        queue.due(ms(100));
        if dies {
            queue.breaks(ms(110));
            queue.stands(ms(120), Standing::Serves);
        }
        let expected = if dies { Ended::Stale } else { Ended::Acknowledged };
        assert_eq!(queue.ends(ms(130), first.id, Verdict::Done), expected);
        assert_eq!(queue.account().counts.late, u64::from(!dies));
        queue.close(ms(140)).unwrap();
    }
}

/// Without a disk and a follower every message is lost, whatever its state.
#[test]
fn a_broker_without_a_disk_forgets_everything() {
    let mut queue = queue(Terms { prefetch: Some(2), ..terms() }, 1);
    (0..6).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    let given = deliver_all(&mut queue, ms(0));
    queue.ends(ms(1), given[0].id, Verdict::Failed);
    queue.publish(ms(1), message(6), ms(9));
    queue.breaks(ms(2));
    queue.forgets(ms(2));
    let counts = queue.account().counts;
    assert_eq!((counts.lost, counts.lost_unconfirmed), (7, 1));
    assert_eq!((queue.account().inside(), queue.next_due()), (0, None));
    assert_eq!(queue.ends(ms(3), given[1].id, Verdict::Done), Ended::Stale);
    assert_eq!(queue.account().counts.duplicates, 0, "it was done once");
    queue.stands(ms(4), Standing::Serves);
    publish(&mut queue, ms(4), 7);
    assert_eq!(queue.deliver(ms(4)).unwrap().message.ordinal, 7);
    queue.close(ms(5)).unwrap();
}

/// A stall keeps every message and every acknowledgement under way; time-outs wait for its end.
#[test]
fn a_stalled_broker_hears_of_everything_later() {
    let terms = Terms { acknowledge_within: Some(millis(100)), ..terms() };
    let mut queue = queue(terms, 2);
    (0..4).for_each(|ordinal| {
        publish(&mut queue, ms(0), ordinal);
    });
    let given = deliver_all(&mut queue, ms(0));
    queue.stands(ms(10), Standing::Stalled);
    assert_eq!(queue.ends(ms(20), given[0].id, Verdict::Done), Ended::Held);
    assert_eq!((queue.next_due(), queue.deliver(ms(20))), (None, None));
    queue.due(ms(300));
    queue.stands(ms(400), Standing::Serves);
    let counts = queue.account().counts;
    assert_eq!((counts.acknowledged, counts.timed_out), (1, 1));
    assert_eq!(ordinals(&deliver_all(&mut queue, ms(400))), [1]);
}

/// A stalled broker whose process dies has never read the acknowledgements that arrived during the stall.
#[test]
fn what_a_stalled_broker_has_not_read_dies_with_it() {
    let mut queue = queue(terms(), 1);
    publish(&mut queue, ms(0), 0);
    let first = queue.deliver(ms(0)).unwrap();
    queue.stands(ms(10), Standing::Stalled);
    queue.ends(ms(20), first.id, Verdict::Done);
    queue.breaks(ms(30));
    assert_eq!(queue.account().counts.acknowledged, 0);
    queue.stands(ms(40), Standing::Serves);
    assert_eq!(queue.deliver(ms(40)).unwrap().attempt, 2);
}

/// Analytic value, in ms: ready from 0 (published at 0) to 10 with ages 0 to 10, area 50; the next, published at
/// 4, from 10 to 12 with ages 6 to 8, area 14; nothing ready until 20; then the first again, ages 20 to 30,
/// area 250. Together 314 ms² = 314 × 10¹² ns².
#[test]
fn the_age_of_the_oldest_message_is_integrated_exactly() {
    let mut queue = MessageQueue::new(Terms { prefetch: None, ..terms() }, 1);
    publish(&mut queue, ms(0), 0);
    publish(&mut queue, ms(4), 1);
    queue.joins(0);
    assert_eq!(queue.account().age.at(ms(9)), Some(millis(9)));
    let first = queue.deliver(ms(10)).unwrap();
    assert_eq!(queue.account().age.at(ms(11)), Some(millis(7)));
    let second = queue.deliver(ms(12)).unwrap();
    assert_eq!(queue.account().age.at(ms(15)), None);
    queue.ends(ms(16), second.id, Verdict::Done);
    assert_eq!(first.message.ordinal, 0);
    queue.gone(ms(20), 0);
    assert_eq!(queue.account().age.twice_area(ms(30)), 2 * 314 * 1_000_000_000_000);
    assert_eq!(queue.account().age.most(ms(30)), millis(30));
    let figures = queue.account().read(ms(30)).since(&queue_at_zero()).unwrap();
    assert!((figures.age - 0.314 / 30.0).abs() < 1e-12, "{figures:?}");
}

fn queue_at_zero() -> crate::kinds::queue::account::Reading {
    MessageQueue::new(terms(), 1).account().read(SimTime::ZERO)
}

/// No deadline is kept for deliveries that have ended, however long an acknowledgement may take.
#[test]
fn deadlines_of_the_past_are_swept() {
    let day = SimDuration::DAY;
    let mut queue = queue(Terms { acknowledge_within: Some(day), ..terms() }, 1);
    for ordinal in 0..100_000 {
        let now = ms(ordinal);
        publish(&mut queue, now, ordinal);
        let delivery = queue.deliver(now).unwrap();
        queue.ends(now, delivery.id, Verdict::Done);
        queue.tell_left(|_, _, _| ());
        assert!(delivery.id.index() < 1, "slots are used again");
    }
    assert!(format!("{queue:?}").len() < 20_000, "its memory follows what is inside");
}
