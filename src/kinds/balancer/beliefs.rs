//! Beliefs of a balancer about its members in long-horizon runs: one automaton per member.
//!
//! Both units of a pair are assumed to believe the same. The mechanism is `kinds::balancer::live`. A member misleads
//! while it is believed healthy and is not. Its share of the requests then fails: 1/n or more with n members
//! (`plan::fluid::open`). With fewer than 100 members, one is more than 1 %. Two mechanisms avoid these failures.
//! Retries at other members hide a member that refuses. A balancer that counts open connections soon sends almost no
//! requests to a member that accepts and does not answer.

use crate::convert::table;
use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::kinds::balancer::flow;
use crate::kinds::balancer::spec::Algorithm;
use crate::plan::Draft;
use crate::plan::availability::beliefs::{Asked, Probed};
use crate::plan::between;
use crate::plan::part::Part;

/// Returns the name of the automaton of a balancer's belief about a member.
pub fn name(balancer: &str, member: &str) -> String {
    format!("{balancer}/{member}")
}

/// Returns the name of the system-level fact that more than 1 % of a balancer's requests fail.
pub fn errors(draft: &Draft, balancer: usize) -> String {
    format!("{}/errors", draft.scenario.balancer[balancer].0)
}

/// Adds an automaton for each member behind each balancer, and the fact of [`errors`].
pub(super) fn declare(draft: &Draft, declaration: &mut Declaration) {
    for (balancer, (name, spec)) in draft.scenario.balancer.iter().enumerate() {
        let targets = &draft.links.balancers[balancer].targets;
        if targets.is_empty() {
            // The balancer serves only reads of databases.
            declaration.fact(&errors(draft, balancer), Expr::Never);
            continue;
        }
        for part in flow::behind(draft, balancer) {
            let belief = self::name(&name.text, &part.name(draft));
            let mut probed = Probed::of(draft, part);
            let unit = Part::Balancer { balancer, member: 0 };
            if let Some(link) = between::link_of(draft, unit, part) {
                // A link that is down lets no probe through.
                probed = probed.given(Expr::of(&link.name(draft), "fit"));
            }
            declaration.add(probed.belief(&belief, spec.check.as_deref()));
        }
        let (believed, misled): (Vec<Expr>, Vec<Expr>) =
            self::targets(draft, balancer).into_iter().unzip();
        // One member in a hundred gets 1 % of the requests.
        let more = table::u32(targets.len()) / 100 + 1;
        let nobody = !Expr::Any(believed);
        declaration.fact(&errors(draft, balancer), Expr::AtLeast(more, misled).or(nobody));
    }
}

/// Returns, for each member of the services behind a balancer, the conditions that it is believed healthy and that
/// requests sent to it fail.
pub fn targets(draft: &Draft, balancer: usize) -> Vec<(Expr, Expr)> {
    let (name, spec) = &draft.scenario.balancer[balancer];
    let retries = spec.retries.value > 0;
    // A cookie does not take open connections into account.
    let avoids = spec.algorithm.value == Algorithm::LeastConnections && !spec.sticky.value;
    let one = |member: Part| {
        let member = Asked::new(draft, member);
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
    flow::behind(draft, balancer).into_iter().map(one).collect()
}
