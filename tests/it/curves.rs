//! Promise: the capacities, and the latencies of `replication`, that the header of a shipped file gives beside a sweep are those of the sweep.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::common::binary;
use crate::faults_shipped::full;

/// Numbers that a header gives for the variants of its sweep, in their order.
struct Curve {
    /// Path below `scenarios/`, without its ending.
    file: &'static str,
    /// File of the points, in the same folder.
    points: &'static str,
    figure: &'static str,
    /// The numbers as they stand in the header.
    says: &'static [&'static str],
    /// Factor from the unit of the figure to that of the header.
    scale: f64,
}

/// Files whose header names a sweep and gives other figures of it.
const OTHERS: [&str; 4] = [
    "databases/db-2-hot-rows",
    "scalable/billion-pages",
    "scalable/logging-multicast",
    "scalable/logging-tcp",
];

/// Difference to which headers round.
const ROUNDED: f64 = 0.02;

const CURVES: [Curve; 7] = [
    Curve {
        file: "databases/db-2-master-master",
        points: "db-2-primaries.csv",
        figure: "capacity.queries[objective=p95]",
        says: &["65", "87", "98", "104", "108"],
        scale: 1.0,
    },
    Curve {
        file: "databases/db-3",
        points: "db-3-replicas.csv",
        figure: "capacity.look[objective=p95]",
        says: &["1448", "2953", "4453", "4919", "4925", "4925"],
        scale: 1.0,
    },
    Curve {
        file: "databases/db-4",
        points: "db-4-shards.csv",
        figure: "capacity.queries[objective=p95]",
        says: &["75", "150", "293", "318"],
        scale: 1.0,
    },
    // One shard of four has 45 and 68 % of the queries by ranges, 39 and 49 % by a hash.
    Curve {
        file: "databases/db-4",
        points: "db-4-hot.csv",
        figure: "capacity.queries[objective=p95]",
        says: &["293", "182", "114", "213", "167"],
        scale: 1.0,
    },
    Curve {
        file: "databases/db-5",
        points: "db-5-shards.csv",
        figure: "capacity.queries[objective=p95]",
        says: &["108", "216", "432", "642"],
        scale: 1.0,
    },
    // One member, then two to five of each mode.
    Curve {
        file: "scalable/replication",
        points: "replication-modes.csv",
        figure: "capacity.order[objective=p95]",
        says: &[
            "36.7", "36.7", "36.7", "36.7", "36.7", "36.6", "36.6", "36.6", "36.6", "36.0", "35.8",
            "35.6", "35.5", "28.4", "29.1", "29.6", "29.8", "23.5", "22.9", "22.4", "21.7", "47.8",
            "53.3", "56.6", "59.4",
        ],
        scale: 1.0,
    },
    Curve {
        file: "scalable/replication",
        points: "replication-modes.csv",
        figure: "latency.order.p50@steady",
        says: &[
            "21.9", "21.9", "21.9", "21.9", "21.9", "22.4", "22.3", "22.2", "22.2", "37.9", "44.9",
            "49.6", "53.1", "94.1", "97.6", "101", "104", "133", "151", "164", "173", "15.9",
            "14.8", "14.6", "14.7",
        ],
        scale: 1e3,
    },
];

/// Runs the sweep of a curve, with the figures of all curves of this sweep; returns the folder of its results.
fn swept(curve: &Curve) -> TempDir {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = |name: &str| format!("{root}/scenarios/{name}");
    let folder = curve.file.split('/').next().unwrap();
    let home = tempfile::tempdir().unwrap();
    let same = CURVES.iter().filter(|one| (one.file, one.points) == (curve.file, curve.points));
    let ended = Command::new(binary())
        .args(["sweep", &path(&format!("{}.toml", curve.file))])
        .args(["--points", &path(&format!("{folder}/{}", curve.points))])
        .args(same.flat_map(|one| ["--figure", one.figure]))
        .args(["--solver", "requests", "--quiet", "--out"])
        .arg(home.path().join("out"))
        .output()
        .unwrap();
    assert!(ended.status.code().is_some_and(|code| code < 2), "{}: {ended:?}", curve.file);
    home
}

/// Returns value and interval of a figure, by variant.
fn values(home: &TempDir, figure: &str) -> Vec<[f64; 3]> {
    let mut rows = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(home.path().join("out/sweep/sweep.csv"))
        .unwrap();
    let names = rows.headers().unwrap().clone();
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    let (of, ends) = (at("figure"), ["value", "value_lo", "value_hi"].map(at));
    let rows = rows.records().map(Result::unwrap).filter(|row| &row[of] == figure);
    rows.map(|row| ends.map(|end| row[end].parse().unwrap())).collect()
}

/// The numbers that stand in the comments of a file; `1,448` is one.
fn numbers(text: &str) -> Vec<String> {
    let comments: String = text.lines().filter_map(|line| line.strip_prefix('#')).collect();
    let of = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
    let words = comments.split(|letter| !of(letter));
    words.map(|word| word.trim_matches(['.', ',']).replace(',', "")).collect()
}

/// The numbers of each header stand there, and the sweep that it names gives them: within the interval, or as the header rounds.
#[test]
fn the_curves_in_headers_are_those_of_their_sweeps() {
    let mut ran: BTreeMap<(&str, &str), TempDir> = BTreeMap::new();
    for curve in &CURVES {
        let path = format!("{}/scenarios/{}.toml", env!("CARGO_MANIFEST_DIR"), curve.file);
        let stand = numbers(&fs::read_to_string(path).unwrap());
        for said in curve.says {
            assert!(stand.iter().any(|one| one == said), "{}: {said} in its header", curve.file);
        }
        if !full() {
            continue;
        }
        let home = ran.entry((curve.file, curve.points)).or_insert_with(|| swept(curve));
        let found = values(home, curve.figure);
        assert_eq!(found.len(), curve.says.len(), "{}: {found:?}", curve.file);
        for (said, found) in curve.says.iter().zip(found) {
            let said: f64 = said.parse().unwrap();
            let [value, low, high] = found.map(|one| one * curve.scale);
            let near = (value / said - 1.0).abs() <= ROUNDED || (low..=high).contains(&said);
            assert!(near, "{}: {said} and not {value} ({low} to {high})", curve.file);
        }
    }
    if !full() {
        println!("FIVENINES_FULL: the sweeps themselves are left to the full set");
    }
}

#[test]
fn every_header_with_a_sweep_is_tested_or_listed() {
    let root = format!("{}/scenarios", env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in fs::read_dir(&root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let is_scenario = path.extension().is_some_and(|end| end == "toml");
            if is_scenario && fs::read_to_string(&path).unwrap().contains("\n#   fivenines sweep ")
            {
                let name = path.strip_prefix(&root).unwrap().with_extension("");
                found.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    let known = CURVES.iter().map(|curve| curve.file).chain(OTHERS);
    assert_eq!(found, known.map(String::from).collect());
}
