//! Promise: a server provisions as many zones at a time as it says, and a launch that waits for its turn comes later by that time.

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
fn a_server_provisions_as_many_zones_at_a_time_as_it_says() {
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
