//! Promise: energy is power at the load of each 4 minutes times their length, a part that is down draws nothing, and price,
//! carbon and bill follow from it.

use fivenines::{Estimate, Results, Run, Scenario};

/// An M/M/1 queue on a server of one core, busy half of the time: 110 W idle, 260 W at full load.
const QUEUE: &str = r#"
scenario = "energy"
format   = 2
[run]
start   = "Mon 00:00"
horizon = "20y"
seed    = 1
replications = 20
[window.steady]
at     = "01:00"
length = "2h"
[site.hall]
pue          = 1.5
energy-price = "$0.12/kWh"
[rack.row]
site = "hall"
[server.box]
rack  = "row"
cores = 1
power = { idle = "110W", full = "260W" }
[zone.web]
on = ["box-1"]
[service.app]
in      = "web"
workers = "unlimited"
[workload.jobs]
request = "job"
rate    = "5/s"
[request.job]
enter = "app"
demands = { work = { dist = "exponential", mean = "100ms" } }
steps = [ { cpu = "app", demand = "work" } ]
"#;

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn windows(text: &str, figures: &[&str]) -> Results {
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario(text).run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn years(text: &str, figures: &[&str]) -> Results {
    let run = figures.iter().fold(Run::new().years_only(), |run, path| run.figure(path));
    scenario(text).run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> Estimate {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The interval holds the truth, and is narrow enough to mean something.
fn holds(results: &Results, path: &str, truth: f64, widest: f64) {
    let found = figure(results, path);
    let (low, high) = (found.low(), found.high());
    // Years without noise have an interval of no width.
    let room = (high - low) / 4.0 + 1e-4 * truth;
    assert!(low - room <= truth && truth <= high + room, "{path}: {low} to {high}, not {truth}");
    assert!(high - low <= widest, "{path}: {low} to {high} says little");
}

/// The value is exact, up to the rounding of millijoules.
fn is(results: &Results, path: &str, truth: f64) {
    let found = figure(results, path).value();
    assert!((found - truth).abs() <= 1e-6 * truth.max(1.0), "{path}: {found}, not {truth}");
}

/// (110 + 150 x 0.5) W for two hours; the site draws 1.5 times as much.
#[test]
fn an_mm1_server_draws_idle_power_and_its_load_of_the_rest() {
    let asked =
        ["power.box", "energy.box-1", "energy", "power", "energy-cost", "views-per-kwh.job"];
    let asked = asked.map(|path| format!("{path}@steady"));
    let results = windows(QUEUE, &asked.each_ref().map(String::as_str));
    let joules = 185.0 * 7_200.0;
    holds(&results, "power.box@steady", 185.0, 3.0);
    holds(&results, "energy.box-1@steady", joules, 0.02 * joules);
    holds(&results, "energy@steady", joules * 1.5, 0.03 * joules);
    holds(&results, "power@steady", 185.0 * 1.5, 4.5);
    holds(&results, "energy-cost@steady", joules * 1.5 / 3.6e6 * 0.12, 0.005);
    holds(&results, "views-per-kwh.job@steady", 36_000.0 / (joules * 1.5 / 3.6e6), 2_000.0);
}

/// One job after the other keeps one of four cores busy: between 120 W at 20 % and 136 W at 30 %.
#[test]
fn a_curve_gives_the_power_of_its_straight_lines() {
    let curve = r#"power = { curve = ["57W", "82W", "120W", "136W", "145W", "150W", "160W", "168W", "189W", "220W", "248W"] }"#;
    let text = QUEUE
        .replace(
            "cores = 1\npower = { idle = \"110W\", full = \"260W\" }",
            &format!("cores = 4\n{curve}"),
        )
        .replace("rate    = \"5/s\"", "users = 1\nthink = \"0s\"")
        .replace("length = \"2h\"", "length = \"150s\"\nwarm-up = \"1s\"");
    let results = windows(&text, &["power.box@steady", "energy@steady"]);
    is(&results, "power.box@steady", 128.0);
    is(&results, "energy@steady", 128.0 * 150.0 * 1.5);
}

/// The part is down for 10 of 120 min. A hung server goes on to draw idle power.
#[test]
fn a_crashed_server_draws_nothing_and_a_hung_one_idle_power() {
    let idle = QUEUE.replace("rate    = \"5/s\"", "rate    = \"0.000001/s\"");
    let fault = |how: &str| {
        format!(
            "{idle}\n[fault.out]\nhits = [\"box-1\"]\nhow = \"{how}\"\nat = \"90min\"\nlasts = \"10min\"\n"
        )
    };
    for (how, minutes) in [("crash", 110.0), ("hang", 120.0)] {
        let results = windows(&fault(how), &["energy.box-1@steady"]);
        is(&results, "energy.box-1@steady", 110.0 * 60.0 * minutes);
    }
    let rack = fault("crash").replace("hits = [\"box-1\"]", "hits = [\"row\"]");
    is(&windows(&rack, &["energy.box-1@steady"]), "energy.box-1@steady", 110.0 * 60.0 * 110.0);
}

/// Up for 20 days on average, down for 2: up for 10 / 11 of the time.
#[test]
fn energy_over_years_is_that_of_the_time_up() {
    let text = format!(
        "{QUEUE}\n[fault.crash]\nhits = [\"box-1\"]\nhow = \"crash\"\nrate = \"18.25/y\"\n\
         repair = {{ dist = \"exponential\", mean = \"2d\" }}\n"
    );
    let asked = ["power.box-1@horizon", "energy@horizon", "energy-cost@horizon"];
    let results = years(&text, &asked);
    let watts = 185.0 * 10.0 / 11.0;
    holds(&results, "power.box-1@horizon", watts, 2.0);
    holds(
        &results,
        "energy@horizon",
        watts * 1.5 * 31_536_000.0,
        0.02 * watts * 1.5 * 31_536_000.0,
    );
    let carbon = text.replace("[rack.row]", "carbon = \"350g/kWh\"\n[rack.row]");
    let grams = watts * 1.5 * 8.760 * 350.0;
    holds(&years(&carbon, &["carbon@horizon"]), "carbon@horizon", grams, 0.02 * grams);
    holds(&results, "energy-cost@horizon", watts * 1.5 * 0.730 * 0.12, 0.6);
}

/// Both solvers have the energy of a line under a profile with noise: 110 W and 0.3 x 150 W.
#[test]
fn both_solvers_agree_on_the_energy_of_a_day() {
    let text = QUEUE
        .replace("at     = \"01:00\"\nlength = \"2h\"", "at     = \"00:00\"\nlength = \"24h\"")
        .replace(
            "rate    = \"5/s\"",
            "rate    = \"0.1/s\"\nprofile = \"daily\"\nnoise = { sigma = 0.2, phi = 0.5 }",
        )
        .replace("\"100ms\"", "\"3s\"")
        + "\n[profile.daily]\nsine = { amplitude = 0.4, period = \"24h\", peak = \"14h\" }\n\
           [fault.never]\nhits = [\"box-1\"]\nhow = \"crash\"\nrate = \"0.0001/y\"\nrepair = \"1h\"\n";
    let day = windows(&text, &["power.box@steady"]);
    let horizon = years(&text, &["power.box@horizon"]);
    holds(&day, "power.box@steady", 155.0, 8.0);
    holds(&horizon, "power.box@horizon", 155.0, 0.2);
}

/// At 185 W, times 1.5, for 730 h at $0.12 per kWh; with a price of the server beside it.
#[test]
fn the_bill_has_the_energy_of_a_month_beside_the_prices() {
    let energy = 0.185 * 1.5 * 730.0 * 0.12;
    let bill = scenario(QUEUE).monthly_cost().unwrap();
    assert!((bill - energy).abs() < 1e-9 * energy, "{bill} {energy}");
    let priced = format!("{QUEUE}\n[cost.of]\nbox = \"$50/month\"\n");
    let bill = scenario(&priced).monthly_cost().unwrap();
    assert!((bill - energy - 50.0).abs() < 1e-9, "{bill}");
    let free = priced.replace("energy-price = \"$0.12/kWh\"\n", "");
    assert_eq!(scenario(&free).monthly_cost(), Some(50.0));
    assert_eq!(scenario(&QUEUE.replace("energy-price = \"$0.12/kWh\"\n", "")).monthly_cost(), None);
}

/// An idle server from 01:00 to 03:00, at 100 g/kWh in the first hour and 300 in the second.
#[test]
fn carbon_counts_the_intensity_of_each_hour() {
    let hours: Vec<String> = (0..24)
        .map(|hour| format!("\"{}g/kWh\"", 200 * hour - 100))
        .map(|text| text.replace("\"-100", "\"0"))
        .collect();
    let by_hour = format!("carbon-by-hour = [{}]\n[rack.row]", hours.join(", "));
    let idle = QUEUE.replace("rate    = \"5/s\"", "rate    = \"0.000001/s\"");
    let results = windows(&idle.replace("[rack.row]", &by_hour), &["carbon@steady"]);
    is(&results, "carbon@steady", 0.110 * 1.5 * (100.0 + 300.0));
    let results = windows(
        &idle.replace("[rack.row]", "carbon = \"350g/kWh\"\n[rack.row]"),
        &["carbon@steady"],
    );
    is(&results, "carbon@steady", 0.110 * 1.5 * 2.0 * 350.0);
}

/// Two switches of 75 W, a mirror of two disks of 8 W, and the idle server.
#[test]
fn switches_and_disks_draw_constant_power() {
    let text = QUEUE
        .replace("rate    = \"5/s\"", "rate    = \"0.000001/s\"")
        .replace("[server.box]", "switch = { count = 2, bandwidth = \"1Gbit/s\", power = \"75W\" }\n[server.box]")
        .replace("[zone.web]", "[server.box.disks]\nlocal = { kind = \"10k\", layout = \"mirror\", data = 1, parity = 1, power = \"8W\" }\n[zone.web]")
        .replace("workers = \"unlimited\"", "workers = \"unlimited\"\nmounts = { disk = \"box:local\" }")
        .replace("steps = [", "steps = [ { io = \"disk\", read = 1 },");
    let asked = [
        "power.row.switch@steady",
        "power.row.switch-2@steady",
        "power.box-1.local@steady",
        "power@steady",
    ];
    let results = windows(&text, &asked);
    is(&results, asked[0], 150.0);
    is(&results, asked[1], 75.0);
    is(&results, asked[2], 16.0);
    is(&results, asked[3], (150.0 + 16.0 + 110.0) * 1.5);
}

/// Declared power changes no other figure, not even its last bit.
#[test]
fn power_moves_no_other_figure() {
    let bare = QUEUE.replace("power = { idle = \"110W\", full = \"260W\" }\n", "");
    let bare = bare.replace("pue          = 1.5\nenergy-price = \"$0.12/kWh\"\n", "");
    let path = "latency.job.mean@steady";
    let [with, without] = [QUEUE, &bare].map(|text| figure(&windows(text, &[path]), path));
    assert_eq!(with.value().to_bits(), without.value().to_bits());
}
