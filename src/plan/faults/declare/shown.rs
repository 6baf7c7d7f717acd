//! Effects of the states of parts on components: facts for other automata, health, lost memory.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::harms::{Harm, fewer_cores, without};
use super::{Declarer, HOST, Host, LINKS, Mould, Sketch};
use crate::convert::place;
use crate::health::declare::{Expr, Quantifier};
use crate::model::Health;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::faults::{Declared, memory_lost};
use crate::plan::part::Part;
use crate::plan::power;

impl Mould {
    /// Publishes facts about a part for other automata: `alive` (it runs), `fit` (it works), `reachable`
    /// (it can be reached), `serving` (it works, as does the zone it runs in, and can be reached),
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
        let unfit = self.states(|harm| !harm.works());
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
    /// Adds the effects of a part's failure on components, and the loss of its memory.
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
            self.wiped(sketch.part, &memory, ids, declared);
        }
    }

    /// Adds the facts that a part with a power meter is off: it or a domain below it is down.
    pub(super) fn switched_off(&self, declared: &mut Declared) {
        for (meter, part) in power::parts(self.draft).into_iter().enumerate() {
            let name = part.name(self.draft);
            let down = std::iter::once(part).chain(part.domains(self.draft));
            let down = down.filter_map(|part| self.name(part)).map(|name| !Expr::of(name, "alive"));
            let fact = format!("{name}: off");
            declared.declaration.fact(&fact, Expr::Any(down.collect()));
            declared.off.insert(fact, meter);
        }
    }

    /// Adds the fact that a part has lost its memory, which is in a component.
    fn wiped(
        &self,
        part: Part,
        component: &str,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let Some(id) = ids.get(component) else { return };
        let publishes = |part: Part, fact: &str| {
            let Some(at) = self.at(part) else { return false };
            match fact {
                "is hung" => self.mould(at).has(Harm::Hung),
                "has forgotten" => self.mould(at).has(Harm::Forgot),
                _ => true,
            }
        };
        let lost = memory_lost(self.draft, part, &publishes).unwrap_or(Expr::Never);
        let fact = format!("{component}: memory lost");
        declared.declaration.fact(&fact, lost);
        declared.wipes.insert(fact, *id);
    }
}

/// Effects of the failure of one part on components of the event loop, under construction. If several states hold at
/// once, the one added first counts.
pub struct Shown<'a> {
    declarer: &'a Declarer<'a>,
    sketch: &'a Sketch,
    /// Domain on which the part stands.
    host: Option<&'a Sketch>,
    ids: &'a BTreeMap<String, ComponentId>,
    declared: &'a mut Declared,
    component: String,
    states: Vec<(String, Health)>,
}

impl<'a> Shown<'a> {
    /// Returns the draft.
    #[must_use]
    pub fn draft(&self) -> &'a Draft {
        self.declarer.draft
    }

    /// Sets the component of the part, if its name differs from that of the part.
    pub fn component(&mut self, name: String) {
        self.component = name;
    }

    /// Returns the condition that `fact` of the part holds.
    #[must_use]
    pub fn own(&self, fact: &str) -> Expr {
        Expr::of(&self.sketch.name, fact)
    }

    /// Returns the condition that `fact` of the part's host holds; always true without a host.
    #[must_use]
    pub fn host(&self, fact: &str) -> Expr {
        that(self.host, fact)
    }

    /// Returns the condition that the part is cut off or stalled, but keeps its state.
    #[must_use]
    pub fn keeps(&self) -> Expr {
        let facts = [(Harm::Cut, "is cut"), (Harm::Stalled, "is stalled")];
        let ill = facts.into_iter().filter(|(harm, _)| self.mould().has(*harm));
        Expr::Any(ill.map(|(_, fact)| self.own(fact)).collect())
    }

    /// Adds a state of the component: its name `what`, and when it holds.
    pub fn state(&mut self, what: &str, health: Health, when: Expr) {
        let name = format!("{}: {what}", self.component);
        self.declared.declaration.fact(&name, when);
        self.states.push((name, health));
    }

    /// Adds the only state of another component, if one of this name exists.
    pub fn further(&mut self, component: &str, what: &str, health: Health, when: Expr) {
        let Some(id) = self.ids.get(component) else { return };
        let name = format!("{component}: {what}");
        self.declared.declaration.fact(&name, when);
        self.declared.effects.insert(*id, vec![(name, health)]);
    }

    /// Adds the states of a process: unreachable if its host is, down if it is down itself, and all
    /// hindrances.
    pub fn process(&mut self) {
        self.state("unreachable", Health::Unreachable, !self.host("reachable"));
        self.state("down", Health::Down, self.own("is down"));
        self.hindrances();
    }

    /// Adds the states of a part outside of the sites: down or slow.
    pub fn outside(&mut self) {
        self.state("out", Health::Down, !self.own("fit"));
        self.slow();
    }

    /// Adds the states of a part that exists but does not work normally: cut off, hung, stalled, slow.
    pub fn hindrances(&mut self) {
        self.cut_off();
        self.stalls();
        self.slow();
    }

    /// Adds the state of a part that works but cannot be reached, if a fault has this effect.
    pub fn cut_off(&mut self) {
        if self.mould().has(Harm::Cut) {
            self.state("cut off", Health::Unreachable, self.own("is cut"));
        }
    }

    /// Adds the hung and stalled states, if faults have these effects on the part or the zone it runs in.
    pub fn stalls(&mut self) {
        self.hindered("hung", Health::Hung, Harm::Hung);
        self.hindered("stalled", Health::Stalled, Harm::Stalled);
    }

    /// Adds the states of a slow part, one per factor, if faults slow it or the zone it runs in.
    pub fn slow(&mut self) {
        let harms = self.hindering().flat_map(|sketch| self.harms_of(sketch));
        let slow = largest_first(harms, |harm| match harm {
            Harm::Slow(factor) => Some(factor),
            _ => None,
        });
        for factor in slow {
            self.hindered(&format!("slow {factor}"), Health::Slow(factor), Harm::Slow(factor));
        }
    }

    /// Adds the states of a server of `cores` that works with fewer, one per number of cores lost: the most first.
    pub fn fewer_cores(&mut self, cores: u32) {
        let all = largest_first(self.harms_of(self.sketch), |harm| match harm {
            Harm::Fewer(lost) => Some(lost),
            _ => None,
        });
        for lost in all {
            let (fact, health) = (fewer_cores(lost), Health::Slow(without(cores, lost)));
            self.state(&fact, health, self.own(&fact));
        }
    }

    /// Adds the state of disks without space, if a fault fills them.
    pub fn full(&mut self) {
        if self.mould().has(Harm::Full) {
            self.state("full", Health::Full, self.own("is full"));
        }
    }

    /// Adds the states of a set that misses some of its disks, if a fault has this effect: the slowest first.
    pub fn degraded(&mut self) {
        let Some(degraded) = self.declarer.degraded.get(&self.sketch.part) else { return };
        for (facts, health, word) in degraded.states() {
            let all = facts.iter().map(|fact| self.own(fact)).collect();
            self.state(&word, health, Expr::All(all));
        }
    }

    /// Adds the states of a link that loses data, one per probability: the largest first.
    pub fn lossy(&mut self) {
        let all = largest_first(self.harms_of(self.sketch), |harm| match harm {
            Harm::Lossy(loss) => Some(loss),
            _ => None,
        });
        for loss in all {
            let fact = Harm::Lossy(loss).fact();
            self.state(&fact, Health::Lossy(loss), self.own(&fact));
        }
    }

    /// Adds the states of a link over which messages take longer, one per delay: the longest first.
    pub fn delayed(&mut self) {
        let all = largest_first(self.harms_of(self.sketch), |harm| match harm {
            Harm::Delayed(delay) => Some(delay),
            _ => None,
        });
        for delay in all {
            let fact = Harm::Delayed(delay).fact();
            self.state(&fact, Health::Delayed(delay), self.own(&fact));
        }
    }

    /// Adds the states of a link that carries data from one of its sites alone.
    pub fn one_way(&mut self) {
        let Part::Link(link) = self.sketch.part else { return };
        let ends = &self.declarer.draft.links.links[link];
        for (end, onward) in ends.iter().zip([true, false]) {
            let harm = Harm::OneWay(*end);
            if self.mould().has(harm) {
                let fact = harm.fact();
                self.state(&fact, Health::OneWay(onward), self.own(&fact));
            }
        }
    }

    /// Adds the states of traffic carried by parallel `links`: down if none is left. With k of n left, it is n / k
    /// times slower if each carries its share (`shared`), and unaffected if one link is enough. A link that is slow
    /// by a factor counts as 1 / factor of a link.
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
        // Worst state first: the first one that holds counts.
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

    /// Returns the slow factor of parallel parts (the first one found), and which parts can be slow. `None` if none
    /// can, or if there is only one part.
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

    /// Returns the part, and the zone it runs in.
    fn hindering(&self) -> impl Iterator<Item = &'a Sketch> + use<'a> {
        let zone = self.host.filter(|host| host.part.sort().runs_processes);
        std::iter::once(self.sketch).chain(zone)
    }

    /// Adds the state caused by a harm of the part, or of the zone it runs in.
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

/// Returns the condition that `fact` of a part's host holds; always true without a host.
fn that(host: Option<&Sketch>, fact: &str) -> Expr {
    host.map_or(Expr::Always, |host| Expr::of(&host.name, fact))
}

fn within(states: Vec<String>) -> Expr {
    if states.is_empty() { Expr::Never } else { Expr::In(states) }
}

/// Returns the different amounts of one harm among `harms`, the largest first.
fn largest_first<'h, T: PartialOrd>(
    harms: impl IntoIterator<Item = &'h (String, Harm)>,
    of: impl Fn(Harm) -> Option<T>,
) -> Vec<T> {
    let mut all: Vec<T> = harms.into_iter().filter_map(|(_, harm)| of(*harm)).collect();
    all.sort_by(|a, b| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    all.dedup();
    all
}
