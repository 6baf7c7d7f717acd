//! `fivenines`: a deterministic discrete-event datacenter simulator.
//!
//! A program loads a [`Scenario`], or builds it with a [`Builder`], and asks its [`Results`] for figures:
//!
//! ```
//! use fivenines::{Run, Scenario};
//!
//! let shop = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
//! let results = shop.run(&Run::new().seed(7).replications(4))?;
//! let mean = results.figure("latency.job.mean@steady")?;
//! println!("{mean}: from {} to {} {}", mean.low(), mean.high(), mean.unit());
//! # Ok::<(), fivenines::Error>(())
//! ```
//!
//! | type | what it is |
//! |---|---|
//! | [`Scenario`] | a system without errors: loaded, parsed or built; varied, run |
//! | [`Builder`] | a scenario under construction, in code |
//! | [`Value`] | what a key holds; a row of a table of results |
//! | [`Run`] | how a scenario is run |
//! | [`Results`] | what a run gives |
//! | [`Figure`] | a figure by its path, with its estimate or the reason why there is none |
//! | [`Estimate`] | a value with its interval |
//! | [`Parts`] | parts of one run, from several processes or machines |
//! | [`Comparison`] | scenarios side by side |
//! | [`Drawing`] | a picture of a system, and the same in words |
//! | [`Diagnostic`] | one error or warning about a scenario |
//! | [`Error`] | why a scenario was not read, run or compared |
//!
//! Everything else is inside: `ARCHITECTURE.md` has the map of the folders, `docs/` the language of scenarios.

#![cfg_attr(
    not(test),
    allow(
        dead_code,
        unused_imports,
        reason = "the build of the unit tests names what neither the product nor a test uses"
    )
)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "tests narrow numbers that they wrote"
    )
)]

mod cli;
mod convert;
mod engine;
mod facade;
mod health;
mod kinds;
mod mechanism;
mod model;
mod observe;
mod plan;
mod report;
mod scenario;
mod solve;
mod stats;
mod study;
mod table;
mod units;
mod workload;

pub use facade::{
    Builder, Comparison, Diagnostic, Drawing, Error, Estimate, Figure, Parts, Results, Run,
    Scenario, Value,
};

#[doc(hidden)]
pub use cli::{main as command, main_of as command_of};

/// Items for the benches of this crate and for its measurement of memory. They are not part of the interface and
/// change without notice.
#[doc(hidden)]
pub mod measured {
    pub use crate::convert::{place, table};
    pub use crate::engine::calendar::Calendar;
    pub use crate::engine::draw::{Key, Lineage, Seed};
    pub use crate::engine::law::{Draws, Law};
    pub use crate::health::{Kernel, Listener, Moved, Start};
    pub use crate::mechanism::cpu_share::{CpuShare, ZoneLimits};
    pub use crate::mechanism::cpu_tick::{CpuTick, TickRules};
    pub use crate::model::blueprint::Blueprint;
    pub use crate::model::outage::Faults;
    pub use crate::model::world::{Span, World};
    pub use crate::plan::availability::plan as plan_of_years;
    pub use crate::plan::compile::compile;
    pub use crate::plan::{Draft, draft};
    pub use crate::scenario::diagnostic::Diagnostics;
    pub use crate::scenario::document::Document;
    pub use crate::scenario::source::Source;
    pub use crate::solve::flows::run as run_flows;
    pub use crate::solve::requests::{Window, run as run_requests};
    pub use crate::study::scenario::{Choices, StudyPlan, prepare};
    pub use crate::study::window::Watch;
    pub use crate::study::years::{YearsPlan, run as run_years};
    pub use crate::units::{Cores, Rate, SimDuration, SimTime, Work};
}

#[cfg(test)]
extern crate self as fivenines;

#[cfg(test)]
#[path = "../tests/inside/mod.rs"]
mod inside;
