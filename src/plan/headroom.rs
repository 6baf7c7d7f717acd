//! Headroom: how busy everything is at the level of a window, now and after each single loss, by
//! arithmetic.
//!
//! Model: offered load over capacity ([`load`]); with a part lost, what is redundant has taken over.
//! The rate that can be carried is the one at which the first resource is busy all the time: the
//! rate of the window varies, all else (other workloads, probes) keeps its own.
//!
//! Right after a takeover a promoted database member reads with a cold buffer: that load stands beside
//! the one once it is warm.
//!
//! Takes a draft. Gives numbers without noise. Leaves out what [`load`] leaves out, and what comes
//! between a loss and the takeover, with the queues that it leaves.

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
use crate::scenario::suggest;
use crate::units::SimDuration;

/// The most resources of which single losses are worked out, each loss counting all resources that
/// something is asked of.
pub const MOST_WORK: usize = 4_000_000;

/// What is left after a loss, or without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Spare {
    /// What is lost; none: nothing.
    pub lost: Option<String>,
    /// Whether everything that is judged is still served.
    pub serves: bool,
    /// The busiest resource, and how busy it is.
    pub busiest: Option<(String, f64)>,
    /// The rate of the window's workloads at which the first resource is busy all the time, with its
    /// name; none where nothing depends on that rate.
    pub carries: Option<(String, f64)>,
    /// Right after the takeover, where that leaves a database with a cold buffer.
    pub cold: Option<Cold>,
}

/// The busiest resource right after a takeover, while a promoted database member reads more from its
/// disks.
#[derive(Clone, Debug, PartialEq)]
pub struct Cold {
    /// Its name.
    pub name: String,
    /// How busy it is at first.
    pub used: f64,
    /// For how long more is offered than it can do.
    pub over: SimDuration,
}

/// The window whose level is the design peak: the one called `peak`, else that with the highest
/// level; by place.
#[must_use]
pub fn design_peak(draft: &Draft) -> Option<usize> {
    let windows = &draft.scenario.window;
    let level = |at: &usize| load::level(draft, &windows[*at].1);
    let all = || (0..windows.len()).filter(|at| level(at).is_some());
    all().find(|at| windows[*at].0.text == "peak").or_else(|| {
        all().max_by(|a, b| level(a).partial_cmp(&level(b)).unwrap_or(std::cmp::Ordering::Equal))
    })
}

/// Nothing lost, then one of each kind and role of parts lost, in the order of names.
#[must_use]
pub fn after_each_loss(draft: &Draft, window: usize) -> Vec<Spare> {
    within(draft, window, MOST_WORK).0
}

/// As [`after_each_loss`], with how many losses there are in all. Where all of them would take more than
/// `work`, those of the parts with the most load are worked out.
#[must_use]
pub fn within(draft: &Draft, window: usize, work: usize) -> (Vec<Spare>, usize) {
    let graph = Graph::of(draft);
    let judged = judged(draft, &graph);
    let mut lost = drills::one_of_each(draft);
    let in_all = lost.len();
    // Where a section stands in the file says nothing.
    lost.sort_by_cached_key(|part| part.name(draft));
    let offered = load::offered(draft, &load::rates_in(draft, window));
    let most = work / offered.len().max(1);
    if lost.len() > most {
        let loads = loads(draft, &offered);
        let load = |part: &Part| {
            let mut on = std::iter::once(*part).chain(part.domains(draft));
            on.find_map(|part| loads.get(&part).copied()).unwrap_or(0.0)
        };
        // Stable: of equals the first by name.
        lost.sort_by(|a, b| load(b).total_cmp(&load(a)));
        lost.truncate(most);
        lost.sort_by_cached_key(|part| part.name(draft));
    }
    let lost = std::iter::once(None).chain(lost.into_iter().map(Some));
    (lost.map(|lost| spare(draft, (&graph, &judged), window, lost)).collect(), in_all)
}

/// How busy the busiest resource is of each part and of all that stands on it.
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
    let offered = |rates: &[f64]| limits(draft, graph, rates, &parts);
    let mut all = offered(&rates);
    // Of equals the first by name.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut busiest: Option<(String, f64)> = None;
    for one in &all {
        if busiest.as_ref().is_none_or(|(_, most)| one.utilization() > *most) {
            busiest = Some((one.name.clone(), one.utilization()));
        }
    }
    // Rates that the level fixes are the same in all windows but for it.
    let own = load::rates(draft);
    let level = load::level(draft, &draft.scenario.window[window].1).unwrap_or(0.0);
    let fixed = load::fixed_by_levels(draft);
    let mut others = rates.clone();
    for ((rate, own), fixed) in others.iter_mut().zip(&own).zip(&fixed) {
        *rate = if *fixed { 0.0 } else { *own };
    }
    let constant = offered(&others);
    let carries = first_busy(&all, &constant).map(|(name, factor)| (name, factor * level));
    let cold = cold(draft, graph, &rates, &parts, &all);
    Spare { lost: lost.map(|part| part.name(draft)), serves, busiest, carries, cold }
}

/// What is busiest while a buffer is cold. What it adds decays as e^(−t/τ), so that the load comes down to
/// the capacity after τ ln((cold − warm) / (1 − warm)).
fn cold(
    draft: &Draft,
    graph: &Graph,
    rates: &[f64],
    lost: &[Part],
    warm: &[Offered],
) -> Option<Cold> {
    let mut all = load::offered_right_after(draft, graph, rates, lost);
    all.retain(|one| one.resource.is_limit());
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let warm: BTreeMap<&str, f64> =
        warm.iter().map(|one| (one.name.as_str(), one.utilization())).collect();
    let before = |name: &str| warm.get(name).copied();
    let more = all.iter().filter_map(|one| {
        let (used, before) = (one.utilization(), before(&one.name)?);
        (used > before).then_some((one, used, before))
    });
    let (one, used, before) = more.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let colds = draft.scenario.database.iter().filter_map(|(_, spec)| spec.cold.as_ref());
    // Of several databases the slowest, which warms up last.
    let decay = colds.map(|cold| cold.decays_in.value).max()?;
    if before >= 1.0 {
        return None;
    }
    let times = libm::log((used - before) / (1.0 - before)).max(0.0);
    let over = SimDuration::from_seconds_f64(decay.seconds() * times);
    Some(Cold { name: one.name.clone(), used, over })
}

/// Resources above whose capacity nothing can be served.
fn limits(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part]) -> Vec<Offered> {
    let all = load::offered_without(draft, graph, rates, lost);
    all.into_iter().filter(|one| one.resource.is_limit()).collect()
}

/// The window whose level a figure means; without a name that of the design peak.
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

/// A figure of headroom in the window that it names; without one at the design peak.
///
/// # Errors
///
/// What the scenario has no such figure of.
pub fn at(draft: &Draft, wanted: &Figure) -> Result<f64, NoSuchFigure> {
    figure(draft, wanted, window_of(draft, wanted)?)
}

/// The resource that is busy all the time first as the level of a window grows: of all workloads whose
/// rate the level fixes, or of the one that asks for the class named.
///
/// # Errors
///
/// What the scenario has no such figure of.
pub fn saturates(draft: &Draft, wanted: &Figure) -> Result<String, NoSuchFigure> {
    let window = window_of(draft, wanted)?;
    if let Some(resource) = &wanted.resource {
        let message = format!("`{wanted}`: `{resource}` cannot be asked what saturates");
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
    let mut all = limits(draft, &graph, &rates, &parts);
    // Of equals the first by name.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let constant = limits(draft, &graph, &rest, &parts);
    first_busy(&all, &constant).map(|(name, _)| name).ok_or_else(|| {
        NoSuchFigure::new(format!("`{wanted}`: no resource gets busier as the level grows"))
    })
}

/// The resource that is busy all the time first, and the factor on what grows at which it is, where
/// `constant` is what does not grow; of equals the first.
fn first_busy(all: &[Offered], constant: &[Offered]) -> Option<(String, f64)> {
    let mut first: Option<(String, f64)> = None;
    let constant: BTreeMap<&str, f64> =
        constant.iter().map(|one| (one.name.as_str(), one.per_second)).collect();
    for one in all {
        let beside = constant.get(one.name.as_str()).copied().unwrap_or(0.0);
        let varies = one.per_second - beside;
        if varies <= 1e-12 * one.per_second {
            continue;
        }
        let factor = (one.capacity - beside).max(0.0) / varies;
        if first.as_ref().is_none_or(|(_, least)| factor < *least) {
            first = Some((one.name.clone(), factor));
        }
    }
    first
}

/// The figure `headroom.<part>[.<resource>][after-loss=<part>]` at the level of a window.
///
/// # Errors
///
/// What the scenario has no such figure of.
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
            "`{figure}`: nothing is asked of it when `{}` is lost",
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

const WORDS: [(&str, Resource); 6] = [
    ("cpu", Resource::Cpu),
    ("baseline", Resource::Baseline),
    ("disks", Resource::Disks),
    ("head", Resource::Head),
    ("uplink", Resource::Uplink),
    ("servers", Resource::Servers),
];

/// How busy the resource is that a figure names: one, or all members of a group together.
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
    let message = format!("`{figure}`: nothing is asked of a resource `{name}`");
    Err(NoSuchFigure::new(message).help_if(suggest::help(&name, &names, "resources are")))
}
