//! Whom a balancer still sends to though he is dead, and whom it does not yet though he is well.
//!
//! ```text
//! believed -> unseen     the member is gone; or it hangs, and a probe sees that
//! believed -> missed     it hangs, and a shallow probe does not see it: drawn for each hang
//! unseen   -> seen       after `fall` failed probes: U(0, interval) + (fall - 1) x interval, and the
//!                        time-out of the last where nobody refuses
//! unseen, missed -> believed   it is well before that
//! missed   -> unseen     it is gone altogether
//! seen     -> back -> believed   it is well, after `rise` good probes
//! ```
//!
//! One automaton for each member behind a balancer; a pair of units is taken to believe alike. The
//! mechanism is `model::balancer`. While a member misleads, its share of the requests fails: of n
//! members 1/n, so that below 100 members one is more than 1 %. Two things take it away: a balancer
//! that tries again elsewhere hides whoever refuses, and one that counts open connections soon sends
//! next to nothing to whoever only takes them.

use crate::engine::law::Law;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Branch, Effect, Expr, Fate, State, Timer, Transition};
use crate::model::spec::place::{Algorithm, BalancerSpec, Depth};
use crate::plan::Draft;
use crate::plan::part::Part;

use super::law;

/// The fact of the whole that more than 1 % of what a balancer sends on fails.
pub fn errors(draft: &Draft, balancer: usize) -> String {
    format!("{}/errors", draft.scenario.balancer[balancer].0)
}

/// Adds an automaton for each member behind each balancer, and the fact of [`errors`].
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    for (balancer, (name, spec)) in draft.scenario.balancer.iter().enumerate() {
        let targets = &draft.links.balancers[balancer].targets;
        for (service, member) in targets {
            let member = Member::new(draft, Part::Service { service: *service, member: *member });
            declaration.add(member.belief(&format!("{name}/{}", member.name), spec));
        }
        let (believed, misled): (Vec<Expr>, Vec<Expr>) =
            self::targets(draft, balancer).into_iter().unzip();
        // One member in a hundred is 1 % of what is sent on.
        let more = targets.len() as u32 / 100 + 1;
        let nobody = !Expr::Any(believed);
        declaration.fact(&errors(draft, balancer), Expr::AtLeast(more, misled).or(nobody));
    }
}

/// Publishes that a part never hangs where the fault that makes it hang is left out: whoever believes
/// in it asks all the same.
pub fn know_of_hangs(declaration: &mut Declaration) {
    for automaton in &mut declaration.automata {
        let publishes = |fact: &str| automaton.facts.iter().any(|(name, _)| name == fact);
        if publishes("fit") && !publishes("is hung") {
            automaton.facts.push(("is hung".into(), Expr::Never));
        }
    }
}

/// By member behind a balancer: that it is believed to be well, and that what is sent to it fails.
pub fn targets(draft: &Draft, balancer: usize) -> Vec<(Expr, Expr)> {
    let (name, spec) = &draft.scenario.balancer[balancer];
    let retries = spec.retries.value > 0;
    let avoids = spec.algorithm.value == Algorithm::LeastConnections;
    let one = |(service, member): &(usize, u32)| {
        let member = Member::new(draft, Part::Service { service: *service, member: *member });
        let belief = format!("{name}/{}", member.name);
        let misleads = Expr::of(&belief, "misleads");
        let misled = match (retries, avoids) {
            (false, false) => misleads,
            (true, false) => misleads.and(!member.refuses()),
            (false, true) => misleads.and(member.refuses()),
            (true, true) => Expr::Never,
        };
        (Expr::of(&belief, "is believed"), misled)
    };
    draft.links.balancers[balancer].targets.iter().map(one).collect()
}

struct Member {
    name: String,
    zone: Option<String>,
    zone_hangs: bool,
    hangs: bool,
}

impl Member {
    fn new(draft: &Draft, part: Part) -> Self {
        let strikes = |part: Part| {
            use crate::model::spec::runs::How;
            draft.scenario.fault.iter().any(|(_, spec)| {
                let mut out = crate::scenario::diagnostic::Diagnostics::new();
                let mut hits = spec.hits.iter();
                spec.how.value == How::Hang
                    && hits.any(|reference| {
                        let (text, span) = (&reference.text, reference.span);
                        crate::plan::targets::parts(draft, text, span, &mut out).contains(&part)
                    })
            })
        };
        let zone = part.stands_on(draft);
        Self {
            name: part.name(draft),
            zone: zone.map(|zone| zone.name(draft)),
            zone_hangs: zone.is_some_and(strikes),
            hangs: strikes(part),
        }
    }

    fn well(&self) -> Expr {
        let own = Expr::of(&self.name, "serving");
        match &self.zone {
            Some(zone) => own.and(Expr::of(zone, "fit")),
            None => own,
        }
    }

    /// The process is gone and its host says so.
    fn refuses(&self) -> Expr {
        let down = Expr::of(&self.name, "is down");
        match &self.zone {
            Some(zone) => down.and(Expr::of(zone, "reachable")),
            None => down,
        }
    }

    /// It answers a shallow probe, and nobody else.
    fn hung(&self) -> Option<Expr> {
        let own = self.hangs.then(|| Expr::of(&self.name, "is hung"));
        let zone = self.zone.as_ref().filter(|_| self.zone_hangs);
        let all: Vec<Expr> = own.into_iter().chain(zone.map(|z| Expr::of(z, "is hung"))).collect();
        (!all.is_empty()).then(|| Expr::Any(all).and(Expr::of(&self.name, "reachable")))
    }

    fn belief(&self, name: &str, spec: &BalancerSpec) -> Automaton {
        let failed = |name: &str| State::failed(name, Effect::Lose);
        let states = vec![
            State::serving("believed"),
            failed("unseen"),
            failed("missed"),
            failed("seen"),
            failed("back"),
        ];
        let mut all = Automaton::new(name, states)
            .fact("misleads", Expr::within(&["unseen", "missed"]))
            .fact("is believed", Expr::within(&["believed"]));
        let check = spec.check.as_ref();
        let sees = check.map_or(1.0, |check| match check.depth.value {
            Depth::Deep => 1.0,
            Depth::Shallow => check.sees_hang.as_ref().map_or(0.0, |chance| chance.value.get()),
        });
        if let Some(hung) = self.hung().filter(|_| sees < 1.0) {
            let way = |probability: f64, to: &str| Branch {
                probability,
                to: to.into(),
                also: Vec::new(),
                adds: None,
            };
            let mut ways = vec![way(sees, "unseen"), way(1.0 - sees, "missed")];
            ways.retain(|way| way.probability > 0.0);
            let begins = Transition::when(hung.clone(), &["believed"], "unseen");
            all = all.transition(begins.branching("probe-sees-hang", ways));
            let gone = (!self.well()).and(!hung);
            all = all.transition(Transition::when(gone, &["missed"], "unseen"));
        }
        all = all
            .transition(Transition::when(!self.well(), &["believed"], "unseen"))
            .transition(Transition::when(self.well(), &["unseen", "missed"], "believed"));
        let Some(check) = check else { return all };
        let (interval, fall) = (check.interval.value.seconds(), f64::from(check.fall.value));
        let rise = f64::from(check.rise.value);
        let anew = Fate::Restart { redraw: true };
        let probes = |timer: &str, count: f64, more: f64, guard: Expr| {
            let least = (count - 1.0) * interval + more;
            let law = law(Law::uniform(least, least + interval));
            Timer::new(timer, law).guarded(guard).fate(anew).surrogate_of("probes")
        };
        let time_out = check.time_out.value.seconds();
        all.timer(probes("fall", fall, time_out, !self.refuses()))
            .timer(probes("fall-by-refusal", fall, 0.0, self.refuses()))
            .timer(probes("rise", rise, 0.0, Expr::Always))
            .transition(Transition::on("fall", &["unseen"], "seen"))
            .transition(Transition::on("fall-by-refusal", &["unseen"], "seen"))
            .transition(Transition::when(self.well(), &["seen"], "back"))
            .transition(Transition::when(!self.well(), &["back"], "seen"))
            .transition(Transition::on("rise", &["back"], "believed"))
    }
}
