//! Promise: what reacts takes as long in `flows`, which draws it, as in `requests`, which acts it out.
//!
//! Each scenario is read twice. A part breaks at a fixed instant, and everything around it has a phase
//! of its own in each replication, at a quarter of the load of the narrowest part. What the mechanism
//! took is held against the law of the timer in the net that `flows` lives through, and so is what
//! that net does; nothing here spells the law out again. docs/testing.md has the table.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "surrogates/addresses.rs"]
mod addresses;
#[path = "surrogates/balancers.rs"]
mod balancers;
#[path = "surrogates/databases.rs"]
mod databases;
#[path = "surrogates/routes.rs"]
mod routes;
#[path = "surrogates/volumes.rs"]
mod volumes;

use fivenines::engine::draw::Lineage;
use fivenines::engine::law::Law;
use fivenines::health::{AutomatonId, Kernel, Listener, Moved, Net, Start};
use fivenines::kinds::balancer::live::Balancer;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::ids::ComponentId;
use fivenines::model::outage::Faults;
use fivenines::model::world::{Span, World};
use fivenines::model::{Component, Health};
use fivenines::plan::availability;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::faults::{drafted, planned};
use crate::inside::shared::base::{With as _, base};

/// When the part breaks.
const ONSET: f64 = 10.0;
/// A mechanism is looked at this often.
const STEP: f64 = 0.01;
/// A mechanism may be late by a step, and what is not a number of nanoseconds by a little more.
const LATE: f64 = STEP + 1e-6;
/// Histories that `flows` draws of each case.
const DRAWN: u32 = 4_000;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
}

/// `hits` breaks at the onset.
fn fault(hits: &str, how: &str, lasts: &str) -> String {
    format!(
        "[fault.one]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"{ONSET}s\"\nlasts = \"{lasts}\"\n"
    )
}

/// One scenario, as both solvers read it.
struct Scene {
    plan: Blueprint,
    net: Net,
}

impl Scene {
    fn of(text: &str) -> Self {
        let text = "scenario = \"surrogates\"\n[run]\ninitial = \"new\"\nstart = \"Mon 00:00\"\n"
            .with(text);
        let years = availability::plan(&drafted(&text), &[]).unwrap();
        Self { plan: planned(&text), net: years.nets[0].net.clone() }
    }

    fn automaton(&self, name: &str) -> AutomatonId {
        let all = || self.net.automata().map(|id| self.net.name(id)).collect::<Vec<_>>();
        self.net.automaton(name).unwrap_or_else(|| panic!("{name} is none of {:?}", all()))
    }

    /// What the net of years draws the lengths of a timer from.
    fn law(&self, automaton: &str, timer: &str) -> Law {
        let found = self.net.timer_law(self.automaton(automaton), timer);
        found.unwrap_or_else(|| panic!("{automaton} has no timer {timer}"))
    }

    /// Seconds after `from` at which `automaton` leaves these states in years, one for each replication;
    /// none where it was not in them at `from`.
    fn drawn(&self, automaton: &str, states: &[&str], from: f64) -> Vec<Option<f64>> {
        let id = self.automaton(automaton);
        let all: Vec<_> = states.iter().filter_map(|name| self.net.state(id, name)).collect();
        assert_eq!(all.len(), states.len(), "{automaton} has states other than {states:?}");
        let one = |replication: u32| {
            let lineage = Lineage::replication(replication.into());
            let mut kernel = Kernel::new(&self.net, self.plan.seed, lineage, Start::New).unwrap();
            kernel.advance(at(from), &mut ()).unwrap();
            all.contains(&kernel.view().state(id)).then(|| {
                let mut leaves = Leaves { of: id, states: &all, at: None };
                kernel.advance(at(from + 10_000.0), &mut leaves).unwrap();
                leaves.at.map(|at| at.seconds() - from)
            })?
        };
        (0..DRAWN).map(one).collect()
    }

    /// Requests as they come, with what breaks.
    fn world(&self, replication: u32) -> World<'_> {
        let span = Span {
            levels: vec![],
            start: SimTime::ZERO,
            from: SimTime::ZERO,
            until: at(100_000.0),
            horizon: at(100_000.0),
            faults: Faults::Live,
        };
        World::new(&self.plan, Lineage::replication(replication.into()), span)
    }

    fn part(&self, name: &str) -> ComponentId {
        let place = self.plan.parts.iter().position(|part| part.name == name);
        ComponentId(place.unwrap_or_else(|| panic!("{name}")) as u32)
    }

    fn balancer<'w>(&self, world: &'w World<'_>) -> &'w Balancer {
        match world.component(self.part("front.members")) {
            Component::Balancer(balancer) => balancer,
            other => panic!("{other:?}"),
        }
    }

    /// A processor, head or link is busy for a quarter of the time while all is well.
    fn is_busy_a_quarter(&self, name: &str) {
        let mut sum = 0.0;
        for replication in 0..40 {
            let mut world = self.world(replication);
            world.run_before(at(ONSET)).unwrap();
            sum += world.gauges()[self.part(name).index()].utilization().unwrap() / 40.0;
        }
        // 4,000 exponential demands or more: 4 standard deviations of √2 / √4,000.
        assert!((sum - 0.25).abs() < 0.09 * 0.25, "{name} is busy {sum}");
    }
}

struct Leaves<'a> {
    of: AutomatonId,
    states: &'a [fivenines::health::StateId],
    at: Option<SimTime>,
}

impl Listener for Leaves<'_> {
    fn moved(&mut self, moved: &Moved) {
        if moved.automaton == self.of && self.at.is_none() && !self.states.contains(&moved.to) {
            self.at = Some(moved.at);
        }
    }
}

/// Lives on in steps until `holds`; the seconds that took, at most `limit`.
fn until(world: &mut World<'_>, limit: f64, holds: impl Fn(&World<'_>) -> bool) -> Option<f64> {
    let from = world.now();
    (1..=(limit / STEP) as u64).map(|count| STEP * count as f64).find(|passed| {
        world.run_before(from + SimDuration::from_seconds_f64(*passed)).unwrap();
        holds(world)
    })
}

/// Whom a sample is held against: its mean and standard deviation, its distribution function, and how
/// much of a sample it is itself: 1 / its size.
struct Truth<'a> {
    mean: f64,
    deviation: f64,
    cdf: Box<dyn Fn(f64) -> f64 + 'a>,
    own: f64,
}

impl<'a> Truth<'a> {
    fn law(law: &'a Law) -> Self {
        let deviation = law.variance().max(0.0).sqrt();
        Self { mean: law.mean(), deviation, cdf: Box::new(|x| law.cdf(x)), own: 0.0 }
    }

    fn sample(sample: &[f64]) -> Self {
        let mut sorted = sample.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let square = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        Self {
            mean,
            deviation: (square / (count - 1.0)).sqrt(),
            cdf: Box::new(move |x| sorted.partition_point(|one| *one <= x) as f64 / count),
            own: 1.0 / count,
        }
    }
}

/// Mean and distribution of a sample that may be late by `late`, against the truth, each at 99.9 %: 3.29
/// standard errors, and Kolmogorov's distance of 1.95 / √n. Gives both, in those units.
fn judged(sample: &[f64], truth: &Truth<'_>, late: f64) -> Result<(f64, f64), String> {
    const NOTHING: f64 = 1e-6;
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let size = (1.0 / count + truth.own).sqrt();
    let error = truth.deviation * size;
    let off = (truth.mean - mean).max(mean - truth.mean - late);
    let mut distance: f64 = 0.0;
    for (rank, x) in sorted.iter().enumerate() {
        let below = (truth.cdf)(x - late - NOTHING) - rank as f64 / count;
        let above = (rank + 1) as f64 / count - (truth.cdf)(x + NOTHING);
        distance = distance.max(below).max(above);
    }
    let said = format!("{mean:.4} of {:.4}, distance {distance:.4}, n = {count}", truth.mean);
    if off > 3.29 * error + NOTHING {
        return Err(format!("mean {said}"));
    }
    if distance > 1.95 * size {
        return Err(format!("distribution: {said}"));
    }
    Ok((mean, distance))
}

/// The mechanism and what years draw are both of this law; one value in place of the law would not do,
/// where the law has a width.
fn follows(what: &str, law: &Law, mechanism: (&[f64], f64), drawn: &[Option<f64>]) {
    let (sample, late) = mechanism;
    let drawn: Vec<f64> = drawn.iter().copied().flatten().collect();
    let truth = Truth::law(law);
    assert!(!drawn.is_empty(), "{what}: never in years");
    let seen = judged(sample, &truth, late);
    let years = judged(&drawn, &truth, 0.0);
    println!(
        "{what}: law {:.4} ± {:.4}, mechanism {seen:?}, years {years:?}",
        truth.mean, truth.deviation
    );
    if let Err(missed) = seen {
        panic!("{what}: the mechanism is not of the law: {missed}");
    }
    if let Err(missed) = years {
        panic!("{what}: what years draw is not of the law: {missed}");
    }
    if truth.deviation > late {
        let one = Law::constant(truth.mean).unwrap();
        assert!(judged(sample, &Truth::law(&one), late).is_err(), "{what}: phase ignored");
    }
}

/// The mechanism takes as long as years draw it, where several timers add up.
fn alike(what: &str, sample: &[f64], drawn: &[Option<f64>], late: f64) {
    let drawn: Vec<f64> = drawn.iter().copied().flatten().collect();
    assert!(drawn.len() > 1, "{what}: never in years");
    let truth = Truth::sample(&drawn);
    let seen = judged(sample, &truth, late);
    println!("{what}: years {:.4} ± {:.4}, mechanism {seen:?}", truth.mean, truth.deviation);
    if let Err(missed) = seen {
        panic!("{what}: mechanism and years are not alike: {missed}");
    }
}

/// So often of so many times, by a probability: within 3.29 standard deviations.
fn comes_up(what: &str, count: usize, of: usize, chance: f64) {
    let (count, of) = (count as f64, of as f64);
    let band = 3.29 * (of * chance * (1.0 - chance)).sqrt() + 1e-9;
    println!("{what}: {count} of {of}, {:.1} ± {band:.1} expected", of * chance);
    assert!(
        (count - of * chance).abs() <= band,
        "{what}: {count} of {of}, by a chance of {chance}"
    );
}

fn works(scene: &Scene, world: &World<'_>, name: &str) -> bool {
    match world.component(scene.part(name)) {
        Component::Service(service) => service.state() == Health::Up,
        other => panic!("{other:?}"),
    }
}
