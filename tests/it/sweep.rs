//! Variants of a scenario: each as `run --set` would have it, all in one table, and whatever instant a
//! sweep is killed at, the same command ends with the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::cli::run;
use crate::common::binary;
use crate::shared::base::{With as _, base};

/// A line with four servers, for a moment.
fn line() -> String {
    base("queue").with(
        r#"scenario = "site"
question = "What do more servers buy?"
[run]
seed = 7
replications = { min = 4, max = 4 }
[window.steady]
length = "100s"
warm-up = "5s"
[station.web]
servers = { value = 4, low = 3, high = 8 }
[workload.jobs]
rate = { value = "200/s", low = "100/s", high = "220/s" }
[[expect]]
figure = "latency.job.mean@steady"
is = "< 1s"
"#,
    )
}

/// Every file below `folder` with its content.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Returns the lines below the answer.
fn tables(out: &str) -> impl Iterator<Item = &str> {
    out.lines().skip_while(|line| !line.is_empty())
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(place.text("site.toml"), line()).unwrap();
        place
    }

    fn text(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_string()
    }

    fn words(&self, out: &str) -> Vec<String> {
        let vary =
            ["--vary", "station.web.servers=3,4", "--vary", "workload.jobs.rate=150/s,200/s,250/s"];
        let mut words = vec!["sweep".to_string(), self.text("site.toml")];
        words.extend(vary.map(str::to_string));
        words.extend(["--out".to_string(), self.text(out)]);
        words
    }

    fn sweep(&self, out: &str, more: &[&str]) -> (i32, String, String) {
        let words = self.words(out);
        let words: Vec<&str> =
            words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        run(&words)
    }
}

#[test]
fn a_sweep_has_a_row_for_each_variant_and_figure_and_each_is_what_run_gives() {
    let place = Place::new();
    let (code, out, err) = place.sweep("out", &[]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("All 6 variants meet every expectation"), "{out}");
    // The last axis fastest; at 250/s three servers are busy for 83 %.
    let rows: Vec<&str> = tables(&out).filter(|line| line.contains("/s ")).collect();
    assert_eq!(rows.len(), 6, "{out}");
    assert!(rows[2].starts_with('3') && rows[2].contains("250/s"), "{out}");
    let table = fs::read(place.text("out/sweep/sweep.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(&table[..]);
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
    assert_eq!(head[..4], ["variant", "figure", "unit", "value"]);
    let mut seen: BTreeMap<String, f64> = BTreeMap::new();
    for row in reader.records().map(Result::unwrap) {
        if &row[1] == "utilization.web-1@steady" {
            seen.insert(row[0].to_string(), row[3].parse().unwrap());
        }
    }
    let keys = fs::read_to_string(place.text("out/sweep/variants.csv")).unwrap();
    // λ × 10 ms / servers, to 3 %: 4 replications of 100 s.
    for (variant, busy) in &seen {
        let value = |path: &str| {
            let head = format!("{variant},{path},");
            let line = keys.lines().find_map(|line| line.strip_prefix(head.as_str())).unwrap();
            line.trim_end_matches("/s").parse::<f64>().unwrap()
        };
        let expected = value("workload.jobs.rate") * 0.01 / value("station.web.servers");
        assert!((busy / expected - 1.0).abs() < 0.03, "{variant}: {busy} for {expected}");
    }
    assert_eq!(seen.len(), 6);
    // One of them by hand.
    let alone = place.text("alone");
    let set = ["--set", "station.web.servers=3", "--set", "workload.jobs.rate=250/s"];
    let site = place.text("site.toml");
    let words = [&["run", &site, "--out", &alone, "--quiet"], &set[..]].concat();
    assert_eq!(run(&words).0, 0);
    let line = keys.lines().rfind(|line| line.ends_with("servers,3")).unwrap();
    let name = line.split(',').next().unwrap();
    assert!(tree(Path::new(&alone)) == tree(Path::new(&place.text(&format!("out/{name}")))));
    // Again: nothing is run, nothing moves.
    let before = tree(Path::new(&place.text("out")));
    let (code, again, err) = place.sweep("out", &[]);
    assert_eq!((code, &again), (0, &out));
    assert_eq!(err.matches(": done before").count(), 6, "{err}");
    assert!(before == tree(Path::new(&place.text("out"))));
    // Another effort is another sweep.
    assert_eq!(place.sweep("out", &["--quick"]).0, 6);
    assert!(before == tree(Path::new(&place.text("out"))));
}

/// Two shards share the variants; a run without a shard finds them done and writes the tables.
#[test]
fn shards_of_a_sweep_leave_the_bytes_of_the_whole() {
    let place = Place::new();
    assert_eq!(place.sweep("whole", &["--quick"]).0, 0);
    let (code, out, err) = place.sweep("shared", &["--quick", "--shard", "2/2"]);
    assert!(code == 0 && out.contains("3 of 6 variants"), "{out}{err}");
    assert!(!Path::new(&place.text("shared/sweep")).exists(), "no tables of half a sweep");
    assert_eq!(place.sweep("shared", &["--quick", "--shard", "1/2"]).0, 0);
    let (code, _, err) = place.sweep("shared", &["--quick"]);
    assert_eq!((code, err.matches(": done before").count()), (0, 6), "{err}");
    assert!(tree(Path::new(&place.text("whole"))) == tree(Path::new(&place.text("shared"))));
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_runs() {
    let place = Place::new();
    let site = place.text("site.toml");
    for (more, code) in [
        (vec![], 2),
        (vec!["--vary", "workload.jobs.rate"], 2),
        (vec!["--vary", "workload.jobs.rate=1/s,60/min"], 2),
        (vec!["--vary", "workload.jobs.rate=1/s", "--vary", "workload.jobs.rate=2/s"], 2),
        (vec!["--vary", "workload.jobs.rate=1/s", "--tornado"], 2),
        (vec!["--vary", "workload.jobs.rate=1/s,none"], 3),
        (vec!["--vary", "workload.job.rate=1/s,2/s"], 3),
    ] {
        let out = place.text("out");
        let words = [&["sweep", &site, "--out", &out], &more[..]].concat();
        let ended = run(&words);
        assert_eq!(ended.0, code, "{more:?}: {}", ended.2);
        assert!(!Path::new(&out).exists(), "{more:?}");
    }
}

/// Levels of windows fix the rate: what is asked for in them does not read the workload's own.
#[test]
fn a_key_that_moves_no_figure_is_refused_with_the_key_that_does() {
    let place = Place::new();
    let fixed = line().replace("[window.steady]", "[window.steady]\nlevel = \"200/s\"");
    fs::write(place.text("fixed.toml"), &fixed).unwrap();
    let out = place.text("out");
    let site = place.text("fixed.toml");
    let vary = |key: &str| run(&["sweep", &site, "--vary", key, "--out", &out]);
    let (code, _, err) = vary("workload.jobs.rate=20/s,200/s,250/s");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("`workload.jobs.rate` has no effect on the requested figures"), "{err}");
    assert!(err.contains("`window.steady.level`"), "{err}");
    assert!(!Path::new(&out).exists());
    // The key that is named moves it, and so does another beside it.
    assert_eq!(vary("window.steady.level=20/s,200/s").0, 0);
    let out = place.text("both");
    let keys = ["--vary", "station.web.servers=3,4", "--vary", "workload.jobs.rate=20/s,200/s"];
    let (code, _, err) = run(&[&["sweep", &site, "--out", &out], &keys[..]].concat());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("`workload.jobs.rate`") && !err.contains("servers` has"), "{err}");
}

/// 1 x rate and 1.5 x rate of 100/s and 200/s, 10 ms on four servers.
#[test]
fn a_level_that_is_a_multiple_of_the_rate_follows_it() {
    let place = Place::new();
    let windows = "[window.steady]\nlevel = \"1 x rate\"\nlength = \"100s\"\nwarm-up = \"120s\"\n\
                   [window.busy]\nlevel = \"1.5 x rate\"\nlength = \"100s\"\n";
    let text = line().replace("[window.steady]\nlength = \"100s\"\nwarm-up = \"5s\"\n", windows);
    assert!(text.contains("1.5 x rate"));
    let text = text.replace("latency.job.mean@steady", "utilization.web-1@busy");
    let text = text.replace("\"< 1s\"", "\"< 0.99\"");
    fs::write(place.text("site.toml"), text).unwrap();
    let (site, out) = (place.text("site.toml"), place.text("out"));
    let vary = ["--vary", "workload.jobs.rate=100/s,200/s"];
    let (code, said, err) = run(&[&["sweep", &site, "--out", &out], &vary[..]].concat());
    assert_eq!(code, 0, "{err}");
    let table = fs::read_to_string(place.text("out/sweep/sweep.csv")).unwrap();
    let busy = |figure: &str| -> Vec<f64> {
        let rows = table.lines().filter(|line| line.contains(&format!(",{figure},")));
        rows.map(|line| line.split(',').nth(3).unwrap().parse().unwrap()).collect()
    };
    for (window, factor) in [("steady", 1.0), ("busy", 1.5)] {
        let mut found = busy(&format!("utilization.web-1@{window}"));
        found.sort_by(f64::total_cmp);
        assert_eq!(found.len(), 2, "{said}\n{table}");
        for (found, rate) in found.into_iter().zip([100.0, 200.0]) {
            let expected = factor * rate * 0.01 / 4.0;
            assert!((found / expected - 1.0).abs() < 0.05, "{window}: {found} for {expected}");
        }
    }
}

/// Keys that change together, and one that stays as it is in the file; each variant is that of `run --set`.
#[test]
fn variants_that_are_listed_are_lived_through_in_their_order() {
    let place = Place::new();
    let (site, out) = (place.text("site.toml"), place.text("out"));
    let points = place.text("points.csv");
    let rows = "workload.jobs.rate, station.web.servers\n250/s, 4\n150/s, 2\n120/s,\n";
    fs::write(&points, rows).unwrap();
    let (code, said, err) = run(&["sweep", &site, "--points", &points, "--out", &out]);
    assert_eq!(code, 0, "{err}");
    assert!(said.starts_with("All 3 variants meet every expectation"), "{said}");
    let told: Vec<&str> = tables(&said).filter(|line| line.contains("/s ")).collect();
    assert!(told[0].starts_with("250/s") && told[1].starts_with("150/s"), "{said}");
    let keys = fs::read_to_string(place.text("out/sweep/variants.csv")).unwrap();
    let name = keys.lines().find(|line| line.ends_with("rate,120/s")).unwrap().split(',').next();
    let alone = place.text("alone");
    let set = ["--set", "workload.jobs.rate=120/s", "--out", &alone, "--quiet"];
    assert_eq!(run(&[&["run", &site], &set[..]].concat()).0, 0);
    let listed = place.text(&format!("out/{}", name.unwrap()));
    assert!(tree(Path::new(&alone)) == tree(Path::new(&listed)));
    let sweep = fs::read_to_string(place.text("out/sweep/sweep.json")).unwrap();
    assert!(sweep.contains("--points points.csv"), "{sweep}");
    for (rows, wanted, code) in [
        ("workload.jobs.rate\n", "no row follows the paths", 2),
        ("workload.jobs.rate,station.web.servers\n1/s\n", "line: 2", 2),
        ("workload.jobs.rte\n1/s\n", "workload.jobs.rte", 3),
        ("workload.jobs.rate\nmany\n", "many", 3),
        ("workload.jobs.rate\n1/s\n60/min\n", "the same model", 2),
    ] {
        fs::write(&points, rows).unwrap();
        let (ended, _, err) =
            run(&["sweep", &site, "--points", &points, "--out", &place.text("none")]);
        assert_eq!(ended, code, "{rows}: {err}");
        assert!(err.contains(wanted), "{rows}: {err}");
    }
    let gone = place.text("gone.csv");
    assert_eq!(run(&["sweep", &site, "--points", "-"]).0, 2);
    assert_eq!(run(&["sweep", &site, "--points", &gone]).0, 2);
    assert!(!Path::new(&place.text("none")).exists());
}

/// More servers, less waiting; more traffic, more. The key that moves it most comes first.
#[test]
fn uncertainty_is_swept_one_key_at_a_time_or_all_at_once() {
    let place = Place::new();
    let site = place.text("site.toml");
    let (code, out, err) =
        run(&["sweep", &site, "--tornado", "--out", &place.text("tornado"), "--quiet"]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<&str> = tables(&out).filter(|line| line.contains(" ± ")).collect();
    assert_eq!(rows.len(), 5, "{out}");
    assert!(rows[0].starts_with("as the file is"), "{out}");
    // Erlang C: 14.4 ms for 3 servers against 10.9 for 4; 10.1 for 100/s.
    assert!(
        rows[1].starts_with("station.web.servers") && rows[3].starts_with("workload.jobs.rate"),
        "{out}"
    );
    let draw = |out: &str| {
        let words =
            ["sweep", &site, "--latin-hypercube", "4", "--out", &place.text(out), "--quiet"];
        let (code, said, err) = run(&words);
        assert_eq!(code, 0, "{err}");
        said
    };
    let first = draw("one");
    assert_eq!(first, draw("two"));
    assert!(first.starts_with("All 4 variants meet every expectation"), "{first}");
    let many = ["sweep", &site, "--latin-hypercube", "24", "--out", &place.text("many"), "--quick"];
    let (code, said, err) = run(&many);
    assert_eq!(code, 0, "{err}");
    // What it comes to, and that it is the servers, not the traffic: three of them wait, eight do not.
    let row = said.lines().find(|line| line.starts_with("latency.job.mean@steady  ")).unwrap();
    assert_eq!(row.matches("\u{a0}ms").count(), 5, "{said}");
    let key = said.lines().position(|line| line.starts_with("key")).unwrap();
    assert!(said.lines().nth(key + 1).unwrap().starts_with("station.web.servers"), "{said}");
    let moved = fs::read_to_string(place.text("many/sweep/moved-by.csv")).unwrap();
    assert!(moved.contains("latency.job.mean@steady,station.web.servers,-0."), "{moved}");
    let spread = fs::read_to_string(place.text("many/sweep/spread.csv")).unwrap();
    assert!(spread.contains("latency.job.mean@steady,s,24,0.0"), "{spread}");
}

/// K1, K12: killed without warning at any instant and begun again, a sweep ends as if nothing had been.
#[cfg(unix)]
#[test]
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "when to kill is a question of wall time"
)]
fn a_sweep_killed_at_any_instant_goes_on_and_ends_with_the_same_bytes() {
    let place = Place::new();
    let quiet = ["--quiet", "--threads", "1"];
    let begun = std::time::Instant::now();
    let started = Command::new(binary()).args(place.words("whole")).args(quiet).output().unwrap();
    assert_eq!(started.status.code(), Some(0));
    let took = begun.elapsed().as_secs_f64();
    let (whole, said) = (tree(Path::new(&place.text("whole"))), started.stdout);
    let kills = if std::env::var_os("FIVENINES_FULL").is_some() { 50 } else { 6 };
    // Fractions of the time that a whole sweep takes, spread evenly over the kills and over the tries of each.
    let part = |kill: u32, again: u32| {
        let turns = f64::from(kill + 1) * 0.618_033_988_749_895;
        (turns + f64::from(again) * 0.414_213_562_373_095).fract()
    };
    let mut interrupted = 0;
    for kill in 0..kills {
        let out = format!("killed-{kill}");
        let mut wait = part(kill, 0) * took;
        for again in 0..4 {
            let mut child = Command::new(binary())
                .args(place.words(&out))
                .args(quiet)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_secs_f64(wait));
            let ended = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            if ended {
                break;
            }
            interrupted += 1;
            wait = part(kill, again + 1) * took / 2.0;
        }
        let (code, text, err) = place.sweep(&out, &quiet);
        assert_eq!(code, 0, "{kill}: {err}");
        assert_eq!(text.as_bytes(), said, "{kill}");
        assert!(tree(Path::new(&place.text(&out))) == whole, "kill {kill} left other bytes");
        fs::remove_dir_all(place.text(&out)).unwrap();
    }
    assert!(2 * interrupted >= kills, "{interrupted} of {kills} sweeps were cut short");
}
