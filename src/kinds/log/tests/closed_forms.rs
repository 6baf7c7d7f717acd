//! Closed forms: a sniffer is a queue with a limit.

use std::collections::BTreeMap;

use super::*;
use crate::engine::draw::{Key, Lineage, Seed};

/// A sniffer with space for `space` records, asked `rate` times per second, that works on one record at a time for an
/// exponential time of one second on average. Returns the share that it drops.
fn share_dropped(rate: f64, space: u64, records: u64) -> f64 {
    let terms = Terms { block: 1, buffer: space * 100, ..terms(Mode::Sniff, 1, 1) };
    let mut copies = Copies::new(terms);
    let key = |what: &str| Key::derive(Seed(11), Lineage::replication(0), "test", what);
    let (gaps, works) = (key("gaps"), key("works"));
    let draw = |key: Key, at: u64, mean: f64| -libm::log(key.uniform(at, 0)) * mean * 1e9;
    let mut events: BTreeMap<(u64, u64), bool> = BTreeMap::new();
    let (mut arrival, mut work, mut number) = (0.0, 0, 0);
    events.insert((0, 0), true);
    while let Some(((at, _), arrives)) = events.pop_first() {
        let now = SimTime::from_nanos(at);
        number += 1;
        if arrives {
            copies.write(0, record(0), 0);
            if number < 2 * records {
                arrival += draw(gaps, number, 1.0 / rate);
                events.insert((crate::convert::nearest(arrival), number), true);
            }
        } else {
            copies.worked(now, 0, 0, End::Done);
        }
        while let Some(sending) = copies.next() {
            copies.arrived(sending.lane);
            work += 1;
            let end = at + crate::convert::nearest(draw(works, work, 1.0));
            events.insert((end, number), false);
        }
    }
    copies.close().unwrap();
    copies.counts().dropped as f64 / copies.counts().due as f64
}

/// M/M/1/K drops (1 − ρ) ρᴷ / (1 − ρᴷ⁺¹), and 1 / (K + 1) at ρ = 1 (Gross & Harris, 2.5).
#[test]
fn a_sniffer_drops_as_the_formula_of_a_queue_with_a_limit_says() {
    for (rate, space) in [(0.8_f64, 4_u32), (0.8, 8), (1.0, 5), (2.0, 3)] {
        let above = libm::pow(rate, f64::from(space));
        let truth = if rate == 1.0 {
            1.0 / (f64::from(space) + 1.0)
        } else {
            (1.0 - rate) * above / (1.0 - above * rate)
        };
        let found = share_dropped(rate, u64::from(space), 40_000);
        // Four standard errors of 40,000 trials, tripled because neighbours depend on each other.
        let error = 12.0 * libm::sqrt(truth * (1.0 - truth) / 40_000.0);
        assert!((found - truth).abs() < error, "{rate}, {space}: {found} for {truth}");
    }
}
