//! Replication lag: acknowledged writes of a database that its replicas have not received yet, which are lost
//! when one of them takes over.
//!
//! Model: writes are committed as a Poisson stream of rate w. Each reaches a replica after a delay of its
//! own (distribution F, [`ReplicationSpec`]'s `receive`), and not before those that were committed earlier.
//! A replica then lacks everything from the oldest write on that is in transit to it. The probability that none
//! of j given replicas lacks a write older than a is that of zero for a Poisson number of mean
//! w Hⱼ(a) = w ∫ₐ^∞ (1 − F(s)ʲ) ds: writes in transit are an M/G/∞ system (Mirasol 1963). Of k replicas the most
//! advanced one is promoted. By inclusion and exclusion over them
//!
//! ```text
//! mean age of the oldest write lost   ∫₀^∞ Σⱼ (−1)ʲ C(k,j) exp(−w Hⱼ(a)) da
//! mean number of writes lost        w ∫₀^∞ Σⱼ (−1)ʲ C(k,j) F(a)ʲ exp(−w Hⱼ(a)) da
//! ```
//! With a fixed delay d, w d writes are lost for any k. A replica that was down when the primary failed lacks
//! all writes since its own failure: [`crate::solve::fluid`] follows that.
//!
//! At most [`MOST`] replicas count: beyond, inclusion and exclusion subtracts numbers too large for
//! floating point.
//!
//! Writes to a replica at the other site of a link are in transit for its latency too: the loss of a failover to one is that of a
//! delay of its own, later by the latency. Where a replica at the site of the old primary runs, only such ones count.
//!
//! Leaves out: the writes of one page come in close succession; the bytes of writes on a link.
//!
//! [`ReplicationSpec`]: crate::kinds::database::spec::ReplicationSpec

use super::name_of;
use super::state::Input;
use crate::convert::{place, table};
use crate::engine::law::Law;
use crate::health::declare::Expr;
use crate::health::{FactId, Net};
use crate::kinds::database::spec::{Apply, Promotion, ReplicationMode};
use crate::kinds::database::step::{at_once, caught_up};
use crate::kinds::database::{failover, far};
use crate::kinds::zone::vm;
use crate::plan::Draft;
use crate::plan::links::Store;
use crate::plan::load::{self, Resource, mean};
use crate::plan::names::member_name;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::units::{Rate, SimDuration};

/// Writes per second that a replica applies; `None` where a write is no work.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// While it follows.
    pub follows: Option<Rate>,
    /// While it catches up after it was away: it is not faster than its disks.
    pub catches_up: Option<Rate>,
}

/// Database of which a replica may be promoted to primary.
#[derive(Clone, Debug)]
pub struct Copies {
    /// Name of the database.
    pub name: String,
    /// Number of the database in the draft.
    pub database: u32,
    /// Names of the members.
    pub members: Vec<String>,
    /// Speed at which a member applies writes serially as an otherwise idle replica, per member.
    pub applies: Vec<Speed>,
    /// True if the former primary becomes a replica with a copy of the present one.
    pub rebuilds: bool,
    /// Data with which a promoted replica continues.
    pub from: Source,
    /// Side of each member at the ends of a link, and its latency; `None`: no link is between any two of them.
    pub far: Option<(Vec<bool>, SimDuration)>,
}

/// Facts of a database in a net.
#[derive(Clone, Debug)]
pub struct CopiesNet {
    /// A primary serves.
    pub served: FactId,
    /// Facts that a member is primary, per member.
    pub holds: Vec<FactId>,
    /// Facts that a member runs and follows the primary, per member.
    pub copies: Vec<FactId>,
    /// Facts that a member follows the primary, running or not, per member.
    pub follows: Vec<FactId>,
    /// Facts that a switch-over to a member is under way, per member; empty if planned work announces none.
    pub switches: Vec<FactId>,
}

impl CopiesNet {
    /// Resolves the facts of a database in a net; `None` if no replica is promoted there.
    pub(super) fn of(net: &Net, of: &Copies) -> Option<Self> {
        let members = 0..of.members.len();
        let holds = |member: usize| name_of(&Input::Holds(of.database, table::u32(member)));
        let all = |name: &dyn Fn(usize) -> String| -> Option<Vec<FactId>> {
            members.clone().map(|member| net.fact(&name(member))).collect()
        };
        let switches = members.clone().filter_map(|member| net.fact(&switched(&of.name, member)));
        Some(Self {
            served: net.fact(&name_of(&Input::Served(of.database)))?,
            holds: all(&holds)?,
            copies: all(&|member| copied(&of.name, member))?,
            follows: all(&|member| followed(&of.name, member))?,
            switches: switches.collect(),
        })
    }
}

fn copied(database: &str, member: usize) -> String {
    format!("{database}: {member} copies")
}

fn followed(database: &str, member: usize) -> String {
    format!("{database}: {member} follows")
}

fn switched(database: &str, member: usize) -> String {
    format!("{database}: {member} is switched to")
}

/// Returns the facts of the replication of a database, with their names. `known`: an automaton publishes a fact.
pub(super) fn facts(
    draft: &Draft,
    database: usize,
    known: &dyn Fn(&str, &str) -> bool,
) -> Vec<(String, Expr)> {
    let name = &draft.scenario.database[database].0;
    let phases = failover::name(name);
    let mut all = Vec::new();
    for member in 0..draft.links.databases[database].members.len() {
        all.push((copied(name, member), failover::copies(draft, database, member)));
        all.push((followed(name, member), failover::follows(draft, database, member)));
        let switches = failover::switches(member);
        if known(&phases, &switches) {
            all.push((switched(name, member), Expr::of(&phases, &switches)));
        }
    }
    all
}

/// Data with which a promoted replica continues.
#[derive(Clone, Debug)]
pub enum Source {
    /// The old primary's volume: nothing is lost.
    Volume,
    /// The writes it has received; the primary acknowledged writes without waiting for replicas.
    Received(UnderWay),
    /// The writes it has received; the primary acknowledged others only if no replica followed for longer
    /// than it waits.
    Acknowledged,
}

/// Writes in transit to replicas.
#[derive(Clone, Debug)]
pub enum UnderWay {
    /// All take the same time.
    Fixed(SimDuration),
    /// Each takes its own time.
    Spread(Grid),
}

/// Distribution of delays, tabulated at ages.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Age in seconds, and weight in an integral over all ages, per point.
    points: Vec<(f64, f64)>,
    /// F(a)ʲ and Hⱼ(a) in seconds, by number j of replicas from 1 on, then by point.
    of: Vec<Vec<(f64, f64)>>,
}

/// Data loss of a failover.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Expected number of writes lost.
    pub writes: f64,
    /// Expected age of the oldest of them in seconds; 0 if none is lost.
    pub window_s: f64,
    /// Age of the oldest of them in seconds, sampled from its distribution.
    pub drawn_s: f64,
}

impl Loss {
    /// Loss of everything that was written over a time at a constant rate: the oldest write came after an exponential
    /// gap. `uniform` is the random number from which it is sampled.
    #[must_use]
    pub fn of_all(writes: f64, over: SimDuration, uniform: f64) -> Self {
        if writes <= 0.0 {
            return Self::default();
        }
        let over = over.seconds();
        let (gap, drawn) = (-libm::expm1(-writes), -libm::log(uniform));
        Self {
            writes,
            window_s: over * (1.0 - gap / writes),
            drawn_s: (over * (1.0 - drawn / writes)).max(0.0),
        }
    }
}

/// Largest number of replicas that count.
pub const MOST: usize = 16;
/// Ratio of the ends of neighbouring pieces of age.
const GROWTH: f64 = 1.15;
/// Number of equal probabilities at whose quantiles pieces end.
const QUANTILES: u32 = 32;
/// Number of bisections in the search for an age.
const HALVINGS: u32 = 30;
/// Probability of the longest delays, which are left out.
const LAST: f64 = 1e-9;

impl UnderWay {
    /// Tabulates a law of delays in seconds, for up to `replicas` replicas.
    #[must_use]
    pub fn new(delay: &Law, replicas: usize) -> Self {
        if delay.is_constant() {
            return Self::Fixed(SimDuration::from_seconds_f64(delay.mean()));
        }
        Self::Spread(Grid::new(delay, replicas))
    }

    /// Returns the same for replicas that receive every write later by `latency`.
    #[must_use]
    pub fn lost_after(
        &self,
        latency: SimDuration,
        (rate, replicas): (Rate, usize),
        uniform: f64,
    ) -> Loss {
        let w = rate.in_per_second();
        if latency == SimDuration::ZERO || w <= 0.0 || replicas == 0 {
            return self.lost(rate, replicas, uniform);
        }
        if let Self::Fixed(delay) = self {
            return Self::Fixed(*delay + latency).lost(rate, replicas, uniform);
        }
        // The writes of the last latency are lost, and of those before what a replica would lack without it.
        let last = Loss::of_all(w * latency.seconds(), latency, uniform);
        let before = self.lost(rate, replicas, uniform);
        let drawn_s = match before.drawn_s > 0.0 {
            true => before.drawn_s + latency.seconds(),
            false => last.drawn_s,
        };
        Loss {
            writes: before.writes + last.writes,
            window_s: before.window_s + last.window_s,
            drawn_s,
        }
    }

    /// Returns the loss with a primary that took writes at `rate`, if `replicas` replicas followed it. `uniform` is
    /// the random number from which the age is sampled.
    #[must_use]
    pub fn lost(&self, rate: Rate, replicas: usize, uniform: f64) -> Loss {
        let w = rate.in_per_second();
        if w <= 0.0 || replicas == 0 {
            return Loss::default();
        }
        match self {
            Self::Fixed(delay) => Loss::of_all(w * delay.seconds(), *delay, uniform),
            Self::Spread(grid) => grid.lost(w, replicas, uniform),
        }
    }
}

impl Grid {
    /// Tabulates pieces of age that grow by [`GROWTH`] and also end at quantiles, each with the three points of
    /// Simpson's rule.
    fn new(delay: &Law, replicas: usize) -> Self {
        let last = delay.quantile(1.0 - LAST);
        let mut ends = vec![0.0, (delay.mean() / 1e3).min(last)];
        while ends[ends.len() - 1] < last {
            ends.push((ends[ends.len() - 1] * GROWTH).min(last));
        }
        ends.extend((1..QUANTILES).map(|k| delay.quantile(f64::from(k) / f64::from(QUANTILES))));
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let mut points = Vec::new();
        for piece in ends.windows(2) {
            let (from, to) = (piece[0], piece[1]);
            let sixth = (to - from) / 6.0;
            points.extend([(from, sixth), (f64::midpoint(from, to), 4.0 * sixth), (to, sixth)]);
        }
        let of = (1..=replicas.clamp(1, MOST)).map(|j| {
            let received = |age: f64| libm::pow(delay.cdf(age).clamp(0.0, 1.0), j as f64);
            let mut row: Vec<(f64, f64)> =
                points.iter().map(|(age, _)| (received(*age), 0.0)).collect();
            // From the oldest age down: the integral over all greater ages.
            let mut older = 0.0;
            for at in (0..points.len()).rev().step_by(3) {
                let (from, middle, to) = (at - 2, at - 1, at);
                let width = points[to].0 - points[from].0;
                let missing = |at: usize| 1.0 - row[at].0;
                let (a, b, c) = (missing(from), missing(middle), missing(to));
                row[to].1 = older;
                // The parabola through all three points, integrated over its later half.
                row[middle].1 = older + width * (5.0 * c + 8.0 * b - a) / 24.0;
                older += width * (a + 4.0 * b + c) / 6.0;
                row[from].1 = older;
            }
            row
        });
        Self { of: of.collect(), points }
    }

    fn lost(&self, w: f64, replicas: usize, uniform: f64) -> Loss {
        let replicas = replicas.min(self.of.len());
        let mut loss = Loss::default();
        // The probability that all lack something older falls with age; the sampled age is where it meets the draw.
        let mut younger = None;
        for (at, (_, weight)) in self.points.iter().enumerate() {
            let [lacks, lost] = alternating(replicas, |j| {
                let (received, older) = self.of[j - 1][at];
                let none_older = libm::exp(-w * older);
                [none_older, received * none_older]
            });
            loss.window_s += weight * lacks.max(0.0);
            loss.writes += weight * w * lost.max(0.0);
            if lacks >= uniform {
                younger = Some(at);
            } else if let Some(from) = younger.take() {
                loss.drawn_s = self.age_at(w, replicas, from, uniform);
            }
        }
        if let Some(oldest) = younger {
            loss.drawn_s = self.points[oldest].0;
        }
        loss
    }

    /// Returns the age between a point and the next at which the probability that all lack something older is
    /// `probability`, by bisection.
    fn age_at(&self, w: f64, replicas: usize, from: usize, probability: f64) -> f64 {
        let (young, old) = (self.points[from].0, self.points[from + 1].0);
        let width = old - young;
        // H between two points: the cubic that has its values and slopes, F - 1, there.
        let under_way = |j: usize, part: f64| {
            let row = &self.of[j - 1];
            let ((f0, h0), (f1, h1)) = (row[from], row[from + 1]);
            let rest = 1.0 - part;
            let by_value =
                h0 * (1.0 + 2.0 * part) * rest * rest + h1 * part * part * (3.0 - 2.0 * part);
            by_value + width * part * rest * ((f0 - 1.0) * rest - (f1 - 1.0) * part)
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let part = f64::midpoint(low, high);
            let [lacks, _] = alternating(replicas, |j| [libm::exp(-w * under_way(j, part)), 0.0]);
            if lacks >= probability { low = part } else { high = part }
        }
        young + width * f64::midpoint(low, high)
    }
}

/// Returns Σⱼ (−1)ʲ C(k,j) xⱼ over j from 0 to k, where x₀ is 1, for two series x at once.
fn alternating(k: usize, of: impl Fn(usize) -> [f64; 2]) -> [f64; 2] {
    let (mut sums, mut ways) = ([1.0, 1.0], 1.0);
    for j in 1..=k {
        ways *= -((k + 1 - j) as f64) / j as f64;
        let [one, other] = of(j);
        sums = [sums[0] + ways * one, sums[1] + ways * other];
    }
    sums
}

/// Returns the databases of a draft of which a replica may be promoted to primary.
#[must_use]
pub fn of(draft: &Draft) -> Vec<Copies> {
    let mut all = Vec::new();
    for (database, (name, spec)) in draft.scenario.database.iter().enumerate() {
        let links = &draft.links.databases[database];
        let (Some(failover), Some(replication)) = (&spec.failover, &spec.replication) else {
            continue;
        };
        let from = match (failover.promotion.value, replication.mode.value) {
            (Promotion::Remount, _) => Source::Volume,
            (Promotion::Replica, ReplicationMode::Async) => {
                let replicas = links.replicas();
                Source::Received(UnderWay::new(&law_of(&replication.receive), replicas))
            }
            // Every acknowledged write is at a replica.
            (Promotion::Replica, _) => Source::Acknowledged,
        };
        let members = 0..links.members.len();
        all.push(Copies {
            name: name.text.clone(),
            database: place(database),
            members: members.clone().map(|member| member_name(name, place(member))).collect(),
            applies: members.map(|member| speed(draft, database, member)).collect(),
            rebuilds: spec.rebuild.is_some(),
            from,
            far: far::ends(draft, database).map(|ends| {
                let latency = draft.scenario.link[ends.link.index()].1.latency.value;
                (ends.sides, latency)
            }),
        });
    }
    all
}

/// Returns the speed at which a member applies writes serially as a replica. It is the inverse of the time of one write: its
/// processor time on at most one core of its zone, and the operations that it waits for, each at the speed of a disk; in a guest
/// also its overhead and exits. If it catches up, it takes at least the time that its disks need for all operations.
fn speed(draft: &Draft, database: usize, member: usize) -> Speed {
    let spec = &draft.scenario.database[database].1;
    let Some(replication) = &spec.replication else {
        return Speed { follows: None, catches_up: None };
    };
    let Apply::Serial = replication.apply.value;
    let user = Part::Database { database, member: place(member) };
    let on = user.stands_on(draft);
    let cores =
        on.and_then(|on| load::capacity(draft, on, Resource::Cpu)).map(|cpu| cpu.per_second);
    let store = draft.links.databases[database].members[member].store;
    let answers = store.map(|store| (store.component().0.answers(), store));
    let operation = answers.map_or(0.0, |(kind, store)| kind.write_s(draft, store));
    let done = answers.map_or(f64::INFINITY, |(kind, store)| kind.writes_per_s(draft, store));
    let exit = vm::exit_s(draft, user);
    // Behind a head, what is not waited for leaves the guest beside the next write.
    let beside = matches!(store, Some(Store::Volume { .. }));
    let work = mean(&spec.write.cpu.value) * on.map_or(1.0, |on| vm::slowness(draft, on));
    let seconds = |(waited, deferred): (f64, f64)| {
        let exits = if beside { waited } else { waited + deferred };
        let cpu = (work + exits * exit.cpu) / cores.map_or(1.0, |cores| cores.min(1.0));
        cpu + waited * (operation + exit.latency)
    };
    let rate = |seconds: f64| (seconds > 0.0).then(|| Rate::per_second(1.0 / seconds)).flatten();
    // With a count of its own (`apply-io`), no operation is waited for.
    let follows = replication
        .apply_io
        .as_ref()
        .map_or((spec.write.sync_io.value, spec.write.deferred_io.value), |own| (0.0, own.value));
    let catches_up = caught_up(follows, at_once(draft, database, member));
    let least = (catches_up.0 + catches_up.1) / done;
    Speed { follows: rate(seconds(follows)), catches_up: rate(seconds(catches_up).max(least)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draw::{Key, Lineage, Seed};

    fn rate(w: f64) -> Rate {
        Rate::per_second(w).unwrap()
    }

    /// O44: a fixed delay of 200 ms at 1,000 writes per second.
    #[test]
    fn a_fixed_delay_loses_rate_times_delay() {
        let law = Law::constant(0.2).unwrap();
        for replicas in 1..4 {
            let lost = UnderWay::new(&law, replicas).lost(rate(1_000.0), replicas, 0.5);
            assert!((lost.writes - 200.0).abs() < 1e-9, "{lost:?}");
            assert!((lost.window_s - 0.199).abs() < 1e-9, "{lost:?}");
            assert!((lost.drawn_s - (0.2 - 0.001 * libm::log(2.0))).abs() < 1e-9, "{lost:?}");
        }
    }

    /// Simulates the definition: writes at Poisson instants, each received by each replica after its own delay, but
    /// in order; the most advanced replica takes over at an instant chosen beforehand.
    /// Returns both means with half-widths, and the 95th percentile of the window with its bounds.
    fn played(delay: &Law, w: f64, replicas: usize) -> ([f64; 4], [f64; 2]) {
        let key = Key::derive(Seed(44), Lineage::replication(0), "receive", "played");
        let (runs, last) = (40_000, delay.quantile(1.0 - 1e-7));
        let (mut writes, mut window) = (Vec::new(), Vec::new());
        for run in 0..runs {
            let mut index = 0;
            let mut uniform = || {
                index += 1;
                key.uniform(run, index)
            };
            // Ages of the writes, the newest first, and of the oldest that each replica lacks.
            let mut lacks = vec![0.0_f64; replicas];
            let (mut age, mut ages) = (0.0, Vec::new());
            loop {
                age -= libm::log(uniform()) / w;
                if age > last {
                    break;
                }
                ages.push(age);
                for oldest in &mut lacks {
                    if delay.quantile(uniform()) > age {
                        *oldest = age;
                    }
                }
            }
            let oldest = lacks.iter().copied().fold(f64::INFINITY, f64::min);
            writes.push(ages.iter().filter(|age| **age <= oldest).count() as f64);
            window.push(oldest);
        }
        let of = |values: &[f64]| {
            let i = crate::stats::interval::Interval::of_mean(values, 0.999).unwrap();
            [i.estimate, i.half_width()]
        };
        let ([a, b], [c, d]) = (of(&writes), of(&window));
        window.sort_by(f64::total_cmp);
        let ranks = crate::stats::quantile::interval_ranks(0.95, runs, 0.999).unwrap().unwrap();
        let at = |rank: u64| window[rank as usize - 1];
        ([a, b, c, d], [at(ranks.low), at(ranks.high)])
    }

    /// Compares with a simulation of the definition: 99.9 % bands.
    #[test]
    fn delays_of_their_own_lose_what_a_simulation_of_them_loses() {
        let laws = [
            Law::lognormal(0.033, 1.3).unwrap(),
            Law::exponential(0.2).unwrap(),
            Law::uniform(0.1, 0.3).unwrap(),
            // A narrow law: close to a fixed delay.
            Law::lognormal(0.2, 0.02).unwrap(),
        ];
        for law in &laws {
            for (w, replicas) in [(3.0, 1), (120.0, 1), (120.0, 2), (40.0, 3)] {
                // A uniform number of 0.05 gives the 95th percentile of the window.
                let lost = UnderWay::new(law, replicas).lost(rate(w), replicas, 0.05);
                let ([writes, half, window, wide], p95) = played(law, w, replicas);
                let drawn = (p95[0]..=p95[1]).contains(&lost.drawn_s);
                assert!(drawn, "{w}/s, {replicas}: {lost:?}, {p95:?}");
                println!("{w}/s, {replicas}: {lost:?} of {writes} ± {half}, {window} ± {wide}");
                assert!((lost.writes - writes).abs() <= half, "{lost:?} {writes} ± {half}");
                assert!((lost.window_s - window).abs() <= wide, "{lost:?} {window} ± {wide}");
            }
        }
    }

    /// One more replica never loses more, and no delay loses nothing.
    #[test]
    fn more_replicas_lose_less() {
        let law = Law::lognormal(0.033, 1.3).unwrap();
        let all = UnderWay::new(&law, 63);
        let lost: Vec<f64> = (1..=63).map(|k| all.lost(rate(100.0), k, 0.5).writes).collect();
        let most = MOST - 1;
        assert!(lost[..=most].windows(2).all(|two| two[1] < two[0]), "{lost:?}");
        assert!(lost[most..].iter().all(|more| *more == lost[most]), "{lost:?}");
        let none = UnderWay::new(&Law::constant(0.0).unwrap(), 1);
        assert_eq!(none.lost(rate(100.0), 1, 0.5), Loss::default());
    }
}
