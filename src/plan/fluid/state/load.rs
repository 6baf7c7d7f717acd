//! Effect of a state on the traffic.

use std::sync::Arc;

use crate::plan::fluid::messages::Published;

/// Effect of a state on the traffic of all flows of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StateLoad {
    /// Effect per flow: the classes, then the messages. States that differ elsewhere share it, and the rows below.
    pub flows: Vec<Arc<FlowLoad>>,
    /// Work per second that does not depend on the traffic, per resource.
    pub constant: Arc<[f64]>,
    /// Deep probes per second that enter processes which an autoscaler counts, by part.
    pub probed: Vec<(u32, f64)>,
    /// Capacity in work per second, per resource.
    pub capacity: Arc<[f64]>,
    /// True if the edges fetch and no fetch is answered, per CDN.
    pub silent: Vec<bool>,
    /// Power meters whose part is off.
    pub off: Vec<u32>,
    /// Two flags per buffer: its member keeps the content, and that is the primary.
    pub buffers: Vec<(bool, bool)>,
    /// True if the content is lost, per memory.
    pub lost: Vec<bool>,
}

/// Set of members that share the requests of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Expected visits per view (at most 1) of each member, and the resources that it uses there.
    pub ways: Vec<(f64, Vec<u32>)>,
    /// True if a request waits for the work done there.
    pub waits: bool,
    /// Share of the requests on the way there that has not failed before; 1 where none fails.
    pub reach: f64,
}

/// Effect of a state on one class of views, or on the messages of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowLoad {
    /// Share of its views that meets a dead part or is cut off.
    pub fails: f64,
    /// Part of `fails` that fails at every retry: all possible targets are dead, or it stays at a dead member.
    /// The rest was sent to one dead member of several.
    pub lacks: f64,
    /// Part of `lacks` whose requests all meet the same dead member: its retries cause no work behind
    /// the balancer.
    pub stuck: f64,
    /// True if part of `stuck` is sessions that stick to a dead member: users who leave are then among these.
    pub sticks: bool,
    /// Fraction of `lacks` that gets no answer at all: these users are cut off, and wait until they time out.
    pub unheard: f64,
    /// Share of its views that meets a stalled part, and no dead one.
    pub stalls: f64,
    /// Expected number of stalled requests per view, each of which holds a worker.
    pub held: f64,
    /// Work per view, by resource used.
    pub work: Vec<(u32, f64)>,
    /// Part of it for which no request waits, by resource with several queues.
    pub aside: Vec<(u32, f64)>,
    /// Sets of members that share its requests.
    pub stages: Vec<Stage>,
    /// Inputs to which failures are attributed.
    pub because: Vec<u32>,
    /// Inputs to which stalls are attributed.
    pub stalled_by: Vec<u32>,
    /// Two flags per CDN: its edges fetch something for a view, and some fetch is answered. They do not
    /// depend on the age of the content.
    pub fetches: Vec<[bool; 2]>,
    /// Writes per view that a primary commits, by index in the [`commits`](crate::plan::fluid::network::Network::commits) of the
    /// network.
    pub commits: Vec<f64>,
    /// Messages published per view, by their index in the network.
    pub published: Vec<Published>,
    /// Share of the consumers of messages that take some; 1 for views.
    pub takers: f64,
    /// Seconds that the work of a message takes if nothing else is done; 0 for views.
    pub seconds: f64,
    /// Requests per view that enter processes which an autoscaler counts, by part.
    pub enters: Vec<(u32, f64)>,
    /// Look-ups per view that reach a memory; those that have none are left out.
    pub look_ups: Vec<(u32, f64)>,
}

impl FlowLoad {
    /// Returns the work per view at a resource.
    #[must_use]
    pub fn work_at(&self, resource: u32) -> f64 {
        let found = self.work.binary_search_by_key(&resource, |(at, _)| *at);
        found.map_or(0.0, |found| self.work[found].1)
    }

    /// Returns the work per view at a resource with several queues for which no request waits.
    #[must_use]
    pub fn aside_at(&self, resource: u32) -> f64 {
        let found = self.aside.binary_search_by_key(&resource, |(at, _)| *at);
        found.map_or(0.0, |found| self.aside[found].1)
    }
}

impl StateLoad {
    /// Returns the utilisation of each resource at these rates, by flow.
    #[must_use]
    pub fn utilization(&self, rates: &[f64]) -> Vec<f64> {
        let mut used = Vec::new();
        self.utilization_into(rates, &mut used);
        used
    }

    /// Replaces `used` by the utilisation of each resource at these rates, by flow.
    pub fn utilization_into(&self, rates: &[f64], used: &mut Vec<f64>) {
        used.clear();
        used.extend_from_slice(&self.constant);
        for (flow, rate) in self.flows.iter().zip(rates) {
            for (resource, work) in &flow.work {
                used[*resource as usize] += rate * work;
            }
        }
        used.iter_mut().zip(self.capacity.iter()).for_each(|(used, capacity)| *used /= capacity);
    }
}
