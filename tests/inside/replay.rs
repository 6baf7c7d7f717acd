//! Promise: a history is told from its first event to its last, stretch by stretch.

use std::path::Path;
use std::sync::Mutex;

use fivenines::cli::init::STARTER;
use fivenines::solve::trail::Note;
use fivenines::study::scenario;
use fivenines::study::stretch::{stretches, tell};
use fivenines::study::window::Watch;

use crate::inside::common::read;
use crate::inside::shared::without_years;

/// All stretches of a history one behind the other are that history, from its first event to its digest:
/// of runs around a break too, which share what comes before it.
#[test]
fn every_history_is_told_from_its_first_event_to_its_last() {
    let text = without_years(STARTER, "none", "none");
    let text = text.replace("length  = \"10min\"", "length  = \"20s\"");
    let text = text.replace("warm-up = \"1min\"", "warm-up = \"2s\"");
    let window = "\n[window.broken]\nlevel = \"5/s\"\nwarm-up = \"5s\"\nbefore = \"23s\"\n\
                  after = \"40s\"\nrepair = \"20s\"\nreplications = 2\n";
    let loaded = read(&format!("{text}{window}"), Path::new(".")).unwrap();
    let mut study = loaded.study.clone();
    for window in &mut study.windows {
        window.replications = (2, 2);
    }
    let result = scenario::run(&loaded.plan, &study, &Watch::default()).unwrap();
    let broken = result.windows.iter().filter(|window| window.name.starts_with("broken"));
    assert!(broken.count() >= 8);
    for (place, window) in result.windows.iter().enumerate() {
        let stretches = stretches(&study.windows[place]);
        for (replication, trail) in window.trails.iter().enumerate() {
            let at = format!("{}, replication {replication}", window.name);
            assert_eq!(trail.notes().len(), stretches.len() - 1, "{at}");
            let last = Mutex::new((0, 0));
            for (number, bounds) in stretches.iter().enumerate() {
                let before = last.lock().unwrap().0;
                let history = (place, replication as u64);
                tell(&loaded.plan, &study, history, *bounds, &Watch::default(), &|seen| {
                    let mut last = last.lock().unwrap();
                    assert_eq!(seen.number, last.0 + 1, "{at}");
                    *last = (seen.number, seen.digest);
                })
                .unwrap();
                let (events, digest) = *last.lock().unwrap();
                assert_eq!(trail.events_of(number), events - before, "{at}, stretch {number}");
                if let (Some(note), Some(to)) = (trail.notes().get(number), bounds.to) {
                    assert_eq!(*note, Note::new(to, events, digest), "{at}, stretch {number}");
                }
            }
            assert_eq!(last.lock().unwrap().1, window.digests[replication], "{at}");
        }
    }
}
