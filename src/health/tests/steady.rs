//! Facts that no fault can change are known, and so is a net in which nothing is drawn.

use crate::health::declare::{Automaton, Declaration, Effect, Expr, State, Timer, Transition};
use crate::health::{Net, Start, Steady};
use crate::units::{SimDuration, SimTime};

use super::{compile, exponential, fixed};

/// A part that breaks at a given instant for 5 s, and one that stands on it and fails with it.
fn pair(breaks: Timer, broken: State) -> Declaration {
    let word = broken.name.clone();
    let alive: Vec<&str> = ["up", &word].into_iter().filter(|state| *state != "down").collect();
    let host = Automaton::new("host", vec![State::serving("up"), broken])
        .timer(breaks)
        .timer(Timer::new("repair", fixed(5.0)))
        .transition(Transition::on("breaks", &["up"], &word))
        .transition(Transition::on("repair", &[&word], "up"))
        .fact("alive", Expr::within(&alive));
    let guest =
        Automaton::new("guest", vec![State::serving("on"), State::failed("off", Effect::Refuse)])
            .transition(Transition::when(!Expr::of("host", "alive"), &["on"], "off"))
            .transition(Transition::when(Expr::of("host", "alive"), &["off"], "on"))
            .fact("alive", Expr::within(&["on"]));
    let mut declaration = Declaration::new();
    declaration.add(host).add(guest);
    for name in ["host", "guest"] {
        declaration.fact(&format!("{name} is up"), Expr::of(name, "alive"));
    }
    declaration.fact("one is up", Expr::of("host", "alive").or(Expr::of("guest", "alive")));
    declaration.fact("never", !Expr::Always);
    declaration
}

fn known(declaration: &Declaration) -> (Net, Steady) {
    let net = compile(declaration);
    let steady = Steady::of(&net);
    (net, steady)
}

fn clock() -> Timer {
    Timer::clock("breaks", SimTime::ZERO + SimDuration::HOUR, None)
}

fn of(net: &Net, steady: &Steady, fact: &str) -> Option<bool> {
    steady.fact(net, net.fact(fact).unwrap())
}

#[test]
fn what_stands_on_a_part_that_may_fail_is_not_known_to_be_up() {
    let (net, steady) = known(&pair(clock(), State::failed("down", Effect::Refuse)));
    let facts = ["host is up", "guest is up", "one is up", "never"];
    assert_eq!(facts.map(|fact| of(&net, &steady, fact)), [None, None, None, Some(false)]);
}

/// A slow host is alive, so its guest never fails.
#[test]
fn a_fault_that_leaves_a_part_alive_takes_nothing_down() {
    let (net, steady) = known(&pair(clock(), State::serving("slow")));
    let facts = ["host is up", "guest is up", "one is up"];
    assert_eq!(facts.map(|fact| of(&net, &steady, fact)), [Some(true); 3]);
}

#[test]
fn a_net_of_clocks_and_fixed_times_is_not_drawn() {
    let is_drawn = |breaks: Timer, start: Start| {
        let (net, steady) = known(&pair(breaks, State::failed("down", Effect::Refuse)));
        steady.is_drawn(&net, start)
    };
    assert!(!is_drawn(clock(), Start::Stationary) && !is_drawn(clock(), Start::New));
    // An age at the start, and a law.
    let every = || Timer::new("breaks", fixed(10.0));
    assert!(is_drawn(every(), Start::Stationary) && !is_drawn(every(), Start::New));
    assert!(is_drawn(Timer::new("breaks", exponential(10.0)), Start::New));
}
