//! Transfers against exact cases, and against each flow integrated separately.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::units::{SimDuration, round_ratio};

const GIGABIT: u64 = 125_000_000;

/// Returns `top / bottom` seconds to the nearest nanosecond.
fn fraction(top: u64, bottom: u64) -> SimTime {
    let nanos = u128::from(top) * u128::from(NANOS_PER_SECOND);
    SimTime::from_nanos(round_ratio(nanos, u128::from(bottom)).unwrap())
}

fn gigabits_per_s(count: u64) -> Bandwidth {
    Bandwidth::from_bytes_per_s(count * GIGABIT)
}

fn run_empty(flows: &mut FlowShare, count: usize) -> Vec<SimTime> {
    let mut finishes = vec![SimTime::NEVER; count];
    let mut finished = Vec::new();
    while let Some(now) = flows.next_due() {
        let early = SimTime::from_nanos(now.nanos() - 1);
        finished.extend(flows.advance(early));
        assert!(finished.is_empty(), "nothing arrives before it is due");
        finished.extend(flows.advance(now));
        for flow in finished.drain(..) {
            finishes[flow as usize] = now;
        }
    }
    finishes
}

/// O24.
#[test]
fn transfers_share_the_links_max_min() {
    let capacities = [gigabits_per_s(10), gigabits_per_s(4), gigabits_per_s(3)];
    let mut flows = FlowShare::new(&capacities);
    let paths = [&[0, 1][..], &[1], &[0, 2], &[2], &[0]].map(|links| flows.path(links, None));
    for (flow, size) in [20, 6, 15, 15, 40].into_iter().enumerate() {
        flows.start(SimTime::ZERO, paths[flow], Bytes::new(size * GIGABIT), flow as u32);
    }
    let rates = paths.map(|path| flows.rate_per_flow(path) / GIGABIT as f64);
    assert_eq!(rates, [2.0, 2.0, 1.5, 1.5, 6.5]);
    assert_eq!(flows.load(0), 10.0 * GIGABIT as f64);
    let finishes = run_empty(&mut flows, 5);
    let exact =
        [fraction(13, 2), fraction(3, 1), fraction(10, 1), fraction(10, 1), fraction(120, 17)];
    assert_eq!(finishes, exact);
}

#[test]
fn a_cut_link_keeps_its_transfers_until_it_is_back() {
    let mut flows = FlowShare::new(&[gigabits_per_s(1), gigabits_per_s(2)]);
    let across = flows.path(&[0, 1], None);
    let near = flows.path(&[1], None);
    flows.start(SimTime::ZERO, across, Bytes::new(2 * GIGABIT), 0);
    flows.start(SimTime::ZERO, near, Bytes::new(4 * GIGABIT), 1);
    flows.capacity(fraction(1, 1), 0, Bandwidth::from_bytes_per_s(0));
    // One gigabit of each moved; the near one now has the second link alone, until 2.5 s.
    assert_eq!(flows.next_due(), Some(fraction(5, 2)));
    let mut finished = Vec::new();
    finished.extend(flows.advance(fraction(5, 2)));
    assert_eq!(finished, [1]);
    assert_eq!(flows.next_due(), None);
    flows.capacity(fraction(10, 1), 0, gigabits_per_s(1));
    assert_eq!(flows.next_due(), Some(fraction(11, 1)));
}

#[test]
fn a_limited_flow_leaves_its_part_to_the_others() {
    let mut flows = FlowShare::new(&[gigabits_per_s(10)]);
    let slow = flows.path(&[0], Some(gigabits_per_s(1)));
    let fast = flows.path(&[0, 0], None);
    flows.start(SimTime::ZERO, slow, Bytes::new(GIGABIT), 0);
    let other = flows.start(SimTime::ZERO, slow, Bytes::new(3 * GIGABIT), 1);
    let big = flows.start(SimTime::ZERO, fast, Bytes::new(17 * GIGABIT), 2);
    assert_eq!(flows.rate_per_flow(fast), 8.0 * GIGABIT as f64);
    let half = SimTime::ZERO + SimDuration::from_nanos(500_000_000);
    assert_eq!(flows.cancel(half, other), Some(Bytes::new(5 * GIGABIT / 2)));
    assert_eq!(flows.cancel(half, other), None);
    // 4 Gbit of 17 moved by half a second, 4.5 by one second; then alone: 8.5 / 10 s more.
    assert_eq!(flows.rate_per_flow(fast), 9.0 * GIGABIT as f64);
    let finishes = run_empty(&mut flows, 3);
    assert_eq!(finishes, [fraction(1, 1), SimTime::NEVER, fraction(37, 20)]);
    assert_eq!(flows.cancel(fraction(2, 1), big), None);
}

/// One flow of the slow reference.
struct SlowFlow {
    id: u32,
    path: usize,
    left: f64,
    handle: FlowHandle,
}

/// [`FlowShare`] beside flows integrated one by one at the rates it reports. These must be max-min
/// fair: each flow has its limit, or crosses a full link on which no flow has a higher rate.
struct Pair {
    flows: FlowShare,
    capacities: Vec<f64>,
    paths: Vec<(Vec<usize>, Option<f64>)>,
    present: Vec<SlowFlow>,
    now: SimTime,
    next_id: u32,
}

impl Pair {
    fn new(capacities: &[u64], paths: &[(Vec<usize>, Option<u64>)]) -> Self {
        let links: Vec<Bandwidth> =
            capacities.iter().map(|&capacity| Bandwidth::from_bytes_per_s(capacity)).collect();
        let mut flows = FlowShare::new(&links);
        for (links, limit) in paths {
            flows.path(links, limit.map(Bandwidth::from_bytes_per_s));
        }
        Self {
            flows,
            capacities: capacities.iter().map(|&capacity| capacity as f64).collect(),
            paths: paths
                .iter()
                .map(|(links, limit)| (links.clone(), limit.map(|limit| limit as f64)))
                .collect(),
            present: Vec::new(),
            now: SimTime::ZERO,
            next_id: 0,
        }
    }

    fn rate(&self, path: usize) -> f64 {
        self.flows.rate_per_flow(path)
    }

    fn load(&self, link: usize) -> f64 {
        let crossing = self.present.iter().filter(|flow| self.paths[flow.path].0.contains(&link));
        crossing.map(|flow| self.rate(flow.path)).sum()
    }

    fn check_fairness(&self) {
        for (link, capacity) in self.capacities.iter().enumerate() {
            assert!(self.load(link) <= capacity * (1.0 + 1e-12), "link {link} is overfull");
            assert!((self.flows.load(link) - self.load(link)).abs() <= capacity * 1e-12);
        }
        for flow in &self.present {
            let (links, limit) = &self.paths[flow.path];
            let rate = self.rate(flow.path);
            assert!(limit.is_none_or(|limit| rate <= limit));
            let held_back_by = |&&link: &&usize| {
                let full = self.load(link) >= self.capacities[link] * (1.0 - 1e-12);
                let mut others =
                    self.present.iter().filter(|other| self.paths[other.path].0.contains(&link));
                full && others.all(|other| self.rate(other.path) <= rate * (1.0 + 1e-12))
            };
            let bottleneck = links.iter().find(held_back_by);
            assert!(
                *limit == Some(rate) || bottleneck.is_some(),
                "flow {} could have more than {rate}",
                flow.id
            );
        }
    }

    fn run_to(&mut self, to: SimTime) {
        let seconds = to.since(self.now).seconds();
        let rates: Vec<f64> = self.present.iter().map(|flow| self.rate(flow.path)).collect();
        for (flow, rate) in self.present.iter_mut().zip(&rates) {
            flow.left -= rate * seconds;
        }
        self.now = to;
        let mut finished = Vec::new();
        finished.extend(self.flows.advance(to));
        for id in finished {
            let at = self.present.iter().position(|flow| flow.id == id).expect("present");
            let flow = self.present.remove(at);
            // Due at the nearest nanosecond, at the rate before or after flows that ended with it.
            let widest = self.paths[flow.path].0.iter().map(|&link| self.capacities[link]);
            let half_nano = 0.5e-9 * widest.fold(f64::INFINITY, f64::min);
            assert!(flow.left.abs() <= half_nano + 1e-5, "flow {id}: {} left", flow.left);
        }
        for flow in &self.present {
            let half_nano = 0.5e-9 * self.rate(flow.path);
            assert!(flow.left >= half_nano - 1e-5, "flow {} is overdue", flow.id);
        }
        self.check_fairness();
    }

    fn play(&mut self, ops: &[(u64, Op)]) {
        for (gap, op) in ops {
            let until = self.now + SimDuration::from_nanos(*gap);
            while let Some(due) = self.flows.next_due().filter(|&due| due <= until) {
                self.run_to(due);
            }
            self.run_to(until);
            match *op {
                Op::Start { path, size } => {
                    let (path, id) = (path % self.paths.len(), self.next_id);
                    self.next_id += 1;
                    let handle = self.flows.start(self.now, path, Bytes::new(size), id);
                    self.present.push(SlowFlow { id, path, left: size as f64, handle });
                }
                Op::Cancel { nth } => {
                    let Some(nth) = nth.checked_rem(self.present.len()) else { continue };
                    let flow = self.present.remove(nth);
                    let left = self.flows.cancel(self.now, flow.handle).expect("present");
                    assert!((left.count() as f64 - flow.left).abs() <= 0.5 + 1e-5);
                }
                Op::Capacity { link, capacity } => {
                    let link = link % self.capacities.len();
                    let bandwidth = Bandwidth::from_bytes_per_s(capacity);
                    self.flows.capacity(self.now, link, bandwidth);
                    self.capacities[link] = capacity as f64;
                }
            }
            self.run_to(self.now);
        }
        while let Some(due) = self.flows.next_due() {
            self.run_to(due);
        }
        assert!(self.present.is_empty(), "all has arrived");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Start { path: usize, size: u64 },
    Cancel { nth: usize },
    Capacity { link: usize, capacity: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0_usize..6, 1_u64..200_000).prop_map(|(path, size)| Op::Start { path, size }),
        2 => any::<usize>().prop_map(|nth| Op::Cancel { nth }),
        1 => (0_usize..4, 1_000_000_u64..1_000_000_000)
            .prop_map(|(link, capacity)| Op::Capacity { link, capacity }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(2_412),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn rates_are_fair_and_finishes_follow_from_them(
        capacities in proptest::collection::vec(1_000_000_u64..1_000_000_000, 4),
        paths in proptest::collection::vec(
            (
                proptest::sample::subsequence(vec![0_usize, 1, 2, 3], 1..=3),
                proptest::option::of(1_000_000_u64..300_000_000),
            ),
            1..=6,
        ),
        ops in proptest::collection::vec((0_u64..1_000_000, op()), 1..80),
    ) {
        Pair::new(&capacities, &paths).play(&ops);
    }
}
