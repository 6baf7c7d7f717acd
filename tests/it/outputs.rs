//! Promise: other programs read diagnostics and figures in their own formats, with the places and values that people
//! see.

use serde_json::Value as Json;

use crate::cli::{run, run_with};
use crate::common::BUILT;

/// A misspelt key stands at one place in the text; a file that is missing is no result but a failure of the tool.
#[test]
fn code_scanning_gets_each_diagnostic_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("check.sarif");
    let log = log.to_str().unwrap();
    let bad = "tests/bad/30-misspelt-key.toml";
    let (code, out, _) = run(&["check", bad, "nowhere.toml", "--sarif", log]);
    assert_eq!((code, out.as_str()), (3, ""));
    let read: Json = serde_json::from_str(&std::fs::read_to_string(log).unwrap()).unwrap();
    assert_eq!(read["version"], "2.1.0");
    let run_of = &read["runs"][0];
    let result = &run_of["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], bad);
    // The same diagnostic as a line for programs.
    let (_, _, err) = run(&["check", bad, "--format", "json"]);
    let line: Json = serde_json::from_str(err.lines().next().unwrap()).unwrap();
    assert_eq!(result["ruleId"], line["code"]);
    assert_eq!(result["level"], line["severity"]);
    assert_eq!(place["region"]["startLine"], line["line"]);
    assert_eq!(place["region"]["startColumn"], line["column"]);
    assert_eq!(result["properties"]["field"], line["field"]);
    let rules = run_of["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == line["code"]));
    assert_eq!(run_of["invocations"][0]["executionSuccessful"], false);
    let told = &run_of["invocations"][0]["toolExecutionNotifications"][0];
    assert!(told["message"]["text"].as_str().unwrap().contains("nowhere.toml"), "{told}");

    // A sound file gives a log without results, so that old marks disappear.
    let (code, ..) = run(&["check", "scenarios/tiers/starter.toml", "--quiet", "--sarif", log]);
    let read: Json = serde_json::from_str(&std::fs::read_to_string(log).unwrap()).unwrap();
    assert_eq!(
        (code, &read["runs"][0]["invocations"][0]["executionSuccessful"]),
        (0, &true.into())
    );
    assert!(
        read["runs"][0]["results"].as_array().unwrap().iter().all(|one| one["level"] != "error")
    );
}

/// A value of `--set` stands in no file.
#[test]
fn a_value_from_the_command_line_has_no_line_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("check.sarif");
    let file = "scenarios/tiers/starter.toml";
    let words = ["check", file, "--set", "service.app.wokers=3", "--sarif", log.to_str().unwrap()];
    assert_eq!(run(&words).0, 3);
    let read: Json = serde_json::from_str(&std::fs::read_to_string(&log).unwrap()).unwrap();
    let results = read["runs"][0]["results"].as_array().unwrap();
    let wrong = results.iter().find(|one| one["level"] == "error").unwrap();
    let place = &wrong["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], file);
    assert!(place.get("region").is_none(), "{place}");
}

#[test]
fn trackers_and_dashboards_get_the_figures_of_the_summary() {
    let folder = "results/tiers/starter";
    let summary = std::fs::read_to_string(format!("{folder}/summary.json")).unwrap();
    let summary: Json = serde_json::from_str(&summary).unwrap();
    let path = "latency.page.p95@mean";
    let value = &summary["figures"][path]["value"];
    assert!(value.is_f64(), "{value}");

    let (code, out, _) = run(&["export", folder, "--form", "bmf"]);
    let read: Json = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &read[format!("starter: {path}")]["latency"]["value"]), (0, value));

    let (code, out, err) = run(&["export", folder, "--form", "benchmark-smaller"]);
    let read: Json = serde_json::from_str(&out).unwrap();
    let entries = read.as_array().unwrap();
    let entry = entries.iter().find(|one| one["name"] == format!("starter: {path}")).unwrap();
    assert_eq!((code, &entry["value"]), (0, value));
    assert!(err.contains("not better in this direction"), "{err}");

    let words = ["export", folder, "--form", "openmetrics", "--figure", "latency.page."];
    let (code, out, _) = run(&words);
    assert_eq!(code, 0);
    let line = out.lines().find(|line| line.contains(&format!("figure=\"{path}\""))).unwrap();
    assert!(line.starts_with("fivenines_latency_seconds{scenario=\"starter\""), "{line}");
    assert_eq!(line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap(), value.as_f64().unwrap());
    assert!(
        out.lines()
            .filter(|line| !line.starts_with('#'))
            .all(|line| line.contains("latency.page."))
    );
    assert!(out.ends_with("# EOF\n"));
}

#[test]
fn an_export_says_what_it_cannot_read() {
    let (code, out, err) = run(&["export", "scenarios", "--form", "bmf"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("is not the results folder of one scenario"), "{err}");
    let words = ["export", "results/tiers/starter", "--form", "bmf", "--figure", "latncy"];
    let (code, _, err) = run(&words);
    assert!(code == 2 && err.contains("no figure with a value is left"), "{err}");
}

/// Without the feature the words are the same in help and completions, and refused with a way out before anything is run.
#[test]
fn a_build_without_parquet_refuses_it_before_it_runs_anything() {
    if cfg!(feature = "parquet") {
        println!("skipped: this build writes Parquet");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let file = "scenarios/oracles/o01-mm1.toml";
    for words in [
        &["run", file, "--format", "parquet", "--out", out][..],
        &["compare", file, "scenarios/oracles/o02-mm4.toml", "--format", "parquet", "--out", out],
        &["sweep", file, "--vary", "run.seed=1,2", "--format", "parquet", "--out", out],
        &["export", "results/tiers/starter", "--form", "parquet", "--out", out],
    ] {
        let (code, answer, err) = run_with(BUILT, words);
        assert_eq!((code, answer.as_str()), (2, ""), "{words:?}: {err}");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            err.contains("built without Parquet") && err.contains("--features parquet"),
            "{err}"
        );
        assert!(!std::path::Path::new(out).exists(), "{words:?}");
    }
    let (code, help, _) = run(&["run", "--help"]);
    assert!(code == 0 && help.contains("text, json, csv, parquet"));
}

/// Parquet goes to one file: several answers, and flags of other forms, are refused.
#[test]
fn an_export_of_tables_names_one_folder_and_nothing_else() {
    let starter = "results/tiers/starter";
    let refused = |words: &[&str], why: &str| {
        let (code, out, err) = run(words);
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}");
        assert!(err.contains(why), "{words:?}: {err}");
    };
    let (one, two) = ("scenarios/oracles/o01-mm1.toml", "scenarios/oracles/o02-mm4.toml");
    refused(&["run", one, two, "--format", "parquet"], "one file holds one table");
    refused(&["run", one, "--watch", "--format", "parquet"], "one file holds one table");
    refused(&["export", starter, "--form", "parquet"], "--out DIR");
    refused(&["export", starter, starter, "--form", "parquet", "--out", "x"], "one results folder");
    let words = ["export", starter, "--form", "parquet", "--out", "x", "--figure", "latency"];
    refused(&words, "whole tables");
    refused(&["export", starter, "--form", "bmf", "--out", "x"], "--out: this form is printed");
}

/// The digest on the first page is that of the reference results, whose answer stands above it.
#[test]
fn the_readme_has_the_digest_of_the_reference_results() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(manifest) = std::fs::read(root.join("results/tiers/comparison/manifest.json")) else {
        println!("skipped: there are no reference results");
        return;
    };
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let digest = manifest["digest"].as_str().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&format!("digest {digest}\n")), "write {digest} into README.md");
}
