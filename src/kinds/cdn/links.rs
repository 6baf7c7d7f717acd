//! The references of CDNs: edges, shields and the origin behind them.

use crate::plan::links::{Entrance, Links, Walk};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;

impl Links {
    /// The CDN that the edges of `cdn` ask, when there is one.
    #[must_use]
    pub fn shield_of(&self, cdn: usize) -> Option<usize> {
        match self.cdns[cdn] {
            Some(Entrance::Cdn(shield)) => Some(shield),
            _ => None,
        }
    }

    /// The CDN whose edges ask those of `shield`, when these are shields.
    #[must_use]
    pub fn edges_of(&self, shield: usize) -> Option<usize> {
        self.cdns.iter().position(|to| *to == Some(Entrance::Cdn(shield)))
    }

    /// What is asked in the end for what edges of `cdn`, and shields behind them, have not.
    #[must_use]
    pub fn origin_of(&self, cdn: usize) -> Option<Entrance> {
        self.cdns[self.shield_of(cdn).unwrap_or(cdn)]
    }
}

/// Reports CDNs beyond edges and the shields behind them; these lead nowhere.
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
