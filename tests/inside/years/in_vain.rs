//! A service works for users who have abandoned their request: over years that costs what it costs in `requests`.

use super::users::{SESSION, by_flows, by_requests, with};
use crate::inside::shared::base::{With as _, base};

/// One core that does 10 of 12 views per second, one at a time in a queue with `places`; users wait 5 s on average.
fn counter(places: &str) -> String {
    base("site").with(&format!(
        r#"
[run]
horizon = "10d"
seed = 5
[server.box]
cores = 1
[service.app]
workers = 1
{places}
restart = "0s"
[clients.public]
patience = {{ dist = "exponential", mean = "5s" }}
[workload.visitors]
rate = "12/s"
[request.page]
demands = {{ page = {{ dist = "exponential", mean = "100ms" }} }}
[fault.never]
hits = "app-1"
how = "crash"
rate = "0.000001/y"
"#
    ))
}

/// Share of the views that years serve.
fn served(text: &str) -> f64 {
    let seen = by_flows(text, |_| {});
    1.0 - (seen.lost.iter().sum::<f64>() + seen.never_born) / seen.intended
}

/// The same of `requests`, over some hours, at a rate per second.
fn served_by_requests(text: &str, rate: f64, hours: f64) -> f64 {
    let [lost, gone, _] = by_requests(text, (1_200.0, 1_200.0 + hours * 3_600.0), 2);
    1.0 - (lost + gone) / (rate * hours * 3_600.0)
}

/// M/M/1/K whose users abandon and do not leave: who finds j others is served if the patience, exponential of rate θ, outlasts j + 1
/// services of rate μ, with the probability (μ / (μ + θ))^(j + 1). If all users left when they abandon, 10 of 12 views were served.
#[test]
fn a_queue_that_users_do_not_leave_serves_who_waits_for_those_who_have_gone() {
    let (used, kept): (f64, f64) = (1.2, 10.0 / 10.2);
    for places in [9_i32, 39, 69] {
        let found: Vec<f64> = (0..=places + 1).map(|n| libm::pow(used, f64::from(n))).collect();
        let all: f64 = found.iter().sum();
        let accepted = found.iter().take(usize::try_from(places).unwrap() + 1);
        let exact: f64 = accepted
            .zip(1_i32..)
            .map(|(found, n)| found / all * libm::pow(kept, f64::from(n)))
            .sum();
        let years = served(&counter(&format!("backlog = {places}")));
        println!("{places} places: {years} by years, {exact} exactly");
        // The wait is as long as the queue is on average, and not random beside its length.
        assert!((years / exact - 1.0).abs() < 0.03, "{places} places: {years}, {exact}");
    }
}

/// Without a bound the queue grows until no one waits long enough. Users who leave the site with their session bound it: the others
/// are served as often as in `requests`.
#[test]
fn an_endless_queue_serves_no_one_unless_users_leave_the_site() {
    let text = counter("");
    assert!(served(&text) < 1e-3, "{}", served(&text));
    let text = with(&text, SESSION);
    let (years, requests) = (served(&text), served_by_requests(&text, 12.0, 2.0));
    println!("{years} by years, {requests} by requests");
    assert!((years - requests).abs() < 0.05, "{years} by years, {requests} by requests");
}

/// Two classes in one queue wait for each other: each loses what one class of both loses.
#[test]
fn classes_in_one_queue_wait_for_each_other() {
    for places in ["backlog = 39", ""] {
        let one = with(&counter(places), SESSION);
        let second = "rate = \"6/s\"\n[workload.others]\nfrom = \"public\"\nrequest = \"other\"\nrate = \"6/s\"";
        let two = one.replace("rate = \"12/s\"", second)
            + "[request.other]\nenter = \"app\"\ndemands = { page = { dist = \"exponential\", mean = \"100ms\" } }\nsteps = [ { cpu = \"app\", demand = \"page\" } ]\n";
        let (one, two) = (served(&one), served(&two));
        assert!((one - two).abs() < 1e-6, "{one} in one class, {two} in the first of two");
    }
}

/// A queue without a bound gets 10.005 views per second by day and serves 10 of them. In the evening it drains, and views of the night
/// find it empty.
#[test]
fn a_load_just_above_the_capacity_does_not_cost_the_night() {
    let mean = 10.005 / libm::pow(1.005, 81.0);
    let text = counter("")
        .replace("rate = \"12/s\"", &format!("rate = \"{mean}/s\"\nprofile = \"daily\""));
    let hours = [[0.5; 12], [1.5; 12]].concat();
    let served = served(&(text + &format!("[profile.daily]\nhours = {hours:?}\n")));
    // A quarter of the views comes at night. Of the others few are served: some 200 wait at the end of the day, for 20 s.
    assert!((0.27..0.6).contains(&served), "{served}");
}

/// A balancer lets one request at a time to the service. Users who abandon leave its queue, and 10 of 12 views are served. Years leave
/// out those that are abandoned while they are done, 100 ms of 5 s, and that the next one shares the core with them.
#[test]
fn the_queue_of_a_balancer_is_left() {
    let balancer =
        "[balancer.front]\nrack = \"r\"\nto = \"app\"\nmember-limit = 1\n\n[clients.public]";
    let text = counter("").replace("[clients.public]", balancer);
    let text = text.replace("enter = \"app\"", "enter = \"front\"");
    let (years, requests) = (served(&text), served_by_requests(&text, 12.0, 2.0));
    println!("{years} by years, {requests} by requests");
    assert!((years - 10.0 / 12.0).abs() < 1e-3, "{years}");
    assert!((0.0..0.04).contains(&(years - requests)), "{years} by years, {requests} by requests");
}

/// A queue without a bound grows while half of the capacity is gone, and drains afterwards. Users are not served meanwhile: 12 views
/// per second of which 10 are done leave 2,000 in 1,000 s, and 20 − 12 per second drain them in 250 s.
#[test]
fn a_queue_of_the_dead_is_worked_off_after_an_outage() {
    let more =
        "[fault.dead]\nhits = \"box-2\"\nhow = \"crash\"\nat = \"10000s\"\nlasts = \"1000s\"\n";
    let two = "[balancer.front]\nrack = \"r\"\nto = \"app\"\ncheck = { interval = \"1s\", time-out = \"500ms\", fall = 1, rise = 1 }\n\n[clients.public]";
    let text = counter("").replace("cores = 1", "cores = 1\ncount = 2");
    let text = text.replace("on = [\"box\"]", "on = [\"box-1\", \"box-2\"]\ncount = 2");
    let text =
        text.replace("[clients.public]", two).replace("enter = \"app\"", "enter = \"front\"");
    let text = text.with(more).replace("horizon = \"10d\"", "horizon = \"13000s\"");
    let years: f64 = by_flows(&text, |_| {}).lost.iter().sum();
    let [requests, ..] = by_requests(&text, (0.0, 13_000.0), 4);
    println!("{years} by years, {requests} by requests");
    assert!((years / requests - 1.0).abs() < 0.1, "{years} by years, {requests} by requests");
}

/// Eight workers that read from four disks, and no queue: more is asked for than can be done. Four times 125 operations a second
/// times 8 / (8 + 4 − 1) are done.
#[test]
fn workers_that_wait_at_one_disk_leave_others_idle_over_years_too() {
    let text = base("site").with(
        r#"
[run]
horizon = "1d"
seed = 5
[server.box.disks]
data = { kind = "10k", layout = "plain", data = 4, time = { dist = "exponential", mean = "8ms" } }
[service.app]
workers = 8
backlog = 100
restart = "0s"
mounts = { data = "box:data" }
[clients.public]
[workload.visitors]
rate = "600/s"
[request.page]
steps = [ { io = "data", read = 1, ops = 1 } ]
[fault.never]
hits = "app-1"
how = "crash"
rate = "0.000001/y"
"#,
    );
    let text = text.replace("demands = { page = \"1ms\" }\n", "");
    let exact = 500.0 * 8.0 / 11.0 / 600.0;
    let (years, requests) = (served(&text), served_by_requests(&text, 600.0, 0.1));
    println!("{years} by years, {requests} by requests, {exact} exactly");
    assert!((years / exact - 1.0).abs() < 0.01, "{years}, {exact}");
    assert!((requests / exact - 1.0).abs() < 0.02, "{requests}, {exact}");
}
