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
//! A scenario file is compiled once into an immutable plan; solvers read it, studies repeat them,
//! reports show what came out. Folders in the order of dependence, a folder uses only those above:
//!
//! | folder | from → to |
//! |---|---|
//! | [`convert`] | numbers of one width → of another, none cut |
//! | [`units`] | text ↔ quantities |
//! | [`engine`] | events, draws, laws; knows no data centre |
//! | [`stats`] | numbers → numbers |
//! | [`scenario`] | text → forms, diagnostics; knows no section |
//! | [`observe`] | what the loop writes down |
//! | [`health`] | automata, facts, causes; runs without requests |
//! | [`workload`] | arrivals, recorded traffic |
//! | [`mechanism`] | what several kinds share: a processor, links |
//! | [`model`] | the world: the loop, requests, records |
//! | [`kinds`] | a folder each kind of component: keys, tables, behaviour |
//! | [`plan`] | document → plan |
//! | [`solve`] | plan → observations |
//! | [`study`] | replications, windows, comparisons |
//! | [`report`] | results → text, CSV, JSON, SVG, HTML; computes no statistic |
//! | [`facade`] | scenarios, runs and results for Rust programs; its types stand at the root |
//! | [`cli`] | flags, progress, exit status |
//!
//! What never happens: the engine names no component; a component names no other; nothing after
//! `plan` sees a name or a place in the text except to print it; `model` reads no file, clock or
//! environment; nothing iterates a hash map; `report` computes no statistic; a plan is immutable,
//! and `World::new(plan, lineage, span)` is the only way to a world.

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

pub mod convert;

pub mod units;

pub mod engine;

pub mod stats;

pub mod scenario;

pub mod observe;

pub mod health;

pub mod workload;

pub mod mechanism;

pub mod model;

pub mod kinds;

pub mod plan;

pub mod solve;

pub mod study;

pub mod report;

pub mod facade;

pub use facade::{
    Builder, Comparison, Diagnostic, Error, Estimate, Figure, Results, Run, Scenario, Value,
};

pub mod cli;

#[cfg(test)]
extern crate self as fivenines;

#[cfg(test)]
#[path = "../tests/inside/mod.rs"]
mod inside;
