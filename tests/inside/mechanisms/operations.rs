//! What is planned takes parts out, and what it costs is booked as planned.

use fivenines::model::outage::Faults;
use fivenines::solve::requests::{self, Window};

use crate::inside::faults::{lost, planned, window};
use crate::inside::shared::base::{With as _, base};

fn app(operation: &str) -> String {
    base("page").with(&format!(
        r#"
[run]
start = "Mon 00:00"
[server.box]
count = 2
[zone.web]
count = 2
on = ["box-1", "box-2"]
[workload.visitors]
arrivals = {{ process = "regular" }}
[operation.window]
{operation}
"#
    ))
}

/// Every Monday at 00:10 the service is out for 5 minutes: 300 pages, one a second.
#[test]
fn a_maintenance_window_loses_what_comes_in_it_as_planned() {
    let text = app("does = \"maintain\"\nof = \"service.app\"\nevery = \"week\"\n\
                    at = \"Mon 00:10\"\nlasts = \"5min\"");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(30.5, 1_800.5), 0).unwrap();
    let gone = lost(&plan, &seen, "planned");
    // The page of 00:10:00 or of 00:15:00 comes at the very instant, to the nanosecond.
    assert!(gone.abs_diff(300) <= 1, "{gone}");
    assert_eq!(seen.record.views[0].lost.iter().sum::<u64>(), gone);
    // A week later again; and not where nothing breaks.
    let later =
        Window { warm_up: fivenines::units::SimDuration::ZERO, ..window(605_400.5, 606_000.5) };
    let again = lost(&plan, &requests::run(&plan, &later, 0).unwrap(), "planned");
    assert!(again.abs_diff(300) <= 1, "{again}");
    let well = Window { faults: Faults::Off, ..window(30.5, 1_800.5) };
    assert_eq!(lost(&plan, &requests::run(&plan, &well, 0).unwrap(), "planned"), 0);
}

/// Two members, one after the other, each out for a minute: pages go to them in turn, so that of the
/// 120 pages one half is refused; taken out together they refuse all of 60.
#[test]
fn a_deployment_takes_members_out_one_after_the_other() {
    let text = |does: &str| {
        app(&format!("does = \"{does}\"\nof = \"app\"\nat = \"600500ms\"\nlasts = \"1min\""))
    };
    let plan = planned(&text("deploy"));
    let seen = requests::run(&plan, &window(30.5, 1_800.5), 0).unwrap();
    assert_eq!(lost(&plan, &seen, "planned"), 60);
    let first = requests::run(&plan, &window(600.6, 660.4), 0).unwrap();
    assert_eq!(lost(&plan, &first, "planned"), 30, "the first minute");
    let plan = planned(&text("maintain"));
    let seen = requests::run(&plan, &window(30.5, 1_800.5), 0).unwrap();
    assert_eq!(lost(&plan, &seen, "planned"), 60);
    let first = requests::run(&plan, &window(600.6, 660.4), 0).unwrap();
    assert_eq!(lost(&plan, &first, "planned"), 60, "both at once");
}

/// A server out of service takes its zones along, which boot afterwards: 60 s and 30 s, every other
/// page.
#[test]
fn a_server_out_of_service_takes_its_zones_along() {
    let text = app("does = \"maintain\"\nof = \"box-1\"\nat = \"600500ms\"\nlasts = \"1min\"")
        .replace("on = [", "boot = \"30s\"\non = [");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(30.5, 1_800.5), 0).unwrap();
    assert_eq!(lost(&plan, &seen, "planned"), 45);
}
