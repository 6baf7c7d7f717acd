//! Cost over years of members that wait for each other: a silent one holds up every write until it is evicted.

use super::{Years, asked};
use crate::inside::common::is_full;
use crate::inside::faults::drafted;
use crate::inside::faults::swarm::Dice;
use crate::inside::shared::base::{With as _, base};
use crate::{Run, Scenario};

const DOWN: &str = "downtime.put@horizon";
const LOST: &str = "lost.put@horizon";

/// One write per view to `members` in the given mode; each member crashes 24 times per year, for `repair`.
fn group(mode: &str, members: u32, repair: &str, rest: &str) -> String {
    let replicas: Vec<String> = (2..=members).map(|k| format!("\"sql-{k}\"")).collect();
    let on: Vec<String> = (2..=members + 1).map(|k| format!("\"box-{k}\"")).collect();
    base("replicas").with(&format!(
        r#"
[server.box]
count = {}
[zone.sql]
count = {members}
on = [{}]
[database.mysql]
in = {{ primary = "sql-1", replicas = [{}] }}
write = {{ cpu = "0.1ms" }}
replication = {{ mode = "{mode}", receive = "1ms", suspect-after = "5s" }}
{rest}
[fault.crash]
hits = "database.mysql.*"
how = "crash"
rate = "24/y"
repair = "{repair}"
"#,
        members + 1,
        on.join(", "),
        replicas.join(", "),
    ))
}

const EACH: &str = "reads = { to = \"members\" }\nwrites = { to = \"members\" }\n";

fn seen(text: &str, paths: &[&str]) -> Vec<f64> {
    let seen = Years::of(asked(&drafted(text), "20y", 100, paths));
    paths.iter().map(|path| seen.interval(path).estimate).collect()
}

/// In units of a year's 24 crashes of a member: the seconds for which writes wait.
fn down(text: &str) -> f64 {
    seen(text, &[DOWN])[0] / 24.0
}

fn near(found: f64, expected: f64) -> bool {
    (found / expected - 1.0).abs() < 0.02
}

/// Until it is evicted, a silent member has its share of the writes, which fail, and the other writes wait for it.
#[test]
fn a_silent_member_costs_its_share_of_the_writes_until_it_is_evicted() {
    let text = group("two-phase", 2, "60s", EACH);
    let found = seen(&text, &[DOWN, LOST]);
    assert!(near(found[0], 48.0 * 5.0), "{found:?}");
    // Ten a second for that long, of which every other one fails.
    assert!(near(found[1], 48.0 * 5.0 * 10.0 / 2.0), "{found:?}");
    // One that is back before is not evicted.
    let found = down(&group("two-phase", 2, "2s", EACH));
    assert!(near(found, 2.0 * 2.0), "{found}");
}

/// In these modes no member is elected: a dead primary ends the writes until it is back.
#[test]
fn a_dead_primary_that_no_member_replaces_ends_the_writes() {
    for mode in ["two-phase", "three-phase"] {
        let found = down(&group(mode, 3, "60s", ""));
        assert!(near(found, 60.0 + 2.0 * 5.0), "{mode}: {found}");
    }
}

/// Both members die at once, and come back after one and four minutes. Nothing has been committed since, so the one that is back first goes
/// on without the other, whichever it is.
#[test]
fn a_member_that_lacks_nothing_goes_on_alone() {
    for (first, other) in [("60s", "4min"), ("4min", "60s")] {
        let faults =
            crash("crash", "primary", "20s", first) + &crash("other", "replica-1", "20s", other);
        let found = once(&group("two-phase", 2, "60s", EACH), &faults, &[DOWN]);
        assert!(near(found[0], 60.0), "{first} {other}: {found:?}");
    }
}

/// Returns a crash of a member at `at` in the year, which lasts for `lasts`.
fn crash(name: &str, member: &str, at: &str, lasts: &str) -> String {
    format!(
        "[fault.{name}]\nhits = \"database.mysql.{member}\"\nhow = \"crash\"\nat = \"{at}\"\nlasts = \"{lasts}\"\n"
    )
}

/// Runs a year with these faults in place of those of the group.
fn once(text: &str, faults: &str, paths: &[&str]) -> Vec<f64> {
    let (text, _) = text.split_once("[fault.crash]").unwrap();
    let seen = Years::of(asked(&drafted(&format!("{text}{faults}")), "1y", 4, paths));
    paths.iter().map(|path| seen.interval(path).estimate).collect()
}

/// The primary is evicted 5 s after its crash. Five minutes later another member is silent for 2 s: what waits then waits for that one
/// alone. Calls have a time-out of 1 s, so all but those of the last second before the eviction, or the return, are lost.
#[test]
fn waiting_writes_are_lost_by_the_member_that_is_silent() {
    let call = "[request.put]\nsteps = [ { call = \"mysql\", write = 1, time-out = \"1s\" } ]";
    let text = group("two-phase", 3, "60s", EACH).with(call);
    let faults =
        crash("long", "primary", "20s", "10min") + &crash("short", "replica-1", "5min", "2s");
    let by = |cause| format!("lost.put[cause={cause}]@horizon");
    let (long, short) = (by("long"), by("short"));
    let found = once(&text, &faults, &[&long, &short]);
    assert!(near(found[0], 50.0 / 3.0 + 2.0 / 3.0 * 40.0), "{found:?}");
    assert!(near(found[1], 20.0 / 2.0 + 10.0 / 2.0), "{found:?}");
}

/// A replica dies at 65 s, and the primary at 69 s for 2 s. The writes of the 4 s between wait for the replica and fail with the primary,
/// as do those of the 2 s after.
#[test]
fn writes_that_wait_for_a_member_fail_when_the_primary_dies() {
    let faults =
        crash("replica", "replica-1", "65s", "90s") + &crash("head", "primary", "69s", "2s");
    let lost = |rest: &str| once(&group("two-phase", 2, "60s", rest), &faults, &[LOST])[0];
    let found = lost("");
    assert!(near(found, 10.0 * (4.0 + 2.0)), "{found}");
    // Each is sent once more, a second later on average. Those sent again after the 2 s are served.
    let again = "[clients.all]\nretry = { probability = 1.0, after = \"1s\", max-retries = 1 }\n\
                 [workload.writers]\nfrom = \"all\"";
    let found = lost(again);
    let late = 40.0 * libm::exp(-2.0) + 10.0 * (1.0 - libm::exp(-2.0));
    assert!(near(found, 60.0 - late), "{found}, {late}");
}

/// A member that is paused for longer than that is evicted as a dead one is.
#[test]
fn a_paused_member_counts_as_failed() {
    let text = group("two-phase", 2, "60s", EACH).replace("\"crash\"", "\"pause\"");
    let found = seen(&text, &[DOWN, LOST]);
    assert!(near(found[0], 48.0 * 5.0) && near(found[1], 48.0 * 25.0), "{found:?}");
}

/// Writes that wait for a member which the view may not evict fail by the time-out of their call.
#[test]
fn writes_that_wait_longer_than_their_time_out_are_lost() {
    let lost = |more: &str| {
        let text = group("group", 2, "60s", "");
        let text =
            text.replace("hits = \"database.mysql.*\"", "hits = \"database.mysql.replica-1\"");
        let text = text.with(more);
        seen(&text, &[LOST])[0] / (24.0 * 60.0 * 10.0)
    };
    assert!(lost("") < 0.01, "without a time-out they are late");
    let found =
        lost("[request.put]\nsteps = [ { call = \"mysql\", write = 1, time-out = \"2s\" } ]");
    // All but those of the last two seconds.
    assert!(near(found, 58.0 / 60.0), "{found}");
}

/// Three of five members die at once. The view shrinks from five to two, one after the other, and goes on.
#[test]
fn a_group_shrinks_one_by_one_down_to_two() {
    let faults: String = ["primary", "replica-1", "replica-2"]
        .map(|member| crash(&format!("of-{member}"), member, "20s", "10min"))
        .concat();
    let found = once(&group("group", 5, "60s", EACH), &faults, &[DOWN, LOST]);
    let [down, lost] = [found[0], found[1]];
    // Three of five calls fail for 5 s, and the others wait.
    assert!(near(down, 5.0) && near(lost, 30.0), "{down} {lost}");
}

/// A server is no single point of failure with three of five members, and it is one with two of three.
#[test]
fn a_server_is_a_single_point_of_failure_if_fewer_than_two_of_a_group_are_left() {
    let is_named = |members: u32, apart: &str, together: &str| {
        let text = group("group", members, "60s", EACH);
        let (text, _) = text.split_once("[fault.crash]").unwrap();
        assert!(text.contains(apart));
        let text = text
            .replace(apart, together)
            .with("[window.mean]\nlevel = \"10/s\"\nlength = \"1min\"\n");
        let scenario = crate::Scenario::parse(&text).unwrap();
        let warnings: Vec<String> = scenario.warnings().iter().map(ToString::to_string).collect();
        let names = |one: &String| one.contains("of failure") && one.contains("box-2");
        assert!(warnings.iter().any(|one| one.contains("of failure")), "of the only application");
        warnings.iter().any(names)
    };
    assert!(!is_named(5, "\"box-3\", \"box-4\"", "\"box-2\", \"box-2\""));
    assert!(is_named(3, "\"box-2\", \"box-3\"", "\"box-2\", \"box-2\""));
}

/// A group of three evicts a dead member after 5 s, and replaces a dead primary. A group of two evicts none.
#[test]
fn a_group_elects_another_primary_while_more_than_half_of_the_view_remains() {
    const ELECTED: &str = "failovers.mysql@horizon";
    let found = seen(&group("group", 3, "60s", ""), &[DOWN, ELECTED]);
    assert!(near(found[0], 24.0 * 3.0 * 5.0), "{found:?}");
    // The primary crashes 24 times per year, whichever member it is.
    assert!(near(found[1], 24.0), "{found:?}");
    let found = down(&group("group", 2, "60s", ""));
    assert!(near(found, 2.0 * 60.0), "{found}");
}

/// Crashes of members, at random seconds and for random times: one to three of them, each of another member.
fn crashes(dice: &mut Dice, members: u64) -> String {
    let mut left: Vec<String> = (0..members).map(|k| MEMBERS[k as usize].to_string()).collect();
    let count = 1 + dice.roll(members.min(3));
    let mut faults = String::new();
    for number in 0..count {
        let member = left.swap_remove(dice.roll(left.len() as u64) as usize);
        let (at, lasts) = (20 + dice.roll(60), [2, 4, 8, 20, 45, 90][dice.roll(6) as usize]);
        faults += &crash(&format!("c{number}"), &member, &format!("{at}s"), &format!("{lasts}s"));
    }
    faults
}

const MEMBERS: [&str; 5] = ["primary", "replica-1", "replica-2", "replica-3", "replica-4"];

/// Lines that put the data of the members on as many disks each: a write defers eight operations of 4 ms.
fn on_disks(members: u64, disks: &str) -> String {
    if disks.is_empty() {
        return String::new();
    }
    let data: Vec<String> = (1..=members).map(|k| format!("sql-{k} = \"box:local\"")).collect();
    format!(
        "data = {{ {} }}\nwrite = {{ cpu = \"0.1ms\", sync-io = 0, deferred-io = 8 }}\n[server.box.disks]\n\
         local = {{ kind = \"10k\", layout = \"plain\", data = {disks}, time = \"4ms\" }}\n",
        data.join(", ")
    )
}

/// Calls lost in a window of the requests that has the same faults.
fn lost_in_a_window(text: &str, faults: &str) -> f64 {
    let (text, _) = text.split_once("[fault.crash]").unwrap();
    let window = "[run]\nseed = 1\nreplications = 12\n[window.all]\nlength = \"300s\"\n";
    let scenario = Scenario::parse(&format!("{}{faults}", text.with(window)));
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let results = scenario.run(&Run::new().requests_only().figure("lost.put@all")).unwrap();
    results.figure("lost.put@all").unwrap().value()
}

/// In generated groups with generated crashes years lose as many calls as twelve windows on average, up to those of a second, of ten per
/// second.
#[test]
fn years_and_windows_lose_as_many_calls_in_generated_crashes() {
    let mut dice = Dice(29);
    let mut wrong = Vec::new();
    let groups = if is_full("270 of 300 generated groups") { 300 } else { 30 };
    for number in 0..groups {
        let mode = dice.pick(&["two-phase", "three-phase", "group"]);
        let members = 2 + dice.roll(4);
        let rest = dice.pick(&["", EACH]);
        let disks = dice.pick(&["", "1", "4"]);
        let call = "[request.put]\nsteps = [ { call = \"mysql\", write = 1, time-out = \"1s\" } ]";
        let rest = format!("{rest}{}", on_disks(members, disks));
        let text = group(mode, members as u32, "60s", &rest).with(call);
        let faults = crashes(&mut dice, members);
        let years = once(&text, &faults, &[LOST])[0];
        let window = lost_in_a_window(&text, &faults);
        println!("{mode} of {members}: years {years:.1}, window {window}");
        if (years - window).abs() > 10.0 + 0.03 * window {
            wrong.push(format!(
                "{number}: {mode} of {members}, {rest:?}: years {years}, window {window}\n{faults}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
