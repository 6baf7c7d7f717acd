//! Which to buy: down less than whatever costs less, as seen in the years that both live through.

use std::path::Path;

use fivenines::report::comparison::{Members, output};
use fivenines::study::compare::{Ladder, Member, compare};
use fivenines::study::results::{Results, gather};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::Estimate;

use crate::common::{Loaded, read};

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
draw = {{ page = "5ms" }}
steps = [ {{ cpu = "app", draw = "page" }} ]

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
    let results: Vec<_> = loaded.iter().map(lived).collect();
    let mut members = Vec::new();
    for ((one, (result, results)), cost) in loaded.iter().zip(&results).zip(costs) {
        let Loaded { draft, plan, study } = one;
        members.push(Member { draft, plan, study, result, results, monthly_cost: *cost });
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
    let said = page.split("of page is kept for the least money by ").nth(1).unwrap();
    let keeps = |seconds: f64| format!("{:.0}", (seconds / 60.0).ceil());
    let plainly = format!("plain down to {}", keeps(plain.downtime.high));
    assert!(said.starts_with(&plainly), "{}", &said[..200]);
    let limits = format!("{} to {} min/y", keeps(mended.downtime.high), keeps(plain.downtime.high));
    assert!(page.contains(&limits), "{limits}");
    assert!(page.contains("none: plain is cheaper"));
}

/// Where no price is known nothing is said about what to buy.
#[test]
fn without_prices_nothing_is_offered() {
    let ladder = ladder(&[("one", "2h", None), ("two", "1h", None)]);
    assert!(ladder.offers.is_empty());
    let out = output(&ladder, &Members::default());
    let page = out.set.files.iter().find(|file| file.path == "comparison.html").unwrap();
    assert!(!String::from_utf8_lossy(&page.bytes).contains("What to buy"));
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
    assert!(page.contains("a million views served") && page.contains("no prices"));
}
