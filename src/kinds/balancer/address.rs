//! The automaton of the virtual IP of a pair: which unit holds it, and the states of a takeover.
//!
//! ```text
//! at-1     -> silent-1     unit 1 is silent and unit 2 is not; with the probability `coverage`
//! at-1     -> doomed-1     the same, and the takeover will not work
//! silent-1 -> taking-1     after the detection: the law of the file, or the timers of VRRP
//! taking-1 -> at-2         after the takeover
//! at-1     -> leaves-1     planned work on unit 1, or on what it stands on: a VRRP router announces that
//! leaves-1 -> taking-1     after the skew of unit 2
//! silent-1, leaves-1, taking-1, doomed-1 -> at-1    unit 1 works again
//! silent-1, leaves-1, taking-1 -> at-1    unit 2 falls silent as well
//! at-2     -> travels -> at-1             giveback: unit 1 has been healthy for long enough
//! ```
//!
//! The transitions from `at-2` are symmetric. The automaton follows `kinds::balancer::live`, which draws
//! detection and takeover from the same laws.

use crate::engine::law::{DurationLaw, Law};
use crate::health::Declaration;
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::kinds::balancer::live::{primary_down, skew};
use crate::kinds::balancer::spec::BalancerSpec;
use crate::plan::Draft;
use crate::plan::availability::recovery::{Passing, RoleKind};
use crate::plan::availability::surrogate::{
    FAILED_TAKEOVER, covered, implies, law, planned, publish_states,
};
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::units::SimDuration;

/// Returns the name of the automaton of a balancer.
pub fn name(balancer: &str) -> String {
    format!("{balancer}/address")
}

struct Way {
    /// Detection time, by the unit that takes over.
    silence: [DurationLaw; 2],
    /// Detection time after an announced shutdown; `None`: a unit cannot announce it.
    farewell: Option<[DurationLaw; 2]>,
    lasts: DurationLaw,
    coverage: f64,
    giveback: Option<(SimDuration, DurationLaw)>,
}

fn way(spec: &BalancerSpec) -> Option<Way> {
    let nothing = || law(Law::constant(0.0));
    if let Some(vrrp) = &spec.vrrp {
        let interval = vrrp.interval.value;
        let priorities = [&vrrp.priority, &vrrp.partner]
            .map(|priority| u8::try_from(priority.value).expect("its key takes 1 to 255"));
        let heard = |unit: usize| {
            // The timer has run since the last advertisement.
            let most = interval.saturating_mul(3) + skew(interval, priorities[unit]);
            law(Law::uniform(most.seconds() - interval.seconds(), most.seconds()))
        };
        let skew = |unit: usize| law(Law::constant(skew(interval, priorities[unit]).seconds()));
        let back = (primary_down(interval, priorities[0]), nothing());
        return Some(Way {
            silence: [heard(0), heard(1)],
            farewell: Some([skew(0), skew(1)]),
            lasts: nothing(),
            coverage: 1.0,
            giveback: vrrp.preempt.value.then_some(back),
        });
    }
    let failover = spec.failover.as_ref()?;
    let silence = DurationLaw(law_of(&failover.detect));
    let lasts = failover.takeover.as_ref().map(|law| DurationLaw(law_of(law)));
    let giveback = failover.giveback.as_ref();
    Some(Way {
        silence: [silence.clone(), silence],
        farewell: None,
        lasts: lasts.unwrap_or_else(nothing),
        coverage: failover.coverage.value.get(),
        giveback: giveback.map(|back| (back.after.value, DurationLaw(law_of(&back.lasts)))),
    })
}

/// Returns the condition that a unit holds the virtual IP and serves, from the condition of each unit. Only the
/// condition of the holder counts, so that an outage is never attributed to the other unit.
pub fn served(draft: &Draft, balancer: usize, units: Vec<Expr>) -> Expr {
    let address = name(&draft.scenario.balancer[balancer].0);
    let at = |unit: usize| Expr::of(&address, &format!("at-{}", unit + 1));
    let mut all: Vec<Expr> =
        units.into_iter().enumerate().map(|(k, unit)| implies(at(k), unit)).collect();
    all.push(at(0).or(at(1)));
    Expr::All(all)
}

/// Returns the virtual IPs that pass between units, for balancers whose automaton is in `declaration`.
pub(super) fn passing(draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
    let mut all = Vec::new();
    for (balancer, (name, _)) in draft.scenario.balancer.iter().enumerate() {
        let address = self::name(name);
        if declaration.automaton(&address).is_none() {
            continue;
        }
        let holds = ["at-1", "at-2"].map(|state| Expr::of(&address, state)).to_vec();
        // With both units failed, the virtual IP stays where it was.
        let serves = |member: u32| {
            let unit = Part::Balancer { balancer, member }.name(draft);
            holds[member as usize].clone().and(Expr::of(&unit, "serving"))
        };
        let served = serves(0).or(serves(1));
        all.push(Passing::new(name, RoleKind::Address, served, holds));
    }
    all
}

/// Adds an automaton for every balancer of two units with a takeover.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    for (balancer, (balancer_name, spec)) in draft.scenario.balancer.iter().enumerate() {
        let Some(way) = way(spec).filter(|_| spec.count.value == 2) else { continue };
        let unit = |member: u32| Part::Balancer { balancer, member };
        let names = [0, 1].map(|member| unit(member).name(draft));
        let planned = [0, 1].map(|member| planned(draft, declaration, unit(member)));
        declaration.add(automaton(&name(balancer_name), &names, &way, &planned));
    }
}

fn automaton(name: &str, units: &[String; 2], way: &Way, planned: &[Option<Expr>; 2]) -> Automaton {
    let speaks = |unit: usize| Expr::of(&units[unit], "serving");
    let stalled = |name: &str| State::failed(name, Effect::Lose);
    let mut states = vec![State::serving("at-1"), State::serving("at-2")];
    for unit in ["1", "2"] {
        states.extend(["silent", "taking", "doomed"].map(|s| stalled(&format!("{s}-{unit}"))));
    }
    states.push(stalled("travels"));
    let mut all = Automaton::new(name, states);
    let anew = Fate::Restart { redraw: true };
    for (from, to) in [(0, 1), (1, 0)] {
        let state = |word: &str| format!("{word}-{}", from + 1);
        let (at, silent, taking, doomed) =
            (state("at"), state("silent"), state("taking"), state("doomed"));
        let other = format!("at-{}", to + 1);
        if let (Some(farewell), Some(planned)) = (&way.farewell, &planned[from]) {
            let (leaves, heard) = (state("leaves"), format!("farewell-{}", to + 1));
            all.states.push(stalled(&leaves));
            let said = (!speaks(from)).and(planned.clone()).and(speaks(to));
            all = all
                .transition(Transition::when(said, &[&at], &leaves))
                .transition(Transition::when(speaks(from), &[&leaves], &at))
                .transition(Transition::when(!speaks(to), &[&leaves], &at))
                .timer(Timer::new(&heard, farewell[to].clone()).fate(anew))
                .transition(Transition::on(&heard, &[&leaves], &taking));
        }
        let lost = Transition::when((!speaks(from)).and(speaks(to)), &[&at], &silent);
        let lost =
            covered(lost, "takeover-works", way.coverage, (&silent, &doomed), FAILED_TAKEOVER);
        let (silence, takes) = (format!("silence-{}", to + 1), format!("takeover-{}", to + 1));
        all = all
            .transition(lost)
            .transition(Transition::when(speaks(from), &[&silent, &taking, &doomed], &at))
            .transition(Transition::when(!speaks(to), &[&silent, &taking], &at))
            .timer(Timer::new(&silence, way.silence[to].clone()).fate(anew))
            .timer(Timer::new(&takes, way.lasts.clone()).fate(anew))
            .transition(Transition::on(&silence, &[&silent], &taking))
            .transition(Transition::on(&takes, &[&taking], &other));
    }
    if let Some((after, lasts)) = &way.giveback {
        all = all
            .timer(Timer::held("settled", speaks(0), *after))
            .timer(Timer::new("giveback", lasts.clone()).fate(anew))
            .transition(Transition::on("settled", &["at-2"], "travels"))
            .transition(Transition::on("giveback", &["travels"], "at-1"));
    }
    publish_states(all)
}
