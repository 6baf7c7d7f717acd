//! Promise: every shipped scenario gives the same figures, to the last bit, as when its digest was kept; whoever
//! changes a figure says so.
//!
//! Each file is run for a moment: windows of a few seconds, one replication, two histories of a year. Its digest
//! is that of the order of events in each window and of all figures. The digests stand in `digests.txt`;
//! `FIVENINES_DIGESTS=write` writes them anew. Leaves out: tiers and claims, whose results are kept in full in
//! `results`; capacities.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fivenines::report::write::sha256;
use fivenines::study::scenario::run;
use fivenines::study::window::{Estimate, Watch};
use rayon::prelude::*;

use crate::inside::common::{read_with, scenarios};

/// The scenario files, in the order of their names.
fn shipped(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // Those of which `results` keeps all figures.
            if !["tiers", "claims"].iter().any(|kept| path.ends_with(kept)) {
                shipped(&path, files);
            }
        } else if path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
}

/// Returns the assignments that make a run of the file short. The windows of a scenario that is laid over another are those of the other.
fn shortened(text: &str, folder: &Path) -> Vec<String> {
    let file: toml::Table = text.parse().unwrap();
    let mut set = match file.get("base").and_then(toml::Value::as_str) {
        Some(base) => {
            let base = folder.join(base);
            shortened(&std::fs::read_to_string(&base).unwrap(), base.parent().unwrap())
        }
        None => Vec::new(),
    };
    let without = file.get("without").and_then(toml::Value::as_array);
    for path in without.into_iter().flatten().filter_map(toml::Value::as_str) {
        let goes =
            |one: &String| one.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '=']));
        // Replications are those of the years.
        let of_years = |one: &String| path == "run.horizon" && one.starts_with("run.");
        set.retain(|one| !goes(one) && !of_years(one));
    }
    if let Some(run) = file.get("run").and_then(toml::Value::as_table)
        && run.contains_key("horizon")
    {
        set.extend(["run.horizon=1y".to_string(), "run.replications=2".to_string()]);
    }
    let windows = file.get("window").and_then(toml::Value::as_table);
    for (name, window) in windows.into_iter().flatten() {
        let times: &[(&str, &str)] = if window.get("before").is_some() {
            &[("before", "1s"), ("after", "4s"), ("repair", "3s"), ("warm-up", "2s")]
        } else {
            &[("length", "3s"), ("warm-up", "2s")]
        };
        set.extend(times.iter().map(|(key, time)| format!("window.{name}.{key}={time}")));
        set.push(format!("window.{name}.replications=1"));
    }
    set
}

/// One line for each window and figure of a short run.
fn told(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let folder = path.parent().unwrap();
    let mut loaded = read_with(&text, folder, &shortened(&text, folder))?;
    loaded.study.sought.clear();
    let study = &loaded.study;
    let seen = run(&loaded.plan, study, &Watch::default()).map_err(|breach| breach.what)?;
    let mut told = String::new();
    for window in &seen.windows {
        let _ = writeln!(told, "{} {:x?} {}", window.name, window.digests, window.events);
    }
    for asked in &study.figures {
        let values = seen.windows[asked.window].samples.iter().map(|one| &one[asked.place]);
        let bits: Vec<_> = values.map(|value| value.as_ref().ok().map(|v| v.to_bits())).collect();
        let _ = writeln!(told, "{} {bits:x?}", asked.path);
    }
    if let (Some(plan), Some(years)) = (&study.years, &seen.years) {
        for figure in &plan.figures {
            let bits = match years.estimate(plan, figure.measure) {
                Estimate::Interval(i) => [i.estimate, i.low, i.high].map(f64::to_bits).to_vec(),
                other => other.value().into_iter().map(f64::to_bits).collect(),
            };
            let _ = writeln!(told, "{} {bits:x?}", figure.path);
        }
    }
    Ok(told)
}

#[test]
fn every_shipped_scenario_gives_the_figures_that_were_kept() {
    let mut files = Vec::new();
    shipped(&scenarios(), &mut files);
    let one = |path: &PathBuf| {
        let name = path.strip_prefix(scenarios()).unwrap().display().to_string();
        let told = told(path).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        (name, sha256(told.as_bytes())[..16].to_string())
    };
    let found: BTreeMap<String, String> = files.par_iter().map(one).collect();
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inside/digests.txt");
    let lines: String = found.iter().map(|(name, digest)| format!("{digest} {name}\n")).collect();
    if std::env::var("FIVENINES_DIGESTS").is_ok_and(|word| word == "write") {
        std::fs::write(&place, &lines).unwrap();
    }
    let kept = std::fs::read_to_string(&place).unwrap();
    let differ: Vec<&str> =
        lines.lines().filter(|line| !kept.lines().any(|l| l == *line)).collect();
    let gone: Vec<&str> = kept.lines().filter(|line| !lines.lines().any(|l| l == *line)).collect();
    assert!(
        differ.is_empty() && gone.is_empty(),
        "figures of shipped scenarios have changed; where that is meant, run this test with \
         FIVENINES_DIGESTS=write and say why in the commit\nnow:\n{}\nkept:\n{}",
        differ.join("\n"),
        gone.join("\n"),
    );
}
