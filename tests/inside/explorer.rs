//! Promise: the page that explores a sweep names the right variant, judges as the run itself does, holds hostile text,
//! and stays below 2 MB however large the sweep is.

use std::collections::BTreeMap;
use std::path::Path;

use fivenines::report::run::files;
use fivenines::report::sweep::{Swept, SweptVariant, Way, output};
use fivenines::study::asked::{Ask, Asked, Demands};
use fivenines::study::expect::Verdict;
use fivenines::study::record::{FigureRecord, SummaryRecord};
use fivenines::study::results::gather;
use fivenines::study::scenario::run;
use fivenines::study::summary::{Aim, summary};
use serde_json::Value;

use crate::inside::common::read;
use crate::inside::reports::{hostile, structure};
use crate::inside::shared::base::{With as _, base};

fn figure(value: f64, unit: &str) -> FigureRecord {
    FigureRecord {
        value: Some(value),
        low: Some(value * 0.99),
        high: Some(value * 1.01),
        unit: unit.into(),
        ..FigureRecord::default()
    }
}

fn asked(judgement: Verdict, margin: f64) -> Asked {
    Asked {
        ask: Ask::Served { class: "page".into(), least: 0.999 },
        figure: "request.page@horizon".into(),
        value: None,
        judgement,
        margin: Some(margin),
    }
}

fn swept(variants: Vec<SweptVariant>) -> Swept {
    Swept {
        scenario: "site".into(),
        command: "fivenines sweep scenario.toml".into(),
        seed: 1,
        question: "How many?".into(),
        alone: vec!["fivenines".into(), "run".into(), "scenario.toml".into()],
        file: BTreeMap::from([("zone.web.count".into(), "2".into())]),
        variants,
        way: Way::Given,
        shown: vec!["downtime.page@horizon".into()],
    }
}

fn variant(count: u32, month: Option<f64>, judgement: Verdict, margin: f64) -> SweptVariant {
    let downtime = 60_000.0 / f64::from(count);
    SweptVariant {
        name: format!("v{count}"),
        digest: "sha256:0".into(),
        changes: vec![("zone.web.count".into(), count.to_string())],
        figures: vec![
            ("downtime.page@horizon".into(), figure(downtime, "s")),
            ("request.page@horizon".into(), figure(0.999, "ratio")),
        ],
        cost: (month, None),
        asked: vec![asked(judgement, margin)],
    }
}

fn page(swept: &Swept) -> String {
    String::from_utf8(output(swept).file("explorer.html").unwrap().to_vec()).unwrap()
}

fn data(page: &str) -> Value {
    let rest = page.split("id=\"data\">").nth(1).unwrap();
    serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap()
}

/// The answer, its sentences joined.
fn answer(page: &str) -> String {
    let lead = page.split("aria-label=\"The answer\">").nth(1).unwrap();
    let lead = lead.split("<noscript>").next().unwrap().replace('\u{a0}', " ");
    let text = lead.split('<').filter_map(|part| part.split_once('>'));
    text.map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_cheapest_variant_that_meets_every_objective_is_named_first() {
    use Verdict::{Fails, Holds, Inconclusive};
    let five = |verdicts: [Verdict; 4]| {
        let all = (2..6).zip(verdicts).map(|(count, verdict)| {
            variant(count, Some(250.0 * f64::from(count)), verdict, f64::from(count) - 4.5)
        });
        swept(all.collect())
    };
    let text = page(&five([Fails, Inconclusive, Holds, Holds]));
    let said = answer(&text);
    assert!(said.starts_with("2 of 4 variants meet every objective. The cheapest: zone.web.count=4, for $1,000 per month."), "{said}");
    assert!(said.contains("1 variant is undecided"), "{said}");
    let start = &data(&text)["start"];
    assert_eq!(
        (&start["picked"], &start["x"], &start["y"]),
        (&2.into(), &"f0".into(), &"f1".into())
    );
    let said = answer(&page(&five([Fails, Fails, Fails, Fails])));
    assert!(
        said.starts_with(
            "None of 4 variants meets every objective. The nearest: zone.web.count=5."
        ),
        "{said}"
    );
    assert!(
        said.contains("It misses at least 99.9 % of the views of page served (it has 99.9 %"),
        "{said}"
    );
    let said = answer(&page(&five([Fails, Fails, Fails, Inconclusive])));
    assert!(
        said.starts_with(
            "No variant is known to meet every objective. 1 is undecided: zone.web.count=5."
        ),
        "{said}"
    );
    // Without prices there is no cheapest.
    let unpriced =
        |verdict| swept((2..4).map(|count| variant(count, None, verdict, 1.0)).collect());
    let said = answer(&page(&unpriced(Holds)));
    assert!(
        said.starts_with(
            "All 2 variants meet every objective: zone.web.count=2; and zone.web.count=3."
        ),
        "{said}"
    );
    assert!(said.contains("Least downtime.page@horizon: "), "{said}");
    let said = answer(&page(&unpriced(Verdict::NotJudged)));
    assert!(
        said.starts_with("No objective judges these 2 variants. Least downtime.page@horizon: "),
        "{said}"
    );
    assert!(
        said.contains("Not judged in this sweep: at least 99.9 % of the views of page served."),
        "{said}"
    );
    // At one price the question is which of them miss.
    let alike = vec![variant(2, Some(500.0), Fails, -1.0), variant(3, Some(500.0), Holds, 0.5)];
    let said = answer(&page(&swept(alike)));
    assert!(
        said.starts_with("1 of 2 variants meets every objective. 1 misses one: zone.web.count=2."),
        "{said}"
    );
    assert!(said.contains("Every variant costs $500 per month."), "{said}");
    assert!(answer(&page(&swept(Vec::new()))).starts_with("No objective judges these 0 variants."));
}

#[test]
fn hostile_text_stays_text_on_the_page_of_a_sweep() {
    let poisoned = |word: &str| {
        let mut one = variant(2, Some(500.0), Verdict::Holds, 1.0);
        one.name = word.into();
        one.changes.push((word.into(), word.into()));
        one.figures.push((word.into(), figure(1.0, word)));
        one.asked[0].ask = Ask::Expected(word.into());
        let mut all = swept(vec![one]);
        all.file.insert(word.into(), word.into());
        all.shown.push(word.into());
        for place in [&mut all.scenario, &mut all.command, &mut all.question] {
            *place = word.into();
        }
        all.alone.push(word.into());
        page(&all)
    };
    let expected = structure(&poisoned("x"));
    assert!(expected.len() > 50);
    for word in hostile() {
        let page = poisoned(&word);
        assert_eq!(structure(&page), expected, "{word:?}");
        // The data are read as they were written.
        assert_eq!(data(&page)["total"], 1, "{word:?}");
    }
}

/// Ten thousand variants with forty figures: the page has two thousand of them evenly, the chosen one among them, and
/// states what it leaves out.
#[test]
fn a_large_sweep_has_a_bounded_page_that_states_what_it_leaves_out() {
    let many = (1..=10_000).map(|count| {
        let verdict = if count == 7_777 { Verdict::Holds } else { Verdict::Fails };
        let mut one = variant(count, Some(f64::from(count)), verdict, -1.0);
        let more = (0..40).map(|at| {
            (
                format!("utilization.box-{at}.cpu@peak"),
                figure(0.123_456 + f64::from(count) * 1e-5, "ratio"),
            )
        });
        one.figures.extend(more);
        one
    });
    let text = page(&swept(many.collect()));
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    let data = data(&text);
    let names = data["names"].as_array().unwrap();
    assert_eq!((names.len(), data["total"].as_u64()), (2_000, Some(10_000)));
    assert_eq!(names[0], "v1");
    assert_eq!(names[usize::try_from(data["start"]["picked"].as_u64().unwrap()).unwrap()], "v7777");
    let said = answer(&text);
    assert!(
        said.contains("The charts have 2000 of the 10000 variants, evenly over the sweep."),
        "{said}"
    );
    let here = data["figures"].as_array().unwrap().len();
    assert!((4..43).contains(&here), "{here} figures");
    assert!(said.contains(&format!("{} of 43 figures are left out for size", 43 - here)), "{said}");
}

/// The same objectives, verdicts and margins as the run itself has.
#[test]
fn objectives_are_judged_from_the_files_as_by_the_run() {
    let text = base("site").with(
        r#"[run]
seed = 3
horizon = "2y"
replications = 6
[workload.visitors]
rate = "400/s"
[request.page]
demands = { page = { dist = "exponential", mean = "5ms" } }
[window.mean]
level = "400/s"
length = "20s"
warm-up = "2s"
[window.peak]
level = "700/s"
length = "20s"
warm-up = "2s"
[objective.page]
latency = { p95 = "20ms" }
availability = "99.9%"
[fault.crash]
hits = "server.box-1"
how = "crash"
up = { dist = "exponential", mean = "1000h" }
repair = { dist = "exponential", mean = "2h" }
"#,
    );
    let found = judged_as_by_the_run(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    let verdicts: Vec<Verdict> = found.iter().map(|one| one.judgement).collect();
    assert!(
        verdicts.contains(&Verdict::Holds) && verdicts.contains(&Verdict::Fails),
        "{verdicts:?}"
    );
}

/// Runs a scenario; returns what is read back from its files, which is what the run itself says.
fn judged_as_by_the_run(text: &str) -> Vec<Asked> {
    let loaded = read(text, Path::new(".")).unwrap_or_else(|error| panic!("{error}"));
    let study = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let results = gather(&loaded.draft, &loaded.plan, &loaded.study, &study);
    let bytes = files::summary(&results).to_string().into_bytes();
    let record = SummaryRecord::parse(&bytes).unwrap();
    let found = Demands::of(&loaded.draft).judged(&record, &bytes).unwrap();
    let summary = summary(&results);
    let of_run: Vec<_> = summary.goals().map(|(_, goal)| goal).collect();
    assert_eq!(found.len(), of_run.len(), "{found:#?}");
    for (one, goal) in found.iter().zip(&of_run) {
        assert_eq!(one.judgement, goal.judgement, "{one:?}");
        let margins = (one.margin.unwrap_or(0.0), goal.margin.unwrap_or(0.0));
        assert!((margins.0 - margins.1).abs() < 1e-9, "{one:?} {margins:?}");
        if let (Ask::Capacity { peak, .. }, Aim::Capacity { peak: of_run, .. }) =
            (&one.ask, &goal.aim)
        {
            assert_eq!(peak, of_run, "{one:?}");
        }
    }
    found
}

/// The design peak of a class is the rate of its own workloads, not the sum of the window: here 20/s of 60/s.
#[test]
fn each_class_has_to_carry_its_own_design_peak() {
    let text = base("site").with(
        r#"[run]
seed = 3
replications = 2
[workload.buyers]
from = "public"
request = "order"
rate = "20/s"
[request.order]
enter = "app"
demands = { order = "1ms" }
steps = [ { cpu = "app", demand = "order" } ]
[window.peak]
level = "1 x rate"
length = "20s"
warm-up = "2s"
[objective.page]
latency = { p95 = "20ms" }
[objective.order]
latency = { p95 = "20ms" }
"#,
    );
    let found = judged_as_by_the_run(&text);
    let peak = |asked: &Asked| match &asked.ask {
        Ask::Capacity { class, peak, .. } => Some((class.clone(), *peak)),
        _ => None,
    };
    let peaks: Vec<(String, f64)> = found.iter().filter_map(peak).collect();
    assert!(peaks.contains(&("order".into(), 20.0)), "{peaks:?}");
    assert!(peaks.contains(&("page".into(), 40.0)), "{peaks:?}");
}

/// The window named `peak` is what a site is planned for, although a flash crowd is louder: 40/s, not 90.
#[test]
fn the_design_peak_is_the_window_of_that_name() {
    let text = base("site").with(
        r#"[run]
seed = 3
replications = 2
[window.flash]
level = "90/s"
length = "20s"
warm-up = "2s"
[window.peak]
level = "40/s"
length = "20s"
warm-up = "2s"
[objective.page]
latency = { p95 = "20ms" }
"#,
    );
    let found = judged_as_by_the_run(&text);
    let peaks = found.iter().filter_map(|asked| match &asked.ask {
        Ask::Capacity { peak, window, .. } => Some((window.as_str(), *peak)),
        _ => None,
    });
    assert_eq!(peaks.collect::<Vec<_>>(), [("peak", 40.0)]);
}
