//! Pairs of brokers: small cases, and the chain of `flow` against a simulated pair.

use super::closed_forms::Failing;
use super::harness::{deliver_all, is, key, ms, publish, terms};
use crate::kinds::queue::brokers::{Brokers, Consequence};
use crate::kinds::queue::mechanism::{MessageQueue, Standing, Verdict};

/// The follower has every safe message: nothing is lost, and messages in flight are delivered again.
#[test]
fn a_takeover_loses_nothing_that_was_safe() {
    for durable in [true, false] {
        let mut brokers = Brokers::new(2, durable);
        let mut queue = MessageQueue::new(terms(), 2);
        (0..2).for_each(|consumer| queue.joins(consumer));
        (0..5).for_each(|ordinal| {
            publish(&mut queue, ms(0), ordinal);
        });
        let given = deliver_all(&mut queue, ms(0));
        queue.ends(ms(1), given[0].id, Verdict::Done);
        brokers.lost(0).apply(&mut queue, ms(2));
        assert_eq!((queue.standing(), brokers.candidate()), (Standing::Off, Some(1)));
        brokers.takes_over(1).apply(&mut queue, ms(30));
        assert_eq!((queue.standing(), brokers.active()), (Standing::Serves, 1));
        assert_eq!((queue.account().counts.lost, queue.account().inside()), (0, 4));
        let again = queue.deliver(ms(30)).unwrap();
        assert_eq!((again.message.ordinal, again.attempt), (1, 2));
        assert_eq!(brokers.back(0), Consequence::Nothing, "the broker that took over stays active");
        queue.close(ms(40)).unwrap();
    }
}

/// A broker alone: the messages on its disk are there when it is back.
#[test]
fn a_durable_broker_goes_on_where_it_stopped() {
    for (durable, left) in [(true, 3), (false, 0)] {
        let mut brokers = Brokers::new(1, durable);
        let mut queue = MessageQueue::new(terms(), 1);
        (0..3).for_each(|ordinal| {
            publish(&mut queue, ms(0), ordinal);
        });
        brokers.lost(0).apply(&mut queue, ms(1));
        assert_eq!(brokers.candidate(), None);
        brokers.back(0).apply(&mut queue, ms(2));
        assert_eq!(queue.account().inside(), left);
        assert_eq!(queue.account().counts.lost, 3 - left);
        assert!(brokers.serves());
    }
}

#[test]
fn a_follower_that_was_away_cannot_take_over() {
    for durable in [true, false] {
        let mut brokers = Brokers::new(2, durable);
        assert_eq!(brokers.lost(1), Consequence::Nothing);
        brokers.back(1);
        assert!(brokers.is_behind(1));
        let mut caught_up = brokers;
        caught_up.caught_up(1);
        assert!(!caught_up.is_behind(1));
        assert_eq!(caught_up.lost(0), Consequence::Breaks);
        assert_eq!(caught_up.candidate(), Some(1));
        if durable {
            assert_eq!(brokers.lost(0), Consequence::Breaks);
            assert_eq!(brokers.candidate(), None, "it lacks messages");
            assert_eq!(brokers.back(0), Consequence::Serves);
        } else {
            assert_eq!(brokers.lost(0), Consequence::BreaksAndForgets);
            assert_eq!(brokers.candidate(), Some(1), "nothing is left that it could lack");
        }
    }
}

/// The follower fails before it has taken over. A pair in memory loses every message; in a pair with
/// disks each broker that was in sync may serve.
#[test]
fn both_brokers_of_a_pair_may_fail() {
    let mut memory = Brokers::new(2, false);
    assert_eq!(memory.lost(0), Consequence::Breaks);
    assert_eq!(memory.lost(1), Consequence::Forgets);
    assert_eq!(memory.back(0), Consequence::Serves);
    let mut disks = Brokers::new(2, true);
    assert_eq!(disks.lost(0), Consequence::Breaks);
    assert_eq!(disks.lost(1), Consequence::Nothing);
    disks.back(1);
    assert_eq!(disks.candidate(), Some(1));
    disks.takes_over(1);
    disks.back(0);
    assert!(disks.is_behind(0), "it missed what was published since");
}

/// The takeover failed, and the active broker comes back without its messages: the follower, which has them, serves.
#[test]
fn a_broker_that_comes_back_empty_leaves_the_queue_to_its_follower() {
    let mut brokers = Brokers::new(2, false);
    brokers.lost(0);
    assert_eq!(brokers.back(0), Consequence::Serves);
    assert_eq!(brokers.active(), 1);
    assert!(brokers.is_behind(0));
}

/// A pair simulated for a long time, against the chain in closed form.
#[test]
fn the_chain_of_brokers_is_what_a_pair_does() {
    let failing = Failing {
        brokers: 2,
        durable: false,
        up: 100.0,
        down: 20.0,
        takeover: 2.0,
        coverage: 0.8,
        catch_up: 10.0,
    };
    for durable in [true, false] {
        let failing = Failing { durable, ..failing };
        let theory = failing.service();
        let (time, served, breaks, forgets) = simulate(&failing, 200_000);
        println!("durable: {durable}, {theory:?}");
        is("out", 1.0 - served / time, 1.0 - theory.serves, 0.03);
        is("interruptions", breaks / time, theory.breaks, 0.02);
        is("losses of everything", forgets / time, theory.forgets, 0.04);
    }
}

/// Simulates competing exponential clocks; returns time, time in service, interruptions, losses of all messages.
fn simulate(failing: &Failing, steps: u64) -> (f64, f64, f64, f64) {
    let (clocks, covers) = (key(0, "clocks"), key(0, "covers"));
    let mut brokers = Brokers::new(2, failing.durable);
    let (mut works, mut time, mut served) = (true, 0.0, 0.0);
    let (mut breaks, mut forgets) = (0.0, 0.0);
    for step in 0..steps {
        let clock = |index, mean: f64| -libm::log(clocks.uniform(step, index)) * mean;
        let fates = [0, 1].map(|at: usize| {
            let mean = if brokers.is_up(at) { failing.up } else { failing.down };
            clock(u32::from(at == 1), mean)
        });
        let candidate = brokers.candidate().filter(|_| works);
        let takes = candidate.map_or(f64::INFINITY, |_| clock(2, failing.takeover));
        let behind = [0, 1].map(|at: usize| {
            let waits = brokers.is_behind(at) && brokers.serves();
            if waits { clock(3, failing.catch_up) } else { f64::INFINITY }
        });
        let all = [fates[0], fates[1], takes, behind[0], behind[1]];
        let first = (0..5).min_by(|a, b| all[*a].total_cmp(&all[*b])).unwrap();
        time += all[first];
        served += if brokers.serves() { all[first] } else { 0.0 };
        let was = brokers.serves();
        let what = match first {
            2 => brokers.takes_over(candidate.unwrap()),
            at @ (0 | 1) if brokers.is_up(at) => brokers.lost(at),
            at @ (0 | 1) => brokers.back(at),
            at => {
                brokers.caught_up(at - 3);
                Consequence::Nothing
            }
        };
        if was && !brokers.serves() {
            breaks += 1.0;
            works = covers.uniform(step, 0) < failing.coverage;
        }
        let lost = matches!(what, Consequence::BreaksAndForgets | Consequence::Forgets);
        forgets += if lost { 1.0 } else { 0.0 };
    }
    (time, served, breaks, forgets)
}
