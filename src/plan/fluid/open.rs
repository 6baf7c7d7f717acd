//! Open requests of a balancer, which determine the share sent to a member that refuses connections.
//!
//! Model: a refusing member has no open requests. Under `least-connections` the balancer picks in turn among the
//! members with the fewest. Per turn, each of a refusing members is picked once, and of w working ones those that are
//! idle when the turn reaches them. The refused share is therefore p = a / (a + E I). Each open request at a
//! unit is at a member of its own while there are enough of them: I = (w − N)⁺ with N Poisson (the
//! infinite server) of mean λT(1 − p), because a refused request keeps no member busy. p is the unique fixed point,
//! per hour of the week.
//!
//! T is the time of a request behind the balancer, its steps in sequence, at idle resources.
//! Leaves out: waiting, so the share is low if members are busy; weights and slow start; levels that differ
//! from the profile.

use super::network::{Branch, Network, Onward, Split};
use crate::engine::special::{normal_cdf, normal_density};

/// Open requests of a balancer that counts them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Open {
    /// Views, and the mean number of requests open at one unit while all members are healthy, per hour of the week.
    hours: Vec<(f64, f64)>,
}

impl Open {
    /// Returns the share of the requests that goes to `refusing` members beside `well` working ones.
    #[must_use]
    pub fn share(&self, refusing: usize, well: usize) -> f64 {
        if refusing == 0 || well == 0 {
            return if refusing > 0 { 1.0 } else { 0.0 };
        }
        let of = |idle: f64| refusing as f64 / (refusing as f64 + idle);
        let all: f64 = self.hours.iter().map(|(weight, _)| weight).sum();
        if all <= 0.0 {
            return of(well as f64);
        }
        let refused = |open: f64| {
            if open > MANY {
                // The Poisson law is close to a normal one by then, and e⁻ˣ would underflow.
                let (over, deviation) = (well as f64 - open, libm::sqrt(open));
                let z = over / deviation;
                return of(over * normal_cdf(z) + deviation * normal_density(z));
            }
            // P(N = n) of a Poisson law, from n = 0 on; for larger n no member is idle.
            let (mut probability, mut idle) = (libm::exp(-open), 0.0);
            for busy in 0..well {
                idle += probability * (well - busy) as f64;
                probability *= open / (busy as f64 + 1.0);
            }
            of(idle)
        };
        let settled = |open: f64| {
            // A larger refused share means fewer open requests, and hence a smaller refused share: one fixed point.
            let (mut low, mut high) = (of(well as f64), 1.0);
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(low, high);
                if refused(open * (1.0 - middle)) > middle { low = middle } else { high = middle }
            }
            f64::midpoint(low, high)
        };
        self.hours.iter().map(|(weight, open)| weight / all * settled(*open)).sum()
    }

    /// Creates it from hours, each with its views and the mean number open; merges hours with the same number.
    #[must_use]
    pub fn new(mut hours: Vec<(f64, f64)>) -> Self {
        hours.sort_by(|a, b| a.1.total_cmp(&b.1));
        hours.dedup_by(|next, last| {
            let alike = next.1 == last.1;
            if alike {
                last.0 += next.0;
            }
            alike
        });
        Self { hours }
    }
}

/// Number of open requests above which the normal law is used.
const MANY: f64 = 500.0;
/// Number of bisections in the search for a share, to a billionth.
const HALVINGS: u32 = 30;

/// Returns the seconds for which a view keeps requests open behind each balancer, from a class's first fork on, by
/// number of the balancer.
#[must_use]
pub fn seconds(net: &Network, root: u32, balancers: usize) -> Vec<f64> {
    let mut times = Times { net, known: vec![None; net.nodes.len()] };
    let mut all = vec![0.0; balancers];
    times.visit(root, (1.0, 0), &mut all);
    all
}

struct Times<'n> {
    net: &'n Network,
    /// Seconds of a visit, per node.
    known: Vec<Option<f64>>,
}

impl<'n> Times<'n> {
    /// Returns the branches that are taken while all parts are healthy, each with its share.
    fn ways(&self, node: u32) -> Vec<(&'n Branch, f64)> {
        let node = &self.net.nodes[node as usize];
        let even = 1.0 / node.branches.len().max(1) as f64;
        let only = |at: usize| node.branches.get(at).map(|branch| (branch, 1.0));
        match node.split {
            Split::First | Split::Address(_) | Split::Primary(_) => only(0).into_iter().collect(),
            Split::Volumes { owner, .. } => only(owner as usize).into_iter().collect(),
            Split::Readers(_) if node.branches.len() > 1 => {
                let each = 1.0 / (node.branches.len() - 1) as f64;
                node.branches.iter().skip(1).map(|branch| (branch, each)).collect()
            }
            _ => node.branches.iter().map(|branch| (branch, even)).collect(),
        }
    }

    fn seconds(&mut self, node: u32) -> f64 {
        if let Some(known) = self.known[node as usize] {
            return known;
        }
        // A cycle of classes is refused elsewhere; here it ends.
        self.known[node as usize] = Some(0.0);
        let mut all = 0.0;
        for (share, own, then) in self.taken(node) {
            let behind = then.iter().filter(|onward| onward.waits);
            let behind: f64 = behind.map(|on| on.count * self.seconds(on.node)).sum();
            all += share * (own + behind);
        }
        self.known[node as usize] = Some(all);
        all
    }

    /// Returns per branch taken: its share, the seconds of a visit at the branch itself, and the requests that follow.
    fn taken(&self, node: u32) -> Vec<(f64, f64, &'n [Onward])> {
        let own = |branch: &Branch| -> f64 {
            let each = |(at, work): &(u32, f64)| work * self.net.resources[*at as usize].seconds;
            branch.work.iter().map(each).sum::<f64>() - branch.aside
        };
        let ways = self.ways(node).into_iter();
        ways.map(|(branch, share)| (share, own(branch), branch.then.as_ref())).collect()
    }

    fn visit(&mut self, node: u32, (rate, depth): (f64, usize), all: &mut [f64]) {
        // A path longer than the number of forks is a cycle.
        if rate <= 0.0 || depth > self.net.nodes.len() {
            return;
        }
        if let Split::Believed(balancer) = self.net.nodes[node as usize].split {
            all[balancer] += rate * self.seconds(node);
        }
        for (share, _, then) in self.taken(node) {
            for onward in then {
                self.visit(onward.node, (rate * share * onward.count, depth + 1), all);
            }
        }
        let here = |(fork, _): &(u32, bool)| *fork == node;
        for messages in self.net.messages.iter().filter(|one| one.published.iter().any(here)) {
            self.visit(messages.root, (rate, depth + 1), all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(open: f64) -> Open {
        Open::new(vec![(1.0, open)])
    }

    #[test]
    fn who_refuses_gets_his_share_of_an_idle_balancer_and_all_of_a_busy_one() {
        assert!((at(0.0).share(1, 3) - 0.25).abs() < 1e-8);
        assert!((at(0.0).share(2, 3) - 0.4).abs() < 1e-8);
        assert!(at(1e6).share(1, 3) > 0.999_9);
        assert!((at(1.0).share(0, 3)).abs() < 1e-12);
        assert!((at(1.0).share(1, 0) - 1.0).abs() < 1e-12);
    }

    /// Two members, and a third that refuses p: with x = λT (1 − p) open, e⁻ˣ (2 + x) are idle.
    #[test]
    fn the_share_of_who_refuses_is_one_of_those_idle() {
        for open in [0.1, 1.0, 5.0] {
            let p = at(open).share(1, 2);
            let x = open * (1.0 - p);
            let exact = 1.0 / (1.0 + libm::exp(-x) * (2.0 + x));
            assert!((p - exact).abs() < 1e-8, "{p}, {exact}");
        }
    }

    /// With 800 requests open at a thousand members, 200 are idle, apart from the refused share.
    #[test]
    fn large_pools_use_the_normal_law() {
        let p = at(800.0).share(1, 1_000);
        assert!((p - 1.0 / (1.0 + 1_000.0 - 800.0 * (1.0 - p))).abs() < 1e-4, "{p}");
        let (below, above) = (at(499.0).share(1, 520), at(502.0).share(1, 520));
        assert!(below < above && above < 1.3 * below, "{below} {above}");
    }

    #[test]
    fn hours_weigh_as_their_views() {
        let two = Open::new(vec![(1.0, 0.0), (1.0, 1e9), (2.0, 0.0)]);
        assert_eq!(two.hours, [(3.0, 0.0), (1.0, 1e9)]);
        assert!((two.share(1, 1) - (0.75 * 0.5 + 0.25)).abs() < 1e-6);
    }
}
