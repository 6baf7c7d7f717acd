//! Databases with a `count`: one section stands for several databases, each in zone members of its own.

use std::collections::BTreeMap;

use crate::kinds::database::spec::DatabaseSpec;
use crate::plan::document::ScenarioSpec;
use crate::plan::names::member_name;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};

/// Largest number of databases that a scenario has by `count`.
const MOST: u32 = 10_000;

/// Replaces each database with a `count` by that many databases. Number k of `catalogue` is `catalogue-k`, and runs in
/// member k of each zone that the section names. Reports zones with too few members. Returns the scenario as it was if
/// that changes.
pub fn expand(scenario: &mut ScenarioSpec, out: &mut Diagnostics) -> Option<Box<ScenarioSpec>> {
    if scenario.database.iter().all(|(_, spec)| spec.count.is_none()) {
        return None;
    }
    let counted = scenario.database.iter().filter_map(|(_, spec)| spec.count.as_ref());
    let mut total = 0_u32;
    for count in counted {
        total = total.saturating_add(count.value);
        if total > MOST {
            let message = format!("more than {MOST} databases by their `count`");
            out.push(Diagnostic::new(Code::TooMany, count.span, message));
            return None;
        }
    }
    let written = Box::new(scenario.clone());
    let entries = std::mem::take(&mut scenario.database.value.entries);
    let zones: BTreeMap<&str, u32> =
        scenario.zone.iter().map(|(name, zone)| (name.text.as_str(), zone.count.value)).collect();
    let mut all = Vec::with_capacity(entries.len());
    for (name, spec) in entries {
        let Some(count) = spec.count.as_ref().map(|count| count.value) else {
            all.push((name, spec));
            continue;
        };
        // Where zones are missing, which is reported here, no later check reports them again.
        let count = check(&spec, count, &zones, out);
        for number in 0..count {
            let text = member_name(&name.text, number);
            all.push((Name { text, span: name.span }, copy(&spec, number, &zones)));
        }
    }
    scenario.database.value.entries = all;
    Some(written)
}

/// Returns the name of a zone or virtual machine without its kind in front.
pub(super) fn bare(reference: &Reference) -> &str {
    let text = reference.text.as_str();
    text.strip_prefix("zone.").or_else(|| text.strip_prefix("vm.")).unwrap_or(text)
}

/// Returns the database `number`, from 0, of a section.
fn copy(spec: &DatabaseSpec, number: u32, zones: &BTreeMap<&str, u32>) -> DatabaseSpec {
    let mut copy = spec.clone();
    let own = |reference: &mut Reference| {
        if zones.contains_key(bare(reference)) {
            reference.text = member_name(&reference.text, number);
        }
    };
    own(&mut copy.in_.value.primary.value);
    if let Some(replicas) = &mut copy.in_.value.replicas {
        replicas.value.iter_mut().for_each(own);
    }
    copy.data.value.entries.iter_mut().for_each(|(key, _)| own(key));
    copy
}

/// Reports references of a section with a `count` that are no groups of enough zones, and a balancer of its reads.
/// Returns the number of databases for which there are zones.
fn check(
    spec: &DatabaseSpec,
    count: u32,
    zones: &BTreeMap<&str, u32>,
    out: &mut Diagnostics,
) -> u32 {
    let mut possible = count;
    let members = &spec.in_.value;
    let replicas = members.replicas.iter().flat_map(|replicas| replicas.value.iter());
    for reference in std::iter::once(&members.primary.value).chain(replicas) {
        let bare = bare(reference);
        match zones.get(bare) {
            Some(has) if *has < count => {
                possible = possible.min((*has).max(1));
                let message =
                    format!("`{bare}` has {has} members; {count} databases need one each");
                let found = Diagnostic::new(Code::NoSuchMember, reference.span, message);
                out.push(found.help(format!("set `count = {count}` in `[zone.{bare}]`")));
            }
            Some(_) => {}
            None => {
                possible = 1;
                let message = format!("`{bare}` is no group of zones");
                let found = Diagnostic::new(Code::NoSuchMember, reference.span, message);
                let help =
                    "with `count`, name groups of zones: database k runs in member k of each";
                out.push(found.help(help));
            }
        }
    }
    let through = spec.reads.as_ref().and_then(|reads| reads.value.through.as_ref());
    if let Some(through) = through {
        let message = "with `count`, a balancer names the databases whose reads it takes";
        let found = Diagnostic::new(Code::OutOfRange, through.span, message);
        let help =
            format!("remove `through`; in `[balancer.{}]`, `to` lists the databases", through.text);
        out.push(found.help(help));
    }
    possible
}
