//! Costs and losses of each way, record by record.

use super::*;

/// Ten records of 100 bytes to four subscribers: 4,000 bytes by four connections, 1,000 by multicast, none by sniffing.
#[test]
fn a_copy_for_each_subscriber_or_one_for_all_crosses_the_network() {
    for (mode, bytes) in [(Mode::Tcp, 4_000), (Mode::Multicast, 1_000), (Mode::Sniff, 0)] {
        let mut copies = Copies::new(terms(mode, 1, 4));
        for time in 0..10 {
            assert_eq!(copies.write(0, record(time), 0), Taken::GoesOn);
        }
        drain(&mut copies, ms(20));
        let counts = copies.counts();
        assert_eq!((counts.sent, counts.due, counts.delivered), (bytes, 40, 40), "{mode:?}");
        // Written at 0 to 9 ms, done at 20 ms: 15.5 ms on average.
        assert_eq!(counts.delay, 40 * 15_500_000, "{mode:?}");
        copies.close().unwrap();
    }
}

#[test]
fn a_block_takes_whole_records_up_to_its_size() {
    let mut copies = Copies::new(terms(Mode::Tcp, 1, 1));
    copies.write(0, record(0), 0);
    assert_eq!(copies.next().map(|sending| sending.bytes), Some(100));
    for time in 1..6 {
        copies.write(0, record(time), 0);
    }
    assert!(copies.next().is_none(), "one block at a time");
    copies.arrived(0);
    copies.worked(ms(9), 0, 0, End::Done);
    assert_eq!(copies.next().map(|sending| sending.bytes), Some(300));
}

#[test]
fn a_slow_subscriber_holds_up_no_other_connection() {
    let mut copies = Copies::new(terms(Mode::Tcp, 1, 2));
    for time in 0..10 {
        copies.write(0, record(time), 0);
        while let Some(sending) = copies.next() {
            copies.arrived(sending.lane);
            if sending.lane == 0 {
                copies.worked(ms(time), 0, 0, End::Done);
            }
        }
    }
    assert_eq!(copies.counts().delivered, 10);
    assert_eq!(copies.inside(), 10);
    copies.write(0, record(10), 0);
    assert_eq!(copies.counts().dropped, 1, "the buffer for the second is full");
}

/// In a group the slowest decides: the sender keeps a record until all have it.
#[test]
fn the_slowest_of_a_group_fills_the_buffer_of_the_sender() {
    let mut copies = Copies::new(terms(Mode::Multicast, 1, 3));
    for time in 0..12 {
        copies.write(0, record(time), 0);
        while let Some(sending) = copies.next() {
            for receiver in copies.arrived(sending.lane).0 {
                if receiver < 2 {
                    copies.worked(ms(time), sending.lane, receiver, End::Done);
                }
            }
        }
    }
    let counts = *copies.counts();
    assert_eq!(
        (counts.delivered, counts.dropped),
        (2, 6),
        "a block of one record, two records too many"
    );
    copies.worked(ms(20), 0, 2, End::Done);
    drain(&mut copies, ms(20));
    assert_eq!(copies.counts().delivered, 30);
    copies.close().unwrap();
}

#[test]
fn a_sender_waits_until_every_full_buffer_has_space() {
    let mut copies = Copies::new(Terms { waits: true, ..terms(Mode::Tcp, 1, 2) });
    for time in 0..10 {
        assert_eq!(copies.write(0, record(time), 0), Taken::GoesOn);
    }
    assert_eq!(copies.write(0, record(10), 7), Taken::Waits);
    for lane in 0..2 {
        assert_eq!(copies.next().map(|sending| sending.lane), Some(lane));
        copies.arrived(lane);
    }
    copies.worked(ms(11), 0, 0, End::Done);
    assert!(copies.freed().is_empty(), "the other buffer is full");
    copies.worked(ms(11), 1, 1, End::Done);
    assert_eq!(copies.freed(), [7]);
    drain(&mut copies, ms(12));
    assert_eq!((copies.counts().delivered, copies.counts().dropped), (22, 0));
    copies.close().unwrap();
}

#[test]
fn a_request_that_ends_while_it_waits_takes_its_records_along() {
    let mut copies = Copies::new(Terms { waits: true, ..terms(Mode::Multicast, 1, 3) });
    for time in 0..10 {
        copies.write(0, record(time), 0);
    }
    assert_eq!(copies.write(0, record(10), 7), Taken::Waits);
    copies.cancel(7);
    copies.cancel(7);
    assert_eq!(copies.counts().lost_sender, 3);
    drain(&mut copies, ms(12));
    assert!(copies.freed().is_empty());
    copies.close().unwrap();
}

/// Records that a sender holds are lost with it; those that a subscriber has accepted are not.
#[test]
fn a_sender_that_fails_loses_what_has_not_arrived() {
    for (arrives, lost) in [(false, 5), (true, 4)] {
        let mut copies = Copies::new(terms(Mode::Tcp, 2, 1));
        copies.write(0, record(0), 0);
        copies.write(1, record(0), 0);
        assert_eq!(copies.next().map(|sending| sending.lane), Some(0));
        for time in 1..5 {
            copies.write(0, record(time), 0);
        }
        if arrives {
            copies.arrived(0);
        }
        assert_eq!(copies.sender_lost(0).len(), usize::from(!arrives));
        assert!(copies.sender_lost(0).is_empty());
        assert_eq!(copies.counts().lost_sender, lost);
        copies.close().unwrap();
        copies.worked(ms(6), 0, 0, End::Done);
        assert_eq!(copies.counts().delivered, u128::from(arrives));
        copies.sender_back(0);
        copies.write(0, record(7), 0);
        drain(&mut copies, ms(8));
        copies.close().unwrap();
        assert_eq!(copies.inside(), 0);
    }
}

/// A connection keeps the records of a subscriber that is away, as many as the buffer holds.
#[test]
fn a_connection_sends_again_what_was_not_accepted() {
    let mut copies = Copies::new(terms(Mode::Tcp, 1, 1));
    copies.write(0, record(0), 0);
    let sending = copies.next().unwrap();
    copies.subscriber_lost(0);
    copies.arrived(sending.lane);
    copies.worked(ms(1), 0, 0, End::Refused);
    for time in 1..13 {
        copies.write(0, record(time), 0);
    }
    assert!(copies.next().is_none());
    assert_eq!(copies.counts().dropped, 3);
    assert!(copies.subscriber_back(0).is_empty());
    drain(&mut copies, ms(20));
    assert_eq!(copies.counts().delivered, 10);
    copies.close().unwrap();
}

/// A member of a group that is silent holds the group up until it is excluded; then it misses what is sent.
#[test]
fn a_group_waits_for_a_silent_member_until_it_is_excluded() {
    let mut copies = Copies::new(terms(Mode::Multicast, 1, 2));
    copies.subscriber_lost(1);
    copies.write(0, record(0), 0);
    let sending = copies.next().unwrap();
    assert_eq!(sending.receivers, [0, 1]);
    copies.arrived(0);
    copies.worked(ms(0), 0, 0, End::Done);
    copies.worked(ms(0), 0, 1, End::Refused);
    copies.write(0, record(1), 0);
    assert!(copies.next().is_none());
    copies.excluded(1);
    let sending = copies.next().unwrap();
    assert_eq!(sending.receivers, [0]);
    copies.arrived(0);
    copies.worked(ms(2), 0, 0, End::Done);
    assert_eq!((copies.counts().lost_away, copies.counts().delivered), (2, 2));
    copies.subscriber_back(1);
    copies.write(0, record(3), 0);
    assert_eq!(copies.next().unwrap().receivers, [0, 1]);
    copies.close().unwrap();
}

/// A member that stands has accepted its block, and is excluded all the same. Its later work changes nothing.
#[test]
fn a_member_that_stands_is_excluded_with_the_block_that_it_has() {
    let mut copies = Copies::new(terms(Mode::Multicast, 1, 2));
    copies.write(0, record(0), 0);
    copies.next().unwrap();
    assert_eq!(copies.arrived(0).0, [0, 1]);
    copies.worked(ms(1), 0, 0, End::Done);
    copies.write(0, record(1), 0);
    assert!(copies.next().is_none(), "the sender waits for the second");
    assert_eq!(copies.excluded(1), [0]);
    assert!(copies.excluded(1).is_empty());
    assert_eq!(copies.next().unwrap().receivers, [0]);
    copies.arrived(0);
    copies.worked(ms(3), 0, 0, End::Done);
    assert_eq!((copies.counts().lost_away, copies.counts().delivered), (2, 2));
    assert!(copies.subscriber_back(1).is_empty());
    copies.write(0, record(4), 0);
    assert_eq!(copies.next().unwrap().receivers, [0, 1]);
    copies.close().unwrap();
}

/// One member works on the block and the other has not accepted it: the sender alone had the second copy.
#[test]
fn a_sender_of_a_group_that_fails_loses_the_copies_that_it_alone_has() {
    for accepted in [true, false] {
        let mut copies = Copies::new(terms(Mode::Multicast, 1, 2));
        copies.subscriber_lost(1);
        copies.write(0, record(0), 0);
        copies.next().unwrap();
        copies.arrived(0);
        copies.worked(ms(1), 0, 1, End::Refused);
        copies.write(0, record(1), 0);
        if !accepted {
            copies.worked(ms(1), 0, 0, End::Done);
        }
        assert!(copies.sender_lost(0).is_empty(), "no block crosses the network");
        assert_eq!(copies.counts().lost_sender, 3, "one copy of the block, two that wait");
        assert_eq!(copies.inside(), u128::from(accepted));
        assert!(copies.subscriber_back(1).is_empty(), "it is lost");
        if accepted {
            copies.worked(ms(2), 0, 0, End::Done);
        }
        copies.sender_back(0);
        copies.write(0, record(3), 0);
        drain(&mut copies, ms(3));
        assert_eq!((copies.counts().delivered, copies.inside()), (3, 0));
        copies.close().unwrap();
    }
}

#[test]
fn a_member_that_is_back_before_it_is_excluded_misses_nothing() {
    let mut copies = Copies::new(terms(Mode::Multicast, 1, 2));
    copies.subscriber_lost(1);
    copies.write(0, record(0), 0);
    copies.next().unwrap();
    copies.arrived(0);
    copies.worked(ms(0), 0, 0, End::Done);
    copies.worked(ms(0), 0, 1, End::Refused);
    assert_eq!(copies.subscriber_back(1), [(0, 0)]);
    copies.worked(ms(1), 0, 1, End::Done);
    assert_eq!((copies.counts().delivered, copies.inside()), (2, 0));
    copies.close().unwrap();
}

#[test]
fn a_block_for_a_group_without_members_is_lost() {
    let mut copies = Copies::new(terms(Mode::Multicast, 1, 2));
    copies.write(0, record(0), 0);
    copies.next().unwrap();
    copies.write(0, record(1), 0);
    for subscriber in 0..2 {
        copies.subscriber_lost(subscriber);
        copies.excluded(subscriber);
    }
    assert!(copies.arrived(0).0.is_empty());
    copies.arrived_at_none(0);
    assert!(copies.next().is_none());
    assert_eq!((copies.counts().lost_away, copies.inside()), (4, 0));
    copies.close().unwrap();
}

/// A sniffer that fails loses what it has read; while it is away it reads nothing.
#[test]
fn a_sniffer_that_is_away_reads_nothing() {
    let mut copies = Copies::new(terms(Mode::Sniff, 2, 1));
    copies.write(0, record(0), 0);
    copies.write(1, record(0), 0);
    assert_eq!(copies.next().unwrap().sender, None);
    copies.arrived(0);
    assert_eq!(copies.sender_lost(0), [0_usize; 0]);
    assert_eq!(copies.subscriber_lost(0), [0]);
    copies.write(1, record(1), 0);
    let counts = copies.counts();
    assert_eq!((counts.lost_subscriber, counts.lost_away, counts.lost_sender), (2, 1, 0));
    copies.subscriber_back(0);
    copies.write(1, record(2), 0);
    drain(&mut copies, ms(3));
    assert_eq!(copies.counts().delivered, 1);
    copies.close().unwrap();
}

/// Records on the disk outlive the process. They are sent when they are collected, and again if they did not arrive.
#[test]
fn a_disk_keeps_what_a_process_has_written() {
    let mut copies = Copies::new(terms(Mode::Local, 1, 1));
    copies.keep(0, record(0));
    copies.keep(0, record(1));
    let parcel = copies.cut(0);
    assert_eq!((parcel.records, copies.held(0)), (2, 0));
    copies.keep(0, record(2));
    copies.stored(0, parcel, true);
    copies.close().unwrap();
    assert!(copies.next().is_none(), "not collected");
    copies.collect();
    assert_eq!(copies.next().unwrap().bytes, 200);
    assert_eq!(copies.sender_lost(0), [0]);
    assert_eq!(copies.counts().lost_sender, 1, "the record in memory");
    copies.collect();
    assert!(copies.next().is_none(), "away");
    copies.sender_back(0);
    drain(&mut copies, ms(9));
    assert_eq!((copies.counts().delivered, copies.inside()), (2, 0));
    copies.keep(0, record(10));
    let parcel = copies.cut(0);
    copies.stored(0, parcel, false);
    assert_eq!(copies.counts().lost_sender, 2);
    copies.close().unwrap();
}
