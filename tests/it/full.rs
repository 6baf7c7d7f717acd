//! Promise: disks without space fail what is written to them, when it is written, and nothing else, in windows and over
//! years. Every figure follows from the numbers of the file.

use fivenines::{Results, Run, Scenario};

/// Ten pages per second, at even distances, for 100 s: the disk is full from second 20 to second 50.
const SCENE: &str = r#"
scenario = "full"
format   = 2
[run]
seed    = 1
horizon = "1d"
replications = 2
[window.all]
length = "100s"
replications = 2
[server.box]
cores = 4
memory = "4GiB"
[server.box.disks]
local = { kind = "sata-ssd", layout = "plain", data = 1, write-time = "1ms" }
[zone.www]
on = ["box"]
[service.app]
in      = "www"
workers = "unlimited"
mounts  = { files = "box:local" }
[workload.visitors]
request  = "page"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.page]
enter = "app"
steps = [ { io = "files", read = 1 } ]
[fault.full]
hits  = "server.box.local"
how   = "disk-full"
at    = "20s"
lasts = "30s"
"#;

fn lost(text: &str, run: Run, path: &str) -> f64 {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let results: Results =
        scenario.run(&run.figure(path)).unwrap_or_else(|error| panic!("{error}"));
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

/// Pages lost in the window.
fn by_request(text: &str) -> f64 {
    lost(text, Run::new().requests_only(), "lost.page@all")
}

/// Pages lost in the window and over the year.
#[track_caller]
fn loses(text: &str, wanted: f64) {
    let found = by_request(text);
    assert!((found - wanted).abs() <= 1.0, "{found}, not {wanted}");
    let found = lost(text, Run::new().years_only(), "lost.page@horizon") / 365.0;
    assert!((found - wanted).abs() <= 1.0, "{found} over years, not {wanted}");
}

fn with(steps: &str) -> String {
    SCENE.replace("{ io = \"files\", read = 1 }", steps)
}

#[test]
fn writes_fail_when_they_are_made_and_reads_go_on() {
    loses(SCENE, 0.0);
    // A write fails whether the page waits for the disk, or only for the buffer in front of it.
    loses(&with("{ io = \"files\", write = 1 }"), 300.0);
    loses(&with("{ io = \"files\", write = 1, durable = true }"), 300.0);
    loses(&with("{ io = \"files\", read = 2 }, { io = \"files\", write = 3 }"), 300.0);
    // No request waits for the end of this step, so none learns that it failed.
    loses(&with("{ io = \"files\", write = 1, wait = false }"), 0.0);
    // One of four pages writes: 75 of 300.
    let some =
        with("{ choose = [ { probability = 0.25, steps = [ { io = \"files\", write = 1 } ] } ] }");
    let found = by_request(&some);
    assert!((found - 75.0).abs() < 25.0, "{found}");
    let found = lost(&some, Run::new().years_only(), "lost.page@horizon") / 365.0;
    assert!((found - 75.0).abs() < 1.0, "{found} over years");
    // Half a write on average is one write of every other page.
    let half = lost(
        &with("{ io = \"files\", write = 0.5 }"),
        Run::new().years_only(),
        "lost.page@horizon",
    );
    assert!((half / 365.0 - 150.0).abs() < 1.0, "{half}");
}

#[test]
fn transaction_groups_take_no_write_without_space() {
    let groups = "write-time = \"1ms\", transactions = { write-size = \"8kB\" }";
    let buffered = with("{ io = \"files\", write = 1 }").replace("write-time = \"1ms\"", groups);
    let durable = buffered.replace("write = 1 }", "write = 1, durable = true }");
    let reads = buffered.replace("write = 1 }", "read = 1 }");
    for (text, wanted) in [(&buffered, 300.0), (&durable, 300.0), (&reads, 0.0)] {
        loses(text, wanted);
    }
}

/// A database whose files lie on the full disk commits nothing and answers reads, in every mode of its writes.
#[test]
fn a_database_refuses_commits_and_answers_reads() {
    let files = "mounts  = { files = \"box:local\" }\n";
    let database = "[zone.sql]\non = [\"box\"]\n[database.shop]\nin = { primary = \"sql-1\" }\nconnections = 50\n\
                    read = { cpu = \"1ms\" }\nwrite = { cpu = \"1ms\", WRITES }\ndata = { sql-1 = \"box:local\" }\n";
    for writes in ["sync-io = 1", "deferred-io = 2", "sync-io = 1, deferred-io = 2"] {
        let own = format!("{}[workload", database.replace("WRITES", writes));
        let text = SCENE.replace(files, "").replace("[workload", &own);
        let query = |call: &str| {
            text.replace("{ io = \"files\", read = 1 }", &format!("{{ call = \"shop\", {call} }}"))
        };
        loses(&query("write = 1"), 300.0);
        loses(&query("read = 1"), 0.0);
        loses(&query("read = 1, write = 2"), 300.0);
    }
}

/// A NAS pool is a set of disks; its heads answer that it is full.
#[test]
fn a_full_pool_of_a_file_server_fails_writes() {
    let nas = "[nas.store]\ncpu = \"0.1ms\"\n[nas.store.pools]\nmain = { kind = \"10k\", layout = \"plain\", data = 4 }\n\
               [nas.store.volumes]\nfiles = { size = \"1TB\", pool = \"main\" }\n[workload";
    let text = SCENE
        .replace("[server.box.disks]\nlocal = { kind = \"sata-ssd\", layout = \"plain\", data = 1, write-time = \"1ms\" }\n", "")
        .replace("box:local", "store:files")
        .replace("[workload", nas)
        .replace("server.box.local", "nas.store.main");
    loses(&text, 0.0);
    loses(&text.replace("read = 1", "write = 1"), 300.0);
}

#[test]
fn what_cannot_be_full_is_refused_with_its_place() {
    for (from, to, said) in [
        ("server.box.local", "server.box", "is no set of disks"),
        ("lasts = \"30s\"\n", "", "required key `repair` is missing"),
    ] {
        let text = SCENE.replace(from, to);
        let refused = Scenario::parse(&text).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|found| found.contains(said)), "{to}: {refused:?}");
    }
    let word = SCENE.replace("disk-full", "disk-fill");
    assert!(Scenario::parse(&word).is_ok());
}
