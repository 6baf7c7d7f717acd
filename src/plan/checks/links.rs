//! Links between sites: sizes of calls that no link carries.

use super::inert;
use crate::plan::Draft;
use crate::plan::between::{each_place, link_over, stops};
use crate::plan::route::Does;
use crate::scenario::diagnostic::Diagnostics;

/// Checks what crosses the links of a draft.
pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    if draft.scenario.link.is_empty() {
        return;
    }
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
