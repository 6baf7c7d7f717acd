//! Promise: scalers that share servers see each other's members, request by request and over years.

use super::*;

/// Two services on two servers with places for `places` members each. Each needs three members, and five while its load is
/// 1.9 times as high, 142.5/s: the first from 10:00 to 14:00, the second from 12:00 on.
pub(super) fn pair(places: u32, lines: &str) -> String {
    let second = "[zone.other]\ncount = 8\namong = [\"box\"]\ncpu = { cap = 1.0 }\nmemory = \"2GiB\"\n\
        [service.second]\nin = \"other\"\nworkers = 10\nbacklog = 20\n\
        [balancer.gate]\nin = \"door\"\nto = \"second\"\nalgorithm = \"least-connections\"\n\
        check = { interval = \"1s\", time-out = \"1s\", fall = 3, rise = 2 }\n\
        [scaler.more]\nzones = \"other\"\nminimum = 3\nmetric = \"requests\"\ntarget = 30\nperiod = \"10s\"\nlag = \"5s\"\n\
        launch = { provision = \"5s\", boot = \"5s\", retry-after = \"50s\" }\ncool-down = { out = \"10s\", in = \"10s\" }\n\
        [workload.others]\nrequest = \"other-page\"\nrate = \"75/s\"\narrivals = { process = \"fixed\" }\n\
        step = { at = \"00:12\", factor = 1.9 }\n\
        [request.other-page]\nenter = \"gate\"\ndemands = { page = \"20ms\" }\nsteps = [ { cpu = \"second\", demand = \"page\" } ]\n";
    let memory = 2 * places + 1;
    base("scaler")
        .replace("count  = 3\ncores  = 16\n", &format!("count  = 2\ncores  = 16\nmemory = \"{memory}GiB\"\n"))
        .replace("count  = 12\n", "count  = 8\nmemory = \"2GiB\"\n")
        .with(
            "[scaler.grow]\ncool-down = { out = \"10s\", in = \"10s\" }\n[workload.users]\narrivals = { process = \"fixed\" }\n\
             step = { at = \"00:10\", factor = 1.9, for = \"4min\" }\n",
        )
        .with(second)
        .with(lines)
}

const FIGURES: [&str; 6] = [
    "members.grow.max",
    "members.more.max",
    "members.more.mean",
    "launches.more",
    "refused-launches.grow",
    "refused-launches.more",
];

fn counted(text: &str) -> [f64; 6] {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let figures = FIGURES.map(|figure| format!("{figure}@crowd"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    figures.map(|figure| value(&results, &figure))
}

/// Ten places are enough for both: each has five members from 25 s after its step on, the second for 455 of the 600 s.
#[test]
fn two_scalers_share_the_places_of_their_servers() {
    let [first, second, mean, launches, refused, of_second] = counted(&pair(5, ""));
    assert_eq!([first, second, launches], [5.0, 5.0, 2.0]);
    assert_eq!([refused, of_second], [0.0, 0.0]);
    assert!((mean - (3.0 * 145.0 + 5.0 * 455.0) / 600.0).abs() < 1e-6, "{mean}");
}

/// The first service has five of eight places, so the second is refused two at 12:15, 13:05 and 13:55. The first gives two
/// back 15 s after its load has fallen, at 14:00. They are launched at 14:45, and serve 10 s later.
#[test]
fn a_launch_is_refused_while_the_members_of_another_scaler_have_the_places() {
    let [first, second, mean, launches, refused, of_second] = counted(&pair(4, ""));
    assert_eq!([first, second, launches, refused, of_second], [5.0, 5.0, 2.0, 0.0, 6.0]);
    assert!((mean - (3.0 * 295.0 + 5.0 * 305.0) / 600.0).abs() < 1e-6, "{mean}");
}

/// The same in an hour of a long-horizon run.
#[test]
fn scalers_see_each_other_over_years_as_request_by_request() {
    let lines = "[run]\nhorizon = \"1h\"\ninitial = \"new\"\n\
        [fault.never]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n";
    for (places, refused) in [(5, 0.0), (4, 6.0)] {
        let scenario =
            Scenario::parse(&pair(places, lines)).unwrap_or_else(|error| panic!("{error}"));
        let figures = ["launches.more", "refused-launches.more", "members.more"];
        let figures = figures.map(|figure| format!("{figure}@horizon"));
        let run = figures
            .iter()
            .fold(Run::new().years_only().replications(2), |run, path| run.figure(path));
        let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
        let hours_per_year = 24.0 * 365.0;
        let [launches, found, members] = figures.map(|figure| value(&results, &figure));
        let per_hour = |of: f64| of / hours_per_year;
        assert!((per_hour(launches) - 2.0).abs() < 1e-6, "{launches}");
        assert!((per_hour(found) - refused).abs() < 1e-6, "{found}");
        let from = if places == 5 { 745.0 } else { 895.0 };
        let expected = (3.0 * from + 5.0 * (3_600.0 - from)) / 3_600.0;
        assert!((members - expected).abs() < 1e-6, "{members}, not {expected}");
    }
}

/// Moves the section of the second scaler before that of the first.
fn swapped(text: &str) -> String {
    let begin = text.find("[scaler.more]").expect("it has one");
    let length = text[begin + 1..].find("\n[").expect("others follow") + 2;
    let section = &text[begin..begin + length];
    text.replace(section, "").replace("[scaler.grow]", &format!("{section}[scaler.grow]"))
}

/// Both want two more members at 12:15, and two places are free. The first by name has them, whatever the order of the sections,
/// the lengths of the periods, and the solver.
#[test]
fn of_scalers_that_ask_at_one_instant_the_first_by_name_has_the_place() {
    let together = "[workload.users]\nstep = { at = \"00:12\", factor = 1.9 }\n";
    let rhythm = "[scaler.more]\nperiod = \"15s\"\nlag = \"0s\"\n";
    let years = "[run]\nhorizon = \"1h\"\ninitial = \"new\"\n\
        [fault.never]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n";
    for lines in [together.to_string(), format!("{together}{rhythm}")] {
        let text = pair(4, &lines).replace(", for = \"4min\"", "");
        for text in [text.clone(), swapped(&text)] {
            let [first, second, ..] = counted(&text);
            assert_eq!([first, second], [5.0, 3.0], "{lines}");
            let text = text.with(years);
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            let figures = ["launches.grow@horizon", "launches.more@horizon"];
            let run = Run::new().years_only().replications(1);
            let run = figures.iter().fold(run, |run, path| run.figure(path));
            let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(figures.map(|path| value(&results, path) > 0.0), [true, false], "{lines}");
        }
    }
}

/// `check` says which launches are always refused: with three members of each, no place is left.
#[test]
fn servers_that_the_fewest_members_fill_are_reported() {
    let found: Vec<String> =
        Scenario::check(&pair(3, "")).into_iter().map(|one| one.message().to_string()).collect();
    let refused = |group: &str| format!("every launch of a member of `{group}` will be refused");
    for group in ["web", "other"] {
        assert!(found.iter().any(|one| one.contains(&refused(group))), "{group}: {found:?}");
    }
}
