//! Promise: why a system was down is told as arithmetic has it, on any terminal, and the same on any number of threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::cli::{fivenines, run};
use crate::shared::base::base;
use crate::shared::stations;

/// Of a hundred losses the last by name is the only one that takes pages down: it stands first, and the files
/// say how many were worked out.
#[test]
fn the_worst_single_loss_is_told_however_many_there_are() {
    let place = tempfile::tempdir().unwrap();
    let (file, out) = (place.path().join("stations.toml"), place.path().join("out"));
    std::fs::write(&file, stations(100)).unwrap();
    let words = ["run", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--quiet"];
    let (code, _, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    let table = std::fs::read_to_string(out.join("headroom.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|other| other == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 101);
    assert!(rows[1][at("lost")].starts_with("s0100"), "{:?}", rows[1]);
    assert_eq!(&rows[1][at("serves")], "no");
    let counts = (&rows[1][at("losses_worked_out")], &rows[1][at("losses_in_all")]);
    assert_eq!(counts, ("100", "100"));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("all 100 losses computed; this table has the 64 that leave least"));
}

/// A place with the scenario of the pair, and its results.
fn told(folder: &Path) -> PathBuf {
    let (file, out) = (folder.join("pair.toml"), folder.join("out"));
    std::fs::write(&file, base("pair")).unwrap();
    let words = ["run", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--quiet"];
    let (code, _, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    out
}

/// The hand-made pair: 1,005 h after New Year's Monday is Sunday 11 February, 21:00; the left one is
/// back 5 h later.
#[test]
fn explain_tells_the_onset_repair_and_length_that_arithmetic_gives() {
    let place = tempfile::tempdir().unwrap();
    let out = told(place.path());
    let words = ["explain", out.to_str().unwrap(), "--format", "json"];
    let (code, answer, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    let answer: Json = serde_json::from_str(&answer).unwrap();
    let story = &answer["of"][0]["stories"][0];
    let hours = |hours: u64| hours * 3_600_000_000_000;
    assert_eq!(story["outage"]["begun"], "Year 1, Sun 11 Feb 21:00:00");
    assert_eq!(story["outage"]["begun_ns"], hours(1_005));
    assert_eq!(story["outage"]["ended_ns"], hours(1_010));
    assert_eq!(story["outage"]["length_s"], 5.0 * 3_600.0);
    assert_eq!(story["outage"]["first_cause"], "left-1");
    assert_eq!(story["outage"]["contributing"], serde_json::json!(["right-1"]));
    assert_eq!(story["outage"]["of_year_ratio"], 1.0);
    let lines: Vec<(u64, &str)> = story["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["at_ns"].as_u64().unwrap(), line["text"].as_str().unwrap()))
        .collect();
    assert_eq!(
        lines,
        [
            (hours(1_000), "unit left-1 goes down (left-1)"),
            (hours(1_005), "unit right-1 goes down (right-1)"),
            (hours(1_005), "pair IS DOWN: left-1, with right-1"),
            (hours(1_010), "unit left-1 is back (left-1)"),
            (hours(1_010), "pair IS SERVED AGAIN"),
            (hours(1_025), "unit right-1 is back (right-1)"),
        ]
    );
}

/// The text as a terminal shows it, narrow and wide.
#[test]
fn the_text_of_a_story_is_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let out = told(place.path());
    for columns in ["80", "200"] {
        let output = fivenines(&["explain", "out"])
            .current_dir(out.parent().unwrap())
            .env("COLUMNS", columns)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let most: usize = columns.parse().unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= most), "{text}");
        insta::assert_snapshot!(format!("explain-{columns}"), text);
    }
}

/// The same bytes whatever the threads, and again by `replay`.
#[test]
fn stories_are_the_same_on_one_thread_and_two_and_again() {
    let place = tempfile::tempdir().unwrap();
    let mut sets: Vec<BTreeMap<String, Vec<u8>>> = Vec::new();
    for threads in ["1", "2"] {
        let out = place.path().join(threads);
        let words = ["run", "scenarios/tiers/tier-3.toml", "--solver", "flows", "--quiet"];
        let more = ["--replications", "40", "--threads", threads, "--out", out.to_str().unwrap()];
        let (code, _, err) = run(&[&words[..], &more[..]].concat());
        // A judged figure of a window is not estimated by this solver.
        assert!(matches!(code, 0 | 5), "{code}: {err}");
        let names = ["journal.jsonl", "outages-years.csv", "waterfall.csv", "headroom.csv"];
        let read = |name: &str| (name.to_string(), std::fs::read(out.join(name)).unwrap());
        sets.push(names.into_iter().chain(["summary.json", "report.html"]).map(read).collect());
    }
    assert_eq!(sets[0], sets[1]);
    let (code, out, err) = run(&["replay", place.path().join("1").to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
}

/// Scenarios side by side have no use for stories, and their results none of their files.
#[test]
fn explain_says_what_is_missing_or_damaged_and_how_to_get_it() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_string();
    let (code, _, err) = run(&["explain", &path("nowhere")]);
    assert!(code == 2 && err.contains("is not the results folder"), "{err}");
    let out = told(place.path());
    let name = out.to_str().unwrap();
    let (code, _, err) = run(&["explain", name, "--of", "pear"]);
    assert!(code == 2 && err.contains("there are: pair"), "{err}");
    let (code, _, err) = run(&["explain", name, "--of", "pair", "--availability", "continuous"]);
    assert!(code == 2 && err.contains("structural availability only"), "{err}");
    let two = path("two");
    let words = ["compare", &path("pair.toml"), "--out", &two, "--quiet", "--set", "run.seed=2"];
    let (code, _, err) = run(&words);
    // One scenario alone is nothing to compare; its results are there all the same.
    assert!(matches!(code, 0 | 3), "{err}");
    let alone = path("two/pair");
    let (code, _, err) = run(&["explain", &alone]);
    assert!(code == 5 && err.contains("has no journal.jsonl"), "{err}");
    let journal = out.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replace("left", "lost")).unwrap();
    let (code, _, err) = run(&["explain", name]);
    assert!(code == 7 && err.contains("SHA-256 differs"), "{err}");
    std::fs::remove_file(&journal).unwrap();
    let (code, _, err) = run(&["explain", name]);
    assert!(code == 7 && err.contains("journal.jsonl"), "{err}");
}
