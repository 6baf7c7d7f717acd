//! Promise: a disk that fails is replaced and resilvered at the rate that service leaves, and service pays for it.

use super::disk_writes::{BATCH, is_near, refusal, run, value, writers};

/// A read or write of 1 MiB at 100 MB/s, in seconds.
const EXTENT_S: f64 = 1.048_576e-2;

fn groups(more: &str) -> String {
    format!(
        r#"transactions = {{ dirty-max = "16MiB" }}, bandwidth = "100MB/s", time = "8ms", {more}"#
    )
}

fn failing(allocated: &str, disks: &str) -> String {
    groups(&format!(r#"resilver = {{ allocated = "{allocated}", disks = {disks} }}"#))
}

/// One read in 100 s: nothing else at the disks.
fn quiet(set: &str) -> String {
    let text = writers(1, set, "read = 1", "").replace("users   = 1", "rate = \"0.01/s\"");
    text.replace("think   = \"0s\"\n", "")
}

const RAIDZ2: (&str, &str) =
    (r#"layout = "mirror", data = 1, parity = 1"#, r#"layout = "raidz2", data = 4, parity = 2"#);

/// 4.7: allocated bytes of the disk over its rate. A side of the mirror has all data, one of six disks of a raidz2 a quarter of it;
/// reads and writes of different disks overlap.
#[test]
fn a_resilver_of_quiet_disks_takes_the_allocated_bytes_at_their_transfer() {
    let figures = ["resilver.box.local.mean", "resilver-writes.box.local", "lost-sets.box.local"];
    let took = |text: &str, extents: f64| {
        let results = run(text, &figures);
        assert_eq!(value(&results, "resilver-writes.box.local"), extents);
        assert_eq!(value(&results, "lost-sets.box.local"), 0.0);
        is_near(value(&results, "resilver.box.local.mean"), extents * EXTENT_S, 0.01);
    };
    let text = quiet(&failing("1GiB", r#"{ disk = 2, fails = "31s" }"#));
    took(&text, 1024.0);
    took(&text.replace(RAIDZ2.0, RAIDZ2.1), 256.0);
}

/// The time of a resilver begins with the new disk, not with the failure.
#[test]
fn the_time_until_the_replacement_is_not_part_of_the_resilver() {
    let text = quiet(&failing("1GiB", r#"{ fails = "31s", replaced-after = "10s" }"#));
    let results = run(&text, &["resilver.box.local.mean"]);
    is_near(value(&results, "resilver.box.local.mean"), 1024.0 * EXTENT_S, 0.01);
}

/// One reader in a loop of constant reads of 8 ms. Two reads of the resilver are active, so each read of the job waits for two of
/// them: one with the way of the arm, 8 + 10.5 ms, and one of 10.5 ms. That is a share of 2 x 10.5 / (8 + 18.5 + 10.5) = 0.567 of
/// the disk, and D bytes take D / (0.567 x 100 MB/s).
#[test]
fn a_resilver_beside_a_reader_has_its_share_of_the_disk() {
    let cycle_s = 0.008 + (0.008 + EXTENT_S) + EXTENT_S;
    let share = 2.0 * EXTENT_S / cycle_s;
    let all_along = failing("1TiB", r#"{ fails = "20s" }"#);
    let results = run(
        &writers(1, &all_along, "read = 1", ""),
        &["throughput.job", "latency.job.mean", "resilver-writes.box.local"],
    );
    is_near(value(&results, "throughput.job"), 1.0 / cycle_s, 0.01);
    is_near(value(&results, "latency.job.mean"), cycle_s, 0.01);
    is_near(value(&results, "resilver-writes.box.local"), 40.0 * share / EXTENT_S, 0.01);
    let once = failing("512MiB", r#"{ fails = "31s" }"#);
    let results = run(&writers(1, &once, "read = 1", ""), &["resilver.box.local.mean"]);
    let bytes = f64::from(512 << 20);
    is_near(value(&results, "resilver.box.local.mean"), bytes / (share * 100e6), 0.015);
}

/// While a disk of a mirror is away, the other side serves all reads: 16 readers do 125 per second instead of 250.
#[test]
fn the_other_side_serves_alone_while_a_disk_is_away() {
    let rate = |disks: &str| {
        let set = failing("1GiB", disks);
        value(&run(&writers(16, &set, "read = 1", ""), &["throughput.job"]), "throughput.job")
    };
    is_near(rate(r#"{ fails = "20s", replaced-after = "1h" }"#), 125.0, 0.01);
    assert!(rate(r#"{ fails = "1h" }"#) > 230.0);
}

/// While one side of three is away the two others serve alike, as a mirror of two does: 16 readers do 235 to 250 per second. With two
/// thirds of the reads at one side it would be 125 / (2/3) = 188 at most. A second failure leaves one side, 125 per second, and
/// the third loses the set.
#[test]
fn two_sides_of_a_mirror_of_three_serve_alike_while_one_is_away() {
    let of = |disks: &str| {
        let set = failing("1GiB", disks);
        let text = writers(16, &set, "read = 1", "").replace("parity = 1", "parity = 2");
        // Reads that fail return at once.
        let text = if disks.contains("40s") { text.replace("\"0s\"", "\"100ms\"") } else { text };
        run(&text, &["throughput.job", "lost-sets.box.local", "lost.job[cause=box.local]"])
    };
    let away = |disk: u32| format!(r#"{{ disk = {disk}, fails = "20s", replaced-after = "1h" }}"#);
    for gone in 1..=3 {
        let one = of(&away(gone));
        let rate = value(&one, "throughput.job");
        assert!(rate > 230.0 && rate < 250.5, "{rate} without disk {gone}");
        assert_eq!(value(&one, "lost-sets.box.local"), 0.0);
    }
    let two = of(&format!("[{}, {}]", away(1), away(3)));
    is_near(value(&two, "throughput.job"), 125.0, 0.01);
    let all = [1, 2, 3].map(away).join(", ");
    let all = of(&format!("[{all}]").replace("20s", "40s"));
    assert_eq!(value(&all, "lost-sets.box.local"), 1.0);
    assert!(value(&all, "lost.job[cause=box.local]") > 0.0);
}

/// From the failure that is one too many on, requests are lost with the set as their cause: none before, and the reads under way at
/// that moment too. 4 readers in a loop are at both disks when the second fails, and no loss has another cause.
#[test]
fn what_is_lost_has_the_set_as_its_cause_from_the_last_failure_on() {
    let lost = |disks: &str| {
        let text = writers(4, &failing("100GiB", disks), "read = 1", BATCH);
        let text = text.replace("\"0s\"", "\"10ms\"");
        let results = run(&text, &["lost.job", "lost.job[cause=box.local]", "lost-sets.box.local"]);
        let of = |figure| value(&results, figure);
        assert_eq!(of("lost.job"), of("lost.job[cause=box.local]"), "{disks}");
        (of("lost-sets.box.local"), of("lost.job") > 0.0)
    };
    let both = |second: &str| {
        format!(r#"[{{ disk = 1, fails = "35s" }}, {{ disk = 2, fails = "{second}" }}]"#)
    };
    assert_eq!(lost(&both("35s")), (1.0, true), "both at once");
    assert_eq!(lost(&both("60s")), (1.0, true));
    assert_eq!(lost(&both("10min")), (0.0, false), "the second failure is after the window");
}

/// A flood of writes leaves a resilver 3 s after each group, a scrub 1 s.
#[test]
fn a_resilver_gives_way_to_writes_after_three_seconds_of_each_group() {
    let writes = |work: &str| {
        let set = groups(&format!(
            r#"resilver = {{ allocated = "1TiB", disks = {{ fails = "20s" }}, {work} }}"#
        ));
        let text =
            writers(16, &set, "write = 1", "").replace("length  = \"40s\"", "length  = \"10min\"");
        let results = run(&text, &["resilver-writes.box.local", "syncs.box.local"]);
        let syncs = value(&results, "syncs.box.local");
        value(&results, "resilver-writes.box.local") * EXTENT_S / syncs
    };
    is_near(writes(r#"work = "3s""#), 3.0, 0.06);
    is_near(writes(r#"work = "1s""#), 1.0, 0.08);
}

/// The second side of a mirror fails while the first is resilvered: all is lost, and jobs fail. With less data the resilver is over
/// before that, and a raidz2 bears two failures, not three.
#[test]
fn a_further_failure_before_the_end_of_a_resilver_loses_the_set() {
    let both = r#"[{ disk = 1, fails = "35s" }, { disk = 2, fails = "60s" }]"#;
    let lost = |allocated: &str, disks: &str, layout: bool| {
        let text = writers(4, &failing(allocated, disks), "read = 1", BATCH);
        let text = if layout { text.replace(RAIDZ2.0, RAIDZ2.1) } else { text };
        let figures = ["lost-sets.box.local", "throughput.write", "lost.job[cause=box.local]"];
        let results = run(&text, &figures);
        let of = |figure| value(&results, figure);
        (of("lost-sets.box.local"), of("lost.job[cause=box.local]") > 0.0)
    };
    assert_eq!(lost("10GiB", both, false), (1.0, true));
    assert_eq!(lost("100MiB", both, false), (0.0, false));
    assert_eq!(lost("100GiB", both, true), (0.0, false));
    let three = r#"[{ disk = 1, fails = "35s" }, { disk = 2, fails = "60s", replaced-after = "1s" }, { disk = 6, fails = "61s" }]"#;
    assert_eq!(lost("100GiB", three, true), (1.0, true));
}

/// Failures of disks, a scrub, and faults of server and set in the middle of reads, durable and buffered writes: every run
/// adds up (busy + idle + unavailable, Little's law), and what can end ends.
#[test]
fn failures_of_disks_meet_faults_and_scrubs() {
    let fault = |how: &str, hits: &str| {
        format!(
            "[fault.one]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"33.013s\"\nlasts = \"2s\"\n"
        )
    };
    let disks = r#"[{ disk = 1, fails = "32s" }, { disk = 1, fails = "34s", replaced-after = "1s" }, { disk = 2, fails = "69.9s", replaced-after = "1ms" }]"#;
    let scrub = r#"scrub = { every = "7s", allocated = "300MiB" }, resilver = { allocated = "100MiB", disks = DISKS }"#;
    let set = groups(&format!("{}, io-throttle = {{}}", scrub.replace("DISKS", disks)));
    for step in ["read = 1", "write = 1", "write = 1, durable = true"] {
        for (how, hits) in [
            ("lost", "server.box.local"),
            ("hang", "server.box.local"),
            ("slow", "server.box.local"),
            ("crash", "box"),
        ] {
            for layout in [RAIDZ2.0, RAIDZ2.1] {
                let text = writers(3, &set, step, &format!("{BATCH}{}", fault(how, hits)));
                let text = text.replace("think   = \"0s\"", "think   = \"1ms\"");
                let slow = if how == "slow" { "factor = 2.0\n" } else { "" };
                let text = format!("{text}{slow}").replace(RAIDZ2.0, layout);
                let results = run(&text, &["resilver-writes.box.local", "lost-sets.box.local"]);
                assert_eq!(value(&results, "lost-sets.box.local"), 0.0, "{step} {how} {layout}");
                assert!(value(&results, "resilver-writes.box.local") > 0.0);
            }
        }
    }
}

#[test]
fn disks_that_cannot_fail_so_are_refused_with_their_place_and_what_to_do() {
    let refused = |set: &str, why: &str| {
        let found = refusal(&writers(1, set, "write = 1", ""));
        assert!(found.contains(why), "{set}: {found}");
    };
    let one = r#"{ fails = "1min" }"#;
    assert_eq!(refusal(&writers(1, &failing("1GiB", one), "write = 1", "")), "");
    refused(&failing("1GiB", r#"{ disk = 3, fails = "1min" }"#), "disk 3 of 2 disks");
    refused(&failing("1GiB", "[]"), "disks");
    let twice = r#"[{ fails = "1min", replaced-after = "1h" }, { fails = "2min" }]"#;
    refused(&failing("1GiB", twice), "before it is replaced");
    refused(&failing("1GiB", &format!("[{one}, {one}]")), "before it is replaced");
    let alone = r#"resilver = { allocated = "1GiB", disks = { fails = "1min" } }"#;
    refused(alone, "`transactions` is missing");
    refused(
        &format!(r#"transactions = {{ dirty-max = "16MiB" }}, {alone}"#),
        "`bandwidth` is missing",
    );
    let text = writers(1, &failing("1GiB", one), "write = 1", "");
    let plain = text.replace(RAIDZ2.0, r#"layout = "plain", data = 2"#);
    assert!(refusal(&plain).contains("without redundancy"), "{}", refusal(&plain));
    let odd = text.replace(RAIDZ2.0, r#"layout = "mirror", data = 2, parity = 1"#);
    assert!(refusal(&odd).contains("3 disks make no mirrors of 2 sides"), "{}", refusal(&odd));
    let odd = text.replace(RAIDZ2.0, r#"layout = "mirror", data = 2, parity = 3"#);
    assert!(refusal(&odd).contains("5 disks make no mirrors of 2 sides"), "{}", refusal(&odd));
    let two = text.replace("[server.box]", "[server.box]\ncount = 2");
    assert!(refusal(&two).contains("in each of these servers"), "{}", refusal(&two));
}
