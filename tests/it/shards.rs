//! Promise: a run in parts, on any number of machines, in any order, also after kills, gives the bytes of the run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::cli::run;
use super::sweep::tree;
use crate::common::binary;

mod combined;
mod many;

/// Two members behind a balancer: windows with and without a break, a capacity, faults over years, windows drawn from
/// them.
pub const SCENE: &str = r#"
scenario = "desk"
format   = 2
[run]
seed    = 3
horizon = "2y"
replications = 40
[window.busy]
length  = "20s"
level   = "40/s"
replications = 5
[window.broken]
before = "5s"
after  = "20s"
repair = "5s"
level  = "20/s"
replications = 3
[server.box]
count  = 2
cores  = 1
[server.edge]
cores = 1
[zone.www]
among = ["box"]
count = 2
[zone.door]
on = ["edge"]
[service.app]
in = "www"
workers = 8
[balancer.front]
in = "door"
to = "app"
check = { interval = "1s", time-out = "1s", fall = 2, rise = 2 }
[workload.visitors]
request = "page"
rate    = "40/s"
[request.page]
enter   = "front"
demands = { work = { dist = "exponential", mean = "20ms" } }
steps   = [ { cpu = "app", demand = "work" } ]
[objective.page]
latency = { p95 = "200ms" }
[fault.crash]
hits   = "server.box"
how    = "crash"
rate   = "6/year"
repair = "2h"
[[expect]]
figure = "utilization.box-1@busy"
is     = "< 0.9"
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(text: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(place.name("desk.toml"), text).unwrap();
        place
    }

    fn name(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_string()
    }

    /// Runs the whole into the folder `one`; returns the exit code and the answer.
    fn whole(&self, more: &[&str]) -> (i32, String) {
        let (site, out) = (self.name("desk.toml"), self.name("one"));
        let (code, said, err) = run(&[&["run", &site, "--out", &out], more].concat());
        assert!(Path::new(&out).join("manifest.json").exists(), "{err}");
        (code, said)
    }

    /// Simulates a shard into the file `part`.
    fn shard(&self, shard: &str, part: &str, more: &[&str]) -> (i32, String, String) {
        let (site, out) = (self.name("desk.toml"), self.name(part));
        run(&[&["run", &site, "--shard", shard, "--out", &out], more].concat())
    }

    fn shards(&self, of: usize, prefix: &str, more: &[&str]) {
        for number in 1..=of {
            let shard = format!("{number}/{of}");
            let (code, _, err) = self.shard(&shard, &format!("{prefix}{number}"), more);
            assert_eq!(code, 0, "{err}");
        }
    }

    fn merge(&self, parts: &[&str], out: &str) -> (i32, String, String) {
        let parts: Vec<String> = parts.iter().map(|part| self.name(part)).collect();
        let out = self.name(out);
        let mut words = vec!["merge"];
        words.extend(parts.iter().map(String::as_str));
        words.extend(["--out", &out]);
        run(&words)
    }

    #[track_caller]
    fn same(&self, one: &str, other: &str) {
        let [one, other] = [one, other].map(|name| tree(Path::new(&self.name(name))));
        let names = |tree: &std::collections::BTreeMap<String, Vec<u8>>| -> Vec<String> {
            tree.keys().cloned().collect()
        };
        assert_eq!(names(&one), names(&other));
        let differs = one.iter().find(|(name, bytes)| other[*name] != **bytes);
        assert!(differs.is_none(), "{} differs", differs.unwrap().0);
    }
}

#[test]
fn parts_in_any_order_and_number_give_the_bytes_of_the_run() {
    let place = Place::new(SCENE);
    let (code, said) = place.whole(&[]);
    place.shards(3, "of-3-", &[]);
    let (merged, answer, err) = place.merge(&["of-3-2", "of-3-3", "of-3-1"], "three");
    assert_eq!((merged, &answer), (code, &said), "{err}");
    place.same("one", "three");
    // The parts of another number of machines, the same parts twice, and of both numbers.
    place.shards(7, "of-7-", &["--threads", "1"]);
    let all: Vec<String> = (1..=7).rev().map(|number| format!("of-7-{number}")).collect();
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(place.merge(&all, "seven").0, code);
    place.same("one", "seven");
    all.extend(["of-3-1", "of-7-2"]);
    assert_eq!(place.merge(&all, "both").0, code);
    place.same("one", "both");
    // More machines than pieces: some have nothing to do.
    place.shards(1, "alone-", &[]);
    assert_eq!(place.merge(&["alone-1"], "alone").0, code);
    place.same("one", "alone");
}

#[test]
fn missing_parts_are_named_and_nothing_is_written() {
    let place = Place::new(SCENE);
    place.shards(5, "part-", &["--quick"]);
    let (code, _, err) = place.merge(&["part-1", "part-3", "part-4"], "out");
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("shards 2/5, 5/5 are missing"), "{err}");
    assert!(!Path::new(&place.name("out")).join("manifest.json").exists());
    // Of parts of two divisions no shard of one of them is named: the other may have its work.
    place.shards(3, "third-", &["--quick"]);
    let (code, _, err) = place.merge(&["part-1", "third-1", "part-3"], "out");
    assert!(code == 5 && err.contains("of the run are missing"), "{err}");
    // What a killed process leaves under the name of a part, whole or not, is no part.
    let bytes = fs::read(place.name("part-2")).unwrap();
    fs::write(place.name("part-2"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(place.name("part-5"), b"").unwrap();
    let all = ["part-1", "part-2", "part-3", "part-4", "part-5"];
    let (code, _, err) = place.merge(&all, "out");
    assert_eq!(code, 5, "{err}");
    assert_eq!(err.matches("is no whole part").count(), 2, "{err}");
    assert!(err.contains("shards 2/5, 5/5 are missing"), "{err}");
    let (code, _, err) = place.merge(&["part-2"], "out");
    assert!(code == 2 && err.contains("is no part of a run"), "{err}");
}

#[test]
fn parts_of_other_runs_are_refused() {
    let place = Place::new(SCENE);
    place.shards(2, "part-", &["--quick"]);
    for (more, what) in [
        (&["--quick", "--seed", "4"] as &[&str], "the scenario or its seed"),
        (&["--replications", "2"], "the flags"),
        (&["--quick", "--set", "server.box.cores=2"], "the scenario or its seed"),
    ] {
        let (code, _, err) = place.shard("2/2", "other", &[more, &["--force"]].concat());
        assert_eq!(code, 0, "{err}");
        let (code, _, err) = place.merge(&["part-1", "other"], "out");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 2 && err.contains(what), "{more:?}: {err}");
    }
    // Another version has another format, and a folder is no part.
    let own = fs::read(place.name("part-1")).unwrap();
    let at = own.iter().position(|byte| *byte == b'\n').unwrap();
    let mut older = own.clone();
    older[at - 1] -= 1;
    fs::write(place.name("older"), older).unwrap();
    let (code, _, err) = place.merge(&["part-2", "older"], "out");
    assert!(code != 0 && err.contains("version"), "{code}: {err}");
    fs::create_dir(place.name("folder")).unwrap();
    let (code, _, err) = place.merge(&["part-1", "folder"], "out");
    assert!(code == 2 && err.contains("is a folder, and no part"), "{code}: {err}");
    // A result that differs: the same piece under another number cannot be made by the command, so a byte is changed.
    let (code, _, err) = place.shard("1/2", "part-2", &["--quick"]);
    assert!(code == 6 && err.contains("another shard"), "{err}");
    let (code, _, err) = place.shard("1/2", "desk.toml", &["--quick"]);
    assert!(code == 6 && err.contains("no part of a run"), "{err}");
    // A part that is there is not simulated again.
    let (code, _, err) = place.shard("2/2", "part-2", &["--quick"]);
    assert!(code == 0 && err.contains("there already"), "{err}");
    for wrong in ["0/2", "3/2", "1/0", "1", "a/b", "1/9000000"] {
        assert_eq!(place.shard(wrong, "wrong", &[]).0, 2, "{wrong}");
    }
    let site = place.name("desk.toml");
    assert_eq!(run(&["run", &site, "--shard", "1/2"]).0, 2, "without --out");
}

/// A precision that takes several rounds: 10 replications first, at most 90.
#[test]
fn a_precision_is_reached_in_rounds() {
    let text = SCENE
        .replace(
            "level   = \"40/s\"\nreplications = 5",
            "level   = \"40/s\"\nreplications = { min = 10, max = 90 }",
        )
        .replace(
            "[window.busy]",
            "[run.precision]\n\"latency.page.mean@busy\" = \"3%\"\n[window.busy]",
        );
    let place = Place::new(&text);
    let more = ["--solver", "requests"];
    let (code, said) = place.whole(&more);
    let mut parts: Vec<String> = Vec::new();
    let mut rounds = 0;
    loop {
        let round = place.name(&format!("round-{rounds}"));
        let later = [&more[..], &["--round", &round]].concat();
        let more = if rounds == 0 { &more[..] } else { &later[..] };
        for number in 1..=2 {
            let part = format!("part-{rounds}-{number}");
            let (code, _, err) = place.shard(&format!("{number}/2"), &part, more);
            assert_eq!(code, 0, "{err}");
            parts.push(part);
        }
        rounds += 1;
        let names: Vec<String> = parts.iter().map(|part| place.name(part)).collect();
        let next = place.name(&format!("round-{rounds}"));
        let mut words = vec!["plan-shards"];
        words.extend(names.iter().map(String::as_str));
        words.extend(["--out", &next]);
        let (code, _, err) = run(&words);
        match code {
            0 => break,
            5 => assert!(Path::new(&next).exists(), "{err}"),
            _ => panic!("{err}"),
        }
        assert!(rounds < 12, "it ends");
        let all: Vec<&str> = parts.iter().map(String::as_str).collect();
        assert_eq!(place.merge(&all, "early").0, 5, "not before it is precise");
    }
    assert!(rounds > 1, "one round was not enough");
    let all: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (merged, answer, err) = place.merge(&all, "rounds");
    assert_eq!((merged, answer), (code, said), "{err}");
    place.same("one", "rounds");
    // The round of another run is refused.
    let (code, _, err) = place.shard("1/2", "x", &["--round", &place.name("round-1")]);
    assert!(code == 2 && err.contains("of another run"), "{err}");
}

/// Two workers share the shards of a run. Each is killed at an instant drawn beforehand and begins its shard again; the
/// merge gives the same bytes every time.
#[test]
#[expect(clippy::disallowed_types, reason = "kills are spread over the time that a shard takes")]
fn killed_workers_leave_nothing_that_harms_the_merge() {
    let place = Place::new(SCENE);
    let more = ["--quick", "--solver", "requests"];
    place.whole(&more);
    let times = if std::env::var_os("FIVENINES_FULL").is_some() { 200 } else { 6 };
    let begun = std::time::Instant::now();
    assert_eq!(place.shard("1/2", "timed", &more).0, 0);
    let lasts = begun.elapsed();
    let mut unfinished = 0;
    for time in 0..times {
        let mut parts = Vec::new();
        for number in 1..=2_u64 {
            let part = format!("part-{time}-{number}");
            let (site, out) = (place.name("desk.toml"), place.name(&part));
            let shard = format!("{number}/2");
            let words = [&["run", &site, "--shard", &shard, "--out", &out], &more[..]].concat();
            // Instants over the time that a shard takes, evenly spread by the golden ratio.
            let share = ((2 * time + number) as f64 * 0.618_033_988_75).fract();
            let mut child = Command::new(binary())
                .args(words)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the command starts");
            std::thread::sleep(lasts.mul_f64(share));
            child.kill().unwrap();
            child.wait().unwrap();
            unfinished += u64::from(!Path::new(&place.name(&part)).exists());
            let (code, _, err) = place.shard(&shard, &part, &more);
            assert_eq!(code, 0, "{err}");
            parts.push(part);
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let out = format!("out-{time}");
        let (code, _, err) = place.merge(&parts, &out);
        assert!([0, 1, 5].contains(&code), "{err}");
        place.same("one", &out);
    }
    println!("{times} merges are equal; {unfinished} of {} workers had no part yet", 2 * times);
    assert!(unfinished * 4 >= times, "{unfinished} of {} kills came before the part", 2 * times);
}

/// Two of five parts are lost. Rounds of their work, under other numbers of shards, complete the run.
#[test]
fn lost_parts_are_planned_again() {
    let place = Place::new(SCENE);
    let (code, said) = place.whole(&[]);
    place.shards(5, "part-", &[]);
    let mut parts: Vec<String> = [1, 3, 4].iter().map(|number| format!("part-{number}")).collect();
    for round in 0..5 {
        let next = place.name(&format!("round-{round}"));
        let names: Vec<String> = parts.iter().map(|part| place.name(part)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (code, _, err) = run(&[&["plan-shards"], &names[..], &["--out", &next]].concat());
        if code == 0 {
            assert!(round > 0, "parts were missing");
            break;
        }
        assert_eq!(code, 5, "{err}");
        for number in 1..=2 {
            let part = format!("again-{round}-{number}");
            let (code, _, err) = place.shard(&format!("{number}/2"), &part, &["--round", &next]);
            assert_eq!(code, 0, "{err}");
            parts.push(part);
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (merged, answer, err) = place.merge(&parts, "again");
    assert_eq!((merged, answer), (code, said), "{err}");
    place.same("one", "again");
}

/// The recipes of `docs/shards.md` for one machine.
#[test]
fn xargs_and_make_run_the_parts() {
    let place = Place::new(SCENE);
    let more = ["--quick", "--solver", "requests"];
    place.whole(&more);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/shards.md"));
    let page = page.unwrap();
    let fivenines = format!("{} ", binary());
    let adapted = |text: &str| {
        let text = text.replace("fivenines ", &fivenines).replace("$ ", "");
        let text = text.replace("shop.toml", "desk.toml --quick --solver requests");
        text.replace("results/shop", "shop")
    };
    let block = |language: &str, first: &str| {
        let start = page.find(&format!("```{language}\n{first}")).expect("the page has it");
        let text = &page[start + 4 + language.len()..];
        adapted(&text[..text.find("```").unwrap()])
    };
    let within = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        let output = command.args(&words[1..]).current_dir(place.folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // The merge ends as the run does: its only expectation may be undecided.
        assert!(output.status.code().is_some_and(|code| [0, 2, 5].contains(&code)), "{said}");
        said
    };
    let said = within(&["bash", "-c", &block("console", "$ seq 8")]);
    assert!(Path::new(&place.name("shop")).join("manifest.json").exists(), "{said}");
    place.same("one", "shop");
    // The recipe of a tree, with three parts in each group.
    fs::remove_dir_all(place.name("shop")).unwrap();
    let tree = block("console", "$ ls part-*").replace("-n 100", "-n 3");
    let said = within(&["bash", "-c", &tree]);
    assert!(Path::new(&place.name("group-part-7")).exists(), "{said}");
    place.same("one", "shop");
    let has_make = Command::new("make").arg("--version").output().is_ok();
    if !has_make {
        println!("skipped: make is not installed");
        return;
    }
    fs::remove_dir_all(place.name("shop")).unwrap();
    for number in 1..=8 {
        fs::remove_file(place.name(&format!("part-{number}"))).unwrap();
    }
    fs::write(place.name("Makefile"), block("make", "parts")).unwrap();
    let said = within(&["make"]);
    assert!(Path::new(&place.name("shop")).join("manifest.json").exists(), "{said}");
    place.same("one", "shop");
}
