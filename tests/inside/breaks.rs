//! Windows in which each part is broken once: what a break costs, by hand and from theory, on the
//! draws of the same stretch without a break.

use std::path::Path;

use fivenines::plan::drills::{drillable, one_of_each};
use fivenines::stats::interval::Interval;
use fivenines::study::breaks;
use fivenines::study::results::{BreakRow, Noticed, Results, gather};
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::summary::summary;
use fivenines::study::window::{Estimate, Watch, WindowPlan};

use super::common::{Loaded, is_full, load, read};
use super::shared::base::{With as _, base};

/// A rack whose service breaks.
const FRAGILE: &str = r#"
[site.main]
[rack.r]
site = "main"
[server.box]
rack = "r"
[service.app]
restart = "10s"
[fault.oops]
hits = "service.app"
how = "crash"
rate = "1/y"
"#;

/// A page a second, each 2.4 s of work on eight cores; broken at 20.5 s, repaired at 20.5 s.
fn by_hand() -> String {
    base("page").with(FRAGILE).with(
        r#"
[run]
replications = 4
[window.broken]
level = "1/s"
warm-up = "500ms"
before = "20s"
after = "40s"
[window.same]
level = "1/s"
warm-up = "500ms"
length = "60s"
[rack.r]
switch = { count = 2, bandwidth = "1Gbit/s" }
[workload.visitors]
arrivals = { process = "regular" }
[request.page]
demands = { page = "2.4s" }
"#,
    )
}

/// Twenty pages a second of users with sessions of 3.7 pages and little patience.
fn users() -> String {
    base("page").with(FRAGILE).with(
        r#"
[window.broken]
level = "20/s"
before = "20s"
after = "3min"
[rack.r]
switch = { count = 1, bandwidth = "1Gbit/s" }
[service.app]
workers = 50
backlog = 100
restart = "1s"
[clients.users]
patience = "2s"
retry = { probability = 0.5, after = "1s", max-retries = 2 }
session = { pages = { dist = "geometric", mean = 3.7 }, think = "4s" }
[workload.visitors]
from = "users"
rate = "20/s"
[request.page]
demands = { page = { dist = "exponential", mean = "20ms" } }
"#,
    )
}

fn loaded(text: &str) -> Loaded {
    read(text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"))
}

fn lived(loaded: &Loaded) -> (StudyResult, Results) {
    let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let results = gather(&loaded.draft, &loaded.plan, &loaded.study, &result);
    (result, results)
}

/// The warm-up of a window is judged by its own requests in flight, whatever other windows there are.
#[test]
fn a_window_is_judged_by_itself() {
    let warm_up = |scenario: &str| {
        let loaded = read(scenario, Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
        let mut checks = lived(&loaded).1.checks;
        checks.retain(|check| check.name == "warm-up" && check.detail.contains("window steady"));
        assert_eq!(checks.len(), 1);
        checks.remove(0)
    };
    let steady = "[window.steady]\nlevel = \"20/s\"\nwarm-up = \"20s\"\nlength = \"100s\"\n";
    // As busy as can be from an empty start: nothing steady there.
    let rising = "[window.rising]\nlevel = \"300/s\"\nwarm-up = \"0s\"\nlength = \"100s\"\n";
    let apart = users().replace("[window.broken]", &format!("{steady}[window.broken]"));
    let beside = users().replace("[window.broken]", &format!("{steady}{rising}[window.broken]"));
    let alone = apart.replace("after = \"3min\"", "after = \"10s\"");
    let [apart, beside, alone] = [&apart, &beside, &alone].map(|scenario| warm_up(scenario));
    assert_eq!(apart.detail, alone.detail);
    assert_eq!(apart.detail, beside.detail);
    assert!(apart.detail.contains("would cut"), "{}", apart.detail);
}

fn interval(results: &Results, path: &str) -> Interval {
    let row = results.figures.iter().find(|row| row.path == path);
    match row.map(|row| &row.estimate) {
        Some(Estimate::Interval(interval)) => *interval,
        other => panic!("{path}: {other:?}"),
    }
}

fn row_of<'a>(results: &'a Results, part: &str) -> &'a BreakRow {
    let of = |row: &&BreakRow| row.part.as_ref().is_some_and(|broken| broken.name == part);
    results.breaks.iter().find(of).unwrap_or_else(|| panic!("no row of {part}"))
}

/// The value of a figure that is the same in every replication. The interval of a count of few events is not a
/// point: it holds the value.
fn exactly(results: &Results, path: &str) -> f64 {
    let interval = interval(results, path);
    let each = &results.by_replication[path];
    assert!(each.iter().all(|own| *own == each[0]), "{path}: {each:?}");
    assert!(interval.low <= interval.estimate && interval.estimate <= interval.high, "{path}");
    interval.estimate
}

/// Loss = rate × time: at 20.5 s the pages of 19 and 20 s are inside, those of 21 to 60 s find
/// nobody.
#[test]
fn a_break_loses_who_is_inside_and_who_comes_after_it() {
    let (_, results) = lived(&loaded(&by_hand()));
    for part in ["app-1", "web-1", "box-1", "r", "main"] {
        let of = |metric: &str| exactly(&results, &format!("{metric}.page@broken/down:{part}"));
        assert_eq!((of("missed"), of("lost")), (42.0, 42.0), "{part}");
        // Of the minute at the end there are but the 40 s after the break.
        assert_eq!(of("losing"), 42.0 / 40.0, "{part}");
        assert_eq!(row_of(&results, part).noticed, Noticed::Everything, "{part}");
    }
    assert_eq!(exactly(&results, "served.page.chance@broken/down:app-1"), 18.0 / 60.0);
    assert_eq!(exactly(&results, "lost.page[cause=planned]@broken/down:app-1"), 42.0);
}

/// One of two switches carries the rack: nobody notices.
#[test]
fn a_part_with_a_spare_is_not_missed() {
    let (_, results) = lived(&loaded(&by_hand()));
    assert_eq!(exactly(&results, "missed.page@broken/down:r.switch-1"), 0.0);
    let row = row_of(&results, "r.switch-1");
    assert_eq!((row.noticed, row.over), (Noticed::Nothing, Some(true)));
}

/// Repaired after as long as all was well before, a process restarts for 10 s: ten pages are lost,
/// nothing later. What is reached again without a restart loses nothing after the repair. It is
/// followed until it has been back for 40 s.
#[test]
fn after_the_repair_the_restart_is_lost_and_then_nothing() {
    let (_, results) = lived(&loaded(&by_hand()));
    for (part, lost) in [("app-1", 10.0), ("web-1", 10.0), ("box-1", 10.0), ("r", 0.0)] {
        let of = |metric: &str| exactly(&results, &format!("{metric}.page@broken/repair:{part}"));
        assert_eq!((of("missed"), of("lost")), (lost, lost), "{part}");
        assert_eq!(of("losing"), lost / (lost + 40.0), "{part}");
    }
    let window = results.windows.iter().find(|w| w.name == "broken/repair:app-1").unwrap();
    let last = window.course[0].last().unwrap();
    assert_eq!((window.course[0].len(), last.lost, last.served), (5, 0.0, 1.0));
}

/// The runs in which nothing breaks live through the very events of a window of that stretch; the
/// others meet the same users.
#[test]
fn breaking_nothing_changes_nothing_and_a_break_moves_no_arrival() {
    let (result, results) = lived(&loaded(&by_hand()));
    let digests =
        |name: &str| &result.windows.iter().find(|window| window.name == name).unwrap().digests;
    assert_eq!(digests("broken"), digests("same"));
    assert_ne!(digests("broken"), digests("broken/down:app-1"));
    let poisson = loaded(&users().replace("after = \"3min\"", "after = \"20s\""));
    let (result, _) = lived(&poisson);
    let came = |name: &str| {
        let window = result.windows.iter().find(|window| window.name == name).unwrap();
        window.pooled.views[0].intended
    };
    assert_eq!(came("broken"), came("broken/down:box-1"));
    assert_eq!(came("broken/after"), came("broken/repair:main"));
    assert_eq!(came("broken/after-30s"), came("broken/repair:box-1"));
    assert!(results.breaks.iter().any(|row| row.part.is_none()), "what is lost anyway is told");
}

/// λ t: 20/s for 3 min are 3,600 page views, of 4 replications ± 5 √(3,600 / 4) = 150; those inside
/// at the break are less than one. A user who is lost would have asked for 2.7 more pages, so that
/// in the end one page in 3.7 is asked for: 5.4/s, with ± 5 √(5.4 / (4 × 60)) = 0.75; think times
/// and retries are over by then.
#[test]
fn a_dead_server_loses_the_rate_times_the_time_and_one_view_in_a_session_is_asked_for() {
    let (_, results) = lived(&loaded(&users()));
    for part in ["box-1", "app-1", "main"] {
        let missed = interval(&results, &format!("missed.page@broken/down:{part}"));
        assert!((missed.estimate - 3_600.0).abs() < 150.0, "{part}: {missed:?}");
        let losing = interval(&results, &format!("losing.page@broken/down:{part}"));
        assert!((losing.estimate - 20.0 / 3.7).abs() < 0.75, "{part}: {losing:?}");
        let row = row_of(&results, part);
        assert_eq!((row.noticed, row.over), (Noticed::Everything, Some(true)), "{part}");
        // To the last view: of those who came after the break none was served, and of the others
        // all but those inside.
        let down = &results.windows[row.down.unwrap()];
        let well = results.windows.iter().find(|window| window.name == "broken").unwrap();
        let served = down.course[0].iter().skip(3).map(|pace| pace.served).sum::<f64>();
        assert_eq!(served, 0.0, "{part}");
        let first = |window: &fivenines::study::results::WindowRows| {
            window.course[0][..2].iter().map(|pace| pace.served).sum::<f64>() * 10.0
        };
        assert!(first(well) - first(down) < 2.0, "{part}");
    }
}

/// How many threads there are changes no bit.
#[test]
fn threads_change_nothing() {
    let loaded = loaded(&users().replace("after = \"3min\"", "after = \"20s\""));
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (result, _) = pool.install(|| lived(&loaded));
        let windows = result.windows.iter();
        windows.map(|w| (w.digests.clone(), format!("{:?}", w.samples))).collect::<Vec<_>>()
    };
    assert_eq!(with(1), with(2));
}

/// Breaks that change the same things are lived through once; whether a part is broken beside others
/// or alone changes no event of its break or of its repair. Alike are a zone and its one process, a
/// primary and its zone; in tier 8, where much has a server to itself, that server too.
#[test]
fn a_break_is_the_same_whoever_else_breaks() {
    breaks_are_the_same_alone("tier-5", 15, 2);
    if is_full("tier 8") {
        breaks_are_the_same_alone("tier-8", 30, 10);
    }
}

fn breaks_are_the_same_alone(tier: &str, parts: usize, alike: usize) {
    let file = format!("scenarios/tiers/{tier}.toml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let text = text
        .replace("before = \"2min\"", "before = \"4s\"")
        .replace("after  = \"8min\"", "after = \"40s\"")
        .replace("repair = \"2min\"\nreplications = 4", "repair = \"4s\"\nreplications = 2");
    let loaded = loaded(&text);
    let around = |window: &&WindowPlan| window.drill.is_some();
    let all: Vec<&WindowPlan> = loaded.study.windows.iter().filter(around).collect();
    assert!(all.iter().all(|window| window.window.length.seconds() < 800.0));
    let part = |window: &&WindowPlan| window.drill.as_ref().and_then(|drill| drill.place);
    let watch = Watch::default();
    let together = breaks::run(&loaded.plan, &all, 0, &watch).unwrap();
    let mut places: Vec<u32> = all.iter().filter_map(part).collect();
    places.sort_unstable();
    places.dedup();
    assert!(places.len() > parts, "{}", places.len());
    let mut digests = Vec::new();
    for place in places {
        let wanted = |window: &&WindowPlan| part(window).is_none_or(|other| other == place);
        let asked: Vec<&WindowPlan> = all.iter().copied().filter(wanted).collect();
        let alone = breaks::run(&loaded.plan, &asked, 0, &watch).unwrap();
        for (window, alone) in asked.iter().zip(&alone) {
            let name = &window.window.name;
            let other = together.iter().find(|other| other.name == *name).unwrap();
            assert_eq!(alone.digests, other.digests, "{name}");
            assert_eq!(format!("{:?}", alone.samples), format!("{:?}", other.samples), "{name}");
            assert_eq!(format!("{:?}", alone.pooled), format!("{:?}", other.pooled), "{name}");
        }
        digests.extend(asked.iter().zip(&alone).filter_map(|(window, alone)| {
            let down = window.window.name.contains("/down:");
            down.then(|| alone.digests.clone())
        }));
    }
    let breaks = digests.len();
    digests.sort();
    digests.dedup();
    assert!(digests.len() + alike <= breaks, "{} lives of {breaks} breaks", digests.len());
}

/// Parts of one kind and role are broken once: equal members are one kind, servers with different
/// roles are not, and a figure may ask for any other member.
#[test]
fn one_of_each_kind_and_role_is_broken_and_every_other_when_asked() {
    let names = |loaded: &Loaded| -> Vec<String> {
        one_of_each(&loaded.draft)
            .into_iter()
            .map(|part| drillable(&loaded.draft, part).name)
            .collect()
    };
    let expected = [
        "main",
        "main.uplink-1",
        "r",
        "r.switch-1",
        "twin-1",
        "store.head-1",
        "store.main",
        "www-1",
        "sql-1",
        "app-1",
        "mysql.primary",
    ];
    assert_eq!(names(&load("tiers/tier-1.toml")), expected);
    let two = by_hand()
        .replace("cores = 8", "cores = 8\ncount = 3")
        .replace("on = [\"box-1\"]", "count = 2\non = [\"box-1\", \"box-2\"]");
    let two = two.replace(
        "{ cpu = \"app\", demand = \"page\" }",
        "{ call = \"deep-app\", steps = [ { cpu = \"deep-app\", demand = \"page\" } ] }",
    );
    let deep = "[zone.deep]
on = [\"box-3\"]
[service.deep-app]
in = \"deep\"
workers = 1
";
    let two = format!("{two}{deep}");
    let asks = "[[expect]]\nfigure = \"missed.page@broken/down:box-2\"\nis = \"< 5\"\n";
    let loaded = loaded(&format!("{two}{asks}"));
    let expected =
        ["main", "r", "r.switch-1", "box-1", "box-3", "web-1", "deep-1", "app-1", "deep-app-1"];
    assert_eq!(names(&loaded), expected);
    let asked = |name: &str| loaded.study.windows.iter().any(|w| w.window.name == name);
    assert!(asked("broken/down:box-2") && !asked("broken/repair:box-2"));
    assert!(!asked("broken/down:web-2"));
    let oops = |part: &str| {
        let mut all = one_of_each(&loaded.draft).into_iter().map(|p| drillable(&loaded.draft, p));
        all.find(|drillable| drillable.name == part).unwrap().faults
    };
    assert_eq!((oops("app-1"), oops("box-1")), (vec!["oops".to_string()], Vec::new()));
}

/// What cannot be asked is refused with a way out.
#[test]
fn a_figure_of_a_break_that_is_none_is_refused_with_a_way_out() {
    let refused = |figure: &str| {
        let asks = format!("{}[[expect]]\nfigure = \"{figure}\"\nis = \"< 5\"\n", by_hand());
        read(&asks, Path::new(".")).map(|_| ()).unwrap_err()
    };
    for (figure, said) in [
        ("lost.page@broken/down:bx-1", "did you mean `box-1`"),
        ("lost.page@broken/up:box-1", "broken/down:PART"),
        ("lost.page@broken/box-1", "broken/down:PART"),
        ("lost.page@broken/down:r.switch", "r.switch-1, r.switch-2"),
        ("missed.page@same", "a window in which a part breaks"),
        ("missed.page@broken", "a window in which a part breaks"),
        ("lost.page@same/down:box-1", "there is no window `same/down:box-1`"),
    ] {
        let found = refused(figure);
        assert!(found.contains(said), "{figure}:\n{found}");
    }
    // The bare name of what there is only one of means that one.
    let asks = "[[expect]]\nfigure = \"missed.page@broken/down:app\"\nis = \"42 +- 0\"\n";
    let (result, _) = lived(&loaded(&format!("{}{asks}", by_hand())));
    assert_eq!(result.judgements, [fivenines::study::expect::Verdict::Holds]);
}

/// The balancer sends half of the pages to the dead member for 10 to 15 s of the 40 s after the break. Later none is lost, so none is
/// still lost.
#[test]
fn a_loss_that_is_over_before_the_end_is_not_told_as_lasting() {
    let two = by_hand().with(
        r#"
[window.broken]
before = "20s"
after = "40s"
[server.box]
count = 2
cores = 8
[zone.web]
count = 2
on = ["box-1", "box-2"]
[service.app]
workers = 50
[balancer.front]
to = "app"
check = { interval = "5s", time-out = "5s", fall = 2 }
[request.page]
enter = "front"
"#,
    );
    let (_, results) = lived(&loaded(&two));
    let row = row_of(&results, "box-1");
    assert!(row.missed.value().unwrap() > 3.0, "{:?}", row.missed);
    assert_eq!(row.still_lost, None, "{:?}", row.noticed);
}

/// Two members of two cores serve a page a second, each 2.4 s of work. The one that is left serves 2 ÷ 2.4 = 0.83 per
/// second and refuses the rest, a sixth. The graph alone says that it serves.
#[test]
fn a_loss_that_others_cannot_carry_is_told_and_a_single_point_is_not() {
    let two = by_hand().with(
        r#"
[window.broken]
before = "20s"
after = "3min"
[server.box]
count = 2
cores = 2
[zone.web]
count = 2
on = ["box-1", "box-2"]
[service.app]
workers = 2
backlog = 1
[balancer.front]
to = "app"
check = { interval = "1s", time-out = "1s", fall = 1 }
[request.page]
enter = "front"
"#,
    );
    let (_, results) = lived(&loaded(&two));
    for part in ["app-1", "web-1", "box-1"] {
        let lost = row_of(&results, part).still_lost.unwrap();
        assert!((lost - 1.0 / 6.0).abs() < 0.03, "{part}: {lost}");
    }
    for part in ["main", "r", "front-1"] {
        let row = row_of(&results, part);
        assert_eq!((row.noticed, row.still_lost), (Noticed::Everything, None), "{part}");
    }
    assert_eq!(row_of(&results, "r.switch-1").still_lost, None);
    let lost = &summary(&results).subjects[0].aftermaths;
    // The zone goes with its server, in one effect. A process dies alone, and its server refuses in its place.
    let parts: Vec<&str> = lost.iter().map(|one| one.part.as_str()).collect();
    assert_eq!(parts, ["server box-1", "service app-1"]);
    assert_eq!((lost[0].level, lost[0].after), (Some(1.0), 180.0));
}
