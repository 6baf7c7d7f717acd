//! Promise: scenarios side by side show how busy each kind of part is and what their databases did not
//! answer, answered from the past or forgot, as counted in each of them.

use std::path::Path;

use fivenines::plan::figure::Metric;
use fivenines::report::comparison::{Members, brief, output};
use fivenines::report::document::Block;
use fivenines::report::text::{self, Letters, Terminal};
use fivenines::study::compare::{LOSSES, Ladder, LossRow, Member, compare};
use fivenines::study::results::{Results, UseKind, gather};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::Estimate;

use crate::inside::common::{Loaded, read};
use crate::inside::shared::base::{With as _, base};

/// A page a second, which is one write; ten reads a second, in tenths of a second; all in order. A
/// write is with the replica after 200 ms. The primary breaks at 20.15 s.
fn scenario(name: &str, database: &str, zones: u32) -> Loaded {
    let on: Vec<String> = (2..2 + zones).map(|at| format!("\"box-{at}\"")).collect();
    let lines = format!(
        r#"
scenario = "{name}"
[server.box]
count = {boxes}
[zone.sql]
count = {zones}
on = [{on}]
[database.mysql]
{database}
"#,
        boxes = zones + 1,
        on = on.join(", "),
    );
    read(&base("writes-and-reads").with(&lines), Path::new("."))
        .unwrap_or_else(|found| panic!("{found}"))
}

fn replicated(mode: &str) -> String {
    format!(
        r#"
in = {{ primary = "sql-1", replicas = ["sql-2"] }}
reads = {{ to = "replicas", max-staleness = "0s" }}
replication = {{ mode = "{mode}", receive = "200ms" }}
failover = {{ detect = {{ interval = "5s", time-out = "5s", fall = 2 }}, promote = "30s", coverage = 1.0, manual-repair = "45min" }}"#
    )
}

struct Lived {
    loaded: Vec<Loaded>,
    results: Vec<(StudyResult, Results)>,
}

impl Lived {
    fn new() -> Self {
        Self::of(vec![
            scenario("alone", "in = { primary = \"sql-1\" }", 1),
            scenario("later", &replicated("async"), 2),
            scenario("at-once", &replicated("semi-sync"), 2),
        ])
    }

    fn of(loaded: Vec<Loaded>) -> Self {
        let lived = |loaded: &Loaded| {
            let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
            let results = gather(&loaded.draft, &loaded.plan, &loaded.study, &result);
            (result, results)
        };
        let results = loaded.iter().map(lived).collect();
        Self { loaded, results }
    }

    fn ladder(&self) -> Ladder {
        let members: Vec<Member<'_>> = self
            .loaded
            .iter()
            .zip(&self.results)
            .map(|(loaded, (result, results))| Member {
                draft: &loaded.draft,
                plan: &loaded.plan,
                study: &loaded.study,
                result,
                results,
                monthly_cost: None,
                once_cost: None,
                file: None,
                base: None,
            })
            .collect();
        compare(&members).unwrap()
    }
}

fn row<'a>(ladder: &'a Ladder, scenario: &str, window: &str) -> &'a LossRow {
    let is_it = |row: &&LossRow| ladder.rows[row.row].scenario == scenario && row.window == window;
    ladder.losses.iter().find(is_it).unwrap_or_else(|| panic!("{scenario} {window}"))
}

/// A count in the mean over replications.
fn value(row: &LossRow, metric: Metric) -> f64 {
    let place = LOSSES.iter().position(|other| *other == metric).unwrap();
    row.counts[place].value().unwrap()
}

/// A count that is the same in every replication; none where it is not kept. The interval of a count of few
/// events is not a point: it holds the value.
fn exactly(lived: &Lived, row: &LossRow, metric: Metric) -> Option<f64> {
    let place = LOSSES.iter().position(|other| *other == metric).unwrap();
    match &row.counts[place] {
        Estimate::Interval(i) if i.low == i.high => Some(i.estimate),
        Estimate::Interval(i) => {
            let path = format!("{}.{}@{}", metric.id(), row.database, row.window);
            let each = &lived.results[row.row].1.by_replication[&path];
            assert!(each.iter().all(|own| *own == i.estimate), "{path}: {each:?} {i:?}");
            assert!(i.low <= i.estimate && i.estimate <= i.high, "{path}: {i:?}");
            Some(i.estimate)
        }
        Estimate::Missing(_) => None,
        other => panic!("{other:?}"),
    }
}

/// By hand. Stale: of ten reads a second those at 0.1 s and 0.2 s lack the write of the full second,
/// which is acknowledged after 1 ms and with the replica 200 ms later: of the writes of 1 s to 99 s two
/// each, of that of 100 s one before the window ends at 100.15 s, in all 199. Lost with the primary at
/// 20.15 s: the write of 20 s, unless it waits for the replica; then that page is not answered. Failed:
/// each page is one write, so as many as pages are missed, one a second until another is promoted:
/// detection takes 5 s to 15 s, promotion 30 s.
#[test]
fn what_databases_fail_forget_and_answer_from_the_past_stands_side_by_side() {
    let lived = Lived::new();
    let ladder = lived.ladder();
    for (scenario, stale) in [("alone", None), ("later", Some(199.0)), ("at-once", Some(199.0))] {
        let calm = row(&ladder, scenario, "calm");
        assert_eq!(exactly(&lived, calm, Metric::Stale), stale, "{scenario}");
        assert_eq!(exactly(&lived, calm, Metric::FailedWrites), Some(0.0));
        assert_eq!(exactly(&lived, calm, Metric::FailedReads), Some(0.0));
        assert_eq!(exactly(&lived, calm, Metric::LostWrites), stale.map(|_| 0.0));
        assert_eq!(calm.any(), stale.is_some());
    }
    for (at, (scenario, part, lost)) in [
        ("alone", "mysql.primary", None),
        ("later", "mysql.primary", Some(1.0)),
        ("at-once", "mysql.primary", Some(0.0)),
    ]
    .into_iter()
    .enumerate()
    {
        let window = format!("broken/down:{part}");
        let broken = row(&ladder, scenario, &window);
        assert_eq!(exactly(&lived, broken, Metric::LostWrites), lost, "{scenario}");
        let path = format!("missed.page@{window}");
        let missed = lived.results[at].1.figures.iter().find(|row| row.path == path).unwrap();
        let failed = value(broken, Metric::FailedWrites);
        assert_eq!(Some(failed), missed.estimate.value(), "{scenario}");
        let expected = if at == 0 { 100.0..=100.0 } else { 34.0..=47.0 };
        assert!(expected.contains(&failed), "{scenario}: {failed}");
    }
    let failed = |scenario: &str| {
        value(row(&ladder, scenario, "broken/down:mysql.primary"), Metric::FailedWrites)
    };
    assert_eq!(failed("at-once"), failed("later") + 1.0);
    // Who has no replica answers no read either while its primary is away; who has one does.
    let reads = |scenario: &str, part: &str| {
        exactly(&lived, row(&ladder, scenario, &format!("broken/down:{part}")), Metric::FailedReads)
    };
    assert!(
        reads("alone", "mysql.primary").unwrap() > 900.0,
        "{:?}",
        reads("alone", "mysql.primary")
    );
    assert_eq!(reads("later", "mysql.primary"), Some(0.0));
}

/// The utilisation law: ten reads a second of 40 ms on eight cores are 0.05, one write of 1 ms in
/// front of it at the primary alone; of both zones of a pair it is the reading replica that is told.
#[test]
fn the_busiest_of_each_kind_is_told_for_every_scenario() {
    let ladder = Lived::new().ladder();
    let zone = |group: &str| {
        let is_it = |one: &&fivenines::study::compare::UseGroup| {
            one.kind == UseKind::Zone && one.group == group
        };
        ladder.uses.iter().find(is_it).unwrap()
    };
    assert_eq!(ladder.basis.windows, ["calm"]);
    let told: Vec<(&str, usize)> = zone("sql")
        .cells
        .iter()
        .map(|of_row| of_row[0].as_ref().unwrap())
        .map(|one| (one.name.as_str(), one.members))
        .collect();
    assert_eq!(told, [("sql-1", 1), ("sql-2", 2), ("sql-2", 2)]);
    for (at, busy) in [0.4 + 0.001, 0.4 + 0.001, 0.4 + 0.001].into_iter().enumerate() {
        let one = zone("sql").cells[at][0].as_ref().unwrap();
        let found = one.mean.value().unwrap();
        assert!((found - busy / 8.0).abs() < 0.0005, "{found} {busy}");
    }
    let kinds: Vec<String> =
        ladder.uses.iter().map(|one| format!("{} {}", one.kind.word(), one.group)).collect();
    for kind in ["zone www", "zone sql", "server box", "service app", "database mysql"] {
        assert!(kinds.iter().any(|one| one == kind), "{kind} not in {kinds:?}");
    }
}

/// Files, page and terminal say the same, and nothing that is zero everywhere gets a row.
#[test]
fn both_stand_in_the_files_on_the_page_and_on_the_terminal() {
    let lived = Lived::new();
    let ladder = lived.ladder();
    let out = output(&ladder, &Members { name: "three".into(), ..Members::default() });
    let file = |name: &str| {
        let found = out.set.files.iter().find(|file| file.path == name).unwrap();
        String::from_utf8(found.bytes.clone()).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&file("comparison.json")).unwrap();
    let rows = json["databases"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), ladder.losses.len());
    let primary = rows
        .iter()
        .find(|row| row["scenario"] == "later" && row["window"] == "broken/down:mysql.primary");
    assert_eq!(primary.unwrap()["lost_writes"]["value"], 1.0);
    let alone = rows.iter().find(|row| row["scenario"] == "alone").unwrap();
    assert_eq!(alone["lost_writes"]["reason"], "no replicas");
    let table = file("comparison.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|other| other == name).unwrap();
    let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let about = |word: &str| read.iter().filter(|row| &row[0] == word).count();
    assert_eq!(about("database"), ladder.losses.len());
    assert_eq!(about("window"), 3);
    let sql = read.iter().find(|row| {
        &row[place("scenario")] == "at-once"
            && &row[place("kind")] == "zone"
            && &row[place("group")] == "sql"
    });
    let sql = sql.unwrap();
    assert_eq!((&sql[place("busiest")], &sql[place("members")]), ("sql-2", "2"));
    assert!((sql[place("busiest_ratio")].parse::<f64>().unwrap() - 0.401 / 8.0).abs() < 0.0005);
    let terminal = Terminal { width: 80, letters: Letters::Ascii };
    let shown = text::document(&brief(&ladder, &out.document), terminal);
    assert!(shown.contains("mysql.primary broken"), "{shown}");
    let (_, uses) = shown.split_once("Utilisation of each part").unwrap();
    let busy = uses.lines().find(|line| line.starts_with("zone sql")).unwrap();
    assert_eq!(busy.split_whitespace().skip(2).collect::<Vec<_>>(), ["5", "5", "5"], "{busy}");
    assert!(!shown.contains("split-brain"), "nobody had any: {shown}");
    let page = file("comparison.html");
    assert!(page.contains("Utilisation of each part") && page.contains("writes lost"));
}

/// Each section of the page states its finding in words and shows one chart before anything else; tables are folded.
#[test]
fn each_section_of_a_comparison_begins_with_its_finding_and_one_chart() {
    let ladder = Lived::new().ladder();
    let members = Members { name: "three".into(), ..Members::default() };
    let document = output(&ladder, &members).document;
    for section in &document.sections {
        let heading = &section.heading;
        assert!(section.intro.ends_with('.'), "{heading}: {}", section.intro);
        let is_open = |block: &Block| !matches!(block, Block::Chart(_) | Block::Folded(_));
        assert!(!section.blocks.iter().any(is_open), "{heading}");
        assert!(section.blocks.iter().skip(1).all(|block| matches!(block, Block::Folded(_))));
    }
    for heading in [
        "Latency",
        "Effect of one failed part",
        "Reads and writes of databases",
        "Utilisation of each part",
    ] {
        let mut sections = document.sections.iter();
        let section = sections.find(|section| section.heading == heading).unwrap();
        assert!(matches!(section.blocks[0], Block::Chart(_)), "{heading}");
    }
}

/// Pages at 100/s that take 100 ms at the origin; with an edge 96 in 100 are answered there within 2 ms, and
/// the rest are 20 ms further away.
fn behind(name: &str, enter: &str, edge: &str) -> Loaded {
    let text = format!(
        r#"
scenario = "{name}"
[run]
replications = 4
[window.calm]
level = "100/s"
warm-up = "1s"
length = "60s"
[server.box]
cores = 64
[zone.east]
[service.app]
in = "east"
workers = "unlimited"
{edge}
[workload.visitors]
request = "page"
rate = "100/s"
arrivals = {{ process = "poisson" }}
[request.page]
enter = "{enter}"
steps = [ {{ delay = "100ms" }} ]
[objective.page]
lost-after = "8s"
"#
    );
    read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

/// p95 falls from 100 ms to 2 ms: 120 ms less by answers from edges, 22 ms more at the origin.
#[test]
fn a_comparison_says_where_latency_is_measured_and_what_of_a_step_is_caching() {
    let edge = "[cdn.edge]\nto = \"app\"\nhit = { page = 0.96 }\nservice-time = \"2ms\"\norigin = \"20ms\"";
    let lived = Lived::of(vec![behind("plain", "app", ""), behind("cached", "edge", edge)]);
    let ladder = lived.ladder();
    assert!(ladder.rows[0].measured.is_none() && ladder.rows[0].step_parts.is_none());
    let row = &ladder.rows[1];
    let edges = row.windows[0].edges.as_ref().unwrap();
    assert!((edges.share() - 0.96).abs() < 0.006, "{}", edges.share());
    assert!((edges.origin.value().unwrap() - 0.122).abs() < 0.002, "{:?}", edges.origin);
    let parts = row.step_parts.unwrap();
    let step = row.latency_step.unwrap().difference.estimate;
    assert!((parts.caching.estimate + 0.120).abs() < 0.002, "{parts:?}");
    assert!((parts.origin.estimate - 0.022).abs() < 0.002, "{parts:?}");
    assert!((parts.caching.estimate + parts.origin.estimate - step).abs() < 1e-12, "{parts:?}");
    let out = output(&ladder, &Members { name: "two".into(), ..Members::default() });
    let file = |name: &str| {
        let found = out.set.files.iter().find(|file| file.path == name).unwrap();
        String::from_utf8(found.bytes.clone()).unwrap()
    };
    let terminal = Terminal { width: 80, letters: Letters::Ascii };
    let shown = text::document(&brief(&ladder, &out.document), terminal);
    for told in [shown, file("comparison.html")] {
        let told = told.replace(['\u{a0}', '`'], " ").replace('\u{2212}', "-");
        let told: Vec<&str> = told.split_whitespace().collect();
        let told = told.join(" ");
        for said in [
            "cached (e)",
            "cached (e): The latency of page is measured at the edges of edge , without the way to the user",
            "edges answer 9",
            "p95 of all requests is 2",
            "in plain above 100",
            "Of the step in p95 -120",
            "is due to caching (answers from edges) and +22",
        ] {
            assert!(told.contains(said), "`{said}` not in {told}");
        }
        assert!(!told.contains("plain (e)"), "{told}");
    }
    let table = file("comparison.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|other| other == name).unwrap();
    let of: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let at: Vec<&str> = of.iter().take(2).map(|row| &row[place("measured_at")]).collect();
    assert_eq!(at, ["site", "edge"]);
    assert!(of[1][place("p95_step_caching_s")].starts_with("-0.1"), "{:?}", of[1]);
}
