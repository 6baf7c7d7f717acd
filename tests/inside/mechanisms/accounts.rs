//! C4: busy + idle + unavailable is the capacity, in nanoseconds.

use fivenines::solve::requests;

use super::gauge;
use crate::inside::faults::{planned, window};
use crate::inside::shared::base::base;

fn fault(name: &str, hits: &str, how: &str, at: u32) -> String {
    format!("[fault.{name}]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"{at}s\"\nlasts = \"25s\"\n")
}

/// Each part is gone for 25 s of 300 s, one after the other; what was gone is exactly its capacity
/// times 25 s, and the run has checked that all of it adds up.
#[test]
fn what_was_down_for_25_s_was_unavailable_for_25_s() {
    let gone = [
        ("line-1", "station.line", "crash", 2),
        ("shared-1", "station.shared", "crash", 3),
        ("app-1", "service.app", "crash", 5),
        ("other-1", "server.other", "crash", 4),
        ("box-1.local", "server.box.local", "crash", 3),
        ("store.head", "nas.store.head", "crash", 1),
        ("store.main", "nas.store.main", "pause", 4),
    ];
    let mut text = base("one-of-each");
    for (place, (_, hits, how, _)) in gone.iter().enumerate() {
        text += &fault(&format!("f{place}"), hits, how, 20 + 40 * place as u32);
    }
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(10.0, 310.0), 0).unwrap();
    for (name, _, _, capacity) in gone {
        let reading = gauge(&plan, &seen, name);
        // Processors and equal sharing count in steps of 2^-48 server.
        let step = if matches!(name, "shared-1" | "other-1") { 1_u128 << 48 } else { 1 };
        let nanos = 1_000_000_000 * capacity * step;
        assert_eq!(reading.capacity, 300 * nanos, "{name}");
        assert_eq!(reading.unavailable, 25 * nanos, "{name}");
        assert_eq!(reading.busy + reading.idle, 275 * nanos, "{name}");
        assert!(reading.busy > 0 && reading.idle > 0, "{name}: {reading:?}");
    }
}

/// A hung process keeps the workers that it has; the others are out of reach.
#[test]
fn the_free_workers_of_a_hung_process_are_unavailable() {
    let text = base("one-of-each") + &fault("stuck", "service.work", "hang", 100);
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(100.0, 125.0), 0).unwrap();
    let reading = gauge(&plan, &seen, "work-1");
    assert_eq!(reading.idle, 0);
    assert_eq!(reading.busy + reading.unavailable, 6 * 25_000_000_000);
    // 20 a second come to it: whatever it held at the onset it holds until the end.
    assert_eq!(reading.busy % 25_000_000_000, 0, "{reading:?}");
}
