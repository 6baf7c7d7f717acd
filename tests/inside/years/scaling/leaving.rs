//! Members that are terminated and members that are moved: both solvers do the same, at the instants of arithmetic.

use super::*;
use fivenines::Results;

/// Three members at 75/s of evenly spaced pages, on three servers, for 15 min. A launch takes 5 s to provision and 5 s to boot.
fn town(lines: &str) -> String {
    flat(
        "[window.all]\nat = \"0s\"\nlength = \"15min\"\nwarm-up = \"0s\"\n\
         [scaler.grow]\nmetric = \"requests\"\ntarget = 30\n\
         [workload.users]\narrivals = { process = \"fixed\" }\n[request.page]\ndemands = { page = \"20ms\" }\n",
    )
    .replace("[window.crowd]\nat      = \"10min\"\nlength  = \"10min\"\nwarm-up = \"5min\"\n", "")
    .with(CHECK)
    .with(lines)
}

/// The scaler by both solvers: over a horizon of 15 min, and in a window of as long.
fn both(lines: &str) -> (ScalerTally, Results) {
    let text = town(lines);
    let (_, members) = lived_for(&text, Some(SimDuration::from_secs(900)));
    let windows = text.replace("horizon = \"1d\"\n", "");
    let scenario = Scenario::parse(&windows).unwrap_or_else(|error| panic!("{lines}: {error}"));
    let run = Run::new().requests_only().replications(2);
    let run = FIGURES.iter().fold(run, |run, path| run.figure(path));
    (members, scenario.run(&run).unwrap_or_else(|error| panic!("{lines}: {error}")))
}

const FIGURES: [&str; 7] = [
    "members.grow@all",
    "launches.grow@all",
    "replaced-members.grow@all",
    "moved-members.grow@all",
    "refused-launches.grow@all",
    "removals.grow@all",
    "move-time.grow@all",
];

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

/// Members on average, launches, terminated, moved and refused of both solvers, which agree but for `within` members.
fn agreed(lines: &str, within: f64) -> [f64; 5] {
    let (years, windows) = both(lines);
    let years = [
        years.served_h * 4.0,
        years.launches as f64,
        years.replaced as f64,
        years.moved as f64,
        years.refused as f64,
    ];
    for (at, path) in FIGURES[..5].iter().enumerate() {
        let within = if at == 0 { within } else { 1e-9 };
        near(&format!("{lines}{path}"), value(&windows, path), years[at], within);
    }
    years
}

/// However a member stops working: terminated two minutes after 2:00, another serves 10 s later. When it works again it is
/// none: three members, but for 10 s. A failure of 119 s is waited out.
#[test]
fn a_member_that_does_not_work_is_replaced_whatever_the_failure() {
    let hits = ["app-1", "web-1", "box-1"];
    let hows = ["crash", "hang", "partitioned", "pause"];
    for (hits, how) in hits.iter().flat_map(|hits| hows.map(|how| (*hits, how))) {
        for (lasts, terminated) in [("7min", 1.0), ("119s", 0.0)] {
            let lines = format!(
                "[scaler.grow]\nreplace = \"2min\"\n\
                 [fault.one]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"2min\"\nlasts = \"{lasts}\"\n"
            );
            let [members, launches, replaced, moved, _] = agreed(&lines, 1e-9);
            let what = format!("{hits}, {how}, {lasts}");
            near(&what, members, 3.0 - terminated * 10.0 / 900.0, 1e-9);
            near(&what, launches, terminated, 0.0);
            near(&what, replaced, terminated, 0.0);
            near(&what, moved, 0.0, 0.0);
        }
    }
}

/// Without the key the same failures replace none.
#[test]
fn without_the_key_no_member_is_replaced() {
    let lines = "[fault.one]\nhits = \"box-1\"\nhow = \"crash\"\nat = \"2min\"\nlasts = \"7min\"\n";
    assert_eq!(agreed(lines, 1e-9), [3.0, 0.0, 0.0, 0.0, 0.0]);
}

/// A member that is moved is away for the launch of 10 s and, in windows, for up to a second in which its requests end. Its
/// replacement comes first with the other order: four members for 10 s and, in windows, none longer, since a member that
/// drains serves no more.
#[test]
fn a_planned_move_takes_the_launch_or_no_time() {
    for (order, away) in [("stop-first", 10.0), ("start-first", 0.0)] {
        let lines = format!(
            "[operation.empty]\nat = \"3min\"\ndoes = \"move\"\nof = \"box-1\"\norder = \"{order}\"\nlasts = \"5min\"\n"
        );
        let [members, launches, replaced, moved, refused] = agreed(&lines, 1.0 / 900.0 + 1e-9);
        near(order, members, 3.0 - away / 900.0, 1e-9);
        assert_eq!([launches, replaced, moved, refused], [1.0, 0.0, 1.0, 0.0], "{order}");
        let (_, windows) = both(&lines);
        let time = value(&windows, "move-time.grow@all");
        assert!((away..=away + 1.0 + 1e-9).contains(&time) && time.fract() == 0.0, "{time}");
        near("removals", value(&windows, "removals.grow@all"), 0.0, 0.0);
    }
}

/// A zone and a member mean the place, and a member that serves on the way: three moves of the first member, which is elsewhere
/// after the first of them. Every day: once within 15 min.
#[test]
fn what_has_moved_is_not_moved_again() {
    let one = |name: &str, at: &str, of: &str| {
        format!("[operation.{name}]\nat = \"{at}\"\ndoes = \"move\"\nof = \"{of}\"\n")
    };
    let lines = one("a", "1min", "web-1")
        + &one("b", "2min", "app-1")
        + "[operation.c]\nevery = \"day\"\nat = \"00:04\"\ndoes = \"move\"\nof = \"app-2\"\n";
    let [_, launches, _, moved, _] = agreed(&lines, 2.0 / 900.0 + 1e-9);
    assert!((2.0..=3.0).contains(&launches) && launches == moved, "{launches}, {moved}");
}

/// The other two servers crash with no time to replace: stop first, the member is missing until they work again at 6:00, and
/// the launch is repeated each minute from 3:00 on. At 3:00 they are known to be silent.
#[test]
fn a_move_without_a_server_leaves_a_member_missing() {
    let lines = "[operation.empty]\nat = \"3min\"\ndoes = \"move\"\nof = \"box-1\"\nlasts = \"8min\"\n\
                 [fault.rest]\nhits = [\"box-2\", \"box-3\"]\nhow = \"crash\"\nat = \"2min\"\nlasts = \"230s\"\n";
    let [members, launches, _, moved, refused] = agreed(lines, 1.0 / 900.0 + 1e-9);
    // Refused at 3:00, 4:00 and 5:00; launched at 6:00.
    near("members", members, 3.0 - 190.0 / 900.0, 1e-9);
    assert_eq!([launches, moved, refused], [1.0, 1.0, 3.0]);
}

/// Windows around a break have no planned work, but terminate members.
#[test]
fn a_break_is_replaced_and_moves_nothing() {
    let text = town(
        "[scaler.grow]\nreplace = \"20s\"\n\
         [fault.one]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"5min\"\n\
         [operation.empty]\nevery = \"day\"\nat = \"00:02\"\ndoes = \"move\"\nof = \"box-2\"\n\
         [window.break]\nat = \"2min\"\nbefore = \"30s\"\nafter = \"60s\"\nrepair = \"60s\"\nwarm-up = \"20s\"\nreplications = 2\n",
    )
    .replace("horizon = \"1d\"\n", "");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let paths = [
        "replaced-members.grow@break/down:box-1",
        "moved-members.grow@break/down:box-1",
        "launches.grow@break/down:box-1",
    ];
    let run = paths.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(paths.map(|path| value(&results, path)), [1.0, 0.0, 1.0]);
}

/// Three members, all needed. Each process crashes every 1,000 h for 10 h. A member is missing for two minutes and a launch of
/// 10 s, where the failure lasts that long: 3 x 8,760 / 1,010 = 26.02 failures per year of 129.5 s. The cause is the fault, not the
/// absence of the member. Of 1,500 failures the mean deviates by 2.6 %.
#[test]
fn a_replaced_member_is_missing_for_the_time_to_notice_and_the_launch() {
    let lines = "[service.app]\nneeds = 3\n[scaler.grow]\nmetric = \"requests\"\ntarget = 30\nreplace = \"2min\"\n\
                 [zone.web]\ncount = 12\n\
                 [fault.crash]\nhits = \"service.app\"\nhow = \"crash\"\n\
                 up = { dist = \"exponential\", mean = \"1000h\" }\nrepair = { dist = \"exponential\", mean = \"10h\" }\n";
    let draft = drafted(&flat("").with(lines));
    let paths = [
        "structural.page@horizon",
        "replaced-members.grow@horizon",
        "launches.grow@horizon",
        "downtime.page[availability=structural]@horizon",
        "downtime.page[availability=structural][cause=crash]@horizon",
    ];
    let seen = Years::of(asked(&draft, "2y", 30, &paths));
    let per_year = 3.0 * 8_760.0 / 1_000.0;
    let missing = per_year * 129.5 / (365.0 * DAY_S);
    let found = seen.interval(paths[0]).estimate;
    near("missing", 1.0 - found, missing, 0.1 * missing);
    near("replaced", seen.interval(paths[1]).estimate, per_year, 0.1 * per_year);
    near("launches", seen.interval(paths[2]).estimate, per_year, 0.1 * per_year);
    let [all, crash] = [3, 4].map(|at| seen.interval(paths[at]).estimate);
    near("by the fault", crash, all, 1e-6 * all);
}

/// A load that is flat, moves every day and a failure now and then: 259,200 periods of 10 s in 30 days, of which few are
/// stepped through, since a move that is due does not keep the scaler awake.
#[test]
fn planned_moves_leave_quiet_time() {
    let text = flat(
        "[run]\nhorizon = \"30d\"\n[scaler.grow]\nmetric = \"requests\"\ntarget = 30\nreplace = \"2min\"\n\
         [fault.one]\nhits = \"box-2\"\nhow = \"crash\"\nrate = \"30/y\"\nrepair = \"1h\"\n\
         [operation.empty]\nevery = \"day\"\nat = \"03:00\"\ndoes = \"move\"\nof = \"box-1\"\nlasts = \"1h\"\n",
    );
    let plan = availability::plan(&drafted(&text), &[]).unwrap();
    let known = Known::default();
    let mut memo = Memo::new(plan.fluid.as_ref().unwrap(), &known);
    let seen = flows::run_with_traffic(&plan, 0, 0, &[], &mut memo).unwrap();
    let moved = seen.traffic.unwrap().scaled[0].moved;
    assert!(moved >= 1 && seen.steps < 3_000, "{moved}, {} steps", seen.steps);
}

/// Rates through the day, failures that are replaced, launches that fail and moves: the same whether every period is measured or not.
#[test]
fn rests_change_nothing_where_members_leave() {
    let daily = "[run]\nhorizon = \"8d\"\n[workload.users]\nprofile = \"daily\"\n\
                 [profile.daily]\nsine = { amplitude = 0.8, peak = \"15:00\" }\n\
                 [fault.some]\nhits = \"service.app\"\nhow = \"crash\"\nrate = \"60/y\"\n\
                 repair = { dist = \"exponential\", mean = \"20min\" }\n";
    for order in ["stop-first", "start-first"] {
        let pauses = [
            ("10s", "in = \"5min\""),
            ("7min", "in = \"2h\""),
            ("3min", "in = \"0s\""),
            ("3min", "out = \"4h\", in = \"0s\""),
        ];
        for (replace, pause) in pauses {
            let lines = format!(
                "[scaler.grow]\nperiod = \"1min\"\nreplace = \"{replace}\"\ncool-down = {{ {pause} }}\n\
                 launch = {{ provision = \"20s\", boot = \"40s\", failure = 0.5 }}\n\
                 [operation.empty]\nevery = \"day\"\nat = \"11:07\"\ndoes = \"move\"\nof = \"box-1\"\n\
                 order = \"{order}\"\nlasts = \"3h\"\n"
            );
            rests_change_nothing_in(&flat(daily).with(&lines), order);
        }
    }
}

/// From 4:00 to 8:00 nothing is launched. The step at 5:00 asks for five more at 5:15; they are refused then and every 40 s, five
/// times up to 7:55. At 8:35 they are launched, and serve at 8:45. Members that serve are not affected, nor is a removal.
#[test]
fn a_scaler_that_is_down_launches_nothing_and_goes_on_after_its_repair() {
    let lines = "[workload.users]\nstep = { at = \"00:05\", factor = 3.0 }\n\
                 [scaler.grow]\nlaunch = { provision = \"5s\", boot = \"5s\", retry-after = \"40s\" }\n\
                 [fault.full]\nhits = \"scaler.grow\"\nhow = \"crash\"\nat = \"4min\"\nlasts = \"4min\"\n";
    let [members, launches, replaced, _, refused] = agreed(lines, 1e-9);
    near("members", members, 3.0 + 5.0 * (900.0 - 525.0) / 900.0, 1e-9);
    near("launches", launches, 5.0, 0.0);
    near("replaced", replaced, 0.0, 0.0);
    near("refused", refused, 25.0, 0.0);
    // A member that fails meanwhile is terminated, and its replacement is refused until the repair: at 6:00 and every 40 s up to
    // 7:20, and launched at 8:00.
    let lines = "[scaler.grow]\nreplace = \"2min\"\nlaunch = { provision = \"5s\", boot = \"5s\", retry-after = \"40s\" }\n\
                 [fault.one]\nhits = \"app-1\"\nhow = \"crash\"\nat = \"4min\"\nlasts = \"20min\"\n\
                 [fault.full]\nhits = \"scaler.grow\"\nhow = \"crash\"\nat = \"5min\"\nlasts = \"3min\"\n";
    let [members, launches, replaced, _, refused] = agreed(lines, 1e-9);
    near("refused", refused, 3.0, 0.0);
    near("launches", launches, 1.0, 0.0);
    near("replaced", replaced, 1.0, 0.0);
    near("members", members, 3.0 - 130.0 / 900.0, 1e-9);
}
