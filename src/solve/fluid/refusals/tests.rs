use super::*;
use crate::engine::law::Law;
use crate::plan::fluid::rooms::Swing;
use crate::plan::fluid::users::{Retry, Session};
use crate::units::{Rate, SimDuration};
use crate::workload::arrivals::{Process, Traffic};

fn entry(followers: f64, follow_after: SimDuration, rooms: f64, together: bool) -> Entry {
    let elsewhere = if together { 0.0 } else { 1.0 - 1.0 / rooms };
    Entry {
        workers: 20.0,
        backlog: 100.0,
        first: 1.0,
        followers,
        follow_after,
        rooms,
        elsewhere,
        own: 1.0,
        trips: 2.0,
        is_left: false,
    }
}

fn source(states: &[(f64, f64)], cycle: u64) -> FluidWorkload {
    FluidWorkload {
        name: "visitors".into(),
        class: 0,
        traffic: Traffic::new(Rate::per_second(30.0).unwrap(), Process::Poisson).unwrap(),
        sigma: 0.0,
        swing: Swing { states: states.to_vec(), cycle: SimDuration::from_secs(cycle) },
        users: Users::default(),
    }
}

fn users(probability: f64, pages: f64) -> Users {
    let retry = Retry { probability, after: SimDuration::from_secs(5), max_retries: 2 };
    let session = Session { pages, think: SimDuration::from_secs(88) };
    Users {
        gives_up: None,
        retry: (probability > 0.0).then_some(retry),
        session: (pages > 1.0).then_some(session),
    }
}

/// One worker does C views per second, for users with an exponential patience of θ on average. A view that finds n waits n − 1
/// services in turn, and has an exponential time inside if it finds any. Views that edges answer take no part.
#[test]
fn views_that_find_few_others_are_abandoned_as_their_states_say() {
    let law = Law::exponential(5.0).unwrap();
    let patience = Patience::new(Some(law), None, None);
    let nearly_idle = Entry { workers: 1.0, ..entry(0.0, SimDuration::ZERO, 1.0, true) };
    // Either side of pieces of one view: users wait for 46 s.
    for (capacity, used) in [(11.0, 0.01_f64), (12.0, 0.01), (11.0, 0.1), (12.0, 0.1), (12.0, 0.9)]
    {
        let each = 1.0 / (capacity * 5.0);
        let kept = |n: i32| match n {
            0 => 1.0,
            n => libm::exp(-f64::from(n - 1) * each) / (1.0 + each),
        };
        for room in [1, 7, 60, i32::MAX] {
            let states: Vec<f64> =
                (0..room.min(700)).map(|n| libm::pow(used, f64::from(n))).collect();
            let all: f64 = states.iter().sum();
            let exact: f64 = states.iter().zip(0..).map(|(p, n)| p / all * (1.0 - kept(n))).sum();
            let places = if room == i32::MAX { f64::INFINITY } else { f64::from(room) };
            let of = |entry: &Entry, capacity: f64| {
                Kept::of(entry, &patience, places, capacity).map_or(1.0, |kept| kept.mean(used))
            };
            let found = 1.0 - of(&nearly_idle, capacity);
            assert!(
                (found - exact).abs() <= 0.02 * exact,
                "{capacity}, {used}, {room}: {found}, {exact}"
            );
            let behind = Entry { first: 0.1, ..nearly_idle };
            let edges = 1.0 - of(&behind, capacity * 10.0);
            assert!((edges - 0.1 * found).abs() < 1e-9, "{edges}, {found}");
        }
    }
}

/// The states of M/M/1/K by their balance, one after the other.
#[test]
fn a_first_request_is_refused_as_in_mm1k() {
    for used in [0.3_f64, 0.8, 1.0 - 1e-12, 1.0, 1.001, 1.7] {
        let states: Vec<f64> =
            (0..=31).scan(1.0, |p, _| Some(std::mem::replace(p, *p * used))).collect();
        let exact = states[31] / states.iter().sum::<f64>();
        let found = blocking(used, 31.0);
        assert!((found / exact - 1.0).abs() < 1e-9, "{used}: {found}, {exact}");
    }
}

/// M/M/1/K from each state that a departure leaves behind, stepped through: it is as often full as the reversed queue.
#[test]
fn a_follower_finds_the_room_full_as_often_as_the_room_that_was_left_fills_up() {
    for (came, done) in [(0.5, 0.7), (0.9, 0.8), (3.0, 2.0)] {
        const ROOM: usize = 6;
        let used: f64 = came / done;
        let mut states: Vec<f64> =
            (0..=ROOM).scan(1.0, |p, _| Some(std::mem::replace(p, *p * used))).collect();
        let all: f64 = states.iter().sum();
        states.iter_mut().for_each(|p| *p /= all);
        let full = states[ROOM];
        // A departure leaves 0 to K − 1, as an accepted arrival finds.
        let mut left: Vec<f64> = states.iter().map(|p| p / (1.0 - full)).collect();
        left[ROOM] = 0.0;
        let steps = 200_000;
        for _ in 0..steps {
            let mut next = left.clone();
            for (at, p) in left.iter().enumerate() {
                let (up, down) = (came / f64::from(steps), done / f64::from(steps));
                if at < ROOM {
                    next[at] -= p * up;
                    next[at + 1] += p * up;
                }
                if at > 0 {
                    next[at] -= p * down;
                    next[at - 1] += p * down;
                }
            }
            left = next;
        }
        let found = full * (1.0 - stays_full(came, done, ROOM as f64)) / (1.0 - full);
        assert!((found / left[ROOM] - 1.0).abs() < 1e-4, "{came}: {found}, {}", left[ROOM]);
    }
}

/// Lost views, requested views and departing users balance at every load.
#[test]
fn who_tries_again_and_who_goes_away_balance() {
    let users = users(0.5, 3.7);
    let source = source(&[(1.0, 1.0)], 0);
    let room = Room::of(&entry(8.0, SimDuration::from_nanos(20_000_000), 1.0, true), 35.0, None);
    let settled = Settled { room, users: &users, source: &source };
    let room = &settled.room;
    for used in [0.8, 0.9, 1.0, 1.1, 1.3] {
        let ([unserved, wasted], away) = settled.at(used, 0.0);
        let lost = unserved - away;
        assert!((away - 2.7 * lost).abs() < 1e-6, "{used}: {away}, {lost}");
        if used > 1.2 {
            // Retries settle at one of two loads by turns.
            continue;
        }
        // From below: above 0.9 they would settle at a second load too.
        let mut tries = 1.0;
        for _ in 0..10_000 {
            let (_, fails) = room.refuses(used * (1.0 - away) * tries);
            tries = 1.0 + 0.5 * fails + 0.25 * fails * fails;
        }
        let (refused, fails) = room.refuses(used * (1.0 - away) * tries);
        let ends = fails * (0.5 + 0.25 * fails + 0.25 * fails * fails);
        assert!((lost - (1.0 - away) * ends).abs() < 1e-5, "{used}: {lost}, {ends}");
        let work = (1.0 - away) * tries * (1.0 - refused);
        assert!((wasted - (work - 1.0 + unserved)).abs() < 1e-4, "{used}: {wasted}, {work}");
    }
}

/// Far beyond the capacity, without users who leave, nearly all work is wasted; with them the capacity is used.
#[test]
fn retries_without_an_end_take_all_that_can_be_done() {
    let source = source(&[(1.0, 1.0)], 0);
    let at = |users: &Users, used: f64| {
        let room =
            Room::of(&entry(8.0, SimDuration::from_nanos(20_000_000), 1.0, true), 35.0, None);
        Settled { room, users, source: &source }.at(used, 0.0).0
    };
    let [stormy, _] = at(&users(0.5, 1.0), 1.0);
    let [calm, _] = at(&users(0.5, 3.7), 1.0);
    let [single, _] = at(&users(0.0, 1.0), 1.0);
    assert!(stormy > 0.3 && single < 0.15 && calm < 0.15, "{stormy}, {single}, {calm}");
    // The retry storm begins abruptly.
    let [before, _] = at(&users(0.5, 1.0), 0.91);
    assert!(before < 0.03, "{before}");
}

/// Long states are each settled; states that change within a session share the departed users.
#[test]
fn modulated_arrivals_lose_what_their_states_lose() {
    let (calm, busy) = ((0.93, 2.0 / 3.0), (1.14, 1.0 / 3.0));
    let users = users(0.5, 3.7);
    let at = |states: &[(f64, f64)], cycle: u64, used: f64| {
        let room =
            Room::of(&entry(8.0, SimDuration::from_nanos(20_000_000), 1.0, true), 35.0, None);
        Settled { room, users: &users, source: &source(states, cycle) }.at(used, 0.0).0[0]
    };
    let one = |factor: f64| at(&[(1.0, 1.0)], 0, 0.86 * factor);
    let each = calm.0 * calm.1 * one(calm.0) + busy.0 * busy.1 * one(busy.0);
    let slow = at(&[calm, busy], 86_400, 0.86);
    assert!((slow - each).abs() < 1e-9, "{slow}, {each}");
    // While the busy state lasts, users who leave in the calm one do not help.
    let fast = at(&[calm, busy], 180, 0.86);
    assert!(fast > 1.3 * slow && fast > 5.0 * one(1.0), "{fast}, {slow}, {}", one(1.0));
}

/// A mean over the noise, on an even grid of another step; more is lost the louder the hours are.
#[test]
fn noise_is_averaged_with_the_views_of_each_hour() {
    let users = users(0.5, 3.7);
    let source = source(&[(1.0, 1.0)], 0);
    let room = Room::of(&entry(8.0, SimDuration::from_nanos(20_000_000), 1.0, true), 35.0, None);
    let all = Table::under(Settled { room, users: &users, source: &source }, 0.12);
    for (used, sigma) in [(0.7, 0.12), (0.8, 0.05), (1.0, 0.1), (1.4, 0.12)] {
        let (mut sum, mut whole) = (0.0, 0.0);
        for node in -7_000..7_000 {
            let z = (f64::from(node) + 0.5) / 1_000.0;
            let noise = libm::exp(sigma * z - sigma * sigma / 2.0);
            let weight = libm::exp(-z * z / 2.0);
            sum += weight * noise * all.plain(used * noise)[0];
            whole += weight;
        }
        let (found, exact) = (all.mean(used, sigma)[0], sum / whole);
        // Straight lines between points STEP apart, of a curve that falls as uᴷ: K² STEP² / 8, 0.3 %.
        assert!((found - exact).abs() < 4e-3 * exact + 1e-7, "{used}: {found}, {exact}");
    }
    let [quiet, loud] = [0.0, 0.12].map(|sigma| all.mean(0.75, sigma)[0]);
    assert!(loud > 5.0 * quiet, "{quiet}, {loud}");
    for share in [0.001, 0.01, 0.2, 0.97] {
        let found = all.plain(all.reaches(share))[0];
        assert!((found / share - 1.0).abs() < 1e-2, "{found} from {}", all.reaches(share));
    }
}

/// Members with a queue each: a follower that goes to another finds it as full as any request.
#[test]
fn followers_of_members_apart_meet_other_rooms() {
    let after = SimDuration::from_nanos(20_000_000);
    let of = |rooms: f64, together: bool| {
        Room::of(&entry(8.0, after, rooms, together), 35.0 * rooms, None).refuses(0.9).1
    };
    let (own, spread) = (of(1.0, true), of(4.0, false));
    let room = Room::of(&entry(8.0, after, 4.0, true), 140.0, None);
    // A quarter of the room is a quarter of the workers and places.
    assert!(room.views == (20.0 + 100.0 / 9.0) / 4.0);
    assert!(spread > of(4.0, true) && of(4.0, true) > own, "{own}, {spread}");
}
