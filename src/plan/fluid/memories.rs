//! Object caches in states of the parts: the share of their look-ups that misses.
//!
//! Model: while its process is down or cannot be reached, every look-up misses. A process that was down, hung or emptied
//! by a fault, or whose zone or server was down, begins empty, and fills by what it is asked
//! ([`filling`](crate::workload::filling)). How full it is is part of the state, in steps, each at its mean.
//!
//! Takes the popularity of the objects and the steady hit ratio. Leaves out: caches whose file gives a hit ratio: they
//! have no content to lose, and hit as often while they are down.

use super::FluidPlan;
use super::network::{Branch, Builder, Network, Onward, Place, Split, times};
use super::state::{AGE_BITS, Bits, Input};
use crate::convert::table;
use crate::health::declare::Expr;
use crate::kinds::cache::plan::part_of;
use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::ask::Ask;
use crate::plan::route::{Does, Step as RouteStep, each, each_here};
use crate::scenario::source::Span;
use crate::workload::filling::{MOST_STEPS, Step};

const _: () = assert!(MOST_STEPS < 1 << AGE_BITS);

/// Memory of a part, which fills again after it has lost its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// The part.
    pub part: Part,
    /// Number of the part in the network.
    pub number: u32,
    /// Share of the look-ups that misses when it is warm.
    pub warm: f64,
    /// Steps in which it fills.
    pub steps: Vec<Step>,
}

impl Memory {
    /// Returns the share of the look-ups that misses at a step; 0 is warm.
    fn misses(&self, step: u32) -> f64 {
        let at = (step as usize).checked_sub(1);
        at.map_or(self.warm, |at| self.steps.get(at).map_or(self.warm, |step| step.misses))
    }
}

/// Look-ups of which some miss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookUps {
    /// Memory in which they are, by index in [`Network::memories`].
    pub memory: u32,
    /// Expected number per visit.
    pub count: f64,
}

/// Returns the cache that a step looks something up in, if it fills over years.
#[must_use]
pub fn looked_up(draft: &Draft, ask: &dyn Ask) -> Option<usize> {
    let (kind, cache) = ask.of();
    let looks = kind == Kind::Cache && ask.changes().is_none();
    Some(cache).filter(|cache| looks && draft.hits.fills(*cache))
}

/// Returns the places of jumps out of the steps that a miss takes, in caches that fill over years.
#[must_use]
pub fn jumps_out(draft: &Draft) -> Vec<Span> {
    let mut found = Vec::new();
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            let Does::Ask(ask) = &step.does else { return };
            if looked_up(draft, &**ask).is_none() {
                return;
            }
            let inside = ask.inside();
            each_here(inside, &mut |step| {
                if let Does::Jump(jump) = &step.does
                    && !has_label(inside, jump.to)
                {
                    found.push(step.span);
                }
            });
        });
    }
    // A jump out of two of them, one in the other, is one.
    found.dedup();
    found
}

fn has_label(steps: &[RouteStep], label: usize) -> bool {
    let mut found = false;
    each_here(steps, &mut |step| found |= step.label == Some(label));
    found
}

impl Builder<'_> {
    /// Returns the number of an object cache among the memories.
    fn memory(&mut self, cache: usize) -> u32 {
        let part = part_of(cache);
        let found = self.net.memories.iter().position(|memory| memory.part == part);
        let at = found.unwrap_or_else(|| {
            let hits = &self.draft().hits;
            let (warm, steps) = (1.0 - hits.in_cache(cache), hits.filling(cache));
            let number = self.part(part);
            self.net.memories.push(Memory { part, number, warm, steps });
            self.net.memories.len() - 1
        });
        table::u32(at)
    }

    /// Returns the way to the steps of a miss, after `count` look-ups in a cache; `None` if there are none.
    pub(super) fn misses(
        &mut self,
        place: Place,
        cache: usize,
        inside: &[RouteStep],
        count: f64,
    ) -> Option<Onward> {
        let here = place.here.map(|part| self.branch(part));
        let (mut branch, mut then) = (here.unwrap_or_default(), Vec::new());
        self.steps(place, inside, &mut branch, &mut then);
        if branch.work.is_empty() && then.is_empty() {
            return None;
        }
        let node = self.node(Split::Blind, vec![Branch { then, ..branch }]);
        let look_ups = LookUps { memory: self.memory(cache), count };
        let misses = count * self.net.memories[look_ups.memory as usize].warm;
        Some(Onward { look_ups: Some(look_ups), ..times(node, misses) })
    }
}

/// Returns the look-ups per view that reach each memory whose part is up, of views of which the share `reached` goes on.
/// `visits` has those of the branches of all nodes, in order.
pub(super) fn look_ups(
    net: &Network,
    up: &[bool],
    reached: f64,
    visits: &[f64],
) -> Vec<(u32, f64)> {
    if net.memories.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let branches = net.nodes.iter().flat_map(|node| &node.branches);
    for (branch, visits) in branches.zip(visits) {
        for asked in branch.then.iter().filter_map(|onward| onward.look_ups) {
            let count = visits * asked.count * reached;
            if count > 0.0 && up[net.memories[asked.memory as usize].number as usize] {
                all.push((asked.memory, count));
            }
        }
    }
    all
}

/// Returns the condition that a part has lost what was in its memory; `None` if it cannot. `known` returns whether a part
/// publishes a fact.
pub(super) fn lost(draft: &Draft, part: Part, known: &dyn Fn(&str, &str) -> bool) -> Option<Expr> {
    let name = part.name(draft);
    let hosts = part.domains(draft).into_iter();
    let hosts = hosts.filter(|host| matches!(host, Part::Zone { .. } | Part::Server(_)));
    let down = std::iter::once(name.clone()).chain(hosts.map(|host| host.name(draft)));
    let down = down.filter(|name| known(name, "alive")).map(|name| !Expr::of(&name, "alive"));
    let own = ["is hung", "has forgotten"].into_iter().filter(|fact| known(&name, fact));
    let all: Vec<Expr> = down.chain(own.map(|fact| Expr::of(&name, fact))).collect();
    (!all.is_empty()).then_some(Expr::Any(all))
}

/// Returns the inputs that say which memories have lost their content.
pub(super) fn facts(
    draft: &Draft,
    network: &Network,
    known: &dyn Fn(&str, &str) -> bool,
) -> Vec<(Input, Expr)> {
    let one = |(at, memory): (usize, &Memory)| {
        Some((Input::Lost(table::u32(at)), lost(draft, memory.part, known)?))
    };
    network.memories.iter().enumerate().filter_map(one).collect()
}

impl FluidPlan {
    /// Returns the position, among the bits of a state, of the step at which a memory is.
    #[must_use]
    pub fn step_at(&self, memory: usize) -> usize {
        self.chill_at(self.network.buffers.len()) + memory * AGE_BITS
    }

    /// Returns the state in which nothing has failed, and every memory that can lose its content is empty.
    #[must_use]
    pub fn emptied(&self) -> Bits {
        let mut bits = self.well();
        let is_lost = |at: usize| {
            self.inputs.iter().any(|input| matches!(input, Input::Lost(of) if *of as usize == at))
        };
        let fill = |(at, memory): &(usize, &Memory)| !memory.steps.is_empty() && is_lost(*at);
        for (at, _) in self.network.memories.iter().enumerate().filter(fill) {
            let at = self.step_at(at);
            bits[at / 64] |= 1 << (at % 64);
        }
        bits
    }
}

/// Returns whether the content of each memory is lost, and the share of its look-ups that misses. `up` has the parts that are
/// up, `bit` reads the input at a position, `age` the step at a position among the bits of the state.
pub(super) fn standing(
    plan: &FluidPlan,
    up: &[bool],
    bit: &impl Fn(usize) -> bool,
    age: impl Fn(usize) -> u32,
) -> Vec<(bool, f64)> {
    let memories = &plan.network.memories;
    if memories.is_empty() {
        return Vec::new();
    }
    let mut lost = vec![false; memories.len()];
    for (at, input) in plan.inputs.iter().enumerate() {
        if let Input::Lost(memory) = *input {
            lost[memory as usize] = bit(at);
        }
    }
    let standing = |(at, memory): (usize, &Memory)| {
        let answers = up[memory.number as usize] && !lost[at];
        (lost[at], if answers { memory.misses(age(plan.step_at(at))) } else { 1.0 })
    };
    memories.iter().enumerate().map(standing).collect()
}
