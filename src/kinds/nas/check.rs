//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::nas::{Nas, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, User, Walk};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

impl Checks for Nas {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let racks = draft.links.nas.iter().filter_map(|nas| nas.rack);
        used.extend(racks.map(|rack| (Kind::Rack, rack)));
    }

    fn unused(&self, draft: &Draft, out: &mut Diagnostics) {
        for ((name, nas), links) in draft.scenario.nas.iter().zip(&draft.links.nas) {
            for (pool, (pool_name, _)) in nas.pools.iter().enumerate() {
                if !links.volumes.iter().any(|pools| pools.contains(&pool)) {
                    let message = format!("no volume of `{name}` lies on the pool `{pool_name}`");
                    out.push(Diagnostic::new(Code::Unused, pool_name.span, message));
                }
            }
        }
    }

    none!(begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().nas.iter();
        links.nas = all.map(|(_, nas)| links::follow(walk, nas)).collect();
    }

    none!(entrance, onward);

    fn store(
        &self,
        walk: &mut Walk<'_>,
        index: usize,
        volume: &str,
        span: Span,
        _: Option<User>,
    ) -> Option<Store> {
        links::store(walk, index, volume, span)
    }
}
