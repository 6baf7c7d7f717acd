//! Moulds: the shapes of the automata of parts, before and after faults are added to them.

use std::borrow::Cow;

use super::harms::Harm;
use super::hits::{Hit, repair, state_of};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{Effect, Expr, Quantifier, Shape, State, Subject, Timer, Transition};
use crate::plan::Draft;
use crate::plan::faults::PLANNED;
use crate::plan::feeds;
use crate::plan::kind::parts::{Life, Sort};
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;

/// State without a failure.
pub(super) const UP: &str = "up";
/// State of a part broken by a drill.
pub const BROKEN: &str = "broken";
/// State of a zone that boots after a failure.
pub(super) const BOOTING: &str = "booting";
/// State of a process that restarts after a failure.
pub(super) const STARTING: &str = "starting";
/// State of a part whose feeds have no power.
const UNPOWERED: &str = "unpowered";
/// Role of the domain on which a part stands.
pub(super) const HOST: &str = "host";
/// The role of the disks without which a database does not run.
pub(super) const DISKS: &str = "disks";
/// The role of the links or switches by which a domain is reached.
pub(super) const LINKS: &str = "links";
/// The role of the feeds on which a part hangs.
const FEEDS: &str = "feeds";
/// The role of the automaton that follows what a feed gets from above.
const SUPPLY: &str = "supply";
/// Fact that a part has no failure of its own.
pub(super) const WELL: &str = "is well";
/// Number of recent laws with which the law of a restart is compared, to share equal ones.
const LAWS_COMPARED: usize = 64;

/// Automaton of a part under construction.
pub(super) struct Sketch {
    pub(super) part: Part,
    pub(super) name: String,
    /// Index of its mould.
    pub(super) mould: usize,
    pub(super) roles: Roles,
}

/// Names of the automata bound to each role of a part.
type Roles = Vec<(Cow<'static, str>, Vec<String>)>;

/// Mould: the shape of the automata of equal parts under construction. Other parts are roles in it.
#[derive(Clone)]
pub(super) struct Mould {
    pub(super) kind: MouldKind,
    pub(super) shape: Shape,
    /// Failed states, with the harm of each.
    pub(super) harms: Vec<(String, Harm)>,
    /// Healthy states besides `up`.
    pub(super) sound: Vec<String>,
    /// States that a restart of the host ends.
    pub(super) cured: Vec<String>,
    /// Condition on other parts for it to run; `None` if it depends on none.
    pub(super) host: Option<Expr>,
    pub(super) restart: Option<DurationLaw>,
    /// State in which a broken part comes back.
    pub(super) back: &'static str,
    /// Number of its first transitions that draw what follows a failure of its host, and precede the loss of that.
    pub(super) drawn_with_host: usize,
    /// Number of sketches that use it.
    pub(super) users: usize,
}

/// Properties that determine the mould of a part before faults are added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MouldKind {
    pub(super) sort: &'static Sort,
    /// Time that a zone takes to boot.
    pub(super) boot: Option<SimDuration>,
    /// Index of the restart law.
    pub(super) restart: Option<usize>,
    pub(super) host: Option<Host>,
    /// True if it runs only while its disks are there.
    pub(super) needs_disks: bool,
    /// True if links or switches that are parts connect it.
    pub(super) has_links: bool,
    /// Source of its power; `None` if it hangs on no feed.
    pub(super) power: Option<Power>,
}

/// Source of the power of a part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Power {
    /// One of its feeds.
    Feeds,
    /// One of them, bridged by a battery or a generator.
    Bridged,
}

/// Sort of the domain on which a part stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    RunsProcesses,
    Other,
}

/// Returns the condition that an operation has taken the part out; `None` if no operation does.
pub(super) fn planned(mould: &Mould) -> Option<Expr> {
    let by_plan = |state: &&String| state.split('.').next() == Some(PLANNED);
    let states = mould.states(|harm| harm == Harm::Down);
    let states: Vec<String> = states.iter().filter(by_plan).cloned().collect();
    (!states.is_empty()).then_some(Expr::In(states))
}

/// Returns the mould properties of a part, and the bindings of its roles.
pub(super) fn sketch<'a>(
    draft: &'a Draft,
    part: Part,
    restarts: &mut Vec<(&'a LawSpec<SimDuration>, DurationLaw)>,
) -> (MouldKind, Roles) {
    let Life { host, disks, links, boot, restart } = part.answers().life(draft, part);
    let restart = restart.map(|spec| {
        // Members of a group share one law, so the last one matches most often.
        if let Some((last, _)) = restarts.last()
            && std::ptr::eq(*last, spec)
        {
            return restarts.len() - 1;
        }
        let law = DurationLaw(law_of(spec));
        let recent = restarts.len().saturating_sub(LAWS_COMPARED);
        let known = restarts[recent..].iter().position(|(_, other)| *other == law);
        known.map(|at| recent + at).unwrap_or_else(|| {
            restarts.push((spec, law));
            restarts.len() - 1
        })
    });
    let (feeds, supply) = (feeds::of(draft, part), feeds::supply(draft, part));
    let kind = MouldKind {
        sort: part.sort(),
        boot,
        restart,
        host: host.map(|host| match host.sort().runs_processes {
            true => Host::RunsProcesses,
            false => Host::Other,
        }),
        needs_disks: disks.is_some(),
        has_links: !links.is_empty(),
        power: match supply {
            Some(_) => Some(Power::Bridged),
            None => (!feeds.is_empty()).then_some(Power::Feeds),
        },
    };
    let mut roles = Vec::new();
    let mut bind = |role: &'static str, members: Vec<String>| {
        roles.extend((!members.is_empty()).then_some((Cow::Borrowed(role), members)));
    };
    bind(HOST, host.iter().map(|host| host.name(draft)).collect());
    bind(DISKS, disks.iter().map(|disks| disks.name(draft)).collect());
    bind(LINKS, links.iter().map(|link| link.name(draft)).collect());
    match supply {
        Some(supply) => bind(SUPPLY, vec![supply]),
        None => bind(FEEDS, feeds.iter().map(|feed| feed.name(draft)).collect()),
    }
    (kind, roles)
}

impl Sketch {
    /// Returns the automaton bound to a role, for conditions of other automata.
    pub(super) fn subject(&self, role: &str) -> Subject {
        let members = self.roles.iter().find(|(name, _)| name == role);
        let first = members.and_then(|(_, members)| members.first());
        Subject::Named(first.expect("a role that is asked for is bound").clone())
    }
}

impl MouldKind {
    /// Returns the condition on other parts, found by their roles, for a part to run; `None` if there is none.
    pub(super) fn host_by(self, subject: impl Fn(&'static str) -> Subject) -> Option<Expr> {
        self.host.filter(|_| self.sort.needs_host)?;
        let alive = Expr::Fact(subject(HOST), "alive".into());
        if !self.needs_disks {
            return Some(alive);
        }
        Some(alive.and(!Expr::Fact(subject(DISKS), "is down".into())))
    }
}

impl Mould {
    pub(super) fn new(kind: MouldKind, restarts: &[(&LawSpec<SimDuration>, DurationLaw)]) -> Self {
        let states = vec![State::serving(UP), State::failed(BROKEN, Effect::Refuse)];
        Self {
            kind,
            shape: Shape { states, ..Shape::default() },
            harms: vec![(BROKEN.into(), Harm::Down)],
            sound: Vec::new(),
            cured: Vec::new(),
            host: kind.host_by(|role| Subject::Role(role.into())),
            restart: kind.restart.map(|at| restarts[at].1.clone()),
            back: UP,
            drawn_with_host: 0,
            users: 0,
        }
    }

    /// Adds the state of `hit`, and the transition from it to `back`.
    pub(super) fn fall(&mut self, hit: &Hit<'_>, back: &str) {
        let state = state_of(hit.name);
        let Some(repair) = repair(hit, Some(self)) else { return };
        let by_restart = hit.spec.repair.is_none() || hit.harm != Harm::Down;
        self.add_harm(hit.harm, &state, by_restart);
        let mut last = state.clone();
        if let Some(law) = &hit.spec.detected_by_people {
            let seen = format!("{}.seen", hit.name);
            last = format!("{state}.seen");
            self.add_harm(hit.harm, &last, by_restart);
            let noticed = Timer::new(&seen, DurationLaw(law_of(law)));
            self.step(noticed, &state, &last);
        }
        let mut timer = Timer::new(&format!("{}.repair", hit.name), repair);
        if let Some(crew) = &hit.crew {
            last = self.calls(crew, (hit.name, hit.harm, by_restart), (&state, last));
            timer = crew.repairs(timer);
        }
        self.step(timer, &last, back);
    }

    pub(super) fn add_harm(&mut self, harm: Harm, state: &str, cured: bool) {
        self.shape.states.push(harm.state(state));
        self.harms.push((state.to_string(), harm));
        if cured {
            self.cured.push(state.to_string());
        }
    }

    /// Adds a timer and its transition.
    pub(super) fn step(&mut self, timer: Timer, from: &str, to: &str) {
        let step = Transition::on(&timer.name, &[from], to);
        self.turn(step);
        self.shape.timers.push(timer);
    }

    pub(super) fn turn(&mut self, transition: Transition) {
        self.shape.transitions.push(transition);
    }

    pub(super) fn publish(&mut self, fact: &str, when: Expr) {
        self.shape.facts.push((fact.into(), when));
    }

    pub(super) fn has(&self, harm: Harm) -> bool {
        self.harms.iter().any(|(_, other)| *other == harm)
    }

    pub(super) fn states(&self, of: impl Fn(Harm) -> bool) -> Vec<String> {
        self.harms.iter().filter(|(_, harm)| of(*harm)).map(|(state, _)| state.clone()).collect()
    }

    /// Adds the state without power, if the part hangs on feeds. It ends what is slow or hangs; a part that is down for
    /// another reason is down for that until it is repaired.
    pub(super) fn lose_power(&mut self) {
        let lost = match self.kind.power {
            None => return,
            Some(Power::Feeds) => !Expr::members(Quantifier::Any, FEEDS, "fit"),
            Some(Power::Bridged) => Expr::of_role(SUPPLY, "is dark"),
        };
        let running = self.states(|harm| harm != Harm::Down);
        let mut from: Vec<&str> = vec![UP];
        from.extend(self.sound.iter().chain(&running).map(String::as_str));
        let loss = Transition::when(lost.clone(), &from, UNPOWERED);
        self.turn(loss);
        self.turn(Transition::when(!lost, &[UNPOWERED], UP));
        self.add_harm(Harm::Down, UNPOWERED, false);
    }

    /// Adds the return after the loss of the host, and the facts about each sort of harm.
    pub(super) fn bring_back(&mut self) {
        let boot = self.kind.boot.filter(|boot| *boot > SimDuration::ZERO);
        let way = match (boot, &self.restart) {
            (Some(boot), _) => Law::constant(boot.seconds()).ok().map(|law| (BOOTING, law)),
            (None, Some(restart)) => Some((STARTING, restart.0.clone())),
            (None, None) => None,
        };
        if let (Some((state, law)), Some(host)) = (way, self.host.clone()) {
            let mut from: Vec<&str> = vec![UP];
            from.extend(self.sound.iter().map(String::as_str));
            from.extend(self.cured.iter().map(String::as_str));
            let lost = Transition::when(!host.clone(), &from, state);
            // Before the transitions of faults: a part without a host can have no fault of its own.
            self.shape.transitions.insert(self.drawn_with_host, lost);
            self.shape.states.push(State::failed(state, Effect::Refuse));
            self.harms.push((state.to_string(), Harm::Down));
            // The dot keeps the name distinct from that of every fault.
            let timer = Timer::new(&format!("{state}.done"), DurationLaw(law)).guarded(host);
            self.step(timer, state, UP);
            self.back = state;
        }
        let mut facts: Vec<(String, Vec<String>)> = Vec::new();
        for (state, harm) in &self.harms {
            let fact = harm.fact();
            match facts.iter_mut().find(|(name, _)| *name == fact) {
                Some((_, states)) => states.push(state.clone()),
                None => facts.push((fact, vec![state.clone()])),
            }
        }
        for (state, _) in &self.harms {
            if let Some(fault) = state.strip_prefix("fault.")
                && !fault.contains('.')
            {
                let later = ["seen", "spare", "work"].map(|later| format!("{state}.{later}"));
                let all: Vec<String> = self
                    .harms
                    .iter()
                    .map(|(name, _)| name.clone())
                    .filter(|name| name == state || later.contains(name))
                    .collect();
                facts.push((format!("in {fault}"), all));
            }
        }
        for (fact, states) in facts {
            self.publish(&fact, Expr::In(states));
        }
        if self.kind.sort.passes_role {
            self.publish(WELL, Expr::within(&[UP]));
        }
    }
}
