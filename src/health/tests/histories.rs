//! Invariances of trajectories under changes elsewhere.

use super::super::declare::{Expr, Timer, Transition};
use super::super::textbook::{FAULT, Group, Standby, Unit};
use super::super::{Declaration, KernelState, Laws, Observer, Reading, RestoreError};
use super::*;

fn unit(name: &str) -> Unit {
    Unit::new(name, exponential(100.0), exponential(10.0))
}

/// A mixed declaration: a pair with a switch, a pair with a common cause, units with one crew.
fn everything() -> Declaration {
    let mut declaration = Declaration::new();
    let standby = Standby {
        ageing: 0.3,
        switch_over: Some(exponential(1.0)),
        coverage: 0.8,
        manual: Some(exponential(5.0)),
    };
    Group::standby("db", vec![unit("db-1"), unit("db-2")], 1, standby).declare(&mut declaration);
    let pair = Group::parallel("web", vec![unit("web-1"), unit("web-2")], 1);
    Group { common_share: 0.2, ages_while_down: false, ..pair }.declare(&mut declaration);
    declaration.crew("people", 1);
    for name in ["disk-1", "disk-2", "disk-3"] {
        declaration.add(unit(name).by_crew("people").automaton());
    }
    declaration.fact("shop", Expr::system("db").and(Expr::system("web")));
    declaration
}

const END: f64 = 20_000.0;

fn told(declaration: &Declaration, prefix: &str) -> Vec<String> {
    let net = compile(declaration);
    let mut log = Log::new(&net);
    start(&net).advance(at(END), &mut log).unwrap();
    log.about(prefix).into_iter().cloned().collect()
}

/// M3, D11: the order in the text has no effect.
#[test]
fn shuffling_the_declaration_changes_nothing() {
    let declaration = everything();
    let mut reversed = declaration.clone();
    reversed.automata.reverse();
    reversed.facts.reverse();
    assert!(told(&declaration, "") == told(&reversed, ""));
}

/// M4, D11: a disconnected component with faults of its own.
#[test]
fn a_disconnected_component_changes_nothing() {
    let declaration = everything();
    let mut more = declaration.clone();
    more.automata.insert(0, unit("printer").automaton());
    for name in ["db", "web", "disk"] {
        assert!(told(&declaration, name) == told(&more, name), "{name}");
    }
    assert!(!told(&more, "printer").is_empty());
}

/// D12: one more purpose of a component does not affect its other draws.
#[test]
fn a_further_timer_moves_no_draw_of_the_others() {
    let mut declaration = Declaration::new();
    declaration.add(unit("a").automaton());
    let mut more = declaration.clone();
    more.automata[0] = unit("a")
        .automaton()
        .timer(Timer::new("blink", exponential(7.0)))
        .transition(Transition::on("blink", &["up"], "up"));
    let moves = |declaration| {
        let lines = told(declaration, "a");
        lines.into_iter().filter(|line| !line.contains("up -> up")).collect::<Vec<_>>()
    };
    assert_eq!(moves(&declaration), moves(&more));
}

/// D15: a longer horizon.
#[test]
fn a_longer_horizon_has_the_same_beginning() {
    let declaration = everything();
    let (short, long) = (story(&declaration, END / 2.0), story(&declaration, END));
    assert!(long.len() > short.len());
    assert!(short == long[..short.len()]);
}

/// D16: a replication does not depend on the others, and no two are alike.
#[test]
fn replications_are_independent_of_each_other() {
    let declaration = everything();
    let net = compile(&declaration);
    let history = |number| {
        let mut log = Log::new(&net);
        let lineage = Lineage::replication(number);
        let mut kernel = Kernel::new(&net, Seed(1), lineage, Start::New).unwrap();
        kernel.advance(at(END), &mut log).unwrap();
        log.lines
    };
    let third = history(3);
    assert_ne!(history(0), third);
    assert_eq!(history(3), third);
}

/// D17: a new name has new draws unless the stream is kept.
#[test]
fn a_renamed_component_keeps_its_draws_with_its_stream() {
    let one = |name: &str, stream: Option<&str>| {
        let mut declaration = Declaration::new();
        let mut automaton = unit(name).automaton();
        automaton.stream = stream.map(Into::into);
        declaration.add(automaton).add(unit("other").automaton());
        let lines = told(&declaration, name).into_iter();
        (lines.map(|l| l.replace(name, "x")).collect::<Vec<_>>(), told(&declaration, "other"))
    };
    let (old, others) = one("old", None);
    let (new, others_of_new) = one("new", None);
    assert_ne!(old, new);
    assert_eq!(others, others_of_new);
    assert_eq!(one("new", Some("old")).0, old);
}

/// D18: a longer mean makes every draw longer, by the same factor.
#[test]
fn a_parameter_moves_draws_monotonically() {
    let instants = |mean| {
        let mut declaration = Declaration::new();
        declaration.add(Unit::without_repair("a", exponential(mean)).automaton());
        let net = compile(&declaration);
        let mut log = Log::new(&net);
        let mut kernel = start(&net);
        kernel.advance(at(1e6), &mut log).unwrap();
        kernel.step(&mut log).unwrap();
        SimDuration::parse(log.lines[0].split(' ').next().unwrap()).unwrap().seconds()
    };
    let (one, two) = (instants(100.0), instants(200.0));
    assert!((two / one - 2.0).abs() < 1e-8, "{one} {two}");
}

/// M8: without a fault its cause has no downtime, and independent components behave as before.
#[test]
fn a_removed_fault_takes_its_downtime_with_it() {
    let declaration = everything();
    let mut without = declaration.clone();
    assert!(without.remove_fault("web-common-cause", "common-cause"));
    assert!(!without.remove_fault("web-common-cause", "common-cause"), "it is gone");
    let downtime = |declaration: &Declaration| {
        let net = compile(declaration);
        let mut kernel = start(&net);
        let web = net.fact("web").unwrap();
        let mut observer = Observer::new(&net, web, &[], kernel.now(), kernel.view());
        kernel.advance(at(END), &mut observer).unwrap();
        observer.close(at(END));
        net.cause("web-common-cause", "common-cause")
            .map_or(SimDuration::ZERO, |cause| observer.cause(cause).first)
    };
    assert!(downtime(&declaration) > SimDuration::ZERO);
    assert_eq!(downtime(&without), SimDuration::ZERO);
    for name in ["db", "disk"] {
        assert!(told(&declaration, name) == told(&without, name), "{name}");
    }
}

/// Design §4: the common cause of a single is that of the pair.
#[test]
fn a_single_and_a_pair_see_the_same_common_events() {
    let group = |names: &[&str]| {
        let members = names.iter().map(|name| unit(name)).collect();
        let mut declaration = Declaration::new();
        Group { common_share: 0.2, ..Group::parallel("web", members, 1) }.declare(&mut declaration);
        told(&declaration, "web-common-cause")
    };
    let pair = group(&["web-1", "web-2"]);
    assert!(!pair.is_empty());
    assert_eq!(group(&["web-1"]), pair);
}

/// M9: one more unit, with as many needed as before, never hurts at any instant.
#[test]
fn one_more_unit_never_lowers_uptime() {
    let downtime = |count: usize| {
        let members = (1..=count).map(|n| unit(&format!("unit-{n}"))).collect();
        let mut declaration = Declaration::new();
        Group::parallel("group", members, 2).declare(&mut declaration);
        let net = compile(&declaration);
        let mut kernel = start(&net);
        let group = net.fact("group").unwrap();
        let mut samples = Vec::new();
        for second in 1..4000 {
            kernel.advance(at(f64::from(second)), &mut ()).unwrap();
            samples.push(kernel.view().fact(group));
        }
        samples
    };
    let (two, three) = (downtime(2), downtime(3));
    assert!(two.iter().zip(&three).all(|(two, three)| two <= three));
    assert_ne!(two, three);
}

/// A trajectory that is exported, written, read and imported equals the undisturbed one.
#[test]
fn export_and_import_do_not_disturb_a_history() {
    let declaration = everything();
    let net = compile(&declaration);
    let mut undisturbed = Log::new(&net);
    start(&net).advance(at(END), &mut undisturbed).unwrap();
    for cut in [0.0, 17.3, 400.0, 3333.3, 12_345.678] {
        let mut log = Log::new(&net);
        let mut kernel = start(&net);
        kernel.advance(at(cut), &mut log).unwrap();
        let text = serde_json::to_string(&kernel.export()).unwrap();
        let state: KernelState = serde_json::from_str(&text).unwrap();
        let mut kernel = Kernel::import(&net, Seed(1), Lineage::replication(0), &state).unwrap();
        assert_eq!(kernel.export(), state);
        kernel.advance(at(END), &mut log).unwrap();
        assert!(log.lines == undisturbed.lines, "cut at {cut}");
    }
}

#[test]
fn a_state_of_another_declaration_is_refused() {
    let declaration = everything();
    let net = compile(&declaration);
    let state = start(&net).export();
    let mut other = declaration.clone();
    other.automata.retain(|automaton| automaton.name != "disk-3");
    let other = compile(&other);
    let lineage = Lineage::replication(0);
    let refused = Kernel::import(&other, Seed(1), lineage, &state).err();
    assert_eq!(refused, Some(RestoreError::Declaration));
    let text = serde_json::to_string(&state).unwrap();
    let damage = |from: &str, to: &str| {
        let text = text.replacen(from, to, 1);
        let state: KernelState = serde_json::from_str(&text).unwrap();
        Kernel::import(&net, Seed(1), lineage, &state).err()
    };
    assert_eq!(damage("\"version\":1", "\"version\":9"), Some(RestoreError::Version(9)));
    assert_eq!(damage("\"state\":1", "\"state\":60"), Some(RestoreError::Damaged));
}

/// `--laws exponential`: lengths keep their means and lose their shape.
#[test]
fn the_exponential_reading_replaces_every_law() {
    let mut declaration = Declaration::new();
    declaration.add(Unit::new("a", fixed(100.0), fixed(10.0)).automaton());
    let reading = Reading { laws: Laws::Exponential, ..Reading::default() };
    let replaced = Net::compile(&declaration, reading).unwrap();
    let mut wanted = Declaration::new();
    wanted.add(unit("a").automaton());
    let wanted = compile(&wanted);
    let tell = |net: &Net| {
        let mut log = Log::new(net);
        start(net).advance(at(END), &mut log).unwrap();
        log.lines
    };
    assert_eq!(tell(&replaced), tell(&wanted));
    let fault = net_timer_rate(&wanted);
    assert_eq!(fault, Some(0.01));
}

fn net_timer_rate(net: &Net) -> Option<f64> {
    let at = net.timer_texts.iter().position(|timer| &*timer.name == FAULT)?;
    net.rate(&net.timers[at])
}
