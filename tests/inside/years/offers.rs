//! Which to buy: down less than whatever costs less, as seen in the years that both live through.

use std::path::Path;

use fivenines::report::comparison::{Members, output};
use fivenines::report::document::{ChartKind, FrontRank};
use fivenines::study::compare::{Change, Ladder, Member, Respect, Unfit, compare};
use fivenines::study::results::{Results, gather};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::Estimate;

use crate::inside::common::{Loaded, read};

/// A service that is lost twelve times a year, for so long.
fn text(name: &str, repair: &str) -> String {
    format!(
        r#"
scenario = "{name}"
[run]
horizon = "20y"
[server.box]
cores = 4
[zone.www]
on = ["box-1"]
[service.app]
in = "www"
workers = 5
[workload.visitors]
request = "page"
rate = "1/s"
[request.page]
enter = "app"
demands = {{ page = "5ms" }}
steps = [ {{ cpu = "app", demand = "page" }} ]

[fault.app]
hits = "service.app"
how = "crash"
rate = "12/y"
repair = {{ dist = "exponential", mean = "{repair}" }}
"#
    )
}

fn scenario(text: &str) -> Loaded {
    read(text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn lived(loaded: &Loaded) -> (StudyResult, Results) {
    let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let results = gather(&loaded.draft, &loaded.plan, &loaded.study, &result);
    (result, results)
}

/// Name, mean repair, dollars a month.
fn ladder(offered: &[(&str, &str, Option<f64>)]) -> Ladder {
    let loaded: Vec<Loaded> =
        offered.iter().map(|(name, repair, _)| scenario(&text(name, repair))).collect();
    let costs: Vec<_> = offered.iter().map(|(.., cost)| *cost).collect();
    side_by_side(&loaded, &costs)
}

fn side_by_side(loaded: &[Loaded], costs: &[Option<f64>]) -> Ladder {
    let costs: Vec<_> = costs.iter().map(|month| (*month, None)).collect();
    priced(loaded, &costs)
}

/// Dollars per month and once.
fn priced(loaded: &[Loaded], costs: &[(Option<f64>, Option<f64>)]) -> Ladder {
    let results: Vec<_> = loaded.iter().map(lived).collect();
    let mut members = Vec::new();
    for ((one, (result, results)), cost) in loaded.iter().zip(&results).zip(costs) {
        let Loaded { draft, plan, study } = one;
        let (monthly_cost, once_cost) = *cost;
        members.push(Member {
            draft,
            plan,
            study,
            result,
            results,
            monthly_cost,
            once_cost,
            file: None,
            base: None,
        });
    }
    compare(&members).unwrap()
}

/// Up for 730 h, down for 2 h: of 525,600 minutes a year 1,436.1; down for 1 h: 719.0. What costs
/// more and breaks alike is not worth its price, whatever stands above it in the comparison.
#[test]
fn who_is_not_down_less_than_a_cheaper_one_is_not_worth_its_price() {
    let ladder = ladder(&[
        ("dear", "2h", Some(150.0)),
        ("mended-sooner", "1h", Some(200.0)),
        ("plain", "2h", Some(100.0)),
    ]);
    let [plain, dear, mended] = ladder.offers.as_slice() else { panic!("{:?}", ladder.offers) };
    let names = [plain, dear, mended].map(|offer| ladder.rows[offer.row].scenario.as_str());
    assert_eq!(names, ["plain", "dear", "mended-sooner"]);
    assert_eq!((plain.beaten_by, dear.beaten_by, mended.beaten_by), (None, Some(2), None));
    assert!(plain.downtime.contains(1_436.07 * 60.0), "{:?}", plain.downtime);
    let step = mended.step.as_ref().unwrap();
    assert_eq!((step.from, step.cost), (2, 100.0));
    assert!(step.downtime.contains(-(1_436.07 - 719.02) * 60.0), "{:?}", step.downtime);
    assert!(dear.step.is_none() && plain.step.is_none());

    let out = output(&ladder, &Members::default());
    let page = out.set.files.iter().find(|file| file.path == "comparison.html").unwrap();
    let page = String::from_utf8_lossy(&page.bytes);
    let said = said(&ladder);
    let keeps = |seconds: f64| format!("{:.0}", (seconds / 60.0).ceil());
    let wanted = format!(
        "Cheapest for up to {} min of structural downtime of page per year: plain ($100 per month); for up to \
         {least} min: mended-sooner ($200 per month). No scenario stays below {least} min per year.",
        keeps(plain.downtime.high),
        least = keeps(mended.downtime.high),
    );
    assert_eq!(said[0], wanted);
    let limits =
        format!("{} to {} min per year", keeps(mended.downtime.high), keeps(plain.downtime.high));
    assert!(page.contains(&limits), "{limits}");
    assert!(page.contains("none: plain is cheaper"));
}

/// The bars of a page add up to the downtime that its tables state, whatever the number of causes.
#[test]
fn the_parts_of_a_bar_add_up_to_the_downtime_of_its_scenario() {
    let more: String = (0..9)
        .map(|at| {
            let fault = "hits = \"service.app\"\nhow = \"crash\"\nrate = \"2/y\"";
            let repair =
                format!("repair = {{ dist = \"exponential\", mean = \"{}min\" }}", 10 + at);
            format!("\n[fault.more-{at}]\n{fault}\n{repair}\n")
        })
        .collect();
    let loaded = [text("few", "2h"), text("many", "1h") + &more].map(|text| scenario(&text));
    let ladder = side_by_side(&loaded, &[Some(100.0), Some(200.0)]);
    let document = output(&ladder, &Members::default()).document;
    let mut drawn = document.sections.iter().flat_map(|section| section.charts());
    let found = drawn.find_map(|chart| match &chart.kind {
        ChartKind::Stacked(chart) => Some(chart),
        _ => None,
    });
    let chart = found.unwrap();
    // Seven causes have names, the other three are counted.
    assert_eq!((chart.parts.len(), chart.parts[7].as_str()), (8, "3 others"));
    for (bar, years) in chart.bars.iter().zip(&ladder.years) {
        let downtime = years.as_ref().unwrap().structural.all.downtime.value().unwrap() / 60.0;
        let sum: f64 = bar.values.iter().sum();
        assert!((sum - downtime).abs() < 1e-6 * downtime, "{}: {sum} {downtime}", bar.label);
        assert!((bar.whole.value - downtime).abs() < 1e-9 * downtime, "{}", bar.label);
    }
}

/// Only what certainly has less downtime than all that cost at most as much is on the line of the chart.
#[test]
fn a_scenario_that_is_not_surely_better_than_a_cheaper_one_is_not_on_the_front() {
    let ladder = ladder(&[
        ("plain", "2h", Some(100.0)),
        ("dear", "2h", Some(150.0)),
        ("mended-sooner", "1h", Some(200.0)),
    ]);
    let document = output(&ladder, &Members::default()).document;
    let Some(ChartKind::Front(front)) = document.lead.chart.map(|chart| chart.kind) else {
        panic!()
    };
    let ranks: Vec<(&str, FrontRank)> =
        front.points.iter().map(|point| (point.label.as_str(), point.rank)).collect();
    let wanted = [
        ("plain", FrontRank::Front),
        ("dear", FrontRank::Beaten),
        ("mended-sooner", FrontRank::Front),
    ];
    assert_eq!(ranks, wanted);
}

/// The verdicts of the page.
fn said(ladder: &Ladder) -> Vec<String> {
    let document = output(ladder, &Members::default()).document;
    document.verdicts.iter().map(|one| one.text.replace('\u{a0}', " ")).collect()
}

/// Up for 730 h, down for 2 h instead of 1 h: 717 minutes a year more, all of them seen at once.
#[test]
fn a_dearer_scenario_that_is_worse_in_one_respect_is_said_to_be_worse() {
    let ladder = ladder(&[("plain", "1h", Some(100.0)), ("dear", "2h", Some(150.0))]);
    let said = said(&ladder);
    let verdict = said.iter().find(|text| text.starts_with("dear instead of plain")).unwrap();
    let start = "dear instead of plain, for $50 more per month. Better: nothing certain. \
                 Worse: structural downtime by 7";
    assert!(verdict.starts_with(start), "{verdict}");
    let [structural, .., views] = ladder.weighed[1].as_slice() else { panic!("{verdict}") };
    let minutes = (1_436.07 - 719.02) * 60.0;
    assert_eq!((&structural.respect, structural.change), (&Respect::Structural, Change::Worse));
    assert!(structural.difference.contains(minutes), "{:?}", structural.difference);
    assert_eq!((&views.respect, views.change), (&Respect::NotServed, Change::Worse));
    // A view a second is lost.
    assert!(views.difference.contains(minutes), "{:?}", views.difference);
    assert!(verdict.contains("page views not served (flows alone) by "), "{verdict}");
}

/// Twice what four cores can do at 50 ms a page, then half of it with a deadline that no page meets: neither
/// is recommended, though both are cheaper than the third and down as long.
#[test]
fn a_scenario_that_is_overloaded_or_too_slow_at_its_peak_is_never_recommended() {
    let with_peak = |name: &str, level: &str, more: &str| {
        let window = format!(
            "\n[window.peak]\nlevel = \"{level}\"\nlength = \"20s\"\nwarm-up = \"2s\"\nreplications = 3\n{more}"
        );
        text(name, "1h").replace("page = \"5ms\"", "page = \"50ms\"") + &window
    };
    let slow = "[objective.page]\nlatency = { p95 = \"40ms\" }\n";
    let loaded = [
        with_peak("small", "160/s", ""),
        with_peak("slow", "40/s", slow),
        with_peak("right", "40/s", ""),
    ]
    .map(|text| scenario(&text));
    let ladder = side_by_side(&loaded, &[Some(50.0), Some(60.0), Some(100.0)]);
    let [small, slow, right] = ladder.offers.as_slice() else { panic!("{:?}", ladder.offers) };
    assert!(matches!(small.unfit, Some(Unfit::NotInBalance(_))), "{small:?}");
    assert!(matches!(slow.unfit, Some(Unfit::Slow(_))), "{slow:?}");
    assert!(right.unfit.is_none() && right.is_on_front(), "{right:?}");
    let said = said(&ladder);
    let rest = said[0].strip_prefix("Cheapest for up to ").unwrap();
    let only = " min of structural downtime of page per year: right ($100 per month). \
                No recommended scenario stays below ";
    assert!(rest.contains(only), "{rest}");
    let (_, unfit) = rest.split_once("Not recommended, for window peak: small (").unwrap();
    assert!(unfit.contains("), slow (p95 ") && unfit.contains(", objective < 40ms)"), "{unfit}");
}

/// The losses of `flows` stand nowhere without a word of what they leave out and what corrects them.
#[test]
fn losses_that_leave_something_out_carry_a_warning_and_the_command_that_corrects_them() {
    let ladder = ladder(&[("plain", "1h", Some(100.0)), ("dear", "2h", Some(150.0))]);
    let warned = |text: &String| {
        text.contains("flows alone")
            && text.contains("cold memory")
            && text.contains("`fivenines run FILE`")
    };
    assert!(said(&ladder).iter().any(warned));
    let out = output(&ladder, &Members::default());
    let file = |name: &str| out.set.files.iter().find(|file| file.path == name).unwrap();
    let page = String::from_utf8_lossy(&file("comparison.html").bytes);
    assert!(page.contains("lost per year*"));
    let mut reader = csv::Reader::from_reader(file("comparison.csv").bytes.as_slice());
    let head = reader.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|other| other == name).unwrap();
    let (lost, by) = (place("lost_views_per_year"), place("losses_by"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of_losses = rows.iter().filter(|row| !row[lost].is_empty());
    assert!(of_losses.clone().count() > 1 && of_losses.clone().all(|row| &row[by] == "flows"));
}

/// One-time cost decides between two at one price per month, and stands beside it wherever prices stand.
#[test]
fn what_is_paid_once_stands_beside_what_is_paid_per_month() {
    let loaded = [("dear", "2h"), ("better", "1h"), ("plain", "2h")];
    let loaded = loaded.map(|(name, repair)| scenario(&text(name, repair)));
    let month = Some(100.0);
    let ladder = priced(
        &loaded,
        &[(month, Some(24_000.0)), (month, Some(72_000.0)), (month, Some(12_000.0))],
    );
    let [plain, dear, better] = ladder.offers.as_slice() else { panic!("{:?}", ladder.offers) };
    assert_eq!((plain.row, dear.beaten_by, better.is_on_front()), (2, Some(2), true));
    let step = better.step.as_ref().unwrap();
    assert_eq!((step.from, step.cost, step.once), (2, 0.0, 60_000.0));
    assert!(
        said(&ladder)[0].contains("plain ($100 per month, $12,000 once)"),
        "{:?}",
        said(&ladder)
    );
    let out = output(&ladder, &Members::default());
    let file = |name: &str| out.set.files.iter().find(|file| file.path == name).unwrap();
    let page = String::from_utf8_lossy(&file("comparison.html").bytes);
    for words in ["$ once", "extra cost once", "$72,000", "$60,000", "One-time cost"] {
        assert!(page.contains(words), "{words}");
    }
    let mut reader = csv::Reader::from_reader(file("comparison.csv").bytes.as_slice());
    let head = reader.headers().unwrap().clone();
    let once = head.iter().position(|name| name == "cost_dollars_once").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(rows.iter().any(|row| row[once].starts_with("72000")));

    // Cheaper per month and dearer once: which is the better buy is not for this page to say.
    let ladder =
        priced(&loaded, &[(month, None), (Some(50.0), Some(72_000.0)), (month, Some(1.0))]);
    assert!(ladder.offers.is_empty());
    assert!(said(&ladder)[0].starts_with("No scenario is recommended by its price"));
}

/// Files without prices paid once have no word of them.
#[test]
fn without_prices_paid_once_no_table_has_a_column_for_them() {
    let ladder = ladder(&[("plain", "1h", Some(100.0)), ("dear", "2h", Some(150.0))]);
    let out = output(&ladder, &Members::default());
    for file in &out.set.files {
        let text = String::from_utf8_lossy(&file.bytes);
        assert!(!text.contains("dollars_once") && !text.contains("$ once"), "{}", file.path);
    }
}

/// Where no price is known nothing is said about what to buy.
#[test]
fn without_prices_nothing_is_offered() {
    let ladder = ladder(&[("one", "2h", None), ("two", "1h", None)]);
    assert!(ladder.offers.is_empty());
    let out = output(&ladder, &Members::default());
    let page = out.set.files.iter().find(|file| file.path == "comparison.html").unwrap();
    assert!(
        !String::from_utf8_lossy(&page.bytes).contains("Cheapest scenario for each downtime limit")
    );
}

/// A month of 730 h at one view a second is 2,628,000 views, of which 730 of 732 are served: $100 over those is $38.16 a
/// million; at a cent each the others are $71.80. Who has no prices has none.
#[test]
fn what_page_views_cost_stands_side_by_side() {
    let priced =
        format!("{}\n[cost]\nzone = \"$100/month\"\nlost-page = \"$0.01\"\n", text("priced", "2h"));
    let loaded = [priced, text("free", "2h")].map(|text| scenario(&text));
    let ladder = side_by_side(&loaded, &[Some(100.0), None]);
    let of = |at: usize| ladder.years[at].as_ref().unwrap().load.as_ref().unwrap().cost.clone();
    let cost = of(0).unwrap();
    let served = 2.628 * 730.0 / 732.0;
    for (found, wanted) in
        [(&cost.per_million, 100.0 / served), (cost.lost.as_ref().unwrap(), (2.628 - served) * 1e4)]
    {
        let Estimate::Interval(found) = found else { panic!("{found:?}") };
        assert!(found.contains(wanted) && found.half_width() < 0.1 * wanted, "{wanted}: {found:?}");
    }
    assert!(of(1).is_none());
    let out = output(&ladder, &Members::default());
    let page = out.set.files.iter().find(|file| file.path == "comparison.html").unwrap();
    let page = String::from_utf8_lossy(&page.bytes);
    assert!(page.contains("per million views served") && page.contains("no prices"));
}
