//! Promise: the published cases of other simulators come out here too (O50), and docs/peers.md reports the figures of a run.
//!
//! Every file of `scenarios/peers` is a case. The fast set runs each with a part of its effort: no expectation may fail,
//! and the intervals of the page and of the run must overlap. The full set (`FIVENINES_FULL=1`) runs the files as they are:
//! every expectation must be met, and the page must have the very figures of the run. The pairs of O50 are judged with the
//! health kernel.

use serde_json::Value;

use crate::cli::run;
use crate::faults_shipped::full;
use crate::shared::shipped;

/// Flags of the fast set, by file. Files that are not listed have no noise and run as they are.
const EFFORTS: [(&str, &[&str]); 11] = [
    ("asyncflow-balanced", &["--replications", "5", "--set", "window.run.length=60s"]),
    ("asyncflow-events", &["--replications", "4"]),
    ("asyncflow-single", &["--replications", "5", "--set", "window.run.length=200s"]),
    ("ciw-bank-3", &["--replications", "10", "--set", "window.steady.length=200000min"]),
    ("ciw-bank-4", &["--replications", "10", "--set", "window.steady.length=400000min"]),
    ("jmt-class-switch", &["--replications", "10", "--set", "window.steady.length=1000s"]),
    ("jmt-fork-join", &["--replications", "10", "--set", "window.steady.length=500000s"]),
    ("jmt-mg1-fcfs", &["--replications", "10", "--set", "window.steady.length=60000s"]),
    ("jmt-mg1-ps", &["--replications", "10", "--set", "window.steady.length=60000s"]),
    ("jmt-mm1k", &["--replications", "10"]),
    ("line-mm1", &["--replications", "10", "--set", "window.steady.length=200000s"]),
];

/// Widest interval of the fast set, as a share of its figure: half of it.
const WIDEST: f64 = 0.1;

/// A figure with its interval, in the unit of the program: seconds, per second, a share, a number.
#[derive(Clone, Copy, Debug)]
struct Figure {
    value: f64,
    low: f64,
    high: f64,
}

impl Figure {
    fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// A row of the page: the file, the path of the figure, what is published, and our figure on the page.
#[derive(Debug)]
struct Row {
    file: String,
    path: String,
    published: String,
    ours: String,
}

/// Text of a figure of this unit, as the page has it: four digits, and its interval where they show it.
fn shown(figure: Figure, unit: &str) -> String {
    let (factor, word) = match (unit, figure.value.abs()) {
        ("s", below) if below < 1.0 => (1e-3, " ms"),
        ("s", below) if below < 120.0 => (1.0, " s"),
        ("s", below) if below < 7_200.0 => (60.0, " min"),
        ("s", _) => (3_600.0, " h"),
        ("per_s", _) => (1.0, "/s"),
        ("joules", _) => (1.0, " J"),
        _ => (1.0, ""),
    };
    let mut digits = 3;
    let mut rest = (figure.value / factor).abs();
    while rest >= 10.0 && digits > 0 {
        (rest, digits) = (rest / 10.0, digits - 1);
    }
    while rest > 0.0 && rest < 1.0 && digits < 9 {
        (rest, digits) = (rest * 10.0, digits + 1);
    }
    let text = |value: f64| format!("{:.digits$}", value / factor);
    let Figure { value, low, high } = figure;
    let [value, low, high] = [value, low, high].map(text);
    if low == high {
        return format!("{value}{word}");
    }
    format!("{value}{word} ({low} to {high})")
}

/// What [`shown`] wrote, widened by half of its last digit.
fn read(text: &str) -> Figure {
    let (first, interval) = text.split_once(" (").map_or((text, None), |(a, b)| (a, Some(b)));
    let at = first.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(first.len());
    let (number, unit) = first.split_at(at);
    let factor = match unit.trim() {
        "ms" => 1e-3,
        "" | "s" | "/s" | "J" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        other => panic!("`{text}`: {other} is no unit of the page"),
    };
    let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    let half = (0..digits).fold(0.5, |half, _| half / 10.0);
    let read = |number: &str| number.parse::<f64>().unwrap_or_else(|_| panic!("`{text}`"));
    let (low, high) = interval.map_or((number, number), |ends| {
        ends.trim_end_matches(')').split_once(" to ").unwrap_or_else(|| panic!("`{text}`"))
    });
    Figure {
        value: read(number) * factor,
        low: (read(low) - half) * factor,
        high: (read(high) + half) * factor,
    }
}

/// The rows of the page that name a file.
fn page() -> Vec<Row> {
    let text = include_str!("../../docs/peers.md");
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (_, link) = cells[1].split_once("](../scenarios/peers/")?;
        let file = link.split_once(".toml)").unwrap_or_else(|| panic!("{line}")).0.to_string();
        let [path, published, ours] = [2, 3, 4].map(|at: usize| cells[at].to_string());
        Some(Row { file, path: path.trim_matches('`').to_string(), published, ours })
    };
    text.lines().filter(|line| line.starts_with('|')).filter_map(row).collect()
}

/// Names of the cases.
fn cases() -> Vec<String> {
    let files = shipped().into_iter();
    let files = files.filter(|path| path.parent().is_some_and(|at| at.ends_with("peers")));
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect()
}

/// Runs a case; its exit code and its summary.
fn summary(case: &str, flags: &[&str]) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("results");
    let path = format!("scenarios/peers/{case}.toml");
    let mut words = vec!["run", &path, "--quiet", "--out", out.to_str().unwrap()];
    words.extend(flags);
    let (code, _, err) = run(&words);
    let text = std::fs::read(out.join("summary.json")).unwrap_or_else(|_| panic!("{case}: {err}"));
    (code, serde_json::from_slice(&text).unwrap())
}

fn figure(summary: &Value, path: &str) -> (Figure, String) {
    let found = &summary["figures"][path];
    let number = |key: &str| found[key].as_f64().unwrap_or_else(|| panic!("{path}: {found}"));
    let of = Figure { value: number("value"), low: number("low"), high: number("high") };
    (of, found["unit"].as_str().unwrap().to_string())
}

/// Holds one case against its expectations and its rows.
fn judge(case: &str, rows: &[Row]) {
    let noisy = EFFORTS.iter().find(|(name, _)| *name == case);
    let flags = if full() { &[][..] } else { noisy.map_or(&[][..], |(_, flags)| flags) };
    let (code, summary) = summary(case, flags);
    for expected in summary["expectations"].as_array().unwrap() {
        let outcome = expected["outcome"].as_str().unwrap();
        let met = if full() || noisy.is_none() { outcome == "holds" } else { outcome != "fails" };
        assert!(met, "{case}: {expected}");
    }
    assert!(!full() || code == 0, "{case} ends with {code}");
    let rows: Vec<&Row> = rows.iter().filter(|row| row.file == case).collect();
    assert!(!rows.is_empty(), "docs/peers.md has no row of {case}");
    for row in rows {
        let (found, unit) = figure(&summary, &row.path);
        let said = read(&row.ours);
        let wanted = shown(found, &unit);
        assert!(said.overlaps(found), "{case}: `{}` is {wanted}, not {}", row.path, row.ours);
        let half = (found.high - found.low) / 2.0;
        assert!(half <= WIDEST * found.value.abs(), "{case}: `{}` is {wanted}: too wide", row.path);
        assert!(!full() || wanted == row.ours, "{case}: `{}` is {wanted}", row.path);
    }
}

#[test]
fn every_published_case_comes_out_as_the_page_reports_it() {
    let (rows, cases) = (page(), cases());
    assert!(cases.len() >= 16, "{cases:?}");
    assert!(rows.iter().all(|row| cases.contains(&row.file)), "{rows:?}");
    assert!(EFFORTS.iter().all(|(name, _)| cases.iter().any(|case| case == name)));
    for case in &cases {
        judge(case, &rows);
    }
}

/// The page and the header of the file have the published figure in the same words.
#[test]
fn published_figures_stand_in_the_headers_of_their_files() {
    for row in page() {
        let path = format!("{}/scenarios/peers/{}.toml", env!("CARGO_MANIFEST_DIR"), row.file);
        let text = std::fs::read_to_string(path).unwrap();
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let found = header.iter().any(|line| line.contains(&row.published));
        assert!(found, "the header of {} has no `{}`", row.file, row.published);
    }
}
