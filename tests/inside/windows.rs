//! Statistics over the time, the visits and the intervals of a window, and instants in it, against closed forms.

use std::path::Path;

use fivenines::plan::figure::{Figure, FigureUnit};
use fivenines::study::expect::Verdict;
use fivenines::study::measure::NoValue;
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::{Estimate, Watch};

use crate::inside::common::{Loaded, read};

/// A section that asks for each figure, by an expectation that says nothing.
fn asked(figures: &[&str]) -> String {
    let one = |path: &&str| {
        let nothing = match Figure::parse(path).unwrap().unit() {
            FigureUnit::Seconds => "0s",
            _ => "0",
        };
        format!("[[expect]]\nfigure = \"{path}\"\nis = \"> {nothing}\"\n")
    };
    figures.iter().map(one).collect()
}

/// One station, whose figures are asked for.
fn station(window: &str, servers: u32, service: &str, workload: &str, figures: &[&str]) -> Loaded {
    let text = format!(
        "scenario = \"one\"\n[run]\nseed = 7\nconfidence = 0.999\n{window}\n\
         [station.desk]\nservers = {servers}\nservice = {service}\n\
         [workload.jobs]\nrequest = \"job\"\n{workload}\n\
         [request.job]\nsteps = [ {{ visit = \"desk\" }} ]\n{}",
        asked(figures)
    );
    read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn lived(loaded: &Loaded) -> StudyResult {
    run(&loaded.plan, &loaded.study, &Watch::default()).unwrap()
}

fn estimates(loaded: &Loaded) -> Vec<Estimate> {
    let result = lived(loaded);
    let of =
        |expect: &fivenines::study::scenario::Expectation| result.judged(&loaded.study, expect.of);
    loaded.study.expectations.iter().map(of).collect()
}

/// The 99.9 % interval of each figure holds what it must be, and is at most so wide, relative to that.
fn agree(loaded: &Loaded, exact: &[f64], width: f64) {
    for ((expect, estimate), exact) in
        loaded.study.expectations.iter().zip(estimates(loaded)).zip(exact)
    {
        let Estimate::Interval(found) = &estimate else { panic!("{}: {estimate:?}", expect.path) };
        let half = found.half_width();
        println!("{:48} {:10.4} ± {half:8.4}, exactly {exact:.4}", expect.path, found.estimate);
        assert!(found.contains(*exact), "{}: {found:?} without {exact}", expect.path);
        assert!(half <= width * exact, "{}: ± {half} is too wide", expect.path);
    }
}

const EXPONENTIAL: &str = "{ dist = \"exponential\", mean = \"50ms\" }";

/// Shares of time with each number in M/M/c, as a birth-death chain.
fn chain(offered: f64, servers: usize) -> Vec<f64> {
    let mut shares = vec![1.0];
    for n in 1..2_000_usize {
        shares.push(shares[n - 1] * offered / n.min(servers) as f64);
    }
    let all: f64 = shares.iter().sum();
    shares.iter().map(|share| share / all).collect()
}

fn quantile(shares: &[f64], q: f64, number: impl Fn(usize) -> usize) -> f64 {
    let below = |most: usize| -> f64 {
        shares.iter().enumerate().filter(|(n, _)| number(*n) <= most).map(|(_, share)| share).sum()
    };
    (0..shares.len()).find(|most| below(*most) >= q).unwrap() as f64
}

fn deviation(shares: &[f64], number: impl Fn(usize) -> usize) -> f64 {
    let moment = |power: f64| -> f64 {
        let of = |(n, share): (usize, &f64)| libm::pow(number(n) as f64, power) * share;
        shares.iter().enumerate().map(of).sum()
    };
    (moment(2.0) - moment(1.0) * moment(1.0)).sqrt()
}

/// M/M/1 at 0.8: the number inside is geometric, of deviation √ρ / (1 − ρ) = 4.472, at most 13 for 95 % of the
/// time; a visit is exponential of mean 250 ms.
#[test]
fn numbers_over_time_and_visits_of_mm1_are_geometric_and_exponential() {
    let shares = chain(0.8, 1);
    let line = |n: usize| n.saturating_sub(1);
    let whole = |n: usize| n;
    assert!((deviation(&shares, whole) - 0.8_f64.sqrt() / 0.2).abs() < 1e-9);
    assert_eq!(quantile(&shares, 0.95, whole), 13.0);
    let cases = [
        ("in-system.desk.p95@steady", 13.0),
        ("in-system.desk.sd@steady", 20.0_f64.sqrt()),
        ("queue.desk.p95@steady", quantile(&shares, 0.95, line)),
        ("queue.desk.sd@steady", deviation(&shares, line)),
        ("busy.desk.sd@steady", 0.4),
        ("sojourn.desk.p50@steady", 0.25 * libm::log(2.0)),
        ("sojourn.desk.p95@steady", 0.25 * libm::log(20.0)),
        ("sojourn.desk.sd@steady", 0.25),
        ("sojourn.desk.chance[over=250ms]@steady", libm::exp(-1.0)),
    ];
    let window = "replications = 40\n[window.steady]\nlevel = \"16/s\"\nlength = \"1000s\"\nwarm-up = \"20s\"";
    let loaded = station(window, 1, EXPONENTIAL, "rate = \"16/s\"", &cases.map(|(path, _)| path));
    agree(&loaded, &cases.map(|(_, exact)| exact), 0.15);
}

/// The same of M/M/4, at a load of which no share of time is near to a percentile that is asked for; the service with four workers has the numbers of the station with four servers.
#[test]
fn numbers_over_time_of_mm4_are_those_of_its_chain_at_a_station_and_a_service() {
    let shares = chain(3.1, 4);
    let line = |n: usize| n.saturating_sub(4);
    let busy = |n: usize| n.min(4);
    let cases = [
        ("queue.desk.p95@steady", quantile(&shares, 0.95, line)),
        ("queue.desk.sd@steady", deviation(&shares, line)),
        ("busy.desk.sd@steady", deviation(&shares, busy)),
        ("in-system.desk.p95@steady", quantile(&shares, 0.95, |n| n)),
    ];
    let window = "replications = 30\n[window.steady]\nlevel = \"62/s\"\nlength = \"400s\"\nwarm-up = \"20s\"";
    let loaded = station(window, 4, EXPONENTIAL, "rate = \"62/s\"", &cases.map(|(path, _)| path));
    agree(&loaded, &cases.map(|(_, exact)| exact), 0.2);

    let figures = cases.map(|(path, _)| path.replace("desk", "app"));
    let text = format!(
        "scenario = \"two\"\n[run]\nseed = 7\nconfidence = 0.999\n{window}\n[site.main]\n[rack.r]\nsite = \"main\"\n\
         switch = {{ count = 1, bandwidth = \"1Gbit/s\" }}\n[server.box]\ncores = 8\nrack = \"r\"\n[zone.web]\n\
         on = [\"box-1\"]\n[service.app]\nin = \"web\"\nworkers = 4\n[workload.jobs]\nrequest = \"job\"\n\
         rate = \"62/s\"\n[request.job]\nenter = \"app\"\ndemands = {{ work = {EXPONENTIAL} }}\n\
         steps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n{}",
        asked(&figures.each_ref().map(String::as_str))
    );
    let loaded = read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
    agree(&loaded, &cases.map(|(_, exact)| exact), 0.2);
}

/// Two M/M/1 of 0.5, each with half of a Poisson stream: n are inside both for (n + 1)(1 − ρ)²ρⁿ of the time, of
/// deviation √(2ρ) / (1 − ρ). No share of time is near to the percentile that is asked for.
#[test]
fn numbers_of_a_group_are_those_of_its_members_together() {
    let rho = 0.5_f64;
    let alone: Vec<f64> = (0..400).map(|n| 0.5 * libm::pow(rho, f64::from(n))).collect();
    let share = |n: usize| (n as f64 + 1.0) * 0.25 * libm::pow(rho, n as f64);
    let together: Vec<f64> = (0..400).map(share).collect();
    // In line at one of them: 0 for 1 − ρ², then geometric.
    let line = |n: usize| alone.get(n + 1).copied().unwrap_or(0.0) + if n == 0 { 0.5 } else { 0.0 };
    let lines: Vec<f64> =
        (0..300).map(|n| (0..=n).map(|one| line(one) * line(n - one)).sum()).collect();
    let cases = [
        ("in-system.desk.sd@steady", (2.0 * rho).sqrt() / 0.5),
        ("in-system.desk.p90@steady", quantile(&together, 0.9, |n| n)),
        ("in-system.desk.chance[at-least=6]@steady", together[6..].iter().sum()),
        ("queue.desk.sd@steady", deviation(&lines, |n| n)),
        ("queue.desk.p90@steady", quantile(&lines, 0.9, |n| n)),
        ("busy.desk.sd@steady", (2.0 * rho * (1.0 - rho)).sqrt()),
        ("sojourn.desk.p95@steady", 0.1 * libm::log(20.0)),
        ("in-system.desk-2.sd@steady", rho.sqrt() / 0.5),
        ("in-system.desk-2.chance[at-least=4]@steady", libm::pow(rho, 4.0)),
    ];
    let window = "replications = 16\n[window.steady]\nlevel = \"20/s\"\nlength = \"1000s\"\nwarm-up = \"10s\"";
    let paths = cases.map(|(path, _)| path);
    let exact = cases.map(|(_, exact)| exact);
    let members = format!("{EXPONENTIAL}\ncount = 2\npick = \"random\"");
    let loaded = station(window, 1, &members, "rate = \"20/s\"", &paths);
    agree(&loaded, &exact, 0.15);
}

/// A job a second of 400 ms; from the middle on two. Twenty intervals of 10 s and a rest: half of them are 40 %
/// busy, half 80 %, so that the deviation is 0.2 √(20/19).
#[test]
fn intervals_of_a_load_that_doubles_are_known_by_hand() {
    let window =
        "replications = 4\n[window.all]\nwarm-up = \"10s\"\nat = \"10s\"\nlength = \"207s\"";
    let workload = "rate = \"1/s\"\narrivals = { process = \"regular\" }\n\
                    step = { at = \"110s\", factor = 2.0 }";
    let cases = [
        ("utilization.desk.max[per=10s]@all", 0.8),
        ("utilization.desk.p50[per=10s]@all", 0.4),
        ("utilization.desk.p90[per=10s]@all", 0.8),
        ("utilization.desk.sd[per=10s]@all", 0.2 * (20.0_f64 / 19.0).sqrt()),
        ("in-system.desk.max[per=10s]@all", 0.8),
        ("throughput.desk.max[per=10s]@all", 2.0),
        ("throughput.job.p50[per=10s]@all", 1.0),
        ("arrivals.job.max[per=10s]@all", 20.0),
        ("arrivals.job.sd[per=10s]@all", 5.0 * (20.0_f64 / 19.0).sqrt()),
        ("queue.desk.max[per=10s]@all", 0.0),
    ];
    let loaded = station(window, 1, "\"400ms\"", workload, &cases.map(|(path, _)| path));
    for ((path, exact), found) in cases.iter().zip(estimates(&loaded)) {
        let found = found.value().unwrap();
        assert!((found - exact).abs() <= 0.03 * exact + 1e-9, "{path}: {found}, not {exact}");
    }
}

/// A desk of 20 jobs per second is asked for 40 per second until 20 s, and for 4 after that. In ten of the first seconds it
/// completes 200. The 400 that wait at 20 s and the 400 that arrive in the next 100 s are completed in these: 8 per second.
#[test]
fn a_throughput_counts_what_is_completed_in_the_window_whenever_it_arrived() {
    let windows = "replications = 4\n\
                   [window.flood]\nat = \"5s\"\nwarm-up = \"5s\"\nlength = \"10s\"\n\
                   [window.after]\nat = \"20s\"\nwarm-up = \"20s\"\nlength = \"100s\"";
    let workload = "rate = \"40/s\"\narrivals = { process = \"regular\" }\n\
                    step = { at = \"20s\", factor = 0.1 }";
    let cases = [
        ("throughput.desk@flood", 20.0),
        ("throughput.job@flood", 20.0),
        ("throughput.desk@after", 8.0),
        ("throughput.job@after", 8.0),
    ];
    let loaded = station(windows, 1, "\"50ms\"", workload, &cases.map(|(path, _)| path));
    for ((path, exact), found) in cases.iter().zip(estimates(&loaded)) {
        let found = found.value().unwrap();
        assert!((found - exact).abs() <= 0.02 * exact, "{path}: {found}, not {exact}");
    }
}

/// M/M/∞ with 10 on average: the mean of an interval of two service times has the variance
/// 2a (μT − 1 + e^(−μT)) / (μT)²; of that of single instants, a, there is more.
#[test]
fn the_spread_of_interval_means_is_that_of_an_infinite_server() {
    let (a, t) = (10.0_f64, 2.0_f64);
    let sd = (2.0 * a * (t - 1.0 + libm::exp(-t)) / (t * t)).sqrt();
    let cases = [
        ("in-system.desk.sd[per=100ms]@steady", sd),
        ("utilization.desk.sd[per=100ms]@steady", sd / 200.0),
        ("in-system.desk.sd@steady", a.sqrt()),
        ("arrivals.job.dispersion[per=1s]@steady", 1.0),
        ("arrivals.job.sd[per=1s]@steady", 200.0_f64.sqrt()),
    ];
    let window = "replications = 20\n[window.steady]\nlevel = \"200/s\"\nlength = \"100s\"\nwarm-up = \"2s\"";
    let loaded =
        station(window, 200, EXPONENTIAL, "rate = \"200/s\"", &cases.map(|(path, _)| path));
    agree(&loaded, &cases.map(|(_, exact)| exact), 0.15);
}

/// Two states of 10 s each, at half and three halves of 20/s: over intervals of 10 s the dispersion is
/// 1 + (λδ²/α)(1 − (1 − e^(−2αT)) / (2αT)).
#[test]
fn modulated_arrivals_are_more_dispersed_than_a_poisson_stream() {
    let (rate, delta, alpha, t) = (20.0_f64, 0.5_f64, 0.1_f64, 10.0_f64);
    let x = 2.0 * alpha * t;
    let exact = 1.0 + rate * delta * delta / alpha * (1.0 - (1.0 - libm::exp(-x)) / x);
    let window = "replications = 24\n[window.all]\nlength = \"4000s\"\nwarm-up = \"0s\"";
    let workload = "rate = \"20/s\"\narrivals = { process = \"mmpp\", factors = [0.5, 1.5], \
                    sojourns = [\"10s\", \"10s\"] }";
    let figures = ["arrivals.job.dispersion[per=10s]@all"];
    agree(&station(window, 4, EXPONENTIAL, workload, &figures), &[exact], 0.1);
}

/// Twice as much comes as one server can do: from an empty start the k-th step up takes
/// (1/λ) Σ (μ/λ)^j, j = 0 to k, in the mean.
#[test]
fn the_first_time_of_a_number_is_that_of_a_birth_death_chain() {
    let mean: f64 = (0..10).map(|k| 0.025 * (2.0 - libm::pow(0.5, f64::from(k)))).sum();
    let window = "replications = 100\n[window.all]\nlength = \"60s\"\nwarm-up = \"0s\"";
    let figures = ["in-system.desk.first[at-least=10]@all", "queue.desk.first[at-least=9]@all"];
    let loaded = station(window, 1, EXPONENTIAL, "rate = \"40/s\"", &figures);
    agree(&loaded, &[mean, mean], 0.25);
}

/// A replication in which it does not happen is in no mean: the figure is a bound, which decides what lies
/// below it.
#[test]
fn a_number_that_is_not_always_reached_is_a_bound_and_says_so() {
    let window = "replications = 20\n[window.all]\nlength = \"20s\"\nwarm-up = \"0s\"";
    let figures = [
        "in-system.desk.first[at-least=5]@all",
        "in-system.desk.first[at-least=8]@all",
        "in-system.desk.first[at-least=400]@all",
    ];
    let loaded = station(window, 1, EXPONENTIAL, "rate = \"12/s\"", &figures);
    let result = lived(&loaded);
    let of = |at: usize| result.judged(&loaded.study, loaded.study.expectations[at].of);
    let bound = |at: usize| match of(at) {
        Estimate::Missing(NoValue::AtLeast { mean, low, later, of }) => (mean, low, later, of),
        other => panic!("{other:?}"),
    };
    let (mean, low, later, all) = bound(1);
    assert!(later > 0 && later < 20 && all == 20, "{later} of {all}");
    assert!(0.0 < low && low < mean && mean < 20.0, "{low}, {mean}");
    assert_eq!(bound(2), (20.0, 20.0, 20, 20));
    let said = NoValue::AtLeast { mean, low, later, of: all }.to_string();
    assert!(said.contains(&format!("{later} of 20 runs ended before")), "{said}");
    // `> 0` is decided by the bound alone.
    assert_eq!(result.judgements[2], Verdict::Holds);
}

/// Regular traffic, three times as much for 20 s: a backlog of (30 − 20) × 20 s is done in 20 s by what is to
/// spare, 10/s.
#[test]
fn a_step_drains_as_the_fluid_says() {
    let window = "replications = 2\n[window.all]\nlength = \"120s\"\nwarm-up = \"5s\"\nat = \"5s\"";
    let workload = "rate = \"10/s\"\narrivals = { process = \"regular\" }\n\
                    step = { at = \"30s\", factor = 3.0, for = \"20s\" }";
    let figures =
        ["drain.desk@all", "in-system.desk.max@all", "queue.desk.first[at-least=100]@all"];
    let loaded = station(window, 1, "\"50ms\"", workload, &figures);
    let found: Vec<f64> = estimates(&loaded).iter().map(|one| one.value().unwrap()).collect();
    for (found, exact) in found.iter().zip([20.0, 200.0, 35.0]) {
        assert!((found - exact).abs() <= 0.02 * exact, "{found}, not {exact}");
    }
    let short = window.replace("120s", "55s");
    let loaded = station(&short, 1, "\"50ms\"", workload, &["drain.desk@all"]);
    let Estimate::Missing(NoValue::AtLeast { mean, later: 2, of: 2, .. }) = estimates(&loaded)[0]
    else {
        panic!("not drained by the end of the window");
    };
    assert!((mean - 10.0).abs() < 1e-9, "{mean}");
}

/// Of two members, each of 20/s, one is gone for 20 s while 30/s come: the other has 200 in line. From the repair
/// until the balancer sees it, for a time d, 10/s more come than go, then 5/s more go: 200/5 + 3d.
#[test]
fn a_repair_drains_as_the_fluid_says() {
    let figures = ["drain.app-1@broken/repair:app-2", "drain.app@broken/repair:app-2"];
    let text = format!(
        "scenario = \"two\"\n[run]\nreplications = 2\n[window.broken]\nlevel = \"30/s\"\nwarm-up = \"5s\"\n\
         before = \"20s\"\nafter = \"80s\"\n[server.box]\ncount = 2\ncores = 1\n[zone.www]\ncount = 2\n\
         on = [\"box-1\", \"box-2\"]\n[service.app]\nin = \"www\"\nworkers = 1\nrestart = \"10ms\"\n\
         [balancer.front]\nto = \"app\"\ncheck = {{ interval = \"100ms\", time-out = \"50ms\", fall = 1, rise = 1 }}\n[workload.jobs]\n\
         request = \"job\"\nrate = \"30/s\"\narrivals = {{ process = \"regular\" }}\n[request.job]\nenter = \"front\"\n\
         demands = {{ work = \"50ms\" }}\nsteps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n[fault.stop]\n\
         hits = \"service.app\"\nhow = \"crash\"\nrate = \"1/y\"\n{}",
        asked(&figures)
    );
    let loaded = read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
    for estimate in estimates(&loaded) {
        let found = estimate.value().unwrap();
        assert!((39.5..=41.5).contains(&found), "{found}, not 40 s and what the check takes");
    }
}

/// Without a bound on its workers nothing can be busy of them; that is said before anything is run.
#[test]
fn a_utilization_of_unlimited_workers_is_refused_with_what_to_ask() {
    let text = |figure: &str| {
        format!(
            "scenario = \"free\"\n[run]\nseed = 1\n[window.w]\nlevel = \"30/s\"\nlength = \"20min\"\n[server.box]\n\
             cores = 1\n[zone.www]\non = [\"box-1\"]\n[service.app]\nin = \"www\"\nworkers = \"unlimited\"\n\
             [workload.jobs]\nrequest = \"job\"\nrate = \"30/s\"\n[request.job]\nenter = \"app\"\n\
             demands = {{ work = \"5ms\" }}\nsteps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n{}",
            asked(&[figure])
        )
    };
    for figure in ["utilization.app@w", "utilization.app-1@w", "utilization.app.max[per=1min]@w"] {
        let Err(found) = read(&text(figure), Path::new(".")) else {
            panic!("{figure} is accepted")
        };
        let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(found.contains("`app-1` has unlimited workers"), "{figure}: {found}");
        assert!(found.contains("use `busy.app"), "{figure}: {found}");
    }
    for figure in ["busy.app@w", "busy.app-1.max@w", "utilization.www.cpu.max[per=1min]@w"] {
        assert!(read(&text(figure), Path::new(".")).is_ok(), "{figure}");
    }
}

/// What a window cannot give is refused before anything is run, with what to write instead.
#[test]
fn what_a_window_cannot_give_is_refused_with_the_fix() {
    let window =
        "[window.all]\nlength = \"20min\"\n[window.flat]\nlevel = \"10/s\"\nlength = \"20min\"";
    let step = "rate = \"10/s\"\nstep = [ { at = \"5min\", factor = 2.0 } ]";
    let refused = |workload: &str, figure: &str| {
        let judged = format!("[[expect]]\nfigure = \"{figure}\"\nis = \"> 0\"\n");
        let text = format!(
            "scenario = \"one\"\n[run]\nseed = 7\n{window}\n[station.desk]\nservers = 1\nservice = \"5ms\"\n\
             [workload.jobs]\nrequest = \"job\"\n{workload}\n[request.job]\nsteps = [ {{ visit = \"desk\" }} ]\n{judged}"
        );
        let Err(found) = read(&text, Path::new(".")) else { panic!("{figure} is accepted") };
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (workload, figure, said) in [
        (
            step,
            "utilization.desk.max[per=15min]@all",
            "holds 1 whole intervals of 15min, and it takes 2",
        ),
        (
            step,
            "utilization.desk.max[per=15min]@all",
            "make the window 30min long, or write `[per=10min]`",
        ),
        (step, "utilization.desk.p95@all", "this percentile takes 20"),
        (step, "utilization.desk.p95@all", "`[per=1min]`; of fewer ask for `max`"),
        (step, "throughput.job.max[per=1us]@all", "at most 100000 are kept"),
        (step, "drain.desk@all", "is not over when `all` ends"),
        (step, "drain.desk@flat", "has a `level`"),
        ("rate = \"10/s\"", "drain.desk@all", "no step and no flash crowd"),
        (step, "in-system.job.p95@all", "`job` has no such figure"),
    ] {
        let found = refused(workload, figure);
        assert!(found.contains(said), "{figure}: {found}");
    }
}

/// Of what has a mean and no distribution the mean is named, and what there is by interval.
#[test]
fn a_distribution_that_is_not_kept_is_refused_with_what_is() {
    let text = |figure: &str| {
        format!(
            "scenario = \"disk\"\n[run]\nseed = 1\n[window.w]\nlevel = \"30/s\"\nlength = \"20min\"\n[server.box]\n\
             cores = 1\n[server.box.disks.local]\nkind = \"10k\"\nlayout = \"plain\"\ndata = 1\n[zone.www]\non = [\"box-1\"]\n[service.app]\nin = \"www\"\nworkers = 4\n\
             [workload.jobs]\nrequest = \"job\"\nrate = \"30/s\"\n[request.job]\nenter = \"app\"\n\
             demands = {{ work = \"5ms\" }}\nsteps = [ {{ cpu = \"app\", demand = \"work\" }} ]\n{}",
            asked(&[figure])
        )
    };
    for (figure, said) in [
        (
            "queue.box-1.local.max@w",
            "`queue.box-1.local@w`, or by interval `queue.box-1.local.max[per=5min]@w`",
        ),
        (
            "in-system.box-1.local.chance[at-least=3]@w",
            "there is the mean, `in-system.box-1.local@w`",
        ),
        ("sojourn.box-1.local.p95@w", "there is the mean, `sojourn.box-1.local@w`"),
    ] {
        let Err(found) = read(&text(figure), Path::new(".")) else {
            panic!("{figure} is accepted")
        };
        let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(found.contains(said), "{figure}: {found}");
    }
}

/// What is kept for a figure moves no other one, and nothing depends on the number of threads.
#[test]
fn what_is_asked_for_moves_nothing_else() {
    let window = "replications = 5\n[window.all]\nlength = \"120s\"\nwarm-up = \"5s\"\nat = \"5s\"";
    let workload = "rate = \"30/s\"\nstep = { at = \"30s\", factor = 2.0, for = \"20s\" }";
    let members = format!("{EXPONENTIAL}\ncount = 2\npick = \"random\"");
    let alone = ["latency.job.p95@all", "in-system.desk@all", "utilization.desk-1@all"];
    let more = [
        "queue.desk.max@all",
        "in-system.desk-1.p99@all",
        "sojourn.desk.sd@all",
        "drain.desk@all",
        "drain.desk-2@all",
        "queue.desk.first[at-least=2]@all",
        "throughput.desk.max[per=7s]@all",
        "arrivals.job.dispersion[per=1s]@all",
    ];
    let all = [&alone[..], &more[..]].concat();
    let of = |figures: &[&str], threads: usize| {
        let loaded = station(window, 1, &members, workload, figures);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| estimates(&loaded)).iter().map(|one| format!("{one:?}")).collect::<Vec<_>>()
    };
    let (few, one, three) = (of(&alone, 1), of(&all, 1), of(&all, 3));
    assert_eq!(few, one[..alone.len()]);
    assert_eq!(one, three);
}

/// Twenty twentieths add up to more than 1, as rounded numbers. A desk that is always busy is busy to 1, and no more.
#[test]
fn no_interval_of_a_timeline_has_more_than_the_capacity() {
    let window = "replications = 20\n[window.all]\nlength = \"30s\"\nwarm-up = \"10s\"";
    let loaded = station(window, 1, "\"50ms\"", "rate = \"100/s\"", &["throughput.desk@all"]);
    let seen = lived(&loaded);
    let grid = &seen.windows[0].grid;
    assert_eq!(grid.iter().flatten().copied().collect::<Vec<f64>>(), [1.0]);
}
