//! Classes and turns against the numbered tests of the mechanism's description.

use super::*;

const A: Option<usize> = Some(0);
const B: Option<usize> = Some(1);

/// Returns a queue with `count` waiting reads, all from zone A but the last from zone B.
fn reads(count: usize) -> LeafQueue<usize> {
    let mut queue = LeafQueue::new(LIMITS);
    for number in 0..count {
        queue.put(Class::SyncRead, if number + 1 == count { B } else { A }, number);
    }
    queue
}

fn equal() -> Turns {
    Turns::new([100, 100])
}

/// 3.9 test 7: scores 500 against 10.
#[test]
fn a_zone_with_one_read_goes_before_one_with_49() {
    let (mut queue, mut turns) = (reads(50), equal());
    assert_eq!(queue.take(&mut turns), Some(49));
    assert_eq!(queue.take(&mut turns), Some(0), "then the oldest of the other zone");
    // The scores are as 500 to 10: with weights of 50 to 1 they are equal, and the zone that waits first goes.
    for (weight, first) in [(4_999, 49), (5_000, 0), (5_001, 0)] {
        let (mut queue, mut turns) = (reads(50), Turns::new([weight, 100]));
        assert_eq!(queue.take(&mut turns), Some(first), "{weight}");
    }
}

/// 3.9 test 8.
#[test]
fn with_nine_reads_waiting_the_first_is_served_first() {
    let (mut queue, mut turns) = (reads(9), equal());
    let order: Vec<usize> = std::iter::from_fn(|| queue.take(&mut turns)).collect();
    assert_eq!(order, (0..9).collect::<Vec<_>>());
}

#[test]
fn a_zone_that_is_passed_over_gains_weight_until_it_is_served() {
    let (mut queue, mut turns) = (LeafQueue::new(LIMITS), Turns::new([100, 900]));
    for number in 0..40_usize {
        queue.put(Class::SyncRead, if number % 2 == 0 { A } else { B }, number);
    }
    let mut of_a = 0;
    for _ in 0..200 {
        let next = queue.take(&mut turns).expect("the queue is kept full");
        queue.done(Class::SyncRead);
        queue.put(Class::SyncRead, if next % 2 == 0 { A } else { B }, next);
        of_a += usize::from(next % 2 == 0);
    }
    assert_eq!(of_a, 22, "at a weight of nine the scores are equal, and the first zone goes");
}

#[test]
fn the_system_itself_is_served_only_at_the_head_of_the_queue() {
    let (mut queue, mut turns) = (LeafQueue::new(LIMITS), equal());
    queue.put(Class::SyncRead, None, 100);
    for number in 0..11 {
        queue.put(Class::SyncRead, A, number);
    }
    let order: Vec<usize> = std::iter::from_fn(|| {
        let next = queue.take(&mut turns);
        queue.done(Class::SyncRead);
        next
    })
    .take(4)
    .collect();
    assert_eq!(order, [0, 1, 2, 100], "with nine waiting it is the first of them");
}

/// 4.5: the first class below its minimum, else the first below its maximum.
#[test]
fn each_class_has_its_minimum_before_any_has_more() {
    let (mut queue, mut turns) = (LeafQueue::new(LIMITS), equal());
    for number in 0..20 {
        queue.put(Class::AsyncWrite, A, number);
        queue.put(Class::SyncRead, A, 100 + number);
    }
    let active: Vec<i32> = std::iter::from_fn(|| queue.take(&mut turns)).collect();
    assert_eq!(active.len(), 20, "ten of each are the maximum");
    assert!(active[..10].iter().all(|number| *number >= 100), "reads have their ten first");
    queue.done(Class::AsyncWrite);
    assert_eq!(queue.take(&mut turns), Some(10), "writes are served in order");
    assert_eq!(queue.iter().count(), 19);
    assert_eq!(queue.clear().len(), 19);
}

#[test]
fn writes_keep_their_minimum_while_reads_come_without_end() {
    let (mut queue, mut turns) = (LeafQueue::new(LIMITS), equal());
    for number in 0..100 {
        queue.put(Class::SyncRead, A, number);
        queue.put(Class::AsyncWrite, A, 1000 + number);
    }
    let first: Vec<i32> = (0..13).filter_map(|_| queue.take(&mut turns)).collect();
    assert_eq!(first.iter().filter(|number| **number >= 1000).count(), 3);
}
