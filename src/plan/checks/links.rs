//! Links between sites: sizes that no link carries, and probes that hear no answer over one.

use super::inert;
use crate::plan::Draft;
use crate::plan::between::{each_place, link_of, link_over, stops};
use crate::plan::part::Part;
use crate::plan::route::Does;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

/// Checks what crosses the links of a draft.
pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    if draft.scenario.link.is_empty() {
        return;
    }
    probes(draft, out);
    // A misspelt name or link leaves calls at one site.
    if !out.has_errors() {
        sizes(draft, out);
    }
}

/// Reports sizes of calls that stay inside a site.
fn sizes(draft: &Draft, out: &mut Diagnostics) {
    each_place(draft, &mut |here, step| {
        let Does::Call(call) = &step.does else { return };
        if here.is_empty() || (call.sends.is_none() && call.returns.is_none()) {
            return;
        }
        let mut way = vec![here.to_vec()];
        way.extend(stops(draft, call.to));
        if way.windows(2).all(|pair| link_over(draft, &pair[0], &pair[1]).is_none()) {
            let message = "this call crosses no link: bytes inside a site cost nothing";
            inert(call.named, message, "remove its `sends` and `returns`", out);
        }
    });
}

/// Reports probes that time out before an answer can have crossed a link.
fn probes(draft: &Draft, out: &mut Diagnostics) {
    for (at, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
        let Some(check) = &spec.check else { continue };
        let unit = Part::Balancer { balancer: at, member: 0 };
        let members = draft.links.balancers[at].targets.iter();
        let mut links = members.filter_map(|(service, member)| {
            link_of(draft, unit, Part::Service { service: *service, member: *member })
        });
        let far = links.find_map(|link| {
            let Part::Link(index) = link else { return None };
            let there_and_back = draft.scenario.link[index].1.latency.value.saturating_mul(2);
            (there_and_back > check.time_out.value).then_some((link, there_and_back))
        });
        if let Some((link, there_and_back)) = far {
            let message = format!(
                "an answer over the link `{}` takes {there_and_back}: every probe over it fails",
                link.name(draft)
            );
            let wrong = Diagnostic::new(Code::OutOfRange, check.time_out.span, message);
            out.push(wrong.help(format!("{there_and_back} or more")));
        }
    }
}
