//! What a balancer believes of the members behind it, over years: an automaton for each member.
//!
//! A pair of units is taken to believe alike. The mechanism is `kinds::balancer::live`. While a member misleads, its
//! share of the requests fails: of n members 1/n or more (`plan::fluid::open`), so that below 100 members one is more
//! than 1 %. Two things take it away: a balancer that tries again elsewhere hides a member that refuses, and one that
//! counts open connections soon sends next to nothing to a member that only takes them.

use crate::convert::table;
use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::kinds::balancer::spec::Algorithm;
use crate::plan::Draft;
use crate::plan::availability::beliefs::{Asked, Probed};
use crate::plan::part::Part;

/// The name of the automaton of what a balancer believes of a member.
pub fn name(balancer: &str, member: &str) -> String {
    format!("{balancer}/{member}")
}

/// The fact of the whole that more than 1 % of what a balancer sends on fails.
pub fn errors(draft: &Draft, balancer: usize) -> String {
    format!("{}/errors", draft.scenario.balancer[balancer].0)
}

/// Adds an automaton for each member behind each balancer, and the fact of [`errors`].
pub(super) fn declare(draft: &Draft, declaration: &mut Declaration) {
    for (balancer, (name, spec)) in draft.scenario.balancer.iter().enumerate() {
        let targets = &draft.links.balancers[balancer].targets;
        if targets.is_empty() {
            // It balances the reads of databases alone.
            declaration.fact(&errors(draft, balancer), Expr::Never);
            continue;
        }
        for (service, member) in targets {
            let part = Part::Service { service: *service, member: *member };
            let belief = self::name(&name.text, &part.name(draft));
            declaration.add(Probed::of(draft, part).belief(&belief, spec.check.as_deref()));
        }
        let (believed, misled): (Vec<Expr>, Vec<Expr>) =
            self::targets(draft, balancer).into_iter().unzip();
        // One member in a hundred is 1 % of what is sent on.
        let more = table::u32(targets.len()) / 100 + 1;
        let nobody = !Expr::Any(believed);
        declaration.fact(&errors(draft, balancer), Expr::AtLeast(more, misled).or(nobody));
    }
}

/// By member behind a balancer: that it is believed to be well, and that what is sent to it fails.
pub fn targets(draft: &Draft, balancer: usize) -> Vec<(Expr, Expr)> {
    let (name, spec) = &draft.scenario.balancer[balancer];
    let retries = spec.retries.value > 0;
    // A cookie asks nobody how many are open.
    let avoids = spec.algorithm.value == Algorithm::LeastConnections && !spec.sticky.value;
    let one = |(service, member): &(usize, u32)| {
        let member = Asked::new(draft, Part::Service { service: *service, member: *member });
        let belief = self::name(&name.text, member.name());
        let misleads = Expr::of(&belief, "misleads");
        let misled = match (retries, avoids) {
            (false, false) => misleads,
            (true, false) => misleads.and(!member.refuses()),
            (false, true) => misleads.and(member.refuses()),
            (true, true) => Expr::Never,
        };
        (Expr::of(&belief, "is believed"), misled)
    };
    draft.links.balancers[balancer].targets.iter().map(one).collect()
}
