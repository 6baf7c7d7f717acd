//! Power of parts, and the energy supply of sites: ways that exclude each other, and supplies that feed no part.

use crate::model::power::HOURS_OF_DAY;
use crate::model::spec::power::{LOADS, PowerSpec};
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert};
use crate::plan::power;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for (_, server) in draft.scenario.server.iter() {
        if let Some(power) = &server.power {
            check_server(power, out);
        }
    }
    let fed: Vec<Option<usize>> =
        power::parts(draft).into_iter().map(|part| power::site_of(draft, part)).collect();
    for (at, (name, site)) in draft.scenario.site.iter().enumerate() {
        if let (Some(carbon), Some(by_hour)) = (&site.carbon, &site.carbon_by_hour) {
            exclude(by_hour.span, carbon.span, "`carbon` is that of every hour", out);
        }
        if let Some(by_hour) = &site.carbon_by_hour {
            let help = "give one value for each hour of the day, the first from midnight to 01:00";
            has(by_hour.value.len(), HOURS_OF_DAY, by_hour.span, "`carbon-by-hour`", help, out);
        }
        if fed.contains(&Some(at)) {
            continue;
        }
        let spans = [
            ("pue", site.pue.as_ref().map(|key| key.span)),
            ("energy-price", site.energy_price.as_ref().map(|key| key.span)),
            ("carbon", site.carbon.as_ref().map(|key| key.span)),
            ("carbon-by-hour", site.carbon_by_hour.as_ref().map(|key| key.span)),
        ];
        for (key, span) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
            let message = format!("`{key}`: no part in `{name}` has a `power`");
            let help =
                "give a server in it `power = { idle = \"110W\", full = \"260W\" }`, or remove it";
            inert(span, message, help, out);
        }
    }
}

/// Reports a list of another length than `needed`.
fn has(found: usize, needed: usize, span: Span, what: &str, help: &str, out: &mut Diagnostics) {
    if found != needed {
        let message = format!("{what} has {needed} values, not {found}");
        out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
    }
}

fn check_server(power: &Spanned<PowerSpec>, out: &mut Diagnostics) {
    let PowerSpec { idle, full, curve, measured, .. } = &power.value;
    let line = idle.as_ref().or(full.as_ref()).map(|key| key.span);
    let (curve_at, measured_at) =
        (curve.as_ref().map(|key| key.span), measured.as_ref().map(|key| key.span));
    let ways: Vec<Span> = [line, curve_at, measured_at].into_iter().flatten().collect();
    if let [first, second, ..] = ways[..] {
        exclude(second, first, "the power by load is given already", out);
        return;
    }
    match (idle, full) {
        (Some(idle), Some(full)) if full.value < idle.value => {
            let message =
                format!("{} at full load is less than {} without load", full.value, idle.value);
            let diagnostic = Diagnostic::new(Code::OutOfRange, full.span, message);
            out.push(diagnostic.related(idle.span, "the idle power").help("exchange them"));
        }
        (Some(_), None) | (None, Some(_)) => {
            let (given, missing) = if idle.is_some() { ("idle", "full") } else { ("full", "idle") };
            let message =
                format!("`{given}` without `{missing}`: the power is a line between both");
            let help = format!("give `{missing}`, the same for a constant power");
            out.push(Diagnostic::new(Code::MissingKey, power.span, message).help(help));
        }
        (None, None) if ways.is_empty() => {
            let message = "a power without a value";
            let help = "give `idle` and `full`, a `curve` of 11 values, or one that is `measured`";
            out.push(Diagnostic::new(Code::MissingKey, power.span, message).help(help));
        }
        _ => {}
    }
    if let Some(curve) = curve {
        let help = "give the power at 0, 10, … 100 % of load";
        has(curve.value.len(), LOADS, curve.span, "a `curve`", help, out);
    }
}
