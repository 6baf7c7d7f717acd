//! The first screen answers what the reader asked, and a scenario can be edited and run again.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::cli::fivenines;
use crate::shared::base::base;
use crate::shared::scenarios;

/// Windows short enough for a test.
const SHORT: [&str; 14] = [
    "--set",
    "window.mean.length=48s",
    "--set",
    "window.mean.warm-up=2s",
    "--set",
    "window.peak.length=48s",
    "--set",
    "window.peak.warm-up=2s",
    "--set",
    "window.broken.before=4s",
    "--set",
    "window.broken.after=40s",
    "--set",
    "window.broken.repair=20s",
];

fn tier(name: &str) -> String {
    scenarios().join(format!("tiers/{name}.toml")).display().to_string()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn run(command: &str, files: &[&str], out: &Path, more: &[&str]) -> Output {
    let out = out.display().to_string();
    let words = [&[command][..], files, &["--out", &out, "--quick"], more].concat();
    fivenines(&words).env("COLUMNS", "80").output().unwrap()
}

fn is_a_screen(text: &str, most: usize) {
    assert!(text.lines().count() <= most, "{} lines:\n{text}", text.lines().count());
    let widest = text.lines().filter(|line| !line.starts_with("digest "));
    let widest = widest.map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(widest <= 80, "{widest} columns:\n{text}");
}

#[test]
fn compare_begins_with_the_cheapest_that_meets_every_objective_in_at_most_40_lines() {
    let place = tempfile::tempdir().unwrap();
    let files = [tier("starter"), tier("tier-5"), tier("tier-8")];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = run("compare", &files, place.path(), &SHORT);
    let answer = text(&output);
    is_a_screen(&answer, 40);
    let first = answer.lines().next().unwrap();
    assert!(first.starts_with("tier-5 is the cheapest of 3"), "{answer}");
    // The starter costs least and is overloaded at its design peak.
    let starter = answer.lines().find(|line| line.starts_with("starter")).unwrap();
    assert!(starter.contains('✗'), "{answer}");
    // The verdict stands beside the name, where a narrow screen shows it.
    let name = |line: &str| line.chars().take(10).collect::<String>();
    assert!(name(starter).contains('✗'), "{answer}");
    let chosen = answer.lines().skip(1).find(|line| line.starts_with("tier-5")).unwrap();
    assert!(name(chosen).contains('✓'), "{answer}");
    assert!(answer.contains("Least to spare: "), "{answer}");
    // Any two will do: the tables are as long.
    let two = place.path().join("two");
    let details = run("compare", &files[..2], &two, &[&SHORT[..], &["--details"]].concat());
    assert!(text(&details).lines().count() > 100, "{}", text(&details));
}

#[test]
fn where_no_scenario_meets_its_objectives_the_nearest_and_what_it_misses_come_first() {
    let place = tempfile::tempdir().unwrap();
    let files = [tier("starter"), tier("tier-5")];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let more = [&SHORT[..], &["--set", "objective.page.latency.p95=50ms"]].concat();
    let answer = text(&run("compare", &files, place.path(), &more));
    let mut lines = answer.lines();
    assert!(lines.next().unwrap().starts_with("None of 2 scenarios"), "{answer}");
    assert!(answer.contains("tier-5 comes\nnearest") || answer.contains("tier-5 comes nearest"));
    assert!(answer.contains("It misses p95 at "), "{answer}");
}

/// A comparison reports an expectation that fails by its exit code, as a run does. A missed objective is an answer.
#[test]
fn compare_ends_with_the_worst_exit_code_that_run_gives() {
    let place = tempfile::tempdir().unwrap();
    let desk = |name: &str, is: &str| {
        let path = place.path().join(format!("{name}.toml"));
        let text = std::fs::read_to_string("scenarios/oracles/o01-mm1.toml").unwrap();
        let lines = text.split("[[expect]]").next().unwrap().lines();
        let text: Vec<&str> = lines.filter(|line| !line.starts_with("precision")).collect();
        let text = text.join("\n");
        let text = text.replacen("scenario = \"o01-mm1\"", &format!("scenario = \"{name}\""), 1);
        let expect =
            format!("{text}\n[[expect]]\nfigure = \"utilization.web@steady\"\nis = \"{is}\"\n");
        std::fs::write(&path, expect).unwrap();
        path.to_str().unwrap().to_string()
    };
    let (holds, fails) = (desk("holds", "> 0.05"), desk("fails", "< 0.01"));
    let open = desk("open", "0.8 +- 0.000001%");
    let effort = ["--set", "window.steady.length=20s", "--set", "window.steady.warm-up=1s"];
    let code = |command: &str, files: &[&str]| {
        let out = place.path().join("results");
        run(command, files, &out, &[&effort[..], &["--force"]].concat()).status.code()
    };
    for (one, expected) in [(&holds, 0), (&fails, 1), (&open, 5)] {
        assert_eq!(code("run", &[one]), Some(expected), "run {one}");
    }
    assert_eq!(code("compare", &[&holds, &desk("as-well", "> 0.04")]), Some(0));
    assert_eq!(code("compare", &[&holds, &fails]), Some(1));
    assert_eq!(code("compare", &[&open, &holds]), Some(5));
    assert_eq!(code("compare", &[&open, &fails]), Some(1));
}

/// Without the long horizon the share of views served is not judged: no scenario is then said to meet its objectives.
#[test]
fn an_objective_that_is_not_judged_is_never_met() {
    let place = tempfile::tempdir().unwrap();
    let files = [tier("starter"), tier("tier-5")];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let more = [&SHORT[..], &["--solver", "requests"]].concat();
    let answer = text(&run("compare", &files, place.path(), &more));
    let words = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.starts_with("None of 2 scenarios is known to meet every objective."), "{answer}");
    assert!(words.contains("page views served are not judged without a long horizon"), "{answer}");
}

/// Without windows no p95 is judged, even where every scenario serves the share of views that is asked of it.
#[test]
fn a_latency_objective_that_flows_leave_out_is_never_met() {
    let place = tempfile::tempdir().unwrap();
    let files = [tier("tier-3"), tier("tier-5")];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let more = ["--solver", "flows", "--set", "objective.page.availability=99%"];
    let answer = text(&run("compare", &files, place.path(), &more));
    let words = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.starts_with("None of 2 scenarios is known to meet every objective."), "{answer}");
    assert!(words.contains("p95 is not judged without a window"), "{answer}");
}

#[test]
fn run_answers_in_at_most_30_lines() {
    let place = tempfile::tempdir().unwrap();
    let answer = text(&run("run", &[&tier("tier-5")], place.path(), &SHORT));
    is_a_screen(&answer, 30);
    for label in [
        "Available",
        "p95 at peak",
        "Capacity",
        "Cost",
        "What fails first",
        "bottleneck",
        "single points",
        "Views served",
    ] {
        assert!(answer.lines().any(|line| line.starts_with(label)), "{label}:\n{answer}");
    }
}

/// Words of an answer, with single spaces.
fn in_a_row(answer: &str) -> String {
    answer.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn run_begins_with_the_verdict_and_names_what_is_missed() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let met = in_a_row(&text(&run("run", &[&tier("tier-5")], &out, &SHORT)));
    assert!(met.starts_with("tier-5 meets ") || met.starts_with("It cannot be decided"), "{met}");
    let more = [&SHORT[..], &["--force", "--set", "objective.page.latency.p95=50ms"]].concat();
    let missed = in_a_row(&text(&run("run", &[&tier("tier-5")], &out, &more)));
    assert!(missed.starts_with("tier-5 misses "), "{missed}");
    let first = missed.split(". ").next().unwrap();
    assert!(first.contains("(objective: below 50 ms)"), "{first}");
}

/// What is not named is never hidden: the other causes are summed, with the largest of them.
#[test]
fn the_first_screen_sums_the_causes_that_it_does_not_name() {
    let place = tempfile::tempdir().unwrap();
    let answer = in_a_row(&text(&run("run", &[&tier("tier-5")], place.path(), &SHORT)));
    let others = answer.split("others").nth(1).unwrap();
    assert!(others.contains("causes, the largest "), "{answer}");
    assert!(answer.contains("main is the only site; a second one would remove it"));
    assert!(answer.contains("strikes both members of app at once"), "{answer}");
}

/// Writes the desk with this rate.
fn write(file: &Path, rate: &str) {
    let text = base("desk").replace("rate = \"10/s\"", &format!("rate = \"{rate}\""));
    let text = text.replace("level = \"10/s\"\n", "");
    fs::write(file, text).unwrap();
}

#[test]
fn an_edited_file_runs_again_and_its_results_before_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let (file, out) = (place.path().join("desk.toml"), place.path().join("out"));
    let go = || run("run", &[&file.display().to_string()], &out, &[]);
    write(&file, "4/s");
    assert!(go().status.success());
    let first = fs::read(out.join("manifest.json")).unwrap();
    assert!(told(&go()).contains("identical to the stored results"));
    write(&file, "8/s");
    let output = go();
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains(".rate: 4/s → 8/s"), "{}", told(&output));
    assert!(told(&output).contains("moved: "), "{}", told(&output));
    let previous = place.path().join("out.previous");
    assert_eq!(fs::read(previous.join("manifest.json")).unwrap(), first);
    assert_ne!(fs::read(out.join("manifest.json")).unwrap(), first);
    // The kept ones are replaced in turn, but never a file that a user put there.
    write(&file, "6/s");
    assert!(go().status.success());
    assert_ne!(fs::read(previous.join("manifest.json")).unwrap(), first);
    fs::write(previous.join("notes.txt"), "mine").unwrap();
    let before = fs::read(out.join("manifest.json")).unwrap();
    write(&file, "5/s");
    let output = go();
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(told(&output).contains("notes.txt"), "{}", told(&output));
    assert_eq!(fs::read_to_string(previous.join("notes.txt")).unwrap(), "mine");
    assert_eq!(fs::read(out.join("manifest.json")).unwrap(), before);
}

#[test]
fn results_of_another_scenario_are_never_replaced_without_force() {
    let place = tempfile::tempdir().unwrap();
    let (file, out) = (place.path().join("desk.toml"), place.path().join("out"));
    write(&file, "4/s");
    let go = |more: &[&str]| run("run", &[&file.display().to_string()], &out, more);
    assert!(go(&[]).status.success());
    let output = go(&["--set", "scenario=another"]);
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(!place.path().join("out.previous").exists());
    assert!(go(&["--set", "scenario=another", "--force"]).status.success());
}

/// No objective says which class is asked about, so it is the one whose server breaks. What nothing can take down has no bound.
#[test]
fn without_objectives_the_first_screen_is_of_the_class_that_is_down() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("two.toml");
    fs::write(&file, base("two-boards")).unwrap();
    let answer = text(&run("run", &[file.to_str().unwrap()], &place.path().join("out"), &[]));
    let first = answer.lines().find(|line| line.starts_with("Available")).unwrap();
    assert!(first.contains("Available, beta"), "{answer}");
    assert!(answer.contains("board"), "its cause: {answer}");
    let other = answer.lines().find(|line| line.starts_with("alpha ")).unwrap();
    assert!(other.contains("down 0"), "nothing can take it down: {answer}");
    assert!(!answer.contains("with undetected"), "there is nothing to detect: {answer}");
}

/// Others take over for a dead site, and its users are down until its failure is detected and old answers have run out: 0.25 ×
/// (14.5 s + 300 s) = 79 s per year, where structural availability has no downtime.
#[test]
fn downtime_of_failures_that_are_not_detected_yet_stands_beside_the_structural_one() {
    let place = tempfile::tempdir().unwrap();
    let file = scenarios().join("scalable/replica-location-dns.toml").display().to_string();
    let answer = in_a_row(&text(&run("run", &[&file], &place.path().join("out"), &[])));
    let (_, more) = answer.split_once("per year; with undetected failures ").expect(&answer);
    let seconds: f64 = more.split(' ').next().unwrap().parse().unwrap();
    assert!((50.0..120.0).contains(&seconds), "{answer}");
}

/// A comparison names the scenario whose failures are not detected at once, and not one whose balancer fails: it has no other.
#[test]
fn a_comparison_names_the_downtime_of_failures_that_are_not_detected_yet() {
    let place = tempfile::tempdir().unwrap();
    let file = scenarios().join("faults/crash.toml");
    let other = place.path().join("other.toml");
    let own = fs::read_to_string(&file).unwrap();
    let own = own
        .replace("\"service.app\"", "\"balancer.front\"")
        .replace("scenario = \"crash\"", "scenario = \"other\"");
    fs::write(&other, own).unwrap();
    let files = [file.to_str().unwrap(), other.to_str().unwrap()];
    let compared = run("compare", &files, &place.path().join("out"), &["--solver", "flows"]);
    let answer = in_a_row(&text(&compared));
    let (_, more) = answer.split_once("not detected yet. With them, ").expect(&answer);
    assert!(more.starts_with("crash is down 12.5 min"), "{answer}");
    assert!(!more.split("per year.").next().unwrap().contains("other"), "{answer}");
}
