//! Users whose page does not come try again, or go away with the rest of their session: years say of both
//! what the formulas say, and what `requests` lives through.

use fivenines::plan::availability::{self, AvailabilityPlan};
use fivenines::plan::fluid::users::{Retry, Session};
use fivenines::solve::fluid::{ClassTally, Known, Memo, TrafficTally};
use fivenines::solve::{flows, requests};

use crate::inside::faults::{drafted, planned, window};
use crate::inside::shared::base::{With as _, base};

/// A process that is dead for a minute from the second hour on refuses 40 views a second.
fn dead() -> String {
    base("site").with(
        r#"
[run]
horizon = "1d"
seed = 7
[service.app]
restart = "0s"
[fault.dead]
hits = "app-1"
how = "crash"
at = "1h"
lasts = "60s"
"#,
    )
}

pub const AGAIN: &str = r#"retry = { probability = 0.5, after = { dist = "exponential", mean = "5s" }, max-retries = 2 }"#;
pub const SESSION: &str = r#"session = { pages = { dist = "geometric", mean = 3.7 }, think = { dist = "exponential", mean = "88s" } }"#;

/// `text`, whose clients do so too.
pub fn with(text: &str, users: &str) -> String {
    text.replace("[clients.public]\n", &format!("[clients.public]\n{users}\n"))
}

pub fn by_flows(text: &str, mutate: impl Fn(&mut AvailabilityPlan)) -> ClassTally {
    let (_, mut tally) = all_by_flows(text, mutate);
    tally.classes.swap_remove(0)
}

/// With the names of classes and resources.
pub fn all_by_flows(
    text: &str,
    mutate: impl Fn(&mut AvailabilityPlan),
) -> ([Vec<String>; 2], TrafficTally) {
    let mut plan = availability::plan(&drafted(text), &[]).unwrap();
    mutate(&mut plan);
    let known = Known::default();
    let mut memo = Memo::new(plan.fluid.as_ref().unwrap(), &known);
    let seen = flows::run_with_traffic(&plan, 0, 0, &[], &mut memo).unwrap();
    let fluid = plan.fluid.as_ref().unwrap();
    let classes = fluid.classes.iter().map(|class| class.name.clone()).collect();
    let resources = fluid.network.resources.iter().map(|r| r.name.clone()).collect();
    ([classes, resources], seen.traffic.unwrap())
}

/// How busy the processor of the second server is over the day.
fn second_busy(text: &str) -> f64 {
    let ([_, resources], tally) = all_by_flows(text, |_| {});
    tally.busy[resources.iter().position(|name| name == "box-2.cpu").unwrap()]
}

/// Views lost, not asked for and served at a further try, in the mean of so many replications.
pub fn by_requests(text: &str, (from, until): (f64, f64), replications: u64) -> [f64; 3] {
    let plan = planned(text);
    let mut all = [0.0; 3];
    for replication in 0..replications {
        let seen = requests::run(&plan, &window(from, until), replication).unwrap();
        let views = &seen.record.views[0];
        let lost = views.lost.iter().sum::<u64>() as f64;
        let each = [lost, views.never_born as f64, views.delayed as f64];
        all.iter_mut().zip(each).for_each(|(sum, one)| *sum += one / replications as f64);
    }
    all
}

fn of(tally: &ClassTally) -> [f64; 3] {
    [tally.lost.iter().sum(), tally.never_born, tally.late]
}

fn near(found: [f64; 3], wanted: [f64; 3], within: f64) {
    let all: f64 = wanted.iter().sum();
    let far = |(found, wanted): (&f64, &f64)| (found - wanted).abs() > within * all;
    assert!(!found.iter().zip(&wanted).any(far), "{found:?}, {wanted:?} wanted");
}

/// Of those refused for T = 60 s half try again 5 s later in the mean, and half of those who fail then once
/// more. Served are who comes at his first further try after the end, c λ d (1 − e^(−T/d)), and who comes at
/// his second: he came a time s before the end in which one further try was made, with the probability (s/d) e^(−s/d).
#[test]
fn who_tries_again_after_an_outage_is_served_late() {
    let (t, rate, d) = (60.0, 40.0, 5.0);
    let left = libm::exp(-t / d);
    let late = rate * d * (0.5 * (1.0 - left) + 0.25 * (1.0 - (1.0 + t / d) * left));
    let wanted = [rate * t - late, 0.0, late];
    let text = with(&dead(), AGAIN);
    near(of(&by_flows(&text, |_| {})), wanted, 1e-6);
    near(by_requests(&text, (3_500.0, 3_900.0), 20), wanted, 0.01);
}

/// [`dead`], with two members in turn, the first of which refuses for an hour, undetected.
fn one_of_two() -> String {
    with(&dead(), AGAIN)
        .replace("lasts = \"60s\"", "lasts = \"1h\"")
        .replace("cores = 4\n", "cores = 4\ncount = 2\n")
        .replace("on = [\"box\"]", "count = 2\non = [\"box-1\", \"box-2\"]")
        .replace("enter = \"app\"", "enter = \"front\"")
        .replace(
            "[clients.public]",
            r#"[balancer.front]
rack = "r"
to = "app"
algorithm = "round-robin"
check = { interval = "1h", time-out = "1s", fall = 10, rise = 1, depth = "shallow" }
[clients.public]"#,
        )
}

/// One of two members refuses: each try meets it with one half.
#[test]
fn a_further_try_may_meet_the_same_dead_member() {
    let text = one_of_two();
    let views = 40.0 * 3_600.0;
    let lost = views * (0.25 + 0.25 * 0.25 + 0.25 * 0.25 * 0.5);
    let late = views * (0.25 * 0.5 + 0.25 * 0.25 * 0.5);
    let wanted = [lost, 0.0, late];
    near(of(&by_flows(&text, |_| {})), wanted, 1e-3);
    near(by_requests(&text, (3_600.0, 7_200.0), 1), wanted, 0.01);
}

/// The other member gets 1 + 1/4 + 1/16 attempts of each view with one half, 26.25/s, and can do 21. So a fifth of the views that
/// would be served are lost to overload, of the late ones as of the others: it serves what it can do.
#[test]
fn a_further_try_at_a_busy_member_is_lost_as_a_first_one_is() {
    let patience = "patience = { dist = \"exponential\", mean = \"20s\" }";
    let text = with(&one_of_two(), patience)
        .replace("workers = 1000", "workers = 4")
        .replace("\"1ms\"", &format!("\"{}ms\"", 4_000.0 / 21.0));
    let (views, served) = (40.0 * 3_600.0, 21.0 * 3_600.0);
    let late = views * (0.25 * 0.5 + 0.25 * 0.25 * 0.5) * 0.8;
    // Users leave the queue of the balancer.
    let left = text.replace("\"round-robin\"", "\"round-robin\"\nmember-limit = 4");
    near(of(&by_flows(&left, |_| {})), [views - served, 0.0, late], 1e-3);
    // A short queue refuses instead. The cores are seldom idle.
    let text = text.replace("workers = 4", "workers = 4\nbacklog = 10");
    let [lost, ..] = by_requests(&text, (3_600.0, 7_200.0), 1);
    assert!((0.95..1.0).contains(&((views - lost) / served)), "{lost}");
}

/// The last view arrives while users still wait for a retry: some of them are served, and no view counts twice.
#[test]
fn users_who_wait_for_a_retry_are_served_after_the_last_arrival() {
    let again = "retry = { probability = 0.9, after = { dist = \"exponential\", mean = \"10min\" }, max-retries = 10 }\n";
    let text = one_of_two()
        .replace(AGAIN, &format!("{again}patience = {{ dist = \"exponential\", mean = \"20s\" }}"))
        .replace("lasts = \"1h\"", "lasts = \"3h\"")
        .replace(
            "rate = \"40/s\"",
            "rate = \"40/s\"\nstep = { at = \"2h\", factor = 0, for = \"22h\" }",
        )
        .replace("\"1ms\"", &format!("\"{}ms\"", 4_000.0 / 21.0));
    let seen = by_flows(&text, |_| {});
    let (lost, late) = (seen.lost.iter().sum::<f64>(), seen.late);
    assert!((seen.intended / (40.0 * 7_200.0) - 1.0).abs() < 1e-9, "{seen:?}");
    assert!(late > 1_000.0 && lost + late <= seen.intended, "{lost}, {late}: {seen:?}");
}

/// A tenth of the views asks a busy side service first, which can do half of that; then each view asks one of two members three
/// times, the first of which is dead, undetected. An eighth of the views is served by all: of a twentieth of that overload takes
/// the page. Before the death it takes a twentieth of all.
#[test]
fn overload_ahead_of_a_failure_takes_only_what_the_failure_leaves() {
    let call = "{ call = \"front\", steps = [ { cpu = \"app\", demand = \"page\" } ] }";
    let side = "{ choose = [ { probability = 0.1, steps = [ { call = \"side\", steps = [ { cpu = \"side\", demand = \"side\" } ] } ] } ] }";
    let text = one_of_two()
        .replace(AGAIN, "patience = { dist = \"exponential\", mean = \"20s\" }")
        .replace("count = 2\n[zone.web]", "count = 4\n[zone.web]")
        .replace(
            "[service.app]",
            r#"[zone.ahead]
on = ["box-3"]
[zone.aside]
on = ["box-4"]
[service.first]
in = "ahead"
workers = 10000
[service.side]
in = "aside"
workers = 10000
backlog = 100000
[service.app]"#,
        )
        .replace("enter = \"front\"", "enter = \"gate\"")
        .replace(
            "[balancer.front]",
            "[balancer.gate]\nrack = \"r\"\nto = \"first\"\nmember-limit = 100\n[balancer.front]",
        )
        .replace("demands = { page = \"1ms\" }", "demands = { page = \"1ms\", side = \"500ms\" }")
        .replace(
            "{ cpu = \"app\", demand = \"page\" } ]",
            &format!("{side}, {call}, {call}, {call} ]"),
        )
        .replace("at = \"1h\"\nlasts = \"1h\"", "at = \"3h\"\nlasts = \"2h\"")
        + "[fault.slow]\nhits = \"box-4\"\nhow = \"slow\"\nfactor = 4\nat = \"1h\"\nlasts = \"4h\"\n";
    let seen = by_flows(&text, |_| {});
    let over = seen.lost.last().copied().unwrap();
    let wanted = 40.0 * 0.05 * 7_200.0 * (1.0 + 0.125);
    assert!((over / wanted - 1.0).abs() < 0.02, "{over}, {wanted}: {seen:?}");
}

/// Half of the users are cut off and retry in vain, ten times at most: that is no work for the others' member, which is offered
/// 12/s of the 30 that it can do.
#[test]
fn retries_of_users_who_are_cut_off_are_no_work() {
    let again = "retry = { probability = 0.9, after = { dist = \"exponential\", mean = \"5s\" }, max-retries = 10 }";
    let text = with(&dead(), again)
        .replace(
            "[rack.r]",
            "uplinks = { count = 2, bandwidth = \"1Gbit/s\", convergence = \"2h\" }\n[rack.r]",
        )
        .replace("rate = \"40/s\"", "rate = \"24/s\"")
        .replace("[clients.public]\n", "[clients.public]\npatience = \"5s\"\n")
        .replace("\"1ms\"", "\"133.333ms\"")
        .replace("hits = \"app-1\"", "hits = \"site.here.uplink-1\"")
        .replace("lasts = \"60s\"", "lasts = \"1h\"");
    let seen = by_flows(&text, |_| {});
    let over = seen.lost.last().copied().unwrap();
    // At four fifths of the capacity three in a million wait inside for 5 s.
    assert!(over < 1e-5 * seen.intended, "{seen:?}");
    assert!(seen.lost.iter().sum::<f64>() > 10_000.0, "{seen:?}");
}

/// [`dead`], with a page of nine requests and two members behind a balancer, the first of which is dead for an
/// hour and never found out.
fn nine_of_two(balancer: &str) -> String {
    dead()
        .replace("lasts = \"60s\"", "lasts = \"1h\"")
        .replace("cores = 4\n", "cores = 4\ncount = 2\n")
        .replace("on = [\"box\"]", "count = 2\non = [\"box-1\", \"box-2\"]")
        .replace("enter = \"app\"", "enter = \"front\"\nthen = { request = \"part\", count = 8 }")
        .replace(
            "[fault.dead]",
            r#"[request.part]
enter = "front"
steps = [ { delay = "1ms" } ]
[fault.dead]"#,
        )
        .replace(
            "[clients.public]",
            &format!(
                r#"[balancer.front]
rack = "r"
to = "app"
{balancer}
check = {{ interval = "1h", time-out = "1s", fall = 10, rise = 1, depth = "shallow" }}
[clients.public]"#
            ),
        )
}

/// By hash all nine requests of a view meet one member, and at every try that one: half of the views are
/// lost. In turn, each of nine must be lucky, and a further try may be.
#[test]
fn a_page_view_that_keeps_to_its_member_has_one_chance() {
    let views = 40.0 * 3_600.0;
    let text = with(&nine_of_two("algorithm = \"hash\""), AGAIN);
    // Of 20 a second half try again, and half of those once more: who waits when the hour ends is served then.
    let late = 20.0 * (0.5 + 0.25) * 5.0;
    let wanted = [views / 2.0 - late, 0.0, late];
    near(of(&by_flows(&text, |_| {})), wanted, 1e-3);
    near(by_requests(&text, (3_600.0, 7_200.0), 1), wanted, 0.01);
    // The other member has its half of the views all day, 1 ms of four cores each.
    let busy = second_busy(&text);
    assert!((busy / 0.005 - 1.0).abs() < 1e-3, "{busy}");
    let text = with(&nine_of_two("algorithm = \"random\""), AGAIN);
    let lucky = libm::pow(0.5, 9.0);
    let unlucky = 1.0 - lucky;
    let lost = views * unlucky * (0.5 + 0.5 * unlucky * (0.5 + 0.5 * unlucky));
    let late = views * unlucky * lucky * (0.5 + 0.25 * unlucky);
    let waits = 40.0 * unlucky * (0.5 + 0.25 * unlucky) * 5.0;
    let wanted = [lost - waits, 0.0, late + waits];
    near(of(&by_flows(&text, |_| {})), wanted, 1e-3);
    near(by_requests(&text, (3_600.0, 7_200.0), 1), wanted, 0.01);
}

/// Users with cookies of the dead one go away at their first page, with all that their sessions would have
/// had; those of the other never meet it. In the long run 1/M of half of the views are lost, and the rest
/// of that half is not asked for.
#[test]
fn who_sticks_to_a_dead_member_goes_away_and_the_others_never_meet_it() {
    let (m, tau) = (3.7, 88.0);
    let views = 40.0 * 3_600.0;
    // S' = q (λ/2 − S/τ) − S (1 − q)/τ from nothing: towards qλτ/2, in τ.
    let away = (1.0 - 1.0 / m) * (views / 2.0 - 20.0 * tau * (1.0 - libm::exp(-3_600.0 / tau)));
    // Those gone at the end are not asked for after it.
    let later = (1.0 - 1.0 / m) * 20.0 * tau * m;
    let wanted = [views / 2.0 - away, away + later, 0.0];
    let text = with(&nine_of_two("sticky = true"), SESSION);
    near(of(&by_flows(&text, |_| {})), wanted, 5e-3);
    near(by_requests(&text, (3_600.0, 9_000.0), 4), wanted, 0.01);
    // The other member has its half all day, but for those who have gone when the first is back.
    let busy = second_busy(&text);
    assert!((busy / 0.005 - 1.0).abs() < 3e-3, "{busy}");
    // A balancer that counts connections goes on sending who has a cookie to one that hangs.
    let hangs = nine_of_two("sticky = true\nalgorithm = \"least-connections\"");
    let hangs = with(&hangs.replace("how = \"crash\"", "how = \"hang\""), SESSION);
    near(of(&by_flows(&hangs, |_| {})), wanted, 5e-3);
}

/// Members that can do three quarters of what comes, all day. While one is dead its sessions end, and the other has
/// too much as before: it is busy all the time, nothing is served twice, and nothing less than nothing.
#[test]
fn who_sticks_to_a_dead_member_takes_nothing_from_a_busy_one() {
    let patient = format!("{SESSION}\npatience = {{ dist = \"exponential\", mean = \"2s\" }}");
    let text = with(&nine_of_two("sticky = true\nmember-limit = 4"), &patient)
        .replace("demands = { page = \"1ms\" }", "demands = { page = \"267ms\" }");
    let busy = second_busy(&text);
    assert!((0.97..1.001).contains(&busy), "{busy}");
    let [lost, never_born, late] = of(&by_flows(&text, |_| {}));
    let views = 40.0 * 86_400.0;
    let served = views - lost - never_born;
    // Four cores of each, but for the hour of the first.
    let can = 2.0 * 4.0 / 0.267 * 86_400.0 - 4.0 / 0.267 * 3_600.0;
    assert!((served / can - 1.0).abs() < 0.03 && late >= 0.0, "{served}, {can}");
}

/// Cookies are the client's: a report whose service calls the balancer meets either member with each try.
#[test]
fn a_call_of_another_service_has_no_cookie() {
    let users = format!("{AGAIN}\n{SESSION}");
    let text = with(&nine_of_two("sticky = true"), &users).replace(
        "[request.part]",
        r#"[service.back]
in = "web"
workers = 1000
[clients.partners]
RETRY
[workload.reporters]
from = "partners"
request = "report"
rate = "10/s"
[request.report]
enter = "back"
steps = [ { call = "front", steps = [ { delay = "1ms" } ] } ]
[request.part]"#,
    );
    let text = text.replace("RETRY", AGAIN);
    let views = 10.0 * 3_600.0;
    let waits = 10.0 * (0.25 + 0.0625) * 5.0;
    let lost = views * (0.25 + 0.0625 + 0.03125) - waits;
    let ([classes, _], tally) = all_by_flows(&text, |_| {});
    let class = &tally.classes[classes.iter().position(|name| name == "report").unwrap()];
    let found: f64 = class.lost.iter().sum();
    assert!((found / lost - 1.0).abs() < 5e-3, "{found}, {lost} wanted");
    let plan = planned(&text);
    let place = plan.workloads.iter().position(|one| one.name == "reporters").unwrap();
    let seen = requests::run(&plan, &window(3_600.0, 7_200.0), 0).unwrap();
    let found = seen.record.views[place].lost.iter().sum::<u64>() as f64;
    assert!((found / lost - 1.0).abs() < 0.03, "{found}, {lost} wanted");
}

/// Sessions of M = 3.7 pages, think times of τ = 88 s: of those who come while all is dead, S' = qλ − S/τ is not
/// asked for, at S/τ; what is left of S then is not asked for within the next minutes, M of each.
#[test]
fn who_goes_away_takes_the_rest_of_his_session_along() {
    let (t, rate, m, tau) = (600.0, 40.0, 3.7, 88.0);
    let q = 1.0 - 1.0 / m;
    let gone = tau * (1.0 - libm::exp(-t / tau));
    let during = q * rate * (t - gone);
    let never_born = during + q * rate * gone * m;
    let wanted = [rate * t - during, never_born, 0.0];
    let text = with(&dead(), SESSION).replace("lasts = \"60s\"", "lasts = \"600s\"");
    // Within an outage the fluid takes it interval by interval.
    near(of(&by_flows(&text, |_| {})), wanted, 5e-3);
    near(by_requests(&text, (3_500.0, 7_500.0), 10), wanted, 0.01);
}

/// A shop whose users do both. The same seed, the same faults: what is lost, not asked for and served late
/// is that of `requests` within a tenth of all that.
#[test]
fn users_of_a_day_do_what_those_of_requests_do() {
    let text = with(&base("shop"), &format!("{AGAIN}\n{SESSION}"));
    let requests = by_requests(&text, (0.0, 86_400.0), 1);
    let flows = of(&by_flows(&text, |_| {}));
    println!("{requests:?} {flows:?}");
    near(flows, requests, 0.1);
}

/// The checks above must miss where users do neither.
pub fn assert_users_who_neither_come_back_nor_go_are_noticed() {
    let retry = |users: &Option<Retry>| users.is_some();
    let session = |users: &Option<Session>| users.is_some();
    let text = with(&dead(), &format!("{AGAIN}\n{SESSION}"));
    let whole = of(&by_flows(&text, |_| {}));
    for forget in [0, 1] {
        let other = by_flows(&text, |plan| {
            let users = &mut plan.fluid.as_mut().unwrap().workloads[0].users;
            assert!(retry(&users.retry) && session(&users.session));
            match forget {
                0 => users.retry = None,
                _ => users.session = None,
            }
        });
        let all: f64 = whole.iter().sum();
        // The band in which `requests` is held against the formulas.
        let far = of(&other).iter().zip(&whole).any(|(a, b)| (a - b).abs() > 0.01 * all);
        assert!(far, "{whole:?}, {other:?}");
    }
}
