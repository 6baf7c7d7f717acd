//! Headroom: utilisation of all resources at the level of a window, now and after each single loss, in
//! closed form.
//!
//! Model: offered load divided by capacity ([`load`]); after the loss of a part, redundant parts have taken over.
//! The rate that can be carried is the one at which the first resource saturates: the
//! rate of the window varies, and everything else (other workloads, probes) keeps its own. Where the load is an upper bound (blocks
//! of a log, scrubs, writes across a link that no write waits for), that rate is computed from the least load
//! ([`load::least_without`]).
//!
//! Right after a takeover, a promoted database member reads with a cold buffer: that load is reported next to
//! the load with a warm buffer.
//!
//! Takes a draft. Gives numbers without noise. Leaves out what [`load`] leaves out, and the time
//! between a loss and the takeover, with the queues that form in it.

use std::collections::BTreeMap;

use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::drills;
use crate::plan::faults::parts::all_parts;
use crate::plan::figure::{Figure, NoSuchFigure};
use crate::plan::graph::{Graph, Subject};
use crate::plan::lint::judged;
use crate::plan::load::{self, Offered, Resource};
use crate::plan::part::Part;
use crate::plan::ram::{Found, Place};
use crate::scenario::suggest;
use crate::units::SimDuration;
use crate::workload::filling::Step;

/// Upper bound of the work of [`after_each_loss`]: the number of losses times the number of resources with
/// a load.
pub const MOST_WORK: usize = 4_000_000;

/// Spare capacity after a loss, or without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Spare {
    /// Name of the lost part; `None`: no loss.
    pub lost: Option<String>,
    /// True if every judged subject is still served.
    pub serves: bool,
    /// Resource with the highest utilisation, and this utilisation.
    pub busiest: Option<(String, f64)>,
    /// Resource that saturates first, and the rate per second of the window's workloads at which it does; `None` if
    /// no resource depends on that rate.
    pub carries: Option<(String, f64)>,
    /// State right after the takeover, if a buffer of a database, or a RAM cache, is cold then.
    pub cold: Option<Cold>,
}

/// Busiest resource right after a takeover, while a promoted database member, or the head that serves the volumes of both, reads
/// more from the disks.
#[derive(Clone, Debug, PartialEq)]
pub struct Cold {
    /// Name of the resource.
    pub name: String,
    /// Utilisation at first.
    pub used: f64,
    /// Time for which its load exceeds its capacity.
    pub over: SimDuration,
}

/// Returns the index of the window whose level is the design peak, by [`load::peak_among`].
#[must_use]
pub fn design_peak(draft: &Draft) -> Option<usize> {
    let windows = draft.scenario.window.iter().enumerate();
    let fixed = windows.filter_map(|(at, (name, window))| {
        Some((at, name.text.as_str(), load::level(draft, window)?))
    });
    load::peak_among(fixed, |(_, name, level)| (name, *level)).map(|(at, ..)| at)
}

/// Computes the headroom without a loss, then with each single loss of [`drills::one_of_each`], by name.
#[must_use]
pub fn after_each_loss(draft: &Draft, window: usize) -> Vec<Spare> {
    within(draft, window, MOST_WORK).0
}

/// Computes the same as [`after_each_loss`], and returns the number of losses in all. If all of them would take
/// more than `work`, only those of the parts with the highest load are computed.
#[must_use]
pub fn within(draft: &Draft, window: usize, work: usize) -> (Vec<Spare>, usize) {
    let graph = Graph::of(draft);
    let judged = judged(draft, &graph);
    let mut lost = drills::one_of_each(draft);
    let in_all = lost.len();
    // The order of sections in the file must not matter.
    lost.sort_by_cached_key(|part| part.name(draft));
    let offered = load::offered(draft, &load::rates_in(draft, window));
    let most = work / offered.len().max(1);
    if lost.len() > most {
        let loads = loads(draft, &offered);
        let load = |part: &Part| {
            let mut on = std::iter::once(*part).chain(part.domains(draft));
            on.find_map(|part| loads.get(&part).copied()).unwrap_or(0.0)
        };
        // The sort is stable: equals stay in the order of names.
        lost.sort_by(|a, b| load(b).total_cmp(&load(a)));
        lost.truncate(most);
        lost.sort_by_cached_key(|part| part.name(draft));
    }
    let lost = std::iter::once(None).chain(lost.into_iter().map(Some));
    (lost.map(|lost| spare(draft, (&graph, &judged), window, lost)).collect(), in_all)
}

/// Returns, per part, the utilisation of the busiest resource at it and at everything that stands on it.
fn loads(draft: &Draft, offered: &[Offered]) -> BTreeMap<Part, f64> {
    let mut loads: BTreeMap<Part, f64> = BTreeMap::new();
    for one in offered.iter().filter(|one| one.resource.is_limit()) {
        for part in std::iter::once(one.part).chain(one.part.domains(draft)) {
            let most = loads.entry(part).or_insert(0.0);
            *most = most.max(one.utilization());
        }
    }
    loads
}

fn spare(
    draft: &Draft,
    (graph, judged): (&Graph, &[Subject]),
    window: usize,
    lost: Option<Part>,
) -> Spare {
    let parts: Vec<Part> = lost.into_iter().collect();
    let serves = judged.iter().all(|subject| graph.serves(*subject, &parts));
    let rates = load::rates_in(draft, window);
    let mut all = load::offered_without(draft, graph, &rates, &parts);
    all.retain(|one| one.resource.is_limit());
    // Among equals, the first by name.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut busiest: Option<(String, f64)> = None;
    // Work without shares is there to fill what is idle.
    for one in all.iter().filter(|one| !one.is_rest) {
        if busiest.as_ref().is_none_or(|(_, most)| one.utilization() > *most) {
            busiest = Some((one.name.clone(), one.utilization()));
        }
    }
    // The load that does not grow: rates that the level fixes are 0, all others are those of the file.
    let own = load::rates(draft);
    let level = load::level(draft, &draft.scenario.window[window].1).unwrap_or(0.0);
    let fixed = load::fixed_by_levels(draft);
    let mut others = rates.clone();
    for ((rate, own), fixed) in others.iter_mut().zip(&own).zip(&fixed) {
        *rate = if *fixed { 0.0 } else { *own };
    }
    let least = load::has_less(draft).then(|| limits(draft, graph, &rates, &parts));
    let constant = limits(draft, graph, &others, &parts);
    let carries = first_busy(least.as_ref().unwrap_or(&all), &constant)
        .map(|(name, factor)| (name, factor * level));
    let cold = cold(draft, graph, &rates, &parts, &all);
    Spare { lost: lost.map(|part| part.name(draft)), serves, busiest, carries, cold }
}

/// Returns the busiest resource while a buffer or memory is cold. The additional load of a buffer decays as e^(−t/τ), so the load
/// falls to the capacity after τ ln((cold − warm) / (1 − warm)). Memory fills by what it is asked ([`fills_in`]).
fn cold(
    draft: &Draft,
    graph: &Graph,
    rates: &[f64],
    lost: &[Part],
    warm: &[Offered],
) -> Option<Cold> {
    let right_after = |what| load::offered_right_after(draft, graph, rates, lost, what);
    let (buffers, _) = right_after(load::Cold::Buffers);
    let (mut all, empty) = match draft.ram.is_empty() {
        true => (buffers.clone(), BTreeMap::new()),
        false => right_after(load::Cold::All),
    };
    all.retain(|one| one.resource.is_limit());
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let warm: BTreeMap<&str, &Offered> = warm.iter().map(|one| (one.name.as_str(), one)).collect();
    let more = all.iter().filter_map(|one| {
        let before = *warm.get(one.name.as_str())?;
        (one.utilization() > before.utilization()).then_some((one, before))
    });
    let (one, before) = more.max_by(|a, b| a.0.utilization().total_cmp(&b.0.utilization()))?;
    if before.utilization() >= 1.0 {
        return None;
    }
    let colds = draft.scenario.database.iter().filter_map(|(_, spec)| spec.cold.as_ref());
    // With several databases, the slowest one: it warms up last.
    let decay = colds.map(|cold| cold.decays_in.value).max();
    let used_by_buffers = buffers.iter().find(|other| other.name == one.name);
    let by_buffer = used_by_buffers.zip(decay).and_then(|(buffers, decay)| {
        let (used, before) = (buffers.utilization(), before.utilization());
        let times = || libm::log((used - before) / (1.0 - before)).max(0.0);
        (used > before).then(|| SimDuration::from_seconds_f64(decay.seconds() * times()))
    });
    let memory = empty.get(&one.part).filter(|_| one.resource == Resource::Disks);
    let filled = used_by_buffers.unwrap_or(before);
    let by_memory = memory.map(|reads| fills_in(draft, (one, filled), reads));
    let over = by_buffer.into_iter().chain(by_memory).max()?;
    Some(Cold { name: one.name.clone(), used: one.utilization(), over })
}

/// Returns the time for which the reads of contents that memory lacks exceed the capacity of their disks, `reads` per second of
/// each. The reads that are served meanwhile fill memory, in the steps of [`crate::workload::filling`].
fn fills_in(
    draft: &Draft,
    (empty, filled): (&Offered, &Offered),
    reads: &BTreeMap<Place, f64>,
) -> SimDuration {
    let found = reads.iter().filter_map(|(place, reads)| Some((draft.ram.at(*place)?, *reads)));
    let found: Vec<(&Found, f64)> = found.filter(|(found, _)| found.misses_both() < 1.0).collect();
    let hits: f64 = found.iter().map(|(found, reads)| (1.0 - found.misses_both()) * reads).sum();
    if hits <= 0.0 {
        return SimDuration::ZERO;
    }
    let each = (empty.per_second - filled.per_second) / hits;
    let all: f64 = found.iter().map(|(_, reads)| reads).sum();
    let others = empty.per_second - each * all;
    let steps: Vec<Vec<Step>> = found.iter().map(|(found, _)| found.filling_both()).collect();
    // Position of each content, and the look-ups left there.
    let mut at: Vec<(usize, f64)> =
        steps.iter().map(|steps| (0, steps.first().map_or(0.0, |step| step.look_ups))).collect();
    let mut seconds = 0.0;
    loop {
        let misses = |content: usize| {
            let step = steps[content].get(at[content].0);
            step.map_or(found[content].0.misses_both(), |step| step.misses)
        };
        let missed: f64 = (0..found.len()).map(|one| misses(one) * found[one].1).sum();
        let served = (empty.capacity - others) / (each * missed);
        if served >= 1.0 || served <= 0.0 {
            break;
        }
        let fills = (0..found.len()).filter(|one| at[*one].0 < steps[*one].len());
        let ends = fills.clone().map(|one| at[one].1 / (found[one].1 * served));
        let Some(next) = ends.min_by(f64::total_cmp) else { break };
        seconds += next;
        for one in fills.collect::<Vec<_>>() {
            at[one].1 -= next * found[one].1 * served;
            if at[one].1 <= 1e-9 {
                let place = at[one].0 + 1;
                at[one] = (place, steps[one].get(place).map_or(0.0, |step| step.look_ups));
            }
        }
    }
    SimDuration::from_seconds_f64(seconds)
}

/// Returns the least load of the resources whose capacity is a hard limit, by name: what no order of the requests avoids decides how
/// much can be carried.
fn limits(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part]) -> Vec<Offered> {
    let mut all = load::least_without(draft, graph, rates, lost);
    all.retain(|one| one.resource.is_limit());
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Returns the window to whose level a figure refers; without a name, that of the design peak.
fn window_of(draft: &Draft, wanted: &Figure) -> Result<usize, NoSuchFigure> {
    let windows = &draft.scenario.window;
    let levels: Vec<&str> = windows
        .iter()
        .filter(|(_, window)| window.level.is_some())
        .map(|(name, _)| name.text.as_str())
        .collect();
    let window = match wanted.window.as_deref() {
        None => design_peak(draft),
        Some(name) => (0..windows.len())
            .find(|at| windows[*at].0.text == name && windows[*at].1.level.is_some()),
    };
    window.ok_or_else(|| {
        let name = wanted.window.clone().unwrap_or_default();
        let id = wanted.metric.id();
        NoSuchFigure::new(format!("`{wanted}`: `{id}` is that at the level of a window"))
            .help_if(suggest::help(&name, &levels, "windows with a level are"))
    })
}

/// Computes a figure of headroom in the window that it names; without one, at the design peak.
///
/// # Errors
///
/// `NoSuchFigure`: the scenario has no such window, part or resource.
pub fn at(draft: &Draft, wanted: &Figure) -> Result<f64, NoSuchFigure> {
    figure(draft, wanted, window_of(draft, wanted)?)
}

/// Returns the resource that saturates first as the level of a window grows: with all workloads whose
/// rate the level fixes, or with those that request the given class.
///
/// # Errors
///
/// `NoSuchFigure`: the scenario has no such window, part or class, or no load grows.
pub fn saturates(draft: &Draft, wanted: &Figure) -> Result<String, NoSuchFigure> {
    let window = window_of(draft, wanted)?;
    if let Some(resource) = &wanted.resource {
        let message = format!("`{wanted}`: `{resource}` has no resource that saturates");
        return Err(NoSuchFigure::new(message).help("write `saturates.first`"));
    }
    let lost = wanted.key("after-loss").map(|name| part(draft, wanted, name)).transpose()?;
    let grows: Vec<bool> = if wanted.scope.is_empty() {
        load::fixed_by_levels(draft)
    } else {
        let asks = |workload: &WorkloadSpec| {
            workload.users.is_none() && workload.request.value.text == wanted.scope
        };
        draft.scenario.workload.iter().map(|(_, workload)| asks(workload)).collect()
    };
    if !grows.contains(&true) {
        let names: Vec<&str> = draft
            .scenario
            .workload
            .iter()
            .filter(|(_, workload)| workload.users.is_none())
            .map(|(_, workload)| workload.request.value.text.as_str())
            .collect();
        let message = format!("`{wanted}`: no workload asks for `{}` at a rate", wanted.scope);
        let help = suggest::help(&wanted.scope, &names, "asked for are");
        return Err(NoSuchFigure::new(message).help_if(help));
    }
    let parts: Vec<Part> = lost.into_iter().collect();
    let rates = load::rates_in(draft, window);
    let mut rest = rates.clone();
    rest.iter_mut().zip(&grows).filter(|(_, grows)| **grows).for_each(|(rate, _)| *rate = 0.0);
    let graph = Graph::of(draft);
    let all = limits(draft, &graph, &rates, &parts);
    let constant = limits(draft, &graph, &rest, &parts);
    first_busy(&all, &constant).map(|(name, _)| name).ok_or_else(|| {
        NoSuchFigure::new(format!("`{wanted}`: no resource gets busier as the level grows"))
    })
}

/// Returns the resource that saturates first, and the factor on the growing load at which it does.
/// `constant` is the load that does not grow; among equals, the first.
fn first_busy(all: &[Offered], constant: &[Offered]) -> Option<(String, f64)> {
    let mut first: Option<(String, f64)> = None;
    let constant: BTreeMap<&str, &Offered> =
        constant.iter().map(|one| (one.name.as_str(), one)).collect();
    for one in all {
        let beside = constant.get(one.name.as_str());
        let capacity = beside.filter(|one| one.is_rest).map_or(one.capacity, |one| one.capacity);
        let beside = beside.map_or(0.0, |one| one.per_second);
        let varies = one.per_second - beside;
        if varies <= 1e-12 * one.per_second {
            continue;
        }
        // The rest that others leave shrinks as their load grows.
        let factor = (capacity - beside).max(0.0) / (varies + (capacity - one.capacity));
        if first.as_ref().is_none_or(|(_, least)| factor < *least) {
            first = Some((one.name.clone(), factor));
        }
    }
    first
}

/// Computes the figure `headroom.<part>[.<resource>][after-loss=<part>]` at the level of a window.
///
/// # Errors
///
/// `NoSuchFigure`: the scenario has no such part or resource, or no load on it.
pub fn figure(draft: &Draft, figure: &Figure, window: usize) -> Result<f64, NoSuchFigure> {
    let graph = Graph::of(draft);
    let rates = load::rates_in(draft, window);
    let lost = figure.key("after-loss").map(|name| part(draft, figure, name)).transpose()?;
    let before = load::offered(draft, &rates);
    let Some(lost) = lost else { return value(draft, figure, &before).map(|used| 1.0 - used) };
    let after = load::offered_without(draft, &graph, &rates, &[lost]);
    match value(draft, figure, &after) {
        Ok(used) => Ok(1.0 - used),
        Err(said) if value(draft, figure, &before).is_err() => Err(said),
        Err(_) => Err(NoSuchFigure::new(format!(
            "`{figure}`: it has no load when `{}` is lost",
            lost.name(draft)
        ))),
    }
}

fn part(draft: &Draft, figure: &Figure, name: &str) -> Result<Part, NoSuchFigure> {
    let all: Vec<(String, Part)> =
        all_parts(draft).into_iter().map(|part| (part.name(draft), part)).collect();
    let found = all.iter().find(|(other, _)| other == name);
    found.map(|(_, part)| *part).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        NoSuchFigure::new(format!("`{figure}`: there is no part `{name}`")).help_if(suggest::help(
            name,
            &names,
            "there are",
        ))
    })
}

const WORDS: [(&str, Resource); 8] = [
    ("cpu", Resource::Cpu),
    ("baseline", Resource::Baseline),
    ("disks", Resource::Disks),
    ("head", Resource::Head),
    ("uplink", Resource::Uplink),
    ("servers", Resource::Servers),
    ("link", Resource::Link),
    ("row", Resource::Row),
];

/// Returns the utilisation of the resource that a figure names: one, or all members of a group together.
fn value(draft: &Draft, figure: &Figure, all: &[Offered]) -> Result<f64, NoSuchFigure> {
    let scope = &figure.scope;
    let name = figure.resource.as_ref().map_or(scope.clone(), |of| format!("{scope}.{of}"));
    if let Some(one) = all.iter().find(|one| one.name == name) {
        return Ok(one.utilization());
    }
    let resource = figure.resource.as_deref();
    for (word, of) in WORDS {
        // `store.head` names a group of heads, `www.cpu` the processors of a group.
        let group = match resource {
            Some(resource) if resource == word && of != Resource::Head => scope.as_str(),
            _ => name.as_str(),
        };
        let named = resource == Some(word) || (word != "cpu" && word != "baseline");
        if let Some(used) = load::total(draft, all, group, of).filter(|_| named) {
            return Ok(used);
        }
    }
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let message = format!("`{figure}`: no load is offered to a resource `{name}`");
    Err(NoSuchFigure::new(message).help_if(suggest::help(&name, &names, "resources are")))
}
