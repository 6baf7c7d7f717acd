//! How a command ends that does not end by itself: signals, a full disk, a second writer, a reader
//! that went away.
#![allow(
    clippy::disallowed_types,
    reason = "how soon a signal ends a command is a question of wall time"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::cli::run as ended;
use crate::common::binary;
use crate::shared::base::{With as _, base};

/// Short windows: a run takes a moment.
const SHORT: [&str; 9] = [
    "--quick",
    "--set",
    "window.mean.length=40s",
    "--set",
    "window.mean.warm-up=1s",
    "--set",
    "window.peak.length=40s",
    "--set",
    "window.peak.warm-up=1s",
];
/// One replication of this takes longer than anybody waits.
const ENDLESS: [&str; 5] = ["--long", "--replications", "2", "--set", "window.mean.length=5000h"];

/// The starter under the name `name`, with `mean` for the length of its first window.
fn site(folder: &Path, name: &str, mean: &str) -> PathBuf {
    let text = ended(&["init"]).1.replace("\"my-site\"", &format!("\"{name}\""));
    let text = text.replace("warm-up = \"1min\"", "warm-up = \"1s\"");
    let text = text.replacen("length  = \"10min\"", &format!("length  = \"{mean}\""), 1);
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

/// Starts the command with `signals` as `env` has it: the tests may run under `nohup`.
fn start(signals: &str, words: &[&str]) -> Child {
    let mut command = Command::new("env");
    command.args([signals, binary()]).args(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

const HEARD: &str = "--default-signal=HUP,INT,TERM";

/// Waits until `path` is there: folders are made when the signals are listened to.
fn until(path: &Path, child: &mut Child) {
    for _ in 0..3_000 {
        if path.exists() {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before {}", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{} never came", path.display());
}

fn send(signals: &[&str], child: &Child) {
    let kill: Vec<String> =
        signals.iter().map(|signal| format!("kill -{signal} {}", child.id())).collect();
    assert!(Command::new("sh").args(["-c", &kill.join("; ")]).status().unwrap().success());
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Every file below `folder` with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn manifest(folder: &Path) -> Json {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// Promise K7: within 2 s, in the middle of a replication; each signal with its own code; what is
/// there is marked (B10). The machine may be busy with other tests: twice the time is given.
#[test]
fn each_signal_ends_a_run_soon_and_with_its_own_code() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "10min");
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let out = place.path().join(signal);
        let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
        let mut child = start(HEARD, &[&words[..], &ENDLESS].concat());
        until(&out, &mut child);
        std::thread::sleep(Duration::from_millis(300));
        let sent = Instant::now();
        send(&[signal], &child);
        let output = child.wait_with_output().unwrap();
        let (shown, err) = said(&output);
        assert!(sent.elapsed() < Duration::from_secs(4), "{signal}: {:?}", sent.elapsed());
        assert_eq!(output.status.code(), Some(code), "{signal}: {err}");
        assert!(err.contains("stopping at a safe point; a second signal stops at once"), "{err}");
        assert!(shown.contains("PARTIAL: stopped before all replications were done"), "{shown}");
        assert_eq!(manifest(&out)["complete"], false);
    }
}

/// The same in the middle of a replication of a long horizon: users without patience queue up every day for a
/// hundred years, and that queue is followed step by step.
#[test]
fn a_signal_ends_a_long_horizon_run_within_one_replication() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("queue.toml");
    fs::write(&path, queue()).unwrap();
    let out = place.path().join("out");
    let words = ["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let mut child = start(HEARD, &words);
    until(&out, &mut child);
    std::thread::sleep(Duration::from_millis(500));
    let sent = Instant::now();
    send(&["TERM"], &child);
    let output = child.wait_with_output().unwrap();
    assert!(sent.elapsed() < Duration::from_secs(4), "{:?}", sent.elapsed());
    assert_eq!(output.status.code(), Some(143), "{}", said(&output).1);
}

fn queue() -> String {
    base("page").with(
        r#"
[run]
horizon = "100y"
replications = 100
[profile.day]
hours = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 2.5, 2.5, 2.5, 2.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
[site.here]
[rack.r]
site = "here"
[server.box]
rack = "r"
cores = 1
[service.app]
workers = "unlimited"
restart = "5s"
[workload.visitors]
rate = "10/s"
profile = "day"
[request.page]
demands = { page = "50ms" }
[fault.never]
hits = "app-1"
how = "crash"
rate = "0.000001/y"
"#,
    )
}

/// Promise K7: the second signal ends it where it stands, whatever the work is at; what is on disk
/// is no result. Both signals come at the same instant, since the process is paused while they are sent.
#[test]
fn a_second_signal_ends_it_at_once() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "10min");
    let out = place.path().join("out");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let mut child = start(HEARD, &[&words[..], &ENDLESS].concat());
    until(&out, &mut child);
    // One of them is the second. Had the first ended it, there would be partial results.
    send(&["STOP", "INT", "TERM", "CONT"], &child);
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(130 | 143)), "{:?}", output.status);
    assert!(!out.join("manifest.json").exists());
    // The next run finds nothing in its way.
    let next = [&words[..], &SHORT].concat();
    assert!(matches!(ended(&next).0, 0 | 1 | 5));
}

/// `nohup fivenines run …` goes on when the terminal closes.
#[test]
fn a_signal_that_was_to_be_ignored_is() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "10min");
    let out = place.path().join("out");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let more = ["--set", "window.mean.length=5min"];
    let mut child = start("--ignore-signal=HUP", &[&words[..], &SHORT, &more].concat());
    until(&out, &mut child);
    send(&["HUP"], &child);
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 5)), "{}", said(&output).1);
    assert_eq!(manifest(&out)["complete"], true);
}

/// K1, K7, B10: a comparison that is stopped at its first member leaves that one, marked, and no
/// folder without results; stopped later, it compares what there is and says that it is not all.
#[test]
fn a_comparison_that_is_stopped_leaves_nothing_that_looks_whole() {
    let place = tempfile::tempdir().unwrap();
    let (long, short) = ("5000h", "10s");
    for (a, b) in [(long, short), (short, long)] {
        let out = place.path().join(format!("out-{a}"));
        let one = site(place.path(), "a", a);
        let two = site(place.path(), "b", b);
        let three = site(place.path(), "c", b);
        let words = ["compare", one.to_str().unwrap(), two.to_str().unwrap()];
        let more = [three.to_str().unwrap(), "--out", out.to_str().unwrap(), "--quick"];
        let mut child = start(HEARD, &[&words[..], &more, &SHORT[5..]].concat());
        let begun = if a == long { out.join("c") } else { out.join("a/manifest.json") };
        until(&begun, &mut child);
        std::thread::sleep(Duration::from_millis(200));
        send(&["TERM"], &child);
        let output = child.wait_with_output().unwrap();
        let (shown, err) = said(&output);
        assert_eq!(output.status.code(), Some(143), "{err}");
        let mut folders: Vec<_> =
            fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        folders.sort();
        if a == long {
            assert_eq!((folders.as_slice(), shown.as_str()), (&["a".into()][..], ""));
            assert_eq!(manifest(&out.join("a"))["complete"], false);
            continue;
        }
        assert_eq!(folders, ["a", "b", "comparison"]);
        let whole = folders.iter().map(|name| manifest(&out.join(name))["complete"] == true);
        assert_eq!(whole.collect::<Vec<_>>(), [true, false, false]);
        assert!(shown.contains("PARTIAL: b: stopped before all replications were done"), "{shown}");
        assert!(shown.contains("stopped before c"), "{shown}");
        let table = fs::read_to_string(out.join("comparison/comparison.csv")).unwrap();
        assert!(table.starts_with("# PARTIAL"));
        let page = fs::read_to_string(out.join("comparison/comparison.html")).unwrap();
        assert!(page.contains("class=\"partial\""));
    }
}

/// Runs the command where no file may be longer than `blocks` of 512 bytes.
fn within(blocks: u32, words: &[&str]) -> Output {
    let limited = format!("ulimit -f {blocks}; exec \"$@\"");
    Command::new("sh").args(["-c", &limited, "sh", binary()]).args(words).output().unwrap()
}

/// Promise K9: the system refuses to make a file as long as it must be: exit 8 and not a signal's
/// code, the file is named, nothing stays behind, results of before are as they were.
#[test]
fn a_file_that_cannot_be_written_is_named_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "10s");
    let out = place.path().join("deep/out");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let words = [&words[..], &SHORT].concat();
    let output = within(4, &words);
    let (_, err) = said(&output);
    assert_eq!(output.status.code(), Some(8), "{err}");
    let err = err.replace("\n       ", " ");
    assert!(err.contains("cannot write ") && err.contains("deep/out/"), "{err}");
    assert!(err.contains(" bytes)") && err.contains("File too large"), "{err}");
    assert!(!place.path().join("deep").exists(), "{:?}", tree(place.path()).keys());

    assert!(matches!(ended(&words).0, 0 | 1 | 5));
    let before = tree(&out);
    let output = within(4, &[&words[..], &["--seed", "2", "--force"]].concat());
    assert_eq!(output.status.code(), Some(8));
    assert!(tree(&out) == before);
}

/// Promise K10: a place that takes no byte is found before the work, which would take for ever.
#[test]
fn a_place_that_cannot_be_written_is_found_before_the_work() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "5000h");
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    for (out, blocks) in [(place.path().join("out"), 0), (file.join("out"), 1_000)] {
        let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap(), "--long"];
        let output = within(blocks, &words);
        assert_eq!(output.status.code(), Some(8), "{}", said(&output).1);
        assert!(!out.exists());
        let words = ["compare", words[1], words[2], words[3], words[4]];
        assert_eq!(within(blocks, &words).status.code(), Some(8));
        assert!(!out.exists());
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

/// Promise K4: a second writer is told at once, and the first goes on.
#[test]
fn a_second_writer_is_told_at_once() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "5000h");
    let out = place.path().join("out");
    let words = ["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap(), "--long"];
    let mut first = start(HEARD, &words);
    until(&out, &mut first);
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    let (code, _, err) = ended(&words);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(code, 6, "{err}");
    assert!(err.contains("another process is writing to "), "{err}");
    send(&["INT"], &first);
    assert_eq!(first.wait().unwrap().code(), Some(130));
}

/// Promise K8: results are in files, so a run whose reader went ends as if it had been read.
#[test]
fn a_run_whose_reader_went_away_finishes_its_results() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "10s");
    let out = place.path().join("out");
    for verb in ["run", "compare"] {
        let words = [verb, scenario.to_str().unwrap(), "--out", out.to_str().unwrap(), "--quick"];
        let words = [&words[..], &SHORT[5..]].concat();
        let mut child = start(HEARD, &words);
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let (_, err) = said(&output);
        assert!(matches!(output.status.code(), Some(0 | 1 | 5)), "{err}");
        assert!(err.contains("written ") && !err.contains("panic"), "{err}");
        let written = if verb == "run" { out.clone() } else { out.join("comparison") };
        assert_eq!(manifest(&written)["complete"], true);
        fs::remove_dir_all(&out).unwrap();
    }
}

/// Waits until `count` lines of the file begin with `words`.
fn until_said(path: &Path, words: &str, count: usize, child: &mut Child) -> String {
    for _ in 0..6_000 {
        let text = fs::read_to_string(path).unwrap();
        if text.lines().filter(|line| line.starts_with(words)).count() >= count {
            return text;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended: {text}");
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("`{words}` was not said {count} times: {}", fs::read_to_string(path).unwrap());
}

/// A planner edits a file and sees what moved, without starting anything again; a mistake is said and does not end
/// the watch.
#[test]
fn a_watched_scenario_is_run_again_when_it_changes() {
    let place = tempfile::tempdir().unwrap();
    let scenario = site(place.path(), "site", "1min");
    let (out, said) = (place.path().join("out"), place.path().join("said"));
    let words = ["run", scenario.to_str().unwrap(), "--watch", "--out", out.to_str().unwrap()];
    let log = || fs::File::options().append(true).create(true).open(&said).unwrap();
    let mut command = Command::new("env");
    command.args([HEARD, binary()]).args(words).args(&SHORT[1..]);
    let mut child = command.stdout(log()).stderr(log()).spawn().unwrap();
    let waiting = "waiting for a change; Ctrl-C ends";
    let first = until_said(&said, waiting, 1, &mut child);
    assert!(first.contains("Available"), "{first}");
    let text = fs::read_to_string(&scenario).unwrap();
    let dearer = text.replacen("zone    = \"$", "zone    = \"$1", 1);
    fs::write(&scenario, text.replacen("rate    = \"10/s\"", "rate    = \"11/s\"", 1)).unwrap();
    let second = until_said(&said, waiting, 2, &mut child);
    assert!(second.contains("site.toml has changed\n"), "{second}");
    assert!(second.contains("changed: workload.visitors.rate: 10/s → 11/s"), "{second}");
    fs::write(&scenario, text.replacen("rate    = ", "rte    = ", 1)).unwrap();
    let third = until_said(&said, waiting, 3, &mut child);
    assert!(third.contains("unknown key `rte`"), "{third}");
    fs::write(&scenario, dearer).unwrap();
    until_said(&said, waiting, 4, &mut child);
    send(&["INT"], &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
