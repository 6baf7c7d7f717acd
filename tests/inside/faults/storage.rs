//! File servers that fall silent, disks that are lost.

use super::*;

/// One file operation a second; the head takes a millisecond for it.
fn files(mount: &str, fault: &str) -> String {
    let lines = format!(
        r#"
[nas.store]
cpu = {{ dist = "discrete", values = ["1ms", "9ms"], weights = [0.999999999, 0.000000001] }}
[service.app]
mounts = {{ files = {mount} }}
[workload.visitors]
arrivals = {{ process = "regular" }}
[request.page]
steps = [ {{ io = "files", ops = 1, READ }} ]
"#
    );
    base("files").with(&lines).with(fault)
}

const OUTAGE: &str = "[fault.panic]\nhits = \"nas.store.head\"\nhow = \"crash\"\nat = \"0s\"\n\
                      lasts = \"45s\"\n";

/// 8.4 test 1, for an outage without a takeover: the outage begins at 0 s and lasts 45 s; what was
/// issued at 1 s is sent again after 1, 2, 4, 8, 16 and 32 s more, so that it is answered at 64 s.
#[test]
fn a_hard_mount_goes_on_at_the_first_retry_after_the_outage() {
    let text = files("\"store:data\"", OUTAGE).replace(", READ", "");
    let seen = observed(&text, 0.5, 1.5);
    assert_eq!(ended(&seen), [1, 0, 0, 0, 0, 0]);
    assert_eq!(seen.record.classes[0].latency.max(), Some(63_001_000_000));
    // Whoever came later hits another instant: 15 s + 31 s = 46 s.
    let later = observed(&text, 14.5, 15.5);
    assert_eq!(later.record.classes[0].latency.max(), Some(31_001_000_000));
    let all = observed(&text, 0.5, 100.5);
    assert_eq!(ended(&all), [100, 0, 0, 0, 0, 0], "no error reaches the application");
}

/// A soft mount of 20.3 s in an outage of 44.5 s: what is issued up to 24 s fails at its limit.
#[test]
fn a_soft_mount_fails_at_its_limit() {
    let mount = "{ volume = \"store:data\", time-out = \"20300ms\" }";
    let text = files(mount, OUTAGE).replace(", READ", "").replace("45s", "44500ms");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(0.5, 60.5), 0).unwrap();
    assert_eq!(ended(&seen), [36, 0, 24, 0, 0, 0]);
    assert_eq!(lost(&plan, &seen, "panic"), 24);
    let one = requests::run(&plan, &window(0.5, 1.5), 0).unwrap();
    let head = plan.parts.iter().position(|part| part.name == "store.head").unwrap();
    assert_eq!(one.gauges[head].inside, one.gauges[head].stayed);
    // What is issued at 25 s is sent a last time at its limit, 45.3 s, when the head serves again.
    let last = requests::run(&plan, &window(24.5, 25.5), 0).unwrap();
    assert_eq!(last.record.classes[0].latency.max(), Some(20_301_000_000));
}

/// The pool is lost from 10.5 to 20.5 s: reads fail at once, the head answers all the same.
#[test]
fn reads_from_a_lost_pool_are_errors() {
    let fault = "[fault.pool]\nhits = \"nas.store.pool\"\nhow = \"lost\"\nat = \"10500ms\"\n\
                 lasts = \"10s\"\n";
    let text = files("\"store:data\"", fault).replace("READ", "read = 1");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(0.5, 30.5), 0).unwrap();
    assert_eq!(ended(&seen), [20, 0, 10, 0, 0, 0]);
    assert_eq!(lost(&plan, &seen, "pool"), 10);
}

/// The same pool standing still: the eleventh read and those behind it wait and are done.
#[test]
fn reads_from_a_pool_that_stands_still_wait() {
    let fault = "[fault.pool]\nhits = \"nas.store.main\"\nhow = \"pause\"\nat = \"10500ms\"\n\
                 lasts = \"10s\"\n";
    let text = files("\"store:data\"", fault).replace("READ", "read = 1");
    let seen = observed(&text, 0.5, 30.5);
    assert_eq!(ended(&seen), [30, 0, 0, 0, 0, 0]);
    // The read of 11 s reaches the pool at 11.001 s, which goes on at 20.5 s for 10 ms.
    // Instants of a regular source are rounded to the nanosecond.
    let longest = seen.record.classes[0].latency.max().unwrap();
    assert!(longest.abs_diff(9_510_000_000) <= 2, "{longest}");
}
