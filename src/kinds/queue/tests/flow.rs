//! The closed forms themselves, and the fluid against the mechanism.

use super::closed_forms::{
    Backlog, Consumers, Failing, Interval, attempts, backlog, drains_in, interrupted,
    lost_with_broker, overflow, steady,
};
use super::harness::{Scene, is, terms};
use crate::engine::law::Law;
use crate::kinds::queue::mechanism::{Terms, WhenFull};

fn near(seen: f64, truth: f64) {
    assert!((seen - truth).abs() < 1e-9 * truth.abs().max(1.0), "{seen} is not {truth}");
}

#[test]
fn deliveries_are_a_truncated_geometric_law() {
    near(attempts(0.0, Some(3)).deliveries, 1.0);
    near(attempts(0.5, Some(3)).deliveries, 1.75);
    near(attempts(0.5, Some(3)).dead_letters, 0.125);
    near(attempts(0.5, None).deliveries, 2.0);
    near(attempts(1.0, Some(7)).deliveries, 7.0);
    near(attempts(0.9, Some(1_000_000)).deliveries, 10.0);
    assert!(attempts(1.0, None).deliveries.is_infinite());
}

/// Exponential work of mean m struck at rate d: d m / (1 + d m); fixed work: 1 − exp(−d m).
#[test]
fn a_death_strikes_work_in_proportion_to_its_length() {
    let exponential = interrupted(&Law::exponential(2.0).unwrap(), 0.1);
    assert!((exponential - 0.2 / 1.2).abs() < 1e-3, "{exponential}");
    near(interrupted(&Law::constant(2.0).unwrap(), 0.1), 1.0 - libm::exp(-0.2));
}

/// M/M/1: Lq = ρ² / (1 − ρ). M/M/2 at ρ = 0.75: C = 2ρ² / (1 + ρ) = 9/14, Lq = C ρ / (1 − ρ) = 27/14.
/// M/M/1/K at ρ = 1: all K + 1 states alike. M/M/1/2 at ρ = 2, one waiting place: weights 1, 2, 4.
#[test]
fn the_steady_state_is_that_of_the_textbook() {
    near(steady(1, 0.8, None).unwrap().waiting, 3.2);
    near(steady(1, 0.8, None).unwrap().all_busy, 0.8);
    near(steady(2, 1.5, None).unwrap().all_busy, 9.0 / 14.0);
    near(steady(2, 1.5, None).unwrap().waiting, 27.0 / 14.0);
    assert_eq!(steady(2, 2.0, None), None);
    near(steady(1, 1.0, Some(9)).unwrap().full, 1.0 / 11.0);
    let small = steady(1, 2.0, Some(1)).unwrap();
    near(small.full, 4.0 / 7.0);
    near(small.waiting, 4.0 / 7.0);
    near(small.all_busy, 6.0 / 7.0);
    // A large limit: below saturation as without a limit, beyond it the fluid.
    near(steady(3, 2.4, Some(5_000)).unwrap().waiting, steady(3, 2.4, None).unwrap().waiting);
    near(steady(3, 6.0, Some(5_000)).unwrap().full, overflow(6.0, 3.0));
    near(overflow(2.0, 3.0), 0.0);
}

/// 10 min at 30/s with a capacity of 20/s: 6,000 wait. Then 15/s: drained after 20 min more. With a limit of 4,000
/// the queue is full after 400 s, 2,000 find it full, and 800 s drain it.
#[test]
fn a_backlog_grows_and_drains_in_straight_lines() {
    let burst = Interval { lasts: 600.0, rate: 30.0, capacity: 20.0 };
    let calm = Interval { lasts: 3_600.0, rate: 15.0, capacity: 20.0 };
    let free = backlog(0.0, None, &[burst, calm]);
    let area = 6_000.0 * 600.0 / 2.0 + 6_000.0 * 1_200.0 / 2.0;
    let expected =
        Backlog { left: 0.0, peak: 6_000.0, overflow: 0.0, area, drained: Some(1_800.0) };
    assert_eq!(free, expected);
    near(drains_in(6_000.0, 15.0, 20.0), 1_200.0);
    assert!(drains_in(1.0, 20.0, 20.0).is_infinite());
    let bound = backlog(0.0, Some(4_000.0), &[burst, calm]);
    near(bound.overflow, 2_000.0);
    near(bound.peak, 4_000.0);
    near(bound.drained.unwrap(), 1_400.0);
    // Messages beyond the limit stay, and no more are accepted.
    let over = backlog(5_000.0, Some(4_000.0), &[burst]);
    assert_eq!((over.left, over.overflow), (5_000.0, 6_000.0));
}

/// The fluid against messages: 40 consumers of 2 s process 20/s; 12,000 messages at 30/s take 400 s and leave
/// 4,000, drained in 200 s more. Random arrivals change that by the root of their number.
#[test]
fn the_fluid_is_what_messages_do_on_average() {
    let scene = Scene::new(40, 30.0, 2.0);
    let run = scene.run(12_000);
    let capacity = Consumers { workers: 40, work: 2.0, deliveries: 1.0 }.capacity();
    near(capacity, 20.0);
    let intervals = [
        Interval { lasts: 400.0, rate: 30.0, capacity },
        Interval { lasts: 3_600.0, rate: 0.0, capacity },
    ];
    let fluid = backlog(0.0, None, &intervals);
    let seen = run.queue.account().waiting.area(run.now) as f64 / 1e9;
    is("area under the depth", seen, fluid.area, 0.1);
    let end = run.now.seconds();
    assert!((end - fluid.drained.unwrap()).abs() < 30.0, "{end} {fluid:?}");
}

/// Beyond saturation both rules lose the share that the fluid gives.
#[test]
fn overload_loses_what_exceeds_the_capacity() {
    for when_full in [WhenFull::Reject, WhenFull::DropOldest] {
        let terms = Terms { limit: Some(200), when_full, ..terms() };
        let scene = Scene { terms, ..Scene::new(10, 16.0, 1.0) };
        let run = scene.run(100_000);
        let counts = run.queue.account().counts;
        let gone = (counts.rejected + counts.dropped) as f64 / 100_000.0;
        is("lost", gone, overflow(16.0, 10.0), 0.02);
    }
}

#[test]
fn a_broker_alone_serves_while_it_is_up() {
    let alone = Failing {
        brokers: 1,
        durable: true,
        up: 99.0,
        down: 1.0,
        takeover: 1.0,
        coverage: 1.0,
        catch_up: 0.0,
    };
    let service = alone.service();
    near(service.serves, 0.99);
    near(service.breaks, 0.01);
    near(service.forgets, 0.0);
    near(Failing { durable: false, ..alone }.service().forgets, 0.01);
    // 100/s, safe after 5 ms, 300 inside.
    near(lost_with_broker(100.0, 0.005, 300.0, false), 0.5);
    near(lost_with_broker(100.0, 0.005, 300.0, true), 300.5);
}

/// Rare failures: an uncovered failure costs a repair time, a covered one a takeover time; two failures at
/// once are rare.
#[test]
fn a_pair_is_out_for_takeovers_and_for_those_that_fail() {
    let (up, down, takeover, coverage) = (1e6, 1e3, 10.0, 0.9);
    let pair = Failing { brokers: 2, durable: true, up, down, takeover, coverage, catch_up: 0.0 };
    let service = pair.service();
    // To first order in down / up; `both` adds the failure of the active broker while the other is away.
    let first = (coverage * takeover + (1.0 - coverage) * down) / up;
    let both = down / up * (down / up);
    is("out", 1.0 - service.serves, first + both, 0.02);
    is("interruptions", service.breaks, 1.0 / up, 0.002);
    near(service.forgets, 0.0);
    // A pair in memory loses every message if one broker fails during the repair of the other. A pending
    // takeover does not help, since its follower is the one that fails.
    let memory = Failing { durable: false, ..pair }.service();
    is("forgets", memory.forgets, 2.0 * down / (up * up), 0.01);
    // A repaired follower that is behind does not help: the time to catch up is added to its repair time.
    let behind = Failing { catch_up: 9e3, durable: false, ..pair }.service();
    is("forgets", behind.forgets, 2.0 * (down + 9e3) / (up * up), 0.03);
}
