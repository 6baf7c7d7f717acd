//! Refusals by a full queue: single requests are refused long before the average load exceeds the capacity.
//!
//! Model, for the views of one class at their entrance, at an offered load u on the narrowest part of their way:
//! - There is capacity for K views per queue: the workers, plus the places in the queue divided by the requests of a view
//!   that reach the same services. Of the first requests L = (1 − u) uᴷ / (1 − uᴷ⁺¹) are refused, as in M/M/1/K.
//! - A request that follows the answer to a first request arrives r later, a round trip. That view has left one free
//!   place; a departing one leaves j < K behind with πⱼ / (1 − L), and the queue is reversible. So a follower is
//!   refused with L (1 − p(r)) / (1 − L), where p(r) is the probability that a full queue is full again a time r later.
//!   A follower that goes to another queue meets L. A view fails with any of its requests.
//! - A user whose view fails retries with probability c, up to a limit; each attempt is offered load too. Of two loads
//!   at which that settles the lower one is meant.
//! - A user whose view is lost leaves, and M − 1 further pages on average are not requested.
//! - Where arrivals are modulated, each state is treated as settled. The exception is the number of departed users,
//!   which is that of the mean where the states change within a session.
//! - Hourly noise is a factor on u, lognormal of mean 1.
//!
//! Returns the share of the views that is lost or never requested, and the work done for lost views, over the work of
//! all intended views. Holds: the first never falls as u grows. Where users leave a queue before it is full, nothing is refused
//! here, and the excess is 1 − 1/u of the views. Where they cannot leave it, the views that they abandon are lost at any load
//! (`abandoned`).
//! Leaves out: several servers of the narrowest part (c of them refuse less far below the limit and more near it: 16
//! with a capacity of 51 refuse three times as much at 0.9); service times that are not exponential; that views of other classes
//! in the same queue take longer or shorter; work at a constant rate there, which counts as part of the views' work; places of members that have failed, and of those that an autoscaler launches (there are those at the
//! start); later requests to other services; refused requests that a
//! balancer forwards.
//! Source: Kleinrock (1975), 3.6; Kelly (1979), 1.2; Jensen's uniformisation for p(r).

mod abandoned;

use std::sync::OnceLock;

use abandoned::Kept;

use crate::convert::whole;
use crate::engine::special::ln;
use crate::plan::fluid::rooms::Entry;
use crate::plan::fluid::users::{Patience, Users};
use crate::plan::fluid::{FluidPlan, FluidWorkload};

/// Logarithms of loads: the first, below which nothing is lost, the step, their number. At odd points the unserved views are the geometric mean of
/// their neighbours', which is exact for a power of the load.
const FIRST: f64 = -6.0;
const STEP: f64 = 0.005;
const POINTS: usize = 1_521;
/// Steps of the variance of the noise.
const DEVIATIONS: usize = 16;
/// Nodes of the normal law on each side, and their distance.
const NODES: i32 = 24;
const APART: f64 = 0.25;
/// Refused share below which a load counts as not refused.
const NONE: f64 = 1e-10;
/// Refused share in the busiest hour from which a cell is strained.
pub(super) const FEW: f64 = 1e-6;
/// Maximum number of places whose changes within a round trip are followed.
const PLACES: usize = 96;
/// Number of arrivals and departures within a round trip from which a follower is refused like any request.
const MANY: f64 = 400.0;
/// Number of loads per load at which the refusal of followers is computed.
const SPARSE: usize = 20;
/// Logarithmic distance of the capacities at which there is a table, their number, and how many are below that of the healthy state.
const APART_IN_CAPACITY: f64 = 0.4;
const CAPACITIES: usize = 16;
const SLOWER: f64 = 9.0;

/// Unserved views, and wasted work.
type Shares = [f64; 2];

/// Refusals of a class by a full queue, and abandonments in it.
#[derive(Debug)]
pub(super) struct Refusals {
    /// Classes that enter by the same services, and share the queue.
    beside: Vec<usize>,
    /// Clients, source and queue of the views.
    users: Users,
    source: FluidWorkload,
    entry: Entry,
    patience: Patience,
    /// Highest standard deviation of the noise's logarithm.
    sigma: f64,
    /// Logarithm of the first capacity, in views per second.
    first: f64,
    /// Tables by capacity, [`APART_IN_CAPACITY`] from each other, made when first needed. If no user abandons a view one table holds for
    /// every capacity, because the load alone decides.
    by_capacity: Vec<OnceLock<Table>>,
}

/// Views of a class at one capacity.
#[derive(Clone, Debug, PartialEq)]
struct Table {
    /// Shares by load, without noise.
    plain: Vec<Shares>,
    /// Shares by variance of the noise, evenly up to the highest, then by mean load.
    noisy: Vec<Vec<Shares>>,
    /// Highest standard deviation of the noise's logarithm.
    most: f64,
    kept: Option<Kept>,
}

/// Refusals and abandonments at one capacity, between those of two tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused<'a> {
    tables: [&'a Table; 2],
    part: f64,
}

impl Refusals {
    /// Computes the refusals per class of a plan; `None` where no queue is ever full and none is abandoned, and where users leave a
    /// queue before it fills up.
    pub(super) fn all(plan: &FluidPlan) -> Vec<Option<Self>> {
        let sigma = plan.workloads.iter().map(|workload| workload.sigma).fold(0.0, f64::max);
        let capacities = capacities(plan);
        let one = |class: usize| Self::of(plan, class, capacities[class]?, sigma);
        (0..plan.classes.len()).map(one).collect()
    }

    /// Describes the refusals of a class; `capacity` is in views per second.
    fn of(plan: &FluidPlan, class: usize, capacity: f64, sigma: f64) -> Option<Self> {
        let of = &plan.classes[class];
        let entry = plan.entry_at_start(class)?;
        let fills_up = entry.views() / (capacity / entry.rooms);
        // If there are several sources, the largest.
        let rate = |workload: &FluidWorkload| workload.traffic.curve().level().in_per_second();
        let sources = plan.workloads.iter().filter(|workload| workload.class == class);
        let source = sources.max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
        let abandons = of.patience.ends() && !entry.is_left;
        if !abandons && (!fills_up.is_finite() || fills_up >= of.patience.scale()) {
            return None;
        }
        let steps = if abandons { CAPACITIES } else { 1 };
        Some(Self {
            beside: beside(plan, class).collect(),
            users: source.users.clone(),
            source: source.clone(),
            entry,
            patience: of.patience.clone(),
            sigma,
            first: ln(capacity) - APART_IN_CAPACITY * SLOWER,
            by_capacity: (0..steps).map(|_| OnceLock::new()).collect(),
        })
    }

    /// Returns the views per second of all classes in the queue, at these rates by flow.
    pub(super) fn arrive(&self, rates: &[f64]) -> f64 {
        self.beside.iter().map(|class| rates[*class]).sum()
    }

    /// Returns the refusals where `capacity` views per second of all classes can be done.
    pub(super) fn at(&self, capacity: f64) -> Refused<'_> {
        let last = self.by_capacity.len() - 1;
        if last == 0 || capacity.is_nan() || capacity <= 0.0 {
            return Refused { tables: [self.table(0); 2], part: 0.0 };
        }
        let place = ((ln(capacity) - self.first) / APART_IN_CAPACITY).clamp(0.0, last as f64);
        let below = whole::usize(place).min(last - 1);
        let tables = [self.table(below), self.table(below + 1)];
        Refused { tables, part: place - below as f64 }
    }

    fn table(&self, step: usize) -> &Table {
        self.by_capacity[step].get_or_init(|| {
            let capacity = libm::exp(self.first + APART_IN_CAPACITY * step as f64);
            let abandons = self.by_capacity.len() > 1;
            let room = Room::of(&self.entry, capacity, abandons.then_some(&self.patience));
            Table::under(Settled { room, users: &self.users, source: &self.source }, self.sigma)
        })
    }
}

impl Refused<'_> {
    /// Returns the shares at a mean load of `used` over noise with the deviation `sigma`.
    pub(super) fn mean(&self, used: f64, sigma: f64) -> Shares {
        self.of(|table| table.mean(used, sigma))
    }

    /// Returns the shares at a load of `used`.
    pub(super) fn plain(&self, used: f64) -> Shares {
        self.of(|table| table.plain(used))
    }

    /// Returns the load from which a share of the views is not served; infinite if there is none.
    pub(super) fn reaches(&self, share: f64) -> f64 {
        let [low, high] = self.tables.map(|table| table.reaches(share));
        if low == high { low } else { low + (high - low) * self.part }
    }

    /// Returns whether users abandon views in the queue without leaving it.
    pub(super) fn is_in_vain(&self) -> bool {
        self.tables.iter().any(|table| table.kept.is_some())
    }

    /// Returns the number of views in all queues, which hold `room`, beyond which none is served; infinite if there is none.
    pub(super) fn longest(&self, room: f64) -> f64 {
        let of = |kept: &Kept| kept.longest(room);
        let [low, high] = self.tables.map(|table| table.kept.as_ref().map_or(f64::INFINITY, of));
        low.min(high)
    }

    /// Returns the probability that a view is not abandoned that finds `length` views in all queues, which hold `room`.
    pub(super) fn kept(&self, length: f64, room: f64) -> f64 {
        let at = |table: &Table| table.kept.as_ref().map_or(1.0, |kept| kept.in_all(length, room));
        let [low, high] = self.tables.map(at);
        low + (high - low) * self.part
    }

    fn of(&self, shares: impl Fn(&Table) -> Shares) -> Shares {
        let [low, high] = self.tables;
        if self.part <= 0.0 { shares(low) } else { between(shares(low), shares(high), self.part) }
    }
}

impl Table {
    fn under(settled: Settled<'_>, sigma: f64) -> Self {
        let mut plain: Vec<Shares> = Vec::with_capacity(POINTS);
        let mut away = 0.0;
        for point in (0..POINTS).step_by(2) {
            let (shares, gone) = settled.at(load_at(point), away);
            away = gone;
            if let Some(before) = plain.last().copied() {
                plain.push([0, 1].map(|of| (before[of] * shares[of]).sqrt()));
            }
            plain.push(shares);
        }
        let mut all = Self { plain, noisy: Vec::new(), most: sigma, kept: settled.room.kept };
        let deviations = if sigma > 0.0 { DEVIATIONS } else { 0 };
        all.noisy = (0..=deviations)
            .map(|step| all.blurred(sigma * (step as f64 / DEVIATIONS as f64).sqrt()))
            .collect();
        all
    }

    /// Returns the means over the noise, by load.
    fn blurred(&self, sigma: f64) -> Vec<Shares> {
        if sigma <= 0.0 {
            return self.plain.clone();
        }
        let nodes = (-NODES..=NODES).map(|node| f64::from(node) * APART);
        let weights: Vec<(f64, f64)> = nodes.map(|z| (z, libm::exp(-z * z / 2.0))).collect();
        let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let mean = |point: usize| {
            let at = FIRST + STEP * point as f64;
            let mut sums = [0.0; 2];
            for (z, weight) in &weights {
                // Weighted with the noise itself, its logarithm has the mean σ²/2.
                let shares = look_up(&self.plain, at + sigma * (z + sigma / 2.0));
                for of in 0..2 {
                    sums[of] += weight * shares[of] / all;
                }
            }
            sums
        };
        (0..POINTS).map(mean).collect()
    }

    /// Returns the shares at a mean load of `used` over noise with the deviation `sigma`.
    fn mean(&self, used: f64, sigma: f64) -> Shares {
        if used <= 0.0 {
            return [0.0; 2];
        }
        let at = ln(used);
        if at <= FIRST {
            return [0.0; 2];
        }
        if self.most <= 0.0 {
            return look_up(&self.plain, at);
        }
        let place = (sigma / self.most * (sigma / self.most)).min(1.0) * DEVIATIONS as f64;
        let below = whole::usize(place).min(DEVIATIONS - 1);
        let part = place - below as f64;
        let (a, b) = (look_up(&self.noisy[below], at), look_up(&self.noisy[below + 1], at));
        between(a, b, part)
    }

    /// Returns the shares at a load of `used`.
    fn plain(&self, used: f64) -> Shares {
        if used > 0.0 { look_up(&self.plain, ln(used)) } else { [0.0; 2] }
    }

    /// Returns the load from which a share of the views is not served; infinite if there is none.
    fn reaches(&self, share: f64) -> f64 {
        let above = self.plain.partition_point(|[unserved, _]| *unserved < share);
        let Some(below) = above.checked_sub(1) else { return load_at(0) };
        let Some([high, _]) = self.plain.get(above) else {
            let [last, _] = self.plain[below];
            return if share < 1.0 {
                load_at(below) * (1.0 - last) / (1.0 - share)
            } else {
                f64::INFINITY
            };
        };
        let [low, _] = self.plain[below];
        load_at(below) * libm::exp(STEP * (share - low) / (high - low))
    }
}

fn load_at(point: usize) -> f64 {
    libm::exp(FIRST + STEP * point as f64)
}

/// Interpolates linearly between the points; beyond them the work done stays the same.
fn look_up(of: &[Shares], at: f64) -> Shares {
    let place = (at - FIRST) / STEP;
    if place <= 0.0 {
        return [0.0; 2];
    }
    let last = of.len() - 1;
    if place >= last as f64 {
        let [unserved, wasted] = of[last];
        let less = libm::exp(FIRST + STEP * last as f64 - at);
        return [1.0 - (1.0 - unserved) * less, wasted * less];
    }
    let below = whole::usize(place);
    let part = place - below as f64;
    between(of[below], of[below + 1], part)
}

/// Returns the shares at `part` of the way from `a` to `b`.
#[inline]
fn between(a: Shares, b: Shares, part: f64) -> Shares {
    [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]
}

/// Returns, per class, the views per second of all classes in its queue that the narrowest part of its way can serve in the healthy
/// state with empty caches, at the mix of the busiest hour; `None` where nothing limits them.
fn capacities(plan: &FluidPlan) -> Vec<Option<f64>> {
    let well = plan.state(&plan.emptied());
    let [_, rates] = plan.mean_and_top_rates();
    let mut flows = rates.clone();
    well.publish(&mut flows);
    let used = well.utilization(&flows);
    let of = |(class, rate): (usize, &f64)| {
        let stages = well.flows[class].stages.iter().filter(|stage| stage.waits);
        let ways = stages.flat_map(|stage| &stage.ways);
        let uses = ways.flat_map(|(_, uses)| uses).map(|at| *at as usize);
        let held = uses.filter(|at| plan.network.resources[*at].holds_a_worker);
        let most = held.map(|at| used[at]).fold(0.0, f64::max);
        let arrive: f64 = beside(plan, class).map(|class| rates[class]).sum();
        (most > 0.0 && *rate > 0.0).then(|| arrive / most)
    };
    rates.iter().enumerate().map(of).collect()
}

/// Returns the classes that enter by the same services as `class`, itself included.
fn beside(plan: &FluidPlan, class: usize) -> impl Iterator<Item = usize> {
    let same = move |of: &usize| plan.classes[*of].services == plan.classes[class].services;
    (0..plan.classes.len()).filter(same)
}

/// Returns the probability that an arrival finds M/M/1/K full, extended to fractional K: (1 − u) uᴷ / (1 − uᴷ⁺¹).
fn blocking(used: f64, room: f64) -> f64 {
    if used <= 0.0 || room.is_infinite() {
        return 0.0;
    }
    let at = ln(used);
    if at.abs() * (room + 1.0) < 1e-9 {
        return 1.0 / (room + 1.0);
    }
    if at < 0.0 {
        return libm::exp(room * at) * libm::expm1(at) / libm::expm1((room + 1.0) * at);
    }
    libm::expm1(-at) / libm::expm1(-(room + 1.0) * at)
}

/// Returns the probability that a full queue is full again after a time with `came` potential arrivals and `done`
/// potential departures.
fn stays_full(came: f64, done: f64, room: f64) -> f64 {
    let all = came + done;
    if all <= 0.0 {
        return 1.0;
    }
    let most = whole::usize(room.floor()).clamp(1, PLACES);
    let (fills, empties) = (came / all, done / all);
    // By free places.
    let mut free = vec![0.0; most + 1];
    free[0] = 1.0;
    let mut next = free.clone();
    let (mut weight, mut covered, mut full, mut jumps) = (libm::exp(-all), 0.0, 0.0, 0.0);
    loop {
        full += weight * free[0];
        covered += weight;
        jumps += 1.0;
        if covered > 1.0 - 1e-12 || jumps > all + 12.0 * all.sqrt() + 40.0 {
            return full / covered;
        }
        weight *= all / jumps;
        next.fill(0.0);
        for (place, probability) in free.iter().enumerate() {
            next[place.saturating_sub(1)] += probability * fills;
            next[(place + 1).min(most)] += probability * empties;
        }
        std::mem::swap(&mut free, &mut next);
    }
}

/// Queue at the entrance of views.
struct Room {
    views: f64,
    /// Share of the first requests that arrive so far, and the number of followers per view.
    first: f64,
    followers: f64,
    /// Refusal probability of a follower over that of a first request, at every [`SPARSE`] loads.
    follower: Vec<f64>,
    /// Accepted views that are not abandoned; `None` if all are.
    kept: Option<Kept>,
    /// Logarithms of the shares of first requests that are refused and of views that fail, by load.
    by_load: Vec<Shares>,
}

impl Room {
    /// Creates the queue; `capacity` is in views per second. With a `patience` users abandon views in it, and cannot leave it.
    fn of(entry: &Entry, capacity: f64, patience: Option<&Patience>) -> Self {
        let views = entry.views();
        let done = capacity * entry.first / entry.rooms * entry.follow_after.seconds();
        let elsewhere = entry.elsewhere;
        let one = |point: usize| {
            let used = load_at(point * SPARSE);
            let came = used * done;
            let full = if came + done < MANY { stays_full(came, done, views) } else { 0.0 };
            let own = ((1.0 - full) / (1.0 - blocking(used, views))).min(1.0);
            own + elsewhere * (1.0 - own)
        };
        let follower = (0..=POINTS / SPARSE).map(one).collect();
        let each = capacity / entry.rooms;
        let kept = patience.and_then(|patience| Kept::of(entry, patience, views, each));
        let (first, followers) = (entry.first, entry.followers);
        let mut all = Self { views, first, followers, follower, kept, by_load: Vec::new() };
        let one = |point: usize| {
            let (refused, fails) = all.exactly(load_at(point));
            [refused, fails].map(|share| ln(share.max(f64::MIN_POSITIVE)))
        };
        all.by_load = (0..POINTS).map(one).collect();
        all
    }

    /// Returns the share of the first requests that is refused at a load, and that of the views that fail: a power of
    /// the load between two points.
    fn refuses(&self, used: f64) -> (f64, f64) {
        let place = (ln(used.max(f64::MIN_POSITIVE)) - FIRST) / STEP;
        if place <= 0.0 || place >= (POINTS - 1) as f64 {
            return self.exactly(used);
        }
        let below = whole::usize(place);
        let shares = between(self.by_load[below], self.by_load[below + 1], place - below as f64);
        let [refused, fails] = shares.map(libm::exp);
        (refused, fails)
    }

    /// Returns the same, computed.
    fn exactly(&self, used: f64) -> (f64, f64) {
        let refused = blocking(used, self.views);
        let last = self.follower.len() - 1;
        let place = ((ln(used) - FIRST) / (STEP * SPARSE as f64)).clamp(0.0, last as f64);
        let below = whole::usize(place).min(last - 1);
        let [a, b] = [self.follower[below], self.follower[below + 1]];
        let follower = a + (b - a) * (place - below as f64);
        let follows = self.followers * libm::log1p(-(follower * refused).min(1.0));
        let accepted = (1.0 - self.first * refused) * libm::exp(follows);
        let stays = self.kept.as_ref().map_or(1.0, |kept| kept.mean(used));
        (refused, 1.0 - accepted * stays)
    }
}

/// Settled loads.
struct Settled<'a> {
    room: Room,
    users: &'a Users,
    source: &'a FluidWorkload,
}

/// Shares of the requested views.
#[derive(Clone, Copy, Default)]
struct State {
    lost: f64,
    /// Work done, over the work of as many views.
    work: f64,
}

impl Settled<'_> {
    /// Returns the shares at a mean load of `used`, and the share never requested, which is at least `at_least`.
    fn at(&self, used: f64, at_least: f64) -> (Shares, f64) {
        let swing = &self.source.swing;
        let session = self.users.session.as_ref();
        let highest = swing.states.iter().map(|(factor, _)| *factor).fold(0.0, f64::max);
        if self.room.refuses(used * highest).1 < NONE {
            return ([0.0; 2], 0.0);
        }
        let within = session
            .is_some_and(|session| swing.cycle.seconds() < session.pages * session.think.seconds());
        if within {
            return self.balance(used, &swing.states, at_least);
        }
        let mut shares = [0.0; 2];
        for (factor, time) in swing.states.iter().filter(|(factor, _)| *factor > 0.0) {
            let (own, _) = self.balance(used * factor, &[(1.0, 1.0)], 0.0);
            shares.iter_mut().zip(own).for_each(|(sum, own)| *sum += factor * time * own);
        }
        (shares, 0.0)
    }

    /// Balances the users who leave with the views that are lost before a next page.
    fn balance(&self, used: f64, states: &[(f64, f64)], at_least: f64) -> (Shares, f64) {
        let further = self.users.unserved() - 1.0;
        let away = if further > 0.0 {
            let short =
                |away: f64| further * self.states(used, states, away).lost * (1.0 - away) - away;
            root(short, at_least)
        } else {
            0.0
        };
        let of = self.states(used, states, away);
        // Where retries settle at one of two loads, the system alternates between them.
        let lost = if further > 0.0 { away / further } else { of.lost };
        let unserved = (lost + away).min(1.0);
        let wasted = (of.work * (1.0 - away) - (1.0 - unserved)).max(0.0);
        ([unserved, wasted], away)
    }

    /// Returns the mean over the states for the requested views, while the share `away` stays away.
    fn states(&self, used: f64, states: &[(f64, f64)], away: f64) -> State {
        let mut mean = State::default();
        for (factor, time) in states.iter().filter(|(factor, _)| *factor > 0.0) {
            let of = self.tried(used * factor * (1.0 - away));
            mean.lost += factor * time * of.lost;
            mean.work += factor * time * of.work;
        }
        mean
    }

    /// Returns the outcome of first attempts and retries at an offered load of `used`.
    fn tried(&self, used: f64) -> State {
        let mut tries = 1.0;
        // From below, so that of several equilibria the lowest is found.
        for _ in 0..400 {
            let (_, fails) = self.room.refuses(used * tries);
            let next = self.users.tries(fails);
            let moved = next - tries;
            tries = next;
            if moved <= 1e-8 {
                break;
            }
        }
        let (refused, fails) = self.room.refuses(used * tries);
        // The work done cannot exceed the capacity.
        let work = (tries * (1.0 - self.room.first * refused)).min(1.0 / used);
        State { lost: self.users.lost(fails), work }
    }
}

/// Returns the zero of a falling function between 0 and 1, near `guess` or above it. Uses the Illinois method (Dowell &
/// Jarratt 1971), and bisection where the function jumps.
fn root(of: impl Fn(f64) -> f64, guess: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    let mut at_low = of(guess);
    if at_low <= 0.0 {
        (high, at_low) = (guess, of(0.0));
        if at_low <= 0.0 {
            return 0.0;
        }
    } else {
        low = guess;
        // The next one is close.
        let mut step = 1e-4_f64.max(guess / 16.0);
        while low + step < 1.0 {
            let above = of(low + step);
            if above <= 0.0 {
                high = low + step;
                break;
            }
            (low, at_low, step) = (low + step, above, step * 4.0);
        }
    }
    let mut at_high = of(high);
    let mut turns = 0;
    let mut side = 0;
    while high - low > 1e-9 && turns < 80 {
        turns += 1;
        let weighed = low + (high - low) * at_low / (at_low - at_high);
        let at = if turns % 4 == 0 { f64::midpoint(low, high) } else { weighed };
        let value = of(at);
        if value > 0.0 {
            (low, at_low) = (at, value);
            at_high *= if side == 1 { 0.5 } else { 1.0 };
            side = 1;
        } else {
            (high, at_high) = (at, value);
            at_low *= if side == -1 { 0.5 } else { 1.0 };
            side = -1;
            if value == 0.0 {
                break;
            }
        }
    }
    high
}

#[cfg(test)]
mod tests;
