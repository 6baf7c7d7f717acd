//! Faults that follow another fault (`after`).
//!
//! Model: a part has one failure at a time.
//!
//! - *After a fault of the same part*: the repair of the leading fault is the moment. Instead of `up`, the part enters the
//!   state of the fault that follows, with its probability. The draw belongs to that repair, and is keyed by the part that
//!   follows. If a restart of the host ends the leading fault, nothing follows. Of several faults that follow one, at most
//!   one strikes: each is drawn if those before it, in the order of the file, did not strike.
//! - *After a fault of a domain on which the part stands*: the draw is made at the onset. The fault strikes then, or
//!   (`pending`) when the domain is repaired. A part that stops with its host can have no fault at the onset.
//!
//! Input: the fault, the fault that leads, their parts. Output: states and transitions of the parts that follow; a
//! diagnostic for each part at which the fault can never strike.

use super::{BOOTING, Declarer, Harm, Hit, Mould, STARTING, UP, degraded, state_of};
use crate::health::declare::{Branch, Expr, State, Transition};
use crate::model::spec::runs::{AfterSpec, Once};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;

/// Fault that follows another of the same parts, at its repair.
pub(super) struct AfterOwn<'h, 'a> {
    hit: &'h Hit<'a>,
    leads: &'h str,
    probability: f64,
    /// Parts that both strike.
    members: Vec<usize>,
}

impl Declarer<'_> {
    /// Adds a fault that follows a fault of a domain on which its parts stand. Returns the parts on which it follows their
    /// own, if there are any.
    pub(super) fn follower<'h, 'a>(
        &mut self,
        hit: &'h Hit<'a>,
        after: &AfterSpec,
        leads: Option<&'h Hit<'a>>,
    ) -> Option<AfterOwn<'h, 'a>> {
        let leads = leads?;
        let role = format!("what {} follows", hit.name);
        let (mut own, mut hosted) = (Vec::new(), Vec::new());
        let begun = after.once.value == Once::Begun;
        for &index in &hit.members {
            let part = self.sketches[index].part;
            let mut chain = std::iter::once(part).chain(part.domains(self.draft));
            let trigger = chain.find_map(|part| {
                self.at(part).filter(|at| leads.members.binary_search(at).is_ok())
            });
            let (name, other) = (&self.sketches[index].name, leads.name);
            let never = match trigger {
                None => Some((format!("`{other}` never strikes `{name}` or its host"), "")),
                Some(trigger) if trigger == index && begun => Some((
                    format!(
                        "`{}` never strikes at the onset of `{other}`: `{name}` has one failure at a time",
                        hit.name
                    ),
                    "write once = \"repaired\", or give it a `rate`",
                )),
                Some(trigger)
                    if begun && leads.harm == Harm::Down && self.stops_with(index, trigger) =>
                {
                    Some((
                        format!(
                            "`{}` never strikes at the onset of `{other}`: `{name}` stops with its host",
                            hit.name
                        ),
                        "write once = \"repaired\", or give it a `rate`",
                    ))
                }
                Some(_) => None,
            };
            if let Some((message, help)) = never {
                let refused = Diagnostic::new(Code::NoEffect, after.fault.span, message);
                self.out.push(if help.is_empty() { refused } else { refused.help(help) });
                continue;
            }
            match trigger {
                Some(trigger) if trigger != index => {
                    let name = self.sketches[trigger].name.clone();
                    self.sketches[index].roles.push((role.clone().into(), vec![name]));
                    hosted.push(index);
                }
                _ => own.push(index),
            }
        }
        let led = Expr::of_role(&role, &format!("in {}", leads.name));
        self.change(&hosted, |_, _| (), |mould, ()| mould.follow(hit, after, &led));
        let probability = after.probability.value.get();
        (!own.is_empty()).then_some(AfterOwn { hit, leads: leads.name, probability, members: own })
    }

    /// Adds the faults that follow others of the same parts: each after the one that leads it.
    pub(super) fn after_own_repair(&mut self, mut all: Vec<AfterOwn<'_, '_>>) {
        while !all.is_empty() {
            let names: Vec<String> = all.iter().map(|one| one.hit.name.to_string()).collect();
            let ready = |one: &AfterOwn<'_, '_>| !names.iter().any(|name| name == one.leads);
            let (now, later): (Vec<_>, Vec<_>) = all.into_iter().partition(ready);
            // The checks refuse faults that follow each other in a circle.
            if now.is_empty() {
                return;
            }
            for one in now {
                let edit = |mould: &mut Mould, (): &()| {
                    mould.follow_own(one.hit, one.leads, one.probability);
                };
                self.change(&one.members, |_, _| (), edit);
            }
            all = later;
        }
    }

    /// Returns whether a part stops when the domain `of` is down, and comes back by itself.
    fn stops_with(&self, index: usize, of: usize) -> bool {
        let comes_back = |mould: &Mould| mould.way_back().is_some();
        let mut at = index;
        while self.mould(at).host.is_some() && comes_back(self.mould(index)) {
            let life = self.sketches[at].part.answers().life(self.draft, self.sketches[at].part);
            let Some(host) = life.host.and_then(|host| self.at(host)) else { return false };
            if host == of {
                return true;
            }
            at = host;
        }
        false
    }
}

impl Mould {
    /// Returns the state in which it comes back after the loss of its host; `None` if it is up at once.
    fn way_back(&self) -> Option<&'static str> {
        match (self.kind.boot.filter(|boot| !boot.is_zero()), &self.restart) {
            (Some(_), _) => Some(BOOTING),
            (None, Some(_)) => Some(STARTING),
            (None, None) => None,
        }
    }

    /// Adds the state of `hit`, which may follow when the condition `leads` holds.
    fn follow(&mut self, hit: &Hit<'_>, after: &AfterSpec, leads: &Expr) {
        let (pending, passed) = (format!("{}.pending", hit.name), format!("{}.passed", hit.name));
        let begun = after.once.value == Once::Begun;
        let state = state_of(hit.name);
        self.fall(hit, if begun { &passed } else { UP });
        let from: Vec<String> =
            std::iter::once(UP.to_string()).chain(self.sound.iter().cloned()).collect();
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let probability = after.probability.value.get();
        let target = if begun { &state } else { &pending };
        let adds = |adds: bool| adds.then(|| hit.name.to_string());
        let mut ways =
            vec![way(probability, target, adds(begun)), way(1.0 - probability, &passed, None)];
        ways.retain(|way| way.probability > 0.0);
        let draw = Transition::when(leads.clone(), &from, target).branching(hit.name, ways);
        if !begun && self.host.is_some() && self.way_back().is_some() {
            // Drawn before the part stops with its host.
            self.shape.transitions.insert(self.drawn_with_host, draw);
            self.drawn_with_host += 1;
        } else {
            self.turn(draw);
        }
        self.sound.push(passed.clone());
        self.shape.states.push(State::serving(&passed));
        self.turn(Transition::when(!leads.clone(), &[&passed], UP));
        if !begun {
            self.shape.states.push(degraded(&pending));
            let strike = Transition::when(!leads.clone(), &[&pending], &state);
            self.turn(strike.branching("strike", vec![way(1.0, &state, adds(true))]));
        }
    }

    /// Adds the state of `hit`, which may follow the repair of the fault `leads` of the same part.
    fn follow_own(&mut self, hit: &Hit<'_>, leads: &str, probability: f64) {
        self.fall(hit, UP);
        let lead = state_of(leads);
        let led = |state: &String| {
            let rest = state.strip_prefix(lead.as_str());
            rest.is_some_and(|rest| ["", ".seen", ".work"].contains(&rest))
        };
        for transition in &mut self.shape.transitions {
            if !transition.from.iter().all(led) || probability <= 0.0 {
                continue;
            }
            let Some(at) = transition.branches.iter().position(|way| way.to == UP) else {
                continue;
            };
            let well = transition.branches[at].probability;
            let strikes = way(well * probability, &state_of(hit.name), Some(hit.name.into()));
            transition.branches[at].probability = well * (1.0 - probability);
            if transition.branches.len() == 1 {
                transition.purpose = hit.name.into();
            }
            transition.branches.insert(at, strikes);
            transition.branches.retain(|way| way.probability > 0.0);
        }
    }
}

fn way(probability: f64, to: &str, adds: Option<String>) -> Branch {
    Branch { probability, to: to.into(), also: Vec::new(), adds }
}
