//! Choice of the server for a new zone, as the designation service of SmartDataCenter (DAPI) makes it.
//!
//! Model: filters leave out servers, one after the other; the first that leaves none is the reason of a refusal. Of
//! the candidates that are left, each scorer ranks all. The best of a rank gets the weight of the scorer, the last
//! 0, linear in between; a single candidate gets the weight. The highest sum wins, the later server on a tie.
//!
//! Filters, in their order:
//! - *running*: a server is unknown when no heartbeat came for 11 s ([`Heartbeat`]);
//! - *capness*: zones with and without a cap never share a server;
//! - *count*: fewer than 224 zones;
//! - *memory*: unreserved memory of at least the zone's. Memory is not overcommitted;
//! - *processor*: 100 per core − Σ cap ÷ 4 of at least cap ÷ 4, in percent of a core; 0 where a zone has no cap;
//! - *large servers*: of more than 6 candidates, the 15 % with the most unreserved memory are kept for larger zones;
//! - *locality*, soft: servers that hold a zone of the same owner, unless all do.
//!
//! In: servers as they are, the zone, weights, one uniform number per server. Out: the server, or the reason why there
//! is none. Holds: the same input gives the same server. A positive weight of memory favours the server with the
//! *least* unreserved memory (packing), as the code has it; its documentation says the opposite.
//! Leaves out: disk space, platform versions, traits, networks, scheduled reboots, reservoirs, a reserved share of the
//! memory: the model has no such properties of a server. Hard locality is the list of servers that the caller offers.
//! Source: sdc-designation, `lib/allocator.js`, `lib/algorithms/*`, `lib/scorers.js` at 8110b5ef (2022); defaults of
//! sdc-cnapi, `sapi_manifests/cnapi/template`.

use crate::units::{Bytes, SimDuration, SimTime};

/// Silence after which the control plane takes a server for unknown.
pub const UNKNOWN_AFTER: SimDuration = SimDuration::from_secs(11);
/// Time between two heartbeats of a server.
pub const HEARTBEAT: SimDuration = SimDuration::from_secs(5);
/// Number of zones that a server must stay below.
pub const MOST_ZONES: u32 = 224;
/// Factor by which caps may exceed the processors of a server.
const CPU_RATIO: u64 = 4;
/// Share of the candidates, in percent, that are kept for larger zones.
const LARGE_PERCENT: usize = 15;

/// Heartbeats of a server, sent at multiples of 5 s while it works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// Last heartbeat before the last silence.
    last: SimTime,
    /// First heartbeat after it.
    first: SimTime,
    /// True while the server does not work.
    silent: bool,
}

impl Heartbeat {
    /// Notes that the server works, or does not, from `now` on.
    pub fn works(&mut self, now: SimTime, works: bool) {
        if works != self.silent {
            return;
        }
        self.silent = !works;
        let since = SimDuration::from_nanos(now.nanos() % HEARTBEAT.nanos());
        if works {
            self.first = if since.is_zero() { now } else { now + (HEARTBEAT - since) };
        } else if now >= self.first {
            self.last = SimTime::ZERO + (now.since(SimTime::ZERO) - since);
        }
    }

    /// Returns whether the control plane takes the server for running.
    #[must_use]
    pub fn is_running(&self, now: SimTime) -> bool {
        (!self.silent && now >= self.first) || now.since(self.last) < UNKNOWN_AFTER
    }
}

/// A server that could take the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// True if the control plane takes it for running.
    pub running: bool,
    /// Memory; `None` without a bound.
    pub memory: Option<Bytes>,
    /// Memory of the zones on it.
    pub held: Bytes,
    /// Cores.
    pub cores: u32,
    /// Sum of the caps of its zones, in percent of a core.
    pub caps: u64,
    /// Zones with a cap.
    pub capped: u32,
    /// Zones without a cap.
    pub uncapped: u32,
    /// Zones of the owner of the new zone.
    pub own: u32,
}

impl Server {
    /// Returns the memory that no zone has reserved; the largest number without a bound.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.memory.map_or(u64::MAX, |all| all.count().saturating_sub(self.held.count()))
    }

    /// Returns the processor time that no zone has reserved, in percent of a core.
    fn free_cpu(&self) -> u64 {
        let all = 100 * u64::from(self.cores);
        if self.uncapped > 0 { 0 } else { all.saturating_sub(self.caps / CPU_RATIO) }
    }
}

/// The zone to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Memory that it reserves.
    pub memory: Bytes,
    /// Its cap, in percent of a core.
    pub cap: Option<u64>,
}

/// Weights of the scorers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Favours less unreserved memory; where negative, more.
    pub memory: f64,
    /// Favours fewer zones of the same owner.
    pub owner: f64,
    /// Favours a server at random.
    pub random: f64,
}

/// Filter that left no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No server is offered, or none is running.
    Running,
    /// All that run have zones of the other sort, with or without a cap.
    Capness,
    /// All others have as many zones as a server may have.
    Count,
    /// No other has the memory.
    Memory,
    /// No other has the processor time.
    Processor,
}

/// Returns the index of the server for `wanted`; `uniform` draws a number for a server.
///
/// # Errors
///
/// The filter that left no server.
pub fn choose(
    servers: &[Server],
    wanted: Wanted,
    weights: Weights,
    uniform: impl Fn(usize) -> f64,
) -> Result<usize, Refusal> {
    let mut left: Vec<usize> = (0..servers.len()).collect();
    let mut filter = |reason: Refusal, keeps: &dyn Fn(&Server) -> bool| {
        left.retain(|at| keeps(&servers[*at]));
        if left.is_empty() { Err(reason) } else { Ok(()) }
    };
    filter(Refusal::Running, &|server| server.running)?;
    filter(Refusal::Capness, &|server| match wanted.cap {
        Some(_) => server.uncapped == 0,
        None => server.capped == 0,
    })?;
    filter(Refusal::Count, &|server| server.capped.saturating_add(server.uncapped) < MOST_ZONES)?;
    filter(Refusal::Memory, &|server| server.free() >= wanted.memory.count())?;
    let need = wanted.cap.map_or(0, |cap| cap / CPU_RATIO);
    filter(Refusal::Processor, &|server| server.free_cpu() >= need)?;
    without_large(servers, &mut left);
    without_own(servers, &mut left);
    Ok(best(servers, &left, weights, uniform))
}

/// Leaves out the candidates with the most unreserved memory: 15 % of them, rounded down.
fn without_large(servers: &[Server], left: &mut Vec<usize>) {
    let most = left.len() * LARGE_PERCENT / 100;
    let mut by_memory = left.clone();
    by_memory.sort_by_key(|at| servers[*at].free());
    let large = by_memory.split_off(by_memory.len() - most);
    left.retain(|at| !large.contains(at));
}

/// Leaves out the candidates that hold a zone of the same owner, unless all do.
fn without_own(servers: &[Server], left: &mut Vec<usize>) {
    if left.iter().any(|at| servers[*at].own == 0) {
        left.retain(|at| servers[*at].own == 0);
    }
}

/// Returns the candidate with the highest sum of scores.
fn best(
    servers: &[Server],
    left: &[usize],
    weights: Weights,
    uniform: impl Fn(usize) -> f64,
) -> usize {
    let mut scores = vec![0.0; left.len()];
    let mut rank = |weight: f64, order: &dyn Fn(usize, usize) -> std::cmp::Ordering| {
        let mut places: Vec<usize> = (0..left.len()).collect();
        places.sort_by(|one, other| order(left[*one], left[*other]));
        let last = places.len() - 1;
        for (place, candidate) in places.into_iter().enumerate() {
            let share = if last == 0 { 1.0 } else { (last - place) as f64 / last as f64 };
            scores[candidate] += weight * share;
        }
    };
    rank(weights.memory, &|one, other| servers[one].free().cmp(&servers[other].free()));
    rank(weights.owner, &|one, other| servers[one].own.cmp(&servers[other].own));
    rank(weights.random, &|one, other| uniform(one).total_cmp(&uniform(other)));
    let mut chosen = 0;
    for (at, score) in scores.iter().enumerate() {
        // The later server wins an exact tie.
        if *score >= scores[chosen] {
            chosen = at;
        }
    }
    left[chosen]
}

#[cfg(test)]
mod tests;
