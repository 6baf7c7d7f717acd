//! What `run` and `compare` write: the same bytes from the same scenario, whole or marked, never
//! over what is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::common::binary;

/// Short windows, so that a run takes a moment.
const SHORT: [&str; 15] = [
    "--quick",
    "--set",
    "window.mean.length=2min",
    "--set",
    "window.mean.warm-up=5s",
    "--set",
    "window.peak.length=2min",
    "--set",
    "window.peak.warm-up=5s",
    "--set",
    "window.broken.before=10s",
    "--set",
    "window.broken.after=40s",
    "--set",
    "window.broken.repair=20s",
];

fn fivenines(words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(words).env_remove("COLUMNS");
    command
}

fn tier(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/tiers/{name}.toml"))
}

/// Runs `scenario` into `out` with short windows.
fn run(scenario: &Path, out: &Path, more: &[&str]) -> Output {
    let (scenario, out) = (scenario.to_str().unwrap(), out.to_str().unwrap());
    let words = [&["run", scenario, "--out", out], &SHORT[..], more].concat();
    fivenines(&words).output().unwrap()
}

/// Every file below `folder` with its content.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn digest(output: &Output) -> String {
    text(&output.stdout).lines().last().unwrap().to_string()
}

/// The tables of a scenario in reverse order; lists of tables keep theirs.
fn shuffled(scenario: &str) -> String {
    let mut blocks: Vec<String> = vec![String::new()];
    for line in scenario.lines() {
        if line.starts_with('[') {
            blocks.push(String::new());
        }
        let last = blocks.last_mut().unwrap();
        last.push_str(line);
        last.push('\n');
    }
    let head = blocks.remove(0);
    let is_list = |block: &String| block.starts_with("[[");
    let lists: Vec<String> = blocks.iter().filter(|block| is_list(block)).cloned().collect();
    let tables = blocks.iter().rev().filter(|block| !is_list(block)).cloned();
    [head].into_iter().chain(tables).chain(lists).collect()
}

/// D1, D2, D5, M3: threads, place, working directory and the order of sections change no byte, and
/// no file knows where or when it was made.
#[test]
fn the_same_scenario_gives_the_same_bytes_wherever_and_however_it_runs() {
    let place = tempfile::tempdir().unwrap();
    let one = run(&tier("tier-1"), &place.path().join("one"), &["--threads", "1"]);
    let scenario = std::fs::read_to_string(tier("tier-1")).unwrap();
    let other = place.path().join("another-place");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("x.toml"), shuffled(&scenario)).unwrap();
    let words = [&["run", "x.toml", "--out", "two", "--threads", "2", "-q"], &SHORT[..]].concat();
    let mut command = fivenines(&words);
    let two = command.current_dir(&other).env("LC_ALL", "C").env("TZ", "Asia/Tokyo").output();
    assert_eq!(digest(&one), digest(&two.unwrap()));
    assert!(digest(&one).starts_with("digest sha256:"));
    let files = tree(&place.path().join("one"));
    assert!(files == tree(&other.join("two")));
    let secrets = [place.path().to_str().unwrap(), env!("CARGO_MANIFEST_DIR"), "another-place"];
    for (name, bytes) in &files {
        let content = text(bytes);
        for secret in secrets {
            assert!(!content.contains(secret), "{name} holds {secret}");
        }
    }
}

/// C1: both ledgers are closed in the file; every file is what its ending says; S9.
#[test]
fn ledgers_add_up_and_every_file_can_be_read() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let ended = run(&tier("starter"), &out, &["--details"]);
    assert!(matches!(ended.status.code(), Some(0 | 1 | 5)), "{ended:?}");
    let files = tree(&out);
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(&files["requests.csv"][..]);
    for row in reader.records().map(Result::unwrap) {
        let count: u64 = row[5].parse().unwrap();
        let sum = sums.entry(format!("{} {} {}", &row[0], &row[1], &row[2])).or_default();
        if &row[3] == "all" { sum.0 += count } else { sum.1 += count }
    }
    assert!(sums.len() >= 6, "{sums:?}");
    for (name, (all, parts)) in &sums {
        assert_eq!(all, parts, "{name}");
    }
    for (name, bytes) in &files {
        let content = text(bytes);
        assert!(!content.contains("NaN") && !content.contains("inf,"), "{name}");
        if name.ends_with(".csv") {
            let mut reader = csv::Reader::from_reader(&bytes[..]);
            assert!(reader.records().map(Result::unwrap).count() > 0, "{name}");
        } else if name.ends_with(".json") {
            let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            assert_eq!(value["complete"], true, "{name}");
        } else if name.ends_with(".svg") {
            assert!(content.contains("<svg") && content.trim_end().ends_with("</svg>"), "{name}");
        } else if name.ends_with(".jsonl") {
            for line in content.lines() {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(value["record"].is_string(), "{name}");
            }
        } else if name == "scenario.toml" {
            toml::from_str::<toml::Table>(&content).unwrap();
        } else {
            assert!(name == "report.html" && content.trim_end().ends_with("</html>"), "{name}");
        }
    }
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    let p95 = &summary["figures"]["latency.page.p95@mean"];
    assert!(p95["low"].as_f64() < p95["value"].as_f64(), "{p95}");
    assert_eq!(p95["method"], "student-t");
    // S1: 30 s at 20 pages a second are fewer than the 1,000 that a p99 needs.
    let p99 = &summary["figures"]["latency.page.p99@mean"];
    assert!(p99["value"].is_null() && p99["reason"].as_str().unwrap().contains("< 1000"), "{p99}");
    let shown = text(&ended.stdout).replace(char::from_u32(0xa0).unwrap(), " ");
    let windows = shown.lines().filter(|line| line.starts_with("mean") || line.starts_with("peak"));
    let served = windows.filter(|line| line.contains("20/s") || line.contains("40/s"));
    assert!(served.clone().count() == 2, "{shown}");
    assert!(served.into_iter().all(|line| !line.contains("100 %")), "S2: {shown}");
}

/// K3: the same results are left alone, others of the same scenario are kept beside the new ones, and `--force`
/// replaces without keeping.
#[test]
fn results_that_are_there_are_kept_beside_the_new_ones() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    run(&tier("starter"), &out, &[]);
    let before = tree(&out);
    let same = run(&tier("starter"), &out, &[]);
    assert!(text(&same.stderr).contains("reproduced"), "{}", text(&same.stderr));
    let other = run(&tier("starter"), &out, &["--seed", "3"]);
    assert!(matches!(other.status.code(), Some(0 | 1 | 5)));
    let previous = place.path().join("out.previous");
    assert!(tree(&previous) == before && tree(&out) != before);
    let forced = run(&tier("starter"), &out, &["--seed", "2", "--force"]);
    assert!(tree(&previous) == before);
    assert!(matches!(forced.status.code(), Some(0 | 1 | 5)));
    assert_ne!(digest(&forced), digest(&same));
    assert!(tree(&out) != before);
}

/// B10, K7: what was stopped is written, says so in every form, and the command ends with 130.
#[cfg(unix)]
#[test]
fn what_was_stopped_is_marked_in_every_form() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let scenario = tier("starter");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let shorter = ["--set", "window.mean.warm-up=10s", "--set", "window.mean.length=1min"];
    let more = [&["--replications", "2000"][..], &shorter].concat();
    // Tests may run where interrupts are ignored, as in the background of a script.
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", binary()]);
        command.args([&words[..], &more].concat());
        command
    } else {
        fivenines(&[&words[..], &more].concat())
    };
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The folder is made after the command has begun to listen.
    for _ in 0..500 {
        if out.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", text(&ended.stderr));
    assert!(text(&ended.stdout).contains("PARTIAL"));
    let files = tree(&out);
    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    for value in [manifest, summary] {
        assert_eq!(value["complete"], false);
        assert!(value["reason"].as_str().unwrap().contains("stopped"));
    }
    assert!(text(&files["latency.csv"]).starts_with("# PARTIAL"));
    assert!(text(&files["report.html"]).contains("class=\"partial\""));
}

/// S3: one replication says nothing about its own error.
#[test]
fn a_single_run_says_so_and_has_no_interval() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let scenario = tier("starter");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let ended = fivenines(&[&words[..], &["--replications", "1"], &SHORT[1..]].concat()).output();
    let ended = ended.unwrap();
    assert_eq!(ended.status.code(), Some(5), "nothing can be judged");
    assert!(text(&ended.stdout).contains("single run"));
    assert!(!text(&ended.stdout).contains('±'));
    let files = tree(&out);
    let mut reader = csv::Reader::from_reader(&files["latency.csv"][..]);
    for row in reader.records().map(Result::unwrap) {
        assert_eq!((&row[5], &row[6]), ("", ""), "{row:?}");
        assert!(!row[8].is_empty(), "{row:?}");
    }
}

/// Two tiers side by side on the same draws; what cannot be simulated is told, with its reason.
#[test]
fn tiers_stand_side_by_side_and_each_has_its_own_results() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let (starter, one) = (tier("starter"), tier("tier-1"));
    let words = ["compare", starter.to_str().unwrap(), one.to_str().unwrap()];
    let more = ["--out", out.to_str().unwrap(), "--format", "json"];
    let ended = fivenines(&[&words[..], &more, &SHORT].concat()).output().unwrap();
    // So short a run does not decide every expectation.
    assert!(matches!(ended.status.code(), Some(0 | 1 | 5)), "{}", text(&ended.stderr));
    let shown: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    let rows = shown["data"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "two tiers, two windows");
    assert_eq!(rows[0]["cost_dollars_per_month"]["value"], 618.0);
    assert_eq!(rows[3]["cost_dollars_per_month"]["value"], 1382.0);
    // The database left the web zone: at peak the page is quicker, and the same draws show it.
    assert_eq!(rows[3]["p95_finding"], "smaller", "{}", rows[3]);
    let files = tree(&out);
    for name in ["comparison.csv", "comparison.json", "comparison.html", "manifest.json"] {
        assert!(files.contains_key(&format!("comparison/{name}")), "{name}");
    }
    for name in ["starter", "tier-1"] {
        assert!(files.contains_key(&format!("{name}/report.html")), "{name}");
    }
    // Alone it is told more: why it is down, what it can spare and what it costs. All else is the same.
    run(&one, &place.path().join("alone"), &[]);
    let alone = tree(&place.path().join("alone"));
    let of_both =
        files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("tier-1/")?, bytes)));
    let mut compared = 0;
    for (name, bytes) in of_both {
        if matches!(name, "summary.json" | "replications.json" | "report.html" | "manifest.json") {
            continue;
        }
        assert!(alone[name] == *bytes, "{name}");
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
    let summary = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    let (beside, mut told) =
        (summary(&files["tier-1/summary.json"]), summary(&alone["summary.json"]));
    told.as_object_mut().unwrap().remove("why").unwrap();
    let more = ["headroom.", "cost-per-million.", "lost-cost."];
    let figures = told["figures"].as_object_mut().unwrap();
    let all = figures.len();
    figures.retain(|path, _| !more.iter().any(|head| path.starts_with(head)));
    assert!(figures.len() + 3 <= all);
    assert_eq!(beside, told);
}

/// D5: what stands beside the results is the scenario: run again, it gives the same bytes.
#[test]
fn what_stands_beside_the_results_can_be_run_again() {
    let place = tempfile::tempdir().unwrap();
    let (one, two) = (place.path().join("one"), place.path().join("two"));
    let first = run(&tier("starter"), &one, &["--seed", "7"]);
    let text_of = text(&tree(&one)["report.html"]);
    assert!(
        text_of.contains("seed = 7") && text_of.contains("fivenines run scenario.toml --quick")
    );
    let copy = one.join("scenario.toml");
    let words = ["run", copy.to_str().unwrap(), "--quick", "--out", two.to_str().unwrap()];
    let second = fivenines(&words).output().unwrap();
    assert_eq!(digest(&first), digest(&second), "{}", text(&second.stderr));
    assert!(tree(&one) == tree(&two));
}

/// K3, K10: what would be refused after the work is refused before it, as far as it can be known.
#[test]
fn a_conflict_that_can_be_foreseen_is_told_before_the_work() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    run(&tier("starter"), &out, &[]);
    let before = tree(&out);
    let scenario = tier("starter");
    // It would take hours.
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    for more in [&["--replications", "1000000"][..], &["--seed", "2", "--replications", "1000000"]]
    {
        // Results of the same scenario would be kept: those of another one are a conflict.
        let more = [more, &["--long", "--set", "scenario=another"]].concat();
        let refused = fivenines(&[&words[..], &SHORT[1..], &more].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(6));
        let words: Vec<String> =
            text(&refused.stderr).split_whitespace().map(String::from).collect();
        assert!(words.join(" ").contains("nothing was simulated"), "{words:?}");
    }
    assert!(tree(&out) == before);
}

/// Two files whose results would go to one place, or into each other: nothing is simulated.
#[test]
fn results_of_two_scenarios_never_share_a_place() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_string();
    for folder in ["a", "b", "scenarios", "scenarios/a"] {
        std::fs::create_dir_all(place.path().join(folder)).unwrap();
    }
    let scenario = std::fs::read_to_string(tier("starter")).unwrap();
    let files = ["a/x.toml", "b/x.toml", "a/y.toml", "scenarios/a.toml", "scenarios/a/x.toml"];
    for name in files {
        std::fs::write(at(name), &scenario).unwrap();
    }
    std::fs::write(at("b/z.toml"), scenario.replace("\"starter\"", "\"comparison\"")).unwrap();
    let out = at("out");
    for (words, said) in [
        (vec!["run", "a/x.toml", "b/x.toml"], "would both go to results/x"),
        (vec!["run", "a/x.toml", "a/x.toml"], "would both go to results/x"),
        (vec!["run", "a", "b/x.toml", "--out", &out], "would both go to"),
        (vec!["run", "scenarios/a.toml", "scenarios/a/x.toml"], "would be nested"),
        (vec!["compare", "a/x.toml", "a/y.toml"], "have the same name `starter`"),
        (vec!["compare", "a", "a/x.toml"], "have the same name `starter`"),
        (vec!["compare", "a/x.toml", "a/x.toml"], "is given twice"),
        (vec!["compare", "b/z.toml"], "has the name of the comparison's folder"),
    ] {
        let mut command = fivenines(&words);
        let refused = command.current_dir(place.path()).output().unwrap();
        let err = text(&refused.stderr).replace("\n       ", " ");
        assert_eq!(refused.status.code(), Some(2), "{words:?}: {err}");
        assert!(err.contains(said) && err.contains("help: ") || said.contains("twice"), "{err}");
    }
    assert!(!place.path().join("results").exists() && !place.path().join("out").exists());
}

/// What a step buys is told in words at any width, and so is why a scenario was left out.
#[test]
fn a_comparison_can_be_read_on_any_terminal() {
    let place = tempfile::tempdir().unwrap();
    let tiers = tier("starter").parent().unwrap().to_path_buf();
    let refused = tiers.join("../../tests/scenarios/slow-switch.toml");
    let files = ["starter.toml", "tier-1.toml"].map(|name| tiers.join(name));
    for columns in [80, 100, 140] {
        let out = place.path().join(columns.to_string());
        let mut words = vec!["compare"];
        words.extend(files.iter().chain([&refused]).map(|path| path.to_str().unwrap()));
        words.extend(["--out", out.to_str().unwrap()]);
        let mut command = fivenines(&[&words[..], &SHORT, &["--details"]].concat());
        let ended = command.env("COLUMNS", columns.to_string()).output().unwrap();
        assert!(matches!(ended.status.code(), Some(0 | 1 | 5)), "{}", text(&ended.stderr));
        let shown = text(&ended.stdout).replace('\u{a0}', " ");
        for line in shown.lines().filter(|line| !line.starts_with("digest ")) {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
        assert!(!shown.contains("not shown"), "{shown}");
        let folded: Vec<&str> = shown.split_whitespace().collect();
        let folded = folded.join(" ");
        let step = "tier-1 instead of starter, for $764 more per month. Better: p95 of page in window \
                    peak by";
        assert!(folded.contains(step), "{shown}");
        let served = "page views served in window peak by";
        assert!(folded.contains(served) && folded.contains(" points ±"), "{shown}");
        assert!(folded.contains("* OVERLOADED: offered load exceeds capacity"));
        assert!(folded.contains("slow-switch: a slow `r.switch-1`"));
    }
}

/// B4, B10: a limit in a member ends the comparison with 4, and all that is written says partial.
#[test]
fn a_limit_in_a_member_marks_the_comparison() {
    let place = tempfile::tempdir().unwrap();
    let scenario = crate::cli::flood(place.path());
    let out = place.path().join("out");
    let words = ["compare", scenario.to_str().unwrap(), "--long", "--out", out.to_str().unwrap()];
    let ended = fivenines(&words).output().unwrap();
    assert_eq!(ended.status.code(), Some(4), "{}", text(&ended.stderr));
    assert!(text(&ended.stdout).contains("PARTIAL: flood: window `all`: no progress"));
    let files = tree(&out);
    for manifest in ["flood/manifest.json", "comparison/manifest.json"] {
        let manifest: serde_json::Value = serde_json::from_slice(&files[manifest]).unwrap();
        assert_eq!(manifest["complete"], false);
    }
    assert!(text(&files["comparison/comparison.csv"]).starts_with("# PARTIAL"));
}

/// A first look has a folder of its own: it neither replaces the results that are there nor is refused
/// because of them.
#[test]
fn a_first_look_leaves_the_results_that_are_there_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("scenarios/site");
    let kept = place.path().join("results/site/starter");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(kept.join("notes.txt"), "of somebody").unwrap();
    for name in ["starter", "tier-1"] {
        std::fs::copy(tier(name), folder.join(format!("{name}.toml"))).unwrap();
    }
    for (verb, of, out, report) in [
        ("run", "scenarios/site/starter.toml", "results/site/starter-quick", "report.html"),
        ("compare", "scenarios/site", "results/site-quick", "comparison/comparison.html"),
    ] {
        let words = [&[verb, of, "--quiet"], &SHORT[..]].concat();
        let done = fivenines(&words).current_dir(place.path()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(place.path().join(out).join(report).is_file(), "{verb}: {said}");
    }
    let left = tree(&place.path().join("results/site/starter"));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["notes.txt"]);
}
