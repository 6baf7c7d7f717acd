//! Crews that repair what faults break: hands, hours, call-outs, spare parts.
//!
//! Model: a repair needs a hand of its crew, first come first served, from its begin to its end. A crew with hours takes no
//! call outside of them, unless it is on call: then it comes after the response, or with the next hours if that is sooner. A
//! repair under way goes on when the hours end, and so does the queue for a hand; at night it is slower by a factor.
//! A crew with spares takes one before anything else, and orders another at that instant. Of the parts that wait for one the
//! first in the order of parts takes it.
//!
//! Input: the crew of a fault. Output: an automaton `name/hours` per crew with hours, which turns on and off by the clock of
//! the week; an automaton `name/spare-1` per spare part; the states of the broken part in which it has a spare (`spare`), and
//! in which a hand is asked for (`work`).

use super::{Declarer, Harm, Mould};
use crate::engine::law::DurationLaw;
use crate::health::declare::{Automaton, Expr, Move, State, Timer, Transition};
use crate::mechanism::hours::Hours;
use crate::plan::Draft;
use crate::plan::hours;
use crate::plan::program::law_of;
use crate::units::{SimDuration, SimTime};

/// Fact of an automaton of hours that the crew is there.
const THERE: &str = "is there";

/// Fact of the automaton of a spare part that it is in stock.
const IN_STOCK: &str = "is in stock";

/// Crew that repairs a fault.
#[derive(Clone, Debug)]
pub(super) struct Called {
    name: String,
    hours: Option<Hours>,
    /// Time from a call outside of the hours until a repair begins, and how much slower it is.
    on_call: Option<(DurationLaw, f64)>,
    /// Number of spare parts, and the time until another is there in place of one.
    spares: Option<(u32, DurationLaw)>,
}

impl Called {
    /// Returns the crew of the fault with this number, if it has one.
    pub fn of(draft: &Draft, fault: usize) -> Option<Self> {
        let index = draft.links.fault_crews[fault]?;
        let (name, crew) = &draft.scenario.crew[index];
        let on_call = crew.on_call.as_ref();
        let on_call = on_call.map(|call| (DurationLaw(law_of(&call.response)), call.slower.value));
        let spares = crew.spares.as_ref();
        let spares = spares.map(|of| (of.stock.value, DurationLaw(law_of(&of.restock))));
        Some(Self { name: name.text.clone(), hours: hours::of_crew(draft, index), on_call, spares })
    }

    fn clock(&self) -> String {
        format!("{}/hours", self.name)
    }

    fn there(&self) -> Expr {
        Expr::of(&self.clock(), THERE)
    }

    /// Returns the automaton of the hours, if the crew has some.
    fn automaton(&self) -> Option<Automaton> {
        let hours = self.hours.as_ref()?;
        let mut states = ["on", "off"].map(State::serving).to_vec();
        if !hours.is_open(SimTime::ZERO) {
            states.reverse();
        }
        let mut clock = Automaton::new(&self.clock(), states);
        let week = SimDuration::DAY.saturating_mul(7);
        let instant = |nanos: u64| SimTime::from_nanos(nanos % week.nanos());
        for (turn, (start, length)) in hours.intervals().enumerate() {
            let begin = instant(start.nanos());
            let begin = Timer::clock(&format!("begin-{}", turn + 1), begin, Some(week));
            let end = instant(start.nanos() + length.nanos());
            let end = Timer::clock(&format!("end-{}", turn + 1), end, Some(week));
            clock = clock
                .transition(Transition::on(&begin.name, &["off"], "on"))
                .transition(Transition::on(&end.name, &["on"], "off"))
                .timer(begin)
                .timer(end);
        }
        Some(clock.fact(THERE, Expr::within(&["on"])))
    }

    fn spare(&self, number: u32) -> String {
        format!("{}/spare-{}", self.name, number + 1)
    }

    /// Returns one automaton per spare part.
    fn stock(&self) -> Vec<Automaton> {
        let Some((count, restock)) = &self.spares else { return Vec::new() };
        let one = |number: u32| {
            let states = ["in-stock", "ordered"].map(State::serving).to_vec();
            let timer = Timer::new("restock", restock.clone());
            Automaton::new(&self.spare(number), states)
                .transition(Transition::on(&timer.name, &["ordered"], "in-stock"))
                .timer(timer)
                .fact(IN_STOCK, Expr::within(&["in-stock"]))
        };
        (0..*count).map(one).collect()
    }

    /// Returns the transitions from `waiting` to `has`, each of which takes a spare part; empty if the crew has none.
    fn takes_spare(&self, (waiting, has): (&str, &str)) -> Vec<Transition> {
        let count = self.spares.as_ref().map_or(0, |(count, _)| *count);
        let one = |number: u32| {
            let spare = self.spare(number);
            let there = Expr::of(&spare, IN_STOCK);
            let taken = Move::of(&spare, &["in-stock"], "ordered");
            Transition::when(there, &[waiting], has).also(&taken)
        };
        (0..count).map(one).collect()
    }

    /// Returns the timer of a repair, by a hand of this crew.
    pub fn repairs(&self, timer: Timer) -> Timer {
        let timer = timer.by_crew(&self.name);
        match &self.on_call {
            Some((_, slower)) if self.hours.is_some() && *slower > 1.0 => {
                timer.rate(!self.there(), 1.0 / slower)
            }
            _ => timer,
        }
    }

    /// Returns the transitions, with their timer, from `waiting` to `work`; `None` if the crew is always there.
    pub fn begins(
        &self,
        fault: &str,
        (waiting, work): (&str, &str),
    ) -> Option<(Vec<Transition>, Option<Timer>)> {
        self.hours.as_ref()?;
        let mut ways = vec![Transition::when(self.there(), &[waiting], work)];
        let response = self.on_call.as_ref().map(|(response, _)| {
            let timer = Timer::new(&format!("{fault}.response"), response.clone());
            ways.push(Transition::on(&timer.name, &[waiting], work));
            timer
        });
        Some((ways, response))
    }
}

impl Mould {
    /// Adds the wait for a crew behind the state `last`; returns the state in which the repair begins.
    pub(super) fn calls(
        &mut self,
        called: &Called,
        fault: (&str, Harm, bool),
        (state, last): (&str, String),
    ) -> String {
        let (name, harm, cured) = fault;
        let mut last = last;
        let has = format!("{state}.spare");
        let ways = called.takes_spare((&last, &has));
        if !ways.is_empty() {
            self.add_harm(harm, &has, cured);
            ways.into_iter().for_each(|way| self.turn(way));
            last = has;
        }
        let work = format!("{state}.work");
        let Some((ways, response)) = called.begins(name, (&last, &work)) else { return last };
        self.add_harm(harm, &work, cured);
        ways.into_iter().for_each(|way| self.turn(way));
        self.shape.timers.extend(response);
        work
    }
}

impl Declarer<'_> {
    /// Adds the hours and the spare parts of the crews that repair these faults, once for each crew.
    pub(super) fn hours<'c>(&mut self, crews: impl Iterator<Item = &'c Called>) {
        for crew in crews {
            let known = self.groups.iter().any(|group| group.name == crew.clock());
            self.groups.extend(crew.automaton().filter(|_| !known));
            let known = self.groups.iter().any(|group| group.name == crew.spare(0));
            self.groups.extend(crew.stock().into_iter().filter(|_| !known));
        }
    }
}
