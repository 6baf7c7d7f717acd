//! Constant automata and unread facts are left out of a net: the trajectory of the rest is the same.

use super::*;
use crate::health::declare::{Automaton, Effect, Expr, Move, State, Timer, Transition};
use crate::health::{Explanation, FactId, Forced, View};

/// Two hosts, of which the second never fails. On each runs a process that restarts when its host is back. A
/// watcher reads both, a failover moves the primary role, and system-level facts read all of them.
fn farm() -> Declaration {
    let mut declaration = Declaration::default();
    for name in ["host-1", "host-2"] {
        let states = vec![State::serving("up"), State::failed("dead", Effect::Refuse)];
        let host = Automaton::new(name, states)
            .timer(Timer::new("repair", exponential(10.0)))
            .transition(Transition::on("repair", &["dead"], "up"))
            .fact("alive", !Expr::within(&["dead"]))
            .fact("unread", Expr::within(&["up"]).or(Expr::Never));
        let onset = Timer::new("crash", exponential(100.0));
        let fails = name == "host-1";
        declaration.add(if fails {
            host.timer(onset).transition(Transition::on("crash", &["up"], "dead"))
        } else {
            host
        });
    }
    for (name, host) in [("process-1", "host-1"), ("process-2", "host-2")] {
        let states = vec![State::serving("up"), State::failed("starts", Effect::Refuse)];
        let alive = || Expr::of_role("host", "alive");
        let start = Timer::new("start", fixed(3.0)).guarded(alive());
        declaration.add(
            Automaton::new(name, states)
                .bind("host", &[host])
                .timer(start)
                .transition(Transition::when(!alive(), &["up"], "starts"))
                .transition(Transition::on("start", &["starts"], "up"))
                .fact("serves", Expr::within(&["up"]).and(alive())),
        );
    }
    let roles = vec![State::serving("first"), State::serving("second")];
    let first = Expr::within(&["first"]);
    declaration.add(Automaton::new("role", roles).fact("is first", first));
    let watches = vec![State::serving("idle"), State::failed("acts", Effect::Stall)];
    let all = Expr::members(crate::health::declare::Quantifier::All, "watched", "serves");
    let acts = Transition::on("act", &["acts"], "idle");
    declaration.add(
        Automaton::new("watcher", watches)
            .bind("watched", &["process-1", "process-2"])
            .timer(Timer::new("act", exponential(5.0)))
            .transition(Transition::when(!all, &["idle"], "acts"))
            .transition(acts.also(&Move::of("role", &["first"], "second"))),
    );
    let serves = |name: &str| Expr::of(name, "serves");
    declaration.fact("one serves", serves("process-1").or(serves("process-2")));
    declaration.fact("all serve", serves("process-1").and(serves("process-2")));
    declaration.fact("at home", Expr::of("role", "is first").and(Expr::of("host-1", "alive")));
    declaration.fact("second", serves("process-2"));
    declaration
}

/// Log of changes of system-level facts with their causes.
struct Facts<'n> {
    log: Log<'n>,
    explanation: Explanation,
}

impl Listener for Facts<'_> {
    fn moved(&mut self, moved: &Moved) {
        self.log.moved(moved);
    }

    fn fact(&mut self, at: SimTime, fact: FactId, holds: bool, view: View<'_>) {
        let net = self.log.net;
        view.explain(fact, &mut self.explanation);
        let causes: Vec<String> =
            self.explanation.causes.iter().map(|c| net.cause_name(c.id).to_string()).collect();
        let name = net.facts_of_whole().find(|(other, _)| *other == fact).unwrap().1;
        self.log.lines.push(format!("{at} {name}: {holds} {causes:?}"));
    }
}

#[test]
fn what_cannot_move_is_left_out_and_moves_nothing() {
    let whole = farm();
    let mut less = farm();
    (less.forced, less.whole_facts_alone) = (Forced::Only(Vec::new()), true);
    let [whole, less] = [whole, less].map(|declaration| compile(&declaration));
    assert!(less.nodes.len() < whole.nodes.len());
    assert!(less.timers.len() == 4 && whole.timers.len() == 6);
    for replication in 0..20 {
        let [whole, less] = [&whole, &less].map(|net| {
            let lineage = Lineage::replication(replication);
            let mut kernel = Kernel::new(net, Seed(3), lineage, Start::Stationary).unwrap();
            let mut facts = Facts { log: Log::new(net), explanation: Explanation::default() };
            kernel.advance(at(5_000.0), &mut facts).unwrap();
            facts.log.lines
        });
        assert!(whole.len() > 100, "{}", whole.len());
        assert_eq!(whole, less, "{replication}");
    }
}

#[test]
fn whom_the_reader_moves_is_kept() {
    let mut declaration = farm();
    declaration.forced = Forced::Only(vec!["host-2".into()]);
    let net = compile(&declaration);
    let mut kernel = start(&net);
    let fact = net.fact("one serves").unwrap();
    let (one, other) = (net.automaton("host-1").unwrap(), net.automaton("host-2").unwrap());
    let cause = crate::health::CauseId::UNEXPLAINED;
    for host in [one, other] {
        let dead = net.state(host, "dead").unwrap();
        kernel.force(host, dead, cause, &mut ()).unwrap();
    }
    assert!(!kernel.view().fact(fact));
}

/// `check` refuses an invalid declaration for the same reason as `compile`.
#[test]
fn check_refuses_what_compile_refuses() {
    let mut wrong = vec![farm(), farm(), farm(), farm(), farm()];
    wrong[0].fact("lost", Expr::of("nobody", "alive"));
    wrong[1].fact("one serves", Expr::Always);
    wrong[2].automata[0].facts.push(("alive".into(), Expr::Always));
    wrong[3].automata[2].facts.push(("circle".into(), Expr::own("circle")));
    wrong[4].automata[1].timers.push(Timer::new("repair", fixed(1.0)));
    for declaration in &wrong {
        let compiled = Net::compile(declaration, Reading::default()).map(|_| ());
        assert!(compiled.is_err());
        assert_eq!(Net::check(declaration), compiled);
    }
    assert_eq!(Net::check(&farm()), Ok(()));
}
