//! Laws from files: what is drawn is what the file holds.

use std::path::Path;

use fivenines::scenario::value::Value;
use fivenines::solve::requests;

use crate::inside::common::read;
use crate::inside::faults::window;

fn scenario(law: &str) -> String {
    format!(
        r#"
scenario = "from-a-file"
format   = 2
[window.any]
length = "10s"
[station.desk]
servers = 1
service = {law}
[workload.jobs]
request  = "job"
rate     = "1/s"
arrivals = {{ process = "regular" }}
[request.job]
steps = [ {{ visit = "desk" }} ]
"#
    )
}

const FILE: &str = "{ dist = \"empirical\", file = \"laws/service.csv\" }";

fn folder(content: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("laws")).unwrap();
    std::fs::write(folder.path().join("laws/service.csv"), content).unwrap();
    folder
}

fn complaint(law: &str, folder: &Path) -> String {
    match read(&scenario(law), folder) {
        Ok(_) => panic!("{law} is accepted"),
        Err(shown) => shown,
    }
}

/// Four observations, each a quarter of 4,000 services, one a second at an idle desk.
#[test]
fn services_take_the_times_of_the_file() {
    let folder = folder(b"ms\n80\n10\n\n40\n20\n");
    let loaded = read(&scenario(FILE), folder.path()).unwrap();
    let law = loaded.draft.scenario.station[0].1.service.as_ref().unwrap().law();
    for (probability, seconds) in [(0.1, 0.01), (0.3, 0.02), (0.6, 0.04), (0.9, 0.08)] {
        assert_eq!(law.quantile(probability), seconds);
    }
    let seen = requests::run(&loaded.plan, &window(0.5, 4_000.5), 0).unwrap();
    let latency = &seen.record.classes[0].latency;
    assert_eq!(latency.count(), 4_000);
    // A deviation of √(4000 × 1/4 × 3/4) = 27 at the quarters, 32 at the half.
    for (nanos, share) in [(10_000_000, 0.25), (20_000_000, 0.5), (40_000_000, 0.75)] {
        let upto = latency.count_at_most(nanos) as f64;
        assert!((upto - 4_000.0 * share).abs() < 4.0 * 32.0, "{upto} up to {nanos} ns");
    }
    assert_eq!((latency.min(), latency.max()), (Some(10_000_000), Some(80_000_000)));
}

/// Points of a distribution function, with straight lines between them.
#[test]
fn a_distribution_function_is_taken_point_by_point() {
    let folder = folder(b"s,cumulative\n1,0\n3,0.5\n4,1\n");
    let law = "{ dist = \"empirical\", file = \"laws/service.csv\", between = \"lines\" }";
    let loaded = read(&scenario(law), folder.path()).unwrap();
    let law = loaded.draft.scenario.station[0].1.service.as_ref().unwrap().law();
    for (probability, seconds) in [(0.25, 2.0), (0.5, 3.0), (0.75, 3.5)] {
        assert!((law.quantile(probability) - seconds).abs() < 1e-12);
    }
    // Half of it between 1 and 3 s, half between 3 and 4 s.
    assert!((law.mean() - (0.5 * 2.0 + 0.5 * 3.5)).abs() < 1e-12);
}

/// The canonical form holds the digest of the content: two files of one name are two models.
#[test]
fn another_content_is_another_model() {
    let canonical = |content: &[u8]| {
        let folder = folder(content);
        read(&scenario(FILE), folder.path()).unwrap().draft.scenario.canonical().to_string()
    };
    let (one, other) = (canonical(b"ms\n10\n"), canonical(b"ms\n11\n"));
    assert_ne!(one, other);
    assert_eq!(one, canonical(b"ms\r\n10\r\n"), "ends of lines are no content");
    assert!(one.contains("\"sha256\"") && one.contains("laws/service.csv"));
}

/// I4: only regular files under the scenario's folder, and what is wrong is said with its line.
#[test]
fn files_that_make_no_law_are_refused_with_their_line() {
    let cases: [(&[u8], &str, &str); 9] = [
        (b"", "E1601", "empty"),
        (b"ms\n", "E1601", "no row"),
        (b"ms\n1\nfast\n", "E1602", "line 3: `fast` is not a number"),
        (b"ms\n1\n-2\n", "E1602", "line 3: `-2` is out of range"),
        (b"ms\n1\n2,3\n", "E1602", "line 3: 2 fields"),
        (b"parsec\n1\n", "E1602", "line 1: `parsec` is not a unit"),
        (b"ms,sum\n1,1\n", "E1602", "line 1: `sum` is not `cumulative`"),
        (b"\x1f\x8b\x08", "E1603", "gzip"),
        (b"ms,cumulative\n1,0.5\n2,0.4\n", "E0506", ""),
    ];
    for (content, code, says) in cases {
        let folder = folder(content);
        let shown = complaint(FILE, folder.path());
        assert!(shown.contains(code) && shown.contains(says), "{code} {says}:\n{shown}");
    }
    let home = folder(b"ms\n1\n");
    let inner = home.path().join("scenarios");
    std::fs::create_dir(&inner).unwrap();
    for (path, code) in [
        ("../laws/service.csv", "E1501"),
        ("/etc/hostname", "E1501"),
        ("none.csv", "E1601"),
        (".", "E1502"),
    ] {
        let law = FILE.replace("laws/service.csv", path);
        let shown = complaint(&law, &inner);
        assert!(shown.contains(code), "{path}:\n{shown}");
    }
}
