//! References of CDNs: edges, shields and the origin behind them.

use crate::plan::links::{Entrance, Links, Walk};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;

impl Links {
    /// Returns the CDN of the shields that the edges of `cdn` ask, if there is one.
    #[must_use]
    pub fn shield_of(&self, cdn: usize) -> Option<usize> {
        match self.cdns[cdn] {
            Some(Entrance::Cdn(shield)) => Some(shield),
            _ => None,
        }
    }

    /// Returns the first CDN whose edges ask `shield`; `None` if its edges are no shields.
    #[must_use]
    pub fn edges_of(&self, shield: usize) -> Option<usize> {
        self.cdns.iter().position(|to| *to == Some(Entrance::Cdn(shield)))
    }

    /// Returns the origin of the objects that the edges of `cdn`, and shields behind them, miss.
    #[must_use]
    pub fn origin_of(&self, cdn: usize) -> Option<Entrance> {
        self.cdns[self.shield_of(cdn).unwrap_or(cdn)]
    }
}

/// Reports more than two tiers of CDNs, and CDNs that ask themselves; clears the reference of the first.
pub(super) fn tiers(walk: &mut Walk<'_>, links: &mut Links) {
    let all = links.cdns.clone();
    for (at, (name, cdn)) in walk.scenario().cdn.iter().enumerate() {
        let Some(Entrance::Cdn(shield)) = all[at] else { continue };
        let Some(Entrance::Cdn(third)) = all[shield] else { continue };
        let [shield_name, third_name] = [shield, third].map(|cdn| &walk.scenario().cdn[cdn].0);
        links.cdns[at] = None;
        let (code, message) = if shield == at {
            (Code::SelfReference, format!("`{name}` would ask itself"))
        } else if third == at {
            (Code::SelfReference, format!("`{name}` → `{shield_name}` → `{name}`"))
        } else {
            (
                Code::WrongKind,
                format!("`{name}` → `{shield_name}` → `{third_name}`: three tiers of caches"),
            )
        };
        walk.out().push(
            Diagnostic::new(code, cdn.to.span, message)
                .help("edges may ask one tier of shields, and these the origin"),
        );
    }
}
