//! Figures from theory: Erlang C, M/M/c/K, truncated geometric deliveries, deaths.

use super::closed_forms as flow;
use super::harness::{Deaths, Run, Scene, agrees, is, millis, terms};
use crate::engine::law::Law;
use crate::kinds::queue::mechanism::{Terms, WhenFull};
use crate::units::SimDuration;

fn mean_waiting(run: &Run<'_>) -> f64 {
    run.queue.account().waiting.area(run.now) as f64 / run.now.nanos() as f64
}

fn mean_flying(run: &Run<'_>) -> f64 {
    run.queue.account().flying.area(run.now) as f64 / run.now.nanos() as f64
}

/// c consumers with one worker and one slot behind a queue are M/M/c: Erlang C, and Little for the wait.
#[test]
fn a_queue_in_front_of_single_workers_is_mmc() {
    for (consumers, rate) in [(1, 0.6), (4, 2.8), (10, 7.5)] {
        let theory = flow::steady(consumers, rate, None).unwrap();
        let mut seen: [Vec<f64>; 5] = Default::default();
        for replication in 0..12 {
            let scene = Scene { replication, warm_up: 1_000, ..Scene::new(consumers, rate, 1.0) };
            let run = scene.run(13_000);
            assert!(run.order.is_sorted(), "first in, first delivered");
            let (figures, account) = (run.figures.unwrap(), run.queue.account());
            let waits = account.waits.as_ref().unwrap();
            let done = account.end_to_end.as_ref().unwrap();
            let values = [
                figures.waiting,
                figures.flying,
                waits.mean().unwrap() / 1e9,
                waits.count_at_most(0) as f64 / 12_000.0,
                done.mean().unwrap() / 1e9,
            ];
            seen.iter_mut().zip(values).for_each(|(seen, value)| seen.push(value));
        }
        println!("{consumers} consumers at {rate} messages per second");
        agrees("depth", &seen[0], theory.waiting);
        agrees("in flight", &seen[1], rate);
        agrees("wait, s", &seen[2], theory.waiting / rate);
        agrees("delivered at once", &seen[3], 1.0 - theory.all_busy);
        agrees("end to end, s", &seen[4], 1.0 + theory.waiting / rate);
    }
}

/// For one consumer the prefetch moves messages from the broker to the consumer and changes nothing else: the
/// same messages complete at the same instants. For several consumers, messages wait at one consumer while another
/// is idle, so that more are inside.
#[test]
fn a_prefetch_conserves_work() {
    let run_with = |consumers, prefetch| {
        let rate = 0.8 * f64::from(consumers);
        let terms = Terms { prefetch, ..terms() };
        let scene = Scene { terms, ..Scene::new(consumers, rate, 1.0) };
        let run = scene.run(20_000);
        let inside = mean_waiting(&run) + mean_flying(&run);
        (run.now, inside, run.queue.account().counts)
    };
    let alone = [Some(1), Some(4), Some(50), None].map(|prefetch| run_with(1, prefetch));
    for other in &alone[1..] {
        assert_eq!(alone[0].0, other.0, "the last message is done at the same instant");
        assert!((alone[0].1 - other.1).abs() < 1e-9, "{alone:?}");
        assert_eq!(alone[0].2, other.2);
    }
    let several = [Some(1), Some(4), None].map(|prefetch| run_with(4, prefetch).1);
    println!("inside with a prefetch of 1, 4, all: {several:?}");
    assert!(several[0] < several[1] && several[1] < several[2]);
}

/// Work of 1 s on average, exponential, 1.5 s to acknowledge it: a delivery is late with p = exp(−1.5) =
/// 0.223. With a free slot at once for every delivery, attempts are independent: deliveries per message are
/// truncated geometric, and p^n of the messages become dead letters.
#[test]
fn dead_letters_follow_the_truncated_geometric_law() {
    let within = 1.5;
    for most in [Some(1), Some(3), None] {
        let acknowledge_within = Some(SimDuration::from_seconds_f64(within));
        let terms = Terms { acknowledge_within, attempts: most, ..terms() };
        let scene = Scene { terms, ..Scene::new(60, 10.0, 1.0) };
        let run = scene.run(80_000);
        let again = flow::comes_back(&scene.work, Some(within), 0.0);
        assert!((again - libm::exp(-within)).abs() < 1e-12);
        let theory = flow::attempts(again, most);
        let counts = run.queue.account().counts;
        let published = counts.published as f64;
        println!("at most {most:?}");
        is("deliveries per message", counts.delivered as f64 / published, theory.deliveries, 0.008);
        let dead = counts.dead_lettered as f64 / published;
        let spread = ((1.0 - theory.dead_letters) / (theory.dead_letters * published)).sqrt();
        is("dead letters", dead, theory.dead_letters, 4.0 * spread.min(1.0));
        is("late", counts.timed_out as f64 / counts.delivered as f64, again, 0.02);
        // The work of every delivery is completed, and each completion after the first of a message is a duplicate.
        assert_eq!(counts.completed, counts.delivered);
        assert_eq!(counts.duplicates, counts.delivered - counts.published);
        assert_eq!(counts.late, 0);
        let load = flow::Consumers { workers: 60, work: 1.0, deliveries: theory.deliveries };
        let busy = run.queue.account().counts.completed as f64 / run.now.seconds();
        is("workers busy", busy, load.offered(10.0), 0.02);
    }
}

/// The same for work that fails, with a pause in between.
#[test]
fn failures_follow_the_truncated_geometric_law() {
    let terms = Terms { attempts: Some(4), ..terms() };
    let scene = Scene { terms, fails: 0.3, ..Scene::new(30, 5.0, 1.0) };
    let run = scene.run(100_000);
    let theory = flow::attempts(0.3, Some(4));
    let counts = run.queue.account().counts;
    let published = counts.published as f64;
    is("deliveries per message", counts.delivered as f64 / published, theory.deliveries, 0.005);
    let dead = counts.dead_lettered as f64 / published;
    is("dead letters", dead, theory.dead_letters, 0.1);
    assert_eq!((counts.duplicates, counts.completed), (0, counts.acknowledged));
}

/// M/M/1/K and M/M/4/K beyond saturation and below it. Dropping the oldest loses other messages than refusing
/// the newest, but the same number.
#[test]
fn what_a_full_queue_loses_is_that_of_mmck() {
    for (consumers, rate, limit) in [(1, 0.9, 5), (1, 1.5, 10), (4, 4.0, 8)] {
        let theory = flow::steady(consumers, rate, Some(limit)).unwrap();
        for when_full in [WhenFull::Reject, WhenFull::DropOldest] {
            let terms = Terms { limit: Some(limit), when_full, ..terms() };
            let scene = Scene { terms, ..Scene::new(consumers, rate, 1.0) };
            let run = scene.run(60_000);
            let counts = run.queue.account().counts;
            println!("{consumers} consumers, {rate}/s, room for {limit}, {when_full:?}");
            let gone = (counts.rejected + counts.dropped) as f64 / 60_000.0;
            is("lost", gone, theory.full, 0.06);
            is("depth", mean_waiting(&run), theory.waiting, 0.06);
            let other = match when_full {
                WhenFull::Reject => counts.dropped,
                WhenFull::DropOldest => counts.rejected,
            };
            assert_eq!(other, 0);
        }
    }
}

/// Consumers die once per 50 s on average, work takes 1 s: 1 / 51 of the deliveries are interrupted, and exactly
/// these come back.
#[test]
fn deaths_of_consumers_redeliver_what_was_in_flight() {
    for prefetch in [1, 8] {
        let deaths =
            Deaths { up: Law::exponential(50.0).unwrap(), down: Law::exponential(5.0).unwrap() };
        let terms = Terms { prefetch: Some(prefetch), ..terms() };
        let scene = Scene { terms, deaths: Some(deaths), ..Scene::new(8, 4.0, 1.0) };
        let run = scene.run(100_000);
        let counts = run.queue.account().counts;
        assert_eq!(counts.returned, run.struck);
        assert_eq!(counts.redelivered, run.struck, "each of them is delivered once more");
        assert_eq!((counts.acknowledged, counts.duplicates), (counts.published, 0));
        if prefetch == 1 {
            let struck = counts.returned as f64 / counts.delivered as f64;
            is("struck", struck, flow::interrupted(&scene.work, 0.02), 0.06);
            is("struck, closed form", struck, 0.02 / 1.02, 0.06);
        }
    }
}

/// A time-out shorter than nearly all work: every delivery comes back, and few consumers repeat
/// the same work. The load is that of all deliveries, and a bound on attempts limits it.
#[test]
fn a_time_out_below_the_work_multiplies_the_load() {
    let terms = Terms { acknowledge_within: Some(millis(500)), attempts: Some(4), ..terms() };
    let work = Law::constant(1.0).unwrap();
    let scene = Scene { terms, work, ..Scene::new(50, 5.0, 1.0) };
    let run = scene.run(20_000);
    let counts = run.queue.account().counts;
    let again = flow::comes_back(&scene.work, Some(0.5), 0.0);
    assert!((again - 1.0).abs() < f64::EPSILON);
    let theory = flow::attempts(again, Some(4));
    assert_eq!((theory.deliveries, theory.dead_letters), (4.0, 1.0));
    assert_eq!((counts.delivered, counts.dead_lettered), (80_000, 20_000));
    assert_eq!(counts.duplicates, 60_000, "all of it was done, four times, and no one was told");
}
