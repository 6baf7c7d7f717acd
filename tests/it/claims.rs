//! Promise: what the source documents claim is held against figures, over a range, with a verdict.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::cli::run;
use crate::faults_shipped::full;
use crate::shared::base::{With as _, base};

/// A line with one server: M/M/1 with a service of 10 ms, whose sojourn is 10 ms / (1 - load).
fn line() -> String {
    base("queue").with(
        r#"scenario = "line"
question = "How long does it take?"
[run]
seed = 3
replications = 10
[window.steady]
length = "200s"
warm-up = "5s"
[workload.jobs]
rate = "50/s"
"#,
    )
}

/// A claim about it: below 30 ms, that is up to a load of 2/3.
const CLAIM: &str = r#"
[[claim]]
number = 4
title  = "A job takes less than 30 ms"
claim  = "Jobs are done in no time"
source = "a brochure"
figure = "latency.job.mean@steady"
is     = "< 30ms"
range  = [ { vary = "workload.jobs.rate=30/s,50/s,80/s", words = "jobs per second" } ]
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn text(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_string()
    }

    /// Judges the claims of a file; gives exit code, answer and `claims.json`.
    fn judge(&self, file: &str) -> (i32, String, Json) {
        let (file, out) = (self.text(file), self.text("out"));
        let (code, answer, told) = run(&["compare", &file, "--out", &out, "--force"]);
        let bytes = fs::read(self.text("out/claims.json"));
        let bytes = bytes.unwrap_or_else(|_| panic!("{answer}{told}"));
        (code, answer, serde_json::from_slice(&bytes).unwrap())
    }
}

#[test]
fn a_claim_that_holds_in_part_of_its_range_names_the_part() {
    let place = Place::with(&[("line.toml", &(line() + CLAIM))]);
    let (code, answer, found) = place.judge("line.toml");
    assert_eq!(code, 0, "{answer}");
    let claim = &found["claims"][0];
    assert_eq!(claim["verdict"], "holds only if");
    assert_eq!(claim["only_if"], "jobs per second: 50/s or less");
    let points = claim["points"].as_array().unwrap();
    assert_eq!(points.len(), 3);
    // 10 ms / (1 - load) lies in each interval, or close by: three of 95 % are joint at 86 %.
    for (point, load) in points.iter().zip([0.3, 0.5, 0.8]) {
        let [low, high] = ["low", "high"].map(|key| point[key].as_f64().unwrap());
        let (exact, slack) = (0.01 / (1.0 - load), (high - low) / 2.0);
        assert!(low - slack <= exact && exact <= high + slack, "{point}");
    }
    let own: Vec<bool> =
        points.iter().map(|point| point["as_in_the_file"].as_bool().unwrap()).collect();
    assert_eq!(own, [false, true, false]);
    let first = answer.lines().next().unwrap();
    assert!(first.starts_with(" 4  holds only if  ") && first.contains("< 30ms"), "{answer}");
    assert!(answer.contains("jobs per second: 50/s or less"), "{answer}");
    // Again: the same bytes.
    let read = || {
        ["claims.html", "claims.md", "claims.csv"]
            .map(|name| fs::read(place.text(&format!("out/{name}"))).unwrap())
    };
    let before = read();
    place.judge("line.toml");
    assert!(before == read());
}

/// Own point outside of the range: it counts, too.
#[test]
fn the_file_as_it_is_is_always_a_point() {
    let claim = CLAIM.replace("30/s,50/s,80/s", "20/s,30/s").replace("< 30ms", "< 15ms");
    let place = Place::with(&[("line.toml", &(line() + &claim))]);
    let (_, answer, found) = place.judge("line.toml");
    let claim = &found["claims"][0];
    assert_eq!(claim["points"].as_array().unwrap().len(), 3, "{answer}");
    assert_eq!(claim["points"][0]["as_in_the_file"], true);
    assert_eq!(claim["points"][0]["verdict"], "does not hold");
    assert_eq!(claim["only_if"], "jobs per second: 20/s, 30/s, other than in the file");
}

/// At loads of 0.25 and 0.5 the sojourns are 13.3 and 20 ms: a ratio of 1.5. Both meet the same draws.
#[test]
fn a_ratio_is_of_two_scenarios_on_the_same_draws() {
    let half = line().replace("\"line\"", "\"half\"").replace("50/s", "25/s");
    let claim = CLAIM
        .replace(
            "latency.job.mean@steady",
            "ratio(latency.job.mean@steady, half:latency.job.mean@steady)",
        )
        .replace("< 30ms", "within 10% of 1.5")
        .replace("workload.jobs.rate=30/s,50/s,80/s", "half:workload.jobs.rate=25/s,50/s");
    let place = Place::with(&[("line.toml", &(line() + &claim)), ("half.toml", &half)]);
    let (code, answer, found) = place.judge("line.toml");
    assert_eq!(code, 0, "{answer}");
    let points = found["claims"][0]["points"].as_array().unwrap();
    let value = |at: usize, key: &str| points[at][key].as_f64().unwrap();
    assert!((value(0, "value") / 1.5 - 1.0).abs() < 0.05, "{points:?}");
    // The same rate: the same draws, and no noise at all.
    assert!((value(1, "low") - 1.0).abs() < 1e-12 && (value(1, "high") - 1.0).abs() < 1e-12);
    assert_eq!(found["claims"][0]["only_if"], "jobs per second: 25/s");
}

#[test]
fn a_claim_that_is_not_judged_never_passes_silently() {
    let missing = CLAIM
        .lines()
        .filter(|line| !["figure", "is ", "range"].iter().any(|key| line.starts_with(key)))
        .collect::<Vec<&str>>()
        .join("\n");
    let open = format!("{missing}\nmissing = \"a mechanism that there is not\"\n");
    let place = Place::with(&[("line.toml", &(line() + CLAIM + &open))]);
    let (code, answer, found) = place.judge("line.toml");
    assert_eq!(code, 0, "{answer}");
    assert!(answer.contains("not judged") && answer.contains("a mechanism that there is not"));
    assert_eq!(found["claims"][1]["verdict"], "not judged");
    // `run` judges none, and says so.
    let (code, _, told) = run(&["run", &place.text("line.toml"), "--out", &place.text("run")]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("2 claims are not judged here; `fivenines compare"), "{told}");
    // One that cannot be told, since a single run has no interval, is an open end.
    let (file, out) = (place.text("line.toml"), place.text("one"));
    let (code, answer, _) = run(&["compare", &file, "--out", &out, "--replications", "1"]);
    assert_eq!(code, 5, "{answer}");
    assert!(answer.contains("undecided"), "{answer}");
}

#[test]
fn check_refuses_in_a_claim_what_run_and_compare_refuse() {
    let cases: [(&str, &str, &str, &str); 14] = [
        ("is     = \"< 30ms\"\n", "", "E0701", "the claim has no `is`"),
        (
            "range  = [ { vary = \"workload.jobs.rate=30/s,50/s,80/s\", words = \"jobs per second\" } ]\n",
            "",
            "E0701",
            "no range",
        ),
        ("latency.job.mean@steady", "speed.job@steady", "E0414", "speed"),
        ("latency.job.mean@steady", "latency.nobody.mean@steady", "E0414", "nobody"),
        ("latency.job.mean@steady", "ratio(latency.job.mean@steady)", "E0414", "two figures"),
        (
            "latency.job.mean@steady",
            "other:latency.job.mean@steady",
            "E0412",
            "no scenario `other`",
        ),
        ("latency.job.mean@steady", "line:latency.job.mean@night", "E0414", "night"),
        ("< 30ms", "< 30", "E0501", "is not a duration"),
        ("< 30ms", "< 0s", "E0501", "no value"),
        ("30/s,50/s,80/s", "30/s,fast", "E0501", "with workload.jobs.rate=fast"),
        ("workload.jobs.rate=", "workload.nobody.rate=", "E0501", "nobody"),
        ("workload.jobs.rate=30/s,50/s,80/s", "run.horizon=1y,2y", "E1301", "moves nothing"),
        ("workload.jobs.rate=30/s,50/s,80/s", "workload.jobs.rate", "E0501", "write it as"),
        (
            "source = \"a brochure\"",
            "source = \"a brochure\"\nmissing = \"all of it\"",
            "E1102",
            "or states what is `missing`",
        ),
    ];
    for (from, to, code_of, says) in cases {
        let claim = CLAIM.replacen(from, to, 1);
        assert_ne!(claim, CLAIM, "{from}");
        let place = Place::with(&[("line.toml", &(line() + &claim))]);
        let file = place.text("line.toml");
        let (code, _, told) = run(&["check", &file]);
        assert!(code == 3 && told.replace("\n", " ").contains(says), "{to}: {code}\n{told}");
        assert!(told.contains(code_of), "{to}: not {code_of}\n{told}");
        assert!(told.contains("line.toml:") && told.contains("claim"), "{to}: no place\n{told}");
        for verb in ["run", "compare"] {
            let (code, _, same) = run(&[verb, &file, "--out", &place.text("out")]);
            assert_eq!(code, 3, "{verb}, {to}:\n{same}");
            assert!(!Path::new(&place.text("out")).exists(), "{verb}, {to}");
        }
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// docs/claims.md is what `fivenines compare scenarios/claims` writes, and the results that are kept are those of
/// the scenarios as they stand.
#[test]
fn the_page_of_the_claims_is_what_the_command_writes() {
    let kept = root("results/claims");
    let manifest = fs::read(kept.join("manifest.json")).expect("results of the claims are kept");
    let manifest: Json = serde_json::from_slice(&manifest).unwrap();
    let again = "write it anew: target/release/fivenines compare scenarios/claims --force, then \
                 cp results/claims/claims.md docs/claims.md";
    let page = |path: &str| fs::read_to_string(root(path)).unwrap();
    assert!(
        page("docs/claims.md") == page("results/claims/claims.md"),
        "docs/claims.md is stale; {again}"
    );
    let covers: Vec<&str> =
        manifest["digest_covers"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    let mut files: Vec<PathBuf> = fs::read_dir(root("scenarios/claims"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in &files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let (code, canonical, told) = run(&["check", "--canonical", file.to_str().unwrap()]);
        assert_eq!(code, 0, "{told}");
        let digest = canonical.lines().rev().find_map(|line| line.strip_prefix("digest ")).unwrap();
        let line = format!("scenario {name} {digest}");
        assert!(covers.contains(&line.as_str()), "{name} is another than its results; {again}");
    }
    // Every claim of the sources has a line.
    let found: Json = serde_json::from_str(&page("results/claims/claims.json")).unwrap();
    let numbers: Vec<u64> = found["claims"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|claim| claim["number"].as_u64())
        .collect();
    assert!((1..=15).all(|number| numbers.contains(&number)), "{numbers:?}");
    assert_eq!(found["quick"], false);
    if full() {
        let out = tempfile::tempdir().unwrap();
        let out = out.path().join("claims");
        let words = ["compare", "scenarios/claims", "--out", out.to_str().unwrap()];
        assert_eq!(run(&words).0, 0);
        for name in ["claims.md", "claims.csv", "claims.json", "claims.html"] {
            assert!(
                fs::read(out.join(name)).unwrap() == fs::read(kept.join(name)).unwrap(),
                "{name}"
            );
        }
    }
}
