//! Effects of one change at the same instant, and the memory of timers.

use super::super::declare::{
    Automaton, Branch, Effect, Expr, Fate, Move, Opens, State, Timer, Transition,
};
use super::super::textbook::{FAULT, Group, Standby, Unit};
use super::super::{
    Cause, Declaration, DeclarationError, Explanation, Net, Observer, Reactions, Reading,
};
use super::*;

/// A host that is down from 10 s to 15 s, from 30 s to 35 s, and so on.
fn host() -> Automaton {
    Unit::new("host", fixed(10.0), fixed(5.0)).automaton()
}

/// A job that takes 8 s on the host.
fn job(fate: Fate) -> Declaration {
    let timer = Timer::new("work", fixed(8.0)).guarded(Expr::of("host", "serving")).fate(fate);
    let job = Automaton::new("job", vec![State::serving("a"), State::serving("b")])
        .timer(timer)
        .transition(Transition::on("work", &["a"], "b"))
        .transition(Transition::on("work", &["b"], "a"));
    let mut declaration = Declaration::new();
    declaration.add(host()).add(job);
    declaration
}

fn instants(declaration: &Declaration, who: &str, until: f64) -> Vec<String> {
    let lines = story(declaration, until);
    let about = lines.iter().filter(|line| line.contains(&format!(" {who}:")));
    about.map(|line| line.split(' ').next().unwrap().to_string()).collect()
}

#[test]
fn a_timer_that_restarts_loses_its_age_with_its_guard() {
    let restart = job(Fate::Restart { redraw: true });
    // 8 s of work fit into 0–10 once, into 15–25 once, and so on.
    assert_eq!(instants(&restart, "job", 60.0), ["8s", "23s", "38s", "53s"]);
}

#[test]
fn a_timer_that_resumes_goes_on_where_it_stood() {
    // The job has done 16 s of work 6 s into the second up period, 24 s 4 s into the third, 32 s 2 s into the
    // fourth.
    assert_eq!(instants(&job(Fate::Resume), "job", 50.0), ["8s", "21s", "34s", "47s"]);
}

/// A part that alternates between two states, 3 s each, with a fault after 4 s of age in the first only.
fn wearing(fate: Fate) -> Declaration {
    let part = Automaton::new(
        "part",
        vec![State::serving("busy"), State::serving("idle"), State::failed("dead", Effect::Lose)],
    )
    .timer(Timer::new("turn", fixed(3.0)))
    .timer(Timer::new(FAULT, fixed(4.0)).fate(fate))
    .transition(Transition::on("turn", &["busy"], "idle"))
    .transition(Transition::on("turn", &["idle"], "busy"))
    .transition(Transition::on(FAULT, &["busy"], "dead"));
    let mut declaration = Declaration::new();
    declaration.add(part);
    declaration
}

#[test]
fn frozen_age_survives_other_states_and_resumed_age_does_not() {
    assert_eq!(instants(&wearing(Fate::Freeze), "part", 20.0), ["3s", "6s", "7s"]);
    let turns = instants(&wearing(Fate::Resume), "part", 10.0);
    assert_eq!(turns, ["3s", "6s", "9s"], "the fault never gets 4 s in one stay");
}

/// The advance of the ordinal decides whether the length is drawn again.
#[test]
fn a_restart_without_redraw_has_the_same_length_again() {
    let work = |redraw| {
        let timer = Timer::new("work", exponential(100.0))
            .guarded(Expr::of("host", "serving"))
            .fate(Fate::Restart { redraw });
        let job = Automaton::new("job", vec![State::serving("a")])
            .timer(timer)
            .transition(Transition::on("work", &["a"], "a"));
        let mut declaration = Declaration::new();
        declaration.add(host()).add(job);
        instants(&declaration, "job", 10_000.0)
    };
    // Its first length is above 10 s, the longest up period, so the same length never fits.
    assert!(work(false).is_empty());
    assert!(!work(true).is_empty());
}

#[test]
fn age_grows_at_the_pace_of_the_first_condition_that_holds() {
    let timer = Timer::new(FAULT, fixed(20.0)).rate(!Expr::of("host", "serving"), 0.5);
    let part =
        Automaton::new("part", vec![State::serving("up"), State::failed("down", Effect::Lose)])
            .timer(timer)
            .transition(Transition::on(FAULT, &["up"], "down"));
    let mut declaration = Declaration::new();
    declaration.add(host()).add(part);
    // 10 s + 5 s at half the pace + 7.5 s make 20 s of age.
    assert_eq!(instants(&declaration, "part", 60.0), ["22.5s"]);
}

#[test]
fn a_fact_held_for_a_time_starts_anew_when_it_is_lost() {
    let watch = Automaton::new("watch", vec![State::serving("waits"), State::serving("sure")])
        .timer(Timer::held("held", Expr::of("host", "serving"), SimDuration::from_secs(12)))
        .transition(Transition::on("held", &["waits"], "sure"));
    let mut declaration = Declaration::new();
    declaration.add(host()).add(watch.clone());
    assert!(instants(&declaration, "watch", 1000.0).is_empty(), "never up for 12 s");
    let mut declaration = Declaration::new();
    declaration.add(Unit::new("host", fixed(13.0), fixed(5.0)).automaton()).add(watch);
    assert_eq!(instants(&declaration, "watch", 1000.0), ["12s"]);
}

/// A component is down while its host is down, with the cause of its host.
#[test]
fn the_cause_is_inherited_from_the_host() {
    let guest = Automaton::new(
        "guest",
        vec![State::serving("runs"), State::failed("boots", Effect::Refuse)],
    )
    .timer(Timer::new("boot", fixed(2.0)).guarded(Expr::of("host", "serving")))
    .transition(Transition::when(!Expr::of("host", "serving"), &["runs"], "boots"))
    .transition(Transition::on("boot", &["boots"], "runs"))
    .fact("serving", Expr::within(&["runs"]).and(Expr::of("host", "serving")));
    let mut declaration = Declaration::new();
    declaration.add(host()).add(guest).fact("up", Expr::of("guest", "serving"));
    assert_eq!(
        story(&declaration, 20.0),
        [
            "10s host: up -> down (host/fault)",
            "10s guest: runs -> boots (host/fault)",
            "15s host: down -> up (host/fault)",
            "17s guest: boots -> runs (host/fault)",
        ]
    );
    let net = compile(&declaration);
    let mut kernel = start(&net);
    let up = net.fact("up").unwrap();
    let mut observer = Observer::new(&net, up, &[], kernel.now(), kernel.view());
    kernel.advance(at(20.0), &mut observer).unwrap();
    observer.close(at(20.0));
    assert_eq!(observer.downtime(), SimDuration::from_secs(7));
    let fault = net.cause("host", FAULT).unwrap();
    assert_eq!(observer.cause(fault).first, SimDuration::from_secs(7));
}

/// C7: the first cause is the oldest that explains the outage; the others contribute.
#[test]
fn downtime_is_split_into_first_and_contributing_causes() {
    // Down 10–20 and 14–30; the pair is down for 6 s, the first cause a, b contributing.
    let a = Unit::new("a", fixed(10.0), fixed(10.0));
    let b = Unit::new("b", fixed(14.0), fixed(16.0));
    let mut declaration = Declaration::new();
    Group::parallel("pair", vec![a.clone(), b.clone()], 1).declare(&mut declaration);
    declaration.fact("both", Expr::of("a", "serving").and(Expr::of("b", "serving")));
    let net = compile(&declaration);
    for (fact, downtime, first_a, first_b, with_b) in [("pair", 6, 6, 0, 6), ("both", 19, 10, 9, 6)]
    {
        let mut kernel = start(&net);
        let fact = net.fact(fact).unwrap();
        let mut observer = Observer::new(&net, fact, &[], kernel.now(), kernel.view());
        kernel.advance(at(29.0), &mut observer).unwrap();
        observer.close(at(29.0));
        let cause = |name| observer.cause(net.cause(name, FAULT).unwrap());
        assert_eq!(observer.downtime(), SimDuration::from_secs(downtime));
        assert_eq!(cause("a").first, SimDuration::from_secs(first_a));
        assert_eq!(cause("b").first, SimDuration::from_secs(first_b));
        assert_eq!(cause("b").contributing, SimDuration::from_secs(with_b));
        assert_eq!(observer.outages(), 1);
    }
}

/// There are more parts than bits in the index of failed parts: the repair of one part does not hide another
/// with the same bit.
#[test]
fn causes_are_found_among_many_parts() {
    let sound = || fixed(1_000.0);
    let mut declaration = Declaration::new();
    let name = |number: usize| format!("part-{number:03}");
    for number in 0..130 {
        // Down 10 to 30, 20 to 40, and 50 to 60.
        let (up, down) = match number {
            64 => (fixed(10.0), fixed(20.0)),
            0 => (fixed(20.0), fixed(20.0)),
            128 => (fixed(50.0), fixed(10.0)),
            _ => (sound(), fixed(1.0)),
        };
        declaration.add(Unit::new(&name(number), up, down).automaton());
    }
    let all = (0..130).map(|number| Expr::of(&name(number), "serving"));
    declaration.fact("all", Expr::All(all.collect()));
    let net = compile(&declaration);
    let mut kernel = start(&net);
    let all = net.fact("all").unwrap();
    let mut explanation = Explanation::default();
    let mut causes = |kernel: &Kernel<'_>| -> Vec<String> {
        kernel.view().explain(all, &mut explanation);
        let of = |cause: &Cause| net.cause_name(cause.id).component.to_string();
        explanation.causes.iter().map(of).collect()
    };
    let wrong: [(f64, &[usize]); 6] = [
        (5.0, &[]),
        (15.0, &[64]),
        (25.0, &[64, 0]),
        (35.0, &[0]),
        (39.9, &[0]),
        (55.0, &[128, 64]),
    ];
    for (seconds, expected) in wrong {
        kernel.advance(at(seconds), &mut Log::new(&net)).unwrap();
        let mut expected: Vec<String> = expected.iter().map(|number| name(*number)).collect();
        let mut found = causes(&kernel);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "at {seconds} s");
    }
}

#[test]
fn a_failed_switch_contributes_and_the_fault_is_first() {
    let standby =
        Standby { ageing: 0.0, switch_over: None, coverage: 0.0, manual: Some(fixed(3.0)) };
    let members =
        vec![Unit::new("a", fixed(10.0), fixed(10.0)), Unit::new("b", fixed(100.0), fixed(10.0))];
    let mut declaration = Declaration::new();
    Group::standby("pair", members, 1, standby).declare(&mut declaration);
    let net = compile(&declaration);
    let mut kernel = start(&net);
    let pair = net.fact("pair").unwrap();
    let mut observer = Observer::new(&net, pair, &[], kernel.now(), kernel.view());
    kernel.advance(at(50.0), &mut observer).unwrap();
    observer.close(at(50.0));
    let three = SimDuration::from_secs(3);
    assert_eq!(observer.downtime(), three);
    assert_eq!(observer.cause(net.cause("a", FAULT).unwrap()).first, three);
    assert_eq!(observer.cause(net.cause("a", "failed-switch").unwrap()).contributing, three);
}

/// O30's rules, one by one, on fixed times.
#[test]
fn a_primary_repaired_before_the_switch_ends_serves_again_at_once() {
    let standby =
        Standby { ageing: 0.0, switch_over: Some(fixed(6.0)), coverage: 1.0, manual: None };
    let members = |repair| {
        vec![Unit::new("a", fixed(10.0), fixed(repair)), Unit::new("b", fixed(100.0), fixed(10.0))]
    };
    let tale = |repair| {
        let mut declaration = Declaration::new();
        Group::standby("pair", members(repair), 1, standby.clone()).declare(&mut declaration);
        story(&declaration, 17.0)
    };
    assert_eq!(
        tale(4.0),
        [
            "10s a: active -> down (a/fault)",
            "10s pair-switch: ready -> switching (a/fault)",
            "14s a: down -> active (a/fault)",
            "14s pair-switch: switching -> ready (a/fault)",
        ]
    );
    assert_eq!(
        tale(20.0),
        [
            "10s a: active -> down (a/fault)",
            "10s pair-switch: ready -> switching (a/fault)",
            "16s pair-switch: switching -> ready (a/fault)",
            "16s b: standby -> active (a/fault)",
        ]
    );
}

#[test]
fn a_crew_serves_in_the_order_of_asking_and_a_hand_is_kept_until_the_repair_ends() {
    let mut declaration = Declaration::new();
    for (name, up) in [("c", 12.0), ("a", 10.0), ("b", 11.0)] {
        declaration.add(Unit::new(name, fixed(up), fixed(5.0)).by_crew("people").automaton());
    }
    declaration.crew("people", 1);
    let repairs: Vec<String> =
        story(&declaration, 26.0).into_iter().filter(|line| line.contains("-> up")).collect();
    assert_eq!(
        repairs,
        [
            "15s a: down -> up (a/fault)",
            "20s b: down -> up (b/fault)",
            "25s c: down -> up (c/fault)",
        ]
    );
}

#[test]
fn a_drill_is_a_forced_move_with_a_cause_of_its_own() {
    let mut declaration = Declaration::new();
    declaration.add(Unit::new("a", fixed(100.0), fixed(5.0)).automaton());
    declaration.forced_causes.push("drill".into());
    let net = compile(&declaration);
    let (mut kernel, mut log) = (start(&net), Log::new(&net));
    let a = net.automaton("a").unwrap();
    kernel.advance(at(7.0), &mut log).unwrap();
    let drill = net.cause("", "drill").unwrap();
    kernel.force(a, net.state(a, "down").unwrap(), drill, &mut log).unwrap();
    kernel.advance(at(50.0), &mut log).unwrap();
    assert_eq!(log.lines, ["7s a: up -> down (drill)", "12s a: down -> up (drill)"]);
}

#[test]
fn a_clock_rings_at_its_instants() {
    let mut declaration = Declaration::new();
    let every = Some(SimDuration::from_secs(10));
    let window = Automaton::new("window", vec![State::serving("open"), State::serving("shut")])
        .timer(Timer::clock("begin", at(3.0), every))
        .timer(Timer::new("length", fixed(2.0)))
        .transition(Transition::on("begin", &["shut", "open"], "shut").opens(Opens::Always))
        .transition(Transition::on("length", &["shut"], "open"));
    declaration.add(window);
    let shut = instants(&declaration, "window", 30.0);
    assert_eq!(shut, ["3s", "5s", "13s", "15s", "23s", "25s"]);
}

#[test]
fn a_reactive_transition_is_drawn_or_fired_by_its_mechanism() {
    let mut declaration = Declaration::new();
    let watch =
        Automaton::new("watch", vec![State::serving("trusts"), State::serving("knows-dead")])
            .timer(
                Timer::new("probe", fixed(3.0))
                    .guarded(!Expr::of("host", "serving"))
                    .surrogate_of("probes"),
            )
            .transition(Transition::on("probe", &["trusts"], "knows-dead"))
            .transition(Transition::when(Expr::of("host", "serving"), &["knows-dead"], "trusts"))
            .fact("knows-dead", Expr::within(&["knows-dead"]));
    declaration.add(host()).add(watch);
    assert_eq!(instants(&declaration, "watch", 20.0), ["13s", "15s"]);
    let reading = Reading { reactions: Reactions::Mechanism, ..Reading::default() };
    let net = Net::compile(&declaration, reading).unwrap();
    let (mut kernel, mut log) = (start(&net), Log::new(&net));
    let watch = net.automaton("watch").unwrap();
    kernel.advance(at(5.0), &mut log).unwrap();
    assert_eq!(kernel.fire(watch, "probe", &mut log), Ok(false), "the host is up");
    kernel.advance(at(14.5), &mut log).unwrap();
    assert_eq!(kernel.fire(watch, "probe", &mut log), Ok(true));
    kernel.advance(at(20.0), &mut log).unwrap();
    assert_eq!(
        log.about("watch"),
        [
            "14.5s watch: trusts -> knows-dead (unexplained)",
            "15s watch: knows-dead -> trusts (unexplained)"
        ]
    );
}

/// B4: a circle of conditions is an error, not a hang.
#[test]
fn a_circle_of_conditions_is_an_error() {
    let spin = Automaton::new("spin", vec![State::serving("a"), State::serving("b")])
        .transition(Transition::when(Expr::of("host", "serving").or(Expr::Always), &["a"], "b"))
        .transition(Transition::when(!Expr::of("host", "serving"), &["b"], "a"));
    let mut declaration = Declaration::new();
    declaration.add(host()).add(spin);
    let net = compile(&declaration);
    let error = start(&net).advance(at(20.0), &mut ()).unwrap_err();
    assert_eq!(error.at, at(10.0));
}

#[test]
fn a_wrong_declaration_is_told_by_name() {
    let error = |declaration: &Declaration| {
        Net::compile(declaration, Reading::default()).unwrap_err().to_string()
    };
    let mut declaration = Declaration::new();
    declaration.fact("a", Expr::system("b")).fact("b", !Expr::system("a"));
    assert_eq!(error(&declaration), "the fact `a` depends on itself");
    let mut declaration = Declaration::new();
    declaration.add(host()).add(host());
    assert_eq!(error(&declaration), "`host` is declared twice");
    let mut declaration = Declaration::new();
    declaration.add(host()).fact("up", Expr::of("host", "alive"));
    assert_eq!(error(&declaration), "`the whole`: no fact is called `alive(host)`");
    let mut declaration = Declaration::new();
    declaration.add(Unit::new("a", fixed(1.0), fixed(1.0)).by_crew("crew").automaton());
    assert_eq!(error(&declaration), "`a`: no crew is called `crew`");
    let half = Branch { probability: 0.5, to: "down".into(), also: Vec::new(), adds: None };
    let mut unit = host();
    unit.transitions[0] = Transition::on(FAULT, &["up"], "down").branching("half", vec![half]);
    let mut declaration = Declaration::new();
    declaration.add(unit);
    let what = "`host`: the probabilities of a transition's branches must sum to 1";
    assert_eq!(error(&declaration), what);
    let mut declaration = Declaration::new();
    declaration.add(host()).joint(
        "group",
        Timer::new("common", fixed(1.0)),
        vec![Move::of("host", &["up"], "broken")],
    );
    assert_eq!(
        error(&declaration),
        "`group`: no state is called `broken`".replace("group", "host")
    );
    let empty = DeclarationError::StateCount("none".into());
    let mut declaration = Declaration::new();
    declaration.add(Automaton::new("none", Vec::new()));
    assert_eq!(Net::compile(&declaration, Reading::default()).err(), Some(empty));
}
