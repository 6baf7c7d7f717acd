//! Overload at a level of load, and after a single loss.

use std::collections::BTreeMap;

use super::{Level, MAX_LOSSES, Overloaded, judged, levels, losses, worst};
use crate::kinds::disks::flow::scrub_per_s;
use crate::plan::Draft;
use crate::plan::graph::{Graph, Subject};
use crate::plan::load::{self, Offered, Resource};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

/// Reports resources whose load is above their capacity.
pub(super) fn overload(draft: &Draft, out: &mut Diagnostics) {
    let mut known: Vec<(Overloaded, f64)> = Vec::new();
    let has_less = load::has_less(draft);
    for Level { when, rates, lasts } in levels(draft) {
        let all = load::offered(draft, &rates);
        let least = has_less.then(|| load::least_offered(draft, &rates));
        // Messages wait for lower traffic, if it comes.
        let now = if lasts { None } else { load::least_for_a_while(draft, &rates) };
        for one in worst(draft, all) {
            let most = one.utilization();
            let ratio = least_of(least.as_deref(), &one);
            let of = (one.part.span(draft), one.resource);
            let more = known.iter().all(|(other, known)| *other != of || *known < most);
            if most < 1.0 || !(lasts || more) {
                continue;
            }
            known.push((of, most));
            let load = format!("is offered {most:.2} of {} {when}", one.whose());
            let may_queue = || now.as_deref().is_some_and(|now| least_of(Some(now), &one) < 1.0);
            let waits = if ratio < 1.0 {
                Some(what_waits(draft, &one, &load, lasts))
            } else if may_queue() {
                let then = "messages wait in their queue while it lasts";
                let help = "what waits is done when the traffic is lower again";
                Some((format!("`{}` {load}: {then}", one.name), help.to_string()))
            } else {
                None
            };
            if let Some((message, help)) = waits {
                let diagnostic = Diagnostic::new(Code::Overload, one.part.span(draft), message);
                out.push(diagnostic.help(help));
                continue;
            }
            let message = format!(
                "this load can never be served: `{}` is offered {ratio:.2} of {} {when}",
                one.name,
                one.whose()
            );
            let then = match lasts {
                true => "the run will be labelled OVERLOADED",
                false => "the rest waits or is lost while it lasts",
            };
            let mut help = format!("{:.1} % of that load is carried; {then}", 100.0 / ratio);
            if one.at_most.is_some() {
                help += "; a higher `maximum` lets the scaler launch more";
            }
            let diagnostic = Diagnostic::new(Code::Overload, one.part.span(draft), message);
            out.push(diagnostic.help(help));
        }
    }
}

/// Returns the least utilisation of the resource of `one`; `None` for `least`: no load is less than `one`.
fn least_of(least: Option<&[Offered]>, one: &Offered) -> f64 {
    let Some(least) = least else { return one.utilization() };
    let own = least.iter().find(|least| least.name == one.name);
    own.map_or(0.0, Offered::utilization)
}

/// End of the help about a load above the capacity that may wait, in a file with a horizon.
const LOST_OVER_YEARS: &str = "; over years what is above counts as lost";

/// Returns message and help for a load above the capacity that is served where durable writes share blocks of the log,
/// scrubs wait, replicas behind a link lag, and subscribers for which no request waits lose records.
/// `load` says how much, and `lasts` whether it does not end.
fn what_waits(draft: &Draft, one: &Offered, load: &str, lasts: bool) -> (String, String) {
    if one.resource == Resource::Link {
        let long = if lasts { "without end" } else { "while it lasts" };
        let over_years = draft.scenario.run.horizon.is_some();
        let lost = if over_years { LOST_OVER_YEARS } else { "" };
        let then = format!("replicas across it that no write waits for fall behind {long}");
        let help = format!("raise its bandwidth, or send less over it{lost}");
        return (format!("`{}` {load}: {then}", one.name), help);
    }
    if one.resource == Resource::Cpu {
        let help = "give the subscriber more cores, or write fewer records";
        return (
            format!("`{}` {load}: records above its capacity are lost or late", one.name),
            help.into(),
        );
    }
    let scrub = one.part.disk_set(draft).and_then(scrub_per_s).unwrap_or(0.0);
    let has_scrub = scrub > 0.0;
    let writes_wait = (one.per_second - scrub) / one.capacity >= 1.0;
    let late = "the scrub may not finish within its `every`";
    let share = "durable writes wait for each other until they share blocks of the log";
    let then = match (has_scrub, writes_wait) {
        (true, true) => format!("{late}, and {share}"),
        (true, false) => late.to_string(),
        (false, _) => share.to_string(),
    };
    let mut help = match (has_scrub, writes_wait) {
        (true, true) => "give a `log` device, a longer `every` or more disks",
        (true, false) => "give the scrub a longer `every`, or more disks",
        (false, _) => "give a `log` device, or more disks",
    }
    .to_string();
    if writes_wait && draft.scenario.run.horizon.is_some() {
        help += LOST_OVER_YEARS;
        if has_scrub {
            help += ", without the scrub";
        }
    }
    (format!("`{}` {load}: {then}", one.name), help)
}

/// Worst load of a resource after a loss.
struct After {
    one: Offered,
    /// Least utilisation in the same state.
    least: f64,
    /// Names of the losses after which it is above the capacity.
    losses: Vec<String>,
}

/// Reports resources whose load is above their capacity after a single loss, at the busiest level.
pub(super) fn after_loss(draft: &Draft, graph: &Graph, out: &mut Diagnostics) {
    let sum = |level: &Level| level.rates.iter().sum::<f64>();
    let busiest = levels(draft).into_iter().max_by(|a, b| sum(a).total_cmp(&sum(b)));
    let Some(Level { when, rates, .. }) = busiest else { return };
    let has_less = load::has_less(draft);
    let over = |one: &Offered| one.resource.is_limit() && one.utilization() >= 1.0;
    let least = has_less.then(|| load::least_offered(draft, &rates));
    let before = load::offered(draft, &rates).into_iter().filter(over);
    let known: BTreeMap<(Part, Resource), f64> =
        before.map(|one| ((one.part, one.resource), least_of(least.as_deref(), &one))).collect();
    let mut found: BTreeMap<Overloaded, After> = BTreeMap::new();
    let losses = losses(draft, graph);
    too_many(draft, losses.len(), out);
    for lost in losses.into_iter().take(MAX_LOSSES) {
        let served = |subject: &Subject| graph.serves(*subject, &[lost]);
        if !judged(draft, graph).iter().all(served) {
            continue;
        }
        let after = load::offered_without(draft, graph, &rates, &[lost]);
        let least = has_less.then(|| load::least_without(draft, graph, &rates, &[lost]));
        for one in worst(draft, after).into_iter().filter(over) {
            let ratio = least_of(least.as_deref(), &one);
            // Without the loss the same was said, unless it may have waited and can no more.
            let before = known.get(&(one.part, one.resource));
            if before.is_some_and(|before| *before >= 1.0 || ratio < 1.0) {
                continue;
            }
            let key = (one.part.span(draft), one.resource);
            let losses = Vec::new();
            let entry = found.entry(key).or_insert_with(|| After {
                one: one.clone(),
                least: ratio,
                losses,
            });
            if one.utilization() > entry.one.utilization() {
                entry.one = one;
                entry.least = ratio;
            }
            entry.losses.push(format!("`{}`", lost.name(draft)));
        }
    }
    for After { one, least, losses } in found.into_values() {
        let span = one.part.span(draft);
        let lost = format!("after the loss of {}", losses.join(" or "));
        let diagnostic = if least >= 1.0 {
            let message =
                format!("{lost} `{}` is offered {least:.2} of {} {when}", one.name, one.whose());
            Diagnostic::new(Code::AfterLoss, span, message)
        } else {
            let load = format!("is offered {:.2} of {} {when}", one.utilization(), one.whose());
            let (message, help) = what_waits(draft, &one, &load, false);
            Diagnostic::new(Code::AfterLoss, span, format!("{lost} {message}")).help(help)
        };
        out.push(diagnostic);
    }
}

/// Reports that not all losses are computed.
fn too_many(draft: &Draft, losses: usize, out: &mut Diagnostics) {
    if losses <= MAX_LOSSES {
        return;
    }
    let message =
        format!("of {losses} single losses the load after the first {MAX_LOSSES} is computed");
    let span = draft.scenario.scenario.span;
    out.push(Diagnostic::new(Code::AfterLoss, span, message).help(
        "a figure computes any other: `headroom.RESOURCE[after-loss=PART]` in an `[[expect]]`",
    ));
}
