//! Promise: what the language takes, acts; each mechanism gives the figures of its theory.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "mechanisms/accounts.rs"]
mod accounts;
#[path = "mechanisms/adaptive.rs"]
mod adaptive;
#[path = "mechanisms/files.rs"]
mod files;
#[path = "mechanisms/memory.rs"]
mod memory;
#[path = "mechanisms/operations.rs"]
mod operations;
#[path = "mechanisms/paging.rs"]
mod paging;
#[path = "mechanisms/patience.rs"]
mod patience;
#[path = "mechanisms/refused.rs"]
mod refused;
#[path = "mechanisms/uplinks.rs"]
mod uplinks;
#[path = "mechanisms/written.rs"]
mod written;

use fivenines::model::blueprint::Blueprint;
use fivenines::model::gauge::Gauge;
use fivenines::solve::requests::Observation;

/// The reading of the component `name` over the window.
fn gauge<'a>(plan: &Blueprint, seen: &'a Observation, name: &str) -> &'a Gauge {
    let place = plan.parts.iter().position(|part| part.name == name);
    &seen.gauges[place.unwrap_or_else(|| panic!("no part is called {name}"))]
}
