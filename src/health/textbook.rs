//! Units and groups: the repairable parts of textbook reliability, as declarations.
//!
//! A unit alternates between up and down. A group of units is up while at least `needs` of them serve. Either
//! all work in parallel, or `needs` are active and the others are standbys. Standbys age at a fraction of the
//! rate (cold 0, warm, hot 1); a switch-over to them takes a sampled time and succeeds with the coverage.
//!
//! Conventions, each covered by a case with an exact answer:
//! - a successful switch-over ends after its sampled time, or at once without a law; a failed active unit
//!   that is repaired before that serves again at once;
//! - a failed switch-over leaves the group as it is until an operator switches (`manual`) or a failed unit is
//!   repaired, which then serves at once;
//! - a repaired unit becomes a standby if enough others are active;
//! - units age while the group is down unless `ages_while_down` is false;
//! - the common cause draws by the group's name, also in a group of one.
//!
//! Source: Trivedi, Probability and Statistics with Reliability, Queuing and Computer Science
//! Applications (2002), chapter 8; Arnold (1973) for coverage; Fleming (1975) for beta.

use crate::engine::law::DurationLaw;

use super::declare::{
    Automaton, Branch, Declaration, Effect, Expr, Fate, Move, Quantifier, State, Subject, Timer,
    Transition,
};

/// Name of the timer of a unit's failure, and so the label of its cause.
pub const FAULT: &str = "fault";
/// Name of the timer of a unit's repair.
pub const REPAIR: &str = "repair";
/// Label of a failed switch-over, and purpose of its draw.
pub const FAILED_SWITCH: &str = "failed-switch";

/// A repairable part.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Name of the unit.
    pub name: String,
    /// Time up, from a repair to the next failure.
    pub up: DurationLaw,
    /// Repair time, from the grant of a hand to the end; `None`: the unit is never repaired.
    pub repair: Option<DurationLaw>,
    /// Repair crew; `None`: the repair never waits.
    pub crew: Option<String>,
}

impl Unit {
    /// Returns a unit whose repair starts at once.
    #[must_use]
    pub fn new(name: &str, up: DurationLaw, repair: DurationLaw) -> Self {
        Self { name: name.into(), up, repair: Some(repair), crew: None }
    }

    /// Returns a unit that is never repaired.
    #[must_use]
    pub fn without_repair(name: &str, up: DurationLaw) -> Self {
        Self { name: name.into(), up, repair: None, crew: None }
    }

    /// Returns the unit, repaired by `crew`.
    #[must_use]
    pub fn by_crew(self, crew: &str) -> Self {
        Self { crew: Some(crew.into()), ..self }
    }

    /// Returns its automaton: states `up` and `down`, publishing `serving`.
    #[must_use]
    pub fn automaton(&self) -> Automaton {
        let fault = Timer::new(FAULT, self.up.clone()).fate(Fate::Freeze);
        self.repaired(
            Automaton::new(&self.name, vec![State::serving("up"), down()])
                .timer(fault)
                .transition(Transition::on(FAULT, &["up"], "down"))
                .fact("serving", Expr::within(&["up"])),
            |automaton| automaton.transition(Transition::on(REPAIR, &["down"], "up")),
        )
    }

    /// Adds the repair timer and the transitions of `ways`, if the unit is repaired.
    fn repaired(&self, automaton: Automaton, ways: impl Fn(Automaton) -> Automaton) -> Automaton {
        let Some(law) = &self.repair else { return automaton };
        let repair = Timer::new(REPAIR, law.clone());
        let repair = match &self.crew {
            Some(crew) => repair.by_crew(crew),
            None => repair,
        };
        ways(automaton.timer(repair))
    }
}

fn down() -> State {
    State::failed("down", Effect::Refuse)
}

/// Redundancy scheme of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrangement {
    /// All members work.
    Parallel,
    /// The number needed is active, and the other members are standbys.
    Standby(Standby),
}

/// Parameters of a standby group.
#[derive(Clone, Debug, PartialEq)]
pub struct Standby {
    /// Rate of ageing of a standby, relative to an active unit: 0 cold, 1 hot.
    pub ageing: f64,
    /// Duration of a switch-over; `None`: it takes no time.
    pub switch_over: Option<DurationLaw>,
    /// Probability that the switch-over succeeds (coverage).
    pub coverage: f64,
    /// Time until an operator switches after a failed switch-over; `None`: no operator does.
    pub manual: Option<DurationLaw>,
}

/// Redundant units.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name of the group and of the system-level fact that holds while it is up.
    pub name: String,
    /// Its units.
    pub members: Vec<Unit>,
    /// Number of members that must serve.
    pub needs: u32,
    /// Redundancy scheme.
    pub arrangement: Arrangement,
    /// If true, units age while the group is down.
    pub ages_while_down: bool,
    /// Share of each unit's ageing that is common to all: the beta factor. The common event fails every unit
    /// that is up, at this share of the first member's failure rate.
    pub common_share: f64,
}

impl Group {
    /// Returns a group whose members work in parallel, of which `needs` must serve.
    #[must_use]
    pub fn parallel(name: &str, members: Vec<Unit>, needs: u32) -> Self {
        Self {
            name: name.into(),
            members,
            needs,
            arrangement: Arrangement::Parallel,
            ages_while_down: true,
            common_share: 0.0,
        }
    }

    /// Returns a group of `needs` active units, with the other members as standbys. Standbys are promoted in
    /// the order of names, also at the start.
    #[must_use]
    pub fn standby(name: &str, members: Vec<Unit>, needs: u32, standby: Standby) -> Self {
        Self { arrangement: Arrangement::Standby(standby), ..Self::parallel(name, members, needs) }
    }

    /// Adds the group to `declaration`: its units, its switch, its common cause, and the system-level fact,
    /// named as the group, that it is up.
    pub fn declare(&self, declaration: &mut Declaration) {
        let names: Vec<&str> = self.members.iter().map(|unit| unit.name.as_str()).collect();
        let serving = names.iter().map(|name| Expr::of(name, "serving")).collect();
        declaration.fact(&self.name, Expr::AtLeast(self.needs, serving));
        for unit in &self.members {
            let automaton = match &self.arrangement {
                Arrangement::Parallel => self.parallel_member(unit),
                Arrangement::Standby(standby) => self.standby_member(unit, standby),
            };
            declaration.add(automaton);
        }
        let mut running: &[&str] = &["up"];
        if let Arrangement::Standby(standby) = &self.arrangement {
            running = &["active", "standby"];
            declaration.add(self.switch(standby).bind("members", &names));
        }
        if self.common_share > 0.0
            && let Some(first) = self.members.first()
        {
            let timer = self.paced(Timer::new("common-cause", first.up.clone()), self.common_share);
            let moves = names.iter().map(|name| Move::of(name, running, "down")).collect();
            declaration.joint(&format!("{}-common-cause", self.name), timer, moves);
        }
    }

    /// Returns the timer at `pace` times the rate of ageing. If units do not age while the group is down, the
    /// timer is stalled then.
    fn paced(&self, timer: Timer, pace: f64) -> Timer {
        let timer =
            if self.ages_while_down { timer } else { timer.rate(!Expr::system(&self.name), 0.0) };
        if pace == 1.0 { timer } else { timer.rate(Expr::Always, pace) }
    }

    fn parallel_member(&self, unit: &Unit) -> Automaton {
        let mut automaton = unit.automaton();
        let fault = Timer::new(FAULT, unit.up.clone()).fate(Fate::Freeze);
        automaton.timers[0] = self.paced(fault, 1.0 - self.common_share);
        automaton
    }

    fn standby_member(&self, unit: &Unit, standby: &Standby) -> Automaton {
        let own = 1.0 - self.common_share;
        let mut fault = Timer::new(FAULT, unit.up.clone()).fate(Fate::Freeze);
        if !self.ages_while_down {
            fault = fault.rate(!Expr::system(&self.name), 0.0);
        }
        fault = fault.rate(Expr::within(&["standby"]), own * standby.ageing);
        if own != 1.0 {
            fault = fault.rate(Expr::Always, own);
        }
        let switch_name = self.switch_name();
        let switch = |to: &str| Move {
            of: Subject::Role("switch".into()),
            from: vec!["ready".into()],
            to: to.into(),
        };
        let way = |probability, also, adds: Option<&str>| Branch {
            probability,
            to: "down".into(),
            also,
            adds: adds.map(Into::into),
        };
        let begins = match standby.switch_over {
            Some(_) => vec![switch("switching")],
            None => Vec::new(),
        };
        let ways = if standby.coverage < 1.0 {
            let fails = 1.0 - standby.coverage;
            vec![
                way(standby.coverage, begins, None),
                way(fails, vec![switch("stuck")], Some(FAILED_SWITCH)),
            ]
        } else {
            vec![way(1.0, begins, None)]
        };
        let states = vec![State::idle("standby"), State::serving("active"), down()];
        let automaton = Automaton::new(&unit.name, states)
            .bind("switch", &[&switch_name])
            .timer(fault)
            .transition(Transition::when(
                Expr::of_role("switch", "promotes"),
                &["standby"],
                "active",
            ))
            .transition(Transition::on(FAULT, &["active"], "down").branching(FAILED_SWITCH, ways))
            .transition(Transition::on(FAULT, &["standby"], "down"))
            .fact("serving", Expr::within(&["active"]));
        let short = Expr::of_role("switch", "short");
        unit.repaired(automaton, |automaton| {
            automaton
                .transition(Transition::on(REPAIR, &["down"], "active").given(short.clone()))
                .transition(Transition::on(REPAIR, &["down"], "standby"))
        })
    }

    fn switch_name(&self) -> String {
        format!("{}-switch", self.name)
    }

    /// Returns the automaton that promotes standbys, unless it is switching or stuck.
    fn switch(&self, standby: &Standby) -> Automaton {
        let enough = Expr::members(Quantifier::AtLeast(self.needs), "members", "serving");
        let busy = |name: &str| State::failed(name, Effect::Stall);
        let mut automaton = Automaton::new(
            &self.switch_name(),
            vec![State::idle("ready"), busy("switching"), busy("stuck")],
        )
        .fact("short", !enough)
        .fact("promotes", Expr::within(&["ready"]).and(Expr::own("short")))
        .transition(Transition::when(
            !Expr::own("short"),
            &["switching", "stuck"],
            "ready",
        ));
        let ends = [
            ("switching", "switch-over", &standby.switch_over),
            ("stuck", "manual", &standby.manual),
        ];
        for (state, timer, law) in ends {
            if let Some(law) = law {
                automaton = automaton
                    .timer(Timer::new(timer, law.clone()))
                    .transition(Transition::on(timer, &[state], "ready"));
            }
        }
        automaton
    }
}
