//! What the states of parts mean for components: facts that others ask for, health, lost memory.

use std::collections::BTreeMap;

use super::{Declarer, HOST, Harm, Host, LINKS, Mould, RACK, SITE, SWITCH, Sketch, UPLINK};
use crate::convert::place;
use crate::health::declare::{Expr, Quantifier};
use crate::model::Health;
use crate::model::ids::ComponentId;
use crate::plan::faults::Declared;
use crate::plan::kind::Fares;
use crate::plan::memory::name_of_head;
use crate::plan::names::member_name;
use crate::plan::part::{Part, head_name};

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
        let reachable = match kind.part {
            SITE => linked,
            RACK => host("reachable").and(linked),
            // What they stand on needs them.
            UPLINK | SWITCH => Expr::Always,
            _ => host("reachable"),
        };
        let zone = (kind.host == Some(Host::Zone)).then(|| host("fit"));
        let gone: Vec<String> = self.states(|harm| harm == Harm::Down);
        let alive = (!within(gone)).and(self.host.clone().unwrap_or(Expr::Always));
        let unfit = self.states(|harm| !matches!(harm, Harm::Slow(_) | Harm::Forgot));
        let fit = !within(unfit);
        let cut = self.states(|harm| harm == Harm::Cut);
        let domain = kind.part == SITE || kind.part == RACK;
        let own = if domain { Expr::own("fit") } else { Expr::own("alive").and(!within(cut)) };
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
    /// The fact that what a part keeps in memory is lost: it or its host is gone or hangs, or a
    /// fault says so.
    pub(super) fn memory(
        &self,
        index: usize,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let draft = self.draft;
        let sketch = &self.sketches[index];
        let component = match sketch.part {
            Part::Server(_) => format!("{}.objects", sketch.part.name(draft)),
            Part::Own(own) => {
                match own.kind.planned().expect("a kind of its own").memory(draft, own) {
                    Some(component) => component,
                    None => return,
                }
            }
            Part::Head { nas, number } => name_of_head(draft, nas, number),
            Part::Edge { cdn, .. } => {
                if draft.scenario.cdn[cdn].1.content.is_none() {
                    return;
                }
                sketch.name.clone()
            }
            Part::Database { database, member } => {
                let (name, spec) = &draft.scenario.database[database];
                if spec.cold.is_none() {
                    return;
                }
                member_name(name, member)
            }
            _ => return,
        };
        let Some(id) = ids.get(&component) else { return };
        let mut lost = !Expr::of(&sketch.name, "alive");
        for (harm, fact) in [(Harm::Hung, "is hung"), (Harm::Forgot, "has forgotten")] {
            if self.mould(index).harms.iter().any(|(_, other)| *other == harm) {
                lost = lost.or(Expr::of(&sketch.name, fact));
            }
        }
        if let Part::Own(_) = sketch.part {
            lost = lost.or(!self.of(sketch.part.stands_on(draft), "alive"));
        }
        let fact = format!("{component}: memory lost");
        declared.declaration.fact(&fact, lost);
        declared.wipes.insert(fact, *id);
    }

    /// One uplink of several, where its users are cut off until routes have converged.
    pub(super) fn converging(
        &self,
        index: usize,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let sketch = &self.sketches[index];
        let Part::Uplink { .. } = sketch.part else { return };
        let Some(id) = ids.get(&sketch.name) else { return };
        let dead = format!("{}: dead", sketch.name);
        declared.declaration.fact(&dead, !Expr::of(&sketch.name, "fit"));
        declared.effects.insert(*id, vec![(dead, Health::Down)]);
    }

    /// Facts of the whole that say how the component of a part fares.
    pub(super) fn effects(
        &self,
        index: usize,
        ids: &BTreeMap<String, ComponentId>,
        declared: &mut Declared,
    ) {
        let draft = self.draft;
        let sketch = &self.sketches[index];
        let scenario = &draft.scenario;
        let component = match sketch.part {
            Part::Head { nas, number } => head_name(draft, nas, number),
            Part::Uplink { site, .. } => format!("{}.uplink", scenario.site[site].0),
            Part::Switch { rack, .. } => format!("{}.switch", scenario.rack[rack].0),
            Part::Database { database, member } => {
                member_name(&scenario.database[database].0, member)
            }
            part => part.name(draft),
        };
        let id = ids.get(&component).copied();
        let mut states: Vec<(String, Health)> = Vec::new();
        let mut facts: Vec<(String, Expr)> = Vec::new();
        let mut add = |what: &str, health: Health, condition: Expr| {
            let name = format!("{component}: {what}");
            facts.push((name.clone(), condition));
            states.push((name, health));
        };
        let mould = self.mould(index);
        let has = |harm: Harm| mould.harms.iter().any(|(_, other)| *other == harm);
        let ill = |what: &str| Expr::of(&sketch.name, what);
        let fares = match sketch.part {
            Part::Own(own) => Some(own.kind.planned().expect("a kind of its own").fares()),
            _ => None,
        };
        match sketch.part {
            Part::Balancer { balancer, .. } if draft.links.balancers[balancer].zone.is_none() => {
                // An appliance that is down answers as little as one without a network.
                let reached = self.of(sketch.part.stands_on(draft), "reachable");
                add("unreachable", Health::Unreachable, (!reached).or(ill("is down")));
            }
            Part::Service { .. } | Part::Database { .. } | Part::Balancer { .. } | Part::Own(_)
                if fares != Some(Fares::Outside) =>
            {
                add(
                    "unreachable",
                    Health::Unreachable,
                    !self.of(sketch.part.stands_on(draft), "reachable"),
                );
                add("down", Health::Down, ill("is down"));
            }
            Part::Edge { .. } | Part::Own(_) => add("out", Health::Down, !ill("fit")),
            Part::Server(_) => add("stopped", Health::Stalled, !ill("alive")),
            Part::Disks { server, .. } => {
                let alive = self.of(Some(Part::Server(server)), "alive");
                add("lost", Health::Down, (!alive).or(ill("is down")));
            }
            Part::Head { nas, .. } => {
                // What it knew of its clients, opens and locks, is lost when its process is.
                if scenario.nas[nas].1.grace.is_some() {
                    let restarts = (!ill("beats")).and(!keeps(sketch, mould));
                    add("gone", Health::Down, restarts);
                }
                add("silent", Health::Stalled, !ill("serving"));
            }
            Part::Pool { .. } | Part::Station { .. } => add("down", Health::Down, ill("is down")),
            Part::Uplink { site, number: 0 } => {
                let links = self.parts(|number| Part::Uplink { site, number });
                let slow = self.slowness(|number| Part::Uplink { site, number });
                let slow = slow.as_ref().map(|(factor, can)| (*factor, can.as_slice()));
                carried_by(&links, true, slow, &mut add);
            }
            Part::Switch { rack, number: 0 } => {
                let switches = self.parts(|number| Part::Switch { rack, number });
                carried_by(&switches, false, None, &mut add);
            }
            _ => return,
        }
        let together = matches!(
            sketch.part,
            Part::Head { .. } | Part::Uplink { .. } | Part::Switch { .. } | Part::Edge { .. }
        ) || fares == Some(Fares::Outside);
        if !together && has(Harm::Cut) && !matches!(sketch.part, Part::Server(_)) {
            add("cut off", Health::Unreachable, ill("is cut"));
        }
        // Of several uplinks a slow one is part of what they carry together.
        let alone = !matches!(sketch.part, Part::Uplink { site, .. }
            if self.parts(|number| Part::Uplink { site, number }).len() > 1);
        for (what, health, condition) in self.hindrances(sketch, together) {
            if alone {
                add(&what, health, condition);
            }
        }
        if let (Part::Balancer { .. }, Some(cpu)) =
            (sketch.part, ids.get(&format!("{component}.cpu")))
        {
            let stopped = format!("{component}.cpu: stopped");
            declared.declaration.fact(&stopped, ill("is down"));
            declared.effects.insert(*cpu, vec![(stopped, Health::Stalled)]);
        }
        for (name, condition) in facts {
            declared.declaration.fact(&name, condition);
        }
        if let Some(id) = id {
            declared.effects.insert(id, states);
        }
    }

    /// By how much parts number 0, 1, … can be slow, and which of them; `None` when none can.
    fn slowness(&self, part: impl Fn(u32) -> Part) -> Option<(f64, Vec<bool>)> {
        let all = (0..).map_while(|number| self.at(part(number)));
        let own = all.map(|at| {
            self.mould(at).harms.iter().find_map(|(_, harm)| match harm {
                Harm::Slow(factor) => Some(*factor),
                _ => None,
            })
        });
        let own: Vec<Option<f64>> = own.collect();
        let factor = own.iter().copied().flatten().next().filter(|_| own.len() > 1)?;
        Some((factor, own.iter().map(Option::is_some).collect()))
    }

    /// Ways in which a part works badly or stands still: a process also with the zone it runs in.
    /// What stands still `together` with others is not told one by one.
    fn hindrances<'s>(&'s self, sketch: &'s Sketch, together: bool) -> Vec<(String, Health, Expr)> {
        let zone = sketch.part.stands_on(self.draft).filter(|on| matches!(on, Part::Zone { .. }));
        let zone = zone.and_then(|zone| self.at(zone)).map(|at| &self.sketches[at]);
        let with_harms = |sketch: &'s Sketch| (sketch, &self.moulds[sketch.mould].harms);
        let both: Vec<_> = std::iter::once(sketch).chain(zone).map(with_harms).collect();
        let mut found = Vec::new();
        let mut add = |what: &str, health: Health, harm: Harm| {
            let has = |harms: &[(String, Harm)]| harms.iter().any(|(_, other)| *other == harm);
            let fact = format!("is {what}");
            let ill = both.iter().filter(|(_, harms)| has(harms));
            let ill = ill.map(|(sketch, _)| Expr::of(&sketch.name, &fact));
            let ill: Vec<Expr> = ill.collect();
            if !ill.is_empty() {
                found.push((what.to_string(), health, Expr::Any(ill)));
            }
        };
        if !together {
            add("hung", Health::Hung, Harm::Hung);
            add("stalled", Health::Stalled, Harm::Stalled);
        }
        let harms = both.iter().flat_map(|(_, harms)| harms.iter());
        let factor = |(_, harm): &(String, Harm)| match harm {
            Harm::Slow(factor) => Some(*factor),
            _ => None,
        };
        let mut slow: Vec<f64> = harms.filter_map(factor).collect();
        slow.sort_by(|a, b| b.total_cmp(a));
        slow.dedup();
        for factor in slow {
            add(&format!("slow {factor}"), Health::Slow(factor), Harm::Slow(factor));
        }
        found
    }
}

/// How what several links carry together fares: nothing without any; with k of n left, n / k times
/// slower when each carries its share, and as ever when one is enough for all. One that is `slow` by
/// a factor counts as so much less than one.
fn carried_by(
    links: &[&str],
    shared: bool,
    slow: Option<(f64, &[bool])>,
    add: &mut impl FnMut(&str, Health, Expr),
) {
    let fewer = |number: u32| {
        let fit = links.iter().map(|name| Expr::of(name, "fit")).collect();
        !Expr::AtLeast(number, fit)
    };
    add("down", Health::Down, fewer(1));
    let count = place(links.len());
    if !shared {
        return;
    }
    let mut states: Vec<(f64, u32, u32)> = Vec::new();
    for left in 1..=count {
        let most = slow.map_or(0, |_| left);
        states.extend((0..=most).map(|slowed| {
            let factor = slow.map_or(1.0, |(factor, _)| factor);
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
        if let Some((factor, can)) = slow.filter(|_| slowed > 0) {
            name = format!("{name}, {slowed} slow");
            let fact = format!("is slow {factor}");
            let slow = links.iter().zip(can).filter(|(_, can)| **can);
            let slow = slow.map(|(name, _)| Expr::of(name, &fact)).collect();
            holds = holds.and(Expr::AtLeast(slowed, slow));
        }
        add(&name, Health::Slow(f64::from(count) / carried), holds);
    }
}

/// That the part is only cut off or stands still, and keeps what it knows.
fn keeps(sketch: &Sketch, mould: &Mould) -> Expr {
    let facts = [(Harm::Cut, "is cut"), (Harm::Stalled, "is stalled")];
    let has = |harm: Harm| mould.harms.iter().any(|(_, other)| *other == harm);
    let ill = facts.into_iter().filter(|(harm, _)| has(*harm));
    Expr::Any(ill.map(|(_, fact)| Expr::of(&sketch.name, fact)).collect())
}

fn within(states: Vec<String>) -> Expr {
    if states.is_empty() { Expr::Never } else { Expr::In(states) }
}
