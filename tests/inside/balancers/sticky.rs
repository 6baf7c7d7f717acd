//! Sticky sessions: a user stays with his member from page to page, as long as it is there, and gets his
//! page nowhere else while he waits for room.

use super::*;
use crate::inside::faults::draft_or_complaints;

/// Members of 64 cores each behind a balancer; who asks is left open.
fn front(members: u32, balancer: &str, users: &str) -> String {
    let boxes: Vec<String> = (1..=members).map(|n| format!("\"box-{n}\"")).collect();
    base("service").with(&format!(
        r#"
[window.run]
length = "10s"
[server.box]
count = {members}
cores = 64
[zone.www]
count = {members}
on = [{}]
[balancer.front]
to = "app"
sticky = true
{balancer}
[clients.public]
session = {{ pages = {{ dist = "geometric", mean = 4 }}, think = {{ dist = "exponential", mean = "50s" }} }}
[workload.visitors]
from = "public"
request = "get"
{users}
[request.get]
enter = "front"
steps = [ {{ delay = "1ms" }} ]
"#,
        boxes.join(", ")
    ))
}

const SOON: &str = r#"check = { interval = "1s", time-out = "100ms", fall = 1, rise = 1 }"#;

/// Requests that each member was asked until now.
fn asked(world: &World<'_>, plan: &Blueprint, members: usize) -> Vec<u64> {
    let gauges = world.gauges();
    (1..=members).map(|n| gauges[part(plan, &format!("app-{n}")).index()].arrived).collect()
}

/// Five users who ask once a second are dealt to three members in turn, and stay: 2, 2 and 1 of them. Without
/// sticky sessions each member gets a third.
#[test]
fn a_user_stays_with_his_member() {
    let users = "users = 5\nthink = \"1s\"";
    let text = front(3, "", users).replace("[clients.public]\n", "[clients.public]\n#");
    let found = |text: &str| {
        let plan = blueprint(text);
        let mut world = world(&plan, 0);
        world.run_before(at(1_000.0)).unwrap();
        asked(&world, &plan, 3)
    };
    let each = |share: f64| (1_000.0 / 1.001 * share) as u64;
    let near = |found: Vec<u64>, wanted: [u64; 3]| {
        let far = |(found, wanted): (&u64, &u64)| found.abs_diff(*wanted) > 5;
        assert!(!found.iter().zip(&wanted).any(far), "{found:?} instead of {wanted:?}");
    };
    near(found(&text), [each(2.0), each(2.0), each(1.0)]);
    near(found(&text.replace("sticky = true\n", "")), [each(5.0 / 3.0); 3]);
}

/// Two members, one of which was away for long. Once it is back it gets half of the sessions that begin. Of
/// sessions of M = 4 pages and think times of τ = 50 s the share q e^(−t/Mτ) of the views is of sessions older
/// than t, q = 1 − 1/M; so it gets (1 − q e^(−t/Mτ))/2 of the views. Ten seconds, of 400 views each, in twenty
/// replications: four standard deviations are 0.02.
#[test]
fn a_member_that_is_back_gets_new_sessions_and_no_old_ones() {
    let plan = blueprint(&front(2, SOON, "rate = \"40/s\""));
    let waits = [0.0, 100.0, 300.0, 900.0];
    let mut shares = [0.0; 4];
    for replication in 0..20 {
        let mut world = world(&plan, replication);
        let member = part(&plan, "app-1");
        world.run_before(at(400.0)).unwrap();
        world.set_health(member, Health::Down, CauseId::OVERLOAD);
        world.run_before(at(410.0)).unwrap();
        let before = asked(&world, &plan, 2);
        world.run_before(at(1_400.0)).unwrap();
        assert_eq!(before[0], asked(&world, &plan, 2)[0], "nobody goes where nobody is");
        world.set_health(member, Health::Up, CauseId::OVERLOAD);
        time_until(&plan, &mut world, 20.0, |front| front.believes(0, 0)).unwrap();
        let back = world.now();
        for (wait, share) in waits.iter().zip(&mut shares) {
            let from = back + SimDuration::from_seconds_f64(*wait);
            world.run_before(from).unwrap();
            let before = asked(&world, &plan, 2);
            world.run_before(from + SimDuration::from_secs(10)).unwrap();
            let after = asked(&world, &plan, 2);
            let (got, other) = (after[0] - before[0], after[1] - before[1]);
            *share += got as f64 / (got + other) as f64 / 20.0;
        }
    }
    for (wait, share) in waits.iter().zip(shares) {
        // In the mean over ten seconds.
        let old = 0.75 * 20.0 * (libm::exp(-wait / 200.0) - libm::exp(-(wait + 10.0) / 200.0));
        let wanted = (1.0 - old) / 2.0;
        println!("{wait} s: {share:.4}, {wanted:.4} by arithmetic");
        assert!((share - wanted).abs() < 0.02, "{wait} s: {share}, {wanted}");
    }
}

/// Four users, each of whom asks for a second of work at a member that has room for one, a second after his last
/// answer. While the first member is away all move to the other, also who waits in line for the first. They stay
/// when it is back, and keep the other busy for ever; nobody goes where there is room. Without cookies there is
/// room for all.
#[test]
fn who_has_a_member_waits_for_room_there() {
    let text = front(2, &format!("member-limit = 1\n{SOON}"), "users = 4\nthink = \"1s\"")
        .replace("[clients.public]\n", "[clients.public]\n#")
        .replace("delay = \"1ms\"", "delay = \"1s\"");
    let run = |text: &str| {
        let plan = blueprint(text);
        let mut world = world(&plan, 0);
        world.run_before(at(1_000.0)).unwrap();
        world.set_health(part(&plan, "app-1"), Health::Down, CauseId::OVERLOAD);
        world.run_before(at(1_100.0)).unwrap();
        world.set_health(part(&plan, "app-1"), Health::Up, CauseId::OVERLOAD);
        world.run_before(at(1_200.0)).unwrap();
        let before = asked(&world, &plan, 2);
        world.run_before(at(2_200.0)).unwrap();
        let after = asked(&world, &plan, 2);
        [after[0] - before[0], after[1] - before[1]]
    };
    let [first, second] = run(&text);
    assert!(first == 0 && second.abs_diff(1_000) <= 2, "{first}, {second}");
    let [first, second] = run(&text.replace("sticky = true\n", ""));
    assert!((first + second).abs_diff(2_000) <= 4, "{first}, {second}");
}

/// A further member is asked where the file says so, and has the user from then on.
#[test]
fn who_is_sent_on_to_another_member_stays_with_that_one() {
    let check = r#"check = { interval = "1h", time-out = "1s", fall = 1 }"#;
    let text = front(2, &format!("retries = 1\n{check}"), "users = 1\nthink = \"1s\"")
        .replace("[clients.public]\n", "[clients.public]\n#");
    let plan = blueprint(&text);
    let mut world = world(&plan, 0);
    world.run_before(at(100.0)).unwrap();
    let before = asked(&world, &plan, 2);
    assert!(before[0] > 90 && before[1] == 0, "{before:?}");
    world.set_health(part(&plan, "app-1"), Health::Down, CauseId::OVERLOAD);
    world.run_before(at(200.0)).unwrap();
    world.set_health(part(&plan, "app-1"), Health::Up, CauseId::OVERLOAD);
    let there = asked(&world, &plan, 2);
    world.run_before(at(300.0)).unwrap();
    let after = asked(&world, &plan, 2);
    assert!(there[1] > 90 && after[1] - there[1] > 90 && after[0] == there[0], "{after:?}");
}

#[test]
fn cookies_that_nobody_has_are_refused_with_the_way_out() {
    let text = front(2, "", "rate = \"1/s\"");
    let session = text.lines().find(|line| line.starts_with("session")).unwrap();
    let refused = |text: &str, says: &str| {
        let complaints = draft_or_complaints(text).unwrap_err();
        assert!(complaints.contains(says), "{says}: {complaints}");
    };
    assert!(draft_or_complaints(&text).is_ok());
    refused(&text.replace(session, ""), "each page view is from another user");
    refused(&text.replace("mean = 4", "mean = 1"), "each page view is from another user");
    refused(&front(1, "", "rate = \"1/s\""), "all sessions are with it");
    refused(&text.replace("from = \"public\"\n", ""), "each page view is from another user");
    refused(
        &text.replace("sticky = true", "sticky = true\nalgorithm = \"hash\""),
        "whichever member served the one before",
    );
    refused(
        &text.replace("enter = \"front\"", "enter = \"app\""),
        "no request of a user comes to `front`",
    );
}
