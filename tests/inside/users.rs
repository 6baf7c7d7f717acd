//! Promise: users who wait for their answers ask when they have been answered, and not before.

use crate::inside::faults::{observed, planned, window};
use crate::inside::oracles::{assert_all_hold, own_rows};

use fivenines::engine::draw::Lineage;
use fivenines::engine::law::Law;
use fivenines::model::blueprint::{Arrivals, Blueprint};
use fivenines::solve::requests;
use fivenines::units::{Rate, SimDuration, SimTime};
use fivenines::workload::users::Users;

/// `users` who think by `think` and ask at a station of so many servers.
fn closed(users: u32, think: &str, servers: u32, service: &str) -> String {
    format!(
        "scenario = \"closed\"\n[station.web]\nservers = {servers}\nservice = {service}\n\
         [workload.people]\nrequest = \"job\"\nusers = {users}\nthink = {think}\n\
         [request.job]\nsteps = [ {{ visit = \"web\" }} ]\n"
    )
}

/// One user without thought is a chain of sojourns: the server is never idle, nobody waits, and the
/// stays add up to the window.
#[test]
fn one_user_who_does_not_think_is_a_chain_of_sojourns() {
    let fixed = observed(&closed(1, "\"0s\"", 1, "\"10ms\""), 0.0, 10.0);
    let class = &fixed.record.classes[0];
    assert_eq!((class.attempts.begun, class.latency.count()), (1_000, 1_000));
    assert_eq!((class.latency.min(), class.latency.max()), (Some(10_000_000), Some(10_000_000)));
    let random = "{ dist = \"exponential\", mean = \"10ms\" }";
    let seen = observed(&closed(1, "\"0s\"", 1, random), 0.0, 100.0);
    let class = &seen.record.classes[0];
    let gauge = &seen.gauges[0];
    assert_eq!(gauge.busy, gauge.capacity, "never idle");
    assert_eq!(class.waited, 0, "never two at a time");
    // All but the last stay lie in the window, which begins with the first.
    let (all, window) = (class.latency.sum() as f64 / 1e9, 100.0);
    let last = class.latency.max().unwrap() as f64 / 1e9;
    assert!(all >= window && all <= window + last, "{all}");
}

/// When the users of `closed(count, …)` ask, worked out from their thinks alone.
fn asked_by_hand(plan: &Blueprint, count: u32, service_s: f64, until: f64) -> u64 {
    let users = Users::new(count, Law::exponential(3.0).unwrap()).unwrap();
    let thinks = users.thinks(plan.seed, Lineage::replication(0), "people");
    let service = SimDuration::from_seconds_f64(service_s);
    let end = SimTime::ZERO + SimDuration::from_seconds_f64(until);
    let mut asked = 0;
    for user in 0..count {
        let mut at = SimTime::ZERO;
        for interaction in 0.. {
            at = at + thinks.before(user, interaction);
            if at >= end {
                break;
            }
            asked += 1;
            at = at + service;
        }
    }
    asked
}

/// D13: each user's thinks are its own. With a server for everybody the number of requests is that
/// worked out user by user, for any number of users.
#[test]
fn more_users_move_nobodys_thinks() {
    let think = "{ dist = \"exponential\", mean = \"3s\" }";
    for count in [1, 2, 7, 40] {
        let plan = planned(&closed(count, think, 50, "\"200ms\""));
        let seen = requests::run(&plan, &window(0.0, 2_000.0), 0).unwrap();
        let by_hand = asked_by_hand(&plan, count, 0.2, 2_000.0);
        assert_eq!(seen.record.views[0].intended, by_hand, "{count} users");
    }
}

/// D13: and so is what each asks for: all services of 20 users are among those of 21, where nobody
/// meets anybody and everybody thinks for a fixed time.
#[test]
fn more_users_move_nobodys_demands() {
    let service = "{ dist = \"exponential\", mean = \"50ms\" }";
    let buckets = |count: u32| {
        let seen = observed(&closed(count, "\"2s\"", 50, service), 0.0, 500.0);
        let latency = &seen.record.classes[0].latency;
        (latency.count(), latency.buckets().collect::<Vec<_>>())
    };
    let ((few, twenty), (more, twenty_one)) = (buckets(20), buckets(21));
    let gained = more - few;
    assert!((220..=260).contains(&gained), "one user more asks some 244 times: {gained}");
    for (from, to, count) in twenty {
        let same = twenty_one.iter().find(|other| (other.0, other.1) == (from, to));
        assert!(same.is_some_and(|other| other.2 >= count), "{from}..{to}: {count}, {same:?}");
    }
}

/// C1: every page that was begun ends in one place, when they fail too, and whoever failed asks
/// again: at a station that turns most away nobody is forgotten.
#[test]
fn users_whose_pages_fail_think_and_ask_again() {
    let text = "scenario = \"failing\"\n[station.web]\nservers = 1\nlimit = 2\n\
        service = { dist = \"exponential\", mean = \"200ms\" }\n\
        [clients.staff]\nround-trip = \"50ms\"\ntime-out = \"400ms\"\n\
        retry = { probability = 0.5, after = \"1s\", max-retries = 2 }\n\
        [workload.people]\nfrom = \"staff\"\nrequest = \"page\"\nusers = 30\n\
        think = { dist = \"exponential\", mean = \"1s\" }\n\
        [request.page]\nsteps = [ { visit = \"web\" } ]\n\
        then = { request = \"part\", count = 2 }\n\
        [request.part]\nsteps = [ { visit = \"web\" } ]\n\
        [objective.page]\nlost-after = \"3s\"\n";
    let plan = planned(text);
    let seen = requests::run(&plan, &window(60.0, 660.0), 0).unwrap();
    let views = &seen.record.views[0];
    let lost: u64 = views.lost.iter().sum();
    assert_eq!(views.intended, views.served + views.delayed + lost, "all have ended");
    assert_eq!(views.never_born, 0, "closed users do not leave");
    assert!(lost > 1_000 && views.delayed > 10 && views.served > 10, "{views:?}");
    // 30 users are always in one of three places: a think is a second, a retry is waited for.
    let cycles = 30.0 * 600.0 / views.intended as f64;
    assert!((1.0..4.0).contains(&cycles), "{cycles} s a cycle");
    // Nobody is lost on the way: as many go round in the last minutes as in the first.
    let count = |from: f64, until: f64| {
        requests::run(&plan, &window(from, until), 0).unwrap().record.views[0].intended as f64
    };
    let (early, late) = (count(60.0, 260.0), count(3_460.0, 3_660.0));
    assert!((early / late - 1.0).abs() < 0.1, "{early}, {late}");
}

/// Without clients a view is lost, too, if its answer comes after `lost-after`: e⁻² of the exponential services of one user who does not
/// wait, and of the sojourns of M/M/1 at 5 of 10 requests per second. Of the latter 5,400 are lost, some ten
/// in each long busy period: they are known to 4 %.
#[test]
fn an_answer_that_comes_too_late_is_lost_without_clients_too() {
    let service = "{ dist = \"exponential\", mean = \"100ms\" }";
    let users = closed(1, "\"0s\"", 1, service) + "[objective.job]\nlost-after = \"200ms\"\n";
    let arrive = users.replace("users = 1\nthink = \"0s\"", "rate = \"5/s\"");
    let arrive = arrive.replace("\"200ms\"", "\"400ms\"");
    for (text, within) in [(users, 0.04), (arrive, 0.1)] {
        let seen = observed(&text, 0.0, 8_000.0);
        let views = &seen.record.views[0];
        let lost = views.lost.iter().sum::<u64>();
        assert_eq!(views.intended, views.served + lost, "{text}");
        let share = lost as f64 / views.intended as f64;
        assert!((share / libm::exp(-2.0) - 1.0).abs() < within, "{share}\n{text}");
    }
}

/// A level fixes rates of open workloads; users who wait ask as before.
#[test]
fn a_level_does_not_make_users_ask_without_waiting() {
    let plan = planned(&closed(3, "\"1s\"", 5, "\"100ms\""));
    let mut leveled = window(0.0, 100.0);
    leveled.levels = vec![Rate::per_second(500.0)];
    let seen = requests::run(&plan, &leveled, 0).unwrap();
    // Asks at 1.0, 2.1, 3.2, … 99.
    assert_eq!(seen.record.views[0].intended, 3 * 90);
}

/// Users who ask every second whatever became of their last page are an open source: the planted
/// mutant of users who do not wait.
pub fn impatient(plan: &mut Blueprint) {
    use fivenines::workload::arrivals::{Process, Traffic};
    let Arrivals::Closed(users) = &plan.workloads[0].arrivals else { panic!("closed users") };
    let rate = Rate::per_second(f64::from(users.count())).unwrap();
    plan.workloads[0].arrivals = Arrivals::Described(Traffic::new(rate, Process::Poisson).unwrap());
}

/// The shipped scenario of closed users answers as the birth-death chain says.
#[test]
fn a_thousand_users_wait_as_long_as_the_chain_says() {
    let rows = own_rows(&crate::inside::common::load("traffic/closed-users.toml"));
    rows.iter().for_each(|row| println!("{row}"));
    assert_all_hold("closed-users", &rows);
}

/// A request takes 9 ms after a think of 1 ms. Those of 1 ms, 11 ms, … 20.001 s begin before the crash at 20.005 s: 2,001, and
/// the last is lost. From then on the user is refused every millisecond, until 30.005 s: 10,000 times. The station is back at
/// 30.0055 s, and those of 30.006 s to 99.996 s are 7,000. With a think of 0 the refused user would ask for ever at one
/// instant: `check` refuses it.
#[test]
fn a_refused_user_asks_again_after_the_think_time() {
    let text = |think: &str| {
        let fault = "[fault.gone]\nhits = \"station.web\"\nhow = \"crash\"\nat = \"20005ms\"\nlasts = \"10000500us\"\n";
        format!("{}{fault}", closed(1, think, 1, "\"9ms\""))
    };
    let seen = observed(&text("\"1ms\""), 0.0, 100.0);
    let class = &seen.record.classes[0];
    assert_eq!(class.latency.count(), 2_000 + 7_000);
    assert_eq!(class.attempts.begun, 2_001 + 10_000 + 7_000);
    let refused = crate::inside::faults::draft_or_complaints(&text("\"0s\"")).unwrap_err();
    assert!(refused.contains("at the instant of an error"), "{refused}");
}
