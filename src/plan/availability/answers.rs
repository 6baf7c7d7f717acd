//! Targets to which a name service directs its users while one of them fails.
//!
//! ```text
//! believed -> ...      belief of the name service about a target, like that of a balancer about a member (`beliefs`)
//! unused -> used       its answers lead to the target: the first one believed alive, or each one
//! used -> old-1        its answers no longer lead to the target
//! old-1 -> old-2 ...   an eighth of `ttl` later: fewer resolvers still have the old answer
//! old-8 -> stale       resolvers that keep it for longer than its life
//! stale -> unused      those have asked, too
//! old-k, stale -> used its answers lead to the target again
//! ```
//!
//! Each target has a belief, and for each order of preference of some users an automaton of the answers: the policies by
//! distance have an order per place of users. With `anycast` all users of a target leave it together, `convergence` after
//! its announcement ends. Else resolvers ask once per `ttl` at independent phases. At time t after
//! the answers have changed, a share 1 − t / `ttl` still has the old one; it is evaluated at the middle of each step.
//! While a target fails, the users directed to it are lost. Under round-robin each target in use receives an equal
//! share of the new answers; old answers count as one share of all targets. The mechanism is
//! `kinds::name_service::live`. While the name service believes no target alive, it answers as if all were.
//!
//! Leaves out: answers that expire while the name service itself is down.

use crate::convert::{table, whole};
use crate::engine::law::Law;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr, Fate, State, Timer, Transition};
use crate::kinds::balancer::{address, beliefs};
use crate::kinds::name_service::spec::{NamePolicy, NameServiceSpec, converges};
use crate::model::spec::probe::Depth;
use crate::plan::Draft;
use crate::plan::graph::Graph;
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::places;
use crate::units::SimDuration;

use super::beliefs::Probed;
use super::surrogate::law;
use super::{WHOLE, meters, routes};

/// Number of steps in which old answers expire.
const STEPS: u32 = 8;

/// Largest number of targets for which shares are computed from the number in use; beyond it, from all targets.
const MOST_EXACT: usize = 6;

/// Name service through which a class enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The name service.
    pub at: usize,
    /// The class.
    pub class: usize,
}

/// Returns the name services through which a class, and the classes that its clients fetch next, enter.
pub fn of_class(draft: &Draft, class: usize) -> Vec<Entered> {
    let mut found: Vec<Entered> = Vec::new();
    let mut next = Some(class);
    // A class appears at most once in a chain: chains have no cycles.
    for _ in 0..draft.scenario.request.len() {
        let Some(class) = next else { break };
        let enters = match draft.links.enters[class] {
            Some(Entrance::Cdn(cdn)) => draft.links.origin_of(cdn),
            other => other,
        };
        if let Some(Entrance::NameService(at)) = enters
            && !found.iter().any(|entered| entered.at == at)
        {
            found.push(Entered { at, class });
        }
        next = draft.links.thens[class];
    }
    found
}

/// Adds the automata of every name service.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    for at in 0..draft.scenario.name_service.len() {
        let orders = Names::all(draft, at);
        let Some(names) = orders.first() else { continue };
        for target in 0..names.to.len() {
            let probed = names.probed(declaration, target);
            let belief = probed.belief(&names.belief(target), names.spec.check.as_deref());
            let named = Expr::within(&["believed", "unseen", "missed"]);
            declaration.add(belief.fact("named", named));
        }
        for names in &orders {
            for target in 0..names.to.len() {
                declaration.add(names.answers(target));
            }
        }
    }
}

/// Name of a system-level fact, and the share of users that it affects, in parts of [`WHOLE`].
type Share = (String, u32);

/// Adds the facts that users directed to a target are lost there, per name service and origin of users.
pub fn facts(draft: &Draft, graph: &Graph, declaration: &mut Declaration) {
    let services = 0..draft.scenario.name_service.len();
    for names in services.flat_map(|at| Names::all(draft, at)) {
        for outside in [true, false] {
            for (target, fails) in names.failing(graph, outside) {
                for (when, place, _) in names.sent(target) {
                    let name = names.lost_name(outside, target, &place);
                    declaration.fact(&name, when.and(fails.clone()));
                }
            }
        }
        for target in 0..names.to.len() {
            for (when, place, _) in names.asked(target) {
                for link in names.links(graph, target) {
                    let cut = Expr::system(&routes::name(draft, link));
                    declaration.fact(&names.cut_name(target, &place, link), when.clone().and(cut));
                }
            }
        }
    }
}

/// Returns the facts under which users of a name service are lost at a failed target, with their shares.
pub fn lost(draft: &Draft, graph: &Graph, entered: Entered, outside: bool) -> Vec<Share> {
    let names = Names::of(draft, entered);
    let mut all = Vec::new();
    for (target, _) in names.failing(graph, outside) {
        let of_target = names.sent(target).into_iter();
        all.extend(of_target.map(|(_, place, share)| {
            (names.lost_name(outside, target, &place), whole::u32(share * f64::from(WHOLE)))
        }));
    }
    all
}

/// Returns the facts under which a failed link of a site cuts off users of a name service, with their shares.
pub fn cut(draft: &Draft, graph: &Graph, entered: Entered) -> Vec<Share> {
    let names = Names::of(draft, entered);
    let mut all = Vec::new();
    for target in 0..names.to.len() {
        let links = names.links(graph, target);
        for (_, place, share) in names.asked(target) {
            for link in &links {
                let share = share / links.len() as f64 * f64::from(WHOLE);
                all.push((names.cut_name(target, &place, *link), whole::u32(share)));
            }
        }
    }
    all
}

/// A name service as users with one order of its targets see it.
struct Names<'d> {
    draft: &'d Draft,
    name: &'d str,
    spec: &'d NameServiceSpec,
    to: &'d [Entrance],
    /// Targets by preference.
    order: Vec<usize>,
    /// Suffix of the names of what depends on the order; empty where there is only one.
    users: String,
}

impl<'d> Names<'d> {
    fn new(draft: &'d Draft, at: usize, order: Vec<usize>, users: String) -> Self {
        let (name, spec) = &draft.scenario.name_service[at];
        Self { draft, name, spec, to: &draft.links.name_services[at], order, users }
    }

    /// Returns one for each order of the targets. By distance, it is named after the first class with it.
    fn all(draft: &'d Draft, at: usize) -> Vec<Self> {
        if !draft.scenario.name_service[at].1.policy.value.is_by_distance() {
            let order = (0..draft.links.name_services[at].len()).collect();
            return vec![Self::new(draft, at, order, String::new())];
        }
        let mut all: Vec<Self> = Vec::new();
        for (class, enters) in draft.links.enters.iter().enumerate() {
            if *enters != Some(Entrance::NameService(at)) {
                continue;
            }
            let order = places::order(draft, at, class);
            if !all.iter().any(|names| names.order == order) {
                let users = format!(" for users of {}", draft.scenario.request[class].0);
                all.push(Self::new(draft, at, order, users));
            }
        }
        all
    }

    /// Returns the one of a class.
    fn of(draft: &'d Draft, Entered { at, class }: Entered) -> Self {
        let order = places::order(draft, at, class);
        let mut all = Self::all(draft, at).into_iter();
        all.find(|names| names.order == order).expect("each class that enters has an order")
    }

    fn first_only(&self) -> bool {
        self.spec.policy.value.is_ordered()
    }

    fn is_anycast(&self) -> bool {
        self.spec.policy.value == NamePolicy::Anycast
    }

    fn ttl(&self) -> SimDuration {
        self.spec.ttl.as_ref().map_or(SimDuration::ZERO, |ttl| ttl.value)
    }

    /// Returns the steps in which users leave a target: the length of each, and the share of the users who are still there
    /// in it, stale ones aside.
    fn leaving(&self) -> Vec<(SimDuration, f64)> {
        let ttl = self.ttl();
        if self.is_anycast() {
            let converges = converges(self.spec);
            let one = (converges > SimDuration::ZERO).then_some((converges, 1.0));
            return one.into_iter().collect();
        }
        if ttl == SimDuration::ZERO {
            return Vec::new();
        }
        let step = SimDuration::from_nanos(ttl.nanos() / u64::from(STEPS));
        let middle = |number: u32| (f64::from(number) - 0.5) / f64::from(STEPS);
        (1..=STEPS).map(|number| (step, 1.0 - middle(number))).collect()
    }

    fn belief(&self, target: usize) -> String {
        format!("{}/target-{}", self.name, target + 1)
    }

    fn answers_name(&self, target: usize) -> String {
        format!("{}/answers-{}{}", self.name, target + 1, self.users)
    }

    fn lost_name(&self, outside: bool, target: usize, place: &str) -> String {
        let from = if outside { "users" } else { "inside" };
        format!("{}/{from} lost at {} {place}{}", self.name, target + 1, self.users)
    }

    fn cut_name(&self, target: usize, place: &str, link: Part) -> String {
        let link = link.name(self.draft);
        let users = &self.users;
        format!("{}/cut on the way to {} {place} by {link}{users}", self.name, target + 1)
    }

    /// Returns the conditions that a probe of a target observes.
    fn probed(&self, declaration: &Declaration, target: usize) -> Probed {
        let draft = self.draft;
        let deep = self.spec.check.as_ref().is_some_and(|check| check.depth.value == Depth::Deep);
        let members = |service: usize, numbers: Vec<u32>| -> Vec<Probed> {
            let parts = numbers.into_iter().map(|member| Part::Service { service, member });
            parts.map(|part| Probed::of(draft, part)).collect()
        };
        match self.to[target] {
            Entrance::Balancer(balancer) => {
                let unit = self.unit(declaration, balancer);
                if !deep {
                    return unit;
                }
                let behind = draft.links.balancers[balancer].targets.iter();
                let behind =
                    behind.flat_map(|(service, member)| members(*service, vec![*member])).collect();
                Probed::both(unit, Probed::any(behind))
            }
            Entrance::Service(service, Some(member)) => Probed::any(members(service, vec![member])),
            Entrance::Service(service, None) => {
                let all = (0..draft.links.services[service].members).collect();
                Probed::any(members(service, all))
            }
            // References lead to no other entrance.
            Entrance::NameService(_) | Entrance::Cdn(_) => Probed::any(Vec::new()),
        }
    }

    /// Returns the conditions of the unit that holds the virtual IP of a balancer.
    fn unit(&self, declaration: &Declaration, balancer: usize) -> Probed {
        let draft = self.draft;
        let (name, spec) = &draft.scenario.balancer[balancer];
        let address = address::name(name);
        let moves = declaration.automaton(&address).is_some();
        let count = if spec.peers.is_some() || moves { spec.count.value } else { 1 };
        let appliance = draft.links.balancers[balancer].zone.is_none();
        let units = (0..count).map(|member| {
            let unit = Probed::of(draft, Part::Balancer { balancer, member });
            // A dead appliance does not refuse a probe: like a host without network, it is silent.
            let unit = if appliance { unit.silent() } else { unit };
            if moves { unit.given(Expr::of(&address, &format!("at-{}", member + 1))) } else { unit }
        });
        Probed::any(units.collect())
    }

    /// Returns the condition that answers lead to a target.
    fn used(&self, target: usize) -> Expr {
        let named = |at: usize| Expr::of(&self.belief(at), "named");
        let all = 0..self.to.len();
        let none = !Expr::Any(all.map(named).collect());
        if !self.first_only() {
            return named(target).or(none);
        }
        let earlier = self.order.iter().copied().take_while(|other| *other != target);
        let before = !Expr::Any(earlier.map(named).collect());
        let first = named(target).and(before);
        if self.is_first(target) { first.or(none) } else { first }
    }

    /// Returns whether users prefer a target to all others.
    fn is_first(&self, target: usize) -> bool {
        self.order.first() == Some(&target)
    }

    fn answers(&self, target: usize) -> Automaton {
        let ttl = self.ttl();
        let keeps = self.spec.stale.as_ref().map(|stale| stale.for_.value);
        let longer = keeps.filter(|keeps| *keeps > ttl).map(|keeps| keeps - ttl);
        let mut after: Vec<(String, SimDuration)> = Vec::new();
        let steps = self.leaving().into_iter().zip(1_u32..);
        after.extend(steps.map(|((step, _), number)| (format!("old-{number}"), step)));
        after.extend(longer.map(|longer| ("stale".to_string(), longer)));
        let mut states = vec![State::serving("used"), State::serving("unused")];
        if self.first_only() && !self.is_first(target) {
            states.swap(0, 1);
        }
        states.extend(after.iter().map(|(name, _)| State::serving(name)));
        let used = self.used(target);
        let mut all = Automaton::new(&self.answers_name(target), states);
        let mut from = vec!["unused"];
        from.extend(after.iter().map(|(name, _)| name.as_str()));
        all = all.transition(Transition::when(used.clone(), &from, "used"));
        let next = |at: usize| after.get(at).map_or("unused", |(name, _)| name.as_str());
        all = all.transition(Transition::when(!used, &["used"], next(0)));
        for (at, (name, lasts)) in after.iter().enumerate() {
            let timer = Timer::new(&format!("{name}.over"), law(Law::constant(lasts.seconds())));
            all = all.timer(timer.fate(Fate::Restart { redraw: true })).transition(Transition::on(
                &format!("{name}.over"),
                &[name],
                next(at + 1),
            ));
        }
        for name in ["used"].into_iter().chain(after.iter().map(|(name, _)| name.as_str())) {
            all = all.fact(name, Expr::within(&[name]));
        }
        all
    }

    /// Returns the conditions under which new answers lead to a target, each with a name and its share of the users.
    fn asked(&self, target: usize) -> Vec<(Expr, String, f64)> {
        let used = Expr::of(&self.answers_name(target), "used");
        let count = self.to.len();
        if self.first_only() || count == 1 {
            return vec![(used, "alone".into(), 1.0)];
        }
        if count > MOST_EXACT {
            return vec![(used, "in turn".into(), 1.0 / count as f64)];
        }
        let all: Vec<Expr> =
            (0..count).map(|at| Expr::of(&self.answers_name(at), "used")).collect();
        let of = |number: usize| {
            let exactly = Expr::AtLeast(table::u32(number), all.clone())
                .and(!Expr::AtLeast(table::u32(number) + 1, all.clone()));
            (used.clone().and(exactly), format!("of {number}"), 1.0 / number as f64)
        };
        (1..=count).map(of).collect()
    }

    /// Returns the conditions under which new or old answers lead users to a target, each with a name and a share.
    fn sent(&self, target: usize) -> Vec<(Expr, String, f64)> {
        let mut all = self.asked(target);
        let part = if self.first_only() { 1.0 } else { 1.0 / self.to.len() as f64 };
        let ttl = self.ttl();
        let (share, keeps) = match &self.spec.stale {
            Some(stale) => (stale.share.value.get(), stale.for_.value),
            None => (0.0, SimDuration::ZERO),
        };
        let answers = self.answers_name(target);
        for ((_, left), number) in self.leaving().into_iter().zip(1_u32..) {
            let kept = if keeps.seconds() > (1.0 - left) * ttl.seconds() { share } else { 0.0 };
            let has = (1.0 - share) * left + kept;
            let name = format!("old-{number}");
            all.push((Expr::of(&answers, &name), name, part * has));
        }
        if keeps > ttl && share > 0.0 {
            all.push((Expr::of(&answers, "stale"), "stale".into(), part * share));
        }
        all
    }

    /// Returns each target with the condition that users directed to it are lost.
    fn failing(&self, graph: &Graph, outside: bool) -> Vec<(usize, Expr)> {
        let target = |(at, to): (usize, &Entrance)| {
            let node = graph.entrance(*to, outside)?;
            let fails = !meters::holds(node);
            Some(match *to {
                Entrance::Balancer(balancer) => {
                    let errors = beliefs::errors(self.draft, balancer);
                    (at, fails.or(Expr::system(&errors)))
                }
                _ => (at, fails),
            })
        };
        self.to.iter().enumerate().filter_map(target).collect()
    }

    /// Returns the links over which users reach the site of a target, if a dead link cuts its users off.
    fn links(&self, graph: &Graph, target: usize) -> Vec<Part> {
        let Some(node) = graph.entrance(self.to[target], true) else { return Vec::new() };
        let mut links = Vec::new();
        for id in graph.below(node) {
            if let Some(part @ Part::Uplink { number: 0, .. }) = graph.node(id).part {
                links.extend(routes::beside(self.draft, part));
            }
        }
        links
    }
}
