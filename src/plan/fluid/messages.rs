//! Messages as flows of their own: their rate is that of their publications, and what their consumers cannot do yet waits.
//!
//! Takes the forks at which messages are published, from the kind that publishes them. Gives the flows of a plan: its classes in
//! their order, then the messages, each after those whose work publishes them.

use super::FluidPlan;
use super::network::{Branch, Builder, Network, times};
use super::state::{Standing, StateLoad};

/// Messages of which one class does the work.
#[derive(Clone, Debug, PartialEq)]
pub struct Messages {
    /// Number of that class in the draft.
    pub class: usize,
    /// First fork of a delivery.
    pub root: u32,
    /// Fork over the consumers.
    pub consumers: u32,
    /// Number, among the rooms of the network, of the workers that do them; messages of several queues may share some.
    pub pool: usize,
    /// Largest number of messages that all consumers hold at once; infinite without a limit.
    pub slots: f64,
    /// Largest number of messages that wait; infinite without a limit.
    pub most: f64,
    /// True if a full queue refuses a message; otherwise it drops the oldest.
    pub refuses: bool,
    /// Forks at which they are published, one per visit, and whether the request waits until the message is accepted.
    pub published: Vec<(u32, bool)>,
}

/// Messages published per view.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Published {
    /// All of them.
    pub all: f64,
    /// Messages whose refusal fails the view.
    pub awaited: f64,
}

impl Published {
    /// Returns the share of the views that fails if this share of the messages is refused; `answers` is the share of the views that
    /// publishes any.
    #[must_use]
    pub fn failed(self, refused: f64, answers: f64) -> f64 {
        if answers <= 0.0 {
            return 0.0;
        }
        let served = times(0, self.awaited / answers).survives(1.0 - refused);
        answers * (1.0 - served)
    }
}

impl Builder<'_> {
    /// Adds messages; of known ones only the forks at which they are published.
    pub(crate) fn publishes(&mut self, messages: Messages) {
        match self.net.messages.iter_mut().find(|known| known.class == messages.class) {
            Some(known) => known.published.extend(messages.published),
            None => self.net.messages.push(messages),
        }
    }
}

impl Network {
    /// Sorts the messages, each after those whose work publishes it, and finds their consumers.
    #[must_use]
    pub(super) fn with_messages_in_order(mut self) -> Self {
        let mut left: Vec<(Messages, Vec<bool>)> = Vec::new();
        for mut one in std::mem::take(&mut self.messages) {
            let then = &self.nodes[self.roots[one.class] as usize].branches[0].then;
            one.consumers = then.first().map_or(one.root, |onward| onward.node);
            let reached = self.reached(one.root);
            left.push((one, reached));
        }
        while !left.is_empty() {
            let published_by = |one: &Messages, reached: &[bool]| {
                one.published.iter().any(|(fork, _)| reached[*fork as usize])
            };
            let is_first = |at: usize| {
                let others = left.iter().enumerate().filter(|(other, _)| *other != at);
                !others.into_iter().any(|(_, (_, reached))| published_by(&left[at].0, reached))
            };
            // A cycle is refused elsewhere; here it ends.
            let first = (0..left.len()).find(|at| is_first(*at)).unwrap_or(0);
            self.messages.push(left.remove(first).0);
        }
        self
    }

    /// Returns, per fork, whether a visit to `from` may lead there.
    fn reached(&self, from: u32) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        let mut left = vec![from];
        while let Some(fork) = left.pop() {
            if !std::mem::replace(&mut seen[fork as usize], true) {
                let then = self.nodes[fork as usize].branches.iter().flat_map(|one| &one.then);
                left.extend(then.map(|onward| onward.node));
            }
        }
        seen
    }

    /// Returns the messages published per view, which makes `visits` to the branches of a fork; `share` of the views arrive.
    pub(super) fn published<'v>(
        &self,
        share: f64,
        visits: impl Fn(usize) -> &'v [f64],
    ) -> Vec<Published> {
        let at = |fork: u32| visits(fork as usize).iter().sum::<f64>() * share;
        let one = |messages: &Messages| {
            let sum = |all: bool| -> f64 {
                let forks = messages.published.iter().filter(|(_, awaited)| all || *awaited);
                forks.map(|(fork, _)| at(*fork)).sum()
            };
            Published { all: sum(true), awaited: sum(false) }
        };
        self.messages.iter().map(one).collect()
    }
}

impl FluidPlan {
    /// Returns the number of flows: classes and messages.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.classes.len() + self.network.messages.len()
    }

    /// Returns the messages of a flow; `None` for one of views.
    #[must_use]
    pub fn messages(&self, flow: usize) -> Option<&Messages> {
        flow.checked_sub(self.classes.len()).map(|at| &self.network.messages[at])
    }

    /// Returns the class of a flow, by its number in the draft, and its first fork.
    pub(super) fn begins(&self, flow: usize) -> (usize, u32) {
        match self.messages(flow) {
            Some(messages) => (messages.class, messages.root),
            None => {
                let class = self.classes[flow].class;
                (class, self.network.roots[class])
            }
        }
    }
}

impl Standing<'_> {
    /// Returns the share of the consumers of a flow that take messages, and the seconds of the work at the `waited` forks if nothing else
    /// is done; 1 and 0 for views. `visits` returns those to the branches of a fork.
    pub(super) fn consumers<'v>(
        &self,
        flow: usize,
        waited: &[bool],
        visits: impl Fn(usize) -> &'v [f64],
    ) -> (f64, f64) {
        let Some(messages) = self.plan.messages(flow) else { return (1.0, 0.0) };
        let each = visits(messages.consumers as usize);
        let take = each.iter().filter(|visits| **visits > 0.0).count();
        let takers = take as f64 / each.len().max(1) as f64;
        let net = &self.plan.network;
        let at = |branch: &Branch, (resource, work): &(u32, f64)| {
            let at = *resource as usize;
            let own = self.plan.resource_parts[at].map_or(1.0, |part| self.slow[part]);
            work * self.slowness(branch, at) * own * net.resources[at].seconds
        };
        let forks = net.nodes.iter().enumerate().filter(|(fork, _)| waited[*fork]);
        let branches = forks.flat_map(|(fork, node)| node.branches.iter().zip(visits(fork)));
        let each = branches.map(|(branch, visits)| {
            let work: f64 = branch.work.iter().map(|work| at(branch, work)).sum();
            visits * (work - branch.aside)
        });
        (takers, each.sum())
    }
}

impl StateLoad {
    /// Returns the numbers of the flows of messages.
    #[must_use]
    pub fn messages(&self) -> std::ops::Range<usize> {
        let count = self.flows.first().map_or(0, |flow| flow.published.len());
        self.flows.len() - count..self.flows.len()
    }

    /// Sets the messages that follow from views, both per flow.
    pub fn publish(&self, flows: &mut Vec<f64>) {
        let messages = self.messages();
        flows.resize(self.flows.len(), 0.0);
        for flow in messages {
            flows[flow] = self.published(flow, flows);
        }
    }

    /// Returns the messages of a flow that the flows before it publish.
    #[must_use]
    pub fn published(&self, flow: usize, flows: &[f64]) -> f64 {
        let at = flow - self.messages().start;
        let each = self.flows[..flow].iter().zip(flows);
        each.map(|(from, views)| from.published[at].all * views).sum()
    }

    /// Returns the writes that a primary commits for a view of a class, and for the messages that follow from it; `place` is that
    /// among the forks that commit.
    #[must_use]
    pub fn commits(&self, class: usize, place: usize) -> f64 {
        let each = self.flows.iter().zip(self.following(class));
        each.map(|(flow, count)| flow.commits[place] * count).sum()
    }

    /// Returns the work at a resource for a view of a class, and for the messages that follow from it.
    #[must_use]
    pub fn work(&self, class: usize, resource: u32) -> f64 {
        let each = self.flows.iter().zip(self.following(class));
        each.map(|(flow, count)| flow.work_at(resource) * count).sum()
    }

    /// Returns one view of a class, and the messages that follow from it, per flow.
    fn following(&self, class: usize) -> Vec<f64> {
        let mut flows = vec![0.0; self.flows.len()];
        flows[class] = 1.0;
        self.publish(&mut flows);
        flows
    }
}
