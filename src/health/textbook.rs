//! Units and groups: the repairable parts of textbook reliability, as declarations.
//!
//! A unit is up and down in turn. A group of units is up while at least `needs` of them serve:
//! all at work in parallel, or `needs` active and the others standing by, aging at a fraction of
//! the pace (cold 0, warm, hot 1), switched over to after a law and with a coverage.
//!
//! Conventions, each one a case with an exact answer:
//! - a switch-over that works is over after its law, at once without one; a failed master that is
//!   repaired before serves again at once;
//! - one that fails leaves the group as it is until a person switches (`manual`) or a failed unit
//!   is repaired, which then serves at once;
//! - a repaired unit stands by when enough others are active;
//! - units age while the group is down unless `ages_while_down` is false;
//! - the common cause has its draws from the group, also in a group of one.
//!
//! Source: Trivedi, Probability and Statistics with Reliability, Queuing and Computer Science
//! Applications (2002), chapter 8; Arnold (1973) for coverage; Fleming (1975) for beta.

use crate::engine::law::DurationLaw;

use super::declare::{
    Automaton, Branch, Declaration, Effect, Expr, Fate, Move, Quantifier, State, Subject, Timer,
    Transition,
};

/// The timer of a unit's failure, and so the label of its cause.
pub const FAULT: &str = "fault";
/// The timer of a unit's repair.
pub const REPAIR: &str = "repair";
/// The label of a switch-over that did not work, and the purpose of its draw.
pub const FAILED_SWITCH: &str = "failed-switch";

/// One repairable part.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Time up, from a repair to the next failure.
    pub up: DurationLaw,
    /// Time of the repair, from the moment somebody works on it; `None`: it stays down.
    pub repair: Option<DurationLaw>,
    /// Who repairs it; `None`: somebody is always there.
    pub crew: Option<String>,
}

impl Unit {
    /// A unit that somebody starts to repair at once.
    #[must_use]
    pub fn new(name: &str, up: DurationLaw, repair: DurationLaw) -> Self {
        Self { name: name.into(), up, repair: Some(repair), crew: None }
    }

    /// A unit that is never repaired.
    #[must_use]
    pub fn without_repair(name: &str, up: DurationLaw) -> Self {
        Self { name: name.into(), up, repair: None, crew: None }
    }

    /// The same, repaired by `crew`.
    #[must_use]
    pub fn by_crew(self, crew: &str) -> Self {
        Self { crew: Some(crew.into()), ..self }
    }

    /// Its automaton alone: `up` and `down`, publishing `serving`.
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

    /// Adds the repair timer and the transitions of `ways`, if there is a repair.
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

/// How the members of a group work together.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrangement {
    /// All at work.
    Parallel,
    /// As many active as are needed, the others standing by.
    Standby(Standby),
}

/// How standbys wait and take over.
#[derive(Clone, Debug, PartialEq)]
pub struct Standby {
    /// Speed of ageing of a standby: 0 cold, 1 hot.
    pub ageing: f64,
    /// Time a switch-over takes; `None`: none.
    pub switch_over: Option<DurationLaw>,
    /// Probability that the switch-over works.
    pub coverage: f64,
    /// Time until a person switches after one that did not work; `None`: nobody does.
    pub manual: Option<DurationLaw>,
}

/// Units that stand in for each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name, and the fact of the whole that holds while it is up.
    pub name: String,
    /// Its units.
    pub members: Vec<Unit>,
    /// How many must serve.
    pub needs: u32,
    /// How they work together.
    pub arrangement: Arrangement,
    /// Whether units age while the group is down.
    pub ages_while_down: bool,
    /// Share of each unit's ageing that is common to all: the beta factor. The common event takes
    /// every unit that is up, at this share of the first member's pace.
    pub common_share: f64,
}

impl Group {
    /// Units at work in parallel, of which `needs` must serve.
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

    /// `needs` active units, the other members standing by. First in the order of names takes over
    /// first, also at the start.
    #[must_use]
    pub fn standby(name: &str, members: Vec<Unit>, needs: u32, standby: Standby) -> Self {
        Self { arrangement: Arrangement::Standby(standby), ..Self::parallel(name, members, needs) }
    }

    /// Adds the group to `declaration`: its units, what switches them, its common cause, and the
    /// fact of the whole, named as the group, that it is up.
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

    /// The timer at `pace` times the speed of ageing, standing still while the group is down if
    /// its units do not age then.
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

    /// What promotes standbys, unless it is switching or stuck.
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
