//! Figures: the command refuses what no file can have, estimates what it is asked for, and what is not judged is no
//! pass.

use std::path::Path;

use crate::cli::{file, run};
use crate::shared::desk;

#[test]
fn check_refuses_a_figure_that_there_is_not() {
    let (_folder, path) = file(&desk(&[("nonsense.r.p95@w", "< 1")]));
    assert_eq!(run(&["check", &path]).0, 3);
}

#[test]
fn a_sweep_refuses_a_figure_that_there_is_not() {
    let (_folder, path) = file(&desk(&[]));
    let words = ["sweep", &path, "--vary", "station.desk.servers=1,2", "--figure"];
    let (code, _, said) = run(&[&words[..], &["hit.desk.max@steady"]].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no `max` of `hit`"), "{said}");
}

/// Neither figure is one that results have by themselves, and no `[[expect]]` asks for them.
#[test]
fn a_sweep_estimates_the_figures_it_is_asked_for_in_every_variant_and_resumed_too() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (path, out) = (place("desk.toml"), place("out"));
    std::fs::write(&path, desk(&[])).unwrap();
    let words = |figures: &[&'static str]| {
        let mut all = vec!["sweep", &path, "--vary", "station.desk.servers=1,2", "--out", &out];
        all.extend(["--format", "json"]);
        figures.iter().for_each(|figure| all.extend(["--figure", *figure]));
        run(&all)
    };
    let asked = ["waiting.desk.p50@steady", "unavailability.pair@horizon", "headroom.desk@steady"];
    let (code, said, err) = words(&asked);
    assert_eq!(code, 0, "{err}");
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    let variants = answer["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 2);
    for (variant, figure) in variants.iter().flat_map(|one| asked.map(|figure| (one, figure))) {
        assert!(variant["figures"][figure]["value"].is_number(), "{figure}: {variant}");
    }
    // One variant is gone: the same command makes it again, with what was asked; another ask is refused.
    let name = variants[0]["name"].as_str().unwrap();
    let table = std::fs::read(place("out/sweep/sweep.csv")).unwrap();
    std::fs::remove_dir_all(place(&format!("out/{name}"))).unwrap();
    assert_eq!(words(&asked).1, said);
    assert_eq!(std::fs::read(place("out/sweep/sweep.csv")).unwrap(), table);
    assert_eq!(words(&asked[..1]).0, 6);
    // What is recorded as its command makes the same bytes.
    let (code, said, err) = run(&["replay", &place(&format!("out/{name}"))]);
    assert_eq!(code, 0, "{said}{err}");
}

/// A figure that nothing but the command line asks for is part of the answer.
#[test]
fn a_run_prints_the_figure_that_it_is_asked_for_with_its_interval() {
    let (folder, path) = file(&desk(&[]));
    let out = folder.path().join("out");
    let figure = "waiting.desk.mean@steady";
    let words = ["run", &path, "--out", out.to_str().unwrap(), "--figure", figure, "--quiet"];
    let (code, answer, err) = run(&[&words[..], &["--quick"]].concat());
    assert_eq!(code, 0, "{err}");
    let line = answer.lines().find(|line| line.starts_with(figure)).unwrap_or_default();
    assert!(line.contains(" ± ") || line.contains(" to "), "{answer}");
}

/// The example in the message is a component of the file, not of another one.
#[test]
fn a_lag_of_what_has_none_is_refused_with_a_member_of_the_file() {
    let (_folder, path) = file(&desk(&[("lag.desk.p95@steady", "< 1s")]));
    let (code, _, err) = run(&["check", &path]);
    assert_eq!(code, 3, "{err}");
    assert!(!err.contains("mysql"), "{err}");
}

#[test]
fn a_figure_that_a_file_cannot_have_is_refused_before_a_sweep_or_a_run_begins() {
    let (folder, path) = file(&desk(&[]));
    let out = folder.path().join("out");
    for (figure, said) in [
        ("busy.nothing@steady", "nothing"),
        ("waiting.desk.p95@peak", "there is no window `peak`"),
        ("saturates.first@steady", "is a name"),
    ] {
        let more = ["--out", out.to_str().unwrap(), "--figure", figure];
        let sweep = ["sweep", &path, "--vary", "station.desk.servers=1,2"];
        for words in [[&sweep[..], &more].concat(), [&["run", &path][..], &more].concat()] {
            let (code, _, err) = run(&words);
            assert_eq!(code, 2, "{figure}: {err}");
            assert!(err.contains("--figure") && err.contains(said), "{figure}: {err}");
        }
        assert!(!out.exists());
    }
}

/// Two scenarios on the same draws, of which one has the faster desk: the difference is known far better than
/// either.
#[test]
fn a_difference_of_two_scenarios_is_taken_on_the_same_draws() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let prices = "\n[cost.of]\npair = { once = \"$2000\", month = \"$10/month\" }\n";
    let slow = desk(&[("sojourn.desk@steady", "< 10s")]) + prices;
    let fast = slow.replace("\"desk\"\nformat", "\"fast\"\nformat").replace("50ms", "45ms");
    let fast = fast.replace("$2000", "$1500");
    std::fs::write(place("slow.toml"), &slow).unwrap();
    std::fs::write(place("fast.toml"), &fast).unwrap();
    let compare = |figure: &str| {
        let (slow, fast, out) = (place("slow.toml"), place("fast.toml"), place("out"));
        let words = ["compare", &slow, &fast, "--figure", figure, "--quick", "--force"];
        run(&[&words[..], &["--out", &out, "--quiet", "--format", "json"]].concat())
    };
    let asked = |figure: &str| {
        let (code, said, err) = compare(figure);
        assert_eq!(code, 0, "{figure}: {said}{err}");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let row = &said["asked"][0];
        let of = |key: &str| row[key].as_f64().unwrap();
        (of("value"), of("high") - of("low"))
    };
    let (one, wide) = asked("desk:sojourn.desk@steady");
    let (two, _) = asked("fast:sojourn.desk@steady");
    let (more, narrow) = asked("difference(desk, fast, sojourn.desk@steady)");
    assert!((more - (one - two)).abs() < 1e-9 && more > 0.0, "{one} - {two} is not {more}");
    assert!(narrow < wide, "{narrow} of {wide}");
    // A bill has no noise: 2 x $2,000 less 2 x $1,500.
    assert_eq!(asked("difference(desk, fast, cost.once)"), (1_000.0, 0.0));
    assert_eq!(asked("fast:cost.month"), (20.0, 0.0));
    // In a terminal the amounts stand before the latencies.
    let (slow, fast, out) = (place("slow.toml"), place("fast.toml"), place("out"));
    let words = ["compare", &slow, &fast, "--quick", "--force", "--out", &out, "--quiet"];
    let (_, said, err) = run(&[&words[..], &["--details"]].concat());
    let row = said.lines().find(|line| line.trim_start().starts_with("fast ")).unwrap_or_default();
    let cells: Vec<&str> = row.split_whitespace().take(3).collect();
    assert_eq!(cells, ["fast", "$20", "$3,000"], "{said}{err}");
    assert!(row.trim_end().ends_with('%') && row.contains("desk-1"), "{said}");
    for (figure, said) in [
        ("sojourn.desk@steady", "does not say of which scenario"),
        ("other:sojourn.desk@steady", "no scenario `other` is compared"),
        ("desk:sojourn.desk.first@steady", "`first` is that of `saturates`"),
        ("difference(desk, fast)", "needs two scenarios and a figure"),
        ("desk:capacity.job[objective=p95]", "keeps no values of it"),
    ] {
        let (code, _, err) = compare(figure);
        assert_eq!(code, 2, "{figure}: {err}");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(said), "{figure}: {err}");
    }
}

/// Of 400 requests in all none is refused: that is known to 3.69 in 400, and to no more. A demand below
/// that bound is undecided, one above it is met.
#[test]
fn what_was_not_seen_in_a_window_is_a_bound_and_no_zero() {
    let (folder, path) = file(&desk(&[
        ("lost.job.chance@steady", "< 1e-9"),
        ("lost.job.chance@steady", "< 2%"),
        ("lost.job@steady", "< 0.1"),
        ("served.job.chance@steady", "> 0.999999"),
        ("latency.job.chance[over=1h]@steady", "< 1e-9"),
    ]));
    let out = folder.path().join("out").display().to_string();
    let words = ["run", &path, "--solver", "requests", "--replications", "2"];
    let (code, said, err) = run(&[&words[..], &["--details", "--out", &out, "--quiet"]].concat());
    assert_eq!(code, 5, "{said}{err}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("@steady is ")).collect();
    let words: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["unsure", "met", "unsure", "unsure", "unsure"], "{said}");
    assert!(lines[2].contains("\u{2264} 1.85"), "3.69 in two windows: {said}");
}

/// What the flags leave out is not judged, and the run says so and fails.
#[test]
fn an_expectation_that_the_flags_do_not_estimate_fails() {
    let text = desk(&[
        ("latency.job.mean@steady", "< 1h"),
        ("structural.pair@horizon", "> 0.5"),
        ("latency.job.p95@horizon", "< 10s"),
    ]);
    let (folder, path) = file(&text);
    let out = folder.path().join("out").display().to_string();
    let words = ["run", &path, "--solver", "requests", "--replications", "2"];
    let (code, said, err) = run(&[&words[..], &["--details", "--out", &out, "--quiet"]].concat());
    assert_eq!(code, 5, "{said}{err}");
    assert!(
        said.contains("structural.pair@horizon is > 0.5: not judged: `--solver requests`"),
        "{said}"
    );
    let summary = std::fs::read(Path::new(&out).join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let row = &summary["expectations"][1];
    assert_eq!(row["outcome"], "not judged");
    assert!(row["reason"].as_str().unwrap().contains("without `--solver`"), "{row}");
    assert_eq!(summary["expectations"][0]["outcome"], "holds");
}
