//! Traffic as a fluid: what is lost, served late and asked of every part over years is what the
//! formulas say, and what `requests` lives through under the same seed.

use fivenines::engine::law::Law;
use fivenines::plan::Draft;
use fivenines::plan::availability::{self, AvailabilityPlan};
use fivenines::plan::fluid::state::Input;
use fivenines::plan::fluid::users::Patience;
use fivenines::plan::load;
use fivenines::solve::fluid::stalls::{Stalled, stalled};
use fivenines::solve::fluid::{Known, MOST_CELLS, Memo};
use fivenines::solve::{flows, requests};
use fivenines::study::window::Estimate;
use fivenines::units::SimDuration;

use super::{Years, asked};
use crate::inside::faults::{drafted, planned, window};
use crate::inside::shared::base::{With as _, base};

const YEAR_S: f64 = 31_536_000.0;

/// Two web servers of one core each behind a balancer, 40 views a second of 40 ms: each is 80 % busy,
/// and one alone is asked for 1.6 times what it can do. The first breaks twelve times a year for four
/// hours; the balancer sees it after U(0, 1 s) + 0.1 s.
fn pair() -> String {
    base("site").with(
        r#"
[run]
seed = 3
[server.box]
count = 2
cores = 1
[zone.web]
count = 2
on = ["box-1", "box-2"]
[service.app]
workers = 100
restart = "1s"
[balancer.front]
rack = "r"
to = "app"
algorithm = "round-robin"
member-limit = 4
check = { interval = "1s", time-out = "0.1s", fall = 1, rise = 1, depth = "deep" }
[clients.public]
patience = { dist = "exponential", mean = "2s" }
[request.page]
enter = "front"
demands = { page = "40ms" }
[objective.page]
availability = "99.9%"
[fault.server]
hits = "box-1"
how = "crash"
rate = "12/y"
repair = { dist = "exponential", mean = "4h" }
"#,
    )
}

fn years(text: &str, horizon: &str, replications: u32, paths: &[&str]) -> Years {
    Years::of(asked(&drafted(text), horizon, replications, paths))
}

/// Share of the time for which something is broken that breaks so often a year for so many hours.
fn down(a_year: f64, hours: f64) -> f64 {
    let cycle = YEAR_S / a_year + hours * 3600.0;
    hours * 3600.0 / cycle
}

/// 1 − C/λ of the views, for as long as one is gone.
fn overload_of_the_pair() -> f64 {
    40.0 * YEAR_S * down(12.0, 4.0) * (1.0 - 1.0 / 1.6)
}

/// Half of the views, for as long as nobody knows.
fn unseen_of_the_pair() -> f64 {
    let breaks = YEAR_S / (YEAR_S / 12.0 + 4.0 * 3600.0);
    40.0 * breaks * 0.5 * (0.5 + 0.1)
}

#[test]
fn one_of_two_members_lost_loses_what_the_other_cannot_do() {
    let paths = [
        "lost.page[outcome=overload]@horizon",
        "lost.page[outcome=fault]@horizon",
        "lost.page[cause=server]@horizon",
        "request.page@horizon",
    ];
    let seen = years(&pair(), "10y", 200, &paths);
    seen.holds(paths[0], overload_of_the_pair(), 0.05);
    seen.holds(paths[1], unseen_of_the_pair(), 0.05);
    seen.holds(paths[2], unseen_of_the_pair(), 0.05);
    let lost = (overload_of_the_pair() + unseen_of_the_pair()) / (40.0 * YEAR_S);
    let served = seen.interval(paths[3]);
    assert!(served.contains(1.0 - lost), "{lost}: {served:?}");
}

/// The checks of the pair must miss when what it looks at is not in the plan.
pub fn assert_pair_misses(figure: &str, exact: f64, mutate: impl Fn(&mut AvailabilityPlan)) {
    let mut plan = asked(&drafted(&pair()), "10y", 200, &[figure]);
    mutate(&mut plan.of);
    let seen = Years::of(plan);
    let found = seen.estimate(figure);
    let known = |i: &fivenines::stats::interval::Interval| {
        i.contains(exact) && i.half_width() <= 0.05 * exact
    };
    let holds = matches!(&found, Estimate::Interval(interval) if known(interval));
    assert!(!holds, "{figure}: the mutant is not noticed: {found:?}");
}

pub fn assert_ignored_overload_is_noticed() {
    assert_pair_misses("lost.page[outcome=overload]@horizon", overload_of_the_pair(), |plan| {
        let fluid = plan.fluid.as_mut().unwrap();
        fluid.network.resources.iter_mut().for_each(|resource| resource.capacity *= 10.0);
    });
}

pub fn assert_ignored_detection_is_noticed() {
    assert_pair_misses("lost.page[outcome=fault]@horizon", unseen_of_the_pair(), |plan| {
        let inputs = &plan.fluid.as_ref().unwrap().inputs;
        let misled = |at: usize| matches!(inputs[at], Input::Misled(..));
        let facts = &mut plan.nets[0].load.as_mut().unwrap().facts;
        let all = facts.iter_mut().enumerate().filter(|(at, _)| misled(*at));
        all.for_each(|(_, fact)| *fact = None);
    });
}

/// Where nothing breaks, the utilisation law: λ times demand over capacity, to rounding.
#[test]
fn utilisation_is_the_rate_times_the_demand_where_nothing_breaks() {
    let text = pair().replace("12/y", "0.000001/y");
    let paths = [
        "utilization.web-1.cpu@horizon",
        "utilization.box-2.cpu@horizon",
        "utilization.web-1.cpu.p95@horizon",
        "utilization.web-1.cpu.max@horizon",
        "utilization.web-1.cpu[hour=100]@horizon",
    ];
    let seen = years(&text, "3y", 20, &paths);
    for path in paths {
        let found = seen.interval(path).estimate;
        // Quantiles are kept in bins of 1 %.
        let width = if path.contains("p95") { 0.006 } else { 1e-9 };
        assert!((found - 0.8).abs() <= width * 0.8, "{path}: {found}");
    }
}

/// The busiest hour of a profile that peaks at 20:30: lines between the middles of hours make its mean
/// (17:30 + 6 × 20:30 + 19:30)/8 of the factors; days differ too.
#[test]
fn the_busiest_hour_is_that_of_the_profile() {
    let mut hours = vec![1.0; 24];
    (hours[19], hours[20], hours[21]) = (1.2, 1.6, 1.3);
    let days = [1.0, 1.0, 1.0, 1.0, 1.2, 0.9, 0.9];
    let mean = hours.iter().sum::<f64>() / 24.0 * days.iter().sum::<f64>() / 7.0;
    let text = pair()
        .replace("12/y", "0.000001/y")
        .replace("rate = \"40/s\"", "rate = \"10/s\"\nprofile = \"p\"")
        + &format!("[profile.p]\nhours = {hours:?}\ndays = {days:?}\n");
    let friday = 4 * 24 + 20;
    let hour = format!("utilization.web-1.cpu[hour={friday}]@horizon");
    let paths = ["utilization.web-1.cpu@horizon", "utilization.web-1.cpu.max@horizon", &hour];
    let seen = years(&text, "364d", 20, &paths);
    let whole = 10.0 * 0.04 / 2.0;
    let top = whole * 1.2 * (1.2 + 6.0 * 1.6 + 1.3) / 8.0 / mean;
    for (path, exact) in paths.iter().zip([whole, top, top]) {
        let found = seen.interval(path).estimate;
        assert!((found / exact - 1.0).abs() < 1e-9, "{path}: {found}, {exact} wanted");
    }
}

/// λ(t − ∫₀ᵗ(1 − F)) with exponential patience, and where workers and line are full.
#[test]
fn a_stall_loses_those_who_do_not_wait_for_its_end() {
    let patience = |most: Option<f64>| {
        let law = Law::exponential(10.0).unwrap();
        Patience::new(Some(law), most.map(SimDuration::from_seconds_f64), None)
    };
    let kept = |t: f64| 10.0 * (1.0 - libm::exp(-t / 10.0));
    let both = |of: Stalled| (of.lost, of.waits());
    for t in [0.5, 5.0, 45.0, 600.0] {
        let (lost, waits) = both(stalled(&patience(None), t, (1.0, 0.0), (1e9, 1e9)));
        assert!((waits - kept(t)).abs() < 1e-4 * kept(t), "{t}: {waits}, {}", kept(t));
        assert!((lost - (t - kept(t))).abs() < 1e-3 * t, "{t}: {lost}");
        // Half of the views pass the stall by; workers are held after 20 s, the line full after 30.
        let (lost, waits) = both(stalled(&patience(None), t, (0.5, 0.0), (20.0, 30.0)));
        let (a, b) = (t.min(20.0), t.min(30.0));
        let exact = 0.5 * (kept(t) - kept(t - a)) + kept(t - a) - kept(t - b);
        assert!((waits - exact).abs() < 1e-3 * exact.max(0.01), "{t}: {waits}, {exact}");
        assert!((lost - (0.5 * a + (t - a) - exact)).abs() < 1e-3 * t, "{t}: {lost}");
    }
    // A fifth fails at once all the time, and 0.3 are stalled until the workers are held: of the rest each is lost or waits.
    let (lost, waits) = both(stalled(&patience(None), 45.0, (0.3, 0.2), (20.0, 30.0)));
    let exact = 0.3 * (kept(45.0) - kept(25.0)) + 0.8 * (kept(25.0) - kept(15.0));
    assert!((waits - exact).abs() < 1e-3 * exact, "{waits}, {exact}");
    assert!((lost + waits - (0.3 * 20.0 + 0.8 * 25.0)).abs() < 1e-6, "{lost}, {waits}");
    // Nobody waits longer than 8 s.
    let (lost, waits) = both(stalled(&patience(Some(8.0)), 45.0, (1.0, 0.0), (1e9, 1e9)));
    assert!((waits - kept(8.0)).abs() < 1e-4 && (lost - 45.0 + kept(8.0)).abs() < 1e-4);
}

/// A pair of heads of which one breaks: a takeover of 15 s + 30 s, and a giveback of 20 s.
fn heads() -> String {
    base("site").with(
        r#"
[run]
seed = 5
[nas.store]
rack = "r"
heads = 2
cpu = "0.1ms"
[nas.store.failover]
detect = "15s"
takeover = "30s"
coverage = 1.0
giveback = { after = "600s", lasts = "20s" }
[nas.store.pools]
main = { kind = "7.2k", layout = "mirror", data = 2, parity = 2, head = 1 }
[nas.store.volumes]
data = { pool = "main" }
[service.app]
mounts = { files = "store:data" }
[clients.public]
patience = { dist = "exponential", mean = "10s" }
[workload.visitors]
rate = "2/s"
[request.page]
steps = [ { cpu = "app", demand = "page" }, { io = "files", read = 1, ops = 1 } ]
[fault.head]
hits = "store.head-1"
how = "crash"
rate = "20/y"
repair = { dist = "exponential", mean = "4h" }
"#,
    )
}

#[test]
fn a_takeover_of_a_head_loses_the_impatient_and_serves_the_others_late() {
    let paths = ["lost.page@horizon", "lost.page[cause=head]@horizon"];
    let seen = years(&heads(), "10y", 150, &paths);
    let kept = |t: f64| 10.0 * (1.0 - libm::exp(-t / 10.0));
    // A repair within the 45 s ends the stall by itself, and there is nothing to give back: of an
    // exponential repair of 4 h three in a thousand.
    let breaks = YEAR_S / (YEAR_S / 20.0 + 4.0 * 3600.0);
    let lost = 2.0 * breaks * ((45.0 - kept(45.0)) + (20.0 - kept(20.0)));
    // Two in a million abandon because of other views at the disks, at any time.
    let well = years(&heads().replace("20/y", "0.000001/y"), "1y", 1, &paths[..1]);
    let always = well.estimate(paths[0]).value().unwrap();
    for (path, lost) in paths.iter().zip([lost + always, lost]) {
        let found = seen.interval(path);
        assert!((found.estimate / lost - 1.0).abs() < 0.03, "{path}: {found:?}, {lost}");
    }
}

/// The same seed, the same faults: the share of the views lost is that of `requests` within 10 %.
#[test]
fn views_lost_in_a_day_are_those_that_requests_loses() {
    let shop = base("shop");
    let (draft, plan) = (drafted(&shop), planned(&shop));
    let years = availability::plan(&draft, &[]).unwrap();
    let known = Known::default();
    let (mut by_requests, mut by_flows) = ((0.0, 0.0), (0.0, 0.0));
    for replication in 0..4 {
        let seen = requests::run(&plan, &window(0.0, 86_400.0), replication).unwrap();
        let views = &seen.record.views[0];
        by_requests.0 += views.lost.iter().sum::<u64>() as f64;
        by_requests.1 += views.intended as f64;
        let mut memo = Memo::new(years.fluid.as_ref().unwrap(), &known);
        let seen = flows::run_with_traffic(&years, 0, replication, &[], &mut memo).unwrap();
        let class = &seen.traffic.unwrap().classes[0];
        by_flows.0 += class.lost.iter().sum::<f64>();
        by_flows.1 += class.intended;
    }
    let (requests, flows) = (by_requests.0 / by_requests.1, by_flows.0 / by_flows.1);
    assert!((0.005..0.04).contains(&requests), "{requests}");
    assert!((flows / requests - 1.0).abs() < 0.1, "flows {flows}, requests {requests}");
}

fn lived(draft: &Draft, horizon: &str, most: usize) -> (flows::Observation, usize) {
    let mut plan = availability::plan(draft, &[]).unwrap();
    plan.horizon = SimDuration::parse(horizon).unwrap();
    let known = Known::default();
    let mut memo = Memo::with_room(plan.fluid.as_ref().unwrap(), &known, most);
    let seen = flows::run_with_traffic(&plan, 0, 0, &[], &mut memo).unwrap();
    (seen, memo.remembered())
}

/// A horizon ten times as long remembers no more than is allowed, and what is forgotten changes
/// nothing but the order of sums.
#[test]
fn states_that_were_met_are_remembered_up_to_a_bound() {
    let draft = crate::inside::common::load("tiers/tier-3.toml").draft;
    let (year, few) = lived(&draft, "1y", MOST_CELLS);
    let (ten, more) = lived(&draft, "10y", MOST_CELLS);
    assert!(few <= MOST_CELLS && more <= MOST_CELLS, "{few}, {more}");
    let (forgetful, left) = lived(&draft, "10y", 3);
    assert!(left <= 3, "{left}");
    let (ten, forgetful) = (ten.traffic.unwrap(), forgetful.traffic.unwrap());
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1e-9);
    for (one, other) in ten.classes.iter().zip(&forgetful.classes) {
        assert!(near(one.intended, other.intended), "{one:?} {other:?}");
        assert!(one.lost.iter().zip(&other.lost).all(|(a, b)| near(*a, *b)), "{one:?} {other:?}");
        assert_eq!(one.months, 120);
    }
    assert!(ten.busy.iter().zip(&forgetful.busy).all(|(a, b)| near(*a, *b)));
    assert_eq!(year.traffic.unwrap().classes[0].months, 12);
}

/// Fault, overload and planned are all; so are the causes.
#[test]
fn lost_views_are_the_sum_of_their_kinds() {
    let draft = crate::inside::common::load("tiers/tier-2.toml").draft;
    let kinds = ["[outcome=fault]", "[outcome=overload]", "[outcome=planned]"];
    let paths: Vec<String> = kinds.iter().map(|kind| format!("lost.page{kind}@horizon")).collect();
    let mut all: Vec<&str> = paths.iter().map(String::as_str).collect();
    all.push("lost.page@horizon");
    let seen = Years::of(asked(&draft, "10y", 20, &all));
    let value = |path: &str| seen.estimate(path).value().unwrap_or(0.0);
    let sum: f64 = paths.iter().map(|path| value(path)).sum();
    let whole = value("lost.page@horizon");
    assert!(whole > 0.0 && (sum / whole - 1.0).abs() < 1e-9, "{sum} of {whole}");
}

/// A month that loses more than the objective leaves does not meet it; those of the pair in which the
/// server does not break do.
#[test]
fn a_month_meets_its_objective_when_it_loses_no_more_than_that_leaves() {
    let seen = years(&pair(), "10y", 200, &["request.page.chance@month"]);
    // 0.1 % of a month of 730 h is lost by a server that is gone for 0.73 h / 0.375 = 1.95 h in it.
    // Breaks are Poisson, 1 a month; n repairs of 4 h each in the mean take no longer than that with
    // the probability of an Erlang law, by its series. Few reach over the end of a month.
    let (mean, short) = (1.0 / (1.0 + 4.0 / 730.0), 0.73 / 0.375 / 4.0_f64);
    let (mut chance, mut poisson, mut term, mut below) = (0.0, libm::exp(-mean), 1.0, 1.0);
    for n in 1..20 {
        chance += poisson * below;
        poisson *= mean / f64::from(n);
        // Erlang of n stages: what is left after n terms of the exponential series.
        below -= libm::exp(-short) * term;
        term *= short / f64::from(n);
    }
    let found = seen.interval("request.page.chance@month");
    assert!((found.estimate - chance).abs() < 0.012, "{found:?}, {chance}");
}

/// A flash crowd and a step are in the traffic.
#[test]
fn steps_of_the_rate_are_in_the_views_wanted() {
    let step = "rate = \"40/s\"\nstep = [ { at = \"2400h\", factor = 1.5, for = \"100h\" } ]";
    let text = pair().replace("12/y", "0.000001/y").replace("rate = \"40/s\"", step);
    let (seen, _) = lived(&drafted(&text), "1y", MOST_CELLS);
    let views = seen.traffic.unwrap().classes[0].intended;
    let exact = 40.0 * (YEAR_S + 0.5 * 360_000.0);
    // The level is rounded to steps of 0.5 %.
    assert!((views / exact - 1.0).abs() < 1e-4, "{views}, {exact}");
}

/// What the fluid asks of every resource where nothing is wrong is the offered load of the plan.
#[test]
fn the_fluid_asks_for_what_is_offered() {
    let mut judged = 0;
    for path in [
        "tiers/starter.toml",
        "tiers/tier-1.toml",
        "tiers/tier-2.toml",
        "tiers/tier-3.toml",
        "tiers/tier-4.toml",
        "tiers/tier-5.toml",
        "tiers/tier-6.toml",
        "tiers/tier-7.toml",
        "tiers/tier-8.toml",
    ] {
        let draft = crate::inside::common::load(path).draft;
        let fluid = availability::plan(&draft, &[]).unwrap().fluid.unwrap();
        let mut rates = vec![0.0; fluid.classes.len()];
        for workload in &fluid.workloads {
            rates[workload.class] += workload.traffic.curve().level().in_per_second();
        }
        let state = fluid.state(&fluid.well());
        let mut work = state.constant.to_vec();
        state.publish(&mut rates);
        for (flow, rate) in state.flows.iter().zip(&rates) {
            assert_eq!((flow.fails, flow.stalls), (0.0, 0.0), "{path}");
            flow.work.iter().for_each(|(at, each)| work[*at as usize] += each * rate);
        }
        let offered = load::offered(&draft, &load::open_rates(&draft));
        for one in offered.iter().filter(|one| one.resource.is_limit()) {
            let mut resources = fluid.network.resources.iter();
            let found = resources.position(|r| r.name == one.name && r.resource == one.resource);
            let found = found.map_or(0.0, |at| work[at]);
            let gap = (found - one.per_second).abs();
            assert!(gap <= 1e-9 * one.per_second, "{path}, {}: {found}, {one:?}", one.name);
            judged += 1;
        }
    }
    assert!(judged > 100, "{judged} resources");
}

/// A page that asks a database twelve times, or not at all: so many of ten.
const SELDOM: &str = r#"
scenario = "seldom"
[run]
initial = "new"
seed = 3
[server.box]
count = 2
cores = 1
[zone.www]
on = ["box-1"]
[zone.sql]
on = ["box-2"]
[service.app]
in = "www"
workers = "unlimited"
[workload.visitors]
request = "page"
rate = "2/s"
[request.page]
enter = "app"
steps = [ { choose = [ { probability = 0.1, steps = [ { call = "mysql", read = 12 } ] } ] } ]
[database.mysql]
in = { primary = "sql" }
connections = 100
read = { cpu = "1ms" }
write = { cpu = "1ms" }
restart = "0s"
[fault.crash]
hits = "database.mysql.primary"
how = "crash"
rate = "12/y"
repair = { dist = "exponential", mean = "4h" }
"#;

#[test]
fn who_does_not_ask_a_dead_database_is_served() {
    let figure = "lost.page[cause=crash]@horizon";
    let seen = years(SELDOM, "10y", 200, &[figure]);
    seen.holds(figure, 2.0 * YEAR_S * down(12.0, 4.0) * 0.1, 0.05);
}

/// Two classes whose services are dead at different times, one for a minute, one for two. Together they are up
/// while both are, for all but three minutes of a day; of 40 and 10 views a second those that come meanwhile are
/// lost. A scenario with one class says nothing of all of them.
#[test]
fn all_classes_together_are_up_while_each_is() {
    let text = base("two-services");
    let seen = |text: &str| {
        let loaded = crate::inside::common::read(text, std::path::Path::new(".")).unwrap();
        let result =
            fivenines::study::scenario::run(&loaded.plan, &loaded.study, &Default::default());
        let (draft, plan, study) = (&loaded.draft, &loaded.plan, &loaded.study);
        fivenines::study::results::gather(draft, plan, study, &result.unwrap())
    };
    let two = seen(&text).years.unwrap();
    let down = |name: &str| -> Vec<f64> {
        let rows = two.rows.iter().filter(|row| row.name == name);
        // Structural, and of classes continuous; seconds a year.
        rows.map(|row| row.all.downtime.value().unwrap() / 365.0).collect()
    };
    for (name, wanted) in [("page", 60.0), ("call", 120.0), ("all classes", 180.0)] {
        let found = down(name);
        assert_eq!(found.len(), 2, "{name}");
        assert!(found.iter().all(|found| (found - wanted).abs() < 1e-6), "{name}: {found:?}");
    }
    let served = 1.0 - (40.0 * 60.0 + 10.0 * 120.0) / (50.0 * 86_400.0);
    let all = |seen: fivenines::study::results::YearsRows| seen.load.unwrap().all.unwrap();
    let all_of_two = all(two);
    let request = all_of_two.request.value().unwrap();
    assert!((request - served).abs() < 1e-9, "{request}, {served} wanted");
    // One interval of each; then one of the pages, and three of the calls of which that is the first.
    let late = text.replace("at = \"2h\"\nlasts = \"120s\"", "at = \"3660s\"\nlasts = \"600s\"");
    assert_ne!(late, text);
    for (all, bad) in [(all_of_two, 2.0), (all(seen(&late).years.unwrap()), 3.0)] {
        let objective = all.objective.value().unwrap();
        assert!((objective - (1.0 - bad / 288.0)).abs() < 1e-9, "{objective}, {bad} bad");
    }
    let one = text.split("[workload.partners]").next().unwrap().to_string()
        + &text[text.find("[request.page]").unwrap()..text.find("[request.call]").unwrap()]
        + &text[text.find("[fault.app]").unwrap()..text.find("[fault.api]").unwrap()];
    let one = one.replace("[service.api]\nin = \"web\"\nworkers = 100\n", "");
    let one = seen(&one).years.unwrap();
    assert!(one.load.unwrap().all.is_none());
    assert!(one.rows.iter().all(|row| row.name != "all classes"));
}
