//! What stands behind a CDN, and who comes by it.

use crate::plan::links::{Entrance, Links};

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

    /// Whether some of the requests of a page view of `class` are the client's own at a balancer.
    #[must_use]
    pub fn view_comes_to(&self, class: usize, balancer: usize) -> bool {
        // A class that fetches itself in the end is refused elsewhere.
        let all = std::iter::successors(Some(class), |class| self.thens[*class]);
        let mut all = all.take(self.thens.len());
        all.any(|class| self.enters[class].is_some_and(|to| self.leads_to(to, balancer)))
    }

    /// Whether requests that enter at `to` can come to a balancer before anything else answers them.
    #[must_use]
    pub fn leads_to(&self, to: Entrance, balancer: usize) -> bool {
        match to {
            Entrance::Balancer(other) => other == balancer,
            Entrance::NameService(at) => {
                self.name_services[at].contains(&Entrance::Balancer(balancer))
            }
            Entrance::Cdn(cdn) => match self.origin_of(cdn) {
                None | Some(Entrance::Cdn(_)) => false,
                Some(origin) => self.leads_to(origin, balancer),
            },
            Entrance::Service(..) => false,
        }
    }
}
