//! Near its limit a full room refuses single requests: years lose what `requests` loses.

use super::users::{AGAIN, SESSION, by_flows, by_requests, with};
use crate::inside::common::is_full;
use crate::inside::shared::base::{With as _, base};

/// Four cores that do 40 views a second, each of nine requests, in one room of 120.
fn room() -> String {
    base("site").with(
        r#"
[run]
horizon = "1d"
seed = 11
[service.app]
workers = 20
backlog = 100
restart = "5s"
[clients.public]
round-trip = { dist = "lognormal", mean = "20ms", cv = 0.4 }
connections = 6
patience = { dist = "lognormal", mean = "60s", cv = 0.8 }
[workload.visitors]
rate = "36/s"
[request.page]
demands = { page = { dist = "exponential", mean = "96.8ms" } }
then = { request = "asset", count = { dist = "poisson", mean = 8.0 } }
[request.asset]
enter = "app"
demands = { static = { dist = "exponential", mean = "0.4ms" } }
steps = [ { cpu = "app", demand = "static" } ]
[fault.never]
hits = "app-1"
how = "crash"
rate = "0.000001/y"
"#,
    )
}

/// Views lost and not asked for, as shares of those wanted: by the years, and by `requests` over some hours.
fn both(text: &str, hours: f64, replications: u64) -> [[f64; 2]; 2] {
    let years = by_flows(text, |_| {});
    let lost: f64 = years.lost.iter().sum();
    let until = 600.0 + hours * 3_600.0;
    let [seen, gone, _] = by_requests(text, (600.0, until), replications);
    let wanted = text.split("rate = \"").nth(1).unwrap().split('/').next().unwrap();
    let views = wanted.parse::<f64>().unwrap() * hours * 3_600.0;
    [[lost / years.intended, years.never_born / years.intended], [seen / views, gone / views]]
}

fn at(text: &str, rate: &str) -> String {
    text.replace("rate = \"36/s\"", &format!("rate = \"{rate}/s\""))
}

/// Years lose as much within a factor: what followers are refused is mostly on the high side.
fn agree(text: &str, rate: &str, (hours, replications): (f64, u64)) {
    let [years, requests] = both(&at(text, rate), hours, replications);
    println!("{rate}/s: {years:?} by years, {requests:?} by requests");
    let [years, requests] = [years, requests].map(|[lost, gone]| lost + gone);
    let ratio = years / requests;
    assert!((0.7..2.5).contains(&ratio), "{rate}/s: {years} by years, {requests} by requests");
}

/// All of them with FIVENINES_FULL=1, else the first.
fn rates<const N: usize>(all: [&'static str; N]) -> impl Iterator<Item = &'static str> {
    let full = is_full("further rates");
    all.into_iter().take(if full { N } else { 1 })
}

/// With Poisson arrivals, below and above what can be done: users who abandon, retry and leave. The lower rates
/// take hours of traffic; FIVENINES_FULL=1 asks for them.
#[test]
fn what_a_full_room_refuses_is_lost_over_years_too() {
    for (users, rates) in [
        ("", [("34", 6.0), ("38", 1.0), ("44", 0.5)]),
        (AGAIN, [("34", 6.0), ("35", 4.0), ("36", 2.0)]),
        (&format!("{AGAIN}\n{SESSION}"), [("34", 6.0), ("38", 1.0), ("46", 0.5)]),
    ] {
        let text = with(&room(), users);
        let full = std::env::var_os("FIVENINES_FULL").is_some();
        for (rate, hours) in rates.into_iter().skip(if full { 0 } else { 2 }) {
            agree(&text, rate, (hours, 2));
        }
    }
}

/// With arrivals that swing within minutes.
#[test]
fn arrivals_that_swing_lose_more_over_years_too() {
    let swing = "arrivals = { process = \"mmpp\", factors = [0.93, 1.14], sojourns = [\"120s\", \"60s\"] }\n";
    let text = with(&room(), &format!("{AGAIN}\n{SESSION}"));
    let text = text.replace("rate = \"36/s\"\n", &format!("rate = \"36/s\"\n{swing}"));
    for rate in rates(["36", "33", "42"]) {
        agree(&text, rate, (2.0, 3));
    }
}

/// Two of them behind a balancer: each with a room of its own in turn, and as one where who has room is sought.
#[test]
fn rooms_behind_a_balancer_fill_up_by_themselves_or_together() {
    for algorithm in ["round-robin", "least-connections"] {
        let text = with(&room(), &format!("{AGAIN}\n{SESSION}"))
            .replace("cores = 4\n", "cores = 4\ncount = 2\n")
            .replace("on = [\"box\"]", "count = 2\non = [\"box-1\", \"box-2\"]")
            .replace("enter = \"app\"", "enter = \"front\"")
            .replace(
                "[clients.public]",
                &format!("[balancer.front]\nrack = \"r\"\nto = \"app\"\nalgorithm = \"{algorithm}\"\n\n[clients.public]"),
            );
        for rate in rates(["80", "72"]) {
            agree(&text, rate, (1.0, 2));
        }
    }
}
