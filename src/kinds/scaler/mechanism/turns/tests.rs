//! Turns on one server, against a queue that is stepped second by second.

use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// Returns the second in which each launch, given by its instant and the time that it takes, ends on a server that provisions
/// `most` at a time: the first that wait begin whenever there is a place.
fn stepped(launches: &[(u64, u64)], most: usize) -> Vec<u64> {
    let mut ends = vec![0; launches.len()];
    let (mut working, mut next, mut now): (Vec<u64>, usize, u64) = (Vec::new(), 0, 0);
    while next < launches.len() {
        working.retain(|end| *end > now);
        while next < launches.len() && launches[next].0 <= now && working.len() < most {
            ends[next] = now + launches[next].1;
            working.push(ends[next]);
            next += 1;
        }
        now += 1;
    }
    ends
}

proptest! {
    /// Launches of two scalers on one server begin in their order, each as soon as fewer than the bound are provisioned.
    #[test]
    fn launches_wait_for_their_turn_as_in_a_queue_with_as_many_servers(
        gaps in prop::collection::vec((0_u64..20, 1_u64..30, any::<bool>()), 1..30),
        most in 1_u32..5,
    ) {
        let mut now = 0;
        let mut turns = [Turns::default(), Turns::default()];
        let (mut launches, mut found) = (Vec::new(), Vec::new());
        for (gap, takes, second) in gaps {
            now += gap;
            let (own, other) = if second { (1, 0) } else { (0, 1) };
            let others = turns[other].on(0).collect();
            let wait = turns[own].wait(at(now), 0, most, others);
            let end = at(now) + wait + SimDuration::from_secs(takes);
            turns[own].takes(at(now), (0, launches.len()), end);
            launches.push((now, takes));
            found.push(end);
        }
        let expected: Vec<SimTime> = stepped(&launches, most as usize).into_iter().map(at).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_turn_that_is_given_back_is_free_at_once_and_one_of_another_server_does_not_count() {
    let mut turns = Turns::default();
    turns.takes(at(0), (0, 7), at(100));
    assert_eq!(turns.wait(at(1), 0, 1, Vec::new()), SimDuration::from_secs(99));
    assert_eq!(turns.wait(at(1), 1, 1, Vec::new()), SimDuration::ZERO);
    turns.leaves(7);
    assert_eq!(turns.wait(at(1), 0, 1, Vec::new()), SimDuration::ZERO);
}
