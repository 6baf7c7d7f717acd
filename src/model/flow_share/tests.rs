//! Transfers against exact cases.

use super::*;
use crate::units::{SimDuration, round_ratio};

const GIGABIT: u64 = 125_000_000;

/// `top / bottom` seconds to the nearest nanosecond.
fn fraction(top: u64, bottom: u64) -> SimTime {
    let nanos = u128::from(top) * u128::from(NANOS_PER_SECOND);
    SimTime::from_nanos(round_ratio(nanos, u128::from(bottom)).unwrap())
}

fn gigabits_per_s(count: u64) -> Bandwidth {
    Bandwidth::from_bytes_per_s(count * GIGABIT)
}

fn run_empty(flows: &mut FlowShare, count: usize) -> Vec<SimTime> {
    let mut finishes = vec![SimTime::NEVER; count];
    let mut finished = Vec::new();
    while let Some(now) = flows.next_due() {
        let early = SimTime::from_nanos(now.nanos() - 1);
        flows.advance(early, &mut finished);
        assert!(finished.is_empty(), "nothing arrives before it is due");
        flows.advance(now, &mut finished);
        for flow in finished.drain(..) {
            finishes[flow as usize] = now;
        }
    }
    finishes
}

/// O24.
#[test]
fn transfers_share_the_links_max_min() {
    let capacities = [gigabits_per_s(10), gigabits_per_s(4), gigabits_per_s(3)];
    let mut flows = FlowShare::new(&capacities);
    let paths = [&[0, 1][..], &[1], &[0, 2], &[2], &[0]].map(|links| flows.path(links, None));
    for (flow, size) in [20, 6, 15, 15, 40].into_iter().enumerate() {
        flows.start(SimTime::ZERO, paths[flow], Bytes::new(size * GIGABIT), flow as u32);
    }
    let rates = paths.map(|path| flows.rate_per_flow(path) / GIGABIT as f64);
    assert_eq!(rates, [2.0, 2.0, 1.5, 1.5, 6.5]);
    assert_eq!(flows.load(0), 10.0 * GIGABIT as f64);
    let finishes = run_empty(&mut flows, 5);
    let exact =
        [fraction(13, 2), fraction(3, 1), fraction(10, 1), fraction(10, 1), fraction(120, 17)];
    assert_eq!(finishes, exact);
}

#[test]
fn a_cut_link_keeps_its_transfers_until_it_is_back() {
    let mut flows = FlowShare::new(&[gigabits_per_s(1), gigabits_per_s(2)]);
    let across = flows.path(&[0, 1], None);
    let near = flows.path(&[1], None);
    flows.start(SimTime::ZERO, across, Bytes::new(2 * GIGABIT), 0);
    flows.start(SimTime::ZERO, near, Bytes::new(4 * GIGABIT), 1);
    flows.capacity(fraction(1, 1), 0, Bandwidth::from_bytes_per_s(0));
    // One gigabit of each moved; the near one now has the second link alone, until 2.5 s.
    assert_eq!(flows.next_due(), Some(fraction(5, 2)));
    let mut finished = Vec::new();
    flows.advance(fraction(5, 2), &mut finished);
    assert_eq!(finished, [1]);
    assert_eq!(flows.next_due(), None);
    flows.capacity(fraction(10, 1), 0, gigabits_per_s(1));
    assert_eq!(flows.next_due(), Some(fraction(11, 1)));
}

#[test]
fn a_limited_flow_leaves_its_part_to_the_others() {
    let mut flows = FlowShare::new(&[gigabits_per_s(10)]);
    let slow = flows.path(&[0], Some(gigabits_per_s(1)));
    let fast = flows.path(&[0, 0], None);
    flows.start(SimTime::ZERO, slow, Bytes::new(GIGABIT), 0);
    let other = flows.start(SimTime::ZERO, slow, Bytes::new(3 * GIGABIT), 1);
    let big = flows.start(SimTime::ZERO, fast, Bytes::new(17 * GIGABIT), 2);
    assert_eq!(flows.rate_per_flow(fast), 8.0 * GIGABIT as f64);
    let half = SimTime::ZERO + SimDuration::from_nanos(500_000_000);
    assert_eq!(flows.cancel(half, other), Some(Bytes::new(5 * GIGABIT / 2)));
    assert_eq!(flows.cancel(half, other), None);
    // 4 Gbit of 17 moved by half a second, 4.5 by one second; then alone: 8.5 / 10 s more.
    assert_eq!(flows.rate_per_flow(fast), 9.0 * GIGABIT as f64);
    let finishes = run_empty(&mut flows, 3);
    assert_eq!(finishes, [fraction(1, 1), SimTime::NEVER, fraction(37, 20)]);
    assert_eq!(flows.cancel(fraction(2, 1), big), None);
}
