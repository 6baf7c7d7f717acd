//! Belief of a component about the health of another that it probes: right, or wrong in either direction.
//!
//! ```text
//! believed -> unseen     the member is gone; or it hangs or pauses, and a probe detects that
//! believed -> missed     it hangs or pauses, and a shallow probe does not detect it: sampled for each hang
//! unseen   -> seen       after `fall` failed probes: U(0, interval) + (fall - 1) x pace and the time-out
//!                        of the last, where pace is the longer of interval and time-out; if the member
//!                        refuses, U(0, interval) + (fall - 1) x interval
//! unseen, missed -> believed   it is healthy before that
//! missed   -> unseen     it is gone altogether
//! seen     -> back -> believed   it is healthy, after `rise` good probes: U(0, pace) + (rise - 1) x interval
//! ```
//!
//! A member that an autoscaler removes is `unlisted`: it gets no request, and no balancer takes it for dead. One that it
//! launches is `listed`, and believed alive after `rise` good probes, at a phase of its own: U(0, interval) +
//! (rise - 1) x interval; at once without probes. None of these states is a failure.
//!
//! One automaton for each member behind a balancer (`kinds::balancer::beliefs`), and for each target of a name
//! service (`answers`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::Declaration;
use crate::health::declare::{Automaton, Branch, Effect, Expr, Shape, State, Transition};
use crate::model::spec::probe::{CheckSpec, Depth};
use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::faults;
use crate::plan::part::Part;
use crate::plan::scaled::is_present;

use super::surrogate::{noticed, probes};

/// Publishes that a part never hangs or pauses if the fault that causes it is left out: beliefs read these facts
/// in every net.
pub fn know_of_hangs(declaration: &mut Declaration) {
    let mut known: BTreeMap<*const Shape, Arc<Shape>> = BTreeMap::new();
    // Old shapes are kept alive, so that no new shape reuses the address of one, which is its key.
    let mut old = Vec::new();
    for automaton in &mut declaration.automata {
        let shape = known.entry(Arc::as_ptr(&automaton.shape)).or_insert_with(|| {
            old.push(automaton.shape.clone());
            let mut shape = automaton.shape.clone();
            for (_, fact) in STALLS {
                let publishes = |fact: &str| shape.facts.iter().any(|(name, _)| name == fact);
                if publishes("fit") && !publishes(fact) {
                    Arc::make_mut(&mut shape).facts.push((fact.into(), Expr::Never));
                }
            }
            shape
        });
        automaton.shape = shape.clone();
    }
}

/// Faults under which a part accepts requests and answers none, each with the fact that it is in that state.
const STALLS: [(How, &str); 2] = [(How::Hang, "is hung"), (How::Pause, "is stalled")];

/// Conditions of a probed target, as the probe observes them.
#[derive(Clone)]
pub struct Probed {
    /// It works and is reachable.
    well: Expr,
    /// The process is gone and its host refuses connections.
    refuses: Expr,
    /// It answers a shallow probe, but no request.
    hung: Option<Expr>,
    /// It exists, where an autoscaler decides that.
    present: Option<Expr>,
}

/// Conditions of one part that receives requests.
pub struct Asked {
    name: String,
    zone: Option<String>,
    /// Facts, under any of which it accepts requests and answers none.
    still: Vec<Expr>,
}

impl Asked {
    /// Creates the conditions of a part.
    #[must_use]
    pub fn new(draft: &Draft, part: Part) -> Self {
        let strikes =
            |part: Part, how: How| {
                draft.scenario.fault.iter().any(|(_, spec)| {
                    spec.how.value == how && draft.targets.hit(spec).contains(&part)
                }) || faults::may_go_wrong(draft).any(|(_, spec, wrong)| {
                    wrong.how.value == how
                        && wrong.probability.value.get() > 0.0
                        && draft.targets.operated(spec).contains(&part)
                })
            };
        let zone = part.stands_on(draft);
        let mut still = Vec::new();
        for at in std::iter::once(part).chain(zone) {
            let facts = STALLS.iter().filter(|(how, _)| strikes(at, *how));
            still.extend(facts.map(|(_, fact)| Expr::of(&at.name(draft), fact)));
        }
        Self { name: part.name(draft), zone: zone.map(|zone| zone.name(draft)), still }
    }

    fn well(&self) -> Expr {
        Expr::of(&self.name, "serving")
    }

    /// Returns the name of the part.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the condition that the process is gone and its host refuses connections.
    #[must_use]
    pub fn refuses(&self) -> Expr {
        let down = Expr::of(&self.name, "is down");
        match &self.zone {
            Some(zone) => down.and(Expr::of(zone, "reachable")),
            None => down,
        }
    }

    /// Returns the condition that it answers a shallow probe but no request; `None` if no fault can cause that.
    fn hung(&self) -> Option<Expr> {
        let still = (!self.still.is_empty()).then(|| Expr::Any(self.still.clone()))?;
        Some(still.and(Expr::of(&self.name, "reachable")))
    }
}

impl Probed {
    /// Creates the conditions of a probed part.
    pub fn of(draft: &Draft, part: Part) -> Self {
        let asked = Asked::new(draft, part);
        let (well, refuses, hung) = (asked.well(), asked.refuses(), asked.hung());
        let probed = Self { well, refuses, hung, present: None };
        match is_present(draft, part) {
            Some(present) => Self { present: Some(present.clone()), ..probed.given(present) },
            None => probed,
        }
    }

    /// Combines several targets, any of which suffices: one that works, else one that hangs, else the first.
    pub fn any(all: Vec<Self>) -> Self {
        let well = Expr::Any(all.iter().map(|one| one.well.clone()).collect());
        let hung: Vec<Expr> = all.iter().filter_map(|one| one.hung.clone()).collect();
        Self {
            hung: (!hung.is_empty()).then(|| Expr::Any(hung).and(!well.clone())),
            refuses: all.first().map_or(Expr::Never, |one| one.refuses.clone()),
            well,
            present: None,
        }
    }

    /// Combines a target with another one behind it that must work as well.
    pub fn both(one: Self, other: Self) -> Self {
        Self {
            refuses: one.refuses.or(one.well.clone().and(other.refuses)),
            well: one.well.and(other.well),
            hung: None,
            present: None,
        }
    }

    /// Returns the same target without refusals: a dead one does not answer at all.
    pub fn silent(self) -> Self {
        Self { refuses: Expr::Never, ..self }
    }

    /// Restricts the target to the times at which `given` holds.
    pub fn given(self, given: Expr) -> Self {
        let hung = self.hung.map(|hung| hung.and(given.clone()));
        let present = self.present;
        Self { well: self.well.and(given.clone()), refuses: self.refuses.and(given), hung, present }
    }

    /// Builds the automaton of the belief under a `check`. Without one, a failure is never detected.
    pub fn belief(&self, name: &str, check: Option<&CheckSpec>) -> Automaton {
        let failed = |name: &str| State::failed(name, Effect::Lose);
        let mut states = vec![
            State::serving("believed"),
            failed("unseen"),
            failed("missed"),
            failed("seen"),
            failed("back"),
        ];
        if self.present.is_some() {
            states.extend([State::serving("unlisted"), State::serving("listed")]);
        }
        let mut all = Automaton::new(name, states)
            .fact("misleads", Expr::within(&["unseen", "missed"]))
            .fact("is believed", Expr::within(&["believed"]));
        if let Some(present) = &self.present {
            all = listed(all, present, if check.is_some() { "listed" } else { "believed" });
        }
        let well = || self.well.clone();
        let refuses = || self.refuses.clone();
        let sees = check.map_or(1.0, |check| match check.depth.value {
            Depth::Deep => 1.0,
            Depth::Shallow => {
                check.detects_hang.as_ref().map_or(0.0, |probability| probability.value.get())
            }
        });
        if let Some(hung) = self.hung.clone().filter(|_| sees < 1.0) {
            let way = |probability: f64, to: &str| Branch {
                probability,
                to: to.into(),
                also: Vec::new(),
                adds: None,
            };
            let mut ways = vec![way(sees, "unseen"), way(1.0 - sees, "missed")];
            ways.retain(|way| way.probability > 0.0);
            let begins = Transition::when(hung.clone(), &["believed"], "unseen");
            // The purpose keys draws, and keeps the word of format 1.
            all = all.transition(begins.branching("probe-sees-hang", ways));
            let gone = (!well()).and(!hung);
            all = all.transition(Transition::when(gone, &["missed"], "unseen"));
        }
        all = all
            .transition(Transition::when(!well(), &["believed"], "unseen"))
            .transition(Transition::when(well(), &["unseen", "missed"], "believed"));
        let Some(check) = check else { return all };
        let (interval, time_out) = (check.interval.value, check.time_out.value);
        let [silent, refuses] = noticed(
            (interval, time_out, check.fall.value),
            ("fall", !refuses()),
            ("fall-by-refusal", refuses()),
        );
        // A probe is repeated only after the time-out of the previous one.
        let pace = interval.max(time_out).seconds();
        let least = (f64::from(check.rise.value) - 1.0) * interval.seconds();
        if self.present.is_some() {
            all = all
                .timer(probes("found", least, interval.seconds(), Expr::Always))
                .transition(Transition::when(!well(), &["listed"], "seen"))
                .transition(Transition::on("found", &["listed"], "believed"));
        }
        all.timer(silent)
            .timer(refuses)
            .timer(probes("rise", least, pace, Expr::Always))
            .transition(Transition::on("fall", &["unseen"], "seen"))
            .transition(Transition::on("fall-by-refusal", &["unseen"], "seen"))
            .transition(Transition::when(well(), &["seen"], "back"))
            .transition(Transition::when(!well(), &["back"], "seen"))
            .transition(Transition::on("rise", &["back"], "believed"))
    }
}

/// Adds the transitions of a member that an autoscaler removes, and of one that it launches, which enters state `begins`.
fn listed(automaton: Automaton, present: &Expr, begins: &str) -> Automaton {
    let states = automaton.states.clone();
    let others = states.iter().map(|state| state.name.as_str());
    let others: Vec<&str> = others.filter(|name| *name != "unlisted").collect();
    automaton
        .transition(Transition::when(!present.clone(), &others, "unlisted"))
        .transition(Transition::when(present.clone(), &["unlisted"], begins))
}
