//! What CI relies on: a gate that fails when a figure moves and only then, says which key moved it,
//! and tells "bad" from "don't know"; results that can be run again and come out the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::cli::run;
use crate::common::{binary, bytes, seal, sha256};

/// A line with four servers: cheap enough to know every figure to a fraction of its margin.
const FRONT: &str = r#"scenario = "front"
question = "Does the gate see what changes?"

[run]
seed         = 7
replications = { min = 20, max = 20 }

[window.steady]
length  = "1000s"
warm-up = "10s"

[station.web]
servers = 4
service = { dist = "exponential", mean = "10ms" }

[workload.jobs]
request  = "job"
rate     = "200/s"
arrivals = { process = "poisson" }

[request.job]
steps = [
  { visit = "web" },
]
"#;

/// The same model in other words: other units, other order, defaults spelt out.
const RESPELT: &str = r#"scenario = "front"
question = "Does the gate see what changes?"

[request.job]
steps = [ { visit = "web" } ]

[workload.jobs]
arrivals = { process = "poisson" }
rate     = "12000/min"
request  = "job"

[station.web]
service = { mean = "10000us", dist = "exponential" }
servers = 4

[window.steady]
warm-up = "10000ms"
length  = "1000s"

[run]
replications = 20
seed = 7
"#;

/// Two scenarios and the baseline that `compare` makes of them.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("scenarios")).unwrap();
        place.write("scenarios/front.toml", FRONT);
        place.write("scenarios/back.toml", &FRONT.replace("\"front\"", "\"back\""));
        let (scenarios, out) = (place.text("scenarios"), place.text("baseline"));
        let (code, _, err) = run(&["compare", &scenarios, "--out", &out, "--quiet"]);
        assert_eq!(code, 0, "{err}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Gates all scenarios against the baseline: exit code, answer, what was said besides.
    fn gate(&self, more: &[&str]) -> (i32, String, String) {
        let (scenarios, baseline) = (self.text("scenarios"), self.text("baseline"));
        run(&[&["gate", &scenarios, "--baseline", &baseline, "--quiet"], more].concat())
    }

    fn json(&self, more: &[&str]) -> (i32, Json) {
        let (code, out, err) = self.gate(&[more, &["--format", "json"]].concat());
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
    }

    /// Changes a JSON file of the baseline, and the manifest with it where `honest`.
    fn tamper(&self, scenario: &str, file: &str, honest: bool, change: &dyn Fn(&mut Json)) {
        let folder = self.path("baseline").join(scenario);
        let path = folder.join(file);
        let mut value: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        let content = bytes(&value);
        fs::write(&path, &content).unwrap();
        if file == "manifest.json" {
            seal(&folder);
        }
        if honest {
            self.tamper(scenario, "manifest.json", false, &|manifest| {
                let entries = manifest["files"].as_array_mut().unwrap();
                let entry = entries.iter_mut().find(|entry| entry["path"] == file).unwrap();
                entry["bytes"] = content.len().into();
                entry["sha256"] = sha256(&content).into();
            });
        }
    }
}

#[test]
fn an_unchanged_scenario_passes_to_the_bit_and_needs_no_flag() {
    let place = Place::new();
    let (code, out, err) = place.gate(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("front: same: 9 figures: 9 the same"), "{out}");
    assert!(out.contains("exactly: every byte must be the same"), "{out}");
    assert!(out.ends_with("gate: 2 the same, 0 changed, 0 unsure\n"), "{out}");
    // How it was made is read from the baseline: a quick one is held against a quick one.
    let out = place.text("quick");
    let scenarios = place.text("scenarios");
    let made = run(&["compare", &scenarios, "--out", &out, "--quick", "--seed", "3", "--quiet"]);
    assert_eq!(made.0, 0, "{}", made.2);
    let (code, found, _) = run(&["gate", &scenarios, "--baseline", &out, "--quiet"]);
    assert_eq!(code, 0, "{found}");
    assert_eq!(found.matches("exactly: every byte must be the same").count(), 2, "{found}");
}

#[test]
fn other_words_for_the_same_model_pass_to_the_bit() {
    let place = Place::new();
    place.write("scenarios/front.toml", RESPELT);
    let (code, found) = place.json(&[]);
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(found["scenarios"][1]["mode"], "exact");
    assert_eq!(found["scenarios"][1]["differences"], json!([]));
}

#[test]
fn half_as_much_traffic_again_fails_and_the_key_and_its_line_are_named() {
    let place = Place::new();
    place.write("scenarios/front.toml", &FRONT.replace("200/s", "300/s"));
    let junit = place.text("junit.xml");
    let (code, out, _) = place.gate(&["--annotations", "github", "--junit", &junit]);
    assert_eq!(code, 1, "{out}");
    // Line 18 of the file above.
    assert!(out.contains("workload.jobs.rate: 200/s → 300/s (line 18)\n"), "{out}");
    assert!(out.contains("back: same"), "{out}");
    assert!(out.contains("utilization.web-1@steady"), "{out}");
    let annotation = out.lines().find(|line| line.starts_with("::")).unwrap();
    let file = place.text("scenarios/front.toml");
    let head = format!("::error file={file},line=18,title=front%3A CHANGED::");
    assert!(annotation.starts_with(&head), "{annotation}");
    assert!(annotation.contains("workload.jobs.rate: 200/s → 300/s%0A7 figures moved"));
    let junit = fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains(
            "<testsuites name=\"fivenines gate\" tests=\"18\" failures=\"7\" errors=\"0\">"
        )
    );
    assert!(junit.contains("<testcase classname=\"front\" name=\"latency.job.p95@steady\">"));
    assert!(
        junit.contains("front.toml:18: workload.jobs.rate: 200/s → 300/s</failure>"),
        "{junit}"
    );
    // The same by a flag, for both.
    let (code, out, _) = place.gate(&["--set", "workload.jobs.rate=300/s"]);
    assert_eq!((code, out.matches(": CHANGED: 9 figures: 7 changed").count()), (1, 2), "{out}");
}

/// Makes a manifest one of the first version of results.
fn version_1(manifest: &mut Json) {
    manifest["results_version"] = 1.into();
    let lines = manifest["digest_covers"].as_array_mut().unwrap();
    let mut lines = lines.iter_mut();
    let line = lines.find(|line| line.as_str().unwrap().starts_with("results-version"));
    *line.unwrap() = "results-version 1".into();
}

#[test]
fn other_draws_and_other_versions_are_compared_by_equivalence() {
    let place = Place::new();
    let (code, found) = place.json(&["--seed", "8"]);
    assert_eq!(code, 0, "{found:#}");
    for one in found["scenarios"].as_array().unwrap() {
        assert_eq!((&one["mode"], &one["verdict"]), (&json!("equivalence"), &json!("same")));
        assert_eq!(one["not_exactly_because"], json!(["the seed differs"]));
        assert_eq!(one["same"], 9);
    }
    place.tamper("front", "manifest.json", false, &version_1);
    let (code, found) = place.json(&[]);
    assert_eq!(code, 0, "{found:#}");
    let because = found["scenarios"][1]["not_exactly_because"][0].as_str().unwrap();
    assert!(because.starts_with("the version of results was 1 and is "), "{because}");
    assert_eq!(found["scenarios"][0]["mode"], "exact");
}

/// "Bad" is not "don't know": few replications cannot tell 3 % from nothing.
#[test]
fn what_cannot_be_told_is_exit_5_and_says_what_would_decide() {
    let place = Place::new();
    let few = ["--seed", "8", "--replications", "2", "--set", "window.steady.length=20s"];
    let (code, out, _) = place.gate(&few);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("front: unsure") && out.contains("replications of both"), "{out}");
    let (code, out, _) = place.gate(&[&few[..], &["--allow-unsure"]].concat());
    assert_eq!(code, 0, "{out}");
    let both = run(&[
        "gate",
        &place.text("scenarios/front.toml"),
        "--baseline",
        &place.text("baseline"),
        "--format",
        "json",
        "--annotations",
        "github",
    ]);
    assert_eq!(both.0, 2, "{}", both.2);
}

/// Where nothing may differ, a figure that does is a failure, however small.
#[test]
fn one_bit_more_is_a_failure_where_nothing_may_differ() {
    let place = Place::new();
    place.tamper("front", "summary.json", true, &|summary| {
        let value = &mut summary["figures"]["latency.job.p95@steady"]["value"];
        *value = (value.as_f64().unwrap() * (1.0 + f64::EPSILON)).into();
    });
    let (code, found) = place.json(&[]);
    assert_eq!(code, 1, "{found:#}");
    let front = &found["scenarios"][1];
    assert_eq!((&front["mode"], &front["changed"]), (&json!("exact"), &json!(1)));
    assert_eq!(front["figures"][0]["figure"], "latency.job.p95@steady");
    assert_eq!(front["files"], json!(["summary.json"]));
    // So does whoever runs the results again.
    let (code, out, _) = run(&["replay", &place.text("baseline/front"), "--quiet"]);
    assert_eq!(code, 7, "{out}");
    assert!(out.contains("front: DIFFERS") && out.contains("the first is summary.json"), "{out}");
    assert!(out.contains("the first figure is latency.job.p95@steady"), "{out}");
}

#[test]
fn a_baseline_that_is_missing_damaged_or_partial_is_told_with_the_way_out() {
    let place = Place::new();
    let (scenarios, nowhere) = (place.text("scenarios"), place.text("nowhere"));
    let (code, _, err) = run(&["gate", &scenarios, "--baseline", &nowhere]);
    assert_eq!(code, 5);
    let help = err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&format!("fivenines compare {scenarios} --out {nowhere}")), "{err}");
    // A file without a baseline, and a baseline without a file.
    fs::rename(place.path("scenarios/back.toml"), place.path("scenarios/new.toml")).unwrap();
    place.write("scenarios/new.toml", &FRONT.replace("\"front\"", "\"new\""));
    let (code, found) = place.json(&[]);
    assert_eq!(code, 5, "{found:#}");
    assert_eq!(found["scenarios"][0]["verdict"], "same");
    assert_eq!(found["scenarios"][1]["verdict"], "not-judged");
    assert_eq!(found["baselines_without_a_file"], json!([place.text("baseline/back")]));
    fs::remove_file(place.path("scenarios/new.toml")).unwrap();
    // Partial.
    place.tamper("front", "manifest.json", false, &|manifest| manifest["complete"] = false.into());
    let (code, out, _) = place.gate(&[]);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("is partial"), "{out}");
    assert_eq!(run(&["replay", &place.text("baseline/front")]).0, 5);
    place.tamper("front", "manifest.json", false, &|manifest| manifest["complete"] = true.into());
    assert_eq!(place.gate(&[]).0, 0);
    // Damaged: a byte, then the manifest.
    let table = place.path("baseline/front/latency.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen('0', "1", 1)).unwrap();
    let (code, out, _) = place.gate(&[]);
    assert_eq!(code, 7, "{out}");
    assert!(out.contains("latency.csv is damaged") && out.contains("--force"), "{out}");
    let (code, _, err) = run(&["replay", &place.text("baseline/front")]);
    assert_eq!(code, 7, "{err}");
    fs::write(&table, text).unwrap();
    assert_eq!(place.gate(&[]).0, 0);
    fs::write(place.path("baseline/front/manifest.json"), "{").unwrap();
    assert_eq!(place.gate(&[]).0, 7);
}

/// Exit 7 from each command that reads results, before it simulates anything.
#[test]
fn a_manifest_that_contradicts_itself_is_damaged_for_every_command() {
    let place = Place::new();
    let folder = place.text("baseline/front");
    let file = place.path("baseline/front/manifest.json");
    let whole = fs::read_to_string(&file).unwrap();
    let (scenario, baseline) = (place.text("scenarios/front.toml"), place.text("baseline"));
    let manifest: Json = serde_json::from_str(&whole).unwrap();
    let version = &manifest["results_version"];
    let named = format!("\"results_version\": {version}");
    for (was, is) in [
        (named.as_str(), "\"results_version\": 1"),
        ("\"digest\": \"sha256:", "\"digest\": \"sha256:0"),
        ("\"seed\": 7", "\"seed\": 8"),
        ("\"command\": \"fivenines run", "\"command\": \"fivenines run --quick"),
    ] {
        let altered = whole.replacen(was, is, 1);
        fs::write(&file, &altered).unwrap();
        assert_ne!(altered, whole, "{was} is not in the manifest");
        for words in [
            &["replay", &folder][..],
            &["explain", &folder],
            &["diff", &folder, &scenario],
            &["gate", &scenario, "--baseline", &baseline],
            &["run", &scenario, "--out", &folder],
        ] {
            let (code, out, err) = run(words);
            assert_eq!(code, 7, "{was}, {words:?}: {out}{err}");
            assert!(format!("{out}{err}").contains("damaged"), "{words:?}: {out}{err}");
        }
    }
}

/// One run is asked for by a number; the canonical spelling beside the results has equal bounds.
#[test]
fn results_of_a_single_replication_are_replayed() {
    let place = Place::new();
    let (scenario, out) = (place.text("scenarios/front.toml"), place.text("single"));
    let one = ["--set", "run.replications=1", "--set", "window.steady.length=20s"];
    let (code, _, err) = run(&[&["run", &scenario, "--out", &out, "-q"][..], &one].concat());
    assert_eq!(code, 0, "{err}");
    let (code, said, err) = run(&["replay", &out, "-q"]);
    assert_eq!((code, err.as_str()), (0, ""), "{said}");
    assert!(said.starts_with("front: the same: "), "{said}");
    let more = ["--set", "run.replications={ min = 1, max = 4 }"];
    let (code, _, err) = run(&[&["check", &scenario][..], &more].concat());
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("one run gives no estimate of its own error"), "{err}");
}

#[test]
fn results_run_again_come_out_the_same() {
    let place = Place::new();
    let (code, out, err) = run(&["replay", &place.text("baseline/front"), "--quiet"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("front: the same: ") && out.contains("20 replications"), "{out}");
    let manifest = fs::read(place.path("baseline/front/manifest.json")).unwrap();
    let manifest: Json = serde_json::from_slice(&manifest).unwrap();
    let digest = format!("digest {}\n", manifest["digest"].as_str().unwrap());
    assert!(out.ends_with(&digest), "{out}");
    assert_eq!(run(&["replay", &place.text("baseline")]).0, 2);
    assert_eq!(run(&["replay", &place.text("baseline/comparison")]).0, 2);
    // Another order of events is named by its window and replication.
    place.tamper("front", "manifest.json", false, &|manifest| {
        let lines = manifest["digest_covers"].as_array_mut().unwrap();
        let line =
            lines.iter_mut().find(|line| line.as_str().unwrap().starts_with("events steady 4 "));
        *line.unwrap() = "events steady 4 0123456789abcdef".into();
    });
    let (code, out, _) = run(&["replay", &place.text("baseline/front"), "--quiet"]);
    assert_eq!(code, 7, "{out}");
    assert!(
        out.contains("the trajectory of window steady, replication 5: events 0123456789abcdef")
    );
    place.tamper("front", "manifest.json", false, &version_1);
    let (code, _, err) = run(&["replay", &place.text("baseline/front")]);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("gate"), "{err}");
}

#[test]
fn a_difference_is_one_of_meaning_with_both_values() {
    let place = Place::new();
    let front = place.text("scenarios/front.toml");
    place.write("respelt.toml", RESPELT);
    let (code, out, _) = run(&["diff", &front, &place.text("respelt.toml")]);
    assert_eq!((code, out.starts_with("no difference in meaning ")), (0, true), "{out}");
    let other =
        FRONT.replace("200/s", "300/s") + "\n[window.peak]\nlevel = \"400/s\"\nlength = \"10s\"\n";
    place.write("other.toml", &other);
    let (code, out, err) = run(&["diff", &front, &place.text("other.toml")]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert!(out.starts_with("2 differences from "), "{out}");
    assert!(out.contains("  workload.jobs.rate: 200/s → 300/s\n"), "{out}");
    assert!(out.contains("  window.peak: only"), "{out}");
    // Results stand for the scenario beside them.
    let (code, out, _) = run(&["diff", "--format", "json", &place.text("baseline/front"), &front]);
    let found: Json = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &found["same"]), (0, &json!(true)), "{out}");
    assert_eq!(run(&["diff", &front, &place.text("scenarios")]).0, 2);
    place.write("wrong.toml", "scenario = 3\n");
    assert_eq!(run(&["diff", &front, &place.text("wrong.toml")]).0, 3);
}

#[test]
fn a_comment_says_what_moved_for_better_or_worse_and_why() {
    let place = Place::new();
    place.write("scenarios/front.toml", &FRONT.replace("200/s", "300/s"));
    let path = place.text("gate.md");
    let (code, out, _) = place.gate(&["--markdown", &path]);
    assert_eq!(code, 1, "{out}");
    let comment = fs::read_to_string(path).unwrap();
    let file = place.text("scenarios/front.toml");
    let head = format!(
        "<!-- fivenines gate -->\n### 7 figures moved: 6 worse, 0 better (2 scenarios)\n\n\
         **`front`**: 9 figures: 7 changed (6 worse), 2 the same\n\n\
         The scenario differs from its baseline:\n\n\
         - `workload.jobs.rate: 200/s → 300/s` (`{file}:18`)\n\n\
         | figure | baseline | now | change | allowed | |\n"
    );
    assert!(comment.starts_with(&head), "{comment}");
    assert!(comment.ends_with("\nNo figure changed in `back`.\n"), "{comment}");
    // Half as much traffic again is half as much utilisation again.
    let busy = comment.lines().find(|line| line.starts_with("| `utilization.web-1@steady`"));
    let busy: Vec<&str> = busy.unwrap().split(" | ").collect();
    assert!(busy[3].starts_with("+50") || busy[3].starts_with("+49"), "{comment}");
    assert_eq!(busy[5], "worse |", "{comment}");
    // Worse figures come before those that are neither.
    let worse = comment.rfind("worse |").unwrap();
    assert!(comment.find("| ± 2 % |  |").is_none_or(|neither| neither > worse), "{comment}");
}

/// The steps of the action for GitHub run as they are written, but for what GitHub does itself.
#[test]
fn the_action_checks_judges_and_fails_with_the_code_of_the_gate() {
    let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    let action = fs::read_to_string(action).unwrap();
    let place = Place::new();
    let command = Path::new(binary()).parent().unwrap();
    let path = format!("{}:{}", command.display(), std::env::var("PATH").unwrap());
    let step = |name: &str, code: &str| {
        let body = action.split("    - name: ").find_map(|step| step.strip_prefix(name)).unwrap();
        let lines = body.split_once("run: |\n").unwrap().1.lines();
        let lines = lines.map_while(|line| line.strip_prefix("        "));
        let script: Vec<&str> = lines.collect();
        let done = std::process::Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &script.join("\n")])
            .current_dir(place.path(""))
            .env("PATH", &path)
            .env("SCENARIOS", "scenarios")
            .env("BASELINE", "baseline")
            .env("FLAGS", "")
            .env("CODE", code)
            .env("GITHUB_STEP_SUMMARY", place.path("summary"))
            .env("GITHUB_OUTPUT", place.path("output"))
            .output();
        let done = done.unwrap();
        (done.status.code().unwrap(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    assert_eq!(step("check\n", "").0, 0);
    let output = || fs::read_to_string(place.path("output")).unwrap();
    assert_eq!((step("gate\n", "").0, output().as_str()), (0, "code=0\n"));
    place.write("scenarios/front.toml", &FRONT.replace("200/s", "300/s"));
    let (code, out) = step("gate\n", "");
    assert!(out.contains("::error file=scenarios/front.toml,line=18"), "{out}");
    assert_eq!((code, output().as_str()), (0, "code=0\ncode=1\n"));
    let summary = fs::read_to_string(place.path("summary")).unwrap();
    assert!(summary.contains("### No figure moved") && summary.contains("### 7 figures moved"));
    assert!(place.path("gate.xml").is_file() && place.path("gate-results/front").is_dir());
    assert_eq!(step("verdict\n", "1").0, 1);
}

/// The image builds with the toolchain of this repository.
#[test]
fn the_image_builds_with_the_pinned_toolchain() {
    let read = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let toolchain = read("rust-toolchain.toml").unwrap();
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap();
    let version = channel.trim_matches('"');
    let image = read("Dockerfile").unwrap();
    let from = image.lines().find_map(|line| line.strip_prefix("FROM rust:")).unwrap();
    assert!(version.starts_with(from.split('-').next().unwrap()), "{from} for {version}");
}

/// The example in the manual is a workflow that runs commands that exist.
#[test]
fn the_commands_of_the_manual_are_understood() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md");
    let page = fs::read_to_string(page).unwrap();
    let mut seen = 0;
    for line in page.lines().map(str::trim) {
        let line = line.trim_start_matches("- run: ").trim_start_matches("$ ");
        let Some(words) = line.strip_prefix("fivenines ") else { continue };
        let words = words.split(['#', '|', '>']).next().unwrap().replace('\\', " ");
        let words: Vec<&str> = words.split_whitespace().chain(["--help"]).collect();
        let (code, _, err) = run(&words);
        assert_eq!(code, 0, "{line}: {err}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen} commands");
}
