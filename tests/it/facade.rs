//! What Rust programs are promised: the root of the crate gives what the command gives.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fivenines::{Run, Scenario, Value};

use crate::cli::{file, run};

const TWIN: &str = r#"
scenario = "shop"
format = 2
title = "One web zone"
[run]
seed = 7
replications = 3
horizon = "1y"
[window.peak]
length = "20s"
warm-up = "5s"
level = "2 x rate"
[server.host]
count = 2
cores = 8
memory = "32GiB"
[zone.web]
count = 2
on = ["host-1", "host-2"]
cpu = { cap = 4.0 }
memory = "4GiB"
[service.app]
in = "web"
workers = 20
backlog = 100
[station.desk]
servers = 2
service = { dist = "exponential", mean = "20ms" }
[request.page]
enter = "app"
demands = { page = { dist = "lognormal", mean = "60ms", cv = 1.0 } }
steps = [{ cpu = "app", demand = "page" }, { visit = "desk" }]
[workload.visitors]
request = "page"
rate = "20/s"
[fault.server]
hits = "server.*"
how = "crash"
rate = "0.25/y"
repair = "4h"
[objective.page]
latency = { p95 = "500ms" }
[[expect]]
figure = "utilization.desk@peak"
is = "within 50% of 0.4"
"#;

/// Built in code or written as a file, it is one model.
#[test]
fn a_system_built_in_code_is_the_model_of_its_file() {
    let repair = Duration::from_secs(4 * 3_600);
    let built = Scenario::builder("shop")
        .title("One web zone")
        .seed(7)
        .replications(3)
        .horizon(Duration::from_secs(365 * 86_400))
        .window("peak", Duration::from_secs(20))
        .set("window.peak.warm-up", Duration::from_secs(5))
        .set("window.peak.level", "2 x rate")
        .server("host", 2, 8, 32 << 30)
        .zone("web", &["host-1", "host-2"], 4.0, 4 << 30)
        .service("app", "web", 20)
        .set("service.app.backlog", 100)
        .station("desk", 2, Value::exponential(Duration::from_millis(20)))
        .set("request.page.enter", "app")
        .set("request.page.demands.page", Value::lognormal(Duration::from_millis(60), 1.0))
        .request(
            "page",
            [Value::step("cpu", "app").with("demand", "page"), Value::step("visit", "desk")],
        )
        .workload("visitors", "page", Value::per_second(20.0))
        .set("fault.server", Value::table().with("hits", "server.*").with("how", "crash"))
        .set("fault.server.rate", Value::per_year(0.25))
        .set("fault.server.repair", repair)
        .objective("page", "p95", Duration::from_millis(500))
        .expect("utilization.desk@peak", "within 50% of 0.4")
        .build()
        .unwrap();
    let written = Scenario::parse(TWIN).unwrap();
    assert_eq!(built.to_toml(), written.to_toml());
    assert_eq!(built.digest(), written.digest());
}

/// The digest is over every file of the results.
#[test]
fn a_run_from_rust_gives_the_results_of_the_command() {
    let (folder, path) = file(TWIN);
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let options = ["--seed", "9", "--replications", "2", "--solver", "requests"];
    let words = ["run", path.as_str(), "--out", theirs.to_str().unwrap()];
    let (code, answer, said) = run(&[&words[..], &options].concat());
    assert!([0, 1, 5].contains(&code), "{said}");
    let of_rust = Run::new().seed(9).replications(2).requests_only();
    let results = Scenario::load(&path).unwrap().run(&of_rust).unwrap();
    results.write(&ours).unwrap();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    for name in ["manifest.json", "summary.json", "report.html", "scenario.toml"] {
        assert_eq!(read(&ours, name), read(&theirs, name), "{name}");
    }
    assert!(answer.contains(results.digest()), "{answer}");
}

/// Rows come from memory; the files are another form of the same tables.
#[test]
fn tables_hold_what_the_files_hold() {
    let shop = Scenario::parse(TWIN).unwrap();
    let results = shop.run(&Run::new()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    results.write(folder.path().join("shop")).unwrap();
    let (mut cells, mut words) = (0, 0);
    for name in results.tables() {
        let path = folder.path().join("shop").join(format!("{name}.csv"));
        let mut file = csv::Reader::from_path(path).unwrap();
        let columns = file.headers().unwrap().clone();
        let mut rows = results.table(name).unwrap();
        for record in file.records() {
            let (record, row) = (record.unwrap(), rows.next().unwrap());
            for (column, cell) in columns.iter().zip(record.iter()) {
                let held =
                    row.number_of(column).map(|number| (number, cell.parse::<f64>().unwrap()));
                match (held, row.text_of(column)) {
                    (Some((held, written)), None) => assert_eq!(held, written, "{name} {column}"),
                    (None, held) => assert_eq!(held.unwrap_or_default(), cell, "{name} {column}"),
                    (Some(_), Some(_)) => panic!("{name} {column} is two things"),
                }
                cells += 1;
                words += usize::from(row.text_of(column).is_some());
            }
        }
        assert!(rows.next().is_none(), "{name}");
    }
    assert!(words > 100 && cells > 3 * words, "{cells} cells, {words} words were read");
    let files = fs::read_dir(folder.path().join("shop")).unwrap();
    let files = files.filter(|file| {
        file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "csv")
    });
    assert_eq!(files.count(), results.tables().count());
}

#[test]
fn an_error_prints_what_the_command_prints() {
    let (_folder, path) = file(&TWIN.replace("servers = 2", "severs = 2"));
    let (code, _, said) = run(&["check", path.as_str()]);
    assert_eq!(code, 3);
    let error = Scenario::load(&path).unwrap_err();
    assert_eq!(error.to_string(), said.trim_end());
    let missing = Path::new(&path).with_file_name("sitte.toml");
    let (code, _, said) = run(&["check", missing.to_str().unwrap()]);
    assert_eq!(code, 2);
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(plain(&Scenario::load(&missing).unwrap_err().to_string()), plain(&said));
}

/// A claim is part of a scenario: what is wrong with it is seen wherever the scenario is read.
#[test]
fn a_wrong_claim_is_refused_as_the_command_refuses_it() {
    let claim = |vary: &str| {
        format!(
            "{TWIN}[[claim]]\nnumber = 1\ntitle = \"Busy\"\nclaim = \"The desk is busy.\"\nsource = \"p. 1\"\n\
             figure = \"utilization.desk@peak\"\nis = \"> 1%\"\nrange = [{{ vary = \"{vary}\" }}]\n"
        )
    };
    let (right, wrong) = (claim("station.desk.servers=1,2"), claim("station.desk.severs=1,2"));
    assert!(Scenario::check(&right).iter().all(|found| !found.is_error()));
    let (_folder, path) = file(&wrong);
    let (code, _, said) = run(&["check", path.as_str()]);
    let error = Scenario::load(&path).unwrap_err();
    assert_eq!((code, error.to_string().as_str()), (3, said.trim_end()));
    let found = Scenario::check(&wrong);
    assert_eq!(found[0].field(), "claim[0].range[0].vary");
    assert_eq!(found, Scenario::parse(&wrong).unwrap_err().diagnostics());
    // A change may leave a claim without effect.
    let shop = Scenario::parse(&right).unwrap();
    let error = shop.with("expect[0].figure", "utilization.desk@peek").unwrap_err();
    assert!(error.diagnostics()[0].is_error());
    let fixed = shop.with("claim[0].range[0].vary", "run.horizon=1y,2y").unwrap_err();
    assert_eq!(fixed.diagnostics()[0].field(), "claim[0].range[0].vary");
}

#[test]
fn progress_reaches_all_replications() {
    let seen = Arc::new(AtomicU64::new(0));
    let last = Arc::clone(&seen);
    let watched = Run::new().requests_only().on_progress(move |done, all| {
        assert!(done <= all);
        last.store(done, Ordering::Relaxed);
    });
    let results = Scenario::parse(TWIN).unwrap().run(&watched).unwrap();
    assert_eq!((results.partial(), seen.load(Ordering::Relaxed)), (None, 3));
}

/// Windows of the years follow the other windows; they are part of the total from the beginning, so that the share that
/// is done never falls.
#[test]
fn progress_never_falls_back() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let watched = Run::quick().on_progress(move |done, all| kept.lock().unwrap().push((done, all)));
    let mut scenario = Scenario::load("scenarios/tiers/tier-1.toml").unwrap();
    for (key, value) in [
        ("window.mean.length", "20s"),
        ("window.mean.warm-up", "1s"),
        ("window.peak.length", "20s"),
        ("window.peak.warm-up", "1s"),
        ("window.broken.before", "4s"),
        ("window.broken.after", "20s"),
        ("window.broken.repair", "10s"),
    ] {
        scenario = scenario.with(key, value).unwrap();
    }
    let results = scenario.run(&watched).unwrap();
    assert_eq!(results.partial(), None);
    let seen = seen.lock().unwrap();
    // Before the study begins, the total is that of the windows alone, and nothing is done.
    let begun = seen.iter().filter(|(done, _)| *done > 0);
    let begun: Vec<(u64, u64)> = begun.copied().collect();
    assert!(begun.len() > 2, "{seen:?}");
    for pair in begun.windows(2) {
        let [(done, all), (later, total)] = [pair[0], pair[1]];
        assert!(
            u128::from(later) * u128::from(all) >= u128::from(done) * u128::from(total),
            "{seen:?}"
        );
    }
    let (done, all) = *begun.last().unwrap();
    assert_eq!(done, all);
}

#[test]
fn options_that_no_run_can_have_are_refused() {
    let scenario = Scenario::parse(TWIN).unwrap();
    for run in [Run::new().replications(0), Run::quick().replications(3)] {
        assert!(scenario.run(&run).is_err(), "{run:?}");
    }
    let wrong = scenario.run(&Run::new().figure("latency.pgae.p95@peak")).unwrap_err();
    assert!(wrong.to_string().contains("pgae"), "{wrong}");
}

/// The room stands on the folders above it, and the examples stand on the root alone.
#[test]
fn the_facade_names_no_command_and_examples_name_the_root_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    for path in files("src/facade") {
        assert!(!fs::read_to_string(&path).unwrap().contains("cli::"), "{}", path.display());
    }
    for path in files("examples") {
        let text = fs::read_to_string(&path).unwrap();
        for used in text.split("fivenines::").skip(1) {
            let is_root = used.starts_with(|c: char| c == '{' || c.is_uppercase());
            let inside = used.split(';').next().unwrap_or_default();
            assert!(is_root && !inside.contains("::"), "{}: {inside}", path.display());
        }
    }
}
