//! Promise: more than 1,024 replications give the same bytes in any parts, and neither a part nor the results grow with
//! them.

use std::fs;

use super::{Place, run};

/// A window and runs around a break, each as short as it can be, with more replications than are kept one by one.
pub const SHORT: &str = r#"
scenario = "short"
format   = 2
[run]
seed = 5
[window.tick]
length  = "500ms"
warm-up = "0s"
level   = "20/s"
replications = 1100
[window.broken]
warm-up = "0s"
before  = "500ms"
after   = "1s"
repair  = "1s"
level   = "15/s"
replications = 1030
[server.box]
cores = 1
[zone.www]
on = ["box"]
[service.app]
in      = "www"
workers = 2
backlog = 1
restart = "1s"
[workload.visitors]
request = "page"
rate    = "20/s"
[request.page]
enter   = "app"
demands = { work = { dist = "exponential", mean = "30ms" } }
steps   = [ { cpu = "app", demand = "work" } ]
[fault.crash]
hits = "service.app"
how  = "crash"
rate = "6/year"
[[expect]]
figure = "utilization.box-1.cpu@tick"
is     = "< 0.9"
"#;

/// The window alone.
pub fn alone() -> String {
    let (head, rest) = SHORT.split_once("[window.broken]").unwrap();
    let (_, tail) = rest.split_once("[server.box]").unwrap();
    format!("{head}[server.box]{tail}")
}

#[test]
fn more_replications_than_are_kept_give_the_bytes_of_the_run_in_any_parts() {
    let place = Place::new(SHORT);
    let more = ["--solver", "requests"];
    let (code, said) = place.whole(&more);
    place.shards(3, "of-3-", &more);
    let (merged, answer, err) = place.merge(&["of-3-2", "of-3-3", "of-3-1", "of-3-2"], "three");
    assert_eq!((merged, &answer), (code, &said), "{err}");
    place.same("one", "three");
    place.shards(7, "of-7-", &[&more[..], &["--threads", "1"]].concat());
    let all: Vec<String> = (1..=7).rev().map(|number| format!("of-7-{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(place.merge(&all, "seven").0, code);
    place.same("one", "seven");
    // Ranges of different divisions overlap: which of them to take is not guessed.
    let (code, _, err) = place.merge(&[&all[..], &["of-3-1"]].concat(), "both");
    assert!(code == 2 && err.contains("in another division"), "{err}");
    let (code, _, err) = place.merge(&all[..6], "few");
    assert!(code == 5 && err.contains("shard 1/7 is missing"), "{err}");
}

/// The results name what is of the first replications alone, and their digest covers the others.
#[test]
fn results_say_what_is_kept_of_the_first_alone() {
    let place = Place::new(&alone());
    place.whole(&[]);
    let read = |name: &str| fs::read_to_string(place.name(&format!("one/{name}"))).unwrap();
    let note = "window tick: values, event digests and checkpoints by replication are those of the first 1024 of \
                its 1100 replications";
    assert!(read("summary.json").contains(note) && read("report.html").contains(note));
    assert!(
        read("replications.json").contains("\"kept\": {\"tick\":{\"first\":1024,\"of\":1100}}")
    );
    let manifest = read("manifest.json");
    assert_eq!(manifest.matches("\"events tick ").count(), 1_024);
    assert_eq!(manifest.matches("\"events-of-others tick 1024 ").count(), 1);
    assert!(manifest.contains("\"replications tick 1100\""));
    // Of 1,024 replications all are kept.
    let site = place.name("desk.toml");
    let out = place.name("all");
    let (code, _, err) = run(&["run", &site, "--replications", "1024", "--out", &out]);
    assert_eq!(code, 0, "{err}");
    for name in ["summary.json", "replications.json", "manifest.json"] {
        let text = fs::read_to_string(place.name(&format!("all/{name}"))).unwrap();
        assert!(
            !text.contains("of the first")
                && !text.contains("\"kept\"")
                && !text.contains("others")
        );
    }
}

/// Shard 64 of 64 has 16 of the first 1,024 replications, and one fold: of 16 others in all 2,048 replications, of 112 in
/// all 8,192. Its histograms have some more values; the file is less than a third longer, where one by one it would be
/// four times as long.
#[test]
fn a_part_does_not_grow_with_the_replications() {
    let place = Place::new(&alone());
    let size = |count: &str| {
        let (code, _, err) = place.shard("64/64", count, &["--replications", count]);
        assert_eq!(code, 0, "{err}");
        fs::metadata(place.name(count)).unwrap().len() as f64
    };
    let (few, many) = (size("2048"), size("8192"));
    assert!(many < 1.33 * few, "{few} and {many} bytes");
}

/// A precision that needs more replications than are kept: 900 first, at most 3,000.
#[test]
fn a_precision_beyond_the_first_replications_is_reached_in_rounds() {
    let text =
        alone().replace("replications = 1100", "replications = { min = 900, max = 3000 }").replace(
            "[window.tick]",
            "[run.precision]\n\"latency.page.mean@tick\" = \"2%\"\n[window.tick]",
        );
    let place = Place::new(&text);
    let (code, said) = place.whole(&[]);
    let count = fs::read_to_string(place.name("one/manifest.json")).unwrap();
    assert!(count.contains("\"events-of-others tick 1024 "), "more than 1,024 are needed");
    let mut parts: Vec<String> = Vec::new();
    for round in 0..12 {
        let file = place.name(&format!("round-{round}"));
        let more: &[&str] = if round == 0 { &[] } else { &["--round", &file] };
        for number in 1..=2 {
            let part = format!("part-{round}-{number}");
            let (code, _, err) = place.shard(&format!("{number}/2"), &part, more);
            assert_eq!(code, 0, "{err}");
            parts.push(place.name(&part));
        }
        // Of one later round a part is lost: the next round has what it had.
        if round == 2 {
            parts.pop();
        }
        let next = place.name(&format!("round-{}", round + 1));
        let mut words = vec!["plan-shards"];
        words.extend(parts.iter().map(String::as_str));
        words.extend(["--out", &next]);
        let (code, _, err) = run(&words);
        match code {
            0 => break,
            code => assert_eq!(code, 5, "{err}"),
        }
    }
    assert!(parts.len() > 6, "several rounds, one of them for a lost part");
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    let out = place.name("rounds");
    let (merged, answer, err) = run(&[&["merge"], &names[..], &["--out", &out]].concat());
    assert_eq!((merged, answer), (code, said), "{err}");
    place.same("one", "rounds");
}

/// Windows and horizons take a billion replications; more, and numbers that do not fill blocks, are refused with their
/// place.
#[test]
fn more_replications_than_can_be_kept_are_refused_with_their_place() {
    let place = Place::new(&alone().replace("replications = 1100", "replications = 1000000001"));
    let site = place.name("desk.toml");
    let (code, answer, err) = run(&["check", &site]);
    let said = format!("{answer}{err}");
    assert!(code == 3 && said.contains("desk.toml:10"), "{said}");
    assert!(said.contains("at most 1000000000 replications are simulated"), "{said}");
    let range = "replications = { min = 10, max = 2000000000 }";
    fs::write(&site, alone().replace("replications = 1100", range)).unwrap();
    assert_eq!(run(&["check", &site]).0, 3);
    fs::write(&site, alone().replace("replications = 1100", "replications = 1000000000")).unwrap();
    let (code, answer, err) = run(&["check", &site]);
    assert_eq!(code, 0, "{answer}{err}");
    // A horizon adds them up in blocks, which are filled.
    let years = alone().replace("seed = 5", "seed = 5\nhorizon = \"1y\"\nreplications = 1000001");
    fs::write(&site, years.replace("replications = 1100\n", "replications = 4\n")).unwrap();
    let (code, answer, err) = run(&["check", &site]);
    let said = format!("{answer}{err}");
    assert!(code == 3 && said.contains("desk.toml:7"), "{said}");
    assert!(said.contains("give a multiple of 100: 1000000 or 1000100"), "{said}");
    let out = place.name("out");
    let (code, _, err) = run(&["run", &site, "--replications", "5000001", "--out", &out]);
    assert!(code == 3 && err.contains("5000001 replications of the horizon"), "{err}");
    let ten = years.replace("1y", "10y").replace("1000001", "1000000000");
    fs::write(&site, ten.replace("replications = 1100\n", "replications = 4\n")).unwrap();
    let (code, answer, err) = run(&["check", &site]);
    let said = format!("{answer}{err}");
    assert!(code == 3 && said.contains("at most 4000000000 years"), "{said}");
    // The end of a range as well, by `check` as by `run`.
    let range = "replications = { min = 10, max = 1000000000 }";
    let ranged = ten.replace("replications = 1000000000", range);
    fs::write(&site, ranged.replace("replications = 1100\n", "replications = 4\n")).unwrap();
    for words in [vec!["check", &site], vec!["run", &site, "--out", &out]] {
        let (code, answer, err) = run(&words);
        let said = format!("{answer}{err}");
        assert!(code == 3 && said.contains("at most 4000000000 years"), "{words:?}: {said}");
    }
    assert_eq!(run(&["run", &site, "--replications", "1000000001", "--out", &out]).0, 2);
}

/// Two units of which one is enough, for more replications than are kept one by one.
const PAIR: &str = r#"
scenario = "pair"
format   = 2
[run]
seed    = 7
horizon = "1y"
replications = 30000
[unit.side]
count  = 2
up     = { dist = "exponential", mean = "2000h" }
repair = { dist = "exponential", mean = "20h" }
[group.pair]
of    = ["side"]
needs = 1
[[expect]]
figure = "downtime.pair.sd@horizon"
is     = "> 1h"
[[expect]]
figure = "outages.pair.chance[at-least=1]@horizon"
is     = "> 1 %"
"#;

/// Every ten replications of a horizon are a block here: parts give the bytes of the run.
#[test]
fn more_replications_of_a_horizon_than_are_kept_give_the_bytes_of_the_run_in_any_parts() {
    let place = Place::new(PAIR);
    let site = place.name("desk.toml");
    let (code, said, err) = run(&["run", &site, "--out", &place.name("one"), "--threads", "2"]);
    assert_eq!(code, 0, "{said}{err}");
    for of in [3] {
        let names: Vec<String> =
            (1..=of).map(|shard| place.name(&format!("{shard}-{of}"))).collect();
        for (name, shard) in names.iter().zip(1..) {
            let shard = format!("{shard}/{of}");
            let (code, _, err) = run(&["run", &site, "--shard", &shard, "--out", name]);
            assert_eq!(code, 0, "{err}");
        }
        let out = place.name(&format!("merged-{of}"));
        let words: Vec<&str> = names.iter().map(String::as_str).rev().collect();
        let merged = run(&[&["merge"], &words[..], &["--out", &out]].concat());
        assert_eq!((merged.0, &merged.1), (code, &said), "{}", merged.2);
        place.same("one", &format!("merged-{of}"));
        let bytes: u64 = names.iter().map(|name| fs::metadata(name).unwrap().len()).sum();
        println!("{of} parts: {bytes} bytes");
        assert!(bytes < 1 << 21, "{bytes}");
    }
}
