//! Figures: what a file may name is one table; `check` refuses what `run` refuses; what is not judged
//! is no pass.

use std::path::{Path, PathBuf};

use fivenines::cli::init::STARTER;
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
use fivenines::study::scenario::{
    Choices, Expectation, Judged, Solver, StudyPlan, by_arithmetic, prepare,
};
use fivenines::study::{limits, verdict, years};

use crate::inside::common::{load, scenarios, shipped};
use crate::inside::shared::desk;

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
        (
            precise("latency.job.p95@steady"),
            "needs 10 replications before its precision is first checked",
        ),
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
}

/// What the flags leave out is not judged.
#[test]
fn an_expectation_that_the_flags_do_not_estimate_is_not_judged() {
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
}

/// A quarter of a steady window has the same mean, and a quarter of the arrivals. A window about a time is kept whole.
#[test]
fn a_quick_run_judges_nothing_by_a_length_that_it_cuts() {
    let level = desk(&[("latency.job.mean@steady", "< 1h"), ("attempts.job@steady", "< 1e9")]);
    let text = level.replace("level = \"10/s\"\n", "");
    let stepped = text.replace("rate = ", "step = { at = \"00:00\", factor = 2 }\nrate = ");
    let late = text.replace("[window.steady]", "[window.steady]\nat = \"1h\"");
    let of = |text: &str, quick| {
        let loaded = read(text, Path::new("."), Purpose::Check(None));
        let choices = Choices { quick, ..Choices::default() };
        let mut found = Diagnostics::new();
        let (draft, plan) = (loaded.draft.as_ref().unwrap(), loaded.blueprint.as_ref().unwrap());
        let study = prepare(draft, plan, choices, &mut found);
        let open = |expect: &Expectation| matches!(expect.of, Judged::NotEstimated(_));
        let left: Vec<bool> = study.expectations.iter().map(open).collect();
        (study.windows[0].window.length.nanos(), left)
    };
    let (whole, left) = of(&text, false);
    assert_eq!(left, [false, false]);
    for text in [&text, &level] {
        assert_eq!(of(text, true), (whole / 4, vec![false, true]));
    }
    for text in [&stepped, &late] {
        assert_eq!(of(text, true), (whole, vec![false, false]));
    }
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
const RICH: [&str; 18] = [
    "tiers/tier-6.toml",
    "tiers/tier-8.toml",
    "databases/slave-away.toml",
    "oracles/o40-lru.toml",
    "oracles/b4-fleet.toml",
    "faults/failed-disks.toml",
    "oracles/o01-mm1.toml",
    "claims/dedicated.toml",
    "scalable/job-queue.toml",
    "scalable/logging-tcp.toml",
    "scalable/caching-sites.toml",
    "platform/io-throttle.toml",
    "platform/energy.toml",
    "platform/disk-writes.toml",
    "platform/provisioning.toml",
    "platform/provisioning-years.toml",
    "faults/restored.toml",
    "platform/memory-cap.toml",
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
    let mut texts: Vec<(PathBuf, String)> = files
        .into_iter()
        .map(|file| (file.clone(), std::fs::read_to_string(&file).unwrap()))
        .collect();
    texts.push((PathBuf::from("starter.toml"), STARTER.to_string()));
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
        let found =
            crate::inside::common::read(&format!("{text}\n{more}"), place.parent().unwrap());
        let said = found.err().unwrap_or_default();
        for path in wrong {
            let of_it =
                |line: &&str| line.starts_with("error") && line.contains(&format!("`{path}`"));
            assert!(said.lines().any(|line| of_it(&line)), "{name}: {path} is taken:\n{said}");
        }
    }
}
