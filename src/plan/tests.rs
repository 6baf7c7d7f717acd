//! Single points, cut sets and offered load of the shipped scenarios.

use std::path::{Path, PathBuf};

use super::*;
use crate::plan::cutsets::{CutSets, single_points};
use crate::plan::graph::{Graph, Subject};
use crate::plan::load::{self, Resource};
use crate::scenario::{base, source::Source};

/// Returns the draft of a text; panics with the diagnostics if there is an error.
fn drafted(name: &str, text: &str) -> Draft {
    let mut out = Diagnostics::new();
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut one = Document::parse(Source::from_text(name, text).beside(folder), &mut out).unwrap();
    let draft = base::lay(&mut one, folder, &mut out).and_then(|_| draft(&one, &mut out).ok());
    assert!(!out.has_errors(), "{name}: {:#?}", out.sorted());
    draft.expect("a scenario without errors has a draft")
}

fn shipped(path: &str) -> Draft {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path);
    drafted(path, &std::fs::read_to_string(full).unwrap())
}

fn page(draft: &Draft) -> Subject {
    let class = draft.scenario.request.iter().position(|(name, _)| name.text == "page");
    Subject::Class(class.expect("the tiers serve pages"))
}

/// The single points of the drawings (balancer, SQL, NAS, …) and those that the drawings leave out: the one
/// switch and the one site in all tiers, the only server, and the pools, since each volume
/// is spread over both of them from tier 5 on. A host is listed under its role.
#[test]
fn the_tiers_have_the_single_points_of_their_drawings_and_those_left_out() {
    let common = ["r.switch-1 on r", "main"];
    let tiers: [(&str, &[&str]); 9] = [
        (
            "starter",
            &["mysql.primary on www-1, twin-1", "app-1 on www-1, twin-1", "twin-1.local on twin-1"],
        ),
        (
            "tier-1",
            &[
                "mysql.primary on sql-1, twin-1",
                "app-1 on www-1, twin-1",
                "store.main",
                "store.head-1",
            ],
        ),
        ("tier-2", &["front-1", "mysql.primary on sql-1, twin-1", "store.main", "store.head-1"]),
        ("tier-3", &["front-1", "store.main", "store.head-1"]),
        ("tier-4", &["store.main", "store.head-1"]),
        ("tier-5", &["store.second", "store.main"]),
        ("tier-6", &["store.second", "store.main"]),
        ("tier-7", &["store.second", "store.main"]),
        ("tier-8", &["store.second", "store.main"]),
    ];
    for (tier, expected) in tiers {
        let draft = shipped(&format!("tiers/{tier}.toml"));
        let graph = Graph::of(&draft);
        let cuts = CutSets::of(&graph).of_subject(page(&draft)).unwrap();
        let found: Vec<String> =
            single_points(&draft, &cuts).iter().map(|point| point.print(&draft)).collect();
        let expected: Vec<&str> = expected.iter().chain(&common).copied().collect();
        assert_eq!(found, expected, "{tier}");
    }
}

/// Returns the paths of all shipped scenarios.
fn all_shipped() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_shipped_scenario_makes_sense() {
    let all = all_shipped();
    assert!(all.len() >= 40, "{} scenarios", all.len());
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let draft = drafted(&name, &text);
        assert!(draft.names.total() > 0, "{name}");
    }
}

/// The table of docs/standard-set.md, section 2, and of the reference's 6.2: offered load at 20 and
/// 40 page views per second, computed analytically, printed with three decimals.
#[test]
fn offered_load_of_the_tiers_is_that_worked_out_by_hand() {
    use Resource::{Baseline, Cpu, Disks, Head, Uplink};
    type Row = (&'static str, &'static str, Resource, f64, f64);
    const ROWS: &[Row] = &[
        ("starter", "www", Cpu, 0.571, 1.142),
        ("starter", "www", Baseline, 1.142, 2.284),
        ("starter", "twin-1.local", Disks, 0.360, 0.720),
        ("starter", "main.uplink", Uplink, 0.170, 0.339),
        ("tier-1", "www", Cpu, 0.416, 0.832),
        ("tier-1", "www", Baseline, 0.832, 1.664),
        ("tier-1", "sql", Cpu, 0.155, 0.310),
        ("tier-1", "store.main", Disks, 0.300, 0.600),
        ("tier-1", "store.head", Head, 0.028, 0.056),
        ("tier-1", "main.uplink", Uplink, 0.170, 0.339),
        ("tier-2", "www", Cpu, 0.208, 0.416),
        ("tier-2", "www", Baseline, 0.416, 0.832),
        ("tier-2", "sql", Cpu, 0.155, 0.310),
        ("tier-2", "store.main", Disks, 0.300, 0.600),
        ("tier-2", "store.head", Head, 0.028, 0.056),
        ("tier-2", "front", Cpu, 0.018, 0.036),
        ("tier-3", "sql-1", Cpu, 0.155, 0.310),
        ("tier-3", "sql-2", Cpu, 0.005, 0.010),
        ("tier-3", "store.main", Disks, 0.300, 0.600),
        ("tier-3", "store.slave", Disks, 0.075, 0.150),
        ("tier-3", "store.head", Head, 0.031, 0.062),
        ("tier-4", "store.main", Disks, 0.300, 0.600),
        ("tier-4", "store.head", Head, 0.031, 0.062),
        ("tier-4", "front-1", Cpu, 0.018, 0.036),
        ("tier-5", "www", Cpu, 0.208, 0.416),
        ("tier-5", "store.main", Disks, 0.150, 0.300),
        ("tier-5", "store.second", Disks, 0.150, 0.300),
        ("tier-5", "store.slave", Disks, 0.075, 0.150),
        ("tier-5", "store.head-1", Head, 0.014, 0.028),
        ("tier-5", "store.head-2", Head, 0.017, 0.034),
        ("tier-6", "www", Cpu, 0.069, 0.139),
        ("tier-6", "www", Baseline, 0.139, 0.277),
        ("tier-6", "sql-1", Cpu, 0.155, 0.310),
        ("tier-6", "store.main", Disks, 0.150, 0.300),
        ("tier-7", "www", Cpu, 0.069, 0.139),
        ("tier-7", "sql-1", Cpu, 0.005, 0.010),
        ("tier-7", "sql-2", Cpu, 0.055, 0.110),
        ("tier-7", "twin-4.local", Disks, 0.089, 0.178),
        ("tier-7", "store.main", Disks, 0.096, 0.192),
        ("tier-7", "store.head", Head, 0.012, 0.024),
        ("tier-8", "www", Cpu, 0.022, 0.044),
        ("tier-8", "www", Baseline, 0.044, 0.087),
        ("tier-8", "sql-1", Cpu, 0.005, 0.010),
        ("tier-8", "sql-2", Cpu, 0.021, 0.043),
        ("tier-8", "twin-4.local", Disks, 0.069, 0.139),
        ("tier-8", "store.main", Disks, 0.052, 0.105),
        ("tier-8", "store.head", Head, 0.003, 0.006),
        ("tier-7", "front-1", Cpu, 0.042, 0.084),
        ("tier-8", "front-1", Cpu, 0.0093, 0.0185),
        ("tier-8", "main.uplink", Uplink, 0.013, 0.026),
    ];
    for tier in
        ["starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7", "tier-8"]
    {
        let draft = shipped(&format!("tiers/{tier}.toml"));
        for (name, column) in [("mean", 0), ("peak", 1)] {
            let windows = &draft.scenario.window;
            let window = windows.iter().position(|(other, _)| other.text == name).unwrap();
            let all = load::offered(&draft, &load::rates_in(&draft, window));
            for (_, group, resource, mean, peak) in ROWS.iter().filter(|row| row.0 == tier) {
                let expected = [mean, peak][column];
                let found = load::total(&draft, &all, group, *resource);
                let found = found.unwrap_or_else(|| panic!("{tier}: no {group} {resource:?}"));
                let digit = 0.000_5;
                assert!(
                    (found - expected).abs() <= digit * 1.000_001,
                    "{tier} {group} {resource:?} at {name}: {found}, by hand {expected}"
                );
            }
        }
    }
}

/// With one web zone of tier 2 lost, the other carries 0.416 and 0.832 of its cap, 0.832 and 1.664 of
/// its guarantee; the load of all other parts is unchanged.
#[test]
fn after_a_loss_those_that_are_left_carry_the_load() {
    let draft = shipped("tiers/tier-2.toml");
    let graph = Graph::of(&draft);
    let lost = [part::Part::Zone { zone: 0, member: 0 }];
    let all = load::offered_without(&draft, &graph, &[40.0], &lost);
    let found = |group, resource| load::total(&draft, &all, group, resource).unwrap();
    assert!((found("www-2", Resource::Cpu) - 0.832).abs() < 1e-9);
    assert!((found("www-2", Resource::Baseline) - 1.664).abs() < 1e-9);
    assert!((found("sql-1", Resource::Cpu) - 0.310).abs() < 1e-9);
    assert_eq!(load::total(&draft, &all, "www-1", Resource::Cpu), None);
    // With a head of tier 5 lost, the other carries the operations of both; the pools keep theirs.
    let draft = shipped("tiers/tier-5.toml");
    let graph = Graph::of(&draft);
    let lost = [part::Part::Head { nas: 0, number: 0 }];
    let all = load::offered_without(&draft, &graph, &[40.0], &lost);
    let found = |group, resource| load::total(&draft, &all, group, resource).unwrap();
    assert!((found("store.head-2", Resource::Head) - 40.0 * 15.5 * 1e-4).abs() < 1e-9);
    assert!((found("store.main", Resource::Disks) - 0.300).abs() < 1e-9);
}

/// The Jackson network of case O12: app = 0.7 × 60 + 0.2 db, db = 0.5 app.
#[test]
fn a_loop_in_a_route_loads_as_the_traffic_equations_say() {
    let draft = shipped("oracles/o12-jackson.toml");
    let all = load::offered(&draft, &load::rates(&draft));
    let found = |group| load::total(&draft, &all, group, Resource::Servers).unwrap();
    let app = 0.7 * 60.0 / 0.9;
    assert!((found("web") - 60.0 * 0.020 / 2.0).abs() < 1e-12);
    assert!((found("app") - app * 0.050 / 4.0).abs() < 1e-12);
    assert!((found("db") - 0.5 * app * 0.025).abs() < 1e-12);
}

/// Cut sets computed from the leaves up equal those found by trying every part and every pair.
#[test]
fn cut_sets_are_those_that_trying_every_part_and_pair_finds() {
    for path in [
        "tiers/tier-1.toml",
        "tiers/tier-5.toml",
        "tiers/tier-7.toml",
        "scalable/two-sites.toml",
        "scalable/image-peers.toml",
        "scalable/image-pair.toml",
        "../tests/scenarios/slow-switch.toml",
        "databases/db-4.toml",
        "databases/db-5.toml",
        "oracles/o32-standby.toml",
    ] {
        let draft = shipped(path);
        let graph = Graph::of(&draft);
        let sets = CutSets::of(&graph);
        let parts = graph.parts();
        for &(subject, _) in graph.subjects() {
            let found = sets.of_subject(subject).unwrap();
            assert!(found.complete);
            assert!(graph.serves(subject, &[]), "{path}: served when all is well");
            let single: Vec<_> =
                parts.iter().copied().filter(|part| !graph.serves(subject, &[*part])).collect();
            assert_eq!(found.singles, single, "{path}");
            let mut pairs = Vec::new();
            let rest: Vec<_> = parts.iter().filter(|part| !single.contains(part)).collect();
            for (at, a) in rest.iter().enumerate() {
                for b in &rest[at + 1..] {
                    if !graph.serves(subject, &[**a, **b]) {
                        pairs.push((**a, **b));
                    }
                }
            }
            assert_eq!(found.pairs, pairs, "{path}");
        }
    }
}

fn warnings(draft: &Draft) -> Vec<(&'static str, String)> {
    let mut out = Diagnostics::new();
    lint::lint(draft, &mut out);
    assert!(!out.has_errors());
    out.sorted().into_iter().map(|d| (d.code.id(), d.message.clone())).collect()
}

/// Tier 3 at its peak: three single roles with the switch and the site, pairs that share servers,
/// nothing overloaded, and a web zone that carries 0.83 alone.
#[test]
fn lint_of_tier_3_names_the_roles_and_the_shared_servers() {
    let draft = shipped("tiers/tier-3.toml");
    let found = warnings(&draft);
    let single = |role: &str| ("W1202", format!("single point of failure of `page`: `{role}`"));
    for role in ["front-1", "store.main", "store.head-1", "r.switch-1", "main"] {
        assert!(found.contains(&single(role)), "{role}: {found:#?}");
    }
    assert_eq!(found.iter().filter(|(code, _)| *code == "W1202").count(), 5);
    let shared = found.iter().find(|(code, _)| *code == "W1203").expect("one server, two spares");
    assert!(shared.1.contains("`app`") && shared.1.contains("`mysql`"), "{shared:?}");
    assert!(!found.iter().any(|(code, _)| ["W1204", "W1205", "W1101"].contains(code)), "{found:?}");
}

/// The Starter at its peak: 114.2 ms at 40/s on 4 cores is an offered load of 1.14.
#[test]
fn lint_says_that_the_starter_is_overloaded_at_the_peak() {
    let found = warnings(&shipped("tiers/starter.toml"));
    let over: Vec<_> = found.iter().filter(|(code, _)| *code == "W1204").collect();
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].1.contains("`www-1.cpu` is offered 1.14") && over[0].1.contains("`peak`"));
}

/// A site that is idle at its mean rate but not in the busiest hour of its profile: 10/s of 50 ms on one core,
/// 2.4 times that from noon to one on Wednesday, three times as much in a step: 0.5, 1.2 and 3.6 of the core.
#[test]
fn check_judges_the_peak_of_the_profile_and_steps_beside_the_windows() {
    let profile = format!("hours = [{}2.4{}]", "0.8, ".repeat(12), ", 1.0".repeat(11));
    let text = |window: &str, step: &str, horizon: &str| {
        format!(
            r#"
scenario = "peak"
[run]
{horizon}
{window}
[profile.week]
{profile}
days = [0.8, 0.8, 1.4, 1.0, 1.0, 1.0, 1.0]
[server.box]
cores = 1
[zone.web]
on = ["box"]
[service.app]
in = "web"
workers = 10
[workload.visitors]
request = "page"
rate = "10/s"
profile = "week"
{step}
[request.page]
enter = "app"
demands = {{ page = "50ms" }}
steps = [ {{ cpu = "app", demand = "page" }} ]
"#
        )
    };
    let over = |window: &str, step: &str, horizon: &str| -> Vec<String> {
        let found = warnings(&drafted("peak", &text(window, step, horizon)));
        let over = found.into_iter().filter(|(code, _)| *code == "W1204");
        over.map(|(_, message)| message).filter(|message| message.contains("`web-1.cpu`")).collect()
    };
    let level = "[window.mean]\nlevel = \"10/s\"\nlength = \"1min\"";
    let own = "[window.week]\nlength = \"1min\"";
    let step = "step = { at = \"1d\", factor = 3.0 }";
    let years = "horizon = \"1y\"";
    assert!(over(level, "", "").is_empty(), "nothing plays the profile");
    for (window, horizon) in [(own, ""), (level, years), ("", years)] {
        let found = over(window, "", horizon);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("Wed 12:30: "), "{found:?}");
        let found = over(window, step, horizon);
        assert!(found.iter().any(|one| one.contains("at the peak of `visitors`")), "{found:?}");
    }
}

/// In a window without a level, each part is offered the mean of the profile, the steps and a scheduled flash crowd
/// over that window: 10/s until noon and 30/s from then on is 20/s in the two hours around it.
#[test]
fn what_a_window_offers_has_the_steps_in_it() {
    let text = r#"
scenario = "step"
[window.noon]
at = "Mon 11:00"
length = "2h"
[station.web]
servers = 1
service = "10ms"
[workload.visitors]
request = "page"
rate = "10/s"
step = { at = "Mon 12:00", factor = 3.0 }
[request.page]
steps = [ { visit = "web" } ]
"#;
    let draft = drafted("step", text);
    let all = load::offered(&draft, &load::rates_in(&draft, 0));
    assert!((all[0].utilization() - 0.2).abs() < 1e-9, "{all:?}");
}

/// Tier 2 at 60/s: both web zones carry 0.62 each, one alone 1.25; the pool 0.90; the uplinks 0.51.
#[test]
fn lint_finds_what_the_rest_cannot_carry_after_a_loss() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-2.toml").unwrap();
    let found = warnings(&drafted("tier-2", &text.replace("\"40/s\"", "\"60/s\"")));
    let after: Vec<_> = found.iter().filter(|(code, _)| *code == "W1205").collect();
    // The loss of twin-1 takes down the only database; that of twin-2 leaves www-1 alone. One of
    // two uplinks carries 60 x 0.848 = 51 of its 50 Mbit/s.
    assert_eq!(after.len(), 2, "{found:#?}");
    assert!(after[0].1.contains("`main.uplink-2` is offered 1.02"), "{}", after[0].1);
    assert!(after[1].1.contains("`twin-2` `www-1.cpu` is offered 1.25"), "{}", after[1].1);
}

/// Groups of one server each behind a balancer on another: of 66 losses, the load after two is not computed.
#[test]
fn lint_says_after_how_many_losses_the_load_is_not_computed() {
    let of = |groups: usize| {
        let zone = |at: usize| {
            format!(
                "[server.box{at}]\ncores = 1\n[zone.www{at}]\non = [\"box{at}-1\"]\n\
                 [service.app{at}]\nin = \"www{at}\"\nworkers = 8\n"
            )
        };
        let to: Vec<String> = (0..groups).map(|at| format!("\"app{at}\"")).collect();
        let text = format!(
            "scenario = \"many\"\nformat = 2\ntitle = \"t\"\nquestion = \"q\"\nsource = \"s\"\n\
             [window.peak]\nlength = \"1h\"\nlevel = \"10/s\"\n\
             [server.edge]\ncores = 1\n[zone.lb]\non = [\"edge-1\"]\n\
             [balancer.front]\nto = [{}]\nin = \"lb\"\nalgorithm = \"round-robin\"\n\
             [workload.all]\nrequest = \"page\"\nrate = \"10/s\"\n\
             [request.page]\nenter = \"front\"\nsteps = [ {{ delay = \"1ms\" }} ]\n{}",
            to.join(", "),
            (0..groups).map(zone).collect::<String>()
        );
        of_code(&drafted("many", &text), "W1205")
    };
    assert_eq!(of(63), Vec::<String>::new());
    assert_eq!(of(65), ["of 66 single losses the load after the first 64 is computed"]);
}

#[test]
fn lint_finds_time_outs_that_contradict_each_other() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-2.toml").unwrap();
    let text = text.replacen("read = 4, time-out = \"10s\"", "read = 4, time-out = \"30s\"", 1);
    let found = warnings(&drafted("tier-2", &text));
    let twice: Vec<_> = found.iter().filter(|(code, _)| *code == "W1101").collect();
    assert_eq!(twice.len(), 2, "against the client's and the balancer's: {twice:?}");
}

fn of_code(draft: &Draft, code: &str) -> Vec<String> {
    let found = warnings(draft).into_iter().filter(|(other, _)| *other == code);
    found.map(|(_, message)| message).collect()
}

#[test]
fn a_balancer_without_a_check_is_warned_of_where_something_can_fail() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-2.toml").unwrap();
    assert!(of_code(&drafted("tier-2", &text), "W1207").is_empty());
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("check "));
    let blind: String = lines.map(|line| format!("{line}\n")).collect();
    let found = of_code(&drafted("tier-2", &blind), "W1207");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`front` has no `check`"), "{found:?}");
}

/// A pause of a balancer counts as a loss over years alone, and so do hung calls that a worker would wait for: with a horizon
/// each is said, and not where windows alone are simulated, requests wait the pause out, the call has a time-out, or the
/// fault is of another kind.
#[test]
fn failures_that_count_otherwise_over_years_are_told_so() {
    let found = |run: &str, (hits, how): (&str, &str), call: &str| {
        let text = format!(
            r#"
scenario = "calls"
format = 2
run = {{ {run} }}
window.steady = {{ length = "1min" }}
server.box = {{ cores = 1 }}
zone.www = {{ on = ["box-1"] }}
zone.door = {{ on = ["box-1"] }}
service = {{ app = {{ in = "www", workers = 8 }}, behind = {{ in = "www", workers = 8 }} }}
balancer.front = {{ in = "door", to = "app" }}
workload.users = {{ request = "page", rate = "1/s" }}
fault.halt = {{ hits = "{hits}", how = "{how}", rate = "1/d", repair = "1min" }}
[request.page]
enter = "front"
steps = [ {{ call = "behind", steps = [ {{ delay = "1ms" }} ]{call} }} ]
"#
        );
        of_code(&drafted("calls", &text), "W1208")
    };
    let years = "horizon = \"1y\"";
    let (front, behind) = ("balancer.front", "service.behind");
    let pause = found(years, (front, "pause"), "");
    assert!(pause.len() == 1 && pause[0].contains("`halt` counts as lost"), "{pause:?}");
    let hang = found(years, (behind, "hang"), "");
    assert!(hang.len() == 1 && hang[0].contains("while `halt` lets it hang"), "{hang:?}");
    for (run, fault, call) in [
        ("", (front, "pause"), ""),
        ("", (behind, "hang"), ""),
        (years, (behind, "pause"), ""),
        (years, (behind, "hang"), ", time-out = \"1s\""),
        (years, (behind, "crash"), ""),
    ] {
        assert_eq!(found(run, fault, call), Vec::<String>::new(), "{run} {fault:?} {call}");
    }
}

#[test]
fn parts_without_a_price_are_named_once_where_there_is_a_bill() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-2.toml").unwrap();
    assert!(of_code(&drafted("tier-2", &text), "W0701").is_empty());
    let (head, bill) = text.split_once("[cost]").unwrap();
    let kept =
        bill.lines().filter(|line| !line.starts_with("zone") && !line.starts_with("transit"));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    let found = of_code(&drafted("tier-2", &format!("{head}[cost]{kept}")), "W0701");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("`zone` (") && found[0].contains("`transit` (sites: 1)"),
        "{found:?}"
    );
}

#[test]
fn a_run_too_short_to_see_a_fault_is_told_so() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-1.toml").unwrap();
    let short = text.replace("horizon = \"10y\"", "horizon = \"1h\"").replace("= 1200", "= 10");
    assert!(warnings(&drafted("tier-1", &short)).iter().any(|(code, _)| *code == "W1301"));
    assert!(!warnings(&drafted("tier-1", &text)).iter().any(|(code, _)| *code == "W1301"));
}

#[test]
fn both_halves_on_one_server_is_a_shared_fate() {
    let text = std::fs::read_to_string("scenarios/tiers/tier-3.toml").unwrap();
    let text = text.replace("[\"twin-1\", \"twin-2\"]", "[\"twin-1\", \"twin-1\"]");
    let draft = drafted("tier-3", &text);
    let found = warnings(&draft);
    for group in ["app", "mysql"] {
        let wanted = format!("`{group}` has 2 members and `twin-1` takes too many of them at once");
        assert!(found.iter().any(|(code, text)| *code == "W1203" && *text == wanted), "{found:#?}");
    }
}

#[test]
fn the_reasons_why_a_tier_cannot_run_yet_are_named() {
    let reasons = |path| -> Vec<String> {
        simulatable::not_yet(&shipped(path)).into_iter().map(|reason| reason.what).collect()
    };
    assert_eq!(reasons("tiers/starter.toml"), Vec::<String>::new());
    assert_eq!(reasons("tiers/tier-1.toml"), Vec::<String>::new());
    assert_eq!(reasons("tiers/tier-2.toml"), Vec::<String>::new());
    assert_eq!(reasons("tiers/tier-3.toml"), Vec::<String>::new());
    assert_eq!(reasons("tiers/tier-4.toml"), Vec::<String>::new());
    for path in ["tiers/tier-5.toml", "tiers/tier-6.toml", "tiers/tier-7.toml", "tiers/tier-8.toml"]
    {
        assert_eq!(reasons(path), Vec::<String>::new());
    }
    for path in [
        "scalable/two-sites.toml",
        "scalable/image-peers.toml",
        "scalable/image-pair.toml",
        "scalable/image-edges.toml",
        "scalable/image-shield.toml",
    ] {
        assert_eq!(reasons(path), Vec::<String>::new());
    }
}

/// O10, calc rows: the throughput of three servers of 20, 35 and 50 ms for users who think for a second.
#[test]
fn o10_closed_users_are_bounded_by_their_bottleneck() {
    let exactly = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-9, "{found}");
    for users in [1, 10, 30, 100] {
        let draft = shipped(&format!("oracles/o10-n{users}.toml"));
        let [(workload, bounds)] = &load::closed::all(&draft)[..] else { panic!("one workload") };
        assert_eq!((*workload, bounds.users), (0, users));
        assert_eq!(bounds.first.as_ref().unwrap().0, "db-1");
        exactly(bounds.saturation_users(), 22.1);
        exactly(bounds.max_throughput(), 20.0);
        exactly(bounds.throughput(), (f64::from(users) / 1.105).min(20.0));
        // The offered load is that of the bound, and never exceeds the capacity.
        let all = load::offered(&draft, &load::rates(&draft));
        let db = all.iter().find(|one| one.name == "db-1").unwrap();
        exactly(db.utilization(), bounds.throughput() * 0.050);
        let saturated = warnings(&draft).iter().any(|(code, _)| *code == "W1206");
        assert_eq!(saturated, users > 22);
    }
}

/// The bound holds if a page takes less than the sum of its steps: parallel branches count as
/// zero, loops with their mean number, and capacity used by open traffic is not available to users.
#[test]
fn closed_users_are_bounded_from_above() {
    let text = "scenario = \"bounds\"\n[window.all]\nlength = \"1h\"\n\
        [station.a]\nservers = 2\nservice = \"10ms\"\n[station.b]\nservers = 1\nservice = \"4ms\"\n\
        [clients.c]\nround-trip = \"30ms\"\n\
        [workload.batch]\nrequest = \"other\"\nrate = \"50/s\"\n\
        [workload.people]\nfrom = \"c\"\nrequest = \"page\"\nusers = 5\nthink = \"1s\"\n\
        [request.other]\nsteps = [ { visit = \"a\" } ]\n\
        [request.page]\nsteps = [ { label = \"again\", visit = \"a\" }, { delay = \"5ms\" },\n\
        { goto = \"again\", probability = 0.5 },\n\
        { parallel = [ { steps = [ { visit = \"b\" } ] }, { steps = [ { visit = \"b\" } ] } ] } ]\n";
    let draft = drafted("bounds", text);
    let [(_, bounds)] = &load::closed::all(&draft)[..] else { panic!("one workload of users") };
    // A think time, the round trip, twice the 15 ms of the loop; not the two branches.
    assert!((bounds.cycle_s - 1.06).abs() < 1e-12, "{bounds:?}");
    // b: 8 ms per page, 125/s; a: 20 ms per page of the 1.5 servers that are left, 75/s.
    assert_eq!(bounds.first.as_ref().unwrap().0, "a-1");
    assert!((bounds.max_throughput() - 75.0).abs() < 1e-9, "{bounds:?}");
}

/// Promise I1 and the bound of two million components: drafting, checking and linting a fleet takes
/// seconds. The time is printed, not judged.
#[test]
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
fn a_fleet_of_four_thousand_servers_is_drafted_checked_and_linted() {
    let (servers, zones) = (4_000, 40_000);
    let text = format!(
        "scenario = \"fleet\"\n[run]\nhorizon = \"1y\"\n[site.main]\n[rack.r]\nsite = \"main\"\n\
         [server.box]\ncount = {servers}\nrack = \"r\"\ncores = 16\nmemory = \"64GiB\"\n\
         [zone.www]\ncount = {zones}\nmemory = \"4GiB\"\n[service.app]\nin = \"www\"\nworkers = 4\n\
         [workload.w]\nrequest = \"page\"\nrate = \"100/s\"\n[request.page]\nenter = \"app\"\n\
         demands = {{ d = \"10ms\" }}\nsteps = [{{ cpu = \"app\", demand = \"d\" }}]\n"
    );
    let start = std::time::Instant::now();
    let draft = drafted("fleet", &text);
    let drafted_in = start.elapsed();
    let found = warnings(&draft);
    println!("{servers} servers, {zones} zones: drafted {drafted_in:?}, all {:?}", start.elapsed());
    assert!(draft.placed.zones[0].len() == zones);
    let single: Vec<_> = found.iter().filter(|(code, _)| *code == "W1202").collect();
    assert_eq!(single.len(), 2, "the rack and the site: {found:?}");
    let each = load::offered(&draft, &[100.0]);
    let total = load::total(&draft, &each, "www", Resource::Cpu).unwrap();
    assert!((total - 100.0 * 0.010 / (16.0 * f64::from(zones as u32))).abs() < 1e-12);
}
