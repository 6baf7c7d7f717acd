//! The drawing of the system with the utilisations that a run has measured.

use std::collections::BTreeMap;

use crate::plan::Draft;
use crate::plan::drawing::{System, window_of};
use crate::study::results::{UseKind, WindowRows};

/// Returns the system with the mean utilisations of the window for which it is drawn, if that was run.
pub(super) fn system(draft: &Draft, windows: &[WindowRows]) -> System {
    let name = window_of(draft);
    let window = windows.iter().find(|window| Some(&window.name) == name.as_ref());
    let mut measured = BTreeMap::new();
    for one in window.into_iter().flat_map(|window| &window.uses) {
        let name = match one.kind {
            UseKind::Zone => format!("{}.cpu", one.name),
            _ => one.name.clone(),
        };
        measured.extend(one.mean.value().map(|value| (name, value)));
    }
    System::of(draft, &measured)
}
