//! What a database's slaves have not received yet of what its master has acknowledged: what is lost
//! when one of them takes over.
//!
//! Model: writes are committed as a Poisson stream of rate w. Each reaches a slave after a delay of its
//! own (distribution F, [`ReplicationSpec`]'s `receive`), and not before those that were committed earlier.
//! A slave then lacks everything from the oldest write on that is under way to it. Of those j slaves none
//! lacks a write older than a with the chance that a Poisson number is zero, of mean
//! w Hⱼ(a) = w ∫ₐ^∞ (1 − F(s)ʲ) ds: what is under way is an M/G/∞ system (Mirasol 1963). Of k slaves the one
//! that has most is promoted; by inclusion and exclusion over them
//!
//! ```text
//! mean age of the oldest write lost   ∫₀^∞ Σⱼ (−1)ʲ C(k,j) exp(−w Hⱼ(a)) da
//! mean number of writes lost        w ∫₀^∞ Σⱼ (−1)ʲ C(k,j) F(a)ʲ exp(−w Hⱼ(a)) da
//! ```
//! With a fixed delay d that is w d writes, whatever k. Who was away when the master died lacks
//! everything since then: [`crate::solve::fluid`] follows that.
//!
//! Of more than [`MOST`] slaves that follow as many count: beyond, inclusion and exclusion is a difference of
//! numbers too large.
//!
//! Leaves out: that the writes of one page come close after each other.
//!
//! [`ReplicationSpec`]: crate::kinds::database::spec::ReplicationSpec

use crate::convert::place;
use crate::engine::law::Law;
use crate::health::FactId;
use crate::kinds::database::links::Role;
use crate::kinds::database::spec::{Apply, Promotion, ReplicationMode};
use crate::plan::Draft;
use crate::plan::load::{self, Resource, mean};
use crate::plan::names::member_name;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::units::{Rate, SimDuration};

/// A database of which a slave may become master.
#[derive(Clone, Debug)]
pub struct Copies {
    /// Its name.
    pub name: String,
    /// Its number in the draft.
    pub database: u32,
    /// Its members, by name.
    pub members: Vec<String>,
    /// By member: how many writes a second it applies one after the other as a slave, with nothing in its
    /// way; none where a write is no work.
    pub applies: Vec<Option<Rate>>,
    /// Who was master becomes a slave with a copy of the present one.
    pub rebuilds: bool,
    /// What a slave that takes over goes on with.
    pub from: Source,
}

/// Its facts in a net.
#[derive(Clone, Debug)]
pub struct CopiesNet {
    /// Somebody is master and serves.
    pub served: FactId,
    /// By member: it is master, while somebody is.
    pub holds: Vec<FactId>,
    /// By member: it runs and follows.
    pub copies: Vec<FactId>,
    /// By member: it follows, whether it runs or not.
    pub follows: Vec<FactId>,
}

/// What a slave that takes over goes on with.
#[derive(Clone, Debug)]
pub enum Source {
    /// The old master's volume: nothing is lost.
    Volume,
    /// What it has received, where nobody waited for that.
    Received(UnderWay),
    /// What it has received, and what it has not was acknowledged only if nobody followed for longer
    /// than masters wait.
    Acknowledged,
}

/// Writes on their way to slaves.
#[derive(Clone, Debug)]
pub enum UnderWay {
    /// All take so long.
    Fixed(SimDuration),
    /// They take their own time.
    Spread(Grid),
}

/// A distribution of delays on points of age.
#[derive(Clone, Debug)]
pub struct Grid {
    /// By point: its age in seconds, and its weight in an integral over all ages.
    points: Vec<(f64, f64)>,
    /// By number of slaves from 1 on, by point: F(a)ʲ, and Hⱼ(a) in seconds.
    of: Vec<Vec<(f64, f64)>>,
}

/// What a failover loses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Writes, in the mean.
    pub writes: f64,
    /// Age of the oldest of them, in seconds and in the mean; 0 where none is lost.
    pub window_s: f64,
    /// The same, drawn from its distribution.
    pub drawn_s: f64,
}

impl Loss {
    /// Of everything that was written over a time, at one rate: its oldest write came after an exponential
    /// gap. `uniform`: what is drawn from.
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

/// Slaves that count.
pub const MOST: usize = 16;
/// Ratio of the ends of neighbouring pieces of age.
const GROWTH: f64 = 1.15;
/// Pieces end at quantiles of so many equal chances.
const QUANTILES: u32 = 32;
/// Of an interval in which an age is looked for.
const HALVINGS: u32 = 30;
/// Delays beyond this level of their distribution are left out.
const LAST: f64 = 1e-9;

impl UnderWay {
    /// Of a law of delays in seconds, to at most so many slaves.
    #[must_use]
    pub fn new(delay: &Law, slaves: usize) -> Self {
        if delay.is_constant() {
            return Self::Fixed(SimDuration::from_seconds_f64(delay.mean()));
        }
        Self::Spread(Grid::new(delay, slaves))
    }

    /// What is lost with a master that took writes at `rate`, of so many slaves that followed; `uniform`:
    /// what is drawn from.
    #[must_use]
    pub fn lost(&self, rate: Rate, slaves: usize, uniform: f64) -> Loss {
        let w = rate.in_per_second();
        if w <= 0.0 || slaves == 0 {
            return Loss::default();
        }
        match self {
            Self::Fixed(delay) => Loss::of_all(w * delay.seconds(), *delay, uniform),
            Self::Spread(grid) => grid.lost(w, slaves, uniform),
        }
    }
}

impl Grid {
    /// Pieces of age that grow by [`GROWTH`] and end at quantiles too, each with the three points of
    /// Simpson's rule.
    fn new(delay: &Law, slaves: usize) -> Self {
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
        let of = (1..=slaves.clamp(1, MOST)).map(|j| {
            let received = |age: f64| libm::pow(delay.cdf(age).clamp(0.0, 1.0), j as f64);
            let mut row: Vec<(f64, f64)> =
                points.iter().map(|(age, _)| (received(*age), 0.0)).collect();
            // From the oldest age down: what is under way and older.
            let mut older = 0.0;
            for at in (0..points.len()).rev().step_by(3) {
                let (from, middle, to) = (at - 2, at - 1, at);
                let width = points[to].0 - points[from].0;
                let missing = |at: usize| 1.0 - row[at].0;
                let (a, b, c) = (missing(from), missing(middle), missing(to));
                row[to].1 = older;
                // The parabola through all three, over its later half.
                row[middle].1 = older + width * (5.0 * c + 8.0 * b - a) / 24.0;
                older += width * (a + 4.0 * b + c) / 6.0;
                row[from].1 = older;
            }
            row
        });
        Self { of: of.collect(), points }
    }

    fn lost(&self, w: f64, slaves: usize, uniform: f64) -> Loss {
        let slaves = slaves.min(self.of.len());
        let mut loss = Loss::default();
        // The chance that all lack something older falls with age; what is drawn is where it meets the draw.
        let mut younger = None;
        for (at, (_, weight)) in self.points.iter().enumerate() {
            let [lacks, lost] = alternating(slaves, |j| {
                let (received, older) = self.of[j - 1][at];
                let none_older = libm::exp(-w * older);
                [none_older, received * none_older]
            });
            loss.window_s += weight * lacks.max(0.0);
            loss.writes += weight * w * lost.max(0.0);
            if lacks >= uniform {
                younger = Some(at);
            } else if let Some(from) = younger.take() {
                loss.drawn_s = self.age_at(w, slaves, from, uniform);
            }
        }
        if let Some(oldest) = younger {
            loss.drawn_s = self.points[oldest].0;
        }
        loss
    }

    /// The age after a point and before the next at which the chance that all lack something older is
    /// `chance`, by bisection.
    fn age_at(&self, w: f64, slaves: usize, from: usize, chance: f64) -> f64 {
        let (young, old) = (self.points[from].0, self.points[from + 1].0);
        let width = old - young;
        // H between two points as the cubic that has its values and slopes, F - 1, there.
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
            let [lacks, _] = alternating(slaves, |j| [libm::exp(-w * under_way(j, part)), 0.0]);
            if lacks >= chance { low = part } else { high = part }
        }
        young + width * f64::midpoint(low, high)
    }
}

/// Σⱼ (−1)ʲ C(k,j) xⱼ over j from 0 to k, where x₀ is 1, of two x at once.
fn alternating(k: usize, of: impl Fn(usize) -> [f64; 2]) -> [f64; 2] {
    let (mut sums, mut ways) = ([1.0, 1.0], 1.0);
    for j in 1..=k {
        ways *= -((k + 1 - j) as f64) / j as f64;
        let [one, other] = of(j);
        sums = [sums[0] + ways * one, sums[1] + ways * other];
    }
    sums
}

/// The databases of a draft of which a slave may become master.
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
            (Promotion::Replica, ReplicationMode::SemiSync) => Source::Acknowledged,
            (Promotion::Replica, ReplicationMode::Async) => {
                let slaves = links.of(Role::Slave).count();
                Source::Received(UnderWay::new(&law_of(&replication.receive), slaves))
            }
        };
        let members = 0..links.members.len();
        all.push(Copies {
            name: name.text.clone(),
            database: place(database),
            members: members.clone().map(|member| member_name(name, place(member))).collect(),
            applies: members.map(|member| applies(draft, database, member)).collect(),
            rebuilds: spec.rebuild.is_some(),
            from,
        });
    }
    all
}

/// Writes a second that a member applies as a slave, one after the other: the inverse of the processor
/// time of one, at the pace of the cores that its zone may have, and of the operations that it waits for,
/// each at the speed of a disk.
fn applies(draft: &Draft, database: usize, member: usize) -> Option<Rate> {
    let spec = &draft.scenario.database[database].1;
    let replication = spec.replication.as_ref()?;
    let Apply::Serial = replication.apply.value;
    let on = Part::Database { database, member: place(member) }.stands_on(draft);
    let cores =
        on.and_then(|on| load::capacity(draft, on, Resource::Cpu)).map(|cpu| cpu.per_second);
    let cpu = mean(&spec.write.cpu.value) / cores.map_or(1.0, |cores| cores.min(1.0));
    // Of its own count of operations nobody waits for any.
    let waited = replication.apply_io.as_ref().map_or(spec.write.sync_io.value, |_| 0.0);
    let store = draft.links.databases[database].members[member].store;
    let operation =
        store.map_or(0.0, |store| store.component().0.answers().operation_s(draft, store));
    let seconds = cpu + waited * operation;
    (seconds > 0.0).then(|| Rate::per_second(1.0 / seconds)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draw::{Key, Lineage, Seed};

    fn rate(w: f64) -> Rate {
        Rate::per_second(w).unwrap()
    }

    /// O44: a fixed delay of 200 ms at 1,000 writes a second.
    #[test]
    fn a_fixed_delay_loses_rate_times_delay() {
        let law = Law::constant(0.2).unwrap();
        for slaves in 1..4 {
            let lost = UnderWay::new(&law, slaves).lost(rate(1_000.0), slaves, 0.5);
            assert!((lost.writes - 200.0).abs() < 1e-9, "{lost:?}");
            assert!((lost.window_s - 0.199).abs() < 1e-9, "{lost:?}");
            assert!((lost.drawn_s - (0.2 - 0.001 * libm::log(2.0))).abs() < 1e-9, "{lost:?}");
        }
    }

    /// Played by hand: writes at Poisson instants, each received by each slave after its own delay, but
    /// in order; the slave that has most takes over at an instant chosen beforehand.
    /// Gives both means with half-widths, and the quantile that 95 % do not exceed with its bounds.
    fn played(delay: &Law, w: f64, slaves: usize) -> ([f64; 4], [f64; 2]) {
        let key = Key::derive(Seed(44), Lineage::replication(0), "receive", "played");
        let (runs, last) = (40_000, delay.quantile(1.0 - 1e-7));
        let (mut writes, mut window) = (Vec::new(), Vec::new());
        for run in 0..runs {
            let mut index = 0;
            let mut uniform = || {
                index += 1;
                key.uniform(run, index)
            };
            // Ages of the writes, the newest first, and of the oldest that each slave lacks.
            let mut lacks = vec![0.0_f64; slaves];
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

    /// By simulation of the definition: 99.9 % bands.
    #[test]
    fn delays_of_their_own_lose_what_a_simulation_of_them_loses() {
        let laws = [
            Law::lognormal(0.033, 1.3).unwrap(),
            Law::exponential(0.2).unwrap(),
            Law::uniform(0.1, 0.3).unwrap(),
            // A narrow one: an edge.
            Law::lognormal(0.2, 0.02).unwrap(),
        ];
        for law in &laws {
            for (w, slaves) in [(3.0, 1), (120.0, 1), (120.0, 2), (40.0, 3)] {
                // The window of which 95 % are shorter is drawn from what is left.
                let lost = UnderWay::new(law, slaves).lost(rate(w), slaves, 0.05);
                let ([writes, half, window, wide], p95) = played(law, w, slaves);
                let drawn = (p95[0]..=p95[1]).contains(&lost.drawn_s);
                assert!(drawn, "{w}/s, {slaves}: {lost:?}, {p95:?}");
                println!("{w}/s, {slaves}: {lost:?} of {writes} ± {half}, {window} ± {wide}");
                assert!((lost.writes - writes).abs() <= half, "{lost:?} {writes} ± {half}");
                assert!((lost.window_s - window).abs() <= wide, "{lost:?} {window} ± {wide}");
            }
        }
    }

    /// A slave more never loses more, and no delay nothing.
    #[test]
    fn more_slaves_lose_less() {
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
