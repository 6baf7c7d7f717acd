//! Promise: work that may wait, or be left undone, is reported as such, and limits no request.

use fivenines::plan::load;

use crate::Scenario;
use crate::inside::faults::drafted;

/// Returns the messages about overload in `check`.
fn overloads(text: &str) -> Vec<String> {
    let found = Scenario::check(text).into_iter().filter(|found| found.code() == "W1204");
    found.map(|found| found.message().to_string()).collect()
}

/// Jobs of 50 ms on one core, 24/s in one hour of the day and 8/s in most others: in that hour they wait, unless the queue has
/// a limit, or the rate of a window lasts.
#[test]
fn messages_above_the_capacity_wait_where_their_queue_has_no_limit_and_the_peak_ends() {
    let text = |limit: &str, window: &str| {
        format!(
            r#"
scenario = "jobs"
[run]
[window.w]
length = "1d"
{window}
[profile.week]
hours = [{}2.4{}]
[server.box]
cores = 1
[server.front]
cores = 1
[zone.web]
on = ["box"]
[zone.bus]
on = ["front"]
[service.worker]
in = "web"
workers = 1
[queue.jobs]
in = ["bus"]
request = "job"
back-off = {{ first = "1s" }}
durable = false
{limit}
[workload.visitors]
request = "page"
rate = "10/s"
profile = "week"
[request.page]
enter = "worker"
steps = [ {{ publish = "jobs" }} ]
[request.job]
enter = "worker"
demands = {{ work = "50ms" }}
steps = [ {{ cpu = "worker", demand = "work" }} ]
"#,
            "0.8, ".repeat(12),
            ", 1.0".repeat(11)
        )
    };
    let over = |limit: &str, window: &str| -> Vec<String> { overloads(&text(limit, window)) };
    let found = over("", "");
    assert!(found.len() == 2, "the zone and its server: {found:?}");
    assert!(found.iter().all(|one| one.contains("messages wait in their queue")), "{found:?}");
    for (limit, window) in
        [("limit = 10\nwhen-full = \"reject\"", ""), ("", "level = \"2.4 x rate\"")]
    {
        let found = over(limit, window);
        assert!(found.iter().all(|one| one.contains("can never be served")), "{found:?}");
        assert!(!found.is_empty());
    }
}

/// Sniffers at 1,200/s have 1.2 of a core to do, and drop what they cannot: views go on up to 2,000/s, at which four web zones of
/// 2 ms each are busy, or 1,250/s, at which the switch is. Sniffers in the servers of the web zones take their processors from them,
/// and hits wait for subscribers of a log that blocks.
#[test]
fn a_subscriber_for_which_no_request_waits_limits_no_view() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/scalable/logging-");
    let read = |mode: &str| std::fs::read_to_string(format!("{path}{mode}.toml")).unwrap();
    let judged = |text: &str| {
        let draft = drafted(text);
        let (name, at) = load::first_to_run_out(&draft, 0, &load::open_rates(&draft)).unwrap();
        (name, at, overloads(text))
    };
    let (name, at, found) = judged(&read("sniff"));
    assert!(name.starts_with("web-box") && (at - 2_000.0).abs() < 0.1, "{name} at {at}");
    assert_eq!(found.len(), 2, "a zone and its server: {found:?}");
    assert!(found.iter().all(|one| one.contains("are lost or late")), "{found:?}");
    let own = "[server.log-box]\ncount  = 4\nrack   = \"r\"\ncores  = 1\nmemory = \"2GiB\"\n";
    let shared =
        read("sniff").replace(own, "").replace("among  = [\"log-box\"]", "among  = [\"web-box\"]");
    let (name, at, found) = judged(&shared);
    assert!(name.starts_with("web-box") && (at - 2_000.0).abs() < 0.1, "{name} at {at}");
    assert!(found.iter().all(|one| one.contains("are lost or late")), "{found:?}");
    let slow = read("tcp").replace("\"0.2ms\"", "\"2ms\"");
    let (dropped, ..) = judged(&slow);
    let blocks = slow.replace("when-full = \"drop\"", "when-full = \"block\"");
    let (blocked, ..) = judged(&blocks);
    assert!(!dropped.starts_with("log") && blocked.starts_with("log"), "{dropped}, {blocked}");
}
