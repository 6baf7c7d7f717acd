//! Promise: a server provisions at most `provisions` zones at a time, and a launch that waits for its turn is later by its wait.

use super::*;

/// Five members are launched at 10:15 on one server with eight cores more than the three at the start, and take 5 s to provision
/// and 5 s to boot.
fn one_server(provisions: &str) -> String {
    base("scaler")
        .replace("count  = 3\ncores  = 16\n", &format!("count  = 1\ncores  = 48\n{provisions}"))
}

/// With two at a time they are provisioned at 10:20, 10:20, 10:25, 10:25 and 10:30, with one at 10:20 to 10:40 in steps of 5 s.
/// Each serves 5 s later, and costs from its provisioning on.
#[test]
fn a_server_provisions_at_most_so_many_zones_at_a_time() {
    for (most, late) in [(8, 0.0), (2, 5.0 + 5.0 + 10.0), (1, 5.0 + 10.0 + 15.0 + 20.0)] {
        let text = one_server(&format!("provisions = {most}\n"));
        let results = run(&Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}")));
        near(&results, "launches.grow@crowd", 5.0, 1e-9);
        near(&results, "members.grow.max@crowd", 8.0, 1e-9);
        let members = (3.0 * 600.0 + 5.0 * 575.0 - late) / 600.0;
        near(&results, "members.grow.mean@crowd", members, 1e-9);
        near(
            &results,
            "member-hours.grow@crowd",
            (3.0 * 600.0 + 5.0 * 580.0 - late) / 3600.0,
            1e-9,
        );
    }
}

/// The same over an hour of a long-horizon run: 55 min less 25 s with eight members, less the waits.
#[test]
fn launches_wait_for_their_turn_over_years_as_request_by_request() {
    let lines = "[run]\nhorizon = \"1h\"\ninitial = \"new\"\n\
        [fault.never]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n";
    let members = |provisions: &str| {
        let scenario = Scenario::parse(&one_server(provisions).with(lines))
            .unwrap_or_else(|error| panic!("{error}"));
        let run = Run::new().years_only().replications(2).figure("members.grow@horizon");
        let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
        value(&results, "members.grow@horizon")
    };
    let unbounded = members("");
    for (most, late) in [(8, 0.0), (2, 20.0), (1, 50.0)] {
        let found = members(&format!("provisions = {most}\n"));
        assert!((unbounded - found - late / 3600.0).abs() < 1e-6, "{most}: {unbounded}, {found}");
    }
}

/// The bound holds for both scalers of a server together: each launches two members at one instant.
#[test]
fn scalers_that_share_a_server_share_its_turns() {
    let pair = |provisions: &str| {
        let text =
            neighbours::pair(10, "[workload.users]\nstep = { at = \"00:12\", factor = 1.9 }\n");
        let text = text.replace(", for = \"4min\"", "");
        text.replace("count  = 2\ncores  = 16\n", &format!("count  = 1\ncores  = 16\n{provisions}"))
    };
    let means = |provisions: &str| {
        let scenario = Scenario::parse(&pair(provisions)).unwrap_or_else(|error| panic!("{error}"));
        let run = Run::new().requests_only();
        let figures = ["members.grow.mean@crowd", "members.more.mean@crowd"];
        let run = figures.iter().fold(run, |run, path| run.figure(path));
        let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
        figures.map(|path| 600.0 * value(&results, path))
    };
    let free = means("");
    let bound = means("provisions = 1\n");
    // The first by name has the first two turns: its second launch waits for 5 s, those of the other for 10 and 15 s.
    let late = [0, 1].map(|at| free[at] - bound[at]);
    assert!((late[0] - 5.0).abs() < 1e-6 && (late[1] - 25.0).abs() < 1e-6, "{late:?}");
}

/// A launch that takes no time to provision waits for no turn: its members come as without a bound.
#[test]
fn a_launch_that_provisions_nothing_waits_for_no_turn() {
    let text = neighbours::pair(10, "[workload.users]\nstep = { at = \"00:12\", factor = 1.9 }\n");
    let text = text.replace(", for = \"4min\"", "");
    let of = |provisions: &str| {
        let text = text
            .replace("count  = 2\ncores  = 16\n", &format!("count  = 1\ncores  = 16\n{provisions}"))
            .replace(
                "provision = \"5s\", boot = \"5s\", retry-after",
                "boot = \"5s\", retry-after",
            );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let figure = "members.more.mean@crowd";
        let results = scenario.run(&Run::new().requests_only().figure(figure));
        value(&results.unwrap_or_else(|error| panic!("{error}")), figure)
    };
    assert!((of("") - of("provisions = 1\n")).abs() < 1e-9);
}

/// With one turn, five launches of 10:15 are provisioned after 20 to 100 s. Two seconds later their server is down or cut off for
/// 200 ms, too short to change what is measured: all fail when they should be provisioned, are repeated 5 s after that, each 20 s after the other, and wait for no turn of a
/// failed one. So each member comes 25 s late, request by request and over years.
#[test]
fn launches_under_way_fail_if_their_server_is_lost_and_give_their_turns_back() {
    let launch = "[scaler.grow]\nlaunch = { provision = \"20s\", boot = \"5s\", retry-after = \"5s\" }\n\
        [run]\nhorizon = \"1h\"\ninitial = \"new\"\n\
        [fault.never]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n";
    let figures = ["members.grow.mean@crowd", "failed-launches.grow@crowd", "launches.grow@crowd"];
    let of_years =
        ["members.grow@horizon", "failed-launches.grow@horizon", "launches.grow@horizon"];
    let found = |fault: &str| {
        let text = one_server("provisions = 1\n").with(launch).with(fault);
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let both = [(Run::new().requests_only(), figures), (Run::new().years_only(), of_years)];
        both.map(|(run, figures)| {
            let run = figures.iter().fold(run.replications(2), |run, path| run.figure(path));
            let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
            figures.map(|path| value(&results, path))
        })
    };
    let whole = found("");
    for how in ["crash", "partitioned"] {
        let fault = format!(
            "[fault.one]\nhits = \"box-1\"\nhow = \"{how}\"\nat = \"617s\"\nlasts = \"200ms\"\n"
        );
        for ((then, now), [length, unit]) in
            whole.iter().zip(found(&fault)).zip([[600.0, 1.0], [3600.0, 8760.0]])
        {
            let late = (then[0] - now[0]) * length;
            assert!((late - 5.0 * 25.0).abs() < 1e-4, "{how}: {late} member-seconds");
            let counts = [now[1] / unit, now[2] / unit];
            assert!(
                counts.iter().zip([5.0, 10.0]).all(|(is, truth)| (is - truth).abs() < 1e-6),
                "{how}: {counts:?}"
            );
        }
    }
}
