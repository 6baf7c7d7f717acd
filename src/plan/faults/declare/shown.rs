//! What the states of parts mean for components: facts that others ask for, health, lost memory.

use std::collections::BTreeMap;

use super::{Declarer, HOST, Harm, Host, LINKS, Mould, Sketch};
use crate::convert::place;
use crate::health::declare::{Expr, Quantifier};
use crate::model::Health;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::faults::Declared;
use crate::plan::kind::parts::Memory;
use crate::plan::part::Part;

impl Mould {
    /// Publishes what others ask of a part: `alive` (it runs), `fit` (it works), `reachable`
    /// (it can be spoken to), `serving` (it works, as does the zone it runs in, and can be spoken to),
    /// and its harms.
    pub(super) fn facts(&mut self) {
        let kind = self.kind;
        let host = |fact: &str| match kind.host {
            Some(_) => Expr::of_role(HOST, fact),
            None => Expr::Always,
        };
        let linked = match kind.has_links {
            true => Expr::members(Quantifier::Any, LINKS, "fit"),
            false => Expr::Always,
        };
        let place = kind.sort.is_place;
        let reachable = match (place, kind.host) {
            (true, None) => linked,
            (true, Some(_)) => host("reachable").and(linked),
            (false, _) => host("reachable"),
        };
        let zone = (kind.host == Some(Host::RunsProcesses)).then(|| host("fit"));
        let gone: Vec<String> = self.states(|harm| harm == Harm::Down);
        let alive = (!within(gone)).and(self.host.clone().unwrap_or(Expr::Always));
        let unfit = self.states(|harm| !matches!(harm, Harm::Slow(_) | Harm::Forgot));
        let fit = !within(unfit);
        let cut = self.states(|harm| harm == Harm::Cut);
        let own = if place { Expr::own("fit") } else { Expr::own("alive").and(!within(cut)) };
        self.publish("alive", alive);
        self.publish("fit", fit);
        self.publish("reachable", own.and(reachable));
        let mut serving = Expr::own("fit").and(Expr::own("reachable"));
        if let Some(zone) = zone {
            serving = serving.and(zone);
        }
        self.publish("serving", serving);
    }
}

impl Declarer<'_> {
    /// Adds how a failure of a part shows in components, and what its memory loses.
    pub(super) fn shown(
        &self,
        index: usize,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let sketch = &self.sketches[index];
        let host = sketch.part.stands_on(self.draft).and_then(|host| self.at(host));
        let host = host.map(|at| &self.sketches[at]);
        let (component, states) = (sketch.name.clone(), Vec::new());
        let mut shown = Shown { declarer: self, sketch, host, ids, declared, component, states };
        let answers = sketch.part.answers();
        answers.shows(&mut shown, sketch.part);
        shown.finish();
        if let Some(memory) = answers.memory(self.draft, sketch.part) {
            self.wiped((sketch, host), &memory, ids, declared);
        }
    }

    /// The fact that what a part keeps in memory is lost: it or its host is gone or hangs, or a
    /// fault says so.
    fn wiped(
        &self,
        (sketch, host): (&Sketch, Option<&Sketch>),
        memory: &Memory,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let component = &memory.component;
        let Some(id) = ids.get(component) else { return };
        let mut lost = !Expr::of(&sketch.name, "alive");
        for (harm, fact) in [(Harm::Hung, "is hung"), (Harm::Forgot, "has forgotten")] {
            if self.moulds[sketch.mould].has(harm) {
                lost = lost.or(Expr::of(&sketch.name, fact));
            }
        }
        if memory.with_host {
            lost = lost.or(!that(host, "alive"));
        }
        let fact = format!("{component}: memory lost");
        declared.declaration.fact(&fact, lost);
        declared.wipes.insert(fact, *id);
    }
}

/// How a failure of one part shows in components of the event loop, in the making. Of states that hold at once the
/// one that was added first counts.
pub struct Shown<'a> {
    declarer: &'a Declarer<'a>,
    sketch: &'a Sketch,
    /// What the part stands on.
    host: Option<&'a Sketch>,
    ids: &'a BTreeMap<String, ComponentId>,
    declared: &'a mut Declared,
    component: String,
    states: Vec<(String, Health)>,
}

impl<'a> Shown<'a> {
    /// The scenario.
    #[must_use]
    pub fn draft(&self) -> &'a Draft {
        self.declarer.draft
    }

    /// Names the component of the part, where it is not called as the part is.
    pub fn component(&mut self, name: String) {
        self.component = name;
    }

    /// That `fact` of the part holds.
    #[must_use]
    pub fn own(&self, fact: &str) -> Expr {
        Expr::of(&self.sketch.name, fact)
    }

    /// That `fact` of what the part stands on holds; always where it stands on nothing.
    #[must_use]
    pub fn host(&self, fact: &str) -> Expr {
        that(self.host, fact)
    }

    /// That the part is only cut off or stands still, and keeps what it knows.
    #[must_use]
    pub fn keeps(&self) -> Expr {
        let facts = [(Harm::Cut, "is cut"), (Harm::Stalled, "is stalled")];
        let ill = facts.into_iter().filter(|(harm, _)| self.mould().has(*harm));
        Expr::Any(ill.map(|(_, fact)| self.own(fact)).collect())
    }

    /// Adds a state of the component: `what` it is called, and when it holds.
    pub fn state(&mut self, what: &str, health: Health, when: Expr) {
        let name = format!("{}: {what}", self.component);
        self.declared.declaration.fact(&name, when);
        self.states.push((name, health));
    }

    /// Adds the only state of a further component, where there is one of this name.
    pub fn further(&mut self, component: &str, what: &str, health: Health, when: Expr) {
        let Some(id) = self.ids.get(component) else { return };
        let name = format!("{component}: {what}");
        self.declared.declaration.fact(&name, when);
        self.declared.effects.insert(*id, vec![(name, health)]);
    }

    /// Adds the states of a process: unreachable with what it stands on, down when it is down itself, and all
    /// hindrances.
    pub fn process(&mut self) {
        self.state("unreachable", Health::Unreachable, !self.host("reachable"));
        self.state("down", Health::Down, self.own("is down"));
        self.hindrances();
    }

    /// Adds the states of what stands outside of the sites: it works, perhaps slowly, or it does not.
    pub fn outside(&mut self) {
        self.state("out", Health::Down, !self.own("fit"));
        self.slow();
    }

    /// Adds the states in which the part is there and does not do its work: cut off, hung, stalled, slow.
    pub fn hindrances(&mut self) {
        self.cut_off();
        self.stands_still();
        self.slow();
    }

    /// Adds the state of a part that works and is not heard, where a fault does that.
    pub fn cut_off(&mut self) {
        if self.mould().has(Harm::Cut) {
            self.state("cut off", Health::Unreachable, self.own("is cut"));
        }
    }

    /// Adds the states of a part that answers nothing, where faults do that to it or to the zone that it runs in.
    pub fn stands_still(&mut self) {
        self.hindered("hung", Health::Hung, Harm::Hung);
        self.hindered("stalled", Health::Stalled, Harm::Stalled);
    }

    /// Adds the states of a slow part, one for each factor, where faults slow it or the zone that it runs in.
    pub fn slow(&mut self) {
        let harms = self.hindering().flat_map(|sketch| self.harms_of(sketch));
        let factor = |harm: &Harm| match harm {
            Harm::Slow(factor) => Some(*factor),
            _ => None,
        };
        let mut slow: Vec<f64> = harms.filter_map(|(_, harm)| factor(harm)).collect();
        slow.sort_by(|a, b| b.total_cmp(a));
        slow.dedup();
        for factor in slow {
            self.hindered(&format!("slow {factor}"), Health::Slow(factor), Harm::Slow(factor));
        }
    }

    /// Adds how what `links` carry together fares: nothing without any; with k of n left, n / k times slower when each
    /// carries its share (`shared`), and as ever when one is enough for all. One that is slow by a factor counts as so
    /// much less than one.
    pub fn carried_by(&mut self, links: &[Part], shared: bool) {
        let declarer = self.declarer;
        let names: Vec<&str> = links.iter().filter_map(|part| declarer.name(*part)).collect();
        let fewer = |number: u32| {
            let fit = names.iter().map(|name| Expr::of(name, "fit")).collect();
            !Expr::AtLeast(number, fit)
        };
        self.state("down", Health::Down, fewer(1));
        if !shared {
            return;
        }
        let slow = self.slowness(links);
        let count = place(names.len());
        let mut states: Vec<(f64, u32, u32)> = Vec::new();
        for left in 1..=count {
            let most = slow.as_ref().map_or(0, |_| left);
            states.extend((0..=most).map(|slowed| {
                let factor = slow.as_ref().map_or(1.0, |(factor, _)| *factor);
                (f64::from(left - slowed) + f64::from(slowed) / factor, left, slowed)
            }));
        }
        // The worst first: of all that hold, the first is what there is.
        states.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (carried, left, slowed) in states {
            if (left, slowed) == (count, 0) {
                continue;
            }
            let mut name = format!("with {left} of {count}");
            let mut holds = if left < count { fewer(left + 1) } else { Expr::Always };
            if let Some((factor, can)) = slow.as_ref().filter(|_| slowed > 0) {
                name = format!("{name}, {slowed} slow");
                let fact = format!("is slow {factor}");
                let slow = names.iter().zip(can).filter(|(_, can)| **can);
                let slow = slow.map(|(name, _)| Expr::of(name, &fact)).collect();
                holds = holds.and(Expr::AtLeast(slowed, slow));
            }
            self.state(&name, Health::Slow(f64::from(count) / carried), holds);
        }
    }

    /// By how much parts side by side can be slow, and which of them; `None` when none can.
    fn slowness(&self, parts: &[Part]) -> Option<(f64, Vec<bool>)> {
        let all = parts.iter().filter_map(|part| self.declarer.at(*part));
        let own = all.map(|at| {
            self.declarer.mould(at).harms.iter().find_map(|(_, harm)| match harm {
                Harm::Slow(factor) => Some(*factor),
                _ => None,
            })
        });
        let own: Vec<Option<f64>> = own.collect();
        let factor = own.iter().copied().flatten().next().filter(|_| own.len() > 1)?;
        Some((factor, own.iter().map(Option::is_some).collect()))
    }

    fn mould(&self) -> &'a Mould {
        &self.declarer.moulds[self.sketch.mould]
    }

    fn harms_of(&self, sketch: &Sketch) -> &'a [(String, Harm)] {
        &self.declarer.moulds[sketch.mould].harms
    }

    /// The part, and the zone that it runs in.
    fn hindering(&self) -> impl Iterator<Item = &'a Sketch> + use<'a> {
        let zone = self.host.filter(|host| host.part.sort().runs_processes);
        std::iter::once(self.sketch).chain(zone)
    }

    /// Adds the state that a harm of the part, or of the zone that it runs in, puts it into.
    fn hindered(&mut self, what: &str, health: Health, harm: Harm) {
        let fact = format!("is {what}");
        let ill = self
            .hindering()
            .filter(|sketch| self.harms_of(sketch).iter().any(|(_, other)| *other == harm));
        let ill: Vec<Expr> = ill.map(|sketch| Expr::of(&sketch.name, &fact)).collect();
        if !ill.is_empty() {
            self.state(what, health, Expr::Any(ill));
        }
    }

    fn finish(self) {
        if let (Some(id), false) = (self.ids.get(&self.component), self.states.is_empty()) {
            self.declared.effects.insert(*id, self.states);
        }
    }
}

/// That `fact` of what a part stands on holds; always where it stands on nothing.
fn that(host: Option<&Sketch>, fact: &str) -> Expr {
    host.map_or(Expr::Always, |host| Expr::of(&host.name, fact))
}

fn within(states: Vec<String>) -> Expr {
    if states.is_empty() { Expr::Never } else { Expr::In(states) }
}
