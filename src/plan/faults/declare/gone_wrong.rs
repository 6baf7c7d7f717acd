//! Planned work that goes wrong.
//!
//! Model: the outcome of the work is drawn when it begins. Work that goes wrong has the operation's name as its cause,
//! from its begin to the end of the repair; work that goes well has the cause `planned`.
//!
//! - *Maintenance*: each part by itself. After the work the part is broken, until it is detected and repaired.
//! - *Deployment*: an automaton of its own, `name/roll-out`, draws once per turn whether the version is bad. It takes the
//!   first part out itself, in the same transition. The others have clocks, as in a deployment that cannot go wrong, and ask it whether the version is bad and
//!   whether it goes on. A part that comes back with a bad version is broken until the version is rolled back on all parts.
//!
//! A draw belongs to the turn of the operation's clock. A turn that is left out, because the part is down or a bad version
//! is still out, therefore moves no other draw.
//!
//! Input: the parts, the operation, its outcome. Output: states, timers and transitions of the parts, and the roll-out.
//! Leaves out: parts that are out of service anyway at their turn get no version, and no part stops a roll-out by a fault of
//! its own.

use super::taken_out::Work;
use super::{Declarer, Harm, Mould, Sketch, UP, state_of};
use crate::engine::law::DurationLaw;
use crate::health::declare::{
    Automaton, Branch, Expr, Move, Opens, Quantifier, State, Timer, Transition,
};
use crate::model::spec::runs::{GoesWrongSpec, How};
use crate::plan::program::law_of;
use crate::units::{SimDuration, SimTime};

/// Role of the parts in a roll-out.
const PARTS: &str = "parts";
/// State of a roll-out whose last version was good, or that is over.
const IDLE: &str = "idle";
/// State of a roll-out that spreads a bad version.
const SPREADING: &str = "spreading";
/// State in which a bad version was given to all parts, and is not detected.
const THROUGH: &str = "through";
/// State of a roll-out that was stopped, while its version is rolled back.
const ROLLING_BACK: &str = "rolling-back";
/// The same once all turns of the roll-out are over.
const LATE: &str = "rolling-back-late";
/// State of a roll-out that was stopped and rolled back, until its last turn would be over.
const STOPPED: &str = "stopped";
/// Fact of a roll-out that no bad version is out.
const GOOD: &str = "version is good";
/// Fact of a roll-out that a bad version is out and not detected.
const BAD: &str = "version is bad";
/// Fact of a roll-out that no version is rolled back or to be rolled back.
const NONE_OUT: &str = "no bad version is out";
/// Fact of a roll-out that a part has the bad version, or gets it.
const GIVEN: &str = "a part has it";

impl GoesWrongSpec {
    fn harm(&self) -> Harm {
        match self.how.value {
            How::Hang => Harm::Hung,
            _ => Harm::Down,
        }
    }

    /// Returns the branches to `wrong` or `right`, each with the cause that it adds. The one that goes wrong is first, so
    /// that a larger probability keeps each draw that went wrong.
    fn ways(&self, wrong: (&str, &str), right: (&str, &str)) -> Vec<Branch> {
        let probability = self.probability.value.get();
        let way = |probability, (to, cause): (&str, &str)| Branch {
            probability,
            to: to.into(),
            also: Vec::new(),
            adds: (!cause.is_empty()).then(|| cause.to_string()),
        };
        let mut ways = vec![way(probability, wrong), way(1.0 - probability, right)];
        ways.retain(|way| way.probability > 0.0);
        ways
    }

    fn repair(&self, name: &str) -> Timer {
        Timer::new(&format!("{name}.repair"), DurationLaw(law_of(&self.repair)))
    }

    fn found(&self, name: &str) -> Option<Timer> {
        let law = self.found_after.as_ref()?;
        Some(Timer::new(&format!("{name}.seen"), DurationLaw(law_of(law))))
    }
}

/// Returns the state of a part while work goes wrong.
fn wrong_state(work: &Work<'_>) -> String {
    format!("{}.wrong", work.state())
}

/// Fact of a part that it has the bad version, or gets it.
fn has(name: &str) -> String {
    format!("has {name}")
}

/// Fact of a part that it is broken by the work.
fn broken_by(name: &str) -> String {
    format!("in {name}")
}

/// Returns a transition that gives a part the bad version at its turn: `clock` to `wrong`.
fn strike(clock: &str, wrong: &str, name: &str) -> Transition {
    let mut strike = Transition::on(clock, &[UP], wrong).opens(Opens::Never);
    strike.branches[0].adds = Some(name.into());
    strike
}

impl Mould {
    /// Adds work on this part, which draws its outcome by itself.
    pub(super) fn work_or_fail(&mut self, work: &Work<'_>, wrong: &GoesWrongSpec, done: Timer) {
        let (state, failing, broken) = (work.state(), wrong_state(work), state_of(work.name));
        self.add_harm(Harm::Down, &failing, false);
        self.add_harm(wrong.harm(), &broken, false);
        let clock = work.clock(SimDuration::ZERO);
        let ways = wrong.ways((&failing, work.name), (&state, &state));
        let begin = Transition::on(&clock.name, &[UP], &state).branching(work.name, ways);
        self.turn(begin.opens(Opens::Never));
        self.turn(Transition::on(&done.name, &[&state], UP));
        self.turn(Transition::on(&done.name, &[&failing], &broken));
        self.shape.timers.extend([clock, done]);
        let mut last = broken.clone();
        if let Some(found) = wrong.found(work.name) {
            last = format!("{broken}.seen");
            self.add_harm(wrong.harm(), &last, false);
            self.step(found, &broken, &last);
        }
        self.step(wrong.repair(work.name), &last, UP);
    }

    /// Adds the states of a part in a roll-out, and its way back from each.
    fn rolls_out(&mut self, work: &Work<'_>, wrong: &GoesWrongSpec, (role, done): (&str, &Timer)) {
        let (state, failing, broken) = (work.state(), wrong_state(work), state_of(work.name));
        self.add_harm(Harm::Down, &state, false);
        self.add_harm(Harm::Down, &failing, false);
        self.add_harm(wrong.harm(), &broken, false);
        self.turn(Transition::on(&done.name, &[&state], UP));
        let bad = Expr::of_role(role, BAD);
        self.turn(Transition::on(&done.name, &[&failing], &broken).given(bad));
        // What was found bad meanwhile is not put into service.
        self.turn(Transition::on(&done.name, &[&failing], UP));
        self.turn(Transition::when(Expr::of_role(role, NONE_OUT), &[&broken], UP));
        self.shape.timers.push(done.clone());
        self.publish(&has(work.name), Expr::within(&[&failing, &broken]));
    }

    /// Adds the turn of a part that is not the first of a roll-out.
    fn takes_turn(&mut self, work: &Work<'_>, clock: Timer, (role, spreads): (&str, &Expr)) {
        let strike = strike(&clock.name, &wrong_state(work), work.name);
        self.turn(strike.given(spreads.clone()));
        let good = Expr::of_role(role, GOOD);
        self.turn(Transition::on(&clock.name, &[UP], &work.state()).given(good));
        self.shape.timers.push(clock);
    }
}

impl Declarer<'_> {
    /// Adds a deployment whose version may be bad.
    pub(super) fn roll_out(&mut self, members: &[usize], work: &Work<'_>, wrong: &GoesWrongSpec) {
        let (Some(first), Some(done)) = (members.first(), work.done()) else { return };
        let name = format!("{}/roll-out", work.name);
        let role = format!("roll-out of {}", work.name);
        for &index in members {
            self.sketches[index].roles.push((role.clone().into(), vec![name.clone()]));
        }
        self.change(members, |_, _| (), |mould, ()| mould.rolls_out(work, wrong, (&role, &done)));
        let bad = Expr::of_role(&role, BAD);
        let stops = wrong.stops_at_failure.value;
        // At once: the second part, whose turn may begin as the first one comes back, does not get the version any more.
        let spreads = match stops && wrong.found_after.is_none() {
            true => bad.and(!Expr::of_role(&role, GIVEN)),
            false => bad,
        };
        for (turn, &index) in (1..).zip(&members[1..]) {
            let clock = work.clock(work.turn.saturating_mul(turn));
            let edit = |mould: &mut Mould, (): &()| {
                mould.takes_turn(work, clock.clone(), (&role, &spreads));
            };
            self.change(&[index], |_, _| (), edit);
        }
        let parts: Vec<&Sketch> = members.iter().map(|index| &self.sketches[*index]).collect();
        let first = self.sketches[*first].name.as_str();
        let roll_out = roll_out(&name, (work, wrong), first, members.len() as u64);
        let parts: Vec<&str> = parts.iter().map(|sketch| sketch.name.as_str()).collect();
        let roll_out = roll_out.bind(PARTS, &parts);
        self.groups.push(roll_out);
    }
}

/// Returns the automaton of a roll-out to `count` parts, of which `first` is the first.
fn roll_out(
    name: &str,
    (work, wrong): (&Work<'_>, &GoesWrongSpec),
    first: &str,
    count: u64,
) -> Automaton {
    let states = [IDLE, SPREADING, THROUGH, ROLLING_BACK, LATE, STOPPED];
    let states = states.map(State::serving).to_vec();
    let any = |fact: &str| Expr::members(Quantifier::Any, PARTS, fact);
    let stops = wrong.stops_at_failure.value;
    let begin =
        Timer::clock(&format!("{}.begin", work.name), SimTime::ZERO + work.first, work.every);
    // One nanosecond after the last turn: whatever happens at its end is done by then.
    let before = work.turn.saturating_mul(count.saturating_sub(1));
    let turns = before.saturating_add(work.lasts).nanos().saturating_add(1);
    let end = SimTime::from_nanos(work.first.nanos().saturating_add(turns));
    let over = Timer::clock(&format!("{}.over", work.name), end, work.every);
    let repair = wrong.repair(work.name);

    let (state, failing) = (work.state(), wrong_state(work));
    let mut ways = wrong.ways((SPREADING, work.name), (IDLE, &state));
    for way in &mut ways {
        let to = if way.to == IDLE { &state } else { &failing };
        way.also.push(Move::of(first, &[UP], to));
    }
    let draw = Transition::on(&begin.name, &[IDLE], IDLE).branching(work.name, ways);
    let mut all = Automaton::new(name, states).transition(draw.opens(Opens::Never));
    let at_the_end = |from: &str, to: &str| Transition::on(&over.name, &[from], to);
    all = all
        .transition(at_the_end(SPREADING, IDLE).given(!any(&has(work.name))))
        .transition(at_the_end(SPREADING, THROUGH))
        .transition(at_the_end(ROLLING_BACK, LATE))
        .transition(at_the_end(STOPPED, IDLE))
        .transition(Transition::on(&repair.name, &[ROLLING_BACK], STOPPED))
        .transition(Transition::on(&repair.name, &[LATE], IDLE));
    let broken = any(&broken_by(work.name));
    let mut found = vec![(THROUGH, LATE)];
    found.extend(stops.then_some((SPREADING, ROLLING_BACK)));
    let seen = wrong.found(work.name).map(|timer| timer.guarded(broken.clone()));
    for (from, to) in found {
        all = all.transition(match &seen {
            Some(seen) => Transition::on(&seen.name, &[from], to),
            None => Transition::when(broken.clone(), &[from], to),
        });
    }
    for timer in [begin, over, repair].into_iter().chain(seen) {
        all = all.timer(timer);
    }
    all.fact(GOOD, Expr::within(&[IDLE]))
        .fact(BAD, Expr::within(&[SPREADING, THROUGH]))
        .fact(NONE_OUT, Expr::within(&[IDLE, STOPPED]))
        .fact(GIVEN, any(&has(work.name)))
}
