//! The NAS pair of the design, in the notation of the declaration: two heads, and volumes that refer to their
//! owner and partner by role.

use super::super::declare::{
    Automaton, Branch, Effect, Expr, Fate, Move, State, Timer, Transition,
};
use super::super::{Chain, Declaration, Laws, Observer, Reading};
use super::*;

const YEAR: f64 = 31_536_000.0;
const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;

fn head(name: &str) -> Automaton {
    let lognormal = |mean| DurationLaw(Law::lognormal(mean, 1.0).unwrap());
    let failed = |name: &str| State::failed(name, Effect::Stall);
    Automaton::new(
        name,
        vec![State::serving("up"), failed("panic"), failed("broken"), failed("boot")],
    )
    .timer(Timer::new("panic", exponential(YEAR / 0.35)).fate(Fate::Freeze))
    .timer(Timer::new("hardware", exponential(YEAR / 0.15)).fate(Fate::Freeze))
    .timer(Timer::new("reboot", lognormal(9.0 * MINUTE)))
    .timer(Timer::new("repair", lognormal(2.5 * HOUR)).by_crew("hardware-crew"))
    .timer(Timer::new("boot", fixed(7.5 * MINUTE)))
    .transition(Transition::on("panic", &["up"], "panic"))
    .transition(Transition::on("hardware", &["up"], "broken"))
    .transition(Transition::on("reboot", &["panic"], "up"))
    .transition(Transition::on("repair", &["broken"], "boot"))
    .transition(Transition::on("boot", &["boot"], "up"))
    .fact("alive", Expr::within(&["up"]).and(Expr::of("rack", "powered")))
}

/// Template of a volume: bind `owner` and `partner`.
fn volume() -> Automaton {
    let lognormal = |mean| DurationLaw(Law::lognormal(mean, 1.0).unwrap());
    let stalled = |name: &str| State::failed(name, Effect::Stall);
    let owner = || Expr::of_role("owner", "alive");
    let partner = || Expr::of_role("partner", "alive");
    let branch = |probability, to: &str, adds: Option<&str>| Branch {
        probability,
        to: to.into(),
        also: Vec::new(),
        adds: adds.map(Into::into),
    };
    let redirected = State {
        name: "partner".into(),
        effect: Effect::Redirect("partner".into()),
        capacity: 1.0,
        sound: false,
    };
    Automaton::new(
        "volume",
        vec![
            State::serving("home"),
            stalled("unseen"),
            stalled("takeover"),
            redirected,
            stalled("giveback"),
            stalled("orphan"),
            State::failed("lost", Effect::Error),
        ],
    )
    .timer(Timer::new("loss", exponential(YEAR / 0.02)).fate(Fate::Freeze))
    .timer(Timer::new("restore", lognormal(7.0 * HOUR)))
    .timer(Timer::new("detect", fixed(15.0)).surrogate_of("heartbeat"))
    .timer(Timer::new("takeover", fixed(30.0)))
    .timer(Timer::held("settled", owner(), SimDuration::from_secs(600)))
    .timer(Timer::new("giveback", DurationLaw(Law::uniform(10.0, 30.0).unwrap())))
    .timer(Timer::new("by-hand", lognormal(30.0 * MINUTE)).by_crew("people"))
    .transition(Transition::when(!owner(), &["home"], "unseen"))
    .transition(Transition::when(owner(), &["unseen", "orphan"], "home"))
    .transition(Transition::on("detect", &["unseen"], "takeover").branching(
        "takeover",
        vec![branch(0.95, "takeover", None), branch(0.05, "orphan", Some("failed-takeover"))],
    ))
    .transition(Transition::when(!partner(), &["takeover", "partner"], "orphan"))
    .transition(Transition::when(!owner(), &["giveback"], "orphan"))
    .transition(Transition::on("takeover", &["takeover"], "partner"))
    .transition(Transition::on("settled", &["partner"], "giveback"))
    .transition(Transition::on("giveback", &["giveback"], "home"))
    .transition(Transition::on("by-hand", &["orphan"], "partner").given(partner()))
    .transition(Transition::on("loss", &["home", "partner"], "lost"))
    .transition(Transition::on("restore", &["lost"], "home"))
    .fact("serves", Expr::within(&["home", "partner"]))
}

fn pair() -> Declaration {
    let mut declaration = Declaration::new();
    declaration.crew("hardware-crew", 1).crew("people", 2);
    let rack =
        Automaton::new("rack", vec![State::serving("on"), State::failed("off", Effect::Refuse)])
            .timer(Timer::new("outage", exponential(YEAR)))
            .timer(Timer::new("power", exponential(HOUR)))
            .transition(Transition::on("outage", &["on"], "off"))
            .transition(Transition::on("power", &["off"], "on"))
            .fact("powered", Expr::within(&["on"]));
    declaration.add(rack).add(head("head-a")).add(head("head-b"));
    declaration.joint(
        "heads",
        Timer::new("common-panic", exponential(YEAR / 0.35)).rate(Expr::Always, 0.05),
        vec![Move::of("head-a", &["up"], "panic"), Move::of("head-b", &["up"], "panic")],
    );
    let volume = volume();
    for (name, owner, partner) in [("vol-1", "head-a", "head-b"), ("vol-2", "head-b", "head-a")] {
        let bound = volume.clone().named(name).bind("owner", &[owner]).bind("partner", &[partner]);
        declaration.add(bound);
    }
    let serves = |name| Expr::of(name, "serves");
    declaration.fact("storage", serves("vol-1").and(serves("vol-2")));
    declaration.forced_causes.push("drill".into());
    declaration
}

/// Head a panics at 100 s and is back at 300 s: one stall of 45 s, and a second one 600 s after the return.
#[test]
fn a_takeover_and_a_giveback_are_two_stalls() {
    let declaration = pair();
    let net = compile(&declaration);
    // A trajectory in which the takeover succeeds.
    let mut kernel = start(&net);
    let mut log = Log::new(&net);
    let storage = net.fact("storage").unwrap();
    let mut observer = Observer::new(&net, storage, &[], kernel.now(), kernel.view());
    let head = net.automaton("head-a").unwrap();
    let drill = net.cause("", "drill").unwrap();
    let mut both = (&mut log, &mut observer);
    kernel.advance(at(100.0), &mut both).unwrap();
    kernel.force(head, net.state(head, "panic").unwrap(), drill, &mut both).unwrap();
    kernel.advance(at(150.0), &mut both).unwrap();
    let volume = net.automaton("vol-1").unwrap();
    let service = kernel.view().service(volume).clone();
    assert_eq!(service.effect, Effect::Redirect("partner".into()));
    assert_eq!(service.other, net.automaton("head-b"));
    kernel.advance(at(300.0), &mut both).unwrap();
    kernel.force(head, net.state(head, "up").unwrap(), drill, &mut both).unwrap();
    kernel.advance(at(1000.0), &mut both).unwrap();
    observer.close(at(1000.0));
    let about = log.about("vol-");
    assert_eq!(
        about[..4],
        [
            "100s vol-1: home -> unseen (drill)",
            "115s vol-1: unseen -> takeover (drill)",
            "145s vol-1: takeover -> partner (drill)",
            "15min vol-1: partner -> giveback (drill)",
        ]
    );
    assert!(about[4].ends_with("vol-1: giveback -> home (drill)"));
    assert_eq!(observer.outages(), 2);
    let down = observer.downtime().seconds();
    assert!((55.0..75.0).contains(&down), "45 s and 10 to 30 s: {down}");
    assert_eq!(observer.cause(drill).first, observer.downtime());
}

/// If both heads fail together, no volume has a partner: both wait for the first head to return.
#[test]
fn a_common_panic_stalls_both_volumes() {
    let mut declaration = pair();
    for automaton in &mut declaration.automata {
        for timer in &mut automaton.timers {
            if timer.name == "common-panic" {
                *timer = Timer::new("common-panic", fixed(1000.0));
            } else if timer.name == "reboot" {
                *timer = Timer::new("reboot", fixed(540.0));
            }
        }
    }
    let lines = story(&declaration, 1600.0);
    let panic = "(heads/common-panic)";
    let at_onset: Vec<&String> = lines.iter().filter(|line| line.starts_with("1000s")).collect();
    assert_eq!(at_onset.len(), 5, "the event, two heads, two volumes: {at_onset:?}");
    assert!(at_onset.iter().all(|line| line.ends_with(panic)));
    let homes: Vec<&String> = lines.iter().filter(|line| line.contains("-> home")).collect();
    assert_eq!(homes.len(), 2);
    assert!(homes.iter().all(|line| line.starts_with("1540s")));
}

/// The same declaration with exponential laws is solved exactly, and sampled trajectories agree.
#[test]
fn the_chain_and_the_histories_of_the_pair_agree() {
    let mut declaration = pair();
    // 300 times the fault rates, so that trajectories are short.
    for automaton in &mut declaration.automata {
        for timer in &mut automaton.timers {
            if ["panic", "hardware", "loss", "outage", "common-panic"].contains(&&*timer.name) {
                timer.rates = vec![(Expr::Always, 300.0)];
            }
        }
    }
    let reading = Reading { laws: Laws::Exponential, ..Reading::default() };
    let net = Net::compile(&declaration, reading).unwrap();
    let chain = Chain::enumerate(&net, 5000).unwrap();
    let storage = net.fact("storage").unwrap();
    let p = chain.stationary().unwrap();
    let exact = chain.expect(&p, |view| f64::from(u8::from(!view.fact(storage))));
    let replications = 100;
    let values: Vec<f64> = (0..replications)
        .map(|replication| {
            let lineage = Lineage::replication(replication);
            let mut kernel = Kernel::new(&net, Seed(11), lineage, Start::New).unwrap();
            kernel.advance(at(0.2 * YEAR), &mut ()).unwrap();
            let mut observer = Observer::new(&net, storage, &[], kernel.now(), kernel.view());
            kernel.advance(at(2.2 * YEAR), &mut observer).unwrap();
            observer.close(kernel.now());
            observer.unavailability()
        })
        .collect();
    let n = f64::from(replications as u32);
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    // Student's t, 99 degrees of freedom, 99.9 %.
    let half = 3.3915 * (squares / (n - 1.0) / n).sqrt();
    assert!((mean - exact).abs() < half, "{mean} ± {half}, exact {exact}");
    assert!(half < 0.05 * exact, "± {half} is too wide to prove anything about {exact}");
}
