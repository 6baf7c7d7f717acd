//! Promise: a server that has lost cores does the work that the others can do, in windows and over years, and a
//! request that has a core is as fast as before.

use fivenines::{Results, Run, Scenario};

/// One server of four cores and its users: a page takes 50 ms of a core.
const SCENE: &str = r#"
scenario = "cores"
format   = 2
[run]
seed = 1
[window.fewer]
length  = "1000s"
warm-up = "20s"
replications = 4
[server.box]
cores = 4
[zone.www]
on = ["box"]
[service.app]
in      = "www"
workers = "unlimited"
[workload.visitors]
request = "page"
rate    = "24/s"
[request.page]
enter   = "app"
demands = { page = { dist = "exponential", mean = "50ms" } }
steps   = [ { cpu = "app", demand = "page" } ]
"#;

const MEAN: &str = "latency.page.mean@fewer";
const USED: &str = "utilization.www.cpu@fewer";

fn lost(keys: &str) -> String {
    format!("[fault.module]\nhits = \"server.box\"\n{keys}\n")
}

fn run(text: &str, run: Run, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(run, |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

/// Mean sojourn time of M/M/c with a mean service of 50 ms and 1.2 busy servers, by Erlang's formula. With equal shares and at
/// most one core each the number inside is the same chain.
fn erlang(cores: u32) -> f64 {
    let load = 1.2_f64;
    let mut blocked = 1.0;
    for servers in 1..=cores {
        blocked = load * blocked / (f64::from(servers) + load * blocked);
    }
    let rest = 1.0 - load / f64::from(cores);
    let waits = blocked / (1.0 - load / f64::from(cores) * (1.0 - blocked));
    0.05 * (1.0 + waits / (f64::from(cores) * rest))
}

/// 50.7 ms with four cores, 78.1 ms with two; a zone at half its speed would take 101 ms.
#[test]
fn with_fewer_cores_a_server_is_the_queue_of_as_many_servers() {
    for (cores, keys) in [
        (4, "how = \"cores-lost\"\ncores = 2\nat = \"2h\"\nlasts = \"1h\""),
        (3, "how = \"cores-lost\"\ncores = 1\nat = \"0s\"\nlasts = \"1h\""),
        (2, "how = \"cores-lost\"\ncores = 2\nat = \"0s\"\nlasts = \"1h\""),
    ] {
        let results = run(&(SCENE.to_string() + &lost(keys)), Run::new().requests_only(), &[MEAN]);
        let (found, truth) = (value(&results, MEAN), erlang(cores));
        assert!((found / truth - 1.0).abs() < 0.03, "{cores} cores: {found}, not {truth}");
    }
}

/// Endless work in a server of two cores, one of which is away for 400 of 1,000 s: (600 x 2 + 400) / 2,000, by either model.
#[test]
fn both_models_of_a_processor_lose_the_time_of_the_cores() {
    let text = SCENE
        .replace("cores = 4", "cores = 2")
        .replace("rate    = \"24/s\"", "users   = 8\nthink   = \"0s\"")
        .replace("replications = 4", "replications = 1");
    let keys = "how = \"cores-lost\"\ncores = 1\nat = \"120s\"\nlasts = \"400s\"";
    for model in ["fluid", "tick"] {
        let text = text.replace("cores = 2", &format!("cores = 2\ncpu-model = \"{model}\""));
        let results = run(&(text + &lost(keys)), Run::new().requests_only(), &[USED]);
        let found = value(&results, USED);
        assert!((found - 0.8).abs() < 0.005, "{model}: {found}");
    }
}

/// 60/s x 50 ms are 3 of 4 cores, and 40/s are served with 2. The fault comes 12 times in a year of working hours and lasts
/// 10 h: 8,760 / (8,760 / 12 + 10) = 11.84 times per year, and each costs 20/s x 36,000 s.
#[test]
fn over_years_a_server_serves_what_the_cores_left_can_do() {
    let text = SCENE
        .replace("24/s", "60/s")
        .replace("workers = \"unlimited\"", "workers = 20\nbacklog = 20")
        .replace("seed = 1", "seed = 1\nhorizon = \"1y\"\nreplications = 100");
    let repair = "repair = { dist = \"constant\", value = \"10h\" }";
    let fewer = lost(&format!("how = \"cores-lost\"\ncores = 2\nrate = \"12/y\"\n{repair}"));
    let path = "lost.page@horizon";
    let found = value(&run(&(text.clone() + &fewer), Run::new().years_only(), &[path]), path);
    let truth = 8_760.0 / (8_760.0 / 12.0 + 10.0) * 36_000.0 * 20.0;
    assert!((found / truth - 1.0).abs() < 0.07, "{found}, not {truth}");
    // A server at half its speed has half of its cores: the same trajectories, to the last bit.
    let slow = fewer.replace("how = \"cores-lost\"\ncores = 2", "how = \"slow\"\nfactor = 2");
    let same = value(&run(&(text + &slow), Run::new().years_only(), &[path]), path);
    assert_eq!(found.to_bits(), same.to_bits());
}

#[test]
fn cores_that_are_not_there_are_refused_with_their_place() {
    let keys = "how = \"cores-lost\"\ncores = 2\nat = \"2h\"\nlasts = \"1h\"";
    for (from, to, said) in [
        ("cores = 2", "cores = 4", "has 4 cores: none is left"),
        ("cores = 2\n", "", "required key `cores` is missing"),
        ("cores = 2", "cores = 0", "must be ≥ 1"),
        ("server.box", "zone.www", "has no cores of its own"),
        ("cores-lost", "crash", "only `cores-lost` takes cores"),
    ] {
        let text = SCENE.to_string() + &lost(keys).replace(from, to);
        let refused = Scenario::parse(&text).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|found| found.contains(said)), "{to}: {refused:?}");
    }
}
