//! Time until memory that began empty is warm.
//!
//! Model: object caches and RAM caches with their second levels begin every window empty, and fill by what they are asked
//! ([`crate::workload::filling`]) at the rates of the window, with all parts up. One is warm when at most [`COLD`] of its look-ups
//! miss although they would not later.
//!
//! Leaves out memory that is asked less than once in a hundred requests from outside ([`RARE`]), what closed users and recorded
//! traffic ask, at no known rate, contents that nothing reads while all parts are up, and what takes longer because the disks behind
//! cold memory are overloaded.

use crate::plan::Draft;
use crate::plan::load;
use crate::plan::part::Part;
use crate::plan::ram::{Found, Place};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::SimDuration;
use crate::workload::filling::Step;

/// Largest share of the look-ups of warm memory that miss because it is not warm yet.
const COLD: f64 = 0.01;
/// Look-ups per request from outside below which memory is left out.
const RARE: f64 = 0.01;
/// Longest time that is told.
const LONGEST: SimDuration = SimDuration::YEAR.saturating_mul(100);

/// Memory that begins empty.
#[derive(Clone, Debug)]
pub struct Warming {
    /// Its name.
    pub name: String,
    /// Time until it is warm.
    pub takes: SimDuration,
}

/// Look-ups of a memory.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// Reads of a content.
    Reads(Place),
    /// Look-ups of an object cache.
    Objects(usize, Part),
}

/// Returns all memories with content, with the look-ups that each needs to be warm.
fn memories(draft: &Draft) -> Vec<(Asked, f64)> {
    let mut all = Vec::new();
    // Memories that fill alike share the computation.
    let mut known: Vec<(&Found, f64)> = Vec::new();
    for (place, found) in draft.ram.all() {
        if place.is_shared || !found.is_read {
            continue;
        }
        let same = known.iter().find(|(other, _)| found.second.is_none() && other.fills_as(found));
        let needed = match same {
            Some((_, needed)) => *needed,
            None => look_ups(&found.filling_both(), found.misses_both()),
        };
        if same.is_none() && found.second.is_none() {
            known.push((found, needed));
        }
        all.push((Asked::Reads(place), needed));
    }
    for (cache, part) in draft.hits.with_content() {
        let warm = 1.0 - draft.hits.in_cache(cache);
        all.push((Asked::Objects(cache, part), look_ups(&draft.hits.filling(cache), warm)));
    }
    all
}

/// Returns the look-ups of the steps in which more than [`COLD`] of them miss beyond the share `warm`.
fn look_ups(steps: &[Step], warm: f64) -> f64 {
    let cold = |step: &&Step| step.misses - warm > COLD;
    steps.iter().take_while(cold).map(|step| step.look_ups).sum()
}

/// Returns the memory that takes longest until it is warm, at these rates of the workloads; `None` if none takes any time.
#[must_use]
pub fn slowest(draft: &Draft, rates: &[f64]) -> Option<Warming> {
    slowest_of(draft, &memories(draft), rates)
}

fn slowest_of(draft: &Draft, memories: &[(Asked, f64)], rates: &[f64]) -> Option<Warming> {
    if memories.is_empty() {
        return None;
    }
    let least = RARE * rates.iter().sum::<f64>();
    let (reads, objects) =
        (load::asked_of_memories(draft, rates), draft.hits.look_ups(draft, rates));
    let mut slowest: Option<(Part, f64)> = None;
    for (asked, needed) in memories {
        let (part, per_second) = match asked {
            Asked::Reads(place) => (place.memory, reads.get(place).map_or(0.0, |of| of.reads)),
            Asked::Objects(cache, part) => (*part, objects[*cache]),
        };
        if per_second <= 0.0 || per_second < least {
            continue;
        }
        let seconds = needed / per_second;
        if seconds > 0.0 && slowest.is_none_or(|(_, known)| known < seconds) {
            slowest = Some((part, seconds));
        }
    }
    let (part, seconds) = slowest?;
    let takes = SimDuration::from_seconds_f64(seconds.min(LONGEST.seconds()));
    Some(Warming { name: part.name(draft), takes })
}

/// Reports windows that are counted before all memory is warm.
pub fn lint(draft: &Draft, out: &mut Diagnostics) {
    if draft.scenario.window.is_empty() {
        return;
    }
    let memories = memories(draft);
    for (at, (window, spec)) in draft.scenario.window.iter().enumerate() {
        let rates = load::open_rates_in(draft, at);
        let Some(slow) = slowest_of(draft, &memories, &rates) else { continue };
        if spec.warm_up.value < slow.takes {
            let message = format!(
                "the memory of `{}` is empty when the warm-up of the window `{window}` begins, and is warm after {}: the figures are those of cold memory",
                slow.name,
                whole(slow.takes)
            );
            let found = Diagnostic::new(Code::ColdMemory, spec.span, message);
            out.push(found.help("lengthen its `warm-up`, unless cold memory is what it is about"));
        }
    }
}

/// Rounds a time up to seconds, and from ten minutes on to minutes.
#[must_use]
pub fn whole(time: SimDuration) -> SimDuration {
    let unit = if time.seconds() < 600.0 { SimDuration::SECOND } else { SimDuration::MINUTE };
    SimDuration::from_seconds_f64((time.seconds() / unit.seconds()).ceil() * unit.seconds())
}
