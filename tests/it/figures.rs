//! Figures: what a file may name is one table; `check` refuses what `run` refuses; what is not judged
//! is no pass.

use std::path::{Path, PathBuf};

use fivenines::facade::load::{Loaded, Purpose};
use fivenines::plan::figure::registry::{At, By, ROWS, Row, Value, Word};
use fivenines::plan::figure::{Figure, Metric, NoSuchFigure};
use fivenines::plan::headroom;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::render::Style;
use fivenines::scenario::source::Source;
use fivenines::study::expect::Verdict;
use fivenines::study::measure::Measure;
use fivenines::study::sampled::SampledPlan;
use fivenines::study::scenario::{Choices, Judged, Solver, StudyPlan, by_arithmetic, prepare};
use fivenines::study::{limits, verdict, years};

use crate::cli::{file, fivenines, run, shipped};
use crate::common::{load, scenarios};

/// A station that a class visits, and that a fault stops.
const DESK: &str = r#"
scenario = "desk"
format = 1
title = "One desk"
question = "Is it judged?"
source = "a textbook"
[run]
seed = 1
replications = { min = 2, max = 4 }
[window.steady]
level = "10/s"
length = "20s"
[station.desk]
servers = 1
service = { dist = "exponential", mean = "50ms" }
[workload.jobs]
request = "job"
rate = "10/s"
arrivals = { process = "poisson" }
[request.job]
steps = [ { visit = "desk" } ]
[unit.disk]
count = 2
up = { dist = "exponential", mean = "1000h" }
repair = { dist = "exponential", mean = "10h" }
[group.pair]
of = "disk"
needs = 1
"#;

fn desk(asks: &[(&str, &str)]) -> String {
    let one =
        |(figure, is): &(&str, &str)| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"{is}\"\n");
    DESK.to_string() + &asks.iter().map(one).collect::<String>()
}

fn quick() -> Choices {
    Choices { quick: true, alone: true, sampled: true, ..Choices::default() }
}

fn read(text: &str, folder: &Path, purpose: Purpose) -> Loaded {
    let mut found = Diagnostics::new();
    let source = Source::from_bytes("scenario.toml", text.as_bytes(), &mut found).beside(folder);
    Loaded::of(source, folder.to_path_buf(), found, &[], purpose)
}

/// What both commands make of a text: the codes and messages of the errors of each.
fn both(text: &str, folder: &Path) -> [String; 2] {
    [Purpose::Check(None), Purpose::Run(quick())].map(|purpose| {
        let loaded = read(text, folder, purpose);
        if loaded.found.has_errors() {
            loaded.report().text(Style { colour: false, width: 200, ascii: true })
        } else {
            String::new()
        }
    })
}

#[test]
fn check_refuses_what_run_refuses() {
    let precise = |path: &str| {
        desk(&[]).replace("seed = 1", &format!("seed = 1\nprecision = {{ \"{path}\" = \"5%\" }}"))
    };
    let cases = [
        (desk(&[("nonsense.r.p95@w", "< 1")]), "there is no metric `nonsense`"),
        (desk(&[("latency.job.p95@steady", "purple")]), "`purple` must be"),
        (desk(&[("latency.job.p95@stedy", "< 1s")]), "there is no window `stedy`"),
        (desk(&[("latency.jobs.p95@steady", "< 1s")]), "did you mean `job`?"),
        (desk(&[("hit.desk.max@steady", "< 1")]), "in a window there is no `max` of `hit`"),
        (desk(&[("in-system.desk[at-least=3]@steady", "< 1")]), "chance[at-least=3]"),
        (desk(&[("latency.job.p95@steady", "= 3s")]), "only a name or a number of things"),
        (desk(&[("saturates.first@steady", "< 1")]), "the figure is a name"),
        (desk(&[("other:latency.job.p95@steady", "< 1s")]), "compares scenarios"),
        (desk(&[("difference(a, b, latency.job.p95@steady)", "< 1s")]), "compares scenarios"),
        (desk(&[("structural.disk-*@horizon", "> 0.5")]), "there is no availability of `disk-*`"),
        (precise("latency.job.p95@steady"), "needs 10 replications before the first look"),
        (precise("latency.job.p95@nowhere"), "there is no window `nowhere`"),
        (precise("latency.job.p95@horizon"), "cannot be made precise"),
        (precise("headroom.desk@steady"), "it is exact"),
        (precise("verdict.job@steady"), "it is no mean"),
        (desk(&[("verdict.job@steady", "< 1")]), "the figure is a name"),
        (desk(&[("verdict.job@steady", "= calm")]), "`calm` is none of `stable`"),
        (desk(&[("verdict.jib@steady", "= stable")]), "did you mean `job`?"),
        (desk(&[("verdict.job.desk@steady", "= stable")]), "is no statistic of `verdict`"),
    ];
    for (text, said) in cases {
        let [check, run] = both(&text, Path::new("."));
        assert!(check.contains(said), "{said}:\n{check}");
        assert_eq!(check, run, "{said}");
    }
    let good = [
        ("latency.job.p95@steady", "< 1s"),
        ("latency.job.chance[over=100ms]@steady", "< 1"),
        ("waiting.desk.p95@steady", "< 1s"),
        ("structural.pair@horizon", "> 0.5"),
        ("saturates.first@steady", "= desk"),
        ("verdict.job@steady", "= stable"),
    ];
    assert_eq!(both(&desk(&good), Path::new(".")), [String::new(), String::new()]);
    let (_folder, path) = file(&desk(&[("nonsense.r.p95@w", "< 1")]));
    assert_eq!(run(&["check", &path]).0, 3);
}

#[test]
fn a_sweep_refuses_a_figure_that_there_is_not() {
    let (_folder, path) = file(&desk(&[]));
    let words = ["sweep", &path, "--vary", "station.desk.servers=1,2", "--figure"];
    let (code, _, said) = run(&[&words[..], &["hit.desk.max@steady"]].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no `max` of `hit`"), "{said}");
}

/// Neither figure is one that results have by themselves, and no `[[expect]]` asks for them.
#[test]
fn a_sweep_estimates_the_figures_it_is_asked_for_in_every_variant_and_resumed_too() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (path, out) = (place("desk.toml"), place("out"));
    std::fs::write(&path, desk(&[])).unwrap();
    let words = |figures: &[&'static str]| {
        let mut all = vec!["sweep", &path, "--vary", "station.desk.servers=1,2", "--out", &out];
        all.extend(["--format", "json"]);
        figures.iter().for_each(|figure| all.extend(["--figure", *figure]));
        run(&all)
    };
    let asked = ["waiting.desk.p50@steady", "unavailability.pair@horizon", "headroom.desk@steady"];
    let (code, said, err) = words(&asked);
    assert_eq!(code, 0, "{err}");
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    let variants = answer["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 2);
    for (variant, figure) in variants.iter().flat_map(|one| asked.map(|figure| (one, figure))) {
        assert!(variant["figures"][figure]["value"].is_number(), "{figure}: {variant}");
    }
    // One variant is gone: the same command makes it again, with what was asked; another ask is refused.
    let name = variants[0]["name"].as_str().unwrap();
    let table = std::fs::read(place("out/sweep/sweep.csv")).unwrap();
    std::fs::remove_dir_all(place(&format!("out/{name}"))).unwrap();
    assert_eq!(words(&asked).1, said);
    assert_eq!(std::fs::read(place("out/sweep/sweep.csv")).unwrap(), table);
    assert_eq!(words(&asked[..1]).0, 6);
    // What is recorded as its command makes the same bytes.
    let (code, said, err) = run(&["replay", &place(&format!("out/{name}"))]);
    assert_eq!(code, 0, "{said}{err}");
}

#[test]
fn a_figure_that_a_file_cannot_have_is_refused_before_a_sweep_or_a_run_begins() {
    let (folder, path) = file(&desk(&[]));
    let out = folder.path().join("out");
    for (figure, said) in [
        ("busy.nothing@steady", "nothing"),
        ("waiting.desk.p95@peak", "there is no window `peak`"),
        ("saturates.first@steady", "is a name"),
    ] {
        let more = ["--out", out.to_str().unwrap(), "--figure", figure];
        let sweep = ["sweep", &path, "--vary", "station.desk.servers=1,2"];
        for words in [[&sweep[..], &more].concat(), [&["run", &path][..], &more].concat()] {
            let (code, _, err) = run(&words);
            assert_eq!(code, 2, "{figure}: {err}");
            assert!(err.contains("--figure") && err.contains(said), "{figure}: {err}");
        }
        assert!(!out.exists());
    }
}

/// Two scenarios on the same draws, of which one has the faster desk: the difference is known far better than
/// either.
#[test]
fn a_difference_of_two_scenarios_is_taken_on_the_same_draws() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let prices = "\n[cost.of]\npair = { once = \"$2000\", month = \"$10/month\" }\n";
    let slow = desk(&[("sojourn.desk@steady", "< 10s")]) + prices;
    let fast = slow.replace("\"desk\"\nformat", "\"fast\"\nformat").replace("50ms", "45ms");
    let fast = fast.replace("$2000", "$1500");
    std::fs::write(place("slow.toml"), &slow).unwrap();
    std::fs::write(place("fast.toml"), &fast).unwrap();
    let compare = |figure: &str| {
        let (slow, fast, out) = (place("slow.toml"), place("fast.toml"), place("out"));
        let words = ["compare", &slow, &fast, "--figure", figure, "--quick", "--force"];
        run(&[&words[..], &["--out", &out, "--quiet", "--format", "json"]].concat())
    };
    let asked = |figure: &str| {
        let (code, said, err) = compare(figure);
        assert_eq!(code, 0, "{figure}: {said}{err}");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let row = &said["asked"][0];
        let of = |key: &str| row[key].as_f64().unwrap();
        (of("value"), of("high") - of("low"))
    };
    let (one, wide) = asked("desk:sojourn.desk@steady");
    let (two, _) = asked("fast:sojourn.desk@steady");
    let (more, narrow) = asked("difference(desk, fast, sojourn.desk@steady)");
    assert!((more - (one - two)).abs() < 1e-9 && more > 0.0, "{one} - {two} is not {more}");
    assert!(narrow < wide, "{narrow} of {wide}");
    // A bill has no noise: 2 x $2,000 less 2 x $1,500.
    assert_eq!(asked("difference(desk, fast, cost.once)"), (1_000.0, 0.0));
    assert_eq!(asked("fast:cost.month"), (20.0, 0.0));
    // In a terminal the amounts stand before the latencies.
    let (slow, fast, out) = (place("slow.toml"), place("fast.toml"), place("out"));
    let words = ["compare", &slow, &fast, "--quick", "--force", "--out", &out, "--quiet"];
    let (_, said, err) = run(&words);
    let row = said.lines().find(|line| line.trim_start().starts_with("fast ")).unwrap_or_default();
    let cells: Vec<&str> = row.split_whitespace().take(3).collect();
    assert_eq!(cells, ["fast", "$20", "$3,000"], "{said}{err}");
    assert!(row.trim_end().ends_with('%') && row.contains("desk-1"), "{said}");
    for (figure, said) in [
        ("sojourn.desk@steady", "does not say of which scenario"),
        ("other:sojourn.desk@steady", "no scenario `other` is compared"),
        ("desk:sojourn.desk.first@steady", "`first` is that of `saturates`"),
        ("difference(desk, fast)", "needs two scenarios and a figure"),
        ("desk:capacity.job[objective=p95]", "keeps no values of it"),
    ] {
        let (code, _, err) = compare(figure);
        assert_eq!(code, 2, "{figure}: {err}");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(said), "{figure}: {err}");
    }
}

/// What the flags leave out is not judged, and the run says so and fails.
#[test]
fn an_expectation_that_the_flags_do_not_estimate_is_not_judged_and_fails() {
    let text = desk(&[
        ("latency.job.mean@steady", "< 1h"),
        ("structural.pair@horizon", "> 0.5"),
        ("latency.job.p95@horizon", "< 10s"),
    ]);
    let of = |solver, quick| {
        let loaded = read(&text, Path::new("."), Purpose::Check(None));
        let choices = Choices { solver, quick, sampled: true, ..Choices::default() };
        let mut found = Diagnostics::new();
        let (draft, plan) = (loaded.draft.as_ref().unwrap(), loaded.blueprint.as_ref().unwrap());
        let study = prepare(draft, plan, choices, &mut found);
        assert!(!found.has_errors());
        study
    };
    let left = |study: &StudyPlan| -> Vec<bool> {
        let open = |judged: &Judged| matches!(judged, Judged::NotEstimated(_));
        study.expectations.iter().map(|expect| open(&expect.of)).collect()
    };
    assert_eq!(left(&of(None, false)), [false, false, false]);
    assert_eq!(left(&of(None, true)), [false, false, true]);
    assert_eq!(left(&of(Some(Solver::Flows), false)), [true, false, true]);
    assert_eq!(left(&of(Some(Solver::Requests), false)), [false, true, true]);

    let (folder, path) = file(&text);
    let out = folder.path().join("out").display().to_string();
    let words = ["run", &path, "--solver", "requests", "--replications", "2"];
    let (code, said, err) = run(&[&words[..], &["--out", &out, "--quiet"]].concat());
    assert_eq!(code, 5, "{said}{err}");
    assert!(
        said.contains("structural.pair@horizon is > 0.5: not judged: `--solver requests`"),
        "{said}"
    );
    let summary = std::fs::read(Path::new(&out).join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let row = &summary["expectations"][1];
    assert_eq!(row["outcome"], "not judged");
    assert!(row["reason"].as_str().unwrap().contains("without `--solver`"), "{row}");
    assert_eq!(summary["expectations"][0]["outcome"], "holds");
}

/// Of 400 requests in all none is refused: that is known to 3.69 in 400, and to no more. A demand below
/// that bound is undecided, one above it is met.
#[test]
fn what_was_not_seen_in_a_window_is_a_bound_and_no_zero() {
    let (folder, path) = file(&desk(&[
        ("lost.job.chance@steady", "< 1e-9"),
        ("lost.job.chance@steady", "< 2%"),
        ("lost.job@steady", "< 0.1"),
        ("served.job.chance@steady", "> 0.999999"),
        ("latency.job.chance[over=1h]@steady", "< 1e-9"),
    ]));
    let out = folder.path().join("out").display().to_string();
    let words = ["run", &path, "--solver", "requests", "--replications", "2"];
    let (code, said, err) = run(&[&words[..], &["--out", &out, "--quiet"]].concat());
    assert_eq!(code, 5, "{said}{err}");
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("@steady is ")).collect();
    let words: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["unsure", "met", "unsure", "unsure", "unsure"], "{said}");
    assert!(lines[2].contains("\u{2264} 1.85"), "3.69 in two windows: {said}");
}

/// By hand: 10 visits a second of 50 ms each at one server; of two stations the slower is busy first.
#[test]
fn what_saturates_first_is_judged_by_its_name() {
    let more =
        "[station.slow]\nservers = 1\nservice = { dist = \"exponential\", mean = \"60ms\" }\n";
    let text = desk(&[("saturates.first@steady", "= slow"), ("saturates.job.first", "= slow")])
        .replace("[station.desk]", &format!("{more}[station.desk]"))
        .replace("{ visit = \"desk\" }", "{ visit = \"desk\" }, { visit = \"slow\" }");
    let loaded = read(&text, Path::new("."), Purpose::Check(None));
    let shown = loaded.report().text(Style { colour: false, width: 200, ascii: true });
    assert!(!loaded.found.has_errors(), "{shown}");
    let study = loaded.study.as_ref().unwrap();
    for (expect, wrong) in study.expectations.iter().zip(["desk", "desk-1"]) {
        let Judged::Name(place) = expect.of else { panic!("{expect:?}") };
        assert_eq!(expect.demand.judge_name(&study.names[place].1), Verdict::Holds);
        assert_eq!(expect.demand.judge_name(wrong), Verdict::Fails);
    }
}

/// A component may be called as a kind is.
#[test]
fn a_component_called_as_a_kind_is_a_component_everywhere() {
    let text =
        desk(&[("structural.service@horizon", "> 0.5"), ("downtime.service.year-p95", "< 900h")])
            .replace("[group.pair]", "[group.service]")
            .replace("[station.desk]", "[station.cache]")
            .replace("visit = \"desk\"", "visit = \"cache\"");
    assert_eq!(both(&text, Path::new(".")), [String::new(), String::new()]);
    let cache = "oracles/o40-lru.toml";
    let text = std::fs::read_to_string(scenarios().join(cache)).unwrap();
    let text = text + "\n[[expect]]\nfigure = \"utilization.cache.cpu@steady\"\nis = \"< 2\"\n";
    let folder = scenarios().join("oracles");
    assert_eq!(both(&text, &folder), [String::new(), String::new()]);
}

#[test]
fn a_star_behind_a_group_is_answered_with_the_bare_name() {
    let more =
        "[fault.stop]\nhits = \"disk-*\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"1h\"\n";
    let [check, _] = both(&(desk(&[]) + more), Path::new("."));
    assert!(check.contains("write `disk`: the bare name means all its members"), "{check}");
}

/// Scenarios that have, between them, all that the registry speaks of.
const RICH: [&str; 8] = [
    "tiers/tier-6.toml",
    "tiers/tier-8.toml",
    "databases/slave-away.toml",
    "oracles/o40-lru.toml",
    "oracles/b4-fleet.toml",
    "oracles/o01-mm1.toml",
    "claims/dedicated.toml",
    "scalable/job-queue.toml",
];

/// Every row of the registry is resolved in some scenario by the module that it names.
#[test]
fn every_figure_of_the_registry_is_resolved() {
    let files: Vec<PathBuf> = RICH.iter().map(|name| scenarios().join(name)).collect();
    let files = files.into_iter().filter(|file| file.is_file());
    let mut left: Vec<(&Row, Word, NoSuchFigure)> = ROWS
        .iter()
        .flat_map(|row| row.stats.iter().map(move |word| (row, *word, NoSuchFigure::new("no try"))))
        .collect();
    for file in files {
        let name = file.strip_prefix(scenarios()).unwrap().display().to_string();
        let loaded = load(&name);
        let (draft, plan) = (&loaded.draft, &loaded.plan);
        let years = loaded.study.years.as_ref();
        let sampled = years.and_then(|years| SampledPlan::of(draft, plan, years).ok());
        let sought = limits::sought(draft, plan, false);
        let level = headroom::design_peak(draft);
        let level = level.map_or("none", |at| draft.scenario.window[at].0.text.as_str());
        let mut scopes: Vec<String> = vec![String::new()];
        scopes.extend(plan.routes.classes.iter().map(|class| format!(".{}", class.name)));
        scopes.extend(plan.routes.classes.iter().map(|class| format!(".{}-view", class.name)));
        scopes.extend(draft.names.iter().map(|(name, _)| format!(".{name}")));
        scopes.extend(draft.names.iter().map(|(name, _)| format!(".{name}-2")));
        scopes.extend(plan.parts.iter().map(|part| format!(".{}", part.name)));
        scopes.extend(plan.zones.iter().map(|zone| format!(".{}.cpu", zone.name)));
        left.retain_mut(|(row, word, said)| {
            let at =
                *row.at.iter().max_by_key(|at| (**at == At::Horizon, **at == At::Window)).unwrap();
            let at = match at {
                At::Unnamed => String::new(),
                At::Window => format!("@{level}"),
                at => at.suffix().to_string(),
            };
            let keys = row.keys.iter().filter(|key| key.required).map(|key| {
                let value = match key.value {
                    Value::Duration | Value::Period => "20ms",
                    Value::Whole => "2",
                    Value::HourOfWeek => "57",
                    Value::OneOf(words) if key.name == "objective" => words[1],
                    Value::OneOf(words) => words[0],
                    Value::Name(_) => plan.causes.last().map_or("", String::as_str),
                };
                let known = years.and_then(|years| years.of.causes.first());
                let value =
                    if key.name == "contributing" { known.map_or(value, |c| c) } else { value };
                format!("[{}={value}]", key.name)
            });
            let keys: String = keys.collect();
            let stat = word.written().first().map_or(String::new(), |stat| format!(".{stat}"));
            let resolved = scopes.iter().any(|scope| {
                let path = format!("{}{scope}{stat}{keys}{at}", row.metric.id());
                let Ok(figure) = Figure::parse(&path) else { return false };
                if figure.row() != *row {
                    return false;
                }
                let done = match row.by {
                    By::Requests if row.metric == Metric::Verdict => {
                        verdict::class_of(plan, &figure).map(|_| ())
                    }
                    By::Requests => Measure::resolve(plan, &figure).map(|_| ()),
                    By::Search => limits::found(&sought, &figure).map(|_| ()),
                    By::Arithmetic if *word == Word::First => {
                        headroom::saturates(draft, &figure).map(|_| ())
                    }
                    By::Arithmetic => by_arithmetic(draft, &figure).map(|_| ()),
                    By::Both => match (&sampled, years) {
                        (Some(sampled), Some(years)) => sampled.resolve(years, &figure).map(|_| ()),
                        _ => Err(NoSuchFigure::new("no windows are drawn")),
                    },
                    By::Up | By::Traffic | By::Roles => match years {
                        Some(years) => years::resolve(&years.of, &figure).map(|_| ()),
                        None => Err(NoSuchFigure::new("no horizon")),
                    },
                };
                done.map_err(|wrong| *said = wrong).is_ok()
            });
            !resolved
        });
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// A generator of its own, so that the cases are the same for ever (Numerical Recipes, LCG).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }
}

/// Words in quotes, and names of tables.
fn words(text: &str) -> Vec<&str> {
    let quoted = text.split('"').skip(1).step_by(2).filter(|word| word.len() < 40);
    let tables = text.lines().filter_map(|line| line.strip_prefix('[')?.split([']', '.']).nth(1));
    quoted.chain(tables).filter(|word| !word.is_empty() && !word.contains('\n')).collect()
}

/// A path of some metric about something of the file.
fn path(dice: &mut Dice, text: &str) -> String {
    let row = &ROWS[dice.roll(ROWS.len())];
    let other = &ROWS[dice.roll(ROWS.len())];
    let known = words(text);
    let scope = dice.pick(&known);
    let from = if dice.roll(4) == 0 { other } else { row };
    let stat = from.stats[dice.roll(from.stats.len())].written();
    let stat = if stat.is_empty() { String::new() } else { format!(".{}", dice.pick(&stat)) };
    let resource = ["", "", "", ".cpu", ".main", ".members"][dice.roll(6)];
    let mut keys = String::new();
    for key in
        from.keys.iter().filter(|key| key.required).chain(from.keys.iter().take(dice.roll(2)))
    {
        let value = match key.value {
            Value::Duration => "20ms",
            Value::Period => dice.pick(&["1s", "5min", "1h"]),
            Value::Whole | Value::HourOfWeek => "12",
            Value::OneOf(words) => dice.pick(words),
            Value::Name(_) => dice.pick(&known),
        };
        keys += &format!("[{}={value}]", key.name);
    }
    let windows: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("[window.")?.split(']').next())
        .chain(["horizon", "horizon", "month"])
        .collect();
    let part = dice.pick(&known);
    let at = match dice.roll(6) {
        0 => String::new(),
        1 => format!("@{}/down:{part}", dice.pick(&windows)),
        _ => format!("@{}", dice.pick(&windows)),
    };
    format!("{}.{scope}{resource}{stat}{keys}{at}", row.metric.id())
}

/// The file with something about it changed.
fn mutant(dice: &mut Dice, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let at = dice.roll(lines.len());
    let with = |line: String| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_string()).collect();
        lines[at] = line;
        lines.join("\n") + "\n"
    };
    let known = words(text);
    match dice.roll(8) {
        0 => with(String::new()),
        1 | 2 => {
            let own = words(lines[at]);
            if own.is_empty() {
                return with(String::new());
            }
            with(lines[at].replacen(dice.pick(&own), dice.pick(&known), 1))
        }
        3 => {
            let (one, two) = (dice.pick(&known), dice.pick(&known));
            with(lines[at].replace(one, "\u{1}").replace(two, one).replace('\u{1}', two))
        }
        4 => {
            let number = ["0", "1", "2", "7", "0.3", "1.5", "-1"][dice.roll(7)];
            let line = lines[at];
            let from = line.find(|letter: char| letter.is_ascii_digit());
            let Some(from) = from else { return with(String::new()) };
            let rest = &line[from..];
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            with(format!("{}{number}{}", &line[..from], &rest[end..]))
        }
        5 => {
            let (path, line) = (path(dice, text), "precision = { ");
            match text.find(line) {
                Some(at) => {
                    let at = at + line.len();
                    format!("{}\"{path}\" = \"5%\", {}", &text[..at], &text[at..])
                }
                None => text.replacen(
                    "[run]",
                    &format!("[run]\nprecision = {{ \"{path}\" = \"5%\" }}"),
                    1,
                ),
            }
        }
        _ => {
            let is = [
                "< 500ms",
                "> 0.9",
                "= 3",
                "= web",
                "< 10/s",
                "0.5 +- 1%",
                "within 1% of 2s",
                "< $3",
            ];
            let (path, is) = (path(dice, text), dice.pick(&is));
            format!("{text}\n[[expect]]\nfigure = \"{path}\"\nis = \"{is}\"\n")
        }
    }
}

/// Whatever `check` accepts, `run --quick` does not refuse, nor the other way round. With FIVENINES_FULL=1 5,000
/// mutants of all shipped files, else some of small ones.
#[test]
fn whatever_check_accepts_run_does_not_refuse() {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    let mut files = shipped();
    if !full {
        let kept =
            ["slave-away.toml", "starter.toml", "o40-lru.toml", "b4-fleet.toml", "tier-3.toml"];
        files.retain(|file| kept.iter().any(|name| file.ends_with(name)));
        files.extend(
            shipped()
                .into_iter()
                .filter(|file| file.starts_with(scenarios().join("oracles")))
                .take(4),
        );
    }
    let starter = String::from_utf8(fivenines(&["init"]).output().unwrap().stdout).unwrap();
    let mut texts: Vec<(PathBuf, String)> = files
        .into_iter()
        .map(|file| (file.clone(), std::fs::read_to_string(&file).unwrap()))
        .collect();
    texts.push((PathBuf::from("starter.toml"), starter));
    let mut dice = Dice(25);
    let (mut accepted, mut wrong) = (0, Vec::new());
    for number in 0..if full { 5_000 } else { 240 } {
        let (file, text) = &texts[number % texts.len()];
        let folder = file.parent().unwrap();
        let text = mutant(&mut dice, text);
        let [check, run] = both(&text, folder);
        accepted += usize::from(check.is_empty());
        if check.is_empty() != run.is_empty() {
            wrong.push(format!("{} {number}: check\n{check}run\n{run}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted >= 40, "{accepted} accepted: too few to say anything");
}

/// A word that is no statistic, `latency.page.p96` say, was taken for a part of the name and left out: the figure was the
/// mean. Whatever a shipped file asks for is refused with such a word in it.
#[test]
fn a_word_that_is_no_statistic_is_refused_wherever_it_stands() {
    let with = |path: &str| {
        let end = path.find(['[', '@']).unwrap_or(path.len());
        let mut parts: Vec<&str> = path[..end].split('.').collect();
        parts.insert(2.min(parts.len()), "p96");
        format!("{}{}", parts.join("."), &path[end..])
    };
    for name in
        ["oracles/o01-mm1", "tiers/tier-8", "databases/db-2-master-slave", "scalable/image-shield"]
    {
        let place = scenarios().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&place).unwrap();
        let loaded = load(&format!("{name}.toml"));
        let asked = loaded.draft.scenario.expect.iter().map(|expect| &expect.figure.text);
        let wrong: Vec<String> = asked.map(|path| with(path)).collect();
        assert!(wrong.len() > 2, "{name}");
        let more: String = wrong
            .iter()
            .map(|path| format!("[[expect]]\nfigure = \"{path}\"\nis = \"> 0\"\n"))
            .collect();
        let found = crate::common::read(&format!("{text}\n{more}"), place.parent().unwrap());
        let said = found.err().unwrap_or_default();
        for path in wrong {
            let of_it =
                |line: &&str| line.starts_with("error") && line.contains(&format!("`{path}`"));
            assert!(said.lines().any(|line| of_it(&line)), "{name}: {path} is taken:\n{said}");
        }
    }
}
