//! Time until memory that began empty is warm.
//!
//! Model: object caches and RAM caches with their second levels begin every window empty, and fill by what they are asked
//! ([`crate::workload::filling`]). One is warm when at most [`COLD`] of its look-ups miss although they would not later.
//! It is asked as often as at the mean rates of the file, with all parts up; in a window with a level, in proportion to the
//! rates that it fixes.
//!
//! Leaves out what closed users and recorded traffic ask, at no known rate, contents that nothing reads while all parts are up,
//! and what takes longer because the disks behind cold memory are overloaded.

use crate::model::spec::runs::WindowSpec;
use crate::plan::Draft;
use crate::plan::load;
use crate::plan::part::Part;
use crate::plan::ram::Found;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::SimDuration;
use crate::workload::filling::Step;

/// Largest share of the look-ups of warm memory that miss because it is not warm yet.
const COLD: f64 = 0.01;

/// Memory that begins empty.
#[derive(Clone, Debug)]
pub struct Warming {
    /// Its name.
    pub name: String,
    /// Time until it is warm, at the mean rates of the file.
    pub takes: SimDuration,
}

/// Returns the memory that takes longest until it is warm; `None` if none has content that is asked for at a known rate.
#[must_use]
pub fn slowest(draft: &Draft) -> Option<Warming> {
    let mut slowest: Option<(Part, f64)> = None;
    let mut add = |part: Part, seconds: f64| {
        if slowest.is_none_or(|(_, known)| known < seconds) {
            slowest = Some((part, seconds));
        }
    };
    let mut known: Vec<(&Found, f64)> = Vec::new();
    for (place, found) in draft.ram.all() {
        if place.is_shared || !found.is_read || found.reads <= 0.0 {
            continue;
        }
        let same = known.iter().find(|(other, _)| other.fills_as(found));
        let look_ups = same.map_or_else(
            || look_ups(&found.filling_both(), found.misses_both()),
            |(_, look_ups)| *look_ups,
        );
        if same.is_none() {
            known.push((found, look_ups));
        }
        add(place.memory, look_ups / found.reads);
    }
    for (cache, part, rate) in draft.hits.asked() {
        let warm = 1.0 - draft.hits.in_cache(cache);
        add(part, look_ups(&draft.hits.filling(cache), warm) / rate);
    }
    let (part, seconds) = slowest?;
    Some(Warming { name: part.name(draft), takes: SimDuration::from_seconds_f64(seconds) })
}

/// Returns the look-ups of the steps in which more than [`COLD`] of them miss beyond the share `warm`.
fn look_ups(steps: &[Step], warm: f64) -> f64 {
    let cold = |step: &&Step| step.misses - warm > COLD;
    steps.iter().take_while(cold).map(|step| step.look_ups).sum()
}

/// Reports windows that are counted before all memory is warm.
pub fn lint(draft: &Draft, out: &mut Diagnostics) {
    if draft.scenario.window.is_empty() {
        return;
    }
    let Some(Warming { name, takes }) = slowest(draft) else { return };
    let mean: f64 = load::open_rates(draft).iter().sum();
    for (at, (window, spec)) in draft.scenario.window.iter().enumerate() {
        let rate: f64 = load::open_rates_in(draft, at).iter().sum();
        if rate <= 0.0 {
            continue;
        }
        let takes = SimDuration::from_seconds_f64(takes.seconds() * mean / rate);
        if before(spec) < takes {
            let message = format!(
                "`{name}` begins the window `{window}` empty, and is warm after {}: the figures are those of cold memory",
                whole(takes)
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

/// Returns the time that is simulated before a window counts.
fn before(spec: &WindowSpec) -> SimDuration {
    spec.warm_up.value + spec.before.as_ref().map_or(SimDuration::ZERO, |before| before.value)
}
