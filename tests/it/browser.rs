//! Promise: every page reads in a browser, narrow and wide, light and dark, with scripts or without:
//! nothing runs out of the window, no words lie on others, every drawing has words for those who do
//! not see it, nothing is fetched and nothing is said to the console.

use std::path::Path;
use std::process::Command;

use crate::common::binary;
use crate::shared::browser::{chromium, reads};

/// The pages that the command writes.
#[test]
fn reports_and_comparisons_read_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let tiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/tiers");
    let files = ["starter", "tier-1"].map(|tier| tiers.join(format!("{tier}.toml")));
    let short = [
        "window.mean.length=2min",
        "window.mean.warm-up=10s",
        "window.peak.length=2min",
        "window.peak.warm-up=10s",
        "window.broken.before=10s",
        "window.broken.after=40s",
        "window.broken.repair=20s",
    ];
    let status = Command::new(binary())
        .arg("compare")
        .args(&files)
        .args(["--quick", "--quiet", "--out"])
        .arg(place.path())
        .args(short.iter().flat_map(|set| ["--set", set]))
        .output()
        .unwrap();
    // So short a run does not decide every expectation.
    let code = status.status.code();
    assert!(matches!(code, Some(0 | 1 | 5)), "{}", String::from_utf8_lossy(&status.stderr));
    for page in ["comparison/comparison.html", "starter/report.html", "tier-1/report.html"] {
        reads(&chromium, &place.path().join(page));
    }
}

/// The page of a scenario that was run alone: why it is down, what it can spare, what it costs.
#[test]
fn the_report_of_a_scenario_run_alone_reads_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let place = tempfile::tempdir().unwrap();
    let tier = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/tiers/tier-3.toml");
    let status = Command::new(binary())
        .arg("run")
        .arg(&tier)
        .args(["--solver", "flows", "--replications", "60", "--quiet", "--out"])
        .arg(place.path().join("out"))
        .output()
        .unwrap();
    // What its windows are judged by is not estimated by this solver.
    assert!(matches!(status.status.code(), Some(0 | 5)), "{status:?}");
    let page = place.path().join("out/report.html");
    let text = std::fs::read_to_string(&page).unwrap();
    for (name, title) in [
        ("waterfall-page", "Downtime of page saved by removing each cause"),
        ("timeline-years-page", "Downtime of page: the worst and a typical year"),
        ("years-page", "Structural downtime of page in one year"),
        ("capacity-after-loss", "Rate that saturates the first resource, after each single loss"),
    ] {
        assert!(place.path().join(format!("out/plots/{name}.svg")).is_file(), "{name}");
        assert!(text.contains(title), "{name} is not on the page");
    }
    reads(&chromium, &page);
}
