//! Histories to intervals: independent replications, 99.9 % intervals.

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::health::declare::Declaration;
use fivenines::health::{Kernel, Net, Observer, Start};
use fivenines::units::{SimDuration, SimTime};

use super::cases::compile;

/// Hours of a case in a year.
pub const YEAR: f64 = 8760.0;

const REPLICATIONS: u64 = 100;
/// Quantile 0.9995 of Student's t with 99 degrees of freedom.
const STUDENT_99: f64 = 3.3915;
/// Quantile 0.9995 of the normal law.
const NORMAL: f64 = 3.2905;

/// Whether the full effort of the cases was asked for.
pub fn is_full() -> bool {
    std::env::var_os("FIVENINES_FULL").is_some()
}

/// Says that rows are left out, and why.
pub fn skipped(rows: &str, events: &str) {
    println!("skipped without FIVENINES_FULL=1: {rows} ({events} events)");
}

/// Nobody picks a seed: it is the name of what is tested (FNV-1a).
pub fn seed(name: &str) -> Seed {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Seed(name.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// An estimate with its 99.9 % interval.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub mean: f64,
    pub half: f64,
}

impl Interval {
    /// The case's rule: holds the value, and is at most `width` of it to either side.
    #[track_caller]
    pub fn assert_holds(self, wanted: f64, width: f64) {
        let Self { mean, half } = self;
        assert!((mean - wanted).abs() <= half, "{mean} ± {half} misses {wanted}");
        let relative = half / wanted;
        assert!(relative <= width, "{mean} ± {half} is too wide: {relative} > {width}");
    }

    /// Of a mean of independent values.
    pub fn of(values: &[f64], quantile: f64) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        Self { mean, half: quantile * (squares / (n - 1.0) / n).sqrt() }
    }
}

/// One number of each replication.
pub type Column = Vec<f64>;

/// What the replications measured.
pub struct Measured {
    pub unavailability: Column,
    /// Per year of the case.
    pub outages: Column,
    pub mean_unsound: Column,
    pub at_least_18: Column,
    pub busy: Column,
    pub grants: Column,
    pub waited: Column,
}

impl Measured {
    pub fn unavailability(&self) -> Interval {
        Interval::of(&self.unavailability, STUDENT_99)
    }

    pub fn outages_per_year(&self) -> Interval {
        Interval::of(&self.outages, STUDENT_99)
    }

    /// Hours.
    pub fn mean_outage(&self) -> Interval {
        let hours: Column = self.unavailability.iter().map(|u| u * YEAR).collect();
        ratio(&hours, &self.outages)
    }

    /// Hours.
    pub fn mean_up_time(&self) -> Interval {
        let hours: Column = self.unavailability.iter().map(|u| (1.0 - u) * YEAR).collect();
        ratio(&hours, &self.outages)
    }
}

pub fn mean(column: &Column) -> Interval {
    Interval::of(column, STUDENT_99)
}

/// Ratio of two means, linearised.
pub fn ratio(top: &Column, bottom: &Column) -> Interval {
    let sum = |column: &Column| column.iter().sum::<f64>();
    let ratio = sum(top) / sum(bottom);
    let residuals: Column = top.iter().zip(bottom).map(|(x, y)| x - ratio * y).collect();
    let spread = Interval::of(&residuals, STUDENT_99).half;
    Interval { mean: ratio, half: spread / (sum(bottom) / bottom.len() as f64) }
}

/// `years` of the case in 100 replications from a clean start, which their length makes harmless
/// where lengths are exponential and repairs short.
pub fn simulate(name: &str, declaration: &Declaration, years: f64) -> Measured {
    simulate_from(Start::New, name, declaration, years)
}

/// `years` of the case in 100 replications.
pub fn simulate_from(start: Start, name: &str, declaration: &Declaration, years: f64) -> Measured {
    let net = compile(declaration);
    let hours = years * YEAR / REPLICATIONS as f64;
    let mut measured = Measured {
        unavailability: Vec::new(),
        outages: Vec::new(),
        mean_unsound: Vec::new(),
        at_least_18: Vec::new(),
        busy: Vec::new(),
        grants: Vec::new(),
        waited: Vec::new(),
    };
    for replication in 0..REPLICATIONS {
        let observer = one_history(&net, seed(name), replication, hours, start);
        measured.unavailability.push(observer.unavailability());
        measured.outages.push(observer.outages() as f64 / hours * YEAR);
        measured.mean_unsound.push(observer.mean_unsound());
        measured.at_least_18.push(observer.share_at_most_unsound(2));
        if let Some(crew) = net.crew("crew") {
            let (grants, waited) = observer.grants(crew);
            measured.busy.push(observer.mean_busy(crew));
            measured.grants.push(grants as f64);
            measured.waited.push(waited);
        }
        let by_cause: SimDuration =
            observer.causes().fold(SimDuration::ZERO, |sum, (_, time)| sum + time.first);
        assert_eq!(by_cause, observer.downtime(), "C7: downtime by first cause sums to downtime");
    }
    measured
}

/// One history of so many hours.
pub fn one_history(
    net: &Net,
    seed: Seed,
    replication: u64,
    hours: f64,
    start: Start,
) -> Observer<'_> {
    let lineage = Lineage::replication(replication);
    let mut kernel = Kernel::new(net, seed, lineage, start).unwrap();
    let members: Vec<_> = net.automata().filter(|at| net.name(*at).starts_with("unit")).collect();
    let up = net.fact("group").unwrap();
    let mut observer = Observer::new(net, up, &members, kernel.now(), kernel.view());
    let end = SimTime::ZERO + SimDuration::from_seconds_f64(hours);
    kernel.advance(end, &mut observer).unwrap();
    observer.close(end);
    observer
}

/// First times, in hours, at which the group of `declaration` is down.
pub fn lifetimes(name: &str, declaration: &Declaration, count: u64) -> Column {
    let net = compile(declaration);
    let up = net.fact("group").unwrap();
    let mut lives = Vec::new();
    for replication in 0..count {
        let lineage = Lineage::replication(replication);
        let mut kernel = Kernel::new(&net, seed(name), lineage, Start::New).unwrap();
        let mut observer = Observer::new(&net, up, &[], kernel.now(), kernel.view());
        while observer.first_failure().is_none() {
            assert!(kernel.step(&mut observer).unwrap(), "the group fails some time");
        }
        lives.push(kernel.now().seconds());
    }
    lives
}

/// Interval of the mean of many independent values.
pub fn normal_interval(values: &[f64]) -> Interval {
    Interval::of(values, NORMAL)
}
