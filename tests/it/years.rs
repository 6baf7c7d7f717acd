//! Promise: years by the command: what was seen seldom, or never, is reported with an interval or a bound that says so,
//! and what a window and the years both say is in one file.

use serde_json::Value;

use crate::cli::{file, run};

/// Units that fail every `up` and are repaired in 4 h; one of `count` is enough.
fn unit((count, up): (u32, &str), run: &str, more: &str) -> String {
    format!(
        "scenario = \"unit\"\nformat = 2\n[run]\nhorizon = \"10y\"\n{run}\n\
         [unit.u]\ncount = {count}\nup = {{ dist = \"exponential\", mean = \"{up}\" }}\n\
         repair = {{ dist = \"exponential\", mean = \"4h\" }}\n\
         [group.g]\nof = \"u\"\nneeds = 1\n{more}"
    )
}

/// Code, text and summary of a run.
fn lived(text: &str) -> (i32, String, Value) {
    let (folder, path) = file(text);
    let out = folder.path().join("out");
    let words = ["run", path.as_str(), "--details", "--out", out.to_str().unwrap()];
    let (code, said, err) = run(&words);
    let summary = std::fs::read(out.join("summary.json")).unwrap_or_else(|_| panic!("{err}"));
    (code, said.replace('\u{a0}', " "), serde_json::from_slice(&summary).unwrap())
}

/// Nothing in 200 replications of 10 years: at most 3.7 outages in 2,000 years, of 4 h each, which is
/// 26.6 s per year and 8.42e-7 of the time. An expectation is judged by that bound.
#[test]
fn an_expectation_is_judged_by_the_bound_that_is_printed() {
    let expect = |figure: &str, is: &str| {
        format!("[[expect]]\nfigure = \"{figure}@horizon\"\nis = \"{is}\"\n")
    };
    let more = [
        expect("unavailability.g", "< 1e-6"),
        expect("structural.g", "> 0.999999"),
        expect("downtime.g", "< 27s"),
        expect("outages.g", "< 0.0019"),
    ]
    .concat();
    let text = unit((3, "5000000h"), "replications = 200", &more);
    let (code, said, summary) = lived(&text);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("  met ")).count(), 4, "{said}");
    let figure = |path: &str| summary["figures"][path].clone();
    let down = figure("downtime.g@horizon");
    assert_eq!((&down["value"], &down["low"]), (&0.0.into(), &0.0.into()), "{down}");
    assert_eq!(down["method"], "rule-of-three");
    let high = down["high"].as_f64().unwrap();
    assert!((high / (3.688_879 * 4.0 * 3_600.0 / 2_000.0) - 1.0).abs() < 1e-5, "{high}");
    let outages = figure("outages.g@horizon")["high"].as_f64().unwrap();
    assert!((outages / (3.688_879 / 2_000.0) - 1.0).abs() < 1e-5, "{outages}");
    assert!(said.contains("≥ 99.9999") && said.contains("≤ "), "{said}");
    // Closer than the bound says nothing is known.
    let (code, said, _) =
        lived(&unit((3, "5000000h"), "replications = 200", &expect("unavailability.g", "< 8e-7")));
    assert_eq!(code, 5, "{said}");
}

/// What is never repaired lasts to the end of the horizon: at most 3.7 of 200 replications are lost.
#[test]
fn there_is_a_bound_where_nothing_is_repaired() {
    let text = unit((3, "5000000h"), "replications = 200", "")
        .replace("repair = { dist = \"exponential\", mean = \"4h\" }\n", "");
    let (_, said, summary) = lived(&text);
    let low = summary["figures"]["structural.g@horizon"]["low"].as_f64();
    let load: f64 = 3.688_879 / 200.0;
    let low = low.unwrap_or_else(|| panic!("{said}"));
    assert!((low - 1.0 / (1.0 + load)).abs() < 1e-6, "{low}");
}

/// Some four outages in five hundred years: the interval is not shorter than the bound without one.
#[test]
fn few_outages_are_not_known_better_than_none() {
    let (_, said, summary) = lived(&unit((1, "1000000h"), "replications = 50", ""));
    let down = &summary["figures"]["downtime.g@horizon"];
    let outages = summary["figures"]["outages.g@horizon"]["value"].as_f64().unwrap() * 500.0;
    assert!((0.9..13.1).contains(&outages), "{outages}");
    let none = 3.688_879 * 4.0 * 3_600.0 / 500.0;
    assert!(down["high"].as_f64().unwrap() >= none, "{down}");
    assert!(down["low"].as_f64().unwrap() > 0.0, "{down}");
    assert_eq!(down["method"], "compound-poisson");
    let worst =
        |row: &Value| (row["name"] == "g").then(|| row["all"]["worst_outage_share"].as_f64());
    let worst = summary["years"]["of"].as_array().unwrap().iter().find_map(worst).unwrap().unwrap();
    assert!(worst >= 1.0 / outages - 1e-9 && worst <= 1.0, "{worst}");
    assert_eq!(said.contains("one outage is "), worst > 1.0 / 3.0, "{worst}: {said}");
}

#[test]
fn a_precision_that_is_not_reached_is_reported_and_ends_with_5() {
    let run = "replications = 60\nprecision = { \"structural.g@horizon\" = \"10%\" }";
    let (code, said, summary) = lived(&unit((1, "40000h"), run, ""));
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("precision of structural.g@horizon, ± 10 %: ± "), "{said}");
    assert!(said.contains("with 60 replications"), "{said}");
    let row = &summary["precision_not_reached"][0];
    assert_eq!(
        (&row["figure"], &row["replications"]),
        (&"structural.g@horizon".into(), &60.into())
    );
    assert_eq!(summary["years"]["ending"], "budget-spent");
    // 100 % is reached.
    let (code, said, summary) = lived(&unit((1, "40000h"), &run.replace("10%", "100%"), ""));
    assert_eq!((code, &summary["years"]["ending"]), (0, &"precise".into()), "{said}");
    assert_eq!(summary["precision_not_reached"], serde_json::json!([]));
}

/// A precision of a quantile is pursued as that of a mean is.
#[test]
fn a_precision_may_be_asked_of_any_figure_with_an_interval() {
    let run = "precision = { \"downtime.g.year-p95@horizon\" = \"20%\" }";
    let (code, said, summary) = lived(&unit((1, "2000h"), run, ""));
    assert_eq!((code, &summary["years"]["ending"]), (0, &"precise".into()), "{said}");
}

#[test]
fn a_number_of_replications_is_that_of_the_horizon_too() {
    let (_, said, summary) = lived(&unit((1, "4000h"), "replications = 34", ""));
    assert_eq!(summary["years"]["replications"], 34, "{said}");
    let (_, said, summary) =
        lived(&unit((1, "4000h"), "replications = { min = 10, max = 40 }", ""));
    assert_eq!(summary["years"]["replications"], 1_000, "{said}");
}

/// A shipped replica that is away for ten minutes in a window, and for an hour four times a year: both solvers
/// say what the arithmetic of the file says.
#[test]
fn a_window_and_the_years_of_one_file_say_what_its_arithmetic_says() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("away").display().to_string();
    let words = ["run", "scenarios/databases/slave-away.toml", "--details", "--out", &out];
    let (code, said, err) = run(&words);
    assert_eq!(code, 0, "{err}");
    let met = said.lines().filter(|line| line.starts_with("  met ")).count();
    assert_eq!(met, 7, "{said}");
}

/// Two peers, as well as three, have a long horizon: each address of theirs may move, and no address of a pair is there.
#[test]
fn two_peers_have_years_as_three_have() {
    for count in [2, 3] {
        let text = format!(
            "scenario = \"peers\"\n[run]\nhorizon = \"1y\"\n[site.main]\n[rack.r]\nsite = \"main\"\n\
             [server.box]\nrack = \"r\"\ncores = 4\n[zone.www]\non = [\"box-1\"]\n\
             [service.app]\nin = \"www\"\nworkers = 4\nbacklog = 4\n\
             [balancer.front]\ncount = {count}\nrack = \"r\"\nto = \"app\"\ncores = 1\ncpu = \"1ms\"\n\
             algorithm = \"round-robin\"\n[balancer.front.peers]\naddresses = 6\n\
             [workload.users]\nrequest = \"page\"\nrate = \"1/s\"\n\
             [request.page]\nenter = \"front\"\nsteps = [ {{ cpu = \"app\", demand = \"d\" }} ]\n\
             demands = {{ d = {{ dist = \"exponential\", mean = \"1ms\" }} }}\n\
             [fault.front]\nhits = \"balancer.front\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"1h\"\n"
        );
        let (folder, file) = file(&text);
        let out = folder.path().join("out");
        let words = ["run", &file, "--solver", "flows", "--quick", "--out", out.to_str().unwrap()];
        let (code, answer, told) = run(&[&words[..], &["--details"]].concat());
        assert_eq!(code, 0, "{count} peers: {told}");
        assert!(answer.contains("page, structural"), "{count} peers: {answer}");
    }
}
