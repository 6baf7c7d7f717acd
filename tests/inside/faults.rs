//! Promise: what breaks, breaks as the scenario says, in the health of the parts and in the
//! requests inside them; and nothing else moves.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod changes;
pub mod draws;
mod feeds;
mod load;
pub mod pair;
pub mod processes;
mod queues;
mod spares;
mod storage;
pub mod swarm;

use std::path::Path;

use fivenines::model::blueprint::Blueprint;
use fivenines::model::outage::Faults;
use fivenines::plan::Draft;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::source::Source;
use fivenines::solve::requests::{self, Observation, Run, Window};
use fivenines::units::{SimDuration, SimTime};

use crate::inside::shared::base::{With as _, base};

/// The draft of a text; fails with its diagnostics.
pub fn drafted(text: &str) -> Draft {
    draft_or_complaints(text).unwrap_or_else(|complaints| panic!("{complaints}"))
}

/// The draft of a text, or what is wrong with it.
pub fn draft_or_complaints(text: &str) -> Result<Draft, String> {
    let mut out = Diagnostics::new();
    // How long a scenario is run is the test's own matter.
    let window = if text.contains("[window.") { "" } else { "\n[window.any]\nlength = \"1h\"\n" };
    let text = format!("{text}{window}");
    let document = Document::parse(Source::from_text("test", &text), &mut out);
    let draft = document.and_then(|document| fivenines::plan::draft(&document, &mut out).ok());
    if out.has_errors() {
        return Err(format!("{:#?}", out.sorted()));
    }
    Ok(draft.unwrap())
}

/// The blueprint of a text; fails with its diagnostics.
pub fn planned(text: &str) -> Blueprint {
    let draft = drafted(text);
    let mut out = Diagnostics::new();
    let plan = fivenines::plan::compile::compile(&draft, Path::new("."), &mut out);
    assert!(!out.has_errors(), "{:#?}", out.sorted());
    plan
}

fn shipped(path: &str) -> String {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path);
    std::fs::read_to_string(full).unwrap()
}

pub fn seconds(seconds: f64) -> SimDuration {
    SimDuration::from_seconds_f64(seconds)
}

/// A window from `from` to `until` of the history, with an empty system at time zero.
pub fn window(from: f64, until: f64) -> Window {
    Window {
        name: "test".into(),
        levels: Vec::new(),
        at: SimTime::ZERO + seconds(from),
        warm_up: seconds(from),
        length: seconds(until - from),
        drain: seconds(600.0),
        faults: Faults::Live,
    }
}

/// The window from `from` to `until`, lived through once. The run checks its own ledgers and
/// Little's identity.
pub fn observed(text: &str, from: f64, until: f64) -> Observation {
    requests::run(&planned(text), &window(from, until), 0).unwrap()
}

/// Ended attempts of the first class: ok, refused, error, timeout, unreachable, aborted.
pub fn ended(observation: &Observation) -> [u64; 6] {
    let attempts = &observation.record.classes[0].attempts;
    assert_eq!(attempts.in_flight(), 0, "every attempt ends");
    attempts.ended[..6].try_into().expect("no more is asked")
}

/// Lost views of the first workload, by name of the cause.
pub fn lost(plan: &Blueprint, observation: &Observation, cause: &str) -> u64 {
    let place = plan.causes.iter().position(|name| name == cause).unwrap();
    observation.record.views[0].lost[place]
}
