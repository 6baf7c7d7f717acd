//! Object caches and RAM caches in states of the parts: the share of their look-ups that misses.
//!
//! Model: while its process is down or cannot be reached, every look-up misses. A process that was down, hung or emptied
//! by a fault, or whose zone or server was down or hung, begins empty, and fills by what it is asked
//! ([`filling`](crate::workload::filling)). How full it is is part of the state, in steps, each at its mean.
//!
//! The memory of a server or of a head of a file server is one of these for each content read from it, and its second level
//! another one, which is asked for what memory misses. A content that
//! nothing reads while all parts are up begins empty. A head that takes over reads the volumes of its partner from empty memory,
//! and while it serves both its memory finds less of its own.
//!
//! Takes the popularity of the objects and the steady hit ratio. A cache whose file gives a hit ratio has no content to lose: it
//! hits as often as before at once when its process is back. Leaves out: a head that gives volumes back has lost some of its own meanwhile.

use super::FluidPlan;
use super::network::{self, Branch, Builder, Network, Onward, times};
use super::state::{AGE_BITS, Bits, Input, Lead};
use crate::convert::table;
use crate::health::declare::Expr;
use crate::kinds::cache::plan::part_of;
use crate::plan::Draft;
use crate::plan::faults::memory_lost;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::ram::{ContentId, Found, Place};
use crate::plan::route::ask::Ask;
use crate::plan::route::{Does, Step as RouteStep, each, each_here};
use crate::scenario::source::Span;
use crate::workload::filling::{MOST_STEPS, Step};

const _: () = assert!(MOST_STEPS < 1 << AGE_BITS);

/// Content in the memory of a part, which fills again after it was lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// The content and the part.
    pub place: Place,
    /// Number of the part in the network.
    pub number: u32,
    /// Share of the look-ups that misses when it is warm.
    pub warm: f64,
    /// Steps in which it fills.
    pub steps: Vec<Step>,
    /// True if nothing looks it up while all parts are up.
    pub begins_empty: bool,
    /// True if it is a second level, on disks: it is asked while its content is not lost, also when its disks do not answer.
    pub is_on_disks: bool,
    /// Parts that empty it: those that lose what is in their memory, and disks that are lost.
    pub emptied_by: Vec<Part>,
    /// Relation to what the part takes over from its partner; `None` if it takes nothing over.
    pub of_head: Option<OfHead>,
}

/// Content in the memory of one of two heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfHead {
    /// It is on volumes of the partner: they are read from this memory after a takeover alone. File server and partner.
    Away(u32, u32),
    /// It is on volumes of the head itself. File server, partner, and the share of its look-ups that misses while the head
    /// serves the volumes of both.
    Home(u32, u32, f64),
}

impl Memory {
    /// Returns the share of the look-ups that misses at a step; 0 is warm. `is_away` returns whether the volumes of a head
    /// of a file server are served by its partner.
    fn misses(&self, step: u32, is_away: &impl Fn(u32, u32) -> bool) -> f64 {
        let warm = match self.of_head {
            Some(OfHead::Home(nas, partner, both)) if is_away(nas, partner) => both,
            _ => self.warm,
        };
        let at = (step as usize).checked_sub(1).and_then(|at| self.steps.get(at));
        at.map_or(warm, |step| step.misses.max(warm))
    }
}

/// Requests that follow look-ups in a memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    /// One for each look-up that misses.
    Misses,
    /// One for each look-up that finds its block.
    Finds,
    /// One for this share of the look-ups that miss, while the memory can store anything.
    Stores(f64),
}

/// Look-ups of which some miss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookUps {
    /// Memory in which they are, by index in [`Network::memories`].
    pub memory: u32,
    /// Expected number per visit.
    pub count: f64,
    /// Requests that follow.
    pub after: After,
}

impl LookUps {
    /// Returns the number of requests that follow, in a state of the memory.
    #[must_use]
    pub fn followed(&self, memory: &MemoryNow) -> f64 {
        self.count
            * match self.after {
                After::Misses => memory.misses,
                After::Finds => 1.0 - memory.misses,
                After::Stores(share) if memory.answers => memory.misses * share,
                After::Stores(_) => 0.0,
            }
    }
}

/// Memory in a state of the parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryNow {
    /// True if its content is lost.
    pub lost: bool,
    /// True if it can be asked, and stores what it lacks.
    pub answers: bool,
    /// Share of the look-ups that misses.
    pub misses: f64,
}

/// Returns the cache that a step looks something up in.
#[must_use]
pub fn looked_up(ask: &dyn Ask) -> Option<usize> {
    let (kind, cache) = ask.of();
    (kind == Kind::Cache && ask.changes().is_none()).then_some(cache)
}

/// Returns the places of jumps out of the steps that a miss takes.
#[must_use]
pub fn jumps_out(draft: &Draft) -> Vec<Span> {
    let mut found = Vec::new();
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            let Does::Ask(ask) = &step.does else { return };
            if looked_up(&**ask).is_none() {
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
    /// Returns the number of a memory; `make` makes it at the first call.
    fn memory(&mut self, place: Place, make: impl FnOnce(&mut Self) -> Memory) -> u32 {
        let found = self.net.memories.iter().position(|memory| memory.place == place);
        let at = found.unwrap_or_else(|| {
            let memory = make(self);
            self.net.memories.push(memory);
            self.net.memories.len() - 1
        });
        table::u32(at)
    }

    /// Returns the number of an object cache among the memories.
    fn object_cache(&mut self, cache: usize) -> u32 {
        let place = Place { memory: part_of(cache), content: (0, 0), is_shared: false };
        self.memory(place, |builder| {
            let number = builder.part(place.memory);
            let hits = &builder.draft().hits;
            let (warm, steps) = (1.0 - hits.in_cache(cache), hits.filling(cache));
            let (begins_empty, is_on_disks, emptied_by) = (false, false, vec![place.memory]);
            let of_head = None;
            Memory { place, number, warm, steps, begins_empty, is_on_disks, emptied_by, of_head }
        })
    }

    /// Returns the number of a RAM cache with a content of disks; `None` if each read goes to the disks.
    pub(crate) fn ram_cache(&mut self, place: Place) -> Option<u32> {
        self.filled(place, None)
    }

    /// Returns the same for the memory of `head`, with a content on volumes that `owner` serves first.
    pub(crate) fn ram_cache_of_head(
        &mut self,
        (head, content): (Part, ContentId),
        owner: Part,
    ) -> Option<u32> {
        let both = Place { memory: head, content, is_shared: true };
        let nas = table::u32(head.index());
        if head != owner {
            return self.filled(both, Some(OfHead::Away(nas, owner.number())));
        }
        let found = self.draft().ram.at(both);
        // The partner of head 0 is head 1.
        let home = found.map(|found| OfHead::Home(nas, 1 - head.number(), 1.0 - found.hits));
        self.filled(Place { is_shared: false, ..both }, home)
    }

    fn filled(&mut self, place: Place, of_head: Option<OfHead>) -> Option<u32> {
        let found = self.draft().ram.at(place)?;
        Some(self.memory(place, |builder| {
            let number = builder.part(place.memory);
            let (warm, steps) = (1.0 - found.hits, builder.filling(found));
            let begins_empty = !found.is_read;
            let (is_on_disks, emptied_by) = (false, vec![place.memory]);
            Memory { place, number, warm, steps, begins_empty, is_on_disks, emptied_by, of_head }
        }))
    }

    /// Returns the node of the reads that memory misses and that ask its second level: from there to the nodes of the disks with
    /// the data, of a read and of a write of the second level.
    pub(crate) fn second_level(&mut self, place: Place, [miss, read, write]: [u32; 3]) -> u32 {
        let draft = self.draft();
        let found = draft.ram.at(place).and_then(|found| Some((found, found.second.as_ref()?)));
        let Some((found, (second, behind))) = found else { return miss };
        let own = Place { memory: second.disks, ..place };
        let memory = self.memory(own, |builder| {
            let of_memory = (!second.is_persistent).then_some(place.memory);
            Memory {
                place: own,
                number: builder.part(second.disks),
                warm: 1.0 - behind.hits,
                steps: behind.filling().to_vec(),
                begins_empty: !found.is_read,
                is_on_disks: true,
                emptied_by: std::iter::once(second.disks).chain(of_memory).collect(),
                of_head: None,
            }
        });
        let one = |after| Some(LookUps { memory, count: 1.0, after });
        let (hits, stored) = (behind.hits, behind.stored);
        let found = Onward { look_ups: one(After::Finds), ..times(read, hits) };
        let stored = Onward {
            look_ups: one(After::Stores(stored)),
            waits: false,
            ..times(write, (1.0 - hits) * stored)
        };
        let then = vec![self.missed(memory, miss, 1.0), found, stored];
        self.alone(Branch { then, ..Branch::default() })
    }

    /// Returns the steps in which a content fills memory.
    fn filling(&mut self, found: &Found) -> Vec<Step> {
        if let Some((_, steps)) = self.filling.iter().find(|(known, _)| known.fills_as(found)) {
            return steps.clone();
        }
        let steps = found.filling();
        self.filling.push((found.clone(), steps.clone()));
        steps
    }

    /// Returns the way to the disks at `node` of the reads that a memory does not find, after `count` reads.
    pub(crate) fn missed(&self, memory: u32, node: u32, count: f64) -> Onward {
        let look_ups = Some(LookUps { memory, count, after: After::Misses });
        Onward { look_ups, ..times(node, count * self.net.memories[memory as usize].warm) }
    }

    /// Returns the way to the steps of a miss, after `count` look-ups in a cache; `None` if there are none.
    pub(super) fn misses(
        &mut self,
        place: network::Place,
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
        let node = self.alone(Branch { then, ..branch });
        let memory = self.object_cache(cache);
        Some(self.missed(memory, node, count))
    }
}

/// Returns the look-ups per view that reach each memory whose part is up, of views of which the share `reached` goes on.
/// `visits` has those of the branches of all nodes, in order; `cold` has the factor on the misses of each buffer.
pub(super) fn look_ups(
    net: &Network,
    (up, cold): (&[bool], &[f64]),
    reached: f64,
    visits: &[f64],
) -> Vec<(u32, f64)> {
    if net.memories.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let branches = net.nodes.iter().flat_map(|node| &node.branches);
    for (branch, visits) in branches.zip(visits) {
        let first = |of: &LookUps| of.after == After::Misses;
        let asked = |onward: &Onward| Some((onward.look_ups.filter(first)?, onward.buffer));
        for (asked, buffer) in branch.then.iter().filter_map(asked) {
            let cold = buffer.map_or(1.0, |buffer| cold[buffer as usize]);
            let count = visits * asked.count * cold * reached;
            if count > 0.0 && up[net.memories[asked.memory as usize].number as usize] {
                all.push((asked.memory, count));
            }
        }
    }
    all
}

/// Returns the inputs that say which memories have lost their content.
pub(super) fn facts(
    draft: &Draft,
    network: &Network,
    known: &dyn Fn(&str, &str) -> bool,
) -> Vec<(Input, Expr)> {
    let publishes = |part: Part, fact: &str| known(&part.name(draft), fact);
    let one = |(at, memory): (usize, &Memory)| {
        let by = memory.emptied_by.iter().filter_map(|part| memory_lost(draft, *part, &publishes));
        let mut by: Vec<Expr> = by.collect();
        let lost = if by.len() < 2 { by.pop()? } else { Expr::Any(by) };
        Some((Input::Lost(table::u32(at)), lost))
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

/// Returns the state of each memory. `up` has the parts that are
/// up, `head` has the location of the volumes of each head by file server, `bit` reads the input at a position, `age` the step at a position among the bits of the state.
pub(super) fn standing(
    plan: &FluidPlan,
    (up, head): (&[bool], &[Vec<Lead>]),
    bit: &impl Fn(usize) -> bool,
    age: impl Fn(usize) -> u32,
) -> Vec<MemoryNow> {
    let memories = &plan.network.memories;
    if memories.is_empty() {
        return Vec::new();
    }
    let is_away = |nas: u32, owner: u32| head[nas as usize][owner as usize] == Lead::Partner;
    let mut lost = vec![false; memories.len()];
    for (at, input) in plan.inputs.iter().enumerate() {
        if let Input::Lost(memory) = *input {
            lost[memory as usize] = bit(at);
        }
    }
    for (lost, memory) in lost.iter_mut().zip(memories) {
        if let Some(OfHead::Away(nas, owner)) = memory.of_head {
            *lost |= !is_away(nas, owner);
        }
    }
    let standing = |(at, memory): (usize, &Memory)| {
        let answers = !lost[at] && (memory.is_on_disks || up[memory.number as usize]);
        let misses = if answers { memory.misses(age(plan.step_at(at)), &is_away) } else { 1.0 };
        MemoryNow { lost: lost[at], answers, misses }
    };
    memories.iter().enumerate().map(standing).collect()
}
