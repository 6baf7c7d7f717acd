//! From document to plan: name resolution, placement, cut sets, lint, cost, figures.
//!
//! Steps: text → [`document::ScenarioSpec`] (as written) → [`Draft`] (names resolved, zones
//! placed, everything checked) → blueprint (dense tables for the event loop). After this
//! folder, names and places in the text are used for output only.

pub mod availability;
pub mod begun;
pub mod between;
pub mod bounds;
mod busiest;
pub mod carriage;
pub mod checks;
pub mod compile;
pub mod copies;
pub mod cost;
pub mod cutsets;
pub mod document;
pub mod drawing;
pub mod drills;
pub mod faults;
pub mod feeds;
pub mod figure;
pub mod flow;
pub mod fluid;
pub mod graph;
pub mod headroom;
pub mod hits;
pub mod hours;
pub mod kind;
pub mod links;
pub mod lint;
pub mod load;
pub mod names;
pub mod part;
pub mod placement;
pub mod places;
pub mod power;
pub mod program;
pub mod ram;
pub mod reads;
pub mod records;
pub mod route;
pub mod scaled;
pub mod simulatable;
pub mod space;
pub mod streams;
pub mod targets;
pub mod warming;

use std::sync::Arc;

use crate::model::spec::runs::Laws;
use crate::plan::document::ScenarioSpec;
use crate::plan::figure::registry::PER;
use crate::plan::figure::{Figure, Metric};
use crate::plan::hits::Hits;
use crate::plan::links::Links;
use crate::plan::names::Names;
use crate::plan::placement::Placed;
use crate::plan::ram::RamCaches;
use crate::plan::route::Route;
use crate::plan::targets::Targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::document::{Document, Item};
use crate::scenario::spec::know_sections;
use crate::scenario::value::Value;
use crate::workload::failures::FailureRecord;

/// Resolved scenario without errors: every reference has a target, and every zone has a server. Only [`draft`] makes one, so
/// what has errors cannot be compiled.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Scenario with each database that has a `count` as that many sections, and virtual machines as zones.
    pub scenario: ScenarioSpec,
    /// Scenario as written, where that differs.
    pub written: Option<Box<ScenarioSpec>>,
    /// Names of all components.
    pub names: Names,
    /// Placement of zones.
    pub placed: Placed,
    /// Targets of references.
    pub links: Links,
    /// Steps of each request class, in the order of the file.
    pub routes: Vec<Route>,
    /// Parts that faults, operations and prices name.
    pub targets: Targets,
    /// Hit ratios of caches and edges.
    pub hits: Hits,
    /// Hit ratios of the memories in front of disks.
    pub ram: RamCaches,
    /// Recorded failures of each fault, in the order of the file.
    pub records: Vec<Option<Arc<FailureRecord>>>,
    /// Figures that the command line requests in addition to those of the scenario.
    pub asked: Vec<String>,
}

/// Scenario with errors.
#[derive(Clone, Debug)]
pub struct Unsound {
    /// Its keys as far as they could be read; `None` if a required one is missing or invalid.
    pub form: Option<Box<ScenarioSpec>>,
}

/// Makes a draft of a document.
///
/// # Errors
///
/// The keys that could be read, if the scenario has errors; these are all in `out`.
pub fn draft(document: &Document, out: &mut Diagnostics) -> Result<Draft, Unsound> {
    let draft = resolve(document, out)?;
    if out.has_errors() {
        return Err(Unsound { form: Some(Box::new(draft.scenario)) });
    }
    Ok(draft)
}

/// Resolves a document, and goes on after errors, so that all are reported at once.
fn resolve(document: &Document, out: &mut Diagnostics) -> Result<Draft, Unsound> {
    know_sections(&ScenarioSpec::keys(), out);
    out.starts_in(document.source.folder());
    let laws = document.root.get("run").and_then(|run| run.get("laws"));
    out.replace_laws(laws.and_then(Item::as_text) == Some(Laws::Exponential.word()));
    let scenario = ScenarioSpec::read(&document.root, out);
    out.replace_laws(false);
    let mut scenario = scenario.ok_or(Unsound { form: None })?;
    refuse_base(&scenario, out);
    in_name_order(&mut scenario);
    busiest::resolve(&mut scenario, document.source.folder(), out);
    at_least_one(&mut scenario);
    let machines = crate::kinds::zone::vm::expand(&mut scenario);
    let copies = crate::kinds::database::copies::expand(&mut scenario, out);
    let zones = machines.as_ref().map(|written| written.zone.len());
    let written = machines.or(copies);
    let names = Names::gather(&scenario, out).with_machines(zones);
    if !bounds::hold(&scenario, &names, out) {
        return Err(Unsound { form: Some(Box::new(scenario)) });
    }
    let placed = placement::place(&scenario, &names, out);
    let links = links::follow(&scenario, &names, &placed, out);
    let routes = route::resolve::resolve(&scenario, &names, &links, out);
    let (targets, hits, ram) = (Targets::default(), Hits::default(), RamCaches::default());
    let (records, asked) = (Vec::new(), Vec::new());
    let mut draft = Draft {
        scenario,
        written,
        names,
        placed,
        links,
        routes,
        targets,
        hits,
        ram,
        records,
        asked,
    };
    draft.targets = Targets::of(&draft, out);
    draft.hits = Hits::of(&draft);
    draft.records = records::read(&draft, out);
    checks::check(&draft, out);
    // It follows calls, which in a draft with errors may go round.
    if !out.has_errors() {
        draft.ram = RamCaches::of(&draft);
    }
    Ok(draft)
}

/// Refuses a base that was not laid below the scenario: one that `--set` names, or a table in memory.
fn refuse_base(scenario: &ScenarioSpec, out: &mut Diagnostics) {
    let base = scenario.base.as_ref().map(|base| base.span);
    if let Some(span) = base.or(scenario.without.as_ref().map(|without| without.span)) {
        let message = "`base` and `without` take effect in a file alone";
        out.push(Diagnostic::new(Code::NoEffect, span, message));
    }
}

/// Sorts the sections whose numbers break ties between simultaneous events by name: the order of
/// sections in the file must not matter.
fn in_name_order(scenario: &mut ScenarioSpec) {
    scenario.request.value.entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    scenario.workload.value.entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    scenario.operation.value.entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
}

/// Replaces counts of zero by one. A zero was reported as an error; with one, later checks never name a member that
/// does not exist.
fn at_least_one(scenario: &mut ScenarioSpec) {
    let one = |count: &mut u32| *count = (*count).max(1);
    for (_, site) in &mut scenario.site.value.entries {
        if let Some(uplinks) = &mut site.uplinks {
            one(&mut uplinks.value.count.value);
        }
    }
    for (_, rack) in &mut scenario.rack.value.entries {
        if let Some(switch) = &mut rack.switch {
            one(&mut switch.value.count.value);
        }
    }
    scenario.server.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.zone.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.vm.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.balancer.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.cdn.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.station.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
    scenario.unit.value.entries.iter_mut().for_each(|(_, spec)| one(&mut spec.count.value));
}

impl Draft {
    /// Returns the scenario as written, whose keys a reader or an override finds in the file.
    #[must_use]
    pub fn as_written(&self) -> &ScenarioSpec {
        self.written.as_deref().unwrap_or(&self.scenario)
    }

    /// Returns whether a figure that is judged, has a precision or is requested by the command line needs the
    /// distribution of waiting, of visits or of a number in the component `name`.
    #[must_use]
    pub fn wants_detail(&self, name: &str) -> bool {
        let asks = |path: &str| {
            path.contains(name)
                && Figure::parse_in(&self.names, path).is_ok_and(|figure| {
                    let scope = figure.scope.as_str();
                    let member = names::split_member(scope).is_some_and(|(group, _)| group == name);
                    let of = scope == name || scope.strip_suffix("-*") == Some(name) || member;
                    of && match figure.metric {
                        Metric::Drain => true,
                        Metric::Waiting | Metric::Sojourn => !figure.is_mean(),
                        // Figures over intervals are computed from the totals of the intervals.
                        Metric::InSystem | Metric::Queue | Metric::Busy => {
                            !figure.is_mean() && figure.key(PER).is_none()
                        }
                        _ => false,
                    }
                })
        };
        self.scenario.expect.iter().any(|expect| asks(&expect.figure.value.text))
            || self.scenario.run.precision.iter().any(|(path, _)| asks(&path.text))
            || self.asked.iter().any(|path| asks(path))
    }
}
#[cfg(test)]
mod tests;
