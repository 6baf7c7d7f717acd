//! Services that crash, hang and restart; hosts that go; calls and clients that give up.

use super::*;

/// One page a second, each 2.4 s of work on eight cores, and whatever `more` says.
fn app(more: &str) -> String {
    let users = if more.contains("[clients.") { "from = \"users\"" } else { "" };
    let lines = format!(
        r#"
[site.main]
[rack.r]
site = "main"
switch = {{ count = 1, bandwidth = "1Gbit/s" }}
[server.box]
rack = "r"
[service.app]
restart = "10s"
warm-up = {{ for = "30s", speed = 0.5 }}
[workload.visitors]
arrivals = {{ process = "regular" }}
{users}
[request.page]
demands = {{ page = "2.4s" }}
"#
    );
    base("page").with(&lines).with(more)
}

/// Crash at 100.5 s: the pages of 99 and 100 s are inside. Those of 101 to 110 s are refused; at
/// 110.5 s the process is back and half as fast until 140.5 s.
#[test]
fn a_crashed_process_loses_what_is_inside_refuses_and_comes_back_cold() {
    let text = app("[fault.oops]\nhits = \"service.app\"\nhow = \"crash\"\nat = \"100500ms\"\n");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(90.5, 160.5), 0).unwrap();
    assert_eq!(ended(&seen), [58, 10, 2, 0, 0, 0]);
    assert_eq!(lost(&plan, &seen, "oops"), 12);
    let latency = &seen.record.classes[0].latency;
    assert_eq!(latency.max(), Some(4_800_000_000), "half speed after the restart");
    // 111 to 140 s: 30 pages begin while it is cold.
    let mean = latency.mean().unwrap() / 1e9;
    assert!((mean - (28.0 * 2.4 + 30.0 * 4.8) / 58.0).abs() < 1e-9, "{mean}");
}

/// A hung process takes pages into its workers and its backlog; when people have noticed (20 s)
/// and it is replaced (5 s), everyone inside gets an error.
#[test]
fn a_hung_process_answers_nobody_and_its_replacement_starts_empty() {
    let text = app("[fault.oops]\nhits = \"service.app\"\nhow = \"hang\"\nat = \"100500ms\"\n\
         detected-by-people = \"20s\"\nrepair = \"5s\"\n");
    // 99 and 100 s on the processor, 101 to 125 s waiting: 27. The rest is served.
    assert_eq!(ended(&observed(&text, 90.5, 160.5)), [43, 0, 27, 0, 0, 0]);
}

/// A process is cold after it hung, and after its zone did.
#[test]
fn a_process_that_hung_with_its_zone_comes_back_cold() {
    for part in ["service.app", "zone.web"] {
        let text = app(&format!(
            "[fault.oops]\nhits = \"{part}\"\nhow = \"hang\"\nat = \"100500ms\"\nlasts = \"20s\"\n"
        ));
        let latency = observed(&text, 125.5, 130.5).record.classes[0].latency.clone();
        assert_eq!(latency.max(), Some(4_800_000_000), "{part}");
    }
}

/// A paused process keeps everything: the pages of 99 and 100 s go on with the work they had left.
#[test]
fn a_paused_process_goes_on_with_what_is_left() {
    let text = app(
        "[fault.oops]\nhits = \"service.app\"\nhow = \"pause\"\nat = \"100500ms\"\nlasts = \"5s\"\n",
    );
    let seen = observed(&text, 98.5, 100.5);
    assert_eq!(ended(&seen), [2, 0, 0, 0, 0, 0]);
    let latency = &seen.record.classes[0].latency;
    assert_eq!((latency.min(), latency.max()), (Some(7_400_000_000), Some(7_400_000_000)));
    // The page of 100 s has 0.7 s left on two cores when five more begin with two threads each: 1/2 s at
    // 8/12 of a core each, then, with the page of 106 s, 11/30 s of work at 8/14.
    let seen =
        observed(&text.replace("demand = \"page\"", "demand = \"page\", threads = 2"), 98.5, 100.5);
    let latency = &seen.record.classes[0].latency;
    assert_eq!((latency.min(), latency.max()), (Some(1_200_000_000), Some(6_641_666_666)));
}

/// The host goes at 100.5 s for 20 s; the process restarts for 10 s after it.
#[test]
fn who_asks_a_host_that_is_gone_hears_nothing_until_patience_ends() {
    let fault = "[fault.power]\nhits = \"server.*\"\nhow = \"crash\"\nat = \"100500ms\"\n\
                 lasts = \"20s\"\n";
    let users = "[clients.users]\npatience = \"5s\"\n";
    let text = app(&format!("{users}{fault}"));
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(90.5, 150.5), 0).unwrap();
    // Unreachable: 101 to 120 s. Refused while it restarts: 121 to 130 s.
    assert_eq!(ended(&seen), [28, 10, 2, 0, 20, 0]);
    assert_eq!(lost(&plan, &seen, "power"), 32, "the restart is laid to the host's fault");
    // Without a client nothing would end the wait, so it is told at once.
    assert_eq!(ended(&observed(&app(fault), 90.5, 150.5)), [28, 10, 2, 0, 20, 0]);
}

/// Without its switch a rack is not heard of; its processes need no restart.
#[test]
fn without_switch_or_site_nobody_is_reached_and_nothing_restarts() {
    for part in ["rack.r.switch", "site.main", "rack.r"] {
        let text = app(&format!(
            "[fault.cut]\nhits = \"{part}\"\nhow = \"crash\"\nat = \"100500ms\"\nlasts = \"20s\"\n"
        ));
        let seen = observed(&text, 90.5, 150.5);
        assert_eq!(ended(&seen), [38, 0, 2, 0, 20, 0], "{part}");
        let latency = seen.record.classes[0].latency.max();
        assert_eq!(latency, Some(2_400_000_000), "at full speed afterwards: {part}");
    }
}

/// `app` calls `back`, whose work takes 3 s. The step has the keys of `limit` too.
fn call(limit: &str) -> String {
    base("page").with(&format!(
        r#"
[zone.deep]
on = ["box-1"]
[service.back]
in = "deep"
workers = 10
[workload.visitors]
rate = "0.1/s"
arrivals = {{ process = "regular" }}
[request.page]
demands = {{ work = "3s" }}
steps = [ {{ call = "back", steps = [ {{ cpu = "back", demand = "work" }} ]{limit} }} ]
"#
    ))
}

/// Core-seconds that `back` worked.
fn worked(plan: &Blueprint, seen: &Observation) -> f64 {
    let place = plan.zones.iter().position(|zone| zone.name == "deep-1").unwrap();
    seen.zones[place].utilization().unwrap() * 8.0 * seen.length.seconds()
}

fn works_on(worked: f64, pages: f64) -> bool {
    (worked - 3.0 * pages).abs() < 1e-6
}

fn check_that_work_goes_on(worked: f64, pages: f64) {
    assert!(works_on(worked, pages), "{worked} core-seconds for {pages} pages");
}

#[test]
fn a_call_that_times_out_is_an_error_and_its_work_goes_on() {
    let text = call(", time-out = \"1s\"");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(5.0, 105.0), 0).unwrap();
    assert_eq!(ended(&seen), [0, 0, 10, 0, 0, 0]);
    let calls = &seen.record.calls[0];
    assert_eq!((calls.begun, calls.ended[3]), (10, 10), "ten calls, ten time-outs");
    check_that_work_goes_on(worked(&plan, &seen), 10.0);
}

/// The check above must miss where work stops at the time-out: calls that are given up after the second
/// for which they work.
pub fn assert_work_that_stops_at_the_time_out_is_noticed() {
    let text = call(", time-out = \"1s\"");
    let goes_on = |work: &str| {
        let plan = planned(&text.replace("work = \"3s\"", &format!("work = \"{work}\"")));
        let seen = requests::run(&plan, &window(5.0, 105.0), 0).unwrap();
        works_on(worked(&plan, &seen), 10.0)
    };
    assert!(goes_on("3s"));
    assert!(!goes_on("1s"), "the mutant is not noticed");
}

#[test]
fn when_a_client_goes_away_the_work_goes_on() {
    let users = "[clients.users]\npatience = \"1s\"\n[workload.visitors]\nfrom = \"users\"\n";
    let plan = planned(&call("").with(users));
    let seen = requests::run(&plan, &window(5.0, 105.0), 0).unwrap();
    assert_eq!(ended(&seen), [0, 0, 0, 10, 0, 0]);
    check_that_work_goes_on(worked(&plan, &seen), 10.0);
}

/// A crash of the callee is an error for the caller; one of the caller leaves the callee at work.
#[test]
fn a_crash_takes_the_frames_of_one_process_and_no_other() {
    let crash = |who: &str| {
        call("").with(&format!(
            "[fault.oops]\nhits = \"service.{who}\"\nhow = \"crash\"\nat = \"51s\"\n\
             lasts = \"4s\"\n"
        ))
    };
    let (callee, caller) = (planned(&crash("back")), planned(&crash("app")));
    let of_callee = requests::run(&callee, &window(5.0, 105.0), 0).unwrap();
    assert_eq!(ended(&of_callee), [9, 0, 1, 0, 0, 0]);
    assert!((worked(&callee, &of_callee) - 28.0).abs() < 1e-6, "cut off after one second");
    let of_caller = requests::run(&caller, &window(5.0, 105.0), 0).unwrap();
    assert_eq!(ended(&of_caller), [9, 0, 1, 0, 0, 0]);
    check_that_work_goes_on(worked(&caller, &of_caller), 10.0);
    for seen in [&of_callee, &of_caller] {
        assert_eq!(seen.record.calls[0].in_flight(), 0, "every call ends in the ledger");
    }
}

/// A part broken by hand, and nothing else, whatever faults there are.
#[test]
fn a_drill_breaks_one_part_and_mends_it() {
    let text = app("[fault.often]\nhits = \"server.*\"\nhow = \"crash\"\nrate = \"1/min\"\n\
                    repair = \"1s\"\n[window.broken]\nbefore = \"10s\"\nafter = \"10s\"\n");
    let plan = planned(&text);
    let parts = &plan.health.as_ref().unwrap().breakable;
    let part = parts.iter().position(|name| name == "app-1").unwrap() as u32;
    let at = |seconds: u64| SimTime::ZERO + SimDuration::from_secs(seconds);
    let mut drill = window(90.5, 160.5);
    drill.faults = Faults::Drill;
    let mut run = Run::new(&plan, &drill, 0, None);
    let from = at(100) + SimDuration::from_nanos(500_000_000);
    run.live_until(from, &|| false);
    run.drill(part, true);
    run.live_until(from + SimDuration::from_secs(10), &|| false);
    run.drill(part, false);
    let seen = run.finish(&|| false).unwrap().unwrap();
    // Mended at 110.5 s it restarts for 10 s: 101 to 120 s are refused.
    assert_eq!(ended(&seen), [48, 20, 2, 0, 0, 0]);
    assert_eq!(lost(&plan, &seen, "planned"), 22);
    drill.faults = Faults::Off;
    assert_eq!(ended(&requests::run(&plan, &drill, 0).unwrap()), [70, 0, 0, 0, 0, 0]);
}
