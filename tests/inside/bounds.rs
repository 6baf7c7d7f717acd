//! Promise: what a file declares is what is simulated, or it is refused by name before anything runs;
//! counts cost no memory before they are accepted.

use std::path::Path;

use fivenines::scenario::code::Code;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::study::forecast::Forecast;
use fivenines::study::scenario::{Choices, prepare, run};
use fivenines::study::window::{Estimate, Verdict};

use crate::inside::common::{Loaded, read};
use crate::inside::shared::{VISIT, probed, station};

fn refused(text: &str) -> String {
    match read(text, Path::new(".")) {
        Ok(_) => panic!("it is accepted"),
        Err(found) => found,
    }
}

#[test]
fn a_station_of_65_536_members_serves_as_one_of_65_535() {
    let more = |figure: &str| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"> 0\"\n");
    let more = more("utilization.s@mean") + &more("served.r@mean");
    let mut seen = Vec::new();
    for count in [65_535, 65_536, 65_537] {
        let loaded = read(&(station(count, "", VISIT) + &more), Path::new(".")).unwrap();
        let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
        assert_eq!(result.windows[0].verdict, Verdict::Stable, "{count}");
        let views = &result.windows[0].pooled.views[0];
        assert_eq!(views.served + views.delayed, views.intended, "{count}");
        let figure = |path: &str| {
            let asked = loaded.study.figures.iter().find(|asked| asked.path == path).unwrap();
            let Estimate::Interval(found) = result.estimate(asked) else { panic!("{path}") };
            found.estimate
        };
        // Nobody waits: as many servers are busy, whoever they are.
        seen.push((figure("utilization.s@mean") * count as f64, figure("served.r@mean")));
    }
    for (busy, served) in &seen {
        assert!((busy / seen[0].0 - 1.0).abs() < 1e-9, "{seen:?}");
        assert!((0.07..0.13).contains(busy) && *served == seen[0].1, "{seen:?}");
    }
}

#[test]
fn counts_beyond_the_bound_are_refused_before_they_are_expanded() {
    // Any of these, expanded, needs more memory than a machine has.
    for count in ["1000001", "1000000000", "4294967295"] {
        let count = count.parse().unwrap();
        let found = refused(&station(count, "", VISIT));
        assert!(found.contains("E1405") && found.contains("1000000"), "{found}");
        assert!(found.contains("station.s.count"), "{found}");
    }
    let switches = "[site.here]\n[rack.r]\nsite = \"here\"\nswitch = { count = 4294967295, bandwidth = \"1 Gbit/s\" }";
    let found = refused(&format!("{}{switches}", station(1, "", VISIT)));
    assert!(found.contains("rack.r.switch.count"), "{found}");
    let servers = "[server.box]\ncount = 1000000000\ncores = 1\n[zone.web]\ncount = 1000000000\n";
    let found = refused(&format!("{}{servers}", station(1, "", VISIT)));
    assert!(found.contains("2000000001 parts") && found.contains("zone.web.count"), "{found}");
    let two = switches.replace("4294967295", "2000000");
    let found = refused(&format!("{}{two}", station(1, "", VISIT)));
    assert!(found.contains("rack.r.switch.count"), "{found}");
    let disks = "[server.big]\ncount = 100000\ncores = 1\n[server.big.disks.local]\nkind = \"10k\"\nlayout = \"plain\"\ndata = 40000";
    let found = refused(&format!("{}{disks}", station(1, "", VISIT)));
    assert!(found.contains("E1405"), "{found}");
}

#[test]
fn more_edges_than_a_request_can_name_are_refused() {
    let cdn = |count: u32| {
        let rest = "to = \"nobody\"\nttl = \"1h\"\nround-trip = \"1ms\"\norigin = \"1ms\"\n";
        station(1, "", VISIT) + &format!("[cdn.c]\ncount = {count}\n{rest}convergence = \"1s\"\n")
    };
    let found = refused(&cdn(65_535));
    assert!(found.contains("65535 edges of one CDN, at most 65534"), "{found}");
    // It leads nowhere, and that alone is said.
    let found = refused(&cdn(65_534));
    assert!(!found.contains("edges of one CDN"), "{found}");
}

#[test]
fn the_bound_on_parts_is_raised_by_a_key() {
    let more = "limits = { parts = 70000 }";
    assert!(read(&station(70_000, more, VISIT), Path::new(".")).is_ok());
    let found = refused(&station(70_001, more, VISIT));
    assert!(found.contains("70001 parts, at most 70000"), "{found}");
}

#[test]
fn a_repeat_of_17_000_is_served() {
    let step = r#"{ repeat = { count = 17000, steps = [ { visit = "s", service = "1ns" } ] } }"#;
    let text = station(1, "", step).replace("100/s", "2/s");
    let loaded = read(&text, Path::new(".")).unwrap();
    let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let views = &result.windows[0].pooled.views[0];
    assert!(views.intended > 0);
    assert_eq!(views.served + views.delayed, views.intended);
}

#[test]
fn more_repetitions_than_are_simulated_are_refused_by_name() {
    let nested = r#"{ repeat = { count = 300, steps = [ { repeat = { count = 300, steps = [ { visit = "s" } ] } } ] } }"#;
    let found = refused(&station(1, "", nested));
    assert!(found.contains("E0501") && found.contains("at most 65535"), "{found}");
    // Two branches of which one is taken do not add up.
    let many = r#"steps = [ { repeat = { count = 40000, steps = [ { visit = "s" } ] } } ]"#;
    let step = format!(
        "{{ choose = [ {{ probability = 0.5, {many} }}, {{ probability = 0.5, {many} }} ] }}"
    );
    assert!(read(&station(1, "", &step), Path::new(".")).is_ok());
}

#[test]
fn a_random_number_of_repetitions_beyond_the_bound_is_named_and_is_no_overload() {
    let step = r#"{ repeat = { count = { dist = "geometric", mean = 60000 }, steps = [ { visit = "s", service = "1ns" } ] } }"#;
    let loaded = read(&station(1, "", step), Path::new(".")).unwrap();
    let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
    let window = &result.windows[0];
    let why = window.stopped.as_ref().expect("it stops");
    assert!(why.contains("`r`") && why.contains("repeats its steps more than 65535"), "{why}");
    assert_ne!(window.verdict, Verdict::Overloaded);
}

#[test]
fn a_page_with_more_parts_than_are_simulated_is_refused_by_name() {
    let clients =
        "[clients.c]\nround-trip = \"1ms\"\n[request.part]\nsteps = [ { visit = \"s\" } ]\n";
    let then = |count: u32| {
        station(1, "", VISIT).replace("request = \"r\"\n", "request = \"r\"\nfrom = \"c\"\n")
            + &format!("then = {{ request = \"part\", count = {count} }}\n{clients}")
    };
    assert!(read(&then(65_535), Path::new(".")).is_ok());
    let found = refused(&then(65_536));
    assert!(found.contains("followed by 65536 parts") && found.contains("65535"), "{found}");
}

fn faults(count: usize) -> String {
    let fault = |n| {
        format!("[fault.f{n}]\nhits = \"s\"\nrate = \"1/year\"\nrepair = \"1h\"\nhow = \"crash\"\n")
    };
    station(1, "", VISIT) + &(0..count).map(fault).collect::<String>()
}

#[test]
fn sixty_four_faults_on_one_part_are_fine_and_16_000_are_refused_at_once() {
    assert_eq!(read(&faults(64), Path::new(".")).err(), None);
    let found = refused(&faults(16_000));
    assert!(found.contains("faults hit `s-1`"), "{found}");
}

#[test]
fn unknown_names_stop_being_compared_when_there_are_very_many() {
    let mut out = Diagnostics::new();
    let rounds = (0..).take_while(|_| out.may_compare(1_000)).count();
    assert_eq!(rounds, 1_000);
}

/// What a run as the flags have it is expected to cost.
fn forecast(loaded: &Loaded, choices: Choices) -> Forecast {
    let study = prepare(&loaded.draft, &loaded.plan, choices, &mut Diagnostics::new());
    Forecast::of(&loaded.draft, Some((&loaded.plan, &study)), choices)
}

#[test]
fn a_run_that_takes_days_is_refused_with_its_number_of_events() {
    let long = station(1, "", VISIT).replace("100/s", "1000000/s").replace("\"2s\"", "\"1d\"");
    let loaded = read(&long, Path::new(".")).unwrap();
    let all = forecast(&loaded, Choices::default());
    // An arrival and a service: 2 events for each of 10^6 × 86,400 requests.
    assert_eq!(all.in_one, 2.0 * 1e6 * 86_400.0);
    assert_eq!(all.events, 2.0 * all.in_one);
    let mut out = Diagnostics::new();
    all.judge(&loaded.draft, &mut out);
    assert_eq!(out.sorted()[0].code, Code::RunTooLong);
    let few = Choices { quick: true, ..Choices::default() };
    assert!(forecast(&loaded, few).in_one < all.in_one / 3.9);
}

#[test]
fn a_forecast_is_near_the_events_of_the_run() {
    let near = |text: &str, upper: f64| {
        let loaded = read(text, Path::new(".")).unwrap();
        let result = run(&loaded.plan, &loaded.study, &Default::default()).unwrap();
        let counted: u64 = result.windows.iter().map(|window| window.events).sum();
        let ratio = forecast(&loaded, Choices::default()).events / counted as f64;
        assert!((0.5..upper).contains(&ratio), "{ratio} of {counted}");
    };
    near(&station(4, "", VISIT), 2.0);
    // Two probes every 10 ms outnumber the requests; one that is answered at once is a single event.
    near(&probed("10ms").replace("\"30d\"", "\"20s\""), 2.5);
}
