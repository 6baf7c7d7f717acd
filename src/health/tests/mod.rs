//! Tests of one mechanism at a time, on small declarations with known answers.

mod alone;
mod cascades;
mod histories;
mod nas_pair;
mod restores;
mod starts;
mod steady;
mod still;

use crate::engine::draw::{Lineage, Seed};
use crate::engine::law::{DurationLaw, Law};
use crate::units::{SimDuration, SimTime};

use super::{Declaration, Kernel, Listener, Moved, Net, Reading, Start};

/// Returns the instant at this many seconds since the start.
fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
}

fn fixed(seconds: f64) -> DurationLaw {
    DurationLaw(Law::constant(seconds).unwrap())
}

fn exponential(seconds: f64) -> DurationLaw {
    DurationLaw(Law::exponential(seconds).unwrap())
}

fn compile(declaration: &Declaration) -> Net {
    Net::compile(declaration, Reading::default()).unwrap()
}

fn start(net: &Net) -> Kernel<'_> {
    Kernel::new(net, Seed(1), Lineage::replication(0), Start::New).unwrap()
}

/// A textual log of all events.
struct Log<'n> {
    net: &'n Net,
    lines: Vec<String>,
}

impl<'n> Log<'n> {
    fn new(net: &'n Net) -> Self {
        Self { net, lines: Vec::new() }
    }

    /// Returns the lines about components whose names begin with `prefix`.
    fn about(&self, prefix: &str) -> Vec<&String> {
        self.lines.iter().filter(|line| line.contains(&format!(" {prefix}"))).collect()
    }
}

impl Listener for Log<'_> {
    fn moved(&mut self, moved: &Moved) {
        let state = |state| self.net.state_name(moved.automaton, state);
        self.lines.push(format!(
            "{} {}: {} -> {} ({})",
            moved.at,
            self.net.name(moved.automaton),
            state(moved.from),
            state(moved.to),
            self.net.cause_name(moved.cause)
        ));
    }
}

/// Returns the log of `declaration` until `seconds`.
fn story(declaration: &Declaration, seconds: f64) -> Vec<String> {
    let net = compile(declaration);
    let mut log = Log::new(&net);
    start(&net).advance(at(seconds), &mut log).unwrap();
    log.lines
}
