//! Autoscalers over years: the members are those of arithmetic and of `requests`, faults of a member are not taken for its
//! absence, and what an outage made the scaler forget is an overload at its end.

use fivenines::plan::availability;
use fivenines::solve::flows;
use fivenines::solve::fluid::scaling::ScalerTally;
use fivenines::solve::fluid::{ClassTally, Known, Memo};
use fivenines::study::stories;
use fivenines::study::window::Watch;
use fivenines::study::years;
use fivenines::units::SimDuration;
use fivenines::{Run, Scenario};

use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};

/// Pages of 20 ms at members of one core, held at 60 %: 75/s from the start on, and the balancer knows members at once.
fn shop(lines: &str) -> String {
    let text = base("scaler")
        .replace("check = { interval = \"1s\", time-out = \"1s\", fall = 3, rise = 2 }\n", "");
    text.with(
        "[run]\nhorizon = \"1d\"\ninitial = \"new\"\n[scaler.grow]\nmetric = \"cpu\"\ntarget = 0.6\n\
         [fault.never]\nhits = \"box-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n",
    )
    .with(lines)
}

/// The same at a constant load.
fn flat(lines: &str) -> String {
    shop(lines).replace("step    = { at = \"00:10\", factor = 3.0 }\n", "")
}

/// The page and the scaler over the horizon.
fn lived(text: &str) -> (ClassTally, ScalerTally) {
    lived_for(text, None)
}

fn lived_for(text: &str, horizon: Option<SimDuration>) -> (ClassTally, ScalerTally) {
    let mut plan = availability::plan(&drafted(text), &[]).unwrap();
    plan.horizon = horizon.unwrap_or(plan.horizon);
    let known = Known::default();
    let mut memo = Memo::new(plan.fluid.as_ref().unwrap(), &known);
    let seen = flows::run_with_traffic(&plan, 0, 0, &[], &mut memo).unwrap();
    let mut traffic = seen.traffic.unwrap();
    // The class that the scaled service answers.
    let answered = |name: &str| name == "page" || name == "followed";
    let classes = &plan.fluid.as_ref().unwrap().classes;
    let page = classes.iter().position(|class| answered(&class.name)).unwrap();
    (traffic.classes.swap_remove(page), traffic.scaled.swap_remove(0))
}

fn near(what: &str, found: f64, truth: f64, within: f64) {
    assert!((found - truth).abs() <= within, "{what}: {found}, and it is {truth}");
}

const DAY_S: f64 = 86_400.0;

/// What is too much for three members after the step, per second.
fn surplus() -> f64 {
    75.0 * 1.005_f64.powi(220) - 150.0
}

/// From 10:00 on 225/s, 4.5 cores. Three saturated members ask for 3 x 1 / 0.6 = 5: launched at 10:15, after a period of 10 s
/// and a lag of 5 s, they serve at 10:25. From 10:20 to 10:30 the three are busy all the time, and the five from 10:25 on
/// until their queue of 90 has drained at 25/s, after 3.6 s: 15 + 5 x (3.6 + 0.9 x 1.4) = 39.3 of 40 seconds, which asks
/// for 4 x 0.9825 / 0.6 = 6.55, so 7: launched at 10:35. From 10:30 to 10:40 it is 4.5 of 5 cores, 7.5, so 8: the eighth is
/// launched at 10:45. With 8 it is 0.5625, within the tolerance. A member costs from the end of its provisioning.
///
/// Lost is 75/s for 25 s, less the 30 that fit into each of three members and their queues. Steps are followed by a factor
/// of 1.005: the nearest to 3 is its 220th power, 2.9959.
#[test]
fn a_step_is_followed_by_the_period_the_lag_and_the_launch() {
    let (page, members) = lived(&shop(""));
    near("launches", members.launches as f64, 5.0, 0.0);
    near("removals", members.removed as f64, 0.0, 0.0);
    let served = 3.0 * 625.0 + 5.0 * 20.0 + 7.0 * 10.0 + 8.0 * (DAY_S - 655.0);
    near("served", members.served_h * 3_600.0, served, 1e-3);
    let paid = 3.0 * 620.0 + 5.0 * 20.0 + 7.0 * 10.0 + 8.0 * (DAY_S - 650.0);
    near("paid", members.paid_h * 3_600.0, paid, 1e-3);
    let lost: f64 = page.lost.iter().sum();
    near("lost", lost, surplus() * 25.0 - 90.0, 0.5);
}

/// With probes every second the first new member is found one to two seconds after it serves; one second later the other
/// is, and what is too much until then, 25/s, fits into the queue of the first.
#[test]
fn a_launched_member_serves_once_it_is_found() {
    let check =
        "[balancer.front]\ncheck = { interval = \"1s\", time-out = \"1s\", fall = 3, rise = 2 }\n";
    let (page, members) = lived(&shop(check));
    near("launches", members.launches as f64, 5.0, 0.0);
    let lost: f64 = page.lost.iter().sum();
    assert!((surplus() * 26.0 - 90.0..=surplus() * 27.0 - 90.0).contains(&lost), "{lost}");
}

/// Eight members serve 225/s. The balancer crashes for ten minutes: nothing reaches the members, so after a period and the
/// lag five of them go. When it is back three are there, as at a step of the load: the same views are lost for want of
/// capacity, and five members are launched anew.
#[test]
fn an_outage_longer_than_the_cool_down_ends_with_an_overload() {
    let lines = "[workload.users]\nrate = \"225/s\"\n[scaler.grow]\nstart = 8\n\
                 [fault.dark]\nhits = \"edge-1\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"10min\"\n";
    let (page, members) = lived(&flat(lines));
    let lost: f64 = page.lost.iter().sum();
    let overload = *page.lost.last().unwrap();
    near("overload", overload, 75.0 * 25.0 - 90.0, 0.5);
    near("lost in all", lost, 225.0 * 600.0 + overload, 1e-3);
    near("removals", members.removed as f64, 5.0, 0.0);
    near("launches", members.launches as f64, 5.0, 0.0);
    // Gone from 1:00:15 on; back at 1:10:25, 1:10:45 and 1:10:55.
    let away = 5.0 * (610.0) + 3.0 * 20.0 + 1.0 * 10.0;
    near("served", members.served_h * 3_600.0, 8.0 * DAY_S - away, 1e-3);
}

/// Three members serve 75/s, and all three are needed. Each crashes every 1,000 h for 10 h: they are up together for
/// (1000/1010)^3 of the time. A member that is down is a member still: none is launched in its place, and the nine slots
/// that are not used count for nothing.
#[test]
fn a_failed_member_is_neither_replaced_nor_taken_for_an_absent_one() {
    let lines = "[service.app]\nneeds = 3\n\
                 [fault.crash]\nhits = \"service.app\"\nhow = \"crash\"\n\
                 up = { dist = \"exponential\", mean = \"1000h\" }\nrepair = { dist = \"exponential\", mean = \"10h\" }\n";
    let draft = drafted(&flat(lines));
    let paths = ["structural.page@horizon", "launches.grow@horizon", "members.grow@horizon"];
    let seen = Years::of(asked(&draft, "2y", 40, &paths));
    let up = (1_000.0_f64 / 1_010.0).powi(3);
    seen.holds(paths[0], up, 5e-3);
    let members = seen.interval(paths[2]);
    near("members", members.estimate, 3.0, 1e-9);
}

/// Rates that rise and fall through the day: as if every period were measured, so the number of members is the same
/// whether faults, which end the rest of a scaler, come every hour or never.
#[test]
fn rests_change_nothing() {
    let daily = "[run]\nhorizon = \"30d\"\n[workload.users]\n\
                 profile = \"daily\"\n[scaler.grow]\nperiod = \"1min\"\n[profile.daily]\nsine = { amplitude = 0.8, peak = \"15:00\" }\n";
    let plain = flat(daily);
    let stirred = plain.with(
        "[server.aside]\ncores = 1\n[zone.nook]\non = [\"aside-1\"]\n[service.spare]\nin = \"nook\"\nworkers = 5\n\
         [balancer.back]\nin = \"door\"\nto = \"spare\"\n\
         [workload.others]\nrequest = \"else\"\nrate = \"0.001/s\"\n\
         [request.else]\nenter = \"back\"\nsteps = [ { delay = \"1ms\" } ]\n\
         [fault.often]\nhits = \"aside-1\"\nhow = \"crash\"\nup = \"37s\"\nrepair = \"41s\"\n",
    );
    let ((_, one), (_, other)) = (lived(&plain), lived(&stirred));
    assert!(one.launches >= 30, "{one:?}");
    assert_eq!(one, other);
}

/// A load that steps up for five minutes and down again, by both solvers. Arrivals are evenly spaced and pages take the same
/// time, so both do the same: members come and go at the same instants, and the same views are lost.
#[test]
fn the_members_of_a_crowd_are_those_of_requests() {
    let text = shop(
        "[window.crowd]\nat = \"0s\"\nlength = \"15min\"\nwarm-up = \"0s\"\n\
         [workload.users]\narrivals = { process = \"fixed\" }\n\
         step = { at = \"00:02\", factor = 3.0, for = \"5min\" }\n[request.page]\ndemands = { page = \"20ms\" }\n",
    );
    let (page, members) = lived_for(&text, Some(SimDuration::from_secs(900)));
    let windows = text.replace("horizon = \"1d\"\n", "");
    let scenario = Scenario::parse(&windows).unwrap_or_else(|error| panic!("{error}"));
    let lost = "attempts.page[outcome=error]@crowd";
    let figures = [
        "members.grow@crowd",
        "member-hours.grow@crowd",
        "launches.grow@crowd",
        "removals.grow@crowd",
        lost,
    ];
    let run = Run::new().requests_only().replications(2);
    let run = figures.iter().fold(run, |run, path| run.figure(path));
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    let value =
        |path: &str| results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value();
    let all: f64 = page.lost.iter().sum();
    println!("{members:?} {all}, {:?}", figures.map(value));
    near("launches", members.launches as f64, value(figures[2]), 0.0);
    near("removals", members.removed as f64, value(figures[3]), 0.0);
    near("members", members.served_h * 4.0, value(figures[0]), 0.01);
    near("member-hours", members.paid_h, value(figures[1]), 0.005);
    near("lost", all, value(lost), 0.03 * all);
}

/// Outages of three members that are all needed, and of the balancer, while a load of flash crowds is followed.
fn crowds() -> String {
    flat(
        "[run]\nhorizon = \"3y\"\ninitial = \"stationary\"\n[service.app]\nneeds = 3\n[workload.users]\n\
         profile = \"daily\"\n\
         flash = { rate = \"50/y\", factor = 3.0, ramp = \"1min\", plateau = \"10min\", decay = \"5min\" }\n\
         [scaler.grow]\nlaunch = { provision = { dist = \"exponential\", mean = \"20s\" }, failure = 0.1 }\n\
         [profile.daily]\nsine = { amplitude = 0.8, peak = \"15:00\" }\n\
         [fault.crash]\nhits = [\"service.app\", \"box\", \"edge\"]\nhow = \"crash\"\nrate = \"5/y\"\n\
         repair = { dist = \"exponential\", mean = \"1h\" }\n",
    )
}

/// The journal lives through an outage again, with the same members; another number of threads changes nothing.
#[test]
fn a_trajectory_comes_out_the_same_again() {
    let draft = drafted(&crowds());
    let paths = ["lost.page@horizon", "members.grow@horizon", "failed-launches.grow@horizon"];
    let mut plan = asked(&draft, "3y", 20, &paths);
    plan.of.stories = plan.of.felt();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| years::run(&plan, &Watch::default()).unwrap())
    };
    let (one, three) = (run(1), run(3));
    for figure in &plan.figures {
        let [one, three] = [&one, &three].map(|seen| seen.estimate(&plan, figure.measure));
        assert_eq!(format!("{one:?}"), format!("{three:?}"), "{}", figure.path);
    }
    let told = stories::tell(&draft, &plan.of, &one).unwrap().unwrap();
    assert!(told.records.len() > 20, "{}", told.records.len());
}

/// A crowd in the hour in which the evening ends: 50/s of 149.8/s are too much for the two members of the night, not what is
/// too much in the mean of that hour. Noticed after a period of 10 s, four members come 35 s later and are found 1.2 s
/// after that; two queues take 30 each.
#[test]
fn overload_beside_a_scaler_is_that_of_the_moment() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text =
        std::fs::read_to_string(file.join("scenarios/platform/provisioning-years.toml")).unwrap();
    let random = "rate = \"12/y\", factor";
    let at = |time: &str| {
        text.replace(random, &format!("at = \"{time}\", factor"))
            .replace("horizon = \"10y\"", "horizon = \"1d\"")
    };
    let lost = |time: &str| {
        let (page, members) = lived(&at(time).replace("rate   = \"2/y\"", "rate = \"0.000001/y\""));
        (*page.lost.last().unwrap(), members)
    };
    let factor = 1.005_f64.powi(220);
    for time in ["03:00", "23:36"] {
        let (overload, members) = lost(time);
        near(time, overload, (50.0 * factor - 100.0) * 46.2 - 60.0, 30.0);
        near("launches", members.launches as f64, 8.0, 0.0);
    }
    // By day four members can do 200/s; four more are found one after the other.
    let (overload, members) = lost("12:00");
    near("by day", overload, (125.0 * factor - 200.0) * 46.2 + 45.0 - 120.0, 60.0);
    // 2 at night, 6, 5 and 4 in the morning, 4 by day, 3 and 2 in the evening; 12 for the crowd, each 5 min one fewer.
    near("launches", members.launches as f64, 12.0, 0.0);
}
