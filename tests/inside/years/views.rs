//! What members that wait for each other cost over years: a silent one holds up every write until it is evicted.

use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};

const DOWN: &str = "downtime.put@horizon";
const LOST: &str = "lost.put@horizon";

/// One write per view to `members` in the given mode; each member crashes 24 times a year, for `repair`.
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

fn near(found: f64, hand: f64) -> bool {
    (found / hand - 1.0).abs() < 0.02
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
fn a_dead_primary_that_nobody_replaces_ends_the_writes() {
    for mode in ["two-phase", "three-phase"] {
        let found = down(&group(mode, 3, "60s", ""));
        assert!(near(found, 60.0 + 2.0 * 5.0), "{mode}: {found}");
    }
}

/// Both members die at once, and come back after one and four minutes. Nothing has been committed since, so the first goes on
/// without the other.
#[test]
fn a_member_that_lacks_nothing_goes_on_alone() {
    let text = group("two-phase", 2, "60s", EACH).replace(
        "hits = \"database.mysql.*\"\nhow = \"crash\"\nrate = \"24/y\"\nrepair = \"60s\"",
        "hits = \"database.mysql.primary\"\nhow = \"crash\"\nat = \"20s\"\nlasts = \"60s\"\n\
         [fault.other]\nhits = \"database.mysql.replica-1\"\nhow = \"crash\"\nat = \"20s\"\nlasts = \"4min\"",
    );
    assert!(text.contains("fault.other"));
    let found = Years::of(asked(&drafted(&text), "1y", 4, &[DOWN]));
    assert!(near(found.interval(DOWN).estimate, 60.0), "{:?}", found.interval(DOWN));
}

/// Writes that wait for a member which nobody may evict fail by the time-out of their call.
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

/// Of five members three die at once. The view shrinks from five to two, one after the other, and goes on.
#[test]
fn a_view_that_shrinks_needs_more_than_half_of_itself() {
    let text = group("group", 5, "60s", EACH).replace(
        "hits = \"database.mysql.*\"\nhow = \"crash\"\nrate = \"24/y\"\nrepair = \"60s\"",
        "hits = [\"database.mysql.primary\", \"database.mysql.replica-1\", \"database.mysql.replica-2\"]\nhow = \"crash\"\n\
         at = \"20s\"\nlasts = \"10min\"",
    );
    let found = Years::of(asked(&drafted(&text), "1y", 4, &[DOWN, LOST]));
    let [down, lost] = [DOWN, LOST].map(|path| found.interval(path).estimate);
    // Three of five calls fail for 5 s, and the others wait.
    assert!(near(down, 5.0) && near(lost, 30.0), "{down} {lost}");
}

/// Of three members each dead one is evicted after 5 s, and a dead primary is replaced. Of two none is evicted.
#[test]
fn a_group_elects_another_primary_while_more_than_half_of_the_view_remains() {
    const ELECTED: &str = "failovers.mysql@horizon";
    let found = seen(&group("group", 3, "60s", ""), &[DOWN, ELECTED]);
    assert!(near(found[0], 24.0 * 3.0 * 5.0), "{found:?}");
    // Whoever is primary dies so often.
    assert!(near(found[1], 24.0), "{found:?}");
    let found = down(&group("group", 2, "60s", ""));
    assert!(near(found, 2.0 * 60.0), "{found}");
}
